//! LIKE in CREATE TABLE: the columns of another table, and what else of it is asked for.

use catalog::relation::kind;
use catalog::rows::PgConstraint;
use catalog::{Entry, Object, Relation};
use error::{Error, Result, SqlState};
use ids::Oid;
use parser::ast::{LikeClause, LikeOptions};

use crate::column::{Column, Model};
use crate::create_index::{self, IndexPlan};
use crate::merge::{Check, Definition, copy, default_of};
use crate::not_null::Declared;
use crate::{Context, constraint, expression, statistics};

/// Adds the columns of a model, and what of it is made with the columns.
pub(crate) fn columns<'s>(
    context: &Context<'_>,
    clause: &'s LikeClause,
    columns: &mut Vec<Column<'s>>,
    new: &mut Definition<'s>,
) -> Result<()> {
    let catalog = context.catalog();
    let model = context.open(&clause.relation, 1)?;
    let (has_columns, is_type) = match model.kind() {
        kind::TABLE | kind::VIEW | kind::MATERIALIZED_VIEW | kind::FOREIGN_TABLE | kind::PARTITIONED_TABLE => {
            (true, false)
        }
        kind::COMPOSITE_TYPE => (true, true),
        _ => (false, false),
    };
    if !has_columns {
        let text = format!("relation \"{}\" is invalid in LIKE clause", model.name());
        let detail = catalog::relation::not_supported_for(model.kind());
        return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, text).detail(detail));
    }
    let privileged = catalog::privileges::ObjectKind::Relation;
    if !is_type {
        catalog.require_privileges(privileged, model.oid, catalog::acl::Privileges::SELECT)?;
    }
    let wants = |option: LikeOptions| clause.including.contains(option);
    for attribute in model.live_columns() {
        let mut column = copy(attribute);
        let constraint =
            model.constraints.iter().find(|c| c.contype == b'n' && c.conkey.as_deref() == Some(&[attribute.attnum]));
        column.new.not_null = attribute.attnotnull;
        if let Some(constraint) = constraint {
            // Name and all are taken over; the constraint is the table's own.
            column.not_null =
                Some(Declared { name: Some(constraint.conname.to_string()), no_inherit: constraint.connoinherit });
        }
        let generated = attribute.attgenerated != 0;
        if generated && wants(LikeOptions::GENERATED) {
            column.new.generated = attribute.attgenerated;
        }
        if generated && wants(LikeOptions::GENERATED) || !generated && wants(LikeOptions::DEFAULTS) {
            column.model_default = default_of(context, &model, attribute.attnum)?;
        }
        if attribute.attidentity != 0 && wants(LikeOptions::IDENTITY) {
            column.new.identity = attribute.attidentity;
        }
        if wants(LikeOptions::STORAGE) {
            column.new.storage = Some(attribute.attstorage);
        }
        if wants(LikeOptions::COMPRESSION) {
            column.new.compression = attribute.attcompression;
        }
        columns.push(column);
    }
    if wants(LikeOptions::CONSTRAINTS) {
        for constraint in model.constraints.iter().filter(|constraint| constraint.contype == b'c') {
            let Some(text) = &constraint.conbin else { continue };
            let check = Model { expr: expression::read(context, text)?, table: model.clone() };
            if let Some(have) = new.checks.iter_mut().find(|have| constraint.conname == *have.name) {
                if !crate::merge::same(context, &have.model, &check)? {
                    let text = format!("constraint \"{}\" conflicts with inherited constraint", have.name);
                    return Err(Error::new(SqlState::DUPLICATE_OBJECT, text));
                }
                let text = format!("merging constraint \"{}\" with inherited definition", have.name);
                context.inform(SqlState::SUCCESSFUL_COMPLETION, text);
                have.local = true;
                continue;
            }
            new.checks.push(Check {
                name: constraint.conname.to_string(),
                model: check,
                enforced: constraint.conenforced,
                local: true,
                inherited: 0,
                no_inherit: constraint.connoinherit,
            });
        }
    }
    new.likes.push((model, clause.including));
    Ok(())
}

