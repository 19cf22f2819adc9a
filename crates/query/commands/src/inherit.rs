//! Trees of tables: INHERITS, ALTER TABLE … [NO] INHERIT, and who is below whom.

use catalog::relation::kind;
use catalog::rows::{PgConstraint, PgInherits};
use catalog::{Dependency, Entry, Object, Relation, index};
use error::{Error, Result, SqlState};
use ids::Oid;
use parser::ast::{CreateTable, RelationName};

use crate::column::Model;
use crate::{Context, expression, merge};

/// How many tables a tree may have.
const TREE_MAX: usize = 1 << 20;

/// A table and all below it, each once, parents before children; those below are locked in a mode (0: not).
pub(crate) fn tree(context: &Context<'_>, table: Oid, mode: u8) -> Result<Vec<Oid>> {
    let mut tree = vec![table];
    let mut next = 0;
    while next < tree.len() {
        let parent = tree[next];
        next += 1;
        if !context.catalog().class(parent)?.is_some_and(|class| class.relhassubclass) {
            continue;
        }
        for child in context.catalog().children(parent)? {
            if tree.contains(&child) {
                continue;
            }
            if tree.len() >= TREE_MAX {
                return Err(Error::new(SqlState::PROGRAM_LIMIT_EXCEEDED, "too many tables in an inheritance tree"));
            }
            if mode > 0 {
                executor::lock_relation(context.session, child, mode)?;
            }
            tree.push(child);
        }
    }
    Ok(tree)
}

fn wrong(text: String) -> Error {
    Error::new(SqlState::WRONG_OBJECT_TYPE, text)
}

/// The parents that a new table names, locked.
pub(crate) fn parents(context: &Context<'_>, create: &CreateTable, persistence: u8) -> Result<Vec<Entry<Relation>>> {
    let mut parents: Vec<Entry<Relation>> = Vec::new();
    let partition = create.partition_of.as_ref().map(|of| &of.parent);
    for name in create.inherits.iter().chain(partition) {
        let parent = context.open(name, 4)?;
        if parents.iter().any(|other| other.oid == parent.oid) {
            let text = format!("relation \"{}\" would be inherited from more than once", parent.name());
            return Err(Error::new(SqlState::DUPLICATE_TABLE, text));
        }
        check_parent(&parent, partition.is_some())?;
        if partition.is_none() && persistence != b't' && parent.is_temporary() {
            return Err(wrong(format!("cannot inherit from temporary relation \"{}\"", parent.name())));
        }
        if partition.is_some() {
            match (parent.is_temporary(), persistence == b't') {
                (false, true) => {
                    let name = parent.name();
                    let text =
                        format!("cannot create a temporary relation as partition of permanent relation \"{name}\"");
                    return Err(wrong(text));
                }
                (true, false) => {
                    let name = parent.name();
                    let text =
                        format!("cannot create a permanent relation as partition of temporary relation \"{name}\"");
                    return Err(wrong(text));
                }
                _ => {}
            }
        }
        if context.catalog().is_other_temporary(&parent.class) {
            let text = format!("cannot inherit from temporary relation of another session \"{}\"", parent.name());
            return Err(wrong(text));
        }
        context.require_owner(&parent)?;
        parents.push(parent);
    }
    if create.partition_by.is_some() && !create.inherits.is_empty() {
        let text = "cannot create partitioned table as inheritance child";
        return Err(Error::new(SqlState::INVALID_OBJECT_DEFINITION, text));
    }
    Ok(parents)
}

fn check_parent(parent: &Relation, partition: bool) -> Result<()> {
    let name = parent.name();
    match parent.kind() {
        kind::PARTITIONED_TABLE if partition => Ok(()),
        kind::PARTITIONED_TABLE => Err(wrong(format!("cannot inherit from partitioned table \"{name}\""))),
        _ if partition => Err(wrong(format!("\"{name}\" is not partitioned"))),
        kind::TABLE | kind::FOREIGN_TABLE if parent.class.relispartition => {
            Err(wrong(format!("cannot inherit from partition \"{name}\"")))
        }
        kind::TABLE | kind::FOREIGN_TABLE => Ok(()),
        _ => Err(wrong(format!("inherited relation \"{name}\" is not a table or foreign table"))),
    }
}

