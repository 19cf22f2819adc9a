//! Heavyweight locks: what statements hold on relations, rows, transactions and whatever else has a [`LockTag`], until
//! the end of a transaction or session, with eight modes, queues, deadlock detection and advisory locks.
//!
//! A session has one [`LockManager`]. Inside are three places where a lock can be:
//!
//! 1. the session's own list, which counts how often and for whom ([`LockOwner`], nesting level) it has each lock, so that a
//!    lock that it has already costs one look-up and no shared memory;
//! 2. the *fast path* ([`fast`]): weak locks on relations of the own database, in an array of the process's slot, taken
//!    and released with one atomic operation as long as nobody wants the relation in a strong mode;
//! 3. the shared table ([`shared`], [`queue`]), in partitions with a lock each.
//!
//! # Transactions as locks
//!
//! Every transaction can be waited for, but hardly any is. So nothing is entered when a transaction begins: who
//! wants to wait for one finds the process that runs it, enters the lock in that process's name, marks the process's slot as
//! `awaited`, and then queues for it as for any lock, so that deadlock detection sees it ([`transactions`]). A process whose
//! slot is marked releases such locks when its transaction ends.
//!
//! # Commits that are not flushed yet
//!
//! A transaction releases its locks when its commit record is in the log, before that record is on disk. Who takes such a
//! lock next must see that commit, although the common watermark has not reached it. So a releaser leaves the
//! record's LSN at the partition (and the relation's strong-lock counter), and who acquires a lock there remembers it
//! in [`LockManager::seen`], which its later snapshots reach up to.
//!
//! # Differences from PostgreSQL
//!
//! Transaction locks are entered by who waits. The fast path takes no lock. `pg_locks` looks the same.
#![forbid(unsafe_code)]

mod deadlock;
mod fast;
mod mode;
mod owners;
mod prepared;
mod queue;
mod shared;
mod status;
mod tag;
mod transactions;
mod wait;

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use error::Result;
use ids::{Lsn, Oid};
use shm::{Layout, Process, Processes, Rank, Segment};

pub use mode::{LockMode, LockModes};
pub use prepared::PreparedLock;
pub use shared::{LockConfig, LockRequest};
pub use status::LockStatus;
pub use tag::{LockKind, LockTag};

use owners::Held;
use queue::Request;
use shared::{Table, is_fast, is_strong};

/// Until when a lock is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockOwner {
    /// Until it is released, or the session ends; survives a rollback.
    Session,
    /// Until the end of the transaction, or the rollback of the subtransaction that took it.
    Transaction,
}

/// What to do when a lock is not free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockWait {
    /// Queue for it.
    Block,
    /// Answer at once that it is not free.
    Try,
}

/// How long to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LockTimeouts {
    /// How long before looking for a deadlock (`deadlock_timeout`).
    pub deadlock: Duration,
    /// How long before giving up (`lock_timeout`); zero is for ever.
    pub lock: Duration,
}

/// Told of waits that take longer than `deadlock_timeout`, while they last and when they end (`log_lock_waits`).
pub type WaitListener = Arc<dyn Fn(error::Error) + Send + Sync>;

impl Default for LockTimeouts {
    fn default() -> LockTimeouts {
        LockTimeouts { deadlock: Duration::from_secs(1), lock: Duration::ZERO }
    }
}

/// The shared lock table, before a session has its [`LockManager`] on it.
#[derive(Clone)]
pub struct LockTable {
    table: Table,
    processes: Processes,
}

impl LockTable {
    /// Asks for the table's shared memory.
    pub fn layout(layout: &mut Layout, config: LockConfig) -> LockRequest {
        Table::layout(layout, config)
    }

    /// Finds the table in the segment.
    pub fn attach(segment: &Segment, request: LockRequest, processes: Processes) -> LockTable {
        let table = Table::attach(segment, request);
        for partition in table.partitions.iter() {
            partition.lock.set_rank(Rank::LOCK_TABLE);
        }
        LockTable { table, processes }
    }

