//! INTERSECT and EXCEPT of sorted inputs: both are read in step, so that nothing but the rows at hand is kept.

use batch::{BATCH_ROWS, Batch, ByteValues, Repr};
use error::Result;
use planner::plan::{Node, SortKey};

use super::set_op::times;
use super::sort::{KeyColumns, key_columns};
use super::{Builder, Operator, Stage, reprs};
use crate::run::Run;

struct MergeSetOp {
    left: Side,
    right: Side,
    except: bool,
    all: bool,
    /// A row that comes out more often than the batch had room for, and how often it still does.
    row: Batch,
    owed: u64,
    /// The key of the rows at hand.
    key: Vec<u8>,
}

/// An input: its current batch, and the next row in it.
struct Side {
    stage: Stage,
    columns: KeyColumns,
    batch: Batch,
    keys: ByteValues,
    at: usize,
    started: bool,
    done: bool,
}

pub(super) fn build(
    builder: &Builder<'_>,
    (left, right): (&Node, &Node),
    (except, all): (bool, bool),
    keys: &[SortKey],
) -> Result<(Box<dyn Operator>, Vec<Repr>)> {
    let forms = reprs(&left.output);
    let side = |node: &Node| -> Result<Side> {
        let stage = builder.stage(node)?;
        Ok(Side {
            batch: stage.batch(),
            stage,
            columns: key_columns(&left.output, keys),
            keys: ByteValues::new(),
            at: 0,
            started: false,
            done: false,
        })
    };
    let operator = MergeSetOp {
        left: side(left)?,
        right: side(right)?,
        except,
        all,
        row: Batch::new(forms.iter().copied()),
        owed: 0,
        key: Vec::new(),
    };
    Ok((Box::new(operator), forms))
}

impl Side {
    /// The key of the next row; none at the end.
    fn peek(&mut self, run: &mut Run<'_>) -> Result<Option<&[u8]>> {
        while !self.done && (!self.started || self.at == self.batch.row_count()) {
            self.started = true;
            self.at = 0;
            self.done = !self.stage.next(run, &mut self.batch)?;
            if !self.done {
                self.columns.encode(&self.batch, self.batch.rows(), run, &mut self.keys)?;
            }
        }
        Ok((!self.done).then(|| self.keys.get(self.at)))
    }

    /// Steps over the rows with this key; how many they were.
    fn skip(&mut self, key: &[u8], run: &mut Run<'_>) -> Result<u64> {
        let mut count = 0;
        while self.peek(run)?.is_some_and(|next| next == key) {
            self.at += 1;
            count += 1;
        }
        Ok(count)
    }

    fn rewind(&mut self, run: &mut Run<'_>) -> Result<()> {
        (self.at, self.started, self.done) = (0, false, false);
        self.stage.rewind(run)
    }
}

impl Operator for MergeSetOp {
    fn next(&mut self, run: &mut Run<'_>, out: &mut Batch) -> Result<bool> {
        out.clear();
        let mut count = 0;
        while count < BATCH_ROWS {
            if self.owed == 0 {
                let Some(key) = self.left.peek(run)? else { break };
                self.key.clear();
                self.key.extend_from_slice(key);
                // The first of equal rows stands for all.
                let row = self.left.batch.rows().position(self.left.at);
                self.row.clear();
                for (to, from) in self.row.columns.iter_mut().zip(&self.left.batch.columns) {
                    to.push(from.get(row));
                }
                let left = self.left.skip(&self.key, run)?;
                while self.right.peek(run)?.is_some_and(|next| next < &self.key[..]) {
                    self.right.at += 1;
                }
                let right = self.right.skip(&self.key, run)?;
                self.owed = times(self.except, self.all, (left, right));
            }
            let now = self.owed.min((BATCH_ROWS - count) as u64);
            for (to, from) in out.columns.iter_mut().zip(&self.row.columns) {
                (0..now).for_each(|_| to.push(from.get(0)));
            }
            self.owed -= now;
            count += now as usize;
        }
        out.set_len(count);
        Ok(count > 0)
    }

    fn rewind(&mut self, run: &mut Run<'_>) -> Result<()> {
        self.owed = 0;
        self.left.rewind(run)?;
        self.right.rewind(run)
    }
}
