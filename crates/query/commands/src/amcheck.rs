//! The extension `amcheck`: whether indexes and tables are whole, and whether they agree.
//!
//! `bt_index_check` walks a B-tree level by level ([`access::IndexAm::verify`]). With `heapallindexed` it also compares index and
//! table in both directions: every row that an index scan could want has an entry with its key, and every entry leads to a
//! place that is taken, whose row, if somebody sees it, has the entry's key. With `checkunique` no key of a unique index has two
//! live rows.
//!
//! # Differences from PostgreSQL
//!
//! Both functions lock the table against changes; PostgreSQL's `bt_index_check` does not. PostgreSQL's comparison goes from the
//! table to the index only.

use std::hash::{DefaultHasher, Hasher};
use std::sync::Arc;

use access::{Direction, EntryStatus, FetchMode, Fetched, IndexEntries, IndexScanOptions, KeyRange, Projected};
use batch::{Batch, Column, Datum, DatumRef};
use catalog::relation::kind;
use error::{Error, Result, SqlState};
use executor::Session;
use executor::relation::{OpenIndex, OpenTable};
use ids::{BlockNumber, Oid, TupleId};

use crate::extension::{Argument, Body, Extension, Function};

const REGCLASS: Oid = Oid(2205);
const BOOL: Oid = Oid(16);
const TEXT: Oid = Oid(25);
const INT4: Oid = Oid(23);
const INT8: Oid = Oid(20);
const VOID: Oid = Oid(2278);
const RECORD: Oid = Oid(2249);

const INDEX: Argument = Argument::new("index", REGCLASS);
const HEAPALLINDEXED: Argument = Argument::new("heapallindexed", BOOL);
const ROOTDESCEND: Argument = Argument::new("rootdescend", BOOL);
const CHECKUNIQUE: Argument = Argument::new("checkunique", BOOL);

const fn check(name: &'static str, arguments: &'static [Argument], call: Body) -> Function {
    Function { name, arguments, out: &[], defaults: None, result: VOID, strict: true, parallel: b'r', call }
}

/// The extension.
pub(crate) static AMCHECK: Extension = Extension {
    name: "amcheck",
    version: "1.5",
    comment: "functions for verifying relation integrity",
    functions: &[
        check("bt_index_check", &[INDEX], Body::Value(|s, a| bt_check(s, a, None, None))),
        check("bt_index_check", &[INDEX, HEAPALLINDEXED], Body::Value(|s, a| bt_check(s, a, Some(1), None))),
        check(
            "bt_index_check",
            &[INDEX, HEAPALLINDEXED, CHECKUNIQUE],
            Body::Value(|s, a| bt_check(s, a, Some(1), Some(2))),
        ),
        check("bt_index_parent_check", &[INDEX], Body::Value(|s, a| bt_check(s, a, None, None))),
        check("bt_index_parent_check", &[INDEX, HEAPALLINDEXED], Body::Value(|s, a| bt_check(s, a, Some(1), None))),
        // The walk from the root always compares every downlink with its page.
        check(
            "bt_index_parent_check",
            &[INDEX, HEAPALLINDEXED, ROOTDESCEND],
            Body::Value(|s, a| bt_check(s, a, Some(1), None)),
        ),
        check(
            "bt_index_parent_check",
            &[INDEX, HEAPALLINDEXED, ROOTDESCEND, CHECKUNIQUE],
            Body::Value(|s, a| bt_check(s, a, Some(1), Some(3))),
        ),
        Function {
            name: "verify_heapam",
            arguments: &[
                Argument::new("relation", REGCLASS),
                Argument::new("on_error_stop", BOOL),
                Argument::new("check_toast", BOOL),
                Argument::new("skip", TEXT),
                Argument::new("startblock", INT8),
                Argument::new("endblock", INT8),
            ],
            out: &[
                Argument::new("blkno", INT8),
                Argument::new("offnum", INT4),
                Argument::new("attnum", INT4),
                Argument::new("msg", TEXT),
            ],
            defaults: Some((5, "false, false, 'none'::text, null::bigint, null::bigint")),
            result: RECORD,
            strict: false,
            parallel: b'u',
            call: Body::Rows(verify_heapam),
        },
    ],
};

