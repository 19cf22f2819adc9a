//! What a session has counted and not reported yet, and how its transactions turn changes into live and dead rows.
//!
//! Insertions, updates and deletions are counted when they happen, whatever becomes of the transaction. How many rows live and how many
//! are dead is known only at its end:
//!
//! | | committed | rolled back |
//! |---|---|---|
//! | inserted | live + 1 | dead + 1 |
//! | updated | dead + 1 | dead + 1 |
//! | deleted | live - 1, dead + 1 | |
//!
//! So each (sub)transaction's changes are kept apart in frames until it ends.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use error::{Error, Result, SqlState};
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use ids::Oid;

use crate::relation::{DELETED, INSERTED, RelationCounters, UPDATED};
use crate::shared::{Entry, Key, Kind, Stats};
use crate::{database, function_fields, relation_fields as field};

/// Between two reports of a busy session, in microseconds.
pub const MIN_INTERVAL_US: i64 = 1_000_000;

/// Temporary files of one statement that the log tells of, at most.
const UNTOLD_MAX: usize = 10_000;

/// Fields of relations whose values are times, and do not add up.
const RELATION_TIMES: &[usize] = &[field::LAST_SCAN];

/// A level of the transaction, and what it did to a relation.
struct Frame {
    level: u32,
    relation: Arc<RelationCounters>,
    changes: [u64; 3],
    /// What the transaction had changed before it emptied or dropped the relation: it does not count, unless that is rolled back.
    void: [u64; 3],
    /// It emptied (or dropped) the relation first.
    fate: Option<Fate>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Emptied,
    Created,
    Dropped,
}

/// What a session has counted of a function and not reported yet.
#[derive(Default)]
struct FunctionCounts {
    calls: u64,
    total: Duration,
    own: Duration,
}

/// A call under way of a function that is counted.
pub struct FunctionCall {
    key: Key,
    total_before: Duration,
}

/// What a prepared transaction did to a relation, to be counted when it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PreparedChange {
    /// The database; zero for shared relations.
    pub database: Oid,
    /// The relation.
    pub relation: Oid,
    /// Zero: rows were changed; else it was emptied (1), created (2) or dropped (3); or it is a function that was dropped (4).
    pub fate: u32,
    /// Rows inserted, updated, deleted.
    pub rows: [u64; 3],
}

/// How a session ended, for `pg_stat_database`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionEnd {
    /// As the client wished.
    Normal,
    /// The client was lost.
    Abandoned,
    /// By a fatal error.
    Fatal,
    /// By an administrator.
    Killed,
}

