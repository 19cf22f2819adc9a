//! One grouping set by hashing.
//!
//! If its groups outgrow their memory, no new ones are admitted: rows of unknown groups go to partitions in temporary files, chosen by the
//! upper bits of their keys' hashes, and each partition is grouped by itself afterwards.

use std::collections::VecDeque;

use batch::{Batch, Repr, Rows};
use error::Result;
use types::Groups;

use super::super::grouping::GroupColumns;
use super::call::Call;
use super::states::SetStates;
use crate::run::Run;
use crate::store::keys::{KeyTable, Keys, NO_KEY};
use crate::store::rows::RowStore;

const PARTITION_BITS: u32 = 5;
const MAX_DEPTH: u32 = 6;

pub(super) struct HashedSet {
    columns: GroupColumns,
    table: KeyTable,
    /// Its groups so far.
    pub states: SetStates,
    /// Rows of groups that were not admitted.
    spilled: Option<Vec<RowStore>>,
    /// Spilled rows to be grouped when these groups are out.
    waiting: VecDeque<(RowStore, u32)>,
    depth: u32,
    /// Partitions so far, and their bytes in files; the most memory in use.
    batches: u64,
    disk: u64,
    most: usize,
    keys: Keys,
    numbers: Vec<u32>,
}

impl HashedSet {
    pub fn new(columns: GroupColumns, states: SetStates) -> HashedSet {
        HashedSet {
            columns,
            table: KeyTable::default(),
            states,
            spilled: None,
            waiting: VecDeque::new(),
            depth: 0,
            batches: 0,
            disk: 0,
            most: 0,
            keys: Keys::default(),
            numbers: Vec::new(),
        }
    }

    /// Begins with the input's rows.
    pub fn start(&mut self, calls: &mut [Call], run: &mut Run<'_>) -> Result<()> {
        self.depth = 0;
        self.waiting.clear();
        self.start_groups(calls, run)
    }

    fn start_groups(&mut self, calls: &mut [Call], run: &mut Run<'_>) -> Result<()> {
        // Groups that filled their memory leave none behind, or each partition would seem to be too large, too.
        if self.memory() > run.state.work_mem / 2 {
            self.table = KeyTable::default();
            self.states.shrink();
        }
        self.table.clear();
        self.spilled = None;
        self.states.start(calls, run)
    }

    /// Batches, the most memory, bytes in files.
    pub fn work(&self) -> [u64; 3] {
        [self.batches + 1, self.most as u64, self.disk]
    }

    fn memory(&self) -> usize {
        self.table.memory() + self.states.memory()
    }

    /// Adds a batch of rows of these forms; above `limit` bytes no new groups are admitted.
    pub fn add(
        &mut self,
        calls: &mut [Call],
        batch: &Batch,
        forms: &[Repr],
        limit: usize,
        run: &mut Run<'_>,
    ) -> Result<()> {
        let rows = batch.rows();
        self.columns.keys(batch, rows, run, &mut self.keys)?;
        let (keys, numbers) = (&self.keys, &mut self.numbers);
        numbers.clear();
        let before = self.states.groups;
        let admit = self.spilled.is_none();
        for (k, row) in rows.iter().enumerate() {
            let number = self.table.find_or_insert(keys, k, admit);
            numbers.push(number);
            if number != NO_KEY && number as usize == self.states.groups {
                self.states.begin(batch, row);
            }
        }
        if self.states.groups > before {
            self.states.admit();
        }
        if admit {
            self.states.update(calls, batch, rows, Groups::Each(numbers), run)?;
        } else {
            // Rows of groups that were not admitted wait in a partition.
            let known: Vec<u16> =
                rows.iter().zip(&*numbers).filter(|(_, n)| **n != NO_KEY).map(|(row, _)| row as u16).collect();
            let mut waiting = vec![Vec::new(); 1 << PARTITION_BITS];
            for (k, row) in rows.iter().enumerate().filter(|(k, _)| numbers[*k] == NO_KEY) {
                let shift = 64 - PARTITION_BITS * (self.depth + 1);
                waiting[(keys.hash(k) >> shift) as usize & ((1 << PARTITION_BITS) - 1)].push(row as u16);
            }
            for (store, rows) in self.spilled.iter_mut().flatten().zip(&waiting).filter(|(_, rows)| !rows.is_empty()) {
                store.append_rows(batch, Rows::Some(rows))?;
            }
            numbers.retain(|&number| number != NO_KEY);
            self.states.update(calls, batch, Rows::Some(&known), Groups::Each(numbers), run)?;
        }
        if self.spilled.is_none() && self.depth < MAX_DEPTH && self.memory() > limit {
            let space = run.session.temporary_space();
            let store = |_| RowStore::new(forms.to_vec(), 0, space.clone());
            self.spilled = Some((0..1 << PARTITION_BITS).map(store).collect());
        }
        Ok(())
    }

    /// Ends the input: the groups are ready, and the spilled rows lined up.
    pub fn finish(&mut self, calls: &mut [Call], run: &mut Run<'_>) -> Result<()> {
        self.states.finish(calls, run)?;
        self.most = self.most.max(self.memory());
        for mut store in self.spilled.take().into_iter().flatten().filter(|store| !store.is_empty()) {
            store.rest()?;
            self.batches += 1;
            self.disk += store.spilled().unwrap_or_default();
            self.waiting.push_back((store, self.depth + 1));
        }
        Ok(())
    }

    /// Groups the rows of the next partition; false if there is none.
    pub fn next_partition(
        &mut self,
        calls: &mut [Call],
        batch: &mut Batch,
        forms: &[Repr],
        limit: usize,
        run: &mut Run<'_>,
    ) -> Result<bool> {
        let Some((mut store, depth)) = self.waiting.pop_front() else { return Ok(false) };
        self.depth = depth;
        self.start_groups(calls, run)?;
        for number in 0..store.batches() {
            store.read(number, batch)?;
            self.add(calls, batch, forms, limit, run)?;
        }
        self.finish(calls, run)?;
        Ok(true)
    }
}
