//! CREATE TABLE: a relation, and what follows from its definition: defaults, sequences, constraints, its place in a tree of tables.

use analyzer::Wanted;
use analyzer::query::{ExprKind, SqlType};
use analyzer::scope::Place;
use catalog::relation::kind;
use catalog::rows::{PgClass, PgConstraint};
use catalog::{Entry, NewConstraint, NewRelation, Relation};
use error::{Error, Result, SqlState};
use ids::Oid;
use parser::ast::{CreateTable, Persistence};

use crate::access_method;
use crate::column::Column;
use crate::merge::Definition;
use crate::{
    Context, constraint, expression, foreign, generated, inherit, like, merge, not_null, partition, sequence,
    storage_options, tablespace, temporary,
};

/// Makes a table.
pub(crate) fn create_table(context: &Context<'_>, create: &CreateTable) -> Result<()> {
    let catalog = context.catalog();
    let (schema, persistence) = context.creation_place(&create.relation, create.persistence)?;
    temporary::check(create.on_commit, persistence)?;
    let name = &*create.relation.name;
    let exists = catalog.relation_in_schema(schema, name)?.is_some();
    if exists && create.if_not_exists {
        context.inform(SqlState::DUPLICATE_TABLE, format!("relation \"{name}\" already exists, skipping"));
        return Ok(());
    }
    let mut options = storage_options::of_new_table(&create.options)?;
    if exists {
        return Err(Error::new(SqlState::DUPLICATE_TABLE, format!("relation \"{name}\" already exists")));
    }
    if create.partition_by.is_some() && create.persistence == Persistence::Unlogged {
        let text = "partitioned tables cannot be unlogged";
        return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
    }
    let parents = inherit::parents(context, create, persistence)?;
    let definition = merge::definition(context, create, &parents)?;
    let kind = match (&create.foreign, &create.partition_by) {
        (Some(_), _) => kind::FOREIGN_TABLE,
        (None, Some(_)) => kind::PARTITIONED_TABLE,
        (None, None) => kind::TABLE,
    };
    if kind == kind::FOREIGN_TABLE {
        foreign::check_constraints(context, create)?;
    }
    if kind == kind::PARTITIONED_TABLE && definition.checks.iter().any(|check| check.no_inherit) {
        let text = format!("cannot add NO INHERIT constraint to partitioned table \"{name}\"");
        return Err(Error::new(SqlState::INVALID_TABLE_DEFINITION, text));
    }
    let mut new = NewRelation::new(name, schema, kind, catalog.current_user());
    new.persistence = persistence;
    new.columns = definition.columns.iter().map(|column| column.new.clone()).collect();
    new.options = options.table.take();
    let parent = create.partition_of.as_ref().and(parents.first()).map(|parent| parent.oid);
    new.access_method = access_method::of_new_table(context, create.access_method.as_deref(), kind, parent)?;
    new.of_type = definition.of_type;
    if kind == kind::PARTITIONED_TABLE && new.options.is_some() {
        return Err(storage_options::no_storage());
    }
    if kind != kind::FOREIGN_TABLE {
        let inherited = match (&create.partition_of, parents.first()) {
            (Some(_), Some(parent)) => parent.class.reltablespace,
            _ => Oid::INVALID,
        };
        let partitioned = kind == kind::PARTITIONED_TABLE;
        let name = create.tablespace.as_deref();
        new.tablespace = tablespace::for_new(context, name, inherited, persistence, partitioned)?;
    }
    let table = catalog.create_relation(&new)?;
    context.services.at_commit().note(table, create.on_commit);
    if let Some(foreign) = &create.foreign {
        foreign::table(context, table, &foreign.server, &foreign.options)?;
        foreign::column_options(context, table, create)?;
    }
    if let Some(by) = &create.partition_by {
        partition::define_key(context, table, by)?;
    }
    for (number, parent) in parents.iter().enumerate() {
        let is_partition = create.partition_of.is_some();
        catalog.add_parent(table, parent.oid, number as i32 + 1, is_partition)?;
    }
    finish(context, table, &definition)?;
    options.set_toast(context, table)?;
    if let Some(of) = &create.partition_of {
        partition::place(context, &parents[0], table, &of.bound)?;
    }
    own_constraints(context, table, &definition, 0..2)?;
    like::finish(context, table, &definition.likes)?;
    own_constraints(context, table, &definition, 2..3)?;
    if create.partition_of.is_some() {
        partition::adopt(context, &parents[0], table)?;
    }
    Ok(())
}

