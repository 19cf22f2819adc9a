//! What an OR over several relations says of one of them.
//!
//! `(a.x = 1 AND b.y = 2) OR (a.x = 3 AND b.y = 4)` lets no row of `a` pass but those whose x is 1 or 3: asked of `a` already,
//! that spares bringing the other rows together.

use analyzer::query::{Expr, ExprKind};
use catalog::Catalog;
use error::Result;

use crate::prepare::{Relids, conjuncts, is_volatile, relids_of};

/// The condition on `relids` alone that follows from an OR, arm by arm; none if some arm says nothing of them.
pub(crate) fn restriction(catalog: &Catalog, expr: &Expr, relids: Relids) -> Result<Option<Expr>> {
    let ExprKind::Or(arms) = &expr.kind else { return Ok(None) };
    let and = |parts: Vec<Expr>| Expr { kind: ExprKind::And(parts), ty: expr.ty, location: expr.location };
    let mut restricted = Vec::with_capacity(arms.len());
    for arm in arms {
        let (mut parts, mut own) = (Vec::new(), Vec::new());
        conjuncts(arm.clone(), &mut parts);
        for part in parts {
            let used = relids_of(&part);
            if used != 0 && used & !relids == 0 && !is_volatile(catalog, &part)? {
                own.push(part);
            }
        }
        match own.len() {
            0 => return Ok(None),
            1 => restricted.append(&mut own),
            _ => restricted.push(and(own)),
        }
    }
    Ok(Some(Expr { kind: ExprKind::Or(restricted), ty: expr.ty, location: expr.location }))
}