/// ALTER TABLE … INHERIT.
pub(crate) fn add(context: &Context<'_>, child: &Entry<Relation>, parent: &RelationName) -> Result<()> {
    let parent = context.open(parent, 4)?;
    if child.class.reloftype.is_valid() {
        return Err(wrong("cannot change inheritance of typed table".into()));
    }
    if child.class.relispartition {
        return Err(wrong("cannot change inheritance of a partition".into()));
    }
    if child.kind() == kind::PARTITIONED_TABLE {
        return Err(wrong("cannot change inheritance of partitioned table".into()));
    }
    check_parent(&parent, false)?;
    context.require_owner(&parent)?;
    if parent.is_temporary() && !child.is_temporary() {
        return Err(wrong(format!("cannot inherit from temporary relation \"{}\"", parent.name())));
    }
    let detail = "ROW triggers with transition tables are not supported in inheritance hierarchies.";
    crate::triggers::check_child(child, "an inheritance child", detail)?;
    let parents = context.catalog().parents(child.oid)?;
    if parents.contains(&parent.oid) {
        let text = format!("relation \"{}\" would be inherited from more than once", parent.name());
        return Err(Error::new(SqlState::DUPLICATE_TABLE, text));
    }
    if tree(context, child.oid, 1)?.contains(&parent.oid) {
        return Err(Error::new(SqlState::DUPLICATE_TABLE, "circular inheritance not allowed").detail(format!(
            "\"{}\" is already a child of \"{}\".",
            parent.name(),
            child.name()
        )));
    }
    attach(context, child, &parent, false)?;
    let sequence = context.catalog().parent_sequence(child.oid)? + 1;
    context.catalog().add_parent(child.oid, parent.oid, sequence, false)
}

/// Checks that a table has all columns and checks of one that becomes its parent, and counts them as inherited.
pub(crate) fn attach(
    context: &Context<'_>,
    child: &Entry<Relation>,
    parent: &Entry<Relation>,
    partition: bool,
) -> Result<()> {
    let catalog = context.catalog();
    for theirs in parent.live_columns() {
        let name = &*theirs.attname;
        let Some(ours) = child.column_by_name(name) else {
            let text = format!("child table is missing column \"{name}\"");
            return Err(Error::new(SqlState::DATATYPE_MISMATCH, text));
        };
        if (ours.atttypid, ours.atttypmod) != (theirs.atttypid, theirs.atttypmod) {
            let text = format!("child table \"{}\" has different type for column \"{name}\"", child.name());
            return Err(Error::new(SqlState::DATATYPE_MISMATCH, text));
        }
        if ours.attcollation != theirs.attcollation {
            let text = format!("child table \"{}\" has different collation for column \"{name}\"", child.name());
            return Err(Error::new(SqlState::COLLATION_MISMATCH, text));
        }
        let constraint = |relation: &Relation, number: i16| {
            let found = relation
                .constraints
                .iter()
                .find(|constraint| constraint.contype == b'n' && constraint.conkey.as_deref() == Some(&[number]));
            found.cloned()
        };
        let required = constraint(parent, theirs.attnum).filter(|constraint| !constraint.connoinherit);
        if let Some(required) = required {
            let Some(own) = constraint(child, ours.attnum) else {
                let text = format!("column \"{name}\" in child table \"{}\" must be marked NOT NULL", child.name());
                return Err(Error::new(SqlState::DATATYPE_MISMATCH, text));
            };
            if required.convalidated && !own.convalidated {
                let text = format!(
                    "constraint \"{}\" conflicts with NOT VALID constraint on child table \"{}\"",
                    own.conname,
                    child.name()
                );
                return Err(Error::new(SqlState::INVALID_OBJECT_DEFINITION, text));
            }
            inherit_constraint(context, child, &own, partition)?;
        }
        if theirs.attgenerated != 0 && ours.attgenerated == 0 {
            let text = format!("column \"{name}\" in child table must be a generated column");
            return Err(Error::new(SqlState::DATATYPE_MISMATCH, text));
        }
        if theirs.attgenerated == 0 && ours.attgenerated != 0 {
            let text = format!("column \"{name}\" in child table must not be a generated column");
            return Err(Error::new(SqlState::DATATYPE_MISMATCH, text));
        }
        if theirs.attgenerated != ours.attgenerated {
            let word = |letter| if letter == b's' { "STORED" } else { "VIRTUAL" };
            let text = format!("column \"{name}\" inherits from generated column of different kind");
            let detail =
                format!("Parent column is {}, child column is {}.", word(theirs.attgenerated), word(ours.attgenerated));
            return Err(Error::new(SqlState::DATATYPE_MISMATCH, text).detail(detail));
        }
        catalog.alter_column(child.oid, ours.attnum, |row| {
            row.attinhcount += 1;
            if partition {
                row.attislocal = false;
            }
        })?;
    }
    for theirs in parent.constraints.iter().filter(|c| c.contype == b'c' && !c.connoinherit) {
        let name = &*theirs.conname;
        let Some((own, expr)) = merge::check_of(context, child, name)? else {
            let text = format!("child table is missing constraint \"{name}\"");
            return Err(Error::new(SqlState::DATATYPE_MISMATCH, text));
        };
        let their_text = theirs.conbin.as_deref().unwrap_or_default();
        let ours = Model { expr, table: child.clone() };
        let theirs = (Model { expr: expression::read(context, their_text)?, table: parent.clone() }, theirs);
        let conflict = |text: String| Err(Error::new(SqlState::DATATYPE_MISMATCH, text));
        if !merge::same(context, &ours, &theirs.0)? {
            let text =
                format!("child table \"{}\" has different definition for check constraint \"{name}\"", child.name());
            return conflict(text);
        }
        if own.connoinherit {
            let text = format!(
                "constraint \"{name}\" conflicts with non-inherited constraint on child table \"{}\"",
                child.name()
            );
            return Err(Error::new(SqlState::INVALID_OBJECT_DEFINITION, text));
        }
        if theirs.1.convalidated && own.conenforced && !own.convalidated {
            let text = format!(
                "constraint \"{name}\" conflicts with NOT VALID constraint on child table \"{}\"",
                child.name()
            );
            return Err(Error::new(SqlState::INVALID_OBJECT_DEFINITION, text));
        }
        if theirs.1.conenforced && !own.conenforced {
            let text = format!(
                "constraint \"{name}\" conflicts with NOT ENFORCED constraint on child table \"{}\"",
                child.name()
            );
            return Err(Error::new(SqlState::INVALID_OBJECT_DEFINITION, text));
        }
        inherit_constraint(context, child, &own, partition)?;
    }
    catalog.next_command()
}

