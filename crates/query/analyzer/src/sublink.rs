//! Subqueries in expressions: EXISTS, IN, ANY, ALL, scalar ones, ARRAY.
//!
//! `x IN (a, b, …)` is here, too: a list is an array or a chain of ORs, where a query would be a sublink.

use error::{Error, Result, SqlState};
use parser::ast::{self, ExprKind as Ast};
use types::oid;

use crate::Analyzer;
use crate::coerce::Coercion;
use crate::expression::has_columns;
use crate::query::*;
use crate::types as ty;
use crate::with::Within;

impl Analyzer<'_> {
    pub(crate) fn in_set(&mut self, in_: &ast::In, location: u32) -> Result<Expr> {
        let symbol = if in_.negated { "<>" } else { "=" };
        let operator = ast::Operator::known(symbol, location);
        let items = match &in_.set {
            ast::InSet::Subquery(select) => {
                let test = match &in_.operand.kind {
                    Ast::Row { fields, .. } => self.row_fields(fields)?,
                    _ => vec![self.expr(&in_.operand)?],
                };
                let equal = ast::Operator::known("=", location);
                let link = self.tested_sublink(SubLinkKind::Any, test, &equal, select, location)?;
                return Ok(if in_.negated { ty::condition(ExprKind::Not(Box::new(link)), location) } else { link });
            }
            ast::InSet::List(items) => items,
        };
        let left_is_row = matches!(in_.operand.kind, Ast::Row { .. });
        let left = self.expr(&in_.operand)?;
        let mut constants = Vec::new();
        let mut others = Vec::new();
        for item in items {
            let value = self.expr(item)?;
            if has_columns(&value) {
                others.push(value);
            } else {
                constants.push(value);
            }
        }
        let mut parts = Vec::new();
        if constants.len() > 1 {
            let all: Vec<&Expr> = std::iter::once(&left).chain(&constants).collect();
            let common = self.common_type(&all, "")?;
            let fits = common.is_valid() && common != oid::RECORD && {
                let mut fits = true;
                for e in &all {
                    fits &= self.can_coerce(&[e.ty.oid], &[common], Coercion::Implicit)?;
                }
                fits
            };
            let array_type = if fits { self.catalog.array_type(common)? } else { None };
            if let Some(array_type) = array_type {
                let elements = std::mem::take(&mut constants)
                    .into_iter()
                    .map(|c| self.coerce_common(c, common, "IN"))
                    .collect::<Result<Vec<_>>>()?;
                let collation = self.catalog.type_(array_type)?.typcollation;
                let array = Expr {
                    kind: ExprKind::Array { elements, element_type: common, nested: false },
                    ty: SqlType { oid: array_type, typmod: -1, collation },
                    location: NO_LOCATION,
                };
                parts.push(self.make_array_comparison(&operator, !in_.negated, left.clone(), array, location)?);
            }
        }
        for value in constants.into_iter().chain(others) {
            let part = match (left_is_row, value.kind) {
                (true, ExprKind::Row { fields, .. }) => {
                    let ExprKind::Row { fields: l, .. } = &left.kind else {
                        return Err(Error::internal("a row is none"));
                    };
                    self.make_row_comparison(&operator, l.clone(), fields, location)?
                }
                (_, kind) => {
                    let value = Expr { kind, ty: value.ty, location: value.location };
                    let result = self.make_operator(&operator, Some(left.clone()), value, location)?;
                    self.coerce_boolean(result, "IN")?
                }
            };
            parts.push(part);
        }
        Ok(match parts.len() {
            1 => parts.swap_remove(0),
            _ if in_.negated => ty::condition(ExprKind::And(parts), location),
            _ => ty::condition(ExprKind::Or(parts), location),
        })
    }

    /// A subquery in an expression, one level in.
    pub(crate) fn subquery(&mut self, select: &ast::Select, location: u32) -> Result<Query> {
        if let Some(words) = self.scope().place.without_subqueries() {
            return Err(self.error(
                SqlState::FEATURE_NOT_SUPPORTED,
                format!("cannot use subquery in {words}"),
                location,
            ));
        }
        self.scope().query.has.sublinks = true;
        let query = self.within(Some(Within::Subquery), |this| this.deeper(|this| this.select(select, true)))?;
        if query.command != Command::Select {
            return Err(Error::internal("a subquery is no SELECT"));
        }
        Ok(query)
    }

    pub(crate) fn sublink(&mut self, kind: SubLinkKind, select: &ast::Select, location: u32) -> Result<Expr> {
        let query = self.subquery(select, location)?;
        let ty = match kind {
            SubLinkKind::Exists => SqlType::plain(oid::BOOL),
            _ => {
                let mut columns = query.output();
                let first = columns.next().map(|t| t.expr.ty);
                let more = columns.next().is_some();
                let Some(first) = first.filter(|_| !more) else {
                    return Err(self.error(
                        SqlState::SYNTAX_ERROR,
                        if more { "subquery must return only one column" } else { "subquery must return a column" },
                        location,
                    ));
                };
                if kind == SubLinkKind::Array {
                    // Some types have elements and arrays of their own, such as oidvector.
                    let array = match self.catalog.array_type(first.oid)? {
                        Some(array) => array,
                        None if self.catalog.element_type(first.oid)?.is_some() => first.oid,
                        None => {
                            return Err(Error::new(
                                SqlState::UNDEFINED_OBJECT,
                                format!(
                                    "could not find array type for data type {}",
                                    self.catalog.format_type(first.oid, -1).unwrap_or_default()
                                ),
                            ));
                        }
                    };
                    SqlType { oid: array, typmod: first.typmod, collation: first.collation }
                } else {
                    first
                }
            }
        };
        let link = SubLink {
            kind,
            test: Vec::new(),
            operators: Vec::new(),
            casts: Vec::new(),
            operator_name: String::new(),
            query,
        };
        Ok(Expr { kind: ExprKind::SubLink(Box::new(link)), ty, location })
    }

    /// `left op ANY|ALL (SELECT …)`, `ROW(…) op (SELECT …)`.
    pub(crate) fn tested_sublink(
        &mut self,
        kind: SubLinkKind,
        test: Vec<Expr>,
        operator: &ast::Operator,
        select: &ast::Select,
        location: u32,
    ) -> Result<Expr> {
        let query = self.subquery(select, location)?;
        let columns: Vec<SqlType> = query.output().map(|t| t.expr.ty).collect();
        if test.len() != columns.len() {
            let message = if test.len() < columns.len() {
                "subquery has too many columns"
            } else {
                "subquery has too few columns"
            };
            return Err(self.error(SqlState::SYNTAX_ERROR, message, location));
        }
        let mut link = SubLink {
            kind,
            test: Vec::new(),
            operators: Vec::new(),
            casts: Vec::new(),
            operator_name: operator.symbol.to_string(),
            query,
        };
        for (left, ty) in test.into_iter().zip(columns) {
            let column = Expr { kind: ExprKind::CaseTest, ty, location: NO_LOCATION };
            let result = self.make_operator(operator, Some(left), column, location)?;
            if result.ty.oid != oid::BOOL {
                let message = format!(
                    "row comparison operator must yield type boolean, not type {}",
                    self.catalog.format_type(result.ty.oid, -1)?
                );
                return Err(self.error(SqlState::DATATYPE_MISMATCH, message, location));
            }
            let ExprKind::Operator(mut call) = result.kind else {
                return Err(Error::internal("a comparison is no operator call"));
            };
            if call.set {
                return Err(self.error(
                    SqlState::DATATYPE_MISMATCH,
                    "row comparison operator must not return a set",
                    location,
                ));
            }
            let mut args = std::mem::take(&mut call.args).into_iter();
            link.test.extend(args.next());
            link.casts.extend(args.next());
            link.operators.push(call);
        }
        Ok(ty::condition(ExprKind::SubLink(Box::new(link)), location))
    }
}
