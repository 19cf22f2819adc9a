//! INTERSECT and EXCEPT by a hash table of the left side's rows; [`super::merge_set_op`] does it for sorted inputs.

use batch::{BATCH_ROWS, Batch, Repr};
use error::Result;
use planner::plan::{GroupKey, Node};

use super::grouping::GroupColumns;
use super::pairs::inner_alone;
use super::{Builder, Operator, Stage, reprs};
use crate::run::Run;
use crate::store::keys::{KeyTable, Keys, NO_KEY};

/// Counts each distinct row of the left side and how often the right side has it.
struct SetOp {
    left: Stage,
    right: Stage,
    columns: GroupColumns,
    except: bool,
    all: bool,
    table: KeyTable,
    rows: Batch,
    counts: Vec<(u64, u64)>,
    keys: Keys,
    started: bool,
    at: usize,
    numbers: Vec<u32>,
}

pub(super) fn build(
    builder: &Builder<'_>,
    (left, right): (&Node, &Node),
    except: bool,
    all: bool,
    keys: &[GroupKey],
) -> Result<(Box<dyn Operator>, Vec<Repr>)> {
    let forms = reprs(&left.output);
    let operator = SetOp {
        left: builder.stage(left)?,
        right: builder.stage(right)?,
        columns: GroupColumns::new(&left.output, keys),
        except,
        all,
        table: KeyTable::default(),
        rows: Batch::new(forms.iter().copied()),
        counts: Vec::new(),
        keys: Keys::default(),
        started: false,
        at: 0,
        numbers: Vec::new(),
    };
    Ok((Box::new(operator), forms))
}

impl SetOp {
    fn start(&mut self, run: &mut Run<'_>) -> Result<()> {
        self.table.clear();
        self.rows.clear();
        self.counts.clear();
        let mut batch = self.left.batch();
        while self.left.next(run, &mut batch)? {
            self.columns.keys(&batch, batch.rows(), run, &mut self.keys)?;
            for (k, row) in batch.rows().iter().enumerate() {
                let number = self.table.find_or_insert(&self.keys, k, true) as usize;
                if number == self.counts.len() {
                    self.counts.push((0, 0));
                    for (to, from) in self.rows.columns.iter_mut().zip(&batch.columns) {
                        to.push(from.get(row));
                    }
                }
                self.counts[number].0 += 1;
            }
        }
        while self.right.next(run, &mut batch)? {
            self.columns.keys(&batch, batch.rows(), run, &mut self.keys)?;
            for k in 0..batch.row_count() {
                let number = self.table.find(&self.keys, k);
                if number != NO_KEY {
                    self.counts[number as usize].1 += 1;
                }
            }
        }
        Ok(())
    }
}

/// How often a row comes out that either side has so often.
pub(super) fn times(except: bool, all: bool, (left, right): (u64, u64)) -> u64 {
    match (except, all) {
        (false, false) => (right > 0) as u64,
        (false, true) => left.min(right),
        (true, false) => (right == 0) as u64,
        (true, true) => left.saturating_sub(right),
    }
}

impl Operator for SetOp {
    fn next(&mut self, run: &mut Run<'_>, out: &mut Batch) -> Result<bool> {
        if !std::mem::replace(&mut self.started, true) {
            self.start(run)?;
            self.at = 0;
            self.numbers.clear();
        }
        while self.at < self.counts.len() && self.numbers.len() < BATCH_ROWS {
            let room = (BATCH_ROWS - self.numbers.len()) as u64;
            let times = times(self.except, self.all, self.counts[self.at]);
            let now = times.min(room);
            self.numbers.extend((0..now).map(|_| self.at as u32));
            if now < times {
                // The rest of a row that comes often: what came out is taken off its counts.
                self.counts[self.at].0 -= now;
                if !self.except {
                    self.counts[self.at].1 -= now;
                }
                break;
            }
            self.at += 1;
        }
        inner_alone(out, &self.rows.columns, &self.numbers);
        self.numbers.clear();
        Ok(!out.is_empty())
    }

    fn rewind(&mut self, run: &mut Run<'_>) -> Result<()> {
        self.started = false;
        self.left.rewind(run)?;
        self.right.rewind(run)
    }
}
