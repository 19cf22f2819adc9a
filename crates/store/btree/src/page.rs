//! The bytes of a B-tree page, and what can be read from one.
//!
//! Every page has the standard layout: line pointers from the front, items from the back, and a special space:
//!
//! ```text
//!  special space, 24 bytes
//!  0          4          8       10      12         16                  24
//!  ┌──────────┬──────────┬───────┬───────┬──────────┬───────────────────┐
//!  │ left     │ right    │ level │ flags │ 0        │ safe xid (deleted)│
//!  └──────────┴──────────┴───────┴───────┴──────────┴───────────────────┘
//!
//!  item on a leaf (level 0)                              item on an inner page, and every high key
//!  0      2            2+n                               0      2            2+n
//!  ┌──────┬────────────┬─────────┬──────────────┐        ┌──────┬────────────┬────────┬───────────┐
//!  │ meta │ key, n     │ tid     │ payload      │        │ meta │ key, n     │ child  │ tid, or – │
//!  └──────┴────────────┴─────────┴──────────────┘        └──────┴────────────┴────────┴───────────┘
//!                      └ posting list: tid, tid, …                             u32      6 bytes
//! ```
//!
//! `meta` is the key's length (12 bits) with [`POSTING`] and [`HAS_TID`]. A tid is six bytes, big-endian, so its byte order is
//! its order. Items are not aligned; lines stand in order of (key, tid). A page that is not rightmost of its level has
//! its *high key* as line 1: every entry is below it, and everything at or above it is further right.
//!
//! A separator is as short as it can be: the shortest prefix of the right page's first key that is greater than the left
//! page's last key; only between equal keys does it carry a tid. Without one it stands before every tid.

use std::cmp::Ordering;

use error::{Error, Result};
use ids::{BlockNumber, PAGE_SIZE, Xid};
use storage::page::{LINE_POINTER_SIZE, PAGE_HEADER_SIZE};
use storage::{LinePointer, LineState, Page};

/// Bytes of the special space.
pub const SPECIAL_SIZE: usize = 24;
/// Bytes for line pointers and items.
pub const USABLE: usize = PAGE_SIZE - PAGE_HEADER_SIZE - SPECIAL_SIZE;
/// The longest leaf item: three, and what a separator has more, fit a page.
pub const ITEM_MAX: usize = 2704;
/// The longest posting list item that merging makes.
pub const POSTING_MAX: usize = 1350;
/// Bytes of a stored tid.
pub const TID_SIZE: usize = 6;
/// Bit of `meta`: several tids follow the key, and no payload.
pub const POSTING: u16 = 0x1000;
/// Bit of `meta`: a separator with a tid.
pub const HAS_TID: u16 = 0x2000;
const KEY_LENGTH: u16 = 0x0FFF;

const _: () = assert!(ITEM_MAX < KEY_LENGTH as usize);
const _: () = assert!(3 * (ITEM_MAX + 4 + LINE_POINTER_SIZE) <= USABLE);

/// Bits of the special space's flags.
pub mod flags {
    /// No parent.
    pub const ROOT: u16 = 0x01;
    /// Unlinked from its siblings; to be recycled once nobody can be on the way to it.
    pub const DELETED: u16 = 0x02;
    /// Its parent no longer leads here; about to be unlinked.
    pub const HALF_DEAD: u16 = 0x04;
    /// Its right sibling has no downlink in the parent yet.
    pub const INCOMPLETE_SPLIT: u16 = 0x08;
    /// Some lines were marked dead.
    pub const HAS_DEAD: u16 = 0x10;
    /// The index's first page, which is no node.
    pub const META: u16 = 0x20;
}

/// The meta page's block.
pub const META_BLOCK: BlockNumber = BlockNumber(0);
/// First bytes of a meta page's contents.
const META_MAGIC: u32 = 0x4F42_5431; // "OBT1"
const META_SIZE: usize = 16;

