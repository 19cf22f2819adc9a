//! Prepared transactions outlive sessions, crashes and restarts, with their locks, until somebody ends them; and then never come back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use crate::cluster::Cluster;
use crate::crash::{check_structure, family, kill, kill_backend};
use crate::session::{Session, failure};

const SETTINGS: &[&str] = &["max_prepared_transactions = 20", "checkpoint_timeout = 30s"];

fn crash(cluster: &mut Cluster) {
    kill(&family(cluster.pid()));
    cluster.wait();
    cluster.launch();
}

fn restart(cluster: &mut Cluster) {
    cluster.stop();
    cluster.launch();
}

fn error(session: &mut Session, text: &str) -> Option<String> {
    failure(&session.run(text).expect("an answer")).map(|(state, _)| state)
}

fn names(session: &mut Session) -> Vec<String> {
    let rows = session.query("select gid from pg_prepared_xacts order by gid");
    rows.into_iter().map(|mut row| row.swap_remove(0).unwrap_or_default()).collect()
}

/// What is prepared here can be seen by nobody, and is in everybody's way.
fn check_prepared(cluster: &Cluster) {
    let mut session = cluster.session();
    assert_eq!(names(&mut session), ["drop", "empty", "make", "read", "rows"], "{}", cluster.log());
    session.query("set lock_timeout = '50ms'");
    let rows = session.query("select id, v from t order by id");
    let expected: Vec<Vec<Option<String>>> = (1..=3).map(|n| vec![Some(n.to_string()), Some("old".into())]).collect();
    assert_eq!(rows, expected);
    for (text, state) in [
        ("update t set v = 'other' where id = 1", Some("55P03")),
        ("select * from t where id = 2 for update", Some("55P03")),
        ("update t set v = v where id = 3", None),
        ("insert into t values (4, 'other')", Some("55P03")),
        ("alter table t add column w int", Some("55P03")),
        ("vacuum full t", Some("55P03")),
        ("select * from gone", Some("55P03")),
        ("select * from made", Some("42P01")),
        ("create table made (a int)", Some("55P03")),
        ("select pg_advisory_xact_lock(7)", Some("55P03")),
        ("vacuum t", None),
        ("rollback prepared 'nobody'", Some("42704")),
    ] {
        assert_eq!(error(&mut session, text).as_deref(), state, "{text}\n{}", cluster.log());
    }
    // A serializable transaction that read, and was prepared, is watched still.
    // After a restart all conflicts that it may have had count.
    session.query("set lock_timeout = 0; begin isolation level serializable");
    let steps = ["select sum(v) from skew", "insert into skew values (100)", "commit"];
    let failed = steps.iter().find_map(|text| error(&mut session, text));
    assert_eq!(failed.as_deref(), Some("40001"), "{}", cluster.log());
    session.query("rollback");
    let locks = session.query(
        "select locktype, mode, pid is null, virtualtransaction like '-1/%' from pg_locks \
         where relation = 't'::regclass and mode = 'RowExclusiveLock' limit 1",
    );
    assert_eq!(locks, [["relation", "RowExclusiveLock", "t", "t"].map(|text| Some(text.to_string()))]);
}

#[test]
fn what_is_prepared_stays_until_it_is_ended() {
    let mut cluster = Cluster::start(SETTINGS);
    let mut session = cluster.session();
    session.query(
        "create extension amcheck; \
         create table t (id int primary key, v text); insert into t select n, 'old' from generate_series(1, 3) n; \
         create table gone (a int); insert into gone values (1); create table skew (v int); insert into skew values (1)",
    );
    let file = session.value("select pg_relation_filepath('gone')");
    session.query(
        "begin; update t set v = 'new' where id = 1; savepoint a; insert into t values (4, 'new'); release a; \
         savepoint b; insert into t values (5, 'lost'); rollback to b; savepoint c; \
         select * from t where id = 2 for update; select pg_advisory_xact_lock(7); prepare transaction 'rows'",
    );
    session.query("begin; drop table gone; prepare transaction 'drop'");
    session
        .query("begin; create table made (a int primary key); insert into made values (1); prepare transaction 'make'");
    session.query("begin; prepare transaction 'empty'");
    session.query(
        "begin isolation level serializable; select sum(v) from skew; insert into skew values (10); \
         prepare transaction 'read'",
    );
    let before =
        session.query("select transaction, gid, prepared, owner, database from pg_prepared_xacts order by gid");
    drop(session);
    check_prepared(&cluster);
    crash(&mut cluster);
    check_prepared(&cluster);
    // Now the records are behind the redo position, in the log's second telling.
    for _ in 0..2 {
        cluster.session().query(
            "create table filler as select repeat(md5(n::text), 60) from generate_series(1, 9000) n; checkpoint; \
             drop table filler",
        );
    }
    assert!(!cluster.data().join("pg_wal/000000010000000000000001").exists(), "no segment was recycled");
    check_prepared(&cluster);
    crash(&mut cluster);
    check_prepared(&cluster);
    restart(&mut cluster);
    check_prepared(&cluster);
    restart(&mut cluster);
    check_prepared(&cluster);
    let mut session = cluster.session();
    let after = session.query("select transaction, gid, prepared, owner, database from pg_prepared_xacts order by gid");
    assert_eq!(before, after);
    let held = cluster.data().join(&file);
    assert!(held.metadata().is_ok_and(|file| file.len() > 0));
    session.query("commit prepared 'rows'");
    session.query("commit prepared 'drop'");
    session.query("rollback prepared 'make'");
    session.query("rollback prepared 'empty'");
    session.query("commit prepared 'read'");
    for round in 0..3 {
        let mut session = cluster.session();
        assert_eq!(names(&mut session), [""; 0]);
        let rows = session.query("select string_agg(id || v, ',' order by id), (select sum(v) from skew) from t");
        assert_eq!(rows, [[Some("1new,2old,3old,4new".to_string()), Some("11".to_string())]], "round {round}");
        assert_eq!(error(&mut session, "select * from gone").as_deref(), Some("42P01"));
        assert_eq!(error(&mut session, "select * from made").as_deref(), Some("42P01"));
        assert!(held.metadata().map_or(true, |file| file.len() == 0), "the dropped table's file is there");
        session.query("begin; create table made (a int); alter table t add column w int; rollback");
        check_structure(&mut session, &cluster);
        match round {
            0 => crash(&mut cluster),
            _ => restart(&mut cluster),
        }
    }
    cluster.stop();
}

