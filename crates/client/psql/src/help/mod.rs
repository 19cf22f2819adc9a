//! What psql says about itself and about SQL: `--help`, `\?`, `\h`.
//!
//! Functions of their arguments: the caller sends the text to the pager or to standard output. The lists of options, of
//! backslash commands and of variables are text files here, in the layout that tools know; the syntax of SQL is
//! [`crate::grammar`]'s.

use crate::grammar::{self, Command};

/// What `--help` prints.
pub(crate) fn options() -> &'static str {
    include_str!("options.txt")
}

/// What `\? variables` prints.
pub(crate) fn variables() -> &'static str {
    include_str!("variables.txt")
}

/// What the list of commands tells about the session.
#[derive(Clone, Copy, Debug)]
pub(crate) struct State<'a> {
    /// Whether the output format is HTML.
    pub html: bool,
    /// Whether only rows are shown.
    pub tuples_only: bool,
    /// Whether output is expanded: `on`, `off` or `auto`.
    pub expanded: &'a str,
    /// Whether commands are timed.
    pub timing: bool,
    /// The database one is connected to.
    pub database: Option<&'a str>,
}

/// What `\?` prints.
pub(crate) fn commands(state: State<'_>) -> String {
    let switch = |on: bool| if on { "on" } else { "off" }.to_owned();
    let database = state.database.map_or("no connection".to_owned(), |name| format!("\"{name}\""));
    let values = [
        ("{html}", switch(state.html)),
        ("{tuples_only}", switch(state.tuples_only)),
        ("{expanded}", state.expanded.to_owned()),
        ("{timing}", switch(state.timing)),
        ("{database}", database),
    ];
    values.iter().fold(include_str!("commands.txt").to_owned(), |text, (name, value)| text.replace(name, value))
}

/// What `\h TOPIC` prints on a screen of so many columns. An empty topic gives the list of all, `*` everything.
pub(crate) fn sql(topic: &str, columns: usize) -> String {
    let topic = topic.trim().trim_end_matches(|c: char| c == ';' || c.is_ascii_whitespace());
    if topic.is_empty() {
        return list(columns);
    }
    let found = find(topic);
    if found.is_empty() {
        return format!("No help available for \"{topic}\".\nTry \\h with no arguments to see available help.\n");
    }
    found.into_iter().map(|command| grammar::sql().help(command)).collect()
}

/// The commands meant by `topic`: the one of this name, or else all that begin so; if there are none, those that begin with the first
/// two words of it, or with the first one: so that a statement that someone began to write finds its help.
fn find(topic: &str) -> Vec<&'static Command> {
    let commands = &grammar::sql().commands;
    if topic == "*" {
        return commands.iter().collect();
    }
    if let Some(command) = commands.iter().find(|command| command.name.eq_ignore_ascii_case(topic)) {
        return vec![command];
    }
    let mut spaces = topic.bytes().enumerate().filter(|(_, byte)| *byte == b' ').map(|(position, _)| position);
    let first_word = spaces.next();
    let second_word = spaces.next().or(first_word.map(|_| topic.len()));
    [Some(topic.len()), second_word, first_word]
        .into_iter()
        .flatten()
        .map(|length| starting_with(commands, &topic.as_bytes()[..length]))
        .find(|found| !found.is_empty())
        .unwrap_or_default()
}

fn starting_with<'a>(commands: &'a [Command], start: &[u8]) -> Vec<&'a Command> {
    let begins = |name: &[u8]| name.get(..start.len()).is_some_and(|name| name.eq_ignore_ascii_case(start));
    commands.iter().filter(|command| begins(command.name.as_bytes())).collect()
}

/// The names of all commands, in as many columns as the screen has room for, read downwards.
fn list(columns: usize) -> String {
    let commands = &grammar::sql().commands;
    let width = commands.iter().map(|command| command.name.len()).max().unwrap_or(0) + 1;
    let columns = (columns.saturating_sub(3) / width).max(1);
    let rows = commands.len().div_ceil(columns);
    let mut text = String::from("Available help:\n");
    for row in 0..rows {
        text.push_str("  ");
        for column in 0..columns {
            let Some(command) = commands.get(column * rows + row) else { continue };
            let width = if column + 1 < columns { width } else { 0 };
            text.push_str(&format!("{:width$}", command.name));
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(topic: &str) -> Vec<&'static str> {
        find(topic).into_iter().map(|command| command.name).collect()
    }

    #[test]
    fn topics_find_their_commands() {
        assert_eq!(names("select"), ["SELECT"]);
        assert_eq!(names("alter tab"), ["ALTER TABLE", "ALTER TABLESPACE"]);
        assert_eq!(names("alter table foo"), ["ALTER TABLE", "ALTER TABLESPACE"]);
        assert_eq!(names("create table as select"), ["CREATE TABLE", "CREATE TABLE AS", "CREATE TABLESPACE"]);
        assert_eq!(names("select x y z"), ["SELECT", "SELECT INTO"]);
        assert_eq!(names("commit prepared now"), ["COMMIT PREPARED"]);
        assert_eq!(names("rollback to savepoint x"), ["ROLLBACK TO SAVEPOINT"]);
        assert_eq!(names("drop xyz").len(), 43);
        assert_eq!(names("drop  table").len(), 43, "the second word is empty, as PostgreSQL's has it");
        assert!(names("foo bar").is_empty() && names("* foo").is_empty());
        assert!(names("ä").is_empty() && names("dä x").is_empty());
        assert_eq!(names("*").len(), grammar::sql().commands.len());
    }

    #[test]
    fn a_list_has_as_many_columns_as_fit() {
        let text = sql(";", 80);
        assert!(text.starts_with("Available help:\n  ABORT                            CREATE USER MAPPING\n"));
        assert!(text.ends_with("  CREATE USER                      \n"));
        assert!(
            sql("", 120)
                .contains("\n  ABORT                            CREATE FOREIGN DATA WRAPPER      DROP ROUTINE\n")
        );
        assert!(sql("", 0).contains("\n  ABORT\n  ALTER AGGREGATE\n"));
    }

    #[test]
    fn unknown_topics_are_told() {
        assert_eq!(
            sql("\"select\"; ", 80),
            "No help available for \"\"select\"\".\nTry \\h with no arguments to see available help.\n"
        );
    }

    #[test]
    fn the_list_of_commands_tells_the_state() {
        let state = State { html: false, tuples_only: false, expanded: "auto", timing: true, database: Some("x") };
        let text = commands(state);
        assert!(text.contains("toggle expanded output (currently auto)"));
        assert!(text.contains("(currently \"x\")") && text.contains("timing of commands (currently on)"));
        assert!(text.contains("toggle HTML output mode (currently off)"));
        assert!(commands(State { database: None, ..state }).contains("(currently no connection)"));
        assert!(!text.contains("{html}") && !text.contains("{database}"));
    }
}
