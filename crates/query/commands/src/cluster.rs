//! CLUSTER and VACUUM FULL: tables written anew, without gaps, in the order of an index or as they were, with all versions of their rows that some
//! snapshot may still see.
//!
//! *Differences from PostgreSQL*: System catalogs, whose files have fixed names, are vacuumed in place by VACUUM FULL. So are TOAST tables: rows know the
//! places of their values there.

use access::Method;
use catalog::acl::Privileges;
use catalog::privileges::ObjectKind;
use catalog::relation::kind;
use catalog::rows::PgIndex;
use catalog::{Entry, Relation, index};
use error::{Error, Result, Severity, SqlState};
use ids::Oid;
use parser::ast::Cluster;

use crate::alter::properties::own_index;
use crate::alter::rewrite;
use crate::vacuum::Usage;
use crate::{Context, options};

/// Nobody else may look at the table meanwhile.
const ACCESS_EXCLUSIVE: u8 = 8;

/// VACUUM FULL of a table that is locked exclusively; `false` for those that it leaves to plain VACUUM.
pub(crate) fn vacuum_full(context: &Context<'_>, relation: &Entry<Relation>, verbose: bool) -> Result<bool> {
    if relation.is_system() || relation.kind() == kind::TOAST {
        return Ok(false);
    }
    if verbose {
        tell(context, format!("vacuuming \"{}\"", crate::vacuum::table_name(context, relation)?));
    }
    copy(context, relation, None, verbose)?;
    Ok(true)
}

/// Writes a table anew, and tells what was found.
fn copy(context: &Context<'_>, relation: &Entry<Relation>, order: Option<Oid>, verbose: bool) -> Result<()> {
    let usage = Usage::begin(context.session);
    let started_us = stats::now_us();
    let name = crate::vacuum::table_name(context, relation)?;
    let counts = rewrite::copy(context, relation, order)?;
    if verbose {
        let text = format!(
            "\"{name}\": found {} removable, {} nonremovable row versions in {} pages",
            counts.removed, counts.kept, counts.pages
        );
        let detail =
            format!("{} dead row versions cannot be removed yet.\n{}.", counts.recently_dead, usage.times(started_us));
        let message = Error::new(SqlState::SUCCESSFUL_COMPLETION, text).severity(Severity::Info);
        context.notice(message.detail(detail));
    }
    Ok(())
}

/// CLUSTER.
pub(crate) fn cluster(context: &Context<'_>, cluster: &Cluster) -> Result<()> {
    let mut verbose = false;
    for item in &cluster.options {
        match &*item.name {
            "verbose" => verbose = options::boolean(item)?,
            other => {
                let text = format!("unrecognized CLUSTER option \"{other}\"");
                return Err(context.place(Error::new(SqlState::SYNTAX_ERROR, text), item.location));
            }
        }
    }
    let catalog = context.catalog();
    let Some(name) = &cluster.relation else { return all(context, verbose) };
    let check = |relation: &Relation| {
        if !matches!(relation.kind(), kind::TABLE | kind::MATERIALIZED_VIEW | kind::PARTITIONED_TABLE | kind::TOAST) {
            let text = format!("\"{}\" is not a table or materialized view", relation.name());
            return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, text));
        }
        catalog.require_privileges(ObjectKind::Relation, relation.oid, Privileges::MAINTAIN)
    };
    let relation = context.open_if(name, ACCESS_EXCLUSIVE, locks::LockWait::Block, check)?;
    if catalog.is_other_temporary(&relation.class) {
        let text = "cannot cluster temporary tables of other sessions";
        return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
    }
    let order = match &cluster.index {
        Some(name) => own_index(context, &relation, name)?,
        None => clustered(context, &relation)?.ok_or_else(|| {
            let text = format!("there is no previously clustered index for table \"{}\"", relation.name());
            Error::new(SqlState::UNDEFINED_OBJECT, text)
        })?,
    };
    if relation.kind() == kind::PARTITIONED_TABLE {
        context.services.refuse_block("CLUSTER")?;
        check_order(context, order)?;
        return tree(context, order, verbose);
    }
    if relation.kind() == kind::TOAST {
        // Its values lie one behind the other already.
        return Ok(());
    }
    if relation.is_system() {
        return Err(Error::not_implemented("CLUSTER of a system catalog"));
    }
    context.check_not_in_use(&relation, "CLUSTER")?;
    check_order(context, order)?;
    one(context, &relation, order, verbose)
}

