//! Statements that need more memory than a session may have: they fail with `53200` or go to temporary files, and the session,
//! the server and everybody else live on.

use crate::cluster::Cluster;
use crate::session::{Session, failure};

/// Each grows in another place, and without a bound would take hundreds of megabytes at the least.
const HUNGRY: &[&str] = &[
    "select array_agg(repeat('x', 1000) || i) from generate_series(1, 1000000) i",
    "select string_agg(repeat('x', 1000), ',') from generate_series(1, 1000000) i",
    "select json_agg(repeat('x', 1000)) from generate_series(1, 1000000) i",
    "select jsonb_object_agg(i, repeat('x', 1000)) from generate_series(1, 1000000) i",
    "with recursive r(i, t) as (select 1, repeat('x', 1000) union select i + 1, repeat('x', 1000) || i from r) select count(*) from r",
    "with recursive r(t) as (select 'x' union all select t || t from r) select max(length(t)) from r",
    "select array_fill(1, array[100000000])",
    "select repeat('x', 1000000000)",
    "select length(lpad('x', 200000000, 'y'))",
    "select length(repeat('x', 900000) || i) from generate_series(1, 20000) i",
    "select regexp_replace(repeat('a', 1000000), 'a', repeat('b', 1000), 'g')",
    "select jsonb_build_array(variadic array_fill(repeat('x', 1000), array[100000]))",
    "select count(*) from string_to_table(repeat('a,', 10000000), ',')",
    "do $$ declare t text := 'x'; begin loop t := t || t; end loop; end $$",
    "do $$ declare t text[]; begin loop t := t || repeat('x', 100000); end loop; end $$",
];

/// These are larger than the limit, too, but need not be in memory at once.
const LARGE: &[(&str, &str)] = &[
    ("select count(*) from (select repeat('x', 200) || i from generate_series(1, 300000) i order by 1) s", "300000"),
    ("select count(*) from (select distinct repeat('x', 200) || i from generate_series(1, 300000) i) s", "300000"),
    (
        "with m as materialized (select repeat('x', 200) || i from generate_series(1, 300000) i) select count(*) from m",
        "300000",
    ),
    (
        "select count(*) from (select repeat('x', 200) || i as k from generate_series(1, 300000) i) a join (select repeat('x', 200) || i as k from generate_series(1, 300000) i) b using (k)",
        "300000",
    ),
    (
        "select sum(n) from (select count(*) over (order by i) n from (select i, repeat('x', 200) from generate_series(1, 300000) i offset 0) s) s",
        "45000150000",
    ),
];

fn state_of(session: &mut Session, text: &str) -> String {
    let results = session.run(text).expect("the session lives");
    failure(&results).map_or("00000".to_string(), |(state, _)| state)
}

#[test]
fn a_statement_that_outgrows_its_memory_fails_alone() {
    let mut cluster = Cluster::start(&["oliphant.session_memory_limit = '48MB'"]);
    let mut session = cluster.session();
    let pid = session.value("select pg_backend_pid()");
    for text in HUNGRY {
        assert_eq!(state_of(&mut session, text), "53200", "{text}");
        assert_eq!(session.value("select 1"), "1");
    }
    let caught = "do $$ declare t text := 'x'; begin loop t := t || t; end loop; exception when out_of_memory then perform 1; end $$";
    assert_eq!(state_of(&mut session, caught), "00000");
    for (text, count) in LARGE {
        assert_eq!(session.value(text), *count, "{text}");
    }
    // A statement as large as its tree would have to be.
    let long = format!("select {}1", "1 + ".repeat(2_000).repeat(2) + &"'x', ".repeat(2_000_000));
    assert_eq!(state_of(&mut session, &long), "53200");
    assert_eq!(session.value("select pg_backend_pid()"), pid);
    drop(session);
    assert!(!cluster.log().contains("PANIC") && !cluster.log().contains("terminated by signal"), "{}", cluster.log());
    cluster.stop();
}

#[test]
fn all_sessions_together_have_a_limit() {
    let settings = ["oliphant.session_memory_limit = 0", "oliphant.server_memory_limit = '200MB'"];
    let mut cluster = Cluster::start(&settings);
    let (mut first, mut second, mut small) = (cluster.session(), cluster.session(), cluster.session());
    // What a prepared statement's text holds stays.
    let hold = |session: &mut Session, megabytes: usize| {
        state_of(
            session,
            &format!("do $$ begin perform set_config('a.b', repeat('x', {} * 1024 * 1024), false); end $$", megabytes),
        )
    };
    assert_eq!(hold(&mut first, 20), "00000");
    let hungry = "select array_agg(repeat('x', 1000) || i) from generate_series(1, 250000) i";
    assert_eq!(state_of(&mut second, hungry), "53200");
    assert_eq!(small.value("select count(*) from pg_class where relname = 'pg_class'"), "1");
    assert_eq!(hold(&mut first, 0), "00000");
    drop(first);
    assert_eq!(small.value("select sum(length(repeat('x', 1000) || i)) from generate_series(1, 1000) i"), "1002893");
    drop((second, small));
    cluster.stop();
}
