//! Cuts whole messages off a receive buffer.

use error::{Error, Result, SqlState};

/// The longest message that the protocol lets either side send, in bytes (1 GiB - 1).
pub const MAX_MESSAGE: usize = 0x3FFF_FFFF;
/// The longest message of the kinds that carry no user data.
pub const MAX_SMALL_MESSAGE: usize = 10_000;
/// The longest message before the client is authenticated.
pub const MAX_UNAUTHENTICATED: usize = 65_535;

/// A message at the start of a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// What it is.
    pub kind: u8,
    /// What it says.
    pub body: &'a [u8],
    /// Bytes of the buffer that it takes.
    pub len: usize,
}

/// What a buffer begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut<'a> {
    /// A whole message.
    Whole(Frame<'a>),
    /// Part of one: the buffer has to hold this many bytes before it is worth asking again.
    Partial(usize),
}

/// Looks at the start of `buffer`, where messages may be up to `limit(kind)` bytes long.
///
/// # Errors
/// `08P01` for a length below four or above the limit: what follows cannot be understood, the connection has to end.
pub fn cut(buffer: &[u8], limit: impl Fn(u8) -> usize) -> Result<Cut<'_>> {
    let Some(&[kind, a, b, c, d]) = buffer.first_chunk::<5>() else {
        return Ok(Cut::Partial(5));
    };
    let len = i32::from_be_bytes([a, b, c, d]);
    if len < 4 || len as usize > limit(kind) {
        return Err(Error::new(SqlState::PROTOCOL_VIOLATION, "invalid message length").fatal());
    }
    let whole = 1 + len as usize;
    Ok(match buffer.get(5..whole) {
        Some(body) => Cut::Whole(Frame { kind, body, len: whole }),
        None => Cut::Partial(whole),
    })
}

/// The limit for what an authenticated client sends: long messages only of the kinds that carry user data.
pub fn client_limit(kind: u8) -> usize {
    match kind {
        b'Q' | b'F' | b'B' | b'P' | b'd' => MAX_MESSAGE,
        _ => MAX_SMALL_MESSAGE,
    }
}

/// Appends a message of this kind whose body `write` appends.
#[inline]
pub fn put(to: &mut Vec<u8>, kind: u8, write: impl FnOnce(&mut Vec<u8>)) {
    to.push(kind);
    put_untyped(to, write);
}

/// Appends a packet without a kind, as the first of a connection is.
#[inline]
pub fn put_untyped(to: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let start = to.len();
    to.extend_from_slice(&[0; 4]);
    write(to);
    end(to, start);
}

/// Begins a message that [`end`] completes; gives the place of its length.
#[inline]
pub fn begin(to: &mut Vec<u8>, kind: u8) -> usize {
    to.push(kind);
    to.extend_from_slice(&[0; 4]);
    to.len() - 4
}

/// Completes the message that [`begin`] began.
#[inline]
pub fn end(to: &mut [u8], start: usize) {
    let len = (to.len() - start) as i32;
    to[start..start + 4].copy_from_slice(&len.to_be_bytes());
}

/// Appends a string and its closing zero byte; a zero byte inside ends it.
pub fn put_c_str(to: &mut Vec<u8>, text: impl AsRef<[u8]>) {
    let bytes = text.as_ref();
    let len = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
    to.extend_from_slice(&bytes[..len]);
    to.push(0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_cut_whole() {
        let mut buffer = Vec::new();
        put(&mut buffer, b'Q', |to| put_c_str(to, "select 1"));
        let whole = buffer.len();
        buffer.extend_from_slice(b"S\0\0");
        for len in 0..whole {
            assert!(matches!(cut(&buffer[..len], client_limit), Ok(Cut::Partial(n)) if n > len && n <= whole));
        }
        let Ok(Cut::Whole(frame)) = cut(&buffer, client_limit) else { panic!("a whole message was expected") };
        assert_eq!((frame.kind, frame.body, frame.len), (b'Q', &b"select 1\0"[..], whole));
    }

    #[test]
    fn absurd_lengths_are_refused_before_anything_is_reserved() {
        for len in [-1, 0, 3, 10_001, i32::MAX] {
            let mut buffer = vec![b'S'];
            buffer.extend_from_slice(&len.to_be_bytes());
            let error = cut(&buffer, client_limit).expect_err("the length is absurd");
            assert_eq!(error.state(), SqlState::PROTOCOL_VIOLATION);
        }
    }
}
