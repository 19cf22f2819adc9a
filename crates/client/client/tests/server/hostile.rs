//! Servers that send anything: the client may fail, but neither panic nor hang.

use client::{Connection, QueryResult, Statement};
use proptest::prelude::*;
use wire::backend::{self, CopyDirection, Field};
use wire::{Format, TransactionStatus};

use crate::fake::{self, Fake};

/// A message that a server might send, well-formed.
fn message() -> impl Strategy<Value = Vec<u8>> {
    let make = |write: fn(&mut Vec<u8>, &str, u16)| {
        ("[a-z\\PC]{0,8}", any::<u16>()).prop_map(move |(text, number)| {
            let mut to = Vec::new();
            write(&mut to, &text, number);
            to
        })
    };
    prop_oneof![
        make(|to, text, n| {
            let field = Field { name: text, type_oid: n.into(), ..Field::default() };
            backend::row_description(to, vec![field; n as usize % 4].into_iter());
        }),
        make(|to, text, n| {
            backend::data_row(to, vec![Some(text.as_bytes()); n as usize % 4].into_iter());
        }),
        make(|to, text, _| backend::command_complete(to, text)),
        make(|to, text, _| fake::error(to, "ERROR", "XX000", text)),
        make(|to, text, _| fake::message(to, b'N', format!("SNOTICE\0M{text}\0P3\0\0").as_bytes())),
        make(|to, text, n| backend::notification(to, n.into(), text, text)),
        make(|to, text, _| backend::parameter_status(to, text, text)),
        make(|to, _, n| {
            let status = [TransactionStatus::Idle, TransactionStatus::InBlock, TransactionStatus::Failed];
            backend::ready_for_query(to, status[n as usize % 3]);
        }),
        make(|to, _, n| {
            let directions = [CopyDirection::In, CopyDirection::Out, CopyDirection::Both];
            backend::copy_response(to, directions[n as usize % 3], Format::Text, n % 3);
        }),
        make(|to, text, _| backend::copy_data(to, text.as_bytes())),
        make(|to, _, _| backend::copy_done(to)),
        make(|to, _, _| backend::parse_complete(to)),
        make(|to, _, _| backend::bind_complete(to)),
        make(|to, _, _| backend::close_complete(to)),
        make(|to, _, _| backend::no_data(to)),
        make(|to, _, _| backend::empty_query_response(to)),
        make(|to, _, n| backend::parameter_description(to, vec![1; n as usize % 4].into_iter())),
        make(|to, text, n| fake::message(to, n as u8, text.as_bytes())),
    ]
}

/// What a server sends: good messages, cut and changed, or anything.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let damaged = (prop::collection::vec(message(), 0..12), any::<prop::sample::Index>(), any::<u8>(), any::<bool>());
    let damaged = damaged.prop_map(|(messages, place, byte, cut)| {
        let mut bytes = messages.concat();
        if !bytes.is_empty() {
            let at = place.index(bytes.len());
            if cut { bytes.truncate(at) } else { bytes[at] = byte }
        }
        bytes
    });
    prop_oneof![
        3 => damaged,
        1 => prop::collection::vec(message(), 0..12).prop_map(|messages| messages.concat()),
        1 => prop::collection::vec(any::<u8>(), 0..64),
    ]
}

/// Uses a session in every way, as far as it goes.
fn use_up(connection: &mut Connection, way: u8) {
    match way % 4 {
        0 => drop(connection.send_query("select 1")),
        1 => drop(connection.send_query_params("select $1", Statement::default())),
        2 => drop(connection.send_describe_prepared("s")),
        _ => {
            let _ = connection.enter_pipeline();
            let _ = connection.send_prepare("s", "select 1", &[]);
            let _ = connection.send_query_params("select 1", Statement::default());
            let _ = connection.pipeline_sync();
        }
    }
    if way & 8 != 0 {
        connection.set_chunked_rows(2);
    }
    // The server closes in the end, so this comes to an end.
    let mut nothing = 0;
    while nothing < 5 && !connection.is_broken() {
        match connection.next_result() {
            None => {
                nothing += 1;
                let _ = connection.consume_input();
            }
            Some(QueryResult::CopyIn(_)) => drop(connection.put_copy_end(Some("no"))),
            Some(QueryResult::CopyOut(_)) => while let Ok(Some(_)) = connection.get_copy_data() {},
            Some(QueryResult::CopyBoth(_)) => {
                while let Ok(Some(_)) = connection.get_copy_data() {}
                let _ = connection.put_copy_end(None);
            }
            Some(QueryResult::Error(error)) => drop(error.to_string()),
            Some(_) => (),
        }
    }
    connection.take_notices();
    connection.take_notifications();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_answer_breaks_the_client(bytes in stream(), way in any::<u8>()) {
        let fake = Fake::serve(move |mut peer| {
            peer.welcome();
            peer.send(&bytes);
            peer.rest()
        });
        let mut connection = Connection::connect(&fake.config()).expect("a session");
        use_up(&mut connection, way);
    }

    #[test]
    fn no_greeting_breaks_the_client(bytes in stream(), authentication in prop::collection::vec(any::<u8>(), 0..24)) {
        let mut greeting = Vec::new();
        fake::message(&mut greeting, b'R', &authentication);
        greeting.extend(bytes);
        let fake = Fake::serve(move |mut peer| {
            peer.packet();
            peer.send(&greeting);
            peer.rest()
        });
        let mut config = fake.config();
        config.set("password", "secret").expect("a keyword");
        if let Ok(mut connection) = Connection::connect(&config) {
            use_up(&mut connection, 0);
        }
    }
}
