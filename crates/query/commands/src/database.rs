//! CREATE DATABASE, ALTER DATABASE and DROP DATABASE.
//!
//! A new database is a copy of its template, page by page through the buffer pool, each page logged whole: so it needs no checkpoint, and
//! recovery and standbys make it from the log alone. The template may have no other sessions meanwhile.

use std::fs;
use std::path::PathBuf;

use catalog::privileges::ObjectKind;
use catalog::rows::{CatalogRow, PgDatabase, PgDbRoleSetting, PgShdepend, PgShdescription, PgTablespace};
use catalog::{Entry, Object, index};
use error::{Error, Result, SqlState};
use ids::oids::{DEFAULT_TABLESPACE, GLOBAL_TABLESPACE};
use ids::{Fork, Oid, RelFileLocator};
use locks::{LockMode, LockOwner, LockTag, LockWait};
use parser::ast::{AlterDatabase, AlterDatabaseAction, CreateDatabase, DropDatabase, ObjectReference};
use shm::{Interrupt, ProcNumber};

use crate::{Context, options};

fn directory(context: &Context<'_>, tablespace: Oid, database: Oid) -> PathBuf {
    context.services.data_directory().join(storage::database_directory(tablespace, database))
}

/// The tablespaces that databases have files in.
fn tablespaces(context: &Context<'_>) -> Result<Vec<Oid>> {
    let all = context.catalog().scan_all::<PgTablespace>()?;
    Ok(all.iter().map(|stored| stored.row.oid).filter(|&oid| oid != GLOBAL_TABLESPACE).collect())
}

