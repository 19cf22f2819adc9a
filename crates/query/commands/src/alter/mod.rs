//! ALTER TABLE and its like: one action after the other, in the order in which PostgreSQL takes them.
//!
//! Drops come first, then types, new columns, constraints, and the rest. [`columns`] has what is done to columns, [`column_type`] their
//! types, [`properties`] what only changes a row of the catalogs, [`rewrite`] writes all rows anew where an action asks for it.

mod column_type;
mod columns;
pub(crate) mod properties;
pub(crate) mod rewrite;

use catalog::relation::kind;
use catalog::{Entry, Relation};
use error::{Error, Result, SqlState};
use parser::ast::{AlterTable, AlterTableAction as Action, RelationKind};

use crate::constraint::{self, drop_behavior};
use crate::{Context, identity, inherit, partition, storage_options};

/// ALTER TABLE, ALTER INDEX, ALTER VIEW, ALTER MATERIALIZED VIEW, ALTER SEQUENCE, ALTER FOREIGN TABLE.
pub(crate) fn alter_table(context: &Context<'_>, alter: &AlterTable) -> Result<()> {
    if matches!(alter.kind, RelationKind::CompositeType) {
        return Err(Error::not_implemented("ALTER TYPE of a composite type"));
    }
    let name = &alter.relation.name;
    let level = alter.actions.iter().map(lock_level).max().unwrap_or(8);
    let relation = match alter.if_exists {
        false => context.open(name, level)?,
        true => match context.try_open(name, level)? {
            Some(relation) => relation,
            None => {
                let text = format!("relation \"{}\" does not exist, skipping", name.name);
                context.inform(SqlState::UNDEFINED_TABLE, text);
                return Ok(());
            }
        },
    };
    context.require_owner(&relation)?;
    match (alter.kind, relation.kind()) {
        (RelationKind::Table | RelationKind::View, kind::VIEW) => {
            return crate::view::alter_view(context, alter, &relation);
        }
        (_, kind::MATERIALIZED_VIEW) if matches!(alter.kind, RelationKind::Table | RelationKind::MaterializedView) => {
            crate::view::check_materialized(alter, &relation)?
        }
        _ => check_kind(alter.kind, &relation)?,
    }
    if context.catalog().is_other_temporary(&relation.class) {
        let text = "cannot alter temporary tables of other sessions";
        return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
    }
    context.check_not_in_use(&relation, "ALTER TABLE")?;
    // What children follow in any case, their owners must allow.
    let of_owner = |action: &Action| {
        matches!(action, Action::AddColumn { .. } | Action::ColumnType { .. } | Action::ColumnNotNull { .. })
    };
    let reaches_children = |action: &Action| pass(action) <= 2 || matches!(action, Action::AddConstraint(_));
    if alter.relation.inherit && alter.actions.iter().any(reaches_children) {
        for member in inherit::tree(context, relation.oid, 8)? {
            let member = context.catalog().relation(member)?;
            context.check_not_in_use(&member, "ALTER TABLE")?;
            if alter.actions.iter().any(of_owner) {
                context.require_owner(&member)?;
            }
        }
    }
    let mut actions: Vec<&Action> = alter.actions.iter().collect();
    actions.sort_by_key(|action| pass(action));
    for action in actions {
        let relation = context.catalog().relation(relation.oid)?;
        check_action(action, &relation)?;
        run(context, &relation, action, alter.relation.inherit)?;
        context.catalog().next_command()?;
    }
    Ok(())
}

/// The relation must be of the kind that the statement names; ALTER TABLE takes most.
fn check_kind(named: RelationKind, relation: &Relation) -> Result<()> {
    let words = match named {
        RelationKind::View if relation.kind() != kind::VIEW => "a view",
        RelationKind::MaterializedView if relation.kind() != kind::MATERIALIZED_VIEW => "a materialized view",
        RelationKind::Index if !matches!(relation.kind(), kind::INDEX | kind::PARTITIONED_INDEX) => "an index",
        RelationKind::Sequence if relation.kind() != kind::SEQUENCE => "a sequence",
        RelationKind::ForeignTable if relation.kind() != kind::FOREIGN_TABLE => "a foreign table",
        _ => return Ok(()),
    };
    Err(Error::new(SqlState::WRONG_OBJECT_TYPE, format!("\"{}\" is not {words}", relation.name())))
}

