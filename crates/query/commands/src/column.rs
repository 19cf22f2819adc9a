//! Columns of new tables: their types and what stands beside them.

use analyzer::query::SqlType;
use catalog::NewColumn;
use error::{Error, Result, SqlState};
use ids::Oid;
use parser::ast::{ColumnDefinition, Constraint, ConstraintKind, DefinitionItem, GeneratedWhen};

use crate::not_null::{self, Declared};
use crate::{Context, generated};

/// A stored expression of another table.
#[derive(Clone)]
pub(crate) struct Model {
    pub expr: analyzer::query::Expr,
    pub table: catalog::Entry<catalog::Relation>,
}

/// A column as it is to be made, with its constraints that are more than a mark.
pub(crate) struct Column<'s> {
    pub new: NewColumn,
    /// `NOT NULL` as it was written, or as a model has it.
    pub not_null: Option<Declared>,
    /// Something else makes it NOT NULL: a primary key, an identity, a `serial`.
    pub implied_not_null: bool,
    /// The constraint's name and how many parents have one, if parents have.
    pub inherited_not_null: Option<(String, i16)>,
    pub default: Option<&'s parser::ast::Expr>,
    /// The default or generation expression of a parent or model, over that one's columns.
    pub model_default: Option<Model>,
    /// Parents have different ones.
    pub conflicting_default: bool,
    /// What a generated column is computed from.
    pub generated: Option<&'s parser::ast::Expr>,
    /// `serial` and its like.
    pub serial: bool,
    /// The options of an identity column's sequence.
    pub identity: Option<&'s [DefinitionItem]>,
    /// `UNIQUE`, `PRIMARY KEY`, `REFERENCES`, `CHECK`.
    pub constraints: Vec<&'s Constraint>,
}

impl<'s> Column<'s> {
    /// A column without anything beside it.
    pub fn plain(new: NewColumn) -> Column<'s> {
        Column {
            new,
            not_null: None,
            implied_not_null: false,
            inherited_not_null: None,
            default: None,
            model_default: None,
            conflicting_default: false,
            generated: None,
            serial: false,
            identity: None,
            constraints: Vec::new(),
        }
    }
}

/// Looks the definition of a column of `table` up.
pub(crate) fn column<'s>(context: &Context<'_>, definition: &'s ColumnDefinition, table: &str) -> Result<Column<'s>> {
    let name = definition.name.to_string();
    let type_name = definition.type_name.as_ref();
    let type_name = type_name.ok_or_else(|| Error::internal("a column has no type"))?;
    let serial = serial_type(type_name);
    if serial.is_some() && !type_name.array_bounds.is_empty() {
        let error = Error::new(SqlState::FEATURE_NOT_SUPPORTED, "array of serial is not implemented");
        return Err(context.place(error, type_name.location));
    }
    let ty = match serial {
        Some(type_) => SqlType::plain(type_),
        None => context.column_type(type_name)?,
    };
    check_type(context, &name, ty)?;
    let collation = match &definition.collation {
        None => ty.collation,
        Some(clause) => context.analyzer().collate_clause(clause, ty)?,
    };
    let mut column = Column::plain(NewColumn::new(name.clone(), ty.oid, ty.typmod, collation));
    column.serial = serial.is_some();
    column.new.dimensions = type_name.array_bounds.len() as i16;
    if let Some(word) = &definition.storage {
        column.new.storage = Some(storage(context, word, ty.oid)?);
    }
    if let Some(method) = &definition.compression {
        column.new.compression = compression(context, method, ty.oid)?;
    }
    column.new.not_null = column.serial;
    column.implied_not_null = column.serial;
    apply(context, definition, &mut column, table)?;
    Ok(column)
}

/// `pg_attribute.attstorage` for a word after STORAGE.
///
/// # Errors
/// `0A000` for a type whose values cannot be stored so.
pub(crate) fn storage(context: &Context<'_>, word: &str, ty: Oid) -> Result<u8> {
    let row = context.catalog().type_(ty)?;
    let letter = match word.to_ascii_lowercase().as_str() {
        "plain" => b'p',
        "external" => b'e',
        "extended" => b'x',
        "main" => b'm',
        "default" => row.typstorage,
        _ => {
            let text = format!("invalid storage type \"{word}\"");
            return Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, text));
        }
    };
    if letter != b'p' && row.typstorage == b'p' {
        let text = format!("column data type {} can only have storage PLAIN", context.session.type_name(ty)?);
        return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
    }
    Ok(letter)
}

