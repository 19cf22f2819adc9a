//! Constraints, and ALTER TABLE as far as it goes.

use access::{Direction, Pages, Projected, ScanRequest};
use analyzer::Wanted;
use analyzer::scope::Place;
use catalog::relation::kind;
use catalog::rows::PgConstraint;
use catalog::{DropBehavior, NewConstraint, Object, Relation};
use error::{Error, Result, SqlState};
use ids::Oid;
use parser::ast::{self, AlterTable, AlterTableAction, Constraint, ConstraintKind, RelationKind, UniqueConstraint};

use crate::column::Column;
use crate::create_index::{self, IndexPlan};
use crate::{Context, expression, foreign_key, identity};

/// Marks the columns of a primary key as not null.
pub(crate) fn mark_primary_key(
    context: &Context<'_>,
    constraint: &Constraint,
    columns: &mut [Column<'_>],
) -> Result<()> {
    let ConstraintKind::Unique(unique) = &constraint.kind else { return Ok(()) };
    if !unique.primary {
        return Ok(());
    }
    for name in &unique.columns {
        let column = columns.iter_mut().find(|column| column.new.name == **name);
        let column = column.ok_or_else(|| no_key_column(context, name, constraint))?;
        column.new.not_null = true;
    }
    Ok(())
}

fn no_key_column(context: &Context<'_>, name: &str, constraint: &Constraint) -> Error {
    let text = format!("column \"{name}\" named in key does not exist");
    context.place(Error::new(SqlState::UNDEFINED_COLUMN, text), constraint.location)
}

/// Adds a constraint to a table: of one column, or of those it names.
pub(crate) fn add(context: &Context<'_>, table: Oid, constraint: &Constraint, column: Option<i16>) -> Result<()> {
    match &constraint.kind {
        ConstraintKind::Unique(unique) => add_unique(context, table, constraint, unique, column),
        ConstraintKind::NotNull { column: Some(name) } => {
            let relation = context.catalog().relation(table)?;
            let number = context.column(&relation, name)?;
            set_not_null(context, table, number, constraint.name.as_deref())
        }
        ConstraintKind::Check(condition) => add_check(context, table, constraint, condition, column),
        ConstraintKind::Exclusion(_) => Err(Error::not_implemented("exclusion constraints")),
        ConstraintKind::ForeignKey(key) => foreign_key::add(context, table, constraint, key, column),
        _ => Err(Error::internal("not a table constraint")),
    }
}

fn add_unique(
    context: &Context<'_>,
    table: Oid,
    constraint: &Constraint,
    unique: &UniqueConstraint,
    column: Option<i16>,
) -> Result<()> {
    if unique.index.is_some() || unique.without_overlaps {
        return Err(Error::not_implemented("this kind of unique constraint"));
    }
    if constraint.attributes.deferrable == Some(true) {
        return Err(Error::not_implemented("deferrable unique constraints"));
    }
    let catalog = context.catalog();
    let relation = catalog.relation(table)?;
    let numbers: Vec<i16> = match column {
        Some(number) => vec![number],
        None => (unique.columns.iter())
            .map(|name| {
                let column = relation.column_by_name(name).map(|column| column.attnum);
                column.ok_or_else(|| no_key_column(context, name, constraint))
            })
            .collect::<Result<_>>()?,
    };
    for (at, number) in numbers.iter().enumerate() {
        if numbers[..at].contains(number) {
            let name = relation.column(*number).map_or("", |column| &column.attname);
            let kind = if unique.primary { "primary key" } else { "unique" };
            let text = format!("column \"{name}\" appears twice in {kind} constraint");
            return Err(context.place(Error::new(SqlState::DUPLICATE_COLUMN, text), constraint.location));
        }
    }
    if unique.primary {
        if relation.constraints.iter().any(|constraint| constraint.contype == b'p') {
            let text = format!("multiple primary keys for table \"{}\" are not allowed", relation.name());
            return Err(context.place(Error::new(SqlState::INVALID_TABLE_DEFINITION, text), constraint.location));
        }
        for &number in &numbers {
            if relation.column(number).is_some_and(|column| !column.attnotnull) {
                set_not_null(context, table, number, None)?;
            }
        }
    }
    let included = unique.including.iter().map(|name| context.column(&relation, name)).collect::<Result<Vec<_>>>()?;
    let plan = IndexPlan {
        name: constraint.name.as_deref().map(str::to_string),
        unique: true,
        primary: unique.primary,
        nulls_not_distinct: unique.nulls_not_distinct,
        for_constraint: true,
        options: crate::options::storage(&unique.options, true)?,
        ..IndexPlan::of_columns(context, table, &numbers, &included)?
    };
    let (index, name) = create_index::create(context, &plan)?;
    let row = PgConstraint {
        conname: name.into(),
        connamespace: relation.class.relnamespace,
        contype: if unique.primary { b'p' } else { b'u' },
        conenforced: true,
        convalidated: true,
        conrelid: table,
        conindid: index,
        confupdtype: b' ',
        confdeltype: b' ',
        confmatchtype: b' ',
        conislocal: true,
        connoinherit: true,
        conkey: Some(numbers),
        ..Default::default()
    };
    catalog.create_constraint(&NewConstraint { row, objects: Vec::new() }).map(|_| ())
}

/// Adds a CHECK, after a look at the rows there are.
fn add_check(
    context: &Context<'_>,
    table: Oid,
    constraint: &Constraint,
    condition: &ast::Expr,
    column: Option<i16>,
) -> Result<()> {
    let catalog = context.catalog();
    let relation = catalog.relation(table)?;
    let wanted = Wanted::Condition("CHECK");
    let stored = expression::store(context, condition, Place::CheckConstraint, Some(&relation), wanted)?;
    let schema = relation.class.relnamespace;
    let name = match &constraint.name {
        Some(name) => name.to_string(),
        None => {
            // Named after the column if there is just one.
            let number = column.or(match stored.columns[..] {
                [number] => Some(number),
                _ => None,
            });
            let columns = number.and_then(|n| relation.column(n)).map_or("", |column| &column.attname).to_string();
            catalog.choose_name(schema, relation.name(), &columns, "check", &|_| false)?
        }
    };
    let row = PgConstraint {
        conname: name.clone().into(),
        connamespace: schema,
        contype: b'c',
        conenforced: constraint.attributes.enforced != Some(false),
        convalidated: !constraint.attributes.not_valid,
        conrelid: table,
        confupdtype: b' ',
        confdeltype: b' ',
        confmatchtype: b' ',
        conislocal: true,
        connoinherit: constraint.attributes.no_inherit,
        conkey: (!stored.columns.is_empty()).then_some(stored.columns),
        conbin: Some(stored.text.into()),
        ..Default::default()
    };
    catalog.create_constraint(&NewConstraint { row, objects: stored.objects })?;
    if constraint.attributes.not_valid {
        return Ok(());
    }
    // The condition stands in the text of the statement: the rows are asked in its own words.
    let failing = check_rows(context, &relation, &name)?;
    if failing {
        let text = format!("check constraint \"{name}\" of relation \"{}\" is violated by some row", relation.name());
        return Err(Error::new(SqlState::CHECK_VIOLATION, text).table(relation.name()).constraint(name));
    }
    Ok(())
}

/// Whether a row does not meet a CHECK: an UPDATE that changes nothing would find out, so the check is run as one would.
fn check_rows(context: &Context<'_>, relation: &Relation, name: &str) -> Result<bool> {
    let session = context.session;
    let table = context.catalog().table(relation)?;
    if session.tables.page_count(session.store, &table)? == 0 {
        return Ok(false);
    }
    Err(Error::not_implemented(format_args!("adding check constraint {name} to a table with rows")))
}

/// Makes a column refuse nulls, after a look at the rows there are.
fn set_not_null(context: &Context<'_>, table: Oid, number: i16, name: Option<&str>) -> Result<()> {
    let catalog = context.catalog();
    let relation = catalog.relation(table)?;
    let column = relation.column(number).ok_or_else(|| Error::internal("a column is gone"))?.clone();
    if column.attnotnull {
        return Ok(());
    }
    check_no_nulls(context, &relation, number, &column.attname)?;
    catalog.alter_column(table, number, |row| row.attnotnull = true)?;
    crate::create_table::not_null_constraint(context, table, number, &column.attname, name)
}

fn check_no_nulls(context: &Context<'_>, relation: &Relation, number: i16, name: &str) -> Result<()> {
    let session = context.session;
    let table = context.catalog().table(relation)?;
    let snapshot = session.transaction.latest_snapshot()?;
    let projection = std::sync::Arc::new([Projected::Column(number as u16 - 1)]);
    let request = ScanRequest {
        snapshot: snapshot.clone(),
        projection: projection.clone(),
        direction: Direction::Forward,
        pages: Pages::All,
    };
    let mut scan = session.tables.scan(session.store, &table, request)?;
    let mut batch = access::projected_batch(&table.layout, &*projection);
    while scan.next(&mut batch)? {
        session.check_interrupts()?;
        if batch.rows().iter().any(|row| batch.columns[0].is_null(row)) {
            let text = format!("column \"{name}\" of relation \"{}\" contains null values", relation.name());
            return Err(Error::new(SqlState::NOT_NULL_VIOLATION, text).table(relation.name()).column(name));
        }
        batch.clear();
    }
    Ok(())
}

/// ALTER TABLE.
pub(crate) fn alter_table(context: &Context<'_>, alter: &AlterTable) -> Result<()> {
    if !matches!(alter.kind, RelationKind::Table | RelationKind::View | RelationKind::MaterializedView) {
        return Err(Error::not_implemented("ALTER of this kind of relation"));
    }
    let name = &alter.relation.name;
    let relation = match alter.if_exists {
        false => context.open(name, 8)?,
        true => match context.try_open(name, 8)? {
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
        (_, kind::VIEW) => return crate::view::alter_view(context, alter, &relation),
        (RelationKind::View, _) => {
            let text = format!("\"{}\" is not a view", relation.name());
            return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, text));
        }
        (_, kind::MATERIALIZED_VIEW) => crate::view::check_materialized(alter, &relation)?,
        (RelationKind::MaterializedView, _) => {
            let text = format!("\"{}\" is not a materialized view", relation.name());
            return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, text));
        }
        _ => {}
    }
    let table = relation.oid;
    let catalog = context.catalog();
    for action in &alter.actions {
        let relation = catalog.relation(table)?;
        match action {
            AlterTableAction::AddConstraint(constraint) => add(context, table, constraint, None)?,
            AlterTableAction::DropConstraint { name, if_exists, behavior } => {
                match catalog.constraint_by_name(table, name)? {
                    Some(constraint) => {
                        let object = Object::of::<PgConstraint>(constraint.oid);
                        notice(context, catalog.drop_object(object, drop_behavior(*behavior))?);
                    }
                    None => {
                        let text = format!("constraint \"{name}\" of relation \"{}\" does not exist", relation.name());
                        if !if_exists {
                            return Err(Error::new(SqlState::UNDEFINED_OBJECT, text));
                        }
                        context.inform(SqlState::UNDEFINED_OBJECT, format!("{text}, skipping"));
                    }
                }
            }
            AlterTableAction::AddColumn { column, if_not_exists, .. } => {
                if relation.column_by_name(&column.name).is_some() {
                    let text = format!("column \"{}\" of relation \"{}\" already exists", column.name, relation.name());
                    if !if_not_exists {
                        return Err(Error::new(SqlState::DUPLICATE_COLUMN, text));
                    }
                    context.inform(SqlState::DUPLICATE_COLUMN, format!("{text}, skipping"));
                    continue;
                }
                let new = crate::column::column(context, column)?;
                let session = context.session;
                let handle = catalog.table(&relation)?;
                let empty = session.tables.page_count(session.store, &handle)? == 0;
                let computed = new.default.is_some() || new.generated.is_some() || new.serial;
                if !empty && (computed || new.new.not_null) {
                    return Err(Error::not_implemented("ADD COLUMN with a default to a table with rows"));
                }
                let not_null = new.not_null.flatten();
                let number = catalog.add_column(table, &new.new, None)?;
                crate::create_table::make_sequence(context, table, number, &new)?;
                if let Some(default) = new.default {
                    crate::create_table::set_default(context, table, number, default)?;
                }
                if new.new.not_null {
                    crate::create_table::not_null_constraint(context, table, number, &new.new.name, not_null)?;
                }
                for constraint in &new.constraints {
                    add(context, table, constraint, Some(number))?;
                }
            }
            AlterTableAction::DropColumn { name, if_exists, behavior } => match relation.column_by_name(name) {
                Some(column) => {
                    let object = Object::column(table, column.attnum);
                    notice(context, catalog.drop_object(object, drop_behavior(*behavior))?);
                }
                None => {
                    let text = format!("column \"{name}\" of relation \"{}\" does not exist", relation.name());
                    if !if_exists {
                        return Err(Error::new(SqlState::UNDEFINED_COLUMN, text));
                    }
                    context.inform(SqlState::UNDEFINED_COLUMN, format!("{text}, skipping"));
                }
            },
            AlterTableAction::ColumnNotNull { name, set: true } => {
                let number = context.column(&relation, name)?;
                set_not_null(context, table, number, None)?;
            }
            AlterTableAction::ColumnNotNull { name, set: false } => {
                let number = context.column(&relation, name)?;
                let constraint = relation
                    .constraints
                    .iter()
                    .find(|constraint| constraint.contype == b'n' && constraint.conkey.as_deref() == Some(&[number]));
                if let Some(constraint) = constraint {
                    catalog.drop_internal(Object::of::<PgConstraint>(constraint.oid))?;
                }
                catalog.alter_column(table, number, |row| row.attnotnull = false)?;
            }
            AlterTableAction::ColumnDefault { name, default } => {
                let number = context.column(&relation, name)?;
                catalog.drop_default(table, number)?;
                catalog.next_command()?;
                if let Some(default) = default {
                    crate::create_table::set_default(context, table, number, default)?;
                }
            }
            AlterTableAction::OwnerTo(role) => {
                let role = context.role(role)?;
                catalog.set_relation_owner(table, role)?;
            }
            AlterTableAction::SetOptions(items) => {
                let mut options = relation.class.reloptions.clone().unwrap_or_default();
                for option in crate::options::storage(items, false)?.unwrap_or_default() {
                    let name = option.split('=').next().unwrap_or_default().to_string() + "=";
                    options.retain(|old| !old.starts_with(&name));
                    options.push(option);
                }
                catalog.set_options(table, (!options.is_empty()).then_some(options))?;
            }
            AlterTableAction::AddIdentity { name, when, options, .. } => {
                identity::add(context, &relation, name, *when, options)?;
            }
            AlterTableAction::SetIdentity { name, options } => identity::set(context, &relation, name, options)?,
            AlterTableAction::DropIdentity { name, if_exists } => {
                identity::drop(context, &relation, name, *if_exists)?;
            }
            _ => return Err(Error::not_implemented("this ALTER TABLE action")),
        }
        catalog.next_command()?;
    }
    Ok(())
}

/// RESTRICT or CASCADE.
pub(crate) fn drop_behavior(behavior: ast::DropBehavior) -> DropBehavior {
    match behavior {
        ast::DropBehavior::Restrict => DropBehavior::Restrict,
        ast::DropBehavior::Cascade => DropBehavior::Cascade,
    }
}

/// Passes a notice on.
pub(crate) fn notice(context: &Context<'_>, notice: Option<Error>) {
    if let Some(notice) = notice {
        context.notice(notice);
    }
}
