//! Sessions as threads over one segment, each at the end of a socket pair: the real protocol, catalogs, log and pages.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, LazyLock};
use std::thread::JoinHandle;

use auth::{Hba, IdentMaps, Origin};
use backend::autovacuum::AutovacuumShared;
use backend::notify::Notifications;
use backend::{Incoming, Shared};
use catalog::CatalogShared;
use engine::Engine;
use error::{Error, SqlState};
use log::Logger;
use settings::Settings;
use shm::ProcessKind;
use wire::backend::BackendMessage;
use wire::frame::{self, Cut};
use wire::frontend::{self as send, Target};
use wire::startup::Startup;
use wire::{Format, ProtocolVersion, TransactionStatus};

/// A cluster that all tests of this file share.
static CLUSTER: LazyLock<Shared> = LazyLock::new(|| {
    let directory = tempfile::tempdir().expect("a directory").keep();
    let ask = |layout: &mut shm::Layout| {
        (CatalogShared::layout(layout), AutovacuumShared::layout(layout, 64), Notifications::layout(layout, 200))
    };
    let (engine, (request, autovacuum, notifications), segment) =
        Engine::scratch_with(&directory, |_| (), ask).expect("a scratch store");
    let catalog = CatalogShared::attach(&segment, request);
    let autovacuum = AutovacuumShared::attach(&segment, autovacuum);
    let notifications = Notifications::attach(&segment, notifications);
    let session = engine.session(ProcessKind::Backend).expect("a slot");
    session.transaction.begin(txn::Isolation::ReadCommitted).expect("a transaction");
    catalog::bootstrap::bootstrap(
        engine.store.clone(),
        engine.tables.clone(),
        engine.indexes.clone(),
        session.transaction.clone(),
        &catalog::bootstrap::ClusterOptions::default(),
    )
    .expect("bootstrap");
    session.transaction.commit(true).expect("commit");
    std::fs::write(directory.join("pg_hba.conf"), "local all postgres trust\nlocal all all reject\n")
        .expect("pg_hba.conf");
    types::register([catalog::functions::TABLES, backend::functions::TABLES].concat().leak());
    Shared {
        engine,
        catalog,
        notifications,
        hba: Arc::new(Hba::read(&directory.join("pg_hba.conf")).expect("rules")),
        ident_maps: Arc::new(IdentMaps::default()),
        mock_nonce: [7; 32],
        autovacuum,
        checkpoint: Arc::new(|_| Ok(())),
        started_us: 0,
        update_process_title: false,
    }
});

/// A client.
struct Client {
    socket: UnixStream,
    input: Vec<u8>,
    output: Vec<u8>,
    server: Option<JoinHandle<()>>,
    pid: i32,
    key: Vec<u8>,
    settings: Vec<(String, String)>,
}

/// What a message says, owned.
#[derive(Clone, Debug, PartialEq)]
enum Said {
    Row(Vec<Option<String>>),
    Columns(Vec<String>),
    Complete(String),
    Error(Box<Error>),
    Notice(Box<Error>),
    Ready(TransactionStatus),
    Other(u8),
}

fn connect(parameters: &[(&str, &str)], version: ProtocolVersion) -> (Client, Vec<Said>) {
    let (ours, theirs) = UnixStream::pair().expect("a socket pair");
    let cluster = &*CLUSTER;
    let server = std::thread::Builder::new().stack_size(8 << 20).spawn(move || {
        let process = cluster.engine.processes.register(ProcessKind::Backend).expect("a slot");
        let mut settings = Settings::new();
        let mut logger = Logger::new(&settings, log::time::utc_only);
        let incoming = Incoming {
            socket: theirs.into(),
            origin: Origin::Local,
            remote_host: "[local]".into(),
            remote_port: String::new(),
            local_host: "[local]".into(),
            accepted_us: 0,
        };
        backend::serve(cluster, process, &mut settings, &mut logger, incoming);
    });
    let mut client = Client {
        socket: ours,
        input: Vec::new(),
        output: Vec::new(),
        server: Some(server.expect("a thread")),
        pid: 0,
        key: Vec::new(),
        settings: Vec::new(),
    };
    client.socket.set_read_timeout(Some(std::time::Duration::from_secs(30))).expect("a timeout");
    Startup::Session { version, parameters: parameters.to_vec() }.write(&mut client.output);
    let said = client.exchange();
    (client, said)
}

