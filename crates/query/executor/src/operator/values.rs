//! VALUES.

use std::sync::Arc;

use batch::{BATCH_ROWS, Batch, Column, Repr, Rows};
use error::Result;
use planner::plan::Expr;

use super::Operator;
use crate::expression::{Compiled, compile_all};
use crate::run::Run;

/// VALUES of constants: the rows are in the plan, as columns.
struct Constants {
    rows: Arc<[Batch]>,
    at: usize,
}

pub(super) fn build_constants(rows: &Arc<[Batch]>) -> (Box<dyn Operator>, Vec<Repr>) {
    let forms = rows.first().map(|batch| batch.columns.iter().map(Column::repr).collect()).unwrap_or_default();
    (Box::new(Constants { rows: Arc::clone(rows), at: 0 }), forms)
}

impl Operator for Constants {
    fn next(&mut self, _: &mut Run<'_>, out: &mut Batch) -> Result<bool> {
        out.clear();
        let Some(rows) = self.rows.get(self.at) else { return Ok(false) };
        self.at += 1;
        for (from, to) in rows.columns.iter().zip(&mut out.columns) {
            to.append(from, rows.rows());
        }
        out.set_len(rows.len());
        Ok(true)
    }

    fn rewind(&mut self, _: &mut Run<'_>) -> Result<()> {
        self.at = 0;
        Ok(())
    }
}

struct Values {
    rows: Vec<Vec<Compiled>>,
    at: usize,
    empty: Batch,
}

pub(super) fn build(rows: &[Vec<Expr>]) -> Result<(Box<dyn Operator>, Vec<Repr>)> {
    let forms = rows.first().map(|row| row.iter().map(|value| value.ty.repr).collect()).unwrap_or_default();
    let rows = rows.iter().map(|row| compile_all(row)).collect::<Result<_>>()?;
    let mut empty = Batch::default();
    empty.set_len(1);
    Ok((Box::new(Values { rows, at: 0, empty }), forms))
}

impl Operator for Values {
    fn next(&mut self, run: &mut Run<'_>, out: &mut Batch) -> Result<bool> {
        out.clear();
        let end = (self.at + BATCH_ROWS).min(self.rows.len());
        let count = end - self.at;
        for row in &mut self.rows[self.at..end] {
            for (value, to) in row.iter_mut().zip(&mut out.columns) {
                value.evaluate(&self.empty, Rows::All(1), run)?;
                to.push(value.result(&self.empty).get(0));
            }
        }
        self.at = end;
        out.set_len(count);
        Ok(count > 0)
    }

    fn rewind(&mut self, _: &mut Run<'_>) -> Result<()> {
        self.at = 0;
        Ok(())
    }
}
