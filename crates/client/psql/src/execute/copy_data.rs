//! The data of COPY: between the connection and a script, a file or a command.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStdout};
use std::time::Duration;

use client::{CommandTag, CopyInfo, Format, QueryResult};
use sys::Signal;

use super::results::Destination;
use crate::interrupt::Waited;
use crate::lexer::{Continues, inline_copies};
use crate::output::{Output, Target};
use crate::session::Psql;
use crate::source::Reader;

/// Where `\copy` has its data come from or go to.
#[derive(Debug)]
pub enum CopyStream {
    /// From a file.
    File(File),
    /// From a command.
    Command(Child, ChildStdout),
    /// From or to psql's own standard input or output, whatever is being read or `\o` says.
    Standard,
    /// To a file or a command.
    To(Target),
}

/// Data are sent in pieces of about this size.
const PIECE: usize = 1 << 16;

impl Psql {
    /// Sends the data that COPY FROM STDIN waits for; gives its tag, and whether all went well.
    pub(super) fn copy_in(&mut self, info: &CopyInfo) -> (Option<CommandTag>, bool) {
        let mut stream = self.request.copy.take();
        let sent = match &mut stream {
            Some(CopyStream::File(file)) => self.send_all(file),
            Some(CopyStream::Command(child, output)) => {
                let sent = self.send_all(output);
                if self.interrupt.pressed() {
                    // If it was not the terminal, who told us did not tell it.
                    let _ = sys::process::kill(child.id() as i32, Signal::Int);
                } else if sent.is_ok() && child.wait().is_ok_and(|status| status.signal() == Some(Signal::Int.number()))
                {
                    // It saw Ctrl-C before we do, and what came is not all. Or the signal was for it alone.
                    if self.interrupt.wait(None, Some(Duration::from_secs(1))) != Waited::Interrupted {
                        self.interrupt.press();
                    }
                }
                sent
            }
            Some(CopyStream::Standard) if !self.reads_stdin() => self.send_stdin(),
            Some(CopyStream::Standard) | None if info.format == Format::Binary => self.send_stdin(),
            Some(CopyStream::Standard) | None => self.send_lines(),
            Some(CopyStream::To(_)) => Ok(()),
        };
        self.request.copy = stream;
        let (problem, mut success) = match &sent {
            Ok(()) if self.interrupt.pressed() => (Some("canceled by user"), false),
            Ok(()) => (None, true),
            Err(e) => {
                self.error(format!("could not read COPY data: {}", crate::shell::reason(e)));
                (Some("aborted because of read failure"), false)
            }
        };
        if let Some(connection) = &mut self.connection
            && let Err(error) = connection.put_copy_end(problem)
        {
            self.report(error.into());
            success = false;
        }
        self.copy_end(success)
    }

    /// Whether the script being read is standard input.
    fn reads_stdin(&self) -> bool {
        matches!(self.sources.last().map(|source| &source.reader), Some(Reader::Stdin))
    }

    fn put(&mut self, data: &[u8]) -> io::Result<()> {
        let Some(connection) = &mut self.connection else { return Ok(()) };
        connection.put_copy_data(data).map_err(|error| io::Error::other(error.message().to_string()))
    }

