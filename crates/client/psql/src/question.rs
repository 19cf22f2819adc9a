//! Questions on the terminal outside of the line editor: passwords, names, yes or no; of psql and of other tools.

use std::fs::OpenOptions;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

/// No line typed by hand is longer than this.
const MAX_LINE: usize = 64 << 20;

/// Asks on the terminal (or, if there is none, on standard error and input), and gives the answer without its newline; `None` at the
/// end of input. `echo` is off for passwords. `wait` waits until there is something to read, and gives false if Ctrl-C came instead:
/// then there is no answer either. The terminal is as before whatever happens.
///
/// # Errors
/// The system's.
pub fn ask(prompt: &str, echo: bool, wait: impl Fn(BorrowedFd<'_>) -> bool) -> io::Result<Option<String>> {
    match OpenOptions::new().read(true).write(true).open("/dev/tty") {
        Ok(terminal) => ask_on(terminal.as_fd(), terminal.as_fd(), prompt, echo, wait),
        Err(_) => ask_on(io::stdin().as_fd(), io::stderr().as_fd(), prompt, echo, wait),
    }
}

fn ask_on(
    input: BorrowedFd<'_>,
    output: BorrowedFd<'_>,
    prompt: &str,
    echo: bool,
    wait: impl Fn(BorrowedFd<'_>) -> bool,
) -> io::Result<Option<String>> {
    let silence = if echo { None } else { Silence::on(input) };
    write_all(output, prompt.as_bytes())?;
    let line = if wait(input) { read_line(input) } else { Ok(None) };
    drop(silence);
    if !echo {
        write_all(output, b"\n")?;
    }
    Ok(line?.map(|line| String::from_utf8_lossy(&line).trim_end_matches(['\n', '\r']).to_string()))
}

/// A line with its newline, byte by byte, so that nothing behind it is taken away from a program that reads on; `None` at the end.
fn read_line(input: BorrowedFd<'_>) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    let mut byte = [0];
    while line.len() < MAX_LINE {
        match rustix::io::read(input, &mut byte)? {
            0 if line.is_empty() => return Ok(None),
            0 => break,
            _ => line.push(byte[0]),
        }
        if byte[0] == b'\n' {
            break;
        }
    }
    Ok(Some(line))
}

fn write_all(output: BorrowedFd<'_>, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        let written = rustix::io::write(output, bytes)?;
        bytes = &bytes[written..];
    }
    Ok(())
}

/// While it lives, a terminal does not show what is typed.
struct Silence<'a> {
    terminal: BorrowedFd<'a>,
    before: Termios,
}

impl<'a> Silence<'a> {
    /// `None` if this is no terminal.
    fn on(terminal: BorrowedFd<'a>) -> Option<Silence<'a>> {
        let before = tcgetattr(terminal).ok()?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        tcsetattr(terminal, OptionalActions::Flush, &silent).ok()?;
        Some(Silence { terminal, before })
    }
}

impl Drop for Silence<'_> {
    fn drop(&mut self) {
        let _ = tcsetattr(self.terminal, OptionalActions::Flush, &self.before);
    }
}

/// While it lives, Ctrl-C at the terminal is a signal, although a line is being edited.
pub(crate) struct SignalKeys(Option<Termios>);

impl SignalKeys {
    pub(crate) fn on() -> SignalKeys {
        let before = tcgetattr(io::stdin()).ok();
        if let Some(before) = &before {
            let mut with = before.clone();
            with.local_modes.insert(LocalModes::ISIG);
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, &with);
        }
        SignalKeys(before)
    }
}

impl Drop for SignalKeys {
    fn drop(&mut self) {
        if let Some(before) = &self.0 {
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, before);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_one_at_a_time() {
        let (reader, writer) = rustix::pipe::pipe().unwrap();
        write_all(writer.as_fd(), b"one\ntwo").unwrap();
        drop(writer);
        assert_eq!(read_line(reader.as_fd()).unwrap().unwrap(), b"one\n");
        assert_eq!(read_line(reader.as_fd()).unwrap().unwrap(), b"two");
        assert_eq!(read_line(reader.as_fd()).unwrap(), None);
    }

    #[test]
    fn what_is_no_terminal_can_answer_too() {
        let (reader, writer) = rustix::pipe::pipe().unwrap();
        let (prompts, prompt_writer) = rustix::pipe::pipe().unwrap();
        write_all(writer.as_fd(), b"secret\n").unwrap();
        let answer = ask_on(reader.as_fd(), prompt_writer.as_fd(), "Password: ", false, |_| true);
        assert_eq!(answer.unwrap().as_deref(), Some("secret"));
        let answer = ask_on(reader.as_fd(), prompt_writer.as_fd(), "", true, |_| false);
        assert_eq!(answer.unwrap(), None);
        let mut shown = [0; 32];
        let length = rustix::io::read(&prompts, &mut shown).unwrap();
        assert_eq!(&shown[..length], b"Password: \n");
    }
}
