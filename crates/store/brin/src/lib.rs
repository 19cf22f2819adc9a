//! BRIN, the block range index: for each range of a table's pages a summary of what stands there.
//!
//! A search looks all summaries through, and gives the pages of every range of which the summary cannot exclude the conditions. What a summary is, only
//! the operator classes know: they come as [`Summaries`] (the index's support), and the index keeps their bytes. Start with [`page`] (what is on disk), then
//! [`map`] (finding and replacing summaries).
//!
//! - A range without summary is always read. A new table's last range has none until somebody summarises it: VACUUM, or `brin_summarize_…`.
//! - An insertion into a range that has a summary widens it before its transaction can commit. Nothing ever narrows a summary but removing it.
//! - Who summarises a range puts a [`PLACEHOLDER`] there first, which insertions widen, too; then he reads the range's pages, and unites what he found with
//!   what was inserted meanwhile. A placeholder tells nothing, so that its range is read.
//!
//! # Differences from PostgreSQL
//!
//! The map of ranges is a tree of fixed depth in place of pages in a row, so that no summary has to move when the map grows.
#![forbid(unsafe_code)]

pub mod map;
pub mod page;

use std::sync::Arc;

use access::{
    Direction, Index, IndexAm, IndexEntries, IndexEntry, IndexScan, IndexScanOptions, IndexVacuumReport, Inserted,
    KeyRange, Persistence, Query, RangeEstimate, SortedEntries, Store, Table, TableAm, TidBitmap, UniqueCheck,
};
use error::{Error, Result};
use ids::{BlockNumber, Fork, TupleId};
use storage::{Page, ResourceManager};
use txn::Transaction;
use wal::{DecodedRecord, RmgrId};

pub use map::{RangeMap, RecordKind};

/// The first byte of a summary that is being made.
pub const PLACEHOLDER: u8 = 1;

/// The operator classes' side: what summaries are.
pub trait Summaries: Send + Sync {
    /// The summary of no rows; its first byte is zero.
    fn empty(&self) -> Vec<u8>;

    /// Adds a row (the key of its entry) to a summary; whether that changed it.
    ///
    /// # Errors
    /// `XX002` for a damaged summary.
    fn add(&self, summary: &mut Vec<u8>, row: &[u8]) -> Result<bool>;

    /// Adds the rows of another summary.
    ///
    /// # Errors
    /// `XX002` for damaged summaries.
    fn unite(&self, summary: &mut Vec<u8>, other: &[u8]) -> Result<()>;
}

/// What [`Index::support`] of a block range index is.
pub struct BrinSupport(pub Arc<dyn Summaries>);

/// What a scan looks for.
pub struct BrinQuery(pub Box<dyn RangeTest>);

/// A condition on the rows of a range.
pub trait RangeTest: Send + Sync {
    /// Whether a row of the summarised ones may meet it.
    ///
    /// # Errors
    /// `XX002` for a damaged summary.
    fn may_hold(&self, summary: &[u8]) -> Result<bool>;
}

fn summaries(index: &Index) -> Result<&dyn Summaries> {
    let support = index.support.as_ref().and_then(|support| support.downcast_ref::<BrinSupport>());
    support.map(|support| &*support.0).ok_or_else(|| Error::internal("a block range index has no operator classes"))
}

/// Summarises a range that has no summary: `read` reads its rows and adds them to a summary. False if it has one by now.
///
/// # Errors
/// Those of `read`, which leave a placeholder; `54000` for a summary too long for a page.
pub fn summarize(
    store: &Store,
    index: &Index,
    range: u32,
    read: impl FnOnce(&mut Vec<u8>) -> Result<()>,
) -> Result<bool> {
    let (map, classes) = (RangeMap { store, index }, summaries(index)?);
    let mut placeholder = classes.empty();
    placeholder[0] = PLACEHOLDER;
    let before = map.get(range)?;
    match before {
        // Left by somebody who did not come to the end.
        Some(summary) if summary.first() == Some(&PLACEHOLDER) => {}
        Some(_) => return Ok(false),
        None => {
            if !map.put(range, None, &placeholder)? {
                return Ok(false);
            }
        }
    }
    let mut found = classes.empty();
    read(&mut found)?;
    loop {
        let Some(inserted) = map.get(range)? else { return Ok(false) };
        let mut all = found.clone();
        classes.unite(&mut all, &inserted)?;
        if map.put(range, Some(&inserted), &all)? {
            return Ok(true);
        }
    }
}

/// The BRIN access method.
#[derive(Clone, Copy, Debug, Default)]
pub struct BrinAm;

impl IndexAm for BrinAm {
    fn create(&self, store: &Store, index: &Index) -> Result<()> {
        map::write_empty(store, index, Fork::Main, index.persistence)?;
        if index.persistence == Persistence::Unlogged && store.storage.exists(index.locator, Fork::Init)? {
            // What recovery makes of the index, so itself logged.
            map::write_empty(store, index, Fork::Init, Persistence::Permanent)?;
        }
        Ok(())
    }

    fn build(&self, store: &Store, index: &Index, _: &mut dyn SortedEntries) -> Result<u64> {
        // Ranges are summarised one by one, by `summarize`.
        self.create(store, index)?;
        Ok(0)
    }

