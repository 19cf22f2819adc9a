//! Processes are killed while clients work; what was acknowledged must be there afterwards, and nothing half.
//!
//! The load is pgbench's: a transfer changes an account, a teller and a branch, and writes a line of history. So the three sums
//! and that of the history agree whenever no transaction is half there. Each client numbers its transactions, and knows
//! which ones the server acknowledged. `CRASH_ROUNDS` in the environment sets how often the server is killed (3).
//!
//! A second load does everything else: rows wider than a page, updates with and without new index entries, deletions, VACUUM,
//! TRUNCATE, indexes and columns made and dropped. Each of its transactions also keeps a tally, which must agree.
//!
//! After every recovery all tables and all indexes, those of the catalogs too, are checked by `amcheck`'s functions.

use std::fs;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::cluster::Cluster;
use crate::session::{Session, failure};

const CLIENTS: u64 = 4;
const ACCOUNTS: u64 = 1000;

fn prepare(cluster: &Cluster) {
    let mut session = cluster.session();
    session.query(
        "create table branch (id int primary key, balance int); create table teller (id int primary key, balance int); \
         create table account (id int primary key, balance int, filler char(80)); \
         create table history (client int, number int, delta int, primary key (client, number))",
    );
    session.query("create extension amcheck");
    session.query("insert into branch values (1, 0); insert into teller select x, 0 from generate_series(1, 10) as x");
    session.query(&format!("insert into account select x, 0, '' from generate_series(1, {ACCOUNTS}) as x"));
}

/// One client: transfers until told to stop or cut off. Gives the last transaction that was acknowledged.
fn transfer(mut session: Session, client: u64, first: u64, stop: &AtomicBool, acknowledged: &AtomicU64) {
    let mut seed = client.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ first;
    for number in first.. {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (account, teller, delta) = ((seed >> 33) % ACCOUNTS + 1, (seed >> 20) % 10 + 1, (seed >> 45) % 1000);
        let text = format!(
            "begin; update account set balance = balance + {delta} where id = {account}; \
             select balance from account where id = {account}; \
             update teller set balance = balance + {delta} where id = {teller}; \
             update branch set balance = balance + {delta} where id = 1; \
             insert into history values ({client}, {number}, {delta}); commit"
        );
        match session.run(&text) {
            Ok(results) if failure(&results).is_none() => acknowledged.store(number, Ordering::Relaxed),
            // Killed in the middle, or turned away: whether the last one was committed is not known.
            _ => return,
        }
    }
}

/// All processes below a process, and itself.
pub fn family(root: u32) -> Vec<u32> {
    let mut parents = Vec::new();
    for entry in fs::read_dir("/proc").expect("/proc").flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat")) else { continue };
        let Some((_, rest)) = stat.rsplit_once(')') else { continue };
        if let Some(parent) = rest.split_whitespace().nth(1).and_then(|parent| parent.parse::<u32>().ok()) {
            parents.push((pid, parent));
        }
    }
    let mut found = vec![root];
    let mut at = 0;
    while at < found.len() {
        let parent = found[at];
        found.extend(parents.iter().filter(|(_, p)| *p == parent).map(|(pid, _)| *pid));
        at += 1;
    }
    found
}

pub fn kill(pids: &[u32]) {
    let status = Command::new("kill").arg("-9").args(pids.iter().map(u32::to_string)).status();
    assert!(status.is_ok());
}

/// Kills one backend, and waits until the server has noticed, has thrown everybody out and is back.
pub fn kill_backend(cluster: &mut Cluster, pid: u32) {
    let mut witness = cluster.session();
    kill(&[pid]);
    witness.last_words();
    cluster.wait_until_ready();
}

/// Every index has its structure, its order, and exactly its table's rows; every table's pages are whole.
pub fn check_structure(session: &mut Session, cluster: &Cluster) {
    for (what, text) in [
        (
            "indexes",
            "select c.relname, bt_index_parent_check(c.oid, true, true, i.indisunique) from pg_class c \
             join pg_index i on i.indexrelid = c.oid where c.relkind = 'i'",
        ),
        (
            "tables",
            "select c.relname, v.blkno, v.offnum, v.msg from pg_class c, \
             lateral verify_heapam(c.oid, check_toast => true) v where c.relkind in ('r', 't')",
        ),
    ] {
        let results = session.run(text).expect("an answer");
        assert_eq!(failure(&results), None, "{what}\n{}", cluster.log());
        if what == "tables" {
            let found = results.into_iter().find_map(|result| result.into_rows().ok()).expect("rows");
            assert!(found.is_empty(), "{found:?}\n{}", cluster.log());
        }
    }
}