fn client() -> Client {
    let (client, said) = connect(&[("user", "postgres"), ("database", "template1")], ProtocolVersion::V3_0);
    assert_eq!(said.last(), Some(&Said::Ready(TransactionStatus::Idle)), "{said:?}");
    client
}

impl Client {
    fn flush(&mut self) {
        self.socket.write_all(&self.output).expect("sending");
        self.output.clear();
    }

    /// Sends what was written, and reads up to ReadyForQuery or the end.
    fn exchange(&mut self) -> Vec<Said> {
        self.flush();
        let mut said = Vec::new();
        while let Some(message) = self.next() {
            let ends = matches!(message, Said::Ready(_));
            said.push(message);
            if ends {
                break;
            }
        }
        said
    }

    fn next(&mut self) -> Option<Said> {
        loop {
            if let Cut::Whole(frame) = frame::cut(&self.input, |_| frame::MAX_MESSAGE).expect("a message") {
                let (kind, body, len) = (frame.kind, frame.body.to_vec(), frame.len);
                self.input.drain(..len);
                return Some(self.understand(kind, &body));
            }
            let mut chunk = [0; 65536];
            match self.socket.read(&mut chunk) {
                Ok(0) => return None,
                Ok(n) => self.input.extend_from_slice(&chunk[..n]),
                Err(e) => panic!("no answer: {e}"),
            }
        }
    }

    fn understand(&mut self, kind: u8, body: &[u8]) -> Said {
        match BackendMessage::parse(kind, body).expect("a message of the protocol") {
            BackendMessage::DataRow(row) => {
                let text = |value: Option<&[u8]>| value.map(|bytes| String::from_utf8_lossy(bytes).into_owned());
                Said::Row(row.map(|value| text(value.expect("a value"))).collect())
            }
            BackendMessage::RowDescription(fields) => {
                Said::Columns(fields.iter().map(|field| format!("{}:{}", field.name, field.type_oid)).collect())
            }
            BackendMessage::CommandComplete(tag) => Said::Complete(tag.to_string()),
            BackendMessage::ReadyForQuery(status) => Said::Ready(status),
            BackendMessage::Error(notice) => Said::Error(Box::new(notice.to_error())),
            BackendMessage::Notice(notice) => Said::Notice(Box::new(notice.to_error())),
            BackendMessage::ParameterStatus(name, value) => {
                self.settings.push((name.to_string(), value.to_string()));
                Said::Other(kind)
            }
            BackendMessage::BackendKeyData(pid, key) => {
                (self.pid, self.key) = (pid, key.to_vec());
                Said::Other(kind)
            }
            _ => Said::Other(kind),
        }
    }

    fn query(&mut self, text: &str) -> Vec<Said> {
        send::query(&mut self.output, text);
        self.exchange()
    }

    /// Rows and tags of a query that must not fail, as lines.
    fn lines(&mut self, text: &str) -> Vec<String> {
        let said = self.query(text);
        said.iter()
            .filter_map(|message| match message {
                Said::Row(row) => {
                    Some(row.iter().map(|v| v.as_deref().unwrap_or("NULL")).collect::<Vec<_>>().join("|"))
                }
                Said::Complete(tag) => Some(tag.clone()),
                Said::Error(error) => panic!("{text}: {error:?}"),
                _ => None,
            })
            .collect()
    }

    fn error(&mut self, text: &str) -> (String, String) {
        error_in(&self.query(text))
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        send::terminate(&mut self.output);
        let _ = self.socket.write_all(&self.output);
        if let Some(server) = self.server.take() {
            let ended = server.join();
            if !std::thread::panicking() {
                ended.expect("the session ends in order");
            }
        }
    }
}

fn error_in(said: &[Said]) -> (String, String) {
    let error = said.iter().find_map(|message| match message {
        Said::Error(error) => Some((error.state().code().to_string(), error.message().to_string())),
        _ => None,
    });
    error.unwrap_or_else(|| panic!("an error was expected: {said:?}"))
}

