//! Waiting for the end of a transaction.
//!
//! A process publishes the id of its top-level transaction in its slot before the id stands anywhere else. Who waits for it
//! (or for one of its subtransactions) enters the lock in the process's name, under the partition's lock:
//!
//! - *Waiter*: mark the process's slot as awaited, then look whether the transaction still runs.
//! - *Process*: record the transaction's end, then look whether the slot is marked; if so, release the locks of its ids.
//!
//! Write before look on both sides: either the waiter sees the end, or the process sees the mark.

use std::sync::atomic::Ordering;

use error::Result;
use ids::{Lsn, Xid};

use crate::queue::{self, Request};
use crate::{LockManager, LockMode, LockTag, LockWait, lock, wait};

impl LockManager {
    /// This process runs the transaction `xid` from now on. Before the id is used anywhere.
    pub fn publish_transaction(&self, xid: Xid) {
        self.table.slots[self.me as usize].xid.store(xid.0, Ordering::SeqCst);
    }

    /// The number of this session's current transaction begins: its virtual transaction id is `(process, count)`.
    pub fn publish_virtual_transaction(&self, count: u32) {
        self.table.slots[self.me as usize].virtual_count.store(count, Ordering::SeqCst);
    }

    /// These (sub)transactions of this process have ended, as everybody can see in their status. `commit` is the end of
    /// their commit record, or invalid after a rollback. `top` says that the whole transaction has ended.
    pub fn announce_end(&self, xids: impl Iterator<Item = Xid>, commit: Lsn, top: bool) {
        let slot = &self.table.slots[self.me as usize];
        if commit.is_valid() {
            slot.last_commit.store(commit.0, Ordering::SeqCst);
        }
        let virtual_count = slot.virtual_count.load(Ordering::Relaxed);
        if top {
            slot.xid.store(0, Ordering::SeqCst);
            slot.virtual_count.store(0, Ordering::SeqCst);
        }
        let awaited = if top { slot.awaited.swap(0, Ordering::SeqCst) } else { slot.awaited.load(Ordering::SeqCst) };
        if awaited == 0 {
            return;
        }
        let release = |tag: LockTag| self.release_shared(tag, tag.hash_code(), self.me, LockMode::Exclusive, commit);
        xids.for_each(|xid| release(LockTag::transaction(xid)));
        if top && virtual_count != 0 {
            release(LockTag::virtual_transaction(self.me, virtual_count));
        }
    }

    /// Waits until the transaction or subtransaction `xid` has ended; `top` is its top-level transaction. `Ok(false)` only
    /// with [`LockWait::Try`], if it runs. `runs` looks at the transaction's status. Sessions use `txn::Transaction::wait_for`.
    ///
    /// # Errors
    /// As [`LockManager::acquire`], and those of `runs`.
    pub fn wait_for_transaction(
        &self,
        top: Xid,
        xid: Xid,
        wait: LockWait,
        runs: &dyn Fn() -> Result<bool>,
    ) -> Result<bool> {
        let slots = &self.table.slots;
        loop {
            let Some(process) = slots.iter().position(|slot| slot.xid.load(Ordering::SeqCst) == top.0) else {
                return Ok(!runs()?);
            };
            let stays = || slots[process].xid.load(Ordering::SeqCst) == top.0;
            match self.wait_for_end(process as u32, LockTag::transaction(xid), wait, runs, &stays)? {
                Some(ended) => return Ok(ended),
                // It was prepared just now, and is in another slot.
                None => self.process.check_interrupts()?,
            }
        }
    }

    /// Waits until a process's transaction number `count` has ended, also if it is prepared first.
    ///
    /// # Errors
    /// As [`LockManager::acquire`].
    pub fn wait_for_virtual_transaction(&self, process: u32, count: u32, wait: LockWait) -> Result<bool> {
        let Some(slot) = self.table.slots.get(process as usize).filter(|_| count != 0) else { return Ok(true) };
        let runs = || Ok(slot.virtual_count.load(Ordering::SeqCst) == count);
        let tag = LockTag::virtual_transaction(process, count);
        if self.wait_for_end(process, tag, wait, &runs, &|| true)? == Some(false) {
            return Ok(false);
        }
        match self.prepared_from(process, count) {
            Some((slot, xid)) => {
                let runs = || Ok(self.table.slots[slot].xid.load(Ordering::SeqCst) == xid.0);
                self.wait_for_transaction(xid, xid, wait, &runs)
            }
            None => Ok(true),
        }
    }

    /// `stays` says whether it is still the process's: if it runs elsewhere, the answer is `None`.
    fn wait_for_end(
        &self,
        process: u32,
        tag: LockTag,
        wait: LockWait,
        runs: &dyn Fn() -> Result<bool>,
        stays: &dyn Fn() -> bool,
    ) -> Result<Option<bool>> {
        let table = &self.table;
        let mode = LockMode::Share;
        let hash = tag.hash_code();
        // Only one thread of a session can wait at a time.
        let _one_at_a_time = lock(&self.session.held);
        let partition = &table.partitions[table.partition_of(hash)];
        let guard = partition.lock.exclusive();
        table.slots[process as usize].awaited.store(1, Ordering::SeqCst);
        if !runs()? {
            self.see(partition.released.load(Ordering::Acquire));
            return Ok(Some(true));
        }
        if wait == LockWait::Try {
            return Ok(Some(false));
        }
        if !stays() {
            return Ok(None);
        }
        let object = table.find_or_make(tag, hash)?;
        let entered = table.find_or_make_holder(object, hash, process).and_then(|owner| {
            table.grant(object, owner, LockMode::Exclusive);
            table.find_or_make_holder(object, hash, self.me)
        });
        let holder = match entered {
            Ok(holder) => holder,
            Err(error) => {
                table.clean_up(object, hash, process);
                return Err(error);
            }
        };
        let outcome = match queue::request(table, object, holder, self.me, mode) {
            Request::Granted => Ok(()),
            Request::Deadlock { with } => Err(self.early_deadlock(tag, mode, with)),
            Request::Wait(before) => {
                let timeouts = *lock(&self.session.timeouts);
                queue::enqueue(table, object, self.me, mode, before, wait::now_us());
                drop(guard);
                self.wait_in_queue(object, tag, hash, mode, timeouts)?;
                self.release_shared(tag, hash, self.me, mode, Lsn::INVALID);
                self.see(partition.released.load(Ordering::Acquire));
                return Ok(Some(true));
            }
        };
        table.revoke(object, self.me, mode);
        table.clean_up(object, hash, self.me);
        outcome.map(|()| Some(true))
    }
}
