//! ANALYZE: how many rows a table has, and what stands in its columns.
//!
//! | module | tells |
//! |---|---|
//! | [`sample`] | takes rows at random |
//! | [`column`] | what the planner wants to know of a column, from a sample of its values |
//! | [`values`] | the values of a column or expression in a sample, and the `pg_statistic` row made of them |
//! | [`elements`] | what stands in arrays and documents |
//! | [`ranges`] | bounds and lengths of ranges |
//! | [`extended`] | statistics objects: several columns together |
//!
//! Here it is decided what to look at, and the results are written to `pg_class`, `pg_statistic`, `pg_statistic_ext_data` and the
//! cumulative statistics. A table with children is looked at twice: its own rows, and those of the whole tree (`stainherit`).

mod column;
mod combinations;
mod elements;
mod extended;
mod ranges;
mod sample;
mod values;

use access::Projected;
use analyzer::query::Expr;
use batch::{Batch, Column, DatumRef};
use catalog::Relation;
use catalog::field::Part;
use catalog::index::PG_STATISTIC_RELID_ATT_INH_INDEX;
use catalog::relation::kind;
use catalog::rows::{PgAttribute, PgStatistic};
use error::{Error, Result, SqlState};
use ids::Oid;
use parser::ast::Name;
use stats::{ProgressCommand, relation_fields as field};

use crate::vacuum::cost::CostDelay;
use crate::vacuum::usage::Usage;
use crate::vacuum::{Maintenance, table_name};
use crate::{Context, expression, inherit, needs};
use sample::Sample;
use values::{Form, Values};

/// Rows sampled per histogram bin: enough for a histogram that is right to within half a bin, as Chaudhuri, Motwani and Narasayya
/// show ("Random sampling for histogram construction: how much is enough?", SIGMOD 1998).
const ROWS_PER_TARGET: usize = 300;

/// Rows for which expressions are computed at a time.
const ROWS_AT_ONCE: usize = 1024;

/// Phases in `pg_stat_progress_analyze`.
const SAMPLING: i64 = 1;
const SAMPLING_TREE: i64 = 2;
const COMPUTING: i64 = 3;
const COMPUTING_EXTENDED: i64 = 4;
const FINISHING: i64 = 5;

/// A column to be analyzed.
struct Target<'a> {
    column: &'a PgAttribute,
    /// Most common values, and bins of the histogram, at most.
    size: usize,
}

/// An index whose expressions are analyzed.
struct IndexTarget {
    index: Oid,
    /// The index's column numbers, and what they are.
    columns: Vec<(i16, usize, Expr)>,
}

fn usual_target(context: &Context<'_>) -> Result<i64> {
    context.services.setting_int("default_statistics_target")
}

fn size_of(target: Option<i16>, usual: i64) -> usize {
    target.map_or(usual, i64::from).clamp(0, 10_000) as usize
}

/// The columns that are named, or all, but those that want no statistics.
fn targets<'a>(context: &Context<'_>, relation: &'a Relation, columns: &[Name]) -> Result<Vec<Target<'a>>> {
    let usual = usual_target(context)?;
    let mut chosen: Vec<i16> = Vec::new();
    for name in columns {
        let number = context.column(relation, name)?;
        if chosen.contains(&number) {
            let text = format!("column \"{name}\" of relation \"{}\" appears more than once", relation.name());
            return Err(Error::new(SqlState::DUPLICATE_COLUMN, text));
        }
        chosen.push(number);
    }
    Ok(relation
        .live_columns()
        .filter(|column| columns.is_empty() || chosen.contains(&column.attnum))
        .filter(|column| column.attgenerated != b'v')
        .map(|column| Target { column, size: size_of(column.attstattarget, usual) })
        .filter(|target| target.size > 0)
        .collect())
}

/// The expressions of a table's indexes.
fn index_targets(context: &Context<'_>, relation: &Relation) -> Result<Vec<IndexTarget>> {
    let usual = usual_target(context)?;
    let mut found = Vec::new();
    for &oid in &relation.indexes {
        let index = context.catalog().relation(oid)?;
        let Some(row) = &index.index else { continue };
        let Some(text) = &row.indexprs else { continue };
        let mut exprs = analyzer::node::from_text::<Vec<Expr>>(text)?.into_iter();
        let mut columns = Vec::new();
        for (at, _) in row.indkey.iter().enumerate().filter(|(_, number)| **number == 0) {
            let (Some(expr), Some(column)) = (exprs.next(), index.columns.get(at)) else { break };
            columns.push((column.attnum, size_of(column.attstattarget, usual), expr));
        }
        columns.retain(|(_, size, _)| *size > 0);
        if !columns.is_empty() {
            found.push(IndexTarget { index: oid, columns });
        }
    }
    Ok(found)
}

