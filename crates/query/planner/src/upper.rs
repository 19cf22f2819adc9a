//! Above the joins: grouping, set-returning functions, DISTINCT, ORDER BY, row locks, LIMIT.

use analyzer::deparse::order_suffix;
use analyzer::node::Visitor;
use analyzer::query::{self as q, Expr, ExprKind, Query, SortClause, TargetEntry};
use error::{Error, Result, SqlState};
use ids::Oid;

use crate::cost::Work;
use crate::join::{Goal, Grouping};
use crate::level::{Built, PathKey, Planner};
use crate::path::{common_keys, is_sorted};
use crate::plan::*;
use crate::prepare::Tree;
use crate::users_aggregate::{Called, Way};

impl Planner<'_> {
    /// Plans a SELECT that is no set operation. The output is its targets without junk.
    pub fn select(&mut self) -> Result<Built> {
        self.min_max()?;
        self.move_having()?;
        self.separate_group_keys();
        let tree = self.prepare()?;
        self.drop_determined_keys()?;
        self.register_names();
        self.find_needed_with(&tree)?;
        let targets = self.level().query.targets.clone();
        let order_by = self.level().query.order_by.clone();
        let goal = self.goal(&targets, &order_by)?;
        let built = self.join_tree(tree, &goal)?;
        let mut built = self.group(built)?;
        let mut targets = self.level().query.targets.clone();
        built = self.windows(built, &targets)?;
        // What only windows and groups asked for is not wanted any more.
        let query = &self.level().query;
        let kept: Vec<u32> = query.order_by.iter().chain(&query.distinct).map(|clause| clause.target_ref).collect();
        targets.retain(|target| !target.junk || kept.contains(&target.sort_ref));
        // Rows to be locked are found by their addresses.
        let marks = self.level().query.row_marks.clone();
        let mut tids = Vec::new();
        for mark in &marks {
            tids.push(self.var(mark.relation, -1));
        }
        // Of a tree, by the table as well.
        for mark in &marks {
            if self.level().trees.contains_key(&mark.relation) {
                tids.push(self.var(mark.relation, -6));
            }
        }
        let distinct = self.level().query.distinct.clone();
        let late = self.postponed(&targets)?;
        let early: Vec<TargetEntry> =
            targets.iter().zip(&late).filter(|(_, late)| !**late).map(|(target, _)| target.clone()).collect();
        if self.level().query.has.target_sets {
            built = self.project_sets(built, &early)?;
        }
        let mut exprs: Vec<Expr> = early.iter().map(|t| t.expr.clone()).collect();
        let target_count = exprs.len();
        exprs.extend(tids.iter().cloned());
        if late.contains(&true) {
            // What the postponed ones are computed from.
            let mut parts = Parts { layout: &built.layout, found: Vec::new() };
            targets.iter().zip(&late).filter(|(_, late)| **late).for_each(|(target, _)| parts.expr(&target.expr));
            for part in parts.found {
                if !exprs.contains(&part) {
                    exprs.push(part);
                }
            }
        }
        self.project(&mut built, &exprs)?;
        if !distinct.is_empty() {
            built = self.distinct(built, &early, &distinct, &order_by)?;
        }
        if !order_by.is_empty() {
            built = self.sort_by(built, &early, &order_by)?;
        }
        let mut first_mark = target_count;
        if late.contains(&true) {
            if self.level().query.has.target_sets {
                built = self.project_sets(built, &targets)?;
            }
            let mut exprs: Vec<Expr> = targets.iter().map(|t| t.expr.clone()).collect();
            first_mark = exprs.len();
            exprs.extend(tids);
            let order = built.order.clone();
            if built.node.project.is_some()
                || matches!(built.node.kind, NodeKind::Sort { .. } | NodeKind::Unique { .. })
            {
                built = self.result_above(built)?;
            }
            self.project(&mut built, &exprs)?;
            built.order = order;
        }
        if !marks.is_empty() {
            built = self.lock_rows(built, &marks, first_mark)?;
        }
        built = self.limit(built, &targets, &order_by)?;
        let shown: Vec<usize> = targets.iter().enumerate().filter(|(_, t)| !t.junk).map(|(at, _)| at).collect();
        self.keep_columns(&mut built, &shown)?;
        targets.retain(|t| !t.junk);
        Ok(built)
    }

    /// Which targets are computed after sorting: sets, which would be sorted many times over, and with LIMIT what is volatile, which shall be
    /// computed for the rows that are wanted only. Not those that rows are sorted by or told apart by.
    fn postponed(&mut self, targets: &[TargetEntry]) -> Result<Vec<bool>> {
        let query = &self.level().query;
        let mut late = vec![false; targets.len()];
        if query.order_by.is_empty() {
            return Ok(late);
        }
        let limited = query.limit.is_some() || query.offset.is_some();
        let keys: Vec<u32> =
            query.order_by.iter().chain(&query.distinct).map(|clause| clause.target_ref).filter(|r| *r != 0).collect();
        // Sets are expanded side by side: all of them before the sort if one is a key.
        let sets = query.has.target_sets
            && !targets.iter().any(|target| {
                target.sort_ref != 0 && keys.contains(&target.sort_ref) && contains_set(&wrapped(&target.expr), &[])
            });
        for (late, target) in late.iter_mut().zip(targets) {
            let key = target.sort_ref != 0 && keys.contains(&target.sort_ref);
            *late = !key
                && (sets && contains_set(&wrapped(&target.expr), &[])
                    || limited && crate::prepare::is_volatile(self.ctx.catalog, &target.expr)?);
        }
        Ok(late)
    }

    /// A node above that only projects.
    pub fn result_above(&mut self, mut built: Built) -> Result<Built> {
        let cost = built.node.cost;
        let kind = NodeKind::Result { input: Some(Box::new(built.node)), condition: Vec::new() };
        built.node = self.node(kind, &built.layout, cost)?;
        Ok(built)
    }

    /// Outputs only these columns.
    pub fn keep_columns(&mut self, built: &mut Built, columns: &[usize]) -> Result<()> {
        if columns.len() == built.layout.len() && columns.iter().enumerate().all(|(n, &c)| n == c) {
            return Ok(());
        }
        if let Some(project) = &mut built.node.project {
            // The columns that nobody wants need not be computed.
            let mut slots: Vec<Option<crate::plan::Expr>> = project.drain(..).map(Some).collect();
            *project = columns.iter().filter_map(|&c| slots[c].take()).collect();
            if project.len() == columns.len() {
                built.node.output = columns.iter().map(|&c| built.node.output[c]).collect();
                built.layout = columns.iter().map(|&c| built.layout[c].clone()).collect();
                built.node.shown = self.outputs_shown(&built.layout);
                return Ok(());
            }
            return Err(Error::internal("a column was wanted twice"));
        }
        built.node.project = Some(
            columns
                .iter()
                .map(|&c| crate::plan::Expr { kind: crate::plan::ExprKind::Column(c), ty: built.node.output[c] })
                .collect(),
        );
        built.node.output = columns.iter().map(|&c| built.node.output[c]).collect();
        built.layout = columns.iter().map(|&c| built.layout[c].clone()).collect();
        built.node.shown = self.outputs_shown(&built.layout);
        Ok(())
    }

    /// Columns used by the query or by its join tree.
    pub fn find_needed_with(&mut self, tree: &Tree) -> Result<()> {
        // The tree's conditions stand in for WHERE while the walk looks.
        let mut quals = Vec::new();
        tree_quals(tree, &mut quals);
        let condition = analyzer::types::all_of(quals);
        self.level().query.where_clause = condition;
        self.find_needed();
        self.level().query.where_clause = None;
        for mark in self.level().query.row_marks.clone() {
            // In a tree the place alone does not say which table's row it is.
            let tree = match self.level().query.range_table[mark.relation].kind {
                q::EntryKind::Relation { oid, inherit, .. } => self.is_tree(&*self.relation(oid)?, inherit)?,
                _ => false,
            };
            let list = &mut self.level().needed[mark.relation];
            for &column in if tree { &[-1, -6][..] } else { &[-1] } {
                if let Err(at) = list.binary_search(&column) {
                    list.insert(at, column);
                }
            }
        }
        Ok(())
    }

    /// What the rest of the query wants of the joined rows: an order for ORDER BY, or one for grouping.
    fn goal(&mut self, targets: &[TargetEntry], order_by: &[SortClause]) -> Result<Goal> {
        let fraction = self.limit_fraction();
        let query = &self.level().query;
        if query.has.target_sets && !query.group_by.is_empty() || query.grouping_sets.is_some() {
            return Ok(Goal::default());
        }
        if query.has.windows {
            let rows = query.group_by.is_empty() && !query.has.aggregates && query.having.is_none();
            let order = if rows { self.window_order(targets) } else { Vec::new() };
            return Ok(Goal { order, ..Goal::default() });
        }
        if !query.group_by.is_empty() {
            let (clauses, ..) = self.group_clauses(targets, order_by);
            let (keys, _) = self.group_keys();
            let transitions = self.transitions()?;
            let grouping = self.grouping(&clauses, keys, transitions);
            return Ok(Goal { order: self.path_keys(targets, &clauses), fraction: 0.0, grouping: Some(grouping) });
        }
        if query.has.aggregates || query.having.is_some() {
            return Ok(Goal::default());
        }
        let distinct = query.distinct.clone();
        if !distinct.is_empty() {
            if self.level().query.distinct_on {
                let order = self.path_keys(targets, if order_by.is_empty() { &distinct } else { order_by });
                return Ok(Goal { order, fraction, grouping: None });
            }
            if self.level().query.has.target_sets {
                return Ok(Goal::default());
            }
            let order = self.path_keys(targets, &distinct);
            let keys = order.iter().map(|key| key.expr.clone()).collect();
            let grouping = self.grouping(&distinct, keys, 0.0);
            return Ok(Goal { order, fraction: fraction.min(1.0), grouping: Some(grouping) });
        }
        if query.has.target_sets {
            return Ok(Goal::default());
        }
        Ok(Goal { order: self.path_keys(targets, order_by), fraction, grouping: None })
    }

    fn grouping(&self, clauses: &[SortClause], keys: Vec<Expr>, transitions: f64) -> Grouping {
        Grouping {
            keys,
            transitions,
            can_hash: clauses.iter().all(|clause| clause.hashable) && !clauses.is_empty(),
            can_sort: clauses.iter().all(|clause| clause.ordering.is_valid()),
        }
    }

    /// The aggregates of the query itself, if none of them stands in a subquery; else none.
    pub fn own_aggregates(&mut self) -> Vec<Expr> {
        let query = &self.level().query;
        let (mut found, mut deep) = (Calls::default(), Calls { no_queries: true, ..Calls::default() });
        for expr in query.targets.iter().map(|target| &target.expr).chain(&query.having) {
            found.expr(expr);
            deep.expr(expr);
        }
        if found.aggregates.len() == deep.aggregates.len() { found.aggregates } else { Vec::new() }
    }

    /// Operators' worth of work that the aggregates do for a row.
    fn transitions(&mut self) -> Result<f64> {
        let query = &self.level().query;
        let mut found = Calls::default();
        query.targets.iter().for_each(|target| found.expr(&target.expr));
        query.having.iter().for_each(|having| found.expr(having));
        let mut work = 0.0;
        for aggregate in &found.aggregates {
            let ExprKind::Aggregate(call) = &aggregate.kind else { continue };
            work += 1.0;
            for arg in &call.args {
                work += crate::cost::operators_in(self.ctx.catalog, &arg.expr);
            }
            if !call.distinct.is_empty() || !call.order_by.is_empty() {
                work += 2.0;
            }
        }
        Ok(work * self.ctx.costs.cpu_operator_cost)
    }

    /// GROUP BY in an order that serves ORDER BY, as far as that names the same: the clauses, and where each was.
    fn group_clauses(&mut self, targets: &[TargetEntry], order_by: &[SortClause]) -> (Vec<SortClause>, Vec<usize>) {
        let clauses = self.level().query.group_by.clone();
        let _ = targets;
        let mut places: Vec<usize> = Vec::with_capacity(clauses.len());
        let mut ordered: Vec<SortClause> = Vec::with_capacity(clauses.len());
        if self.level().query.grouping_sets.is_none() {
            for order in order_by {
                let Some(at) = clauses.iter().position(|clause| clause.target_ref == order.target_ref) else { break };
                if !places.contains(&at) {
                    places.push(at);
                    ordered.push(SortClause { hashable: clauses[at].hashable, ..*order });
                }
            }
        }
        for (at, clause) in clauses.iter().enumerate() {
            if !places.contains(&at) {
                places.push(at);
                ordered.push(*clause);
            }
        }
        (ordered, places)
    }

    pub fn path_keys(&mut self, targets: &[TargetEntry], clauses: &[SortClause]) -> Vec<PathKey> {
        clauses
            .iter()
            .filter_map(|clause| {
                let target = targets.iter().find(|t| t.sort_ref == clause.target_ref)?;
                Some(PathKey {
                    expr: target.expr.clone(),
                    operator: clause.ordering,
                    descending: clause.descending,
                    nulls_first: clause.nulls_first,
                })
            })
            .collect()
    }

    /// How much of the rows below LIMIT is likely to be read: a count if above one, else a fraction.
    fn limit_fraction(&mut self) -> f64 {
        let query = &self.level().query;
        let whole = query.has.aggregates
            || !query.group_by.is_empty()
            || query.grouping_sets.is_some()
            || !query.distinct.is_empty()
            || !query.windows.is_empty();
        match (&query.limit, whole) {
            (Some(limit), false) => {
                let offset = constant_int(query.offset.as_ref()).unwrap_or(0).max(0) as f64;
                match constant_int(Some(limit)) {
                    Some(count) => count.max(0) as f64 + offset + 1.000_001,
                    None => 0.1,
                }
            }
            _ => 0.0,
        }
    }

    /// A sort key of the plan.
    pub fn sort_key(&self, column: usize, ty: ColumnType, clause: &SortClause) -> Result<SortKey> {
        self.sort_key_by(column, ty, clause.ordering, clause.descending, clause.nulls_first)
    }

    pub fn sort_key_by(
        &self,
        column: usize,
        ty: ColumnType,
        operator: Oid,
        descending: bool,
        nulls_first: bool,
    ) -> Result<SortKey> {
        let families = self.ctx.catalog.operator_families(operator)?;
        let member = families
            .iter()
            .find(|m| m.amopmethod == catalog::objects::BTREE && m.amoppurpose == b's')
            .ok_or_else(|| Error::internal(format!("operator {operator} orders nothing")))?;
        let compare = self
            .ctx
            .catalog
            .family_function(member.amopfamily, member.amoplefttype, member.amoprighttype, 1)?
            .unwrap_or_default();
        Ok(SortKey { column, operator, compare, descending, nulls_first, collation: ty.collation })
    }

    /// A group key of the plan.
    pub fn group_key(&self, column: usize, ty: ColumnType, equality: Oid) -> Result<GroupKey> {
        let equal = self.ctx.catalog.operator(equality)?.oprcode;
        let hash = analyzer::types::ordering(self.ctx.catalog, ty.oid)?.hash;
        Ok(GroupKey { column, equal, hash, collation: ty.collation })
    }

    /// Makes sure that expressions are columns; tells where they are.
    pub fn columns_for(&mut self, built: &mut Built, exprs: &[Expr]) -> Result<Vec<usize>> {
        let missing: Vec<Expr> = exprs.iter().filter(|e| !built.layout.contains(e)).cloned().collect();
        if !missing.is_empty() {
            let mut all = built.layout.clone();
            for expr in missing {
                if !all.contains(&expr) {
                    all.push(expr);
                }
            }
            self.project(built, &all)?;
        }
        exprs
            .iter()
            .map(|e| {
                built
                    .layout
                    .iter()
                    .position(|have| have == e)
                    .ok_or_else(|| Error::internal("a column was not computed"))
            })
            .collect()
    }

    /// What EXPLAIN writes behind a sort key: its collation if that is not its type's, and its direction.
    pub fn sort_suffix(&self, key: &PathKey) -> Result<String> {
        let (ty, order) = (key.expr.ty, order_suffix(key.descending, key.nulls_first));
        if !ty.collation.is_valid() || self.ctx.catalog.type_(ty.oid)?.typcollation == ty.collation {
            return Ok(order.to_string());
        }
        Ok(format!(" COLLATE {}{order}", self.ctx.catalog.collation_text(ty.collation)?))
    }

    /// Sorts, unless sorted already.
    pub fn sort(&mut self, mut built: Built, keys: Vec<PathKey>) -> Result<Built> {
        let wanted = self.canonical_order(&keys);
        if keys.is_empty() || is_sorted(&built.order, &wanted) {
            return Ok(built);
        }
        // What is the same in all rows, or was a key before, does not count; but something must.
        let keys: Vec<PathKey> = match wanted.is_empty() {
            true => return Ok(built),
            false => keys.into_iter().filter(|key| !self.canonical_order(std::slice::from_ref(key)).is_empty()).fold(
                Vec::new(),
                |mut kept, key| {
                    if !kept.iter().any(|other: &PathKey| self.canonical(&other.expr) == self.canonical(&key.expr)) {
                        kept.push(key);
                    }
                    kept
                },
            ),
        };
        let exprs: Vec<Expr> = keys.iter().map(|key| key.expr.clone()).collect();
        let columns = self.columns_for(&mut built, &exprs)?;
        let mut sort_keys = Vec::with_capacity(keys.len());
        for (key, &column) in keys.iter().zip(&columns) {
            let ty = built.node.output[column];
            sort_keys.push(self.sort_key_by(column, ty, key.operator, key.descending, key.nulls_first)?);
        }
        let order = self.canonical_order(&keys);
        let presorted = match self.ctx.costs.enable_incremental_sort {
            true => common_keys(&built.order, &order).min(keys.len()),
            false => 0,
        };
        let limit = self.sort_limit();
        let input = built.node.cost;
        let (work, _) = self.sort_work_of(
            Work::new(input.startup, input.total),
            input.rows,
            f64::from(input.width),
            presorted,
            &order,
            limit.map(|limit| limit as f64),
        )?;
        let cost = Cost { startup: work.startup, total: work.total, rows: input.rows, width: input.width };
        let kind = NodeKind::Sort { input: Box::new(built.node), keys: sort_keys, presorted, limit };
        let mut node = self.node(kind, &built.layout, cost)?;
        node.disabled = presorted == 0 && !self.ctx.costs.enable_sort;
        self.sort_details(&mut node, &exprs, &keys, presorted)?;
        Ok(Built { node, layout: built.layout, order })
    }

    /// How many sorted rows are wanted, if nothing above the sort drops or adds any.
    fn sort_limit(&mut self) -> Option<u64> {
        let query = &self.level().query;
        let plain = query.group_by.is_empty()
            && query.grouping_sets.is_none()
            && !query.has.aggregates
            && query.windows.is_empty()
            && query.distinct.is_empty()
            && query.row_marks.is_empty()
            && !query.has.target_sets
            && !query.with_ties;
        let count = constant_int(query.limit.as_ref()).filter(|_| plain)?;
        let offset = match &query.offset {
            Some(offset) => constant_int(Some(offset))?,
            None => 0,
        };
        u64::try_from(count).ok()?.checked_add(u64::try_from(offset).ok()?)
    }

    pub fn sort_by(&mut self, built: Built, targets: &[TargetEntry], order_by: &[SortClause]) -> Result<Built> {
        let keys = self.path_keys(targets, order_by);
        self.sort(built, keys)
    }

    /// GROUP BY, aggregates, HAVING.
    fn group(&mut self, mut built: Built) -> Result<Built> {
        let query = &self.level().query;
        let grouped = !query.group_by.is_empty()
            || query.grouping_sets.is_some()
            || query.has.aggregates
            || query.having.is_some();
        if !grouped {
            return Ok(built);
        }
        let sets = query.grouping_sets.clone();
        let having = query.having.clone();
        let targets = query.targets.clone();
        let order_by = query.order_by.clone();
        let (keys, key_columns) = self.group_keys();
        if keys.len() != self.level().query.group_by.len() {
            return Err(Error::internal("a group key has no target"));
        }
        let (mut clauses, places) = self.group_clauses(&targets, &order_by);
        let mut keys: Vec<Expr> = places.iter().map(|&at| keys[at].clone()).collect();
        let mut key_columns: Vec<Expr> = places.iter().map(|&at| key_columns[at].clone()).collect();
        let mut found = Calls::default();
        for target in &targets {
            found.expr(&target.expr);
        }
        if let Some(having) = &having {
            found.expr(having);
        }
        let sortable = clauses.iter().all(|c| c.ordering.is_valid());
        let ordered_input = found.aggregates.iter().any(|e| match &e.kind {
            ExprKind::Aggregate(a) => !a.order_by.is_empty() || !a.distinct.is_empty(),
            _ => false,
        });
        let input_rows = built.node.cost.rows;
        let groups = self.groups(&keys, input_rows)?;
        let many_sets = sets.as_ref().is_some_and(|s| s.len() > 1 || s.first().is_none_or(|s| s.len() != keys.len()));
        let transitions = self.transitions()?;
        let input = built.node.cost;
        let work = Work::new(input.startup, input.total);
        let mut disabled = false;
        let strategy = if keys.is_empty() && !many_sets {
            AggregateStrategy::Plain
        } else if many_sets {
            // Each set for itself; what is aggregated in an order is for sorted groups only.
            let of = |set: &[u32], fits: fn(&SortClause) -> bool| {
                set.iter().all(|r| clauses.iter().find(|clause| clause.target_ref == *r).is_some_and(fits))
            };
            let possible = |set: &Vec<u32>| {
                of(set, |clause| clause.ordering.is_valid()) || !ordered_input && of(set, |clause| clause.hashable)
            };
            if !sets.iter().flatten().all(possible) {
                return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, "could not implement GROUP BY")
                    .detail("Some of the datatypes only support hashing, while others only support sorting."));
            }
            AggregateStrategy::Hashed
        } else {
            let mut grouping = self.grouping(&clauses, keys.clone(), transitions);
            grouping.can_hash &= !ordered_input || !sortable;
            if !grouping.can_hash && !grouping.can_sort {
                return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, "could not implement GROUP BY")
                    .detail("Some of the datatypes only support hashing, while others only support sorting."));
            }
            let order = built.order.clone();
            let chosen = self.grouping_work(work, input.rows, f64::from(input.width), &order, 0, &grouping)?;
            disabled = chosen.hashed && !self.ctx.costs.enable_hashagg;
            if chosen.hashed { AggregateStrategy::Hashed } else { AggregateStrategy::Sorted }
        };
        if strategy == AggregateStrategy::Sorted {
            // In the order in which rows come, as far as that goes.
            if self.ctx.costs.enable_group_by_reordering {
                let mut first: Vec<usize> = Vec::new();
                for have in built.order.clone() {
                    let at = (0..keys.len()).find(|&at| {
                        let expr = self.canonical(&keys[at]);
                        !first.contains(&at) && crate::path::same_value(&expr, &have.expr)
                    });
                    let Some(at) = at else { break };
                    clauses[at] = SortClause {
                        ordering: have.operator,
                        descending: have.descending,
                        nulls_first: have.nulls_first,
                        ..clauses[at]
                    };
                    first.push(at);
                }
                let rest: Vec<usize> = (0..keys.len()).filter(|at| !first.contains(at)).collect();
                first.extend(rest);
                clauses = first.iter().map(|&at| clauses[at]).collect();
                keys = first.iter().map(|&at| keys[at].clone()).collect();
                key_columns = first.iter().map(|&at| key_columns[at].clone()).collect();
            }
            let order = clauses
                .iter()
                .zip(&keys)
                .map(|(clause, key)| PathKey {
                    expr: key.clone(),
                    operator: clause.ordering,
                    descending: clause.descending,
                    nulls_first: clause.nulls_first,
                })
                .collect();
            built = self.sort(built, order)?;
        }
        let columns = self.columns_for(&mut built, &keys)?;
        let mut group_keys = Vec::with_capacity(keys.len());
        for (clause, &column) in clauses.iter().zip(&columns) {
            group_keys.push(self.group_key(column, built.node.output[column], clause.equality)?);
        }
        let mut calls = Vec::with_capacity(found.aggregates.len());
        for aggregate in &found.aggregates {
            let mut call = self.aggregate_call(aggregate, &built.layout, &key_columns)?;
            call.shares = self.shared_state(&calls, &found.aggregates, &call, aggregate)?;
            calls.push(call);
        }
        let set_positions: Vec<Vec<usize>> = match &sets {
            None => vec![(0..keys.len()).collect()],
            Some(sets) => sets
                .iter()
                .map(|set| set.iter().filter_map(|r| clauses.iter().position(|c| c.target_ref == *r)).collect())
                .collect(),
        };
        let mut known = key_columns.clone();
        known.extend(found.aggregates.iter().chain(&found.groupings).cloned());
        let carried = self.carried(&known);
        for column in &carried {
            calls.push(self.carry(column, &built.layout)?);
        }
        let mut groupings = Vec::with_capacity(found.groupings.len());
        for grouping in &found.groupings {
            if let ExprKind::Grouping { args, .. } = &grouping.kind {
                let positions: Option<Vec<usize>> =
                    args.iter().map(|arg| key_columns.iter().position(|k| k == arg)).collect();
                groupings.push(positions.ok_or_else(|| Error::internal("GROUPING of something not grouped"))?);
            }
        }
        let rows = match strategy {
            AggregateStrategy::Plain => 1.0,
            _ => (groups * set_positions.len().max(1) as f64)
                .min(input_rows.max(1.0) * set_positions.len().max(1) as f64),
        };
        let input = built.node.cost;
        let work = Work::new(input.startup, input.total);
        let count = keys.len() as f64;
        let costs = self.ctx.costs;
        let width = f64::from(input.width);
        let work = match strategy {
            AggregateStrategy::Hashed => {
                costs.hash_aggregate(work, (input.rows, width), count, transitions, groups, 0.0)
            }
            AggregateStrategy::Sorted => costs.sorted_aggregate(work, input.rows, count, transitions, groups, 0.0),
            AggregateStrategy::Plain => {
                let startup = work.total + transitions * input.rows;
                Work::new(startup, startup + costs.cpu_tuple_cost)
            }
        };
        let (startup, total) = (work.startup, work.total);
        let order = if strategy == AggregateStrategy::Sorted { built.order.clone() } else { Vec::new() };
        let mut layout = key_columns;
        layout.extend(found.aggregates.iter().cloned());
        layout.extend(carried);
        layout.extend(found.groupings.iter().cloned());
        let cost = Cost { startup, total, rows, width: self.width(&layout) };
        let kind = NodeKind::Aggregate {
            input: Box::new(built.node),
            strategy,
            keys: group_keys,
            sets: set_positions,
            aggregates: calls,
            groupings,
            groups,
        };
        let mut node = self.node(kind, &layout, cost)?;
        node.disabled = disabled;
        // Keys that are the same in all rows, or as another one, are not shown.
        let shown = match many_sets {
            true => keys,
            false => self.telling(keys),
        };
        self.detail(&mut node, "Group Key", &shown);
        if let Some(having) = having {
            let mut conditions = Vec::new();
            crate::prepare::conjuncts(having, &mut conditions);
            let conditions = self.by_cost(&conditions);
            self.filter(&mut node, &layout, &conditions)?;
            let selectivity = self.selectivity_of_all(&conditions)?;
            node.cost.rows = (node.cost.rows * selectivity).max(1.0).round_ties_even();
        }
        Ok(Built { node, layout, order })
    }

    /// An aggregate over rows of `layout`; its direct arguments are over the group's `keys`.
    fn aggregate_call(&mut self, expr: &Expr, layout: &[Expr], keys: &[Expr]) -> Result<AggregateCall> {
        let ExprKind::Aggregate(aggregate) = &expr.kind else {
            return Err(Error::internal("not an aggregate"));
        };
        let args: Vec<Expr> = aggregate.args.iter().map(|t| t.expr.clone()).collect();
        let compiled = self.compile_all(&args, layout)?;
        let position = |r: u32| {
            aggregate
                .args
                .iter()
                .position(|t| t.sort_ref == r)
                .ok_or_else(|| Error::internal("an aggregate's sort key has no argument"))
        };
        let mut order = Vec::new();
        for clause in &aggregate.order_by {
            let at = position(clause.target_ref)?;
            order.push(self.sort_key(at, compiled[at].ty, clause)?);
        }
        let mut distinct = Vec::new();
        for clause in &aggregate.distinct {
            let at = position(clause.target_ref)?;
            distinct.push(self.group_key(at, compiled[at].ty, clause.equality)?);
        }
        let filter = match &aggregate.filter {
            Some(filter) => Some(self.compile(filter, layout)?),
            None => None,
        };
        let called = Called {
            function: aggregate.function,
            direct: &aggregate.direct_args,
            args: aggregate.args.iter().filter(|t| !t.junk).map(|t| &t.expr).collect(),
            collation: aggregate.input_collation,
            variadic: aggregate.variadic,
            result: expr.ty,
            moving: false,
        };
        let (function, users) = match self.aggregate_way(&called)? {
            Way::Builtin(function) => (function, None),
            Way::Users(users) => (aggregate.function, Some(users)),
        };
        // A user's ordered-set aggregate gets its rows as they come: its own functions would have to sort them.
        if users.is_some() && aggregate.kind != b'n' {
            order.clear();
        }
        Ok(AggregateCall {
            function,
            users,
            shares: None,
            arg_count: aggregate.args.iter().filter(|t| !t.junk).count(),
            args: compiled,
            direct_args: self.compile_all(&aggregate.direct_args, keys)?,
            order,
            distinct,
            filter,
            collation: aggregate.input_collation,
            ty: self.column_type(expr.ty)?,
        })
    }

    /// The earlier call whose state a user's aggregate can share: one that takes in the same rows in the same way, unless a final
    /// function changes the state.
    fn shared_state(
        &self,
        earlier: &[AggregateCall],
        exprs: &[Expr],
        call: &AggregateCall,
        expr: &Expr,
    ) -> Result<Option<usize>> {
        let (Some(users), ExprKind::Aggregate(aggregate)) = (&call.users, &expr.kind) else { return Ok(None) };
        let shareable = |function: Oid| Ok::<_, Error>(self.ctx.catalog.aggregate(function)?.aggfinalmodify != b'w');
        if !shareable(call.function)? || crate::prepare::is_volatile(self.ctx.catalog, expr)? {
            return Ok(None);
        }
        for (at, (other, expr)) in earlier.iter().zip(exprs).enumerate() {
            let (Some(theirs), ExprKind::Aggregate(other_aggregate)) = (&other.users, &expr.kind) else { continue };
            let same_way = theirs.transition == users.transition
                && theirs.initial == users.initial
                && theirs.strict == users.strict
                && theirs.state == users.state;
            let same_rows = aggregate.args == other_aggregate.args
                && aggregate.order_by == other_aggregate.order_by
                && aggregate.distinct == other_aggregate.distinct
                && aggregate.filter == other_aggregate.filter;
            if same_way && same_rows && other.shares.is_none() && shareable(other.function)? {
                return Ok(Some(at));
            }
        }
        Ok(None)
    }

    /// Set-returning functions in the target list: the innermost first.
    fn project_sets(&mut self, mut built: Built, targets: &[TargetEntry]) -> Result<Built> {
        for _ in 0..100 {
            let mut found = SetCalls { layout: &built.layout, found: Vec::new() };
            for target in targets {
                found.expr(&target.expr);
            }
            let calls = found.found;
            if calls.is_empty() {
                return Ok(built);
            }
            let mut items = Vec::with_capacity(built.layout.len() + calls.len());
            for (at, expr) in built.layout.iter().enumerate() {
                let ty = self.column_type(expr.ty)?;
                items.push(SetItem::Value(crate::plan::Expr { kind: crate::plan::ExprKind::Column(at), ty }));
            }
            let mut rows: f64 = 1.0;
            for call in &calls {
                if let ExprKind::Function(f) = &call.kind {
                    rows = rows.max(self.set_rows(f)?);
                }
                let row = self.row_shape(call)?;
                items.push(SetItem::Set { call: self.compile_set_call(call, &built.layout)?, row });
            }
            let input = built.node.cost;
            let mut layout = built.layout.clone();
            layout.extend(calls);
            let cost = Cost {
                startup: input.startup,
                total: input.total + input.rows * rows * self.ctx.costs.cpu_tuple_cost,
                rows: input.rows * rows,
                width: self.width(&layout),
            };
            let kind = NodeKind::ProjectSet { input: Box::new(built.node), items };
            built = Built { node: self.node(kind, &layout, cost)?, layout, order: Vec::new() };
        }
        Err(Error::internal("set-returning functions nest too deeply"))
    }

    fn distinct(
        &mut self,
        mut built: Built,
        targets: &[TargetEntry],
        clauses: &[SortClause],
        order_by: &[SortClause],
    ) -> Result<Built> {
        let on = self.level().query.distinct_on;
        let exprs: Vec<Expr> = clauses
            .iter()
            .filter_map(|c| targets.iter().find(|t| t.sort_ref == c.target_ref))
            .map(|t| t.expr.clone())
            .collect();
        let groups = self.groups(&exprs, built.node.cost.rows)?;
        let input = built.node.cost;
        let grouping = self.grouping(clauses, exprs.clone(), 0.0);
        let have = built.order.clone();
        let mut hash = false;
        if !on {
            let work = Work::new(input.startup, input.total);
            let width = f64::from(input.width);
            hash = self.grouping_work(work, input.rows, width, &have, 0, &grouping)?.hashed;
        }
        if !hash {
            let mut keys = self.path_keys(targets, clauses);
            if self.ctx.costs.enable_distinct_reordering && !on {
                keys = self.reordered(keys, &have);
            }
            if on {
                for key in self.path_keys(targets, order_by) {
                    if !keys.iter().any(|k| k.expr == key.expr) {
                        keys.push(key);
                    }
                }
            }
            built = self.sort(built, keys)?;
        }
        let columns = self.columns_for(&mut built, &exprs)?;
        let mut keys = Vec::with_capacity(columns.len());
        for (clause, &column) in clauses.iter().zip(&columns) {
            keys.push(self.group_key(column, built.node.output[column], clause.equality)?);
        }
        let input = built.node.cost;
        let work = self.ctx.costs.cpu_operator_cost * keys.len() as f64 * input.rows;
        if !hash {
            let cost = Cost { startup: input.startup, total: input.total + work, rows: groups, width: input.width };
            let node = self.node(NodeKind::Unique { input: Box::new(built.node), keys }, &built.layout, cost)?;
            return Ok(Built { node, layout: built.layout, order: built.order });
        }
        // The keys come out in their own order; back to that of the targets.
        let layout = exprs.clone();
        let cost = Cost {
            startup: input.total + work,
            total: input.total + work + groups * self.ctx.costs.cpu_tuple_cost,
            rows: groups,
            width: input.width,
        };
        let kind = NodeKind::Aggregate {
            input: Box::new(built.node),
            strategy: AggregateStrategy::Hashed,
            sets: vec![(0..keys.len()).collect()],
            keys,
            aggregates: Vec::new(),
            groupings: Vec::new(),
            groups,
        };
        let mut node = self.node(kind, &layout, cost)?;
        node.disabled = !self.ctx.costs.enable_hashagg;
        self.detail(&mut node, "Group Key", &exprs);
        let mut built = Built { node, layout, order: Vec::new() };
        let wanted: Vec<Expr> = targets.iter().map(|t| t.expr.clone()).collect();
        self.project(&mut built, &wanted)?;
        Ok(built)
    }

    /// Keys, those first that rows are sorted by, in that order.
    fn reordered(&mut self, keys: Vec<PathKey>, have: &[PathKey]) -> Vec<PathKey> {
        let mut first: Vec<PathKey> = Vec::with_capacity(keys.len());
        for sorted in have {
            let found = keys.iter().find(|key| {
                let expr = self.canonical(&key.expr);
                crate::path::same_value(&expr, &sorted.expr)
            });
            let Some(found) = found else { break };
            first.push(PathKey { expr: found.expr.clone(), ..sorted.clone() });
        }
        let rest: Vec<PathKey> =
            keys.into_iter().filter(|key| !first.iter().any(|other| other.expr == key.expr)).collect();
        first.extend(rest);
        first
    }

    /// How rows in an order are best grouped: by hashing, or (sorted first, as far as they are not) one group after the other.
    pub fn grouping_work(
        &mut self,
        input: Work,
        rows: f64,
        width: f64,
        order: &[PathKey],
        disabled: u32,
        grouping: &Grouping,
    ) -> Result<Grouped> {
        let costs = self.ctx.costs.clone();
        let groups = self.groups(&grouping.keys, rows)?;
        let count = grouping.keys.len() as f64;
        let mut keys: Vec<PathKey> = Vec::with_capacity(grouping.keys.len());
        for expr in &grouping.keys {
            let key = PathKey { expr: expr.clone(), operator: Oid::INVALID, descending: false, nulls_first: false };
            keys.extend(self.canonical_order(&[key]));
        }
        let presorted = order
            .iter()
            .take_while(|have| keys.iter().any(|key| crate::path::same_value(&key.expr, &have.expr)))
            .count();
        let mut best: Option<Grouped> = None;
        if grouping.can_sort {
            let (mut sorted, mut off) = (input, 0);
            if presorted < keys.len() {
                let wanted = self.reordered(keys.clone(), order);
                (sorted, off) = self.sort_work_of(input, rows, width, presorted, &wanted, None)?;
            }
            let work = costs.sorted_aggregate(sorted, rows, count, grouping.transitions, groups, 0.0);
            best = Some(Grouped { work, disabled: disabled + off, hashed: false });
        }
        if grouping.can_hash {
            let work = costs.hash_aggregate(input, (rows, width), count, grouping.transitions, groups, 0.0);
            let hashed = Grouped { work, disabled: disabled + u32::from(!costs.enable_hashagg), hashed: true };
            let better = best.as_ref().is_none_or(|sorted| {
                (hashed.disabled, hashed.work.total * 1.000_000_1) < (sorted.disabled, sorted.work.total)
            });
            if better {
                best = Some(hashed);
            }
        }
        Ok(best.unwrap_or(Grouped { work: input, disabled, hashed: true }))
    }

    fn lock_rows(&mut self, built: Built, marks: &[q::RowMark], first: usize) -> Result<Built> {
        self.read_only = false;
        let mut plan_marks = Vec::with_capacity(marks.len());
        let mut trees = 0;
        for (n, mark) in marks.iter().enumerate() {
            let lock = Some((mark.strength, mark.wait));
            if let Some(scans) = self.level().trees.get(&mark.relation).cloned() {
                let column = first + marks.len() + trees;
                trees += 1;
                plan_marks.extend(scans.iter().map(|scan| RowMark {
                    relation: scan.relation,
                    tid: first + n,
                    table: Some((column, scan.oid)),
                    lock,
                }));
                continue;
            }
            let relation = self.relation_use_of(mark.relation)?;
            plan_marks.push(RowMark { relation, tid: first + n, table: None, lock });
        }
        let cost = built.node.cost;
        let kind = NodeKind::LockRows { input: Box::new(built.node), marks: plan_marks };
        Ok(Built { node: self.node(kind, &built.layout, cost)?, layout: built.layout, order: built.order })
    }

    /// The plan's number of a relation of the current range table, once its scan was built.
    pub fn relation_use_of(&mut self, entry: usize) -> Result<usize> {
        let scanned = self.level().scanned.get(&entry).copied();
        scanned.ok_or_else(|| Error::internal("a locked relation is not read"))
    }

    pub fn limit(&mut self, built: Built, targets: &[TargetEntry], order_by: &[SortClause]) -> Result<Built> {
        let (count, offset, with_ties) = {
            let query = &self.level().query;
            (query.limit.clone(), query.offset.clone(), query.with_ties)
        };
        // LIMIT ALL and OFFSET 0 only kept the query apart.
        let is_null = |bound: &Option<Expr>| {
            bound.as_ref().is_none_or(|bound| matches!(bound.kind, ExprKind::Const(batch::Datum::Null)))
        };
        if is_null(&count) && (is_null(&offset) || constant_int(offset.as_ref()) == Some(0)) && !with_ties {
            return Ok(built);
        }
        let input = built.node.cost;
        let skip = constant_int(offset.as_ref()).unwrap_or(0).max(0) as f64;
        let skip = skip.min(input.rows);
        let rows = match &count {
            Some(count) => match constant_int(Some(count)) {
                Some(n) => (n.max(0) as f64).min(input.rows - skip).max(1.0),
                None => (input.rows * 0.1).ceil().max(1.0),
            },
            None => (input.rows - skip).max(1.0),
        };
        let per_row = (input.total - input.startup) / input.rows.max(1.0);
        let cost = Cost {
            startup: input.startup + per_row * skip,
            total: input.startup + per_row * (skip + rows),
            rows,
            width: input.width,
        };
        let ties = if with_ties {
            let mut keys = Vec::with_capacity(order_by.len());
            for clause in order_by {
                let at = targets
                    .iter()
                    .position(|t| t.sort_ref == clause.target_ref)
                    .ok_or_else(|| Error::internal("a sort key has no target"))?;
                keys.push(self.group_key(at, built.node.output[at], clause.equality)?);
            }
            Some(keys)
        } else {
            None
        };
        let count = match &count {
            Some(count) => Some(self.compile(count, &[])?),
            None => None,
        };
        let offset = match &offset {
            Some(offset) => Some(self.compile(offset, &[])?),
            None => None,
        };
        let kind = NodeKind::Limit { input: Box::new(built.node), count, offset, ties };
        let node = self.node(kind, &built.layout, cost)?;
        Ok(Built { node, layout: built.layout, order: built.order })
    }
}

