//! The first packet of a connection.

use error::{Error, Result, SqlState};

use crate::frame::put_untyped;
use crate::{Body, ProtocolVersion};

/// The longest first packet, in bytes.
pub const MAX_STARTUP: usize = 10_000;
/// The longest key of a cancel request, in bytes.
pub const MAX_CANCEL_KEY: usize = 256;

const CANCEL: u32 = 1234 << 16 | 5678;
const SSL: u32 = 1234 << 16 | 5679;
const GSS: u32 = 1234 << 16 | 5680;

/// What a client asks for first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Startup<'a> {
    /// A session in this version of the protocol, with these settings.
    Session {
        /// The version wanted.
        version: ProtocolVersion,
        /// Names and values, in the order sent.
        parameters: Vec<(&'a str, &'a str)>,
    },
    /// TLS: the answer is one byte, `S` or `N`.
    Ssl,
    /// GSSAPI encryption: the answer is one byte, `G` or `N`.
    Gss,
    /// Cancel what the process with this id does, if the key is its own.
    Cancel {
        /// The process's id.
        pid: i32,
        /// The key that the process gave to its client.
        key: &'a [u8],
    },
}

/// The length of the first packet, which its first four bytes hold and include.
///
/// # Errors
/// `08P01` if it cannot be one.
pub fn length(first: [u8; 4]) -> Result<usize> {
    let len = i32::from_be_bytes(first);
    if (8..=MAX_STARTUP as i32).contains(&len) {
        Ok(len as usize)
    } else {
        Err(Error::new(SqlState::PROTOCOL_VIOLATION, "invalid length of startup packet").fatal())
    }
}

fn invalid_layout() -> Error {
    Error::new(SqlState::PROTOCOL_VIOLATION, "invalid startup packet layout: expected terminator as last byte").fatal()
}

impl<'a> Startup<'a> {
    /// Reads what follows the length.
    ///
    /// # Errors
    /// `08P01` for a packet of another shape. The version is for the caller to judge.
    pub fn parse(packet: &'a [u8]) -> Result<Startup<'a>> {
        let mut body = Body::new(packet);
        match body.u32()? {
            CANCEL => {
                let pid = body.i32()?;
                let key = body.rest();
                if key.is_empty() || key.len() > MAX_CANCEL_KEY {
                    return Err(
                        Error::new(SqlState::PROTOCOL_VIOLATION, "invalid length of cancel request packet").fatal()
                    );
                }
                Ok(Startup::Cancel { pid, key })
            }
            SSL => body.end().map(|()| Startup::Ssl),
            GSS => body.end().map(|()| Startup::Gss),
            version => {
                let version = ProtocolVersion(version);
                if version.major() != 3 {
                    // Its parameters may have another shape.
                    return Ok(Startup::Session { version, parameters: Vec::new() });
                }
                let mut parameters = Vec::new();
                loop {
                    let name = body.c_str().map_err(|_| invalid_layout())?;
                    if name.is_empty() {
                        body.end().map_err(|_| invalid_layout())?;
                        return Ok(Startup::Session { version, parameters });
                    }
                    parameters.push((name, body.c_str().map_err(|_| invalid_layout())?));
                }
            }
        }
    }

    /// Appends the packet.
    pub fn write(&self, to: &mut Vec<u8>) {
        put_untyped(to, |to| match self {
            Startup::Session { version, parameters } => {
                to.extend_from_slice(&version.0.to_be_bytes());
                for (name, value) in parameters {
                    crate::frame::put_c_str(to, name);
                    crate::frame::put_c_str(to, value);
                }
                to.push(0);
            }
            Startup::Ssl => to.extend_from_slice(&SSL.to_be_bytes()),
            Startup::Gss => to.extend_from_slice(&GSS.to_be_bytes()),
            Startup::Cancel { pid, key } => {
                to.extend_from_slice(&CANCEL.to_be_bytes());
                to.extend_from_slice(&pid.to_be_bytes());
                to.extend_from_slice(key);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_round_trip() {
        for startup in [
            Startup::Session { version: ProtocolVersion::V3_2, parameters: vec![("user", "ann"), ("database", "")] },
            Startup::Session { version: ProtocolVersion::V3_0, parameters: vec![] },
            Startup::Ssl,
            Startup::Gss,
            Startup::Cancel { pid: 42, key: &[1, 2, 3, 4] },
        ] {
            let mut packet = Vec::new();
            startup.write(&mut packet);
            let (first, rest) = packet.split_first_chunk::<4>().expect("a packet has a length");
            assert_eq!(length(*first), Ok(packet.len()));
            assert_eq!(Startup::parse(rest), Ok(startup));
        }
    }

    #[test]
    fn damaged_packets_are_refused() {
        let mut packet = Vec::new();
        Startup::Session { version: ProtocolVersion::V3_0, parameters: vec![("user", "ann")] }.write(&mut packet);
        for len in 8..packet.len() - 1 {
            assert!(Startup::parse(&packet[4..len]).is_err(), "{len}");
        }
        assert!(Startup::parse(&[4, 210, 22, 46, 0, 0, 0, 1]).is_err(), "a cancel request without a key");
        assert!(length([0, 0, 0, 7]).is_err() && length([0xFF; 4]).is_err());
    }
}
