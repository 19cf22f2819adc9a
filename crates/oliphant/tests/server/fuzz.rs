//! Bytes that no client would send, by the thousands: the server answers with an error or closes, and neither crashes, hangs nor grows.
//!
//! All randomness comes from one seed, which a failure names. `FUZZ_SEED` and `FUZZ_SECONDS` in the environment choose another seed
//! and a longer run.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use wire::frontend::{self, Target};
use wire::startup::Startup;
use wire::{Format, ProtocolVersion};

use crate::cluster::Cluster;

/// A stream of numbers from a seed (splitmix64).
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    fn bytes(&mut self, most: usize) -> Vec<u8> {
        let length = self.below(most + 1);
        (0..length).map(|_| self.next() as u8).collect()
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }
}

fn greeting(parameters: &[(&str, &str)]) -> Vec<u8> {
    let mut packet = Vec::new();
    Startup::Session { version: ProtocolVersion::V3_0, parameters: parameters.to_vec() }.write(&mut packet);
    packet
}

/// Lengths at which a careless reader errs.
const LENGTHS: [u32; 12] = [0, 1, 3, 4, 5, 8, 10_000, 10_001, 0x3FFF_FFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF];

/// What comes before a session: packets of start-up, requests for encryption, cancels, and noise.
fn before_authentication(random: &mut Random) -> Vec<u8> {
    let mut bytes = match random.below(8) {
        0 => random.bytes(300),
        1 => random.pick(&LENGTHS).to_be_bytes().to_vec(),
        2 => [&random.pick(&LENGTHS).to_be_bytes()[..], &196_608u32.to_be_bytes()].concat(),
        3 => [8u32.to_be_bytes(), random.pick(&[80_877_103u32, 80_877_104]).to_be_bytes()]
            .concat()
            .repeat(random.below(30)),
        4 => [&16u32.to_be_bytes()[..], &80_877_102u32.to_be_bytes(), &random.next().to_be_bytes()].concat(),
        5 => greeting(&[("user", "\u{1F418}"), ("options", "-c \\"), ("datestyle", "none"), ("", "x")]),
        6 => {
            let version = ((3 + random.below(3) as u32 - 1) << 16) | random.below(5) as u32;
            let mut packet = greeting(&[("user", "postgres"), ("_pq_.x", "1"), ("replication", "maybe")]);
            packet[4..8].copy_from_slice(&version.to_be_bytes());
            packet
        }
        _ => greeting(&[("user", "postgres"), ("database", "template1"), ("client_encoding", "EBCDIC")]),
    };
    spoil(random, &mut bytes);
    bytes.extend(random.bytes(40));
    bytes
}

/// Turns, cuts or doubles some of the bytes, now and then none.
fn spoil(random: &mut Random, bytes: &mut Vec<u8>) {
    for _ in 0..random.below(4) {
        if bytes.is_empty() {
            return;
        }
        let at = random.below(bytes.len());
        match random.below(5) {
            0 => bytes[at] = random.next() as u8,
            1 => bytes[at] ^= 1 << random.below(8),
            2 => bytes.truncate(at),
            3 if at + 4 <= bytes.len() => {
                let length = random.pick(&LENGTHS);
                bytes[at..at + 4].copy_from_slice(&length.to_be_bytes());
            }
            _ => {
                let again = bytes[at..(at + 9).min(bytes.len())].to_vec();
                bytes.splice(at..at, again);
            }
        }
    }
}

const TEXTS: [&str; 14] = [
    "select $1::int + $2::numeric",
    "select repeat('x', 10000)",
    "copy fuzz from stdin",
    "copy fuzz from stdin (format binary)",
    "copy fuzz to stdout",
    "begin",
    "rollback",
    "select generate_series(1, 5000)",
    "insert into fuzz values ($1, $2)",
    "",
    "select 1; select 1/0; select 2",
    "declare c cursor for select generate_series(1, 100)",
    "set application_name = 'fuzz'",
    "select \u{0} from \u{FFFD}",
];

/// Messages of a session, each well-formed by itself, in any order.
fn messages(random: &mut Random) -> Vec<u8> {
    let mut to = Vec::new();
    for _ in 0..1 + random.below(6) {
        let names = ["", "s", "p", "no such thing"];
        let (statement, portal) = (random.pick(&names), random.pick(&names));
        let text = random.pick(&TEXTS);
        let formats = [Format::Text, Format::Binary];
        match random.below(14) {
            0 => frontend::query(&mut to, text),
            1 | 2 => frontend::parse(&mut to, statement, text, &[[0, 23, 1700, u32::MAX][random.below(4)]]),
            3 | 4 => {
                let value = random.bytes(20);
                let values = [Some(&value[..]), None, Some(&b"1"[..])];
                let count = random.below(4);
                let format = random.pick(&formats);
                frontend::bind(&mut to, portal, statement, &[format], &values[..count], &[random.pick(&formats)]);
            }
            5 => frontend::describe(&mut to, random.pick(&[Target::Statement, Target::Portal]), statement),
            6 | 7 => frontend::execute(&mut to, portal, random.below(20) as i32),
            8 => frontend::close(&mut to, random.pick(&[Target::Statement, Target::Portal]), statement),
            9 => frontend::copy_data(&mut to, &random.bytes(200)),
            10 => frontend::copy_done(&mut to),
            11 => {
                // Any kind with any body, its length true.
                let body = random.bytes(60);
                to.push(random.next() as u8);
                to.extend((body.len() as u32 + 4).to_be_bytes());
                to.extend(body);
            }
            12 => {
                to.push(random.pick(b"QPBEDCSHdcfFpX"));
                to.extend(random.pick(&LENGTHS).to_be_bytes());
            }
            _ => frontend::sync(&mut to),
        }
    }
    if random.below(3) > 0 {
        spoil(random, &mut to);
    }
    frontend::sync(&mut to);
    to
}

