//! initdb: makes a database cluster.
//!
//! What takes PostgreSQL a bootstrap server, a parser run over thousands of statements and a vacuum, is here one process that fills the
//! catalogs' files from rows in the program ([`catalog::bootstrap`]), checkpoints, and copies template1's directory twice.
//!
//! * [`options`]: the command line; [`locale`]: locale, provider, encoding;
//! * [`configuration`]: the configuration files; [`directory`]: the directory tree.

pub mod configuration;
pub mod directory;
pub mod locale;
pub mod options;

use self::directory::Found;
use self::locale::Locale;
use self::options::{Complaint, Options, Task};
use catalog::bootstrap::{self, ClusterOptions};
use std::ffi::OsString;
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};

/// Runs initdb with these arguments (without the program's name) and answers its exit code. Messages go to standard output and
/// standard error.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> i32 {
    let task = match options::parse(arguments, std::env::var_os("PGDATA")) {
        Ok(task) => task,
        Err(complaint) => return fail(&complaint),
    };
    match task {
        Task::Help => {
            print!("{}", options::HELP);
            0
        }
        Task::Version => {
            println!("initdb (PostgreSQL) 18.6");
            0
        }
        Task::SyncOnly(data) => {
            match accessible(&data).and_then(|()| step("syncing data to disk ... ", || directory::sync(&data))) {
                Ok(()) => 0,
                Err(complaint) => fail(&complaint),
            }
        }
        Task::Create(options) => match create(&options) {
            Ok(()) => 0,
            Err(complaint) => fail(&complaint),
        },
    }
}

fn accessible(data: &Path) -> Result<(), Complaint> {
    std::fs::read_dir(data).map(|_| ()).map_err(|e| {
        let reason = e.to_string();
        let reason = reason.split(" (os error").next().unwrap_or_default();
        Complaint::new(format!("could not access directory \"{}\": {reason}", data.display()))
    })
}

/// What would be used (`--show`), on standard error as PostgreSQL's.
fn show(options: &Options, superuser: &str) {
    let program = std::env::current_exe().unwrap_or_default();
    eprintln!("VERSION=18.6");
    eprintln!("PGDATA={}", options.data.display());
    eprintln!("PGPATH={}", program.parent().unwrap_or(Path::new("")).display());
    eprintln!("POSTGRES_SUPERUSERNAME={superuser}");
}

fn fail(complaint: &Complaint) -> i32 {
    let _ = std::io::stdout().flush();
    if complaint.from_getopt {
        let program = std::env::args_os().next().unwrap_or_default();
        eprintln!("{}: {}", program.display(), complaint.message);
    } else {
        eprintln!("initdb: error: {}", complaint.message);
    }
    if let Some(hint) = &complaint.hint {
        eprintln!("initdb: hint: {hint}");
    }
    1
}

/// Announces a step, does it, and says `ok`.
fn step<T>(title: &str, work: impl FnOnce() -> Result<T, Complaint>) -> Result<T, Complaint> {
    print!("{title}");
    let _ = std::io::stdout().flush();
    let result = work()?;
    println!("ok");
    Ok(result)
}

fn user_name() -> String {
    let uid = rustix::process::geteuid().as_raw();
    let passwd = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    passwd
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(_, rest)| rest.split(':').nth(1).and_then(|id| id.parse().ok()) == Some(uid))
        .map_or_else(|| std::env::var("USER").unwrap_or_else(|_| uid.to_string()), |(name, _)| name.to_string())
}

