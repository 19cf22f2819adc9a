//! Rows by an index, in its order; from the index alone where it holds all that is wanted.
//!
//! The conditions become ranges of key bytes: a prefix for the equalities (several prefixes for `= ANY`), then perhaps a
//! lower and an upper bound. An index scan gives a leaf's entries at a time; their rows are fetched in groups that grow, so
//! that a LIMIT of a few rows does not fetch a leaf full.

use std::sync::Arc;

use access::{
    Direction, FetchMode, Fetched, IndexEntries, IndexScan as EntryScan, IndexScanOptions, KeyRange, Method, Projected,
    Query, ScanKey, ScanTest, TableFetch, key_successor,
};
use batch::{Batch, Column, Datum, DatumRef, Repr};
use error::{Error, Result, SqlState};
use ids::Oid;
use planner::explain::Work;
use planner::plan::{ClauseTest, ColumnType, IndexClause, IndexKey, IndexSearch, ScanColumn};
use txn::Snapshot;

use super::bitmap_scan::Rechecked;
use super::reorder::Reorder;
use super::table::projection;
use super::tid_scan::Substituted;
use super::{Builder, Operator};
use crate::expression::{Compiled, array_elements, compile, compile_all, filter};
use crate::relation::OpenIndex;
use crate::run::Run;

/// A condition on one column.
enum Key {
    Equal(Compiled),
    Any(Compiled),
    Range { lower: Option<(Vec<Compiled>, bool)>, upper: Option<(Vec<Compiled>, bool)> },
    IsNull,
    IsNotNull,
}

/// A condition of a search by strategies.
struct Clause {
    column: usize,
    strategy: i16,
    type_oid: Oid,
    test: Test,
}

enum Test {
    Value(Compiled),
    IsNull,
    IsNotNull,
}

impl Clause {
    fn all(clauses: &[IndexClause]) -> Result<Vec<Clause>> {
        let one = |clause: &IndexClause| {
            let test = match &clause.test {
                ClauseTest::Value(value) => Test::Value(compile(value)?),
                ClauseTest::IsNull => Test::IsNull,
                ClauseTest::IsNotNull => Test::IsNotNull,
            };
            Ok(Clause { column: clause.column, strategy: clause.strategy, type_oid: clause.type_oid, test })
        };
        clauses.iter().map(one).collect()
    }

    /// The values of the clauses, in their order; empty for tests of null.
    fn values(clauses: &mut [Clause], run: &mut Run<'_>) -> Result<Vec<Datum>> {
        let value = |clause: &mut Clause| match &mut clause.test {
            Test::Value(value) => value.value(run),
            _ => Ok(Datum::Null),
        };
        clauses.iter_mut().map(value).collect()
    }

    fn keys<'a>(clauses: &[Clause], values: &'a [Datum]) -> Vec<ScanKey<'a>> {
        let key = |(clause, value): (&Clause, &'a Datum)| ScanKey {
            column: clause.column,
            strategy: clause.strategy,
            type_oid: clause.type_oid,
            test: match clause.test {
                Test::Value(_) => ScanTest::Value(value.as_ref()),
                Test::IsNull => ScanTest::IsNull,
                Test::IsNotNull => ScanTest::IsNotNull,
            },
        };
        clauses.iter().zip(values).map(key).collect()
    }

    /// Whether nothing can meet them all: a value is null.
    fn impossible(clauses: &[Clause], values: &[Datum]) -> bool {
        clauses.iter().zip(values).any(|(clause, value)| matches!(clause.test, Test::Value(_)) && value.is_null())
    }
}

/// The conditions of a search, and what they come to: ranges of byte keys, or a query in the form of the index's method.
pub(super) struct Search {
    pub index: Arc<OpenIndex>,
    keys: Vec<Key>,
    clauses: Vec<Clause>,
    orders: Vec<Clause>,
    ranges: Vec<Range>,
    query: Option<Query>,
}

/// From the first bytes, inclusive, up to the second, exclusive; `None` is unbounded.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Range {
    pub lower: Vec<u8>,
    pub upper: Option<Vec<u8>>,
}

impl Range {
    fn contains(&self, key: &[u8]) -> bool {
        key >= self.lower.as_slice() && self.upper.as_ref().is_none_or(|upper| key < upper.as_slice())
    }
}

