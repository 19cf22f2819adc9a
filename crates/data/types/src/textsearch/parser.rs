//! The default parser: cuts a text into words, numbers, addresses, file names, tags and what stands between them.
//!
//! At each place the kinds of tokens are tried in a fixed order; the first that fits wins:
//!
//! - at a letter or digit: e-mail address, host (with a path: URL), protocol, file, number, hyphenated word, word;
//! - at a sign: signed number; at `/`, `~` and `.`: file; at `<`: tag; at `&`: entity;
//! - otherwise, or if nothing fits: a blank, up to where another token may begin.
//!
//! A URL is given again as its host and its path, a hyphenated word as its parts.
//!
//! # Differences from PostgreSQL
//!
//! PostgreSQL's is a state machine with a stack. This one was written from what that one answers to texts, and compared with it on random ones.

use super::configuration::TokenType;

/// A kind of token: number, alias and description, as `ts_token_type` lists them.
pub static TOKEN_TYPES: &[(i32, &str, &str)] = &[
    (1, "asciiword", "Word, all ASCII"),
    (2, "word", "Word, all letters"),
    (3, "numword", "Word, letters and digits"),
    (4, "email", "Email address"),
    (5, "url", "URL"),
    (6, "host", "Host"),
    (7, "sfloat", "Scientific notation"),
    (8, "version", "Version number"),
    (9, "hword_numpart", "Hyphenated word part, letters and digits"),
    (10, "hword_part", "Hyphenated word part, all letters"),
    (11, "hword_asciipart", "Hyphenated word part, all ASCII"),
    (12, "blank", "Space symbols"),
    (13, "tag", "XML tag"),
    (14, "protocol", "Protocol head"),
    (15, "numhword", "Hyphenated word, letters and digits"),
    (16, "asciihword", "Hyphenated word, all ASCII"),
    (17, "hword", "Hyphenated word, all letters"),
    (18, "url_path", "URL path"),
    (19, "file", "File or path name"),
    (20, "float", "Decimal notation"),
    (21, "int", "Signed integer"),
    (22, "uint", "Unsigned integer"),
    (23, "entity", "XML entity"),
];

const ASCIIWORD: TokenType = 1;
const WORD: TokenType = 2;
const NUMWORD: TokenType = 3;
const EMAIL: TokenType = 4;
pub(super) const URL: TokenType = 5;
const HOST: TokenType = 6;
pub(super) const SFLOAT: TokenType = 7;
pub(super) const VERSION: TokenType = 8;
const HWORD_NUMPART: TokenType = 9;
const HWORD_PART: TokenType = 10;
const HWORD_ASCIIPART: TokenType = 11;
/// Space symbols.
pub(super) const BLANK: TokenType = 12;
/// XML tags.
pub(super) const TAG: TokenType = 13;
pub(super) const PROTOCOL: TokenType = 14;
pub(super) const NUMHWORD: TokenType = 15;
pub(super) const ASCIIHWORD: TokenType = 16;
pub(super) const HWORD: TokenType = 17;
const URL_PATH: TokenType = 18;
const FILE: TokenType = 19;
pub(super) const FLOAT: TokenType = 20;
pub(super) const INT: TokenType = 21;
pub(super) const UINT: TokenType = 22;
/// XML entities.
pub(super) const ENTITY: TokenType = 23;

/// A piece of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token<'a> {
    /// Its kind.
    pub kind: TokenType,
    /// Its text.
    pub text: &'a str,
}

/// What the characters of a run are.
#[derive(Clone, Copy, Default)]
struct Run {
    end: usize,
    letters: bool,
    digits: bool,
    beyond_ascii: bool,
}

impl Run {
    fn kind(self, ascii: TokenType, letters: TokenType, mixed: TokenType) -> TokenType {
        match (self.digits, self.beyond_ascii) {
            (true, _) => mixed,
            (false, true) => letters,
            (false, false) => ascii,
        }
    }
}

/// Gives the tokens of a text, one after the other.
#[derive(Debug)]
pub struct Parser<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    /// Tokens that the last one is given again as: kind, start, end. The last one comes first.
    parts: Vec<(TokenType, usize, usize)>,
    /// All characters beyond ASCII are letters, as they are where the database's locale is C.
    all_letters: bool,
    /// Within `<script>` or `<style>`: the name, whose end tag is looked for.
    raw: Option<&'static str>,
}

