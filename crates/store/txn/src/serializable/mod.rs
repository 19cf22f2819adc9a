//! Serializable transactions: their reads are noted, and one is stopped before the notes allow a cycle.
//!
//! [`graph`] tells the rules, [`targets`] where reads are noted; here is what a session does:
//!
//! | the session | here |
//! |---|---|
//! | takes the transaction's snapshot | [`Serializable::begin`]: a slot; or none, if the snapshot is safe |
//! | reads a table, an index leaf, a row | [`Reader::relation`], [`Reader::page`], [`Reader::row`]: a note |
//! | meets a version that its snapshot does not see, or one replaced by somebody it does not see | [`Reader::meets`]: a conflict out |
//! | has changed a row or an index leaf | [`Reader::wrote_row`] and its kin: a conflict in from everybody with a note |
//! | commits | [`Reader::prepare`], [`Reader::committed`] |
//!
//! # Why nothing is missed
//!
//! A reader notes before it reads, or under the lock of the page it reads. A writer looks for notes *after* its change, when everybody who
//! comes later sees the change. So of a reader and a writer that meet at one place, either the writer finds the note, or
//! the reader finds the change. A split copies a leaf's notes to its new neighbour while the leaf is locked.
//!
//! # Locks
//!
//! A partition of the notes may be locked while pages are; the graph while a partition is. Sweeping takes the partitions one by one, between
//! two looks at the graph.
//!
//! # Differences from PostgreSQL
//!
//! Notes are sets of slots, so a second reader of a page costs a bit. When memory for notes runs out, a reader is taken to have
//! read everything, and goes on. Writers look for notes after their change, not before.

mod graph;
mod targets;

#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use error::{Error, Result, SqlState};
use ids::{BlockNumber, Lsn, Oid, TupleId, Xid};
use shm::{CellMut, ConditionVariable, Layout, LwCell, One, Process, Rank, Segment, Shm, WaitEvent};

use crate::status::XidStatus;
use crate::transactions::Transactions;
use graph::{Graph, Owner, SLOTS, SlotSet, Verdict};
pub(crate) use targets::Target;
use targets::{Full, Targets, TargetsRequest};

/// Slots that wait for it before their notes are swept: a sweep walks over all notes.
const SWEEP_AT: usize = 64;
/// Relations with smaller numbers are built in, and not part of what is serialized.
const FIRST_USER_RELATION: u32 = 16384;

shm::shared! {
    /// What all look at without a lock.
    pub(crate) struct Board {
        /// Slots in use.
        members: AtomicU32,
        /// Members with [`Graph::everything`].
        readers_of_everything: AtomicU32,
        /// Signalled when a reader's snapshot is found safe or unsafe.
        decided: ConditionVariable,
    }
}

/// How much a transaction notes before it notes coarser things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PredicateLockLimits {
    /// Notes for all (`max_pred_locks_per_transaction` times the processes).
    pub capacity: usize,
    /// Rows and pages of a relation, then the whole (`max_pred_locks_per_relation`).
    pub per_relation: usize,
    /// Rows of a page, then the page (`max_pred_locks_per_page`).
    pub per_page: usize,
}

impl PredicateLockLimits {
    /// PostgreSQL's defaults for so many processes.
    pub fn new(processes: u32) -> PredicateLockLimits {
        PredicateLockLimits { capacity: 64 * processes.max(16) as usize, per_relation: 32, per_page: 2 }
    }
}

#[derive(Clone, Copy)]
pub(crate) struct SerializableRequest {
    graph: One<LwCell<Graph>>,
    board: One<Board>,
    targets: TargetsRequest,
    limits: PredicateLockLimits,
}

/// The shared state of all serializable transactions.
#[derive(Clone, Copy)]
pub struct Serializable {
    graph: Shm<LwCell<Graph>>,
    board: Shm<Board>,
    targets: Targets,
    limits: PredicateLockLimits,
}

