//! What MERGE needs beside other changes: a join that keeps the rows its actions are for, and the actions themselves.

use analyzer::node::VisitorMut;
use analyzer::query::{self as q, Command, Expr, ExprKind, Query, RowVersion};
use error::Result;
use ids::Oid;

use crate::level::Planner;
use crate::modify::variable;
use crate::plan::*;

impl Planner<'_> {
    /// An expression that tells whether a row of MERGE's join has a row of the source, and the entries whose `ctid` it rests on. What
    /// has no address becomes a subquery with a column that is true.
    pub fn mark_source(&mut self) -> Result<(Expr, Vec<usize>)> {
        let query = &self.level().query;
        let boolean = q::SqlType::plain(types::oid::BOOL);
        let truth = analyzer::types::constant(batch::Datum::bool(true), boolean, q::NO_LOCATION);
        if query.merge_actions.iter().all(|action| action.when != q::MergeWhen::NotMatchedBySource) {
            return Ok((truth, Vec::new()));
        }
        let (mut entries, mut addressed, mut tests) = (Vec::new(), Vec::new(), Vec::new());
        query.from.iter().skip(1).for_each(|item| entries_of(item, &mut entries));
        for at in entries {
            let column = match self.level().query.range_table[at].kind {
                q::EntryKind::Relation { .. } => {
                    addressed.push(at);
                    self.var(at, -1)
                }
                _ => self.with_marker(at, truth.clone()),
            };
            let kind = ExprKind::NullTest { arg: Box::new(column), is_null: false, row: false };
            tests.push(analyzer::types::condition(kind, q::NO_LOCATION));
        }
        let there = match tests.len() {
            1 => tests.swap_remove(0),
            _ => analyzer::types::condition(ExprKind::Or(tests), q::NO_LOCATION),
        };
        Ok((there, addressed))
    }

    /// Turns an entry into a subquery with one more column, and returns that.
    fn with_marker(&mut self, at: usize, marker: Expr) -> Expr {
        let entry = &mut self.level().query.range_table[at];
        let mut inner = q::Query::new(Command::Select);
        inner.range_table.push(q::RangeTableEntry { permission: None, ..entry.clone() });
        inner.from.push(q::FromItem::Relation(0));
        let target = |expr: Expr, number: usize, name: String| q::TargetEntry {
            expr,
            number: number as i16,
            name,
            sort_ref: 0,
            junk: false,
            origin_table: Oid::INVALID,
            origin_column: 0,
        };
        for (n, column) in entry.columns.iter().enumerate() {
            let value = variable(0, n as i16 + 1, RowVersion::Default, column.ty);
            inner.targets.push(target(value, n + 1, column.name.clone()));
        }
        let number = entry.columns.len() + 1;
        let ty = marker.ty;
        inner.targets.push(target(marker, number, "there".into()));
        entry.columns.push(q::EntryColumn { name: "there".into(), ty });
        // What it reads of queries further out is one query further out now.
        analyzer::shift_query_levels(&mut inner, 1, 1);
        entry.kind = q::EntryKind::Subquery { query: Box::new(inner), view: Oid::INVALID, security_barrier: false };
        variable(at, number as i16, RowVersion::Default, ty)
    }

    /// The actions, over the target's row and the source's columns; `condition` is ON, `target` what views ask of the target's rows.
    pub fn merge(
        &mut self,
        actions: Vec<q::MergeAction>,
        condition: Option<Expr>,
        target: Option<Expr>,
        layout: &[Expr],
        (entry, table): (usize, Oid),
        tree: bool,
    ) -> Result<Merge> {
        let mut actions = actions;
        // In a tree the source tells.
        for action in actions.iter_mut().filter(|_| !tree) {
            let values = action.targets.iter_mut().map(|target| &mut target.expr);
            action.condition.iter_mut().chain(values).for_each(|expr| replace_tableoid(expr, entry, table));
        }
        let parts = |condition: Option<Expr>| {
            let mut parts = Vec::new();
            if let Some(condition) = condition {
                crate::prepare::conjuncts(condition, &mut parts);
            }
            parts
        };
        let mut compiled = Vec::with_capacity(actions.len());
        for action in actions {
            let mut values = Vec::with_capacity(action.targets.len());
            for target in &action.targets {
                values.push((target.number, self.compile(&target.expr, layout)?));
            }
            compiled.push(MergeAction {
                when: action.when,
                condition: self.compile_all(&parts(action.condition), layout)?,
                command: action.command,
                values,
            });
        }
        let mut target = target;
        if let Some(quals) = &mut target {
            crate::fold::Folder::fold(self.ctx.catalog, self.ctx.env, quals)?;
        }
        Ok(Merge {
            actions: compiled,
            condition: self.compile_all(&parts(condition), layout)?,
            target: self.compile_all(&parts(target), layout)?,
        })
    }
}

