//! DROP OWNED and REASSIGN OWNED: everything in this database that `pg_shdepend` says has to do with a role.

use catalog::acl::Acl;
use catalog::privileges::ObjectKind;
use catalog::relation::kind;
use catalog::rows::*;
use catalog::{Catalog, Object, Stored, index};
use error::{Error, Result, SqlState};
use ids::Oid;
use parser::ast::{DropOwned, ReassignOwned, RoleSpec};

use crate::constraint::{drop_behavior, notice};
use crate::{Context, grant, object};

/// The roles of a statement, as which the current one may act.
fn roles(context: &Context<'_>, written: &[RoleSpec], verb: &str) -> Result<Vec<Oid>> {
    let catalog = context.catalog();
    let mut found = Vec::with_capacity(written.len());
    for role in written {
        let role = context.role(role)?;
        if !catalog.has_privileges_of(catalog.current_user(), role)? {
            let name = catalog.role_name(role)?.unwrap_or_default();
            let detail = format!("Only roles with privileges of role \"{name}\" may {verb} objects owned by it.");
            let text = format!("permission denied to {verb} objects");
            return Err(Error::new(SqlState::INSUFFICIENT_PRIVILEGE, text).detail(detail));
        }
        found.push(role);
    }
    Ok(found)
}

/// What has to do with a role in this database, or in none.
fn related(context: &Context<'_>, role: Oid, what: &str) -> Result<Vec<PgShdepend>> {
    let catalog = context.catalog();
    if Object::of::<PgAuthid>(role).is_pinned() {
        let name = catalog.object_description(Object::of::<PgAuthid>(role))?;
        let text = format!("cannot {what} objects owned by {name} because they are required by the database system");
        return Err(Error::new(SqlState::DEPENDENT_OBJECTS_STILL_EXIST, text));
    }
    let key = [PgAuthid::RELATION.into(), role.into()];
    let stored = catalog.stored::<PgShdepend>(index::PG_SHDEPEND_REFERENCE_INDEX, &key)?;
    let here = |row: &PgShdepend| !row.dbid.is_valid() || row.dbid == catalog.database();
    Ok(stored.into_iter().map(|stored| stored.row).filter(here).collect())
}

fn object_of(row: &PgShdepend) -> Object {
    Object { class: row.classid, oid: row.objid, sub: row.objsubid }
}

/// DROP OWNED
pub(crate) fn drop_owned(context: &Context<'_>, drop: &DropOwned) -> Result<()> {
    let catalog = context.catalog();
    let mut gone: Vec<Object> = Vec::new();
    for role in roles(context, &drop.roles, "drop")? {
        for row in related(context, role, "drop")? {
            let this = object_of(&row);
            match row.deptype {
                // Databases and their like are dropped by statements of their own.
                b'o' if row.dbid.is_valid() => gone.push(this),
                b'a' if this.class == PgAuthMembers::RELATION => {
                    catalog.delete_all::<PgAuthMembers>(index::PG_AUTH_MEMBERS_OID_INDEX, &[this.oid.into()])?;
                    forget(catalog, &row)?;
                }
                b'a' => forget_grants(catalog, this, role)?,
                b'r' if !forget_target(catalog, this, role)? => gone.push(this),
                _ => {}
            }
            catalog.next_command()?;
        }
    }
    gone.sort_unstable();
    gone.dedup();
    // What was dropped with something else of the list, or by a grant that went, is there no more.
    if gone.is_empty() {
        return Ok(());
    }
    notice(context, catalog.drop_objects(&gone, drop_behavior(drop.behavior))?);
    Ok(())
}

/// Removes one row of `pg_shdepend`.
fn forget(catalog: &Catalog, row: &PgShdepend) -> Result<()> {
    let key = [row.dbid.into(), row.classid.into(), row.objid.into()];
    for stored in catalog.stored::<PgShdepend>(index::PG_SHDEPEND_DEPENDER_INDEX, &key)? {
        if stored.row.deptype == row.deptype && stored.row.refobjid == row.refobjid {
            catalog.delete(&stored)?;
        }
    }
    Ok(())
}

/// A list without what a role was given or gave.
fn without(acl: &Acl, role: Oid) -> Acl {
    let mut acl = acl.clone();
    acl.0.retain(|item| item.grantee != role && item.grantor != role);
    acl
}

