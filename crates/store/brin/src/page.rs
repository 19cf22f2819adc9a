//! What a block range index's pages look like, and the one function that changes them: the original and redo alike.
//!
//! ```text
//! page       header │ content … │ kind u16 (special space)
//!
//! meta       pages of a range u32, then blocks of directories u32…
//! directory  blocks of maps u32…
//! map        for each range: block u32, line u16 of its summary; zeros if it has none
//! data       line pointers and summaries: range u32, summary
//! ```
//!
//! Meta page, directories and maps are a tree of fixed depth, so that a range's place in it is arithmetic: the map of a range never moves. Block 0 is the
//! meta page, and so no directory, map or data page.
//!
//! ```text
//! actions   INIT      kind u8
//!           META      pages of a range u32
//!           CHILD     at u16, block u32
//!           ENTRY     at u16, block u32, line u16
//!           PUT       line u16, length u16, item    the line is unused, or the one after the last
//!           OVERWRITE line u16, length u16, item    no longer than the one before
//!           CLEAR     line u16
//!           COMPACT
//! ```

use error::{Error, Result, SqlState};
use ids::{BlockNumber, PAGE_SIZE};
use storage::action::{ActionReader, WriteActions};
use storage::{LinePointer, PAGE_HEADER_SIZE, Page};

const SPECIAL_SIZE: usize = 8;
const CONTENT: usize = PAGE_SIZE - PAGE_HEADER_SIZE - SPECIAL_SIZE;

/// Directories that the meta page has room for.
pub const DIRECTORIES: usize = (CONTENT - 4) / 4;
/// Maps that a directory has room for.
pub const MAPS: usize = CONTENT / 4;
/// Ranges of a map.
pub const RANGES: usize = CONTENT / ENTRY_SIZE;
const ENTRY_SIZE: usize = 6;
// Every page of the largest table can be a range of its own.
const _: () = assert!(DIRECTORIES as u64 * MAPS as u64 * RANGES as u64 > u32::MAX as u64);

/// The longest summary, with its range's number.
pub const ITEM_MAX: usize = CONTENT - 8;

/// What a page is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// Block 0.
    Meta = 1,
    /// Of maps.
    Directory = 2,
    /// Of ranges.
    Map = 3,
    /// Summaries.
    Data = 4,
}

/// Where a summary is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The page; invalid if there is no summary.
    pub block: BlockNumber,
    /// The line.
    pub line: u16,
}

impl Entry {
    /// No summary.
    pub const NONE: Entry = Entry { block: BlockNumber(0), line: 0 };

    /// The same, if there is one.
    pub fn some(self) -> Option<Entry> {
        (self != Entry::NONE).then_some(self)
    }
}

/// The error for a damaged index.
#[cold]
pub fn damaged(what: &str) -> Error {
    Error::new(SqlState::INDEX_CORRUPTED, format!("a block range index is damaged: {what}"))
}

/// Whether a page is of a kind.
pub fn is(page: &Page, kind: Kind) -> bool {
    !page.is_new() && page.special_offset() as usize == PAGE_SIZE - SPECIAL_SIZE && page.special()[0] == kind as u8
}

fn u32_at(page: &Page, at: usize) -> u32 {
    u32::from_le_bytes([page[at], page[at + 1], page[at + 2], page[at + 3]])
}

/// How many pages a range has.
pub fn pages_per_range(page: &Page) -> u32 {
    u32_at(page, PAGE_HEADER_SIZE).max(1)
}

fn child_place(page: &Page, at: usize) -> Result<usize> {
    let (first, most) = match page.special()[0] {
        kind if kind == Kind::Meta as u8 => (PAGE_HEADER_SIZE + 4, DIRECTORIES),
        kind if kind == Kind::Directory as u8 => (PAGE_HEADER_SIZE, MAPS),
        _ => return Err(damaged("a page of its map is of another kind")),
    };
    if at < most { Ok(first + 4 * at) } else { Err(damaged("it has too many ranges")) }
}

/// A page below a meta page or directory; none if it was never needed.
pub fn child(page: &Page, at: usize) -> Result<Option<BlockNumber>> {
    let block = u32_at(page, child_place(page, at)?);
    Ok((block != 0).then_some(BlockNumber(block)))
}

/// A map's entry.
pub fn entry(page: &Page, at: usize) -> Entry {
    debug_assert!(at < RANGES);
    let at = PAGE_HEADER_SIZE + ENTRY_SIZE * at;
    Entry { block: BlockNumber(u32_at(page, at)), line: u16::from_le_bytes([page[at + 4], page[at + 5]]) }
}

/// The summary of a range at a line of a data page; none if something else is there by now.
pub fn summary(page: &Page, line: u16, range: u32) -> Option<&[u8]> {
    if !is(page, Kind::Data) || line == 0 || line > page.line_count() || !page.line(line).is_normal() {
        return None;
    }
    let (own, summary) = page.item(page.line(line))?.split_first_chunk::<4>()?;
    (u32::from_le_bytes(*own) == range).then_some(summary)
}

