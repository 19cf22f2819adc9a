//! Aggregates WITHIN GROUP: percentiles, the mode, and the rank that a row would have.
//!
//! Their rows come sorted, group by group ([`super::aggregate`] keeps the sorter), and how many a group has is known before the
//! first one comes. So each is one pass that keeps no rows: a percentile waits for the rows at its positions, the mode counts the
//! current run of equal rows, and a hypothetical row's rank is how many rows' keys are below its own.

use batch::{BATCH_ROWS, Batch, Column, Datum, DatumRef};
use error::{Error, Result, SqlState};
use ids::Oid;
use planner::plan::{AggregateCall, ColumnType};
use types::Context;
use types::sortkey::KeyEncoder;

use crate::expression::{Compiled, compile_all, evaluate_all};
use crate::run::Run;

/// Which one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    PercentileDiscrete,
    PercentileContinuous,
    Mode,
    Rank,
    DenseRank,
    PercentRank,
    CumulativeDistribution,
}

/// A call of an ordered-set aggregate: what all groups share.
pub(super) struct OrderedSetCall {
    kind: Kind,
    /// Several percentiles, as an array.
    many: bool,
    direct: Vec<Compiled>,
    /// The type of the sorted values.
    value: ColumnType,
    ty: ColumnType,
}

/// Its work for all groups of a set.
pub(super) struct OrderedSet {
    /// Values of the direct arguments, by group.
    direct: Vec<Column>,
    /// How many rows each group has.
    counts: Vec<u64>,
    results: Column,
    current: Option<Current>,
}

/// The group under way.
struct Current {
    group: usize,
    /// Rows seen.
    row: u64,
    /// Percentiles: what is to be found, in the order of the rows at which it begins.
    wanted: Vec<Wanted>,
    next: usize,
    found: Vec<Datum>,
    shape: Vec<u8>,
    /// Mode: the longest run so far and its value, the current run and its key.
    best: (u64, Datum),
    run: (u64, Vec<u8>),
    /// The current run is the longest one.
    leads: bool,
    /// Hypothetical rows: the key, and how many rows are below it or equal to it.
    key: Vec<u8>,
    below: u64,
    equal: u64,
}

/// One percentile: the row where it is, and how far it lies towards the next.
struct Wanted {
    place: usize,
    row: u64,
    share: f64,
    first: Option<Datum>,
    done: bool,
}

impl OrderedSetCall {
    /// The call, if the aggregate is one of these.
    pub fn new(call: &AggregateCall) -> Result<Option<OrderedSetCall>> {
        let (kind, many) = match call.function.0 {
            3972 => (Kind::PercentileDiscrete, false),
            3974 | 3976 => (Kind::PercentileContinuous, false),
            3978 => (Kind::PercentileDiscrete, true),
            3980 | 3982 => (Kind::PercentileContinuous, true),
            3984 => (Kind::Mode, false),
            3986 => (Kind::Rank, false),
            3988 => (Kind::PercentRank, false),
            3990 => (Kind::CumulativeDistribution, false),
            3992 => (Kind::DenseRank, false),
            _ if !call.direct_args.is_empty() => return Err(Error::not_implemented("ordered-set aggregate")),
            _ => return Ok(None),
        };
        let value = call.args.first().map_or(call.ty, |arg| arg.ty);
        Ok(Some(OrderedSetCall { kind, many, direct: compile_all(&call.direct_args)?, value, ty: call.ty }))
    }

    /// Whether rows whose value is null count.
    pub fn counts_nulls(&self) -> bool {
        matches!(self.kind, Kind::Rank | Kind::DenseRank | Kind::PercentRank | Kind::CumulativeDistribution)
    }

    /// No groups yet.
    pub fn start(&self) -> OrderedSet {
        OrderedSet {
            direct: self.direct.iter().map(|arg| Column::new(arg.ty().repr)).collect(),
            counts: Vec::new(),
            results: Column::new(self.ty.repr),
            current: None,
        }
    }

