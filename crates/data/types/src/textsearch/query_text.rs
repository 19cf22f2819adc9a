//! From text to tsquery: the operators of tsquery's own syntax, and the syntax of web searches.
//!
//! Operands go to a [`Sink`], which makes items of them: the type's input function takes them as they are, `to_tsquery` and its sisters
//! normalise them, so that one operand may become several items, or a stop word that goes again.

use super::query::{self, Builder, MAX_DISTANCE, Operand, Operator};
use super::vector::{MAX_BYTES, MAX_LEXEME};
use super::word::{self, Within};
use crate::Environment;
use error::{Error, Result, Severity, SqlState};

/// An item of a query that is being put together, in postfix order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// A lexeme.
    Value {
        /// The lexeme.
        lexeme: Vec<u8>,
        /// The weights that count; 0 for any.
        weights: u8,
        /// Whether lexemes that begin with it count.
        prefix: bool,
    },
    /// What a stop word leaves.
    Stop,
    /// An operator.
    Operator(Operator),
}

/// How the text is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Syntax {
    /// tsquery's own.
    Standard,
    /// That of web searches: no text is wrong.
    Web,
    /// The whole text is one operand.
    Plain,
}

/// Makes items of an operand: word, weights, prefix.
pub(super) type Sink<'s> = dyn FnMut(&[u8], u8, bool, &mut Vec<Part>) -> Result<()> + 's;

/// The query that a text in tsquery's own syntax stands for, its lexemes as they are.
pub(crate) fn parse(text: &str, env: &dyn Environment) -> Result<Vec<u8>> {
    parse_with(text, Syntax::Standard, env, &mut |word, weights, prefix, parts| {
        parts.push(Part::Value { lexeme: word.to_vec(), weights, prefix });
        Ok(())
    })
}

/// The query that a text stands for.
pub(super) fn parse_with(text: &str, syntax: Syntax, env: &dyn Environment, sink: &mut Sink<'_>) -> Result<Vec<u8>> {
    let mut reader = Reader { text, bytes: text.as_bytes(), at: 0, parts: Vec::new(), operators: Vec::new(), sink };
    match syntax {
        Syntax::Standard => reader.standard()?,
        Syntax::Web => reader.web()?,
        Syntax::Plain => (reader.sink)(text.as_bytes(), 0, false, &mut reader.parts)?,
    }
    let parts = reader.parts;
    if parts.is_empty() {
        env.notice(notice(format!("text-search query doesn't contain lexemes: \"{text}\"")));
        return Ok(Builder::default().finish());
    }
    let parts = if parts.contains(&Part::Stop) { without_stops(parts) } else { parts };
    if parts.is_empty() {
        env.notice(notice("text-search query contains only stop words or doesn't contain lexemes, ignored".into()));
    }
    let mut builder = Builder::default();
    let mut total = 0;
    for part in &parts {
        match part {
            Part::Value { lexeme, weights, prefix } => {
                if lexeme.len() >= MAX_LEXEME {
                    return Err(query::long_word(text));
                }
                if total > MAX_BYTES {
                    let message = format!("value is too big in tsquery: \"{text}\"");
                    return Err(Error::new(SqlState::PROGRAM_LIMIT_EXCEEDED, message));
                }
                total += lexeme.len() + 1;
                builder.value(Operand { lexeme, weights: *weights, prefix: *prefix });
            }
            Part::Operator(operator) => builder.operator(*operator),
            Part::Stop => {}
        }
    }
    Ok(builder.finish())
}

fn notice(message: String) -> Error {
    Error::new(SqlState::SUCCESSFUL_COMPLETION, message).severity(Severity::Notice)
}

