//! A page: the unit of files, of the buffer pool and of full-page images.
//!
//! ```text
//!  0        8    10   12   14   16   18   20       24               32
//!  ┌────────┬────┬────┬────┬────┬────┬────┬────────┬────────────────┬─────────────┬───────┬──────────┬─────────┐
//!  │ lsn    │sum │flag│low │upp │spec│vers│ prune  │ xid base       │ line points…│ free  │…tuples   │ special │
//!  └────────┴────┴────┴────┴────┴────┴────┴────────┴────────────────┴─────────────┴───────┴──────────┴─────────┘
//!                                                                   32          lower    upper      special  8192
//! ```
//!
//! All numbers little-endian. A line pointer is 32 bits: the tuple's offset (15 bits), its state (2), its length (15).
//! An all-zero page is *new*: allocated, and holding nothing.
//!
//! # Differences from PostgreSQL
//!
//! The header is 8 bytes longer for `xid base`, to which the 32-bit transaction ids of the page's tuples are added.

use error::{Error, Result};
use ids::{BlockNumber, Lsn, PAGE_SIZE, Xid};

shm::page_newtype! {
    /// 8 KiB with a header. See the [module](self) for its layout.
    pub struct Page;
}

/// Bytes of the page header.
pub const PAGE_HEADER_SIZE: usize = 32;
/// Bytes of a line pointer.
pub const LINE_POINTER_SIZE: usize = 4;
/// The most line pointers that fit a page with no tuple bytes at all.
pub const LINE_POINTERS_MAX: usize = (PAGE_SIZE - PAGE_HEADER_SIZE) / LINE_POINTER_SIZE;
/// The layout's version, in the header of every page that is not new.
pub const PAGE_LAYOUT_VERSION: u16 = 1;

/// Byte offsets of the header's fields.
mod at {
    pub const LSN: usize = 0;
    pub const CHECKSUM: usize = 8;
    pub const FLAGS: usize = 10;
    pub const LOWER: usize = 12;
    pub const UPPER: usize = 14;
    pub const SPECIAL: usize = 16;
    pub const VERSION: usize = 18;
    pub const PRUNE: usize = 20;
    pub const XID_BASE: usize = 24;
    pub const END: usize = 32;
}
const _: () = assert!(at::END == PAGE_HEADER_SIZE && at::XID_BASE.is_multiple_of(8) && LINE_POINTERS_MAX == 2040);
const _: () = assert!(std::mem::size_of::<Page>() == PAGE_SIZE);

/// Bits of the header's `flags`.
pub mod page_flags {
    /// Some line pointers are unused.
    pub const HAS_FREE_LINES: u16 = 0x0001;
    /// An update did not find room for its new version here.
    pub const FULL: u16 = 0x0002;
    /// Every tuple is visible to everybody.
    pub const ALL_VISIBLE: u16 = 0x0004;
    /// Bits that somebody may set.
    pub const VALID: u16 = 0x0007;
}

/// What a line pointer stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum LineState {
    /// Nothing; free for use.
    Unused = 0,
    /// A tuple.
    Normal = 1,
    /// Another line pointer, whose number stands in the offset: the root of a pruned HOT chain.
    Redirect = 2,
    /// A tuple that is gone, but index entries may still point here. May keep its bytes (length above zero).
    Dead = 3,
}

/// A line pointer: where a tuple is on its page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinePointer(u32);

impl LinePointer {
    /// A free one.
    pub const UNUSED: LinePointer = LinePointer(0);
    /// A dead one without bytes.
    pub const DEAD: LinePointer = LinePointer((LineState::Dead as u32) << 15);

    /// One for a tuple of `length` bytes at `offset`; both below 2^15.
    pub const fn normal(offset: u16, length: u16) -> LinePointer {
        LinePointer((offset as u32 & 0x7FFF) | (LineState::Normal as u32) << 15 | (length as u32) << 17)
    }

    /// One that leads to line pointer `to`.
    pub const fn redirect(to: u16) -> LinePointer {
        LinePointer((to as u32 & 0x7FFF) | (LineState::Redirect as u32) << 15)
    }

    /// The same bytes, dead.
    pub const fn into_dead(self) -> LinePointer {
        LinePointer(self.0 | (LineState::Dead as u32) << 15)
    }

