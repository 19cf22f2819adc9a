//! Cuts a script into statements as psql does: at semicolons outside of quotes, comments and parentheses.

/// A part of a script that psql handles as one.
#[derive(Debug, PartialEq, Eq)]
pub struct Piece<'a> {
    /// All its lines, to be echoed.
    pub lines: &'a str,
    /// The statements that end on its last line; none for trailing comments.
    pub statements: Vec<&'a str>,
    /// The data lines after a COPY … FROM STDIN, without the closing `\.`.
    pub copy_data: &'a str,
}

/// The pieces of a script.
pub fn pieces(script: &str) -> Vec<Piece<'_>> {
    let (mut pieces, mut at) = (Vec::new(), 0);
    while at < script.len() {
        let (statements, end) = statements(script, at);
        let mut piece = Piece { lines: &script[at..end], statements, copy_data: "" };
        at = end;
        let copies = |statement: &&str| {
            let words = statement.to_ascii_lowercase();
            words.trim_start().starts_with("copy") && words.contains("from stdin")
        };
        if piece.statements.iter().any(copies) {
            let data_end = script[at..].find("\\.\n").map_or(script.len(), |n| at + n);
            piece.copy_data = &script[at..data_end];
            at = (data_end + 3).min(script.len());
        }
        pieces.push(piece);
    }
    pieces
}

/// The statements from `from` up to the end of the line on which one ends, and that end.
fn statements(script: &str, from: usize) -> (Vec<&str>, usize) {
    let bytes = script.as_bytes();
    let (mut found, mut start, mut at, mut depth) = (Vec::new(), None, from, 0);
    while at < bytes.len() {
        let rest = &script[at..];
        let begin = at;
        match bytes[at] {
            b'\n' => {
                at += 1;
                if !found.is_empty() && start.is_none() {
                    return (found, at);
                }
                continue;
            }
            byte if byte.is_ascii_whitespace() => {
                at += 1;
                continue;
            }
            b'-' if rest.starts_with("--") => {
                at += rest.find('\n').unwrap_or(rest.len());
                continue;
            }
            b'/' if rest.starts_with("/*") => at += rest.find("*/").map_or(rest.len(), |n| n + 2),
            quote @ (b'\'' | b'"') => {
                let escapes = quote == b'\'' && begin > 0 && matches!(bytes[begin - 1], b'e' | b'E');
                at += 1;
                while at < bytes.len() && bytes[at] != quote {
                    at += if escapes && bytes[at] == b'\\' { 2 } else { 1 };
                }
                at += 1;
            }
            b'$' => {
                let tag_end = rest[1..].find(|c: char| !c.is_alphanumeric() && c != '_').map_or(rest.len(), |n| n + 1);
                if rest[tag_end..].starts_with('$') && !rest[1..].starts_with(|c: char| c.is_ascii_digit()) {
                    let tag = &rest[..=tag_end];
                    at += rest[tag.len()..].find(tag).map_or(rest.len(), |n| n + 2 * tag.len());
                } else {
                    at += 1;
                }
            }
            b'(' => (depth, at) = (depth + 1, at + 1),
            b')' => (depth, at) = (depth - 1, at + 1),
            b';' if depth <= 0 => {
                at += 1;
                let begin = start.take().unwrap_or(begin);
                found.push(&script[begin..at]);
                depth = 0;
                continue;
            }
            _ => at += rest.chars().next().map_or(1, char::len_utf8),
        }
        start.get_or_insert(begin);
    }
    (found, script.len())
}

#[test]
fn scripts_are_cut_at_semicolons_that_count() {
    let script =
        "-- a; b\nselect ';', \"a;b\",\n $x$;$x$; select (1;2);\ncopy t from stdin;\n1\n2\n\\.\nselect e'\\';';\n";
    let found = pieces(script);
    let statements: Vec<_> = found.iter().flat_map(|piece| piece.statements.clone()).collect();
    assert_eq!(
        statements,
        ["select ';', \"a;b\",\n $x$;$x$;", "select (1;2);", "copy t from stdin;", "select e'\\';';"]
    );
    assert_eq!(found[1].copy_data, "1\n2\n");
    assert_eq!(found.iter().map(|piece| piece.lines.len() + piece.copy_data.len()).sum::<usize>() + 3, script.len());
}
