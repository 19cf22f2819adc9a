//! In which order to join, and how.
//!
//! A join tree is cut into a [`Problem`]: units (base relations, and whatever was planned on its own), the conditions between them, and the outer,
//! semi- and antijoins ([`special`]), which may be made only once certain units are there. All orders that these allow are equal, and are searched
//! by dynamic programming, many units greedily ([`order`]). What a join of two sets may look like, and what each way costs, says [`ways`]; what was
//! chosen becomes nodes in [`build`].
//!
//! A *scope* is a part of the tree whose conditions hold for all of its rows: the whole, or the side of an outer join that may be missing. Within
//! a scope equalities imply others, and a condition on one unit is asked of that unit.

mod build;
mod equal;
mod equality;
mod hash;
mod loops;
mod merge;
mod nulls;
mod order;
mod special;
mod unique;
mod unit;
mod ways;
mod work;

use analyzer::query::{self as q, Expr, ExprKind};
use error::{Error, Result};

use crate::estimate::BaseRelation;
use crate::fold::is_boolean;
use crate::level::{Built, PathKey, Planner};
use crate::plan::*;
use crate::prepare::{Relids, Tree, relids_of};
use crate::restriction::restriction;

pub(crate) use equality::Sides;
pub(crate) use special::Special;
pub(crate) use unit::distinct_columns;
pub(crate) use ways::JoinPath;

/// Something that is joined as a whole.
pub(crate) struct Unit {
    pub relids: Relids,
    pub kind: UnitKind,
    pub rows: f64,
    /// Bytes of a row.
    pub width: f64,
    /// Relations whose columns it needs (LATERAL).
    pub lateral: Relids,
    /// Columns of which no two rows have the same values.
    pub distinct: Option<Vec<Expr>>,
    /// Its rows may differ when it is run again.
    pub volatile: bool,
}

impl Unit {
    pub fn new(relids: Relids, kind: UnitKind, rows: f64, lateral: Relids) -> Unit {
        Unit { relids, kind, rows, width: 0.0, lateral, distinct: None, volatile: false }
    }
}

pub(crate) enum UnitKind {
    /// A table. `usable` of its conditions, the first ones, may be computed in any order; what comes behind may tell of a row, and must wait
    /// for those before it: no index serves it.
    Base { relation: usize, base: BaseRelation, quals: Vec<Expr>, usable: usize },
    /// A table with others below it.
    Tree(Box<crate::tree::Tree>),
    /// A subquery, to be planned once the conditions on it are known.
    Subquery(Box<Subquery>),
    /// Planned already.
    Built(Option<Box<Built>>),
}

/// A subquery in FROM that is not planned yet.
pub(crate) struct Subquery {
    query: q::Query,
    alias: String,
    /// A view with `security_barrier`.
    barrier: bool,
    quals: Vec<Expr>,
}

/// A condition between units.
pub(crate) struct Qual {
    pub expr: Expr,
    pub relids: Relids,
    /// The special joins that must be made before, as their nulls matter.
    pub after: u128,
    /// What part of the pairs of rows it lets through, once the search for an order begins.
    pub selectivity: f64,
    /// The class of equal columns that it is an equality of: of several between two sets one is enough.
    pub class: Option<usize>,
    /// What part of the rows passes the conditions on single units that follow from it, and are asked of these already.
    pub asked: f64,
}

pub(crate) struct Problem {
    pub units: Vec<Unit>,
    pub quals: Vec<Qual>,
    pub specials: Vec<Special>,
    /// What rows may be merged by: what stands for one side of an equality, and the relations that the equality names.
    pub merge_keys: Vec<(Expr, Relids)>,
    /// Relations of which a placeholder is made together: a nested loop that brings it must bring it from all of them.
    pub together: Vec<Relids>,
}

/// Whether an equality is one of those that values' encodings go by: a user's may be any other.
pub(crate) fn is_known(operator: ids::Oid) -> bool {
    operator < ids::Oid::FIRST_NORMAL
}

