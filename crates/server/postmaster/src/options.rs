//! The command line of `postgres`, up to a running supervisor.

use std::io::Write;
use std::path::{Path, PathBuf};

use error::{Error, Result, Severity, SqlState};
use log::Logger;
use settings::show::describe_config;
use settings::switches::{self, Switch};
use settings::{Asker, Flags, How, LoadKind, Settings, Source, id};

use crate::server::Server;
use crate::{directory, supervisor};

const HELP: &str = "\
postgres is the PostgreSQL server.

Usage:
  postgres [OPTION]...

Options:
  -B NBUFFERS        number of shared buffers
  -c NAME=VALUE      set run-time parameter
  -C NAME            print value of run-time parameter, then exit
  -d 1-5             debugging level
  -D DATADIR         database directory
  -e                 use European date input format (DMY)
  -F                 turn fsync off
  -h HOSTNAME        host name or IP address to listen on
  -i                 enable TCP/IP connections (deprecated)
  -k DIRECTORY       Unix-domain socket location
  -l                 enable SSL connections
  -N MAX-CONNECT     maximum number of allowed connections
  -p PORT            port number to listen on
  -s                 show statistics after each query
  -S WORK-MEM        set amount of memory for sorts (in kB)
  -V, --version      output version information, then exit
  --NAME=VALUE       set run-time parameter
  --allow-root       run even as root
  --describe-config  describe configuration parameters, then exit
  -?, --help         show this help, then exit

Developer options:
  -f s|i|o|b|t|n|m|h forbid use of some plan types
  -O                 allow system table structure changes
  -P                 disable system indexes
  -t pa|pl|ex        show timings after each query
  -T                 send SIGABRT to all backend processes if one dies
  -W NUM             wait NUM seconds to allow attach from a debugger

Please read the documentation for the complete list of run-time
configuration settings and how to set them on the command line or in
the configuration file.
";

const ROOT: &str = "\
\"root\" execution of the PostgreSQL server is not permitted.
The server must be started under an unprivileged user ID to prevent
possible system security compromise.  See the documentation for
more information on how to properly start the server.
";

/// What the command line asks for.
#[derive(Debug, Default, PartialEq, Eq)]
struct CommandLine {
    data_directory: Option<String>,
    /// `-C`: a parameter to print.
    print: Option<String>,
    /// Parameters set, in order.
    set: Vec<(String, String)>,
    allow_root: bool,
}

/// Why a command line is refused.
#[derive(Debug, PartialEq, Eq)]
enum Refusal {
    /// For the terminal, with a pointer to `--help`.
    Usage(String),
    /// For the log.
    Fatal(String),
}

/// Runs `postgres` with these arguments (the program's name not among them) to its exit code.
pub fn main<S: Server>(server: &S, program: &Path, arguments: &[String]) -> i32 {
    match arguments.first().map(String::as_str) {
        Some("--help" | "-?") => return print(HELP),
        Some("--version" | "-V") => {
            return print(&format!("postgres (PostgreSQL) {} (Oliphant {})\n", version(), env!("CARGO_PKG_VERSION")));
        }
        Some("--describe-config") => return print(&describe_config()),
        _ => (),
    }
    let mut settings = Settings::new();
    let mut logger = Logger::new(&settings, server.zones());
    let fatal = |logger: &mut Logger, text: String| {
        logger.write(&Error::new(SqlState::SYNTAX_ERROR, text).fatal(), None);
        1
    };
    let is_root = sys::process::effective_user() == 0;
    let command = match parse(arguments) {
        Ok(command) => command,
        Err(Refusal::Usage(text)) => {
            eprintln!("{}{text}\nTry \"postgres --help\" for more information.", prefix(program, &text));
            return 1;
        }
        Err(Refusal::Fatal(text)) => return fatal(&mut logger, text),
    };
    // Printing a parameter harms nothing.
    if is_root && !command.allow_root && command.print.is_none() {
        let _ = std::io::stderr().write_all(ROOT.as_bytes());
        return 1;
    }
    if sys::process::real_user() != sys::process::effective_user() {
        eprintln!("postgres: real and effective user IDs must match");
        return 1;
    }
    if matches!(arguments.first().map(String::as_str), Some("--single" | "--boot" | "--check")) {
        let error = Error::not_implemented(format!("postgres {}", arguments[0])).fatal();
        logger.write(&error, None);
        return 1;
    }
    match prepare(server, &mut settings, &mut logger, &command) {
        Ok(Some(data_directory)) => {
            let arguments: Vec<String> = arguments.to_vec();
            supervisor::run(server, settings, logger, &data_directory, program, &arguments)
        }
        Ok(None) => 0,
        Err(Stop::Exit(code)) => code,
        Err(Stop::Error(e)) => {
            logger.write(&e.fatal(), None);
            1
        }
    }
}

