//! Quoting of identifiers and literals.

use super::keywords::is_keyword;
use crate::{array, oid};
use batch::{Datum, Repr};
use error::{Error, Result, SqlState};

crate::builtins! {
    /// Quoting functions.
    pub static QUOTES =
    1268 parse_ident each(&[u8], bool) parse_ident;
    1282 quote_ident arena(&[u8]) |a: &[u8], out: &mut Vec<u8>| out.extend_from_slice(quote_identifier(&String::from_utf8_lossy(a)).as_bytes());
    1283 quote_literal arena(&[u8]) quote_literal;
    1289 quote_nullable arena(Option<&[u8]>) |a: Option<&[u8]>, out: &mut Vec<u8>| match a { Some(a) => quote_literal(a, out), None => out.extend_from_slice(b"NULL") };
}

/// An identifier as SQL text: in quotes unless it is lower-case, plain and no keyword.
pub fn quote_identifier(name: &str) -> std::borrow::Cow<'_, str> {
    let plain = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'_')
        && !is_keyword(name);
    if plain { name.into() } else { format!("\"{}\"", name.replace('"', "\"\"")).into() }
}

/// Adds a text as an SQL literal.
pub fn quote_literal(text: &[u8], out: &mut Vec<u8>) {
    if text.contains(&b'\\') {
        out.extend_from_slice(b"E");
    }
    out.push(b'\'');
    for &c in text {
        if c == b'\'' || c == b'\\' {
            out.push(c);
        }
        out.push(c);
    }
    out.push(b'\'');
}

/// The parts of a qualified identifier, in lower case where they are not quoted. With `strict`, nothing may stand behind it.
fn parse_ident(text: &[u8], strict: bool) -> Result<Vec<u8>> {
    let parts = identifiers(&String::from_utf8_lossy(text), strict)?;
    let parts: Vec<Datum> = parts.iter().map(|part| Datum::text(part)).collect();
    array::from_elements(oid::TEXT, Repr::Bytes, &parts)
}

/// The parts of a name with dots, quotes undone and unquoted ones in lower case; `None` if it is none.
pub fn identifier_parts(text: &str) -> Option<Vec<String>> {
    identifiers(text, true).ok()
}

fn identifiers(text: &str, strict: bool) -> Result<Vec<String>> {
    let wrong = |detail: &str| {
        let error =
            Error::new(SqlState::INVALID_PARAMETER_VALUE, format!("string is not a valid identifier: \"{text}\""));
        if detail.is_empty() { error } else { error.detail(detail) }
    };
    let mut parts = Vec::new();
    let mut rest = text.trim_start();
    loop {
        let behind_dot = !parts.is_empty();
        if let Some(quoted) = rest.strip_prefix('"') {
            let mut part = String::new();
            let mut chars = quoted.char_indices();
            let end = loop {
                match chars.next() {
                    None => return Err(wrong("String has unclosed double quotes.")),
                    Some((at, '"')) if !quoted[at + 1..].starts_with('"') => break at + 1,
                    Some((_, '"')) => {
                        chars.next();
                        part.push('"');
                    }
                    Some((_, c)) => part.push(c),
                }
            };
            if part.is_empty() {
                return Err(wrong("Quoted identifier must not be empty."));
            }
            parts.push(part);
            rest = &quoted[end..];
        } else {
            let starts = |c: char| c.is_ascii_alphabetic() || c == '_' || !c.is_ascii();
            let goes_on = |c: char| starts(c) || c.is_ascii_digit() || c == '$';
            if !rest.starts_with(starts) {
                return Err(match rest.chars().next() {
                    Some('.') => wrong("No valid identifier before \".\"."),
                    _ if behind_dot => wrong("No valid identifier after \".\"."),
                    _ => wrong(""),
                });
            }
            let end = rest.find(|c| !goes_on(c)).unwrap_or(rest.len());
            parts.push(rest[..end].to_ascii_lowercase());
            rest = &rest[end..];
        }
        rest = rest.trim_start();
        match rest.strip_prefix('.') {
            Some(behind) => rest = behind.trim_start(),
            None if rest.is_empty() || !strict => return Ok(parts),
            None => return Err(wrong("")),
        }
    }
}
