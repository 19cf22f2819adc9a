//! From the command line to the first statement, and to the exit code.

use std::ffi::OsString;
use std::fs::File;
use std::io::{BufReader, IsTerminal};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;
use std::rc::Rc;

use client::Config;

use crate::commands::{self, Status};
use crate::execute;
use crate::interrupt::Interrupt;
use crate::lexer::{Stop, shown};
use crate::main_loop::{self, Script};
use crate::message::Colors;
use crate::options::{self, Action, Options, Parsed};
use crate::output::Output;
use crate::print::{NumericLocale, PrintOptions};
use crate::session::{EXIT_BAD_CONNECTION, EXIT_FAILURE, EXIT_SCRIPT, EXIT_SUCCESS, PasswordPrompt, Psql};
use crate::shell;
use crate::source::{Reader, Source};
use crate::variables::{Echo, Variables};

/// Where the system keeps a `psqlrc` for all users.
const SYSTEM_DIRECTORY: &str = "/etc/postgresql-common";

/// Runs psql with these arguments; gives its exit code.
pub fn run(arguments: Vec<OsString>) -> i32 {
    let mut psql = match session() {
        Ok(psql) => psql,
        Err(e) => {
            eprintln!("psql: error: could not start: {e}");
            return EXIT_FAILURE;
        }
    };
    let code = match options::parse(&mut psql, arguments) {
        Parsed::Text(text) => {
            psql.say(text);
            EXIT_SUCCESS
        }
        Parsed::Failed => EXIT_FAILURE,
        Parsed::Start(options) => start(&mut psql, options),
    };
    psql.redirect(None);
    psql.output.flush();
    psql.connection = None;
    psql.exit.unwrap_or(code)
}

/// A session without a connection.
fn session() -> std::io::Result<Psql> {
    let mut variables = Variables::new();
    let version = format!("PostgreSQL {} on {}", crate::VERSION, std::env::consts::ARCH);
    for (name, value) in [("VERSION", version.as_str()), ("VERSION_NAME", crate::VERSION), ("VERSION_NUM", "180006")] {
        let _ = variables.set(name.as_bytes(), value.as_bytes());
    }
    for name in ["LAST_ERROR_MESSAGE", "PIPELINE_COMMAND_COUNT", "PIPELINE_RESULT_COUNT", "PIPELINE_SYNC_COUNT"] {
        let value: &[u8] = if name.starts_with("PIPELINE") { b"0" } else { b"" };
        let _ = variables.set(name.as_bytes(), value);
    }
    let _ = variables.set(b"LAST_ERROR_SQLSTATE", b"00000");
    Ok(Psql {
        connection: None,
        lost: None,
        interrupt: Rc::new(Interrupt::start()?),
        encoding: "SQL_ASCII".into(),
        variables,
        print: PrintOptions { locale: NumericLocale::of_environment(), ..PrintOptions::default() },
        output: Output::new()?,
        log_file: None,
        sources: Vec::new(),
        stdin: execute::stdin()?,
        on_terminal: std::io::stdin().is_terminal() && std::io::stdout().is_terminal(),
        prompt_width: 0,
        editing: None,
        series_pager: None,
        timing: false,
        password_prompt: PasswordPrompt::Default,
        last_error: None,
        restricted: None,
        request: Default::default(),
        pipeline: Default::default(),
        colors: Colors::of_environment(),
        starting: true,
        exit: None,
    })
}

fn start(psql: &mut Psql, mut options: Options) -> i32 {
    if options.actions.is_empty() && !psql.on_terminal {
        options.actions.push(Action::Stdin);
    }
    if options.single_transaction && options.actions.is_empty() {
        psql.error("-1 can only be used in non-interactive mode");
        return EXIT_FAILURE;
    }
    let config = match configuration(&options) {
        Ok(config) => config,
        Err(problem) => {
            psql.error(problem);
            return EXIT_BAD_CONNECTION;
        }
    };
    if let Err(message) = commands::connect_at_start(psql, config) {
        psql.error(message);
        return EXIT_BAD_CONNECTION;
    }
    if options.list {
        psql.starting = false;
        let listed = crate::describe::describe(psql, "l", &[]).is_ok();
        return if listed { EXIT_SUCCESS } else { EXIT_FAILURE };
    }
    if let Some(name) = &options.log_file {
        match File::options().create(true).append(true).open(shell::path(name)) {
            Ok(file) => psql.log_file = Some(file),
            Err(e) => {
                psql.error(format!("could not open log file \"{}\": {}", shown(name), shell::reason(&e)));
                return EXIT_FAILURE;
            }
        }
    }
    if !options.no_rc {
        read_rc_files(psql);
        if psql.exit.is_some() {
            return EXIT_BAD_CONNECTION;
        }
    }
    if options.actions.is_empty() {
        psql.starting = false;
        commands::greet(psql, true);
        psql.say_unless_quiet("Type \"help\" for help.\n\n");
        psql.start_editing(!options.no_editing);
        let code = main_loop::run(psql, Source::new(None, Reader::Stdin, true));
        psql.save_history();
        return code;
    }
    actions(psql, &options)
}

