//! Sorting entries for a bulk build, within a memory budget: sorted runs go to temporary files, and are merged at the end.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::fs::{File, OpenOptions};
use std::io::{BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;

use access::{IndexEntry, SortedEntries};
use error::{Error, Result};
use ids::TupleId;

/// An entry in the arena: its key's first bytes for quick comparison, and where the rest is.
#[derive(Clone, Copy)]
struct Slot {
    head: u64,
    start: u32,
    key: u16,
    payload: u16,
    tid: u64,
}

/// Sorts index entries by (key, tid).
pub struct KeySorter {
    memory: usize,
    directory: PathBuf,
    arena: Vec<u8>,
    slots: Vec<Slot>,
    runs: Vec<File>,
}

fn head(key: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    let n = key.len().min(8);
    bytes[..n].copy_from_slice(&key[..n]);
    u64::from_be_bytes(bytes)
}

fn io(reason: &std::io::Error) -> Error {
    Error::io("could not access a temporary file", reason)
}

impl KeySorter {
    /// Uses at most about `memory` bytes, and files in `directory` beyond that.
    pub fn new(memory: usize, directory: impl Into<PathBuf>) -> KeySorter {
        KeySorter {
            memory: memory.clamp(64 << 10, 3 << 30),
            directory: directory.into(),
            arena: Vec::new(),
            slots: Vec::new(),
            runs: Vec::new(),
        }
    }

    /// Adds an entry.
    ///
    /// # Errors
    /// Those of writing a temporary file; `54000` for a key or payload of more than 64 kB.
    pub fn push(&mut self, entry: IndexEntry<'_>) -> Result<()> {
        let (Ok(key), Ok(payload)) = (u16::try_from(entry.key.len()), u16::try_from(entry.payload.len())) else {
            return Err(access::layout::row_too_big(entry.key.len() + entry.payload.len()));
        };
        let bytes = entry.key.len() + entry.payload.len();
        if self.arena.len() + bytes + (self.slots.len() + 1) * size_of::<Slot>() > self.memory && !self.slots.is_empty()
        {
            self.spill()?;
        }
        let start = self.arena.len() as u32;
        self.arena.extend_from_slice(entry.key);
        self.arena.extend_from_slice(entry.payload);
        self.slots.push(Slot { head: head(entry.key), start, key, payload, tid: entry.tid.to_u64() });
        Ok(())
    }

    fn sort(&mut self) {
        let arena = &self.arena;
        let key = |slot: &Slot| &arena[slot.start as usize..slot.start as usize + slot.key as usize];
        self.slots.sort_unstable_by(|a, b| {
            a.head.cmp(&b.head).then_with(|| key(a).cmp(key(b))).then_with(|| a.tid.cmp(&b.tid))
        });
    }

    /// Writes what is in memory to a file, sorted: key length, payload length, tid, key, payload.
    fn spill(&mut self) -> Result<()> {
        self.sort();
        let file = self.temporary_file()?;
        let mut writer = BufWriter::with_capacity(256 << 10, file);
        for slot in &self.slots {
            let end = slot.start as usize + slot.key as usize + slot.payload as usize;
            let write = |writer: &mut BufWriter<File>| -> std::io::Result<()> {
                writer.write_all(&slot.key.to_le_bytes())?;
                writer.write_all(&slot.payload.to_le_bytes())?;
                writer.write_all(&slot.tid.to_le_bytes())?;
                writer.write_all(&self.arena[slot.start as usize..end])
            };
            write(&mut writer).map_err(|e| io(&e))?;
        }
        let mut file = writer.into_inner().map_err(|e| io(e.error()))?;
        file.seek(SeekFrom::Start(0)).map_err(|e| io(&e))?;
        self.runs.push(file);
        self.arena.clear();
        self.slots.clear();
        Ok(())
    }

    /// A file without a name, gone with its handle.
    fn temporary_file(&self) -> Result<File> {
        std::fs::create_dir_all(&self.directory).map_err(|e| io(&e))?;
        for n in 0..u32::MAX {
            let path = self.directory.join(format!("pgsql_tmp{}.sort{n}", std::process::id()));
            match OpenOptions::new().read(true).write(true).create_new(true).open(&path) {
                Ok(file) => {
                    std::fs::remove_file(&path).map_err(|e| io(&e))?;
                    return Ok(file);
                }
                Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(e) => return Err(io(&e)),
            }
        }
        Err(Error::internal("no name is free for a temporary file"))
    }

    /// The entries in order.
    pub fn finish(mut self) -> Result<Sorted> {
        if self.runs.is_empty() {
            self.sort();
            return Ok(Sorted(Source::Memory { sorter: self, next: 0 }));
        }
        if !self.slots.is_empty() {
            self.spill()?;
        }
        let buffer = (self.memory / (self.runs.len() + 1)).clamp(16 << 10, 1 << 20);
        let mut runs: Vec<Run> = std::mem::take(&mut self.runs)
            .into_iter()
            .map(|file| Run { reader: BufReader::with_capacity(buffer, file), entry: Entry::default() })
            .collect();
        let mut heap = BinaryHeap::new();
        for (n, run) in runs.iter_mut().enumerate() {
            if run.advance()? {
                heap.push(Reverse((std::mem::take(&mut run.entry), n)));
            }
        }
        Ok(Sorted(Source::Files { runs, heap, current: None }))
    }
}

#[derive(Default, PartialEq, Eq)]
struct Entry {
    key: Vec<u8>,
    payload: Vec<u8>,
    tid: u64,
}

impl Ord for Entry {
    fn cmp(&self, other: &Entry) -> Ordering {
        self.key.cmp(&other.key).then(self.tid.cmp(&other.tid))
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Entry) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

struct Run {
    reader: BufReader<File>,
    entry: Entry,
}

impl Run {
    /// Reads the next entry; false at the end.
    fn advance(&mut self) -> Result<bool> {
        let mut header = [0; 12];
        match self.reader.read_exact(&mut header) {
            Ok(()) => {}
            Err(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(false),
            Err(e) => return Err(io(&e)),
        }
        let [k0, k1, p0, p1, tid @ ..] = header;
        self.entry.key.resize(u16::from_le_bytes([k0, k1]) as usize, 0);
        self.entry.payload.resize(u16::from_le_bytes([p0, p1]) as usize, 0);
        self.entry.tid = u64::from_le_bytes(tid);
        self.reader.read_exact(&mut self.entry.key).map_err(|e| io(&e))?;
        self.reader.read_exact(&mut self.entry.payload).map_err(|e| io(&e))?;
        Ok(true)
    }
}

enum Source {
    Memory { sorter: KeySorter, next: usize },
    Files { runs: Vec<Run>, heap: BinaryHeap<Reverse<(Entry, usize)>>, current: Option<(Entry, usize)> },
}

/// Entries in order; see [`KeySorter::finish`].
pub struct Sorted(Source);

impl SortedEntries for Sorted {
    fn next(&mut self) -> Result<Option<IndexEntry<'_>>> {
        match &mut self.0 {
            Source::Memory { sorter, next } => {
                let Some(slot) = sorter.slots.get(*next) else { return Ok(None) };
                *next += 1;
                let start = slot.start as usize;
                let middle = start + slot.key as usize;
                Ok(Some(IndexEntry {
                    key: &sorter.arena[start..middle],
                    payload: &sorter.arena[middle..middle + slot.payload as usize],
                    tid: TupleId::from_u64(slot.tid),
                }))
            }
            Source::Files { runs, heap, current } => {
                if let Some((entry, n)) = current.take() {
                    // The buffers of the entry that was given out take the run's next one.
                    runs[n].entry = entry;
                    if runs[n].advance()? {
                        heap.push(Reverse((std::mem::take(&mut runs[n].entry), n)));
                    }
                }
                *current = heap.pop().map(|Reverse(least)| least);
                Ok(current.as_ref().map(|(entry, _)| IndexEntry {
                    key: &entry.key,
                    payload: &entry.payload,
                    tid: TupleId::from_u64(entry.tid),
                }))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(memory: usize, entries: &[(Vec<u8>, u64)]) -> (Vec<(Vec<u8>, u64)>, usize) {
        let directory = tempfile::tempdir().unwrap();
        let mut sorter = KeySorter::new(memory, directory.path());
        for (key, tid) in entries {
            sorter.push(IndexEntry { key, payload: &key[..key.len().min(3)], tid: TupleId::from_u64(*tid) }).unwrap();
        }
        let runs = sorter.runs.len();
        let mut result = sorter.finish().unwrap();
        let mut out = Vec::new();
        while let Some(entry) = result.next().unwrap() {
            assert_eq!(entry.payload, &entry.key[..entry.key.len().min(3)]);
            out.push((entry.key.to_vec(), entry.tid.to_u64()));
        }
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
        (out, runs)
    }

    #[test]
    fn sorts_in_memory_and_on_disk_alike() {
        let entries: Vec<(Vec<u8>, u64)> = (0..20_000u64)
            .map(|n| {
                let mixed = n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40;
                (format!("{:x}", mixed % 5000).into_bytes(), 1 + n % 60_000)
            })
            .collect();
        let mut expected = entries.clone();
        expected.sort();
        let (in_memory, none) = sorted(usize::MAX, &entries);
        let (on_disk, some) = sorted(1, &entries);
        assert!(none == 0 && some > 2);
        assert_eq!(in_memory, expected);
        assert_eq!(on_disk, expected);
    }
}
