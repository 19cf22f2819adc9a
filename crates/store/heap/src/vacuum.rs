//! VACUUM: removes dead row versions from the table and their entries from its indexes.
//!
//! 1. Every page that is not all-visible is pruned; the lines that become dead are remembered ([`DeadIds`]), as many as
//!    memory allows.
//! 2. The indexes' entries of those lines are removed.
//! 3. Only then the lines become unused: nothing points to them any more.
//!
//! If memory fills, 2 and 3 come in between, and 1 goes on. A page left without dead lines whose tuples everybody sees is
//! marked in the visibility map, frozen on the way. Last, the empty pages at the end are cut off, if nobody uses the table.
//!
//! A table's TOAST table has no index, so it needs only the first step; it is vacuumed together with its table.
//!
//! # Differences from PostgreSQL
//!
//! Transaction ids have 64 bits, so no vacuum is ever needed to prevent their wraparound, and none is "aggressive". Pins of
//! others do not keep vacuum from a page.

use std::sync::Arc;

use access::{Index, IndexAm, Store, Table, VacuumOptions, VacuumReport};
use error::Result;
use ids::{BlockNumber, Fork, TupleId, Xid};
use locks::{LockMode, LockOwner, LockTag, LockWait};
use storage::{
    Access, Buffer, Image, LineState, PageMut, ReadMode, Strategy, StrategyKind, VisibilityMap, VisibilityStatus,
};
use txn::Transaction;
use wal::RmgrId;

use crate::action::{Actions, Kind};
use crate::place::{Heap, carry_out, room_for_tuple};
use crate::prune::{Plan, plan};
use crate::visibility::Hints;

/// Empty pages at the end are cut off if there are this many, or this part of the table.
const TRUNCATE_PAGES: u32 = 1000;
const TRUNCATE_PART: u32 = 16;

/// Places of dead rows, in ascending order: per page a range of line numbers.
#[derive(Default)]
pub(crate) struct DeadIds {
    pages: Vec<(BlockNumber, u32)>,
    lines: Vec<u16>,
}

impl DeadIds {
    fn add(&mut self, block: BlockNumber, lines: &[u16]) {
        self.pages.push((block, self.lines.len() as u32));
        self.lines.extend_from_slice(lines);
    }

    fn memory(&self) -> usize {
        self.pages.len() * 8 + self.lines.len() * 2
    }

    fn lines_of(&self, n: usize) -> &[u16] {
        let end = self.pages.get(n + 1).map_or(self.lines.len(), |next| next.1 as usize);
        &self.lines[self.pages[n].1 as usize..end]
    }

    /// Whether a place is among them.
    pub fn contains(&self, tid: TupleId) -> bool {
        match self.pages.binary_search_by_key(&tid.block, |page| page.0) {
            Ok(n) => self.lines_of(n).contains(&tid.offset),
            Err(_) => false,
        }
    }

    fn clear(&mut self) {
        self.pages.clear();
        self.lines.clear();
    }
}

/// The numbers of `pg_stat_progress_vacuum`, and the phases.
mod progress {
    pub const PHASE: usize = 0;
    pub const PAGES: usize = 1;
    pub const SCANNED: usize = 2;
    pub const CLEANED: usize = 3;
    pub const INDEX_SCANS: usize = 4;
    pub const INDEXES: usize = 8;
    pub const INDEXES_DONE: usize = 9;

    pub const SCANNING: i64 = 1;
    pub const CLEANING_INDEXES: i64 = 2;
    pub const CLEANING_TABLE: i64 = 3;
    pub const FINISHING_INDEXES: i64 = 4;
    pub const TRUNCATING: i64 = 5;
    pub const FINISHING: i64 = 6;
}

pub(crate) struct Vacuum<'a> {
    store: &'a Store,
    transaction: &'a Transaction,
    table: &'a Arc<Table>,
    indexes: &'a [(Arc<dyn IndexAm>, Arc<Index>)],
    options: VacuumOptions<'a>,
    heap: Heap<'a>,
    strategy: Option<Strategy>,
    dead: DeadIds,
    report: VacuumReport,
    /// One past the last page that is not empty.
    used: u32,
}

impl<'a> Vacuum<'a> {
    pub fn run(
        store: &'a Store,
        transaction: &'a Transaction,
        table: &'a Arc<Table>,
        indexes: &'a [(Arc<dyn IndexAm>, Arc<Index>)],
        options: VacuumOptions<'a>,
    ) -> Result<VacuumReport> {
        let mut vacuum = Vacuum {
            store,
            transaction,
            table,
            indexes,
            options,
            heap: Heap::of(store, table),
            strategy: (options.ring_pages > 0).then(|| Strategy::with_pages(StrategyKind::Vacuum, options.ring_pages)),
            dead: DeadIds::default(),
            report: VacuumReport { indexes: vec![None; indexes.len()], ..VacuumReport::default() },
            used: 0,
        };
        vacuum.scan()?;
        vacuum.finish()?;
        Ok(vacuum.report)
    }

