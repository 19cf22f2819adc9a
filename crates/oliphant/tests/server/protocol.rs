//! The extended protocol, message by message, and how sessions end when the server does. What is no protocol at all: see `fuzz`.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use wire::ProtocolVersion;
use wire::backend::BackendMessage;
use wire::frame::{Cut, MAX_MESSAGE, cut};
use wire::frontend::{self, Target};
use wire::startup::Startup;

use crate::cluster::Cluster;

fn connect(cluster: &Cluster) -> UnixStream {
    let socket = UnixStream::connect(cluster.socket()).expect("the socket");
    socket.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
    socket
}

/// A conversation message by message.
struct Conversation {
    socket: UnixStream,
    received: Vec<u8>,
}

impl Conversation {
    /// Starts a session, and waits until it is ready.
    fn start(cluster: &Cluster) -> Conversation {
        let mut conversation = Conversation { socket: connect(cluster), received: Vec::new() };
        let parameters = vec![("user", "postgres"), ("database", "postgres")];
        conversation.say(|to| Startup::Session { version: ProtocolVersion::V3_0, parameters }.write(to));
        conversation.answers();
        conversation
    }

    fn say(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let mut bytes = Vec::new();
        write(&mut bytes);
        self.socket.write_all(&bytes).expect("sent");
    }

    /// The kinds of the messages up to ReadyForQuery, errors by their SQLSTATE.
    fn answers(&mut self) -> String {
        let mut kinds = String::new();
        loop {
            match cut(&self.received, |_| MAX_MESSAGE).expect("a message") {
                Cut::Whole(frame) => {
                    let kind = match BackendMessage::parse(frame.kind, frame.body).expect("a message") {
                        BackendMessage::Error(notice) => notice.field(b'C').unwrap_or("?").to_string(),
                        _ => char::from(frame.kind).to_string(),
                    };
                    let len = frame.len;
                    self.received.drain(..len);
                    kinds.push_str(&kind);
                    if kind == "Z" {
                        return kinds;
                    }
                }
                Cut::Partial(_) => {
                    let mut chunk = [0; 16384];
                    let len = self.socket.read(&mut chunk).expect("an answer");
                    assert!(len > 0, "the server left after {kinds}");
                    self.received.extend_from_slice(&chunk[..len]);
                }
            }
        }
    }
}

#[test]
fn the_extended_protocol_answers_message_by_message() {
    let mut cluster = Cluster::start(&[]);
    let mut conversation = Conversation::start(&cluster);
    let text = "select x from generate_series(1, $1) as x";
    conversation.say(|to| {
        frontend::parse(to, "s", text, &[23]);
        frontend::describe(to, Target::Statement, "s");
        frontend::bind(to, "p", "s", &[], &[Some(b"3")], &[]);
        frontend::describe(to, Target::Portal, "p");
        frontend::execute(to, "p", 2);
        frontend::execute(to, "p", 2);
        frontend::close(to, Target::Portal, "p");
        frontend::sync(to);
    });
    assert_eq!(conversation.answers(), "1tT2TDDsDC3Z");
    // After an error everything is skipped up to Sync; the prepared statement is still there.
    conversation.say(|to| {
        frontend::bind(to, "", "nowhere", &[], &[], &[]);
        frontend::execute(to, "", 0);
        frontend::sync(to);
        frontend::bind(to, "", "s", &[], &[Some(b"1")], &[]);
        frontend::execute(to, "", 0);
        frontend::sync(to);
    });
    assert_eq!(conversation.answers(), "26000Z");
    assert_eq!(conversation.answers(), "2DCZ");
    conversation.say(|to| {
        frontend::parse(to, "", "", &[]);
        frontend::bind(to, "", "", &[], &[], &[]);
        frontend::describe(to, Target::Portal, "");
        frontend::execute(to, "", 0);
        frontend::sync(to);
    });
    assert_eq!(conversation.answers(), "12nIZ");
    conversation.say(|to| {
        frontend::parse(to, "", "select 1 / $1", &[]);
        frontend::bind(to, "", "", &[], &[Some(b"0")], &[]);
        frontend::execute(to, "", 0);
        frontend::sync(to);
    });
    assert_eq!(conversation.answers(), "1222012Z");
    cluster.stop();
}

