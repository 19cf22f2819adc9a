//! Columns that others determine: below GROUP BY, all of a table of which a unique key is grouped by.
//!
//! A grouped query may name a column that is no group key where the primary key of its table is one: all rows of a group then have one value of it. The
//! grouping node carries such columns through its groups ([`Planner::carried`]). For the same reason keys beside a unique key of their table do not
//! make more groups, and are not compared at all ([`Planner::drop_determined_keys`]).

use analyzer::node::Visitor;
use analyzer::query::{EntryKind, Expr, ExprKind, Query};
use error::Result;
use ids::Oid;

use crate::grouping::outer_level;
use crate::level::Planner;
use crate::plan::AggregateCall;

/// `any_value(anyelement)`, which gives a group's first value that is not null.
const ANY_VALUE: Oid = Oid(6291);

impl Planner<'_> {
    /// The columns that a grouped query reads beside its keys and aggregates, which are the columns of `layout`.
    pub fn carried(&mut self, layout: &[Expr]) -> Vec<Expr> {
        let query = &self.level().query;
        let mut finder = Carried { layout, depth: 0, found: Vec::new() };
        query.targets.iter().map(|target| &target.expr).chain(&query.having).for_each(|expr| finder.expr(expr));
        finder.found
    }

    /// What carries a column of the rows to be grouped through their groups.
    pub fn carry(&mut self, column: &Expr, layout: &[Expr]) -> Result<AggregateCall> {
        Ok(AggregateCall {
            users: None,
            shares: None,
            function: ANY_VALUE,
            arg_count: 1,
            args: vec![self.compile(column, layout)?],
            direct_args: Vec::new(),
            order: Vec::new(),
            distinct: Vec::new(),
            filter: None,
            collation: column.ty.collation,
            ty: self.column_type(column.ty)?,
        })
    }

    /// Drops group keys that other keys determine.
    pub fn drop_determined_keys(&mut self) -> Result<()> {
        let query = &self.level().query;
        if query.grouping_sets.is_some() || query.group_by.len() < 2 {
            return Ok(());
        }
        // The key that each clause is, if it is a column.
        let columns: Vec<Option<(usize, i16)>> = query
            .group_by
            .iter()
            .map(|clause| {
                let target = query.targets.iter().find(|target| target.sort_ref == clause.target_ref)?;
                match &target.expr.kind {
                    ExprKind::Var(var) if var.level == 0 && var.column > 0 => Some((var.relation, var.column)),
                    _ => None,
                }
            })
            .collect();
        let mut keep = vec![true; columns.len()];
        for at in 0..self.level().query.range_table.len() {
            let own: Vec<i16> = columns.iter().flatten().filter(|(entry, _)| *entry == at).map(|(_, n)| *n).collect();
            if own.len() < 2 {
                continue;
            }
            let Some(key) = self.determining_key(at, &own)? else { continue };
            for (keep, column) in keep.iter_mut().zip(&columns) {
                *keep &= column.is_none_or(|(entry, n)| entry != at || key.contains(&n));
            }
        }
        let mut keep = keep.into_iter();
        self.level().query.group_by.retain(|_| keep.next().unwrap_or(true));
        Ok(())
    }

    /// The shortest unique key of a table that is a proper part of these columns, and never null.
    fn determining_key(&mut self, at: usize, columns: &[i16]) -> Result<Option<Vec<i16>>> {
        let EntryKind::Relation { oid, inherit, .. } = self.level().query.range_table[at].kind else { return Ok(None) };
        let relation = self.relation(oid)?;
        // A child's rows are not among those that the parent's index keeps apart.
        let partitioned = relation.kind() == catalog::relation::kind::PARTITIONED_TABLE;
        if !partitioned && self.is_tree(&relation, inherit)? {
            return Ok(None);
        }
        let mut best: Option<Vec<i16>> = None;
        for &index in &relation.indexes {
            let Some(row) = self.ctx.catalog.find_index(index)? else { continue };
            if !row.indisunique || !row.indimmediate || !row.indisvalid || row.indpred.is_some() {
                continue;
            }
            let key: Vec<i16> = row.indkey.iter().take(row.indnkeyatts as usize).copied().collect();
            let certain = |number: &i16| {
                let column = relation.column(*number);
                columns.contains(number) && (row.indnullsnotdistinct || column.is_some_and(|column| column.attnotnull))
            };
            let shorter = best.as_ref().is_none_or(|best| key.len() < best.len());
            if key.len() < columns.len() && shorter && key.iter().all(certain) {
                best = Some(key);
            }
        }
        Ok(best)
    }
}

/// Columns of a query's own level outside of what is there already and of aggregates.
struct Carried<'l> {
    layout: &'l [Expr],
    depth: u32,
    found: Vec<Expr>,
}

impl Visitor for Carried<'_> {
    fn expr(&mut self, expr: &Expr) {
        let mut own = expr.clone();
        analyzer::shift_levels_from(&mut own, -(self.depth as i32), self.depth);
        if self.layout.contains(&own) {
            return;
        }
        match &expr.kind {
            ExprKind::Aggregate(aggregate) if aggregate.level == self.depth => {
                aggregate.direct_args.iter().for_each(|arg| self.expr(arg));
            }
            ExprKind::Var(_) => {
                if outer_level(expr) == self.depth && !self.found.contains(&own) {
                    self.found.push(own);
                }
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
