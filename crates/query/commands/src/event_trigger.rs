//! CREATE and ALTER EVENT TRIGGER; which commands have such triggers, and when they fire.

use catalog::rows::{PgDatabase, PgEventTrigger, PgProc};
use catalog::{Dependency, Object, index};
use error::{Error, Result, SqlState};
use parser::ast::{
    AlterEventTrigger, CreateEventTrigger, DefinitionValue, FiringMode, GrantObjects, ObjectKind, Statement,
};
use types::oid;

use crate::{Context, object};

/// Kinds of objects of whose CREATE, ALTER and DROP event triggers learn.
const KINDS: &[&str] = &[
    "ACCESS METHOD",
    "AGGREGATE",
    "CAST",
    "COLLATION",
    "CONSTRAINT",
    "CONVERSION",
    "DOMAIN",
    "EXTENSION",
    "FOREIGN DATA WRAPPER",
    "FOREIGN TABLE",
    "FUNCTION",
    "INDEX",
    "LANGUAGE",
    "MATERIALIZED VIEW",
    "OPERATOR",
    "OPERATOR CLASS",
    "OPERATOR FAMILY",
    "POLICY",
    "PROCEDURE",
    "PUBLICATION",
    "ROUTINE",
    "RULE",
    "SCHEMA",
    "SEQUENCE",
    "SERVER",
    "STATISTICS",
    "SUBSCRIPTION",
    "TABLE",
    "TEXT SEARCH CONFIGURATION",
    "TEXT SEARCH DICTIONARY",
    "TEXT SEARCH PARSER",
    "TEXT SEARCH TEMPLATE",
    "TRANSFORM",
    "TRIGGER",
    "TYPE",
    "USER MAPPING",
    "VIEW",
];

/// Other commands of which they learn.
const OTHERS: &[&str] = &[
    "ALTER DEFAULT PRIVILEGES",
    "ALTER LARGE OBJECT",
    "COMMENT",
    "CREATE TABLE AS",
    "DROP OWNED",
    "GRANT",
    "IMPORT FOREIGN SCHEMA",
    "LOGIN",
    "REFRESH MATERIALIZED VIEW",
    "REINDEX",
    "REVOKE",
    "SECURITY LABEL",
    "SELECT INTO",
];

/// Kinds of objects that are shared, or have event triggers themselves: nobody learns of their commands.
const UNSUPPORTED_KINDS: &[&str] = &["DATABASE", "EVENT TRIGGER", "ROLE", "TABLESPACE"];

/// Other commands of which nobody learns.
const UNSUPPORTED: &[&str] = &[
    "ALTER SYSTEM",
    "ANALYZE",
    "BEGIN",
    "CALL",
    "CHECKPOINT",
    "CLOSE",
    "CLOSE CURSOR",
    "CLUSTER",
    "COMMIT",
    "COMMIT PREPARED",
    "COPY",
    "COPY FROM",
    "DEALLOCATE",
    "DECLARE CURSOR",
    "DELETE",
    "DISCARD",
    "DISCARD ALL",
    "DO",
    "DROP REPLICATION SLOT",
    "EXECUTE",
    "EXPLAIN",
    "FETCH",
    "GRANT ROLE",
    "INSERT",
    "LISTEN",
    "LOAD",
    "LOCK TABLE",
    "MERGE",
    "MOVE",
    "NOTIFY",
    "PREPARE",
    "PREPARE TRANSACTION",
    "REASSIGN OWNED",
    "RELEASE",
    "RESET",
    "REVOKE ROLE",
    "ROLLBACK",
    "SAVEPOINT",
    "SELECT",
    "SELECT FOR UPDATE",
    "SET",
    "SET CONSTRAINTS",
    "SHOW",
    "START TRANSACTION",
    "TRUNCATE TABLE",
    "UNLISTEN",
    "UPDATE",
    "VACUUM",
];

/// Commands that may rewrite a table.
const REWRITES: &[&str] = &["ALTER MATERIALIZED VIEW", "ALTER TABLE", "ALTER TYPE"];

fn of_kind(tag: &str, kinds: &[&str]) -> bool {
    let rest = ["CREATE ", "ALTER ", "DROP "].iter().find_map(|verb| tag.strip_prefix(verb));
    rest.is_some_and(|kind| kinds.contains(&kind))
}

/// Whether event triggers learn of commands with this tag.
pub fn is_supported(tag: &str) -> bool {
    OTHERS.contains(&tag) || of_kind(tag, KINDS)
}

/// Whether a statement that may be about any kind of object is about one of which event triggers do not learn.
pub fn is_about_shared(statement: &Statement) -> bool {
    let kind = match statement {
        Statement::Comment(comment) => comment.kind,
        Statement::SecurityLabel(label) => label.kind,
        Statement::Grant(grant) => match &grant.objects {
            GrantObjects::Objects { kind, .. } => *kind,
            GrantObjects::Parameters(_) => return true,
            _ => return false,
        },
        _ => return false,
    };
    matches!(kind, ObjectKind::Database | ObjectKind::EventTrigger | ObjectKind::Role | ObjectKind::Tablespace)
}

