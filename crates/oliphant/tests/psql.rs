//! The recorded tests of psql: each `tests/psql/TOPIC/NAME.sh` is run with our psql, and must print what `NAME.out` says
//! that PostgreSQL 18's psql printed.
//!
//! They run against a server of our own, but for those that say `# server: reference` in their head, because our server cannot do
//! yet what they ask. If `REFERENCE_PORT` (and `REFERENCE_HOST`, else `/tmp/reference-PORT`) names a server of PostgreSQL,
//! all of them run against that as well. `PSQL_CASES=options,results/gset` picks some.
//!
//! `tests/psql/record` records the outputs, `tests/psql/run` says under which conditions a case runs.

#[path = "server/cluster.rs"]
#[expect(dead_code, reason = "shared with the tests of the server, which use more of it")]
mod cluster;
#[path = "server/session.rs"]
#[expect(dead_code, reason = "shared with the tests of the server, which use more of it")]
mod session;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use cluster::{Cluster, repository};

/// Where a server listens.
struct Server {
    host: String,
    port: String,
}

/// A case: its script and whether it needs the reference server.
struct Case {
    script: PathBuf,
    needs_reference: bool,
}

/// A directory with links for all tools, to be first in PATH.
fn links() -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a temporary directory");
    cluster::run("install-links", &[directory.path().to_str().expect("a plain path")]);
    directory
}

/// The cases of each topic, in order.
fn topics() -> Vec<(String, Vec<Case>)> {
    let root = repository().join("tests/psql");
    let wanted = std::env::var("PSQL_CASES").unwrap_or_default();
    let wanted: Vec<&str> = wanted.split(',').filter(|name| !name.is_empty()).collect();
    let mut topics = Vec::new();
    for entry in std::fs::read_dir(&root).expect("tests/psql").flatten().filter(|entry| entry.path().is_dir()) {
        let topic = entry.file_name().to_string_lossy().into_owned();
        let mut cases = Vec::new();
        for file in std::fs::read_dir(entry.path()).expect("a topic").flatten() {
            let script = file.path();
            let name = format!("{topic}/{}", script.file_stem().unwrap_or_default().to_string_lossy());
            let asked = wanted.is_empty() || wanted.contains(&topic.as_str()) || wanted.contains(&name.as_str());
            if script.extension().is_some_and(|extension| extension == "sh") && asked {
                let text = std::fs::read_to_string(&script).expect("a case");
                let mut head = text.lines().take_while(|line| line.starts_with('#'));
                cases.push(Case { needs_reference: head.any(|line| line.trim() == "# server: reference"), script });
            }
        }
        cases.sort_by(|a, b| a.script.cmp(&b.script));
        topics.push((topic, cases));
    }
    topics.sort_by(|a, b| a.0.cmp(&b.0));
    topics
}

/// Runs a program with our tools in PATH against `server`.
fn command(program: &Path, links: &Path, server: &Server, database: &str) -> Command {
    let mut command = Command::new(program);
    let path = format!("{}:{}", links.display(), std::env::var("PATH").unwrap_or_default());
    command.env("PATH", path).env("PGHOST", &server.host).env("PGPORT", &server.port);
    command.env("PGUSER", "postgres").env("PGDATABASE", database);
    command
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// Makes the topic's database; gives what went wrong.
fn set_up(topic: &str, links: &Path, server: &Server) -> Result<(), String> {
    let psql = links.join("psql");
    let mut make = command(&psql, links, server, "postgres");
    make.args(["-Xq", "-v", "ON_ERROR_STOP=1"]);
    make.args(["-c", &format!("drop database if exists psql_{topic}")]);
    make.args(["-c", &format!("create database psql_{topic}")]);
    let mut commands = vec![make];
    let script = repository().join("tests/psql").join(topic).join("setup.sql");
    if script.exists() {
        let mut fill = command(&psql, links, server, &format!("psql_{topic}"));
        fill.args(["-Xq", "-v", "ON_ERROR_STOP=1", "-f"]).arg(script);
        commands.push(fill);
    }
    for mut command in commands {
        let output = command.output().expect("psql runs");
        if !output.status.success() {
            return Err(text(&output));
        }
    }
    Ok(())
}

/// The first lines that differ, with a little of what stands before them.
fn difference(expected: &str, got: &str) -> String {
    let (expected, got): (Vec<_>, Vec<_>) = (expected.lines().collect(), got.lines().collect());
    let same = expected.iter().zip(&got).take_while(|(a, b)| a == b).count();
    let mut report = String::new();
    for line in &expected[same.saturating_sub(3)..same] {
        let _ = writeln!(report, "    {line}");
    }
    for (mark, lines) in [('-', &expected), ('+', &got)] {
        for line in lines.iter().skip(same).take(12) {
            let _ = writeln!(report, "  {mark} {line}");
        }
    }
    report
}

/// Runs all cases that `server` can run; panics with every difference.
fn run_all(server: &Server, is_reference: bool) {
    let links = links();
    let runner = repository().join("tests/psql/run");
    let (mut ran, mut report) = (0, String::new());
    for (topic, cases) in topics() {
        let cases: Vec<_> = cases.iter().filter(|case| is_reference || !case.needs_reference).collect();
        if cases.is_empty() {
            continue;
        }
        if let Err(problem) = set_up(&topic, links.path(), server) {
            let _ = writeln!(report, "{topic}: its database could not be made: {problem}");
            continue;
        }
        for case in cases {
            let mut run = command(&runner, links.path(), server, &format!("psql_{topic}"));
            let output = run.arg(&case.script).output().expect("tests/psql/run runs");
            let got = text(&output);
            // Some cases print in other encodings than UTF-8.
            let expected = std::fs::read(case.script.with_extension("out")).unwrap_or_default();
            let expected = String::from_utf8_lossy(&expected);
            ran += 1;
            if got != expected {
                let name = case.script.strip_prefix(repository().join("tests/psql")).unwrap_or(&case.script);
                let _ = writeln!(report, "{}:\n{}", name.display(), difference(&expected, &got));
            }
        }
    }
    println!("{ran} cases");
    assert!(report.is_empty(), "{report}");
}

#[test]
fn our_psql_on_our_server_prints_what_was_recorded() {
    let cluster = Cluster::start(&[]);
    let socket = cluster.socket();
    let host = socket.parent().expect("a directory").display().to_string();
    run_all(&Server { host, port: "5432".into() }, false);
}

#[test]
fn our_psql_on_a_reference_server_prints_what_was_recorded() {
    let Ok(port) = std::env::var("REFERENCE_PORT") else { return };
    let host = std::env::var("REFERENCE_HOST").unwrap_or_else(|_| format!("/tmp/reference-{port}"));
    run_all(&Server { host, port }, true);
}
