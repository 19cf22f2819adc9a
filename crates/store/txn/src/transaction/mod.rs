//! A session's current transaction: ids, savepoints, commands, snapshots, and its end.
//!
//! # The life of a transaction
//!
//! [`Transaction::begin`] takes nothing from shared memory but a count. An id is assigned when the first row is written
//! ([`Transaction::xid`]). [`Transaction::savepoint`] opens a level, which gets an id of its own when it writes. At the end:
//!
//! ```text
//!  commit                                            abort
//!  participants may still write                      status of all ids: ABORTED
//!  status of all ids: COMMITTING                     abort record (not flushed)
//!  commit record ──► its LSN
//!  status of all ids: that LSN
//!  [flush, if caches must be invalidated or files go]
//!  participants publish                              participants forget
//!  locks released                                    locks released
//!  flush
//!  the id ends: visible to all                       the id ends
//!  files of dropped relations removed                files of created relations removed
//! ```
//!
//! Locks are released before the flush, so that the next in a queue works while the disk does. What such a successor sees is
//! not durable yet; but its own commit comes later in the log and waits for its flush, and a transaction that only read
//! flushes up to what it depends on ([`Transaction::depend_on`]) before it ends. A commit with invalidations flushes first, so
//! that who reloads a cache finds the new rows visible.
//!
//! # Failure
//!
//! When a statement fails, [`Transaction::fail`] rolls back the innermost level at once, and gives back its locks; the level itself stays
//! until `ROLLBACK` or `ROLLBACK TO` removes it. Whether further statements are refused is the session's matter.

mod participant;
mod savepoint;
mod shared;
mod two_phase;

pub use self::participant::Participant;

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use error::{Error, Result, bail};
use ids::{CommandId, Lsn, MultiXactId, Oid, RelFileLocator, Xid};
use locks::{LockManager, LockWait};
use shm::Process;
use stats::Pending;
use storage::Storage;

use self::shared::now_us;
use crate::multixact::MultiXactMember;
use crate::record::EndRecord;
use crate::serializable::Reader;
use crate::snapshot::{ActiveSnapshot, CombinedCommands, Snapshot};
use crate::status::XidStatus;
use crate::transactions::Transactions;

/// Isolation levels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Isolation {
    /// Treated as Read Committed.
    ReadUncommitted,
    /// Each statement sees what was committed when it began.
    #[default]
    ReadCommitted,
    /// All statements see what was committed when the first began.
    RepeatableRead,
    /// As if one after the other.
    Serializable,
}

impl Isolation {
    /// The words of SQL.
    pub const fn name(self) -> &'static str {
        match self {
            Isolation::ReadUncommitted => "read uncommitted",
            Isolation::ReadCommitted => "read committed",
            Isolation::RepeatableRead => "repeatable read",
            Isolation::Serializable => "serializable",
        }
    }

    /// Whether all statements share one snapshot.
    pub const fn has_one_snapshot(self) -> bool {
        matches!(self, Isolation::RepeatableRead | Isolation::Serializable)
    }
}

/// A transaction or subtransaction.
#[derive(Default)]
struct Level {
    /// Of a savepoint.
    name: Option<String>,
    xid: Option<Xid>,
    /// Ids of ended subtransactions that share this level's fate.
    committed: Vec<Xid>,
    drop_at_commit: Vec<RelFileLocator>,
    drop_at_abort: Vec<RelFileLocator>,
    invalidations: Vec<u8>,
    /// Rolled back already, waiting to be removed.
    failed: bool,
}

impl Level {
    fn ids(&self) -> impl Iterator<Item = Xid> + '_ {
        self.xid.into_iter().chain(self.committed.iter().copied())
    }
}

/// What changes under one mutex.
#[derive(Default)]
struct Inner {
    /// Open levels, outermost first; empty outside of a transaction.
    levels: Vec<Level>,
    isolation: Isolation,
    /// The one snapshot of Repeatable Read, without command and own ids.
    fixed: Option<Fixed>,
    /// A serializable transaction's part in what is watched.
    serializable: Option<Arc<Reader>>,
    /// What it declared before its first snapshot: to write nothing, and to wait for a safe snapshot.
    read_only: bool,
    deferrable: bool,
    /// A snapshot was taken for a statement.
    has_queried: bool,
    /// Living subtransactions' ids, sorted, until the set changes.
    subtransactions: Option<Option<Arc<[Xid]>>>,
    start_us: i64,
}

