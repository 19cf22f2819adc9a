//! The heap: PostgreSQL's kind of table, row versions on pages in no order.
//!
//! Start with [`tuple`] (what a row version looks like) and [`visibility`] (who sees it). Then [`read`](self) and `modify`
//! tell how rows are read and changed, `place` where new ones go, `prune` and `vacuum` how dead ones leave, `toast` what
//! happens to wide values. [`action`] is the one place that changes heap pages, and all of redo.
//!
//! # Page-lock rules
//!
//! - A page's lock is held for one look or one change, never while another page is read in or a transaction waited for.
//! - Two heap pages are locked in the order of their numbers; a visibility map page after the heap page it describes.
//! - Nobody looks at a page without its lock, whether pinned or not. Who keeps a row's place between two looks holds a
//!   snapshot that sees the version there, so the line is not reused meanwhile.
//! - A dead line is freed only after vacuum removed the index entries that lead to it.
//! - The map says all-visible only while the page's own mark does.
//!
//! # Differences from PostgreSQL
//!
//! Transaction ids are 64-bit, stored as offsets from the page's base; visibility is judged by commit LSN; a page is read by
//! column, all visible rows at once; TOAST needs no index. See the modules.
#![forbid(unsafe_code)]

pub mod action;
mod history;
mod modify;
mod place;
mod prune;
mod read;
mod redo;
pub mod sequence;
mod toast;
pub mod tuple;
mod vacuum;
mod verify;
pub mod visibility;

use std::ops::Range;
use std::sync::Arc;

use access::{
    EntryStatus, Index, IndexAm, InsertOptions, LockStrength, Outcome, Projected, Row, ScanRequest, Store, Table,
    TableAm, TableFault, TableFetch, TableScan, UpdateOptions, Updated, VacuumOptions, VacuumReport, VersionCounts,
    WaitPolicy,
};
use batch::Batch;
use error::{Error, Result};
use ids::{BlockNumber, Fork, TupleId, Xid};
use storage::{Image, LineState};
use txn::{Snapshot, Transaction, XidStatus};
use wal::RmgrId;

use action::{Actions, Kind, NO_NEXT};
use modify::Modify;
use place::{Heap, Tuples, carry_out};
use tuple::{Header, flags, tuple_at, xid_of};
use visibility::{Fate, Hints, Judge, fate};

pub use redo::HeapRmgr;
pub use toast::table_of as toast_table_of;

/// Encoded bytes of rows that are placed together.
const CHUNK: usize = 256 << 10;

/// The heap access method.
#[derive(Clone, Copy, Debug, Default)]
pub struct HeapAm;

impl HeapAm {
    fn modify<'a>(
        store: &'a Store,
        transaction: &'a Transaction,
        table: &'a Table,
        snapshot: &'a Snapshot,
        tid: TupleId,
        wait: WaitPolicy,
        doing: &'static str,
    ) -> Modify<'a> {
        Modify { store, transaction, table, snapshot, tid, wait, doing }
    }

    fn new_header(transaction: &Transaction, options: InsertOptions) -> Header {
        let mut header = Header {
            xmin: 0,
            xmax: 0,
            command: transaction.command_for_write(),
            next: NO_NEXT,
            natts: 0,
            flags: flags::XMAX_INVALID,
        };
        if let Some(token) = options.speculative {
            header.flags |= flags::SPECULATIVE;
            header.next = TupleId::new(BlockNumber(token), 0);
        }
        if options.frozen {
            header.flags |= flags::XMIN_FROZEN;
        }
        header
    }
}

impl TableAm for HeapAm {
    fn scan(&self, store: &Store, table: &Arc<Table>, request: ScanRequest) -> Result<Box<dyn TableScan>> {
        Ok(Box::new(read::Scan::new(store, table, request)))
    }

    fn fetch(
        &self,
        store: &Store,
        table: &Arc<Table>,
        snapshot: Snapshot,
        projection: Arc<[Projected]>,
    ) -> Box<dyn TableFetch> {
        Box::new(read::Fetch::new(store, table, snapshot, projection))
    }

