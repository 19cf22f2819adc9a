//! Which statements `AUTOCOMMIT off` must not put into a transaction block: those that begin or end one, and those that refuse
//! to run in one.

/// The statement's first words, in lower case, without comments.
fn words(query: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(query);
    let mut rest = text.as_ref();
    let mut words = Vec::new();
    while words.len() < 4 {
        rest = rest.trim_start();
        if let Some(comment) = rest.strip_prefix("--") {
            rest = comment.split_once('\n').map_or("", |(_, behind)| behind);
        } else if let Some(comment) = rest.strip_prefix("/*") {
            rest = behind_comment(comment);
        } else {
            let len = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
            if len == 0 {
                break;
            }
            words.push(rest[..len].to_ascii_lowercase());
            rest = &rest[len..];
        }
    }
    words
}

/// What follows a comment, which may contain others.
fn behind_comment(mut text: &str) -> &str {
    let mut depth = 1;
    while depth > 0 {
        let (open, close) = (text.find("/*"), text.find("*/"));
        match (open, close) {
            (Some(open), Some(close)) if open < close => (depth, text) = (depth + 1, &text[open + 2..]),
            (_, Some(close)) => (depth, text) = (depth - 1, &text[close + 2..]),
            (_, None) => return "",
        }
    }
    text
}

/// Whether BEGIN may be sent before the statement.
pub fn may_begin(query: &[u8]) -> bool {
    let words = words(query);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    !matches!(
        words[..],
        ["abort" | "begin" | "start" | "commit" | "end" | "rollback", ..]
            | ["prepare", "transaction", ..]
            | ["vacuum", ..]
            | ["cluster"]
            | ["create", "database" | "tablespace", ..]
            | ["create", "index", "concurrently", ..]
            | ["create", "unique", "index", "concurrently", ..]
            | ["alter", "system", ..]
            | ["drop", "database" | "system" | "tablespace", ..]
            | ["drop", "index", "concurrently", ..]
            | ["reindex", "database" | "system", ..]
            | ["reindex", "index" | "table" | "schema", "concurrently", ..]
            | ["discard", "all", ..]
    )
}

#[cfg(test)]
mod tests {
    use super::may_begin;

    #[test]
    fn statements_that_refuse_a_block_get_none() {
        for query in [
            "begin",
            " /* a /* b */ */ -- c\n COMMIT;",
            "vacuum full t",
            "create unique index concurrently i on t (a)",
            "cluster;",
            "discard all",
            "Reindex Table Concurrently t",
        ] {
            assert!(!may_begin(query.as_bytes()), "{query}");
        }
        for query in ["select 1", "create index i on t (a)", "cluster t", "prepare x as select 1", "", "/* open"] {
            assert!(may_begin(query.as_bytes()), "{query}");
        }
    }
}
