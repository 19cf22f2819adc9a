//! Window functions over one window.
//!
//! The input comes sorted by partition and order. A partition's rows are gathered ([`partition`]), together with the arguments of
//! the functions and a flag for the first row of each group of peers; then they go out in order, a batch at a time:
//! first each row's peers and frame ([`frame`]), then each function over the whole batch ([`call`]).
//!
//! Under a *run condition* a partition ends before the first row that fails it: of a function that only grows, no later row could pass. What is
//! left of the partition is not computed, and without PARTITION BY nothing more is read.
//!
//! Rows that do not fit in `work_mem` wait in a temporary file. Small partitions share an output batch.

mod call;
mod frame;
mod partition;

use batch::{BATCH_ROWS, Batch, Column, Repr, Rows};
use error::Result;
use planner::explain::Work;
use planner::plan::{Frame, GroupKey, Node, SortKey, WindowFunction};

use super::grouping::GroupColumns;
use super::{Builder, Operator, Stage, reprs};
use crate::expression::{Compiled, compile, compile_all, evaluate_all, filter};
use crate::run::Run;
use crate::store::keys::Keys;
use call::{Call, Place};
use frame::Frames;
use partition::Partition;

/// What makes neighbouring rows equal, and the key of the last row seen.
struct Neighbours {
    columns: GroupColumns,
    keys: Keys,
    last: Option<Vec<u8>>,
}

impl Neighbours {
    fn new(columns: GroupColumns) -> Neighbours {
        Neighbours { columns: columns.with_byte_keys(), keys: Keys::default(), last: None }
    }

    /// For each row of a batch, whether it differs from the one before.
    fn differ(&mut self, batch: &Batch, run: &Run<'_>, differs: &mut Vec<bool>) -> Result<()> {
        differs.clear();
        let count = batch.row_count();
        if self.columns.is_empty() {
            differs.resize(count, false);
            return Ok(());
        }
        self.columns.keys(batch, batch.rows(), run, &mut self.keys)?;
        let keys = &self.keys;
        for k in 0..count {
            differs.push(match k {
                0 => self.last.as_deref() != Some(keys.bytes(0)),
                _ => keys.bytes(k) != keys.bytes(k - 1),
            });
        }
        if count > 0 {
            let last = self.last.get_or_insert_default();
            last.clear();
            last.extend_from_slice(keys.bytes(count - 1));
        }
        Ok(())
    }
}

struct Window {
    input: Stage,
    /// How many columns the input has; behind them stand those of `computed` and the flags.
    width: usize,
    batch: Batch,
    /// The columns behind the input's, while the input fills its own.
    extra: Vec<Column>,
    /// Arguments and filters that are no columns of the input.
    computed: Vec<Compiled>,
    partition_by: Neighbours,
    order_by: Neighbours,
    /// For each row of the batch, whether it begins a partition, or a group of peers.
    begins: Vec<bool>,
    begins_peers: Vec<bool>,
    /// The next row of the batch that belongs to no partition yet.
    next: usize,
    ended: bool,
    partition: Partition,
    /// The next row of the partition to give.
    at: u64,
    frames: Frames,
    needs_frame: bool,
    calls: Vec<Call>,
    places: Vec<Place>,
    positions: Vec<u16>,
    /// Run conditions: a row that fails one ends its partition.
    until: Vec<Compiled>,
    /// With them: the rows of the output so far that are given.
    kept: Vec<u16>,
    /// The only partition has ended by one.
    over: bool,
}

