//! Cuts a statement that is still being written into tokens. Nothing is wrong here: what does not end, ends at the cursor.

/// A piece of a statement.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub kind: TokenKind,
    /// As it was written.
    pub text: &'a str,
    /// Where it begins.
    pub start: usize,
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// A keyword or a name.
    Word,
    /// A name in double quotes.
    Quoted,
    /// A number, or a parameter such as `$1`.
    Number,
    /// A string constant of any form.
    String,
    /// An operator of one or more characters.
    Operator,
    /// One of `( ) [ ] , ; . =` and `*`.
    Sign,
}

impl Token<'_> {
    /// Whether it is this keyword, or this sign.
    pub(super) fn is(&self, text: &str) -> bool {
        match self.kind {
            TokenKind::Word => self.text.eq_ignore_ascii_case(text),
            TokenKind::Sign => self.text == text,
            _ => false,
        }
    }

    /// Whether it can be a name: in quotes, or a word that is not reserved.
    pub(super) fn is_name(&self) -> bool {
        match self.kind {
            TokenKind::Quoted => true,
            TokenKind::Word => !is_reserved(self.text),
            _ => false,
        }
    }

    /// The name it stands for.
    pub(super) fn name(&self) -> String {
        unquote(self.text)
    }

    fn end(&self) -> usize {
        self.start + self.text.len()
    }
}

/// The name that `text` stands for: without quotes, or in small letters.
pub(super) fn unquote(text: &str) -> String {
    match text.strip_prefix('"') {
        Some(inner) => inner.strip_suffix('"').unwrap_or(inner).replace("\"\"", "\""),
        None => text.to_lowercase(),
    }
}

/// A statement up to the cursor.
#[derive(Debug)]
pub(super) struct Statement<'a> {
    /// Its tokens, without the word at the cursor.
    pub tokens: Vec<Token<'a>>,
    /// What stands at the cursor.
    pub current: Current<'a>,
}

/// What stands at the cursor.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Current<'a> {
    /// A word or a qualified name, possibly empty: what is before its last dot, and where the part behind it begins.
    Word { qualifier: Vec<&'a str>, part: &'a str, start: usize },
    /// A string constant that has begun: its contents so far, and where they begin.
    String { part: &'a str, start: usize },
    /// A comment, a dollar-quoted text, an operator: nothing to complete.
    Nothing,
}

/// Takes apart what is before the cursor; only the last statement counts.
pub(super) fn statement(text: &str) -> Statement<'_> {
    let (mut tokens, unfinished) = tokens(text);
    if let Some(semicolon) = last_separator(&tokens) {
        tokens.drain(..=semicolon);
    }
    let current = match unfinished {
        Some((kind, start)) => match kind {
            TokenKind::Quoted => word_at_end(&mut tokens, text, Some(start)),
            TokenKind::String if text[start..].starts_with('\'') => {
                Current::String { part: &text[start + 1..], start: start + 1 }
            }
            _ => Current::Nothing,
        },
        None => match tokens.last() {
            Some(last) if last.end() == text.len() && last.kind == TokenKind::Number => Current::Nothing,
            _ => word_at_end(&mut tokens, text, None),
        },
    };
    Statement { tokens, current }
}

