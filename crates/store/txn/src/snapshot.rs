//! Snapshots: which row versions a statement sees.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use error::Result;
use ids::{CommandId, Lsn, Xid};

use crate::serializable::Reader;
use crate::status::XidStatus;
use crate::transaction::Core;
use crate::transactions::Transactions;

/// Which row versions a statement sees. Cheap to clone, `Send + Sync`; taken with [`crate::Transaction::snapshot`].
///
/// A version is seen if its inserter is seen and its deleter is not. Of others' transactions those are seen whose commit LSN is
/// at or below `visible`; of the own transaction, the commands before `command`.
#[derive(Clone)]
pub struct Snapshot {
    /// Commits up to here are seen.
    pub visible: Lsn,
    /// Ids below have ended, and are seen if they committed: their status alone decides, so hint bits suffice.
    pub xmin: Xid,
    /// Ids from here on are not seen.
    pub xmax: Xid,
    /// Commands of the own transaction before this one are seen.
    pub command: CommandId,
    /// The own top-level id when the snapshot was taken; invalid if there was none. (What gets an id later is done by later
    /// commands, which are not seen anyway.)
    pub(crate) top: Xid,
    /// Living subtransactions' ids at that time, sorted.
    pub(crate) subtransactions: Option<Arc<[Xid]>>,
    pub(crate) combined: Arc<CombinedCommands>,
    /// Of a serializable transaction that is watched: who wants to know what is read with this snapshot.
    pub serializable: Option<Arc<Reader>>,
}

impl Snapshot {
    /// Whether it sees the work of `xid`, which is not one of the own transaction's ([`Snapshot::is_own`]). For ids below `xmin`
    /// a hint bit may answer instead.
    ///
    /// # Errors
    /// Those of reading the CSN log.
    pub fn sees(&self, transactions: &Transactions, xid: Xid) -> Result<bool> {
        if xid >= self.xmax {
            return Ok(false);
        }
        Ok(match transactions.status(xid)? {
            XidStatus::Committed(lsn) => lsn <= self.visible || xid < self.xmin,
            XidStatus::Running | XidStatus::Aborted => false,
        })
    }

    /// Whether `xid` is the own transaction or a living subtransaction of it: then commands decide.
    #[inline]
    pub fn is_own(&self, xid: Xid) -> bool {
        xid == self.top && xid.is_valid()
            || self.subtransactions.as_ref().is_some_and(|subs| subs.binary_search(&xid).is_ok())
    }

    /// The (inserting, deleting) commands behind a number that [`crate::Transaction::combine_commands`] gave out.
    pub fn commands(&self, combined: CommandId) -> (CommandId, CommandId) {
        self.combined.get(combined)
    }
}

/// A snapshot that holds back the horizon until it is dropped.
pub struct ActiveSnapshot {
    pub(crate) snapshot: Snapshot,
    /// What was published for it.
    pub(crate) published: Xid,
    pub(crate) core: Arc<Core>,
}

impl ActiveSnapshot {
    /// The same snapshot once more: for a cursor that outlives the statement.
    #[must_use]
    pub fn register_again(&self) -> ActiveSnapshot {
        self.core.register(self.published);
        ActiveSnapshot { snapshot: self.snapshot.clone(), published: self.published, core: Arc::clone(&self.core) }
    }

    /// The same snapshot for a later command of the transaction, which sees what came before it.
    #[must_use]
    pub fn at_command(&self, command: CommandId) -> ActiveSnapshot {
        let mut again = self.register_again();
        again.snapshot.command = command;
        (again.snapshot.top, again.snapshot.subtransactions) = self.core.own_ids();
        again
    }
}

impl Deref for ActiveSnapshot {
    type Target = Snapshot;

    fn deref(&self) -> &Snapshot {
        &self.snapshot
    }
}

impl Drop for ActiveSnapshot {
    fn drop(&mut self) {
        self.core.unregister(self.published);
    }
}

/// Pairs of (inserting, deleting) command that share one number, since a row version has room for one only.
#[derive(Default)]
pub(crate) struct CombinedCommands(Mutex<Pairs>);

#[derive(Default)]
struct Pairs {
    list: Vec<(CommandId, CommandId)>,
    numbers: HashMap<(CommandId, CommandId), u32>,
}

impl CombinedCommands {
    fn lock(&self) -> MutexGuard<'_, Pairs> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The pair's number, made if need be.
    pub fn combine(&self, inserting: CommandId, deleting: CommandId) -> CommandId {
        let pair = (inserting, deleting);
        let Pairs { list, numbers } = &mut *self.lock();
        // A statement deletes many rows of one earlier statement in a row.
        if list.last() == Some(&pair) {
            return CommandId(list.len() as u32 - 1);
        }
        CommandId(*numbers.entry(pair).or_insert_with(|| {
            list.push(pair);
            list.len() as u32 - 1
        }))
    }

    pub fn get(&self, combined: CommandId) -> (CommandId, CommandId) {
        let pair = self.lock().list.get(combined.0 as usize).copied();
        pair.unwrap_or((CommandId::INVALID, CommandId::INVALID))
    }

    /// At the end of the transaction.
    pub fn clear(&self) {
        let mut pairs = self.lock();
        if !pairs.list.is_empty() {
            *pairs = Pairs::default();
        }
    }
}
