//! Inserting and splitting, after Kornacker, Mohan and Hellerstein, "Concurrency and Recovery in Generalized Search Trees" (1997).
//!
//! A descent holds one lock at a time and none between pages, so a page may have been split since its downlink was read. Keys have
//! no order that would show it. Instead pages count: an inner page has a *stamp*, which grows with every downlink to the right half of a
//! split that it gets, and the left half gets the new stamp as its *sequence* in the same change. So a page whose sequence is
//! beyond its parent's stamp as it was read, or that has no downlink for its right half yet ([`flags::INCOMPLETE_SPLIT`]), holds only a part of what the downlink
//! stood for. A reader then follows the right links, with the same stamp, for the right half inherits the left one's former
//! sequence; a writer goes back to the parent and chooses anew. When an inner page is split, both halves keep the stamp.
//!
//! ```text
//!  parent  stamp 7 │ a → P │            parent  stamp 7 │ a → P │             parent  stamp 8 │ a' → P │ b → Q │
//!  P  sequence 3                        P  sequence 3, INCOMPLETE             P  sequence 8
//!                                       └► Q  sequence 3                      └► Q  sequence 3
//! ```
//!
//! A split is two changes, each one record: the page is cut in two; then the parent learns of it, under the left half's lock. Whoever comes
//! to write and finds the mark (after a crash, or an error) does the second step first. A downlink is widened on the way
//! down, before the entry is there: what a crash leaves is a key that covers more than it has to.
//!
//! The root stays where it is: when it is split, its entries go to two new pages below it.
//!
//! # Differences from PostgreSQL
//!
//! Sequence numbers are of the parent page and not of the log, so unlogged indexes need none of their own, and readers of one
//! part of the tree do not follow links because of splits in another. A page is always cut in two.

use access::{Index, IndexEntry, Store};
use error::{Error, Result, SqlState};
use ids::{BlockNumber, Fork, Xid};
use std::sync::Arc;
use storage::page::LINE_POINTER_SIZE;
use storage::{Access, Buffer, Change, FreeSpaceMap, Image, Page, PageMut};
use txn::Transaction;
use wal::RmgrId;

use crate::action::{self, Actions, Kind};
use crate::class::{Classes, GistClass};
use crate::key;
use crate::page::{
    Entry, INNER_MAX, LEAF_MAX, Node, POINTER_SIZE, ROOT, USABLE, damaged, flags, inner_entry, leaf_entry,
};

/// More levels than any tree has.
const LEVELS_MAX: usize = 64;

/// A page on the way down.
#[derive(Clone, Copy, Debug)]
struct Step {
    block: BlockNumber,
    /// The parent's stamp when the downlink was read.
    stamp: u64,
}

/// An index at work.
#[derive(Clone, Copy)]
pub(crate) struct Tree<'a> {
    pub store: &'a Store,
    pub index: &'a Index,
    pub classes: &'a [Arc<dyn GistClass>],
}

/// What a writer does on a page that it came to.
enum Decision {
    /// The downlink stood for more than this page: back to the parent.
    Back,
    /// A split has to be completed first.
    Complete,
    /// Here the entry belongs.
    Leaf,
    /// Down; with a wider downlink, if there is one.
    Down { line: u16, child: BlockNumber, wider: Option<Vec<u8>> },
}

