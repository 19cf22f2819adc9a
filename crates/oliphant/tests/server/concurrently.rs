//! Indexes that are made and dropped while others write: who reads by them must find what who reads the table finds.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::cluster::Cluster;

const WRITERS: usize = 4;

/// One change each, of rows and keys at random; the last is taken back.
const CHANGES: [&str; 4] = [
    "update s set t = t || 'x' where id = (random() * 2000)::int",
    "update s set k = k + 10000, p = point(k % 77, id % 55) where id = (random() * 2000)::int",
    "insert into s select n, n + (random() * 100000)::int * 7, point(n % 30, n % 31), 'n' from (select (random() * 2000)::int) r(n)",
    "begin; delete from s where id = (random() * 2000)::int; update s set k = k + 5 where id = (random() * 2000)::int; rollback",
];

const INDEXES: [(&str, &str); 3] = [("s_k", "s (k)"), ("s_p", "s using spgist (p)"), ("s_g", "s using gist (p)")];

/// The same rows by the table and by each index, under one snapshot.
const COUNTS: &str = "begin isolation level repeatable read; set local enable_bitmapscan = off;
    create temp table counts (n bigint, sum bigint) on commit drop;
    insert into counts select count(*), sum(id) from s;
    set local enable_seqscan = off;
    insert into counts select count(*), sum(id) from s where k > -1;
    insert into counts select count(*), sum(id) from s where p <@ box '((-1,-1),(9000,9000))';
    select count(*) from (select distinct n, sum from counts) d";

#[test]
fn an_index_that_is_made_beside_writers_has_every_row() {
    let rounds: usize = std::env::var("INDEX_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(5);
    let mut cluster = Cluster::start(&["autovacuum_naptime = 1s"]);
    let mut session = cluster.session();
    session.query(
        "create extension amcheck; create table s (id int, k int, p point, t text);
         insert into s select i, i, point(i % 100, i / 100), 'w' || i from generate_series(1, 2000) i",
    );
    let done = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let (mut session, done) = (cluster.session(), done.clone());
            std::thread::spawn(move || {
                let mut changes = 0;
                while !done.load(Ordering::Relaxed) {
                    session.query(CHANGES[(writer + changes) % CHANGES.len()]);
                    changes += 1;
                }
                changes
            })
        })
        .collect();
    for round in 0..rounds {
        for (name, on) in INDEXES {
            session.query(&format!("create index concurrently {name} on {on}"));
        }
        session.query("select bt_index_check('s_k', true)");
        assert_eq!(session.value(COUNTS), "1", "an index lacks rows in round {round}");
        session.query("commit");
        for (name, _) in INDEXES {
            session.query(&format!("drop index concurrently {name}"));
        }
    }
    done.store(true, Ordering::Relaxed);
    let changes: usize = writers.into_iter().map(|writer| writer.join().expect("a writer")).sum();
    assert!(changes > 0, "nothing was written");
    println!("{rounds} rounds, {changes} changes");
    cluster.stop();
}