#[test]
fn a_session_begins_as_drivers_expect() {
    let client = client();
    let value = |name: &str| client.settings.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
    assert!(value("server_version").is_some_and(|v| v.starts_with("18.")), "{:?}", client.settings);
    assert_eq!(value("client_encoding"), Some("UTF8"));
    assert_eq!(value("server_encoding"), Some("UTF8"));
    assert_eq!(value("integer_datetimes"), Some("on"));
    assert_eq!(value("standard_conforming_strings"), Some("on"));
    assert_eq!(value("is_superuser"), Some("on"));
    assert_eq!(value("session_authorization"), Some("postgres"));
    assert_eq!(client.key.len(), 4);
    drop(client);
    let (client, said) = connect(
        &[("user", "postgres"), ("database", "template1"), ("_pq_.x", "1"), ("options", "-c work_mem=1MB")],
        ProtocolVersion::new(3, 9),
    );
    assert!(said.contains(&Said::Other(b'v')), "{said:?}");
    assert_eq!(client.key.len(), 32);
}

#[test]
fn who_may_not_in_is_told_why() {
    let refused = |user: &str, database: &str| {
        let (_client, said) = connect(&[("user", user), ("database", database)], ProtocolVersion::V3_0);
        error_in(&said)
    };
    let (state, text) = refused("postgres", "nowhere");
    assert_eq!((&*state, &*text), ("3D000", "database \"nowhere\" does not exist"));
    let (state, text) = refused("postgres", "template0");
    assert_eq!((&*state, &*text), ("55000", "database \"template0\" is not currently accepting connections"));
    let (state, text) = refused("nobody", "template1");
    assert_eq!(state, "28000");
    assert!(text.starts_with("pg_hba.conf rejects connection for host \"[local]\", user \"nobody\""), "{text}");
    let (_client, said) = connect(&[("database", "x")], ProtocolVersion::V3_0);
    assert_eq!(error_in(&said).1, "no PostgreSQL user name specified in startup packet");
    let (_client, said) = connect(&[("user", "x")], ProtocolVersion::new(2, 0));
    assert_eq!(error_in(&said).1, "unsupported frontend protocol 2.0: server supports 3.0 to 3.2");
}

#[test]
fn simple_queries() {
    let mut c = client();
    assert_eq!(c.lines("select 1 + 2 as three, null::text"), ["3|NULL", "SELECT 1"]);
    let said = c.query("select 1::int4 as a, 'x'::text as b");
    assert_eq!(said[0], Said::Columns(vec!["a:23".into(), "b:25".into()]));
    assert_eq!(c.query(" ; "), [Said::Other(b'I'), Said::Ready(TransactionStatus::Idle)]);
    assert_eq!(c.lines("create table simple (a int primary key, b text)"), ["CREATE TABLE"]);
    assert_eq!(c.lines("insert into simple values (1, 'one'), (2, 'two'), (3, null)"), ["INSERT 0 3"]);
    assert_eq!(c.lines("select * from simple order by a desc"), ["3|NULL", "2|two", "1|one", "SELECT 3"]);
    assert_eq!(
        c.lines("update simple set b = 'zwei' where a = 2; delete from simple where a = 3"),
        ["UPDATE 1", "DELETE 1"]
    );
    assert_eq!(c.lines("select count(*), min(b) from simple"), ["2|one", "SELECT 1"]);
    let (state, text) = c.error("insert into simple values (1, 'again')");
    assert_eq!((&*state, &*text), ("23505", "duplicate key value violates unique constraint \"simple_pkey\""));
    let said = c.query("select nothing from simple");
    let Some(Said::Error(error)) = said.first() else { panic!("{said:?}") };
    assert_eq!((error.state(), error.fields().position), (SqlState::UNDEFINED_COLUMN, Some(8)));
    assert_eq!(c.error("selec 1").0, "42601");
    assert_eq!(c.lines("drop table simple"), ["DROP TABLE"]);
}

