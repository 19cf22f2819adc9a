//! `pg_ctl`: starts, stops and asks a server, by its data directory.
//!
//! It knows a server only by its files (`postmaster.pid`, `postmaster.opts`) and by signals; it reads no settings and opens
//! no connection. A server is started through `/bin/sh`, so that `-o` may hold several words.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lexopt::Arg;
use sys::Signal;

const HELP: &str = "\
pg_ctl is a utility to initialize, start, stop, or control a PostgreSQL server.

Usage:
  pg_ctl init[db]   [-D DATADIR] [-s] [-o OPTIONS]
  pg_ctl start      [-D DATADIR] [-l FILENAME] [-W] [-t SECS] [-s]
                    [-o OPTIONS] [-p PATH] [-c]
  pg_ctl stop       [-D DATADIR] [-m SHUTDOWN-MODE] [-W] [-t SECS] [-s]
  pg_ctl restart    [-D DATADIR] [-m SHUTDOWN-MODE] [-W] [-t SECS] [-s]
                    [-o OPTIONS] [-c]
  pg_ctl reload     [-D DATADIR] [-s]
  pg_ctl status     [-D DATADIR]
  pg_ctl promote    [-D DATADIR] [-W] [-t SECS] [-s]
  pg_ctl logrotate  [-D DATADIR] [-s]
  pg_ctl kill       SIGNALNAME PID

Common options:
  -D, --pgdata=DATADIR   location of the database storage area
  -s, --silent           only print errors, no informational messages
  -t, --timeout=SECS     seconds to wait when using -w option
  -V, --version          output version information, then exit
  -w, --wait             wait until operation completes (default)
  -W, --no-wait          do not wait until operation completes
      --allow-root       run even as root
  -?, --help             show this help, then exit
If the -D option is omitted, the environment variable PGDATA is used.

Options for start or restart:
  -c, --core-files       allow postgres to produce core files
  -l, --log=FILENAME     write (or append) server log to FILENAME
  -o, --options=OPTIONS  command line options to pass to postgres
                         (PostgreSQL server executable) or initdb
  -p PATH-TO-POSTGRES    normally not necessary

Options for stop or restart:
  -m, --mode=MODE        MODE can be \"smart\", \"fast\", or \"immediate\"

Shutdown modes are:
  smart       quit after all clients have disconnected
  fast        quit directly, with proper shutdown (default)
  immediate   quit without complete shutdown; will lead to recovery on restart

Allowed signal names for kill:
  ABRT HUP INT KILL QUIT TERM USR1 USR2
";

const ROOT: &str = "\
pg_ctl: cannot be run as root
Please log in (using, e.g., \"su\") as the (unprivileged) user that will
own the server process.";

/// Waits are cut into steps of this length.
const STEP: Duration = Duration::from_millis(100);
const STEPS_PER_SECOND: u64 = 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Smart,
    Fast,
    Immediate,
}

impl Mode {
    fn signal(self) -> Signal {
        match self {
            Mode::Smart => Signal::Term,
            Mode::Fast => Signal::Int,
            Mode::Immediate => Signal::Quit,
        }
    }
}

#[derive(Debug)]
struct Options {
    operation: String,
    operands: Vec<String>,
    data_directory: Option<PathBuf>,
    log: Option<String>,
    mode: Mode,
    options: String,
    program: Option<PathBuf>,
    silent: bool,
    wait: bool,
    seconds: u64,
    core_files: bool,
    allow_root: bool,
}

/// A message for the terminal, and the exit code.
struct Failure(String, i32);

type Outcome = Result<(), Failure>;

fn fail<T>(text: impl Into<String>) -> Result<T, Failure> {
    Err(Failure(format!("pg_ctl: {}", text.into()), 1))
}

fn advise<T>(text: impl Into<String>) -> Result<T, Failure> {
    fail(format!("{}\nTry \"pg_ctl --help\" for more information.", text.into()))
}