/// The connection that the options ask for.
fn configuration(options: &Options) -> Result<Config, String> {
    let mut config = Config::new();
    for (keyword, value) in [("host", &options.host), ("port", &options.port), ("user", &options.user)] {
        if let Some(value) = value {
            config.set(keyword, value.as_str()).map_err(|e| e.message().to_string())?;
        }
    }
    match &options.database {
        Some(name) => config.set_dbname(name).map_err(|e| e.message().to_string())?,
        // To list the databases, any will do.
        None if options.list && std::env::var_os("PGDATABASE").is_none() => {
            let _ = config.set("dbname", "postgres");
        }
        None => {}
    }
    Ok(config)
}

/// Does what `-c` and `-f` ask for, in one transaction if `-1` says so.
fn actions(psql: &mut Psql, options: &Options) -> i32 {
    let stops = |psql: &Psql| psql.variables.settings.on_error_stop;
    if options.single_transaction && psql.hidden_query(b"BEGIN").is_none() && stops(psql) {
        return EXIT_SCRIPT;
    }
    let mut code = EXIT_SUCCESS;
    for action in &options.actions {
        code = match action {
            Action::Command(text) => {
                psql.starting = false;
                if psql.variables.settings.echo == Echo::All {
                    psql.say([&text[..], b"\n"].concat());
                }
                let success = match text.strip_prefix(b"\\") {
                    Some(_) => run_command(psql, text),
                    None => psql.send_query(text),
                };
                if success { EXIT_SUCCESS } else { EXIT_FAILURE }
            }
            Action::File(name) => psql.run_file(name, false),
            Action::Stdin => {
                psql.starting = false;
                main_loop::run(psql, Source::new(None, Reader::Stdin, false))
            }
        };
        psql.starting = false;
        if psql.interrupt.pressed() && !matches!(action, Action::Stdin) {
            code = EXIT_FAILURE;
            break;
        }
        if psql.exit.is_some() || code != EXIT_SUCCESS && stops(psql) {
            break;
        }
    }
    if options.single_transaction && psql.exit.is_none() {
        let end: &[u8] = if code == EXIT_SUCCESS { b"COMMIT" } else { b"ROLLBACK" };
        if psql.hidden_query(end).is_none() && stops(psql) {
            return EXIT_SCRIPT;
        }
    }
    code
}

/// `-c` with a backslash command.
fn run_command(psql: &mut Psql, text: &[u8]) -> bool {
    let mut script = Script::default();
    script.set_line(psql, text);
    match script.scan(psql).0 {
        Stop::Backslash => match commands::run(psql, &mut script) {
            Status::Error => false,
            // There is no statement to be sent; what was asked for concerns the next one.
            Status::Done | Status::Send | Status::NewEdit | Status::Terminate => true,
        },
        _ => true,
    }
}

/// Reads the system's and the user's start-up files.
fn read_rc_files(psql: &mut Psql) {
    let system = std::env::var_os("PGSYSCONFDIR").map_or_else(|| PathBuf::from(SYSTEM_DIRECTORY), PathBuf::from);
    read_rc_file(psql, system.join("psqlrc").into_os_string().into_vec());
    match std::env::var_os("PSQLRC") {
        Some(name) if !name.is_empty() => {
            let mut name = name.into_vec();
            shell::expand_tilde(&mut name);
            read_rc_file(psql, name);
        }
        _ => {
            if let Some(home) = shell::home_directory() {
                read_rc_file(psql, home.join(".psqlrc").as_os_str().as_bytes().to_vec());
            }
        }
    }
}

/// Reads a start-up file; one for this version instead, if there is one.
fn read_rc_file(psql: &mut Psql, name: Vec<u8>) {
    for version in ["-18.6", "-18", ""] {
        let name = [&name[..], version.as_bytes()].concat();
        if File::open(shell::path(&name)).is_ok() {
            psql.run_file(&name, false);
            return;
        }
    }
}

impl Psql {
    /// Reads and executes a script; `-` is standard input. A relative name may be meant from the directory of the script being
    /// read. Gives the exit code it means.
    pub fn run_file(&mut self, name: &[u8], relative: bool) -> i32 {
        let source = if name == b"-" {
            Source::new(Some(b"<stdin>".to_vec()), Reader::Stdin, false)
        } else {
            let beside = self.sources.last().and_then(|source| source.name.clone());
            let name = match beside {
                Some(beside) if relative => shell::relative(name, &beside),
                _ => shell::clean(name),
            };
            match File::open(shell::path(&name)) {
                Ok(file) => Source::new(Some(name), Reader::File(BufReader::with_capacity(1 << 16, file)), false),
                Err(e) => {
                    self.error([&name[..], b": ", shell::reason(&e).as_bytes()].concat());
                    return EXIT_FAILURE;
                }
            }
        };
        main_loop::run(self, source)
    }
}
