//! The client's socket, with a buffer in each direction.
//!
//! Waiting for the client is always a wait for the process's latch as well, so an interrupt ends it. Output is
//! collected until a message must be answered or the buffer is full.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

use encoding::Encoding;
use error::{Error, Result, SqlState};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags};
use shm::{Interrupt, Process, Readiness, WaitEvent};
use wire::frame::{self, Cut};

/// Bytes of a buffer that is not filled by something big.
const BUFFER: usize = 8 << 10;
/// Output is sent when there is this much of it.
const SEND_AT: usize = 32 << 10;

/// The connection to a client.
pub(crate) struct Connection {
    socket: OwnedFd,
    process: Arc<Process>,
    /// Received bytes: those from `start` to `end` are not used yet.
    input: Vec<u8>,
    start: usize,
    end: usize,
    output: Vec<u8>,
    /// The client's encoding, if it is not the server's.
    encoding: Option<Encoding>,
    /// How much of the output is in it already.
    encoded: usize,
    /// Nothing can be sent any more.
    lost: bool,
}

/// A message, copied out of the input buffer.
#[derive(Default)]
pub(crate) struct Message {
    /// What it is.
    pub kind: u8,
    /// What it says.
    pub body: Vec<u8>,
}

impl Message {
    /// Makes UTF-8 of its texts.
    pub fn decode(&mut self, encoding: Encoding) -> Result<()> {
        crate::recode::decode(self.kind, &mut self.body, encoding)
    }
}

impl Connection {
    pub fn new(socket: OwnedFd, process: &Arc<Process>) -> Connection {
        // What is flushed is wanted now, whatever the client has acknowledged. Fails on other sockets than TCP's, which is right.
        let _ = rustix::net::sockopt::set_tcp_nodelay(&socket, true);
        Connection {
            socket,
            process: Arc::clone(process),
            input: vec![0; BUFFER],
            start: 0,
            end: 0,
            output: Vec::with_capacity(BUFFER),
            encoding: None,
            encoded: 0,
            lost: false,
        }
    }

    /// Where messages to the client are appended.
    pub fn out(&mut self) -> &mut Vec<u8> {
        &mut self.output
    }

    /// From here on texts go out in this encoding.
    pub fn set_encoding(&mut self, encoding: Option<Encoding>) {
        if self.encoding != encoding {
            self.encode();
            self.encoding = encoding;
        }
    }

    /// Puts what waits to be sent into the client's encoding.
    fn encode(&mut self) {
        if let Some(encoding) = self.encoding {
            crate::recode::encode(&mut self.output, self.encoded, encoding);
        }
        self.encoded = self.output.len();
    }

    /// The socket.
    pub fn socket(&self) -> &OwnedFd {
        &self.socket
    }

    /// Sends what there is, if it is much.
    pub fn flush_if_full(&mut self) -> Result<()> {
        if self.output.len() >= SEND_AT { self.flush() } else { Ok(()) }
    }

    /// Sends what the client takes without a wait; the rest stays for later.
    pub fn flush_some(&mut self) {
        let mut sent = 0;
        while sent < self.output.len() && !self.lost {
            match rustix::net::send(&self.socket, &self.output[sent..], SendFlags::DONTWAIT | SendFlags::NOSIGNAL) {
                Ok(n) => sent += n,
                Err(Errno::INTR) => (),
                Err(Errno::AGAIN) => break,
                Err(_) => self.lost = true,
            }
        }
        self.output.drain(..sent);
    }