/// Everything that was acknowledged is there, nothing is half there, and indexes agree with their tables.
fn check(cluster: &Cluster, acknowledged: &[u64]) {
    let mut session = cluster.session();
    let sums: Vec<String> = ["account", "teller", "branch"]
        .iter()
        .map(|table| session.value(&format!("select sum(balance) from {table}")))
        .collect();
    let history = session.value("select coalesce(sum(delta), 0) from history");
    assert!(sums.iter().all(|sum| *sum == history), "balances {sums:?}, history {history}\n{}", cluster.log());
    for (client, &last) in acknowledged.iter().enumerate() {
        let found: u64 = session
            .value(&format!("select count(*) from history where client = {client} and number <= {last}"))
            .parse()
            .expect("a number");
        assert_eq!(found, last, "client {client} lost acknowledged transactions\n{}", cluster.log());
        let beyond =
            session.value(&format!("select count(*) from history where client = {client} and number > {last} + 1"));
        assert_eq!(beyond, "0", "client {client} has transactions that it never sent");
    }
    check_structure(&mut session, cluster);
    // By index and by table, the same rows.
    let counted = session.value("select count(*) from account");
    assert_eq!(counted, ACCOUNTS.to_string());
    let by_key = session.query("select count(*) from generate_series(1, 1000) as x join account a on a.id = x");
    assert_eq!(by_key, [[Some(counted)]]);
}

#[test]
fn nothing_acknowledged_is_lost_when_the_server_is_killed() {
    let rounds: u32 = std::env::var("CRASH_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(3);
    let mut cluster = Cluster::start(&["checkpoint_timeout = 30s", "max_wal_size = 32MB"]);
    prepare(&cluster);
    let mut numbers = vec![0u64; CLIENTS as usize];
    for round in 0..rounds {
        let stop = Arc::new(AtomicBool::new(false));
        let acknowledged: Arc<Vec<AtomicU64>> = Arc::new(numbers.iter().map(|&n| AtomicU64::new(n)).collect());
        // A transaction whose end was not heard of may have been committed: numbers go on behind it.
        let mut session = cluster.session();
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| {
                let last =
                    session.value(&format!("select coalesce(max(number), 0) from history where client = {client}"));
                let first = last.parse::<u64>().expect("a number") + 1;
                acknowledged[client as usize].store(first - 1, Ordering::Relaxed);
                let session = cluster.session();
                let (stop, acknowledged) = (stop.clone(), acknowledged.clone());
                std::thread::spawn(move || transfer(session, client, first, &stop, &acknowledged[client as usize]))
            })
            .collect();
        drop(session);
        std::thread::sleep(Duration::from_millis(300 + 170 * (round as u64 % 7)));
        kill(&family(cluster.pid()));
        cluster.wait();
        stop.store(true, Ordering::Relaxed);
        clients.into_iter().for_each(|client| client.join().expect("a client"));
        numbers = acknowledged.iter().map(|n| n.load(Ordering::Relaxed)).collect();
        cluster.launch();
        check(&cluster, &numbers);
    }
    assert!(numbers.iter().sum::<u64>() > 0, "no transaction was ever acknowledged");
    println!("{rounds} crashes, {} transactions acknowledged and kept", numbers.iter().sum::<u64>());
    cluster.stop();
}

#[test]
fn one_backend_that_dies_takes_the_others_along_and_the_server_comes_back() {
    let mut cluster = Cluster::start(&[]);
    prepare(&cluster);
    let mut other = cluster.session();
    other.query("begin; insert into history values (99, 1, 5)");
    let victim = cluster.session();
    let killed = Instant::now();
    kill(&[victim.pid as u32]);
    // The other session is told why it ends.
    let told: Vec<String> = other.last_words().iter().map(|notice| notice.sqlstate().into_owned()).collect();
    assert_eq!(told, ["57P02"], "{}", cluster.log());
    cluster.wait_until_ready();
    let back = killed.elapsed();
    assert!(back < Duration::from_secs(10), "the server took {back:?} to come back");
    assert_eq!(cluster.session().value("select count(*) from history where client = 99"), "0");
    println!("back after {back:?}");
    cluster.stop();
}

