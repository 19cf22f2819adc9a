//! Summarising the page ranges of block range indexes: when an index is built, by VACUUM, and by `brin_summarize_new_values` and its like.

use std::sync::Arc;

use access::{Index, Projected};
use batch::{Batch, Column, Datum, DatumRef};
use brin::RangeMap;
use catalog::Relation;
use error::{Error, Result, SqlState};
use executor::relation::{OpenIndex, OpenTable};
use executor::{EntryList, RowEvaluator};
use ids::Oid;

use crate::Context;
use crate::index_build::computed;
use crate::index_functions::index_of;

/// An index and its table, for summarising.
pub(crate) struct Summarizer<'a> {
    context: &'a Context<'a>,
    table: &'a OpenTable,
    index: &'a OpenIndex,
    support: &'a dyn brin::Summaries,
    pages: u32,
    pages_per_range: u32,
    /// Rows read.
    pub rows: u64,
    /// Versions were left out that old snapshots may see.
    pub broken: bool,
}

impl<'a> Summarizer<'a> {
    pub fn new(context: &'a Context<'a>, table: &'a OpenTable, index: &'a OpenIndex) -> Result<Summarizer<'a>> {
        let support = index.index.support.as_ref().and_then(|support| support.downcast_ref::<brin::BrinSupport>());
        let support = support.ok_or_else(|| Error::internal("a block range index has no operator classes"))?;
        let session = context.session;
        let map = RangeMap { store: session.store, index: &index.index };
        Ok(Summarizer {
            context,
            table,
            index,
            support: &*support.0,
            pages: session.tables.page_count(session.store, &table.table)?,
            pages_per_range: map.pages_per_range()?,
            rows: 0,
            broken: false,
        })
    }

    /// Ranges of the table, the last one perhaps not full.
    pub fn ranges(&self) -> u32 {
        self.pages.div_ceil(self.pages_per_range)
    }

    /// Ranges that are full.
    fn full_ranges(&self) -> u32 {
        self.pages / self.pages_per_range
    }

    /// Summarises a range unless it is summarised; whether it did.
    pub fn range(&mut self, range: u32) -> Result<bool> {
        let (first, index) = (range * self.pages_per_range, self.index);
        let end = self.pages.min(first.saturating_add(self.pages_per_range));
        let computed = computed(self.context, self.table, &index.row)?;
        let store = self.context.session.store;
        brin::summarize(store, &index.index, range, |summary| self.read(first..end, computed, summary))
    }

    /// Adds the rows of some pages to a summary.
    fn read(
        &mut self,
        pages: std::ops::Range<u32>,
        mut computed: Option<RowEvaluator>,
        summary: &mut Vec<u8>,
    ) -> Result<()> {
        let (session, index, support) = (self.context.session, self.index, self.support);
        let form = index.form().ok_or_else(|| Error::internal("a block range index has no entries"))?;
        let mut projection: Vec<Projected> = match &computed {
            Some(_) => (0..self.table.relation.columns.len()).map(|column| Projected::Column(column as u16)).collect(),
            None => index.row.indkey.iter().map(|&number| Projected::Column(number as u16 - 1)).collect(),
        };
        let width = projection.len();
        projection.push(Projected::RowId);
        let (mut entries, mut rows) = (EntryList::default(), 0);
        let columns = index.row.indkey.len();
        let mut consume = |batch: &Batch, alive: &[bool]| {
            session.check_interrupts()?;
            rows += alive.iter().filter(|alive| **alive).count() as u64;
            if let Some(evaluator) = &mut computed {
                evaluator.evaluate(session, batch)?;
            }
            let (values, condition): (Vec<&Column>, Option<&Column>) = match &computed {
                Some(evaluator) => (
                    (0..columns).map(|n| evaluator.column(n, batch)).collect(),
                    index.row.indpred.is_some().then(|| evaluator.column(columns, batch)),
                ),
                None => (batch.columns[..width].iter().collect(), None),
            };
            for row in batch.rows().iter() {
                if condition.is_some_and(|condition| condition.get(row).as_bool() != Some(true)) {
                    continue;
                }
                entries.clear();
                form.entries(&values, row, session.env(), &mut entries)?;
                for (key, _) in entries.iter() {
                    support.add(summary, key)?;
                }
            }
            Ok(())
        };
        let broken = session.tables.scan_for_index(
            session.store,
            session.transaction,
            &self.table.table,
            pages,
            projection.into(),
            None,
            &mut consume,
        )?;
        self.rows += rows;
        self.broken |= broken;
        Ok(())
    }

    /// Summarises all ranges without summary; of the last one, which is not full, only if `partial`. How many.
    pub fn all(&mut self, partial: bool) -> Result<u32> {
        let ranges = if partial { self.ranges() } else { self.full_ranges() };
        let map = RangeMap { store: self.context.session.store, index: &self.index.index };
        let mut wanted = Vec::new();
        map.each(ranges, |range, summary| {
            if summary.is_none_or(|summary| summary.first() == Some(&brin::PLACEHOLDER)) {
                wanted.push(range);
            }
            Ok(())
        })?;
        let mut done = 0;
        for range in wanted {
            self.context.session.check_interrupts()?;
            done += u32::from(self.range(range)?);
        }
        Ok(done)
    }
}

