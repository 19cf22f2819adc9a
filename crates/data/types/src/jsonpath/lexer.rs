//! jsonpath's tokens.

use crate::numeric::{self, Numeric};
use error::{Error, Result, SqlState};

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// An operator or a bracket.
    Symbol(&'static str),
    /// A name without quotes.
    Word(Vec<u8>),
    String(Vec<u8>),
    Variable(Vec<u8>),
    Integer(Numeric),
    Number(Numeric),
    End,
}

impl Token {
    /// Whether it is a key word, in any case.
    pub fn is_word(&self, word: &str) -> bool {
        matches!(self, Token::Word(found) if found.eq_ignore_ascii_case(word.as_bytes()))
    }
}

pub(super) struct Lexer<'a> {
    text: &'a [u8],
    at: usize,
    /// What an error at the latest token says is near; nothing at the end.
    near: Vec<u8>,
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0C)
}

fn is_special(byte: u8) -> bool {
    b"?%$.[]{}()|&!=<>@#,*:-+/".contains(&byte)
}

/// A byte that can stand in a name.
fn is_other(byte: u8) -> bool {
    !is_blank(byte) && !is_special(byte) && byte != b'\\' && byte != b'"'
}

const SYMBOLS: [&str; 28] = [
    "&&", "||", "==", "!=", "<>", "<=", ">=", "**", "!", "=", "<", ">", "?", "%", "$", ".", "[", "]", "{", "}", "(",
    ")", "@", ",", "*", "-", "+", "/",
];

impl<'a> Lexer<'a> {
    pub fn new(text: &'a [u8]) -> Lexer<'a> {
        Lexer { text, at: 0, near: Vec::new() }
    }

    fn rest(&self) -> &'a [u8] {
        &self.text[self.at..]
    }

    /// The error for a token that does not fit.
    #[cold]
    pub fn error(&self, message: &str) -> Error {
        let place = if self.near.is_empty() {
            format!("{message} at end of jsonpath input")
        } else {
            format!("{message} at or near \"{}\" of jsonpath input", String::from_utf8_lossy(&self.near))
        };
        Error::new(SqlState::SYNTAX_ERROR, place)
    }

    pub fn next(&mut self) -> Result<Token> {
        self.skip_blanks()?;
        let rest = self.rest();
        let Some(&first) = rest.first() else {
            self.near.clear();
            return Ok(Token::End);
        };
        if first.is_ascii_digit() || first == b'.' && rest.get(1).is_some_and(u8::is_ascii_digit) {
            return self.number();
        }
        if first == b'"' {
            self.at += 1;
            return self.quoted().map(Token::String);
        }
        if first == b'$' && rest.get(1) == Some(&b'"') {
            self.at += 2;
            return self.quoted().map(Token::Variable);
        }
        if first == b'$' && rest.get(1).is_some_and(|&b| is_other(b) || b == b'\\') {
            self.at += 1;
            return self.name().map(Token::Variable);
        }
        if is_other(first) || first == b'\\' {
            return self.name().map(Token::Word);
        }
        match SYMBOLS.into_iter().find(|symbol| rest.starts_with(symbol.as_bytes())) {
            Some(symbol) => {
                self.at += symbol.len();
                self.near = symbol.as_bytes().to_vec();
                Ok(Token::Symbol(symbol))
            }
            None => {
                self.near = vec![first];
                Err(self.error("syntax error"))
            }
        }
    }

    fn skip_blanks(&mut self) -> Result<()> {
        loop {
            match self.rest() {
                [b, ..] if is_blank(*b) => self.at += 1,
                [b'/', b'*', comment @ ..] => match comment.windows(2).position(|pair| pair == b"*/") {
                    Some(end) => self.at += end + 4,
                    None => {
                        self.near.clear();
                        return Err(self.error("unexpected end of comment"));
                    }
                },
                _ => return Ok(()),
            }
        }
    }

    /// A number, or the name or mistake that is longer than it.
    fn number(&mut self) -> Result<Token> {
        let rest = self.rest();
        let digits = |from: usize, valid: fn(&u8) -> bool| -> usize {
            // Digits with single underscores between them.
            let mut at = from;
            if !rest.get(at).is_some_and(valid) {
                return from;
            }
            loop {
                at += 1;
                match rest.get(at) {
                    Some(b) if valid(b) => {}
                    Some(b'_') if rest.get(at + 1).is_some_and(valid) => {}
                    _ => return at,
                }
            }
        };
        let decimal: fn(&u8) -> bool = u8::is_ascii_digit;
        let mut best = 0;
        let mut junk = 0;
        let mut integer = true;
        let with_junk = |end: usize, junk: &mut usize| {
            if rest.get(end).is_some_and(|&b| is_other(b)) {
                *junk = (*junk).max(end + 1);
            }
        };
        for (mark, valid) in [
            (b'x', (|b: &u8| b.is_ascii_hexdigit()) as fn(&u8) -> bool),
            (b'o', |b| matches!(b, b'0'..=b'7')),
            (b'b', |b| matches!(b, b'0' | b'1')),
        ] {
            if rest[0] == b'0' && rest.get(1).is_some_and(|b| b.to_ascii_lowercase() == mark) {
                let end = digits(2, valid);
                if end > 2 {
                    best = end;
                }
            }
        }
        if best == 0 {
            let whole = match rest[0] {
                b'.' => 0,
                b'0' => 1,
                _ => digits(0, decimal),
            };
            best = whole;
            with_junk(whole, &mut junk);
            if rest.get(whole) == Some(&b'.') {
                integer = false;
                best = digits(whole + 1, decimal);
                with_junk(best, &mut junk);
            }
            if matches!(rest.get(best), Some(b'e' | b'E')) {
                let from = best + 1 + matches!(rest.get(best + 1), Some(b'+' | b'-')) as usize;
                let end = digits(from, decimal);
                if end > from {
                    integer = false;
                    best = end;
                    with_junk(end, &mut junk);
                } else {
                    with_junk(best, &mut junk);
                    junk = junk.max(from);
                }
            }
        }
        let name = rest.iter().take_while(|&&b| is_other(b)).count();
        if name > best.max(junk) {
            return self.name().map(Token::Word);
        }
        if junk > best {
            self.near = rest[..junk].to_vec();
            return Err(self.error("trailing junk after numeric literal"));
        }
        let text: Vec<u8> = rest[..best].iter().copied().filter(|&b| b != b'_').collect();
        self.near = rest[..best].to_vec();
        self.at += best;
        let number = numeric::parse(&String::from_utf8_lossy(&text))?;
        Ok(if integer { Token::Integer(number) } else { Token::Number(number) })
    }

