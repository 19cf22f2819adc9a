//! REINDEX: indexes built anew, into new files while writers of the table wait; or, CONCURRENTLY, as new indexes that take the old ones' places
//! ([`concurrently`]), while all others go on.

use catalog::acl::Privileges;
use catalog::privileges::ObjectKind;
use catalog::relation::kind;
use catalog::{Relation, rows};
use error::{Error, Result, Severity, SqlState};
use ids::Oid;
use ids::oids::{DEFAULT_TABLESPACE, GLOBAL_TABLESPACE};
use parser::ast::{Reindex, ReindexTarget, RelationName};

use crate::concurrently::{self, Rebuild};
use crate::vacuum::Usage;
use crate::{Context, index_build, options};

/// The lock that keeps writers away from the table.
const SHARE: u8 = 5;
/// The lock that keeps other such commands away from the table, and nobody else.
const SHARE_UPDATE_EXCLUSIVE: u8 = 4;

struct Request {
    verbose: bool,
    concurrently: bool,
    /// The tablespace where the indexes go.
    tablespace: Option<Oid>,
}

impl Request {
    /// How a table is locked for it.
    fn mode(&self) -> u8 {
        if self.concurrently { SHARE_UPDATE_EXCLUSIVE } else { SHARE }
    }
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
            if matches!(reindex.target, ReindexTarget::System(_)) && request.concurrently {
                return Err(no_catalogs());
            }
            if let Some(name) = name
                && catalog.database_by_name(name)?.is_none_or(|row| row.oid != own)
            {
                let text = "can only reindex the currently open database";
                return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
            }
            catalog.require_owner(ObjectKind::Database, own)?;
            if matches!(reindex.target, ReindexTarget::System(_)) {
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
    // The table is locked before its index, and the name looked up again with that lock.
    let (table, relation) = loop {
        let oid = catalog.require_relation(name.schema.as_deref(), &name.name)?;
        let relation = catalog.relation(oid)?;
        if relation.kind() == kind::PARTITIONED_INDEX {
            let table = relation.index.as_ref().map_or(Oid::INVALID, |row| row.indrelid);
            require_maintain(context, table)?;
            return tree(context, &relation, request);
        }
        let Some(row) = relation.index.as_ref().filter(|_| relation.kind() == kind::INDEX) else {
            let text = format!("\"{}\" is not an index", relation.name());
            return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, text));
        };
        if relation.is_system() && request.concurrently {
            return Err(no_catalogs());
        }
        let table = row.indrelid;
        require_maintain(context, table).map_err(|error| match error.state() {
            SqlState::INSUFFICIENT_PRIVILEGE => {
                let text = format!("permission denied for index {}", relation.name());
                Error::new(SqlState::INSUFFICIENT_PRIVILEGE, text)
            }
            _ => error,
        })?;
        executor::lock_relation(context.session, table, request.mode())?;
        let again = catalog.require_relation(name.schema.as_deref(), &name.name)?;
        if again == oid {
            break (table, catalog.relation(oid)?);
        }
    };
    let usage = Usage::begin(context.session);
    let started_us = stats::now_us();
    if request.concurrently && !relation.is_temporary() {
        let valid = relation.index.as_ref().is_some_and(|row| row.indisvalid);
        if !valid && catalog.relation(table)?.kind() == kind::TOAST {
            let text = "cannot reindex invalid index on TOAST table concurrently";
            return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
        }
        let tablespace = place(context, relation.oid, request)?;
        let shown = crate::vacuum::table_name(context, &relation)?;
        concurrently::reindex(context, &[Rebuild { table, index: relation.oid, tablespace }])?;
        if request.verbose {
            let times = format!("{}.", usage.times(started_us));
            tell(context, format!("index \"{shown}\" was reindexed"), Some(times));
        }
        return Ok(());
    }
    rebuild(context, table, relation.oid, place(context, relation.oid, request)?, request.verbose)
}

