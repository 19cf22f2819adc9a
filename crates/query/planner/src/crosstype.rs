//! Equalities between types of one family: what is hashed or sorted on both sides must have one form.
//!
//! `bigint = integer` is an operator of its own, and the executor compares keys by their bytes. So the narrower side is widened: the operators of
//! these families mean just that.

use analyzer::query::{Expr, SqlType};
use error::Result;
use ids::Oid;
use types::oid;

use crate::level::Planner;

/// Families of types whose values are compared across, narrow before wide.
const FAMILIES: [&[Oid]; 3] =
    [&[oid::INT2, oid::INT4, oid::INT8], &[oid::FLOAT4, oid::FLOAT8], &[oid::NAME, oid::TEXT]];

impl Planner<'_> {
    /// Two sides of an equality as values of one type; `None` if there is no such type.
    pub fn of_one_type(&self, left: &Expr, right: &Expr) -> Result<Option<(Expr, Expr)>> {
        if left.ty.oid == right.ty.oid {
            return Ok(Some((left.clone(), right.clone())));
        }
        let strings = |t: Oid| matches!(t, oid::TEXT | oid::VARCHAR);
        if strings(left.ty.oid) && strings(right.ty.oid) {
            return Ok(Some((left.clone(), right.clone())));
        }
        for family in FAMILIES {
            let place = |t: Oid| family.iter().position(|member| *member == t);
            let (Some(l), Some(r)) = (place(left.ty.oid), place(right.ty.oid)) else { continue };
            let wide = if l > r { left.ty } else { right.ty };
            let widened = |expr: &Expr| -> Result<Expr> {
                if expr.ty.oid == wide.oid {
                    return Ok(expr.clone());
                }
                let ty = SqlType { typmod: -1, ..wide };
                analyzer::coerce_expression(self.ctx.catalog, self.ctx.env, expr.clone(), ty)
            };
            return Ok(Some((widened(left)?, widened(right)?)));
        }
        // The same form under different names.
        let form = |t: Oid| types::repr(t);
        let same = form(left.ty.oid).is_some()
            && form(left.ty.oid) == form(right.ty.oid)
            && crate::scan::stripped(left).ty.oid == crate::scan::stripped(right).ty.oid;
        let composed = |t: Oid| form(t).is_none();
        Ok((same || composed(left.ty.oid) || composed(right.ty.oid)).then(|| (left.clone(), right.clone())))
    }
}
