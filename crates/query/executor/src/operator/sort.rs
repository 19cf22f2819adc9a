//! Sorts rows by byte-comparable keys.

use std::cell::OnceCell;

use batch::{Batch, ByteValues, Column, Rows};
use error::Result;
use planner::explain::Work;
use planner::plan::{ColumnType, SortKey};
use types::sortkey::{KeyColumn, KeyEncoder};

use super::{Operator, Stage, reprs};
use crate::run::Run;
use crate::store::sorter::Sorter;

/// Columns of a batch, and how they become a key.
pub(crate) struct KeyColumns {
    positions: Vec<usize>,
    columns: Vec<KeyColumn>,
    encoder: OnceCell<KeyEncoder>,
}

/// What turns the columns that `keys` name into keys in their order.
pub(crate) fn key_columns(columns: &[ColumnType], keys: &[SortKey]) -> KeyColumns {
    KeyColumns {
        positions: keys.iter().map(|key| key.column).collect(),
        columns: keys
            .iter()
            .map(|key| KeyColumn {
                type_oid: columns[key.column].oid,
                collation: key.collation,
                descending: key.descending,
                nulls_first: key.nulls_first,
            })
            .collect(),
        encoder: OnceCell::new(),
    }
}

/// The encoder for these columns, made on first use.
pub(crate) fn encoder<'a>(
    made: &'a OnceCell<KeyEncoder>,
    columns: &[KeyColumn],
    run: &Run<'_>,
) -> Result<&'a KeyEncoder> {
    match made.get() {
        Some(encoder) => Ok(encoder),
        None => {
            let encoder = KeyEncoder::new(columns.to_vec(), run.env())?;
            Ok(made.get_or_init(|| encoder))
        }
    }
}

impl KeyColumns {
    /// The keys of a batch's rows, in the rows' order.
    pub fn encode(&self, batch: &Batch, rows: Rows<'_>, run: &Run<'_>, out: &mut ByteValues) -> Result<()> {
        out.clear();
        let encoder = encoder(&self.encoder, &self.columns, run)?;
        let columns: Vec<&Column> = self.positions.iter().map(|&position| &batch.columns[position]).collect();
        encoder.encode_batch(&columns, rows, run.env(), out)
    }
}

/// Sorts its input.
pub(super) struct Sort {
    input: Stage,
    columns: Vec<ColumnType>,
    keys: KeyColumns,
    limit: Option<u64>,
    sorter: Option<Sorter>,
    /// How it was done.
    work: Work,
}

/// A bound above this is not worth keeping rows in memory for.
const MAX_BOUND: u64 = 100_000;

impl Sort {
    pub fn new(input: Stage, columns: &[ColumnType], keys: &[SortKey], limit: Option<u64>) -> Sort {
        let limit = limit.filter(|&limit| limit <= MAX_BOUND);
        Sort {
            input,
            columns: columns.to_vec(),
            keys: key_columns(columns, keys),
            limit,
            sorter: None,
            work: Work::None,
        }
    }
}

impl Operator for Sort {
    fn next(&mut self, run: &mut Run<'_>, out: &mut Batch) -> Result<bool> {
        if self.sorter.is_none() {
            let space = run.session.temporary_space();
            let bound = self.limit.map(|limit| limit as usize);
            let mut sorter = Sorter::new(reprs(&self.columns), run.state.work_mem, bound, space).with_familiar_order();
            let (mut batch, mut keys) = (self.input.batch(), ByteValues::new());
            let wanted = std::mem::replace(&mut run.state.wanted, usize::MAX);
            while self.input.next(run, &mut batch)? {
                self.keys.encode(&batch, batch.rows(), run, &mut keys)?;
                sorter.add(&batch, batch.rows(), &keys)?;
            }
            run.state.wanted = wanted;
            sorter.finish()?;
            self.work = sorter.work();
            self.sorter = Some(sorter);
        }
        self.sorter.as_mut().map_or(Ok(false), |sorter| sorter.next(out))
    }

    fn work(&self, _: &Run<'_>) -> Work {
        self.work
    }

    fn rewind(&mut self, run: &mut Run<'_>) -> Result<()> {
        self.sorter = None;
        self.input.rewind(run)
    }
}
