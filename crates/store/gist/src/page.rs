//! The bytes of a GiST page, and what can be read from one.
//!
//! ```text
//!  special space, 32 bytes
//!  0          4       6       8                16               24                  32
//!  ┌──────────┬───────┬───────┬────────────────┬────────────────┬───────────────────┐
//!  │ right    │ level │ flags │ sequence       │ stamp          │ safe xid (deleted)│
//!  └──────────┴───────┴───────┴────────────────┴────────────────┴───────────────────┘
//!
//!  entry on a leaf (level 0)               entry on an inner page
//!  0       6               6+n             0       4    6               6+n
//!  ┌───────┬───────────────┬─────────┐     ┌───────┬────┬───────────────┐
//!  │ tid   │ columns, n    │ payload │     │ child │ 0  │ columns, n    │
//!  └───────┴───────────────┴─────────┘     └───────┴────┴───────────────┘
//!
//!  a column's key:  u16 length, bytes; a length of 0xFFFF is null (of an inner entry: all below it are null)
//! ```
//!
//! Numbers are little-endian, tids big-endian. Entries are not aligned and in no order. An inner page's *stamp* counts the splits of its
//! children that it has learnt of; a page's *sequence* is its parent's stamp when its last split was entered there. See
//! [`tree`](crate::tree) for what they are good for.

use error::{Error, Result, SqlState};
use ids::{BlockNumber, PAGE_SIZE, Xid};
use storage::page::{LINE_POINTER_SIZE, PAGE_HEADER_SIZE};
use storage::{LinePointer, Page};

/// Bytes of the special space.
pub const SPECIAL_SIZE: usize = 32;
/// Bytes for line pointers and entries.
pub const USABLE: usize = PAGE_SIZE - PAGE_HEADER_SIZE - SPECIAL_SIZE;
/// The longest entry of an inner page: with what a page can hold, and one more of these, two pages can always be filled.
pub const INNER_MAX: usize = 2700;
/// The longest leaf entry: the key that covers two of them fits an inner page, if it is no longer than both.
pub const LEAF_MAX: usize = 1348;
/// Bytes before the columns.
pub const POINTER_SIZE: usize = 6;
/// The length that stands for null.
const NULL: u16 = u16::MAX;
/// The root is the first page, always.
pub const ROOT: BlockNumber = BlockNumber(0);

const _: () = assert!(3 * (INNER_MAX + LINE_POINTER_SIZE) <= USABLE);

/// Bits of the special space's flags.
pub mod flags {
    /// Out of the tree; to be recycled once nobody can be on the way to it.
    pub const DELETED: u16 = 0x01;
    /// Its right sibling has no downlink in the parent yet.
    pub const INCOMPLETE_SPLIT: u16 = 0x02;
    /// Of a page in use.
    pub const NODE: u16 = 0x04;
}

/// An entry's bytes.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a>(pub &'a [u8]);

impl<'a> Entry<'a> {
    /// A leaf entry's row, as a number.
    pub fn tid(self) -> u64 {
        match self.0 {
            [a, b, c, d, e, f, ..] => u64::from_be_bytes([0, 0, *a, *b, *c, *d, *e, *f]),
            _ => 0,
        }
    }

    /// An inner entry's child.
    pub fn child(self) -> BlockNumber {
        match self.0 {
            [a, b, c, d, ..] => BlockNumber(u32::from_le_bytes([*a, *b, *c, *d])),
            _ => BlockNumber::INVALID,
        }
    }

    /// What follows the pointer: the columns' keys, and on a leaf the payload.
    pub fn body(self) -> &'a [u8] {
        self.0.get(POINTER_SIZE..).unwrap_or(&[])
    }
}

/// Appends one column's key.
pub fn write_column(key: Option<&[u8]>, out: &mut Vec<u8>) {
    match key {
        // Too long for a page, and refused as such.
        Some(key) => {
            out.extend_from_slice(&(key.len().min(NULL as usize - 1) as u16).to_le_bytes());
            out.extend_from_slice(key);
        }
        None => out.extend_from_slice(&NULL.to_le_bytes()),
    }
}

/// Takes the next column's key off `bytes`; missing bytes are a damaged entry.
pub fn read_column<'a>(bytes: &mut &'a [u8]) -> Result<Option<&'a [u8]>> {
    let short = || damaged("an entry is too short");
    let (length, rest) = bytes.split_first_chunk::<2>().ok_or_else(short)?;
    let length = u16::from_le_bytes(*length);
    if length == NULL {
        *bytes = rest;
        return Ok(None);
    }
    let (key, rest) = rest.split_at_checked(length as usize).ok_or_else(short)?;
    *bytes = rest;
    Ok(Some(key))
}

/// Appends a leaf entry.
pub fn leaf_entry(out: &mut Vec<u8>, tid: u64, columns: &[u8], payload: &[u8]) {
    out.extend_from_slice(&tid.to_be_bytes()[2..]);
    out.extend_from_slice(columns);
    out.extend_from_slice(payload);
}

/// Appends an inner entry.
pub fn inner_entry(out: &mut Vec<u8>, child: BlockNumber, columns: &[u8]) {
    out.extend_from_slice(&child.0.to_le_bytes());
    out.extend_from_slice(&[0, 0]);
    out.extend_from_slice(columns);
}

/// Reading GiST pages. Damaged pages give errors or empty entries, never panics.
pub trait Node {
    /// The page.
    fn page(&self) -> &Page;

