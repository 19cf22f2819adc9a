//! REINDEX: indexes built anew, into new files.
//!
//! CONCURRENTLY is understood, and does the same under the same locks: readers go on, writers of the table wait.

use catalog::acl::Privileges;
use catalog::privileges::ObjectKind;
use catalog::relation::kind;
use catalog::{Relation, rows};
use error::{Error, Result, Severity, SqlState};
use ids::Oid;
use ids::oids::{DEFAULT_TABLESPACE, GLOBAL_TABLESPACE};
use parser::ast::{Reindex, ReindexTarget, RelationName};

use crate::vacuum::Usage;
use crate::{Context, index_build, options};

/// The lock that keeps writers away from the table.
const SHARE: u8 = 5;

struct Request {
    verbose: bool,
    concurrently: bool,
    /// The tablespace where the indexes go.
    tablespace: Option<Oid>,
}

fn parse(context: &Context<'_>, reindex: &Reindex) -> Result<Request> {
    let mut found = Request { verbose: false, concurrently: false, tablespace: None };
    let mut tablespace = None;
    for item in &reindex.options {
        match &*item.name {
            "verbose" => found.verbose = options::boolean(item)?,
            "concurrently" => found.concurrently = options::boolean(item)?,
            "tablespace" => match options::text(item).as_deref() {
                Some(name) => tablespace = Some(name.to_string()),
                None => return Err(Error::new(SqlState::SYNTAX_ERROR, "tablespace requires a parameter")),
            },
            other => {
                let text = format!("unrecognized REINDEX option \"{other}\"");
                return Err(context.place(Error::new(SqlState::SYNTAX_ERROR, text), item.location));
            }
        }
    }
    if let Some(name) = tablespace {
        let tablespace = crate::tablespace::named(context, &name)?;
        if tablespace != DEFAULT_TABLESPACE {
            let wanted = Privileges::CREATE;
            context.catalog().require_privileges(ObjectKind::Tablespace, tablespace, wanted)?;
        }
        found.tablespace = Some(tablespace);
    }
    Ok(found)
}

/// Whether REINDEX has to stand outside of a transaction block, and its name for messages then.
pub(crate) fn name_outside_blocks(reindex: &Reindex) -> Option<&'static str> {
    let concurrently =
        |item: &parser::ast::DefinitionItem| &*item.name == "concurrently" && options::boolean(item).unwrap_or(false);
    match &reindex.target {
        ReindexTarget::Schema(_) => Some("REINDEX SCHEMA"),
        ReindexTarget::System(_) => Some("REINDEX SYSTEM"),
        ReindexTarget::Database(_) => Some("REINDEX DATABASE"),
        _ if reindex.options.iter().any(concurrently) => Some("REINDEX CONCURRENTLY"),
        _ => None,
    }
}

/// REINDEX.
pub(crate) fn reindex(context: &Context<'_>, reindex: &Reindex) -> Result<()> {
    let request = parse(context, reindex)?;
    match &reindex.target {
        ReindexTarget::Index(name) => one_index(context, name, &request),
        ReindexTarget::Table(name) => one_table(context, name, &request),
        ReindexTarget::Schema(name) => {
            let schema = context.catalog().require_schema(name)?;
            context.catalog().require_owner(ObjectKind::Schema, schema)?;
            many(context, &request, |class| class.relnamespace == schema)
        }
        ReindexTarget::Database(name) | ReindexTarget::System(name) => {
            let catalog = context.catalog();
            let own = catalog.database();
            if let Some(name) = name
                && catalog.database_by_name(name)?.is_none_or(|row| row.oid != own)
            {
                let text = "can only reindex the currently open database";
                return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
            }
            catalog.require_owner(ObjectKind::Database, own)?;
            if matches!(reindex.target, ReindexTarget::System(_)) {
                if request.concurrently {
                    return Err(no_catalogs());
                }
                return Err(Error::not_implemented("REINDEX SYSTEM"));
            }
            many(context, &request, |_| true)
        }
    }
}

fn no_catalogs() -> Error {
    Error::new(SqlState::FEATURE_NOT_SUPPORTED, "cannot reindex system catalogs concurrently")
}

fn require_maintain(context: &Context<'_>, table: Oid) -> Result<()> {
    context.catalog().require_privileges(ObjectKind::Relation, table, Privileges::MAINTAIN)
}

