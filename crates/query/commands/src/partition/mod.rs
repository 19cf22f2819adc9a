//! Partitioned tables: PARTITION BY, FOR VALUES, and what a partition gets of its parent.
//!
//! [`key`] makes partition keys, [`bound`] bounds and looks whether they overlap, [`attach`] is ALTER TABLE … ATTACH and DETACH PARTITION.
//! What of it is asked for each row (which partition?) is in `planner::partition`.

mod attach;
mod bound;
mod key;
mod satisfies;

pub(crate) use attach::{attach, detach};
pub(crate) use key::define as define_key;
pub(crate) use satisfies::satisfies_hash;

use std::sync::Arc;

use batch::{Column, DatumRef};
use catalog::relation::kind;
use catalog::rows::PgPartitionedTable;
use catalog::{Entry, Relation, index};
use error::{Error, Result, SqlState};
use ids::Oid;
use parser::ast::PartitionBound;
use planner::partition::{Partitioned, Strategy};

use crate::create_index::{self, IndexPlan};
use crate::{Context, create_table, expression, foreign_key, inherit, rows};

/// The partitions of a table.
pub(crate) fn of(context: &Context<'_>, table: Oid) -> Result<Arc<Partitioned>> {
    context.services.partitions(table)
}

/// Makes a table that is new (or being attached) a partition of its parent, with this bound.
pub(crate) fn place(
    context: &Context<'_>,
    parent: &Entry<Relation>,
    table: Oid,
    written: &PartitionBound,
) -> Result<()> {
    let bound = bound::analyze(context, parent, written)?;
    let name = context.catalog().relation(table)?.name().to_string();
    bound::check(context, &*of(context, parent.oid)?, &name, &bound, written)?;
    store(context, parent, table, &bound)
}

/// Notes a table's bound, which was checked; the table is a child of its parent already. Rows of the default partition that
/// would belong to it now are an error.
fn store(
    context: &Context<'_>,
    parent: &Entry<Relation>,
    table: Oid,
    bound: &analyzer::partition::PartitionBound,
) -> Result<()> {
    let catalog = context.catalog();
    let before = of(context, parent.oid)?;
    let default = before.bounds.default_partition().map(|at| before.partitions[at].oid);
    create_table::mark_partition(context, table, Some(analyzer::node::to_text(bound)))?;
    if *bound == analyzer::partition::PartitionBound::Default {
        let key = [parent.oid.into()];
        catalog.change::<PgPartitionedTable>(index::PG_PARTITIONED_TABLE_PARTRELID_INDEX, &key, |row| {
            row.partdefid = table;
        })?;
    }
    // The parent's descriptor knows its partitions.
    catalog.alter_class(parent.oid, |_| ())?;
    catalog.next_command()?;
    if let Some(default) = default {
        executor::lock_relation(context.session, default, 8)?;
        catalog.alter_class(default, |_| ())?;
        for leaf in inherit::tree(context, default, 8)? {
            if !belongs(context, leaf, parent.oid, default)? {
                let name = catalog.relation(default)?.name().to_string();
                let text = format!(
                    "updated partition constraint for default partition \"{name}\" would be violated by some row"
                );
                return Err(Error::new(SqlState::CHECK_VIOLATION, text).table(name));
            }
        }
    }
    Ok(())
}

/// Whether all rows of a table, which is below `partition` or is it, belong to that partition of `parent`.
pub(crate) fn belongs(context: &Context<'_>, table: Oid, parent: Oid, partition: Oid) -> Result<bool> {
    let catalog = context.catalog();
    let relation = catalog.relation(table)?;
    if relation.kind() != kind::TABLE {
        return Ok(true);
    }
    let above = catalog.relation(parent)?;
    let partitions = of(context, parent)?;
    let number = |name: &str| relation.column_by_name(name).map(|column| column.attnum);
    let exprs = partitions
        .key
        .exprs
        .iter()
        .map(|expr| expression::transplant(context, expr, &above, &number).map(|stored| stored.expr));
    let mut evaluator = expression::evaluator(context, &relation, exprs.collect::<Result<_>>()?)?;
    let (mut bytes, mut holds) = (Vec::new(), true);
    rows::for_each(context, &relation, |batch| {
        evaluator.evaluate(context.session, batch)?;
        let keys: Vec<&Column> = (0..evaluator.len()).map(|n| evaluator.column(n, batch)).collect();
        for row in batch.rows().iter() {
            let values: Vec<DatumRef<'_>> = keys.iter().map(|key| key.get(row)).collect();
            let found = partitions.bounds.route(&partitions.key, &values, context.session.env(), &mut bytes)?;
            holds &= found.is_some_and(|at| partitions.partitions[at].oid == partition);
        }
        Ok(())
    })?;
    Ok(holds)
}

