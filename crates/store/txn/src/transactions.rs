//! What all transactions share: the id counters, who runs what, the CSN log, the horizons.
//!
//! # The lower bound of running ids
//!
//! `oldest_running` is a number such that every id below it has ended and, if it committed, has its commit LSN at or below
//! the watermark. Taking a snapshot reads this number; nobody walks the process table for it. It moves when the transaction that
//! it stands at ends: that transaction walks the table once. A transaction ends, in this sense, when its commit is
//! *flushed*; one that committed asynchronously leaves its id in its process's slot as *unflushed* until the log is.
//!
//! # Horizons
//!
//! A process publishes, before it takes a snapshot, the bound as it is then; and reads the bound again for its snapshot's
//! `xmin`. Who computes a horizon reads the bound first, then all published values, and takes the least. In the order of
//! these sequentially consistent operations either the publication comes first and is seen, or the snapshot's own
//! reading comes after the bound's and is at or above it. So no snapshot has an `xmin` below a horizon that was
//! computed without it, and a horizon once computed stays valid for ever.
//!
//! # Ids and the log
//!
//! Ids are logged ahead, [`ID_BATCH`] at a time; after a crash the sequence goes on behind the last batch, so no id is
//! used twice although most are never seen in the log.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use error::{Error, Result, SqlState};
use ids::{Lsn, MultiXactId, Xid};
use locks::LockTable;
use shm::{Layout, Many, One, Segment, Shm, ShmSlice};
use storage::{CheckpointParticipant, CheckpointRecord, ResourceManager};
use wal::{Record, RmgrId, Wal};

use crate::multixact::{self, MultiXactMember};
use crate::paged_log::{PagedLog, PagedLogRequest};
use crate::prepared::{Prepared, PreparedRequest};
use crate::record;
use crate::serializable::{PredicateLockLimits, Serializable, SerializableRequest};
use crate::status::{Csn, XidStatus};

/// Ids that one log record sets aside.
const ID_BATCH: u64 = 4096;

shm::shared! {
    /// The counters.
    #[repr(C, align(64))]
    pub(crate) struct State {
        /// The next id.
        next_xid: AtomicU64,
        /// Ids from here on have not been logged yet.
        id_limit: AtomicU64,
        /// The next free word of the members' array.
        next_member: AtomicU64,
        /// Ids below were assigned before the server started: whoever of them has no status was lost.
        first_of_this_run: AtomicU64,
        /// Ids below have no status any more.
        oldest_kept: AtomicU64,
        /// The lower bound of running ids times two, plus one if nobody ran when it was found.
        bound: Line,
        /// The greatest horizon that was computed.
        horizon: Line,
        /// When the log is flushed up to here, the bound may move; zero: nothing is waited for.
        recheck_at: AtomicU64,
    }

    /// A word that has its cache line to itself.
    #[repr(C, align(64))]
    pub(crate) struct Line {
        value: AtomicU64,
    }

    /// A process's part, or a prepared transaction's: those come behind.
    #[repr(C, align(64))]
    pub(crate) struct Slot {
        /// The top-level id that the process runs, or a bound below it while it gets one; zero: none.
        running: AtomicU64,
        /// The oldest ids of asynchronous commits, and the LSN that makes them end: an older and a younger group.
        unflushed: [Unflushed; 2],
        /// No snapshot of this process has an `xmin` below; zero: it has none.
        xmin: AtomicU64,
        /// Odd while the process has a record in the log whose effect on the tables here is not there yet.
        logging: AtomicU32,
    }

    /// Asynchronous commits that may not be flushed yet.
    pub(crate) struct Unflushed {
        /// The oldest of their ids; zero: none.
        xid: AtomicU64,
        /// When the log is flushed up to here, all have ended.
        until: AtomicU64,
    }
}

/// How big the caches are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransactionConfig {
    /// Slots of the process table.
    pub processes: u32,
    /// Prepared transactions at most (`max_prepared_transactions`).
    pub prepared: u32,
    /// Pages of the CSN log in memory (`transaction_buffers`), each for 1024 ids.
    pub status_pages: usize,
    /// Pages of multixact members in memory (`multixact_member_buffers`).
    pub member_pages: usize,
    /// How much serializable transactions note of what they read.
    pub predicate_locks: PredicateLockLimits,
}

