//! Expressions over whole columns.
//!
//! A plan's [`planner::plan::Expr`] is compiled once for each execution of a plan into a tree of [`Compiled`] nodes. A node owns the
//! column that its results go to, so evaluating a batch allocates nothing once the columns have grown. Evaluation has two
//! steps, because a parent needs several children's results at the same time: [`Compiled::evaluate`] computes,
//! [`Compiled::result`] shows.
//!
//! # Which rows are computed
//!
//! Only those asked for: the rows of a batch that still count, and below CASE, COALESCE, AND and OR only those that the
//! earlier conditions left open. So `x <> 0 AND 1 / x > 2` does not divide by zero, as PostgreSQL's left-to-right order
//! has it. A subexpression over constants alone is computed once for a batch and stays a constant column.

mod arrays;
mod compile;
mod conditional;
mod json;
mod rows;
mod subplan;

use batch::{Batch, Column, DatumRef, Repr, Rows, Values};
use error::{Error, Result, SqlState};
use ids::Oid;
use planner::plan::{ColumnType, SqlValueFunction};
use types::{Builtin, Call, Context};

pub(crate) use arrays::{array_elements, array_of};
pub(crate) use compile::{compile, compile_all};
pub(crate) use json::{JsonPath, compile_passing, passed};
pub(crate) use rows::{Assembly, spread_row};

use crate::run::Run;

/// An expression, ready to be evaluated on batches.
pub struct Compiled {
    op: Op,
    ty: ColumnType,
    out: Column,
}

/// A function with its arguments.
pub(crate) struct Function {
    /// `None` if it is not written yet: an error when it is first called.
    builtin: Option<&'static Builtin>,
    oid: Oid,
    args: Vec<Compiled>,
    arg_types: Box<[Oid]>,
    collation: Oid,
    volatile: bool,
    variadic: bool,
}

enum Op {
    Column(usize),
    Const,
    Param(usize),
    Slot(u32),
    Local(u32),
    Bind { local: u32, value: Box<Compiled>, body: Box<Compiled> },
    Call(Function),
    And(Vec<Compiled>, Scratch),
    Or(Vec<Compiled>, Scratch),
    Not(Box<Compiled>),
    IsNull { arg: Box<Compiled>, negated: bool, row: bool },
    IsBoolean { arg: Box<Compiled>, value: Option<bool>, negated: bool },
    Distinct(Function, Column),
    NullIf(Function, Column),
    Case { whens: Vec<(Compiled, Compiled)>, otherwise: Box<Compiled>, scratch: Scratch },
    Coalesce(Vec<Compiled>, Scratch),
    MinMax { greatest: bool, args: Vec<Compiled>, collation: Oid },
    ScalarArray(Box<arrays::ScalarArray>),
    Array { elements: Vec<Compiled>, element: ColumnType, nested: bool },
    MapArray(Box<arrays::MapArray>),
    Subscript(Box<arrays::Subscript>),
    Row(Box<rows::Row>),
    RowCall(Box<rows::RowCall>),
    JsonbSubscript(Box<json::JsonbSubscript>),
    RowCompare(Box<rows::RowCompare>),
    Field { arg: Box<Compiled>, index: usize },
    SetFields { arg: Box<Compiled>, fields: Vec<(usize, Compiled)> },
    ConvertRow { arg: Box<Compiled>, map: Vec<Option<usize>> },
    ViaIo { arg: Box<Compiled>, text: Vec<u8> },
    Domain { arg: Box<Compiled>, local: u32, not_null: bool, checks: Vec<(String, Compiled)>, domain: Oid },
    SqlValue(SqlValueFunction),
    NextValue(Oid),
    SubPlan(Box<subplan::Call>),
    JsonCall(Box<json::JsonCall>),
    JsonPath(Box<json::JsonPath>),
}

/// Rows still open, and those that a condition chose, of one evaluation.
#[derive(Default)]
pub(crate) struct Scratch {
    open: Vec<u16>,
    chosen: Vec<u16>,
}

impl Compiled {
    /// The type and form of the results.
    pub fn ty(&self) -> ColumnType {
        self.ty
    }

