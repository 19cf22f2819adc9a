//! Sorts rows that are sorted by the first keys already: group by group, so that the first rows come early and little memory is needed.

use batch::{Batch, ByteValues, Rows};
use error::Result;
use planner::explain::Work;
use planner::plan::{ColumnType, SortKey};

use super::sort::{KeyColumns, key_columns};
use super::{Operator, Stage, reprs};
use crate::run::Run;
use crate::store::sorter::Sorter;

/// Small groups are sorted together until there are so many rows.
const ROWS_LEAST: usize = 64;

pub(super) struct IncrementalSort {
    input: Stage,
    columns: Vec<ColumnType>,
    keys: KeyColumns,
    /// The keys that the input is sorted by.
    prefix: KeyColumns,
    sorter: Option<Sorter>,
    batch: Batch,
    prefixes: ByteValues,
    /// The next row of the batch, counting the selected ones.
    at: usize,
    done: bool,
    /// Groups sorted, and those of them in files; memory of all, and of the largest; the same of files.
    groups: [u64; 2],
    memory: [u64; 2],
    disk: [u64; 2],
}

impl IncrementalSort {
    pub fn new(input: Stage, columns: &[ColumnType], keys: &[SortKey], presorted: usize) -> IncrementalSort {
        IncrementalSort {
            batch: input.batch(),
            input,
            columns: columns.to_vec(),
            keys: key_columns(columns, keys),
            prefix: key_columns(columns, &keys[..presorted]),
            sorter: None,
            prefixes: ByteValues::new(),
            at: 0,
            done: false,
            groups: [0; 2],
            memory: [0; 2],
            disk: [0; 2],
        }
    }

    /// Reads whole groups and sorts them; none at the end of the input.
    fn fill(&mut self, run: &mut Run<'_>) -> Result<Option<Sorter>> {
        let space = run.session.temporary_space();
        let mut sorter = Sorter::new(reprs(&self.columns), run.state.work_mem, None, space).with_familiar_order();
        let (mut group, mut count, mut keys) = (None::<Vec<u8>>, 0, ByteValues::new());
        loop {
            if self.at >= self.batch.row_count() {
                if self.done || !self.input.next(run, &mut self.batch)? {
                    self.done = true;
                    self.batch.clear();
                    self.at = 0;
                    break;
                }
                self.at = 0;
                self.prefix.encode(&self.batch, self.batch.rows(), run, &mut self.prefixes)?;
            }
            // Rows up to the end of the group, or of as many groups as it takes.
            let rows = self.batch.rows();
            let mut end = self.at;
            let mut full = false;
            while end < rows.len() {
                let prefix = self.prefixes.get(end);
                if group.as_deref() != Some(prefix) {
                    if count + (end - self.at) >= ROWS_LEAST {
                        full = true;
                        break;
                    }
                    group = Some(prefix.to_vec());
                }
                end += 1;
            }
            if end > self.at {
                let positions: Vec<u16> = (self.at..end).map(|k| rows.position(k) as u16).collect();
                let selected = Rows::Some(&positions);
                self.keys.encode(&self.batch, selected, run, &mut keys)?;
                sorter.add(&self.batch, selected, &keys)?;
                count += end - self.at;
                self.at = end;
            }
            if full {
                break;
            }
        }
        if count == 0 {
            return Ok(None);
        }
        sorter.finish()?;
        let (space, bytes) = match sorter.spilled() {
            Some(bytes) => (&mut self.disk, bytes),
            None => (&mut self.memory, sorter.memory() as u64),
        };
        *space = [space[0] + bytes, space[1].max(bytes)];
        self.groups = [self.groups[0] + 1, self.groups[1] + sorter.spilled().is_some() as u64];
        Ok(Some(sorter))
    }
}

impl Operator for IncrementalSort {
    fn next(&mut self, run: &mut Run<'_>, out: &mut Batch) -> Result<bool> {
        loop {
            if let Some(sorter) = &mut self.sorter {
                if sorter.next(out)? {
                    return Ok(true);
                }
                self.sorter = None;
            }
            match self.fill(run)? {
                Some(sorter) => self.sorter = Some(sorter),
                None => {
                    out.clear();
                    return Ok(false);
                }
            }
        }
    }

    fn work(&self, _: &Run<'_>) -> Work {
        let [groups, external] = self.groups;
        Work::IncrementalSort { groups, external, memory: self.memory, disk: self.disk }
    }

    fn rewind(&mut self, run: &mut Run<'_>) -> Result<()> {
        (self.sorter, self.at, self.done) = (None, 0, false);
        self.batch.clear();
        self.input.rewind(run)
    }
}
