//! initdb's command line.

use lexopt::prelude::*;
use std::ffi::OsString;
use std::path::PathBuf;

/// What `--help` prints.
pub const HELP: &str = "\
initdb initializes a PostgreSQL database cluster.

Usage:
  initdb [OPTION]... [DATADIR]

Options:
  -A, --auth=METHOD         default authentication method for local connections
      --auth-host=METHOD    default authentication method for local TCP/IP connections
      --auth-local=METHOD   default authentication method for local-socket connections
 [-D, --pgdata=]DATADIR     location for this database cluster
  -E, --encoding=ENCODING   set default encoding for new databases
  -g, --allow-group-access  allow group read/execute on data directory
      --icu-locale=LOCALE   set ICU locale ID for new databases
      --icu-rules=RULES     set additional ICU collation rules for new databases
  -k, --data-checksums      use data page checksums
      --locale=LOCALE       set default locale for new databases
      --lc-collate=, --lc-ctype=, --lc-messages=LOCALE
      --lc-monetary=, --lc-numeric=, --lc-time=LOCALE
                            set default locale in the respective category for
                            new databases (default taken from environment)
      --no-locale           equivalent to --locale=C
      --builtin-locale=LOCALE
                            set builtin locale name for new databases
      --locale-provider={builtin|libc|icu}
                            set default locale provider for new databases
      --no-data-checksums   do not use data page checksums
      --pwfile=FILE         read password for the new superuser from file
  -T, --text-search-config=CFG
                            default text search configuration
  -U, --username=NAME       database superuser name
  -W, --pwprompt            prompt for a password for the new superuser
  -X, --waldir=WALDIR       location for the write-ahead log directory
      --wal-segsize=SIZE    size of WAL segments, in megabytes

Less commonly used options:
      --allow-root          run as root (for scratch clusters only)
  -c, --set NAME=VALUE      override default setting for server parameter
  -d, --debug               generate lots of debugging output
      --discard-caches      set debug_discard_caches=1
  -L DIRECTORY              where to find the input files
  -n, --no-clean            do not clean up after errors
  -N, --no-sync             do not wait for changes to be written safely to disk
      --no-sync-data-files  do not sync files within database directories
      --no-instructions     do not print instructions for next steps
  -s, --show                show internal settings, then exit
      --sync-method=METHOD  set method for syncing files to disk
  -S, --sync-only           only sync database files to disk, then exit

Other options:
  -V, --version             output version information, then exit
  -?, --help                show this help, then exit

If the data directory is not specified, the environment variable PGDATA
is used.

";

/// A complaint of initdb's: one line, and perhaps a hint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// It is getopt's, which names the program as it was called and no severity.
    pub from_getopt: bool,
}

impl Complaint {
    /// A complaint without a hint.
    pub fn new(message: impl Into<String>) -> Complaint {
        Complaint { message: message.into(), hint: None, from_getopt: false }
    }

    /// The same with a hint.
    pub fn hint(mut self, hint: impl Into<String>) -> Complaint {
        self.hint = Some(hint.into());
        self
    }

    /// A complaint about the command line.
    fn usage(message: impl Into<String>) -> Complaint {
        Complaint::new(message).hint("Try \"initdb --help\" for more information.")
    }

    /// A complaint in getopt's words.
    fn getopt(error: &lexopt::Error) -> Complaint {
        let message = match error {
            lexopt::Error::MissingValue { option: Some(option) } => match option.strip_prefix("--") {
                Some(_) => format!("option '{option}' requires an argument"),
                None => format!("option requires an argument -- '{}'", option.trim_start_matches('-')),
            },
            lexopt::Error::UnexpectedOption(option) => match option.strip_prefix("--") {
                Some(_) => format!("unrecognized option '{option}'"),
                None => format!("invalid option -- '{}'", option.trim_start_matches('-')),
            },
            lexopt::Error::UnexpectedValue { option, .. } => format!("option '{option}' doesn't allow an argument"),
            other => lowered(&other.to_string()),
        };
        Complaint { from_getopt: true, ..Complaint::usage(message) }
    }
}

impl From<error::Error> for Complaint {
    fn from(error: error::Error) -> Complaint {
        Complaint { hint: error.fields().hint.clone(), ..Complaint::new(error.message()) }
    }
}

