//! What may follow what was typed: keywords, names of objects, meta-commands and their arguments, variables, files.
//!
//! For SQL there is no table of cases: [`walk`] follows the statement through the [`crate::grammar`] that also makes `\h`, and
//! says which keywords and which kinds of objects may come next. [`catalog`] asks the server for the objects, [`meta`] knows the
//! meta-commands. A statement that the grammar does not understand is completed by the word before the cursor alone.
//!
//! Nothing is asked of a server that is busy or whose transaction has failed: [`Source::query`] gives nothing then.

mod catalog;
mod files;
mod meta;
mod tokens;
mod walk;

use tokens::{Current, Statement};

use crate::grammar;

/// What the completion asks of the session.
pub(crate) trait Source {
    /// The first column of a query's rows; `None` if it cannot be asked now (no connection, a query or a pipeline runs, the transaction
    /// has failed) or fails. The user does not see the query.
    fn query(&mut self, sql: &str) -> Option<Vec<String>>;

    /// The completion is found, or given up: Ctrl-C in one of its queries concerns no other.
    fn done(&mut self) {}

    /// The names of all variables that are set.
    fn variables(&self) -> Vec<String>;

    /// The lines of the statement before the one that is typed.
    fn buffer(&self) -> String;

    /// `COMP_KEYWORD_CASE`.
    fn keyword_case(&self) -> KeywordCase;
}

/// How keywords are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum KeywordCase {
    /// In small letters.
    Lower,
    /// In capitals.
    Upper,
    /// As the letters before the cursor; in small letters if there are none.
    PreserveLower,
    /// As the letters before the cursor; in capitals if there are none.
    #[default]
    PreserveUpper,
}

/// A way to go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// What replaces the text from the given position to the cursor.
    pub text: String,
    /// What a list of candidates shows.
    pub shown: String,
}

/// What was found: texts that replace everything from `start` to the cursor.
#[derive(Debug, Default)]
struct Completion {
    start: usize,
    texts: Vec<String>,
}

impl Completion {
    fn new(start: usize, texts: Vec<String>) -> Completion {
        Completion { start, texts }
    }

    fn starting_with(mut self, part: &str) -> Completion {
        self.texts.retain(|text| begins_with(text, part));
        self
    }

    fn starting_with_exactly(mut self, part: &str) -> Completion {
        self.texts.retain(|text| text.starts_with(part));
        self
    }
}

fn begins_with(text: &str, part: &str) -> bool {
    text.as_bytes().get(..part.len()).is_some_and(|start| start.eq_ignore_ascii_case(part.as_bytes()))
}

/// The ways to go on from `position` in `line`, and where what they replace begins.
pub(crate) fn complete(line: &str, position: usize, source: &mut dyn Source) -> (usize, Vec<Candidate>) {
    let typed = &line[..position];
    let mut found = match meta_start(typed) {
        Some(backslash) => {
            let mut found = meta::complete(&typed[backslash..], source);
            found.start += backslash;
            found
        }
        None => match variable(typed, source) {
            Some(found) => found,
            None => {
                let buffer = source.buffer();
                let statement = if buffer.is_empty() { String::new() } else { buffer + "\n" };
                let before = statement.len();
                let mut found = complete_sql(&(statement + typed), 0, "", source);
                // A quoted name that began lines ago is out of reach.
                match found.start.checked_sub(before) {
                    Some(start) => found.start = start,
                    None => return (position, Vec::new()),
                }
                found
            }
        },
    };
    found.texts.sort();
    found.texts.dedup();
    let is_only = found.texts.len() == 1;
    let candidates = found.texts.into_iter().map(|text| {
        // What is finished is followed by a space, unless something must follow it at once.
        let space = if is_only && !text.ends_with(['.', '(', '/', '=']) { " " } else { "" };
        Candidate {
            shown: text
                .rsplit_once('/')
                .filter(|(_, name)| !name.is_empty())
                .map_or(text.clone(), |(_, name)| name.to_owned()),
            text: text + space,
        }
    });
    (found.start, candidates.collect())
}

