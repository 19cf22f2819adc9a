//! Runs one command and prints its rows, tab-separated: `cargo run --example query -- "host=/tmp dbname=postgres" "select 1"`.
//!
//! With a third argument, rows come in chunks of so many, in constant memory.

use std::io::{BufWriter, Write};

use client::{Config, Connection, QueryResult, Rows};

fn print(to: &mut impl Write, rows: &Rows) -> std::io::Result<()> {
    for row in 0..rows.len() {
        for (n, value) in rows.row(row).enumerate() {
            if n > 0 {
                to.write_all(b"\t")?;
            }
            to.write_all(value.unwrap_or_default())?;
        }
        to.write_all(b"\n")?;
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let conninfo = arguments.next().ok_or("a connection string is missing")?;
    let sql = arguments.next().ok_or("a command is missing")?;
    let mut config = Config::new();
    let connected = config.set_dbname(&conninfo).map_err(Into::into).and_then(|()| Connection::connect(&config));
    let mut connection = match connected {
        Ok(connection) => connection,
        Err(error) => {
            eprintln!("{error}");
            std::process::exit(2);
        }
    };
    connection.set_notice_handler(|notice| eprintln!("{notice}"));
    connection.send_query(&sql)?;
    if let Some(rows) = arguments.next() {
        connection.set_chunked_rows(rows.parse()?);
    }
    let mut out = BufWriter::with_capacity(64 * 1024, std::io::stdout().lock());
    while let Some(result) = connection.next_result() {
        match result {
            QueryResult::Rows(rows) => print(&mut out, &rows)?,
            QueryResult::CopyOut(_) => {
                while let Some(data) = connection.get_copy_data()? {
                    out.write_all(data)?;
                }
            }
            QueryResult::Error(error) => {
                out.flush()?;
                eprintln!("{error}");
            }
            _ => (),
        }
    }
    Ok(())
}
