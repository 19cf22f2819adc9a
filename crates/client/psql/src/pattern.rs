//! Name patterns (`\dt shop.c*`) as conditions of SQL.
//!
//! A pattern is a name with wildcards: `*` is any text, `?` one character, and other characters of regular expressions keep their
//! meaning. Letters are folded to lower case; double quotes keep case and take every special meaning away. Dots outside of quotes
//! separate database, schema and name; `$` is a plain character, and so is a `[]` at the end of an array type's name.
//!
//! # Differences from PostgreSQL
//!
//! A part without wildcards becomes an equality, which the catalogs' indexes answer, instead of a regular expression.

use std::fmt::Write;

/// What a pattern is matched with: expressions of SQL.
#[derive(Clone, Copy, Default)]
pub(crate) struct Target<'a> {
    /// The schema's name; `None` where objects stand in no schema.
    pub schema: Option<&'a str>,
    /// The object's name.
    pub name: &'a str,
    /// A second name it may go by.
    pub other_name: Option<&'a str>,
    /// The condition for objects to be found when the pattern names no schema.
    pub visible: Option<&'a str>,
    /// How many parts a pattern may have: 3 with a schema, 2 for what belongs to a database only, 1 for what is shared.
    pub parts: usize,
    /// Whether dots, though they are counted, separate nothing: each matches any character.
    pub whole: bool,
    /// Whether characters of regular expressions other than `*` and `?` stand for themselves, as in operators' names.
    pub plain: bool,
}

/// One part of a pattern, between dots.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Part {
    /// The regular expression for it, without anchors.
    regex: String,
    /// Its text, folded and without quotes.
    text: String,
    /// Whether some character has a meaning beyond itself.
    special: bool,
}

impl Part {
    fn matches_all(&self) -> bool {
        self.regex == ".*"
    }

    /// Both parts as one, with any character between them.
    fn joined(self, next: Part) -> Part {
        Part { regex: self.regex + "." + &next.regex, text: self.text + "." + &next.text, special: true }
    }

    /// The condition that `expression` matches this part.
    fn condition(&self, expression: &str) -> String {
        // A longer literal would be cut to the length of a name, and then match.
        if !self.special && self.text.len() < 64 {
            return format!("{expression} = {}", literal(&self.text));
        }
        format!(
            "{expression} OPERATOR(pg_catalog.~) {} COLLATE pg_catalog.default",
            literal(&format!("^({})$", self.regex))
        )
    }
}

/// Characters with a meaning in regular expressions.
const SPECIAL: &str = "|*+?()[]{}.^$\\";

fn split(pattern: &str, plain: bool) -> Vec<Part> {
    let mut parts = vec![Part::default()];
    let mut quoted = false;
    let mut characters = pattern.chars().peekable();
    while let Some(character) = characters.next() {
        if character == '.' && !quoted {
            parts.push(Part::default());
            continue;
        }
        let Some(part) = parts.last_mut() else { break };
        match character {
            '"' if quoted && characters.peek() == Some(&'"') => {
                characters.next();
                part.regex.push('"');
                part.text.push('"');
            }
            '"' => quoted = !quoted,
            '$' => {
                part.regex.push_str("\\$");
                part.text.push('$');
            }
            '*' | '?' if !quoted => {
                part.regex.push_str(if character == '*' { ".*" } else { "." });
                part.text.push(character);
                part.special = true;
            }
            '[' if !quoted && characters.peek() == Some(&']') => {
                characters.next();
                part.regex.push_str("\\[\\]");
                part.text.push_str("[]");
            }
            _ if quoted || (plain && SPECIAL.contains(character)) => {
                if SPECIAL.contains(character) {
                    part.regex.push('\\');
                }
                part.regex.push(character);
                part.text.push(character);
            }
            _ => {
                part.special |= SPECIAL.contains(character);
                part.regex.push(character.to_ascii_lowercase());
                part.text.push(character.to_ascii_lowercase());
            }
        }
    }
    parts
}

