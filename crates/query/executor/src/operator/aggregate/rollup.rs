//! Grouping sets of sorted input, each of which holds the keys of the next: `(a, b)`, `(a)`, `()`.
//!
//! Groups are runs of rows, so a row is compared with the one before it and with nothing else. Where the keys of a set change, its group and those of
//! all finer sets are closed, and given in this order: the finest first.
//!
//! The groups of a set live in *segments*, one after the other. A segment that has grown large ends with its last group, and is dropped once its
//! groups are given: memory is bounded, whatever the number of groups. Aggregates with DISTINCT or ORDER BY sort the rows
//! of a whole segment, by group and then by their own order; their groups are given when the segment has ended.

use std::collections::VecDeque;

use batch::{BATCH_ROWS, Batch, Rows};
use error::Result;
use planner::plan::{ColumnType, GroupKey};
use types::Groups;

use super::super::grouping::GroupColumns;
use super::call::Call;
use super::states::SetStates;
use crate::run::Run;
use crate::store::keys::{KeptKey, Keys};

pub(super) struct Rollup {
    /// From the coarsest set on, the columns by which the next finer one is finer.
    steps: Vec<Step>,
    /// The sets, from the finest to the coarsest.
    levels: Vec<Level>,
    /// Groups that are complete and not yet given: level and number.
    closed: VecDeque<(usize, usize)>,
    /// For each row of a batch, how many levels, from the finest on, begin a group with it.
    changed: Vec<usize>,
    started: bool,
    /// Some aggregate sorts its rows.
    ordered: bool,
}

/// Keys that some sets have and coarser ones have not.
struct Step {
    columns: GroupColumns,
    keys: Keys,
    /// The key of the last row.
    last: KeptKey,
    /// So many levels, from the finest on, have these keys.
    levels: usize,
}

/// A set at work.
struct Level {
    /// What its segments begin as.
    pattern: SetStates,
    keys: usize,
    segments: VecDeque<Segment>,
    /// Groups begun so far.
    begun: usize,
}

struct Segment {
    states: SetStates,
    /// The number of its first group.
    first: usize,
    finished: bool,
}

impl Rollup {
    /// The sets as positions in `keys`, the finest first. `columns` are those of the input.
    pub fn new(columns: &[ColumnType], keys: &[GroupKey], sets: &[&[usize]], ordered: bool) -> Rollup {
        let mut steps: Vec<Step> = Vec::new();
        let mut coarser: &[usize] = &[];
        for (at, set) in sets.iter().enumerate().rev() {
            let new: Vec<GroupKey> = set.iter().filter(|key| !coarser.contains(key)).map(|&key| keys[key]).collect();
            if !new.is_empty() {
                let columns = GroupColumns::new(columns, &new);
                steps.push(Step { columns, keys: Keys::default(), last: KeptKey::default(), levels: at + 1 });
            }
            coarser = set;
        }
        let levels = sets.iter().map(|set| Level {
            pattern: SetStates::new(columns, keys, set),
            keys: set.len(),
            segments: VecDeque::new(),
            begun: 0,
        });
        Rollup {
            steps,
            levels: levels.collect(),
            closed: VecDeque::new(),
            changed: Vec::new(),
            started: false,
            ordered,
        }
    }

    /// Forgets everything.
    pub fn start(&mut self) {
        self.started = false;
        self.closed.clear();
        for level in &mut self.levels {
            level.segments.clear();
            level.begun = 0;
        }
    }

    /// How many groups are complete.
    pub fn closed(&self) -> usize {
        self.closed.len()
    }

    /// Adds a batch of rows.
    pub fn add(&mut self, calls: &mut [Call], batch: &Batch, run: &mut Run<'_>) -> Result<()> {
        self.find_changes(batch, run)?;
        for &changed in &self.changed {
            for (number, level) in self.levels[..changed].iter_mut().enumerate() {
                if level.begun > 0 {
                    self.closed.push_back((number, level.begun - 1));
                }
                level.begun += 1;
            }
        }
        // Many groups that wait for an ordered aggregate of the first of them end its segment, too.
        let limit = match self.ordered && self.closed.len() > BATCH_ROWS {
            true => 0,
            false => run.state.work_mem / (2 * self.levels.len()),
        };
        let mut numbers = Vec::new();
        for (number, level) in self.levels.iter_mut().enumerate() {
            level.add(number, &self.changed, &mut numbers, limit, calls, batch, run)?;
        }
        Ok(())
    }

    /// Finds which levels begin groups with each row of a batch.
    fn find_changes(&mut self, batch: &Batch, run: &Run<'_>) -> Result<()> {
        let rows = batch.rows();
        self.changed.clear();
        self.changed.resize(rows.len(), 0);
        let started = self.started;
        self.started |= !rows.is_empty();
        // Coarser keys change more levels: the largest number counts.
        for step in &mut self.steps {
            step.columns.keys(batch, rows, run, &mut step.keys)?;
            for (k, changed) in self.changed.iter_mut().enumerate() {
                let same = match k {
                    0 => step.keys.is(0, &step.last),
                    _ => step.keys.equal(k - 1, k),
                };
                if !same {
                    *changed = (*changed).max(step.levels);
                }
            }
            if let Some(last) = rows.len().checked_sub(1) {
                step.keys.keep(last, &mut step.last);
            }
        }
        if let Some(first) = self.changed.first_mut().filter(|_| !started) {
            *first = self.levels.len();
        }
        Ok(())
    }