/// A row of `pg_locks`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PredicateLock {
    /// The database.
    pub database: Oid,
    /// The table or index.
    pub relation: Oid,
    /// The page; none: the whole relation.
    pub block: Option<BlockNumber>,
    /// The row's line; none: the whole page.
    pub line: Option<u16>,
    /// The server process that read it; zero: several that are gone.
    pub pid: i32,
    /// The virtual transaction that read it: the process's number, and which of its transactions.
    pub virtual_transaction: Option<(u32, u32)>,
    /// The prepared transaction that read it.
    pub prepared: Option<Xid>,
}

/// What became of a wish for a serializable snapshot.
pub(crate) enum Begun<T> {
    /// The snapshot, which needs no watching.
    Safe(T),
    /// The snapshot, and the transaction's part in what is watched.
    Watched(T, Arc<Reader>),
}

impl Serializable {
    pub(crate) fn layout(layout: &mut Layout, limits: PredicateLockLimits) -> SerializableRequest {
        SerializableRequest {
            graph: layout.one("serializable transactions"),
            board: layout.one("serializable transactions"),
            targets: Targets::layout(layout, limits.capacity),
            limits,
        }
    }

    pub(crate) fn attach(segment: &Segment, request: SerializableRequest) -> Serializable {
        let graph = segment.one(request.graph);
        graph.set_rank(Rank::SERIALIZABLE);
        Serializable {
            graph,
            board: segment.one(request.board),
            targets: Targets::attach(segment, request.targets),
            limits: request.limits,
        }
    }

