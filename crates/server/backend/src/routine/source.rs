//! The rows of functions that return sets.
//!
//! A call runs to its end when its first row is asked for, and its rows are kept (in memory up to `work_mem`, then in temporary files), as
//! PostgreSQL does for functions in FROM. So a function never stands still half-way while others change what it works with.

use batch::{Batch, Column, Datum};
use error::Result;
use executor::store::rows::RowStore;
use types::{Context, RowSource};

use super::Invocation;
use crate::session::Session;

/// Rows that a call has given.
struct Stored {
    rows: RowStore,
    batch: Batch,
    /// The next of the store's batches to read, and the next row of the one that was read.
    next: usize,
    at: usize,
    row_values: bool,
}

impl Session<'_> {
    /// Whether a type's values are rows.
    fn is_row_type(&self, oid: ids::Oid) -> Result<bool> {
        Ok(oid == types::oid::RECORD || analyzer::types::row_relation(self.catalog(), oid)?.is_valid())
    }

    /// Calls a function and keeps its rows.
    pub(super) fn source_of(&self, invocation: Invocation<'_>) -> Result<Box<dyn RowSource>> {
        let row_values = matches!(invocation.columns, [only] if only.oid == invocation.result_type)
            && self.is_row_type(invocation.result_type)?;
        let reprs: Vec<batch::Repr> = invocation.columns.iter().map(|column| column.repr).collect();
        let mut rows = RowStore::new(reprs.clone(), self.memory(), self.executor().temporary_space());
        if invocation.row.proretset {
            self.call_rows(&invocation, &mut |batch| rows.append(batch).map(|()| true))?;
        } else if invocation.row.proisstrict && invocation.args.iter().any(Datum::is_null) {
            let mut one = Batch::new(reprs.iter().copied());
            one.columns.iter_mut().for_each(Column::push_null);
            one.set_len(1);
            rows.append(&one)?;
        } else {
            self.call_row(&invocation, &mut |batch| rows.append(batch).map(|()| true))?;
        }
        Ok(Box::new(Stored { rows, batch: Batch::new(reprs), next: 0, at: 0, row_values }))
    }
}

impl RowSource for Stored {
    fn gives_row_values(&self) -> bool {
        self.row_values
    }

    fn next(&mut self, columns: &mut [Column], most: usize, _: Context<'_>) -> Result<usize> {
        let mut count = 0;
        while count < most {
            if self.at >= self.batch.row_count() {
                if self.next >= self.rows.batches() {
                    break;
                }
                self.rows.read(self.next, &mut self.batch)?;
                (self.next, self.at) = (self.next + 1, 0);
                continue;
            }
            let take = (most - count).min(self.batch.row_count() - self.at);
            let rows = self.batch.rows();
            for (to, from) in columns.iter_mut().zip(&self.batch.columns) {
                (self.at..self.at + take).for_each(|n| {
                    let row = rows.position(n);
                    to.push(from.get(from.index(row)));
                });
            }
            (self.at, count) = (self.at + take, count + take);
        }
        Ok(count)
    }
}