fn inherit_constraint(context: &Context<'_>, child: &Relation, own: &PgConstraint, partition: bool) -> Result<()> {
    if own.contype == b'n' && own.connoinherit {
        let text = format!(
            "constraint \"{}\" conflicts with non-inherited constraint on child table \"{}\"",
            own.conname,
            child.name()
        );
        return Err(Error::new(SqlState::INVALID_OBJECT_DEFINITION, text));
    }
    let key = [own.oid.into()];
    context.catalog().change::<PgConstraint>(index::PG_CONSTRAINT_OID_INDEX, &key, |row| {
        row.coninhcount += 1;
        if partition {
            row.conislocal = false;
        }
    })?;
    context.catalog().next_command()
}

/// ALTER TABLE … NO INHERIT, and the end of DETACH PARTITION.
pub(crate) fn remove(context: &Context<'_>, child: &Entry<Relation>, parent: &Entry<Relation>) -> Result<()> {
    let catalog = context.catalog();
    let key = [child.oid.into()];
    let mut found = false;
    for stored in catalog.stored::<PgInherits>(index::PG_INHERITS_RELID_SEQNO_INDEX, &key)? {
        if stored.row.inhparent == parent.oid {
            catalog.delete(&stored)?;
            found = true;
        }
    }
    if !found {
        let text = match child.class.relispartition {
            true => format!("relation \"{}\" is not a partition of relation \"{}\"", child.name(), parent.name()),
            false => format!("relation \"{}\" is not a parent of relation \"{}\"", parent.name(), child.name()),
        };
        return Err(Error::new(SqlState::UNDEFINED_TABLE, text));
    }
    for theirs in parent.live_columns() {
        if let Some(ours) = child.column_by_name(&theirs.attname)
            && ours.attinhcount > 0
        {
            catalog.alter_column(child.oid, ours.attnum, |row| {
                row.attinhcount -= 1;
                row.attislocal |= row.attinhcount == 0;
            })?;
        }
    }
    for own in child.constraints.iter().filter(|c| matches!(c.contype, b'c' | b'n') && c.coninhcount > 0) {
        let inherited = parent.constraints.iter().any(|theirs| match own.contype {
            b'c' => theirs.contype == b'c' && theirs.conname == own.conname,
            _ => theirs.contype == b'n' && same_column(parent, theirs, child, own),
        });
        if inherited {
            let key = [own.oid.into()];
            catalog.change::<PgConstraint>(index::PG_CONSTRAINT_OID_INDEX, &key, |row| {
                row.coninhcount -= 1;
                row.conislocal |= row.coninhcount == 0;
            })?;
        }
    }
    let kind = if child.class.relispartition { Dependency::Auto } else { Dependency::Normal };
    catalog.forget_dependency(Object::relation(child.oid), Object::relation(parent.oid), kind)?;
    // The parent's descriptor knows its children.
    catalog.alter_class(parent.oid, |_| ())
}

fn same_column(parent: &Relation, theirs: &PgConstraint, child: &Relation, own: &PgConstraint) -> bool {
    let name = |relation: &Relation, constraint: &PgConstraint| {
        let number = constraint.conkey.as_ref().and_then(|key| key.first().copied());
        number.and_then(|number| relation.column(number)).map(|column| column.attname.to_string())
    };
    name(parent, theirs) == name(child, own)
}