    /// The input column that the expression is, if it is just that.
    pub fn as_column(&self) -> Option<usize> {
        match self.op {
            Op::Column(column) => Some(column),
            _ => None,
        }
    }

    /// The results of the last evaluation, on the same input.
    #[inline]
    pub fn result<'a>(&'a self, input: &'a Batch) -> &'a Column {
        match self.op {
            Op::Column(column) => &input.columns[column],
            _ => &self.out,
        }
    }

    /// Gives the results of the last evaluation away in exchange for another column, whose memory is used next time. Not
    /// for an expression that is a column of its input.
    pub(crate) fn swap_result(&mut self, with: &mut Column) {
        match self.op {
            // A constant is filled once, when it is compiled.
            Op::Const => {
                with.clear();
                with.append(&self.out, Rows::All(1));
                with.set_constant();
            }
            _ => std::mem::swap(&mut self.out, with),
        }
    }

    /// Computes the expression for `rows` of a batch.
    pub fn evaluate(&mut self, input: &Batch, rows: Rows<'_>, run: &mut Run<'_>) -> Result<()> {
        if rows.is_empty() {
            if !matches!(self.op, Op::Column(_) | Op::Const) {
                self.out.reset(input.len());
            }
            return Ok(());
        }
        let out = &mut self.out;
        match &mut self.op {
            Op::Column(_) | Op::Const => Ok(()),
            Op::Param(number) => {
                if let Some(column) = run.state.param_rows.as_ref().and_then(|rows| rows.columns.get(*number)) {
                    out.clear();
                    out.append(column, Rows::All(column.len()));
                    return Ok(());
                }
                let value = run.state.params.get(*number).map_or(DatumRef::Null, |value| value.as_ref());
                set_constant(out, value);
                Ok(())
            }
            Op::Slot(slot) => {
                run.fill_slot(*slot)?;
                set_constant(out, run.state.slots[*slot as usize].value.as_ref());
                Ok(())
            }
            Op::Local(local) => {
                out.clear();
                let value = run.state.local(*local)?;
                if value.is_constant() {
                    set_constant(out, value.get(0));
                } else {
                    out.append(value, Rows::All(value.len()));
                }
                Ok(())
            }
            Op::Bind { local, value, body } => {
                value.evaluate(input, rows, run)?;
                run.state.set_local(*local, value.result(input).clone());
                body.evaluate(input, rows, run)?;
                copy(body.result(input), rows, input.len(), out);
                Ok(())
            }
            Op::Call(function) => {
                evaluate_all(&mut function.args, input, rows, run)?;
                function.call(input, rows, run, self.ty, out)
            }
            Op::And(args, scratch) => conditional::and_or(args, scratch, false, input, rows, run, out),
            Op::Or(args, scratch) => conditional::and_or(args, scratch, true, input, rows, run, out),
            Op::Not(arg) => {
                arg.evaluate(input, rows, run)?;
                let arg = arg.result(input);
                if arg.is_constant() {
                    let value = arg.get(0).as_bool();
                    set_constant(out, value.map_or(DatumRef::Null, |value| DatumRef::B1(!value as u8)));
                    return Ok(());
                }
                out.reset(input.len());
                out.inherit_nulls(arg, rows);
                let (from, to) = (arg.b1(), out.b1_mut());
                rows.for_each(|row| to[row] = from[row] ^ 1);
                Ok(())
            }
            Op::IsNull { arg, negated, row } => {
                arg.evaluate(input, rows, run)?;
                if *row {
                    return rows::is_null(arg.result(input), *negated, rows, input.len(), run, out);
                }
                let arg = arg.result(input);
                if arg.is_constant() || !arg.has_nulls() {
                    set_constant(out, DatumRef::B1((arg.is_null(0) != *negated) as u8));
                    return Ok(());
                }
                out.reset(input.len());
                let to = out.b1_mut();
                rows.for_each(|row| to[row] = (arg.is_null(row) != *negated) as u8);
                Ok(())
            }
            Op::IsBoolean { arg, value, negated } => {
                arg.evaluate(input, rows, run)?;
                let arg = arg.result(input);
                out.reset(input.len());
                let to = out.b1_mut();
                rows.for_each(|row| to[row] = ((arg.get(row).as_bool() == *value) != *negated) as u8);
                Ok(())
            }
            Op::Distinct(function, equal) => {
                evaluate_all(&mut function.args, input, rows, run)?;
                function.call(input, rows, run, BOOLEAN, equal)?;
                let [left, right] = [&function.args[0], &function.args[1]].map(|arg| arg.result(input));
                out.reset(input.len());
                let to = out.b1_mut();
                rows.for_each(|row| {
                    to[row] = match (left.is_null(row), right.is_null(row)) {
                        (true, true) => false,
                        (false, false) => equal.get(row).as_bool() != Some(true),
                        _ => true,
                    } as u8;
                });
                Ok(())
            }
            Op::NullIf(function, equal) => {
                evaluate_all(&mut function.args, input, rows, run)?;
                function.call(input, rows, run, BOOLEAN, equal)?;
                copy(function.args[0].result(input), rows, input.len(), out);
                rows.for_each(|row| {
                    if equal.get(row).as_bool() == Some(true) {
                        out.set_null(row);
                    }
                });
                Ok(())
            }
            Op::Case { whens, otherwise, scratch } => {
                conditional::case(whens, otherwise, scratch, input, rows, run, out)
            }
            Op::Coalesce(args, scratch) => conditional::coalesce(args, scratch, input, rows, run, out),
            Op::MinMax { greatest, args, collation } => {
                evaluate_all(args, input, rows, run)?;
                out.reset(input.len());
                let wanted = if *greatest { std::cmp::Ordering::Greater } else { std::cmp::Ordering::Less };
                let env = run.env();
                rows.try_for_each(|row| {
                    let mut best = DatumRef::Null;
                    for arg in args.iter() {
                        let value = arg.result(input).get(row);
                        if value.is_null() {
                            continue;
                        }
                        if best.is_null() || types::compare(self.ty.oid, *collation, value, best, env)? == wanted {
                            best = value;
                        }
                    }
                    out.put(row, best);
                    Ok(())
                })
            }
            Op::ScalarArray(call) => call.evaluate(input, rows, run, out),
            Op::Array { elements, element, nested } => {
                evaluate_all(elements, input, rows, run)?;
                arrays::construct(elements, *element, *nested, input, rows, out)
            }
            Op::MapArray(map) => map.evaluate(input, rows, run, out),
            Op::Subscript(subscript) => subscript.evaluate(input, rows, run, out),
            Op::Row(row) => row.evaluate(self.ty, input, rows, run, out),
            Op::RowCall(call) => call.evaluate(self.ty, input, rows, run, out),
            Op::JsonbSubscript(subscript) => subscript.evaluate(input, rows, run, out),
            Op::RowCompare(compare) => compare.evaluate(input, rows, run, out),
            Op::Field { arg, index } => {
                arg.evaluate(input, rows, run)?;
                rows::field(arg.result(input), *index, self.ty, rows, input.len(), run, out)
            }
            Op::SetFields { arg, fields } => {
                arg.evaluate(input, rows, run)?;
                fields.iter_mut().try_for_each(|(_, value)| value.evaluate(input, rows, run))?;
                rows::set_fields(arg, fields, input, rows, run, out)
            }
            Op::ConvertRow { arg, map } => {
                arg.evaluate(input, rows, run)?;
                rows::convert(arg.result(input), self.ty, map, rows, input.len(), run, out)
            }
            Op::ViaIo { arg, text } => {
                arg.evaluate(input, rows, run)?;
                via_io(arg.result(input), arg.ty, self.ty, text, rows, input.len(), run, out)
            }
            Op::Domain { arg, local, not_null, checks, domain } => {
                arg.evaluate(input, rows, run)?;
                let value = arg.result(input);
                if *not_null && rows.iter().any(|row| value.is_null(row)) {
                    let name = run.session.type_name(*domain)?;
                    return Err(Error::new(
                        SqlState::NOT_NULL_VIOLATION,
                        format!("domain {name} does not allow null values"),
                    )
                    .data_type(name));
                }
                copy(value, rows, input.len(), out);
                run.state.set_local(*local, out.clone());
                for (constraint, check) in checks {
                    check.evaluate(input, rows, run)?;
                    let holds = check.result(input);
                    if rows.iter().any(|row| holds.get(row).as_bool() == Some(false)) {
                        let name = run.session.type_name(*domain)?;
                        let text = format!("value for domain {name} violates check constraint \"{constraint}\"");
                        return Err(Error::new(SqlState::CHECK_VIOLATION, text)
                            .data_type(name)
                            .constraint(constraint.as_str()));
                    }
                }
                Ok(())
            }
            Op::SqlValue(function) => {
                let value = run.session.sql_value(*function, self.ty)?;
                set_constant(out, value.as_ref());
                Ok(())
            }
            Op::NextValue(sequence) => {
                out.reset(input.len());
                for row in rows.iter() {
                    let next = run.session.next_value(*sequence)?;
                    match self.ty.repr {
                        Repr::B2 => out.put(row, DatumRef::B2(next as i16)),
                        Repr::B4 => out.put(row, DatumRef::B4(next as i32)),
                        _ => out.put(row, DatumRef::B8(next)),
                    }
                }
                Ok(())
            }
            Op::SubPlan(call) => call.evaluate(input, rows, run, out),
            Op::JsonCall(call) => call.evaluate(self.ty, input, rows, run, out),
            Op::JsonPath(path) => path.evaluate(input, rows, run, out),
        }
    }

