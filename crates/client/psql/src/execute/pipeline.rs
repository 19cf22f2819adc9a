//! Pipeline mode: commands are sent without waiting for their results, which are read when the user asks for them.
//!
//! The session keeps a queue of what has been sent, so that it knows what the next result belongs to: a command, or a
//! synchronisation point (whose result may be an error, of a transaction that failed at its end).

use client::{PipelineStatus, QueryResult};

use super::results::Destination;
use crate::request::{Send, Sent};
use crate::session::{EXIT_BAD_CONNECTION, Psql};

impl Psql {
    /// Does in pipeline mode what was asked; gives whether it succeeded.
    pub(super) fn execute_piped(&mut self, query: &[u8]) -> bool {
        let success = self.piped(query);
        self.set_pipeline_variables();
        success
    }

    fn piped(&mut self, query: &[u8]) -> bool {
        let Some(connection) = &mut self.connection else { return false };
        let (mut wanted, mut ends) = (0, false);
        let sent = match self.request.send {
            Send::StartPipeline => connection.enter_pipeline(),
            Send::EndPipeline => {
                ends = true;
                connection.pipeline_sync()
            }
            Send::Sync => connection.queue_pipeline_sync(),
            Send::Flush => connection.flush(),
            Send::FlushRequest => connection.send_flush_request(),
            Send::GetResults(count) => {
                let known = self.pipeline.readable();
                if known == 0 {
                    self.info("No pending results to get");
                    return false;
                }
                wanted = if count == 0 { known } else { count.min(known) };
                connection.flush()
            }
            _ => self.send_request(query),
        };
        if let Err(error) = sent {
            self.report(error.into());
            self.check_connection();
            return false;
        }
        match self.request.send {
            Send::EndPipeline | Send::Sync => {
                self.pipeline.sync();
                if ends {
                    wanted = self.pipeline.readable();
                }
            }
            Send::FlushRequest => self.pipeline.make_readable(),
            Send::StartPipeline | Send::Flush | Send::GetResults(_) => {}
            _ => self.pipeline.command(),
        }
        let success = wanted == 0 || self.read_piped(wanted);
        if ends && let Some(connection) = &mut self.connection {
            let left = connection.exit_pipeline();
            self.pipeline = Default::default();
            if let Err(error) = left {
                self.report(error.into());
                return false;
            }
        }
        success
    }

    /// Reads so many results.
    fn read_piped(&mut self, wanted: usize) -> bool {
        let fetch_count = self.variables.settings.fetch_count;
        if fetch_count > 0
            && let Some(connection) = &mut self.connection
            && !connection.set_chunked_rows(fetch_count as usize)
        {
            self.warn("fetching results in chunked mode failed");
        }
        let (mut success, mut told) = (true, false);
        for _ in 0..wanted {
            match self.pipeline.next() {
                Some(Sent::Command) => success &= self.read_command(&mut told),
                Some(Sent::Sync) => {
                    success &= self.read_sync();
                    told = false;
                }
                None => break,
            }
            if self.exit.is_some() || self.connection.as_ref().is_none_or(|connection| connection.is_broken()) {
                return false;
            }
        }
        success
    }

    /// Reads and shows the results of one command. `told`: the user knows that the pipeline is aborted.
    fn read_command(&mut self, told: &mut bool) -> bool {
        let (mut success, mut destination) = (true, Destination::default());
        let mut chunks = None;
        while let Some(result) = self.next_result() {
            match result {
                QueryResult::Error(error) => {
                    *told = true;
                    success = false;
                    self.set_result_variables(Some(&error), None, false);
                    self.report(error);
                }
                QueryResult::PipelineAborted => {
                    success = false;
                    if !*told {
                        self.set_result_variables(None, None, false);
                        self.info("Pipeline aborted, command did not run");
                    }
                    *told = true;
                }
                QueryResult::CopyIn(_) | QueryResult::CopyOut(_) | QueryResult::CopyBoth(_) => {
                    self.info("COPY in a pipeline is not supported, aborting connection");
                    self.exit = Some(EXIT_BAD_CONNECTION);
                    return false;
                }
                QueryResult::Rows(rows) if rows.is_partial() || chunks.is_some() => {
                    let part = chunks.get_or_insert(crate::print::Part { first: true, last: false, prior_rows: 0 });
                    part.last = !rows.is_partial();
                    let shown = *part;
                    (part.first, part.prior_rows) = (false, part.prior_rows + rows.len() as u64);
                    let count = part.prior_rows;
                    success &= self.show_rows(&rows, shown, None, &mut destination);
                    self.set_result_variables(None, Some(count), success);
                }
                result => {
                    let rows = match &result {
                        QueryResult::Rows(rows) => Some(rows.len() as u64),
                        QueryResult::Command(tag) => tag.rows(),
                        _ => None,
                    };
                    success &= self.show_piped(result, &mut destination);
                    self.set_result_variables(None, rows, success);
                }
            }
            if self.connection.as_ref().is_none_or(|connection| connection.is_broken()) {
                break;
            }
        }
        success
    }

    /// Reads the result of a synchronisation point; before it may come the error of a transaction that could not commit.
    fn read_sync(&mut self) -> bool {
        let mut success = true;
        // An error, the end of its results, and the point itself are three results at most.
        for _ in 0..4 {
            match self.next_result() {
                Some(QueryResult::PipelineSync) => break,
                Some(QueryResult::Error(error)) => {
                    success = false;
                    self.set_result_variables(Some(&error), None, false);
                    self.report(error);
                }
                _ => {}
            }
        }
        success
    }

    /// Shows a result that came through a pipeline.
    fn show_piped(&mut self, result: QueryResult, destination: &mut Destination) -> bool {
        match &result {
            QueryResult::Command(tag) if tag.as_str().is_empty() => true,
            _ => self.show_result(result, true, None, destination),
        }
    }

    /// Shows in variables what is under way.
    fn set_pipeline_variables(&mut self) {
        let pipeline = &self.pipeline;
        let counts = [
            ("PIPELINE_SYNC_COUNT", pipeline.syncs()),
            ("PIPELINE_COMMAND_COUNT", pipeline.unreadable()),
            ("PIPELINE_RESULT_COUNT", pipeline.results()),
        ];
        for (name, count) in counts {
            self.set_variable(name.as_bytes(), count.to_string().as_bytes());
        }
    }

    /// Whether commands are being collected.
    pub fn in_pipeline(&self) -> bool {
        self.pipeline_status() != PipelineStatus::Off
    }
}