    /// Computes the direct arguments of all groups, whose keys are `keys`.
    pub fn begin(&mut self, set: &mut OrderedSet, keys: &[Column], groups: usize, run: &mut Run<'_>) -> Result<()> {
        set.counts.resize(groups, 0);
        for first in (0..groups).step_by(BATCH_ROWS) {
            let end = (first + BATCH_ROWS).min(groups);
            let mut batch = Batch::new(keys.iter().map(Column::repr));
            for (to, from) in batch.columns.iter_mut().zip(keys) {
                (first..end).for_each(|group| to.push(if from.is_empty() { DatumRef::Null } else { from.get(group) }));
            }
            batch.set_len(end - first);
            evaluate_all(&mut self.direct, &batch, batch.rows(), run)?;
            for (to, arg) in set.direct.iter_mut().zip(&self.direct) {
                let values = arg.result(&batch);
                (0..end - first).for_each(|row| to.push(values.get(row)));
            }
        }
        Ok(())
    }

    /// Takes the next sorted row: its group, its key without the group, and its first value.
    pub fn take(
        &self,
        set: &mut OrderedSet,
        group: usize,
        key: &[u8],
        value: DatumRef<'_>,
        encoder: &KeyEncoder,
        run: &Run<'_>,
    ) -> Result<()> {
        while set.current.as_ref().is_none_or(|current| current.group < group) {
            self.next_group(set, encoder, run)?;
        }
        let Some(current) = &mut set.current else { return Ok(()) };
        let row = current.row;
        current.row += 1;
        match self.kind {
            Kind::PercentileDiscrete | Kind::PercentileContinuous => {
                for wanted in &mut current.wanted[current.next..] {
                    if wanted.row > row {
                        break;
                    }
                    if wanted.done {
                        continue;
                    }
                    let place = wanted.place;
                    let datum = match wanted.first.take() {
                        None if wanted.share > 0.0 => {
                            wanted.first = Some(value.to_datum());
                            wanted.row += 1;
                            continue;
                        }
                        None => value.to_datum(),
                        Some(first) => self.between(first.as_ref(), value, wanted.share, run)?,
                    };
                    current.found[place] = datum;
                    wanted.done = true;
                }
                while current.wanted.get(current.next).is_some_and(|wanted| wanted.done) {
                    current.next += 1;
                }
            }
            Kind::Mode => {
                if current.run.0 > 0 && current.run.1 == key {
                    current.run.0 += 1;
                } else {
                    current.run.0 = 1;
                    current.run.1.clear();
                    current.run.1.extend_from_slice(key);
                    current.leads = false;
                }
                if current.run.0 > current.best.0 {
                    current.best.0 = current.run.0;
                    if !std::mem::replace(&mut current.leads, true) {
                        current.best.1 = value.to_datum();
                    }
                }
            }
            Kind::DenseRank => {
                if key < current.key.as_slice() && (current.below == 0 || current.run.1 != key) {
                    current.below += 1;
                    current.run.1.clear();
                    current.run.1.extend_from_slice(key);
                }
            }
            Kind::Rank | Kind::PercentRank | Kind::CumulativeDistribution => match key.cmp(current.key.as_slice()) {
                std::cmp::Ordering::Less => current.below += 1,
                std::cmp::Ordering::Equal => current.equal += 1,
                std::cmp::Ordering::Greater => {}
            },
        }
        Ok(())
    }

    /// Ends all groups.
    pub fn finish(&self, set: &mut OrderedSet, groups: usize, encoder: &KeyEncoder, run: &Run<'_>) -> Result<()> {
        while set.results.len() < groups {
            self.next_group(set, encoder, run)?;
        }
        Ok(())
    }

