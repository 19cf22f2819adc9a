//! Prepared transactions: the second half of a transaction that waits, without a session, for somebody to end it.
//!
//! Each has an entry here (its name, its owner, its id, where its record is) and, with the same number behind those of the processes, a
//! slot among running transactions and one in the lock table. So everybody sees it as running, and as holding its locks. All
//! else that ending it takes, [`PreparedState`], is in its record in the log, and nowhere else: who ends it reads it there.
//!
//! # What survives a crash
//!
//! Recovery replays the log from a checkpoint's redo position. So a checkpoint logs the record of every transaction that was prepared
//! before its redo position once more, behind it ([`Prepared::restate`]); then the log from there on has all of them, and older
//! segments may go. There are no files beside the log, and nothing to sync but it.
//!
//! An entry's lock is held while its record is inserted, by whom ever, and while it is read. This decides all races:
//!
//! - *Prepare and checkpoint*: either the entry is complete when the checkpoint comes to it, or its record is inserted after that,
//!   behind the redo position.
//! - *End and checkpoint*: either the end comes first, and the checkpoint finds nothing to log; or the end's record is behind the one logged
//!   anew, and recovery meets them in this order.
//! - *Reading and recycling*: a segment goes only after all records in it were logged anew.
//!
//! A rollback's record is flushed before anybody can see the rollback: hint bits on pages, which wait for no record, must not say of a
//! transaction that it is gone while a crash could bring it back.
//!
//! # Differences from PostgreSQL
//!
//! `pg_twophase` stays empty; PostgreSQL writes a file for each that is still there at a checkpoint.

mod state;

use error::{Error, Result, SqlState, bail};
use ids::{Lsn, Oid, Xid};
use locks::LockTable;
use shm::{CellMut, CriticalSection, Layout, LwCell, Many, One, Rank, Segment, Shm, ShmSlice};
use wal::{DecodedRecord, ReadOutcome, Record, RmgrId, WalReader};

use crate::record;
use crate::status::Csn;
use crate::transactions::Transactions;

pub use state::PreparedState;

/// Bytes of a transaction's identifier, with the zero that ends it in PostgreSQL.
const IDENTIFIER_SIZE: usize = 200;

/// What an entry is used for. Zero: nothing.
mod stage {
    /// Its transaction is being prepared; the name is taken.
    pub const RESERVED: u32 = 1;
    /// Its transaction is prepared, and its record in the log.
    pub const PREPARED: u32 = 2;
    /// The record of its end is in the log.
    pub const ENDED: u32 = 3;
}

shm::shared! {
    /// A prepared transaction.
    pub(crate) struct Entry {
        /// One of [`stage`].
        stage: u32,
        /// The number, plus one, of the process that prepares or ends it; zero: none.
        busy: u32,
        owner: u32,
        database: u32,
        xid: u64,
        prepared_us: i64,
        /// Where its record begins and ends.
        record: u64,
        record_end: u64,
        identifier_length: u32,
        unused: u32,
        identifier: [u8; IDENTIFIER_SIZE],
    }

    /// Whoever takes a name holds this.
    pub(crate) struct Names {
        /// So often one was taken.
        taken: u64,
    }
}

impl Entry {
    fn identifier(&self) -> &[u8] {
        &self.identifier[..(self.identifier_length as usize).min(IDENTIFIER_SIZE)]
    }

    fn is_named(&self, identifier: &str) -> bool {
        self.stage != 0 && self.identifier() == identifier.as_bytes()
    }

    fn set(&mut self, identifier: &str, owner: Oid, database: Oid) {
        let bytes = &identifier.as_bytes()[..identifier.len().min(IDENTIFIER_SIZE)];
        self.identifier[..bytes.len()].copy_from_slice(bytes);
        self.identifier_length = bytes.len() as u32;
        (self.owner, self.database) = (owner.0, database.0);
        (self.xid, self.record, self.record_end, self.busy) = (0, 0, 0, 0);
    }
}

/// A row of `pg_prepared_xacts`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreparedTransaction {
    /// Its id.
    pub xid: Xid,
    /// The name that it was prepared under.
    pub identifier: String,
    /// When, in microseconds of the Unix epoch.
    pub prepared_us: i64,
    /// Who prepared it.
    pub owner: Oid,
    /// Its database.
    pub database: Oid,
}

#[derive(Clone, Copy)]
pub(crate) struct PreparedRequest {
    names: One<LwCell<Names>>,
    entries: Many<LwCell<Entry>>,
}

/// The prepared transactions of the server.
#[derive(Clone, Copy)]
pub struct Prepared {
    names: Shm<LwCell<Names>>,
    entries: ShmSlice<LwCell<Entry>>,
    /// The slot of the first entry, among running transactions and in the lock table.
    first_slot: u32,
}

impl Prepared {
    pub(crate) fn layout(layout: &mut Layout, most: u32) -> PreparedRequest {
        PreparedRequest {
            names: layout.one("prepared transactions"),
            entries: layout.many("prepared transactions", most as usize),
        }
    }

