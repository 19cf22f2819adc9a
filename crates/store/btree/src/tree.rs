//! Descending, inserting and splitting: Lehman and Yao's algorithm ("Efficient Locking for Concurrent Operations on B-Trees",
//! 1981), with Lanin and Shasha's and PostgreSQL's refinements.
//!
//! A descent holds one lock at a time and none between pages. A page may have been split meanwhile: the high key shows
//! that a key has moved, and the right link leads to it. A split is two steps: first the page is cut in two and the left
//! half marked [`flags::INCOMPLETE_SPLIT`]; then, still under the left half's lock, the parent gets the new downlink, and the
//! mark goes. Whoever comes to write and finds a mark (after a crash, or an error) does the second step first. The
//! parent is found by descending anew, splits being rare.

use std::sync::atomic::Ordering;

use access::{EntryStatus, Index, IndexEntry, Inserted, Store, Table, TableAm, UniqueCheck};
use error::{Error, Result, SqlState};
use ids::{BlockNumber, Fork, TupleId, Xid};
use locks::{LockMode, LockOwner, LockTag, LockWait};
use storage::{Access, Buffer, Change, FreeSpaceMap, Image, Page, PageMut};
use txn::Transaction;
use wal::RmgrId;

use crate::action::{self, Actions, Kind};
use crate::page::{
    ITEM_MAX, META_BLOCK, Meta, Node, NodeMut, SearchKey, TID_SIZE, USABLE, compare, damaged, flags, inner_item,
    leaf_item,
};
use crate::split;

/// A place in the order of entries that owns its key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct OwnedKey {
    pub key: Vec<u8>,
    pub tid: u64,
}

impl OwnedKey {
    pub fn set(&mut self, key: SearchKey<'_>) {
        self.key.clear();
        self.key.extend_from_slice(key.key);
        self.tid = key.tid;
    }

    pub fn borrow(&self) -> SearchKey<'_> {
        SearchKey { key: &self.key, tid: self.tid }
    }
}

impl From<SearchKey<'_>> for OwnedKey {
    fn from(key: SearchKey<'_>) -> OwnedKey {
        OwnedKey { key: key.key.to_vec(), tid: key.tid }
    }
}

/// Which leaf a descent looks for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Goal<'a> {
    /// The one where the first entry at or after the key is or would be.
    At(SearchKey<'a>),
    /// The one where the last entry before the key is.
    Before(SearchKey<'a>),
    /// The last one.
    Last,
}

impl Goal<'_> {
    /// Whether the goal is further right than this page.
    pub fn is_right_of(&self, page: &Page) -> bool {
        match self {
            Goal::At(key) => page.is_left_of(*key, false),
            Goal::Before(key) => page.is_left_of(*key, true),
            Goal::Last => !page.is_rightmost(),
        }
    }

    fn choose(&self, page: &Page) -> u16 {
        match self {
            Goal::At(key) => page.inner_search(*key, false),
            Goal::Before(key) => page.inner_search(*key, true),
            Goal::Last => page.last_entry(),
        }
    }
}

/// What one attempt at inserting came to.
enum Attempt {
    Done(Inserted),
    /// The entry belongs to another page: look again from the root.
    Restart,
    Right(BlockNumber),
    /// Again, on the same page.
    Again,
    /// The end of this transaction (or of its speculative insertion) decides.
    Wait(Xid, u32),
}

/// Counts pages that something visits one after the other, so that links that form a circle are found out.
#[derive(Default)]
pub(crate) struct Steps(u32);

impl Steps {
    /// One more.
    ///
    /// # Errors
    /// `XX002` if they are more than the index has pages.
    #[inline]
    pub fn next(&mut self, tree: &Tree<'_>) -> Result<()> {
        self.0 += 1;
        if self.0.is_multiple_of(256) { self.check(tree) } else { Ok(()) }
    }

