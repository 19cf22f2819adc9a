//! JSON in expressions: subscripts of jsonb.

use batch::{Batch, Column, DatumRef, Rows};
use error::{Error, Result, SqlState};
use types::json::{View, assign_path, subscripted};

use super::{Compiled, evaluate_all};
use crate::run::Run;

/// A part of jsonb values, or the values with that part replaced.
pub(super) struct JsonbSubscript {
    pub container: Compiled,
    pub path: Vec<Compiled>,
    pub assign: Option<Compiled>,
}

impl JsonbSubscript {
    pub fn evaluate(&mut self, input: &Batch, rows: Rows<'_>, run: &mut Run<'_>, out: &mut Column) -> Result<()> {
        self.container.evaluate(input, rows, run)?;
        evaluate_all(&mut self.path, input, rows, run)?;
        if let Some(assign) = &mut self.assign {
            assign.evaluate(input, rows, run)?;
        }
        out.reset(input.len());
        let mut path: Vec<DatumRef<'_>> = Vec::with_capacity(self.path.len());
        for row in rows.iter() {
            path.clear();
            path.extend(self.path.iter().map(|step| step.result(input).get(row)));
            let container = self.container.result(input).get(row).as_bytes().map(View::new);
            let Some(assign) = &self.assign else {
                match container.and_then(|view| subscripted(view, &path)) {
                    Some(part) => out.put(row, DatumRef::Bytes(part.bytes())),
                    None => out.set_null(row),
                }
                continue;
            };
            if path.iter().any(|step| step.is_null()) {
                return Err(Error::new(
                    SqlState::NULL_VALUE_NOT_ALLOWED,
                    "jsonb subscript in assignment must not be null",
                ));
            }
            // A null that is assigned is JSON's.
            let value = assign.result(input).get(row).as_bytes().map_or(View::NULL, View::new);
            let bytes = assign_path(container, &path, value)?;
            out.put(row, DatumRef::Bytes(&bytes));
        }
        Ok(())
    }
}