/// A value to compare with a column, brought to the column's type.
enum Bound {
    Value(Datum),
    /// Less than every value of the column's type.
    Below,
    /// Greater than every value of the column's type.
    Above,
    Null,
}

fn integer(value: DatumRef<'_>) -> Option<i64> {
    match value {
        DatumRef::B2(v) => Some(v as i64),
        DatumRef::B4(v) => Some(v as i64),
        DatumRef::B8(v) => Some(v),
        _ => None,
    }
}

const INTEGERS: [Oid; 3] = [Oid(21), Oid(23), Oid(20)];

/// Types whose values have the same bytes and the same order: text, varchar and name, by collation.
const TEXTS: [Oid; 3] = [Oid(25), Oid(1043), Oid(19)];

fn bound(value: Datum, from: ColumnType, to: Oid) -> Result<Bound> {
    if value.is_null() {
        return Ok(Bound::Null);
    }
    if from.oid == to || (TEXTS.contains(&from.oid) && TEXTS.contains(&to)) {
        return Ok(Bound::Value(value));
    }
    if let (true, true, Some(n)) = (INTEGERS.contains(&from.oid), INTEGERS.contains(&to), integer(value.as_ref())) {
        let (least, greatest) = match to.0 {
            21 => (i16::MIN as i64, i16::MAX as i64),
            23 => (i32::MIN as i64, i32::MAX as i64),
            _ => (i64::MIN, i64::MAX),
        };
        return Ok(match n {
            _ if n < least => Bound::Below,
            _ if n > greatest => Bound::Above,
            _ if to.0 == 21 => Bound::Value(Datum::B2(n as i16)),
            _ if to.0 == 23 => Bound::Value(Datum::B4(n as i32)),
            _ => Bound::Value(Datum::B8(n)),
        });
    }
    if from.repr != Repr::Bytes
        && types::repr(to) == Some(from.repr)
        && !matches!((from.oid.0, to.0), (20 | 21 | 23, _) | (_, 20 | 21 | 23))
    {
        // Binary coercible: oid and its aliases.
        const ALIASES: [u32; 12] = [26, 24, 2202, 2203, 2204, 2205, 2206, 3734, 3769, 4089, 4096, 4191];
        if ALIASES.contains(&from.oid.0) && ALIASES.contains(&to.0) {
            return Ok(Bound::Value(value));
        }
    }
    if from.oid == types::oid::RECORD && from.repr == Repr::Bytes {
        // Any row type's values are compared as records are.
        return Ok(Bound::Value(value));
    }
    Err(Error::not_implemented(format_args!("index search for type {} in a column of type {to}", from.oid)))
}

/// The bytes at which a range ends, of the columns from `position` on, and whether what begins with them is within. No bytes if all values of the
/// column are within, `None` if nothing is: null matches nothing, nor does a lower bound (`least`) above all values or an upper one below them.
fn end_of(
    index: &OpenIndex,
    position: usize,
    values: &mut [Compiled],
    inclusive: bool,
    least: bool,
    run: &mut Run<'_>,
) -> Result<Option<(Option<Vec<u8>>, bool)>> {
    let mut bytes = Vec::new();
    for (n, value) in values.iter_mut().enumerate() {
        let ty = value.ty();
        match bound(value.value(run)?, ty, index.columns[position + n].type_oid)? {
            Bound::Value(value) => index.key_part(position + n, value.as_ref(), run.env(), &mut bytes)?,
            Bound::Null if n == 0 => return Ok(None),
            Bound::Above if n == 0 => return Ok((!least).then_some((None, inclusive))),
            Bound::Below if n == 0 => return Ok(least.then_some((None, inclusive))),
            // What is equal so far is decided by this column: unknown, or all on one side.
            Bound::Null => return Ok(Some((Some(bytes), false))),
            Bound::Above => return Ok(Some((Some(bytes), !least))),
            Bound::Below => return Ok(Some((Some(bytes), least))),
        }
    }
    Ok(Some((Some(bytes), inclusive)))
}

