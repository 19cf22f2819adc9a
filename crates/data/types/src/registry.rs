//! Which built-in functions, aggregates and set-returning functions there are, by `pg_proc` OID.
//!
//! Each module has one visible table; [`TABLES`] lists them. Crates above add theirs with [`register`], once, before the
//! first lookup (the binary does so first thing in `main`, so that forked processes share the finished index).

use crate::aggregate::{self, Aggregate, AggregateMaker};
use crate::call::{Builtin, Context};
use batch::{Column, Datum, DatumRef};
use error::Result;
use ids::Oid;
use std::sync::{LazyLock, OnceLock};

/// The tables of this crate.
pub static TABLES: &[&[Builtin]] = &[
    crate::array::ARRAYS,
    crate::bit::BITS,
    crate::boolean::BOOLEANS,
    crate::bytea::BYTEAS,
    crate::datetime::DATETIMES,
    crate::datetime::DATETIME_ARITHMETIC,
    crate::datetime::DATETIME_PARTS,
    crate::enums::ENUMS,
    crate::float::FLOATS,
    crate::formatting::FORMATTED_INPUT,
    crate::formatting::FORMATTING,
    crate::formatting::NUMBER_FORMATTING,
    crate::geometry::BOXES,
    crate::geometry::CIRCLES,
    crate::geometry::LINES,
    crate::geometry::POINTS,
    crate::geometry::POLYGONS,
    crate::hash::HASHES,
    crate::int::INTEGERS,
    crate::json::JSONB_ACCESS,
    crate::json::JSONB_CHANGES,
    crate::json::JSONB_COMPARISONS,
    crate::json::JSON_CONVERSIONS,
    crate::json::JSON_OBJECTS,
    crate::json::JSON_POPULATE,
    crate::json::JSON_TEXTS,
    crate::jsonpath::JSONPATHS,
    crate::misc::MISCELLANEOUS,
    crate::money::MONEYS,
    crate::network::MACS,
    crate::network::NETWORKS,
    crate::numeric::NUMERICS,
    crate::numeric::NUMERIC_LOOPS,
    crate::objects::OBJECTS,
    crate::random::RANDOMS,
    crate::range::MULTIRANGES,
    crate::range::RANGES,
    crate::record::RECORDS,
    crate::regex::REGEXES,
    crate::snapshot::SNAPSHOTS,
    crate::text::COMPARISONS,
    crate::text::FORMATS,
    crate::text::PIECES,
    crate::text::QUOTES,
    crate::text::TEXTS,
    crate::text::UNICODE,
    crate::text::like::LIKES,
    crate::textsearch::TSDOCUMENTS,
    crate::textsearch::TSHEADLINES,
    crate::textsearch::TSQUERIES,
    crate::textsearch::TSRANKS,
    crate::textsearch::TSVECTORS,
];

/// The aggregates of this crate.
static AGGREGATES: &[&[(u32, AggregateMaker)]] = &[aggregate::AGGREGATES, crate::json::JSON_AGGREGATES];

/// The set-returning functions of this crate.
static ROW_SOURCES: &[&[(u32, RowSourceMaker)]] = &[
    crate::json::JSON_RECORDS,
    crate::json::JSON_ROWS,
    crate::jsonpath::JSONPATH_ROWS,
    crate::misc::MISCELLANEOUS_ROWS,
    crate::series::SERIES,
    crate::snapshot::SNAPSHOT_ROWS,
    crate::datetime::ZONE_ROWS,
    crate::textsearch::TSVECTOR_ROWS,
];

static REGISTERED: OnceLock<&'static [&'static [Builtin]]> = OnceLock::new();

/// Adds the tables of the crates above, all at once: the first call wins. Call it before the first lookup.
pub fn register(tables: &'static [&'static [Builtin]]) {
    let _ = REGISTERED.set(tables);
}

static REGISTERED_ROW_SOURCES: OnceLock<&'static [&'static [(u32, RowSourceMaker)]]> = OnceLock::new();

/// Adds the set-returning functions of the crates above, all at once: the first call wins.
pub fn register_row_sources(tables: &'static [&'static [(u32, RowSourceMaker)]]) {
    let _ = REGISTERED_ROW_SOURCES.set(tables);
}

