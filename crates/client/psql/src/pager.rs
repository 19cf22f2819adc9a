//! Long output goes through a pager, as the person at the terminal wishes.
//!
//! Whoever prints says how many lines it is about to write; [`Pager::open`] decides and gives something to write to. A pager that is
//! left early (`q`) is no error: what comes after it is dropped.

use std::io::{self, IsTerminal, Write};
use std::process::{Child, Stdio};

use rustix::termios::tcgetwinsize;

use crate::print::PagerUse;
use crate::shell;

/// Which program shows the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// `PSQL_PAGER`, or else `PAGER`, or else `less` or `more`.
    Output,
    /// `PSQL_WATCH_PAGER`, for all output of a `\watch`; without it none.
    Watch,
}

/// The program for `purpose`, if there is one; a value of blanks means that none is wanted.
pub(crate) fn program(purpose: Purpose) -> Option<String> {
    let variable = |name: &str| std::env::var(name).ok();
    let program = match purpose {
        Purpose::Output => {
            let set = variable("PSQL_PAGER").or_else(|| variable("PAGER"));
            set.or_else(|| {
                let path = std::env::var_os("PATH").unwrap_or_default();
                let is_there =
                    |name: &&str| std::env::split_paths(&path).any(|directory| directory.join(name).is_file());
                ["less", "more"].into_iter().find(is_there).map(str::to_owned)
            })
        }
        Purpose::Watch => variable("PSQL_WATCH_PAGER"),
    };
    program.filter(|program| !program.trim().is_empty())
}

/// Whether `lines` lines are so many that they go to the pager: on a terminal, if the setting says so, they are at least `min_lines`, and
/// do not fit on the screen.
pub(crate) fn is_wanted(when: PagerUse, lines: usize, min_lines: usize) -> bool {
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return false;
    }
    decide(when, lines, min_lines, tcgetwinsize(io::stdout()).map_or(0, |size| usize::from(size.ws_row)))
}

fn decide(when: PagerUse, lines: usize, min_lines: usize, screen_lines: usize) -> bool {
    match when {
        PagerUse::Off => false,
        PagerUse::LongOutput => lines >= screen_lines && lines >= min_lines,
        PagerUse::Always => true,
    }
}

/// The columns of the terminal on standard output, if it is one.
pub(crate) fn screen_columns() -> Option<usize> {
    let size = tcgetwinsize(io::stdout()).ok()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

/// A running pager. Writing to it after the person has left it succeeds and does nothing.
#[derive(Debug)]
pub(crate) struct Pager {
    child: Child,
    is_gone: bool,
}

impl Pager {
    /// Starts the program of `purpose`; `None` if there is none or it cannot be started: write to standard output then.
    pub(crate) fn start(purpose: Purpose) -> Option<Pager> {
        let program = program(purpose)?;
        let _ = io::stdout().flush();
        let child = shell::command(program.as_bytes()).stdin(Stdio::piped()).spawn().ok()?;
        Some(Pager { child, is_gone: false })
    }

    /// A pager for so many lines if they are wanted in one (see [`is_wanted`]).
    pub(crate) fn open(when: PagerUse, lines: usize, min_lines: usize) -> Option<Pager> {
        if is_wanted(when, lines, min_lines) { Pager::start(Purpose::Output) } else { None }
    }

    /// Whether it still reads.
    pub(crate) fn is_gone(&self) -> bool {
        self.is_gone
    }
}

impl Write for Pager {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.child.stdin {
            Some(pipe) if !self.is_gone => match pipe.write(bytes) {
                Err(e) if e.kind() == io::ErrorKind::BrokenPipe => self.is_gone = true,
                result => return result,
            },
            _ => (),
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.child.stdin {
            Some(pipe) => pipe.flush(),
            None => Ok(()),
        }
    }
}

impl Drop for Pager {
    /// Ends its input and waits until the person has left it.
    fn drop(&mut self) {
        self.child.stdin = None;
        while let Err(e) = self.child.wait() {
            if e.kind() != io::ErrorKind::Interrupted {
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_screen_decides() {
        assert!(!decide(PagerUse::Off, 1000, 0, 24));
        assert!(decide(PagerUse::Always, 1, 0, 24));
        assert!(!decide(PagerUse::LongOutput, 23, 0, 24) && decide(PagerUse::LongOutput, 24, 0, 24));
        assert!(!decide(PagerUse::LongOutput, 24, 30, 24) && decide(PagerUse::LongOutput, usize::MAX, 30, 24));
    }

    #[test]
    fn a_pager_that_is_left_takes_all() {
        let child = shell::command(b"exit 0").stdin(Stdio::piped()).spawn().unwrap();
        let mut pager = Pager { child, is_gone: false };
        for _ in 0..1000 {
            pager.write_all(&[b'x'; 1000]).unwrap();
        }
        assert!(pager.is_gone());
        pager.flush().unwrap();
    }
}
