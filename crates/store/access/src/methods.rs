//! The traits of table and index access methods.
//!
//! They are traits, called through `dyn`, because the method is chosen per relation at run time and others are to join; a
//! call stands for a batch (a page of rows, a leaf of entries) or for one change, so its indirection costs nothing.
//!
//! Readers need a [`Store`] and a [`Snapshot`]; writers also the [`Transaction`]. Scans own what they need (`Send`, no
//! borrows), so that executor nodes can keep them. Whoever holds a scan keeps the snapshot's horizon
//! ([`txn::ActiveSnapshot`]) and the relation's heavyweight lock. The same holds for whoever keeps a [`TupleId`] in order to
//! fetch, update, delete or lock the row: without a snapshot that sees the version there, its line may be pruned and reused.

use std::ops::Range;
use std::sync::Arc;

use batch::{Batch, Repr};
use error::Result;
use ids::{BlockNumber, TupleId, Xid};
use storage::Storage;
use txn::{Snapshot, Transaction, Transactions};

use crate::{
    Direction, Index, IndexEntries, KeyRange, LockStrength, Outcome, Pages, Projected, Row, Table, TidBitmap,
    UniqueCheck, Updated, WaitPolicy,
};

/// The handles that reading needs. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    /// Pages and files.
    pub storage: Storage,
    /// Commit status.
    pub transactions: Transactions,
}

/// What a table scan reads.
#[derive(Clone)]
pub struct ScanRequest {
    /// Which row versions it sees.
    pub snapshot: Snapshot,
    /// The columns of the batches, in order.
    pub projection: Arc<[Projected]>,
    /// First page first, or last page (and last row of a page) first.
    pub direction: Direction,
    /// Which pages.
    pub pages: Pages,
}

/// A scan of a table.
pub trait TableScan: Send {
    /// Appends the visible rows of the next page or pages to `batch`, whose columns are the projection's (see
    /// [`crate::projected_batch`]): at most what fits [`batch::BATCH_ROWS`], and at least one page's. False at the end.
    ///
    /// # Errors
    /// `XX001` for damaged pages; those of reading.
    fn next(&mut self, batch: &mut Batch) -> Result<bool>;

    /// Starts again. A shared cursor is reset by who made it.
    fn rescan(&mut self) -> Result<()>;

    /// Changes the direction: the next page is the one before (or after) the page that was read last.
    fn turn(&mut self, direction: Direction);

    /// Continues with other pages, for samples: forgets where it was.
    fn restrict(&mut self, pages: Pages) -> Result<()>;
}

/// What [`TableFetch::fetch`] found for one index entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fetched {
    /// A visible version: the next row of the batch.
    Row,
    /// None that the snapshot sees.
    Invisible,
    /// None that anybody can see any more: the index entry may be killed.
    Dead,
}

/// Which version of a row a place stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FetchMode {
    /// The place is from an index entry: the version of its HOT chain that the snapshot sees.
    Index,
    /// Exactly this version, if the snapshot sees it.
    Exact,
    /// Exactly this version, whoever sees it: for rows just locked, or to be re-checked.
    Any,
}

/// Reads rows by their places.
pub trait TableFetch: Send {
    /// For each of `tids` (in any order; neighbours on one page cost little), appends the version that `mode` means to
    /// `batch`. What became of each is appended to `found`.
    fn fetch(&mut self, tids: &[TupleId], mode: FetchMode, batch: &mut Batch, found: &mut Vec<Fetched>) -> Result<()>;

    /// Replaces the snapshot.
    fn set_snapshot(&mut self, snapshot: Snapshot);
}

/// How rows are inserted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InsertOptions {
    /// As part of ON CONFLICT: nobody else waits for or sees the row until [`TableAm::finish_speculative`]; the number
    /// tells a transaction's speculative insertions apart and is not zero.
    pub speculative: Option<u32>,
    /// The table was made or truncated in this transaction: rows may be written frozen.
    pub frozen: bool,
    /// Do not look for free space in existing pages.
    pub skip_free_space: bool,
}