    /// Sends what there is.
    ///
    /// # Errors
    /// Interrupts that end the session, while the client does not take its data. A lost connection is no error here: reading finds it.
    pub fn flush(&mut self) -> Result<()> {
        if self.encoding.is_some() {
            self.encode();
        }
        let mut sent = 0;
        while sent < self.output.len() && !self.lost {
            match rustix::net::send(&self.socket, &self.output[sent..], SendFlags::DONTWAIT | SendFlags::NOSIGNAL) {
                Ok(n) => sent += n,
                Err(Errno::INTR) => (),
                Err(Errno::AGAIN) => {
                    if let Err(error) = self.wait(Readiness::Write, WaitEvent::CLIENT_CLIENT_WRITE) {
                        self.output.drain(..sent);
                        self.encoded = self.encoded.saturating_sub(sent);
                        return Err(error);
                    }
                }
                Err(_) => self.lost = true,
            }
        }
        self.output.clear();
        self.encoded = 0;
        if self.output.capacity() > 4 * SEND_AT {
            self.output = Vec::with_capacity(BUFFER);
        }
        Ok(())
    }

    /// Waits for the socket; returns early when anything else wakes the process. Raises what ends the session (and, while it
    /// writes, what ends the statement).
    fn wait(&self, readiness: Readiness, event: WaitEvent) -> Result<()> {
        self.process.latch().reset();
        if matches!(readiness, Readiness::Read) {
            // Half a message is no place to stop at: its statement fails if it needs more memory than there is.
            self.process.take(Interrupt::MEMORY);
        }
        self.process.check_interrupts()?;
        self.process.wait(&[(self.socket.as_fd(), readiness)], None, event)?;
        Ok(())
    }

    /// How many received bytes are not used yet.
    pub fn buffered(&self) -> usize {
        self.end - self.start
    }

    /// Receives more, so that `wanted` bytes can be buffered; `false` at the end of the stream. `idle` is called whenever the process
    /// was woken without data; what it appends to the output is sent.
    fn receive(
        &mut self,
        wanted: usize,
        wait_first: bool,
        idle: &mut dyn FnMut(&mut Vec<u8>) -> Result<()>,
    ) -> Result<bool> {
        if self.start > 0 && (self.start == self.end || wanted > self.input.len() - self.start) {
            self.input.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if wanted > self.input.len() {
            // Grows with what arrives, so that an announced length alone reserves nothing.
            let len = wanted.min((2 * self.input.len()).max(self.end + BUFFER));
            self.input.resize(len, 0);
        } else if self.input.len() > BUFFER && self.end < BUFFER && wanted <= BUFFER {
            self.input.truncate(BUFFER);
            self.input.shrink_to_fit();
        }
        let mut wait = wait_first;
        loop {
            if wait {
                idle(&mut self.output)?;
                if !self.output.is_empty() {
                    self.flush()?;
                }
                self.wait(Readiness::Read, WaitEvent::CLIENT_CLIENT_READ)?;
            }
            match rustix::net::recv(&self.socket, &mut self.input[self.end..], RecvFlags::DONTWAIT) {
                Ok((_, 0)) => return Ok(false),
                Ok((_, n)) => {
                    self.end += n;
                    return Ok(true);
                }
                Err(Errno::INTR) => (),
                Err(Errno::AGAIN) => wait = true,
                Err(_) => return Ok(false),
            }
        }
    }

    /// Reads exactly `len` bytes; `None` at the end of the stream.
    pub fn read_bytes(&mut self, len: usize) -> Result<Option<Vec<u8>>> {
        while self.buffered() < len {
            if !self.receive(len, false, &mut |_| Ok(()))? {
                return Ok(None);
            }
        }
        let bytes = self.input[self.start..self.start + len].to_vec();
        self.start += len;
        Ok(Some(bytes))
    }

    /// Reads the next message into `message`; `false` at the end of the stream. `idle` is called before and during the wait, when
    /// nothing has been received yet.
    ///
    /// # Errors
    /// FATAL `08P01` for a length that cannot be; those of `idle`.
    pub fn read_message(
        &mut self,
        message: &mut Message,
        limit: fn(u8) -> usize,
        idle: &mut dyn FnMut(&mut Vec<u8>) -> Result<()>,
    ) -> Result<bool> {
        loop {
            match frame::cut(&self.input[self.start..self.end], limit)? {
                Cut::Whole(frame) => {
                    message.kind = frame.kind;
                    message.body.clear();
                    if message.body.capacity() > 16 * BUFFER && frame.body.len() < BUFFER {
                        message.body.shrink_to(BUFFER);
                    }
                    message.body.extend_from_slice(frame.body);
                    self.start += frame.len;
                    return Ok(true);
                }
                Cut::Partial(needed) => {
                    let fresh = self.buffered() == 0;
                    let mut nothing = |_: &mut Vec<u8>| Ok(());
                    let idle: &mut dyn FnMut(&mut Vec<u8>) -> Result<()> = if fresh { idle } else { &mut nothing };
                    if !self.receive(needed.max(1), fresh, idle)? {
                        return Ok(false);
                    }
                }
            }
        }
    }

    /// Says goodbye to a client of whom nothing more can be expected.
    pub fn close(&mut self) {
        self.encode();
        // A client that does not take its data must not keep the process.
        if !self.lost {
            let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
            let _ = rustix::net::send(&self.socket, &self.output, flags);
        }
        self.output.clear();
        let _ = rustix::net::shutdown(&self.socket, rustix::net::Shutdown::Both);
    }
}

/// The error for a connection that ended where it must not.
pub(crate) fn lost_in_transaction() -> Error {
    Error::new(SqlState::CONNECTION_FAILURE, "unexpected EOF on client connection with an open transaction").fatal()
}

#[cfg(test)]
mod tests {
    use super::*;
    use shm::{Capacity, Interrupt, Layout, ProcessKind, Processes};
    use std::io::Write;
    use std::os::unix::net::UnixStream;

