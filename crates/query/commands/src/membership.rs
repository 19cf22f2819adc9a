//! Who is a member of which role: GRANT role TO role, and REVOKE.
//!
//! A membership is a row of `pg_auth_members` with who granted it; the same may be granted by several. Its options say whether the
//! member may grant it on (ADMIN), has the role's privileges at once (INHERIT), and may become the role (SET).

use catalog::index;
use catalog::privileges::Membership;
use catalog::rows::PgAuthMembers;
use catalog::{Object, Stored};
use error::{Error, Result, Severity, SqlState};
use ids::Oid;
use parser::ast::{DefinitionItem, DropBehavior, GrantRole};

use crate::{Context, options};

/// A membership to be granted, with the options that are named.
pub(crate) struct NewMembership {
    pub role: Oid,
    pub member: Oid,
    pub admin: Option<bool>,
    pub inherit: Option<bool>,
    pub set: Option<bool>,
}

/// What of a membership is revoked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grantable {
    /// The membership.
    All,
    /// Only its ADMIN option.
    Admin,
    /// Only its INHERIT option.
    Inherit,
    /// Only its SET option.
    Set,
}

impl NewMembership {
    /// With the usual options.
    pub fn plain(role: Oid, member: Oid) -> NewMembership {
        NewMembership { role, member, admin: None, inherit: None, set: None }
    }
}

fn name(context: &Context<'_>, role: Oid) -> Result<String> {
    Ok(context.catalog().role_name(role)?.unwrap_or_else(|| role.to_string()))
}

/// The current role must be allowed to grant membership in `role`.
pub(crate) fn require_admin(context: &Context<'_>, role: Oid) -> Result<()> {
    let catalog = context.catalog();
    let me = catalog.current_user();
    let refused = |detail: String, role: &str| {
        let text = format!("permission denied to grant role \"{role}\"");
        Err(Error::new(SqlState::INSUFFICIENT_PRIVILEGE, text).detail(detail))
    };
    let shown = name(context, role)?;
    if catalog.is_superuser(role)? && !catalog.is_superuser(me)? {
        let detail = "Only roles with the SUPERUSER attribute may grant roles with the SUPERUSER attribute.";
        return refused(detail.into(), &shown);
    }
    if !catalog.is_admin_of(me, role)? {
        return refused(format!("Only roles with the ADMIN option on role \"{shown}\" may grant this role."), &shown);
    }
    Ok(())
}

/// Who counts as the grantor: the role itself or one of its roles that has the ADMIN option, the bootstrap superuser for superusers.
fn grantor_for(context: &Context<'_>, role: Oid) -> Result<Oid> {
    let catalog = context.catalog();
    let me = catalog.current_user();
    if catalog.is_superuser(me)? {
        return Ok(ids::oids::BOOTSTRAP_ROLE);
    }
    let mine = catalog.roles_of(me, Membership::Inherit)?;
    let rows = catalog.rows::<PgAuthMembers>(index::PG_AUTH_MEMBERS_ROLE_MEMBER_INDEX, &[role.into()])?;
    let admins = mine.into_iter().find(|mine| rows.iter().any(|row| row.member == *mine && row.admin_option));
    Ok(admins.unwrap_or(me))
}

/// Who is named as the grantor must have the right to grant, and the current role that of the grantor.
fn check_grantor(context: &Context<'_>, role: Oid, grantor: Oid, is_grant: bool) -> Result<()> {
    let catalog = context.catalog();
    let shown = name(context, grantor)?;
    let word = if is_grant { "grant" } else { "revoke" };
    let refused = |detail: String| {
        let preposition = if is_grant { "as" } else { "granted by" };
        let text = format!("permission denied to {word} privileges {preposition} role \"{shown}\"");
        Err(Error::new(SqlState::INSUFFICIENT_PRIVILEGE, text).detail(detail))
    };
    if !catalog.has_privileges_of(catalog.current_user(), grantor)? {
        let who = if is_grant { "grant privileges as" } else { "revoke privileges granted by" };
        return refused(format!("Only roles with privileges of role \"{shown}\" may {who} this role."));
    }
    if !is_grant || grantor == ids::oids::BOOTSTRAP_ROLE {
        return Ok(());
    }
    let rows =
        catalog.rows::<PgAuthMembers>(index::PG_AUTH_MEMBERS_ROLE_MEMBER_INDEX, &[role.into(), grantor.into()])?;
    match rows.iter().any(|row| row.admin_option) {
        true => Ok(()),
        false => {
            let text = format!("permission denied to grant privileges as role \"{shown}\"");
            let detail = format!("The grantor must have the ADMIN option on role \"{}\".", name(context, role)?);
            Err(Error::new(SqlState::INSUFFICIENT_PRIVILEGE, text).detail(detail))
        }
    }
}

