//! Tablespaces: CREATE, ALTER and DROP TABLESPACE, which one a new relation goes to, and moving relations between them.
//!
//! A relation's files are copied page by page through the buffer pool, each page logged whole, so that a move needs no checkpoint and
//! rows keep their transactions. Who makes files in a tablespace holds a lock on it until the end of the transaction; dropping it waits
//! for them.

use catalog::acl::Privileges;
use catalog::field::Text;
use catalog::privileges::ObjectKind;
use catalog::relation::{kind, locator_of};
use catalog::rows::{CatalogRow, PgClass, PgShdepend, PgShdescription, PgTablespace};
use catalog::{Object, Relation, index};
use error::{Error, Result, Severity, SqlState, bail};
use ids::oids::{DEFAULT_TABLESPACE, GLOBAL_TABLESPACE};
use ids::{BlockNumber, Fork, Oid, RelFileLocator};
use locks::{LockMode, LockOwner, LockTag, LockWait};
use parser::ast::{AlterTableMoveAll, AlterTablespace, CreateTablespace, DefinitionItem, DropTablespace, RelationKind};
use storage::{Access, Persistence, Strategy, StrategyKind};
use wal::{Image, RmgrId};

use crate::{Context, options};

/// The longest location that a link can have.
const LONGEST_LOCATION: usize = 1024 - 1 - 10 - 1 - 20;

fn missing(name: &str) -> Error {
    Error::new(SqlState::UNDEFINED_OBJECT, format!("tablespace \"{name}\" does not exist"))
}

fn lock(context: &Context<'_>, tablespace: Oid, mode: LockMode) -> Result<()> {
    let tag = LockTag::object(Oid::INVALID, PgTablespace::RELATION, tablespace, 0);
    context.session.transaction.locks().acquire(LockOwner::Transaction, tag, mode, LockWait::Block)?;
    Ok(())
}

/// The object id of a tablespace.
///
/// # Errors
/// `42704` if there is none of this name.
pub(crate) fn named(context: &Context<'_>, name: &str) -> Result<Oid> {
    Ok(context.catalog().tablespace_by_name(name)?.ok_or_else(|| missing(name))?.oid)
}

/// CREATE TABLESPACE
pub(crate) fn create(context: &Context<'_>, create: &CreateTablespace) -> Result<()> {
    let catalog = context.catalog();
    let (name, me) = (&*create.name, catalog.current_user());
    if !catalog.is_superuser(me)? {
        let text = format!("permission denied to create tablespace \"{name}\"");
        let error = Error::new(SqlState::INSUFFICIENT_PRIVILEGE, text);
        return Err(error.hint("Must be superuser to create a tablespace."));
    }
    let owner = match &create.owner {
        Some(role) => context.role(role)?,
        None => me,
    };
    let location = match create.directory.trim_end_matches('/') {
        "" if create.directory.starts_with('/') => "/",
        trimmed => trimmed,
    };
    if location.contains('\'') {
        bail!(INVALID_NAME, "tablespace location cannot contain single quotes");
    }
    let in_place = location.is_empty() && context.setting_on("allow_in_place_tablespaces");
    if !in_place && !location.starts_with('/') {
        bail!(INVALID_OBJECT_DEFINITION, "tablespace location must be an absolute path");
    }
    if location.len() > LONGEST_LOCATION {
        bail!(INVALID_OBJECT_DEFINITION, "tablespace location \"{location}\" is too long");
    }
    let inside = std::path::Path::new(location).starts_with(context.services.data_directory());
    if !in_place && inside {
        let text = "tablespace location should not be inside the data directory";
        context.notice(Error::new(SqlState::INVALID_OBJECT_DEFINITION, text).severity(Severity::Warning));
    }
    check_name(name)?;
    if catalog.tablespace_by_name(name)?.is_some() {
        bail!(DUPLICATE_OBJECT, "tablespace \"{name}\" already exists");
    }
    let spcoptions = changed_options(None, &create.options, false)?;
    let oid = catalog.new_oid::<PgTablespace>(index::PG_TABLESPACE_OID_INDEX)?;
    let spcname = name.to_string().into();
    catalog.insert(&PgTablespace { oid, spcname, spcowner: owner, spcacl: None, spcoptions })?;
    catalog.record_owner(Object::of::<PgTablespace>(oid), owner)?;
    context.session.store.storage.create_tablespace(oid, location)
}

