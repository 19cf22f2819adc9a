//! DROP TRIGGER, ALTER TRIGGER … RENAME.

use catalog::relation::kind;
use catalog::rows::PgTrigger;
use catalog::{Entry, Object, Relation, index};
use error::{Error, Result, SqlState};
use ids::Oid;
use parser::ast::{DropObjects, ObjectReference, Rename};

use crate::Context;

fn find(context: &Context<'_>, relation: Oid, name: &str) -> Result<Option<Entry<PgTrigger>>> {
    context.catalog().row::<PgTrigger>(index::PG_TRIGGER_TGRELID_TGNAME_INDEX, &[relation.into(), name.into()])
}

fn missing(name: &str, relation: &str) -> Error {
    let text = format!("trigger \"{name}\" for table \"{relation}\" does not exist");
    Error::new(SqlState::UNDEFINED_OBJECT, text)
}

/// The trigger that DROP TRIGGER names; none if it may be missing.
pub(crate) fn to_drop(
    context: &Context<'_>,
    drop: &DropObjects,
    reference: &ObjectReference,
) -> Result<Option<Object>> {
    let ObjectReference::OnRelation { relation: on, name } = reference else {
        return Err(Error::internal("a trigger is not named as one"));
    };
    let Some(relation) = context.open_to_drop_from(&on.to_relation(), drop.if_exists)? else { return Ok(None) };
    let Some(found) = find(context, relation.oid, name)? else {
        let error = missing(name, relation.name());
        if !drop.if_exists {
            return Err(error);
        }
        let text = format!("trigger \"{name}\" for relation \"{}\" does not exist, skipping", relation.name());
        context.inform(SqlState::UNDEFINED_OBJECT, text);
        return Ok(None);
    };
    context.require_owner(&relation)?;
    Ok(Some(Object::of::<PgTrigger>(found.oid)))
}

/// ALTER TRIGGER … RENAME TO
pub(crate) fn rename(context: &Context<'_>, rename: &Rename) -> Result<()> {
    let ObjectReference::OnRelation { relation: on, name } = &rename.object else {
        return Err(Error::internal("a trigger is not named as one"));
    };
    let relation = context.open(&on.to_relation(), 8)?;
    context.require_owner(&relation)?;
    let Some(found) = find(context, relation.oid, name)? else { return Err(missing(name, relation.name())) };
    if found.tgparentid.is_valid() {
        let above = context.catalog().trigger(found.tgparentid)?;
        let above = context.catalog().relation(above.tgrelid)?;
        let text = format!("cannot rename trigger \"{name}\" on table \"{}\"", relation.name());
        let hint = format!("Rename the trigger on the partitioned table \"{}\" instead.", above.name());
        return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text).hint(hint));
    }
    rename_one(context, &relation, &found, &rename.new_name)
}

fn rename_one(context: &Context<'_>, relation: &Relation, trigger: &PgTrigger, name: &str) -> Result<()> {
    let catalog = context.catalog();
    if find(context, relation.oid, name)?.is_some() {
        let text = format!("trigger \"{name}\" for relation \"{}\" already exists", relation.name());
        return Err(Error::new(SqlState::DUPLICATE_OBJECT, text));
    }
    catalog.change::<PgTrigger>(index::PG_TRIGGER_OID_INDEX, &[trigger.oid.into()], |row| {
        row.tgname = name.to_string().into();
    })?;
    catalog.alter_class(relation.oid, |_| ())?;
    catalog.next_command()?;
    if relation.kind() != kind::PARTITIONED_TABLE {
        return Ok(());
    }
    for partition in catalog.children(relation.oid)? {
        executor::lock_relation(context.session, partition, 8)?;
        let child = catalog.relation(partition)?;
        let Some(own) = child.triggers.iter().find(|own| own.tgparentid == trigger.oid) else { continue };
        if own.tgname != trigger.tgname {
            let text = format!("renamed trigger \"{}\" on relation \"{}\"", own.tgname, child.name());
            context.inform(SqlState::SUCCESSFUL_COMPLETION, text);
        }
        rename_one(context, &child, own, name)?;
    }
    Ok(())
}
