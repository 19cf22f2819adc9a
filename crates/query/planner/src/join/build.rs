//! Nodes of the paths that were chosen.

use std::rc::Rc;

use analyzer::query::{EntryKind, Expr, ExprKind};
use error::{Error, Result};
use ids::Oid;

use super::equality::Equality;
use super::ways::{JoinPath, Method, enforced_by, relids_of_path};
use super::{Problem, UnitKind};
use crate::bitmap::{BitmapKind, BitmapTree};
use crate::level::{Built, Layout, PathKey, Planner};
use crate::path::{Path, PathKind};
use crate::placeholder::placeholder;
use crate::plan::*;
use crate::prepare::{Relids, is_missing_with_row, relids_of};
use crate::scan::{IndexAccess, IndexCondition};

impl Planner<'_> {
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
            PathKind::Seq(unit) => self.build_scan(problem, *unit, path, Way::Whole),
            PathKind::Cursor(unit) => self.build_scan(problem, *unit, path, Way::Cursor),
            PathKind::Index { unit, access } => self.build_scan(problem, *unit, path, Way::Index(access)),
            PathKind::Bitmap { unit, tree } => self.build_scan(problem, *unit, path, Way::Bitmap(tree)),
            PathKind::Tid { unit, tids, condition } => {
                self.build_scan(problem, *unit, path, Way::Tids(tids, condition))
            }
            PathKind::TidRange { unit, conditions } => self.build_scan(problem, *unit, path, Way::TidRange(conditions)),
            PathKind::Join(join) => self.build_join(problem, path, join),
            PathKind::Sort { input, presorted } => {
                let built = self.build_path(problem, input)?;
                self.build_sort(built, path, *presorted)
            }
            PathKind::Material(input) => {
                let built = self.build_path(problem, input)?;
                let cost = self.cost_of(path, built.node.cost.width);
                let layout = built.layout;
                let mut node = self.node(NodeKind::Material { input: Box::new(built.node) }, &layout, cost)?;
                node.disabled = path.disabled > input.disabled;
                Ok(Built { layout, ..Built::of(node, built.order) })
            }
            PathKind::Memoize { input, keys, single, binary } => {
                let built = self.build_path(problem, input)?;
                self.build_memoize(built, path, keys, *single, *binary)
            }
            PathKind::Distinct { input, exprs, hashed } => {
                let built = self.build_path(problem, input)?;
                self.build_distinct(built, path, exprs, *hashed, path.disabled > input.disabled)
            }
        }
    }

    fn cost_of(&self, path: &Path, width: u32) -> Cost {
        Cost { startup: path.startup, total: path.total, rows: path.rows, width }
    }

    /// A member of an expression's class that these columns give, or from which it can be computed.
    pub fn member_of(&mut self, expr: &Expr, layout: &[Expr]) -> Expr {
        if layout.contains(expr) {
            return expr.clone();
        }
        let stripped = crate::scan::stripped(expr);
        if let Some(have) = layout.iter().find(|have| crate::scan::stripped(have) == stripped) {
            return have.clone();
        }
        for class in &self.level().classes {
            if class.members.iter().any(|member| crate::scan::stripped(member) == stripped)
                && let Some(member) = class.members.iter().find(|member| layout.contains(member))
            {
                return member.clone();
            }
        }
        expr.clone()
    }

    fn build_sort(&mut self, mut built: Built, path: &Path, presorted: usize) -> Result<Built> {
        let exprs: Vec<Expr> = {
            let layout = built.layout.clone();
            path.order.iter().map(|key| self.member_of(&key.expr, &layout)).collect()
        };
        let columns = self.columns_for(&mut built, &exprs)?;
        let mut keys = Vec::with_capacity(columns.len());
        for (key, &column) in path.order.iter().zip(&columns) {
            let ty = built.node.output[column];
            keys.push(self.sort_key_by(column, ty, key.operator, key.descending, key.nulls_first)?);
        }
        let cost = self.cost_of(path, built.node.cost.width);
        let kind = NodeKind::Sort { input: Box::new(built.node), keys, presorted, limit: None };
        let mut node = self.node(kind, &built.layout, cost)?;
        node.disabled = presorted == 0 && !self.ctx.costs.enable_sort;
        self.sort_details(&mut node, &exprs, &path.order, presorted)?;
        Ok(Built { layout: built.layout, ..Built::of(node, path.order.to_vec()) })
    }

    /// What EXPLAIN shows of a sort.
    pub fn sort_details(&mut self, node: &mut Node, exprs: &[Expr], order: &[PathKey], presorted: usize) -> Result<()> {
        let shown: Vec<Expr> = exprs.iter().map(|expr| self.named(crate::upper::sort_shown(expr))).collect();
        let texts = order.iter().map(|key| self.sort_suffix(key)).collect::<Result<_>>()?;
        let first: Vec<Expr> = shown[..presorted.min(shown.len())].to_vec();
        node.details.push(Detail { label: "Sort Key", exprs: shown, texts });
        if presorted > 0 {
            node.details.push(Detail { label: "Presorted Key", exprs: first, texts: Vec::new() });
        }
        Ok(())
    }

    fn build_memoize(
        &mut self,
        built: Built,
        path: &Path,
        keys: &[(Expr, Oid, Oid)],
        single_row: bool,
        binary: bool,
    ) -> Result<Built> {
        let mut found = Vec::with_capacity(keys.len());
        let pending = self.level().pending.clone();
        for (expr, equal, collation) in keys {
            let slots = pending.iter().filter(|(_, column, _)| column == expr);
            for (_, _, slot) in slots {
                found.push(MemoizeKey { slot: *slot, equal: *equal, collation: *collation });
            }
        }
        if found.is_empty() || keys.iter().any(|(key, ..)| !pending.iter().any(|(_, column, _)| column == key)) {
            // What is read below is not what it would be kept by.
            return Ok(built);
        }
        let exprs: Vec<Expr> = keys.iter().map(|(expr, ..)| expr.clone()).collect();
        let cost = self.cost_of(path, built.node.cost.width);
        let kind = NodeKind::Memoize { input: Box::new(built.node), keys: found, single_row };
        let mut node = self.node(kind, &built.layout, cost)?;
        self.detail(&mut node, "Cache Key", &exprs);
        let mode = if binary { "binary" } else { "logical" };
        node.details.push(Detail { label: "Cache Mode", exprs: Vec::new(), texts: vec![mode.into()] });
        Ok(Built { layout: built.layout, ..Built::of(node, built.order) })
    }

    fn build_distinct(
        &mut self,
        mut built: Built,
        path: &Path,
        exprs: &[(Expr, Oid)],
        hashed: bool,
        disabled: bool,
    ) -> Result<Built> {
        let list: Vec<Expr> = exprs.iter().map(|(expr, _)| expr.clone()).collect();
        let columns = self.columns_for(&mut built, &list)?;
        let mut keys = Vec::with_capacity(columns.len());
        for ((_, equality), &column) in exprs.iter().zip(&columns) {
            keys.push(self.group_key(column, built.node.output[column], *equality)?);
        }
        let width = built.node.cost.width;
        let cost = self.cost_of(path, width);
        if !hashed {
            let node = self.node(NodeKind::Unique { input: Box::new(built.node), keys }, &built.layout, cost)?;
            return Ok(Built { layout: built.layout, ..Built::of(node, built.order) });
        }
        let kind = NodeKind::Aggregate {
            input: Box::new(built.node),
            rollups: Vec::new(),
            strategy: AggregateStrategy::Hashed,
            sets: vec![(0..keys.len()).collect()],
            keys,
            aggregates: Vec::new(),
            groupings: Vec::new(),
            groups: path.rows,
        };
        let mut node = self.node(kind, &list, cost)?;
        node.disabled = disabled;
        self.detail(&mut node, "Group Key", &list);
        Ok(Built { layout: list, ..Built::of(node, Vec::new()) })
    }

    fn build_scan(&mut self, problem: &mut Problem, unit: usize, path: &Path, way: Way<'_>) -> Result<Built> {
        let UnitKind::Base { relation: at, base, quals, usable } = &problem.units[unit].kind else {
            return Err(Error::internal("not a base relation"));
        };
        // What hides rows comes before what must wait for it, whatever either costs.
        let (free, waiting) = quals.split_at(quals.len().min(*usable));
        let mut free = self.by_cost(free);
        if self.level().query.range_table.iter().any(|entry| !entry.security.is_empty()) {
            // Where rows of any table are hidden, what cannot tell of rows comes first.
            let leaks = free.iter().map(|qual| analyzer::leaks(self.ctx.catalog, qual)).collect::<Result<Vec<_>>>()?;
            let (safe, leaking): (Vec<_>, Vec<_>) = free.into_iter().zip(leaks).partition(|(_, leaks)| !leaks);
            free = safe.into_iter().chain(leaking).map(|(qual, _)| qual).collect();
        }
        let quals = [free, waiting.to_vec()].concat();
        let (at, table) = (*at, base.relation.clone());
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
        let entry = match self.level().member {
            Some((tree, name)) if tree == at => name,
            _ => self.level().names_offset + at,
        };
        self.relations[relation].entry = Some(entry);
        let columns = self.level().needed[at].clone();
        let layout: Layout = columns.iter().map(|&n| self.var(at, n)).collect();
        let width = self.width(&layout);
        let cost = Cost { startup: path.startup, total: path.total, rows: path.rows.round_ties_even(), width };
        let before = self.level().scanning.replace(at);
        let result = self.scan_node(relation, at, columns, &way, &layout, cost, &quals);
        self.level().scanning = before;
        let mut node = result?;
        node.disabled = path.disabled > 0;
        Ok(Built { layout, ..Built::of(node, path.order.to_vec()) })
    }

    fn scan_node(
        &mut self,
        relation: usize,
        at: usize,
        columns: Vec<i16>,
        way: &Way<'_>,
        layout: &Layout,
        cost: Cost,
        quals: &[Expr],
    ) -> Result<Node> {
        let mut rest = quals.to_vec();
        let mut details: Vec<(&'static str, Vec<Expr>)> = Vec::new();
        // What only the way itself shows.
        let mut exact = Vec::new();
        let kind = match way {
            Way::Whole => {
                let sample = self.sample_of(at, &mut details)?;
                NodeKind::SeqScan { relation, columns, sample }
            }
            Way::Cursor => {
                let cursor = quals.iter().find_map(|qual| match &qual.kind {
                    ExprKind::CurrentOf { cursor, .. } => Some(cursor.clone()),
                    _ => None,
                });
                rest.retain(|qual| !matches!(qual.kind, ExprKind::CurrentOf { .. }));
                NodeKind::CursorScan { relation, columns, cursor: cursor.unwrap_or_default() }
            }
            Way::Tids(tids, condition) => {
                details.push(("TID Cond", vec![(*condition).clone()]));
                rest.retain(|qual| qual != *condition);
                NodeKind::TidScan { relation, columns, tids: self.compile_all(tids, &[])? }
            }
            Way::TidRange(conditions) => {
                details.push(("TID Cond", conditions.to_vec()));
                rest.retain(|qual| !conditions.contains(qual));
                exact = self.compile_all(conditions, layout)?;
                self.tid_range(at, relation, columns, conditions)?
            }
            Way::Index(access) => {
                rest.retain(|qual| !access.quals.contains(qual));
                details.push(("Index Cond", access.conditions.clone()));
                let shown: Vec<Expr> = access.distances.iter().map(|distance| distance.2.clone()).collect();
                details.push(("Order By", shown));
                let search = self.index_search(at, access, Some(layout))?;
                match &access.only {
                    Some(positions) => {
                        NodeKind::IndexOnlyScan { relation, columns, index_columns: positions.clone(), search }
                    }
                    None => NodeKind::IndexScan { relation, columns, search },
                }
            }
            Way::Bitmap(tree) => {
                let mut enforced = Vec::new();
                tree.quals(&mut enforced);
                let recheck = tree.recheck();
                // What the bitmap stands for as a whole holds as well.
                rest.retain(|qual| !enforced.contains(qual) && !recheck.contains(qual));
                if let BitmapKind::And(parts) = &tree.kind {
                    let ors: Vec<Expr> = parts.iter().flat_map(BitmapTree::recheck).collect();
                    rest.retain(|qual| !ors.contains(qual));
                }
                let input = self.bitmap_node(relation, at, tree)?;
                details.push(("Recheck Cond", recheck.clone()));
                let recheck = self.compile_all(&recheck, layout)?;
                NodeKind::BitmapHeapScan { relation, columns, input: Box::new(input), recheck }
            }
        };
        let mut node = self.node(kind, layout, cost)?;
        node.filter = exact;
        for (label, exprs) in details {
            self.detail(&mut node, label, &exprs);
        }
        self.filter(&mut node, layout, &rest)?;
        Ok(node)
    }

    /// The nodes that collect row places.
    fn bitmap_node(&mut self, relation: usize, at: usize, tree: &BitmapTree) -> Result<Node> {
        let cost = Cost { startup: 0.0, total: tree.work.total, rows: tree.rows.round_ties_even(), width: 0 };
        let parts = |planner: &mut Self, parts: &[BitmapTree]| -> Result<Vec<Node>> {
            parts.iter().map(|part| planner.bitmap_node(relation, at, part)).collect()
        };
        let (kind, conditions) = match &tree.kind {
            BitmapKind::Index(access) => {
                let search = self.index_search(at, access, None)?;
                (NodeKind::BitmapIndexScan { relation, search }, access.conditions.clone())
            }
            BitmapKind::And(list) => (NodeKind::BitmapAnd { inputs: parts(self, list)? }, Vec::new()),
            BitmapKind::Or(list) => (NodeKind::BitmapOr { inputs: parts(self, list)? }, Vec::new()),
        };
        let mut node = self.node(kind, &[], cost)?;
        self.detail(&mut node, "Index Cond", &conditions);
        Ok(node)
    }

    /// A search as the executor carries it out; `layout` is that of the rows it gives, none for a bitmap.
    fn index_search(&mut self, at: usize, access: &IndexAccess, layout: Option<&[Expr]>) -> Result<IndexSearch> {
        let mut keys = Vec::with_capacity(access.keys.len());
        for key in &access.keys {
            keys.push(match key {
                IndexCondition::Equal(e) => IndexKey::Equal(self.compile(e, &[])?),
                IndexCondition::Any(e) => IndexKey::Any(self.compile(e, &[])?),
                IndexCondition::Range { lower, upper } => {
                    let mut bound = |b: &Option<(Vec<Expr>, bool)>| -> Result<Option<(Vec<crate::plan::Expr>, bool)>> {
                        b.as_ref().map(|(e, inclusive)| Ok((self.compile_all(e, &[])?, *inclusive))).transpose()
                    };
                    IndexKey::Range { lower: bound(lower)?, upper: bound(upper)? }
                }
                IndexCondition::Strategy { .. } => {
                    return Err(Error::internal("an index on byte keys is searched by strategies"));
                }
                IndexCondition::IsNull => IndexKey::IsNull,
                IndexCondition::IsNotNull => IndexKey::IsNotNull,
            });
        }
        let mut clauses = Vec::with_capacity(access.clauses.len());
        for (column, condition) in &access.clauses {
            let (strategy, type_oid, test) = match condition {
                IndexCondition::Strategy { strategy, type_oid, value } => {
                    (*strategy, *type_oid, ClauseTest::Value(self.compile(value, &[])?))
                }
                IndexCondition::IsNull => (0, Oid::INVALID, ClauseTest::IsNull),
                IndexCondition::IsNotNull => (0, Oid::INVALID, ClauseTest::IsNotNull),
                _ => return Err(Error::internal("an index that knows no order is searched by keys")),
            };
            clauses.push(IndexClause { column: *column, strategy, type_oid, test });
        }
        let mut orders = Vec::with_capacity(access.distances.len());
        for (column, condition, _) in &access.distances {
            let IndexCondition::Strategy { strategy, type_oid, value } = condition else { continue };
            let test = ClauseTest::Value(self.compile(value, &[])?);
            orders.push(IndexClause { column: *column, strategy: *strategy, type_oid: *type_oid, test });
        }
        let distances = match layout {
            Some(layout) if access.only.is_none() => {
                let shown: Vec<Expr> = access.distances.iter().map(|distance| distance.2.clone()).collect();
                self.compile_all(&shown, layout)?
            }
            _ => Vec::new(),
        };
        // What an ordered index finds is as certain as its keys.
        let recheck = match layout {
            Some(_) if access.method == ::access::Method::Btree => Vec::new(),
            Some(_) if access.only.is_some() => {
                let columns = self.returned_columns(at, access)?;
                self.compile_all(&access.conditions, &columns)?
            }
            Some(layout) => self.compile_all(&access.conditions, layout)?,
            _ => Vec::new(),
        };
        let mut filter = Vec::new();
        if !access.filter.is_empty() {
            let row = self.ctx.catalog.find_index(access.index)?;
            let row = row.ok_or_else(|| Error::internal("an index is gone"))?;
            let columns: Layout = self.index_columns(at, &row)?.into_iter().map(|column| column.0).collect();
            filter = self.compile_all(&access.filter, &columns)?;
        }
        Ok(IndexSearch {
            index: access.index,
            name: access.name.clone(),
            keys,
            clauses,
            orders,
            distances,
            recheck,
            filter,
            backward: access.backward,
            unique: access.unique,
        })
    }

    /// The columns of an index as the rows that it gives by itself have them: what it cannot give back has to be computed from what it can.
    fn returned_columns(&mut self, at: usize, access: &IndexAccess) -> Result<Layout> {
        let row = self.ctx.catalog.find_index(access.index)?;
        let row = row.ok_or_else(|| Error::internal("an index is gone"))?;
        let mut columns = Layout::new();
        for (number, (column, ..)) in self.index_columns(at, &row)?.into_iter().enumerate() {
            let null = analyzer::types::null(column.ty);
            columns.push(if self.is_returned(access.method, &row, number)? { column } else { null });
        }
        Ok(columns)
    }

    fn build_join(&mut self, problem: &mut Problem, path: &Path, join: &JoinPath) -> Result<Built> {
        let mut outer = self.build_path(problem, &join.outer)?;
        let mut inner = self.build_path(problem, &join.inner)?;
        if matches!(join.join, JoinType::Right | JoinType::Full) {
            self.keep_values(&mut outer, relids_of_path(problem, &join.outer))?;
        }
        if matches!(join.join, JoinType::Left | JoinType::Full) {
            self.keep_values(&mut inner, relids_of_path(problem, &join.inner))?;
        }
        let width = match join.join {
            JoinType::Semi | JoinType::Anti => outer.node.cost.width,
            JoinType::RightSemi | JoinType::RightAnti => inner.node.cost.width,
            _ => outer.node.cost.width + inner.node.cost.width,
        };
        let cost = self.cost_of(path, width);
        let disabled = path.disabled > join.outer.disabled + join.inner.disabled;
        let mut built = match join.method {
            Method::Hash => self.build_hash_join(join, outer, inner, cost)?,
            Method::Merge => self.build_merge_join(join, outer, inner, cost)?,
            Method::NestLoop => self.build_nest_loop(problem, join, outer, inner, cost)?,
        };
        built.node.disabled = disabled;
        built.order = path.order.to_vec();
        if !join.filter.is_empty() {
            let layout = built.layout.clone();
            let filter = self.by_cost(&join.filter);
            self.filter(&mut built.node, &layout, &filter)?;
        }
        Ok(built)
    }

    /// The columns of a join, and its conditions that its keys do not check: compiled, and as they are.
    fn rest_of(
        &mut self,
        join: &JoinPath,
        outer: Layout,
        inner: Layout,
    ) -> Result<(Layout, Vec<crate::plan::Expr>, Vec<Expr>)> {
        let rest: Vec<Expr> =
            join.quals.iter().filter(|qual| !join.keys.iter().any(|key| key.qual == **qual)).cloned().collect();
        let rest = self.by_cost(&rest);
        let both: Layout = outer.iter().chain(&inner).cloned().collect();
        let condition = self.compile_all(&rest, &both)?;
        Ok((self.joined(join.join, outer, inner)?, condition, rest))
    }

    /// The columns that a join gives. What was computed of a side whose rows may be missing, to sort it for instance, is another value now than what the
    /// expression says, unless that is null without the rows: such a column is nobody's any more.
    fn joined(&self, join: JoinType, mut outer: Layout, mut inner: Layout) -> Result<Layout> {
        match join {
            JoinType::Semi | JoinType::Anti => return Ok(outer),
            JoinType::RightSemi | JoinType::RightAnti => return Ok(inner),
            _ => {}
        }
        if matches!(join, JoinType::Right | JoinType::Full) {
            self.forget_computed(&mut outer)?;
        }
        if matches!(join, JoinType::Left | JoinType::Full) {
            self.forget_computed(&mut inner)?;
        }
        outer.append(&mut inner);
        Ok(outer)
    }

    fn forget_computed(&self, side: &mut Layout) -> Result<()> {
        for column in side {
            if !matches!(column.kind, ExprKind::Var(_) | ExprKind::PlaceHolder { .. })
                && !is_missing_with_row(self.ctx.catalog, column)?
            {
                *column = placeholder(column.clone(), 0);
            }
        }
        Ok(())
    }

    fn build_hash_join(&mut self, join: &JoinPath, outer: Built, inner: Built, cost: Cost) -> Result<Built> {
        let mut keys = Vec::with_capacity(join.keys.len());
        for key in join.keys.iter() {
            keys.push(HashKey {
                outer: self.compile(&key.outer, &outer.layout)?,
                inner: self.compile(&key.inner, &inner.layout)?,
                equal: key.function,
                collation: key.collation,
            });
        }
        let shown: Vec<Expr> = join.keys.iter().map(|key| key.shown.clone()).collect();
        let keys_made = std::mem::take(&mut self.new_subplans);
        let (layout, condition, rest) = self.rest_of(join, outer.layout, inner.layout)?;
        let kind = NodeKind::HashJoin {
            join: join.join,
            outer: Box::new(outer.node),
            inner: Box::new(inner.node),
            keys,
            condition,
            inner_unique: join.inner_unique && matches!(join.join, JoinType::Inner | JoinType::Left),
        };
        self.new_subplans.splice(0..0, keys_made);
        let mut node = self.node(kind, &layout, cost)?;
        self.detail(&mut node, "Hash Cond", &shown);
        self.detail(&mut node, "Join Filter", &rest);
        Ok(Built { layout, ..Built::of(node, Vec::new()) })
    }

    fn build_merge_join(&mut self, join: &JoinPath, mut outer: Built, mut inner: Built, cost: Cost) -> Result<Built> {
        let mut keys = Vec::with_capacity(join.keys.len());
        let mut shown = Vec::with_capacity(join.keys.len());
        for key in join.keys.iter() {
            shown.push(key.shown.clone());
        }
        let side = |planner: &mut Self, built: &mut Built, of: fn(&Equality) -> &Expr| -> Result<Vec<usize>> {
            let exprs: Vec<Expr> = join.keys.iter().map(|key| of(key).clone()).collect();
            planner.columns_for(built, &exprs)
        };
        let outer_columns = side(self, &mut outer, |key| &key.outer)?;
        let inner_columns = side(self, &mut inner, |key| &key.inner)?;
        for ((key, &o), &i) in join.keys.iter().zip(&outer_columns).zip(&inner_columns) {
            let less = key.less.ok_or_else(|| Error::internal("a merge by what has no order"))?;
            let mut sort = match &key.order {
                Some(order) => {
                    self.sort_key_by(o, outer.node.output[o], order.operator, order.descending, order.nulls_first)?
                }
                None => self.sort_key_by(o, outer.node.output[o], less, false, false)?,
            };
            sort.collation = key.collation;
            keys.push((o, i, sort));
        }
        let (layout, condition, rest) = self.rest_of(join, outer.layout, inner.layout)?;
        let kind = NodeKind::MergeJoin {
            join: join.join,
            outer: Box::new(outer.node),
            inner: Box::new(inner.node),
            keys,
            condition,
            inner_unique: join.inner_unique && matches!(join.join, JoinType::Inner | JoinType::Left),
        };
        let mut node = self.node(kind, &layout, cost)?;
        self.detail(&mut node, "Merge Cond", &shown);
        self.detail(&mut node, "Join Filter", &rest);
        Ok(Built { layout, ..Built::of(node, Vec::new()) })
    }

    fn build_nest_loop(
        &mut self,
        problem: &Problem,
        join: &JoinPath,
        outer: Built,
        inner: Built,
        cost: Cost,
    ) -> Result<Built> {
        // Columns of the outer side that the inner side uses.
        let inner_relids = relids_of_path(problem, &join.inner);
        let outer_relids = relids_of_path(problem, &join.outer);
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
        enforced_by(&join.inner, &mut checked);
        let quals: Vec<Expr> = join.quals.iter().filter(|qual| !self.is_enforced(qual, &checked)).cloned().collect();
        let quals = self.by_cost(&quals);
        let both: Layout = outer.layout.iter().chain(&inner.layout).cloned().collect();
        let condition = self.compile_all(&quals, &both)?;
        let layout = self.joined(join.join, outer.layout, inner.layout)?;
        let inner_unique = matches!(&join.inner.kind, PathKind::Index { access, .. } if access.unique)
            || join.inner_unique && matches!(join.join, JoinType::Inner | JoinType::Left);
        let kind = NodeKind::NestLoop {
            join: join.join,
            outer: Box::new(outer.node),
            inner: Box::new(inner.node),
            params,
            condition,
            inner_unique,
        };
        let mut node = self.node(kind, &layout, cost)?;
        self.detail(&mut node, "Join Filter", &quals);
        Ok(Built { layout, ..Built::of(node, Vec::new()) })
    }

    /// What an outer join above may make null as a whole, as values of their own: a missing row is null, not a row of nulls; and so is a
    /// [placeholder](crate::placeholder), whatever it is made of.
    fn keep_values(&mut self, built: &mut Built, relids: Relids) -> Result<()> {
        if self.level().kept_values.is_empty() {
            return Ok(());
        }
        let values = self.level().kept_values.clone();
        let own = values.into_iter().filter(|value| relids_of(value) & !relids == 0 && !built.layout.contains(value));
        let mut all = built.layout.clone();
        all.extend(own);
        if all.len() > built.layout.len() {
            self.project(built, &all)?;
        }
        Ok(())
    }
}

/// How a base relation is read.
enum Way<'p> {
    Whole,
    Cursor,
    Tids(&'p [Expr], &'p Expr),
    TidRange(&'p [Expr]),
    Index(&'p IndexAccess),
    Bitmap(&'p Rc<BitmapTree>),
}
