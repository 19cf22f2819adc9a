//! The client against servers made up for the purpose: what a good one, a bad one and a slow one do to it.

mod fake;
mod hostile;
mod tls;

use std::time::{Duration, Instant};

use client::{
    Config, Connection, ContextVisibility, Ping, PipelineStatus, QueryResult, Statement, TransactionStatus, Verbosity,
};
use fake::{Fake, Peer, error, ready};
use wire::backend::{self, CopyDirection, Field};
use wire::{Format, ProtocolVersion};

fn field(name: &str) -> Field<'_> {
    Field { name, type_oid: 25, type_size: -1, type_modifier: -1, ..Field::default() }
}

/// Messages for a result of rows of one column.
fn rows(values: &[&str]) -> Vec<u8> {
    let mut to = Vec::new();
    backend::row_description(&mut to, [field("c")].into_iter());
    values.iter().for_each(|value| backend::data_row(&mut to, [Some(value.as_bytes())].into_iter()));
    backend::command_complete(&mut to, &format!("SELECT {}", values.len()));
    to
}

fn connect(fake: &Fake) -> Connection {
    Connection::connect(&fake.config()).expect("the fake server takes everybody")
}

#[test]
fn a_session_from_start_to_end() {
    let fake = Fake::serve(|mut peer| {
        peer.welcome();
        assert_eq!(peer.query(), "select 1");
        let mut to = rows(&["one", "two"]);
        backend::command_complete(&mut to, "CREATE TABLE");
        ready(&mut to);
        peer.send(&to);
        peer.rest()
    });
    let mut connection = connect(&fake);
    assert_eq!((connection.server_version(), connection.backend_pid()), (180_006, 42));
    assert_eq!((connection.user(), connection.dbname()), ("u", "d"));
    assert!(!connection.password_used() && connection.tls().is_none());
    connection.send_query("select 1").unwrap();
    assert_eq!(connection.transaction_status(), TransactionStatus::Active);
    let Some(QueryResult::Rows(rows)) = connection.next_result() else { panic!("rows were expected") };
    assert_eq!((rows.len(), &*rows.text(1, 0), rows.tag().as_str()), (2, "two", "SELECT 2"));
    assert_eq!(rows.fields()[0].name(), "c");
    assert!(matches!(connection.next_result(), Some(QueryResult::Command(tag)) if tag.as_str() == "CREATE TABLE"));
    assert!(connection.next_result().is_none());
    assert_eq!(connection.transaction_status(), TransactionStatus::Idle);
    drop(connection);
    // It says good-bye.
    assert_eq!(fake.end(), b"X\0\0\0\x04");
}

#[test]
fn a_lost_server_is_told_with_what_it_said_last() {
    let fake = Fake::serve(|mut peer| {
        peer.welcome();
        peer.query();
        let mut to = Vec::new();
        error(&mut to, "FATAL", "57P01", "terminating connection due to administrator command");
        peer.send(&to);
        Vec::new()
    });
    let mut connection = connect(&fake);
    let QueryResult::Error(error) = connection.exec("select 1") else { panic!("an error was expected") };
    assert_eq!(
        error.message(Verbosity::Default, ContextVisibility::Errors),
        "FATAL:  terminating connection due to administrator command\nserver closed the connection unexpectedly\n\
         \tThis probably means the server terminated abnormally\n\tbefore or while processing the request."
    );
    assert_eq!(error.sqlstate(), "57P01");
    assert!(connection.is_broken());
    assert_eq!(connection.transaction_status(), TransactionStatus::Unknown);
    let again = connection.exec("select 1");
    assert_eq!(again.error().expect("an error").primary(), "no connection to the server");
}

#[test]
fn notices_and_notifications_come_in_between() {
    let fake = Fake::serve(|mut peer| {
        peer.welcome();
        peer.query();
        let mut to = Vec::new();
        backend::notification(&mut to, 7, "channel", "payload");
        fake::message(&mut to, b'N', b"SNOTICE\0VNOTICE\0C00000\0Mbe aware\0\0");
        backend::parameter_status(&mut to, "TimeZone", "Asia/Tokyo");
        to.extend(rows(&["x"]));
        ready(&mut to);
        backend::notification(&mut to, 8, "later", "");
        peer.send(&to);
        peer.rest()
    });
    let mut connection = connect(&fake);
    assert!(connection.exec("x").error().is_none());
    let notices = connection.take_notices();
    assert_eq!(notices.iter().map(|notice| notice.to_string()).collect::<Vec<_>>(), ["NOTICE:  be aware"]);
    assert_eq!(connection.parameter("TimeZone"), Some("Asia/Tokyo"));
    while connection.take_notifications().is_empty() {
        connection.consume_input().expect("the server is there");
    }
}