/// How rows are best grouped, and what that comes to.
pub(crate) struct Grouped {
    pub work: Work,
    pub disabled: u32,
    pub hashed: bool,
}

/// The integer that an expression is, if it is a constant.
fn constant_int(expr: Option<&Expr>) -> Option<i64> {
    match &expr?.kind {
        ExprKind::Const(batch::Datum::B8(n)) => Some(*n),
        ExprKind::Const(batch::Datum::B4(n)) => Some(i64::from(*n)),
        _ => None,
    }
}

fn tree_quals(tree: &Tree, into: &mut Vec<Expr>) {
    match tree {
        Tree::Relation(_) => {}
        Tree::Group { items, quals } => {
            into.extend(quals.iter().cloned());
            items.iter().for_each(|item| tree_quals(item, into));
        }
        Tree::Join { left, right, on, .. } => {
            into.extend(on.iter().cloned());
            tree_quals(left, into);
            tree_quals(right, into);
        }
    }
}

/// The aggregates and GROUPING calls of a query's own level, each once; those that stand in subqueries too.
#[derive(Default)]
struct Calls {
    aggregates: Vec<Expr>,
    groupings: Vec<Expr>,
    depth: u32,
    /// Subqueries are left aside.
    no_queries: bool,
}

impl Calls {
    fn add(list: &mut Vec<Expr>, expr: &Expr, depth: u32) {
        let mut expr = expr.clone();
        analyzer::shift_levels_from(&mut expr, -(depth as i32), depth);
        if !list.contains(&expr) {
            list.push(expr);
        }
    }
}

