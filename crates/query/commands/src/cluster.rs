//! CLUSTER and VACUUM FULL: tables written anew, without gaps, in the order of an index or as they were.
//!
//! *Differences from PostgreSQL*: the rows get the writing transaction's id, as those of ALTER TABLE do. So a transaction that
//! took its snapshot before, and looks at the table for the first time afterwards, finds it empty; PostgreSQL keeps the old
//! ids. System catalogs, whose files have fixed names, are vacuumed in place by VACUUM FULL.

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
    rewrite::rewrite(context, relation, rewrite::unchanged(relation))?;
    Ok(true)
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
    let oid = catalog.require_relation(name.schema.as_deref(), &name.name)?;
    let relation = catalog.relation(oid)?;
    if !matches!(relation.kind(), kind::TABLE | kind::MATERIALIZED_VIEW | kind::PARTITIONED_TABLE) {
        let text = format!("\"{}\" is not a table or materialized view", relation.name());
        return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, text));
    }
    catalog.require_privileges(ObjectKind::Relation, oid, Privileges::MAINTAIN)?;
    executor::lock_relation(context.session, oid, ACCESS_EXCLUSIVE)?;
    let relation = catalog.relation(oid)?;
    if relation.kind() == kind::PARTITIONED_TABLE {
        return Err(Error::not_implemented("CLUSTER of a partitioned table"));
    }
    if relation.is_system() {
        return Err(Error::not_implemented("CLUSTER of a system catalog"));
    }
    let order = match &cluster.index {
        Some(name) => own_index(context, &relation, name)?,
        None => clustered(context, &relation)?.ok_or_else(|| {
            let text = format!("there is no previously clustered index for table \"{}\"", relation.name());
            Error::new(SqlState::UNDEFINED_OBJECT, text)
        })?,
    };
    one(context, &relation, order, verbose)
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
    for (table, order) in tables {
        context.services.next_transaction()?;
        executor::lock_relation(context.session, table, ACCESS_EXCLUSIVE)?;
        if let Some(relation) = context.catalog().find_relation(table)?
            && clustered(context, &relation)? == Some(order)
        {
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
    rewrite::rewrite_in_order(context, relation, rewrite::unchanged(relation), Some(order))
}

fn tell(context: &Context<'_>, text: String) {
    context.notice(Error::new(SqlState::SUCCESSFUL_COMPLETION, text).severity(Severity::Info));
}