    fn insert(
        &self,
        store: &Store,
        transaction: &Transaction,
        table: &Table,
        row: Row<'_>,
        options: InsertOptions,
    ) -> Result<TupleId> {
        let xid = transaction.xid()?;
        let mut tuples = Tuples::default();
        let header = HeapAm::new_header(transaction, options);
        toast::encode(store, table, transaction, header, &|k| toast::plain(row, k), &mut tuples.bytes)?;
        tuples.ends.push(tuples.bytes.len());
        let mut tids = Vec::with_capacity(1);
        Heap::of(store, table).place(&mut tuples, xid, Kind::Insert, options.skip_free_space, &mut tids)?;
        transaction.statistics().inserted(&table.counters, 1);
        wrote(transaction, table, None)?;
        Ok(tids[0])
    }

    fn insert_batch(
        &self,
        store: &Store,
        transaction: &Transaction,
        table: &Table,
        rows: &Batch,
        options: InsertOptions,
        tids: &mut Vec<TupleId>,
    ) -> Result<()> {
        let xid = transaction.xid()?;
        let heap = Heap::of(store, table);
        let header = HeapAm::new_header(transaction, options);
        let mut tuples = Tuples::default();
        let most = toast::TARGET - tuple::HEADER_SIZE;
        let mut bodies = Vec::new();
        if table.layout.measure(&rows.columns, rows.rows(), most, &mut bodies) {
            tuples.encode(&table.layout, header, rows, &mut bodies);
        } else {
            rows.rows().try_for_each(|row| {
                let row = Row::Columns(&rows.columns, row);
                toast::encode(store, table, transaction, header, &|k| toast::plain(row, k), &mut tuples.bytes)?;
                tuples.ends.push(tuples.bytes.len());
                if tuples.bytes.len() >= CHUNK {
                    heap.place(&mut tuples, xid, Kind::Insert, options.skip_free_space, tids)?;
                    tuples.clear();
                }
                Ok(())
            })?;
        }
        heap.place(&mut tuples, xid, Kind::Insert, options.skip_free_space, tids)?;
        transaction.statistics().inserted(&table.counters, rows.rows().len() as u64);
        wrote(transaction, table, None)
    }

    fn finish_speculative(
        &self,
        store: &Store,
        transaction: &Transaction,
        table: &Table,
        tid: TupleId,
        confirm: bool,
    ) -> Result<()> {
        let heap = Heap::of(store, table);
        let buffer = heap.read(tid.block)?;
        let mut guard = buffer.exclusive();
        let speculative =
            tuple_at(&guard, guard.line(tid.offset)).filter(|(header, _, _)| header.has(flags::SPECULATIVE));
        let Some((header, start, end)) = speculative else {
            return Err(Error::internal("the row to be confirmed was not inserted speculatively"));
        };
        let body =
            (!confirm && header.has(flags::HAS_EXTERNAL)).then(|| guard[start + tuple::HEADER_SIZE..end].to_vec());
        let mut actions = Actions::new();
        actions.finish_speculative(tid.offset, confirm);
        let mut change = store.storage.change(RmgrId::HEAP, Kind::Speculative as u8);
        carry_out(&mut change, &mut guard, Image::Standard, &actions);
        let xid = transaction.xid()?;
        change.finish_for(table.persistence, xid);
        drop(guard);
        if let Some(body) = body
            && let Some(view) = table.layout.view(&body, header.natts as usize, header.has(flags::HAS_NULLS))
        {
            toast::delete(store, table, &view, header.natts as usize, &[], xid, transaction.command_for_write())?;
        }
        Ok(())
    }

    fn update(
        &self,
        store: &Store,
        transaction: &Transaction,
        table: &Table,
        tid: TupleId,
        snapshot: &Snapshot,
        row: Row<'_>,
        options: UpdateOptions<'_>,
    ) -> Result<Outcome<Updated>> {
        let outcome =
            HeapAm::modify(store, transaction, table, snapshot, tid, options.wait, "updating").update(row, options)?;
        if let Outcome::Done(_) = &outcome {
            wrote(transaction, table, Some(tid))?;
        }
        Ok(outcome)
    }