#[derive(Clone, Copy)]
struct Fixed {
    visible: Lsn,
    xmin: Xid,
    xmax: Xid,
    published: Xid,
}

/// What the session's handle and its snapshots share.
pub(crate) struct Core {
    transactions: Transactions,
    storage: Storage,
    locks: LockManager,
    process: Arc<Process>,
    me: u32,
    participants: RwLock<Vec<Arc<dyn Participant>>>,
    /// The top-level id; zero: none.
    top: AtomicU64,
    /// The innermost level's id; zero: none.
    current: AtomicU64,
    command: AtomicU32,
    /// The highest number that a command had: above `command` while a statement goes on in which others have run.
    last_command: AtomicU32,
    /// Whether the current command's number stands in a row.
    command_is_used: AtomicBool,
    virtual_count: AtomicU32,
    /// Whether it is a serializable transaction that is watched.
    is_watched: AtomicBool,
    /// The session's database, for commit records.
    database: AtomicU32,
    /// The end of the session's last commit record: its later snapshots see at least that.
    last_commit: AtomicU64,
    /// The latest commit of others that this session's work rests on.
    depends_on: AtomicU64,
    inner: Mutex<Inner>,
    /// Published bounds of living snapshots, with counts.
    published: Mutex<Vec<(Xid, u32)>>,
    combined: Arc<CombinedCommands>,
    statistics: Arc<Pending>,
}

/// A session's current transaction, reused for one after the other. All methods take `&self`, and it is `Send + Sync`: worker
/// threads share it through an `Arc`. Beginning and ending is the session's own thread's.
pub struct Transaction {
    core: Arc<Core>,
}

impl Transaction {
    /// The session's handle; no transaction runs.
    pub fn new(
        transactions: &Transactions,
        storage: &Storage,
        locks: &LockManager,
        process: &Arc<Process>,
        statistics: Pending,
    ) -> Self {
        Transaction {
            core: Arc::new(Core {
                transactions: transactions.clone(),
                storage: *storage,
                locks: locks.clone(),
                process: Arc::clone(process),
                me: process.number().0,
                participants: RwLock::default(),
                top: AtomicU64::new(0),
                current: AtomicU64::new(0),
                command: AtomicU32::new(0),
                last_command: AtomicU32::new(0),
                command_is_used: AtomicBool::new(false),
                virtual_count: AtomicU32::new(0),
                is_watched: AtomicBool::new(false),
                database: AtomicU32::new(0),
                last_commit: AtomicU64::new(0),
                depends_on: AtomicU64::new(0),
                inner: Mutex::default(),
                published: Mutex::default(),
                combined: Arc::default(),
                statistics: Arc::new(statistics),
            }),
        }
    }

    /// Has `participant` called at the ends of all later transactions.
    pub fn register(&self, participant: Arc<dyn Participant>) {
        self.core.participants.write().unwrap_or_else(PoisonError::into_inner).push(participant);
    }

    /// The session's database, which commit records tell.
    pub fn set_database(&self, database: Oid) {
        self.core.database.store(database.0, Ordering::Relaxed);
        self.core.locks.set_database(database);
        self.core.statistics.set_database(database);
    }

    /// What the session counted and has not reported yet.
    #[inline]
    pub fn statistics(&self) -> &Arc<Pending> {
        &self.core.statistics
    }

    /// The handle it was made from.
    pub fn transactions(&self) -> &Transactions {
        &self.core.transactions
    }

    /// The session's locks.
    pub fn locks(&self) -> &LockManager {
        &self.core.locks
    }

    /// The session's process.
    pub fn process(&self) -> &Arc<Process> {
        &self.core.process
    }

    // --- Beginning ------------------------------------------------------------------------------------------------