#[test]
fn the_answers_of_a_pipeline_come_in_order() {
    let fake = Fake::serve(|mut peer| {
        peer.welcome();
        // Parse, Bind, Describe, Execute twice, then Sync.
        (0..9).for_each(|_| drop(peer.message()));
        let mut to = Vec::new();
        backend::parse_complete(&mut to);
        backend::bind_complete(&mut to);
        to.extend(rows(&["a"]));
        error(&mut to, "ERROR", "22012", "division by zero");
        ready(&mut to);
        peer.send(&to);
        peer.rest()
    });
    let mut connection = connect(&fake);
    connection.enter_pipeline().unwrap();
    assert!(connection.send_query("select").is_err());
    for text in ["select a", "select 1/0"] {
        connection.send_query_params(text, Statement::default()).unwrap();
    }
    connection.pipeline_sync().unwrap();
    let text = connection.exec("select 1").error().expect("not allowed now").to_string();
    assert_eq!(text, "synchronous command execution functions are not allowed in pipeline mode");
    assert!(matches!(connection.next_result(), Some(QueryResult::Rows(rows)) if rows.len() == 1));
    assert!(connection.next_result().is_none());
    assert!(connection.next_result().is_some_and(|result| result.error().is_some()));
    assert_eq!(connection.pipeline_status(), PipelineStatus::Aborted);
    assert!(connection.exit_pipeline().is_err());
    assert!(connection.next_result().is_none());
    assert!(matches!(connection.next_result(), Some(QueryResult::PipelineSync)));
    assert_eq!(connection.pipeline_status(), PipelineStatus::On);
    connection.exit_pipeline().unwrap();
}

#[test]
fn rows_come_in_chunks() {
    let fake = Fake::serve(|mut peer| {
        peer.welcome();
        peer.query();
        let mut to = rows(&["1", "2", "3", "4", "5"]);
        ready(&mut to);
        peer.send(&to);
        peer.rest()
    });
    let mut connection = connect(&fake);
    connection.send_query("x").unwrap();
    assert!(connection.set_chunked_rows(2));
    let mut seen = Vec::new();
    while let Some(QueryResult::Rows(rows)) = connection.next_result() {
        seen.push((rows.len(), rows.is_partial()));
    }
    assert_eq!(seen, [(2, true), (2, true), (1, true), (0, false)]);
}

/// For those who wait in ways of their own.
#[test]
fn rows_are_taken_as_they_arrive() {
    let fake = Fake::serve(|mut peer| {
        peer.welcome();
        peer.query();
        let mut to = rows(&["1", "2", "3"]);
        ready(&mut to);
        for piece in to.chunks(7) {
            peer.send(piece);
            std::thread::sleep(Duration::from_millis(2));
        }
        peer.rest()
    });
    let mut connection = connect(&fake);
    connection.send_query("x").unwrap();
    let mut turns = 0;
    while connection.is_busy() {
        turns += 1;
        connection.consume_input().unwrap();
        std::thread::sleep(Duration::from_millis(1));
    }
    assert!(turns > 1);
    let Some(QueryResult::Rows(rows)) = connection.next_result() else { panic!("no rows") };
    assert_eq!((rows.len(), rows.value(2, 0)), (3, Some(&b"3"[..])));
    assert!(connection.next_result().is_none());
}