/// Numbers that look random.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    /// Text that does not compress.
    fn text(&mut self, len: u64) -> String {
        (0..len).map(|_| (b'a' + self.below(26) as u8) as char).collect()
    }
}

/// One transaction of the mixed load on a client's own table, `m0`, `m1` …, whose rows are counted and summed up in `tally`.
fn mixed_statement(client: u64, random: &mut Random, next: &mut u64) -> String {
    let table = format!("m{client}");
    let from = random.below(*next + 1);
    let to = from + random.below(40);
    let tally =
        |rows: &str, sum: &str| format!("update tally set n = n + ({rows}), s = s + ({sum}) where client = {client}");
    match random.below(20) {
        0..=7 => {
            let count = 1 + random.below(30);
            let first = *next;
            *next += count;
            let values: Vec<String> = (first..*next)
                .map(|id| {
                    let len = if random.below(6) == 0 { 3000 + random.below(12_000) } else { random.below(200) };
                    format!("({id}, {}, '{}', '{}')", id % 1000, random.text(12), random.text(len))
                })
                .collect();
            let sum: u64 = (first..*next).map(|id| id % 1000).sum();
            let insert = format!("insert into {table} values {}", values.join(", "));
            format!("begin; {insert}; {}; commit", tally(&count.to_string(), &sum.to_string()))
        }
        8..=10 => format!("update {table} set body = body || 'x' where id between {from} and {to}"),
        11 | 12 => format!("update {table} set tag = '{}' || id where id between {from} and {to}", random.text(5)),
        13 => {
            let update = format!("update {table} set k = k + 1 where id between {from} and {to} returning 1");
            format!("with u as ({update}) {}", tally("0", "select count(*) from u"))
        }
        14 | 15 => {
            let to = to + random.below(200);
            let delete = format!("delete from {table} where id between {from} and {to} returning k");
            let tally = tally("select -count(*) from d", "select -coalesce(sum(k), 0) from d");
            format!("with d as ({delete}) {tally}")
        }
        16 => format!("vacuum {table}"),
        17 => format!("create index on {table} (k desc, tag)"),
        18 if random.below(3) == 0 => {
            format!("begin; truncate {table}; update tally set n = 0, s = 0 where client = {client}; commit")
        }
        18 => {
            format!("begin; delete from {table} where id < {to}; create table t{client} (x int primary key); rollback")
        }
        _ => format!(
            "drop table if exists d{client}; create table d{client} (a int primary key, b text); \
             insert into d{client} select x, x from generate_series(1, {}) x; analyze {table}",
            random.below(500)
        ),
    }
}

/// One client of the mixed load, until it is cut off. Only its own tables are touched, so nothing may fail.
fn mixed_load(mut session: Session, client: u64, mut random: Random, mut next: u64) -> Result<u64, String> {
    let mut done = 0;
    loop {
        let text = mixed_statement(client, &mut random, &mut next);
        let Ok(results) = session.run(&text) else { return Ok(done) };
        match failure(&results) {
            None => (),
            // Those that the postmaster ends say so, and those that are cut off notice it.
            Some((state, _)) if state.starts_with("57P") || state.is_empty() => return Ok(done),
            Some((state, message)) => return Err(format!("{state} {message}: {}", &text[..text.len().min(200)])),
        }
        done += 1;
    }
}

