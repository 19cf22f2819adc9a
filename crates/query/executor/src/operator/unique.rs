//! Drops repeated neighbours.

use batch::Batch;
use error::Result;
use planner::plan::{ColumnType, GroupKey};

use super::grouping::GroupColumns;
use super::{Operator, Stage};
use crate::run::Run;
use crate::store::keys::Keys;

/// The first of each run of equal rows.
pub(super) struct Unique {
    input: Stage,
    columns: GroupColumns,
    keys: Keys,
    last: Option<Vec<u8>>,
}

impl Unique {
    pub fn new(input: Stage, columns: &[ColumnType], keys: &[GroupKey]) -> Unique {
        Unique { input, columns: GroupColumns::new(columns, keys).with_byte_keys(), keys: Keys::default(), last: None }
    }
}

impl Operator for Unique {
    fn next(&mut self, run: &mut Run<'_>, out: &mut Batch) -> Result<bool> {
        if !self.input.next(run, out)? {
            return Ok(false);
        }
        self.columns.keys(out, out.rows(), run, &mut self.keys)?;
        let keys = &self.keys;
        let mut selection = std::mem::take(&mut out.selection);
        let mut k = 0;
        selection.retain(out.len(), |_| {
            let previous = if k == 0 { self.last.as_deref() } else { Some(keys.bytes(k - 1)) };
            let differs = previous != Some(keys.bytes(k));
            k += 1;
            differs
        });
        out.selection = selection;
        if k > 0 {
            let last = self.last.get_or_insert_default();
            last.clear();
            last.extend_from_slice(keys.bytes(k - 1));
        }
        Ok(true)
    }

    fn rewind(&mut self, run: &mut Run<'_>) -> Result<()> {
        self.last = None;
        self.input.rewind(run)
    }
}