    /// The locks of a process. One per process at a time.
    pub fn session(&self, process: &Arc<Process>) -> LockManager {
        let me = process.number().0;
        let slot = &self.table.slots[me as usize];
        slot.database.store(0, Ordering::Relaxed);
        slot.awaited.store(0, Ordering::Relaxed);
        LockManager {
            table: self.table,
            processes: self.processes.clone(),
            process: Arc::clone(process),
            me,
            session: Arc::new(Session {
                held: Mutex::new(Held::default()),
                timeouts: Mutex::new(LockTimeouts::default()),
                listener: Mutex::new(None),
                seen: AtomicU64::new(0),
                level: AtomicU32::new(1),
            }),
        }
    }
}

/// One session's handle on the lock table. Cheap to clone; clones are the same session.
#[derive(Clone)]
pub struct LockManager {
    table: Table,
    processes: Processes,
    process: Arc<Process>,
    me: u32,
    session: Arc<Session>,
}

/// What the clones of a handle share.
struct Session {
    held: Mutex<Held>,
    timeouts: Mutex<LockTimeouts>,
    listener: Mutex<Option<WaitListener>>,
    seen: AtomicU64,
    /// The nesting level of transactions: 1 is the top.
    level: AtomicU32,
}

impl LockManager {
    /// Sets `deadlock_timeout` and `lock_timeout`.
    pub fn set_timeouts(&self, timeouts: LockTimeouts) {
        *lock(&self.session.timeouts) = timeouts;
    }

    /// Sets who is told of long waits; messages are of severity LOG.
    pub fn set_wait_listener(&self, listener: Option<WaitListener>) {
        *lock(&self.session.listener) = listener;
    }

    /// The session's database: weak locks on its relations take the fast path. Set once, before any lock is taken.
    pub fn set_database(&self, database: Oid) {
        self.table.slots[self.me as usize].database.store(database.0, Ordering::Relaxed);
    }

    /// Takes a lock; `Ok(false)` only when `wait` is [`LockWait::Try`] and it is not free. Taking a lock that the session
    /// holds already counts up.
    ///
    /// # Errors
    /// `40P01` deadlock, `55P03` after `lock_timeout`, `57014` and others when interrupted, `53200` when the table is full.
    pub fn acquire(&self, owner: LockOwner, tag: LockTag, mode: LockMode, wait: LockWait) -> Result<bool> {
        let level = match owner {
            LockOwner::Session => 0,
            LockOwner::Transaction => self.session.level.load(Ordering::Relaxed),
        };
        let mut held = lock(&self.session.held);
        if held.add_again(tag, mode, level) {
            return Ok(true);
        }
        let hash = tag.hash_code();
        let database = self.table.slots[self.me as usize].database.load(Ordering::Relaxed);
        if is_fast(tag, mode, database) && self.acquire_fast(tag, hash, mode) {
            held.add(tag, mode, level);
            return Ok(true);
        }
        let strong = is_strong(tag, mode);
        if strong && let Err(error) = self.begin_strong(tag, hash) {
            self.end_strong(hash, Lsn::INVALID);
            return Err(error);
        }
        match self.acquire_shared(tag, hash, mode, wait) {
            Ok(true) => {
                held.add(tag, mode, level);
                Ok(true)
            }
            other => {
                if strong {
                    self.end_strong(hash, Lsn::INVALID);
                }
                other
            }
        }
    }

    /// Takes a lock in the shared table.
    fn acquire_shared(&self, tag: LockTag, hash: u32, mode: LockMode, wait: LockWait) -> Result<bool> {
        let table = &self.table;
        let partition = &table.partitions[table.partition_of(hash)];
        let guard = partition.lock.exclusive();
        let object = table.find_or_make(tag, hash)?;
        let outcome = match table.find_or_make_holder(object, hash, self.me) {
            Err(error) => Err(error),
            Ok(holder) => match queue::request(table, object, holder, self.me, mode) {
                Request::Granted => Ok(true),
                Request::Wait(_) | Request::Deadlock { .. } if wait == LockWait::Try => Ok(false),
                Request::Deadlock { with } => Err(self.early_deadlock(tag, mode, with)),
                Request::Wait(before) => {
                    let timeouts = *lock(&self.session.timeouts);
                    queue::enqueue(table, object, self.me, mode, before, wait::now_us());
                    drop(guard);
                    self.wait_in_queue(object, tag, hash, mode, timeouts)?;
                    self.see(partition.released.load(Ordering::Acquire));
                    return Ok(true);
                }
            },
        };
        match outcome {
            Ok(true) => self.see(partition.released.load(Ordering::Acquire)),
            _ => table.clean_up(object, hash, self.me),
        }
        outcome
    }