/// What to do.
#[derive(Debug, PartialEq)]
pub enum Task {
    /// Print the help.
    Help,
    /// Print the version.
    Version,
    /// Make a cluster.
    Create(Box<Options>),
    /// Only sync an existing one.
    SyncOnly(PathBuf),
}

/// Locale categories as given; empty ones were not.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LocaleOptions {
    /// `--locale`, `--no-locale`.
    pub all: Option<String>,
    /// `--lc-collate`.
    pub collate: Option<String>,
    /// `--lc-ctype`.
    pub ctype: Option<String>,
    /// `--lc-messages`.
    pub messages: Option<String>,
    /// `--lc-monetary`.
    pub monetary: Option<String>,
    /// `--lc-numeric`.
    pub numeric: Option<String>,
    /// `--lc-time`.
    pub time: Option<String>,
    /// `--locale-provider`: `b`, `c` or `i`.
    pub provider: Option<u8>,
    /// `--builtin-locale`.
    pub builtin: Option<String>,
    /// `--icu-locale`.
    pub icu: Option<String>,
    /// `--icu-rules`.
    pub rules: Option<String>,
}

/// The options of a run that makes a cluster.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// The data directory.
    pub data: PathBuf,
    /// Where the log goes, if not inside of it.
    pub wal: Option<PathBuf>,
    /// `--auth-local`, or `--auth`.
    pub auth_local: Option<String>,
    /// `--auth-host`, or `--auth`.
    pub auth_host: Option<String>,
    /// The encoding's name.
    pub encoding: Option<String>,
    /// Group members may read.
    pub group_access: bool,
    /// Page checksums.
    pub checksums: bool,
    /// Locales.
    pub locale: LocaleOptions,
    /// The first role's name.
    pub username: Option<String>,
    /// Ask for its password.
    pub prompt: bool,
    /// Read its password from here.
    pub password_file: Option<PathBuf>,
    /// Megabytes of a log segment.
    pub segment_megabytes: u32,
    /// Settings for postgresql.conf.
    pub settings: Vec<(String, String)>,
    /// `default_text_search_config`.
    pub text_search: Option<String>,
    /// Leave everything there after a failure.
    pub no_clean: bool,
    /// Do not sync.
    pub no_sync: bool,
    /// Do not say what comes next.
    pub no_instructions: bool,
    /// Run even as root.
    pub allow_root: bool,
    /// Only show what would be used.
    pub show: bool,
}

