//! Rows and conditions for GiST: each column's values as keys of its operator class.

use std::sync::Arc;

use access::{Query, ScanKey, ScanTest, Support};
use batch::{Column, DatumRef};
use catalog::Relation;
use catalog::rows::PgIndex;
use error::{Error, Result};
use opclass::Returned;
use types::Environment;

use super::{EntryForm, EntryList, type_of_column};
use crate::Session;

/// The number of the support function by which a class is known.
const CONSISTENT: i16 = 1;

/// The key columns of a GiST index.
pub(super) struct GistForm {
    columns: Vec<opclass::Column>,
}

impl GistForm {
    pub fn new(session: &Session<'_>, relation: &Relation, row: &PgIndex) -> Result<GistForm> {
        let catalog = session.catalog;
        let mut columns = Vec::new();
        for (at, &class) in row.indclass.iter().enumerate().take(row.indnkeyatts as usize) {
            let class = catalog.opclass(class)?;
            let consistent =
                catalog.family_function(class.opcfamily, class.opcintype, class.opcintype, CONSISTENT)?.ok_or_else(
                    || Error::internal(format!("operator class \"{}\" has no consistent function", class.opcname)),
                )?;
            columns.push(opclass::column(consistent, type_of_column(session, relation, row, at)?, session.env())?);
        }
        Ok(GistForm { columns })
    }

    fn key(&self, key: &ScanKey<'_>, env: &dyn Environment) -> Result<gist::ScanKey> {
        let column = self.columns.get(key.column).ok_or_else(|| Error::internal("an index has no such column"))?;
        let test = match key.test {
            ScanTest::IsNull => gist::ScanTest::IsNull,
            ScanTest::IsNotNull => gist::ScanTest::IsNotNull,
            ScanTest::Value(value) => {
                let strategy = key.strategy as u16;
                let argument = match value.is_null() {
                    true => None,
                    false => {
                        let mut bytes = Vec::new();
                        column.coder.argument(strategy, key.type_oid, value, env, &mut bytes)?;
                        Some(bytes.into())
                    }
                };
                gist::ScanTest::Operator { strategy, argument }
            }
        };
        Ok(gist::ScanKey { column: key.column, test })
    }

    fn columns(&self, values: &[&Column], row: usize, env: &dyn Environment) -> Result<Vec<u8>> {
        let (mut all, mut one) = (Vec::new(), Vec::new());
        for (column, values) in self.columns.iter().zip(values) {
            let value = values.get(row);
            one.clear();
            if !value.is_null() {
                column.coder.key(value, env, &mut one)?;
            }
            gist::write_column((!value.is_null()).then_some(&one[..]), &mut all);
        }
        Ok(all)
    }
}

impl EntryForm for GistForm {
    fn entries(&self, values: &[&Column], row: usize, env: &dyn Environment, to: &mut EntryList) -> Result<()> {
        to.push(&self.columns(values, row, env)?, &[]);
        Ok(())
    }

    /// Ordered by the first column's order, then the next one's; a column without an order ends it.
    fn build_entries(&self, values: &[&Column], row: usize, env: &dyn Environment, to: &mut EntryList) -> Result<()> {
        let columns = self.columns(values, row, env)?;
        let (mut rest, mut order) = (&columns[..], Vec::new());
        for column in &self.columns {
            match gist::read_column(&mut rest)? {
                // Nulls behind all others.
                None => order.push(0xFF),
                Some(key) => {
                    if !column.coder.order(key, &mut order) {
                        break;
                    }
                }
            }
        }
        let ordered = self.columns.first().is_some_and(|column| column.coder.has_order());
        to.push(if ordered { &order } else { &[] }, &columns);
        Ok(())
    }

    fn query(&self, keys: &[ScanKey<'_>], orders: &[ScanKey<'_>], env: &dyn Environment) -> Result<Option<Query>> {
        let all = |keys: &[ScanKey<'_>]| keys.iter().map(|key| self.key(key, env)).collect::<Result<Vec<_>>>();
        Ok(Some(Arc::new(gist::Query { keys: all(keys)?, orders: all(orders)? })))
    }

    fn returned(&self, column: usize) -> Returned {
        self.columns.get(column).map_or(Returned::No, |column| column.coder.returned())
    }

    fn decode(&self, mut key: &[u8], out: &mut [Column]) -> Result<bool> {
        let mut value = Vec::new();
        for (column, out) in self.columns.iter().zip(out) {
            match gist::read_column(&mut key)? {
                Some(key) if column.coder.returned() == Returned::Key => {
                    value.clear();
                    column.coder.value(key, &mut value)?;
                    out.push(DatumRef::Bytes(&value));
                }
                _ => out.push_null(),
            }
        }
        Ok(true)
    }

    fn support(&self) -> Option<Support> {
        Some(Arc::new(gist::Classes(self.columns.iter().map(|column| column.class.clone()).collect())))
    }

    fn needs_session(&self) -> bool {
        self.columns.iter().any(|column| !column.coder.is_pure())
    }
}