    fn graph(&self) -> CellMut<'static, Graph> {
        self.graph.get().exclusive()
    }

    /// Begins: `take` takes the snapshot, in a moment at which nobody else begins or ends.
    ///
    /// # Errors
    /// `53200` if more run than there are slots.
    pub(crate) fn begin<T>(
        &self,
        transactions: &Transactions,
        process: &Arc<Process>,
        virtual_count: u32,
        read_only: bool,
        take: impl Fn() -> T,
    ) -> Result<Begun<T>> {
        let pid = process.processes().pid(process.number()).unwrap_or(0);
        let owner = Owner { pid, process: process.number().0, virtual_count };
        let mut tries = 0;
        loop {
            {
                let mut graph = self.graph();
                graph.settle(transactions.watermark().0);
                if let Some(slot) = graph.begin(owner, read_only) {
                    let taken = take();
                    if graph.is_safe(slot) {
                        graph.free(slot);
                        return Ok(Begun::Safe(taken));
                    }
                    self.board.members.fetch_add(1, Ordering::SeqCst);
                    let reader = Reader {
                        shared: *self,
                        transactions: transactions.clone(),
                        process: Arc::clone(process),
                        slot,
                        noted: Mutex::default(),
                    };
                    return Ok(Begun::Watched(taken, Arc::new(reader)));
                }
                if graph.retire() == 0 {
                    graph.merge();
                }
            }
            if !self.sweep() {
                tries += 1;
                if tries > 1000 {
                    return Err(Error::new(SqlState::OUT_OF_MEMORY, "out of shared memory")
                        .hint("You might need to run fewer transactions at a time."));
                }
                std::thread::yield_now();
            }
        }
    }

    /// The prepared transaction `xid`, which has read `notes`, for a session that ends it.
    pub(crate) fn prepared(
        &self,
        transactions: &Transactions,
        process: &Arc<Process>,
        xid: Xid,
        notes: Vec<Target>,
    ) -> Option<Arc<Reader>> {
        let slot = self.graph().find_two_phase(xid.0)?;
        let mut noted: HashMap<(u32, u32), Noted> = HashMap::new();
        for target in notes {
            let of = noted.entry((target.database, target.relation)).or_default();
            match (target.is_relation(), target.line) {
                (true, _) => of.whole = true,
                (false, 0) => drop(of.pages.insert(target.block)),
                (false, line) => of.rows.entry(target.block).or_default().push(line as u16),
            }
        }
        Some(Arc::new(Reader {
            shared: *self,
            transactions: transactions.clone(),
            process: Arc::clone(process),
            slot,
            noted: Mutex::new(noted),
        }))
    }

    /// After a restart: the prepared transaction `xid` is watched again, and had read `notes`. What conflicts it had is not known any more, so
    /// it is taken to have had all that are possible.
    ///
    /// # Errors
    /// `53200` if there is no slot for it.
    pub(crate) fn restore(&self, xid: Xid, notes: &[Target]) -> Result<()> {
        let mut graph = self.graph();
        let slot = graph.restore(xid.0).ok_or_else(|| Error::new(SqlState::OUT_OF_MEMORY, "out of shared memory"))?;
        drop(graph);
        for &target in notes {
            if let Err(Full) = self.targets.add(target, slot) {
                self.graph().everything.insert(slot);
            }
        }
        self.count(&self.graph());
        Ok(())
    }

    /// Frees the slots of those who are of no consequence any more; whether there were any.
    fn sweep(&self) -> bool {
        let (gone, moved) = {
            let mut graph = self.graph();
            let (gone, moved) = graph.to_sweep();
            if graph.sweeping != 0 || gone.is_empty() && moved.is_empty() {
                return false;
            }
            graph.sweeping = 1;
            (gone, moved)
        };
        self.targets.sweep(&gone, &moved);
        let mut graph = self.graph();
        graph.swept(&gone, &moved);
        graph.sweeping = 0;
        self.count(&graph);
        true
    }

    fn count(&self, graph: &Graph) {
        self.board.members.store(graph.used().iter().count() as u32, Ordering::SeqCst);
        self.board.readers_of_everything.store(graph.everything.iter().count() as u32, Ordering::SeqCst);
    }

    /// Whether anybody's reads are noted: if not, nobody need look.
    fn is_idle(&self) -> bool {
        self.board.members.load(Ordering::SeqCst) == 0
    }

    /// What stood on the page `from` of an index, which is locked, may stand on `to` now: who has read the one has read the other.
    pub fn page_moved(&self, database: Oid, relation: Oid, from: BlockNumber, to: BlockNumber) {
        if self.is_idle() || relation.0 < FIRST_USER_RELATION {
            return;
        }
        let page = |block: BlockNumber| Target::page(database.0, relation.0, block.0);
        let readers = self.targets.copy(page(from), page(to));
        if !readers.is_empty() {
            let mut graph = self.graph();
            graph.everything.union(&readers);
            self.count(&graph);
        }
    }

    /// The processes whose transactions decide whether `pid` may begin its deferrable transaction.
    pub fn safe_snapshot_blockers(&self, pid: i32) -> Vec<i32> {
        if self.is_idle() {
            return Vec::new();
        }
        let graph = self.graph();
        let waiting = graph.used().iter().find(|&slot| graph.member(slot).owner.pid == pid && graph.is_waiting(slot));
        waiting.map_or(Vec::new(), |slot| graph.watched(slot).iter().map(|other| graph.owner(other).pid).collect())
    }

    /// All notes, for `pg_locks`.
    pub fn predicate_locks(&self) -> Vec<PredicateLock> {
        if self.is_idle() {
            return Vec::new();
        }
        let mut notes = Vec::new();
        self.targets.for_each(|target, readers| notes.push((*target, *readers)));
        let graph = self.graph();
        let mut locks = Vec::new();
        for (target, readers) in notes {
            for slot in readers.iter().filter(|&slot| graph.used().contains(slot)) {
                let owner = graph.owner(slot);
                locks.push(PredicateLock {
                    database: Oid(target.database),
                    relation: Oid(target.relation),
                    block: (!target.is_relation()).then_some(BlockNumber(target.block)),
                    line: (target.line != 0).then_some(target.line as u16),
                    pid: owner.pid,
                    virtual_transaction: (owner.pid != 0).then_some((owner.process, owner.virtual_count)),
                    prepared: graph.two_phase(slot),
                });
            }
        }
        locks
    }
}

impl fmt::Debug for Serializable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Serializable with {} of {SLOTS} slots in use", self.board.members.load(Ordering::Relaxed))
    }
}

/// What a transaction noted of a relation.
#[derive(Default)]
struct Noted {
    whole: bool,
    pages: HashSet<u32>,
    rows: HashMap<u32, Vec<u16>>,
}

impl Noted {
    fn len(&self) -> usize {
        self.pages.len() + self.rows.values().map(Vec::len).sum::<usize>()
    }