    fn read(&self, block: BlockNumber) -> Result<Buffer> {
        let access = Access {
            strategy: self.strategy.as_ref(),
            mode: ReadMode::Normal,
            persistence: self.table.persistence,
            blocks: Some(&self.table.counters.blocks),
        };
        self.store.storage.read(self.table.locator, Fork::Main, block, &access)
    }

    fn scan(&mut self) -> Result<()> {
        let blocks = self.store.storage.block_count(self.table.locator, Fork::Main)?;
        self.report.pages = blocks;
        let progress = self.options.progress;
        progress(progress::PHASE, progress::SCANNING);
        progress(progress::PAGES, blocks as i64);
        let map = self.heap.visibility_map();
        let mut cache = None;
        let mut skipped = 0u32;
        for block in (0..blocks).map(BlockNumber) {
            if !self.options.all_pages {
                let status = map.get(block, &mut cache)?;
                if status.all_visible && (status.all_frozen || !self.options.freeze) {
                    skipped += 1;
                    self.report.skipped_unfrozen |= !status.all_frozen;
                    self.used = block.0 + 1;
                    continue;
                }
            }
            (self.options.pause)()?;
            self.scan_page(block)?;
            progress(progress::SCANNED, block.0 as i64 + 1);
            if self.dead.memory() > self.options.memory {
                self.clean()?;
            }
        }
        if !self.dead.pages.is_empty() {
            self.clean()?;
        }
        if skipped > 0 && self.report.scanned_pages > 0 {
            // Pages that were skipped are taken to hold as many rows as the others.
            let density = self.report.live_rows / self.report.scanned_pages as f64;
            self.report.live_rows += density * skipped as f64;
        } else if skipped > 0 {
            self.report.live_rows = -1.0;
        }
        Ok(())
    }

    fn scan_page(&mut self, block: BlockNumber) -> Result<()> {
        self.store.storage.wal().make_room()?;
        let buffer = self.read(block)?;
        let map = self.heap.visibility_map().pin(block)?;
        self.report.scanned_pages += 1;
        let no_indexes = self.indexes.is_empty();
        let mut hints = Hints::new();
        let mut guard = buffer.exclusive();
        if guard.is_new() {
            self.heap.free_space_map().record(block, room_for_tuple(&guard))?;
            return Ok(());
        }
        let plan = plan(&self.store.transactions, &guard, no_indexes, &mut hints)?;
        hints.set_in(&mut guard);
        self.report.removed_rows += plan.removed as u64;
        self.count(&plan);
        if plan.has_lines {
            self.used = block.0 + 1;
        }
        self.finish_page(&mut guard, &map, block, &plan)?;
        let free = room_for_tuple(&guard);
        drop(guard);
        if plan.dead_lines.is_empty() || !self.options.index_cleanup {
            self.heap.free_space_map().record(block, free)?;
        } else {
            self.dead.add(block, &plan.dead_lines);
        }
        if !plan.dead_lines.is_empty() {
            self.report.dead_lines.0 += 1;
            self.report.dead_lines.1 += plan.dead_lines.len() as u64;
        }
        Ok(())
    }

    fn count(&mut self, plan: &Plan) {
        self.report.live_rows += plan.live as f64;
        self.report.recently_dead_rows += plan.recently_dead as u64;
    }

    /// Prunes a page as planned, and marks it in the visibility map if everybody sees all of it.
    fn finish_page(&mut self, guard: &mut PageMut<'_>, map: &Buffer, block: BlockNumber, plan: &Plan) -> Result<()> {
        let mut actions = Actions::new();
        if !plan.pruned.is_empty() {
            actions.prune(&plan.pruned);
        }
        let mut map_guard = map.exclusive();
        let before = VisibilityMap::status(&map_guard, block);
        let after = VisibilityStatus { all_visible: plan.all_visible, all_frozen: plan.all_frozen };
        let mark = after.all_visible && (before != after || !guard.is_all_visible());
        if (mark || self.options.freeze) && !plan.freeze.is_empty() {
            actions.freeze(&plan.freeze);
            self.report.frozen.0 += 1;
            self.report.frozen.1 += plan.freeze.len() as u64;
        }
        if mark {
            self.report.newly_visible.0 += u32::from(!before.all_visible);
            self.report.newly_visible.1 += u32::from(after.all_frozen && !before.all_frozen);
        }
        if mark && !guard.is_all_visible() {
            actions.visible(true);
        }
        if actions.0.is_empty() && !mark {
            return Ok(());
        }
        let kind = if mark { Kind::Visible } else { Kind::Prune };
        let mut change = self.store.storage.change(RmgrId::HEAP, kind as u8);
        carry_out(&mut change, guard, Image::Standard, &actions);
        if mark {
            let mut map_actions = Actions::new();
            map_actions.map(block, after);
            carry_out(&mut change, &mut map_guard, Image::Whole, &map_actions);
        }
        change.finish_for(self.table.persistence, Xid::INVALID);
        Ok(())
    }

