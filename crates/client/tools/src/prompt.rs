//! Questions to the user.

use std::fs::OpenOptions;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::fd::AsFd;

use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

/// Asks on the terminal, or on standard error and input if there is none. `None` at the end of the input. Without `echo`, what
/// is typed is not shown.
pub(crate) fn ask(question: &str, echo: bool) -> Option<String> {
    let terminal = OpenOptions::new().read(true).write(true).open("/dev/tty");
    match terminal {
        Ok(mut terminal) => {
            let saved = if echo { None } else { tcgetattr(terminal.as_fd()).ok() };
            if let Some(saved) = &saved {
                let mut hidden = saved.clone();
                hidden.local_modes.remove(LocalModes::ECHO);
                let _ = tcsetattr(terminal.as_fd(), OptionalActions::Flush, &hidden);
            }
            let _ = terminal.write_all(question.as_bytes());
            let mut answer = String::new();
            let read = BufReader::new(&terminal).read_line(&mut answer);
            if let Some(saved) = &saved {
                let _ = tcsetattr(terminal.as_fd(), OptionalActions::Flush, saved);
                let _ = terminal.write_all(b"\n");
            }
            line(read, answer)
        }
        Err(_) => {
            eprint!("{question}");
            let answer = read_standard_input();
            if !echo {
                eprintln!();
            }
            answer
        }
    }
}

fn line(read: io::Result<usize>, answer: String) -> Option<String> {
    match read {
        Ok(1..) => Some(answer.trim_end_matches(['\n', '\r']).to_string()),
        _ => None,
    }
}

/// A line of standard input, and nothing beyond it: what follows may answer the next question.
fn read_standard_input() -> Option<String> {
    let mut bytes = Vec::new();
    let mut input = io::stdin().lock();
    let mut byte = [0];
    while let Ok(1) = input.read(&mut byte) {
        bytes.push(byte[0]);
        if byte[0] == b'\n' {
            break;
        }
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    line(Ok(bytes.len()), text)
}

/// Asks for yes or no until the answer is one; the end of the input is a no.
pub(crate) fn yes_or_no(question: &str) -> bool {
    loop {
        match ask(&format!("{question} (y/n) "), true).as_deref() {
            Some("y") => return true,
            Some("n") | None => return false,
            Some(_) => crate::tool::print("Please answer \"y\" or \"n\"."),
        }
    }
}
