//! SQL statements, EXECUTE, and where their results go: INTO, USING, GET DIAGNOSTICS.

use error::{Result, SqlState};
use parser::lexer::TokenKind;

use super::Parser;
use crate::tree::*;

impl Parser<'_> {
    pub(super) fn using(&mut self) -> Result<Vec<Fragment>> {
        let mut list = Vec::new();
        if self.accept("using") {
            loop {
                list.push(self.expression_before(&["into"], &[TokenKind::Comma, TokenKind::Semicolon])?);
                if !self.accept_kind(TokenKind::Comma) {
                    break;
                }
            }
        }
        Ok(list)
    }

    pub(super) fn execute_statement(&mut self) -> Result<Kind> {
        self.at += 1;
        let query = self.expression_before(&["into", "using"], &[TokenKind::Semicolon])?;
        let (mut into, mut strict, mut using) = (None, false, Vec::new());
        loop {
            if self.is("into") {
                if into.is_some() {
                    return Err(self.syntax_error());
                }
                self.at += 1;
                (into, strict) = self.destination().map(|(target, strict)| (Some(target), strict))?;
            } else if self.is("using") {
                if !using.is_empty() {
                    return Err(self.syntax_error());
                }
                using = self.using()?;
            } else {
                return Ok(Kind::Execute { query, into, strict, using });
            }
        }
    }

    /// `[STRICT] target, …`, behind INTO.
    pub(super) fn destination(&mut self) -> Result<(Target, bool)> {
        let strict = self.accept("strict");
        let mut places = Vec::new();
        loop {
            let mark = self.at;
            if self.is_kind(TokenKind::Parameter) {
                let name = self.source(self.token()).to_string();
                self.at += 1;
                match self.place_of(&[name], mark)? {
                    Some(place) => places.push(place),
                    None => return Err(self.syntax_error()),
                }
            } else {
                let mut parts = vec![self.name()?];
                while self.accept_kind(TokenKind::Dot) {
                    parts.push(self.name()?);
                }
                let Some(place) = self.place_of(&parts, mark)? else {
                    let text = format!("\"{}\" is not a known variable", parts.join("."));
                    let offset = self.tokens.tokens[mark].start;
                    return Err(self.error_at(SqlState::SYNTAX_ERROR, text, offset));
                };
                places.push(place);
            }
            if !self.accept_kind(TokenKind::Comma) {
                break;
            }
        }
        if places.len() > 1
            && let Some(Place::Variable(number)) =
                places.iter().find(|place| matches!(place, Place::Variable(n) if self.is_row(*n)))
        {
            let text = match places.first() == Some(&Place::Variable(*number)) {
                true => "record variable cannot be part of multiple-item INTO list".to_string(),
                false => format!("\"{}\" is not a scalar variable", self.variables[*number].name),
            };
            return Err(self.error(SqlState::SYNTAX_ERROR, text));
        }
        Ok((self.target_of(places), strict))
    }

    pub(super) fn is_row(&self, number: Number) -> bool {
        matches!(self.variables[number].kind, VariableKind::Record(_))
    }

    pub(super) fn target_of(&self, places: Vec<Place>) -> Target {
        match &places[..] {
            [Place::Variable(number)] if self.is_row(*number) => Target::Record(*number),
            _ => Target::Several(places),
        }
    }

    /// The place that a name means, if it is a variable; it must be one that may be assigned.
    pub(super) fn place_of(&self, parts: &[String], mark: usize) -> Result<Option<Place>> {
        let words: Vec<&str> = parts.iter().map(String::as_str).collect();
        let Some((number, used)) = self.find(&words) else { return Ok(None) };
        let variable = &self.variables[number];
        if variable.constant {
            let text = format!("variable \"{}\" is declared CONSTANT", variable.name);
            return Err(self.error_at(SqlState::ERROR_IN_ASSIGNMENT, text, self.tokens.tokens[mark].start));
        }
        match parts.len() - used {
            0 => Ok(Some(Place::Variable(number))),
            1 if self.is_row(number) => Ok(Some(Place::Field(number, parts[used].clone()))),
            _ => Ok(None),
        }
    }

    pub(super) fn diagnostics_statement(&mut self) -> Result<Kind> {
        self.at += 1;
        let stacked = self.accept("stacked");
        if !stacked {
            self.accept("current");
        }
        self.expect("diagnostics")?;
        let mut items = Vec::new();
        loop {
            let mark = self.at;
            let mut parts = vec![self.name()?];
            while self.accept_kind(TokenKind::Dot) {
                parts.push(self.name()?);
            }
            let Some(place) = self.place_of(&parts, mark)? else {
                let text = format!("\"{}\" is not a known variable", parts.join("."));
                return Err(self.error_at(SqlState::SYNTAX_ERROR, text, self.tokens.tokens[mark].start));
            };
            if matches!(&place, Place::Variable(number) if self.is_row(*number)) {
                let text = format!("\"{}\" is not a scalar variable", parts.join("."));
                return Err(self.error_at(SqlState::SYNTAX_ERROR, text, self.tokens.tokens[mark].start));
            }
            if !self.accept_kind(TokenKind::Equals) && !self.accept_kind(TokenKind::ColonEquals) {
                return Err(self.syntax_error());
            }
            let word = self.name()?;
            let Some((_, item, of_error)) = Diagnostic::WORDS.iter().find(|(known, _, _)| *known == word) else {
                self.at -= 1;
                return Err(self.near("unrecognized GET DIAGNOSTICS item"));
            };
            if *of_error != stacked {
                let (item, kind) = (word.to_ascii_uppercase(), if stacked { "STACKED" } else { "CURRENT" });
                let text = format!("diagnostics item {item} is not allowed in GET {kind} DIAGNOSTICS");
                return Err(self.error(SqlState::SYNTAX_ERROR, text));
            }
            items.push((place, *item));
            if !self.accept_kind(TokenKind::Comma) {
                return Ok(Kind::Diagnostics { stacked, items });
            }
        }
    }

    /// Any statement of SQL, with INTO taken out.
    pub(super) fn sql_statement(&mut self) -> Result<Kind> {
        let start = self.token().start;
        let first = self.token();
        let import = self.is("import");
        let mut into: Option<(Target, bool)> = None;
        let mut text = String::new();
        let mut from = start;
        let mut depth = 0usize;
        let mut atomic = 0usize;
        let begin = self.at;
        loop {
            match self.kind() {
                TokenKind::End | TokenKind::Invalid => return Err(self.near("unexpected end of function definition")),
                TokenKind::Semicolon if depth == 0 && atomic == 0 => break,
                TokenKind::LeftParen => depth += 1,
                TokenKind::RightParen => depth = depth.saturating_sub(1),
                // A function with a body in SQL holds semicolons.
                _ if self.is("atomic") && self.at > begin => atomic += 1,
                _ if atomic > 0 && self.is("case") => atomic += 1,
                _ if atomic > 0 && self.is("end") => atomic -= 1,
                _ if self.is("into") && !import => {
                    let before = self.tokens.tokens[self.at.saturating_sub(1)];
                    let word = self.source(before).to_ascii_lowercase();
                    if self.at > begin && !matches!(word.as_str(), "insert" | "merge") {
                        if into.is_some() {
                            return Err(self.syntax("INTO specified more than once"));
                        }
                        text.push_str(&self.text[from as usize..self.token().start as usize]);
                        self.at += 1;
                        into = Some(self.destination()?);
                        from = self.token().start;
                        continue;
                    }
                }
                _ => (),
            }
            self.at += 1;
        }
        let end = self.tokens.tokens[self.at - 1].end.max(from);
        text.push_str(&self.text[from as usize..end as usize]);
        if self.at == begin {
            return Err(self.syntax_error());
        }
        // What begins as no statement of SQL does is told as such.
        let fragment = self.fragment_of(text.trim_end(), first.start, Mode::Statement)?;
        let (into, strict) = match into {
            Some((target, strict)) => (Some(target), strict),
            None => (None, false),
        };
        Ok(Kind::Sql { statement: fragment, into, strict })
    }
}