fn one_index(context: &Context<'_>, name: &RelationName, request: &Request) -> Result<()> {
    let catalog = context.catalog();
    let oid = catalog.require_relation(name.schema.as_deref(), &name.name)?;
    let relation = catalog.relation(oid)?;
    if relation.kind() == kind::PARTITIONED_INDEX {
        let table = relation.index.as_ref().map_or(Oid::INVALID, |row| row.indrelid);
        require_maintain(context, table)?;
        return tree(context, &relation, request);
    }
    if relation.kind() != kind::INDEX {
        let text = format!("\"{}\" is not an index", relation.name());
        return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, text));
    }
    if relation.is_system() && request.concurrently {
        return Err(no_catalogs());
    }
    let row = catalog.row::<rows::PgIndex>(catalog::index::PG_INDEX_INDEXRELID_INDEX, &[oid.into()])?;
    let Some(table) = row.map(|row| row.indrelid) else {
        return Err(Error::internal(format!("index {oid} has no table")));
    };
    require_maintain(context, table).map_err(|error| match error.state() {
        SqlState::INSUFFICIENT_PRIVILEGE => {
            let text = format!("permission denied for index {}", relation.name());
            Error::new(SqlState::INSUFFICIENT_PRIVILEGE, text)
        }
        _ => error,
    })?;
    executor::lock_relation(context.session, table, SHARE)?;
    let usage = Usage::begin(context.session);
    let started_us = stats::now_us();
    rebuild(context, table, oid, request.tablespace, request.concurrently)?;
    if request.verbose {
        let text = format!("index \"{}\" was reindexed", relation.name());
        tell(context, text, Some(usage.times(started_us)));
    }
    Ok(())
}

fn one_table(context: &Context<'_>, name: &RelationName, request: &Request) -> Result<()> {
    let catalog = context.catalog();
    let oid = catalog.require_relation(name.schema.as_deref(), &name.name)?;
    let relation = catalog.relation(oid)?;
    if !matches!(relation.kind(), kind::TABLE | kind::MATERIALIZED_VIEW | kind::PARTITIONED_TABLE) {
        let text = format!("\"{}\" is not a table or materialized view", relation.name());
        return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, text));
    }
    if relation.is_system() && request.concurrently {
        return Err(no_catalogs());
    }
    require_maintain(context, oid)?;
    if relation.kind() == kind::PARTITIONED_TABLE {
        return tree(context, &relation, request);
    }
    executor::lock_relation(context.session, oid, SHARE)?;
    if !table(context, oid, request)? {
        let what = if request.concurrently { "that can be reindexed concurrently" } else { "to reindex" };
        let text = format!("table \"{}\" has no indexes {what}", relation.name());
        context.notice(Error::new(SqlState::SUCCESSFUL_COMPLETION, text).severity(Severity::Notice));
    }
    Ok(())
}

/// All partitions below a partitioned table or index, each in a transaction of its own.
fn tree(context: &Context<'_>, root: &Relation, request: &Request) -> Result<()> {
    let catalog = context.catalog();
    if context.services.is_in_block() {
        let (statement, what) = match root.kind() {
            kind::PARTITIONED_INDEX => ("REINDEX INDEX", "index"),
            _ => ("REINDEX TABLE", "table"),
        };
        let name = crate::vacuum::table_name(context, root)?;
        let text = format!("{statement} cannot run inside a transaction block");
        return Err(Error::new(SqlState::ACTIVE_SQL_TRANSACTION, text)
            .context(format!("while reindexing partitioned {what} \"{name}\"")));
    }
    let (mut waiting, mut leaves) = (vec![root.oid], Vec::new());
    while let Some(oid) = waiting.pop() {
        waiting.extend(catalog.children(oid)?);
        let Some(relation) = catalog.find_relation(oid)? else { continue };
        if matches!(relation.kind(), kind::TABLE | kind::INDEX) {
            leaves.push((oid, relation.index.as_ref().map(|row| row.indrelid)));
        }
    }
    leaves.sort_unstable();
    for (oid, indexed) in leaves {
        context.services.next_transaction()?;
        executor::lock_relation(context.session, indexed.unwrap_or(oid), SHARE)?;
        if context.catalog().find_relation(oid)?.is_none() {
            continue;
        }
        match indexed {
            Some(table) => rebuild(context, table, oid, request.tablespace, request.concurrently)?,
            None => {
                table(context, oid, request)?;
            }
        }
        if let (Some(_), true) = (indexed, request.verbose) {
            let relation = context.catalog().relation(oid)?;
            tell(context, format!("index \"{}\" was reindexed", shown(context, &relation, request)?), None);
        }
    }
    context.services.next_transaction()
}

