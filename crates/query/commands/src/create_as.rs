//! CREATE TABLE AS, SELECT INTO, CREATE MATERIALIZED VIEW and REFRESH: relations that queries fill.
//!
//! The rows come by an INSERT that is made from the query, so that wide values, indexes and all else are as in any other INSERT. A
//! materialized view is a table that also has a view's rule; `relispopulated` says whether it was filled.

use analyzer::node::to_text;
use analyzer::query::Query;
use catalog::relation::kind;
use catalog::{NewRelation, Relation};
use error::{Error, Result, SqlState};
use executor::Execution;
use parser::ast::{CreateTableAs, IntoClause, Persistence, RefreshMaterializedView, Select, SelectBody, Statement};

use crate::{Context, needs, options, truncate, view};

/// CREATE TABLE AS and CREATE MATERIALIZED VIEW; gives the command tag.
pub(crate) fn create_as(context: &Context<'_>, create: &CreateTableAs) -> Result<String> {
    if !matches!(*create.query, Statement::Select(_)) {
        return Err(Error::not_implemented("CREATE TABLE AS EXECUTE"));
    }
    make(context, &create.into, &create.query, create.materialized_view, create.if_not_exists)
}

/// SELECT INTO; gives the command tag.
pub(crate) fn select_into(context: &Context<'_>, select: &Select) -> Result<String> {
    let mut select = select.clone();
    let SelectBody::Simple(simple) = &mut select.body else { return Err(Error::internal("not a SELECT INTO")) };
    let into = simple.into.take().ok_or_else(|| Error::internal("not a SELECT INTO"))?;
    make(context, &into, &Statement::Select(Box::new(select)), false, false)
}

fn make(
    context: &Context<'_>,
    into: &IntoClause,
    statement: &Statement,
    materialized: bool,
    if_not_exists: bool,
) -> Result<String> {
    let refuse = |text: &str| Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
    match into.persistence {
        Persistence::Unlogged if materialized => return refuse("materialized views cannot be unlogged"),
        _ => {}
    }
    let query = view::analyzed(context, statement, &into.columns, "table")?;
    if materialized && query.has.modifying_cte {
        return refuse("materialized views must not use data-modifying statements in WITH");
    }
    let catalog = context.catalog();
    if materialized && view::reads_temporary(context, &needs::of_query(catalog, &query))? {
        return refuse("materialized views must not use temporary tables or views");
    }
    let (schema, persistence) = context.creation_place(&into.relation, into.persistence)?;
    crate::temporary::check(into.on_commit, persistence)?;
    let name = &*into.relation.name;
    let tag = if materialized { "CREATE MATERIALIZED VIEW" } else { "CREATE TABLE AS" };
    if context.in_schema(schema, name, 1)?.is_some() {
        let text = format!("relation \"{name}\" already exists");
        if !if_not_exists {
            return Err(Error::new(SqlState::DUPLICATE_TABLE, text));
        }
        context.inform(SqlState::DUPLICATE_TABLE, format!("{text}, skipping"));
        return Ok(tag.into());
    }
    let kind = if materialized { kind::MATERIALIZED_VIEW } else { kind::TABLE };
    let mut new = NewRelation::new(name, schema, kind, catalog.current_user());
    new.persistence = persistence;
    new.columns = view::columns(context, &query, false)?;
    new.options = options::storage(&into.options)?;
    let tablespace = into.tablespace.as_deref();
    new.tablespace = crate::tablespace::for_new(context, tablespace, ids::Oid::INVALID, persistence, false)?;
    new.columns.iter().try_for_each(|column| context.require_usage(column.type_))?;
    new.access_method = crate::access_method::of_new_table(context, into.access_method.as_deref(), kind, None)?;
    let table = catalog.create_relation(&new)?;
    context.services.at_commit().note(table, into.on_commit);
    catalog.create_toast_table(table)?;
    if materialized {
        catalog.set_view_query(table, &to_text(&query), &needs::of_query(catalog, &query))?;
    }
    if into.no_data {
        if materialized {
            catalog.alter_class(table, |class| class.relispopulated = false)?;
        }
        return Ok(tag.into());
    }
    let rows = fill(context, &*catalog.relation(table)?, query)?;
    Ok(format!("SELECT {rows}"))
}

/// Puts the rows of a query, as it is stored, into a relation; gives their number.
fn fill(context: &Context<'_>, relation: &Relation, query: Query) -> Result<u64> {
    run(context, analyzer::updatable::insertion(relation, query))
}

fn run(context: &Context<'_>, query: Query) -> Result<u64> {
    let query = context.analyzer().stored_statement(query)?;
    let plan = context.services.plan_query(query)?;
    let snapshot = context.session.transaction.snapshot()?;
    let options = executor::Options { work_mem: context.services.work_mem(), ..Default::default() };
    let mut execution = Execution::start(context.session, plan, snapshot, options)?;
    let mut batch = execution.batch();
    while execution.next(context.session, &mut batch)? {}
    let rows = execution.processed();
    drop(execution);
    context.catalog().next_command()?;
    Ok(rows)
}

/// REFRESH MATERIALIZED VIEW.
pub(crate) fn refresh(context: &Context<'_>, refresh: &RefreshMaterializedView) -> Result<()> {
    if refresh.concurrently && refresh.no_data {
        let text = "CONCURRENTLY and WITH NO DATA options cannot be used together";
        return Err(Error::new(SqlState::SYNTAX_ERROR, text));
    }
    // With CONCURRENTLY others may read while the rows are replaced one by one.
    let relation = context.open(&refresh.relation, if refresh.concurrently { 7 } else { 8 })?;
    if relation.kind() != kind::MATERIALIZED_VIEW {
        let text = format!("\"{}\" is not a materialized view", relation.name());
        return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
    }
    let catalog = context.catalog();
    catalog.require_privileges(
        catalog::privileges::ObjectKind::Relation,
        relation.oid,
        catalog::acl::Privileges::MAINTAIN,
    )?;
    let mut query = analyzer::stored_query(catalog, context.session.env(), &relation)?;
    analyzer::check_as(&mut query, relation.class.relowner);
    if refresh.concurrently {
        check_concurrent(context, &relation)?;
        run(context, analyzer::updatable::deletion(&relation))?;
    } else {
        truncate::empty(context, relation.oid)?;
        catalog.alter_class(relation.oid, |class| class.relispopulated = !refresh.no_data)?;
    }
    if !refresh.no_data {
        fill(context, &*catalog.relation(relation.oid)?, query)?;
    }
    Ok(())
}

/// What CONCURRENTLY asks of a materialized view.
fn check_concurrent(context: &Context<'_>, relation: &Relation) -> Result<()> {
    let catalog = context.catalog();
    if !relation.class.relispopulated {
        let text = "CONCURRENTLY cannot be used when the materialized view is not populated";
        return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
    }
    for &index in &relation.indexes {
        if let Some(row) = catalog.find_index(index)?
            && row.indisunique
            && row.indisvalid
            && row.indpred.is_none()
            && row.indexprs.is_none()
        {
            return Ok(());
        }
    }
    let schema = catalog.schema_name(relation.class.relnamespace)?.unwrap_or_default();
    let name = catalog::format::quote_identifier(relation.name());
    let schema = catalog::format::quote_identifier(&schema);
    let text = format!("cannot refresh materialized view \"{schema}.{name}\" concurrently");
    Err(Error::new(SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE, text)
        .hint("Create a unique index with no WHERE clause on one or more columns of the materialized view."))
}