/// How a row is updated.
#[derive(Clone, Copy)]
pub struct UpdateOptions<'a> {
    /// Update only if this snapshot still sees the row as the latest version (referential integrity in Repeatable Read).
    pub crosscheck: Option<&'a Snapshot>,
    /// What to do when another transaction stands in the way.
    pub wait: WaitPolicy,
    /// Whether a column of some index changes: then the new version cannot be heap-only.
    pub indexed_changed: bool,
    /// Whether a column of a unique index that foreign keys can refer to changes: then FOR KEY SHARE conflicts.
    pub key_changed: bool,
    /// Columns that keep their value, by number: their stored form (compressed, out of line) is taken over as it is.
    pub kept: &'a [u16],
}

/// What a transaction that wants to insert a key needs to know of a row with an equal one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryStatus {
    /// A live row: a duplicate. Its current version is there.
    Live(TupleId),
    /// Not live, though somebody may still see it.
    Gone,
    /// Nobody can see it any more.
    Dead,
    /// The end of this transaction decides.
    Pending {
        /// Who.
        xid: Xid,
        /// The number of its speculative insertion; zero if it is none.
        speculative: u32,
    },
}

/// What a vacuum did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VacuumReport {
    /// Pages of the table, after.
    pub pages: u32,
    /// Pages read.
    pub scanned_pages: u32,
    /// Pages cut off the end.
    pub removed_pages: u32,
    /// Pages that are all-visible, after.
    pub all_visible_pages: u32,
    /// Pages that are all-frozen, after.
    pub all_frozen_pages: u32,
    /// Row versions removed.
    pub removed_rows: u64,
    /// Live rows, after (an estimate if pages were skipped).
    pub live_rows: f64,
    /// Dead row versions that somebody may still see.
    pub recently_dead_rows: u64,
    /// Rounds of index cleaning.
    pub index_scans: u32,
    /// Pages on which rows were frozen, and how many rows.
    pub frozen: (u32, u64),
    /// Pages newly marked all-visible, and (of these or others) all-frozen.
    pub newly_visible: (u32, u32),
    /// Pages with dead line pointers, and how many of those: indexes may lead to them.
    pub dead_lines: (u32, u64),
    /// Whether all-visible pages that are not frozen were left alone.
    pub skipped_unfrozen: bool,
    /// Per index, in the order given: what became of it, if it was looked at.
    pub indexes: Vec<Option<IndexVacuumReport>>,
}

/// How a vacuum tells how far it is, by the numbers of `pg_stat_progress_vacuum`.
pub type VacuumProgress<'a> = &'a (dyn Fn(usize, i64) + Sync);

/// How a vacuum works.
#[derive(Clone, Copy)]
pub struct VacuumOptions<'a> {
    /// Read all-visible pages too (`DISABLE_PAGE_SKIPPING`).
    pub all_pages: bool,
    /// Freeze whatever is visible to everybody (`FREEZE`).
    pub freeze: bool,
    /// Cut empty pages off the end (needs a moment of AccessExclusiveLock, which is only tried).
    pub truncate: bool,
    /// Clean indexes (`INDEX_CLEANUP`); without, dead line pointers stay.
    pub index_cleanup: bool,
    /// Bytes for dead row ids (`maintenance_work_mem`).
    pub memory: usize,
    /// Called between pages: interrupts, cost-based delay.
    pub pause: &'a (dyn Fn() -> Result<()> + Sync),
    /// Told how far it is.
    pub progress: VacuumProgress<'a>,
    /// Vacuum the out-of-line values, too.
    pub toast: bool,
    /// Buffers of its ring at most (`BUFFER_USAGE_LIMIT`); zero: no ring, the whole pool.
    pub ring_pages: u32,
}

/// The columns behind a table's own in batches of row versions: who made it, who deleted it, commands, flags.
pub const VERSION_REPRS: [Repr; 4] = [Repr::B8, Repr::B8, Repr::B4, Repr::B4];

/// What [`TableAm::scan_versions`] met.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VersionCounts {
    /// Pages of the table.
    pub pages: u32,
    /// Versions that are dead to everybody.
    pub removed: u64,
    /// Versions that were handed over.
    pub kept: u64,
    /// Those among them that are deleted, and only older snapshots see.
    pub recently_dead: u64,
}

/// A table access method.
pub trait TableAm: Send + Sync {
    /// Begins a scan.
    fn scan(&self, store: &Store, table: &Arc<Table>, request: ScanRequest) -> Result<Box<dyn TableScan>>;

