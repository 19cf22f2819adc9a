//! ANALYZE: how many rows a table has, and what stands in its columns.
//!
//! [`sample`] takes rows at random, [`column`] computes from a column's values what the planner wants to know; here it is written to
//! `pg_class`, `pg_statistic` and the cumulative statistics.

mod column;
mod sample;

use access::Projected;
use batch::{Column, Datum};
use catalog::Relation;
use catalog::field::{Part, Raw};
use catalog::index::PG_STATISTIC_RELID_ATT_INH_INDEX;
use catalog::rows::{PgAttribute, PgStatistic};
use error::{Error, Result, SqlState};
use ids::Oid;
use parser::ast::Name;
use stats::{ProgressCommand, relation_fields as field};
use types::sortkey::{KeyColumn, KeyEncoder};

use crate::Context;
use crate::vacuum::cost::CostDelay;
use crate::vacuum::usage::Usage;
use crate::vacuum::{Maintenance, table_name};
use column::{Facts, Value, WIDE, compute};

/// Rows sampled per histogram bin: enough for a histogram that is right to within half a bin, as Chaudhuri, Motwani and Narasayya
/// show ("Random sampling for histogram construction: how much is enough?", SIGMOD 1998).
const ROWS_PER_TARGET: usize = 300;

/// Kinds of statistics (`pg_statistic.stakindN`).
const MOST_COMMON: i16 = 1;
const HISTOGRAM: i16 = 2;
const CORRELATION: i16 = 3;

/// Phases in `pg_stat_progress_analyze`.
const SAMPLING: i64 = 1;
const COMPUTING: i64 = 3;
const FINISHING: i64 = 5;

/// A column to be analyzed.
struct Target<'a> {
    column: &'a PgAttribute,
    /// Most common values, and bins of the histogram, at most.
    size: usize,
}

/// The columns that are named, or all, but those that want no statistics.
fn targets<'a>(context: &Context<'_>, relation: &'a Relation, columns: &[Name]) -> Result<Vec<Target<'a>>> {
    let usual = context.services.setting_int("default_statistics_target")?;
    let mut chosen: Vec<i16> = Vec::new();
    for name in columns {
        let number = context.column(relation, name)?;
        if chosen.contains(&number) {
            let text = format!("column \"{name}\" of relation \"{}\" appears more than once", relation.name());
            return Err(Error::new(SqlState::DUPLICATE_COLUMN, text));
        }
        chosen.push(number);
    }
    let size = |column: &PgAttribute| column.attstattarget.map_or(usual, i64::from).clamp(0, 10_000) as usize;
    Ok(relation
        .live_columns()
        .filter(|column| columns.is_empty() || chosen.contains(&column.attnum))
        .map(|column| Target { column, size: size(column) })
        .filter(|target| target.size > 0)
        .collect())
}

/// Analyzes a table, which is locked.
pub(crate) fn analyze(
    context: &Context<'_>,
    relation: &Relation,
    columns: &[Name],
    request: &Maintenance,
) -> Result<()> {
    let started_us = stats::now_us();
    let activities = context.services.activities();
    let process = context.session.transaction.process().number();
    activities.begin_progress(process, ProgressCommand::Analyze, relation.oid);
    let result = analyze_table(context, relation, columns, request, started_us);
    activities.end_progress(process);
    result
}