/// Everything but the command line.
///
/// # Errors
/// What went wrong; whatever was made by then is removed again, unless the options say otherwise.
pub fn create(options: &Options) -> Result<(), Complaint> {
    if rustix::process::geteuid().is_root() && !options.allow_root {
        return Err(Complaint::new("cannot be run as root")
            .hint("Please log in (using, e.g., \"su\") as the (unprivileged) user that will own the server process."));
    }
    let user = user_name();
    println!(
        "The files belonging to this database system will be owned by user \"{user}\".\n\
         This user must also own the server process.\n"
    );
    let superuser = options.username.clone().unwrap_or_else(|| user.clone());
    if options.show {
        show(options, &superuser);
        return Ok(());
    }
    let locale = Locale::choose(&options.locale, options.encoding.as_deref(), &|name| std::env::var(name).ok())?;
    locale.remarks.iter().for_each(|remark| println!("{remark}"));
    print!("{}", locale.describe());
    let encoding = catalog::functions::encoding_name(locale.encoding).unwrap_or_default();
    if options.encoding.is_none() {
        println!("The default database encoding has accordingly been set to \"{encoding}\".");
    }
    let suitable = locale.text_search().to_string();
    let text_search = options.text_search.clone().unwrap_or_else(|| suitable.clone());
    if text_search != suitable {
        let _ = std::io::stdout().flush();
        eprintln!(
            "initdb: warning: specified text search configuration \"{text_search}\" might not match locale \"{}\"",
            locale.ctype
        );
    }
    println!("The default text search configuration will be set to \"{text_search}\".\n");
    println!("Data page checksums are {}.\n", if options.checksums { "enabled" } else { "disabled" });
    if superuser.starts_with("pg_") {
        return Err(Complaint::new(format!(
            "superuser name \"{superuser}\" is disallowed; role names cannot begin with \"pg_\""
        )));
    }
    let password = read_password(options)?;
    if options.prompt || options.password_file.is_some() {
        println!();
    }
    let data = options.data.clone();
    let mode = if options.group_access { 0o750 } else { 0o700 };
    let previous_umask =
        rustix::process::umask(rustix::fs::Mode::from_raw_mode(if options.group_access { 0o027 } else { 0o077 }));
    let found = directory::claim(&data, mode, "data directory")?;
    let mut made = vec![(data.clone(), found)];
    let result = fill(options, &locale, &data, mode, &superuser, password.as_deref(), &text_search, &mut made);
    rustix::process::umask(previous_umask);
    if let Err(complaint) = result {
        let _ = std::io::stdout().flush();
        eprintln!("initdb: error: {}", complaint.message);
        if let Some(hint) = &complaint.hint {
            eprintln!("initdb: hint: {hint}");
        }
        take_back(&made, options.no_clean);
        // The complaint was printed before the removal, as PostgreSQL does.
        std::process::exit(1);
    }
    if options.auth_local.is_none() || options.auth_host.is_none() {
        println!();
        eprintln!("initdb: warning: enabling \"trust\" authentication for local connections");
        eprintln!(
            "initdb: hint: You can change this by editing pg_hba.conf or using the option -A, or --auth-local and --auth-host, the next time you run initdb."
        );
    }
    if !options.no_instructions {
        println!("\nSuccess. You can now start the database server using:\n");
        println!("    {} -D {} -l logfile start\n", pg_ctl(), options.data.display());
    }
    Ok(())
}

fn take_back(made: &[(PathBuf, Found)], no_clean: bool) {
    for (at, (path, found)) in made.iter().enumerate() {
        let what = if at == 0 { "data directory" } else { "WAL directory" };
        let shown = path.display();
        match (no_clean, found) {
            (true, _) => eprintln!("initdb: {what} \"{shown}\" not removed at user's request"),
            (false, Found::Nothing) => {
                eprintln!("initdb: removing {what} \"{shown}\"");
                directory::remove(path, *found);
            }
            (false, Found::Empty) => {
                eprintln!("initdb: removing contents of {what} \"{shown}\"");
                directory::remove(path, *found);
            }
        }
    }
}

/// How to call pg_ctl: beside this program, if it is there.
fn pg_ctl() -> String {
    let beside = std::env::current_exe().ok().and_then(|program| Some(program.parent()?.join("pg_ctl")));
    match beside.filter(|path| path.exists()) {
        Some(path) => path.display().to_string(),
        None => "pg_ctl".into(),
    }
}

