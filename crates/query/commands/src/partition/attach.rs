//! ALTER TABLE … ATTACH PARTITION and DETACH PARTITION.

use analyzer::Wanted;
use analyzer::scope::Place;
use catalog::relation::kind;
use catalog::rows::{PgConstraint, PgInherits, PgPartitionedTable};
use catalog::{Dependency, Entry, Object, Relation, index};
use error::{Error, Result, SqlState};
use parser::ast::{self, RelationName};

use planner::partition::Strategy;

use crate::{Context, create_table, expression, foreign_key, inherit};

fn wrong(text: String) -> Error {
    Error::new(SqlState::WRONG_OBJECT_TYPE, text)
}

/// Makes an existing table a partition.
pub(crate) fn attach(
    context: &Context<'_>,
    parent: &Entry<Relation>,
    name: &RelationName,
    bound: &ast::PartitionBound,
) -> Result<()> {
    let catalog = context.catalog();
    let analyzed = super::bound::analyze(context, parent, bound)?;
    let table = context.open(name, 8)?;
    context.require_owner(&table)?;
    if table.class.relispartition {
        return Err(wrong(format!("\"{}\" is already a partition", table.name())));
    }
    if table.class.reloftype.is_valid() {
        return Err(wrong("cannot attach a typed table as partition".into()));
    }
    if !matches!(table.kind(), kind::TABLE | kind::PARTITIONED_TABLE | kind::FOREIGN_TABLE) {
        let text = format!("ALTER action ATTACH PARTITION cannot be performed on relation \"{}\"", table.name());
        return Err(wrong(text));
    }
    if !catalog.parents(table.oid)?.is_empty() {
        return Err(wrong("cannot attach inheritance child as partition".into()));
    }
    if table.kind() == kind::TABLE && !catalog.children(table.oid)?.is_empty() {
        return Err(wrong("cannot attach inheritance parent as partition".into()));
    }
    if inherit::tree(context, table.oid, 8)?.contains(&parent.oid) {
        return Err(Error::new(SqlState::DUPLICATE_TABLE, "circular inheritance not allowed").detail(format!(
            "\"{}\" is already a child of \"{}\".",
            parent.name(),
            table.name()
        )));
    }
    let detail = "ROW triggers with transition tables are not supported on partitions.";
    crate::triggers::check_child(&table, "a partition", detail)?;
    match (parent.is_temporary(), table.is_temporary()) {
        (false, true) => {
            let text =
                format!("cannot attach a temporary relation as partition of permanent relation \"{}\"", parent.name());
            return Err(wrong(text));
        }
        (true, false) => {
            let text =
                format!("cannot attach a permanent relation as partition of temporary relation \"{}\"", parent.name());
            return Err(wrong(text));
        }
        _ => {}
    }
    for column in table.live_columns() {
        if column.attidentity != 0 {
            let text =
                format!("table \"{}\" being attached contains an identity column \"{}\"", table.name(), column.attname);
            let detail = "The new partition may not contain an identity column.";
            return Err(Error::new(SqlState::DATATYPE_MISMATCH, text).detail(detail));
        }
        if parent.column_by_name(&column.attname).is_none() {
            let text = format!(
                "table \"{}\" contains column \"{}\" not found in parent \"{}\"",
                table.name(),
                column.attname,
                parent.name()
            );
            let detail = "The new partition may contain only the columns present in parent.";
            return Err(Error::new(SqlState::DATATYPE_MISMATCH, text).detail(detail));
        }
    }
    super::bound::check(context, &*super::of(context, parent.oid)?, table.name(), &analyzed, bound)?;
    inherit::attach(context, &table, parent, true)?;
    catalog.add_parent(table.oid, parent.oid, 1, true)?;
    super::store(context, parent, table.oid, &analyzed)?;
    for leaf in inherit::tree(context, table.oid, 8)? {
        if !super::belongs(context, leaf, parent.oid, table.oid)? {
            let name = catalog.relation(leaf)?.name().to_string();
            let text = format!("partition constraint of relation \"{name}\" is violated by some row");
            return Err(Error::new(SqlState::CHECK_VIOLATION, text).table(name));
        }
    }
    mark_identity(context, parent, &table, true)?;
    super::adopt(context, parent, table.oid)
}

