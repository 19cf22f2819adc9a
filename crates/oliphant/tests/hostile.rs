//! psql against a server that says anything: whatever it is, psql ends by itself, without a panic and within its memory.
//!
//! The server answers each message by a few random ones of the protocol, mostly well-formed and in an order that makes sense, some
//! damaged, cut or huge by their own account. `HOSTILE_ROUNDS` sets how many sessions there are (60).

#[path = "server/cluster.rs"]
#[expect(dead_code, reason = "shared with the tests of the server, which use more of it")]
mod cluster;
#[path = "server/session.rs"]
#[expect(dead_code, reason = "shared with the tests of the server, which use more of it")]
mod session;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::time::Duration;

use wire::backend::{self, Authentication, CopyDirection, Field};
use wire::{Format, TransactionStatus};

/// Everything that reads answers.
const SCRIPT: &str = r"
select 1;
\d x
\x
\dt+
select 1 \gset
\pset format wrapped
\pset columns 20
select 1 \crosstabview
select 1 \gdesc
select 1 \gexec
\pset format csv
\l+
\df+ x
\pset format html
\du
\x auto
copy x to stdout;
\pset format latex-longtable
\dp
copy x from stdin;
1
\.
\copy x to '/dev/null'
\lo_list
\sf x
\pset format unaligned
\d+
\set FETCH_COUNT 2
select 1;
select $1 \bind 1 \g
select 1 \parse s
\bind_named s \g
\startpipeline
select 1 \bind \sendpipeline
\flushrequest
\getresults
\endpipeline
\pset format troff-ms
\unset FETCH_COUNT
select 1 \watch c=2 i=0
\pset numericlocale
\pset format aligned
\set ON_ERROR_ROLLBACK on
\set VERBOSITY verbose
select 1;
\errverbose
\conninfo
\encoding UTF8
select 1; select 2\; select 3;
";

/// Numbers that look random.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }

    /// A text, with what texts seldom have.
    fn text(&mut self) -> String {
        let pieces = [
            "a", "t", "1", "-7.5", "象", "\n", "\t", "\r", "\x01", "\u{85}", "e\u{301}", "{\"x\"}", "public", "\\", "'",
        ];
        (0..self.below(5)).map(|_| pieces[self.below(pieces.len())]).collect()
    }

    /// Bytes that are no text in any encoding, or one.
    fn value(&mut self) -> Option<Vec<u8>> {
        match self.below(8) {
            0 => None,
            1 => Some((0..self.below(9)).map(|_| self.below(256) as u8).collect()),
            _ => Some(self.text().into_bytes()),
        }
    }
}

fn message(to: &mut Vec<u8>, kind: u8, body: &[u8]) {
    wire::frame::put(to, kind, |to| to.extend_from_slice(body));
}

fn notice(to: &mut Vec<u8>, kind: u8, random: &mut Random) {
    let mut body = Vec::new();
    for field in b"SVCMDHPqWstcdnFLR" {
        if random.below(3) > 0 {
            body.push(*field);
            body.extend_from_slice(if random.below(2) == 0 { "7".into() } else { random.text() }.as_bytes());
            body.push(0);
        }
    }
    body.push(0);
    message(to, kind, &body);
}

/// Rows and their description.
fn rows(to: &mut Vec<u8>, random: &mut Random) {
    let columns = random.below(7);
    let names: Vec<String> = (0..columns).map(|_| random.text()).collect();
    let types = [16, 20, 25, 26, 1700, 0];
    let fields: Vec<Field<'_>> =
        names.iter().map(|name| Field { name, type_oid: types[random.below(6)], ..Field::default() }).collect();
    backend::row_description(to, fields.into_iter());
    for _ in 0..random.below(6) {
        let values: Vec<Option<Vec<u8>>> = (0..columns).map(|_| random.value()).collect();
        backend::data_row(to, values.iter().map(Option::as_deref));
    }
}