impl Visitor for Calls {
    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Aggregate(a) if a.level == self.depth => Calls::add(&mut self.aggregates, expr, self.depth),
            ExprKind::Grouping { level, .. } if *level == self.depth => {
                Calls::add(&mut self.groupings, expr, self.depth);
            }
            _ => expr.visit_children(self),
        }
    }
    fn query(&mut self, query: &Query) {
        if self.no_queries {
            return;
        }
        self.depth += 1;
        query.visit_children(self);
        self.depth -= 1;
    }
    fn as_dyn(&mut self) -> &mut dyn Visitor {
        self
    }
}

/// The largest parts of expressions that are columns already.
struct Parts<'l> {
    layout: &'l [Expr],
    found: Vec<Expr>,
}

impl Visitor for Parts<'_> {
    fn expr(&mut self, expr: &Expr) {
        match self.layout.contains(expr) {
            true if !self.found.contains(expr) => self.found.push(expr.clone()),
            true => {}
            false => expr.visit_children(self),
        }
    }
    fn query(&mut self, query: &Query) {
        // Columns that a subquery reads of this query.
        let (layout, found) = (self.layout, &mut self.found);
        let mut outer = OuterParts { layout, found, depth: 0 };
        Visitor::query(&mut outer, query);
    }
    fn as_dyn(&mut self) -> &mut dyn Visitor {
        self
    }
}

