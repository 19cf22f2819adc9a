//! The byte stream below the protocol: a socket, plain or under TLS.
//!
//! The socket stays in blocking mode; calls that must not wait say so one by one. So the common wait for an answer is one
//! system call.

use std::io::{self, BufRead, ErrorKind, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{RecvFlags, SendFlags, recv, send};

use crate::TlsInfo;
use crate::tls::Tls;

/// A connected socket, and what encrypts it.
pub(crate) struct Stream {
    socket: OwnedFd,
    tls: Option<Box<Tls>>,
}

/// What a wait found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Readiness {
    pub readable: bool,
    pub writable: bool,
}

impl Stream {
    pub(crate) fn new(socket: OwnedFd) -> Stream {
        Stream { socket, tls: None }
    }

    pub(crate) fn socket(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    /// Receives into the spare room of `to` what there is; 0 is the end. With `wait`, waits for at least one byte; else it may
    /// fail with `WouldBlock`.
    #[inline]
    pub(crate) fn receive(&mut self, to: &mut Vec<u8>, wait: bool) -> io::Result<usize> {
        if self.tls.is_some() {
            return self.receive_tls(to, wait);
        }
        let flags = if wait { RecvFlags::empty() } else { RecvFlags::DONTWAIT };
        loop {
            match recv(&self.socket, rustix::buffer::spare_capacity(to), flags) {
                Ok((_, len)) => return Ok(len),
                Err(rustix::io::Errno::INTR) => (),
                Err(e) => return Err(e.into()),
            }
        }
    }

    fn receive_tls(&mut self, to: &mut Vec<u8>, wait: bool) -> io::Result<usize> {
        let Some(tls) = &mut self.tls else { return Err(ErrorKind::NotConnected.into()) };
        loop {
            let room = to.capacity() - to.len();
            let mut reader = tls.connection.reader();
            match reader.fill_buf() {
                Ok(bytes) => {
                    let len = bytes.len().min(room);
                    to.extend_from_slice(&bytes[..len]);
                    reader.consume(len);
                    return match len {
                        0 => Err(io::Error::other("SSL connection has been closed unexpectedly")),
                        len => Ok(len),
                    };
                }
                Err(e) if e.kind() == ErrorKind::WouldBlock => (),
                Err(e) if e.kind() == ErrorKind::UnexpectedEof => {
                    return Err(io::Error::other("SSL error: unexpected eof while reading"));
                }
                Err(e) => return Err(e),
            }
            let mut socket = Raw { socket: self.socket.as_fd(), wait };
            tls.connection.read_tls(&mut socket)?;
            tls.process()?;
            // Answers that TLS itself asks for, such as new keys.
            let mut socket = Raw { socket: self.socket.as_fd(), wait: false };
            while tls.connection.wants_write() {
                match tls.connection.write_tls(&mut socket) {
                    Ok(_) => (),
                    Err(e) if e.kind() == ErrorKind::WouldBlock => break,
                    Err(e) => return Err(e),
                }
            }
        }
    }

    /// Sends as much as goes without waiting; `WouldBlock` if nothing does. What TLS holds back: [`Stream::has_unsent`].
    pub(crate) fn send(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut socket = Raw { socket: self.socket.as_fd(), wait: false };
        let Some(tls) = &mut self.tls else { return socket.write(bytes) };
        let taken = tls.connection.writer().write(bytes)?;
        while tls.connection.wants_write() {
            match tls.connection.write_tls(&mut socket) {
                Ok(_) => (),
                Err(e) if e.kind() == ErrorKind::WouldBlock && taken > 0 => break,
                Err(e) => return Err(e),
            }
        }
        Ok(taken)
    }

    /// Whether something that [`Stream::send`] took is still to be sent, by sending nothing more.
    pub(crate) fn has_unsent(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.connection.wants_write())
    }

