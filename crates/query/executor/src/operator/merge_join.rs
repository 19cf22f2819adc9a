//! Joins two inputs that are sorted by the same keys.
//!
//! Both sides are read row by row along their keys, compared as bytes. The inner rows of one key stay in memory while the
//! outer rows of that key pass by.

use batch::{BATCH_ROWS, Batch, ByteValues, Column, DatumRef, Repr, Rows};
use error::Result;
use planner::plan::{Expr, JoinType, Node, SortKey};
use std::cmp::Ordering;

use super::pairs::{Kind, Pairs};
use super::sort::{KeyColumns, key_columns};
use super::{Builder, Operator, Stage, reprs};
use crate::run::Run;

/// One side: its batch, the keys of that, and the row it stands on.
struct Side {
    stage: Stage,
    columns: KeyColumns,
    positions: Vec<usize>,
    batch: Batch,
    keys: ByteValues,
    at: usize,
    started: bool,
    done: bool,
}

impl Side {
    fn new(builder: &Builder<'_>, node: &Node, keys: Vec<SortKey>) -> Result<Side> {
        let stage = builder.stage(node)?;
        Ok(Side {
            columns: key_columns(&node.output, &keys),
            positions: keys.iter().map(|key| key.column).collect(),
            batch: stage.batch(),
            stage,
            keys: ByteValues::new(),
            at: 0,
            started: false,
            done: false,
        })
    }

    /// Makes sure that it stands on a row; false at the end.
    fn fill(&mut self, run: &mut Run<'_>) -> Result<bool> {
        while !self.done && (!self.started || self.at == self.batch.row_count()) {
            self.started = true;
            self.at = 0;
            self.done = !self.stage.next(run, &mut self.batch)?;
            self.columns.encode(&self.batch, self.batch.rows(), run, &mut self.keys)?;
        }
        Ok(!self.done)
    }

    fn key(&self) -> &[u8] {
        self.keys.get(self.at)
    }

    fn row(&self) -> usize {
        self.batch.rows().position(self.at)
    }

    /// A null in the key matches nothing.
    fn has_null(&self) -> bool {
        let row = self.row();
        self.positions.iter().any(|&position| self.batch.columns[position].is_null(row))
    }
}

struct MergeJoin {
    kind: Kind,
    outer: Side,
    inner: Side,
    pairs: Pairs,
    first_only: bool,
    /// The inner rows of the current key, and which of them matched.
    group: Batch,
    group_key: Option<Vec<u8>>,
    matched: Vec<bool>,
}

pub(super) fn build(
    builder: &Builder<'_>,
    join: JoinType,
    (outer, inner): (&Node, &Node),
    keys: &[(usize, usize, SortKey)],
    condition: &[Expr],
    inner_unique: bool,
) -> Result<(Box<dyn Operator>, Vec<Repr>)> {
    let kind = Kind::of(join);
    let of = |side: fn(&(usize, usize, SortKey)) -> usize| {
        keys.iter().map(|key| SortKey { column: side(key), ..key.2 }).collect::<Vec<_>>()
    };
    let operator = MergeJoin {
        kind,
        outer: Side::new(builder, outer, of(|key| key.0))?,
        inner: Side::new(builder, inner, of(|key| key.1))?,
        pairs: Pairs::new(outer, inner, condition)?,
        first_only: inner_unique || !kind.pairs,
        group: Batch::new(reprs(&inner.output)),
        group_key: None,
        matched: Vec::new(),
    };
    Ok((Box::new(operator), kind.raw(outer, inner)))
}

impl MergeJoin {
    /// Adds a row: an outer one, an inner one, or both, with nulls for the side that is not there.
    fn push(&self, out: &mut Batch, outer: Option<usize>, inner: Option<(&[Column], usize)>) {
        let mut to = out.columns.iter_mut();
        if self.kind.shows_outer() {
            for (from, to) in self.outer.batch.columns.iter().zip(to.by_ref()) {
                to.push(outer.map_or(DatumRef::Null, |row| from.get(row)));
            }
        }
        if self.kind.shows_inner() {
            for (n, to) in to.enumerate() {
                to.push(inner.map_or(DatumRef::Null, |(columns, row)| columns[n].get(row)));
            }
        }
    }