/// Whether `member` got the right to grant a role by way of grants that `from` made, and so cannot be the one who gives it to `from`.
fn is_granted_by(context: &Context<'_>, role: Oid, grantor: Oid, member: Oid) -> Result<bool> {
    let rows = context.catalog().rows::<PgAuthMembers>(index::PG_AUTH_MEMBERS_ROLE_MEMBER_INDEX, &[role.into()])?;
    // Without what `member` granted, and all that follows from it: does the grantor still have the option?
    let mut holders = vec![ids::oids::BOOTSTRAP_ROLE];
    let mut next = 0;
    while next < holders.len() {
        let from = holders[next];
        next += 1;
        for row in rows.iter().filter(|row| row.grantor == from && row.admin_option && row.member != member) {
            if !holders.contains(&row.member) {
                holders.push(row.member);
            }
        }
    }
    Ok(!holders.contains(&grantor))
}

/// Adds a membership, or changes the options of one that the same role granted before.
pub(crate) fn add(context: &Context<'_>, new: &NewMembership, grantor: Option<Oid>) -> Result<()> {
    let catalog = context.catalog();
    let (role, member) = (new.role, new.member);
    let grantor = match grantor {
        Some(grantor) => grantor,
        None => grantor_for(context, role)?,
    };
    if role == catalog::privileges::role::PG_DATABASE_OWNER {
        let text = format!("role \"{}\" cannot have explicit members", name(context, role)?);
        return Err(Error::new(SqlState::INVALID_GRANT_OPERATION, text));
    }
    if member == role || catalog.roles_of(role, Membership::Any)?.contains(&member) {
        let (role, member) = (name(context, role)?, name(context, member)?);
        let text = format!("role \"{role}\" is a member of role \"{member}\"");
        return Err(Error::new(SqlState::INVALID_GRANT_OPERATION, text));
    }
    if new.admin == Some(true) && is_granted_by(context, role, grantor, member)? {
        let text = "ADMIN option cannot be granted back to your own grantor";
        return Err(Error::new(SqlState::INVALID_GRANT_OPERATION, text));
    }
    let key = [role.into(), member.into(), grantor.into()];
    let stored = catalog.stored_row::<PgAuthMembers>(index::PG_AUTH_MEMBERS_ROLE_MEMBER_INDEX, &key)?;
    match stored {
        Some(stored) => {
            let mut row = stored.row.clone();
            row.admin_option = new.admin.unwrap_or(row.admin_option);
            row.inherit_option = new.inherit.unwrap_or(row.inherit_option);
            row.set_option = new.set.unwrap_or(row.set_option);
            if row == stored.row {
                let text = format!(
                    "role \"{}\" has already been granted membership in role \"{}\" by role \"{}\"",
                    name(context, member)?,
                    name(context, role)?,
                    name(context, grantor)?
                );
                context.inform(SqlState::SUCCESSFUL_COMPLETION, text);
                return Ok(());
            }
            catalog.update(&stored, &row)?;
        }
        None => {
            let inherits = catalog.role(member)?.is_some_and(|row| row.rolinherit);
            let oid = catalog.new_oid::<PgAuthMembers>(index::PG_AUTH_MEMBERS_OID_INDEX)?;
            catalog.insert(&PgAuthMembers {
                oid,
                roleid: role,
                member,
                grantor,
                admin_option: new.admin.unwrap_or(false),
                inherit_option: new.inherit.unwrap_or(inherits),
                set_option: new.set.unwrap_or(true),
            })?;
            // The grantor stays as long as what it granted.
            catalog.record_grantor(Object::of::<PgAuthMembers>(oid), grantor)?;
        }
    }
    catalog.next_command()
}

/// Takes a membership back, or one of its options; with `cascade` also what was granted on by it.
pub(crate) fn remove(
    context: &Context<'_>,
    role: Oid,
    member: Oid,
    what: Grantable,
    grantor: Option<Oid>,
    cascade: bool,
) -> Result<()> {
    let catalog = context.catalog();
    let grantor = match grantor {
        Some(grantor) => grantor,
        None => grantor_for(context, role)?,
    };
    let key = [role.into(), member.into(), grantor.into()];
    let stored = catalog.stored_row::<PgAuthMembers>(index::PG_AUTH_MEMBERS_ROLE_MEMBER_INDEX, &key)?;
    let Some(stored) = stored else {
        let text = format!(
            "role \"{}\" has not been granted membership in role \"{}\" by role \"{}\"",
            name(context, member)?,
            name(context, role)?,
            name(context, grantor)?
        );
        context.notice(Error::new(SqlState::WARNING, text).severity(Severity::Warning));
        return Ok(());
    };
    if matches!(what, Grantable::All | Grantable::Admin) && stored.row.admin_option {
        revoke_dependents(context, role, member, &stored, cascade)?;
    }
    match what {
        Grantable::All => {
            catalog.forget_grantor(Object::of::<PgAuthMembers>(stored.row.oid))?;
            catalog.delete(&stored)?;
        }
        _ => {
            let mut row = stored.row.clone();
            match what {
                Grantable::Inherit => row.inherit_option = false,
                Grantable::Set => row.set_option = false,
                _ => row.admin_option = false,
            }
            catalog.update(&stored, &row)?;
        }
    }
    catalog.next_command()
}