    fn delete(
        &self,
        store: &Store,
        transaction: &Transaction,
        table: &Table,
        tid: TupleId,
        snapshot: &Snapshot,
        crosscheck: Option<&Snapshot>,
        wait: WaitPolicy,
    ) -> Result<Outcome> {
        let outcome = HeapAm::modify(store, transaction, table, snapshot, tid, wait, "deleting").delete(crosscheck)?;
        if let Outcome::Done(()) = outcome {
            wrote(transaction, table, Some(tid))?;
        }
        Ok(outcome)
    }

    fn lock(
        &self,
        store: &Store,
        transaction: &Transaction,
        table: &Table,
        tid: TupleId,
        snapshot: &Snapshot,
        strength: LockStrength,
        wait: WaitPolicy,
    ) -> Result<Outcome> {
        HeapAm::modify(store, transaction, table, snapshot, tid, wait, "locking").lock(strength)
    }

    fn is_visible(&self, store: &Store, table: &Table, tid: TupleId, snapshot: &Snapshot) -> Result<bool> {
        let buffer = Heap::of(store, table).read(tid.block)?;
        let page = buffer.share();
        let Some((header, _, _)) = tuple_at(&page, page.line(tid.offset)) else { return Ok(false) };
        Judge::new(snapshot, &store.transactions).sees(page.xid_base(), tid.offset, &header, &mut Hints::new())
    }

    fn latest(&self, store: &Store, table: &Table, tid: TupleId, snapshot: &Snapshot) -> Result<TupleId> {
        let heap = Heap::of(store, table);
        let (mut latest, mut next) = (tid, tid);
        let mut expected: Option<Xid> = None;
        loop {
            if next.block.0 >= self.page_count(store, table)? {
                return Ok(latest);
            }
            let buffer = heap.read(next.block)?;
            let page = buffer.share();
            let base = page.xid_base();
            let Some((header, _, _)) = tuple_at(&page, page.line(next.offset)) else { return Ok(latest) };
            if expected.is_some_and(|xmax| xmax != xid_of(base, header.xmin)) {
                return Ok(latest);
            }
            let mut judge = Judge::new(snapshot, &store.transactions);
            if judge.sees(base, next.offset, &header, &mut Hints::new())? {
                latest = next;
            }
            expected = visibility::deleter(&store.transactions, base, &header);
            match header.successor() {
                Some(successor) if expected.is_some() => next = successor,
                _ => return Ok(latest),
            }
        }
    }

    fn entry_status(
        &self,
        store: &Store,
        transaction: &Transaction,
        table: &Table,
        tid: TupleId,
    ) -> Result<EntryStatus> {
        let buffer = Heap::of(store, table).read(tid.block)?;
        let mut hints = Hints::new();
        let page = buffer.share();
        let base = page.xid_base();
        let mut all_dead = true;
        for (line, header, _, _) in read::chain(store, &page, tid) {
            let own = |xid: Xid| transaction.is_own(xid);
            let status = match fate(&store.transactions, base, line, &header, &mut hints)? {
                Fate::Dead => continue,
                Fate::RecentlyDead(_) => None,
                Fate::Live { .. } => Some(EntryStatus::Live(TupleId::new(tid.block, line))),
                Fate::BeingInserted(xid) if !own(xid) => {
                    Some(EntryStatus::Pending { xid, speculative: header.speculative_token() })
                }
                // Inserted by this transaction: live unless it deleted the version as well.
                Fate::BeingInserted(_) => match visibility::deleter(&store.transactions, base, &header) {
                    Some(xmax) if own(xmax) => None,
                    Some(xmax) if store.transactions.status(xmax)? == XidStatus::Running => None,
                    _ => Some(EntryStatus::Live(TupleId::new(tid.block, line))),
                },
                Fate::BeingDeleted(xid) if own(xid) => None,
                Fate::BeingDeleted(xid) => Some(EntryStatus::Pending { xid, speculative: 0 }),
            };
            all_dead = false;
            if let Some(status) = status {
                return Ok(status);
            }
        }
        Ok(if all_dead { EntryStatus::Dead } else { EntryStatus::Gone })
    }

    fn is_own(&self, store: &Store, transaction: &Transaction, table: &Table, tid: TupleId) -> Result<bool> {
        let buffer = Heap::of(store, table).read(tid.block)?;
        let page = buffer.share();
        let header = tuple_at(&page, page.line(tid.offset)).map(|(header, ..)| header);
        Ok(header.is_some_and(|header| !header.is_frozen() && transaction.is_own(xid_of(page.xid_base(), header.xmin))))
    }

