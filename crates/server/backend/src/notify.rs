//! LISTEN and NOTIFY.
//!
//! Notifications go through a queue in shared memory, with the id of the transaction that sends them. A transaction writes its
//! own while it commits, holding a lock that no other one has meanwhile; so the queue has the order of commits. Listeners read
//! on while they are idle: entries of transactions that are committed and visible are sent to the client, those of rolled back
//! ones are passed over, and at one whose end is still open they stop, to be woken when it has come.
//!
//! ```text
//!  entry = length u32 | database u32 | xid u64 | pid u32 | channel's length u16 | channel | payload
//! ```
//!
//! # Invariants
//!
//! - Nobody who listens misses what commits after its LISTEN has: its position is set before its transaction commits.
//! - What a listener has not read is not overwritten: a NOTIFY that finds no room fails.
//! - A client hears of a notification outside of transactions only, and then sees the work of its sender.
//!
//! # Differences from PostgreSQL
//!
//! The queue is memory of a fixed size instead of files; transactions that notify are always flushed before they answer.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use batch::{Column, DatumRef};
use error::{Result, bail};
use ids::{Oid, Xid};
use locks::{LockMode, LockOwner, LockTag, LockWait};
use shm::{Interrupt, Layout, LwCell, Many, One, ProcNumber, Processes, Rank, Segment, Shm, ShmSlice};
use txn::{Participant, Transaction, XidStatus};
use types::{Context, RowSource};

use crate::block::Block;
use crate::functions::server;
use crate::session::Session;

/// Bytes of the queue. Only those that were used take memory.
const RING: usize = 16 << 20;
/// The longest payload, in bytes.
const PAYLOAD_MAX: usize = 7999;
/// The longest channel name, in bytes.
const CHANNEL_MAX: usize = 63;
/// Bytes of an entry before the channel.
const ENTRY_HEAD: usize = 22;
/// A listener of another database that is so far behind is woken to move on.
const FAR_BEHIND: u64 = RING as u64 / 4;

shm::shared! {
    struct Ring {
        bytes: [u8; RING],
    }

    struct Queue {
        /// Bytes written so far, ever. Written under the ring's lock.
        head: AtomicU64,
        ring: LwCell<Ring>,
    }
}

/// A promise of the queue in the segment.
#[derive(Clone, Copy)]
pub struct NotificationsRequest {
    queue: One<Queue>,
    listeners: Many<AtomicU64>,
}

/// The queue: a handle that every process of a server has.
#[derive(Clone, Copy)]
pub struct Notifications {
    queue: Shm<Queue>,
    /// By process: up to where it has read, and one more; zero: it does not listen.
    listeners: ShmSlice<AtomicU64>,
}

/// A notification on its way to a client.
#[derive(Debug, PartialEq, Eq)]
struct Entry {
    database: Oid,
    xid: Xid,
    pid: i32,
    channel: String,
    payload: String,
    /// Where the next one begins.
    end: u64,
}

impl Notifications {
    /// Asks for its part of the segment, with room for so many processes.
    pub fn layout(layout: &mut Layout, processes: u32) -> NotificationsRequest {
        NotificationsRequest {
            queue: layout.one("notifications"),
            listeners: layout.many("notification listeners", processes as usize),
        }
    }

    /// The handle, once the segment is mapped.
    pub fn attach(segment: &Segment, request: NotificationsRequest) -> Notifications {
        let queue = segment.one(request.queue);
        queue.ring.set_rank(Rank::NONE);
        Notifications { queue, listeners: segment.many(request.listeners) }
    }

    fn head(&self) -> u64 {
        self.queue.head.load(Ordering::Acquire)
    }

    /// The listeners' positions.
    fn positions(&self) -> impl Iterator<Item = (ProcNumber, u64)> {
        let positions = self.listeners.get_all().iter().enumerate();
        positions.filter_map(|(n, at)| Some((ProcNumber(n as u32), at.load(Ordering::Acquire).checked_sub(1)?)))
    }

    /// Up to where a process has read; none if it does not listen.
    fn position(&self, process: ProcNumber) -> Option<u64> {
        self.listeners.get(process.0 as usize)?.load(Ordering::Acquire).checked_sub(1)
    }

    fn set_position(&self, process: ProcNumber, position: Option<u64>) {
        if let Some(slot) = self.listeners.get(process.0 as usize) {
            slot.store(position.map_or(0, |at| at + 1), Ordering::Release);
        }
    }

