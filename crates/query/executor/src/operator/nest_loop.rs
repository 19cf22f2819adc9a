//! For each outer row the inner side, anew.
//!
//! Rows come out in the order of the outer side, and for each of its rows in that of the inner side. Pairs gather in a
//! batch until it is full, so that an inner side of a row or two does not make batches as small.

use batch::{BATCH_ROWS, Batch, Repr};
use error::Result;
use planner::plan::{Expr, JoinType, Node};

use super::pairs::{Kind, Pairs};
use super::{Builder, Operator, Stage};
use crate::expression::{Compiled, compile};
use crate::run::Run;

struct NestLoop {
    kind: Kind,
    outer: Stage,
    inner: Stage,
    params: Vec<(u32, Compiled)>,
    pairs: Pairs,
    first_only: bool,
    outer_batch: Batch,
    inner_batch: Batch,
    /// The row of the outer batch that is joined, counting the selected ones; none before the first batch.
    at: Option<usize>,
    /// Whether the inner side is in the middle of that row.
    inside: bool,
    matched: bool,
    inner_used: bool,
    done: bool,
}

pub(super) fn build(
    builder: &Builder<'_>,
    join: JoinType,
    (outer, inner): (&Node, &Node),
    params: &[(u32, Expr)],
    condition: &[Expr],
    inner_unique: bool,
) -> Result<(Box<dyn Operator>, Vec<Repr>)> {
    let kind = Kind::of(join);
    let raw = kind.raw(outer, inner);
    let (outer_stage, inner_stage) = (builder.stage(outer)?, builder.stage(inner)?);
    let params = params.iter().map(|(slot, value)| Ok((*slot, compile(value)?))).collect::<Result<_>>()?;
    let operator = NestLoop {
        kind,
        params,
        pairs: Pairs::new(outer, inner, condition)?,
        first_only: inner_unique || !kind.pairs,
        outer_batch: outer_stage.batch(),
        inner_batch: inner_stage.batch(),
        outer: outer_stage,
        inner: inner_stage,
        at: None,
        inside: false,
        matched: false,
        inner_used: false,
        done: false,
    };
    Ok((Box::new(operator), raw))
}

impl NestLoop {
    /// Goes to the next outer row; false at the end.
    fn advance(&mut self, run: &mut Run<'_>) -> Result<bool> {
        let next = self.at.map_or(0, |at| at + 1);
        if self.at.is_none() || next >= self.outer_batch.row_count() {
            if !self.outer.next(run, &mut self.outer_batch)? {
                return Ok(false);
            }
            for (_, value) in &mut self.params {
                value.evaluate(&self.outer_batch, self.outer_batch.rows(), run)?;
            }
            self.at = Some(0);
        } else {
            self.at = Some(next);
        }
        let row = self.outer_batch.rows().position(self.at.unwrap_or(0));
        for (slot, value) in &self.params {
            run.state.set_slot(*slot, value.result(&self.outer_batch).datum(row));
        }
        if std::mem::replace(&mut self.inner_used, true) {
            self.inner.rewind(run)?;
        }
        self.matched = false;
        self.inside = true;
        Ok(true)
    }

    /// Adds the outer row alone.
    fn push_outer(&self, row: usize, out: &mut Batch) {
        for (n, to) in out.columns.iter_mut().enumerate() {
            match self.outer_batch.columns.get(n) {
                Some(from) => to.push(from.get(row)),
                None => to.push_null(),
            }
        }
    }
}

impl Operator for NestLoop {
    fn next(&mut self, run: &mut Run<'_>, out: &mut Batch) -> Result<bool> {
        out.clear();
        let mut count = 0;
        while !self.done && count < BATCH_ROWS / 2 {
            if !self.inside && !self.advance(run)? {
                self.done = true;
                break;
            }
            let row = self.outer_batch.rows().position(self.at.unwrap_or(0));
            if self.inner.next(run, &mut self.inner_batch)? {
                self.pairs.combine(&self.outer_batch, row, &self.inner_batch);
                self.pairs.filter(run)?;
                let found = self.pairs.batch.row_count();
                if found == 0 {
                    continue;
                }
                self.matched = true;
                if self.kind.pairs {
                    let positions: Vec<u16>;
                    let mut rows = self.pairs.batch.rows();
                    if self.first_only {
                        positions = vec![rows.position(0) as u16];
                        rows = batch::Rows::Some(&positions);
                    }
                    for (to, from) in out.columns.iter_mut().zip(&self.pairs.batch.columns) {
                        to.append(from, rows);
                    }
                    count += rows.len();
                }
                if !self.first_only {
                    continue;
                }
            }
            // The outer row is through: it met its first match, or the inner side's end.
            self.inside = false;
            let alone = if self.matched { self.kind.outer_matched } else { self.kind.outer_unmatched };
            if alone {
                self.push_outer(row, out);
                count += 1;
            }
        }
        out.set_len(count);
        Ok(count > 0)
    }

    fn rewind(&mut self, run: &mut Run<'_>) -> Result<()> {
        (self.at, self.inside, self.done) = (None, false, false);
        self.outer.rewind(run)
    }
}
