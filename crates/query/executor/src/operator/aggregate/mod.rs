//! Groups and aggregates.
//!
//! Each grouping set (there is one if none were asked for) is computed in one of two ways. Of sets by hashing ([`hashed`]) all take in the
//! rows as they come, and give their groups at the end. Sets of sorted rows are computed in *rollups* ([`rollup`]), chains of sets each of which holds the keys of the
//! next: one pass over rows sorted by the keys of the first. The first rollup reads the input itself; while a rollup runs, the rows are sorted for the next one, so
//! two sorts at most hold rows at a time. Groups of rollups are given as soon as they are complete.
//!
//! One [`states::SetStates`] object holds the states of many groups of one set; it is handed whole batches with the group numbers of their rows.
//!
//! Aggregates with DISTINCT or ORDER BY get their rows through a sorter at the end, by group and then by their own order.

mod call;
mod hashed;
mod rollup;
mod states;

use batch::{BATCH_ROWS, Batch, ByteValues, Repr};
use error::Result;
use planner::explain::Work;
use planner::plan::{AggregateCall, GroupKey, Node, SortedSets};

use self::call::Call;
use self::hashed::HashedSet;
use self::rollup::Rollup;
use self::states::SetStates;
use super::grouping::GroupColumns;
use super::sort::{KeyColumns, key_columns};
use super::{Builder, Operator, Stage, reprs};
use crate::run::Run;
use crate::store::sorter::Sorter;

struct Aggregation {
    input: Stage,
    input_forms: Vec<Repr>,
    calls: Vec<Call>,
    phases: Vec<Phase>,
    hashed: Vec<HashedSet>,
    groupings: Vec<Vec<usize>>,
    batch: Batch,
    state: State,
}

/// A rollup, and how its rows come to it.
struct Phase {
    rollup: Rollup,
    /// By what the rows are sorted for it; of the first one they come sorted.
    sort: KeyColumns,
    sorter: Option<Sorter>,
    keys: ByteValues,
}

enum State {
    Start,
    /// Reading the rows for a rollup; those of the first go to the hashed sets, too.
    Reads(usize),
    /// Giving the groups of a rollup whose rows are all read.
    Gives(usize),
    /// Giving the groups of a hashed set, from one on.
    Hashed {
        set: usize,
        group: usize,
    },
}

/// Grouping as the node has it.
pub(super) struct Grouping<'p> {
    pub keys: &'p [GroupKey],
    pub sets: &'p [Vec<usize>],
    pub rollups: &'p [SortedSets],
    pub aggregates: &'p [AggregateCall],
    pub groupings: &'p [Vec<usize>],
}

pub(super) fn build(
    builder: &Builder<'_>,
    input: &Node,
    grouping: &Grouping<'_>,
) -> Result<(Box<dyn Operator>, Vec<Repr>)> {
    let Grouping { keys, sets, rollups, aggregates, groupings } = *grouping;
    let columns = &input.output;
    let mut raw: Vec<Repr> = keys.iter().map(|key| columns[key.column].repr).collect();
    raw.extend(aggregates.iter().map(|call| call.ty.repr));
    raw.extend(groupings.iter().map(|_| Repr::B4));
    let calls: Vec<Call> = aggregates.iter().map(Call::new).collect::<Result<_>>()?;
    let ordered = calls.iter().any(|call| call.ordered.is_some());
    let phases = rollups.iter().map(|rollup| {
        let chain: Vec<&[usize]> = rollup.sets.iter().map(|&set| &sets[set][..]).collect();
        Phase {
            rollup: Rollup::new(columns, keys, &chain, ordered),
            sort: key_columns(columns, &rollup.sort),
            sorter: None,
            keys: ByteValues::new(),
        }
    });
    let hashed = sets.iter().enumerate().filter(|(at, _)| !rollups.iter().any(|rollup| rollup.sets.contains(at)));
    let hashed = hashed.map(|(_, set)| {
        let named: Vec<GroupKey> = set.iter().map(|&key| keys[key]).collect();
        HashedSet::new(GroupColumns::new(columns, &named), SetStates::new(columns, keys, set))
    });
    let (phases, hashed) = (phases.collect(), hashed.collect());
    let stage = builder.stage(input)?;
    let operator = Aggregation {
        batch: stage.batch(),
        input: stage,
        input_forms: reprs(columns),
        calls,
        phases,
        hashed,
        groupings: groupings.to_vec(),
        state: State::Start,
    };
    Ok((Box::new(operator), raw))
}

impl Phase {
    /// Takes rows in that it will read when its turn comes.
    fn keep(&mut self, batch: &Batch, forms: &[Repr], run: &mut Run<'_>) -> Result<()> {
        let (work_mem, space) = (run.state.work_mem, run.session.temporary_space());
        let sorter = self.sorter.get_or_insert_with(|| Sorter::new(forms.to_vec(), work_mem, None, space));
        self.sort.encode(batch, batch.rows(), run, &mut self.keys)?;
        sorter.add(batch, batch.rows(), &self.keys)
    }
}