/// Makes what follows a table's columns: its TOAST table, defaults, what parents demand.
fn finish(context: &Context<'_>, table: Oid, definition: &Definition<'_>) -> Result<()> {
    let catalog = context.catalog();
    catalog.create_toast_table(table)?;
    for (at, column) in definition.columns.iter().enumerate() {
        let number = at as i16 + 1;
        make_sequence(context, table, number, column)?;
        if let Some(default) = column.default {
            set_default(context, table, number, default)?;
        }
        if column.default.is_none()
            && column.generated.is_none()
            && column.identity.is_none()
            && !column.serial
            && let Some(model) = &column.model_default
        {
            let relation = catalog.relation(table)?;
            let place = |name: &str| relation.column_by_name(name).map(|column| column.attnum);
            let stored = expression::transplant(context, &model.expr, &model.table, &place)?;
            let mut objects = stored.objects;
            if column.new.generated != 0 {
                objects.extend(stored.columns.iter().map(|&n| catalog::Object::column(table, n)));
            }
            catalog.set_default(table, number, &stored.text, &objects)?;
        }
        if let Some(value) = column.generated {
            generated::set(context, table, number, value)?;
        }
    }
    for (at, column) in definition.columns.iter().enumerate() {
        if column.new.not_null {
            not_null::create_for(context, table, at as i16 + 1, column)?;
        }
    }
    let relation = catalog.relation(table)?;
    for check in &definition.checks {
        let place = |name: &str| relation.column_by_name(name).map(|column| column.attnum);
        let stored = expression::transplant(context, &check.model.expr, &check.model.table, &place)?;
        let row = PgConstraint {
            conname: check.name.clone().into(),
            connamespace: relation.class.relnamespace,
            contype: b'c',
            conenforced: check.enforced,
            convalidated: check.enforced,
            conrelid: table,
            confupdtype: b' ',
            confdeltype: b' ',
            confmatchtype: b' ',
            conislocal: check.local,
            coninhcount: check.inherited,
            connoinherit: check.no_inherit,
            conkey: (!stored.columns.is_empty()).then_some(stored.columns),
            conbin: Some(stored.text.into()),
            ..Default::default()
        };
        catalog.create_constraint(&NewConstraint { row, objects: stored.objects })?;
    }
    Ok(())
}

/// Makes the constraints that the statement itself writes, those of the wanted ranks: CHECKs (0), those with indexes (1), foreign keys (2).
fn own_constraints(
    context: &Context<'_>,
    table: Oid,
    definition: &Definition<'_>,
    ranks: std::ops::Range<u8>,
) -> Result<()> {
    use parser::ast::{Constraint, ConstraintKind as Kind};
    let columns = definition.columns.iter().enumerate();
    let own = columns.flat_map(|(at, column)| column.constraints.iter().map(move |one| (*one, Some(at as i16 + 1))));
    let all: Vec<(&Constraint, Option<i16>)> =
        own.chain(definition.constraints.iter().map(|constraint| (*constraint, None))).collect();
    let rank = |constraint: &Constraint| match &constraint.kind {
        Kind::Check(_) | Kind::NotNull { .. } => 0,
        Kind::ForeignKey(_) => 2,
        _ => 1,
    };
    for wanted in ranks {
        for (constraint, column) in all.iter().filter(|(constraint, _)| rank(constraint) == wanted) {
            constraint::add_new(context, table, constraint, *column)?;
        }
    }
    Ok(())
}

/// Makes the sequence that a `serial` or identity column counts with.
pub(crate) fn make_sequence(context: &Context<'_>, table: Oid, number: i16, column: &Column<'_>) -> Result<()> {
    let owner = sequence::Owner { table, column: number, identity: column.identity.is_some() };
    if let Some(items) = column.identity {
        sequence::create_for_column(context, owner, column.new.type_, items)?;
    }
    if column.serial {
        let sequence = sequence::create_for_column(context, owner, column.new.type_, &[])?;
        set_default(context, table, number, &sequence::next_value(context, sequence)?)?;
    }
    Ok(())
}

/// Gives a column its default. `DEFAULT NULL` is none.
pub(crate) fn set_default(context: &Context<'_>, table: Oid, number: i16, default: &parser::ast::Expr) -> Result<()> {
    let relation = context.catalog().relation(table)?;
    let column = relation.column(number).ok_or_else(|| Error::internal("a column is gone"))?;
    let ty = SqlType { oid: column.atttypid, typmod: column.atttypmod, collation: column.attcollation };
    let wanted = Wanted::Column { name: &column.attname, ty, what: "default expression" };
    let stored = expression::store(context, default, Place::ColumnDefault, None, wanted)?;
    if matches!(&stored.expr.kind, ExprKind::Const(value) if value.is_null()) {
        return Ok(());
    }
    context.catalog().set_default(table, number, &stored.text, &stored.objects).map(|_| ())
}

/// The row of `pg_class` says that a table is a partition, and of which rows.
pub(crate) fn mark_partition(context: &Context<'_>, table: Oid, bound: Option<String>) -> Result<()> {
    context.catalog().alter_class(table, |class: &mut PgClass| {
        class.relispartition = bound.is_some();
        class.relpartbound = bound.map(Into::into);
    })
}

/// A table's entry again, after a change.
pub(crate) fn reread(context: &Context<'_>, table: Oid) -> Result<Entry<Relation>> {
    context.catalog().next_command()?;
    context.catalog().relation(table)
}
