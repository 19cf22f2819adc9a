//! Strings, quoted identifiers and what may be escaped in them.
//!
//! Only what the text does not hold literally is decoded; see the module above.

use super::{
    DIGIT, IDENTIFIER_PART, IDENTIFIER_START, Lexer, MAX_IDENTIFIER_BYTES, Token, TokenKind, char_position, is,
    truncate_identifier,
};
use error::{Error, Result, Severity, SqlState};

/// How a quoted string's content is read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Quoting {
    /// Only doubled quotes are special.
    Plain,
    /// Backslash escapes too.
    Escape,
}

impl Lexer<'_> {
    /// `"…"`, or `U&"…"` with a prefix of three bytes.
    pub(super) fn quoted_identifier(&mut self, start: usize, prefix: usize) -> Result<()> {
        self.position = start + prefix;
        let mut doubled = false;
        loop {
            match self.bytes[self.position..].iter().position(|&b| b == b'"') {
                None => return Err(self.near("unterminated quoted identifier", start, self.bytes.len())),
                Some(n) => self.position += n + 1,
            }
            if self.byte(self.position) != b'"' {
                break;
            }
            doubled = true;
            self.position += 1;
        }
        let raw = &self.source[start + prefix..self.position - 1];
        if raw.is_empty() {
            return Err(self.near("zero-length delimited identifier", start, self.position));
        }
        let mut decoded = None;
        if doubled {
            decoded = Some(raw.replace("\"\"", "\""));
        }
        let end = self.position;
        if prefix == 3 {
            let text = decoded.as_deref().unwrap_or(raw);
            decoded = Some(self.unicode_escapes(start, text)?);
        }
        let text = decoded.as_deref().unwrap_or(raw);
        if text.len() > MAX_IDENTIFIER_BYTES {
            let text = text.to_string();
            self.note_truncation(start, &text);
            decoded = Some(truncate_identifier(&text).to_string());
        }
        self.push_text(TokenKind::QuotedIdentifier, start, end, decoded);
        Ok(())
    }

    /// Pushes a token whose text is decoded, or stands literally between its quotes.
    fn push_text(&mut self, kind: TokenKind, start: usize, end: usize, decoded: Option<String>) {
        let value = match decoded {
            None => Token::DIRECT,
            Some(text) => {
                self.out.texts.push(text.into());
                self.out.texts.len() as u32 - 1
            }
        };
        self.out.tokens.push(Token { start: start as u32, end: end as u32, value, keyword: None, kind });
    }

    /// After a closing quote: is the string continued behind white space with a newline in it? Then moves behind the
    /// next opening quote.
    fn continued(&mut self) -> bool {
        let mut at = self.position;
        let mut newline = false;
        loop {
            match self.byte(at) {
                b'\n' | b'\r' => {
                    newline = true;
                    at += 1;
                }
                b' ' | b'\t' | 0x0b | 0x0c => at += 1,
                b'-' if self.byte(at + 1) == b'-' => {
                    while at < self.bytes.len() && !matches!(self.bytes[at], b'\n' | b'\r') {
                        at += 1;
                    }
                    if at == self.bytes.len() {
                        return false;
                    }
                }
                b'\'' if newline => {
                    self.position = at + 1;
                    return true;
                }
                _ => return false,
            }
        }
    }

    /// A string; the position is behind its opening quote.
    pub(super) fn string(&mut self, start: usize, quoting: Quoting, warn: bool) -> Result<()> {
        let mut warn = warn;
        let mut decoded: Option<Vec<u8>> = if start + 1 == self.position { None } else { Some(Vec::new()) };
        let mut piece = self.position;
        let mut must_check = false;
        loop {
            let Some(&byte) = self.bytes.get(self.position) else {
                return Err(self.near("unterminated quoted string", start, self.bytes.len()));
            };
            match byte {
                b'\'' if self.byte(self.position + 1) == b'\'' => {
                    let buffer = decoded.get_or_insert_with(Vec::new);
                    buffer.extend_from_slice(&self.bytes[piece..=self.position]);
                    self.position += 2;
                    piece = self.position;
                }
                b'\'' => {
                    let end = self.position;
                    self.position += 1;
                    let token_end = self.position;
                    if self.continued() {
                        let buffer = decoded.get_or_insert_with(Vec::new);
                        buffer.extend_from_slice(&self.bytes[piece..end]);
                        piece = self.position;
                        continue;
                    }
                    let decoded = match decoded {
                        None => None,
                        Some(mut buffer) => {
                            buffer.extend_from_slice(&self.bytes[piece..end]);
                            Some(self.checked_text(buffer, must_check)?)
                        }
                    };
                    self.push_text(TokenKind::String, start, token_end, decoded);
                    return Ok(());
                }
                b'\\' if quoting == Quoting::Escape => {
                    let mut buffer = decoded.take().unwrap_or_default();
                    buffer.extend_from_slice(&self.bytes[piece..self.position]);
                    if warn {
                        self.warn_of_escape(start);
                        warn = false;
                    }
                    self.escape(start, &mut buffer, &mut must_check)?;
                    decoded = Some(buffer);
                    piece = self.position;
                }
                _ => self.position += 1,
            }
        }
    }

    /// Escapes can make bytes that are no UTF-8.
    fn checked_text(&self, buffer: Vec<u8>, must_check: bool) -> Result<String> {
        if must_check && let Some(error) = invalid_utf8(&buffer) {
            return Err(error);
        }
        String::from_utf8(buffer).map_err(|_| Error::internal("a scanned string is not UTF-8"))
    }

    #[cold]
    fn warn_of_escape(&mut self, start: usize) {
        let (message, hint) = match self.byte(self.position + 1) {
            b'\'' => (
                "nonstandard use of \\' in a string literal",
                "Use '' to write quotes in strings, or use the escape string syntax (E'...').",
            ),
            b'\\' => (
                "nonstandard use of \\\\ in a string literal",
                "Use the escape string syntax for backslashes, e.g., E'\\\\'.",
            ),
            _ => (
                "nonstandard use of escape in a string literal",
                "Use the escape string syntax for escapes, e.g., E'\\r\\n'.",
            ),
        };
        let warning = Error::new(SqlState::NONSTANDARD_USE_OF_ESCAPE_CHARACTER, message)
            .severity(Severity::Warning)
            .hint(hint)
            .position(char_position(self.source, start as u32));
        self.out.notices.push((start as u32, warning));
    }

    /// Decodes the backslash escape at the position.
    fn escape(&mut self, start: usize, buffer: &mut Vec<u8>, must_check: &mut bool) -> Result<()> {
        let at = self.position;
        let Some(&byte) = self.bytes.get(at + 1) else {
            return Err(self.near("unterminated quoted string", start, self.bytes.len()));
        };
        self.position += 2;
        match byte {
            b'b' => buffer.push(8),
            b'f' => buffer.push(12),
            b'n' => buffer.push(b'\n'),
            b'r' => buffer.push(b'\r'),
            b't' => buffer.push(b'\t'),
            b'v' => buffer.push(11),
            b'0'..=b'7' => {
                let mut value = u32::from(byte - b'0');
                for _ in 0..2 {
                    match self.byte(self.position) {
                        digit @ b'0'..=b'7' => value = value * 8 + u32::from(digit - b'0'),
                        _ => break,
                    }
                    self.position += 1;
                }
                *must_check |= value == 0 || value as u8 >= 0x80;
                buffer.push(value as u8);
            }
            b'x' if self.byte(self.position).is_ascii_hexdigit() => {
                let mut value = 0;
                for _ in 0..2 {
                    let Some(digit) = hex_digit(self.byte(self.position)) else { break };
                    value = value * 16 + digit;
                    self.position += 1;
                }
                *must_check |= value == 0 || value >= 0x80;
                buffer.push(value as u8);
            }
            b'u' | b'U' => {
                let c = self.escaped_char(at)?;
                buffer.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
            b'\'' if !self.options.backslash_quote => {
                return Err(Error::new(
                    SqlState::NONSTANDARD_USE_OF_ESCAPE_CHARACTER,
                    "unsafe use of \\' in a string literal",
                )
                .hint("Use '' to write quotes in strings. \\' is insecure in client-only encodings.")
                .position(char_position(self.source, at as u32)));
            }
            // The rest of a multibyte character follows as ordinary bytes.
            _ => buffer.push(byte),
        }
        Ok(())
    }

    /// `\uXXXX` or `\UXXXXXXXX` at `at`, with the second half of a surrogate pair. The position is moved behind.
    fn escaped_char(&mut self, at: usize) -> Result<char> {
        let value = self.unicode_unit(at)?;
        if !(0xD800..0xE000).contains(&value) {
            return char::from_u32(value)
                .filter(|&c| c != '\0')
                .ok_or_else(|| self.near("invalid Unicode escape value", at, self.position));
        }
        let second = self.position;
        let bad = "invalid Unicode surrogate pair";
        if value >= 0xDC00 {
            return Err(self.near(bad, at, self.position));
        }
        let escape = self.byte(second) == b'\\' && matches!(self.byte(second + 1), b'u' | b'U');
        self.position = second + 2;
        let low = if escape { self.unicode_unit(second).ok() } else { None };
        let Some(low) = low else { return Err(self.near(bad, second, second + 1)) };
        if !(0xDC00..0xE000).contains(&low) {
            return Err(self.near(bad, second, self.position));
        }
        let code = 0x10000 + ((value - 0xD800) << 10) + (low - 0xDC00);
        char::from_u32(code).ok_or_else(|| self.near(bad, second, self.position))
    }

    /// The digits of the Unicode escape at `at`; the position is behind its `u`.
    fn unicode_unit(&mut self, at: usize) -> Result<u32> {
        let length = if self.bytes[at + 1] == b'u' { 4 } else { 8 };
        let digits = self.bytes.get(self.position..self.position + length);
        let value = digits.and_then(|digits| {
            digits.iter().try_fold(0u32, |value, &digit| Some(value.checked_mul(16)? | hex_digit(digit)?))
        });
        let too_large = digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        match value {
            Some(value) => {
                self.position += length;
                Ok(value)
            }
            None if too_large => Err(self.near("invalid Unicode escape value", at, self.position + length)),
            None => Err(self
                .error(SqlState::INVALID_ESCAPE_SEQUENCE, "invalid Unicode escape", at)
                .hint("Unicode escapes must be \\uXXXX or \\UXXXXXXXX.")),
        }
    }

    pub(super) fn bit_string(&mut self, start: usize, kind: TokenKind, what: &str) -> Result<()> {
        self.position = start + 2;
        let mut digits = String::from(if kind == TokenKind::BinaryString { "b" } else { "x" });
        loop {
            let Some(n) = self.bytes[self.position..].iter().position(|&b| b == b'\'') else {
                return Err(self.near(&format!("unterminated {what}"), start, self.bytes.len()));
            };
            digits.push_str(&self.source[self.position..self.position + n]);
            self.position += n + 1;
            let end = self.position;
            if !self.continued() {
                self.push_text(kind, start, end, Some(digits));
                return Ok(());
            }
        }
    }

    /// `U&'…'`.
    pub(super) fn unicode_string(&mut self, start: usize) -> Result<()> {
        if !self.options.standard_conforming_strings {
            return Err(self
                .error(SqlState::FEATURE_NOT_SUPPORTED, "unsafe use of string constant with Unicode escapes", start)
                .detail(
                    "String constants with Unicode escapes cannot be used when \"standard_conforming_strings\" is off.",
                ));
        }
        self.position = start + 3;
        let mut raw = String::new();
        let mut piece = self.position;
        loop {
            let Some(n) = self.bytes[self.position..].iter().position(|&b| b == b'\'') else {
                return Err(self.near("unterminated quoted string", start, self.bytes.len()));
            };
            self.position += n + 1;
            if self.byte(self.position) == b'\'' {
                raw.push_str(&self.source[piece..self.position]);
                self.position += 1;
                piece = self.position;
                continue;
            }
            let end = self.position;
            raw.push_str(&self.source[piece..end - 1]);
            if self.continued() {
                piece = self.position;
                continue;
            }
            let text = self.unicode_escapes(start, &raw)?;
            self.push_text(TokenKind::String, start, end, Some(text));
            return Ok(());
        }
    }

    /// Reads a following `UESCAPE 'c'` and resolves the escapes in `raw`, the content of the `U&` literal at `start`.
    fn unicode_escapes(&mut self, start: usize, raw: &str) -> Result<String> {
        let after_literal = self.position;
        let mut escape = '\\';
        let word = if self.skip().is_ok() { self.bytes.get(self.position..self.position + 7) } else { None };
        if word.is_some_and(|word| word.eq_ignore_ascii_case(b"uescape"))
            && !is(self.byte(self.position + 7), IDENTIFIER_PART)
        {
            self.position += 7;
            self.skip()?;
            escape = self.escape_character()?;
        } else {
            self.position = after_literal;
        }
        self.decode_unicode(start, raw, escape)
    }

    /// The string behind UESCAPE.
    fn escape_character(&mut self) -> Result<char> {
        let at = self.position;
        let before = self.out.tokens.len();
        if !self.token()? {
            return Err(self.error(
                SqlState::SYNTAX_ERROR,
                "UESCAPE must be followed by a simple string literal at end of input",
                self.position,
            ));
        }
        let token = self.out.tokens.pop().filter(|_| self.out.tokens.len() == before);
        let Some(token) = token else { return Err(Error::internal("the scanner lost a token")) };
        if token.kind != TokenKind::String {
            return Err(self.near("UESCAPE must be followed by a simple string literal", at, token.end as usize));
        }
        let text = match token.value {
            Token::DIRECT => self.source[token.start as usize + 1..token.end as usize - 1].to_string(),
            _ => self.out.texts.pop().unwrap_or_default().into(),
        };
        let mut characters = text.chars();
        match (characters.next(), characters.next()) {
            (Some(c), None)
                if c.is_ascii()
                    && !c.is_ascii_hexdigit()
                    && !matches!(c, '+' | '\'' | '"' | ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c') =>
            {
                Ok(c)
            }
            _ => Err(self.near("invalid Unicode escape character", at, token.end as usize)),
        }
    }

    fn decode_unicode(&self, start: usize, raw: &str, escape: char) -> Result<String> {
        let bad = |message: &str, at: usize| self.error(SqlState::SYNTAX_ERROR, message, start + 3 + at);
        let mut out = String::with_capacity(raw.len());
        let bytes = raw.as_bytes();
        let escape = escape as u8;
        let mut high: Option<u32> = None;
        let mut at = 0;
        while at < bytes.len() {
            if bytes[at] != escape {
                if high.is_some() {
                    return Err(bad("invalid Unicode surrogate pair", at));
                }
                let next = bytes[at..].iter().position(|&b| b == escape).map_or(bytes.len(), |n| at + n);
                out.push_str(&raw[at..next]);
                at = next;
                continue;
            }
            if bytes.get(at + 1) == Some(&escape) {
                if high.is_some() {
                    return Err(bad("invalid Unicode surrogate pair", at));
                }
                out.push(escape as char);
                at += 2;
                continue;
            }
            let (from, length) = if bytes.get(at + 1) == Some(&b'+') { (at + 2, 6) } else { (at + 1, 4) };
            let value = bytes
                .get(from..from + length)
                .and_then(|digits| digits.iter().try_fold(0u32, |value, &digit| Some(value << 4 | hex_digit(digit)?)));
            let Some(value) = value else {
                return Err(bad("invalid Unicode escape", at).hint("Unicode escapes must be \\XXXX or \\+XXXXXX."));
            };
            if value == 0 || value > 0x10FFFF {
                return Err(bad("invalid Unicode escape value", at));
            }
            let code = match (high.take(), value) {
                (None, 0xD800..0xDC00) => {
                    high = Some(value);
                    at = from + length;
                    continue;
                }
                (Some(high), 0xDC00..0xE000) => 0x10000 + ((high - 0xD800) << 10) + (value - 0xDC00),
                (None, value) if !(0xDC00..0xE000).contains(&value) => value,
                _ => return Err(bad("invalid Unicode surrogate pair", at)),
            };
            out.push(char::from_u32(code).ok_or_else(|| bad("invalid Unicode escape value", at))?);
            at = from + length;
        }
        if high.is_some() {
            return Err(bad("invalid Unicode surrogate pair", at));
        }
        Ok(out)
    }

    /// `$tag$…$tag$`, `$n`, or a lone dollar. The position is behind the dollar.
    pub(super) fn dollar(&mut self, start: usize) -> Result<()> {
        if is(self.byte(start + 1), DIGIT) {
            return self.parameter(start);
        }
        let mut at = start + 1;
        if is(self.byte(at), IDENTIFIER_START) {
            while at < self.bytes.len() && is(self.bytes[at], IDENTIFIER_PART) && self.bytes[at] != b'$' {
                at += 1;
            }
        }
        if self.byte(at) != b'$' {
            self.push(TokenKind::Other, start, 0);
            return Ok(());
        }
        let tag = &self.source[start..=at];
        let content = at + 1;
        let Some(length) = self.source[content..].find(tag) else {
            return Err(self.near("unterminated dollar-quoted string", start, self.bytes.len()));
        };
        let text = self.source[content..content + length].to_string();
        self.position = content + length + tag.len();
        self.push_text(TokenKind::String, start, self.position, Some(text));
        Ok(())
    }
}

pub(super) fn hex_digit(byte: u8) -> Option<u32> {
    (byte as char).to_digit(16)
}

/// `22021`, if the bytes are no text in UTF-8 (a zero byte is not text either).
fn invalid_utf8(bytes: &[u8]) -> Option<Error> {
    let nul = bytes.iter().position(|&b| b == 0);
    let (at, length) = match (std::str::from_utf8(bytes), nul) {
        (Err(error), nul) if nul.is_none_or(|nul| nul > error.valid_up_to()) => {
            let at = error.valid_up_to();
            // PostgreSQL shows as many bytes as the first one announces.
            let announced = match bytes[at] {
                0xC0..0xE0 => 2,
                0xE0..0xF0 => 3,
                0xF0..0xF8 => 4,
                _ => 1,
            };
            (at, announced.min(bytes.len() - at))
        }
        (_, Some(nul)) => (nul, 1),
        _ => return None,
    };
    let shown: Vec<String> = bytes[at..at + length].iter().map(|b| format!("0x{b:02x}")).collect();
    let message = format!("invalid byte sequence for encoding \"UTF8\": {}", shown.join(" "));
    Some(Error::new(SqlState::CHARACTER_NOT_IN_REPERTOIRE, message))
}
