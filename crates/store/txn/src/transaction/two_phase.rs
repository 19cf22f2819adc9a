//! PREPARE TRANSACTION, COMMIT PREPARED and ROLLBACK PREPARED: the steps of the session that does them.
//!
//! ```text
//!  prepare                                   commit (by anybody later)             rollback
//!  a name is taken                           the entry is taken, its record read   the same
//!  participants may object
//!  locks: granted to the slot as well
//!  prepared record  ── flushed               status of all ids: COMMITTING         rollback record ── flushed
//!  the slot runs the id, and holds the       commit record ── flushed              status of all ids: ABORTED
//!    locks; the session has nothing left     status of all ids: its LSN
//!  the entry is free to be taken             invalidations published
//!                                            locks released, the id ends, files removed
//! ```
//!
//! See [`crate::prepared`] for what a crash or a checkpoint in between means.

use std::sync::Arc;

use error::{Error, Result};
use ids::{Lsn, Oid, Xid};
use shm::CriticalSection;

use super::Transaction;
use super::shared::now_us;
use crate::prepared::{Claim, PreparedState};
use crate::record::{self, EndRecord};
use crate::serializable::Reader;
use crate::status::Csn;

impl Transaction {
    /// Prepares the transaction to be ended later, by whatever session: it is this session's no more.
    ///
    /// # Errors
    /// Those of participants, of taking the name ([`Transaction::finish_prepared`] tells more), of the locks and of the log; a
    /// serialization failure. Then nothing is prepared, and [`Transaction::abort`] must follow.
    pub fn prepare(&self, identifier: &str, owner: Oid) -> Result<()> {
        let core = &*self.core;
        let transactions = &core.transactions;
        while self.level() > 1 {
            self.commit_subtransaction()?;
        }
        let database = Oid(core.database.load(std::sync::atomic::Ordering::Relaxed));
        let claim = transactions.prepared().reserve(identifier, owner, database, core.me)?;
        for participant in core.participants() {
            participant.before_prepare(self)?;
        }
        let top = self.top_xid()?;
        transactions.wal().make_room()?;
        let locks = core.locks.of_transaction()?;
        core.locks.grant_prepared(claim.slot(), &locks)?;
        match self.log_prepared(&claim, top, identifier, owner, database, locks) {
            Ok(_) => Ok(()),
            Err((error, locks)) => {
                core.locks.release_prepared(claim.slot(), &locks, Lsn::INVALID);
                Err(error)
            }
        }
    }

    /// From the point at which the prepared transaction's slot has its locks.
    fn log_prepared(
        &self,
        claim: &Claim,
        top: Xid,
        identifier: &str,
        owner: Oid,
        database: Oid,
        locks: Vec<locks::PreparedLock>,
    ) -> Result<(), (Error, Vec<locks::PreparedLock>)> {
        let core = &*self.core;
        let transactions = &core.transactions;
        let serializable = self.serializable();
        let watched = match serializable.as_ref().map(|serializable| serializable.prepare_two_phase()) {
            Some(Ok(watched)) => watched,
            Some(Err(error)) => return Err((error, locks)),
            None => false,
        };
        let state = {
            let inner = core.lock();
            let level = &inner.levels[0];
            PreparedState {
                xid: top,
                prepared_us: now_us(),
                owner,
                database,
                identifier: identifier.into(),
                subtransactions: level.committed.clone(),
                drop_at_commit: level.drop_at_commit.clone(),
                drop_at_abort: level.drop_at_abort.clone(),
                invalidations: level.invalidations.clone(),
                locks,
                statistics: core.statistics.to_prepare(),
                notes: serializable.as_ref().filter(|_| watched).map(|serializable| serializable.notes()),
            }
        };
        // From the record on it is prepared, whatever happens: a panic on the way must not leave it half the session's.
        let _critical = CriticalSection::new();
        let lsn = match claim.prepare(transactions, core.me, &state) {
            Ok(lsn) => lsn,
            Err(error) => return Err((error, state.locks)),
        };
        transactions.wal().flush(lsn);
        transactions.hand_over(core.me, claim.slot(), top);
        core.statistics.prepared();
        core.each_participant(|participant| participant.prepared());
        core.locks.hand_over(claim.slot(), top, state.subtransactions.iter().copied());
        core.locks.announce_end(std::iter::empty(), Lsn::INVALID, true);
        core.locks.end_transaction(Lsn::INVALID);
        if let Some(serializable) = serializable.filter(|_| !watched) {
            serializable.committed(Lsn::INVALID);
        }
        core.finish();
        Ok(())
    }