/// Refuses names that are the system's.
pub(crate) fn check_name(name: &str) -> Result<()> {
    if name.starts_with("pg_") {
        let text = format!("unacceptable tablespace name \"{name}\"");
        let detail = "The prefix \"pg_\" is reserved for system tablespaces.";
        return Err(Error::new(SqlState::RESERVED_NAME, text).detail(detail));
    }
    Ok(())
}

/// A tablespace's options with some set, or some reset.
fn changed_options(old: Option<&[Text]>, items: &[DefinitionItem], reset: bool) -> Result<Option<Vec<Text>>> {
    const KNOWN: [&str; 4] =
        ["random_page_cost", "seq_page_cost", "effective_io_concurrency", "maintenance_io_concurrency"];
    let mut found: Vec<Text> = old.unwrap_or_default().to_vec();
    for item in items {
        let name = &*item.name;
        if reset && item.value.is_some() {
            bail!(SYNTAX_ERROR, "RESET must not include values for parameters");
        }
        found.retain(|option| option.split('=').next() != Some(name));
        if reset {
            continue;
        }
        if !KNOWN.contains(&name) {
            bail!(INVALID_PARAMETER_VALUE, "unrecognized parameter \"{name}\"");
        }
        let value = options::text(item).unwrap_or_else(|| "true".into());
        let (number, is_real) = (value.parse::<f64>().ok(), name.ends_with("_cost"));
        let Some(number) = number.filter(|number| is_real || number.fract() == 0.0) else {
            let what = if is_real { "floating point" } else { "integer" };
            bail!(INVALID_PARAMETER_VALUE, "invalid value for {what} option \"{name}\": {value}");
        };
        let (least, most) = if is_real { (0.0, f64::MAX) } else { (0.0, 1000.0) };
        if !(least..=most).contains(&number) {
            let text = format!("value {value} out of bounds for option \"{name}\"");
            let detail = match is_real {
                true => format!("Valid values are between \"{least:.6}\" and \"{most:.6}\"."),
                false => format!("Valid values are between \"{least}\" and \"{most}\"."),
            };
            return Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, text).detail(detail));
        }
        found.push(format!("{name}={value}").into());
    }
    Ok((!found.is_empty()).then_some(found))
}

/// ALTER TABLESPACE … SET and RESET
pub(crate) fn alter(context: &Context<'_>, alter: &AlterTablespace) -> Result<()> {
    let catalog = context.catalog();
    let oid = named(context, &alter.name)?;
    catalog.require_owner(ObjectKind::Tablespace, oid)?;
    let old = catalog.tablespace(oid)?.and_then(|row| row.spcoptions.clone());
    let new = changed_options(old.as_deref(), &alter.options, alter.reset)?;
    catalog.change::<PgTablespace>(index::PG_TABLESPACE_OID_INDEX, &[oid.into()], |row| row.spcoptions = new)?;
    catalog.next_command()
}