/// A complaint of getopt's, which names the program as it was called.
fn getopt<T>(text: String) -> Result<T, Failure> {
    let program = std::env::args_os().next().unwrap_or_default();
    Err(Failure(format!("{}: {text}\nTry \"pg_ctl --help\" for more information.", program.display()), 1))
}

/// Runs `pg_ctl` with these arguments (the program's name not among them) to its exit code. `program`: this executable.
pub fn main(program: &Path, arguments: &[String]) -> i32 {
    match arguments.first().map(String::as_str) {
        Some("--help" | "-?") => {
            print!("{HELP}");
            return 0;
        }
        Some("--version" | "-V") => {
            println!("pg_ctl (PostgreSQL) {}", crate::VERSION);
            return 0;
        }
        _ => (),
    }
    let result = parse(arguments).and_then(|options| run(program, &options));
    match result {
        Ok(()) => 0,
        Err(Failure(text, code)) => {
            // "no server running" is an answer, not a complaint.
            if code == 3 {
                println!("{text}");
            } else {
                let _ = std::io::stdout().flush();
                eprintln!("{text}");
            }
            code
        }
    }
}

fn parse(arguments: &[String]) -> Result<Options, Failure> {
    let mut options = Options {
        operation: String::new(),
        operands: Vec::new(),
        data_directory: std::env::var_os("PGDATA").filter(|d| !d.is_empty()).map(PathBuf::from),
        log: None,
        mode: Mode::Fast,
        options: String::new(),
        program: None,
        silent: false,
        wait: true,
        seconds: std::env::var("PGCTLTIMEOUT").ok().and_then(|text| text.parse().ok()).unwrap_or(60),
        core_files: false,
        allow_root: false,
    };
    let mut parser = lexopt::Parser::from_args(arguments);
    let mut free = Vec::new();
    loop {
        let argument = match parser.next() {
            Ok(Some(argument)) => argument,
            Ok(None) => break,
            Err(e) => return advise(e.to_string()),
        };
        let known = match argument {
            Arg::Short(letter) => letter.to_string(),
            Arg::Long(word) => word.to_string(),
            Arg::Value(value) => {
                free.push(value.to_string_lossy().into_owned());
                continue;
            }
        };
        let mut value = || match parser.value() {
            Ok(value) => Ok(value.to_string_lossy().into_owned()),
            Err(_) => getopt(format!("option requires an argument -- '{known}'")),
        };
        match known.as_str() {
            "D" | "pgdata" => options.data_directory = Some(value()?.into()),
            "l" | "log" => options.log = Some(value()?),
            "m" | "mode" => {
                let mode = value()?;
                options.mode = match mode.as_str() {
                    "s" | "smart" => Mode::Smart,
                    "f" | "fast" => Mode::Fast,
                    "i" | "immediate" => Mode::Immediate,
                    _ => return advise(format!("unrecognized shutdown mode \"{mode}\"")),
                };
            }
            "o" | "options" => {
                if !options.options.is_empty() {
                    options.options.push(' ');
                }
                options.options.push_str(&value()?);
            }
            "p" => options.program = Some(value()?.into()),
            "s" | "silent" => options.silent = true,
            "t" | "timeout" => options.seconds = value()?.trim().parse().unwrap_or(0),
            "w" | "wait" => options.wait = true,
            "W" | "no-wait" => options.wait = false,
            "c" | "core-files" => options.core_files = true,
            "allow-root" => options.allow_root = true,
            other if other.chars().count() == 1 => return getopt(format!("invalid option -- '{other}'")),
            other => return getopt(format!("unrecognized option '--{other}'")),
        }
    }
    let mut free = free.into_iter();
    options.operation = free.next().unwrap_or_default();
    let allowed = if options.operation == "kill" { 2 } else { 0 };
    let rest: Vec<String> = free.collect();
    if let Some(extra) = rest.get(allowed) {
        return advise(format!("too many command-line arguments (first is \"{extra}\")"));
    }
    options.operands = rest;
    Ok(options)
}