/// The lock that an action needs, PostgreSQL's: what concerns neither those who read nor those who write lets them go on.
fn lock_level(action: &Action) -> u8 {
    use parser::ast::ConstraintKind as Kind;
    const SHARE_UPDATE_EXCLUSIVE: u8 = 4;
    const SHARE_ROW_EXCLUSIVE: u8 = 6;
    const ACCESS_EXCLUSIVE: u8 = 8;
    match action {
        Action::SetStatistics { .. }
        | Action::SetColumnOptions { .. }
        | Action::ResetColumnOptions { .. }
        | Action::ClusterOn(_)
        | Action::SetWithoutCluster
        | Action::ValidateConstraint(_) => SHARE_UPDATE_EXCLUSIVE,
        Action::SetOptions(items) | Action::ResetOptions(items) => match storage_options::concern_vacuum(items) {
            true => SHARE_UPDATE_EXCLUSIVE,
            false => ACCESS_EXCLUSIVE,
        },
        Action::Trigger { .. } => SHARE_ROW_EXCLUSIVE,
        Action::AddConstraint(constraint) if matches!(constraint.kind, Kind::ForeignKey(_)) => SHARE_ROW_EXCLUSIVE,
        _ => ACCESS_EXCLUSIVE,
    }
}

/// When an action is done among those of its statement.
fn pass(action: &Action) -> u8 {
    use parser::ast::ConstraintKind as Kind;
    match action {
        Action::DropColumn { .. }
        | Action::DropConstraint { .. }
        | Action::DropIdentity { .. }
        | Action::ColumnNotNull { set: false, .. } => 0,
        Action::ColumnType { .. } => 1,
        Action::AddColumn { .. } => 2,
        Action::SetExpression { .. } => 3,
        Action::ColumnNotNull { set: true, .. } => 4,
        Action::ColumnDefault { .. }
        | Action::SetStatistics { .. }
        | Action::SetColumnOptions { .. }
        | Action::ResetColumnOptions { .. }
        | Action::SetStorage { .. }
        | Action::SetCompression { .. }
        | Action::AddIdentity { .. }
        | Action::SetIdentity { .. } => 5,
        Action::AddConstraint(constraint) => match &constraint.kind {
            Kind::NotNull { .. } => 4,
            Kind::Unique(_) | Kind::Exclusion(_) => 6,
            _ => 7,
        },
        _ => 8,
    }
}

/// Actions that make sense for tables are refused for other relations.
fn check_action(action: &Action, relation: &Relation) -> Result<()> {
    let found = relation.kind();
    let index = matches!(found, kind::INDEX | kind::PARTITIONED_INDEX);
    let fits = match action {
        Action::OwnerTo(_) => true,
        Action::SetOptions(_) | Action::ResetOptions(_) => found != kind::SEQUENCE && found != kind::COMPOSITE_TYPE,
        Action::SetTablespace(_) => found != kind::SEQUENCE,
        Action::SetStatistics { .. } | Action::SetColumnOptions { .. } | Action::ResetColumnOptions { .. } => {
            index || is_table(found) || found == kind::MATERIALIZED_VIEW
        }
        Action::AttachPartition { .. } => found == kind::PARTITIONED_TABLE || found == kind::PARTITIONED_INDEX,
        Action::DetachPartition { .. } => found == kind::PARTITIONED_TABLE,
        Action::SetLogged(_) => matches!(found, kind::TABLE | kind::SEQUENCE | kind::PARTITIONED_TABLE),
        Action::SetStorage { .. }
        | Action::SetCompression { .. }
        | Action::ClusterOn(_)
        | Action::SetWithoutCluster
        | Action::ReplicaIdentity(_)
        | Action::SetAccessMethod(_) => is_table(found) || found == kind::MATERIALIZED_VIEW,
        _ => is_table(found),
    };
    if fits {
        return Ok(());
    }
    let words = crate::view::action_words(action);
    let text = format!("ALTER action {words} cannot be performed on relation \"{}\"", relation.name());
    let what = match found {
        kind::INDEX => "indexes",
        kind::PARTITIONED_INDEX => "partitioned indexes",
        kind::SEQUENCE => "sequences",
        kind::VIEW => "views",
        kind::MATERIALIZED_VIEW => "materialized views",
        kind::COMPOSITE_TYPE => "composite types",
        kind::TOAST => "TOAST tables",
        kind::PARTITIONED_TABLE => "partitioned tables",
        kind::FOREIGN_TABLE => "foreign tables",
        _ => "tables",
    };
    let error = Error::new(SqlState::WRONG_OBJECT_TYPE, text);
    Err(error.detail(format!("This operation is not supported for {what}.")))
}