/// Makes an event trigger.
pub(crate) fn create(context: &Context<'_>, create: &CreateEventTrigger) -> Result<()> {
    let catalog = context.catalog();
    let me = catalog.current_user();
    let (name, event) = (&*create.name, &*create.event);
    if !catalog.is_superuser(me)? {
        let text = format!("permission denied to create event trigger \"{name}\"");
        let hint = "Must be superuser to create an event trigger.";
        return Err(Error::new(SqlState::INSUFFICIENT_PRIVILEGE, text).hint(hint));
    }
    if !matches!(event, "ddl_command_start" | "ddl_command_end" | "sql_drop" | "login" | "table_rewrite") {
        return Err(Error::new(SqlState::SYNTAX_ERROR, format!("unrecognized event name \"{event}\"")));
    }
    let mut tags: Option<Vec<String>> = None;
    for item in &create.conditions {
        if &*item.name != "tag" {
            return Err(Error::new(SqlState::SYNTAX_ERROR, format!("unrecognized filter variable \"{}\"", item.name)));
        }
        if tags.is_some() {
            let text = format!("filter variable \"{}\" specified more than once", item.name);
            return Err(Error::new(SqlState::SYNTAX_ERROR, text));
        }
        let Some(DefinitionValue::List(values)) = &item.value else {
            return Err(Error::internal("a filter of an event trigger is no list"));
        };
        let text = |value: &DefinitionValue| match value {
            DefinitionValue::String(text) => Ok(text.to_string()),
            _ => Err(Error::internal("a filter of an event trigger is no text")),
        };
        tags = Some(values.iter().map(text).collect::<Result<_>>()?);
    }
    if let Some(tags) = &tags {
        tags.iter().try_for_each(|tag| check_tag(event, tag))?;
    }
    if catalog.event_triggers()?.iter().any(|row| *row.evtname == *name) {
        return Err(Error::new(SqlState::DUPLICATE_OBJECT, format!("event trigger \"{name}\" already exists")));
    }
    let schema = create.function.qualifiers.last().map(|schema| &**schema);
    let candidates = catalog.functions_by_name(schema, &create.function.name)?;
    let Some(function) = candidates.iter().find(|candidate| candidate.row.proargtypes.is_empty()) else {
        let text = format!("function {}() does not exist", create.function);
        return Err(Error::new(SqlState::UNDEFINED_FUNCTION, text));
    };
    if function.row.prorettype != oid::EVENT_TRIGGER {
        let text = format!("function {} must return type event_trigger", create.function);
        return Err(Error::new(SqlState::INVALID_OBJECT_DEFINITION, text));
    }
    let row = PgEventTrigger {
        oid: catalog.new_oid::<PgEventTrigger>(index::PG_EVENT_TRIGGER_OID_INDEX)?,
        evtname: name.to_string().into(),
        evtevent: event.to_string().into(),
        evtowner: me,
        evtfoid: function.row.oid,
        evtenabled: b'O',
        evttags: tags.map(|tags| tags.into_iter().map(|tag| tag.to_ascii_uppercase().into()).collect()),
    };
    catalog.insert(&row)?;
    if event == "login" {
        note_login(context)?;
    }
    let this = Object::of::<PgEventTrigger>(row.oid);
    catalog.record_owner(this, me)?;
    catalog.record_dependency(this, Object::of::<PgProc>(row.evtfoid), Dependency::Normal)?;
    catalog.next_command()
}

fn check_tag(event: &str, given: &str) -> Result<()> {
    let tag = given.to_ascii_uppercase();
    if event == "login" {
        let text = "tag filtering is not supported for login event triggers";
        return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
    }
    let supported = match event {
        "table_rewrite" => REWRITES.contains(&&*tag),
        _ => is_supported(&tag),
    };
    if supported {
        return Ok(());
    }
    let known = is_supported(&tag) || UNSUPPORTED.contains(&&*tag) || of_kind(&tag, UNSUPPORTED_KINDS);
    let text = match known {
        false => {
            let text = format!("filter value \"{given}\" not recognized for filter variable \"tag\"");
            return Err(Error::new(SqlState::SYNTAX_ERROR, text));
        }
        true => format!("event triggers are not supported for {given}"),
    };
    Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text))
}

/// Notes in the database's row that logins have triggers.
fn note_login(context: &Context<'_>) -> Result<()> {
    let catalog = context.catalog();
    let key = [catalog.database().into()];
    catalog.change::<PgDatabase>(index::PG_DATABASE_OID_INDEX, &key, |row| row.dathasloginevt = true)?;
    Ok(())
}

/// ENABLE and DISABLE
pub(crate) fn alter(context: &Context<'_>, alter: &AlterEventTrigger) -> Result<()> {
    let catalog = context.catalog();
    let row = object::by_name::<PgEventTrigger>(context, index::PG_EVENT_TRIGGER_EVTNAME_INDEX, &alter.name)?;
    let superuser_or_owner = catalog.has_privileges_of(catalog.current_user(), row.evtowner)?;
    if !superuser_or_owner {
        let text = format!("must be owner of event trigger {}", alter.name);
        return Err(Error::new(SqlState::INSUFFICIENT_PRIVILEGE, text));
    }
    let letter = match alter.firing {
        FiringMode::Disabled => b'D',
        FiringMode::Origin => b'O',
        FiringMode::Replica => b'R',
        FiringMode::Always => b'A',
    };
    let key = [row.oid.into()];
    catalog.change::<PgEventTrigger>(index::PG_EVENT_TRIGGER_OID_INDEX, &key, |row| row.evtenabled = letter)?;
    if letter != b'D' && *row.evtevent == *"login" {
        note_login(context)?;
    }
    catalog.next_command()
}

/// The triggers of an event that fire for a command, in their order.
pub fn firing(
    catalog: &catalog::Catalog,
    stage: catalog::watch::Stage,
    tag: &str,
    is_replica: bool,
) -> Result<Vec<PgEventTrigger>> {
    let mut found = catalog.event_triggers()?;
    found.retain(|row| {
        let enabled = match row.evtenabled {
            b'A' => true,
            b'O' => !is_replica,
            b'R' => is_replica,
            _ => false,
        };
        let fits = row.evttags.as_ref().is_none_or(|tags| tags.iter().any(|wanted| **wanted == *tag));
        enabled && fits && *row.evtevent == *stage.name()
    });
    Ok(found)
}
