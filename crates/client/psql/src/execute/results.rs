//! What comes back for a statement: rows, command tags, COPY, errors; several of them, or rows in pieces.

use std::io::Write;

use client::{CommandTag, Error, PipelineStatus, QueryResult, Rows, Statement};

use super::watch::Round;
use super::{Clock, Executed};
use crate::lexer::shown;
use crate::output::Target;
use crate::pager::Pager;
use crate::print::{Format, Part, PrintOptions, Table};
use crate::request::Send;
use crate::session::{EXIT_BAD_CONNECTION, Psql};
use crate::shell;

/// The file or command that `\g` names, opened when the first result wants it.
#[derive(Default)]
pub(super) struct Destination {
    target: Option<Target>,
    failed: bool,
}

impl Psql {
    /// Sends a statement as `\bind` and its kin say, and handles all its results.
    pub(super) fn execute(&mut self, query: &[u8], round: Option<&Round>) -> Executed {
        let clock = Clock::start();
        let mut done = match self.request.send {
            Send::Simple | Send::Parse(_) | Send::Bind(_) | Send::BindNamed(..) | Send::Close(_)
                if self.pipeline_status() == PipelineStatus::Off =>
            {
                match self.send_request(query) {
                    Ok(()) => self.results(query, round),
                    Err(error) => {
                        self.report(error.into());
                        self.check_connection();
                        self.set_result_variables(None, None, false);
                        Executed::default()
                    }
                }
            }
            _ => Executed { success: self.execute_piped(query), ..Executed::default() },
        };
        done.elapsed = clock.elapsed();
        if !self.check_connection() {
            done.success = false;
        }
        done
    }

    /// Sends the statement.
    pub(super) fn send_request(&mut self, query: &[u8]) -> Result<(), Error> {
        let Some(connection) = &mut self.connection else { return Ok(()) };
        let parameters: Vec<Option<&[u8]>> = match &self.request.send {
            Send::Bind(values) | Send::BindNamed(_, values) => {
                values.iter().map(|value| Some(value.as_slice())).collect()
            }
            _ => Vec::new(),
        };
        let statement = Statement { parameters: &parameters, ..Statement::default() };
        match &self.request.send {
            Send::Parse(name) => connection.send_prepare(&shown(name), query, &[]),
            Send::Bind(_) => connection.send_query_params(query, statement),
            Send::BindNamed(name, _) => connection.send_query_prepared(&shown(name), statement),
            Send::Close(name) => connection.send_close_prepared(&shown(name)),
            _ if connection.pipeline_status() != PipelineStatus::Off => connection.send_query_params(query, statement),
            _ => connection.send_query(query),
        }
    }

    /// Takes the next result; the notices before it are shown. There is none any more once psql is to end.
    pub(super) fn next_result(&mut self) -> Option<QueryResult> {
        if self.exit.is_some() {
            return None;
        }
        let result = self.connection.as_mut()?.next_result();
        self.show_notices();
        result
    }

    /// Handles all results of a statement.
    fn results(&mut self, query: &[u8], round: Option<&Round>) -> Executed {
        let settings = &self.variables.settings;
        let request = &self.request;
        let whole = request.crosstab.is_some() || request.execute || request.set_prefix.is_some() || round.is_some();
        if settings.fetch_count > 0 && settings.show_all_results && !whole {
            let rows = settings.fetch_count as usize;
            self.connection.as_mut().map(|connection| connection.set_chunked_rows(rows));
        }
        let mut done = Executed { success: true, ..Executed::default() };
        let (mut destination, mut copies) = (Destination::default(), 0);
        let mut result = self.next_result();
        while let Some(current) = result.take() {
            if let QueryResult::Error(error) = current {
                if round.is_none() {
                    self.set_result_variables(Some(&error), None, false);
                }
                self.report(error);
                done.success = false;
                result = self.next_result();
                continue;
            }
            if let Some(tag) = tag(&current) {
                let savepoints = ["COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK"].contains(&tag.as_str());
                done.savepoint_gone |= savepoints;
            }
            match current {
                QueryResult::CopyIn(_) | QueryResult::CopyOut(_) | QueryResult::CopyBoth(_) => {
                    copies += usize::from(matches!(current, QueryResult::CopyIn(_)));
                    let (tag, success) = self.copy_result(current, &mut destination);
                    done.success &= success;
                    result = self.next_result();
                    let last = result.is_none();
                    let rows = tag.as_ref().and_then(CommandTag::rows);
                    if let Some(tag) = tag.filter(|_| last || self.variables.settings.show_all_results) {
                        self.tell_status(&tag);
                    }
                    if last && round.is_none() && success {
                        self.set_result_variables(None, rows, done.success);
                    }
                }
                QueryResult::Rows(rows) if rows.is_partial() => {
                    let (count, success) = self.show_chunks(rows, &mut destination, &mut done);
                    done.rows = count;
                    done.success &= success;
                    result = self.next_result();
                    if result.is_none() && success {
                        self.set_result_variables(None, Some(count), done.success);
                    }
                }
                current => {
                    result = self.next_result();
                    let last = result.is_none();
                    let counted = match &current {
                        QueryResult::Rows(rows) => {
                            done.rows = rows.len() as u64;
                            Some(rows.tag().rows().unwrap_or(rows.len() as u64))
                        }
                        current => tag(current).and_then(CommandTag::rows),
                    };
                    done.success &= self.show_result(current, last, round, &mut destination);
                    if last && round.is_none() {
                        self.set_result_variables(None, counted, done.success);
                    }
                }
            }
            if self.interrupt.pressed() {
                // What is still to come of the cancelled series is not shown.
                let mut left = result.take();
                while let Some(more) = left {
                    if let QueryResult::Error(error) = more {
                        self.report(error);
                        done.success = false;
                    }
                    left = self.next_result();
                }
                done.interrupted = true;
            }
        }
        done.success &= self.close_destination(destination);
        if !done.success && round.is_none() {
            self.skip_inline_data(query, copies);
        }
        done
    }

