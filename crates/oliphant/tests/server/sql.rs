//! The scripts under `tests/sql`: each prints by our psql what PostgreSQL 18's psql printed when `tests/record` ran it.
//!
//! A script has a cluster database of its own. `ONLY=name` in the environment runs the scripts whose path holds `name`.

use std::fs::{self, File};
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::cluster::{Cluster, oliphant, repository};

/// How long a script may take.
const PATIENCE: Duration = Duration::from_secs(120);

fn scripts(directory: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(directory).expect("tests/sql").map(|entry| entry.expect("an entry").path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            scripts(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "sql") {
            found.push(path);
        }
    }
}

/// Runs psql on a script, as `tests/record` does; gives what it prints, errors included.
fn output(cluster: &Cluster, database: &str, script: &Path) -> String {
    let mut printed = tempfile::tempfile().expect("a temporary file");
    let to = || printed.try_clone().expect("a descriptor");
    let mut command = Command::new(oliphant());
    command.args(["psql", "-X", "-a", "-q"]).envs(cluster.environment(database));
    command.env("PGTZ", "UTC").env("PGDATESTYLE", "ISO, MDY").env("PGOPTIONS", "-c intervalstyle=postgres");
    command.stdin(File::open(script).expect("a script")).stdout(to()).stderr(to());
    let mut psql = command.spawn().expect("psql starts");
    let until = Instant::now() + PATIENCE;
    while psql.try_wait().expect("a child").is_none() {
        if Instant::now() > until {
            let _ = psql.kill();
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    printed.rewind().expect("a file");
    let mut text = Vec::new();
    printed.read_to_end(&mut text).expect("a file");
    String::from_utf8_lossy(&text).into_owned()
}

/// The first lines in which two texts differ.
pub fn difference(expected: &str, found: &str) -> String {
    let (mut expected, mut found) = (expected.lines(), found.lines());
    let (mut number, mut shown) = (0, String::new());
    loop {
        number += 1;
        let (wanted, got) = (expected.next(), found.next());
        if wanted.is_none() && got.is_none() {
            return shown;
        }
        if wanted != got {
            shown.push_str(&format!("  {number}: expected {wanted:?}\n  {number}: found    {got:?}\n"));
            if shown.len() > 1500 {
                return shown;
            }
        }
    }
}

#[test]
fn scripts_print_what_postgresql_prints() {
    let root = repository().join("tests/sql");
    let only = std::env::var("ONLY").unwrap_or_default();
    let mut found = Vec::new();
    scripts(&root, &mut found);
    found.retain(|path| path.to_string_lossy().contains(&only));
    assert!(!found.is_empty(), "no script under {} matches {only:?}", root.display());
    let cluster = Cluster::start(&["max_prepared_transactions = 10"]);
    let mut session = cluster.session();
    let mut failures = String::new();
    for (n, path) in found.iter().enumerate() {
        let name = path.strip_prefix(&root).unwrap_or(path).display();
        let database = format!("script_{n}");
        session.query(&format!("create database {database}"));
        let expected = fs::read_to_string(path.with_extension("out")).expect("its recorded output");
        let printed = output(&cluster, &database, path);
        if printed != expected {
            failures.push_str(&format!("{name}\n{}", difference(&expected, &printed)));
        }
    }
    assert!(failures.is_empty(), "scripts differ from their recorded output:\n{failures}");
    println!("{} scripts agree", found.len());
}
