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

/// Words that cannot stand for any name without quotes.
const KEYWORDS: &str = " all analyse analyze and any array as asc asymmetric authorization between bigint binary bit boolean both \
    case cast char character check coalesce collate collation column concurrently constraint create cross current_catalog \
    current_date current_role current_schema current_time current_timestamp current_user dec decimal default deferrable desc \
    distinct do else end except exists extract false fetch float for foreign freeze from full grant greatest group grouping \
    having ilike in initially inner inout int integer intersect interval into is isnull join json json_array json_arrayagg \
    json_exists json_object json_objectagg json_query json_scalar json_serialize json_table json_value lateral leading least \
    left like limit localtime localtimestamp merge_action national natural nchar none normalize not notnull null nullif \
    numeric offset on only or order out outer overlaps overlay placing position precision primary real references returning \
    right row select session_user setof similar smallint some substring symmetric system_user table tablesample then time \
    timestamp to trailing treat trim true union unique user using values varchar variadic verbose when where window with \
    xmlattributes xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable ";

/// A name as an SQL identifier, in double quotes only where it needs them.
pub fn quote_identifier(name: &str) -> String {
    let plain = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'_');
    if plain && !KEYWORDS.contains(&format!(" {name} ")) { name.to_string() } else { escape_identifier(name) }
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
        let quoted = ["a_1", "A", "user", "1a", ""].map(quote_identifier);
        assert_eq!(quoted, ["a_1", "\"A\"", "\"user\"", "\"1a\"", "\"\""]);
        assert_eq!(escape_literal("it's"), "'it''s'");
        assert_eq!(escape_literal("a\\'"), " E'a\\\\'''");
        assert_eq!(escape_bytea(&[0, 0xAB]), "\\x00ab");
    }
}
