//! The window functions themselves, a batch of rows at a time, and aggregates over frames.
//!
//! An aggregate goes on from the frame of the row before: rows that join at the end are added, rows that leave at the start
//! are taken out again if the aggregate can do so exactly ([`Accumulator::retract`]); otherwise, and under
//! EXCLUDE, a frame that begins elsewhere is aggregated from its start.

use batch::{BATCH_ROWS, Column, DatumRef, Rows};
use error::{Error, Result, SqlState};
use planner::plan::{ColumnType, WindowFunction};
use types::Groups;

use super::super::accumulator::{Accumulator, States};
use super::frame::{Peers, Range};
use super::partition::Partition;
use crate::run::Run;

/// A row of the batch under way: its number in the partition, its peers, and what is in its frame.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub row: u64,
    pub peers: Peers,
    pub frame: [Range; 3],
}

/// One function of the window.
pub(super) struct Call {
    kind: Kind,
    /// Where its arguments are among the partition's columns.
    args: Vec<usize>,
}

enum Kind {
    RowNumber,
    Rank,
    DenseRank,
    PercentRank,
    CumeDist,
    /// How many buckets, and the row from which they are counted, once known.
    Ntile(Option<(u64, u64)>),
    /// `lag` and `lead`.
    Shift {
        forwards: bool,
    },
    FirstValue,
    LastValue,
    NthValue,
    Aggregate(Box<Moving>),
}

/// An aggregate that moves with the frame.
struct Moving {
    work: Accumulator,
    ty: ColumnType,
    /// Where FILTER's value is among the partition's columns.
    filter: Option<usize>,
    states: Option<States>,
    /// The frame whose result `last` is; none before the partition's first row.
    frame: Option<[Range; 3]>,
    last: Column,
    positions: Vec<u16>,
}

impl Call {
    /// A function whose arguments and filter are these columns of the partition.
    pub fn new(function: &WindowFunction, args: Vec<usize>, filter: Option<usize>) -> Result<Call> {
        let kind = match function.function.0 {
            _ if function.aggregate => Kind::Aggregate(Box::new(Moving {
                work: Accumulator::new(
                    function.function,
                    function.users.as_deref(),
                    function.collation,
                    function.ty,
                    &function.args.iter().map(|arg| arg.ty).collect::<Vec<_>>(),
                    &[],
                )?,
                ty: function.ty,
                filter,
                states: None,
                frame: None,
                last: Column::new(function.ty.repr),
                positions: Vec::new(),
            })),
            3100 => Kind::RowNumber,
            3101 => Kind::Rank,
            3102 => Kind::DenseRank,
            3103 => Kind::PercentRank,
            3104 => Kind::CumeDist,
            3105 => Kind::Ntile(None),
            3106..=3108 => Kind::Shift { forwards: false },
            3109..=3111 => Kind::Shift { forwards: true },
            3112 => Kind::FirstValue,
            3113 => Kind::LastValue,
            3114 => Kind::NthValue,
            other => return Err(Error::not_implemented(format_args!("window function {other}"))),
        };
        Ok(Call { kind, args })
    }

    /// Whether its results depend on the frame.
    pub fn needs_frame(&self) -> bool {
        matches!(self.kind, Kind::FirstValue | Kind::LastValue | Kind::NthValue | Kind::Aggregate(_))
    }

    /// Begins with another partition.
    pub fn start(&mut self) {
        match &mut self.kind {
            Kind::Ntile(buckets) => *buckets = None,
            Kind::Aggregate(moving) => moving.frame = None,
            _ => {}
        }
    }