impl TransactionConfig {
    /// Usual sizes for so many processes.
    pub fn new(processes: u32) -> TransactionConfig {
        TransactionConfig {
            processes,
            prepared: 0,
            status_pages: 256,
            member_pages: 32,
            predicate_locks: PredicateLockLimits::new(processes),
        }
    }
}

/// What [`Transactions::layout`] asked for.
#[derive(Clone, Copy)]
pub struct TransactionsRequest {
    state: One<State>,
    slots: Many<Slot>,
    statuses: PagedLogRequest,
    members: PagedLogRequest,
    serializable: SerializableRequest,
    prepared: PreparedRequest,
    processes: u32,
}

/// The shared state of all transactions: a handle, cheap to clone.
#[derive(Clone)]
pub struct Transactions(Arc<Inner>);

struct Inner {
    state: Shm<State>,
    slots: ShmSlice<Slot>,
    statuses: PagedLog,
    members: PagedLog,
    serializable: Serializable,
    prepared: Prepared,
    wal: Wal,
}

/// The directories below the data directory.
fn directories(data_directory: &Path) -> [PathBuf; 2] {
    [data_directory.join("pg_xact"), data_directory.join("pg_multixact").join("members")]
}

impl Transactions {
    /// Makes the directories; for initdb.
    ///
    /// # Errors
    /// Those of making directories.
    pub fn create_directories(data_directory: &Path) -> Result<()> {
        for directory in directories(data_directory) {
            std::fs::create_dir_all(&directory)
                .map_err(|e| Error::io(format!("could not create directory \"{}\"", directory.display()), &e))?;
        }
        Ok(())
    }

    /// The first numbers of a new cluster.
    pub fn first_checkpoint(record: &mut CheckpointRecord) {
        record.next_xid = Xid::FIRST_NORMAL;
        record.next_multixact = MultiXactId(Xid::FIRST_NORMAL.0);
        record.next_multixact_offset = 0;
        record.oldest_xid = Xid::FIRST_NORMAL;
        record.oldest_multixact = MultiXactId(Xid::FIRST_NORMAL.0);
    }

    /// Asks for the shared memory.
    pub fn layout(layout: &mut Layout, config: &TransactionConfig) -> TransactionsRequest {
        TransactionsRequest {
            state: layout.one("transactions"),
            slots: layout.many("transactions of processes", (config.processes + config.prepared) as usize),
            statuses: PagedLog::layout(layout, "CSN log", config.status_pages),
            members: PagedLog::layout(layout, "multixact members", config.member_pages),
            serializable: Serializable::layout(layout, config.predicate_locks),
            prepared: Prepared::layout(layout, config.prepared),
            processes: config.processes,
        }
    }

    /// Finds the shared memory. Before use, [`CheckpointParticipant::start_from`] sets the numbers, redo raises them, and
    /// [`Transactions::open`] lets transactions begin.
    pub fn attach(segment: &Segment, request: TransactionsRequest, wal: &Wal, data_directory: &Path) -> Transactions {
        let [statuses, members] = directories(data_directory);
        Transactions(Arc::new(Inner {
            state: segment.one(request.state),
            slots: segment.many(request.slots),
            statuses: PagedLog::attach(segment, request.statuses, statuses, wal.clone()),
            members: PagedLog::attach(segment, request.members, members, wal.clone()),
            serializable: Serializable::attach(segment, request.serializable),
            prepared: Prepared::attach(segment, request.prepared, request.processes),
            wal: wal.clone(),
        }))
    }

    /// The managers that replay transactions' records.
    pub fn resource_managers(&self) -> Vec<Arc<dyn ResourceManager>> {
        record::managers(self)
    }

    /// Recovery is over (or was not needed): what has no status now never will.
    pub fn open(&self) {
        let state = &self.0.state;
        let next = state.next_xid.load(Ordering::SeqCst).max(Xid::FIRST_NORMAL.0);
        state.next_xid.store(next, Ordering::SeqCst);
        state.id_limit.store(next, Ordering::SeqCst);
        state.first_of_this_run.store(next, Ordering::SeqCst);
        // Nobody runs yet but what was prepared.
        let prepared =
            self.0.slots.iter().map(|slot| slot.running.load(Ordering::SeqCst)).filter(|&xid| xid != 0).min();
        state.bound.value.store(prepared.map_or(next << 1 | 1, |xid| xid << 1), Ordering::SeqCst);
        state.horizon.value.fetch_max(Xid::FIRST_NORMAL.0, Ordering::SeqCst);
    }

