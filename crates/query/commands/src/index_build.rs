//! The filling of new indexes.
//!
//! The entries of all rows are made batch by batch, sorted as bytes within `maintenance_work_mem`, checked for duplicates as neighbours,
//! and handed to the access method in order.

use std::sync::Arc;

use access::{IndexEntry, Projected, SortedEntries};
use batch::{Batch, ByteValues, Column, DatumRef, Repr};
use catalog::rows::PgIndex;
use error::{Error, Result, SqlState};
use executor::RowEvaluator;
use executor::relation::{OpenIndex, OpenTable};
use executor::store::sorter::Sorter;
use ids::{Oid, TupleId};

use crate::{Context, expression};

/// Columns of the sorter's rows: the row's place, the payload, whether it counts for uniqueness.
const SORTED: [Repr; 3] = [Repr::B8, Repr::Bytes, Repr::B1];

/// Fills an index, whose file is new, from its table.
pub(crate) fn fill(context: &Context<'_>, table: Oid, index: Oid) -> Result<()> {
    let session = context.session;
    let table = OpenTable::open(session, table)?;
    let index = OpenIndex::open(session, index)?;
    let mut computed = computed(context, &table, &index.row)?;
    let mut projection: Vec<Projected> = match &computed {
        // Expressions count the table's columns.
        Some(_) => (0..table.relation.columns.len()).map(|column| Projected::Column(column as u16)).collect(),
        None => index.row.indkey.iter().map(|&number| Projected::Column(number as u16 - 1)).collect(),
    };
    projection.push(Projected::RowId);
    let width = projection.len() - 1;
    let partial = index.row.indpred.is_some();
    let memory = context.services.setting_int("maintenance_work_mem")?.max(64) as usize * 1024;
    let mut sorter = Sorter::new(SORTED.to_vec(), memory, None, session.temporary_directory()).with_keys();
    let (mut keys, mut sorted) = (ByteValues::new(), Batch::new(SORTED));
    let mut payload = Vec::new();
    let mut seen: u64 = 0;
    let mut consume = |rows: &Batch, alive: &[bool]| {
        session.check_interrupts()?;
        seen += alive.iter().filter(|alive| **alive).count() as u64;
        keys.clear();
        sorted.clear();
        if let Some(computed) = &mut computed {
            computed.evaluate(session, rows)?;
        }
        let columns = index.reprs().len();
        let values: Vec<&Column> = match &computed {
            Some(computed) => (0..columns).map(|n| computed.column(n, rows)).collect(),
            None => rows.columns[..width].iter().collect(),
        };
        let condition = computed.as_ref().filter(|_| partial).map(|computed| computed.column(columns, rows));
        let belongs = |row: usize| condition.is_none_or(|condition| condition.get(row).as_bool() == Some(true));
        let wanted: Vec<(usize, usize)> = rows.rows().iter().enumerate().filter(|&(_, row)| belongs(row)).collect();
        let count = wanted.len();
        keys.resize(count);
        for (at, (k, row)) in wanted.into_iter().enumerate() {
            let null = keys.put_with(at, |to| index.key(&values, row, session.env(), to))?;
            payload.clear();
            index.payload(&values, row, &mut payload)?;
            let counts = alive[k] && (!null || index.row.indnullsnotdistinct);
            sorted.columns[0].push(rows.columns[width].get(row));
            sorted.columns[1].push(DatumRef::Bytes(&payload));
            sorted.columns[2].push(DatumRef::B1(counts as u8));
        }
        sorted.set_len(count);
        sorter.add(&sorted, sorted.rows(), &keys)
    };
    let broken = session.tables.scan_for_index(
        session.store,
        session.transaction,
        &table.table,
        Arc::from(projection),
        &mut consume,
    )?;
    sorter.finish()?;
    let mut entries = Entries {
        sorter: &mut sorter,
        batch: Batch::new(SORTED),
        at: 0,
        previous: Vec::new(),
        previous_counts: false,
        index: &index,
        table: &table,
        context,
    };
    let rows = session.indexes.build(session.store, &index.index, &mut entries)?;
    let pages = session.store.storage.block_count(index.index.locator, ids::Fork::Main)?;
    if broken {
        let key = [index.index.oid.into()];
        let catalog = context.catalog();
        catalog.change::<PgIndex>(catalog::index::PG_INDEX_INDEXRELID_INDEX, &key, |row| row.indcheckxmin = true)?;
        catalog.next_command()?;
    }
    // The table's size is known now, too, as after an ANALYZE; unless it is empty, which says little of what is to come.
    let blocks = session.tables.page_count(session.store, &table.table)?;
    if seen > 0 && table.relation.oid >= Oid::FIRST_NORMAL {
        let class = context.catalog().class(table.relation.oid)?;
        let (visible, frozen) = class.map_or((0, 0), |class| (class.relallvisible, class.relallfrozen));
        context.catalog().set_statistics(table.relation.oid, blocks, seen as f64, visible as u32, frozen as u32)?;
    }
    context.catalog().alter_class(index.index.oid, |class| {
        class.relpages = pages as i32;
        class.reltuples = rows as f32;
    })
}

