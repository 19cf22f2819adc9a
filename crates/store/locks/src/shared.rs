//! The lock table in shared memory.
//!
//! ```text
//!  buckets ──► Object ──► Object …            one chain per hash value
//!                │  ├─ holders ──► Holder ──► Holder …     who has (or waits for) it, and in which modes
//!                │  └─ waiters ──► Slot ──► Slot …         the queue, first in front
//!  slots: one per process: what it waits for, its transaction, its fast-path locks
//! ```
//!
//! # Invariants
//!
//! - An object, its holders and its queue, and the wait fields of the slots in the queue, change only under the exclusive
//!   lock of the object's partition. So their atomics are read and written relaxed; the partition lock orders them.
//! - A link is an index plus one; zero is the end. All zero is an empty table, so nothing has to be initialised.
//! - A partition's objects and holders come from its own part of the pools: no lock but its own is needed for them.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use error::{Error, Result, SqlState};
use shm::{Layout, LwLock, Many, Segment, ShmSlice};

use crate::{LockKind, LockMode, LockModes, LockTag};

/// Into how many parts the table is divided, each with a lock of its own.
pub(crate) const PARTITIONS: usize = 16;
/// Fast-path locks of one process.
pub(crate) const FAST_SLOTS: usize = 32;
/// Counters of strong relation locks: relations that share one only lose the fast path together.
pub(crate) const STRONG_COUNTERS: usize = 1024;

/// How big the table is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LockConfig {
    /// Locks that each process can have on average (`max_locks_per_transaction`).
    pub locks_per_process: u32,
    /// Slots of the process table.
    pub processes: u32,
    /// Slots behind them, for prepared transactions (`max_prepared_transactions`): they hold locks, and never wait.
    pub prepared: u32,
}

impl LockConfig {
    /// PostgreSQL's default for so many processes.
    pub fn new(processes: u32) -> LockConfig {
        LockConfig { locks_per_process: 64, processes, prepared: 0 }
    }

    fn slots(&self) -> usize {
        (self.processes + self.prepared) as usize
    }

    /// Objects of one partition: an even share and a quarter more, since hashing does not share evenly.
    fn objects_per_partition(&self) -> usize {
        let all = self.locks_per_process as usize * self.slots().max(1);
        (all / PARTITIONS) * 5 / 4 + 16
    }

    fn holders_per_partition(&self) -> usize {
        self.objects_per_partition() * 2
    }
}

shm::shared! {
    /// A word under a partition's lock.
    pub(crate) struct Word {
        value: AtomicU32,
    }

    /// One part of the table.
    #[repr(C, align(64))]
    pub(crate) struct Partition {
        /// Over everything of the partition.
        pub lock: LwLock,
        /// Objects ever used; those beyond are free.
        objects_used: Word,
        /// Holders ever used; those beyond are free.
        holders_used: Word,
        /// Objects given back, linked by `next`.
        objects_free: Word,
        /// Holders given back, linked by `next`.
        holders_free: Word,
        /// The end of the latest commit record of a transaction that released a lock here before that record was flushed.
        pub released: AtomicU64,
    }

    /// Something that is locked or waited for.
    pub(crate) struct Object {
        tag: [Word; 4],
        next: Word,
        holders: Word,
        waiters: Word,
        /// The modes of those in the queue, as a set.
        wait_modes: Word,
        /// How many processes hold each mode.
        granted: [Word; 9],
    }

    /// A process's interest in an object.
    pub(crate) struct Holder {
        process: Word,
        /// The modes it holds, as a set; empty while it only waits.
        held: Word,
        next: Word,
    }

    /// A process's part in the lock table, or a prepared transaction's.
    #[repr(C, align(64))]
    pub(crate) struct Slot {
        /// The object it waits for, as a link; zero if it does not wait.
        pub wait_object: Word,
        /// The mode it waits for.
        pub wait_mode: Word,
        /// The process behind it in the queue, as a link.
        pub wait_next: Word,
        /// [`WAITING`] or [`GRANTED`].
        pub wait_state: AtomicU32,
        /// Since when, in microseconds of the Unix epoch.
        pub wait_start: AtomicU64,
        /// The top-level transaction it runs; zero for none.
        pub xid: AtomicU64,
        /// Its transaction's number among its transactions; zero outside of one.
        pub virtual_count: AtomicU32,
        /// Set by who waits for one of its transactions: then their ends must be announced.
        pub awaited: AtomicU32,
        /// The end of its latest commit record.
        pub last_commit: AtomicU64,
        /// The database whose relations its fast-path locks are on.
        pub database: AtomicU32,
        /// Of a prepared transaction: the virtual id that it had, as process plus one and count; zero after a restart.
        pub former: [AtomicU32; 2],
    }

    /// Strong locks on the relations of one hash value.
    pub(crate) struct Strong {
        /// How many are held or being acquired; while not zero, weak locks take the long way.
        pub count: AtomicU32,
        /// As [`Partition::released`], for strong locks on these relations.
        pub released: AtomicU64,
    }
}

