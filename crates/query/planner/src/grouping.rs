//! Keys of grouping sets are not what they are computed from.
//!
//! With GROUPING SETS a key is null in the rows of a set without it, whatever its expression says: a constant, too, and of two keys with
//! one expression each for itself. So before anything else looks at the query, what stands for a key becomes a column of an entry that
//! holds the keys' expressions; it is read nowhere, and the grouping node gives its columns.

use analyzer::node::VisitorMut;
use analyzer::query::{self as q, EntryKind, Expr, ExprKind, Query, RowVersion};
use analyzer::shift_levels;

use crate::level::Planner;
use crate::modify::variable;

/// How the entry is called.
pub(crate) const GROUP_ENTRY: &str = "*GROUP*";

impl Planner<'_> {
    /// Gives the keys of grouping sets columns of their own.
    pub fn separate_group_keys(&mut self) {
        let level = self.level();
        let query = &mut level.query;
        if query.grouping_sets.is_none() {
            return;
        }
        let key_of = |target_ref: u32| query.targets.iter().find(|target| target.sort_ref == target_ref);
        let keys: Vec<Expr> =
            query.group_by.iter().filter_map(|clause| key_of(clause.target_ref)).map(|t| t.expr.clone()).collect();
        if keys.len() != query.group_by.len() || keys.is_empty() {
            return;
        }
        let entry = query.range_table.len();
        let column = |(at, key): (usize, &Expr)| q::EntryColumn { name: format!("key{}", at + 1), ty: key.ty };
        query.range_table.push(q::RangeTableEntry {
            columns: keys.iter().enumerate().map(column).collect(),
            kind: EntryKind::Values { rows: vec![keys.clone()] },
            alias: None,
            column_aliases: false,
            name: GROUP_ENTRY.into(),
            lateral: false,
            in_from: false,
            permission: None,
            security: Vec::new(),
        });
        let mut replace = Replace { keys: &keys, entry, depth: 0 };
        for target in &mut query.targets {
            match query.group_by.iter().position(|clause| clause.target_ref == target.sort_ref) {
                Some(at) => target.expr = variable(entry, at as i16 + 1, RowVersion::Default, target.expr.ty),
                None => replace.expr(&mut target.expr),
            }
        }
        if let Some(having) = &mut query.having {
            replace.expr(having);
        }
        level.group_entry = Some(entry);
    }

    /// What the keys are computed from, and what they are above the grouping.
    pub fn group_keys(&mut self) -> (Vec<Expr>, Vec<Expr>) {
        let level = self.level();
        if let Some(entry) = level.group_entry
            && let EntryKind::Values { rows } = &level.query.range_table[entry].kind
            && let Some(keys) = rows.first()
        {
            let column = |(at, key): (usize, &Expr)| variable(entry, at as i16 + 1, RowVersion::Default, key.ty);
            return (keys.clone(), keys.iter().enumerate().map(column).collect());
        }
        let query = &level.query;
        let key_of = |target_ref: u32| query.targets.iter().find(|target| target.sort_ref == target_ref);
        let keys: Vec<Expr> =
            query.group_by.iter().filter_map(|clause| key_of(clause.target_ref)).map(|t| t.expr.clone()).collect();
        (keys.clone(), keys)
    }
}

/// Puts the columns of the entry in place of the keys' expressions.
struct Replace<'k> {
    keys: &'k [Expr],
    entry: usize,
    depth: u32,
}

impl VisitorMut for Replace<'_> {
    fn expr(&mut self, expr: &mut Expr) {
        // What is aggregated is as it comes in; only the direct arguments belong to the group.
        if let ExprKind::Aggregate(aggregate) = &mut expr.kind
            && aggregate.level == self.depth
        {
            aggregate.direct_args.iter_mut().for_each(|arg| self.expr(arg));
            return;
        }
        let found = self.keys.iter().position(|key| {
            if matches!(key.kind, ExprKind::Const(_)) {
                return false;
            }
            let mut key = key.clone();
            shift_levels(&mut key, self.depth);
            key == *expr
        });
        match found {
            Some(at) => {
                let var = q::Var {
                    level: self.depth,
                    relation: self.entry,
                    column: at as i16 + 1,
                    version: RowVersion::Default,
                };
                expr.kind = ExprKind::Var(var);
            }
            None => expr.visit_children_mut(self),
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

/// What an expression with an outer query's aggregate or column is in the next outer query.
pub(crate) fn lowered(expr: &Expr) -> Expr {
    let mut lowered = expr.clone();
    analyzer::shift_levels_from(&mut lowered, -1, 1);
    lowered.location = q::NO_LOCATION;
    lowered
}

/// How many queries outwards a reference to an outer query means; zero for its own.
pub(crate) fn outer_level(expr: &Expr) -> u32 {
    match &expr.kind {
        ExprKind::Var(var) => var.level,
        ExprKind::Aggregate(aggregate) => aggregate.level,
        ExprKind::Grouping { level, .. } | ExprKind::PlaceHolder { level, .. } => *level,
        _ => 0,
    }
}
