//! Roles: CREATE, ALTER, DROP ROLE, their settings. Who is a member of whom is [`crate::membership`]'s story.

use catalog::index;
use catalog::privileges::Membership;
use catalog::rows::{PgAuthMembers, PgAuthid, PgDbRoleSetting};
use catalog::{Catalog, Object};
use error::{Error, Result, SqlState};
use ids::Oid;
use parser::ast::{AlterRole, CreateRole, DefinitionItem, DefinitionValue, DropRole, RoleSpec, RoleWord};

use crate::membership::{self, Grantable, NewMembership};
use crate::{Context, options};

/// What a statement says of a role; what it does not name is `None`.
#[derive(Default)]
struct Options<'s> {
    superuser: Option<bool>,
    inherit: Option<bool>,
    createrole: Option<bool>,
    createdb: Option<bool>,
    canlogin: Option<bool>,
    replication: Option<bool>,
    bypassrls: Option<bool>,
    connection_limit: Option<i32>,
    /// `PASSWORD`, perhaps `NULL`.
    password: Option<Option<String>>,
    valid_until: Option<String>,
    member_of: Option<&'s [RoleSpec]>,
    members: Option<&'s [RoleSpec]>,
    admins: Option<&'s [RoleSpec]>,
}

fn put<T>(context: &Context<'_>, to: &mut Option<T>, item: &DefinitionItem, value: T) -> Result<()> {
    if to.replace(value).is_some() {
        let error = Error::new(SqlState::SYNTAX_ERROR, "conflicting or redundant options");
        return Err(context.place(error, item.location));
    }
    Ok(())
}

fn roles(item: &DefinitionItem) -> &[RoleSpec] {
    match &item.value {
        Some(DefinitionValue::Roles(roles)) => roles,
        _ => &[],
    }
}

impl<'s> Options<'s> {
    fn read(context: &Context<'_>, items: &'s [DefinitionItem]) -> Result<Options<'s>> {
        let mut all = Options::default();
        for item in items {
            let yes = || options::boolean(item);
            match &*item.name {
                "superuser" => put(context, &mut all.superuser, item, yes()?)?,
                "inherit" => put(context, &mut all.inherit, item, yes()?)?,
                "createrole" => put(context, &mut all.createrole, item, yes()?)?,
                "createdb" => put(context, &mut all.createdb, item, yes()?)?,
                "canlogin" => put(context, &mut all.canlogin, item, yes()?)?,
                "isreplication" => put(context, &mut all.replication, item, yes()?)?,
                "bypassrls" => put(context, &mut all.bypassrls, item, yes()?)?,
                "connectionlimit" => {
                    let Some(DefinitionValue::Integer(limit)) = item.value else {
                        return Err(Error::internal("a connection limit is a number"));
                    };
                    if limit < -1 {
                        let text = format!("invalid connection limit: {limit}");
                        return Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, text));
                    }
                    put(context, &mut all.connection_limit, item, limit)?;
                }
                "password" => put(context, &mut all.password, item, options::text(item))?,
                "validUntil" => put(context, &mut all.valid_until, item, options::text(item).unwrap_or_default())?,
                "addroleto" => put(context, &mut all.member_of, item, roles(item))?,
                "rolemembers" => put(context, &mut all.members, item, roles(item))?,
                "adminmembers" => put(context, &mut all.admins, item, roles(item))?,
                "sysid" => context.inform(SqlState::SUCCESSFUL_COMPLETION, "SYSID can no longer be specified"),
                other => return Err(Error::internal(format!("option \"{other}\" not recognized"))),
            }
        }
        Ok(all)
    }

    /// Writes what is said into a role's row.
    fn apply(&self, context: &Context<'_>, row: &mut PgAuthid) -> Result<()> {
        let set = |to: &mut bool, value: Option<bool>| *to = value.unwrap_or(*to);
        set(&mut row.rolsuper, self.superuser);
        set(&mut row.rolinherit, self.inherit);
        set(&mut row.rolcreaterole, self.createrole);
        set(&mut row.rolcreatedb, self.createdb);
        set(&mut row.rolcanlogin, self.canlogin);
        set(&mut row.rolreplication, self.replication);
        set(&mut row.rolbypassrls, self.bypassrls);
        row.rolconnlimit = self.connection_limit.unwrap_or(row.rolconnlimit);
        if let Some(until) = &self.valid_until {
            let value = types::input(types::oid::TIMESTAMPTZ, until, -1, context.session.env())?;
            row.rolvaliduntil = value.as_i64();
        }
        if let Some(password) = &self.password {
            row.rolpassword = match password.as_deref() {
                None => None,
                Some(password) => {
                    let secret = context.services.password_secret(row.rolname.as_ref(), password)?;
                    if secret.is_none() {
                        let text = "empty string is not a valid password, clearing password";
                        context.inform(SqlState::SUCCESSFUL_COMPLETION, text);
                    }
                    secret.map(Into::into)
                }
            };
        }
        Ok(())
    }
}

