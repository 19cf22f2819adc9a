//! The describing commands (`\d` and its kin): the session as their host.

use client::QueryResult;

use super::{Call, Status};
use crate::describe::{self, Arguments, Host, Settings, Style};
use crate::lexer::{ArgumentKind, shown};
use crate::print::{Cells, Expanded, Table};
use crate::session::Psql;

/// How the arguments of a describing command are read; `None` if it is none.
pub(super) fn argument_kind(name: &str) -> Option<ArgumentKind> {
    Some(match describe::arguments(name)? {
        Arguments::Patterns(_) => ArgumentKind::Normal,
        Arguments::Line => ArgumentKind::WholeLine,
    })
}

/// Executes a describing command.
pub(super) fn describe(psql: &mut Psql, call: &mut Call<'_>) -> Status {
    let mut arguments = Vec::new();
    match describe::arguments(&call.name) {
        Some(Arguments::Line) => arguments.extend(call.argument(psql, ArgumentKind::WholeLine, true)),
        Some(Arguments::Patterns(most)) => {
            while arguments.len() < most
                && let Some(argument) = call.next_stripped(psql)
            {
                arguments.push(argument);
            }
        }
        None => {}
    }
    let arguments: Vec<String> = arguments.iter().map(|argument| shown(argument).into_owned()).collect();
    if psql.connection.is_none() {
        psql.error("You are currently not connected to a database.");
        return Status::Error;
    }
    describe::describe(psql, &call.name, &arguments).is_ok().into()
}

impl Host for Psql {
    fn query(&mut self, sql: &str) -> Option<Box<dyn Cells>> {
        self.hidden_rows(sql).map(|rows| Box::new(rows) as Box<dyn Cells>)
    }

    fn query_tersely(&mut self, sql: &str) -> Option<Box<dyn Cells>> {
        match self.hidden_result(sql.as_bytes())? {
            QueryResult::Rows(rows) => Some(Box::new(rows)),
            QueryResult::Error(error) => {
                let severity = error.field(b'S').unwrap_or("ERROR".into());
                Psql::error(self, format!("{severity}:  {}", error.primary()));
                self.check_connection();
                None
            }
            _ => None,
        }
    }

    fn server_version(&self) -> i32 {
        self.connection.as_ref().map_or(0, |connection| connection.server_version())
    }

    fn database(&self) -> String {
        self.connection.as_ref().map_or(String::new(), |connection| connection.dbname().to_string())
    }

    fn settings(&self) -> Settings {
        let settings = &self.variables.settings;
        Settings {
            quiet: settings.quiet,
            hide_table_access_method: settings.hide_tableam,
            hide_toast_compression: settings.hide_toast_compression,
        }
    }

    fn print(&mut self, table: &Table<'_>, style: Style) {
        let mut options = self.print.clone();
        options.default_footer &= style.row_count;
        if style.expanded {
            options.expanded = Expanded::On;
        }
        options.title = None;
        self.show(table, Some(&options), None);
    }

    fn write(&mut self, text: &[u8]) {
        self.tell(text);
    }

    fn error(&mut self, message: &str) {
        Psql::error(self, message);
    }
}