/// The index must be one whose order a table can have.
fn check_order(context: &Context<'_>, order: Oid) -> Result<()> {
    let index = context.catalog().relation(order)?;
    let Some(row) = &index.index else { return Err(Error::internal(format!("relation {order} is no index"))) };
    let name = index.name();
    let refuse = |text: String| Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
    match context.catalog().index_method(index.class.relam)? {
        Method::Btree => {}
        Method::Gist => return Err(Error::not_implemented("CLUSTER by a GiST index")),
        _ => {
            return refuse(format!(
                "cannot cluster on index \"{name}\" because access method does not support clustering"
            ));
        }
    }
    if row.indpred.is_some() {
        return refuse(format!("cannot cluster on partial index \"{name}\""));
    }
    if !row.indisvalid {
        return refuse(format!("cannot cluster on invalid index \"{name}\""));
    }
    Ok(())
}

/// All partitions that have a part of an index, and that the user may maintain, each in a transaction of its own.
fn tree(context: &Context<'_>, order: Oid, verbose: bool) -> Result<()> {
    let catalog = context.catalog();
    let (mut waiting, mut tables) = (vec![order], Vec::new());
    while let Some(index) = waiting.pop() {
        waiting.extend(catalog.children(index)?);
        let relation = catalog.relation(index)?;
        if let (kind::INDEX, Some(row)) = (relation.kind(), &relation.index) {
            let privileges =
                catalog.privileges(ObjectKind::Relation, row.indrelid, catalog.current_user(), Privileges::MAINTAIN)?;
            if privileges.is_some_and(|held| held.0 & Privileges::MAINTAIN.0 != 0) {
                tables.push((row.indrelid, index));
            } else if let Some(name) = catalog.relation_name(row.indrelid)? {
                let text = format!("permission denied to cluster \"{name}\", skipping it");
                context.notice(Error::new(SqlState::WARNING, text).severity(Severity::Warning));
            }
        }
    }
    tables.sort_unstable();
    each(context, &tables, verbose, |_| Ok(true))
}

/// All tables that were clustered before and that the user may maintain, each in a transaction of its own.
fn all(context: &Context<'_>, verbose: bool) -> Result<()> {
    let catalog = context.catalog();
    let mut tables = Vec::new();
    for stored in catalog.scan_all::<PgIndex>()? {
        let row = &stored.row;
        let held = catalog.privileges(ObjectKind::Relation, row.indrelid, catalog.current_user(), Privileges::MAINTAIN);
        if row.indisclustered && held?.is_some_and(|held| held.0 & Privileges::MAINTAIN.0 != 0) {
            tables.push((row.indrelid, row.indexrelid));
        }
    }
    each(context, &tables, verbose, |(relation, order)| Ok(clustered(context, relation)? == Some(order)))
}

/// Clusters tables, each in a transaction of its own; those that are gone by then, or that `still` does not want, are left alone.
fn each(
    context: &Context<'_>,
    tables: &[(Oid, Oid)],
    verbose: bool,
    still: impl Fn((&Relation, Oid)) -> Result<bool>,
) -> Result<()> {
    for &(table, order) in tables {
        context.services.next_transaction()?;
        executor::lock_relation(context.session, table, ACCESS_EXCLUSIVE)?;
        if let Some(relation) = context.catalog().find_relation(table)?
            && relation.indexes.contains(&order)
            && still((&relation, order))?
        {
            check_order(context, order)?;
            one(context, &relation, order, verbose)?;
        }
    }
    context.services.next_transaction()
}

/// The index that a table was last clustered by.
fn clustered(context: &Context<'_>, relation: &Relation) -> Result<Option<Oid>> {
    for &oid in &relation.indexes {
        let row = context.catalog().row::<PgIndex>(index::PG_INDEX_INDEXRELID_INDEX, &[oid.into()])?;
        if row.is_some_and(|row| row.indisclustered) {
            return Ok(Some(oid));
        }
    }
    Ok(None)
}

/// Marks the index that a table is clustered by, or that it is by none.
pub(crate) fn mark(context: &Context<'_>, relation: &Relation, order: Option<Oid>) -> Result<()> {
    let catalog = context.catalog();
    for &own in &relation.indexes {
        let (key, marked) = ([own.into()], order == Some(own));
        catalog.change::<PgIndex>(index::PG_INDEX_INDEXRELID_INDEX, &key, |row| row.indisclustered = marked)?;
    }
    catalog.next_command()
}

fn one(context: &Context<'_>, relation: &Entry<Relation>, order: Oid, verbose: bool) -> Result<()> {
    mark(context, relation, Some(order))?;
    if verbose {
        let name = crate::vacuum::table_name(context, relation)?;
        tell(context, format!("clustering \"{name}\" using sequential scan and sort"));
    }
    copy(context, relation, Some(order), verbose)
}

fn tell(context: &Context<'_>, text: String) {
    context.notice(Error::new(SqlState::SUCCESSFUL_COMPLETION, text).severity(Severity::Info));
}
