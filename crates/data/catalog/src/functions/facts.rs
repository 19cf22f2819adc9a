//! What `types::Environment` asks of a session about types, enums and names of objects, answered from the catalogs. The
//! executor's environment forwards to these.

use crate::catalog::Catalog;
use crate::format::quote_identifier;
use crate::index;
use crate::names::split_qualified;
use crate::rows::*;
use error::{Error, Result, SqlState};
use ids::Oid;
use std::sync::Arc;
use types::environment::{RowColumn, TypeFacts, TypeKind};
use types::oid;

impl Catalog {
    /// The facts of a type, for `Environment::type_facts`.
    pub fn type_facts(&self, type_oid: Oid) -> Result<Arc<TypeFacts>> {
        if type_oid < Oid::FIRST_UNPINNED
            && let Some(facts) = types::environment::builtin_facts(type_oid)
        {
            return Ok(Arc::new(facts));
        }
        let row = self.type_(type_oid)?;
        let kind = match row.typtype {
            b'd' => TypeKind::Domain { base: row.typbasetype, typmod: row.typtypmod },
            b'e' => TypeKind::Enum,
            b'r' => {
                let range = self.range(type_oid)?;
                TypeKind::Range {
                    subtype: range.rngsubtype,
                    collation: range.rngcollation,
                    canonical: range.rngcanonical,
                }
            }
            b'm' => TypeKind::Multirange { range: self.multirange(type_oid)?.rngtypid },
            b'c' => {
                let relation = self.relation(row.typrelid)?;
                let columns = relation
                    .live_columns()
                    .map(|column| RowColumn {
                        name: column.attname.to_string(),
                        position: column.attnum as usize - 1,
                        type_oid: column.atttypid,
                        typmod: column.atttypmod,
                        collation: column.attcollation,
                    })
                    .collect();
                TypeKind::Composite { columns, fields: relation.columns.len() }
            }
            b'p' => TypeKind::Pseudo,
            _ => match self.element_type(type_oid)? {
                Some(element) => TypeKind::Array { element },
                None => TypeKind::Base,
            },
        };
        let model = match kind {
            TypeKind::Base if type_oid >= Oid::FIRST_NORMAL => self.model_of(&row)?,
            _ => Oid::INVALID,
        };
        Ok(Arc::new(TypeFacts {
            oid: type_oid,
            model,
            name: row.typname.to_string(),
            kind,
            repr: types::repr_of(row.typlen, row.typbyval),
            length: row.typlen,
            category: row.typcategory,
            delimiter: row.typdelim,
            array: row.typarray,
        }))
    }

    /// The built-in type whose input function a user's base type borrows, by `LANGUAGE internal`; 0 if there is none.
    fn model_of(&self, row: &PgType) -> Result<Oid> {
        const INTERNAL: Oid = Oid(12);
        let Some(input) = self.find_function(row.typinput)? else { return Ok(Oid::INVALID) };
        if input.prolang != INTERNAL {
            return Ok(Oid::INVALID);
        }
        let mut named = self.functions_by_name(Some("pg_catalog"), &input.prosrc)?.into_iter();
        let Some(builtin) = named.find(|candidate| candidate.row.prolang == INTERNAL) else { return Ok(Oid::INVALID) };
        let mut types = types::facts::BUILTIN_TYPES.iter().filter(|t| t.kind == b'b' && t.category != b'A');
        Ok(types.find(|t| t.input == builtin.row.oid).map_or(Oid::INVALID, |t| t.oid))
    }

    /// All values of an enum in order, for `Environment::enum_values`.
    pub fn enum_values(&self, type_oid: Oid) -> Result<Vec<Oid>> {
        Ok(self.enum_labels(type_oid)?.iter().map(|label| label.oid).collect())
    }

    /// Whether an enum value that no input named may be used yet, for `Environment::check_enum_value`.
    pub fn check_enum_value(&self, value: Oid) -> Result<()> {
        match self.row::<PgEnum>(index::PG_ENUM_OID_INDEX, &[value.into()])? {
            Some(row) => self.check_label_is_safe(&row),
            None => Ok(()),
        }
    }

