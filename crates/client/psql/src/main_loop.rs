//! Reads a script, or what a person types, and has it executed statement by statement.

use std::io;

use crate::commands::{self, Status};
use crate::conditional::Conditions;
use crate::lexer::{Continues, Lexer, Stop};
use crate::session::{EXIT_BAD_CONNECTION, EXIT_FAILURE, EXIT_SCRIPT, EXIT_SUCCESS, Psql, Surroundings};
use crate::shell;
use crate::source::Source;
use crate::variables::Echo;

/// A script's state: what has been read and not been executed.
#[derive(Debug, Default)]
pub struct Script {
    /// The scanner.
    pub lexer: Lexer,
    /// The `\if` blocks that are open.
    pub conditions: Conditions,
    /// The statement being read.
    pub query: Vec<u8>,
    /// The statement executed last.
    pub previous: Vec<u8>,
}

impl Script {
    /// Scans on, appending SQL to the query buffer.
    pub fn scan(&mut self, psql: &mut Psql) -> (Stop, Continues) {
        let active = self.conditions.active();
        self.lexer.scan(&mut self.query, &mut Surroundings { psql, active })
    }

    /// Gives a line to the scanner.
    pub fn set_line(&mut self, psql: &Psql, line: &[u8]) {
        self.lexer.set_line(line, &psql.encoding, psql.standard_strings());
    }

    /// The statement has been executed: `\g` and `\p` will still find it.
    pub fn executed(&mut self) {
        if !self.query.is_empty() {
            std::mem::swap(&mut self.query, &mut self.previous);
            self.query.clear();
        }
    }
}

/// What came of waiting for a line.
enum Input {
    Line,
    End,
    /// Ctrl-C instead of a line.
    Interrupted,
}

/// Reads and executes `source` to its end; gives the exit code that it means.
pub fn run(psql: &mut Psql, source: Source) -> i32 {
    psql.sources.push(source);
    let mut reading = Reading::default();
    let code = reading.run(psql);
    psql.sources.pop();
    code
}

/// The main loop's state.
#[derive(Default)]
struct Reading {
    script: Script,
    /// What the next line continues; the prompt shows it.
    continues: Continues,
    /// Ends of input in a row, at a terminal.
    ends: i32,
    line: Vec<u8>,
}

/// Why the loop ends.
enum End {
    /// The end of input.
    Input,
    /// `\q`
    Quit,
    /// A failure, with its exit code.
    Failure(i32),
}

impl Reading {
    fn run(&mut self, psql: &mut Psql) -> i32 {
        let end = loop {
            if psql.interrupt.pressed() {
                if !psql.interactive() {
                    break End::Failure(EXIT_SCRIPT);
                }
                psql.interrupt.clear();
            }
            match self.next_line(psql) {
                Err(e) => {
                    psql.error(format!("could not read from input file: {}", shell::reason(&e)));
                    break End::Failure(EXIT_FAILURE);
                }
                Ok(Input::Interrupted) => {
                    if !psql.interactive() {
                        break End::Failure(EXIT_SCRIPT);
                    }
                    self.escape(psql);
                }
                Ok(Input::End) if self.wants_to_stay(psql) => {}
                Ok(Input::End) => break End::Input,
                Ok(Input::Line) => {
                    self.ends = 0;
                    if let Some(end) = self.line(psql) {
                        break end;
                    }
                }
            }
        };
        let (mut code, quit) = match end {
            End::Input => (EXIT_SUCCESS, false),
            End::Quit => (EXIT_SUCCESS, true),
            End::Failure(code) => (code, false),
        };
        if code == EXIT_SUCCESS && psql.exit.is_none() && !self.script.query.is_empty() && !psql.interactive() {
            code = self.rest(psql);
        }
        if !quit && code != EXIT_SCRIPT && psql.exit.is_none() && !self.script.conditions.is_empty() {
            psql.error("reached EOF without finding closing \\endif(s)");
            if psql.variables.settings.on_error_stop && !psql.interactive() {
                code = EXIT_SCRIPT;
            }
        }
        psql.exit.unwrap_or(code)
    }