impl Word {
    pub fn get(&self) -> u32 {
        self.value.load(Ordering::Relaxed)
    }

    pub fn set(&self, value: u32) {
        self.value.store(value, Ordering::Relaxed);
    }
}

/// [`Slot::wait_state`]: in a queue.
pub(crate) const WAITING: u32 = 1;
/// [`Slot::wait_state`]: the lock was granted.
pub(crate) const GRANTED: u32 = 2;

/// What [`crate::LockManager::layout`] asked of the segment.
#[derive(Clone, Copy)]
pub struct LockRequest {
    config: LockConfig,
    partitions: Many<Partition>,
    buckets: Many<Word>,
    objects: Many<Object>,
    holders: Many<Holder>,
    slots: Many<Slot>,
    fast: Many<AtomicU64>,
    strong: Many<Strong>,
}

/// An index into [`Table`]'s objects.
pub(crate) type ObjectIndex = u32;
/// An index into [`Table`]'s holders.
pub(crate) type HolderIndex = u32;

/// The table: handles on shared memory.
#[derive(Clone, Copy)]
pub(crate) struct Table {
    config: LockConfig,
    pub partitions: ShmSlice<Partition>,
    buckets: ShmSlice<Word>,
    objects: ShmSlice<Object>,
    holders: ShmSlice<Holder>,
    pub slots: ShmSlice<Slot>,
    fast: ShmSlice<AtomicU64>,
    pub strong: ShmSlice<Strong>,
}

impl Table {
    pub fn layout(layout: &mut Layout, config: LockConfig) -> LockRequest {
        let slots = config.slots();
        LockRequest {
            config,
            partitions: layout.many("lock partitions", PARTITIONS),
            buckets: layout.many("lock buckets", PARTITIONS * buckets_per_partition(&config)),
            objects: layout.many("locks", PARTITIONS * config.objects_per_partition()),
            holders: layout.many("lock holders", PARTITIONS * config.holders_per_partition()),
            slots: layout.many("lock waits", slots),
            fast: layout.many("fast-path locks", slots * FAST_SLOTS),
            strong: layout.many("strong relation locks", STRONG_COUNTERS),
        }
    }

    pub fn attach(segment: &Segment, request: LockRequest) -> Table {
        Table {
            config: request.config,
            partitions: segment.many(request.partitions),
            buckets: segment.many(request.buckets),
            objects: segment.many(request.objects),
            holders: segment.many(request.holders),
            slots: segment.many(request.slots),
            fast: segment.many(request.fast),
            strong: segment.many(request.strong),
        }
    }

    /// Whether the slot is a prepared transaction's, rather than a process's.
    pub fn is_prepared(&self, slot: u32) -> bool {
        slot >= self.config.processes
    }

    /// The fast-path locks of a process: relation in the upper half, modes in the lower.
    pub fn fast_locks(&self, process: u32) -> &[AtomicU64] {
        let first = process as usize * FAST_SLOTS;
        &self.fast[first..first + FAST_SLOTS]
    }

    pub fn partition_of(&self, hash: u32) -> usize {
        hash as usize % PARTITIONS
    }

    fn bucket(&self, hash: u32) -> &Word {
        let per_partition = self.buckets.len() / PARTITIONS;
        let within = (hash as usize / PARTITIONS) % per_partition;
        &self.buckets[self.partition_of(hash) * per_partition + within]
    }

    pub fn object(&self, index: ObjectIndex) -> &Object {
        &self.objects[index as usize]
    }

    fn holder(&self, index: HolderIndex) -> &Holder {
        &self.holders[index as usize]
    }

    /// The object with this tag, if anyone holds or awaits it.
    pub fn find(&self, tag: LockTag, hash: u32) -> Option<ObjectIndex> {
        let words = tag.words();
        let mut link = self.bucket(hash).get();
        while link != 0 {
            let object = self.object(link - 1);
            if (0..4).all(|i| object.tag[i].get() == words[i]) {
                return Some(link - 1);
            }
            link = object.next.get();
        }
        None
    }