/// Nobody else may use the database: they are given five seconds to leave. Gives the detail that says who still does.
fn wait_until_unused(context: &Context<'_>, database: Oid) -> Result<Option<String>> {
    let me = context.session.transaction.process();
    let processes = me.processes();
    let mut tries = 0;
    loop {
        let others =
            processes.active().filter(|&number| number != me.number() && processes.slot(number).database() == database);
        let (sessions, prepared) = (others.count(), prepared_count(context, database));
        if sessions + prepared == 0 || tries == 50 {
            return Ok(users(sessions, prepared));
        }
        tries += 1;
        context.session.check_interrupts()?;
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
}

fn prepared_count(context: &Context<'_>, database: Oid) -> usize {
    let all = context.session.transaction.transactions().prepared().list();
    all.iter().filter(|transaction| transaction.database == database).count()
}

fn users(sessions: usize, prepared: usize) -> Option<String> {
    Some(match (sessions, prepared) {
        (0, 0) => return None,
        (1, 0) => "There is 1 other session using the database.".into(),
        (sessions, 0) => format!("There are {sessions} other sessions using the database."),
        (0, 1) => "There is 1 prepared transaction using the database.".into(),
        (0, prepared) => format!("There are {prepared} prepared transactions using the database."),
        _ => {
            format!("There are {sessions} other session(s) and {prepared} prepared transaction(s) using the database.")
        }
    })
}

/// Makes a database.
pub(crate) fn create(context: &Context<'_>, create: &CreateDatabase) -> Result<()> {
    let catalog = context.catalog();
    let mut template = "template1".to_string();
    let mut row = PgDatabase::default();
    let (mut owner, mut limit, mut is_template, mut allow) = (catalog.current_user(), -1, false, true);
    let mut wanted = crate::database_locale::Wanted::default();
    for item in &create.options {
        let value = options::text(item);
        let default = item.value.is_none() || value.as_deref() == Some("default");
        match &*item.name {
            _ if wanted.take(context, item)? => (),
            _ if default && !matches!(&*item.name, "is_template" | "allow_connections") => (),
            "template" => template = value.unwrap_or_default(),
            "owner" => owner = catalog.require_role(&value.unwrap_or_default())?.oid,
            "connection_limit" => {
                limit = value
                    .and_then(|value| value.parse().ok())
                    .filter(|&limit| limit >= -1)
                    .ok_or_else(|| Error::new(SqlState::INVALID_PARAMETER_VALUE, "invalid connection limit"))?;
            }
            "is_template" => is_template = options::boolean(item)?,
            "allow_connections" => allow = options::boolean(item)?,
            "strategy" => {
                let name = value.unwrap_or_default();
                if !["wal_log", "file_copy"].iter().any(|known| known.eq_ignore_ascii_case(&name)) {
                    let text = format!("invalid create database strategy \"{name}\"");
                    return Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, text)
                        .hint("Valid strategies are \"wal_log\" and \"file_copy\"."));
                }
            }
            "tablespace" if value.as_deref() == Some("pg_default") => (),
            other @ ("tablespace" | "oid") => {
                return Err(Error::not_implemented(format_args!("CREATE DATABASE option {other}")));
            }
            other => {
                let error = Error::new(SqlState::SYNTAX_ERROR, format!("option \"{other}\" not recognized"));
                return Err(context.place(error, item.location));
            }
        }
    }
    let user = catalog.current_user();
    let may_create = catalog.role(user)?.is_some_and(|role| role.rolcreatedb);
    if !may_create && !catalog.is_superuser(user)? {
        return Err(Error::new(SqlState::INSUFFICIENT_PRIVILEGE, "permission denied to create database"));
    }
    let source = catalog.database_by_name(&template)?.ok_or_else(|| {
        let text = format!("template database \"{template}\" does not exist");
        Error::new(SqlState::UNDEFINED_DATABASE, text)
    })?;
    if !source.datistemplate
        && !catalog.is_superuser(user)?
        && !catalog.is_owner(ObjectKind::Database, source.oid, user)?
    {
        let text = format!("permission denied to copy database \"{template}\"");
        return Err(Error::new(SqlState::INSUFFICIENT_PRIVILEGE, text));
    }
    row.clone_from(&source);
    wanted.apply(context, &source, &mut row)?;
    let already = || {
        let text = format!("database \"{}\" already exists", create.name);
        Error::new(SqlState::DUPLICATE_DATABASE, text)
    };
    if catalog.database_by_name(&create.name)?.is_some() {
        return Err(already());
    }
    lock(context, source.oid, LockMode::Share)?;
    if let Some(users) = wait_until_unused(context, source.oid)? {
        let text = format!("source database \"{template}\" is being accessed by other users");
        return Err(Error::new(SqlState::OBJECT_IN_USE, text).detail(users));
    }
    row.oid = catalog.new_oid::<PgDatabase>(index::PG_DATABASE_OID_INDEX)?;
    row.datname = create.name.to_string().into();
    row.datdba = owner;
    row.datistemplate = is_template;
    row.datallowconn = allow;
    row.datconnlimit = limit;
    row.datacl = None;
    catalog.insert(&row)?;
    catalog.record_owner(Object::of::<PgDatabase>(row.oid), owner)?;
    copy(context, source.oid, row.oid)
}

fn lock(context: &Context<'_>, database: Oid, mode: LockMode) -> Result<()> {
    let tag = LockTag::object(Oid::INVALID, <PgDatabase as catalog::rows::CatalogRow>::RELATION, database, 0);
    context.session.transaction.locks().acquire(LockOwner::Transaction, tag, mode, LockWait::Block)?;
    Ok(())
}

