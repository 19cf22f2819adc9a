//! The describing commands, `\d` and its kin: what the catalogs say about objects.
//!
//! One table, [`COMMANDS`], names them all; [`describe`] looks a command up and runs it. A command asks the server through
//! [`Host`], which is the session in `psql` and could be anything that answers queries, and hands its answer to it as a
//! [`Table`]. There are three ways to do so:
//!
//! - Most are lists: a [`select::Select`] whose columns are the table's columns (`access`, `databases`, `foreign`, `methods`,
//!   `objects`, `relations`, `replication`, `roles`, `routines`, `search`, `types`).
//! - `\d NAME` puts a table together with footers below (`relation`).
//! - `\sf` and its kin show text (`source`).
//!
//! # The queries
//!
//! They are our own, made from the documentation of the catalogs. They name every function and catalog with its schema, so that
//! nothing in a user's `search_path` can get in their way; they run on PostgreSQL 14 to 18, with the differences decided by
//! [`Host::server_version`]; and what one query can tell is not asked in two: `\d` of a table learns in its first query which
//! kinds of footers there are at all, and asks only for those.
//!
//! # Differences from PostgreSQL
//!
//! `\df *.* TYPE` heeds the type; PostgreSQL's psql forgets it when the first pattern is no condition at all.
//!
//! # Invariants
//!
//! - Text of the server and of the user goes into a query through `pattern` or [`pattern::literal`], or as a number.
//! - Values are bytes in the client's encoding; nothing here looks inside but for ASCII.

mod access;
mod databases;
mod foreign;
mod methods;
mod objects;
mod relation;
mod relations;
mod replication;
mod roles;
mod routines;
mod search;
mod select;
mod source;
mod types;

use crate::pattern::{self, Target};
use crate::print::{Cells, Table};
use select::Select;

pub use source::{Editable, editable};

/// What describing needs of a session.
pub trait Host {
    /// Runs a query for the user's benefit (`ECHO_HIDDEN` shows it) and returns its rows; `None` if it failed, which the session
    /// has told the user already.
    fn query(&mut self, sql: &str) -> Option<Box<dyn Cells>>;
    /// The same, but that of an error only severity and message are told: the query is none of the user's making.
    fn query_tersely(&mut self, sql: &str) -> Option<Box<dyn Cells>>;
    /// The server's version, such as 180006.
    fn server_version(&self) -> i32;
    /// The name of the current database.
    fn database(&self) -> String;
    /// The settings of the session that change what is shown.
    fn settings(&self) -> Settings;
    /// Prints a table by the session's print options.
    fn print(&mut self, table: &Table<'_>, style: Style);
    /// Writes text to where tables go.
    fn write(&mut self, text: &[u8]);
    /// Tells the user about an error.
    fn error(&mut self, message: &str);
}

/// Variables of psql that describing obeys.
#[derive(Clone, Copy, Debug, Default)]
pub struct Settings {
    /// `QUIET`: nothing is said about what was not found.
    pub quiet: bool,
    /// `HIDE_TABLEAM`.
    pub hide_table_access_method: bool,
    /// `HIDE_TOAST_COMPRESSION`.
    pub hide_toast_compression: bool,
}

/// How a table differs from the session's print options.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// Whether the count of rows stands below if there is no other footer.
    pub row_count: bool,
    /// Whether the command asked for expanded output.
    pub expanded: bool,
}

/// A command failed; the user has been told why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failed;

/// What comes of a command.
pub type Outcome = Result<(), Failed>;

/// What a command takes behind its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arguments {
    /// Up to so many patterns, as arguments whose double quotes are kept and from whose end a semicolon is cut off.
    Patterns(usize),
    /// The rest of the line.
    Line,
}

