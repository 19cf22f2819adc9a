//! In which order to join: dynamic programming over few relations, greedily over many.
//!
//! A join tree is cut into a [`Problem`]: units (base relations, and whatever has to be planned on its own) and the conditions
//! between them. Outer, semi- and antijoins are units that may be joined only in their own way, once the relations that their condition names are there
//! ([`Special`]); all other orders are equal.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use analyzer::query::{self as q, EntryKind, Expr, ExprKind};
use batch::{BATCH_ROWS, Batch};
use error::{Error, Result, SqlState};
use ids::Oid;

use crate::cost::DISABLED;
use crate::estimate::BaseRelation;
use crate::level::{Built, CteTarget, Layout, PathKey, Planner};
use crate::plan::*;
use crate::prepare::{Relids, Tree, relids_of};
use crate::scan::{IndexAccess, IndexCondition};

/// How many units are ordered exhaustively.
const EXHAUSTIVE_MAX: usize = 10;

/// Something that is joined as a whole.
pub(crate) struct Unit {
    pub relids: Relids,
    pub kind: UnitKind,
    pub special: Option<Special>,
    pub rows: f64,
    /// Relations whose columns it needs (LATERAL).
    pub lateral: Relids,
}

pub(crate) enum UnitKind {
    /// A table. `usable` of its conditions, the first ones, may be computed in any order; what comes behind may tell of a row, and must wait
    /// for those before it: no index serves it.
    Base { relation: usize, base: BaseRelation, quals: Vec<Expr>, usable: usize },
    /// A table with others below it.
    Tree(Box<crate::tree::Tree>),
    /// Planned already.
    Built(Option<Box<Built>>),
}

/// A unit that is the inner side of an outer, semi- or antijoin.
pub(crate) struct Special {
    pub join: JoinType,
    /// Relations that must be there before.
    pub required: Relids,
    pub quals: Vec<Expr>,
}

/// A condition between units.
pub(crate) struct Qual {
    pub expr: Expr,
    pub relids: Relids,
    /// It tells something that others do not.
    pub counted: bool,
}

/// Whether an equality is one of those that values' encodings go by: a user's may be any other.
pub(crate) fn is_known(operator: Oid) -> bool {
    operator < Oid::FIRST_NORMAL
}

/// A way to compute something, not yet a node.
#[derive(Clone)]
pub(crate) struct Path {
    pub kind: PathKind,
    pub units: u32,
    /// Relations whose columns it needs as slots.
    pub requires: Relids,
    pub rows: f64,
    pub startup: f64,
    pub total: f64,
    pub order: Rc<Vec<PathKey>>,
}

#[derive(Clone)]
pub(crate) enum PathKind {
    Built(usize),
    Seq(usize),
    Index { unit: usize, access: Box<IndexAccess> },
    Tid { unit: usize, tids: Vec<Expr>, condition: Expr },
    Cursor(usize),
    Append(Box<AppendPath>),
    Join(Box<JoinPath>),
}

/// The members of a tree, each by its own way.
#[derive(Clone)]
pub(crate) struct AppendPath {
    pub unit: usize,
    /// By the members' places.
    pub members: Vec<Rc<Path>>,
    /// They are all in the path's order, and stay so.
    pub merged: bool,
}

#[derive(Clone)]
pub(crate) struct JoinPath {
    method: Method,
    join: JoinType,
    outer: Rc<Path>,
    inner: Rc<Path>,
    /// What makes rows match.
    quals: Rc<Vec<Expr>>,
    /// What is checked after an outer join.
    filter: Rc<Vec<Expr>>,
    /// Equalities for hashing: outer side, inner side, function, collation.
    keys: Rc<Vec<(Expr, Expr, Oid, Oid)>>,
    materialize: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Method {
    NestLoop,
    Hash,
}

pub(crate) struct Problem {
    pub units: Vec<Unit>,
    quals: Vec<Qual>,
}

impl Planner<'_> {
    /// Plans a join tree. `wanted` is the order that would be welcome, `fraction` how much of the rows is likely to be read.
    pub fn join_tree(&mut self, tree: Tree, wanted: &[PathKey], fraction: f64) -> Result<Built> {
        let mut problem = Problem { units: Vec::new(), quals: Vec::new() };
        let mut quals = Vec::new();
        self.flatten(tree, &mut problem, &mut quals)?;
        let mut gates = Vec::new();
        let mut late = Vec::new();
        self.derive_equalities(&mut quals, &problem);
        for (expr, counted) in quals {
            let relids = relids_of(&expr);
            if relids == 0 {
                if crate::prepare::is_volatile(self.ctx.catalog, &expr)? {
                    late.push(expr);
                } else {
                    gates.push(expr);
                }
                continue;
            }
            // A condition on one unit alone is its own, unless an outer join adds nulls to it later.
            let alone = problem.units.iter_mut().find(|u| relids & !u.relids == 0 && u.special.is_none());
            match alone {
                Some(unit) => self.push_down(unit, expr)?,
                None => problem.quals.push(Qual { expr, relids, counted }),
            }
        }
        for at in 0..problem.units.len() {
            self.size_unit(&mut problem.units[at])?;
        }
        let mut built = if problem.units.is_empty() {
            let cost = Cost { startup: 0.0, total: self.ctx.costs.cpu_tuple_cost, rows: 1.0, width: 0 };
            let node = self.node(NodeKind::Result { input: None, condition: Vec::new() }, &[], cost)?;
            Built { node, layout: Vec::new(), order: Vec::new() }
        } else {
            let path = self.order_joins(&problem, wanted, fraction)?;
            self.build_path(&mut problem, &path)?
        };
        if !late.is_empty() {
            self.add_filter(&mut built, &late)?;
        }
        if !gates.is_empty() {
            self.gate(&mut built, &gates)?;
        }
        Ok(built)
    }

