//! Groups and aggregates.
//!
//! Groups are numbered by a [`KeyTable`] in the order of their first row, so a sorted input gives its groups in order. It is grouped in
//! *rounds*: when the groups so far fill their memory, the round ends behind the last row of its last group, its groups are given, and the
//! next one starts with the rows behind. One
//! [`States`] object holds the states of all groups of one aggregate; it is handed whole batches with the group
//! numbers of their rows.
//!
//! If the groups of an input that is not sorted outgrow their memory, no new ones are admitted: rows of unknown groups go to partitions in temporary
//! files, chosen by the upper bits of their keys' hashes, and each partition is grouped by itself afterwards.
//!
//! Aggregates with DISTINCT or ORDER BY get their rows through a sorter at the end, by group and then by their own order.

use std::collections::VecDeque;

use batch::{BATCH_ROWS, Batch, ByteValues, Column, DatumRef, Repr, Rows};
use error::Result;
use planner::plan::{AggregateCall, AggregateStrategy, ColumnType, GroupKey, Node};
use types::Groups;
use types::sortkey::{KeyColumn, KeyEncoder};

use super::accumulator::{Accumulator, States};
use super::grouping::GroupColumns;
use super::ordered_set::{OrderedSet, OrderedSetCall};
use super::{Builder, Operator, Stage, reprs};
use crate::expression::{Compiled, compile, compile_all, evaluate_all};
use crate::run::Run;
use crate::store::keys::{KeyTable, Keys, NO_KEY};
use crate::store::rows::RowStore;
use crate::store::sorter::Sorter;

const PARTITION_BITS: u32 = 5;
const MAX_DEPTH: u32 = 6;

/// An aggregate call: what all its groups and sets share.
struct Call {
    work: Accumulator,
    args: Vec<Compiled>,
    arg_count: usize,
    filter: Option<Compiled>,
    ordered: Option<Order>,
    ordered_set: Option<OrderedSetCall>,
    /// Direct arguments for a user's final function, over the group's keys.
    direct: Vec<Compiled>,
    /// The call that has this one's states, too.
    shares: Option<usize>,
}

/// DISTINCT and ORDER BY of an aggregate, over its arguments.
struct Order {
    positions: Vec<usize>,
    key: Vec<KeyColumn>,
    distinct: Vec<KeyColumn>,
    distinct_positions: Vec<usize>,
    forms: Vec<Repr>,
}

/// The rows of an aggregate with an order, until all are there.
struct Ordered {
    sorter: Sorter,
    keys: ByteValues,
    rows: Batch,
    set: Option<OrderedSet>,
}

impl Call {
    fn new(call: &AggregateCall) -> Result<Call> {
        let args = compile_all(&call.args)?;
        let types: Vec<ColumnType> = args.iter().map(Compiled::ty).collect();
        let ordered = (!call.order.is_empty() || !call.distinct.is_empty()).then(|| {
            let mut positions: Vec<usize> = call.order.iter().map(|key| key.column).collect();
            let mut key: Vec<KeyColumn> = (call.order.iter())
                .map(|key| KeyColumn {
                    type_oid: types[key.column].oid,
                    collation: key.collation,
                    descending: key.descending,
                    nulls_first: key.nulls_first,
                })
                .collect();
            // Equal rows have to be neighbours.
            for distinct in call.distinct.iter().filter(|d| call.order.iter().all(|key| key.column != d.column)) {
                positions.push(distinct.column);
                key.push(KeyColumn::ascending(types[distinct.column].oid, distinct.collation));
            }
            Order {
                positions,
                key,
                distinct: (call.distinct.iter())
                    .map(|key| KeyColumn::ascending(types[key.column].oid, key.collation))
                    .collect(),
                distinct_positions: call.distinct.iter().map(|key| key.column).collect(),
                forms: types.iter().map(|ty| ty.repr).chain([Repr::B4]).collect(),
            }
        });
        let direct = if call.users.is_some() { compile_all(&call.direct_args)? } else { Vec::new() };
        let direct_types: Vec<ColumnType> = direct.iter().map(Compiled::ty).collect();
        let users = call.users.as_deref();
        let arg_types = &types[..call.arg_count];
        Ok(Call {
            work: Accumulator::new(call.function, users, call.collation, call.ty, arg_types, &direct_types)?,
            arg_count: call.arg_count,
            args,
            filter: call.filter.as_ref().map(compile).transpose()?,
            ordered,
            ordered_set: if call.users.is_some() { None } else { OrderedSetCall::new(call)? },
            direct,
            shares: call.shares,
        })
    }