/// Where a meta-command begins, if the cursor is in one: at a backslash outside of quotes, at the beginning or behind a blank.
fn meta_start(typed: &str) -> Option<usize> {
    let mut quote = None;
    let mut before = ' ';
    for (position, c) in typed.char_indices() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            (None, '\\') if before.is_whitespace() && !typed[position + 1..].starts_with(';') => return Some(position),
            _ => (),
        }
        before = c;
    }
    None
}

/// Completes `:name`, `:'name`, `:"name` and `:{?name`.
fn variable(typed: &str, source: &mut dyn Source) -> Option<Completion> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let name = &typed[typed.trim_end_matches(is_part).len()..];
    let before = &typed[..typed.len() - name.len()];
    let (sign, close) =
        [(":'", "'"), (":\"", "\""), (":{?", "}"), (":", "")].into_iter().find(|(sign, _)| before.ends_with(sign))?;
    let before = &before[..before.len() - sign.len()];
    if before.ends_with(':')
        || sign == ":" && before.ends_with(|c: char| c.is_alphanumeric() || matches!(c, ']' | ')' | '"' | '\''))
    {
        return None;
    }
    let start = typed.len() - name.len();
    let names = source.variables().into_iter().filter(|variable| variable.starts_with(name));
    Some(Completion::new(start, names.map(|variable| variable + close).collect()))
}

/// Completes a statement. The first `skip` bytes of `text` stand for `instead`.
fn complete_sql(text: &str, skip: usize, instead: &str, source: &mut dyn Source) -> Completion {
    let whole = format!("{instead}{}", &text[skip..]);
    let shift = |start: usize| start + skip - instead.len().min(start);
    let statement = tokens::statement(&whole);
    let mut found = walk::walk(grammar::sql(), &statement.tokens);
    match &statement.current {
        Current::Nothing => Completion::default(),
        Current::String { part, start } => {
            let mut completion = strings(&found, part, *start, source);
            completion.start = shift(completion.start);
            completion
        }
        Current::Word { qualifier, part, start } => {
            if found.expected == walk::Expected::default() {
                by_the_word_before(&statement, &mut found);
            }
            let context = Context { statement: &statement, found: &found, qualifier, part };
            Completion::new(shift(*start), context.words(source))
        }
    }
}

/// What may be in a string constant.
fn strings(found: &walk::Found, part: &str, start: usize, source: &mut dyn Source) -> Completion {
    let mut texts = Vec::new();
    for kind in &found.expected.kinds {
        match *kind {
            "files" => return files::complete(part, start, false),
            "enum_values" => {
                if let Some(name) = last_named(found, &["types"]) {
                    texts.extend(catalog::enum_labels(name, part, source));
                }
            }
            "setting_values" => {
                if let Some([setting, ..]) = last_named(found, &["settings"]) {
                    let values = catalog::setting_values(&setting.clone(), part, source);
                    texts.extend(values.into_iter().map(|value| value.trim_matches('\'').to_owned()));
                }
            }
            "encodings" | "prepared_transactions" => texts.extend(catalog::objects(kind, &[], part, source)),
            _ => (),
        }
    }
    let texts = texts.into_iter().map(|text| text.replace('\'', "''") + "'").collect();
    Completion::new(start, texts)
}

/// The last name of one of these kinds that the statement has.
fn last_named<'a>(found: &'a walk::Found, kinds: &[&str]) -> Option<&'a [String]> {
    found.named.iter().rev().find(|(kind, _)| kinds.contains(kind)).map(|(_, names)| names.as_slice())
}

/// A statement beyond the grammar: the last word tells what follows.
fn by_the_word_before(statement: &Statement<'_>, found: &mut walk::Found) {
    let Some(last) = statement.tokens.last() else { return };
    let is_one_of = |words: &[&str]| words.iter().any(|word| last.is(word));
    if is_one_of(&["FROM", "JOIN", "INTO", "UPDATE", "TABLE", "ONLY"]) {
        found.expected.kinds.push("selectables");
    } else if is_one_of(&["SELECT", "WHERE", "AND", "OR", "BY", "SET", "ON", "HAVING", ","]) {
        found.expected.operand = true;
    }
}

