//! VACUUM and ANALYZE: their options, and which tables they work on.
//!
//! | module | tells |
//! |---|---|
//! | `table` | vacuuming one table, and what VERBOSE says of it |
//! | [`cost`] | the cost-based delay |
//! | [`usage`] | what the work cost, for VERBOSE and the log |
//!
//! Autovacuum comes in by [`maintain`], a table at a time.

pub(crate) mod cost;
mod table;
pub(crate) mod usage;

use catalog::Relation;
use catalog::privileges::ObjectKind;
use catalog::relation::kind;
use error::{Error, Result, Severity, SqlState};
use ids::Oid;
use locks::{LockMode, LockOwner, LockTag, LockWait};
use parser::ast::{DefinitionItem, Name, Vacuum};
use stats::Key;

pub(crate) use self::usage::Usage;
use crate::{Context, analyze, options};

/// Autovacuum's part of a request.
#[derive(Clone, Debug)]
pub struct Automatic {
    /// Actions that take at least this long are logged, in milliseconds; negative: none.
    pub log_min_duration_ms: i64,
    /// The delay, in milliseconds.
    pub cost_delay_ms: f64,
    /// The cost between delays.
    pub cost_limit: i64,
}

impl Automatic {
    pub(crate) fn logs(&self, started_us: i64) -> bool {
        let least = self.log_min_duration_ms;
        least >= 0 && stats::now_us() - started_us >= least.saturating_mul(1000)
    }
}

/// What is to be done with a table.
#[derive(Clone, Debug)]
pub struct Maintenance {
    /// Remove dead rows.
    pub vacuum: bool,
    /// Gather statistics.
    pub analyze: bool,
    /// Tell what is done.
    pub verbose: bool,
    /// Freeze whatever is visible to everybody.
    pub freeze: bool,
    /// Write the table anew.
    pub full: bool,
    /// Read all pages.
    pub all_pages: bool,
    /// Leave tables alone whose lock is not free.
    pub skip_locked: bool,
    /// The table itself.
    pub main: bool,
    /// Its out-of-line values.
    pub toast: bool,
    /// Cut empty pages off the end; `None`: as the table or the server says.
    pub truncate: Option<bool>,
    /// Clean indexes; `None`: if it is worth it.
    pub index_cleanup: Option<bool>,
    /// Kilobytes of the pool; zero: as much as is needed; `None`: as the server says.
    pub buffer_limit: Option<i64>,
    /// Do not bring `pg_database.datfrozenxid` up to date.
    pub skip_database: bool,
    /// Nothing but that.
    pub only_database: bool,
    /// This is autovacuum's work.
    pub automatic: Option<Automatic>,
}

impl Maintenance {
    /// What the statement without options does.
    pub fn new(vacuum: bool) -> Maintenance {
        Maintenance {
            vacuum,
            analyze: !vacuum,
            verbose: false,
            freeze: false,
            full: false,
            all_pages: false,
            skip_locked: false,
            main: true,
            toast: true,
            truncate: None,
            index_cleanup: None,
            buffer_limit: None,
            skip_database: false,
            only_database: false,
            automatic: None,
        }
    }

    fn verb(&self) -> &'static str {
        if self.vacuum { "vacuum" } else { "analyze" }
    }
}

fn syntax(text: impl Into<String>) -> Error {
    Error::new(SqlState::SYNTAX_ERROR, text)
}

/// The most workers that may be asked for.
const WORKERS_MAX: i64 = 1024;

fn parallel(context: &Context<'_>, item: &DefinitionItem) -> Result<i64> {
    let bad = |text: &str| Err(context.place(syntax(text), item.location));
    match options::text(item).map(|text| text.parse::<i64>()) {
        None => bad("parallel option requires a value between 0 and 1024"),
        Some(Ok(workers)) if (0..=WORKERS_MAX).contains(&workers) => Ok(workers),
        Some(Ok(_)) => bad("parallel workers for vacuum must be between 0 and 1024"),
        Some(Err(_)) => Err(syntax(format!("{} requires an integer value", item.name))),
    }
}

fn buffer_limit(item: &DefinitionItem) -> Result<i64> {
    let text = options::text(item).ok_or_else(|| syntax("buffer_usage_limit requires a valid value"))?;
    let id = settings::id::VACUUM_BUFFER_USAGE_LIMIT;
    match settings::PARAMETERS[id.0 as usize].parse("vacuum_buffer_usage_limit", &text) {
        Ok(settings::Value::Int(kilobytes)) if kilobytes == 0 || kilobytes >= 128 => Ok(kilobytes.into()),
        _ => {
            let text = "BUFFER_USAGE_LIMIT option must be 0 or between 128 kB and 16777216 kB";
            Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, text))
        }
    }
}