/// The number of a column that no table has: the name of what MERGE did with a row.
const ACTION_COLUMN: i16 = i16::MIN;

/// The name of what MERGE did with a row, as a column of the target.
pub(crate) fn merge_action(target: usize) -> Expr {
    let ty = q::SqlType { oid: types::oid::TEXT, typmod: -1, collation: analyzer::types::DEFAULT_COLLATION };
    variable(target, ACTION_COLUMN, RowVersion::Default, ty)
}

/// Puts the column in place of `merge_action()`, within subqueries too.
pub(crate) fn replace_merge_action(expr: &mut Expr, target: usize) {
    struct Actions(usize, u32);
    impl VisitorMut for Actions {
        fn expr(&mut self, expr: &mut Expr) {
            if matches!(expr.kind, ExprKind::MergeAction) {
                let mut column = merge_action(self.0);
                analyzer::shift_levels(&mut column, self.1);
                *expr = column;
            } else {
                expr.visit_children_mut(self);
            }
        }
        fn query(&mut self, query: &mut Query) {
            self.1 += 1;
            query.visit_children_mut(self);
            self.1 -= 1;
        }
        fn as_dyn(&mut self) -> &mut dyn VisitorMut {
            self
        }
    }
    Actions(target, 0).expr(expr);
}

/// A value of MERGE's row, or null if that was deleted.
pub(crate) fn unless_deleted(value: Expr, target: usize) -> Expr {
    const TEXT_EQUAL: (Oid, Oid) = (Oid(98), Oid(67));
    let action = merge_action(target);
    let deleted = q::OperatorCall {
        operator: TEXT_EQUAL.0,
        function: TEXT_EQUAL.1,
        input_collation: action.ty.collation,
        args: vec![action.clone(), Expr { kind: ExprKind::Const(batch::Datum::text("DELETE")), ..action }],
        set: false,
    };
    let condition = analyzer::types::condition(ExprKind::Operator(deleted), q::NO_LOCATION);
    let ty = value.ty;
    let null = analyzer::types::null(ty);
    let kind = ExprKind::Case { arg: None, whens: vec![(condition, null)], otherwise: Box::new(value) };
    Expr { kind, ty, location: q::NO_LOCATION }
}

/// The entries of the range table under an item of FROM.
fn entries_of(item: &q::FromItem, into: &mut Vec<usize>) {
    match item {
        q::FromItem::Relation(at) => into.push(*at),
        q::FromItem::Join(join) => {
            entries_of(&join.left, into);
            entries_of(&join.right, into);
        }
    }
}

/// The target's `tableoid` is known: there is one table.
fn replace_tableoid(expr: &mut Expr, target: usize, table: Oid) {
    struct TableOid(usize, u32, Oid);
    impl VisitorMut for TableOid {
        fn expr(&mut self, expr: &mut Expr) {
            match &expr.kind {
                ExprKind::Var(var) if var.level == self.1 && var.relation == self.0 && var.column == -6 => {
                    expr.kind = ExprKind::Const(batch::Datum::oid(self.2));
                }
                _ => expr.visit_children_mut(self),
            }
        }
        fn query(&mut self, query: &mut Query) {
            self.1 += 1;
            query.visit_children_mut(self);
            self.1 -= 1;
        }
        fn as_dyn(&mut self) -> &mut dyn VisitorMut {
            self
        }
    }
    TableOid(target, 0, table).expr(expr);
}