pub(super) fn build(
    builder: &Builder<'_>,
    input: &Node,
    (partition, order): (&[GroupKey], &[GroupKey]),
    order_keys: &[SortKey],
    frame: &Frame,
    functions: &[WindowFunction],
    until: &[planner::plan::Expr],
) -> Result<(Box<dyn Operator>, Vec<Repr>)> {
    let stage = builder.stage(input)?;
    let width = input.output.len();
    let mut computed = Vec::new();
    let mut forms = reprs(&input.output);
    let mut calls = Vec::with_capacity(functions.len());
    for function in functions {
        let mut place = |expression| {
            let expression = compile(expression)?;
            Ok::<usize, error::Error>(match expression.as_column() {
                Some(column) => column,
                None => {
                    forms.push(expression.ty().repr);
                    computed.push(expression);
                    width + computed.len() - 1
                }
            })
        };
        let args = function.args.iter().map(&mut place).collect::<Result<Vec<_>>>()?;
        let filter = function.filter.as_ref().map(&mut place).transpose()?;
        calls.push(Call::new(function, args, filter)?);
    }
    let mut raw = reprs(&input.output);
    raw.extend(functions.iter().map(|function| function.ty.repr));
    let flags = forms.len();
    forms.push(Repr::B1);
    let store = builder.row_store(forms.clone());
    let window = Window {
        batch: stage.batch(),
        input: stage,
        width,
        extra: forms[width..].iter().map(|&form| Column::new(form)).collect(),
        computed,
        partition_by: Neighbours::new(GroupColumns::new(&input.output, partition)),
        order_by: Neighbours::new(GroupColumns::new(&input.output, order)),
        begins: Vec::new(),
        begins_peers: Vec::new(),
        next: 0,
        ended: false,
        partition: Partition::new(store, forms),
        at: 0,
        frames: Frames::new(frame, order_keys, &input.output, flags)?,
        needs_frame: calls.iter().any(Call::needs_frame),
        calls,
        places: Vec::new(),
        positions: Vec::new(),
        until: compile_all(until)?,
        kept: Vec::new(),
        over: false,
    };
    Ok((Box::new(window), raw))
}

impl Window {
    /// Reads the next batch of the input, and computes what the functions need of it; false at the end.
    fn load(&mut self, run: &mut Run<'_>) -> Result<bool> {
        if self.batch.columns.len() > self.width {
            self.extra = self.batch.columns.split_off(self.width);
        }
        self.next = 0;
        let wanted = std::mem::replace(&mut run.state.wanted, usize::MAX);
        let more = self.input.next(run, &mut self.batch);
        run.state.wanted = wanted;
        if !more? {
            self.ended = true;
            return Ok(false);
        }
        self.partition_by.differ(&self.batch, run, &mut self.begins)?;
        self.order_by.differ(&self.batch, run, &mut self.begins_peers)?;
        evaluate_all(&mut self.computed, &self.batch, self.batch.rows(), run)?;
        let Some((flags, extra)) = self.extra.split_last_mut() else { return Ok(true) };
        for (to, expression) in extra.iter_mut().zip(&mut self.computed) {
            expression.swap_result(to);
        }
        flags.reset(self.batch.len());
        let to = flags.b1_mut();
        for (k, row) in self.batch.rows().iter().enumerate() {
            to[row] = (self.begins[k] || self.begins_peers[k]) as u8;
        }
        self.batch.columns.append(&mut self.extra);
        Ok(true)
    }

    /// Gathers the next partition; false if there is none.
    fn gather(&mut self, run: &mut Run<'_>) -> Result<bool> {
        self.partition.clear();
        self.at = 0;
        self.frames.start();
        self.calls.iter_mut().for_each(Call::start);
        loop {
            if self.next >= self.batch.row_count() && (self.ended || !self.load(run)?) {
                break;
            }
            let first = self.next;
            let count = self.batch.row_count();
            // The first row belongs to this partition, whatever it begins, unless the partition has rows already.
            let from = if self.partition.len() == 0 { first + 1 } else { first };
            let end = (from..count).find(|&k| self.begins[k]).unwrap_or(count);
            if end > first {
                if first == 0 && end == count {
                    self.partition.append(&self.batch, self.batch.rows())?;
                } else {
                    let rows = self.batch.rows();
                    self.positions.clear();
                    self.positions.extend((first..end).map(|k| rows.position(k) as u16));
                    self.partition.append(&self.batch, Rows::Some(&self.positions))?;
                }
                self.next = end;
            }
            if end < count {
                break;
            }
        }
        Ok(self.partition.len() > 0)
    }

