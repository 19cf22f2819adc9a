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

mod number;
mod string;

use self::string::{Quoting, hex_digit};
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
