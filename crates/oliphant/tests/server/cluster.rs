//! A cluster of a test's own.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::session::Session;

/// A running server on a data directory that goes away with it. It listens on a Unix socket only.
pub struct Cluster {
    directory: TempDir,
    server: Option<Child>,
    /// `OLIPHANT_FAULTS` for the server.
    faults: String,
}

/// The binary under test.
pub fn oliphant() -> &'static str {
    env!("CARGO_BIN_EXE_oliphant")
}

/// Runs one of Oliphant's tools to its end and gives what it printed; panics if it fails.
pub fn run(tool: &str, arguments: &[&str]) -> String {
    let output = Command::new(oliphant()).arg(tool).args(arguments).output().expect("the binary runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{tool} {arguments:?}: {}\n{text}", output.status);
    text
}

impl Cluster {
    /// A fresh cluster, running, with these lines at the end of postgresql.conf.
    pub fn start(settings: &[&str]) -> Cluster {
        Cluster::start_with(settings, |_| String::new())
    }

    /// The same with fail points armed; `faults` gets the directory that holds the data directory.
    pub fn start_with(settings: &[&str], faults: impl FnOnce(&Path) -> String) -> Cluster {
        let directory = tempfile::Builder::new().prefix("oliphant").tempdir().expect("a temporary directory");
        let faults = faults(directory.path());
        let mut cluster = Cluster { directory, server: None, faults };
        let data = cluster.data();
        let data_text = data.to_str().expect("a plain path");
        run(
            "initdb",
            &["--allow-root", "-D", data_text, "-U", "postgres", "-A", "trust", "--no-locale", "-E", "UTF8", "-N"],
        );
        let mut configuration = fs::read_to_string(data.join("postgresql.conf")).expect("postgresql.conf");
        configuration.push_str("\nlisten_addresses = ''\nshared_buffers = 32MB\n");
        configuration.push_str(&format!("unix_socket_directories = '{}'\n", cluster.directory.path().display()));
        settings.iter().for_each(|line| configuration.push_str(&format!("{line}\n")));
        fs::write(data.join("postgresql.conf"), configuration).expect("write postgresql.conf");
        cluster.launch();
        cluster
    }

    /// Starts the server on the data directory there is, and waits until it takes connections.
    pub fn launch(&mut self) {
        let log = fs::File::options().create(true).append(true).open(self.log_file()).expect("a log file");
        let server = Command::new(oliphant())
            .args(["postgres", "--allow-root", "-D"])
            .arg(self.data())
            .env("OLIPHANT_FAULTS", &self.faults)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("the server starts");
        self.server = Some(server);
        self.wait_until_ready();
    }

    /// Waits, half a minute at most, until the server takes connections.
    pub fn wait_until_ready(&mut self) {
        let until = Instant::now() + Duration::from_secs(30);
        while Instant::now() < until {
            if Session::connect(self, "postgres").is_ok() {
                return;
            }
            let ended = self.server.as_mut().and_then(|server| server.try_wait().ok().flatten());
            assert!(ended.is_none(), "the server ended: {ended:?}\n{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("the server does not take connections\n{}", self.log());
    }

    /// The directory that holds the data directory.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// The data directory.
    pub fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// The Unix socket.
    pub fn socket(&self) -> PathBuf {
        self.directory.path().join(".s.PGSQL.5432")
    }

    /// What leads libpq's programs to a database of the cluster.
    pub fn environment(&self, database: &str) -> [(&'static str, OsString); 4] {
        let host = self.directory.path().into();
        [("PGHOST", host), ("PGPORT", "5432".into()), ("PGUSER", "postgres".into()), ("PGDATABASE", database.into())]
    }

    fn log_file(&self) -> PathBuf {
        self.directory.path().join("log")
    }

    /// What the server has logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    /// A session as the superuser in database `postgres`.
    pub fn session(&self) -> Session {
        Session::connect(self, "postgres").unwrap_or_else(|e| panic!("no session: {e}\n{}", self.log()))
    }

    /// The postmaster's process id.
    pub fn pid(&self) -> u32 {
        self.server.as_ref().map_or(0, Child::id)
    }

    /// Sends a signal to the postmaster.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").arg(format!("-{name}")).arg(self.pid().to_string()).status();
        assert!(sent.is_ok_and(|status| status.success()), "kill -{name}");
    }

    /// Waits for the postmaster to end and gives its exit code.
    pub fn wait(&mut self) -> Option<i32> {
        let mut server = self.server.take()?;
        server.wait().ok().and_then(|status| status.code())
    }

    /// A fast shutdown.
    pub fn stop(&mut self) {
        self.signal("INT");
        assert_eq!(self.wait(), Some(0), "{}", self.log());
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Some(server) = &mut self.server {
            // The immediate shutdown takes the backends along.
            let _ = Command::new("kill").arg("-QUIT").arg(server.id().to_string()).status();
            let until = Instant::now() + Duration::from_secs(10);
            while Instant::now() < until {
                if server.try_wait().ok().flatten().is_some() {
                    return;
                }
                std::thread::sleep(Duration::from_millis(10));
            }
            let _ = server.kill();
            let _ = server.wait();
        }
    }
}

/// The repository's root.
pub fn repository() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}
