//! The table that everybody reports to and reads from.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};

use ids::Oid;
use shm::map::{SharedMap, SharedMapRequest};
use shm::{Layout, Many, One, ProcNumber, ProcessKind, Rank, Segment, Shm, ShmSlice};

use crate::database;

/// Numbers kept of an object.
pub const FIELDS: usize = 32;

/// Objects that there is room for.
const CAPACITY: usize = 32_768;
const PARTITIONS: usize = 64;

/// Kinds of objects, by the names that `pg_stat_have_stats` knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum Kind {
    /// A database; its object number is zero.
    Database = 1,
    /// A table or index.
    Relation = 2,
    /// A function.
    Function = 3,
}

impl Kind {
    /// The kind with this name.
    pub fn named(name: &str) -> Option<Kind> {
        match name {
            "database" => Some(Kind::Database),
            "relation" => Some(Kind::Relation),
            "function" => Some(Kind::Function),
            _ => None,
        }
    }
}

shm::shared! {
    /// Which object numbers belong to.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Key {
        kind: u32,
        database: u32,
        object: u32,
    }

    /// The numbers of an object.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Entry {
        values: [u64; FIELDS],
    }

    struct Shared {
        globals: Globals,
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u32(self.kind);
        state.write_u32(self.database);
        state.write_u32(self.object);
    }
}

impl Key {
    /// A table or index; of a shared one the database is zero.
    pub fn relation(database: Oid, relation: Oid) -> Key {
        Key { kind: Kind::Relation as u32, database: database.0, object: relation.0 }
    }

    /// A database.
    pub fn database(database: Oid) -> Key {
        Key { kind: Kind::Database as u32, database: database.0, object: 0 }
    }

    /// Any kind.
    pub fn new(kind: Kind, database: Oid, object: Oid) -> Key {
        Key { kind: kind as u32, database: database.0, object: object.0 }
    }

    /// The database that the object belongs to.
    pub fn database_oid(&self) -> Oid {
        Oid(self.database)
    }

    /// The object's number.
    pub fn object(&self) -> Oid {
        Oid(self.object)
    }

    /// Whether it is of this kind.
    pub fn is(&self, kind: Kind) -> bool {
        self.kind == kind as u32
    }

    pub(crate) fn words(&self) -> [u32; 3] {
        [self.kind, self.database, self.object]
    }

    pub(crate) fn from_words([kind, database, object]: [u32; 3]) -> Key {
        Key { kind, database, object }
    }
}

impl Default for Entry {
    fn default() -> Entry {
        Entry { values: [0; FIELDS] }
    }
}

impl Entry {
    /// A number.
    pub fn get(&self, field: usize) -> u64 {
        self.values.get(field).copied().unwrap_or(0)
    }

    /// A number that may be below zero while parts of it are not reported yet.
    pub fn signed(&self, field: usize) -> i64 {
        self.get(field) as i64
    }

    /// A time; `None` if it never was.
    pub fn time(&self, field: usize) -> Option<i64> {
        Some(self.signed(field)).filter(|&us| us != 0)
    }

    /// Adds to a number (as two's complement, so a negative one may be added).
    pub fn add(&mut self, field: usize, value: u64) {
        if let Some(place) = self.values.get_mut(field) {
            *place = place.wrapping_add(value);
        }
    }

    /// Replaces a number.
    pub fn set(&mut self, field: usize, value: u64) {
        if let Some(place) = self.values.get_mut(field) {
            *place = value;
        }
    }

    pub(crate) fn values(&self) -> &[u64; FIELDS] {
        &self.values
    }

    pub(crate) fn from_values(values: [u64; FIELDS]) -> Entry {
        Entry { values }
    }
}

/// Why a page is in the pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum IoContext {
    /// Big reads through a ring of buffers.
    BulkRead,
    /// Big writes through a ring.
    BulkWrite,
    /// Anything else.
    Normal,
    /// Vacuum's ring.
    Vacuum,
    /// Anything of a session's temporary relations.
    Temporary,
}

