//! Keys that are equal exactly when their bits are: what grouping, hash joins and duplicate elimination look rows up by.
//!
//! A key is a `u64` where one fixed-width column whose equality is that of its bits is the whole key, and otherwise the
//! bytes that `types::sortkey` makes of its columns. A [`KeyTable`] numbers distinct keys in the order of their first
//! appearance: groups, or the distinct keys of a join's build side.

use std::hash::BuildHasher;

use batch::{ByteValues, Column, Repr, Rows, Values};
use foldhash::fast::FixedState;
use hashbrown::HashTable;

/// No key: what a look-up finds for an unknown one.
pub const NO_KEY: u32 = u32::MAX;

/// The keys of some rows, with their hashes; the `k`-th is that of the `k`-th row.
#[derive(Default)]
pub struct Keys {
    words: Vec<u64>,
    bytes: ByteValues,
    /// Rows whose key holds a null.
    nulls: Vec<bool>,
    hashes: Vec<u64>,
    fixed: bool,
}

impl Keys {
    /// Takes the keys of `rows` from one fixed-width column. A null has a key of its own.
    pub fn set_fixed(&mut self, column: &Column, rows: Rows<'_>) {
        self.fixed = true;
        self.words.clear();
        let at = |row| column.index(row);
        match column.values() {
            Values::B1(v) => rows.for_each(|row| self.words.push(v[at(row)] as u64)),
            Values::B2(v) => rows.for_each(|row| self.words.push(v[at(row)] as u16 as u64)),
            Values::B4(v) => rows.for_each(|row| self.words.push(v[at(row)] as u32 as u64)),
            Values::B8(v) => rows.for_each(|row| self.words.push(v[at(row)] as u64)),
            Values::Bytes(_) => unreachable!("a key of bytes is not fixed"),
        }
        self.nulls.clear();
        self.hashes.clear();
        self.hashes.extend(self.words.iter().map(|&word| hash_word(word)));
        if column.has_nulls() {
            rows.for_each(|row| self.nulls.push(column.is_null(row)));
            for (hash, _) in self.hashes.iter_mut().zip(&self.nulls).filter(|(_, null)| **null) {
                *hash = NULL_HASH;
            }
        }
    }

    /// Begins keys of bytes: `encode` appends the key of the `k`-th row and says whether it holds a null.
    pub fn set_bytes<E>(
        &mut self,
        count: usize,
        mut encode: impl FnMut(usize, &mut Vec<u8>) -> Result<bool, E>,
    ) -> Result<(), E> {
        self.fixed = false;
        self.bytes.clear();
        self.bytes.resize(count);
        self.nulls.clear();
        self.hashes.clear();
        let mut any_null = false;
        for k in 0..count {
            let null = self.bytes.put_with(k, |arena| encode(k, arena))?;
            self.nulls.push(null);
            any_null |= null;
            self.hashes.push(hash_bytes(self.bytes.get(k)));
        }
        if !any_null {
            self.nulls.clear();
        }
        Ok(())
    }