impl Search {
    pub fn new(index: Arc<OpenIndex>, search: &IndexSearch) -> Result<Search> {
        let limit = |limit: &Option<(Vec<planner::plan::Expr>, bool)>| {
            limit.as_ref().map(|(values, inclusive)| Ok((compile_all(values)?, *inclusive))).transpose()
        };
        let keys = search.keys.iter().map(|key| {
            Ok(match key {
                IndexKey::Equal(value) => Key::Equal(compile(value)?),
                IndexKey::Any(array) => Key::Any(compile(array)?),
                IndexKey::Range { lower, upper } => Key::Range { lower: limit(lower)?, upper: limit(upper)? },
                IndexKey::IsNull => Key::IsNull,
                IndexKey::IsNotNull => Key::IsNotNull,
            })
        });
        let keys = keys.collect::<Result<_>>()?;
        let (clauses, orders) = (Clause::all(&search.clauses)?, Clause::all(&search.orders)?);
        Ok(Search { index, keys, clauses, orders, ranges: Vec::new(), query: None })
    }

    /// How many scans of the index it takes, once it is computed.
    pub fn len(&self) -> usize {
        self.ranges.len() + usize::from(self.query.is_some())
    }

    /// Starts one of these scans.
    pub fn start(&self, at: usize, scan: &mut dyn EntryScan, direction: Direction) -> Result<()> {
        match (&self.query, self.ranges.get(at)) {
            (Some(query), _) => scan.search(query),
            (None, Some(range)) => {
                let range = KeyRange { lower: Some(&range.lower), upper: range.upper.as_deref() };
                scan.start(range, direction)
            }
            (None, None) => Err(Error::internal("an index scan was not computed")),
        }
    }

    /// Computes the ranges, in no order, or the query, for the values that parameters have now.
    pub fn compute(&mut self, run: &mut Run<'_>) -> Result<()> {
        self.ranges.clear();
        self.query = None;
        if let Some(form) = self.index.form() {
            let values = Clause::values(&mut self.clauses, run)?;
            let distances = Clause::values(&mut self.orders, run)?;
            if !Clause::impossible(&self.clauses, &values) {
                let keys = Clause::keys(&self.clauses, &values);
                let orders = Clause::keys(&self.orders, &distances);
                self.query = form.query(&keys, &orders, run.env())?;
            }
            return Ok(());
        }
        let mut prefixes = vec![Vec::new()];
        for (position, key) in self.keys.iter_mut().enumerate() {
            let column = self.index.columns[position];
            let part = |value: Bound, run: &Run<'_>| -> Result<Option<Vec<u8>>> {
                let Bound::Value(value) = value else { return Ok(None) };
                let mut bytes = Vec::new();
                self.index.key_part(position, value.as_ref(), run.env(), &mut bytes)?;
                Ok(Some(bytes))
            };
            match key {
                Key::Equal(value) => {
                    let value = bound(value.value(run)?, value.ty(), column.type_oid)?;
                    let Some(part) = part(value, run)? else { return Ok(()) };
                    prefixes.iter_mut().for_each(|prefix| prefix.extend_from_slice(&part));
                }
                Key::Any(array) => {
                    let value = array.value(run)?;
                    if value.is_null() {
                        return Ok(());
                    }
                    let element = run.session.catalog.element_type(array.ty().oid)?;
                    let element = element.ok_or_else(|| Error::internal("an index is searched for no array"))?;
                    let repr = types::repr(element).unwrap_or(Repr::Bytes);
                    let ty = ColumnType { oid: element, typmod: -1, collation: Oid::INVALID, repr };
                    let elements = array_elements(value.as_ref(), repr)?;
                    let mut parts = Vec::new();
                    for n in 0..elements.len() {
                        parts.extend(part(bound(elements.datum(n), ty, column.type_oid)?, run)?);
                    }
                    parts.sort_unstable();
                    parts.dedup();
                    let with = |prefix: &Vec<u8>| {
                        parts.iter().map(|part| [prefix.as_slice(), part.as_slice()].concat()).collect::<Vec<_>>()
                    };
                    prefixes = prefixes.iter().flat_map(with).collect();
                }
                Key::IsNull => {
                    let marker = if column.nulls_first { 0 } else { 2 };
                    prefixes.iter_mut().for_each(|prefix| prefix.push(marker));
                }
                Key::IsNotNull => {
                    self.ranges.extend(prefixes.iter().map(|prefix| Range {
                        lower: [prefix.as_slice(), &[1]].concat(),
                        upper: Some([prefix.as_slice(), &[2]].concat()),
                    }));
                    return Ok(());
                }
                Key::Range { lower, upper } => {
                    // In bytes a descending column goes from its upper bound to its lower one.
                    let (low, high) = if column.descending { (upper, lower) } else { (lower, upper) };
                    let mut ends = [None, None];
                    for (n, limit) in [low, high].into_iter().enumerate() {
                        if let Some((values, inclusive)) = limit {
                            let least = (n == 0) != column.descending;
                            let Some(end) = end_of(&self.index, position, values, *inclusive, least, run)? else {
                                return Ok(());
                            };
                            ends[n] = Some(end);
                        }
                    }
                    let [low, high] = ends;
                    for prefix in &prefixes {
                        let joined = |part: &[u8]| [prefix.as_slice(), part].concat();
                        let lower = match &low {
                            Some((Some(part), true)) => joined(part),
                            Some((Some(part), false)) => {
                                let mut after = joined(part);
                                key_successor(&mut after);
                                after
                            }
                            _ => joined(&[1]),
                        };
                        let upper = match &high {
                            Some((Some(part), true)) => {
                                let mut after = joined(part);
                                key_successor(&mut after);
                                after
                            }
                            Some((Some(part), false)) => joined(part),
                            _ => joined(&[2]),
                        };
                        if lower < upper {
                            self.ranges.push(Range { lower, upper: Some(upper) });
                        }
                    }
                    return Ok(());
                }
            }
        }
        self.ranges.extend(prefixes.into_iter().map(|lower| {
            let mut upper = lower.clone();
            let bounded = key_successor(&mut upper);
            Range { lower, upper: bounded.then_some(upper) }
        }));
        Ok(())
    }
}

