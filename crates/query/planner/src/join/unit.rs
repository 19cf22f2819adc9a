//! What joins start from: relations, subqueries, functions, VALUES, WITH queries.

use std::sync::Arc;

use analyzer::query::{self as q, EntryKind, Expr, ExprKind};
use batch::{BATCH_ROWS, Batch};
use error::{Error, Result};

use super::{Subquery, Unit, UnitKind};
use crate::estimate::BaseRelation;
use crate::explain::FUNCTION_CALL;
use crate::level::{Built, CteTarget, Layout, PathKey, Planner};
use crate::placeholder::unwrap_within;
use crate::plan::*;
use crate::prepare::{Relids, relids_of};

impl Planner<'_> {
    pub(super) fn push_down(&mut self, unit: &mut Unit, mut expr: Expr) -> Result<()> {
        if self.level().has_placeholders {
            unwrap_within(&mut expr, unit.relids);
        }
        match &mut unit.kind {
            UnitKind::Base { quals, .. } => quals.push(expr),
            UnitKind::Tree(tree) => tree.quals.push(expr),
            UnitKind::Subquery(subquery) => subquery.quals.push(expr),
            UnitKind::Built(built) => {
                if let Some(built) = built {
                    let at = unit.relids.trailing_zeros() as usize;
                    self.level().scanning = Some(at);
                    let result = self.add_filter(built, &[expr]);
                    self.level().scanning = None;
                    result?;
                    unit.rows = built.node.cost.rows;
                }
            }
        }
        Ok(())
    }

    /// The unit of an entry of the range table.
    pub(super) fn relation_unit(&mut self, at: usize) -> Result<Unit> {
        let entry = &mut self.level().query.range_table[at];
        let name = entry.name.clone();
        let relids = 1 << at;
        let built = match &mut entry.kind {
            EntryKind::Relation { oid, inherit, relkind, sample, .. } => {
                let (oid, inherit, relkind) = (*oid, *inherit, *relkind);
                let sample = sample.clone();
                let mut base = self.base_relation(oid)?;
                let mut lateral = 0;
                if let Some(sample) = &sample {
                    self.size_sample(&mut base, sample)?;
                    lateral = crate::sample::relids(sample);
                }
                if relkind == catalog::relation::kind::FOREIGN_TABLE {
                    return Err(self.ctx.catalog.no_handler(oid)?);
                }
                if self.is_tree(&base.relation, inherit)? {
                    let top = base.relation.clone();
                    let tree = crate::tree::Tree {
                        relation: at,
                        top,
                        quals: Vec::new(),
                        usable: usize::MAX,
                        members: Vec::new(),
                        branches: Vec::new(),
                    };
                    return Ok(Unit::new(relids, UnitKind::Tree(Box::new(tree)), 1.0, lateral));
                }
                let rows = base.tuples;
                return Ok(Unit::new(
                    relids,
                    UnitKind::Base { relation: at, base, quals: Vec::new(), usable: usize::MAX },
                    rows,
                    lateral,
                ));
            }
            EntryKind::Subquery { query, security_barrier, .. } => {
                let query = std::mem::replace(&mut **query, q::Query::new(q::Command::Select));
                let barrier = *security_barrier;
                let lateral = crate::prepare::relids_around(&query);
                let volatile = crate::prepare::query_is_volatile(self.ctx.catalog, &query)?;
                let distinct = distinct_columns(&query);
                let distinct = distinct.map(|numbers| numbers.into_iter().map(|n| self.var(at, n)).collect());
                let subquery = Subquery { query, alias: name, barrier, quals: Vec::new() };
                let unit = Unit::new(relids, UnitKind::Subquery(Box::new(subquery)), 1.0, lateral);
                return Ok(Unit { distinct, volatile, ..unit });
            }
            EntryKind::Values { rows } => {
                let rows = std::mem::take(rows);
                self.values_scan(at, &rows)?
            }
            EntryKind::Function { functions, ordinality } => {
                let (functions, ordinality) = (functions.clone(), *ordinality);
                self.function_scan(at, &functions, ordinality)?
            }
            EntryKind::Cte { name: cte, levels_up, .. } => {
                let (cte, levels_up) = (cte.clone(), *levels_up);
                let planned = self.find_cte(&cte, levels_up)?;
                let layout: Layout = (1..=planned.columns.len() as i16).map(|n| self.var(at, n)).collect();
                let cost = Cost {
                    startup: 0.0,
                    // A row is put into a store, and taken out of it.
                    total: planned.rows * 2.0 * self.ctx.costs.cpu_tuple_cost,
                    rows: planned.rows,
                    width: self.width(&layout),
                };
                let kind = match planned.target {
                    CteTarget::Subplan(subplan) => NodeKind::CteScan { subplan, alias: name, name: cte },
                    CteTarget::WorkTable(work_table, round) => {
                        NodeKind::WorkTableScan { work_table, round, alias: name, name: cte }
                    }
                };
                Built { node: self.node(kind, &layout, cost)?, layout, order: Vec::new() }
            }
            EntryKind::Result => {
                let cost = Cost { startup: 0.0, total: self.ctx.costs.cpu_tuple_cost, rows: 1.0, width: 0 };
                let node = self.node(NodeKind::Result { input: None, condition: Vec::new() }, &[], cost)?;
                Built { node, layout: Vec::new(), order: Vec::new() }
            }
            EntryKind::Join { .. } => return Err(Error::internal("a join's name stands in the join tree")),
            EntryKind::NamedTuplestore { name: table, .. } => {
                let table = table.clone();
                let width = self.level().query.range_table[at].columns.len() as i16;
                let layout: Layout = (1..=width).map(|n| self.var(at, n)).collect();
                // As many rows as PostgreSQL expects of them.
                let rows = 1000.0;
                let total = rows * self.ctx.costs.cpu_tuple_cost;
                let cost = Cost { startup: 0.0, total, rows, width: self.width(&layout) };
                let kind = NodeKind::NamedTuplestoreScan { name: table, alias: name };
                Built { node: self.node(kind, &layout, cost)?, layout, order: Vec::new() }
            }
        };
        let lateral = self.pending_of(at);
        let rows = built.node.cost.rows;
        Ok(Unit::new(relids, UnitKind::Built(Some(Box::new(built))), rows, lateral))
    }

    /// Relations whose columns the scan of an entry needs.
    fn pending_of(&mut self, at: usize) -> Relids {
        self.level().pending.iter().filter(|(by, _, _)| *by == at).fold(0, |set, (_, e, _)| set | relids_of(e))
    }

    /// Plans a subquery with the conditions on it: those that can be are asked within it.
    fn build_subquery(&mut self, at: usize, subquery: Subquery) -> Result<Built> {
        let Subquery { mut query, alias, barrier, mut quals } = subquery;
        // Policies and barriers come first, and then the rest in its order.
        self.order_by_security(at, &mut quals)?;
        let secured = !self.level().query.range_table[at].security.is_empty();
        if !secured {
            quals = self.push_into(at, &mut query, barrier, quals)?;
        }
        let run_conditions = match barrier || secured {
            true => Vec::new(),
            false => self.run_conditions(at, &query, &quals)?,
        };
        self.drop_unread(at, &mut query)?;
        let (built, level) = self.subquery_until(query, run_conditions)?;
        let (outer, taken) = (level.outer, level.run_taken);
        let mut number = 0..;
        quals.retain(|_| !taken.contains(&number.next().unwrap_or_default()));
        self.level().scanning = Some(at);
        let adopted = self.adopt_outer(outer);
        self.level().scanning = None;
        adopted?;
        let layout: Layout = (1..=built.layout.len() as i16).map(|n| self.var(at, n)).collect();
        let cost = built.node.cost;
        // Sorted as the subquery is, where the sort keys are among its columns.
        let mut order = Vec::new();
        for key in &built.order {
            match built.layout.iter().position(|e| *e == key.expr) {
                Some(n) => order.push(PathKey { expr: layout[n].clone(), ..key.clone() }),
                None => break,
            }
        }
        let kind = NodeKind::SubqueryScan { input: Box::new(built.node), alias };
        let node = self.node(kind, &layout, cost)?;
        let mut built = Built { node, layout, order };
        if !quals.is_empty() {
            self.level().scanning = Some(at);
            let filtered = self.add_filter(&mut built, &quals);
            self.level().scanning = None;
            filtered?;
        }
        Ok(built)
    }

    fn values_scan(&mut self, at: usize, rows: &[Vec<Expr>]) -> Result<Built> {
        let width = self.level().query.range_table[at].columns.len() as i16;
        let layout: Layout = (1..=width).map(|n| self.var(at, n)).collect();
        let name = self.level().names_offset + at;
        self.tree_names.push(name);
        let kind = match self.constant_rows(rows)? {
            Some(rows) => NodeKind::Constants { rows },
            None => {
                self.level().scanning = Some(at);
                let compiled = rows.iter().map(|row| self.compile_all(row, &[])).collect::<Result<Vec<_>>>();
                self.level().scanning = None;
                NodeKind::Values { rows: compiled? }
            }
        };
        let count = rows.len() as f64;
        let cost = Cost {
            startup: 0.0,
            total: count * (self.ctx.costs.cpu_operator_cost + self.ctx.costs.cpu_tuple_cost),
            rows: count,
            width: self.width(&layout),
        };
        let node = self.node(kind, &layout, cost)?;
        Ok(Built { node, layout, order: Vec::new() })
    }

    /// The rows of VALUES as columns, if all are constants.
    fn constant_rows(&mut self, rows: &[Vec<Expr>]) -> Result<Option<Arc<[Batch]>>> {
        let Some(first) = rows.first() else { return Ok(None) };
        if !rows.iter().flatten().all(|cell| matches!(cell.kind, ExprKind::Const(_))) {
            return Ok(None);
        }
        let reprs = first.iter().map(|cell| Ok(self.column_type(cell.ty)?.repr)).collect::<Result<Vec<_>>>()?;
        let batches = rows.chunks(BATCH_ROWS).map(|rows| {
            let mut batch = Batch::new(reprs.iter().copied());
            for cells in rows {
                for (cell, column) in cells.iter().zip(&mut batch.columns) {
                    if let ExprKind::Const(value) = &cell.kind {
                        column.push(value.as_ref());
                    }
                }
            }
            batch.set_len(rows.len());
            batch
        });
        Ok(Some(batches.collect()))
    }

    fn function_scan(&mut self, at: usize, functions: &[q::RangeFunction], ordinality: bool) -> Result<Built> {
        let width = self.level().query.range_table[at].columns.len() as i16;
        let all: Layout = (1..=width).map(|n| self.var(at, n)).collect();
        self.level().scanning = Some(at);
        let mut compiled = Vec::with_capacity(functions.len());
        let mut rows: f64 = 1.0;
        let mut from = 0;
        let mut result = Ok(());
        let calls: Vec<Expr> = functions.iter().map(|function| function.call.clone()).collect();
        for function in functions {
            let set = match &function.call.kind {
                ExprKind::Function(call) => {
                    if call.set {
                        rows = rows.max(self.set_rows(call)?);
                    }
                    call.set
                }
                ExprKind::JsonTable(_) => {
                    rows = rows.max(100.0);
                    false
                }
                _ => false,
            };
            let columns = all[from..from + function.column_count]
                .iter()
                .map(|e| self.column_type(e.ty))
                .collect::<Result<Vec<_>>>()?;
            let defined = function.definitions.clone();
            from += function.column_count;
            match self.compile(&function.call, &[]) {
                Ok(call) => {
                    compiled.push(TableFunction { call, set, columns, composite: function.composite, defined });
                }
                Err(e) => {
                    result = Err(e);
                    break;
                }
            }
        }
        self.level().scanning = None;
        result?;
        let cost = Cost {
            startup: self.ctx.costs.cpu_operator_cost,
            total: rows * self.ctx.costs.cpu_tuple_cost,
            rows,
            width: self.width(&all),
        };
        let entry = at + self.level().names_offset;
        let mut node = self.node(NodeKind::FunctionScan { functions: compiled, ordinality, entry }, &all, cost)?;
        if self.ctx.keeps_outputs {
            self.detail(&mut node, FUNCTION_CALL, &calls);
        }
        Ok(Built { node, layout: all, order: Vec::new() })
    }

    /// The conditions of an entry that come before all others.
    pub(super) fn security_of(&mut self, at: usize) -> Vec<Expr> {
        let mut quals = Vec::new();
        for qual in self.level().query.range_table[at].security.clone() {
            crate::prepare::conjuncts(qual, &mut quals);
        }
        quals
    }

    /// Puts the conditions on an entry in the order in which they may be computed: first those of its first security condition and whatever cannot
    /// tell of a row, then the other security conditions, then the statement's own. Gives the number of the first.
    fn order_by_security(&mut self, at: usize, quals: &mut Vec<Expr>) -> Result<usize> {
        let security = &self.level().query.range_table[at].security;
        if security.is_empty() {
            return Ok(usize::MAX);
        }
        let mut levels: Vec<(Expr, usize)> = Vec::new();
        for (level, qual) in security.clone().into_iter().enumerate() {
            let mut parts = Vec::new();
            crate::prepare::conjuncts(qual, &mut parts);
            levels.extend(parts.into_iter().map(|part| (part, level)));
        }
        let mut ranked = Vec::with_capacity(quals.len());
        for qual in quals.drain(..) {
            let level = levels.iter().find(|(security, _)| *security == qual).map(|(_, level)| *level);
            let rank = match level {
                Some(0) => 0,
                _ if !analyzer::leaks(self.ctx.catalog, &qual)? => 0,
                level => level.unwrap_or(levels.len()),
            };
            ranked.push((rank, qual));
        }
        ranked.sort_by_key(|(rank, _)| *rank);
        let usable = ranked.iter().filter(|(rank, _)| *rank == 0).count();
        quals.extend(ranked.into_iter().map(|(_, qual)| qual));
        Ok(usable)
    }

    /// Rows that a unit gives, once all its own conditions are known.
    pub(super) fn size_unit(&mut self, unit: &mut Unit) -> Result<()> {
        let at = unit.relids.trailing_zeros() as usize;
        if let UnitKind::Subquery(subquery) = &mut unit.kind {
            let empty = Subquery {
                query: q::Query::new(q::Command::Select),
                alias: String::new(),
                barrier: false,
                quals: Vec::new(),
            };
            let built = self.build_subquery(at, std::mem::replace(&mut **subquery, empty))?;
            unit.rows = built.node.cost.rows;
            unit.kind = UnitKind::Built(Some(Box::new(built)));
        }
        match &mut unit.kind {
            UnitKind::Tree(tree) => {
                tree.usable = self.order_by_security(tree.relation, &mut tree.quals)?;
                unit.rows = self.size_tree(tree)?;
            }
            UnitKind::Base { relation, quals, usable, .. } => *usable = self.order_by_security(*relation, quals)?,
            UnitKind::Built(_) | UnitKind::Subquery(_) => {}
        }
        if let UnitKind::Base { base, quals, .. } = &unit.kind {
            let selectivity = self.selectivity_of_all(quals)?;
            let tuples = base.sample.as_ref().map_or(base.tuples, |sample| sample.tuples);
            let mut rows = (tuples * selectivity).round_ties_even().max(1.0);
            // Equality on all columns of a unique index: one row.
            if rows > 1.0 && !quals.is_empty() && self.is_single_row(base, quals, &[])? {
                rows = 1.0;
            }
            unit.rows = rows;
        }
        let tuples = match &unit.kind {
            UnitKind::Base { base, .. } => base.sample.as_ref().map_or(base.tuples, |sample| sample.tuples),
            UnitKind::Tree(tree) => tree.members.iter().map(|member| member.base.tuples).sum(),
            UnitKind::Built(_) | UnitKind::Subquery(_) => unit.rows,
        };
        self.level().sizes.insert(at, (tuples, unit.rows));
        Ok(())
    }

    /// Whether at most one row meets the conditions, if `given` columns are equal to something, too.
    pub fn is_single_row(&mut self, base: &BaseRelation, quals: &[Expr], given: &[i16]) -> Result<bool> {
        let mut equal: Vec<i16> = given.to_vec();
        for qual in quals {
            if let ExprKind::Operator(call) = &qual.kind
                && let [left, right] = &call.args[..]
                && self.ctx.catalog.operator(call.operator)?.oprcanmerge
                && super::is_known(call.operator)
            {
                for (a, b) in [(left, right), (right, left)] {
                    if let ExprKind::Var(v) = &crate::scan::stripped(a).kind
                        && v.level == 0
                        && relids_of(b) == 0
                    {
                        equal.push(v.column);
                    }
                }
            }
        }
        if equal.is_empty() {
            return Ok(false);
        }
        for &index in &base.relation.indexes {
            if let Some(row) = self.ctx.catalog.find_index(index)?
                && row.indisunique
                && row.indimmediate
                && row.indisvalid
                && row.indpred.is_none()
                && row.indkey.iter().take(row.indnkeyatts as usize).all(|c| *c != 0 && equal.contains(c))
            {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Columns of a query's output of which no two rows have the same values: those of DISTINCT or of GROUP BY.
pub(crate) fn distinct_columns(query: &q::Query) -> Option<Vec<i16>> {
    if query.set_operation.is_some() || query.has.target_sets && query.distinct.is_empty() {
        return None;
    }
    let clauses = match (&query.distinct[..], &query.grouping_sets) {
        ([], None) => &query.group_by,
        ([], Some(_)) => return None,
        (distinct, _) => distinct,
    };
    let place = |clause: &q::SortClause| {
        let shown = query.output().position(|target| target.sort_ref == clause.target_ref);
        shown.map(|at| at as i16 + 1)
    };
    let columns = clauses.iter().map(place).collect::<Option<Vec<i16>>>()?;
    (!columns.is_empty()).then_some(columns)
}