fn version() -> &'static str {
    settings::PARAMETERS[id::SERVER_VERSION.0 as usize].boot_text()
}

fn prefix(program: &Path, text: &str) -> String {
    // getopt's own messages name the program as it was called.
    let name = if text.starts_with("invalid option") || text.starts_with("option requires") {
        program.display().to_string()
    } else {
        "postgres".into()
    };
    format!("{name}: ")
}

fn print(text: &str) -> i32 {
    // A reader that goes away early is no failure.
    let _ = std::io::stdout().write_all(text.as_bytes());
    0
}

enum Stop {
    /// Everything has been said.
    Exit(i32),
    Error(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Stop {
        Stop::Error(error)
    }
}

/// Reads command line, environment and files into `settings`, and checks the data directory. `None`: nothing is left to do.
fn prepare<S: Server>(
    server: &S,
    settings: &mut Settings,
    logger: &mut Logger,
    command: &CommandLine,
) -> Result<Option<PathBuf>, Stop> {
    for (variable, parameter) in
        [("PGPORT", id::PORT), ("PGDATESTYLE", id::DATESTYLE), ("PGCLIENTENCODING", id::CLIENT_ENCODING)]
    {
        if let Some(value) = std::env::var(variable).ok().filter(|value| !value.is_empty()) {
            settings.set_id(
                parameter,
                Some(&value),
                How::startup(Asker::Postmaster, Source::Environment),
                server.hooks(),
            )?;
        }
    }
    for (name, value) in &command.set {
        let how = How::startup(Asker::Postmaster, Source::CommandLine);
        settings.set(name, Some(value), how, server.hooks())?;
    }
    let data_directory = load(server, settings, logger, command)?;
    logger.configure(settings);
    if let Some(name) = &command.print {
        let id = settings.find(name).ok_or_else(|| settings::session::unrecognized(name))?;
        if settings.definition(id).flags.contains(Flags::RUNTIME_COMPUTED) {
            directory::check(&data_directory, settings)?;
            server.configure(settings, &data_directory)?;
            supervisor::lay_out(server, settings, &data_directory)?;
        }
        // Without units, for programs.
        print(&format!("{}\n", settings.definition(id).plain(settings.value(id))));
        return Ok(None);
    }
    for (parameter, when, instead) in [
        (id::LOGGING_COLLECTOR, "on", "the log goes to standard error"),
        (id::SSL, "on", "connections are not encrypted"),
    ] {
        if settings.show_id(parameter) == when {
            let text = format!("\"{}\" is not implemented: {instead}", settings.name(parameter));
            logger.write(&Error::new(SqlState::FEATURE_NOT_SUPPORTED, text).severity(Severity::Warning), None);
        }
    }
    directory::check(&data_directory, settings)?;
    std::env::set_current_dir(&data_directory)
        .map_err(|e| Error::io(format!("could not change directory to \"{}\"", data_directory.display()), &e))?;
    Ok(Some(data_directory))
}

/// Finds and reads the configuration files; gives the data directory, absolute.
fn load<S: Server>(
    server: &S,
    settings: &mut Settings,
    logger: &mut Logger,
    command: &CommandLine,
) -> Result<PathBuf, Stop> {
    let say = |text: String| {
        eprintln!("{text}");
        Err(Stop::Exit(2))
    };
    let given = command.data_directory.clone().or_else(|| std::env::var("PGDATA").ok()).filter(|d| !d.is_empty());
    let config_directory = match given {
        Some(directory) => match Path::new(&directory).canonicalize() {
            Ok(directory) => Some(directory),
            Err(e) => {
                let reason = plain(&e);
                return say(format!(
                    "postgres: could not access directory \"{directory}\": {reason}\nRun initdb or pg_basebackup to \
                     initialize a PostgreSQL data directory."
                ));
            }
        },
        None => None,
    };
    let config_file = match (settings.string(id::CONFIG_FILE), &config_directory) {
        ("", Some(directory)) => directory.join("postgresql.conf"),
        ("", None) => {
            return say("postgres does not know where to find the server configuration file.\nYou must specify the \
                        --config-file or -D invocation option or set the PGDATA environment variable."
                .to_string());
        }
        (file, _) => absolute(Path::new(file)),
    };
    if let Err(e) = std::fs::metadata(&config_file) {
        let (shown, reason) = (config_file.display(), plain(&e));
        return say(format!("postgres: could not access the server configuration file \"{shown}\": {reason}"));
    }
    let fix = |settings: &mut Settings, parameter, path: &Path| {
        settings.set_internal(parameter, &path.to_string_lossy(), Source::Override)
    };
    fix(settings, id::CONFIG_FILE, &config_file)?;
    // A first look at the file alone, for the data directory: mistakes come up again in the second.
    let mut probe = settings.clone();
    let _ = probe.load_files(&config_file, None, LoadKind::Start, server.hooks(), &mut |_| ());
    let data_directory = match (probe.string(id::DATA_DIRECTORY), &config_directory) {
        ("", Some(directory)) => directory.clone(),
        ("", None) => {
            return say(format!(
                "postgres does not know where to find the database system data.\nThis can be specified as \
                 \"data_directory\" in \"{}\", or by the -D invocation option, or by the PGDATA environment variable.",
                config_file.display()
            ));
        }
        (directory, _) => absolute(Path::new(directory)),
    };
    let mut write = |message: Error| logger.write(&message, None);
    settings.load_files(&config_file, Some(&data_directory), LoadKind::Start, server.hooks(), &mut write)?;
    fix(settings, id::DATA_DIRECTORY, &data_directory)?;
    for (parameter, default) in [(id::HBA_FILE, "pg_hba.conf"), (id::IDENT_FILE, "pg_ident.conf")] {
        let file = match settings.string(parameter) {
            "" => config_directory.as_ref().unwrap_or(&data_directory).join(default),
            file => absolute(Path::new(file)),
        };
        fix(settings, parameter, &file)?;
    }
    Ok(data_directory)
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf())
}