/// The superuser's password, if one is to be set.
fn read_password(options: &Options) -> Result<Option<String>, Complaint> {
    if let Some(file) = &options.password_file {
        let text = std::fs::read_to_string(file).map_err(|e| {
            let reason = e.to_string();
            let reason = reason.split(" (os error").next().unwrap_or_default();
            Complaint::new(format!("could not open file \"{}\" for reading: {reason}", file.display()))
        })?;
        let first = text.lines().next().unwrap_or_default();
        if first.is_empty() {
            return Err(Complaint::new(format!("password file \"{}\" is empty", file.display())));
        }
        return Ok(Some(first.to_string()));
    }
    if !options.prompt {
        return Ok(None);
    }
    let first = ask("Enter new superuser password: ")?;
    let second = ask("Enter it again: ")?;
    if first != second {
        return Err(Complaint::new("Passwords didn't match."));
    }
    Ok(Some(first).filter(|password| !password.is_empty()))
}

/// Asks on the terminal, without echo if it is one.
fn ask(prompt: &str) -> Result<String, Complaint> {
    use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
    print!("{prompt}");
    let _ = std::io::stdout().flush();
    let stdin = std::io::stdin();
    let before = tcgetattr(&stdin).ok();
    if let Some(mut quiet) = before.clone() {
        quiet.local_modes.remove(LocalModes::ECHO);
        let _ = tcsetattr(&stdin, OptionalActions::Flush, &quiet);
    }
    let mut line = String::new();
    let read = stdin.lock().read_line(&mut line);
    if let Some(before) = before {
        let _ = tcsetattr(&stdin, OptionalActions::Flush, &before);
    }
    println!();
    read.map_err(|e| Complaint::new(format!("could not read the password: {e}")))?;
    Ok(line.trim_end_matches(['\n', '\r']).to_string())
}

/// The time zone of the machine, as `log_timezone` and `timezone` get it.
fn time_zone() -> String {
    if let Some(zone) = std::env::var("TZ").ok().filter(|zone| !zone.is_empty() && !zone.starts_with(':')) {
        return zone;
    }
    let link = std::fs::read_link("/etc/localtime").ok();
    let name = link.as_deref().and_then(Path::to_str).and_then(|path| path.split_once("zoneinfo/"));
    if let Some((_, name)) = name {
        return name.to_string();
    }
    let named = std::fs::read_to_string("/etc/timezone").ok().map(|text| text.trim().to_string());
    named.filter(|name| !name.is_empty()).unwrap_or_else(|| "Etc/UTC".into())
}

/// The settings that a new postgresql.conf sets, the user's own last.
fn initial_settings(options: &Options, locale: &Locale, text_search: &str) -> Vec<(String, String)> {
    let zone = time_zone();
    let wal_size = |segments: u32, least: u32| format!("{}MB", (options.segment_megabytes * segments).max(least));
    let qualified = if text_search.contains('.') { text_search.into() } else { format!("pg_catalog.{text_search}") };
    let mut settings: Vec<(String, String)> = [
        ("max_connections", "100".to_string()),
        ("shared_buffers", "128MB".into()),
        ("dynamic_shared_memory_type", "posix".into()),
        ("max_wal_size", if options.segment_megabytes == 16 { "1GB".into() } else { wal_size(64, 1) }),
        ("min_wal_size", wal_size(5, 1)),
        ("log_timezone", zone.clone()),
        ("datestyle", "iso, mdy".into()),
        ("timezone", zone),
        ("lc_messages", locale.messages.clone()),
        ("lc_monetary", locale.monetary.clone()),
        ("lc_numeric", locale.numeric.clone()),
        ("lc_time", locale.time.clone()),
        ("default_text_search_config", qualified),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_string(), value))
    .collect();
    if options.group_access {
        settings.push(("log_file_mode".into(), "0640".into()));
    }
    settings.extend(options.settings.iter().cloned());
    settings
}

