//! Which rows of its partition a row's frame holds.
//!
//! A frame's offsets are the same for all rows, so its ends only ever move forwards while the current row does: each end is
//! a pointer that goes on from where it stood, and all frames of a partition cost one pass over it. What EXCLUDE leaves
//! out is cut from the frame afterwards, which makes it up to three ranges of rows.

use batch::{Column, Datum, DatumRef, Repr, Rows};
use error::{Error, Result, SqlState};
use planner::plan::{ColumnType, Frame, FrameBound, SortKey};

use analyzer::query::{FrameExclusion, FrameUnit};

use super::partition::Partition;
use crate::expression::{Compiled, compile};
use crate::run::Run;

/// The rows `start..end` of a partition.
pub(super) type Range = (u64, u64);

/// A row's peers, and the number of their group within the partition.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Peers {
    pub start: u64,
    pub end: u64,
    pub group: u64,
}

/// Where an end of the frame is.
enum Place {
    /// At the partition's start or end.
    Partition,
    /// At the current row, or before the first or behind the last of its peers.
    Current,
    /// This far from it: before if `preceding`.
    Offset { offset: Compiled, preceding: bool },
}

/// One end of the frame and its pointer.
struct Edge {
    place: Place,
    /// The offset's value, once it is known.
    value: Option<Datum>,
    in_range: Option<InRange>,
    row: u64,
    /// The group to which `row` belongs, counted in GROUPS mode.
    group: u64,
}

/// The frames of one window.
pub(super) struct Frames {
    unit: FrameUnit,
    exclude: FrameExclusion,
    start: Edge,
    end: Edge,
    /// The column by which the window is ordered, for RANGE with offsets.
    order: Option<usize>,
    nulls_first: bool,
    /// Flags of the first rows of peer groups.
    flags: usize,
    peers: Peers,
}

/// A call of an `in_range` function.
struct InRange {
    function: &'static types::Builtin,
    arg_types: [ids::Oid; 5],
    collation: ids::Oid,
    value: Column,
    base: Column,
    offset: Column,
    subtract: Column,
    less: Column,
    out: Column,
}

impl InRange {
    fn holds(&mut self, value: DatumRef<'_>, run: &Run<'_>) -> Result<bool> {
        set(&mut self.value, value);
        self.out.reset(1);
        let context = types::Context {
            env: run.env(),
            collation: self.collation,
            result_type: ids::Oid(16),
            arg_types: &self.arg_types,
            variadic: false,
        };
        let args = [&self.value, &self.base, &self.offset, &self.subtract, &self.less];
        (self.function.kernel)(&mut types::Call { args: &args, rows: Rows::All(1), out: &mut self.out, context })?;
        Ok(self.out.get(0).as_bool() == Some(true))
    }
}

fn set(column: &mut Column, value: DatumRef<'_>) {
    column.clear();
    column.push(value);
}

impl Edge {
    fn new(bound: &FrameBound) -> Result<Edge> {
        let place = match bound {
            FrameBound::UnboundedPreceding | FrameBound::UnboundedFollowing => Place::Partition,
            FrameBound::CurrentRow => Place::Current,
            FrameBound::Preceding(offset) => Place::Offset { offset: compile(offset)?, preceding: true },
            FrameBound::Following(offset) => Place::Offset { offset: compile(offset)?, preceding: false },
        };
        Ok(Edge { place, value: None, in_range: None, row: 0, group: 0 })
    }

    /// The offset in rows or groups: negative if preceding.
    fn count(&self) -> i64 {
        let count = self.value.as_ref().and_then(Datum::as_i64).unwrap_or(0);
        if matches!(self.place, Place::Offset { preceding: true, .. }) { -count } else { count }
    }

    /// Moves on to the first row of a group; to the partition's end if there are fewer groups.
    fn seek_group(&mut self, group: u64, flags: usize, partition: &mut Partition) -> Result<u64> {
        while self.group < group && self.row < partition.len() {
            self.row = partition.next_flag(self.row + 1, flags)?;
            self.group += 1;
        }
        Ok(self.row)
    }
}

impl Frames {
    pub fn new(frame: &Frame, keys: &[SortKey], columns: &[ColumnType], flags: usize) -> Result<Frames> {
        let mut frames = Frames {
            unit: frame.unit,
            exclude: frame.exclude,
            start: Edge::new(&frame.start)?,
            end: Edge::new(&frame.end)?,
            order: keys.first().map(|key| key.column),
            nulls_first: keys.first().is_some_and(|key| key.nulls_first),
            flags,
            peers: Peers::default(),
        };
        let Some(key) = keys.first() else { return Ok(frames) };
        for (edge, function, is_end) in
            [(&mut frames.start, frame.in_range.0, false), (&mut frames.end, frame.in_range.1, true)]
        {
            let Place::Offset { offset, preceding } = &edge.place else { continue };
            if frame.unit != FrameUnit::Range {
                continue;
            }
            let (ty, offset) = (columns[key.column], offset.ty());
            let function = types::function(function)
                .ok_or_else(|| Error::not_implemented(format_args!("RANGE with an offset of type {}", offset.oid)))?;
            let flag = |value: bool| Column::constant(Repr::B1, DatumRef::B1(value as u8));
            edge.in_range = Some(InRange {
                function,
                arg_types: [ty.oid, ty.oid, offset.oid, ids::Oid(16), ids::Oid(16)],
                collation: key.collation,
                value: Column::new(ty.repr),
                base: Column::new(ty.repr),
                offset: Column::new(offset.repr),
                subtract: flag(*preceding != key.descending),
                less: flag(is_end != key.descending),
                out: Column::new(Repr::B1),
            });
        }
        Ok(frames)
    }