    /// Removes the remembered lines' entries from the indexes, then the lines.
    fn clean(&mut self) -> Result<()> {
        if self.options.index_cleanup {
            let progress = self.options.progress;
            progress(progress::PHASE, progress::CLEANING_INDEXES);
            progress(progress::INDEXES, self.indexes.len() as i64);
            for (n, (method, index)) in self.indexes.iter().enumerate() {
                let dead = &self.dead;
                let done = method.bulk_delete(self.store, index, &|tid| dead.contains(tid), self.options.pause)?;
                let total = self.report.indexes[n].get_or_insert_default();
                total.pages = done.pages;
                total.entries = done.entries;
                total.removed_entries += done.removed_entries;
                total.deleted_pages += done.deleted_pages;
                progress(progress::INDEXES_DONE, n as i64 + 1);
            }
            progress(progress::INDEXES_DONE, 0);
            if !self.indexes.is_empty() {
                self.report.index_scans += 1;
            }
            progress(progress::INDEX_SCANS, self.report.index_scans as i64);
            progress(progress::PHASE, progress::CLEANING_TABLE);
            let dead = std::mem::take(&mut self.dead);
            for n in 0..dead.pages.len() {
                (self.options.pause)()?;
                self.free_lines(dead.pages[n].0, dead.lines_of(n))?;
                progress(progress::CLEANED, n as i64 + 1);
            }
            self.dead = dead;
            progress(progress::PHASE, progress::SCANNING);
        }
        self.dead.clear();
        Ok(())
    }

    fn free_lines(&mut self, block: BlockNumber, lines: &[u16]) -> Result<()> {
        let buffer = self.read(block)?;
        let map = self.heap.visibility_map().pin(block)?;
        let mut guard = buffer.exclusive();
        let lines: Vec<u16> =
            lines.iter().copied().filter(|&line| guard.line(line).state() == LineState::Dead).collect();
        if !lines.is_empty() {
            let mut actions = Actions::new();
            actions.free(&lines);
            let mut change = self.store.storage.change(RmgrId::HEAP, Kind::Vacuum as u8);
            carry_out(&mut change, &mut guard, Image::Standard, &actions);
            change.finish_for(self.table.persistence, Xid::INVALID);
        }
        // Without its dead lines the page may be visible to all.
        let plan = plan(&self.store.transactions, &guard, false, &mut Hints::new())?;
        if plan.all_visible && plan.pruned.is_empty() {
            self.finish_page(&mut guard, &map, block, &plan)?;
        }
        let free = room_for_tuple(&guard);
        drop(guard);
        self.heap.free_space_map().record(block, free)
    }

    fn finish(&mut self) -> Result<()> {
        let progress = self.options.progress;
        progress(progress::PHASE, progress::FINISHING_INDEXES);
        for (n, (method, index)) in self.indexes.iter().enumerate() {
            if self.options.index_cleanup {
                let done = method.vacuum_cleanup(self.store, index)?;
                let total = self.report.indexes[n].get_or_insert(done);
                total.pages = done.pages;
                total.free_pages = done.free_pages;
            }
        }
        let empty = self.report.pages - self.used;
        if self.options.truncate && (empty >= TRUNCATE_PAGES || empty > 0 && empty >= self.report.pages / TRUNCATE_PART)
        {
            progress(progress::PHASE, progress::TRUNCATING);
            self.truncate()?;
        }
        progress(progress::PHASE, progress::FINISHING);
        self.heap.free_space_map().vacuum()?;
        let (visible, frozen) = self.heap.visibility_map().count()?;
        self.report.all_visible_pages = visible;
        self.report.all_frozen_pages = frozen;
        Ok(())
    }

    /// Cuts empty pages off the end, if the table can be had alone at once.
    fn truncate(&mut self) -> Result<()> {
        let locks = self.transaction.locks();
        let tag = LockTag::relation(self.table.database, self.table.oid);
        if !locks.acquire(LockOwner::Transaction, tag, LockMode::AccessExclusive, LockWait::Try)? {
            return Ok(());
        }
        let result = self.truncate_locked();
        locks.release(LockOwner::Transaction, tag, LockMode::AccessExclusive);
        result
    }

    fn truncate_locked(&mut self) -> Result<()> {
        let blocks = self.store.storage.block_count(self.table.locator, Fork::Main)?;
        let mut keep = blocks;
        // Rows may have come since the pages were looked at.
        while keep > self.used {
            let buffer = self.read(BlockNumber(keep - 1))?;
            let page = buffer.share();
            if page.lines().any(|(_, line)| line.state() != LineState::Unused) {
                break;
            }
            keep -= 1;
        }
        if keep < blocks {
            self.store.storage.truncate(self.table.locator, keep, self.table.persistence)?;
            self.report.removed_pages = blocks - keep;
            self.report.pages = keep;
        }
        Ok(())
    }
}
