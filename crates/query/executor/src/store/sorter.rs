//! Rows in the order of byte-comparable keys.
//!
//! The caller encodes each row's sort columns as bytes whose order is SQL's order (`types::sortkey`), so sorting compares
//! memory: first an eight-byte prefix held beside the row's number, then the rest. When rows and keys outgrow their
//! share of memory, the rows so far are sorted and written as a *run*; at the end the runs are merged through a heap. Rows with
//! equal keys keep the order in which they came, or have the one of PostgreSQL ([`Sorter::with_familiar_order`]).
//!
//! With a bound (`ORDER BY … LIMIT n`) only the first `n` rows are kept: whenever twice as many have gathered, the
//! later half is dropped, and rows beyond the worst that is kept are not even stored.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use batch::{BATCH_ROWS, Batch, ByteValues, Column, DatumRef, Repr, Rows};
use error::Result;
use planner::explain::{SortMethod, Work};

use super::quicksort;
use super::temp::{BatchAddress, TempFile, TempSpace};

/// A row to be sorted: where its key and its values are.
#[derive(Clone, Copy)]
struct Entry {
    prefix: u64,
    /// Number of the row among those in memory: batch times [`BATCH_ROWS`] plus position.
    row: u64,
}

/// About how many bytes of a run are read at once.
const RUN_PIECE_BYTES: usize = 128 << 10;

/// Keys of the rows in memory, one `ByteValues` for each batch of rows.
#[derive(Default)]
struct Held {
    batches: Vec<Batch>,
    keys: Vec<ByteValues>,
    entries: Vec<Entry>,
    /// The last row that a bound kept when it was last applied: later rows must be before it.
    worst: Option<Entry>,
    memory: usize,
}

impl Held {
    fn key(&self, row: u64) -> &[u8] {
        self.keys[row as usize / BATCH_ROWS].get(row as usize % BATCH_ROWS)
    }

    fn compare(&self, a: &Entry, b: &Entry) -> Ordering {
        a.prefix.cmp(&b.prefix).then_with(|| self.key(a.row).cmp(self.key(b.row))).then_with(|| a.row.cmp(&b.row))
    }

    fn sort(&mut self) {
        let mut entries = std::mem::take(&mut self.entries);
        entries.sort_unstable_by(|a, b| self.compare(a, b));
        self.entries = entries;
    }

    /// Sorts, rows with equal keys in an order that PostgreSQL's users know.
    fn quicksort(&mut self) {
        let mut entries = std::mem::take(&mut self.entries);
        let by_key = |a: &Entry, b: &Entry| a.prefix.cmp(&b.prefix).then_with(|| self.key(a.row).cmp(self.key(b.row)));
        quicksort::sort(&mut entries, &by_key);
        self.entries = entries;
    }

    /// Copies the rows of some entries to `out`.
    fn gather(&self, entries: &[Entry], out: &mut Batch) {
        out.clear();
        for (n, to) in out.columns.iter_mut().enumerate() {
            for entry in entries {
                let from = &self.batches[entry.row as usize / BATCH_ROWS].columns[n];
                to.push(from.get(entry.row as usize % BATCH_ROWS));
            }
        }
        out.set_len(entries.len());
    }
}

fn prefix(key: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    let len = key.len().min(8);
    bytes[..len].copy_from_slice(&key[..len]);
    u64::from_be_bytes(bytes)
}

/// One sorted run in the file; the key is its last column.
struct Run {
    addresses: std::vec::IntoIter<BatchAddress>,
    batch: Batch,
    position: usize,
}

impl Run {
    fn key(&self) -> &[u8] {
        self.batch.columns.last().map_or(&[], |column| column.bytes().get(self.position))
    }
}

/// Sorts rows by byte-comparable keys.
pub struct Sorter {
    reprs: Vec<Repr>,
    held: Held,
    limit: usize,
    bound: Option<usize>,
    space: TempSpace,
    file: Option<TempFile>,
    runs: Vec<Vec<BatchAddress>>,
    state: State,
    /// The keys of the rows that were given last, if they are wanted.
    given: Option<ByteValues>,
    /// Of more rows than wanted only the first were kept.
    chosen: bool,
    /// Few rows with equal keys come in the order that PostgreSQL gives them, not in that in which they came.
    familiar: bool,
}

