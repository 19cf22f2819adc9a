//! TRUNCATE: new, empty files for a table, its TOAST table and their indexes. The old ones go when the transaction commits.

use catalog::Relation;
use catalog::acl::Privileges;
use catalog::privileges::ObjectKind;
use catalog::relation::kind;
use catalog::trigger::Timing;
use error::{Error, Result, SqlState};
use ids::Oid;
use locks::LockWait;
use parser::ast::{DropBehavior, Truncate};

use crate::{Context, triggers};

/// Empties tables.
pub(crate) fn truncate(context: &Context<'_>, truncate: &Truncate) -> Result<()> {
    let mut tables: Vec<Oid> = Vec::new();
    for reference in &truncate.relations {
        let relation = context.open_if(&reference.name, 8, LockWait::Block, |relation| check(context, relation))?;
        if relation.kind() == kind::PARTITIONED_TABLE && !reference.inherit {
            return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, "cannot truncate only a partitioned table")
                .hint("Do not specify the ONLY keyword, or use TRUNCATE ONLY on the partitions directly."));
        }
        let tree = match reference.inherit {
            true => crate::inherit::tree(context, relation.oid, 8)?,
            false => vec![relation.oid],
        };
        for table in tree {
            if !tables.contains(&table) {
                tables.push(table);
            }
        }
    }
    if truncate.behavior == DropBehavior::Cascade {
        add_referring(context, &mut tables)?;
    }
    check_references(context, &tables, truncate.behavior)?;
    for &table in &tables {
        context.check_not_in_use(&*context.catalog().relation(table)?, "TRUNCATE")?;
    }
    let relations = tables.iter().map(|&table| context.catalog().relation(table)).collect::<Result<Vec<_>>>()?;
    triggers::truncate(context, &relations, Timing::Before)?;
    for table in tables {
        if truncate.restart_identity {
            restart_sequences(context, table)?;
        }
        empty(context, table)?;
    }
    triggers::truncate(context, &relations, Timing::After)
}

/// The relation must be a table that the role may empty.
fn check(context: &Context<'_>, relation: &Relation) -> Result<()> {
    if !matches!(relation.kind(), kind::TABLE | kind::PARTITIONED_TABLE) {
        let text = format!("\"{}\" is not a table", relation.name());
        return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, text));
    }
    if relation.is_system() {
        let text = format!("permission denied: \"{}\" is a system catalog", relation.name());
        return Err(Error::new(SqlState::INSUFFICIENT_PRIVILEGE, text));
    }
    if context.catalog().is_other_temporary(&relation.class) {
        let text = "cannot truncate temporary tables of other sessions";
        return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
    }
    context.catalog().require_privileges(ObjectKind::Relation, relation.oid, Privileges::TRUNCATE)
}

/// CASCADE: the tables that refer to those that are emptied go along, and those that refer to them.
fn add_referring(context: &Context<'_>, tables: &mut Vec<Oid>) -> Result<()> {
    let mut next = 0;
    while next < tables.len() {
        let table = tables[next];
        next += 1;
        for constraint in context.catalog().foreign_keys_of(table)? {
            let other = constraint.conrelid;
            if other == table || tables.contains(&other) {
                continue;
            }
            executor::lock_relation(context.session, other, 8)?;
            let relation = context.catalog().relation(other)?;
            context
                .inform(SqlState::SUCCESSFUL_COMPLETION, format!("truncate cascades to table \"{}\"", relation.name()));
            check(context, &relation)?;
            for member in crate::inherit::tree(context, other, 8)? {
                if !tables.contains(&member) {
                    tables.push(member);
                }
            }
        }
    }
    Ok(())
}

/// Tables that others refer to by foreign keys are emptied only together with these.
fn check_references(context: &Context<'_>, tables: &[Oid], behavior: DropBehavior) -> Result<()> {
    for &table in tables {
        let relation = context.catalog().relation(table)?;
        for constraint in context.catalog().foreign_keys_to(table)? {
            if tables.contains(&constraint.conrelid) {
                continue;
            }
            if behavior == DropBehavior::Cascade {
                continue;
            }
            let other = context.catalog().relation(constraint.conrelid)?;
            return Err(Error::new(
                SqlState::FEATURE_NOT_SUPPORTED,
                "cannot truncate a table referenced in a foreign key constraint",
            )
            .detail(format!("Table \"{}\" references \"{}\".", other.name(), relation.name()))
            .hint(format!("Truncate table \"{}\" at the same time, or use TRUNCATE ... CASCADE.", other.name())));
        }
    }
    Ok(())
}

/// Lets the sequences that a table's columns own begin again.
fn restart_sequences(context: &Context<'_>, table: Oid) -> Result<()> {
    let relation = context.catalog().relation(table)?;
    for column in relation.live_columns() {
        if let Some(sequence) = context.catalog().owned_sequence(table, column.attnum)? {
            context.catalog().require_owner(ObjectKind::Relation, sequence)?;
            crate::sequence::restart(context, sequence)?;
        }
    }
    Ok(())
}

/// Gives a table new files.
pub(crate) fn empty(context: &Context<'_>, table: Oid) -> Result<()> {
    let catalog = context.catalog();
    let relation = catalog.relation(table)?;
    if !relation.has_storage() {
        return Ok(());
    }
    renew(context, &relation)?;
    if relation.class.reltoastrelid.is_valid() {
        let toast = catalog.relation(relation.class.reltoastrelid)?;
        renew(context, &toast)?;
    }
    catalog.next_command()
}

fn renew(context: &Context<'_>, relation: &Relation) -> Result<()> {
    let catalog = context.catalog();
    catalog.new_files(relation.oid)?;
    for &index in &relation.indexes {
        executor::lock_relation(context.session, index, 8)?;
        catalog.new_files(index)?;
        catalog.next_command()?;
        catalog.write_empty_index(index)?;
    }
    catalog.next_command()
}