    /// The part of the queue that has to stay, as a part of the whole.
    fn usage(&self) -> f64 {
        let head = self.head();
        let tail = self.positions().map(|(_, at)| at).min().unwrap_or(head);
        (head - tail) as f64 / RING as f64
    }

    /// Appends entries, all of them or none.
    fn write(&self, entries: &[u8]) -> Result<()> {
        let mut ring = self.queue.ring.exclusive();
        let head = self.queue.head.load(Ordering::Relaxed);
        let tail = self.positions().map(|(_, at)| at).min().unwrap_or(head);
        if entries.len() as u64 > RING as u64 - (head - tail) {
            bail!(PROGRAM_LIMIT_EXCEEDED, "too many notifications in the NOTIFY queue");
        }
        let at = head as usize % RING;
        let (first, rest) = entries.split_at(entries.len().min(RING - at));
        ring.bytes[at..at + first.len()].copy_from_slice(first);
        ring.bytes[..rest.len()].copy_from_slice(rest);
        self.queue.head.store(head + entries.len() as u64, Ordering::Release);
        Ok(())
    }

    /// The entries from a position on, of at most about a megabyte.
    fn read(&self, position: u64) -> Vec<Entry> {
        let ring = self.queue.ring.share();
        let head = self.head();
        let bytes = |at: u64, len: usize| -> Vec<u8> {
            let at = at as usize % RING;
            let first = len.min(RING - at);
            [&ring.bytes[at..at + first], &ring.bytes[..len - first]].concat()
        };
        let (mut at, mut found) = (position, Vec::new());
        while at < head && at - position < 1 << 20 {
            let fixed = bytes(at, ENTRY_HEAD);
            let u32_at = |n: usize| u32::from_le_bytes([fixed[n], fixed[n + 1], fixed[n + 2], fixed[n + 3]]);
            let length = u32_at(0) as usize;
            let text = bytes(at + ENTRY_HEAD as u64, length.saturating_sub(ENTRY_HEAD).min(RING));
            let channel = u16::from_le_bytes([fixed[20], fixed[21]]) as usize;
            let (channel, payload) = text.split_at(channel.min(text.len()));
            at += length.max(ENTRY_HEAD) as u64;
            found.push(Entry {
                database: Oid(u32_at(4)),
                xid: Xid(u32_at(8) as u64 | (u32_at(12) as u64) << 32),
                pid: u32_at(16) as i32,
                channel: String::from_utf8_lossy(channel).into_owned(),
                payload: String::from_utf8_lossy(payload).into_owned(),
                end: at,
            });
        }
        found
    }
}

fn encode(to: &mut Vec<u8>, database: Oid, xid: Xid, pid: i32, channel: &str, payload: &str) {
    to.extend_from_slice(&((ENTRY_HEAD + channel.len() + payload.len()) as u32).to_le_bytes());
    to.extend_from_slice(&database.0.to_le_bytes());
    to.extend_from_slice(&xid.0.to_le_bytes());
    to.extend_from_slice(&pid.to_le_bytes());
    to.extend_from_slice(&(channel.len() as u16).to_le_bytes());
    to.extend_from_slice(channel.as_bytes());
    to.extend_from_slice(payload.as_bytes());
}

/// What a transaction does at its commit to the channels that the session listens on.
enum Action {
    Listen(String),
    Unlisten(String),
    UnlistenAll,
}

#[derive(Default)]
struct State {
    listening: BTreeSet<String>,
    /// Notifications of the transaction: nesting level, channel, payload.
    pending: Vec<(u32, String, String)>,
    actions: Vec<(u32, Action)>,
}

/// A session's part: the channels that it listens on, and what its transaction wants.
pub(crate) struct Channels {
    queue: Notifications,
    processes: Processes,
    process: ProcNumber,
    state: Mutex<State>,
    /// The transaction that just committed has sent something.
    sent: AtomicBool,
}