    fn states(&mut self, run: &mut Run<'_>) -> Result<States> {
        match self.ordered_set.is_some() || self.shares.is_some() {
            true => Ok(States::Elsewhere),
            false => self.work.states(run),
        }
    }
}

/// One grouping set at work: its groups so far.
struct Set {
    columns: GroupColumns,
    /// For each key of the node, whether it is in this set.
    includes: Vec<bool>,
    table: KeyTable,
    /// Values of the set's keys, by group.
    values: Vec<Column>,
    states: Vec<States>,
    ordered: Vec<Option<Ordered>>,
    /// Rows of groups that were not admitted.
    spilled: Option<Vec<RowStore>>,
    /// Spilled rows to be grouped when these groups are out.
    waiting: VecDeque<(RowStore, u32)>,
    depth: u32,
    groups: usize,
    /// There is a group even without a row.
    always: bool,
}

struct Aggregation {
    input: Stage,
    input_forms: Vec<Repr>,
    calls: Vec<Call>,
    sets: Vec<Set>,
    groupings: Vec<Vec<usize>>,
    batch: Batch,
    keys: Keys,
    numbers: Vec<u32>,
    state: State,
    /// The input comes sorted by the keys of the only set.
    sorted: bool,
    /// The batch has rows left for the next round.
    rest: bool,
}

enum State {
    Start,
    /// Giving the groups of a set, from one on.
    Groups {
        set: usize,
        group: usize,
    },
}

pub(super) fn build(
    builder: &Builder<'_>,
    input: &Node,
    strategy: AggregateStrategy,
    keys: &[GroupKey],
    sets: &[Vec<usize>],
    aggregates: &[AggregateCall],
    groupings: &[Vec<usize>],
) -> Result<(Box<dyn Operator>, Vec<Repr>)> {
    let mut raw: Vec<Repr> = keys.iter().map(|key| input.output[key.column].repr).collect();
    raw.extend(aggregates.iter().map(|call| call.ty.repr));
    raw.extend(groupings.iter().map(|_| Repr::B4));
    let one = [Vec::new()];
    let sets = if sets.is_empty() { &one[..] } else { sets };
    let sets = sets.iter().map(|set| {
        let included: Vec<GroupKey> = set.iter().map(|&key| keys[key]).collect();
        Set {
            columns: GroupColumns::new(&input.output, &included),
            includes: (0..keys.len()).map(|key| set.contains(&key)).collect(),
            table: KeyTable::default(),
            values: keys.iter().map(|key| Column::new(input.output[key.column].repr)).collect(),
            states: Vec::new(),
            ordered: Vec::new(),
            spilled: None,
            waiting: VecDeque::new(),
            depth: 0,
            groups: 0,
            always: strategy == AggregateStrategy::Plain || set.is_empty(),
        }
    });
    let sets: Vec<Set> = sets.collect();
    let stage = builder.stage(input)?;
    let operator = Aggregation {
        batch: stage.batch(),
        input: stage,
        input_forms: reprs(&input.output),
        calls: aggregates.iter().map(Call::new).collect::<Result<_>>()?,
        sets,
        groupings: groupings.to_vec(),
        keys: Keys::default(),
        numbers: Vec::new(),
        state: State::Start,
        sorted: strategy == AggregateStrategy::Sorted,
        rest: false,
    };
    Ok((Box::new(operator), raw))
}

