//! Arrays and rows: making them, and reaching into them by subscripts and fields.

use error::{Error, Result, SqlState};
use ids::Oid;
use parser::ast::{self, Accessor, ExprKind as Ast};
use types::oid;

use crate::Analyzer;
use crate::coerce::Coercion;
use crate::query::*;
use crate::types as ty;

impl Analyzer<'_> {
    pub(crate) fn array(&mut self, elements: &[ast::Expr], wanted: Option<(Oid, Oid)>, location: u32) -> Result<Expr> {
        let mut values = Vec::with_capacity(elements.len());
        let mut nested = false;
        for element in elements {
            let value = match &element.kind {
                Ast::Array(inner) => {
                    nested = true;
                    self.deeper(|this| this.array(inner, wanted, element.location))?
                }
                _ => {
                    let value = self.expr(element)?;
                    if self.catalog.element_type(value.ty.oid)?.is_some()
                        && value.ty.oid != oid::INT2VECTOR
                        && value.ty.oid != oid::OIDVECTOR
                    {
                        nested = true;
                    }
                    value
                }
            };
            values.push(value);
        }
        let (array_type, element_type, coerce_to, explicit) = match wanted {
            Some((array, element)) => (array, element, if nested { array } else { element }, true),
            None => {
                if values.is_empty() {
                    return Err(self
                        .error(SqlState::INDETERMINATE_DATATYPE, "cannot determine type of empty array", location)
                        .hint("Explicitly cast to the desired type, for example ARRAY[]::integer[]."));
                }
                let all: Vec<&Expr> = values.iter().collect();
                let common = self.common_type(&all, "ARRAY")?;
                if nested {
                    let Some(element) = self.catalog.element_type(common)? else {
                        let message = format!(
                            "could not find element type for data type {}",
                            self.catalog.format_type(common, -1)?
                        );
                        return Err(self.error(SqlState::UNDEFINED_OBJECT, message, location));
                    };
                    (common, element, common, false)
                } else {
                    let Some(array) = self.catalog.array_type(common)? else {
                        let message = format!(
                            "could not find array type for data type {}",
                            self.catalog.format_type(common, -1)?
                        );
                        return Err(self.error(SqlState::UNDEFINED_OBJECT, message, location));
                    };
                    (array, common, common, false)
                }
            }
        };
        let mut converted = Vec::with_capacity(values.len());
        for value in values {
            if explicit {
                let (from, at) = (value.ty.oid, value.location);
                match self.coerce_to_target(
                    value,
                    coerce_to,
                    -1,
                    Coercion::Explicit,
                    CallForm::ExplicitCast,
                    NO_LOCATION,
                )? {
                    Some(value) => converted.push(value),
                    None => {
                        let message = format!(
                            "cannot cast type {} to {}",
                            self.catalog.format_type(from, -1)?,
                            self.catalog.format_type(coerce_to, -1)?
                        );
                        return Err(self.error(SqlState::CANNOT_COERCE, message, at));
                    }
                }
            } else {
                converted.push(self.coerce_common(value, coerce_to, "ARRAY")?);
            }
        }
        let collation = self.catalog.type_(array_type)?.typcollation;
        Ok(Expr {
            kind: ExprKind::Array { elements: converted, element_type, nested },
            ty: SqlType { oid: array_type, typmod: -1, collation },
            location,
        })
    }

    /// The fields of a row, `t.*` expanded.
    pub(crate) fn row_fields(&mut self, fields: &[ast::Expr]) -> Result<Vec<Expr>> {
        let mut values = Vec::with_capacity(fields.len());
        for field in fields {
            if self.is_star(field) {
                values.extend(self.expand_star(field)?.into_iter().map(|(_, expr)| expr));
            } else {
                values.push(self.expr(field)?);
            }
        }
        Ok(values)
    }

    pub(crate) fn indirection(&mut self, base: &ast::Expr, path: &[Accessor], location: u32) -> Result<Expr> {
        let mut expr = self.expr(base)?;
        let mut at = 0;
        while at < path.len() {
            match &path[at] {
                Accessor::Field(name) => {
                    expr = self.field(expr, name, location)?;
                    at += 1;
                }
                Accessor::Star => {
                    return Err(self.error(
                        SqlState::SYNTAX_ERROR,
                        "row expansion via \"*\" is not supported here",
                        location,
                    ));
                }
                _ => {
                    let end = path[at..]
                        .iter()
                        .position(|a| !matches!(a, Accessor::Subscript(_) | Accessor::Slice { .. }))
                        .map_or(path.len(), |n| at + n);
                    expr = self.subscript(expr, &path[at..end], None, location)?;
                    at = end;
                }
            }
        }
        Ok(expr)
    }

    /// `container[…]…`, or with `assign` the container with that part replaced.
    pub(crate) fn subscript(
        &mut self,
        container: Expr,
        path: &[Accessor],
        assign: Option<Expr>,
        location: u32,
    ) -> Result<Expr> {
        let (container_type, container_typmod) = self.catalog.base_type(container.ty.oid, container.ty.typmod)?;
        if container_type == oid::JSONB {
            return self.jsonb_subscript(container, path, assign, location);
        }
        let row = self.catalog.type_(container_type)?;
        let element = match self.catalog.element_type(container_type)? {
            Some(element) => element,
            // int2vector, oidvector and the few fixed-length types with elements.
            None if row.typelem.is_valid() && row.typsubscript.is_valid() => row.typelem,
            None if row.typsubscript.is_valid() => {
                return Err(Error::not_implemented(format_args!("subscripting of type {}", row.typname)));
            }
            None => {
                let message = format!(
                    "cannot subscript type {} because it does not support subscripting",
                    self.catalog.format_type(container.ty.oid, -1)?
                );
                return Err(self.error(SqlState::DATATYPE_MISMATCH, message, container.location));
            }
        };
        if path.len() > 6 {
            let message = format!("number of array dimensions ({}) exceeds the maximum allowed (6)", path.len());
            return Err(self.error(SqlState::PROGRAM_LIMIT_EXCEEDED, message, NO_LOCATION));
        }
        let slice = path.iter().any(|a| matches!(a, Accessor::Slice { .. }));
        let index = |this: &mut Self, e: &ast::Expr| -> Result<Expr> {
            let value = this.expr(e)?;
            let at = value.location;
            match this.coerce_to_target(
                value,
                oid::INT4,
                -1,
                Coercion::Assignment,
                CallForm::ImplicitCast,
                NO_LOCATION,
            )? {
                Some(value) => Ok(value),
                None => Err(this.error(SqlState::DATATYPE_MISMATCH, "array subscript must have type integer", at)),
            }
        };
        let (mut upper, mut lower) = (Vec::new(), Vec::new());
        for accessor in path {
            match accessor {
                Accessor::Subscript(e) => {
                    upper.push(Some(index(self, e)?));
                    if slice {
                        lower.push(Some(ty::int4(1)));
                    }
                }
                Accessor::Slice { lower: l, upper: u } => {
                    lower.push(l.as_ref().map(|e| index(self, e)).transpose()?);
                    upper.push(u.as_ref().map(|e| index(self, e)).transpose()?);
                }
                _ => return Err(Error::internal("not a subscript")),
            }
        }
        let result = if slice || assign.is_some() {
            SqlType { oid: container_type, typmod: container_typmod, collation: container.ty.collation }
        } else {
            let row = self.catalog.type_(element)?;
            let collation = if row.typcollation.is_valid() { container.ty.collation } else { Oid::INVALID };
            SqlType { oid: element, typmod: container_typmod, collation }
        };
        Ok(Expr {
            kind: ExprKind::Subscript {
                container: Box::new(container),
                container_type,
                element_type: element,
                upper,
                lower,
                assign: assign.map(Box::new),
            },
            ty: result,
            location,
        })
    }
}