enum State {
    Filling,
    /// All rows in memory; the next entry to give.
    Memory(usize),
    /// Runs on disk, merged; the heap holds run numbers by their keys, smallest first.
    Merging {
        runs: Vec<Run>,
        heap: BinaryHeap<Head>,
    },
}

/// A run's smallest key not yet given. Greater means earlier, as `BinaryHeap` gives the greatest.
struct Head {
    key: Vec<u8>,
    run: usize,
}

impl Ord for Head {
    fn cmp(&self, other: &Head) -> Ordering {
        other.key.cmp(&self.key).then_with(|| other.run.cmp(&self.run))
    }
}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Head) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Head {
    fn eq(&self, other: &Head) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Head {}

impl Sorter {
    /// A sorter for rows of these columns: `limit` bytes of memory before runs go to a file in `directory`; with a
    /// `bound`, only that many first rows are wanted.
    pub fn new(reprs: Vec<Repr>, limit: usize, bound: Option<usize>, space: TempSpace) -> Sorter {
        Sorter {
            reprs,
            held: Held::default(),
            limit,
            bound,
            space,
            file: None,
            runs: Vec::new(),
            state: State::Filling,
            given: None,
            chosen: false,
            familiar: false,
        }
    }

    /// Gives rows with equal keys in the order in which PostgreSQL would, if they are few; see [`quicksort`].
    #[must_use]
    pub fn with_familiar_order(mut self) -> Sorter {
        self.familiar = true;
        self
    }

    /// Keeps the keys of the rows that [`Sorter::next`] gives, for [`Sorter::key`].
    #[must_use]
    pub fn with_keys(mut self) -> Sorter {
        self.given = Some(ByteValues::new());
        self
    }

    /// The key of row `row` of the batch that [`Sorter::next`] gave last; for a sorter made [`Sorter::with_keys`].
    pub fn key(&self, row: usize) -> &[u8] {
        self.given.as_ref().map_or(&[], |given| given.get(row))
    }

    /// Adds rows: the key of the `k`-th of `rows` is `keys.get(k)`.
    pub fn add(&mut self, batch: &Batch, rows: Rows<'_>, keys: &ByteValues) -> Result<()> {
        let threshold = self.threshold();
        for (k, row) in rows.iter().enumerate() {
            let key = keys.get(k);
            if let Some(worst) = &threshold
                && key >= worst.as_slice()
            {
                continue;
            }
            let needs_batch = match self.held.batches.last() {
                None => true,
                Some(last) => last.len() == BATCH_ROWS,
            };
            if needs_batch {
                self.held.batches.push(Batch::new(self.reprs.iter().copied()));
                self.held.keys.push(ByteValues::new());
            }
            let at = self.held.batches.len() - 1;
            let last = &mut self.held.batches[at];
            let position = last.len();
            for (to, from) in last.columns.iter_mut().zip(&batch.columns) {
                to.push(from.get(row));
            }
            last.set_len(position + 1);
            self.held.keys[at].push(key);
            self.held.entries.push(Entry { prefix: prefix(key), row: (at * BATCH_ROWS + position) as u64 });
            if position + 1 == BATCH_ROWS {
                self.held.memory +=
                    self.held.batches[at].memory() + self.held.keys[at].memory() + BATCH_ROWS * size_of::<Entry>();
                if self.bound.is_none() && self.held.memory > self.limit {
                    self.spill()?;
                }
            }
        }
        // Few, but long rows.
        let last = self.held.batches.last().filter(|last| last.len() < BATCH_ROWS).map_or(0, Batch::memory);
        if self.bound.is_none() && last > 0 && self.held.memory + last > self.limit.saturating_mul(2) {
            self.spill()?;
        }
        if let Some(bound) = self.bound
            && self.held.entries.len() >= (bound * 2).max(BATCH_ROWS)
        {
            self.drop_beyond(bound);
        }
        Ok(())
    }

    /// With a bound that is already met: the key of the worst row that is kept.
    fn threshold(&self) -> Option<Vec<u8>> {
        let bound = self.bound?;
        if bound == 0 {
            return Some(Vec::new());
        }
        let worst = self.held.worst?;
        debug_assert!(worst.row < bound as u64);
        Some(self.held.key(worst.row).to_vec())
    }

    /// Keeps the first `bound` rows and gives the memory of the others back.
    fn drop_beyond(&mut self, bound: usize) {
        self.held.sort();
        self.held.entries.truncate(bound);
        let old = std::mem::take(&mut self.held);
        for entries in old.entries.chunks(BATCH_ROWS) {
            let mut batch = Batch::new(self.reprs.iter().copied());
            old.gather(entries, &mut batch);
            let mut keys = ByteValues::new();
            for (position, entry) in entries.iter().enumerate() {
                keys.push(old.key(entry.row));
                let row = (self.held.batches.len() * BATCH_ROWS + position) as u64;
                self.held.entries.push(Entry { prefix: entry.prefix, row });
            }
            self.held.batches.push(batch);
            self.held.keys.push(keys);
        }
        self.held.worst = self.held.entries.last().copied();
    }

    /// Writes the rows in memory to the file, as a sorted run.
    fn spill(&mut self) -> Result<()> {
        self.held.sort();
        if self.file.is_none() {
            self.file = Some(TempFile::create(&self.space)?);
        }
        let Some(file) = &mut self.file else { return Ok(()) };
        let held = std::mem::take(&mut self.held);
        let mut out = Batch::new(self.reprs.iter().copied());
        let mut addresses = Vec::new();
        // A merge has a piece of each run in memory.
        let memory: usize = held.batches.iter().map(Batch::memory).sum::<usize>()
            + held.keys.iter().map(ByteValues::memory).sum::<usize>();
        let rows = (held.entries.len() * RUN_PIECE_BYTES / memory.max(1)).clamp(16, BATCH_ROWS);
        for entries in held.entries.chunks(rows) {
            held.gather(entries, &mut out);
            let mut keys = Column::new(Repr::Bytes);
            entries.iter().for_each(|entry| keys.push(DatumRef::Bytes(held.key(entry.row))));
            out.columns.push(keys);
            addresses.push(file.write(&out, out.rows())?);
            out.columns.pop();
        }
        self.runs.push(addresses);
        Ok(())
    }

    /// Ends the input; from here on [`Sorter::next`] gives rows.
    pub fn finish(&mut self) -> Result<()> {
        if self.runs.is_empty() {
            let rows = self.held.entries.len();
            // What was dropped for a bound was sorted before.
            let whole = self.held.worst.is_none() && self.bound.is_none_or(|bound| rows <= bound.saturating_mul(2));
            match self.familiar && whole && rows <= quicksort::ROWS_MOST {
                true => self.held.quicksort(),
                false => self.held.sort(),
            }
            self.chosen = !whole;
            if let Some(bound) = self.bound {
                self.held.entries.truncate(bound);
            }
            self.state = State::Memory(0);
            return Ok(());
        }
        if !self.held.entries.is_empty() {
            self.spill()?;
        }
        self.restart()
    }

    /// Gives all rows once more from the first; only after [`Sorter::finish`].
    pub fn restart(&mut self) -> Result<()> {
        if self.runs.is_empty() {
            self.state = State::Memory(0);
            return Ok(());
        }
        let Some(file) = &mut self.file else { return Ok(()) };
        let (mut runs, mut heap) = (Vec::new(), BinaryHeap::new());
        for addresses in &self.runs {
            let mut run = Run {
                addresses: addresses.clone().into_iter(),
                batch: Batch::new(self.reprs.iter().copied().chain([Repr::Bytes])),
                position: 0,
            };
            if let Some(address) = run.addresses.next() {
                file.read(address, &mut run.batch)?;
                heap.push(Head { key: run.key().to_vec(), run: runs.len() });
                runs.push(run);
            }
        }
        self.state = State::Merging { runs, heap };
        Ok(())
    }

    /// Fills `out` with the next rows; false at the end.
    pub fn next(&mut self, out: &mut Batch) -> Result<bool> {
        match &mut self.state {
            State::Filling => Err(error::Error::internal("a sorter was read before its input ended")),
            State::Memory(at) => {
                let end = (*at + BATCH_ROWS).min(self.held.entries.len());
                if let Some(given) = &mut self.given {
                    given.clear();
                    self.held.entries[*at..end].iter().for_each(|entry| given.push(self.held.key(entry.row)));
                }
                self.held.gather(&self.held.entries[*at..end], out);
                *at = end;
                Ok(!out.is_empty())
            }
            State::Merging { runs, heap } => {
                out.clear();
                if let Some(given) = &mut self.given {
                    given.clear();
                }
                let mut count = 0;
                while count < BATCH_ROWS {
                    let Some(mut head) = heap.peek_mut() else { break };
                    let run = &mut runs[head.run];
                    if let Some(given) = &mut self.given {
                        given.push(run.key());
                    }
                    for (to, from) in out.columns.iter_mut().zip(&run.batch.columns) {
                        to.push(from.get(run.position));
                    }
                    count += 1;
                    run.position += 1;
                    if run.position == run.batch.len() {
                        match (run.addresses.next(), &mut self.file) {
                            (Some(address), Some(file)) => {
                                file.read(address, &mut run.batch)?;
                                run.position = 0;
                            }
                            _ => {
                                std::collections::binary_heap::PeekMut::pop(head);
                                continue;
                            }
                        }
                    }
                    head.key.clear();
                    head.key.extend_from_slice(run.key());
                }
                out.set_len(count);
                Ok(count > 0)
            }
        }
    }

    /// How the rows were sorted; after [`Sorter::finish`].
    pub fn work(&self) -> Work {
        let (method, bytes) = match self.spilled() {
            Some(bytes) => (SortMethod::External, bytes),
            None if self.chosen => (SortMethod::TopN, self.memory() as u64),
            None => (SortMethod::Quicksort, self.memory() as u64),
        };
        Work::Sort { method, bytes }
    }

    /// Memory in use, in bytes.
    pub fn memory(&self) -> usize {
        // What stands in the last batch is counted when it is full.
        let last = self.held.batches.last().filter(|last| last.len() < BATCH_ROWS).map_or(0, Batch::memory);
        let keys = self.held.keys.last().filter(|_| last > 0).map_or(0, ByteValues::memory);
        self.held.memory + last + keys + self.held.entries.len() % BATCH_ROWS * size_of::<Entry>()
    }

    /// Bytes in the temporary file, if there is one.
    pub fn spilled(&self) -> Option<u64> {
        self.file.as_ref().map(TempFile::len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sort(count: u64, limit: usize, bound: Option<usize>) {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let mut sorter = Sorter::new(vec![Repr::B8], limit, bound, TempSpace::uncounted(directory.path()));
        let value = |n: u64| n.wrapping_mul(0x9E37_79B9_7F4A_7C15) % 5000;
        for from in (0..count).step_by(700) {
            let mut batch = Batch::new([Repr::B8]);
            let mut keys = ByteValues::new();
            for n in from..(from + 700).min(count) {
                batch.columns[0].push(DatumRef::B8((value(n) << 32 | n) as i64));
                keys.push(&value(n).to_be_bytes());
            }
            let len = batch.columns[0].len();
            batch.set_len(len);
            sorter.add(&batch, batch.rows(), &keys).expect("add");
        }
        sorter.finish().expect("finish");
        // Equal keys keep their order, so the expected order is that of (value, n).
        let mut expected: Vec<i64> = (0..count).map(|n| (value(n) << 32 | n) as i64).collect();
        expected.sort_unstable();
        expected.truncate(bound.unwrap_or(usize::MAX));
        for _ in 0..2 {
            let (mut out, mut found) = (Batch::new([Repr::B8]), Vec::new());
            while sorter.next(&mut out).expect("next") {
                found.extend_from_slice(&out.columns[0].b8()[..out.len()]);
            }
            assert_eq!(found, expected);
            sorter.restart().expect("restart");
        }
    }

    #[test]
    fn sorts_in_memory() {
        sort(20_000, usize::MAX, None);
        sort(0, usize::MAX, None);
    }

    #[test]
    fn sorts_by_runs() {
        sort(50_000, 100_000, None);
    }

    #[test]
    fn keeps_the_first_rows_only() {
        sort(30_000, usize::MAX, Some(10));
        sort(30_000, usize::MAX, Some(5000));
        sort(100, usize::MAX, Some(0));
    }
}