/// `pg_attribute.attcompression` for a word after COMPRESSION. Values are compressed by lz4 whatever it says.
///
/// # Errors
/// `0A000` for a type whose values are never compressed, `22023` for an unknown method.
pub(crate) fn compression(context: &Context<'_>, method: &str, ty: Oid) -> Result<u8> {
    if method.eq_ignore_ascii_case("default") {
        return Ok(0);
    }
    if context.catalog().type_(ty)?.typstorage == b'p' {
        let text = format!("column data type {} does not support compression", context.session.type_name(ty)?);
        return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
    }
    match method {
        "pglz" => Ok(b'p'),
        "lz4" => Ok(b'l'),
        _ => {
            let text = format!("invalid compression method \"{method}\"");
            Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, text))
        }
    }
}

/// Applies what stands beside the name and type of a column of `table`: constraints, default, identity.
pub(crate) fn apply<'s>(
    context: &Context<'_>,
    definition: &'s ColumnDefinition,
    column: &mut Column<'s>,
    table: &str,
) -> Result<()> {
    let name = definition.name.to_string();
    let wrong = |text: String, constraint: &Constraint| {
        let error = Error::new(SqlState::SYNTAX_ERROR, format!("{text} for column \"{name}\" of table \"{table}\""));
        context.place(error, constraint.location)
    };
    let conflicting = |constraint: &Constraint| wrong("conflicting NULL/NOT NULL declarations".into(), constraint);
    let mut null = false;
    for constraint in &definition.constraints {
        match &constraint.kind {
            ConstraintKind::NotNull { .. } => {
                if null {
                    return Err(conflicting(constraint));
                }
                not_null::declare(column, constraint.name.as_deref(), constraint.attributes.no_inherit, false)?;
            }
            ConstraintKind::Null => {
                if column.new.not_null {
                    return Err(conflicting(constraint));
                }
                null = true;
            }
            ConstraintKind::Default(expression) => {
                if column.default.is_some() {
                    return Err(wrong("multiple default values specified".into(), constraint));
                }
                column.default = Some(expression);
            }
            ConstraintKind::Generated { expression, stored, .. } => {
                if column.generated.is_some() {
                    return Err(wrong("multiple generation clauses specified".into(), constraint));
                }
                column.new.generated = if *stored { b's' } else { b'v' };
                column.generated = Some(expression);
            }
            ConstraintKind::Identity { when, options } => {
                if column.identity.is_some() {
                    return Err(wrong("multiple identity specifications".into(), constraint));
                }
                if null {
                    return Err(conflicting(constraint));
                }
                column.new.identity = if *when == GeneratedWhen::Always { b'a' } else { b'd' };
                not_null::imply(column, false)?;
                column.identity = Some(options);
            }
            ConstraintKind::Unique(unique) => {
                if unique.primary {
                    if null {
                        return Err(conflicting(constraint));
                    }
                    not_null::imply(column, false)?;
                }
                column.constraints.push(constraint);
            }
            ConstraintKind::Check(_) | ConstraintKind::Exclusion(_) | ConstraintKind::ForeignKey(_) => {
                column.constraints.push(constraint);
            }
        }
        if let Some(what) = two_sources(column) {
            return Err(wrong(format!("both {what} specified"), constraint));
        }
    }
    if column.new.generated == b'v' {
        generated::check_virtual_type(context, &definition.name, column.new.type_)?;
    }
    // The default of a `serial` stands nowhere.
    if column.serial {
        let text = match (column.default, column.identity, column.generated) {
            (Some(_), ..) => "multiple default values specified",
            (_, Some(_), _) => "both default and identity specified",
            (.., Some(_)) => "both default and generation expression specified",
            _ => return Ok(()),
        };
        let text = format!("{text} for column \"{name}\" of table \"{table}\"");
        return Err(Error::new(SqlState::SYNTAX_ERROR, text));
    }
    Ok(())
}

/// Two things that are said of a column's values, of which there can be only one.
fn two_sources(column: &Column<'_>) -> Option<&'static str> {
    match (column.default, column.identity, column.generated) {
        (Some(_), Some(_), _) => Some("default and identity"),
        (Some(_), _, Some(_)) => Some("default and generation expression"),
        (_, Some(_), Some(_)) => Some("identity and generation expression"),
        _ => None,
    }
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
pub(crate) fn check_type(context: &Context<'_>, column: &str, ty: SqlType) -> Result<()> {
    let row = context.catalog().type_(ty.oid)?;
    if row.typtype == b'p' {
        let text = format!("column \"{column}\" has pseudo-type {}", context.session.type_name(ty.oid)?);
        return Err(Error::new(SqlState::INVALID_TABLE_DEFINITION, text));
    }
    Ok(())
}
