//! Savepoints and subtransactions: levels that end one by one.
//!
//! A level gets an id when it writes. One that is committed leaves its ids to the level above, so that they share its fate; one that is
//! aborted ends at once, in the commit log too.

use std::sync::atomic::Ordering;

use error::{Error, Result, bail};
use ids::{Lsn, Xid};

use super::{Level, Transaction};

impl Transaction {
    // --- Subtransactions ------------------------------------------------------------------------------------------

    /// The nesting level: 0 outside of a transaction, 1 in one, 2 below a savepoint …
    pub fn level(&self) -> u32 {
        self.core.lock().levels.len() as u32
    }

    /// `SAVEPOINT name`: opens a subtransaction.
    ///
    /// # Errors
    /// `XX000` outside of a transaction.
    pub fn savepoint(&self, name: &str) -> Result<()> {
        self.open_level(Some(name.to_string()))
    }

    /// Opens a subtransaction without a name, for a block with an exception handler.
    ///
    /// # Errors
    /// `XX000` outside of a transaction.
    pub fn begin_subtransaction(&self) -> Result<()> {
        self.open_level(None)
    }

    fn open_level(&self, name: Option<String>) -> Result<()> {
        let mut inner = self.core.lock();
        if inner.levels.is_empty() {
            return Err(Error::internal("a subtransaction needs a transaction"));
        }
        self.core.statistics.harvest(inner.levels.len() as u32);
        inner.levels.push(Level { name, ..Level::default() });
        self.core.current.store(0, Ordering::Relaxed);
        self.core.locks.begin_level();
        Ok(())
    }

    /// Ends the innermost subtransaction; its work is its parent's from now on.
    ///
    /// # Errors
    /// `XX000` if there is none, or if it failed.
    pub fn commit_subtransaction(&self) -> Result<()> {
        let mut inner = self.core.lock();
        let level = inner.levels.len() as u32;
        if level < 2 || inner.levels.last().is_none_or(|level| level.failed) {
            return Err(Error::internal("there is no subtransaction to commit"));
        }
        let (Some(ended), Some(parent)) = (inner.levels.pop(), inner.levels.last_mut()) else {
            return Err(Error::internal("there is no subtransaction to commit"));
        };
        parent.committed.extend(ended.ids());
        parent.drop_at_commit.extend(ended.drop_at_commit);
        parent.drop_at_abort.extend(ended.drop_at_abort);
        parent.invalidations.extend(ended.invalidations);
        self.core.current.store(parent.xid.map_or(0, |xid| xid.0), Ordering::Relaxed);
        self.core.locks.end_level(true);
        drop(inner);
        self.core.statistics.subcommitted(level);
        self.core.each_participant(|participant| participant.subcommitted(level));
        Ok(())
    }

    /// Rolls back and ends the innermost subtransaction.
    ///
    /// # Errors
    /// `XX000` if there is none.
    pub fn abort_subtransaction(&self) -> Result<()> {
        if self.level() < 2 {
            return Err(Error::internal("there is no subtransaction to roll back"));
        }
        self.fail();
        let mut inner = self.core.lock();
        inner.levels.pop();
        let current = inner.levels.last().and_then(|level| level.xid);
        self.core.current.store(current.map_or(0, |xid| xid.0), Ordering::Relaxed);
        Ok(())
    }

    /// `RELEASE SAVEPOINT name`: its work, and that of the savepoints in it, becomes its parent's.
    ///
    /// # Errors
    /// `3B001` if there is no such savepoint.
    pub fn release(&self, name: &str) -> Result<()> {
        let level = self.find_savepoint(name)?;
        while self.level() > level {
            self.commit_subtransaction()?;
        }
        Ok(())
    }

    /// `ROLLBACK TO SAVEPOINT name`: undoes what was done since; the savepoint stays.
    ///
    /// # Errors
    /// `3B001` if there is no such savepoint.
    pub fn rollback_to(&self, name: &str) -> Result<()> {
        let level = self.find_savepoint(name)?;
        while self.level() > level {
            self.abort_subtransaction()?;
        }
        self.savepoint(name)
    }

    /// How many levels are outside of the innermost savepoint with this name.
    fn find_savepoint(&self, name: &str) -> Result<u32> {
        let inner = self.core.lock();
        match inner.levels.iter().rposition(|level| level.name.as_deref() == Some(name)) {
            Some(level) => Ok(level as u32),
            None => bail!(S_E_INVALID_SPECIFICATION, "savepoint \"{name}\" does not exist"),
        }
    }

    /// A statement failed: rolls back the innermost subtransaction (which stays open, of no use but to be removed by
    /// `ROLLBACK TO`), or the whole transaction if there is none.
    pub fn fail(&self) {
        let core = &*self.core;
        let mut inner = core.lock();
        let level = inner.levels.len() as u32;
        if level <= 1 {
            drop(inner);
            return self.abort();
        }
        let Some(innermost) = inner.levels.last_mut().filter(|level| !level.failed) else { return };
        innermost.failed = true;
        let failed = std::mem::take(innermost);
        innermost.failed = true;
        innermost.name.clone_from(&failed.name);
        inner.subtransactions = None;
        core.current.store(0, Ordering::Relaxed);
        drop(inner);
        let ids: Vec<Xid> = failed.ids().collect();
        core.record_abort(&ids, failed.xid, &failed.drop_at_abort);
        core.statistics.subaborted(level);
        core.each_participant(|participant| participant.subaborted(level));
        core.locks.announce_end(ids.iter().copied(), Lsn::INVALID, false);
        core.locks.end_level(false);
        core.storage.unlink(&failed.drop_at_abort);
    }
}
