//! Inserts batches of rows that do not come from a plan: what COPY FROM rests on.
//!
//! The caller plans `INSERT INTO t (a, b) VALUES ($1, $2)` and hands rows over as columns that stand for the parameters. So
//! defaults, generated columns, constraints, indexes and triggers are those of INSERT, and not a second copy of its rules.

use std::sync::Arc;

use batch::{Batch, Column, Rows};
use error::{Error, Result};
use planner::plan::{Call, Expr, ExprKind, Node, NodeKind, Plan};
use txn::ActiveSnapshot;

use crate::execution::{Options, prepare};
use crate::expression::{Compiled, compile, copy};
use crate::operator::modify::insert::BatchInsert;
use crate::operator::{Builder, Substitutes};
use crate::run::{Run, State};
use crate::{RowEvaluator, Session};

/// Where a column of the table comes from.
enum Source {
    /// The parameter with this number.
    Param(usize),
    /// An expression: a default, or a parameter made to fit a domain.
    Value(Compiled),
}

/// A planned INSERT that is given its rows.
pub struct Inserter {
    state: State,
    snapshot: ActiveSnapshot,
    sources: Vec<Source>,
    insert: BatchInsert,
    rows: Batch,
    /// As many rows as there are, without columns: what expressions are computed for.
    blank: Batch,
    /// The rows that the filter let pass, if not all did.
    kept: Option<Vec<u16>>,
}

impl Inserter {
    /// Checks privileges on the table, which is locked, and opens it.
    ///
    /// # Errors
    /// `XX000` for a plan of another shape; those of [`crate::Execution::start`].
    pub fn start(
        session: &Session<'_>,
        plan: Arc<Plan>,
        snapshot: ActiveSnapshot,
        options: Options,
    ) -> Result<Inserter> {
        prepare(session, &plan)?;
        let NodeKind::ModifyTable(modify) = &plan.root.kind else { return Err(shape()) };
        let sources = values(&modify.source)?.iter().map(|value| match &value.kind {
            ExprKind::Param(number) => Ok(Source::Param(*number)),
            // What makes a value fit its type's modifier the type's input has done.
            ExprKind::Call(call) if is_length_coercion(call, value) => match call.args[0].kind {
                ExprKind::Param(number) => Ok(Source::Param(number)),
                _ => compile(value).map(Source::Value),
            },
            _ => compile(value).map(Source::Value),
        });
        let sources = sources.collect::<Result<Vec<_>>>()?;
        let state = State::new(plan.clone(), options.params, options.work_mem);
        let none = Substitutes::new();
        let builder = Builder {
            session,
            snapshot: &snapshot,
            state: &state,
            instrument: false,
            substitutes: &none,
            limited: Default::default(),
        };
        let insert = BatchInsert::open(&builder, &modify.target)?;
        let rows = Batch::new(insert.reprs());
        Ok(Inserter { state, snapshot, sources, insert, rows, blank: Batch::default(), kept: None })
    }

    /// Inserts rows: one column for each parameter. With a filter (of one expression over the table's rows), only those for which it holds; how
    /// many these are.
    pub fn insert(
        &mut self,
        session: &Session<'_>,
        params: &mut Batch,
        filter: Option<&mut RowEvaluator>,
    ) -> Result<usize> {
        let mut run = Run { session, snapshot: &self.snapshot, state: &mut self.state };
        let len = params.len();
        self.rows.clear();
        for (to, source) in self.rows.columns.iter_mut().zip(&self.sources) {
            if let Source::Param(number) = source {
                std::mem::swap(to, &mut params.columns[*number]);
            }
        }
        self.blank.set_len(len);
        run.state.param_rows = Some(std::mem::take(params));
        let blank = &self.blank;
        let evaluated = self.rows.columns.iter_mut().zip(&mut self.sources).try_for_each(|(to, source)| {
            if let Source::Value(value) = source {
                // A dropped column's nulls have the form that it had.
                if value.ty().repr != to.repr() {
                    (0..len).for_each(|_| to.push_null());
                    return Ok(());
                }
                value.evaluate(blank, Rows::All(len), &mut run)?;
                copy(value.result(blank), Rows::All(len), len, to);
            }
            Ok(())
        });
        *params = run.state.param_rows.take().unwrap_or_default();
        evaluated?;
        self.rows.set_len(len);
        let (rows, insert) = (&mut self.rows, &mut self.insert);
        let inserted = keep(session, rows, filter).and_then(|kept| {
            self.kept = kept;
            match rows.len() {
                0 => Ok(0),
                count => insert.insert(rows, &mut run).map(|()| count),
            }
        });
        for (to, source) in self.rows.columns.iter_mut().zip(&self.sources) {
            if let Source::Param(number) = source {
                std::mem::swap(to, &mut params.columns[*number]);
            }
        }
        inserted
    }
}

impl Inserter {
    /// Behind an error: the position of the row that caused it among those that were given, if it is known, and whether an index refused it.
    pub fn failed(&self) -> Option<(usize, bool)> {
        let (row, by_index) = self.insert.failed?;
        let given = self.kept.as_ref().map_or(Some(row), |kept| kept.get(row).map(|&given| given as usize));
        given.map(|given| (given, by_index))
    }

    /// There are no more rows: triggers for the statement.
    pub fn finish(&mut self, session: &Session<'_>) -> Result<()> {
        let mut run = Run { session, snapshot: &self.snapshot, state: &mut self.state };
        self.insert.finish(&mut run)
    }
}

/// Leaves out rows for which a filter does not hold; which are left, if not all.
fn keep(session: &Session<'_>, rows: &mut Batch, filter: Option<&mut RowEvaluator>) -> Result<Option<Vec<u16>>> {
    let Some(filter) = filter else { return Ok(None) };
    filter.evaluate(session, rows)?;
    let holds = filter.column(0, rows);
    let kept: Vec<u16> =
        rows.rows().iter().filter(|&row| holds.get(row).as_bool() == Some(true)).map(|row| row as u16).collect();
    let count = kept.len();
    if count == rows.len() {
        return Ok(None);
    }
    for column in &mut rows.columns {
        let mut left = Column::new(column.repr());
        left.append(column, Rows::Some(&kept));
        *column = left;
    }
    rows.set_len(count);
    Ok(Some(kept))
}

/// Whether a call makes a value fit the modifier of its own type: `numeric(12,2)`.
fn is_length_coercion(call: &Call, value: &Expr) -> bool {
    let Some((first, others)) = call.args.split_first() else { return false };
    first.ty.oid == value.ty.oid && others.iter().all(|other| matches!(other.kind, ExprKind::Const(_)))
}

/// The expressions of the one row that the source of an INSERT … VALUES gives.
fn values(node: &Node) -> Result<&[Expr]> {
    match (&node.kind, &node.project) {
        (NodeKind::Result { input: None, .. }, Some(project)) => Ok(project),
        (NodeKind::Values { rows }, None) if rows.len() == 1 => Ok(&rows[0]),
        (NodeKind::SubqueryScan { input, .. }, None) => values(input),
        _ => Err(shape()),
    }
}

fn shape() -> Error {
    Error::internal("the plan of an INSERT of one row has another shape")
}
