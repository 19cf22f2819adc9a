//! Operators: one small file for each kind of plan node.
//!
//! An [`Operator`] makes the *raw* rows of its node; the [`Stage`] around it filters and projects them, counts them for EXPLAIN
//! ANALYZE, and looks for interrupts. Rows are pulled: [`Stage::next`] fills a batch that the caller owns.

mod accumulator;
mod aggregate;
mod anew;
mod append;
mod bitmap_scan;
mod cte;
mod function_scan;
mod grouping;
mod hash_join;
mod incremental_sort;
mod index_scan;
mod json_table;
mod limit;
mod lock_rows;
mod material;
mod memoize;
mod merge_join;
mod merge_set_op;
pub(crate) mod modify;
mod nest_loop;
mod ordered_set;
mod pairs;
mod project_set;
mod prune;
mod quiet;
mod recursive_union;
mod reorder;
mod result;
mod sample_scan;
mod seq_scan;
mod set_op;
mod sort;
mod table;
mod tid_range_scan;
mod tid_scan;
mod tuplestore_scan;
mod unique;
mod values;
mod window;

use std::cell::Cell;
use std::time::Instant;

use batch::{BATCH_ROWS, Batch, Repr, Rows};
use error::Result;
use ids::TupleId;
use planner::explain::Work;
use planner::plan::{ColumnType, Node, NodeKind};
use txn::Snapshot;

pub(crate) use anew::Substitutes;
pub(crate) use cte::read_more;
pub use prune::left_at_start;

use crate::Session;
use crate::expression::{Compiled, compile_all, evaluate_all, filter};
use crate::run::{Run, State, Subquery};
use crate::store::rows::RowStore;