fn parse(context: &Context<'_>, vacuum: &Vacuum) -> Result<Maintenance> {
    let mut found = Maintenance::new(vacuum.vacuum);
    let (mut workers, mut disables) = (0, false);
    let name = if vacuum.vacuum { "VACUUM" } else { "ANALYZE" };
    for item in &vacuum.options {
        match &*item.name {
            "verbose" => found.verbose = options::boolean(item)?,
            "skip_locked" => found.skip_locked = options::boolean(item)?,
            "buffer_usage_limit" => found.buffer_limit = Some(buffer_limit(item)?),
            "analyze" if vacuum.vacuum => found.analyze = options::boolean(item)?,
            "freeze" if vacuum.vacuum => found.freeze = options::boolean(item)?,
            "full" if vacuum.vacuum => found.full = options::boolean(item)?,
            "disable_page_skipping" if vacuum.vacuum => disables = options::boolean(item)?,
            "truncate" if vacuum.vacuum => found.truncate = Some(options::boolean(item)?),
            "process_main" if vacuum.vacuum => found.main = options::boolean(item)?,
            "process_toast" if vacuum.vacuum => found.toast = options::boolean(item)?,
            "skip_database_stats" if vacuum.vacuum => found.skip_database = options::boolean(item)?,
            "only_database_stats" if vacuum.vacuum => found.only_database = options::boolean(item)?,
            "parallel" if vacuum.vacuum => workers = parallel(context, item)?,
            "index_cleanup" if vacuum.vacuum => {
                let text = options::text(item).map(|text| text.to_ascii_lowercase());
                found.index_cleanup =
                    if text.as_deref() == Some("auto") { None } else { Some(options::boolean(item)?) };
            }
            other => {
                let error = syntax(format!("unrecognized {name} option \"{other}\""));
                return Err(context.place(error, item.location));
            }
        }
    }
    found.all_pages = disables;
    let unsupported = |text: &str| Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
    if found.full && workers > 0 {
        return unsupported("VACUUM FULL cannot be performed in parallel");
    }
    if found.full && found.buffer_limit.is_some() && !found.analyze {
        return unsupported("BUFFER_USAGE_LIMIT cannot be specified for VACUUM FULL");
    }
    if vacuum.vacuum && !found.analyze && vacuum.relations.iter().any(|relation| !relation.columns.is_empty()) {
        return unsupported("ANALYZE option must be specified when a column list is provided");
    }
    if found.full && disables {
        return unsupported("VACUUM option DISABLE_PAGE_SKIPPING cannot be used with FULL");
    }
    if found.full && !found.toast {
        return unsupported("PROCESS_TOAST required with VACUUM FULL");
    }
    if found.only_database {
        if !vacuum.relations.is_empty() {
            return unsupported("ONLY_DATABASE_STATS cannot be specified with a list of tables");
        }
        let others = found.analyze || found.full || found.freeze || found.skip_locked || disables;
        if others || workers > 0 || found.truncate.is_some() || found.index_cleanup.is_some() || !found.main {
            return unsupported("ONLY_DATABASE_STATS cannot be specified with other VACUUM options");
        }
    }
    Ok(found)
}

/// VACUUM and ANALYZE, each table in a transaction of its own (ANALYZE in the current one, if it is in a block).
pub(crate) fn vacuum(context: &Context<'_>, vacuum: &Vacuum) -> Result<()> {
    let request = parse(context, vacuum)?;
    let mut tables: Vec<(Oid, &[Name], Option<&str>)> = Vec::new();
    for named in &vacuum.relations {
        let name = &named.relation.name;
        let oid = context.catalog().require_relation(name.schema.as_deref(), &name.name)?;
        // Nobody waits for the lock of a table that is not his.
        if is_permitted(context, oid, &name.name, &request)? {
            tables.push((oid, &named.columns, Some(&name.name)));
        }
        if named.relation.inherit {
            let below = crate::inherit::tree(context, oid, 0)?;
            tables.extend(below.into_iter().skip(1).map(|child| (child, &*named.columns, None)));
        } else if vacuum.vacuum
            && let Some(class) = context.catalog().class(oid)?
            && class.relkind == kind::PARTITIONED_TABLE
        {
            let text = format!("VACUUM ONLY of partitioned table \"{}\" has no effect", class.relname);
            context.notice(Error::new(SqlState::WARNING, text).severity(Severity::Warning));
        }
    }
    if request.only_database {
        return Ok(());
    }
    if vacuum.relations.is_empty() {
        for class in context.catalog().scan_all::<catalog::rows::PgClass>()? {
            if matches!(class.row.relkind, kind::TABLE | kind::MATERIALIZED_VIEW | kind::PARTITIONED_TABLE)
                && may_maintain(context, class.row.oid)?
            {
                tables.push((class.row.oid, &[], None));
            }
        }
    }
    let own_transactions = request.vacuum || (tables.len() > 1 && !context.services.is_in_block());
    for (table, columns, named) in tables {
        if own_transactions {
            context.services.next_transaction()?;
        }
        maintain(context, table, columns, &request, named)?;
    }
    if own_transactions {
        context.services.next_transaction()?;
    }
    Ok(())
}

