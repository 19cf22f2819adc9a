//! Scans of key ranges.
//!
//! A scan copies the matching entries of a leaf out under one shared lock and holds nothing between leaves. Forwards it goes on
//! along the right link that it copied with the entries; a page that was deleted meanwhile still shows the way, and is not
//! recycled before everybody who could be on the way to it is gone. Backwards it descends anew for the last entry before the
//! leaf's lower fence, which is cheaper than to keep left links right.

use std::sync::Arc;

use access::{Direction, Index, IndexEntries, IndexScan, IndexScanOptions, KeyRange, Method, Store};
use error::Result;
use ids::{BlockNumber, Lsn, TupleId};
use storage::{Buffer, Page};

use crate::page::{Item, META_BLOCK, Node, NodeMut, SearchKey};
use crate::tree::{Goal, OwnedKey, Steps, Tree};

enum Position {
    /// Not yet begun.
    Start,
    /// Forward: the next page.
    Page(BlockNumber),
    /// Backward: whatever is before this place.
    Before(OwnedKey),
    /// All entries were given out.
    End,
}

/// A scan of a tree.
pub struct Scan {
    store: Store,
    index: Arc<Index>,
    options: IndexScanOptions,
    lower: Option<Vec<u8>>,
    /// Of entries with the key `lower`, the first place that is wanted.
    from: u64,
    upper: Option<Vec<u8>>,
    direction: Direction,
    position: Position,
    /// The leaf that the last entries came from, its LSN then, and each entry's line: for [`IndexScan::kill`].
    leaf: Option<(BlockNumber, Lsn)>,
    lines: Vec<u16>,
}

impl Scan {
    /// Begins a scan; [`IndexScan::start`] comes next.
    pub fn new(store: &Store, index: &Arc<Index>, options: IndexScanOptions) -> Scan {
        Scan {
            store: store.clone(),
            index: index.clone(),
            options,
            lower: None,
            from: 0,
            upper: None,
            direction: Direction::Forward,
            position: Position::End,
            leaf: None,
            lines: Vec::new(),
        }
    }

    fn push(&mut self, line: u16, item: Item<'_>, tid: u64, entries: &mut IndexEntries) -> Result<()> {
        let tid = TupleId::from_u64(tid);
        entries.tids.push(tid);
        if self.options.keys {
            entries.keys.push(item.key());
        }
        if self.options.payloads {
            entries.payloads.push(item.payload());
        }
        if let Some((method, table)) = &self.options.all_visible_of {
            // While the leaf is locked vacuum cannot have removed the entry and marked its page all-visible since.
            let same = entries.tids.len().checked_sub(2).is_some_and(|last| entries.tids[last].block == tid.block);
            let visible = match (same, entries.all_visible.last()) {
                (true, Some(&visible)) => visible,
                _ => method.is_all_visible(&self.store, table, tid.block)?,
            };
            entries.all_visible.push(visible);
        }
        self.lines.push(line);
        Ok(())
    }

    /// Notes, for a serializable transaction, that it reads a leaf, which is locked; or an index without any.
    fn note(&self, leaf: Option<BlockNumber>) {
        if let Some(reader) = &self.options.reader {
            match leaf {
                Some(block) => reader.page(self.index.locator.database, self.index.oid, block),
                None => reader.relation(self.index.locator.database, self.index.oid),
            }
        }
    }

