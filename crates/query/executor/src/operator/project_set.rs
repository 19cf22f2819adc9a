//! Set-returning functions in a SELECT list.

use batch::{BATCH_ROWS, Batch, Column, DatumRef, Repr, Rows};
use error::{Error, Result};
use planner::plan::{ColumnType, ExprKind, SetItem};
use types::{Context, RowSource};

use super::{Operator, Stage};
use crate::expression::{Assembly, Compiled, compile, compile_all, evaluate_all};
use crate::run::Run;

enum Item {
    Value(Compiled),
    Set(Set),
}

/// A set-returning function and its current call.
struct Set {
    oid: ids::Oid,
    args: Vec<Compiled>,
    arg_types: Vec<ids::Oid>,
    collation: ids::Oid,
    result_type: ids::Oid,
    ty: ColumnType,
    strict: bool,
    source: Option<Box<dyn RowSource>>,
    /// How its columns become row values, if it gives rows.
    assembly: Option<Assembly>,
    rows: Column,
}

struct ProjectSet {
    input: Stage,
    items: Vec<Item>,
    batch: Batch,
    /// The input row whose sets are given, counting the selected ones; none before the first batch.
    at: Option<usize>,
    inside: bool,
}

pub(super) fn build(input: Stage, items: &[SetItem]) -> Result<(Box<dyn Operator>, Vec<Repr>)> {
    let mut forms = Vec::new();
    let items = items.iter().map(|item| match item {
        SetItem::Value(value) => {
            forms.push(value.ty.repr);
            Ok(Item::Value(compile(value)?))
        }
        SetItem::Set { call: set, row } => {
            forms.push(set.ty.repr);
            let ExprKind::Call(call) = &set.kind else {
                return Err(Error::not_implemented("set-returning expression"));
            };
            Ok(Item::Set(Set {
                oid: call.function,
                args: compile_all(&call.args)?,
                arg_types: call.args.iter().map(|arg| arg.ty.oid).collect(),
                collation: call.collation,
                result_type: set.ty.oid,
                ty: set.ty,
                strict: call.strict,
                source: None,
                assembly: row.as_ref().map(|shape| Assembly::new(set.ty.oid, shape)),
                rows: Column::new(set.ty.repr),
            }))
        }
    });
    let items = items.collect::<Result<_>>()?;
    let operator = ProjectSet { batch: input.batch(), input, items, at: None, inside: false };
    Ok((Box::new(operator), forms))
}

impl Set {
    fn start(&mut self, input: &Batch, row: usize, run: &Run<'_>) -> Result<()> {
        let args: Vec<DatumRef<'_>> = self.args.iter().map(|arg| arg.result(input).get(row)).collect();
        self.source = match self.strict && args.iter().any(|arg| arg.is_null()) {
            true => None,
            false => Some(run.session.row_source(self.oid, &args, &[self.ty], self.context(run), run.snapshot)?),
        };
        Ok(())
    }

    fn context<'a>(&'a self, run: &Run<'a>) -> Context<'a> {
        Context {
            env: run.env(),
            collation: self.collation,
            result_type: self.result_type,
            arg_types: &self.arg_types,
            variadic: false,
        }
    }

    fn fill(&mut self, most: usize, run: &Run<'_>) -> Result<usize> {
        self.rows.clear();
        let Some(mut source) = self.source.take() else { return Ok(0) };
        let mut rows = std::mem::replace(&mut self.rows, Column::new(Repr::B1));
        let mut assembly = self.assembly.take();
        let count = match &mut assembly {
            Some(assembly) => assembly.fill(&mut *source, most, self.context(run), &mut rows),
            None => source.next(std::slice::from_mut(&mut rows), most, self.context(run)),
        };
        self.assembly = assembly;
        self.rows = rows;
        let count = count?;
        if count == most {
            self.source = Some(source);
        }
        Ok(count)
    }
}

impl ProjectSet {
    fn advance(&mut self, run: &mut Run<'_>) -> Result<bool> {
        let next = self.at.map_or(0, |at| at + 1);
        if self.at.is_none() || next >= self.batch.row_count() {
            if !self.input.next(run, &mut self.batch)? {
                return Ok(false);
            }
            let rows = self.batch.rows();
            for item in &mut self.items {
                match item {
                    Item::Value(value) => value.evaluate(&self.batch, rows, run)?,
                    Item::Set(set) => evaluate_all(&mut set.args, &self.batch, rows, run)?,
                }
            }
            self.at = Some(0);
        } else {
            self.at = Some(next);
        }
        let row = self.batch.rows().position(self.at.unwrap_or(0));
        for item in &mut self.items {
            if let Item::Set(set) = item {
                set.start(&self.batch, row, run)?;
            }
        }
        self.inside = true;
        Ok(true)
    }
}

impl Operator for ProjectSet {
    fn next(&mut self, run: &mut Run<'_>, out: &mut Batch) -> Result<bool> {
        out.clear();
        let mut count = 0;
        while count < BATCH_ROWS {
            if !self.inside && !self.advance(run)? {
                break;
            }
            let room = BATCH_ROWS - count;
            let row = self.batch.rows().position(self.at.unwrap_or(0));
            let mut most = 0;
            for item in &mut self.items {
                if let Item::Set(set) = item {
                    most = most.max(set.fill(room, run)?);
                }
            }
            for (item, to) in self.items.iter_mut().zip(&mut out.columns) {
                match item {
                    Item::Value(value) => {
                        let value = value.result(&self.batch).get(row);
                        (0..most).for_each(|_| to.push(value));
                    }
                    Item::Set(set) => {
                        let found = set.rows.len();
                        to.append(&set.rows, Rows::All(found));
                        (found..most).for_each(|_| to.push_null());
                    }
                }
            }
            count += most;
            // A set that filled the room may have more rows; one that did not is through.
            self.inside = most == room;
        }
        out.set_len(count);
        Ok(count > 0)
    }

    fn rewind(&mut self, run: &mut Run<'_>) -> Result<()> {
        self.at = None;
        self.inside = false;
        self.input.rewind(run)
    }
}