    /// Adds the results for some rows, in order, to `out`.
    pub fn compute(
        &mut self,
        places: &[Place],
        partition: &mut Partition,
        out: &mut Column,
        run: &mut Run<'_>,
    ) -> Result<()> {
        let len = partition.len();
        match &mut self.kind {
            Kind::RowNumber => places.iter().for_each(|place| out.push(DatumRef::B8(place.row as i64 + 1))),
            Kind::Rank => places.iter().for_each(|place| out.push(DatumRef::B8(place.peers.start as i64 + 1))),
            Kind::DenseRank => places.iter().for_each(|place| out.push(DatumRef::B8(place.peers.group as i64 + 1))),
            Kind::PercentRank => {
                for place in places {
                    let rank = if len <= 1 { 0.0 } else { place.peers.start as f64 / (len - 1) as f64 };
                    out.push(DatumRef::B8(rank.to_bits() as i64));
                }
            }
            Kind::CumeDist => {
                for place in places {
                    out.push(DatumRef::B8((place.peers.end as f64 / len as f64).to_bits() as i64));
                }
            }
            Kind::Ntile(buckets) => {
                for place in places {
                    if buckets.is_none() {
                        let Some(count) = integer(partition.value(place.row, self.args[0])?) else {
                            out.push_null();
                            continue;
                        };
                        if count <= 0 {
                            return Err(Error::new(
                                SqlState::INVALID_ARGUMENT_FOR_NTILE,
                                "argument of ntile must be greater than zero",
                            ));
                        }
                        *buckets = Some((count as u64, place.row));
                    }
                    if let Some((count, first)) = *buckets {
                        out.push(DatumRef::B4(bucket(place.row - first, len, count) as i32));
                    }
                }
            }
            Kind::Shift { forwards } => {
                for place in places {
                    let offset = match self.args.get(1) {
                        None => Some(1),
                        Some(&offset) => integer(partition.value(place.row, offset)?),
                    };
                    let Some(offset) = offset else {
                        out.push_null();
                        continue;
                    };
                    let shift = if *forwards { offset } else { -offset };
                    match u64::try_from(place.row as i64 + shift) {
                        Ok(row) if row < len => out.push(partition.value(row, self.args[0])?),
                        _ => match self.args.get(2) {
                            Some(&default) => out.push(partition.value(place.row, default)?),
                            None => out.push_null(),
                        },
                    }
                }
            }
            Kind::FirstValue => {
                for place in places {
                    let row = place.frame.iter().find(|range| range.0 < range.1).map(|range| range.0);
                    push_value(row, self.args[0], partition, out)?;
                }
            }
            Kind::LastValue => {
                for place in places {
                    let row = place.frame.iter().rev().find(|range| range.0 < range.1).map(|range| range.1 - 1);
                    push_value(row, self.args[0], partition, out)?;
                }
            }
            Kind::NthValue => {
                for place in places {
                    let Some(nth) = integer(partition.value(place.row, self.args[1])?) else {
                        out.push_null();
                        continue;
                    };
                    if nth <= 0 {
                        return Err(Error::new(
                            SqlState::INVALID_ARGUMENT_FOR_NTH_VALUE,
                            "argument of nth_value must be greater than zero",
                        ));
                    }
                    let mut left = nth as u64 - 1;
                    let mut row = None;
                    for (start, end) in place.frame {
                        if left < end.saturating_sub(start) {
                            row = Some(start + left);
                            break;
                        }
                        left -= end.saturating_sub(start);
                    }
                    push_value(row, self.args[0], partition, out)?;
                }
            }
            Kind::Aggregate(moving) => {
                for place in places {
                    moving.move_to(place.frame, &self.args, partition, run)?;
                    out.append(&moving.last, Rows::All(1));
                }
            }
        }
        Ok(())
    }
}

fn push_value(row: Option<u64>, column: usize, partition: &mut Partition, out: &mut Column) -> Result<()> {
    match row {
        Some(row) => out.push(partition.value(row, column)?),
        None => out.push_null(),
    }
    Ok(())
}

fn integer(value: DatumRef<'_>) -> Option<i64> {
    match value {
        DatumRef::B4(value) => Some(i64::from(value)),
        DatumRef::B8(value) => Some(value),
        _ => None,
    }
}