/// The conditions that an object must meet to match `pattern`, all of them; those of "no pattern" if there is none.
///
/// # Errors
/// What is wrong with the pattern: too many parts, or another database than `database`.
pub(crate) fn conditions(pattern: Option<&str>, target: &Target<'_>, database: &str) -> Result<Vec<String>, String> {
    let visible = || target.visible.map(str::to_owned).into_iter().collect::<Vec<_>>();
    let Some(pattern) = pattern else { return Ok(visible()) };
    let mut parts = split(pattern, target.plain);
    if parts.len() > target.parts {
        return Err(format!("improper qualified name (too many dotted names): {pattern}"));
    }
    if parts.len() > 1 && parts.len() == target.parts {
        let named = parts.remove(0);
        if named.text != database || target.whole {
            return Err(format!("cross-database references are not implemented: {pattern}"));
        }
    }
    if target.whole {
        parts = parts.into_iter().reduce(Part::joined).into_iter().collect();
    }
    let name = parts.pop().unwrap_or_default();
    let schema = parts.pop();
    let mut conditions = Vec::new();
    if !name.matches_all() {
        let mut condition = name.condition(target.name);
        if let Some(other) = target.other_name {
            let _ = write!(condition, " OR {}", name.condition(other));
            condition = format!("({condition})");
        }
        conditions.push(condition);
    }
    match (schema, target.schema) {
        (Some(schema), Some(expression)) if !schema.matches_all() => conditions.push(schema.condition(expression)),
        (Some(_), _) => {}
        (None, _) => conditions.extend(visible()),
    }
    Ok(conditions)
}

/// A string literal of SQL, whatever `standard_conforming_strings` says.
pub(crate) fn literal(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    if quoted.contains('\\') { format!("E'{}'", quoted.replace('\\', "\\\\")) } else { format!("'{quoted}'") }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: Target<'static> = Target {
        schema: Some("s"),
        name: "n",
        other_name: None,
        visible: Some("visible"),
        parts: 3,
        whole: false,
        plain: false,
    };

    fn sql(pattern: &str) -> String {
        conditions(Some(pattern), &TABLE, "db").unwrap_or_else(|error| vec![error]).join(" & ")
    }

    fn matching(regex: &str) -> String {
        format!("OPERATOR(pg_catalog.~) {regex} COLLATE pg_catalog.default")
    }

    #[test]
    fn a_plain_name_is_compared() {
        assert_eq!(sql("Customer"), "n = 'customer' & visible");
        assert_eq!(sql("shop.Customer"), "n = 'customer' & s = 'shop'");
        assert_eq!(sql("\"Odd.\"\"Name\""), "n = 'Odd.\"Name' & visible");
        assert_eq!(sql("a$b"), "n = 'a$b' & visible");
        assert_eq!(sql("int[]"), "n = 'int[]' & visible");
    }

    #[test]
    fn wildcards_become_regular_expressions() {
        assert_eq!(sql("c*"), format!("n {} & visible", matching("'^(c.*)$'")));
        assert_eq!(sql("a?b$*"), format!("n {} & visible", matching("E'^(a.b\\\\$.*)$'")));
        assert_eq!(sql("(a|B)"), format!("n {} & visible", matching("'^((a|b))$'")));
        assert_eq!(sql("\"a*\"*"), format!("n {} & visible", matching("E'^(a\\\\*.*)$'")));
    }

    #[test]
    fn what_matches_all_is_no_condition() {
        assert_eq!(sql("*"), "visible");
        assert_eq!(sql("*.*"), "");
        assert_eq!(sql("db.*.x"), "n = 'x'");
        assert_eq!(sql(".x"), "n = 'x' & s = ''");
    }

    #[test]
    fn parts_are_counted_and_the_database_compared() {
        assert_eq!(sql("DB.shop.x"), "n = 'x' & s = 'shop'");
        assert_eq!(sql("other.shop.x"), "cross-database references are not implemented: other.shop.x");
        assert_eq!(sql("\"DB\".shop.x"), "cross-database references are not implemented: \"DB\".shop.x");
        assert_eq!(sql("a.b.c.d"), "improper qualified name (too many dotted names): a.b.c.d");
        let role = Target { name: "r", parts: 1, ..Target::default() };
        assert_eq!(
            conditions(Some("a.b"), &role, "db"),
            Err("improper qualified name (too many dotted names): a.b".to_owned())
        );
    }

    #[test]
    fn a_dot_that_separates_nothing_matches_anything() {
        let parameter = Target { name: "n", parts: usize::MAX, whole: true, ..Target::default() };
        assert_eq!(conditions(Some("a.b"), &parameter, "db"), Ok(vec![format!("n {}", matching("'^(a.b)$'"))]));
    }

    #[test]
    fn operators_are_no_regular_expressions() {
        let operator = Target { plain: true, ..TABLE };
        assert_eq!(conditions(Some("+"), &operator, "db"), Ok(vec!["n = '+'".to_owned(), "visible".to_owned()]));
        let all = conditions(Some("|*"), &operator, "db").unwrap_or_default();
        assert_eq!(all[0], format!("n {}", matching("E'^(\\\\|.*)$'")));
    }

    #[test]
    fn a_long_name_is_never_cut() {
        let long = "x".repeat(64);
        assert_eq!(sql(&long), format!("n {} & visible", matching(&format!("'^({long})$'"))));
    }
}
