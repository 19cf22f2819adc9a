//! Grouping: GROUP BY, grouping sets, HAVING and the calls of aggregates.

use analyzer::node::Visitor;
use analyzer::query::{Expr, ExprKind, Query, SortClause, TargetEntry};
use error::{Error, Result, SqlState};
use ids::Oid;

use super::grouping_sets::SetsInput;
use super::sets::{contains_set, wrapped};
use crate::cost::Work;
use crate::join::Grouping;
use crate::level::{Built, PathKey, Planner};
use crate::plan::*;
use crate::users_aggregate::{Called, Way};

impl Planner<'_> {
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
    pub(super) fn transitions(&mut self) -> Result<f64> {
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

    /// Whether aggregates take their rows in an order, or each value once.
    pub(super) fn sorts_in_groups(&mut self) -> bool {
        let query = &self.level().query;
        let mut found = Calls::default();
        query.targets.iter().map(|target| &target.expr).chain(&query.having).for_each(|expr| found.expr(expr));
        found.any_ordered()
    }

    /// GROUP BY in an order that serves ORDER BY, as far as that names the same: the clauses, and where each was.
    pub(super) fn group_clauses(
        &mut self,
        targets: &[TargetEntry],
        order_by: &[SortClause],
    ) -> (Vec<SortClause>, Vec<usize>) {
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

    /// GROUP BY, aggregates, HAVING.
    pub(super) fn group(&mut self, mut built: Built) -> Result<Built> {
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
        let ordered_input = found.any_ordered();
        if keys.iter().any(|key| contains_set(&wrapped(key), &built.layout)) {
            built = self.project_sets(built, keys.iter())?;
        }
        let input_rows = built.node.cost.rows;
        let groups = self.groups(&keys, input_rows)?;
        let many_sets = sets.as_ref().is_some_and(|s| s.len() > 1 || s.first().is_none_or(|s| s.len() != keys.len()));
        let transitions = self.transitions()?;
        let input = built.node.cost;
        let work = Work::new(input.startup, input.total);
        let mut disabled = false;
        let mut way = None;
        let strategy = if keys.is_empty() && !many_sets {
            AggregateStrategy::Plain
        } else if let Some(sets) = sets.as_ref().filter(|_| many_sets) {
            for clause in &mut clauses {
                if let Some(order) = order_by.iter().find(|order| order.target_ref == clause.target_ref) {
                    // The direction alone: PostgreSQL puts nulls last here whatever ORDER BY says.
                    *clause = SortClause { hashable: clause.hashable, nulls_first: false, ..*order };
                }
            }
            let (ordered, order_by) = (ordered_input, &order_by);
            let input = SetsInput { sets, clauses: &clauses, keys: &keys, order_by, transitions, ordered };
            let chosen = self.grouping_sets_way(&built, &input)?;
            disabled = chosen.disabled;
            if let Some(first) = chosen.chains.first() {
                built = self.sort(built, input.order(first))?;
            }
            way.insert(chosen).strategy
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
        if strategy == AggregateStrategy::Sorted && way.is_none() {
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
        let input = built.node.cost;
        let count = keys.len() as f64;
        let costs = self.ctx.costs;
        let come = Work::new(input.startup, input.total);
        let rows = match &way {
            Some(way) => way.rows,
            None if strategy == AggregateStrategy::Plain => 1.0,
            None => groups.min(input_rows.max(1.0)),
        };
        let work = match (&way, strategy) {
            (Some(way), _) => way.work,
            (None, AggregateStrategy::Hashed | AggregateStrategy::Mixed) => {
                costs.hash_aggregate(come, (input.rows, f64::from(input.width)), count, transitions, groups, 0.0)
            }
            (None, AggregateStrategy::Sorted) => {
                costs.sorted_aggregate(come, input.rows, count, transitions, groups, 0.0)
            }
            (None, AggregateStrategy::Plain) => {
                let startup = come.total + transitions * input.rows;
                Work::new(startup, startup + costs.cpu_tuple_cost)
            }
        };
        let (startup, total) = (work.startup, work.total);
        let sets_input = sets.as_ref().map(|sets| SetsInput {
            sets,
            clauses: &clauses,
            keys: &keys,
            order_by: &order_by,
            transitions,
            ordered: ordered_input,
        });
        let (mut order, mut rollups, mut shown) = (Vec::new(), Vec::new(), Vec::new());
        match (&way, &sets_input) {
            (Some(way), Some(input)) => {
                rollups = self.sorted_sets(&way.chains, input, &group_keys, &built)?;
                shown = self.sets_shown(way, input)?;
                // Rows of one chain stay sorted by what is a key of all its sets.
                if let ([chain], []) = (&way.chains[..], &way.hashed[..]) {
                    let common = chain.sets.last().map_or(0, |&last| input.sets[last].len());
                    order = input.order(chain).into_iter().take(common).collect();
                    for key in &mut order {
                        if let Some(at) = keys.iter().position(|other| *other == key.expr) {
                            key.expr = key_columns[at].clone();
                        }
                    }
                }
            }
            _ => {
                if strategy != AggregateStrategy::Hashed {
                    rollups.push(SortedSets { sets: vec![0], sort: Vec::new() });
                }
                if strategy == AggregateStrategy::Sorted {
                    order = built.order.clone();
                }
                // Keys that are the same in all rows, or as another one, are not shown.
                let nothing = sets.iter().filter(|_| keys.is_empty()).map(|_| "()".to_string()).collect();
                shown.push(("Group Key", self.telling(keys.clone()), nothing));
            }
        }
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
            rollups,
            aggregates: calls,
            groupings,
            groups,
        };
        let mut node = self.node(kind, &layout, cost)?;
        node.disabled = disabled;
        for (label, exprs, texts) in shown {
            self.detail(&mut node, label, &exprs);
            match (exprs.is_empty(), node.details.last_mut()) {
                (true, _) if texts.is_empty() => {}
                (true, _) => node.details.push(Detail { label, exprs, texts }),
                (false, Some(detail)) => detail.texts = texts,
                (false, None) => {}
            }
        }
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
}

/// How rows are best grouped, and what that comes to.
pub(crate) struct Grouped {
    pub work: Work,
    pub disabled: u32,
    pub hashed: bool,
}

/// The aggregates and GROUPING calls of a query's own level, each once; those that stand in subqueries too.
#[derive(Default)]
pub(super) struct Calls {
    aggregates: Vec<Expr>,
    groupings: Vec<Expr>,
    depth: u32,
    /// Subqueries are left aside.
    no_queries: bool,
}

impl Calls {
    fn any_ordered(&self) -> bool {
        self.aggregates.iter().any(|aggregate| match &aggregate.kind {
            ExprKind::Aggregate(call) => !call.order_by.is_empty() || !call.distinct.is_empty(),
            _ => false,
        })
    }

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