/// A place in the order of entries: key, then tid. Tid 0 is before every entry with the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SearchKey<'a> {
    /// The key.
    pub key: &'a [u8],
    /// [`ids::TupleId::to_u64`], or 0.
    pub tid: u64,
}

impl SearchKey<'_> {
    /// Before everything.
    pub const FIRST: SearchKey<'static> = SearchKey { key: &[], tid: 0 };
}

/// An item's bytes.
#[derive(Clone, Copy, Debug)]
pub struct Item<'a>(pub &'a [u8]);

pub(crate) fn tid_to_bytes(tid: u64) -> [u8; TID_SIZE] {
    let [_, _, b @ ..] = tid.to_be_bytes();
    b
}

#[inline]
fn tid_at(bytes: &[u8]) -> u64 {
    match bytes {
        [a, b, c, d, e, f, ..] => u64::from_be_bytes([0, 0, *a, *b, *c, *d, *e, *f]),
        _ => 0,
    }
}

impl<'a> Item<'a> {
    #[inline]
    fn meta(self) -> u16 {
        match self.0 {
            [a, b, ..] => u16::from_le_bytes([*a, *b]),
            _ => 0,
        }
    }

    /// The key; empty if the item is damaged.
    #[inline]
    pub fn key(self) -> &'a [u8] {
        self.0.get(2..2 + (self.meta() & KEY_LENGTH) as usize).unwrap_or(&[])
    }

    /// What follows the key.
    #[inline]
    fn rest(self) -> &'a [u8] {
        self.0.get(2 + (self.meta() & KEY_LENGTH) as usize..).unwrap_or(&[])
    }

    /// Whether it is a leaf item with several tids.
    #[inline]
    pub fn is_posting(self) -> bool {
        self.meta() & POSTING != 0
    }

    /// A leaf item's tids, ascending.
    #[inline]
    pub fn tids(self) -> impl ExactSizeIterator<Item = u64> + DoubleEndedIterator + Clone + use<'a> {
        let rest = self.rest();
        let bytes = if self.is_posting() { rest } else { &rest[..rest.len().min(TID_SIZE)] };
        bytes.chunks_exact(TID_SIZE).map(tid_at)
    }

    /// A leaf item's least tid.
    #[inline]
    pub fn first_tid(self) -> u64 {
        tid_at(self.rest())
    }

    /// A leaf item's greatest tid.
    pub fn last_tid(self) -> u64 {
        self.tids().next_back().unwrap_or(0)
    }

    /// A leaf item's payload.
    pub fn payload(self) -> &'a [u8] {
        if self.is_posting() { &[] } else { self.rest().get(TID_SIZE..).unwrap_or(&[]) }
    }

    /// An inner item's child.
    #[inline]
    pub fn child(self) -> BlockNumber {
        match self.rest() {
            [a, b, c, d, ..] => BlockNumber(u32::from_le_bytes([*a, *b, *c, *d])),
            _ => BlockNumber::INVALID,
        }
    }

    /// A separator's tid; 0 for none.
    #[inline]
    pub fn separator_tid(self) -> u64 {
        if self.meta() & HAS_TID != 0 { self.rest().get(4..).map_or(0, tid_at) } else { 0 }
    }

    /// A separator as a place in the order.
    #[inline]
    pub fn separator(self) -> SearchKey<'a> {
        SearchKey { key: self.key(), tid: self.separator_tid() }
    }

    /// A leaf item's first entry as a place in the order.
    #[inline]
    pub fn first(self) -> SearchKey<'a> {
        SearchKey { key: self.key(), tid: self.first_tid() }
    }

    /// A leaf item's last entry as a place in the order.
    pub fn last(self) -> SearchKey<'a> {
        SearchKey { key: self.key(), tid: self.last_tid() }
    }
}

/// Appends a leaf item with one tid.
pub fn leaf_item(out: &mut Vec<u8>, key: &[u8], tid: u64, payload: &[u8]) {
    out.extend_from_slice(&(key.len() as u16).to_le_bytes());
    out.extend_from_slice(key);
    out.extend_from_slice(&tid_to_bytes(tid));
    out.extend_from_slice(payload);
}

