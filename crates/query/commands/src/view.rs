//! CREATE VIEW and ALTER VIEW.
//!
//! A view is a row of `pg_class` without files, and a rule `_RETURN` that holds its analyzed query. What the query needs is recorded as
//! needed by the rule, which is part of the view: so DROP of a table finds the views over it.

use analyzer::node::to_text;
use analyzer::query::{Query, TargetEntry};
use catalog::field::Text;
use catalog::relation::kind;
use catalog::rows::{CatalogRow, PgClass};
use catalog::{NewColumn, NewRelation, Object, Relation};
use error::{Error, Result, SqlState};
use ids::Oid;
use parser::ast::{AlterTable, AlterTableAction, CheckOption, CreateView, Name, Persistence, SelectBody, Statement};

use crate::{Context, expression, needs, storage_options};

/// The query of a view or of CREATE TABLE AS with the names given to its columns.
pub(crate) fn with_names(mut query: Query, names: &[Name], what: &str) -> Result<Query> {
    let count = query.targets.iter().filter(|target| !target.junk).count();
    if names.len() > count {
        let text = match what {
            "view" => "CREATE VIEW specifies more column names than columns",
            _ => "too many column names were specified",
        };
        return Err(Error::new(SqlState::SYNTAX_ERROR, text));
    }
    for (target, name) in query.targets.iter_mut().filter(|target| !target.junk).zip(names) {
        target.name = name.to_string();
    }
    Ok(query)
}

/// A statement's query, with the relations that it names locked: analysed again if the catalogs changed before they were, for whoever waits for
/// a lock waits for a change of the table more often than not.
pub(crate) fn settled(context: &Context<'_>, statement: &Statement) -> Result<Query> {
    let catalog = context.catalog();
    let before = catalog.generation();
    let query = context.analyzer().view_query(statement)?;
    for object in needs::of_query(catalog, &query) {
        if object.class == PgClass::RELATION {
            executor::lock_relation(context.session, object.oid, 1)?;
        }
    }
    catalog.absorb();
    if catalog.generation() == before { Ok(query) } else { context.analyzer().view_query(statement) }
}

/// The columns that a query's output makes, of a view or of a table.
pub(crate) fn columns(context: &Context<'_>, query: &Query, of_view: bool) -> Result<Vec<NewColumn>> {
    let column = |target: &TargetEntry| {
        let ty = target.expr.ty;
        let row = context.catalog().type_(ty.oid)?;
        if row.typtype == b'p' {
            let text = format!("column \"{}\" has pseudo-type {}", target.name, context.session.type_name(ty.oid)?);
            return Err(Error::new(SqlState::INVALID_TABLE_DEFINITION, text));
        }
        if row.typcollation.is_valid() && !ty.collation.is_valid() {
            let name = context.session.type_name(ty.oid)?;
            let text = match of_view {
                true => format!("could not determine which collation to use for view column \"{}\"", target.name),
                false => {
                    format!("no collation was derived for column \"{}\" with collatable type {name}", target.name)
                }
            };
            return Err(Error::new(SqlState::INDETERMINATE_COLLATION, text)
                .hint("Use the COLLATE clause to set the collation explicitly."));
        }
        let collation = if row.typcollation.is_valid() { ty.collation } else { Oid::INVALID };
        Ok(NewColumn::new(target.name.clone(), ty.oid, ty.typmod, collation))
    };
    query.targets.iter().filter(|target| !target.junk).map(column).collect()
}

/// Makes a view, or gives one another query.
pub(crate) fn create_view(context: &Context<'_>, create: &CreateView) -> Result<()> {
    if create.persistence == Persistence::Unlogged {
        let text = "views cannot be unlogged because they do not have storage";
        return Err(Error::new(SqlState::SYNTAX_ERROR, text));
    }
    if matches!(&create.query.body, SelectBody::Simple(simple) if simple.into.is_some()) {
        return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, "views must not contain SELECT INTO"));
    }
    let query = settled(context, &Statement::Select(create.query.clone()))?;
    let query = with_names(query, &create.columns, "view")?;
    if query.has.modifying_cte {
        let text = "views must not contain data-modifying statements in WITH";
        return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
    }
    let check = match create.check_option {
        CheckOption::None => None,
        CheckOption::Local => Some("check_option=local".into()),
        CheckOption::Cascaded => Some("check_option=cascaded".into()),
    };
    if (check.is_some() || create.options.iter().any(|item| &*item.name == "check_option"))
        && let Some(reason) = analyzer::updatable::why_not(context.catalog(), &query, true)?
    {
        let text = "WITH CHECK OPTION is supported only on automatically updatable views";
        return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text).hint(reason));
    }
    let settings: Vec<Text> = storage_options::of_view(&create.options)?.into_iter().flatten().chain(check).collect();
    let settings = (!settings.is_empty()).then_some(settings);
    let columns = columns(context, &query, true)?;
    let catalog = context.catalog();
    let needed = needs::of_query(catalog, &query);
    expression::require_usage(context, &needed)?;
    let mut wanted = create.persistence;
    if wanted == Persistence::Permanent && reads_temporary(context, &needed)? {
        wanted = Persistence::Temporary;
        let text = format!("view \"{}\" will be a temporary view", create.relation.name);
        context.inform(SqlState::SUCCESSFUL_COMPLETION, text);
    }
    let (schema, persistence) = context.creation_place(&create.relation, wanted)?;
    let name = &*create.relation.name;
    let old = match create.or_replace {
        true => context.in_schema(schema, name, 8)?,
        false => None,
    };
    let view = match old {
        Some(old) => {
            context.require_owner(&old)?;
            replace(context, &old, &columns, settings)?;
            old.oid
        }
        None => {
            let mut new = NewRelation::new(name, schema, kind::VIEW, catalog.current_user());
            new.persistence = persistence;
            new.columns = columns;
            new.options = settings;
            catalog.create_relation(&new)?
        }
    };
    catalog.set_view_query(view, &to_text(&query), &needed)
}

