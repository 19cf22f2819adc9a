//! The receive buffer: whole messages are cut from its front while it is filled at its end.

use std::io;
use std::time::Instant;

use wire::frame::{Cut, cut};

use crate::stream::Stream;

/// Its usual size in bytes: what one system call can bring.
const USUAL: usize = 128 * 1024;
/// Room for this many bytes is made at least before each read.
const LEAST: usize = 16 * 1024;

/// Bytes received and not yet used: `bytes[start..]`.
#[derive(Default)]
pub(crate) struct Input {
    bytes: Vec<u8>,
    start: usize,
}

/// A message in the buffer, by place, so that it can be used while the rest of the connection is changed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Message {
    pub kind: u8,
    from: usize,
    to: usize,
}

/// A length that no message of this kind can have.
#[derive(Debug)]
pub(crate) struct LostSync {
    pub kind: u8,
    pub len: i32,
}

/// Kinds whose messages may be long. Others that claim to be longer than [`SHORT`] show that the stream has lost its sense.
fn may_be_long(kind: u8) -> bool {
    matches!(kind, b'T' | b'D' | b'd' | b'V' | b'E' | b'N' | b'A' | b't' | b'G' | b'H' | b'W')
}

const SHORT: usize = 30_000;

impl Input {
    /// The next whole message, or how many bytes it takes to have one.
    #[inline]
    pub(crate) fn next(&self) -> Result<Result<Message, usize>, LostSync> {
        let unread = &self.bytes[self.start..];
        let limit = |kind| if may_be_long(kind) { wire::frame::MAX_MESSAGE } else { SHORT };
        match cut(unread, limit) {
            Ok(Cut::Whole(frame)) => {
                Ok(Ok(Message { kind: frame.kind, from: self.start + 5, to: self.start + frame.len }))
            }
            Ok(Cut::Partial(len)) => Ok(Err(len)),
            Err(_) => {
                let len = [unread[1], unread[2], unread[3], unread[4]];
                Err(LostSync { kind: unread[0], len: i32::from_be_bytes(len) })
            }
        }
    }

    #[inline]
    pub(crate) fn body(&self, message: Message) -> &[u8] {
        &self.bytes[message.from..message.to]
    }

    /// The message is used.
    #[inline]
    pub(crate) fn consume(&mut self, message: Message) {
        self.start = message.to;
    }

    /// Kind and length (of the body and itself) of the next message, as far as they are there.
    pub(crate) fn header(&self) -> Option<(u8, usize)> {
        let &[kind, a, b, c, d] = self.bytes[self.start..].first_chunk::<5>()?;
        Some((kind, u32::from_be_bytes([a, b, c, d]) as usize))
    }

    /// Bytes not yet used.
    pub(crate) fn unread(&self) -> usize {
        self.bytes.len() - self.start
    }

    /// Takes one byte, as the answers to requests for encryption are.
    pub(crate) fn take_byte(&mut self) -> Option<u8> {
        let byte = self.bytes.get(self.start).copied()?;
        self.start += 1;
        Some(byte)
    }

    /// Receives more, into the buffer directly. The buffer grows step by step as bytes arrive, never at once to what a message
    /// claims to be long.
    ///
    /// # Errors
    /// Those of the socket; `OutOfMemory` if the buffer cannot grow.
    pub(crate) fn receive(&mut self, stream: &mut Stream, wait: bool) -> io::Result<usize> {
        if self.start == self.bytes.len() {
            self.bytes.clear();
            self.start = 0;
            if self.bytes.capacity() > 8 * USUAL {
                self.bytes = Vec::new();
            }
        }
        if self.bytes.capacity() == 0 {
            self.bytes.reserve_exact(USUAL);
        }
        if self.bytes.capacity() - self.bytes.len() < LEAST {
            if self.start > self.bytes.len() / 2 {
                let unread = self.unread();
                self.bytes.copy_within(self.start.., 0);
                self.bytes.truncate(unread);
                self.start = 0;
            } else {
                let more = self.bytes.capacity();
                self.bytes.try_reserve(more).map_err(|_| io::ErrorKind::OutOfMemory)?;
            }
        }
        stream.receive(&mut self.bytes, wait)
    }

    /// Receives more, waiting until the deadline at most.
    ///
    /// # Errors
    /// As [`Input::receive`]; `TimedOut`.
    pub(crate) fn receive_by(&mut self, stream: &mut Stream, deadline: Option<Instant>) -> io::Result<usize> {
        loop {
            match self.receive(stream, deadline.is_none()) {
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
                    stream.wait(true, false, deadline)?;
                }
                result => return result,
            }
        }
    }
}