    /// Its 32 bits.
    pub const fn to_bits(self) -> u32 {
        self.0
    }

    /// From 32 bits; every value is some line pointer.
    pub const fn from_bits(bits: u32) -> LinePointer {
        LinePointer(bits)
    }

    /// What it stands for.
    pub const fn state(self) -> LineState {
        match self.0 >> 15 & 3 {
            0 => LineState::Unused,
            1 => LineState::Normal,
            2 => LineState::Redirect,
            _ => LineState::Dead,
        }
    }

    /// The tuple's offset on the page, or the number of the line pointer that a redirect leads to.
    pub const fn offset(self) -> u16 {
        (self.0 & 0x7FFF) as u16
    }

    /// The tuple's length in bytes.
    pub const fn length(self) -> u16 {
        (self.0 >> 17) as u16
    }

    /// Whether a tuple stands there.
    pub const fn is_normal(self) -> bool {
        matches!(self.state(), LineState::Normal)
    }

    /// Whether it is free for use.
    pub const fn is_unused(self) -> bool {
        matches!(self.state(), LineState::Unused)
    }
}

impl Page {
    #[inline(always)]
    fn u16_at(&self, at: usize) -> u16 {
        u16::from_le_bytes([self[at], self[at + 1]])
    }

    #[inline(always)]
    fn u32_at(&self, at: usize) -> u32 {
        u32::from_le_bytes([self[at], self[at + 1], self[at + 2], self[at + 3]])
    }