    /// Does with a result what was asked.
    pub(super) fn show_result(
        &mut self,
        result: QueryResult,
        last: bool,
        round: Option<&Round>,
        destination: &mut Destination,
    ) -> bool {
        let shows = last || self.variables.settings.show_all_results;
        match result {
            QueryResult::Rows(rows) => {
                let success = if last && self.request.set_prefix.is_some() {
                    self.keep_in_variables(&rows)
                } else if last && self.request.execute {
                    self.execute_values(&rows)
                } else if last && self.request.crosstab.is_some() {
                    self.show_crosstab(&rows)
                } else if shows {
                    self.show_rows(&rows, Part::WHOLE, round.map(|round| &round.print), destination)
                } else {
                    true
                };
                let tag = rows.tag();
                let changes = ["INSERT", "UPDATE", "DELETE", "MERGE"].iter().any(|name| tag.as_str().starts_with(name));
                if shows && changes {
                    self.tell_status(tag);
                }
                success
            }
            QueryResult::Command(tag) => {
                if shows {
                    self.tell_status(&tag);
                }
                true
            }
            QueryResult::Empty | QueryResult::Description(_) => true,
            _ => false,
        }
    }

    /// Shows rows that come in pieces; gives how many there were, and whether all went well. On a terminal one pager shows all of
    /// them: nobody knows yet how long they are.
    fn show_chunks(&mut self, first: Rows, destination: &mut Destination, done: &mut Executed) -> (u64, bool) {
        let paged = self.request.output.is_none() && self.output.is_stdout() && self.series_pager.is_none();
        if paged {
            self.output.flush();
            self.series_pager = Pager::open(self.print.pager, usize::MAX, 0);
        }
        let mut part = Part { first: true, last: false, prior_rows: 0 };
        let (mut rows, mut success, mut failure) = (first, true, None);
        loop {
            part.last = !rows.is_partial();
            success &= self.show_rows(&rows, part, None, destination);
            part.first = false;
            part.prior_rows += rows.len() as u64;
            if part.last {
                break;
            }
            match self.next_result() {
                Some(QueryResult::Rows(next)) => rows = next,
                other => {
                    success = false;
                    failure = other;
                    break;
                }
            }
        }
        if paged {
            self.series_pager = None;
        }
        if let Some(QueryResult::Error(error)) = failure {
            self.set_result_variables(Some(&error), None, false);
            self.report(error);
            done.success = false;
        }
        (part.prior_rows, success)
    }

    /// Prints rows.
    pub(super) fn show_rows(
        &mut self,
        rows: &Rows,
        part: Part,
        options: Option<&PrintOptions>,
        destination: &mut Destination,
    ) -> bool {
        if !self.open_destination(destination) {
            return false;
        }
        let mut table = Table::of_rows(rows);
        table.part = part;
        self.show(&table, options, destination.target.as_mut())
    }

    /// Opens what `\g` names, if it names something and that has not been done.
    pub(super) fn open_destination(&mut self, destination: &mut Destination) -> bool {
        if destination.target.is_some() || destination.failed {
            return !destination.failed;
        }
        let Some(name) = self.request.output.clone() else { return true };
        self.output.flush();
        match Target::open(&name) {
            Ok(target) => destination.target = Some(target),
            Err(e) => {
                self.error([&name[..], b": ", shell::reason(&e).as_bytes()].concat());
                destination.failed = true;
            }
        }
        !destination.failed
    }

    /// Closes what `\g` named.
    pub(super) fn close_destination(&mut self, destination: Destination) -> bool {
        match destination.target.map(Target::close) {
            Some(Ok(Some(status))) => self.set_shell_result(shell::exit_code(status)),
            Some(Ok(None)) | None => {}
            Some(Err(e)) => {
                self.error(format!("could not print result table: {}", shell::reason(&e)));
                return false;
            }
        }
        true
    }

    /// Tells a command's tag.
    pub(super) fn tell_status(&mut self, tag: &CommandTag) {
        if !self.variables.settings.quiet {
            match self.print.format {
                Format::Html => self.tell(format!("<p>{tag}</p>\n")),
                _ => self.tell(format!("{tag}\n")),
            }
        }
        if let Some(log) = &mut self.log_file {
            let _ = writeln!(log, "{tag}");
        }
        let oid = tag.as_str().strip_prefix("INSERT ").and_then(|rest| rest.split(' ').next()).unwrap_or("0");
        self.set_variable(b"LASTOID", oid.as_bytes());
    }

    /// Moves the data of a COPY; gives its tag unless that is not to be shown.
    fn copy_result(&mut self, result: QueryResult, destination: &mut Destination) -> (Option<CommandTag>, bool) {
        match result {
            QueryResult::CopyIn(info) => self.copy_in(&info),
            QueryResult::CopyOut(_) => self.copy_out(destination),
            _ => {
                self.error("unexpected PQresultStatus: 8");
                self.exit = Some(EXIT_BAD_CONNECTION);
                (None, false)
            }
        }
    }
}

impl Destination {
    /// What `\g` names, if it does.
    pub(super) fn target(&mut self) -> Option<&mut Target> {
        self.target.as_mut()
    }
}

/// A result's tag.
fn tag(result: &QueryResult) -> Option<&CommandTag> {
    match result {
        QueryResult::Rows(rows) => Some(rows.tag()),
        QueryResult::Command(tag) => Some(tag),
        _ => None,
    }
}
