//! The scanner: SQL text to tokens.
//!
//! One pass over the bytes, no regular expressions. A token is sixteen bytes and points into the text; only what the
//! text does not hold literally (escapes, doubled quotes, continued strings) is decoded into a side table. Identifiers
//! are folded when the parser takes them, not here, so that scanning allocates nothing but the vector of tokens.
//!
//! A scanning error becomes the last token, [`TokenKind::Invalid`]: the parser reports it when it gets there, so a syntax
//! error further left wins, as in PostgreSQL, where the scanner runs one token ahead of the grammar.
//!
//! Positions inside are byte offsets from 0; [`char_position`] converts them to what clients are told.

use crate::ParserOptions;
use crate::keywords::Keyword;
use error::{Error, Result, Severity, SqlState};

/// Names are cut to this many bytes (`NAMEDATALEN - 1`).
pub const MAX_IDENTIFIER_BYTES: usize = 63;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum TokenKind {
    /// The end of the text.
    End,
    /// A scanning error; see [`Tokens::error`].
    Invalid,
    /// An identifier, or a key word if [`Token::keyword`] is set.
    Identifier,
    /// `"…"` or `U&"…"`.
    QuotedIdentifier,
    /// `'…'`, `E'…'`, `U&'…'`, `$$…$$`.
    String,
    /// `B'…'`.
    BinaryString,
    /// `X'…'`.
    HexString,
    /// A whole number that fits 32 bits; [`Token::value`] is it.
    Integer,
    /// Any other number.
    Float,
    /// `$n`; [`Token::value`] is the number.
    Parameter,
    /// An operator that is none of those below.
    Operator,
    /// `::`
    Typecast,
    /// `..`
    DotDot,
    /// `:=`
    ColonEquals,
    /// `=>`
    EqualsGreater,
    /// `<=`
    LessEquals,
    /// `>=`
    GreaterEquals,
    /// `<>` or `!=`
    NotEquals,
    /// `<`
    Less,
    /// `>`
    Greater,
    /// `=`
    Equals,
    /// `+`
    Plus,
    /// `-`
    Minus,
    /// `*`
    Star,
    /// `/`
    Slash,
    /// `%`
    Percent,
    /// `^`
    Caret,
    /// `(`
    LeftParen,
    /// `)`
    RightParen,
    /// `[`
    LeftBracket,
    /// `]`
    RightBracket,
    /// `,`
    Comma,
    /// `;`
    Semicolon,
    /// `:`
    Colon,
    /// `.`
    Dot,
    /// A character that begins no token.
    Other,
}

/// A piece of the text.
#[derive(Clone, Copy, Debug)]
pub struct Token {
    /// Its first byte.
    pub start: u32,
    /// The byte after its last.
    pub end: u32,
    /// For [`TokenKind::Integer`] the number (as `i32`), for [`TokenKind::Parameter`] too; for strings and quoted
    /// identifiers an index into [`Tokens::texts`], or [`Token::DIRECT`].
    pub value: u32,
    /// The key word that an [`TokenKind::Identifier`] is.
    pub keyword: Option<Keyword>,
    /// What it is.
    pub kind: TokenKind,
}

const _: () = assert!(size_of::<Token>() == 16);

impl Token {
    /// The value of a string or quoted identifier whose content stands literally between its two quotes.
    pub const DIRECT: u32 = u32::MAX;
    /// The value of a key word that cannot be a name (not even behind a dot), because of the word behind it: FORMAT
    /// before JSON, NULLS before FIRST or LAST, WITH and WITHOUT before TIME, NOT before IN and its like.
    pub const NO_NAME: u32 = u32::MAX - 1;
}

/// A scanned text.
#[derive(Debug, Default)]
pub struct Tokens {
    /// The tokens; the last is [`TokenKind::End`] or [`TokenKind::Invalid`].
    pub tokens: Vec<Token>,
    /// Decoded strings.
    pub texts: Vec<Box<str>>,
    /// Notices and warnings, each with the offset of the token that caused it.
    pub notices: Vec<(u32, Error)>,
    /// Why the last token is invalid.
    pub error: Option<Error>,
}