/// A word to be completed.
struct Context<'a> {
    statement: &'a Statement<'a>,
    found: &'a walk::Found,
    qualifier: &'a [&'a str],
    part: &'a str,
}

/// Words that an expression may begin with, and that may follow its first operand.
const OPERANDS: &[&str] =
    &["ARRAY", "CASE", "CAST(", "CURRENT_DATE", "CURRENT_TIMESTAMP", "EXISTS", "FALSE", "NOT", "NULL", "TRUE"];
const OPERATORS: &[&str] = &["AND", "BETWEEN", "COLLATE", "ILIKE", "IN", "IS NOT NULL", "IS NULL", "LIKE", "NOT", "OR"];

impl Context<'_> {
    /// Everything that may stand here.
    fn words(&self, source: &mut dyn Source) -> Vec<String> {
        let expected = &self.found.expected;
        let is_bare = self.qualifier.is_empty() && !self.part.starts_with('"');
        let mut texts = Vec::new();
        let mut keywords: Vec<String> = Vec::new();
        if is_bare {
            keywords.extend(expected.words.iter().cloned());
        }
        for kind in &expected.kinds {
            match *kind {
                "columns" | "attributes" => texts.extend(self.columns(source)),
                "constraints" => {
                    let table = last_named(self.found, &["tables", "domains", "foreign_tables"]);
                    texts.extend(catalog::constraints(table, self.part, source));
                }
                "setting_values" if is_bare => {
                    if let Some([setting, ..]) = last_named(self.found, &["settings"]) {
                        texts.extend(catalog::setting_values(&setting.clone(), self.part, source));
                    }
                }
                "enum_values" | "files" | "prepared_transactions" => (),
                kind => texts.extend(catalog::objects(kind, self.qualifier, self.part, source)),
            }
        }
        if expected.operand {
            texts.extend(self.columns(source));
            // All functions there are would hide the columns.
            if !self.part.is_empty() || !self.qualifier.is_empty() {
                let functions = catalog::objects("callables", self.qualifier, self.part, source);
                texts.extend(functions.into_iter().map(|name| if name.ends_with('.') { name } else { name + "(" }));
            }
            if is_bare && !self.part.is_empty() {
                keywords.extend(OPERANDS.iter().map(|word| (*word).to_owned()));
            }
        }
        if expected.operator && is_bare && !self.part.is_empty() {
            keywords.extend(OPERATORS.iter().map(|word| (*word).to_owned()));
        }
        let case = source.keyword_case();
        let keywords = keywords.into_iter().filter(|word| begins_with(word, self.part));
        texts.extend(keywords.map(|word| written(&word, self.part, case)));
        texts
    }

    /// The columns that may be meant: those of the relation (or alias) before the dot, or else those of all relations of the
    /// statement.
    fn columns(&self, source: &mut dyn Source) -> Vec<String> {
        let relations = self.relations();
        if let [alias] = self.qualifier {
            let alias = tokens::unquote(alias);
            if let Some((_, relation)) = relations.iter().find(|(name, _)| *name == alias) {
                return catalog::columns(relation, self.part, source);
            }
        }
        if !self.qualifier.is_empty() {
            let relation: Vec<String> = self.qualifier.iter().map(|name| tokens::unquote(name)).collect();
            return catalog::columns(&relation, self.part, source);
        }
        let mut columns = Vec::new();
        for (_, relation) in relations.iter().take(8) {
            columns.extend(catalog::columns(relation, self.part, source));
        }
        columns
    }

    /// The relations that the statement names, each with the name by which its columns are called.
    fn relations(&self) -> Vec<(String, Vec<String>)> {
        const KINDS: &[&str] = &[
            "tables",
            "selectables",
            "updatables",
            "relations",
            "views",
            "materialized_views",
            "foreign_tables",
            "types",
        ];
        let named = self.found.named.iter().filter(|(kind, _)| KINDS.contains(kind));
        let mut relations: Vec<(String, Vec<String>)> = named
            .filter_map(|(_, names)| Some((self.alias(names).unwrap_or(names.last()?.clone()), names.clone())))
            .collect();
        relations.dedup();
        relations
    }

    /// The alias of a relation: the name behind it.
    fn alias(&self, names: &[String]) -> Option<String> {
        let tokens = &self.statement.tokens;
        let last = names.last()?;
        let position = tokens.iter().rposition(|token| token.is_name() && token.name() == *last)?;
        let behind = tokens.get(position + 1)?;
        let alias = if behind.is("AS") { tokens.get(position + 2)? } else { behind };
        let is_alias = alias.is_name() && !["SET", "VALUES", "TABLESAMPLE"].iter().any(|word| alias.is(word));
        is_alias.then(|| alias.name())
    }
}

