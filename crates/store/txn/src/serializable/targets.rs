//! What serializable transactions have read: notes in shared memory, by table, page, or row.
//!
//! A note blocks nobody. A writer looks for the notes of others on what it changes. Rows are noted where they stand, and what is *not*
//! there by the index leaf where it would be; a scan of a table notes the whole table.

use shm::{Layout, Rank, Segment, SharedMap, SharedMapRequest};

use super::graph::{MERGED, SlotSet};

shm::shared! {
    /// What was read. Fields that do not apply are `u32::MAX` (block) and zero (line).
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
    pub struct Target {
        /// The database's number.
        pub database: u32,
        /// The table's or index's number.
        pub relation: u32,
        /// The page.
        pub block: u32,
        /// The row's line on the page.
        pub line: u32,
    }
}

/// Stands for all pages.
const WHOLE: u32 = u32::MAX;

impl Target {
    pub const fn relation(database: u32, relation: u32) -> Target {
        Target { database, relation, block: WHOLE, line: 0 }
    }

    pub const fn page(database: u32, relation: u32, block: u32) -> Target {
        Target { database, relation, block, line: 0 }
    }

    pub const fn row(database: u32, relation: u32, block: u32, line: u16) -> Target {
        Target { database, relation, block, line: line as u32 }
    }

    /// Whether it is a whole table or index.
    pub const fn is_relation(&self) -> bool {
        self.block == WHOLE
    }
}

pub type TargetsRequest = SharedMapRequest<Target, SlotSet>;

/// The notes.
#[derive(Clone, Copy, Debug)]
pub struct Targets(SharedMap<Target, SlotSet>);

/// There is no room for another note.
#[derive(Clone, Copy, Debug)]
pub struct Full;

impl Targets {
    pub fn layout(layout: &mut Layout, capacity: usize) -> TargetsRequest {
        SharedMap::layout(layout, "predicate locks", capacity, 16)
    }

    pub fn attach(segment: &Segment, request: TargetsRequest) -> Targets {
        Targets(SharedMap::attach(segment, request, Rank::PREDICATE_LOCKS))
    }

    /// Notes that `slot` read `target`.
    pub fn add(&self, target: Target, slot: usize) -> Result<(), Full> {
        let hash = self.0.hash(&target);
        let mut partition = self.0.exclusive(hash);
        let (readers, _) = partition.get_or_insert_with(hash, target, SlotSet::default).map_err(|_| Full)?;
        readers.insert(slot);
        Ok(())
    }

    /// Forgets that `slot` read `target`.
    pub fn remove(&self, target: Target, slot: usize) {
        let hash = self.0.hash(&target);
        let mut partition = self.0.exclusive(hash);
        if let Some(readers) = partition.get_mut(hash, &target) {
            readers.remove(slot);
            if readers.is_empty() {
                partition.remove(hash, &target);
            }
        }
    }

    /// Calls `f` with those who read `target`, if there are any. The notes do not change meanwhile.
    pub fn with_readers<R>(&self, target: Target, f: impl FnOnce(&SlotSet) -> R) -> Option<R> {
        let hash = self.0.hash(&target);
        self.0.share(hash).get(hash, &target).map(f)
    }

    /// Everybody who read `from` has also read `to`. Gives those for whom there is no room to note it.
    pub fn copy(&self, from: Target, to: Target) -> SlotSet {
        let Some(readers) = self.with_readers(from, |readers| *readers) else { return SlotSet::default() };
        let hash = self.0.hash(&to);
        let mut partition = self.0.exclusive(hash);
        match partition.get_or_insert_with(hash, to, SlotSet::default) {
            Ok((there, _)) => {
                there.union(&readers);
                SlotSet::default()
            }
            Err(_) => readers,
        }
    }

    /// Forgets what `gone` read; what `moved` read, slot 0 has read.
    pub fn sweep(&self, gone: &SlotSet, moved: &SlotSet) {
        for n in 0..self.0.partitions() {
            let mut partition = self.0.exclusive_partition(n);
            let targets: Vec<Target> = partition.iter().map(|(target, _)| *target).collect();
            for target in targets {
                let hash = self.0.hash(&target);
                let Some(readers) = partition.get_mut(hash, &target) else { continue };
                if readers.subtract(moved) {
                    readers.insert(MERGED);
                }
                readers.subtract(gone);
                if readers.is_empty() {
                    partition.remove(hash, &target);
                }
            }
        }
    }

    /// Calls `f` with every target and its readers.
    pub fn for_each(&self, f: impl FnMut(&Target, &SlotSet)) {
        self.0.for_each(f);
    }
}
