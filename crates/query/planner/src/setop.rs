//! UNION, INTERSECT, EXCEPT, and WITH RECURSIVE.

use analyzer::query::{self as q, Cte, EntryKind, Expr, Query, SetKind, SetOperation, SortClause, SqlType};
use error::{Error, Result, SqlState};

use crate::level::{Built, CteTarget, Layout, PlannedCte, Planner};
use crate::plan::*;

impl Planner<'_> {
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
        built.layout = targets.iter().take(columns.len()).map(|t| t.expr.clone()).collect();
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
            SetOperation::Leaf(at) => self.set_leaf(*at, wanted),
            SetOperation::Node { kind, all, left, right, columns, group } => {
                let mut built = match kind {
                    SetKind::Union => {
                        let mut parts = Vec::new();
                        for side in [left, right] {
                            self.union_parts(side, columns, *all, &mut parts)?;
                        }
                        self.union(parts, columns, *all, group)?
                    }
                    SetKind::Intersect | SetKind::Except => {
                        let l = self.set_tree(left, columns)?;
                        let r = self.set_tree(right, columns)?;
                        let keys = self.set_keys(columns, group)?;
                        let (a, b) = (l.node.cost, r.node.cost);
                        let except = *kind == SetKind::Except;
                        let rows = if except { a.rows } else { a.rows.min(b.rows) };
                        let total = a.total
                            + b.total
                            + (a.rows + b.rows) * self.ctx.costs.cpu_operator_cost * keys.len() as f64;
                        let cost = Cost {
                            startup: total,
                            total: total + rows * self.ctx.costs.cpu_tuple_cost,
                            rows,
                            width: a.width,
                        };
                        let layout = Self::set_layout(columns);
                        let kind = NodeKind::SetOp {
                            left: Box::new(l.node),
                            right: Box::new(r.node),
                            except,
                            all: *all,
                            keys,
                        };
                        Built { node: self.node(kind, &layout, cost)?, layout, order: Vec::new() }
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
        parts: &mut Vec<Built>,
    ) -> Result<()> {
        match tree {
            SetOperation::Node { kind: SetKind::Union, all: inner_all, left, right, columns: inner, .. }
                if (*inner_all || !all) && *inner == columns =>
            {
                self.union_parts(left, columns, all, parts)?;
                self.union_parts(right, columns, all, parts)
            }
            _ => {
                let built = self.set_tree(tree, columns)?;
                parts.push(built);
                Ok(())
            }
        }
    }

    fn union(&mut self, parts: Vec<Built>, columns: &[SqlType], all: bool, group: &[SortClause]) -> Result<Built> {
        let layout = Self::set_layout(columns);
        let mut cost = Cost::default();
        for part in &parts {
            let c = part.node.cost;
            cost.total += c.total;
            cost.rows += c.rows;
            cost.width = cost.width.max(c.width);
        }
        cost.startup = parts.first().map_or(0.0, |p| p.node.cost.startup);
        let inputs = parts.into_iter().map(|p| p.node).collect();
        let node = self.node(NodeKind::Append { inputs, pruning: None }, &layout, cost)?;
        let built = Built { node, layout, order: Vec::new() };
        if all { Ok(built) } else { self.unique(built, columns, group) }
    }

    /// Drops duplicates.
    fn unique(&mut self, built: Built, columns: &[SqlType], group: &[SortClause]) -> Result<Built> {
        let keys = self.set_keys(columns, group)?;
        let layout = built.layout.clone();
        let input = built.node.cost;
        let work = self.ctx.costs.cpu_operator_cost * keys.len() as f64 * input.rows;
        if group.iter().all(|c| c.hashable) && !keys.is_empty() {
            let cost = Cost {
                startup: input.total + work,
                total: input.total + work + input.rows * self.ctx.costs.cpu_tuple_cost,
                ..input
            };
            let kind = NodeKind::Aggregate {
                input: Box::new(built.node),
                rollups: Vec::new(),
                strategy: AggregateStrategy::Hashed,
                sets: vec![(0..keys.len()).collect()],
                keys,
                aggregates: Vec::new(),
                groupings: Vec::new(),
                groups: input.rows,
            };
            let mut node = self.node(kind, &layout, cost)?;
            self.detail(&mut node, "Group Key", &layout);
            return Ok(Built { node, layout, order: Vec::new() });
        }
        let mut sort_keys = Vec::with_capacity(group.len());
        for (at, clause) in group.iter().enumerate() {
            sort_keys.push(self.sort_key(at, built.node.output[at], clause)?);
        }
        let rows = input.rows.max(2.0);
        let cost = Cost {
            startup: input.total + 2.0 * self.ctx.costs.cpu_operator_cost * rows * rows.log2(),
            total: input.total + 2.0 * self.ctx.costs.cpu_operator_cost * rows * rows.log2() + work,
            ..input
        };
        let sort = NodeKind::Sort { input: Box::new(built.node), keys: sort_keys, presorted: 0, limit: None };
        let sort = self.node(sort, &layout, cost)?;
        let node = self.node(NodeKind::Unique { input: Box::new(sort), keys }, &layout, cost)?;
        Ok(Built { node, layout, order: Vec::new() })
    }

    fn set_keys(&mut self, columns: &[SqlType], group: &[SortClause]) -> Result<Vec<GroupKey>> {
        let mut keys = Vec::with_capacity(columns.len());
        for (at, clause) in group.iter().enumerate() {
            let ty = self.column_type(columns[at])?;
            keys.push(self.group_key(at, ty, clause.equality)?);
        }
        Ok(keys)
    }

    fn set_leaf(&mut self, at: usize, wanted: &[SqlType]) -> Result<Built> {
        let query = match &mut self.level().query.range_table[at].kind {
            EntryKind::Subquery { query, .. } => std::mem::replace(&mut **query, Query::new(q::Command::Select)),
            _ => return Err(Error::internal("a set operation's operand is no query")),
        };
        let (built, outer) = self.subquery(query)?;
        self.adopt_outer(outer)?;
        let types: Vec<SqlType> = built.layout.iter().map(|e| e.ty).collect();
        let mut built = Built { node: built.node, layout: Self::set_layout(&types), order: Vec::new() };
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
