//! Tables joined with themselves row by row.
//!
//! Of two entries of one table that an inner join brings together by a unique key, both stand on the same row wherever the join finds one. So one of them
//! goes, and whoever named it names the other: conditions of both are asked of one row, and the key's equalities ask no more than that the key
//! is not null. Views over the same table make such joins, and object-relational mappers.
//!
//! A semi-join with a table of which at most one row matches is an inner join; taken as such it can be ordered freely, and may turn out to be one of these.

use analyzer::node::VisitorMut;
use analyzer::query::{EntryKind, Expr, ExprKind, Query, RowVersion};
use catalog::Catalog;
use error::Result;
use ids::Oid;

use crate::level::Planner;
use crate::plan::JoinType;
use crate::prepare::{Relids, Tree, is_volatile, relids_of};

/// The collations of the database and `C`, `POSIX`: what is equal by them is the same text.
const SAME_TEXT: [Oid; 3] = [Oid(100), Oid(950), Oid(951)];

impl Planner<'_> {
    /// Makes inner joins of semi-joins with at most one row.
    pub fn reduce_semijoins(&mut self, tree: &mut Tree) -> Result<()> {
        match tree {
            Tree::Relation(_) => {}
            Tree::Group { items, .. } => {
                for item in items {
                    self.reduce_semijoins(item)?;
                }
            }
            Tree::Join { join, left, right, on } => {
                self.reduce_semijoins(left)?;
                self.reduce_semijoins(right)?;
                if *join != JoinType::Semi {
                    return Ok(());
                }
                let Some((at, own)) = crate::removal::single(right) else { return Ok(()) };
                if !matches!(self.level().query.range_table[at].kind, EntryKind::Relation { .. }) {
                    return Ok(());
                }
                let all: Vec<Expr> = on.iter().chain(own).cloned().collect();
                if self.is_single(at, &all)? {
                    let (left, right) = (take(left), take(right));
                    *tree = Tree::Group { items: vec![left, right], quals: std::mem::take(on) };
                }
            }
        }
        Ok(())
    }

    /// Takes away tables that are joined with themselves row by row.
    pub fn remove_self_joins(&mut self, tree: &mut Tree) -> Result<()> {
        if !self.ctx.costs.enable_self_join_elimination || !self.has_twins() {
            return Ok(());
        }
        merge_groups(tree);
        while let Some((gone, kept)) = self.find_self_join(tree)? {
            move_behind(tree, gone);
            let mut rename = Rename { gone, kept, depth: 0 };
            tree.for_each_qual(&mut |qual| rename.expr(qual));
            self.level().query.visit_children_mut(&mut rename);
            drop_relation(self.ctx.catalog, tree, gone)?;
            self.level().query.range_table[gone].kind = EntryKind::Result;
        }
        Ok(())
    }

    /// Whether some table is read twice at all.
    fn has_twins(&mut self) -> bool {
        let mut tables: Vec<Oid> = Vec::new();
        self.level().query.range_table.iter().any(|entry| {
            let EntryKind::Relation { oid, .. } = entry.kind else { return false };
            let twin = tables.contains(&oid);
            tables.push(oid);
            twin
        })
    }

    /// Two entries of one inner join that stand on the same row: the one that is to go, and the one that stays.
    fn find_self_join(&mut self, tree: &Tree) -> Result<Option<(usize, usize)>> {
        match tree {
            Tree::Relation(_) => Ok(None),
            Tree::Group { items, quals } => {
                let mut tables: Vec<usize> = items
                    .iter()
                    .filter_map(|item| if let Tree::Relation(at) = item { Some(*at) } else { None })
                    .collect();
                tables.sort_unstable();
                for (n, &gone) in tables.iter().enumerate() {
                    for &kept in &tables[n + 1..] {
                        if self.is_same_row(gone, kept, quals)? {
                            return Ok(Some((gone, kept)));
                        }
                    }
                }
                for item in items {
                    if let Some(found) = self.find_self_join(item)? {
                        return Ok(Some(found));
                    }
                }
                Ok(None)
            }
            Tree::Join { left, right, .. } => match self.find_self_join(left)? {
                Some(found) => Ok(Some(found)),
                None => self.find_self_join(right),
            },
        }
    }

    /// Whether two entries are of one plain table, and equal in a unique key.
    fn is_same_row(&mut self, a: usize, b: usize, quals: &[Expr]) -> Result<bool> {
        let table = |planner: &mut Self, at: usize| {
            let query = &planner.level().query;
            let entry = &query.range_table[at];
            let marked = query.row_marks.iter().any(|mark| mark.relation == at);
            match entry.kind {
                EntryKind::Relation { oid, inherit, relkind, sample: None, .. }
                    if relkind == catalog::relation::kind::TABLE && entry.security.is_empty() && !marked =>
                {
                    Some((oid, inherit))
                }
                _ => None,
            }
        };
        let (Some((oid, inherit)), Some((other, _))) = (table(self, a), table(self, b)) else { return Ok(false) };
        if oid != other {
            return Ok(false);
        }
        let relation = self.relation(oid)?;
        if self.is_tree(&relation, inherit)? {
            return Ok(false);
        }
        let equal = self.equal_columns(a, b, quals)?;
        if equal.is_empty() {
            return Ok(false);
        }
        let base = self.base_relation(oid)?;
        self.is_single_row(&base, &[], &equal)
    }

    /// The columns by which two entries of one table are equal: directly, by others between, or because both equal one value.
    fn equal_columns(&mut self, a: usize, b: usize, quals: &[Expr]) -> Result<Vec<i16>> {
        let column = |expr: &Expr| match &expr.kind {
            ExprKind::Var(v) if v.level == 0 && v.column > 0 && v.version == RowVersion::Default => {
                Some((v.relation, v.column))
            }
            _ => None,
        };
        let mut classes: Vec<Vec<(usize, i16)>> = Vec::new();
        let mut values: Vec<((usize, i16), &Expr)> = Vec::new();
        for qual in quals {
            let ExprKind::Operator(call) = &qual.kind else { continue };
            let [left, right] = &call.args[..] else { continue };
            let collation = call.input_collation;
            let same_text = !collation.is_valid() || SAME_TEXT.contains(&collation);
            if left.ty.oid != right.ty.oid
                || !same_text
                || analyzer::types::ordering(self.ctx.catalog, left.ty.oid)?.equal != call.operator
            {
                continue;
            }
            match (column(left), column(right)) {
                (Some(l), Some(r)) => {
                    let mut joined = vec![l, r];
                    classes.retain_mut(|class| {
                        let meets = class.contains(&l) || class.contains(&r);
                        if meets {
                            joined.append(class);
                        }
                        !meets
                    });
                    classes.push(joined);
                }
                (Some(own), None) | (None, Some(own)) => {
                    let value = if column(left).is_some() { right } else { left };
                    if relids_of(value) == 0 && !is_volatile(self.ctx.catalog, value)? {
                        values.push((own, value));
                    }
                }
                (None, None) => {}
            }
        }
        let mut equal: Vec<i16> = Vec::new();
        for class in &classes {
            let of_both = |&(at, number): &(usize, i16)| (at == a && class.contains(&(b, number))).then_some(number);
            equal.extend(class.iter().filter_map(of_both));
        }
        for ((at, number), value) in &values {
            if *at == a && values.iter().any(|(other, same)| *other == (b, *number) && same == value) {
                equal.push(*number);
            }
        }
        Ok(equal)
    }
}

