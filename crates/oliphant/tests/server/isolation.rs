//! The interleavings under `tests/isolation`: each spec prints what PostgreSQL's isolationtester printed for PostgreSQL 18.
//!
//! A spec has sessions with named steps, and permutations of steps. A step that cannot go on until another session does something is reported
//! as waiting; `pg_isolation_test_session_is_blocked` tells that, so no outcome rests on how fast the machine is.

use std::fmt::Write as _;
use std::fs;
use std::time::{Duration, Instant};

use client::{QueryResult, Rows};

use crate::cluster::{Cluster, repository};
use crate::session::Session;

/// A parsed spec.
#[derive(Default)]
struct Spec {
    setups: Vec<String>,
    teardown: Option<String>,
    sessions: Vec<Actor>,
    permutations: Vec<Vec<String>>,
}

/// A session of a spec.
#[derive(Default)]
struct Actor {
    name: String,
    setup: Option<String>,
    teardown: Option<String>,
    steps: Vec<(String, String)>,
}

/// The words and blocks of a spec: `name`, `{ SQL }`; comments are gone.
fn tokens(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let end = match rest.as_bytes()[0] {
            b'#' => {
                rest = rest.split_once('\n').map_or("", |(_, after)| after).trim_start();
                continue;
            }
            b'{' => rest.find('}').expect("a block ends") + 1,
            _ => rest.find(|c: char| c.is_whitespace() || c == '{' || c == '#').unwrap_or(rest.len()),
        };
        found.push(rest[..end].to_string());
        rest = rest[end..].trim_start();
    }
    found
}

fn parse(text: &str) -> Spec {
    let block = |token: &String| token.trim_start_matches('{').trim_end_matches('}').trim().to_string();
    let words = tokens(text);
    let (mut spec, mut at) = (Spec::default(), 0);
    while at < words.len() {
        let next = words.get(at + 1).unwrap_or_else(|| panic!("something follows {:?}", words[at]));
        match (words[at].as_str(), spec.sessions.last_mut()) {
            ("setup", None) => spec.setups.push(block(next)),
            ("teardown", None) => spec.teardown = Some(block(next)),
            ("setup", Some(actor)) => actor.setup = Some(block(next)),
            ("teardown", Some(actor)) => actor.teardown = Some(block(next)),
            ("session", _) => spec.sessions.push(Actor { name: next.clone(), ..Actor::default() }),
            ("step", Some(actor)) => {
                actor.steps.push((next.clone(), block(&words[at + 2])));
                at += 1;
            }
            ("permutation", _) => {
                let steps: Vec<String> =
                    words[at + 1..].iter().take_while(|word| *word != "permutation").cloned().collect();
                at += steps.len() - 1;
                spec.permutations.push(steps);
            }
            (word, _) => panic!("a spec has no {word:?} here"),
        }
        at += 2;
    }
    spec
}

/// Prints rows as isolationtester does.
fn print_rows(to: &mut String, rows: &Rows) {
    let text = |row: usize, column: usize| rows.text(row, column).into_owned();
    let count = rows.fields().len();
    let mut widths: Vec<usize> = rows.fields().iter().map(|field| field.name().chars().count()).collect();
    let mut numeric = vec![true; count];
    for row in 0..rows.len() {
        for column in 0..count {
            let value = text(row, column);
            widths[column] = widths[column].max(value.chars().count());
            numeric[column] &= value.chars().all(|c| c.is_ascii_digit() || ".Ee -".contains(c));
        }
    }
    let line = |to: &mut String, cells: Vec<String>, between: &str| {
        to.push_str(&cells.join(between));
        to.push('\n');
    };
    let aligned = |column: usize, value: &str| {
        let width = widths[column];
        if numeric[column] { format!("{value:>width$}") } else { format!("{value:<width$}") }
    };
    let names = rows.fields().iter().enumerate().map(|(column, field)| aligned(column, &field.name()));
    line(to, names.collect(), "|");
    line(to, widths.iter().map(|&width| "-".repeat(width)).collect(), "+");
    for row in 0..rows.len() {
        let cells = (0..count).map(|column| aligned(column, &text(row, column)));
        line(to, cells.collect(), "|");
    }
    let _ = writeln!(to, "({} row{})\n", rows.len(), if rows.len() == 1 { "" } else { "s" });
}

fn print_results(to: &mut String, results: &[QueryResult]) {
    for result in results {
        match result {
            QueryResult::Rows(rows) => print_rows(to, rows),
            QueryResult::Error(error) => {
                let _ = writeln!(to, "ERROR:  {}", error.primary());
            }
            _ => (),
        }
    }
}

/// A permutation at work.
struct Play<'a> {
    spec: &'a Spec,
    control: &'a mut Session,
    sessions: Vec<Session>,
    /// The step that each session has not finished.
    waiting: Vec<Option<String>>,
    out: &'a mut String,
}