#[test]
fn several_statements_are_one_transaction() {
    let mut c = client();
    c.lines("create table several (a int)");
    let said = c.query("insert into several values (1); select 1/0; insert into several values (2)");
    assert!(said.contains(&Said::Complete("INSERT 0 1".into())));
    assert_eq!(error_in(&said).0, "22012");
    assert_eq!(c.lines("select count(*) from several"), ["0", "SELECT 1"]);
    let said = c.query("insert into several values (1); commit; insert into several values (2); select 1/0");
    assert!(
        said.iter().any(|m| matches!(m, Said::Notice(n) if n.message() == "there is no transaction in progress")),
        "{said:?}"
    );
    assert_eq!(c.lines("select a from several"), ["1", "SELECT 1"]);
    let said = c.query("begin; insert into several values (3)");
    assert_eq!(said.last(), Some(&Said::Ready(TransactionStatus::InBlock)));
    assert_eq!(c.lines("rollback; drop table several"), ["ROLLBACK", "DROP TABLE"]);
}

#[test]
fn blocks_and_savepoints() {
    let mut c = client();
    c.lines("create table blocks (a int)");
    c.lines("begin");
    c.lines("insert into blocks values (1)");
    c.lines("savepoint s");
    c.lines("insert into blocks values (2)");
    let said = c.query("select 1/0");
    assert_eq!(said.last(), Some(&Said::Ready(TransactionStatus::Failed)));
    let (state, text) = c.error("select 1");
    assert_eq!(state, "25P02");
    assert_eq!(text, "current transaction is aborted, commands ignored until end of transaction block");
    assert_eq!(c.lines("rollback to s"), ["ROLLBACK"]);
    c.lines("insert into blocks values (3)");
    c.lines("savepoint t; insert into blocks values (4); release t");
    assert_eq!(c.lines("commit"), ["COMMIT"]);
    assert_eq!(c.lines("select a from blocks order by a"), ["1", "3", "4", "SELECT 3"]);
    c.lines("begin; insert into blocks values (9)");
    c.error("nonsense");
    assert_eq!(c.lines("commit"), ["ROLLBACK"], "a failed block cannot be committed");
    assert_eq!(c.error("savepoint x"), ("25P01".into(), "SAVEPOINT can only be used in transaction blocks".into()));
    assert_eq!(
        c.lines("begin isolation level repeatable read read only; show transaction_isolation")[1],
        "repeatable read"
    );
    assert_eq!(c.error("insert into blocks values (5)").0, "25006");
    assert_eq!(c.lines("rollback; show transaction_isolation")[1], "read committed");
    assert_eq!(c.lines("select count(*) from blocks; drop table blocks")[0], "3");
}

#[test]
fn settings_follow_transactions() {
    let mut c = client();
    c.settings.clear();
    assert_eq!(c.lines("set application_name = 'tester'"), ["SET"]);
    assert_eq!(c.settings, [("application_name".to_string(), "tester".to_string())]);
    c.lines("begin; set local work_mem = '1MB'; set datestyle = 'German'");
    assert_eq!(c.lines("show work_mem"), ["1MB", "SHOW"]);
    assert_eq!(c.lines("select date '2026-11-22'"), ["22.11.2026", "SELECT 1"]);
    c.lines("rollback");
    assert_eq!(c.lines("show work_mem"), ["4MB", "SHOW"]);
    assert_eq!(c.lines("show datestyle"), ["ISO, MDY", "SHOW"]);
    assert_eq!(c.error("set nonsense = 1").0, "42704");
    assert_eq!(c.error("set work_mem = 'x'").0, "22023");
    assert!(c.lines("show all").len() > 300);
    assert_eq!(
        c.lines("set search_path to pg_catalog, \"$user\"; show search_path"),
        ["SET", "pg_catalog, \"$user\"", "SHOW"]
    );
    assert_eq!(c.lines("reset search_path; show search_path")[1], "\"$user\", public");
}

