//! `psql`, the interactive terminal: what it prints is PostgreSQL 18's psql's, byte for byte.
//!
//! Knows nothing of the server's crates: everything it learns, it asks over a [`client::Connection`].
//!
//! # The way of a line
//!
//! `main_loop` takes a line from the terminal, a file or `-c` → `lexer` cuts it into statements and backslash commands, putting
//! variables in → a statement goes to `execute`, which sends it and hands each result to `print`; a backslash command is looked up
//! in the one table of `commands`.
//!
//! # Invariants
//!
//! * Everything a session knows hangs on one value, `session::Psql`; the only global is the flag that Ctrl-C sets.
//! * `print`, `width`, `pattern` and `help` are functions of their arguments: no connection, no session.
//! * Text from files, variables and the server is bytes: a session may speak any client encoding.
#![forbid(unsafe_code)]

mod commands;
mod complete;
mod conditional;
mod crosstab;
mod describe;
mod execute;
pub mod getopt;
pub mod grammar;
mod help;
mod human;
mod interrupt;
mod lexer;
mod main_loop;
pub mod message;
mod options;
mod output;
mod pager;
mod pattern;
mod print;
mod prompt;
mod pset;
pub mod question;
mod request;
mod session;
mod shell;
mod show;
mod source;
mod startup;
mod terminal;
mod variables;
mod width;

use std::ffi::OsString;

/// What `--version` says behind the program's name.
pub(crate) const VERSION: &str = concat!("18.6 (Oliphant ", env!("CARGO_PKG_VERSION"), ")");

/// Runs psql with these arguments (without its name) and returns its exit code: 0 done, 1 psql's own failure, 2 the connection
/// was lost, 3 a script's error under `ON_ERROR_STOP`.
pub fn main(arguments: Vec<OsString>) -> i32 {
    startup::run(arguments)
}