/// Conditions that entries must meet beside the ranges of keys, before their rows are fetched.
pub(super) struct EntryFilter {
    conditions: Vec<Compiled>,
    values: Batch,
}

impl EntryFilter {
    /// For conditions over the index's columns; none if there are none.
    pub fn new(index: &OpenIndex, conditions: &[planner::plan::Expr]) -> Result<Option<EntryFilter>> {
        if conditions.is_empty() {
            return Ok(None);
        }
        let values = Batch::new(index.reprs().iter().copied());
        Ok(Some(EntryFilter { conditions: compile_all(conditions)?, values }))
    }

    /// Keeps the entries that meet the conditions.
    pub fn apply(&mut self, index: &OpenIndex, entries: &mut IndexEntries, run: &mut Run<'_>) -> Result<()> {
        let mut kept = IndexEntries::default();
        for from in (0..entries.len()).step_by(batch::BATCH_ROWS) {
            let end = (from + batch::BATCH_ROWS).min(entries.len());
            self.values.clear();
            for at in from..end {
                let payload = if entries.payloads.is_empty() { &[] } else { entries.payloads.get(at) };
                index.decode(entries.keys.get(at), payload, &mut self.values.columns)?;
            }
            self.values.set_len(end - from);
            filter(&mut self.conditions, &mut self.values, run)?;
            for row in self.values.rows().iter() {
                let at = from + row;
                kept.tids.push(entries.tids[at]);
                kept.keys.push(entries.keys.get(at));
                if !entries.payloads.is_empty() {
                    kept.payloads.push(entries.payloads.get(at));
                }
                kept.all_visible.extend(entries.all_visible.get(at));
            }
        }
        kept.recheck = entries.recheck;
        *entries = kept;
        Ok(())
    }
}

struct IndexScan {
    /// Of the index.
    counters: std::sync::Arc<stats::RelationCounters>,
    search: Search,
    scan: Box<dyn EntryScan>,
    fetch: Box<dyn TableFetch>,
    direction: Direction,
    entries: IndexEntries,
    /// The next entry to fetch, and how many at a time.
    at: usize,
    step: usize,
    /// The next range, from the end if backward; none before the ranges are known.
    range: Option<usize>,
    /// Whether the scan is inside a range.
    inside: bool,
    outcome: Vec<Fetched>,
    dead: Vec<u32>,
    filter: Option<EntryFilter>,
    /// The conditions, for rows that the index was not certain of: all, or those of which the entries say so.
    recheck: Vec<Compiled>,
    always: bool,
    /// For a scan of the index alone: for each output column its position in the index.
    only: Option<IndexOnly>,
    /// For a scan in the order of distances of which the index knows lower bounds.
    reorder: Option<Reorder>,
    /// Descents into the index, rows looked up in the table for a scan of the index alone, and rows that a recheck dropped.
    searches: u64,
    heap_fetches: u64,
    rechecked: u64,
}