    fn targets(&self, database: u32, relation: u32) -> impl Iterator<Item = Target> + '_ {
        let whole = self.whole.then_some(Target::relation(database, relation));
        let pages = self.pages.iter().map(move |&block| Target::page(database, relation, block));
        let rows = self.rows.iter().flat_map(move |(&block, lines)| {
            lines.iter().map(move |&line| Target::row(database, relation, block, line))
        });
        whole.into_iter().chain(pages).chain(rows)
    }
}

/// A serializable transaction's part: what it reads and writes is told to it. Its snapshot carries it to who reads.
pub struct Reader {
    shared: Serializable,
    transactions: Transactions,
    process: Arc<Process>,
    slot: usize,
    noted: Mutex<HashMap<(u32, u32), Noted>>,
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reader in slot {}", self.slot)
    }
}

impl Reader {
    fn noted(&self) -> MutexGuard<'_, HashMap<(u32, u32), Noted>> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The verdict as this session's error, if it is one.
    fn judge(&self, verdict: Verdict, doing: &str) -> Result<()> {
        match verdict {
            Verdict::Fine | Verdict::Doomed(_) => Ok(()),
            Verdict::Pivot => Err(failure(format!("Canceled on identification as a pivot, {doing}."))),
            Verdict::PivotIs(xid) => Err(failure(format!("Canceled on conflict out to pivot {xid}, {doing}."))),
            Verdict::PreparedPivot => {
                Err(failure("Canceled on commit attempt with conflict in from prepared pivot.".into()))
            }
        }
    }

    /// Stops a transaction that another one found to be a pivot.
    ///
    /// # Errors
    /// `40001`.
    pub fn check(&self) -> Result<()> {
        match self.shared.graph.get().share().is_doomed(self.slot) {
            true => self.judge(Verdict::Pivot, "during conflict out checking"),
            false => Ok(()),
        }
    }

    // --- Reads ----------------------------------------------------------------------------------------------------

    /// It reads all of a table or index.
    pub fn relation(&self, database: Oid, relation: Oid) {
        if relation.0 < FIRST_USER_RELATION {
            return;
        }
        let mut noted = self.noted();
        let of = noted.entry((database.0, relation.0)).or_default();
        if !of.whole {
            self.note_whole(database.0, relation.0, of);
        }
    }

    fn note_whole(&self, database: u32, relation: u32, of: &mut Noted) {
        self.note(Target::relation(database, relation));
        let finer = std::mem::take(of);
        finer.targets(database, relation).for_each(|target| self.shared.targets.remove(target, self.slot));
        of.whole = true;
    }

    /// It reads a page of an index, or all rows of a page of a table.
    pub fn page(&self, database: Oid, relation: Oid, block: BlockNumber) {
        if relation.0 < FIRST_USER_RELATION {
            return;
        }
        let mut noted = self.noted();
        let of = noted.entry((database.0, relation.0)).or_default();
        if of.whole || of.pages.contains(&block.0) {
            return;
        }
        if of.len() >= self.shared.limits.per_relation {
            return self.note_whole(database.0, relation.0, of);
        }
        self.note_page(database.0, relation.0, block.0, of);
    }

    fn note_page(&self, database: u32, relation: u32, block: u32, of: &mut Noted) {
        self.note(Target::page(database, relation, block));
        of.pages.insert(block);
        for line in of.rows.remove(&block).unwrap_or_default() {
            self.shared.targets.remove(Target::row(database, relation, block, line), self.slot);
        }
    }

    /// It reads a row version of a table.
    pub fn row(&self, database: Oid, relation: Oid, tid: TupleId) {
        if relation.0 < FIRST_USER_RELATION {
            return;
        }
        let mut noted = self.noted();
        let of = noted.entry((database.0, relation.0)).or_default();
        if of.whole || of.pages.contains(&tid.block.0) {
            return;
        }
        let count = of.len();
        let lines = of.rows.entry(tid.block.0).or_default();
        if lines.contains(&tid.offset) {
            return;
        }
        if count >= self.shared.limits.per_relation {
            return self.note_whole(database.0, relation.0, of);
        }
        if lines.len() >= self.shared.limits.per_page {
            return self.note_page(database.0, relation.0, tid.block.0, of);
        }
        lines.push(tid.offset);
        self.note(Target::row(database.0, relation.0, tid.block.0, tid.offset));
    }