/// Whether the transaction of this number is to be committed.
fn commits(number: u64) -> bool {
    number % 4 != 3
}

fn name(client: u64, number: u64) -> String {
    format!("{client} {number}")
}

/// One client: transfers in two phases. Numbers of the last transactions that are known to be prepared, and to be ended.
fn transfer(mut session: Session, client: u64, first: u64, stop: &AtomicBool, known: &[AtomicU64; 2]) {
    for number in first.. {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let (account, name) = ((number * 7 + client * 3) % 50 + 1, name(client, number));
        let prepare = format!(
            "begin; update account set balance = balance + {number} where id = {account}; savepoint s; \
             insert into history values ({client}, {number}, {number}); prepare transaction '{name}'"
        );
        let end = format!("{} prepared '{name}'", if commits(number) { "commit" } else { "rollback" });
        for (step, text) in [prepare, end].iter().enumerate() {
            match session.run(text) {
                Ok(results) if failure(&results).is_none() => known[step].store(number, Ordering::Relaxed),
                _ => return,
            }
        }
    }
}

#[test]
fn nothing_prepared_is_lost_and_nothing_ended_comes_back() {
    const CLIENTS: u64 = 3;
    let rounds: u64 = std::env::var("CRASH_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(3);
    let mut cluster = Cluster::start(SETTINGS);
    let mut session = cluster.session();
    session.query(
        "create extension amcheck; create table account (id int primary key, balance bigint); \
         create table history (client int, number int, delta int, primary key (client, number)); \
         insert into account select n, 0 from generate_series(1, 50) n",
    );
    let mut found_prepared = 0;
    let mut last = [0; CLIENTS as usize];
    for round in 0..rounds {
        let stop = Arc::new(AtomicBool::new(false));
        let known: Vec<Arc<[AtomicU64; 2]>> =
            last.iter().map(|&n| Arc::new([AtomicU64::new(n), AtomicU64::new(n)])).collect();
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| {
                let (session, stop, known) = (cluster.session(), stop.clone(), known[client as usize].clone());
                let first = last[client as usize] + 1;
                std::thread::spawn(move || transfer(session, client, first, &stop, &known))
            })
            .collect();
        let mut checkpoints = cluster.session();
        std::thread::spawn(
            move || while checkpoints.run("checkpoint").is_ok_and(|results| failure(&results).is_none()) {},
        );
        std::thread::sleep(Duration::from_millis(350 + 190 * (round % 5)));
        if round % 3 == 2 {
            kill_backend(&mut cluster, session.pid as u32);
        } else {
            kill(&family(cluster.pid()));
            cluster.wait();
            cluster.launch();
        }
        stop.store(true, Ordering::Relaxed);
        clients.into_iter().for_each(|client| client.join().expect("a client"));
        session = cluster.session();
        let prepared = names(&mut session);
        found_prepared += prepared.len();
        for name in &prepared {
            let (client, number) = name.split_once(' ').expect("two numbers");
            let (client, number): (usize, u64) = (client.parse().unwrap(), number.parse().unwrap());
            let ended = known[client][1].load(Ordering::Relaxed);
            assert!(number > ended, "client {client}'s transaction {number} came back\n{}", cluster.log());
            session.query(&format!("{} prepared '{name}'", if commits(number) { "commit" } else { "rollback" }));
        }
        for (client, known) in known.iter().enumerate() {
            let acknowledged = known[0].load(Ordering::Relaxed);
            let rows = session.query(&format!("select number from history where client = {client} order by number"));
            let rows: Vec<u64> =
                rows.iter().map(|row| row[0].as_deref().unwrap_or_default().parse().unwrap()).collect();
            let expected: Vec<u64> = (1..=acknowledged).filter(|&n| commits(n)).collect();
            let (sure, beyond) = rows.split_at(expected.len().min(rows.len()));
            assert_eq!(sure, expected, "client {client}, {acknowledged} prepared\n{}", cluster.log());
            assert!(beyond.is_empty() || beyond == [acknowledged + 1], "{beyond:?}\n{}", cluster.log());
            last[client] = acknowledged + 1;
            if !commits(last[client]) || beyond.is_empty() {
                // Whether the next number was prepared and rolled back is all the same.
                session.query(&format!(
                    "insert into history select {client}, {}, 0 where {}",
                    last[client],
                    commits(last[client])
                ));
            }
        }
        let sums = session.query(
            "select (select sum(balance) from account) = (select sum(delta) from history), \
             (select count(*) from pg_locks where pid is null)",
        );
        assert_eq!(sums, [[Some("t".to_string()), Some("0".to_string())]], "{}", cluster.log());
        check_structure(&mut session, &cluster);
    }
    println!("{rounds} crashes, {found_prepared} transactions found prepared, {last:?} in all");
    assert!(last.iter().all(|&n| n > rounds), "nothing was done: {last:?}");
    cluster.stop();
}