/// DROP TABLESPACE
pub(crate) fn drop(context: &Context<'_>, drop: &DropTablespace) -> Result<()> {
    let catalog = context.catalog();
    let name = &*drop.name;
    let Some(row) = catalog.tablespace_by_name(name)? else {
        if !drop.if_exists {
            return Err(missing(name));
        }
        context.inform(SqlState::UNDEFINED_OBJECT, format!("tablespace \"{name}\" does not exist, skipping"));
        return Ok(());
    };
    let oid = row.oid;
    catalog.require_owner(ObjectKind::Tablespace, oid)?;
    if oid < Oid::FIRST_UNPINNED {
        return Err(catalog.denied(ObjectKind::Tablespace, oid)?);
    }
    lock(context, oid, LockMode::AccessExclusive)?;
    let key = [PgTablespace::RELATION.into(), oid.into()];
    let dependents = catalog.stored::<PgShdepend>(index::PG_SHDEPEND_REFERENCE_INDEX, &key)?;
    if !dependents.is_empty() {
        let mut words = Vec::new();
        for row in dependents.iter().map(|stored| &stored.row) {
            words.push(match row.dbid == catalog.database() {
                true => {
                    let this = Object { class: row.classid, oid: row.objid, sub: row.objsubid };
                    format!("tablespace for {}", catalog.object_description(this)?)
                }
                false => {
                    let database = catalog.database_row(row.dbid)?;
                    let database = database.map(|row| row.datname.to_string()).unwrap_or_default();
                    format!("1 object in database {database}")
                }
            });
        }
        words.sort();
        let text = format!("tablespace \"{name}\" cannot be dropped because some objects depend on it");
        return Err(Error::new(SqlState::DEPENDENT_OBJECTS_STILL_EXIST, text).detail(words.join("\n")));
    }
    let storage = &context.session.store.storage;
    // Files of relations that were dropped stay until the next checkpoint.
    if !storage.tablespace_is_empty(oid)? {
        context.services.checkpoint()?;
        if !storage.tablespace_is_empty(oid)? {
            bail!(OBJECT_NOT_IN_PREREQUISITE_STATE, "tablespace \"{name}\" is not empty");
        }
    }
    let this = [Oid::INVALID.into(), PgTablespace::RELATION.into(), oid.into()];
    catalog.delete_all::<PgShdepend>(index::PG_SHDEPEND_DEPENDER_INDEX, &this)?;
    let comment = [oid.into(), PgTablespace::RELATION.into()];
    catalog.delete_all::<PgShdescription>(index::PG_SHDESCRIPTION_O_C_INDEX, &comment)?;
    catalog.delete_all::<PgTablespace>(index::PG_TABLESPACE_OID_INDEX, &[oid.into()])?;
    catalog.next_command()?;
    storage.drop_tablespace(oid)
}

fn refuse_default() -> Error {
    let text = "cannot specify default tablespace for partitioned relations";
    Error::new(SqlState::FEATURE_NOT_SUPPORTED, text)
}

/// The tablespace that settings give a new relation; invalid for the database's.
fn by_settings(context: &Context<'_>, persistence: u8, partitioned: bool) -> Result<Oid> {
    let catalog = context.catalog();
    let setting = |name: &str| context.session.env().setting(name).unwrap_or_default();
    if persistence == b't' {
        for name in setting("temp_tablespaces").split(',') {
            let name = name.trim().trim_matches('"');
            if let Some(row) = catalog.tablespace_by_name(name)?.filter(|_| !name.is_empty()) {
                return Ok(row.oid);
            }
        }
        return Ok(Oid::INVALID);
    }
    let name = setting("default_tablespace");
    match catalog.tablespace_by_name(&name)?.filter(|_| !name.is_empty()) {
        Some(row) if row.oid == DEFAULT_TABLESPACE && partitioned => Err(refuse_default()),
        Some(row) => Ok(row.oid),
        None => Ok(Oid::INVALID),
    }
}

/// The tablespace of a new relation, as `pg_class.reltablespace` has it: the one that the statement names, or what it inherits, or what
/// settings say. The role may create there.
pub(crate) fn for_new(
    context: &Context<'_>,
    name: Option<&str>,
    inherited: Oid,
    persistence: u8,
    partitioned: bool,
) -> Result<Oid> {
    let found = match name {
        Some(name) => {
            let found = named(context, name)?;
            if partitioned && found == DEFAULT_TABLESPACE {
                return Err(refuse_default());
            }
            found
        }
        None if inherited.is_valid() => inherited,
        None => by_settings(context, persistence, partitioned)?,
    };
    place(context, found)
}