impl IoContext {
    /// Those of relations that others may read, in the order of `pg_stat_io`.
    pub const ALL: [(IoContext, &'static str); 4] = [
        (IoContext::BulkRead, "bulkread"),
        (IoContext::BulkWrite, "bulkwrite"),
        (IoContext::Normal, "normal"),
        (IoContext::Vacuum, "vacuum"),
    ];
}

/// What was done with pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
#[allow(missing_docs)] // the names are those of `pg_stat_io`
pub enum IoOperation {
    Read,
    Write,
    Extend,
    Hit,
    Evict,
    Reuse,
    Fsync,
}

/// How many [`IoOperation`]s there are.
pub const IO_OPERATIONS: usize = 7;
/// How many [`IoContext`]s there are.
pub const IO_CONTEXTS: usize = 5;
/// How many kinds of processes there are, with room.
pub const PROCESS_KINDS: usize = 16;

/// Counts of input and output, of one kind of process or (not yet reported) of one process.
pub type IoCounters = [[AtomicU64; IO_OPERATIONS]; IO_CONTEXTS];

/// What one kind of process, or one process, did with the log's files: writes, bytes written, syncs.
pub type WalIoCounters = [AtomicU64; 3];

shm::shared! {
    /// What one process has reported since it began, or since that was reset.
    #[derive(Debug, Default)]
    pub struct ProcessCounters {
        /// Input and output of relations.
        pub io: [[AtomicU64; IO_OPERATIONS]; IO_CONTEXTS],
        /// Of the log.
        pub wal_io: [AtomicU64; 3],
        /// Written to the log: records, images, bytes, waits for room.
        pub wal: [AtomicU64; 4],
        /// When it was reset; zero if never.
        pub reset_us: AtomicI64,
    }
}

impl ProcessCounters {
    /// Starts anew.
    pub fn clear(&self, reset_us: i64) {
        let all = self.io.iter().flatten().chain(&self.wal_io).chain(&self.wal);
        all.for_each(|counter| counter.store(0, Relaxed));
        self.reset_us.store(reset_us, Relaxed);
    }
}

shm::shared! {
    /// What is counted for the whole server. Each group has the time of its reset beside it.
    #[derive(Debug, Default)]
    #[allow(missing_docs)] // the names are those of the views' columns
    pub struct Globals {
        pub bgwriter_buffers_clean: AtomicU64,
        pub bgwriter_max_written_clean: AtomicU64,
        pub bgwriter_reset_us: AtomicI64,
        pub checkpoints_timed: AtomicU64,
        pub checkpoints_requested: AtomicU64,
        pub checkpoints_done: AtomicU64,
        pub checkpoint_buffers: AtomicU64,
        pub checkpoint_slru: AtomicU64,
        pub checkpoint_write_us: AtomicU64,
        pub checkpoint_sync_us: AtomicU64,
        pub checkpointer_reset_us: AtomicI64,
        pub wal_records: AtomicU64,
        pub wal_images: AtomicU64,
        pub wal_bytes: AtomicU64,
        pub wal_buffers_full: AtomicU64,
        pub wal_reset_us: AtomicI64,
        pub archiver_reset_us: AtomicI64,
        pub slru_reset_us: AtomicI64,
        pub recovery_prefetch_reset_us: AtomicI64,
        pub buffers_allocated_base: AtomicU64,
        pub io: [[[AtomicU64; IO_OPERATIONS]; IO_CONTEXTS]; PROCESS_KINDS],
        pub io_reset_us: AtomicI64,
        pub wal_io: [WalIoCounters; PROCESS_KINDS],
        /// Counts resets and drops of anything: whoever keeps copies looks.
        pub generation: AtomicU64,
    }
}

impl Globals {
    /// All plain numbers, for the file.
    pub(crate) fn numbers(&self) -> Vec<u64> {
        let signed = |n: &AtomicI64| n.load(Relaxed) as u64;
        let mut numbers: Vec<u64> = self.plain().iter().map(|n| n.load(Relaxed)).collect();
        numbers.extend(self.times().iter().map(|n| signed(n)));
        numbers.extend(self.all_io().map(|n| n.load(Relaxed)));
        numbers
    }