fn take(tree: &mut Tree) -> Tree {
    std::mem::replace(tree, Tree::Relation(0))
}

/// Inner joins within inner joins become one.
fn merge_groups(tree: &mut Tree) {
    match tree {
        Tree::Relation(_) => {}
        Tree::Group { items, quals } => {
            let mut merged = Vec::with_capacity(items.len());
            for mut item in items.drain(..) {
                merge_groups(&mut item);
                match item {
                    Tree::Group { items, quals: own } => {
                        merged.extend(items);
                        quals.extend(own);
                    }
                    other => merged.push(other),
                }
            }
            *items = merged;
        }
        Tree::Join { left, right, .. } => {
            merge_groups(left);
            merge_groups(right);
        }
    }
}

/// Puts what an inner join asks of one of its relations behind its other conditions.
fn move_behind(tree: &mut Tree, gone: usize) {
    match tree {
        Tree::Relation(_) => {}
        Tree::Group { items, quals } => {
            if items.iter().any(|item| matches!(item, Tree::Relation(at) if *at == gone)) {
                quals.sort_by_key(|qual| relids_of(qual) >> gone & 1);
            }
            items.iter_mut().for_each(|item| move_behind(item, gone));
        }
        Tree::Join { left, right, .. } => {
            move_behind(left, gone);
            move_behind(right, gone);
        }
    }
}

