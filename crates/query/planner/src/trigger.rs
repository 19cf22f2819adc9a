//! What a statement must know of the triggers of a table that it changes.

use std::sync::Arc;

use analyzer::query::{Expr, RowVersion};
use catalog::Relation;
use error::Result;

use crate::level::Planner;
use crate::plan::TableTrigger;

impl Planner<'_> {
    /// The triggers of a table, in the order in which they fire.
    pub(crate) fn triggers(&mut self, table: &Relation) -> Result<Vec<Arc<TableTrigger>>> {
        let mut found = Vec::with_capacity(table.triggers.len());
        for row in &table.triggers {
            let when = match &row.tgqual {
                Some(text) => {
                    let condition = self.stored_of(text, table)?;
                    let mut layout: Vec<Expr> = self.row_layout(table, 0, RowVersion::Old);
                    layout.extend(self.row_layout(table, 0, RowVersion::New));
                    Some(self.compile(&condition, &layout)?)
                }
                None => None,
            };
            let key = match row.is_of_foreign_key() {
                true => self.key_of(table, row)?,
                false => Vec::new(),
            };
            found.push(Arc::new(TableTrigger { row: row.clone(), when, key }));
        }
        Ok(found)
    }

    /// The columns of a foreign key's trigger in the trigger's own table.
    fn key_of(&self, table: &Relation, row: &catalog::rows::PgTrigger) -> Result<Vec<i16>> {
        let catalog = self.ctx.catalog;
        let constraint = catalog.constraint(row.tgconstraint)?;
        if row.checks_foreign_key() {
            return Ok(constraint.conkey.clone().unwrap_or_default());
        }
        let key = constraint.confkey.clone().unwrap_or_default();
        if table.oid == constraint.confrelid {
            return Ok(key);
        }
        // A partition of the table that is referred to has the columns by their names.
        let above = catalog.relation(constraint.confrelid)?;
        let number = |&number: &i16| {
            let name = above.column(number).map_or("", |column| &column.attname);
            table.column_by_name(name).map_or(0, |column| column.attnum)
        };
        Ok(key.iter().map(number).collect())
    }
}
