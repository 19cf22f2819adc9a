//! Classes of equal columns.
//!
//! Of `a = b` and `b = c` follows `a = c`, and of `a = 1` follows that all of a class are 1. A scope's conditions are completed by what follows
//! ([`Planner::derive_equalities`]), so that the search for an order may use whichever equality suits. Where conditions are listed, equalities come behind
//! all others, class by class ([`order`]), as in PostgreSQL: so plans print alike, and of several equalities of one class between two sets both
//! systems check the same one.

use analyzer::query::{self as q, Expr, ExprKind};
use catalog::Catalog;
use error::Result;

use super::{Quals, is_known};
use crate::level::{Class, Planner};
use crate::prepare::{Relids, is_volatile, relids_of};

/// Of larger classes of equal columns not all equalities are made.
const CLASS_MEMBERS_MAX: usize = 12;

/// The sides of an equality by which rows could be merged.
fn sides(expr: &Expr) -> Option<(&q::OperatorCall, &Expr, &Expr)> {
    let ExprKind::Operator(call) = &expr.kind else { return None };
    let [left, right] = &call.args[..] else { return None };
    Some((call, left, right))
}

/// What the equalities among conditions make equal, in the order in which they are written.
pub(super) fn classes_of(catalog: &Catalog, quals: &Quals) -> Result<Vec<Vec<Expr>>> {
    let mut classes: Vec<Vec<Expr>> = Vec::new();
    for (qual, _) in quals {
        let Some((call, left, right)) = sides(qual) else { continue };
        let mergeable = catalog.find_operator(call.operator)?.is_some_and(|row| row.oprcanmerge);
        if !mergeable || !is_known(call.operator) || left == right || is_volatile(catalog, qual)? {
            continue;
        }
        let class = |expr: &Expr| classes.iter().position(|class| class.contains(expr));
        match (class(left), class(right)) {
            (Some(a), Some(b)) if a == b => {}
            (Some(a), Some(b)) => {
                let others = std::mem::take(&mut classes[b]);
                classes[a].extend(others);
                classes.remove(b);
            }
            (Some(a), None) => classes[a].push(right.clone()),
            (None, Some(b)) => classes[b].push(left.clone()),
            (None, None) => classes.push(vec![left.clone(), right.clone()]),
        }
    }
    Ok(classes)
}

/// Puts equalities behind all other conditions, class by class, and by their members' places in the class.
pub(super) fn order(classes: &[Vec<Expr>], quals: &mut Quals) {
    if classes.is_empty() {
        return;
    }
    let rank = |qual: &Expr| -> Option<(usize, usize, usize)> {
        let (_, left, right) = sides(qual)?;
        let place = |expr: &Expr| -> Option<(usize, usize)> {
            classes.iter().enumerate().find_map(|(at, class)| Some((at, class.iter().position(|have| have == expr)?)))
        };
        let fixed = |expr: &Expr| relids_of(expr) == 0;
        let (a, b) = (place(left)?, place(right)?);
        match (fixed(left), fixed(right)) {
            (_, true) => Some((a.0, a.1, usize::MAX)),
            (true, _) => Some((b.0, b.1, usize::MAX)),
            _ => (a.0 == b.0).then(|| (a.0, a.1.min(b.1), a.1.max(b.1))),
        }
    };
    quals.sort_by_cached_key(|(qual, _)| rank(qual));
}

