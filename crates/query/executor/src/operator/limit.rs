//! LIMIT and OFFSET.

use batch::Batch;
use error::{Error, Result, SqlState};
use planner::plan::{ColumnType, Expr, GroupKey};

use super::grouping::GroupColumns;
use super::{Operator, Stage};
use crate::expression::{Compiled, compile};
use crate::run::Run;
use crate::store::keys::Keys;

/// The rows after the first `offset`, at most `count` of them, with ties if asked for.
pub(super) struct Limit {
    input: Stage,
    count: Option<Compiled>,
    offset: Option<Compiled>,
    ties: Option<GroupColumns>,
    /// The key of the last row within the count, once that is reached.
    last: Option<Vec<u8>>,
    state: Option<Left>,
    keys: Keys,
}

/// What is left to skip and to give.
struct Left {
    skip: u64,
    give: u64,
}

impl Limit {
    pub fn new(
        input: Stage,
        columns: &[ColumnType],
        count: Option<&Expr>,
        offset: Option<&Expr>,
        ties: Option<&[GroupKey]>,
    ) -> Result<Limit> {
        Ok(Limit {
            input,
            count: count.map(compile).transpose()?,
            offset: offset.map(compile).transpose()?,
            ties: ties.map(|keys| GroupColumns::new(columns, keys).with_byte_keys()),
            last: None,
            state: None,
            keys: Keys::default(),
        })
    }

    fn start(&mut self, run: &mut Run<'_>) -> Result<Left> {
        let mut number = |expression: &mut Option<Compiled>, missing, state, what: &str| match expression {
            None => Ok(missing),
            Some(expression) => match expression.value(run)?.as_i64() {
                None => Ok(missing),
                Some(n) => u64::try_from(n).map_err(|_| Error::new(state, format!("{what} must not be negative"))),
            },
        };
        let skip = number(&mut self.offset, 0, SqlState::INVALID_ROW_COUNT_IN_RESULT_OFFSET_CLAUSE, "OFFSET")?;
        let give = number(&mut self.count, u64::MAX, SqlState::INVALID_ROW_COUNT_IN_LIMIT_CLAUSE, "LIMIT")?;
        Ok(Left { skip, give })
    }

    /// After the count is reached: the rows that are the last one's peers.
    fn next_ties(&mut self, run: &mut Run<'_>, out: &mut Batch) -> Result<bool> {
        let (Some(ties), Some(last)) = (&mut self.ties, &self.last) else { return Ok(false) };
        if !self.input.next(run, out)? {
            self.last = None;
            return Ok(false);
        }
        ties.keys(out, out.rows(), run, &mut self.keys)?;
        let peers = (0..out.row_count()).take_while(|&k| self.keys.bytes(k) == last.as_slice()).count();
        if peers < out.row_count() {
            self.last = None;
        }
        keep(out, 0, peers);
        Ok(peers > 0)
    }
}

/// Keeps `count` rows of a batch from the `from`-th on.
fn keep(batch: &mut Batch, from: usize, count: usize) {
    if from == 0 && count == batch.row_count() {
        return;
    }
    let positions: Vec<u16> = (from..from + count).map(|k| batch.rows().position(k) as u16).collect();
    batch.selection.set(positions);
}

impl Operator for Limit {
    fn next(&mut self, run: &mut Run<'_>, out: &mut Batch) -> Result<bool> {
        if self.state.is_none() {
            self.state = Some(self.start(run)?);
        }
        loop {
            let Some(left) = &mut self.state else { return Ok(false) };
            if left.give == 0 {
                return self.next_ties(run, out);
            }
            // No row more than this is looked at in any way that shows: functions with effects, errors, locks.
            let before = run.state.wanted;
            let give = usize::try_from(left.give).unwrap_or(usize::MAX).min(before);
            run.state.wanted = give.saturating_add(usize::try_from(left.skip).unwrap_or(usize::MAX));
            let more = self.input.next(run, out);
            run.state.wanted = before;
            if !more? {
                return Ok(false);
            }
            let rows = out.row_count() as u64;
            let skipped = left.skip.min(rows);
            left.skip -= skipped;
            let given = left.give.min(rows - skipped);
            if given == 0 {
                continue;
            }
            left.give -= given;
            if left.give == 0
                && let Some(ties) = &mut self.ties
            {
                ties.keys(out, out.rows(), run, &mut self.keys)?;
                let last = self.keys.bytes((skipped + given) as usize - 1).to_vec();
                let after = (skipped + given) as usize..out.row_count();
                let peers = after.clone().take_while(|&k| self.keys.bytes(k) == last.as_slice()).count();
                // Whether peers follow in the next batch is known only if this one ended with one.
                self.last = (peers == after.len()).then_some(last);
                keep(out, skipped as usize, given as usize + peers);
            } else {
                keep(out, skipped as usize, given as usize);
            }
            return Ok(true);
        }
    }

    fn rewind(&mut self, run: &mut Run<'_>) -> Result<()> {
        self.state = None;
        self.last = None;
        self.input.rewind(run)
    }
}