/// Whether a temporary relation is among what a query needs.
pub(crate) fn reads_temporary(context: &Context<'_>, needed: &[Object]) -> Result<bool> {
    for object in needed {
        if object.class == PgClass::RELATION
            && context.catalog().class(object.oid)?.is_some_and(|class| class.relpersistence == b't')
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Brings an existing view's columns and options into the form of a new definition: it may only add columns.
fn replace(context: &Context<'_>, old: &Relation, columns: &[NewColumn], options: Option<Vec<Text>>) -> Result<()> {
    if old.kind() != kind::VIEW {
        let text = format!("\"{}\" is not a view", old.name());
        return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, text));
    }
    let refuse = |text: String| Error::new(SqlState::INVALID_TABLE_DEFINITION, text);
    if columns.len() < old.columns.len() {
        return Err(refuse("cannot drop columns from view".into()));
    }
    let catalog = context.catalog();
    for (new, old) in columns.iter().zip(&old.columns) {
        if *old.attname != *new.name {
            return Err(refuse(format!("cannot change name of view column \"{}\" to \"{}\"", old.attname, new.name))
                .hint("Use ALTER VIEW ... RENAME COLUMN ... to change name of view column instead."));
        }
        if (old.atttypid, old.atttypmod) != (new.type_, new.typmod) {
            return Err(refuse(format!(
                "cannot change data type of view column \"{}\" from {} to {}",
                old.attname,
                catalog.format_type(old.atttypid, old.atttypmod)?,
                catalog.format_type(new.type_, new.typmod)?
            )));
        }
        if old.attcollation != new.collation {
            let name = |collation: Oid| -> Result<String> {
                Ok(catalog.find_collation(collation)?.map(|row| row.collname.to_string()).unwrap_or_default())
            };
            return Err(refuse(format!(
                "cannot change collation of view column \"{}\" from \"{}\" to \"{}\"",
                old.attname,
                name(old.attcollation)?,
                name(new.collation)?
            )));
        }
    }
    for new in &columns[old.columns.len()..] {
        catalog.add_column(old.oid, new, None)?;
    }
    catalog.set_options(old.oid, options)
}

fn option_value<'o>(options: &'o [Text], name: &str) -> Option<&'o str> {
    options.iter().find_map(|option| option.strip_prefix(name)?.strip_prefix('='))
}

/// ALTER VIEW, and ALTER TABLE of a view.
pub(crate) fn alter_view(context: &Context<'_>, alter: &AlterTable, view: &Relation) -> Result<()> {
    let catalog = context.catalog();
    for action in &alter.actions {
        match action {
            AlterTableAction::ColumnDefault { name, default } => {
                let number = context.column(view, name)?;
                catalog.drop_default(view.oid, number)?;
                catalog.next_command()?;
                if let Some(default) = default {
                    crate::create_table::set_default(context, view.oid, number, default)?;
                }
            }
            AlterTableAction::OwnerTo(role) => catalog.set_relation_owner(view.oid, context.role(role)?)?,
            AlterTableAction::SetOptions(items) => {
                let new = storage_options::of_view(items)?.unwrap_or_default();
                let mut all = view.class.reloptions.clone().unwrap_or_default();
                all.retain(|old| !new.iter().any(|new| option_name(new) == option_name(old)));
                all.extend(new);
                if option_value(&all, "check_option").is_some() {
                    let query = analyzer::stored_query(catalog, context.session.env(), view)?;
                    if let Some(reason) = analyzer::updatable::why_not(catalog, &query, true)? {
                        let text = "WITH CHECK OPTION is supported only on automatically updatable views";
                        return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text).hint(reason));
                    }
                }
                catalog.set_options(view.oid, Some(all))?;
            }
            AlterTableAction::ResetOptions(items) => {
                let mut all = view.class.reloptions.clone().unwrap_or_default();
                all.retain(|old| !items.iter().any(|item| *item.name == *option_name(old)));
                catalog.set_options(view.oid, (!all.is_empty()).then_some(all))?;
            }
            other => {
                let words = action_words(other);
                let text = format!("ALTER action {words} cannot be performed on relation \"{}\"", view.name());
                return Err(
                    Error::new(SqlState::WRONG_OBJECT_TYPE, text).detail("This operation is not supported for views.")
                );
            }
        }
    }
    Ok(())
}