    #[inline(always)]
    fn u64_at(&self, at: usize) -> u64 {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&self[at..at + 8]);
        u64::from_le_bytes(bytes)
    }

    fn set_u16(&mut self, at: usize, value: u16) {
        self[at..at + 2].copy_from_slice(&value.to_le_bytes());
    }

    /// Makes it an empty page of the standard layout with `special_size` bytes (a multiple of 8) at its end.
    pub fn init(&mut self, special_size: usize) {
        let special = (PAGE_SIZE - special_size.next_multiple_of(8)) as u16;
        self.fill(0);
        self.set_lower(PAGE_HEADER_SIZE as u16);
        self.set_upper(special);
        self.set_u16(at::SPECIAL, special);
        self.set_u16(at::VERSION, PAGE_LAYOUT_VERSION);
    }

    /// Whether it was never initialised.
    pub fn is_new(&self) -> bool {
        self.upper() == 0
    }

    /// The end of the log record that changed it last.
    pub fn lsn(&self) -> Lsn {
        Lsn(self.u64_at(at::LSN))
    }

    /// Sets the LSN. Only the change guard, redo, and builders of new files call it.
    pub fn set_lsn(&mut self, lsn: Lsn) {
        self[at::LSN..at::LSN + 8].copy_from_slice(&lsn.0.to_le_bytes());
    }

    /// The checksum that it was written with.
    pub fn checksum(&self) -> u16 {
        self.u16_at(at::CHECKSUM)
    }

    /// Bits of [`page_flags`].
    pub fn flags(&self) -> u16 {
        self.u16_at(at::FLAGS)
    }

    /// Sets all flags.
    pub fn set_flags(&mut self, flags: u16) {
        self.set_u16(at::FLAGS, flags);
    }

    /// Whether every tuple is visible to everybody.
    pub fn is_all_visible(&self) -> bool {
        self.flags() & page_flags::ALL_VISIBLE != 0
    }

    /// Says whether every tuple is visible to everybody.
    pub fn set_all_visible(&mut self, yes: bool) {
        let flags = self.flags() & !page_flags::ALL_VISIBLE;
        self.set_flags(flags | if yes { page_flags::ALL_VISIBLE } else { 0 });
    }

    /// The end of the line pointers.
    pub fn lower(&self) -> u16 {
        self.u16_at(at::LOWER)
    }

    /// Sets the end of the line pointers.
    pub fn set_lower(&mut self, lower: u16) {
        self.set_u16(at::LOWER, lower);
    }

    /// The start of the tuples.
    pub fn upper(&self) -> u16 {
        self.u16_at(at::UPPER)
    }

    /// Sets the start of the tuples.
    pub fn set_upper(&mut self, upper: u16) {
        self.set_u16(at::UPPER, upper);
    }

    /// The start of the special space.
    pub fn special_offset(&self) -> u16 {
        self.u16_at(at::SPECIAL)
    }

    /// The special space at the page's end; empty if the header is out of bounds.
    pub fn special(&self) -> &[u8] {
        self.get(self.special_offset() as usize..).unwrap_or(&[])
    }

    /// The special space, to change.
    pub fn special_mut(&mut self) -> &mut [u8] {
        let start = (self.special_offset() as usize).min(PAGE_SIZE);
        &mut self[start..]
    }

    /// The layout's version.
    pub fn layout_version(&self) -> u16 {
        self.u16_at(at::VERSION)
    }

    /// The oldest deleter's id on the page, as an offset from [`Page::xid_base`]; zero is none. Pruning is worthwhile
    /// once it is below every snapshot.
    pub fn prune_xid(&self) -> u32 {
        self.u32_at(at::PRUNE)
    }

    /// Sets the prune hint.
    pub fn set_prune_xid(&mut self, offset: u32) {
        self[at::PRUNE..at::PRUNE + 4].copy_from_slice(&offset.to_le_bytes());
    }

    /// What the transaction ids on the page are offsets from.
    pub fn xid_base(&self) -> Xid {
        Xid(self.u64_at(at::XID_BASE))
    }

    /// Sets the base. The caller moves the tuples' ids with it.
    pub fn set_xid_base(&mut self, base: Xid) {
        self[at::XID_BASE..at::XID_BASE + 8].copy_from_slice(&base.0.to_le_bytes());
    }

    /// How many line pointers there are: the largest number in use.
    pub fn line_count(&self) -> u16 {
        (self.lower().saturating_sub(PAGE_HEADER_SIZE as u16)) / LINE_POINTER_SIZE as u16
    }

    /// Line pointer `number`, from 1; [`LinePointer::UNUSED`] beyond the last one.
    #[inline(always)]
    pub fn line(&self, number: u16) -> LinePointer {
        if number == 0 || number > self.line_count() {
            return LinePointer::UNUSED;
        }
        let at = PAGE_HEADER_SIZE + (number as usize - 1) * LINE_POINTER_SIZE;
        if at + 4 > PAGE_SIZE { LinePointer::UNUSED } else { LinePointer(self.u32_at(at)) }
    }

    /// Sets line pointer `number`, from 1, which exists ([`Page::set_lower`] makes room).
    pub fn set_line(&mut self, number: u16, line: LinePointer) {
        assert!(number >= 1 && number <= self.line_count(), "line pointer {number} does not exist");
        let at = PAGE_HEADER_SIZE + (number as usize - 1) * LINE_POINTER_SIZE;
        self[at..at + 4].copy_from_slice(&line.0.to_le_bytes());
    }

    /// All line pointers with their numbers.
    pub fn lines(&self) -> impl Iterator<Item = (u16, LinePointer)> + '_ {
        (1..=self.line_count()).map(|number| (number, self.line(number)))
    }

    /// The bytes a line pointer leads to; `None` for one without bytes or out of bounds.
    #[inline(always)]
    pub fn item(&self, line: LinePointer) -> Option<&[u8]> {
        let start = line.offset() as usize;
        match line.state() {
            LineState::Normal | LineState::Dead if line.length() > 0 => self.get(start..start + line.length() as usize),
            _ => None,
        }
    }

    /// The bytes a line pointer leads to, to change.
    pub fn item_mut(&mut self, line: LinePointer) -> Option<&mut [u8]> {
        let start = line.offset() as usize;
        match line.state() {
            LineState::Normal | LineState::Dead if line.length() > 0 => {
                self.get_mut(start..start + line.length() as usize)
            }
            _ => None,
        }
    }

    /// Bytes between the line pointers and the tuples.
    pub fn exact_free_space(&self) -> usize {
        (self.upper() as usize).saturating_sub(self.lower() as usize)
    }

    /// Bytes free for one more tuple together with its line pointer.
    pub fn free_space(&self) -> usize {
        self.exact_free_space().saturating_sub(LINE_POINTER_SIZE)
    }

    /// Adds a tuple at line pointer `number` (from 1; existing and unused, or the one after the last), aligned to 8 bytes.
    /// Answers whether there was room. Redo calls it with the number that was logged.
    pub fn put_item(&mut self, number: u16, bytes: &[u8]) -> bool {
        let count = self.line_count();
        if number == 0 || number > count + 1 || bytes.len() >= PAGE_SIZE {
            return false;
        }
        let lower = self.lower() as usize + if number > count { LINE_POINTER_SIZE } else { 0 };
        let Some(upper) = (self.upper() as usize).checked_sub(bytes.len().next_multiple_of(8)) else { return false };
        if lower > upper || (number <= count && !self.line(number).is_unused()) {
            return false;
        }
        self[upper..upper + bytes.len()].copy_from_slice(bytes);
        self.set_lower(lower as u16);
        self.set_upper(upper as u16);
        self.set_line(number, LinePointer::normal(upper as u16, bytes.len() as u16));
        true
    }

    /// Adds a tuple at the first unused line pointer, or at a new one, and returns its number; `None` if there is no room.
    pub fn add_item(&mut self, bytes: &[u8]) -> Option<u16> {
        let count = self.line_count();
        let free = if self.flags() & page_flags::HAS_FREE_LINES != 0 {
            (1..=count).find(|&number| self.line(number).is_unused())
        } else {
            None
        };
        let number = free.unwrap_or(count + 1);
        self.put_item(number, bytes).then_some(number)
    }

    /// Moves the tuples together at the page's end, so that all free space lies in one piece, and drops unused line pointers
    /// at the end of the array. Line pointers keep their numbers; dead ones lose their bytes.
    pub fn compact(&mut self) {
        let count = self.line_count();
        let mut items: [(u16, u16, u16); LINE_POINTERS_MAX] = [(0, 0, 0); LINE_POINTERS_MAX];
        let mut kept = 0;
        let (mut last, mut free_lines) = (0, false);
        for number in 1..=count {
            let line = self.line(number);
            match line.state() {
                LineState::Unused => continue,
                LineState::Normal => {
                    items[kept] = (line.offset(), line.length(), number);
                    kept += 1;
                }
                LineState::Dead => self.set_line(number, LinePointer::DEAD),
                LineState::Redirect => {}
            }
            free_lines |= number != last + 1;
            last = number;
        }
        let items = &mut items[..kept];
        items.sort_unstable_by_key(|item| std::cmp::Reverse(item.0));
        let mut upper = self.special_offset() as usize;
        for &mut (offset, length, number) in items {
            let (offset, length) = (offset as usize, length as usize);
            let to = upper.saturating_sub(length.next_multiple_of(8));
            if to < offset || offset + length > PAGE_SIZE {
                return; // Overlapping or out of bounds: a damaged page. Left as it is, for the readers' checks.
            }
            self.copy_within(offset..offset + length, to);
            self.set_line(number, LinePointer::normal(to as u16, length as u16));
            upper = to;
        }
        self.set_upper(upper as u16);
        self.set_lower((PAGE_HEADER_SIZE + last as usize * LINE_POINTER_SIZE) as u16);
        let flags = self.flags() & !page_flags::HAS_FREE_LINES;
        self.set_flags(flags | if free_lines { page_flags::HAS_FREE_LINES } else { 0 });
    }

    /// The checksum of this page as block `block`: never zero, so a zeroed field is noticed.
    pub fn compute_checksum(&self, block: BlockNumber) -> u16 {
        let crc = crc32c::crc32c(&self[..at::CHECKSUM]);
        let crc = crc32c::crc32c_append(crc, &self[at::FLAGS..]);
        let crc = crc32c::crc32c_append(crc, &block.0.to_le_bytes());
        (crc % 65535 + 1) as u16
    }

    /// Checks what a page must fulfil whatever is on it: checksum (if `checksums`), version and ordered bounds. A new page
    /// is all zeros.
    pub fn verify(&self, block: BlockNumber, checksums: bool) -> Result<(), PageFault> {
        if self.is_new() {
            return if self.iter().all(|&byte| byte == 0) { Ok(()) } else { Err(PageFault::Header) };
        }
        if checksums {
            let expected = self.compute_checksum(block);
            if expected != self.checksum() {
                return Err(PageFault::Checksum { expected, found: self.checksum() });
            }
        }
        let (lower, upper, special) = (self.lower() as usize, self.upper() as usize, self.special_offset() as usize);
        let ordered = PAGE_HEADER_SIZE <= lower && lower <= upper && upper <= special && special <= PAGE_SIZE;
        let known = self.layout_version() == PAGE_LAYOUT_VERSION && self.flags() & !page_flags::VALID == 0;
        if ordered && known && special.is_multiple_of(8) { Ok(()) } else { Err(PageFault::Header) }
    }
}