    /// Adds the next rows of the partition to `out`, as many as it has room for and lie in one batch.
    fn give(&mut self, out: &mut Batch, run: &mut Run<'_>) -> Result<()> {
        self.frames.prepare(run)?;
        let (number, position) = (self.at as usize / BATCH_ROWS, self.at as usize % BATCH_ROWS);
        let room = BATCH_ROWS - out.len();
        let count = room.min(self.partition.batch(number)?.len() - position);
        self.places.clear();
        for row in self.at..self.at + count as u64 {
            let peers = self.frames.peers(row, &mut self.partition)?;
            let frame = match self.needs_frame {
                false => Default::default(),
                true => {
                    let range = self.frames.range(row, peers, &mut self.partition, run)?;
                    match self.frames.is_whole() {
                        true => [range, (0, 0), (0, 0)],
                        false => self.frames.remaining(row, peers, range),
                    }
                }
            };
            self.places.push(Place { row, peers, frame });
        }
        let (columns, results) = out.columns.split_at_mut(self.width);
        for (call, to) in self.calls.iter_mut().zip(results) {
            call.compute(&self.places, &mut self.partition, to, run)?;
        }
        let batch = self.partition.batch(number)?;
        self.positions.clear();
        self.positions.extend((position..position + count).map(|position| position as u16));
        for (to, from) in columns.iter_mut().zip(&batch.columns) {
            to.append(from, Rows::Some(&self.positions));
        }
        let from = out.len();
        out.set_len(from + count);
        self.at += count as u64;
        if self.until.is_empty() { Ok(()) } else { self.end_partition(from, out, run) }
    }

    /// Keeps of the rows of `out` from this one on those that come before one that fails a run condition; with such a one, the partition
    /// is at its end.
    fn end_partition(&mut self, from: usize, out: &mut Batch, run: &mut Run<'_>) -> Result<()> {
        out.selection.set((from..out.len()).map(|row| row as u16));
        let passed = filter(&mut self.until, out, run);
        let first = from..;
        let kept = out.rows().iter().zip(first).take_while(|(row, expected)| row == expected).count();
        out.selection.set_all();
        passed?;
        self.kept.extend((from..from + kept).map(|row| row as u16));
        if from + kept < out.len() {
            self.at = self.partition.len();
            self.over = self.partition_by.columns.is_empty();
        }
        Ok(())
    }
}

impl Operator for Window {
    fn next(&mut self, run: &mut Run<'_>, out: &mut Batch) -> Result<bool> {
        loop {
            out.clear();
            self.kept.clear();
            while out.len() < BATCH_ROWS.min(run.state.wanted.max(1)) {
                if self.at == self.partition.len() && (self.over || !self.gather(run)?) {
                    break;
                }
                self.give(out, run)?;
            }
            if self.until.is_empty() || out.is_empty() {
                return Ok(!out.is_empty());
            }
            if !self.kept.is_empty() {
                out.selection.set(self.kept.iter().copied());
                return Ok(true);
            }
        }
    }

    fn work(&self, _: &Run<'_>) -> Work {
        self.partition.work()
    }

    fn rewind(&mut self, run: &mut Run<'_>) -> Result<()> {
        self.partition.clear();
        (self.at, self.next, self.ended, self.over) = (0, 0, false, false);
        self.batch.columns.truncate(self.width.max(self.batch.columns.len()));
        self.batch.set_len(0);
        self.batch.selection.set_all();
        self.partition_by.last = None;
        self.order_by.last = None;
        self.frames.rewind();
        self.input.rewind(run)
    }
}