    /// The label of an enum value, for `Environment::enum_label`.
    pub fn enum_label(&self, value: Oid) -> Result<String> {
        match self.row::<PgEnum>(index::PG_ENUM_OID_INDEX, &[value.into()])? {
            Some(row) => Ok(row.enumlabel.to_string()),
            None => Err(Error::new(
                SqlState::INVALID_BINARY_REPRESENTATION,
                format!("invalid internal value for enum: {value}"),
            )),
        }
    }

    /// The value of an enum's label, for `Environment::enum_value`.
    pub fn enum_value(&self, type_oid: Oid, label: &str) -> Result<Option<Oid>> {
        let key = [type_oid.into(), label.into()];
        let Some(row) = self.row::<PgEnum>(index::PG_ENUM_TYPID_LABEL_INDEX, &key)? else { return Ok(None) };
        self.check_label_is_safe(&row)?;
        Ok(Some(row.oid))
    }

    /// Where an enum value stands among its type's labels, for `Environment::enum_position`.
    pub fn enum_position(&self, value: Oid) -> Result<f32> {
        let row = self.row::<PgEnum>(index::PG_ENUM_OID_INDEX, &[value.into()])?;
        Ok(row.map_or(value.0 as f32, |row| row.enumsortorder))
    }

    /// The text of an object id in an alias type, for `Environment::object_name`.
    pub fn alias_text(&self, alias: Oid, object: Oid) -> Result<Option<String>> {
        let qualify = |visible: Option<bool>, schema: Oid, name: &str| -> Result<String> {
            if visible == Some(true) {
                return Ok(quote_identifier(name));
            }
            let schema = self.schema_name(schema)?.unwrap_or_default();
            Ok(format!("{}.{}", quote_identifier(&schema), quote_identifier(name)))
        };
        match alias {
            oid::REGCLASS => self.relation_text(object),
            oid::REGTYPE => match self.find_type(object)? {
                Some(_) => self.type_name(object).map(Some),
                None => Ok(None),
            },
            oid::REGPROC => match self.find_function(object)? {
                Some(row) => {
                    // Overloaded names are qualified, too: the bare name does not find this one alone.
                    let named = self.functions_by_name(None, &row.proname)?;
                    let alone = named.len() == 1 && named[0].row.oid == object;
                    qualify(Some(alone), row.pronamespace, &row.proname).map(Some)
                }
                None => Ok(None),
            },
            oid::REGPROCEDURE => self.function_text(object),
            oid::REGOPERATOR => self.operator_text(object),
            oid::REGOPER => match self.find_operator(object)? {
                Some(row) => {
                    let named = self.operators_by_name(None, &row.oprname)?;
                    if named.len() == 1 && named[0].row.oid == object {
                        return Ok(Some(row.oprname.to_string()));
                    }
                    let schema = self.schema_name(row.oprnamespace)?.unwrap_or_default();
                    Ok(Some(format!("{}.{}", quote_identifier(&schema), row.oprname)))
                }
                None => Ok(None),
            },
            oid::REGNAMESPACE => Ok(self.schema_name(object)?.map(|name| quote_identifier(&name))),
            oid::REGROLE => Ok(self.role_name(object)?.map(|name| quote_identifier(&name))),
            oid::REGCOLLATION => match self.find_collation(object)? {
                Some(row) => qualify(self.collation_is_visible(object)?, row.collnamespace, &row.collname).map(Some),
                None => Ok(None),
            },
            oid::REGCONFIG => match self.row::<PgTsConfig>(index::PG_TS_CONFIG_OID_INDEX, &[object.into()])? {
                Some(row) => {
                    let visible = self.ts_config_by_name(None, &row.cfgname)? == Some(object);
                    qualify(Some(visible), row.cfgnamespace, &row.cfgname).map(Some)
                }
                None => Ok(None),
            },
            oid::REGDICTIONARY => match self.row::<PgTsDict>(index::PG_TS_DICT_OID_INDEX, &[object.into()])? {
                Some(row) => {
                    let visible = self.ts_dict_by_name(None, &row.dictname)? == Some(object);
                    qualify(Some(visible), row.dictnamespace, &row.dictname).map(Some)
                }
                None => Ok(None),
            },
            _ => Ok(None),
        }
    }

