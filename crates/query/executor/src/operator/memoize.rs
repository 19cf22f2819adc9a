//! Keeps its input's rows for each combination of the values that the input depends on.
//!
//! What is kept are complete results only: of an input that was left before its end nothing is known. Values count as the same if their bits are, so nothing that
//! could tell equal values apart is mistaken. When the memory is used up all is forgotten, which costs no more than not to have kept it.

use std::hash::BuildHasher;

use batch::{Batch, Datum, Repr, Rows};
use error::Result;
use foldhash::fast::FixedState;
use hashbrown::HashTable;
use planner::explain::Work;
use planner::plan::MemoizeKey;

use super::{Operator, Stage};
use crate::run::Run;

struct Entry {
    key: Vec<Datum>,
    rows: Vec<Batch>,
}

enum Mode {
    /// The values were not looked at yet.
    Start,
    /// An entry's rows are given, from this batch on.
    Hit(usize, usize),
    /// The input's rows are given, and kept.
    Miss {
        hash: u64,
        key: Vec<Datum>,
        rows: Vec<Batch>,
        bytes: usize,
    },
    /// The input's rows are given; they are too many to be kept.
    Through,
    Done,
}

pub(super) struct Memoize {
    input: Stage,
    forms: Vec<Repr>,
    slots: Vec<u32>,
    /// What else the input depends on, and the values for which the entries hold.
    others: Vec<u32>,
    values: Vec<Datum>,
    single: bool,
    table: HashTable<usize>,
    entries: Vec<Entry>,
    memory: usize,
    used: bool,
    mode: Mode,
    /// Found, not found, forgotten, too large; and the most memory in use.
    counts: [u64; 4],
    most: usize,
}

fn hash_of(key: &[Datum]) -> u64 {
    let hasher = FixedState::with_seed(0x51_7C_C1_B7_27_22_0A_95);
    key.iter().fold(0_u64, |sum, value| {
        let one = match value {
            Datum::Null => 1,
            Datum::B1(v) => hasher.hash_one(v),
            Datum::B2(v) => hasher.hash_one(v),
            Datum::B4(v) => hasher.hash_one(v),
            Datum::B8(v) => hasher.hash_one(v),
            Datum::Bytes(v) => hasher.hash_one(&v[..]),
        };
        sum.rotate_left(7) ^ one
    })
}

impl Memoize {
    pub fn new(input: Stage, forms: Vec<Repr>, keys: &[MemoizeKey], depends: &[u32], single: bool) -> Memoize {
        let slots: Vec<u32> = keys.iter().map(|key| key.slot).collect();
        Memoize {
            input,
            forms,
            others: depends.iter().copied().filter(|slot| !slots.contains(slot)).collect(),
            slots,
            values: Vec::new(),
            single,
            table: HashTable::new(),
            entries: Vec::new(),
            memory: 0,
            used: false,
            mode: Mode::Start,
            counts: [0; 4],
            most: 0,
        }
    }

    fn slot_values(slots: &[u32], run: &Run<'_>) -> Vec<Datum> {
        slots.iter().map(|&slot| run.state.slots[slot as usize].value.clone()).collect()
    }

    fn forget(&mut self) {
        self.table.clear();
        self.entries.clear();
        self.memory = 0;
    }

    fn start(&mut self, run: &mut Run<'_>) -> Result<()> {
        let others = Memoize::slot_values(&self.others, run);
        if others != self.values {
            self.forget();
            self.values = others;
        }
        let key = Memoize::slot_values(&self.slots, run);
        let hash = hash_of(&key);
        let entries = &self.entries;
        if let Some(&found) = self.table.find(hash, |&at| entries[at].key == key) {
            self.mode = Mode::Hit(found, 0);
            self.counts[0] += 1;
            return Ok(());
        }
        self.counts[1] += 1;
        if std::mem::replace(&mut self.used, true) {
            self.input.rewind(run)?;
        }
        self.mode = Mode::Miss { hash, key, rows: Vec::new(), bytes: 0 };
        Ok(())
    }

    /// Keeps what was read for a key.
    fn keep(&mut self, hash: u64, key: Vec<Datum>, rows: Vec<Batch>, bytes: usize, limit: usize) {
        let bytes = bytes + 64 + 32 * key.len();
        if self.memory + bytes > limit {
            self.counts[2] += self.entries.len() as u64;
            self.forget();
        }
        self.memory += bytes;
        self.most = self.most.max(self.memory);
        let at = self.entries.len();
        self.entries.push(Entry { key, rows });
        let entries = &self.entries;
        self.table.insert_unique(hash, at, |&at| hash_of(&entries[at].key));
    }
}

impl Operator for Memoize {
    fn next(&mut self, run: &mut Run<'_>, out: &mut Batch) -> Result<bool> {
        out.clear();
        if matches!(self.mode, Mode::Start) {
            self.start(run)?;
        }
        let limit = run.state.work_mem.saturating_mul(2);
        match std::mem::replace(&mut self.mode, Mode::Done) {
            Mode::Hit(entry, at) => {
                let Some(rows) = self.entries.get(entry).and_then(|entry| entry.rows.get(at)) else {
                    return Ok(false);
                };
                for (to, from) in out.columns.iter_mut().zip(&rows.columns) {
                    to.append(from, Rows::All(rows.len()));
                }
                out.set_len(rows.len());
                self.mode = Mode::Hit(entry, at + 1);
                Ok(true)
            }
            Mode::Miss { hash, key, mut rows, mut bytes } => {
                if !self.input.next(run, out)? {
                    self.keep(hash, key, rows, bytes, limit);
                    return Ok(false);
                }
                let mut copy = Batch::new(self.forms.iter().copied());
                let selected = out.rows();
                for (to, from) in copy.columns.iter_mut().zip(&out.columns) {
                    to.append(from, selected);
                }
                copy.set_len(selected.len());
                bytes += copy.memory();
                rows.push(copy);
                if self.single {
                    self.keep(hash, key, rows, bytes, limit);
                } else if bytes > limit {
                    self.counts[3] += 1;
                    self.mode = Mode::Through;
                } else {
                    self.mode = Mode::Miss { hash, key, rows, bytes };
                }
                Ok(true)
            }
            Mode::Through => {
                let more = self.input.next(run, out)?;
                if more {
                    self.mode = Mode::Through;
                }
                Ok(more)
            }
            Mode::Start | Mode::Done => Ok(false),
        }
    }

    fn work(&self, _: &Run<'_>) -> Work {
        Work::Memoize { counts: self.counts, bytes: self.most as u64 }
    }

    fn rewind(&mut self, _: &mut Run<'_>) -> Result<()> {
        self.mode = Mode::Start;
        Ok(())
    }
}
