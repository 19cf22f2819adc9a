//! Rows in the order they came, to be read as often as wanted: what materialised subqueries, common table expressions,
//! held cursors and hash join partitions rest on.
//!
//! Rows gather in batches. When they outgrow their share of memory, full batches move to a temporary file, and only
//! their addresses stay.

use batch::{BATCH_ROWS, Batch, Column, Repr, Rows, Values};
use error::Result;
use planner::explain::Work;

use super::temp::{BatchAddress, TempFile, TempSpace};

enum Chunk {
    Memory(Batch),
    Disk(BatchAddress, usize),
}

/// Rows in the order they came.
pub struct RowStore {
    reprs: Vec<Repr>,
    chunks: Vec<Chunk>,
    tail: Batch,
    rows: u64,
    memory: usize,
    limit: usize,
    space: TempSpace,
    file: Option<TempFile>,
}

/// A store that keeps nothing in memory is one of many partitions: it writes as soon as it has this many bytes.
const PARTITION_BYTES: usize = 64 << 10;

/// Bytes of the values in a batch.
fn stored_bytes(batch: &Batch) -> usize {
    let bytes = |column: &Column| match column.values() {
        Values::Bytes(values) => values.arena_len(),
        _ => 8 * batch.len(),
    };
    batch.columns.iter().map(bytes).sum()
}

impl RowStore {
    /// No rows; `limit` bytes of memory before they go to a file in `directory`. Every batch but the last has
    /// [`BATCH_ROWS`] rows, unless the limit is zero.
    pub fn new(reprs: Vec<Repr>, limit: usize, space: TempSpace) -> RowStore {
        let tail = Batch::new(reprs.iter().copied());
        RowStore { reprs, chunks: Vec::new(), tail, rows: 0, memory: 0, limit, space, file: None }
    }

    /// A batch for its rows.
    pub fn batch(&self) -> Batch {
        Batch::new(self.reprs.iter().copied())
    }