/// The relations that have files in a database's directory of a tablespace, with the forks that do.
fn relations(context: &Context<'_>, tablespace: Oid, database: Oid) -> Result<Vec<(Oid, Fork)>> {
    let path = directory(context, tablespace, database);
    let failed = |e: &std::io::Error| Error::io(format_args!("could not open directory \"{}\"", path.display()), e);
    let mut found = Vec::new();
    let entries = match fs::read_dir(&path) {
        // Not every database has files everywhere.
        Err(e) if e.kind() == std::io::ErrorKind::NotFound && tablespace != DEFAULT_TABLESPACE => return Ok(found),
        entries => entries.map_err(|e| failed(&e))?,
    };
    for entry in entries {
        let name = entry.map_err(|e| failed(&e))?.file_name();
        let Some(name) = name.to_str().filter(|name| !name.contains('.')) else { continue };
        let digits = name.find('_').unwrap_or(name.len());
        let fork = Fork::ALL.into_iter().find(|fork| fork.suffix() == &name[digits..]);
        if let (Ok(file), Some(fork)) = (name[..digits].parse(), fork) {
            found.push((Oid(file), fork));
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// Copies all relations of a database to another, which is new.
fn copy(context: &Context<'_>, from: Oid, to: Oid) -> Result<()> {
    let transaction = context.session.transaction;
    let target = directory(context, DEFAULT_TABLESPACE, to);
    fs::create_dir_all(&target)
        .map_err(|e| Error::io(format_args!("could not create directory \"{}\"", target.display()), &e))?;
    for tablespace in tablespaces(context)? {
        for (file, fork) in relations(context, tablespace, from)? {
            let source = RelFileLocator::new(tablespace, from, file);
            let locator = RelFileLocator::new(tablespace, to, file);
            // The free space map makes itself.
            if fork == Fork::FreeSpace {
                continue;
            }
            if fork == Fork::Main {
                transaction.drop_at_abort(locator);
            }
            crate::tablespace::copy_fork(context, source, locator, fork, storage::Persistence::Permanent)?;
        }
    }
    let version = target.join("PG_VERSION");
    fs::write(&version, "18\n")
        .map_err(|e| Error::io(format_args!("could not write file \"{}\"", version.display()), &e))
}

/// Records the version that the order of a database's texts has now.
fn refresh_version(context: &Context<'_>, name: &str) -> Result<()> {
    let catalog = context.catalog();
    let missing = || Error::new(SqlState::UNDEFINED_DATABASE, format!("database \"{name}\" does not exist"));
    let row = catalog.database_by_name(name)?.ok_or_else(missing)?;
    catalog.require_owner(ObjectKind::Database, row.oid)?;
    let new = crate::collation::new_version(context, row.datcollversion.as_deref(), row.actual_version())?;
    if let Some(version) = new {
        let key = [row.oid.into()];
        catalog.change::<PgDatabase>(index::PG_DATABASE_OID_INDEX, &key, |row| {
            row.datcollversion = Some(version.into())
        })?;
    }
    Ok(())
}

/// Changes a database's options.
pub(crate) fn alter(context: &Context<'_>, alter: &AlterDatabase) -> Result<()> {
    let AlterDatabaseAction::Options(items) = &alter.action else {
        return refresh_version(context, &alter.name);
    };
    let (mut is_template, mut allow, mut limit) = (None, None, None);
    for item in items {
        let twice = match &*item.name {
            "is_template" => is_template.replace(options::boolean(item)?).is_some(),
            "allow_connections" => allow.replace(options::boolean(item)?).is_some(),
            "connection_limit" => {
                let text = options::text(item).unwrap_or_default();
                let number = if text == "default" { Some(-1) } else { text.parse::<i32>().ok() };
                let Some(number) = number.filter(|&number| number >= -1) else {
                    let text = format!("invalid connection limit: {text}");
                    return Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, text));
                };
                limit.replace(number).is_some()
            }
            "tablespace" => return Err(Error::not_implemented("ALTER DATABASE … SET TABLESPACE")),
            other => {
                let error = Error::new(SqlState::SYNTAX_ERROR, format!("option \"{other}\" not recognized"));
                return Err(context.place(error, item.location));
            }
        };
        if twice {
            let error = Error::new(SqlState::SYNTAX_ERROR, "conflicting or redundant options");
            return Err(context.place(error, item.location));
        }
    }
    let catalog = context.catalog();
    let key = catalog.database_by_name(&alter.name)?.map(|row| row.oid);
    let stored = match key {
        Some(oid) => catalog.stored_row::<PgDatabase>(index::PG_DATABASE_OID_INDEX, &[oid.into()])?,
        None => None,
    };
    let Some(stored) = stored else {
        let text = format!("database \"{}\" does not exist", alter.name);
        return Err(Error::new(SqlState::UNDEFINED_DATABASE, text));
    };
    catalog.require_owner(ObjectKind::Database, stored.row.oid)?;
    if allow == Some(false) && stored.row.oid == catalog.database() {
        let text = "cannot disallow connections for current database";
        return Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, text));
    }
    let mut row = stored.row.clone();
    row.datistemplate = is_template.unwrap_or(row.datistemplate);
    row.datallowconn = allow.unwrap_or(row.datallowconn);
    row.datconnlimit = limit.unwrap_or(row.datconnlimit);
    catalog.update(&stored, &row)
}

