//! The filling of new indexes: the entries of all rows are made page by page, sorted as bytes within `maintenance_work_mem`, checked
//! for duplicates as neighbours, and handed to the access method in order.
//!
//! Large tables are read by several threads. Each takes a run of pages from a shared cursor, makes their entries and puts them into a
//! sorter of its own; when no pages are left it sorts. The session's thread then merges what all have sorted, and builds. Threads that
//! only help touch nothing of the session but shared memory: they ask for no interrupts, which the session's thread does for all.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use access::sorter::Sorted;
use access::{
    EntrySorter, EntryStatus, IndexEntry, Inserted, Method, Projected, SortedEntries, Store, Table, TableAm,
    UniqueCheck,
};
use batch::{Batch, Column};
use catalog::relation::kind;
use catalog::rows::PgIndex;
use error::{Error, Result, SqlState};
use executor::EntryList;
use executor::relation::{OpenIndex, OpenTable};
use executor::{RowEvaluator, Session};
use ids::{Oid, TupleId};
use txn::{Snapshot, Transaction};
use types::{DefaultEnvironment, Environment};

use crate::{Context, expression};

/// Pages that a thread takes at a time.
const MORSEL: u32 = 64;
/// Pages of a table for each thread, at least.
const PAGES_PER_THREAD: u32 = 1024;
/// Entries between two looks for interrupts.
const ENTRIES_PER_CHECK: u64 = 4096;

/// Who else changes the table meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// Nobody: it is locked.
    Alone,
    /// Nobody: it was rewritten, and its other indexes come with it. One that is not valid may have duplicates and stays so.
    Rewritten,
    /// Others do, and look after the index themselves later ([`crate::concurrently`]).
    Concurrently,
}

/// Fills an index, whose file is new, from its table.
pub(crate) fn fill(context: &Context<'_>, table: Oid, index: Oid, how: How) -> Result<()> {
    let session = context.session;
    let table = OpenTable::open(session, table)?;
    let index = OpenIndex::open(session, index)?;
    // What functions of the index do, they do as the table's owner: whoever asks for the build may be able to do more.
    let has_functions = index.row.indexprs.is_some() || index.row.indpred.is_some();
    let _acting = has_functions.then(|| context.catalog().act_as_owner(table.relation.class.relowner));
    if is_for_its_name(&table) {
        return create_empty(context, &index);
    }
    if index.index.method == Method::Brin {
        create_empty(context, &index)?;
        // Without summaries it is right as well, and rows that come meanwhile are looked after.
        return if how == How::Concurrently { Ok(()) } else { summarize(context, &table, &index) };
    }
    let Gathered { sorters, broken, alive } = gather(context, &table, &index, how)?;
    let mut entries = Entries {
        sorted: access::sorter::merge(sorters)?,
        count: 0,
        previous: Vec::new(),
        previous_counts: false,
        checks: how != How::Rewritten || index.row.indisvalid,
        index: &index,
        table: &table,
        context,
    };
    let many = index.form().is_some();
    let rows = session.indexes.build(session.store, &index.index, &mut entries)?;
    note(context, &table, &index, broken, alive, if many { alive } else { rows })
}

/// Whether nobody reads or writes the table's indexes: values that are stored out of line are found by their places.
fn is_for_its_name(table: &OpenTable) -> bool {
    table.relation.kind() == kind::TOAST
}

/// Makes an index without entries, or summaries.
fn create_empty(context: &Context<'_>, index: &OpenIndex) -> Result<()> {
    struct Nothing;
    impl SortedEntries for Nothing {
        fn next(&mut self) -> Result<Option<IndexEntry<'_>>> {
            Ok(None)
        }
    }
    let session = context.session;
    session.indexes.build(session.store, &index.index, &mut Nothing)?;
    Ok(())
}

/// Fills a block range index: each range of the table's pages gets its summary.
fn summarize(context: &Context<'_>, table: &OpenTable, index: &OpenIndex) -> Result<()> {
    let mut summarizer = crate::brin::Summarizer::new(context, table, index)?;
    summarizer.all(true)?;
    if summarizer.ranges() == 0 {
        // So that what comes first is summarised from the start.
        summarizer.range(0)?;
    }
    note(context, table, index, summarizer.broken, summarizer.rows, summarizer.rows)
}

