//! What the next statement shall do: `\g` and its kin, `\bind` and its kin leave it here, and `execute` takes it.

use std::collections::VecDeque;

use crate::execute::CopyStream;
use crate::print::PrintOptions;

/// How a statement is sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Send {
    /// By the simple protocol (in a pipeline, by the extended one).
    #[default]
    Simple,
    /// `\parse`: it is only prepared, under this name.
    Parse(Vec<u8>),
    /// `\bind`: with these parameters.
    Bind(Vec<Vec<u8>>),
    /// `\bind_named`: the prepared statement of this name, with these parameters.
    BindNamed(Vec<u8>, Vec<Vec<u8>>),
    /// `\close_prepared`
    Close(Vec<u8>),
    /// `\startpipeline`
    StartPipeline,
    /// `\endpipeline`
    EndPipeline,
    /// `\syncpipeline`
    Sync,
    /// `\flush`
    Flush,
    /// `\flushrequest`
    FlushRequest,
    /// `\getresults`: so many results, or all (0).
    GetResults(usize),
}

/// What is to be done with a statement's result.
#[derive(Debug, Default)]
pub struct Request {
    /// How it is sent.
    pub send: Send,
    /// `\g FILE` or `\g |COMMAND`
    pub output: Option<Vec<u8>>,
    /// The print options to go back to: `\g (…)` and `\gx` changed them for one statement.
    pub saved_print: Option<Box<PrintOptions>>,
    /// `\gset`: into variables whose names begin so.
    pub set_prefix: Option<Vec<u8>>,
    /// `\gdesc`
    pub describe: bool,
    /// `\gexec`
    pub execute: bool,
    /// `\crosstabview`, with its arguments.
    pub crosstab: Option<Vec<Vec<u8>>>,
    /// `\copy`: where the data come from or go to.
    pub copy: Option<CopyStream>,
}

/// What has been sent in pipeline mode, and not been read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// A command.
    Command,
    /// A synchronisation point.
    Sync,
}

/// What is under way in pipeline mode.
#[derive(Clone, Debug, Default)]
pub struct Pipeline {
    queue: VecDeque<Sent>,
    /// How many of the queue, from its front, have results that will come.
    readable: usize,
    /// What psql has complained about in this pipeline so far: later complaints repeat it.
    pub complaints: String,
}

impl Pipeline {
    /// A command has been sent.
    pub fn command(&mut self) {
        self.queue.push_back(Sent::Command);
    }

    /// A synchronisation point has been sent: the server will answer everything up to it.
    pub fn sync(&mut self) {
        self.queue.push_back(Sent::Sync);
        self.readable = self.queue.len();
    }

    /// The server was asked to answer everything so far.
    pub fn make_readable(&mut self) {
        self.readable = self.queue.len();
    }

    /// How many results can be read, those of synchronisation points included.
    pub fn readable(&self) -> usize {
        self.readable
    }

    /// Takes what the next result belongs to.
    pub fn next(&mut self) -> Option<Sent> {
        self.readable = self.readable.checked_sub(1)?;
        self.complaints.clear();
        self.queue.pop_front()
    }

    /// Synchronisation points whose results are not read.
    pub fn syncs(&self) -> usize {
        self.queue.iter().filter(|sent| **sent == Sent::Sync).count()
    }

    /// Commands whose results do not come yet.
    pub fn unreadable(&self) -> usize {
        self.queue.len() - self.readable
    }

    /// Commands whose results can be read.
    pub fn results(&self) -> usize {
        self.queue.iter().take(self.readable).filter(|sent| **sent == Sent::Command).count()
    }
}