    /// The object with this tag, made if need be.
    pub fn find_or_make(&self, tag: LockTag, hash: u32) -> Result<ObjectIndex> {
        if let Some(found) = self.find(tag, hash) {
            return Ok(found);
        }
        let partition = &self.partitions[self.partition_of(hash)];
        let per_partition = self.config.objects_per_partition() as u32;
        let first = self.partition_of(hash) as u32 * per_partition;
        let index = match partition.objects_free.get() {
            0 if partition.objects_used.get() == per_partition => return Err(out_of_space()),
            0 => {
                let used = partition.objects_used.get();
                partition.objects_used.set(used + 1);
                first + used
            }
            link => {
                partition.objects_free.set(self.object(link - 1).next.get());
                link - 1
            }
        };
        let object = self.object(index);
        for (word, value) in object.tag.iter().zip(tag.words()) {
            word.set(value);
        }
        object.holders.set(0);
        object.waiters.set(0);
        object.wait_modes.set(0);
        for count in &object.granted {
            count.set(0);
        }
        let bucket = self.bucket(hash);
        object.next.set(bucket.get());
        bucket.set(index + 1);
        Ok(index)
    }

    /// The process's holder entry on the object, if it has one.
    pub fn find_holder(&self, object: ObjectIndex, process: u32) -> Option<HolderIndex> {
        self.holders_of(object).find(|&index| self.holder(index).process.get() == process)
    }

    /// The process's holder entry on the object, made if need be.
    pub fn find_or_make_holder(&self, object: ObjectIndex, hash: u32, process: u32) -> Result<HolderIndex> {
        if let Some(found) = self.find_holder(object, process) {
            return Ok(found);
        }
        let partition = &self.partitions[self.partition_of(hash)];
        let per_partition = self.config.holders_per_partition() as u32;
        let first = self.partition_of(hash) as u32 * per_partition;
        let index = match partition.holders_free.get() {
            0 if partition.holders_used.get() == per_partition => return Err(out_of_space()),
            0 => {
                let used = partition.holders_used.get();
                partition.holders_used.set(used + 1);
                first + used
            }
            link => {
                partition.holders_free.set(self.holder(link - 1).next.get());
                link - 1
            }
        };
        let holder = self.holder(index);
        holder.process.set(process);
        holder.held.set(0);
        holder.next.set(self.object(object).holders.get());
        self.object(object).holders.set(index + 1);
        Ok(index)
    }