impl Play<'_> {
    fn run(&mut self, steps: &[String]) {
        let _ = writeln!(self.out, "\nstarting permutation: {}", steps.join(" "));
        let Play { spec, control, out, .. } = self;
        for setup in &spec.setups {
            print_results(out, &control.run(setup).expect("the setup runs"));
        }
        for (n, actor) in spec.sessions.iter().enumerate() {
            if let Some(setup) = &actor.setup {
                print_results(self.out, &self.sessions[n].run(setup).expect("a session's setup runs"));
            }
        }
        for name in steps {
            let (n, sql) = self.find(name);
            // A session does one thing at a time.
            if self.waiting[n].is_some() {
                self.finish(n, true);
                self.finish_others(n);
            }
            self.sessions[n].send(&sql).expect("a step is sent");
            self.waiting[n] = Some(name.clone());
            match self.sleep_until_done_or_blocked(n) {
                Some(results) => {
                    self.waiting[n] = None;
                    self.print_notices(n);
                    let _ = writeln!(self.out, "step {name}: {sql}");
                    print_results(self.out, &results);
                }
                None => {
                    self.print_notices(n);
                    let _ = writeln!(self.out, "step {name}: {sql} <waiting ...>");
                }
            }
            self.finish_others(n);
        }
        for n in 0..self.sessions.len() {
            if self.waiting[n].is_some() {
                self.finish(n, true);
            }
        }
        for (n, actor) in self.spec.sessions.iter().enumerate() {
            if let Some(teardown) = &actor.teardown {
                print_results(self.out, &self.sessions[n].run(teardown).expect("a session's teardown runs"));
            }
        }
        if let Some(teardown) = &self.spec.teardown {
            print_results(self.out, &self.control.run(teardown).expect("the teardown runs"));
        }
    }

    /// What a session did may let others go on, and they again others.
    fn finish_others(&mut self, n: usize) {
        while (0..self.sessions.len()).any(|other| other != n && self.finish(other, false)) {}
    }

    fn find(&self, name: &str) -> (usize, String) {
        let actors = self.spec.sessions.iter().enumerate();
        let mut steps = actors.flat_map(|(n, actor)| actor.steps.iter().map(move |step| (n, step)));
        let (n, (_, sql)) = steps.find(|(_, (step, _))| step == name).unwrap_or_else(|| panic!("no step {name}"));
        (n, sql.clone())
    }

    /// If the session's step is done (or, with `wait`, when it is), says so.
    fn finish(&mut self, n: usize, wait: bool) -> bool {
        let Some(name) = self.waiting[n].clone() else { return false };
        let until = Instant::now() + Duration::from_secs(60);
        let results = loop {
            match self.sleep_until_done_or_blocked(n) {
                Some(results) => break results,
                None if !wait => return false,
                None => assert!(Instant::now() < until, "step {name} waits for ever"),
            }
        };
        self.waiting[n] = None;
        self.print_notices(n);
        let _ = writeln!(self.out, "step {name}: <... completed>");
        print_results(self.out, &results);
        true
    }

    fn print_notices(&mut self, n: usize) {
        for notice in self.sessions[n].take_notices() {
            let severity = notice.field(b'S').unwrap_or_default().into_owned();
            let _ = writeln!(self.out, "{}: {severity}:  {}", self.spec.sessions[n].name, notice.primary());
        }
    }

    /// The results of the session's command, or `None` if it waits for another of the sessions.
    fn sleep_until_done_or_blocked(&mut self, n: usize) -> Option<Vec<QueryResult>> {
        let others: Vec<String> = self.sessions.iter().map(|session| session.pid.to_string()).collect();
        let question = format!(
            "select pg_catalog.pg_isolation_test_session_is_blocked({}, '{{{}}}')",
            self.sessions[n].pid,
            others.join(",")
        );
        let until = Instant::now() + Duration::from_secs(60);
        loop {
            if let Some(results) = self.sessions[n].results_within(Duration::from_millis(10)).expect("a connection") {
                return Some(results);
            }
            if self.control.value(&question) == "t" {
                // What it said before it began to wait is here by now.
                return self.sessions[n].results_within(Duration::from_millis(1)).expect("a connection");
            }
            assert!(Instant::now() < until, "a step neither ends nor waits for another");
        }
    }
}

#[test]
fn specs_print_what_postgresql_prints() {
    let root = repository().join("tests/isolation");
    let only = std::env::var("ONLY").unwrap_or_default();
    let entries = fs::read_dir(&root).expect("tests/isolation").map(|entry| entry.expect("an entry").path());
    let mut specs: Vec<_> = entries
        .filter(|path| path.extension().is_some_and(|extension| extension == "spec"))
        .filter(|path| path.to_string_lossy().contains(&only))
        .collect();
    specs.sort();
    assert!(!specs.is_empty(), "no spec under {} matches {only:?}", root.display());
    let cluster = Cluster::start(&["max_prepared_transactions = 10"]);
    let mut failures = String::new();
    for path in &specs {
        let spec = parse(&fs::read_to_string(path).expect("a spec"));
        let expected = fs::read_to_string(path.with_extension("out")).expect("its recorded output");
        let mut out = format!("Parsed test spec with {} sessions\n", spec.sessions.len());
        let mut control = cluster.session();
        let sessions = spec.sessions.iter().map(|_| cluster.session()).collect();
        let waiting = vec![None; spec.sessions.len()];
        let mut play = Play { spec: &spec, control: &mut control, sessions, waiting, out: &mut out };
        spec.permutations.iter().for_each(|steps| play.run(steps));
        if out != expected {
            let difference = crate::sql::difference(&expected, &out);
            failures.push_str(&format!("{}\n{difference}", path.display()));
        }
    }
    assert!(failures.is_empty(), "specs differ from their recorded output:\n{failures}");
}
