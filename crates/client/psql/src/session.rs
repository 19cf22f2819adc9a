//! The session: everything psql knows, on one value.

use std::fs::File;
use std::io::BufReader;
use std::rc::Rc;

use client::{Connection, ServerError};

use crate::human::Editing;
use crate::interrupt::Interrupt;
use crate::lexer::{Environment, Quoting, shown};
use crate::message::{Colors, Level};
use crate::output::Output;
use crate::pager::Pager;
use crate::print::PrintOptions;
use crate::request::{Pipeline, Request};
use crate::shell;
use crate::source::Source;
use crate::variables::Variables;
use crate::width::Encoding;

/// psql is done.
pub const EXIT_SUCCESS: i32 = 0;
/// psql itself failed: a wrong option, a file that is not there.
pub const EXIT_FAILURE: i32 = 1;
/// There is no connection, or not any more.
pub const EXIT_BAD_CONNECTION: i32 = 2;
/// A script failed under `ON_ERROR_STOP`, or was interrupted.
pub const EXIT_SCRIPT: i32 = 3;

/// When passwords are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PasswordPrompt {
    /// If the server wants one (`-w` and `-W` not given).
    #[default]
    Default,
    /// Never: `-w`.
    Never,
    /// Always: `-W`.
    Always,
}

/// A session of psql.
pub struct Psql {
    /// The connection, if there is one.
    pub connection: Option<Connection>,
    /// The last connection, after it was lost: `\c` takes its parameters.
    pub lost: Option<Connection>,
    /// Ctrl-C.
    pub interrupt: Rc<Interrupt>,
    /// The client encoding's name.
    pub encoding: String,
    /// Variables, and what the special ones mean.
    pub variables: Variables,
    /// What `\pset` sets.
    pub print: PrintOptions,
    /// Where results go.
    pub output: Output,
    /// The copy of the session that `-L` asks for.
    pub log_file: Option<File>,
    /// The scripts being read, the innermost last.
    pub sources: Vec<Source>,
    /// Standard input, shared by all that read it.
    pub stdin: BufReader<File>,
    /// Whether standard input and output are a terminal.
    pub on_terminal: bool,
    /// How wide the last `PROMPT1` was: `%w` in `PROMPT2`.
    pub prompt_width: usize,
    /// The line editor, if lines are edited.
    pub editing: Option<Box<Editing>>,
    /// The pager that shows a series of tables: the rounds of `\watch`, or an answer that comes in pieces.
    pub series_pager: Option<Pager>,
    /// `\timing`
    pub timing: bool,
    /// `-w`, `-W`
    pub password_prompt: PasswordPrompt,
    /// The last error of the server, for `\errverbose`.
    pub last_error: Option<ServerError>,
    /// The key with which `\unrestrict` ends the restricted mode.
    pub restricted: Option<Vec<u8>>,
    /// What the next statement shall do besides printing its result.
    pub request: Request,
    /// What is under way in pipeline mode.
    pub pipeline: Pipeline,
    /// The colours of messages.
    pub colors: Colors,
    /// Whether messages begin with the program's name, as they do until it has started.
    pub starting: bool,
    /// The code to exit with, at once.
    pub exit: Option<i32>,
}

impl Psql {
    /// Says something on standard error, with the place in the script before it.
    pub fn log(&mut self, level: Level, text: impl AsRef<[u8]>) {
        self.output.flush();
        self.interrupt.settle();
        let source = self.sources.last();
        let place = match source.and_then(|source| source.name.as_ref().map(|name| (name, source.line))) {
            Some((name, 0)) => [b"psql:", &name[..], b": "].concat(),
            Some((name, line)) => [b"psql:", &name[..], format!(":{line}: ").as_bytes()].concat(),
            None if self.starting => b"psql: ".to_vec(),
            None => Vec::new(),
        };
        // A person sees what it is.
        let level = if place.is_empty() { Level::Info } else { level };
        self.colors.say(&place, level, text.as_ref());
    }

    /// Says something that is no error, such as what the server says.
    pub fn info(&mut self, text: impl AsRef<[u8]>) {
        self.log(Level::Info, text);
    }

    /// Reports an error of psql.
    pub fn error(&mut self, text: impl AsRef<[u8]>) {
        self.log(Level::Error, text);
    }

    /// Warns.
    pub fn warn(&mut self, text: impl AsRef<[u8]>) {
        self.log(Level::Warning, text);
    }

    /// Whether what is being read comes from a person at a terminal.
    pub fn interactive(&self) -> bool {
        self.sources.last().is_some_and(|source| source.interactive)
    }

    /// Writes to standard output, whatever `\o` says, at once.
    pub fn say(&mut self, text: impl AsRef<[u8]>) {
        let stdout = self.output.stdout();
        let _ = stdout.write_all(text.as_ref()).and_then(|()| stdout.flush());
    }

    /// Writes to standard output unless psql is to be quiet.
    pub fn say_unless_quiet(&mut self, text: impl AsRef<[u8]>) {
        if !self.variables.settings.quiet {
            self.say(text);
        }
    }

    /// Writes to where results go, at once.
    pub fn tell(&mut self, text: impl AsRef<[u8]>) {
        let to = self.output.results();
        let _ = to.write_all(text.as_ref()).and_then(|()| to.flush());
    }