/// What is read from the index alone.
struct IndexOnly {
    positions: Vec<usize>,
    values: Batch,
    nothing: Batch,
    /// Reads the first column's value where the entry does not have it as a whole.
    long: Option<(Box<dyn TableFetch>, Batch)>,
    /// Of a serializable transaction: who wants to know which of the table's pages are taken for read.
    reader: Option<(Arc<txn::Reader>, Arc<access::Table>)>,
}

const FIRST_STEP: usize = 8;

pub(super) fn build(
    builder: &Builder<'_>,
    relation: usize,
    columns: &[ScanColumn],
    search: &IndexSearch,
    only: Option<&Vec<usize>>,
) -> Result<(Box<dyn Operator>, Vec<Repr>)> {
    let session = builder.session;
    let table = builder.table(relation)?;
    let (projected, forms) = projection(&table, columns)?;
    let index = OpenIndex::open(session, search.index)?;
    let lossy = index.index.method.traits().lossy;
    if let Some(tid) = builder.substitute(relation)
        && index.index.method != Method::Btree
    {
        let row = Substituted::new(builder, &table, projected, tid);
        return Ok((Box::new(Rechecked { row, recheck: compile_all(&search.recheck)? }), forms));
    }
    if let Some(tid) = builder.substitute(relation) {
        // The row has to meet the conditions of the search as well, which no filter repeats.
        let all: Vec<ScanColumn> = columns.iter().copied().chain(index.row.indkey.iter().copied()).collect();
        let (projected, wide) = projection(&table, &all)?;
        let recheck = Recheck {
            row: Substituted::new(builder, &table, projected, tid),
            filter: EntryFilter::new(&index, &search.filter)?,
            search: Search::new(index, search)?,
            wide: Batch::new(wide),
        };
        return Ok((Box::new(recheck), forms));
    }
    // A system column other than tableoid, or one that the index cannot give back, takes the table.
    let only = only.filter(|_| columns.iter().all(|&column| column > 0));
    let filter = EntryFilter::new(&index, &search.filter)?;
    let options = match only {
        None => IndexScanOptions { keys: filter.is_some(), payloads: filter.is_some(), ..Default::default() },
        Some(_) => IndexScanOptions {
            keys: true,
            payloads: true,
            all_visible_of: Some((session.tables.clone(), table.table.clone())),
            table: None,
            reader: None,
        },
    };
    let options = IndexScanOptions { reader: builder.snapshot.serializable.clone(), ..options };
    let nothing: Arc<[Projected]> = Arc::new([]);
    let long = match index.row.indkey.first() {
        Some(&column) if only.is_some() && index.index.method == Method::Spgist && column > 0 => {
            let (projected, forms) = projection(&table, &[column])?;
            let snapshot = builder.snapshot.clone();
            Some((session.tables.fetch(session.store, &table.table, snapshot, projected), Batch::new(forms)))
        }
        _ => None,
    };
    let fetched = if only.is_some() { nothing } else { projected };
    let operator = IndexScan {
        scan: session.indexes.scan(session.store, &index.index, options)?,
        fetch: session.tables.fetch(session.store, &table.table, builder.snapshot.clone(), fetched),
        counters: index.index.counters.clone(),
        direction: if search.backward { Direction::Backward } else { Direction::Forward },
        only: only.map(|positions| IndexOnly {
            reader: builder.snapshot.serializable.clone().map(|reader| (reader, table.table.clone())),
            positions: positions.clone(),
            values: Batch::new(index.reprs().iter().copied()),
            nothing: Batch::default(),
            long,
        }),
        reorder: Reorder::new(search, &forms)?,
        search: Search::new(index, search)?,
        recheck: compile_all(&search.recheck)?,
        always: lossy,
        searches: 0,
        heap_fetches: 0,
        rechecked: 0,
        entries: IndexEntries::default(),
        at: 0,
        step: FIRST_STEP,
        range: None,
        inside: false,
        outcome: Vec::new(),
        dead: Vec::new(),
        filter,
    };
    Ok((Box::new(operator), forms))
}

