//! The real server, started and ended in every way there is: by `pg_ctl`, by signals, by force.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

const PROGRAM: &str = env!("CARGO_BIN_EXE_oliphant");

struct Cluster {
    directory: tempfile::TempDir,
}

impl Cluster {
    fn new() -> Cluster {
        let cluster = Cluster { directory: tempfile::tempdir().unwrap() };
        let data = cluster.data().display().to_string();
        let made = run(&["initdb", "-D", &data, "-A", "trust", "-N", "--allow-root"]);
        assert!(made.status.success(), "{made:?}");
        let sockets = cluster.directory.path().display();
        let conf = format!(
            "listen_addresses = ''\nunix_socket_directories = '{sockets}'\nshared_buffers = 2MB\nfsync = off\n"
        );
        let mut file = std::fs::File::options().append(true).open(cluster.data().join("postgresql.conf")).unwrap();
        std::io::Write::write_all(&mut file, conf.as_bytes()).unwrap();
        cluster
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }

    fn pg_ctl(&self, operation: &[&str]) -> (i32, String) {
        let (data, log) = (self.data().display().to_string(), self.directory.path().join("log").display().to_string());
        let mut arguments = vec!["pg_ctl", "--allow-root", "-D", &data, "-t", "30"];
        if matches!(operation[0], "start" | "restart") {
            arguments.extend(["-l", &log]);
        }
        arguments.extend(operation);
        let output = run(&arguments);
        let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        (output.status.code().unwrap_or(-1), text)
    }

    fn expect(&self, operation: &[&str], code: i32, text: &str) {
        let (actual, output) = self.pg_ctl(operation);
        assert!(actual == code && output.contains(text), "{operation:?}: {actual} {output}\n{}", self.log());
    }

    fn pid(&self) -> i32 {
        let text = std::fs::read_to_string(self.data().join("postmaster.pid")).unwrap();
        text.lines().next().unwrap().parse().unwrap()
    }

    /// The postmaster's child with this title.
    fn child(&self, title: &str) -> Option<i32> {
        let postmaster = self.pid();
        let children = std::fs::read_to_string(format!("/proc/{postmaster}/task/{postmaster}/children")).ok()?;
        let pids = children.split_whitespace().map(|pid| pid.parse::<i32>().unwrap());
        let has_title = |pid: &i32| {
            let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            String::from_utf8_lossy(&line).starts_with(&format!("postgres: {title}"))
        };
        pids.into_iter().find(has_title)
    }