/// Makes what of the models comes after the table: identity sequences, indexes, comments.
pub(crate) fn finish(context: &Context<'_>, table: Oid, likes: &[(Entry<Relation>, LikeOptions)]) -> Result<()> {
    for (model, options) in likes {
        let relation = context.catalog().relation(table)?;
        let number = |name: &str| relation.column_by_name(name).map(|column| column.attnum);
        if options.contains(LikeOptions::IDENTITY) {
            for attribute in model.live_columns().filter(|column| column.attidentity != 0) {
                identity(context, &relation, model, attribute.attnum)?;
            }
        }
        if options.contains(LikeOptions::INDEXES) {
            for &oid in &model.indexes {
                index(context, &relation, model, oid, options.contains(LikeOptions::COMMENTS))?;
            }
        }
        if options.contains(LikeOptions::STATISTICS) {
            for row in statistics::of_table(context, model.oid)? {
                let (from, to) = statistics::like(context, &relation, model, &row)?;
                if options.contains(LikeOptions::COMMENTS) {
                    comment(context, from, to)?;
                }
            }
        }
        if options.contains(LikeOptions::COMMENTS) {
            for attribute in model.live_columns() {
                let Some(to) = number(&attribute.attname) else { continue };
                comment(context, Object::column(model.oid, attribute.attnum), Object::column(table, to))?;
            }
            if options.contains(LikeOptions::CONSTRAINTS) {
                for from in model.constraints.iter().filter(|constraint| matches!(constraint.contype, b'c' | b'n')) {
                    if let Some(to) = context.catalog().constraint_by_name(table, &from.conname)? {
                        let (from, to) = (Object::of::<PgConstraint>(from.oid), Object::of::<PgConstraint>(to.oid));
                        comment(context, from, to)?;
                    }
                }
            }
        }
    }
    Ok(())
}

fn comment(context: &Context<'_>, from: Object, to: Object) -> Result<()> {
    let catalog = context.catalog();
    match catalog.description(from.class, from.oid, from.sub)? {
        Some(text) => catalog.set_description(to, Some(&text)),
        None => Ok(()),
    }
}

/// A sequence like the model's for an identity column.
fn identity(context: &Context<'_>, table: &Relation, model: &Relation, from: i16) -> Result<()> {
    let catalog = context.catalog();
    let Some(column) = model.column(from) else { return Ok(()) };
    let Some(own) = table.column_by_name(&column.attname) else { return Ok(()) };
    let Some(sequence) = analyzer::identity_sequence(catalog, model.oid, from)? else { return Ok(()) };
    let owner = crate::sequence::Owner { table: table.oid, column: own.attnum, identity: true };
    crate::sequence::copy_for_column(context, owner, own.atttypid, sequence)
}

/// An index like the model's.
fn index(
    context: &Context<'_>,
    table: &Entry<Relation>,
    model: &Entry<Relation>,
    oid: Oid,
    comments: bool,
) -> Result<()> {
    let catalog = context.catalog();
    let plan = IndexPlan::like(context, oid, model, table)?;
    if plan.primary && context.catalog().relation(table.oid)?.constraints.iter().any(|own| own.contype == b'p') {
        let text = format!("multiple primary keys for table \"{}\" are not allowed", table.name());
        return Err(Error::new(SqlState::INVALID_TABLE_DEFINITION, text));
    }
    let constraint = catalog.constraint_of_index(oid)?;
    let (index, name) = create_index::create(context, &plan)?;
    if let Some(from) = constraint {
        let row = catalog.constraint(from)?;
        let made = constraint::own_index(context, table.oid, index, &name, &row, false)?;
        if comments {
            comment(context, Object::of::<PgConstraint>(from), Object::of::<PgConstraint>(made))?;
        }
    }
    if comments {
        comment(context, Object::relation(oid), Object::relation(index))?;
    }
    Ok(())
}