fn flag(arguments: &[DatumRef<'_>], at: Option<usize>) -> bool {
    at.and_then(|at| arguments.get(at)).and_then(|value| value.as_bool()).unwrap_or(false)
}

fn relation_of(arguments: &[DatumRef<'_>]) -> Oid {
    Oid(arguments.first().and_then(|value| value.as_i32()).unwrap_or(0) as u32)
}

/// `bt_index_check` and `bt_index_parent_check`; the numbers say which argument is `heapallindexed`, and which `checkunique`.
fn bt_check(
    session: &Session<'_>,
    arguments: &[DatumRef<'_>],
    heapallindexed: Option<usize>,
    checkunique: Option<usize>,
) -> Result<Datum> {
    let oid = relation_of(arguments);
    let relation = session.catalog.relation(oid)?;
    let Some(row) = relation.index.clone().filter(|_| relation.kind() == kind::INDEX) else {
        return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, format!("\"{}\" is not an index", relation.name())));
    };
    // The table first, as everybody does; against changes of rows.
    executor::lock_relation(session, row.indrelid, 5)?;
    executor::lock_relation(session, oid, 5)?;
    if relation.class.relam != catalog::objects::BTREE {
        let error = Error::new(SqlState::FEATURE_NOT_SUPPORTED, "expected \"btree\" index as targets for verification");
        return Err(error.detail(format!("Relation \"{}\" is not a btree index.", relation.name())));
    }
    if !row.indisvalid {
        let error = Error::new(SqlState::FEATURE_NOT_SUPPORTED, format!("cannot check index \"{}\"", relation.name()));
        return Err(error.detail("Index is not valid."));
    }
    let (table, index) = (OpenTable::open(session, row.indrelid)?, OpenIndex::open(session, oid)?);
    let entries = session.indexes.verify(session.store, &index.index)?.entries;
    let comparison = Comparison { session, table: &table, index: &index };
    if flag(arguments, heapallindexed) {
        comparison.check_both(entries)?;
    }
    if flag(arguments, checkunique) && row.indisunique {
        comparison.check_unique()?;
    }
    Ok(Datum::Null)
}

/// An index and its table.
struct Comparison<'a> {
    session: &'a Session<'a>,
    table: &'a OpenTable,
    index: &'a OpenIndex,
}