    fn is_all_visible(&self, store: &Store, table: &Table, block: BlockNumber) -> Result<bool> {
        Ok(Heap::of(store, table).visibility_map().get(block, &mut None)?.all_visible)
    }

    fn scan_for_index(
        &self,
        store: &Store,
        transaction: &Transaction,
        table: &Arc<Table>,
        pages: Range<u32>,
        projection: Arc<[Projected]>,
        visible_to: Option<&Snapshot>,
        consume: &mut dyn FnMut(&Batch, &[bool]) -> Result<()>,
    ) -> Result<bool> {
        let heap = Heap::of(store, table);
        let mut batch = access::projected_batch(&table.layout, &projection);
        let mut chosen = read::Chosen::default();
        let (mut alive, mut pending, mut broken) = (Vec::new(), Vec::new(), false);
        let mut roots: Vec<u16> = Vec::new();
        for block in pages.map(BlockNumber) {
            let buffer = heap.read(block)?;
            chosen.clear();
            alive.clear();
            batch.clear();
            {
                let page = buffer.share();
                let base = page.xid_base();
                chain_roots(store, &page, block, &mut roots);
                let mut judge = visible_to.map(|snapshot| Judge::new(snapshot, &store.transactions));
                for (line, pointer) in page.lines().filter(|(_, line)| line.is_normal()) {
                    let (header, start, end) = tuple_at(&page, pointer).ok_or_else(|| read::out_of_page(line))?;
                    if let Some(judge) = &mut judge {
                        if judge.sees(base, line, &header, &mut Hints::new())? {
                            chosen.push(&table.layout, line, &header, start, end)?;
                            alive.push(true);
                        }
                        continue;
                    }
                    let live = match fate(&store.transactions, base, line, &header, &mut Hints::new())? {
                        Fate::Dead => continue,
                        Fate::Live { .. } => true,
                        // Its row's newer version is on this page, and one entry leads to both.
                        Fate::RecentlyDead(_) if header.has(flags::HOT_UPDATED) => {
                            broken = true;
                            continue;
                        }
                        Fate::RecentlyDead(_) => false,
                        Fate::BeingInserted(xid) => {
                            let own = transaction.is_own(xid);
                            let deleted = visibility::deleter(&store.transactions, base, &header);
                            own && !deleted.is_some_and(|xmax| transaction.is_own(xmax))
                        }
                        Fate::BeingDeleted(xid) if transaction.is_own(xid) && header.has(flags::HOT_UPDATED) => {
                            broken = true;
                            continue;
                        }
                        Fate::BeingDeleted(xid) => !transaction.is_own(xid),
                    };
                    chosen.push(&table.layout, line, &header, start, end)?;
                    alive.push(live);
                }
                let root = |line: u16| roots.get(line as usize).copied().filter(|&r| r != 0).unwrap_or(line);
                read::copy_out(table, &projection, &page, block, &chosen, &mut batch, &mut pending, root, None)?;
            }
            batch.set_len(chosen.len());
            toast::resolve(store, table, &mut batch, &mut pending)?;
            if !batch.is_empty() {
                consume(&batch, &alive)?;
            }
        }
        Ok(broken)
    }

    fn scan_versions(
        &self,
        store: &Store,
        table: &Arc<Table>,
        consume: &mut dyn FnMut(&mut Batch) -> Result<()>,
    ) -> Result<VersionCounts> {
        history::scan(store, table, consume)
    }

    fn insert_versions(&self, store: &Store, transaction: &Transaction, table: &Table, rows: &Batch) -> Result<()> {
        history::insert(store, transaction, table, rows)
    }

    fn vacuum(
        &self,
        store: &Store,
        transaction: &Transaction,
        table: &Arc<Table>,
        indexes: &[(Arc<dyn IndexAm>, Arc<Index>)],
        options: VacuumOptions<'_>,
    ) -> Result<VacuumReport> {
        let report = vacuum::Vacuum::run(store, transaction, table, indexes, options)?;
        if options.toast
            && let Some(toast) = toast::table_of(table)?
        {
            vacuum::Vacuum::run(store, transaction, &Arc::new(toast), &[], options)?;
        }
        Ok(report)
    }

