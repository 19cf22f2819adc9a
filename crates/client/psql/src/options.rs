//! psql's command line.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use crate::getopt::{self, Item, Known, Value};
use crate::lexer::shown;
use crate::pset;
use crate::session::{PasswordPrompt, Psql};

/// Something to do instead of reading standard input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// `-c` with SQL, or a backslash command.
    Command(Vec<u8>),
    /// `-f`
    File(Vec<u8>),
    /// Standard input that no person types.
    Stdin,
}

/// What the command line asks for, besides what it sets on the session at once.
#[derive(Debug, Default)]
pub struct Options {
    /// `-c` and `-f`, in their order.
    pub actions: Vec<Action>,
    /// `-d`, or the first argument.
    pub database: Option<String>,
    /// `-h`
    pub host: Option<String>,
    /// `-p`
    pub port: Option<String>,
    /// `-U`, or the second argument.
    pub user: Option<String>,
    /// `-l`
    pub list: bool,
    /// `-L`
    pub log_file: Option<Vec<u8>>,
    /// `-n`
    pub no_editing: bool,
    /// `-X`
    pub no_rc: bool,
    /// `-1`
    pub single_transaction: bool,
}

/// What became of the command line.
#[derive(Debug)]
pub enum Parsed {
    /// psql starts.
    Start(Options),
    /// `--help` and its kin: this text, and nothing else.
    Text(String),
    /// It is wrong; that has been reported.
    Failed,
}

const CSV: char = '<';
const HELP: char = '>';

const fn flag(long: &'static str, short: char) -> Known {
    Known { long, short, value: Value::None }
}

const fn valued(long: &'static str, short: char) -> Known {
    Known { long, short, value: Value::Required }
}

/// All options, in psql's order.
const KNOWN: &[Known] = &[
    flag("echo-all", 'a'),
    flag("no-align", 'A'),
    valued("command", 'c'),
    valued("dbname", 'd'),
    flag("echo-queries", 'e'),
    flag("echo-errors", 'b'),
    flag("echo-hidden", 'E'),
    valued("file", 'f'),
    valued("field-separator", 'F'),
    flag("field-separator-zero", 'z'),
    valued("host", 'h'),
    flag("html", 'H'),
    flag("list", 'l'),
    valued("log-file", 'L'),
    flag("no-readline", 'n'),
    flag("single-transaction", '1'),
    valued("output", 'o'),
    valued("port", 'p'),
    valued("pset", 'P'),
    flag("quiet", 'q'),
    valued("record-separator", 'R'),
    flag("record-separator-zero", '0'),
    flag("single-step", 's'),
    flag("single-line", 'S'),
    flag("tuples-only", 't'),
    valued("table-attr", 'T'),
    valued("username", 'U'),
    valued("set", 'v'),
    valued("variable", 'v'),
    flag("version", 'V'),
    flag("no-password", 'w'),
    flag("password", 'W'),
    flag("expanded", 'x'),
    flag("no-psqlrc", 'X'),
    Known { long: "help", short: HELP, value: Value::Optional },
    flag("csv", CSV),
    flag("?", '?'),
];

const HINT: &str = "Try \"psql --help\" for more information.";