/// Checks the user's settings, so that a typing error is not found by the server.
fn check_settings(given: &[(String, String)]) -> Result<(), Complaint> {
    let settings = settings::Settings::new();
    for (name, value) in given {
        match settings.find(name) {
            Some(id) => {
                settings.checked(id, value, settings::Source::File, &settings::NoHooks)?;
            }
            None if name.contains('.') => {}
            None => return Err(Complaint::new(format!("unrecognized configuration parameter \"{name}\""))),
        }
    }
    Ok(())
}

fn fill(
    options: &Options,
    locale: &Locale,
    data: &Path,
    mode: u32,
    superuser: &str,
    password: Option<&str>,
    text_search: &str,
    made: &mut Vec<(PathBuf, Found)>,
) -> Result<(), Complaint> {
    check_settings(&options.settings)?;
    if let Some(wal) = &options.wal {
        if !wal.is_absolute() {
            return Err(Complaint::new("WAL directory location must be an absolute path"));
        }
        let found = directory::claim(wal, mode, "WAL directory")?;
        made.push((wal.clone(), found));
    }
    step("creating subdirectories ... ", || {
        directory::make_subdirectories(data, options.wal.as_deref(), &bootstrap::directories(), mode)
    })?;
    println!("selecting dynamic shared memory implementation ... posix");
    println!("selecting default \"max_connections\" ... 100");
    println!("selecting default \"shared_buffers\" ... 128MB");
    println!("selecting default time zone ... {}", time_zone());
    let file_mode = if options.group_access { 0o640 } else { 0o600 };
    step("creating configuration files ... ", || {
        let settings = initial_settings(options, locale, text_search);
        let local = options.auth_local.as_deref().unwrap_or("trust");
        let host = options.auth_host.as_deref().unwrap_or("trust");
        // "ident" on a local socket, and "peer" on TCP, mean the same thing.
        let local = if local == "ident" { "peer" } else { local };
        let host = if host == "peer" { "ident" } else { host };
        for (name, contents) in [
            ("PG_VERSION", "18\n"),
            ("postgresql.conf", &*configuration::postgresql_conf(&settings)),
            ("postgresql.auto.conf", configuration::AUTO_CONF),
            ("pg_hba.conf", &*configuration::hba_conf(local, host)),
            ("pg_ident.conf", configuration::IDENT_CONF),
        ] {
            directory::write(data, name, contents, file_mode)?;
        }
        Ok(())
    })?;
    step("running bootstrap script ... ", || {
        let password = match password {
            Some(password) => Some(auth::ScramSecret::new(password, 4096)?.to_text()),
            None => None,
        };
        let cluster = ClusterOptions {
            superuser: superuser.to_string(),
            password,
            encoding: locale.encoding,
            provider: locale.provider,
            collate: locale.collate.clone(),
            ctype: locale.ctype.clone(),
            locale: locale.name.clone(),
            rules: locale.rules.clone(),
        };
        Ok(crate::cluster::create(data, options.segment_megabytes << 20, options.checksums, &cluster)?)
    })?;
    step("performing post-bootstrap initialization ... ", || {
        directory::write(&data.join("base/1"), "PG_VERSION", "18\n", file_mode)?;
        for database in bootstrap::COPIES {
            bootstrap::copy_database(data, ids::oids::TEMPLATE1, database)?;
        }
        if options.group_access {
            directory::set_modes(data, mode, file_mode)
                .map_err(|e| Complaint::new(format!("could not change permissions: {e}")))?;
        }
        Ok(())
    })?;
    if options.no_sync {
        println!();
        println!("Sync to disk skipped.");
        println!("The data directory might become corrupt if the operating system crashes.");
        return Ok(());
    }
    step("syncing data to disk ... ", || directory::sync(data))
}