fn refused(what: &str, detail: String) -> Error {
    Error::new(SqlState::INSUFFICIENT_PRIVILEGE, format!("permission denied to {what} role")).detail(detail)
}

fn check_name(name: &str) -> Result<()> {
    if name.starts_with("pg_") {
        let text = format!("role name \"{name}\" is reserved");
        return Err(Error::new(SqlState::RESERVED_NAME, text).detail("Role names starting with \"pg_\" are reserved."));
    }
    Ok(())
}

fn current(catalog: &Catalog) -> Result<PgAuthid> {
    let row = catalog.role(catalog.current_user())?.ok_or_else(|| Error::internal("the current role is gone"))?;
    Ok(PgAuthid::clone(&row))
}

/// Makes a role.
pub(crate) fn create(context: &Context<'_>, create: &CreateRole) -> Result<()> {
    let catalog = context.catalog();
    let options = Options::read(context, &create.options)?;
    let me = current(catalog)?;
    if !me.rolsuper {
        if !me.rolcreaterole {
            let detail = "Only roles with the CREATEROLE attribute may create roles.";
            return Err(refused("create", detail.into()));
        }
        let attributes = [
            (options.superuser == Some(true), false, "SUPERUSER"),
            (options.createdb == Some(true), me.rolcreatedb, "CREATEDB"),
            (options.replication == Some(true), me.rolreplication, "REPLICATION"),
            (options.bypassrls == Some(true), me.rolbypassrls, "BYPASSRLS"),
        ];
        if let Some((.., word)) = attributes.iter().find(|(wanted, held, _)| *wanted && !held) {
            let detail = format!("Only roles with the {word} attribute may create roles with the {word} attribute.");
            return Err(refused("create", detail));
        }
    }
    check_name(&create.name)?;
    if catalog.role_by_name(&create.name)?.is_some() {
        let text = format!("role \"{}\" already exists", create.name);
        return Err(Error::new(SqlState::DUPLICATE_OBJECT, text));
    }
    let oid = catalog.new_oid::<PgAuthid>(index::PG_AUTHID_OID_INDEX)?;
    let mut row = PgAuthid {
        oid,
        rolname: create.name.to_string().into(),
        rolinherit: true,
        rolcanlogin: create.word == RoleWord::User,
        rolconnlimit: -1,
        ..Default::default()
    };
    options.apply(context, &mut row)?;
    catalog.insert(&row)?;
    catalog.next_command()?;
    for role in options.member_of.unwrap_or_default() {
        let role = context.role(role)?;
        membership::require_admin(context, role)?;
        membership::add(context, &NewMembership::plain(role, oid), None)?;
    }
    if !me.rolsuper {
        // Who makes a role may administer it.
        let new =
            NewMembership { admin: Some(true), inherit: Some(false), set: Some(false), role: oid, member: me.oid };
        membership::add(context, &new, Some(ids::oids::BOOTSTRAP_ROLE))?;
    }
    for (list, admin) in [(options.admins, Some(true)), (options.members, None)] {
        for member in list.unwrap_or_default() {
            let member = context.role(member)?;
            membership::add(context, &NewMembership { admin, ..NewMembership::plain(oid, member) }, None)?;
        }
    }
    Ok(())
}

