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
                true => self.key_of(row)?,
                false => Vec::new(),
            };
            found.push(Arc::new(TableTrigger { row: row.clone(), when, key }));
        }
        Ok(found)
    }

    /// The columns of a foreign key's trigger in the trigger's own table.
    fn key_of(&self, row: &catalog::rows::PgTrigger) -> Result<Vec<i16>> {
        let constraint = self.ctx.catalog.constraint(row.tgconstraint)?;
        let key = if row.checks_foreign_key() { &constraint.conkey } else { &constraint.confkey };
        Ok(key.clone().unwrap_or_default())
    }
}