/// The last semicolon that is not in parentheses or in a body that begins with BEGIN ATOMIC.
fn last_separator(tokens: &[Token<'_>]) -> Option<usize> {
    let (mut depth, mut is_body, mut last) = (0_i32, false, None);
    for (position, token) in tokens.iter().enumerate() {
        match token.text {
            "(" => depth += 1,
            ")" => depth -= 1,
            ";" if depth <= 0 && !is_body => {
                last = Some(position);
                depth = 0;
            }
            _ if token.is("ATOMIC") => is_body = true,
            _ if is_body && token.is("END") => is_body = false,
            _ => (),
        }
    }
    last
}

/// Takes the qualified name that ends at the cursor away from `tokens`.
fn word_at_end<'a>(tokens: &mut Vec<Token<'a>>, text: &'a str, open_quote: Option<usize>) -> Current<'a> {
    let (part, start) = match open_quote {
        Some(start) => (&text[start..], start),
        None => match tokens.last() {
            Some(last) if last.end() == text.len() && matches!(last.kind, TokenKind::Word | TokenKind::Quoted) => {
                let found = (last.text, last.start);
                tokens.pop();
                found
            }
            _ => ("", text.len()),
        },
    };
    let mut qualifier = Vec::new();
    let mut next = start;
    while let [.., name, dot] = tokens.as_slice()
        && dot.text == "."
        && dot.end() == next
        && matches!(name.kind, TokenKind::Word | TokenKind::Quoted)
        && name.end() == dot.start
    {
        qualifier.insert(0, name.text);
        next = name.start;
        tokens.truncate(tokens.len() - 2);
    }
    Current::Word { qualifier, part, start }
}

/// All tokens, and what has begun but does not end.
pub(super) fn tokens(text: &str) -> (Vec<Token<'_>>, Option<(TokenKind, usize)>) {
    let bytes = text.as_bytes();
    let mut tokens = Vec::new();
    let mut start = 0;
    while let Some(&byte) = bytes.get(start) {
        let rest = &text[start..];
        let (kind, length) = match byte {
            b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c => {
                start += 1;
                continue;
            }
            b'-' if rest.starts_with("--") => match rest.find('\n') {
                Some(length) => {
                    start += length;
                    continue;
                }
                None => return (tokens, Some((TokenKind::Operator, start))),
            },
            b'/' if rest.starts_with("/*") => match comment(rest) {
                Some(length) => {
                    start += length;
                    continue;
                }
                None => return (tokens, Some((TokenKind::Operator, start))),
            },
            b'\'' => match quoted(rest, b'\'') {
                Some(length) => (TokenKind::String, length),
                None => return (tokens, Some((TokenKind::String, start))),
            },
            b'"' => match quoted(rest, b'"') {
                Some(length) => (TokenKind::Quoted, length),
                None => return (tokens, Some((TokenKind::Quoted, start))),
            },
            b'$' => match dollar(rest) {
                Dollar::Text(length) => (TokenKind::String, length),
                Dollar::Open => return (tokens, Some((TokenKind::String, start))),
                Dollar::Other(length) => (TokenKind::Number, length),
            },
            b'(' | b')' | b'[' | b']' | b',' | b';' => (TokenKind::Sign, 1),
            b'.' if !rest[1..].starts_with(|c: char| c.is_ascii_digit()) => (TokenKind::Sign, 1),
            b'0'..=b'9' | b'.' => {
                let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '.' && c != '_').unwrap_or(rest.len());
                (TokenKind::Number, end.max(1))
            }
            _ if is_operator(byte) => {
                let length = operator(rest);
                let is_sign = matches!(&rest[..length], "=" | "*");
                (if is_sign { TokenKind::Sign } else { TokenKind::Operator }, length)
            }
            b':' => (TokenKind::Operator, if rest.starts_with("::") || rest.starts_with(":=") { 2 } else { 1 }),
            b'_' | b'a'..=b'z' | b'A'..=b'Z' | 0x80.. => {
                let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '$' || !c.is_ascii();
                (TokenKind::Word, rest.find(|c: char| !is_part(c)).unwrap_or(rest.len()))
            }
            _ => (TokenKind::Operator, 1),
        };
        tokens.push(Token { kind, text: &rest[..length], start });
        start += length;
    }
    (tokens, None)
}

fn is_operator(byte: u8) -> bool {
    matches!(
        byte,
        b'+' | b'-'
            | b'*'
            | b'/'
            | b'<'
            | b'>'
            | b'='
            | b'~'
            | b'!'
            | b'@'
            | b'#'
            | b'%'
            | b'^'
            | b'&'
            | b'|'
            | b'`'
            | b'?'
    )
}

/// The length of the operator that begins here: a comment ends it.
fn operator(text: &str) -> usize {
    let end = text.bytes().position(|byte| !is_operator(byte)).unwrap_or(text.len());
    let comment = ["--", "/*"].iter().filter_map(|sign| text[..end].find(sign)).min();
    comment.unwrap_or(end).max(1)
}

/// The length of a comment with those within it, if it ends.
fn comment(text: &str) -> Option<usize> {
    let (mut depth, mut position) = (0, 0);
    while position < text.len() {
        let rest = &text.as_bytes()[position..];
        if rest.starts_with(b"/*") {
            depth += 1;
            position += 2;
        } else if rest.starts_with(b"*/") {
            depth -= 1;
            position += 2;
            if depth == 0 {
                return Some(position);
            }
        } else {
            position += 1;
        }
    }
    None
}

/// The length of a quoted text, quotes included, if it ends; a doubled quote does not end it.
fn quoted(text: &str, quote: u8) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut position = 1;
    while let Some(&byte) = bytes.get(position) {
        position += 1;
        if byte == quote {
            if bytes.get(position) != Some(&quote) {
                return Some(position);
            }
            position += 1;
        }
    }
    None
}

enum Dollar {
    /// A text in dollar quotes, of this length.
    Text(usize),
    /// One that does not end.
    Open,
    /// A parameter, or a lone dollar sign.
    Other(usize),
}

fn dollar(text: &str) -> Dollar {
    let word = text[1..].find(|c: char| !c.is_alphanumeric() && c != '_').map_or(text.len(), |length| length + 1);
    let is_quote = text[word..].starts_with('$') && !text[1..].starts_with(|c: char| c.is_ascii_digit());
    if !is_quote {
        return Dollar::Other(word);
    }
    let tag = &text[..=word];
    match text[tag.len()..].find(tag) {
        Some(length) => Dollar::Text(length + 2 * tag.len()),
        None => Dollar::Open,
    }
}

/// Whether a word can be no name of a table or column, nor an alias, without quotes.
pub(super) fn is_reserved(word: &str) -> bool {
    const LONGEST: usize = 17;
    if word.len() > LONGEST {
        return false;
    }
    RESERVED.binary_search(&word.to_ascii_uppercase().as_str()).is_ok()
}

