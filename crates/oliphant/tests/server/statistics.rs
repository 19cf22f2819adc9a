//! Cumulative statistics, autovacuum, and the estimates that rest on ANALYZE.

use std::time::{Duration, Instant};

use crate::cluster::Cluster;
use crate::crash::kill_backend;
use crate::session::{Session, failure};

/// Asks until the answer is the wanted one; fails after half a minute.
fn wait_for(session: &mut Session, query: &str, wanted: &str) {
    let end = Instant::now() + Duration::from_secs(30);
    loop {
        let found = session.value(query);
        if found == wanted {
            return;
        }
        assert!(Instant::now() < end, "{query}: {found}, expected {wanted}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A table's counters: scans, inserted, updated, deleted, live, dead.
fn counters(session: &mut Session, table: &str) -> Vec<String> {
    let functions = ["numscans", "tuples_inserted", "tuples_updated", "tuples_deleted", "live_tuples", "dead_tuples"];
    let query: Vec<String> = functions.iter().map(|name| format!("pg_stat_get_{name}('{table}'::regclass)")).collect();
    let rows = session.query(&format!("select {}", query.join(", ")));
    rows[0].iter().map(|value| value.clone().unwrap_or_default()).collect()
}

#[test]
fn counters_survive_a_clean_restart_and_not_a_crash() {
    let mut cluster = Cluster::start(&["autovacuum=off"]);
    let mut session = cluster.session();
    session.query("create table counted (id int, word text)");
    session.query("insert into counted select g, 'x' from generate_series(1, 100) g");
    session.query("update counted set word = 'y' where id <= 10");
    session.query("delete from counted where id > 90");
    session.query("begin; insert into counted values (200, 'z'); rollback");
    session.query(
        "begin; savepoint s; insert into counted values (201, 'z'); rollback to s; \
                   insert into counted values (202, 'z'); commit",
    );
    session.query("select count(*) from counted");
    session.query("select pg_stat_force_next_flush()");
    let expected = ["3", "103", "10", "10", "91", "22"];
    assert_eq!(counters(&mut session, "counted"), expected);
    assert_eq!(
        session.value("select pg_stat_get_db_xact_rollback(oid) from pg_database where datname = 'postgres'"),
        "1"
    );
    drop(session);

    cluster.stop();
    cluster.launch();
    let mut session = cluster.session();
    assert_eq!(counters(&mut session, "counted"), expected);

    let activity =
        "select backend_type from pg_stat_get_activity(null) where pid = pg_backend_pid() and state = 'active'";
    assert_eq!(session.value(activity), "client backend");
    session.query("select pg_stat_reset()");
    assert_eq!(counters(&mut session, "counted"), ["0"; 6]);
    session.query("select count(*) from counted");
    session.query("select pg_stat_force_next_flush()");
    assert_eq!(counters(&mut session, "counted")[0], "1");
    drop(session);

    cluster.signal("KILL");
    cluster.wait();
    cluster.launch();
    assert_eq!(counters(&mut cluster.session(), "counted"), ["0"; 6]);
}

#[test]
fn autovacuum_removes_dead_rows_and_gathers_statistics() {
    let mut cluster = Cluster::start(&["autovacuum_naptime=1s", "log_autovacuum_min_duration=0"]);
    let mut session = cluster.session();
    session.query("create table busy (id int primary key, kind int)");
    session.query("create table left_alone (id int) with (autovacuum_enabled = off)");
    session.query("insert into busy select g, g % 5 from generate_series(1, 5000) g");
    session.query("insert into left_alone select g from generate_series(1, 5000) g");
    session.query("delete from busy where id % 2 = 0");
    session.query("delete from left_alone");
    session.query("select pg_stat_force_next_flush()");
    wait_for(&mut session, "select pg_stat_get_autovacuum_count('busy'::regclass) > 0", "t");
    wait_for(&mut session, "select pg_stat_get_autoanalyze_count('busy'::regclass) > 0", "t");
    assert_eq!(session.value("select pg_stat_get_dead_tuples('busy'::regclass)"), "0");
    wait_for(&mut session, "select reltuples from pg_class where relname = 'busy'", "2500");
    let distinct = "select stadistinct from pg_statistic where starelid = 'busy'::regclass and staattnum = 2";
    assert_eq!(session.value(distinct), "5");
    assert_eq!(session.value("select pg_stat_get_autovacuum_count('left_alone'::regclass)"), "0");
    assert!(cluster.log().contains("automatic vacuum of table \"postgres.public.busy\": index scans: 1"));
    cluster.stop();
}

#[test]
fn autovacuum_gives_way_to_who_waits_for_its_lock_and_a_dead_worker_is_survived() {
    let settings = [
        "autovacuum_naptime=1s",
        "autovacuum_vacuum_cost_delay=100ms",
        "autovacuum_vacuum_cost_limit=1",
        "deadlock_timeout=100ms",
    ];
    let mut cluster = Cluster::start(&settings);
    let mut session = cluster.session();
    session.query("create table wide (id int, filler text)");
    session.query("insert into wide select g, repeat('x', 500) from generate_series(1, 10000) g");
    session.query("delete from wide where id % 2 = 0");
    session.query("select pg_stat_force_next_flush()");
    let worker = "select count(*) from pg_stat_get_activity(null) where query like 'autovacuum: VACUUM% public.wide'";
    wait_for(&mut session, worker, "1");
    let began = Instant::now();
    session.query("begin; lock table wide in access exclusive mode; commit");
    assert!(began.elapsed() < Duration::from_secs(10), "the lock took {:?}", began.elapsed());
    // The worker says so once it has rolled back.
    let said = |log: &str| {
        log.contains("canceling autovacuum task") && log.contains("automatic vacuum of table \"postgres.public.wide\"")
    };
    let end = Instant::now() + Duration::from_secs(30);
    while !said(&cluster.log()) {
        assert!(Instant::now() < end, "{}", cluster.log());
        std::thread::sleep(Duration::from_millis(20));
    }

    // The worker comes again, and is killed: the server starts anew.
    wait_for(&mut session, worker, "1");
    let pid =
        session.value("select pid from pg_stat_get_activity(null) where query like 'autovacuum: VACUUM% public.wide'");
    kill_backend(&mut cluster, pid.parse().expect("a process id"));
    assert_eq!(cluster.session().value("select count(*) from wide"), "5000");
    cluster.stop();
}

/// The rows that the planner expects of a query's topmost node.
fn expected_rows(session: &mut Session, query: &str) -> u64 {
    let plan = session.query(&format!("explain {query}")).swap_remove(0).swap_remove(0).unwrap_or_default();
    let rows = plan.split("rows=").nth(1).and_then(|rest| rest.split(' ').next());
    rows.and_then(|rows| rows.parse().ok()).unwrap_or_else(|| panic!("{plan}"))
}

/// What PostgreSQL 18 expects of the same table: whole numbers, as all rows are in the sample.
#[test]
fn estimates_are_postgresql_s() {
    let mut cluster = Cluster::start(&["autovacuum=off"]);
    let mut session = cluster.session();
    session.query(
        "create table facts (a int primary key, b text, c int, d float8, e int, f varchar(10), g timestamp, h numeric, i bool)",
    );
    session.query(
        "insert into facts select g, 'name' || (g % 37), g % 10, g / 7.0, case when g % 4 = 0 then null else (g * g) % 1000 end, \
         repeat('x', g % 5), timestamp '2020-01-01' + g * interval '1 hour', g * 1.5, g % 3 = 0 from generate_series(1, 10000) g",
    );
    session.query("analyze facts");
    let conditions = [
        ("a = 500", 1),
        ("c = 3", 1000),
        ("c < 3", 3000),
        ("c <> 3", 9000),
        ("e = 25", 400),
        ("e = 24", 40),
        ("e is null", 2500),
        ("e is not null", 7500),
        ("d < 100", 699),
        ("d between 100 and 200", 701),
        ("d > 1e9", 1),
        ("a > 9990", 10),
        ("a >= 100 and a <= 200", 101),
        ("b = 'name5'", 271),
        ("b like 'name1%'", 2972),
        ("b in ('name1', 'name2', 'nope')", 542),
        ("c = 3 and b = 'name5'", 27),
        ("c = 3 or b = 'name5'", 1244),
        ("i", 3333),
        ("not i", 6667),
        ("i is true", 3333),
        ("g < '2020-02-01'", 743),
        ("h > 100 and h < 200.5", 66),
        ("e > 500", 3320),
        ("c = any('{1,2,3}')", 3000),
        ("c <> all('{1,2,3}')", 7000),
        ("b > 'name2'", 6487),
        ("f = ''", 2000),
        ("abs(c) = 3", 50),
    ];
    for (condition, rows) in conditions {
        let query = format!("select * from facts where {condition}");
        assert_eq!(expected_rows(&mut session, &query), rows, "{query}");
    }
    let queries = [
        ("select * from facts s join facts t on s.a = t.a where s.c = 1", 1000),
        ("select * from facts s join facts t on s.e = t.e", 850_000),
        ("select * from facts s left join facts t on s.e = t.c", 440_000),
        ("select c, count(*) from facts group by c", 10),
        ("select b, c, count(*) from facts group by b, c", 370),
        ("select e, count(*) from facts group by e", 106),
        ("select distinct f from facts", 5),
        ("select * from facts where a in (select c from facts where e = 25)", 10),
    ];
    for (query, rows) in queries {
        assert_eq!(expected_rows(&mut session, query), rows, "{query}");
    }
    let Ok(results) = session.run("analyze facts(nope)") else { panic!("the session ended") };
    assert!(failure(&results).is_some());
    drop(session);
    cluster.stop();
}

/// With `logging_collector`, messages go to files of each format, which change on request.
#[test]
fn the_log_goes_to_files() {
    let settings = ["logging_collector=on", "log_destination='stderr,csvlog,jsonlog'", "log_filename='server-%s.log'"];
    let mut cluster = Cluster::start(&settings);
    let mut session = cluster.session();
    let file = |session: &mut Session, format: &str| session.value(&format!("select pg_current_logfile('{format}')"));
    let first = file(&mut session, "stderr");
    assert!(first.starts_with("log/server-") && first.ends_with(".log"), "{first}");
    let (csv, json) = (file(&mut session, "csvlog"), file(&mut session, "jsonlog"));
    assert!(session.run("select nonsense").is_ok());
    let read = |name: &str| std::fs::read_to_string(cluster.data().join(name)).unwrap_or_default();
    assert!(read(&first).contains("STATEMENT:  select nonsense"), "{}", read(&first));
    let row = read(&csv).lines().find(|line| line.contains("nonsense")).map(str::to_string).unwrap_or_default();
    assert!(row.contains(",ERROR,42703,\"column \"\"nonsense\"\" does not exist\","), "{row}");
    let object = read(&json).lines().find(|line| line.contains("nonsense")).map(str::to_string).unwrap_or_default();
    assert!(object.contains("\"state_code\":\"42703\"") && object.ends_with('}'), "{object}");

    // The name has seconds, so a later one differs.
    std::thread::sleep(Duration::from_millis(1100));
    assert_eq!(session.value("select pg_rotate_logfile()"), "t");
    let end = Instant::now() + Duration::from_secs(30);
    while file(&mut session, "stderr") == first {
        assert!(Instant::now() < end, "no new file");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(session.run("select later").is_ok());
    let second = file(&mut session, "stderr");
    assert!(read(&second).contains("STATEMENT:  select later") && !read(&first).contains("select later"));
    drop(session);
    cluster.stop();
}