    /// Commits a prepared transaction, or rolls it back, for a session with the rights of `role`.
    ///
    /// # Errors
    /// `42704` if there is none of this name, `55000` if somebody else is at it, `42501` if the role may not, `0A000` in another database; those
    /// of reading and writing the log. It is prepared still then.
    pub fn finish_prepared(&self, identifier: &str, role: Oid, is_superuser: bool, commit: bool) -> Result<()> {
        let core = &*self.core;
        let transactions = &core.transactions;
        let database = Oid(core.database.load(std::sync::atomic::Ordering::Relaxed));
        let claim = transactions.prepared().claim(identifier, role, is_superuser, database, core.me)?;
        transactions.wal().make_room()?;
        let mut state = claim.state(transactions)?;
        // Into memory first: later nothing may fail.
        state.ids().try_for_each(|xid| transactions.status(xid).map(drop))?;
        let serializable = match state.notes.take() {
            Some(notes) => transactions.serializable().prepared(transactions, &core.process, state.xid, notes),
            None => None,
        };
        let end = EndRecord {
            time_us: now_us().max(0) as u64,
            database: state.database,
            subtransactions: std::mem::take(&mut state.subtransactions),
            dropped: std::mem::take(if commit { &mut state.drop_at_commit } else { &mut state.drop_at_abort }),
            invalidations: if commit { std::mem::take(&mut state.invalidations) } else { Vec::new() },
        };
        let _critical = CriticalSection::new();
        let lsn = match commit {
            true => self.record_commit_prepared(&claim, state.xid, &end, serializable.as_ref())?,
            false => self.record_abort_prepared(&claim, state.xid, &end)?,
        };
        if !end.invalidations.is_empty() {
            core.each_participant(|participant| participant.committed_prepared(&end.invalidations));
        }
        core.statistics.settle_prepared(&state.statistics, commit);
        let ids = end.subtransactions.iter().copied().chain([state.xid]);
        core.locks.end_prepared(claim.slot(), ids, &state.locks, if commit { lsn } else { Lsn::INVALID });
        transactions.end_running(claim.slot(), Lsn::INVALID);
        match serializable {
            Some(serializable) if commit => serializable.committed(lsn),
            Some(serializable) => serializable.aborted(),
            None => {}
        }
        core.storage.unlink(&end.dropped);
        Ok(())
    }

    fn record_commit_prepared(
        &self,
        claim: &Claim,
        xid: Xid,
        end: &EndRecord,
        serializable: Option<&Arc<Reader>>,
    ) -> Result<Lsn> {
        let core = &*self.core;
        let transactions = &core.transactions;
        let set = |csn: &dyn Fn(Xid) -> Csn, lsn: Lsn| {
            for id in end.subtransactions.iter().copied().chain([xid]) {
                if let Err(error) = transactions.set_status(id, csn(id), lsn) {
                    wal::panic_process(error);
                }
            }
        };
        if let Some(serializable) = serializable {
            serializable.resume_two_phase(true);
        }
        let _logging = transactions.begin_logging(core.me);
        set(&|_| Csn::CommittingPrepared, Lsn::INVALID);
        let inserted = claim.log_end(|| record::insert_end(transactions, record::COMMIT_PREPARED, xid, end));
        match inserted {
            Ok(lsn) => set(&|_| Csn::Committed(lsn), lsn),
            // Too long a record: nothing was inserted.
            Err(_) => {
                let before = |id| if id == xid { Csn::Prepared } else { Csn::Subtransaction { top: xid } };
                set(&before, Lsn::INVALID);
            }
        }
        if let Some(serializable) = serializable {
            match &inserted {
                Ok(lsn) => serializable.recorded(*lsn),
                Err(_) => serializable.resume_two_phase(false),
            }
        }
        let lsn = inserted?;
        core.last_commit.fetch_max(lsn.0, std::sync::atomic::Ordering::Relaxed);
        transactions.wal().flush(lsn);
        Ok(lsn)
    }

    fn record_abort_prepared(&self, claim: &Claim, xid: Xid, end: &EndRecord) -> Result<Lsn> {
        let core = &*self.core;
        let transactions = &core.transactions;
        let _logging = transactions.begin_logging(core.me);
        let lsn = claim.log_end(|| record::insert_end(transactions, record::ABORT_PREPARED, xid, end))?;
        // Hint bits follow the status, and wait for no record.
        transactions.wal().flush(lsn);
        for id in end.subtransactions.iter().copied().chain([xid]) {
            if let Err(error) = transactions.set_status(id, Csn::Aborted, lsn) {
                wal::panic_process(error);
            }
        }
        Ok(lsn)
    }
}
