//! Query to Plan: statistics, costs, join order.
//!
//! Start with [`plan`], what the planner makes and the executor runs; then `level`, where one query becomes one tree of nodes. In the order of
//! their work:
//!
//! - `fold`: what can be computed now, is.
//! - `prepare`: subqueries and sublinks become joins where they can, outer joins inner ones; a `placeholder` keeps what this must not change.
//! - `estimate`, `scan`, `bitmap`, `join`: how many rows, how to read one relation, in which order to join several; a `path` is a way not yet chosen.
//! - `level`, `upper`, `setop`, `modify`: the nodes, from the scans up to grouping, sorting and changing tables.
//! - `compile`: expressions over rows become expressions over columns of batches.
//! - [`explain`]: a plan as EXPLAIN prints it.
#![forbid(unsafe_code)]

mod bitmap;
mod compile;
mod cost;
mod crosstype;
mod estimate;
mod exists;
pub mod explain;
mod extended;
mod facts;
mod fold;
mod functional;
mod generated;
mod grouping;
mod implied;
mod index_match;
mod join;
mod json;
mod level;
mod merge;
mod min_max;
mod modify;
mod nearest;
pub mod partition;
mod path;
mod pattern_search;
mod placeholder;
pub mod plan;
mod prepare;
mod published;
mod pushdown;
mod removal;
mod restriction;
mod run_condition;
pub mod sample;
mod scan;
mod selectivity;
mod self_join;
mod setop;
mod tids;
mod tree;
mod trigger;
mod upper;
mod users_aggregate;
mod window;

use catalog::{Catalog, Relation};
use error::Result;
use ids::Oid;
use types::Environment;

pub use cost::Costs;

use analyzer::query::Query;
use plan::Plan;

/// What planning may ask of the session.
pub struct Context<'a> {
    /// The catalogs.
    pub catalog: &'a Catalog,
    /// For computing constant expressions.
    pub env: &'a dyn Environment,
    /// PostgreSQL's cost settings.
    pub costs: &'a Costs,
    /// Nodes keep what their columns are, for EXPLAIN.
    pub keeps_outputs: bool,
    /// How many blocks a relation has now; `None` to go by `pg_class`.
    pub block_count: &'a dyn Fn(&Relation) -> Option<u32>,
}

/// Plans a query whose parameters have these types. The plan holds for all values of the parameters.
pub fn plan(query: Query, params: Vec<Oid>, context: &Context<'_>) -> Result<Plan> {
    level::Planner::new(context, params).plan(query)
}

/// Whether the value of an expression may change though its columns do not: some function in it is not immutable.
///
/// # Errors
/// Those of reading the catalogs.
pub fn is_mutable(catalog: &Catalog, expr: &analyzer::query::Expr) -> Result<bool> {
    prepare::is_mutable(catalog, expr)
}

/// A table with what must hold for its rows, apart from any statement: for partitions to which rows are sent. Cached with the table's
/// descriptor.
///
/// # Errors
/// Those of compiling its expressions.
pub fn plan_target(table: Oid, context: &Context<'_>) -> Result<std::sync::Arc<plan::TargetTable>> {
    context.catalog.handle(table, || {
        let relation = context.catalog.relation(table)?;
        level::Planner::new(context, Vec::new()).plan_target(&relation)
    })
}

/// Whether every row for which all of `known` are true meets a condition. False if that cannot be told.
///
/// # Errors
/// Those of the catalogs.
pub fn implies(catalog: &Catalog, known: &[analyzer::query::Expr], condition: &analyzer::query::Expr) -> Result<bool> {
    let mut all = Vec::new();
    known.iter().for_each(|expr| prepare::conjuncts(expr.clone(), &mut all));
    implied::implies(catalog, &all, condition)
}

/// Whether an expression calls a function that is volatile.
///
/// # Errors
/// Those of reading the catalogs.
pub fn is_volatile(catalog: &Catalog, expr: &analyzer::query::Expr) -> Result<bool> {
    prepare::is_volatile(catalog, expr)
}

/// The plan of expressions over the rows of one table: what rewrites of a table, index builds and checks of existing rows compute. Its top
/// is a node without input whose projection counts the table's columns, dropped ones included; see `executor::RowEvaluator`.
///
/// # Errors
/// Those of compiling the expressions.
pub fn plan_rows(table: &Relation, mut exprs: Vec<analyzer::query::Expr>, context: &Context<'_>) -> Result<Plan> {
    for expr in &mut exprs {
        analyzer::inline_functions(context.catalog, context.env, expr)?;
    }
    level::Planner::new(context, Vec::new()).plan_rows(table, exprs)
}