    /// At the start of the server, before [`Transactions::open`]: transactions that are prepared run again, and hold their locks. Gives
    /// their ids.
    ///
    /// # Errors
    /// Those of reading the log; `53200` if their locks do not fit.
    pub fn restore_prepared(&self, locks: &LockTable) -> Result<Vec<Xid>> {
        self.0.prepared.restore(self, locks)
    }

    /// Prepared transactions.
    pub fn prepared(&self) -> &Prepared {
        &self.0.prepared
    }

    /// What serializable transactions know of each other.
    #[inline]
    pub fn serializable(&self) -> &Serializable {
        &self.0.serializable
    }

    pub(crate) fn wal(&self) -> &Wal {
        &self.0.wal
    }

    /// Commits up to here are visible to new snapshots.
    pub fn watermark(&self) -> Lsn {
        self.0.wal.flushed()
    }

    // --- Status -------------------------------------------------------------------------------------------------

    fn csn(&self, xid: Xid) -> Result<Csn> {
        let mut tries = 0u32;
        loop {
            match Csn::decode(self.0.statuses.get(xid.0)?) {
                Csn::Committing if xid.0 >= self.0.state.first_of_this_run.load(Ordering::Relaxed) => {
                    // The committer is between its log record and this word: some hundred nanoseconds, unless it lost
                    // the processor.
                    tries += 1;
                    match tries {
                        0..100 => std::hint::spin_loop(),
                        100..200 => std::thread::yield_now(),
                        _ => std::thread::sleep(std::time::Duration::from_micros(50)),
                    }
                }
                Csn::CommittingPrepared => {
                    tries += 1;
                    if tries > 100 {
                        std::thread::sleep(std::time::Duration::from_micros(50));
                    }
                }
                csn => return Ok(csn),
            }
        }
    }

    /// Whether what ran before the server started, or was a part of it, is prepared. It may be ended at this moment.
    fn is_prepared(&self, xid: Xid, csn: Csn) -> Result<bool> {
        match csn {
            Csn::Prepared => Ok(true),
            Csn::Subtransaction { top } => Ok(self.csn(top)? == Csn::Prepared || self.csn(xid)? != csn),
            _ => Ok(false),
        }
    }

    /// What became of `xid`: lock-free when its page of the CSN log is in memory. Never answers for a commit that is just
    /// happening: waits those few instructions. Not for multixacts.
    ///
    /// # Errors
    /// Those of reading the CSN log; `XX001` for a multixact, and for an id whose status was discarded.
    pub fn status(&self, xid: Xid) -> Result<XidStatus> {
        if !xid.is_normal() {
            let always = xid == Xid::BOOTSTRAP || xid == Xid::FROZEN;
            return Ok(if always { XidStatus::Committed(Lsn(1)) } else { XidStatus::Aborted });
        }
        match self.csn(xid)? {
            // Nearly always it is one of these.
            Csn::Committed(lsn) => Ok(XidStatus::Committed(lsn)),
            Csn::Aborted => Ok(XidStatus::Aborted),
            Csn::MultiXact { .. } => Err(Error::corrupted(format!("transaction {xid} is a multixact"))),
            csn => {
                let is_recent = xid.0 >= self.0.state.first_of_this_run.load(Ordering::Relaxed);
                if is_recent || csn == Csn::Prepared {
                    Ok(XidStatus::Running)
                } else if self.is_prepared(xid, csn)? {
                    match self.csn(xid)? {
                        Csn::Committed(lsn) => Ok(XidStatus::Committed(lsn)),
                        Csn::Aborted => Ok(XidStatus::Aborted),
                        _ => Ok(XidStatus::Running),
                    }
                } else if xid.0 >= self.0.state.oldest_kept.load(Ordering::Relaxed) {
                    Ok(XidStatus::Aborted)
                } else {
                    Err(Error::new(SqlState::DATA_CORRUPTED, format!("could not access status of transaction {xid}")))
                }
            }
        }
    }

    /// The oldest id whose status is known.
    pub fn oldest_kept(&self) -> Xid {
        Xid(self.0.state.oldest_kept.load(Ordering::Relaxed))
    }

    /// Whether the number was given to a multixact: they come from the same sequence as transactions.
    ///
    /// # Errors
    /// Those of reading the CSN log.
    pub fn is_multixact(&self, xid: Xid) -> Result<bool> {
        Ok(xid.is_normal() && matches!(self.csn(xid)?, Csn::MultiXact { .. }))
    }