    /// Gives back one count of a lock; `false` if it was not held so (the caller warns).
    pub fn release(&self, owner: LockOwner, tag: LockTag, mode: LockMode) -> bool {
        let mut held = lock(&self.session.held);
        let Some(last) = held.remove_one(tag, mode, owner) else { return false };
        if last {
            self.give_back(tag, mode, Lsn::INVALID);
        }
        true
    }

    /// Gives back every lock that the session holds for itself on things of this kind: `pg_advisory_unlock_all`.
    pub fn release_session_locks(&self, kind: LockKind) {
        let mut held = lock(&self.session.held);
        for (tag, mode) in held.remove_session(|tag| tag.kind() == kind) {
            self.give_back(tag, mode, Lsn::INVALID);
        }
    }

    /// Gives back a lock that the session's list does not have any more.
    fn give_back(&self, tag: LockTag, mode: LockMode, commit: Lsn) {
        let hash = tag.hash_code();
        let database = self.table.slots[self.me as usize].database.load(Ordering::Relaxed);
        if is_fast(tag, mode, database) && self.release_fast(tag, mode) {
            return;
        }
        self.release_shared(tag, hash, self.me, mode, commit);
        if is_strong(tag, mode) {
            self.end_strong(hash, commit);
        }
    }

    /// Takes the lock from `process` in the shared table, and wakes who can have it now.
    fn release_shared(&self, tag: LockTag, hash: u32, process: u32, mode: LockMode, commit: Lsn) {
        let table = &self.table;
        let partition = &table.partitions[table.partition_of(hash)];
        let _guard = partition.lock.exclusive();
        let Some(object) = table.find(tag, hash) else { return };
        if table.revoke(object, process, mode) {
            partition.released.fetch_max(commit.0, Ordering::AcqRel);
            queue::wake(table, &self.processes, object);
            table.clean_up(object, hash, process);
        }
    }

    /// Whether this session holds the lock in this or (`or_stronger`) a mode with a higher number.
    pub fn holds(&self, tag: LockTag, mode: LockMode, or_stronger: bool) -> bool {
        let held = lock(&self.session.held);
        LockMode::ALL.into_iter().any(|m| (m == mode || or_stronger && m > mode) && held.has(tag, m))
    }

    /// Begins a subtransaction: locks taken from now on belong to it.
    pub fn begin_level(&self) {
        self.session.level.fetch_add(1, Ordering::Relaxed);
    }

    /// Ends a subtransaction. Its locks become its parent's, or (`keep` false, a rollback) are given back.
    pub fn end_level(&self, keep: bool) {
        let level = self.session.level.load(Ordering::Relaxed);
        debug_assert!(level > 1, "the top level is ended by end_transaction");
        let mut held = lock(&self.session.held);
        let gone = if keep { held.merge_level(level) } else { held.remove_level(level) };
        for (tag, mode) in gone {
            self.give_back(tag, mode, Lsn::INVALID);
        }
        self.session.level.store((level - 1).max(1), Ordering::Relaxed);
    }

    /// Gives back all locks of the transaction. `commit` is the end of its commit record if that is not flushed yet.
    pub fn end_transaction(&self, commit: Lsn) {
        let mut held = lock(&self.session.held);
        for (tag, mode) in held.remove_transaction() {
            self.give_back(tag, mode, commit);
        }
        self.session.level.store(1, Ordering::Relaxed);
    }

    /// Gives back all locks, the session's too.
    pub fn end_session(&self) {
        self.end_transaction(Lsn::INVALID);
        let mut held = lock(&self.session.held);
        for (tag, mode) in held.remove_session(|_| true) {
            self.give_back(tag, mode, Lsn::INVALID);
        }
    }

    /// The latest commit that was made by a former holder of any lock this session acquired: what later snapshots
    /// must see, although it may not be flushed yet.
    pub fn seen(&self) -> Lsn {
        Lsn(self.session.seen.load(Ordering::Relaxed))
    }

    fn see(&self, commit: u64) {
        self.session.seen.fetch_max(commit, Ordering::Relaxed);
    }
}

/// The data, whether or not a thread panicked over it: every change below is complete before anything can panic.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
