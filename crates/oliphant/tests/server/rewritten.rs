//! CLUSTER and VACUUM FULL beside writers and old snapshots, and servers that are killed during them: nobody loses a row, and nobody sees one twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::cluster::Cluster;
use crate::session::{Session, failure};

const WRITERS: usize = 3;

/// One change each that leaves the sum of `v` as it is; the last but one is taken back. Who changes several rows begins with the last.
const CHANGES: [&str; 5] = [
    "begin; update h set v = v - 3 where id = 200; update h set v = v + 3 where id = (select 1 + (random() * 198)::int); commit",
    "with gone as (delete from h where id = 201 + (random() * 200)::int returning v) update h set v = v + coalesce((select sum(v) from gone), 0) where id = 7",
    "begin; insert into h values (201 + (random() * 200)::int, 5, repeat(md5(random()::text), 200)) on conflict (id) do nothing; update h set v = (1000 * 200 - (select sum(v) from h where id <> 9)) where id = 9; commit",
    "begin; update h set v = v + 1 where id = 200; delete from h where id < 50; update h set v = 0, t = 'gone'; rollback",
    "update h set t = repeat(md5(random()::text), (random() * 300)::int) where id = (select 1 + (random() * 198)::int)",
];

const SUM: &str = "select sum(v) from h";

fn prepare(session: &mut Session) {
    session.query(
        "create extension amcheck; create table h (id int primary key, v int, t text);
         insert into h select i, 1000, repeat(md5(i::text), i) from generate_series(1, 200) i; create index h_e on h ((v % 10), id)",
    );
}

/// Writes until told to stop, or cut off; what others make impossible is tried again.
fn write(mut session: Session, writer: usize, done: &AtomicBool) -> usize {
    let mut changes = 0;
    while !done.load(Ordering::Relaxed) {
        // The third is a balance struck over all rows: it stands only if nobody else has changed any.
        let change = CHANGES[(writer + changes) % CHANGES.len()];
        let text = match change.starts_with("begin; insert") {
            true => format!("{} serializable; {}", "begin isolation level", &change[7..]),
            false => change.to_string(),
        };
        match session.run(&text) {
            Ok(results) if failure(&results).is_some() => drop(session.run("rollback")),
            Ok(_) => changes += 1,
            Err(_) => return changes,
        }
    }
    changes
}

fn check_structure(session: &mut Session) {
    session.query("select bt_index_check(i, true) from unnest('{h_e,h_pkey}'::regclass[]) i");
    let faults = session.query("select * from verify_heapam('h', check_toast => true)");
    assert!(faults.is_empty(), "{faults:?}");
    assert_eq!(session.value("select count(*) = count(distinct id) and sum(length(t)) >= 0 from h"), "t");
}

#[test]
fn older_snapshots_see_their_rows_in_tables_written_anew() {
    let rounds: usize = std::env::var("REWRITE_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(5);
    let mut cluster = Cluster::start(&["autovacuum_naptime = 1s"]);
    let mut session = cluster.session();
    prepare(&mut session);
    session.query("create table other (x int)");
    let done = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (1..=WRITERS)
        .map(|writer| {
            // No balances are struck here: they need the whole table unchanged.
            let (mut session, done) = (cluster.session(), done.clone());
            std::thread::spawn(move || {
                let mut changes = 0;
                while !done.load(Ordering::Relaxed) {
                    session.query([CHANGES[0], CHANGES[3], CHANGES[4]][(writer + changes) % 3]);
                    changes += 1;
                }
                changes
            })
        })
        .collect();
    for _ in 0..rounds {
        for statement in ["vacuum full h", "cluster h using h_e", "cluster h using h_pkey"] {
            // Its snapshot is from before, but it looks at the table only afterwards. Others change rows between the two.
            let mut older = cluster.session();
            older.query("begin isolation level repeatable read; select * from other");
            std::thread::sleep(Duration::from_millis(30));
            session.query(statement);
            assert_eq!(older.value("select (count(*), sum(v)) from h"), "(200,200000)", "{statement}");
            let rows = older.value("select md5(string_agg(h::text, ',' order by id)) from h");
            let by_index = older.value(
                "set local enable_seqscan = off; set local enable_bitmapscan = off;
                 select md5(string_agg(h::text, ',' order by id)) from h where id > -1",
            );
            assert_eq!(rows, by_index, "{statement}, by its index");
            session.query("vacuum h");
            assert_eq!(rows, older.value("select md5(string_agg(h::text, ',' order by id)) from h"), "{statement}");
            older.query("commit");
            assert_eq!(session.value(SUM), "200000", "{statement}");
            session.query("vacuum h");
            check_structure(&mut session);
        }
    }
    done.store(true, Ordering::Relaxed);
    let changes: usize = writers.into_iter().map(|writer| writer.join().expect("a writer")).sum();
    assert!(changes > 0, "nothing was written");
    println!("{rounds} rounds, {changes} changes");
    cluster.stop();
}

#[test]
fn a_server_killed_while_a_table_is_written_anew_keeps_one_of_the_two() {
    let rounds: u64 = std::env::var("CRASH_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(3);
    let mut cluster = Cluster::start(&[]);
    prepare(&mut cluster.session());
    let done = Arc::new(AtomicBool::new(false));
    for round in 0..rounds {
        let mut clients: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let (session, done) = (cluster.session(), done.clone());
                std::thread::spawn(move || write(session, writer, &done))
            })
            .collect();
        let mut session = cluster.session();
        clients.push(std::thread::spawn(move || {
            for n in 0.. {
                if session.run(["vacuum full h", "cluster h using h_e"][n % 2]).is_err() {
                    return n;
                }
            }
            0
        }));
        std::thread::sleep(Duration::from_millis(200 + 41 * round % 300));
        crate::crash::kill(&crate::crash::family(cluster.pid()));
        cluster.wait();
        clients.into_iter().for_each(|client| assert!(client.join().is_ok()));
        cluster.launch();
        check_structure(&mut cluster.session());
    }
    cluster.stop();
}