    /// The value of an expression without input columns.
    pub fn value(&mut self, run: &mut Run<'_>) -> Result<batch::Datum> {
        let mut input = Batch::default();
        input.set_len(1);
        self.evaluate(&input, Rows::All(1), run)?;
        Ok(self.result(&input).datum(0))
    }
}

/// The type of conditions.
pub(crate) const BOOLEAN: ColumnType = ColumnType { oid: Oid(16), typmod: -1, collation: Oid::INVALID, repr: Repr::B1 };

/// Computes several expressions.
pub(crate) fn evaluate_all(
    expressions: &mut [Compiled],
    input: &Batch,
    rows: Rows<'_>,
    run: &mut Run<'_>,
) -> Result<()> {
    expressions.iter_mut().try_for_each(|expression| expression.evaluate(input, rows, run))
}

/// Narrows the selection of a batch to the rows for which all conditions are true.
pub(crate) fn filter(conditions: &mut [Compiled], batch: &mut Batch, run: &mut Run<'_>) -> Result<()> {
    for condition in conditions {
        let mut selection = std::mem::take(&mut batch.selection);
        let evaluated = condition.evaluate(batch, selection.rows(batch.len()), run);
        if evaluated.is_ok() {
            let holds = condition.result(batch);
            if holds.is_constant() {
                if holds.get(0).as_bool() != Some(true) {
                    selection.set([]);
                }
            } else if let Some(nulls) = holds.nulls() {
                let values = holds.b1();
                selection.retain(batch.len(), |row| values[row] != 0 && !nulls.get(row));
            } else {
                let values = holds.b1();
                selection.retain(batch.len(), |row| values[row] != 0);
            }
        }
        batch.selection = selection;
        evaluated?;
        if batch.row_count() == 0 {
            return Ok(());
        }
    }
    Ok(())
}