    fn sample_page(
        &self,
        store: &Store,
        table: &Arc<Table>,
        block: BlockNumber,
        projection: &[Projected],
        snapshot: &Snapshot,
        batch: &mut Batch,
    ) -> Result<(u32, u32)> {
        let buffer = Heap::of(store, table).read(block)?;
        let mut chosen = read::Chosen::default();
        let mut pending = Vec::new();
        let (mut live, mut dead) = (0, 0);
        {
            let page = buffer.share();
            let base = page.xid_base();
            let own = |xid: Xid| snapshot.is_own(xid);
            for (line, pointer) in page.lines() {
                if pointer.state() == LineState::Dead {
                    dead += 1;
                }
                if !pointer.is_normal() {
                    continue;
                }
                let (header, start, end) = tuple_at(&page, pointer).ok_or_else(|| read::out_of_page(line))?;
                let counts = match fate(&store.transactions, base, line, &header, &mut Hints::new())? {
                    Fate::Live { .. } => true,
                    // As if others' deletions had not happened, and their insertions neither.
                    Fate::BeingDeleted(xid) => !own(xid),
                    Fate::BeingInserted(xid) => own(xid),
                    Fate::Dead | Fate::RecentlyDead(_) => {
                        dead += 1;
                        false
                    }
                };
                if counts {
                    live += 1;
                    chosen.push(&table.layout, line, &header, start, end)?;
                }
            }
            read::copy_out(table, projection, &page, block, &chosen, batch, &mut pending, |line| line, None)?;
        }
        batch.set_len(batch.len() + chosen.len());
        toast::resolve(store, table, batch, &mut pending)?;
        Ok((live, dead))
    }

    fn page_count(&self, store: &Store, table: &Table) -> Result<u32> {
        store.storage.block_count(table.locator, Fork::Main)
    }

    fn is_taken(&self, store: &Store, table: &Table, tid: TupleId) -> Result<bool> {
        if tid.block.0 >= self.page_count(store, table)? {
            return Ok(false);
        }
        let buffer = Heap::of(store, table).read(tid.block)?;
        let page = buffer.share();
        Ok(tid.offset <= page.line_count() && page.line(tid.offset).state() != LineState::Unused)
    }

    fn verify(
        &self,
        store: &Store,
        table: &Arc<Table>,
        block: BlockNumber,
        toast: bool,
        faults: &mut Vec<TableFault>,
    ) -> Result<()> {
        verify::page(store, table, block, toast, faults)
    }
}

/// Tells a serializable transaction what it has just changed: the version at a place, or, with none, that it has put in rows.
#[inline]
fn wrote(transaction: &Transaction, table: &Table, tid: Option<TupleId>) -> Result<()> {
    match (transaction.serializable(), tid) {
        (None, _) => Ok(()),
        (Some(reader), Some(tid)) => reader.wrote_row(table.database, table.oid, tid),
        (Some(reader), None) => reader.wrote_relation(table.database, table.oid),
    }
}

/// For each line of a page, the line that index entries of its row point to; zero where that is the line itself. None if it is so for
/// all.
fn chain_roots(store: &Store, page: &storage::Page, block: BlockNumber, roots: &mut Vec<u16>) {
    roots.clear();
    let is_heap_only = |line| tuple_at(page, line).is_some_and(|(header, _, _)| header.has(flags::HEAP_ONLY));
    if !page.lines().any(|(_, line)| line.is_normal() && is_heap_only(line)) {
        return;
    }
    roots.resize(page.line_count() as usize + 1, 0);
    for (root, pointer) in page.lines() {
        let begins = match pointer.state() {
            LineState::Redirect => true,
            LineState::Normal => tuple_at(page, pointer).is_some_and(|(header, _, _)| !header.has(flags::HEAP_ONLY)),
            _ => false,
        };
        if begins {
            let versions = read::chain(store, page, TupleId::new(block, root));
            versions.filter(|(line, ..)| *line != root).for_each(|(line, ..)| roots[line as usize] = root);
        }
    }
}
