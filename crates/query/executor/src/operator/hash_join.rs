//! Joins by hashing the inner side.
//!
//! The inner rows stand in columns; a [`KeyTable`] numbers their distinct keys, and rows of the same key form a chain. For a
//! batch of outer rows the matching pairs are put together as a batch, on which further conditions are evaluated.
//!
//! If the inner rows outgrow their memory, both sides are cut into partitions by the upper bits of their keys' hashes, in
//! temporary files, and joined partition by partition (the GRACE join; Kitsuregawa, Tanaka and Moto-oka, 1983). A
//! partition that is still too large is cut again by other bits, a few times at most: rows of one key cannot be parted.

use std::collections::VecDeque;

use batch::{BATCH_ROWS, Batch, Bitmap, Column, Repr, Rows};
use error::Result;
use planner::explain::Work;
use planner::plan::{Expr, HashKey, JoinType, Node};

use super::grouping::GroupColumns;
use super::pairs::{Kind, Pairs, inner_alone, outer_alone};
use super::{Builder, Operator, Stage, reprs};
use crate::expression::{Compiled, compile, evaluate_all};
use crate::run::Run;
use crate::store::keys::{KeyTable, Keys, NO_KEY};
use crate::store::rows::RowStore;

const NO_ROW: u32 = u32::MAX;
const PARTITION_BITS: u32 = 5;
const MAX_DEPTH: u32 = 4;

/// One side's key: the expressions, their values in a batch of their own, and how these become keys.
struct Side {
    expressions: Vec<Compiled>,
    values: Batch,
    columns: GroupColumns,
    keys: Keys,
}

impl Side {
    fn new(expressions: Vec<Compiled>, collations: Vec<ids::Oid>, fixed: bool) -> Side {
        let types: Vec<_> = expressions.iter().map(Compiled::ty).collect();
        let columns = GroupColumns::of((0..types.len()).collect(), &types, collations);
        Side {
            values: Batch::new(types.iter().map(|ty| ty.repr)),
            expressions,
            columns: if fixed { columns } else { columns.with_byte_keys() },
            keys: Keys::default(),
        }
    }

    /// Computes the keys of a batch's rows.
    fn compute(&mut self, batch: &Batch, run: &mut Run<'_>) -> Result<()> {
        let rows = batch.rows();
        evaluate_all(&mut self.expressions, batch, rows, run)?;
        self.values.clear();
        for (to, expression) in self.values.columns.iter_mut().zip(&self.expressions) {
            let from = expression.result(batch);
            to.append(from, rows);
        }
        self.values.set_len(rows.len());
        self.columns.keys(&self.values, Rows::All(rows.len()), run, &mut self.keys)
    }
}

/// The hashed inner rows.
#[derive(Default)]
struct Table {
    keys: KeyTable,
    columns: Vec<Column>,
    /// The hash of each row's key, for cutting into partitions.
    hashes: Vec<u64>,
    /// First row of each key.
    first: Vec<u32>,
    /// Last row of each key, where the chain grows: rows of a key stay in order.
    last: Vec<u32>,
    /// Next row of the same key.
    next: Vec<u32>,
    matched: Bitmap,
}

impl Table {
    fn clear(&mut self) {
        self.keys.clear();
        self.columns.iter_mut().for_each(Column::clear);
        self.hashes.clear();
        self.first.clear();
        self.last.clear();
        self.next.clear();
        self.matched.clear();
    }

    fn memory(&self) -> usize {
        self.keys.memory() + self.columns.iter().map(Column::memory).sum::<usize>() + self.next.capacity() * 24
    }

    /// Adds rows; those with a null in their key only if `keep_nulls`.
    fn add(&mut self, batch: &Batch, keys: &Keys, keep_nulls: bool) {
        for (k, row) in batch.rows().iter().enumerate() {
            let null = keys.has_null(k);
            if null && !keep_nulls {
                continue;
            }
            let number = self.next.len() as u32;
            for (to, from) in self.columns.iter_mut().zip(&batch.columns) {
                to.push(from.get(row));
            }
            self.hashes.push(keys.hash(k));
            self.next.push(NO_ROW);
            self.matched.push(false);
            if null {
                continue;
            }
            let key = self.keys.find_or_insert(keys, k, true) as usize;
            if key == self.first.len() {
                self.first.push(number);
                self.last.push(number);
            } else {
                self.next[self.last[key] as usize] = number;
                self.last[key] = number;
            }
        }
    }
}

/// Where the outer rows come from.
enum Outer {
    /// The outer side itself.
    Stage,
    /// A partition of it, and the next batch in there.
    Store(RowStore, usize),
}

/// Both sides' rows of one partition, to be joined later.
struct Partition {
    inner: RowStore,
    outer: RowStore,
    depth: u32,
}

