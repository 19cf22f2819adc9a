//! A full disk is an error of those who write. Nobody else notices, nothing is lost, and it is over when there is room again.

use std::fs;
use std::path::Path;

use client::ServerError;

use crate::cluster::Cluster;
use crate::session::Session;

fn failure(session: &mut Session, text: &str) -> Option<ServerError> {
    let results = session.run(text).unwrap_or_else(|e| panic!("{text}: {e}"));
    results.iter().find_map(|result| result.error().cloned())
}

fn assert_disk_full(error: &ServerError, beginning: &str) {
    assert_eq!(error.sqlstate(), "53100", "{error}");
    assert!(error.primary().starts_with(beginning), "{error}");
    assert!(error.primary().ends_with("\": No space left on device"), "{error}");
    assert!(error.to_string().contains("Check free disk space."), "{error}");
}

/// A server that thinks the disk full for data while `data_full` exists, and for the log while `log_full` does.
fn start() -> Cluster {
    Cluster::start_with(&["autovacuum = off"], |directory| {
        let file = |name: &str| directory.join(name).display().to_string();
        format!("storage.extend=enospc?{};wal.create=enospc?{}", file("data_full"), file("log_full"))
    })
}

fn fill(directory: &Path, what: &str) {
    fs::write(directory.join(what), "").expect("a file");
}

fn free(directory: &Path, what: &str) {
    fs::remove_file(directory.join(what)).expect("the file");
}

#[test]
fn no_room_for_data_fails_the_statement() {
    let mut cluster = start();
    let mut session = cluster.session();
    session.query(
        "create table t (n int primary key, filler text); insert into t select x, 'x' from generate_series(1, 100) x",
    );
    fill(cluster.directory(), "data_full");
    for text in [
        "insert into t select x, repeat('x', 500) from generate_series(101, 5000) x",
        "create index on t (filler)",
        "create table u as select * from t",
    ] {
        let error = failure(&mut session, text).unwrap_or_else(|| panic!("{text} succeeded"));
        assert_disk_full(&error, "could not extend file \"base/");
    }
    // What needs no room works.
    session.query("update t set filler = 'y' where n = 1; checkpoint");
    assert_eq!(session.value("select count(*) from t"), "100");
    free(cluster.directory(), "data_full");
    session.query(
        "insert into t select x, repeat('x', 500) from generate_series(101, 5000) x; create index on t (filler)",
    );
    assert_eq!(session.value("select count(*) from t"), "5000");
    drop(session);
    cluster.stop();
}

#[test]
fn no_room_for_the_log_fails_the_statement_and_not_the_server() {
    let mut cluster = start();
    let mut session = cluster.session();
    let mut other = cluster.session();
    session.query("create table t (n int primary key, filler text); create table kept (n int primary key)");
    other.query("begin; insert into kept values (1)");
    fill(cluster.directory(), "log_full");
    // Rows of 1 kB until the segments there are end.
    let mut inserted = 0;
    let error = loop {
        assert!(inserted < 64, "the log never ended");
        let from = inserted * 1000;
        let text =
            format!("insert into t select x, repeat('x', 1000) from generate_series({}, {}) x", from + 1, from + 1000);
        match failure(&mut session, &text) {
            Some(error) => break error,
            None => inserted += 1,
        }
    };
    assert_disk_full(&error, "could not write to file \"pg_wal/xlogtemp.");
    // Who has changed something already can still commit; readers, a checkpoint and new sessions notice nothing.
    other.query("commit");
    assert_eq!(session.value("select count(*) from t"), (inserted * 1000).to_string());
    session.query("checkpoint");
    assert_eq!(cluster.session().value("select count(*) from kept"), "1");
    assert!(failure(&mut session, "delete from t").is_some() || !cluster.log().contains("terminated by signal"));
    free(cluster.directory(), "log_full");
    session.query("insert into kept values (2)");
    // And all of it is there after a crash.
    cluster.signal("QUIT");
    cluster.wait();
    cluster.launch();
    let mut session = cluster.session();
    assert_eq!(session.value("select count(*) from kept"), "2");
    assert!(!cluster.log().contains("PANIC"), "{}", cluster.log());
    drop(session);
    cluster.stop();
}
