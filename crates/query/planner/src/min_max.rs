//! `min` and `max` by an index: the first or last entry that is not null answers, in place of all rows.
//!
//! Each such aggregate becomes a subquery, `SELECT x FROM … WHERE … AND x IS NOT NULL ORDER BY x LIMIT 1`, which is planned like any other; what is left of the
//! query reads no table.

use analyzer::node::VisitorMut;
use analyzer::query::{self as q, Command, EntryKind, Expr, ExprKind, FromItem, Query, SortClause, SubLinkKind};
use batch::Datum;
use catalog::objects::BTREE;
use catalog::rows::PgAggregate;
use error::Result;
use ids::Oid;

use crate::level::Planner;
use crate::prepare::{conjuncts, relids_of};
use crate::scan::stripped;

/// Rows that must be expected to meet the conditions, so that one of them is found soon.
const MATCHES_LEAST: f64 = 5.0;

impl Planner<'_> {
    /// Turns the aggregates of the current query into look-ups, if all of them can be and that is likely to be cheaper.
    pub fn min_max(&mut self) -> Result<()> {
        let query = &self.level().query;
        let plain = query.command == Command::Select
            && query.has.aggregates
            && query.group_by.is_empty()
            && query.grouping_sets.as_ref().is_none_or(|sets| matches!(&sets[..], [set] if set.is_empty()))
            && !query.has.windows
            && !query.has.target_sets
            && query.row_marks.is_empty()
            && query.set_operation.is_none();
        let [FromItem::Relation(at)] = &query.from[..] else { return Ok(()) };
        let at = *at;
        let EntryKind::Relation { oid, sample: None, inherit, .. } = &query.range_table[at].kind else { return Ok(()) };
        let (oid, inherit) = (*oid, *inherit);
        if !plain || !query.range_table[at].security.is_empty() {
            return Ok(());
        }
        let aggregates = self.own_aggregates();
        let mut quals = Vec::new();
        if let Some(condition) = self.level().query.where_clause.clone() {
            conjuncts(condition, &mut quals);
        }
        let relation = self.relation(oid)?;
        if aggregates.is_empty()
            || self.is_tree(&relation, inherit)?
            || !self.ctx.costs.enable_indexscan && !self.ctx.costs.enable_indexonlyscan
        {
            return Ok(());
        }
        let base = self.base_relation(oid)?;
        if !quals.is_empty() && base.tuples * self.selectivity_of_all(&quals)? < MATCHES_LEAST {
            return Ok(());
        }
        let mut links = Vec::with_capacity(aggregates.len());
        for aggregate in aggregates {
            let Some(link) = self.look_up(&aggregate, at, &relation, &quals)? else { return Ok(()) };
            links.push((aggregate, link));
        }
        let mut replace = Replace { links: &links };
        let query = &mut self.level().query;
        query.targets.iter_mut().for_each(|target| replace.expr(&mut target.expr));
        query.where_clause = query.having.take();
        if let Some(condition) = &mut query.where_clause {
            replace.expr(condition);
        }
        query.from.clear();
        query.grouping_sets = None;
        query.has.aggregates = false;
        query.has.sublinks = true;
        Ok(())
    }

    /// The subquery that stands for an aggregate.
    fn look_up(
        &mut self,
        expr: &Expr,
        at: usize,
        relation: &catalog::Relation,
        quals: &[Expr],
    ) -> Result<Option<Expr>> {
        let ExprKind::Aggregate(aggregate) = &expr.kind else { return Ok(None) };
        let ordered = !aggregate.order_by.is_empty() || !aggregate.distinct.is_empty() || aggregate.filter.is_some();
        let [argument] = &aggregate.args[..] else { return Ok(None) };
        if ordered || aggregate.level != 0 || !aggregate.direct_args.is_empty() || relids_of(&argument.expr) == 0 {
            return Ok(None);
        }
        let index = catalog::index::PG_AGGREGATE_FNOID_INDEX;
        let Some(row) = self.ctx.catalog.row::<PgAggregate>(index, &[aggregate.function.into()])? else {
            return Ok(None);
        };
        if !row.aggsortop.is_valid() || !self.is_indexed(&argument.expr, at, relation, row.aggsortop, quals)? {
            return Ok(None);
        }
        let ordering = analyzer::types::ordering(self.ctx.catalog, argument.expr.ty.oid)?;
        let descending = self.ctx.catalog.operator(row.aggsortop)?.oprname == ">";
        let mut inner = self.level().query.clone();
        inner.ctes.clear();
        inner.having = None;
        inner.has.aggregates = false;
        let not_null = ExprKind::NullTest { arg: Box::new(argument.expr.clone()), is_null: false, row: false };
        let not_null = analyzer::types::condition(not_null, q::NO_LOCATION);
        inner.where_clause = analyzer::types::all_of(quals.iter().cloned().chain([not_null]).collect());
        inner.targets = vec![q::TargetEntry { number: 1, sort_ref: 1, junk: false, ..argument.clone() }];
        inner.order_by = vec![SortClause {
            target_ref: 1,
            equality: ordering.equal,
            ordering: row.aggsortop,
            descending,
            nulls_first: descending,
            hashable: ordering.hash.is_valid(),
        }];
        inner.distinct.clear();
        inner.distinct_on = false;
        inner.offset = None;
        inner.with_ties = false;
        let count = q::SqlType::plain(types::oid::INT8);
        inner.limit = Some(analyzer::types::constant(Datum::B8(1), count, q::NO_LOCATION));
        // What it reads of queries further out is one query further out now.
        analyzer::shift_query_levels(&mut inner, 1, 1);
        let link = q::SubLink {
            kind: SubLinkKind::Scalar,
            test: Vec::new(),
            operators: Vec::new(),
            casts: Vec::new(),
            operator_name: String::new(),
            query: inner,
        };
        Ok(Some(Expr { kind: ExprKind::SubLink(Box::new(link)), ..expr.clone() }))
    }

    /// Whether an index gives rows in the order of an expression, if what comes before it in the index is fixed.
    fn is_indexed(
        &mut self,
        expr: &Expr,
        at: usize,
        relation: &catalog::Relation,
        operator: Oid,
        quals: &[Expr],
    ) -> Result<bool> {
        for &index in &relation.indexes {
            let Some(row) = self.ctx.catalog.find_index(index)? else { continue };
            if !row.indisvalid || row.indpred.is_some() || self.relation(index)?.class.relam != BTREE {
                continue;
            }
            for (n, (column, family, ..)) in self.index_columns(at, &row)?.into_iter().enumerate() {
                if n >= row.indnkeyatts as usize {
                    break;
                }
                if stripped(&column) == stripped(expr) {
                    if self.ctx.catalog.operator_strategy(operator, family)?.is_some() {
                        return Ok(true);
                    }
                    break;
                }
                let fixed = quals.iter().any(|qual| match &qual.kind {
                    ExprKind::Operator(call) => match &call.args[..] {
                        [l, r] => {
                            let equal = self.ctx.catalog.operator_strategy(call.operator, family);
                            equal.is_ok_and(|strategy| strategy == Some(3))
                                && (stripped(l) == stripped(&column) && relids_of(r) == 0
                                    || stripped(r) == stripped(&column) && relids_of(l) == 0)
                        }
                        _ => false,
                    },
                    _ => false,
                });
                if !fixed {
                    break;
                }
            }
        }
        Ok(false)
    }
}

/// Puts subqueries in place of aggregates.
struct Replace<'l> {
    links: &'l [(Expr, Expr)],
}

impl VisitorMut for Replace<'_> {
    fn expr(&mut self, expr: &mut Expr) {
        match self.links.iter().find(|(aggregate, _)| aggregate == expr) {
            Some((_, link)) => *expr = link.clone(),
            None => expr.visit_children_mut(self),
        }
    }
    fn query(&mut self, _: &mut Query) {}
    fn as_dyn(&mut self) -> &mut dyn VisitorMut {
        self
    }
}