    /// How many keys.
    pub fn len(&self) -> usize {
        self.hashes.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// Whether the `k`-th key holds a null.
    pub fn has_null(&self, k: usize) -> bool {
        !self.nulls.is_empty() && self.nulls[k]
    }

    /// The `k`-th key, of keys of bytes.
    pub fn bytes(&self, k: usize) -> &[u8] {
        debug_assert!(!self.fixed);
        self.bytes.get(k)
    }

    /// Whether two of the keys are equal.
    #[inline]
    pub fn equal(&self, a: usize, b: usize) -> bool {
        match self.fixed {
            true => self.has_null(a) == self.has_null(b) && (self.has_null(a) || self.words[a] == self.words[b]),
            false => self.bytes.get(a) == self.bytes.get(b),
        }
    }

    /// Whether the `k`-th key is the one that was kept.
    pub fn is(&self, k: usize, kept: &KeptKey) -> bool {
        match self.fixed {
            true => self.has_null(k) == kept.null && (kept.null || self.words[k] == kept.word),
            false => self.bytes.get(k) == kept.bytes,
        }
    }

    /// Keeps the `k`-th key.
    pub fn keep(&self, k: usize, kept: &mut KeptKey) {
        if self.fixed {
            kept.null = self.has_null(k);
            kept.word = self.words[k];
        } else {
            kept.bytes.clear();
            kept.bytes.extend_from_slice(self.bytes.get(k));
        }
    }

    /// The hash of the `k`-th key.
    pub fn hash(&self, k: usize) -> u64 {
        self.hashes[k]
    }
}

/// A key for itself, to be compared with keys of the same columns.
#[derive(Default)]
pub struct KeptKey {
    word: u64,
    null: bool,
    bytes: Vec<u8>,
}

/// Whether one column of this form and type can be a key of its own bits.
pub fn is_fixed(repr: Repr) -> bool {
    repr != Repr::Bytes
}

const NULL_HASH: u64 = 0x5851_F42D_4C95_7F2D;

#[inline]
fn hash_word(word: u64) -> u64 {
    // The 128-bit product's halves, folded: foldhash's finishing step for one word.
    let product = (word ^ 0x2D35_8DCC_AA6C_78A5) as u128 * 0x9E37_79B9_7F4A_7C15_u128;
    (product as u64) ^ (product >> 64) as u64
}

fn hash_bytes(bytes: &[u8]) -> u64 {
    FixedState::with_seed(0x8BB8_4B93_962E_ACC9).hash_one(bytes)
}

/// Numbers distinct keys in the order in which they first appear.
pub struct KeyTable {
    words: HashTable<(u64, u32)>,
    bytes: HashTable<u32>,
    /// The bytes of each key, when keys are bytes.
    stored: ByteValues,
    /// The number of the fixed key that is null.
    null: u32,
    count: u32,
}

impl Default for KeyTable {
    fn default() -> KeyTable {
        KeyTable { words: HashTable::new(), bytes: HashTable::new(), stored: ByteValues::new(), null: NO_KEY, count: 0 }
    }
}

impl KeyTable {
    /// How many distinct keys.
    pub fn len(&self) -> usize {
        self.count as usize
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Forgets all keys and keeps the memory.
    pub fn clear(&mut self) {
        self.words.clear();
        self.bytes.clear();
        self.stored.clear();
        self.null = NO_KEY;
        self.count = 0;
    }

    /// Places for keys in the table.
    pub fn buckets(&self) -> u64 {
        (self.words.capacity().max(self.bytes.capacity()) as u64).next_power_of_two()
    }

    /// Bytes of memory in use.
    pub fn memory(&self) -> usize {
        self.words.capacity() * 16 + self.bytes.capacity() * 5 + self.stored.memory()
    }

    /// The number of the `k`-th key, a new one if it is unknown and `admit` allows; else [`NO_KEY`].
    #[inline]
    pub fn find_or_insert(&mut self, keys: &Keys, k: usize, admit: bool) -> u32 {
        let next = self.count;
        let hash = keys.hashes[k];
        if keys.fixed {
            if keys.has_null(k) {
                if self.null == NO_KEY && admit {
                    self.null = next;
                    self.count += 1;
                }
                return self.null;
            }
            let word = keys.words[k];
            if let Some(found) = self.words.find(hash, |entry| entry.0 == word) {
                return found.1;
            }
            if !admit {
                return NO_KEY;
            }
            self.words.insert_unique(hash, (word, next), |entry| hash_word(entry.0));
        } else {
            let key = keys.bytes.get(k);
            let stored = &mut self.stored;
            if let Some(found) = self.bytes.find(hash, |&id| stored.get(id as usize) == key) {
                return *found;
            }
            if !admit {
                return NO_KEY;
            }
            stored.push(key);
            self.bytes.insert_unique(hash, next, |&id| hash_bytes(stored.get(id as usize)));
        }
        self.count += 1;
        next
    }

    /// The number of the `k`-th key, or [`NO_KEY`].
    #[inline]
    pub fn find(&self, keys: &Keys, k: usize) -> u32 {
        let hash = keys.hashes[k];
        if keys.fixed {
            if keys.has_null(k) {
                return self.null;
            }
            let word = keys.words[k];
            self.words.find(hash, |entry| entry.0 == word).map_or(NO_KEY, |found| found.1)
        } else {
            let key = keys.bytes.get(k);
            self.bytes.find(hash, |&id| self.stored.get(id as usize) == key).map_or(NO_KEY, |found| *found)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use batch::DatumRef;

    #[test]
    fn fixed_keys_are_numbered_by_first_appearance() {
        let mut column = Column::new(Repr::B4);
        for value in [7, -1, 7, 0] {
            column.push(DatumRef::B4(value));
        }
        column.push_null();
        column.push_null();
        let mut keys = Keys::default();
        keys.set_fixed(&column, Rows::All(6));
        let mut table = KeyTable::default();
        let found: Vec<u32> = (0..6).map(|k| table.find_or_insert(&keys, k, true)).collect();
        assert_eq!(found, [0, 1, 0, 2, 3, 3]);
        assert_eq!((0..6).map(|k| table.find(&keys, k)).collect::<Vec<_>>(), found);
        let mut other = Keys::default();
        other.set_fixed(&Column::constant(Repr::B4, DatumRef::B4(99)), Rows::All(1));
        assert_eq!(table.find(&other, 0), NO_KEY);
        assert_eq!(table.find_or_insert(&other, 0, false), NO_KEY);
    }

    #[test]
    fn kept_keys_are_compared_with_those_of_later_batches() {
        let mut column = Column::new(Repr::B4);
        [7, 0, 0].iter().for_each(|&value| column.push(DatumRef::B4(value)));
        column.push_null();
        let (mut keys, mut kept) = (Keys::default(), KeptKey::default());
        keys.set_fixed(&column, Rows::All(4));
        assert!(keys.equal(1, 2) && !keys.equal(0, 1) && !keys.equal(2, 3));
        keys.keep(3, &mut kept);
        assert_eq!((0..4).map(|k| keys.is(k, &kept)).collect::<Vec<_>>(), [false, false, false, true]);
    }

    #[test]
    fn keys_of_bytes_are_numbered_by_first_appearance() {
        let texts = ["a", "", "b", "a", "longer than sixteen bytes", ""];
        let mut keys = Keys::default();
        let encoded: Result<(), ()> = keys.set_bytes(texts.len(), |k, to| {
            to.extend_from_slice(texts[k].as_bytes());
            Ok(texts[k].is_empty())
        });
        encoded.expect("encoding does not fail");
        let mut table = KeyTable::default();
        let found: Vec<u32> = (0..texts.len()).map(|k| table.find_or_insert(&keys, k, true)).collect();
        assert_eq!(found, [0, 1, 2, 0, 3, 1]);
        assert!(keys.has_null(1) && !keys.has_null(0));
    }
}
