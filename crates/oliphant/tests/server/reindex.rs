//! REINDEX CONCURRENTLY beside writers, and servers that are killed during it: all indexes of a table have its rows, whatever state it was left in.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::cluster::Cluster;
use crate::session::Session;

const WRITERS: usize = 3;

/// One change each, of rows and keys at random; the last is taken back.
const CHANGES: [&str; 5] = [
    "update r set t = t || 'x' where id = (random() * 2000)::int",
    "update r set k = k + 10000, p = point(k % 77, id % 55) where id = (random() * 2000)::int",
    "insert into r select n + 5000, n, point(n % 30, n % 31), repeat('n', 3000) from (select (random() * 2000)::int) v(n)
       on conflict (id) do update set k = r.k + 1",
    "delete from r where id = (random() * 2000)::int + 5000",
    "begin; delete from r where id = (random() * 2000)::int; update r set k = k + 5 where id = (random() * 2000)::int; rollback",
];

/// The same rows by the table and by each index, under one snapshot.
const COUNTS: &str = "begin isolation level repeatable read; set local enable_bitmapscan = off;
    create temp table counts (n bigint, sum bigint) on commit drop;
    insert into counts select count(*), sum(id) from r;
    set local enable_seqscan = off;
    insert into counts select count(*), sum(id) from r where k > -1;
    insert into counts select count(*), sum(id) from r where id > -1;
    insert into counts select count(*), sum(id) from r where p <@ box '((-1,-1),(9000,9000))';
    select count(*) from (select distinct n, sum from counts) d";

/// Indexes that a broken statement left.
const LEFT: &str =
    "select format('%s.%I', relnamespace::regnamespace, relname) from pg_class where relname ~ '_cc(new|old)[0-9]*$'";

fn prepare(session: &mut Session) {
    session.query(
        "create extension amcheck; create table r (id int primary key, k int, p point, t text);
         insert into r select i, i, point(i % 100, i / 100), 'w' || i from generate_series(1, 2000) i;
         create index r_k on r (k); create index r_p on r using gist (p); create index r_e on r ((k + id)) where id % 2 = 0;
         comment on index r_k is 'kept'; create table f (id int references r)",
    );
}

fn check(session: &mut Session) {
    session.query("select bt_index_check(i, true) from unnest('{r_k,r_e,r_pkey}'::regclass[]) i");
    assert_eq!(session.value(COUNTS), "1", "an index lacks rows");
    session.query("commit");
    assert_eq!(session.value("select count(*) from pg_index where indrelid = 'r'::regclass and indisvalid"), "4");
    assert_eq!(session.value("select obj_description('r_k'::regclass)"), "kept");
    let own = "select count(*) from pg_constraint where conindid = 'r_pkey'::regclass and contype in ('p', 'f')";
    assert_eq!(session.value(own), "2");
}

#[test]
fn indexes_made_anew_beside_writers_have_every_row() {
    let rounds: usize = std::env::var("INDEX_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(6);
    let mut cluster = Cluster::start(&["autovacuum_naptime = 1s"]);
    let mut session = cluster.session();
    prepare(&mut session);
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
    for _ in 0..rounds {
        session.query("reindex table concurrently r");
        check(&mut session);
        session.query("reindex index concurrently r_k");
        check(&mut session);
    }
    done.store(true, Ordering::Relaxed);
    let changes: usize = writers.into_iter().map(|writer| writer.join().expect("a writer")).sum();
    assert!(changes > 0, "nothing was written");
    assert!(session.query(LEFT).is_empty());
    println!("{rounds} rounds, {changes} changes");
    cluster.stop();
}

#[test]
fn a_server_killed_while_indexes_are_made_anew_keeps_whole_ones() {
    let rounds: u64 = std::env::var("CRASH_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(3);
    let mut cluster = Cluster::start(&[]);
    prepare(&mut cluster.session());
    for round in 0..rounds {
        let clients: Vec<_> = (0..WRITERS)
            .map(|client| {
                let mut session = cluster.session();
                std::thread::spawn(move || {
                    for n in client.. {
                        let text =
                            if client == 0 { "reindex table concurrently r" } else { CHANGES[n % CHANGES.len()] };
                        if session.run(text).is_err() {
                            return;
                        }
                    }
                })
            })
            .collect();
        std::thread::sleep(Duration::from_millis(150 + 37 * round % 200));
        crate::crash::kill(&crate::crash::family(cluster.pid()));
        cluster.wait();
        for client in clients {
            client.join().expect("a client");
        }
        cluster.launch();
        let mut session = cluster.session();
        for row in session.query(LEFT) {
            let name = row[0].clone().expect("a name");
            session.query(&format!("drop index {name}"));
        }
        check(&mut session);
        assert!(session.query("select * from verify_heapam('r', check_toast => true)").is_empty());
    }
    cluster.stop();
}