    fn forward(&mut self, entries: &mut IndexEntries) -> Result<()> {
        let (store, index) = (self.store.clone(), self.index.clone());
        let tree = Tree { store: &store, index: &index };
        let lower = self.lower.take();
        let start = SearchKey { key: lower.as_deref().unwrap_or(&[]), tid: self.from };
        let first = matches!(self.position, Position::Start);
        // Who asks a hash index for a value reads that value's code, not its neighbours on the leaf.
        let is_hash = self.index.method == Method::Hash;
        if let (true, true, Some(reader)) = (first, is_hash, &self.options.reader) {
            match lower.as_deref().and_then(|key| crate::hash_place(&self.index, key)) {
                Some(place) => reader.row(self.index.locator.database, self.index.oid, place),
                None => self.note(None),
            }
        }
        let mut next = match std::mem::replace(&mut self.position, Position::End) {
            Position::Start => tree.descend(Goal::At(start), 0)?,
            Position::Page(block) => Some(tree.read(block)?),
            _ => None,
        };
        if first && next.is_none() && !is_hash {
            self.note(None);
        }
        let mut steps = Steps::default();
        while let Some(buffer) = next.take() {
            steps.next(&tree)?;
            let page = buffer.share();
            let right = page.right();
            let passed_by = page.is_ignored() || first && page.is_left_of(start, false);
            if !passed_by {
                if !is_hash {
                    self.note(Some(buffer.block()));
                }
                let mut line = if first { page.leaf_search(start) } else { page.first_entry() };
                while line <= page.last_entry() {
                    let item = page.entry(line);
                    if self.upper.as_deref().is_some_and(|upper| item.key() >= upper) {
                        break;
                    }
                    if !page.is_dead(line) {
                        for tid in item.tids() {
                            self.push(line, item, tid, entries)?;
                        }
                    }
                    line += 1;
                }
                let more = line > page.last_entry()
                    && page.high_key().is_some_and(|high| self.upper.as_deref().is_none_or(|upper| high.key < upper));
                self.leaf = Some((buffer.block(), page.lsn()));
                if !more {
                    break;
                }
                if !entries.is_empty() {
                    self.position = Position::Page(right);
                    break;
                }
            } else if !right.is_valid() {
                break;
            }
            drop(page);
            next = Some(tree.read(right)?);
        }
        self.lower = lower;
        Ok(())
    }

    fn backward(&mut self, entries: &mut IndexEntries) -> Result<()> {
        let (store, index) = (self.store.clone(), self.index.clone());
        let tree = Tree { store: &store, index: &index };
        let mut steps = Steps::default();
        loop {
            let bound = match std::mem::replace(&mut self.position, Position::End) {
                Position::Start => self.upper.as_ref().map(|upper| OwnedKey { key: upper.clone(), tid: 0 }),
                Position::Before(bound) => Some(bound),
                _ => return Ok(()),
            };
            let goal = match &bound {
                Some(bound) => Goal::Before(bound.borrow()),
                None => Goal::Last,
            };
            let mut fence: Option<OwnedKey> = None;
            let mut note = |key: SearchKey<'_>| fence.get_or_insert_default().set(key);
            let Some(mut buffer) = tree.descend_noting(goal, 0, &mut note)? else {
                self.note(None);
                return Ok(());
            };
            let done = loop {
                steps.next(&tree)?;
                let page = buffer.share();
                if page.is_ignored() || goal.is_right_of(&page) {
                    if let (false, Some(high)) = (page.is_ignored(), page.high_key()) {
                        fence.get_or_insert_default().set(high);
                    }
                    let right = page.right();
                    drop(page);
                    if !right.is_valid() {
                        return Ok(());
                    }
                    buffer = tree.read(right)?;
                    continue;
                }
                break self.copy_backward(&page, &buffer, bound.as_ref(), entries)?;
            };
            match fence {
                Some(fence) if !done && self.lower.as_ref().is_none_or(|lower| fence.key > *lower) => {
                    self.position = Position::Before(fence);
                }
                // With a fence at the lower end itself there may still be equal keys before a fence with a tid.
                Some(fence) if !done && self.lower.as_ref().is_some_and(|l| fence.key == *l) && fence.tid != 0 => {
                    self.position = Position::Before(fence);
                }
                _ => return Ok(()),
            }
            if !entries.is_empty() {
                return Ok(());
            }
        }
    }