/// The columns of an index with expressions, or of a partial one, and then its condition: computed from the table's rows.
fn computed(context: &Context<'_>, table: &OpenTable, row: &PgIndex) -> Result<Option<RowEvaluator>> {
    if row.indexprs.is_none() && row.indpred.is_none() {
        return Ok(None);
    }
    let mut expressions = match &row.indexprs {
        Some(text) => analyzer::node::from_text::<Vec<analyzer::query::Expr>>(text)?,
        None => Vec::new(),
    }
    .into_iter();
    let mut exprs = Vec::new();
    for &number in row.indkey.iter() {
        exprs.push(match number {
            0 => expressions.next().ok_or_else(|| Error::corrupted("an index has fewer expressions than columns"))?,
            number => expression::column(&table.relation, number)?,
        });
    }
    if let Some(text) = &row.indpred {
        exprs.push(expression::read(context, text)?);
    }
    expression::evaluator(context, &table.relation, exprs).map(Some)
}

/// The sorted entries, with a look at duplicates.
struct Entries<'a> {
    sorter: &'a mut Sorter,
    batch: Batch,
    at: usize,
    previous: Vec<u8>,
    previous_counts: bool,
    index: &'a OpenIndex,
    table: &'a OpenTable,
    context: &'a Context<'a>,
}

impl SortedEntries for Entries<'_> {
    fn next(&mut self) -> Result<Option<IndexEntry<'_>>> {
        if self.at == self.batch.len() {
            self.at = 0;
            self.context.session.check_interrupts()?;
            if !self.sorter.next(&mut self.batch)? {
                return Ok(None);
            }
        }
        let row = self.at;
        self.at += 1;
        let key = self.sorter.key(row);
        let counts = self.batch.columns[2].b1()[row] != 0;
        if self.index.row.indisunique {
            if counts && self.previous_counts && self.previous == key {
                return Err(self.duplicate(key)?);
            }
            if counts || self.previous != key {
                self.previous.clear();
                self.previous.extend_from_slice(key);
                self.previous_counts = counts;
            }
        }
        Ok(Some(IndexEntry {
            key,
            payload: self.batch.columns[1].bytes().get(row),
            tid: TupleId::from_u64(self.batch.columns[0].b8()[row] as u64),
        }))
    }
}

impl Entries<'_> {
    fn duplicate(&self, key: &[u8]) -> Result<Error> {
        let name = &self.index.index.name;
        let mut error = Error::new(SqlState::UNIQUE_VIOLATION, format!("could not create unique index \"{name}\""));
        let mut values: Vec<Column> = self.index.reprs().iter().map(|&repr| Column::new(repr)).collect();
        let relation = &self.table.relation;
        if self.index.decode(key, &[], &mut values).is_ok() {
            let (mut names, mut shown) = (Vec::new(), Vec::new());
            for (n, column) in self.index.columns.iter().enumerate() {
                names.push(self.context.catalog().index_column_text(self.index.row.indexrelid, n)?);
                let mut text = Vec::new();
                types::output(column.type_oid, values[n].get(0), self.context.session.env(), &mut text)?;
                shown.push(String::from_utf8_lossy(&text).into_owned());
            }
            error = error.detail(format!("Key ({})=({}) is duplicated.", names.join(", "), shown.join(", ")));
        }
        let schema = self.context.catalog().schema_name(relation.class.relnamespace)?.unwrap_or_default();
        Ok(error.schema(schema).table(relation.name()).constraint(name.as_ref()))
    }
}
