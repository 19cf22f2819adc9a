//! The session's own list of its locks: how often it has each, and at which nesting level.

use std::collections::{HashMap, HashSet};

use crate::{LockMode, LockOwner, LockTag};

/// A lock that the session has.
type Key = (LockTag, LockMode);

/// Counts by nesting level, highest level last; level 0 is the session. Nearly always one entry.
#[derive(Default, Debug)]
struct Counts(Vec<(u32, u32)>);

impl Counts {
    fn add(&mut self, level: u32, count: u32) {
        match self.0.iter_mut().find(|entry| entry.0 == level) {
            Some(entry) => entry.1 += count,
            None => {
                let at = self.0.partition_point(|entry| entry.0 < level);
                self.0.insert(at, (level, count));
            }
        }
    }
}

/// The list.
#[derive(Default)]
pub(crate) struct Held(HashMap<Key, Counts>);

impl Held {
    /// Counts up a lock that is held already; `false` if it is not.
    pub fn add_again(&mut self, tag: LockTag, mode: LockMode, level: u32) -> bool {
        match self.0.get_mut(&(tag, mode)) {
            Some(counts) => {
                counts.add(level, 1);
                true
            }
            None => false,
        }
    }

    /// Adds a lock.
    pub fn add(&mut self, tag: LockTag, mode: LockMode, level: u32) {
        self.0.entry((tag, mode)).or_default().add(level, 1);
    }

    pub fn has(&self, tag: LockTag, mode: LockMode) -> bool {
        self.0.contains_key(&(tag, mode))
    }

    /// Counts down for an owner (for transactions: the innermost level that has it). `Some(true)`: that was the last
    /// count of all; `None`: the owner does not have it.
    pub fn remove_one(&mut self, tag: LockTag, mode: LockMode, owner: LockOwner) -> Option<bool> {
        let counts = self.0.get_mut(&(tag, mode))?;
        let at = counts.0.iter().rposition(|&(level, _)| (level == 0) == (owner == LockOwner::Session))?;
        counts.0[at].1 -= 1;
        if counts.0[at].1 == 0 {
            counts.0.remove(at);
        }
        let last = counts.0.is_empty();
        if last {
            self.0.remove(&(tag, mode));
        }
        Some(last)
    }

    /// Removes what satisfies `gone` from every lock's counts, and returns the locks that nobody has any more.
    fn remove_counts(&mut self, gone: impl Fn(&LockTag, u32) -> bool) -> Vec<Key> {
        let mut released = Vec::new();
        self.0.retain(|key, counts| {
            counts.0.retain(|&(level, _)| !gone(&key.0, level));
            if counts.0.is_empty() {
                released.push(*key);
            }
            !counts.0.is_empty()
        });
        released
    }

    /// Removes the counts of this level and deeper ones.
    pub fn remove_level(&mut self, level: u32) -> Vec<Key> {
        self.remove_counts(|_, l| l >= level)
    }

    /// Removes all counts of transactions.
    pub fn remove_transaction(&mut self) -> Vec<Key> {
        self.remove_counts(|_, level| level > 0)
    }

    /// What is held for the transaction; `None` if something of it is held for the session, too.
    pub fn of_transaction(&self) -> Option<Vec<Key>> {
        let of = |session: bool| {
            let owned = move |counts: &Counts| counts.0.iter().any(|&(level, _)| (level == 0) == session);
            self.0.iter().filter(move |(_, counts)| owned(counts)).map(|(key, _)| *key)
        };
        let of_session: HashSet<LockTag> = of(true).map(|(tag, _)| tag).collect();
        let all: Vec<Key> = of(false).collect();
        (!all.iter().any(|(tag, _)| of_session.contains(tag))).then_some(all)
    }

    /// Removes the session's counts of some locks.
    pub fn remove_session(&mut self, which: impl Fn(&LockTag) -> bool) -> Vec<Key> {
        self.remove_counts(|tag, level| level == 0 && which(tag))
    }

    /// Gives this level's counts to the level above it. Nothing is released: the result is empty.
    pub fn merge_level(&mut self, level: u32) -> Vec<Key> {
        for counts in self.0.values_mut() {
            if let Some(at) = counts.0.iter().position(|entry| entry.0 == level) {
                let (_, count) = counts.0.remove(at);
                counts.add(level - 1, count);
            }
        }
        Vec::new()
    }
}
