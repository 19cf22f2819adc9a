//! Subscripts of jsonb: each is a key (text) or a position (integer); there are no slices.

use error::{Result, SqlState};
use parser::ast::{self, Accessor};
use types::oid;

use crate::Analyzer;
use crate::coerce::Coercion;
use crate::query::*;
use crate::types::UNKNOWN;

impl Analyzer<'_> {
    /// `container[…]…`, or with `assign` the container with that part replaced.
    pub(crate) fn jsonb_subscript(
        &mut self,
        container: Expr,
        path: &[Accessor],
        assign: Option<Expr>,
        location: u32,
    ) -> Result<Expr> {
        let mut upper = Vec::with_capacity(path.len());
        for accessor in path {
            match accessor {
                Accessor::Subscript(index) => upper.push(Some(self.jsonb_index(index)?)),
                Accessor::Slice { lower, upper } => {
                    let at = upper.as_ref().or(lower.as_ref()).map_or(NO_LOCATION, |bound| bound.location);
                    let message = "jsonb subscript does not support slices";
                    return Err(self.error(SqlState::DATATYPE_MISMATCH, message, at));
                }
                _ => return Err(error::Error::internal("not a subscript")),
            }
        }
        let assign = match assign {
            Some(value) if value.ty.oid != oid::JSONB => {
                let (from, at) = (value.ty.oid, value.location);
                let (assignment, form) = (Coercion::Assignment, CallForm::ImplicitCast);
                match self.coerce_to_target(value, oid::JSONB, -1, assignment, form, NO_LOCATION)? {
                    Some(value) => Some(Box::new(value)),
                    None => {
                        let given = self.catalog.format_type(from, -1)?;
                        let message =
                            format!("subscripted assignment requires type jsonb but expression is of type {given}");
                        return Err(self
                            .error(SqlState::DATATYPE_MISMATCH, message, at)
                            .hint("You will need to rewrite or cast the expression."));
                    }
                }
            }
            value => value.map(Box::new),
        };
        Ok(Expr {
            kind: ExprKind::Subscript {
                container: Box::new(container),
                container_type: oid::JSONB,
                element_type: oid::JSONB,
                upper,
                lower: Vec::new(),
                assign,
            },
            ty: SqlType::plain(oid::JSONB),
            location,
        })
    }

    fn jsonb_index(&mut self, index: &ast::Expr) -> Result<Expr> {
        let value = self.expr(index)?;
        let (from, at) = (value.ty.oid, value.location);
        let implicit = |this: &Self, target| this.can_coerce(&[from], &[target], Coercion::Implicit);
        let (number, text) =
            if from == UNKNOWN { (false, true) } else { (implicit(self, oid::INT4)?, implicit(self, oid::TEXT)?) };
        let hint = match (number, text) {
            (true, true) => "jsonb subscript must be coercible to only one type, integer or text.",
            (false, false) => "jsonb subscript must be coercible to either integer or text.",
            _ => {
                let target = if number { oid::INT4 } else { oid::TEXT };
                return self.coerce(value, target, -1, Coercion::Implicit, CallForm::ImplicitCast, NO_LOCATION);
            }
        };
        let message = format!("subscript type {} is not supported", self.catalog.format_type(from, -1)?);
        Err(self.error(SqlState::DATATYPE_MISMATCH, message, at).hint(hint))
    }
}