/// After a VACUUM: summarises what was added to a table.
pub(crate) fn after_vacuum(context: &Context<'_>, relation: &Relation, index: &Index) -> Result<()> {
    let (table, index) =
        (OpenTable::open(context.session, relation.oid)?, OpenIndex::open(context.session, index.oid)?);
    Summarizer::new(context, &table, &index)?.all(false).map(|_| ())
}

fn opened(context: &Context<'_>, arguments: &[DatumRef<'_>]) -> Result<(OpenTable, Arc<OpenIndex>)> {
    let relation = index_of(context, arguments, access::Method::Brin, "BRIN")?;
    let table = relation.index.as_ref().map(|row| row.indrelid).unwrap_or_default();
    Ok((OpenTable::open(context.session, table)?, OpenIndex::open(context.session, relation.oid)?))
}

/// The block number of the second argument.
fn block(arguments: &[DatumRef<'_>]) -> Result<u32> {
    let number = match arguments.get(1) {
        Some(DatumRef::B8(number)) => *number,
        _ => 0,
    };
    u32::try_from(number).ok().ok_or_else(|| {
        let text = format!("block number out of range: {number}");
        Error::new(SqlState::NUMERIC_VALUE_OUT_OF_RANGE, text)
    })
}

/// `brin_summarize_new_values`.
pub(crate) fn summarize_new_values(context: &Context<'_>, arguments: &[DatumRef<'_>], _: &[Oid]) -> Result<Datum> {
    let (table, index) = opened(context, arguments)?;
    let done = Summarizer::new(context, &table, &index)?.all(true)?;
    Ok(Datum::B4(done as i32))
}

/// `brin_summarize_range`.
pub(crate) fn summarize_range(context: &Context<'_>, arguments: &[DatumRef<'_>], _: &[Oid]) -> Result<Datum> {
    let block = block(arguments)?;
    let (table, index) = opened(context, arguments)?;
    let mut summarizer = Summarizer::new(context, &table, &index)?;
    let range = block / summarizer.pages_per_range;
    let done = range < summarizer.ranges() && summarizer.range(range)?;
    Ok(Datum::B4(done as i32))
}

/// `brin_desummarize_range`.
pub(crate) fn desummarize_range(context: &Context<'_>, arguments: &[DatumRef<'_>], _: &[Oid]) -> Result<Datum> {
    let block = block(arguments)?;
    let (_, index) = opened(context, arguments)?;
    let map = RangeMap { store: context.session.store, index: &index.index };
    map.remove(block / map.pages_per_range()?)?;
    Ok(Datum::Null)
}