/// Makes the raw rows of a node.
pub(crate) trait Operator {
    /// Fills `out`, which it clears first; false at the end. A batch may have no rows that count.
    fn next(&mut self, run: &mut Run<'_>, out: &mut Batch) -> Result<bool>;

    /// Starts over: the next rows are the first again, under the values that parameters have then.
    fn rewind(&mut self, run: &mut Run<'_>) -> Result<()>;

    /// What is particular to what it did so far, all loops together; asked for only where that is measured.
    fn work(&self, run: &Run<'_>) -> Work {
        let _ = run;
        Work::None
    }

    /// After its last row: gives up what it holds but its memory, to be used once more in a later execution of the plan. False if it cannot;
    /// for queries that are short, as making them takes longer than running them.
    fn rest(&mut self) -> bool {
        false
    }

    /// After [`Operator::rest`]: is as good as new, and sees what this snapshot sees.
    fn renew(&mut self, snapshot: &Snapshot) {
        let _ = snapshot;
    }
}

/// As much memory a stage keeps while it rests, in bytes.
const RESTING_MAX: usize = 16 << 10;

/// A node at work: an operator with the node's filter and projection.
pub struct Stage {
    operator: Box<dyn Operator>,
    /// The node's number in its plan.
    pub id: u32,
    conditions: Vec<Compiled>,
    project: Option<Vec<Compiled>>,
    /// For each projected expression that is a column that no other needs: it is moved, not copied.
    moved: Vec<bool>,
    raw: Batch,
    /// Where evaluating more rows than wanted would show (below a LIMIT, and where functions of users are called): the operator's rows that
    /// are still to be looked at.
    ahead: Option<Box<Ahead>>,
    output: Vec<Repr>,
    started: bool,
    measured: bool,
}

/// An operator's rows that are not looked at yet.
struct Ahead {
    batch: Batch,
    next: usize,
    /// One by one, whatever is wanted.
    single: bool,
}

impl Ahead {
    /// Moves on with the next rows, at most as many as are wanted.
    fn next(&mut self, operator: &mut dyn Operator, run: &mut Run<'_>, out: &mut Batch) -> Result<bool> {
        if self.next >= self.batch.row_count() {
            self.batch.clear();
            self.next = 0;
            if run.state.wanted >= BATCH_ROWS && !self.single {
                return operator.next(run, out);
            }
            if !operator.next(run, &mut self.batch)? {
                return Ok(false);
            }
        }
        let wanted = if self.single { 1 } else { run.state.wanted.max(1) };
        let end = self.batch.row_count().min(self.next.saturating_add(wanted));
        let rows = self.batch.rows();
        let (one, many);
        let positions: &[u16] = match self.single && self.next < end {
            true => {
                one = [rows.position(self.next) as u16];
                &one
            }
            false => {
                many = (self.next..end).map(|row| rows.position(row) as u16).collect::<Vec<_>>();
                &many
            }
        };
        out.clear();
        for (to, from) in out.columns.iter_mut().zip(&self.batch.columns) {
            to.append(from, Rows::Some(positions));
        }
        out.set_len(positions.len());
        self.next = end;
        Ok(true)
    }
}

impl Stage {
    /// A batch for its rows.
    pub fn batch(&self) -> Batch {
        Batch::new(self.output.iter().copied())
    }

    /// Fills `out` with the next rows, at least one; false at the end.
    pub fn next(&mut self, run: &mut Run<'_>, out: &mut Batch) -> Result<bool> {
        if !self.measured {
            return self.advance(run, out);
        }
        let (begin, first) = (Instant::now(), !std::mem::replace(&mut self.started, true));
        let before = run.session.usage();
        let more = self.advance(run, out)?;
        let (used, work) = (run.session.usage() - before, self.operator.work(run));
        let (instrument, elapsed) = (run.state.instrument(self.id), begin.elapsed());
        instrument.total += elapsed;
        instrument.usage += used;
        instrument.work = work;
        instrument.rows += if more { out.row_count() as u64 } else { 0 };
        if first {
            instrument.loops += 1;
            instrument.startup += elapsed;
        }
        Ok(more)
    }

    fn advance(&mut self, run: &mut Run<'_>, out: &mut Batch) -> Result<bool> {
        loop {
            run.session.check_interrupts()?;
            let raw = if self.project.is_some() { &mut self.raw } else { &mut *out };
            let more = match &mut self.ahead {
                None => self.operator.next(run, raw)?,
                Some(ahead) => ahead.next(&mut *self.operator, run, raw)?,
            };
            if !more {
                out.clear();
                return Ok(false);
            }
            if !self.conditions.is_empty() {
                let before = raw.row_count();
                filter(&mut self.conditions, raw, run)?;
                if self.measured {
                    run.state.instrument(self.id).filtered += (before - raw.row_count()) as u64;
                }
            }
            if raw.row_count() == 0 {
                continue;
            }
            if let Some(project) = &mut self.project {
                let rows = self.raw.rows();
                evaluate_all(project, &self.raw, rows, run)?;
                out.clear();
                for (expression, (to, moved)) in project.iter_mut().zip(out.columns.iter_mut().zip(&self.moved)) {
                    match expression.as_column() {
                        None => expression.swap_result(to),
                        Some(column) if !moved => {
                            let from = &self.raw.columns[column];
                            to.append(from, Rows::All(self.raw.len()));
                        }
                        Some(_) => (),
                    }
                }
                for (expression, (to, _)) in
                    project.iter().zip(out.columns.iter_mut().zip(&self.moved)).filter(|x| *x.1.1)
                {
                    if let Some(column) = expression.as_column() {
                        std::mem::swap(to, &mut self.raw.columns[column]);
                    }
                }
                std::mem::swap(&mut out.selection, &mut self.raw.selection);
                out.set_len(self.raw.len());
            }
            return Ok(true);
        }
    }

    /// [`Operator::rest`]
    pub(crate) fn rest(&mut self) -> bool {
        !self.measured && self.ahead.is_none() && self.raw.memory() <= RESTING_MAX && self.operator.rest()
    }

    /// [`Operator::renew`]
    pub(crate) fn renew(&mut self, snapshot: &Snapshot) {
        self.started = false;
        self.operator.renew(snapshot);
    }

    /// Starts over.
    pub fn rewind(&mut self, run: &mut Run<'_>) -> Result<()> {
        self.started = false;
        if let Some(ahead) = &mut self.ahead {
            ahead.batch.clear();
            ahead.next = 0;
        }
        self.operator.rewind(run)
    }
}

/// What building operators needs.
pub(crate) struct Builder<'a> {
    /// The session.
    pub session: &'a Session<'a>,
    /// The rows that scans see.
    pub snapshot: &'a Snapshot,
    /// The statement's state, which holds the plan.
    pub state: &'a State,
    /// Whether to measure, for EXPLAIN ANALYZE.
    pub instrument: bool,
    /// Row versions that stand for whole tables.
    pub substitutes: &'a Substitutes,
    /// Whether a LIMIT is above the node being built.
    pub limited: Cell<bool>,
}

/// The forms of some columns.
pub(crate) fn reprs(columns: &[ColumnType]) -> Vec<Repr> {
    columns.iter().map(|column| column.repr).collect()
}

impl Builder<'_> {
    /// The row version that stands for a relation of the plan, if there is one.
    fn substitute(&self, relation: usize) -> Option<Option<TupleId>> {
        self.substitutes.get(&relation).copied()
    }

