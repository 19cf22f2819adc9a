//! tokio-postgres: what an application does with it, against the server that PGHOST, PGPORT, PGUSER and PGDATABASE name.

use std::env;
use std::error::Error;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt, TryStreamExt, future, pin_mut, stream};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio_postgres::binary_copy::{BinaryCopyInWriter, BinaryCopyOutStream};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::Type;
use tokio_postgres::{AsyncMessage, Client, Config, IsolationLevel, NoTls, SimpleQueryMessage};

fn check<T: PartialEq + std::fmt::Debug>(what: &str, found: T, expected: T) {
    assert_eq!(found, expected, "{what}");
    println!("ok {what}");
}

/// A connection, and what the server says besides answers.
async fn connect() -> Result<(Client, UnboundedReceiver<AsyncMessage>), Box<dyn Error>> {
    let get = |name: &str, default: &str| env::var(name).unwrap_or_else(|_| default.to_string());
    let mut config = Config::new();
    config.host(get("PGHOST", "127.0.0.1")).user(get("PGUSER", "postgres")).dbname(get("PGDATABASE", "postgres"));
    config.port(get("PGPORT", "5432").parse()?);
    let (client, mut connection) = config.connect(NoTls).await?;
    let (send, receive) = unbounded_channel();
    tokio::spawn(async move {
        let mut messages = stream::poll_fn(move |cx| connection.poll_message(cx));
        while let Some(Ok(message)) = messages.next().await {
            let _ = send.send(message);
        }
    });
    Ok((client, receive))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let (mut client, mut said) = connect().await?;
    client.batch_execute("drop table if exists rust_probe; create table rust_probe (id int8 primary key, t text, f float8, b bool, raw bytea, a int4[])").await?;
    let insert = client.prepare("insert into rust_probe values ($1, $2, $3, $4, $5, $6)").await?;
    let types = [Type::INT8, Type::TEXT, Type::FLOAT8, Type::BOOL, Type::BYTEA, Type::INT4_ARRAY];
    check("parameter types", insert.params(), &types);
    for n in 0..100i64 {
        client.execute(&insert, &[&n, &"né", &0.1f64, &true, &&[0u8, 255][..], &vec![Some(1), None]]).await?;
    }
    let row = client.query_one("select * from rust_probe where id = $1", &[&7i64]).await?;
    check(
        "binary row",
        (row.get(0), row.get(1), row.get(2), row.get(3), row.get(4), row.get(5)),
        (7i64, "né".to_string(), 0.1f64, true, vec![0u8, 255], vec![Some(1i32), None]),
    );
    // Pipelined: all are sent before the first answer.
    let double = |n: i64| {
        let client = &client;
        async move { client.query_one("select $1::int8 * 2", &[&n]).await }
    };
    let many = future::try_join_all((0..50i64).map(double)).await?;
    check("pipeline", many.iter().map(|row| row.get::<_, i64>(0)).sum::<i64>(), 2450);
    let rows = client.query_raw("select id from rust_probe order by id", Vec::<i64>::new()).await?;
    check("a stream left early", rows.take(3).try_collect::<Vec<_>>().await?.len(), 3);

    let sink = client.copy_in("copy rust_probe (id, t) from stdin").await?;
    pin_mut!(sink);
    sink.send(Bytes::from_static(b"1000\ta\n1001\tb\n")).await?;
    check("copy in", sink.finish().await?, 2);
    let sink = client.copy_in("copy rust_probe (id, t) from stdin (format binary)").await?;
    let writer = BinaryCopyInWriter::new(sink, &[Type::INT8, Type::TEXT]);
    pin_mut!(writer);
    for n in 2000..2500i64 {
        writer.as_mut().write(&[&n, &None::<String>]).await?;
    }
    check("binary copy in", writer.finish().await?, 500);
    let text = "copy (select id, t from rust_probe where id in (1000, 1001) order by id) to stdout";
    let out = client.copy_out(text).await?.try_collect::<Vec<Bytes>>().await?;
    check("copy out", out.concat(), b"1000\ta\n1001\tb\n".to_vec());
    let out = client.copy_out("copy (select id from rust_probe where id >= 2000) to stdout (format binary)").await?;
    let rows = BinaryCopyOutStream::new(out, &[Type::INT8]).try_collect::<Vec<_>>().await?;
    check("binary copy out", rows.len(), 500);

    let transaction = client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).start().await?;
    let portal = transaction.bind("select id from rust_probe order by id", &[]).await?;
    check("portal", transaction.query_portal(&portal, 10).await?.len(), 10);
    check("portal goes on", transaction.query_portal(&portal, 10).await?[0].get::<_, i64>(0), 10);
    drop(transaction);
    let mut transaction = client.transaction().await?;
    let inner = transaction.savepoint("one").await?;
    let again = inner.execute(&insert, &[&7i64, &"x", &0f64, &false, &&[0u8][..], &vec![1i32]]).await;
    let error = again.expect_err("a duplicate");
    let server = error.as_db_error().expect("the server's");
    check(
        "error",
        (server.code(), server.constraint(), server.detail()),
        (&SqlState::UNIQUE_VIOLATION, Some("rust_probe_pkey"), Some("Key (id)=(7) already exists.")),
    );
    inner.rollback().await?;
    check("after the savepoint", transaction.execute("delete from rust_probe where id = 7", &[]).await?, 1);
    transaction.rollback().await?;
    check("rolled back", client.query("select 1 from rust_probe where id = 7", &[]).await?.len(), 1);

    let messages = client.simple_query("select 1 as a; select 'two' as b").await?;
    let value = |message: &SimpleQueryMessage| match message {
        SimpleQueryMessage::Row(row) => row.get(0).map(str::to_string),
        _ => None,
    };
    check("simple query", messages.iter().filter_map(value).collect(), vec!["1".to_string(), "two".to_string()]);
    client.batch_execute("drop table if exists rust_nowhere; listen probe; notify probe, 'hello'").await?;
    tokio::time::sleep(Duration::from_millis(200)).await;
    let (mut notices, mut notes) = (Vec::new(), Vec::new());
    while let Ok(message) = said.try_recv() {
        match message {
            AsyncMessage::Notice(notice) => notices.push(notice.message().to_string()),
            AsyncMessage::Notification(note) => notes.push(note.payload().to_string()),
            _ => {}
        }
    }
    let skipping = "table \"rust_nowhere\" does not exist, skipping";
    check("notice", notices.last().map(String::as_str), Some(skipping));
    check("notification", notes, vec!["hello".to_string()]);
    let cancel = client.cancel_token();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let _ = cancel.cancel_query(NoTls).await;
    });
    let error = client.batch_execute("select pg_sleep(20)").await.expect_err("cancelled");
    check("cancel", error.code(), Some(&SqlState::QUERY_CANCELED));
    let row = client.query_one("select relkind from pg_class where relname = 'rust_probe'", &[]).await?;
    check("a type of one byte", row.get::<_, i8>(0), b'r' as i8);
    // A type that the driver does not know makes it ask the catalogs.
    let statement = client.prepare("select typname from pg_type where oid = 'pg_class'::regtype").await?;
    check("regtype", client.query_one(&statement, &[]).await?.get::<_, String>(0), "pg_class".to_string());
    client.batch_execute("drop table rust_probe").await?;
    Ok(())
}