#[test]
fn the_extended_protocol() {
    let mut c = client();
    c.lines("create table extended (a int primary key, b text)");
    c.lines("insert into extended values (1, 'one'), (2, 'two'), (3, 'three')");
    let out = &mut c.output;
    send::parse(out, "by_key", "select b, a from extended where a >= $1 order by a", &[]);
    send::describe(out, Target::Statement, "by_key");
    send::bind(out, "", "by_key", &[], &[Some(b"2")], &[]);
    send::describe(out, Target::Portal, "");
    send::execute(out, "", 0);
    send::sync(out);
    let said = c.exchange();
    let columns = Said::Columns(vec!["b:25".into(), "a:23".into()]);
    let row = |b: &str, a: &str| Said::Row(vec![Some(b.into()), Some(a.into())]);
    assert_eq!(
        said,
        [
            Said::Other(b'1'),
            Said::Other(b't'),
            columns.clone(),
            Said::Other(b'2'),
            columns,
            row("two", "2"),
            row("three", "3"),
            Said::Complete("SELECT 2".into()),
            Said::Ready(TransactionStatus::Idle),
        ]
    );
    // A row limit, in a block; binary parameters and results.
    c.lines("begin");
    send::bind(
        &mut c.output,
        "p",
        "by_key",
        &[Format::Binary],
        &[Some(&1i32.to_be_bytes())],
        &[Format::Text, Format::Binary],
    );
    send::execute(&mut c.output, "p", 2);
    send::execute(&mut c.output, "p", 2);
    send::sync(&mut c.output);
    let said = c.exchange();
    assert_eq!(said.iter().filter(|m| matches!(m, Said::Row(_))).count(), 3);
    assert!(said.contains(&Said::Other(b's')) && said.contains(&Said::Complete("SELECT 1".into())), "{said:?}");
    assert!(said.contains(&row("one", "\0\0\0\u{1}")), "{said:?}");
    c.lines("commit");
    // An error skips everything up to Sync, and undoes the group.
    send::parse(&mut c.output, "", "insert into extended values ($1, $2)", &[23, 25]);
    send::bind(&mut c.output, "", "", &[], &[Some(b"4"), None], &[]);
    send::execute(&mut c.output, "", 0);
    send::bind(&mut c.output, "", "", &[], &[Some(b"x"), None], &[]);
    send::execute(&mut c.output, "", 0);
    send::parse(&mut c.output, "later", "select 1", &[]);
    send::sync(&mut c.output);
    let said = c.exchange();
    assert!(said.contains(&Said::Complete("INSERT 0 1".into())));
    assert_eq!(error_in(&said).0, "22P02");
    assert_eq!(said.len(), 5, "{said:?}");
    assert_eq!(c.lines("select count(*) from extended"), ["3", "SELECT 1"]);
    let protocol_error = |c: &mut Client| {
        send::sync(&mut c.output);
        error_in(&c.exchange())
    };
    send::bind(&mut c.output, "", "later", &[], &[], &[]);
    assert_eq!(protocol_error(&mut c), ("26000".into(), "prepared statement \"later\" does not exist".into()));
    send::execute(&mut c.output, "none", 0);
    assert_eq!(protocol_error(&mut c), ("34000".into(), "portal \"none\" does not exist".into()));
    send::parse(&mut c.output, "by_key", "select 1", &[]);
    assert_eq!(protocol_error(&mut c), ("42P05".into(), "prepared statement \"by_key\" already exists".into()));
    send::parse(&mut c.output, "", "select 1; select 2", &[]);
    assert_eq!(protocol_error(&mut c).0, "42601");
    send::bind(&mut c.output, "", "by_key", &[], &[], &[]);
    assert_eq!(
        protocol_error(&mut c).1,
        "bind message supplies 0 parameters, but prepared statement \"by_key\" requires 1"
    );
    // An empty statement, and Flush.
    send::parse(&mut c.output, "", "", &[]);
    send::bind(&mut c.output, "", "", &[], &[], &[]);
    send::execute(&mut c.output, "", 0);
    send::flush(&mut c.output);
    c.flush();
    assert_eq!([c.next(), c.next(), c.next()], [b'1', b'2', b'I'].map(|kind| Some(Said::Other(kind))));
    send::sync(&mut c.output);
    c.exchange();
    c.lines("drop table extended");
}

#[test]
fn prepared_statements_and_cursors_in_sql() {
    let mut c = client();
    c.lines("create table cursors (a int)");
    c.lines("insert into cursors select g from generate_series(1, 10) g");
    c.lines("prepare p(int) as select a from cursors where a > $1 order by a");
    assert_eq!(c.lines("execute p(8)"), ["9", "10", "SELECT 2"]);
    assert_eq!(c.error("execute p").0, "42601");
    assert_eq!(c.lines("deallocate p"), ["DEALLOCATE"]);
    assert_eq!(c.error("execute p(1)").0, "26000");
    c.lines("begin; declare c cursor for select a from cursors order by a");
    assert_eq!(c.lines("fetch 2 from c"), ["1", "2", "FETCH 2"]);
    assert_eq!(c.lines("move 3 in c"), ["MOVE 3"]);
    assert_eq!(c.lines("fetch all from c").len(), 6);
    assert_eq!(c.lines("close c; commit"), ["CLOSE CURSOR", "COMMIT"]);
    c.lines("drop table cursors");
}