#[test]
fn copy_in_both_directions() {
    let fake = Fake::serve(|mut peer| {
        peer.welcome();
        peer.query();
        let mut to = Vec::new();
        backend::copy_response(&mut to, CopyDirection::Out, Format::Text, 1);
        backend::copy_data(&mut to, b"1\n");
        backend::copy_data(&mut to, b"2\n");
        backend::copy_done(&mut to);
        backend::command_complete(&mut to, "COPY 2");
        ready(&mut to);
        peer.send(&to);
        peer.query();
        to.clear();
        backend::copy_response(&mut to, CopyDirection::In, Format::Text, 1);
        peer.send(&to);
        let mut data = Vec::new();
        loop {
            match peer.message() {
                (b'd', body) => data.extend(body),
                (b'c', _) => break,
                other => panic!("unexpected: {other:?}"),
            }
        }
        to.clear();
        backend::command_complete(&mut to, "COPY 3");
        ready(&mut to);
        peer.send(&to);
        data
    });
    let mut connection = connect(&fake);
    assert!(matches!(connection.exec("copy t to stdout"), QueryResult::CopyOut(_)));
    let mut got = Vec::new();
    while let Some(data) = connection.get_copy_data().unwrap() {
        got.extend_from_slice(data);
    }
    assert_eq!(got, b"1\n2\n");
    assert!(matches!(connection.next_result(), Some(QueryResult::Command(tag)) if tag.rows() == Some(2)));
    assert!(connection.next_result().is_none());
    assert!(matches!(connection.exec("copy t from stdin"), QueryResult::CopyIn(_)));
    connection.put_copy_data(b"a\nb\n").unwrap();
    connection.put_copy_data(b"c\n").unwrap();
    connection.put_copy_end(None).unwrap();
    assert!(matches!(connection.next_result(), Some(QueryResult::Command(tag)) if tag.rows() == Some(3)));
    assert_eq!(connection.put_copy_data(b"x").unwrap_err().message(), "no COPY in progress");
    drop(connection);
    assert_eq!(fake.end(), b"a\nb\nc\n");
}

/// The server answers long before it has read everything: both would wait for ever if writing did not read.
#[test]
fn writing_reads_what_comes_meanwhile() {
    const SIZE: usize = 16 << 20;
    let fake = Fake::serve(|mut peer| {
        peer.welcome();
        let big = "v".repeat(SIZE);
        let mut to = rows(&[&big]);
        ready(&mut to);
        peer.send(&to);
        assert_eq!(peer.query().len(), SIZE);
        peer.rest()
    });
    let mut connection = connect(&fake);
    let QueryResult::Rows(rows) = connection.exec("q".repeat(SIZE)) else { panic!("rows were expected") };
    assert_eq!(rows.value(0, 0).map(<[u8]>::len), Some(SIZE));
}

#[test]
fn a_result_beyond_the_limit_is_an_error_and_the_session_goes_on() {
    let fake = Fake::serve(|mut peer| {
        peer.welcome();
        for count in [5000, 1] {
            peer.query();
            let values = vec!["0123456789"; count];
            let mut to = rows(&values);
            ready(&mut to);
            peer.send(&to);
        }
        peer.rest()
    });
    let mut connection = connect(&fake);
    connection.set_memory_limit(10_000);
    let result = connection.exec("many");
    assert_eq!(result.error().map(|error| error.to_string()).as_deref(), Some("out of memory for query result"));
    assert!(matches!(connection.exec("one"), QueryResult::Rows(rows) if rows.len() == 1));
}

#[test]
fn a_cancel_request_names_the_session() {
    let fake = Fake::serve(|mut peer| {
        peer.welcome();
        peer.rest()
    });
    let connection = connect(&fake);
    let handle = connection.cancel_handle();
    let cancelled = std::thread::spawn(move || handle.cancel());
    let packet = fake.accept(|mut peer| peer.rest());
    cancelled.join().expect("no panic").expect("it is sent");
    assert_eq!(packet, [0, 0, 0, 16, 4, 210, 22, 46, 0, 0, 0, 42, 9, 9, 9, 9]);
}

#[test]
fn a_silent_server_is_given_up_in_time() {
    let fake = Fake::serve(|mut peer| {
        std::thread::sleep(Duration::from_secs(3));
        peer.rest()
    });
    let mut config = fake.config();
    config.set("connect_timeout", "1").unwrap();
    let begun = Instant::now();
    let error = Connection::connect(&config).expect_err("nobody answers");
    assert!(begun.elapsed() < Duration::from_secs(3));
    assert!(error.message().ends_with(": timeout expired"), "{error}");
}