    /// Ends the current group and begins the next.
    fn next_group(&self, set: &mut OrderedSet, encoder: &KeyEncoder, run: &Run<'_>) -> Result<()> {
        if let Some(current) = set.current.take() {
            self.result(current, set)?;
        }
        let group = set.results.len();
        let Some(&count) = set.counts.get(group) else { return Ok(()) };
        let mut current = Current {
            group,
            row: 0,
            wanted: Vec::new(),
            next: 0,
            found: Vec::new(),
            shape: Vec::new(),
            best: (0, Datum::Null),
            run: (0, Vec::new()),
            leads: false,
            key: Vec::new(),
            below: 0,
            equal: 0,
        };
        match self.kind {
            Kind::PercentileDiscrete | Kind::PercentileContinuous => {
                let argument = set.direct[0].get(group);
                let shares: Vec<Option<f64>> = match (self.many, argument) {
                    (_, DatumRef::Null) => Vec::new(),
                    (true, array) => {
                        current.shape = array.as_bytes().unwrap_or_default().to_vec();
                        let view = types::array::View::new(&current.shape)?;
                        view.iter().map(double).collect()
                    }
                    (false, value) => vec![double(value)],
                };
                current.found = vec![Datum::Null; shares.len()];
                for (place, share) in shares.into_iter().enumerate() {
                    let Some(share) = share else { continue };
                    if !(0.0..=1.0).contains(&share) {
                        let mut text = Vec::new();
                        types::output(types::oid::FLOAT8, Datum::f64(share).as_ref(), run.env(), &mut text)?;
                        return Err(Error::new(
                            SqlState::NUMERIC_VALUE_OUT_OF_RANGE,
                            format!("percentile value {} is not between 0 and 1", String::from_utf8_lossy(&text)),
                        ));
                    }
                    if count == 0 {
                        continue;
                    }
                    let (row, share) = if self.kind == Kind::PercentileDiscrete {
                        (((share * count as f64).ceil() as u64).max(1) - 1, 0.0)
                    } else {
                        let place = share * (count - 1) as f64;
                        (place.floor() as u64, place - place.floor())
                    };
                    current.wanted.push(Wanted { place, row, share, first: None, done: false });
                }
                current.wanted.sort_by_key(|wanted| wanted.row);
            }
            Kind::Mode => {}
            _ => {
                let values: Vec<DatumRef<'_>> = set.direct.iter().map(|column| column.get(group)).collect();
                encoder.encode_row(&values, run.env(), &mut current.key)?;
            }
        }
        set.current = Some(current);
        Ok(())
    }

    fn result(&self, current: Current, set: &mut OrderedSet) -> Result<()> {
        let (count, out) = (set.counts[current.group], &mut set.results);
        let double = |value: f64| Datum::f64(value);
        let result = match self.kind {
            Kind::PercentileDiscrete | Kind::PercentileContinuous if self.many => {
                if count == 0 || current.shape.is_empty() {
                    Datum::Null
                } else {
                    let view = types::array::View::new(&current.shape)?;
                    let dimensions: Vec<_> = view.dimensions().collect();
                    let elements = current.found.iter().map(Datum::as_ref);
                    let mut bytes = Vec::new();
                    types::array::write(self.value.oid, self.value.repr, &dimensions, elements, &mut bytes)?;
                    Datum::bytes(bytes)
                }
            }
            Kind::PercentileDiscrete | Kind::PercentileContinuous => {
                current.found.into_iter().next().unwrap_or(Datum::Null)
            }
            Kind::Mode => current.best.1,
            Kind::Rank | Kind::DenseRank => Datum::B8(current.below as i64 + 1),
            Kind::PercentRank if count == 0 => double(0.0),
            Kind::PercentRank => double(current.below as f64 / count as f64),
            Kind::CumulativeDistribution => double((current.below + current.equal + 1) as f64 / (count + 1) as f64),
        };
        out.push(result.as_ref());
        Ok(())
    }

    /// The value that lies `share` of the way from one value to the next.
    fn between(&self, first: DatumRef<'_>, second: DatumRef<'_>, share: f64, run: &Run<'_>) -> Result<Datum> {
        if let (Some(first), Some(second)) = (double(first), double(second)) {
            return Ok(Datum::f64(first + (second - first) * share));
        }
        let call = |oid: u32, types: [Oid; 2], args: [DatumRef<'_>; 2]| {
            let function =
                types::function(Oid(oid)).ok_or_else(|| Error::internal("arithmetic of intervals is not there"))?;
            let context = Context { arg_types: &types, result_type: self.value.oid, ..Context::plain(run.env()) };
            function.evaluate_one(&args, context, self.value.repr)
        };
        const MINUS: u32 = 1170;
        const TIMES: u32 = 1618;
        const PLUS: u32 = 1169;
        let interval = self.value.oid;
        let distance = call(MINUS, [interval, interval], [second, first])?;
        let share = Datum::f64(share);
        let part = call(TIMES, [interval, types::oid::FLOAT8], [distance.as_ref(), share.as_ref()])?;
        call(PLUS, [interval, interval], [first, part.as_ref()])
    }
}

impl OrderedSet {
    /// Counts a row for its group.
    pub fn count(&mut self, group: usize) {
        if self.counts.len() <= group {
            self.counts.resize(group + 1, 0);
        }
        self.counts[group] += 1;
    }

    /// Adds a group's result to a column.
    pub fn give(&self, group: usize, out: &mut Column) {
        out.push(self.results.get(group));
    }
}

fn double(value: DatumRef<'_>) -> Option<f64> {
    match value {
        DatumRef::B8(bits) => Some(f64::from_bits(bits as u64)),
        _ => None,
    }
}
