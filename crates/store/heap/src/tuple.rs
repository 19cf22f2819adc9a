//! A tuple: the header of a row version, and behind it the row's body ([`access::RowLayout`]).
//!
//! ```text
//!  0        4        8         12           16      18      20      22      24
//!  ┌────────┬────────┬─────────┬────────────┬───────┬───────┬───────┬───────┬─────────
//!  │ xmin   │ xmax   │ command │ next block │ n.line│ natts │ flags │ 0     │ body …
//!  └────────┴────────┴─────────┴────────────┴───────┴───────┴───────┴───────┴─────────
//! ```
//!
//! - `xmin` created the version, `xmax` deleted, replaced or locked it. Both are offsets from the page's `xid_base`;
//!   below 3 they stand for themselves (none, bootstrap, frozen). A multixact's id comes from the same sequence as
//!   transaction ids, so `xmax` holds one the same way.
//! - `command` is the creating command while only that matters, the deleting one when another transaction created the
//!   version, or one number for both ([`flags::COMBINED`]).
//! - `next` is the newer version; line 0: there is none. Of a speculative insertion it holds the token instead.
//!
//! # Differences from PostgreSQL
//!
//! One byte longer than PostgreSQL's 23, with no padding behind it. A version without successor does not point to itself.
//! How strongly `xmax` locks the row is a number of its own, for updaters too, instead of bits in three places.

use access::LockStrength;
use ids::{BlockNumber, CommandId, PAGE_SIZE, TupleId, Xid};
use storage::Page;

/// Bytes of the header.
pub const HEADER_SIZE: usize = 24;
/// The longest tuple: one that fills a page.
pub const TUPLE_MAX: usize = PAGE_SIZE - storage::page::PAGE_HEADER_SIZE - 8;
/// The most tuples that fit a page.
pub const TUPLES_MAX: usize = (PAGE_SIZE - storage::page::PAGE_HEADER_SIZE) / (HEADER_SIZE + 4);
/// The most line pointers that a heap page gets.
pub const LINES_MAX: u16 = 2 * TUPLES_MAX as u16;

const _: () = assert!(HEADER_SIZE.is_multiple_of(8) && TUPLES_MAX == 291);

/// Bits of the header's flags.
pub mod flags {
    /// The body has a null bitmap.
    pub const HAS_NULLS: u16 = 0x0001;
    /// Some value is stored out of line.
    pub const HAS_EXTERNAL: u16 = 0x0002;
    /// `command` stands for an inserting and a deleting one.
    pub const COMBINED: u16 = 0x0004;
    /// Some value is compressed in place.
    pub const HAS_COMPRESSED: u16 = 0x0008;
    /// Hint: `xmin` committed.
    pub const XMIN_COMMITTED: u16 = 0x0010;
    /// Hint: `xmin` rolled back. With [`XMIN_COMMITTED`]: frozen, older than every snapshot.
    pub const XMIN_ABORTED: u16 = 0x0020;
    /// Both.
    pub const XMIN_FROZEN: u16 = 0x0030;
    /// Hint: `xmax` committed.
    pub const XMAX_COMMITTED: u16 = 0x0040;
    /// `xmax` means nothing: it rolled back, or only locked and is gone.
    pub const XMAX_INVALID: u16 = 0x0080;
    /// `xmax` is a multixact.
    pub const XMAX_MULTI: u16 = 0x0100;
    /// `xmax` only locks the row.
    pub const XMAX_LOCK_ONLY: u16 = 0x0200;
    /// How strongly `xmax` locks the row, as [`access::LockStrength`]'s rank.
    pub const XMAX_STRENGTH: u16 = 0x0C00;
    /// Where the strength starts.
    pub const XMAX_STRENGTH_SHIFT: u16 = 10;
    /// The newer version is heap-only, on the same page.
    pub const HOT_UPDATED: u16 = 0x1000;
    /// No index entry leads here; the chain does.
    pub const HEAP_ONLY: u16 = 0x2000;
    /// A speculative insertion, not yet confirmed; `next block` is its token.
    pub const SPECULATIVE: u16 = 0x4000;
    /// Everything that says what `xmax` is.
    pub const XMAX_ALL: u16 = XMAX_COMMITTED | XMAX_INVALID | XMAX_MULTI | XMAX_LOCK_ONLY | XMAX_STRENGTH | HOT_UPDATED;
}

/// A tuple's header, taken out of its page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Offset of the creator's id.
    pub xmin: u32,
    /// Offset of the id of who deleted, replaced or locked it.
    pub xmax: u32,
    /// The command; see the module.
    pub command: CommandId,
    /// The newer version; line 0 is none.
    pub next: TupleId,
    /// How many columns.
    pub natts: u16,
    /// Bits of [`flags`].
    pub flags: u16,
}

