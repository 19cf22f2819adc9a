//! An aggregate's work over groups or frames: a built-in one's, or that of a user's functions.
//!
//! A built-in aggregate takes whole batches ([`types::Aggregate`]). A user's transition function makes the next state of the state and a
//! row, so rows of one group come one after the other; but rows of different groups that stand next to each other are computed in one go.
//! The function sees the rows in their order either way.

use batch::{Batch, Column, Datum, DatumRef, Repr, Rows};
use error::{Error, Result, SqlState};
use ids::Oid;
use planner::plan::{ColumnType, UsersAggregate};
use types::{Aggregate, Context, Groups};

use crate::expression::{Compiled, compile};
use crate::run::Run;

/// What all states of one aggregate share.
pub(super) struct Accumulator {
    function: Oid,
    collation: Oid,
    ty: ColumnType,
    arg_types: Vec<Oid>,
    users: Option<Box<Users>>,
}

/// The states of all groups.
pub(super) enum States {
    /// Of a built-in aggregate.
    Builtin(Box<dyn Aggregate>),
    /// Of a user's.
    Users(UsersStates),
    /// Another call has them, or the sorter.
    Elsewhere,
}

/// States that are SQL values.
pub(super) struct UsersStates {
    states: Vec<UsersState>,
    /// The state of a group without rows.
    initial: Datum,
    /// Bytes of the values.
    bytes: usize,
}

#[derive(Clone)]
struct UsersState {
    value: Datum,
    /// How many rows were taken in, by a strict function those without nulls; as they are taken out again, fewer.
    rows: u64,
    /// No first value has become the state yet.
    unset: bool,
}

/// A user's functions.
struct Users {
    initial: Option<Compiled>,
    transition: Function,
    inverse: Option<Function>,
    final_function: Option<(Function, bool)>,
    strict: bool,
    volatile: bool,
    /// The segment of rows in which a group was last seen.
    seen: Vec<u32>,
    segment: u32,
}

/// A function over the state and further values, with room for its input.
struct Function {
    compiled: Compiled,
    input: Batch,
}

impl Function {
    fn new(expression: &planner::plan::Expr, forms: impl Iterator<Item = Repr>) -> Result<Function> {
        Ok(Function { compiled: compile(expression)?, input: Batch::new(forms) })
    }

    fn clear(&mut self) {
        self.input.clear();
    }

    fn add<'v>(&mut self, values: impl Iterator<Item = DatumRef<'v>>) {
        self.input.columns.iter_mut().zip(values).for_each(|(column, value)| column.push(value));
    }

    /// Computes it for the `rows` added.
    fn run(&mut self, rows: usize, run: &mut Run<'_>) -> Result<&Column> {
        self.input.set_len(rows);
        self.compiled.evaluate(&self.input, Rows::All(rows), run)?;
        Ok(self.compiled.result(&self.input))
    }
}

fn size(value: &Datum) -> usize {
    match value {
        Datum::Bytes(bytes) => bytes.len(),
        _ => 0,
    }
}

impl Users {
    fn new(users: &UsersAggregate, args: &[ColumnType], direct: &[ColumnType]) -> Result<Users> {
        let row = || [users.state].into_iter().chain(args.iter().copied()).map(|ty| ty.repr);
        let end = || [users.state].into_iter().chain(direct.iter().copied()).map(|ty| ty.repr);
        Ok(Users {
            initial: users.initial.as_ref().map(compile).transpose()?,
            transition: Function::new(&users.transition, row())?,
            inverse: users.inverse.as_ref().map(|inverse| Function::new(inverse, row())).transpose()?,
            final_function: match &users.final_function {
                Some(function) => Some((Function::new(&function.call, end())?, function.strict)),
                None => None,
            },
            strict: users.strict,
            volatile: users.volatile,
            seen: Vec::new(),
            segment: 0,
        })
    }