/// Records what a new index's making found: versions left out that old snapshots may see, the table's rows, and the index's.
fn note(
    context: &Context<'_>,
    table: &OpenTable,
    index: &OpenIndex,
    broken: bool,
    alive: u64,
    rows: u64,
) -> Result<()> {
    let session = context.session;
    let pages = session.store.storage.block_count(index.index.locator, ids::Fork::Main)?;
    if broken {
        let key = [index.index.oid.into()];
        let catalog = context.catalog();
        catalog.change::<PgIndex>(catalog::index::PG_INDEX_INDEXRELID_INDEX, &key, |row| row.indcheckxmin = true)?;
        catalog.next_command()?;
    }
    // The table's size is known now, too, as after an ANALYZE; unless it is empty, which says little of what is to come.
    let blocks = session.tables.page_count(session.store, &table.table)?;
    if alive > 0 && table.relation.oid >= Oid::FIRST_NORMAL {
        let class = context.catalog().class(table.relation.oid)?;
        let (visible, frozen) = class.map_or((0, 0), |class| (class.relallvisible, class.relallfrozen));
        context.catalog().set_statistics(table.relation.oid, blocks, alive as f64, visible as u32, frozen as u32)?;
    }
    context.catalog().alter_class(index.index.oid, |class| {
        class.relpages = pages as i32;
        class.reltuples = rows as f32;
    })
}

/// Adds the rows that an index does not have to one that everybody writes by now.
pub(crate) fn complete(context: &Context<'_>, table: Oid, index: Oid, method: Method) -> Result<()> {
    let session = context.session;
    // Who is not seen by this snapshot has written the index himself, or will.
    let snapshot = session.transaction.latest_snapshot()?;
    let table = OpenTable::open(session, table)?;
    let index = OpenIndex::open(session, index)?;
    let has_functions = index.row.indexprs.is_some() || index.row.indpred.is_some();
    let _acting = has_functions.then(|| context.catalog().act_as_owner(table.relation.class.relowner));
    if is_for_its_name(&table) {
        return Ok(());
    }
    if method == Method::Brin {
        return summarize(context, &table, &index);
    }
    let present = Mutex::new(Vec::new());
    let see = |tid: TupleId| {
        present.lock().unwrap_or_else(PoisonError::into_inner).push(tid.to_u64());
        false
    };
    session.indexes.bulk_delete(session.store, &index.index, &see, &|| Ok(()))?;
    session.check_interrupts()?;
    let mut present = present.into_inner().unwrap_or_else(PoisonError::into_inner);
    present.sort_unstable();
    let mut computed = computed(context, &table, &index.row)?;
    let projection = projection(&table, &index, computed.is_some());
    let pages = session.tables.page_count(session.store, &table.table)?;
    let mut enter = |rows: &Batch, _: &[bool]| -> Result<()> {
        if let Some(evaluator) = &mut computed {
            evaluator.evaluate(session, rows)?;
        }
        let columns = index.reprs().len();
        let width = projection.len() - 1;
        let (values, condition): (Vec<&Column>, Option<&Column>) = match &computed {
            Some(evaluator) => (
                (0..columns).map(|n| evaluator.column(n, rows)).collect(),
                index.row.indpred.is_some().then(|| evaluator.column(columns, rows)),
            ),
            None => (rows.columns[..width].iter().collect(), None),
        };
        for row in rows.rows().iter() {
            let place = rows.columns[width].b8()[row] as u64;
            let wanted = condition.is_none_or(|condition| condition.get(row).as_bool() == Some(true));
            if wanted && present.binary_search(&place).is_err() {
                add(context, &table, &index, &values, row, TupleId::from_u64(place))?;
            }
        }
        Ok(())
    };
    for from in (0..pages).step_by(MORSEL as usize) {
        session.check_interrupts()?;
        let part = from..pages.min(from + MORSEL);
        let (store, transaction) = (session.store, session.transaction);
        let projection = Arc::clone(&projection);
        session.tables.scan_for_index(
            store,
            transaction,
            &table.table,
            part,
            projection,
            Some(&snapshot),
            &mut enter,
        )?;
    }
    Ok(())
}