    /// The object that a text names in an alias type, for `Environment::object_by_name`. Types are not answered here: their
    /// names are SQL's, and the analyzer reads them ([`Catalog::type_by_sql_name`] knows the simple ones).
    pub fn alias_object(&self, alias: Oid, text: &str) -> Result<Option<Oid>> {
        let invalid = || Error::new(SqlState::INVALID_NAME, "invalid name syntax");
        let (name, arguments) = match alias {
            oid::REGPROCEDURE | oid::REGOPERATOR => {
                let (name, arguments) = split_arguments(text)
                    .ok_or_else(|| Error::new(SqlState::INVALID_TEXT_REPRESENTATION, "expected a left parenthesis"))?;
                (name, Some(arguments))
            }
            _ => (text, None),
        };
        if alias == oid::REGTYPE {
            return self.type_by_sql_name(text);
        }
        let operator = matches!(alias, oid::REGOPER | oid::REGOPERATOR);
        let parts = match operator {
            true => name.trim().rsplit_once('.').map_or_else(
                || vec![name.trim().to_string()],
                |(schema, operator)| vec![schema.to_string(), operator.to_string()],
            ),
            false => split_qualified(name).ok_or_else(invalid)?,
        };
        let (schema, name) = match &parts[..] {
            [name] => (None, name.as_str()),
            [schema, name] => (Some(schema.as_str()), name.as_str()),
            [database, schema, name] if alias == oid::REGCLASS => {
                let own = self.database_row(self.database())?;
                if own.is_some_and(|row| row.datname != *database) {
                    let message = format!("cross-database references are not implemented: \"{text}\"");
                    return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, message));
                }
                (Some(schema.as_str()), name.as_str())
            }
            _ => return Err(invalid()),
        };
        let types: Option<Vec<Oid>> = match arguments {
            Some(arguments) => {
                let mut types = Vec::new();
                for argument in arguments {
                    types.push(match argument.to_ascii_lowercase().as_str() {
                        "none" if operator => Oid::INVALID,
                        _ => match self.type_by_sql_name(argument)? {
                            Some(type_) => type_,
                            None => {
                                let message = format!("type \"{argument}\" does not exist");
                                return Err(Error::new(SqlState::UNDEFINED_OBJECT, message));
                            }
                        },
                    });
                }
                Some(types)
            }
            None => None,
        };
        Ok(match alias {
            oid::REGCLASS => self.relation_by_name(schema, name)?,
            oid::REGPROC => match &self.functions_by_name(schema, name)?[..] {
                [one] => Some(one.row.oid),
                [] => None,
                _ => {
                    let message = format!("more than one function named \"{text}\"");
                    return Err(Error::new(SqlState::AMBIGUOUS_FUNCTION, message));
                }
            },
            oid::REGPROCEDURE => self
                .functions_by_name(schema, name)?
                .iter()
                .find(|candidate| types.as_ref().is_some_and(|types| candidate.row.proargtypes.0 == *types))
                .map(|candidate| candidate.row.oid),
            oid::REGOPER => match &self.operators_by_name(schema, name)?[..] {
                [one] => Some(one.row.oid),
                [] => None,
                _ => {
                    let message = format!("more than one operator named {text}");
                    return Err(Error::new(SqlState::AMBIGUOUS_FUNCTION, message));
                }
            },
            oid::REGOPERATOR => match types.as_deref() {
                Some(&[left, right]) => self.operator_exact(schema, name, left, right)?,
                _ => None,
            },
            oid::REGNAMESPACE => self.schema_by_name(name)?,
            oid::REGROLE => self.role_by_name(name)?.map(|row| row.oid),
            oid::REGCOLLATION => self.collation_by_name(schema, name)?,
            oid::REGCONFIG => self.ts_config_by_name(schema, name)?,
            oid::REGDICTIONARY => self.ts_dict_by_name(schema, name)?,
            _ => None,
        })
    }

    /// The type that a simple SQL type name means: catalog names, qualified names, SQL's own names (`integer`, `timestamp with time
    /// zone`), each with any number of `[]`. Modifiers are ignored.
    pub fn type_by_sql_name(&self, text: &str) -> Result<Option<Oid>> {
        let mut name = text.trim();
        let mut dimensions = 0;
        while let Some(rest) = name.strip_suffix(']') {
            let Some((rest, _)) = rest.rsplit_once('[') else { return Ok(None) };
            name = rest.trim_end();
            dimensions += 1;
        }
        let plain = match name.split_once('(') {
            Some((before, after)) => {
                let rest = after.split_once(')').map_or("", |(_, rest)| rest);
                format!("{}{}", before.trim_end(), rest)
            }
            None => name.to_string(),
        };
        let words: Vec<String> = plain.split_whitespace().map(str::to_ascii_lowercase).collect();
        let known = match words.join(" ").as_str() {
            "boolean" => Some(oid::BOOL),
            "smallint" => Some(oid::INT2),
            "int" | "integer" => Some(oid::INT4),
            "bigint" => Some(oid::INT8),
            "real" => Some(oid::FLOAT4),
            "float" | "double precision" => Some(oid::FLOAT8),
            "decimal" | "dec" => Some(oid::NUMERIC),
            "char" | "character" | "nchar" => Some(oid::BPCHAR),
            "character varying" | "char varying" => Some(oid::VARCHAR),
            "bit varying" => Some(oid::VARBIT),
            "time without time zone" => Some(oid::TIME),
            "time with time zone" => Some(oid::TIMETZ),
            "timestamp without time zone" => Some(oid::TIMESTAMP),
            "timestamp with time zone" => Some(oid::TIMESTAMPTZ),
            _ => None,
        };
        let found = match known {
            Some(known) => Some(known),
            None => match split_qualified(&plain).as_deref() {
                Some([name]) => self.type_by_name(None, name)?,
                Some([schema, name]) => self.type_by_name(Some(schema), name)?,
                _ => None,
            },
        };
        match found {
            Some(element) if dimensions > 0 => self.array_type(element),
            other => Ok(other),
        }
    }
}

