//! EXISTS that cannot become a join, asked once for all rows where that costs less than asking for each.
//!
//! `EXISTS (SELECT … FROM t WHERE t.x = outer.y)` beside OR is asked row by row. If equalities are all that connects the two queries, it says the same as
//! `outer.y = ANY (SELECT t.x FROM t)`, whose values are hashed once; but where one is null the latter is unknown, and EXISTS false. So only
//! conditions are changed in which both mean that a row does not pass: parts of AND and OR at the top of WHERE.

use analyzer::query::{self as q, EntryKind, Expr, ExprKind, FromItem, Query, SubLinkKind};
use error::Result;

use crate::fold::Folder;
use crate::level::Planner;
use crate::prepare::{
    adopt_expr, conjuncts, is_simple, looks_outside, outer_relids, query_is_volatile, relids_of, simplify_exists,
};

/// What a value takes in a hash table beside its bytes.
const OVERHEAD: f64 = 40.0;
/// The part of a table that is read until the first row is found, where no index leads to it.
const UNTIL_FOUND: f64 = 0.5;
/// Bytes of a value, as long as nothing is known.
const WIDTH: f64 = 16.0;

/// An equality between the two queries.
struct Link {
    inner: Expr,
    outer: Expr,
    operator: q::OperatorCall,
}

impl Planner<'_> {
    /// Changes the EXISTS in conditions on rows where that is worth it.
    pub fn hash_exists(&mut self, conditions: &mut [Expr]) -> Result<()> {
        for at in 0..conditions.len() {
            if !matches!(conditions[at].kind, ExprKind::Or(_) | ExprKind::SubLink(_)) {
                continue;
            }
            let mut condition = conditions[at].clone();
            let others: Vec<Expr> =
                conditions.iter().enumerate().filter(|(n, _)| *n != at).map(|(_, other)| other.clone()).collect();
            self.hash_exists_in(&mut condition, &others)?;
            conditions[at] = condition;
        }
        Ok(())
    }

    fn hash_exists_in(&mut self, condition: &mut Expr, others: &[Expr]) -> Result<()> {
        match &mut condition.kind {
            ExprKind::And(args) | ExprKind::Or(args) => {
                for arg in args {
                    self.hash_exists_in(arg, others)?;
                }
            }
            ExprKind::SubLink(link) if link.kind == SubLinkKind::Exists => {
                if let Some(any) = self.exists_as_any(&link.query, others)? {
                    **link = any;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn exists_as_any(&mut self, query: &Query, others: &[Expr]) -> Result<Option<q::SubLink>> {
        let catalog = self.ctx.catalog;
        let mut inner = query.clone();
        simplify_exists(&mut inner);
        if !is_simple(&inner) || query_is_volatile(catalog, &inner)? {
            return Ok(None);
        }
        let [FromItem::Relation(at)] = inner.from[..] else { return Ok(None) };
        let EntryKind::Relation { oid, .. } = inner.range_table[at].kind else { return Ok(None) };
        let Some(mut condition) = inner.where_clause.take() else { return Ok(None) };
        if outer_relids(&inner) != (0, false) {
            return Ok(None);
        }
        Folder::fold(catalog, self.ctx.env, &mut condition)?;
        let mut quals = Vec::new();
        conjuncts(condition, &mut quals);
        let (mut own, mut links) = (Vec::new(), Vec::new());
        for qual in quals {
            if !looks_outside(&qual) {
                own.push(qual);
                continue;
            }
            match self.link_of(&qual)? {
                Some(link) => links.push(link),
                None => return Ok(None),
            }
        }
        if links.is_empty() || !self.is_worth_hashing(oid, &links, others)? {
            return Ok(None);
        }
        inner.where_clause = analyzer::types::all_of(own);
        let mut any = q::SubLink {
            kind: SubLinkKind::Any,
            test: Vec::new(),
            operators: Vec::new(),
            casts: Vec::new(),
            operator_name: "=".into(),
            query: inner,
        };
        for (n, link) in links.into_iter().enumerate() {
            let ty = link.inner.ty;
            any.test.push(link.outer);
            any.operators.push(link.operator);
            any.casts.push(Expr { kind: ExprKind::CaseTest, ty, location: q::NO_LOCATION });
            any.query.targets.push(q::TargetEntry {
                expr: link.inner,
                number: n as i16 + 1,
                name: format!("col{}", n + 1),
                sort_ref: 0,
                junk: false,
                origin_table: ids::Oid::INVALID,
                origin_column: 0,
            });
        }
        Ok(Some(any))
    }

    /// `inner = outer`, of one type that can be hashed.
    fn link_of(&self, qual: &Expr) -> Result<Option<Link>> {
        let ExprKind::Operator(call) = &qual.kind else { return Ok(None) };
        let [left, right] = &call.args[..] else { return Ok(None) };
        let is_inner = |expr: &Expr| relids_of(expr) != 0 && !looks_outside(expr);
        let is_outer = |expr: &Expr| relids_of(expr) == 0 && looks_outside(expr);
        let (inner, outer) = match () {
            () if is_inner(left) && is_outer(right) => (left, right),
            () if is_inner(right) && is_outer(left) => (right, left),
            () => return Ok(None),
        };
        let row = self.ctx.catalog.operator(call.operator)?;
        let hashes = row.oprcanhash && crate::join::is_known(row.oid) && row.oprcom == row.oid;
        if !hashes || left.ty.oid != right.ty.oid {
            return Ok(None);
        }
        let mut outer = outer.clone();
        adopt_expr(&mut outer, 0);
        let operator = q::OperatorCall { args: Vec::new(), ..call.clone() };
        Ok(Some(Link { inner: inner.clone(), outer, operator }))
    }

    /// Whether reading a table once costs less than searching it for each outer row that meets the other conditions.
    fn is_worth_hashing(&mut self, table: ids::Oid, links: &[Link], others: &[Expr]) -> Result<bool> {
        let base = self.base_relation(table)?;
        let costs = self.ctx.costs.clone();
        let mut rows: f64 = 1.0;
        for link in links {
            // What comes from further out is the same for all rows.
            let relids = relids_of(&link.outer);
            if relids != 0 {
                let all = self.relation_size(&link.outer)?.map_or(1000.0, |(tuples, _)| tuples);
                let own: Vec<Expr> = (others.iter())
                    .filter(|other| relids_of(other) != 0 && relids_of(other) & !relids == 0)
                    .cloned()
                    .collect();
                rows = rows.max(all * self.selectivity_of_all(&own)?);
            }
        }
        let read = costs.seq_page_cost * base.pages + costs.cpu_tuple_cost * base.tuples;
        let mut searched = false;
        for &index in &base.relation.indexes {
            let Some(row) = self.ctx.catalog.find_index(index)? else { continue };
            let first = row.indkey.first().copied().unwrap_or(0);
            searched |= links.iter().any(|link| {
                matches!(&crate::scan::stripped(&link.inner).kind, ExprKind::Var(var) if var.column == first && first != 0)
            });
        }
        let each = if searched { costs.random_page_cost } else { read * UNTIL_FOUND };
        let keys = links.len() as f64;
        let hashed = read + costs.cpu_operator_cost * keys * (base.tuples + rows);
        let bytes = base.tuples * (OVERHEAD + keys * WIDTH);
        Ok(hashed < rows * each && bytes < costs.work_mem * costs.hash_mem_multiplier)
    }
}