    pub(crate) fn attach(segment: &Segment, request: PreparedRequest, first_slot: u32) -> Prepared {
        let (names, entries) = (segment.one(request.names), segment.many(request.entries));
        names.set_rank(Rank::PREPARED_NAMES);
        entries.iter().for_each(|entry| entry.set_rank(Rank::PREPARED));
        Prepared { names, entries, first_slot }
    }

    /// All that are prepared.
    pub fn list(&self) -> Vec<PreparedTransaction> {
        let entries = self.entries.iter().map(LwCell::share).filter(|entry| entry.stage == stage::PREPARED);
        entries
            .map(|entry| PreparedTransaction {
                xid: Xid(entry.xid),
                identifier: String::from_utf8_lossy(entry.identifier()).into_owned(),
                prepared_us: entry.prepared_us,
                owner: Oid(entry.owner),
                database: Oid(entry.database),
            })
            .collect()
    }

    /// Takes a name, for `process`.
    ///
    /// # Errors
    /// `22023` for a long one, `55000` if the server has no place for prepared transactions, `42710` if it is taken, `53200` if all places
    /// are.
    pub(crate) fn reserve(&self, identifier: &str, owner: Oid, database: Oid, process: u32) -> Result<Claim> {
        if identifier.len() >= IDENTIFIER_SIZE {
            bail!(INVALID_PARAMETER_VALUE, "transaction identifier \"{identifier}\" is too long");
        }
        if self.entries.is_empty() {
            return Err(Error::new(SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE, "prepared transactions are disabled")
                .hint("Set \"max_prepared_transactions\" to a nonzero value."));
        }
        let mut names = self.names.exclusive();
        let mut free = None;
        for (number, entry) in self.entries.iter().enumerate() {
            let entry = entry.share();
            if entry.is_named(identifier) {
                bail!(DUPLICATE_OBJECT, "transaction identifier \"{identifier}\" is already in use");
            }
            if entry.stage == 0 {
                free.get_or_insert(number);
            }
        }
        let Some(number) = free else { return Err(self.full()) };
        names.taken += 1;
        let mut entry = self.entries[number].exclusive();
        entry.set(identifier, owner, database);
        (entry.stage, entry.busy) = (stage::RESERVED, process + 1);
        Ok(Claim { prepared: *self, number })
    }

    fn full(&self) -> Error {
        let most = self.entries.len();
        Error::new(SqlState::OUT_OF_MEMORY, "maximum number of prepared transactions reached")
            .hint(format!("Increase \"max_prepared_transactions\" (currently {most})."))
    }

    /// Takes a prepared transaction, to end it.
    ///
    /// # Errors
    /// `42704` if there is none of this name, `55000` if somebody else is at it, `42501` for those who may not, `0A000` in another
    /// database.
    pub(crate) fn claim(
        &self,
        identifier: &str,
        role: Oid,
        is_superuser: bool,
        database: Oid,
        process: u32,
    ) -> Result<Claim> {
        let all = self.entries.iter().enumerate();
        for (number, mut entry) in all.map(|(number, entry)| (number, entry.exclusive())) {
            if !entry.is_named(identifier) || entry.stage == stage::RESERVED {
                continue;
            }
            if entry.busy != 0 {
                bail!(
                    OBJECT_NOT_IN_PREREQUISITE_STATE,
                    "prepared transaction with identifier \"{identifier}\" is busy"
                );
            }
            if entry.owner != role.0 && !is_superuser {
                return Err(Error::new(
                    SqlState::INSUFFICIENT_PRIVILEGE,
                    "permission denied to finish prepared transaction",
                )
                .hint("Must be superuser or the user that prepared the transaction."));
            }
            if entry.database != database.0 {
                return Err(Error::new(
                    SqlState::FEATURE_NOT_SUPPORTED,
                    "prepared transaction belongs to another database",
                )
                .hint("Connect to the database where the transaction was prepared to finish it."));
            }
            entry.busy = process + 1;
            return Ok(Claim { prepared: *self, number });
        }
        bail!(UNDEFINED_OBJECT, "prepared transaction with identifier \"{identifier}\" does not exist");
    }

    /// For a checkpoint: logs once more what recovery would not find from the redo position `redo` on.
    ///
    /// # Errors
    /// Those of reading and writing the log.
    pub(crate) fn restate(&self, transactions: &Transactions, redo: Lsn) -> Result<()> {
        for cell in self.entries.iter() {
            if cell.share().stage != stage::PREPARED {
                continue;
            }
            let mut entry = cell.exclusive();
            if entry.stage != stage::PREPARED || entry.record >= redo.0 {
                continue;
            }
            let state = read(transactions, &entry)?;
            let (begin, end) = insert(transactions, &state)?;
            (entry.record, entry.record_end) = (begin.0, end.0);
        }
        Ok(())
    }

