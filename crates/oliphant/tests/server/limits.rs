//! How many may connect, and who gets in when few may. The texts are PostgreSQL's, taken from its server.

use std::time::{Duration, Instant};

use crate::cluster::Cluster;
use crate::session::Session;

/// Connects, or says why not.
fn connect(cluster: &Cluster, database: &str, user: &str) -> Result<Session, String> {
    Session::connect_as(cluster, database, user).map_err(|e| {
        let text = e.to_string();
        text.rsplit_once("FATAL:  ").unwrap_or_else(|| panic!("not a refusal: {text}")).1.trim_end().to_string()
    })
}

/// Connects, perhaps only when one who has just been refused or has left is really gone.
fn admitted(cluster: &Cluster, database: &str, user: &str) -> Session {
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        match connect(cluster, database, user) {
            Ok(session) => return session,
            Err(refusal) => assert!(Instant::now() < until, "{user} is not admitted: {refusal}"),
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Waits until only `count` clients are left, as the server sees it.
fn wait_for_clients(session: &mut Session, count: u32) {
    let until = Instant::now() + Duration::from_secs(20);
    let text = "select count(*) from pg_stat_activity where backend_type = 'client backend'";
    while session.value(text) != count.to_string() {
        assert!(Instant::now() < until, "clients do not leave");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn the_last_slots_are_for_those_who_may_have_them() {
    let settings = ["max_connections = 8", "superuser_reserved_connections = 2", "reserved_connections = 2"];
    let mut cluster = Cluster::start(&settings);
    let mut first = cluster.session();
    first.query(
        "create role plain login; create role privileged login; grant pg_use_reserved_connections to privileged",
    );
    let mut open: Vec<Session> = (0..3).map(|_| admitted(&cluster, "postgres", "plain")).collect();
    let refused = |user: &str| connect(&cluster, "postgres", user).map(|_| ()).expect_err("no slot");
    assert_eq!(
        refused("plain"),
        "remaining connection slots are reserved for roles with privileges of the \"pg_use_reserved_connections\" role"
    );
    open.extend((0..2).map(|_| admitted(&cluster, "postgres", "privileged")));
    assert_eq!(refused("privileged"), "remaining connection slots are reserved for roles with the SUPERUSER attribute");
    open.extend((0..2).map(|_| admitted(&cluster, "postgres", "postgres")));
    for user in ["postgres", "plain", "nobody"] {
        assert_eq!(refused(user), "sorry, too many clients already");
    }
    drop(open);
    wait_for_clients(&mut first, 1);
    admitted(&cluster, "postgres", "plain");
    drop(first);
    cluster.stop();
}

#[test]
fn roles_and_databases_have_limits_of_their_own() {
    let mut cluster = Cluster::start(&[]);
    let mut first = cluster.session();
    first.query("create role limited login connection limit 2; create role plain login");
    first.query("create database narrow connection limit 1");
    let open: Vec<Session> = (0..2).map(|_| admitted(&cluster, "postgres", "limited")).collect();
    assert_eq!(
        connect(&cluster, "postgres", "limited").err().as_deref(),
        Some("too many connections for role \"limited\"")
    );
    let inside = admitted(&cluster, "narrow", "plain");
    let refused = connect(&cluster, "narrow", "plain").err();
    assert_eq!(refused.as_deref(), Some("too many connections for database \"narrow\""));
    // Superusers get in, and count.
    let superuser = admitted(&cluster, "narrow", "postgres");
    drop((open, inside));
    wait_for_clients(&mut first, 2);
    assert!(connect(&cluster, "narrow", "plain").is_err());
    admitted(&cluster, "postgres", "limited");
    first.query("alter database narrow connection limit 5");
    let mut thrown_out = admitted(&cluster, "narrow", "plain");
    drop(superuser);
    first.query("drop database narrow with (force)");
    assert!(thrown_out.run("select 1").is_err());
    drop(first);
    cluster.stop();
}