/// Makes a partition a table of its own. CONCURRENTLY does so under the same locks, and leaves the table a CHECK of its bound.
pub(crate) fn detach(
    context: &Context<'_>,
    parent: &Entry<Relation>,
    name: &RelationName,
    concurrently: bool,
    finalize: bool,
) -> Result<()> {
    let catalog = context.catalog();
    if concurrently && context.services.is_in_block() {
        let text = "ALTER TABLE ... DETACH CONCURRENTLY cannot run inside a transaction block";
        return Err(Error::new(SqlState::ACTIVE_SQL_TRANSACTION, text));
    }
    let table = context.open(name, 8)?;
    if !catalog.parents(table.oid)?.contains(&parent.oid) {
        let text = format!("relation \"{}\" is not a partition of relation \"{}\"", table.name(), parent.name());
        return Err(Error::new(SqlState::UNDEFINED_TABLE, text));
    }
    if finalize {
        let text = format!(
            "partition \"{}\" is not pending detach in partitioned table \"{}.{}\"",
            table.name(),
            catalog.schema_name(parent.class.relnamespace)?.unwrap_or_default(),
            parent.name()
        );
        return Err(Error::new(SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE, text));
    }
    if concurrently && super::of(context, parent.oid)?.bounds.default_partition().is_some() {
        let text = "cannot detach partitions concurrently when a default partition exists";
        return Err(Error::new(SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE, text));
    }
    // What is known of its rows stays known of them. Of hashes nothing is said, for the function that makes them looks at the parent.
    let hashed = super::of(context, parent.oid)?.key.strategy == Strategy::Hash;
    let bound = match concurrently && !hashed {
        true => bound_text(context, table.oid)?,
        false => None,
    };
    let was_default = super::of(context, parent.oid)?.bounds.default_partition().is_some_and(|at| {
        super::of(context, parent.oid).is_ok_and(|partitions| partitions.partitions[at].oid == table.oid)
    });
    foreign_key::before_detach(context, &table)?;
    inherit::remove(context, &table, parent)?;
    create_table::mark_partition(context, table.oid, None)?;
    if was_default {
        let key = [parent.oid.into()];
        catalog.change::<PgPartitionedTable>(index::PG_PARTITIONED_TABLE_PARTRELID_INDEX, &key, |row| {
            row.partdefid = ids::Oid::INVALID;
        })?;
    }
    crate::triggers::release(context, &table)?;
    let table = create_table::reread(context, table.oid)?;
    mark_identity(context, parent, &table, false)?;
    for &own in &table.indexes {
        release_index(context, own, &table)?;
    }
    for constraint in table.constraints.iter().filter(|c| c.contype == b'f' && c.conparentid.is_valid()) {
        foreign_key::release(context, constraint)?;
    }
    catalog.alter_class(parent.oid, |_| ())?;
    catalog.next_command()?;
    match bound {
        Some(bound) => keep_bound(context, &table, &bound),
        None => Ok(()),
    }
}

/// `pg_get_partition_constraintdef`
const PARTITION_CONSTRAINT: ids::Oid = ids::Oid(3408);

/// What being a partition asks of a table's rows, as SQL; none if that is nothing.
fn bound_text(context: &Context<'_>, table: ids::Oid) -> Result<Option<String>> {
    let argument = batch::DatumRef::B4(table.0 as i32);
    match context.session.env().call_function(PARTITION_CONSTRAINT, &[argument], ids::Oid::INVALID)? {
        batch::Datum::Bytes(text) => Ok(Some(String::from_utf8_lossy(&text).into_owned())),
        _ => Ok(None),
    }
}

/// Gives a table that was a partition until now a CHECK of what its bound said, unless it has one.
fn keep_bound(context: &Context<'_>, table: &Relation, bound: &str) -> Result<()> {
    let catalog = context.catalog();
    let table = catalog.relation(table.oid)?;
    let text = format!("ALTER TABLE {} ADD CHECK ({bound})", catalog.qualified_relation_text(table.oid)?);
    let context = &Context { text: &text, ..*context };
    let mut known = Vec::new();
    for check in table.constraints.iter().filter(|own| own.contype == b'c' && own.convalidated) {
        known.push(expression::read(context, check.conbin.as_deref().unwrap_or_default())?);
    }
    for statement in parser::parse(&text)? {
        if let ast::Statement::AlterTable(alter) = &statement.statement
            && let [ast::AlterTableAction::AddConstraint(constraint)] = &alter.actions[..]
            && let ast::ConstraintKind::Check(condition) = &constraint.kind
        {
            let wanted = Wanted::Condition("CHECK");
            let stored = expression::store(context, condition, Place::CheckConstraint, Some(&table), wanted)?;
            if planner::implies(catalog, &known, &stored.expr)? {
                return Ok(());
            }
        }
        crate::execute(context, &statement.statement)?;
    }
    catalog.next_command()
}

/// Marks a parent's identity columns in a table that becomes a partition, and all below it; or takes the marks away.
fn mark_identity(context: &Context<'_>, parent: &Relation, table: &Relation, partition: bool) -> Result<()> {
    let catalog = context.catalog();
    let columns: Vec<_> = parent.live_columns().filter(|column| column.attidentity != 0).collect();
    if columns.is_empty() {
        return Ok(());
    }
    for member in inherit::tree(context, table.oid, 8)? {
        let member = catalog.relation(member)?;
        for column in &columns {
            if let Some(own) = member.column_by_name(&column.attname) {
                let letter = if partition { column.attidentity } else { 0 };
                catalog.alter_column(member.oid, own.attnum, |row| row.attidentity = letter)?;
            }
        }
    }
    Ok(())
}

/// An index of a table that is no partition any more belongs to no other.
fn release_index(context: &Context<'_>, own: ids::Oid, table: &Relation) -> Result<()> {
    let catalog = context.catalog();
    let parents = catalog.parents(own)?;
    let [parent] = parents[..] else { return Ok(()) };
    for stored in catalog.stored::<PgInherits>(index::PG_INHERITS_RELID_SEQNO_INDEX, &[own.into()])? {
        catalog.delete(&stored)?;
    }
    let this = Object::relation(own);
    catalog.forget_dependency(this, Object::relation(parent), Dependency::PartitionPrimary)?;
    catalog.forget_dependency(this, Object::relation(table.oid), Dependency::PartitionSecondary)?;
    catalog.alter_class(own, |class| class.relispartition = false)?;
    if let Some(constraint) = catalog.constraint_of_index(own)? {
        let row = catalog.constraint(constraint)?;
        let this = Object::of::<PgConstraint>(constraint);
        let above = Object::of::<PgConstraint>(row.conparentid);
        catalog.forget_dependency(this, above, Dependency::PartitionPrimary)?;
        catalog.forget_dependency(this, Object::relation(table.oid), Dependency::PartitionSecondary)?;
        let key = [constraint.into()];
        catalog.change::<PgConstraint>(index::PG_CONSTRAINT_OID_INDEX, &key, |row| {
            row.conparentid = ids::Oid::INVALID;
            row.coninhcount = 0;
            row.conislocal = true;
        })?;
    }
    catalog.next_command()
}