/// Tells all other sessions in the database to leave.
fn terminate_sessions(context: &Context<'_>, database: Oid, name: &str) -> Result<()> {
    let catalog = context.catalog();
    if let Some(detail) = users(0, prepared_count(context, database)) {
        let text = format!("database \"{name}\" is being used by prepared transactions");
        return Err(Error::new(SqlState::OBJECT_IN_USE, text).detail(detail));
    }
    let me = context.session.transaction.process();
    let processes = me.processes();
    let found: Vec<ProcNumber> = processes
        .active()
        .filter(|&number| number != me.number() && processes.slot(number).database() == database)
        .collect();
    let user = catalog.current_user();
    for &number in &found {
        let owner = processes.slot(number).role();
        let refuse = |detail: &str| {
            let error = Error::new(SqlState::INSUFFICIENT_PRIVILEGE, "permission denied to terminate process");
            Err(error.detail(detail))
        };
        if !owner.is_valid() {
            continue;
        }
        if catalog.is_superuser(owner)? && !catalog.is_superuser(user)? {
            return refuse(
                "Only roles with the SUPERUSER attribute may terminate processes of roles with the SUPERUSER attribute.",
            );
        }
        if !catalog.has_privileges_of(user, owner)?
            && !catalog.has_privileges_of(user, catalog::privileges::role::PG_SIGNAL_BACKEND)?
        {
            return refuse(
                "Only roles with privileges of the role whose process is being terminated or with privileges of the \
                 \"pg_signal_backend\" role may terminate this process.",
            );
        }
    }
    found.iter().for_each(|&number| processes.slot(number).interrupt(Interrupt::TERMINATE));
    Ok(())
}

/// Drops a database.
pub(crate) fn drop(context: &Context<'_>, drop: &DropDatabase) -> Result<()> {
    let catalog = context.catalog();
    let Some(row) = catalog.database_by_name(&drop.name)? else {
        let text = format!("database \"{}\" does not exist", drop.name);
        if !drop.if_exists {
            return Err(Error::new(SqlState::UNDEFINED_DATABASE, text));
        }
        context.inform(SqlState::UNDEFINED_DATABASE, format!("{text}, skipping"));
        return Ok(());
    };
    catalog.require_owner(ObjectKind::Database, row.oid)?;
    if row.datistemplate {
        return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, "cannot drop a template database"));
    }
    if row.oid == catalog.database() {
        return Err(Error::new(SqlState::OBJECT_IN_USE, "cannot drop the currently open database"));
    }
    lock(context, row.oid, LockMode::AccessExclusive)?;
    if !drop.options.is_empty() {
        terminate_sessions(context, row.oid, &drop.name)?;
    }
    if let Some(users) = wait_until_unused(context, row.oid)? {
        let text = format!("database \"{}\" is being accessed by other users", drop.name);
        return Err(Error::new(SqlState::OBJECT_IN_USE, text).detail(users));
    }
    catalog.delete_all::<PgDatabase>(index::PG_DATABASE_OID_INDEX, &[row.oid.into()])?;
    // What its objects had to do with roles, and what was said of it.
    catalog.delete_all::<PgShdepend>(index::PG_SHDEPEND_DEPENDER_INDEX, &[row.oid.into()])?;
    let this = [Oid::INVALID.into(), PgDatabase::RELATION.into(), row.oid.into()];
    catalog.delete_all::<PgShdepend>(index::PG_SHDEPEND_DEPENDER_INDEX, &this)?;
    let key = [row.oid.into(), PgDatabase::RELATION.into()];
    catalog.delete_all::<PgShdescription>(index::PG_SHDESCRIPTION_O_C_INDEX, &key)?;
    catalog.delete_all::<PgDbRoleSetting>(index::PG_DB_ROLE_SETTING_DATABASEID_ROL_INDEX, &[row.oid.into()])?;
    for tablespace in tablespaces(context)? {
        for (file, fork) in relations(context, tablespace, row.oid)? {
            if fork == Fork::Main {
                let locator = RelFileLocator::new(tablespace, row.oid, file);
                context.session.transaction.drop_at_commit(locator);
            }
        }
    }
    Ok(())
}