#[inline(always)]
fn u32_at(bytes: &[u8; HEADER_SIZE], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

#[inline(always)]
fn u16_at(bytes: &[u8; HEADER_SIZE], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

impl Header {
    /// The header of a tuple; `None` if there are too few bytes.
    #[inline(always)]
    pub fn read(tuple: &[u8]) -> Option<Header> {
        let bytes = tuple.first_chunk::<HEADER_SIZE>()?;
        Some(Header {
            xmin: u32_at(bytes, 0),
            xmax: u32_at(bytes, 4),
            command: CommandId(u32_at(bytes, 8)),
            next: TupleId::new(BlockNumber(u32_at(bytes, 12)), u16_at(bytes, 16)),
            natts: u16_at(bytes, 18),
            flags: u16_at(bytes, 20),
        })
    }

    /// Its bytes.
    pub fn to_bytes(self) -> [u8; HEADER_SIZE] {
        let mut bytes = [0; HEADER_SIZE];
        bytes[0..4].copy_from_slice(&self.xmin.to_le_bytes());
        bytes[4..8].copy_from_slice(&self.xmax.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.command.0.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.next.block.0.to_le_bytes());
        bytes[16..18].copy_from_slice(&self.next.offset.to_le_bytes());
        bytes[18..20].copy_from_slice(&self.natts.to_le_bytes());
        bytes[20..22].copy_from_slice(&self.flags.to_le_bytes());
        bytes
    }

    /// Writes it over the header of a tuple; nothing happens if there are too few bytes.
    pub fn write(self, tuple: &mut [u8]) {
        if let Some(bytes) = tuple.first_chunk_mut::<HEADER_SIZE>() {
            *bytes = self.to_bytes();
        }
    }

    /// Whether a flag is set.
    #[inline(always)]
    pub fn has(&self, flag: u16) -> bool {
        self.flags & flag != 0
    }

    /// Whether its creator is older than every snapshot.
    #[inline(always)]
    pub fn is_frozen(&self) -> bool {
        self.flags & flags::XMIN_FROZEN == flags::XMIN_FROZEN || self.xmin == Xid::FROZEN.0 as u32
    }

    /// Whether `xmax` says nothing about whether the version is alive.
    #[inline(always)]
    pub fn has_no_deleter(&self) -> bool {
        self.xmax == 0 || self.flags & (flags::XMAX_INVALID | flags::XMAX_LOCK_ONLY) != 0
    }

    /// Whether nobody locks, deleted or replaced it.
    #[inline(always)]
    pub fn has_no_xmax(&self) -> bool {
        self.xmax == 0 || self.has(flags::XMAX_INVALID)
    }

    /// How strongly `xmax` locks the row.
    pub fn strength(&self) -> LockStrength {
        match (self.flags & flags::XMAX_STRENGTH) >> flags::XMAX_STRENGTH_SHIFT {
            0 => LockStrength::KeyShare,
            1 => LockStrength::Share,
            2 => LockStrength::NoKeyUpdate,
            _ => LockStrength::Update,
        }
    }

    /// The newer version, if there is one.
    pub fn successor(&self) -> Option<TupleId> {
        (self.next.is_valid() && !self.has(flags::SPECULATIVE)).then_some(self.next)
    }

    /// The token of a speculative insertion; zero for others.
    pub fn speculative_token(&self) -> u32 {
        if self.has(flags::SPECULATIVE) { self.next.block.0 } else { 0 }
    }
}

/// The number of columns and the flags of a tuple, where nothing else of its header matters.
#[inline(always)]
pub fn shape(tuple: &[u8]) -> Option<(u16, u16)> {
    let bytes = tuple.first_chunk::<HEADER_SIZE>()?;
    Some((u16_at(bytes, 18), u16_at(bytes, 20)))
}

/// A strength's bits in the flags.
pub fn strength_flags(strength: LockStrength) -> u16 {
    (strength as u16) << flags::XMAX_STRENGTH_SHIFT
}

/// The id that an offset on a page stands for.
#[inline(always)]
pub fn xid_of(base: Xid, offset: u32) -> Xid {
    if (offset as u64) < Xid::FIRST_NORMAL.0 { Xid(offset as u64) } else { Xid(base.0 + offset as u64) }
}

/// The offset that stands for an id on a page; `None` if it is out of range.
#[inline(always)]
pub fn offset_of(base: Xid, xid: Xid) -> Option<u32> {
    if !xid.is_normal() {
        return Some(xid.0 as u32);
    }
    let offset = xid.0.checked_sub(base.0)?;
    (Xid::FIRST_NORMAL.0..=u32::MAX as u64).contains(&offset).then_some(offset as u32)
}

/// A base for a new page that `xid` writes to: with room below and above.
pub fn base_for(xid: Xid) -> Xid {
    Xid(xid.0.saturating_sub(1 << 31))
}

/// The tuple at a line: its header and where its bytes are. `None` unless the line is a whole tuple.
#[inline(always)]
pub fn tuple_at(page: &Page, line: storage::LinePointer) -> Option<(Header, usize, usize)> {
    let start = line.offset() as usize;
    let end = start + line.length() as usize;
    let header = Header::read(page.get(start..end)?)?;
    line.is_normal().then_some((header, start, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_round_trip() {
        let header = Header {
            xmin: 7,
            xmax: 9,
            command: CommandId(3),
            next: TupleId::new(BlockNumber(0x01020304), 5),
            natts: 1600,
            flags: flags::HAS_NULLS | flags::HEAP_ONLY | strength_flags(LockStrength::NoKeyUpdate),
        };
        assert_eq!(Header::read(&header.to_bytes()), Some(header));
        assert_eq!(header.strength(), LockStrength::NoKeyUpdate);
        assert_eq!(Header::read(&[0; 23]), None);
    }

    #[test]
    fn ids_are_offsets_from_the_base() {
        let base = Xid(1 << 40);
        for xid in [Xid(0), Xid(1), Xid(2), Xid((1 << 40) + 3), Xid((1 << 40) + u32::MAX as u64)] {
            assert_eq!(offset_of(base, xid).map(|offset| xid_of(base, offset)), Some(xid));
        }
        for out in [Xid(3), Xid(1 << 40), Xid((1 << 40) + 2), Xid((1 << 40) + (1 << 32))] {
            assert_eq!(offset_of(base, out), None);
        }
        assert!(offset_of(base_for(Xid(1 << 50)), Xid(1 << 50)).is_some());
    }
}
