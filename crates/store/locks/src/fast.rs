//! The fast path: weak locks on relations, which nearly all statements take and which conflict with nothing usual.
//!
//! Each process has `FAST_SLOTS` words in shared memory: the relation in the upper half, the modes it is locked in as bits
//! of the lower. The relation's hash value picks one of `STRONG_COUNTERS` counters of strong locks.
//!
//! - *Weak*: write the own word, then look at the counter. Not zero: take it back and use the shared table.
//! - *Strong*: raise the counter, then look at all processes' words, and move what is there into the shared table, in
//!   the name of its holder.
//!
//! Both write before they look, with sequentially consistent operations, so at least one of two that meet sees the other.
//! A word is taken from its owner only by compare-and-exchange under the partition's lock: an owner whose own
//! exchange fails finds the lock in the shared table.

use std::sync::atomic::{AtomicU64, Ordering};

use error::Result;
use ids::Lsn;

use crate::shared::strong_index;
use crate::{LockManager, LockMode, LockModes, LockTag};

const RELATION_SHIFT: u32 = 32;

fn relation(word: u64) -> u32 {
    (word >> RELATION_SHIFT) as u32
}

/// The modes of a word.
pub(crate) fn modes(word: u64) -> LockModes {
    LockModes(word as u16)
}

/// The relation and modes of a word, if it is in use.
pub(crate) fn decode(word: u64) -> Option<(u32, LockModes)> {
    (!modes(word).is_empty()).then(|| (relation(word), modes(word)))
}

fn encode(relation: u32, modes: LockModes) -> u64 {
    if modes.is_empty() { 0 } else { (relation as u64) << RELATION_SHIFT | modes.0 as u64 }
}

impl LockManager {
    /// The own word for a relation, with its value: the one in use for it, or else a free one.
    fn fast_word(&self, relation_id: u32) -> Option<(&AtomicU64, u64)> {
        let words = self.table.fast_locks(self.me);
        let mut free = None;
        for word in words {
            let value = word.load(Ordering::Relaxed);
            match decode(value) {
                Some((relation, _)) if relation == relation_id => return Some((word, value)),
                None if free.is_none() => free = Some((word, 0)),
                _ => (),
            }
        }
        free
    }

    /// Takes a weak lock, if no strong one is near and there is room.
    pub(crate) fn acquire_fast(&self, tag: LockTag, hash: u32, mode: LockMode) -> bool {
        let relation_id = tag.fields().1;
        let strong = &self.table.strong[strong_index(hash)];
        if strong.count.load(Ordering::Relaxed) != 0 {
            return false;
        }
        let Some((word, before)) = self.fast_word(relation_id) else { return false };
        let after = encode(relation_id, modes(before).with(mode));
        if word.compare_exchange(before, after, Ordering::SeqCst, Ordering::Relaxed).is_err() {
            return false; // moved to the shared table just now
        }
        if strong.count.load(Ordering::SeqCst) != 0
            && word.compare_exchange(after, before, Ordering::SeqCst, Ordering::Relaxed).is_ok()
        {
            return false;
        }
        // Without a strong lock near, the word is ours; and if the exchange failed, the lock is in the shared table for us.
        self.see(strong.released.load(Ordering::Acquire));
        true
    }

    /// Releases a weak lock if it is in the own words; otherwise it is in the shared table.
    pub(crate) fn release_fast(&self, tag: LockTag, mode: LockMode) -> bool {
        let relation_id = tag.fields().1;
        let Some((word, before)) = self.fast_word(relation_id) else { return false };
        if !modes(before).contains(mode) {
            return false;
        }
        let after = encode(relation_id, modes(before).without(mode));
        word.compare_exchange(before, after, Ordering::SeqCst, Ordering::Relaxed).is_ok()
    }

    /// Keeps weak locks on the relation from the fast path, and moves those that are there to the shared table. To be
    /// undone with [`LockManager::end_strong`], also after an error.
    pub(crate) fn begin_strong(&self, tag: LockTag, hash: u32) -> Result<()> {
        let table = &self.table;
        let (database, relation_id, ..) = tag.fields();
        table.strong[strong_index(hash)].count.fetch_add(1, Ordering::SeqCst);
        let partition = &table.partitions[table.partition_of(hash)];
        for process in 0..table.slots.len() as u32 {
            let slot = &table.slots[process as usize];
            if slot.database.load(Ordering::Relaxed) != database {
                continue;
            }
            for word in table.fast_locks(process) {
                while let Some((relation, held)) = decode(word.load(Ordering::SeqCst)) {
                    if relation != relation_id {
                        break;
                    }
                    let _guard = partition.lock.exclusive();
                    let object = table.find_or_make(tag, hash)?;
                    let holder = match table.find_or_make_holder(object, hash, process) {
                        Ok(holder) => holder,
                        Err(error) => {
                            table.clean_up(object, hash, process);
                            return Err(error);
                        }
                    };
                    let moved = encode(relation, held);
                    if word.compare_exchange(moved, 0, Ordering::SeqCst, Ordering::Relaxed).is_ok() {
                        for mode in held.iter() {
                            table.grant(object, holder, mode);
                        }
                    }
                    table.clean_up(object, hash, process);
                }
            }
            // Its weak lock may have been released a moment ago by a commit that is not flushed: what follows must see it.
            self.see(slot.last_commit.load(Ordering::SeqCst));
        }
        Ok(())
    }

    /// A strong lock is gone.
    pub(crate) fn end_strong(&self, hash: u32, commit: Lsn) {
        let strong = &self.table.strong[strong_index(hash)];
        strong.released.fetch_max(commit.0, Ordering::AcqRel);
        strong.count.fetch_sub(1, Ordering::SeqCst);
    }
}