fn named(context: &Context<'_>, reference: &ObjectReference) -> Result<Entry<PgDatabase>> {
    let ObjectReference::Name(name) = reference else { return Err(Error::internal("a database is not named as one")) };
    context
        .catalog()
        .database_by_name(&name.name)?
        .ok_or_else(|| Error::new(SqlState::UNDEFINED_DATABASE, format!("database \"{}\" does not exist", name.name)))
}

fn may_create_databases(context: &Context<'_>) -> Result<bool> {
    let catalog = context.catalog();
    Ok(catalog.role(catalog.current_user())?.is_some_and(|role| role.rolsuper || role.rolcreatedb))
}

/// ALTER DATABASE … RENAME TO
pub(crate) fn rename(context: &Context<'_>, reference: &ObjectReference, name: &str) -> Result<()> {
    let catalog = context.catalog();
    let row = named(context, reference)?;
    catalog.require_owner(ObjectKind::Database, row.oid)?;
    if !may_create_databases(context)? {
        return Err(Error::new(SqlState::INSUFFICIENT_PRIVILEGE, "permission denied to rename database"));
    }
    if catalog.database_by_name(name)?.is_some() {
        return Err(Error::new(SqlState::DUPLICATE_DATABASE, format!("database \"{name}\" already exists")));
    }
    if row.oid == catalog.database() {
        return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, "current database cannot be renamed"));
    }
    lock(context, row.oid, LockMode::AccessExclusive)?;
    if let Some(users) = wait_until_unused(context, row.oid)? {
        let text = format!("database \"{}\" is being accessed by other users", row.datname);
        return Err(Error::new(SqlState::OBJECT_IN_USE, text).detail(users));
    }
    let key = [row.oid.into()];
    catalog.change::<PgDatabase>(index::PG_DATABASE_OID_INDEX, &key, |row| row.datname = name.to_string().into())?;
    catalog.next_command()
}

/// ALTER DATABASE … OWNER TO
pub(crate) fn set_owner(context: &Context<'_>, reference: &ObjectReference, owner: Oid) -> Result<()> {
    let catalog = context.catalog();
    let row = named(context, reference)?;
    if row.datdba == owner {
        return Ok(());
    }
    catalog.require_owner(ObjectKind::Database, row.oid)?;
    crate::owner::require_settable(context, owner)?;
    if !may_create_databases(context)? {
        return Err(Error::new(SqlState::INSUFFICIENT_PRIVILEGE, "permission denied to change owner of database"));
    }
    give(context.catalog(), row.oid, owner)
}

/// Makes a role the owner of a database.
pub(crate) fn give(catalog: &catalog::Catalog, database: Oid, owner: Oid) -> Result<()> {
    let Some(row) = catalog.database_row(database)? else { return Ok(()) };
    let acl = row.datacl.as_ref().map(|acl| acl.with_owner(row.datdba, owner));
    let new = acl.clone();
    catalog.change::<PgDatabase>(index::PG_DATABASE_OID_INDEX, &[database.into()], |row| {
        (row.datdba, row.datacl) = (owner, new);
    })?;
    let this = Object::of::<PgDatabase>(database);
    catalog.change_recorded_owner(this, owner)?;
    catalog.record_acl(this, owner, acl.as_ref())?;
    catalog.next_command()
}
