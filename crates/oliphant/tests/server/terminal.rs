//! psql at a terminal: one session with everything a person does, typed into a pseudo-terminal; and into tmux, where there is one.

use std::ffi::OsString;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::fd::{AsFd, OwnedFd};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::cluster::{Cluster, oliphant};
use crate::session::Session;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(30);
const COLUMNS: u16 = 100;
const ROWS: u16 = 30;

/// A terminal with psql in it.
trait Terminal {
    /// Types: text as it is, `<Up>`, `<BS>`, `<C-c>` and so on as those keys.
    fn keys(&mut self, keys: &str);
    /// All that the screen shows or has shown since the last [`Terminal::forget`].
    fn text(&mut self) -> String;
    /// What was shown so far does not count any more.
    fn forget(&mut self);

    /// Types, and waits until all of `expected` is on the screen.
    #[track_caller]
    fn step(&mut self, keys: &str, expected: &[&str]) {
        self.forget();
        self.keys(keys);
        self.wait_for(expected);
    }

    #[track_caller]
    fn wait_for(&mut self, expected: &[&str]) {
        let until = Instant::now() + PATIENCE;
        loop {
            let text = self.text();
            if expected.iter().all(|expected| text.contains(expected)) {
                return;
            }
            assert!(Instant::now() < until, "{expected:?} is not on the screen:\n{text}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// What psql is started with.
fn environment(cluster: &Cluster, directory: &Path) -> Vec<(&'static str, OsString)> {
    let pager = format!("cat > {0}/paged; echo PAGED", directory.display());
    let of_psql = [
        ("PSQL_HISTORY", directory.join("history").into()),
        ("PSQLRC", "/dev/null".into()),
        ("PSQL_PAGER", pager.into()),
        ("HOME", directory.into()),
        ("TERM", "xterm".into()),
        ("INPUTRC", "/dev/null".into()),
    ];
    cluster.environment("postgres").into_iter().chain(of_psql).collect()
}

/// What a person does in one evening.
fn session(terminal: &mut dyn Terminal, directory: &Path) {
    let prompt = "postgres=# ";
    terminal.wait_for(&["Type \"help\" for help.", prompt]);
    terminal.step("create table orders (id int, total_price int);\r", &["CREATE TABLE", prompt]);
    // Completion: a keyword, a table, a column, a meta-command's argument.
    terminal.step("INSERT IN\tord\tVALUES (7, 8);\r", &["INSERT INTO orders VALUES", "INSERT 0 1", prompt]);
    terminal.step("select id from ord\twhere tot\t= 8;\r", &["where total_price = 8", "(1 row)", prompt]);
    terminal.step("\\pset bor\t2\r", &["Border style is 2.", prompt]);
    terminal.step("\\pset border 1\r", &["Border style is 1.", prompt]);
    terminal.step("sel\t 1 as o\t\tne;\r", &["select  1", "one", "(1 row)", prompt]);
    // A statement of two lines, recalled as one and changed.
    terminal.step("select 40 +\r", &["postgres-# "]);
    terminal.step("2;\r", &["42", prompt]);
    terminal.step("<Up><BS><BS>3;\r", &["43", prompt]);
    // A wide character moves the cursor by two columns; editing before it does not shift it.
    terminal.step("select '象' as e;<Left><Left>le\r", &["象", "(1 row)", prompt]);
    // Ctrl-C at the prompt forgets the line, and nothing else.
    terminal.step("selct 'never", &["never"]);
    terminal.step("<C-c>", &[prompt]);
    terminal.step("\\echo still here\r", &["still here", prompt]);
    // A table wider than the screen goes to the pager.
    let wide = "select repeat('wide ', 60) as first, 2 as second;\r";
    terminal.step(wide, &["PAGED", prompt]);
    let paged = std::fs::read_to_string(directory.join("paged")).unwrap();
    assert!(paged.contains("wide wide") && paged.contains("second") && paged.contains("(1 row)"), "{paged}");
    terminal.step("\\pset pager off\r", &["Pager usage is off.", prompt]);
    // \watch goes on until Ctrl-C.
    terminal.step("select count(*) as watched from orders \\watch 0.1\r", &["every 0.1s", "watched"]);
    std::thread::sleep(Duration::from_millis(400));
    terminal.step("<C-c>", &[prompt]);
    terminal.step("\\echo watched enough\r", &["watched enough", prompt]);
    // A command that takes too long is cancelled, and psql stays.
    let before = Instant::now();
    terminal.forget();
    terminal.keys("select pg_sleep(100);\r");
    std::thread::sleep(Duration::from_millis(700));
    terminal.step("<C-c>", &["Cancel request sent", "canceling statement due to user request", prompt]);
    assert!(before.elapsed() < Duration::from_secs(20));
    // A password is not shown.
    terminal.step("\\password\r", &["Enter new password for user \"postgres\":"]);
    terminal.step("secret\r", &["Enter it again:"]);
    terminal.step("secret\r", &[prompt]);
    assert!(!terminal.text().contains("secret"), "{}", terminal.text());
    // The connection is lost, and comes back.
    let end = "select pg_terminate_backend(pg_backend_pid());\r";
    terminal.step(end, &["The connection to the server was lost. Attempting reset: Succeeded.", prompt]);
    terminal.step("select total_price from orders;\r", &["8", "(1 row)", prompt]);
    terminal.keys("\\q\r");
}

fn check_history(directory: &Path) {
    let history = std::fs::read_to_string(directory.join("history")).unwrap();
    let lines: Vec<&str> = history.lines().collect();
    assert!(lines.contains(&"select 40 +\u{1}2;") && lines.contains(&"select 40 +\u{1}3;"), "{history}");
    assert_eq!(lines.last(), Some(&"\\q"), "{history}");
    assert!(!history.contains("never") && !history.contains("secret"), "{history}");
}

/// psql on a pseudo-terminal of this process.
struct Pty {
    ours: OwnedFd,
    pid: i32,
    shown: Vec<u8>,
    forgotten: usize,
}

impl Pty {
    fn start(environment: &[(&str, OsString)], arguments: &[&str]) -> Pty {
        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&ours).unwrap();
        unlockpt(&ours).unwrap();
        let name = PathBuf::from(ptsname(&ours, Vec::new()).unwrap().into_string().unwrap());
        tcsetwinsize(&ours, Winsize { ws_row: ROWS, ws_col: COLUMNS, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
        let mut command = Command::new(oliphant());
        command.args(arguments).envs(environment.iter().map(|(name, value)| (name, value)));
        let pid = sys::fork(move || {
            // The first terminal that the leader of a session opens is its controlling terminal.
            let _ = sys::process::new_session();
            let Ok(theirs) = std::fs::File::options().read(true).write(true).open(&name) else { return 126 };
            let done = [
                rustix::stdio::dup2_stdin(&theirs),
                rustix::stdio::dup2_stdout(&theirs),
                rustix::stdio::dup2_stderr(&theirs),
            ];
            if done.iter().any(Result::is_err) {
                return 126;
            }
            let _ = command.exec();
            127
        })
        .unwrap();
        rustix::fs::fcntl_setfl(&ours, rustix::fs::OFlags::NONBLOCK).unwrap();
        Pty { ours, pid, shown: Vec::new(), forgotten: 0 }
    }

    /// Takes what there is; of an endless stream not more than 100 kB at once.
    fn read(&mut self) {
        let (mut buffer, enough) = ([0; 4096], self.shown.len() + 100_000);
        while let Ok(length @ 1..) = rustix::io::read(&self.ours, &mut buffer) {
            self.shown.extend_from_slice(&buffer[..length]);
            if self.shown.len() > enough {
                return;
            }
        }
    }

    /// Waits for the end of psql.
    fn end(&mut self) -> sys::Exit {
        let until = Instant::now() + PATIENCE;
        loop {
            self.read();
            match sys::process::ended(self.pid) {
                Some(exit) => return exit,
                None if Instant::now() < until => std::thread::sleep(Duration::from_millis(20)),
                None => panic!("psql does not end:\n{}", self.text()),
            }
        }
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        let _ = sys::kill(self.pid, sys::Signal::Kill);
    }
}

/// The bytes that a key sends.
fn bytes_of(keys: &str) -> Vec<u8> {
    let names = [("<Up>", "\x1b[A"), ("<Left>", "\x1b[D"), ("<BS>", "\x7f"), ("<C-c>", "\x03"), ("<C-d>", "\x04")];
    names.iter().fold(keys.to_owned(), |keys, (name, bytes)| keys.replace(name, bytes)).into_bytes()
}

impl Terminal for Pty {
    fn keys(&mut self, keys: &str) {
        let mut file = std::fs::File::from(self.ours.as_fd().try_clone_to_owned().unwrap());
        file.write_all(&bytes_of(keys)).unwrap();
    }

    /// What was written, without the sequences that move the cursor.
    fn text(&mut self) -> String {
        self.read();
        let text = String::from_utf8_lossy(&self.shown[self.forgotten..]).into_owned();
        let mut plain = String::new();
        let mut rest = text.chars();
        while let Some(c) = rest.next() {
            match c {
                '\x1b' if rest.clone().next() == Some('[') => {
                    rest.next();
                    rest.by_ref().find(|c| c.is_ascii_alphabetic());
                }
                '\r' | '\x07' | '\x1b' => (),
                c => plain.push(c),
            }
        }
        plain
    }

    fn forget(&mut self) {
        self.read();
        self.forgotten = self.shown.len();
    }
}

#[test]
fn a_session_at_a_terminal() {
    let cluster = Cluster::start(&[]);
    let directory = tempfile::tempdir().unwrap();
    let mut pty = Pty::start(&environment(&cluster, directory.path()), &["psql"]);
    session(&mut pty, directory.path());
    assert_eq!(pty.end(), sys::Exit::Code(0), "{}", pty.text());
    check_history(directory.path());
}

#[test]
fn end_of_input_and_errors_at_a_terminal() {
    let cluster = Cluster::start(&[]);
    let directory = tempfile::tempdir().unwrap();
    let mut pty = Pty::start(&environment(&cluster, directory.path()), &["psql", "-v", "IGNOREEOF=2"]);
    pty.wait_for(&["postgres=# "]);
    pty.step("<C-d>", &["Use \"\\q\" to leave psql.", "postgres=# "]);
    pty.keys("<C-d>");
    assert_eq!(pty.end(), sys::Exit::Code(0), "{}", pty.text());
    // Without the editor, too, Ctrl-C is no end.
    let mut pty = Pty::start(&environment(&cluster, directory.path()), &["psql", "-n"]);
    pty.wait_for(&["postgres=# "]);
    pty.step("<C-c>", &["postgres=# "]);
    pty.step("select 1 as plain;\r", &["(1 row)", "postgres=# "]);
    pty.keys("<C-d>");
    assert_eq!(pty.end(), sys::Exit::Code(0), "{}", pty.text());
}

/// Waits until a query counts one.
fn wait_for(session: &mut Session, query: &str) {
    wait_until(query, || session.value(query) == "1");
}

fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < until, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Whether a COPY to the server did not take place: psql gave it up, or the server was asked to, if psql was just not waiting for data.
fn is_broken_off(text: &str) -> bool {
    ["COPY from stdin failed: canceled by user", "canceling statement due to user request"]
        .iter()
        .any(|e| text.contains(e))
}

/// Whatever psql does, Ctrl-C ends it, and the prompt comes back.
#[test]
fn ctrl_c_stops_what_psql_is_doing() {
    let cluster = Cluster::start(&[]);
    let directory = tempfile::tempdir().unwrap();
    let mut other = cluster.session();
    other.query("create table lines (line text)");
    let mut pty = Pty::start(&environment(&cluster, directory.path()), &["psql", "-P", "pager=off"]);
    let prompt = "postgres=# ";
    let cancelled = ["Cancel request sent", "canceling statement due to user request", prompt];
    pty.wait_for(&[prompt]);
    // A large result that has arrived is not printed to its end: most of it has not been when the key comes.
    pty.step("select repeat('x', 90) from generate_series(1, 100000);\r", &["xxxxxxxx"]);
    pty.step("<C-c>", &["Cancel request sent", prompt]);
    assert!(!pty.text().contains("rows)"));
    assert!(pty.shown.len() < 5_000_000, "{} bytes were printed", pty.shown.len());
    // Data typed for COPY.
    pty.step("copy lines from stdin;\r", &["End with a backslash and a period", ">> "]);
    pty.step("one\r", &[">> "]);
    pty.step("tw<C-c>", &[prompt]);
    assert!(is_broken_off(&pty.text()), "{}", pty.text());
    // Data that a file or a command does not give.
    let fifo = directory.path().join("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let mut writer = std::fs::File::options().read(true).write(true).open(&fifo).unwrap();
    writer.write_all(b"three\n").unwrap();
    let pid = directory.path().join("pid");
    let sleep = format!("program 'echo $$ > {}; exec sleep 100'", pid.display());
    for place in [format!("'{}'", fifo.display()), sleep] {
        pty.forget();
        pty.keys(&format!("\\copy lines from {place}\r"));
        wait_for(
            &mut other,
            "select count(*) from pg_stat_activity where query ilike 'copy lines%' and state = 'active'",
        );
        // A shell that is only just coming up may overhear it, and the program come after.
        if place.starts_with("program") {
            wait_until("the program runs", || {
                let pid = std::fs::read_to_string(&pid).unwrap_or_default();
                std::fs::read_to_string(format!("/proc/{}/comm", pid.trim())).is_ok_and(|name| name == "sleep\n")
            });
        }
        pty.step("<C-c>", &[prompt]);
        assert!(is_broken_off(&pty.text()), "{}", pty.text());
    }
    assert_eq!(other.value("select count(*) from lines"), "0");
    // Data that come without end, to the screen and to a file.
    let slow = "(select 'row', pg_sleep(0.001) from generate_series(1, 100000))";
    // What is typed shows `row`, too; and a cancel request that comes before its statement is for none.
    pty.step(&format!("copy {slow} to stdout;\r"), &["row"]);
    wait_for(&mut other, "select count(*) from pg_stat_activity where query like 'copy (select%' and state = 'active'");
    pty.step("<C-c>", &cancelled);
    let file = directory.path().join("rows");
    pty.keys(&format!("\\copy {slow} to '{}'\r", file.display()));
    wait_for(&mut other, "select count(*) from pg_stat_activity where query like 'COPY (select%' and state = 'active'");
    pty.step("<C-c>", &cancelled);
    assert!(file.exists());
    // A completion whose query waits: the line is still there, and goes on.
    other.query("begin; lock table pg_catalog.pg_class in access exclusive mode");
    pty.forget();
    pty.keys("select 'kept' from lin\t");
    wait_for(&mut other, "select count(*) from pg_locks where not granted");
    pty.keys("<C-c>");
    pty.step("es union ", &["es union "]);
    assert!(!pty.text().contains("Cancel request"), "{}", pty.text());
    other.query("rollback");
    pty.step("select 'kept';\r", &["(1 row)", prompt]);
    pty.step("select * from lin\t;\r", &["from lines", "(0 rows)", prompt]);
    pty.keys("\\q\r");
    assert_eq!(pty.end(), sys::Exit::Code(0), "{}", pty.text());
}

/// A script is ended by Ctrl-C, whatever is left of it.
#[test]
fn ctrl_c_ends_a_script() {
    let cluster = Cluster::start(&[]);
    let mut command = Command::new(oliphant());
    command.args(["psql", "-X", "-c", "select pg_sleep(100)", "-c", "select 2"]).envs(cluster.environment("postgres"));
    let psql = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let sleeps = "select count(*) from pg_stat_activity where query = 'select pg_sleep(100)' and state = 'active'";
    wait_for(&mut cluster.session(), sleeps);
    sys::kill(psql.id() as i32, sys::Signal::Int).unwrap();
    let output = psql.wait_with_output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(errors, "Cancel request sent\nERROR:  canceling statement due to user request\n");
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(1), &b""[..]));
}

/// All rounds of `\watch` go through one pager, if there is one for them; the end of the pager ends them.
#[test]
fn watch_has_a_pager_of_its_own() {
    let cluster = Cluster::start(&[]);
    let directory = tempfile::tempdir().unwrap();
    let watched = directory.path().join("watched");
    let mut environment = environment(&cluster, directory.path());
    environment.push(("PSQL_WATCH_PAGER", format!("cat > {}; echo WATCHED", watched.display()).into()));
    let mut pty = Pty::start(&environment, &["psql"]);
    pty.wait_for(&["postgres=# "]);
    pty.step("select 'round' as what \\watch interval=0.05 count=3\r", &["WATCHED", "postgres=# "]);
    let text = std::fs::read_to_string(&watched).unwrap();
    assert_eq!(text.matches(" round\n").count(), 3, "{text}");
    assert_eq!(text.matches("(every 0.05s)").count(), 3, "{text}");
    // Ctrl-C is for the pager as well, and for both the end.
    pty.step("select 'endless' as what \\watch 0.05\r", &["watch 0.05"]);
    let until = Instant::now() + PATIENCE;
    while std::fs::read_to_string(&watched).unwrap().matches("endless").count() < 2 {
        assert!(Instant::now() < until, "{}", pty.text());
        std::thread::sleep(Duration::from_millis(20));
    }
    pty.step("<C-c>", &["postgres=# "]);
    pty.step("\\setenv PSQL_WATCH_PAGER 'head -3 > /dev/null; echo LEFT'\r", &["postgres=# "]);
    pty.step("select 'left' as what \\watch 0.05\r", &["LEFT", "postgres=# "]);
    pty.keys("\\q\r");
    assert_eq!(pty.end(), sys::Exit::Code(0), "{}", pty.text());
}

/// psql in tmux, a terminal as people use it.
struct Tmux {
    socket: String,
    mark: usize,
}

impl Tmux {
    fn command(&self) -> Command {
        let mut command = Command::new("tmux");
        command.args(["-L", &self.socket, "-f", "/dev/null"]);
        command
    }

    /// `None` if there is no tmux.
    fn start(environment: &[(&str, OsString)], directory: &Path) -> Option<Tmux> {
        let tmux = Tmux { socket: format!("oliphant-{}", std::process::id()), mark: 0 };
        let size = [COLUMNS.to_string(), ROWS.to_string()];
        let mut command = tmux.command();
        command.args(["new-session", "-d", "-x", &size[0], "-y", &size[1]]);
        let script = directory.join("run");
        let text = format!("trap : INT\n{} psql; echo \"ended: $?\"; sleep 100\n", oliphant());
        std::fs::write(&script, text).unwrap();
        command.arg("sh").arg(&script).envs(environment.iter().map(|(name, value)| (name, value)));
        // tmux tells programs what terminal it is.
        let status = command.env_remove("TMUX").env("LC_ALL", "C.UTF-8").stderr(Stdio::null()).status();
        status.is_ok_and(|status| status.success()).then_some(tmux)
    }

    fn all(&self) -> String {
        let output = self.command().args(["capture-pane", "-p", "-J", "-S", "-"]).output().unwrap();
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned() + " "
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        let _ = self.command().arg("kill-server").status();
    }
}

impl Terminal for Tmux {
    fn keys(&mut self, keys: &str) {
        let mut rest = keys;
        let names = [
            ("<Up>", "Up"),
            ("<Left>", "Left"),
            ("<BS>", "BSpace"),
            ("<C-c>", "C-c"),
            ("<C-d>", "C-d"),
            ("\r", "Enter"),
            ("\t", "Tab"),
        ];
        while !rest.is_empty() {
            let next = names.iter().filter_map(|(sign, name)| Some((rest.find(sign)?, *sign, *name))).min();
            let text = &rest[..next.map_or(rest.len(), |(position, _, _)| position)];
            if !text.is_empty() {
                // A semicolon at the end would be tmux's own.
                let text = text.strip_suffix(';').map_or_else(|| text.to_owned(), |before| format!("{before}\\;"));
                assert!(self.command().args(["send-keys", "-l", "--", &text]).status().unwrap().success());
            }
            rest = &rest[text.len()..];
            if let Some((_, sign, name)) = next {
                assert!(self.command().args(["send-keys", name]).status().unwrap().success());
                rest = &rest[sign.len()..];
            }
        }
    }

    fn text(&mut self) -> String {
        let all = self.all();
        // The line that holds the cursor at the mark is still being typed into.
        let start = all.char_indices().rev().map(|(position, _)| position).find(|position| *position <= self.mark);
        all[start.unwrap_or(0)..].to_owned()
    }

    fn forget(&mut self) {
        self.mark = self.all().trim_end().len();
    }
}

#[test]
fn a_session_in_tmux() {
    let cluster = Cluster::start(&[]);
    let directory = tempfile::tempdir().unwrap();
    let Some(mut tmux) = Tmux::start(&environment(&cluster, directory.path()), directory.path()) else {
        eprintln!("there is no tmux here: only the pseudo-terminal is tested");
        return;
    };
    session(&mut tmux, directory.path());
    tmux.wait_for(&["ended: 0"]);
    check_history(directory.path());
}