enum State {
    /// The inner side is not hashed yet.
    Start,
    /// Outer rows are looked up.
    Probe,
    /// All outer rows were looked up; the next inner row to give alone.
    Inner(usize),
    Done,
}

struct HashJoin {
    kind: Kind,
    outer: Stage,
    inner: Stage,
    outer_side: Side,
    inner_side: Side,
    pairs: Pairs,
    first_only: bool,
    table: Table,
    outer_from: Outer,
    outer_batch: Batch,
    /// Next outer row to look up, counting the selected ones; its next candidate.
    at: usize,
    candidate: u32,
    outer_matched: Vec<bool>,
    outer_rows: Vec<u16>,
    outer_numbers: Vec<u32>,
    inner_rows: Vec<u32>,
    partitions: VecDeque<Partition>,
    state: State,
    inner_forms: Vec<Repr>,
    outer_forms: Vec<Repr>,
    /// The most places and bytes of the table at a time.
    most: [u64; 2],
    /// Parts that both sides were cut into.
    parts: u64,
}

pub(super) fn build(
    builder: &Builder<'_>,
    join: JoinType,
    (outer, inner): (&Node, &Node),
    keys: &[HashKey],
    condition: &[Expr],
    inner_unique: bool,
) -> Result<(Box<dyn Operator>, Vec<Repr>)> {
    let kind = Kind::of(join);
    let raw = kind.raw(outer, inner);
    let collations: Vec<_> = keys.iter().map(|key| key.collation).collect();
    let sides = |side: fn(&HashKey) -> &Expr| keys.iter().map(|key| compile(side(key))).collect::<Result<Vec<_>>>();
    let (outer_keys, inner_keys) = (sides(|key| &key.outer)?, sides(|key| &key.inner)?);
    // Bits can be compared only where both sides have them in the same form.
    let fixed = keys.iter().all(|key| key.outer.ty.oid == key.inner.ty.oid);
    let (outer_stage, inner_stage) = (builder.stage(outer)?, builder.stage(inner)?);
    let pairs = Pairs::new(outer, inner, condition)?;
    let operator = HashJoin {
        kind,
        outer_side: Side::new(outer_keys, collations.clone(), fixed),
        inner_side: Side::new(inner_keys, collations, fixed),
        first_only: inner_unique || (!kind.pairs && !kind.shows_inner() && pairs.is_unconditional()),
        pairs,
        table: Table::default(),
        outer_from: Outer::Stage,
        outer_batch: outer_stage.batch(),
        outer: outer_stage,
        inner: inner_stage,
        at: 0,
        candidate: NO_ROW,
        outer_matched: Vec::new(),
        outer_rows: Vec::new(),
        outer_numbers: Vec::new(),
        inner_rows: Vec::new(),
        partitions: VecDeque::new(),
        state: State::Start,
        most: [0; 2],
        parts: 0,
        inner_forms: reprs(&inner.output),
        outer_forms: reprs(&outer.output),
    };
    Ok((Box::new(operator), raw))
}

fn partition_of(hash: u64, depth: u32) -> usize {
    (hash >> (64 - PARTITION_BITS * (depth + 1)) & ((1 << PARTITION_BITS) - 1)) as usize
}

/// Adds rows to the partitions that their hashes choose.
fn distribute(
    batch: &Batch,
    hash: impl Fn(usize) -> u64,
    depth: u32,
    store: &mut [Partition],
    side: fn(&mut Partition) -> &mut RowStore,
) -> Result<()> {
    let mut positions: Vec<Vec<u16>> = vec![Vec::new(); store.len()];
    for (k, row) in batch.rows().iter().enumerate() {
        positions[partition_of(hash(k), depth)].push(row as u16);
    }
    for (partition, positions) in store.iter_mut().zip(&positions).filter(|(_, positions)| !positions.is_empty()) {
        side(partition).append_rows(batch, Rows::Some(positions))?;
    }
    Ok(())
}

impl HashJoin {
    fn limit(run: &Run<'_>) -> usize {
        run.state.work_mem.saturating_mul(2)
    }

    /// Whether the join is empty as soon as the inner side is.
    fn needs_inner(&self) -> bool {
        !self.kind.outer_unmatched
    }

    /// Hashes the inner side; cuts both sides into partitions if it is too large.
    fn start(&mut self, run: &mut Run<'_>) -> Result<()> {
        self.outer_from = Outer::Stage;
        let wanted = std::mem::replace(&mut run.state.wanted, usize::MAX);
        self.hash_inner(None, 0, run)?;
        run.state.wanted = wanted;
        Ok(())
    }