fn one_table(context: &Context<'_>, name: &RelationName, request: &Request) -> Result<()> {
    let check = |relation: &Relation| {
        if !matches!(relation.kind(), kind::TABLE | kind::MATERIALIZED_VIEW | kind::PARTITIONED_TABLE | kind::TOAST) {
            let text = format!("\"{}\" is not a table or materialized view", relation.name());
            return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, text));
        }
        require_maintain(context, relation.oid)?;
        match relation.is_system() && request.concurrently {
            true => Err(no_catalogs()),
            false => Ok(()),
        }
    };
    let relation = context.open_if(name, request.mode(), locks::LockWait::Block, check)?;
    if relation.kind() == kind::PARTITIONED_TABLE {
        return tree(context, &relation, request);
    }
    if !table(context, relation.oid, request)? {
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
        executor::lock_relation(context.session, indexed.unwrap_or(oid), request.mode())?;
        let Some(relation) = context.catalog().find_relation(oid)? else { continue };
        let usage = Usage::begin(context.session);
        let started_us = stats::now_us();
        match indexed {
            Some(table) if request.concurrently && !relation.is_temporary() => {
                let shown = crate::vacuum::table_name(context, &relation)?;
                let tablespace = place(context, oid, request)?;
                concurrently::reindex(context, &[Rebuild { table, index: oid, tablespace }])?;
                if request.verbose {
                    let times = format!("{}.", usage.times(started_us));
                    tell(context, format!("index \"{shown}\" was reindexed"), Some(times));
                }
            }
            Some(table) => rebuild(context, table, oid, place(context, oid, request)?, request.verbose)?,
            None => one_of_many(context, &relation, request)?,
        }
    }
    context.services.next_transaction()
}

/// All tables of the current database that `wanted` says, each in a transaction of its own; system catalogs are left alone.
fn many(context: &Context<'_>, request: &Request, wanted: impl Fn(&rows::PgClass) -> bool) -> Result<()> {
    let classes = context.catalog().scan_all::<rows::PgClass>()?;
    let mut tables: Vec<Oid> = Vec::new();
    let mut catalogs = false;
    for class in classes.iter().map(|stored| &stored.row) {
        if !matches!(class.relkind, kind::TABLE | kind::MATERIALIZED_VIEW) || !wanted(class) {
            continue;
        }
        if class.oid < Oid::FIRST_UNPINNED {
            catalogs = true;
        } else if !context.catalog().is_other_temporary(class) {
            tables.push(class.oid);
        }
    }
    if catalogs && request.concurrently {
        let text = "cannot reindex system catalogs concurrently, skipping all";
        context.notice(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text).severity(Severity::Warning));
    }
    tables.sort_unstable();
    for oid in tables {
        context.services.next_transaction()?;
        executor::lock_relation(context.session, oid, request.mode())?;
        if let Some(relation) = context.catalog().find_relation(oid)? {
            one_of_many(context, &relation, request)?;
        }
    }
    context.services.next_transaction()
}

/// One table of several that a statement is about.
fn one_of_many(context: &Context<'_>, relation: &Relation, request: &Request) -> Result<()> {
    let shown = crate::vacuum::table_name(context, relation)?;
    let found = table(context, relation.oid, request)?;
    if found && request.verbose && (!request.concurrently || relation.is_temporary()) {
        tell(context, format!("table \"{shown}\" was reindexed"), None);
    }
    Ok(())
}

/// Rebuilds the indexes of a table and of its TOAST table; whether there are any.
fn table(context: &Context<'_>, oid: Oid, request: &Request) -> Result<bool> {
    let relation = context.catalog().relation(oid)?;
    let toast = Some(relation.class.reltoastrelid).filter(|toast| toast.is_valid());
    if request.concurrently && !relation.is_temporary() {
        return table_concurrently(context, &relation, toast, request);
    }
    let mut found = false;
    for table in [toast, Some(oid)].into_iter().flatten() {
        for &index in &context.catalog().relation(table)?.indexes {
            found = true;
            let tablespace = if table == oid { place(context, index, request)? } else { None };
            rebuild(context, table, index, tablespace, request.verbose)?;
        }
    }
    Ok(found)
}

