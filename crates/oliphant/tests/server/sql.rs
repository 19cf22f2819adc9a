//! The scripts under `tests/sql`: each prints what PostgreSQL 18's psql printed when `tests/record` ran it.
//!
//! A script has a cluster database of its own. `ONLY=name` in the environment runs the scripts whose path holds `name`.

use std::fs;
use std::path::{Path, PathBuf};

use crate::cluster::{Cluster, repository};
use crate::session::Session;
use crate::{print, script};

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

/// Runs a script and gives what psql would print.
fn output(session: &mut Session, text: &str) -> String {
    let mut to = String::new();
    for piece in script::pieces(text) {
        to.push_str(piece.lines);
        for statement in &piece.statements {
            match session.run(statement, piece.copy_data.as_bytes()) {
                Ok(answers) => print::answers(&mut to, statement, &answers),
                Err(error) => {
                    to.push_str(&format!("{error}\n"));
                    return to;
                }
            }
        }
    }
    to
}

/// The first lines in which two texts differ.
fn difference(expected: &str, found: &str) -> String {
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
    let cluster = Cluster::start(&[]);
    let mut failures = String::new();
    for (n, path) in found.iter().enumerate() {
        let name = path.strip_prefix(&root).unwrap_or(path).display();
        let database = format!("script_{n}");
        cluster.session().query(&format!("create database {database}"));
        let mut session = Session::connect(&cluster, &database).expect("a session");
        let text = fs::read_to_string(path).expect("a script");
        let expected = fs::read_to_string(path.with_extension("out")).expect("its recorded output");
        let printed = output(&mut session, &text);
        if printed != expected {
            failures.push_str(&format!("{name}\n{}", difference(&expected, &printed)));
        }
    }
    assert!(failures.is_empty(), "scripts differ from their recorded output:\n{failures}");
    println!("{} scripts agree", found.len());
}