#[test]
fn a_mixed_load_is_whole_after_every_crash() {
    let rounds: u64 = std::env::var("CRASH_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(3);
    let mut cluster = Cluster::start(&["checkpoint_timeout = 30s", "max_wal_size = 64MB"]);
    let mut session = cluster.session();
    session.query("create extension amcheck; create table tally (client int primary key, n bigint, s bigint)");
    for client in 0..CLIENTS {
        session.query(&format!(
            "create table m{client} (id int primary key, k int not null, tag text unique, body text); \
             create index on m{client} (k); insert into tally values ({client}, 0, 0)"
        ));
    }
    let mut total = 0;
    for round in 0..rounds {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| {
                let last = session.value(&format!("select coalesce(max(id), 0) from m{client}"));
                let next = last.parse::<u64>().expect("a number") + 1;
                // Indexes pile up otherwise.
                for index in session.query(&format!(
                    "select indexrelid::regclass from pg_index where indrelid = 'm{client}'::regclass and indnatts = 2"
                )) {
                    session.query(&format!("drop index {}", index[0].as_deref().unwrap_or_default()));
                }
                let (session, random) = (cluster.session(), Random(round * 100 + client));
                std::thread::spawn(move || mixed_load(session, client, random, next))
            })
            .collect();
        std::thread::sleep(Duration::from_millis(400 + 230 * (round % 7)));
        if round % 4 == 3 {
            // Only one backend: the server restarts by itself.
            let victim = cluster.session().pid as u32;
            kill_backend(&mut cluster, victim);
        } else {
            kill(&family(cluster.pid()));
            cluster.wait();
            cluster.launch();
        }
        for client in clients {
            total += client.join().expect("a client").unwrap_or_else(|e| panic!("{e}\n{}", cluster.log()));
        }
        session = cluster.session();
        for client in 0..CLIENTS {
            let found = session.query(&format!("select count(*), coalesce(sum(k), 0) from m{client}"));
            let tally = session.query(&format!("select n, s from tally where client = {client}"));
            assert_eq!(found, tally, "table m{client}\n{}", cluster.log());
        }
        check_structure(&mut session, &cluster);
    }
    println!("{rounds} crashes under a mixed load, {total} transactions");
    cluster.stop();
}

/// Each column of the table `x` that an index of its own leads to: how it is indexed, what it holds of a number, and a condition on it.
const INDEXED: [(&str, &str, &str, &str, &str); 9] = [
    ("gp", "point", "gist", "point(v % 100, v / 100)", "gp <@ box '((20,0),(60,50))'"),
    ("gr", "int4range", "gist", "int4range(v, v + v % 7)", "gr && '[1000,3000)'"),
    ("gt", "tsvector", "gist", "to_tsvector('simple', 'w' || v % 50 || ' u' || v % 3)", "gt @@ 'w7 | w8'"),
    ("sp", "point", "spgist", "point(v % 100, v / 100)", "sp <@ box '((20,0),(60,50))'"),
    ("sr", "int4range", "spgist", "int4range(v, v + v % 7)", "sr && '[1000,3000)'"),
    ("st", "text", "spgist", "repeat('ab', v % 40) || v", "st ^@ 'ababab'"),
    ("na", "int[]", "gin", "array[v % 50, v % 11, v]", "na && '{7,8}'"),
    ("bn", "int", "brin", "v", "bn between 1000 and 3000"),
    ("hn", "int", "hash", "v % 200", "hn = 7"),
];

/// One client that changes rows of its own in the table `x`, until it is cut off.
fn indexed_load(mut session: Session, client: u64, mut random: Random) -> Result<u64, String> {
    let values: Vec<&str> = INDEXED.iter().map(|column| column.3).collect();
    let mut done = 0;
    loop {
        let (from, count) = (random.below(400), 1 + random.below(60));
        let own = format!("id % {CLIENTS} = {client} and id / {CLIENTS} between {from} and {}", from + count);
        let text = match random.below(8) {
            0..=3 => format!(
                "insert into x select n * {CLIENTS} + {client}, {} from (select n, (n * 13 + {from}) % 5000 as v \
                 from generate_series({from}, {from} + {count}) n) g",
                values.join(", ")
            ),
            4 => {
                let (column, .., value, _) = INDEXED[random.below(INDEXED.len() as u64) as usize];
                format!("update x set {column} = (select {value} from (select (id * 7) % 5000 as v) g) where {own}")
            }
            5 => format!("begin; delete from x where {own}; rollback"),
            6 => format!("delete from x where {own}"),
            _ => "vacuum x".to_string(),
        };
        let Ok(results) = session.run(&text) else { return Ok(done) };
        match failure(&results) {
            None => done += 1,
            Some((state, _)) if state.starts_with("57P") || state.is_empty() => return Ok(done),
            // Two at once wait for each other's rows never, but one vacuum may stand back for another.
            Some((state, message)) => return Err(format!("{state} {message}: {text}")),
        }
    }
}

/// By each index the same rows are found as without any.
fn check_indexed(session: &mut Session, cluster: &Cluster) {
    for (column, _, method, _, condition) in INDEXED {
        let text = format!("select count(*), coalesce(sum(id), 0) from x where {condition}");
        session.query("set enable_seqscan = off; set enable_indexscan = on; set enable_bitmapscan = on");
        let plan = session.query(&format!("explain {text}"));
        let used = plan.iter().flatten().flatten().any(|line| line.contains(&format!("x_{column}_idx")));
        assert!(used, "no index for {condition}: {plan:?}");
        let found = session.query(&text);
        session.query(
            "set enable_seqscan = on; set enable_indexscan = off; set enable_indexonlyscan = off; set enable_bitmapscan = off",
        );
        let there = session.query(&text);
        session.query("reset enable_indexonlyscan");
        assert_eq!(found, there, "{method} index of {column}\n{}", cluster.log());
    }
}