    /// Begins a transaction.
    ///
    /// # Errors
    /// `XX000` if one runs.
    pub fn begin(&self, isolation: Isolation) -> Result<()> {
        let core = &*self.core;
        let mut inner = core.lock();
        if !inner.levels.is_empty() {
            return Err(Error::internal("a transaction is running already"));
        }
        inner.levels.push(Level::default());
        inner.isolation = isolation;
        (inner.read_only, inner.deferrable, inner.has_queried) = (false, false, false);
        inner.start_us = now_us();
        core.command.store(0, Ordering::Relaxed);
        core.last_command.store(0, Ordering::Relaxed);
        core.command_is_used.store(false, Ordering::Relaxed);
        let count = core.virtual_count.load(Ordering::Relaxed) % u32::MAX + 1;
        core.virtual_count.store(count, Ordering::Relaxed);
        core.locks.publish_virtual_transaction(count);
        Ok(())
    }

    /// Whether a transaction runs (or has failed in a subtransaction).
    pub fn is_running(&self) -> bool {
        !self.core.lock().levels.is_empty()
    }

    /// Changes the isolation level, before the first snapshot was taken.
    ///
    /// # Errors
    /// `25001` after the first snapshot.
    pub fn set_isolation(&self, isolation: Isolation) -> Result<()> {
        let mut inner = self.core.lock();
        if inner.isolation == isolation {
            return Ok(());
        }
        if inner.levels.len() > 1 {
            bail!(ACTIVE_SQL_TRANSACTION, "SET TRANSACTION ISOLATION LEVEL must not be called in a subtransaction");
        }
        if inner.has_queried || self.core.command.load(Ordering::Relaxed) > 0 {
            bail!(ACTIVE_SQL_TRANSACTION, "SET TRANSACTION ISOLATION LEVEL must be called before any query");
        }
        inner.isolation = isolation;
        Ok(())
    }

    /// Whether a file was made in the innermost subtransaction.
    pub fn made_file(&self, locator: RelFileLocator) -> bool {
        self.core.lock().levels.last().is_some_and(|level| level.drop_at_abort.contains(&locator))
    }

    /// Whether the transaction has taken a snapshot, or changed something.
    pub fn has_queried(&self) -> bool {
        self.core.lock().has_queried || self.core.command.load(Ordering::Relaxed) > 0
    }

    /// Whether the transaction is declared to write nothing, and, if so and serializable, to wait for a safe snapshot. Of consequence
    /// before the first snapshot.
    pub fn declare(&self, read_only: bool, deferrable: bool) {
        let mut inner = self.core.lock();
        (inner.read_only, inner.deferrable) = (read_only, deferrable);
    }

    /// A serializable transaction's part in what is watched; none if it needs no watching (yet).
    #[inline]
    pub fn serializable(&self) -> Option<Arc<Reader>> {
        match self.core.is_watched.load(Ordering::Relaxed) {
            true => self.core.lock().serializable.clone(),
            false => None,
        }
    }

    /// The isolation level.
    pub fn isolation(&self) -> Isolation {
        self.core.lock().isolation
    }

    /// When the transaction began, in microseconds of the Unix epoch.
    pub fn start_us(&self) -> i64 {
        self.core.lock().start_us
    }

    /// The second half of the virtual transaction id; the first is the process's number.
    pub fn virtual_count(&self) -> u32 {
        self.core.virtual_count.load(Ordering::Relaxed)
    }

    // --- Ids ------------------------------------------------------------------------------------------------------

    /// The id of the current (sub)transaction, assigned now if it has none. One load when it has.
    ///
    /// # Errors
    /// `XX000` outside of a transaction; those of logging the id.
    pub fn xid(&self) -> Result<Xid> {
        match self.core.current.load(Ordering::Relaxed) {
            0 => self.core.assign(),
            xid => Ok(Xid(xid)),
        }
    }

    /// The id of the current (sub)transaction, if it has one.
    pub fn xid_if_assigned(&self) -> Option<Xid> {
        let xid = Xid(self.core.current.load(Ordering::Relaxed));
        xid.is_valid().then_some(xid)
    }

    /// The id of the top-level transaction, assigned now if it has none.
    ///
    /// # Errors
    /// As [`Transaction::xid`].
    pub fn top_xid(&self) -> Result<Xid> {
        self.xid()?;
        Ok(Xid(self.core.top.load(Ordering::Relaxed)))
    }