/// Reads the command line.
pub fn parse(psql: &mut Psql, arguments: Vec<OsString>) -> Parsed {
    let items = match getopt::parse(arguments, KNOWN) {
        Ok(items) => items,
        Err(problem) => {
            eprintln!("psql: {problem}");
            psql.log(crate::message::Level::Hint, HINT);
            return Parsed::Failed;
        }
    };
    let mut options = Options::default();
    for item in items {
        match item {
            Item::Option('V', _) => return Parsed::Text(format!("psql (PostgreSQL) {}\n", crate::VERSION)),
            Item::Option('?', _) => return Parsed::Text(crate::help::options().into()),
            Item::Option(HELP, topic) => {
                let topic = topic.map(OsString::into_vec);
                return match topic.as_deref() {
                    None | Some(b"options") => Parsed::Text(crate::help::options().into()),
                    Some(b"commands") => Parsed::Text(crate::commands::commands_help(psql)),
                    Some(b"variables") => Parsed::Text(crate::help::variables().into()),
                    Some(_) => {
                        psql.log(crate::message::Level::Hint, HINT);
                        Parsed::Failed
                    }
                };
            }
            Item::Option(letter, value) => {
                if !set(psql, &mut options, letter, value.map(OsString::into_vec)) {
                    return Parsed::Failed;
                }
            }
            Item::Argument(text) => {
                let text = text.to_string_lossy().into_owned();
                if options.database.is_none() {
                    options.database = Some(text);
                } else if options.user.is_none() {
                    options.user = Some(text);
                } else if !psql.variables.settings.quiet {
                    psql.warn(format!("extra command-line argument \"{text}\" ignored"));
                }
            }
        }
    }
    Parsed::Start(options)
}

/// Does what one option says; gives false if it is wrong.
fn set(psql: &mut Psql, options: &mut Options, letter: char, value: Option<Vec<u8>>) -> bool {
    let value = value.unwrap_or_default();
    let text = || Some(shown(&value).into_owned());
    let variable = |psql: &mut Psql, name: &str, value: &str| psql.set_variable(name.as_bytes(), value.as_bytes());
    let print =
        |psql: &mut Psql, name: &str, value: &[u8]| match pset::set(&mut psql.print, name.as_bytes(), Some(value)) {
            Ok(_) => true,
            Err(problem) => {
                psql.error(problem);
                false
            }
        };
    match letter {
        'a' => return variable(psql, "ECHO", "all"),
        'A' => return print(psql, "format", b"unaligned"),
        'b' => return variable(psql, "ECHO", "errors"),
        'c' => options.actions.push(Action::Command(value)),
        CSV => return print(psql, "format", b"csv"),
        'd' => options.database = text(),
        'e' => return variable(psql, "ECHO", "queries"),
        'E' => return variable(psql, "ECHO_HIDDEN", "on"),
        'f' => options.actions.push(Action::File(value)),
        'F' => return print(psql, "fieldsep", &value),
        'h' => options.host = text(),
        'H' => return print(psql, "format", b"html"),
        'l' => options.list = true,
        'L' => options.log_file = Some(value),
        'n' => options.no_editing = true,
        'o' => return psql.redirect(Some(&value)),
        'p' => options.port = text(),
        'P' => {
            let (name, setting) = match value.iter().position(|&byte| byte == b'=') {
                Some(at) => (&value[..at], Some(&value[at + 1..])),
                None => (&value[..], None),
            };
            if let Err(problem) = pset::set(&mut psql.print, name, setting) {
                psql.error(problem);
                psql.error(format!("could not set printing parameter \"{}\"", shown(name)));
                return false;
            }
        }
        'q' => return variable(psql, "QUIET", "on"),
        'R' => return print(psql, "recordsep", &value),
        's' => return variable(psql, "SINGLESTEP", "on"),
        'S' => return variable(psql, "SINGLELINE", "on"),
        't' => return print(psql, "tuples_only", b"on"),
        'T' => return print(psql, "tableattr", &value),
        'U' => options.user = text(),
        'v' => {
            return match value.iter().position(|&byte| byte == b'=') {
                Some(at) => psql.set_variable(&value[..at], &value[at + 1..]),
                None => psql.unset_variable(&value),
            };
        }
        'w' => psql.password_prompt = PasswordPrompt::Never,
        'W' => psql.password_prompt = PasswordPrompt::Always,
        'x' => return print(psql, "expanded", b"on"),
        'X' => options.no_rc = true,
        'z' => return print(psql, "fieldsep_zero", b"on"),
        '0' => return print(psql, "recordsep_zero", b"on"),
        '1' => options.single_transaction = true,
        _ => {}
    }
    true
}