fn run(program: &Path, options: &Options) -> Outcome {
    if sys::process::effective_user() == 0 && !options.allow_root {
        return Err(Failure(ROOT.into(), 1));
    }
    let control = match options.operation.as_str() {
        "" => return advise("no operation specified"),
        "kill" => return kill(&options.operands),
        "init" | "initdb" => return init(program, options),
        "start" => Control::start,
        "stop" => Control::stop,
        "restart" => Control::restart,
        "reload" => Control::reload,
        "status" => Control::status,
        "promote" => Control::promote,
        "logrotate" => Control::rotate_log,
        other => return advise(format!("unrecognized operation mode \"{other}\"")),
    };
    let Some(directory) = &options.data_directory else {
        return advise("no database directory specified and environment variable PGDATA unset");
    };
    control(&Control { program, options, directory: real_directory(program, options, directory.clone()) })
}

/// `-D` may name a directory that holds only the configuration, which knows where the data is.
fn real_directory(program: &Path, options: &Options, directory: PathBuf) -> PathBuf {
    let only_configuration = directory.join("postgresql.conf").exists() && !directory.join("PG_VERSION").exists();
    if !only_configuration {
        return directory;
    }
    let mut command = postgres(program, options);
    command.arg("-D").arg(&directory).args(["-C", "data_directory"]);
    match command.output() {
        Ok(output) if output.status.success() => {
            PathBuf::from(String::from_utf8_lossy(&output.stdout).trim_end_matches('\n'))
        }
        _ => directory,
    }
}

/// The server's program: beside this one, or this one itself.
fn postgres_words(program: &Path, options: &Options) -> Vec<PathBuf> {
    if let Some(path) = &options.program {
        return vec![path.clone()];
    }
    sibling(program, "postgres")
}

/// How to call the tool `name`: the link beside this program, or this program with the tool's name.
fn sibling(program: &Path, name: &str) -> Vec<PathBuf> {
    let beside = program.with_file_name(name);
    if beside.exists() { vec![beside] } else { vec![program.to_path_buf(), name.into()] }
}

fn postgres(program: &Path, options: &Options) -> Command {
    let words = postgres_words(program, options);
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]);
    command
}

fn init(program: &Path, options: &Options) -> Outcome {
    let words = sibling(program, "initdb");
    let mut line = shell_words(&words);
    if let Some(directory) = &options.data_directory {
        line.push_str(&format!(" -D {}", quote(&directory.to_string_lossy())));
    }
    if !options.options.is_empty() {
        line.push_str(&format!(" {}", options.options));
    }
    if options.silent {
        line.push_str(" > /dev/null");
    }
    match Command::new("/bin/sh").arg("-c").arg(line).status() {
        Ok(status) if status.success() => Ok(()),
        _ => fail("database system initialization failed"),
    }
}

fn kill(operands: &[String]) -> Outcome {
    let [name, pid] = operands else { return advise("missing arguments for kill mode") };
    let allowed = ["ABRT", "HUP", "INT", "KILL", "QUIT", "TERM", "USR1", "USR2"];
    let Some(signal) = allowed.contains(&name.as_str()).then(|| Signal::from_name(name)).flatten() else {
        return advise(format!("unrecognized signal name \"{name}\""));
    };
    let pid: i32 = match pid.trim().parse() {
        Ok(pid) if pid != 0 => pid,
        _ => return advise(format!("invalid process id \"{pid}\"")),
    };
    sys::kill(pid, signal).or_else(|e| cannot_signal(signal, pid, &e))
}

fn cannot_signal(signal: Signal, pid: i32, reason: &std::io::Error) -> Outcome {
    fail(format!("could not send signal {} (PID: {pid}): {}", signal.number(), plain(reason)))
}

fn plain(error: &std::io::Error) -> String {
    error.to_string().split(" (os error").next().unwrap_or_default().to_string()
}

fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