    fn insert(
        &self,
        store: &Store,
        _: &Transaction,
        index: &Index,
        _: (&dyn TableAm, &Table),
        entry: IndexEntry<'_>,
        _: UniqueCheck,
    ) -> Result<Inserted> {
        let (map, classes) = (RangeMap { store, index }, summaries(index)?);
        let range = entry.tid.block.0 / map.pages_per_range()?;
        while let Some(before) = map.get(range)? {
            let mut after = before.clone();
            if !classes.add(&mut after, entry.key)? || map.put(range, Some(&before), &after)? {
                break;
            }
        }
        Ok(Inserted::Done)
    }

    fn scan(&self, store: &Store, index: &Arc<Index>, options: IndexScanOptions) -> Result<Box<dyn IndexScan>> {
        Ok(Box::new(BrinScan { store: store.clone(), index: index.clone(), options, query: None }))
    }

    fn bulk_delete(
        &self,
        store: &Store,
        index: &Index,
        _: &(dyn Fn(TupleId) -> bool + Sync),
        _: &(dyn Fn() -> Result<()> + Sync),
    ) -> Result<IndexVacuumReport> {
        // Rows that are gone leave summaries as they are.
        self.vacuum_cleanup(store, index)
    }

    fn vacuum_cleanup(&self, store: &Store, index: &Index) -> Result<IndexVacuumReport> {
        let pages = store.storage.block_count(index.locator, Fork::Main)?;
        Ok(IndexVacuumReport { pages, ..IndexVacuumReport::default() })
    }

    fn split_keys(&self, _: &Store, _: &Index, _: usize) -> Result<Vec<Box<[u8]>>> {
        Ok(Vec::new())
    }

    fn estimate(&self, _: &Store, _: &Index, _: KeyRange<'_>) -> Result<RangeEstimate> {
        Ok(RangeEstimate::default())
    }

    fn verify(&self, store: &Store, index: &Index) -> Result<IndexVacuumReport> {
        let pages = store.storage.block_count(index.locator, Fork::Main)?;
        let (map, mut entries) = (RangeMap { store, index }, 0);
        // As many ranges as there can be summaries.
        let most = (pages as u64 * page::RANGES as u64).min(u32::MAX as u64) as u32;
        map.each(most, |_, summary| {
            entries += u64::from(summary.is_some());
            Ok(())
        })?;
        Ok(IndexVacuumReport { pages, entries, ..IndexVacuumReport::default() })
    }
}

struct BrinScan {
    store: Store,
    index: Arc<Index>,
    options: IndexScanOptions,
    query: Option<Query>,
}

impl IndexScan for BrinScan {
    fn start(&mut self, _: KeyRange<'_>, _: Direction) -> Result<()> {
        Err(Error::internal("a block range index has no ranges of keys"))
    }

    fn search(&mut self, query: &Query) -> Result<()> {
        self.query = Some(query.clone());
        self.index.counters.scan();
        Ok(())
    }

    fn next(&mut self, _: &mut IndexEntries) -> Result<bool> {
        Err(Error::internal("a block range index gives bitmaps only"))
    }

    fn collect(&mut self, bitmap: &mut TidBitmap) -> Result<u64> {
        let query = self.query.take().ok_or_else(|| Error::internal("a scan was not started"))?;
        let Some(BrinQuery(test)) = query.downcast_ref::<BrinQuery>() else {
            return Err(Error::internal("this is no query of a block range index"));
        };
        let Some((method, table)) = &self.options.table else {
            return Err(Error::internal("a block range index is searched without its table"));
        };
        if let Some(reader) = &self.options.reader {
            reader.relation(self.index.locator.database, self.index.oid);
        }
        let pages = method.page_count(&self.store, table)?;
        let map = RangeMap { store: &self.store, index: &self.index };
        let each = map.pages_per_range()?;
        let mut found = 0;
        map.each(pages.div_ceil(each), |range, summary| {
            let matches = match summary {
                Some(summary) => summary.first() == Some(&PLACEHOLDER) || test.may_hold(summary)?,
                None => true,
            };
            if matches {
                let end = pages.min((range + 1).saturating_mul(each));
                for block in range * each..end {
                    bitmap.add_whole(BlockNumber(block));
                }
                found += u64::from(end - range * each);
            }
            Ok(())
        })?;
        // PostgreSQL says so many rows, too.
        Ok(found * 10)
    }

    fn kill(&mut self, _: &[u32]) -> Result<()> {
        Ok(())
    }
}

/// BRIN's resource manager: redo carries out the logged actions.
#[derive(Clone, Copy, Debug, Default)]
pub struct BrinRmgr;

impl ResourceManager for BrinRmgr {
    fn id(&self) -> RmgrId {
        RmgrId::BRIN
    }

    fn apply(&self, page: &mut Page, actions: &[u8]) -> Result<()> {
        page::apply(page, actions)
    }

    fn identify(&self, info: u8) -> Option<&'static str> {
        RecordKind::NAMES.iter().find(|(kind, _)| *kind as u8 == info).map(|(_, name)| *name)
    }

    fn describe(&self, record: &DecodedRecord, text: &mut String) {
        use std::fmt::Write as _;
        let _ = write!(text, "{} pages, {} bytes", record.blocks().len(), record.block_data(0).len());
    }
}