/// Gives a partition what its parent has: indexes, foreign keys and row triggers.
pub(crate) fn adopt(context: &Context<'_>, parent: &Entry<Relation>, table: Oid) -> Result<()> {
    let parent = context.catalog().relation(parent.oid)?;
    for &index in &parent.indexes {
        create_index::for_partition(context, index, table, true)?;
    }
    foreign_key::adopt(context, &parent, table)?;
    crate::triggers::adopt(context, &parent, table)
}

/// A unique index of a partitioned table can tell duplicates only within a partition, so its columns must decide which that is.
pub(crate) fn check_unique(context: &Context<'_>, table: &Relation, plan: &IndexPlan) -> Result<()> {
    let partitions = of(context, table.oid)?;
    let kind = match (plan.primary, plan.unique) {
        (true, _) => "PRIMARY KEY",
        (_, true) => "UNIQUE",
        _ => "EXCLUDE",
    };
    for &number in &partitions.key.numbers {
        if number == 0 {
            let text = format!("unsupported {kind} constraint with partition key definition");
            return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text)
                .detail(format!("{kind} constraints cannot be used when partition keys include expressions.")));
        }
        if let Some(at) = plan.columns[..plan.keys].iter().position(|column| column.number == number)
            && let Some(&operator) = plan.excluding.get(at)
        {
            // Rows of different partitions must not be able to exclude each other.
            let catalog = context.catalog();
            let family = catalog.opclass(plan.columns[at].opclass)?.opcfamily;
            let strategy = catalog.operator_strategy(operator, family)?;
            let equal = if plan.method.1 == access::Method::Btree { 3 } else { 18 };
            if strategy != Some(equal) && plan.method.1 != access::Method::Hash {
                let name = table.column(number).map_or("", |column| &column.attname);
                let text = format!(
                    "cannot match partition key to index on column \"{name}\" using non-equal operator \"{}\"",
                    catalog.operator(operator)?.oprname
                );
                return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
            }
        }
        if !plan.columns[..plan.keys].iter().any(|column| column.number == number) {
            let name = table.column(number).map_or("", |column| &column.attname);
            return Err(Error::new(
                SqlState::FEATURE_NOT_SUPPORTED,
                "unique constraint on partitioned table must include all partitioning columns",
            )
            .detail(format!(
                "{kind} constraint on table \"{}\" lacks column \"{name}\" which is part of the partition key.",
                table.name()
            )));
        }
    }
    Ok(())
}

/// The strategy's name as messages have it.
pub(crate) fn word(strategy: Strategy) -> &'static str {
    match strategy {
        Strategy::List => "list",
        Strategy::Range => "range",
        Strategy::Hash => "hash",
    }
}

/// Whether a column is part of a table's partition key: itself, or in an expression.
pub(crate) fn uses_column(context: &Context<'_>, table: &Relation, number: i16) -> Result<Option<bool>> {
    if table.kind() != kind::PARTITIONED_TABLE {
        return Ok(None);
    }
    let partitions = of(context, table.oid)?;
    if partitions.key.numbers.contains(&number) {
        return Ok(Some(false));
    }
    let within = partitions.key.exprs.iter().any(|expr| {
        let (_, columns) = crate::needs::of_expression(context.catalog(), expr);
        columns.contains(&number)
    });
    Ok(within.then_some(true))
}
