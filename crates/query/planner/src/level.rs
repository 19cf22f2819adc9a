//! One query becomes one tree of nodes.
//!
//! The [`Planner`] keeps what the whole plan shares (slots, subplans, relations) and a stack of [`Level`]s: the query being
//! planned, and the queries around it.
//!
//! # Layouts
//!
//! What a node's columns are, in terms of the query, is a [`Layout`]: a list of logical expressions. To compile an expression
//! against a layout is to find its largest parts that the layout has, and to compute the rest. So columns, group keys,
//! aggregates and window functions are all found in the same way.
//!
//! # Values from other places
//!
//! A column of an outer query becomes a slot, noted in [`Level::outer`]; whoever uses the subquery sets it. A column of another relation of the
//! same query, used below a join (an index condition, a LATERAL subquery), becomes a slot, too, noted in [`Level::pending`]; the nested
//! loop that brings both together sets it.

use analyzer::query::{self as q, EntryKind, ExprKind, Query};
use catalog::{Entry, Relation};
use error::{Error, Result};
use ids::Oid;

use crate::Context;
use crate::fold::repr_of;
use crate::grouping::outer_level;
use crate::plan::*;

/// What the columns of a node are.
pub(crate) type Layout = Vec<q::Expr>;

/// A finished part of the tree, and what its columns are.
pub(crate) struct Built {
    pub node: Node,
    pub layout: Layout,
    /// How its rows are sorted, in representatives of classes.
    pub order: Vec<PathKey>,
}

impl Built {
    /// A node whose columns are still to be named.
    pub fn of(node: Node, order: Vec<PathKey>) -> Built {
        Built { node, layout: Vec::new(), order }
    }
}

/// Columns that are equal in all rows of a query's join tree.
pub(crate) struct Class {
    /// The first stands for all.
    pub members: Vec<q::Expr>,
    /// They equal a value that is the same for all rows.
    pub constant: bool,
    /// The operator by which they are equal.
    pub equality: Oid,
}

/// A sort key by meaning.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PathKey {
    pub expr: q::Expr,
    /// The operator that orders.
    pub operator: Oid,
    pub descending: bool,
    pub nulls_first: bool,
}

/// A WITH query that was planned on its own.
#[derive(Clone)]
pub(crate) struct PlannedCte {
    pub name: String,
    pub target: CteTarget,
    pub rows: f64,
    pub columns: Vec<ColumnType>,
}

/// Where a WITH query's rows come from.
#[derive(Clone, Copy)]
pub(crate) enum CteTarget {
    Subplan(usize),
    /// A work table, and the slot that counts its rounds.
    WorkTable(usize, u32),
}

/// A query being planned.
pub(crate) struct Level {
    pub query: Query,
    /// Columns of outer queries that it uses: as the next outer query sees them, and the slot.
    pub outer: Vec<(q::Expr, u32)>,
    /// Columns of other relations used below a join: the relation where it is used, the column, the slot.
    pub pending: Vec<(usize, q::Expr, u32)>,
    /// The relation whose scan is being compiled.
    pub scanning: Option<usize>,
    pub ctes: Vec<PlannedCte>,
    /// The entry that holds the keys of grouping sets.
    pub group_entry: Option<usize>,
    /// Where its range table begins in [`Plan::names`].
    pub names_offset: usize,
    /// Values for [`ExprKind::CaseTest`], the innermost last.
    pub case_tests: Vec<Expr>,
    /// How many rows relations have, and how many of them meet their conditions, by their places in the range table.
    pub sizes: std::collections::HashMap<usize, (f64, f64)>,
    /// Columns of each relation that anything uses.
    pub needed: Vec<Vec<i16>>,
    /// Columns that are equal to each other.
    pub classes: Vec<Class>,
    /// What subqueries in expressions have become: as they are written, and the subplan's name.
    pub sublinks: Vec<(q::Expr, String)>,
    /// Subqueries that do not depend on rows, which run once: as they are written, and what gives their value.
    pub init_values: Vec<(q::Expr, Expr)>,
    /// Their subplans, which EXPLAIN shows under the query's top.
    pub init_plans: Vec<usize>,
    /// What anything uses of whole rows of relations and of placeholders, as the query's own: made below the outer joins that may make it null.
    pub kept_values: Vec<q::Expr>,
    /// Subqueries were dissolved such that placeholders stand for their columns.
    pub has_placeholders: bool,
    /// The plan's relations ([`Planner::use_relation`]) that scans read, by their places in the range table.
    pub scanned: std::collections::HashMap<usize, usize>,
    /// The scans of trees of tables, by their places in the range table.
    pub trees: std::collections::HashMap<usize, Vec<crate::tree::MemberScan>>,
    /// Some of them are partitioned tables.
    pub partitioned: bool,
    /// The member of a tree that stands in the tree's place, and its entry among the plan's names.
    pub member: Option<(usize, usize)>,
    /// Bounds that the query around this one sets to window functions, until they are used.
    pub run_conditions: Vec<crate::run_condition::RunCondition>,
    /// The numbers of its conditions that they stand for, once used.
    pub run_taken: Vec<usize>,
    /// As an operand of a set operation: what its rows are best sorted by, by column; and whether they are.
    pub operand: Option<crate::setop::Operand>,
}