impl Comparison<'_> {
    fn damaged(&self, text: String) -> Error {
        Error::new(SqlState::INDEX_CORRUPTED, text)
    }

    /// The table's columns that make the key, and the place; none for keys that are computed, and where nothing is entered.
    fn projection(&self) -> Option<Arc<[Projected]>> {
        // Values that are stored out of line are found by their places: indexes of TOAST tables are empty.
        if self.index.row.indpred.is_some() || self.table.relation.kind() == kind::TOAST {
            return None;
        }
        let column = |&number: &i16| u16::try_from(number - 1).ok().map(Projected::Column);
        let mut projection = self.index.row.indkey.iter().map(column).collect::<Option<Vec<_>>>()?;
        projection.push(Projected::RowId);
        Some(projection.into())
    }

    fn key(&self, rows: &Batch, row: usize, key: &mut Vec<u8>) -> Result<bool> {
        let values: Vec<&Column> = rows.columns[..rows.columns.len() - 1].iter().collect();
        key.clear();
        self.index.key(&values, row, self.session.env(), key)
    }

    /// Every entry, a leaf at a time.
    fn each_leaf(&self, mut see: impl FnMut(&IndexEntries) -> Result<()>) -> Result<()> {
        let options = IndexScanOptions { keys: true, ..IndexScanOptions::default() };
        let mut scan = self.session.indexes.scan(self.session.store, &self.index.index, options)?;
        scan.start(KeyRange::default(), Direction::Forward)?;
        let mut entries = IndexEntries::default();
        while scan.next(&mut entries)? {
            self.session.check_interrupts()?;
            see(&entries)?;
        }
        Ok(())
    }

    /// Compares in both directions. Entries are remembered as fingerprints of 64 bits, as many at a time as fit the memory.
    fn check_both(&self, entries: u64) -> Result<()> {
        const AT_ONCE: u64 = 8 << 20;
        let Some(projection) = self.projection() else { return Ok(()) };
        let passes = entries / AT_ONCE + 1;
        for pass in 0..passes {
            let mut known = Vec::new();
            self.each_leaf(|entries| {
                for (n, &tid) in entries.tids.iter().enumerate() {
                    let print = fingerprint(entries.keys.get(n), tid);
                    if print % passes == pass {
                        known.push(print);
                    }
                }
                if pass == 0 { self.check_entries(entries, &projection) } else { Ok(()) }
            })?;
            known.sort_unstable();
            let mut key = Vec::new();
            let session = self.session;
            let mut see = |rows: &Batch, _: &[bool]| {
                session.check_interrupts()?;
                for row in rows.rows().iter() {
                    self.key(rows, row, &mut key)?;
                    let place = rows.columns[rows.columns.len() - 1].get(row).as_i64().unwrap_or(0);
                    let tid = TupleId::from_u64(place as u64);
                    let print = fingerprint(&key, tid);
                    if print % passes == pass && known.binary_search(&print).is_err() {
                        return Err(self.damaged(format!(
                            "heap tuple ({},{}) from table \"{}\" lacks matching index tuple within index \"{}\"",
                            tid.block.0,
                            tid.offset,
                            self.table.relation.name(),
                            self.index.index.name
                        )));
                    }
                }
                Ok(())
            };
            let tables = session.tables;
            tables.scan_for_index(
                session.store,
                session.transaction,
                &self.table.table,
                0..tables.page_count(session.store, &self.table.table)?,
                projection.clone(),
                None,
                &mut see,
            )?;
        }
        Ok(())
    }

    /// Checks that entries lead to places that are taken, and that the rows which can be seen there have their keys.
    fn check_entries(&self, entries: &IndexEntries, projection: &Arc<[Projected]>) -> Result<()> {
        let (session, table) = (self.session, &self.table.table);
        let snapshot = session.transaction.latest_snapshot()?;
        let mut fetch = session.tables.fetch(session.store, table, snapshot.clone(), projection.clone());
        let mut rows = access::projected_batch(&table.layout, projection);
        let mut outcome = Vec::new();
        fetch.fetch(&entries.tids, FetchMode::Index, &mut rows, &mut outcome)?;
        let (mut row, mut key) = (0, Vec::new());
        for (n, (&tid, outcome)) in entries.tids.iter().zip(&outcome).enumerate() {
            let wrong = |what: &str| {
                let (name, place) = (&self.index.index.name, format!("({},{})", tid.block.0, tid.offset));
                Err(self.damaged(format!("index \"{name}\" has an entry that leads to {place}, {what}")))
            };
            match outcome {
                Fetched::Row => {
                    self.key(&rows, row, &mut key)?;
                    row += 1;
                    if key != entries.keys.get(n) {
                        return wrong("where the row has another key");
                    }
                }
                _ if session.tables.is_taken(session.store, table, tid)? => (),
                _ => return wrong("where there is no row"),
            }
        }
        Ok(())
    }

    /// Whether the key of a row holds a null; not for keys that are computed.
    fn has_null(&self, place: TupleId) -> Result<bool> {
        let Some(projection) = self.projection() else { return Ok(true) };
        let (session, table) = (self.session, &self.table.table);
        let snapshot = session.transaction.latest_snapshot()?;
        let mut rows = access::projected_batch(&table.layout, &projection);
        let mut fetch = session.tables.fetch(session.store, table, snapshot.clone(), projection);
        fetch.fetch(&[place], FetchMode::Any, &mut rows, &mut Vec::new())?;
        if rows.is_empty() { Ok(true) } else { self.key(&rows, 0, &mut Vec::new()) }
    }

    /// Checks that no key without nulls has two live rows.
    fn check_unique(&self) -> Result<()> {
        let (session, table) = (self.session, &self.table.table);
        let mut live: Option<(Vec<u8>, TupleId)> = None;
        self.each_leaf(|entries| {
            for (n, &tid) in entries.tids.iter().enumerate() {
                let key = entries.keys.get(n);
                let EntryStatus::Live(place) =
                    session.tables.entry_status(session.store, session.transaction, table, tid)?
                else {
                    continue;
                };
                if let Some((before, first)) = &live
                    && before == key
                    && (self.index.row.indnullsnotdistinct || !self.has_null(place)?)
                {
                    return Err(self
                        .damaged(format!("index uniqueness is violated for index \"{}\"", self.index.index.name))
                        .detail(format!(
                            "Index entries of key of table rows ({},{}) and ({},{}).",
                            first.block.0, first.offset, place.block.0, place.offset
                        )));
                }
                live = Some((key.to_vec(), place));
            }
            Ok(())
        })
    }
}