/// Appends a leaf item with these tids, ascending.
pub fn posting_item(out: &mut Vec<u8>, key: &[u8], tids: &[u64]) {
    let posting = if tids.len() > 1 { POSTING } else { 0 };
    out.extend_from_slice(&(key.len() as u16 | posting).to_le_bytes());
    out.extend_from_slice(key);
    tids.iter().for_each(|&tid| out.extend_from_slice(&tid_to_bytes(tid)));
}

/// Appends an inner item (or a high key, whose child is meaningless).
pub fn inner_item(out: &mut Vec<u8>, separator: SearchKey<'_>, child: BlockNumber) {
    let has_tid = if separator.tid != 0 { HAS_TID } else { 0 };
    out.extend_from_slice(&(separator.key.len() as u16 | has_tid).to_le_bytes());
    out.extend_from_slice(separator.key);
    out.extend_from_slice(&child.0.to_le_bytes());
    if separator.tid != 0 {
        out.extend_from_slice(&tid_to_bytes(separator.tid));
    }
}

/// The shortest place after `left` and not after `right`.
pub fn separator<'a>(left: SearchKey<'_>, right: SearchKey<'a>) -> SearchKey<'a> {
    let common = left.key.iter().zip(right.key).take_while(|(a, b)| a == b).count();
    if common < right.key.len() { SearchKey { key: &right.key[..common + 1], tid: 0 } } else { right }
}

#[inline]
pub(crate) fn compare(a: SearchKey<'_>, b: SearchKey<'_>) -> Ordering {
    a.key.cmp(b.key).then(a.tid.cmp(&b.tid))
}

/// What the meta page says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meta {
    /// The root; invalid while the index has never had an entry.
    pub root: BlockNumber,
    /// The root's level.
    pub level: u32,
}

/// Reading B-tree pages. Damaged pages give errors or empty items, never panics.
pub trait Node {
    /// The page.
    fn page(&self) -> &Page;

    #[doc(hidden)]
    fn special_u32(&self, at: usize) -> u32 {
        // Every page of an index has its special space at the same place.
        let page = self.page();
        let at = PAGE_SIZE - SPECIAL_SIZE + at;
        u32::from_le_bytes([page[at], page[at + 1], page[at + 2], page[at + 3]])
    }

    /// The left sibling.
    fn left(&self) -> BlockNumber {
        BlockNumber(self.special_u32(0))
    }

    /// The right sibling.
    fn right(&self) -> BlockNumber {
        BlockNumber(self.special_u32(4))
    }

    /// Whether it is the last of its level.
    fn is_rightmost(&self) -> bool {
        !self.right().is_valid()
    }

    /// The distance from the leaves.
    fn level(&self) -> u16 {
        self.special_u32(8) as u16
    }

    /// Whether it is a leaf.
    fn is_leaf(&self) -> bool {
        self.level() == 0
    }

    /// Bits of [`flags`].
    fn node_flags(&self) -> u16 {
        (self.special_u32(8) >> 16) as u16
    }

    /// Whether a flag is set.
    fn has_flag(&self, flag: u16) -> bool {
        self.node_flags() & flag != 0
    }

    /// Whether searches pass it by: half dead or deleted.
    fn is_ignored(&self) -> bool {
        self.has_flag(flags::HALF_DEAD | flags::DELETED)
    }

    /// For a deleted page: it may be recycled once no transaction below this one is running.
    fn safe_xid(&self) -> Xid {
        Xid(self.special_u32(16) as u64 | (self.special_u32(20) as u64) << 32)
    }

    /// The number of the first line that is an entry.
    #[inline]
    fn first_entry(&self) -> u16 {
        if self.is_rightmost() { 1 } else { 2 }
    }

    /// The number of the last line; below [`Node::first_entry`] if there is no entry.
    #[inline]
    fn last_entry(&self) -> u16 {
        self.page().line_count()
    }

