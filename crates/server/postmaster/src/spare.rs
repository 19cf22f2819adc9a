//! Spare backends: processes that have served a client and wait for the next one.
//!
//! Making a process costs more than a short session does: page tables are copied and torn down, memory is touched anew, and
//! every file descriptor is duplicated and closed. So a backend whose session has ended gives its slot back, forgets the
//! session (which is a value, not a set of globals), and sleeps here. The postmaster, which still accepts every connection
//! itself, hands the next socket to one of them; it forks only when there is none.
//!
//! ```text
//!  postmaster ── claim one (count - 1), send socket ──► channel ──► whichever spare wakes: session
//!        session over: count + 1, sleep on the channel ◄──────────────────────────┘
//! ```
//!
//! # Invariants
//!
//! - The count is the number of sleepers less the sockets under way to them. So a socket that was sent always finds a
//!   sleeper: a spare that wants to leave must take itself off the count first, and stays if the last place is claimed.
//! - A spare holds no slot of the process table, no lock, no open file of the database, and no trace of its last session.
//! - A channel belongs to one generation of settings. On reload, shutdown or a crash the postmaster closes its end; what it
//!   has sent is still served, then the spares see the end of the stream and exit.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::net::TcpStream;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, SocketFlags, SocketType,
};
use shm::Shm;

use crate::server::Socket;

/// As many processes wait at most.
const SPARES_MAX: u64 = 16;
/// A spare that nobody needs for so long ends.
const PATIENCE: Duration = Duration::from_secs(60);
/// What a spare may have grown by since it was forked, in pages of memory (16 MiB): one that holds more ends instead.
const GROWTH_PAGES_MAX: u64 = 4096;

/// The spares of a server, as postmaster and backends see them.
pub(crate) struct Spares {
    /// The postmaster's end; none in a child, and when no more sockets come.
    sender: Option<OwnedFd>,
    receiver: Option<OwnedFd>,
    /// The generation (high half) and the count (low half).
    shared: Shm<AtomicU64>,
    generation: u64,
}

impl Spares {
    /// None yet; `shared` is zero at first.
    pub fn new(shared: Shm<AtomicU64>) -> Spares {
        let mut spares = Spares { sender: None, receiver: None, shared, generation: 0 };
        spares.renew();
        spares
    }

    /// Lets the present spares go, and begins a new generation. Without file descriptors to spare there are no spares.
    pub fn renew(&mut self) {
        self.generation = (self.generation + 1) & 0xFFFF_FFFF;
        self.shared.store(self.generation << 32, Ordering::SeqCst);
        let pair = rustix::net::socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None);
        let (sender, receiver) = pair.ok().filter(|(_, receiver)| limit_wait(receiver)).unzip();
        (self.sender, self.receiver) = (sender, receiver);
    }

    /// Lets the spares go for good.
    pub fn close(&mut self) {
        (self.sender, self.receiver) = (None, None);
    }

    /// In a child: the other end is the postmaster's.
    pub fn forked(&mut self) {
        self.sender = None;
    }

    /// Adds to the count what `change` says, unless it says no or the generation is another.
    fn count(&self, change: impl Fn(u64) -> Option<u64>) -> bool {
        let update = |word: u64| {
            (word >> 32 == self.generation).then(|| change(word & 0xFFFF_FFFF)).flatten().map(|n| word >> 32 << 32 | n)
        };
        self.shared.fetch_update(Ordering::SeqCst, Ordering::SeqCst, update).is_ok()
    }

    /// Hands a client to a spare; false if there is none.
    pub fn hand_over(&self, socket: &Socket) -> bool {
        let Some(sender) = &self.sender else { return false };
        if !self.count(|n| n.checked_sub(1)) {
            return false;
        }
        let kind = [matches!(socket, Socket::Tcp(_)) as u8];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        let descriptors = [socket.as_fd()];
        control.push(SendAncillaryMessage::ScmRights(&descriptors));
        let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
        let sent = rustix::net::sendmsg(sender, &[IoSlice::new(&kind)], &mut control, flags).is_ok();
        if !sent {
            self.count(|n| Some(n + 1));
        }
        sent
    }

    /// In a backend whose session is over: waits for the next client. `None`: the process is not needed any more.
    pub fn wait(&self) -> Option<Socket> {
        let receiver = self.receiver.as_ref()?;
        if !self.count(|n| (n < SPARES_MAX).then_some(n + 1)) {
            return None;
        }
        loop {
            let leave = match receive(receiver) {
                Ok(next) => return next,
                Err(Errno::INTR) => shm::terminated(),
                Err(_) => true,
            };
            if leave && self.count(|n| n.checked_sub(1)) {
                return None;
            }
        }
    }
}

