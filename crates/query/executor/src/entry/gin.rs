//! GIN: a row is an entry for each part of each column's value ([`types::gin`]).

use std::sync::Arc;

use access::{Query, ScanKey, ScanTest};
use batch::Column;
use catalog::Relation;
use catalog::rows::PgIndex;
use error::{Error, Result};
use gin::{GinCondition, GinPart, GinQuery, Presence, Test};
use ids::Oid;
use types::Environment;
use types::gin::{Class, Known, Program};

use super::{EntryForm, EntryList};
use crate::Session;

/// The support function that extracts an item's parts.
const EXTRACT_VALUE: i16 = 2;

/// The classes of an index's columns.
pub(super) struct GinForm {
    classes: Vec<Class>,
}

impl GinForm {
    pub fn new(session: &Session<'_>, relation: &Relation, row: &PgIndex) -> Result<GinForm> {
        let catalog = session.catalog;
        let mut classes = Vec::with_capacity(row.indclass.len());
        for (at, &class) in row.indclass.iter().enumerate() {
            let class = catalog.opclass(class)?;
            let input = class.opcintype;
            let extract = catalog.family_function(class.opcfamily, input, input, EXTRACT_VALUE)?;
            let extract = extract.ok_or_else(|| {
                Error::internal(format!(
                    "missing support function {EXTRACT_VALUE} for operator class {}",
                    class.opcname
                ))
            })?;
            let (indexed, _) = catalog.key_type(relation, row, at)?;
            let element = catalog.element_type(catalog.base_type(indexed, -1)?.0)?.unwrap_or(Oid::INVALID);
            let element = match element.is_valid() {
                true => catalog.base_type(element, -1)?.0,
                false => element,
            };
            let collation = row.indcollation.get(at).copied().unwrap_or_default();
            classes.push(Class::of(extract, element, collation, session.env())?);
        }
        Ok(GinForm { classes })
    }
}

impl EntryForm for GinForm {
    fn entries(&self, values: &[&Column], row: usize, env: &dyn Environment, to: &mut EntryList) -> Result<()> {
        let mut key = Vec::new();
        for (column, (class, values)) in self.classes.iter().zip(values).enumerate() {
            let value = values.get(row);
            if value.is_null() {
                continue;
            }
            for part in class.parts(value, env)? {
                key.clear();
                key.push(column as u8);
                key.extend_from_slice(&part);
                to.push(&key, &[]);
            }
        }
        Ok(())
    }

    fn query(&self, keys: &[ScanKey<'_>], _: &[ScanKey<'_>], env: &dyn Environment) -> Result<Option<Query>> {
        let mut conditions = Vec::with_capacity(keys.len());
        for key in keys {
            let ScanTest::Value(value) = key.test else {
                return Err(Error::internal("an inverted index is asked for nulls"));
            };
            let class = self.classes.get(key.column).ok_or_else(|| Error::internal("an index has no such column"))?;
            let Some(search) = class.search(key.strategy, value, env)? else { return Ok(None) };
            let part = |sought: types::gin::Sought| {
                let mut key = vec![key.column as u8];
                key.extend_from_slice(&sought.part);
                GinPart { key, prefix: sought.prefix }
            };
            conditions.push(GinCondition {
                column: key.column as u8,
                parts: search.parts.into_iter().map(part).collect(),
                test: Box::new(Formula(search.program)),
            });
        }
        Ok(Some(Arc::new(GinQuery { conditions })))
    }

    fn needs_session(&self) -> bool {
        self.classes.iter().any(|class| match class {
            Class::Array(encoder) => encoder.needs_session(),
            _ => false,
        })
    }
}

/// A condition's formula, as the index asks it.
struct Formula(Program);

impl Test for Formula {
    fn check(&self, parts: &[Presence]) -> Presence {
        let known = self.0.run(|at| match parts[at] {
            Presence::No => Known::No,
            Presence::Maybe => Known::Maybe,
            Presence::Yes => Known::Yes,
        });
        match known {
            Known::No => Presence::No,
            Known::Maybe => Presence::Maybe,
            Known::Yes => Presence::Yes,
        }
    }
}