/// Drivers send the same text for the unnamed statement again and again. It means what it means at that time.
#[test]
fn an_unnamed_statement_sent_again_means_what_it_means_now() {
    let mut cluster = Cluster::start(&[]);
    let mut conversation = Conversation::start(&cluster);
    let mut session = cluster.session();
    session.query("create table again (a int); insert into again values (1)");
    let mut ask = |value: &[u8], types: &[u32]| {
        conversation.say(|to| {
            frontend::parse(to, "", "select * from again where a = $1", types);
            frontend::describe(to, Target::Statement, "");
            frontend::bind(to, "", "", &[], &[Some(value)], &[]);
            frontend::execute(to, "", 0);
            frontend::sync(to);
        });
        conversation.answers()
    };
    for _ in 0..3 {
        assert_eq!(ask(b"1", &[]), "1tT2DCZ");
        assert_eq!(ask(b"1.5", &[1700]), "1tT2CZ", "other types are another statement");
        assert_eq!(ask(b"1.5", &[]), "1tT22P02Z");
    }
    session.query("alter table again alter a type text using concat('x', a)");
    assert_eq!(ask(b"x1", &[]), "1tT2DCZ");
    session.query("drop table again");
    assert_eq!(ask(b"x1", &[]), "42P01Z");
    cluster.stop();
}

#[test]
fn shutdown_modes_end_sessions_as_they_should() {
    let mut cluster = Cluster::start(&[]);
    cluster.session().query("create table kept (n int); insert into kept values (1)");
    let mut open = cluster.session();
    open.query("begin; insert into kept values (2)");
    cluster.signal("INT");
    assert_eq!(cluster.wait(), Some(0), "{}", cluster.log());
    assert!(cluster.log().contains("database system is shut down"), "{}", cluster.log());
    cluster.launch();
    assert_eq!(cluster.session().value("select count(*) from kept"), "1");
    // The immediate one leaves recovery to the next start.
    cluster.session().query("insert into kept values (3)");
    cluster.signal("QUIT");
    cluster.wait();
    cluster.launch();
    assert_eq!(cluster.session().value("select count(*) from kept"), "2");
    cluster.stop();
}

/// A reload reaches sessions that wait for their clients, and who waits long for a lock is told of in the log.
#[test]
fn a_reload_reaches_idle_sessions() {
    let mut cluster = Cluster::start(&["log_line_prefix = '%i|%v|%x|'"]);
    let (mut holder, mut waiter) = (cluster.session(), cluster.session());
    holder.query("create table locked (n int)");
    waiter.query("alter system set deadlock_timeout = '50ms'; alter system set log_lock_waits = on");
    waiter.query("alter system set tcp_keepalives_idle = 60; select pg_reload_conf()");
    let until = Instant::now() + Duration::from_secs(20);
    while holder.value("show log_lock_waits") != "on" || waiter.value("show deadlock_timeout") != "50ms" {
        assert!(Instant::now() < until, "{}", cluster.log());
        std::thread::sleep(Duration::from_millis(10));
    }
    holder.query("begin; lock table locked");
    let holding = holder.pid;
    let waiting = waiter.pid;
    std::thread::scope(|scope| {
        let wait = scope.spawn(|| waiter.query("select * from locked"));
        let mode = "AccessShareLock on relation";
        let waits = format!("process {waiting} still waiting for {mode}");
        while !cluster.log().contains(&waits) {
            assert!(Instant::now() < until, "{}", cluster.log());
            std::thread::sleep(Duration::from_millis(10));
        }
        assert!(cluster.log().contains(&format!("Process holding the lock: {holding}. Wait queue: {waiting}.")));
        holder.query("commit");
        wait.join().expect("the lock");
        assert!(cluster.log().contains(&format!("process {waiting} acquired {mode}")), "{}", cluster.log());
    });
    assert!(cluster.log().contains("STATEMENT:  select * from locked"), "{}", cluster.log());
    drop((holder, waiter));
    cluster.stop();
}