/// Adds a row's entries.
fn add(
    context: &Context<'_>,
    table: &OpenTable,
    index: &OpenIndex,
    values: &[&Column],
    row: usize,
    tid: TupleId,
) -> Result<()> {
    let session = context.session;
    let insert = |key: &[u8], payload: &[u8], check: UniqueCheck| {
        let entry = IndexEntry { key, payload, tid };
        let of_table = (session.tables.as_ref(), table.table.as_ref());
        session.indexes.insert(session.store, session.transaction, &index.index, of_table, entry, check)
    };
    let (mut key, mut payload) = (Vec::new(), Vec::new());
    index.payload(values, row, &mut payload)?;
    if let Some(form) = index.form() {
        let mut entries = EntryList::default();
        form.entries(values, row, session.env(), &mut entries)?;
        for (key, own) in entries.iter() {
            insert(key, if payload.is_empty() { own } else { &payload }, UniqueCheck::No)?;
        }
        return Ok(());
    }
    let null = index.key(values, row, session.env(), &mut key)?;
    if null && index.skips_nulls() {
        return Ok(());
    }
    let unique = index.row.indisunique && (!null || index.row.indnullsnotdistinct);
    let check = if unique { UniqueCheck::Yes } else { UniqueCheck::No };
    if let Inserted::Duplicate(_) = insert(&key, &payload, check)? {
        // Unless the row is gone since.
        let status = session.tables.entry_status(session.store, session.transaction, &table.table, tid)?;
        if matches!(status, EntryStatus::Live(_)) {
            return Err(duplicate(context, index, table, IndexEntry { key: &key, payload: &payload, tid })?);
        }
        insert(&key, &payload, UniqueCheck::No)?;
    }
    Ok(())
}

/// The columns of the table that an index's are made of, all of them if some are computed; and the row's place.
fn projection(table: &OpenTable, index: &OpenIndex, computed: bool) -> Arc<[Projected]> {
    let mut projection: Vec<Projected> = match computed {
        // Expressions count the table's columns.
        true => (0..table.relation.columns.len()).map(|column| Projected::Column(column as u16)).collect(),
        false => index.row.indkey.iter().map(|&number| Projected::Column(number as u16 - 1)).collect(),
    };
    projection.push(Projected::RowId);
    projection.into()
}

/// What was read of a table.
struct Gathered {
    /// The entries, sorted in parts.
    sorters: Vec<EntrySorter>,
    /// Versions were left out that old snapshots may see.
    broken: bool,
    /// Rows that are alive.
    alive: u64,
}

/// Makes the entries of all rows.
fn gather(context: &Context<'_>, table: &OpenTable, index: &OpenIndex, how: How) -> Result<Gathered> {
    let session = context.session;
    let mut computed = computed(context, table, &index.row)?;
    let projection = projection(table, index, computed.is_some());
    let pages = session.tables.page_count(session.store, &table.table)?;
    let snapshot = match how {
        How::Alone | How::Rewritten => None,
        How::Concurrently => Some(session.transaction.latest_snapshot()?),
    };
    let reading = Reading {
        store: session.store,
        transaction: session.transaction,
        tables: session.tables.as_ref(),
        table: &table.table,
        index,
        projection,
        snapshot: snapshot.as_deref(),
        next: AtomicU32::new(0),
        end: pages,
        stop: AtomicBool::new(false),
        alive: AtomicU64::new(0),
    };
    let memory = context.services.setting_int("maintenance_work_mem")?.max(64) as usize * 1024;
    let helpers = match computed.is_some() || index.needs_session() {
        true => 0,
        false => (context.services.setting_int("max_parallel_maintenance_workers")?.max(0) as u32)
            .min(pages / PAGES_PER_THREAD)
            .min(std::thread::available_parallelism().map_or(0, |threads| threads.get() as u32 - 1)),
    };
    let sorter = || EntrySorter::new(memory / (helpers as usize + 1), session.temporary_directory());
    std::thread::scope(|scope| {
        let help = |sorter| reading.run(sorter, None, &DefaultEnvironment::default(), &|| Ok(()));
        let helpers: Vec<_> = (0..helpers)
            .map_while(|_| {
                let sorter = sorter();
                std::thread::Builder::new().name("index build".into()).spawn_scoped(scope, move || help(sorter)).ok()
            })
            .collect();
        let computed = computed.as_mut().map(|computed| (computed, session));
        let mut parts = vec![reading.run(sorter(), computed, session.env(), &|| session.check_interrupts())];
        for helper in helpers {
            parts.push(helper.join().unwrap_or_else(|_| Err(Error::internal("a thread of an index build panicked"))));
        }
        let parts: Vec<(EntrySorter, bool)> = parts.into_iter().collect::<Result<_>>()?;
        let broken = parts.iter().any(|part| part.1);
        let alive = reading.alive.load(Relaxed);
        Ok(Gathered { sorters: parts.into_iter().map(|part| part.0).collect(), broken, alive })
    })
}