    fn note(&self, target: Target) {
        if let Err(Full) = self.shared.targets.add(target, self.slot) {
            let mut graph = self.shared.graph();
            graph.everything.insert(self.slot);
            self.shared.count(&graph);
        }
    }

    /// It met a version of `xid`, which its snapshot does not see.
    ///
    /// # Errors
    /// `40001` if the conflict may not be; those of reading the CSN log.
    pub fn meets(&self, xid: Xid) -> Result<()> {
        loop {
            let (id, lsn) = match self.transactions.status(xid)? {
                XidStatus::Aborted => return Ok(()),
                XidStatus::Running => (self.transactions.top_of(xid)?, None),
                XidStatus::Committed(lsn) => (xid, Some(lsn.0)),
            };
            let found = self.shared.graph().find(id.0, lsn);
            match found {
                Ok(Some(writer)) => return self.conflict_out(writer),
                // A subtransaction may just have committed with its transaction.
                Ok(None) if lsn.is_none() && self.transactions.status(xid)? != XidStatus::Running => {}
                Ok(None) => return Ok(()),
                Err(graph::Busy) => std::thread::yield_now(),
            }
        }
    }

    fn conflict_out(&self, writer: usize) -> Result<()> {
        let mut graph = self.shared.graph();
        if graph.is_doomed(self.slot) {
            return self.judge(Verdict::Pivot, "during conflict out checking");
        }
        if !graph.is_running(self.slot) || !graph.is_concurrent(self.slot, writer) {
            return Ok(());
        }
        let verdict = graph.conflict(self.slot, writer, self.slot);
        drop(graph);
        self.judge(verdict, "during read")
    }

    // --- Writes ---------------------------------------------------------------------------------------------------

    /// It writes under this top-level id.
    pub(crate) fn set_xid(&self, xid: Xid) {
        self.shared.graph().set_xid(self.slot, xid.0);
    }

    /// It has put rows into a table.
    ///
    /// # Errors
    /// `40001` if a conflict with a reader may not be.
    pub fn wrote_relation(&self, database: Oid, relation: Oid) -> Result<()> {
        self.wrote(&[Target::relation(database.0, relation.0)])
    }

    /// It has put an entry into a leaf of an index, or has found there that it must not.
    ///
    /// # Errors
    /// As [`Reader::wrote_relation`].
    pub fn wrote_page(&self, database: Oid, relation: Oid, block: BlockNumber) -> Result<()> {
        self.wrote(&[Target::page(database.0, relation.0, block.0), Target::relation(database.0, relation.0)])
    }

    /// It has replaced or deleted the version of a row that stands at `tid`.
    ///
    /// # Errors
    /// As [`Reader::wrote_relation`].
    pub fn wrote_row(&self, database: Oid, relation: Oid, tid: TupleId) -> Result<()> {
        self.wrote(&[
            Target::row(database.0, relation.0, tid.block.0, tid.offset),
            Target::page(database.0, relation.0, tid.block.0),
            Target::relation(database.0, relation.0),
        ])
    }

    fn wrote(&self, targets: &[Target]) -> Result<()> {
        if targets[0].relation < FIRST_USER_RELATION {
            return Ok(());
        }
        self.check()?;
        for &target in targets {
            if let Some(result) = self.shared.targets.with_readers(target, |readers| self.conflicts_in(readers)) {
                result?;
            }
        }
        if self.shared.board.readers_of_everything.load(Ordering::SeqCst) > 0 {
            let readers = self.shared.graph().everything;
            self.conflicts_in(&readers)?;
        }
        Ok(())
    }

    fn conflicts_in(&self, readers: &SlotSet) -> Result<()> {
        let mut readers = *readers;
        readers.remove(self.slot);
        if readers.is_empty() {
            return Ok(());
        }
        let mut graph = self.shared.graph();
        if graph.is_doomed(self.slot) {
            return self.judge(Verdict::Pivot, "during conflict in checking");
        }
        for reader in readers.iter() {
            let reader = graph.resolve(reader);
            if graph.is_concurrent(self.slot, reader) {
                let verdict = graph.conflict(reader, self.slot, self.slot);
                self.judge(verdict, "during write")?;
            }
        }
        Ok(())
    }