    /// How many rows.
    pub fn len(&self) -> u64 {
        self.rows
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Bytes in the temporary file, if there is one.
    pub fn spilled(&self) -> Option<u64> {
        self.file.as_ref().map(TempFile::len)
    }

    /// Where the rows are, and how many bytes: for EXPLAIN. `most` is what there was earlier.
    pub fn storage(&self, most: Work) -> Work {
        let (disk, bytes) = match self.spilled() {
            Some(bytes) => (true, bytes),
            None => (false, (self.memory + self.tail.memory()) as u64),
        };
        match most {
            Work::Storage { disk: before, bytes: most } if most >= bytes => {
                Work::Storage { disk: disk || before, bytes: most }
            }
            _ => Work::Storage { disk, bytes },
        }
    }

    /// Drops all rows.
    pub fn clear(&mut self) {
        self.chunks.clear();
        self.tail.clear();
        self.rows = 0;
        self.memory = 0;
        self.file = None;
    }

    /// Adds the rows of a batch.
    pub fn append(&mut self, batch: &Batch) -> Result<()> {
        self.append_rows(batch, batch.rows())
    }

    /// Adds some rows of a batch.
    pub fn append_rows(&mut self, batch: &Batch, rows: Rows<'_>) -> Result<()> {
        self.rows += rows.len() as u64;
        let mut from = 0;
        while from < rows.len() {
            let room = BATCH_ROWS - self.tail.len();
            let count = room.min(rows.len() - from);
            if from == 0 && count == rows.len() {
                self.push(batch, rows);
            } else {
                let positions: Vec<u16> = (from..from + count).map(|k| rows.position(k) as u16).collect();
                self.push(batch, Rows::Some(&positions));
            }
            from += count;
            if self.tail.len() == BATCH_ROWS || self.limit == 0 && stored_bytes(&self.tail) >= PARTITION_BYTES {
                self.seal()?;
            }
        }
        Ok(())
    }

    fn push(&mut self, batch: &Batch, rows: Rows<'_>) {
        for (to, from) in self.tail.columns.iter_mut().zip(&batch.columns) {
            to.append(from, rows);
        }
        self.tail.set_len(self.tail.len() + rows.len());
    }

    /// Closes the batch that grows, and moves it to the file if memory is used up.
    fn seal(&mut self) -> Result<()> {
        let size = self.tail.memory();
        if self.memory + size > self.limit {
            if self.file.is_none() {
                self.file = Some(TempFile::create(&self.space)?);
            }
            if let Some(file) = &mut self.file {
                let address = file.write(&self.tail, self.tail.rows())?;
                self.chunks.push(Chunk::Disk(address, self.tail.len()));
                self.tail.clear();
            }
        } else {
            self.memory += size;
            let full = std::mem::replace(&mut self.tail, Batch::new(self.reprs.iter().copied()));
            self.chunks.push(Chunk::Memory(full));
        }
        Ok(())
    }

    /// Nothing is added for now: gives back the memory that was ready for more rows, if there are rows in the file.
    pub fn rest(&mut self) -> Result<()> {
        if self.file.is_some() && !self.tail.is_empty() {
            self.seal()?;
        }
        if let Some(file) = &mut self.file {
            self.tail = Batch::new(self.reprs.iter().copied());
            file.rest();
        }
        Ok(())
    }

    /// How many batches [`RowStore::read`] can give.
    pub fn batches(&self) -> usize {
        self.chunks.len() + !self.tail.is_empty() as usize
    }

    /// Rows in the batch with number `n`.
    pub fn batch_len(&self, n: usize) -> usize {
        match self.chunks.get(n) {
            Some(Chunk::Memory(batch)) => batch.len(),
            Some(Chunk::Disk(_, rows)) => *rows,
            None => self.tail.len(),
        }
    }

    /// Copies the batch with number `n` to `out`, which has the same columns.
    pub fn read(&mut self, n: usize, out: &mut Batch) -> Result<()> {
        let batch = match self.chunks.get(n) {
            Some(Chunk::Disk(address, _)) => {
                return match &mut self.file {
                    Some(file) => file.read(*address, out),
                    None => Err(error::Error::internal("a row store lost its file")),
                };
            }
            Some(Chunk::Memory(batch)) => batch,
            None => &self.tail,
        };
        out.clear();
        for (to, from) in out.columns.iter_mut().zip(&batch.columns) {
            to.append(from, batch.rows());
        }
        out.set_len(batch.len());
        Ok(())
    }

    /// The batch with number `n` if it is in memory, to be read in place.
    pub fn in_memory(&self, n: usize) -> Option<&Batch> {
        match self.chunks.get(n) {
            Some(Chunk::Memory(batch)) => Some(batch),
            Some(Chunk::Disk(..)) => None,
            None => Some(&self.tail),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use batch::DatumRef;

    fn sample(from: i32, count: i32) -> Batch {
        let mut batch = Batch::new([Repr::B4, Repr::Bytes]);
        for n in from..from + count {
            batch.columns[0].push(DatumRef::B4(n));
            let text = "x".repeat(n as usize % 50);
            batch.columns[1].push(if n % 7 == 0 { DatumRef::Null } else { DatumRef::Bytes(text.as_bytes()) });
        }
        batch.set_len(count as usize);
        batch
    }

    fn check(limit: usize) {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let mut store = RowStore::new(vec![Repr::B4, Repr::Bytes], limit, TempSpace::uncounted(directory.path()));
        for from in (0..10_000).step_by(1000) {
            store.append(&sample(from, 1000)).expect("append");
        }
        assert_eq!(store.len(), 10_000);
        assert_eq!(store.spilled().is_some(), limit < 100_000);
        let (mut out, expected) = (Batch::new([Repr::B4, Repr::Bytes]), sample(0, 10_000));
        let mut n = 0;
        for chunk in 0..store.batches() {
            store.read(chunk, &mut out).expect("read");
            for row in out.rows().iter() {
                assert_eq!(out.columns[0].get(row), expected.columns[0].get(n));
                assert_eq!(out.columns[1].get(row), expected.columns[1].get(n));
                n += 1;
            }
        }
        assert_eq!(n, 10_000);
    }

    #[test]
    fn rows_come_back_in_order_from_memory() {
        check(usize::MAX);
    }

    #[test]
    fn rows_come_back_in_order_from_the_file() {
        check(0);
    }
}
