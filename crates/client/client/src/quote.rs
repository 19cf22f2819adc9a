//! Values and names as SQL text.

/// A name as an SQL identifier, always in double quotes.
pub fn escape_identifier(name: &str) -> String {
    let mut text = String::with_capacity(name.len() + 2);
    text.push('"');
    for c in name.chars() {
        if c == '"' {
            text.push('"');
        }
        text.push(c);
    }
    text.push('"');
    text
}

/// A text as an SQL literal. One with backslashes becomes ` E'…'` (with the space before it, as libpq writes it), so that it
/// means the same whatever `standard_conforming_strings` says.
pub fn escape_literal(value: &str) -> String {
    let backslashes = value.contains('\\');
    let mut text = String::with_capacity(value.len() + 2);
    text.push_str(if backslashes { " E'" } else { "'" });
    for c in value.chars() {
        if c == '\'' || c == '\\' {
            text.push(c);
        }
        text.push(c);
    }
    text.push('\'');
    text
}

/// Bytes in the form that `bytea` reads, without quotes.
pub fn escape_bytea(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 + 2 * bytes.len());
    text.push_str("\\x");
    for byte in bytes {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from_digit(digit.into(), 16).unwrap_or('0'));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_doubled() {
        assert_eq!(escape_identifier("a\"b"), "\"a\"\"b\"");
        assert_eq!(escape_literal("it's"), "'it''s'");
        assert_eq!(escape_literal("a\\'"), " E'a\\\\'''");
        assert_eq!(escape_bytea(&[0, 0xAB]), "\\x00ab");
    }
}
