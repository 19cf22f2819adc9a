//! The calls of aggregates: what all groups share, and the sorters of those with DISTINCT or ORDER BY.

use batch::{Batch, ByteValues, Column, DatumRef, Repr, Rows};
use error::Result;
use planner::plan::{AggregateCall, ColumnType};
use types::Groups;
use types::sortkey::{KeyColumn, KeyEncoder};

use super::super::accumulator::{Accumulator, States};
use super::super::ordered_set::{OrderedSet, OrderedSetCall};
use crate::expression::{Compiled, compile, compile_all};
use crate::run::Run;
use crate::store::sorter::Sorter;

/// An aggregate call: what all its groups and sets share.
pub(super) struct Call {
    pub work: Accumulator,
    pub args: Vec<Compiled>,
    pub arg_count: usize,
    pub filter: Option<Compiled>,
    pub ordered: Option<Order>,
    pub ordered_set: Option<OrderedSetCall>,
    /// Direct arguments for a user's final function, over the group's keys.
    pub direct: Vec<Compiled>,
    /// The call that has this one's states, too.
    pub shares: Option<usize>,
}

/// DISTINCT and ORDER BY of an aggregate, over its arguments.
pub(super) struct Order {
    positions: Vec<usize>,
    key: Vec<KeyColumn>,
    distinct: Vec<KeyColumn>,
    distinct_positions: Vec<usize>,
    forms: Vec<Repr>,
}

/// The rows of an aggregate with an order, until all are there.
pub(super) struct Ordered {
    sorter: Sorter,
    keys: ByteValues,
    rows: Batch,
    pub set: Option<OrderedSet>,
}

impl Call {
    pub fn new(call: &AggregateCall) -> Result<Call> {
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

    pub fn states(&mut self, run: &mut Run<'_>) -> Result<States> {
        match self.ordered_set.is_some() || self.shares.is_some() {
            true => Ok(States::Elsewhere),
            false => self.work.states(run),
        }
    }
}

impl Ordered {
    pub fn new(call: &Call, order: &Order, run: &Run<'_>) -> Ordered {
        let space = run.session.temporary_space();
        let sorter = Sorter::new(order.forms.clone(), run.state.work_mem, None, space).with_familiar_order();
        Ordered {
            sorter: if call.ordered_set.is_some() { sorter.with_keys() } else { sorter },
            keys: ByteValues::new(),
            rows: Batch::new(order.forms.iter().copied()),
            set: call.ordered_set.as_ref().map(OrderedSetCall::start),
        }
    }

    /// Takes rows in.
    pub fn add(
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
    pub fn drain_set(
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
    pub fn drain(
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
