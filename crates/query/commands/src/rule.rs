//! CREATE [OR REPLACE] RULE, DROP RULE, ALTER RULE … RENAME.
//!
//! A rule is a row of `pg_rewrite` and part of its relation. Its condition and commands are stored analyzed; `analyzer::rule` says what becomes
//! of statements by it.

use analyzer::node::to_text;
use analyzer::query::{Command, TargetEntry};
use analyzer::rule::{NO_CONDITION, RuleAction, RuleBody, event_letter};
use catalog::privileges::ObjectKind as Privileged;
use catalog::relation::kind;
use catalog::rows::PgRewrite;
use catalog::{Dependency, Entry, Object, RETURN_RULE, Relation, index};
use error::{Error, Result, SqlState};
use ids::Oid;
use locks::LockWait;
use parser::ast::{CreateRule, DropObjects, ObjectReference, RelationName, Rename, RuleEvent, Statement};

use crate::{Context, needs};

fn invalid(text: impl Into<String>) -> Error {
    Error::new(SqlState::INVALID_OBJECT_DEFINITION, text)
}

/// A relation that may have rules and belongs to the role, locked against everybody.
fn open(context: &Context<'_>, name: &RelationName) -> Result<Entry<Relation>> {
    context.open_if(name, 8, LockWait::Block, |relation| {
        let detail = match relation.kind() {
            kind::TABLE | kind::PARTITIONED_TABLE | kind::VIEW | kind::MATERIALIZED_VIEW => None,
            kind::INDEX => Some("indexes"),
            kind::PARTITIONED_INDEX => Some("partitioned indexes"),
            kind::SEQUENCE => Some("sequences"),
            kind::FOREIGN_TABLE => Some("foreign tables"),
            kind::TOAST => Some("TOAST tables"),
            _ => Some("composite types"),
        };
        if let Some(kinds) = detail {
            let text = format!("relation \"{}\" cannot have rules", relation.name());
            return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, text)
                .detail(format!("This operation is not supported for {kinds}.")));
        }
        if relation.is_system() {
            let text = format!("permission denied: \"{}\" is a system catalog", relation.name());
            return Err(Error::new(SqlState::INSUFFICIENT_PRIVILEGE, text));
        }
        context.catalog().require_owner(Privileged::Relation, relation.oid)
    })
}

/// Makes a rule, or replaces one.
pub(crate) fn create(context: &Context<'_>, create: &CreateRule) -> Result<()> {
    let catalog = context.catalog();
    let relation = open(context, &create.relation)?;
    if relation.kind() == kind::MATERIALIZED_VIEW {
        let text = "rules on materialized views are not supported";
        return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
    }
    let event = match create.event {
        RuleEvent::Select => Command::Select,
        RuleEvent::Insert => Command::Insert,
        RuleEvent::Update => Command::Update,
        RuleEvent::Delete => Command::Delete,
    };
    let body = context.analyzer().rule(&relation, event, create.condition.as_ref(), &create.actions)?;
    if event == Command::Select {
        return Err(check_select(create, &relation));
    }
    if &*create.name == RETURN_RULE {
        let text = format!("non-view rule for \"{}\" must not be named \"{RETURN_RULE}\"", relation.name());
        return Err(invalid(text));
    }
    check_returning(context, create, &relation, &body)?;
    let key = [relation.oid.into(), (&*create.name).into()];
    let old = catalog.row::<PgRewrite>(index::PG_REWRITE_REL_RULENAME_INDEX, &key)?;
    if old.is_some() && !create.or_replace {
        return Err(taken(&create.name, &relation));
    }
    let mut row = PgRewrite {
        oid: Oid::INVALID,
        rulename: create.name.to_string().into(),
        ev_class: relation.oid,
        ev_type: event_letter(event),
        ev_enabled: b'O',
        is_instead: create.instead,
        ev_qual: body.condition.as_ref().map_or_else(|| NO_CONDITION.to_string(), to_text).into(),
        ev_action: to_text(&body.actions).into(),
    };
    let this = match old {
        Some(old) => {
            (row.oid, row.ev_enabled) = (old.oid, old.ev_enabled);
            let new = row.clone();
            catalog.change::<PgRewrite>(index::PG_REWRITE_OID_INDEX, &[row.oid.into()], |stored| *stored = new)?;
            let this = Object::of::<PgRewrite>(row.oid);
            catalog.forget_dependencies(this, Some(Dependency::Normal), None)?;
            this
        }
        None => {
            row.oid = catalog.new_oid::<PgRewrite>(index::PG_REWRITE_OID_INDEX)?;
            catalog.insert(&row)?;
            let this = Object::of::<PgRewrite>(row.oid);
            catalog.record_dependency(this, Object::relation(relation.oid), Dependency::Auto)?;
            this
        }
    };
    let mut objects = Vec::new();
    for action in &body.actions {
        if let RuleAction::Query(query) = action {
            objects.extend(needs::of_query(catalog, query));
        }
    }
    if let Some(condition) = &body.condition {
        objects.extend(needs::of_rule_condition(catalog, condition, relation.oid));
    }
    objects.retain(|object| *object != Object::relation(relation.oid));
    catalog.record_dependencies(this, &objects, Dependency::Normal)?;
    catalog.alter_class(relation.oid, |class| class.relhasrules = true)
}