    /// How many entries.
    fn entry_count(&self) -> usize {
        (self.last_entry() + 1).saturating_sub(self.first_entry()) as usize
    }

    /// The item of a line that exists; empty if it is damaged.
    #[inline]
    fn entry(&self, number: u16) -> Item<'_> {
        let page = self.page();
        let at = PAGE_HEADER_SIZE + (number as usize).saturating_sub(1) * LINE_POINTER_SIZE;
        let Some(bits) = page.get(at..at + LINE_POINTER_SIZE) else { return Item(&[]) };
        let line = LinePointer::from_bits(u32::from_le_bytes([bits[0], bits[1], bits[2], bits[3]]));
        let start = line.offset() as usize;
        Item(page.get(start..start + line.length() as usize).unwrap_or(&[]))
    }

    /// Whether a line was marked dead.
    fn is_dead(&self, number: u16) -> bool {
        self.page().line(number).state() == LineState::Dead
    }

    /// The high key; `None` on the rightmost page.
    fn high_key(&self) -> Option<SearchKey<'_>> {
        (!self.is_rightmost()).then(|| self.entry(1).separator())
    }

    /// The first line whose last entry is at or after `key`; one past the last line if there is none. On a leaf.
    #[inline]
    fn leaf_search(&self, key: SearchKey<'_>) -> u16 {
        let (mut low, mut high) = (self.first_entry(), self.last_entry() + 1);
        while low < high {
            let middle = (low + high) / 2;
            let item = self.entry(middle);
            let before = match item.key().cmp(key.key) {
                Ordering::Less => true,
                Ordering::Greater => false,
                Ordering::Equal => (if item.is_posting() { item.last_tid() } else { item.first_tid() }) < key.tid,
            };
            if before { low = middle + 1 } else { high = middle }
        }
        low
    }

    /// The last line whose separator is at or before `key` (before it, if `strict`); the first line if there is none.
    /// On an inner page.
    #[inline]
    fn inner_search(&self, key: SearchKey<'_>, strict: bool) -> u16 {
        let first = self.first_entry();
        // The first entry stands before everything, whatever its key.
        let (mut low, mut high) = (first, self.last_entry());
        while low < high {
            let middle = (low + high).div_ceil(2);
            let order = compare(self.entry(middle).separator(), key);
            let belongs = order == Ordering::Less || order == Ordering::Equal && !strict;
            if belongs { low = middle } else { high = middle - 1 }
        }
        low
    }

    /// Whether `key` belongs further right (for `strict`: the last place before `key` does).
    #[inline]
    fn is_left_of(&self, key: SearchKey<'_>, strict: bool) -> bool {
        self.high_key().is_some_and(|high| match compare(high, key) {
            Ordering::Less => true,
            Ordering::Equal => !strict,
            Ordering::Greater => false,
        })
    }

    /// Bytes for one more item, its line pointer counted.
    fn room(&self) -> usize {
        self.page().exact_free_space()
    }

    /// The root and its level.
    ///
    /// # Errors
    /// `XX002` if this is no meta page.
    fn meta(&self) -> Result<Meta> {
        let page = self.page();
        let word = |n: usize| {
            let at = PAGE_HEADER_SIZE + 4 * n;
            u32::from_le_bytes([page[at], page[at + 1], page[at + 2], page[at + 3]])
        };
        if word(0) != META_MAGIC || !self.has_flag(flags::META) {
            return Err(damaged("the meta page is not one"));
        }
        Ok(Meta { root: BlockNumber(word(1)), level: word(2) })
    }
}

impl Node for Page {
    #[inline]
    fn page(&self) -> &Page {
        self
    }
}

#[cold]
#[track_caller]
pub(crate) fn damaged(what: &str) -> Error {
    Error::new(error::SqlState::INDEX_CORRUPTED, format!("B-tree page is damaged: {what}"))
}

/// Changing B-tree pages. Every function is deterministic: redo calls the same ones.
pub(crate) trait NodeMut {
    fn page_mut(&mut self) -> &mut Page;