/// OID → function, as an index by OID: built-in OIDs are below 16,384.
static FUNCTIONS: LazyLock<Vec<Option<&'static Builtin>>> = LazyLock::new(|| {
    let registered = REGISTERED.get().copied().unwrap_or_default();
    let mut index = vec![None; Oid::FIRST_NORMAL.0 as usize];
    for builtin in TABLES.iter().chain(registered).flat_map(|table| table.iter()) {
        debug_assert!(index[builtin.oid.0 as usize].is_none(), "two functions have OID {}", builtin.oid);
        index[builtin.oid.0 as usize] = Some(builtin);
    }
    for io in crate::io::functions() {
        index[io.oid.0 as usize].get_or_insert(io);
    }
    index
});

/// The built-in function with an OID; `None` if there is none (then the caller answers 0A000).
pub fn function(oid: Oid) -> Option<&'static Builtin> {
    FUNCTIONS.get(oid.0 as usize).copied().flatten()
}

/// All functions there are.
pub fn functions() -> impl Iterator<Item = &'static Builtin> {
    FUNCTIONS.iter().copied().flatten()
}

/// A new aggregate's states, with no groups yet; `None` if there is no such built-in aggregate.
pub fn aggregate(oid: Oid, context: Context<'_>) -> Option<Result<Box<dyn Aggregate>>> {
    AGGREGATES.iter().flat_map(|table| table.iter()).find(|(o, _)| *o == oid.0).map(|(_, make)| make(context))
}

/// The rows that one call of a set-returning function gives.
pub trait RowSource: Send {
    /// Adds up to `most` rows to `columns` (one for a function that returns a type, one for each column for a row type)
    /// and returns how many: fewer only at the end.
    fn next(&mut self, columns: &mut [Column], most: usize, context: Context<'_>) -> Result<usize>;

    /// Whether a source of rows gives them as row values (see [`record`](crate::record)), in one column, rather than by
    /// their fields.
    fn gives_row_values(&self) -> bool {
        false
    }
}

/// Rows that are all there: of functions that list few.
pub struct Rows {
    rows: std::vec::IntoIter<Vec<Datum>>,
}

impl Rows {
    /// A source of these rows.
    pub fn of(rows: Vec<Vec<Datum>>) -> Box<dyn RowSource> {
        Box::new(Rows { rows: rows.into_iter() })
    }
}

impl RowSource for Rows {
    fn next(&mut self, columns: &mut [Column], most: usize, _: Context<'_>) -> Result<usize> {
        let mut count = 0;
        for row in self.rows.by_ref().take(most) {
            for (column, value) in columns.iter_mut().zip(&row) {
                column.push(value.as_ref());
            }
            count += 1;
        }
        Ok(count)
    }
}

/// Begins a call of a set-returning function.
pub type RowSourceMaker = fn(&[DatumRef<'_>], Context<'_>) -> Result<Box<dyn RowSource>>;

/// The set-returning function with an OID; `None` if there is none.
pub fn row_source(oid: Oid) -> Option<RowSourceMaker> {
    let registered = REGISTERED_ROW_SOURCES.get().copied().unwrap_or_default();
    let mut all = ROW_SOURCES.iter().chain(registered).flat_map(|table| table.iter());
    all.find(|(o, _)| *o == oid.0).map(|(_, make)| *make)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `pg_proc` of the reference, language internal: OID, proname, prosrc, pronargs, prokind, proretset, prorettype.
    const FUNCTIONS_OF_18: &str = include_str!("../data/functions.tsv");

    #[test]
    fn every_function_is_one_of_postgresql() {
        let mut missing = 0;
        let mut known = std::collections::HashMap::new();
        for line in FUNCTIONS_OF_18.lines() {
            let fields: Vec<&str> = line.split('\t').collect();
            let oid: u32 = fields[0].parse().unwrap();
            known.insert(oid, fields[2]);
            let present = match (fields[4], fields[5]) {
                ("f", "f") => function(Oid(oid)).is_some(),
                ("f", "t") => row_source(Oid(oid)).is_some(),
                ("a", _) => AGGREGATES.iter().flat_map(|table| table.iter()).any(|(o, _)| *o == oid),
                _ => true,
            };
            missing += !present as usize;
        }
        for builtin in functions() {
            let name = known.get(&builtin.oid.0);
            assert!(name.is_some_and(|name| builtin.name.is_empty() || *name == builtin.name), "{builtin:?}");
        }
        // Only ever falls.
        assert!(missing <= MISSING, "{missing} functions are missing, {MISSING} were");
        println!("{missing} functions of PostgreSQL 18 are missing here");
    }

    /// How many functions of PostgreSQL's are not in this crate (those of other crates count as missing, too).
    const MISSING: usize = 1600;
}