    /// Takes rows in.
    fn update(
        &mut self,
        states: &mut UsersStates,
        groups: Groups<'_>,
        args: &[&Column],
        rows: Rows<'_>,
        run: &mut Run<'_>,
    ) -> Result<()> {
        self.seen.resize(states.states.len().max(self.seen.len()), 0);
        let mut pending: Vec<usize> = Vec::new();
        self.begin_segment();
        for (k, row) in rows.iter().enumerate() {
            let group = groups.of(k);
            if self.seen[group] == self.segment {
                self.apply(states, &mut pending, run)?;
                self.begin_segment();
            }
            let state = &mut states.states[group];
            if self.strict {
                if args.iter().any(|arg| arg.is_null(row)) {
                    continue;
                }
                if state.unset {
                    state.unset = false;
                    state.rows = 1;
                    state.value = args.first().map_or(Datum::Null, |arg| arg.datum(row));
                    states.bytes += size(&state.value);
                    continue;
                }
                if state.value.is_null() {
                    continue;
                }
            }
            state.rows += 1;
            self.seen[group] = self.segment;
            pending.push(group);
            let values = [state.value.as_ref()].into_iter().chain(args.iter().map(|arg| arg.get(row)));
            self.transition.add(values);
        }
        self.apply(states, &mut pending, run)
    }

    fn begin_segment(&mut self) {
        self.segment = self.segment.wrapping_add(1);
        if self.segment == 0 {
            self.seen.fill(0);
            self.segment = 1;
        }
    }

    fn apply(&mut self, states: &mut UsersStates, pending: &mut Vec<usize>, run: &mut Run<'_>) -> Result<()> {
        if pending.is_empty() {
            return Ok(());
        }
        run.session.check_interrupts()?;
        let moving = self.inverse.is_some();
        let result = self.transition.run(pending.len(), run)?;
        for (row, &group) in pending.iter().enumerate() {
            let value = result.datum(row);
            if moving && value.is_null() {
                let text = "moving-aggregate transition function must not return null";
                return Err(Error::new(SqlState::NULL_VALUE_NOT_ALLOWED, text));
            }
            states.set(group, value);
        }
        self.transition.clear();
        pending.clear();
        Ok(())
    }

    /// Takes the first rows out of a state again; false if its function cannot.
    fn retract(
        &mut self,
        states: &mut UsersStates,
        group: usize,
        args: &[&Column],
        rows: Rows<'_>,
        run: &mut Run<'_>,
    ) -> Result<bool> {
        let Some(inverse) = &mut self.inverse else { return Ok(false) };
        for row in rows.iter() {
            if self.strict && args.iter().any(|arg| arg.is_null(row)) {
                continue;
            }
            let state = &mut states.states[group];
            if state.value.is_null() && self.strict {
                return Ok(false);
            }
            // Without the last row the state is as at the start.
            if state.rows <= 1 {
                states.reset(group);
                continue;
            }
            state.rows -= 1;
            inverse.clear();
            let values = [state.value.as_ref()].into_iter().chain(args.iter().map(|arg| arg.get(row)));
            inverse.add(values);
            let value = inverse.run(1, run)?.datum(0);
            inverse.clear();
            if value.is_null() {
                return Ok(false);
            }
            states.set(group, value);
        }
        Ok(true)
    }

    /// Adds a group's result to `out`.
    fn finish(
        &mut self,
        states: &UsersStates,
        group: usize,
        direct: &[DatumRef<'_>],
        out: &mut Column,
        run: &mut Run<'_>,
    ) -> Result<()> {
        let value = states.states[group].value.as_ref();
        let Some((function, strict)) = &mut self.final_function else {
            out.push(value);
            return Ok(());
        };
        if *strict && (value.is_null() || direct.iter().any(|value| value.is_null())) {
            out.push_null();
            return Ok(());
        }
        function.clear();
        function.add([value].into_iter().chain(direct.iter().copied()));
        out.push(function.run(1, run)?.get(0));
        Ok(())
    }
}

impl UsersStates {
    fn fresh(&self) -> UsersState {
        UsersState { value: self.initial.clone(), rows: 0, unset: self.initial.is_null() }
    }

    fn set(&mut self, group: usize, value: Datum) {
        let state = &mut self.states[group];
        self.bytes = self.bytes + size(&value) - size(&state.value).min(self.bytes);
        state.value = value;
    }

