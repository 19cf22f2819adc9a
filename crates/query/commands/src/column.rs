//! Columns of new tables: their types and what stands beside them.

use analyzer::query::SqlType;
use catalog::NewColumn;
use error::{Error, Result, SqlState};
use ids::Oid;
use parser::ast::{ColumnDefinition, Constraint, ConstraintKind};

use crate::Context;

/// A column as it is to be made, with its constraints that are more than a mark.
pub(crate) struct Column<'s> {
    pub new: NewColumn,
    /// `NOT NULL`, with the name given to it.
    pub not_null: Option<Option<&'s str>>,
    pub default: Option<&'s parser::ast::Expr>,
    /// What a generated column is computed from.
    pub generated: Option<&'s parser::ast::Expr>,
    /// `UNIQUE`, `PRIMARY KEY`, `REFERENCES`, `CHECK`.
    pub constraints: Vec<&'s Constraint>,
}

/// Looks a column's definition up.
pub(crate) fn column<'s>(context: &Context<'_>, definition: &'s ColumnDefinition) -> Result<Column<'s>> {
    let name = definition.name.to_string();
    let type_name = definition.type_name.as_ref();
    let type_name = type_name.ok_or_else(|| Error::not_implemented("typed tables and partitions"))?;
    let serial = serial_type(type_name);
    if serial.is_some() {
        return Err(Error::not_implemented("serial columns"));
    }
    let ty = context.analyzer().type_name(type_name)?;
    check_type(context, &name, ty)?;
    let collation = match &definition.collation {
        None => ty.collation,
        Some(_) if !ty.collation.is_valid() => {
            let text = format!("collations are not supported by type {}", context.session.type_name(ty.oid)?);
            return Err(Error::new(SqlState::DATATYPE_MISMATCH, text));
        }
        Some(clause) => context.analyzer().collation_name_of(&clause.collation)?,
    };
    let mut column = Column {
        new: NewColumn::new(name.clone(), ty.oid, ty.typmod, collation),
        not_null: None,
        default: None,
        generated: None,
        constraints: Vec::new(),
    };
    column.new.dimensions = type_name.array_bounds.len() as i16;
    if let Some(storage) = &definition.storage {
        column.new.storage = Some(match storage.to_ascii_lowercase().as_str() {
            "plain" => b'p',
            "external" => b'e',
            "extended" => b'x',
            "main" => b'm',
            "default" => context.catalog().type_(ty.oid)?.typstorage,
            other => {
                let text = format!("invalid storage type \"{other}\"");
                return Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, text));
            }
        });
    }
    let mut null = false;
    for constraint in &definition.constraints {
        match &constraint.kind {
            ConstraintKind::NotNull { .. } => {
                if null {
                    return Err(conflicting_null(context, &name, constraint));
                }
                column.not_null = Some(constraint.name.as_deref());
                column.new.not_null = true;
            }
            ConstraintKind::Null => {
                if column.new.not_null {
                    return Err(conflicting_null(context, &name, constraint));
                }
                null = true;
            }
            ConstraintKind::Default(expression) => {
                if column.default.is_some() {
                    let text = format!("multiple default values specified for column \"{name}\" of table");
                    return Err(context.place(Error::new(SqlState::SYNTAX_ERROR, text), constraint.location));
                }
                column.default = Some(expression);
            }
            ConstraintKind::Generated { expression, stored, .. } => {
                if !stored {
                    return Err(Error::not_implemented("virtual generated columns"));
                }
                column.new.generated = b's';
                column.generated = Some(expression);
            }
            ConstraintKind::Identity { .. } => return Err(Error::not_implemented("identity columns")),
            ConstraintKind::Unique(unique) => {
                if unique.primary {
                    if null {
                        return Err(conflicting_null(context, &name, constraint));
                    }
                    column.new.not_null = true;
                }
                column.constraints.push(constraint);
            }
            ConstraintKind::Check(_) | ConstraintKind::Exclusion(_) | ConstraintKind::ForeignKey(_) => {
                column.constraints.push(constraint);
            }
        }
    }
    Ok(column)
}

fn conflicting_null(context: &Context<'_>, column: &str, constraint: &Constraint) -> Error {
    let text = format!("conflicting NULL/NOT NULL declarations for column \"{column}\" of table");
    context.place(Error::new(SqlState::SYNTAX_ERROR, text), constraint.location)
}

/// The integer type behind `serial` and its like.
fn serial_type(name: &parser::ast::TypeName) -> Option<Oid> {
    if !name.name.qualifiers.is_empty() {
        return None;
    }
    match &*name.name.name {
        "smallserial" | "serial2" => Some(Oid(21)),
        "serial" | "serial4" => Some(Oid(23)),
        "bigserial" | "serial8" => Some(Oid(20)),
        _ => None,
    }
}

/// A column cannot be of a pseudo-type.
fn check_type(context: &Context<'_>, column: &str, ty: SqlType) -> Result<()> {
    let row = context.catalog().type_(ty.oid)?;
    if row.typtype == b'p' {
        let text = format!("column \"{column}\" has pseudo-type {}", context.session.type_name(ty.oid)?);
        return Err(Error::new(SqlState::INVALID_TABLE_DEFINITION, text));
    }
    Ok(())
}
