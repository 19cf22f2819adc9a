//! Outer joins that nobody would miss.
//!
//! A left join whose missing side gives at most one row, and of whose columns nothing is used, neither adds rows nor values.

use analyzer::node::Visitor;
use analyzer::query::{EntryKind, Expr, ExprKind, Query};
use error::Result;

use crate::level::Planner;
use crate::plan::JoinType;
use crate::prepare::{Tree, relids_in, relids_of};

impl Planner<'_> {
    /// Drops left joins that change nothing.
    pub fn remove_joins(&mut self, tree: &mut Tree) -> Result<()> {
        loop {
            let mut candidates = Vec::new();
            collect(tree, &mut candidates);
            let mut dropped = false;
            for (at, on) in candidates {
                if !self.is_used(tree, at) && self.is_single(at, &on)? {
                    drop_join(tree, at);
                    self.forget_relation(tree, at);
                    dropped = true;
                    break;
                }
            }
            if !dropped {
                return Ok(());
            }
        }
    }

    /// Turns left joins of which only rows without a match are wanted into antijoins: `WHERE x IS NULL` of a column that a match has, if nothing else
    /// of that side is used.
    pub fn find_antijoins(&mut self, tree: &mut Tree) -> Result<()> {
        let Tree::Group { quals, .. } = &*tree else { return Ok(()) };
        for qual in quals.clone() {
            let ExprKind::NullTest { arg, is_null: true, row: false } = &qual.kind else { continue };
            let ExprKind::Var(var) = &arg.kind else { continue };
            if var.level != 0 || var.column <= 0 {
                continue;
            }
            let mut turned = tree.clone();
            if let Tree::Group { quals, .. } = &mut turned {
                quals.retain(|other| *other != qual);
            }
            let Some((join, right, on)) = left_join_of(&mut turned, var.relation) else { continue };
            let mut strict = false;
            for condition in on.iter() {
                let ExprKind::Operator(call) = &condition.kind else { continue };
                strict |= self.ctx.catalog.function(call.function)?.proisstrict
                    && call.args.iter().any(|side| crate::scan::stripped(side) == &**arg);
            }
            if !strict {
                continue;
            }
            let (right, on) = (right.relids(), on.clone());
            *join = JoinType::Anti;
            let unused = (0..crate::prepare::RELATIONS_MAX)
                .filter(|at| right >> at & 1 == 1)
                .all(|at| !self.is_used_beside(&turned, at, &on));
            if unused {
                *tree = turned;
            }
        }
        Ok(())
    }

    /// Whether an entry is read by anything but these conditions and what is joined within its side.
    fn is_used_beside(&mut self, tree: &Tree, at: usize, on: &[Expr]) -> bool {
        if self.level().query.row_marks.iter().any(|mark| mark.relation == at) {
            return true;
        }
        let mut used = relids_in(&self.level().query);
        above(tree, at, &mut |qual| {
            if !on.contains(qual) {
                used |= relids_of(qual);
            }
        });
        used >> at & 1 == 1
    }

    /// Whether anything but the join's own condition reads columns of an entry.
    fn is_used(&mut self, tree: &Tree, at: usize) -> bool {
        if self.level().query.row_marks.iter().any(|mark| mark.relation == at) {
            return true;
        }
        let mut finder = Reader { at, depth: 0, found: false };
        self.level().query.visit_children(&mut finder);
        others(tree, at, &mut |qual| finder.expr(qual));
        finder.found
    }

    /// Whether at most one row of an entry meets a join's condition.
    pub fn is_single(&mut self, at: usize, on: &[Expr]) -> Result<bool> {
        let mut equal: Vec<i16> = Vec::new();
        let mut own = Vec::new();
        for qual in on {
            let relids = relids_of(qual);
            if crate::prepare::is_volatile(self.ctx.catalog, qual)? {
                return Ok(false);
            }
            if relids == 1 << at {
                own.push(qual.clone());
                continue;
            }
            let ExprKind::Operator(call) = &qual.kind else { continue };
            let [left, right] = &call.args[..] else { continue };
            if !crate::join::is_known(call.operator) || !self.ctx.catalog.operator(call.operator)?.oprcanmerge {
                continue;
            }
            for (a, b) in [(left, right), (right, left)] {
                if let ExprKind::Var(var) = &crate::scan::stripped(a).kind
                    && (var.level, var.relation) == (0, at)
                    && relids_of(b) >> at & 1 == 0
                {
                    equal.push(var.column);
                }
            }
        }
        match &self.level().query.range_table[at].kind {
            EntryKind::Relation { oid, inherit, sample: None, .. } => {
                let (oid, inherit) = (*oid, *inherit);
                let relation = self.relation(oid)?;
                if self.is_tree(&relation, inherit)? || equal.is_empty() {
                    return Ok(false);
                }
                let base = self.base_relation(oid)?;
                self.is_single_row(&base, &own, &equal)
            }
            EntryKind::Subquery { query, .. } => {
                let query = query.clone();
                if crate::prepare::query_is_volatile(self.ctx.catalog, &query)? {
                    return Ok(false);
                }
                let distinct = crate::join::distinct_columns(&query);
                Ok(distinct.is_some_and(|columns| columns.iter().all(|column| equal.contains(column))))
            }
            _ => Ok(false),
        }
    }
}