/// The same beside what others do with the table; without indexes that are not valid, or serve constraints that exclude.
fn table_concurrently(
    context: &Context<'_>,
    relation: &Relation,
    toast: Option<Oid>,
    request: &Request,
) -> Result<bool> {
    let usage = Usage::begin(context.session);
    let started_us = stats::now_us();
    let (mut wanted, mut names) = (Vec::new(), Vec::new());
    for table in [Some(relation.oid), toast].into_iter().flatten() {
        for &oid in &context.catalog().relation(table)?.indexes {
            let index = context.catalog().relation(oid)?;
            let name = crate::vacuum::table_name(context, &index)?;
            let Some(row) = &index.index else { continue };
            if !row.indisvalid {
                let text = format!("skipping reindex of invalid index \"{name}\"");
                let warning = Error::new(SqlState::FEATURE_NOT_SUPPORTED, text).severity(Severity::Warning);
                context.notice(warning.hint("Use DROP INDEX or REINDEX INDEX."));
            } else if row.indisexclusion {
                let text = format!("cannot reindex exclusion constraint index \"{name}\" concurrently, skipping");
                context.notice(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text).severity(Severity::Warning));
            } else {
                let tablespace = if table == relation.oid { place(context, oid, request)? } else { None };
                wanted.push(Rebuild { table, index: oid, tablespace });
                names.push(name);
            }
        }
    }
    if wanted.is_empty() {
        return Ok(false);
    }
    let shown = crate::vacuum::table_name(context, relation)?;
    concurrently::reindex(context, &wanted)?;
    if request.verbose {
        for name in names {
            tell(context, format!("index \"{name}\" was reindexed"), None);
        }
        let times = format!("{}.", usage.times(started_us));
        tell(context, format!("table \"{shown}\" was reindexed"), Some(times));
    }
    Ok(true)
}

/// Where an index goes, if the statement says so.
fn place(context: &Context<'_>, index: Oid, request: &Request) -> Result<Option<Oid>> {
    let Some(tablespace) = request.tablespace else { return Ok(None) };
    if index < Oid::FIRST_UNPINNED {
        let name = context.catalog().relation(index)?.name().to_string();
        let text = format!("cannot move system relation \"{name}\"");
        return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
    }
    if tablespace == GLOBAL_TABLESPACE && request.concurrently {
        let text = "cannot move non-shared relation to tablespace \"pg_global\"";
        return Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, text));
    }
    crate::tablespace::place(context, tablespace).map(Some)
}

/// Builds an index anew, into a new file.
fn rebuild(context: &Context<'_>, table: Oid, index: Oid, tablespace: Option<Oid>, verbose: bool) -> Result<()> {
    let catalog = context.catalog();
    let usage = Usage::begin(context.session);
    let started_us = stats::now_us();
    executor::lock_relation(context.session, index, 8)?;
    catalog.new_files_in(index, tablespace)?;
    catalog.next_command()?;
    index_build::fill(context, table, index, index_build::How::Alone)?;
    let relation = catalog.relation(index)?;
    let whole = relation.index.as_ref().is_none_or(|row| row.indisvalid && row.indisready);
    if !whole {
        concurrently::mend(context, index)?;
    }
    catalog.note_command("REINDEX", catalog::Object::relation(index));
    if verbose {
        let text = format!("index \"{}\" was reindexed", relation.name());
        tell(context, text, Some(usage.times(started_us)));
    }
    catalog.next_command()
}

fn tell(context: &Context<'_>, text: String, detail: Option<String>) {
    let message = Error::new(SqlState::SUCCESSFUL_COMPLETION, text).severity(Severity::Info);
    context.notice(match detail {
        Some(detail) => message.detail(detail),
        None => message,
    });
}