fn shell_words(words: &[PathBuf]) -> String {
    words.iter().map(|word| quote(&word.to_string_lossy())).collect::<Vec<_>>().join(" ")
}

struct Control<'a> {
    program: &'a Path,
    options: &'a Options,
    directory: PathBuf,
}

/// What `postmaster.pid` says.
struct Lock {
    pid: i32,
    started: u64,
    status: String,
}

impl Control<'_> {
    fn say(&self, text: &str) {
        if !self.options.silent {
            print!("{text}");
            let _ = std::io::stdout().flush();
        }
    }

    fn pid_file(&self) -> PathBuf {
        self.directory.join("postmaster.pid")
    }

    /// The process id in the lock file; `None` if there is no such file.
    fn pid(&self) -> Result<Option<i32>, Failure> {
        let shown = self.directory.display();
        let code = if self.options.operation == "status" { 4 } else { 1 };
        let refuse = |text: String| Err(Failure(format!("pg_ctl: {text}"), code));
        if let Err(e) = std::fs::metadata(&self.directory) {
            return match e.kind() {
                std::io::ErrorKind::NotFound => refuse(format!("directory \"{shown}\" does not exist")),
                _ => refuse(format!("could not access directory \"{shown}\": {}", plain(&e))),
            };
        }
        if !self.directory.join("PG_VERSION").exists() {
            return refuse(format!("directory \"{shown}\" is not a database cluster directory"));
        }
        let file = self.pid_file();
        let text = match std::fs::read_to_string(&file) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return fail(format!("could not open PID file \"{}\": {}", file.display(), plain(&e))),
        };
        match text.lines().next() {
            None => fail(format!("the PID file \"{}\" is empty", file.display())),
            Some(line) => match line.trim().parse() {
                Ok(pid) => Ok(Some(pid)),
                Err(_) => fail(format!("invalid data in PID file \"{}\"", file.display())),
            },
        }
    }

    /// The process id of a server that must be running to be told to `do_what`.
    fn running(&self, do_what: &str) -> Result<i32, Failure> {
        match self.pid()? {
            None => {
                let file = self.pid_file();
                fail(format!("PID file \"{}\" does not exist\nIs server running?", file.display()))
            }
            Some(pid) if pid < 0 => {
                fail(format!("cannot {do_what} server; single-user server is running (PID: {})", -pid))
            }
            Some(pid) => Ok(pid),
        }
    }

    fn signal(&self, pid: i32, signal: Signal, name: &str) -> Outcome {
        match sys::kill(pid, signal) {
            Ok(()) => Ok(()),
            Err(e) => fail(format!("could not send {name} signal (PID: {pid}): {}", plain(&e))),
        }
    }

    /// Calls `done` every tenth of a second, printing a dot every second, until it gives something or time is up.
    fn wait_for<T>(&self, mut done: impl FnMut() -> Option<T>) -> Option<T> {
        for step in 0..self.options.seconds.saturating_mul(STEPS_PER_SECOND) {
            if let Some(result) = done() {
                return Some(result);
            }
            if step % STEPS_PER_SECOND == 0 {
                self.say(".");
            }
            std::thread::sleep(STEP);
        }
        None
    }

    // ---- operations ----

    fn status(&self) -> Outcome {
        if let Some(pid) = self.pid()? {
            if pid < 0 && sys::process::exists(-pid) {
                println!("pg_ctl: single-user server is running (PID: {})", -pid);
                return Ok(());
            }
            if sys::process::exists(pid) {
                println!("pg_ctl: server is running (PID: {pid})");
                if let Ok(options) = std::fs::read_to_string(self.directory.join("postmaster.opts")) {
                    print!("{options}");
                }
                return Ok(());
            }
        }
        Err(Failure("pg_ctl: no server running".into(), 3))
    }

    fn start(&self) -> Outcome {
        let old = self.pid()?;
        if old.is_some() {
            eprintln!("pg_ctl: another server might be running; trying to start server anyway");
        }
        self.launch(&self.options.options.clone())
    }

    fn launch(&self, server_options: &str) -> Outcome {
        let program = postgres_words(self.program, self.options);
        if !program[0].exists() {
            return fail(format!(
                "program \"postgres\" is needed by pg_ctl but was not found in the same directory as \"{}\"",
                self.program.display()
            ));
        }
        let mut line = format!("exec {} -D {}", shell_words(&program), quote(&self.directory.to_string_lossy()));
        if self.options.allow_root {
            line.push_str(" --allow-root");
        }
        line.push_str(&format!(" {server_options} < /dev/null"));
        if let Some(log) = &self.options.log {
            line.push_str(&format!(" >> {}", quote(log)));
        }
        line.push_str(" 2>&1");
        if self.options.core_files {
            sys::process::allow_core_files();
        }
        let mask = sys::process::set_umask(0o077);
        let started = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let own = sys::process::id().to_string();
        let child = sys::fork(|| {
            // A session of its own: a Ctrl-C at the terminal is not for the server.
            let _ = sys::process::new_session();
            sys::process::set_umask(mask);
            let e = Command::new("/bin/sh").arg("-c").arg(&line).env("PG_GRANDPARENT_PID", own).exec();
            eprintln!("pg_ctl: could not start server: {}", plain(&e));
            1
        });
        let child = match child {
            Ok(child) => child,
            Err(e) => return fail(format!("could not start server: {}", plain(&e))),
        };
        if !self.options.wait {
            self.say("server starting\n");
            return Ok(());
        }
        self.say("waiting for server to start...");
        enum Start {
            Ready,
            Ended,
        }
        let result = self.wait_for(|| {
            if let Some(lock) = self.lock()
                && lock.pid == child
                && lock.started + 2 >= started
                && matches!(lock.status.trim(), "ready" | "standby")
            {
                return Some(Start::Ready);
            }
            sys::process::ended(child).map(|_| Start::Ended)
        });
        match result {
            Some(Start::Ready) => {
                self.say(" done\nserver started\n");
                Ok(())
            }
            Some(Start::Ended) => {
                self.say(" stopped waiting\n");
                fail("could not start server\nExamine the log output.")
            }
            None => {
                self.say(" stopped waiting\n");
                fail("server did not start in time")
            }
        }
    }

    fn lock(&self) -> Option<Lock> {
        let text = std::fs::read_to_string(self.pid_file()).ok()?;
        let lines: Vec<&str> = text.lines().collect();
        Some(Lock {
            pid: lines.first()?.trim().parse().ok()?,
            started: lines.get(2)?.trim().parse().ok()?,
            status: lines.get(7)?.to_string(),
        })
    }

    fn stop(&self) -> Outcome {
        let pid = self.running("stop")?;
        self.signal(pid, self.options.mode.signal(), "stop")?;
        if !self.options.wait {
            self.say("server shutting down\n");
            return Ok(());
        }
        self.wait_for_end(pid)?;
        self.say("server stopped\n");
        Ok(())
    }

    fn wait_for_end(&self, pid: i32) -> Outcome {
        self.say("waiting for server to shut down...");
        let gone = || {
            let other = !matches!(self.pid(), Ok(Some(now)) if now == pid);
            (other || !sys::process::exists(pid)).then_some(())
        };
        if self.wait_for(gone).is_none() {
            self.say(" failed\n");
            let hint = match self.options.mode {
                Mode::Smart => {
                    "\nHINT: The \"-m fast\" option immediately disconnects sessions rather than\nwaiting for \
                     session-initiated disconnection."
                }
                _ => "",
            };
            return fail(format!("server does not shut down{hint}"));
        }
        self.say(" done\n");
        Ok(())
    }

    fn restart(&self) -> Outcome {
        match self.pid()? {
            None => {
                let file = self.pid_file();
                eprintln!(
                    "pg_ctl: PID file \"{}\" does not exist\nIs server running?\ntrying to start server anyway",
                    file.display()
                );
                let options = self.restart_options()?;
                self.launch(&options)
            }
            Some(pid) if pid < 0 && sys::process::exists(-pid) => fail(format!(
                "cannot restart server; single-user server is running (PID: {})\nPlease terminate the single-user \
                 server and try again.",
                -pid
            )),
            Some(pid) if sys::process::exists(pid) => {
                let options = self.restart_options()?;
                self.signal(pid, self.options.mode.signal(), "stop")?;
                self.wait_for_end(pid)?;
                self.say("server stopped\n");
                self.launch(&options)
            }
            Some(pid) => {
                eprintln!("pg_ctl: old server process (PID: {pid}) seems to be gone\nstarting server anyway");
                let options = self.restart_options()?;
                self.launch(&options)
            }
        }
    }

    /// The options of the last start, unless new ones are given: what stands in `postmaster.opts` behind the program.
    fn restart_options(&self) -> Result<String, Failure> {
        if !self.options.options.is_empty() {
            return Ok(self.options.options.clone());
        }
        let file = self.directory.join("postmaster.opts");
        let Ok(text) = std::fs::read_to_string(&file) else {
            return fail(format!("could not read file \"{}\"", file.display()));
        };
        let line = text.lines().next().unwrap_or("");
        let options = line.find(" \"").map_or("", |at| &line[at + 1..]);
        // Data directory and root's permission are given anew.
        let own = format!("\"-D\" \"{}\"", self.directory.display());
        Ok(options.replace(&own, "").replace("\"--allow-root\"", "").trim().to_string())
    }

    fn reload(&self) -> Outcome {
        let pid = self.running("reload")?;
        self.signal(pid, Signal::Hup, "reload")?;
        self.say("server signaled\n");
        Ok(())
    }

    fn promote(&self) -> Outcome {
        let pid = self.running("promote")?;
        let standby = ["standby.signal", "recovery.signal"].iter().any(|name| self.directory.join(name).exists());
        if !standby {
            return fail("cannot promote server; server is not in standby mode");
        }
        let trigger = self.directory.join("promote");
        if let Err(e) = std::fs::write(&trigger, "") {
            return fail(format!("could not create promote signal file \"{}\": {}", trigger.display(), plain(&e)));
        }
        if let Err(failure) = self.signal(pid, Signal::Usr1, "promote") {
            let _ = std::fs::remove_file(&trigger);
            return Err(failure);
        }
        if !self.options.wait {
            self.say("server promoting\n");
            return Ok(());
        }
        self.say("waiting for server to promote...");
        match self.wait_for(|| self.lock().filter(|lock| lock.status.trim() == "ready")) {
            Some(_) => {
                self.say(" done\nserver promoted\n");
                Ok(())
            }
            None => {
                self.say(" stopped waiting\n");
                fail("server did not promote in time")
            }
        }
    }

    fn rotate_log(&self) -> Outcome {
        let pid = self.running("rotate log file of")?;
        let file = self.directory.join("logrotate");
        if let Err(e) = std::fs::write(&file, "") {
            return fail(format!("could not create log rotation signal file \"{}\": {}", file.display(), plain(&e)));
        }
        if let Err(e) = sys::kill(pid, Signal::Usr1) {
            let _ = std::fs::remove_file(&file);
            return fail(format!("could not send log rotation signal (PID: {pid}): {}", plain(&e)));
        }
        self.say("server signaled to rotate log file\n");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(String::from).collect()
    }

    fn refusal(text: &str) -> String {
        match parse(&words(text)).and_then(|options| run(Path::new("/nowhere/pg_ctl"), &options)) {
            Ok(()) => panic!("{text} succeeded"),
            // getopt's name the program as it was called: here, the test.
            Err(Failure(message, code)) => {
                let program = std::env::args_os().next().unwrap_or_default();
                format!("{code} {}", message.replace(&program.display().to_string(), "pg_ctl"))
            }
        }
    }

    #[test]
    fn options_are_read_in_any_order() {
        let options = parse(&words("-D /x start -l log -W -t5 -o one -o two --mode=immediate -s")).ok().unwrap();
        assert_eq!((options.operation.as_str(), options.options.as_str(), options.seconds), ("start", "one two", 5));
        assert!(!options.wait && options.silent && options.mode == Mode::Immediate);
    }

    #[test]
    fn mistakes_read_as_the_reference_puts_them() {
        let try_help = "Try \"pg_ctl --help\" for more information.";
        for (line, message) in [
            ("--allow-root", "no operation specified"),
            ("--allow-root foo", "unrecognized operation mode \"foo\""),
            ("stop -m x", "unrecognized shutdown mode \"x\""),
            ("start stop", "too many command-line arguments (first is \"stop\")"),
            ("kill --allow-root", "missing arguments for kill mode"),
            ("kill FOO 1 --allow-root", "unrecognized signal name \"FOO\""),
            ("stop -x", "invalid option -- 'x'"),
        ] {
            assert_eq!(refusal(line), format!("1 pg_ctl: {message}\n{try_help}"), "{line}");
        }
        let allowed = "--allow-root -D /nonexistent";
        assert_eq!(refusal(&format!("status {allowed}")), "4 pg_ctl: directory \"/nonexistent\" does not exist");
        assert_eq!(refusal(&format!("stop {allowed}")), "1 pg_ctl: directory \"/nonexistent\" does not exist");
    }

    #[test]
    fn a_directory_without_a_server() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("PG_VERSION"), "18\n").unwrap();
        let data = directory.path().display();
        assert_eq!(refusal(&format!("status --allow-root -D {data}")), "3 pg_ctl: no server running");
        let expected = format!("1 pg_ctl: PID file \"{data}/postmaster.pid\" does not exist\nIs server running?");
        assert_eq!(refusal(&format!("reload --allow-root -D {data}")), expected);
        std::fs::write(directory.path().join("postmaster.pid"), "").unwrap();
        assert_eq!(
            refusal(&format!("stop --allow-root -D {data}")),
            format!("1 pg_ctl: the PID file \"{data}/postmaster.pid\" is empty")
        );
    }

    /// A script stands in for the server: it says that it is ready, and ends on SIGINT.
    #[test]
    fn starts_waits_restarts_and_stops() {
        let directory = tempfile::tempdir().unwrap();
        let data = directory.path().join("data");
        std::fs::create_dir(&data).unwrap();
        std::fs::write(data.join("PG_VERSION"), "18\n").unwrap();
        let script = directory.path().join("server");
        let text = "#!/bin/sh\nd=$2\ntrap 'rm $d/postmaster.pid; exit 0' INT\n\
            printf \"$0\" > $d/postmaster.opts\nfor a in \"$@\"; do printf ' \"%s\"' \"$a\" >> $d/postmaster.opts; done\n\
            echo $* >> $d/calls\nprintf '%s\\n\\n%s\\n\\n\\n\\n\\nready   \\n' $$ $(date +%s) > $d/postmaster.pid\n\
            while true; do sleep 0.05; done\n";
        std::fs::write(&script, text).unwrap();
        std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let call = |line: &str| {
            let line = format!("{line} -s -D {} -p {} --allow-root", data.display(), script.display());
            main(Path::new("/nowhere/pg_ctl"), &words(&line))
        };
        let log = directory.path().join("log");
        assert_eq!(call(&format!("start -t 20 -o --port=5 -l {}", log.display())), 0);
        assert_eq!(call("status"), 0);
        assert_eq!(call("restart -t 20"), 0);
        assert_eq!(call("stop -t 20"), 0);
        assert_eq!(call("status"), 3);
        let calls = std::fs::read_to_string(data.join("calls")).unwrap();
        let expected = format!("-D {} --allow-root --port=5", data.display());
        assert_eq!(calls.lines().collect::<Vec<_>>(), [&expected, &expected]);
    }
}