    /// A store for rows that an operator keeps.
    pub fn row_store(&self, forms: Vec<Repr>) -> RowStore {
        RowStore::new(forms, self.state.work_mem, self.session.temporary_space())
    }

    /// The operators of all subqueries.
    pub fn subplans(&self) -> Result<Vec<Option<Box<Subquery>>>> {
        let subquery = |tree: &planner::plan::SubPlanTree| {
            let stage = self.stage(&tree.node)?;
            Ok(Some(Box::new(Subquery { stage, used: false, rows: None, complete: false, read_for: Vec::new() })))
        };
        self.state.plan.subplans.iter().map(subquery).collect()
    }

    /// The operators of a node and all below.
    pub fn stage(&self, node: &Node) -> Result<Stage> {
        let (operator, raw) = self.operator(node)?;
        let project = node.project.as_deref().map(compile_all).transpose()?;
        let moved = match &project {
            None => Vec::new(),
            Some(project) => {
                let columns: Vec<_> = project.iter().map(Compiled::as_column).collect();
                let once = |n: usize| columns.iter().filter(|&&column| column == columns[n]).count() == 1;
                (0..columns.len()).map(|n| columns[n].is_some() && once(n)).collect()
            }
        };
        let expressions = || node.filter.iter().chain(node.project.iter().flatten());
        let single = expressions().any(quiet::calls_users);
        let counted = || self.limited.get() && !expressions().all(|expr| quiet::is_quiet(expr, self.session.catalog));
        let ahead = match single || counted() {
            true => Some(Box::new(Ahead { batch: Batch::new(raw.iter().copied()), next: 0, single })),
            false => None,
        };
        Ok(Stage {
            operator,
            ahead,
            id: node.id,
            conditions: compile_all(&node.filter)?,
            project,
            moved,
            raw: Batch::new(raw),
            output: reprs(&node.output),
            started: false,
            measured: self.instrument,
        })
    }

