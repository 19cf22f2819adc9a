//! Expressions: from syntax to typed nodes.

use batch::Datum;
use error::{Error, Result, SqlState};
use ids::Oid;
use parser::ast::{self, Constant, ExprKind as Ast};
use types::oid;

use crate::Analyzer;
use crate::coerce::{Coercion, returns_set};
use crate::query::*;
use crate::scope::Place;
use crate::types::{self as ty, UNKNOWN};

impl Analyzer<'_> {
    /// An expression, in the place that the scope says.
    pub(crate) fn expr(&mut self, expr: &ast::Expr) -> Result<Expr> {
        self.deeper(|this| this.expr_inner(expr))
    }

    /// An expression of a clause.
    pub(crate) fn expr_at(&mut self, place: Place, expr: &ast::Expr) -> Result<Expr> {
        self.at_place(place, |this| this.expr(expr))
    }

    /// A condition of a clause: boolean.
    pub(crate) fn condition_at(&mut self, place: Place, expr: &ast::Expr, construct: &str) -> Result<Expr> {
        let expr = self.expr_at(place, expr)?;
        self.coerce_boolean(expr, construct)
    }

    fn exprs(&mut self, exprs: &[ast::Expr]) -> Result<Vec<Expr>> {
        exprs.iter().map(|expr| self.expr(expr)).collect()
    }

    fn expr_inner(&mut self, expr: &ast::Expr) -> Result<Expr> {
        let location = expr.location;
        match &expr.kind {
            Ast::Constant(constant) => self.literal(constant, location),
            Ast::Column(name) => self.column_reference(name, location),
            Ast::Star { qualifiers } if !qualifiers.is_empty() => self.star_row(qualifiers, location),
            Ast::Star { .. } => {
                Err(self.error(SqlState::SYNTAX_ERROR, "row expansion via \"*\" is not supported here", location))
            }
            Ast::Parameter(number) => self.parameter(*number, location),
            Ast::Indirection { base, path } => self.indirection(base, path, location),
            Ast::Binary { first, rest } => {
                let mut left_ast = Some(&**first);
                let mut left = None;
                for step in rest {
                    let at = step.operator.location;
                    left = Some(self.binary(left_ast.take(), left, &step.operator, &step.right, at)?);
                }
                left.ok_or_else(|| Error::internal("an operator chain without operators"))
            }
            Ast::Unary { operator, operand } => {
                let operand = self.expr(operand)?;
                self.make_operator(operator, None, operand, location)
            }
            Ast::And(args) => {
                let args = self.conditions(args, "AND")?;
                Ok(ty::condition(ExprKind::And(args), location))
            }
            Ast::Or(args) => {
                let args = self.conditions(args, "OR")?;
                Ok(ty::condition(ExprKind::Or(args), location))
            }
            Ast::Not(arg) => {
                let arg = self.expr(arg)?;
                let arg = self.coerce_boolean(arg, "NOT")?;
                Ok(ty::condition(ExprKind::Not(Box::new(arg)), location))
            }
            Ast::Is { operand, test, negated } => self.is_test(operand, test, *negated, location),
            Ast::IsDistinctFrom { left, right, negated } => self.distinct_from(left, right, *negated, location),
            Ast::Between(between) => self.between(between, location),
            Ast::In(in_) => self.in_set(in_, location),
            Ast::Like(like) => self.like(like, location),
            Ast::Quantified(quantified) => self.quantified(quantified, location),
            Ast::Case(case) => self.case(case, location),
            Ast::Coalesce(args) => {
                let args = self.exprs(args)?;
                let (args, ty) = self.unify(args, "COALESCE")?;
                if let Some(at) = args.iter().find(|arg| returns_set(arg)).map(|arg| arg.location) {
                    return Err(self
                        .error(
                            SqlState::FEATURE_NOT_SUPPORTED,
                            "set-returning functions are not allowed in COALESCE",
                            at,
                        )
                        .hint("You might be able to move the set-returning function into a LATERAL FROM item."));
                }
                Ok(Expr { kind: ExprKind::Coalesce(args), ty, location })
            }
            Ast::Greatest(args) | Ast::Least(args) => {
                let greatest = matches!(expr.kind, Ast::Greatest(_));
                let args = self.exprs(args)?;
                let (args, ty) = self.unify(args, if greatest { "GREATEST" } else { "LEAST" })?;
                Ok(Expr { kind: ExprKind::MinMax { greatest, args, input_collation: Oid::INVALID }, ty, location })
            }
            Ast::NullIf(args) => {
                let left = self.expr(&args[0])?;
                let right = self.expr(&args[1])?;
                let result = self.make_operator(&ast::Operator::known("=", location), Some(left), right, location)?;
                if result.ty.oid != oid::BOOL {
                    return Err(self.error(
                        SqlState::DATATYPE_MISMATCH,
                        "NULLIF requires = operator to yield boolean",
                        location,
                    ));
                }
                match result.kind {
                    ExprKind::Operator(call) => {
                        let ty = call.args[0].ty;
                        Ok(Expr { kind: ExprKind::NullIf(call), ty, location })
                    }
                    _ => Err(Error::internal("comparison by = is no operator call")),
                }
            }
            Ast::Cast { operand, target } => self.cast(operand, target, location),
            Ast::Collate { operand, collation } => {
                let arg = self.expr(operand)?;
                let row = self.catalog.type_(arg.ty.oid)?;
                if !row.typcollation.is_valid() && arg.ty.oid != UNKNOWN {
                    let message =
                        format!("collations are not supported by type {}", self.catalog.format_type(arg.ty.oid, -1)?);
                    return Err(self.error(SqlState::DATATYPE_MISMATCH, message, location));
                }
                // Errors point to the word COLLATE.
                let written = ast::ObjectName { location, ..(**collation).clone() };
                let collation = self.collation_name_of(&written)?;
                let arg = if arg.ty.oid == UNKNOWN {
                    self.coerce(arg, oid::TEXT, -1, Coercion::Implicit, CallForm::ImplicitCast, NO_LOCATION)?
                } else {
                    arg
                };
                let ty = SqlType { collation, ..arg.ty };
                Ok(Expr { kind: ExprKind::Collate(Box::new(arg)), ty, location })
            }
            Ast::Call(call) => self.function_call(call, location),
            Ast::SqlValue(value) => self.sql_value(*value, location),
            Ast::Row { fields, explicit } => {
                let fields = self.row_fields(fields)?;
                if fields.len() > 1664 {
                    return Err(self.error(
                        SqlState::TOO_MANY_COLUMNS,
                        "ROW expressions can have at most 1664 entries",
                        location,
                    ));
                }
                Ok(Expr {
                    kind: ExprKind::Row { fields, names: Vec::new(), explicit: *explicit },
                    ty: SqlType::plain(oid::RECORD),
                    location,
                })
            }
            Ast::Array(elements) => self.array(elements, None, location),
            Ast::Subquery(select) => self.sublink(SubLinkKind::Scalar, select, location),
            Ast::Exists(select) => self.sublink(SubLinkKind::Exists, select, location),
            Ast::ArraySubquery(select) => self.sublink(SubLinkKind::Array, select, location),
            Ast::Grouping(args) => self.grouping(args, location),
            Ast::MergeAction => {
                if !self.scopes.iter().any(|s| s.place == Place::MergeReturning) {
                    return Err(self.error(
                        SqlState::SYNTAX_ERROR,
                        "MERGE_ACTION() can only be used in the RETURNING list of a MERGE command",
                        location,
                    ));
                }
                let ty = SqlType { oid: oid::TEXT, typmod: -1, collation: ty::DEFAULT_COLLATION };
                Ok(Expr { kind: ExprKind::MergeAction, ty, location })
            }
            Ast::Default => Err(self.error(SqlState::SYNTAX_ERROR, "DEFAULT is not allowed in this context", location)),
            Ast::CurrentOf(cursor) => {
                let Some(relation) = self.scope().query.result_relation else {
                    return Err(Error::internal("CURRENT OF without a table"));
                };
                Ok(ty::condition(ExprKind::CurrentOf { relation, cursor: cursor.to_string() }, location))
            }
            Ast::Xml(_) => Err(Error::not_implemented("XML")),
            Ast::Json(json) => self.json(json, location),
        }
    }

    fn conditions(&mut self, args: &[ast::Expr], construct: &str) -> Result<Vec<Expr>> {
        args.iter()
            .map(|arg| {
                let arg = self.expr(arg)?;
                self.coerce_boolean(arg, construct)
            })
            .collect()
    }

    pub(crate) fn literal(&mut self, constant: &Constant, location: u32) -> Result<Expr> {
        let number = |type_oid| SqlType::plain(type_oid);
        Ok(match constant {
            Constant::Null => ty::constant(Datum::Null, number(UNKNOWN), location),
            Constant::Boolean(value) => ty::constant(Datum::bool(*value), number(oid::BOOL), location),
            Constant::Integer(value) => ty::constant(Datum::B4(*value), number(oid::INT4), location),
            Constant::Float(text) => {
                if let Some(value) = whole_number(text) {
                    return Ok(match i32::try_from(value) {
                        Ok(small) => ty::constant(Datum::B4(small), number(oid::INT4), location),
                        Err(_) => ty::constant(Datum::B8(value), number(oid::INT8), location),
                    });
                }
                let value = types::input(oid::NUMERIC, text, -1, self.env).map_err(|e| self.place(e, location))?;
                ty::constant(value, number(oid::NUMERIC), location)
            }
            Constant::String(text) => ty::constant(Datum::Bytes(text.as_bytes().into()), number(UNKNOWN), location),
            Constant::BitString(text) => {
                let value = types::input(oid::BIT, text, -1, self.env).map_err(|e| self.place(e, location))?;
                ty::constant(value, number(oid::BIT), location)
            }
        })
    }

    pub(crate) fn parameter(&mut self, number: i32, location: u32) -> Result<Expr> {
        if let Some(variable) = self.variables.and_then(|variables| variables.numbered(number)) {
            return Ok(Expr { kind: ExprKind::Param(variable.number), ty: variable.ty, location });
        }
        let missing = |this: &Self| {
            Err(this.error(SqlState::UNDEFINED_PARAMETER, format!("there is no parameter ${number}"), location))
        };
        let Some(at) = usize::try_from(number).ok().and_then(|n| n.checked_sub(1)) else { return missing(self) };
        if at >= self.params.types.len() {
            if !self.params.variable || at >= u16::MAX as usize {
                return missing(self);
            }
            self.params.types.resize(at + 1, Oid::INVALID);
        }
        let mut type_oid = self.params.types[at];
        if !type_oid.is_valid() {
            if !self.params.variable {
                return missing(self);
            }
            type_oid = UNKNOWN;
        }
        let row = self.catalog.type_(type_oid)?;
        Ok(Expr { kind: ExprKind::Param(number as u32), ty: ty::with_collation(&row, -1), location })
    }

    /// A parameter of unknown type, wanted as a type: takes it.
    pub(crate) fn coerce_parameter(
        &mut self,
        number: u32,
        target: Oid,
        typmod: i32,
        context: Coercion,
        form: CallForm,
        location: u32,
    ) -> Result<Expr> {
        let at = number as usize - 1;
        let known = self.params.types.get(at).copied().unwrap_or_default();
        if !self.params.variable {
            return Err(self.error(
                SqlState::INDETERMINATE_DATATYPE,
                format!("could not determine data type of parameter ${number}"),
                location,
            ));
        }
        if !known.is_valid() || known == UNKNOWN {
            self.params.types[at] = target;
        } else if known != target {
            let message = format!("inconsistent types deduced for parameter ${number}");
            return Err(self.error(SqlState::AMBIGUOUS_PARAMETER, message, location).detail(format!(
                "{} versus {}",
                self.catalog.format_type(known, -1)?,
                self.catalog.format_type(target, -1)?
            )));
        }
        let _ = (typmod, context, form);
        let row = self.catalog.type_(target)?;
        Ok(Expr { kind: ExprKind::Param(number), ty: ty::with_collation(&row, -1), location })
    }

    fn binary(
        &mut self,
        left_ast: Option<&ast::Expr>,
        left: Option<Expr>,
        operator: &ast::Operator,
        right_ast: &ast::Expr,
        location: u32,
    ) -> Result<Expr> {
        if let Some(left_ast) = left_ast {
            // ROW(…) op ROW(…), ROW(…) op (SELECT …)
            if let Ast::Row { fields: l, .. } = &left_ast.kind {
                match &right_ast.kind {
                    Ast::Row { fields: r, .. } => {
                        let l = self.row_fields(l)?;
                        let r = self.row_fields(r)?;
                        return self.make_row_comparison(operator, l, r, location);
                    }
                    Ast::Subquery(select) => {
                        let l = self.row_fields(l)?;
                        return self.tested_sublink(SubLinkKind::RowCompare, l, operator, select, location);
                    }
                    _ => {}
                }
            }
        }
        let left = match (left, left_ast) {
            (Some(left), _) => left,
            (None, Some(ast)) => self.expr(ast)?,
            (None, None) => return Err(Error::internal("a binary operator without left operand")),
        };
        let right = self.expr(right_ast)?;
        self.make_operator(operator, Some(left), right, location)
    }

    fn is_test(&mut self, operand: &ast::Expr, test: &ast::IsTest, negated: bool, location: u32) -> Result<Expr> {
        let not = if negated { "NOT " } else { "" };
        let (value, word) = match test {
            ast::IsTest::Null => {
                let arg = self.expr(operand)?;
                let row = ty::is_composite(self.catalog, arg.ty.oid)?;
                return Ok(ty::condition(ExprKind::NullTest { arg: Box::new(arg), is_null: !negated, row }, location));
            }
            ast::IsTest::True => (Some(true), "TRUE"),
            ast::IsTest::False => (Some(false), "FALSE"),
            ast::IsTest::Unknown => (None, "UNKNOWN"),
            ast::IsTest::Normalized(form) => {
                let mut args = vec![self.expr(operand)?];
                if let Some(form) = form {
                    args.push(self.literal(&Constant::String(form.clone()), location)?);
                }
                let call = self.call_named("is_normalized", args, location)?;
                return Ok(if negated { ty::condition(ExprKind::Not(Box::new(call)), location) } else { call });
            }
            ast::IsTest::Document => return Err(Error::not_implemented("IS DOCUMENT")),
            ast::IsTest::Json { kind, unique_keys } => {
                let test = self.is_json(operand, *kind, *unique_keys, location)?;
                return Ok(if negated { ty::condition(ExprKind::Not(Box::new(test)), location) } else { test });
            }
        };
        let arg = self.expr(operand)?;
        let arg = self.coerce_boolean(arg, &format!("IS {not}{word}"))?;
        Ok(ty::condition(ExprKind::BooleanTest { arg: Box::new(arg), value, negated }, location))
    }

    fn distinct_from(&mut self, left: &ast::Expr, right: &ast::Expr, negated: bool, location: u32) -> Result<Expr> {
        let is_null = |e: &ast::Expr| matches!(e.kind, Ast::Constant(Constant::Null));
        let test = if is_null(right) || is_null(left) {
            let arg = self.expr(if is_null(right) { left } else { right })?;
            let row = false;
            return Ok(ty::condition(ExprKind::NullTest { arg: Box::new(arg), is_null: negated, row }, location));
        } else if let (Ast::Row { fields: l, .. }, Ast::Row { fields: r, .. }) = (&left.kind, &right.kind) {
            let l = self.row_fields(l)?;
            let r = self.row_fields(r)?;
            if l.len() != r.len() {
                return Err(self.error(
                    SqlState::SYNTAX_ERROR,
                    "unequal number of entries in row expressions",
                    location,
                ));
            }
            let mut parts = Vec::with_capacity(l.len());
            for (l, r) in l.into_iter().zip(r) {
                parts.push(self.make_distinct(l, r, location)?);
            }
            match parts.len() {
                0 => ty::boolean(false),
                1 => parts.swap_remove(0),
                _ => ty::condition(ExprKind::Or(parts), location),
            }
        } else {
            let l = self.expr(left)?;
            let r = self.expr(right)?;
            self.make_distinct(l, r, location)?
        };
        Ok(if negated { ty::condition(ExprKind::Not(Box::new(test)), location) } else { test })
    }

    fn between(&mut self, between: &ast::Between, location: u32) -> Result<Expr> {
        let mut side = |low: &ast::Expr, high: &ast::Expr| -> Result<Expr> {
            let (lower, upper) = if between.negated { ("<", ">") } else { (">=", "<=") };
            let mut compare = |symbol, bound: &ast::Expr| {
                let operator = ast::Operator::known(symbol, location);
                self.binary(Some(&between.operand), None, &operator, bound, location)
            };
            let parts = vec![compare(lower, low)?, compare(upper, high)?];
            let kind = if between.negated { ExprKind::Or(parts) } else { ExprKind::And(parts) };
            Ok(ty::condition(kind, location))
        };
        let first = side(&between.low, &between.high)?;
        if !between.symmetric {
            return Ok(first);
        }
        let second = side(&between.high, &between.low)?;
        let parts = vec![first, second];
        Ok(ty::condition(if between.negated { ExprKind::And(parts) } else { ExprKind::Or(parts) }, location))
    }

    fn like(&mut self, like: &ast::Like, location: u32) -> Result<Expr> {
        let symbol = match (like.kind, like.negated) {
            (ast::LikeKind::Like, false) => "~~",
            (ast::LikeKind::Like, true) => "!~~",
            (ast::LikeKind::Ilike, false) => "~~*",
            (ast::LikeKind::Ilike, true) => "!~~*",
            (ast::LikeKind::SimilarTo, false) => "~",
            (ast::LikeKind::SimilarTo, true) => "!~",
        };
        let left = self.expr(&like.operand)?;
        let mut pattern = self.expr(&like.pattern)?;
        let similar = like.kind == ast::LikeKind::SimilarTo;
        if similar || like.escape.is_some() {
            let mut args = vec![pattern];
            if let Some(escape) = &like.escape {
                args.push(self.expr(escape)?);
            }
            pattern = self.call_named(if similar { "similar_to_escape" } else { "like_escape" }, args, location)?;
        }
        self.make_operator(&ast::Operator::known(symbol, location), Some(left), pattern, location)
    }

    fn quantified(&mut self, quantified: &ast::Quantified, location: u32) -> Result<Expr> {
        match &quantified.right {
            ast::QuantifiedSet::Array(array) => {
                let left = self.expr(&quantified.left)?;
                let right = self.expr(array)?;
                self.make_array_comparison(&quantified.operator, !quantified.all, left, right, location)
            }
            ast::QuantifiedSet::Subquery(select) => {
                let kind = if quantified.all { SubLinkKind::All } else { SubLinkKind::Any };
                let test = match &quantified.left.kind {
                    Ast::Row { fields, .. } => self.row_fields(fields)?,
                    _ => vec![self.expr(&quantified.left)?],
                };
                self.tested_sublink(kind, test, &quantified.operator, select, location)
            }
        }
    }

    fn case(&mut self, case: &ast::Case, location: u32) -> Result<Expr> {
        let mut arg = None;
        let mut placeholder = None;
        if let Some(argument) = &case.argument {
            let mut value = self.expr(argument)?;
            if value.ty.oid == UNKNOWN {
                value = self.coerce(value, oid::TEXT, -1, Coercion::Implicit, CallForm::ImplicitCast, NO_LOCATION)?;
            }
            self.assign_collations(&mut value)?;
            placeholder = Some(Expr { kind: ExprKind::CaseTest, ty: value.ty, location: NO_LOCATION });
            arg = Some(Box::new(value));
        }
        let mut conditions = Vec::with_capacity(case.arms.len());
        let mut results = Vec::with_capacity(case.arms.len() + 1);
        results.push(match &case.otherwise {
            Some(otherwise) => self.expr(otherwise)?,
            None => ty::constant(Datum::Null, SqlType::plain(UNKNOWN), NO_LOCATION),
        });
        for arm in &case.arms {
            let condition = self.expr(&arm.condition)?;
            let condition = match &placeholder {
                Some(test) => self.make_operator(
                    &ast::Operator::known("=", arm.condition.location),
                    Some(test.clone()),
                    condition,
                    arm.condition.location,
                )?,
                None => condition,
            };
            conditions.push(self.coerce_boolean(condition, "CASE/WHEN")?);
            results.push(self.expr(&arm.result)?);
        }
        let (results, ty) = self.unify(results, "CASE")?;
        if let Some(at) = results.iter().find(|r| returns_set(r)).map(|r| r.location) {
            return Err(self
                .error(SqlState::FEATURE_NOT_SUPPORTED, "set-returning functions are not allowed in CASE", at)
                .hint("You might be able to move the set-returning function into a LATERAL FROM item."));
        }
        let mut results = results.into_iter();
        let otherwise = results.next().ok_or_else(|| Error::internal("CASE without default"))?;
        Ok(Expr {
            kind: ExprKind::Case {
                arg,
                whens: conditions.into_iter().zip(results).collect(),
                otherwise: Box::new(otherwise),
            },
            ty,
            location,
        })
    }

    /// Brings expressions to their common type.
    fn unify(&mut self, exprs: Vec<Expr>, construct: &str) -> Result<(Vec<Expr>, SqlType)> {
        let all: Vec<&Expr> = exprs.iter().collect();
        let common = self.common_type(&all, construct)?;
        let exprs = exprs.into_iter().map(|e| self.coerce_common(e, common, construct)).collect::<Result<Vec<_>>>()?;
        let all: Vec<&Expr> = exprs.iter().collect();
        let typmod = self.common_typmod(&all, common);
        let row = self.catalog.type_(common)?;
        Ok((exprs, ty::with_collation(&row, typmod)))
    }

    fn cast(&mut self, operand: &ast::Expr, target: &ast::TypeName, location: u32) -> Result<Expr> {
        let to = self.type_name(target)?;
        let arg = match &operand.kind {
            Ast::Array(elements) => {
                let (base, _) = self.catalog.base_type(to.oid, to.typmod)?;
                match self.catalog.element_type(base)? {
                    Some(element) => self.array(elements, Some((base, element)), operand.location)?,
                    None => self.expr(operand)?,
                }
            }
            _ => self.expr(operand)?,
        };
        let from = arg.ty.oid;
        if from == Oid::INVALID {
            return Ok(arg);
        }
        let at = if location == NO_LOCATION { target.location } else { location };
        match self.coerce_to_target(arg, to.oid, to.typmod, Coercion::Explicit, CallForm::ExplicitCast, at)? {
            Some(expr) => Ok(expr),
            None => {
                let message = format!(
                    "cannot cast type {} to {}",
                    self.catalog.format_type(from, -1)?,
                    self.catalog.format_type(to.oid, -1)?
                );
                Err(self.error(SqlState::CANNOT_COERCE, message, at))
            }
        }
    }

    fn sql_value(&mut self, value: ast::SqlValue, location: u32) -> Result<Expr> {
        use ast::SqlValue as V;
        let time = |precision: Option<i32>| precision.map_or(-1, |p| p.clamp(0, 6));
        let name = SqlType { oid: oid::NAME, typmod: -1, collation: ty::C_COLLATION };
        let of = |oid, typmod| SqlType { oid, typmod, collation: Oid::INVALID };
        let (function, ty) = match value {
            V::CurrentDate => (SqlValueFunction::CurrentDate, of(oid::DATE, -1)),
            V::CurrentTime(p) => (SqlValueFunction::CurrentTime, of(oid::TIMETZ, time(p))),
            V::CurrentTimestamp(p) => (SqlValueFunction::CurrentTimestamp, of(oid::TIMESTAMPTZ, time(p))),
            V::LocalTime(p) => (SqlValueFunction::LocalTime, of(oid::TIME, time(p))),
            V::LocalTimestamp(p) => (SqlValueFunction::LocalTimestamp, of(oid::TIMESTAMP, time(p))),
            V::CurrentRole => (SqlValueFunction::CurrentRole, name),
            V::CurrentUser => (SqlValueFunction::CurrentUser, name),
            V::User => (SqlValueFunction::User, name),
            V::SessionUser => (SqlValueFunction::SessionUser, name),
            V::CurrentCatalog => (SqlValueFunction::CurrentCatalog, name),
            V::CurrentSchema => (SqlValueFunction::CurrentSchema, name),
        };
        Ok(Expr { kind: ExprKind::SqlValue(function), ty, location })
    }
}

/// A whole number as the lexer leaves it (underscores, other bases), if it fits 64 bits.
fn whole_number(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let clean: String = digits.chars().filter(|&c| c != '_').collect();
    let lower = clean.to_ascii_lowercase();
    let (radix, digits) = if let Some(hex) = lower.strip_prefix("0x") {
        (16, hex)
    } else if let Some(octal) = lower.strip_prefix("0o") {
        (8, octal)
    } else if let Some(binary) = lower.strip_prefix("0b") {
        (2, binary)
    } else {
        (10, &lower[..])
    };
    let value = i128::from_str_radix(digits, radix).ok()?;
    i64::try_from(if negative { -value } else { value }).ok()
}

/// Whether an expression uses columns of its own query.
pub(crate) fn has_columns(expr: &Expr) -> bool {
    expr.any(|expr, depth| matches!(expr.kind, ExprKind::Var(var) if var.level == depth))
}