/// What `member` granted on, if nobody else gives it the right to.
fn revoke_dependents(
    context: &Context<'_>,
    role: Oid,
    member: Oid,
    revoked: &Stored<PgAuthMembers>,
    cascade: bool,
) -> Result<()> {
    let catalog = context.catalog();
    let rows = catalog.stored::<PgAuthMembers>(index::PG_AUTH_MEMBERS_ROLE_MEMBER_INDEX, &[role.into()])?;
    let still = |row: &PgAuthMembers| row.member == member && row.admin_option && row.oid != revoked.row.oid;
    if rows.iter().any(|stored| still(&stored.row)) {
        return Ok(());
    }
    for dependent in rows.iter().filter(|stored| stored.row.grantor == member) {
        if !cascade {
            return Err(Error::new(SqlState::DEPENDENT_OBJECTS_STILL_EXIST, "dependent privileges exist")
                .hint("Use CASCADE to revoke them too."));
        }
        remove(context, role, dependent.row.member, Grantable::All, Some(member), true)?;
    }
    Ok(())
}

fn option(item: &DefinitionItem) -> Result<bool> {
    options::boolean(item).map_err(|_| {
        let value = options::text(item).unwrap_or_default();
        let text = format!("unrecognized value for role option \"{}\": \"{value}\"", item.name);
        Error::new(SqlState::INVALID_PARAMETER_VALUE, text)
    })
}

/// GRANT role TO role, and REVOKE.
pub(crate) fn grant(context: &Context<'_>, grant: &GrantRole) -> Result<()> {
    let (mut admin, mut inherit, mut set) = (None, None, None);
    for item in &grant.options {
        let to = match &*item.name {
            "admin" => &mut admin,
            "inherit" => &mut inherit,
            "set" => &mut set,
            other => {
                let error = Error::new(SqlState::SYNTAX_ERROR, format!("unrecognized role option \"{other}\""));
                return Err(context.place(error, item.location));
            }
        };
        *to = Some(option(item)?);
    }
    let grantor = grant.grantor.as_ref().map(|grantor| context.role(grantor)).transpose()?;
    let members = grant.grantees.iter().map(|member| context.role(member)).collect::<Result<Vec<_>>>()?;
    for privilege in &grant.roles {
        let Some(role) = privilege.name.as_ref().filter(|_| privilege.columns.is_empty()) else {
            let text = "column names cannot be included in GRANT/REVOKE ROLE";
            return Err(Error::new(SqlState::INVALID_GRANT_OPERATION, text));
        };
        let role = context.catalog().require_role(role)?.oid;
        check(context, grant.is_grant, role)?;
        if let Some(grantor) = grantor {
            check_grantor(context, role, grantor, grant.is_grant)?;
        }
        for &member in &members {
            if grant.is_grant {
                add(context, &NewMembership { role, member, admin, inherit, set }, grantor)?;
                continue;
            }
            let what = match (admin, inherit, set) {
                (None, None, None) => Grantable::All,
                (Some(_), ..) => Grantable::Admin,
                (_, Some(_), _) => Grantable::Inherit,
                _ => Grantable::Set,
            };
            remove(context, role, member, what, grantor, grant.behavior == DropBehavior::Cascade)?;
        }
    }
    Ok(())
}

fn check(context: &Context<'_>, is_grant: bool, role: Oid) -> Result<()> {
    match require_admin(context, role) {
        Err(error) if !is_grant && error.state() == SqlState::INSUFFICIENT_PRIVILEGE => {
            let shown = name(context, role)?;
            let detail = error.fields().detail.clone().unwrap_or_default().replace("may grant", "may revoke");
            let text = format!("permission denied to revoke role \"{shown}\"");
            Err(Error::new(SqlState::INSUFFICIENT_PRIVILEGE, text).detail(detail))
        }
        other => other,
    }
}