    /// Whether `xid` is that of a running transaction or subtransaction.
    ///
    /// # Errors
    /// As [`Transactions::status`].
    pub fn is_running(&self, xid: Xid) -> Result<bool> {
        Ok(self.status(xid)? == XidStatus::Running)
    }

    /// The top-level transaction of a running subtransaction; of anything else, itself.
    ///
    /// # Errors
    /// Those of reading the CSN log.
    pub fn top_of(&self, xid: Xid) -> Result<Xid> {
        match self.csn(xid)? {
            Csn::Subtransaction { top } => Ok(top),
            _ => Ok(xid),
        }
    }

    /// Whether a hint bit may say for ever what `status` says: aborted, or committed and flushed.
    pub fn may_hint(&self, status: XidStatus) -> bool {
        match status {
            XidStatus::Running => false,
            XidStatus::Aborted => true,
            XidStatus::Committed(lsn) => lsn <= self.watermark(),
        }
    }

    pub(crate) fn set_status(&self, xid: Xid, csn: Csn, lsn: Lsn) -> Result<()> {
        self.0.statuses.set(xid.0, csn.encode(), lsn)
    }

    /// The members of a multixact.
    ///
    /// # Errors
    /// Those of reading; `XX001` if there is no such multixact.
    pub fn members(&self, multi: MultiXactId) -> Result<Vec<MultiXactMember>> {
        match self.csn(Xid(multi.0))? {
            Csn::MultiXact { offset } => multixact::read(&self.0.members, multi, offset),
            _ => Err(Error::corrupted(format!("MultiXactId {} does not exist", multi.0))),
        }
    }

    // --- Ids ----------------------------------------------------------------------------------------------------

    /// The id that the next transaction or multixact will get.
    pub fn next_xid(&self) -> Xid {
        Xid(self.0.state.next_xid.load(Ordering::SeqCst))
    }

    /// Takes the next id. `process` runs it from before anyone else can meet it, if it has no older one.
    pub(crate) fn assign(&self, process: u32, top: bool) -> Result<Xid> {
        let state = &self.0.state;
        let running = &self.0.slots[process as usize].running;
        if top {
            // First a bound below the id to come: who looks between the two steps must not think that nobody runs.
            running.store(state.next_xid.load(Ordering::SeqCst), Ordering::SeqCst);
        }
        let xid = state.next_xid.fetch_add(1, Ordering::SeqCst);
        if top {
            running.store(xid, Ordering::SeqCst);
        }
        // Reading the page now means that no later step, in a critical section, has to read it.
        let ready = self.log_ids_up_to(process, xid).and_then(|()| self.0.statuses.get(xid));
        match ready {
            Ok(_) => Ok(Xid(xid)),
            Err(error) => {
                if top {
                    self.end_running(process, Lsn::INVALID);
                }
                Err(error)
            }
        }
    }

    /// Sees to it that `id` is below the logged limit.
    fn log_ids_up_to(&self, process: u32, id: u64) -> Result<()> {
        let state = &self.0.state;
        while id >= state.id_limit.load(Ordering::SeqCst) {
            let limit = id + ID_BATCH;
            let _logging = self.begin_logging(process);
            let mut record = Record::new(RmgrId::CLOG, record::NEXT_XID);
            record.data(&limit.to_le_bytes());
            let lsn = self.0.wal.insert(&record, Xid::INVALID)?;
            self.0.statuses.flush_floor(lsn);
            self.0.members.flush_floor(lsn);
            state.id_limit.fetch_max(limit, Ordering::SeqCst);
        }
        Ok(())
    }

    /// Makes a multixact.
    pub(crate) fn make_multixact(&self, process: u32, members: &[MultiXactMember]) -> Result<MultiXactId> {
        let state = &self.0.state;
        if members.is_empty() || members.iter().filter(|m| m.updates).count() > 1 {
            return Err(Error::internal("a multixact needs members, and at most one that updates"));
        }
        let id = state.next_xid.fetch_add(1, Ordering::SeqCst);
        self.log_ids_up_to(process, id)?;
        let offset = state.next_member.fetch_add(members.len() as u64 + 1, Ordering::SeqCst);
        let words: Vec<u64> = members.iter().map(MultiXactMember::encode).collect();
        let mut record = Record::new(RmgrId::MULTIXACT, record::CREATE_ID);
        record.data(&id.to_le_bytes()).data(&offset.to_le_bytes());
        words.iter().for_each(|word| {
            record.data(&word.to_le_bytes());
        });
        let _logging = self.begin_logging(process);
        let lsn = self.0.wal.insert(&record, Xid::INVALID)?;
        self.write_multixact(Xid(id), offset, &words, lsn)?;
        Ok(MultiXactId(id))
    }

