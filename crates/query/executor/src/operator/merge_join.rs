//! Joins two inputs that are sorted by the same keys.
//!
//! Both sides are read row by row along their keys, compared as bytes. The inner rows of one key are stored (in a file, if they
//! are many) while the outer rows of that key pass by. Rows are given in the order of the outer side, and for each of its rows in
//! that of the inner side; a join stops in the middle of a row's pairs when the batch is full.

use batch::{BATCH_ROWS, Batch, ByteValues, DatumRef, Repr, Rows};
use error::{Error, Result};
use planner::plan::{Expr, JoinType, Node, SortKey};
use std::cmp::Ordering;

use super::pairs::{Kind, Pairs, gather};
use super::sort::{KeyColumns, key_columns};
use super::{Builder, Operator, Stage, reprs};
use crate::run::Run;
use crate::store::rows::RowStore;

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

/// What the join is doing.
#[derive(Clone, Copy)]
enum Step {
    /// Looking for the next key that both sides have.
    Search,
    /// Pairing the outer row with the group, from this row of this batch of it on.
    Pair { batch: usize, from: usize, found: bool },
    /// Between two outer rows of the group's key.
    Next,
    /// Giving rows of the group alone, those with or those without a match, from this one on.
    Leave { from: usize },
}

struct MergeJoin {
    kind: Kind,
    outer: Side,
    inner: Side,
    pairs: Pairs,
    /// One match of an outer row is enough.
    first_only: bool,
    step: Step,
    /// The inner rows of the current key, that key, and which of the rows matched, if that counts.
    group: RowStore,
    key: Vec<u8>,
    matched: Vec<bool>,
    /// The batch of the group that was read from its file last.
    read: Batch,
    read_at: Option<usize>,
    /// Positions, kept for their memory.
    outer_rows: Vec<u16>,
    inner_rows: Vec<u32>,
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
    let group = builder.row_store(reprs(&inner.output));
    let operator = MergeJoin {
        kind,
        outer: Side::new(builder, outer, of(|key| key.0))?,
        inner: Side::new(builder, inner, of(|key| key.1))?,
        pairs: Pairs::new(outer, inner, condition)?,
        first_only: inner_unique || !kind.shows_inner(),
        step: Step::Search,
        read: group.batch(),
        read_at: None,
        group,
        key: Vec::new(),
        matched: Vec::new(),
        outer_rows: Vec::new(),
        inner_rows: Vec::new(),
    };
    Ok((Box::new(operator), kind.raw(outer, inner)))
}

/// A batch of the group: in memory, or read from its file into `read`.
fn batch_of<'a>(
    group: &'a mut RowStore,
    read: &'a mut Batch,
    read_at: &mut Option<usize>,
    batch: usize,
) -> Result<&'a Batch> {
    if group.in_memory(batch).is_none() {
        if *read_at != Some(batch) {
            group.read(batch, read)?;
            *read_at = Some(batch);
        }
        return Ok(read);
    }
    group.in_memory(batch).ok_or_else(|| Error::internal("a row store lost a batch"))
}

impl MergeJoin {
    /// Whether it matters which rows of the group matched.
    fn marks(&self) -> bool {
        self.kind.inner_matched || self.kind.inner_unmatched
    }

    /// Adds a row of one side, with nulls for the other one if that is shown.
    fn push(kind: Kind, out: &mut Batch, outer: Option<(&Batch, usize)>, inner: Option<(&Batch, usize)>, width: usize) {
        let mut to = out.columns.iter_mut();
        if kind.shows_outer() {
            for (n, to) in to.by_ref().take(width).enumerate() {
                to.push(outer.map_or(DatumRef::Null, |(batch, row)| batch.columns[n].get(row)));
            }
        }
        if kind.shows_inner() {
            for (n, to) in to.enumerate() {
                to.push(inner.map_or(DatumRef::Null, |(batch, row)| batch.columns[n].get(row)));
            }
        }
    }

    fn push_outer(&self, out: &mut Batch) {
        let row = (&self.outer.batch, self.outer.row());
        MergeJoin::push(self.kind, out, Some(row), None, self.outer.batch.columns.len());
    }

    /// Gathers the inner rows of the key on which the inner side stands.
    fn gather(&mut self, run: &mut Run<'_>) -> Result<()> {
        self.key.clear();
        self.key.extend_from_slice(self.inner.key());
        self.group.clear();
        self.read_at = None;
        while self.inner.fill(run)? && self.inner.key() == self.key.as_slice() {
            let rows = self.inner.batch.row_count();
            self.outer_rows.clear();
            while self.inner.at < rows && self.inner.key() == self.key.as_slice() {
                self.outer_rows.push(self.inner.row() as u16);
                self.inner.at += 1;
            }
            self.group.append_rows(&self.inner.batch, Rows::Some(&self.outer_rows))?;
        }
        self.matched.clear();
        if self.marks() {
            self.matched.resize(self.group.len() as usize, false);
        }
        Ok(())
    }

