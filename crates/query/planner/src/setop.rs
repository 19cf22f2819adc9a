//! UNION, INTERSECT, EXCEPT, and WITH RECURSIVE.

use analyzer::query::{self as q, Cte, EntryKind, Expr, Query, SetKind, SetOperation, SortClause, SqlType};
use error::{Error, Result, SqlState};

use crate::cost::Work;
use crate::join::{Goal, Grouping};
use crate::level::{Built, CteTarget, Layout, PathKey, PlannedCte, Planner};
use crate::path::is_sorted;
use crate::plan::*;

/// What a set operation wants of the rows of an operand.
#[derive(Clone)]
pub(crate) struct Operand {
    /// How each column is compared.
    group: Vec<SortClause>,
    /// The operand's rows are sorted by all columns in turn.
    sorted: bool,
}

impl Planner<'_> {
    /// The keys by which the rows of the current query serve a set operation, if it is the operand of one.
    fn operand_order(&mut self) -> Option<Vec<PathKey>> {
        let level = self.level();
        let group = &level.operand.as_ref()?.group;
        let targets: Vec<&q::TargetEntry> = level.query.targets.iter().filter(|target| !target.junk).collect();
        if targets.len() != group.len() || group.iter().any(|clause| !clause.ordering.is_valid()) {
            return None;
        }
        Some(targets.iter().zip(group).map(|(target, clause)| path_key(&target.expr, clause)).collect())
    }

    /// What a set operation wants of the current query's joined rows.
    pub fn operand_goal(&mut self) -> Option<Goal> {
        let order = self.operand_order()?;
        let hashable = self.level().operand.as_ref()?.group.iter().all(|clause| clause.hashable);
        let keys = order.iter().map(|key| key.expr.clone()).collect();
        let grouping = Grouping { keys, transitions: 0.0, can_hash: hashable, can_sort: true };
        Some(Goal { order, fraction: 0.0, grouping: Some(grouping) })
    }

    /// Notes whether the current query's rows are sorted as a set operation wants them.
    pub fn check_operand(&mut self, built: &Built) {
        let Some(order) = self.operand_order() else { return };
        let sorted = is_sorted(&built.order, &self.canonical_order(&order));
        if let Some(operand) = &mut self.level().operand {
            operand.sorted = sorted;
        }
    }

    /// Plans the set operation that the current query is.
    pub fn set_operation(&mut self) -> Result<Built> {
        self.register_names();
        let tree = self.level().query.set_operation.take().ok_or_else(|| Error::internal("not a set operation"))?;
        let count = self.level().query.range_table.len();
        self.level().needed = vec![Vec::new(); count];
        let columns = match &*tree {
            SetOperation::Node { columns, .. } => columns.clone(),
            SetOperation::Leaf(_) => return Err(Error::internal("a set operation of one query")),
        };
        let mut built = self.set_tree(&tree, &columns)?;
        // The targets name the leftmost query's columns.
        let targets = self.level().query.targets.clone();
        let layout: Layout = targets.iter().take(columns.len()).map(|t| t.expr.clone()).collect();
        for key in &mut built.order {
            if let Some(at) = built.layout.iter().position(|own| *own == key.expr) {
                key.expr = layout[at].clone();
            }
        }
        built.layout = layout;
        let order_by = self.level().query.order_by.clone();
        if !order_by.is_empty() {
            built = self.sort_by(built, &targets, &order_by)?;
        }
        built = self.limit(built, &targets, &order_by)?;
        let exprs: Vec<Expr> = targets.iter().filter(|t| !t.junk).map(|t| t.expr.clone()).collect();
        self.project(&mut built, &exprs)?;
        Ok(built)
    }

    /// The layout of a part: columns of these types, by position.
    fn set_layout(columns: &[SqlType]) -> Layout {
        columns
            .iter()
            .enumerate()
            .map(|(at, &ty)| Expr {
                kind: q::ExprKind::Var(q::Var {
                    level: 0,
                    relation: 0,
                    column: at as i16 + 1,
                    version: q::RowVersion::Default,
                }),
                ty,
                location: q::NO_LOCATION,
            })
            .collect()
    }

    fn set_tree(&mut self, tree: &SetOperation, wanted: &[SqlType]) -> Result<Built> {
        match tree {
            SetOperation::Leaf(at) => self.set_leaf(*at, wanted, &[]),
            SetOperation::Node { kind, all, left, right, columns, group } => {
                let mut built = match kind {
                    SetKind::Union => {
                        let mut parts = Vec::new();
                        for side in [left, right] {
                            let group = if *all { &[][..] } else { group };
                            self.union_parts(side, columns, *all, group, &mut parts)?;
                        }
                        self.union(parts, columns, *all, group)?
                    }
                    SetKind::Intersect | SetKind::Except => {
                        let l = self.set_operand(left, columns, group)?;
                        let r = self.set_operand(right, columns, group)?;
                        self.intersect_or_except(*kind == SetKind::Except, *all, (l, r), columns, group)?
                    }
                };
                self.convert(&mut built, wanted)?;
                Ok(built)
            }
        }
    }

    /// The parts of a chain of one kind of UNION.
    fn union_parts(
        &mut self,
        tree: &SetOperation,
        columns: &[SqlType],
        all: bool,
        group: &[SortClause],
        parts: &mut Vec<Built>,
    ) -> Result<()> {
        match tree {
            SetOperation::Node { kind: SetKind::Union, all: inner_all, left, right, columns: inner, .. }
                if (*inner_all || !all) && *inner == columns =>
            {
                self.union_parts(left, columns, all, group, parts)?;
                self.union_parts(right, columns, all, group, parts)
            }
            _ => {
                let built = self.set_operand(tree, columns, group)?;
                parts.push(built);
                Ok(())
            }
        }
    }

    /// An operand, which best comes sorted for this grouping.
    fn set_operand(&mut self, tree: &SetOperation, columns: &[SqlType], group: &[SortClause]) -> Result<Built> {
        match tree {
            SetOperation::Leaf(at) => self.set_leaf(*at, columns, group),
            SetOperation::Node { .. } => self.set_tree(tree, columns),
        }
    }

    fn union(&mut self, parts: Vec<Built>, columns: &[SqlType], all: bool, group: &[SortClause]) -> Result<Built> {
        let layout = Self::set_layout(columns);
        let order = set_order(columns, group);
        let mut cost = Cost::default();
        for part in &parts {
            let c = part.node.cost;
            cost.total += c.total;
            cost.rows += c.rows;
            cost.width = cost.width.max(c.width);
        }
        cost.startup = parts.first().map_or(0.0, |p| p.node.cost.startup);
        cost.total += 0.5 * self.ctx.costs.cpu_tuple_cost * cost.rows;
        if !all
            && let Some(order) = order.filter(|order| !order.is_empty())
            && self.merges(&parts, &order, cost, group)?
        {
            return self.merge_union(parts, order, columns, group, cost);
        }
        let inputs = parts.into_iter().map(|p| p.node).collect();
        let node = self.node(NodeKind::Append { inputs, pruning: None }, &layout, cost)?;
        let built = Built { node, layout, order: Vec::new() };
        if all { Ok(built) } else { self.unique(built, columns, group) }
    }

    /// Whether merging sorted parts is cheaper than hashing their rows, and than sorting all of them.
    fn merges(&mut self, parts: &[Built], order: &[PathKey], appended: Cost, group: &[SortClause]) -> Result<bool> {
        let costs = self.ctx.costs.clone();
        let compare = 2.0 * costs.cpu_operator_cost;
        let mut total = compare * (parts.len().max(2) as f64).log2() * (parts.len() as f64 + appended.rows)
            + 0.5 * costs.cpu_tuple_cost * appended.rows;
        let mut off = 0;
        for part in parts {
            let cost = part.node.cost;
            match is_sorted(&part.order, order) {
                true => total += cost.total,
                false => {
                    off = 1;
                    let input = Work::new(cost.startup, cost.total);
                    total += costs.sort(input, cost.rows, f64::from(cost.width), None).total;
                }
            }
        }
        total += costs.cpu_operator_cost * order.len() as f64 * appended.rows;
        let off = u32::from(off > 0 && !costs.enable_sort);
        let (hashed, sorted) = self.unique_work(appended, group);
        let better = |other: Option<(Work, u32)>| {
            other.is_none_or(|(work, disabled)| (off, total) < (disabled, work.total * 0.999_999))
        };
        Ok(better(hashed) && better(sorted))
    }

    /// What it is to drop duplicates by hashing, and by sorting, if either is possible.
    fn unique_work(&self, input: Cost, group: &[SortClause]) -> (Option<(Work, u32)>, Option<(Work, u32)>) {
        let costs = self.ctx.costs;
        let (come, width) = (Work::new(input.startup, input.total), f64::from(input.width));
        let count = group.len() as f64;
        let hashed = group.iter().all(|clause| clause.hashable) && !group.is_empty();
        let hashed = hashed.then(|| {
            let work = costs.hash_aggregate(come, (input.rows, width), count, 0.0, input.rows, 0.0);
            (work, u32::from(!costs.enable_hashagg))
        });
        let sorted = group.iter().all(|clause| clause.ordering.is_valid());
        let sorted = sorted.then(|| {
            let sorted = costs.sort(come, input.rows, width, None);
            let unique = costs.cpu_operator_cost * count * input.rows;
            (Work::new(sorted.startup, sorted.total + unique), u32::from(!costs.enable_sort))
        });
        (hashed, sorted)
    }

    fn merge_union(
        &mut self,
        parts: Vec<Built>,
        order: Vec<PathKey>,
        columns: &[SqlType],
        group: &[SortClause],
        appended: Cost,
    ) -> Result<Built> {
        let layout = Self::set_layout(columns);
        let keys = self.set_keys(columns, group)?;
        let mut cost = Cost { startup: 0.0, total: 0.0, ..appended };
        let mut inputs = Vec::with_capacity(parts.len());
        for part in parts {
            let node = self.sorted_part(part, &order)?;
            cost.startup += node.cost.startup;
            cost.total += node.cost.total;
            inputs.push(node);
        }
        let costs = self.ctx.costs;
        let compare = 2.0 * costs.cpu_operator_cost * (inputs.len().max(2) as f64).log2();
        cost.startup += compare * inputs.len() as f64;
        cost.total += compare * (inputs.len() as f64 + cost.rows) + 0.5 * costs.cpu_tuple_cost * cost.rows;
        let sort_keys = self.set_sort_keys(columns, group)?;
        let kind = NodeKind::MergeAppend { inputs, keys: sort_keys, pruning: None };
        let mut merged = self.node(kind, &layout, cost)?;
        let exprs: Vec<Expr> = order.iter().map(|key| key.expr.clone()).collect();
        self.sort_details(&mut merged, &exprs, &order, 0)?;
        cost.total += costs.cpu_operator_cost * keys.len() as f64 * cost.rows;
        let node = self.node(NodeKind::Unique { input: Box::new(merged), keys }, &layout, cost)?;
        Ok(Built { node, layout, order })
    }

    /// A part's rows in order.
    fn sorted_part(&mut self, part: Built, order: &[PathKey]) -> Result<Node> {
        if is_sorted(&part.order, order) {
            return Ok(part.node);
        }
        let mut keys = Vec::with_capacity(order.len());
        for (at, key) in order.iter().enumerate() {
            keys.push(self.sort_key_by(at, part.node.output[at], key.operator, key.descending, key.nulls_first)?);
        }
        let input = part.node.cost;
        let come = Work::new(input.startup, input.total);
        let work = self.ctx.costs.sort(come, input.rows, f64::from(input.width), None);
        let cost = Cost { startup: work.startup, total: work.total, ..input };
        let shown = part.node.shown.clone();
        let kind = NodeKind::Sort { input: Box::new(part.node), keys, presorted: 0, limit: None };
        let mut node = self.node(kind, &part.layout, cost)?;
        node.disabled = !self.ctx.costs.enable_sort;
        let texts = order.iter().map(|key| self.sort_suffix(key)).collect::<Result<_>>()?;
        node.details.push(Detail {
            label: "Sort Key",
            exprs: shown.iter().take(order.len()).cloned().collect(),
            texts,
        });
        node.shown = shown;
        Ok(node)
    }

    fn intersect_or_except(
        &mut self,
        except: bool,
        all: bool,
        (left, right): (Built, Built),
        columns: &[SqlType],
        group: &[SortClause],
    ) -> Result<Built> {
        let keys = self.set_keys(columns, group)?;
        let costs = self.ctx.costs.clone();
        let (a, b) = (left.node.cost, right.node.cost);
        let rows = if except { a.rows } else { a.rows.min(b.rows) };
        let work = (a.rows + b.rows) * costs.cpu_operator_cost * keys.len() as f64;
        let hashed = Work::new(a.total + b.total + work, a.total + b.total + work + rows * costs.cpu_tuple_cost);
        let width = f64::from(a.width);
        // What does not fit in memory is not hashed: nothing of it would be written to files.
        let fits = a.rows * costs.hash_entry(width, 0.0) <= costs.hash_memory();
        let hashed_off = u32::from(!costs.enable_hashagg || !fits);
        let can_hash = group.iter().all(|clause| clause.hashable);
        let mut sorted = None;
        if let Some(order) = set_order(columns, group).filter(|order| !order.is_empty()) {
            let (mut startup, mut total, mut off) = (0.0, 0.0, 0);
            for part in [&left, &right] {
                let cost = part.node.cost;
                let mut come = Work::new(cost.startup, cost.total);
                if !is_sorted(&part.order, &order) {
                    come = costs.sort(come, cost.rows, f64::from(cost.width), None);
                    off = u32::from(!costs.enable_sort);
                }
                startup += come.startup;
                total += come.total;
            }
            if !can_hash || (off, total + work) < (hashed_off, hashed.total) {
                sorted = Some((order, Work::new(startup, total + work)));
            }
        }
        if sorted.is_none() && !can_hash {
            let word = if except { "EXCEPT" } else { "INTERSECT" };
            return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, format!("could not implement {word}"))
                .detail("Some of the datatypes only support hashing, while others only support sorting."));
        }
        let layout = Self::set_layout(columns);
        let mut built_order = Vec::new();
        let (left, right, order, work) = match sorted {
            Some((order, work)) => {
                let sides = (self.sorted_part(left, &order)?, self.sorted_part(right, &order)?);
                built_order = order;
                (sides.0, sides.1, Some(self.set_sort_keys(columns, group)?), work)
            }
            None => (left.node, right.node, None, hashed),
        };
        let cost = Cost { startup: work.startup, total: work.total, rows, width: a.width };
        let disabled = order.is_none() && !costs.enable_hashagg;
        let kind = NodeKind::SetOp { left: Box::new(left), right: Box::new(right), except, all, keys, order };
        let mut node = self.node(kind, &layout, cost)?;
        node.disabled = disabled;
        Ok(Built { node, layout, order: built_order })
    }

    /// Drops duplicates.
    fn unique(&mut self, built: Built, columns: &[SqlType], group: &[SortClause]) -> Result<Built> {
        let keys = self.set_keys(columns, group)?;
        let layout = built.layout.clone();
        let input = built.node.cost;
        let (hashed, sorted) = self.unique_work(input, group);
        let hashes = match (hashed, sorted) {
            (Some((hashed, off)), Some((sorted, sort_off))) => (off, hashed.total) <= (sort_off, sorted.total),
            (hashed, _) => hashed.is_some(),
        };
        if let Some((work, off)) = hashed.filter(|_| hashes) {
            let kind = NodeKind::Aggregate {
                input: Box::new(built.node),
                strategy: AggregateStrategy::Hashed,
                sets: vec![(0..keys.len()).collect()],
                rollups: Vec::new(),
                keys,
                aggregates: Vec::new(),
                groupings: Vec::new(),
                groups: input.rows,
            };
            let cost = Cost { startup: work.startup, total: work.total, ..input };
            let mut node = self.node(kind, &layout, cost)?;
            node.disabled = off > 0;
            self.detail(&mut node, "Group Key", &layout);
            return Ok(Built { node, layout, order: Vec::new() });
        }
        let order = set_order(columns, group).unwrap_or_default();
        let mut built = self.sort(built, order)?;
        let input = built.node.cost;
        let work = self.ctx.costs.cpu_operator_cost * keys.len() as f64 * input.rows;
        let cost = Cost { total: input.total + work, ..input };
        built.node = self.node(NodeKind::Unique { input: Box::new(built.node), keys }, &layout, cost)?;
        Ok(built)
    }

    /// How all columns are sorted.
    fn set_sort_keys(&mut self, columns: &[SqlType], group: &[SortClause]) -> Result<Vec<SortKey>> {
        let mut keys = Vec::with_capacity(group.len());
        for (at, clause) in group.iter().enumerate() {
            let ty = self.column_type(columns[at])?;
            keys.push(self.sort_key(at, ty, clause)?);
        }
        Ok(keys)
    }

    fn set_keys(&mut self, columns: &[SqlType], group: &[SortClause]) -> Result<Vec<GroupKey>> {
        let mut keys = Vec::with_capacity(columns.len());
        for (at, clause) in group.iter().enumerate() {
            let ty = self.column_type(columns[at])?;
            keys.push(self.group_key(at, ty, clause.equality)?);
        }
        Ok(keys)
    }

    fn set_leaf(&mut self, at: usize, wanted: &[SqlType], group: &[SortClause]) -> Result<Built> {
        let query = match &mut self.level().query.range_table[at].kind {
            EntryKind::Subquery { query, .. } => std::mem::replace(&mut **query, Query::new(q::Command::Select)),
            _ => return Err(Error::internal("a set operation's operand is no query")),
        };
        // Columns that change their types are sorted as they come out, if at all.
        let targets = query.targets.iter().filter(|target| !target.junk);
        let same = |(target, want): (&q::TargetEntry, &SqlType)| {
            target.expr.ty.oid == want.oid && target.expr.ty.collation == want.collation
        };
        if !group.is_empty() && targets.clone().count() == wanted.len() && targets.zip(wanted).all(same) {
            self.next_operand = Some(Operand { group: group.to_vec(), sorted: false });
        }
        let (built, level) = self.subquery_until(query, Vec::new())?;
        self.adopt_outer(level.outer)?;
        let types: Vec<SqlType> = built.layout.iter().map(|e| e.ty).collect();
        let order = match level.operand {
            Some(operand) if operand.sorted => set_order(wanted, group).unwrap_or_default(),
            _ => Vec::new(),
        };
        let mut built = Built { node: built.node, layout: Self::set_layout(&types), order };
        self.convert(&mut built, wanted)?;
        Ok(built)
    }

    /// Brings columns to the types of the set operation.
    fn convert(&mut self, built: &mut Built, wanted: &[SqlType]) -> Result<()> {
        let different = built.layout.iter().zip(wanted).any(|(have, want)| have.ty.oid != want.oid);
        if different {
            let mut exprs = Vec::with_capacity(wanted.len());
            for (have, want) in built.layout.clone().into_iter().zip(wanted) {
                exprs.push(analyzer::coerce_expression(self.ctx.catalog, self.ctx.env, have, *want)?);
            }
            self.project(built, &exprs)?;
            built.order.clear();
        }
        built.layout = Self::set_layout(wanted);
        for (output, want) in built.node.output.iter_mut().zip(wanted) {
            output.typmod = want.typmod;
            output.collation = want.collation;
        }
        Ok(())
    }

    /// Plans a recursive WITH query.
    pub fn recursive_query(&mut self, cte: Cte, columns: &[ColumnType]) -> Result<(Built, Vec<(Expr, u32)>)> {
        let Cte { name, mut query, .. } = cte;
        let Some(tree) = query.set_operation.take() else {
            return Err(Error::internal("a recursive query is no UNION"));
        };
        let SetOperation::Node { kind: SetKind::Union, all, left, right, columns: types, group } = *tree else {
            return Err(Error::internal("a recursive query is no UNION"));
        };
        if !all && group.iter().any(|clause| !clause.hashable) {
            return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, "could not implement recursive UNION")
                .detail("All column datatypes must be hashable."));
        }
        let work_table = self.work_tables;
        self.work_tables += 1;
        let rounds = self.column_type(SqlType::plain(types::oid::INT8))?;
        let round = self.slot(rounds, SlotSource::Assigned);
        let home = self.levels.len() - 1;
        self.inline_ctes(&mut query)?;
        let ctes = std::mem::take(&mut query.ctes);
        for entry in &query.range_table {
            if let Some(permission) = &entry.permission {
                self.permissions.push((**permission).clone());
            }
        }
        let needed = vec![Vec::new(); query.range_table.len()];
        let names_offset = self.names.len();
        self.levels.push(crate::level::Level { names_offset, needed, ..crate::level::Level::new(query) });
        self.plan_ctes(ctes)?;
        self.register_names();
        let start = self.set_tree(&left, &types)?;
        self.levels[home].ctes.push(PlannedCte {
            name: name.clone(),
            target: CteTarget::WorkTable(work_table, round),
            // PostgreSQL's guess of how much a round finds.
            rows: 10.0 * start.node.cost.rows,
            columns: columns.to_vec(),
        });
        let step = self.set_tree(&right, &types)?;
        self.levels[home]
            .ctes
            .retain(|c| !(c.name == name && matches!(c.target, CteTarget::WorkTable(w, _) if w == work_table)));
        let (a, b) = (start.node.cost, step.node.cost);
        let rows = a.rows + 10.0 * b.rows;
        let total = a.total + 10.0 * b.total + rows * self.ctx.costs.cpu_tuple_cost;
        let cost = Cost { startup: a.startup, total, rows, width: a.width.max(b.width) };
        let distinct = if all { None } else { Some(self.set_keys(&types, &group)?) };
        let layout = Self::set_layout(&types);
        let kind = NodeKind::RecursiveUnion {
            start: Box::new(start.node),
            step: Box::new(step.node),
            work_table,
            round,
            distinct,
        };
        let node = self.node(kind, &layout, cost)?;
        let level = self.levels.pop().ok_or_else(|| Error::internal("no query is being planned"))?;
        Ok((Built { node, layout, order: Vec::new() }, level.outer))
    }
}

fn path_key(expr: &Expr, clause: &SortClause) -> PathKey {
    PathKey {
        expr: expr.clone(),
        operator: clause.ordering,
        descending: clause.descending,
        nulls_first: clause.nulls_first,
    }
}

/// An order by all columns of a set operation, if they can be sorted.
fn set_order(columns: &[SqlType], group: &[SortClause]) -> Option<Vec<PathKey>> {
    let layout = Planner::set_layout(columns);
    let sortable = group.len() == columns.len() && group.iter().all(|clause| clause.ordering.is_valid());
    sortable.then(|| layout.iter().zip(group).map(|(column, clause)| path_key(column, clause)).collect())
}