    /// Conditions that are the same for all rows are asked once.
    fn gate(&mut self, built: &mut Built, gates: &[Expr]) -> Result<()> {
        let condition = self.compile_all(gates, &[])?;
        let mut cost = built.node.cost;
        let never = gates.iter().any(|g| matches!(&g.kind, ExprKind::Const(v) if v.as_bool() != Some(true)));
        let input = match &built.node.kind {
            NodeKind::Result { input: None, condition } if condition.is_empty() && built.layout.is_empty() => None,
            _ if never => None,
            _ => {
                let empty = self.node(NodeKind::Values { rows: Vec::new() }, &[], cost)?;
                Some(Box::new(std::mem::replace(&mut built.node, empty)))
            }
        };
        if never {
            cost = Cost { rows: 0.0, ..Cost::default() };
        }
        let layout = std::mem::take(&mut built.layout);
        let mut node = self.node(NodeKind::Result { input, condition }, &layout, cost)?;
        if never && !layout.is_empty() {
            // No row will ever come, but the columns must be there.
            node.project = Some(
                layout
                    .iter()
                    .map(|e| {
                        let ty = self.column_type(e.ty)?;
                        Ok(crate::plan::Expr { kind: crate::plan::ExprKind::Const(batch::Datum::Null), ty })
                    })
                    .collect::<Result<_>>()?,
            );
        }
        self.detail(&mut node, "One-Time Filter", gates);
        built.node = node;
        built.layout = layout;
        Ok(())
    }

    /// Puts conditions on a finished part.
    pub fn add_filter(&mut self, built: &mut Built, conditions: &[Expr]) -> Result<()> {
        if built.node.project.is_some() || matches!(built.node.kind, NodeKind::Limit { .. } | NodeKind::LockRows { .. })
        {
            let cost = built.node.cost;
            let empty = self.node(NodeKind::Values { rows: Vec::new() }, &[], cost)?;
            let input = std::mem::replace(&mut built.node, empty);
            built.node = self.node(
                NodeKind::Result { input: Some(Box::new(input)), condition: Vec::new() },
                &built.layout,
                cost,
            )?;
        }
        let layout = built.layout.clone();
        self.filter(&mut built.node, &layout, conditions)?;
        let selectivity = self.selectivity_of_all(conditions)?;
        built.node.cost.rows = (built.node.cost.rows * selectivity).max(1.0).round();
        Ok(())
    }