impl Level {
    pub fn new(query: Query) -> Level {
        Level {
            query,
            outer: Vec::new(),
            pending: Vec::new(),
            scanning: None,
            ctes: Vec::new(),
            group_entry: None,
            names_offset: 0,
            case_tests: Vec::new(),
            sizes: Default::default(),
            needed: Vec::new(),
            classes: Vec::new(),
            sublinks: Vec::new(),
            init_values: Vec::new(),
            init_plans: Vec::new(),
            kept_values: Vec::new(),
            has_placeholders: false,
            scanned: Default::default(),
            trees: Default::default(),
            partitioned: false,
            member: None,
            run_conditions: Vec::new(),
            run_taken: Vec::new(),
            operand: None,
        }
    }
}

/// What was found out once and is asked for again.
#[derive(Default)]
pub(crate) struct Memory {
    /// Statistics of columns.
    pub facts: std::collections::HashMap<(Oid, i16, bool), Option<std::rc::Rc<crate::facts::ColumnFacts>>>,
    /// Statistics objects of tables.
    pub objects: std::collections::HashMap<crate::extended::ObjectsKey, std::rc::Rc<[crate::extended::Object]>>,
    /// Conditions are taken to be independent of each other, whatever statistics objects say.
    pub independent: bool,
    /// Selectivities of the conditions between the units that are being joined.
    pub selectivities: Vec<(q::Expr, f64)>,
    /// Equalities between them, either side first.
    pub equalities: Vec<(q::Expr, crate::join::Sides)>,
    /// How far merges by such an equality read.
    pub overlaps: Vec<(q::Expr, q::Expr, [f64; 4])>,
}

/// The planning of one statement.
pub(crate) struct Planner<'a> {
    pub ctx: &'a Context<'a>,
    pub params: Vec<Oid>,
    pub levels: Vec<Level>,
    pub slots: Vec<Slot>,
    pub subplans: Vec<Option<SubPlanTree>>,
    pub modifying: Vec<usize>,
    pub relations: Vec<RelationUse>,
    pub permissions: Vec<q::Permission>,
    pub functions: Vec<Oid>,
    pub names: Vec<EntryName>,
    /// The entries of `names` of which members are read one after the other.
    pub tree_names: Vec<usize>,
    pub work_tables: usize,
    pub next_node: u32,
    pub next_local: u32,
    /// For the query that is planned next.
    pub next_operand: Option<crate::setop::Operand>,
    pub read_only: bool,
    /// Subplans made while the current node was compiled.
    pub new_subplans: Vec<usize>,
    pub memory: Memory,
    init_plans: u32,
    sub_plans: u32,
}

