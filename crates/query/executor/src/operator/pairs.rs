//! What joins have in common: pairs of an outer and an inner row, and the conditions on them.

use batch::{Batch, Column, Repr, Rows, Values};
use error::Result;
use planner::plan::{Expr, JoinType, Node};

use super::reprs;
use crate::expression::{Compiled, compile_all, filter};
use crate::run::Run;

/// What a kind of join gives.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kind {
    /// Matching pairs.
    pub pairs: bool,
    /// Outer rows without a match (with nulls beside them if it gives pairs).
    pub outer_unmatched: bool,
    /// Inner rows without a match.
    pub inner_unmatched: bool,
    /// Outer rows with a match, once.
    pub outer_matched: bool,
    /// Inner rows with a match, once.
    pub inner_matched: bool,
}

impl Kind {
    pub fn of(join: JoinType) -> Kind {
        let kind = |pairs, outer_unmatched, inner_unmatched, outer_matched, inner_matched| Kind {
            pairs,
            outer_unmatched,
            inner_unmatched,
            outer_matched,
            inner_matched,
        };
        match join {
            JoinType::Inner => kind(true, false, false, false, false),
            JoinType::Left => kind(true, true, false, false, false),
            JoinType::Right => kind(true, false, true, false, false),
            JoinType::Full => kind(true, true, true, false, false),
            JoinType::Semi => kind(false, false, false, true, false),
            JoinType::Anti => kind(false, true, false, false, false),
            JoinType::RightSemi => kind(false, false, false, false, true),
            JoinType::RightAnti => kind(false, false, true, false, false),
        }
    }

    /// Whether the raw columns hold the outer side's.
    pub fn shows_outer(self) -> bool {
        self.pairs || self.outer_matched || self.outer_unmatched
    }

    /// Whether the raw columns hold the inner side's.
    pub fn shows_inner(self) -> bool {
        self.pairs || self.inner_matched || self.inner_unmatched
    }

    /// The forms of the raw columns.
    pub fn raw(self, outer: &Node, inner: &Node) -> Vec<Repr> {
        let mut forms = Vec::new();
        if self.shows_outer() {
            forms.extend(reprs(&outer.output));
        }
        if self.shows_inner() {
            forms.extend(reprs(&inner.output));
        }
        forms
    }
}

/// Pairs of rows as a batch: outer columns, then inner columns; and the conditions on them.
pub(super) struct Pairs {
    pub batch: Batch,
    outer_columns: usize,
    condition: Vec<Compiled>,
}

impl Pairs {
    pub fn new(outer: &Node, inner: &Node, condition: &[Expr]) -> Result<Pairs> {
        let forms = reprs(&outer.output).into_iter().chain(reprs(&inner.output));
        Ok(Pairs { batch: Batch::new(forms), outer_columns: outer.output.len(), condition: compile_all(condition)? })
    }

    /// Whether every candidate is a match.
    pub fn is_unconditional(&self) -> bool {
        self.condition.is_empty()
    }

    /// Puts pairs together: outer positions of a batch, inner rows of columns.
    pub fn gather(&mut self, outer: &Batch, outer_rows: &[u16], inner: &[Column], inner_rows: &[u32]) {
        self.batch.clear();
        let (left, right) = self.batch.columns.split_at_mut(self.outer_columns);
        for (to, from) in left.iter_mut().zip(&outer.columns) {
            to.append(from, Rows::Some(outer_rows));
        }
        for (to, from) in right.iter_mut().zip(inner) {
            gather(to, from, inner_rows);
        }
        self.batch.set_len(outer_rows.len());
    }

    /// Puts one outer row beside each row of an inner batch.
    pub fn combine(&mut self, outer: &Batch, outer_row: usize, inner: &Batch) {
        self.batch.clear();
        let (left, right) = self.batch.columns.split_at_mut(self.outer_columns);
        for (to, from) in left.iter_mut().zip(&outer.columns) {
            to.push(from.get(outer_row));
            to.set_constant();
        }
        for (to, from) in right.iter_mut().zip(&inner.columns) {
            to.append(from, inner.rows());
        }
        self.batch.set_len(inner.row_count());
    }

    /// Drops the pairs that do not meet the conditions.
    pub fn filter(&mut self, run: &mut Run<'_>) -> Result<()> {
        filter(&mut self.condition, &mut self.batch, run)
    }
}

/// Adds the values that `from` has at these rows.
pub(super) fn gather(to: &mut Column, from: &Column, rows: &[u32]) {
    if !from.has_nulls() && !from.is_constant() && !to.has_nulls() {
        for_form(to, from, rows);
        return;
    }
    rows.iter().for_each(|&row| to.push(from.get(row as usize)));
}

fn for_form(to: &mut Column, from: &Column, rows: &[u32]) {
    let before = to.len();
    match from.values() {
        Values::B1(v) => {
            to.grow(rows.len());
            to.b1_mut()[before..].iter_mut().zip(rows).for_each(|(to, &row)| *to = v[row as usize]);
        }
        Values::B2(v) => {
            to.grow(rows.len());
            to.b2_mut()[before..].iter_mut().zip(rows).for_each(|(to, &row)| *to = v[row as usize]);
        }
        Values::B4(v) => {
            to.grow(rows.len());
            to.b4_mut()[before..].iter_mut().zip(rows).for_each(|(to, &row)| *to = v[row as usize]);
        }
        Values::B8(v) => {
            to.grow(rows.len());
            to.b8_mut()[before..].iter_mut().zip(rows).for_each(|(to, &row)| *to = v[row as usize]);
        }
        Values::Bytes(v) => {
            let to = to.bytes_mut();
            rows.iter().for_each(|&row| to.push(v.get(row as usize)));
        }
    }
}

/// Fills `out` with outer rows beside nulls (or alone, where the join shows no inner columns).
pub(super) fn outer_alone(out: &mut Batch, outer: &Batch, rows: &[u16]) {
    out.clear();
    for (n, to) in out.columns.iter_mut().enumerate() {
        match outer.columns.get(n) {
            Some(from) => to.append(from, Rows::Some(rows)),
            None => {
                to.push_null();
                to.set_constant();
            }
        }
    }
    out.set_len(rows.len());
}

/// Fills `out` with inner rows beside nulls (or alone, where the join shows no outer columns).
pub(super) fn inner_alone(out: &mut Batch, inner: &[Column], rows: &[u32]) {
    out.clear();
    let nulls = out.columns.len() - inner.len();
    for (n, to) in out.columns.iter_mut().enumerate() {
        if n < nulls {
            to.push_null();
            to.set_constant();
        } else {
            gather(to, &inner[n - nulls], rows);
        }
    }
    out.set_len(rows.len());
}