impl<'a> Parser<'a> {
    /// Begins with a text. `all_letters`: characters beyond ASCII are all letters.
    pub fn new(text: &'a str, all_letters: bool) -> Parser<'a> {
        Parser { text, bytes: text.as_bytes(), at: 0, parts: Vec::new(), all_letters, raw: None }
    }

    fn byte(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(0)
    }

    fn char(&self, at: usize) -> Option<char> {
        match *self.bytes.get(at)? {
            byte if byte < 0x80 => Some(byte as char),
            _ => self.text.get(at..)?.chars().next(),
        }
    }

    fn is_letter(&self, c: char) -> bool {
        if c.is_ascii() { c.is_ascii_alphabetic() } else { self.all_letters || c.is_alphabetic() || is_mark(c) }
    }

    fn is_digit(&self, c: char) -> bool {
        c.is_ascii_digit() || !c.is_ascii() && !self.all_letters && c.is_numeric()
    }

    /// Letters and digits from `at` on.
    fn run(&self, at: usize) -> Run {
        let mut run = Run { end: at, ..Run::default() };
        while let Some(c) = self.char(run.end) {
            if self.is_digit(c) {
                run.digits = true;
            } else if self.is_letter(c) {
                run.letters = true;
            } else {
                break;
            }
            run.beyond_ascii |= !c.is_ascii();
            run.end += c.len_utf8();
        }
        run
    }

    fn while_(&self, mut at: usize, test: impl Fn(u8) -> bool) -> usize {
        while self.bytes.get(at).is_some_and(|&b| test(b)) {
            at += 1;
        }
        at
    }

    fn digits(&self, at: usize) -> usize {
        self.while_(at, |b| b.is_ascii_digit())
    }

    fn token(&mut self, kind: TokenType, end: usize) -> Token<'a> {
        let text = self.text.get(self.at..end).unwrap_or_default();
        self.at = end;
        Token { kind, text }
    }

    /// Letters and digits of ASCII with single joining characters between them.
    fn joined(&self, at: usize, joins: &[u8]) -> usize {
        let mut end = self.while_(at, |b| b.is_ascii_alphanumeric());
        while end > at && joins.contains(&self.byte(end)) && self.byte(end + 1).is_ascii_alphanumeric() {
            end = self.while_(end + 1, |b| b.is_ascii_alphanumeric());
        }
        end
    }

    /// The end of a host's name and port; its last label is of two letters or more.
    fn host(&self, at: usize) -> Option<usize> {
        let chain = self.joined(at, b".-_");
        let mut end = None;
        for dot in (at..chain).filter(|&k| self.bytes[k] == b'.') {
            let label = self.while_(dot + 1, |b| b.is_ascii_alphabetic());
            if label > dot + 2 && !self.byte(label).is_ascii_digit() {
                end = Some(label);
            }
        }
        let end = end?;
        let port = self.digits(end + 1);
        Some(if self.byte(end) == b':' && port > end + 1 { port } else { end })
    }

    fn email(&self, at: usize) -> Option<usize> {
        let local = self.joined(at, b".-_");
        if local == at || self.byte(local) != b'@' {
            return None;
        }
        self.host(local + 1)
    }

    fn url_path(&self, at: usize) -> Option<usize> {
        if self.byte(at) != b'/' {
            return None;
        }
        let allowed = |b: u8| (0x21..0x7F).contains(&b) && !b"\"<>\\^`{|}".contains(&b);
        let end = self.while_(at + 1, allowed);
        (end > at + 1).then_some(end)
    }

    /// The end of a file's name that has been read up to `at`, where a part may begin (`part`) or go on.
    fn file(&self, mut at: usize, mut part: bool) -> Option<usize> {
        let mut end = None;
        loop {
            let byte = self.byte(at);
            if part {
                if byte.is_ascii_alphanumeric()
                    || byte == b'_'
                    || byte == b'~' && self.byte(at + 1).is_ascii_alphanumeric()
                {
                    part = false;
                } else if byte == b'.' {
                    // "." and ".." are parts of their own.
                    let dots = if self.byte(at + 1) == b'.' { 2 } else { 1 };
                    at += dots;
                    if dots == 2 {
                        end = Some(at);
                    }
                    if self.byte(at) != b'/' {
                        if dots == 1 && (self.byte(at).is_ascii_alphanumeric() || self.byte(at) == b'_') {
                            part = false;
                            continue;
                        }
                        return end;
                    }
                    at += 1;
                    continue;
                } else {
                    return end;
                }
            } else if byte == b'/' {
                end = Some(at);
                at += 1;
                part = true;
                continue;
            } else if byte == b'.' {
                end = Some(at);
                if !(self.byte(at + 1).is_ascii_alphanumeric() || self.byte(at + 1) == b'_') {
                    return end;
                }
            } else if !(byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-') {
                return Some(at);
            }
            at += 1;
        }
    }