    /// Whether a frame is always one range of rows.
    pub fn is_whole(&self) -> bool {
        self.exclude == FrameExclusion::NoOthers
    }

    /// Begins with a partition's first row.
    pub fn start(&mut self) {
        self.peers = Peers::default();
        for edge in [&mut self.start, &mut self.end] {
            (edge.row, edge.group) = (0, 0);
        }
    }

    /// Forgets the offsets: they are evaluated anew for the next row.
    pub fn rewind(&mut self) {
        self.start.value = None;
        self.end.value = None;
    }

    /// Evaluates the offsets, unless they are known.
    pub fn prepare(&mut self, run: &mut Run<'_>) -> Result<()> {
        let unit = self.unit;
        for (edge, name) in [(&mut self.start, "starting"), (&mut self.end, "ending")] {
            let Place::Offset { offset, .. } = &mut edge.place else { continue };
            if edge.value.is_some() {
                continue;
            }
            let value = offset.value(run)?;
            if value.is_null() {
                let text = format!("frame {name} offset must not be null");
                return Err(Error::new(SqlState::NULL_VALUE_NOT_ALLOWED, text));
            }
            if unit != FrameUnit::Range && value.as_i64().is_some_and(|count| count < 0) {
                let text = format!("frame {name} offset must not be negative");
                return Err(Error::new(SqlState::INVALID_PRECEDING_OR_FOLLOWING_SIZE, text));
            }
            if let Some(in_range) = &mut edge.in_range {
                set(&mut in_range.offset, value.as_ref());
            }
            edge.value = Some(value);
        }
        Ok(())
    }

    /// The peers of a row; rows are asked for in order.
    pub fn peers(&mut self, row: u64, partition: &mut Partition) -> Result<Peers> {
        if row >= self.peers.end {
            let group = if self.peers.end == 0 { 0 } else { self.peers.group + 1 };
            self.peers = Peers { start: row, end: partition.next_flag(row + 1, self.flags)?, group };
        }
        Ok(self.peers)
    }

    /// The frame of a row before anything is left out; rows are asked for in order.
    pub fn range(&mut self, row: u64, peers: Peers, partition: &mut Partition, run: &Run<'_>) -> Result<Range> {
        let len = partition.len();
        let rows = self.unit == FrameUnit::Rows;
        let start = match &self.start.place {
            Place::Partition => 0,
            Place::Current => {
                if rows {
                    row
                } else {
                    peers.start
                }
            }
            Place::Offset { .. } => match self.unit {
                FrameUnit::Rows => row.saturating_add_signed(self.start.count()).min(len),
                FrameUnit::Groups => {
                    let group = peers.group.saturating_add_signed(self.start.count());
                    self.start.seek_group(group, self.flags, partition)?
                }
                FrameUnit::Range => self.value_edge(row, true, partition, run)?,
            },
        };
        let end = match &self.end.place {
            Place::Partition => len,
            Place::Current => {
                if rows {
                    row + 1
                } else {
                    peers.end
                }
            }
            Place::Offset { .. } => match self.unit {
                FrameUnit::Rows => {
                    let end = (row as i128 + self.end.count() as i128 + 1).clamp(0, len as i128);
                    end as u64
                }
                FrameUnit::Groups => {
                    let group = (peers.group as i128 + self.end.count() as i128 + 1).clamp(0, u64::MAX as i128);
                    self.end.seek_group(group as u64, self.flags, partition)?
                }
                FrameUnit::Range => self.value_edge(row, false, partition, run)?,
            },
        };
        Ok((start, end.max(start)))
    }

    /// An end of a RANGE frame with an offset. Nulls are peers of each other and in no other row's range.
    fn value_edge(&mut self, row: u64, is_start: bool, partition: &mut Partition, run: &Run<'_>) -> Result<u64> {
        let column = self.order.ok_or_else(|| Error::internal("a RANGE frame without order"))?;
        let nulls_first = self.nulls_first;
        let edge = if is_start { &mut self.start } else { &mut self.end };
        let in_range = edge.in_range.as_mut().ok_or_else(|| Error::internal("a RANGE frame without in_range"))?;
        let current = partition.value(row, column)?;
        let current_null = current.is_null();
        set(&mut in_range.base, current);
        while edge.row < partition.len() {
            let value = partition.value(edge.row, column)?;
            let before = match (current_null, value.is_null()) {
                // The end goes behind the nulls, the start stays before them.
                (true, true) => !is_start,
                (true, false) => !nulls_first,
                (false, true) => nulls_first,
                // The start goes on until a value is in range, the end as long as values are.
                (false, false) => in_range.holds(value, run)? != is_start,
            };
            if !before {
                break;
            }
            edge.row += 1;
        }
        Ok(edge.row)
    }

    /// The frame without what EXCLUDE leaves out, in order; empty ranges at the end.
    pub fn remaining(&self, row: u64, peers: Peers, (start, end): Range) -> [Range; 3] {
        const NONE: Range = (0, 0);
        let (before, between, after) = match self.exclude {
            FrameExclusion::NoOthers => return [(start, end), NONE, NONE],
            FrameExclusion::CurrentRow => ((start, end.min(row)), NONE, (start.max(row + 1), end)),
            FrameExclusion::Group => ((start, end.min(peers.start)), NONE, (start.max(peers.end), end)),
            FrameExclusion::Ties => {
                ((start, end.min(peers.start)), (start.max(row), end.min(row + 1)), (start.max(peers.end), end))
            }
        };
        let mut ranges = [NONE; 3];
        let mut count = 0;
        for range in [before, between, after] {
            if range.0 < range.1 {
                ranges[count] = range;
                count += 1;
            }
        }
        ranges
    }
}