    /// Sends all that a file or a command gives.
    fn send_all(&mut self, from: &mut (impl Read + AsFd)) -> io::Result<()> {
        let mut piece = vec![0; PIECE];
        while self.interrupt.wait_for_input(from.as_fd()) {
            match from.read(&mut piece) {
                Ok(0) => break,
                Ok(len) => self.put(&piece[..len])?,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(())
    }

    /// Sends all of standard input that is left.
    fn send_stdin(&mut self) -> io::Result<()> {
        let read = self.stdin.buffer().to_vec();
        self.stdin.consume(read.len());
        self.put(&read)?;
        let mut file = self.stdin.get_ref().try_clone()?;
        self.send_all(&mut file)
    }

    /// Sends lines of the script being read, up to one with `\.` alone.
    fn send_lines(&mut self) -> io::Result<()> {
        let interactive = self.interactive();
        if interactive {
            self.say_unless_quiet(
                "Enter data to be copied followed by a newline.\n\
                 End with a backslash and a period on a line by itself, or an EOF signal.\n",
            );
        }
        let (mut line, mut piece) = (Vec::new(), Vec::with_capacity(PIECE + 1024));
        loop {
            if interactive {
                let prompt = self.prompt(Continues::Copy, true);
                self.say(prompt);
            }
            if !self.read_source_line(&mut line)? {
                break;
            }
            self.count_line();
            if is_end(&line) {
                break;
            }
            piece.extend_from_slice(&line);
            piece.push(b'\n');
            if piece.len() >= PIECE {
                self.put(&piece)?;
                piece.clear();
            }
        }
        // What was typed before Ctrl-C is not wanted.
        if self.interrupt.pressed() { Ok(()) } else { self.put(&piece) }
    }

    /// Skips the data that a script holds for statements COPY … FROM STDIN that were not executed, as an earlier one, or they
    /// themselves, failed. `done` of them were.
    pub(super) fn skip_inline_data(&mut self, query: &[u8], done: usize) {
        let from_script = self.request.copy.as_ref().is_none_or(|stream| match stream {
            CopyStream::Standard => self.reads_stdin(),
            _ => false,
        });
        if self.interactive() || self.sources.is_empty() || !from_script || self.exit.is_some() {
            return;
        }
        let copies = inline_copies(query, &self.encoding, self.standard_strings());
        let mut line = Vec::new();
        for _ in done..copies {
            while self.read_source_line(&mut line).unwrap_or(false) {
                self.count_line();
                if is_end(&line) {
                    break;
                }
            }
        }
    }

    /// A line of data has been read from the script.
    fn count_line(&mut self) {
        if let Some(source) = self.sources.last_mut() {
            source.line += 1;
            source.statement_line += 1;
        }
    }

    /// Writes the data that COPY TO STDOUT sends; gives its tag if that is to be shown.
    pub(super) fn copy_out(&mut self, destination: &mut Destination) -> (Option<CommandTag>, bool) {
        let mut stream = self.request.copy.take();
        let (mut success, mut write_failed) = (true, false);
        // The tag is not shown where the data went.
        let mut shows_tag = true;
        if stream.is_none() {
            success = self.open_destination(destination);
            shows_tag = destination.target().is_some();
        }
        if matches!(stream, Some(CopyStream::Standard)) {
            shows_tag = !self.output.is_stdout();
        }
        let (mut problem, mut row) = (None, Vec::new());
        while let Some(connection) = &mut self.connection {
            row.clear();
            match connection.get_copy_data() {
                Ok(Some(data)) => row.extend_from_slice(data),
                Ok(None) => break,
                Err(error) => {
                    problem = Some(error);
                    break;
                }
            }
            // What triggers say stands among the rows.
            self.show_notices();
            if success && !write_failed && !self.interrupt.pressed() {
                write_failed = copy_target(&mut stream, destination, &mut self.output).write_all(&row).is_err();
            }
        }
        self.show_notices();
        if let Err(e) = copy_target(&mut stream, destination, &mut self.output).flush() {
            write_failed = true;
            self.error(format!("could not write COPY data: {}", crate::shell::reason(&e)));
        }
        self.request.copy = stream;
        if let Some(error) = problem {
            self.report(error.into());
            success = false;
        }
        let (tag, ended) = self.copy_end(success && !write_failed);
        (tag.filter(|_| shows_tag), ended)
    }

    /// What the server says at the end of a COPY.
    fn copy_end(&mut self, mut success: bool) -> (Option<CommandTag>, bool) {
        // While the COPY is still under way, something went wrong with ending it.
        for _ in 0..2 {
            match self.next_result() {
                Some(QueryResult::CopyIn(_)) => {
                    success = false;
                    let _ = self.connection.as_mut().map(|c| c.put_copy_end(Some("trying to exit copy mode")));
                }
                Some(QueryResult::Command(tag)) => return (Some(tag), success),
                Some(QueryResult::Error(error)) => {
                    self.set_result_variables(Some(&error), None, false);
                    self.report(error);
                    return (None, false);
                }
                _ => break,
            }
        }
        (None, false)
    }
}

/// Where the data of COPY TO STDOUT go.
fn copy_target<'a>(
    stream: &'a mut Option<CopyStream>,
    destination: &'a mut Destination,
    output: &'a mut Output,
) -> &'a mut dyn Write {
    match (stream, destination.target()) {
        (Some(CopyStream::To(target)), _) => target,
        (Some(CopyStream::Standard), _) => output.stdout(),
        (_, Some(target)) => target,
        (_, None) => output.results(),
    }
}

/// Whether a line ends the data in a script.
fn is_end(line: &[u8]) -> bool {
    line == b"\\." || line == b"\\.\r"
}

impl CopyStream {
    /// The output of a command.
    ///
    /// # Errors
    /// The system's.
    pub fn from_command(command: &[u8]) -> io::Result<CopyStream> {
        let mut child = crate::shell::command(command).stdout(std::process::Stdio::piped()).spawn()?;
        let output = child.stdout.take().ok_or_else(|| io::Error::other("no pipe"))?;
        Ok(CopyStream::Command(child, output))
    }
}

/// Standard input as the session holds it.
pub fn stdin() -> io::Result<BufReader<File>> {
    let fd = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdin(), 3)?;
    Ok(BufReader::new(File::from(fd)))
}
