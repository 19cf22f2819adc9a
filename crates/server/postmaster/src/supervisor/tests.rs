//! A whole postmaster in a child process, with a server of its own that counts and obeys.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use shm::{Interrupt, One, Shm, WaitEvent};

use super::*;
use crate::server::Auxiliary;

/// Backends answer a line with a line: `count`, `pid`, `title`, `crash`, `sleep`.
struct TestServer;

impl Server for TestServer {
    type Request = One<AtomicU64>;
    type Store = Shm<AtomicU64>;

    fn configure(&self, _: &mut Settings, _: &Path) -> Result<()> {
        Ok(())
    }

    fn layout(&self, _: &Settings, _: &Path, layout: &mut Layout) -> Result<One<AtomicU64>> {
        Ok(layout.one("Counter"))
    }

    fn attach(
        &self,
        segment: &Segment,
        request: One<AtomicU64>,
        _: &Processes,
        _: &Settings,
        _: &Path,
    ) -> Result<Shm<AtomicU64>> {
        Ok(segment.one(request))
    }

    fn startup(&self, child: Child<'_, Shm<AtomicU64>>) -> Result<()> {
        if child.data_directory.join("slow").exists() {
            loop {
                child.process.check_interrupts()?;
                child.process.wait(&[], None, WaitEvent::default())?;
                child.process.latch().reset();
            }
        }
        if child.data_directory.join("broken").exists() {
            return Err(Error::corrupted("nothing to recover").fatal());
        }
        child.logger.log("recovered");
        Ok(())
    }

    fn auxiliaries(&self) -> &[Auxiliary<Self>] {
        fn until(child: &Child<'_, Shm<AtomicU64>>, end: Interrupt) -> Result<()> {
            while !child.process.take(end) {
                child.process.wait(&[], None, WaitEvent::default())?;
                child.process.latch().reset();
            }
            Ok(())
        }
        &[
            Auxiliary {
                kind: ProcessKind::Checkpointer,
                wanted: |_| true,
                run: |_, child| {
                    until(&child, Interrupt::USER)?;
                    child.logger.log("last checkpoint");
                    Ok(())
                },
            },
            Auxiliary {
                kind: ProcessKind::WalWriter,
                wanted: |_| true,
                run: |_, child| until(&child, Interrupt::TERMINATE),
            },
            Auxiliary {
                kind: ProcessKind::AutovacuumLauncher,
                wanted: |settings| settings.bool(id::AUTOVACUUM),
                run: |_, child| {
                    child.process.processes().request_worker(child.postmaster);
                    until(&child, Interrupt::TERMINATE)
                },
            },
        ]
    }

    fn autovacuum_worker(&self, child: Child<'_, Shm<AtomicU64>>) -> Result<()> {
        child.logger.log("worker at work");
        Ok(())
    }

    fn backend(&self, mut child: Child<'_, Shm<AtomicU64>>, connection: Connection) -> Result<Ended> {
        let words = [b"immediate\n".to_vec(), b"crashed\n".to_vec()];
        let [immediate, crashed] = words;
        child.process.set_last_words(std::os::fd::AsFd::as_fd(&connection.socket), immediate, crashed);
        child.set_title("test backend");
        let mut lines = BufReader::new(&connection.socket);
        loop {
            let mut line = String::new();
            while lines.buffer().is_empty() {
                let read = (std::os::fd::AsFd::as_fd(&connection.socket), shm::Readiness::Read);
                let wakeup = child.process.wait(&[read], None, WaitEvent::CLIENT_CLIENT_READ)?;
                child.process.latch().reset();
                if child.process.take(Interrupt::RELOAD) {
                    child.reload(&settings::NoHooks);
                }
                child.process.check_interrupts()?;
                if wakeup.ready != 0 {
                    break;
                }
            }
            if lines.read_line(&mut line).unwrap_or(0) == 0 {
                return Ok(Ended::Clean);
            }
            let answer = match line.trim() {
                "count" => child.store.fetch_add(1, Ordering::Relaxed).to_string(),
                "pid" => sys::process::id().to_string(),
                "work_mem" => child.settings.show("work_mem")?,
                "crash" => sys::process::abort(),
                other => format!("no {other}"),
            };
            let _ = (&mut &connection.socket).write_all(format!("{answer}\n").as_bytes());
        }
    }
}

struct Running {
    pid: i32,
    directory: tempfile::TempDir,
}

