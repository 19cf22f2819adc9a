//! What `pg_locks` and `pg_blocking_pids` show.

use std::sync::atomic::Ordering;

use ids::{Oid, Xid};
use shm::ProcNumber;

use crate::shared::PARTITIONS;
use crate::{LockManager, LockMode, LockTag, deadlock, fast};

/// One row of `pg_locks`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LockStatus {
    /// What is locked.
    pub tag: LockTag,
    /// How.
    pub mode: LockMode,
    /// Who holds it or waits for it.
    pub process: ProcNumber,
    /// The holder's process id.
    pub pid: i32,
    /// The holder's count of transactions, the second half of its virtual transaction id.
    pub virtual_count: u32,
    /// Of a prepared transaction, which no process holds locks for: its id.
    pub prepared: Option<Xid>,
    /// Held, rather than waited for.
    pub granted: bool,
    /// Taken by the fast path.
    pub fast_path: bool,
    /// Since when it is waited for, in microseconds of the Unix epoch.
    pub wait_start: Option<u64>,
}

impl LockManager {
    /// All locks of all processes.
    pub fn list(&self) -> Vec<LockStatus> {
        let table = &self.table;
        let mut rows = Vec::new();
        let row = |process: u32, tag, mode, granted, fast_path, wait_start| LockStatus {
            tag,
            mode,
            process: ProcNumber(process),
            pid: self.pid(process),
            virtual_count: table.slots[process as usize].virtual_count.load(Ordering::Relaxed),
            prepared: table
                .is_prepared(process)
                .then(|| Xid(table.slots[process as usize].xid.load(Ordering::Relaxed))),
            granted,
            fast_path,
            wait_start,
        };
        for (process, slot) in table.slots.iter().enumerate() {
            let process = process as u32;
            let database = slot.database.load(Ordering::Relaxed);
            for word in table.fast_locks(process) {
                let Some((relation, modes)) = fast::decode(word.load(Ordering::Relaxed)) else { continue };
                let tag = LockTag::relation(Oid(database), Oid(relation));
                rows.extend(modes.iter().map(|mode| row(process, tag, mode, true, true, None)));
            }
            let count = slot.virtual_count.load(Ordering::Relaxed);
            if count != 0 {
                let tag = LockTag::virtual_transaction(process, count);
                rows.push(row(process, tag, LockMode::Exclusive, true, true, None));
            }
            let xid = slot.xid.load(Ordering::Relaxed);
            if xid != 0 {
                rows.push(row(process, LockTag::transaction(Xid(xid)), LockMode::Exclusive, true, false, None));
            }
        }
        let guards: Vec<_> = (0..PARTITIONS).map(|i| table.partitions[i].lock.share()).collect();
        for object in (0..PARTITIONS).flat_map(|partition| table.objects_of(partition)) {
            let tag = table.tag(object);
            for (process, held) in table.holders_of(object).map(|holder| table.held(holder)) {
                for mode in held.iter() {
                    let new = row(process, tag, mode, true, false, None);
                    // A transaction that is waited for is in its slot as well.
                    if !rows.iter().any(|r| r.tag == tag && r.process == new.process && r.mode == mode) {
                        rows.push(new);
                    }
                }
            }
            for waiter in table.waiters_of(object) {
                if let Some((_, mode)) = table.awaited_by(waiter) {
                    let start = table.slots[waiter as usize].wait_start.load(Ordering::Relaxed);
                    rows.push(row(waiter, tag, mode, false, false, Some(start)));
                }
            }
        }
        drop(guards);
        rows
    }

    /// The process ids that keep `pid` waiting: those that hold what it wants, and those in front of it in the queue. Zero stands for a
    /// prepared transaction.
    pub fn blocking_pids(&self, pid: i32) -> Vec<i32> {
        let table = &self.table;
        let _guards: Vec<_> = (0..PARTITIONS).map(|i| table.partitions[i].lock.share()).collect();
        let Some(process) = (0..table.slots.len() as u32).find(|&p| self.pid(p) == pid) else { return Vec::new() };
        deadlock::blockers(table, process, None).into_iter().map(|edge| self.pid(edge.blocker)).collect()
    }
}
