//! What decides about the next statement: IF, CASE, loops, EXIT, RETURN.

use analyzer::query::SqlType;
use error::{Result, SqlState};
use parser::lexer::TokenKind;
use types::oid;

use super::Parser;
use crate::tree::*;

impl Parser<'_> {
    pub(super) fn if_statement(&mut self) -> Result<Kind> {
        self.at += 1;
        let mut branches = Vec::new();
        let mut otherwise = Vec::new();
        let ends = ["elsif", "elseif", "else", "end"];
        loop {
            let condition = self.expression_until_word("then")?;
            let body = self.deeper(|this| this.statements(&ends))?;
            branches.push(Branch { condition, body });
            if self.accept("elsif") || self.accept("elseif") {
                continue;
            }
            if self.accept("else") {
                otherwise = self.deeper(|this| this.statements(&["end"]))?;
            }
            break;
        }
        self.expect("end")?;
        self.expect("if")?;
        Ok(Kind::If { branches, otherwise })
    }

    pub(super) fn case_statement(&mut self) -> Result<Kind> {
        let line = self.line();
        self.at += 1;
        let outside = self.last;
        let subject = match self.is("when") {
            true => None,
            false => {
                let start = self.token().start;
                let end = self.skip_until(&|p| p.is("when"), "WHEN", true)?;
                let fragment = self.fragment(start, end, Mode::Expression)?;
                // The type is known when the value is.
                let name = format!("__Case__Variable_{}__", self.variables.len());
                let number = self.declare(&name, VariableKind::Scalar(SqlType::plain(oid::UNKNOWN)), line);
                Some((fragment, number, name))
            }
        };
        let mut branches = Vec::new();
        while self.accept("when") {
            let condition = match &subject {
                None => self.expression_until_word("then")?,
                Some((_, _, name)) => {
                    let start = self.token().start;
                    let end = self.skip_until(&|p| p.is("then"), "THEN", true)?;
                    let text = format!("\"{name}\" IN ({})", &self.text[start as usize..end as usize]);
                    let fragment = self.fragment_of(&text, start, Mode::Expression)?;
                    self.at += 1;
                    fragment
                }
            };
            let body = self.deeper(|this| this.statements(&["when", "else", "end"]))?;
            branches.push(Branch { condition, body });
        }
        if branches.is_empty() {
            return Err(self.syntax_error());
        }
        let otherwise = match self.accept("else") {
            true => Some(self.deeper(|this| this.statements(&["end"]))?),
            false => None,
        };
        self.expect("end")?;
        self.expect("case")?;
        self.last = outside;
        Ok(Kind::Case { subject: subject.map(|(fragment, number, _)| (fragment, number)), branches, otherwise })
    }

    /// LOOP, WHILE, FOR, FOREACH.
    pub(super) fn loop_statement(&mut self, label: String) -> Result<Option<Kind>> {
        let outside = self.last;
        self.push_name(&label, Named::Loop);
        let kind = match () {
            () if self.accept("loop") => {
                let body = self.loop_body(&label)?;
                Kind::Loop { label, body }
            }
            () if self.accept("while") => {
                let condition = self.expression_until_word("loop")?;
                let body = self.loop_body(&label)?;
                Kind::While { label, condition, body }
            }
            () if self.accept("for") => self.for_statement(label)?,
            () if self.accept("foreach") => self.foreach_statement(label)?,
            () => {
                self.last = outside;
                return Ok(None);
            }
        };
        self.last = outside;
        Ok(Some(kind))
    }

    fn loop_body(&mut self, label: &str) -> Result<Vec<Statement>> {
        let body = self.deeper(|this| this.statements(&["end"]))?;
        self.expect("end")?;
        self.expect("loop")?;
        self.end_label(label)?;
        Ok(body)
    }

    fn for_statement(&mut self, label: String) -> Result<Kind> {
        let line = self.line();
        let at = self.token();
        // What the loop assigns to is known once IN's other side is.
        let mark = self.at;
        let mut names = Vec::new();
        loop {
            let mut parts = vec![self.name()?];
            while self.accept_kind(TokenKind::Dot) {
                parts.push(self.name()?);
            }
            names.push(parts);
            if !self.accept_kind(TokenKind::Comma) {
                break;
            }
        }
        self.expect("in")?;
        if self.is("execute") {
            self.at += 1;
            let target = self.loop_target(mark, &names)?;
            let query = self.expression_before(&["loop", "using"], &[])?;
            let mut using = Vec::new();
            if self.accept("using") {
                loop {
                    using.push(self.expression_before(&["loop"], &[TokenKind::Comma])?);
                    if !self.accept_kind(TokenKind::Comma) {
                        break;
                    }
                }
            }
            self.expect("loop")?;
            let body = self.loop_body(&label)?;
            return Ok(Kind::ForExecute { label, target, query, using, body });
        }
        if let Some((cursor, parts, used, ahead)) = self.peek_variable()
            && used == parts.len()
            && self.is_cursor(cursor)
            && (self.is_word_at(ahead, "loop") || self.token_at(ahead).kind == TokenKind::LeftParen)
        {
            self.at += ahead;
            if !matches!(self.variables[cursor].kind, VariableKind::Cursor(_)) {
                let text = "cursor FOR loop must use a bound cursor variable";
                return Err(self.error(SqlState::SYNTAX_ERROR, text));
            }
            let arguments = self.cursor_arguments(cursor)?;
            let [parts] = &names[..] else {
                return Err(self.error_at(
                    SqlState::SYNTAX_ERROR,
                    "cursor FOR loop must have only one target variable",
                    at.start,
                ));
            };
            self.expect("loop")?;
            // Its own row variable.
            let number = self.declare(&parts[0], VariableKind::Record(oid::RECORD), line);
            let body = self.loop_body(&label)?;
            return Ok(Kind::ForCursor { label, target: Target::Record(number), cursor, arguments, body });
        }
        let reverse = self.is("reverse");
        if reverse {
            self.at += 1;
        }
        let start = self.token().start;
        let end = self.skip_until(&|p| p.is("loop") || p.is_kind(TokenKind::DotDot), "LOOP", false)?;
        if self.is_kind(TokenKind::DotDot) {
            let from = self.fragment(start, end, Mode::Expression)?;
            self.at += 1;
            let to = self.expression_before(&["loop", "by"], &[])?;
            let step = match self.accept("by") {
                true => Some(self.expression_before(&["loop"], &[])?),
                false => None,
            };
            self.expect("loop")?;
            let [parts] = &names[..] else {
                return Err(self.error_at(
                    SqlState::SYNTAX_ERROR,
                    "integer FOR loop must have only one target variable",
                    at.start,
                ));
            };
            let variable = self.declare(&parts[0], VariableKind::Scalar(SqlType::plain(oid::INT4)), line);
            let body = self.loop_body(&label)?;
            return Ok(Kind::ForInteger { label, variable, from, to, step, reverse, body });
        }
        if reverse {
            return Err(self.error_at(SqlState::SYNTAX_ERROR, "cannot specify REVERSE in query FOR loop", at.start));
        }
        let query = self.fragment(start, end, Mode::Statement)?;
        let target = self.loop_target(mark, &names)?;
        self.expect("loop")?;
        let body = self.loop_body(&label)?;
        Ok(Kind::ForQuery { label, target, query, body })
    }

    fn loop_target(&mut self, mark: usize, names: &[Vec<String>]) -> Result<Target> {
        let places = names.iter().map(|parts| self.place_of(parts, mark)).collect::<Result<Vec<_>>>()?;
        let wrong = "loop variable of loop over rows must be a record variable or list of scalar variables";
        match &places[..] {
            [Some(Place::Variable(number))] => Ok(self.target_of(vec![Place::Variable(*number)])),
            _ => match places.into_iter().collect::<Option<Vec<_>>>() {
                Some(places) => Ok(Target::Several(places)),
                None => {
                    let offset = self.tokens.tokens[mark].start;
                    Err(self.error_at(SqlState::DATATYPE_MISMATCH, wrong, offset))
                }
            },
        }
    }

    fn foreach_statement(&mut self, label: String) -> Result<Kind> {
        let mark = self.at;
        let mut names = Vec::new();
        loop {
            let mut parts = vec![self.name()?];
            while self.accept_kind(TokenKind::Dot) {
                parts.push(self.name()?);
            }
            names.push(parts);
            if !self.accept_kind(TokenKind::Comma) {
                break;
            }
        }
        let mut slice = 0;
        if self.accept("slice") {
            let token = self.token();
            if token.kind != TokenKind::Integer {
                return Err(self.syntax_error());
            }
            slice = token.value as i32;
            self.at += 1;
        }
        self.expect("in")?;
        self.expect("array")?;
        let array = self.expression_until_word("loop")?;
        let target = match self.loop_target(mark, &names) {
            Ok(target) => target,
            Err(_) => {
                let offset = self.tokens.tokens[mark].start;
                let text = "loop variable of FOREACH must be a known variable or list of variables";
                return Err(self.error_at(SqlState::SYNTAX_ERROR, text, offset));
            }
        };
        let body = self.loop_body(&label)?;
        Ok(Kind::ForEach { label, target, slice, array, body })
    }

    pub(super) fn exit_statement(&mut self, exit: bool) -> Result<Kind> {
        let at = self.token().start;
        self.at += 1;
        let mut label = String::new();
        if !self.is("when") && !self.is_kind(TokenKind::Semicolon) {
            let label_at = self.token().start;
            label = self.name()?;
            match self.has_label(&label) {
                None => {
                    let text =
                        format!("there is no label \"{label}\" attached to any block or loop enclosing this statement");
                    return Err(self.error_at(SqlState::SYNTAX_ERROR, text, label_at));
                }
                Some(Named::Block) if !exit => {
                    let text = format!("block label \"{label}\" cannot be used in CONTINUE");
                    return Err(self.error_at(SqlState::SYNTAX_ERROR, text, label_at));
                }
                _ => (),
            }
        } else if !self.is_in_loop() {
            let text = match exit {
                true => "EXIT cannot be used outside a loop, unless it has a label",
                false => "CONTINUE cannot be used outside a loop",
            };
            return Err(self.error_at(SqlState::SYNTAX_ERROR, text, at));
        }
        let condition = match self.accept("when") {
            true => Some(self.expression_until(&[TokenKind::Semicolon])?),
            false => None,
        };
        self.semicolon()?;
        Ok(Kind::Exit { exit, label, condition })
    }

    pub(super) fn return_statement(&mut self) -> Result<Kind> {
        self.at += 1;
        let header = self.header;
        let wrong = |this: &Self, text: &str| Err(this.error(SqlState::DATATYPE_MISMATCH, text));
        if self.is("next") && !self.is_word_at(0, "nextval") {
            self.at += 1;
            if !header.set {
                return wrong(self, "cannot use RETURN NEXT in a non-SETOF function");
            }
            if header.arguments.iter().any(|(_, _, mode)| matches!(mode, b'o' | b'b' | b't')) {
                if !self.is_kind(TokenKind::Semicolon) {
                    return wrong(self, "RETURN NEXT cannot have a parameter in function with OUT parameters");
                }
                self.semicolon()?;
                return Ok(Kind::ReturnNext(None));
            }
            if let Some(number) = self.lone_row()? {
                return Ok(Kind::ReturnNextVariable(number));
            }
            let value = self.expression_until(&[TokenKind::Semicolon])?;
            self.semicolon()?;
            return Ok(Kind::ReturnNext(Some(value)));
        }
        if self.is("query") {
            self.at += 1;
            if !header.set {
                return wrong(self, "cannot use RETURN QUERY in a non-SETOF function");
            }
            if self.accept("execute") {
                let query = self.expression_before(&["using"], &[TokenKind::Semicolon])?;
                let using = self.using()?;
                self.semicolon()?;
                return Ok(Kind::ReturnExecute { query, using });
            }
            let start = self.token().start;
            let end = self.skip_until(&|p| p.is_kind(TokenKind::Semicolon), ";", false)?;
            let query = self.fragment(start, end, Mode::Statement)?;
            self.semicolon()?;
            return Ok(Kind::ReturnQuery(query));
        }
        let bare = self.is_kind(TokenKind::Semicolon);
        let has_outputs = header.arguments.iter().any(|(_, _, mode)| matches!(mode, b'o' | b'b' | b't'));
        let refusal = match () {
            () if header.set => Some("RETURN cannot have a parameter in function returning set"),
            () if header.procedure && header.result == ResultKind::Nothing => {
                Some("RETURN cannot have a parameter in a procedure")
            }
            () if has_outputs => Some("RETURN cannot have a parameter in function with OUT parameters"),
            () if header.result == ResultKind::Nothing => {
                Some("RETURN cannot have a parameter in function returning void")
            }
            () => None,
        };
        match refusal {
            Some(_) if bare => {
                self.semicolon()?;
                return Ok(Kind::Return(None));
            }
            Some(text) => {
                let error = self.error(SqlState::DATATYPE_MISMATCH, text);
                return Err(match header.set {
                    true => error.hint("Use RETURN NEXT or RETURN QUERY."),
                    false => error,
                });
            }
            None if bare && header.result == ResultKind::EventTrigger => {
                self.semicolon()?;
                return Ok(Kind::Return(None));
            }
            None if bare => return Err(self.near("missing expression")),
            None => (),
        }
        if let Some(number) = self.lone_row()? {
            return Ok(Kind::ReturnVariable(number));
        }
        let value = self.expression_until(&[TokenKind::Semicolon])?;
        self.semicolon()?;
        Ok(Kind::Return(Some(value)))
    }

    /// `row;`
    fn lone_row(&mut self) -> Result<Option<Number>> {
        if let Some((number, parts, used, ahead)) = self.peek_variable()
            && used == parts.len()
            && self.token_at(ahead).kind == TokenKind::Semicolon
            && matches!(self.variables[number].kind, VariableKind::Record(_))
        {
            self.at += ahead + 1;
            return Ok(Some(number));
        }
        Ok(None)
    }
}