/// A condition that follows from another one is asked if it drops at least a tenth of the rows.
const WORTHWHILE: f64 = 0.9;

/// What is wanted of the rows of a join tree.
#[derive(Clone, Default)]
pub(crate) struct Goal {
    /// An order that would be welcome.
    pub order: Vec<PathKey>,
    /// How much of the rows is likely to be read: a count if above one, a part otherwise; zero is all.
    pub fraction: f64,
    /// The order is for grouping, which can do without by hashing.
    pub grouping: Option<Grouping>,
}

/// How rows are to be grouped.
#[derive(Clone, Default)]
pub(crate) struct Grouping {
    pub keys: Vec<Expr>,
    /// Operators a row for the aggregates.
    pub transitions: f64,
    pub can_hash: bool,
    pub can_sort: bool,
}

/// What part of a tree turned out to be.
#[derive(Clone, Copy, Default)]
struct Part {
    /// Relations that outer joins within may add nulls to, or hide.
    nullable: Relids,
    /// Relations that inner joins within bring together.
    inner: Relids,
}

/// A scope's conditions, and whether each tells something that others do not.
type Quals = Vec<(Expr, bool)>;

impl Planner<'_> {
    /// Plans a join tree.
    pub fn join_tree(&mut self, tree: Tree, goal: &Goal) -> Result<Built> {
        let placeholders =
            self.level().kept_values.iter().filter(|value| matches!(value.kind, ExprKind::PlaceHolder { .. }));
        let together = placeholders.map(relids_of).filter(|relids| relids.count_ones() > 1).collect();
        let mut problem =
            Problem { units: Vec::new(), quals: Vec::new(), specials: Vec::new(), merge_keys: Vec::new(), together };
        let mut quals = Vec::new();
        let relids = tree.relids();
        let part = self.flatten(tree, &mut problem, &mut quals)?;
        let (mut gates, mut late) = (Vec::new(), Vec::new());
        let loose = self.scope(&mut problem, quals, relids, part, true)?;
        for expr in loose {
            if crate::prepare::is_volatile(self.ctx.catalog, &expr)? {
                late.push(expr);
            } else {
                gates.push(expr);
            }
        }
        for at in 0..problem.units.len() {
            self.size_unit(&mut problem.units[at])?;
            let columns: Vec<Expr> = match &problem.units[at].kind {
                UnitKind::Built(Some(built)) => built.layout.clone(),
                UnitKind::Built(None) | UnitKind::Subquery(_) => Vec::new(),
                UnitKind::Base { relation, .. } => self.needed_columns(*relation),
                UnitKind::Tree(tree) => self.needed_columns(tree.relation),
            };
            problem.units[at].width = f64::from(self.width(&columns));
        }
        let mut built = if problem.units.is_empty() {
            let cost = Cost { startup: 0.0, total: self.ctx.costs.cpu_tuple_cost, rows: 1.0, width: 0 };
            let node = self.node(NodeKind::Result { input: None, condition: Vec::new() }, &[], cost)?;
            Built { node, layout: Vec::new(), order: Vec::new() }
        } else {
            let goal = Goal { order: self.canonical_order(&goal.order), ..goal.clone() };
            let memory = std::mem::take(&mut self.memory);
            self.memory.facts = memory.facts;
            self.prepare_search(&mut problem)?;
            let path = self.order_joins(&problem, &goal)?;
            self.memory.selectivities.clear();
            self.memory.equalities.clear();
            self.memory.overlaps.clear();
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

    /// What the search for an order asks again and again.
    fn prepare_search(&mut self, problem: &mut Problem) -> Result<()> {
        let specials = problem.specials.iter().flat_map(|special| &special.quals).map(|qual| (qual.clone(), 1.0));
        let quals: Vec<(Expr, f64)> =
            problem.quals.iter().map(|qual| (qual.expr.clone(), qual.asked)).chain(specials).collect();
        for (qual, asked) in quals {
            let selectivity = (self.selectivity(&qual)? / asked).min(1.0);
            let relids = relids_of(&qual);
            if let ExprKind::Operator(call) = &qual.kind
                && let [left, right] = &call.args[..]
            {
                for side in [left, right] {
                    problem.merge_keys.push((crate::scan::stripped(&self.canonical(side)).clone(), relids));
                }
            }
            self.memory.selectivities.push((qual, selectivity));
        }
        for qual in &mut problem.quals {
            qual.selectivity = self.selectivity(&qual.expr)?;
            qual.class = self.class_of(&qual.expr);
        }
        Ok(())
    }

    /// The class of equal columns that both sides of an equality are of.
    pub(crate) fn class_of(&self, qual: &Expr) -> Option<usize> {
        let ExprKind::Operator(call) = &qual.kind else { return None };
        let [left, right] = &call.args[..] else { return None };
        let classes = &self.levels.last()?.classes;
        classes.iter().position(|class| {
            class.equality == call.operator && class.members.contains(left) && class.members.contains(right)
        })
    }

    fn needed_columns(&mut self, relation: usize) -> Vec<Expr> {
        let needed = self.level().needed.get(relation).cloned().unwrap_or_default();
        needed.iter().map(|&n| self.var(relation, n)).collect()
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
        built.node.cost.rows = (built.node.cost.rows * selectivity).max(1.0).round_ties_even();
        Ok(())
    }

    /// Cuts a tree into units and special joins. Conditions of the scope go to `quals`.
    fn flatten(&mut self, tree: Tree, problem: &mut Problem, quals: &mut Quals) -> Result<Part> {
        match tree {
            Tree::Relation(at) => {
                quals.extend(self.security_of(at).into_iter().map(|qual| (qual, true)));
                let unit = self.relation_unit(at)?;
                problem.units.push(unit);
                Ok(Part::default())
            }
            Tree::Group { items, quals: own } => {
                quals.extend(own.into_iter().map(|qual| (qual, true)));
                let mut part = Part::default();
                let several = items.len() > 1;
                for item in items {
                    let relids = item.relids();
                    let below = self.flatten(item, problem, quals)?;
                    part.nullable |= below.nullable;
                    part.inner |= below.inner | if several { relids } else { 0 };
                }
                Ok(part)
            }
            Tree::Join { join, left, right, on } => {
                let (l, r) = (left.relids(), right.relids());
                let mut between = Vec::new();
                let (mut left_quals, mut right_quals): (Quals, Quals) = (Vec::new(), Vec::new());
                for qual in on {
                    let relids = relids_of(&qual);
                    if join != JoinType::Full && relids & !r == 0 && relids != 0 {
                        right_quals.push((qual, true));
                    } else {
                        between.push(qual);
                    }
                }
                let first_left = problem.units.len();
                let left_part = if join == JoinType::Full {
                    let part = self.flatten(*left, problem, &mut left_quals)?;
                    let loose = self.scope(problem, left_quals, l, part, false)?;
                    self.gate_units(problem, first_left, loose)?;
                    part
                } else {
                    self.flatten(*left, problem, quals)?
                };
                let first_right = problem.units.len();
                let right_part = self.flatten(*right, problem, &mut right_quals)?;
                if join != JoinType::Full {
                    // What a LATERAL part asks of the other side tells which rows match.
                    let (within, across) = right_quals.into_iter().partition(|(qual, _)| relids_of(qual) & !r == 0);
                    right_quals = within;
                    between.extend::<Vec<Expr>>((across as Quals).into_iter().map(|(qual, _)| qual).collect());
                }
                let loose = self.scope(problem, right_quals, r, right_part, false)?;
                if join == JoinType::Full {
                    self.gate_units(problem, first_right, loose)?;
                } else {
                    between.extend(loose);
                    let nullable = left_part.nullable | right_part.nullable;
                    between = between
                        .into_iter()
                        .map(|qual| self.without_null_tests(qual, nullable))
                        .collect::<Result<_>>()?;
                    between.retain(|qual| !is_boolean(qual, true));
                }
                let lateral = problem.units[first_right..].iter().fold(0, |set, unit| set | unit.lateral);
                self.special(problem, join, (l, left_part.inner), (r, right_part.inner), lateral, between)?;
                let hidden = if join == JoinType::Full { l | r } else { r };
                let inner = left_part.inner | if join == JoinType::Left { right_part.inner } else { 0 };
                Ok(Part { nullable: left_part.nullable | hidden, inner })
            }
        }
    }

    /// Conditions that are the same for all rows of one side of a FULL JOIN: its units have none where they do not hold.
    fn gate_units(&mut self, problem: &mut Problem, from: usize, conditions: Vec<Expr>) -> Result<()> {
        if conditions.is_empty() {
            return Ok(());
        }
        for unit in &mut problem.units[from..] {
            for condition in &conditions {
                self.push_down(unit, condition.clone())?;
            }
        }
        Ok(())
    }

    /// Puts a scope's conditions where they are asked: at units, between them, or (those that name none) back to the caller.
    fn scope(
        &mut self,
        problem: &mut Problem,
        mut quals: Quals,
        relids: Relids,
        part: Part,
        top: bool,
    ) -> Result<Vec<Expr>> {
        let units = problem.units.iter().filter(|unit| unit.relids & relids != 0).count();
        let classes = equal::classes_of(self.ctx.catalog, &quals)?;
        self.derive_equalities(&mut quals, units, part.nullable, top)?;
        equal::order(&classes, &mut quals);
        let mut loose = Vec::new();
        for (expr, _) in quals {
            let expr = self.without_null_tests(expr, part.nullable)?;
            if is_boolean(&expr, true) {
                continue;
            }
            let own = relids_of(&expr);
            if own == 0 {
                loose.push(expr);
                continue;
            }
            let after = problem
                .specials
                .iter()
                .enumerate()
                .filter(|(_, special)| special.within(relids) && special.adds_nulls_to(own))
                .fold(0_u128, |set, (at, _)| set | 1 << at);
            let alone = problem.units.iter_mut().find(|unit| own & !unit.relids == 0);
            match alone {
                Some(unit) if after == 0 => self.push_down(unit, expr)?,
                _ => {
                    let asked = if after == 0 { self.restrict_units(problem, &expr)? } else { 1.0 };
                    problem.quals.push(Qual { expr, relids: own, after, selectivity: 1.0, class: None, asked });
                }
            }
        }
        Ok(loose)
    }

    /// Asks of each table what an OR over several says of it. Gives the part of the rows that passes.
    fn restrict_units(&mut self, problem: &mut Problem, expr: &Expr) -> Result<f64> {
        let mut asked = 1.0;
        if !matches!(expr.kind, ExprKind::Or(_)) {
            return Ok(asked);
        }
        let own = relids_of(expr);
        for unit in problem.units.iter_mut().filter(|unit| unit.relids & own != 0) {
            if let UnitKind::Built(_) | UnitKind::Subquery(_) = unit.kind {
                continue;
            }
            let Some(restriction) = restriction(self.ctx.catalog, expr, unit.relids)? else { continue };
            let selectivity = self.selectivity(&restriction)?;
            // What drops hardly a row is not worth asking.
            if selectivity <= WORTHWHILE {
                asked *= selectivity.max(f64::MIN_POSITIVE);
                self.push_down(unit, restriction)?;
            }
        }
        Ok(asked)
    }
}

/// The relations of a set of units.
pub(crate) fn relids_of_mask(problem: &Problem, mask: crate::path::Units) -> Relids {
    let mut rest = mask;
    let mut relids = 0;
    while rest != 0 {
        relids |= problem.units[rest.trailing_zeros() as usize].relids;
        rest &= rest - 1;
    }
    relids
}

/// A join that cannot be made.
fn no_order(problem: &Problem) -> Error {
    match problem.specials.iter().any(|special| special.join == JoinType::Full) {
        true => Error::new(
            error::SqlState::FEATURE_NOT_SUPPORTED,
            "FULL JOIN is only supported with merge-joinable or hash-joinable join conditions",
        ),
        false => Error::internal("no join order was found"),
    }
}