/// Reads the command line, without the program's name. `environment` is the value of `PGDATA`.
///
/// # Errors
/// PostgreSQL's complaints about it.
pub fn parse(arguments: impl IntoIterator<Item = OsString>, environment: Option<OsString>) -> Result<Task, Complaint> {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    match arguments.first().and_then(|first| first.to_str()) {
        Some("--help" | "-?") => return Ok(Task::Help),
        Some("--version" | "-V") => return Ok(Task::Version),
        _ => {}
    }
    let mut data: Option<PathBuf> = None;
    let mut sync_only = false;
    let mut options = Options {
        data: PathBuf::new(),
        wal: None,
        auth_local: None,
        auth_host: None,
        encoding: None,
        group_access: false,
        checksums: true,
        locale: LocaleOptions::default(),
        username: None,
        prompt: false,
        password_file: None,
        segment_megabytes: 16,
        settings: Vec::new(),
        text_search: None,
        no_clean: false,
        no_sync: false,
        no_instructions: false,
        allow_root: false,
        show: false,
    };
    let mut extra: Option<String> = None;
    let mut parser = lexopt::Parser::from_args(arguments);
    let usage = |e: lexopt::Error| Complaint::getopt(&e);
    while let Some(argument) = parser.next().map_err(usage)? {
        let name = match argument {
            Short(letter) => format!("-{letter}"),
            Long(name) => format!("--{name}"),
            Value(value) => {
                match data {
                    None => data = Some(value.into()),
                    Some(_) => extra = extra.or(Some(value.to_string_lossy().into_owned())),
                }
                continue;
            }
        };
        let mut value = || -> Result<String, Complaint> {
            let value = parser.value().map_err(usage)?;
            value.into_string().map_err(|value| Complaint::usage(format!("invalid argument {value:?}")))
        };
        match name.as_str() {
            "-A" | "--auth" => {
                let method = value()?;
                options.auth_local = Some(method.clone());
                options.auth_host = Some(method);
            }
            "--auth-local" => options.auth_local = Some(value()?),
            "--auth-host" => options.auth_host = Some(value()?),
            "-D" | "--pgdata" => data = Some(value()?.into()),
            "-E" | "--encoding" => options.encoding = Some(value()?),
            "-g" | "--allow-group-access" => options.group_access = true,
            "--icu-locale" => options.locale.icu = Some(value()?),
            "--icu-rules" => options.locale.rules = Some(value()?),
            "-k" | "--data-checksums" => options.checksums = true,
            "--no-data-checksums" => options.checksums = false,
            "--locale" => options.locale.all = Some(value()?),
            "--no-locale" => options.locale.all = Some("C".into()),
            "--lc-collate" => options.locale.collate = Some(value()?),
            "--lc-ctype" => options.locale.ctype = Some(value()?),
            "--lc-messages" => options.locale.messages = Some(value()?),
            "--lc-monetary" => options.locale.monetary = Some(value()?),
            "--lc-numeric" => options.locale.numeric = Some(value()?),
            "--lc-time" => options.locale.time = Some(value()?),
            "--builtin-locale" => options.locale.builtin = Some(value()?),
            "--locale-provider" => {
                let name = value()?;
                options.locale.provider = Some(match name.as_str() {
                    "builtin" => b'b',
                    "libc" => b'c',
                    "icu" => b'i',
                    _ => return Err(Complaint::new(format!("unrecognized locale provider: {name}"))),
                });
            }
            "--pwfile" => options.password_file = Some(value()?.into()),
            "-T" | "--text-search-config" => options.text_search = Some(value()?),
            "-U" | "--username" => options.username = Some(value()?),
            "-W" | "--pwprompt" => options.prompt = true,
            "-X" | "--waldir" => options.wal = Some(value()?.into()),
            "--wal-segsize" => {
                let text = value()?;
                let Ok(size) = text.trim().parse::<i32>() else {
                    return Err(Complaint::new(format!("invalid value \"{text}\" for option --wal-segsize")));
                };
                if !(1..=1024).contains(&size) {
                    return Err(Complaint::new("--wal-segsize must be in range 1..1024"));
                }
                if size.count_ones() != 1 {
                    let text = "argument of --wal-segsize must be a power of two between 1 and 1024";
                    return Err(Complaint::new(text));
                }
                options.segment_megabytes = size as u32;
            }
            "-c" | "--set" => {
                let setting = value()?;
                match setting.split_once('=') {
                    Some((name, value)) => options.settings.push((name.trim().replace('-', "_"), value.to_string())),
                    None => return Err(Complaint::usage(format!("-c {setting} requires a value"))),
                }
            }
            "--allow-root" => options.allow_root = true,
            "-d" | "--debug" => println!("Running in debug mode."),
            "--discard-caches" => println!("Running in discard-caches mode."),
            "-s" | "--show" => options.show = true,
            "-L" => {
                value()?;
            }
            "--sync-method" => {
                let method = value()?;
                if !matches!(method.as_str(), "fsync" | "syncfs") {
                    return Err(Complaint::new(format!("unrecognized sync method: {method}")));
                }
            }
            "-n" | "--no-clean" => {
                options.no_clean = true;
                println!("Running in no-clean mode.  Mistakes will not be cleaned up.");
            }
            "-N" | "--no-sync" => options.no_sync = true,
            "--no-sync-data-files" => {}
            "--no-instructions" => options.no_instructions = true,
            "-S" | "--sync-only" => sync_only = true,
            other => return Err(Complaint::getopt(&lexopt::Error::UnexpectedOption(other.into()))),
        }
    }
    if let Some(extra) = extra {
        return Err(Complaint::usage(format!("too many command-line arguments (first is \"{extra}\")")));
    }
    if options.prompt && options.password_file.is_some() {
        return Err(Complaint::new("password prompt and password file cannot be specified together"));
    }
    let Some(data) = data.or_else(|| environment.filter(|value| !value.is_empty()).map(PathBuf::from)) else {
        return Err(Complaint::new("no data directory specified").hint(
            "You must identify the directory where the data for this database system will reside.  \
             Do this with either the invocation option -D or the environment variable PGDATA.",
        ));
    };
    for (name, given, of) in [
        ("--builtin-locale", options.locale.builtin.is_some(), b'b'),
        ("--icu-locale", options.locale.icu.is_some(), b'i'),
        ("--icu-rules", options.locale.rules.is_some(), b'i'),
    ] {
        if given && options.locale.provider.unwrap_or(b'c') != of {
            let provider = if of == b'b' { "builtin" } else { "icu" };
            let text = format!("{name} cannot be specified unless locale provider \"{provider}\" is chosen");
            return Err(Complaint::new(text));
        }
    }
    if sync_only {
        return Ok(Task::SyncOnly(data));
    }
    options.data = data;
    check_method(options.auth_local.as_deref(), "local", LOCAL_METHODS)?;
    check_method(options.auth_host.as_deref(), "host", HOST_METHODS)?;
    let with_password =
        |method: &Option<String>| matches!(method.as_deref(), Some("md5" | "password" | "scram-sha-256"));
    if (with_password(&options.auth_local) || with_password(&options.auth_host))
        && !options.prompt
        && options.password_file.is_none()
    {
        return Err(Complaint::new("must specify a password for the superuser to enable password authentication"));
    }
    if let Some(name) = options.username.as_deref().filter(|name| name.starts_with("pg_")) {
        return Err(Complaint::new(format!(
            "superuser name \"{name}\" is disallowed; role names cannot begin with \"pg_\""
        )));
    }
    Ok(Task::Create(Box::new(options)))
}