/// A keyword as the user would have written it.
fn written(word: &str, part: &str, case: KeywordCase) -> String {
    let lower = match case {
        KeywordCase::Lower => true,
        KeywordCase::Upper => false,
        KeywordCase::PreserveLower => !part.starts_with(|c: char| c.is_ascii_uppercase()),
        KeywordCase::PreserveUpper => part.starts_with(|c: char| c.is_ascii_lowercase()),
    };
    // Words in small letters are values, and stay as they are.
    if lower { word.to_ascii_lowercase() } else { word.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A session that knows one table, and remembers what it was asked.
    #[derive(Default)]
    struct Session {
        asked: Vec<String>,
        buffer: String,
        is_busy: bool,
        case: KeywordCase,
    }

    impl Source for Session {
        fn query(&mut self, sql: &str) -> Option<Vec<String>> {
            if self.is_busy {
                return None;
            }
            self.asked.push(sql.to_owned());
            let answer: &[&str] = match sql {
                _ if sql.contains("pg_attribute") && sql.contains("'orders'") => &["id", "\"Total\""],
                _ if sql.contains("relkind IN ('r', 'p'") && sql.contains("'ord%'") => &["orders"],
                _ if sql.contains("relkind IN ('r', 'p'") && sql.contains("LIKE '%'") => &["orders", "sales."],
                _ if sql.contains("enumvals") => &["on", "off"],
                _ if sql.contains("pg_settings") => &["work_mem"],
                _ => &[],
            };
            Some(answer.iter().map(|name| (*name).to_owned()).collect())
        }

        fn variables(&self) -> Vec<String> {
            vec!["DBNAME".into(), "my_var".into()]
        }

        fn buffer(&self) -> String {
            self.buffer.clone()
        }

        fn keyword_case(&self) -> KeywordCase {
            self.case
        }
    }

    fn texts(line: &str, session: &mut Session) -> Vec<String> {
        complete(line, line.len(), session).1.into_iter().map(|candidate| candidate.text).collect()
    }

    fn fresh(line: &str) -> Vec<String> {
        texts(line, &mut Session::default())
    }

    #[test]
    fn keywords_keep_their_case() {
        assert_eq!(fresh("sel"), ["select "]);
        assert_eq!(fresh("SEL"), ["SELECT "]);
        assert_eq!(fresh("DELETE "), ["FROM "]);
        assert_eq!(fresh("delete "), ["FROM "]);
        let mut session = Session { case: KeywordCase::PreserveLower, ..Session::default() };
        assert_eq!(texts("delete ", &mut session), ["from "]);
        session.case = KeywordCase::Upper;
        assert_eq!(texts("sel", &mut session), ["SELECT "]);
        session.case = KeywordCase::Lower;
        assert_eq!(texts("SEL", &mut session), ["select "]);
    }

    #[test]
    fn tables_and_columns_come_from_the_catalog() {
        assert_eq!(fresh("select * from ord"), ["orders "]);
        assert_eq!(fresh("select * from orders where "), ["\"Total\"", "id"]);
        assert_eq!(fresh("select * from orders o where o."), ["\"Total\"", "id"]);
        assert_eq!(fresh("update orders set "), ["\"Total\"", "(", "id"]);
        let mut session = Session { buffer: "select *\nfrom orders".into(), ..Session::default() };
        assert!(texts("whe", &mut session).contains(&"where ".to_owned()));
        assert_eq!(texts("where id = 1 and ", &mut session), ["\"Total\"", "id"]);
    }

    #[test]
    fn a_busy_session_offers_keywords_only() {
        let mut session = Session { is_busy: true, ..Session::default() };
        assert!(texts("select * from ord", &mut session).is_empty());
        assert_eq!(texts("drop ta", &mut session), ["table", "tablespace"]);
    }

    #[test]
    fn settings_have_values() {
        assert_eq!(fresh("set wor"), ["work_mem "]);
        assert_eq!(fresh("set enable_hashjoin to "), ["DEFAULT", "off", "on"]);
        assert_eq!(fresh("set enable_hashjoin = 'o"), ["off'", "on'"]);
        assert_eq!(fresh("alter system reset wor"), ["work_mem "]);
        assert!(fresh("show wor") == ["work_mem "]);
    }

    #[test]
    fn meta_commands_and_arguments() {
        assert_eq!(fresh("\\conn"), ["\\connect", "\\conninfo"]);
        assert_eq!(fresh("\\pset form"), ["format "]);
        assert_eq!(fresh("\\pset format un"), ["unaligned "]);
        assert_eq!(fresh("\\pset linestyle "), ["ascii", "old-ascii", "unicode"]);
        assert_eq!(fresh("\\set ON_ERROR_S"), ["ON_ERROR_STOP "]);
        assert_eq!(fresh("\\set ECHO q"), ["queries "]);
        assert_eq!(fresh("\\h alter ta"), ["ALTER TABLE", "ALTER TABLESPACE"]);
        assert_eq!(fresh("\\d ord"), ["orders "]);
        assert_eq!(fresh("select 1 \\gd"), ["\\gdesc "]);
        assert_eq!(fresh("\\copy ord"), ["orders "]);
        assert_eq!(fresh("\\copy orders (i"), ["\"Total\"", "id"]);
        assert_eq!(fresh("\\x "), ["auto", "off", "on", "toggle"]);
        assert_eq!(fresh("\\encoding utf"), ["UTF8 "]);
        assert!(fresh("\\nothing x").is_empty());
    }

    #[test]
    fn names_of_variables() {
        assert_eq!(fresh("select :my"), ["my_var "]);
        assert_eq!(fresh("select :'my"), ["my_var' "]);
        assert_eq!(fresh("select :{?DB"), ["DBNAME} "]);
        assert!(fresh("select a::my").is_empty());
    }

    #[test]
    fn files() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("data.csv"), "").unwrap();
        std::fs::create_dir(directory.path().join("dump")).unwrap();
        let place = directory.path().display();
        assert_eq!(fresh(&format!("\\i {place}/dat")), [format!("{place}/data.csv ")]);
        assert_eq!(fresh(&format!("\\cd {place}/d")), [format!("{place}/dump/")]);
        assert_eq!(fresh(&format!("copy t from '{place}/du")), [format!("{place}/dump/")]);
        let (start, candidates) =
            complete(&format!("\\i {place}/d"), 4 + place.to_string().len() + 1, &mut Session::default());
        assert_eq!((start, candidates.len(), candidates[0].shown.as_str()), (3, 2, "data.csv"));
    }

    #[test]
    fn no_cursor_is_a_problem() {
        let text = "select \"ä\", 'x' from t where a = :v -- ü\n \\d \"x";
        for (position, _) in text.char_indices() {
            complete(text, position, &mut Session::default());
        }
    }
}