/// Which characters may follow a command's name.
#[derive(Clone, Copy)]
enum Follow {
    /// Any.
    Any,
    /// The first is one of these; any behind it.
    First(&'static str),
    /// Each is one of these.
    Only(&'static str),
}

/// A describing command.
struct Command {
    name: &'static str,
    follow: Follow,
    arguments: Arguments,
    run: fn(&mut Call<'_>) -> Outcome,
}

const fn command(name: &'static str, run: fn(&mut Call<'_>) -> Outcome) -> Command {
    Command { name, follow: Follow::Any, arguments: Arguments::Patterns(1), run }
}

impl Command {
    const fn followed(mut self, follow: Follow) -> Command {
        self.follow = follow;
        self
    }

    const fn patterns(mut self, count: usize) -> Command {
        self.arguments = Arguments::Patterns(count);
        self
    }

    const fn line(mut self) -> Command {
        self.arguments = Arguments::Line;
        self
    }
}

/// How many arguments a function may have, and so how many types may be named for it.
const FUNCTION_ARGUMENTS: usize = 100;

/// All describing commands. The one with the longest name that fits is meant, so `\dconfig` is not `\dc`.
static COMMANDS: &[Command] = &[
    command("d", relation::describe).followed(Follow::First("S+")),
    command("da", routines::aggregates),
    command("dA", methods::access_methods).followed(Follow::First("x+")),
    command("dAc", methods::operator_classes).patterns(2),
    command("dAf", methods::operator_families).patterns(2),
    command("dAo", methods::family_operators).patterns(2),
    command("dAp", methods::family_functions).patterns(2),
    command("db", databases::tablespaces),
    command("dc", types::conversions),
    command("dconfig", databases::parameters),
    command("dC", routines::casts),
    command("dd", objects::descriptions),
    command("ddp", access::default_privileges),
    command("dD", types::domains),
    command("des", foreign::servers),
    command("det", foreign::tables),
    command("deu", foreign::user_mappings),
    command("dew", foreign::wrappers),
    command("df", routines::functions).followed(Follow::First("anptwxS+")).patterns(1 + FUNCTION_ARGUMENTS),
    command("dF", search::configurations).followed(Follow::First("x+")),
    command("dFd", search::dictionaries),
    command("dFp", search::parsers),
    command("dFt", search::templates),
    command("dg", roles::roles),
    command("du", roles::roles),
    command("dl", objects::large_objects),
    // As its sisters, it takes two arguments, and heeds the first.
    command("lo_list", objects::large_objects).patterns(2),
    command("dL", objects::languages),
    command("dn", databases::schemas),
    command("do", routines::operators).patterns(1 + FUNCTION_ARGUMENTS),
    command("dO", types::collations),
    command("dp", access::relations),
    command("z", access::relations).followed(Follow::Only("xS")),
    command("dP", relations::partitioned).followed(Follow::First("intx+")),
    command("drds", roles::settings).patterns(2),
    command("drg", roles::grants),
    command("dRp", replication::publications),
    command("dRs", replication::subscriptions),
    command("dt", relations::relations),
    command("di", relations::relations),
    command("ds", relations::relations),
    command("dv", relations::relations),
    command("dm", relations::relations),
    command("dE", relations::relations),
    command("dT", types::types),
    command("dx", objects::extensions),
    command("dX", objects::statistics),
    command("dy", objects::event_triggers),
    command("l", databases::databases).followed(Follow::Only("x+")),
    command("list", databases::databases).followed(Follow::Only("x+")),
    command("sf", source::show_function).followed(Follow::Only("+")).line(),
    command("sv", source::show_view).followed(Follow::Only("+")).line(),
];

fn find(name: &str) -> Option<(&'static Command, &str)> {
    let found =
        COMMANDS.iter().filter(|command| name.starts_with(command.name)).max_by_key(|command| command.name.len())?;
    let rest = &name[found.name.len()..];
    let fits = match found.follow {
        Follow::Any => true,
        Follow::First(set) => rest.chars().next().is_none_or(|first| set.contains(first)),
        Follow::Only(set) => rest.chars().all(|each| set.contains(each)),
    };
    fits.then_some((found, rest))
}

/// What the command takes behind its name, if it is a describing one: `name` is what follows the backslash, such as `dtS+`.
pub fn arguments(name: &str) -> Option<Arguments> {
    find(name).map(|(command, _)| command.arguments)
}

/// Runs a describing command: `name` is what follows the backslash, `arguments` what [`arguments`] asked for.
///
/// # Errors
/// The command failed, or is none of these; the user has been told why.
pub fn describe(host: &mut dyn Host, name: &str, arguments: &[String]) -> Outcome {
    let Some((command, options)) = find(name) else {
        host.error(&format!("invalid command \\{name}"));
        return Err(Failed);
    };
    let mut call = Call { version: host.server_version(), host, name, options, arguments };
    (command.run)(&mut call)
}

/// One command being run.
struct Call<'a> {
    host: &'a mut dyn Host,
    /// The server's version.
    version: i32,
    /// The command as given, without its backslash.
    name: &'a str,
    /// The characters behind the command's proper name.
    options: &'a str,
    arguments: &'a [String],
}

impl Call<'_> {
    fn has(&self, option: char) -> bool {
        self.options.contains(option)
    }

    /// `+`
    fn verbose(&self) -> bool {
        self.has('+')
    }

    /// The pattern at a position.
    fn pattern(&self, at: usize) -> Option<&str> {
        self.arguments.get(at).map(String::as_str)
    }

    /// Whether system objects are left out: neither `S` nor a pattern was given.
    fn user_only(&self) -> bool {
        !self.has('S') && self.arguments.is_empty()
    }

    /// Tells the user of an error.
    fn fail<T>(&mut self, message: &str) -> Result<T, Failed> {
        self.host.error(message);
        Err(Failed)
    }

    /// The conditions of the pattern at a position.
    fn conditions(&mut self, at: usize, target: &Target<'_>) -> Result<Vec<String>, Failed> {
        let database = if self.pattern(at).is_some_and(|pattern| pattern.contains('.')) {
            self.host.database()
        } else {
            String::new()
        };
        pattern::conditions(self.pattern(at), target, &database).or_else(|message| self.fail(&message))
    }