/// What `pg_class.reltablespace` is to be for a tablespace in which the role may create.
pub(crate) fn place(context: &Context<'_>, tablespace: Oid) -> Result<Oid> {
    if !tablespace.is_valid() || tablespace == DEFAULT_TABLESPACE {
        return Ok(Oid::INVALID);
    }
    context.catalog().require_privileges(ObjectKind::Tablespace, tablespace, Privileges::CREATE)?;
    if tablespace == GLOBAL_TABLESPACE {
        bail!(INVALID_PARAMETER_VALUE, "only shared relations can be placed in pg_global tablespace");
    }
    lock(context, tablespace, LockMode::AccessShare)?;
    Ok(tablespace)
}

/// The tablespace that a statement wants an existing relation in, as `pg_class.reltablespace` has it.
pub(crate) fn wanted(context: &Context<'_>, name: &str) -> Result<Oid> {
    let found = named(context, name)?;
    if found != DEFAULT_TABLESPACE {
        context.catalog().require_privileges(ObjectKind::Tablespace, found, Privileges::CREATE)?;
    }
    place(context, found)
}

/// ALTER … SET TABLESPACE of one relation.
pub(crate) fn set(context: &Context<'_>, relation: &Relation, name: &str) -> Result<()> {
    let tablespace = named(context, name)?;
    if tablespace != DEFAULT_TABLESPACE {
        context.catalog().require_privileges(ObjectKind::Tablespace, tablespace, Privileges::CREATE)?;
    }
    let partitioned = !relation.has_storage();
    if partitioned && tablespace == DEFAULT_TABLESPACE && relation.class.reltablespace == Oid::INVALID {
        return Ok(());
    }
    move_to(context, relation.oid, place(context, tablespace)?)
}

/// Moves a relation, with its TOAST table.
pub(crate) fn move_to(context: &Context<'_>, oid: Oid, tablespace: Oid) -> Result<()> {
    let catalog = context.catalog();
    let relation = catalog.relation(oid)?;
    if relation.class.reltablespace == tablespace {
        return Ok(());
    }
    if !relation.has_storage() {
        catalog.alter_class(oid, |class| class.reltablespace = tablespace)?;
        catalog.record_tablespace(Object::relation(oid), tablespace)?;
        return catalog.next_command();
    }
    move_files(context, oid, tablespace)?;
    let toast = relation.class.reltoastrelid;
    if toast.is_valid() {
        move_files(context, toast, tablespace)?;
        for &index in &catalog.relation(toast)?.indexes {
            move_files(context, index, tablespace)?;
        }
    }
    Ok(())
}

fn move_files(context: &Context<'_>, oid: Oid, tablespace: Oid) -> Result<()> {
    let (catalog, session) = (context.catalog(), context.session);
    executor::lock_relation(session, oid, 8)?;
    let class = catalog.class(oid)?.ok_or_else(|| Error::internal("relation is gone"))?;
    let from = locator_of(&class, catalog.database());
    let file = catalog.new_file_number(tablespace, false)?;
    let moved = PgClass { relfilenode: file, reltablespace: tablespace, ..PgClass::clone(&class) };
    let to = locator_of(&moved, catalog.database());
    session.transaction.drop_at_abort(to);
    let persistence = catalog::store::persistence_of(class.relpersistence);
    for fork in Fork::ALL {
        // The free space map makes itself.
        if fork != Fork::FreeSpace && session.store.storage.exists(from, fork)? {
            let how = if fork == Fork::Init { Persistence::Permanent } else { persistence };
            copy_fork(context, from, to, fork, how)?;
        }
    }
    catalog.alter_class(oid, |class| {
        class.relfilenode = file;
        class.reltablespace = tablespace;
    })?;
    session.transaction.drop_at_commit(from);
    catalog.next_command()
}