    /// The id of the top-level transaction, if it has one.
    pub fn top_xid_if_assigned(&self) -> Option<Xid> {
        let xid = Xid(self.core.top.load(Ordering::Relaxed));
        xid.is_valid().then_some(xid)
    }

    /// Whether `xid` is this transaction or a living subtransaction of it.
    pub fn is_own(&self, xid: Xid) -> bool {
        let top = self.core.top.load(Ordering::Relaxed);
        if top == 0 || xid.0 <= top {
            return top != 0 && xid.0 == top;
        }
        self.core.own_ids().1.is_some_and(|subs| subs.binary_search(&xid).is_ok())
    }

    // --- Commands -------------------------------------------------------------------------------------------------

    /// The current command's number.
    pub fn command(&self) -> CommandId {
        CommandId(self.core.command.load(Ordering::Relaxed))
    }

    /// The current command's number, to be written into a row: so the next command gets another.
    pub fn command_for_write(&self) -> CommandId {
        self.core.command_is_used.store(true, Ordering::Relaxed);
        self.command()
    }

    /// Starts the next command: later snapshots see what was written so far. Does nothing if nothing was.
    ///
    /// # Errors
    /// `54000` after 2^32-2 commands.
    pub fn next_command(&self) -> Result<()> {
        if self.core.command_is_used.swap(false, Ordering::Relaxed) {
            let command = self.core.last_command.load(Ordering::Relaxed);
            if command >= u32::MAX - 1 {
                bail!(PROGRAM_LIMIT_EXCEEDED, "cannot have more than 2^32-2 commands in a transaction");
            }
            self.core.last_command.store(command + 1, Ordering::Relaxed);
            self.core.command.store(command + 1, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Goes back to the command of a statement inside of which others have run. What follows gets a number above all of theirs.
    pub fn resume_command(&self, command: CommandId) {
        if self.core.command.swap(command.0, Ordering::Relaxed) != command.0 {
            self.core.command_is_used.store(true, Ordering::Relaxed);
        }
    }

    /// One number for a row version's inserting and deleting command when both are the own transaction's.
    pub fn combine_commands(&self, inserting: CommandId, deleting: CommandId) -> CommandId {
        self.core.combined.combine(inserting, deleting)
    }

    /// The inverse of [`Transaction::combine_commands`].
    pub fn commands(&self, combined: CommandId) -> (CommandId, CommandId) {
        self.core.combined.get(combined)
    }

    // --- Snapshots ------------------------------------------------------------------------------------------------

    /// A snapshot for a statement: a new one in Read Committed, the transaction's in Repeatable Read.
    ///
    /// # Errors
    /// `XX000` outside of a transaction.
    pub fn snapshot(&self) -> Result<ActiveSnapshot> {
        let core = &self.core;
        let mut inner = core.lock();
        if inner.levels.is_empty() {
            return Err(Error::internal("a snapshot needs a transaction"));
        }
        inner.has_queried = true;
        if !inner.isolation.has_one_snapshot() {
            drop(inner);
            return self.latest_snapshot();
        }
        let fixed = match inner.fixed {
            Some(fixed) => fixed,
            None if inner.isolation == Isolation::Serializable => {
                let (read_only, deferrable) = (inner.read_only, inner.deferrable);
                drop(inner);
                let (fixed, serializable) = core.take_serializable(read_only, deferrable)?;
                inner = core.lock();
                core.is_watched.store(serializable.is_some(), Ordering::Relaxed);
                inner.serializable = serializable;
                *inner.fixed.insert(fixed)
            }
            None => *inner.fixed.insert(core.take()),
        };
        let (top, subtransactions) = core.own_ids_of(&mut inner);
        let serializable = inner.serializable.clone();
        drop(inner);
        core.register(fixed.published);
        Ok(self.active(fixed, top, subtransactions, serializable))
    }

    /// A snapshot of this moment whatever the isolation level: for catalogs and constraint checks.
    ///
    /// # Errors
    /// None at present.
    pub fn latest_snapshot(&self) -> Result<ActiveSnapshot> {
        let taken = self.core.take();
        let (top, subtransactions) = self.core.own_ids();
        Ok(self.active(taken, top, subtransactions, None))
    }

    fn active(
        &self,
        taken: Fixed,
        top: Xid,
        subtransactions: Option<Arc<[Xid]>>,
        serializable: Option<Arc<Reader>>,
    ) -> ActiveSnapshot {
        let snapshot = Snapshot {
            visible: taken.visible,
            xmin: taken.xmin,
            xmax: taken.xmax,
            command: self.command(),
            top,
            subtransactions,
            combined: Arc::clone(&self.core.combined),
            serializable,
        };
        ActiveSnapshot { snapshot, published: taken.published, core: Arc::clone(&self.core) }
    }

    /// Later snapshots of this session see the commit that ends at `lsn`, and nothing that rests on it is answered before it
    /// is flushed.
    pub fn depend_on(&self, lsn: Lsn) {
        self.core.depends_on.fetch_max(lsn.0, Ordering::Relaxed);
    }

    // --- Others' transactions -------------------------------------------------------------------------------------

    /// Waits until `xid` has ended (a subtransaction: until it has rolled back, or its top-level transaction ended) and
    /// says how. The caller adds the context line `while updating tuple (0,1) in relation "t"`.
    ///
    /// # Errors
    /// `40P01` deadlock, `55P03` lock timeout, `57014` and others when interrupted.
    pub fn wait_for(&self, xid: Xid) -> Result<XidStatus> {
        Ok(self.wait(xid, LockWait::Block)?.unwrap_or(XidStatus::Running))
    }

    /// The same without waiting; `None` if it runs.
    ///
    /// # Errors
    /// As [`Transaction::wait_for`].
    pub fn try_wait_for(&self, xid: Xid) -> Result<Option<XidStatus>> {
        self.wait(xid, LockWait::Try)
    }

    fn wait(&self, xid: Xid, wait: LockWait) -> Result<Option<XidStatus>> {
        let transactions = &self.core.transactions;
        loop {
            match transactions.status(xid)? {
                XidStatus::Running => {
                    let top = transactions.top_of(xid)?;
                    let runs = || transactions.is_running(xid);
                    if !self.core.locks.wait_for_transaction(top, xid, wait, &runs)? {
                        if wait == LockWait::Try {
                            return Ok(None);
                        }
                        // Between assigning an id and publishing who runs it: a few instructions.
                        std::thread::yield_now();
                        self.core.process.check_interrupts()?;
                    }
                }
                status => {
                    if let XidStatus::Committed(lsn) = status {
                        self.depend_on(lsn);
                    }
                    return Ok(Some(status));
                }
            }
        }
    }

    /// Makes a multixact (logged) of these members; the own id should be among them.
    ///
    /// # Errors
    /// `XX000` if the members cannot be one multixact; those of logging.
    pub fn make_multixact(&self, members: &[MultiXactMember]) -> Result<MultiXactId> {
        self.core.transactions.make_multixact(self.core.me, members)
    }

    // --- Resources ------------------------------------------------------------------------------------------------

    /// The relation's files are removed when the transaction commits.
    pub fn drop_at_commit(&self, locator: RelFileLocator) {
        if let Some(level) = self.core.lock().levels.last_mut() {
            level.drop_at_commit.push(locator);
        }
    }

    /// The relation's files, just created, are removed if the transaction rolls back.
    pub fn drop_at_abort(&self, locator: RelFileLocator) {
        if let Some(level) = self.core.lock().levels.last_mut() {
            level.drop_at_abort.push(locator);
        }
    }

    /// Adds an invalidation message (opaque here), to be written into the commit record and published at commit.
    pub fn invalidate(&self, message: &[u8]) {
        if let Some(level) = self.core.lock().levels.last_mut() {
            level.invalidations.extend_from_slice(message);
        }
    }

    // --- The end --------------------------------------------------------------------------------------------------

    /// Commits. With `synchronous` false, returns before the commit is flushed, which the WAL writer does soon.
    ///
    /// # Errors
    /// Those of participants, and of inserting the commit record: then nothing is committed, and [`Transaction::abort`] must follow.
    pub fn commit(&self, synchronous: bool) -> Result<()> {
        let core = &*self.core;
        for participant in core.participants() {
            participant.before_commit(self)?;
        }
        while self.level() > 1 {
            self.commit_subtransaction()?;
        }
        let writes = {
            let inner = core.lock();
            let Some(level) = inner.levels.first() else { return Err(Error::internal("there is no transaction")) };
            level.xid.is_some() || !level.drop_at_commit.is_empty() || !level.invalidations.is_empty()
        };
        let serializable = self.serializable();
        if let Some(serializable) = &serializable {
            serializable.prepare()?;
        }
        if !writes {
            core.statistics.ended(true);
            core.each_participant(|participant| participant.committed(&[]));
            let rests_on = core.rests_on();
            core.locks.announce_end(std::iter::empty(), Lsn::INVALID, true);
            core.locks.end_transaction(Lsn::INVALID);
            if synchronous && rests_on > core.transactions.watermark() {
                core.transactions.wal().flush(rests_on);
            }
            if let Some(serializable) = serializable {
                serializable.committed(Lsn::INVALID);
            }
            core.finish();
            return Ok(());
        }

        let top = self.xid()?;
        let mut level = std::mem::take(&mut core.lock().levels[0]);
        let mut end = EndRecord {
            time_us: now_us().max(0) as u64,
            database: Oid(core.database.load(Ordering::Relaxed)),
            subtransactions: std::mem::take(&mut level.committed),
            dropped: std::mem::take(&mut level.drop_at_commit),
            invalidations: std::mem::take(&mut level.invalidations),
        };
        let lsn = match core.record_commit(top, &end) {
            Ok(lsn) => lsn,
            Err(error) => {
                // Nothing happened: what the abort needs goes back.
                level.committed = std::mem::take(&mut end.subtransactions);
                core.lock().levels[0] = level;
                return Err(error);
            }
        };
        if let Some(serializable) = &serializable {
            serializable.recorded(lsn);
        }
        core.last_commit.fetch_max(lsn.0, Ordering::Relaxed);
        let at_once = !end.invalidations.is_empty() || !end.dropped.is_empty();
        if at_once {
            core.transactions.wal().flush(lsn);
        }
        core.statistics.ended(true);
        core.each_participant(|participant| participant.committed(&end.invalidations));
        let ids = end.subtransactions.iter().copied().chain([top]);
        core.locks.announce_end(ids, lsn, true);
        core.locks.end_transaction(lsn);
        if !at_once && synchronous {
            core.transactions.wal().flush(lsn);
        } else if !at_once {
            core.transactions.wal().flush_later(lsn);
        }
        core.transactions.end_running(core.me, lsn);
        if let Some(serializable) = serializable {
            serializable.committed(lsn);
        }
        core.storage.unlink(&end.dropped);
        core.finish();
        Ok(())
    }

    /// Rolls back. Does nothing outside of a transaction.
    pub fn abort(&self) {
        let core = &*self.core;
        let (levels, serializable) = {
            let mut inner = core.lock();
            (std::mem::take(&mut inner.levels), inner.serializable.take())
        };
        if levels.is_empty() {
            return;
        }
        core.current.store(0, Ordering::Relaxed);
        let ids: Vec<Xid> = levels.iter().flat_map(Level::ids).collect();
        let files: Vec<RelFileLocator> = levels.iter().flat_map(|level| level.drop_at_abort.iter().copied()).collect();
        core.record_abort(&ids, levels[0].xid, &files);
        if let Some(serializable) = serializable {
            serializable.aborted();
        }
        core.statistics.ended(false);
        core.each_participant(|participant| participant.aborted());
        core.locks.announce_end(ids.iter().copied(), Lsn::INVALID, true);
        core.locks.end_transaction(Lsn::INVALID);
        core.transactions.end_running(core.me, Lsn::INVALID);
        core.storage.unlink(&files);
        core.finish();
    }
}

impl Drop for Transaction {
    /// A session that ends without ending its transaction rolls it back.
    fn drop(&mut self) {
        self.abort();
    }
}
