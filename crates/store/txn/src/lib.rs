//! Transaction ids, commit status, snapshots, subtransactions, multixacts.
//!
//! (Signatures first; the bodies follow.)
#![forbid(unsafe_code)]

use std::ops::Deref;
use std::sync::Arc;

use error::Result;
use ids::{CommandId, Lsn, MultiXactId, RelFileLocator, Xid};

/// What became of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum XidStatus {
    /// Not ended.
    Running,
    /// Rolled back, or lost in a crash.
    Aborted,
    /// Committed; its commit record ends at this position, which is its place in the order of all commits.
    Committed(Lsn),
}

/// How much of a row a locker wants, weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum RowLockMode {
    /// `FOR KEY SHARE`.
    KeyShare = 0,
    /// `FOR SHARE`.
    Share = 1,
    /// `FOR NO KEY UPDATE`.
    NoKeyUpdate = 2,
    /// `FOR UPDATE`.
    Update = 3,
}

/// One transaction in a multixact: what it does to the row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MultiXactMember {
    /// Who.
    pub xid: Xid,
    /// How strongly it locks the row.
    pub mode: RowLockMode,
    /// Whether it updated or deleted the row, rather than only locking it.
    pub updates: bool,
}

/// The shared state of all transactions. Clone + Send + Sync handle.
#[derive(Clone)]
pub struct Transactions {}

impl Transactions {
    /// What became of `xid`: lock-free when its page of the CSN log is in memory. Never answers for a commit that is just
    /// happening: waits those few instructions. A multixact's id is not accepted.
    pub fn status(&self, _xid: Xid) -> Result<XidStatus> {
        todo!()
    }

    /// Whether a hint bit may say that `status` holds for ever: aborted, or committed and flushed.
    pub fn may_hint(&self, _status: XidStatus) -> bool {
        todo!()
    }

    /// The lower bound of running ids: every id below has ended, and every new snapshot sees it if it committed.
    pub fn oldest_running(&self) -> Xid {
        todo!()
    }

    /// The horizon: what ids below it deleted is gone for every present and future snapshot, what they inserted (if
    /// committed) is visible to all. Computed anew: walks the process table.
    pub fn oldest_visible(&self) -> Xid {
        todo!()
    }

    /// Whether what the (ended and committed) transaction `xid` deleted may be removed. Cheap: answers from a remembered
    /// horizon, and renews it only when that could change the answer.
    pub fn is_removable(&self, _xid: Xid) -> bool {
        todo!()
    }

    /// The id that the next transaction or multixact will get.
    pub fn next_xid(&self) -> Xid {
        todo!()
    }

    /// The members of a multixact. Multixact ids come from the same sequence as transaction ids, and every member's id is
    /// smaller than the multixact's: so a tuple's xmax holds either as an offset from the same base, and a
    /// multixact below the horizon has only ended members.
    pub fn members(&self, _multi: MultiXactId) -> Result<Vec<MultiXactMember>> {
        todo!()
    }
}

/// Which row versions a statement sees. Cheap to clone, `Send + Sync`; taken with [`Transaction::snapshot`].
#[derive(Clone)]
pub struct Snapshot {
    /// Commits up to here are seen.
    pub visible: Lsn,
    /// Ids below have ended and are seen if they committed (their status alone decides; hint bits suffice).
    pub xmin: Xid,
    /// Ids from here on are not seen.
    pub xmax: Xid,
    /// Commands of the own transaction before this one are seen.
    pub command: CommandId,
}

impl Snapshot {
    /// Whether it sees the work of `xid`, which is not one of the own transaction's. For ids below `xmin` hint bits may
    /// answer instead.
    pub fn sees(&self, _transactions: &Transactions, _xid: Xid) -> Result<bool> {
        todo!()
    }

    /// Whether `xid` is the own transaction or a living subtransaction of it: then commands decide.
    pub fn is_own(&self, _xid: Xid) -> bool {
        todo!()
    }

    /// The (inserting, deleting) commands behind a combined command id that [`Transaction::combine_commands`] gave out.
    pub fn commands(&self, _combined: CommandId) -> (CommandId, CommandId) {
        todo!()
    }
}

/// A snapshot that holds back the horizon until it is dropped.
pub struct ActiveSnapshot {
    snapshot: Snapshot,
}

impl Deref for ActiveSnapshot {
    type Target = Snapshot;