    fn name(&mut self) -> Result<Vec<u8>> {
        let mut name = Vec::new();
        loop {
            match self.rest() {
                [] => self.near.clear(),
                [b'\\', ..] => {
                    self.at += 1;
                    self.escape(&mut name)?;
                    continue;
                }
                [b, ..] if is_other(*b) => {
                    name.push(*b);
                    self.at += 1;
                    continue;
                }
                [b, ..] if is_blank(*b) => self.near = vec![*b],
                _ => self.near.clear(),
            }
            return Ok(name);
        }
    }

    fn quoted(&mut self) -> Result<Vec<u8>> {
        let mut string = Vec::new();
        loop {
            match self.rest() {
                [] => {
                    self.near.clear();
                    return Err(self.error("unterminated quoted string"));
                }
                [b'"', ..] => {
                    self.at += 1;
                    self.near = b"\"".to_vec();
                    return Ok(string);
                }
                [b'\\', ..] => {
                    self.at += 1;
                    self.escape(&mut string)?;
                }
                [b, ..] => {
                    string.push(*b);
                    self.at += 1;
                }
            }
        }
    }

    /// The code that `\u…` gives, from behind the `u`.
    fn unicode(&mut self) -> Result<u32> {
        let rest = self.rest();
        let (digits, length) = match rest {
            [b'{', braced @ ..] => {
                let count = braced.iter().take_while(|b| b.is_ascii_hexdigit()).count();
                let closed = (1..=6).contains(&count) && braced.get(count) == Some(&b'}');
                (braced.get(..count).filter(|_| closed), count + 2)
            }
            _ => (rest.get(..4), 4),
        };
        let code = digits
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))
            .and_then(|digits| u32::from_str_radix(digits, 16).ok());
        match code {
            Some(code) => {
                self.at += length;
                Ok(code)
            }
            None => {
                let mut near = b"\\u".to_vec();
                near.extend(rest.iter().take_while(|&&b| b == b'{' || b.is_ascii_hexdigit()).take(7));
                self.near = near;
                Err(self.error("invalid Unicode escape sequence"))
            }
        }
    }

    /// What stands behind a backslash.
    fn escape(&mut self, out: &mut Vec<u8>) -> Result<()> {
        let Some(&byte) = self.rest().first() else {
            self.near.clear();
            return Err(self.error("unexpected end after backslash"));
        };
        self.at += 1;
        match byte {
            b'b' => out.push(8),
            b'f' => out.push(12),
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'v' => out.push(11),
            b'x' => {
                let digits = self.rest().get(..2).and_then(|d| std::str::from_utf8(d).ok());
                match digits.filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit())) {
                    Some(digits) => {
                        self.at += 2;
                        push_char(u32::from_str_radix(digits, 16).unwrap_or(0), out)?;
                    }
                    None => {
                        self.near = b"\\x".to_vec();
                        return Err(self.error("invalid hexadecimal character sequence"));
                    }
                }
            }
            b'u' => {
                let code = self.unicode()?;
                let surrogates = |detail: &str| {
                    Err(Error::new(SqlState::INVALID_TEXT_REPRESENTATION, "invalid input syntax for type jsonpath")
                        .detail(detail))
                };
                match code {
                    0xD800..=0xDBFF => {
                        if !self.rest().starts_with(b"\\u") {
                            return surrogates("Unicode low surrogate must follow a high surrogate.");
                        }
                        self.at += 2;
                        match self.unicode()? {
                            low @ 0xDC00..=0xDFFF => {
                                push_char(0x10000 + ((code & 0x3FF) << 10) + (low & 0x3FF), out)?;
                            }
                            0xD800..=0xDBFF => {
                                return surrogates("Unicode high surrogate must not follow a high surrogate.");
                            }
                            _ => return surrogates("Unicode low surrogate must follow a high surrogate."),
                        }
                    }
                    0xDC00..=0xDFFF => return surrogates("Unicode low surrogate must follow a high surrogate."),
                    code => push_char(code, out)?,
                }
            }
            // Any other character stands for itself.
            _ => out.push(byte),
        }
        Ok(())
    }
}

fn push_char(code: u32, out: &mut Vec<u8>) -> Result<()> {
    if code == 0 {
        return Err(Error::new(SqlState::UNTRANSLATABLE_CHARACTER, "unsupported Unicode escape sequence")
            .detail("\\u0000 cannot be converted to text."));
    }
    let character = char::from_u32(code)
        .ok_or_else(|| Error::new(SqlState::SYNTAX_ERROR, "could not convert Unicode to server encoding"))?;
    out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    Ok(())
}