    fn process() -> (Processes, Arc<Process>) {
        let mut layout = Layout::new();
        let request = Processes::layout(&mut layout, Capacity::small(2));
        let processes = Processes::attach(&layout.map().unwrap(), request).unwrap();
        let process = Arc::new(processes.register(ProcessKind::Backend).unwrap());
        (processes, process)
    }

    #[test]
    fn messages_arrive_in_pieces_and_big() {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let (_processes, process) = process();
        let mut connection = Connection::new(ours.into(), &process);
        let big = vec![b'x'; 300_000];
        let sender = std::thread::spawn({
            let big = big.clone();
            move || {
                let mut bytes = Vec::new();
                wire::frontend::query(&mut bytes, "select 1");
                wire::frontend::copy_data(&mut bytes, &big);
                wire::frontend::sync(&mut bytes);
                for piece in bytes.chunks(1717) {
                    theirs.write_all(piece).unwrap();
                }
                theirs
            }
        });
        let mut message = Message::default();
        let mut read = |connection: &mut Connection| {
            let more = connection.read_message(&mut message, frame::client_limit, &mut |_| Ok(())).unwrap();
            more.then(|| (message.kind, message.body.clone()))
        };
        assert_eq!(read(&mut connection), Some((b'Q', b"select 1\0".to_vec())));
        assert_eq!(read(&mut connection), Some((b'd', big)));
        assert_eq!(read(&mut connection), Some((b'S', vec![])));
        drop(sender.join().unwrap());
        assert_eq!(read(&mut connection), None);
    }

    #[test]
    fn an_interrupt_ends_the_wait() {
        let (ours, _theirs) = UnixStream::pair().unwrap();
        let (processes, process) = process();
        let number = process.number();
        let mut connection = Connection::new(ours.into(), &process);
        let killer = std::thread::spawn(move || {
            std::thread::sleep(std::time::Duration::from_millis(30));
            processes.interrupt(number, Interrupt::TERMINATE);
        });
        let mut message = Message::default();
        let error = connection.read_message(&mut message, frame::client_limit, &mut |_| Ok(())).unwrap_err();
        assert_eq!(error.state(), SqlState::ADMIN_SHUTDOWN);
        killer.join().unwrap();
    }
}