impl Planner<'_> {
    /// The equalities that follow from those written: with constants, and between members of one class.
    pub(super) fn derive_equalities(
        &mut self,
        quals: &mut Quals,
        units: usize,
        nullable: Relids,
        top: bool,
    ) -> Result<()> {
        let mut pairs: Vec<(Expr, Expr, usize)> = Vec::new();
        for (at, (qual, _)) in quals.iter().enumerate() {
            if let ExprKind::Operator(call) = &qual.kind
                && let [left, right] = &call.args[..]
                && left.ty.oid == right.ty.oid
                && (left.ty.collation, right.ty.collation) == (call.input_collation, call.input_collation)
                && relids_of(qual) & nullable == 0
                && self
                    .ctx
                    .catalog
                    .find_operator(call.operator)
                    .ok()
                    .flatten()
                    .is_some_and(|row| row.oprcanmerge && is_known(call.operator))
            {
                let simple = |e: &Expr| matches!(&e.kind, ExprKind::Var(v) if v.level == 0 && v.column != 0);
                let fixed = |e: &Expr| {
                    matches!(e.kind, ExprKind::Const(_) | ExprKind::Param(_))
                        || matches!(&e.kind, ExprKind::Var(v) if v.level > 0)
                };
                if simple(left) && (simple(right) || fixed(right)) {
                    pairs.push((left.clone(), right.clone(), at));
                } else if simple(right) && fixed(left) {
                    pairs.push((right.clone(), left.clone(), at));
                }
            }
        }
        if top {
            // A truth value that a condition asks for is one and the same in all rows.
            for (qual, _) in quals.iter() {
                let column = match &qual.kind {
                    ExprKind::Not(arg) => arg,
                    _ => qual,
                };
                if matches!(&column.kind, ExprKind::Var(v) if v.level == 0 && nullable >> v.relation & 1 == 0) {
                    let class = Class { members: vec![column.clone()], constant: true, equality: ids::Oid::INVALID };
                    self.level().classes.push(class);
                }
            }
        }
        // Classes of equal expressions.
        let mut classes: Vec<(Vec<Expr>, Vec<usize>)> = Vec::new();
        for (left, right, at) in pairs {
            let mut found: Vec<usize> =
                (0..classes.len()).filter(|&c| classes[c].0.contains(&left) || classes[c].0.contains(&right)).collect();
            let into = match found.first() {
                Some(&first) => first,
                None => {
                    classes.push((Vec::new(), Vec::new()));
                    classes.len() - 1
                }
            };
            while found.len() > 1 {
                if let Some(other) = found.pop() {
                    let (members, sources) = classes.remove(other);
                    for member in members {
                        if !classes[into].0.contains(&member) {
                            classes[into].0.push(member);
                        }
                    }
                    classes[into].1.extend(sources);
                }
            }
            for e in [left, right] {
                if !classes[into].0.contains(&e) {
                    classes[into].0.push(e);
                }
            }
            classes[into].1.push(at);
        }
        for (members, sources) in classes {
            let fixed = members.iter().find(|m| !matches!(&m.kind, ExprKind::Var(v) if v.level == 0)).cloned();
            let Some(ExprKind::Operator(model)) = sources.first().map(|&at| quals[at].0.kind.clone()) else { continue };
            if self.is_contradiction(&members, &model)? {
                quals.push((analyzer::types::boolean(false), true));
                continue;
            }
            let same_operator = sources.iter().all(|&at| {
                matches!(&quals[at].0.kind, ExprKind::Operator(c) if c.operator == model.operator && c.input_collation == model.input_collation)
            });
            if !same_operator {
                continue;
            }
            if top {
                let columns = members.iter().filter(|m| matches!(&m.kind, ExprKind::Var(v) if v.level == 0));
                let constant = fixed.is_some();
                // Where not all equalities that follow are made, none may stand for others.
                let closed = units < 2 || members.len() <= CLASS_MEMBERS_MAX;
                let equality = if closed { model.operator } else { ids::Oid::INVALID };
                let class = Class { members: columns.cloned().collect(), constant, equality };
                self.level().classes.push(class);
            }
            if units < 2 || members.len() < 3 || members.len() > CLASS_MEMBERS_MAX {
                continue;
            }
            let exists = |a: &Expr, b: &Expr, quals: &Quals| {
                quals.iter().any(|(qual, _)| {
                    matches!(&qual.kind, ExprKind::Operator(c) if c.operator == model.operator
                        && (c.args == [a.clone(), b.clone()] || c.args == [b.clone(), a.clone()]))
                })
            };
            let mut add = |a: &Expr, b: &Expr, counted: bool| {
                if !exists(a, b, quals) {
                    let mut call = model.clone();
                    call.args = vec![a.clone(), b.clone()];
                    quals.push((analyzer::types::condition(ExprKind::Operator(call), q::NO_LOCATION), counted));
                }
            };
            match fixed {
                Some(fixed) => {
                    for member in members.iter().filter(|m| matches!(&m.kind, ExprKind::Var(v) if v.level == 0)) {
                        add(member, &fixed, true);
                    }
                    // Columns that all equal one value need not be compared with each other.
                    let mut drop: Vec<usize> = Vec::new();
                    for &at in &sources {
                        let both = matches!(&quals[at].0.kind, ExprKind::Operator(c)
                            if c.args.iter().all(|arg| relids_of(arg) != 0));
                        let relids = relids_of(&quals[at].0);
                        let guarded = self
                            .level()
                            .query
                            .range_table
                            .iter()
                            .enumerate()
                            .any(|(at, entry)| at < 128 && relids >> at & 1 == 1 && !entry.security.is_empty());
                        if both && !guarded && relids.count_ones() > 1 {
                            drop.push(at);
                        }
                    }
                    for at in drop {
                        quals[at].0 = analyzer::types::boolean(true);
                    }
                }
                None => {
                    for (n, a) in members.iter().enumerate() {
                        for b in &members[n + 1..] {
                            // Those of one relation, too: of the equalities with another only one will be asked.
                            add(a, b, true);
                        }
                    }
                }
            }
        }
        quals.retain(|(qual, _)| !crate::fold::is_boolean(qual, true));
        Ok(())
    }

    /// Whether two constants of a class are not equal.
    fn is_contradiction(&self, members: &[Expr], equality: &q::OperatorCall) -> Result<bool> {
        let mut constants = members.iter().filter(|member| matches!(member.kind, ExprKind::Const(_)));
        let Some(first) = constants.next() else { return Ok(false) };
        for other in constants {
            let mut call = equality.clone();
            call.args = vec![first.clone(), other.clone()];
            let mut equal = analyzer::types::condition(ExprKind::Operator(call), q::NO_LOCATION);
            crate::fold::Folder::fold(self.ctx.catalog, self.ctx.env, &mut equal)?;
            if crate::fold::is_boolean(&equal, false) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