/// Makes a column stand for one value.
pub(crate) fn set_constant(out: &mut Column, value: DatumRef<'_>) {
    out.clear();
    out.push(value);
    out.set_constant();
}

/// Makes `out` hold, at `rows` of a batch of `len` positions, what `from` has there.
pub(crate) fn copy(from: &Column, rows: Rows<'_>, len: usize, out: &mut Column) {
    out.reset(len);
    scatter(from, rows, out);
}

/// Turns a constant column into `len` equal values.
pub(crate) fn spread(column: &mut Column, len: usize) {
    let value = column.datum(0);
    column.clear();
    (0..len).for_each(|_| column.push(value.as_ref()));
}

/// Writes what `from` has at `rows` to the same positions of `out`.
pub(crate) fn scatter(from: &Column, rows: Rows<'_>, out: &mut Column) {
    let at = |row| from.index(row);
    match from.values() {
        Values::B1(v) => {
            let to = out.b1_mut();
            rows.for_each(|row| to[row] = v[at(row)]);
        }
        Values::B2(v) => {
            let to = out.b2_mut();
            rows.for_each(|row| to[row] = v[at(row)]);
        }
        Values::B4(v) => {
            let to = out.b4_mut();
            rows.for_each(|row| to[row] = v[at(row)]);
        }
        Values::B8(v) => {
            let to = out.b8_mut();
            rows.for_each(|row| to[row] = v[at(row)]);
        }
        Values::Bytes(v) => {
            let to = out.bytes_mut();
            rows.for_each(|row| {
                if !from.is_null(row) {
                    to.put(row, v.get(at(row)));
                }
            });
        }
    }
    if from.has_nulls() {
        rows.for_each(|row| {
            if from.is_null(row) {
                out.set_null(row);
            }
        });
    }
}