impl Channels {
    pub fn new(queue: Notifications, processes: &Processes, process: ProcNumber) -> Arc<Channels> {
        Arc::new(Channels {
            queue,
            processes: processes.clone(),
            process,
            state: Mutex::default(),
            sent: AtomicBool::new(false),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// NOTIFY and `pg_notify`: the client is told when the transaction commits. A notification that the transaction sends
    /// already is sent once.
    pub fn notify(&self, transaction: &Transaction, channel: &str, payload: &str) -> Result<()> {
        if channel.is_empty() {
            bail!(INVALID_PARAMETER_VALUE, "channel name cannot be empty");
        }
        if channel.len() > CHANNEL_MAX {
            bail!(INVALID_PARAMETER_VALUE, "channel name too long");
        }
        if payload.len() > PAYLOAD_MAX {
            bail!(INVALID_PARAMETER_VALUE, "payload string too long");
        }
        let (mut state, level) = (self.state(), transaction.level());
        // Of an outer level as well: it is sent if this one is.
        if !state.pending.iter().any(|(_, c, p)| c == channel && p == payload) {
            state.pending.push((level, channel.into(), payload.into()));
        }
        Ok(())
    }

    /// LISTEN.
    pub fn listen(&self, transaction: &Transaction, channel: &str) {
        self.state().actions.push((transaction.level(), Action::Listen(channel.into())));
    }

    /// UNLISTEN: of one channel, or of all.
    pub fn unlisten(&self, transaction: &Transaction, channel: Option<&str>) {
        let action = channel.map_or(Action::UnlistenAll, |channel| Action::Unlisten(channel.into()));
        self.state().actions.push((transaction.level(), action));
    }

    /// Whether the transaction has notifications to send: its commit is to be flushed.
    pub fn will_notify(&self) -> bool {
        !self.state().pending.is_empty()
    }

    /// After a commit that others see now: wakes those who listen.
    pub fn wake_listeners(&self, database: Oid) {
        if !self.sent.swap(false, Ordering::Relaxed) {
            return;
        }
        let head = self.queue.head();
        for (number, at) in self.queue.positions().filter(|(_, at)| *at < head) {
            if self.processes.slot(number).database() == database || head - at > FAR_BEHIND {
                self.processes.interrupt(number, Interrupt::NOTIFICATION);
            }
        }
    }

    /// The session ends.
    pub fn end(&self) {
        self.queue.set_position(self.process, None);
    }

    /// What there is for the client, up to an entry whose transaction has not ended: process, channel, payload.
    fn deliver(&self, transaction: &Transaction, database: Oid, to: &mut Vec<u8>) -> Result<()> {
        let state = self.state();
        if state.listening.is_empty() {
            return Ok(());
        }
        let transactions = transaction.transactions();
        loop {
            let Some(position) = self.queue.position(self.process) else { return Ok(()) };
            let entries = self.queue.read(position);
            if entries.is_empty() {
                return Ok(());
            }
            for entry in entries {
                match transactions.status(entry.xid)? {
                    XidStatus::Running => return Ok(()),
                    XidStatus::Committed(lsn) if lsn > transactions.watermark() => return Ok(()),
                    XidStatus::Committed(_)
                        if entry.database == database && state.listening.contains(&entry.channel) =>
                    {
                        wire::backend::notification(to, entry.pid, &entry.channel, &entry.payload);
                    }
                    _ => (),
                }
                self.queue.set_position(self.process, Some(entry.end));
            }
        }
    }
}

impl Participant for Channels {
    fn before_commit(&self, transaction: &Transaction) -> Result<()> {
        let state = self.state();
        let listens = state.actions.iter().any(|(_, action)| matches!(action, Action::Listen(_)));
        if listens && state.listening.is_empty() {
            self.queue.set_position(self.process, Some(self.queue.head()));
        }
        if state.pending.is_empty() {
            return Ok(());
        }
        // The order of entries is that of commits: one notifying transaction at a time.
        let tag = LockTag::object(Oid::INVALID, Oid(1262), Oid::INVALID, 0);
        transaction.locks().acquire(LockOwner::Transaction, tag, LockMode::AccessExclusive, LockWait::Block)?;
        let (xid, database) = (transaction.top_xid()?, self.processes.slot(self.process).database());
        let mut entries = Vec::new();
        for (_, channel, payload) in &state.pending {
            encode(&mut entries, database, xid, sys::process::id(), channel, payload);
        }
        self.queue.write(&entries)?;
        self.sent.store(true, Ordering::Relaxed);
        Ok(())
    }

    fn before_prepare(&self, _: &Transaction) -> Result<()> {
        let state = self.state();
        if !state.pending.is_empty() || !state.actions.is_empty() {
            bail!(FEATURE_NOT_SUPPORTED, "cannot PREPARE a transaction that has executed LISTEN, UNLISTEN, or NOTIFY");
        }
        Ok(())
    }

    fn committed(&self, _: &[u8]) {
        let mut state = self.state();
        state.pending.clear();
        for (_, action) in std::mem::take(&mut state.actions) {
            match action {
                Action::Listen(channel) => drop(state.listening.insert(channel)),
                Action::Unlisten(channel) => drop(state.listening.remove(&channel)),
                Action::UnlistenAll => state.listening.clear(),
            }
        }
        if state.listening.is_empty() {
            self.queue.set_position(self.process, None);
        }
    }

    fn aborted(&self) {
        let mut state = self.state();
        state.pending.clear();
        state.actions.clear();
        self.sent.store(false, Ordering::Relaxed);
        if state.listening.is_empty() {
            self.queue.set_position(self.process, None);
        }
    }

    fn subcommitted(&self, level: u32) {
        let mut state = self.state();
        state.pending.iter_mut().for_each(|(at, ..)| *at = (*at).min(level - 1));
        state.actions.iter_mut().for_each(|(at, _)| *at = (*at).min(level - 1));
    }

    fn subaborted(&self, level: u32) {
        let mut state = self.state();
        state.pending.retain(|(at, ..)| *at < level);
        state.actions.retain(|(at, _)| *at < level);
    }
}

impl Session<'_> {
    /// Appends what the session listens for to the output, if it stands outside of a transaction.
    pub(crate) fn deliver_notifications(&self, to: &mut Vec<u8>) {
        if self.block.get() == Block::Idle && self.process.take(Interrupt::NOTIFICATION) {
            // An error would mean that the status of a transaction cannot be read: the log tells.
            if let Err(error) = self.channels.deliver(&self.transaction, self.catalog().database(), to) {
                self.log().write(&error, None);
            }
        }
    }
}

fn text(bytes: Option<&[u8]>) -> String {
    bytes.map(|bytes| String::from_utf8_lossy(bytes).into_owned()).unwrap_or_default()
}

/// `pg_notify`; its answer, of type void, is a number that nobody reads.
pub(crate) fn pg_notify(context: &Context<'_>, channel: Option<&[u8]>, payload: Option<&[u8]>) -> Result<i32> {
    let server = server(context)?;
    server.channels.notify(&server.transaction, &text(channel), &text(payload)).map(|()| 0)
}

/// `pg_notification_queue_usage`
pub(crate) fn queue_usage(context: &Context<'_>) -> Result<f64> {
    Ok(server(context)?.channels.queue.usage())
}

struct Listening(std::vec::IntoIter<String>);

impl RowSource for Listening {
    fn next(&mut self, columns: &mut [Column], most: usize, _: Context<'_>) -> Result<usize> {
        let mut count = 0;
        for channel in self.0.by_ref().take(most) {
            columns[0].push(DatumRef::Bytes(channel.as_bytes()));
            count += 1;
        }
        Ok(count)
    }
}

/// `pg_listening_channels`
pub(crate) fn listening_channels(_: &[DatumRef<'_>], context: Context<'_>) -> Result<Box<dyn RowSource>> {
    let channels: Vec<String> = server(&context)?.channels.state().listening.iter().cloned().collect();
    Ok(Box::new(Listening(channels.into_iter())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(processes: u32) -> Notifications {
        let mut layout = Layout::new();
        let request = Notifications::layout(&mut layout, processes);
        Notifications::attach(&layout.map().expect("memory"), request)
    }

    fn entries(count: usize, payload: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        (0..count).for_each(|n| encode(&mut bytes, Oid(5), Xid(1 << 33 | n as u64), 7, "channel", payload));
        bytes
    }

    #[test]
    fn entries_come_back_across_the_end_of_the_ring() {
        let queue = queue(2);
        let payload = "x".repeat(PAYLOAD_MAX);
        let mut position = 0;
        for _ in 0..RING / (100 * PAYLOAD_MAX) + 3 {
            queue.write(&entries(100, &payload)).expect("nobody listens");
            let read = queue.read(position);
            assert_eq!(read.len(), 100);
            assert!(read.iter().all(|entry| entry.payload == payload && entry.channel == "channel" && entry.pid == 7));
            assert_eq!(read[99].xid, Xid(1 << 33 | 99));
            position = read[99].end;
        }
        assert_eq!(position, queue.head());
    }

    #[test]
    fn what_a_listener_has_not_read_stays() {
        let queue = queue(2);
        queue.set_position(ProcNumber(1), Some(0));
        let many = entries(1000, &"y".repeat(5000));
        let mut written = 0;
        let error = loop {
            match queue.write(&many) {
                Ok(()) => written += 1,
                Err(error) => break error,
            }
        };
        assert_eq!((written, error.message()), (3, "too many notifications in the NOTIFY queue"));
        assert!(queue.usage() > 0.8);
        queue.set_position(ProcNumber(1), Some(queue.head()));
        queue.write(&many).expect("there is room again");
    }
}