/// A session's unreported statistics. Shared by its threads.
#[derive(Default)]
pub struct Pending {
    stats: Option<Stats>,
    relations: Mutex<HashMap<Key, Arc<RelationCounters>, FixedState>>,
    /// Relations changed since the current level of the transaction began.
    written: Mutex<Vec<Arc<RelationCounters>>>,
    frames: Mutex<Vec<Frame>>,
    functions: Mutex<HashMap<Key, FunctionCounts, FixedState>>,
    database: AtomicU32,
    commits: AtomicU64,
    rollbacks: AtomicU64,
    /// Of the database: temporary files, bytes in them, deadlocks; times in microseconds.
    temp_files: AtomicU64,
    temp_bytes: AtomicU64,
    /// Bytes in temporary files now, the most that is allowed, and from how many on a file is logged.
    temp_held: AtomicU64,
    temp_limit: AtomicI64,
    temp_logged_from: AtomicI64,
    temp_untold: Mutex<Vec<(PathBuf, u64)>>,
    /// Blocks read from temporary files, and written to them, since the session began.
    temp_blocks: [AtomicU64; 2],
    deadlocks: AtomicU64,
    active_us: AtomicU64,
    idle_in_transaction_us: AtomicU64,
    /// When session time was last reported; zero: this is no client's session.
    session_us: AtomicI64,
    last_flush_us: AtomicI64,
    forced: AtomicBool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Pending {
    /// Nothing yet. Without `stats` everything is counted for nobody (tests, tools).
    pub fn new(stats: Option<Stats>) -> Pending {
        let never = || AtomicI64::new(-1);
        Pending { stats, temp_limit: never(), temp_logged_from: never(), ..Pending::default() }
    }

    /// Where it reports to.
    pub fn stats(&self) -> Option<&Stats> {
        self.stats.as_ref()
    }

    /// The database that transactions count for.
    pub fn set_database(&self, database: Oid) {
        self.database.store(database.0, Relaxed);
    }

    /// The counters of a relation, for its handles.
    pub fn relation(&self, database: Oid, relation: Oid) -> Arc<RelationCounters> {
        let key = Key::relation(database, relation);
        lock(&self.relations).entry(key).or_insert_with(|| RelationCounters::new(key)).clone()
    }

    /// The counters of a relation, if the session has any: for `pg_stat_xact_*`.
    pub fn find(&self, database: Oid, relation: Oid) -> Option<Arc<RelationCounters>> {
        lock(&self.relations).get(&Key::relation(database, relation)).cloned()
    }

    #[inline]
    fn note(&self, relation: &Arc<RelationCounters>, what: usize, count: u64) {
        relation.changed[what].fetch_add(count, Relaxed);
        if !relation.is_listed.load(Relaxed) {
            relation.is_listed.store(true, Relaxed);
            lock(&self.written).push(Arc::clone(relation));
        }
    }

    /// Rows were inserted.
    #[inline]
    pub fn inserted(&self, relation: &Arc<RelationCounters>, count: u64) {
        self.note(relation, INSERTED, count);
    }

    /// A row was updated: with an index entry or without, to the same page or another.
    #[inline]
    pub fn updated(&self, relation: &Arc<RelationCounters>, hot: bool, new_page: bool) {
        self.note(relation, UPDATED, 1);
        if hot {
            relation.hot_updated.fetch_add(1, Relaxed);
        } else if new_page {
            relation.new_page_updated.fetch_add(1, Relaxed);
        }
    }

    /// A row was deleted.
    #[inline]
    pub fn deleted(&self, relation: &Arc<RelationCounters>) {
        self.note(relation, DELETED, 1);
    }

    /// The relation got new, empty files: if that is committed, it has no rows but those inserted since.
    pub fn emptied(&self, level: u32, database: Oid, relation: Oid) {
        self.decide(level, database, relation, Fate::Emptied);
    }

    /// The relation is dropped, if that is committed.
    pub fn dropped(&self, level: u32, database: Oid, relation: Oid) {
        self.decide(level, database, relation, Fate::Dropped);
    }

    /// The relation is new: if that is rolled back, nothing of it is kept.
    pub fn created(&self, level: u32, database: Oid, relation: Oid) {
        if let Some(stats) = &self.stats {
            stats.update(&Key::relation(database, relation), |_| ());
        }
        self.decide(level, database, relation, Fate::Created);
    }

    fn decide(&self, level: u32, database: Oid, relation: Oid, fate: Fate) {
        if self.stats.is_none() {
            return;
        }
        self.harvest(level);
        let relation = self.relation(database, relation);
        let mut frames = lock(&self.frames);
        let mut void = [0; 3];
        if fate != Fate::Created {
            for frame in frames.iter().filter(|frame| Arc::ptr_eq(&frame.relation, &relation)) {
                let counted = |n: usize| frame.changes[n] as i64 - frame.void[n] as i64;
                (0..3).for_each(|n| void[n] = (void[n] as i64 + counted(n)).max(0) as u64);
            }
            relation.take_back(void);
        }
        frames.push(Frame { level, relation, changes: [0; 3], void, fate: Some(fate) });
    }

    /// Gives what was changed so far to the level that did it: before another level begins or this one ends.
    pub fn harvest(&self, level: u32) {
        let written = std::mem::take(&mut *lock(&self.written));
        if written.is_empty() {
            return;
        }
        let mut frames = lock(&self.frames);
        for relation in written {
            relation.is_listed.store(false, Relaxed);
            let changes = relation.take_unsettled();
            frames.push(Frame { level, relation, changes, void: [0; 3], fate: None });
        }
    }

    /// A subtransaction's changes are its parent's from now on.
    pub fn subcommitted(&self, level: u32) {
        self.harvest(level);
        for frame in lock(&self.frames).iter_mut().filter(|frame| frame.level >= level) {
            frame.level = level.saturating_sub(1);
        }
    }

    /// A subtransaction was rolled back.
    pub fn subaborted(&self, level: u32) {
        self.harvest(level);
        let mut frames = lock(&self.frames);
        let (gone, kept) = std::mem::take(&mut *frames).into_iter().partition(|frame| frame.level >= level);
        *frames = kept;
        drop(frames);
        self.settle(gone, false);
    }

    /// The transaction ended.
    pub fn ended(&self, committed: bool) {
        self.harvest(1);
        (if committed { &self.commits } else { &self.rollbacks }).fetch_add(1, Relaxed);
        let frames = std::mem::take(&mut *lock(&self.frames));
        if !frames.is_empty() {
            self.settle(frames, committed);
        }
    }

    /// What the transaction did, for its record when it is prepared.
    pub fn to_prepare(&self) -> Vec<PreparedChange> {
        self.harvest(1);
        let frames = lock(&self.frames);
        let changes = frames.iter().filter_map(|frame| {
            let key = frame.relation.key?;
            let fate = match frame.fate {
                None => 0,
                Some(Fate::Emptied) => 1,
                Some(Fate::Created) => 2,
                Some(Fate::Dropped) if key.is(Kind::Function) => 4,
                Some(Fate::Dropped) => 3,
            };
            Some(PreparedChange { database: key.database_oid(), relation: key.object(), fate, rows: frame.changes })
        });
        changes.collect()
    }

    /// The transaction was prepared: whoever ends it counts what it did.
    pub fn prepared(&self) {
        lock(&self.frames).clear();
    }

    /// This session has ended a prepared transaction.
    pub fn settle_prepared(&self, changes: &[PreparedChange], committed: bool) {
        let frames = changes.iter().map(|change| Frame {
            level: 1,
            relation: match change.fate {
                4 => RelationCounters::new(Key::new(Kind::Function, change.database, change.relation)),
                _ => self.relation(change.database, change.relation),
            },
            changes: change.rows,
            // What was void is not in what the session that prepared it had counted.
            void: [0; 3],
            fate: match change.fate {
                1 => Some(Fate::Emptied),
                2 => Some(Fate::Created),
                3 | 4 => Some(Fate::Dropped),
                _ => None,
            },
        });
        self.settle(frames.collect(), committed);
    }

    fn settle(&self, frames: Vec<Frame>, committed: bool) {
        for Frame { relation, changes: [inserted, updated, deleted], fate, void, .. } in frames {
            if !committed {
                relation.give_again(void);
            }
            let [inserted, updated, deleted] = [inserted as i64, updated as i64, deleted as i64];
            match (fate, committed) {
                (None, true) => {
                    relation.live.fetch_add(inserted - deleted, Relaxed);
                    relation.dead.fetch_add(updated + deleted, Relaxed);
                    relation.analyzable.fetch_add(inserted + updated + deleted, Relaxed);
                }
                (None, false) => {
                    relation.dead.fetch_add(inserted + updated, Relaxed);
                }
                (Some(Fate::Emptied), true) => {
                    relation.live.store(0, Relaxed);
                    relation.dead.store(0, Relaxed);
                    relation.emptied.store(true, Relaxed);
                }
                (Some(Fate::Dropped), true) | (Some(Fate::Created), false) => {
                    if let (Some(stats), Some(key)) = (&self.stats, relation.key) {
                        // What was counted belongs to the database all the same, so it is reported first.
                        self.report_relation(stats, &key, &relation, crate::now_us());
                        stats.remove(&key);
                        lock(&self.relations).remove(&key);
                        lock(&self.functions).remove(&key);
                    }
                }
                (Some(_), _) => {}
            }
        }
    }

    // --- Of functions -----------------------------------------------------------------------------------------------

    /// A function that is counted is called. Whoever asks sees zero calls from now on, not none: so the entry of a function that is dropped
    /// meanwhile is not made once more by what is reported later.
    pub fn function_begins(&self, database: Oid, function: Oid) -> FunctionCall {
        let key = Key::new(Kind::Function, database, function);
        let mut functions = lock(&self.functions);
        let counts = functions.entry(key).or_insert_with(|| {
            if let Some(stats) = &self.stats {
                stats.update(&key, |_| ());
            }
            FunctionCounts::default()
        });
        FunctionCall { key, total_before: counts.total }
    }

    /// The call is over: it took `total`, of which `own` was not in other counted functions. Of a function that calls itself the outermost
    /// call's total counts.
    pub fn function_ended(&self, call: FunctionCall, total: Duration, own: Duration) {
        if let Some(counts) = lock(&self.functions).get_mut(&call.key) {
            counts.calls += 1;
            counts.total = call.total_before + total;
            counts.own += own;
        }
    }

    /// A function's calls, total and own time, as far as they are not reported yet.
    pub fn function(&self, database: Oid, function: Oid) -> Option<(u64, Duration, Duration)> {
        let functions = lock(&self.functions);
        let counts = functions.get(&Key::new(Kind::Function, database, function))?;
        Some((counts.calls, counts.total, counts.own))
    }

    /// The function is dropped, if that is committed.
    pub fn function_dropped(&self, level: u32, database: Oid, function: Oid) {
        if self.stats.is_some() {
            let relation = RelationCounters::new(Key::new(Kind::Function, database, function));
            let fate = Some(Fate::Dropped);
            lock(&self.frames).push(Frame { level, relation, changes: [0; 3], void: [0; 3], fate });
        }
    }

    fn report_functions(&self, stats: &Stats) {
        for (key, counts) in lock(&self.functions).drain().filter(|(_, counts)| counts.calls > 0) {
            stats.update_known(&key, |entry| {
                entry.add(function_fields::CALLS, counts.calls);
                entry.add(function_fields::TOTAL_TIME, counts.total.as_nanos() as u64);
                entry.add(function_fields::SELF_TIME, counts.own.as_nanos() as u64);
            });
        }
    }

    // --- Of the database --------------------------------------------------------------------------------------------

    /// The most bytes that temporary files may have together, and from how many on one is told of in the log (negative: no limit; never).
    pub fn follow_temporary(&self, limit: i64, logged_from: i64) {
        self.temp_limit.store(limit, Relaxed);
        self.temp_logged_from.store(logged_from, Relaxed);
    }

    /// A temporary file is to grow.
    ///
    /// # Errors
    /// `53400` if all of the session's would have more than `temp_file_limit`.
    pub fn temporary_room(&self, bytes: u64) -> Result<()> {
        let limit = self.temp_limit.load(Relaxed);
        let used = self.temp_held.fetch_add(bytes, Relaxed) + bytes;
        if limit >= 0 && used > limit as u64 {
            self.temp_held.fetch_sub(bytes, Relaxed);
            let text = format!("temporary file size exceeds \"temp_file_limit\" ({}kB)", limit / 1024);
            return Err(Error::new(SqlState::CONFIGURATION_LIMIT_EXCEEDED, text));
        }
        Ok(())
    }

    /// A temporary file of this length is gone.
    pub fn temporary_file(&self, path: &Path, bytes: u64) {
        self.temp_files.fetch_add(1, Relaxed);
        self.temp_bytes.fetch_add(bytes, Relaxed);
        self.temp_held.fetch_sub(bytes, Relaxed);
        let logged_from = self.temp_logged_from.load(Relaxed);
        let mut untold = lock(&self.temp_untold);
        if logged_from >= 0 && bytes >= logged_from as u64 && untold.len() < UNTOLD_MAX {
            untold.push((path.to_path_buf(), bytes));
        }
    }

    /// Takes the temporary files that went since the last call and that the log is to tell of.
    pub fn take_untold(&self) -> Vec<(PathBuf, u64)> {
        match self.temp_logged_from.load(Relaxed) {
            ..0 => Vec::new(),
            _ => std::mem::take(&mut *lock(&self.temp_untold)),
        }
    }

    /// Blocks of temporary files were read, and written.
    pub fn temporary_blocks(&self, read: u64, written: u64) {
        self.temp_blocks[0].fetch_add(read, Relaxed);
        self.temp_blocks[1].fetch_add(written, Relaxed);
    }

    /// Blocks of temporary files that the session has read, and written, since it began.
    pub fn temporary_blocks_so_far(&self) -> [u64; 2] {
        self.temp_blocks.each_ref().map(|count| count.load(Relaxed))
    }

    /// A deadlock was found.
    pub fn deadlock(&self) {
        self.deadlocks.fetch_add(1, Relaxed);
    }

    /// A client's session begins in a database.
    pub fn session_begins(&self, now_us: i64) {
        self.session_us.store(now_us, Relaxed);
        if let Some(stats) = &self.stats {
            stats.update(&self.database_key(), |entry| entry.add(database::SESSIONS, 1));
        }
    }

    /// The session was at work, or idle in a transaction, for so many microseconds.
    pub fn spent(&self, active_us: u64, idle_in_transaction_us: u64) {
        self.active_us.fetch_add(active_us, Relaxed);
        self.idle_in_transaction_us.fetch_add(idle_in_transaction_us, Relaxed);
    }

    /// The session is over: everything is reported.
    pub fn session_ends(&self, how: SessionEnd) {
        self.flush(crate::now_us());
        let field = match how {
            SessionEnd::Normal => return,
            SessionEnd::Abandoned => database::SESSIONS_ABANDONED,
            SessionEnd::Fatal => database::SESSIONS_FATAL,
            SessionEnd::Killed => database::SESSIONS_KILLED,
        };
        if let Some(stats) = &self.stats
            && self.session_us.load(Relaxed) != 0
        {
            stats.update(&self.database_key(), |entry| entry.add(field, 1));
        }
    }

    fn database_key(&self) -> Key {
        Key::database(Oid(self.database.load(Relaxed)))
    }

    // --- Reporting --------------------------------------------------------------------------------------------------

    /// The next report is due at once (`pg_stat_force_next_flush`).
    pub fn force(&self) {
        self.forced.store(true, Relaxed);
    }

    /// Whether to report at this moment, outside of a transaction.
    #[inline]
    pub fn is_due(&self, now_us: i64) -> bool {
        now_us - self.last_flush_us.load(Relaxed) >= MIN_INTERVAL_US || self.forced.load(Relaxed)
    }

    /// Whether anything happened since the last report.
    pub fn has_news(&self) -> bool {
        self.commits.load(Relaxed) + self.rollbacks.load(Relaxed) > 0
    }

    fn report_relation(&self, stats: &Stats, key: &Key, relation: &RelationCounters, now_us: i64) -> Entry {
        let (mut mine, mut of_database) = (Entry::default(), Entry::default());
        let emptied = relation.emptied.swap(false, Relaxed);
        if relation.drain(now_us, &mut mine, &mut of_database) || emptied {
            if emptied {
                stats.update(key, |entry| {
                    entry.set(field::LIVE, 0);
                    entry.set(field::DEAD, 0);
                    entry.set(field::INSERTED_SINCE_VACUUM, 0);
                });
            }
            stats.merge(key, &mine, RELATION_TIMES);
        }
        of_database
    }

    /// Reports everything. Not while locks are held.
    pub fn flush(&self, now_us: i64) {
        self.last_flush_us.store(now_us, Relaxed);
        self.forced.store(false, Relaxed);
        let Some(stats) = &self.stats else { return };
        self.report_functions(stats);
        let mut of_databases: [(Key, Entry); 2] =
            [(self.database_key(), Entry::default()), (Key::database(Oid::INVALID), Entry::default())];
        lock(&self.relations).retain(|key, relation| {
            let delta = self.report_relation(stats, key, relation, now_us);
            let total = &mut of_databases[usize::from(!key.database_oid().is_valid())].1;
            for (n, value) in delta.values().iter().enumerate() {
                total.add(n, *value);
            }
            // Handles of relations that were dropped or changed are gone.
            Arc::strong_count(relation) > 1
        });
        let own = &mut of_databases[0].1;
        own.add(database::XACT_COMMIT, self.commits.swap(0, Relaxed));
        own.add(database::XACT_ROLLBACK, self.rollbacks.swap(0, Relaxed));
        own.add(database::TEMP_FILES, self.temp_files.swap(0, Relaxed));
        own.add(database::TEMP_BYTES, self.temp_bytes.swap(0, Relaxed));
        own.add(database::DEADLOCKS, self.deadlocks.swap(0, Relaxed));
        own.add(database::ACTIVE_TIME, self.active_us.swap(0, Relaxed));
        own.add(database::IDLE_IN_TRANSACTION_TIME, self.idle_in_transaction_us.swap(0, Relaxed));
        let since = self.session_us.load(Relaxed);
        if since != 0 {
            self.session_us.store(now_us, Relaxed);
            own.add(database::SESSION_TIME, (now_us - since).max(0) as u64);
        }
        for (key, delta) in &of_databases {
            if delta.values().iter().any(|value| *value != 0) {
                stats.merge(key, delta, &[]);
            }
        }
    }
}

impl std::fmt::Debug for Pending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pending of {} relations", lock(&self.relations).len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shm::Layout;