impl Set {
    fn start(&mut self, calls: &mut [Call], run: &mut Run<'_>) -> Result<()> {
        // Groups that filled their memory leave none behind, or each partition would seem to be too large, too.
        if self.memory() > run.state.work_mem / 2 {
            self.table = KeyTable::default();
            self.values.iter_mut().for_each(|values| *values = Column::new(values.repr()));
        }
        self.table.clear();
        self.values.iter_mut().for_each(Column::clear);
        self.states = calls.iter_mut().map(|call| call.states(run)).collect::<Result<_>>()?;
        self.ordered = (calls.iter())
            .map(|call| {
                let order = call.ordered.as_ref().filter(|_| call.shares.is_none());
                order.map(|order| {
                    let directory = run.session.temporary_directory();
                    let sorter =
                        Sorter::new(order.forms.clone(), run.state.work_mem, None, directory).with_familiar_order();
                    Ordered {
                        sorter: if call.ordered_set.is_some() { sorter.with_keys() } else { sorter },
                        keys: ByteValues::new(),
                        rows: Batch::new(order.forms.iter().copied()),
                        set: call.ordered_set.as_ref().map(OrderedSetCall::start),
                    }
                })
            })
            .collect();
        self.spilled = None;
        self.groups = self.always as usize;
        self.states.iter_mut().for_each(|states| states.resize(self.groups));
        Ok(())
    }

    fn memory(&self) -> usize {
        self.table.memory()
            + self.values.iter().map(Column::memory).sum::<usize>()
            + self.states.iter().map(|states| states.memory()).sum::<usize>()
    }

    /// How many of a batch's rows, the first ones, are of the group that was begun last; for a sorted input.
    fn of_last_group(&mut self, batch: &Batch, keys: &mut Keys, run: &Run<'_>) -> Result<usize> {
        self.columns.keys(batch, batch.rows(), run, keys)?;
        let rows = batch.row_count();
        Ok((0..rows).find(|&k| self.table.find_or_insert(keys, k, false) == NO_KEY).unwrap_or(rows))
    }

    /// Adds a batch of input rows.
    fn add(
        &mut self,
        calls: &mut [Call],
        batch: &Batch,
        keys: &mut Keys,
        numbers: &mut Vec<u32>,
        forms: &[Repr],
        spills: bool,
        run: &mut Run<'_>,
    ) -> Result<()> {
        let rows = batch.rows();
        if self.columns.is_empty() {
            self.groups = 1;
            self.states.iter_mut().for_each(|states| states.resize(1));
            return self.update(calls, batch, rows, Groups::One(0), run);
        }
        self.columns.keys(batch, rows, run, keys)?;
        numbers.clear();
        let before = self.groups;
        let admit = self.spilled.is_none();
        for (k, row) in rows.iter().enumerate() {
            let number = self.table.find_or_insert(keys, k, admit);
            numbers.push(number);
            if number != NO_KEY && number as usize == self.groups {
                self.groups += 1;
                let mut positions = self.columns.positions().iter();
                for (value, &included) in self.values.iter_mut().zip(&self.includes) {
                    match included.then(|| positions.next()).flatten() {
                        Some(&position) => value.push(batch.columns[position].get(row)),
                        None => value.push_null(),
                    }
                }
            }
        }
        if self.groups > before {
            self.states.iter_mut().for_each(|states| states.resize(self.groups));
        }
        if admit {
            self.update(calls, batch, rows, Groups::Each(numbers), run)?;
        } else {
            // Rows of groups that were not admitted wait in a partition.
            let known: Vec<u16> =
                rows.iter().zip(&*numbers).filter(|(_, n)| **n != NO_KEY).map(|(row, _)| row as u16).collect();
            let mut waiting = vec![Vec::new(); 1 << PARTITION_BITS];
            for (k, row) in rows.iter().enumerate().filter(|(k, _)| numbers[*k] == NO_KEY) {
                let shift = 64 - PARTITION_BITS * (self.depth + 1);
                waiting[(keys.hash(k) >> shift) as usize & ((1 << PARTITION_BITS) - 1)].push(row as u16);
            }
            for (store, rows) in self.spilled.iter_mut().flatten().zip(&waiting).filter(|(_, rows)| !rows.is_empty()) {
                store.append_rows(batch, Rows::Some(rows))?;
            }
            numbers.retain(|&number| number != NO_KEY);
            self.update(calls, batch, Rows::Some(&known), Groups::Each(numbers), run)?;
        }
        if spills
            && self.spilled.is_none()
            && self.depth < MAX_DEPTH
            && self.memory() > run.state.work_mem.saturating_mul(2)
        {
            let directory = run.session.temporary_directory();
            let store = |_| RowStore::new(forms.to_vec(), 0, directory.clone());
            self.spilled = Some((0..1 << PARTITION_BITS).map(store).collect());
        }
        Ok(())
    }