    /// The operator of a node, and the forms of its raw columns.
    fn operator(&self, node: &Node) -> Result<(Box<dyn Operator>, Vec<Repr>)> {
        let one = |input: &Node| self.stage(input).map(|stage| (stage, reprs(&input.output)));
        match &node.kind {
            NodeKind::Result { input, condition } => {
                let input = input.as_deref().map(one).transpose()?;
                let forms = input.as_ref().map(|input| input.1.clone()).unwrap_or_default();
                Ok((Box::new(result::Result::new(input.map(|i| i.0), condition)?), forms))
            }
            NodeKind::SeqScan { relation, columns, sample } => {
                seq_scan::build(self, *relation, columns, sample.as_deref())
            }
            NodeKind::IndexScan { relation, columns, search } => {
                index_scan::build(self, *relation, columns, search, None)
            }
            NodeKind::IndexOnlyScan { relation, columns, index_columns, search } => {
                index_scan::build(self, *relation, columns, search, Some(index_columns))
            }
            NodeKind::BitmapHeapScan { relation, columns, input, recheck } => {
                bitmap_scan::build(self, *relation, columns, input, recheck)
            }
            NodeKind::BitmapIndexScan { .. } | NodeKind::BitmapAnd { .. } | NodeKind::BitmapOr { .. } => {
                Err(error::Error::internal("a bitmap stands where rows are wanted"))
            }
            NodeKind::TidScan { relation, columns, tids } => tid_scan::build(self, *relation, columns, tids),
            NodeKind::TidRangeScan { relation, columns, lower, upper } => {
                tid_range_scan::build(self, *relation, columns, lower, upper)
            }
            NodeKind::CursorScan { relation, columns, cursor } => {
                tid_scan::build_current(self, *relation, columns, cursor)
            }
            NodeKind::Constants { rows } => Ok(values::build_constants(rows)),
            NodeKind::Values { rows } => values::build(rows),
            NodeKind::FunctionScan { functions, ordinality, .. } => function_scan::build(functions, *ordinality),
            NodeKind::SubqueryScan { input, .. } => {
                let (stage, forms) = one(input)?;
                Ok((Box::new(result::Through(stage)), forms))
            }
            NodeKind::CteScan { subplan, .. } => cte::build(self, *subplan),
            NodeKind::WorkTableScan { work_table, .. } => {
                Ok((Box::new(recursive_union::WorkTableScan::new(*work_table)), reprs(&node.output)))
            }
            NodeKind::NamedTuplestoreScan { name, .. } => tuplestore_scan::build(self, name, node),
            NodeKind::ProjectSet { input, items } => project_set::build(self.stage(input)?, items),
            NodeKind::NestLoop { join, outer, inner, params, condition, inner_unique } => {
                nest_loop::build(self, *join, (outer, inner), params, condition, *inner_unique)
            }
            NodeKind::HashJoin { join, outer, inner, keys, condition, inner_unique } => {
                hash_join::build(self, *join, (outer, inner), keys, condition, *inner_unique)
            }
            NodeKind::MergeJoin { join, outer, inner, keys, condition, inner_unique } => {
                merge_join::build(self, *join, (outer, inner), keys, condition, *inner_unique)
            }
            NodeKind::Sort { input, keys, presorted, limit: _ } if *presorted > 0 => {
                let (stage, forms) = one(input)?;
                Ok((Box::new(incremental_sort::IncrementalSort::new(stage, &input.output, keys, *presorted)), forms))
            }
            NodeKind::Sort { input, keys, presorted: _, limit } => {
                let (stage, forms) = one(input)?;
                Ok((Box::new(sort::Sort::new(stage, &input.output, keys, *limit)), forms))
            }
            NodeKind::Unique { input, keys } => {
                let (stage, forms) = one(input)?;
                Ok((Box::new(unique::Unique::new(stage, &input.output, keys)), forms))
            }
            NodeKind::Aggregate { input, strategy: _, keys, sets, rollups, aggregates, groupings, groups: _ } => {
                let grouping = aggregate::Grouping { keys, sets, rollups, aggregates, groupings };
                aggregate::build(self, input, &grouping)
            }
            NodeKind::WindowAgg { input, partition, order, order_keys, frame, functions, until, .. } => {
                window::build(self, input, (partition, order), order_keys, frame, functions, until)
            }
            NodeKind::SetOp { left, right, except, all, keys: _, order: Some(order) } => {
                merge_set_op::build(self, (left, right), (*except, *all), order)
            }
            NodeKind::SetOp { left, right, except, all, keys, order: None } => {
                set_op::build(self, (left, right), *except, *all, keys)
            }
            NodeKind::Append { inputs, pruning } => append::build(self, inputs, pruning.as_deref()),
            NodeKind::MergeAppend { inputs, keys, pruning } => {
                append::build_merge(self, inputs, keys, pruning.as_deref())
            }
            NodeKind::RecursiveUnion { start, step, work_table, round, distinct } => {
                recursive_union::build(self, (start, step), (*work_table, *round), distinct.as_deref())
            }
            NodeKind::Limit { input, count, offset, ties } => {
                let before = self.limited.replace(true);
                let (stage, forms) = one(input)?;
                self.limited.set(before);
                let limit = limit::Limit::new(stage, &input.output, count.as_ref(), offset.as_ref(), ties.as_deref())?;
                Ok((Box::new(limit), forms))
            }
            NodeKind::LockRows { input, marks } => {
                let (stage, forms) = one(input)?;
                Ok((Box::new(lock_rows::LockRows::new(self, stage, marks)?), forms))
            }
            NodeKind::Material { input } => {
                let (stage, forms) = one(input)?;
                Ok((Box::new(material::Material::new(stage, forms.clone()).depending_on(&input.depends)), forms))
            }
            NodeKind::Memoize { input, keys, single_row } => {
                let (stage, forms) = one(input)?;
                let memoize = memoize::Memoize::new(stage, forms.clone(), keys, &input.depends, *single_row);
                Ok((Box::new(memoize), forms))
            }
            NodeKind::ModifyTable(modify) => modify::build(self, modify),
        }
    }
}