fn plain(error: &std::io::Error) -> String {
    error.to_string().split(" (os error").next().unwrap_or_default().to_string()
}

/// Reads the arguments.
fn parse(arguments: &[String]) -> Result<CommandLine, Refusal> {
    let mut command = CommandLine::default();
    let own = |argument: &&String| *argument == "--allow-root";
    command.allow_root = arguments.iter().any(|argument| own(&argument));
    let is_mode = |argument: &String| matches!(argument.as_str(), "--single" | "--boot" | "--check");
    let skipped = usize::from(arguments.first().is_some_and(is_mode));
    if let Some(late) = arguments[skipped..].iter().find(|argument| is_mode(argument)) {
        return Err(Refusal::Fatal(format!("{late} must be first argument")));
    }
    let switches: Vec<String> = arguments[skipped..].iter().filter(|argument| !own(argument)).cloned().collect();
    for switch in switches::parse(&switches).map_err(|refusal| match refusal {
        switches::Refusal::Usage(text) => Refusal::Usage(text),
        switches::Refusal::NoValue(text) => Refusal::Fatal(text),
    })? {
        match switch {
            Switch::Set(name, value) => command.set.push((name, value)),
            Switch::Directory(path) => command.data_directory = Some(path),
            Switch::Print(name) => command.print = Some(name),
        }
    }
    Ok(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Result<CommandLine, Refusal> {
        parse(&text.split(' ').map(String::from).collect::<Vec<_>>())
    }

    #[test]
    fn options_in_all_their_spellings() {
        let command = words("-D /x -p5433 -Fc work_mem=1MB --max-connections=5 -k /tmp --allow-root -C port").unwrap();
        assert_eq!(command.data_directory.as_deref(), Some("/x"));
        assert_eq!(command.print.as_deref(), Some("port"));
        assert!(command.allow_root);
        let set: Vec<String> = command.set.iter().map(|(n, v)| format!("{n}={v}")).collect();
        assert_eq!(
            set,
            ["port=5433", "fsync=false", "work_mem=1MB", "max_connections=5", "unix_socket_directories=/tmp"]
        );
        for (text, refusal) in [
            ("-x", Refusal::Usage("invalid option -- 'x'".into())),
            ("-p", Refusal::Usage("option requires an argument -- 'p'".into())),
            ("foo", Refusal::Usage("invalid argument: \"foo\"".into())),
            ("-c work_mem", Refusal::Fatal("-c work_mem requires a value".into())),
            ("--work_mem", Refusal::Fatal("--work_mem requires a value".into())),
            ("-D d --check", Refusal::Fatal("--check must be first argument".into())),
        ] {
            assert_eq!(words(text), Err(refusal));
        }
    }
}
