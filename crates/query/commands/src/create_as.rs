//! CREATE TABLE AS, SELECT INTO, CREATE MATERIALIZED VIEW and REFRESH: relations that queries fill.
//!
//! The rows come by an INSERT that is made from the query, so that wide values, indexes and all else are as in any other INSERT. A
//! materialized view is a table that also has a view's rule; `relispopulated` says whether it was filled.

use std::sync::Arc;

use analyzer::node::to_text;
use analyzer::query::Query;
use catalog::relation::kind;
use catalog::{NewRelation, Relation};
use error::{Error, Result, SqlState};
use executor::Execution;
use ids::Oid;
use parser::ast::{IntoClause, Persistence, RefreshMaterializedView, SelectBody, Statement};
use planner::plan::Plan;

use crate::{Context, needs, storage_options, truncate, view};

/// CREATE TABLE AS, SELECT INTO or CREATE MATERIALIZED VIEW: a relation that is made, and the statement whose rows it gets.
pub struct Making {
    into: IntoClause,
    /// The query, or the EXECUTE of a prepared one.
    pub statement: Statement,
    materialized: bool,
    if_not_exists: bool,
}

/// What has been made: the relation, and the query of its rows unless it stays without.
type Made = (Oid, Option<Query>);

impl Making {
    /// What a statement makes; `None` if it is another one.
    pub fn of(statement: &Statement) -> Option<Making> {
        match statement {
            Statement::CreateTableAs(create) => Some(Making {
                into: create.into.clone(),
                statement: (*create.query).clone(),
                materialized: create.materialized_view,
                if_not_exists: create.if_not_exists,
            }),
            Statement::Select(select) => {
                let mut select = select.clone();
                let SelectBody::Simple(simple) = &mut select.body else { return None };
                let into = simple.into.take()?;
                let statement = Statement::Select(select);
                Some(Making { into: *into, statement, materialized: false, if_not_exists: false })
            }
            _ => None,
        }
    }

    /// Whether there is such a relation already, and that is no error; the client is told so.
    ///
    /// # Errors
    /// `42P07` if there is one and nothing allows that.
    pub fn is_there(&self, context: &Context<'_>) -> Result<bool> {
        let (schema, _) = context.creation_place(&self.into.relation, self.into.persistence)?;
        self.is_in(context, schema)
    }

    fn is_in(&self, context: &Context<'_>, schema: Oid) -> Result<bool> {
        let name = &*self.into.relation.name;
        if context.in_schema(schema, name, 1)?.is_none() {
            return Ok(false);
        }
        let text = format!("relation \"{name}\" already exists");
        if !self.if_not_exists {
            return Err(Error::new(SqlState::DUPLICATE_TABLE, text));
        }
        context.inform(SqlState::DUPLICATE_TABLE, format!("{text}, skipping"));
        Ok(true)
    }

    fn query(&self, context: &Context<'_>) -> Result<Query> {
        let query = match &self.statement {
            Statement::Execute(execute) => context.services.prepared_query(execute, context.text)?,
            statement => view::settled(context, statement)?,
        };
        view::with_names(query, &self.into.columns, "table")
    }

    /// Makes the relation without its rows; `None` if there is one, and that is no error.
    fn make(&self, context: &Context<'_>) -> Result<Option<Made>> {
        let Making { into, materialized, .. } = self;
        let refuse = |text: &str| Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
        if *materialized && into.persistence == Persistence::Unlogged {
            return refuse("materialized views cannot be unlogged");
        }
        let query = self.query(context)?;
        if *materialized && query.has.modifying_cte {
            return refuse("materialized views must not use data-modifying statements in WITH");
        }
        let catalog = context.catalog();
        if *materialized && view::reads_temporary(context, &needs::of_query(catalog, &query))? {
            return refuse("materialized views must not use temporary tables or views");
        }
        let (schema, persistence) = context.creation_place(&into.relation, into.persistence)?;
        crate::temporary::check(into.on_commit, persistence)?;
        if self.is_in(context, schema)? {
            return Ok(None);
        }
        let name = &*into.relation.name;
        let kind = if *materialized { kind::MATERIALIZED_VIEW } else { kind::TABLE };
        let mut new = NewRelation::new(name, schema, kind, catalog.current_user());
        new.persistence = persistence;
        new.columns = view::columns(context, &query, false)?;
        let mut options = storage_options::of_new_table(&into.options)?;
        new.options = options.table.take();
        let tablespace = into.tablespace.as_deref();
        new.tablespace = crate::tablespace::for_new(context, tablespace, Oid::INVALID, persistence, false)?;
        new.columns.iter().try_for_each(|column| context.require_usage(column.type_))?;
        new.access_method = crate::access_method::of_new_table(context, into.access_method.as_deref(), kind, None)?;
        let table = catalog.create_relation(&new)?;
        context.services.at_commit().note(table, into.on_commit);
        catalog.create_toast_table(table)?;
        options.set_toast(context, table)?;
        if *materialized {
            catalog.set_view_query(table, &to_text(&query), &needs::of_query(catalog, &query))?;
        }
        if into.no_data {
            if *materialized {
                catalog.alter_class(table, |class| class.relispopulated = false)?;
            }
            return Ok(Some((table, None)));
        }
        Ok(Some((table, Some(query))))
    }

    /// Makes the relation and gives the plan of the INSERT that puts its rows into it: for EXPLAIN ANALYZE, which runs that itself. No
    /// plan if it stays without rows.
    pub fn begin(&self, context: &Context<'_>) -> Result<Option<Arc<Plan>>> {
        let Some((table, Some(query))) = self.make(context)? else { return Ok(None) };
        let insertion = analyzer::updatable::insertion(&*context.catalog().relation(table)?, query);
        plan(context, insertion).map(Some)
    }
}

/// Carries out what makes a relation and fills it; gives the command tag.
pub(crate) fn create(context: &Context<'_>, making: &Making) -> Result<String> {
    let tag = if making.materialized { "CREATE MATERIALIZED VIEW" } else { "CREATE TABLE AS" };
    let Some((table, Some(query))) = making.make(context)? else { return Ok(tag.into()) };
    let rows = fill(context, &*context.catalog().relation(table)?, query)?;
    Ok(format!("SELECT {rows}"))
}

/// Puts the rows of a query, as it is stored, into a relation; gives their number.
fn fill(context: &Context<'_>, relation: &Relation, query: Query) -> Result<u64> {
    run(context, analyzer::updatable::insertion(relation, query))
}

fn plan(context: &Context<'_>, query: Query) -> Result<Arc<Plan>> {
    context.services.plan_query(context.analyzer().stored_statement(query)?)
}

fn run(context: &Context<'_>, query: Query) -> Result<u64> {
    let plan = plan(context, query)?;
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