impl<'a> Planner<'a> {
    pub fn new(ctx: &'a Context<'a>, params: Vec<Oid>) -> Planner<'a> {
        Planner {
            ctx,
            params,
            levels: Vec::new(),
            slots: Vec::new(),
            subplans: Vec::new(),
            modifying: Vec::new(),
            relations: Vec::new(),
            permissions: Vec::new(),
            functions: Vec::new(),
            names: Vec::new(),
            tree_names: Vec::new(),
            work_tables: 0,
            next_node: 0,
            next_local: 0,
            next_operand: None,
            read_only: true,
            new_subplans: Vec::new(),
            memory: Memory::default(),
            init_plans: 0,
            sub_plans: 0,
        }
    }

    pub fn plan(self, mut query: Query) -> Result<Plan> {
        let Some(companions) = query.companions.take() else { return self.plan_one(query) };
        let (context, params) = (self.ctx, self.params.clone());
        let replaced = query.command == q::Command::Select;
        let mut plan = self.plan_one(query)?;
        let others = |queries: Vec<Query>| {
            let plan = |query: Query| {
                let silent = query.silent;
                let mut plan = Planner::new(context, params.clone()).plan_one(query)?;
                plan.silent = silent;
                Ok(std::sync::Arc::new(plan))
            };
            queries.into_iter().map(plan).collect::<Result<Vec<_>>>()
        };
        if replaced {
            plan.command = companions.command;
        }
        plan.read_only = false;
        let (before, after) = (others(companions.before)?, others(companions.after)?);
        plan.companions = Some(Box::new(Companions { before, after, replaced }));
        Ok(plan)
    }

    fn plan_one(mut self, mut query: Query) -> Result<Plan> {
        crate::generated::expand(self.ctx, &mut query)?;
        let command = query.command;
        let mut output = Vec::new();
        for target in query.output() {
            output.push(OutputColumn {
                name: target.name.clone(),
                table: target.origin_table,
                number: target.origin_column,
                ty: self.column_type(target.expr.ty)?,
            });
        }
        self.levels.clear();
        let built = self.query(query, Vec::new(), true)?;
        self.finish(command, built.node, output)
    }

    /// The plan with this top.
    pub fn finish(mut self, command: q::Command, mut root: Node, output: Vec<OutputColumn>) -> Result<Plan> {
        let mut subplans = Vec::with_capacity(self.subplans.len());
        for tree in self.subplans {
            subplans.push(tree.ok_or_else(|| Error::internal("a subplan was not finished"))?);
        }
        crate::compile::number_nodes(&mut root, &mut subplans, &self.slots, &mut self.next_node);
        Ok(Plan {
            command,
            root,
            output,
            params: self.params,
            slots: self.slots,
            subplans,
            modifying: self.modifying,
            relations: self.relations,
            trees: self.tree_names,
            work_tables: self.work_tables,
            permissions: self.permissions,
            functions: self.functions,
            read_only: self.read_only,
            node_count: self.next_node,
            names: self.names,
            silent: false,
            companions: None,
        })
    }

    /// Plans a query one level in. Its level is popped; what it uses of outer queries is left in `outer_of`.
    pub fn subquery(&mut self, query: Query) -> Result<(Built, Vec<(q::Expr, u32)>)> {
        self.subquery_until(query, Vec::new()).map(|(built, level)| (built, level.outer))
    }

    /// The same under run conditions. Gives the level of the query as well.
    pub fn subquery_until(
        &mut self,
        query: Query,
        run_conditions: Vec<crate::run_condition::RunCondition>,
    ) -> Result<(Built, Level)> {
        if self.levels.len() > 200 {
            return Err(Error::new(error::SqlState::STATEMENT_TOO_COMPLEX, "stack depth limit exceeded"));
        }
        let built = self.query(query, run_conditions, false)?;
        let level = self.levels.pop().ok_or_else(|| Error::internal("no query is being planned"))?;
        Ok((built, level))
    }

    /// Plans a query; its level is left on the stack.
    fn query(
        &mut self,
        mut query: Query,
        run_conditions: Vec<crate::run_condition::RunCondition>,
        top: bool,
    ) -> Result<Built> {
        self.collect_permissions(&query);
        let operand = self.next_operand.take();
        let names_offset = self.names.len();
        self.inline_ctes(&mut query)?;
        let ctes = std::mem::take(&mut query.ctes);
        self.levels.push(Level { names_offset, run_conditions, operand, ..Level::new(query) });
        self.plan_ctes(ctes)?;
        let mut built = if self.level().query.command != q::Command::Select {
            self.modify(top)?
        } else if self.level().query.set_operation.is_some() {
            self.set_operation()?
        } else {
            self.select()?
        };
        if !self.level().pending.is_empty() {
            return Err(Error::internal("a column is used where no join brings it"));
        }
        self.check_operand(&built);
        let init_plans = std::mem::take(&mut self.level().init_plans);
        built.node.subplans.splice(0..0, init_plans);
        Ok(built)
    }

    pub fn level(&mut self) -> &mut Level {
        self.levels.last_mut().expect("a query is being planned")
    }

    /// Makes the names of the current range table known to EXPLAIN. Called once it is final.
    pub fn register_names(&mut self) {
        let offset = self.names.len();
        let level = self.level();
        level.names_offset = offset;
        let names: Vec<EntryName> = level
            .query
            .range_table
            .iter()
            .map(|entry| EntryName {
                alias: entry.name.clone(),
                columns: entry.columns.iter().map(|c| c.name.clone()).collect(),
            })
            .collect();
        self.names.extend(names);
    }

    fn collect_permissions(&mut self, query: &Query) {
        for entry in &query.range_table {
            if let Some(permission) = &entry.permission {
                self.permissions.push((**permission).clone());
            }
        }
    }

    /// The type and form of a value.
    pub fn column_type(&self, ty: q::SqlType) -> Result<ColumnType> {
        let repr = match ty.oid.is_valid() {
            true => repr_of(self.ctx.catalog, ty.oid)?,
            // A dropped column of a row type: nulls of any form.
            false => batch::Repr::B4,
        };
        Ok(ColumnType { oid: ty.oid, typmod: ty.typmod, collation: ty.collation, repr })
    }

    /// A new slot.
    pub fn slot(&mut self, ty: ColumnType, source: SlotSource) -> u32 {
        self.slots.push(Slot { ty, source });
        self.slots.len() as u32 - 1
    }

    /// A new local.
    pub fn local(&mut self) -> u32 {
        self.next_local += 1;
        self.next_local - 1
    }

    /// Puts a subplan in its place, with a name that EXPLAIN shows.
    pub fn add_subplan(&mut self, node: Node, kind: SubPlanKind, sets: Vec<u32>, init: bool) -> usize {
        let name = if init {
            self.init_plans += 1;
            format!("InitPlan {}", self.init_plans + self.sub_plans)
        } else {
            self.sub_plans += 1;
            format!("SubPlan {}", self.init_plans + self.sub_plans)
        };
        self.subplans.push(Some(SubPlanTree { node, name, kind, sets }));
        let at = self.subplans.len() - 1;
        if init {
            self.level().init_plans.push(at)
        } else {
            self.new_subplans.push(at)
        }
        at
    }

    /// The relation as a plan uses it.
    pub fn use_relation(&mut self, relation: &Relation, lock: u8, alias: &str) -> Result<usize> {
        let schema = self.ctx.catalog.schema_name(relation.class.relnamespace)?.unwrap_or_default();
        self.relations.push(RelationUse {
            oid: relation.oid,
            lock,
            must_be_populated: relation.kind() == catalog::relation::kind::MATERIALIZED_VIEW && lock < 3,
            name: relation.name().to_string(),
            schema,
            alias: alias.to_string(),
            entry: None,
        });
        Ok(self.relations.len() - 1)
    }

    pub fn relation(&self, oid: Oid) -> Result<Entry<Relation>> {
        self.ctx.catalog.relation(oid)
    }

    /// A node over raw columns of these types, without filter and projection.
    pub fn node(&self, kind: NodeKind, layout: &[q::Expr], cost: Cost) -> Result<Node> {
        let output = layout.iter().map(|e| self.column_type(e.ty)).collect::<Result<Vec<_>>>()?;
        Ok(Node {
            id: 0,
            kind,
            filter: Vec::new(),
            project: None,
            output,
            cost,
            depends: Vec::new(),
            subplans: Vec::new(),
            details: Vec::new(),
            shown: self.outputs_shown(layout),
            disabled: false,
        })
    }

    /// What columns are, for EXPLAIN.
    pub fn outputs_shown(&self, layout: &[q::Expr]) -> Vec<q::Expr> {
        match self.ctx.keeps_outputs {
            true => layout.iter().map(|expr| self.named(expr)).collect(),
            false => Vec::new(),
        }
    }

    /// What stands for an expression and all that equal it.
    pub fn canonical(&self, expr: &q::Expr) -> q::Expr {
        let stripped = crate::scan::stripped(expr);
        let class = self.levels.last().and_then(|level| {
            level.classes.iter().find(|class| class.members.iter().any(|m| crate::scan::stripped(m) == stripped))
        });
        match class.and_then(|class| class.members.first()) {
            Some(member) if member.ty == expr.ty => member.clone(),
            _ => expr.clone(),
        }
    }

    /// An order by what stands for its expressions, each once and no constants.
    pub fn canonical_order(&self, order: &[PathKey]) -> Vec<PathKey> {
        let mut kept: Vec<PathKey> = Vec::with_capacity(order.len());
        for key in order {
            if matches!(key.expr.kind, ExprKind::Const(_) | ExprKind::Param(_)) {
                continue;
            }
            let stripped = crate::scan::stripped(&key.expr);
            let constant = self.levels.last().is_some_and(|level| {
                level
                    .classes
                    .iter()
                    .any(|class| class.constant && class.members.iter().any(|m| crate::scan::stripped(m) == stripped))
            });
            let expr = self.canonical(&key.expr);
            if constant || kept.iter().any(|other| crate::path::same_value(&other.expr, &expr)) {
                continue;
            }
            kept.push(PathKey { expr, ..key.clone() });
        }
        kept
    }

    /// Expressions without constants and those that equal an earlier one.
    pub fn telling(&self, exprs: Vec<q::Expr>) -> Vec<q::Expr> {
        let mut known: Vec<PathKey> = Vec::with_capacity(exprs.len());
        let mut kept = Vec::with_capacity(exprs.len());
        for expr in exprs {
            let key = PathKey { expr: expr.clone(), operator: Oid::INVALID, descending: false, nulls_first: false };
            let before = known.len();
            known.push(key);
            known = self.canonical_order(&known);
            if known.len() > before {
                kept.push(expr);
            }
        }
        kept
    }

    /// Adds a line of EXPLAIN.
    pub fn detail(&mut self, node: &mut Node, label: &'static str, exprs: &[q::Expr]) {
        if exprs.is_empty() {
            return;
        }
        let exprs: Vec<q::Expr> = exprs.iter().map(|e| self.named(e)).collect();
        // A node has one filter, whoever adds to it.
        match node.details.iter_mut().find(|detail| label == "Filter" && detail.label == label) {
            Some(filter) => filter.exprs.extend(exprs),
            None => node.details.push(Detail { label, exprs, texts: Vec::new() }),
        }
        let made = std::mem::take(&mut self.new_subplans);
        node.subplans.extend(made);
    }

    /// An expression with columns numbered as [`Plan::names`] has them.
    pub fn named(&self, expr: &q::Expr) -> q::Expr {
        struct Offset<'b, 'a>(&'b Planner<'a>);
        impl analyzer::node::VisitorMut for Offset<'_, '_> {
            fn expr(&mut self, expr: &mut q::Expr) {
                match &mut expr.kind {
                    ExprKind::Var(var) => {
                        let levels = &self.0.levels;
                        // A key of grouping sets is shown as what it is computed from.
                        if let Some(level) = levels.len().checked_sub(1 + var.level as usize).map(|at| &levels[at])
                            && level.group_entry == Some(var.relation)
                            && let EntryKind::Values { rows } = &level.query.range_table[var.relation].kind
                            && let Some(key) = rows.first().and_then(|row| row.get(var.column as usize - 1))
                        {
                            let mut key = key.clone();
                            analyzer::shift_levels(&mut key, var.level);
                            *expr = key;
                            return self.expr(expr);
                        }
                        if let Some(at) = levels.len().checked_sub(1 + var.level as usize) {
                            var.relation = match levels[at].member {
                                Some((tree, name)) if tree == var.relation => name,
                                _ => var.relation + levels[at].names_offset,
                            };
                            var.level = 0;
                        }
                    }
                    // What a sublink holds is shown as a subplan's name.
                    ExprKind::SubLink(_) => {
                        let name = self.0.subplan_name(expr);
                        let ExprKind::SubLink(link) = &mut expr.kind else { return };
                        link.query = Query::new(q::Command::Select);
                        link.test.iter_mut().for_each(|t| self.expr(t));
                        link.casts.iter_mut().for_each(|t| self.expr(t));
                        link.operator_name = name;
                    }
                    _ => expr.visit_children_mut(self),
                }
            }
            fn query(&mut self, _: &mut Query) {}
            fn as_dyn(&mut self) -> &mut dyn analyzer::node::VisitorMut {
                self
            }
        }
        let mut expr = expr.clone();
        analyzer::node::VisitorMut::expr(&mut Offset(self), &mut expr);
        expr
    }

    /// The name of the subplan that a sublink became; with the comparison that was written behind it.
    fn subplan_name(&self, expr: &q::Expr) -> String {
        let found = self.levels.last().and_then(|level| level.sublinks.iter().rev().find(|(link, _)| link == expr));
        found.map_or_else(|| "SubPlan".into(), |(_, name)| name.clone())
    }

    /// Puts a filter on a node whose raw columns are `layout`.
    pub fn filter(&mut self, node: &mut Node, layout: &[q::Expr], conditions: &[q::Expr]) -> Result<()> {
        for condition in conditions {
            let compiled = self.compile(condition, layout)?;
            node.filter.push(compiled);
        }
        self.detail(node, "Filter", conditions);
        Ok(())
    }

    /// Lets a node output these values.
    pub fn project(&mut self, built: &mut Built, targets: &[q::Expr]) -> Result<()> {
        let same = built.layout.len() == targets.len() && built.layout.iter().zip(targets).all(|(a, b)| a == b);
        if !same && built.node.gives_nothing() {
            // There are no rows to compute it for.
            let null = |target: &q::Expr| {
                let ty = self.column_type(target.ty)?;
                Ok(Expr { kind: crate::plan::ExprKind::Const(batch::Datum::Null), ty })
            };
            let project = targets.iter().map(null).collect::<Result<Vec<_>>>()?;
            built.node.output = project.iter().map(|value| value.ty).collect();
            built.node.project = Some(project);
            built.layout = targets.to_vec();
            built.node.shown = self.outputs_shown(targets);
            return Ok(());
        }
        if !same {
            // PostgreSQL computes in the partitions of a table, but above the children of another one.
            let above = matches!(built.node.kind, NodeKind::Append { .. } | NodeKind::MergeAppend { .. })
                && self.levels.last().is_some_and(|level| !level.trees.is_empty() && !level.partitioned)
                && targets.iter().any(|target| !matches!(target.kind, ExprKind::Var(_)));
            if built.node.project.is_some() || above {
                // It has one already: a node above it computes the rest.
                let cost = built.node.cost;
                let input =
                    std::mem::replace(&mut built.node, self.node(NodeKind::Values { rows: Vec::new() }, &[], cost)?);
                built.node = self.node(
                    NodeKind::Result { input: Some(Box::new(input)), condition: Vec::new() },
                    &built.layout,
                    cost,
                )?;
            }
            let project = targets.iter().map(|t| self.compile(t, &built.layout)).collect::<Result<Vec<_>>>()?;
            built.node.output = targets.iter().map(|t| self.column_type(t.ty)).collect::<Result<_>>()?;
            built.node.project = Some(project);
            built.layout = targets.to_vec();
            built.node.shown = self.outputs_shown(targets);
            let made = std::mem::take(&mut self.new_subplans);
            built.node.subplans.extend(made);
        }
        Ok(())
    }

    /// WITH queries that are read once and compute nothing volatile become subqueries where they are read.
    pub fn inline_ctes(&mut self, query: &mut Query) -> Result<()> {
        if query.ctes.is_empty() {
            return Ok(());
        }
        let mut kept = Vec::new();
        let mut later: std::collections::VecDeque<q::Cte> = std::mem::take(&mut query.ctes).into();
        while let Some(cte) = later.pop_front() {
            if cte.query.command == q::Command::Select && cte.references == 0 && !cte.recursive {
                continue;
            }
            let wanted = match cte.materialized {
                Some(true) => false,
                Some(false) => true,
                None => cte.references == 1,
            };
            let inline = wanted
                && !cte.recursive
                && cte.query.command == q::Command::Select
                && !cte.query.has.for_update
                && !crate::prepare::query_is_volatile(self.ctx.catalog, &cte.query)?;
            if inline {
                crate::prepare::replace_cte(query, &cte);
                for later in &mut later {
                    crate::prepare::replace_cte_below(&mut later.query, &cte, 1);
                }
            } else {
                kept.push(cte);
            }
        }
        // A kept one may be read by one that was inlined into a later one; names stay unique within the clause.
        query.ctes = kept;
        Ok(())
    }

    pub fn plan_ctes(&mut self, ctes: Vec<q::Cte>) -> Result<()> {
        for cte in ctes {
            let columns = cte.columns.iter().map(|c| self.column_type(c.ty)).collect::<Result<Vec<_>>>()?;
            let modifies = cte.query.command != q::Command::Select;
            let name = cte.name.clone();
            let (built, outer) =
                if cte.recursive { self.recursive_query(cte, &columns)? } else { self.subquery(cte.query)? };
            // What it uses of outer queries is theirs to set.
            self.adopt_outer(outer)?;
            let rows = built.node.cost.rows;
            self.subplans.push(Some(SubPlanTree {
                node: built.node,
                name: format!("CTE {name}"),
                kind: SubPlanKind::Cte,
                sets: Vec::new(),
            }));
            let at = self.subplans.len() - 1;
            if modifies {
                self.modifying.push(at);
            }
            self.level().ctes.push(PlannedCte { name, target: CteTarget::Subplan(at), rows, columns });
        }
        Ok(())
    }

    /// Slots that a subquery without users of its own needs become the current query's needs.
    pub fn adopt_outer(&mut self, outer: Vec<(q::Expr, u32)>) -> Result<()> {
        for (mut expr, slot) in outer {
            if outer_level(&expr) > 0 {
                analyzer::shift_levels_from(&mut expr, -1, 1);
                self.level().outer.push((expr, slot));
            } else if matches!(expr.kind, ExprKind::Var(_) | ExprKind::PlaceHolder { .. }) {
                // A column of the current query itself: a LATERAL reference, for a nested loop to set.
                let at = self.level().scanning.unwrap_or(usize::MAX);
                self.level().pending.push((at, expr, slot));
            } else {
                return Err(Error::internal("an aggregate stands where none is computed"));
            }
        }
        Ok(())
    }

    /// The planned WITH query that an entry refers to.
    pub fn find_cte(&self, name: &str, levels_up: u32) -> Result<PlannedCte> {
        let at = self.levels.len().checked_sub(1 + levels_up as usize);
        at.and_then(|at| self.levels[at].ctes.iter().rev().find(|c| c.name == name).cloned())
            .ok_or_else(|| Error::internal(format!("WITH query {name} is not planned")))
    }

    /// The columns that anything in the query uses, by relation.
    pub fn find_needed(&mut self) {
        struct Finder {
            depth: u32,
            needed: Vec<Vec<i16>>,
            kept: Vec<q::Expr>,
        }
        impl analyzer::node::Visitor for Finder {
            fn expr(&mut self, expr: &q::Expr) {
                if let ExprKind::Var(var) = &expr.kind {
                    if var.level == self.depth && var.column == 0 && var.version == q::RowVersion::Default {
                        let own = q::Expr { kind: ExprKind::Var(q::Var { level: 0, ..*var }), ..expr.clone() };
                        if !self.kept.contains(&own) {
                            self.kept.push(own);
                        }
                    }
                    if var.level == self.depth
                        && let Some(list) = self.needed.get_mut(var.relation)
                        && let Err(at) = list.binary_search(&var.column)
                    {
                        list.insert(at, var.column);
                    }
                } else {
                    expr.visit_children(self);
                    if matches!(expr.kind, ExprKind::PlaceHolder { level, .. } if level == self.depth) {
                        let mut own = expr.clone();
                        analyzer::shift_levels_from(&mut own, -(self.depth as i32), self.depth);
                        if !self.kept.contains(&own) {
                            self.kept.push(own);
                        }
                    }
                }
            }
            fn query(&mut self, query: &Query) {
                self.depth += 1;
                query.visit_children(self);
                self.depth -= 1;
            }
            fn as_dyn(&mut self) -> &mut dyn analyzer::node::Visitor {
                self
            }
        }
        let virtual_columns: Vec<Vec<i16>> = (0..self.level().query.range_table.len())
            .map(|at| {
                let relation = self.entry_relation(at).and_then(|oid| self.ctx.catalog.relation(oid).ok());
                let hidden = relation.iter().flat_map(|relation| relation.live_columns());
                hidden.filter(|column| column.attgenerated == b'v').map(|column| column.attnum).collect()
            })
            .collect();
        let level = self.level();
        let needed = vec![Vec::new(); level.query.range_table.len()];
        let mut finder = Finder { depth: 0, needed, kept: Vec::new() };
        level.query.visit_children(&mut finder);
        let mut needed = finder.needed;
        for (at, list) in needed.iter_mut().enumerate() {
            // A whole row needs all columns.
            if list.binary_search(&0).is_ok() {
                list.retain(|&n| n < 0);
                let hidden = &virtual_columns[at];
                for (n, column) in level.query.range_table[at].columns.iter().enumerate() {
                    if !column.name.is_empty() && !hidden.contains(&(n as i16 + 1)) {
                        list.push(n as i16 + 1);
                    }
                }
            }
        }
        level.needed = needed;
        level.kept_values = finder.kept;
    }

    /// A column of an entry of the current query.
    pub fn var(&mut self, relation: usize, column: i16) -> q::Expr {
        let ty = if column > 0 {
            self.level().query.range_table[relation].columns[column as usize - 1].ty
        } else {
            system_type(column)
        };
        let var = q::Var { level: 0, relation, column, version: q::RowVersion::Default };
        q::Expr { kind: ExprKind::Var(var), ty, location: q::NO_LOCATION }
    }

    /// The relation that an entry of the current query is.
    pub fn entry_relation(&mut self, at: usize) -> Option<Oid> {
        match self.level().query.range_table[at].kind {
            EntryKind::Relation { oid, .. } => Some(oid),
            _ => None,
        }
    }
}

/// The type of a system column.
pub(crate) fn system_type(column: i16) -> q::SqlType {
    q::SqlType::plain(match column {
        -1 => types::oid::TID,
        -2 | -4 => types::oid::XID,
        -3 | -5 => types::oid::CID,
        _ => types::oid::OID,
    })
}