    /// Hashes inner rows: of a partition, or of the inner side itself.
    fn hash_inner(&mut self, mut from: Option<&mut RowStore>, depth: u32, run: &mut Run<'_>) -> Result<()> {
        self.table.clear();
        // A table that was cut into partitions keeps no memory, or each of them would seem to be too large, too.
        if self.table.memory() > Self::limit(run) / 2 {
            self.table = Table::default();
        }
        if self.table.columns.is_empty() {
            self.table.columns = self.inner_forms.iter().map(|&form| Column::new(form)).collect();
        }
        let (mut batch, mut number) = (self.inner.batch(), 0);
        let mut parts: Option<Vec<Partition>> = None;
        loop {
            let more = match &mut from {
                None => self.inner.next(run, &mut batch)?,
                Some(store) if number == store.batches() => false,
                Some(store) => {
                    store.read(number, &mut batch)?;
                    number += 1;
                    true
                }
            };
            if !more {
                break;
            }
            self.inner_side.compute(&batch, run)?;
            match &mut parts {
                Some(parts) => {
                    let keys = &self.inner_side.keys;
                    distribute(&batch, |k| keys.hash(k), depth, parts, |partition| &mut partition.inner)?;
                }
                None => {
                    self.table.add(&batch, &self.inner_side.keys, self.kind.inner_unmatched);
                    if self.table.memory() > Self::limit(run) && depth < MAX_DEPTH {
                        parts = Some(self.cut_table(depth, run)?);
                    }
                }
            }
        }
        self.note_table();
        if let Some(parts) = parts {
            self.table = Table::default();
            self.table.columns = self.inner_forms.iter().map(|&form| Column::new(form)).collect();
            self.cut_outer(parts, depth, run)?;
        }
        Ok(())
    }

    /// Moves what was hashed so far into partitions.
    fn cut_table(&mut self, depth: u32, run: &Run<'_>) -> Result<Vec<Partition>> {
        let mut parts: Vec<Partition> = (0..1 << PARTITION_BITS)
            .map(|_| {
                let space = run.session.temporary_space();
                let store = |forms: &Vec<Repr>| RowStore::new(forms.clone(), 0, space.clone());
                Partition { inner: store(&self.inner_forms), outer: store(&self.outer_forms), depth: depth + 1 }
            })
            .collect();
        let mut batch = self.inner.batch();
        for from in (0..self.table.next.len()).step_by(BATCH_ROWS) {
            let rows: Vec<u32> = (from..(from + BATCH_ROWS).min(self.table.next.len())).map(|row| row as u32).collect();
            inner_alone(&mut batch, &self.table.columns, &rows);
            let hashes = &self.table.hashes[from..];
            distribute(&batch, |k| hashes[k], depth, &mut parts, |partition| &mut partition.inner)?;
        }
        Ok(parts)
    }

    /// Cuts the outer rows that belong to the table into the same partitions, to be joined one after the other.
    fn cut_outer(&mut self, mut parts: Vec<Partition>, depth: u32, run: &mut Run<'_>) -> Result<()> {
        while self.next_outer(run)? {
            self.outer_side.compute(&self.outer_batch, run)?;
            let keys = &self.outer_side.keys;
            distribute(&self.outer_batch, |k| keys.hash(k), depth, &mut parts, |partition| &mut partition.outer)?;
        }
        for part in &mut parts {
            part.inner.rest()?;
            part.outer.rest()?;
        }
        self.parts += parts.len() as u64;
        self.partitions.extend(parts);
        self.outer_from = Outer::Store(RowStore::new(self.outer_forms.clone(), 0, Default::default()), 0);
        Ok(())
    }

    /// Takes the next partition up; false if there is none.
    fn next_partition(&mut self, run: &mut Run<'_>) -> Result<bool> {
        let Some(mut partition) = self.partitions.pop_front() else { return Ok(false) };
        self.outer_from = Outer::Store(partition.outer, 0);
        self.hash_inner(Some(&mut partition.inner), partition.depth, run)?;
        Ok(true)
    }

    fn next_outer(&mut self, run: &mut Run<'_>) -> Result<bool> {
        match &mut self.outer_from {
            Outer::Stage => self.outer.next(run, &mut self.outer_batch),
            Outer::Store(store, number) if *number == store.batches() => Ok(false),
            Outer::Store(store, number) => {
                store.read(*number, &mut self.outer_batch)?;
                *number += 1;
                Ok(true)
            }
        }
    }

    fn first_candidate(&self, k: usize) -> u32 {
        if self.outer_side.keys.has_null(k) {
            return NO_ROW;
        }
        match self.table.keys.find(&self.outer_side.keys, k) {
            NO_KEY => NO_ROW,
            key => self.table.first[key as usize],
        }
    }

