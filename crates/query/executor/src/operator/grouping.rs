//! What makes rows equal: the columns of a group key, turned into keys of [`crate::store::keys`].

use std::cell::OnceCell;

use batch::{Batch, Column, DatumRef, Repr, Rows};
use error::Result;
use ids::Oid;
use planner::plan::{ColumnType, GroupKey};
use types::sortkey::{KeyColumn, KeyEncoder};

use crate::run::Run;
use crate::store::keys::Keys;

/// Columns of a batch by which rows are grouped or matched.
pub(crate) struct GroupColumns {
    positions: Vec<usize>,
    columns: Vec<KeyColumn>,
    encoder: OnceCell<KeyEncoder>,
    /// One column of a fixed width whose equality is that of its bits.
    fixed: bool,
}

/// Whether equal values of a type always have equal bits. Not so for floats (zero and minus zero).
fn equality_is_of_bits(ty: ColumnType) -> bool {
    const FLOAT4: Oid = Oid(700);
    const FLOAT8: Oid = Oid(701);
    ty.repr != Repr::Bytes && ty.oid != FLOAT4 && ty.oid != FLOAT8
}

impl GroupColumns {
    /// The columns that `keys` name.
    pub fn new(columns: &[ColumnType], keys: &[GroupKey]) -> GroupColumns {
        let named: Vec<ColumnType> = keys.iter().map(|key| columns[key.column]).collect();
        GroupColumns::of(
            keys.iter().map(|key| key.column).collect(),
            &named,
            keys.iter().map(|key| key.collation).collect(),
        )
    }

    /// Columns at these positions, of these types, compared by these collations.
    pub fn of(positions: Vec<usize>, types: &[ColumnType], collations: Vec<Oid>) -> GroupColumns {
        let columns = types.iter().zip(collations).map(|(ty, collation)| KeyColumn::ascending(ty.oid, collation));
        GroupColumns {
            positions,
            columns: columns.collect(),
            encoder: OnceCell::new(),
            fixed: types.len() == 1 && equality_is_of_bits(types[0]),
        }
    }

    /// The same, with keys that are always bytes: keys of different batches can then be compared by themselves.
    #[must_use]
    pub fn with_byte_keys(mut self) -> GroupColumns {
        self.fixed = false;
        self
    }

    /// Whether there are no columns: all rows are equal.
    pub fn is_empty(&self) -> bool {
        self.positions.is_empty()
    }

    /// The keys of a batch's rows.
    pub fn keys(&self, batch: &Batch, rows: Rows<'_>, run: &Run<'_>, keys: &mut Keys) -> Result<()> {
        if self.fixed {
            keys.set_fixed(&batch.columns[self.positions[0]], rows);
            return Ok(());
        }
        let columns: Vec<&Column> = self.positions.iter().map(|&position| &batch.columns[position]).collect();
        let encoder = match self.encoder.get() {
            Some(encoder) => encoder,
            None => {
                let encoder = KeyEncoder::for_equality(self.columns.clone(), run.env())?;
                self.encoder.get_or_init(|| encoder)
            }
        };
        let mut values = vec![DatumRef::Null; columns.len()];
        keys.set_bytes(rows.len(), |k, to| {
            let row = rows.position(k);
            let mut null = false;
            for (value, column) in values.iter_mut().zip(&columns) {
                *value = column.get(row);
                null |= value.is_null();
            }
            encoder.encode_row(&values, run.env(), to)?;
            Ok::<bool, error::Error>(null)
        })
    }
}