    /// Encrypts the stream from now on: does the handshake.
    pub(crate) fn encrypt(&mut self, mut tls: Tls, deadline: Option<Instant>) -> io::Result<()> {
        let result = loop {
            if tls.connection.wants_write() {
                let mut socket = Raw { socket: self.socket.as_fd(), wait: false };
                match tls.connection.write_tls(&mut socket) {
                    Ok(_) => continue,
                    Err(e) if e.kind() == ErrorKind::WouldBlock => {
                        self.wait(false, true, deadline)?;
                        continue;
                    }
                    Err(e) => return Err(e),
                }
            }
            if !tls.connection.is_handshaking() {
                break Ok(());
            }
            self.wait(true, false, deadline)?;
            let mut socket = Raw { socket: self.socket.as_fd(), wait: false };
            match tls.connection.read_tls(&mut socket) {
                Ok(0) => break Err(io::Error::other("SSL error: unexpected eof while reading")),
                Ok(_) => (),
                Err(e) if e.kind() == ErrorKind::WouldBlock => continue,
                Err(e) => break Err(e),
            }
            if let Err(e) = tls.process() {
                break Err(e);
            }
        };
        // The server shall hear why.
        let mut socket = Raw { socket: self.socket.as_fd(), wait: false };
        while tls.connection.wants_write() && tls.connection.write_tls(&mut socket).is_ok() {}
        self.tls = Some(Box::new(tls));
        result
    }

    /// Waits until there is something to read or, with `write`, room to write. `TimedOut` at the deadline.
    pub(crate) fn wait(&self, read: bool, write: bool, deadline: Option<Instant>) -> io::Result<Readiness> {
        wait(self.socket.as_fd(), read, write, deadline)
    }

    pub(crate) fn tls(&self) -> Option<&Tls> {
        self.tls.as_deref()
    }

    pub(crate) fn is_encrypted(&self) -> bool {
        self.tls.is_some()
    }

    pub(crate) fn tls_info(&self) -> Option<TlsInfo> {
        self.tls.as_ref().map(|tls| tls.info())
    }

    /// The hash of the server's certificate that binds an authentication to it.
    ///
    /// # Errors
    /// The text to show, if there is none.
    pub(crate) fn end_point_hash(&self) -> Result<Vec<u8>, String> {
        match &self.tls {
            Some(tls) => tls.end_point_hash(),
            None => Err("channel binding required, but SSL not in use".into()),
        }
    }

    /// Whether the server asked for a certificate.
    pub(crate) fn certificate_requested(&self) -> Option<bool> {
        self.tls.as_ref().map(|tls| tls.certificate_requested())
    }

    /// Whether it got one.
    pub(crate) fn certificate_sent(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| tls.certificate_sent())
    }

    /// Says good-bye on the level of TLS.
    pub(crate) fn close(&mut self) {
        if let Some(tls) = &mut self.tls {
            tls.connection.send_close_notify();
            let mut socket = Raw { socket: self.socket.as_fd(), wait: false };
            let _ = tls.connection.write_tls(&mut socket);
        }
    }
}

/// The socket as TLS sees it.
struct Raw<'a> {
    socket: BorrowedFd<'a>,
    wait: bool,
}

impl Read for Raw<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let flags = if self.wait { RecvFlags::empty() } else { RecvFlags::DONTWAIT };
        loop {
            match recv(self.socket, &mut *buffer, flags) {
                Err(rustix::io::Errno::INTR) => (),
                result => return Ok(result?.1),
            }
        }
    }
}

impl Write for Raw<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            match send(self.socket, bytes, SendFlags::DONTWAIT | SendFlags::NOSIGNAL) {
                Err(rustix::io::Errno::INTR) => (),
                result => return Ok(result?),
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Waits for a socket; `TimedOut` at the deadline.
pub(crate) fn wait(
    socket: BorrowedFd<'_>,
    read: bool,
    write: bool,
    deadline: Option<Instant>,
) -> io::Result<Readiness> {
    let mut flags = PollFlags::empty();
    flags.set(PollFlags::IN, read);
    flags.set(PollFlags::OUT, write);
    loop {
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let timeout = left.map(timespec);
        let mut fds = [PollFd::from_borrowed_fd(socket, flags)];
        match poll(&mut fds, timeout.as_ref()) {
            Ok(0) => return Err(ErrorKind::TimedOut.into()),
            Ok(_) => {
                let found = fds[0].revents();
                let broken = found.intersects(PollFlags::ERR | PollFlags::HUP | PollFlags::NVAL);
                return Ok(Readiness {
                    readable: found.contains(PollFlags::IN) || broken,
                    writable: found.contains(PollFlags::OUT) || broken,
                });
            }
            Err(rustix::io::Errno::INTR) => (),
            Err(e) => return Err(e.into()),
        }
    }
}

fn timespec(duration: Duration) -> Timespec {
    Timespec { tv_sec: duration.as_secs() as i64, tv_nsec: duration.subsec_nanos() as i64 }
}