/// Takes a relation out of its inner join, whose conditions name another one in its place already.
fn drop_relation(catalog: &Catalog, tree: &mut Tree, gone: usize) -> Result<()> {
    match tree {
        Tree::Relation(_) => {}
        Tree::Group { items, quals } => {
            let before = items.len();
            items.retain(|item| !matches!(item, Tree::Relation(at) if *at == gone));
            if items.len() < before {
                let mut kept: Vec<Expr> = Vec::with_capacity(quals.len());
                for mut qual in quals.drain(..) {
                    not_null_instead(catalog, &mut qual)?;
                    if !kept.contains(&qual) && !kept.contains(&turned_round(catalog, &qual)?) {
                        kept.push(qual);
                    }
                }
                *quals = kept;
            }
            for item in items {
                drop_relation(catalog, item, gone)?;
            }
        }
        Tree::Join { left, right, .. } => {
            drop_relation(catalog, left, gone)?;
            drop_relation(catalog, right, gone)?;
        }
    }
    Ok(())
}

/// `a = a` asks whether it is null, if the equality is that of the type.
fn not_null_instead(catalog: &Catalog, qual: &mut Expr) -> Result<()> {
    let ExprKind::Operator(call) = &qual.kind else { return Ok(()) };
    let [left, right] = &call.args[..] else { return Ok(()) };
    if left == right
        && matches!(left.kind, ExprKind::Var(_))
        && analyzer::types::ordering(catalog, left.ty.oid)?.equal == call.operator
        && crate::join::is_known(call.operator)
    {
        qual.kind = ExprKind::NullTest { arg: Box::new(left.clone()), is_null: false, row: false };
    }
    Ok(())
}

/// A condition with its sides exchanged, where that is the same by the same operator.
fn turned_round(catalog: &Catalog, qual: &Expr) -> Result<Expr> {
    let mut turned = qual.clone();
    if let ExprKind::Operator(call) = &mut turned.kind
        && call.args.len() == 2
        && catalog.operator(call.operator)?.oprcom == call.operator
    {
        call.args.swap(0, 1);
    }
    Ok(turned)
}

/// Puts one entry in the place of another.
struct Rename {
    gone: usize,
    kept: usize,
    depth: u32,
}

impl VisitorMut for Rename {
    fn expr(&mut self, expr: &mut Expr) {
        match &mut expr.kind {
            ExprKind::Var(var) => {
                if (var.level, var.relation) == (self.depth, self.gone) {
                    var.relation = self.kept;
                }
            }
            ExprKind::PlaceHolder { level, relations, .. } => {
                if *level == self.depth && *relations >> self.gone & 1 == 1 {
                    *relations = *relations & !(1 << self.gone) | (1 as Relids) << self.kept;
                }
                expr.visit_children_mut(self);
            }
            _ => expr.visit_children_mut(self),
        }
    }
    fn query(&mut self, query: &mut Query) {
        self.depth += 1;
        query.visit_children_mut(self);
        self.depth -= 1;
    }
    fn as_dyn(&mut self) -> &mut dyn VisitorMut {
        self
    }
}