/// Changes a role's attributes, or (ALTER GROUP) its members.
pub(crate) fn alter(context: &Context<'_>, alter: &AlterRole) -> Result<()> {
    let catalog = context.catalog();
    let options = Options::read(context, &alter.options)?;
    let oid = context.role(&alter.role)?;
    let row = catalog.role(oid)?.ok_or_else(|| Error::internal("a role is gone"))?;
    check_name(&row.rolname)?;
    let me = current(catalog)?;
    let admin = catalog.is_admin_of(me.oid, oid)?;
    let name = row.rolname.to_string();
    let creator = || {
        let detail = format!(
            "Only roles with the CREATEROLE attribute and the ADMIN option on role \"{name}\" may alter this role."
        );
        refused("alter", detail)
    };
    if !me.rolsuper {
        if row.rolsuper || options.superuser.is_some() {
            let detail = match row.rolsuper {
                true => "Only roles with the SUPERUSER attribute may alter roles with the SUPERUSER attribute.",
                false => "Only roles with the SUPERUSER attribute may change the SUPERUSER attribute.",
            };
            return Err(refused("alter", detail.into()));
        }
        let only_password = options.superuser.is_none()
            && options.inherit.is_none()
            && options.createrole.is_none()
            && options.createdb.is_none()
            && options.canlogin.is_none()
            && options.replication.is_none()
            && options.bypassrls.is_none()
            && options.connection_limit.is_none()
            && options.valid_until.is_none()
            && options.members.is_none();
        let may = me.rolcreaterole && admin || oid == me.oid && only_password || options.members.is_some();
        if !may && only_password && options.password.is_some() {
            let detail = "To change another role's password, the current user must have the CREATEROLE attribute and the ADMIN \
                          option on the role.";
            return Err(refused("alter", detail.into()));
        }
        if !may {
            return Err(creator());
        }
        let attributes = [
            (options.createdb.is_some(), me.rolcreatedb, "CREATEDB"),
            (options.replication.is_some(), me.rolreplication, "REPLICATION"),
            (options.bypassrls.is_some(), me.rolbypassrls, "BYPASSRLS"),
        ];
        if let Some((.., word)) = attributes.iter().find(|(wanted, held, _)| *wanted && !held) {
            let detail = format!("Only roles with the {word} attribute may change the {word} attribute.");
            return Err(refused("alter", detail));
        }
    }
    if options.superuser == Some(false) && oid == ids::oids::BOOTSTRAP_ROLE {
        let detail = "The bootstrap superuser must have the SUPERUSER attribute.";
        return Err(refused("alter", detail.into()));
    }
    let mut new = PgAuthid::clone(&row);
    options.apply(context, &mut new)?;
    catalog.change::<PgAuthid>(index::PG_AUTHID_OID_INDEX, &[oid.into()], |row| *row = new)?;
    catalog.next_command()?;
    for member in options.members.unwrap_or_default() {
        if membership::require_admin(context, oid).is_err() {
            let detail = format!("Only roles with the ADMIN option on role \"{name}\" may add or drop members.");
            return Err(refused("alter", detail));
        }
        let member = context.role(member)?;
        match alter.add {
            true => membership::add(context, &NewMembership::plain(oid, member), None)?,
            false => membership::remove(context, oid, member, Grantable::All, None, false)?,
        }
    }
    Ok(())
}

