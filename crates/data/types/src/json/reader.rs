//! JSON text as a sequence of events: a pull parser that needs no stack but a bit for each open container.
//!
//! The grammar is RFC 8259's. Errors are PostgreSQL's: what was expected, what was found, and as context the line up to
//! there.

use super::{MAX_DEPTH, too_deep};
use error::{Error, Result, SqlState};

/// What the text says next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// `{`
    BeginObject,
    /// `}`
    EndObject,
    /// `[`
    BeginArray,
    /// `]`
    EndArray,
    /// A member's name; its value comes next.
    Key,
    /// A string.
    String,
    /// A number.
    Number,
    /// true or false.
    Bool(bool),
    /// null.
    Null,
    /// Nothing more.
    End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    ObjectStart,
    ObjectEnd,
    ArrayStart,
    ArrayEnd,
    Comma,
    Colon,
    String,
    Number,
    True,
    False,
    Null,
    End,
}

/// What may come next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expect {
    Value,
    ArrayFirst,
    ArrayNext,
    ObjectFirst,
    ObjectNext,
    Colon,
    End,
}

/// A JSON text, read from the front.
pub struct Reader<'a> {
    text: &'a [u8],
    /// Whether strings are decoded: escapes that stand for no character are errors then.
    decode: bool,
    /// The latest token.
    start: usize,
    end: usize,
    line: usize,
    line_start: usize,
    expect: Expect,
    /// For each open container, whether it is an object.
    open: Vec<bool>,
    /// The latest string, if it has escapes.
    decoded: Vec<u8>,
    escaped: bool,
}