/// What ALTER may do to a materialized view, whose columns are those of its query.
pub(crate) fn check_materialized(alter: &AlterTable, relation: &Relation) -> Result<()> {
    for action in &alter.actions {
        if !matches!(
            action,
            AlterTableAction::OwnerTo(_)
                | AlterTableAction::SetOptions(_)
                | AlterTableAction::ResetOptions(_)
                | AlterTableAction::SetStatistics { .. }
                | AlterTableAction::SetColumnOptions { .. }
                | AlterTableAction::ResetColumnOptions { .. }
                | AlterTableAction::SetStorage { .. }
                | AlterTableAction::SetCompression { .. }
                | AlterTableAction::ClusterOn(_)
                | AlterTableAction::SetWithoutCluster
                | AlterTableAction::SetAccessMethod(_)
                | AlterTableAction::SetTablespace(_)
        ) {
            let words = action_words(action);
            let text = format!("ALTER action {words} cannot be performed on relation \"{}\"", relation.name());
            return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, text)
                .detail("This operation is not supported for materialized views."));
        }
    }
    Ok(())
}

fn option_name(option: &str) -> &str {
    option.split('=').next().unwrap_or(option)
}

/// How errors call an action of ALTER TABLE.
pub(crate) fn action_words(action: &AlterTableAction) -> &'static str {
    match action {
        AlterTableAction::AddColumn { .. } => "ADD COLUMN",
        AlterTableAction::ColumnDefault { default: Some(_), .. } => "ALTER COLUMN ... SET DEFAULT",
        AlterTableAction::ColumnDefault { default: None, .. } => "ALTER COLUMN ... DROP DEFAULT",
        AlterTableAction::DropColumn { .. } => "DROP COLUMN",
        AlterTableAction::ColumnNotNull { set: true, .. } => "ALTER COLUMN ... SET NOT NULL",
        AlterTableAction::ColumnNotNull { set: false, .. } => "ALTER COLUMN ... DROP NOT NULL",
        AlterTableAction::SetExpression { .. } => "ALTER COLUMN ... SET EXPRESSION",
        AlterTableAction::DropExpression { .. } => "ALTER COLUMN ... DROP EXPRESSION",
        AlterTableAction::SetStatistics { .. } => "ALTER COLUMN ... SET STATISTICS",
        AlterTableAction::SetColumnOptions { .. } => "ALTER COLUMN ... SET",
        AlterTableAction::ResetColumnOptions { .. } => "ALTER COLUMN ... RESET",
        AlterTableAction::SetStorage { .. } => "ALTER COLUMN ... SET STORAGE",
        AlterTableAction::SetCompression { .. } => "ALTER COLUMN ... SET COMPRESSION",
        AlterTableAction::ColumnType { .. } => "ALTER COLUMN ... SET DATA TYPE",
        AlterTableAction::AddConstraint(_) => "ADD CONSTRAINT",
        AlterTableAction::AlterConstraint { .. } => "ALTER CONSTRAINT",
        AlterTableAction::ValidateConstraint(_) => "VALIDATE CONSTRAINT",
        AlterTableAction::DropConstraint { .. } => "DROP CONSTRAINT",
        AlterTableAction::AddIdentity { .. } => "ALTER COLUMN ... ADD IDENTITY",
        AlterTableAction::SetIdentity { .. } => "ALTER COLUMN ... SET",
        AlterTableAction::DropIdentity { .. } => "ALTER COLUMN ... DROP IDENTITY",
        AlterTableAction::ClusterOn(_) => "CLUSTER ON",
        AlterTableAction::SetWithoutCluster => "SET WITHOUT CLUSTER",
        AlterTableAction::SetLogged(true) => "SET LOGGED",
        AlterTableAction::SetLogged(false) => "SET UNLOGGED",
        AlterTableAction::Inherit(_) => "INHERIT",
        AlterTableAction::NoInherit(_) => "NO INHERIT",
        AlterTableAction::SetTablespace(_) => "SET TABLESPACE",
        AlterTableAction::RowSecurity(true) => "ENABLE ROW SECURITY",
        AlterTableAction::RowSecurity(false) => "DISABLE ROW SECURITY",
        AlterTableAction::ForceRowSecurity(true) => "FORCE ROW SECURITY",
        AlterTableAction::ForceRowSecurity(false) => "NO FORCE ROW SECURITY",
        AlterTableAction::ReplicaIdentity(_) => "REPLICA IDENTITY",
        AlterTableAction::AttachPartition { .. } => "ATTACH PARTITION",
        AlterTableAction::DetachPartition { finalize: true, .. } => "DETACH PARTITION ... FINALIZE",
        AlterTableAction::DetachPartition { .. } => "DETACH PARTITION",
        AlterTableAction::SetAccessMethod(_) => "SET ACCESS METHOD",
        AlterTableAction::Of(_) => "OF",
        AlterTableAction::NotOf => "NOT OF",
        _ => "of this kind",
    }
}