impl IndexScan {
    /// Makes sure that there is an entry to fetch; false at the end.
    fn fill(&mut self, run: &mut Run<'_>) -> Result<bool> {
        while self.at == self.entries.len() {
            if !self.dead.is_empty() {
                self.scan.kill(&self.dead)?;
                self.dead.clear();
            }
            self.at = 0;
            if self.inside {
                self.inside = self.scan.next(&mut self.entries)?;
                match &mut self.filter {
                    _ if !self.inside => self.entries.clear(),
                    Some(filter) => filter.apply(&self.search.index, &mut self.entries, run)?,
                    None => {}
                }
                continue;
            }
            self.entries.clear();
            let next = match self.range {
                Some(next) => next,
                None => {
                    self.search.compute(run)?;
                    self.search.ranges.sort_unstable();
                    0
                }
            };
            self.range = Some(next + 1);
            let at = match self.direction {
                Direction::Forward => Some(next),
                Direction::Backward => self.search.len().checked_sub(next + 1),
            };
            let Some(at) = at.filter(|&at| at < self.search.len()) else { return Ok(false) };
            self.search.start(at, &mut *self.scan, self.direction)?;
            self.searches += 1;
            self.inside = true;
        }
        Ok(true)
    }

    fn start_over(&mut self) {
        self.entries.clear();
        self.dead.clear();
        if let Some(reorder) = &mut self.reorder {
            reorder.clear();
        }
        (self.at, self.step, self.range, self.inside) = (0, FIRST_STEP, None, false);
    }

    /// Entries of the index as rows, where it is known without the table that everybody sees them, and otherwise where
    /// the table says that the snapshot does.
    fn index_only(&mut self, end: usize, out: &mut Batch, run: &mut Run<'_>) -> Result<()> {
        let Some(only) = &mut self.only else { return Ok(()) };
        if self.entries.inexact_distances {
            let text = "lossy distance functions are not supported in index-only scans";
            return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
        }
        only.values.clear();
        let mut rows = 0;
        for at in self.at..end {
            if self.entries.all_visible.get(at).copied().unwrap_or(false) {
                if let Some((reader, table)) = &only.reader {
                    reader.page(table.database, table.oid, self.entries.tids[at].block);
                }
            } else {
                self.heap_fetches += 1;
                only.nothing.clear();
                self.outcome.clear();
                self.fetch.fetch(
                    &self.entries.tids[at..=at],
                    FetchMode::Index,
                    &mut only.nothing,
                    &mut self.outcome,
                )?;
                match self.outcome.first() {
                    Some(Fetched::Row) => self.counters.fetched(1),
                    Some(Fetched::Dead) => {
                        if self.filter.is_none() {
                            self.dead.push(at as u32);
                        }
                        continue;
                    }
                    _ => continue,
                }
            }
            let payload = if self.entries.payloads.is_empty() { &[] } else { self.entries.payloads.get(at) };
            let whole = self.search.index.decode(self.entries.keys.get(at), payload, &mut only.values.columns)?;
            if let (false, Some((fetch, row))) = (whole, &mut only.long) {
                row.clear();
                self.outcome.clear();
                fetch.fetch(&self.entries.tids[at..=at], FetchMode::Index, row, &mut self.outcome)?;
                if let (Some(Fetched::Row), Some(value)) = (self.outcome.first(), row.columns.first()) {
                    only.values.columns[0].put(rows, value.get(0));
                }
            }
            rows += 1;
        }
        only.values.set_len(rows);
        if self.always || self.entries.recheck {
            let before = only.values.row_count();
            filter(&mut self.recheck, &mut only.values, run)?;
            self.rechecked += (before - only.values.row_count()) as u64;
        }
        let kept = only.values.rows();
        for (to, &position) in out.columns.iter_mut().zip(&only.positions) {
            to.append(&only.values.columns[position], kept);
        }
        out.set_len(kept.len());
        Ok(())
    }
}