    fn update(
        &mut self,
        calls: &mut [Call],
        batch: &Batch,
        rows: Rows<'_>,
        groups: Groups<'_>,
        run: &mut Run<'_>,
    ) -> Result<()> {
        if calls.iter().filter(|call| call.shares.is_none() && call.work.is_volatile()).count() < 2 {
            return self.update_rows(calls, batch, rows, groups, run);
        }
        // What the functions do shows row by row.
        rows.iter().enumerate().try_for_each(|(k, row)| {
            let group = Groups::One(groups.of(k) as u32);
            self.update_rows(calls, batch, Rows::Some(&[row as u16]), group, run)
        })
    }

    fn update_rows(
        &mut self,
        calls: &mut [Call],
        batch: &Batch,
        rows: Rows<'_>,
        groups: Groups<'_>,
        run: &mut Run<'_>,
    ) -> Result<()> {
        for ((call, states), ordered) in calls.iter_mut().zip(&mut self.states).zip(&mut self.ordered) {
            if call.shares.is_some() {
                continue;
            }
            let (mut positions, mut chosen) = (Vec::new(), Vec::new());
            let (mut rows, mut groups) = (rows, groups);
            if let Some(filter) = &mut call.filter {
                filter.evaluate(batch, rows, run)?;
                let holds = filter.result(batch);
                for (k, row) in rows.iter().enumerate() {
                    if holds.get(row).as_bool() == Some(true) {
                        positions.push(row as u16);
                        chosen.push(groups.of(k) as u32);
                    }
                }
                rows = Rows::Some(&positions);
                if let Groups::Each(_) = groups {
                    groups = Groups::Each(&chosen);
                }
            }
            evaluate_all(&mut call.args, batch, rows, run)?;
            let args: Vec<&Column> = call.args.iter().map(|arg| arg.result(batch)).collect();
            match (ordered, &call.ordered) {
                (Some(ordered), Some(order)) => match &call.ordered_set {
                    Some(set) if !set.counts_nulls() => {
                        let (mut positions, mut chosen) = (Vec::new(), Vec::new());
                        for (k, row) in rows.iter().enumerate().filter(|(_, row)| !args[0].is_null(*row)) {
                            positions.push(row as u16);
                            chosen.push(groups.of(k) as u32);
                        }
                        ordered.add(order, &args, Rows::Some(&positions), Groups::Each(&chosen), run)?;
                    }
                    _ => ordered.add(order, &args, rows, groups, run)?,
                },
                _ => call.work.update(states, groups, &args[..call.arg_count], rows, run)?,
            }
        }
        Ok(())
    }

    /// Ends the input: hands what was sorted to the aggregates, and lines the spilled rows up.
    fn finish(&mut self, calls: &mut [Call], run: &mut Run<'_>) -> Result<()> {
        for ((call, states), ordered) in calls.iter_mut().zip(&mut self.states).zip(&mut self.ordered) {
            let (Some(ordered), Some(order)) = (ordered, &call.ordered) else { continue };
            match &mut call.ordered_set {
                Some(set) => ordered.drain_set(set, order, &self.values, self.groups, run)?,
                None => ordered.drain((&mut call.work, call.args.len(), call.arg_count), order, states, run)?,
            }
        }
        for mut store in self.spilled.take().into_iter().flatten().filter(|store| !store.is_empty()) {
            store.rest()?;
            self.waiting.push_back((store, self.depth + 1));
        }
        Ok(())
    }
}

impl Ordered {
    fn add(
        &mut self,
        order: &Order,
        args: &[&Column],
        rows: Rows<'_>,
        groups: Groups<'_>,
        run: &Run<'_>,
    ) -> Result<()> {
        let encoder = KeyEncoder::new(order.key.clone(), run.env())?;
        self.rows.clear();
        self.keys.clear();
        self.keys.resize(rows.len());
        let mut values = vec![DatumRef::Null; order.positions.len()];
        for (k, row) in rows.iter().enumerate() {
            for (to, from) in self.rows.columns.iter_mut().zip(args) {
                to.push(from.get(row));
            }
            let group = groups.of(k) as u32;
            if let Some(set) = &mut self.set {
                set.count(group as usize);
            }
            self.rows.columns[args.len()].push(DatumRef::B4(group as i32));
            for (value, &position) in values.iter_mut().zip(&order.positions) {
                *value = args[position].get(row);
            }
            self.keys.put_with(k, |to| {
                to.extend_from_slice(&group.to_be_bytes());
                encoder.encode_row(&values, run.env(), to)
            })?;
        }
        self.rows.set_len(rows.len());
        self.sorter.add(&self.rows, Rows::All(rows.len()), &self.keys)
    }