/// PostgreSQL's reserved words, those that may be names of functions or types included.
const RESERVED: &[&str] = &[
    "ALL",
    "ANALYSE",
    "ANALYZE",
    "AND",
    "ANY",
    "ARRAY",
    "AS",
    "ASC",
    "ASYMMETRIC",
    "AUTHORIZATION",
    "BINARY",
    "BOTH",
    "CASE",
    "CAST",
    "CHECK",
    "COLLATE",
    "COLLATION",
    "COLUMN",
    "CONCURRENTLY",
    "CONSTRAINT",
    "CREATE",
    "CROSS",
    "CURRENT_CATALOG",
    "CURRENT_DATE",
    "CURRENT_ROLE",
    "CURRENT_SCHEMA",
    "CURRENT_TIME",
    "CURRENT_TIMESTAMP",
    "CURRENT_USER",
    "DEFAULT",
    "DEFERRABLE",
    "DESC",
    "DISTINCT",
    "DO",
    "ELSE",
    "END",
    "EXCEPT",
    "FALSE",
    "FETCH",
    "FOR",
    "FOREIGN",
    "FREEZE",
    "FROM",
    "FULL",
    "GRANT",
    "GROUP",
    "HAVING",
    "ILIKE",
    "IN",
    "INITIALLY",
    "INNER",
    "INTERSECT",
    "INTO",
    "IS",
    "ISNULL",
    "JOIN",
    "LATERAL",
    "LEADING",
    "LEFT",
    "LIKE",
    "LIMIT",
    "LOCALTIME",
    "LOCALTIMESTAMP",
    "NATURAL",
    "NOT",
    "NOTNULL",
    "NULL",
    "OFFSET",
    "ON",
    "ONLY",
    "OR",
    "ORDER",
    "OUTER",
    "OVERLAPS",
    "PLACING",
    "PRIMARY",
    "REFERENCES",
    "RETURNING",
    "RIGHT",
    "SELECT",
    "SESSION_USER",
    "SIMILAR",
    "SOME",
    "SYMMETRIC",
    "SYSTEM_USER",
    "TABLE",
    "TABLESAMPLE",
    "THEN",
    "TO",
    "TRAILING",
    "TRUE",
    "UNION",
    "UNIQUE",
    "USER",
    "USING",
    "VARIADIC",
    "VERBOSE",
    "WHEN",
    "WHERE",
    "WINDOW",
    "WITH",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn texts<'a>(statement: &Statement<'a>) -> Vec<&'a str> {
        statement.tokens.iter().map(|token| token.text).collect()
    }

    #[test]
    fn reserved_words_are_sorted() {
        assert!(RESERVED.is_sorted());
        assert!(is_reserved("from") && is_reserved("CURRENT_TIMESTAMP") && !is_reserved("name"));
    }

    #[test]
    fn the_word_at_the_cursor_is_apart() {
        let found = statement("select 1; SELECT a, b.\"C\" FROM \"My Schema\".Ta");
        assert_eq!(texts(&found), ["SELECT", "a", ",", "b", ".", "\"C\"", "FROM"]);
        let Current::Word { qualifier, part, start } = found.current else { panic!() };
        assert_eq!((qualifier, part, start), (vec!["\"My Schema\""], "Ta", 43));
        let found = statement("select x from ");
        assert_eq!(found.current, Current::Word { qualifier: vec![], part: "", start: 14 });
        let found = statement("select x.");
        assert_eq!(found.current, Current::Word { qualifier: vec!["x"], part: "", start: 9 });
        assert_eq!(texts(&found), ["select"]);
    }

    #[test]
    fn what_does_not_end_ends_at_the_cursor() {
        assert_eq!(statement("copy t from '/tm").current, Current::String { part: "/tm", start: 13 });
        assert_eq!(statement("select -- fr").current, Current::Nothing);
        assert_eq!(statement("select /* /* */ fr").current, Current::Nothing);
        assert_eq!(statement("do $x$ begin").current, Current::Nothing);
        assert_eq!(statement("select 12").current, Current::Nothing);
        assert!(matches!(statement("drop table \"a b").current, Current::Word { part: "\"a b", .. }));
        assert!(matches!(statement("-- x\nsel").current, Current::Word { part: "sel", .. }));
    }

    #[test]
    fn bodies_keep_their_semicolons() {
        let found = statement("select 1; create procedure p() begin atomic select 1; ins");
        assert_eq!(found.tokens[0].text, "create");
        let found = statement("create rule r as on insert to t do (select 1; del");
        assert_eq!(found.tokens[0].text, "create");
    }

    #[test]
    fn every_text_can_be_cut() {
        let pieces =
            ["'", "\"", "$", "$x$", "ä", ".", "1", "(", ";", "--", "/*", "*/", "\n", "a", " ", ":", "\\", "@", "\u{0}"];
        let mut number = 7_usize;
        for _ in 0..3000 {
            let text: String = (0..9)
                .map(|_| {
                    number = number.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                    pieces[(number >> 33) % pieces.len()]
                })
                .collect();
            let _ = statement(&text);
        }
    }
}