    /// Gathers the inner rows of the key on which the inner side stands.
    fn gather(&mut self, run: &mut Run<'_>) -> Result<()> {
        let key = self.inner.key().to_vec();
        self.group.clear();
        let mut count = 0;
        while self.inner.fill(run)? && self.inner.key() == key.as_slice() {
            let row = self.inner.row();
            for (to, from) in self.group.columns.iter_mut().zip(&self.inner.batch.columns) {
                to.push(from.get(row));
            }
            count += 1;
            self.inner.at += 1;
        }
        // A group may have more rows than a batch; its columns are only read by position.
        self.matched.clear();
        self.matched.resize(count, false);
        self.group_key = Some(key);
        Ok(())
    }

    /// Lets the current group go: its rows without (or with) a match, where the join gives these alone.
    fn leave(&mut self, out: &mut Batch) -> usize {
        if self.group_key.take().is_none() {
            return 0;
        }
        let wanted = [self.kind.inner_unmatched, self.kind.inner_matched];
        let mut count = 0;
        for row in 0..self.matched.len() {
            if wanted[self.matched[row] as usize] {
                self.push(out, None, Some((&self.group.columns, row)));
                count += 1;
            }
        }
        count
    }

    /// Joins the outer row with the current group.
    fn join(&mut self, out: &mut Batch, run: &mut Run<'_>) -> Result<usize> {
        let (row, mut count, mut found) = (self.outer.row(), 0, false);
        for from in (0..self.matched.len()).step_by(BATCH_ROWS) {
            let end = (from + BATCH_ROWS).min(self.matched.len());
            let rows: Vec<u32> = (from..end).map(|row| row as u32).collect();
            let outer_rows = vec![row as u16; rows.len()];
            self.pairs.gather(&self.outer.batch, &outer_rows, &self.group.columns, &rows);
            self.pairs.filter(run)?;
            for pair in self.pairs.batch.rows().iter() {
                self.matched[from + pair] = true;
                found = true;
                if self.kind.pairs {
                    for (to, column) in out.columns.iter_mut().zip(&self.pairs.batch.columns) {
                        to.append(column, Rows::Some(&[pair as u16]));
                    }
                    count += 1;
                }
                if self.first_only && (self.kind.pairs || !self.kind.shows_inner()) {
                    break;
                }
            }
            if found && self.first_only && !self.kind.inner_matched {
                break;
            }
        }
        if if found { self.kind.outer_matched } else { self.kind.outer_unmatched } {
            self.push(out, Some(row), None);
            count += 1;
        }
        Ok(count)
    }
}

impl Operator for MergeJoin {
    fn next(&mut self, run: &mut Run<'_>, out: &mut Batch) -> Result<bool> {
        out.clear();
        let mut count = 0;
        while count < BATCH_ROWS / 2 {
            let outer = self.outer.fill(run)?;
            if let Some(key) = &self.group_key {
                if outer && self.outer.key() == key.as_slice() {
                    count += self.join(out, run)?;
                    self.outer.at += 1;
                } else {
                    count += self.leave(out);
                }
                continue;
            }
            let inner = self.inner.fill(run)?;
            let order = match (outer, inner) {
                (false, false) => break,
                (true, false) => Ordering::Less,
                (false, true) => Ordering::Greater,
                (true, true) if self.outer.has_null() => Ordering::Less,
                (true, true) if self.inner.has_null() => Ordering::Greater,
                (true, true) => self.outer.key().cmp(self.inner.key()),
            };
            match order {
                Ordering::Less if !inner && !self.kind.outer_unmatched => {
                    // Nothing can match any more.
                    self.outer.done = true;
                }
                Ordering::Less => {
                    if self.kind.outer_unmatched {
                        self.push(out, Some(self.outer.row()), None);
                        count += 1;
                    }
                    self.outer.at += 1;
                }
                Ordering::Greater if !outer && !self.kind.inner_unmatched => self.inner.done = true,
                Ordering::Greater => {
                    if self.kind.inner_unmatched {
                        self.push(out, None, Some((&self.inner.batch.columns, self.inner.row())));
                        count += 1;
                    }
                    self.inner.at += 1;
                }
                Ordering::Equal => self.gather(run)?,
            }
        }
        out.set_len(count);
        Ok(count > 0)
    }

    fn rewind(&mut self, run: &mut Run<'_>) -> Result<()> {
        self.group_key = None;
        for side in [&mut self.outer, &mut self.inner] {
            (side.at, side.started, side.done) = (0, false, false);
            side.stage.rewind(run)?;
        }
        Ok(())
    }
}
