//! The groups of one grouping set, or some of them: their keys and the states of all aggregates.

use batch::{Batch, Column, DatumRef, Rows};
use error::Result;
use planner::plan::{ColumnType, GroupKey};
use types::Groups;

use super::super::accumulator::States;
use super::call::{Call, Ordered};
use crate::expression::evaluate_all;
use crate::run::Run;

pub(super) struct SetStates {
    /// For each key of the node, its column if it is in this set.
    sources: Vec<Option<usize>>,
    /// Values of the keys, by group; nulls for those outside of the set.
    values: Vec<Column>,
    states: Vec<States>,
    ordered: Vec<Option<Ordered>>,
    /// How many groups.
    pub groups: usize,
}

impl SetStates {
    /// Without groups, and not yet started. `set` are positions in `keys`, which name columns of the input.
    pub fn new(columns: &[ColumnType], keys: &[GroupKey], set: &[usize]) -> SetStates {
        SetStates {
            sources: keys.iter().enumerate().map(|(at, key)| set.contains(&at).then_some(key.column)).collect(),
            values: keys.iter().map(|key| Column::new(columns[key.column].repr)).collect(),
            states: Vec::new(),
            ordered: Vec::new(),
            groups: 0,
        }
    }

    /// For the same set, without groups and not yet started.
    pub fn another(&self) -> SetStates {
        SetStates {
            sources: self.sources.clone(),
            values: self.values.iter().map(|values| Column::new(values.repr())).collect(),
            states: Vec::new(),
            ordered: Vec::new(),
            groups: 0,
        }
    }

    /// Forgets all groups.
    pub fn start(&mut self, calls: &mut [Call], run: &mut Run<'_>) -> Result<()> {
        self.values.iter_mut().for_each(Column::clear);
        self.states = calls.iter_mut().map(|call| call.states(run)).collect::<Result<_>>()?;
        self.ordered = (calls.iter())
            .map(|call| {
                let order = call.ordered.as_ref().filter(|_| call.shares.is_none());
                order.map(|order| Ordered::new(call, order, run))
            })
            .collect();
        self.groups = 0;
        Ok(())
    }

    /// Gives the memory of the keys' values back.
    pub fn shrink(&mut self) {
        self.values.iter_mut().for_each(|values| *values = Column::new(values.repr()));
    }

    /// Bytes in use.
    pub fn memory(&self) -> usize {
        self.values.iter().map(Column::memory).sum::<usize>()
            + self.states.iter().map(|states| states.memory()).sum::<usize>()
    }

    /// Begins a group with the keys of a row. [`SetStates::admit`] comes before its states are used.
    pub fn begin(&mut self, batch: &Batch, row: usize) {
        for (value, source) in self.values.iter_mut().zip(&self.sources) {
            match source {
                Some(column) => value.push(batch.columns[*column].get(row)),
                None => value.push_null(),
            }
        }
        self.groups += 1;
    }

    /// Begins the group of a set without keys, which is there even without a row.
    pub fn begin_empty(&mut self) {
        self.values.iter_mut().for_each(Column::push_null);
        self.groups += 1;
    }

    /// Makes states for the groups that were begun.
    pub fn admit(&mut self) {
        self.states.iter_mut().for_each(|states| states.resize(self.groups));
    }

    /// Adds rows to their groups.
    pub fn update(
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

    /// No row will come any more: hands what was sorted to the aggregates.
    pub fn finish(&mut self, calls: &mut [Call], run: &mut Run<'_>) -> Result<()> {
        for ((call, states), ordered) in calls.iter_mut().zip(&mut self.states).zip(&mut self.ordered) {
            let (Some(ordered), Some(order)) = (ordered, &call.ordered) else { continue };
            match &mut call.ordered_set {
                Some(set) => ordered.drain_set(set, order, &self.values, self.groups, run)?,
                None => ordered.drain((&mut call.work, call.args.len(), call.arg_count), order, states, run)?,
            }
        }
        Ok(())
    }

    /// Appends groups to `out`: keys, aggregates, groupings (each by the positions of its keys).
    pub fn give(
        &mut self,
        calls: &mut [Call],
        chosen: std::ops::Range<usize>,
        groupings: &[Vec<usize>],
        run: &mut Run<'_>,
        out: &mut Batch,
    ) -> Result<()> {
        let count = out.len() + chosen.len();
        for (to, from) in out.columns.iter_mut().zip(&self.values) {
            chosen.clone().for_each(|at| to.push(from.get(at)));
        }
        let (_, rest) = out.columns.split_at_mut(self.values.len());
        let (aggregates, bits) = rest.split_at_mut(calls.len());
        let mut groups = Batch::default();
        if calls.iter().any(|call| !call.direct.is_empty()) {
            for values in &self.values {
                let mut column = Column::new(values.repr());
                chosen.clone().for_each(|at| column.push(values.get(at)));
                groups.columns.push(column);
            }
            groups.set_len(chosen.len());
            for call in calls.iter_mut() {
                evaluate_all(&mut call.direct, &groups, groups.rows(), run)?;
            }
        }
        for (number, (to, call)) in aggregates.iter_mut().zip(calls).enumerate() {
            if let Some(set) = self.ordered[number].as_ref().and_then(|ordered| ordered.set.as_ref()) {
                chosen.clone().for_each(|at| set.give(at, to));
                continue;
            }
            let states = &mut self.states[call.shares.unwrap_or(number)];
            let mut direct = Vec::with_capacity(call.direct.len());
            for at in chosen.clone() {
                direct.clear();
                direct.extend(call.direct.iter().map(|arg| arg.result(&groups).get(at - chosen.start)));
                call.work.finish(states, at, &direct, to, run)?;
            }
        }
        for (to, keys) in bits.iter_mut().zip(groupings) {
            let bits = keys.iter().fold(0, |bits, &key| bits << 1 | self.sources[key].is_none() as i32);
            chosen.clone().for_each(|_| to.push(DatumRef::B4(bits)));
        }
        out.set_len(count);
        Ok(())
    }
}