/// Takes stop words out, with the operators that lose an operand; distances grow by what is gone.
fn without_stops(parts: Vec<Part>) -> Vec<Part> {
    /// What is left of an operand: where it begins in the result, and by how much the distances to its left and right grow.
    struct Left {
        start: usize,
        empty: bool,
        before: u32,
        behind: u32,
    }
    let mut out: Vec<Part> = Vec::with_capacity(parts.len());
    let mut stack: Vec<Left> = Vec::new();
    for part in parts {
        let start = out.len();
        match part {
            Part::Value { .. } => {
                out.push(part);
                stack.push(Left { start, empty: false, before: 0, behind: 0 });
            }
            Part::Stop => stack.push(Left { start, empty: true, before: 0, behind: 0 }),
            Part::Operator(Operator::Not) => {
                if stack.last().is_some_and(|operand| !operand.empty) {
                    out.push(part);
                }
            }
            Part::Operator(operator) => {
                let (Some(right), Some(left)) = (stack.pop(), stack.pop()) else { return Vec::new() };
                let (phrase, distance) = match operator {
                    Operator::Phrase(distance) => (true, distance as u32),
                    _ => (false, 0),
                };
                let (before, behind) = match (left.empty, right.empty, phrase) {
                    (true, true, true) => {
                        let all = left.before + distance + right.before;
                        (all, all)
                    }
                    (true, true, false) => {
                        let most = left.before.max(right.before);
                        (most, most)
                    }
                    (true, false, true) => (left.before + distance + right.before, right.behind),
                    (true, false, false) => (right.before, right.behind),
                    (false, true, true) => (left.before, left.behind + distance + right.behind),
                    (false, true, false) => (left.before, left.behind),
                    (false, false, true) => {
                        let distance = distance + left.behind + right.before;
                        out.push(Part::Operator(Operator::Phrase(distance.min(u16::MAX as u32) as u16)));
                        (left.before, right.behind)
                    }
                    (false, false, false) => {
                        out.push(part);
                        (0, 0)
                    }
                };
                stack.push(Left { start: left.start, empty: left.empty && right.empty, before, behind });
            }
        }
        debug_assert!(stack.iter().all(|operand| operand.start <= out.len()));
    }
    out
}

/// An operator that waits for its right operand, or an open parenthesis.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Waiting {
    Operator(Operator),
    Parenthesis,
}

struct Reader<'t, 's, 'f> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    parts: Vec<Part>,
    operators: Vec<Waiting>,
    sink: &'s mut Sink<'f>,
}