fn analyze_table(
    context: &Context<'_>,
    relation: &Relation,
    columns: &[Name],
    request: &Maintenance,
    started_us: i64,
) -> Result<()> {
    let session = context.session;
    let name = table_name(context, relation)?;
    if request.verbose {
        context.tell(format!("analyzing \"{name}\""));
    }
    let usage = Usage::begin(session);
    let targets = targets(context, relation, columns)?;
    let table = context.catalog().table(relation)?;
    let projection: Vec<Projected> =
        targets.iter().map(|target| Projected::Column(target.column.attnum as u16 - 1)).collect();
    let rows = targets.iter().map(|target| target.size).max().unwrap_or(100) * ROWS_PER_TARGET;
    let cost = CostDelay::new(context, request)?;
    let activities = context.services.activities();
    let process = session.transaction.process().number();
    let progress = |parameter: usize, value: i64| activities.progress(process, parameter, value);
    progress(0, SAMPLING);
    let sample = sample::take(session, &table, &projection, rows, &cost, &progress)?;
    if request.verbose {
        context.tell(format!(
            "\"{}\": scanned {} of {} pages, containing {} live rows and {} dead rows; {} rows in sample, {:.0} \
             estimated total rows",
            relation.name(),
            sample.scanned_pages,
            sample.pages,
            sample.live,
            sample.dead,
            sample.rows.len(),
            sample.total_rows
        ));
    }
    progress(0, COMPUTING);
    for (target, values) in targets.iter().zip(&sample.columns) {
        session.check_interrupts()?;
        if !sample.rows.is_empty() {
            let row = column_statistics(context, relation, target, values, &sample.rows, sample.total_rows)?;
            store(context, row)?;
        }
    }
    progress(0, FINISHING);
    let class = context.catalog().class(relation.oid)?.ok_or_else(|| Error::internal("an analyzed table is gone"))?;
    let (visible, frozen) = (class.relallvisible as u32, class.relallfrozen as u32);
    context.catalog().set_statistics(relation.oid, sample.pages, sample.total_rows, visible, frozen)?;
    for &index in &relation.indexes {
        let index = context.catalog().relation(index)?;
        if index.index.as_ref().is_some_and(|row| row.indpred.is_some()) {
            continue;
        }
        let pages = session.store.storage.block_count(index.locator, ids::Fork::Main)?;
        context.catalog().set_statistics(index.oid, pages, sample.total_rows, 0, 0)?;
    }
    report(context, relation, &sample, columns.is_empty(), request.automatic.is_some(), started_us);
    usage.tell(context, request, started_us, &|| {
        let database = context.services.database_name();
        match request.automatic {
            Some(_) => format!("automatic analyze of table \"{database}.{name}\""),
            None => format!("finished analyzing table \"{database}.{name}\""),
        }
    })
}

/// Tells the cumulative statistics.
fn report(
    context: &Context<'_>,
    relation: &Relation,
    sample: &sample::Sample,
    all_columns: bool,
    automatic: bool,
    started_us: i64,
) {
    let pending = context.session.transaction.statistics();
    let now = stats::now_us();
    // What is not reported yet was counted by the sample, and must not be added to it.
    pending.flush(now);
    let Some(stats) = pending.stats() else { return };
    stats.update(&crate::vacuum::statistics_key(context, relation), |entry| {
        entry.set(field::LIVE, sample.total_rows as u64);
        entry.set(field::DEAD, sample.total_dead as u64);
        if all_columns {
            entry.set(field::CHANGED_SINCE_ANALYZE, 0);
        }
        let (last, count, time) = match automatic {
            true => (field::LAST_AUTOANALYZE, field::AUTOANALYZE_COUNT, field::TOTAL_AUTOANALYZE_TIME),
            false => (field::LAST_ANALYZE, field::ANALYZE_COUNT, field::TOTAL_ANALYZE_TIME),
        };
        entry.set(last, now as u64);
        entry.add(count, 1);
        entry.add(time, (now - started_us).max(0) as u64);
    });
}

/// The `pg_statistic` row of a column.
fn column_statistics(
    context: &Context<'_>,
    relation: &Relation,
    target: &Target<'_>,
    values: &Column,
    rows: &[u32],
    total_rows: f64,
) -> Result<PgStatistic> {
    let column = target.column;
    let env = context.session.env();
    let catalog = context.catalog();
    // How the type is ordered, if it is.
    let class = catalog.default_opclass(catalog::objects::BTREE, column.atttypid)?;
    let operators = match class {
        Some(class) => {
            let class = catalog.opclass(class)?;
            let operator =
                |strategy| catalog.family_operator(class.opcfamily, class.opcintype, class.opcintype, strategy);
            operator(1)?.zip(operator(3)?)
        }
        None => None,
    };
    let key = KeyColumn::ascending(column.atttypid, column.attcollation);
    let mut encoder = operators.and_then(|_| KeyEncoder::new(vec![key], env).ok());
    let mut keys: Vec<u8> = Vec::new();
    let mut places: Vec<Option<(Option<(usize, usize)>, usize)>> = Vec::with_capacity(rows.len());
    for &row in rows {
        let value = values.get(row as usize);
        if value.is_null() {
            places.push(None);
            continue;
        }
        let width = stored_width(column, value.as_bytes().map_or(0, <[u8]>::len));
        let start = keys.len();
        let key = match &encoder {
            Some(sorter) if width <= WIDE => match sorter.encode_column(0, value, env, &mut keys) {
                Ok(()) => Some((start, keys.len())),
                // Elements of an array may have no order, though arrays do.
                Err(error) if error.state() == SqlState::FEATURE_NOT_SUPPORTED => {
                    encoder = None;
                    None
                }
                Err(error) => return Err(error),
            },
            _ => None,
        };
        places.push(Some((key, width)));
    }
    let values_of = places
        .iter()
        .map(|place| place.map(|(key, width)| Value { key: key.map(|(start, end)| &keys[start..end]), width }));
    let values_of: Vec<Option<Value<'_>>> = values_of.collect();
    let fixed_width = (column.attlen > 0).then_some(column.attlen as i32);
    let facts = compute(&values_of, encoder.is_some(), fixed_width, total_rows, target.size);
    row_of(relation.oid, column, &facts, values, rows, operators)
}