    /// Pairs the outer row with rows of the group: as many as there is room for. Gives how many pairs it added, and the next step.
    fn pair(
        &mut self,
        (batch, from, mut found): (usize, usize, bool),
        room: usize,
        out: &mut Batch,
        run: &mut Run<'_>,
    ) -> Result<(usize, Step)> {
        let marks = self.marks();
        let rows = batch_of(&mut self.group, &mut self.read, &mut self.read_at, batch)?;
        let len = rows.len();
        // Without conditions the first candidate matches.
        let most = if self.first_only && self.pairs.is_unconditional() { 1 } else { room };
        let end = len.min(from + most);
        let row = self.outer.row() as u16;
        self.outer_rows.clear();
        self.outer_rows.resize(end - from, row);
        self.inner_rows.clear();
        self.inner_rows.extend(from as u32..end as u32);
        let mut count = 0;
        if self.pairs.is_unconditional() && !marks {
            found = true;
            if self.kind.pairs {
                let (left, right) = out.columns.split_at_mut(self.outer.batch.columns.len());
                for (to, from) in left.iter_mut().zip(&self.outer.batch.columns) {
                    to.append(from, Rows::Some(&self.outer_rows));
                }
                for (to, from) in right.iter_mut().zip(&rows.columns) {
                    gather(to, from, &self.inner_rows);
                }
                count = end - from;
            }
        } else {
            self.pairs.gather(&self.outer.batch, &self.outer_rows, &rows.columns, &self.inner_rows);
            self.pairs.filter(run)?;
            let matches = self.pairs.batch.rows();
            let wanted = if self.first_only { matches.len().min(1) } else { matches.len() };
            found |= wanted > 0;
            if marks {
                let first = batch * BATCH_ROWS + from;
                matches.iter().take(wanted).for_each(|pair| self.matched[first + pair] = true);
            }
            if self.kind.pairs {
                self.outer_rows.clear();
                self.outer_rows.extend(matches.iter().take(wanted).map(|pair| pair as u16));
                for (to, from) in out.columns.iter_mut().zip(&self.pairs.batch.columns) {
                    to.append(from, Rows::Some(&self.outer_rows));
                }
                count = wanted;
            }
        }
        let next = match () {
            _ if found && self.first_only => Step::Next,
            _ if end < len => Step::Pair { batch, from: end, found },
            _ if batch + 1 < self.group.batches() => Step::Pair { batch: batch + 1, from: 0, found },
            _ => Step::Next,
        };
        if matches!(next, Step::Next) {
            // There is room: either nothing was found, or the join gives no pairs.
            if if found { self.kind.outer_matched } else { self.kind.outer_unmatched } {
                self.push_outer(out);
                count += 1;
            }
            self.outer.at += 1;
        }
        Ok((count, next))
    }

    /// Gives rows of the group alone, as many as there is room for.
    fn leave(&mut self, from: usize, room: usize, out: &mut Batch) -> Result<(usize, Step)> {
        let width = self.outer.batch.columns.len();
        let wanted = [self.kind.inner_unmatched, self.kind.inner_matched];
        let mut count = 0;
        for row in from..self.matched.len() {
            if !wanted[self.matched[row] as usize] {
                continue;
            }
            if count == room {
                return Ok((count, Step::Leave { from: row }));
            }
            let rows = batch_of(&mut self.group, &mut self.read, &mut self.read_at, row / BATCH_ROWS)?;
            MergeJoin::push(self.kind, out, None, Some((rows, row % BATCH_ROWS)), width);
            count += 1;
        }
        Ok((count, Step::Search))
    }

    /// Compares the keys on which both sides stand, and moves the lower one on. Gives how many rows it added, and the next step; none at
    /// the end.
    fn search(&mut self, out: &mut Batch, run: &mut Run<'_>) -> Result<Option<(usize, Step)>> {
        let (outer, inner) = (self.outer.fill(run)?, self.inner.fill(run)?);
        let order = match (outer, inner) {
            (false, false) => return Ok(None),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            (true, true) if self.outer.has_null() => Ordering::Less,
            (true, true) if self.inner.has_null() => Ordering::Greater,
            (true, true) => self.outer.key().cmp(self.inner.key()),
        };
        match order {
            // Nothing can match any more.
            Ordering::Less if !inner && !self.kind.outer_unmatched => self.outer.done = true,
            Ordering::Greater if !outer && !self.kind.inner_unmatched => self.inner.done = true,
            Ordering::Less => {
                if self.kind.outer_unmatched {
                    self.push_outer(out);
                }
                self.outer.at += 1;
                return Ok(Some((self.kind.outer_unmatched as usize, Step::Search)));
            }
            Ordering::Greater => {
                if self.kind.inner_unmatched {
                    let row = (&self.inner.batch, self.inner.row());
                    MergeJoin::push(self.kind, out, None, Some(row), self.outer.batch.columns.len());
                }
                self.inner.at += 1;
                return Ok(Some((self.kind.inner_unmatched as usize, Step::Search)));
            }
            Ordering::Equal => {
                self.gather(run)?;
                return Ok(Some((0, Step::Pair { batch: 0, from: 0, found: false })));
            }
        }
        Ok(Some((0, Step::Search)))
    }
}

impl Operator for MergeJoin {
    fn next(&mut self, run: &mut Run<'_>, out: &mut Batch) -> Result<bool> {
        out.clear();
        let mut count = 0;
        while count < BATCH_ROWS {
            let room = BATCH_ROWS - count;
            let (added, next) = match self.step {
                Step::Search => match self.search(out, run)? {
                    Some(step) => step,
                    None => break,
                },
                Step::Pair { batch, from, found } => self.pair((batch, from, found), room, out, run)?,
                Step::Next if self.outer.fill(run)? && self.outer.key() == self.key.as_slice() => {
                    (0, Step::Pair { batch: 0, from: 0, found: false })
                }
                Step::Next => (0, Step::Leave { from: 0 }),
                Step::Leave { from } => self.leave(from, room, out)?,
            };
            count += added;
            self.step = next;
        }
        out.set_len(count);
        Ok(count > 0)
    }

    fn rewind(&mut self, run: &mut Run<'_>) -> Result<()> {
        self.step = Step::Search;
        for side in [&mut self.outer, &mut self.inner] {
            (side.at, side.started, side.done) = (0, false, false);
            side.stage.rewind(run)?;
        }
        Ok(())
    }
}
