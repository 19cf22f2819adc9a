//! Heavyweight locks: what statements hold on relations, rows, transactions and whatever else has a [`LockTag`], until
//! the end of a transaction or session, with eight modes, queues, deadlock detection and advisory locks.
#![forbid(unsafe_code)]

mod mode;
mod tag;

use error::Result;
use ids::{Lsn, Xid};

pub use mode::{LockMode, LockModes};
pub use tag::{LockKind, LockTag};

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

/// One session's handle on the lock table. Cheap to clone; clones are the same session.
#[derive(Clone)]
pub struct LockManager {}

impl LockManager {
    /// Takes a lock; `Ok(false)` only when `wait` is [`LockWait::Try`] and it is not free. Taking a lock that the session
    /// holds already counts up. Errors: deadlock (40P01), `lock_timeout` (55P03), cancel (57014), table full (53200).
    pub fn acquire(&self, _owner: LockOwner, _tag: LockTag, _mode: LockMode, _wait: LockWait) -> Result<bool> {
        todo!()
    }

    /// Gives back one count of a lock; `false` if it was not held (the caller warns).
    pub fn release(&self, _owner: LockOwner, _tag: LockTag, _mode: LockMode) -> bool {
        todo!()
    }

    /// Whether this session holds the lock in this or (`or_stronger`) a stronger mode.
    pub fn holds(&self, _tag: LockTag, _mode: LockMode, _or_stronger: bool) -> bool {
        todo!()
    }

    /// Waits until the transaction (or subtransaction) `xid`, run by the session whose top-level id is `top`, has ended.
    /// Callers use `txn::Transaction::wait_for`, which knows `top`.
    pub fn wait_for_transaction(&self, _top: Xid, _xid: Xid, _wait: LockWait) -> Result<bool> {
        todo!()
    }

    /// The latest commit that was made by a former holder of any lock this session acquired: what later snapshots
    /// must see, although it may not be flushed yet.
    pub fn seen(&self) -> Lsn {
        todo!()
    }
}
