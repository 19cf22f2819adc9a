//! Rows and conditions for SP-GiST: the column's values as codes of its operator class.

use std::sync::Arc;

use access::Support;
use access::search::{Query, ScanKey, ScanTest};
use batch::{Column, DatumRef};
use catalog::Relation;
use catalog::rows::PgIndex;
use error::{Error, Result};
use ids::Oid;
use opclass::Returned;
use opclass::spaces::{self, SpaceColumn};
use types::Environment;

use super::{EntryForm, EntryList, type_of_column};
use crate::Session;

/// The number of the support function by which a class is known.
const CONFIG: i16 = 1;

/// The key column of an SP-GiST index.
pub(super) struct SpgistForm {
    column: SpaceColumn,
}

impl SpgistForm {
    pub fn new(session: &Session<'_>, relation: &Relation, row: &PgIndex) -> Result<SpgistForm> {
        let catalog = session.catalog;
        let class = catalog.opclass(row.indclass.first().copied().unwrap_or_default())?;
        let config = catalog.family_function(class.opcfamily, class.opcintype, class.opcintype, CONFIG)?;
        let config = config
            .ok_or_else(|| Error::internal(format!("operator class \"{}\" has no config function", class.opcname)))?;
        let type_oid = type_of_column(session, relation, row, 0)?;
        let collation = row.indcollation.first().copied().unwrap_or(Oid::INVALID);
        Ok(SpgistForm { column: spaces::column(config, type_oid, collation, session.env())? })
    }

    fn key(&self, key: &access::ScanKey<'_>, env: &dyn Environment) -> Result<ScanKey> {
        let test = match key.test {
            access::ScanTest::IsNull => ScanTest::IsNull,
            access::ScanTest::IsNotNull => ScanTest::IsNotNull,
            access::ScanTest::Value(value) => {
                let strategy = key.strategy as u16;
                let mut argument = None;
                if !value.is_null() {
                    let mut bytes = Vec::new();
                    self.column.coder.argument(strategy, key.type_oid, value, env, &mut bytes)?;
                    argument = Some(bytes.into());
                }
                ScanTest::Operator { strategy, argument }
            }
        };
        Ok(ScanKey { column: key.column, test })
    }
}

impl EntryForm for SpgistForm {
    fn entries(&self, values: &[&Column], row: usize, env: &dyn Environment, to: &mut EntryList) -> Result<()> {
        let value = values.first().map_or(DatumRef::Null, |column| column.get(row));
        let (mut code, mut key) = (Vec::new(), Vec::new());
        if !value.is_null() {
            self.column.coder.code(value, env, &mut code)?;
        }
        spgist::write_key((!value.is_null()).then_some(&code), &mut key);
        to.push(&key, &[]);
        Ok(())
    }

    fn query(
        &self,
        keys: &[access::ScanKey<'_>],
        orders: &[access::ScanKey<'_>],
        env: &dyn Environment,
    ) -> Result<Option<access::Query>> {
        let all = |keys: &[access::ScanKey<'_>]| keys.iter().map(|key| self.key(key, env)).collect::<Result<Vec<_>>>();
        Ok(Some(Arc::new(Query { keys: all(keys)?, orders: all(orders)? })))
    }

    fn returned(&self, column: usize) -> Returned {
        if column == 0 { self.column.coder.returned() } else { Returned::No }
    }

    fn decode(&self, key: &[u8], out: &mut [Column]) -> Result<bool> {
        let Some(out) = out.first_mut() else { return Ok(true) };
        match spgist::code_of(key) {
            Some(code) if self.column.coder.returned() == Returned::Key => {
                if code.len() >= spgist::cell::CODE_MAX {
                    out.push_null();
                    return Ok(false);
                }
                let mut value = Vec::new();
                self.column.coder.value(code, &mut value)?;
                out.push(DatumRef::Bytes(&value));
            }
            _ => out.push_null(),
        }
        Ok(true)
    }

    fn support(&self) -> Option<Support> {
        Some(Arc::new(spgist::Class(self.column.class.clone())))
    }

    fn needs_session(&self) -> bool {
        !self.column.coder.is_pure()
    }
}