#[test]
fn functions_about_the_session() {
    let (mut a, mut b) = (client(), client());
    assert_eq!(a.lines("select pg_try_advisory_lock(7), pg_try_advisory_lock(1, 2)")[0], "t|t");
    assert_eq!(b.lines("select pg_try_advisory_lock(7), pg_try_advisory_lock_shared(1, 2)")[0], "f|f");
    assert_eq!(a.lines("select pg_advisory_unlock(7)")[0], "t");
    let said = a.query("select pg_advisory_unlock(7)");
    assert!(
        said.iter()
            .any(|m| matches!(m, Said::Notice(n) if n.message() == "you don't own a lock of type ExclusiveLock")),
        "{said:?}"
    );
    assert_eq!(b.lines("begin; select pg_try_advisory_xact_lock(7)")[1], "t");
    assert_eq!(a.lines("select pg_try_advisory_lock(7)")[0], "f");
    b.lines("commit");
    assert_eq!(a.lines("select pg_try_advisory_lock(7), pg_sleep(0.01)")[0], "t|");
    a.lines("select pg_advisory_unlock_all()");
    let xid: u64 = b.lines("begin; select pg_current_xact_id()")[1].parse().expect("an id");
    assert_eq!(b.lines("select txid_current()")[0], xid.to_string());
    b.lines("rollback");
    let plan = a.lines("explain (costs off) select relname from pg_class where relkind = 'r'");
    assert_eq!(plan[0], "Seq Scan on pg_class");
    let analyzed = a.lines("explain (analyze, costs off, timing off, summary off) select 1");
    assert_eq!(analyzed[0], "Result (actual rows=1.00 loops=1)");
}

#[test]
fn copy_in_and_out() {
    let mut c = client();
    c.lines("create table copied (a int, b text)");
    send::query(&mut c.output, "copy copied from stdin");
    c.flush();
    assert_eq!(c.next(), Some(Said::Other(b'G')));
    send::copy_data(&mut c.output, b"1\tone\n2\t");
    send::copy_data(&mut c.output, b"\\N\n");
    send::copy_done(&mut c.output);
    assert_eq!(c.exchange(), [Said::Complete("COPY 2".into()), Said::Ready(TransactionStatus::Idle)]);
    assert_eq!(c.lines("select * from copied order by a"), ["1|one", "2|NULL", "SELECT 2"]);
    send::query(&mut c.output, "copy copied from stdin");
    send::copy_data(&mut c.output, b"3\tx\n");
    send::copy_fail(&mut c.output, "changed my mind");
    let (state, text) = error_in(&c.exchange());
    assert_eq!((&*state, &*text), ("57014", "COPY from stdin failed: changed my mind"));
    let said = c.query("copy copied to stdout");
    assert_eq!(said.iter().filter(|m| **m == Said::Other(b'd')).count(), 2, "{said:?}");
    assert!(said.contains(&Said::Other(b'H')) && said.contains(&Said::Complete("COPY 2".into())));
    c.lines("drop table copied");
}

/// In this order: a cancelled session is found as the one that waits for a lock, so no other may.
#[test]
fn waits_end_early() {
    cancel_reaches_a_waiting_statement();
    waiting_statements_time_out();
    no_update_is_lost();
}