#[test]
fn every_kind_of_index_agrees_with_its_table_after_a_crash() {
    let rounds: u64 = std::env::var("CRASH_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(2);
    let mut cluster = Cluster::start(&["checkpoint_timeout = 30s", "max_wal_size = 64MB"]);
    let mut session = cluster.session();
    let columns: Vec<String> = INDEXED.iter().map(|column| format!("{} {}", column.0, column.1)).collect();
    session.query(&format!("create table x (id int, {})", columns.join(", ")));
    for (column, _, method, ..) in INDEXED {
        session.query(&format!("create index x_{column}_idx on x using {method} ({column})"));
    }
    let mut total = 0;
    for round in 0..rounds {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| {
                let (session, random) = (cluster.session(), Random(round * 100 + client));
                std::thread::spawn(move || indexed_load(session, client, random))
            })
            .collect();
        std::thread::sleep(Duration::from_millis(700 + 310 * (round % 5)));
        kill(&family(cluster.pid()));
        cluster.wait();
        cluster.launch();
        for client in clients {
            total += client.join().expect("a client").unwrap_or_else(|e| panic!("{e}\n{}", cluster.log()));
        }
        session = cluster.session();
        check_indexed(&mut session, &cluster);
        session.query("vacuum x");
        check_indexed(&mut session, &cluster);
    }
    assert!(total > 0, "nothing was ever done");
    println!("{rounds} crashes, {total} transactions");
    cluster.stop();
}

/// A database that was just made is whole, before and after a crash.
#[test]
fn a_new_database_is_whole() {
    let mut cluster = Cluster::start(&[]);
    cluster.session().query("create database fresh");
    for crashed in [false, true] {
        if crashed {
            cluster.signal("QUIT");
            cluster.wait();
            cluster.launch();
        }
        let mut session = Session::connect(&cluster, "fresh").expect("a session");
        session.query("create extension if not exists amcheck");
        check_structure(&mut session, &cluster);
        // This reads every page there is, also those that nobody has used yet.
        session.query("vacuum");
        session.query(&format!("create table of_this_time_{crashed} (n int); analyze"));
    }
    cluster.stop();
}

#[test]
fn tablespaces_and_what_is_in_them_survive_a_crash() {
    let mut cluster = Cluster::start(&["allow_in_place_tablespaces = on"]);
    let place = cluster.directory().join("place");
    fs::create_dir(&place).expect("a directory");
    let mut session = cluster.session();
    session.query(&format!("create tablespace elsewhere location '{}'", place.display()));
    session.query("create tablespace in_place location ''");
    session.query("create tablespace short_lived location ''");
    session.query("create table t (a int primary key using index tablespace in_place, b text) tablespace elsewhere");
    session.query("insert into t select g, repeat('x', 100) from generate_series(1, 3000) as g");
    session.query("create table moved (a int); insert into moved select generate_series(1, 1000)");
    session.query("alter table moved set tablespace elsewhere");
    session.query("create table gone (a int) tablespace elsewhere; drop table gone");
    session.query("drop tablespace short_lived");
    session.query("create unlogged table unlogged (a int) tablespace elsewhere; insert into unlogged values (1)");
    kill(&family(cluster.pid()));
    cluster.wait();
    cluster.launch();
    let mut session = cluster.session();
    assert_eq!(session.value("select count(*) || ' ' || sum(length(b)) from t"), "3000 300000");
    assert_eq!(session.value("select b from t where a = 77"), "x".repeat(100));
    assert_eq!(session.value("select count(*) || ' ' || sum(a) from moved"), "1000 500500");
    assert_eq!(session.value("select count(*) from unlogged"), "0");
    assert_eq!(session.value("select count(*) from pg_tablespace"), "4");
    session.query("drop table t, moved, unlogged");
    session.query("drop tablespace elsewhere");
    session.query("drop tablespace in_place");
    assert!(fs::read_dir(&place).expect("still there").next().is_none(), "nothing is left of the tablespace");
    cluster.stop();
}