    /// Redo of a record of preparing, which may be known already.
    ///
    /// # Errors
    /// `53200` if there are more than the server is configured for.
    pub(crate) fn redo(&self, state: &PreparedState, record: &DecodedRecord) -> Result<()> {
        let find = |what: &dyn Fn(&Entry) -> bool| self.entries.iter().find(|entry| what(&entry.share()));
        let known = find(&|entry| entry.stage != 0 && entry.xid == state.xid.0);
        let cell = known.or_else(|| find(&|entry| entry.stage == 0)).ok_or_else(|| self.full().fatal())?;
        let mut entry = cell.exclusive();
        entry.set(&state.identifier, state.owner, state.database);
        (entry.stage, entry.xid, entry.prepared_us) = (stage::PREPARED, state.xid.0, state.prepared_us);
        (entry.record, entry.record_end) = (record.lsn.0, record.end.0);
        Ok(())
    }

    /// Redo of the end of a prepared transaction.
    pub(crate) fn redo_end(&self, xid: Xid) {
        if let Some(entry) = self.entries.iter().find(|entry| entry.share().xid == xid.0) {
            let mut entry = entry.exclusive();
            (entry.stage, entry.xid) = (0, 0);
        }
    }

    /// At the start of the server, before the first transaction: what was prepared runs again, and holds its locks. Gives their ids.
    ///
    /// # Errors
    /// Those of reading the log; `53200` if their locks do not fit.
    pub(crate) fn restore(&self, transactions: &Transactions, locks: &LockTable) -> Result<Vec<Xid>> {
        let mut restored = Vec::new();
        for (number, cell) in self.entries.iter().enumerate() {
            let entry = cell.share();
            if entry.stage != stage::PREPARED {
                continue;
            }
            let state = read(transactions, &entry)?;
            drop(entry);
            let slot = self.first_slot + number as u32;
            locks.restore_prepared(slot, state.xid, &state.locks)?;
            transactions.set_running(slot, state.xid);
            if let Some(notes) = &state.notes {
                transactions.serializable().restore(state.xid, notes)?;
            }
            restored.push(state.xid);
        }
        Ok(restored)
    }
}

/// An entry that this process alone prepares or ends. Dropped before its end is logged, it is as it was.
pub(crate) struct Claim {
    prepared: Prepared,
    number: usize,
}

impl Claim {
    fn entry(&self) -> CellMut<'static, Entry> {
        self.prepared.entries.get_all()[self.number].exclusive()
    }

    /// The transaction's slot among those that run and in the lock table.
    pub fn slot(&self) -> u32 {
        self.prepared.first_slot + self.number as u32
    }

    /// Logs that the transaction is prepared. Gives the record's end.
    ///
    /// # Errors
    /// Those of inserting the record; nothing has happened then.
    pub fn prepare(&self, transactions: &Transactions, process: u32, state: &PreparedState) -> Result<Lsn> {
        let mut entry = self.entry();
        let _critical = CriticalSection::new();
        let _logging = transactions.begin_logging(process);
        let (begin, end) = insert(transactions, state)?;
        if let Err(error) = transactions.set_status(state.xid, Csn::Prepared, end) {
            wal::panic_process(error);
        }
        (entry.xid, entry.prepared_us) = (state.xid.0, state.prepared_us);
        (entry.record, entry.record_end) = (begin.0, end.0);
        entry.stage = stage::PREPARED;
        Ok(end)
    }

    /// What was prepared.
    ///
    /// # Errors
    /// Those of reading the log.
    pub fn state(&self, transactions: &Transactions) -> Result<PreparedState> {
        read(transactions, &self.entry())
    }

    /// Logs the transaction's end, by `insert`.
    ///
    /// # Errors
    /// Those of `insert`; nothing has happened then.
    pub fn log_end(&self, insert: impl FnOnce() -> Result<Lsn>) -> Result<Lsn> {
        let mut entry = self.entry();
        let end = insert()?;
        entry.stage = stage::ENDED;
        Ok(end)
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let mut entry = self.entry();
        entry.busy = 0;
        if entry.stage != stage::PREPARED {
            (entry.stage, entry.xid) = (0, 0);
        }
    }
}

fn insert(transactions: &Transactions, state: &PreparedState) -> Result<(Lsn, Lsn)> {
    let mut record = Record::new(RmgrId::XACT, record::PREPARE);
    state.write(record.data_mut());
    transactions.wal().insert_at(&record, state.xid)
}

/// Reads an entry's record back.
fn read(transactions: &Transactions, entry: &Entry) -> Result<PreparedState> {
    let wal = transactions.wal();
    wal.flush(Lsn(entry.record_end));
    let mut reader = WalReader::new(wal.directory(), wal.segment_size(), wal.timeline(), Lsn(entry.record));
    let invalid = || Error::corrupted(format!("could not read two-phase state from WAL at {}", Lsn(entry.record)));
    match reader.read()? {
        ReadOutcome::Record(record) if record.rmgr == RmgrId::XACT && record.info == record::PREPARE => {
            PreparedState::read(record.data())
        }
        ReadOutcome::Record(_) => Err(invalid()),
        ReadOutcome::End(end) => Err(invalid().detail(end.reason)),
    }
}