    /// Copies a leaf's entries before `bound`, last first. Answers whether the lower end was reached.
    fn copy_backward(
        &mut self,
        page: &Page,
        buffer: &Buffer,
        bound: Option<&OwnedKey>,
        entries: &mut IndexEntries,
    ) -> Result<bool> {
        self.leaf = Some((buffer.block(), page.lsn()));
        self.note(Some(buffer.block()));
        let mut line = match bound {
            // The item at the bound may be a list with some tids before it.
            Some(bound) => page.leaf_search(bound.borrow()).min(page.last_entry()),
            None => page.last_entry(),
        };
        while line >= page.first_entry() {
            let item = page.entry(line);
            if self.lower.as_deref().is_some_and(|lower| item.key() < lower) {
                return Ok(true);
            }
            if !page.is_dead(line) {
                for tid in item.tids().rev() {
                    let before = bound.is_none_or(|b| (item.key(), tid) < (&b.key[..], b.tid));
                    if before {
                        self.push(line, item, tid, entries)?;
                    }
                }
            }
            line -= 1;
        }
        Ok(false)
    }
}

impl Scan {
    /// Goes on elsewhere: with the entries of `range` from `tid` on (of those with the range's first key), forwards. It is a part of the same search, which is
    /// counted when it starts.
    pub fn seek(&mut self, range: KeyRange<'_>, tid: u64) {
        fn keep(slot: &mut Option<Vec<u8>>, key: Option<&[u8]>) {
            match key {
                Some(key) => {
                    let kept = slot.get_or_insert_default();
                    kept.clear();
                    kept.extend_from_slice(key);
                }
                None => *slot = None,
            }
        }
        keep(&mut self.lower, range.lower);
        keep(&mut self.upper, range.upper);
        self.direction = Direction::Forward;
        self.from = tid;
        self.leaf = None;
        let empty = matches!((range.lower, range.upper), (Some(lower), Some(upper)) if lower >= upper);
        self.position = if empty { Position::End } else { Position::Start };
    }

    /// Whether everything was given.
    pub fn is_at_end(&self) -> bool {
        matches!(self.position, Position::End)
    }
}

impl IndexScan for Scan {
    fn start(&mut self, range: KeyRange<'_>, direction: Direction) -> Result<()> {
        self.seek(range, 0);
        self.direction = direction;
        self.index.counters.scan();
        Ok(())
    }

    fn next(&mut self, entries: &mut IndexEntries) -> Result<bool> {
        entries.clear();
        self.lines.clear();
        match self.direction {
            Direction::Forward => self.forward(entries)?,
            Direction::Backward => self.backward(entries)?,
        }
        self.index.counters.returned(entries.tids.len() as u64);
        Ok(!entries.is_empty())
    }

    fn skip_to(&mut self, tid: TupleId) -> Result<()> {
        // On the leaves to the right the place may lie anywhere. Where a descent has led before, it leads again: then they are read.
        if self.from != tid.to_u64()
            && matches!((self.direction, &self.position), (Direction::Forward, Position::Page(_)))
        {
            self.from = tid.to_u64();
            self.position = Position::Start;
        }
        Ok(())
    }

    fn kill(&mut self, positions: &[u32]) -> Result<()> {
        let Some((block, lsn)) = self.leaf else { return Ok(()) };
        // Only a log record moves a page's LSN: of other relations' pages nobody can tell that lines have moved.
        if positions.is_empty() || block == META_BLOCK || !self.index.persistence.is_logged() {
            return Ok(());
        }
        // A line with several tids dies with the last of them.
        let mut killed: Vec<u16> = Vec::new();
        let mut from = 0;
        for group in self.lines.chunk_by(|a, b| a == b) {
            let range = from as u32..(from + group.len()) as u32;
            let all = positions.iter().filter(|p| range.contains(p)).count() == group.len();
            if all {
                killed.push(group[0]);
            }
            from += group.len();
        }
        if killed.is_empty() {
            return Ok(());
        }
        let buffer = Tree { store: &self.store, index: &self.index }.read(block)?;
        buffer.hint(|page| {
            // Lines may have moved if the page was changed since it was read.
            if page.lsn() != lsn || page.is_ignored() {
                return false;
            }
            page.mark_dead(&killed)
        });
        Ok(())
    }
}