    /// The end and kind of a number with digits at `at`.
    fn number(&self, at: usize, signed: bool) -> Option<(usize, TokenType)> {
        let whole = self.digits(at);
        if whole == at {
            return None;
        }
        let exponent = |end: usize| {
            if !matches!(self.byte(end), b'e' | b'E') {
                return None;
            }
            let sign = matches!(self.byte(end + 1), b'+' | b'-') as usize;
            let digits = self.digits(end + 1 + sign);
            (digits > end + 1 + sign).then_some((digits, SFLOAT))
        };
        let fraction = self.digits(whole + 1);
        if self.byte(whole) == b'.' && fraction > whole + 1 {
            let mut end = fraction;
            while self.byte(end) == b'.' && self.byte(end + 1).is_ascii_digit() {
                end = self.digits(end + 1);
            }
            if end > fraction {
                return (!signed).then_some((end, VERSION));
            }
            return Some(exponent(fraction).unwrap_or((fraction, FLOAT)));
        }
        if let Some(found) = exponent(whole) {
            return Some(found);
        }
        let plain = signed || !self.char(whole).is_some_and(|c| self.is_letter(c) || self.is_digit(c));
        plain.then_some((whole, if signed { INT } else { UINT }))
    }

    /// A token that begins with a letter or digit.
    fn word(&mut self) -> Token<'a> {
        let at = self.at;
        let run = self.run(at);
        let ascii_run = self.while_(at, |b| b.is_ascii_alphanumeric());
        let starts_with_digit = self.byte(at).is_ascii_digit();
        if ascii_run > at {
            if let Some(end) = self.email(at) {
                return self.token(EMAIL, end);
            }
            if let Some(host) = self.host(at) {
                if let Some(end) = self.url_path(host) {
                    self.parts = vec![(URL_PATH, host, end), (HOST, at, host)];
                    let text = self.text.get(at..end).unwrap_or_default();
                    return Token { kind: URL, text };
                }
                return self.token(HOST, host);
            }
            if !run.digits && !run.beyond_ascii && self.bytes[run.end..].starts_with(b"://") {
                return self.token(PROTOCOL, run.end + 3);
            }
        }
        let leads = match self.byte(run.end) {
            b'/' => run.digits || !run.beyond_ascii,
            b'.' => run.letters && (run.digits || !run.beyond_ascii),
            _ => false,
        };
        if leads
            && let Some(end) = self.file(run.end, false)
            && end > run.end
        {
            return self.token(FILE, end);
        }
        if starts_with_digit && let Some((end, kind)) = self.number(at, false) {
            return self.token(kind, end);
        }
        if run.letters
            && let Some(token) = self.hyphenated(run)
        {
            return token;
        }
        if run.end == at {
            return self.blank();
        }
        if !run.letters && !run.beyond_ascii {
            return self.token(UINT, run.end);
        }
        self.token(run.kind(ASCIIWORD, WORD, NUMWORD), run.end)
    }

    /// Words with hyphens between them, each with a letter.
    fn hyphenated(&mut self, first: Run) -> Option<Token<'a>> {
        let at = self.at;
        let mut runs = vec![(at, first)];
        let mut end = first.end;
        while self.byte(end) == b'-' {
            let next = self.run(end + 1);
            if next.end == end + 1 || !next.letters {
                break;
            }
            // What begins with a hyphen and a number is a signed number, unless it is a word.
            runs.push((end + 1, next));
            end = next.end;
        }
        if runs.len() == 1 {
            return None;
        }
        let mut whole = Run { end, ..Run::default() };
        self.parts.clear();
        if self.byte(end) == b'-' {
            self.parts.push((BLANK, end, end + 1));
        }
        for (start, run) in runs.iter().rev() {
            whole.digits |= run.digits;
            whole.beyond_ascii |= run.beyond_ascii;
            self.parts.push((run.kind(HWORD_ASCIIPART, HWORD_PART, HWORD_NUMPART), *start, run.end));
            if *start > at {
                self.parts.push((BLANK, start - 1, *start));
            }
        }
        let text = self.text.get(at..end).unwrap_or_default();
        Some(Token { kind: whole.kind(ASCIIHWORD, HWORD, NUMHWORD), text })
    }

    /// The end of a tag.
    fn tag(&mut self) -> Option<usize> {
        let mut at = self.at + 1;
        match self.byte(at) {
            b'!' if self.bytes[at..].starts_with(b"!--") => {
                let body = self.text.get(at + 3..)?;
                return body.find("-->").map(|length| at + 3 + length + 3);
            }
            b'!' if self.bytes.get(at + 1..at + 8).is_some_and(|word| word.eq_ignore_ascii_case(b"DOCTYPE")) => at += 8,
            b'?' => at += 1,
            b'/' if self.byte(at + 1).is_ascii_alphabetic() => at += 1,
            b if b.is_ascii_alphabetic() || b == b'_' || b == b':' => {}
            _ => return None,
        }
        let name = at;
        let mut quote = None;
        while let Some(&byte) = self.bytes.get(at) {
            match (quote, byte) {
                (Some(open), byte) if open == byte => quote = None,
                (Some(_), _) => {}
                (None, b'"' | b'\'') => quote = Some(byte),
                (None, b'<') => return None,
                (None, b'>') => {
                    let closing = self.byte(self.at + 1) == b'/';
                    self.raw = ["script", "style"].into_iter().find(|word| {
                        let is = self.bytes[name..]
                            .get(..word.len())
                            .is_some_and(|n| n.eq_ignore_ascii_case(word.as_bytes()));
                        is && !closing && !self.byte(name + word.len()).is_ascii_alphanumeric()
                    });
                    return Some(at + 1);
                }
                (None, _) => {}
            }
            at += 1;
        }
        None
    }

    fn entity(&self) -> Option<usize> {
        let at = self.at + 1;
        let end = match (self.byte(at), self.byte(at + 1)) {
            (b'#', b'x' | b'X') => {
                let end = self.while_(at + 2, |b| b.is_ascii_hexdigit());
                if end == at + 2 {
                    return None;
                }
                end
            }
            (b'#', b'0'..=b'9') => self.digits(at + 1),
            (first, _) if first.is_ascii_alphabetic() || matches!(first, b'_' | b':') => {
                self.while_(at + 1, |b| b.is_ascii_alphanumeric() || b".-_:".contains(&b))
            }
            _ => return None,
        };
        (self.byte(end) == b';').then_some(end + 1)
    }

    /// What is no token, up to where one may begin.
    fn blank(&mut self) -> Token<'a> {
        let mut end = self.at + self.char(self.at).map_or(1, char::len_utf8);
        while let Some(c) = self.char(end) {
            if matches!(c, '<' | '-' | '+' | '&' | '/') || self.is_letter(c) || self.is_digit(c) {
                break;
            }
            end += c.len_utf8();
        }
        self.token(BLANK, end)
    }

    /// The text of a script or style sheet.
    fn raw_text(&mut self, name: &str) -> Option<Token<'a>> {
        let mut end = self.at;
        while end < self.bytes.len() {
            let rest = &self.bytes[end..];
            if rest.starts_with(b"</")
                && rest.get(2..2 + name.len()).is_some_and(|n| n.eq_ignore_ascii_case(name.as_bytes()))
            {
                break;
            }
            end += 1;
        }
        (end > self.at).then(|| self.token(BLANK, end))
    }
}