/// The columns of an index with expressions, or of a partial one, and then its condition: computed from the table's rows.
pub(crate) fn computed(context: &Context<'_>, table: &OpenTable, row: &PgIndex) -> Result<Option<RowEvaluator>> {
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

/// What computes the columns of an index, and the session that it is computed in.
type Computed<'c> = (&'c mut RowEvaluator, &'c Session<'c>);

/// The reading of a table for a new index, which threads share.
struct Reading<'a> {
    store: &'a Store,
    transaction: &'a Transaction,
    tables: &'a dyn TableAm,
    table: &'a Arc<Table>,
    index: &'a OpenIndex,
    /// The index's columns, and the row's place.
    projection: Arc<[Projected]>,
    /// What is read while others write: each row once, in the version that this sees. Others come later ([`complete`]).
    snapshot: Option<&'a Snapshot>,
    /// The next page that nobody has taken.
    next: AtomicU32,
    end: u32,
    /// Some thread has failed.
    stop: AtomicBool,
    /// Rows that are alive, as far as read.
    alive: AtomicU64,
}

impl Reading<'_> {
    /// Takes pages until none are left, and sorts their entries.
    fn run(
        &self,
        mut sorter: EntrySorter,
        mut computed: Option<Computed<'_>>,
        env: &dyn Environment,
        check: &dyn Fn() -> Result<()>,
    ) -> Result<(EntrySorter, bool)> {
        let mut broken = false;
        while !self.stop.load(Relaxed) {
            let from = self.next.fetch_add(MORSEL, Relaxed);
            if from >= self.end {
                break;
            }
            match check().and_then(|()| self.read(from..self.end.min(from + MORSEL), &mut computed, env, &mut sorter)) {
                Ok(found) => broken |= found,
                Err(error) => {
                    self.stop.store(true, Relaxed);
                    return Err(error);
                }
            }
        }
        sorter.sort();
        Ok((sorter, broken))
    }

    /// Adds the entries of some pages' rows.
    fn read(
        &self,
        pages: Range<u32>,
        computed: &mut Option<Computed<'_>>,
        env: &dyn Environment,
        sorter: &mut EntrySorter,
    ) -> Result<bool> {
        let index = self.index;
        let width = self.projection.len() - 1;
        let (mut key, mut payload, mut entries) = (Vec::new(), Vec::new(), EntryList::default());
        let mut consume = |rows: &Batch, alive: &[bool]| {
            self.alive.fetch_add(alive.iter().filter(|alive| **alive).count() as u64, Relaxed);
            if let Some((evaluator, session)) = computed {
                evaluator.evaluate(session, rows)?;
            }
            let columns = index.reprs().len();
            let (values, condition): (Vec<&Column>, Option<&Column>) = match computed {
                Some((evaluator, _)) => (
                    (0..columns).map(|n| evaluator.column(n, rows)).collect(),
                    index.row.indpred.is_some().then(|| evaluator.column(columns, rows)),
                ),
                None => (rows.columns[..width].iter().collect(), None),
            };
            let places = rows.columns[width].b8();
            for (k, row) in rows.rows().iter().enumerate() {
                if condition.is_some_and(|condition| condition.get(row).as_bool() != Some(true)) {
                    continue;
                }
                let tid = TupleId::from_u64(places[row] as u64);
                if let Some(form) = index.form() {
                    entries.clear();
                    form.build_entries(&values, row, env, &mut entries)?;
                    payload.clear();
                    for (key, own) in entries.iter() {
                        // Of a method that has its keys there, too, the payload is behind them.
                        payload.clear();
                        payload.extend_from_slice(own);
                        index.payload(&values, row, &mut payload)?;
                        sorter.push(IndexEntry { key, payload: &payload, tid }, false)?;
                    }
                    continue;
                }
                key.clear();
                let null = index.key(&values, row, env, &mut key)?;
                if null && index.skips_nulls() {
                    continue;
                }
                payload.clear();
                index.payload(&values, row, &mut payload)?;
                // What only old snapshots see may have duplicates, and so may nulls, unless they count as equal.
                let counts = alive[k] && (!null || index.row.indnullsnotdistinct);
                sorter.push(IndexEntry { key: &key, payload: &payload, tid }, counts)?;
            }
            Ok(())
        };
        let (projection, snapshot) = (Arc::clone(&self.projection), self.snapshot);
        self.tables.scan_for_index(self.store, self.transaction, self.table, pages, projection, snapshot, &mut consume)
    }
}

