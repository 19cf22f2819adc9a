//! Sorting entries for a bulk build, within a memory budget: sorted runs go to temporary files, and are merged at the end.
//!
//! In memory an entry is a slot: the sixteen bytes of its key that follow what all keys have in common, and where the rest is.
//! Most keys end within those bytes; they are compared, and given out, without a look at the arena, which would cost a cache miss
//! each. Several threads may fill a sorter each; [`merge`] then gives the entries of all of them in order.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::fs::{File, OpenOptions};
use std::io::{BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use error::{Error, Result};
use ids::TupleId;

use crate::methods::{IndexEntry, SortedEntries};

/// Bytes of a key that a slot holds.
const HEAD: usize = 16;
/// The bit beside a tid that holds an entry's mark.
const MARK: u64 = 1 << 63;

/// An entry in memory.
#[derive(Clone, Copy)]
struct Slot {
    /// The key's bytes behind the common prefix, as a number; zeros behind its end. Set when the slots are sorted.
    head: u128,
    /// Where key and payload start in the arena.
    start: u32,
    key: u16,
    payload: u16,
    /// The tid, and [`MARK`].
    tid: u64,
}

const _: () = assert!(size_of::<Slot>() == 32);

/// Sorts index entries by (key, tid). Each carries a mark of the caller's.
pub struct EntrySorter {
    memory: usize,
    directory: PathBuf,
    arena: Vec<u8>,
    slots: Vec<Slot>,
    /// How many first bytes all keys in memory share; known once they are sorted.
    common: usize,
    runs: Vec<File>,
}

fn head(key: &[u8]) -> u128 {
    match key.first_chunk::<HEAD>() {
        Some(bytes) => u128::from_be_bytes(*bytes),
        None => {
            let mut bytes = [0; HEAD];
            bytes[..key.len()].copy_from_slice(key);
            u128::from_be_bytes(bytes)
        }
    }
}

fn io(reason: &std::io::Error) -> Error {
    Error::io("could not access a temporary file", reason)
}

impl EntrySorter {
    /// Uses at most about `memory` bytes, and files in `directory` beyond that.
    pub fn new(memory: usize, directory: impl Into<PathBuf>) -> EntrySorter {
        EntrySorter {
            memory: memory.clamp(64 << 10, 3 << 30),
            directory: directory.into(),
            arena: Vec::new(),
            slots: Vec::new(),
            common: 0,
            runs: Vec::new(),
        }
    }

    /// Adds an entry.
    ///
    /// # Errors
    /// Those of writing a temporary file; `54000` for a key or payload of more than 64 kB.
    pub fn push(&mut self, entry: IndexEntry<'_>, mark: bool) -> Result<()> {
        let (Ok(key), Ok(payload)) = (u16::try_from(entry.key.len()), u16::try_from(entry.payload.len())) else {
            return Err(crate::layout::row_too_big(entry.key.len() + entry.payload.len()));
        };
        let bytes = entry.key.len() + entry.payload.len();
        if self.arena.len() + bytes + (self.slots.len() + 1) * size_of::<Slot>() > self.memory && !self.slots.is_empty()
        {
            self.spill()?;
        }
        let start = self.arena.len() as u32;
        self.arena.extend_from_slice(entry.key);
        self.arena.extend_from_slice(entry.payload);
        let tid = entry.tid.to_u64() | if mark { MARK } else { 0 };
        self.slots.push(Slot { head: 0, start, key, payload, tid });
        Ok(())
    }

    /// Sorts what is in memory.
    pub fn sort(&mut self) {
        let arena = &self.arena;
        let key = |slot: &Slot| &arena[slot.start as usize..slot.start as usize + slot.key as usize];
        let Some(first) = self.slots.first().map(key) else { return };
        let mut common = first.len();
        for slot in &self.slots {
            let key = key(slot);
            if !key.starts_with(&first[..common]) {
                common = first.iter().zip(key).take_while(|(a, b)| a == b).count();
            }
        }
        self.slots.iter_mut().for_each(|slot| slot.head = head(&key(slot)[common..]));
        self.slots.sort_unstable_by(|a, b| {
            let by_rest = || match (a.key as usize).max(b.key as usize) <= common + HEAD {
                // Equal but for zeros at the end, of which the shorter key has fewer.
                true => a.key.cmp(&b.key),
                false => key(a)[common..].cmp(&key(b)[common..]),
            };
            a.head.cmp(&b.head).then_with(by_rest).then_with(|| (a.tid & !MARK).cmp(&(b.tid & !MARK)))
        });
        self.common = common;
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
        static NEXT: AtomicU32 = AtomicU32::new(0);
        std::fs::create_dir_all(&self.directory).map_err(|e| io(&e))?;
        loop {
            let number = NEXT.fetch_add(1, Relaxed);
            let path = self.directory.join(format!("pgsql_tmp{}.sort{number}", std::process::id()));
            match OpenOptions::new().read(true).write(true).create_new(true).open(&path) {
                Ok(file) => {
                    std::fs::remove_file(&path).map_err(|e| io(&e))?;
                    return Ok(file);
                }
                Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(e) => return Err(io(&e)),
            }
        }
    }
}

/// The entries of sorters, each of which has been sorted, in order.
///
/// # Errors
/// Those of reading temporary files.
pub fn merge(sorters: Vec<EntrySorter>) -> Result<Sorted> {
    let files: usize = sorters.iter().map(|sorter| sorter.runs.len()).sum();
    let memory: usize = sorters.iter().map(|sorter| sorter.memory).sum();
    let buffer = (memory / (files + 1)).clamp(16 << 10, 1 << 20);
    let mut runs = Vec::new();
    for mut sorter in sorters {
        for file in std::mem::take(&mut sorter.runs) {
            runs.push(Run::File(BufReader::with_capacity(buffer, file)));
        }
        runs.push(Run::Memory { sorter, next: 0 });
    }
    let mut heap = BinaryHeap::with_capacity(runs.len());
    for (n, run) in runs.iter_mut().enumerate() {
        let mut entry = Entry { run: n, ..Entry::default() };
        if run.advance(&mut entry)? {
            heap.push(entry);
        }
    }
    Ok(Sorted { runs, heap, given: false })
}

/// A run's next entry.
#[derive(Default)]
struct Entry {
    key: Vec<u8>,
    payload: Vec<u8>,
    tid: u64,
    run: usize,
}

impl Ord for Entry {
    /// The least entry is the greatest, as `BinaryHeap` gives that first.
    fn cmp(&self, other: &Entry) -> Ordering {
        other.key.cmp(&self.key).then_with(|| (other.tid & !MARK).cmp(&(self.tid & !MARK)))
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Entry) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Entry) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Entry {}

enum Run {
    Memory { sorter: EntrySorter, next: usize },
    File(BufReader<File>),
}

impl Run {
    /// Reads the next entry; false at the end.
    fn advance(&mut self, entry: &mut Entry) -> Result<bool> {
        match self {
            Run::Memory { sorter, next } => {
                let Some(slot) = sorter.slots.get(*next) else { return Ok(false) };
                *next += 1;
                let (start, key) = (slot.start as usize, slot.key as usize);
                entry.tid = slot.tid;
                if key <= sorter.common + HEAD {
                    // What is common stands there already, from the run's entry before.
                    entry.key.truncate(sorter.common);
                    if entry.key.len() < sorter.common {
                        entry.key.clear();
                        entry.key.extend_from_slice(&sorter.arena[start..start + sorter.common]);
                    }
                    entry.key.extend_from_slice(&slot.head.to_be_bytes()[..key - sorter.common]);
                } else {
                    entry.key.clear();
                    entry.key.extend_from_slice(&sorter.arena[start..start + key]);
                }
                entry.payload.clear();
                if slot.payload > 0 {
                    let payload = start + key..start + key + slot.payload as usize;
                    entry.payload.extend_from_slice(&sorter.arena[payload]);
                }
                Ok(true)
            }
            Run::File(reader) => {
                let mut header = [0; 12];
                match reader.read_exact(&mut header) {
                    Ok(()) => {}
                    Err(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(false),
                    Err(e) => return Err(io(&e)),
                }
                let [k0, k1, p0, p1, tid @ ..] = header;
                entry.key.resize(u16::from_le_bytes([k0, k1]) as usize, 0);
                entry.payload.resize(u16::from_le_bytes([p0, p1]) as usize, 0);
                entry.tid = u64::from_le_bytes(tid);
                reader.read_exact(&mut entry.key).map_err(|e| io(&e))?;
                reader.read_exact(&mut entry.payload).map_err(|e| io(&e))?;
                Ok(true)
            }
        }
    }
}

/// Entries in order; see [`merge`].
pub struct Sorted {
    runs: Vec<Run>,
    heap: BinaryHeap<Entry>,
    /// The first entry of the heap was given out.
    given: bool,
}

impl Sorted {
    /// The next entry and its mark. The bytes are borrowed until the next call.
    ///
    /// # Errors
    /// Those of reading temporary files.
    pub fn next_marked(&mut self) -> Result<Option<(IndexEntry<'_>, bool)>> {
        if std::mem::replace(&mut self.given, true)
            && let Some(mut entry) = self.heap.peek_mut()
            && !self.runs[entry.run].advance(&mut entry)?
        {
            PeekMut::pop(entry);
        }
        Ok(self.heap.peek().map(|Entry { key, payload, tid, .. }| {
            (IndexEntry { key, payload, tid: TupleId::from_u64(*tid) }, tid & MARK != 0)
        }))
    }
}

impl SortedEntries for Sorted {
    fn next(&mut self) -> Result<Option<IndexEntry<'_>>> {
        Ok(self.next_marked()?.map(|(entry, _)| entry))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Entries = Vec<(Vec<u8>, u64)>;

    /// Sorts entries in so many parts; the payload is the key's beginning, the mark its last bit.
    fn sorted(memory: usize, parts: usize, entries: &[(Vec<u8>, u64)]) -> (Entries, usize) {
        let directory = tempfile::tempdir().unwrap();
        let mut sorters = Vec::new();
        for part in entries.chunks(entries.len().div_ceil(parts)) {
            let mut sorter = EntrySorter::new(memory, directory.path());
            for (key, tid) in part {
                let payload = &key[..if tid % 3 == 0 { 0 } else { key.len().min(3) }];
                sorter.push(IndexEntry { key, payload, tid: TupleId::from_u64(*tid) }, tid % 2 == 0).unwrap();
            }
            sorter.sort();
            sorters.push(sorter);
        }
        let runs = sorters.iter().map(|sorter| sorter.runs.len()).sum();
        let mut result = merge(sorters).unwrap();
        let mut out = Vec::new();
        while let Some((entry, mark)) = result.next_marked().unwrap() {
            let tid = entry.tid.to_u64();
            assert_eq!(entry.payload, &entry.key[..if tid % 3 == 0 { 0 } else { entry.key.len().min(3) }]);
            assert_eq!(mark, tid % 2 == 0);
            out.push((entry.key.to_vec(), tid));
        }
        assert!(result.next_marked().unwrap().is_none());
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
        (out, runs)
    }

    #[test]
    fn sorts_in_memory_and_on_disk_alike() {
        let mixed = |n: u64| n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40;
        let kinds: [&dyn Fn(u64) -> Vec<u8>; 6] = [
            &|n| format!("{:x}", mixed(n) % 5000).into_bytes(),
            // A long beginning in common, and a long end.
            &|n| format!("http://somewhere.example/{:x}", mixed(n) % 5000).into_bytes(),
            &|n| format!("{:x} and what follows is longer than a slot's head", mixed(n) % 5000).into_bytes(),
            &|n| [&[1; 9][..], &(n as u32).to_be_bytes()].concat(),
            // Zeros at the end count.
            &|n| vec![0; mixed(n) as usize % 40],
            &|_| b"the same".to_vec(),
        ];
        for kind in kinds {
            let entries: Entries = (0..20_000u64).map(|n| (kind(n), 1 + n % 60_000)).collect();
            let mut expected = entries.clone();
            expected.sort();
            for parts in [1, 3] {
                let (in_memory, none) = sorted(usize::MAX, parts, &entries);
                let (on_disk, some) = sorted(1, parts, &entries);
                assert!(none == 0 && some > 2);
                assert!(in_memory == expected && on_disk == expected, "{parts} parts of {:?} …", entries[0]);
            }
        }
        assert!(merge(vec![EntrySorter::new(0, "/nowhere")]).unwrap().next_marked().unwrap().is_none());
    }
}