/// Drops roles, all of them or none.
pub(crate) fn drop(context: &Context<'_>, drop: &DropRole) -> Result<()> {
    let catalog = context.catalog();
    let me = current(catalog)?;
    if !me.rolsuper && !me.rolcreaterole {
        let detail =
            "Only roles with the CREATEROLE attribute and the ADMIN option on the target roles may drop roles.";
        return Err(refused("drop", detail.into()));
    }
    let mut dropped = Vec::new();
    for spec in &drop.roles {
        let parser::ast::RoleKind::Named(name) = &spec.kind else {
            return Err(Error::new(
                SqlState::INVALID_PARAMETER_VALUE,
                "cannot use special role specifier in DROP ROLE",
            ));
        };
        let Some(row) = catalog.role_by_name(name)? else {
            let text = format!("role \"{name}\" does not exist");
            if !drop.if_exists {
                return Err(Error::new(SqlState::UNDEFINED_OBJECT, text));
            }
            context.inform(SqlState::UNDEFINED_OBJECT, format!("{text}, skipping"));
            continue;
        };
        let in_use = |text: &str| Error::new(SqlState::OBJECT_IN_USE, text);
        if row.oid == catalog.current_user() {
            return Err(in_use("current user cannot be dropped"));
        }
        if row.oid == catalog.session_user() {
            return Err(in_use("session user cannot be dropped"));
        }
        if row.rolsuper && !me.rolsuper {
            let detail = "Only roles with the SUPERUSER attribute may drop roles with the SUPERUSER attribute.";
            return Err(refused("drop", detail.into()));
        }
        if !catalog.is_admin_of(me.oid, row.oid)? {
            let detail = format!(
                "Only roles with the CREATEROLE attribute and the ADMIN option on role \"{name}\" may drop this role."
            );
            return Err(refused("drop", detail));
        }
        if row.oid < Oid::FIRST_UNPINNED {
            let text = format!("cannot drop role {name} because it is required by the database system");
            return Err(Error::new(SqlState::DEPENDENT_OBJECTS_STILL_EXIST, text));
        }
        // What it is a member of, and who is a member of it, goes with it.
        for stored in catalog.scan_all::<PgAuthMembers>()? {
            if stored.row.roleid == row.oid || stored.row.member == row.oid {
                catalog.forget_grantor(Object::of::<PgAuthMembers>(stored.row.oid))?;
                catalog.delete(&stored)?;
            }
        }
        catalog.next_command()?;
        dropped.push((row.oid, name.to_string()));
    }
    for (oid, name) in dropped {
        catalog.lock_to_drop(Object::of::<PgAuthid>(oid))?;
        let (words, count) = catalog.role_dependents(oid, 100)?;
        if count > 0 {
            let text = format!("role \"{name}\" cannot be dropped because some objects depend on it");
            return Err(Error::new(SqlState::DEPENDENT_OBJECTS_STILL_EXIST, text).detail(words.join("\n")));
        }
        for stored in catalog.scan_all::<PgDbRoleSetting>()?.iter().filter(|stored| stored.row.setrole == oid) {
            catalog.delete(stored)?;
        }
        catalog.set_description(Object::of::<PgAuthid>(oid), None)?;
        catalog.delete_all::<PgAuthid>(index::PG_AUTHID_OID_INDEX, &[oid.into()])?;
        catalog.next_command()?;
    }
    Ok(())
}