    fn set_special_u32(&mut self, at: usize, value: u32) {
        let at = PAGE_SIZE - SPECIAL_SIZE + at;
        self.page_mut()[at..at + 4].copy_from_slice(&value.to_le_bytes());
    }

    fn set_left(&mut self, block: BlockNumber) {
        self.set_special_u32(0, block.0);
    }

    fn set_right(&mut self, block: BlockNumber) {
        self.set_special_u32(4, block.0);
    }

    fn set_level_and_flags(&mut self, level: u16, flags: u16) {
        self.set_special_u32(8, level as u32 | (flags as u32) << 16);
    }

    fn set_node_flags(&mut self, flags: u16) {
        let level = self.page_mut().level();
        self.set_level_and_flags(level, flags);
    }

    fn set_safe_xid(&mut self, xid: Xid) {
        self.set_special_u32(16, xid.0 as u32);
        self.set_special_u32(20, (xid.0 >> 32) as u32);
    }

    /// Makes it an empty node.
    fn init_node(&mut self, level: u16, flags: u16, left: BlockNumber, right: BlockNumber) {
        self.page_mut().init(SPECIAL_SIZE);
        self.set_left(left);
        self.set_right(right);
        self.set_level_and_flags(level, flags);
    }

    /// Makes it the meta page.
    fn init_meta(&mut self, meta: Meta) {
        self.init_node(0, flags::META, BlockNumber::INVALID, BlockNumber::INVALID);
        let page = self.page_mut();
        for (n, word) in [META_MAGIC, meta.root.0, meta.level, 0].into_iter().enumerate() {
            let at = PAGE_HEADER_SIZE + 4 * n;
            page[at..at + 4].copy_from_slice(&word.to_le_bytes());
        }
        // Behind the contents, so that an image keeps them.
        page.set_lower((PAGE_HEADER_SIZE + META_SIZE) as u16);
    }

    /// Inserts an item as line `number`, moving the lines from there on up by one.
    fn insert_item(&mut self, number: u16, bytes: &[u8]) -> Result<()> {
        let page = self.page_mut();
        let count = page.line_count();
        if number == 0 || number > count + 1 || page.exact_free_space() < bytes.len() + LINE_POINTER_SIZE {
            return Err(damaged("an item does not fit"));
        }
        let upper = page.upper() as usize - bytes.len();
        page[upper..upper + bytes.len()].copy_from_slice(bytes);
        let from = PAGE_HEADER_SIZE + (number as usize - 1) * LINE_POINTER_SIZE;
        let end = PAGE_HEADER_SIZE + count as usize * LINE_POINTER_SIZE;
        page.copy_within(from..end, from + LINE_POINTER_SIZE);
        page.set_lower((end + LINE_POINTER_SIZE) as u16);
        page.set_upper(upper as u16);
        page.set_line(number, LinePointer::normal(upper as u16, bytes.len() as u16));
        Ok(())
    }

    /// Replaces all items by those that `each` gives (in order, from line 1), leaving no holes. `keep_dead` keeps dead marks of
    /// items that are passed with `true`.
    fn rebuild(&mut self, fill: impl FnOnce(&Page, &mut Rebuild) -> Result<()>) -> Result<()>
    where
        Self: Sized,
    {
        let page = self.page_mut();
        let mut new = Rebuild::default();
        fill(page, &mut new)?;
        let special = page.special_offset() as usize;
        let lower = PAGE_HEADER_SIZE + new.lines.len() * LINE_POINTER_SIZE;
        if new.bytes.len() + lower > special {
            return Err(damaged("its items outgrow it"));
        }
        // Items go down from the special space in line order, as insertion in order would place them.
        let mut upper = special;
        page.set_lower(lower as u16);
        for (n, &(start, end, dead)) in new.lines.iter().enumerate() {
            let length = end - start;
            upper -= length;
            page[upper..upper + length].copy_from_slice(&new.bytes[start..end]);
            let line = LinePointer::normal(upper as u16, length as u16);
            page.set_line(n as u16 + 1, if dead { line.into_dead() } else { line });
        }
        page.set_upper(upper as u16);
        page[lower..upper].fill(0);
        Ok(())
    }