impl Aggregation {
    fn start(&mut self, run: &mut Run<'_>) -> Result<()> {
        for phase in &mut self.phases {
            phase.rollup.start();
            phase.sorter = None;
        }
        self.hashed.iter_mut().try_for_each(|set| set.start(&mut self.calls, run))
    }

    /// Reads a batch of rows for a phase; false at the end of its rows.
    fn read(&mut self, phase: usize, run: &mut Run<'_>) -> Result<bool> {
        let more = match self.phases.get_mut(phase).filter(|_| phase > 0) {
            Some(Phase { sorter: Some(sorter), .. }) => sorter.next(&mut self.batch)?,
            // No row was kept for it.
            Some(_) => false,
            None => {
                let wanted = std::mem::replace(&mut run.state.wanted, usize::MAX);
                let more = self.input.next(run, &mut self.batch);
                run.state.wanted = wanted;
                more?
            }
        };
        if !more {
            return Ok(false);
        }
        if let Some(current) = self.phases.get_mut(phase) {
            current.rollup.add(&mut self.calls, &self.batch, run)?;
        }
        if let Some(next) = self.phases.get_mut(phase + 1) {
            next.keep(&self.batch, &self.input_forms, run)?;
        }
        if phase == 0 {
            let limit = self.hash_limit(run);
            for set in &mut self.hashed {
                set.add(&mut self.calls, &self.batch, &self.input_forms, limit, run)?;
            }
        }
        Ok(true)
    }

    /// Ends the rows of a phase.
    fn finish(&mut self, phase: usize, run: &mut Run<'_>) -> Result<()> {
        if let Some(current) = self.phases.get_mut(phase) {
            current.rollup.finish(&mut self.calls, run)?;
            current.sorter = None;
        }
        if let Some(sorter) = self.phases.get_mut(phase + 1).and_then(|next| next.sorter.as_mut()) {
            sorter.finish()?;
        }
        if phase == 0 {
            self.hashed.iter_mut().try_for_each(|set| set.finish(&mut self.calls, run))?;
        }
        Ok(())
    }

    /// Bytes for each of the hash tables.
    fn hash_limit(&self, run: &Run<'_>) -> usize {
        run.state.work_mem.saturating_mul(2) / self.hashed.len().max(1)
    }
}

impl Operator for Aggregation {
    fn next(&mut self, run: &mut Run<'_>, out: &mut Batch) -> Result<bool> {
        out.clear();
        loop {
            match self.state {
                State::Start => {
                    self.start(run)?;
                    self.state = State::Reads(0);
                }
                State::Reads(phase) => {
                    if let Some(current) = self.phases.get_mut(phase)
                        && current.rollup.closed() >= run.state.wanted.clamp(1, BATCH_ROWS)
                    {
                        current.rollup.give(&mut self.calls, &self.groupings, run, out)?;
                        if !out.is_empty() {
                            return Ok(true);
                        }
                    }
                    if !self.read(phase, run)? {
                        self.finish(phase, run)?;
                        self.state = State::Gives(phase);
                    }
                }
                State::Gives(phase) => {
                    if let Some(current) = self.phases.get_mut(phase) {
                        current.rollup.give(&mut self.calls, &self.groupings, run, out)?;
                        if !out.is_empty() {
                            return Ok(true);
                        }
                        current.rollup.start();
                    }
                    self.state = match phase + 1 < self.phases.len() {
                        true => State::Reads(phase + 1),
                        false => State::Hashed { set: 0, group: 0 },
                    };
                }
                State::Hashed { set, group } => {
                    let limit = self.hash_limit(run);
                    let Some(current) = self.hashed.get_mut(set) else { return Ok(false) };
                    let groups = current.states.groups;
                    if group < groups {
                        let end = (group + BATCH_ROWS).min(groups);
                        current.states.give(&mut self.calls, group..end, &self.groupings, run, out)?;
                        self.state = State::Hashed { set, group: end };
                        return Ok(true);
                    }
                    let (calls, batch, forms) = (&mut self.calls, &mut self.batch, &self.input_forms);
                    self.state = match current.next_partition(calls, batch, forms, limit, run)? {
                        true => State::Hashed { set, group: 0 },
                        false => State::Hashed { set: set + 1, group: 0 },
                    };
                }
            }
        }
    }

    fn work(&self, _: &Run<'_>) -> Work {
        let sum = |sum: [u64; 3], set: &HashedSet| {
            let [batches, bytes, disk] = set.work();
            [sum[0].max(batches), sum[1] + bytes, sum[2] + disk]
        };
        let [batches, bytes, disk] = self.hashed.iter().fold([0; 3], sum);
        if self.hashed.is_empty() { Work::None } else { Work::Groups { batches, bytes, disk } }
    }

    fn rewind(&mut self, run: &mut Run<'_>) -> Result<()> {
        self.state = State::Start;
        self.input.rewind(run)
    }
}