    /// Hands the sorted rows to an ordered-set aggregate, whose groups have these keys.
    fn drain_set(
        &mut self,
        call: &mut OrderedSetCall,
        order: &Order,
        keys: &[Column],
        groups: usize,
        run: &mut Run<'_>,
    ) -> Result<()> {
        let Some(set) = &mut self.set else { return Ok(()) };
        call.begin(set, keys, groups, run)?;
        self.sorter.finish()?;
        let encoder = KeyEncoder::new(order.key.clone(), run.env())?;
        while self.sorter.next(&mut self.rows)? {
            let Some(numbers) = self.rows.columns.last() else { break };
            for row in 0..self.rows.len() {
                // The key begins with the group's number.
                let key = self.sorter.key(row).get(4..).unwrap_or_default();
                let value = self.rows.columns[0].get(row);
                call.take(set, numbers.b4()[row] as u32 as usize, key, value, &encoder, run)?;
            }
        }
        call.finish(set, groups, &encoder, run)
    }

    /// Hands the sorted rows to an aggregate: `columns` of them, of which the first ones are its arguments.
    fn drain(
        &mut self,
        (work, columns, arguments): (&mut Accumulator, usize, usize),
        order: &Order,
        states: &mut States,
        run: &mut Run<'_>,
    ) -> Result<()> {
        self.sorter.finish()?;
        let encoder = KeyEncoder::new(order.distinct.clone(), run.env())?;
        let mut previous: Option<Vec<u8>> = None;
        while self.sorter.next(&mut self.rows)? {
            let (mut positions, mut groups) = (Vec::new(), Vec::new());
            let numbers = &self.rows.columns[columns];
            for row in 0..self.rows.len() {
                let group = numbers.b4()[row] as u32;
                if !order.distinct.is_empty() {
                    let values: Vec<DatumRef<'_>> =
                        order.distinct_positions.iter().map(|&at| self.rows.columns[at].get(row)).collect();
                    let mut key = group.to_be_bytes().to_vec();
                    encoder.encode_row(&values, run.env(), &mut key)?;
                    if previous.as_ref() == Some(&key) {
                        continue;
                    }
                    previous = Some(key);
                }
                positions.push(row as u16);
                groups.push(group);
            }
            let args: Vec<&Column> = self.rows.columns[..arguments].iter().collect();
            work.update(states, Groups::Each(&groups), &args, Rows::Some(&positions), run)?;
        }
        Ok(())
    }
}

impl Aggregation {
    fn start(&mut self, run: &mut Run<'_>) -> Result<()> {
        for set in &mut self.sets {
            set.depth = 0;
            set.waiting.clear();
            set.start(&mut self.calls, run)?;
        }
        let wanted = std::mem::replace(&mut run.state.wanted, usize::MAX);
        let mut more = std::mem::take(&mut self.rest) || self.input.next(run, &mut self.batch)?;
        while more && !self.round_ends(run)? {
            for set in &mut self.sets {
                let spills = !self.sorted;
                let (keys, numbers) = (&mut self.keys, &mut self.numbers);
                set.add(&mut self.calls, &self.batch, keys, numbers, &self.input_forms, spills, run)?;
            }
            more = self.input.next(run, &mut self.batch)?;
        }
        run.state.wanted = wanted;
        self.sets.iter_mut().try_for_each(|set| set.finish(&mut self.calls, run))
    }