    #[doc(hidden)]
    fn special<const N: usize>(&self, at: usize) -> [u8; N] {
        // Every page of an index has its special space at the same place.
        let mut bytes = [0; N];
        let at = PAGE_SIZE - SPECIAL_SIZE + at;
        bytes.copy_from_slice(&self.page()[at..at + N]);
        bytes
    }

    /// The right sibling: the page that was split off this one last.
    fn right(&self) -> BlockNumber {
        BlockNumber(u32::from_le_bytes(self.special(0)))
    }

    /// The distance from the leaves.
    fn level(&self) -> u16 {
        u16::from_le_bytes(self.special(4))
    }

    /// Whether it is a leaf.
    fn is_leaf(&self) -> bool {
        self.level() == 0
    }

    /// Bits of [`flags`].
    fn node_flags(&self) -> u16 {
        u16::from_le_bytes(self.special(6))
    }

    /// Whether a flag is set.
    fn has_flag(&self, flag: u16) -> bool {
        self.node_flags() & flag != 0
    }

    /// Its parent's stamp when its last split was entered there.
    fn sequence(&self) -> u64 {
        u64::from_le_bytes(self.special(8))
    }

    /// How many splits of its children it, or the page it was split from, has learnt of.
    fn stamp(&self) -> u64 {
        u64::from_le_bytes(self.special(16))
    }

    /// For a deleted page: it may be recycled once no transaction below this one is running.
    fn safe_xid(&self) -> Xid {
        Xid(u64::from_le_bytes(self.special(24)))
    }

    /// Its entries, with their lines.
    fn entries(&self) -> impl DoubleEndedIterator<Item = (u16, Entry<'_>)> + '_ {
        (1..=self.page().line_count()).map(|line| (line, self.entry(line)))
    }

    /// The entry of a line that exists; empty if it is damaged.
    fn entry(&self, line: u16) -> Entry<'_> {
        let page = self.page();
        Entry(page.item(page.line(line)).unwrap_or(&[]))
    }

    /// Bytes for one more entry, its line pointer counted.
    fn room(&self) -> usize {
        self.page().exact_free_space()
    }

    /// Checks that it is a page of the tree.
    ///
    /// # Errors
    /// `XX002`.
    fn check(&self) -> Result<()> {
        match !self.page().is_new() && self.has_flag(flags::NODE) && self.level() < 64 {
            true => Ok(()),
            false => Err(damaged("a link leads to a page that is no node")),
        }
    }
}

impl Node for Page {
    fn page(&self) -> &Page {
        self
    }
}

#[cold]
pub(crate) fn damaged(what: &str) -> Error {
    Error::new(SqlState::INDEX_CORRUPTED, format!("GiST page is damaged: {what}"))
}

/// Changing GiST pages. Every function is deterministic: redo calls the same ones.
pub(crate) trait NodeMut {
    fn page_mut(&mut self) -> &mut Page;

    fn set_special(&mut self, at: usize, bytes: &[u8]) {
        let at = PAGE_SIZE - SPECIAL_SIZE + at;
        self.page_mut()[at..at + bytes.len()].copy_from_slice(bytes);
    }

    /// Makes it an empty node.
    fn init_node(&mut self, level: u16, node_flags: u16, right: BlockNumber, sequence: u64, stamp: u64) {
        self.page_mut().init(SPECIAL_SIZE);
        self.set_special(0, &right.0.to_le_bytes());
        self.set_special(4, &level.to_le_bytes());
        self.set_special(6, &(node_flags | flags::NODE).to_le_bytes());
        self.set_special(8, &sequence.to_le_bytes());
        self.set_special(16, &stamp.to_le_bytes());
    }

    fn set_node_flags(&mut self, flags: u16) {
        self.set_special(6, &flags.to_le_bytes());
    }

    /// Appends an entry.
    fn append(&mut self, entry: &[u8]) -> Result<()> {
        let page = self.page_mut();
        let count = page.line_count();
        if page.exact_free_space() < entry.len() + LINE_POINTER_SIZE {
            return Err(damaged("an entry does not fit"));
        }
        let upper = page.upper() as usize - entry.len();
        page[upper..upper + entry.len()].copy_from_slice(entry);
        page.set_lower((PAGE_HEADER_SIZE + (count as usize + 1) * LINE_POINTER_SIZE) as u16);
        page.set_upper(upper as u16);
        page.set_line(count + 1, LinePointer::normal(upper as u16, entry.len() as u16));
        Ok(())
    }

    /// Keeps the entries that `keep` gives something for, with these bytes, and leaves no holes.
    fn rewrite(&mut self, keep: impl Fn(u16) -> Option<Option<Vec<u8>>>) -> Result<()> {
        let page = self.page_mut();
        let mut entries = Vec::with_capacity(page.line_count() as usize);
        for line in 1..=page.line_count() {
            match keep(line) {
                Some(Some(changed)) => entries.push(changed),
                Some(None) => entries.push(page.item(page.line(line)).unwrap_or(&[]).to_vec()),
                None => {}
            }
        }
        let special = page.special_offset();
        if !(PAGE_HEADER_SIZE..=PAGE_SIZE).contains(&(special as usize)) {
            return Err(damaged("its special space is not where it belongs"));
        }
        page.set_lower(PAGE_HEADER_SIZE as u16);
        page.set_upper(special);
        page[PAGE_HEADER_SIZE..special as usize].fill(0);
        entries.iter().try_for_each(|entry| self.append(entry))
    }
}

impl NodeMut for Page {
    fn page_mut(&mut self) -> &mut Page {
        self
    }
}