    fn deref(&self) -> &Snapshot {
        &self.snapshot
    }
}

/// Isolation levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isolation {
    /// Treated as Read Committed.
    ReadUncommitted,
    /// Each statement sees what was committed when it began.
    ReadCommitted,
    /// All statements see what was committed when the first began.
    RepeatableRead,
    /// As if one after the other.
    Serializable,
}

/// A session's current transaction. `&self` methods throughout, `Send + Sync`: worker threads share it through `Arc`.
pub struct Transaction {}

impl Transaction {
    /// The id of the current (sub)transaction, assigned now if it has none. Fast when it has.
    pub fn xid(&self) -> Result<Xid> {
        todo!()
    }

    /// The id of the current (sub)transaction, if it has one.
    pub fn xid_if_assigned(&self) -> Option<Xid> {
        todo!()
    }

    /// The id of the top-level transaction, assigned now if it has none.
    pub fn top_xid(&self) -> Result<Xid> {
        todo!()
    }

    /// Whether `xid` is this transaction or a living subtransaction of it.
    pub fn is_own(&self, _xid: Xid) -> bool {
        todo!()
    }

    /// A snapshot for a statement: a new one in Read Committed, the transaction's in Repeatable Read.
    pub fn snapshot(&self) -> Result<ActiveSnapshot> {
        todo!()
    }

    /// A snapshot of this moment whatever the isolation level: for catalogs and constraint checks.
    pub fn latest_snapshot(&self) -> Result<ActiveSnapshot> {
        todo!()
    }

    /// The isolation level.
    pub fn isolation(&self) -> Isolation {
        todo!()
    }

    /// The current command's number, and a note that it is written into a row (so that the next one must differ).
    pub fn command_for_write(&self) -> CommandId {
        todo!()
    }

    /// The current command's number.
    pub fn command(&self) -> CommandId {
        todo!()
    }

    /// Starts the next command: later snapshots see what was written so far. Does nothing if nothing was.
    pub fn next_command(&self) -> Result<()> {
        todo!()
    }

    /// One number for a row version's inserting and deleting command when both are the own transaction's.
    pub fn combine_commands(&self, _inserting: CommandId, _deleting: CommandId) -> CommandId {
        todo!()
    }

    /// Waits until `xid` has ended (a subtransaction: until it has rolled back, or its top-level transaction ended) and
    /// says how. Errors: deadlock, cancel, `lock_timeout`. The caller adds the context line
    /// `while updating tuple (0,1) in relation "t"`.
    pub fn wait_for(&self, _xid: Xid) -> Result<XidStatus> {
        todo!()
    }

    /// Makes a multixact (WAL-logged) of these members; the own id must be among them.
    pub fn make_multixact(&self, _members: &[MultiXactMember]) -> Result<MultiXactId> {
        todo!()
    }

    /// The relation's files are removed when the transaction commits.
    pub fn drop_at_commit(&self, _locator: RelFileLocator) {
        todo!()
    }

    /// The relation's files, just created, are removed if the transaction rolls back.
    pub fn drop_at_abort(&self, _locator: RelFileLocator) {
        todo!()
    }

    /// Adds an invalidation message (opaque here), to be written into the commit record and published at commit.
    pub fn invalidate(&self, _message: &[u8]) {
        todo!()
    }

    /// The handle it was made from.
    pub fn transactions(&self) -> &Transactions {
        todo!()
    }

    /// The session's locks.
    pub fn locks(&self) -> &locks::LockManager {
        todo!()
    }
}

/// What other parts of a session do at the ends of transactions. Called in the order of registration.
pub trait Participant: Send + Sync {
    /// Before the commit: may still write and fail (deferred constraints, `ON COMMIT DELETE ROWS`).
    fn before_commit(&self, _transaction: &Transaction) -> Result<()> {
        Ok(())
    }

    /// The transaction is committed and visible to others; locks are still held. Publishes invalidation messages.
    fn committed(&self, _invalidations: &[u8]) {}

    /// The transaction is rolled back; locks are still held.
    fn aborted(&self) {}

    /// The subtransaction at nesting `level` (2 = the first savepoint) merges into its parent.
    fn subcommitted(&self, _level: u32) {}

    /// The subtransaction at nesting `level` is rolled back.
    fn subaborted(&self, _level: u32) {}
}

/// What the session registers.
pub type Participants = Vec<Arc<dyn Participant>>;
