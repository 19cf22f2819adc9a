//! The locks of prepared transactions: held by no process, until somebody ends the transaction, whatever crashes meanwhile.
//!
//! A prepared transaction has a slot behind those of the processes, which holds locks as a process does and never waits. When a
//! transaction is prepared, its locks are first granted to the slot as well ([`LockManager::grant_prepared`], which may fail, and
//! then nothing has happened); when its record is in the log, who waits for the transaction is turned to the slot
//! ([`LockManager::hand_over`]), and the session gives its own locks back. So at no moment is a lock free.
//!
//! After a restart the locks come from the log ([`LockTable::restore_prepared`]).

use std::sync::atomic::Ordering;

use error::{Error, Result, SqlState};
use ids::{Lsn, Xid};

use crate::shared::{Table, is_strong, strong_index};
use crate::{LockKind, LockManager, LockMode, LockTable, LockTag, lock};

/// A lock of a prepared transaction.
pub type PreparedLock = (LockTag, LockMode);

impl LockManager {
    /// The locks that the transaction would hold when prepared.
    ///
    /// # Errors
    /// `0A000` if the session holds one of them for itself, too.
    pub fn of_transaction(&self) -> Result<Vec<PreparedLock>> {
        let mut locks = lock(&self.session.held).of_transaction().ok_or_else(|| {
            Error::new(
                SqlState::FEATURE_NOT_SUPPORTED,
                "cannot PREPARE while holding both session-level and transaction-level locks on the same object",
            )
        })?;
        // Where a relation grows, and speculative insertions: over by now.
        locks.retain(|(tag, _)| !matches!(tag.kind(), LockKind::Extend | LockKind::SpeculativeToken));
        Ok(locks)
    }

    /// Grants the prepared transaction in `slot` locks that this session holds. On error it has none of them.
    ///
    /// # Errors
    /// `53200` when the table is full.
    pub fn grant_prepared(&self, slot: u32, locks: &[PreparedLock]) -> Result<()> {
        for (done, &(tag, mode)) in locks.iter().enumerate() {
            if let Err(error) = grant(&self.table, slot, tag, mode) {
                self.release_prepared(slot, &locks[..done], Lsn::INVALID);
                return Err(error);
            }
        }
        Ok(())
    }

    /// Takes locks from the prepared transaction in `slot`; `commit` as in [`LockManager::end_transaction`].
    pub fn release_prepared(&self, slot: u32, locks: &[PreparedLock], commit: Lsn) {
        for &(tag, mode) in locks {
            let hash = tag.hash_code();
            self.release_shared(tag, hash, slot, mode, commit);
            if is_strong(tag, mode) {
                self.end_strong(hash, commit);
            }
        }
    }

    /// This process's transaction `top`, with subtransactions `xids`, goes on in `slot`: who waits for its end waits for that.
    pub fn hand_over(&self, slot: u32, top: Xid, xids: impl Iterator<Item = Xid>) {
        let table = &self.table;
        let (mine, theirs) = (&table.slots[self.me as usize], &table.slots[slot as usize]);
        theirs.former[0].store(self.me + 1, Ordering::Relaxed);
        theirs.former[1].store(mine.virtual_count.load(Ordering::Relaxed), Ordering::Relaxed);
        theirs.awaited.store(1, Ordering::SeqCst);
        theirs.xid.store(top.0, Ordering::SeqCst);
        // Whoever enters a lock in this process's name does so under the partition's lock, and looks at the id once more there.
        mine.xid.store(0, Ordering::SeqCst);
        if mine.awaited.load(Ordering::SeqCst) == 0 {
            return;
        }
        for xid in xids.chain([top]) {
            let tag = LockTag::transaction(xid);
            let hash = tag.hash_code();
            let _guard = table.partitions[table.partition_of(hash)].lock.exclusive();
            if let Some(object) = table.find(tag, hash) {
                table.give_holder(object, self.me, slot);
            }
        }
    }

    /// The prepared transaction in `slot` has ended, as everybody can see in the status of its ids: wakes who waits for it, and gives back
    /// its locks.
    pub fn end_prepared(&self, slot: u32, ids: impl Iterator<Item = Xid>, locks: &[PreparedLock], commit: Lsn) {
        let theirs = &self.table.slots[slot as usize];
        theirs.last_commit.fetch_max(commit.0, Ordering::SeqCst);
        theirs.former.iter().for_each(|word| word.store(0, Ordering::SeqCst));
        theirs.xid.store(0, Ordering::SeqCst);
        for xid in ids {
            let tag = LockTag::transaction(xid);
            self.release_shared(tag, tag.hash_code(), slot, LockMode::Exclusive, commit);
        }
        self.release_prepared(slot, locks, commit);
    }

    /// The slot and id of the prepared transaction that was a process's transaction number `count`.
    pub(crate) fn prepared_from(&self, process: u32, count: u32) -> Option<(usize, Xid)> {
        let slots = self.table.slots.iter().enumerate().skip(self.processes.slots().len());
        slots
            .filter(|(_, slot)| {
                slot.former[0].load(Ordering::SeqCst) == process + 1 && slot.former[1].load(Ordering::SeqCst) == count
            })
            .map(|(number, slot)| (number, Xid(slot.xid.load(Ordering::SeqCst))))
            .find(|(_, xid)| xid.is_valid())
    }
}

impl LockTable {
    /// At the start of the server: the prepared transaction `xid` is in `slot`, and holds these locks.
    ///
    /// # Errors
    /// `53200` when the table is full.
    pub fn restore_prepared(&self, slot: u32, xid: Xid, locks: &[PreparedLock]) -> Result<()> {
        let theirs = &self.table.slots[slot as usize];
        theirs.awaited.store(1, Ordering::SeqCst);
        theirs.xid.store(xid.0, Ordering::SeqCst);
        locks.iter().try_for_each(|&(tag, mode)| grant(&self.table, slot, tag, mode))
    }
}

/// Grants a lock that nobody can be in the way of: of strong ones on relations, weak ones are off the fast path already.
fn grant(table: &Table, slot: u32, tag: LockTag, mode: LockMode) -> Result<()> {
    let hash = tag.hash_code();
    let _guard = table.partitions[table.partition_of(hash)].lock.exclusive();
    let object = table.find_or_make(tag, hash)?;
    match table.find_or_make_holder(object, hash, slot) {
        Ok(holder) => table.grant(object, holder, mode),
        Err(error) => {
            table.clean_up(object, hash, slot);
            return Err(error);
        }
    }
    if is_strong(tag, mode) {
        table.strong[strong_index(hash)].count.fetch_add(1, Ordering::SeqCst);
    }
    Ok(())
}