/// The position that clients are told for a byte offset: characters, from 1.
pub fn char_position(source: &str, offset: u32) -> u32 {
    let bytes = &source.as_bytes()[..(offset as usize).min(source.len())];
    bytes.iter().filter(|&&b| b & 0xC0 != 0x80).count() as u32 + 1
}

/// Cuts a name to [`MAX_IDENTIFIER_BYTES`], at a character's boundary.
pub fn truncate_identifier(name: &str) -> &str {
    if name.len() <= MAX_IDENTIFIER_BYTES {
        return name;
    }
    let mut end = MAX_IDENTIFIER_BYTES;
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    &name[..end]
}

/// Scans all of `source`.
///
/// `source` must be shorter than 4 GiB; longer texts are refused with `54000`.
pub fn tokenize(source: &str, options: &ParserOptions) -> Tokens {
    let mut tokens = Tokens::default();
    tokens.scan(source, options);
    tokens
}

impl Tokens {
    /// [`tokenize`] into buffers that are there already.
    pub fn scan(&mut self, source: &str, options: &ParserOptions) {
        self.tokens.clear();
        self.tokens.reserve(source.len() / 4 + 8);
        self.texts.clear();
        self.notices.clear();
        self.error = None;
        let mut lexer = Lexer { source, bytes: source.as_bytes(), position: 0, options, out: self };
        if source.len() >= u32::MAX as usize {
            lexer.out.error = Some(Error::new(SqlState::PROGRAM_LIMIT_EXCEEDED, "the query is too long"));
            return lexer.push(TokenKind::Invalid, 0, 0);
        }
        lexer.run();
    }
}

const IDENTIFIER_START: u8 = 1;
const IDENTIFIER_PART: u8 = 2;
const OPERATOR: u8 = 4;
const DIGIT: u8 = 8;
const SPACE: u8 = 16;

/// The classes of each byte.
static CLASS: [u8; 256] = {
    let mut class = [0u8; 256];
    let mut i = 0;
    while i < 256 {
        let b = i as u8;
        if b.is_ascii_alphabetic() || b == b'_' || b >= 0x80 {
            class[i] |= IDENTIFIER_START | IDENTIFIER_PART;
        }
        if b.is_ascii_digit() {
            class[i] |= DIGIT | IDENTIFIER_PART;
        }
        if b == b'$' {
            class[i] |= IDENTIFIER_PART;
        }
        if matches!(b, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c) {
            class[i] |= SPACE;
        }
        i += 1;
    }
    let operators = b"~!@#^&|`?+-*/%<>=";
    let mut i = 0;
    while i < operators.len() {
        class[operators[i] as usize] |= OPERATOR;
        i += 1;
    }
    class
};

fn is(byte: u8, class: u8) -> bool {
    CLASS[byte as usize] & class != 0
}

/// How a quoted string's content is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Quoting {
    /// Only doubled quotes are special.
    Plain,
    /// Backslash escapes too.
    Escape,
}

struct Lexer<'a> {
    source: &'a str,
    bytes: &'a [u8],
    position: usize,
    options: &'a ParserOptions,
    out: &'a mut Tokens,
}