    /// Sets a variable; what is wrong with it is reported. Gives whether it is set.
    pub fn set_variable(&mut self, name: &[u8], value: &[u8]) -> bool {
        let done = self.variables.set(name, value);
        done.map_err(|problem| self.error(problem)).is_ok()
    }

    /// Takes a variable away.
    pub fn unset_variable(&mut self, name: &[u8]) -> bool {
        let done = self.variables.unset(name);
        done.map_err(|problem| self.error(problem)).is_ok()
    }

    /// Keeps what a shell command's end means in `SHELL_ERROR` and `SHELL_EXIT_CODE`.
    pub fn set_shell_result(&mut self, code: i32) {
        let failed: &[u8] = if code == 0 { b"false" } else { b"true" };
        self.set_variable(b"SHELL_ERROR", failed);
        self.set_variable(b"SHELL_EXIT_CODE", code.to_string().as_bytes());
    }

    /// Takes over what the connection says about itself: the variables that show it, and the encoding.
    pub fn synchronize(&mut self) {
        let Some(connection) = &self.connection else { return };
        let encoding = connection.parameter("client_encoding").unwrap_or("SQL_ASCII").to_string();
        let version = connection.server_version().to_string();
        let name = connection.parameter("server_version").unwrap_or_default().to_string();
        let shown: [(&[u8], String); 8] = [
            (b"DBNAME", connection.dbname().into()),
            (b"SERVICE", connection.config().get("service").unwrap_or_default().into()),
            (b"USER", connection.user().into()),
            (b"HOST", connection.host().into()),
            (b"PORT", connection.port().into()),
            (b"ENCODING", encoding.clone()),
            (b"SERVER_VERSION_NAME", name),
            (b"SERVER_VERSION_NUM", version),
        ];
        for (name, value) in shown {
            if name == b"SERVICE" && value.is_empty() {
                self.unset_variable(name);
            } else {
                self.set_variable(name, value.as_bytes());
            }
        }
        self.set_encoding(&encoding);
    }

    /// Forgets what [`Psql::synchronize`] took over: there is no connection.
    pub fn forget_connection(&mut self) {
        for name in
            ["DBNAME", "SERVICE", "USER", "HOST", "PORT", "ENCODING", "SERVER_VERSION_NAME", "SERVER_VERSION_NUM"]
        {
            self.unset_variable(name.as_bytes());
        }
    }

    /// Follows a change of the client encoding.
    pub fn set_encoding(&mut self, name: &str) {
        self.encoding = name.to_string();
        self.print.encoding = Encoding::of_name(name);
        self.set_variable(b"ENCODING", name.as_bytes());
    }

    /// Whether a backslash is an ordinary character in plain quotes.
    pub fn standard_strings(&self) -> bool {
        let setting =
            self.connection.as_ref().and_then(|connection| connection.parameter("standard_conforming_strings"));
        setting != Some("off")
    }

    /// A value quoted for SQL; what is wrong with it is reported.
    fn quoted(&mut self, value: &[u8], quoting: Quoting) -> Option<Vec<u8>> {
        if self.connection.is_none() {
            self.error("cannot escape without active connection");
            return None;
        }
        if self.print.encoding == Encoding::Utf8 && std::str::from_utf8(value).is_err() {
            self.info("invalid multibyte character");
            return None;
        }
        let (quote, escapes) = match quoting {
            Quoting::Literal => (b'\'', value.contains(&b'\\')),
            _ => (b'"', false),
        };
        let mut text = if escapes { b" E".to_vec() } else { Vec::new() };
        text.push(quote);
        for &byte in value {
            if byte == quote || escapes && byte == b'\\' {
                text.push(byte);
            }
            text.push(byte);
        }
        text.push(quote);
        Some(text)
    }

    /// A variable's value for `:name` and its kin.
    pub fn substitute(&mut self, name: &[u8], quoting: Quoting) -> Option<Vec<u8>> {
        let value = self.variables.get(name)?.to_vec();
        match quoting {
            Quoting::Plain => Some(value),
            Quoting::Literal | Quoting::Identifier => self.quoted(&value, quoting),
            Quoting::Shell => shell::quote(&value).map_err(|problem| self.error(problem)).ok(),
        }
    }

    /// Runs a shell command for its output.
    pub fn backquote(&mut self, command: &[u8]) -> Vec<u8> {
        self.output.flush();
        match shell::output(command) {
            Ok((mut text, status)) => {
                self.set_shell_result(shell::exit_code(status));
                if text.last() == Some(&b'\n') {
                    text.pop();
                }
                text
            }
            Err(e) => {
                self.error(format!("{}: {}", shown(command), shell::reason(&e)));
                Vec::new()
            }
        }
    }
}

/// The session as the scanner sees it, from an active or inactive place of a script.
pub struct Surroundings<'a> {
    /// The session.
    pub psql: &'a mut Psql,
    /// Whether variables and backquotes are worked out.
    pub active: bool,
}

impl Environment for Surroundings<'_> {
    fn variable(&mut self, name: &[u8], quoting: Quoting) -> Option<Vec<u8>> {
        if self.active { self.psql.substitute(name, quoting) } else { None }
    }

    fn backquote(&mut self, command: &[u8]) -> Vec<u8> {
        if self.active { self.psql.backquote(command) } else { command.to_vec() }
    }

    fn warn(&mut self, text: &str) {
        self.psql.warn(text);
    }

    fn error(&mut self, text: &str) {
        self.psql.error(text);
    }
}