fn fingerprint(key: &[u8], tid: TupleId) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(key);
    hasher.write_u64(tid.to_u64());
    hasher.finish()
}

/// `verify_heapam`: a row for each fault.
fn verify_heapam(session: &Session<'_>, arguments: &[DatumRef<'_>]) -> Result<Vec<Vec<Datum>>> {
    let invalid = |text: &str| Error::new(SqlState::INVALID_PARAMETER_VALUE, text);
    for (at, name) in ["relation", "on_error_stop", "check_toast", "skip"].iter().enumerate() {
        if arguments[at].is_null() {
            return Err(invalid(&format!("{name} cannot be null")));
        }
    }
    let (stop, toast) = (flag(arguments, Some(1)), flag(arguments, Some(2)));
    let (skip_visible, skip_frozen) = match &*arguments[3].as_str().unwrap_or("").to_ascii_lowercase() {
        "all-visible" => (true, false),
        "all-frozen" => (false, true),
        "none" => (false, false),
        _ => {
            let hint = "Valid skip options are \"all-visible\", \"all-frozen\", and \"none\".";
            return Err(invalid("invalid skip option").hint(hint));
        }
    };
    let oid = relation_of(arguments);
    executor::lock_relation(session, oid, 1)?;
    let relation = session.catalog.relation(oid)?;
    let what = match relation.kind() {
        kind::TABLE | kind::MATERIALIZED_VIEW | kind::TOAST => None,
        kind::INDEX => Some("indexes"),
        kind::VIEW => Some("views"),
        kind::SEQUENCE => Some("sequences"),
        kind::PARTITIONED_TABLE => Some("partitioned tables"),
        kind::PARTITIONED_INDEX => Some("partitioned indexes"),
        _ => Some("this kind of relation"),
    };
    if let Some(what) = what {
        let error = Error::new(SqlState::WRONG_OBJECT_TYPE, format!("cannot check relation \"{}\"", relation.name()));
        return Err(error.detail(format!("This operation is not supported for {what}.")));
    }
    let table = OpenTable::open(session, oid)?;
    let pages = session.tables.page_count(session.store, &table.table)?;
    let bound = |at: usize, name: &str, default: u32| match arguments[at].as_i64() {
        None => Ok(default),
        Some(block) if (0..pages as i64).contains(&block) => Ok(block as u32),
        Some(_) => Err(invalid(&format!("{name} block number must be between 0 and {}", pages.saturating_sub(1)))),
    };
    if pages == 0 {
        return Ok(Vec::new());
    }
    let (first, last) = (bound(4, "starting", 0)?, bound(5, "ending", pages - 1)?);
    let mut found = Vec::new();
    for block in (first..=last).map(BlockNumber) {
        session.check_interrupts()?;
        // There is no separate mark for frozen pages: what everybody sees stays as it is.
        if (skip_visible || skip_frozen) && session.tables.is_all_visible(session.store, &table.table, block)? {
            continue;
        }
        let mut faults = Vec::new();
        session.tables.verify(session.store, &table.table, block, toast, &mut faults)?;
        found.extend(faults.into_iter().map(|fault| {
            vec![
                Datum::B8(fault.block.0.into()),
                if fault.line == 0 { Datum::Null } else { Datum::B4(fault.line.into()) },
                fault.column.map_or(Datum::Null, |column| Datum::B4(column.into())),
                Datum::text(&fault.message),
            ]
        }));
        if stop && !found.is_empty() {
            break;
        }
    }
    Ok(found)
}