fn cancel_reaches_a_waiting_statement() {
    let (mut a, mut b) = (client(), client());
    a.lines("create table cancelled (a int); insert into cancelled values (1)");
    a.lines("begin; update cancelled set a = 2");
    send::query(&mut b.output, "update cancelled set a = 3");
    b.flush();
    // A cancel request finds its process by id, and these sessions share one: so the bit is set directly. Others may be
    // in the middle of something; only the one that waits for a lock is meant.
    let waiting = || {
        let (engine, me) = (&CLUSTER.engine, CLUSTER.engine.session(ProcessKind::Backend).expect("a slot"));
        let rows = me.locks.list();
        let found = rows.iter().find(|row| !row.granted && row.wait_start.is_some()).map(|row| row.process);
        found.map(|process| engine.processes.interrupt(process, shm::Interrupt::CANCEL))
    };
    let start = std::time::Instant::now();
    let mut cancelled = false;
    while !cancelled && start.elapsed().as_secs() < 20 {
        waiting();
        b.socket.set_read_timeout(Some(std::time::Duration::from_millis(20))).expect("a timeout");
        let mut first = [0];
        if b.socket.read(&mut first).is_ok() {
            b.input.push(first[0]);
            cancelled = true;
        }
    }
    b.socket.set_read_timeout(Some(std::time::Duration::from_secs(30))).expect("a timeout");
    let (state, text) = error_in(&b.exchange());
    assert_eq!((&*state, &*text), ("57014", "canceling statement due to user request"));
    assert_eq!(a.lines("commit; select a from cancelled; drop table cancelled")[1], "2");
}

/// Read Committed: who waited for a row works on its newest version, not on the one that the snapshot saw.
fn no_update_is_lost() {
    let mut a = client();
    a.lines("create table counted (k int primary key, n int); insert into counted values (1, 0), (2, 0)");
    let work = |statement: &'static str| {
        std::thread::spawn(move || {
            let mut c = client();
            for _ in 0..50 {
                c.lines(statement);
            }
        })
    };
    let threads = ["k = 1", "k = 1", "n >= 0 and k = 1"].map(|condition| {
        work(format!("begin; update counted set n = n + 1 where {condition}; update counted set n = n - 1 where k = 2; commit").leak())
    });
    threads.into_iter().for_each(|thread| thread.join().expect("a client"));
    assert_eq!(a.lines("select n from counted order by k"), ["150", "-150", "SELECT 2"]);
    a.lines("drop table counted");
}

fn waiting_statements_time_out() {
    let (mut a, mut b) = (client(), client());
    a.lines("create table timed (a int); insert into timed values (1)");
    a.lines("begin; update timed set a = 2");
    b.lines("set lock_timeout = '50ms'");
    assert_eq!(b.error("update timed set a = 3"), ("55P03".into(), "canceling statement due to lock timeout".into()));
    b.lines("set lock_timeout = 0; set statement_timeout = '50ms'");
    let (state, text) = b.error("update timed set a = 3");
    assert_eq!((&*state, &*text), ("57014", "canceling statement due to statement timeout"));
    a.lines("commit");
    assert_eq!(b.lines("update timed set a = a + 1; select a from timed"), ["UPDATE 1", "3", "SELECT 1"]);
    a.lines("drop table timed");
}

#[test]
fn nonsense_is_answered_and_ends() {
    for nonsense in [&b"\xff\xff\xff\xff\xff"[..], b"Q\0\0\0\x02", b"!\0\0\0\x04", b"Q\0\0\0\x08ab\xff\0"] {
        let mut c = client();
        c.output.extend_from_slice(nonsense);
        send::sync(&mut c.output);
        let said = c.exchange();
        let (state, _) = error_in(&said);
        assert!(state == "08P01" || state == "22021", "{nonsense:?}: {said:?}");
    }
    for nonsense in [&b"\0\0\0\x04"[..], b"GET / HTTP/1.0\r\n\r\n", b"\0\0\0\x09\0\x03\0\0x"] {
        let (ours, theirs) = UnixStream::pair().expect("a socket pair");
        let cluster = &*CLUSTER;
        let server = std::thread::spawn(move || {
            let process = cluster.engine.processes.register(ProcessKind::Backend).expect("a slot");
            let mut settings = Settings::new();
            let mut logger = Logger::new(&settings, log::time::utc_only);
            let incoming = Incoming {
                socket: theirs.into(),
                origin: Origin::Local,
                remote_host: "[local]".into(),
                remote_port: String::new(),
                local_host: "[local]".into(),
                accepted_us: 0,
            };
            backend::serve(cluster, process, &mut settings, &mut logger, incoming);
        });
        (&ours).write_all(nonsense).expect("sending");
        let mut answer = Vec::new();
        (&ours).read_to_end(&mut answer).expect("an answer");
        assert!(answer.first() == Some(&b'E'), "{answer:?}");
        server.join().expect("the session ends in order");
    }
}