    // --- The end --------------------------------------------------------------------------------------------------

    /// It wants to commit; afterwards nobody stops it.
    ///
    /// # Errors
    /// `40001`.
    pub(crate) fn prepare(&self) -> Result<()> {
        let mut graph = self.shared.graph();
        if !graph.is_running(self.slot) {
            return Ok(());
        }
        let verdict = graph.prepare(self.slot);
        drop(graph);
        self.judge(verdict, "during commit attempt")
    }

    /// It is to be prepared; afterwards nobody stops it. False if its snapshot turned out safe: then it is of no consequence any more.
    ///
    /// # Errors
    /// `40001`.
    pub(crate) fn prepare_two_phase(&self) -> Result<bool> {
        let mut graph = self.shared.graph();
        if graph.is_safe(self.slot) {
            return Ok(false);
        }
        let verdict = graph.prepare(self.slot);
        if !matches!(verdict, Verdict::Fine | Verdict::Doomed(_)) {
            drop(graph);
            return self.judge(verdict, "during commit attempt").map(|()| false);
        }
        graph.set_two_phase(self.slot, true);
        Ok(true)
    }

    /// A prepared transaction is about to log its commit (`on`), or it did not come to that.
    pub(crate) fn resume_two_phase(&self, on: bool) {
        self.shared.graph().set_two_phase(self.slot, !on);
    }

    /// What it has read.
    pub(crate) fn notes(&self) -> Vec<Target> {
        let noted = self.noted();
        noted.iter().flat_map(|(&(database, relation), of)| of.targets(database, relation)).collect()
    }

    /// Its commit record ends at `lsn`.
    pub(crate) fn recorded(&self, lsn: Lsn) {
        self.shared.graph().set_lsn(self.slot, lsn.0);
    }

    /// It has committed; `lsn` is invalid if it wrote nothing.
    pub(crate) fn committed(&self, lsn: Lsn) {
        let mut graph = self.shared.graph();
        if graph.is_safe(self.slot) {
            drop(graph);
            return self.forget();
        }
        let decided = graph.commit(self.slot, lsn.0, lsn.is_valid());
        graph.settle(self.transactions.watermark().0);
        let waiting = graph.retire();
        // Who was alone leaves nothing behind.
        let all = graph.used().iter().count() == waiting;
        drop(graph);
        self.announce(decided);
        if waiting >= SWEEP_AT || all {
            self.shared.sweep();
        }
    }

    /// It has rolled back, or gives up before it did anything.
    pub(crate) fn aborted(&self) {
        self.forget();
    }

    /// Gives everything back at once.
    fn forget(&self) {
        let noted = std::mem::take(&mut *self.noted());
        for (&(database, relation), of) in &noted {
            of.targets(database, relation).for_each(|target| self.shared.targets.remove(target, self.slot));
        }
        let mut graph = self.shared.graph();
        let decided = graph.abort(self.slot);
        let waiting = graph.retire();
        let all = graph.used().iter().count() == waiting;
        self.shared.count(&graph);
        drop(graph);
        self.announce(decided);
        if all && waiting > 0 {
            self.shared.sweep();
        }
    }

    fn announce(&self, decided: bool) {
        if decided {
            self.shared.board.decided.broadcast(self.process.processes());
        }
    }

    /// Waits until it is known whether the snapshot is safe, and says so.
    ///
    /// # Errors
    /// Interrupts of the process.
    pub(crate) fn wait_until_decided(&self) -> Result<bool> {
        self.shared.graph().wait(self.slot);
        let undecided = || self.shared.graph.get().share().is_undecided(self.slot);
        self.shared.board.decided.wait_until(&self.process, WaitEvent::IPC_SAFE_SNAPSHOT, None, || !undecided())?;
        Ok(self.shared.graph.get().share().is_safe(self.slot))
    }
}

#[cold]
fn failure(detail: String) -> Error {
    Error::new(
        SqlState::T_R_SERIALIZATION_FAILURE,
        "could not serialize access due to read/write dependencies among transactions",
    )
    .detail(format!("Reason code: {detail}"))
    .hint("The transaction might succeed if retried.")
}