    /// A statement without a semicolon at the end of a script is executed, too.
    fn rest(&mut self, psql: &mut Psql) -> i32 {
        let done = !self.script.conditions.active() || psql.send_query(&self.script.query);
        match () {
            _ if !done && psql.variables.settings.on_error_stop => EXIT_SCRIPT,
            _ if psql.connection.is_none() => EXIT_BAD_CONNECTION,
            _ => EXIT_SUCCESS,
        }
    }

    fn next_line(&mut self, psql: &mut Psql) -> io::Result<Input> {
        psql.output.flush();
        let more = if psql.interactive() {
            if self.script.query.is_empty() && !self.script.lexer.in_quote() {
                self.continues = Continues::Nothing;
            }
            let prompt = psql.prompt(self.continues, self.script.conditions.active());
            psql.read_terminal_line(&prompt, &self.script.query, &mut self.line)?
        } else {
            psql.read_source_line(&mut self.line)?
        };
        Ok(match more {
            true => Input::Line,
            false if psql.interrupt.pressed() => Input::Interrupted,
            false => Input::End,
        })
    }

    /// Ctrl-C at the prompt: forgets the statement; without one, leaves the innermost `\if`.
    fn escape(&mut self, psql: &mut Psql) {
        psql.interrupt.clear();
        self.script.lexer.finish();
        self.script.lexer.reset();
        self.script.query.clear();
        self.ends = 0;
        self.continues = Continues::Nothing;
        if let Some(source) = psql.sources.last_mut() {
            source.statement_line = 1;
        }
        // The line editor has ended the line already.
        if psql.editing.is_none() {
            psql.say("\n");
        }
        if !self.script.conditions.is_empty() {
            psql.error("\\if: escaped");
            let _ = self.script.conditions.end();
        }
    }

    /// Whether `IGNOREEOF` keeps the session going; says so, or says good-bye.
    fn wants_to_stay(&mut self, psql: &mut Psql) -> bool {
        if !psql.interactive() {
            return false;
        }
        self.ends += 1;
        let quiet = psql.variables.settings.quiet;
        if self.ends < psql.variables.settings.ignore_eof {
            psql.say_unless_quiet("Use \"\\q\" to leave psql.\n");
            return true;
        }
        psql.say(if quiet { "\n" } else { "\\q\n" });
        false
    }