/// Looks for whoever reads an entry. A placeholder does not because it stands above the entry's join, as long as it is made of other entries, too.
struct Reader {
    at: usize,
    depth: u32,
    found: bool,
}

impl Visitor for Reader {
    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Var(var) => self.found |= (var.level, var.relation) == (self.depth, self.at),
            ExprKind::PlaceHolder { level, relations, .. } if *level == self.depth => {
                self.found |= *relations == 1 << self.at;
                expr.visit_children(self);
            }
            _ => expr.visit_children(self),
        }
    }
    fn query(&mut self, query: &Query) {
        self.depth += 1;
        query.visit_children(self);
        self.depth -= 1;
    }
    fn as_dyn(&mut self) -> &mut dyn Visitor {
        self
    }
}

/// The entries on missing sides of left joins, alone there, and the joins' conditions.
fn collect(tree: &Tree, found: &mut Vec<(usize, Vec<Expr>)>) {
    match tree {
        Tree::Relation(_) => {}
        Tree::Group { items, .. } => items.iter().for_each(|item| collect(item, found)),
        Tree::Join { join, left, right, on } => {
            if *join == JoinType::Left
                && let Some((at, own)) = single(right)
            {
                found.push((at, on.iter().chain(own).cloned().collect()));
            }
            collect(left, found);
            collect(right, found);
        }
    }
}

/// The entry that a tree consists of, and conditions on it.
pub(crate) fn single(tree: &Tree) -> Option<(usize, &[Expr])> {
    match tree {
        Tree::Relation(at) => Some((*at, &[])),
        Tree::Group { items, quals } => match &items[..] {
            [Tree::Relation(at)] => Some((*at, quals)),
            _ => None,
        },
        Tree::Join { .. } => None,
    }
}

fn drop_join(tree: &mut Tree, at: usize) {
    match tree {
        Tree::Relation(_) => {}
        Tree::Group { items, .. } => items.iter_mut().for_each(|item| drop_join(item, at)),
        Tree::Join { join, left, right, .. } => {
            if *join == JoinType::Left && single(right).is_some_and(|(entry, _)| entry == at) {
                let kept = std::mem::replace(&mut **left, Tree::Relation(0));
                *tree = kept;
                return;
            }
            drop_join(left, at);
            drop_join(right, at);
        }
    }
}

/// The left join, reached by sides that are never missing, whose missing side holds an entry: its kind, that side, its conditions.
fn left_join_of(tree: &mut Tree, at: usize) -> Option<(&mut JoinType, &mut Tree, &mut Vec<Expr>)> {
    match tree {
        Tree::Relation(_) => None,
        Tree::Group { items, .. } => items.iter_mut().find_map(|item| left_join_of(item, at)),
        Tree::Join { join, left, right, on } => match *join {
            JoinType::Left if right.relids() >> at & 1 == 1 => Some((join, right, on)),
            JoinType::Left | JoinType::Semi | JoinType::Anti => left_join_of(left, at),
            _ => None,
        },
    }
}

/// All conditions but those within the antijoined side that holds an entry.
fn above(tree: &Tree, at: usize, f: &mut dyn FnMut(&Expr)) {
    match tree {
        Tree::Relation(_) => {}
        Tree::Group { items, quals } => {
            quals.iter().for_each(&mut *f);
            items.iter().for_each(|item| above(item, at, f));
        }
        Tree::Join { left, right, on, .. } => {
            on.iter().for_each(&mut *f);
            above(left, at, f);
            if right.relids() >> at & 1 == 0 {
                above(right, at, f);
            }
        }
    }
}

/// All conditions but those of the join of an entry.
fn others(tree: &Tree, at: usize, f: &mut dyn FnMut(&Expr)) {
    match tree {
        Tree::Relation(_) => {}
        Tree::Group { items, quals } => {
            quals.iter().for_each(&mut *f);
            items.iter().for_each(|item| others(item, at, f));
        }
        Tree::Join { join, left, right, on } => {
            others(left, at, f);
            if *join == JoinType::Left && single(right).is_some_and(|(entry, _)| entry == at) {
                return;
            }
            on.iter().for_each(&mut *f);
            others(right, at, f);
        }
    }
}