/// What the server says to one message.
fn answer(random: &mut Random) -> Vec<u8> {
    let mut to = Vec::new();
    for _ in 0..1 + random.below(3) {
        match random.below(20) {
            0..=8 => rows(&mut to, random),
            9 => notice(&mut to, b'E', random),
            10 => notice(&mut to, b'N', random),
            11 => {
                let directions = [CopyDirection::In, CopyDirection::Out, CopyDirection::Both];
                backend::copy_response(&mut to, directions[random.below(3)], Format::Text, random.below(4) as u16);
                backend::copy_data(&mut to, random.text().as_bytes());
                backend::copy_done(&mut to);
            }
            12 => backend::parse_complete(&mut to),
            13 => backend::bind_complete(&mut to),
            14 => backend::no_data(&mut to),
            15 => backend::parameter_description(&mut to, vec![25; random.below(4)].into_iter()),
            16 => {
                backend::parameter_status(&mut to, "client_encoding", ["UTF8", "SJIS", "LATIN1", "x"][random.below(4)])
            }
            17 => backend::parameter_status(&mut to, "server_version", &random.text()),
            18 => backend::notification(&mut to, 7, "channel", &random.text()),
            _ => backend::empty_query_response(&mut to),
        }
        if random.below(4) > 0 {
            backend::command_complete(&mut to, ["SELECT 1", "COPY 1", "INSERT 0 1", "ROLLBACK", ""][random.below(5)]);
        }
    }
    let statuses =
        [TransactionStatus::Idle, TransactionStatus::Idle, TransactionStatus::InBlock, TransactionStatus::Failed];
    backend::ready_for_query(&mut to, statuses[random.below(4)]);
    match random.below(60) {
        0 => {
            let at = random.below(to.len());
            to[at] = random.below(256) as u8;
        }
        1 => to.truncate(random.below(to.len())),
        // A message that claims a gigabyte.
        2 => to.splice(0..0, [b'D', 0x3f, 0xff, 0xff, 0xff]).for_each(drop),
        _ => (),
    }
    to
}

/// Serves a connection until the client goes.
fn serve(mut socket: TcpStream, mut random: Random) -> std::io::Result<()> {
    // What was cut may leave both waiting for each other: then the server goes.
    socket.set_read_timeout(Some(Duration::from_millis(300)))?;
    let mut length = [0; 4];
    socket.read_exact(&mut length)?;
    socket.read_exact(&mut vec![0; u32::from_be_bytes(length) as usize - 4])?;
    let mut to = Vec::new();
    backend::authentication(&mut to, &Authentication::Ok);
    backend::parameter_status(&mut to, "server_version", ["18.6", "14.2", "9.1", "77"][random.below(4)]);
    backend::parameter_status(&mut to, "client_encoding", "UTF8");
    backend::backend_key_data(&mut to, 42, &[9; 4]);
    backend::ready_for_query(&mut to, TransactionStatus::Idle);
    socket.write_all(&to)?;
    // No session lasts for ever, however often the client asks.
    for _ in 0..300 {
        let mut head = [0; 5];
        socket.read_exact(&mut head)?;
        let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
        socket.read_exact(&mut vec![0; length - 4])?;
        match head[0] {
            b'X' => return Ok(()),
            b'Q' | b'S' | b'f' | b'c' | b'H' => socket.write_all(&answer(&mut random))?,
            _ => (),
        }
    }
    Ok(())
}

#[test]
fn no_server_breaks_psql() {
    let rounds: u64 = std::env::var("HOSTILE_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(60);
    let directory = tempfile::tempdir().expect("a temporary directory");
    let script = directory.path().join("script");
    std::fs::write(&script, SCRIPT).expect("the script");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port().to_string();
    std::thread::spawn(move || {
        for (seed, socket) in (0..).zip(listener.incoming().flatten()) {
            std::thread::spawn(move || serve(socket, Random(seed)));
        }
    });
    for round in 0..rounds {
        // Half a gigabyte of address space, and twenty seconds.
        let mut command = Command::new("sh");
        let limited = "ulimit -v 500000; exec timeout 20 \"$@\"";
        command.args(["-c", limited, "sh", cluster::oliphant(), "psql", "-X", "-f"]).arg(&script);
        command.env("PGHOST", "127.0.0.1").env("PGPORT", &port).env("PGUSER", "u").env("PGSSLMODE", "disable");
        let output = command.env("PGGSSENCMODE", "disable").stdin(Stdio::null()).output().expect("psql runs");
        let errors = String::from_utf8_lossy(&output.stderr);
        let code = output.status.code();
        assert!(
            matches!(code, Some(0..=3)) && !errors.contains("panicked") && !errors.contains("memory allocation"),
            "session {round} ended with {code:?}:\n{errors}"
        );
    }
}
