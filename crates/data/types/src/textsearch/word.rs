//! The text of a lexeme as tsvector and tsquery write it: a bare word, or one in quotes; `\` takes the next character as it is.

use error::{Error, Result, SqlState};

/// Where a word ends besides at blanks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Within {
    /// In a tsvector: at a colon.
    Vector,
    /// In a tsquery: at a colon or an operator.
    Query,
}

/// The operators of a tsquery, by their first characters.
pub(super) fn is_operator(byte: u8) -> bool {
    matches!(byte, b'!' | b'&' | b'|' | b'(' | b')' | b'<')
}

/// The next blank or other character in a text that may be longer than a byte.
pub(super) fn space_length(rest: &[u8]) -> usize {
    match rest.first() {
        None => 0,
        Some(&byte) if byte < 0x80 => crate::format::is_space(byte) as usize,
        Some(&byte) => {
            let length = crate::text::char_len(byte).min(rest.len());
            let char = std::str::from_utf8(&rest[..length]).ok().and_then(|text| text.chars().next());
            if char.is_some_and(char::is_whitespace) { length } else { 0 }
        }
    }
}

/// Steps over blanks.
pub(super) fn skip_spaces(text: &[u8], at: &mut usize) {
    loop {
        match space_length(&text[*at..]) {
            0 => return,
            length => *at += length,
        }
    }
}

/// Reads the word that begins at `at` (behind blanks) into `word`; false if there is none. `at` is then behind it, and behind its closing
/// quote. `syntax` makes the error for a word that is none.
pub(super) fn read(
    text: &[u8],
    at: &mut usize,
    within: Within,
    word: &mut Vec<u8>,
    syntax: impl Fn() -> Error,
) -> Result<bool> {
    word.clear();
    skip_spaces(text, at);
    let Some(&first) = text.get(*at) else { return Ok(false) };
    let quoted = first == b'\'';
    if quoted {
        *at += 1;
    } else if within == Within::Query && is_operator(first) {
        return Err(syntax());
    }
    loop {
        let Some(&byte) = text.get(*at) else {
            if quoted || word.is_empty() {
                return Err(syntax());
            }
            return Ok(true);
        };
        if byte == b'\\' {
            if *at + 1 == text.len() {
                let message = format!("there is no escaped character: \"{}\"", String::from_utf8_lossy(text));
                return Err(Error::new(SqlState::SYNTAX_ERROR, message));
            }
            *at += 1;
        } else if quoted && byte == b'\'' {
            *at += 1;
            if text.get(*at) != Some(&b'\'') {
                return if word.is_empty() { Err(syntax()) } else { Ok(true) };
            }
        } else if !quoted {
            // The first character of a word in a tsvector may be anything.
            let begun = !word.is_empty();
            let ends =
                space_length(&text[*at..]) > 0 || within == Within::Query && is_operator(byte) || byte == b':' && begun;
            if ends {
                return if begun { Ok(true) } else { Err(syntax()) };
            }
        }
        let length = crate::text::char_len(text[*at]).min(text.len() - *at);
        word.extend_from_slice(&text[*at..*at + length]);
        *at += length;
    }
}

/// Adds a lexeme in quotes.
pub(super) fn write_quoted(lexeme: &[u8], out: &mut Vec<u8>) {
    out.push(b'\'');
    for &byte in lexeme {
        if matches!(byte, b'\'' | b'\\') {
            out.push(byte);
        }
        out.push(byte);
    }
    out.push(b'\'');
}
