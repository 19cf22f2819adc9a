//! Type names: from syntax to a type and its modifier.

use error::{Error, Result, SqlState};
use ids::Oid;
use parser::ast::{self, Constant, ExprKind};
use types::oid;

use crate::Analyzer;
use crate::query::SqlType;

impl Analyzer<'_> {
    /// The type that a name means, with modifier and collation.
    pub fn type_name(&self, name: &ast::TypeName) -> Result<SqlType> {
        let (oid, typmod) = self.type_and_modifier(name)?;
        let row = self.catalog.type_(oid)?;
        Ok(SqlType { oid, typmod, collation: row.typcollation })
    }

    /// The shell that a name means: a type that was announced, but is not defined yet. `None` if it means a type, or nothing.
    ///
    /// # Errors
    /// `42601` if the shell is named with a modifier; `3F000` if there is no such schema.
    pub fn shell_type(&self, name: &ast::TypeName) -> Result<Option<Oid>> {
        if name.percent_type || !name.array_bounds.is_empty() {
            return Ok(None);
        }
        let Some(found) = self.named_type(name)? else { return Ok(None) };
        if self.catalog.type_(found)?.typisdefined {
            return Ok(None);
        }
        if !name.modifiers.is_empty() {
            let text = format!("type modifier cannot be specified for shell type \"{}\"", display_type(name));
            return Err(self.error(SqlState::SYNTAX_ERROR, text, name.location));
        }
        Ok(Some(found))
    }

    /// The type or shell of this name, without regard to modifiers and array bounds.
    fn named_type(&self, name: &ast::TypeName) -> Result<Option<Oid>> {
        let schema = self.qualifier(&name.name.qualifiers, &name.name.name)?;
        if let Some(schema) = schema {
            self.catalog.require_schema(schema).map_err(|e| self.place(e, name.location))?;
        }
        self.catalog.type_by_name(schema, &name.name.name)
    }

    fn type_and_modifier(&self, name: &ast::TypeName) -> Result<(Oid, i32)> {
        if name.percent_type {
            return self.column_type(name);
        }
        let found = self.named_type(name)?;
        let not_found = || {
            self.error(
                SqlState::UNDEFINED_OBJECT,
                format!("type \"{}\" does not exist", display_type(name)),
                name.location,
            )
        };
        let found = found.ok_or_else(not_found)?;
        let row = self.catalog.type_(found)?;
        if !row.typisdefined {
            let message = format!("type \"{}\" is only a shell", display_type(name));
            return Err(self.error(SqlState::UNDEFINED_OBJECT, message, name.location));
        }
        let typmod = self.type_modifier(found, name)?;
        let mut oid = found;
        if !name.array_bounds.is_empty() {
            oid = self.catalog.array_type(found)?.ok_or_else(|| {
                self.error(
                    SqlState::UNDEFINED_OBJECT,
                    format!("type \"{}[]\" does not exist", display_type(name).trim_end_matches("[]")),
                    name.location,
                )
            })?;
        }
        Ok((oid, typmod))
    }

    fn column_type(&self, name: &ast::TypeName) -> Result<(Oid, i32)> {
        let (schema, table) = match &name.name.qualifiers[..] {
            [table] => (None, table),
            [schema, table] => (Some(&**schema), table),
            [_, schema, table] => (Some(&**schema), table),
            _ => {
                let message = format!("improper %TYPE reference (too few dotted names): {}", name.name);
                return Err(self.error(SqlState::SYNTAX_ERROR, message, name.location));
            }
        };
        let relation = self.catalog.require_relation(schema, table).map_err(|e| self.place(e, name.location))?;
        let relation = self.catalog.relation(relation)?;
        let Some(column) = relation.column_by_name(&name.name.name) else {
            let message = format!("column \"{}\" of relation \"{}\" does not exist", name.name.name, relation.name());
            return Err(self.error(SqlState::UNDEFINED_COLUMN, message, name.location));
        };
        Ok((column.atttypid, column.atttypmod))
    }

    /// The modifier that the parenthesised words of a type name mean.
    fn type_modifier(&self, type_oid: Oid, name: &ast::TypeName) -> Result<i32> {
        if name.modifiers.is_empty() {
            return Ok(-1);
        }
        let place = |state, message: String| Err(self.error(state, message, name.location));
        let mut words = Vec::new();
        for modifier in &name.modifiers {
            words.push(match &modifier.kind {
                ExprKind::Constant(Constant::Integer(n)) => n.to_string(),
                ExprKind::Constant(Constant::Float(text) | Constant::String(text)) => text.to_string(),
                ExprKind::Column(name) if name.qualifiers.is_empty() => name.name.to_string(),
                ExprKind::Unary { operator, operand } if operator.symbol == "-" => match &operand.kind {
                    ExprKind::Constant(Constant::Integer(n)) => (-n).to_string(),
                    _ => {
                        return place(
                            SqlState::SYNTAX_ERROR,
                            "type modifiers must be simple constants or identifiers".into(),
                        );
                    }
                },
                _ => {
                    return place(
                        SqlState::SYNTAX_ERROR,
                        "type modifiers must be simple constants or identifiers".into(),
                    );
                }
            });
        }
        let row = self.catalog.type_(type_oid)?;
        if !row.typmodin.is_valid() {
            return place(
                SqlState::SYNTAX_ERROR,
                format!("type modifier is not allowed for type \"{}\"", display_type(name)),
            );
        }
        let mut numbers = Vec::new();
        for word in &words {
            match word.trim().parse::<i32>() {
                Ok(n) => numbers.push(n),
                Err(_) => {
                    return place(
                        SqlState::INVALID_TEXT_REPRESENTATION,
                        format!("invalid input syntax for type integer: \"{word}\""),
                    );
                }
            }
        }
        let one = |what: &str| -> Result<i32> {
            match numbers[..] {
                [n] => Ok(n),
                _ => Err(self.error(
                    SqlState::INVALID_PARAMETER_VALUE,
                    format!("invalid type modifier{what}"),
                    name.location,
                )),
            }
        };
        let length = |word: &str, extra: i32| -> Result<i32> {
            const LENGTH_MAX: i32 = 10_485_760;
            let n = one("")?;
            if n < 1 {
                return Err(self.error(
                    SqlState::INVALID_PARAMETER_VALUE,
                    format!("length for type {word} must be at least 1"),
                    name.location,
                ));
            }
            let most = if extra == 0 { i32::MAX / 8 } else { LENGTH_MAX };
            if n > most {
                return Err(self.error(
                    SqlState::INVALID_PARAMETER_VALUE,
                    format!("length for type {word} cannot exceed {most}"),
                    name.location,
                ));
            }
            Ok(n + extra)
        };
        let precision = |word: &str, zone: &str| -> Result<i32> {
            let n = one("")?;
            if n < 0 {
                return Err(self.error(
                    SqlState::INVALID_PARAMETER_VALUE,
                    format!("{word}({n}){zone} precision must not be negative"),
                    name.location,
                ));
            }
            Ok(n.min(6))
        };
        match type_oid {
            oid::BPCHAR => length("char", 4),
            oid::VARCHAR => length("varchar", 4),
            oid::BIT => length("bit", 0),
            oid::VARBIT => length("varbit", 0),
            oid::NUMERIC => {
                let (precision, scale) = match numbers[..] {
                    [p] => (p, 0),
                    [p, s] => (p, s),
                    _ => return place(SqlState::INVALID_PARAMETER_VALUE, "invalid NUMERIC type modifier".into()),
                };
                if !(1..=1000).contains(&precision) {
                    return place(
                        SqlState::INVALID_PARAMETER_VALUE,
                        format!("NUMERIC precision {precision} must be between 1 and 1000"),
                    );
                }
                if !(-1000..=1000).contains(&scale) {
                    return place(
                        SqlState::INVALID_PARAMETER_VALUE,
                        format!("NUMERIC scale {scale} must be between -1000 and 1000"),
                    );
                }
                Ok(((precision << 16) | (scale & 0x7FF)) + 4)
            }
            oid::TIME => precision("TIME", ""),
            oid::TIMETZ => precision("TIME", " WITH TIME ZONE"),
            oid::TIMESTAMP => precision("TIMESTAMP", ""),
            oid::TIMESTAMPTZ => precision("TIMESTAMP", " WITH TIME ZONE"),
            oid::INTERVAL => match numbers[..] {
                [range] => Ok(range << 16 | 0xFFFF),
                [range, p] if p >= 0 => Ok(range << 16 | p.min(6)),
                [_, p] => {
                    place(SqlState::INVALID_PARAMETER_VALUE, format!("INTERVAL({p}) precision must not be negative"))
                }
                _ => place(SqlState::INVALID_PARAMETER_VALUE, "invalid INTERVAL type modifier".into()),
            },
            _ => Err(Error::not_implemented(format_args!("type modifier of type {}", row.typname))),
        }
    }

    /// The collation that a COLLATE clause of a definition means; errors point to the word COLLATE.
    ///
    /// # Errors
    /// `42704` if there is none; `42804` for a type that has no collations.
    pub fn collate_clause(&self, clause: &ast::CollateClause, ty: SqlType) -> Result<Oid> {
        if !ty.collation.is_valid() {
            let text = format!("collations are not supported by type {}", self.catalog.format_type(ty.oid, -1)?);
            return Err(self.error(SqlState::DATATYPE_MISMATCH, text, clause.location));
        }
        self.collation_name_of(&ast::ObjectName { location: clause.location, ..clause.collation.clone() })
    }

    /// The collation that a name means.
    ///
    /// # Errors
    /// `42704` if there is none.
    pub fn collation_name_of(&self, name: &ast::ObjectName) -> Result<Oid> {
        let schema = self.qualifier(&name.qualifiers, &name.name)?;
        if let Some(schema) = schema {
            self.catalog.require_schema(schema).map_err(|error| self.place(error, name.location))?;
        }
        let found = self.catalog.collation_by_name(schema, &name.name)?;
        found.ok_or_else(|| {
            self.error(
                SqlState::UNDEFINED_OBJECT,
                format!("collation \"{name}\" for encoding \"UTF8\" does not exist"),
                name.location,
            )
        })
    }
}

fn display_type(name: &ast::TypeName) -> String {
    let mut text = name.name.to_string();
    for _ in &name.array_bounds {
        text.push_str("[]");
    }
    text
}
