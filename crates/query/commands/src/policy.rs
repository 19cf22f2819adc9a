//! CREATE, ALTER, DROP and rename of row security policies.
//!
//! What policies do to queries is the analyzer's affair (`analyzer::row_security`). Here their expressions are stored, and what they need is
//! recorded: a policy goes silently with its table, and stands in the way of dropping anything else that it reads. Roles that it names are
//! recorded as its targets.

use analyzer::Wanted;
use analyzer::scope::Place;
use catalog::relation::kind;
use catalog::rows::PgPolicy;
use catalog::{Dependency, Entry, Object, Relation, index};
use error::{Error, Result, SqlState};
use ids::Oid;
use locks::LockWait;
use parser::ast::{
    AlterPolicy, CreatePolicy, DropObjects, Expr, ObjectName, ObjectReference, PolicyCommand, RelationName, RoleKind,
    RoleSpec,
};

use crate::Context;
use crate::expression::{self, Stored};

/// Makes a policy.
pub(crate) fn create(context: &Context<'_>, create: &CreatePolicy) -> Result<()> {
    let refuse = |text: &str| Err(Error::new(SqlState::SYNTAX_ERROR, text));
    let command = match create.command {
        PolicyCommand::All => b'*',
        PolicyCommand::Select => b'r',
        PolicyCommand::Insert => b'a',
        PolicyCommand::Update => b'w',
        PolicyCommand::Delete => b'd',
    };
    if matches!(command, b'r' | b'd') && create.check.is_some() {
        return refuse("WITH CHECK cannot be applied to SELECT or DELETE");
    }
    if command == b'a' && create.using.is_some() {
        return refuse("only WITH CHECK expression allowed for INSERT");
    }
    let roles = roles(context, &create.roles)?;
    let table = open(context, &create.relation)?;
    let catalog = context.catalog();
    let using = store(context, &table, create.using.as_ref())?;
    let check = store(context, &table, create.check.as_ref())?;
    if find(context, &table, &create.name)?.is_some() {
        return Err(taken(&create.name, &table));
    }
    let oid = catalog.new_oid::<PgPolicy>(index::PG_POLICY_OID_INDEX)?;
    let row = PgPolicy {
        oid,
        polname: create.name.to_string().into(),
        polrelid: table.oid,
        polcmd: command,
        polpermissive: create.permissive,
        polroles: roles,
        polqual: using.as_ref().map(|stored| stored.text.clone().into()),
        polwithcheck: check.as_ref().map(|stored| stored.text.clone().into()),
    };
    catalog.insert(&row)?;
    catalog.record_dependency(Object::of::<PgPolicy>(oid), Object::relation(table.oid), Dependency::Auto)?;
    record_needs(context, &row, [using, check])?;
    catalog.record_targets(Object::of::<PgPolicy>(oid), &row.polroles)?;
    catalog.next_command()
}

/// Gives a policy other roles or expressions.
pub(crate) fn alter(context: &Context<'_>, alter: &AlterPolicy) -> Result<()> {
    let catalog = context.catalog();
    let roles = alter.roles.as_ref().map(|written| roles(context, written)).transpose()?;
    let table = open(context, &alter.relation)?;
    let using = store(context, &table, alter.using.as_ref())?;
    let check = store(context, &table, alter.check.as_ref())?;
    let policy = require(context, &table, &alter.name)?;
    let refuse = |text: &str| Err(Error::new(SqlState::SYNTAX_ERROR, text));
    match policy.polcmd {
        b'r' | b'd' if check.is_some() => return refuse("only USING expression allowed for SELECT, DELETE"),
        b'a' if using.is_some() => return refuse("only WITH CHECK expression allowed for INSERT"),
        _ => {}
    }
    let this = Object::of::<PgPolicy>(policy.oid);
    let mut row = PgPolicy::clone(&policy);
    // An expression that stays is stored anew, so that what both need is known.
    let kept = |text: &Option<_>| -> Result<Option<Stored>> {
        let text: Option<String> = text.as_ref().map(ToString::to_string);
        text.map(|text: String| Ok(expression::stored(context, expression::read(context, &text)?))).transpose()
    };
    let using = if using.is_some() { using } else { kept(&row.polqual)? };
    let check = if check.is_some() { check } else { kept(&row.polwithcheck)? };
    row.polqual = using.as_ref().map(|stored| stored.text.clone().into());
    row.polwithcheck = check.as_ref().map(|stored| stored.text.clone().into());
    if let Some(roles) = roles {
        row.polroles = roles;
        catalog.record_targets(this, &row.polroles)?;
    }
    catalog.forget_dependencies(this, Some(Dependency::Normal), None)?;
    record_needs(context, &row, [using, check])?;
    catalog.change::<PgPolicy>(index::PG_POLICY_OID_INDEX, &[row.oid.into()], |stored| *stored = row.clone())?;
    catalog.next_command()
}

/// Gives a policy another name.
pub(crate) fn rename(context: &Context<'_>, reference: &ObjectReference, new: &str) -> Result<()> {
    let (relation, name) = parts(reference)?;
    let table = open(context, &relation.to_relation())?;
    if find(context, &table, new)?.is_some() {
        return Err(taken(new, &table));
    }
    let policy = require(context, &table, name)?;
    let key = [policy.oid.into()];
    let catalog = context.catalog();
    catalog.change::<PgPolicy>(index::PG_POLICY_OID_INDEX, &key, |row| row.polname = new.to_string().into())?;
    catalog.next_command()
}

