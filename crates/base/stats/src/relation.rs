//! What a session has counted of one relation and not reported yet.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering::Relaxed};

use crate::shared::{Entry, Key};
use crate::{database, relation_fields as field};

/// Pages asked for, and found in the pool.
#[derive(Debug, Default)]
pub struct BlockCounters {
    /// All pages asked for.
    pub fetched: AtomicU64,
    /// Those that had to be read.
    pub read: AtomicU64,
}

/// The counters of one relation in one session. Several handles of the relation (and worker threads) share them.
#[derive(Debug, Default)]
pub struct RelationCounters {
    pub(crate) key: Option<Key>,
    /// Its pages.
    pub blocks: BlockCounters,
    /// Scans begun.
    pub scans: AtomicU64,
    /// Rows or entries that scans gave.
    pub returned: AtomicU64,
    /// Rows fetched by way of the index.
    pub fetched: AtomicU64,
    /// Updates that needed no index entry.
    pub hot_updated: AtomicU64,
    /// Updates whose new version went to another page.
    pub new_page_updated: AtomicU64,
    /// Rows inserted, updated, deleted so far.
    pub(crate) changed: [AtomicU64; 3],
    /// Of those, how many were already given to a level of the transaction.
    pub(crate) settled: [AtomicU64; 3],
    /// Whether the session has it in its list of written relations.
    pub(crate) is_listed: AtomicBool,
    /// What ended transactions made of the changes: live, dead rows.
    pub(crate) live: AtomicI64,
    pub(crate) dead: AtomicI64,
    /// Changes by transactions that committed.
    pub(crate) analyzable: AtomicI64,
    /// The relation was emptied by a committed transaction: what was counted of its rows before is void.
    pub(crate) emptied: AtomicBool,
}

/// Positions in [`RelationCounters::changed`].
pub(crate) const INSERTED: usize = 0;
pub(crate) const UPDATED: usize = 1;
pub(crate) const DELETED: usize = 2;

impl RelationCounters {
    pub(crate) fn new(key: Key) -> Arc<RelationCounters> {
        Arc::new(RelationCounters { key: Some(key), ..RelationCounters::default() })
    }

    /// Which relation it is; `None` for one that nobody reports.
    pub fn key(&self) -> Option<Key> {
        self.key
    }

    /// A scan begins.
    #[inline]
    pub fn scan(&self) {
        self.scans.fetch_add(1, Relaxed);
    }

    /// A scan gave this many rows or entries.
    #[inline]
    pub fn returned(&self, count: u64) {
        self.returned.fetch_add(count, Relaxed);
    }

    /// This many rows were fetched by way of the index.
    #[inline]
    pub fn fetched(&self, count: u64) {
        self.fetched.fetch_add(count, Relaxed);
    }

    /// Rows inserted, updated and deleted that are not reported yet.
    pub fn changes(&self) -> [u64; 3] {
        [0, 1, 2].map(|n| self.changed[n].load(Relaxed))
    }

    /// What was changed so far and given to a level of the transaction does not count any more.
    pub(crate) fn take_back(&self, void: [u64; 3]) {
        for (n, void) in void.into_iter().enumerate() {
            self.changed[n].fetch_sub(void.min(self.changed[n].load(Relaxed)), Relaxed);
            self.settled[n].fetch_sub(void.min(self.settled[n].load(Relaxed)), Relaxed);
        }
    }

    /// It counts after all.
    pub(crate) fn give_again(&self, void: [u64; 3]) {
        for (n, void) in void.into_iter().enumerate() {
            self.changed[n].fetch_add(void, Relaxed);
            self.settled[n].fetch_add(void, Relaxed);
        }
    }

    /// Takes what changed since the last call, for the level of the transaction that did it.
    pub(crate) fn take_unsettled(&self) -> [u64; 3] {
        [0, 1, 2].map(|n| {
            let changed = self.changed[n].load(Relaxed);
            changed.saturating_sub(self.settled[n].swap(changed, Relaxed))
        })
    }

    /// Takes everything out, into the relation's and its database's entries. False if there was nothing.
    pub(crate) fn drain(&self, now_us: i64, relation: &mut Entry, of_database: &mut Entry) -> bool {
        let take = |counter: &AtomicU64| if counter.load(Relaxed) == 0 { 0 } else { counter.swap(0, Relaxed) };
        let mut any = false;
        let mut add = |value: u64, mine: usize, theirs: Option<usize>| {
            any |= value != 0;
            relation.add(mine, value);
            if let Some(theirs) = theirs {
                of_database.add(theirs, value);
            }
        };
        let scans = take(&self.scans);
        add(scans, field::SCANS, None);
        add(take(&self.returned), field::TUPLES_RETURNED, Some(database::TUPLES_RETURNED));
        add(take(&self.fetched), field::TUPLES_FETCHED, Some(database::TUPLES_FETCHED));
        add(take(&self.hot_updated), field::HOT_UPDATED, None);
        add(take(&self.new_page_updated), field::NEW_PAGE_UPDATED, None);
        let (asked, read) = (take(&self.blocks.fetched), take(&self.blocks.read));
        add(asked, field::BLOCKS_FETCHED, Some(database::BLOCKS_FETCHED));
        add(asked.saturating_sub(read), field::BLOCKS_HIT, Some(database::BLOCKS_HIT));
        let places = [
            (field::INSERTED, database::INSERTED),
            (field::UPDATED, database::UPDATED),
            (field::DELETED, database::DELETED),
        ];
        for (n, (mine, theirs)) in places.into_iter().enumerate() {
            let count = take(&self.changed[n]);
            self.settled[n].fetch_sub(count.min(self.settled[n].load(Relaxed)), Relaxed);
            add(count, mine, Some(theirs));
            if n == INSERTED {
                add(count, field::INSERTED_SINCE_VACUUM, None);
            }
        }
        let take_signed = |counter: &AtomicI64| if counter.load(Relaxed) == 0 { 0 } else { counter.swap(0, Relaxed) };
        add(take_signed(&self.live) as u64, field::LIVE, None);
        add(take_signed(&self.dead) as u64, field::DEAD, None);
        add(take_signed(&self.analyzable) as u64, field::CHANGED_SINCE_ANALYZE, None);
        if scans > 0 {
            relation.set(field::LAST_SCAN, now_us as u64);
        }
        any
    }
}