/// Whether the role may vacuum a table: its owner, the database's, or who was granted MAINTAIN.
fn may_maintain(context: &Context<'_>, table: Oid) -> Result<bool> {
    let catalog = context.catalog();
    let user = catalog.current_user();
    Ok(catalog.is_owner(ObjectKind::Relation, table, user)?
        || catalog.is_owner(ObjectKind::Database, catalog.database(), user)?)
}

/// Whether the role may vacuum a table; if not, it is warned.
fn is_permitted(context: &Context<'_>, table: Oid, name: &str, request: &Maintenance) -> Result<bool> {
    let permitted = may_maintain(context, table)?;
    if !permitted {
        let text = format!("permission denied to {} \"{name}\", skipping it", request.verb());
        context.notice(Error::new(SqlState::WARNING, text).severity(Severity::Warning));
    }
    Ok(permitted)
}

/// Vacuums and analyzes one table, in the current transaction. A table that is not there (any more), or is none, is left alone; who has
/// `named` it is warned if it is gone, or its lock not free.
///
/// # Errors
/// Those of reading and writing it, and of waiting for its lock.
pub fn maintain(
    context: &Context<'_>,
    table: Oid,
    columns: &[Name],
    request: &Maintenance,
    named: Option<&str>,
) -> Result<()> {
    let mode = if request.full { LockMode::AccessExclusive } else { LockMode::ShareUpdateExclusive };
    let shared = catalog::relation::builtin(table).is_some_and(|relation| relation.class.relisshared);
    let database = if shared { Oid::INVALID } else { context.catalog().database() };
    let tag = LockTag::relation(database, table);
    let wait = if request.skip_locked { LockWait::Try } else { LockWait::Block };
    let warn = |state: SqlState, text: String| context.notice(Error::new(state, text).severity(Severity::Warning));
    if !context.session.transaction.locks().acquire(LockOwner::Transaction, tag, mode, wait)? {
        let text = |name: &str| format!("skipping {} of \"{name}\" --- lock not available", request.verb());
        if let (Some(_), Some(name)) = (&request.automatic, context.catalog().relation_name(table)?) {
            context.notice(Error::new(SqlState::LOCK_NOT_AVAILABLE, text(&name)).severity(Severity::Log));
        } else if let Some(name) = named {
            warn(SqlState::LOCK_NOT_AVAILABLE, text(name));
        }
        return Ok(());
    }
    let Some(relation) = context.catalog().find_relation(table)? else {
        if let Some(name) = named {
            let text = format!("skipping {} of \"{name}\" --- relation no longer exists", request.verb());
            warn(SqlState::UNDEFINED_TABLE, text);
        }
        return Ok(());
    };
    if !is_permitted(context, table, relation.name(), request)? {
        return Ok(());
    }
    if !matches!(relation.kind(), kind::TABLE | kind::MATERIALIZED_VIEW | kind::TOAST | kind::PARTITIONED_TABLE) {
        let text = format!(
            "skipping \"{}\" --- cannot {} non-tables or special system tables",
            relation.name(),
            request.verb()
        );
        warn(SqlState::WARNING, text);
        return Ok(());
    }
    // A partitioned table has no rows of its own.
    if request.vacuum && relation.kind() != kind::PARTITIONED_TABLE {
        // Its TOAST table goes with it.
        let rewritten = request.full && crate::cluster::vacuum_full(context, &relation, request.verbose)?;
        if !rewritten && (request.main || relation.kind() == kind::TOAST) {
            table::vacuum(context, &relation, request)?;
        }
        if request.toast
            && !rewritten
            && relation.class.reltoastrelid.is_valid()
            && let Some(toast) = context.catalog().find_relation(relation.class.reltoastrelid)?
        {
            table::vacuum(context, &toast, request)?;
        }
    }
    if request.analyze && relation.kind() != kind::TOAST {
        if request.vacuum {
            // The table is unlocked in between for a moment, as nobody shall wait for both.
            context.services.next_transaction()?;
            let only = Maintenance { vacuum: false, ..request.clone() };
            return maintain(context, table, columns, &only, None);
        }
        analyze::analyze(context, &relation, columns, request)?;
    }
    Ok(())
}

/// `schema.table`
pub(crate) fn table_name(context: &Context<'_>, relation: &Relation) -> Result<String> {
    let schema = context.catalog().schema_name(relation.class.relnamespace)?.unwrap_or_default();
    Ok(format!("{schema}.{}", relation.name()))
}

/// Where the cumulative statistics of a table are.
pub(crate) fn statistics_key(context: &Context<'_>, relation: &Relation) -> Key {
    let database = if relation.class.relisshared { Oid::INVALID } else { context.catalog().database() };
    Key::relation(database, relation.oid)
}
