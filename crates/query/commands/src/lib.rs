//! Utility statements: definitions of objects, COPY, maintenance.
//!
//! [`execute`] is the one dispatch table: a statement that is not a query goes there with the session's handles, and comes back with its
//! command tag. Transaction control, cursors, prepared statements and settings belong to `backend`, which owns what they
//! change. What is not written yet answers `0A000` with the statement's name.
#![forbid(unsafe_code)]

mod access_method;
pub mod address;
mod alter;
mod amcheck;
mod analyze;
mod brin;
mod cast;
mod cluster;
mod collation;
mod column;
mod comment;
mod concurrently;
mod constraint;
mod context;
pub mod copy;
pub mod create_as;
mod create_index;
mod create_table;
mod database;
mod database_locale;
mod drop;
pub mod event_trigger;
mod expression;
pub mod extension;
mod foreign;
mod foreign_key;
mod function;
mod generated;
mod grant;
mod identity;
mod index_build;
mod index_functions;
mod inherit;
mod language;
pub mod large_object;
mod like;
mod maintenance;
mod membership;
mod merge;
mod needs;
mod not_null;
mod object;
mod operator;
mod operator_class;
mod options;
mod owned;
mod owner;
mod partition;
mod policy;
mod publication;
mod reindex;
mod rename;
mod report;
pub mod role;
mod rows;
mod rule;
mod schema;
pub mod sequence;
mod statistics;
mod storage_options;
mod subscription;
mod tablespace;
pub mod temporary;
mod text_search;
pub mod triggers;
mod truncate;
mod types;
pub mod vacuum;
mod view;

pub use context::{Context, CopyReader, CopyWriter, Services};
pub use function::{PLPGSQL_HANDLER, transpose};
pub use index_functions::{MaintenanceFunction, maintenance_function};

use create_as::Making;
use error::{Error, Result};
use parser::ast::{ObjectKind, RelationKind, Statement};

/// Runs a utility statement; gives its command tag.
///
/// # Errors
/// Those of the statement; `0A000` for one that is not there yet.
pub fn execute(context: &Context<'_>, statement: &Statement) -> Result<String> {
    let from = report::start(context);
    let tag = carry_out(context, statement)?;
    report::note(context, statement, from)?;
    Ok(tag)
}