/// The same within subqueries, where the query's own columns are outer ones.
struct OuterParts<'l, 'f> {
    layout: &'l [Expr],
    found: &'f mut Vec<Expr>,
    depth: u32,
}

impl Visitor for OuterParts<'_, '_> {
    fn expr(&mut self, expr: &Expr) {
        if crate::grouping::outer_level(expr) == self.depth {
            let mut own = expr.clone();
            analyzer::shift_levels_from(&mut own, -(self.depth as i32), self.depth);
            if self.layout.contains(&own) && !self.found.contains(&own) {
                self.found.push(own);
            }
        }
        expr.visit_children(self);
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

/// Whether an expression has columns or subqueries in it: its value is not known before rows are read.
pub(crate) fn reads_rows(expr: &Expr) -> bool {
    struct Finder(bool);
    impl Visitor for Finder {
        fn expr(&mut self, expr: &Expr) {
            match expr.kind {
                ExprKind::Var(_) | ExprKind::SubLink(_) | ExprKind::Aggregate(_) | ExprKind::Grouping { .. } => {
                    self.0 = true;
                }
                _ => expr.visit_children(self),
            }
        }
        fn as_dyn(&mut self) -> &mut dyn Visitor {
            self
        }
    }
    let mut finder = Finder(false);
    finder.expr(expr);
    finder.0
}

/// An expression as the argument of another one.
fn wrapped(expr: &Expr) -> Expr {
    let kind = ExprKind::Coalesce(vec![expr.clone()]);
    Expr { kind, ..expr.clone() }
}

/// The innermost calls of set-returning functions that are not columns yet.
struct SetCalls<'l> {
    layout: &'l [Expr],
    found: Vec<Expr>,
}

impl Visitor for SetCalls<'_> {
    fn expr(&mut self, expr: &Expr) {
        if self.layout.contains(expr) {
            return;
        }
        let before = self.found.len();
        expr.visit_children(self);
        let is_set = match &expr.kind {
            ExprKind::Function(call) => call.set,
            ExprKind::Operator(call) => call.set,
            _ => false,
        };
        // With sets among its arguments it waits for the next round.
        if is_set && self.found.len() == before && !contains_set(expr, self.layout) && !self.found.contains(expr) {
            self.found.push(expr.clone());
        }
    }
    fn query(&mut self, _: &Query) {}
    fn as_dyn(&mut self) -> &mut dyn Visitor {
        self
    }
}

/// Whether arguments of a call hold sets that are not columns yet.
fn contains_set(expr: &Expr, layout: &[Expr]) -> bool {
    struct Finder<'l>(&'l [Expr], bool, bool);
    impl Visitor for Finder<'_> {
        fn expr(&mut self, expr: &Expr) {
            if self.0.contains(expr) {
                return;
            }
            if self.2 {
                match &expr.kind {
                    ExprKind::Function(call) => self.1 |= call.set,
                    ExprKind::Operator(call) => self.1 |= call.set,
                    _ => {}
                }
            }
            self.2 = true;
            expr.visit_children(self);
        }
        fn query(&mut self, _: &Query) {}
        fn as_dyn(&mut self) -> &mut dyn Visitor {
            self
        }
    }
    let mut finder = Finder(layout, false, false);
    finder.expr(expr);
    finder.1
}

/// A sort key as EXPLAIN shows it: a column without the collation that stands behind it.
pub(crate) fn sort_shown(expr: &Expr) -> &Expr {
    match &expr.kind {
        ExprKind::Relabel(arg, _) if arg.ty.oid == expr.ty.oid && matches!(arg.kind, ExprKind::Var(_)) => arg,
        _ => expr,
    }
}
