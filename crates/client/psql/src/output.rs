//! Where results go: standard output, or the file or command that `\o` or `\g` names.
//!
//! Standard output is buffered as a whole, not by lines; it is flushed after each result and before anything is written to standard
//! error, so that both have one order where they go to one place.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::process::{Child, ChildStdin, ExitStatus, Stdio};

use sys::Signal;

use crate::shell;

/// A file or a command that results go to.
#[derive(Debug)]
pub enum Target {
    /// A file.
    File(BufWriter<File>),
    /// The standard input of a shell command.
    Pipe(Child, BufWriter<ChildStdin>),
}

impl Target {
    /// Opens the file, or starts the command if the name begins with `|`.
    ///
    /// # Errors
    /// The system's.
    pub fn open(name: &[u8]) -> io::Result<Target> {
        match name.strip_prefix(b"|") {
            Some(command) => {
                let mut child = shell::command(command).stdin(Stdio::piped()).spawn()?;
                let stdin = child.stdin.take().ok_or_else(|| io::Error::other("no pipe"))?;
                Ok(Target::Pipe(child, BufWriter::new(stdin)))
            }
            None => Ok(Target::File(BufWriter::with_capacity(1 << 16, File::create(shell::path(name))?))),
        }
    }

    /// Writes what is left. For a command, waits for its end and gives how it ended.
    ///
    /// # Errors
    /// The system's.
    pub fn close(self) -> io::Result<Option<ExitStatus>> {
        match self {
            Target::File(mut file) => file.flush().map(|()| None),
            Target::Pipe(mut child, mut stdin) => {
                // A command that has ended does not mind what it did not read.
                let _ = stdin.flush();
                drop(stdin);
                child.wait().map(Some)
            }
        }
    }
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Target::File(file) => file.write(bytes),
            Target::Pipe(_, stdin) => stdin.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Target::File(file) => file.flush(),
            Target::Pipe(_, stdin) => stdin.flush(),
        }
    }
}

/// Standard output itself. When nobody reads it any more, psql dies of SIGPIPE like any filter; the signal is ignored otherwise, so that
/// the end of a command that results go to is no reason to die.
#[derive(Debug)]
struct Stdout(File);

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes).inspect_err(|e| {
            if e.kind() == io::ErrorKind::BrokenPipe {
                sys::signal::restore_default(Signal::Pipe);
                let _ = sys::kill(sys::process::id(), Signal::Pipe);
            }
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Standard output, and what `\o` redirects results to.
#[derive(Debug)]
pub struct Output {
    stdout: BufWriter<Stdout>,
    redirected: Option<Target>,
}

impl Output {
    /// Results go to standard output.
    ///
    /// # Errors
    /// Standard output is closed.
    pub fn new() -> io::Result<Output> {
        let stdout = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdout(), 3)?;
        Ok(Output { stdout: BufWriter::with_capacity(1 << 16, Stdout(File::from(stdout))), redirected: None })
    }

    /// Where results go.
    pub fn results(&mut self) -> &mut dyn Write {
        match &mut self.redirected {
            Some(target) => target,
            None => &mut self.stdout,
        }
    }

    /// Whether results go to standard output.
    pub fn is_stdout(&self) -> bool {
        self.redirected.is_none()
    }

    /// Standard output itself.
    pub fn stdout(&mut self) -> &mut dyn Write {
        &mut self.stdout
    }

    /// Sends results elsewhere; gives where they went before.
    pub fn redirect(&mut self, target: Option<Target>) -> Option<Target> {
        std::mem::replace(&mut self.redirected, target)
    }

    /// Writes everything out.
    pub fn flush(&mut self) {
        let _ = self.stdout.flush();
        if let Some(target) = &mut self.redirected {
            let _ = target.flush();
        }
    }
}