/// What is wrong with a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageFault {
    /// The checksum does not fit the contents.
    Checksum {
        /// What it should be.
        expected: u16,
        /// What the page says.
        found: u16,
    },
    /// Fields of the header contradict each other.
    Header,
}

impl PageFault {
    /// The error that a client sees.
    pub fn into_error(self, block: BlockNumber, path: &str) -> Error {
        Error::corrupted(format!("invalid page in block {block} of relation \"{path}\""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The format on disk must not change by accident: a page, byte by byte.
    #[test]
    fn golden_page() {
        let mut page = Page::zeroed();
        page.init(16);
        page.set_lsn(Lsn(0x0102_0304_0506_0708));
        page.set_xid_base(Xid(0x1122_3344_5566_7788));
        page.set_prune_xid(0xAABB_CCDD);
        page.set_flags(page_flags::ALL_VISIBLE);
        assert_eq!(page.add_item(b"twelve bytes"), Some(1));
        let header = [
            8, 7, 6, 5, 4, 3, 2, 1, 0, 0, 4, 0, 36, 0, 0xE0, 0x1F, 0xF0, 0x1F, 1, 0, 0xDD, 0xCC, 0xBB, 0xAA, 0x88,
            0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11, // then the line pointer: offset 0x1FE0, normal, 12 bytes
            0xE0, 0x9F, 0x18, 0,
        ];
        assert_eq!(page[..36], header);
        assert_eq!(&page[0x1FE0..0x1FEC], b"twelve bytes");
        assert_eq!((page.special().len(), page.compute_checksum(BlockNumber(7))), (16, 18423));
        assert_ne!(page.compute_checksum(BlockNumber(8)), page.compute_checksum(BlockNumber(7)));
    }

    #[test]
    fn items_come_and_go() {
        let mut page = Page::zeroed();
        page.init(0);
        let items: Vec<Vec<u8>> = (1..100u8).map(|n| vec![n; 1 + n as usize % 70]).collect();
        for item in &items {
            assert!(page.add_item(item).is_some());
        }
        for number in (1..=99).step_by(3) {
            page.set_line(number, LinePointer::UNUSED);
        }
        page.set_line(98, page.line(98).into_dead());
        page.set_line(99, LinePointer::UNUSED);
        let before = page.free_space();
        page.compact();
        assert!(page.free_space() > before);
        assert_eq!(page.line_count(), 98);
        assert_eq!((page.line(98).state(), page.line(98).length()), (LineState::Dead, 0));
        for number in 1..=97u16 {
            let expected = (number % 3 != 1).then(|| &items[number as usize - 1][..]);
            assert_eq!(page.item(page.line(number)), expected, "{number}");
        }
        assert_eq!(page.add_item(b"again"), Some(1));
        assert!(!page.put_item(1, b"taken") && !page.put_item(200, b"far"));
        assert!(!page.put_item(99, &[0; 8000]));
        assert_eq!(page.verify(BlockNumber(0), false), Ok(()));
    }

    #[test]
    fn compacting_damage_does_not_panic() {
        let mut state = 1u64;
        for _ in 0..2000 {
            let mut page = Page::zeroed();
            page.init(0);
            for at in 10..400 {
                state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                page[at] = (state >> 56) as u8;
            }
            if page.verify(BlockNumber(0), false).is_ok() {
                page.compact();
            }
            page.lines().for_each(|(_, line)| {
                page.item(line);
            });
        }
    }

    #[test]
    fn new_pages_are_all_zero() {
        let mut page = Page::zeroed();
        assert_eq!(page.verify(BlockNumber(1), true), Ok(()));
        page[5000] = 1;
        assert_eq!(page.verify(BlockNumber(1), true), Err(PageFault::Header));
    }
}