    /// Begins fetching rows by their places.
    fn fetch(
        &self,
        store: &Store,
        table: &Arc<Table>,
        snapshot: Snapshot,
        projection: Arc<[Projected]>,
    ) -> Box<dyn TableFetch>;

    /// Inserts a row.
    ///
    /// # Errors
    /// `54000` for a row too wide for a page; `53100` …
    fn insert(
        &self,
        store: &Store,
        transaction: &Transaction,
        table: &Table,
        row: Row<'_>,
        options: InsertOptions,
    ) -> Result<TupleId>;

    /// Inserts the selected rows of a batch that has all columns of the table, with one log record per page. Appends their
    /// places to `tids`.
    fn insert_batch(
        &self,
        store: &Store,
        transaction: &Transaction,
        table: &Table,
        rows: &Batch,
        options: InsertOptions,
        tids: &mut Vec<TupleId>,
    ) -> Result<()>;

    /// Confirms a speculative insertion, or takes it back as if it had never been.
    fn finish_speculative(
        &self,
        store: &Store,
        transaction: &Transaction,
        table: &Table,
        tid: TupleId,
        confirm: bool,
    ) -> Result<()>;

    /// Replaces the version at `tid` by `row`.
    fn update(
        &self,
        store: &Store,
        transaction: &Transaction,
        table: &Table,
        tid: TupleId,
        snapshot: &Snapshot,
        row: Row<'_>,
        options: UpdateOptions<'_>,
    ) -> Result<Outcome<Updated>>;

    /// Deletes the version at `tid`.
    fn delete(
        &self,
        store: &Store,
        transaction: &Transaction,
        table: &Table,
        tid: TupleId,
        snapshot: &Snapshot,
        crosscheck: Option<&Snapshot>,
        wait: WaitPolicy,
    ) -> Result<Outcome>;

    /// Locks the version at `tid`.
    fn lock(
        &self,
        store: &Store,
        transaction: &Transaction,
        table: &Table,
        tid: TupleId,
        snapshot: &Snapshot,
        strength: LockStrength,
        wait: WaitPolicy,
    ) -> Result<Outcome>;

    /// Whether a snapshot sees the version at `tid`.
    fn is_visible(&self, store: &Store, table: &Table, tid: TupleId, snapshot: &Snapshot) -> Result<bool>;

    /// The newest version in the update chain of `tid` that the snapshot sees; `tid` itself if there is none
    /// (`currtid`, tid scans of cursors).
    fn latest(&self, store: &Store, table: &Table, tid: TupleId, snapshot: &Snapshot) -> Result<TupleId>;

    /// What inserting a key equal to that of the index entry `tid` runs into. Rows of the transaction itself are live until
    /// it deletes them.
    fn entry_status(
        &self,
        store: &Store,
        transaction: &Transaction,
        table: &Table,
        tid: TupleId,
    ) -> Result<EntryStatus>;

    /// Whether a transaction made a row version itself.
    fn is_own(&self, store: &Store, transaction: &Transaction, table: &Table, tid: TupleId) -> Result<bool>;

    /// Whether every row of a page is visible to everybody: for index-only scans.
    fn is_all_visible(&self, store: &Store, table: &Table, block: BlockNumber) -> Result<bool>;

    /// Reads every row on some of the table's pages that a new index must have an entry for: `batch` gets the projection's columns of a page's rows,
    /// [`Projected::RowId`] giving the place that the entry points to (the root of a HOT chain). `alive` gets, per row,
    /// whether it counts for uniqueness (false: only old snapshots see it).
    ///
    /// Of a HOT chain only the newest version is given, for one entry leads to all. True if older ones were left out that
    /// old snapshots may see: for them the index is of no use, since their keys may be others. Versions that others are making are given, too; of one row
    /// that is being updated there may be two.
    ///
    /// With `visible_to`, the versions that this snapshot sees instead, and no others.
    fn scan_for_index(
        &self,
        store: &Store,
        transaction: &Transaction,
        table: &Arc<Table>,
        pages: Range<u32>,
        projection: Arc<[Projected]>,
        visible_to: Option<&Snapshot>,
        consume: &mut dyn FnMut(&Batch, &[bool]) -> Result<()>,
    ) -> Result<bool>;

