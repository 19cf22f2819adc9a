//! A person at the terminal: lines that can be edited, a history, questions, long output in a pager.

use std::cell::RefCell;
use std::ffi::OsStr;
use std::io::{self, BufWriter, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::rc::Rc;

use client::{Connection, PipelineStatus, TransactionStatus};

use crate::complete;
use crate::interrupt::{Interrupt, Running};
use crate::pager::{self, Pager};
use crate::print::PrintOptions;
use crate::question::{SignalKeys, ask};
use crate::session::Psql;
use crate::shell;
use crate::terminal::{History, Line, Terminal};
use crate::variables::{HistoryControl, KeywordCase};

/// The line editor of a session.
pub struct Editing {
    terminal: Terminal<Lent>,
    file: PathBuf,
    /// Lines that belong to the statement being typed: they become one entry of the history.
    pending: Vec<u8>,
}

/// What the session lends to the completion while a line is edited.
struct Lent {
    connection: Option<Connection>,
    interrupt: Rc<Interrupt>,
    variables: Vec<String>,
    statement: String,
    keyword_case: complete::KeywordCase,
}

impl complete::Source for Lent {
    /// Within a transaction, a savepoint keeps it whole if the query fails.
    fn query(&mut self, sql: &str) -> Option<Vec<String>> {
        let connection = self.connection.as_mut().filter(|connection| !connection.is_broken())?;
        if connection.pipeline_status() != PipelineStatus::Off {
            return None;
        }
        if self.interrupt.pressed() {
            return None;
        }
        let _keys = SignalKeys::on();
        self.interrupt.set_running(Running { cancel: Some(connection.cancel_handle()), quiet: true });
        let in_transaction = match connection.transaction_status() {
            TransactionStatus::Idle => false,
            TransactionStatus::InBlock => true,
            _ => return None,
        };
        if in_transaction {
            connection.exec("SAVEPOINT psql_completion");
        }
        let rows = connection.exec(sql).into_rows();
        if in_transaction {
            if rows.is_err() {
                connection.exec("ROLLBACK TO SAVEPOINT psql_completion");
            }
            connection.exec("RELEASE SAVEPOINT psql_completion");
        }
        self.interrupt.set_running(Running::default());
        let rows = rows.ok()?;
        Some((0..rows.len()).map(|row| rows.text(row, 0).into_owned()).collect())
    }

    fn done(&mut self) {
        self.interrupt.clear();
    }

    fn variables(&self) -> Vec<String> {
        self.variables.clone()
    }

    fn buffer(&self) -> String {
        self.statement.clone()
    }

    fn keyword_case(&self) -> complete::KeywordCase {
        self.keyword_case
    }
}

impl Psql {
    /// Begins to edit lines and to keep a history, if this is a terminal and it is `wanted`.
    pub fn start_editing(&mut self, wanted: bool) {
        if !wanted || !self.on_terminal {
            return;
        }
        let Some(file) = self.history_file() else { return };
        let mut history = History::new(self.history_limit());
        if let Err(e) = history.load(&file) {
            self.error(format!("could not read history file \"{}\": {}", file.display(), shell::reason(&e)));
        }
        match Terminal::new(history) {
            Ok(terminal) => self.editing = Some(Box::new(Editing { terminal, file, pending: Vec::new() })),
            Err(e) => self.error(format!("could not edit lines: {}", shell::reason(&e))),
        }
    }

    /// `HISTFILE`, `PSQL_HISTORY`, or a file in the home.
    fn history_file(&self) -> Option<PathBuf> {
        let variable = self.variables.get(b"HISTFILE").map(<[u8]>::to_vec);
        let environment =
            || std::env::var_os("PSQL_HISTORY").filter(|name| !name.is_empty()).map(|name| name.as_bytes().to_vec());
        match variable.or_else(environment) {
            Some(mut name) => {
                shell::expand_tilde(&mut name);
                Some(PathBuf::from(OsStr::from_bytes(&name)))
            }
            None => {
                let home = std::env::var_os("HOME").map(PathBuf::from);
                let home = home.or_else(|| sys::process::home_directory(sys::process::effective_user()))?;
                Some(home.join(".psql_history"))
            }
        }
    }

    /// `HISTSIZE`; a negative number is no limit.
    fn history_limit(&self) -> Option<usize> {
        usize::try_from(self.variables.settings.history_size).ok()
    }

    /// Asks a person for a line; false at the end of input, and on Ctrl-C (which [`crate::interrupt`] then knows). `statement` is what
    /// the line continues.
    ///
    /// # Errors
    /// The system's.
    pub fn read_terminal_line(&mut self, prompt: &[u8], statement: &[u8], line: &mut Vec<u8>) -> io::Result<bool> {
        let Some(mut editing) = self.editing.take() else {
            let stdout = self.output.stdout();
            stdout.write_all(prompt)?;
            stdout.flush()?;
            return self.read_source_line(line);
        };
        self.output.flush();
        let lent = Rc::new(RefCell::new(Lent {
            connection: self.connection.take(),
            interrupt: self.interrupt.clone(),
            variables: self.variables.all().map(|(name, _)| String::from_utf8_lossy(name).into_owned()).collect(),
            statement: String::from_utf8_lossy(statement).into_owned(),
            keyword_case: match self.variables.settings.keyword_case {
                KeywordCase::Lower => complete::KeywordCase::Lower,
                KeywordCase::Upper => complete::KeywordCase::Upper,
                KeywordCase::PreserveLower => complete::KeywordCase::PreserveLower,
                KeywordCase::PreserveUpper => complete::KeywordCase::PreserveUpper,
            },
        }));
        let read = editing.terminal.read_line(&String::from_utf8_lossy(prompt), &lent);
        self.connection = lent.borrow_mut().connection.take();
        line.clear();
        let more = match read {
            Ok(Line::Text(text)) => {
                if !text.is_empty() || !statement.is_empty() {
                    editing.pending.extend_from_slice(&text);
                    editing.pending.push(b'\n');
                }
                *line = text;
                Ok(true)
            }
            Ok(Line::End) => Ok(false),
            Ok(Line::Interrupted) => {
                editing.pending.clear();
                self.interrupt.press();
                Ok(false)
            }
            Err(e) => Err(e),
        };
        self.editing = Some(editing);
        more
    }

    /// What was typed has been executed: its lines are one entry of the history.
    pub fn keep_typed(&mut self) {
        let control = self.variables.settings.history_control;
        let limit = self.history_limit();
        if let Some(editing) = &mut self.editing {
            let typed = std::mem::take(&mut editing.pending);
            let history = editing.terminal.history();
            history.set_limit(limit);
            history.add(
                &String::from_utf8_lossy(&typed),
                matches!(control, HistoryControl::IgnoreSpace | HistoryControl::IgnoreBoth),
                matches!(control, HistoryControl::IgnoreDuplicates | HistoryControl::IgnoreBoth),
            );
        }
    }

    /// Keeps the history in its file.
    pub fn save_history(&mut self) {
        self.keep_typed();
        let Some(editing) = &mut self.editing else { return };
        let saved = editing.terminal.history().save(&editing.file);
        if let Err(e) = saved {
            let file = editing.file.display().to_string();
            self.error(format!("could not save history to file \"{file}\": {}", shell::reason(&e)));
        }
    }

    /// `\s [FILE]`
    pub fn show_history(&mut self, file: Option<&[u8]>) -> bool {
        let Some(editing) = &mut self.editing else {
            if file.is_none() {
                self.say("\n");
            }
            return false;
        };
        let history = editing.terminal.history();
        match file {
            Some(name) => match history.save_all(&PathBuf::from(OsStr::from_bytes(name))) {
                Ok(()) => {
                    self.say_unless_quiet(format!("Wrote history to file \"{}\".\n", String::from_utf8_lossy(name)));
                    true
                }
                Err(e) => {
                    let name = String::from_utf8_lossy(name).into_owned();
                    self.error(format!("could not save history to file \"{name}\": {}", shell::reason(&e)));
                    false
                }
            },
            None => {
                let text = history.text();
                self.page(&text);
                self.say("\n");
                true
            }
        }
    }

    /// Asks a question on the terminal; without `echo` the answer is not shown while it is typed. `None` if Ctrl-C was the answer.
    pub fn ask(&mut self, question: &str, echo: bool) -> Option<String> {
        self.output.flush();
        match ask(question, echo, |fd| self.interrupt.wait_for_input(fd)) {
            Ok(None) if !self.interrupt.pressed() => Some(String::new()),
            answer => answer.unwrap_or_default(),
        }
    }

    /// Shows a long text, in the pager if it is longer than the screen.
    pub fn page(&mut self, text: &str) {
        self.output.flush();
        let lines = text.lines().count();
        match Pager::open(self.print.pager, lines, usize::try_from(self.print.pager_min_lines).unwrap_or(0)) {
            Some(mut pager) => drop(pager.write_all(text.as_bytes())),
            None => self.say(text),
        }
    }

    /// The pager for a table of so many lines that goes to the screen, if one is wanted.
    pub fn table_pager(&mut self, lines: usize, options: &PrintOptions) -> Option<BufWriter<Pager>> {
        self.output.flush();
        let least = usize::try_from(options.pager_min_lines).unwrap_or(0);
        Pager::open(options.pager, lines, least).map(|pager| BufWriter::with_capacity(1 << 16, pager))
    }

    /// How wide the screen is, for text that is laid out for it.
    pub fn screen_columns(&self) -> usize {
        pager::screen_columns().unwrap_or(80)
    }

    /// `\setenv`
    pub fn set_environment(&mut self, name: &[u8], value: Option<&[u8]>) {
        sys::process::set_environment(OsStr::from_bytes(name), value.map(OsStr::from_bytes));
    }
}