fn is_table(kind: u8) -> bool {
    matches!(kind, kind::TABLE | kind::PARTITIONED_TABLE | kind::FOREIGN_TABLE)
}

fn run(context: &Context<'_>, relation: &Entry<Relation>, action: &Action, recurse: bool) -> Result<()> {
    let catalog = context.catalog();
    let table = relation.oid;
    match action {
        Action::AddConstraint(written) => constraint::add_later(context, table, written, None, recurse),
        Action::DropConstraint { name, if_exists, behavior } => match catalog.constraint_by_name(table, name)? {
            Some(found) => {
                if found.contype == b'f' && found.conrelid != found.confrelid {
                    executor::lock_relation(context.session, found.confrelid, 8)?;
                    context.check_not_in_use(&*catalog.relation(found.confrelid)?, "ALTER TABLE")?;
                }
                constraint::drop_one(context, table, &found, drop_behavior(*behavior), recurse, false)
            }
            None => {
                let text = format!("constraint \"{name}\" of relation \"{}\" does not exist", relation.name());
                if !if_exists {
                    return Err(Error::new(SqlState::UNDEFINED_OBJECT, text));
                }
                context.inform(SqlState::UNDEFINED_OBJECT, format!("{text}, skipping"));
                Ok(())
            }
        },
        Action::AlterConstraint { name, attributes } => {
            properties::alter_constraint(context, relation, name, attributes)
        }
        Action::ValidateConstraint(name) => constraint::validate(context, table, name, recurse),
        Action::AddColumn { column, if_not_exists, .. } => {
            columns::add(context, table, column, *if_not_exists, recurse, false)
        }
        Action::DropColumn { name, if_exists, behavior } => {
            columns::drop(context, relation, name, *if_exists, drop_behavior(*behavior), recurse)
        }
        Action::ColumnNotNull { name, set } => columns::not_null(context, relation, name, *set, recurse),
        Action::ColumnDefault { name, default } => columns::default(context, relation, name, default.as_ref(), recurse),
        Action::ColumnType { name, type_name, collation, using, location, .. } => {
            let (collation, using) = (collation.as_ref(), using.as_ref());
            let change = column_type::Change { name, type_name, collation, using, location: *location };
            column_type::alter(context, table, change, recurse)
        }
        Action::SetExpression { name, expression } => {
            columns::set_expression(context, relation, name, expression, recurse)
        }
        Action::DropExpression { name, if_exists } => {
            columns::drop_expression(context, relation, name, *if_exists, recurse)
        }
        Action::AddIdentity { name, when, options, .. } => {
            identity::add(context, relation, name, *when, options, recurse)
        }
        Action::SetIdentity { name, options } => identity::set(context, relation, name, options, recurse),
        Action::DropIdentity { name, if_exists } => identity::drop(context, relation, name, *if_exists, recurse),
        Action::Inherit(parent) => inherit::add(context, relation, parent),
        Action::NoInherit(parent) => {
            let parent = context.open(parent, 4)?;
            if relation.class.relispartition {
                let text = "cannot change inheritance of a partition";
                return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, text));
            }
            inherit::remove(context, relation, &parent)
        }
        Action::AttachPartition { bound: Some(_), .. } if relation.kind() != kind::PARTITIONED_TABLE => {
            let text = format!("\"{}\" is not a partitioned table", relation.name());
            Err(Error::new(SqlState::WRONG_OBJECT_TYPE, text))
        }
        Action::AttachPartition { partition, bound: Some(bound) } => {
            partition::attach(context, relation, partition, bound)
        }
        Action::AttachPartition { partition, bound: None } => {
            let child = context.open(partition, 8)?;
            crate::create_index::attach_partition(context, relation, &child)
        }
        Action::DetachPartition { partition, concurrently, finalize } => {
            partition::detach(context, relation, partition, *concurrently, *finalize)
        }
        other => properties::alter(context, relation, other, recurse),
    }
}