    fn push_down(&mut self, unit: &mut Unit, expr: Expr) -> Result<()> {
        match &mut unit.kind {
            UnitKind::Base { quals, .. } => quals.push(expr),
            UnitKind::Tree(tree) => tree.quals.push(expr),
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

    /// Cuts a tree into units. Conditions of inner joins go to `quals`.
    fn flatten(&mut self, tree: Tree, problem: &mut Problem, quals: &mut Vec<(Expr, bool)>) -> Result<()> {
        match tree {
            Tree::Relation(at) => {
                quals.extend(self.security_of(at).into_iter().map(|qual| (qual, true)));
                let unit = self.relation_unit(at)?;
                problem.units.push(unit);
            }
            Tree::Group { items, quals: own } => {
                quals.extend(own.into_iter().map(|qual| (qual, true)));
                for item in items {
                    self.flatten(item, problem, quals)?;
                }
            }
            Tree::Join { join: JoinType::Full, left, right, on } => {
                let relids = left.relids() | right.relids();
                let built = self.full_join(*left, *right, on)?;
                let rows = built.node.cost.rows;
                problem.units.push(Unit {
                    relids,
                    kind: UnitKind::Built(Some(Box::new(built))),
                    special: None,
                    rows,
                    lateral: 0,
                });
            }
            Tree::Join { join, left, right, on } => {
                let left_relids = left.relids();
                let right_relids = right.relids();
                self.flatten(*left, problem, quals)?;
                let (mut own, mut between) = (Vec::new(), Vec::new());
                for qual in on {
                    let relids = relids_of(&qual);
                    if relids & !right_relids == 0 && relids != 0 {
                        own.push(qual);
                    } else {
                        between.push(qual);
                    }
                }
                let named = between.iter().fold(0, |set, qual| set | relids_of(qual)) & left_relids;
                let required = if named == 0 { left_relids } else { named };
                let mut unit = match *right {
                    Tree::Relation(at) => {
                        let mut unit = self.relation_unit(at)?;
                        for qual in self.security_of(at).into_iter().chain(own) {
                            self.push_down(&mut unit, qual)?;
                        }
                        unit
                    }
                    tree => {
                        let tree = Tree::Group { items: vec![tree], quals: own };
                        let built = self.join_tree(tree, &[], 1.0)?;
                        let rows = built.node.cost.rows;
                        Unit {
                            relids: right_relids,
                            kind: UnitKind::Built(Some(Box::new(built))),
                            special: None,
                            rows,
                            lateral: 0,
                        }
                    }
                };
                // A unit with columns of relations on the left needs those there, too.
                let required = required | unit.lateral;
                unit.special = Some(Special { join, required, quals: between });
                problem.units.push(unit);
            }
        }
        Ok(())
    }

    /// The equalities that follow from those written: with constants, and between members of one class.
    fn derive_equalities(&mut self, quals: &mut Vec<(Expr, bool)>, problem: &Problem) {
        if problem.units.len() < 2 {
            return;
        }
        let nullable: Relids = problem.units.iter().filter(|u| u.special.is_some()).fold(0, |set, u| set | u.relids);
        let mut pairs: Vec<(Expr, Expr, usize)> = Vec::new();
        for (at, (qual, _)) in quals.iter().enumerate() {
            if let ExprKind::Operator(call) = &qual.kind
                && let [left, right] = &call.args[..]
                && left.ty.oid == right.ty.oid
                && relids_of(qual) & nullable == 0
                && self
                    .ctx
                    .catalog
                    .find_operator(call.operator)
                    .ok()
                    .flatten()
                    .is_some_and(|row| row.oprcanmerge && is_known(call.operator))
            {
                let simple = |e: &Expr| matches!(&e.kind, ExprKind::Var(v) if v.level == 0);
                let fixed = |e: &Expr| matches!(e.kind, ExprKind::Const(_) | ExprKind::Param(_));
                if simple(left) && (simple(right) || fixed(right)) {
                    pairs.push((left.clone(), right.clone(), at));
                } else if simple(right) && fixed(left) {
                    pairs.push((right.clone(), left.clone(), at));
                }
            }
        }
        if pairs.len() < 2 {
            return;
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
            if members.len() < 3 || members.len() > 12 {
                continue;
            }
            let Some(ExprKind::Operator(model)) = sources.first().map(|&at| quals[at].0.kind.clone()) else { continue };
            let same_operator = sources.iter().all(|&at| {
                matches!(&quals[at].0.kind, ExprKind::Operator(c) if c.operator == model.operator && c.input_collation == model.input_collation)
            });
            if !same_operator {
                continue;
            }
            let exists = |a: &Expr, b: &Expr, quals: &[(Expr, bool)]| {
                quals.iter().any(|(qual, _)| {
                    matches!(&qual.kind, ExprKind::Operator(c) if c.operator == model.operator
                        && (c.args == [a.clone(), b.clone()] || c.args == [b.clone(), a.clone()]))
                })
            };
            let fixed = members.iter().find(|m| !matches!(m.kind, ExprKind::Var(_))).cloned();
            let mut add = |a: &Expr, b: &Expr, counted: bool| {
                if !exists(a, b, quals) {
                    let mut call = model.clone();
                    call.args = vec![a.clone(), b.clone()];
                    quals.push((analyzer::types::condition(ExprKind::Operator(call), q::NO_LOCATION), counted));
                }
            };
            match fixed {
                Some(fixed) => {
                    for member in members.iter().filter(|m| matches!(m.kind, ExprKind::Var(_))) {
                        add(member, &fixed, true);
                    }
                    for &at in &sources {
                        if relids_of(&quals[at].0).count_ones() > 1 {
                            quals[at].1 = false;
                        }
                    }
                }
                None => {
                    for (n, a) in members.iter().enumerate() {
                        for b in &members[n + 1..] {
                            if relids_of(a) != relids_of(b) {
                                add(a, b, false);
                            }
                        }
                    }
                }
            }
        }
    }

    /// The unit of an entry of the range table.
    fn relation_unit(&mut self, at: usize) -> Result<Unit> {
        let entry = &mut self.level().query.range_table[at];
        let name = entry.name.clone();
        let relids = 1 << at;
        let built = match &mut entry.kind {
            EntryKind::Relation { oid, inherit, relkind, sample, .. } => {
                let (oid, inherit, relkind) = (*oid, *inherit, *relkind);
                if sample.is_some() {
                    return Err(Error::not_implemented("TABLESAMPLE"));
                }
                let base = self.base_relation(oid)?;
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
                    };
                    return Ok(Unit {
                        relids,
                        kind: UnitKind::Tree(Box::new(tree)),
                        special: None,
                        rows: 1.0,
                        lateral: 0,
                    });
                }
                let rows = base.tuples;
                return Ok(Unit {
                    relids,
                    kind: UnitKind::Base { relation: at, base, quals: Vec::new(), usable: usize::MAX },
                    special: None,
                    rows,
                    lateral: 0,
                });
            }
            EntryKind::Subquery { query, .. } => {
                let query = std::mem::replace(&mut **query, q::Query::new(q::Command::Select));
                return self.subquery_unit(at, query, name);
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
                    total: planned.rows * self.ctx.costs.cpu_tuple_cost,
                    rows: planned.rows,
                    width: self.width(&layout),
                };
                let kind = match planned.target {
                    CteTarget::Subplan(subplan) => NodeKind::CteScan { subplan, alias: name, name: cte },
                    CteTarget::WorkTable(work_table, round) => {
                        NodeKind::WorkTableScan { work_table, round, alias: name }
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
        Ok(Unit { relids, kind: UnitKind::Built(Some(Box::new(built))), special: None, rows, lateral })
    }

    /// Relations whose columns the scan of an entry needs.
    fn pending_of(&mut self, at: usize) -> Relids {
        self.level().pending.iter().filter(|(by, _, _)| *by == at).fold(0, |set, (_, e, _)| set | relids_of(e))
    }

    fn subquery_unit(&mut self, at: usize, query: q::Query, alias: String) -> Result<Unit> {
        let (built, outer) = self.subquery(query)?;
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
        let lateral = self.pending_of(at);
        let built = Built { node, layout, order };
        Ok(Unit {
            relids: 1 << at,
            rows: cost.rows,
            kind: UnitKind::Built(Some(Box::new(built))),
            special: None,
            lateral,
        })
    }

    fn values_scan(&mut self, at: usize, rows: &[Vec<Expr>]) -> Result<Built> {
        let width = self.level().query.range_table[at].columns.len() as i16;
        let layout: Layout = (1..=width).map(|n| self.var(at, n)).collect();
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
        for function in functions {
            let set = match &function.call.kind {
                ExprKind::Function(call) => {
                    if call.set {
                        let estimate = self.ctx.catalog.function(call.function)?.prorows;
                        rows = rows.max(f64::from(estimate));
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
        let node = self.node(NodeKind::FunctionScan { functions: compiled, ordinality }, &all, cost)?;
        Ok(Built { node, layout: all, order: Vec::new() })
    }

    /// The conditions of an entry that come before all others.
    fn security_of(&mut self, at: usize) -> Vec<Expr> {
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
    fn size_unit(&mut self, unit: &mut Unit) -> Result<()> {
        match &mut unit.kind {
            UnitKind::Tree(tree) => {
                tree.usable = self.order_by_security(tree.relation, &mut tree.quals)?;
                unit.rows = self.size_tree(tree)?;
            }
            UnitKind::Base { relation, quals, usable, .. } => *usable = self.order_by_security(*relation, quals)?,
            UnitKind::Built(_) => {}
        }
        if let UnitKind::Base { base, quals, .. } = &unit.kind {
            let selectivity = self.selectivity_of_all(quals)?;
            let mut rows = (base.tuples * selectivity).round().max(1.0);
            // Equality on all columns of a unique index: one row.
            if rows > 1.0 && !quals.is_empty() && self.is_single_row(base, quals)? {
                rows = 1.0;
            }
            unit.rows = rows;
        }
        Ok(())
    }

    fn is_single_row(&mut self, base: &BaseRelation, quals: &[Expr]) -> Result<bool> {
        let mut equal: Vec<i16> = Vec::new();
        for qual in quals {
            if let ExprKind::Operator(call) = &qual.kind
                && let [left, right] = &call.args[..]
                && self.ctx.catalog.operator(call.operator)?.oprcanmerge
                && is_known(call.operator)
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
                && row.indpred.is_none()
                && row.indkey.iter().take(row.indnkeyatts as usize).all(|c| *c != 0 && equal.contains(c))
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The cheapest way to join all units.
    fn order_joins(&mut self, problem: &Problem, wanted: &[PathKey], fraction: f64) -> Result<Rc<Path>> {
        let n = problem.units.len();
        let mut table: BTreeMap<u32, Vec<Rc<Path>>> = BTreeMap::new();
        for (at, unit) in problem.units.iter().enumerate() {
            let paths = match &unit.kind {
                UnitKind::Base { .. } => {
                    let joins: Vec<Expr> = if n == 1 { Vec::new() } else { self.join_conditions(problem, at) };
                    self.base_paths(at, unit, &joins)?
                }
                UnitKind::Tree(tree) => {
                    let joins: Vec<Expr> = if n == 1 { Vec::new() } else { self.join_conditions(problem, at) };
                    self.tree_paths(at, tree, &joins, wanted)?
                }
                UnitKind::Built(Some(built)) => vec![Rc::new(Path {
                    kind: PathKind::Built(at),
                    units: 1 << at,
                    requires: unit.lateral,
                    rows: built.node.cost.rows,
                    startup: built.node.cost.startup,
                    total: built.node.cost.total,
                    order: Rc::new(built.order.clone()),
                })],
                UnitKind::Built(None) => return Err(Error::internal("a unit was built twice")),
            };
            table.insert(1 << at, prune(paths, wanted));
        }
        let full = if n == 32 { u32::MAX } else { (1u32 << n) - 1 };
        if n > 31 {
            return Err(Error::not_implemented("a join of more than 31 relations"));
        }
        if n <= EXHAUSTIVE_MAX {
            let mut masks: Vec<u32> = (1..=full).filter(|m| m.count_ones() > 1).collect();
            masks.sort_by_key(|m| m.count_ones());
            for mask in masks {
                if !is_resolved(problem, mask) {
                    continue;
                }
                for strict in [true, false] {
                    let mut found = Vec::new();
                    let mut left = (mask - 1) & mask;
                    while left != 0 {
                        let right = mask & !left;
                        if let (Some(outer), Some(inner)) = (table.get(&left), table.get(&right)) {
                            let (outer, inner) = (outer.clone(), inner.clone());
                            self.join_pair(problem, left, right, &outer, &inner, strict, &mut found)?;
                        }
                        left = (left - 1) & mask;
                    }
                    if !found.is_empty() {
                        table.insert(mask, prune(found, wanted));
                        break;
                    }
                    // A product is made only where the whole cannot be had otherwise.
                    if strict && mask != full && mask.count_ones() > 1 && n > 2 && self.is_connected(problem, mask) {
                        break;
                    }
                }
            }
        } else {
            let mut parts: Vec<u32> = (0..n).map(|at| 1 << at).collect();
            while parts.len() > 1 {
                let mut best: Option<(f64, usize, usize, Vec<Rc<Path>>)> = None;
                for strict in [true, false] {
                    for i in 0..parts.len() {
                        for j in 0..parts.len() {
                            if i == j || !is_resolved(problem, parts[i] | parts[j]) {
                                continue;
                            }
                            let mut found = Vec::new();
                            if let (Some(outer), Some(inner)) = (table.get(&parts[i]), table.get(&parts[j])) {
                                let (outer, inner) = (outer.clone(), inner.clone());
                                self.join_pair(problem, parts[i], parts[j], &outer, &inner, strict, &mut found)?;
                            }
                            let Some(cost) = found
                                .iter()
                                .filter(|p| p.requires == 0)
                                .map(|p| p.rows + p.total * 0.01)
                                .min_by(f64::total_cmp)
                            else {
                                continue;
                            };
                            if best.as_ref().is_none_or(|(c, ..)| cost < *c) {
                                best = Some((cost, i, j, found));
                            }
                        }
                    }
                    if best.is_some() {
                        break;
                    }
                }
                let Some((_, i, j, found)) = best else {
                    return Err(Error::internal("no join order was found"));
                };
                let mask = parts[i] | parts[j];
                table.insert(mask, prune(found, wanted));
                parts.retain(|p| p & mask == 0);
                parts.push(mask);
            }
        }
        let paths = table.get(&full).cloned().unwrap_or_default();
        let score = |path: &Path| {
            let sorted = is_sorted(&path.order, wanted);
            let sort = if sorted || wanted.is_empty() {
                0.0
            } else {
                let rows = path.rows.max(2.0);
                2.0 * self.ctx.costs.cpu_operator_cost * rows * rows.log2()
            };
            let fraction = if fraction > 1.0 { (fraction / path.rows.max(1.0)).min(1.0) } else { fraction };
            if sort > 0.0 { path.total + sort } else { path.startup + fraction * (path.total - path.startup) }
        };
        paths
            .iter()
            .filter(|p| p.requires == 0)
            .min_by(|a, b| score(a).total_cmp(&score(b)))
            .cloned()
            .ok_or_else(|| Error::internal("no join order was found"))
    }

    fn is_connected(&self, problem: &Problem, mask: u32) -> bool {
        let relids = relids_of_mask(problem, mask);
        // Some condition reaches out of the set: it can be built later by way of that.
        problem.quals.iter().any(|q| q.relids & relids != 0 && q.relids & !relids != 0)
            || problem
                .units
                .iter()
                .any(|u| u.special.as_ref().is_some_and(|s| s.required & relids != 0 || u.relids & relids != 0))
    }

    /// Conditions between a unit and others, which an index on it may check.
    fn join_conditions(&self, problem: &Problem, at: usize) -> Vec<Expr> {
        let unit = &problem.units[at];
        match &unit.special {
            Some(special) => special.quals.clone(),
            None => problem
                .quals
                .iter()
                .filter(|q| q.relids & unit.relids != 0)
                .filter(|q| {
                    // Not above an outer join that may add nulls to the other side's rows: it is checked after that anyway.
                    true_for_inner(problem, q.relids)
                })
                .map(|q| q.expr.clone())
                .collect(),
        }
    }

    /// The ways to join two sets.
    fn join_pair(
        &mut self,
        problem: &Problem,
        left: u32,
        right: u32,
        outers: &[Rc<Path>],
        inners: &[Rc<Path>],
        strict: bool,
        found: &mut Vec<Rc<Path>>,
    ) -> Result<()> {
        let (l, r) = (relids_of_mask(problem, left), relids_of_mask(problem, right));
        let special_of = |mask: u32| {
            (mask.count_ones() == 1).then(|| problem.units[mask.trailing_zeros() as usize].special.as_ref()).flatten()
        };
        // The outer side may not itself be waiting for its own join.
        let (join, turned, special) = match (special_of(left), special_of(right)) {
            (None, None) => (JoinType::Inner, false, None),
            (None, Some(special)) if special.required & !l == 0 => (special.join, false, Some(special)),
            (Some(special), None) if special.required & !r == 0 => {
                let join = match special.join {
                    JoinType::Left => JoinType::Right,
                    JoinType::Semi => JoinType::RightSemi,
                    JoinType::Anti => JoinType::RightAnti,
                    _ => return Ok(()),
                };
                (join, true, Some(special))
            }
            _ => return Ok(()),
        };
        let both = l | r;
        let mut quals: Vec<Expr> = Vec::new();
        let mut filter: Vec<Expr> = Vec::new();
        let mut selectivity = 1.0;
        let mut filter_selectivity = 1.0;
        // Of the outer rows, those with a partner: for semi-joins.
        let mut partners: f64 = 1.0;
        for qual in &problem.quals {
            if qual.relids & !both != 0 || is_applied(problem, qual, left, l) || is_applied(problem, qual, right, r) {
                continue;
            }
            let one = if qual.counted { self.selectivity(&qual.expr)? } else { 1.0 };
            if special.is_some() {
                filter.push(qual.expr.clone());
                filter_selectivity *= one;
            } else {
                quals.push(qual.expr.clone());
                selectivity *= one;
            }
        }
        if let Some(special) = special {
            for qual in &special.quals {
                let one = self.selectivity(qual)?;
                selectivity *= one;
                let (outer, inner) = if turned { (r, rows_of(outers)) } else { (l, rows_of(inners)) };
                partners *= match self.semi_selectivity(qual, outer, inner)? {
                    Some(part) => part,
                    None => (one * inner).min(1.0),
                };
                quals.push(qual.clone());
            }
        }
        let lateral = inners.iter().any(|p| p.requires & l != 0) || outers.iter().any(|p| p.requires & r != 0);
        if strict && quals.is_empty() && special.is_none() && !lateral {
            return Ok(());
        }
        let costs = self.ctx.costs.clone();
        let (outer_rows, inner_rows) = (rows_of(outers), rows_of(inners));
        let pairs = (outer_rows * inner_rows * selectivity).max(1.0);
        let rows = match join {
            JoinType::Inner => pairs,
            JoinType::Left => pairs.max(outer_rows),
            JoinType::Right => pairs.max(inner_rows),
            JoinType::Full => pairs.max(outer_rows).max(inner_rows),
            JoinType::Semi => (outer_rows * partners).max(1.0),
            JoinType::Anti => (outer_rows * (1.0 - partners)).max(1.0),
            JoinType::RightSemi => (inner_rows * partners).max(1.0),
            JoinType::RightAnti => (inner_rows * (1.0 - partners)).max(1.0),
        };
        let rows = (rows * filter_selectivity).max(1.0).round();
        let keys = self.hash_keys(&quals, l, r)?;
        let (quals, filter, keys) = (Rc::new(quals), Rc::new(filter), Rc::new(keys));
        let units = left | right;
        if !turned {
            for outer in outers {
                for inner in inners {
                    let bound = inner.requires & l;
                    if outer.requires & r != 0 {
                        continue;
                    }
                    let requires = (outer.requires | inner.requires) & !both;
                    if inner.requires & !l != 0 && inner.requires != bound && requires == 0 {
                        continue;
                    }
                    let materialize = bound == 0
                        && outer.rows > 1.0
                        && !matches!(inner.kind, PathKind::Built(_))
                        && costs.enable_material;
                    let again = if bound != 0 {
                        inner.total
                    } else if materialize {
                        inner.rows * costs.cpu_operator_cost
                    } else {
                        inner.total
                    };
                    let mut total = outer.total
                        + inner.total
                        + (outer.rows - 1.0).max(0.0) * again
                        + outer.rows
                            * inner.rows
                            * (costs.cpu_tuple_cost + costs.cpu_operator_cost * quals.len() as f64);
                    if join == JoinType::Semi || join == JoinType::Anti {
                        total -= outer.rows * inner.rows * costs.cpu_tuple_cost * 0.5;
                    }
                    let disabled = if costs.enable_nestloop { 0.0 } else { DISABLED };
                    found.push(Rc::new(Path {
                        kind: PathKind::Join(Box::new(JoinPath {
                            method: Method::NestLoop,
                            join,
                            outer: outer.clone(),
                            inner: inner.clone(),
                            quals: quals.clone(),
                            filter: filter.clone(),
                            keys: keys.clone(),
                            materialize,
                        })),
                        units,
                        requires,
                        rows,
                        startup: outer.startup + inner.startup + disabled,
                        total: total + disabled,
                        order: outer.order.clone(),
                    }));
                }
            }
        }
        if !keys.is_empty() {
            let cheapest = |paths: &[Rc<Path>]| {
                paths.iter().filter(|p| p.requires == 0).min_by(|a, b| a.total.total_cmp(&b.total)).cloned()
            };
            if let (Some(outer), Some(inner)) = (cheapest(outers), cheapest(inners)) {
                let hashing = costs.cpu_operator_cost * keys.len() as f64;
                let startup = outer.startup + inner.total + inner.rows * (hashing + costs.cpu_tuple_cost);
                let mut total =
                    startup + (outer.total - outer.startup) + outer.rows * hashing + pairs * costs.cpu_tuple_cost;
                // What does not fit in memory is written and read once more.
                let bytes = inner.rows * 48.0;
                if bytes > costs.work_mem * costs.hash_mem_multiplier {
                    total += 2.0 * costs.seq_page_cost * (bytes + outer.rows * 48.0) / 8192.0;
                }
                let disabled = if costs.enable_hashjoin { 0.0 } else { DISABLED };
                found.push(Rc::new(Path {
                    kind: PathKind::Join(Box::new(JoinPath {
                        method: Method::Hash,
                        join,
                        outer,
                        inner,
                        quals,
                        filter,
                        keys,
                        materialize: false,
                    })),
                    units,
                    requires: 0,
                    rows,
                    startup: startup + disabled,
                    total: total + disabled,
                    order: Rc::default(),
                }));
            }
        }
        Ok(())
    }

    /// The equalities among conditions that can be hashed: outer side, inner side, function, collation.
    fn hash_keys(&mut self, quals: &[Expr], left: Relids, right: Relids) -> Result<Vec<(Expr, Expr, Oid, Oid)>> {
        let mut keys = Vec::new();
        for qual in quals {
            let ExprKind::Operator(call) = &qual.kind else { continue };
            let [a, b] = &call.args[..] else { continue };
            let row = self.ctx.catalog.operator(call.operator)?;
            if !row.oprcanhash || !is_known(row.oid) {
                continue;
            }
            let (ra, rb) = (relids_of(a), relids_of(b));
            if ra == 0 || rb == 0 {
                continue;
            }
            // Arrays and rows can be hashed only if what they hold can.
            let hashable = |planner: &Self, e: &Expr| -> Result<bool> {
                Ok(analyzer::types::ordering(planner.ctx.catalog, e.ty.oid)?.hash.is_valid())
            };
            if !hashable(self, a)? || !hashable(self, b)? {
                continue;
            }
            if (ra | rb) & !(left | right) != 0 {
                continue;
            }
            let Some((a, b)) = self.of_one_type(a, b)? else { continue };
            if ra & !left == 0 && rb & !right == 0 {
                keys.push((a, b, call.function, call.input_collation));
            } else if ra & !right == 0 && rb & !left == 0 {
                let commuted = row.oprcom;
                if commuted.is_valid() {
                    let function = self.ctx.catalog.operator(commuted)?.oprcode;
                    keys.push((b, a, function, call.input_collation));
                }
            }
        }
        Ok(keys)
    }

    /// Rows that an outer join may add nulls to, as values of their own: a missing row is null, not a row of nulls.
    fn keep_whole_rows(&mut self, built: &mut Built, relids: Relids) -> Result<()> {
        if self.level().whole_rows.is_empty() {
            return Ok(());
        }
        let rows = self.level().whole_rows.clone();
        let own = rows.into_iter().filter(|row| relids_of(row) & relids != 0 && !built.layout.contains(row));
        let mut all = built.layout.clone();
        all.extend(own);
        if all.len() > built.layout.len() {
            self.project(built, &all)?;
        }
        Ok(())
    }

    /// FULL JOIN: by hashing only.
    fn full_join(&mut self, left: Tree, right: Tree, on: Vec<Expr>) -> Result<Built> {
        let (l, r) = (left.relids(), right.relids());
        let mut keys = self.hash_keys(&on, l, r)?;
        if keys.is_empty() {
            // Always true (or a constant): one bucket.
            if on.iter().all(|qual| relids_of(qual) == 0) {
                let one = analyzer::types::int4(1);
                let equal = Oid(65); // int4eq
                keys.push((one.clone(), one, equal, Oid::INVALID));
            } else {
                return Err(Error::new(
                    SqlState::FEATURE_NOT_SUPPORTED,
                    "FULL JOIN is only supported with merge-joinable or hash-joinable join conditions",
                ));
            }
        }
        let mut outer = self.join_tree(Tree::Group { items: vec![left], quals: Vec::new() }, &[], 1.0)?;
        let mut inner = self.join_tree(Tree::Group { items: vec![right], quals: Vec::new() }, &[], 1.0)?;
        self.keep_whole_rows(&mut outer, l)?;
        self.keep_whole_rows(&mut inner, r)?;
        let selectivity = self.selectivity_of_all(&on)?;
        let (a, b) = (outer.node.cost, inner.node.cost);
        let rows = (a.rows * b.rows * selectivity).max(a.rows).max(b.rows).round();
        let cost = Cost {
            startup: a.startup + b.total,
            total: a.total + b.total + (a.rows + b.rows + rows) * self.ctx.costs.cpu_tuple_cost,
            rows,
            width: a.width + b.width,
        };
        self.build_hash_join(JoinType::Full, outer, inner, &keys, &on, &[], cost)
    }

    fn build_hash_join(
        &mut self,
        join: JoinType,
        outer: Built,
        inner: Built,
        keys: &[(Expr, Expr, Oid, Oid)],
        quals: &[Expr],
        filter: &[Expr],
        cost: Cost,
    ) -> Result<Built> {
        let mut compiled = Vec::with_capacity(keys.len());
        let mut shown = Vec::with_capacity(keys.len());
        for (left, right, equal, collation) in keys {
            compiled.push(HashKey {
                outer: self.compile(left, &outer.layout)?,
                inner: self.compile(right, &inner.layout)?,
                equal: *equal,
                collation: *collation,
            });
        }
        let mut rest = Vec::new();
        for qual in quals {
            let is_key = matches!(&qual.kind, ExprKind::Operator(call) if keys.iter().any(|(a, b, _, _)| {
                is_widened(&call.args, a, b) || is_widened(&call.args, b, a)
            }));
            if is_key {
                shown.push(qual.clone());
            } else {
                rest.push(qual.clone());
            }
        }
        let both: Layout = outer.layout.iter().chain(&inner.layout).cloned().collect();
        let condition = self.compile_all(&rest, &both)?;
        let layout: Layout = match join {
            JoinType::Semi | JoinType::Anti => outer.layout,
            JoinType::RightSemi | JoinType::RightAnti => inner.layout,
            _ => both,
        };
        let kind = NodeKind::HashJoin {
            join,
            outer: Box::new(outer.node),
            inner: Box::new(inner.node),
            keys: compiled,
            condition,
            inner_unique: false,
        };
        let mut node = self.node(kind, &layout, cost)?;
        self.detail(&mut node, "Hash Cond", &shown);
        self.detail(&mut node, "Join Filter", &rest);
        if !filter.is_empty() {
            self.filter(&mut node, &layout, filter)?;
        }
        Ok(Built { node, layout, order: Vec::new() })
    }

    /// Makes nodes of a path.
    pub fn build_path(&mut self, problem: &mut Problem, path: &Path) -> Result<Built> {
        match &path.kind {
            PathKind::Built(at) => match &mut problem.units[*at].kind {
                UnitKind::Built(built) => {
                    built.take().map(|b| *b).ok_or_else(|| Error::internal("a unit was built twice"))
                }
                _ => Err(Error::internal("a base relation was not planned")),
            },
            PathKind::Append(append) => self.build_append(problem, path, append),
            PathKind::Seq(unit) | PathKind::Cursor(unit) => self.build_scan(problem, *unit, path, None, &[]),
            PathKind::Index { unit, access } => self.build_scan(problem, *unit, path, Some(access), &[]),
            PathKind::Tid { unit, tids, condition } => {
                let shown = condition.clone();
                self.build_scan_with(problem, *unit, path, None, tids, Some(&shown))
            }
            PathKind::Join(join) => self.build_join(problem, path, join),
        }
    }

    fn build_scan(
        &mut self,
        problem: &mut Problem,
        unit: usize,
        path: &Path,
        access: Option<&IndexAccess>,
        tids: &[Expr],
    ) -> Result<Built> {
        self.build_scan_with(problem, unit, path, access, tids, None)
    }

    fn build_scan_with(
        &mut self,
        problem: &mut Problem,
        unit: usize,
        path: &Path,
        access: Option<&IndexAccess>,
        tids: &[Expr],
        tid_condition: Option<&Expr>,
    ) -> Result<Built> {
        let UnitKind::Base { relation: at, base, quals, .. } = &problem.units[unit].kind else {
            return Err(Error::internal("not a base relation"));
        };
        let (at, table, quals) = (*at, base.relation.clone(), quals.clone());
        let (alias, lock) = {
            let entry = &self.level().query.range_table[at];
            let lock = match entry.kind {
                EntryKind::Relation { lock, .. } => lock,
                _ => 1,
            };
            (entry.name.clone(), lock)
        };
        let relation = self.use_relation(&table, lock, &alias)?;
        self.level().scanned.insert(at, relation);
        let columns = self.level().needed[at].clone();
        let layout: Layout = columns.iter().map(|&n| self.var(at, n)).collect();
        let width = self.width(&layout);
        let cost = Cost { startup: path.startup, total: path.total, rows: path.rows.round(), width };
        self.level().scanning = Some(at);
        let made = self.scan_kind(relation, columns, access, tids, path, &quals);
        let kind = match made {
            Ok(kind) => kind,
            Err(e) => {
                self.level().scanning = None;
                return Err(e);
            }
        };
        let mut node = self.node(kind, &layout, cost)?;
        let mut rest = quals;
        if let Some(access) = access {
            self.detail(&mut node, "Index Cond", &access.conditions);
            rest.retain(|qual| !access.conditions.contains(qual));
        }
        if let Some(condition) = tid_condition {
            self.detail(&mut node, "TID Cond", std::slice::from_ref(condition));
            rest.retain(|qual| qual != condition);
        }
        if matches!(path.kind, PathKind::Cursor(_)) {
            rest.retain(|qual| !matches!(qual.kind, ExprKind::CurrentOf { .. }));
        }
        let result = self.filter(&mut node, &layout, &rest);
        self.level().scanning = None;
        result?;
        Ok(Built { node, layout, order: path.order.to_vec() })
    }

    fn scan_kind(
        &mut self,
        relation: usize,
        columns: Vec<i16>,
        access: Option<&IndexAccess>,
        tids: &[Expr],
        path: &Path,
        quals: &[Expr],
    ) -> Result<NodeKind> {
        if let PathKind::Cursor(_) = path.kind {
            let cursor = quals.iter().find_map(|qual| match &qual.kind {
                ExprKind::CurrentOf { cursor, .. } => Some(cursor.clone()),
                _ => None,
            });
            return Ok(NodeKind::CursorScan { relation, columns, cursor: cursor.unwrap_or_default() });
        }
        if !tids.is_empty() {
            return Ok(NodeKind::TidScan { relation, columns, tids: self.compile_all(tids, &[])? });
        }
        let Some(access) = access else { return Ok(NodeKind::SeqScan { relation, columns, sample: None }) };
        let mut keys = Vec::with_capacity(access.keys.len());
        for key in &access.keys {
            keys.push(match key {
                IndexCondition::Equal(e) => IndexKey::Equal(self.compile(e, &[])?),
                IndexCondition::Any(e) => IndexKey::Any(self.compile(e, &[])?),
                IndexCondition::Range { lower, upper } => {
                    let mut bound = |b: &Option<(Expr, bool)>| -> Result<Option<(crate::plan::Expr, bool)>> {
                        b.as_ref().map(|(e, inclusive)| Ok((self.compile(e, &[])?, *inclusive))).transpose()
                    };
                    IndexKey::Range { lower: bound(lower)?, upper: bound(upper)? }
                }
                IndexCondition::IsNull => IndexKey::IsNull,
                IndexCondition::IsNotNull => IndexKey::IsNotNull,
            });
        }
        let search = IndexSearch {
            index: access.index,
            name: access.name.clone(),
            keys,
            backward: access.backward,
            unique: access.unique,
        };
        Ok(match &access.only {
            Some(positions) => NodeKind::IndexOnlyScan { relation, columns, index_columns: positions.clone(), search },
            None => NodeKind::IndexScan { relation, columns, search },
        })
    }

    fn build_join(&mut self, problem: &mut Problem, path: &Path, join: &JoinPath) -> Result<Built> {
        let mut outer = self.build_path(problem, &join.outer)?;
        let mut inner = self.build_path(problem, &join.inner)?;
        if join.join == JoinType::Right {
            self.keep_whole_rows(&mut outer, relids_of_mask(problem, join.outer.units))?;
        }
        if join.join == JoinType::Left {
            self.keep_whole_rows(&mut inner, relids_of_mask(problem, join.inner.units))?;
        }
        let width = match join.join {
            JoinType::Semi | JoinType::Anti => outer.node.cost.width,
            JoinType::RightSemi | JoinType::RightAnti => inner.node.cost.width,
            _ => outer.node.cost.width + inner.node.cost.width,
        };
        let cost = Cost { startup: path.startup, total: path.total, rows: path.rows, width };
        if join.method == Method::Hash {
            return self.build_hash_join(join.join, outer, inner, &join.keys, &join.quals, &join.filter, cost);
        }
        // Columns of the outer side that the inner side uses.
        let inner_relids = relids_of_mask(problem, join.inner.units);
        let outer_relids = relids_of_mask(problem, join.outer.units);
        let mut params = Vec::new();
        let pending = std::mem::take(&mut self.level().pending);
        for (by, column, slot) in pending {
            let ours = by < 128 && inner_relids >> by & 1 == 1 && relids_of(&column) & !outer_relids == 0;
            if ours {
                params.push((slot, self.compile(&column, &outer.layout)?));
            } else {
                self.level().pending.push((by, column, slot));
            }
        }
        // What the inner side's index has checked need not be checked again.
        let mut checked = Vec::new();
        enforced(&join.inner, &mut checked);
        let quals: Vec<Expr> = join.quals.iter().filter(|qual| !checked.contains(qual)).cloned().collect();
        let both: Layout = outer.layout.iter().chain(&inner.layout).cloned().collect();
        let condition = self.compile_all(&quals, &both)?;
        let layout: Layout = match join.join {
            JoinType::Semi | JoinType::Anti => outer.layout,
            _ => both,
        };
        let mut inner_node = inner.node;
        if join.materialize && params.is_empty() {
            let cost = inner_node.cost;
            let output = inner_node.output.clone();
            inner_node = Node { output, ..self.node(NodeKind::Material { input: Box::new(inner_node) }, &[], cost)? };
        }
        let inner_unique = matches!(&join.inner.kind, PathKind::Index { access, .. } if access.unique);
        let kind = NodeKind::NestLoop {
            join: join.join,
            outer: Box::new(outer.node),
            inner: Box::new(inner_node),
            params,
            condition,
            inner_unique,
        };
        let mut node = self.node(kind, &layout, cost)?;
        self.detail(&mut node, "Join Filter", &quals);
        if !join.filter.is_empty() {
            self.filter(&mut node, &layout, &join.filter)?;
        }
        Ok(Built { node, layout, order: outer.order })
    }
}

/// Whether the sides of a key are these arguments, or casts of them.
fn is_widened(args: &[Expr], left: &Expr, right: &Expr) -> bool {
    let same = |arg: &Expr, key: &Expr| {
        arg == key
            || matches!(&key.kind, ExprKind::Function(call) if call.args.first().is_some_and(|inner| inner == arg))
    };
    matches!(args, [l, r] if same(l, left) && same(r, right))
}

/// Join conditions that a parameterised path checks itself.
fn enforced(path: &Path, into: &mut Vec<Expr>) {
    if let PathKind::Index { access, .. } = &path.kind
        && path.requires != 0
    {
        into.extend(access.conditions.iter().cloned());
    }
}

fn relids_of_mask(problem: &Problem, mask: u32) -> Relids {
    problem.units.iter().enumerate().filter(|(at, _)| mask >> at & 1 == 1).fold(0, |set, (_, u)| set | u.relids)
}

/// Whether every unit of the set that has a join of its own has what that needs.
fn is_resolved(problem: &Problem, mask: u32) -> bool {
    let relids = relids_of_mask(problem, mask);
    problem
        .units
        .iter()
        .enumerate()
        .filter(|(at, _)| mask >> at & 1 == 1)
        .all(|(_, u)| u.special.as_ref().is_none_or(|s| s.required & !relids == 0))
}

/// Whether a set's rows satisfy the condition already. A unit that still waits for its outer join has not been asked.
fn is_applied(problem: &Problem, qual: &Qual, mask: u32, relids: Relids) -> bool {
    if qual.relids & !relids != 0 {
        return false;
    }
    mask.count_ones() > 1 || problem.units[mask.trailing_zeros() as usize].special.is_none()
}

/// Whether no unit that the condition names may get nulls from an outer join.
fn true_for_inner(problem: &Problem, relids: Relids) -> bool {
    problem.units.iter().filter(|u| u.relids & relids != 0).all(|u| u.special.is_none())
}

fn rows_of(paths: &[Rc<Path>]) -> f64 {
    paths
        .iter()
        .filter(|p| p.requires == 0)
        .map(|p| p.rows)
        .next()
        .unwrap_or_else(|| paths.first().map_or(1.0, |p| p.rows))
}

/// Whether rows in this order are in the wanted one.
pub(crate) fn is_sorted(order: &[PathKey], wanted: &[PathKey]) -> bool {
    wanted.len() <= order.len() && wanted.iter().zip(order).all(|(w, o)| same_key(w, o))
}

fn same_key(a: &PathKey, b: &PathKey) -> bool {
    a.descending == b.descending
        && a.nulls_first == b.nulls_first
        && a.expr.ty.collation == b.expr.ty.collation
        && crate::scan::stripped(&a.expr) == crate::scan::stripped(&b.expr)
}

/// Drops paths that another one beats in every respect.
fn prune(mut paths: Vec<Rc<Path>>, wanted: &[PathKey]) -> Vec<Rc<Path>> {
    const KEPT_MAX: usize = 12;
    paths.sort_by(|a, b| a.total.total_cmp(&b.total));
    let mut kept: Vec<Rc<Path>> = Vec::new();
    for path in paths {
        let sorted = !wanted.is_empty() && is_sorted(&path.order, wanted);
        let beaten = kept.iter().any(|other| {
            other.total <= path.total
                && other.startup <= path.startup * 1.01
                && other.requires & !path.requires == 0
                && (!sorted || is_sorted(&other.order, wanted))
        });
        if !beaten {
            kept.push(path);
        }
    }
    kept.truncate(KEPT_MAX);
    kept
}