    fn scratch() -> (Stats, Pending) {
        let mut layout = Layout::new();
        let request = Stats::layout(&mut layout, 4);
        let stats = Stats::attach(&layout.map().unwrap(), request);
        let pending = Pending::new(Some(stats));
        pending.set_database(Oid(5));
        (stats, pending)
    }

    fn rows(stats: &Stats) -> (i64, i64, i64) {
        let entry = stats.get(&Key::relation(Oid(5), Oid(100))).unwrap_or_default();
        (entry.signed(field::LIVE), entry.signed(field::DEAD), entry.signed(field::CHANGED_SINCE_ANALYZE))
    }

    #[test]
    fn a_rolled_back_insertion_leaves_dead_rows() {
        let (stats, pending) = scratch();
        let table = pending.relation(Oid(5), Oid(100));
        pending.inserted(&table, 10);
        pending.ended(true);
        pending.inserted(&table, 3);
        pending.deleted(&table);
        pending.ended(false);
        pending.flush(1);
        assert_eq!(rows(&stats), (10, 3, 10));
        let entry = stats.get(&Key::relation(Oid(5), Oid(100))).unwrap();
        assert_eq!((entry.get(field::INSERTED), entry.get(field::DELETED)), (13, 1));
        let of_database = stats.get(&Key::database(Oid(5))).unwrap();
        assert_eq!((of_database.get(database::XACT_COMMIT), of_database.get(database::XACT_ROLLBACK)), (1, 1));
        assert_eq!(of_database.get(database::INSERTED), 13);
    }