fn lowered(message: &str) -> String {
    let message = message.replace("invalid option", "unrecognized option");
    let mut chars = message.chars();
    chars.next().map(|c| c.to_ascii_lowercase()).into_iter().chain(chars).collect()
}

const LOCAL_METHODS: &[&str] =
    &["trust", "reject", "scram-sha-256", "md5", "password", "peer", "radius", "ldap", "pam", "bsd"];
const HOST_METHODS: &[&str] = &[
    "trust",
    "reject",
    "scram-sha-256",
    "md5",
    "password",
    "ident",
    "radius",
    "gss",
    "sspi",
    "ldap",
    "pam",
    "bsd",
    "cert",
];

fn check_method(method: Option<&str>, kind: &str, known: &[&str]) -> Result<(), Complaint> {
    match method {
        Some(method) if !known.contains(&method) => {
            Err(Complaint::new(format!("invalid authentication method \"{method}\" for \"{kind}\" connections")))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn create(arguments: &[&str]) -> Result<Options, String> {
        match parse(arguments.iter().map(OsString::from), None) {
            Ok(Task::Create(options)) => Ok(*options),
            Ok(other) => panic!("{other:?}"),
            Err(complaint) => Err(complaint.message),
        }
    }

    #[test]
    fn options_are_understood() {
        let options =
            create(&["-D", "/d", "-U", "me", "--auth=trust", "-E", "UTF8", "--no-locale", "-k", "-c", "work_mem=8MB"]);
        let options = options.expect("parses");
        assert_eq!(options.username.as_deref(), Some("me"));
        assert_eq!(options.auth_host.as_deref(), Some("trust"));
        assert_eq!(options.locale.all.as_deref(), Some("C"));
        assert_eq!(options.settings, [("work_mem".to_string(), "8MB".to_string())]);
        assert_eq!(create(&["/d"]).expect("parses").data, PathBuf::from("/d"));
    }

    #[test]
    fn complaints_are_postgresqls() {
        let message = |arguments: &[&str]| create(arguments).expect_err("complains");
        assert_eq!(message(&[]), "no data directory specified");
        assert_eq!(
            message(&["-D", "d", "-A", "foo"]),
            "invalid authentication method \"foo\" for \"local\" connections"
        );
        assert_eq!(message(&["-D", "d", "x", "y"]), "too many command-line arguments (first is \"x\")");
        assert_eq!(message(&["-D", "d", "-c", "foo"]), "-c foo requires a value");
        assert_eq!(
            message(&["-D", "d", "--wal-segsize=3"]),
            "argument of --wal-segsize must be a power of two between 1 and 1024"
        );
        assert_eq!(
            message(&["-D", "d", "-A", "md5"]),
            "must specify a password for the superuser to enable password authentication"
        );
        assert_eq!(message(&["--foo"]), "unrecognized option '--foo'");
    }
}