    /// Collects the next pairs of the outer batch, a batch full at most; false if it has no more.
    fn collect(&mut self) -> bool {
        self.outer_rows.clear();
        self.outer_numbers.clear();
        self.inner_rows.clear();
        let rows = self.outer_batch.rows();
        while self.at < rows.len() && self.inner_rows.len() < BATCH_ROWS {
            if self.candidate == NO_ROW {
                self.at += 1;
                if self.at < rows.len() {
                    self.candidate = self.first_candidate(self.at);
                }
                continue;
            }
            self.outer_rows.push(rows.position(self.at) as u16);
            self.outer_numbers.push(self.at as u32);
            self.inner_rows.push(self.candidate);
            self.candidate = if self.first_only { NO_ROW } else { self.table.next[self.candidate as usize] };
        }
        !self.inner_rows.is_empty()
    }

    /// Looks outer rows up; gives pairs or, at the end of a batch of outer rows, some of these. False at their end.
    fn probe(&mut self, run: &mut Run<'_>, out: &mut Batch) -> Result<bool> {
        loop {
            while self.collect() {
                let inner = &self.table.columns;
                self.pairs.gather(&self.outer_batch, &self.outer_rows, inner, &self.inner_rows);
                self.pairs.filter(run)?;
                for pair in self.pairs.batch.rows().iter() {
                    self.outer_matched[self.outer_numbers[pair] as usize] = true;
                    self.table.matched.put(self.inner_rows[pair] as usize, true);
                }
                if self.kind.pairs && self.pairs.batch.row_count() > 0 {
                    std::mem::swap(out, &mut self.pairs.batch);
                    return Ok(true);
                }
            }
            // Outer rows that stand alone; a batch that was looked up whole gives them once.
            if !self.outer_matched.is_empty() {
                let wanted = [self.kind.outer_unmatched, self.kind.outer_matched];
                let rows = self.outer_batch.rows();
                self.outer_rows.clear();
                for (k, &matched) in self.outer_matched.iter().enumerate() {
                    if wanted[matched as usize] {
                        self.outer_rows.push(rows.position(k) as u16);
                    }
                }
                self.outer_matched.clear();
                if !self.outer_rows.is_empty() {
                    outer_alone(out, &self.outer_batch, &self.outer_rows);
                    return Ok(true);
                }
            }
            if !self.next_outer(run)? {
                return Ok(false);
            }
            self.outer_side.compute(&self.outer_batch, run)?;
            self.outer_matched.resize(self.outer_batch.row_count(), false);
            self.at = 0;
            self.candidate = self.first_candidate(0);
        }
    }

    /// Inner rows that stand alone, from row `from` on.
    fn inner_rows(&mut self, from: usize, out: &mut Batch) -> Option<usize> {
        let wanted = [self.kind.inner_unmatched, self.kind.inner_matched];
        self.inner_rows.clear();
        let mut row = from;
        while row < self.table.next.len() && self.inner_rows.len() < BATCH_ROWS {
            if wanted[self.table.matched.get(row) as usize] {
                self.inner_rows.push(row as u32);
            }
            row += 1;
        }
        if self.inner_rows.is_empty() {
            return None;
        }
        inner_alone(out, &self.table.columns, &self.inner_rows);
        Some(row)
    }
}

impl HashJoin {
    /// Notes how large the table has become.
    fn note_table(&mut self) {
        self.most = [self.most[0].max(self.table.keys.buckets()), self.most[1].max(self.table.memory() as u64)];
    }
}

impl Operator for HashJoin {
    fn next(&mut self, run: &mut Run<'_>, out: &mut Batch) -> Result<bool> {
        loop {
            match self.state {
                State::Start => {
                    self.start(run)?;
                    self.outer_matched.clear();
                    self.outer_batch.clear();
                    self.at = 0;
                    self.candidate = NO_ROW;
                    let nothing = self.table.next.is_empty() && self.partitions.is_empty() && self.needs_inner();
                    self.state = if nothing { State::Done } else { State::Probe };
                }
                State::Probe => {
                    if self.probe(run, out)? {
                        return Ok(true);
                    }
                    self.state = State::Inner(0);
                }
                State::Inner(from) => {
                    if let Some(next) = self.inner_rows(from, out) {
                        self.state = State::Inner(next);
                        return Ok(true);
                    }
                    self.state = if self.next_partition(run)? { State::Probe } else { State::Done };
                }
                State::Done => return Ok(false),
            }
        }
    }

    fn work(&self, _: &Run<'_>) -> Work {
        Work::Hash { buckets: self.most[0], batches: self.parts.max(1), bytes: self.most[1] }
    }

    fn rewind(&mut self, run: &mut Run<'_>) -> Result<()> {
        self.state = State::Start;
        self.partitions.clear();
        self.outer.rewind(run)?;
        self.inner.rewind(run)
    }
}