fn carry_out(context: &Context<'_>, statement: &Statement) -> Result<String> {
    let tag = statement.name();
    match statement {
        Statement::CreateTable(create) => create_table::create_table(context, create)?,
        Statement::CreateTableAs(_) | Statement::Select(_) => {
            let making = Making::of(statement).ok_or_else(|| Error::internal("not a SELECT INTO"))?;
            return create_as::create(context, &making);
        }
        Statement::RefreshMaterializedView(refresh) => create_as::refresh(context, refresh)?,
        Statement::CreateTrigger(create) => triggers::create(context, create)?,
        Statement::CreateRule(create) => rule::create(context, create)?,
        Statement::CreateView(create) => view::create_view(context, create)?,
        Statement::CreateEventTrigger(create) => event_trigger::create(context, create)?,
        Statement::AlterEventTrigger(alter) => event_trigger::alter(context, alter)?,
        Statement::CreatePublication(create) => publication::create(context, create)?,
        Statement::AlterPublication(alter) => publication::alter(context, alter)?,
        Statement::CreateSubscription(create) => subscription::create(context, create)?,
        Statement::AlterSubscription(alter) => subscription::alter(context, alter)?,
        Statement::DropSubscription(drop) => subscription::drop(context, drop)?,
        Statement::CreateForeignDataWrapper(create) => foreign::create_wrapper(context, create)?,
        Statement::AlterForeignDataWrapper(alter) => foreign::alter_wrapper(context, alter)?,
        Statement::CreateServer(create) => foreign::create_server(context, create)?,
        Statement::AlterServer(alter) => foreign::alter_server(context, alter)?,
        Statement::CreateUserMapping(create) => foreign::create_mapping(context, create)?,
        Statement::AlterUserMapping(alter) => foreign::alter_mapping(context, alter)?,
        Statement::DropUserMapping(drop) => foreign::drop_mapping(context, drop)?,
        Statement::Define(define)
            if matches!(
                define.kind,
                ObjectKind::TextSearchConfiguration
                    | ObjectKind::TextSearchDictionary
                    | ObjectKind::TextSearchParser
                    | ObjectKind::TextSearchTemplate
            ) =>
        {
            text_search::create(context, define)?
        }
        Statement::AlterTextSearchDictionary(alter) => text_search::alter_dictionary(context, alter)?,
        Statement::AlterTextSearchConfiguration(alter) => text_search::alter_configuration(context, alter)?,
        Statement::Define(define) if define.kind == ObjectKind::Operator => operator::create(context, define)?,
        Statement::Define(define) if define.kind == ObjectKind::Aggregate => {
            function::aggregate::create(context, define)?
        }
        Statement::AlterOperator(alter) => operator::alter(context, alter)?,
        Statement::CreateCast(create) => cast::create(context, create)?,
        Statement::CreateConversion(create) => cast::create_conversion(context, create)?,
        Statement::CreateStatistics(create) => statistics::create(context, create)?,
        Statement::AlterStatistics(alter) => statistics::alter(context, alter)?,
        Statement::CreatePolicy(create) => policy::create(context, create)?,
        Statement::AlterPolicy(alter) => policy::alter(context, alter)?,
        Statement::CreateRole(create) => role::create(context, create)?,
        Statement::AlterRole(alter) => role::alter(context, alter)?,
        Statement::DropRole(drop) => role::drop(context, drop)?,
        Statement::GrantRole(grant) => membership::grant(context, grant)?,
        Statement::Grant(grant) => grant::grant(context, grant)?,
        Statement::AlterDefaultPrivileges(alter) => grant::alter_defaults(context, alter)?,
        Statement::DropOwned(drop) => owned::drop_owned(context, drop)?,
        Statement::ReassignOwned(reassign) => owned::reassign(context, reassign)?,
        Statement::CreateAccessMethod(create) => access_method::create(context, create)?,
        Statement::CreateLanguage(create) => language::create(context, create)?,
        Statement::CreateOperatorClass(create) => operator_class::create(context, create)?,
        Statement::AlterOperatorFamily(alter) => operator_class::alter_family(context, alter)?,
        Statement::CreateOperatorFamily(create) => operator::create_family(context, create)?,
        Statement::CreateFunction(create) => function::create(context, create)?,
        Statement::AlterFunction(alter) => function::alter::alter(context, alter)?,
        Statement::CreateSequence(create) => sequence::create(context, create)?,
        Statement::AlterSequence(alter) => sequence::alter(context, alter)?,
        Statement::CreateIndex(create) => create_index::create_index(context, create)?,
        Statement::CreateCompositeType(create) => types::composite::create(context, create)?,
        Statement::CreateEnum(create) => types::enums::create(context, create)?,
        Statement::CreateRange(create) => types::range::create(context, create)?,
        Statement::CreateDomain(create) => types::domain::create(context, create)?,
        Statement::Define(define) if define.kind == ObjectKind::Type => types::base::create(context, define)?,
        Statement::Define(define) if define.kind == ObjectKind::Collation => collation::create(context, define)?,
        Statement::AlterCollation(alter) => collation::refresh_version(context, &alter.name)?,
        Statement::AlterDomain(alter) => types::domain::alter(context, alter)?,
        Statement::AlterEnum(alter) => types::enums::alter(context, alter)?,
        Statement::AlterType(alter) => types::base::alter(context, alter)?,
        Statement::AlterOwner(alter) if matches!(alter.kind, ObjectKind::Type | ObjectKind::Domain) => {
            types::set_owner(context, alter)?
        }
        Statement::AlterOwner(alter) => owner::alter(context, alter)?,
        Statement::AlterTable(alter) if alter.kind == RelationKind::CompositeType => {
            types::composite::alter(context, alter)?
        }
        Statement::AlterTable(alter) => alter::alter_table(context, alter)?,
        Statement::AlterTableMoveAll(alter) => tablespace::move_all(context, alter)?,
        Statement::CreateTablespace(create) => tablespace::create(context, create)?,
        Statement::AlterTablespace(alter) => tablespace::alter(context, alter)?,
        Statement::DropTablespace(drop) => tablespace::drop(context, drop)?,
        Statement::Rename(rename) => rename::rename(context, rename)?,
        Statement::AlterObjectSchema(alter) => rename::set_schema(context, alter)?,
        Statement::CreateExtension(create) => extension::create(context, create)?,
        Statement::CreateSchema(create) => schema::create_schema(context, create)?,
        Statement::CreateDatabase(create) => database::create(context, create)?,
        Statement::AlterDatabase(alter) => database::alter(context, alter)?,
        Statement::DropDatabase(drop) => database::drop(context, drop)?,
        Statement::Drop(drop) => drop::drop_objects(context, drop)?,
        Statement::Comment(comment) => comment::comment(context, comment)?,
        Statement::SecurityLabel(label) => return Err(comment::no_provider(label)),
        Statement::ImportForeignSchema(import) => foreign::import_schema(context, import)?,
        Statement::Truncate(truncate) => truncate::truncate(context, truncate)?,
        Statement::Copy(copy) => return copy::copy(context, copy),
        Statement::Vacuum(vacuum) => vacuum::vacuum(context, vacuum)?,
        Statement::Reindex(reindex) => reindex::reindex(context, reindex)?,
        Statement::Cluster(cluster) => cluster::cluster(context, cluster)?,
        Statement::Lock(lock) => maintenance::lock(context, lock)?,
        Statement::Checkpoint => context.services.checkpoint()?,
        _ => return Err(Error::not_implemented(tag)),
    }
    Ok(tag.to_string())
}

/// What a statement that may not run inside a transaction block is called when it is refused there.
pub fn name_outside_blocks(statement: &Statement) -> &'static str {
    match statement {
        Statement::Reindex(reindex) => reindex::name_outside_blocks(reindex).unwrap_or("REINDEX"),
        Statement::CreateIndex(_) => "CREATE INDEX CONCURRENTLY",
        Statement::Drop(_) => "DROP INDEX CONCURRENTLY",
        statement => statement.name(),
    }
}

/// Whether a statement may run inside a transaction block; those that may not commit by themselves as they go.
pub fn allowed_in_block(statement: &Statement) -> bool {
    match statement {
        Statement::Vacuum(vacuum) => !vacuum.vacuum,
        Statement::CreateIndex(create) => !create.concurrently,
        Statement::Drop(drop) => !drop.concurrently,
        Statement::Reindex(reindex) => reindex::name_outside_blocks(reindex).is_none(),
        Statement::Cluster(cluster) => cluster.relation.is_some(),
        Statement::CreateDatabase(_)
        | Statement::DropDatabase(_)
        | Statement::CreateTablespace(_)
        | Statement::DropTablespace(_)
        | Statement::AlterSystem(_) => false,
        _ => true,
    }
}