/// The bucket, from 1, of a row when `len` rows go to `count` buckets, the first ones being larger by one if need be.
fn bucket(row: u64, len: u64, count: u64) -> u64 {
    let (size, larger) = (len / count, len % count);
    let in_larger = larger * (size + 1);
    match row < in_larger {
        true => row / (size + 1) + 1,
        false => larger + (row - in_larger) / size.max(1) + 1,
    }
}

impl Moving {
    /// Makes `last` the result over a frame.
    fn move_to(
        &mut self,
        frame: [Range; 3],
        args: &[usize],
        partition: &mut Partition,
        run: &mut Run<'_>,
    ) -> Result<()> {
        let same = self
            .frame
            .is_some_and(|before| before == frame || before.iter().chain(&frame).all(|range| range.0 >= range.1));
        if same {
            return Ok(());
        }
        let mut states = match self.states.take() {
            Some(states) => states,
            None => self.work.states(run)?,
        };
        let [first, second, third] = frame;
        let one = |frame: [Range; 3]| frame[1..].iter().all(|range| range.0 >= range.1);
        let mut from = None;
        if let Some(before) = self.frame
            && one(before)
            && one(frame)
        {
            let (old, new) = (before[0], first);
            let grows = new.0 == old.0 && new.1 >= old.1;
            let moves = new.0 > old.0 && new.0 < old.1 && new.1 >= old.1;
            if grows || moves && self.take((old.0, new.0), args, Some(()), &mut states, partition, run)? {
                from = Some(old.1);
            }
        }
        match from {
            Some(from) => {
                self.take((from, first.1), args, None, &mut states, partition, run)?;
            }
            None => {
                states.resize(0);
                states.resize(1);
                for range in [first, second, third] {
                    self.take(range, args, None, &mut states, partition, run)?;
                }
            }
        }
        let mut last = std::mem::replace(&mut self.last, Column::new(self.ty.repr));
        last.clear();
        self.work.finish(&mut states, 0, &[], &mut last, run)?;
        self.last = last;
        self.states = Some(states);
        self.frame = Some(frame);
        Ok(())
    }

    /// Adds rows to the state, or takes them out again; false if the aggregate cannot.
    fn take(
        &mut self,
        (start, end): Range,
        args: &[usize],
        out_again: Option<()>,
        states: &mut States,
        partition: &mut Partition,
        run: &mut Run<'_>,
    ) -> Result<bool> {
        let mut row = start;
        let mut positions = std::mem::take(&mut self.positions);
        while row < end {
            let (number, position) = (row as usize / BATCH_ROWS, row as usize % BATCH_ROWS);
            let count = ((end - row) as usize).min(BATCH_ROWS - position);
            let batch = partition.batch(number)?;
            positions.clear();
            match self.filter {
                None => positions.extend((position..position + count).map(|position| position as u16)),
                Some(filter) => {
                    let holds = &batch.columns[filter];
                    let chosen = (position..position + count).filter(|&at| holds.get(at).as_bool() == Some(true));
                    positions.extend(chosen.map(|at| at as u16));
                }
            }
            row += count as u64;
            if positions.is_empty() {
                continue;
            }
            let columns: Vec<&Column> = args.iter().map(|&arg| &batch.columns[arg]).collect();
            let rows = if positions.len() == batch.len() { Rows::All(batch.len()) } else { Rows::Some(&positions) };
            if out_again.is_none() {
                self.work.update(states, Groups::One(0), &columns, rows, run)?;
            } else if !self.work.retract(states, 0, &columns, rows, run)? {
                self.positions = positions;
                return Ok(false);
            }
        }
        self.positions = positions;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::bucket;

    #[test]
    fn the_first_buckets_are_larger_by_one() {
        let buckets = |len: u64, count: u64| (0..len).map(|row| bucket(row, len, count)).collect::<Vec<_>>();
        assert_eq!(buckets(10, 3), [1, 1, 1, 1, 2, 2, 2, 3, 3, 3]);
        assert_eq!(buckets(3, 5), [1, 2, 3]);
        assert_eq!(buckets(4, 2), [1, 1, 2, 2]);
    }
}
