//! What the small tools have in common on the command line: options, help, complaints.

use std::ffi::OsString;
use std::io::{IsTerminal, Write};
use std::sync::{Mutex, PoisonError};

use psql::getopt::{self, Item, Known, Value};
use psql::message::{Colors, Level};

/// A tool: its name and its help.
pub(crate) struct Tool {
    pub name: &'static str,
    pub help: &'static str,
    /// The exit code of a command line that makes no sense.
    pub misuse: i32,
}

/// Why a tool stops: its exit code; what there is to say is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exit(pub i32);

/// An option: its long name, its letter (a space for none), and whether it has a value.
pub(crate) type Option_ = (&'static str, char, bool);

/// Options for connecting, which all of them have.
pub(crate) const CONNECTION: &[Option_] = &[
    ("host", 'h', true),
    ("port", 'p', true),
    ("username", 'U', true),
    ("no-password", 'w', false),
    ("password", 'W', false),
    ("echo", 'e', false),
];

impl Tool {
    /// Says what is wrong, behind everything printed before.
    pub(crate) fn error(&self, text: &str) -> Exit {
        flush();
        self.say(Level::Error, text);
        Exit(1)
    }

    /// Says something on standard error.
    pub(crate) fn say(&self, level: Level, text: &str) {
        Colors::of_environment().say(format!("{}: ", self.name).as_bytes(), level, text.as_bytes());
    }

    /// A complaint with advice where to read on.
    pub(crate) fn misused(&self, text: &str) -> Exit {
        self.error(text);
        self.advise()
    }

    fn advise(&self) -> Exit {
        self.say(Level::Hint, &format!("Try \"{} --help\" for more information.", self.name));
        Exit(self.misuse)
    }

    /// Reads the command line: options by their long names, with their values, and the other arguments.
    ///
    /// # Errors
    /// If it makes no sense, or help or the version was asked for.
    pub(crate) fn read(
        &self,
        options: &[&[Option_]],
        arguments: Vec<OsString>,
    ) -> Result<(Vec<(&'static str, String)>, Vec<String>), Exit> {
        match arguments.first().and_then(|first| first.to_str()) {
            Some("--help" | "-?") => {
                print!("{}", self.help);
                return Err(Exit(0));
            }
            Some("--version" | "-V") => {
                println!("{} (PostgreSQL) {}", self.name, crate::VERSION);
                return Err(Exit(0));
            }
            _ => (),
        }
        let table: Vec<Option_> = options.concat();
        // Options without a letter are told apart by letters of the private use area.
        let letter = |n: usize| match table[n].1 {
            ' ' => char::from_u32(0xE000 + n as u32).unwrap_or(' '),
            letter => letter,
        };
        let known: Vec<Known> = table
            .iter()
            .enumerate()
            .map(|(n, option)| Known {
                long: option.0,
                short: letter(n),
                value: if option.2 { Value::Required } else { Value::None },
            })
            .collect();
        let items = getopt::parse(arguments, &known).map_err(|problem| {
            eprintln!("{}: {problem}", self.called());
            self.advise()
        })?;
        let (mut found, mut rest) = (Vec::new(), Vec::new());
        for item in items {
            match item {
                Item::Option(short, value) => {
                    let long = known.iter().find(|known| known.short == short).map_or("", |known| known.long);
                    found.push((long, value.unwrap_or_default().to_string_lossy().into_owned()));
                }
                Item::Argument(argument) => rest.push(argument.to_string_lossy().into_owned()),
            }
        }
        Ok((found, rest))
    }

    /// As the user called it.
    fn called(&self) -> String {
        let called = std::env::args_os().next().map(std::path::PathBuf::from).unwrap_or_default();
        match called.file_name() {
            Some(file) if file == self.name => called.display().to_string(),
            _ => self.name.to_string(),
        }
    }

    /// At most so many arguments.
    pub(crate) fn at_most(&self, arguments: &[String], most: usize) -> Result<(), Exit> {
        match arguments.get(most) {
            None => Ok(()),
            Some(extra) => Err(self.misused(&format!("too many command-line arguments (first is \"{extra}\")"))),
        }
    }

    /// The value of an option as a number in this range.
    pub(crate) fn number(&self, text: &str, option: &str, least: i32) -> Result<i32, Exit> {
        let trimmed = text.trim();
        let digits = trimmed.strip_prefix(['-', '+']).unwrap_or(trimmed);
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(self.error(&format!("invalid value \"{text}\" for option {option}")));
        }
        match trimmed.parse::<i32>() {
            Ok(number) if number >= least => Ok(number),
            _ => Err(self.error(&format!("{option} must be in range {least}..{}", i32::MAX))),
        }
    }
}

/// What is still to go to standard output. Like C's, it goes there at once only on a terminal: so what goes to standard error
/// meanwhile stands in the same order as with PostgreSQL's tools where both are one file.
static OUTPUT: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// Prints a line.
pub(crate) fn print(line: &str) {
    {
        let mut output = OUTPUT.lock().unwrap_or_else(PoisonError::into_inner);
        output.extend_from_slice(line.as_bytes());
        output.push(b'\n');
    }
    if std::io::stdout().is_terminal() {
        flush();
    }
}

/// Sends to standard output what is to go there.
pub(crate) fn flush() {
    let output = std::mem::take(&mut *OUTPUT.lock().unwrap_or_else(PoisonError::into_inner));
    // Who has closed standard output does not want to know.
    let _ = std::io::stdout().write_all(&output).and_then(|()| std::io::stdout().flush());
}

/// Runs a tool's body to its exit code.
pub(crate) fn run(body: Result<(), Exit>) -> i32 {
    flush();
    match body {
        Ok(()) => 0,
        Err(Exit(code)) => code,
    }
}
