//! Constant folding: what can be computed while planning, is.
//!
//! Only immutable functions are called; one that fails is left for the executor, which may never come to it.

use analyzer::node::VisitorMut;
use analyzer::query::{CallForm, Expr, ExprKind, NO_LOCATION, OperatorCall, Query, SqlType};
use batch::{Datum, DatumRef};
use catalog::Catalog;
use error::Result;
use ids::Oid;
use types::{Environment, oid};

/// The functions of `=` and `<>` of truth values.
const BOOLEQ: Oid = Oid(60);
const BOOLNE: Oid = Oid(84);

/// Simplifies expressions in place.
pub(crate) struct Folder<'a> {
    pub catalog: &'a Catalog,
    pub env: &'a dyn Environment,
    pub failed: Result<()>,
}

impl<'a> Folder<'a> {
    /// Simplifies every expression of a query, its subqueries excepted (they are planned on their own).
    pub fn query_expressions(catalog: &'a Catalog, env: &'a dyn Environment, query: &mut Query) -> Result<()> {
        let mut folder = Folder { catalog, env, failed: Ok(()) };
        query.visit_children_mut(&mut folder);
        folder.failed
    }

    /// Simplifies one expression.
    pub fn fold(catalog: &'a Catalog, env: &'a dyn Environment, expr: &mut Expr) -> Result<()> {
        let mut folder = Folder { catalog, env, failed: Ok(()) };
        VisitorMut::expr(&mut folder, expr);
        folder.failed
    }