    #[cold]
    fn check(&self, tree: &Tree<'_>) -> Result<()> {
        // Twice, for pages are added meanwhile, and a little more for the very small.
        let pages = tree.store.storage.block_count(tree.index.locator, Fork::Main)?;
        match self.0 > pages.saturating_mul(2).saturating_add(256) {
            true => Err(tree.explain(damaged("its links form a circle"))),
            false => Ok(()),
        }
    }
}

/// An index at work.
#[derive(Clone, Copy)]
pub(crate) struct Tree<'a> {
    pub store: &'a Store,
    pub index: &'a Index,
}

impl<'a> Tree<'a> {
    pub fn read(&self, block: BlockNumber) -> Result<Buffer> {
        self.store.storage.read(self.index.locator, Fork::Main, block, &self.access())
    }

    /// The same for an inner page, whose frame this process remembers.
    fn read_inner(&self, block: BlockNumber) -> Result<Buffer> {
        let frame = self.index.cache.frame(block);
        self.store.storage.read_again(self.index.locator, Fork::Main, block, &self.access(), frame)
    }

    fn access(&self) -> Access<'a> {
        Access { persistence: self.index.persistence, blocks: Some(&self.index.counters.blocks), ..Access::default() }
    }

    pub fn free_space_map(&self) -> FreeSpaceMap<'a> {
        FreeSpaceMap::new(&self.store.storage, self.index.locator, self.index.persistence)
    }

    pub fn change<'c>(&self, kind: Kind) -> Change<'c> {
        self.store.storage.change(RmgrId::BTREE, kind as u8)
    }

    pub fn finish(&self, change: Change<'_>) {
        // Index changes need no transaction: an entry of a transaction that rolls back points to a dead row.
        change.finish_for(self.index.persistence, Xid::INVALID);
    }

    pub fn meta(&self) -> Result<Meta> {
        let buffer = self.read(META_BLOCK)?;
        let page = buffer.share();
        page.meta().map_err(|error| self.explain(error))
    }

    #[cold]
    pub fn explain(&self, error: Error) -> Error {
        error.context(format!("index \"{}\"", self.index.name))
    }

    /// The page where `goal` is on `level`, pinned but not locked: whoever locks it looks again whether the goal has moved
    /// right. `None` if the index has no pages yet.
    pub fn descend(&self, goal: Goal<'_>, level: u16) -> Result<Option<Buffer>> {
        self.descend_noting(goal, level, &mut |_| ())
    }

    /// The same; tells of ever greater places before which nothing is on the page: the last is the least place that can be there. None if it is
    /// the first page.
    pub fn descend_noting(
        &self,
        goal: Goal<'_>,
        level: u16,
        fence: &mut dyn FnMut(SearchKey<'_>),
    ) -> Result<Option<Buffer>> {
        let mut block = BlockNumber(self.index.cache.root.load(Ordering::Relaxed));
        // Inner levels are looked for by who holds a page below: perhaps the very one that was the root once.
        let mut cached = block.is_valid() && level == 0;
        if !cached {
            block = self.meta()?.root;
            if !block.is_valid() {
                return Ok(None);
            }
        }
        let (mut at_root, mut at_leaf) = (true, false);
        let mut steps = Steps::default();
        loop {
            steps.next(self)?;
            let buffer = if at_leaf { self.read(block)? } else { self.read_inner(block)? };
            let page = buffer.share();
            let usable = !page.is_new() && !page.has_flag(flags::META);
            if at_root && cached && (!usable || !page.has_flag(flags::ROOT) || page.is_ignored()) {
                drop(page);
                self.index.cache.root.store(u32::MAX, Ordering::Relaxed);
                cached = false;
                block = self.meta()?.root;
                continue;
            }
            if !usable {
                return Err(self.explain(damaged("a link leads to a page that is no node")));
            }
            if at_root && !cached && page.has_flag(flags::ROOT) {
                self.index.cache.root.store(block.0, Ordering::Relaxed);
            }
            at_root = false;
            if page.is_ignored() {
                block = page.right();
            } else if goal.is_right_of(&page) {
                if let Some(high) = page.high_key() {
                    fence(high);
                }
                block = page.right();
            } else if page.level() == level {
                drop(page);
                return Ok(Some(buffer));
            } else if page.level() < level {
                return Err(self.explain(damaged("the tree is lower than a page's level")));
            } else {
                let line = goal.choose(&page);
                if line > page.first_entry() {
                    fence(page.entry(line).separator());
                }
                at_leaf = page.level() == 1;
                block = page.entry(line).child();
            }
            if !block.is_valid() {
                return Err(self.explain(damaged("a link leads nowhere")));
            }
        }
    }

    /// Inserts an entry.
    pub fn insert(
        &self,
        transaction: &Transaction,
        table: (&dyn TableAm, &Table),
        entry: IndexEntry<'_>,
        check: UniqueCheck,
    ) -> Result<Inserted> {
        let mut item = Vec::with_capacity(entry.key.len() + entry.payload.len() + 2 + TID_SIZE);
        leaf_item(&mut item, entry.key, entry.tid.to_u64(), entry.payload);
        if item.len() > ITEM_MAX {
            return Err(self.too_long(item.len(), entry.tid, table.1));
        }
        self.store.storage.wal().make_room()?;
        // Looking for duplicates starts before all of them.
        let search = SearchKey { key: entry.key, tid: if check == UniqueCheck::No { entry.tid.to_u64() } else { 0 } };
        let mut buffer = self.cached_rightmost(search)?;
        let mut at_end = buffer.is_some();
        let mut steps = Steps::default();
        loop {
            steps.next(self)?;
            let leaf = match buffer.take() {
                Some(leaf) => leaf,
                None => match self.descend(Goal::At(search), 0)? {
                    Some(leaf) => leaf,
                    None => {
                        self.make_root()?;
                        continue;
                    }
                },
            };
            match self.attempt(&leaf, transaction, table, entry, search, check, &item, at_end)? {
                Attempt::Done(inserted) => return Ok(inserted),
                Attempt::Restart => at_end = false,
                Attempt::Right(block) => buffer = Some(self.read(block)?),
                Attempt::Again => buffer = Some(leaf),
                Attempt::Wait(xid, speculative) => {
                    (at_end, steps) = (false, Steps::default());
                    drop(leaf);
                    self.wait(transaction, table.1, entry.tid, xid, speculative)?;
                }
            }
        }
    }

    fn wait(&self, transaction: &Transaction, table: &Table, tid: TupleId, xid: Xid, speculative: u32) -> Result<()> {
        let context = |error: Error| {
            error.context(format!(
                "while inserting index tuple {tid} in relation \"{}\"",
                if table.name.is_empty() { &self.index.name } else { &table.name }
            ))
        };
        if speculative == 0 {
            return transaction.wait_for(xid).map(|_| ()).map_err(context);
        }
        let tag = LockTag::speculative_token(xid, speculative);
        let locks = transaction.locks();
        locks.acquire(LockOwner::Transaction, tag, LockMode::Share, LockWait::Block).map_err(context)?;
        locks.release(LockOwner::Transaction, tag, LockMode::Share);
        Ok(())
    }

    #[cold]
    fn too_long(&self, length: usize, tid: TupleId, table: &Table) -> Error {
        Error::new(
            SqlState::PROGRAM_LIMIT_EXCEEDED,
            format!(
                "index row size {length} exceeds btree version 4 maximum {ITEM_MAX} for index \"{}\"",
                self.index.name
            ),
        )
        .detail(format!("Index row references tuple {tid} in relation \"{}\".", table.name))
        .hint(
            "Values larger than 1/3 of a buffer page cannot be indexed.\n\
             Consider a function index of an MD5 hash of the value, or use full text indexing.",
        )
    }

    /// The leaf at the index's end, if an entry for `search` certainly belongs there.
    fn cached_rightmost(&self, search: SearchKey<'_>) -> Result<Option<Buffer>> {
        let block = BlockNumber(self.index.cache.rightmost.load(Ordering::Relaxed));
        if !block.is_valid() {
            return Ok(None);
        }
        let buffer = self.read(block)?;
        let fits = belongs_at_end(&buffer.share(), search);
        if !fits {
            self.index.cache.rightmost.store(u32::MAX, Ordering::Relaxed);
        }
        Ok(fits.then_some(buffer))
    }

    fn attempt(
        &self,
        leaf: &Buffer,
        transaction: &Transaction,
        table: (&dyn TableAm, &Table),
        entry: IndexEntry<'_>,
        search: SearchKey<'_>,
        check: UniqueCheck,
        item: &[u8],
        at_end: bool,
    ) -> Result<Attempt> {
        let mut guard = leaf.exclusive();
        if at_end && !belongs_at_end(&guard, search) {
            return Ok(Attempt::Restart);
        }
        if guard.is_ignored() || guard.is_left_of(search, false) {
            return Ok(Attempt::Right(guard.right()));
        }
        if guard.has_flag(flags::INCOMPLETE_SPLIT) {
            self.complete_split(&mut guard, leaf.block())?;
            return Ok(Attempt::Again);
        }
        let mut inserted = Inserted::Done;
        if check != UniqueCheck::No {
            match self.find_duplicate(&mut guard, transaction, table, entry, check)? {
                None => {}
                Some(_) if check == UniqueCheck::Partial => inserted = Inserted::MaybeDuplicate,
                Some(EntryStatus::Live(tid)) => {
                    // Who reads that there is no such key, and is too late to insert it, has a conflict, not a duplicate.
                    self.wrote(transaction, leaf.block(), entry.key)?;
                    return Ok(Attempt::Done(Inserted::Duplicate(tid)));
                }
                Some(EntryStatus::Pending { xid, speculative }) => return Ok(Attempt::Wait(xid, speculative)),
                Some(_) => {}
            }
            if check == UniqueCheck::Existing {
                return Ok(Attempt::Done(Inserted::Done));
            }
        }
        let place = SearchKey { key: entry.key, tid: entry.tid.to_u64() };
        if !guard.is_left_of(place, false) {
            self.insert_here(&mut guard, leaf.block(), place, item)?;
            self.wrote(transaction, leaf.block(), entry.key)?;
            return Ok(Attempt::Done(inserted));
        }
        // Equal keys fill this page: the entry goes further right. The first page with the key stays locked, so that nobody
        // else can look for duplicates meanwhile.
        let mut block = guard.right();
        let mut steps = Steps::default();
        loop {
            steps.next(self)?;
            let buffer = self.read(block)?;
            let mut right = buffer.exclusive();
            if right.is_ignored() || right.is_left_of(place, false) {
                block = right.right();
                continue;
            }
            if right.has_flag(flags::INCOMPLETE_SPLIT) {
                self.complete_split(&mut right, block)?;
                continue;
            }
            self.insert_here(&mut right, block, place, item)?;
            self.wrote(transaction, block, entry.key)?;
            return Ok(Attempt::Done(inserted));
        }
    }

    /// Tells a serializable transaction that it has put an entry on a leaf, or on the right half of its split.
    fn wrote(&self, transaction: &Transaction, leaf: BlockNumber, key: &[u8]) -> Result<()> {
        let Some(reader) = transaction.serializable() else { return Ok(()) };
        match crate::hash_place(self.index, key) {
            Some(place) => reader.wrote_row(self.index.locator.database, self.index.oid, place),
            None => reader.wrote_page(self.index.locator.database, self.index.oid, leaf),
        }
    }

    /// A row with an equal key that is live, or may become so. Entries on the first page whose rows are found to be dead are
    /// marked, so that the next one need not look at them.
    fn find_duplicate(
        &self,
        first: &mut PageMut<'_>,
        transaction: &Transaction,
        (method, table): (&dyn TableAm, &Table),
        entry: IndexEntry<'_>,
        check: UniqueCheck,
    ) -> Result<Option<EntryStatus>> {
        let search = SearchKey { key: entry.key, tid: 0 };
        let look = |page: &Page, dead: &mut Vec<u16>| -> Result<(Option<EntryStatus>, bool)> {
            for line in page.leaf_search(search)..=page.last_entry() {
                let item = page.entry(line);
                if item.key() != entry.key {
                    return Ok((None, false));
                }
                if page.is_dead(line) {
                    continue;
                }
                let mut all_dead = true;
                for tid in item.tids().map(TupleId::from_u64) {
                    if check == UniqueCheck::Existing && tid == entry.tid {
                        all_dead = false;
                        continue;
                    }
                    match method.entry_status(self.store, transaction, table, tid)? {
                        EntryStatus::Dead => {}
                        EntryStatus::Gone => all_dead = false,
                        status => return Ok((Some(status), false)),
                    }
                }
                if all_dead {
                    dead.push(line);
                }
            }
            // More of them may be further right, if the high key does not rule it out.
            Ok((None, page.high_key().is_some_and(|high| high.key <= entry.key)))
        };
        let mut dead = Vec::new();
        let (mut found, mut more) = look(first, &mut dead)?;
        if !dead.is_empty() {
            first.hint(|page| page.mark_dead(&dead));
        }
        let mut block = first.right();
        let mut steps = Steps::default();
        while more && found.is_none() {
            steps.next(self)?;
            let buffer = self.read(block)?;
            let page = buffer.share();
            (found, more) = match page.is_ignored() {
                true => (None, !page.is_rightmost()),
                false => look(&page, &mut dead)?,
            };
            block = page.right();
        }
        Ok(found)
    }

    /// Puts an item on the leaf where it belongs, making room if need be.
    fn insert_here(
        &self,
        guard: &mut PageMut<'_>,
        block: BlockNumber,
        place: SearchKey<'_>,
        item: &[u8],
    ) -> Result<()> {
        if guard.is_rightmost() {
            self.index.cache.rightmost.store(block.0, Ordering::Relaxed);
        }
        for step in 0..3 {
            let line = guard.leaf_search(place);
            let mut actions = Actions::new();
            if falls_into(guard, line, place) {
                let length = guard.entry(line).0.len();
                // The item is written anew, so only the difference has to fit.
                if length + TID_SIZE <= ITEM_MAX && guard.room() >= TID_SIZE {
                    actions.add(line, place.tid);
                }
            } else if guard.room() >= item.len() + storage::page::LINE_POINTER_SIZE {
                actions.insert(line, item);
            }
            if !actions.0.is_empty() {
                let mut change = self.change(Kind::InsertLeaf);
                carry_out(&mut change, guard, Image::Standard, &actions);
                self.finish(change);
                return Ok(());
            }
            match step {
                0 => self.remove_dead(guard)?,
                1 => self.merge(guard, item.len())?,
                _ => {}
            }
        }
        let line = guard.leaf_search(place);
        if falls_into(guard, line, place) {
            // A list too long to grow is taken apart, so that the entry gets an item of its own in between.
            self.split_list(guard, block, line, place, item)
        } else {
            self.split(guard, block, line, item)
        }
    }

    fn remove_dead(&self, guard: &mut PageMut<'_>) -> Result<()> {
        let dead: Vec<u16> = (guard.first_entry()..=guard.last_entry()).filter(|&line| guard.is_dead(line)).collect();
        if dead.is_empty() {
            return Ok(());
        }
        let mut actions = Actions::new();
        actions.remove(&dead);
        let mut change = self.change(Kind::Delete);
        carry_out(&mut change, guard, Image::Standard, &actions);
        self.finish(change);
        Ok(())
    }

    fn merge(&self, guard: &mut PageMut<'_>, wanted: usize) -> Result<()> {
        if !self.index.deduplicate {
            return Ok(());
        }
        let mut actions = Actions::new();
        actions.merge();
        let mut copy: Box<Page> = Box::new((**guard).clone());
        action::apply(&mut copy, &actions.0)?;
        if copy.room() < wanted + storage::page::LINE_POINTER_SIZE || copy.room() <= guard.room() {
            return Ok(());
        }
        let mut change = self.change(Kind::Dedup);
        carry_out(&mut change, guard, Image::Standard, &actions);
        self.finish(change);
        Ok(())
    }

    /// Splits a posting list that `place` falls into, then inserts on whichever page it belongs to.
    fn split_list(
        &self,
        guard: &mut PageMut<'_>,
        block: BlockNumber,
        line: u16,
        place: SearchKey<'_>,
        item: &[u8],
    ) -> Result<()> {
        let tids: Vec<u64> = guard.entry(line).tids().collect();
        let key = guard.entry(line).key().to_vec();
        let at = tids.partition_point(|&tid| tid < place.tid);
        let (mut low, mut high) = (Vec::new(), Vec::new());
        crate::page::posting_item(&mut low, &key, &tids[..at]);
        crate::page::posting_item(&mut high, &key, &tids[at..]);
        let more = key.len() + 2 + storage::page::LINE_POINTER_SIZE;
        if guard.room() < more {
            // No room even for that: cut the page in two first, around the list, and come again.
            self.split(guard, block, line, &[])?;
            return self.insert_again(guard, block, place, item);
        }
        let mut actions = Actions::new();
        actions.replace(line, &low).insert(line + 1, &high);
        let mut change = self.change(Kind::InsertLeaf);
        carry_out(&mut change, guard, Image::Standard, &actions);
        self.finish(change);
        self.insert_here(guard, block, place, item)
    }

    fn insert_again(
        &self,
        guard: &mut PageMut<'_>,
        block: BlockNumber,
        place: SearchKey<'_>,
        item: &[u8],
    ) -> Result<()> {
        if !guard.is_left_of(place, false) {
            return self.insert_here(guard, block, place, item);
        }
        let right = guard.right();
        let buffer = self.read(right)?;
        self.insert_here(&mut buffer.exclusive(), right, place, item)
    }

    /// Splits a page so that `item` goes before what is line `line` now, and tells the parent. With an empty item the
    /// page is only split.
    fn split(&self, guard: &mut PageMut<'_>, block: BlockNumber, line: u16, item: &[u8]) -> Result<()> {
        let plan = split::choose(guard, line, item, self.index.fillfactor)?;
        let sibling = guard.right();
        let sibling = if sibling.is_valid() { Some(self.read(sibling)?) } else { None };
        let level = guard.level();
        self.with_new_page(|new_block, new| {
            let mut sibling_guard = sibling.as_ref().map(Buffer::exclusive);
            let mut right = Actions::new();
            right.init(level, 0, block, guard.right());
            right.items(plan.right.iter().map(|item| &item[..]));
            let mut left = Actions::new();
            left.cut(plan.keep, new_block, &plan.high_key);
            if let Some(line) = plan.insert_left {
                left.insert(line, item);
            }
            left.flags(flags::INCOMPLETE_SPLIT, 0);
            let mut link = Actions::new();
            link.left(new_block);
            let mut change = self.change(Kind::Split);
            carry_out(&mut change, new, Image::WillInit, &right);
            carry_out(&mut change, guard, Image::Standard, &left);
            if let Some(sibling) = &mut sibling_guard {
                carry_out(&mut change, sibling, Image::Standard, &link);
            }
            self.finish(change);
            if level == 0 {
                self.page_moved(block, new_block);
            }
            Ok(())
        })?;
        self.complete_split(guard, block)
    }

    /// Tells serializable transactions that entries of `from` have moved to `to`. Both are locked.
    pub fn page_moved(&self, from: BlockNumber, to: BlockNumber) {
        let serializable = self.store.transactions.serializable();
        serializable.page_moved(self.index.locator.database, self.index.oid, from, to);
    }

    /// Gives the right half of a split its downlink. `guard` is the left half.
    fn complete_split(&self, guard: &mut PageMut<'_>, block: BlockNumber) -> Result<()> {
        let right = guard.right();
        let Some(high) = guard.high_key() else { return Err(self.explain(damaged("a split has no right half"))) };
        let separator = OwnedKey::from(high);
        let level = guard.level();
        if guard.has_flag(flags::ROOT) {
            return self.new_root(guard, block, separator.borrow(), right);
        }
        let mut item = Vec::new();
        inner_item(&mut item, separator.borrow(), right);
        self.insert_downlink(level + 1, block, right, separator.borrow(), &item)?;
        let mut actions = Actions::new();
        actions.flags(0, flags::INCOMPLETE_SPLIT);
        let mut change = self.change(Kind::Complete);
        carry_out(&mut change, guard, Image::Standard, &actions);
        self.finish(change);
        Ok(())
    }

    /// Inserts a downlink to `right` behind the one to `left`, on `level`. A child's lock may be held: nobody waits for a
    /// child while holding its parent.
    fn insert_downlink(
        &self,
        level: u16,
        left: BlockNumber,
        right: BlockNumber,
        separator: SearchKey<'_>,
        item: &[u8],
    ) -> Result<()> {
        let Some(mut buffer) = self.descend(Goal::At(separator), level)? else {
            return Err(self.explain(damaged("a split page has no parent")));
        };
        let mut steps = Steps::default();
        loop {
            steps.next(self)?;
            let mut parent = buffer.exclusive();
            if parent.is_ignored() || parent.is_left_of(separator, false) {
                let next = parent.right();
                drop(parent);
                buffer = self.read(next)?;
                continue;
            }
            let block = buffer.block();
            if parent.has_flag(flags::INCOMPLETE_SPLIT) {
                self.complete_split(&mut parent, block)?;
                continue;
            }
            let line = parent.inner_search(separator, false);
            let child = parent.entry(line).child();
            if child == right {
                // The downlink is there: only the mark was not taken away.
                return Ok(());
            }
            if child != left {
                return Err(self.explain(damaged("a split page's downlink is not where it belongs")));
            }
            if parent.room() >= item.len() + storage::page::LINE_POINTER_SIZE {
                let mut actions = Actions::new();
                actions.insert(line + 1, item);
                let mut change = self.change(Kind::InsertUpper);
                carry_out(&mut change, &mut parent, Image::Standard, &actions);
                self.finish(change);
                return Ok(());
            }
            return self.split(&mut parent, block, line + 1, item);
        }
    }

    /// Puts a new root above a root that was split.
    fn new_root(
        &self,
        left: &mut PageMut<'_>,
        left_block: BlockNumber,
        separator: SearchKey<'_>,
        right: BlockNumber,
    ) -> Result<()> {
        let level = left.level() + 1;
        let (mut first, mut second) = (Vec::new(), Vec::new());
        inner_item(&mut first, SearchKey::FIRST, left_block);
        inner_item(&mut second, separator, right);
        let meta_buffer = self.read(META_BLOCK)?;
        self.with_new_page(|block, page| {
            let mut meta_guard = meta_buffer.exclusive();
            let mut root = Actions::new();
            root.init(level, flags::ROOT, BlockNumber::INVALID, BlockNumber::INVALID);
            root.items([&first[..], &second[..]].into_iter());
            let mut meta = Actions::new();
            meta.meta(Meta { root: block, level: level as u32 });
            let mut old = Actions::new();
            old.flags(0, flags::ROOT | flags::INCOMPLETE_SPLIT);
            let mut change = self.change(Kind::NewRoot);
            carry_out(&mut change, page, Image::WillInit, &root);
            carry_out(&mut change, left, Image::Standard, &old);
            carry_out(&mut change, &mut meta_guard, Image::WillInit, &meta);
            self.finish(change);
            self.index.cache.root.store(block.0, Ordering::Relaxed);
            Ok(())
        })
    }

    /// Makes the first root, an empty leaf.
    fn make_root(&self) -> Result<()> {
        let meta_buffer = self.read(META_BLOCK)?;
        self.with_new_page(|block, page| {
            let mut meta_guard = meta_buffer.exclusive();
            if meta_guard.meta()?.root.is_valid() {
                // Somebody else was quicker; the page is found again by vacuum.
                return Ok(());
            }
            let mut root = Actions::new();
            root.init(0, flags::ROOT, BlockNumber::INVALID, BlockNumber::INVALID);
            let mut meta = Actions::new();
            meta.meta(Meta { root: block, level: 0 });
            let mut change = self.change(Kind::NewRoot);
            carry_out(&mut change, page, Image::WillInit, &root);
            carry_out(&mut change, &mut meta_guard, Image::WillInit, &meta);
            self.finish(change);
            Ok(())
        })
    }

    /// Calls `make` with a page that is in no use, locked: a recycled one, or a new one at the end.
    fn with_new_page<R>(&self, make: impl FnOnce(BlockNumber, &mut PageMut<'_>) -> Result<R>) -> Result<R> {
        let map = self.free_space_map();
        for _ in 0..16 {
            let Some(block) = map.find(USABLE / 2)? else { break };
            map.record(block, 0)?;
            if block.0 >= self.store.storage.block_count(self.index.locator, Fork::Main)? {
                continue;
            }
            let buffer = self.read(block)?;
            let Some(mut guard) = buffer.try_exclusive() else { continue };
            if is_recyclable(self.store, &guard) {
                return make(block, &mut guard);
            }
        }
        let access = Access {
            persistence: self.index.persistence,
            blocks: Some(&self.index.counters.blocks),
            ..Access::default()
        };
        let extended = self.store.storage.extend(self.index.locator, Fork::Main, 1, &access)?;
        let block = extended.first;
        let mut guard = extended.buffer.exclusive();
        make(block, &mut guard)
    }
}

/// Whether nobody can be on the way to a page any more.
pub(crate) fn is_recyclable(store: &Store, page: &Page) -> bool {
    page.is_new() || page.has_flag(flags::DELETED) && store.transactions.is_removable(page.safe_xid())
}

/// Whether a page is the last leaf and `search` is behind its first entry.
fn belongs_at_end(page: &Page, search: SearchKey<'_>) -> bool {
    !page.is_new()
        && !page.has_flag(flags::META)
        && page.is_leaf()
        && page.is_rightmost()
        && !page.is_ignored()
        && !page.has_flag(flags::INCOMPLETE_SPLIT)
        && page.entry_count() > 0
        && compare(page.entry(page.first_entry()).first(), search).is_lt()
}

/// Whether a place lies among the tids of the item at `line`.
fn falls_into(page: &Page, line: u16, place: SearchKey<'_>) -> bool {
    if line > page.last_entry() {
        return false;
    }
    let item = page.entry(line);
    item.is_posting() && item.key() == place.key && item.first_tid() < place.tid
}

/// Adds a page to a change, does `actions` to it, and logs them as its data.
pub(crate) fn carry_out<'a>(change: &mut Change<'a>, guard: &'a mut PageMut<'_>, how: Image, actions: &Actions) {
    storage::action::carry_out(change, guard, how, &actions.0, action::apply);
}