    /// Removes the lines that `remove` says, and their bytes.
    fn remove_lines(&mut self, remove: impl Fn(u16) -> bool) -> Result<()>
    where
        Self: Sized,
    {
        self.rebuild(|page, new| {
            for (_, line) in page.lines().filter(|&(number, _)| !remove(number)) {
                new.push_with(page.item(line).unwrap_or(&[]), line.state() == LineState::Dead);
            }
            Ok(())
        })
    }

    /// Marks lines as dead: a hint, which nobody logs. Answers whether any was not marked before.
    fn mark_dead(&mut self, lines: &[u16]) -> bool {
        let page = self.page_mut();
        let mut changed = false;
        for &line in lines {
            let pointer = page.line(line);
            if pointer.is_normal() {
                page.set_line(line, pointer.into_dead());
                changed = true;
            }
        }
        let flags = page.node_flags();
        page.set_node_flags(flags | flags::HAS_DEAD);
        changed
    }

    /// Replaces the item of line `number`.
    fn replace_item(&mut self, number: u16, bytes: &[u8]) -> Result<()>
    where
        Self: Sized,
    {
        let page = self.page_mut();
        let line = page.line(number);
        if line.length() as usize == bytes.len()
            && line.is_normal()
            && let Some(item) = page.item_mut(line)
        {
            item.copy_from_slice(bytes);
            return Ok(());
        }
        self.rebuild(|page, new| {
            for (n, line) in page.lines() {
                if n == number {
                    new.push(bytes);
                } else {
                    new.push_with(page.item(line).unwrap_or(&[]), line.state() == LineState::Dead);
                }
            }
            Ok(())
        })
    }

    /// Merges neighbouring items with equal keys into posting lists, dropping dead ones' marks (they stay entries until
    /// vacuum or a removal takes them). Items with payloads stay.
    fn deduplicate(&mut self) -> Result<()>
    where
        Self: Sized,
    {
        self.rebuild(|page, new| {
            let first = page.first_entry();
            if first == 2 {
                new.push(Node::entry(page, 1).0);
            }
            let mut tids: Vec<u64> = Vec::new();
            let mut key: &[u8] = &[];
            let flush = |key: &[u8], tids: &mut Vec<u64>, new: &mut Rebuild| {
                if !tids.is_empty() {
                    new.with(|out| posting_item(out, key, tids));
                    tids.clear();
                }
            };
            for number in first..=page.last_entry() {
                let item = Node::entry(page, number);
                if !item.payload().is_empty() {
                    flush(key, &mut tids, new);
                    new.push(item.0);
                    continue;
                }
                let more = item.tids().len();
                let fits = 2 + key.len() + (tids.len() + more) * TID_SIZE <= POSTING_MAX;
                if tids.is_empty() || item.key() != key || !fits {
                    flush(key, &mut tids, new);
                    key = item.key();
                }
                tids.extend(item.tids());
            }
            flush(key, &mut tids, new);
            Ok(())
        })
    }
}

impl NodeMut for Page {
    fn page_mut(&mut self) -> &mut Page {
        self
    }
}

/// Items on their way into a page.
#[derive(Default)]
pub(crate) struct Rebuild {
    bytes: Vec<u8>,
    lines: Vec<(usize, usize, bool)>,
}

impl Rebuild {
    pub fn push(&mut self, item: &[u8]) {
        self.push_with(item, false);
    }

    pub fn push_with(&mut self, item: &[u8], dead: bool) {
        self.with(|out| out.extend_from_slice(item));
        if let Some(line) = self.lines.last_mut() {
            line.2 = dead;
        }
    }

    pub fn with(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.bytes.len();
        write(&mut self.bytes);
        self.lines.push((start, self.bytes.len(), false));
    }
}