    #[test]
    fn a_savepoint_is_rolled_back_alone() {
        let (stats, pending) = scratch();
        let table = pending.relation(Oid(5), Oid(100));
        pending.inserted(&table, 5);
        pending.harvest(1);
        pending.inserted(&table, 2);
        pending.subaborted(2);
        pending.inserted(&table, 1);
        pending.harvest(1);
        pending.deleted(&table);
        pending.subcommitted(2);
        pending.ended(true);
        pending.flush(1);
        assert_eq!(rows(&stats), (5, 3, 7));
    }

    #[test]
    fn reports_in_between_count_nothing_twice() {
        let (stats, pending) = scratch();
        let table = pending.relation(Oid(5), Oid(100));
        pending.inserted(&table, 5);
        pending.harvest(1);
        pending.flush(1);
        pending.inserted(&table, 5);
        pending.ended(true);
        pending.flush(2);
        pending.flush(3);
        assert_eq!(rows(&stats), (10, 0, 10));
        assert_eq!(stats.get(&Key::relation(Oid(5), Oid(100))).unwrap().get(field::INSERTED), 10);
    }

    #[test]
    fn truncated_and_dropped_relations_start_anew() {
        let (stats, pending) = scratch();
        let table = pending.relation(Oid(5), Oid(100));
        pending.inserted(&table, 5);
        pending.ended(true);
        pending.flush(1);
        pending.emptied(1, Oid(5), Oid(100));
        pending.inserted(&table, 2);
        pending.ended(true);
        pending.flush(2);
        assert_eq!(rows(&stats).0, 2);
        pending.dropped(1, Oid(5), Oid(100));
        pending.ended(false);
        assert!(stats.get(&Key::relation(Oid(5), Oid(100))).is_some());
        pending.dropped(1, Oid(5), Oid(100));
        pending.ended(true);
        assert!(stats.get(&Key::relation(Oid(5), Oid(100))).is_none());
    }
}