/// Checks that a text is JSON.
pub fn check(text: &[u8]) -> Result<()> {
    let mut reader = Reader::new(text, false);
    while reader.next_event()? != Event::End {}
    Ok(())
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

impl<'a> Reader<'a> {
    /// Begins to read. With `decode`, strings can be had by [`Reader::string`].
    pub fn new(text: &'a [u8], decode: bool) -> Reader<'a> {
        Reader {
            text,
            decode,
            start: 0,
            end: 0,
            line: 1,
            line_start: 0,
            expect: Expect::Value,
            open: Vec::new(),
            decoded: Vec::new(),
            escaped: false,
        }
    }

    /// Where the latest event's token begins.
    pub fn start(&self) -> usize {
        self.start
    }

    /// Where the latest event's token ends.
    pub fn end(&self) -> usize {
        self.end
    }

    /// How many containers are open.
    pub fn depth(&self) -> usize {
        self.open.len()
    }

    /// The latest token as it is written.
    pub fn token(&self) -> &'a [u8] {
        &self.text[self.start..self.end]
    }

    /// The latest string or key without quotes and escapes.
    pub fn string(&self) -> &[u8] {
        debug_assert!(self.decode);
        if self.escaped { &self.decoded } else { &self.text[self.start + 1..self.end - 1] }
    }

    /// The latest string or key, borrowed from the text if it has no escapes.
    pub fn string_cow(&self) -> std::borrow::Cow<'a, [u8]> {
        if self.escaped { self.decoded.clone().into() } else { self.text[self.start + 1..self.end - 1].into() }
    }

    /// The text of the value whose first event was `first`; reads to its end.
    pub fn value(&mut self, first: Event) -> Result<&'a [u8]> {
        let start = self.start;
        if matches!(first, Event::BeginObject | Event::BeginArray) {
            let depth = self.depth();
            while self.depth() >= depth {
                self.next_event()?;
            }
        }
        Ok(&self.text[start..self.end])
    }

    /// The next event. After [`Event::End`] comes nothing else.
    pub fn next_event(&mut self) -> Result<Event> {
        loop {
            let token = self.lex()?;
            match (self.expect, token) {
                (Expect::End, Token::End) => return Ok(Event::End),
                (Expect::ArrayNext, Token::Comma) => self.expect = Expect::Value,
                (Expect::ArrayFirst | Expect::ArrayNext, Token::ArrayEnd) => {
                    self.close();
                    return Ok(Event::EndArray);
                }
                (Expect::ObjectNext, Token::Comma) => {
                    if self.lex()? != Token::String {
                        return Err(self.unexpected("string"));
                    }
                    self.expect = Expect::Colon;
                    return Ok(Event::Key);
                }
                (Expect::ObjectFirst | Expect::ObjectNext, Token::ObjectEnd) => {
                    self.close();
                    return Ok(Event::EndObject);
                }
                (Expect::ObjectFirst, Token::String) => {
                    self.expect = Expect::Colon;
                    return Ok(Event::Key);
                }
                (Expect::Colon, Token::Colon) => self.expect = Expect::Value,
                (Expect::Value | Expect::ArrayFirst, token) => return self.begin(token),
                (Expect::ArrayNext, _) => return Err(self.unexpected("\",\" or \"]\"")),
                (Expect::ObjectFirst, _) => return Err(self.unexpected("string or \"}\"")),
                (Expect::ObjectNext, _) => return Err(self.unexpected("\",\" or \"}\"")),
                (Expect::Colon, _) => return Err(self.unexpected("\":\"")),
                (Expect::End, _) => return Err(self.unexpected("end of input")),
            }
        }
    }

    fn begin(&mut self, token: Token) -> Result<Event> {
        let event = match token {
            Token::ObjectStart | Token::ArrayStart => {
                if self.open.len() >= MAX_DEPTH {
                    return Err(too_deep());
                }
                let object = token == Token::ObjectStart;
                self.open.push(object);
                self.expect = if object { Expect::ObjectFirst } else { Expect::ArrayFirst };
                return Ok(if object { Event::BeginObject } else { Event::BeginArray });
            }
            Token::String => Event::String,
            Token::Number => Event::Number,
            Token::True => Event::Bool(true),
            Token::False => Event::Bool(false),
            Token::Null => Event::Null,
            _ => return Err(self.unexpected("JSON value")),
        };
        self.after_value();
        Ok(event)
    }

    fn close(&mut self) {
        self.open.pop();
        self.after_value();
    }

    fn after_value(&mut self) {
        self.expect = match self.open.last() {
            None => Expect::End,
            Some(true) => Expect::ObjectNext,
            Some(false) => Expect::ArrayNext,
        };
    }

    fn lex(&mut self) -> Result<Token> {
        let mut at = self.end;
        while let Some(&byte) = self.text.get(at) {
            match byte {
                b'\n' => {
                    self.line += 1;
                    self.line_start = at + 1;
                }
                b' ' | b'\t' | b'\r' => {}
                _ => break,
            }
            at += 1;
        }
        self.start = at;
        self.end = at + 1;
        let Some(&byte) = self.text.get(at) else {
            self.end = at;
            return Ok(Token::End);
        };
        Ok(match byte {
            b'{' => Token::ObjectStart,
            b'}' => Token::ObjectEnd,
            b'[' => Token::ArrayStart,
            b']' => Token::ArrayEnd,
            b',' => Token::Comma,
            b':' => Token::Colon,
            b'"' => return self.lex_string(),
            b'-' | b'0'..=b'9' => return self.lex_number(),
            _ => {
                if is_word(byte) {
                    while self.text.get(self.end).is_some_and(|&b| is_word(b)) {
                        self.end += 1;
                    }
                }
                match self.token() {
                    b"true" => Token::True,
                    b"false" => Token::False,
                    b"null" => Token::Null,
                    _ => return Err(self.invalid_token()),
                }
            }
        })
    }

    fn lex_number(&mut self) -> Result<Token> {
        let text = self.text;
        let digits = |mut at: usize| {
            while text.get(at).is_some_and(u8::is_ascii_digit) {
                at += 1;
            }
            at
        };
        let mut at = self.start + (text[self.start] == b'-') as usize;
        let mut valid = true;
        match text.get(at) {
            Some(b'0') => at += 1,
            Some(b'1'..=b'9') => at = digits(at),
            _ => valid = false,
        }
        if valid && text.get(at) == Some(&b'.') {
            let end = digits(at + 1);
            valid = end > at + 1;
            at = end;
        }
        if valid && matches!(text.get(at), Some(b'e' | b'E')) {
            let from = at + 1 + matches!(text.get(at + 1), Some(b'+' | b'-')) as usize;
            let end = digits(from);
            valid = end > from;
            at = end;
        }
        while text.get(at).is_some_and(|&b| is_word(b)) {
            valid = false;
            at += 1;
        }
        self.end = at.min(text.len());
        if valid { Ok(Token::Number) } else { Err(self.invalid_token()) }
    }

    fn lex_string(&mut self) -> Result<Token> {
        let text = self.text;
        self.escaped = false;
        self.decoded.clear();
        let mut at = self.start + 1;
        // The first half of a surrogate pair, waiting for the second.
        let mut high: Option<u32> = None;
        loop {
            let plain = at;
            while text.get(at).is_some_and(|&b| b != b'"' && b != b'\\' && b >= 0x20) {
                at += 1;
            }
            if high.is_some() && at > plain {
                return Err(self.at_char(plain, "Unicode low surrogate must follow a high surrogate."));
            }
            if self.escaped {
                self.decoded.extend_from_slice(&text[plain..at]);
            }
            match text.get(at) {
                None => {
                    self.end = at;
                    return Err(self.invalid_token());
                }
                Some(b'"') if high.is_some() => {
                    return Err(self.at_char(at, "Unicode low surrogate must follow a high surrogate."));
                }
                Some(b'"') => {
                    self.end = at + 1;
                    return Ok(Token::String);
                }
                Some(b'\\') => {
                    if self.decode && !self.escaped {
                        self.escaped = true;
                        self.decoded.extend_from_slice(&text[self.start + 1..at]);
                    }
                    at = self.lex_escape(at + 1, &mut high)?;
                }
                Some(&control) => {
                    self.end = at;
                    return Err(self.invalid(format!("Character with value 0x{control:02x} must be escaped.")));
                }
            }
        }
    }

    /// One escape, from behind its backslash; returns where it ends.
    fn lex_escape(&mut self, at: usize, high: &mut Option<u32>) -> Result<usize> {
        let Some(&byte) = self.text.get(at) else {
            self.end = at;
            return Err(self.invalid_token());
        };
        if byte != b'u' {
            let meant = match byte {
                b'"' | b'\\' | b'/' => byte,
                b'b' => 8,
                b'f' => 12,
                b'n' => b'\n',
                b'r' => b'\r',
                b't' => b'\t',
                _ => {
                    let end = (at + crate::text::char_len(byte)).min(self.text.len());
                    let shown = String::from_utf8_lossy(&self.text[at..end]).into_owned();
                    self.end = end;
                    return Err(self.invalid(format!("Escape sequence \"\\{shown}\" is invalid.")));
                }
            };
            if high.is_some() {
                return Err(self.at_char(at, "Unicode low surrogate must follow a high surrogate."));
            }
            if self.escaped {
                self.decoded.push(meant);
            }
            return Ok(at + 1);
        }
        let mut code = 0u32;
        for at in at + 1..at + 5 {
            let Some(&byte) = self.text.get(at) else {
                self.end = at;
                return Err(self.invalid_token());
            };
            match (byte as char).to_digit(16) {
                Some(digit) => code = code << 4 | digit,
                None => {
                    return Err(self.at_char(at, "\"\\u\" must be followed by four hexadecimal digits."));
                }
            }
        }
        let last = at + 4;
        if !self.decode {
            return Ok(last + 1);
        }
        match (code, high.take()) {
            (0xD800..=0xDBFF, None) => *high = Some(code),
            (0xD800..=0xDBFF, Some(_)) => {
                return Err(self.at_char(last, "Unicode high surrogate must not follow a high surrogate."));
            }
            (0xDC00..=0xDFFF, Some(first)) => {
                self.push_char(0x10000 + ((first & 0x3FF) << 10) + (code & 0x3FF));
            }
            (0xDC00..=0xDFFF, None) | (_, Some(_)) => {
                return Err(self.at_char(last, "Unicode low surrogate must follow a high surrogate."));
            }
            (0, None) => {
                self.end = last + 1;
                let error = Error::new(SqlState::UNTRANSLATABLE_CHARACTER, "unsupported Unicode escape sequence");
                return Err(error.detail("\\u0000 cannot be converted to text.").context(self.where_it_is()));
            }
            (code, None) => self.push_char(code),
        }
        Ok(last + 1)
    }

    fn push_char(&mut self, code: u32) {
        let character = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
        self.decoded.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    }

    // Errors.

    #[cold]
    fn invalid(&self, detail: impl Into<String>) -> Error {
        Error::new(SqlState::INVALID_TEXT_REPRESENTATION, "invalid input syntax for type json")
            .detail(detail)
            .context(self.where_it_is())
    }

    /// An error at the character at `at`.
    #[cold]
    fn at_char(&mut self, at: usize, detail: &str) -> Error {
        self.end = (at + crate::text::char_len(self.text[at])).min(self.text.len());
        self.invalid(detail)
    }

    #[cold]
    fn invalid_token(&self) -> Error {
        self.invalid(format!("Token \"{}\" is invalid.", String::from_utf8_lossy(self.token())))
    }

    #[cold]
    fn unexpected(&self, expected: &str) -> Error {
        if self.start >= self.text.len() {
            return self.invalid("The input string ended unexpectedly.");
        }
        let found = String::from_utf8_lossy(self.token());
        self.invalid(format!("Expected {expected}, but found \"{found}\"."))
    }

    /// The line up to the error, at most its last 50 bytes.
    #[cold]
    fn where_it_is(&self) -> String {
        let text = self.text;
        let mut from = self.line_start.min(self.end);
        while self.end - from >= 50 {
            from += crate::text::char_len(text[from]);
        }
        if from - self.line_start.min(from) <= 3 {
            from = self.line_start.min(self.end);
        }
        let before = if from > self.line_start { "..." } else { "" };
        let more = self.start < text.len() && !matches!(text.get(self.end), None | Some(b'\n' | b'\r'));
        let shown = String::from_utf8_lossy(&text[from.min(self.end)..self.end]);
        format!("JSON data, line {}: {before}{shown}{}", self.line, if more { "..." } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Details and contexts recorded from PostgreSQL 18.6: `select $$…$$::jsonb`.
    #[test]
    fn errors_are_postgresqls() {
        for (text, detail, context) in [
            ("'", "Token \"'\" is invalid.", "'"),
            ("\"abc", "Token \"\"abc\" is invalid.", "\"abc"),
            ("\"abc\ndef\"", "Character with value 0x0a must be escaped.", "\"abc"),
            ("\"\\v\"", "Escape sequence \"\\v\" is invalid.", "\"\\v..."),
            ("01", "Token \"01\" is invalid.", "01"),
            ("1.3ex100", "Token \"1.3ex100\" is invalid.", "1.3ex100"),
            ("[1,2,]", "Expected JSON value, but found \"]\".", "[1,2,]"),
            ("[1,[2]", "The input string ended unexpectedly.", "[1,[2]"),
            ("[,", "Expected JSON value, but found \",\".", "[,"),
            ("{\"abc\"}", "Expected \":\", but found \"}\".", "{\"abc\"}"),
            ("{1:\"abc\"}", "Expected string or \"}\", but found \"1\".", "{1..."),
            ("{\"abc\":1:2}", "Expected \",\" or \"}\", but found \":\".", "{\"abc\":1:..."),
            ("{\"abc\":1,3}", "Expected string, but found \"3\".", "{\"abc\":1,3..."),
            ("true false", "Expected end of input, but found \"false\".", "true false"),
            ("trues", "Token \"trues\" is invalid.", "trues"),
            ("    ", "The input string ended unexpectedly.", "    "),
            ("\"\\ud83d\"", "Unicode low surrogate must follow a high surrogate.", "\"\\ud83d\""),
            ("\"\\ude04\"", "Unicode low surrogate must follow a high surrogate.", "\"\\ude04..."),
            ("\"\\u00g1\"", "\"\\u\" must be followed by four hexadecimal digits.", "\"\\u00g..."),
        ] {
            let mut reader = Reader::new(text.as_bytes(), true);
            let error = loop {
                match reader.next_event() {
                    Ok(Event::End) => panic!("{text} was accepted"),
                    Ok(_) => {}
                    Err(error) => break error,
                }
            };
            assert_eq!(error.fields().detail.as_deref(), Some(detail), "{text}");
            assert_eq!(error.fields().context.as_deref(), Some(&*format!("JSON data, line 1: {context}")), "{text}");
        }
    }

    #[test]
    fn events_and_strings() {
        let mut reader = Reader::new(br#" {"a\u00e9\n": [1, "\ud83d\ude04", {}], "b": null} "#, true);
        assert_eq!(reader.next_event().unwrap(), Event::BeginObject);
        assert_eq!(reader.next_event().unwrap(), Event::Key);
        assert_eq!(reader.string(), "aé\n".as_bytes());
        let first = reader.next_event().unwrap();
        assert_eq!(first, Event::BeginArray);
        assert_eq!(reader.value(first).unwrap(), br#"[1, "\ud83d\ude04", {}]"#);
        assert_eq!(reader.next_event().unwrap(), Event::Key);
        assert_eq!(reader.string(), b"b");
        assert_eq!(reader.next_event().unwrap(), Event::Null);
        assert_eq!(reader.next_event().unwrap(), Event::EndObject);
        assert_eq!(reader.next_event().unwrap(), Event::End);
        assert_eq!(reader.next_event().unwrap(), Event::End);
    }

    #[test]
    fn depth_is_bounded() {
        assert!(check("[".repeat(2_000_000).as_bytes()).is_err());
        let deep = format!("{}{}", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH));
        check(deep.as_bytes()).unwrap();
    }
}
