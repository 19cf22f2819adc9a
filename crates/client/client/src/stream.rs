//! The byte stream below the protocol: a socket, plain or under TLS.
//!
//! The socket stays in blocking mode; calls that must not wait say so one by one. So the common wait for an answer is one
//! system call.

use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{RecvFlags, SendFlags, recv, send};

/// A connected socket.
pub(crate) struct Stream {
    socket: OwnedFd,
}

/// What a wait found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Readiness {
    pub readable: bool,
    pub writable: bool,
}

impl Stream {
    pub(crate) fn new(socket: OwnedFd) -> Stream {
        Stream { socket }
    }

    pub(crate) fn socket(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    /// Receives into the spare room of `to` what there is; 0 is the end. With `wait`, waits for at least one byte; else it may
    /// fail with `WouldBlock`.
    pub(crate) fn receive(&mut self, to: &mut Vec<u8>, wait: bool) -> io::Result<usize> {
        let flags = if wait { RecvFlags::empty() } else { RecvFlags::DONTWAIT };
        loop {
            match recv(&self.socket, rustix::buffer::spare_capacity(to), flags) {
                Ok((_, len)) => return Ok(len),
                Err(rustix::io::Errno::INTR) => (),
                Err(e) => return Err(e.into()),
            }
        }
    }

    /// Sends as much as goes without waiting; `WouldBlock` if nothing does.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            match send(&self.socket, bytes, SendFlags::DONTWAIT | SendFlags::NOSIGNAL) {
                Err(rustix::io::Errno::INTR) => (),
                result => return Ok(result?),
            }
        }
    }

    /// Waits until there is something to read or, with `write`, room to write. `TimedOut` at the deadline.
    pub(crate) fn wait(&self, read: bool, write: bool, deadline: Option<Instant>) -> io::Result<Readiness> {
        wait(self.socket.as_fd(), read, write, deadline)
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
        let timeout = left.map(|left| timespec(left));
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
