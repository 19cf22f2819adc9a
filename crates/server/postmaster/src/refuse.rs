//! Turning a client away: in a child of its own, after its start-up packet, so that it can read why.
//!
//! The server may be starting, stopping or full. Cancel requests are served even so. `pg_isready` learns here that the
//! server is there but not ready.

use std::io::{Read, Write};
use std::time::Duration;

use error::{Error, Result};
use shm::Processes;
use wire::startup::{self, Startup};

use crate::server::Socket;

/// How often a client may ask for encryption before it must begin.
const REQUESTS_LIMIT: usize = 4;

/// Reads the client's first packets and answers with `reason`.
pub(crate) fn refuse(socket: &Socket, reason: &Error, processes: Option<&Processes>, patience: Duration) {
    let _ = match socket {
        Socket::Unix(unix) => unix.set_read_timeout(Some(patience)).and(unix.set_write_timeout(Some(patience))),
        Socket::Tcp(tcp) => tcp.set_read_timeout(Some(patience)).and(tcp.set_write_timeout(Some(patience))),
    };
    for _ in 0..REQUESTS_LIMIT {
        let packet = match read_packet(socket) {
            Ok(Some(packet)) => packet,
            Ok(None) => return,
            Err(e) => return tell(socket, &e),
        };
        match Startup::parse(&packet) {
            Ok(Startup::Ssl | Startup::Gss) => {
                if (&mut &*socket).write_all(b"N").is_err() {
                    return;
                }
            }
            Ok(Startup::Cancel { pid, key }) => {
                processes.map(|processes| processes.cancel(pid, key));
                return;
            }
            Ok(Startup::Session { .. }) => return tell(socket, reason),
            Err(e) => return tell(socket, &e),
        }
    }
}

fn tell(socket: &Socket, error: &Error) {
    let mut message = Vec::new();
    wire::backend::error_or_notice(&mut message, error);
    let _ = (&mut &*socket).write_all(&message);
}

/// The packet without its length; `None` if the client left.
fn read_packet(socket: &Socket) -> Result<Option<Vec<u8>>> {
    let mut first = [0; 4];
    if (&mut &*socket).read_exact(&mut first).is_err() {
        return Ok(None);
    }
    let mut packet = vec![0; startup::length(first)? - 4];
    Ok((&mut &*socket).read_exact(&mut packet).is_ok().then_some(packet))
}

#[cfg(test)]
mod tests {
    use super::*;
    use error::SqlState;
    use std::os::unix::net::UnixStream;
    use wire::ProtocolVersion;

    #[test]
    fn the_client_reads_why() {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let server = std::thread::spawn(move || {
            let reason = Error::new(SqlState::CANNOT_CONNECT_NOW, "the database system is starting up").fatal();
            refuse(&Socket::Unix(ours), &reason, None, Duration::from_secs(5));
        });
        let mut bytes = Vec::new();
        Startup::Ssl.write(&mut bytes);
        theirs.write_all(&bytes).unwrap();
        let mut answer = [0];
        theirs.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"N");
        bytes.clear();
        Startup::Session { version: ProtocolVersion::V3_0, parameters: vec![("user", "u")] }.write(&mut bytes);
        theirs.write_all(&bytes).unwrap();
        let mut text = Vec::new();
        theirs.read_to_end(&mut text).unwrap();
        let text = String::from_utf8_lossy(&text);
        assert!(text.starts_with('E') && text.contains("C57P03\0") && text.contains("starting up"), "{text:?}");
        server.join().unwrap();
    }

    #[test]
    fn nonsense_is_answered_and_silence_is_not_waited_for() {
        for (sent, answered) in [(&b"\xff\xff\xff\xff"[..], true), (&b"\0\0"[..], false)] {
            let (ours, mut theirs) = UnixStream::pair().unwrap();
            theirs.write_all(sent).unwrap();
            theirs.shutdown(std::net::Shutdown::Write).unwrap();
            let reason = Error::new(SqlState::CANNOT_CONNECT_NOW, "x").fatal();
            refuse(&Socket::Unix(ours), &reason, None, Duration::from_millis(200));
            let mut text = Vec::new();
            theirs.read_to_end(&mut text).unwrap();
            assert_eq!(String::from_utf8_lossy(&text).contains("08P01"), answered);
        }
    }
}