impl<'a> Tree<'a> {
    /// Of an index whose operator classes are known.
    ///
    /// # Errors
    /// `XX000` if they are not.
    pub fn new(store: &'a Store, index: &'a Index) -> Result<Tree<'a>> {
        Ok(Tree { store, index, classes: &Classes::of(index)?.0 })
    }

    pub fn access(&self) -> Access<'a> {
        Access { persistence: self.index.persistence, blocks: Some(&self.index.counters.blocks), ..Access::default() }
    }

    pub fn read(&self, block: BlockNumber) -> Result<Buffer> {
        self.store.storage.read(self.index.locator, Fork::Main, block, &self.access())
    }

    pub fn free_space_map(&self) -> FreeSpaceMap<'a> {
        FreeSpaceMap::new(&self.store.storage, self.index.locator, self.index.persistence)
    }

    pub fn change<'c>(&self, kind: Kind) -> Change<'c> {
        self.store.storage.change(RmgrId::GIST, kind as u8)
    }

    pub fn finish(&self, change: Change<'_>) {
        // Index changes need no transaction: an entry of a transaction that rolls back points to a dead row.
        change.finish_for(self.index.persistence, Xid::INVALID);
    }

    #[cold]
    pub fn explain(&self, error: Error) -> Error {
        error.context(format!("index \"{}\"", self.index.name))
    }

    /// Tells a serializable transaction that it changes what readers of a page may have looked for.
    fn wrote(&self, transaction: Option<&Transaction>, block: BlockNumber) -> Result<()> {
        match transaction.and_then(Transaction::serializable) {
            Some(reader) => reader.wrote_page(self.index.locator.database, self.index.oid, block),
            None => Ok(()),
        }
    }

    fn moved(&self, from: BlockNumber, to: BlockNumber) {
        let serializable = self.store.transactions.serializable();
        serializable.page_moved(self.index.locator.database, self.index.oid, from, to);
    }

    /// Inserts an entry. Without a transaction, nobody else knows the index yet.
    pub fn insert(&self, transaction: Option<&Transaction>, entry: IndexEntry<'_>) -> Result<()> {
        let size = POINTER_SIZE + entry.key.len() + entry.payload.len();
        if size > LEAF_MAX {
            return Err(too_long(self.index, size));
        }
        self.store.storage.wal().make_room()?;
        let mut item = Vec::with_capacity(size);
        leaf_entry(&mut item, entry.tid.to_u64(), entry.key, entry.payload);
        let mut way = vec![Step { block: ROOT, stamp: u64::MAX }];
        let mut exclusive = false;
        loop {
            let Some(&step) = way.last() else {
                way.push(Step { block: ROOT, stamp: u64::MAX });
                continue;
            };
            let buffer = self.read(step.block)?;
            if !exclusive {
                let page = buffer.share();
                match self.decide(&page, step, entry)? {
                    Decision::Down { child, wider: None, .. } => {
                        way.push(Step { block: child, stamp: page.stamp() });
                        if way.len() > LEVELS_MAX {
                            return Err(self.explain(damaged("its links form a circle")));
                        }
                    }
                    Decision::Back => drop(way.pop()),
                    _ => exclusive = true,
                }
                continue;
            }
            let mut guard = buffer.exclusive();
            exclusive = false;
            match self.decide(&guard, step, entry)? {
                Decision::Back => drop(way.pop()),
                Decision::Complete => {
                    self.complete_split(&mut guard, step.block, &way)?;
                    way.pop();
                }
                Decision::Leaf => {
                    self.wrote(transaction, step.block)?;
                    if guard.room() >= item.len() + LINE_POINTER_SIZE {
                        let mut actions = Actions::new();
                        actions.items([&item[..]].into_iter());
                        let mut change = self.change(Kind::Update);
                        carry_out(&mut change, &mut guard, Image::Standard, &actions);
                        self.finish(change);
                        return Ok(());
                    }
                    return self.split(&mut guard, step.block, &way, |items| items.push(item));
                }
                Decision::Down { line, child, wider } => {
                    if let Some(columns) = wider {
                        self.wrote(transaction, step.block)?;
                        let mut downlink = Vec::new();
                        inner_entry(&mut downlink, child, &columns);
                        self.fits_inner(&downlink)?;
                        let old = guard.entry(line).0.len();
                        if downlink.len() > old + guard.room() {
                            let line = line as usize - 1;
                            self.split(&mut guard, step.block, &way, |items| items[line] = downlink)?;
                            // What was on the way may have been split as well: from the root.
                            way.clear();
                            continue;
                        }
                        let mut actions = Actions::new();
                        actions.replace(line, &downlink);
                        let mut change = self.change(Kind::Update);
                        carry_out(&mut change, &mut guard, Image::Standard, &actions);
                        self.finish(change);
                    }
                    way.push(Step { block: child, stamp: guard.stamp() });
                }
            }
        }
    }

    fn fits_inner(&self, downlink: &[u8]) -> Result<()> {
        if downlink.len() > INNER_MAX { Err(too_long(self.index, downlink.len())) } else { Ok(()) }
    }

    /// What inserting `entry` has to do on a page.
    fn decide(&self, page: &Page, step: Step, entry: IndexEntry<'_>) -> Result<Decision> {
        page.check().map_err(|error| self.explain(error))?;
        if page.has_flag(flags::DELETED) || page.sequence() > step.stamp {
            return Ok(Decision::Back);
        }
        if page.has_flag(flags::INCOMPLETE_SPLIT) {
            return Ok(Decision::Complete);
        }
        if page.is_leaf() {
            return Ok(Decision::Leaf);
        }
        let (mut best, mut best_penalties, mut penalties) = (0, Vec::new(), Vec::new());
        // Among equals any will do, and not always the same, so that pages fill evenly.
        let mut random = (entry.tid.to_u64() ^ page.stamp()).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        for (line, downlink) in page.entries() {
            key::penalties(self.classes, downlink.body(), entry.key, &mut penalties)?;
            let better = match best {
                0 => true,
                _ => match penalties.partial_cmp(&best_penalties) {
                    Some(std::cmp::Ordering::Less) => true,
                    Some(std::cmp::Ordering::Equal) => {
                        random ^= random << 13;
                        random ^= random >> 7;
                        random ^= random << 17;
                        random & 3 == 0
                    }
                    _ => false,
                },
            };
            if better {
                best = line;
                std::mem::swap(&mut best_penalties, &mut penalties);
            }
        }
        if best == 0 {
            return Err(self.explain(damaged("an inner page is empty")));
        }
        let downlink = page.entry(best);
        let wider = key::widened(self.classes, downlink.body(), entry.key)?;
        Ok(Decision::Down { line: best, child: downlink.child(), wider })
    }

    /// Splits a page whose entries, changed by `edit`, no longer fit, and tells the parent.
    fn split(
        &self,
        guard: &mut PageMut<'_>,
        block: BlockNumber,
        way: &[Step],
        edit: impl FnOnce(&mut Vec<Vec<u8>>),
    ) -> Result<()> {
        let mut items: Vec<Vec<u8>> = guard.entries().map(|(_, entry)| entry.0.to_vec()).collect();
        edit(&mut items);
        if block == ROOT {
            return self.split_root(guard, items, None);
        }
        let halves = self.halves(&items)?;
        self.with_new_page(|new_block, new| {
            let (left, right) = halves.actions(guard, new_block, guard.stamp());
            let mut change = self.change(Kind::Split);
            carry_out(&mut change, new, Image::WillInit, &right);
            carry_out(&mut change, guard, Image::WillInit, &left);
            self.finish(change);
            self.moved(block, new_block);
            Ok(())
        })?;
        self.complete_split(guard, block, way)
    }

    fn halves<'i>(&self, items: &'i [Vec<u8>]) -> Result<Halves<'i>> {
        let items: Vec<&[u8]> = items.iter().map(|item| &item[..]).collect();
        let right = key::split(self.classes, &items)?;
        let side = |which: bool| -> Vec<&'i [u8]> {
            items.iter().zip(&right).filter(|(_, side)| **side == which).map(|(item, _)| *item).collect()
        };
        let halves = Halves { left: side(false), right: side(true) };
        let fits = |half: &[&[u8]]| half.iter().map(|item| item.len() + LINE_POINTER_SIZE).sum::<usize>() <= USABLE;
        match fits(&halves.left) && fits(&halves.right) {
            true => Ok(halves),
            false => Err(self.explain(damaged("a page cannot be split"))),
        }
    }

    fn cover(&self, items: &[&[u8]], child: BlockNumber) -> Result<Vec<u8>> {
        let bodies: Vec<&[u8]> = items.iter().map(|item| Entry(item).body()).collect();
        let mut downlink = Vec::new();
        inner_entry(&mut downlink, child, &key::union(self.classes, &bodies)?);
        self.fits_inner(&downlink)?;
        Ok(downlink)
    }

    /// Gives the tree a level more: the root's entries, which are `items` now, go to two new pages. `learnt` is a child whose split
    /// was completed by these items.
    fn split_root(&self, guard: &mut PageMut<'_>, items: Vec<Vec<u8>>, learnt: Option<&mut PageMut<'_>>) -> Result<()> {
        let halves = self.halves(&items)?;
        let (level, stamp) = (guard.level(), guard.stamp() + learnt.is_some() as u64);
        self.with_new_page(|left_block, left| {
            self.with_new_page(|right_block, right| {
                let downlinks = [self.cover(&halves.left, left_block)?, self.cover(&halves.right, right_block)?];
                let (mut in_left, mut in_right, mut in_root) = (Actions::new(), Actions::new(), Actions::new());
                in_left.init(level, 0, right_block, 0, stamp).items(halves.left.iter().copied());
                in_right.init(level, 0, BlockNumber::INVALID, 0, stamp).items(halves.right.iter().copied());
                in_root
                    .init(level + 1, 0, BlockNumber::INVALID, 0, stamp)
                    .items(downlinks.iter().map(|item| &item[..]));
                let mut change = self.change(Kind::Split);
                carry_out(&mut change, left, Image::WillInit, &in_left);
                carry_out(&mut change, right, Image::WillInit, &in_right);
                carry_out(&mut change, guard, Image::WillInit, &in_root);
                if let Some(child) = learnt {
                    carry_out(&mut change, child, Image::Standard, &entered(stamp));
                }
                self.finish(change);
                self.moved(ROOT, left_block);
                self.moved(ROOT, right_block);
                Ok(())
            })
        })
    }

    /// Gives the right half of a split its downlink. `guard` is the left half; `way` leads to a page that was its parent.
    fn complete_split(&self, guard: &mut PageMut<'_>, block: BlockNumber, way: &[Step]) -> Result<()> {
        let right = guard.right();
        let left_link = self.cover(&guard.entries().map(|(_, entry)| entry.0).collect::<Vec<_>>(), block)?;
        let right_link = {
            let buffer = self.read(right)?;
            let page = buffer.share();
            page.check().map_err(|error| self.explain(error))?;
            let items: Vec<&[u8]> = page.entries().map(|(_, entry)| entry.0).collect();
            if items.is_empty() { None } else { Some(self.cover(&items, right)?) }
        };
        let above = match way {
            [above @ .., last] if last.block == block => above,
            _ => way,
        };
        let near = above.last().map(|step| step.block);
        self.with_parent(block, guard.level(), near, &mut |parent, parent_block, line| {
            let mut items: Vec<Vec<u8>> = parent.entries().map(|(_, entry)| entry.0.to_vec()).collect();
            items[line as usize - 1] = left_link.clone();
            items.extend(right_link.clone());
            let stamp = parent.stamp() + 1;
            let size: usize = items.iter().map(|item| item.len() + LINE_POINTER_SIZE).sum();
            if size <= USABLE {
                let mut actions = Actions::new();
                actions.replace(line, &left_link).items(right_link.iter().map(|item| &item[..])).stamp(stamp);
                let mut change = self.change(Kind::Complete);
                carry_out(&mut change, parent, Image::Standard, &actions);
                carry_out(&mut change, guard, Image::Standard, &entered(stamp));
                self.finish(change);
                return Ok(());
            }
            if parent_block == ROOT {
                return self.split_root(parent, items, Some(guard));
            }
            let halves = self.halves(&items)?;
            self.with_new_page(|new_block, new| {
                let (left, right) = halves.actions(parent, new_block, stamp);
                let mut change = self.change(Kind::Split);
                carry_out(&mut change, new, Image::WillInit, &right);
                carry_out(&mut change, parent, Image::WillInit, &left);
                carry_out(&mut change, guard, Image::Standard, &entered(stamp));
                self.finish(change);
                self.moved(parent_block, new_block);
                Ok(())
            })?;
            self.complete_split(parent, parent_block, &above[..above.len().saturating_sub(1)])
        })
    }

    /// Calls `with` with the page that has the downlink to `child`, locked, and its line. It is looked for from `near` rightwards first,
    /// then everywhere: the tree has few inner pages.
    pub fn with_parent(
        &self,
        child: BlockNumber,
        level: u16,
        near: Option<BlockNumber>,
        with: &mut dyn FnMut(&mut PageMut<'_>, BlockNumber, u16) -> Result<()>,
    ) -> Result<()> {
        let mut candidates: Vec<BlockNumber> = near.into_iter().collect();
        for round in 0..8 {
            let mut steps = 0;
            while let Some(block) = candidates.pop() {
                steps += 1;
                if steps > 1 << 20 {
                    break;
                }
                let buffer = self.read(block)?;
                let mut guard = buffer.exclusive();
                if guard.check().is_err() || guard.has_flag(flags::DELETED) || guard.level() != level + 1 {
                    continue;
                }
                let line = guard.entries().find(|(_, entry)| entry.child() == child).map(|(line, _)| line);
                let Some(line) = line else {
                    let on = round == 0 || guard.has_flag(flags::INCOMPLETE_SPLIT);
                    if on && guard.right().is_valid() {
                        candidates.push(guard.right());
                    }
                    continue;
                };
                if guard.has_flag(flags::INCOMPLETE_SPLIT) {
                    self.complete_split(&mut guard, block, &[])?;
                }
                return with(&mut guard, block, line);
            }
            candidates = self.pages_of_level(level + 1)?;
        }
        Err(self.explain(damaged("a page has no downlink")))
    }

    /// The pages of an inner level. Locks none of the levels below.
    fn pages_of_level(&self, level: u16) -> Result<Vec<BlockNumber>> {
        let (mut found, mut to_visit) = (Vec::new(), vec![ROOT]);
        let mut seen = std::collections::HashSet::new();
        while let Some(block) = to_visit.pop() {
            if !seen.insert(block) {
                continue;
            }
            let buffer = self.read(block)?;
            let page = buffer.share();
            page.check().map_err(|error| self.explain(error))?;
            if page.level() < level {
                continue;
            }
            if page.right().is_valid() && !seen.contains(&page.right()) {
                to_visit.push(page.right());
            }
            if page.level() == level {
                found.push(block);
            } else if page.level() == level + 1 {
                // Those below are of the level, and are locked by who asked alone.
                found.extend(page.entries().map(|(_, entry)| entry.child()));
            } else {
                to_visit.extend(page.entries().map(|(_, entry)| entry.child()));
            }
        }
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    /// Calls `make` with a page that is in no use, locked: a recycled one, or a new one at the end.
    fn with_new_page<R>(&self, make: impl FnOnce(BlockNumber, &mut PageMut<'_>) -> Result<R>) -> Result<R> {
        let map = self.free_space_map();
        for _ in 0..16 {
            let Some(block) = map.find(USABLE / 2)? else { break };
            map.record(block, 0)?;
            if block == ROOT || block.0 >= self.store.storage.block_count(self.index.locator, Fork::Main)? {
                continue;
            }
            let buffer = self.read(block)?;
            let Some(mut guard) = buffer.try_exclusive() else { continue };
            if is_recyclable(self.store, &guard) {
                return make(block, &mut guard);
            }
        }
        let extended = self.store.storage.extend(self.index.locator, Fork::Main, 1, &self.access())?;
        let block = extended.first;
        let mut guard = extended.buffer.exclusive();
        make(block, &mut guard)
    }
}

/// The entries of a page that is being split.
struct Halves<'i> {
    left: Vec<&'i [u8]>,
    right: Vec<&'i [u8]>,
}

impl Halves<'_> {
    /// What makes `page` the left half, and a new page `right` the other.
    fn actions(&self, page: &Page, right: BlockNumber, stamp: u64) -> (Actions, Actions) {
        let (mut in_left, mut in_right) = (Actions::new(), Actions::new());
        in_left.init(page.level(), flags::INCOMPLETE_SPLIT, right, page.sequence(), stamp);
        in_left.items(self.left.iter().copied());
        in_right.init(page.level(), 0, page.right(), page.sequence(), stamp).items(self.right.iter().copied());
        (in_left, in_right)
    }
}

/// What the left half of a split gets when the parent knows the right one.
fn entered(stamp: u64) -> Actions {
    let mut actions = Actions::new();
    actions.flags(0, flags::INCOMPLETE_SPLIT).sequence(stamp);
    actions
}

/// Whether nobody can be on the way to a page any more.
pub(crate) fn is_recyclable(store: &Store, page: &Page) -> bool {
    page.is_new() || page.has_flag(flags::DELETED) && store.transactions.is_removable(page.safe_xid())
}

#[cold]
fn too_long(index: &Index, size: usize) -> Error {
    Error::new(
        SqlState::PROGRAM_LIMIT_EXCEEDED,
        format!("index row size {size} exceeds maximum {LEAF_MAX} for index \"{}\"", index.name),
    )
}

/// Adds a page to a change, does `actions` to it, and logs them as its data.
pub(crate) fn carry_out<'a>(change: &mut Change<'a>, guard: &'a mut PageMut<'_>, how: Image, actions: &Actions) {
    storage::action::carry_out(change, guard, how, &actions.0, action::apply);
}