/// The next socket from the channel; `None` at its end.
fn receive(receiver: &OwnedFd) -> Result<Option<Socket>, Errno> {
    let (mut kind, mut space) = ([0u8], [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))]);
    let mut control = RecvAncillaryBuffer::new(&mut space);
    rustix::net::recvmsg(receiver, &mut [IoSliceMut::new(&mut kind)], &mut control, RecvFlags::CMSG_CLOEXEC)?;
    let descriptor = control.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut descriptors) => descriptors.next(),
        _ => None,
    });
    Ok(descriptor.map(|fd| match kind {
        [0] => Socket::Unix(UnixStream::from(fd)),
        _ => Socket::Tcp(TcpStream::from(fd)),
    }))
}

fn limit_wait(receiver: &OwnedFd) -> bool {
    rustix::net::sockopt::set_socket_timeout(receiver, rustix::net::sockopt::Timeout::Recv, Some(PATIENCE)).is_ok()
}

/// Measures whether a process has grown since.
pub(crate) struct Growth(u64);

impl Growth {
    /// From now on.
    pub fn begin() -> Growth {
        Growth(own_pages().unwrap_or(0))
    }

    /// Whether it holds much more memory of its own than it began with.
    pub fn is_big(&self) -> bool {
        own_pages().map_or(true, |pages| pages > self.0 + GROWTH_PAGES_MAX)
    }
}

/// Pages of memory that are not shared with files or other mappings.
fn own_pages() -> io::Result<u64> {
    let text = std::fs::read_to_string("/proc/self/statm")?;
    let mut numbers = text.split(' ').skip(1).map(|n| n.parse::<u64>().unwrap_or(0));
    let (resident, shared) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    Ok(resident.saturating_sub(shared))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};

    fn spares() -> Spares {
        let mut layout = shm::Layout::new();
        let request = layout.one::<AtomicU64>("spares");
        Spares::new(layout.map().unwrap().one(request))
    }

    #[test]
    fn sockets_go_to_those_who_wait() {
        let mut spares = spares();
        let (ours, theirs) = UnixStream::pair().unwrap();
        let theirs = Socket::Unix(theirs);
        assert!(!spares.hand_over(&theirs), "nobody waits yet");
        let mut child = Spares { sender: None, receiver: None, shared: spares.shared, generation: spares.generation };
        child.receiver = Some(spares.receiver.as_ref().unwrap().try_clone().unwrap());
        let spare = std::thread::spawn(move || {
            let socket = child.wait().expect("a client");
            (&mut &socket).write_all(b"served").unwrap();
            drop(socket);
            child.wait().is_none()
        });
        while !spares.hand_over(&theirs) {
            std::thread::yield_now();
        }
        drop(theirs);
        let mut text = String::new();
        (&ours).read_to_string(&mut text).unwrap();
        assert_eq!(text, "served");
        spares.renew();
        assert!(spare.join().unwrap(), "the old generation ends");
        assert_eq!(spares.shared.load(Ordering::SeqCst) & 0xFFFF_FFFF, 0, "it does not count in the new one");
    }

    #[test]
    fn a_spare_stays_while_a_client_is_under_way() {
        let spares = spares();
        assert!(spares.count(|n| Some(n + 1)));
        let (_ours, theirs) = UnixStream::pair().unwrap();
        assert!(spares.hand_over(&Socket::Unix(theirs)));
        assert!(!spares.count(|n| n.checked_sub(1)), "it is claimed");
        assert!(receive(spares.receiver.as_ref().unwrap()).unwrap().is_some());
    }
}
