//! Where a script's lines come from.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::os::fd::AsFd;

use crate::interrupt::Interrupt;
use crate::session::Psql;

/// What lines are read from.
#[derive(Debug)]
pub enum Reader {
    /// Standard input, which the session holds.
    Stdin,
    /// A file.
    File(BufReader<File>),
}

/// A script being read.
#[derive(Debug)]
pub struct Source {
    /// Its name in messages; standard input without `-f` has none.
    pub name: Option<Vec<u8>>,
    /// Its lines.
    pub reader: Reader,
    /// The number of the line read last.
    pub line: u64,
    /// The number of the line within the statement being read.
    pub statement_line: u64,
    /// Whether a person types it.
    pub interactive: bool,
}

impl Source {
    /// A script that begins.
    pub fn new(name: Option<Vec<u8>>, reader: Reader, interactive: bool) -> Source {
        Source { name, reader, line: 0, statement_line: 1, interactive }
    }
}

/// Reads a line without its newline into `line`; gives false at the end, and if Ctrl-C was pressed meanwhile.
fn read_line(from: &mut BufReader<File>, line: &mut Vec<u8>, interrupt: &Interrupt) -> io::Result<bool> {
    line.clear();
    loop {
        let buffered = from.buffer().len();
        if buffered == 0 {
            if !interrupt.wait_for_input(from.get_ref().as_fd()) {
                line.clear();
                return Ok(false);
            }
            if from.fill_buf()?.is_empty() {
                return Ok(!line.is_empty());
            }
            continue;
        }
        from.by_ref().take(buffered as u64).read_until(b'\n', line)?;
        if line.last() == Some(&b'\n') {
            line.pop();
            return Ok(true);
        }
    }
}

impl Psql {
    /// Reads a line of standard input; false at the end, and if Ctrl-C was pressed meanwhile.
    ///
    /// # Errors
    /// The system's.
    pub fn read_stdin_line(&mut self, line: &mut Vec<u8>) -> io::Result<bool> {
        read_line(&mut self.stdin, line, &self.interrupt)
    }

    /// Reads a line of the script being read, without its newline; false at its end, and if Ctrl-C was pressed meanwhile.
    ///
    /// # Errors
    /// The system's.
    pub fn read_source_line(&mut self, line: &mut Vec<u8>) -> io::Result<bool> {
        match self.sources.last_mut().map(|source| &mut source.reader) {
            Some(Reader::File(file)) => read_line(file, line, &self.interrupt),
            Some(Reader::Stdin) => self.read_stdin_line(line),
            None => Ok(false),
        }
    }
}