impl Operator for IndexScan {
    fn next(&mut self, run: &mut Run<'_>, out: &mut Batch) -> Result<bool> {
        out.clear();
        if !self.fill(run)? {
            // What waited for its turn comes now.
            return Ok(self.reorder.as_mut().is_some_and(|reorder| reorder.give(None, out)));
        }
        let end = (self.at + self.step).min(self.entries.len());
        self.step = (self.step * 4).min(batch::BATCH_ROWS);
        if self.only.is_some() {
            self.index_only(end, out, run)?;
        } else {
            self.outcome.clear();
            self.fetch.fetch(&self.entries.tids[self.at..end], FetchMode::Index, out, &mut self.outcome)?;
            self.counters.fetched(out.len() as u64);
            // The places of entries are the scan's only if none was left out.
            if self.filter.is_none() {
                let dead = self.outcome.iter().enumerate().filter(|(_, found)| **found == Fetched::Dead);
                self.dead.extend(dead.map(|(n, _)| (self.at + n) as u32));
            }
            if self.always || self.entries.recheck {
                let before = out.row_count();
                crate::expression::filter(&mut self.recheck, out, run)?;
                self.rechecked += (before - out.row_count()) as u64;
            }
            if let Some(reorder) = &mut self.reorder
                && (self.entries.inexact_distances || !reorder.is_empty())
            {
                // No row that is still to come is nearer than the index says of the last one.
                let orders = self.search.orders.len();
                let bound = self.entries.distances.get((end - 1) * orders..end * orders).unwrap_or_default();
                reorder.take(out, run)?;
                reorder.give(Some(bound), out);
            }
        }
        self.at = end;
        Ok(true)
    }

    fn work(&self, _: &Run<'_>) -> Work {
        let heap_fetches = self.only.is_some().then_some(self.heap_fetches);
        Work::Search { searches: self.searches, heap_fetches, rechecked: self.rechecked }
    }

    fn rewind(&mut self, _: &mut Run<'_>) -> Result<()> {
        self.start_over();
        Ok(())
    }

    fn rest(&mut self) -> bool {
        self.start_over();
        self.search.clauses.is_empty() && self.search.orders.is_empty()
    }

    fn renew(&mut self, snapshot: &Snapshot) {
        self.fetch.set_snapshot(snapshot.clone());
        if let Some((fetch, _)) = self.only.as_mut().and_then(|only| only.long.as_mut()) {
            fetch.set_snapshot(snapshot.clone());
        }
    }
}

/// A substituted row that has to meet the conditions of the index search that it stands in for.
struct Recheck {
    row: Substituted,
    search: Search,
    filter: Option<EntryFilter>,
    wide: Batch,
}

impl Operator for Recheck {
    fn next(&mut self, run: &mut Run<'_>, out: &mut Batch) -> Result<bool> {
        out.clear();
        if !self.row.next(run, &mut self.wide)? {
            return Ok(false);
        }
        self.search.compute(run)?;
        if self.search.index.row.indkey.contains(&0) {
            return Err(Error::not_implemented("re-check of a row by an index on expressions"));
        }
        let columns = out.columns.len();
        let values: Vec<&Column> = self.wide.columns[columns..].iter().collect();
        let mut keep = Vec::new();
        for row in self.wide.rows().iter() {
            let mut key = Vec::new();
            self.search.index.key(&values, row, run.env(), &mut key)?;
            if !self.search.ranges.iter().any(|range| range.contains(&key)) {
                continue;
            }
            if let Some(filter) = &mut self.filter {
                let mut entries = IndexEntries::default();
                entries.tids.push(ids::TupleId::new(ids::BlockNumber(0), 1));
                entries.keys.push(&key);
                let mut payload = Vec::new();
                self.search.index.payload(&values, row, &mut payload)?;
                entries.payloads.push(&payload);
                filter.apply(&self.search.index, &mut entries, run)?;
                if entries.is_empty() {
                    continue;
                }
            }
            keep.push(row as u16);
        }
        for (to, from) in out.columns.iter_mut().zip(&self.wide.columns) {
            to.append(from, batch::Rows::Some(&keep));
        }
        out.set_len(keep.len());
        Ok(true)
    }

    fn rewind(&mut self, run: &mut Run<'_>) -> Result<()> {
        self.row.rewind(run)
    }
}