/// The policy that DROP POLICY names; none if it may be missing and is.
pub(crate) fn to_drop(
    context: &Context<'_>,
    drop: &DropObjects,
    reference: &ObjectReference,
) -> Result<Option<Object>> {
    let (relation, name) = parts(reference)?;
    let named = relation.to_relation();
    let skip = |state: SqlState, text: String| {
        context.inform(state, format!("{text}, skipping"));
        Ok(None)
    };
    if drop.if_exists {
        if let Some(schema) = &named.schema
            && context.catalog().schema_by_name(schema)?.is_none()
        {
            return skip(SqlState::INVALID_SCHEMA_NAME, format!("schema \"{schema}\" does not exist"));
        }
        if context.find_relation(&named)?.is_none() {
            return skip(SqlState::UNDEFINED_TABLE, format!("relation \"{relation}\" does not exist"));
        }
    }
    let table = context.open(&named, 8)?;
    let Some(policy) = find(context, &table, name)? else {
        let text = format!("policy \"{name}\" for table \"{}\" does not exist", table.name());
        return match drop.if_exists {
            true => skip(
                SqlState::UNDEFINED_OBJECT,
                format!("policy \"{name}\" for relation \"{relation}\" does not exist"),
            ),
            false => Err(Error::new(SqlState::UNDEFINED_OBJECT, text)),
        };
    };
    let catalog = context.catalog();
    if !catalog.has_privileges_of(catalog.current_user(), table.class.relowner)? {
        let text = format!("must be owner of relation {}", table.name());
        return Err(Error::new(SqlState::INSUFFICIENT_PRIVILEGE, text));
    }
    Ok(Some(Object::of::<PgPolicy>(policy.oid)))
}

/// The roles of a TO clause; zero is everybody.
fn roles(context: &Context<'_>, written: &[RoleSpec]) -> Result<Vec<Oid>> {
    if written.iter().any(|role| role.kind == RoleKind::Public) {
        if written.len() > 1 {
            let warning = Error::new(SqlState::INVALID_PARAMETER_VALUE, "ignoring specified roles other than PUBLIC")
                .hint("All roles are members of the PUBLIC role.");
            context.notice(warning.severity(error::Severity::Warning));
        }
        return Ok(vec![Oid::INVALID]);
    }
    written.iter().map(|role| context.role(role)).collect()
}

/// The table of a policy, which must belong to the role, locked against everybody.
fn open(context: &Context<'_>, name: &RelationName) -> Result<Entry<Relation>> {
    context.open_if(name, 8, LockWait::Block, |relation| {
        context.catalog().require_owner(catalog::privileges::ObjectKind::Relation, relation.oid)?;
        if relation.is_system() {
            let text = format!("permission denied: \"{}\" is a system catalog", relation.name());
            return Err(Error::new(SqlState::INSUFFICIENT_PRIVILEGE, text));
        }
        match relation.kind() {
            kind::TABLE | kind::PARTITIONED_TABLE => Ok(()),
            _ => {
                let text = format!("\"{}\" is not a table", relation.name());
                Err(Error::new(SqlState::WRONG_OBJECT_TYPE, text))
            }
        }
    })
}

fn store(context: &Context<'_>, table: &Relation, expr: Option<&Expr>) -> Result<Option<Stored>> {
    let wanted = || Wanted::Condition("POLICY");
    let stored = expr.map(|expr| expression::store(context, expr, Place::Policy, Some(table), wanted())).transpose();
    // PostgreSQL does not say where in the statement something is wrong.
    stored.map_err(|mut error| {
        error.fields_mut().position = None;
        error
    })
}

/// Records what a policy's expressions read and call.
fn record_needs(context: &Context<'_>, policy: &PgPolicy, expressions: [Option<Stored>; 2]) -> Result<()> {
    let mut objects = Vec::new();
    for stored in expressions.into_iter().flatten() {
        objects.extend(stored.columns.iter().filter(|&&n| n > 0).map(|&n| Object::column(policy.polrelid, n)));
        objects.extend(stored.objects);
    }
    context.catalog().record_dependencies(Object::of::<PgPolicy>(policy.oid), &objects, Dependency::Normal)
}

fn find(context: &Context<'_>, table: &Relation, name: &str) -> Result<Option<Entry<PgPolicy>>> {
    context.catalog().row(index::PG_POLICY_POLRELID_POLNAME_INDEX, &[table.oid.into(), name.into()])
}

fn require(context: &Context<'_>, table: &Relation, name: &str) -> Result<Entry<PgPolicy>> {
    find(context, table, name)?.ok_or_else(|| {
        let text = format!("policy \"{name}\" for table \"{}\" does not exist", table.name());
        Error::new(SqlState::UNDEFINED_OBJECT, text)
    })
}

fn taken(name: &str, table: &Relation) -> Error {
    let text = format!("policy \"{name}\" for table \"{}\" already exists", table.name());
    Error::new(SqlState::DUPLICATE_OBJECT, text)
}

fn parts(reference: &ObjectReference) -> Result<(&ObjectName, &str)> {
    match reference {
        ObjectReference::OnRelation { relation, name } => Ok((relation, name)),
        _ => Err(Error::internal("a policy is not named as one")),
    }
}