/// Whether a character belongs to the letter before it.
fn is_mark(c: char) -> bool {
    matches!(c as u32, 0x300..=0x36F | 0x483..=0x489 | 0x591..=0x5BD | 0x610..=0x61A | 0x64B..=0x65F | 0x900..=0x903
        | 0x93A..=0x94F | 0x951..=0x957 | 0x962..=0x963 | 0x981..=0x983 | 0x9BC..=0x9D7 | 0xB82 | 0xBBE..=0xBCD | 0x20D0..=0x20F0
        | 0xFE20..=0xFE2F)
}

impl<'a> Iterator for Parser<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        if let Some((kind, start, end)) = self.parts.pop() {
            self.at = end;
            return Some(Token { kind, text: self.text.get(start..end).unwrap_or_default() });
        }
        let c = self.char(self.at)?;
        if let Some(name) = self.raw.take()
            && let Some(token) = self.raw_text(name)
        {
            return Some(token);
        }
        let found = match c {
            '<' => self.tag().map(|end| (end, TAG)),
            '&' => self.entity().map(|end| (end, ENTITY)),
            '+' | '-' => self.number(self.at + 1, true),
            '/' => self.file(self.at + 1, true).map(|end| (end, FILE)),
            '~' => {
                let next = self.byte(self.at + 1);
                let end = match next {
                    b'/' => self.file(self.at + 2, true),
                    b'_' => self.file(self.at + 1, true),
                    next if next.is_ascii_alphanumeric() => self.file(self.at + 1, true),
                    _ => None,
                };
                end.map(|end| (end, FILE))
            }
            '.' => self.dots().map(|end| (end, FILE)),
            c if self.is_letter(c) || self.is_digit(c) => return Some(self.word()),
            _ => None,
        };
        Some(match found {
            Some((end, kind)) => self.token(kind, end),
            None => self.blank(),
        })
    }
}

impl Parser<'_> {
    /// A file name that begins with `./` or `../`, or `..` alone.
    fn dots(&self) -> Option<usize> {
        let dots = self.while_(self.at, |b| b == b'.');
        match (dots - self.at, self.byte(dots)) {
            (1 | 2, b'/') => self.file(dots + 1, true).or((dots - self.at == 2).then_some(dots)),
            (2, _) if dots == self.bytes.len() => Some(dots),
            _ => None,
        }
    }
}