    fn wait_for(&self, what: &str, condition: impl Fn() -> bool) {
        let end = Instant::now() + Duration::from_secs(20);
        while !condition() {
            assert!(Instant::now() < end, "waiting for {what}:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _ = self.pg_ctl(&["stop", "-m", "immediate"]);
    }
}

fn run(arguments: &[&str]) -> Output {
    let mut command = Command::new(PROGRAM);
    command.args(arguments).env_remove("PGDATA").env_remove("PGPORT").output().unwrap()
}

#[test]
fn a_server_lives_through_its_life() {
    let cluster = Cluster::new();
    cluster.expect(&["status"], 3, "no server running");
    cluster.expect(&["stop"], 1, "Is server running?");
    cluster.expect(&["start"], 0, "server started");
    cluster.expect(&["status"], 0, "server is running (PID: ");
    cluster.expect(&["reload"], 0, "server signaled");
    cluster.wait_for("the reload", || cluster.log().contains("received SIGHUP, reloading configuration files"));
    cluster.expect(&["promote"], 1, "server is not in standby mode");
    cluster.expect(&["restart"], 0, "server started");
    cluster.expect(&["stop", "-m", "smart"], 0, "server stopped");
    assert_eq!(cluster.log().matches("checkpoint complete: ").count(), 2, "{}", cluster.log());
    cluster.expect(&["start"], 0, "server started");
    assert!(cluster.log().matches("database system was shut down at").count() == 3, "{}", cluster.log());
    assert!(!cluster.log().contains("not properly shut down"));
}

#[test]
fn it_recovers_from_an_immediate_stop_and_from_sigkill() {
    let cluster = Cluster::new();
    cluster.expect(&["start"], 0, "server started");
    cluster.expect(&["stop", "-m", "immediate"], 0, "server stopped");
    cluster.expect(&["start"], 0, "server started");
    assert_eq!(cluster.log().matches("automatic recovery in progress").count(), 1, "{}", cluster.log());
    for round in 2..4 {
        let pid = cluster.pid();
        sys::kill(pid, sys::Signal::Kill).unwrap();
        cluster.wait_for("the postmaster's end", || !sys::process::exists(pid));
        cluster.expect(&["start"], 0, "server started");
        assert_eq!(cluster.log().matches("automatic recovery in progress").count(), round, "{}", cluster.log());
    }
}

#[test]
fn a_killed_child_makes_everybody_start_again() {
    let cluster = Cluster::new();
    cluster.expect(&["start"], 0, "server started");
    for (round, title) in ["checkpointer", "walwriter", "background writer"].into_iter().enumerate() {
        cluster.wait_for(title, || cluster.child(title).is_some());
        sys::kill(cluster.child(title).unwrap(), sys::Signal::Kill).unwrap();
        cluster.wait_for("the new start", || cluster.log().matches("ready to accept connections").count() == round + 2);
    }
    assert!(cluster.log().contains("checkpointer process (PID "));
    assert!(cluster.log().contains("WAL writer process (PID "));
    assert_eq!(cluster.log().matches("all server processes terminated; reinitializing").count(), 3);
    cluster.expect(&["stop"], 0, "server stopped");
}

#[test]
fn settings_can_be_asked_without_a_server() {
    let cluster = Cluster::new();
    let data = cluster.data().display().to_string();
    let ask = |name: &str| {
        let output = run(&["postgres", "-D", &data, "-C", name]);
        String::from_utf8_lossy(&output.stdout).trim().to_string()
    };
    assert_eq!(ask("shared_buffers"), "256");
    assert_eq!(ask("data_checksums"), "on");
    assert!(ask("shared_memory_size").parse::<u32>().is_ok_and(|megabytes| megabytes > 1));
    assert_eq!(run(&["postgres", "-D", &data, "-C", "nothing"]).status.code(), Some(1));
    let version = run(&["postgres", "--version"]).stdout;
    assert!(String::from_utf8_lossy(&version).starts_with("postgres (PostgreSQL) 18.6"));
    assert!(String::from_utf8_lossy(&run(&["postgres", "--describe-config"]).stdout).contains("\nwork_mem\tuser\t"));
}

/// Without arguments: a cluster is made and served for the script on standard input, and nothing keeps running behind it.
#[test]
fn a_script_needs_no_server() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let run = |arguments: &[&str], script: &str| {
        let mut command = Command::new(PROGRAM);
        command.args(arguments).env("PGDATA", &data).env("HOME", directory.path());
        for name in ["PGHOST", "PGPORT", "PGUSER", "PGDATABASE"] {
            command.env_remove(name);
        }
        let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = pipes.spawn().unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), script.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    };
    let made = run(&[], "create table t as select 6 * 7 as answer;\ntable t;\n");
    let expected = "SELECT 1\n answer \n--------\n     42\n(1 row)\n\n";
    assert_eq!((String::from_utf8_lossy(&made.stdout).as_ref(), made.status.code()), (expected, Some(0)), "{made:?}");
    assert!(made.stderr.is_empty() && !data.join("postmaster.pid").exists(), "{made:?}");
    let failed = run(&[], "\\set ON_ERROR_STOP on\ntable t;\ntable nothing;\ntable t;\n");
    assert_eq!(failed.status.code(), Some(3), "{failed:?}");
    assert!(String::from_utf8_lossy(&failed.stderr).contains("relation \"nothing\" does not exist"), "{failed:?}");
    let stopped = run(&["stop"], "");
    assert!(String::from_utf8_lossy(&stopped.stderr).contains("no server is running"), "{stopped:?}");
}