    fn reset(&mut self, group: usize) {
        let fresh = self.fresh();
        self.set(group, Datum::Null);
        self.bytes += size(&fresh.value);
        self.states[group] = fresh;
    }
}

impl States {
    /// Makes them states of this many groups; new ones have seen no row.
    pub fn resize(&mut self, groups: usize) {
        match self {
            States::Builtin(states) => states.resize(groups),
            States::Users(states) => {
                if groups < states.states.len() {
                    states.bytes = 0;
                }
                let fresh = states.fresh();
                states.bytes += size(&fresh.value) * groups.saturating_sub(states.states.len());
                states.states.resize(groups, fresh);
            }
            States::Elsewhere => {}
        }
    }

    /// Bytes of memory that they hold, about.
    pub fn memory(&self) -> usize {
        match self {
            States::Builtin(states) => states.memory(),
            States::Users(states) => states.bytes + states.states.capacity() * size_of::<UsersState>(),
            States::Elsewhere => 0,
        }
    }
}

impl Accumulator {
    /// The work of the aggregate `function`, or of the user's functions, on arguments of these types.
    pub fn new(
        function: Oid,
        users: Option<&UsersAggregate>,
        collation: Oid,
        ty: ColumnType,
        args: &[ColumnType],
        direct: &[ColumnType],
    ) -> Result<Accumulator> {
        let users = users.map(|users| Users::new(users, args, direct).map(Box::new)).transpose()?;
        Ok(Accumulator { function, collation, ty, arg_types: args.iter().map(|ty| ty.oid).collect(), users })
    }

    /// Whether it is a user's whose transition function is volatile.
    pub fn is_volatile(&self) -> bool {
        self.users.as_ref().is_some_and(|users| users.volatile)
    }

    fn context<'a>(&'a self, run: &Run<'a>) -> Context<'a> {
        Context {
            env: run.env(),
            collation: self.collation,
            result_type: self.ty.oid,
            arg_types: &self.arg_types,
            variadic: false,
        }
    }

    /// States of no groups yet.
    ///
    /// # Errors
    /// `0A000` for a built-in aggregate that is not written yet.
    pub fn states(&mut self, run: &mut Run<'_>) -> Result<States> {
        if let Some(users) = &mut self.users {
            let initial = match &mut users.initial {
                Some(initial) => initial.value(run)?,
                None => Datum::Null,
            };
            return Ok(States::Users(UsersStates { states: Vec::new(), initial, bytes: 0 }));
        }
        match types::aggregate(self.function, self.context(run)) {
            Some(aggregate) => Ok(States::Builtin(aggregate?)),
            None => Err(Error::not_implemented(run.session.function_name(self.function)?)),
        }
    }

    /// Takes rows into their groups' states.
    pub fn update(
        &mut self,
        states: &mut States,
        groups: Groups<'_>,
        args: &[&Column],
        rows: Rows<'_>,
        run: &mut Run<'_>,
    ) -> Result<()> {
        match (states, &mut self.users) {
            (States::Builtin(states), _) => states.update(groups, args, rows, self.context(run)),
            (States::Users(states), Some(users)) => users.update(states, groups, args, rows, run),
            _ => Ok(()),
        }
    }

    /// Takes the first rows out of a group's state again. False, with the state in disorder, if that cannot be done.
    pub fn retract(
        &mut self,
        states: &mut States,
        group: usize,
        args: &[&Column],
        rows: Rows<'_>,
        run: &mut Run<'_>,
    ) -> Result<bool> {
        match (states, &mut self.users) {
            (States::Builtin(states), _) => states.retract(group, args, rows, self.context(run)),
            (States::Users(states), Some(users)) => users.retract(states, group, args, rows, run),
            _ => Ok(false),
        }
    }

    /// Adds a group's result to `out`; `direct` are the direct arguments. The state stays as it is.
    pub fn finish(
        &mut self,
        states: &mut States,
        group: usize,
        direct: &[DatumRef<'_>],
        out: &mut Column,
        run: &mut Run<'_>,
    ) -> Result<()> {
        match (states, &mut self.users) {
            (States::Builtin(states), _) => states.finish(group, out, self.context(run)),
            (States::Users(states), Some(users)) => users.finish(states, group, direct, out, run),
            _ => Err(Error::internal("an aggregate's states are elsewhere")),
        }
    }
}