impl Function {
    /// Calls it on its arguments' results.
    fn call(
        &mut self,
        input: &Batch,
        rows: Rows<'_>,
        run: &Run<'_>,
        result: ColumnType,
        out: &mut Column,
    ) -> Result<()> {
        let columns = self.args.iter().map(|arg| arg.result(input));
        match self.args.len() {
            1 => self.call_on(&[self.args[0].result(input)], rows, input.len(), run, result, out),
            2 => {
                let args = [self.args[0].result(input), self.args[1].result(input)];
                self.call_on(&args, rows, input.len(), run, result, out)
            }
            _ => self.call_on(&columns.collect::<Vec<_>>(), rows, input.len(), run, result, out),
        }
    }

    /// Calls it on these columns of a batch of `len` positions.
    fn call_on(
        &self,
        args: &[&Column],
        rows: Rows<'_>,
        len: usize,
        run: &Run<'_>,
        result: ColumnType,
        out: &mut Column,
    ) -> Result<()> {
        let context = Context {
            env: run.env(),
            collation: self.collation,
            result_type: result.oid,
            arg_types: &self.arg_types,
            variadic: self.variadic,
        };
        let Some(builtin) = self.builtin else {
            return run.session.call_function(self.oid, args, rows, len, context, run.snapshot, out);
        };
        if self.volatile || args.is_empty() {
            out.reset(len);
            return (builtin.kernel)(&mut Call { args, rows, out, context });
        }
        builtin.evaluate(args, rows, len, context, out)
    }
}

/// A cast through the text form.
fn via_io(
    from: &Column,
    from_type: ColumnType,
    to_type: ColumnType,
    text: &mut Vec<u8>,
    rows: Rows<'_>,
    len: usize,
    run: &Run<'_>,
    out: &mut Column,
) -> Result<()> {
    let env = run.env();
    let (output, input) = (types::io(from_type.oid, env)?, types::io(to_type.oid, env)?);
    let write = types::io::TypeCall { env, type_oid: from_type.oid, typmod: -1 };
    let read = types::io::TypeCall { env, type_oid: to_type.oid, typmod: to_type.typmod };
    let mut value = Column::new(to_type.repr);
    let mut convert = |value: &mut Column, from: DatumRef<'_>| {
        value.clear();
        if from.is_null() {
            value.push_null();
            return Ok(());
        }
        text.clear();
        (output.output)(from, &write, text)?;
        let text = std::str::from_utf8(text).map_err(|_| Error::internal("a text form is not UTF-8"))?;
        (input.input)(text, &read, value)
    };
    if from.is_constant() {
        convert(&mut value, from.get(0))?;
        set_constant(out, value.get(0));
        return Ok(());
    }
    out.reset(len);
    rows.try_for_each(|row| {
        convert(&mut value, from.get(row))?;
        out.put(row, value.get(0));
        Ok(())
    })
}