    /// Handles a line; gives why the loop ends, if it does.
    fn line(&mut self, psql: &mut Psql) -> Option<End> {
        let mut line = std::mem::take(&mut self.line);
        let interactive = psql.interactive();
        let source = psql.sources.last_mut()?;
        source.line += 1;
        let first = source.line == 1;
        if first && psql.encoding == "UTF8" && line.starts_with(b"\xEF\xBB\xBF") {
            line.drain(..3);
        }
        if first && !interactive && line.starts_with(b"PGDMP") {
            psql.say(
                "The input is a PostgreSQL custom-format dump.\n\
                 Use the pg_restore command-line client to restore this dump to a database.\n\n",
            );
            return Some(End::Failure(EXIT_FAILURE));
        }
        if line.is_empty() && !self.script.lexer.in_quote() {
            self.line = line;
            return None;
        }
        if interactive && let Some(end) = self.word_of_a_newcomer(psql, &line) {
            psql.keep_typed();
            return end.then_some(End::Quit);
        }
        if psql.variables.settings.echo == Echo::All && !interactive {
            psql.say([&line[..], b"\n"].concat());
        }
        let mut added_newline = None;
        if !self.script.query.is_empty() {
            self.script.query.push(b'\n');
            added_newline = Some(self.script.query.len());
        }
        let stop_on_error = psql.variables.settings.on_error_stop;
        self.script.set_line(psql, &line);
        self.line = line;
        let (mut success, mut quit) = (true, false);
        while (success || !stop_on_error) && psql.exit.is_none() {
            let (stop, continues) = self.script.scan(psql);
            self.continues = continues;
            if interactive && matches!(stop, Stop::Semicolon | Stop::Backslash) {
                psql.keep_typed();
            }
            match stop {
                Stop::Semicolon => success = self.statement(psql),
                Stop::EndOfLine if psql.variables.settings.single_line => success = self.statement(psql),
                Stop::Backslash => {
                    if added_newline == Some(self.script.query.len()) {
                        self.script.query.pop();
                    }
                    let status = commands::run(psql, &mut self.script);
                    success = status != Status::Error;
                    psql.start_statement();
                    match status {
                        Status::Send => {
                            success = psql.send_query(&self.script.query);
                            self.script.executed();
                            self.script.lexer.reset();
                        }
                        Status::NewEdit => {
                            let edited = std::mem::take(&mut self.script.query);
                            self.script.lexer.reset();
                            self.script.set_line(psql, &edited);
                            psql.show_edited(&edited, self.script.conditions.active());
                        }
                        Status::Terminate => quit = true,
                        Status::Done | Status::Error => {}
                    }
                }
                Stop::Incomplete | Stop::EndOfLine => {}
            }
            if matches!(stop, Stop::Semicolon | Stop::Backslash) {
                added_newline = None;
            }
            if quit || matches!(stop, Stop::Incomplete | Stop::EndOfLine) {
                break;
            }
        }
        self.script.lexer.finish();
        if let Some(source) = psql.sources.last_mut() {
            source.statement_line += 1;
        }
        if self.script.query.is_empty() {
            psql.start_statement();
        }
        match () {
            _ if quit => Some(End::Quit),
            _ if psql.exit.is_some() => Some(End::Failure(EXIT_BAD_CONNECTION)),
            _ if interactive => None,
            _ if !success && stop_on_error => Some(End::Failure(EXIT_SCRIPT)),
            _ if psql.connection.is_none() => Some(End::Failure(EXIT_BAD_CONNECTION)),
            _ => None,
        }
    }

    /// Executes the statement in the query buffer.
    fn statement(&mut self, psql: &mut Psql) -> bool {
        let success = if self.script.conditions.active() {
            let success = psql.send_query(&self.script.query);
            self.script.executed();
            success
        } else {
            if psql.interactive() {
                psql.error("query ignored; use \\endif or Ctrl-C to exit current \\if block");
            }
            true
        };
        psql.start_statement();
        success
    }

    /// `help`, `quit` and `exit`, alone on a line, from those who do not know psql. Gives whether to quit if it was one of them;
    /// inside a statement only says what could be done.
    fn word_of_a_newcomer(&mut self, psql: &mut Psql, line: &[u8]) -> Option<bool> {
        let word = line.trim_ascii_end();
        let word = word.strip_suffix(b";").unwrap_or(word).trim_ascii_end();
        let is = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
        let help = is("help");
        if !help && !is("quit") && !is("exit") {
            return None;
        }
        if self.script.query.is_empty() && !self.script.lexer.in_quote() {
            if help {
                psql.say(
                    "You are using psql, the command-line interface to PostgreSQL.\n\
                     Type:  \\copyright for distribution terms\n       \
                     \\h for help with SQL commands\n       \
                     \\? for help with psql commands\n       \
                     \\g or terminate with semicolon to execute query\n       \
                     \\q to quit\n",
                );
            }
            return Some(!help);
        }
        let quoted = self.script.lexer.in_quote();
        psql.say(match (help, quoted) {
            (true, false) => "Use \\? for help.\n",
            (true, true) => "Use \\? for help or press control-C to clear the input buffer.\n",
            (false, false) => "Use \\q to quit.\n",
            (false, true) => "Use control-D to quit.\n",
        });
        None
    }
}

impl Psql {
    /// A new statement begins with the next line.
    pub fn start_statement(&mut self) {
        if let Some(source) = self.sources.last_mut() {
            source.statement_line = 1;
        }
    }
}