/// Why a rule for SELECT is refused: only views have one, and that is made with them.
fn check_select(create: &CreateRule, relation: &Relation) -> Error {
    let unsupported = |text: &str| Error::new(SqlState::FEATURE_NOT_SUPPORTED, text);
    let is_select = |statement: &Statement| matches!(statement, Statement::Select(_));
    match &create.actions[..] {
        [] => return unsupported("INSTEAD NOTHING rules on SELECT are not implemented").hint("Use views instead."),
        [_, _, ..] => return unsupported("multiple actions for rules on SELECT are not implemented"),
        [one] if !is_select(&one.statement) || !create.instead => {
            return unsupported("rules on SELECT must have action INSTEAD SELECT");
        }
        _ => {}
    }
    if create.condition.is_some() {
        return unsupported("event qualifications are not implemented for rules on SELECT");
    }
    let kinds = match relation.kind() {
        kind::TABLE => "tables",
        kind::PARTITIONED_TABLE => "partitioned tables",
        _ if !create.or_replace => {
            let text = format!("\"{}\" is already a view", relation.name());
            return Error::new(SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE, text);
        }
        _ => return Error::not_implemented("CREATE OR REPLACE RULE ON SELECT"),
    };
    let text = format!("relation \"{}\" cannot have ON SELECT rules", relation.name());
    Error::new(SqlState::WRONG_OBJECT_TYPE, text).detail(format!("This operation is not supported for {kinds}."))
}

/// RETURNING may stand in one command that is done instead, and returns the relation's columns.
fn check_returning(context: &Context<'_>, create: &CreateRule, relation: &Relation, body: &RuleBody) -> Result<()> {
    let unsupported = |text: &str| Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
    let mut seen = false;
    for action in &body.actions {
        let RuleAction::Query(query) = action else { continue };
        if query.returning.is_empty() {
            continue;
        }
        if seen {
            return unsupported("cannot have multiple RETURNING lists in a rule");
        }
        seen = true;
        if create.condition.is_some() {
            return unsupported("RETURNING lists are not supported in conditional rules");
        }
        if !create.instead {
            return unsupported("RETURNING lists are not supported in non-INSTEAD rules");
        }
        let list: Vec<&TargetEntry> = query.returning.iter().filter(|target| !target.junk).collect();
        for (at, target) in list.iter().enumerate() {
            let Some(column) = relation.columns.get(at) else {
                return Err(invalid("RETURNING list has too many entries"));
            };
            let name = |oid: Oid, typmod: i32| context.catalog().format_type(oid, typmod);
            let (given, wanted) = ((target.expr.ty.oid, target.expr.ty.typmod), (column.atttypid, column.atttypmod));
            let differs = |what: &str| -> Result<Error> {
                let text = format!(
                    "RETURNING list's entry {} has different {what} from column \"{}\"",
                    at + 1,
                    column.attname
                );
                let typmod = if what == "type" { (-1, -1) } else { (given.1, wanted.1) };
                Ok(invalid(text).detail(format!(
                    "RETURNING list entry has type {}, but column has type {}.",
                    name(given.0, typmod.0)?,
                    name(wanted.0, typmod.1)?
                )))
            };
            if given.0 != wanted.0 {
                return Err(differs("type")?);
            }
            if given.1 != wanted.1 && given.1 != -1 {
                return Err(differs("size")?);
            }
        }
        if list.len() < relation.columns.len() {
            return Err(invalid("RETURNING list has too few entries"));
        }
    }
    Ok(())
}

fn taken(name: &str, relation: &Relation) -> Error {
    let text = format!("rule \"{name}\" for relation \"{}\" already exists", relation.name());
    Error::new(SqlState::DUPLICATE_OBJECT, text)
}

fn missing(name: &str, relation: &Relation) -> String {
    format!("rule \"{name}\" for relation \"{}\" does not exist", relation.name())
}

/// The rule that DROP RULE names; none if it may be missing.
pub(crate) fn to_drop(
    context: &Context<'_>,
    drop: &DropObjects,
    reference: &ObjectReference,
) -> Result<Option<Object>> {
    let ObjectReference::OnRelation { relation: on, name } = reference else {
        return Err(Error::internal("a rule is not named as one"));
    };
    let Some(relation) = context.open_to_drop_from(&on.to_relation(), drop.if_exists)? else { return Ok(None) };
    let Some(rule) = relation.rules.iter().find(|rule| rule.rulename == **name) else {
        let text = missing(name, &relation);
        if !drop.if_exists {
            return Err(Error::new(SqlState::UNDEFINED_OBJECT, text));
        }
        context.inform(SqlState::UNDEFINED_OBJECT, format!("{text}, skipping"));
        return Ok(None);
    };
    context.require_owner(&relation)?;
    Ok(Some(Object::of::<PgRewrite>(rule.oid)))
}

/// ALTER RULE … RENAME TO
pub(crate) fn rename(context: &Context<'_>, rename: &Rename) -> Result<()> {
    let ObjectReference::OnRelation { relation: on, name } = &rename.object else {
        return Err(Error::internal("a rule is not named as one"));
    };
    let catalog = context.catalog();
    let relation = open(context, &on.to_relation())?;
    let find = |name: &str| relation.rules.iter().find(|rule| rule.rulename == *name);
    let Some(rule) = find(name) else {
        return Err(Error::new(SqlState::UNDEFINED_OBJECT, missing(name, &relation)));
    };
    if find(&rename.new_name).is_some() {
        return Err(taken(&rename.new_name, &relation));
    }
    if rule.ev_type == b'1' {
        return Err(invalid("renaming an ON SELECT rule is not allowed"));
    }
    let new_name = rename.new_name.to_string();
    if new_name == RETURN_RULE {
        let text = format!("non-view rule for \"{}\" must not be named \"{RETURN_RULE}\"", relation.name());
        return Err(invalid(text));
    }
    catalog.change::<PgRewrite>(index::PG_REWRITE_OID_INDEX, &[rule.oid.into()], |row| {
        row.rulename = new_name.into();
    })?;
    catalog.alter_class(relation.oid, |_| ())
}
