//! Results that are not printed: `\gset`, `\gexec`, `\crosstabview`; and `\gdesc`, which has none.

use client::{QueryResult, Rows};

use super::{Clock, Executed};
use crate::crosstab::Crosstab;
use crate::lexer::shown;
use crate::print::{Table, columns_of};
use crate::session::Psql;
use crate::variables::{Echo, Variables};

impl Psql {
    /// `\gset`: keeps the values of the only row in variables.
    pub(super) fn keep_in_variables(&mut self, rows: &Rows) -> bool {
        let prefix = self.request.set_prefix.clone().unwrap_or_default();
        match rows.len() {
            1 => {}
            0 => {
                self.error("no rows returned for \\gset");
                return false;
            }
            _ => {
                self.error("more than one row returned for \\gset");
                return false;
            }
        }
        for (field, value) in rows.fields().iter().zip(rows.row(0)) {
            let name = [&prefix, field.name_bytes()].concat();
            if Variables::is_special(&name) {
                let name = shown(&name);
                self.warn(format!("attempt to \\gset into specially treated variable \"{name}\" ignored"));
                continue;
            }
            let kept = match value {
                Some(value) => self.set_variable(&name, value),
                None => self.unset_variable(&name),
            };
            if !kept {
                return false;
            }
        }
        true
    }

    /// `\gexec`: executes every value as a statement.
    pub(super) fn execute_values(&mut self, rows: &Rows) -> bool {
        let request = std::mem::take(&mut self.request);
        let mut success = true;
        'rows: for row in 0..rows.len() {
            for value in rows.row(row).flatten() {
                if self.interrupt.pressed() || self.exit.is_some() {
                    break 'rows;
                }
                let settings = &self.variables.settings;
                if settings.echo == Echo::All && !settings.single_step {
                    self.say([value, b"\n"].concat());
                }
                let value = value.to_vec();
                if !self.send_query(&value) {
                    success = false;
                    if self.variables.settings.on_error_stop {
                        break 'rows;
                    }
                }
            }
        }
        self.request = request;
        success
    }

    /// `\crosstabview`: prints the rows as a grid.
    pub(super) fn show_crosstab(&mut self, rows: &Rows) -> bool {
        let given = self.request.crosstab.clone().unwrap_or_default();
        let mut arguments: [Option<&[u8]>; 4] = [None; 4];
        for (argument, given) in arguments.iter_mut().zip(&given) {
            *argument = Some(given);
        }
        let columns = columns_of(rows);
        let null = self.print.null.clone();
        match Crosstab::new(&columns, rows, &arguments, null.as_deref()) {
            Ok(crosstab) => {
                let mut destination = super::results::Destination::default();
                if !self.open_destination(&mut destination) {
                    return false;
                }
                let mut table = Table::new(crosstab.columns().to_vec(), &crosstab);
                table.numeric = false;
                let success = self.show(&table, None, destination.target());
                self.close_destination(destination) && success
            }
            Err(problem) => {
                self.error(problem);
                false
            }
        }
    }

    /// `\gdesc`: prints the columns of the result that a statement would have.
    pub(super) fn describe(&mut self, query: &[u8]) -> Executed {
        let clock = Clock::start();
        let success = self.describe_columns(query);
        Executed { success, elapsed: clock.elapsed(), ..Executed::default() }
    }

    fn describe_columns(&mut self, query: &[u8]) -> bool {
        let Some(connection) = &mut self.connection else { return false };
        let prepared = connection.exec_with(|connection| connection.send_prepare("", query, &[]));
        let Some(_) = self.accept_described(prepared) else { return false };
        let Some(connection) = &mut self.connection else { return false };
        let described = connection.exec_with(|connection| connection.send_describe_prepared(""));
        let Some(QueryResult::Description(description)) = self.accept_described(described) else { return false };
        if description.fields.is_empty() {
            self.tell("The command has no result, or the result has no columns.\n");
            self.set_result_variables(None, None, true);
            return true;
        }
        let rows = description.fields.iter().map(|field| {
            let name = client::escape_literal(&field.name());
            format!("({name}, '{}'::pg_catalog.oid, {})", field.type_oid, field.type_modifier)
        });
        let rows: Vec<_> = rows.collect();
        let query = format!(
            "SELECT name AS \"Column\", pg_catalog.format_type(tp, tpm) AS \"Type\"\nFROM (VALUES {}) s(name, tp, tpm)",
            rows.join(",")
        );
        let Some(connection) = &mut self.connection else { return false };
        let named = connection.exec(query);
        let Some(QueryResult::Rows(rows)) = self.accept_described(named) else { return false };
        let mut destination = super::results::Destination::default();
        let success = self.open_destination(&mut destination)
            && self.show(&Table::of_rows(&rows), None, destination.target())
            && self.close_destination(destination);
        self.set_result_variables(None, Some(rows.len() as u64), success);
        success
    }

    /// A result of a step of `\gdesc`; an error is reported and kept in the variables.
    fn accept_described(&mut self, result: QueryResult) -> Option<QueryResult> {
        if let QueryResult::Error(error) = &result {
            self.set_result_variables(Some(&error.clone()), None, false);
        }
        self.accept(result)
    }
}