/// `name(type, type)` taken apart; the types as they stand.
fn split_arguments(text: &str) -> Option<(&str, Vec<&str>)> {
    let (name, rest) = text.split_once('(')?;
    let inside = rest.trim_end().strip_suffix(')')?;
    let (mut items, mut depth, mut start) = (Vec::new(), 0, 0);
    for (at, c) in inside.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                items.push(inside[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    if !inside.trim().is_empty() {
        items.push(inside[start..].trim());
    }
    Some((name, items))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aliases_read_and_print() {
        let catalog = Catalog::builtin();
        let both = |alias: Oid, text: &str, shown: &str| {
            let object = catalog.alias_object(alias, text).expect("reads").expect("exists");
            assert_eq!(catalog.alias_text(alias, object).expect("prints").as_deref(), Some(shown), "{text}");
        };
        both(oid::REGCLASS, "pg_catalog.pg_class", "pg_class");
        both(oid::REGCLASS, "information_schema.tables", "information_schema.tables");
        both(oid::REGTYPE, "int", "integer");
        both(oid::REGTYPE, "timestamp(3) with time zone[]", "timestamp with time zone[]");
        both(oid::REGPROCEDURE, "abs(numeric)", "abs(numeric)");
        both(oid::REGPROC, "now", "now");
        both(oid::REGOPERATOR, "+(integer, integer)", "+(integer,integer)");
        both(oid::REGOPERATOR, "-(NONE, numeric)", "-(NONE,numeric)");
        both(oid::REGNAMESPACE, "public", "public");
        both(oid::REGROLE, "pg_monitor", "pg_monitor");
        both(oid::REGCOLLATION, "\"C\"", "\"C\"");
        both(oid::REGCONFIG, "english", "english");
        assert_eq!(catalog.alias_object(oid::REGCLASS, "nope").expect("asks"), None);
        let error = catalog.alias_object(oid::REGPROC, "abs").expect_err("ambiguous");
        assert_eq!(error.message(), "more than one function named \"abs\"");
    }

    #[test]
    fn facts_of_types() {
        let catalog = Catalog::builtin();
        let of = |schema: &str, name: &str| {
            let type_ = catalog.type_by_name(Some(schema), name).expect("asks").expect("exists");
            catalog.type_facts(type_).expect("has facts").kind.clone()
        };
        assert_eq!(of("information_schema", "cardinal_number"), TypeKind::Domain { base: oid::INT4, typmod: -1 });
        assert_eq!(
            of("pg_catalog", "int4range"),
            types::environment::builtin_facts(oid::INT4RANGE).expect("known").kind
        );
        match of("pg_catalog", "pg_am") {
            TypeKind::Composite { columns, .. } => assert_eq!(columns.len(), 4),
            other => panic!("{other:?}"),
        }
    }
}
