//! Equalities between two sides, by which rows can be hashed or merged.

use std::rc::Rc;

use analyzer::query::{Expr, ExprKind};
use error::Result;
use ids::Oid;

use super::order::Rel;
use crate::level::{PathKey, Planner};
use crate::prepare::{Relids, relids_of};

/// An equality between two sides.
#[derive(Clone)]
pub(crate) struct Equality {
    /// As it was written.
    pub qual: Expr,
    /// With the outer side first.
    pub shown: Expr,
    /// The sides, as values of one type.
    pub outer: Expr,
    pub inner: Expr,
    pub function: Oid,
    pub collation: Oid,
    pub can_hash: bool,
    /// How it can be merged: by ascending order of both sides.
    pub less: Option<Oid>,
    /// How the sides are sorted for a merge, once chosen.
    pub order: Option<PathKey>,
}

/// An equality with either side as the outer one: the relations of its sides, and what it is then.
#[derive(Clone)]
pub(crate) struct Sides {
    left: Relids,
    right: Relids,
    forward: Option<Rc<Equality>>,
    backward: Option<Rc<Equality>>,
}

impl Planner<'_> {
    /// The equalities among conditions of two sides.
    pub(super) fn equalities(&mut self, quals: &[Expr], left: Relids, right: Relids) -> Result<Vec<Rc<Equality>>> {
        let mut keys = Vec::new();
        for qual in quals {
            let known = self.memory.equalities.iter().find(|(known, _)| known == qual).map(|(_, sides)| sides.clone());
            let sides = match known {
                Some(sides) => sides,
                None => {
                    let sides = self.sides_of(qual)?;
                    self.memory.equalities.push((qual.clone(), sides.clone()));
                    sides
                }
            };
            if sides.left == 0 || sides.right == 0 {
                continue;
            }
            let (l, r) = (sides.left, sides.right);
            if l & !left == 0 && r & !right == 0 {
                keys.extend(sides.forward);
            } else if l & !right == 0 && r & !left == 0 {
                keys.extend(sides.backward);
            }
        }
        Ok(keys)
    }

    /// What a condition is as an equality; without relations if it is none that can be hashed or merged.
    fn sides_of(&mut self, qual: &Expr) -> Result<Sides> {
        let none = Sides { left: 0, right: 0, forward: None, backward: None };
        let ExprKind::Operator(call) = &qual.kind else { return Ok(none) };
        let [a, b] = &call.args[..] else { return Ok(none) };
        let row = self.ctx.catalog.operator(call.operator)?;
        let (left, right) = (relids_of(a), relids_of(b));
        if !super::is_known(call.operator) {
            return Ok(none);
        }
        if !row.oprcanhash && !row.oprcanmerge || left == 0 || right == 0 || left & right != 0 {
            return Ok(none);
        }
        let Some((a, b)) = self.of_one_type(a, b)? else { return Ok(none) };
        let (by_a, by_b) = (
            analyzer::types::ordering(self.ctx.catalog, a.ty.oid)?,
            analyzer::types::ordering(self.ctx.catalog, b.ty.oid)?,
        );
        // Arrays and rows can be hashed only if what they hold can.
        let can_hash = row.oprcanhash && by_a.hash.is_valid() && by_b.hash.is_valid();
        // Both sides must be sorted in the order in which they are compared.
        let one_order = a.ty.collation == b.ty.collation && a.ty.collation == call.input_collation;
        let less =
            (row.oprcanmerge && one_order && by_a.less.is_valid() && by_a.less == by_b.less).then_some(by_a.less);
        if !can_hash && less.is_none() {
            return Ok(none);
        }
        let equality = |shown: Expr, outer: Expr, inner: Expr, function: Oid| {
            let qual = qual.clone();
            let collation = call.input_collation;
            Rc::new(Equality { qual, shown, outer, inner, function, collation, can_hash, less, order: None })
        };
        let forward = Some(equality(qual.clone(), a.clone(), b.clone(), call.function));
        let backward = if row.oprcom.is_valid() {
            let function = self.ctx.catalog.operator(row.oprcom)?.oprcode;
            let mut shown = qual.clone();
            if let ExprKind::Operator(call) = &mut shown.kind {
                call.args.swap(0, 1);
                (call.operator, call.function) = (row.oprcom, function);
            }
            Some(equality(shown, b, a, function))
        } else {
            None
        };
        Ok(Sides { left, right, forward, backward })
    }

    /// The part of the outer rows that finds a row to all of these equalities.
    pub(super) fn partners(&mut self, keys: &[Rc<Equality>], outer: &Rel, inner: &Rel) -> Result<f64> {
        let mut partners = 1.0;
        for key in keys {
            partners *= self.semi_selectivity(&key.qual, outer.relids, inner.rows)?.unwrap_or(0.5);
        }
        Ok(partners)
    }

    /// Distinct values of a hash key, its part of nulls, and the part of its most common value.
    pub(super) fn bucket_of(&mut self, key: &Expr, rows: f64) -> Result<(Option<f64>, f64, f64)> {
        let inner = match &key.kind {
            ExprKind::Function(call) if call.args.len() == 1 && self.base_column(key).is_none() => &call.args[0],
            _ => key,
        };
        let facts = self.facts_of(inner)?;
        let known = match self.base_column(inner) {
            Some(_) => {
                let tuples = self.relation_size(inner)?.map_or(rows, |(tuples, _)| tuples).max(1.0);
                match facts.as_ref().and_then(|facts| facts.distinct(tuples)) {
                    Some(distinct) => {
                        // Of a part of the rows fewer values are left.
                        Some(if rows < tuples { (distinct * rows / tuples).ceil().max(1.0) } else { distinct })
                    }
                    None if self.is_unique(inner)? => Some(rows.max(1.0)),
                    None => None,
                }
            }
            None => None,
        };
        let nulls = facts.as_ref().map_or(0.0, |facts| facts.null_fraction());
        let most = facts
            .as_ref()
            .and_then(|facts| facts.most_common())
            .and_then(|(_, frequencies)| frequencies.first().copied())
            .map_or(0.0, f64::from);
        Ok((known, nulls, most))
    }
}
