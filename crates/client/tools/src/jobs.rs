//! Commands on several connections at once.

use std::collections::VecDeque;

use client::QueryResult;
use rustix::event::{PollFd, PollFlags, poll};

use crate::session::{Access, Session};
use crate::tool::{Exit, Tool};

/// Connections that run commands, each one at a time.
pub(crate) struct Jobs<'a> {
    tool: &'a Tool,
    sessions: Vec<Session<'a>>,
    busy: Vec<bool>,
    /// The SQLSTATE that does not stop the others: what is to be worked on may be gone by now.
    ignored: Option<&'static str>,
}

impl<'a> Jobs<'a> {
    /// Opens as many connections to the database of `first` as are wanted, that one included; `begin` runs on each.
    pub(crate) fn new(
        first: Session<'a>,
        tool: &'a Tool,
        access: &Access,
        dbname: &str,
        wanted: usize,
        ignored: Option<&'static str>,
        begin: Option<&str>,
    ) -> Result<Jobs<'a>, Exit> {
        let name = first.dbname();
        let mut sessions = vec![first];
        while sessions.len() < wanted {
            sessions.push(access.connect(tool, dbname, Some(&name))?);
        }
        if let Some(begin) = begin {
            for session in &mut sessions {
                session.run(begin).map_err(|error| tool.error(&format!("query failed: {error}")))?;
            }
        }
        let busy = vec![false; sessions.len()];
        Ok(Jobs { tool, sessions, busy, ignored })
    }

    /// Runs all commands, in this order as connections become free; whether all went well.
    pub(crate) fn run(&mut self, commands: impl IntoIterator<Item = String>) -> Result<(), Exit> {
        let mut commands: VecDeque<String> = commands.into_iter().collect();
        while let Some(command) = commands.pop_front() {
            let free = self.free()?;
            self.sessions[free].show(&command);
            if let Err(error) = self.sessions[free].connection.send_query(&command) {
                return Err(self.failed(error.message()));
            }
            self.busy[free] = true;
        }
        while self.busy.contains(&true) {
            self.wait()?;
        }
        Ok(())
    }

    fn failed(&self, text: &str) -> Exit {
        let name = self.sessions[0].dbname();
        self.tool.error(&format!("processing of database \"{name}\" failed: {text}"))
    }

    /// A connection that is free, waiting for one if need be.
    fn free(&mut self) -> Result<usize, Exit> {
        loop {
            if let Some(free) = self.busy.iter().position(|busy| !busy) {
                return Ok(free);
            }
            self.wait()?;
        }
    }

    /// Waits until a busy connection has something to say, and takes the results that are complete.
    fn wait(&mut self) -> Result<(), Exit> {
        let busy: Vec<usize> = (0..self.sessions.len()).filter(|&n| self.busy[n]).collect();
        let sockets: Vec<_> = busy.iter().map(|&n| self.sessions[n].connection.socket()).collect();
        let mut fds: Vec<PollFd<'_>> =
            sockets.iter().map(|socket| PollFd::from_borrowed_fd(*socket, PollFlags::IN)).collect();
        let _ = poll(&mut fds, None);
        let ready: Vec<usize> =
            busy.iter().zip(&fds).filter(|(_, fd)| !fd.revents().is_empty()).map(|(&n, _)| n).collect();
        drop(fds);
        for n in ready {
            // A lost connection shows among the results.
            let _ = self.sessions[n].connection.consume_input();
            while !self.sessions[n].connection.is_busy() {
                match self.sessions[n].connection.next_result() {
                    None => {
                        self.busy[n] = false;
                        break;
                    }
                    Some(QueryResult::Error(error)) => {
                        let exit = self.failed(&error.to_string());
                        if self.ignored != Some(&*error.sqlstate()) {
                            return Err(exit);
                        }
                    }
                    Some(_) => (),
                }
            }
        }
        Ok(())
    }

    /// The first connection.
    pub(crate) fn first(&mut self) -> &mut Session<'a> {
        &mut self.sessions[0]
    }
}