/// Bytes that a value takes in a row, as PostgreSQL counts them: a short value has a header of one byte, a longer one of four.
fn stored_width(column: &PgAttribute, length: usize) -> usize {
    match column.attlen {
        -1 if length < 127 => length + 1,
        -1 => length + 4,
        -2 => length + 1,
        fixed => fixed.max(0) as usize,
    }
}

fn row_of(
    relation: Oid,
    column: &PgAttribute,
    facts: &Facts,
    values: &Column,
    rows: &[u32],
    operators: Option<(Oid, Oid)>,
) -> Result<PgStatistic> {
    let mut row = PgStatistic {
        starelid: relation,
        staattnum: column.attnum,
        stanullfrac: facts.null_fraction as f32,
        stawidth: facts.width,
        stadistinct: facts.distinct as f32,
        ..PgStatistic::default()
    };
    let Some((less, equal)) = operators else { return Ok(row) };
    let array = |chosen: &mut dyn Iterator<Item = usize>| -> Result<Raw> {
        let elements: Vec<Datum> = chosen.map(|at| values.get(rows[at] as usize).to_datum()).collect();
        types::array::from_elements(column.atttypid, values.repr(), &elements).map(Raw)
    };
    let mut slots: Vec<(i16, Oid, Option<Vec<f32>>, Option<Raw>)> = Vec::new();
    if !facts.most_common.is_empty() {
        let frequencies = facts.most_common.iter().map(|(_, frequency)| *frequency as f32).collect();
        let values = array(&mut facts.most_common.iter().map(|(at, _)| *at))?;
        slots.push((MOST_COMMON, equal, Some(frequencies), Some(values)));
    }
    if !facts.histogram.is_empty() {
        slots.push((HISTOGRAM, less, None, Some(array(&mut facts.histogram.iter().copied())?)));
    }
    if let Some(correlation) = facts.correlation {
        slots.push((CORRELATION, less, Some(vec![correlation as f32]), None));
    }
    let places = [
        (&mut row.stakind1, &mut row.staop1, &mut row.stacoll1, &mut row.stanumbers1, &mut row.stavalues1),
        (&mut row.stakind2, &mut row.staop2, &mut row.stacoll2, &mut row.stanumbers2, &mut row.stavalues2),
        (&mut row.stakind3, &mut row.staop3, &mut row.stacoll3, &mut row.stanumbers3, &mut row.stavalues3),
    ];
    for ((kind, operator, collation, numbers, values), slot) in places.into_iter().zip(slots) {
        (*kind, *operator, *numbers, *values) = slot;
        *collation = column.attcollation;
    }
    Ok(row)
}

/// Puts a row into `pg_statistic`, in the place of the one before.
fn store(context: &Context<'_>, row: PgStatistic) -> Result<()> {
    let catalog = context.catalog();
    let key: [Part<'_>; 3] = [row.starelid.into(), row.staattnum.into(), Part::Int(0)];
    let new = row.clone();
    if !catalog.change::<PgStatistic>(PG_STATISTIC_RELID_ATT_INH_INDEX, &key, |old| *old = new)? {
        catalog.insert(&row)?;
    }
    Ok(())
}
