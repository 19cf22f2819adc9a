//! Below the session's handle: assigning ids, taking snapshots and publishing their bounds, and the records of the end.

use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use error::{Error, Result};
use ids::{Lsn, Oid, RelFileLocator, Xid};
use shm::CriticalSection;

use super::{Core, Fixed, Inner, Level, Participant};
use crate::record::{self, EndRecord};
use crate::serializable::{Begun, Reader};
use crate::status::Csn;

impl Core {
    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn participants(&self) -> Vec<Arc<dyn Participant>> {
        self.participants.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn each_participant(&self, what: impl FnMut(&Arc<dyn Participant>)) {
        self.participants.read().unwrap_or_else(PoisonError::into_inner).iter().for_each(what);
    }

    /// Gives ids to all open levels, outermost first: a parent's id is smaller than its child's.
    pub(super) fn assign(&self) -> Result<Xid> {
        let mut inner = self.lock();
        if inner.levels.is_empty() {
            return Err(Error::internal("a transaction id needs a transaction"));
        }
        inner.subtransactions = None;
        for level in 0..inner.levels.len() {
            if inner.levels[level].xid.is_some() || inner.levels[level].failed {
                continue;
            }
            let xid = self.transactions.assign(self.me, level == 0)?;
            if level == 0 {
                self.locks.publish_transaction(xid);
                if let Some(serializable) = &inner.serializable {
                    serializable.set_xid(xid);
                }
                self.top.store(xid.0, Ordering::Relaxed);
            } else {
                let top = Xid(self.top.load(Ordering::Relaxed));
                self.transactions.set_status(xid, Csn::Subtransaction { top }, Lsn::INVALID)?;
            }
            inner.levels[level].xid = Some(xid);
        }
        let current = inner.levels.last().and_then(|level| level.xid).unwrap_or_default();
        self.current.store(current.0, Ordering::Relaxed);
        Ok(current)
    }

    /// The top-level id and the living subtransactions' ids.
    pub fn own_ids(&self) -> (Xid, Option<Arc<[Xid]>>) {
        self.own_ids_of(&mut self.lock())
    }

    pub(super) fn own_ids_of(&self, inner: &mut Inner) -> (Xid, Option<Arc<[Xid]>>) {
        let Inner { levels, subtransactions, .. } = inner;
        let subtransactions = subtransactions.get_or_insert_with(|| {
            let top = self.top.load(Ordering::Relaxed);
            let mut ids: Vec<Xid> = levels.iter().flat_map(Level::ids).filter(|xid| xid.0 != top).collect();
            ids.sort_unstable();
            (!ids.is_empty()).then(|| ids.into())
        });
        (Xid(self.top.load(Ordering::Relaxed)), subtransactions.clone())
    }

    /// Takes a snapshot of this moment, and registers it.
    pub(super) fn take(&self) -> Fixed {
        let published = {
            let mut published = self.published.lock().unwrap_or_else(PoisonError::into_inner);
            let bound = match published.is_empty() {
                true => self.transactions.publish_xmin(self.me),
                // An older snapshot holds the horizon: this bound is safe before it is published.
                false => self.transactions.oldest_running(),
            };
            count_up(&mut published, bound);
            bound
        };
        // In this order: what ended before the bound was read is at or below the watermark as it is read afterwards.
        let xmin = self.transactions.oldest_running();
        let visible =
            self.transactions.watermark().max(self.rests_on()).max(Lsn(self.last_commit.load(Ordering::Relaxed)));
        let xmax = self.transactions.next_xid();
        Fixed { visible, xmin, xmax, published }
    }

    /// Takes the snapshot of a serializable transaction, and its part in what is watched if it needs one.
    pub(super) fn take_serializable(&self, read_only: bool, deferrable: bool) -> Result<(Fixed, Option<Arc<Reader>>)> {
        loop {
            let begun = self.transactions.serializable().begin(
                &self.transactions,
                &self.process,
                self.virtual_count.load(Ordering::Relaxed),
                read_only,
                || self.take(),
            )?;
            let (fixed, reader) = match begun {
                Begun::Safe(fixed) => return Ok((fixed, None)),
                Begun::Watched(fixed, reader) => (fixed, reader),
            };
            if !(read_only && deferrable) {
                if let xid @ 1.. = self.top.load(Ordering::Relaxed) {
                    reader.set_xid(Xid(xid));
                }
                return Ok((fixed, Some(reader)));
            }
            let safe = reader.wait_until_decided();
            reader.aborted();
            match safe {
                Ok(true) => return Ok((fixed, None)),
                Ok(false) => self.unregister(fixed.published),
                Err(error) => {
                    self.unregister(fixed.published);
                    return Err(error);
                }
            }
        }
    }

    /// The latest commit of others that this session's work may rest on.
    pub(super) fn rests_on(&self) -> Lsn {
        Lsn(self.depends_on.load(Ordering::Relaxed)).max(self.locks.seen())
    }

    pub fn register(&self, bound: Xid) {
        count_up(&mut self.published.lock().unwrap_or_else(PoisonError::into_inner), bound);
    }

    pub fn unregister(&self, bound: Xid) {
        let mut published = self.published.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(at) = published.iter().position(|entry| entry.0 == bound) else { return };
        published[at].1 -= 1;
        if published[at].1 == 0 {
            published.swap_remove(at);
            let least = published.iter().map(|entry| entry.0).min().unwrap_or(Xid::INVALID);
            if !least.is_valid() || least > bound {
                self.transactions.raise_xmin(self.me, least);
            }
        }
    }

    /// Marks the ids, inserts the commit record, and sets their commit LSN.
    pub(super) fn record_commit(&self, top: Xid, end: &EndRecord) -> Result<Lsn> {
        let ids = || end.subtransactions.iter().copied().chain([top]);
        // Into memory first: between the marks and the LSN nothing may fail.
        for xid in ids() {
            self.transactions.set_status(xid, Csn::Committing, Lsn::INVALID)?;
        }
        let critical = CriticalSection::new();
        let _logging = self.transactions.begin_logging(self.me);
        let inserted = record::insert_end(&self.transactions, record::COMMIT, top, end);
        let (csn, lsn) = match &inserted {
            Ok(lsn) => (Csn::Committed(*lsn), *lsn),
            // Too long a record: nothing was inserted.
            Err(_) => (Csn::Subtransaction { top }, Lsn::INVALID),
        };
        for xid in ids() {
            let csn = if inserted.is_err() && xid == top { Csn::Unknown } else { csn };
            if let Err(error) = self.transactions.set_status(xid, csn, lsn) {
                wal::panic_process(error);
            }
        }
        drop(critical);
        inserted
    }

    /// Marks the ids as rolled back, and logs it. Errors are of no consequence: without a status they count as rolled back
    /// after the next start, and until then somebody might wait for them; so they are logged as a PANIC would be.
    pub(super) fn record_abort(&self, ids: &[Xid], xid: Option<Xid>, files: &[RelFileLocator]) {
        let Some(xid) = xid else { return };
        let critical = CriticalSection::new();
        for id in ids {
            if let Err(error) = self.transactions.set_status(*id, Csn::Aborted, Lsn::INVALID) {
                wal::panic_process(error);
            }
        }
        drop(critical);
        let end = EndRecord {
            time_us: now_us().max(0) as u64,
            database: Oid(self.database.load(Ordering::Relaxed)),
            subtransactions: ids.iter().copied().filter(|id| *id != xid).collect(),
            dropped: files.to_vec(),
            invalidations: Vec::new(),
        };
        // Lost with the log's tail or not inserted at all: the outcome is the same.
        let _ = record::insert_end(&self.transactions, record::ABORT, xid, &end);
    }

    /// Forgets the transaction.
    pub(super) fn finish(&self) {
        let fixed = {
            let mut inner = self.lock();
            inner.levels.clear();
            inner.subtransactions = None;
            inner.serializable = None;
            inner.fixed.take()
        };
        self.is_watched.store(false, Ordering::Relaxed);
        self.top.store(0, Ordering::Relaxed);
        self.current.store(0, Ordering::Relaxed);
        self.combined.clear();
        if let Some(fixed) = fixed {
            self.unregister(fixed.published);
        }
    }
}

fn count_up(published: &mut Vec<(Xid, u32)>, bound: Xid) {
    match published.iter_mut().find(|entry| entry.0 == bound) {
        Some(entry) => entry.1 += 1,
        None => published.push((bound, 1)),
    }
}

/// Microseconds since 1970.
pub(super) fn now_us() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_micros() as i64)
}