    /// The holder entries of an object.
    pub fn holders_of(&self, object: ObjectIndex) -> impl Iterator<Item = HolderIndex> + '_ {
        links(self.object(object).holders.get(), |index| self.holder(index).next.get())
    }

    /// The processes in an object's queue, first in front.
    pub fn waiters_of(&self, object: ObjectIndex) -> impl Iterator<Item = u32> + '_ {
        links(self.object(object).waiters.get(), |process| self.slots[process as usize].wait_next.get())
    }

    /// A holder's process and the modes it holds.
    pub fn held(&self, holder: HolderIndex) -> (u32, LockModes) {
        let holder = self.holder(holder);
        (holder.process.get(), LockModes(holder.held.get() as u16))
    }

    /// The modes that processes other than `process` hold on the object.
    pub fn held_by_others(&self, object: ObjectIndex, process: u32) -> LockModes {
        let held = self.find_holder(object, process).map_or(LockModes::NONE, |holder| self.held(holder).1);
        let counts = &self.object(object).granted;
        LockMode::ALL
            .into_iter()
            .filter(|&mode| counts[mode as usize].get() > held.contains(mode) as u32)
            .fold(LockModes::NONE, LockModes::with)
    }

    /// The modes that are waited for.
    pub fn wait_modes(&self, object: ObjectIndex) -> LockModes {
        LockModes(self.object(object).wait_modes.get() as u16)
    }

    /// The object's tag.
    pub fn tag(&self, object: ObjectIndex) -> LockTag {
        let tag = &self.object(object).tag;
        LockTag::from_words([tag[0].get(), tag[1].get(), tag[2].get(), tag[3].get()])
    }

    /// What a process waits for.
    pub fn awaited_by(&self, process: u32) -> Option<(ObjectIndex, LockMode)> {
        let slot = &self.slots[process as usize];
        let object = slot.wait_object.get().checked_sub(1)?;
        Some((object, LockMode::from_number(slot.wait_mode.get() as u8)?))
    }

    /// Gives the holder the mode.
    pub fn grant(&self, object: ObjectIndex, holder: HolderIndex, mode: LockMode) {
        let (held, count) = (&self.holder(holder).held, &self.object(object).granted[mode as usize]);
        let before = LockModes(held.get() as u16);
        if !before.contains(mode) {
            held.set(before.with(mode).0.into());
            count.set(count.get() + 1);
        }
    }

    /// Takes the mode from the process; `false` if it did not have it. The caller cleans up and wakes.
    pub fn revoke(&self, object: ObjectIndex, process: u32, mode: LockMode) -> bool {
        let Some(holder) = self.find_holder(object, process) else { return false };
        let (held, count) = (&self.holder(holder).held, &self.object(object).granted[mode as usize]);
        let before = LockModes(held.get() as u16);
        if !before.contains(mode) {
            return false;
        }
        held.set(before.without(mode).0.into());
        count.set(count.get() - 1);
        true
    }

    /// What `from` holds of the object is `to`'s, which had nothing of it.
    pub fn give_holder(&self, object: ObjectIndex, from: u32, to: u32) {
        if let Some(holder) = self.find_holder(object, from) {
            self.holder(holder).process.set(to);
        }
    }

    /// Writes the queue anew.
    pub fn set_queue(&self, object: ObjectIndex, queue: &[u32]) {
        let mut modes = LockModes::NONE;
        let mut next = 0;
        for &process in queue.iter().rev() {
            let slot = &self.slots[process as usize];
            slot.wait_next.set(next);
            next = process + 1;
            if let Some(mode) = LockMode::from_number(slot.wait_mode.get() as u8) {
                modes = modes.with(mode);
            }
        }
        self.object(object).waiters.set(next);
        self.object(object).wait_modes.set(modes.0.into());
    }

    /// Removes the process's holder entry if it neither holds nor awaits, then the object if nobody is interested in it.
    pub fn clean_up(&self, object: ObjectIndex, hash: u32, process: u32) {
        let partition = &self.partitions[self.partition_of(hash)];
        let waits = self.slots[process as usize].wait_object.get() == object + 1;
        if let Some(index) = self.find_holder(object, process)
            && self.holder(index).held.get() == 0
            && !waits
        {
            let after = self.holder(index).next.get();
            let head = &self.object(object).holders;
            if head.get() == index + 1 {
                head.set(after);
            } else if let Some(before) = self.holders_of(object).find(|&h| self.holder(h).next.get() == index + 1) {
                self.holder(before).next.set(after);
            }
            self.holder(index).next.set(partition.holders_free.get());
            partition.holders_free.set(index + 1);
        }
        if self.object(object).holders.get() == 0 && self.object(object).waiters.get() == 0 {
            let after = self.object(object).next.get();
            let bucket = self.bucket(hash);
            if bucket.get() == object + 1 {
                bucket.set(after);
            } else {
                let mut at = bucket.get();
                while at != 0 && self.object(at - 1).next.get() != object + 1 {
                    at = self.object(at - 1).next.get();
                }
                if at != 0 {
                    self.object(at - 1).next.set(after);
                }
            }
            self.object(object).next.set(partition.objects_free.get());
            partition.objects_free.set(object + 1);
        }
    }

    /// All objects of a partition, for listings.
    pub fn objects_of(&self, partition: usize) -> impl Iterator<Item = ObjectIndex> + '_ {
        let per_partition = self.buckets.len() / PARTITIONS;
        (partition * per_partition..(partition + 1) * per_partition)
            .flat_map(move |bucket| links(self.buckets[bucket].get(), |index| self.object(index).next.get()))
    }
}

fn buckets_per_partition(config: &LockConfig) -> usize {
    config.objects_per_partition().next_power_of_two()
}

/// Follows links from `first`.
fn links(first: u32, next: impl Fn(u32) -> u32) -> impl Iterator<Item = u32> {
    let mut link = first;
    std::iter::from_fn(move || {
        let index = link.checked_sub(1)?;
        link = next(index);
        Some(index)
    })
}

fn out_of_space() -> Error {
    Error::new(SqlState::OUT_OF_MEMORY, "out of shared memory")
        .hint("You might need to increase \"max_locks_per_transaction\".")
}

/// The counter of strong locks for a relation.
pub(crate) fn strong_index(hash: u32) -> usize {
    hash as usize % STRONG_COUNTERS
}

/// Whether locks of this mode on such a thing can take the fast path.
pub(crate) fn is_fast(tag: LockTag, mode: LockMode, database: u32) -> bool {
    mode.is_weak() && tag.kind() == LockKind::Relation && database != 0 && tag.fields().0 == database
}

/// Whether it keeps weak locks from the fast path.
pub(crate) fn is_strong(tag: LockTag, mode: LockMode) -> bool {
    tag.kind() == LockKind::Relation && mode > LockMode::ShareUpdateExclusive && tag.fields().0 != 0
}