    fn write_multixact(&self, id: Xid, offset: u64, members: &[u64], lsn: Lsn) -> Result<()> {
        for (at, word) in (offset + 1..).zip(members) {
            self.0.members.set(at, *word, lsn)?;
        }
        self.0.members.set(offset, members.len() as u64, lsn)?;
        self.set_status(id, Csn::MultiXact { offset }, lsn)
    }

    // --- Running transactions -----------------------------------------------------------------------------------

    /// Says that the process has, or will have at once, a record in the log that changes the tables here. A checkpoint waits
    /// for the guard's end before it saves them, so that what it does not replay is in what it saves.
    pub(crate) fn begin_logging(&self, process: u32) -> Logging<'_> {
        let logging = &self.0.slots[process as usize].logging;
        logging.fetch_add(1, Ordering::SeqCst);
        Logging(logging)
    }

    /// The transaction of `process` is prepared: it runs in `slot` now.
    pub(crate) fn hand_over(&self, process: u32, slot: u32, xid: Xid) {
        self.set_running(slot, xid);
        // Who walks the table comes to the slots of prepared transactions last, so it meets the id at least once.
        self.0.slots[process as usize].running.store(0, Ordering::SeqCst);
    }

    /// A prepared transaction's slot runs its id.
    pub(crate) fn set_running(&self, slot: u32, xid: Xid) {
        self.0.slots[slot as usize].running.store(xid.0, Ordering::SeqCst);
    }

    /// The process's transaction has ended. `unflushed` is the end of its commit record if that may not be flushed yet.
    pub(crate) fn end_running(&self, process: u32, unflushed: Lsn) {
        let slot = &self.0.slots[process as usize];
        let xid = slot.running.load(Ordering::Relaxed);
        if xid == 0 {
            return;
        }
        if unflushed > self.watermark() {
            self.keep_unflushed(slot, xid, unflushed);
        }
        slot.running.store(0, Ordering::SeqCst);
        let bound = self.0.state.bound.value.load(Ordering::SeqCst);
        if xid <= bound >> 1 || bound & 1 == 1 {
            self.advance();
        }
    }

    /// Notes an asynchronous commit. The older group is left as it is until the log has reached it, so that it ends however
    /// many commits follow.
    fn keep_unflushed(&self, slot: &Slot, xid: u64, until: Lsn) {
        let [older, younger] = &slot.unflushed;
        let watermark = self.watermark();
        if older.until.load(Ordering::Relaxed) <= watermark.0 {
            let (next, next_until) = (younger.xid.load(Ordering::Relaxed), younger.until.load(Ordering::Relaxed));
            older.set(next, next_until);
            younger.set(0, 0);
        }
        let group = if older.xid.load(Ordering::Relaxed) == 0 { older } else { younger };
        let first = match group.xid.load(Ordering::Relaxed) {
            0 => xid,
            first => first,
        };
        group.set(first, until.0);
        let _ = self.0.state.recheck_at.compare_exchange(0, until.0, Ordering::SeqCst, Ordering::SeqCst);
    }

    /// The oldest id that still counts as running for this slot.
    fn oldest_of(&self, slot: &Slot, watermark: Lsn) -> Option<u64> {
        // In this order: ids move from `running` to a group, and from the younger group to the older one.
        let running = slot.running.load(Ordering::SeqCst);
        let [older, younger] = &slot.unflushed;
        let groups = [younger.get(watermark), older.get(watermark)];
        groups.into_iter().chain([running]).filter(|&xid| xid != 0).min()
    }

    /// Moves the lower bound of running ids as far as it goes. Done by the transaction that it stood at, and by the WAL writer
    /// after asynchronous commits.
    pub fn advance(&self) {
        let state = &self.0.state;
        loop {
            let watermark = self.watermark();
            let next = state.next_xid.load(Ordering::SeqCst);
            let mut oldest: Option<(u64, usize)> = None;
            for (number, slot) in self.0.slots.iter().enumerate() {
                // An id from `next` on began during this walk: an older one than that may run by now in a slot already passed.
                if let Some(xid) = self.oldest_of(slot, watermark).filter(|&xid| xid < next)
                    && oldest.is_none_or(|(least, _)| xid < least)
                {
                    oldest = Some((xid, number));
                }
            }
            let Some((bound, number)) = oldest else {
                state.bound.value.fetch_max(next << 1 | 1, Ordering::SeqCst);
                return;
            };
            state.bound.value.fetch_max(bound << 1, Ordering::SeqCst);
            let slot = &self.0.slots[number];
            if let Some(until) = slot.unflushed.iter().find_map(|group| group.waits_for(bound)) {
                let _ = state.recheck_at.compare_exchange(0, until, Ordering::SeqCst, Ordering::SeqCst);
            }
            // It may have ended while the bound was below it, and have left the moving to us.
            if self.oldest_of(slot, self.watermark()) == Some(bound) {
                return;
            }
        }
    }

    /// The lower bound of running ids: every id below has ended, and every new snapshot sees it if it committed.
    pub fn oldest_running(&self) -> Xid {
        let state = &self.0.state;
        let recheck = state.recheck_at.load(Ordering::Relaxed);
        if recheck != 0
            && self.watermark().0 >= recheck
            && state.recheck_at.compare_exchange(recheck, 0, Ordering::SeqCst, Ordering::SeqCst).is_ok()
        {
            self.advance();
        }
        Xid(state.bound.value.load(Ordering::SeqCst) >> 1)
    }

    // --- Horizons -----------------------------------------------------------------------------------------------

    /// The top-level id that a process runs; invalid if none.
    pub fn running_xid(&self, process: shm::ProcNumber) -> Xid {
        let slot = self.0.slots.get(process.0 as usize);
        Xid(slot.map_or(0, |slot| slot.running.load(Ordering::Relaxed)))
    }

    /// The bound that a process's snapshots keep; invalid if it has none.
    pub fn published_xmin(&self, process: shm::ProcNumber) -> Xid {
        let slot = self.0.slots.get(process.0 as usize);
        Xid(slot.map_or(0, |slot| slot.xmin.load(Ordering::Relaxed)))
    }

    /// Publishes that the process's snapshots have no `xmin` below the result, and returns it.
    pub(crate) fn publish_xmin(&self, process: u32) -> Xid {
        let bound = self.oldest_running();
        self.0.slots[process as usize].xmin.store(bound.0, Ordering::SeqCst);
        bound
    }

    /// Replaces the published bound by a greater one; zero: no snapshots are left.
    pub(crate) fn raise_xmin(&self, process: u32, xmin: Xid) {
        self.0.slots[process as usize].xmin.store(xmin.0, Ordering::SeqCst);
    }

    /// The horizon: what committed ids below it deleted is gone for every present and future snapshot, and what they inserted
    /// is visible to all. Computed anew: walks the process table.
    pub fn oldest_visible(&self) -> Xid {
        let bound = self.oldest_running().0;
        let published = self.0.slots.iter().map(|slot| slot.xmin.load(Ordering::SeqCst)).filter(|&xmin| xmin != 0);
        let horizon = published.min().unwrap_or(bound).min(bound);
        self.0.state.horizon.value.fetch_max(horizon, Ordering::SeqCst);
        Xid(horizon)
    }

    /// The greatest horizon that anyone computed: as valid as a new one, perhaps lower.
    pub fn last_horizon(&self) -> Xid {
        Xid(self.0.state.horizon.value.load(Ordering::SeqCst))
    }

    /// Whether what the transaction `xid`, known to have committed, deleted may be removed. Cheap: answers from a remembered horizon,
    /// and renews that only where it could change the answer.
    pub fn is_removable(&self, xid: Xid) -> bool {
        xid < self.last_horizon() || xid < self.oldest_running() && xid < self.oldest_visible()
    }

    // --- Discarding ---------------------------------------------------------------------------------------------

    /// No row version refers to ids below `oldest` any more: their statuses are discarded. The caller has frozen all tables
    /// of all databases.
    ///
    /// # Errors
    /// Those of removing files.
    pub fn discard_below(&self, oldest: Xid) -> Result<()> {
        let oldest = oldest.min(self.last_horizon());
        self.0.state.oldest_kept.fetch_max(oldest.0, Ordering::SeqCst);
        self.0.statuses.truncate(oldest.0)
    }

    // --- Redo ---------------------------------------------------------------------------------------------------

    pub(crate) fn redo_status(&self, xid: Xid, csn: Csn, lsn: Lsn) -> Result<()> {
        if !xid.is_normal() {
            return Ok(());
        }
        self.0.state.next_xid.fetch_max(xid.0 + 1, Ordering::SeqCst);
        self.set_status(xid, csn, lsn)
    }

    pub(crate) fn redo_next_xid(&self, next: Xid, lsn: Lsn) {
        self.0.statuses.flush_floor(lsn);
        self.0.members.flush_floor(lsn);
        self.0.state.next_xid.fetch_max(next.0, Ordering::SeqCst);
    }

    pub(crate) fn redo_multixact(&self, id: Xid, offset: u64, members: &[u64], lsn: Lsn) -> Result<()> {
        self.0.state.next_xid.fetch_max(id.0 + 1, Ordering::SeqCst);
        self.0.state.next_member.fetch_max(offset + members.len() as u64 + 1, Ordering::SeqCst);
        self.write_multixact(id, offset, members, lsn)
    }
}

