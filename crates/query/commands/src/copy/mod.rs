//! COPY: rows in and out of the server as text, CSV or binary.
//!
//! - [`options`]: what stands in parentheses, checked.
//! - [`lines`]: cuts data into lines and fields.
//! - `from`, `to`: the two directions.

mod from;
mod lines;
pub mod options;
mod recode;
mod to;

use std::sync::Arc;

use analyzer::query::Command;
use analyzer::rule::{RuleAction, event_letter, stored_body};
use catalog::Relation;
use catalog::format::quote_identifier;
use catalog::rows::PgRewrite;
use catalog::trigger::{Event, Timing};
use error::{Error, Result, SqlState};
use executor::Options as RunOptions;
use parser::ast::{Copy, CopySource, CopyTarget, Name, Statement};

use crate::Context;
use options::Options;

/// Runs a COPY; gives its command tag.
pub(crate) fn copy(context: &Context<'_>, copy: &Copy) -> Result<String> {
    let options = Options::parse(context, copy)?;
    check_target(context, copy)?;
    let rows = match (&copy.source, copy.from) {
        (CopySource::Relation { relation, columns }, true) => {
            let relation = context.open(relation, 3)?;
            let catalog = context.catalog();
            if analyzer::row_security_applies(catalog, context.session.env(), &relation, catalog.current_user())? {
                let error =
                    Error::new(SqlState::FEATURE_NOT_SUPPORTED, "COPY FROM not supported with row-level security");
                return Err(error.hint("Use INSERT statements instead."));
            }
            from::copy_from(context, &relation, columns, &copy.target, copy.filter.as_ref(), &options)?
        }
        (CopySource::Relation { relation, columns }, false) => {
            let relation = context.open(relation, 1)?;
            check_readable(&relation)?;
            let columns = columns_of(context, &relation, columns)?;
            let names: Vec<String> = columns.iter().map(|&n| name_of(&relation, n)).collect();
            let list = names.iter().map(|name| quote_identifier(name)).collect::<Vec<_>>().join(", ");
            let text = format!("SELECT {list} FROM ONLY {}", qualified(context, &relation)?);
            let plan = context.services.plan_text(&text, &[])?;
            to::copy_to(context, plan, &copy.target, &options)?
        }
        (CopySource::Query(query), false) => {
            check_rules(context, query)?;
            let plan = context.services.plan_statement(query, context.text)?;
            to::copy_to(context, plan, &copy.target, &options)?
        }
        (CopySource::Query(_), true) => return Err(Error::internal("COPY FROM a query")),
    };
    Ok(format!("COPY {rows}"))
}

/// Files and programs of the server are for those who may.
fn check_target(context: &Context<'_>, copy: &Copy) -> Result<()> {
    let (role, what) = match (&copy.target, copy.from) {
        (CopyTarget::Client, _) => return Ok(()),
        (CopyTarget::Program(_), _) => ("pg_execute_server_program", "to or from an external program"),
        (CopyTarget::File(_), true) => ("pg_read_server_files", "from a file"),
        (CopyTarget::File(_), false) => ("pg_write_server_files", "to a file"),
    };
    let catalog = context.catalog();
    let user = catalog.current_user();
    let allowed = catalog.is_superuser(user)?
        || match catalog.role_by_name(role)? {
            Some(row) => catalog.has_privileges_of(user, row.oid)?,
            None => false,
        };
    if !allowed {
        return Err(Error::new(SqlState::INSUFFICIENT_PRIVILEGE, format!("permission denied to COPY {what}"))
            .detail(format!("Only roles with privileges of the \"{role}\" role may COPY {what}."))
            .hint("Anyone can COPY to stdout or from stdin. psql's \\copy command also works for anyone."));
    }
    Ok(())
}

/// The numbers of the columns that a COPY names; all if it names none.
fn columns_of(context: &Context<'_>, relation: &Relation, names: &[Name]) -> Result<Vec<i16>> {
    if names.is_empty() {
        return Ok(relation.live_columns().filter(|column| column.attgenerated == 0).map(|c| c.attnum).collect());
    }
    let mut numbers = Vec::new();
    for name in names {
        let number = context.column(relation, name)?;
        if numbers.contains(&number) {
            let text = format!("column \"{name}\" specified more than once");
            return Err(Error::new(SqlState::DUPLICATE_COLUMN, text));
        }
        if relation.column(number).is_some_and(|column| column.attgenerated != 0) {
            let text = format!("column \"{name}\" is a generated column");
            let error = Error::new(SqlState::INVALID_COLUMN_REFERENCE, text);
            return Err(error.detail("Generated columns cannot be used in COPY."));
        }
        numbers.push(number);
    }
    Ok(numbers)
}

fn name_of(relation: &Relation, number: i16) -> String {
    relation.column(number).map_or_else(String::new, |column| column.attname.to_string())
}