    /// Hands over every row version that somebody may still see, of a table that nobody else changes: all columns of the table, and behind them the four
    /// of [`VERSION_REPRS`], which [`insert_versions`](Self::insert_versions) understands.
    fn scan_versions(
        &self,
        store: &Store,
        table: &Arc<Table>,
        consume: &mut dyn FnMut(&mut Batch) -> Result<()>,
    ) -> Result<VersionCounts>;

    /// Puts such versions into another, new table as what they were: made and deleted by whoever made and deleted them.
    fn insert_versions(&self, store: &Store, transaction: &Transaction, table: &Table, rows: &Batch) -> Result<()>;

    /// Removes dead row versions, and their entries from the indexes.
    fn vacuum(
        &self,
        store: &Store,
        transaction: &Transaction,
        table: &Arc<Table>,
        indexes: &[(Arc<dyn IndexAm>, Arc<Index>)],
        options: VacuumOptions<'_>,
    ) -> Result<VacuumReport>;

    /// Row versions of one page for statistics: appends the live rows of `block` to `batch` and answers how many live and
    /// dead ones there are.
    fn sample_page(
        &self,
        store: &Store,
        table: &Arc<Table>,
        block: BlockNumber,
        projection: &[Projected],
        snapshot: &Snapshot,
        batch: &mut Batch,
    ) -> Result<(u32, u32)>;

    /// How many pages the table has.
    fn page_count(&self, store: &Store, table: &Table) -> Result<u32>;

    /// Whether the place is taken: by a row version, or by what is left of one while index entries may lead there.
    fn is_taken(&self, store: &Store, table: &Table, tid: TupleId) -> Result<bool>;

    /// Checks a page; what is wrong with it is appended to `faults`. With `toast`, reads the values that are stored out of line.
    ///
    /// # Errors
    /// Those of reading the page itself.
    fn verify(
        &self,
        store: &Store,
        table: &Arc<Table>,
        block: BlockNumber,
        toast: bool,
        faults: &mut Vec<TableFault>,
    ) -> Result<()>;
}

/// Something that is wrong with a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableFault {
    /// The page.
    pub block: BlockNumber,
    /// The line; zero: the page itself.
    pub line: u16,
    /// The column, from zero, where it is one.
    pub column: Option<u16>,
    /// What is wrong.
    pub message: String,
}

/// An entry to be inserted.
#[derive(Clone, Copy, Debug)]
pub struct IndexEntry<'a> {
    /// Its key.
    pub key: &'a [u8],
    /// What is stored beside the key.
    pub payload: &'a [u8],
    /// Its row.
    pub tid: TupleId,
}

/// What became of an insertion into an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inserted {
    /// Done.
    Done,
    /// Done, but the key may have a duplicate ([`UniqueCheck::Partial`]): check again later.
    MaybeDuplicate,
    /// Not done: this row has an equal key. Who asked words the error (`23505`).
    Duplicate(TupleId),
}

/// What an index scan yields.
#[derive(Clone, Default)]
pub struct IndexScanOptions {
    /// Copy the keys.
    pub keys: bool,
    /// Copy the payloads.
    pub payloads: bool,
    /// Note of each entry whether its row is visible to everybody, while its leaf is still locked: for index-only scans.
    pub all_visible_of: Option<(Arc<dyn TableAm>, Arc<Table>)>,
    /// The table, for methods whose answers are pages of it.
    pub table: Option<(Arc<dyn TableAm>, Arc<Table>)>,
    /// Of a serializable transaction: who wants to know which pages are read.
    pub reader: Option<Arc<txn::Reader>>,
}