#[test]
fn refusals_have_their_text() {
    let refused = |answer: Vec<u8>, keywords: &[(&str, &str)]| {
        let fake = Fake::serve(move |mut peer| {
            peer.packet();
            peer.send(&answer);
            peer.rest()
        });
        let mut config = fake.config();
        keywords.iter().for_each(|(keyword, value)| config.set(keyword, *value).unwrap());
        let error = Connection::connect(&config).expect_err("the server refuses");
        let text = error.message().split_once(" failed: ").expect("a place").1.to_string();
        (text, error.needs_password())
    };
    let text = |answer: &[u8], keywords: &[(&str, &str)]| refused(answer.to_vec(), keywords).0;
    let tls = [("sslmode", "require")];
    assert_eq!(text(b"N", &tls), "server does not support SSL, but SSL was required");
    assert_eq!(text(b"?", &tls), "received invalid response to SSL negotiation: ?");
    assert_eq!(text(b"Sx", &tls), "received unencrypted data after SSL response");
    assert_eq!(text(b"E\0\0\0\x09Mx\0\0", &tls), "server sent an error response during SSL exchange");
    assert_eq!(
        text(b"D", &[]),
        "server closed the connection unexpectedly\n\tThis probably means the server terminated \
                                 abnormally\n\tbefore or while processing the request."
    );
    assert_eq!(text(b"D\0\0\0\x04", &[]), "expected authentication request from server, but received D");
    assert_eq!(text(b"R\0\xff\0\0", &[]), "received invalid authentication request");
    assert_eq!(text(b"R\0\0\0\x08\0\0\0\x02", &[]), "Kerberos 5 authentication not supported");
    assert_eq!(
        text(b"v\0\0\0\x0c\0\x03\0\x09\0\0\0\0", &[]),
        "received invalid protocol negotiation message: server requested downgrade to a higher-numbered version"
    );
    let (text, needs_password) = refused(b"R\0\0\0\x08\0\0\0\x03".to_vec(), &[]);
    assert_eq!((text.as_str(), needs_password), ("fe_sendauth: no password supplied", true));
}

#[test]
fn a_ping_tells_what_a_server_does() {
    let ping = |answer: &'static [u8]| {
        let fake = Fake::serve(move |mut peer| {
            peer.packet();
            peer.send(answer);
            peer.rest()
        });
        Connection::ping(&fake.config())
    };
    assert_eq!(ping(b"E\0\0\0\x16SFATAL\0C57P03\0M\0\0\0"), Ping::Rejecting);
    assert_eq!(ping(b"E\0\0\0\x15SFATAL\0C28000\0M\0\0"), Ping::Accepting);
    assert_eq!(ping(b"R\0\0\0\x08\0\0\0\x03"), Ping::Accepting);
    assert_eq!(ping(b""), Ping::NoResponse);
    assert_eq!(Connection::ping(&Config::parse("host=/nowhere user=u").unwrap()), Ping::NoResponse);
    assert_eq!(Connection::ping(&Config::parse("sslmode=x user=u").unwrap()), Ping::NoAttempt);
}

#[test]
fn protocol_3_2_is_negotiated() {
    let fake = Fake::serve(|mut peer| {
        let packet = peer.packet();
        assert_eq!(packet[..4], ProtocolVersion::V3_2.0.to_be_bytes());
        let mut to = Vec::new();
        backend::negotiate_protocol_version(&mut to, ProtocolVersion::V3_0, &[]);
        peer.send(&to);
        peer.let_in();
        peer.rest()
    });
    let mut config = fake.config();
    config.set("max_protocol_version", "3.2").unwrap();
    let connection = Connection::connect(&config).expect("a session");
    assert_eq!(connection.protocol_version(), ProtocolVersion::V3_0);
}

#[test]
fn the_next_host_is_tried() {
    let standby = Fake::serve(|mut peer| {
        peer.welcome_with(&[("in_hot_standby", "on"), ("default_transaction_read_only", "off")]);
        peer.rest()
    });
    let primary = Fake::serve(|mut peer| {
        peer.welcome_with(&[("in_hot_standby", "off"), ("default_transaction_read_only", "off")]);
        peer.rest()
    });
    let mut config = standby.config();
    config.set("host", "127.0.0.1,127.0.0.1,127.0.0.1").unwrap();
    config.set("port", format!("1,{},{}", standby.port(), primary.port())).unwrap();
    config.set("target_session_attrs", "read-write").unwrap();
    let connection = Connection::connect(&config).expect("the last one is it");
    assert_eq!(connection.port(), primary.port().to_string());
}

/// [`Peer`] is used by all of them.
#[test]
fn single_rows_and_empty_queries() {
    let fake = Fake::serve(|mut peer: Peer| {
        peer.welcome();
        peer.query();
        let mut to = Vec::new();
        backend::empty_query_response(&mut to);
        to.extend(rows(&["a", "b"]));
        ready(&mut to);
        peer.send(&to);
        peer.rest()
    });
    let mut connection = connect(&fake);
    assert!(!connection.set_single_row_mode());
    connection.send_query(";select").unwrap();
    assert!(connection.set_single_row_mode());
    assert!(matches!(connection.next_result(), Some(QueryResult::Empty)));
    assert!(matches!(connection.next_result(), Some(QueryResult::Rows(rows)) if rows.is_partial() && rows.len() == 1));
    assert_eq!(connection.send_query("x").unwrap_err().message(), "another command is already in progress");
}