/// Copies a fork to new files, page by page.
///
/// # Errors
/// Those of reading, extending and logging.
pub(crate) fn copy_fork(
    context: &Context<'_>,
    from: RelFileLocator,
    to: RelFileLocator,
    fork: Fork,
    persistence: Persistence,
) -> Result<()> {
    let session = context.session;
    let (storage, xid) = (&session.store.storage, session.transaction.xid()?);
    storage.create(to, fork, persistence)?;
    let (reading, writing) = (Strategy::new(StrategyKind::BulkRead), Strategy::new(StrategyKind::BulkWrite));
    let read = Access { strategy: Some(&reading), persistence, ..Access::default() };
    let write = Access { strategy: Some(&writing), persistence, ..Access::default() };
    for block in 0..storage.block_count(from, fork)? {
        session.check_interrupts()?;
        let original = storage.read(from, fork, BlockNumber(block), &read)?;
        let copied = storage.extend(to, fork, 1, &write)?;
        if copied.first.0 != block {
            return Err(Error::internal("somebody else writes to new files"));
        }
        let original = original.share();
        // A page that nobody has used yet has no log position either: it is there as zeros.
        if original.is_new() {
            continue;
        }
        let mut guard = copied.buffer.exclusive();
        let mut change = storage.change(RmgrId::XLOG, storage::xlog::PAGE);
        let slot = change.page(&mut guard, Image::Forced);
        change.page_mut(slot).copy_from_slice(&original[..]);
        change.finish_for(persistence, xid);
    }
    Ok(())
}

/// ALTER … ALL IN TABLESPACE … SET TABLESPACE
pub(crate) fn move_all(context: &Context<'_>, alter: &AlterTableMoveAll) -> Result<()> {
    let catalog = context.catalog();
    let (from, to) = (named(context, &alter.from)?, named(context, &alter.to)?);
    if from == GLOBAL_TABLESPACE || to == GLOBAL_TABLESPACE {
        let text = "cannot move relations in to or out of pg_global tablespace";
        return Err(Error::new(SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE, text));
    }
    let target = wanted(context, &alter.to)?;
    let stored = if from == DEFAULT_TABLESPACE { Oid::INVALID } else { from };
    if stored == target {
        return Ok(());
    }
    let owners = alter.roles.iter().map(|role| context.role(role)).collect::<Result<Vec<_>>>()?;
    let kinds: &[u8] = match alter.kind {
        RelationKind::Index => &[kind::INDEX, kind::PARTITIONED_INDEX],
        RelationKind::MaterializedView => &[kind::MATERIALIZED_VIEW],
        _ => &[kind::TABLE, kind::PARTITIONED_TABLE],
    };
    let mut found = Vec::new();
    for class in catalog.scan_all::<PgClass>()?.into_iter().map(|stored| stored.row) {
        if class.reltablespace != stored
            || !kinds.contains(&class.relkind)
            || class.relisshared
            || class.oid < Oid::FIRST_NORMAL
            || class.relpersistence == b't'
            || !owners.is_empty() && !owners.contains(&class.relowner)
        {
            continue;
        }
        catalog.require_owner(ObjectKind::Relation, class.oid)?;
        found.push(class.oid);
    }
    found.sort_unstable();
    if found.is_empty() {
        let text = match from {
            DEFAULT_TABLESPACE => "(database default)".to_string(),
            _ => alter.from.to_string(),
        };
        let text = format!("no matching relations in tablespace \"{text}\" found");
        context.notice(Error::new(SqlState::NO_DATA_FOUND, text).severity(Severity::Notice));
        return Ok(());
    }
    for oid in found {
        let wait = if alter.nowait { LockWait::Try } else { LockWait::Block };
        if !executor::try_lock_relation(context.session, oid, 8, wait)? {
            let name = catalog.relation(oid)?.name().to_string();
            bail!(OBJECT_IN_USE, "aborting because lock on relation \"{name}\" is not available");
        }
        move_to(context, oid, target)?;
    }
    Ok(())
}
