//! From the plan's expressions to what evaluates them.

use batch::Column;
use error::{Error, Result};
use planner::plan::{self, ExprKind};

use super::{Compiled, Function, Op, Scratch, arrays, json, rows, set_constant, subplan};

/// Compiles several expressions.
pub(crate) fn compile_all(expressions: &[plan::Expr]) -> Result<Vec<Compiled>> {
    expressions.iter().map(compile).collect()
}

fn function(call: &plan::Call) -> Result<Function> {
    Ok(Function {
        builtin: types::function(call.function),
        oid: call.function,
        arg_types: call.args.iter().map(|arg| arg.ty.oid).collect(),
        args: compile_all(&call.args)?,
        collation: call.collation,
        volatile: call.volatile,
        variadic: call.variadic,
    })
}

fn boxed(expression: &plan::Expr) -> Result<Box<Compiled>> {
    compile(expression).map(Box::new)
}

/// Compiles an expression.
pub(crate) fn compile(expression: &plan::Expr) -> Result<Compiled> {
    let ty = expression.ty;
    let mut out = Column::new(ty.repr);
    let op = match &expression.kind {
        ExprKind::Column(column) => Op::Column(*column),
        ExprKind::Const(value) => {
            let value = value.as_ref();
            if value.repr().is_some_and(|repr| repr != ty.repr) {
                let text = format!("constant {value:?} of type {} has another form than {:?}", ty.oid, ty.repr);
                return Err(Error::internal(text));
            }
            set_constant(&mut out, value);
            Op::Const
        }
        ExprKind::Param(number) => Op::Param(*number),
        ExprKind::Slot(slot) => Op::Slot(*slot),
        ExprKind::Local(local) => Op::Local(*local),
        ExprKind::Bind { local, value, body } => Op::Bind { local: *local, value: boxed(value)?, body: boxed(body)? },
        ExprKind::Call(call) => Op::Call(function(call)?),
        ExprKind::ScalarArray { call, any, element, hashable: _ } => {
            Op::ScalarArray(Box::new(arrays::ScalarArray::new(function(call)?, *any, *element)))
        }
        ExprKind::And(args) => Op::And(compile_all(args)?, Scratch::default()),
        ExprKind::Or(args) => Op::Or(compile_all(args)?, Scratch::default()),
        ExprKind::Not(arg) => Op::Not(boxed(arg)?),
        ExprKind::IsNull { arg, negated, row } => Op::IsNull { arg: boxed(arg)?, negated: *negated, row: *row },
        ExprKind::IsBoolean { arg, value, negated } => {
            Op::IsBoolean { arg: boxed(arg)?, value: *value, negated: *negated }
        }
        ExprKind::Distinct(call) => Op::Distinct(function(call)?, Column::new(batch::Repr::B1)),
        ExprKind::NullIf(call) => Op::NullIf(function(call)?, Column::new(batch::Repr::B1)),
        ExprKind::Case { whens, otherwise } => {
            let whens = whens.iter().map(|(when, then)| Ok((compile(when)?, compile(then)?)));
            Op::Case { whens: whens.collect::<Result<_>>()?, otherwise: boxed(otherwise)?, scratch: Scratch::default() }
        }
        ExprKind::Coalesce(args) => Op::Coalesce(compile_all(args)?, Scratch::default()),
        ExprKind::MinMax { greatest, args, compare: _, collation } => {
            Op::MinMax { greatest: *greatest, args: compile_all(args)?, collation: *collation }
        }
        ExprKind::Array { elements, element, nested } => {
            Op::Array { elements: compile_all(elements)?, element: *element, nested: *nested }
        }
        ExprKind::Row { fields, names } => Op::Row(Box::new(rows::Row {
            types: fields.iter().map(|field| field.ty.oid).collect(),
            fields: compile_all(fields)?,
            names: names.clone(),
        })),
        ExprKind::RowCall { call, shape } => Op::RowCall(Box::new(rows::RowCall {
            function: function(call)?,
            strict: call.strict,
            shape: rows::Assembly::new(ty.oid, shape),
        })),
        ExprKind::RowCompare { comparison, orders } => {
            Op::RowCompare(Box::new(rows::RowCompare { comparison: *comparison, orders: compile_all(orders)? }))
        }
        ExprKind::Field { arg, index } => Op::Field { arg: boxed(arg)?, index: *index },
        ExprKind::SetFields { arg, fields } => {
            let fields = fields.iter().map(|(index, value)| Ok((*index, compile(value)?)));
            Op::SetFields { arg: boxed(arg)?, fields: fields.collect::<Result<_>>()? }
        }
        ExprKind::Subscript { container, element, upper, lower, assign } => {
            let bounds = |bounds: &[Option<plan::Expr>]| {
                bounds.iter().map(|bound| bound.as_ref().map(compile).transpose()).collect::<Result<Vec<_>>>()
            };
            Op::Subscript(Box::new(arrays::Subscript {
                container: compile(container)?,
                element: *element,
                upper: bounds(upper)?,
                lower: bounds(lower)?,
                assign: assign.as_deref().map(compile).transpose()?,
            }))
        }
        ExprKind::JsonbSubscript { container, path, assign } => Op::JsonbSubscript(Box::new(json::JsonbSubscript {
            container: compile(container)?,
            path: compile_all(path)?,
            assign: assign.as_deref().map(compile).transpose()?,
        })),
        ExprKind::ViaIo(arg) => Op::ViaIo { arg: boxed(arg)?, text: Vec::new() },
        ExprKind::MapArray { arg, local, from, element } => Op::MapArray(Box::new(arrays::MapArray {
            arg: compile(arg)?,
            local: *local,
            from: *from,
            element: compile(element)?,
        })),
        ExprKind::ConvertRow { arg, map } => Op::ConvertRow { arg: boxed(arg)?, map: map.clone() },
        ExprKind::Domain { arg, local, not_null, checks, domain } => {
            let checks = checks.iter().map(|(name, check)| Ok((name.clone(), compile(check)?)));
            Op::Domain {
                arg: boxed(arg)?,
                local: *local,
                not_null: *not_null,
                checks: checks.collect::<Result<_>>()?,
                domain: *domain,
            }
        }
        ExprKind::SqlValue(function) => Op::SqlValue(*function),
        ExprKind::NextValue(sequence) => Op::NextValue(*sequence),
        ExprKind::JsonCall { function, args } => {
            let types = args.iter().map(|arg| arg.ty.oid).collect();
            Op::JsonCall(Box::new(json::JsonCall { function: *function, args: compile_all(args)?, types }))
        }
        ExprKind::JsonPath(path) => Op::JsonPath(Box::new(json::JsonPath::new(path)?)),
        ExprKind::JsonTable(_) => return Err(Error::internal("JSON_TABLE stands outside of FROM")),
        ExprKind::SubPlan(call) => Op::SubPlan(Box::new(subplan::Call::new(call, &mut compile)?)),
    };
    Ok(Compiled { op, ty, out })
}