/// COPY of a statement's rows: rules may put one other statement in its place, no more.
fn check_rules(context: &Context<'_>, statement: &Statement) -> Result<()> {
    let (name, event, returns) = match statement {
        Statement::Insert(insert) => (&insert.relation, Command::Insert, insert.returning.is_some()),
        Statement::Update(update) => (&update.relation.name, Command::Update, update.returning.is_some()),
        Statement::Delete(delete) => (&delete.relation.name, Command::Delete, delete.returning.is_some()),
        _ => return Ok(()),
    };
    let Some(oid) = context.find_relation(name)? else { return Ok(()) };
    let relation = context.catalog().relation(oid)?;
    let fires = |rule: &&PgRewrite| rule.ev_type == event_letter(event) && matches!(rule.ev_enabled, b'O' | b'A');
    for rule in relation.rules.iter().filter(fires) {
        let body = stored_body(&rule.ev_qual, &rule.ev_action)?;
        let what = match (rule.is_instead, body.condition.is_some(), &body.actions[..]) {
            (false, ..) => "DO ALSO",
            // What the rule would have to return is said by whoever follows it.
            _ if returns => continue,
            (true, true, _) => "conditional DO INSTEAD",
            (true, false, []) => "DO INSTEAD NOTHING",
            (true, false, [RuleAction::Query(_)]) => continue,
            (true, false, [_]) => {
                let text = "COPY query must not be a utility command";
                return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
            }
            _ => "multi-statement DO INSTEAD",
        };
        let text = format!("{what} rules are not supported for COPY");
        return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
    }
    Ok(())
}

/// A relation's name with its schema, quoted where it must be.
fn qualified(context: &Context<'_>, relation: &Relation) -> Result<String> {
    let schema = context.catalog().schema_name(relation.class.relnamespace)?.unwrap_or_default();
    Ok(format!("{}.{}", quote_identifier(&schema), quote_identifier(relation.name())))
}

fn run_options(context: &Context<'_>) -> RunOptions {
    RunOptions { work_mem: context.services.work_mem(), ..RunOptions::default() }
}

/// A relation that rows can be copied into, frozen if that is wanted.
fn check_writable(context: &Context<'_>, relation: &Relation, freeze: bool) -> Result<()> {
    use catalog::relation::kind;
    let refused = match relation.kind() {
        kind::PARTITIONED_TABLE => Some("a partitioned table"),
        kind::FOREIGN_TABLE => Some("a foreign table"),
        _ => None,
    };
    if let (true, Some(what)) = (freeze, refused) {
        let text = format!("cannot perform COPY FREEZE on {what}");
        return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
    }
    let mut triggers = relation.triggers.iter();
    let does = triggers.any(|trigger| trigger.timing() == Timing::InsteadOf && trigger.is_for(Event::Insert));
    let what = match relation.kind() {
        kind::TABLE if freeze && !context.session.transaction.made_file(relation.locator) => {
            let text = "cannot perform COPY FREEZE because the table was not created or truncated in the current subtransaction";
            return Err(Error::new(SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE, text));
        }
        kind::TABLE | kind::PARTITIONED_TABLE => return Ok(()),
        kind::VIEW if does => return Ok(()),
        kind::VIEW => "view",
        kind::MATERIALIZED_VIEW => "materialized view",
        kind::FOREIGN_TABLE => "foreign table",
        kind::SEQUENCE => "sequence",
        _ => "non-table relation",
    };
    let text = format!("cannot copy to {what} \"{}\"", relation.name());
    let error = Error::new(SqlState::WRONG_OBJECT_TYPE, text);
    Err(match relation.kind() {
        kind::VIEW => error.hint("To enable copying to a view, provide an INSTEAD OF INSERT trigger."),
        _ => error,
    })
}

/// A relation whose rows can be copied out by its name.
fn check_readable(relation: &Relation) -> Result<()> {
    use catalog::relation::kind;
    let what = match relation.kind() {
        kind::VIEW => "view",
        kind::MATERIALIZED_VIEW if !relation.class.relispopulated => {
            let text = format!("cannot copy from unpopulated materialized view \"{}\"", relation.name());
            return Err(
                Error::new(SqlState::FEATURE_NOT_SUPPORTED, text).hint("Use the REFRESH MATERIALIZED VIEW command.")
            );
        }
        kind::SEQUENCE => "sequence",
        _ => return Ok(()),
    };
    let text = format!("cannot copy from {what} \"{}\"", relation.name());
    let error = Error::new(SqlState::WRONG_OBJECT_TYPE, text);
    Err(if what == "view" { error.hint("Try the COPY (SELECT ...) TO variant.") } else { error })
}

type SharedPlan = Arc<planner::plan::Plan>;
