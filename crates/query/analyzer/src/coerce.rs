//! Conversions between types: which exist in which context, and the nodes that do them.
//!
//! The rules are those of PostgreSQL's chapter "Type Conversion".

use batch::Datum;
use error::{Error, Result, SqlState, bail};
use ids::Oid;
use types::oid;

use crate::Analyzer;
use crate::query::{CallForm, Expr, ExprKind, FunctionCall, NO_LOCATION, SqlType};
use crate::types::{self as ty, UNKNOWN};

/// Where a conversion is asked for; a later one allows all that an earlier one does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Coercion {
    /// In an expression.
    Implicit,
    /// To store in a column.
    Assignment,
    /// Written.
    Explicit,
}

/// How a conversion is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Path {
    /// Nothing to compute.
    Relabel,
    /// A function.
    Function(Oid),
    /// Output function, input function.
    ViaIo,
    /// Element by element.
    Array,
}

impl Analyzer<'_> {
    /// Whether arguments of these types can be given to parameters of those types.
    pub fn can_coerce(&self, inputs: &[Oid], targets: &[Oid], context: Coercion) -> Result<bool> {
        let mut generic = false;
        for (&input, &target) in inputs.iter().zip(targets) {
            if input == target || target == oid::ANY {
                continue;
            }
            if crate::polymorphic::is_polymorphic(target) {
                generic = true;
                continue;
            }
            if input == UNKNOWN || self.coercion_path(input, target, context)?.is_some() {
                continue;
            }
            let composite = |type_oid| ty::is_composite(self.catalog, type_oid);
            if input == oid::RECORD && composite(target)? || target == oid::RECORD && composite(input)? {
                continue;
            }
            if target == oid::RECORD_ARRAY {
                let element = ty::element_type(self.catalog, input)?;
                if element.is_valid() && composite(element)? {
                    continue;
                }
            }
            return Ok(false);
        }
        Ok(!generic || self.polymorphic_types_agree(inputs, targets)?)
    }

    /// How one type becomes another in this context, if it does.
    pub(crate) fn coercion_path(&self, source: Oid, target: Oid, context: Coercion) -> Result<Option<Path>> {
        let source = self.catalog.base_type(source, -1)?.0;
        let target = self.catalog.base_type(target, -1)?.0;
        if source == target {
            return Ok(Some(Path::Relabel));
        }
        if let Some(cast) = self.catalog.cast(source, target)? {
            let needed = match cast.castcontext {
                b'i' => Coercion::Implicit,
                b'a' => Coercion::Assignment,
                _ => Coercion::Explicit,
            };
            if context < needed {
                return Ok(None);
            }
            return Ok(Some(match cast.castmethod {
                b'f' => Path::Function(cast.castfunc),
                b'i' => Path::ViaIo,
                _ => Path::Relabel,
            }));
        }
        if target != oid::OIDVECTOR && target != oid::INT2VECTOR {
            let from = self.catalog.element_type(source)?;
            let to = self.catalog.element_type(target)?;
            if let (Some(from), Some(to)) = (from, to)
                && let Some(path) = self.coercion_path(from, to, context)?
            {
                return Ok(Some(if path == Path::ViaIo { Path::ViaIo } else { Path::Array }));
            }
        }
        let is_string = |type_oid| Ok::<_, Error>(self.catalog.type_category(type_oid)?.0 == b'S');
        if context >= Coercion::Assignment && is_string(target)? || context >= Coercion::Explicit && is_string(source)?
        {
            return Ok(Some(Path::ViaIo));
        }
        Ok(None)
    }

    /// Converts if the context allows it; `None` if not.
    pub(crate) fn coerce_to_target(
        &mut self,
        expr: Expr,
        target: Oid,
        typmod: i32,
        context: Coercion,
        form: CallForm,
        location: u32,
    ) -> Result<Option<Expr>> {
        if !self.can_coerce(&[expr.ty.oid], &[target], context)? {
            return Ok(None);
        }
        // A COLLATE on top goes back on top, so that it does not hide a literal.
        if let ExprKind::Collate(inner) = expr.kind {
            let (collation, at) = (expr.ty.collation, expr.location);
            let inner = self.coerce(*inner, target, typmod, context, form, location)?;
            let inner = self.coerce_typmod(inner, target, typmod, context, form, location)?;
            if !self.catalog.type_(target)?.typcollation.is_valid() {
                return Ok(Some(inner));
            }
            let ty = SqlType { collation, ..inner.ty };
            return Ok(Some(Expr { kind: ExprKind::Collate(Box::new(inner)), ty, location: at }));
        }
        let source = expr.ty.oid;
        let mut expr = self.coerce(expr, target, typmod, context, form, location)?;
        // Of a cast and the check of a length over it, only one was written.
        if source != target && expr.ty.oid == target && typmod >= 0 && typmod != expr.ty.typmod {
            hide_cast(&mut expr);
        }
        Ok(Some(self.coerce_typmod(expr, target, typmod, context, form, location)?))
    }

    /// Converts to a type; [`Analyzer::can_coerce`] has said that it can be. The type modifier is only heeded where input
    /// functions and domains need it.
    pub(crate) fn coerce(
        &mut self,
        expr: Expr,
        target: Oid,
        typmod: i32,
        context: Coercion,
        form: CallForm,
        location: u32,
    ) -> Result<Expr> {
        let source = expr.ty.oid;
        if source == target {
            return Ok(expr);
        }
        if matches!(
            target,
            oid::ANY | oid::ANYELEMENT | oid::ANYNONARRAY | oid::ANYCOMPATIBLE | oid::ANYCOMPATIBLENONARRAY
        ) {
            return Ok(expr);
        }
        if crate::polymorphic::is_polymorphic(target) && source != UNKNOWN {
            let base = self.catalog.base_type(source, -1)?.0;
            if base != source {
                let row = self.catalog.type_(base)?;
                return Ok(relabel(expr, ty::with_collation(&row, -1), CallForm::ImplicitCast, location));
            }
            return Ok(expr);
        }
        let at = if location == NO_LOCATION { expr.location } else { location };
        if source == UNKNOWN {
            match expr.kind {
                ExprKind::Const(value) => {
                    return self.coerce_literal(value, target, typmod, context, form, expr.location, at);
                }
                ExprKind::Param(number) => {
                    return self.coerce_parameter(number, target, typmod, context, form, expr.location);
                }
                _ => {}
            }
            // A column of unknown type cannot be, but for a view made by a very old server: through text.
            let row = self.catalog.type_(target)?;
            return Ok(via_io(expr, ty::with_collation(&row, -1), form, at));
        }
        if let Some(path) = self.coercion_path(source, target, context)? {
            if path != Path::Relabel {
                let (base, base_typmod) = self.catalog.base_type(target, typmod)?;
                let result = self.apply_path(expr, path, base, base_typmod, context, form, at)?;
                return if base == target {
                    Ok(result)
                } else {
                    self.wrap_in_domain(result, base, base_typmod, target, context, form, at, true)
                };
            }
            let (base, base_typmod) = self.catalog.base_type(target, -1)?;
            let (expr_base, _) = self.catalog.base_type(source, -1)?;
            if base != target && expr_base == base {
                return self.wrap_in_domain(expr, base, base_typmod, target, context, form, at, false);
            }
            let row = self.catalog.type_(target)?;
            if base != target {
                let base_row = self.catalog.type_(base)?;
                let inner = relabel(expr, ty::with_collation(&base_row, -1), CallForm::ImplicitCast, at);
                return self.wrap_in_domain(inner, base, base_typmod, target, context, form, at, false);
            }
            return Ok(relabel(expr, ty::with_collation(&row, -1), form, at));
        }
        if source == oid::RECORD && ty::is_composite(self.catalog, target)? {
            return self.coerce_record(expr, target, context, form, at);
        }
        if target == oid::RECORD && ty::is_composite(self.catalog, source)? {
            return Ok(relabel(expr, SqlType::plain(target), form, at));
        }
        if target == oid::RECORD_ARRAY {
            return Ok(relabel(expr, SqlType::plain(target), form, at));
        }
        Err(Error::internal(format!(
            "failed to find conversion function from {} to {}",
            self.catalog.format_type(source, -1)?,
            self.catalog.format_type(target, -1)?
        )))
    }

    fn coerce_literal(
        &mut self,
        value: Datum,
        target: Oid,
        typmod: i32,
        context: Coercion,
        form: CallForm,
        literal_at: u32,
        location: u32,
    ) -> Result<Expr> {
        let (base, base_typmod) = self.catalog.base_type(target, typmod)?;
        let input_typmod = if base == oid::INTERVAL { base_typmod } else { -1 };
        let row = self.catalog.type_(base)?;
        let result_ty = ty::with_collation(&row, input_typmod);
        let at = if literal_at == NO_LOCATION { location } else { literal_at };
        let expr = match value {
            Datum::Null => ty::constant(Datum::Null, result_ty, at),
            value => {
                let text = value.as_str().ok_or_else(|| Error::internal("a literal is not text"))?;
                if crate::polymorphic::is_polymorphic(base)
                    || row.typtype == b'p' && base != oid::RECORD && base != oid::CSTRING && base != oid::VOID
                {
                    bail!(FEATURE_NOT_SUPPORTED, "cannot accept a value of type {}", row.typname);
                }
                match types::input(base, text, input_typmod, self.env) {
                    Ok(value) => ty::constant(value, result_ty, at),
                    // A type whose input function is no built-in: when the statement runs.
                    Err(e) if e.state() == SqlState::FEATURE_NOT_SUPPORTED && base >= Oid::FIRST_NORMAL => {
                        let text_row = self.catalog.type_(oid::TEXT)?;
                        let text = ty::constant(value, ty::with_collation(&text_row, -1), at);
                        via_io(text, result_ty, form, at)
                    }
                    Err(e) => return Err(self.place(e, at)),
                }
            }
        };
        if base == target {
            return Ok(expr);
        }
        self.wrap_in_domain(expr, base, base_typmod, target, context, form, location, false)
    }

    /// Wraps a value of a domain's base type; its modifier is applied first.
    fn wrap_in_domain(
        &mut self,
        expr: Expr,
        base: Oid,
        base_typmod: i32,
        domain: Oid,
        context: Coercion,
        form: CallForm,
        location: u32,
        typmod_done: bool,
    ) -> Result<Expr> {
        let expr = if typmod_done && base_typmod < 0 {
            expr
        } else {
            self.coerce_typmod(expr, base, base_typmod, context, CallForm::ImplicitCast, location)?
        };
        let row = self.catalog.type_(domain)?;
        Ok(Expr {
            kind: ExprKind::CoerceToDomain(Box::new(expr), form),
            ty: SqlType { oid: domain, typmod: -1, collation: row.typcollation },
            location,
        })
    }

    fn apply_path(
        &mut self,
        expr: Expr,
        path: Path,
        target: Oid,
        typmod: i32,
        context: Coercion,
        form: CallForm,
        location: u32,
    ) -> Result<Expr> {
        let row = self.catalog.type_(target)?;
        match path {
            Path::Relabel => Ok(relabel(expr, ty::with_collation(&row, -1), form, location)),
            Path::ViaIo => Ok(via_io(expr, ty::with_collation(&row, -1), form, location)),
            Path::Function(function) => {
                let procedure = self.catalog.function(function)?;
                let mut args = vec![expr];
                let takes_typmod = procedure.pronargs >= 2;
                if takes_typmod {
                    args.push(ty::int4(typmod));
                }
                if procedure.pronargs >= 3 {
                    args.push(ty::boolean(context == Coercion::Explicit));
                }
                let result = SqlType {
                    oid: target,
                    typmod: if takes_typmod { typmod } else { -1 },
                    collation: row.typcollation,
                };
                Ok(cast_call(function, args, result, form, location))
            }
            Path::Array => {
                let from = ty::element_type(self.catalog, expr.ty.oid)?;
                let to = ty::element_type(self.catalog, target)?;
                let from_row = self.catalog.type_(from)?;
                let test = Expr {
                    kind: ExprKind::CaseTest,
                    ty: ty::with_collation(&from_row, expr.ty.typmod),
                    location: NO_LOCATION,
                };
                let element = self.coerce(test, to, typmod, context, form, location)?;
                let element = self.coerce_typmod(element, to, typmod, context, form, location)?;
                Ok(Expr {
                    ty: SqlType { oid: target, typmod: element.ty.typmod, collation: row.typcollation },
                    kind: ExprKind::ArrayCoerce { arg: Box::new(expr), element: Box::new(element), form },
                    location,
                })
            }
        }
    }

    /// Applies a type modifier (a length, a precision) by the type's cast to itself.
    pub(crate) fn coerce_typmod(
        &mut self,
        expr: Expr,
        target: Oid,
        typmod: i32,
        context: Coercion,
        form: CallForm,
        location: u32,
    ) -> Result<Expr> {
        if typmod == expr.ty.typmod || typmod < 0 {
            return Ok(expr);
        }
        if expr.ty.oid != target {
            return Ok(expr); // a domain brings its own
        }
        let row = self.catalog.type_(target)?;
        if row.typtype == b'd' {
            return Ok(expr);
        }
        let is_array = self.catalog.element_type(target)?;
        match is_array {
            None => match self.catalog.cast(target, target)? {
                Some(cast) if cast.castfunc.is_valid() => {
                    self.apply_path(expr, Path::Function(cast.castfunc), target, typmod, context, form, location)
                }
                _ => Ok(Expr {
                    ty: SqlType { typmod, ..expr.ty },
                    kind: ExprKind::Relabel(Box::new(expr), form),
                    location,
                }),
            },
            Some(element) => match self.catalog.cast(element, element)? {
                Some(cast) if cast.castfunc.is_valid() => {
                    self.apply_path(expr, Path::Array, target, typmod, context, form, location)
                }
                _ => Ok(expr),
            },
        }
    }

    /// `ROW(…)` to a named row type, field by field.
    fn coerce_record(
        &mut self,
        expr: Expr,
        target: Oid,
        context: Coercion,
        form: CallForm,
        location: u32,
    ) -> Result<Expr> {
        let (base, base_typmod) = self.catalog.base_type(target, -1)?;
        let relation = self.catalog.relation(self.catalog.type_(base)?.typrelid)?;
        let cannot = |this: &Self, detail: String| -> Result<Expr> {
            let message = format!(
                "cannot cast type {} to {}",
                this.catalog.format_type(oid::RECORD, -1)?,
                this.catalog.format_type(target, -1)?
            );
            let error = Error::new(SqlState::CANNOT_COERCE, message);
            let error = if detail.is_empty() { error } else { error.detail(detail) };
            Err(this.place(error, location))
        };
        let ExprKind::Row { fields, .. } = expr.kind else {
            return cannot(self, String::new());
        };
        let mut given = fields.into_iter();
        let mut values = Vec::with_capacity(relation.columns.len());
        for (at, column) in relation.columns.iter().enumerate() {
            if column.attisdropped {
                values.push(ty::null(SqlType::plain(oid::INT4)));
                continue;
            }
            let Some(value) = given.next() else {
                return cannot(self, "Input has too few columns.".into());
            };
            let from = value.ty.oid;
            match self.coerce_to_target(
                value,
                column.atttypid,
                column.atttypmod,
                context,
                CallForm::ImplicitCast,
                NO_LOCATION,
            )? {
                Some(value) => values.push(value),
                None => {
                    let detail = format!(
                        "Cannot cast type {} to {} in column {}.",
                        self.catalog.format_type(from, -1)?,
                        self.catalog.format_type(column.atttypid, -1)?,
                        at + 1
                    );
                    return cannot(self, detail);
                }
            }
        }
        if given.next().is_some() {
            return cannot(self, "Input has too many columns.".into());
        }
        let row = Expr {
            kind: ExprKind::Row { fields: values, names: Vec::new(), explicit: false },
            ty: SqlType::plain(base),
            location,
        };
        if base == target {
            return Ok(row);
        }
        self.wrap_in_domain(row, base, base_typmod, target, context, form, location, false)
    }

    /// A condition: must be boolean.
    pub(crate) fn coerce_boolean(&mut self, expr: Expr, construct: &str) -> Result<Expr> {
        self.coerce_specific(expr, oid::BOOL, construct)
    }

    /// A value that a construct wants to be of one type.
    pub(crate) fn coerce_specific(&mut self, expr: Expr, target: Oid, construct: &str) -> Result<Expr> {
        let (source, location) = (expr.ty.oid, expr.location);
        let set = returns_set(&expr);
        let converted =
            self.coerce_to_target(expr, target, -1, Coercion::Assignment, CallForm::ImplicitCast, NO_LOCATION)?;
        match converted {
            Some(expr)
                if source == UNKNOWN
                    || source == target
                    || self.can_coerce(&[source], &[target], Coercion::Assignment)? =>
            {
                if set {
                    let message = format!("argument of {construct} must not return a set");
                    return Err(self.error(SqlState::DATATYPE_MISMATCH, message, location));
                }
                Ok(expr)
            }
            _ => {
                let message = format!(
                    "argument of {construct} must be type {}, not type {}",
                    self.catalog.format_type(target, -1)?,
                    self.catalog.format_type(source, -1)?
                );
                Err(self.error(SqlState::DATATYPE_MISMATCH, message, location))
            }
        }
    }

    /// The type that several expressions can take together (UNION, CASE and related constructs). Zero if they cannot and `context`
    /// is empty.
    pub(crate) fn common_type(&self, exprs: &[&Expr], context: &str) -> Result<Oid> {
        let types: Vec<(Oid, u32)> = exprs.iter().map(|e| (e.ty.oid, e.location)).collect();
        self.common_type_of(&types, context)
    }

    /// [`Analyzer::common_type`] by types and places.
    pub(crate) fn common_type_of(&self, types: &[(Oid, u32)], context: &str) -> Result<Oid> {
        let Some(&(first, _)) = types.first() else { return Ok(Oid::INVALID) };
        if first != UNKNOWN && types.iter().all(|&(t, _)| t == first) {
            return Ok(first);
        }
        let mut chosen = self.catalog.base_type(first, -1)?.0;
        let mut chosen_row = self.catalog.type_(chosen)?;
        for &(next, location) in &types[1..] {
            let next = self.catalog.base_type(next, -1)?.0;
            if next == UNKNOWN || next == chosen {
                continue;
            }
            let row = self.catalog.type_(next)?;
            if chosen == UNKNOWN {
                (chosen, chosen_row) = (next, row);
            } else if row.typcategory != chosen_row.typcategory {
                if context.is_empty() {
                    return Ok(Oid::INVALID);
                }
                let message = format!(
                    "{context} types {} and {} cannot be matched",
                    self.catalog.format_type(chosen, -1)?,
                    self.catalog.format_type(next, -1)?
                );
                return Err(self.error(SqlState::DATATYPE_MISMATCH, message, location));
            } else if !chosen_row.typispreferred
                && self.can_coerce(&[chosen], &[next], Coercion::Implicit)?
                && !self.can_coerce(&[next], &[chosen], Coercion::Implicit)?
            {
                (chosen, chosen_row) = (next, row);
            }
        }
        Ok(if chosen == UNKNOWN { oid::TEXT } else { chosen })
    }

    /// Converts to the common type.
    pub(crate) fn coerce_common(&mut self, expr: Expr, target: Oid, context: &str) -> Result<Expr> {
        let (source, location) = (expr.ty.oid, expr.location);
        if source == target {
            return Ok(expr);
        }
        if !self.can_coerce(&[source], &[target], Coercion::Implicit)? {
            let message = format!(
                "{context} could not convert type {} to {}",
                self.catalog.format_type(source, -1)?,
                self.catalog.format_type(target, -1)?
            );
            return Err(self.error(SqlState::CANNOT_COERCE, message, location));
        }
        self.coerce(expr, target, -1, Coercion::Implicit, CallForm::ImplicitCast, NO_LOCATION)
    }

    /// The modifier that all have, if they have the same type and modifier.
    pub(crate) fn common_typmod(&self, exprs: &[&Expr], common: Oid) -> i32 {
        match exprs.split_first() {
            Some((first, rest))
                if first.ty.oid == common
                    && rest.iter().all(|e| e.ty.oid == common && e.ty.typmod == first.ty.typmod) =>
            {
                first.ty.typmod
            }
            _ => -1,
        }
    }
}

