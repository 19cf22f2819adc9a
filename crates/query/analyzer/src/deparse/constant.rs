//! Literals.

use batch::Datum;
use catalog::format::quote_identifier;
use error::Result;
use types::oid;

use super::layout::Writer;
use crate::query::*;

/// Whether a literal says its type.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Label {
    /// Never: a cast follows.
    Never,
    /// Where the literal alone would be of another type.
    Needed,
    /// Always.
    Always,
}

impl Writer<'_> {
    pub(super) fn constant(&mut self, value: &Datum, ty: SqlType, label: Label) -> Result<()> {
        if value.is_null() {
            self.put("NULL");
            if label != Label::Never {
                self.label(ty)?;
            }
            return Ok(());
        }
        let text = match (ty.oid, value) {
            (oid::UNKNOWN, Datum::Bytes(bytes)) => String::from_utf8_lossy(bytes).into_owned(),
            (oid::REGCLASS, value) => match value.as_oid() {
                Some(relation) => self.relation_name(relation)?,
                None => String::new(),
            },
            _ => {
                let mut bytes = Vec::new();
                types::output(ty.oid, value.as_ref(), self.env, &mut bytes)?;
                String::from_utf8_lossy(&bytes).into_owned()
            }
        };
        let needed = match ty.oid {
            oid::BOOL => {
                self.put(if value.as_bool() == Some(true) { "true" } else { "false" });
                false
            }
            oid::INT4 if !text.starts_with('-') => {
                self.put(&text);
                false
            }
            // A whole number would be read as an integer.
            oid::NUMERIC if text.starts_with(|c: char| c.is_ascii_digit()) && text.contains(['.', 'e', 'E']) => {
                self.put(&text);
                ty.typmod >= 0
            }
            _ => {
                self.put("'");
                self.put(&text.replace('\'', "''"));
                self.put("'");
                ty.oid != oid::UNKNOWN
            }
        };
        match label {
            Label::Never => Ok(()),
            Label::Needed if !needed => Ok(()),
            _ => self.label(ty),
        }
    }

    fn label(&mut self, ty: SqlType) -> Result<()> {
        self.put("::");
        self.put(&self.catalog.format_type(ty.oid, ty.typmod)?);
        if ty.collation.is_valid() && self.catalog.type_(ty.oid)?.typcollation != ty.collation {
            let name = self.collation_name(ty.collation)?;
            self.putf(format_args!(" COLLATE {name}"));
        }
        Ok(())
    }

    /// A name that the search path finds, alone; any other behind its schema.
    fn qualified(&self, visible: bool, schema: ids::Oid, name: &str) -> Result<String> {
        if visible {
            return Ok(quote_identifier(name));
        }
        let schema = self.catalog.schema_name(schema)?.unwrap_or_default();
        Ok(format!("{}.{}", quote_identifier(&schema), quote_identifier(name)))
    }

    pub(super) fn function_name(&self, function: ids::Oid) -> Result<String> {
        let row = self.catalog.function(function)?;
        let visible = self.catalog.function_is_visible(function)? == Some(true);
        self.qualified(visible, row.pronamespace, &row.proname)
    }

    pub(super) fn relation_name(&self, relation: ids::Oid) -> Result<String> {
        let Some(row) = self.catalog.class(relation)? else { return Ok(relation.to_string()) };
        let visible = self.catalog.relation_is_visible(relation)? == Some(true) && !self.names.has_cte(&row.relname);
        self.qualified(visible, row.relnamespace, &row.relname)
    }

    pub(super) fn collation_name(&self, collation: ids::Oid) -> Result<String> {
        let Some(row) = self.catalog.find_collation(collation)? else { return Ok(collation.to_string()) };
        let visible = self.catalog.collation_is_visible(collation)? == Some(true);
        self.qualified(visible, row.collnamespace, &row.collname)
    }

    pub(super) fn operator_name(&self, operator: ids::Oid, binary: bool) -> Result<String> {
        let row = self.catalog.operator(operator)?;
        let left = if binary { row.oprleft } else { ids::Oid::INVALID };
        if self.catalog.operator_exact(None, &row.oprname, left, row.oprright)? == Some(row.oid) {
            return Ok(row.oprname.to_string());
        }
        let schema = self.catalog.schema_name(row.oprnamespace)?.unwrap_or_default();
        Ok(format!("OPERATOR({}.{})", quote_identifier(&schema), row.oprname))
    }
}