    pub(crate) fn set_numbers(&self, numbers: &[u64]) {
        let mut numbers = numbers.iter();
        for (to, from) in self.plain().iter().zip(&mut numbers) {
            to.store(*from, Relaxed);
        }
        for (to, from) in self.times().iter().zip(&mut numbers) {
            to.store(*from as i64, Relaxed);
        }
        for (to, from) in self.all_io().zip(numbers) {
            to.store(*from, Relaxed);
        }
    }

    fn all_io(&self) -> impl Iterator<Item = &AtomicU64> {
        self.io.iter().flatten().flatten().chain(self.wal_io.iter().flatten())
    }

    fn plain(&self) -> [&AtomicU64; 13] {
        [
            &self.bgwriter_buffers_clean,
            &self.bgwriter_max_written_clean,
            &self.checkpoints_timed,
            &self.checkpoints_requested,
            &self.checkpoints_done,
            &self.checkpoint_buffers,
            &self.checkpoint_slru,
            &self.checkpoint_write_us,
            &self.checkpoint_sync_us,
            &self.wal_records,
            &self.wal_images,
            &self.wal_bytes,
            &self.wal_buffers_full,
        ]
    }

    fn times(&self) -> [&AtomicI64; 7] {
        [
            &self.bgwriter_reset_us,
            &self.checkpointer_reset_us,
            &self.wal_reset_us,
            &self.archiver_reset_us,
            &self.slru_reset_us,
            &self.recovery_prefetch_reset_us,
            &self.io_reset_us,
        ]
    }

    /// Starts a group of counts anew: `bgwriter`, `checkpointer`, `wal`, `io`, `archiver`, `slru`, `recovery_prefetch`. False if there
    /// is no such group.
    pub fn reset(&self, target: &str, now_us: i64) -> bool {
        let clear = |counters: &[&AtomicU64], time: &AtomicI64| {
            counters.iter().for_each(|counter| counter.store(0, Relaxed));
            time.store(now_us, Relaxed);
        };
        let [clean, most, timed, requested, done, buffers, slru, write, sync, records, images, bytes, full] =
            self.plain();
        match target {
            "bgwriter" => clear(&[clean, most], &self.bgwriter_reset_us),
            "checkpointer" => {
                clear(&[timed, requested, done, buffers, slru, write, sync], &self.checkpointer_reset_us);
            }
            "wal" => clear(&[records, images, bytes, full], &self.wal_reset_us),
            "io" => {
                let all: Vec<&AtomicU64> = self.all_io().collect();
                clear(&all, &self.io_reset_us);
            }
            "archiver" => clear(&[], &self.archiver_reset_us),
            "slru" => clear(&[], &self.slru_reset_us),
            "recovery_prefetch" => clear(&[], &self.recovery_prefetch_reset_us),
            _ => return false,
        }
        true
    }
}

/// What [`Stats::layout`] asked for.
#[derive(Clone, Copy)]
pub struct StatsRequest {
    entries: SharedMapRequest<Key, Entry>,
    shared: One<Shared>,
    processes: Many<ProcessCounters>,
}

/// The statistics of the whole server. `Copy`; inherited by all processes.
#[derive(Clone, Copy)]
pub struct Stats {
    entries: SharedMap<Key, Entry>,
    shared: Shm<Shared>,
    processes: ShmSlice<ProcessCounters>,
}

impl fmt::Debug for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Stats with room for {} objects", self.entries.capacity())
    }
}

impl Stats {
    /// Asks for shared memory, for so many processes.
    pub fn layout(layout: &mut Layout, processes: usize) -> StatsRequest {
        StatsRequest {
            entries: SharedMap::layout(layout, "Shared Statistics", CAPACITY, PARTITIONS),
            shared: layout.one("Shared Statistics of the Server"),
            processes: layout.many("Shared Statistics of Processes", processes),
        }
    }

    /// Sets it up in a new segment, empty.
    pub fn attach(segment: &Segment, request: StatsRequest) -> Stats {
        let stats = Stats {
            entries: SharedMap::attach(segment, request.entries, Rank::STATISTICS),
            shared: segment.one(request.shared),
            processes: segment.many(request.processes),
        };
        let now = crate::now_us();
        for group in ["bgwriter", "checkpointer", "wal", "io", "archiver", "slru", "recovery_prefetch"] {
            stats.globals().reset(group, now);
        }
        stats
    }

