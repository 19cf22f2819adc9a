//! How sessions learn that catalog rows changed: messages in a ring in shared memory.
//!
//! A transaction's messages are collected while it writes, go into its commit record (so that a standby publishes the same), and
//! are published when it has committed, before its locks are released. Who then takes a lock on a changed relation finds
//! the message in the ring. Every session remembers how far it has read; one atomic load tells whether there is more. One that fell
//! behind by more than the ring holds forgets all that it cached.
//!
//! ```text
//!   message   = kind u32 | database u32 | what u32 | hash u32        (16 bytes)
//!   kind 1    rows: of index `what` in any row whose first key column has this hash
//!   kind 2    relation: the descriptor of `what`
//!   kind 3    built-in: the built-in rows of catalog `what` are no longer those in the program
//!   database  0: a shared catalog's, concerns all
//! ```
//!
//! # Differences from PostgreSQL
//!
//! Messages name the first key column of an index instead of whole keys of catalog caches: fewer kinds, and lists (all
//! functions of a name) need no messages of their own. There is no per-backend catch-up signal; the ring is large and idle
//! sessions start over when they wake.

use crate::catalog::Catalog;
use error::Result;
use ids::Oid;
use shm::{Layout, LwCell, One, Rank, Segment, Shm};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};

/// Messages that the ring holds.
const RING: usize = 8192;

shm::shared! {
    struct Ring {
        messages: [[u32; 4]; RING],
    }

    struct Queue {
        /// Messages published so far, ever. Written under the ring's lock.
        head: AtomicU64,
        ring: LwCell<Ring>,
    }
}

/// One message; see the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message(pub(crate) [u32; 4]);

const ROWS: u32 = 1;
const RELATION: u32 = 2;
const BUILTIN: u32 = 3;

impl Message {
    /// Bytes of a message in a commit record.
    pub const SIZE: usize = 16;

    pub(crate) fn rows(database: Oid, index: Oid, hash: u32) -> Message {
        Message([ROWS, database.0, index.0, hash])
    }

    pub(crate) fn relation(database: Oid, relation: Oid) -> Message {
        Message([RELATION, database.0, relation.0, 0])
    }

    pub(crate) fn builtin(database: Oid, catalog: Oid) -> Message {
        Message([BUILTIN, database.0, catalog.0, 0])
    }

    /// As bytes, for a log record.
    pub fn to_bytes(self) -> [u8; Self::SIZE] {
        let mut bytes = [0; Self::SIZE];
        for (to, word) in bytes.chunks_exact_mut(4).zip(self.0) {
            to.copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }

    /// The messages that a log record holds; a rest that is no whole message is left out.
    pub fn read_all(bytes: &[u8]) -> impl Iterator<Item = Message> + '_ {
        bytes.chunks_exact(Self::SIZE).map(|bytes| {
            let word =
                |k: usize| u32::from_le_bytes([bytes[4 * k], bytes[4 * k + 1], bytes[4 * k + 2], bytes[4 * k + 3]]);
            Message([word(0), word(1), word(2), word(3)])
        })
    }
}

/// A promise of the ring in the segment.
#[derive(Clone, Copy)]
pub struct InvalidationsRequest(One<Queue>);

/// The ring: a handle that every process of a server has.
#[derive(Clone, Copy)]
pub struct Invalidations(Shm<Queue>);

impl Invalidations {
    /// Asks for its part of the segment.
    pub fn layout(layout: &mut Layout) -> InvalidationsRequest {
        InvalidationsRequest(layout.one("catalog invalidations"))
    }

    /// The handle, once the segment is mapped.
    pub fn attach(segment: &Segment, request: InvalidationsRequest) -> Invalidations {
        let queue = segment.one(request.0);
        queue.ring.set_rank(Rank::NONE);
        Invalidations(queue)
    }

    /// Publishes messages: of a transaction that has just committed, or replayed on a standby.
    pub fn publish(&self, messages: impl Iterator<Item = Message>) {
        let mut ring = self.0.ring.exclusive();
        let mut head = self.0.head.load(Ordering::Relaxed);
        for message in messages {
            ring.messages[head as usize % RING] = message.0;
            head += 1;
        }
        self.0.head.store(head, Ordering::Release);
    }

    /// Where a new session starts to read.
    pub(crate) fn position(&self) -> u64 {
        self.0.head.load(Ordering::Acquire)
    }

    /// The messages since `position`, which moves on; `None` if some are lost.
    fn read(&self, position: &mut u64) -> Option<Vec<Message>> {
        let ring = self.0.ring.share();
        let head = self.0.head.load(Ordering::Relaxed);
        let from = std::mem::replace(position, head);
        if head - from > RING as u64 {
            return None;
        }
        Some((from..head).map(|at| Message(ring.messages[at as usize % RING])).collect())
    }
}

impl Catalog {
    /// Notes a message of the current transaction.
    pub(crate) fn note(&self, message: Message) -> Result<()> {
        self.transaction()?.invalidate(&message.to_bytes());
        let command = self.transaction()?.command();
        let mut own = self.own_changes();
        own.messages.push(message);
        own.applied_at = command.0;
        own.pending = true;
        drop(own);
        self.own_pending.store(true, Ordering::Relaxed);
        self.apply(message);
        Ok(())
    }