    fn simplify(&mut self, expr: &mut Expr) -> Result<()> {
        let ty = expr.ty;
        match &mut expr.kind {
            ExprKind::And(args) => {
                let args = std::mem::take(args);
                *expr = conjunction(args, true, expr.location);
            }
            ExprKind::Or(args) => {
                let args = std::mem::take(args);
                *expr = conjunction(args, false, expr.location);
            }
            ExprKind::Not(arg) => {
                let arg = std::mem::replace(&mut **arg, constant(Datum::Null, ty));
                *expr = self.negate(arg, expr.location)?;
            }
            ExprKind::Function(call) if !call.set => {
                let function = call.function;
                if let Some(value) = self.evaluate(function, &call.args, call.input_collation, ty, call.variadic)? {
                    *expr = Expr { kind: ExprKind::Const(value), ty, location: expr.location };
                }
            }
            ExprKind::Operator(call) if !call.set => {
                if let Some(value) = self.evaluate(call.function, &call.args, call.input_collation, ty, false)? {
                    *expr = Expr { kind: ExprKind::Const(value), ty, location: expr.location };
                } else if let Some((truth, arg)) = compared_to_truth(call) {
                    *expr = match truth {
                        true => arg,
                        false => self.negate(arg, expr.location)?,
                    };
                }
            }
            ExprKind::Relabel(arg, _) => {
                if let ExprKind::Const(value) = &mut arg.kind {
                    let value = std::mem::take(value);
                    expr.kind = ExprKind::Const(value);
                }
            }
            // From here on it is one more relabelling: what counts is the type's collation.
            ExprKind::Collate(arg) => match &mut arg.kind {
                ExprKind::Const(value) => {
                    let value = std::mem::take(value);
                    expr.kind = ExprKind::Const(value);
                }
                _ if arg.ty == ty => *expr = std::mem::replace(&mut **arg, analyzer::types::null(ty)),
                _ => {
                    let arg = std::mem::replace(&mut **arg, analyzer::types::null(ty));
                    expr.kind = ExprKind::Relabel(Box::new(arg), CallForm::ImplicitCast);
                }
            },
            ExprKind::ArrayCoerce { arg, element, .. } => {
                if let ExprKind::Const(value) = &arg.kind
                    && let Some(value) = self.coerced_array(value, element)?
                {
                    expr.kind = ExprKind::Const(value);
                }
            }
            ExprKind::NullTest { arg, is_null, row: false } => {
                if let ExprKind::Const(value) = &arg.kind {
                    expr.kind = ExprKind::Const(Datum::bool(value.is_null() == *is_null));
                }
            }
            ExprKind::BooleanTest { arg, value, negated } => {
                if let ExprKind::Const(constant) = &arg.kind {
                    expr.kind = ExprKind::Const(Datum::bool((constant.as_bool() == *value) != *negated));
                }
            }
            ExprKind::Coalesce(args) => {
                args.retain(|arg| !is_null(arg));
                if let Some(at) = args.iter().position(|arg| matches!(arg.kind, ExprKind::Const(_))) {
                    args.truncate(at + 1);
                }
                match args.len() {
                    0 => expr.kind = ExprKind::Const(Datum::Null),
                    1 => {
                        if let Some(only) = args.pop() {
                            *expr = only;
                        }
                    }
                    _ => {}
                }
            }
            ExprKind::Case { arg: None, whens, otherwise } => {
                let mut kept = Vec::with_capacity(whens.len());
                let mut default = None;
                for (condition, result) in whens.drain(..) {
                    match &condition.kind {
                        ExprKind::Const(value) if value.as_bool() == Some(true) => {
                            default = Some(result);
                            break;
                        }
                        ExprKind::Const(_) => {}
                        _ => kept.push((condition, result)),
                    }
                }
                if let Some(default) = default {
                    **otherwise = default;
                }
                if kept.is_empty() {
                    *expr = std::mem::replace(&mut **otherwise, constant(Datum::Null, ty));
                } else {
                    *whens = kept;
                }
            }
            ExprKind::Array { elements, element_type, nested: false }
                if !elements.is_empty() && elements.iter().all(|e| matches!(e.kind, ExprKind::Const(_))) =>
            {
                let values: Vec<Datum> = elements
                    .iter()
                    .map(|e| match &e.kind {
                        ExprKind::Const(value) => value.clone(),
                        _ => Datum::Null,
                    })
                    .collect();
                let repr = repr_of(self.catalog, *element_type)?;
                let bytes = types::array::from_elements(*element_type, repr, &values)?;
                expr.kind = ExprKind::Const(Datum::Bytes(bytes.into()));
            }
            ExprKind::CoerceViaIo(arg, _) => {
                if let ExprKind::Const(value) = &arg.kind
                    && let Some(value) = self.coerced_via_text(value, arg.ty.oid, ty)?
                {
                    expr.kind = ExprKind::Const(value);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// A constant array with its elements cast, if the casts can be computed now.
    fn coerced_array(&mut self, value: &Datum, element: &Expr) -> Result<Option<Datum>> {
        /// Longer arrays wait: they would be cast one element after the other.
        const ELEMENTS_MOST: usize = 10_000;
        let Datum::Bytes(bytes) = value else { return Ok(value.is_null().then_some(Datum::Null)) };
        // Elements that keep their bits: another name in the array's header.
        if matches!(&element.kind, ExprKind::Relabel(inner, _) if matches!(inner.kind, ExprKind::CaseTest)) {
            return relabelled(bytes, element.ty.oid).map(Some);
        }
        let view = types::array::View::new(bytes)?;
        if view.len() > ELEMENTS_MOST {
            return Ok(None);
        }
        let mut values = Vec::with_capacity(view.len());
        for value in view.iter() {
            let mut one = element.clone();
            Element(value.to_datum()).expr(&mut one);
            VisitorMut::expr(self, &mut one);
            match one.kind {
                ExprKind::Const(value) => values.push(value),
                _ => return Ok(None),
            }
        }
        let dimensions: Vec<types::array::Dimension> = view.dimensions().collect();
        let repr = repr_of(self.catalog, element.ty.oid)?;
        let mut out = Vec::new();
        types::array::write(element.ty.oid, repr, &dimensions, values.iter().map(Datum::as_ref), &mut out)?;
        Ok(Some(Datum::Bytes(out.into())))
    }

    /// A constant read anew as another type, if neither type's text form depends on anything.
    fn coerced_via_text(&self, value: &Datum, from: Oid, to: SqlType) -> Result<Option<Datum>> {
        if value.is_null() {
            return Ok(Some(Datum::Null));
        }
        let (from_type, to_type) = (self.catalog.type_(from)?, self.catalog.type_(to.oid)?);
        if to_type.typtype == b'd' {
            return Ok(None);
        }
        for function in [from_type.typoutput, to_type.typinput] {
            if self.catalog.function(function)?.provolatile != b'i' {
                return Ok(None);
            }
        }
        let mut text = Vec::new();
        if types::output(from, value.as_ref(), self.env, &mut text).is_err() {
            return Ok(None);
        }
        let Ok(text) = std::str::from_utf8(&text) else { return Ok(None) };
        Ok(types::input(to.oid, text, -1, self.env).ok())
    }

    /// The value of a call over constants; null if a strict function gets a null. `None` if it must wait.
    fn evaluate(
        &self,
        function: Oid,
        args: &[Expr],
        collation: Oid,
        ty: SqlType,
        variadic: bool,
    ) -> Result<Option<Datum>> {
        let any_null = args.iter().any(is_null);
        let all_constant = args.iter().all(|arg| matches!(arg.kind, ExprKind::Const(_)));
        if !any_null && !all_constant {
            return Ok(None);
        }
        let row = self.catalog.function(function)?;
        if row.proisstrict && any_null {
            return Ok(Some(Datum::Null));
        }
        if !all_constant || row.provolatile != b'i' || row.prokind != b'f' {
            return Ok(None);
        }
        let Some(builtin) = types::function(function) else { return Ok(None) };
        let values: Vec<DatumRef<'_>> = args
            .iter()
            .map(|arg| match &arg.kind {
                ExprKind::Const(value) => value.as_ref(),
                _ => DatumRef::Null,
            })
            .collect();
        let arg_types: Vec<Oid> = args.iter().map(|arg| arg.ty.oid).collect();
        let context = types::Context { env: self.env, collation, result_type: ty.oid, arg_types: &arg_types, variadic };
        Ok(builtin.evaluate_one(&values, context, repr_of(self.catalog, ty.oid)?).ok())
    }

    /// NOT, moved inwards where it can be.
    fn negate(&self, arg: Expr, location: u32) -> Result<Expr> {
        let boolean = SqlType::plain(oid::BOOL);
        let Expr { kind, ty, location: at } = arg;
        let negated = |kind| Expr { kind, ty: boolean, location: at };
        Ok(match kind {
            ExprKind::Const(value) => {
                let value = value.as_bool().map_or(Datum::Null, |v| Datum::bool(!v));
                negated(ExprKind::Const(value))
            }
            ExprKind::Not(inner) => *inner,
            ExprKind::And(args) => {
                let args = args.into_iter().map(|a| self.negate(a, NO_LOCATION)).collect::<Result<_>>()?;
                conjunction(args, false, at)
            }
            ExprKind::Or(args) => {
                let args = args.into_iter().map(|a| self.negate(a, NO_LOCATION)).collect::<Result<_>>()?;
                conjunction(args, true, at)
            }
            ExprKind::NullTest { arg, is_null, row: false } => {
                negated(ExprKind::NullTest { arg, is_null: !is_null, row: false })
            }
            ExprKind::BooleanTest { arg, value, negated: n } => {
                negated(ExprKind::BooleanTest { arg, value, negated: !n })
            }
            ExprKind::Operator(call) => match self.negator(&call)? {
                Some(call) => negated(ExprKind::Operator(call)),
                None => not(Expr { kind: ExprKind::Operator(call), ty, location: at }, location),
            },
            ExprKind::ScalarArray { call, any } => match self.negator(&call)? {
                Some(call) => negated(ExprKind::ScalarArray { call, any: !any }),
                None => not(Expr { kind: ExprKind::ScalarArray { call, any }, ty, location: at }, location),
            },
            kind => not(Expr { kind, ty, location: at }, location),
        })
    }

    fn negator(&self, call: &OperatorCall) -> Result<Option<OperatorCall>> {
        let negator = self.catalog.operator(call.operator)?.oprnegate;
        if !negator.is_valid() {
            return Ok(None);
        }
        let row = self.catalog.operator(negator)?;
        Ok(Some(OperatorCall { operator: negator, function: row.oprcode, ..call.clone() }))
    }
}

/// Puts an element in the place that stands for it in a cast of elements; what stands for something else of that name stays.
struct Element(Datum);

impl VisitorMut for Element {
    fn expr(&mut self, expr: &mut Expr) {
        match &expr.kind {
            ExprKind::CaseTest => expr.kind = ExprKind::Const(self.0.clone()),
            ExprKind::Case { .. } | ExprKind::ArrayCoerce { .. } => {}
            _ => expr.visit_children_mut(self),
        }
    }
    fn query(&mut self, _: &mut Query) {}
    fn as_dyn(&mut self) -> &mut dyn VisitorMut {
        self
    }
}

impl VisitorMut for Folder<'_> {
    fn expr(&mut self, expr: &mut Expr) {
        // An outer query's aggregate is known there by what was written.
        if matches!(&expr.kind, ExprKind::Aggregate(aggregate) if aggregate.level > 0) {
            return;
        }
        expr.visit_children_mut(self);
        if self.failed.is_ok() {
            self.failed = self.simplify(expr);
        }
    }
    fn query(&mut self, _: &mut Query) {}
    fn as_dyn(&mut self) -> &mut dyn VisitorMut {
        self
    }
}

/// The physical form of a type's values.
pub(crate) fn repr_of(catalog: &Catalog, type_oid: Oid) -> Result<batch::Repr> {
    match types::repr(type_oid) {
        Some(repr) => Ok(repr),
        None => {
            let row = catalog.type_(type_oid)?;
            Ok(types::repr_of(row.typlen, row.typbyval))
        }
    }
}

fn constant(value: Datum, ty: SqlType) -> Expr {
    Expr { kind: ExprKind::Const(value), ty, location: NO_LOCATION }
}

fn not(arg: Expr, location: u32) -> Expr {
    Expr { kind: ExprKind::Not(Box::new(arg)), ty: SqlType::plain(oid::BOOL), location }
}

/// `x = true` is x, and `x <> true` is NOT x: what is compared, and whether it must be true.
fn compared_to_truth(call: &OperatorCall) -> Option<(bool, Expr)> {
    let equal = match call.function {
        BOOLEQ => true,
        BOOLNE => false,
        _ => return None,
    };
    let [left, right] = &call.args[..] else { return None };
    let truth = |expr: &Expr| match &expr.kind {
        ExprKind::Const(value) => value.as_bool(),
        _ => None,
    };
    match (truth(left), truth(right)) {
        (_, Some(truth)) => Some((truth == equal, left.clone())),
        (Some(truth), _) => Some((truth == equal, right.clone())),
        _ => None,
    }
}

/// An array whose elements are of another type with the same bits.
fn relabelled(bytes: &[u8], element_type: Oid) -> Result<Datum> {
    let view = types::array::View::new(bytes)?;
    let dimensions: Vec<_> = view.dimensions().collect();
    let elements: Vec<DatumRef<'_>> = view.iter().collect();
    let mut out = Vec::with_capacity(bytes.len());
    types::array::write(element_type, view.repr(), &dimensions, elements.iter().copied(), &mut out)?;
    Ok(Datum::Bytes(out.into()))
}

/// Whether it is a null constant.
pub(crate) fn is_null(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::Const(Datum::Null))
}

/// Whether it is a true (or false) constant.
pub(crate) fn is_boolean(expr: &Expr, value: bool) -> bool {
    matches!(&expr.kind, ExprKind::Const(datum) if datum.as_bool() == Some(value))
}

/// AND (or OR) of simplified conditions: flattened, without neutral ones, decided if one decides.
fn conjunction(args: Vec<Expr>, and: bool, location: u32) -> Expr {
    let boolean = SqlType::plain(oid::BOOL);
    let mut flat = Vec::with_capacity(args.len());
    let mut null = None;
    for arg in args {
        match arg.kind {
            ExprKind::And(inner) if and => flat.extend(inner),
            ExprKind::Or(inner) if !and => flat.extend(inner),
            ExprKind::Const(value) => match value.as_bool() {
                Some(v) if v == and => {}
                Some(v) => return constant(Datum::bool(v), boolean),
                None => null = Some(constant(Datum::Null, boolean)),
            },
            kind => flat.push(Expr { kind, ..arg_parts(arg.ty, arg.location) }),
        }
    }
    flat.extend(null);
    match flat.len() {
        0 => constant(Datum::bool(and), boolean),
        1 => flat.swap_remove(0),
        _ => Expr { kind: if and { ExprKind::And(flat) } else { ExprKind::Or(flat) }, ty: boolean, location },
    }
}

fn arg_parts(ty: SqlType, location: u32) -> Expr {
    Expr { kind: ExprKind::Default, ty, location }
}