/// The same bits as another type.
pub(crate) fn relabel(expr: Expr, ty: SqlType, form: CallForm, location: u32) -> Expr {
    Expr { kind: ExprKind::Relabel(Box::new(expr), form), ty, location }
}

fn via_io(expr: Expr, ty: SqlType, form: CallForm, location: u32) -> Expr {
    Expr { kind: ExprKind::CoerceViaIo(Box::new(expr), form), ty, location }
}

/// A cast by a function.
pub(crate) fn cast_call(function: Oid, args: Vec<Expr>, ty: SqlType, form: CallForm, location: u32) -> Expr {
    let call = FunctionCall {
        function,
        args,
        input_collation: Oid::INVALID,
        set: false,
        variadic: false,
        form,
        written: None,
    };
    Expr { kind: ExprKind::Function(call), ty, location }
}

/// Whether a set-returning function stands anywhere in an expression (not in its subqueries).
pub(crate) fn returns_set(expr: &Expr) -> bool {
    expr.any_level(|expr| match &expr.kind {
        ExprKind::Function(call) => call.set,
        ExprKind::Operator(call) => call.set,
        _ => false,
    })
}

/// Makes a cast one that was not written.
fn hide_cast(expr: &mut Expr) {
    match &mut expr.kind {
        ExprKind::Relabel(_, form)
        | ExprKind::CoerceViaIo(_, form)
        | ExprKind::ConvertRow(_, form)
        | ExprKind::CoerceToDomain(_, form)
        | ExprKind::ArrayCoerce { form, .. } => *form = CallForm::ImplicitCast,
        ExprKind::Function(call) => call.form = CallForm::ImplicitCast,
        _ => {}
    }
}