    /// Adds the conditions of the pattern at a position to a query.
    fn filter(&mut self, select: &mut Select, at: usize, target: &Target<'_>) -> Outcome {
        for condition in self.conditions(at, target)? {
            select.filter(condition);
        }
        Ok(())
    }

    /// Runs a query.
    fn query(&mut self, sql: &str) -> Result<Answer, Failed> {
        self.host.query(sql).map(Answer).ok_or(Failed)
    }

    /// Runs a query and prints its rows.
    fn list(&mut self, title: &str, select: &Select) -> Outcome {
        let answer = self.query(&select.sql())?;
        self.print(Table::new(select.headers(), &*answer.0).titled(title), true);
        Ok(())
    }

    fn print(&mut self, mut table: Table<'_>, row_count: bool) {
        table.numeric = false;
        self.host.print(&table, Style { row_count, expanded: self.has('x') });
    }

    /// Prints the table that describes one relation: `x` does not concern it.
    fn print_relation(&mut self, mut table: Table<'_>) {
        table.numeric = false;
        self.host.print(&table, Style { row_count: false, expanded: false });
    }

    /// Tells that nothing of a kind (in the singular, or the plural for lists) was found, by the pattern at `at`.
    fn not_found(&mut self, kind: &str) {
        let message = match self.pattern(0) {
            Some(pattern) => format!("Did not find any {kind} named \"{pattern}\"."),
            None => format!("Did not find any {kind}s."),
        };
        self.host.error(&message);
    }
}

/// The rows that a query answered.
struct Answer(Box<dyn Cells>);

impl Answer {
    fn rows(&self) -> usize {
        self.0.rows()
    }

    /// A value; nothing for null.
    fn bytes(&self, row: usize, column: usize) -> &[u8] {
        self.0.value(row, column).unwrap_or_default()
    }

    /// A value as text; empty for null.
    fn text(&self, row: usize, column: usize) -> String {
        String::from_utf8_lossy(self.bytes(row, column)).into_owned()
    }

    /// Whether a boolean is true.
    fn is_true(&self, row: usize, column: usize) -> bool {
        self.bytes(row, column) == b"t"
    }
}

/// The expression of SQL that shows an access control list, one entry a line.
fn privileges(list: &str) -> String {
    format!(
        "CASE WHEN pg_catalog.array_length({list}, 1) = 0 THEN '(none)' ELSE pg_catalog.array_to_string({list}, E'\\n') END"
    )
}

/// The condition that an object's schema is none of the system's.
fn user_schema(name: &str) -> String {
    format!("{name} <> 'pg_catalog' AND {name} <> 'information_schema'")
}

/// `yes` or `no`.
fn yes_no(condition: &str) -> String {
    format!("CASE WHEN {condition} THEN 'yes' ELSE 'no' END")
}

/// The value that stands beside one of several codes of one letter: a `CASE` over `expression`.
fn decode(expression: &str, values: &[(&str, &str)]) -> String {
    let whens: Vec<_> = values.iter().map(|(code, value)| format!("WHEN '{code}' THEN '{value}'")).collect();
    format!("CASE {expression} {} END", whens.join(" "))
}

/// Options of foreign data (`key=value` in an array) as they stand in SQL: `(key 'value', ...)`.
fn foreign_options(array: &str) -> String {
    format!(
        "CASE WHEN {array} IS NULL THEN '' ELSE '(' || pg_catalog.array_to_string(ARRAY(\
         SELECT pg_catalog.quote_ident(option_name) || ' ' || pg_catalog.quote_literal(option_value) \
         FROM pg_catalog.pg_options_to_table({array})), ', ') || ')' END"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_name_that_fits_is_meant() {
        let name = |command: &str| find(command).map(|(found, _)| found.name);
        assert_eq!(name("d"), Some("d"));
        assert_eq!(name("dS+"), Some("d"));
        assert_eq!(name("dtS+"), Some("dt"));
        assert_eq!(name("dconf"), Some("dc"));
        assert_eq!(name("dconfig+"), Some("dconfig"));
        assert_eq!(name("dfanp+"), Some("df"));
        assert_eq!(name("dfz"), None);
        assert_eq!(name("de"), None);
        assert_eq!(name("dr"), None);
        assert_eq!(name("drgS"), Some("drg"));
        assert_eq!(name("lx+"), Some("l"));
        assert_eq!(name("lo"), None);
        assert_eq!(name("zz"), None);
        assert_eq!(name("x"), None);
    }

    #[test]
    fn a_command_tells_what_it_takes() {
        assert_eq!(arguments("dt"), Some(Arguments::Patterns(1)));
        assert_eq!(arguments("drds"), Some(Arguments::Patterns(2)));
        assert_eq!(arguments("sf+"), Some(Arguments::Line));
        assert_eq!(arguments("dt "), Some(Arguments::Patterns(1)));
        assert_eq!(arguments("echo"), None);
    }
}
