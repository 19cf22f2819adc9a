//! Quoting of identifiers and literals.

use super::keywords::is_keyword;

crate::builtins! {
    /// Quoting functions.
    pub static QUOTES =
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