/// Sends bytes and reads until the server closes, or half closes after it has answered all.
fn throw(cluster: &Cluster, bytes: &[u8], what: &str) {
    let mut socket = UnixStream::connect(cluster.socket()).expect("the socket");
    socket.set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout");
    // The server may close before all is sent, and stops reading while nobody reads what it says.
    let mut reader = socket.try_clone().expect("a second handle");
    let reading = std::thread::spawn(move || {
        let mut chunk = [0; 65536];
        loop {
            match reader.read(&mut chunk) {
                Ok(0) => return None,
                Ok(_) => (),
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => (),
                Err(e) if e.kind() == std::io::ErrorKind::ConnectionReset => return None,
                Err(e) => return Some(e),
            }
        }
    });
    let _ = socket.write_all(bytes);
    let _ = socket.shutdown(std::net::Shutdown::Write);
    if let Some(error) = reading.join().expect("the reader") {
        panic!("{what}: the server neither answers nor closes: {error}\n{bytes:02x?}\n{}", cluster.log());
    }
}

/// Memory of a process that nobody else has, in kB.
fn private_memory(pid: u32) -> u64 {
    // Whether children share the pages with it at the moment is of no matter.
    let text = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with("RssAnon:"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or(0)
}

fn open_files(pid: u32) -> usize {
    std::fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count)
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[test]
fn random_bytes_neither_crash_nor_grow_the_server() {
    let (seed, seconds) = (number("FUZZ_SEED", 18_006), number("FUZZ_SECONDS", 4));
    let mut cluster =
        Cluster::start(&["authentication_timeout = 5s", "statement_timeout = 5s", "max_connections = 20"]);
    cluster.session().query("create table fuzz (a int, b text)");
    let session = greeting(&[("user", "postgres"), ("database", "postgres")]);
    let mut random = Random::new(seed);
    // Whatever is made once is there afterwards.
    for _ in 0..50 {
        throw(&cluster, &before_authentication(&mut random), "warming up");
        throw(&cluster, &[session.clone(), messages(&mut random)].concat(), "warming up");
    }
    let postmaster = cluster.pid();
    let (memory, files) = (private_memory(postmaster), open_files(postmaster));
    let until = Instant::now() + Duration::from_secs(seconds);
    let mut rounds = 0;
    while Instant::now() < until {
        rounds += 1;
        let what = format!("FUZZ_SEED={seed} round {rounds}");
        match random.below(3) {
            0 => throw(&cluster, &before_authentication(&mut random), &what),
            _ => throw(&cluster, &[session.clone(), messages(&mut random)].concat(), &what),
        }
    }
    assert!(rounds > 50, "{rounds} rounds only");
    let log = cluster.log();
    for trouble in ["terminated by signal", "panicked", "PANIC", "XX000", "server process (PID"] {
        assert!(!log.contains(trouble), "FUZZ_SEED={seed}, {rounds} rounds: {trouble}\n{log}");
    }
    assert_eq!(cluster.session().value("select 1"), "1");
    let grown = private_memory(postmaster).saturating_sub(memory);
    assert!(grown < 1024, "the postmaster grew by {grown} kB in {rounds} rounds");
    assert!(open_files(postmaster) <= files + 8, "{files} open files became {}", open_files(postmaster));
    cluster.stop();
}

/// Who connects and says nothing, or not enough, is told to go in time, and keeps nobody out for longer.
#[test]
fn half_open_connections_end_in_time() {
    let mut cluster = Cluster::start(&["authentication_timeout = 1s", "max_connections = 10"]);
    let session = greeting(&[("user", "postgres"), ("database", "postgres")]);
    let open: Vec<UnixStream> = (0..40)
        .map(|n| {
            let mut socket = UnixStream::connect(cluster.socket()).expect("the socket");
            let _ = socket.write_all(&session[..n % 9]);
            socket
        })
        .collect();
    let until = Instant::now() + Duration::from_secs(20);
    for mut socket in open {
        socket.set_read_timeout(Some(until.saturating_duration_since(Instant::now()))).expect("a timeout");
        let mut answer = Vec::new();
        match socket.read_to_end(&mut answer) {
            Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => panic!("still open\n{}", cluster.log()),
            _ => (),
        }
    }
    assert_eq!(cluster.session().value("select 1"), "1");
    cluster.stop();
}