const INIT: u8 = 1;
const META: u8 = 2;
const CHILD: u8 = 3;
const ENTRY: u8 = 4;
const PUT: u8 = 5;
const OVERWRITE: u8 = 6;
const CLEAR: u8 = 7;
const COMPACT: u8 = 8;

/// A list of actions on one page.
#[derive(Clone, Debug, Default)]
pub struct Actions(pub Vec<u8>);

impl WriteActions for Actions {
    fn list(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }
}

impl Actions {
    /// Makes it an empty page of a kind.
    pub fn init(mut self, kind: Kind) -> Actions {
        self.code(INIT).code(kind as u8);
        self
    }

    /// Sets how many pages a range has.
    pub fn meta(mut self, pages_per_range: u32) -> Actions {
        self.code(META).u32(pages_per_range);
        self
    }

    /// Sets a page below.
    pub fn child(mut self, at: usize, block: BlockNumber) -> Actions {
        self.code(CHILD).u16(at as u16).u32(block.0);
        self
    }

    /// Sets where a summary is.
    pub fn entry(mut self, at: usize, entry: Entry) -> Actions {
        self.code(ENTRY).u16(at as u16).u32(entry.block.0).u16(entry.line);
        self
    }

    /// Adds an item.
    pub fn put(mut self, line: u16, item: &[u8]) -> Actions {
        self.code(PUT).u16(line).item(item);
        self
    }

    /// Replaces an item by one that is not longer.
    pub fn overwrite(mut self, line: u16, item: &[u8]) -> Actions {
        self.code(OVERWRITE).u16(line).item(item);
        self
    }

    /// Removes an item.
    pub fn clear(mut self, line: u16) -> Actions {
        self.code(CLEAR).u16(line);
        self
    }

    /// Moves the items together.
    pub fn compact(mut self) -> Actions {
        self.code(COMPACT);
        self
    }
}

/// Carries out a list of actions.
///
/// # Errors
/// `XX002` if the page does not fit the actions; it may be half changed then.
pub fn apply(page: &mut Page, actions: &[u8]) -> Result<()> {
    let mut reader = ActionReader(actions);
    let unfit = || damaged("a log record does not fit its page");
    while !reader.is_empty() {
        let code = reader.u8()?;
        if code != INIT && page.is_new() {
            return Err(unfit());
        }
        match code {
            INIT => {
                let kind = reader.u8()?;
                page.init(SPECIAL_SIZE);
                page.special_mut()[0] = kind;
                if kind != Kind::Data as u8 {
                    // Its content is no hole.
                    page.set_lower(page.special_offset());
                }
            }
            META => {
                let pages = reader.u32()?;
                page[PAGE_HEADER_SIZE..PAGE_HEADER_SIZE + 4].copy_from_slice(&pages.to_le_bytes());
            }
            CHILD => {
                let (at, block) = (reader.u16()?, reader.u32()?);
                let place = child_place(page, at as usize)?;
                page[place..place + 4].copy_from_slice(&block.to_le_bytes());
            }
            ENTRY => {
                let (at, block, line) = (reader.u16()? as usize, reader.u32()?, reader.u16()?);
                if !is(page, Kind::Map) || at >= RANGES {
                    return Err(unfit());
                }
                let place = PAGE_HEADER_SIZE + ENTRY_SIZE * at;
                page[place..place + 4].copy_from_slice(&block.to_le_bytes());
                page[place + 4..place + 6].copy_from_slice(&line.to_le_bytes());
            }
            PUT => {
                let line = reader.u16()?;
                if !is(page, Kind::Data) || !page.put_item(line, reader.item()?) {
                    return Err(unfit());
                }
            }
            OVERWRITE => {
                let (number, item) = (reader.u16()?, reader.item()?);
                if !is(page, Kind::Data) || number == 0 || number > page.line_count() {
                    return Err(unfit());
                }
                let line = page.line(number);
                let bytes = page.item_mut(line).filter(|bytes| bytes.len() >= item.len()).ok_or_else(unfit)?;
                bytes[..item.len()].copy_from_slice(item);
                page.set_line(number, LinePointer::normal(line.offset(), item.len() as u16));
            }
            CLEAR => {
                let line = reader.u16()?;
                if !is(page, Kind::Data) || line == 0 || line > page.line_count() {
                    return Err(unfit());
                }
                page.set_line(line, LinePointer::UNUSED);
                page.set_flags(page.flags() | storage::page_flags::HAS_FREE_LINES);
            }
            COMPACT => page.compact(),
            _ => return Err(damaged("a log record has an unknown action")),
        }
    }
    Ok(())
}