impl Running {
    fn start(prepare: impl FnOnce(&Path)) -> Running {
        let directory = tempfile::tempdir().unwrap();
        let data = directory.path().join("data");
        std::fs::create_dir(&data).unwrap();
        std::fs::set_permissions(&data, std::fs::Permissions::from_mode(0o700)).unwrap();
        std::fs::write(data.join("PG_VERSION"), "18\n").unwrap();
        let socket = directory.path().display();
        let conf = format!(
            "listen_addresses = ''\nunix_socket_directories = '{socket}'\nmax_connections = 4\nsuperuser_reserved_connections = 0\nmax_wal_senders = 0\n"
        );
        std::fs::write(data.join("postgresql.conf"), conf).unwrap();
        prepare(&data);
        let arguments = vec!["-D".to_string(), data.display().to_string(), "--allow-root".into()];
        let log = std::fs::File::create(directory.path().join("log")).unwrap();
        let pid = sys::fork(move || {
            let _ = rustix::stdio::dup2_stderr(&log);
            crate::main(&TestServer, Path::new("postgres"), &arguments)
        })
        .unwrap();
        Running { pid, directory }
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    fn status(&self) -> String {
        let text = std::fs::read_to_string(self.data().join(POSTMASTER_PID)).unwrap_or_default();
        text.lines().nth(7).unwrap_or("").to_string()
    }

    fn wait_for(&self, what: &str, condition: impl Fn() -> bool) {
        let end = Instant::now() + Duration::from_secs(20);
        while !condition() {
            assert!(Instant::now() < end, "waiting for {what}; log:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn ready(self) -> Running {
        self.wait_for("ready", || self.status() == "ready   ");
        self
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }

    /// The log's messages, without prefixes.
    fn messages(&self) -> Vec<String> {
        self.log().lines().filter_map(|line| line.split_once("] ").map(|(_, text)| text.to_string())).collect()
    }

    fn connect(&self) -> Client {
        let stream = UnixStream::connect(self.directory.path().join(".s.PGSQL.5432")).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        Client(BufReader::new(stream))
    }

    fn signal(&self, signal: Signal) {
        sys::kill(self.pid, signal).unwrap();
    }

    fn end(&self) -> i32 {
        let end = Instant::now() + Duration::from_secs(20);
        while sys::process::exists(self.pid) && Instant::now() < end {
            let state = std::fs::read_to_string(format!("/proc/{}/stat", self.pid)).unwrap_or_default();
            if state.contains(") Z ") {
                break;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        match sys::process::wait(self.pid) {
            Ok(Exit::Code(code)) => code,
            other => panic!("{other:?}; log:\n{}", self.log()),
        }
    }
}

struct Client(BufReader<UnixStream>);

impl Client {
    fn line(&mut self) -> String {
        let mut line = String::new();
        let _ = self.0.read_line(&mut line);
        line.trim_end().to_string()
    }

    fn ask(&mut self, what: &str) -> String {
        let _ = self.0.get_mut().write_all(format!("{what}\n").as_bytes());
        self.line()
    }
}

#[test]
fn serves_reloads_and_stops_in_order() {
    let server = Running::start(|_| ()).ready();
    let lines: Vec<String> =
        std::fs::read_to_string(server.data().join(POSTMASTER_PID)).unwrap().lines().map(String::from).collect();
    assert_eq!((lines.len(), lines[0].as_str(), lines[3].as_str()), (8, &*server.pid.to_string(), "5432"));
    let (mut a, mut b) = (server.connect(), server.connect());
    assert_eq!((a.ask("count"), b.ask("count"), a.ask("count")), ("0".into(), "1".into(), "2".into()));
    let mut conf = std::fs::read_to_string(server.data().join("postgresql.conf")).unwrap();
    conf.push_str("work_mem = 9MB\n");
    std::fs::write(server.data().join("postgresql.conf"), conf).unwrap();
    server.signal(Signal::Hup);
    server.wait_for("reload", || server.log().contains("\"work_mem\" changed"));
    let end = Instant::now() + Duration::from_secs(20);
    while a.ask("work_mem") != "9MB" {
        assert!(Instant::now() < end);
    }
    server.wait_for("the worker", || server.log().contains("worker at work"));
    server.signal(Signal::Int);
    assert_eq!(server.end(), 0);
    assert!(!server.data().join(POSTMASTER_PID).exists());
    assert!(!server.directory.path().join(".s.PGSQL.5432").exists());
    let messages = server.messages();
    let at =
        |text: &str| messages.iter().position(|m| m == text).unwrap_or_else(|| panic!("no {text:?} in {messages:#?}"));
    let order = [
        "LOG:  recovered",
        "LOG:  database system is ready to accept connections",
        "LOG:  received SIGHUP, reloading configuration files",
        "LOG:  received fast shutdown request",
        "LOG:  aborting any active transactions",
        "FATAL:  terminating connection due to administrator command",
        "LOG:  last checkpoint",
        "LOG:  database system is shut down",
    ];
    assert!(order.map(at).is_sorted());
}

#[test]
fn a_smart_shutdown_waits_for_clients_and_refuses_new_ones() {
    let server = Running::start(|_| ()).ready();
    let mut client = server.connect();
    assert_eq!(client.ask("count"), "0");
    server.signal(Signal::Term);
    server.wait_for("stopping", || server.status() == "stopping");
    assert_eq!(client.ask("count"), "1");
    let mut late = server.connect();
    let mut packet = Vec::new();
    wire::startup::Startup::Session { version: wire::ProtocolVersion::V3_0, parameters: vec![("user", "u")] }
        .write(&mut packet);
    late.0.get_mut().write_all(&packet).unwrap();
    let mut answer = Vec::new();
    std::io::Read::read_to_end(&mut late.0, &mut answer).unwrap();
    assert!(String::from_utf8_lossy(&answer).contains("the database system is shutting down"));
    drop(client);
    assert_eq!(server.end(), 0);
    assert!(server.messages().contains(&"LOG:  last checkpoint".to_string()));
}

#[test]
fn a_crash_restarts_everything() {
    let server = Running::start(|_| ()).ready();
    let (mut victim, mut witness) = (server.connect(), server.connect());
    assert_eq!((victim.ask("count"), witness.ask("count")), ("0".into(), "1".into()));
    let pid: i32 = victim.ask("pid").parse().unwrap();
    sys::kill(pid, Signal::Kill).unwrap();
    assert_eq!(witness.line(), "crashed");
    assert_eq!(witness.line(), "");
    server.wait_for("the second start", || server.log().matches("ready to accept").count() == 2);
    assert_eq!(server.connect().ask("count"), "0", "shared memory is new");
    let messages = server.messages();
    let expected = format!("LOG:  client backend (PID {pid}) was terminated by signal 9: Killed");
    assert!(messages.contains(&expected), "{messages:#?}");
    assert!(messages.contains(&"LOG:  all server processes terminated; reinitializing".to_string()));
    server.signal(Signal::Int);
    assert_eq!(server.end(), 0);
}

#[test]
fn an_immediate_shutdown_says_so_and_leaves_no_checkpoint() {
    let server = Running::start(|_| ()).ready();
    let mut client = server.connect();
    assert_eq!(client.ask("count"), "0");
    server.signal(Signal::Quit);
    assert_eq!(client.line(), "immediate");
    assert_eq!(server.end(), 0);
    assert!(!server.messages().contains(&"LOG:  last checkpoint".to_string()));
}

#[test]
fn a_full_server_says_so() {
    let server = Running::start(|_| ()).ready();
    let mut clients: Vec<Client> = (0..4).map(|_| server.connect()).collect();
    clients.iter_mut().for_each(|client| drop(client.ask("count")));
    let mut late = server.connect();
    let mut packet = Vec::new();
    wire::startup::Startup::Session { version: wire::ProtocolVersion::V3_0, parameters: vec![("user", "u")] }
        .write(&mut packet);
    late.0.get_mut().write_all(&packet).unwrap();
    let mut answer = Vec::new();
    std::io::Read::read_to_end(&mut late.0, &mut answer).unwrap();
    assert!(String::from_utf8_lossy(&answer).contains("sorry, too many clients already"));
    clients.clear();
    let mut again = server.connect();
    let end = Instant::now() + Duration::from_secs(20);
    while again.ask("count") != "4" {
        assert!(Instant::now() < end, "{}", server.log());
        again = server.connect();
    }
    server.signal(Signal::Int);
    assert_eq!(server.end(), 0);
}

#[test]
fn a_broken_start_ends_and_a_slow_one_can_be_stopped() {
    let broken = Running::start(|data| std::fs::write(data.join("broken"), "").unwrap());
    assert_eq!(broken.end(), 1);
    let messages = broken.messages();
    assert!(messages.contains(&"LOG:  aborting startup due to startup process failure".to_string()), "{messages:#?}");
    assert!(!broken.data().join(POSTMASTER_PID).exists());
    let slow = Running::start(|data| std::fs::write(data.join("slow"), "").unwrap());
    slow.wait_for("starting", || slow.status() == "starting");
    slow.signal(Signal::Int);
    assert_eq!(slow.end(), 0);
}

#[test]
fn two_servers_do_not_share_a_directory() {
    let first = Running::start(|_| ()).ready();
    let arguments = vec!["-D".to_string(), first.data().display().to_string(), "--allow-root".into()];
    let log = std::fs::File::create(first.directory.path().join("log2")).unwrap();
    let second = sys::fork(move || {
        let _ = rustix::stdio::dup2_stderr(&log);
        crate::main(&TestServer, Path::new("postgres"), &arguments)
    })
    .unwrap();
    assert_eq!(sys::process::wait(second).unwrap(), Exit::Code(1));
    let log = std::fs::read_to_string(first.directory.path().join("log2")).unwrap();
    assert!(log.contains("FATAL:  lock file \"postmaster.pid\" already exists"), "{log}");
    assert!(first.data().join(POSTMASTER_PID).exists());
    first.signal(Signal::Quit);
    assert_eq!(first.end(), 0);
}