    /// Ends the input.
    pub fn finish(&mut self, calls: &mut [Call], run: &mut Run<'_>) -> Result<()> {
        for (number, level) in self.levels.iter_mut().enumerate() {
            if level.begun == 0 && level.keys == 0 {
                let segment = level.segment(calls, run)?;
                segment.states.begin_empty();
                segment.states.admit();
                level.begun = 1;
            }
            if level.begun > 0 {
                self.closed.push_back((number, level.begun - 1));
            }
            if let Some(segment) = level.segments.back_mut() {
                segment.finish(calls, run)?;
            }
        }
        Ok(())
    }

    /// Appends complete groups to `out` up to a batch's rows.
    pub fn give(
        &mut self,
        calls: &mut [Call],
        groupings: &[Vec<usize>],
        run: &mut Run<'_>,
        out: &mut Batch,
    ) -> Result<()> {
        while let Some(&(number, group)) = self.closed.front().filter(|_| out.len() < BATCH_ROWS) {
            let segments = &mut self.levels[number].segments;
            while segments.front().is_some_and(|segment| segment.first + segment.states.groups <= group) {
                segments.pop_front();
            }
            let Some(segment) = segments.front_mut() else { break };
            if self.ordered && !segment.finished {
                break;
            }
            // As many of the same set as follow each other.
            let most = (segment.first + segment.states.groups - group).min(BATCH_ROWS - out.len());
            let same = |(at, closed): (usize, &(usize, usize))| *closed == (number, group + at);
            let count = self.closed.iter().take(most).enumerate().take_while(|&each| same(each)).count();
            self.closed.drain(..count);
            let first = group - segment.first;
            segment.states.give(calls, first..first + count, groupings, run, out)?;
        }
        Ok(())
    }
}

impl Level {
    /// A new segment.
    fn segment(&mut self, calls: &mut [Call], run: &mut Run<'_>) -> Result<&mut Segment> {
        let mut states = self.pattern.another();
        states.start(calls, run)?;
        let first = self.segments.back().map_or(0, |before| before.first + before.states.groups);
        // What was given already is not needed; the last one tells the next number.
        self.segments.push_back(Segment { states, first, finished: false });
        let last = self.segments.len() - 1;
        Ok(&mut self.segments[last])
    }

    /// Adds the rows of a batch, as level `number`.
    fn add(
        &mut self,
        number: usize,
        changed: &[usize],
        numbers: &mut Vec<u32>,
        limit: usize,
        calls: &mut [Call],
        batch: &Batch,
        run: &mut Run<'_>,
    ) -> Result<()> {
        let rows = batch.rows();
        if rows.is_empty() {
            return Ok(());
        }
        let mut from = 0;
        match self.segments.back_mut() {
            Some(segment) if segment.states.memory() > limit => {
                let boundary = changed.iter().position(|&levels| levels > number).unwrap_or(rows.len());
                let before: Vec<u16> = (0..boundary).map(|k| rows.position(k) as u16).collect();
                segment.add(number, &changed[..boundary], numbers, calls, batch, Rows::Some(&before), run)?;
                if boundary == rows.len() {
                    return Ok(());
                }
                segment.finish(calls, run)?;
                self.segment(calls, run)?;
                from = boundary;
            }
            Some(_) => {}
            None => {
                self.segment(calls, run)?;
            }
        }
        let behind: Vec<u16>;
        let rows = match from {
            0 => rows,
            _ => {
                behind = (from..rows.len()).map(|k| rows.position(k) as u16).collect();
                Rows::Some(&behind)
            }
        };
        let Some(segment) = self.segments.back_mut() else { return Ok(()) };
        segment.add(number, &changed[from..], numbers, calls, batch, rows, run)
    }
}

impl Segment {
    fn add(
        &mut self,
        number: usize,
        changed: &[usize],
        numbers: &mut Vec<u32>,
        calls: &mut [Call],
        batch: &Batch,
        rows: Rows<'_>,
        run: &mut Run<'_>,
    ) -> Result<()> {
        if changed.is_empty() {
            return Ok(());
        }
        let before = self.states.groups;
        numbers.clear();
        for (row, &levels) in rows.iter().zip(changed) {
            if levels > number {
                self.states.begin(batch, row);
            }
            numbers.push((self.states.groups - 1) as u32);
        }
        if self.states.groups > before {
            self.states.admit();
        }
        let groups = match numbers.first() == numbers.last() {
            true => Groups::One(numbers[0]),
            false => Groups::Each(numbers),
        };
        self.states.update(calls, batch, rows, groups, run)
    }

    fn finish(&mut self, calls: &mut [Call], run: &mut Run<'_>) -> Result<()> {
        self.finished = true;
        self.states.finish(calls, run)
    }
}