impl Unflushed {
    fn set(&self, xid: u64, until: u64) {
        // A reader that meets the new id with the old position must not take it for flushed.
        self.until.store(u64::MAX, Ordering::SeqCst);
        self.xid.store(xid, Ordering::SeqCst);
        self.until.store(until, Ordering::SeqCst);
    }

    /// The id, if it is not flushed; else zero.
    fn get(&self, watermark: Lsn) -> u64 {
        let xid = self.xid.load(Ordering::SeqCst);
        if self.until.load(Ordering::SeqCst) > watermark.0 { xid } else { 0 }
    }

    /// The position that `xid` waits for here.
    fn waits_for(&self, xid: u64) -> Option<u64> {
        let until = self.until.load(Ordering::SeqCst);
        (self.xid.load(Ordering::SeqCst) == xid && until != u64::MAX).then_some(until)
    }
}

/// See [`Transactions::begin_logging`].
pub(crate) struct Logging<'a>(&'a AtomicU32);

impl Drop for Logging<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl CheckpointParticipant for Transactions {
    fn name(&self) -> &'static str {
        "transactions"
    }

    fn fill(&self, record: &mut CheckpointRecord) {
        // Records before the redo position are not replayed: their effect on the counters must be there.
        self.wait_for_loggers();
        let state = &self.0.state;
        record.next_xid = Xid(state.id_limit.load(Ordering::SeqCst).max(state.next_xid.load(Ordering::SeqCst)));
        record.next_multixact = MultiXactId(record.next_xid.0);
        record.next_multixact_offset = state.next_member.load(Ordering::SeqCst);
        record.oldest_xid = Xid(state.oldest_kept.load(Ordering::SeqCst).max(Xid::FIRST_NORMAL.0));
        record.oldest_multixact = MultiXactId(record.oldest_xid.0);
        record.oldest_active_xid = self.oldest_running();
    }

    fn restate(&self, redo: Lsn) -> Result<()> {
        self.0.prepared.restate(self, redo)
    }

    fn flush(&self) -> Result<()> {
        self.wait_for_loggers();
        self.0.statuses.flush()?;
        self.0.members.flush()
    }

    fn start_from(&self, record: &CheckpointRecord) -> Result<()> {
        let state = &self.0.state;
        state.next_xid.store(record.next_xid.0.max(Xid::FIRST_NORMAL.0), Ordering::SeqCst);
        state.next_member.store(record.next_multixact_offset, Ordering::SeqCst);
        state.oldest_kept.store(record.oldest_xid.0, Ordering::SeqCst);
        // Until recovery ends nothing runs here, and what has no status is lost.
        state.first_of_this_run.store(u64::MAX, Ordering::SeqCst);
        Ok(())
    }
}

impl Transactions {
    /// Waits until every process that has a record in the log without its effect here has done the latter.
    fn wait_for_loggers(&self) {
        for slot in self.0.slots.iter() {
            let then = slot.logging.load(Ordering::SeqCst);
            while then % 2 == 1 && slot.logging.load(Ordering::SeqCst) == then {
                std::thread::sleep(std::time::Duration::from_micros(20));
            }
        }
    }
}