    /// What is counted for the whole server.
    pub fn globals(&self) -> &'static Globals {
        &self.shared.get().globals
    }

    /// The input and output of a kind of process.
    pub fn io(&self, kind: ProcessKind) -> &'static IoCounters {
        &self.globals().io[kind as usize % PROCESS_KINDS]
    }

    /// What a kind of process did with the log's files.
    pub fn wal_io(&self, kind: ProcessKind) -> &'static WalIoCounters {
        &self.globals().wal_io[kind as usize % PROCESS_KINDS]
    }

    /// What the process in a slot has reported.
    pub fn process(&self, number: ProcNumber) -> Option<&'static ProcessCounters> {
        self.processes.get_all().get(number.0 as usize)
    }

    /// The numbers of an object, if it has any.
    pub fn get(&self, key: &Key) -> Option<Entry> {
        let hash = self.entries.hash(key);
        self.entries.share(hash).get(hash, key).copied()
    }

    /// Changes the numbers of an object; they are zero at first. Does nothing if the table is full.
    pub fn update(&self, key: &Key, change: impl FnOnce(&mut Entry)) {
        let hash = self.entries.hash(key);
        let mut partition = self.entries.exclusive(hash);
        if let Ok((entry, _)) = partition.get_or_insert_with(hash, *key, Entry::default) {
            change(entry);
        }
    }

    /// Changes the numbers of an object, if it has any.
    pub fn update_known(&self, key: &Key, change: impl FnOnce(&mut Entry)) {
        let hash = self.entries.hash(key);
        if let Some(entry) = self.entries.exclusive(hash).get_mut(hash, key) {
            change(entry);
        }
    }

    /// Adds the numbers of `delta` to an object's; times replace.
    pub(crate) fn merge(&self, key: &Key, delta: &Entry, times: &[usize]) {
        self.update(key, |entry| {
            for (n, value) in delta.values.iter().enumerate().filter(|(_, value)| **value != 0) {
                if times.contains(&n) {
                    entry.set(n, entry.get(n).max(*value));
                } else {
                    entry.add(n, *value);
                }
            }
        });
    }

    /// Forgets an object.
    pub fn remove(&self, key: &Key) {
        let hash = self.entries.hash(key);
        self.entries.exclusive(hash).remove(hash, key);
        self.globals().generation.fetch_add(1, Relaxed);
    }

    /// Every object and its numbers.
    pub fn all(&self) -> Vec<(Key, Entry)> {
        let mut all = Vec::new();
        self.entries.for_each(|key, entry| all.push((*key, *entry)));
        all
    }

    /// Forgets what was counted of all objects of a database, and of the database itself (which notes when).
    pub fn reset_database(&self, database: Oid) {
        for (key, _) in self.all() {
            if key.database_oid() == database && !key.is(Kind::Database) {
                self.update(&key, |entry| *entry = Entry::default());
            }
        }
        self.update(&Key::database(database), |entry| {
            *entry = Entry::default();
            entry.set(database::STATS_RESET, crate::now_us() as u64);
        });
        self.globals().generation.fetch_add(1, Relaxed);
    }

    /// Starts an object's counts anew; its database notes when.
    pub fn reset(&self, key: &Key) {
        let hash = self.entries.hash(key);
        if let Some(entry) = self.entries.exclusive(hash).get_mut(hash, key) {
            *entry = Entry::default();
        }
        self.update(&Key::database(key.database_oid()), |entry| {
            entry.set(database::STATS_RESET, crate::now_us() as u64);
        });
        self.globals().generation.fetch_add(1, Relaxed);
    }

    /// Forgets a dropped database and everything in it.
    pub fn remove_database(&self, database: Oid) {
        for (key, _) in self.all() {
            if key.database_oid() == database {
                self.remove(&key);
            }
        }
    }

    pub(crate) fn insert(&self, key: Key, entry: Entry) {
        let hash = self.entries.hash(&key);
        let _ = self.entries.exclusive(hash).insert(hash, key, entry);
    }
}