    /// Whether a round over sorted input ends with the batch, or within: then the rows of its last group are added, and the batch keeps the others.
    fn round_ends(&mut self, run: &mut Run<'_>) -> Result<bool> {
        let Some(set) = self.sets.first_mut().filter(|_| self.sorted) else { return Ok(false) };
        if set.groups == 0 || set.memory() <= run.state.work_mem {
            return Ok(false);
        }
        let count = set.of_last_group(&self.batch, &mut self.keys, run)?;
        if count == self.batch.row_count() {
            return Ok(false);
        }
        let rows: Vec<usize> = self.batch.rows().iter().collect();
        let (last, behind) = rows.split_at(count);
        if !last.is_empty() {
            self.batch.selection.set(last.iter().map(|&row| row as u16));
            let (keys, numbers) = (&mut self.keys, &mut self.numbers);
            set.add(&mut self.calls, &self.batch, keys, numbers, &self.input_forms, false, run)?;
        }
        self.batch.selection.set(behind.iter().map(|&row| row as u16));
        self.rest = true;
        Ok(true)
    }

    /// Groups the rows of the next partition of a set; false if there is none.
    fn next_partition(&mut self, set: usize, run: &mut Run<'_>) -> Result<bool> {
        let set = &mut self.sets[set];
        let Some((mut store, depth)) = set.waiting.pop_front() else { return Ok(false) };
        set.depth = depth;
        set.start(&mut self.calls, run)?;
        for number in 0..store.batches() {
            store.read(number, &mut self.batch)?;
            let (keys, numbers) = (&mut self.keys, &mut self.numbers);
            set.add(&mut self.calls, &self.batch, keys, numbers, &self.input_forms, true, run)?;
        }
        set.finish(&mut self.calls, run)?;
        Ok(true)
    }
}

impl Operator for Aggregation {
    fn next(&mut self, run: &mut Run<'_>, out: &mut Batch) -> Result<bool> {
        if let State::Start = self.state {
            self.start(run)?;
            self.state = State::Groups { set: 0, group: 0 };
        }
        loop {
            let State::Groups { set, group } = self.state else { return Ok(false) };
            let Some(current) = self.sets.get_mut(set) else { return Ok(false) };
            if group >= current.groups {
                self.state = match self.next_partition(set, run)? {
                    true => State::Groups { set, group: 0 },
                    false => State::Groups { set: set + 1, group: 0 },
                };
                if self.rest {
                    self.start(run)?;
                    self.state = State::Groups { set: 0, group: 0 };
                }
                continue;
            }
            let end = (group + BATCH_ROWS).min(current.groups);
            out.clear();
            for (to, from) in out.columns.iter_mut().zip(&current.values) {
                for at in group..end {
                    to.push(if from.is_empty() { DatumRef::Null } else { from.get(at) });
                }
            }
            let (keys, rest) = out.columns.split_at_mut(current.values.len());
            let (aggregates, groupings) = rest.split_at_mut(self.calls.len());
            let mut groups = Batch::default();
            if self.calls.iter().any(|call| !call.direct.is_empty()) {
                groups.columns = keys.to_vec();
                groups.set_len(end - group);
                for call in &mut self.calls {
                    evaluate_all(&mut call.direct, &groups, groups.rows(), run)?;
                }
            }
            for (number, (to, call)) in aggregates.iter_mut().zip(&mut self.calls).enumerate() {
                if let Some(set) = current.ordered[number].as_ref().and_then(|ordered| ordered.set.as_ref()) {
                    (group..end).for_each(|at| set.give(at, to));
                    continue;
                }
                let states = &mut current.states[call.shares.unwrap_or(number)];
                let mut direct = Vec::with_capacity(call.direct.len());
                for at in group..end {
                    direct.clear();
                    direct.extend(call.direct.iter().map(|arg| arg.result(&groups).get(at - group)));
                    call.work.finish(states, at, &direct, to, run)?;
                }
            }
            for (to, keys) in groupings.iter_mut().zip(&self.groupings) {
                let bits = keys.iter().fold(0, |bits, &key| bits << 1 | !current.includes[key] as i32);
                to.push(DatumRef::B4(bits));
                to.set_constant();
            }
            out.set_len(end - group);
            self.state = State::Groups { set, group: end };
            return Ok(true);
        }
    }

    fn rewind(&mut self, run: &mut Run<'_>) -> Result<()> {
        self.state = State::Start;
        self.rest = false;
        self.input.rewind(run)
    }
}