/// All tables of the current database that `wanted` says, each in a transaction of its own; system catalogs are left alone.
fn many(context: &Context<'_>, request: &Request, wanted: impl Fn(&rows::PgClass) -> bool) -> Result<()> {
    let classes = context.catalog().scan_all::<rows::PgClass>()?;
    let mut tables: Vec<Oid> = Vec::new();
    for class in classes.iter().map(|stored| &stored.row) {
        let kinds = matches!(class.relkind, kind::TABLE | kind::MATERIALIZED_VIEW);
        if kinds && class.oid >= Oid::FIRST_UNPINNED && wanted(class) {
            tables.push(class.oid);
        }
    }
    tables.sort_unstable();
    for oid in tables {
        context.services.next_transaction()?;
        executor::lock_relation(context.session, oid, SHARE)?;
        if context.catalog().find_relation(oid)?.is_some() {
            table(context, oid, request)?;
        }
    }
    context.services.next_transaction()
}

/// Rebuilds the indexes of a table and of its TOAST table; whether there are any.
fn table(context: &Context<'_>, oid: Oid, request: &Request) -> Result<bool> {
    let catalog = context.catalog();
    let usage = Usage::begin(context.session);
    let started_us = stats::now_us();
    let relation = catalog.relation(oid)?;
    let mut found = false;
    let toast = Some(relation.class.reltoastrelid).filter(|toast| toast.is_valid());
    for table in [Some(oid), toast].into_iter().flatten() {
        let relation = catalog.relation(table)?;
        for &index in &relation.indexes {
            found = true;
            let tablespace = request.tablespace.filter(|_| table == oid);
            rebuild(context, table, index, tablespace, request.concurrently)?;
            if request.verbose {
                let index = catalog.relation(index)?;
                tell(context, format!("index \"{}\" was reindexed", shown(context, &index, request)?), None);
            }
        }
    }
    if request.verbose && found {
        let text = format!("table \"{}\" was reindexed", shown(context, &relation, request)?);
        tell(context, text, Some(format!("{}.", usage.times(started_us))));
    }
    Ok(found)
}

/// A relation's name as the messages have it.
fn shown(context: &Context<'_>, relation: &Relation, request: &Request) -> Result<String> {
    if request.concurrently { crate::vacuum::table_name(context, relation) } else { Ok(relation.name().to_string()) }
}

fn rebuild(context: &Context<'_>, table: Oid, index: Oid, tablespace: Option<Oid>, concurrently: bool) -> Result<()> {
    let catalog = context.catalog();
    if tablespace.is_some() && index < Oid::FIRST_UNPINNED {
        let name = catalog.relation(index)?.name().to_string();
        let text = format!("cannot move system relation \"{name}\"");
        return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
    }
    if tablespace == Some(GLOBAL_TABLESPACE) && concurrently {
        let text = "cannot move non-shared relation to tablespace \"pg_global\"";
        return Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, text));
    }
    let tablespace = tablespace.map(|tablespace| crate::tablespace::place(context, tablespace)).transpose()?;
    executor::lock_relation(context.session, index, 8)?;
    catalog.new_files_in(index, tablespace)?;
    catalog.next_command()?;
    index_build::fill(context, table, index, index_build::How::Alone)?;
    let whole = catalog.relation(index)?.index.as_ref().is_none_or(|row| row.indisvalid && row.indisready);
    if !whole {
        crate::concurrently::mend(context, index)?;
    }
    catalog.note_command("REINDEX", catalog::Object::relation(index));
    catalog.next_command()
}

fn tell(context: &Context<'_>, text: String, detail: Option<String>) {
    let message = Error::new(SqlState::SUCCESSFUL_COMPLETION, text).severity(Severity::Info);
    context.notice(match detail {
        Some(detail) => message.detail(detail),
        None => message,
    });
}