    /// Learns what other sessions, and earlier commands of this one, changed. Cheap when nothing did.
    pub(crate) fn catch_up(&self) {
        let Some(backing) = &self.backing else { return };
        let head = self.invalidations.as_ref().map_or(0, Invalidations::position);
        if head != self.read_position.load(Ordering::Relaxed) {
            self.absorb();
        }
        if self.own_pending.load(Ordering::Relaxed) {
            let mut own = self.own_changes();
            if own.applied_at != backing.transaction.command().0 {
                own.pending = false;
                self.own_pending.store(false, Ordering::Relaxed);
                let messages = own.messages.clone();
                drop(own);
                messages.into_iter().for_each(|message| self.apply(message));
            }
        }
    }

    /// Takes in what other sessions published. Called at statement starts and after relation locks were taken; the
    /// look-ups themselves call it, too.
    pub fn absorb(&self) {
        let Some(queue) = &self.invalidations else { return };
        let mut position = self.read_position.load(Ordering::Relaxed);
        match queue.read(&mut position) {
            Some(messages) => messages.into_iter().for_each(|message| self.apply(message)),
            None => {
                self.reset();
                self.read_builtin_marks();
            }
        }
        self.read_position.store(position, Ordering::Relaxed);
    }

    /// Drops what a message says is out of date.
    fn apply(&self, Message([kind, database, what, hash]): Message) {
        if database != 0 && database != self.database().0 {
            return;
        }
        match kind {
            ROWS => {
                let mut cache = self.cache();
                cache.drop_group(what, hash);
                drop(cache);
                if crate::names::affects_search_path(Oid(what)) {
                    self.session().path = None;
                }
            }
            RELATION => {
                self.cache().drop_relation(Oid(what));
            }
            BUILTIN => {
                self.set_builtin_mark(Oid(what));
                self.reset();
            }
            _ => {}
        }
    }
}

/// Tells a session's catalogs of its transactions' ends. It does not keep them alive.
pub(crate) struct Listener(Weak<Catalog>);

impl Listener {
    pub fn new(catalog: &Arc<Catalog>) -> Listener {
        Listener(Arc::downgrade(catalog))
    }
}

impl txn::Participant for Listener {
    fn committed(&self, invalidations: &[u8]) {
        let Some(catalog) = self.0.upgrade() else { return };
        if let (Some(queue), false) = (&catalog.invalidations, invalidations.is_empty()) {
            queue.publish(Message::read_all(invalidations));
        }
        catalog.forget_own_changes();
    }

    fn committed_prepared(&self, invalidations: &[u8]) {
        if let Some(catalog) = self.0.upgrade()
            && let Some(queue) = &catalog.invalidations
        {
            queue.publish(Message::read_all(invalidations));
        }
    }

    fn aborted(&self) {
        if let Some(catalog) = self.0.upgrade() {
            catalog.forget_own_changes();
        }
    }

    fn subaborted(&self, _level: u32) {
        let Some(catalog) = self.0.upgrade() else { return };
        let messages = catalog.own_changes().messages.clone();
        messages.into_iter().for_each(|message| catalog.apply(message));
    }
}

impl Catalog {
    /// At a transaction's end: what was cached of its own changes may be wrong now.
    fn forget_own_changes(&self) {
        let messages = {
            let mut own = self.own_changes();
            own.pending = false;
            own.enums.clear();
            own.labels.clear();
            std::mem::take(&mut own.messages)
        };
        self.session().temporary_used = false;
        self.own_pending.store(false, Ordering::Relaxed);
        messages.into_iter().for_each(|message| self.apply(message));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_survive_the_log() {
        let messages = [Message::rows(Oid(5), Oid(2662), 77), Message::relation(Oid(0), Oid(1260))];
        let bytes: Vec<u8> = messages.iter().flat_map(|m| m.to_bytes()).collect();
        assert_eq!(Message::read_all(&bytes).collect::<Vec<_>>(), messages);
    }

    #[test]
    fn readers_see_every_message_or_know_that_they_missed_some() {
        let mut layout = Layout::new();
        let request = Invalidations::layout(&mut layout);
        let segment = layout.map().expect("maps");
        let queue = Invalidations::attach(&segment, request);
        let message = |n: u32| Message::rows(Oid(1), Oid(n), n);
        let mut position = queue.position();
        queue.publish((0..10).map(message));
        assert_eq!(queue.read(&mut position), Some((0..10).map(message).collect()));
        assert_eq!(queue.read(&mut position), Some(vec![]));
        queue.publish((0..RING as u32).map(message));
        assert_eq!(queue.read(&mut position).map(|m| m.len()), Some(RING));
        queue.publish((0..RING as u32 + 1).map(message));
        assert_eq!(queue.read(&mut position), None);
        queue.publish((3..4).map(message));
        assert_eq!(queue.read(&mut position), Some(vec![message(3)]));
    }

    #[test]
    fn writers_and_readers_race() {
        let mut layout = Layout::new();
        let request = Invalidations::layout(&mut layout);
        let segment = layout.map().expect("maps");
        let queue = Invalidations::attach(&segment, request);
        std::thread::scope(|scope| {
            for writer in 0..2u32 {
                scope.spawn(move || {
                    for n in 0..2000u32 {
                        queue.publish([Message::rows(Oid(1), Oid(writer), n)].into_iter());
                    }
                });
            }
            scope.spawn(move || {
                let (mut position, mut next) = (0, [0u32; 2]);
                while next != [2000, 2000] {
                    for Message([_, _, writer, n]) in queue.read(&mut position).expect("4000 fit the ring") {
                        assert_eq!(n, next[writer as usize]);
                        next[writer as usize] += 1;
                    }
                }
            });
        });
    }
}