/// A scan of an index.
pub trait IndexScan: Send {
    /// Starts a scan of `range`.
    fn start(&mut self, range: KeyRange<'_>, direction: Direction) -> Result<()>;

    /// Starts a scan for a query, in place of [`IndexScan::start`]: for methods without byte keys.
    ///
    /// # Errors
    /// `XX000` if the query is not in the method's form.
    fn search(&mut self, query: &crate::Query) -> Result<()> {
        let _ = query;
        Err(error::Error::internal("this index is searched by keys"))
    }

    /// Replaces `entries` by the next ones, at most a leaf's. False (and none) at the end.
    fn next(&mut self, entries: &mut IndexEntries) -> Result<bool>;

    /// Of the entries that were not given yet and have the scan's first key, leaves out those of places before `tid`, as far as that saves work:
    /// some may be given still.
    fn skip_to(&mut self, tid: TupleId) -> Result<()> {
        let _ = tid;
        Ok(())
    }

    /// Adds the places of all entries of the scan that was started to a bitmap, in place of [`IndexScan::next`]; answers how many there were. A method
    /// whose entries cannot tell for certain whether a row meets the conditions adds them with [`TidBitmap::add_uncertain`]: then the conditions are
    /// checked again. A method that has no order of its own (whose `next` is not implemented) is read in this way only.
    fn collect(&mut self, bitmap: &mut TidBitmap) -> Result<u64> {
        let (mut entries, mut count) = (IndexEntries::default(), 0);
        while self.next(&mut entries)? {
            entries.tids.sort_unstable();
            match entries.recheck {
                false => bitmap.add(&entries.tids),
                true => bitmap.add_uncertain(&entries.tids),
            }
            count += entries.len() as u64;
        }
        Ok(count)
    }

    /// Marks entries of the last [`IndexScan::next`], by their ascending positions, as dead: nobody can see their rows.
    fn kill(&mut self, positions: &[u32]) -> Result<()>;
}

/// What a bulk deletion from an index did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IndexVacuumReport {
    /// Pages of the index.
    pub pages: u32,
    /// Entries left.
    pub entries: u64,
    /// Entries removed.
    pub removed_entries: u64,
    /// Pages newly deleted.
    pub deleted_pages: u32,
    /// Pages that can be used again.
    pub free_pages: u32,
}

/// Entries in ascending order of (key, tid), as a bulk build takes them.
pub trait SortedEntries {
    /// The next one: key, payload, tid. The bytes are borrowed until the next call.
    fn next(&mut self) -> Result<Option<IndexEntry<'_>>>;
}

/// An index access method.
pub trait IndexAm: Send + Sync {
    /// Writes an empty index into its (just created, empty) main fork.
    fn create(&self, store: &Store, index: &Index) -> Result<()>;

    /// Fills an index, whose main fork was just created and is empty, from sorted entries.
    fn build(&self, store: &Store, index: &Index, entries: &mut dyn SortedEntries) -> Result<u64>;

    /// Inserts an entry of the row in `table`.
    ///
    /// # Errors
    /// `54000` for an entry too long for a page; those of waiting for another transaction (deadlock, cancel).
    fn insert(
        &self,
        store: &Store,
        transaction: &Transaction,
        index: &Index,
        table: (&dyn TableAm, &Table),
        entry: IndexEntry<'_>,
        check: UniqueCheck,
    ) -> Result<Inserted>;

    /// Begins a scan; call [`IndexScan::start`] next.
    fn scan(&self, store: &Store, index: &Arc<Index>, options: IndexScanOptions) -> Result<Box<dyn IndexScan>>;

    /// Removes the entries whose rows `dead` says are gone. `pause` is called between pages.
    fn bulk_delete(
        &self,
        store: &Store,
        index: &Index,
        dead: &(dyn Fn(TupleId) -> bool + Sync),
        pause: &(dyn Fn() -> Result<()> + Sync),
    ) -> Result<IndexVacuumReport>;

    /// After a vacuum: makes pages deleted earlier available again.
    fn vacuum_cleanup(&self, store: &Store, index: &Index) -> Result<IndexVacuumReport>;

    /// Keys that cut the index into about `parts` ranges of equal size: for parallel scans and for estimates.
    fn split_keys(&self, store: &Store, index: &Index, parts: usize) -> Result<Vec<Box<[u8]>>>;

    /// An estimate of how much of the index lies in a range: entries, and the fraction of all.
    fn estimate(&self, store: &Store, index: &Index, range: KeyRange<'_>) -> Result<RangeEstimate>;

    /// Checks the whole structure.
    ///
    /// # Errors
    /// `XX002` with what is wrong.
    fn verify(&self, store: &Store, index: &Index) -> Result<IndexVacuumReport>;
}

/// How much of an index lies in a range.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RangeEstimate {
    /// Entries in the range.
    pub entries: f64,
    /// Part of all entries, from 0 to 1.
    pub fraction: f64,
}
