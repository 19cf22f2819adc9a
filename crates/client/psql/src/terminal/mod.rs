//! The line editor: reading what a person types.
//!
//! A thin layer over rustyline: it lends the session to the completion while a line is edited, keeps the history in the form
//! that psql's users have in their homes, and tells Ctrl-C and Ctrl-D from text. Standard input that is no terminal never
//! comes here. Questions outside of the editor are in [`crate::question`].
//!
//! Invariant: between two calls the terminal is in the state in which psql found it, so that programs it starts (editors,
//! pagers, shells) find a terminal as they expect it, and Ctrl-C during a query is a signal again.

mod history;

use std::cell::RefCell;
use std::io;
use std::rc::Rc;

use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::{CompletionType, Config, Context, EditMode, Editor};

use crate::complete::{self, Source};

pub(crate) use history::History;

/// What came from the person at the terminal.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// Text, without the newline at its end; with newlines in it if it was recalled or pasted so.
    Text(Vec<u8>),
    /// Ctrl-C.
    Interrupted,
    /// Ctrl-D on an empty line, or the terminal is gone.
    End,
}

/// The line editor with its history. `S` is what it lends to the completion.
pub(crate) struct Terminal<S: Source> {
    editor: Editor<Lender<S>, History>,
}

impl<S: Source> Terminal<S> {
    /// An editor for standard input and output, which are a terminal, with this history.
    pub(crate) fn new(history: History) -> io::Result<Terminal<S>> {
        let config = Config::builder()
            .completion_type(CompletionType::List)
            .edit_mode(if wants_vi(&inputrc()) { EditMode::Vi } else { EditMode::Emacs })
            .auto_add_history(false)
            .build();
        let mut editor = Editor::with_history(config, history).map_err(to_io)?;
        editor.set_helper(Some(Lender { source: None }));
        Ok(Terminal { editor })
    }

    /// Asks for a line. `source` is lent to the completion meanwhile.
    ///
    /// Between the characters of code 1 and 2 in `prompt` stands what takes no room on the screen (psql's `%[ … %]`).
    pub(crate) fn read_line(&mut self, prompt: &str, source: &Rc<RefCell<S>>) -> io::Result<Line> {
        let prompt = split_prompt(prompt);
        self.lend(Some(source.clone()));
        let line = loop {
            match self.editor.readline(&prompt) {
                Ok(text) => break Ok(Line::Text(text.into_bytes())),
                Err(ReadlineError::Interrupted) => break Ok(Line::Interrupted),
                Err(ReadlineError::Eof) => break Ok(Line::End),
                // Another process sent the signal: the same as the key.
                Err(ReadlineError::Signal(rustyline::error::Signal::Interrupt)) => break Ok(Line::Interrupted),
                Err(ReadlineError::Signal(_)) => (),
                Err(error) => break Err(to_io(error)),
            }
        };
        self.lend(None);
        line
    }

    fn lend(&mut self, source: Option<Rc<RefCell<S>>>) {
        if let Some(lender) = self.editor.helper_mut() {
            lender.source = source;
        }
    }

    /// What was typed before.
    pub(crate) fn history(&mut self) -> &mut History {
        self.editor.history_mut()
    }
}

fn to_io(error: ReadlineError) -> io::Error {
    match error {
        ReadlineError::Io(error) => error,
        ReadlineError::Errno(number) => io::Error::from_raw_os_error(number as i32),
        other => io::Error::other(other.to_string()),
    }
}

/// The prompt as it is measured, and as it is shown.
fn split_prompt(prompt: &str) -> (String, String) {
    let (mut measured, mut shown, mut is_invisible) = (String::new(), String::new(), false);
    for c in prompt.chars() {
        match c {
            '\u{1}' => is_invisible = true,
            '\u{2}' => is_invisible = false,
            c => {
                shown.push(c);
                if !is_invisible {
                    measured.push(c);
                }
            }
        }
    }
    (measured, shown)
}

/// The user's settings of readline.
fn inputrc() -> String {
    let path = std::env::var_os("INPUTRC").map(std::path::PathBuf::from).or_else(|| {
        let home = std::env::var_os("HOME")?;
        Some(std::path::Path::new(&home).join(".inputrc"))
    });
    path.and_then(|path| std::fs::read_to_string(path).ok()).unwrap_or_default()
}

/// Whether a file of readline's settings asks for the keys of vi; its other settings are not ours.
fn wants_vi(inputrc: &str) -> bool {
    let mut modes = inputrc.lines().filter_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            ["set", "editing-mode", mode, ..] => Some(mode),
            _ => None,
        }
    });
    modes.next_back() == Some("vi")
}

/// Holds the session while a line is edited.
struct Lender<S> {
    source: Option<Rc<RefCell<S>>>,
}

impl<S: Source> Completer for Lender<S> {
    type Candidate = complete::Candidate;

    fn complete(
        &self,
        line: &str,
        position: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<complete::Candidate>)> {
        let Some(source) = &self.source else { return Ok((position, Vec::new())) };
        let mut source = source.borrow_mut();
        let found = complete::complete(line, position, &mut *source);
        source.done();
        Ok(found)
    }
}

impl rustyline::completion::Candidate for complete::Candidate {
    fn display(&self) -> &str {
        &self.shown
    }

    fn replacement(&self) -> &str {
        &self.text
    }
}

impl<S> rustyline::hint::Hinter for Lender<S> {
    type Hint = String;
}
impl<S> rustyline::highlight::Highlighter for Lender<S> {}
impl<S> rustyline::validate::Validator for Lender<S> {}
impl<S: Source> rustyline::Helper for Lender<S> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invisible_parts_of_a_prompt_take_no_room() {
        assert_eq!(split_prompt("a\u{1}\x1b[1m\u{2}b"), ("ab".into(), "a\x1b[1mb".into()));
    }

    #[test]
    fn the_last_mode_of_inputrc_counts() {
        assert!(wants_vi("set editing-mode emacs\n  set editing-mode vi\n"));
        assert!(!wants_vi("# set editing-mode vi\nset editing-mode vi\nset editing-mode emacs"));
        assert!(!wants_vi(""));
    }
}