/// The sorted entries, with a look at duplicates.
struct Entries<'a> {
    sorted: Sorted,
    /// How many were given.
    count: u64,
    previous: Vec<u8>,
    previous_counts: bool,
    /// Whether duplicates are an error.
    checks: bool,
    index: &'a OpenIndex,
    table: &'a OpenTable,
    context: &'a Context<'a>,
}

impl SortedEntries for Entries<'_> {
    fn next(&mut self) -> Result<Option<IndexEntry<'_>>> {
        self.count += 1;
        if self.count.is_multiple_of(ENTRIES_PER_CHECK) {
            self.context.session.check_interrupts()?;
        }
        let Some((entry, counts)) = self.sorted.next_marked()? else { return Ok(None) };
        if self.index.row.indisunique && !self.index.row.indisexclusion && self.checks {
            if counts && self.previous_counts && self.previous == entry.key {
                return Err(duplicate(self.context, self.index, self.table, entry)?);
            }
            if counts || self.previous != entry.key {
                self.previous.clear();
                self.previous.extend_from_slice(entry.key);
                self.previous_counts = counts;
            }
        }
        Ok(Some(entry))
    }
}

/// The error for a key that two rows have.
fn duplicate(context: &Context<'_>, index: &OpenIndex, table: &OpenTable, entry: IndexEntry<'_>) -> Result<Error> {
    let name = &index.index.name;
    let mut error = Error::new(SqlState::UNIQUE_VIOLATION, format!("could not create unique index \"{name}\""));
    let mut values: Vec<Column> = index.reprs().iter().map(|&repr| Column::new(repr)).collect();
    let relation = &table.relation;
    if index.decode(entry.key, entry.payload, &mut values).is_ok() {
        let (mut names, mut shown) = (Vec::new(), Vec::new());
        for (n, column) in index.columns.iter().enumerate() {
            names.push(context.catalog().index_column_text(index.row.indexrelid, n)?);
            let mut text = Vec::new();
            match values[n].is_null(0) {
                true => text.extend_from_slice(b"null"),
                false => types::output(column.type_oid, values[n].get(0), context.session.env(), &mut text)?,
            }
            shown.push(String::from_utf8_lossy(&text).into_owned());
        }
        error = error.detail(format!("Key ({})=({}) is duplicated.", names.join(", "), shown.join(", ")));
    }
    let schema = context.catalog().schema_name(relation.class.relnamespace)?.unwrap_or_default();
    Ok(error.schema(schema).table(relation.name()).constraint(name.as_ref()))
}