/// Analyzes a table, which is locked: its own rows, and if it has children the whole tree's.
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
    let own = match relation.kind() {
        kind::PARTITIONED_TABLE => Ok(()),
        _ => Work::new(context, relation, columns, request, false).and_then(|work| work.run(started_us)),
    };
    let result = own.and_then(|()| match relation.class.relhassubclass {
        true => Work::new(context, relation, columns, request, true)?.run(started_us),
        false => Ok(()),
    });
    activities.end_progress(process);
    result
}

/// The analysis of a table's rows, or of a tree's.
struct Work<'a> {
    context: &'a Context<'a>,
    relation: &'a Relation,
    request: &'a Maintenance,
    all_columns: bool,
    /// The tree's.
    tree: bool,
    targets: Vec<Target<'a>>,
    indexes: Vec<IndexTarget>,
    objects: Vec<extended::Object>,
    /// Expressions of indexes, then of statistics objects.
    exprs: Vec<Expr>,
    /// The columns that are read, by number.
    numbers: Vec<i16>,
}

impl<'a> Work<'a> {
    fn new(
        context: &'a Context<'a>,
        relation: &'a Relation,
        columns: &[Name],
        request: &'a Maintenance,
        tree: bool,
    ) -> Result<Work<'a>> {
        let targets = targets(context, relation, columns)?;
        let all_columns = columns.is_empty();
        let indexes = if all_columns && !tree { index_targets(context, relation)? } else { Vec::new() };
        let mut exprs: Vec<Expr> = indexes.iter().flat_map(|index| index.columns.iter().map(|c| c.2.clone())).collect();
        let objects = extended::objects(context, relation, &targets, request, &mut exprs)?;
        let mut numbers: Vec<i16> = targets.iter().map(|target| target.column.attnum).collect();
        for expr in &exprs {
            let (_, read) = needs::of_expression(context.catalog(), expr);
            match read.contains(&0) {
                true => numbers.extend(relation.live_columns().map(|column| column.attnum)),
                false => numbers.extend(read.into_iter().filter(|&number| number > 0)),
            }
        }
        numbers.sort_unstable();
        numbers.dedup();
        Ok(Work { context, relation, request, all_columns, tree, targets, indexes, objects, exprs, numbers })
    }

    fn run(&self, started_us: i64) -> Result<()> {
        let (context, relation, session) = (self.context, self.relation, self.context.session);
        let name = table_name(context, relation)?;
        if self.request.verbose {
            let what = if self.tree { " inheritance tree" } else { "" };
            context.tell(format!("analyzing \"{name}\"{what}"));
        }
        let usage = Usage::begin(session);
        let activities = context.services.activities();
        let process = session.transaction.process().number();
        let progress = |parameter: usize, value: i64| activities.progress(process, parameter, value);
        progress(0, if self.tree { SAMPLING_TREE } else { SAMPLING });
        let sample = self.sample(&progress)?;
        progress(0, COMPUTING);
        if sample.rows > 0 {
            self.compute(&sample, &progress)?;
        }
        progress(0, FINISHING);
        self.update_classes(&sample)?;
        context.catalog().next_command()?;
        if !self.tree || relation.kind() == kind::PARTITIONED_TABLE {
            report(context, relation, &sample, self.all_columns, self.request.automatic.is_some(), started_us);
        }
        usage.tell(context, self.request, started_us, &|| {
            let database = context.services.database_name();
            match self.request.automatic {
                Some(_) => format!("automatic analyze of table \"{database}.{name}\""),
                None => format!("finished analyzing table \"{database}.{name}\""),
            }
        })
    }

    /// Rows of the table or tree; none of a tree without children.
    fn sample(&self, progress: &dyn Fn(usize, i64)) -> Result<Sample> {
        let (context, relation, session) = (self.context, self.relation, self.context.session);
        let sizes = self.targets.iter().map(|target| target.size);
        let indexes = self.indexes.iter().flat_map(|index| index.columns.iter().map(|column| column.1));
        let objects = self.objects.iter().map(|object| object.size);
        let size = sizes.chain(indexes).chain(objects).max().unwrap_or(100) * ROWS_PER_TARGET;
        let cost = CostDelay::new(context, self.request)?;
        if !self.tree {
            let table = context.catalog().table(relation)?;
            let projection: Vec<Projected> =
                self.numbers.iter().map(|&number| Projected::Column(number as u16 - 1)).collect();
            let sample = sample::take(session, &table, &projection, size, &cost, progress)?;
            self.tell_sampled(relation, &sample);
            return Ok(sample);
        }
        // Of each table as many rows as its share of the tree's pages.
        let mut members = Vec::new();
        let tree = inherit::tree(context, relation.oid, 1)?;
        if tree.len() < 2 {
            // It had children once.
            context.catalog().alter_class(relation.oid, |row| row.relhassubclass = false)?;
        }
        let any = if tree.len() < 2 { "no child" } else { "no analyzable child" };
        for oid in tree {
            let member = context.catalog().relation(oid)?;
            if matches!(member.kind(), kind::TABLE | kind::MATERIALIZED_VIEW) {
                let table = context.catalog().table(&member)?;
                let pages = session.tables.page_count(session.store, &table)?;
                members.push((member, table, pages));
            }
        }
        let below = members.iter().filter(|(member, ..)| member.oid != relation.oid).count();
        if below == 0 {
            if self.request.verbose {
                context.tell(format!(
                    "skipping analyze of \"{}\" inheritance tree --- this inheritance tree contains {any} tables",
                    table_name(context, relation)?
                ));
            }
            return Ok(Sample::default());
        }
        let pages: f64 = members.iter().map(|(.., pages)| f64::from(*pages)).sum();
        let mut all = Sample::default();
        for (member, table, own) in &members {
            let share = (size as f64 * f64::from(*own) / pages.max(1.0)).round() as usize;
            if share == 0 {
                continue;
            }
            let mut projection = Vec::with_capacity(self.numbers.len());
            for &number in &self.numbers {
                let column = relation.column(number).map_or("", |column| &column.attname);
                let number = member.column_by_name(column).map(|column| column.attnum);
                let number = number.ok_or_else(|| Error::internal("a child lacks a column of its parent"))?;
                projection.push(Projected::Column(number as u16 - 1));
            }
            let sample = sample::take(session, table, &projection, share, &cost, progress)?;
            self.tell_sampled(member, &sample);
            all.append(sample);
        }
        Ok(all)
    }

    fn tell_sampled(&self, relation: &Relation, sample: &Sample) {
        if self.request.verbose {
            self.context.tell(format!(
                "\"{}\": scanned {} of {} pages, containing {} live rows and {} dead rows; {} rows in sample, {:.0} \
                 estimated total rows",
                relation.name(),
                sample.scanned_pages,
                sample.pages,
                sample.live,
                sample.dead,
                sample.rows,
                sample.total_rows
            ));
        }
    }

    /// Computes and stores everything that is about values.
    fn compute(&self, sample: &Sample, progress: &dyn Fn(usize, i64)) -> Result<()> {
        let context = self.context;
        for target in &self.targets {
            context.session.check_interrupts()?;
            let values = self.column_values(sample, target.column)?;
            let row = values.statistics(context, sample.total_rows, target.size)?;
            let row = PgStatistic {
                starelid: self.relation.oid,
                staattnum: target.column.attnum,
                stainherit: self.tree,
                ..row
            };
            store(context, row)?;
        }
        let computed = self.evaluate(sample)?;
        let mut at = 0;
        for index in &self.indexes {
            for (number, size, expr) in &index.columns {
                let values = Values { column: &computed[at], form: Form::of_type(context, expr.ty)? };
                let row = values.statistics(context, sample.total_rows, *size)?;
                store(context, PgStatistic { starelid: index.index, staattnum: *number, ..row })?;
                at += 1;
            }
        }
        if !self.objects.is_empty() {
            progress(0, COMPUTING_EXTENDED);
        }
        for object in &self.objects {
            let mut dimensions = Vec::new();
            for &number in object.row.stxkeys.iter() {
                let column = self.relation.column(number).ok_or_else(|| Error::internal("a column is gone"))?;
                dimensions.push((number, self.column_values(sample, column)?));
            }
            for (n, expr) in self.exprs[object.exprs.clone()].iter().enumerate() {
                let column = &computed[object.exprs.start + n];
                dimensions.push((-1 - n as i16, Values { column, form: Form::of_type(context, expr.ty)? }));
            }
            extended::compute(context, object, &dimensions, sample.rows, sample.total_rows, self.tree)?;
        }
        Ok(())
    }

    fn column_values<'s>(&self, sample: &'s Sample, column: &PgAttribute) -> Result<Values<'s>> {
        let at = self.numbers.binary_search(&column.attnum);
        let at = at.map_err(|_| Error::internal("a column is not in the sample"))?;
        Ok(Values { column: &sample.columns[at], form: Form::of_column(column) })
    }

    /// The values of all expressions, computed as the table's owner would.
    fn evaluate(&self, sample: &Sample) -> Result<Vec<Column>> {
        if self.exprs.is_empty() {
            return Ok(Vec::new());
        }
        let context = self.context;
        let _acting = context.catalog().act_as_owner(self.relation.class.relowner);
        let mut evaluator = expression::evaluator(context, self.relation, self.exprs.clone())?;
        let mut computed: Vec<Column> = evaluator.reprs().into_iter().map(Column::new).collect();
        for from in (0..sample.rows).step_by(ROWS_AT_ONCE) {
            context.session.check_interrupts()?;
            let to = sample.rows.min(from + ROWS_AT_ONCE);
            let mut batch = Batch::new([]);
            for column in &self.relation.columns {
                let sampled = self.numbers.binary_search(&column.attnum).ok().map(|at| &sample.columns[at]);
                batch.columns.push(match sampled {
                    Some(sampled) => {
                        let mut part = Column::new(sampled.repr());
                        (from..to).for_each(|row| part.push(sampled.get(row)));
                        part
                    }
                    None => Column::constant(types::repr_of(column.attlen, column.attbyval), DatumRef::Null),
                });
            }
            batch.set_len(to - from);
            evaluator.evaluate(context.session, &batch)?;
            for (n, to_column) in computed.iter_mut().enumerate() {
                let values = evaluator.column(n, &batch);
                (0..to - from).for_each(|row| to_column.push(values.get(row)));
            }
        }
        Ok(computed)
    }

    /// Brings `pg_class` up to date: of the table and its indexes, or of a partitioned table.
    fn update_classes(&self, sample: &Sample) -> Result<()> {
        let (context, relation) = (self.context, self.relation);
        if self.tree {
            return match relation.kind() {
                kind::PARTITIONED_TABLE => {
                    context.catalog().set_statistics(relation.oid, u32::MAX, sample.total_rows, 0, 0)
                }
                _ => Ok(()),
            };
        }
        let class = context.catalog().class(relation.oid)?;
        let class = class.ok_or_else(|| Error::internal("an analyzed table is gone"))?;
        let (visible, frozen) = (class.relallvisible as u32, class.relallfrozen as u32);
        context.catalog().set_statistics(relation.oid, sample.pages, sample.total_rows, visible, frozen)?;
        for &index in &relation.indexes {
            let index = context.catalog().relation(index)?;
            if index.index.as_ref().is_some_and(|row| row.indpred.is_some()) {
                continue;
            }
            let pages = context.session.store.storage.block_count(index.locator, ids::Fork::Main)?;
            context.catalog().set_statistics(index.oid, pages, sample.total_rows, 0, 0)?;
        }
        Ok(())
    }
}

/// Tells the cumulative statistics.
fn report(
    context: &Context<'_>,
    relation: &Relation,
    sample: &Sample,
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
        if relation.kind() != kind::PARTITIONED_TABLE {
            entry.set(field::LIVE, sample.total_rows as u64);
            entry.set(field::DEAD, sample.total_dead as u64);
        }
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

/// Puts a row into `pg_statistic`, in the place of the one before.
fn store(context: &Context<'_>, row: PgStatistic) -> Result<()> {
    let catalog = context.catalog();
    let key: [Part<'_>; 3] = [row.starelid.into(), row.staattnum.into(), Part::Int(row.stainherit.into())];
    let new = row.clone();
    if !catalog.change::<PgStatistic>(PG_STATISTIC_RELID_ATT_INH_INDEX, &key, |old| *old = new)? {
        catalog.insert(&row)?;
    }
    Ok(())
}