/// Takes from an object's list what a role was given there, or gave.
fn forget_grants(catalog: &Catalog, this: Object, role: Oid) -> Result<()> {
    let kind = match this.class {
        PgClass::RELATION if this.sub != 0 => {
            let relation = catalog.relation(this.oid)?;
            let acl = relation.column(this.sub as i16).and_then(|column| column.attacl.as_ref());
            let acl = acl.map(|acl| without(acl, role)).filter(|acl| !acl.0.is_empty());
            return catalog.set_column_acl(this.oid, this.sub as i16, acl);
        }
        PgDefaultAcl::RELATION => {
            let stored: Option<Stored<PgDefaultAcl>> =
                catalog.stored_row(index::PG_DEFAULT_ACL_OID_INDEX, &[this.oid.into()])?;
            let Some(stored) = stored else { return Ok(()) };
            let row = stored.row.clone();
            let kind = match row.defaclobjtype {
                b'r' => ObjectKind::Relation,
                b'S' => ObjectKind::Sequence,
                b'f' => ObjectKind::Function,
                b'T' => ObjectKind::Type,
                b'n' => ObjectKind::Schema,
                _ => ObjectKind::LargeObject,
            };
            let default = match row.defaclnamespace.is_valid() {
                true => Acl(Vec::new()),
                false => kind.default_acl(row.defaclrole),
            };
            let key = (row.defaclrole, row.defaclnamespace, row.defaclobjtype);
            return grant::store_defaults(catalog, Some(stored), key, without(&row.defaclacl, role), &default);
        }
        other => ObjectKind::of_catalog(other)
            .ok_or_else(|| Error::internal(format!("objects of catalog {other} have no privileges")))?,
    };
    let Some((_, Some(acl))) = catalog.owner_and_acl(kind, this.oid)? else { return Ok(()) };
    catalog.set_acl(kind, this.oid, Some(without(&acl, role)))
}

/// Takes a role from a policy's targets; false if it was the only one.
fn forget_target(catalog: &Catalog, policy: Object, role: Oid) -> Result<bool> {
    let stored = catalog.stored_row::<PgPolicy>(index::PG_POLICY_OID_INDEX, &[policy.oid.into()])?;
    let Some(stored) = stored else { return Ok(true) };
    let mut row = stored.row.clone();
    row.polroles.retain(|&target| target != role);
    if row.polroles.is_empty() {
        return Ok(false);
    }
    catalog.update(&stored, &row)?;
    catalog.record_targets(policy, &row.polroles)?;
    Ok(true)
}

/// REASSIGN OWNED
pub(crate) fn reassign(context: &Context<'_>, reassign: &ReassignOwned) -> Result<()> {
    let catalog = context.catalog();
    let from = roles(context, &reassign.roles, "reassign")?;
    let to = context.role(&reassign.new_owner)?;
    if !catalog.has_privileges_of(catalog.current_user(), to)? {
        let name = catalog.role_name(to)?.unwrap_or_default();
        let detail = format!("Only roles with privileges of role \"{name}\" may reassign objects to it.");
        let text = "permission denied to reassign objects";
        return Err(Error::new(SqlState::INSUFFICIENT_PRIVILEGE, text).detail(detail));
    }
    for role in from {
        for row in related(context, role, "reassign ownership of")? {
            if row.deptype != b'o' {
                continue;
            }
            let oid = row.objid;
            match row.classid {
                PgClass::RELATION => {
                    // The owners of parts follow those of wholes.
                    let Some(class) = catalog.class(oid)? else { continue };
                    let is_part = matches!(
                        class.relkind,
                        kind::INDEX | kind::PARTITIONED_INDEX | kind::TOAST | kind::COMPOSITE_TYPE
                    );
                    if !is_part && class.relowner != to {
                        catalog.set_relation_owner(oid, to)?;
                    }
                }
                PgType::RELATION => catalog.set_type_owner(oid, to)?,
                PgProc::RELATION => crate::function::alter::give(catalog, oid, to)?,
                PgNamespace::RELATION => catalog.set_schema_owner(oid, to)?,
                PgDatabase::RELATION => crate::database::give(catalog, oid, to)?,
                PgDefaultAcl::RELATION | PgUserMapping::RELATION => {}
                class => match object::operations(class) {
                    Some(operations) => operations.give(catalog, oid, to)?,
                    None => return Err(Error::internal(format!("objects of catalog {class} have no owner"))),
                },
            }
            catalog.next_command()?;
        }
    }
    Ok(())
}