impl Reader<'_, '_, '_> {
    #[cold]
    fn syntax_error(&self) -> Error {
        Error::new(SqlState::SYNTAX_ERROR, format!("syntax error in tsquery: \"{}\"", self.text))
    }

    fn skip_spaces(&mut self) {
        word::skip_spaces(self.bytes, &mut self.at);
    }

    /// Puts operators that bind at least as strongly as the next one behind their operands.
    fn reduce(&mut self, next: Option<Operator>) {
        while let Some(&Waiting::Operator(top)) = self.operators.last() {
            if let Some(next) = next
                && (top.priority() < next.priority() || top == Operator::Not && next == Operator::Not)
            {
                return;
            }
            self.parts.push(Part::Operator(top));
            self.operators.pop();
        }
    }

    fn operator(&mut self, operator: Operator) {
        self.reduce(Some(operator));
        self.operators.push(Waiting::Operator(operator));
    }

    fn standard(&mut self) -> Result<()> {
        let mut word = Vec::new();
        let mut first = true;
        let mut open = 0usize;
        loop {
            // An operand.
            self.skip_spaces();
            match self.bytes.get(self.at) {
                Some(b'!') => {
                    self.at += 1;
                    self.operator(Operator::Not);
                    first = false;
                    continue;
                }
                Some(b'(') => {
                    self.at += 1;
                    self.operators.push(Waiting::Parenthesis);
                    open += 1;
                    first = false;
                    continue;
                }
                Some(b':') => return Err(self.syntax_error()),
                None if first => return Ok(()),
                None => {
                    let message = format!("no operand in tsquery: \"{}\"", self.text);
                    return Err(Error::new(SqlState::SYNTAX_ERROR, message));
                }
                Some(_) => {}
            }
            first = false;
            let text = self.text;
            let syntax = || Error::new(SqlState::SYNTAX_ERROR, format!("syntax error in tsquery: \"{text}\""));
            word::read(self.bytes, &mut self.at, Within::Query, &mut word, syntax)?;
            let (weights, prefix) = self.modifiers();
            (self.sink)(&word, weights, prefix, &mut self.parts)?;
            // What may stand behind one.
            loop {
                self.skip_spaces();
                match self.bytes.get(self.at) {
                    None if open > 0 => return Err(self.syntax_error()),
                    None => {
                        self.reduce(None);
                        return Ok(());
                    }
                    Some(b')') => {
                        if open == 0 {
                            return Err(self.syntax_error());
                        }
                        self.at += 1;
                        open -= 1;
                        self.reduce(None);
                        self.operators.pop();
                        continue;
                    }
                    Some(b'&') => {
                        self.at += 1;
                        self.operator(Operator::And);
                    }
                    Some(b'|') => {
                        self.at += 1;
                        self.operator(Operator::Or);
                    }
                    Some(b'<') => {
                        let distance = self.distance()?;
                        self.operator(Operator::Phrase(distance));
                    }
                    Some(_) => return Err(self.syntax_error()),
                }
                break;
            }
        }
    }

    /// Reads `:*AB`.
    fn modifiers(&mut self) -> (u8, bool) {
        let (mut weights, mut prefix) = (0, false);
        if self.bytes.get(self.at) != Some(&b':') {
            return (0, false);
        }
        loop {
            self.at += 1;
            match self.bytes.get(self.at) {
                Some(b'a' | b'A') => weights |= 8,
                Some(b'b' | b'B') => weights |= 4,
                Some(b'c' | b'C') => weights |= 2,
                Some(b'd' | b'D') => weights |= 1,
                Some(b'*') => prefix = true,
                _ => return (weights, prefix),
            }
        }
    }

    /// Reads `<->` or `<n>`.
    fn distance(&mut self) -> Result<u16> {
        let rest = &self.bytes[self.at + 1..];
        let (distance, length) = if rest.first() == Some(&b'-') {
            (1, 1)
        } else {
            let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
            let number =
                rest[..digits].iter().fold(0i64, |n, d| n.saturating_mul(10).saturating_add((d - b'0') as i64));
            (number, digits)
        };
        if length == 0 {
            return Err(self.syntax_error());
        }
        if distance > MAX_DISTANCE {
            return Err(distance_error());
        }
        if rest.get(length) != Some(&b'>') {
            return Err(self.syntax_error());
        }
        self.at += 2 + length;
        Ok(distance as u16)
    }

    /// Words are joined by AND, `or` between two of them by OR, `"…"` is a phrase, `-` before an operand is NOT. Everything else is skipped.
    fn web(&mut self) -> Result<()> {
        let mut expects_operator = false;
        loop {
            self.skip_spaces();
            let Some(&byte) = self.bytes.get(self.at) else { break };
            let start = self.at;
            if expects_operator && let Some(length) = self.or_length() {
                self.at += length;
                self.operator(Operator::Or);
                expects_operator = false;
            } else if byte == b'"' {
                // Without a closing quote the phrase goes on to the end.
                let rest = &self.bytes[start + 1..];
                let length = rest.iter().position(|&b| b == b'"').unwrap_or(rest.len());
                self.at = (start + length + 2).min(self.bytes.len());
                self.between(&mut expects_operator);
                (self.sink)(&rest[..length], 0, false, &mut self.parts)?;
            } else if byte == b'-' {
                self.at += 1;
                self.between(&mut expects_operator);
                self.operator(Operator::Not);
                expects_operator = false;
            } else if self.begins_word(start) {
                while self.begins_word(self.at) || self.bytes.get(self.at) == Some(&b'-') {
                    self.at += crate::text::char_len(self.bytes[self.at]).min(self.bytes.len() - self.at);
                }
                self.between(&mut expects_operator);
                (self.sink)(&self.bytes[start..self.at], 0, false, &mut self.parts)?;
            } else {
                self.at += crate::text::char_len(byte).min(self.bytes.len() - start);
            }
        }
        if !expects_operator && !self.operators.is_empty() {
            // An operator without its operand goes.
            self.parts.push(Part::Stop);
        }
        self.reduce(None);
        Ok(())
    }

    /// Puts the AND between two operands.
    fn between(&mut self, expects_operator: &mut bool) {
        if *expects_operator {
            self.operator(Operator::And);
        }
        *expects_operator = true;
    }

    fn begins_word(&self, at: usize) -> bool {
        self.bytes.get(at).is_some_and(|&b| {
            !matches!(b, b'"' | b':' | b'-') && !word::is_operator(b) && word::space_length(&self.bytes[at..]) == 0
        })
    }

    /// The length of the word `or` here, if something to search for stands behind it.
    fn or_length(&self) -> Option<usize> {
        let rest = &self.bytes[self.at..];
        if !rest.get(..2).is_some_and(|word| word.eq_ignore_ascii_case(b"or")) {
            return None;
        }
        let part_of_word = |rest: &[u8]| match rest.first() {
            None => true,
            Some(b'-' | b'_') => true,
            Some(byte) if byte.is_ascii() => byte.is_ascii_alphanumeric(),
            Some(_) => word::space_length(rest) == 0,
        };
        if part_of_word(&rest[2..]) {
            return None;
        }
        let mut at = self.at + 2;
        while at < self.bytes.len() {
            if self.begins_word(at) || matches!(self.bytes[at], b'"' | b'-') {
                return Some(2);
            }
            at += 1;
        }
        None
    }
}

/// The error for a distance that is none.
#[cold]
pub(super) fn distance_error() -> Error {
    Error::new(
        SqlState::INVALID_PARAMETER_VALUE,
        format!("distance in phrase operator must be an integer value between zero and {MAX_DISTANCE} inclusive"),
    )
}