/// Gives a role another name.
pub(crate) fn rename(context: &Context<'_>, old: &str, new: &str) -> Result<()> {
    let catalog = context.catalog();
    let row = catalog.require_role(old)?;
    let in_use = |text: &str| Error::new(SqlState::FEATURE_NOT_SUPPORTED, text);
    if row.oid == catalog.session_user() {
        return Err(in_use("session user cannot be renamed"));
    }
    if row.oid == catalog.current_user() {
        return Err(in_use("current user cannot be renamed"));
    }
    check_name(old)?;
    check_name(new)?;
    if catalog.role_by_name(new)?.is_some() {
        return Err(Error::new(SqlState::DUPLICATE_OBJECT, format!("role \"{new}\" already exists")));
    }
    let me = current(catalog)?;
    let may = me.rolsuper || me.rolcreaterole && !row.rolsuper && catalog.is_admin_of(me.oid, row.oid)?;
    if !may {
        let detail = format!(
            "Only roles with the CREATEROLE attribute and the ADMIN option on role \"{old}\" may rename this role."
        );
        return Err(refused("rename", detail));
    }
    if row.rolpassword.as_ref().is_some_and(|secret| secret.starts_with("md5")) {
        context.inform(SqlState::SUCCESSFUL_COMPLETION, "MD5 password cleared because of role rename");
    }
    catalog.change::<PgAuthid>(index::PG_AUTHID_OID_INDEX, &[row.oid.into()], |row| {
        row.rolname = new.to_string().into();
        if row.rolpassword.as_ref().is_some_and(|secret| secret.starts_with("md5")) {
            row.rolpassword = None;
        }
    })?;
    catalog.next_command()
}

/// What ALTER ROLE … SET and ALTER DATABASE … SET say of a setting.
pub enum SettingChange<'s> {
    /// It begins with this value.
    Set(&'s str, &'s str),
    /// It begins as configured.
    Reset(&'s str),
    /// All do.
    ResetAll,
}

/// Changes what settings sessions begin with: of a role, in a database, or of one in the other (invalid: in all, of all).
///
/// # Errors
/// Those of the catalogs. The caller has checked name, value and privileges.
pub fn change_setting(catalog: &Catalog, database: Oid, role: Oid, change: &SettingChange<'_>) -> Result<()> {
    let index = index::PG_DB_ROLE_SETTING_DATABASEID_ROL_INDEX;
    let key = [database.into(), role.into()];
    let stored = catalog.stored_row::<PgDbRoleSetting>(index, &key)?;
    let mut settings = stored.as_ref().and_then(|stored| stored.row.setconfig.clone()).unwrap_or_default();
    match change {
        SettingChange::Set(name, value) => {
            let text = format!("{name}={value}");
            let is_it =
                |old: &catalog::field::Text| old.split_once('=').is_some_and(|(old, _)| old.eq_ignore_ascii_case(name));
            match settings.iter_mut().find(|old| is_it(old)) {
                Some(old) => *old = text.into(),
                None => settings.push(text.into()),
            }
        }
        SettingChange::Reset(name) => {
            settings.retain(|old| !old.split_once('=').is_some_and(|(old, _)| old.eq_ignore_ascii_case(name)));
        }
        SettingChange::ResetAll => settings.clear(),
    }
    match (stored, settings.is_empty()) {
        (Some(stored), true) => catalog.delete(&stored)?,
        (Some(stored), false) => {
            let row = PgDbRoleSetting { setconfig: Some(settings), ..stored.row.clone() };
            catalog.update(&stored, &row)?;
        }
        (None, true) => {}
        (None, false) => {
            catalog.insert(&PgDbRoleSetting { setdatabase: database, setrole: role, setconfig: Some(settings) })?;
        }
    }
    catalog.next_command()
}

/// Checks that the current role may change another's settings.
pub fn require_settings_of(catalog: &Catalog, role: Oid) -> Result<()> {
    let me = current(catalog)?;
    let row = catalog.role(role)?.ok_or_else(|| Error::internal("a role is gone"))?;
    if me.rolsuper || role == me.oid && catalog.has_role(me.oid, role, Membership::Any)? {
        return Ok(());
    }
    if row.rolsuper {
        let detail = "Only roles with the SUPERUSER attribute may alter roles with the SUPERUSER attribute.";
        return Err(refused("alter", detail.into()));
    }
    if me.rolcreaterole && catalog.is_admin_of(me.oid, role)? {
        return Ok(());
    }
    let detail = format!(
        "Only roles with the CREATEROLE attribute and the ADMIN option on role \"{}\" may alter this role.",
        row.rolname
    );
    Err(refused("alter", detail))
}