impl Lexer<'_> {
    fn byte(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(0)
    }

    fn push(&mut self, kind: TokenKind, start: usize, value: u32) {
        let (start, end) = (start as u32, self.position as u32);
        self.out.tokens.push(Token { start, end, value, keyword: None, kind });
    }

    /// An error without PostgreSQL's `at or near`, at a byte offset.
    fn error(&self, state: SqlState, message: &str, at: usize) -> Error {
        Error::new(state, message).position(char_position(self.source, at as u32))
    }

    /// `message at or near "text"`.
    fn near(&self, message: &str, start: usize, end: usize) -> Error {
        let mut end = end.min(self.source.len());
        while !self.source.is_char_boundary(end) {
            end += 1;
        }
        let text = &self.source[start..end];
        self.error(SqlState::SYNTAX_ERROR, &format!("{message} at or near \"{text}\""), start)
    }

    fn run(&mut self) {
        loop {
            match sys::memory::check().and_then(|()| self.token()) {
                Ok(true) => {}
                Ok(false) => return self.push(TokenKind::End, self.position, 0),
                Err(error) => {
                    self.out.error = Some(error);
                    return self.push(TokenKind::Invalid, self.position.min(self.bytes.len()), 0);
                }
            }
        }
    }

    /// Skips white space and comments. Returns whether there is something after it.
    fn skip(&mut self) -> Result<bool> {
        loop {
            let Some(&byte) = self.bytes.get(self.position) else { return Ok(false) };
            if is(byte, SPACE) {
                self.position += 1;
            } else if byte == b'-' && self.byte(self.position + 1) == b'-' {
                self.skip_line_comment();
            } else if byte == b'/' && self.byte(self.position + 1) == b'*' {
                self.skip_block_comment()?;
            } else {
                return Ok(true);
            }
        }
    }

    fn skip_line_comment(&mut self) {
        while self.position < self.bytes.len() && !matches!(self.bytes[self.position], b'\n' | b'\r') {
            self.position += 1;
        }
    }

    fn skip_block_comment(&mut self) -> Result<()> {
        let start = self.position;
        let mut depth = 0usize;
        while self.position < self.bytes.len() {
            match (self.bytes[self.position], self.byte(self.position + 1)) {
                (b'/', b'*') => {
                    depth += 1;
                    self.position += 2;
                }
                (b'*', b'/') => {
                    depth -= 1;
                    self.position += 2;
                    if depth == 0 {
                        return Ok(());
                    }
                }
                _ => self.position += 1,
            }
        }
        Err(self.near("unterminated /* comment", start, self.bytes.len()))
    }

    /// Scans one token; false at the end.
    fn token(&mut self) -> Result<bool> {
        if !self.skip()? {
            return Ok(false);
        }
        let start = self.position;
        let byte = self.bytes[start];
        if is(byte, IDENTIFIER_START) {
            let next = self.byte(start + 1);
            match (byte, next) {
                (b'e' | b'E', b'\'') => {
                    self.position += 2;
                    self.string(start, Quoting::Escape, false)?;
                }
                (b'b' | b'B', b'\'') => self.bit_string(start, TokenKind::BinaryString, "bit string literal")?,
                (b'x' | b'X', b'\'') => self.bit_string(start, TokenKind::HexString, "hexadecimal string literal")?,
                (b'n' | b'N', b'\'') => {
                    // A national character string: the key word NCHAR, then the string.
                    self.position += 1;
                    self.push(TokenKind::Identifier, start, 0);
                    self.out.tokens.last_mut().expect("just pushed").keyword = Some(Keyword::Nchar);
                }
                (b'u' | b'U', b'&') if self.byte(start + 2) == b'\'' => self.unicode_string(start)?,
                (b'u' | b'U', b'&') if self.byte(start + 2) == b'"' => self.quoted_identifier(start, 3)?,
                _ => self.identifier(start),
            }
        } else if is(byte, DIGIT) || byte == b'.' && is(self.byte(start + 1), DIGIT) {
            self.number(start)?;
        } else if is(byte, OPERATOR) {
            self.operator(start)?;
        } else {
            self.position += 1;
            match byte {
                b'\'' => {
                    let escapes = !self.options.standard_conforming_strings;
                    let quoting = if escapes { Quoting::Escape } else { Quoting::Plain };
                    self.string(start, quoting, escapes && self.options.escape_string_warning)?;
                }
                b'"' => self.quoted_identifier(start, 1)?,
                b'$' => self.dollar(start)?,
                b'(' => self.push(TokenKind::LeftParen, start, 0),
                b')' => self.push(TokenKind::RightParen, start, 0),
                b'[' => self.push(TokenKind::LeftBracket, start, 0),
                b']' => self.push(TokenKind::RightBracket, start, 0),
                b',' => self.push(TokenKind::Comma, start, 0),
                b';' => self.push(TokenKind::Semicolon, start, 0),
                b'.' if self.byte(start + 1) == b'.' => {
                    self.position += 1;
                    self.push(TokenKind::DotDot, start, 0);
                }
                b'.' => self.push(TokenKind::Dot, start, 0),
                b':' => {
                    let kind = match self.byte(start + 1) {
                        b':' => TokenKind::Typecast,
                        b'=' => TokenKind::ColonEquals,
                        _ => TokenKind::Colon,
                    };
                    self.position += usize::from(kind != TokenKind::Colon);
                    self.push(kind, start, 0);
                }
                _ => self.push(TokenKind::Other, start, 0),
            }
        }
        Ok(true)
    }

    fn identifier(&mut self, start: usize) {
        self.position += 1;
        while self.position < self.bytes.len() && is(self.bytes[self.position], IDENTIFIER_PART) {
            self.position += 1;
        }
        let word = &self.bytes[start..self.position];
        let keyword = Keyword::lookup(word);
        if word.len() > MAX_IDENTIFIER_BYTES {
            let folded = self.source[start..self.position].to_ascii_lowercase();
            self.note_truncation(start, &folded);
        }
        if keyword.is_some()
            && let Some(before) = self.out.tokens.last_mut()
            && let Some(word) = before.keyword
        {
            use Keyword as K;
            let bound = match word {
                K::Format => keyword == Some(K::Json),
                K::Nulls => matches!(keyword, Some(K::First | K::Last)),
                K::With => matches!(keyword, Some(K::Time | K::Ordinality)),
                K::Without => keyword == Some(K::Time),
                K::Not => matches!(keyword, Some(K::Between | K::In | K::Like | K::Ilike | K::Similar)),
                _ => false,
            };
            if bound {
                before.value = Token::NO_NAME;
            }
        }
        let (start, end) = (start as u32, self.position as u32);
        self.out.tokens.push(Token { start, end, value: Token::DIRECT, keyword, kind: TokenKind::Identifier });
    }

    #[cold]
    fn note_truncation(&mut self, start: usize, name: &str) {
        let text = format!("identifier \"{name}\" will be truncated to \"{}\"", truncate_identifier(name));
        let notice = Error::new(SqlState::NAME_TOO_LONG, text).severity(Severity::Notice);
        self.out.notices.push((start as u32, notice));
    }

    /// `"…"`, or `U&"…"` with a prefix of three bytes.
    fn quoted_identifier(&mut self, start: usize, prefix: usize) -> Result<()> {
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
    fn string(&mut self, start: usize, quoting: Quoting, warn: bool) -> Result<()> {
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

    fn bit_string(&mut self, start: usize, kind: TokenKind, what: &str) -> Result<()> {
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
    fn unicode_string(&mut self, start: usize) -> Result<()> {
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
    fn dollar(&mut self, start: usize) -> Result<()> {
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

    fn parameter(&mut self, start: usize) -> Result<()> {
        while is(self.byte(self.position), DIGIT) {
            self.position += 1;
        }
        if is(self.byte(self.position), IDENTIFIER_START) {
            return Err(self.junk("trailing junk after parameter", start));
        }
        match self.source[start + 1..self.position].parse::<i32>() {
            Ok(number) => self.push(TokenKind::Parameter, start, number as u32),
            Err(_) => return Err(self.near("parameter number too large", start, self.position)),
        }
        Ok(())
    }

    /// An error whose text runs on to the end of the identifier at the position.
    fn junk(&mut self, message: &str, start: usize) -> Error {
        while self.position < self.bytes.len() && is(self.bytes[self.position], IDENTIFIER_PART) {
            self.position += 1;
        }
        self.near(message, start, self.position)
    }

    /// Digits in groups separated by single underscores, from `at`; returns the end.
    fn digits(&self, at: usize, accept: impl Fn(u8) -> bool) -> usize {
        let mut end = at;
        loop {
            if accept(self.byte(end)) {
                end += 1;
            } else if end > at && self.byte(end) == b'_' && accept(self.byte(end + 1)) {
                end += 2;
            } else {
                return end;
            }
        }
    }

    fn number(&mut self, start: usize) -> Result<()> {
        const JUNK: &str = "trailing junk after numeric literal";
        let radix = match (self.bytes[start], self.byte(start + 1)) {
            (b'0', b'x' | b'X') => 16,
            (b'0', b'o' | b'O') => 8,
            (b'0', b'b' | b'B') => 2,
            _ => 10,
        };
        if radix != 10 {
            let accept = |byte: u8| hex_digit(byte).is_some_and(|digit| digit < radix);
            let mut from = start + 2;
            if self.byte(from) == b'_' && accept(self.byte(from + 1)) {
                from += 1;
            }
            self.position = self.digits(from, accept);
            let fail = self.position == from && {
                // `0x`, and `0x_`
                self.position += usize::from(self.byte(from) == b'_');
                !is(self.byte(self.position), IDENTIFIER_PART)
            };
            if fail {
                let name = ["binary", "octal", "hexadecimal"][(radix as usize).ilog2() as usize / 2];
                return Err(self.near(&format!("invalid {name} integer"), start, self.position));
            }
            if self.position == from || is(self.byte(self.position), IDENTIFIER_START) {
                self.position = start + 1;
                return Err(self.junk(JUNK, start));
            }
            if is(self.byte(self.position), IDENTIFIER_PART) && is(self.byte(start + 1), IDENTIFIER_START) {
                // A digit beyond the base (`0b12`), which makes the whole a number with an identifier behind it.
                self.position = start + 1;
                return Err(self.junk(JUNK, start));
            }
            self.push_integer(start, radix);
            return Ok(());
        }
        let is_digit = |byte: u8| byte.is_ascii_digit();
        self.position = self.digits(start, is_digit);
        let mut float = false;
        // `1..10` is the number 1 and two dots.
        if self.byte(self.position) == b'.' && (self.byte(self.position + 1) != b'.' || self.position == start) {
            float = true;
            self.position = self.digits(self.position + 1, is_digit);
        }
        if matches!(self.byte(self.position), b'e' | b'E') {
            let mut from = self.position + 1;
            let sign = matches!(self.byte(from), b'+' | b'-');
            from += usize::from(sign);
            if is(self.byte(from), DIGIT) {
                float = true;
                self.position = self.digits(from, is_digit);
            } else if sign {
                return Err(self.near(JUNK, start, from));
            }
        }
        if is(self.byte(self.position), IDENTIFIER_START) {
            return Err(self.junk(JUNK, start));
        }
        if float {
            self.push(TokenKind::Float, start, 0);
        } else {
            self.push_integer(start, 10);
        }
        Ok(())
    }

    /// An integer token if the digits fit 32 bits, a float token otherwise.
    fn push_integer(&mut self, start: usize, radix: u32) {
        let from = start + if radix == 10 { 0 } else { 2 };
        let mut value = Some(0i32);
        for &byte in &self.bytes[from..self.position] {
            if let Some(digit) = hex_digit(byte) {
                value = value.and_then(|v| v.checked_mul(radix as i32)?.checked_add(digit as i32));
            }
        }
        match value {
            Some(value) => self.push(TokenKind::Integer, start, value as u32),
            None => self.push(TokenKind::Float, start, 0),
        }
    }

    fn operator(&mut self, start: usize) -> Result<()> {
        let mut end = start + 1;
        while end < self.bytes.len() && is(self.bytes[end], OPERATOR) {
            // A comment ends an operator.
            if matches!((self.bytes[end], self.byte(end + 1)), (b'-', b'-') | (b'/', b'*')) {
                break;
            }
            end += 1;
        }
        // A sign at the end belongs to what follows, unless the operator holds a character that SQL's own operators do
        // not have.
        if end - start > 1 && matches!(self.bytes[end - 1], b'+' | b'-') {
            let keep = self.bytes[start..end - 1]
                .iter()
                .any(|b| matches!(b, b'~' | b'!' | b'@' | b'#' | b'^' | b'&' | b'|' | b'`' | b'?' | b'%'));
            if !keep {
                while end - start > 1 && matches!(self.bytes[end - 1], b'+' | b'-') {
                    end -= 1;
                }
            }
        }
        self.position = end;
        let kind = match &self.bytes[start..end] {
            b"+" => TokenKind::Plus,
            b"-" => TokenKind::Minus,
            b"*" => TokenKind::Star,
            b"/" => TokenKind::Slash,
            b"%" => TokenKind::Percent,
            b"^" => TokenKind::Caret,
            b"<" => TokenKind::Less,
            b">" => TokenKind::Greater,
            b"=" => TokenKind::Equals,
            b"=>" => TokenKind::EqualsGreater,
            b"<=" => TokenKind::LessEquals,
            b">=" => TokenKind::GreaterEquals,
            b"<>" | b"!=" => TokenKind::NotEquals,
            symbol if symbol.len() > MAX_IDENTIFIER_BYTES => {
                return Err(self.near("operator too long", start, end));
            }
            _ => TokenKind::Operator,
        };
        self.push(kind, start, 0);
        Ok(())
    }
}

fn hex_digit(byte: u8) -> Option<u32> {
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
