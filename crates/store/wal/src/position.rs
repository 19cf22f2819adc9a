//! The arithmetic of positions, and the bytes of a log page's header.
//!
//! Records do not know of pages: reservation counts *usable bytes*, the log without its page headers, and this module
//! translates to [`Lsn`]s and back.
//!
//! ```text
//!  0     2     4     8               16      20      24                32      36      40
//!  ┌─────┬─────┬─────┬───────────────┬───────┬───────┬─────────────────┬───────┬───────┐
//!  │magic│flags│ tli │ page address  │ rest  │ 0     │ system id       │segment│ page  │
//!  └─────┴─────┴─────┴───────────────┴───────┴───────┴─────────────────┴───────┴───────┘
//!  every page: 24 bytes                              a segment's first page: 40 bytes
//! ```
//!
//! `page address` is the LSN of the page's first byte, by which a reused file's old pages are known; `rest` says how many
//! bytes of a record from an earlier page come first (with its padding).

use ids::{Lsn, TimelineId};

/// Bytes of a log page.
pub(crate) const LOG_PAGE: u64 = 8192;
/// Bytes of a page's header.
pub(crate) const SHORT_HEADER: u64 = 24;
/// Bytes of the header of a segment's first page.
pub(crate) const LONG_HEADER: u64 = 40;
/// The first two bytes of every page: the format's name and version.
pub(crate) const PAGE_MAGIC: u16 = 0x0118;
/// The header is a long one.
pub(crate) const FLAG_LONG: u16 = 2;
/// The page begins with the rest of a record.
pub(crate) const FLAG_CONTINUES: u16 = 1;

const USABLE_PAGE: u64 = LOG_PAGE - SHORT_HEADER;

/// Translates positions for one segment size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Geometry {
    pub segment_size: u64,
}

impl Geometry {
    const fn usable_segment(self) -> u64 {
        self.segment_size / LOG_PAGE * USABLE_PAGE - (LONG_HEADER - SHORT_HEADER)
    }

    /// The header of the page that begins at `page`.
    pub fn header_size(self, page: u64) -> u64 {
        if page.is_multiple_of(self.segment_size) { LONG_HEADER } else { SHORT_HEADER }
    }

    /// Offset in the segment of the usable byte `n` of it.
    fn offset(self, n: u64) -> u64 {
        let first = LOG_PAGE - LONG_HEADER;
        if n < first {
            LONG_HEADER + n
        } else {
            LOG_PAGE + (n - first) / USABLE_PAGE * LOG_PAGE + (n - first) % USABLE_PAGE + SHORT_HEADER
        }
    }

    /// Where a record begins that gets the usable bytes from `position` on.
    pub fn start(self, position: u64) -> Lsn {
        let (segment, n) = (position / self.usable_segment(), position % self.usable_segment());
        Lsn(segment * self.segment_size + self.offset(n))
    }

    /// Where a record ends that has the usable bytes up to `position`: never behind a header that it does not need.
    pub fn end(self, position: u64) -> Lsn {
        let (segment, n) = (position / self.usable_segment(), position % self.usable_segment());
        let start = segment * self.segment_size + self.offset(n);
        let page = start / LOG_PAGE * LOG_PAGE;
        Lsn(if start - page == self.header_size(page) { page } else { start })
    }

    /// The usable byte at `lsn`; for a position inside a page header, the first one behind it.
    pub fn position(self, lsn: Lsn) -> u64 {
        let (segment, offset) = (lsn.0 / self.segment_size, lsn.0 % self.segment_size);
        let (page, in_page) = (offset / LOG_PAGE, offset % LOG_PAGE);
        let n = if page == 0 {
            in_page.saturating_sub(LONG_HEADER)
        } else {
            (LOG_PAGE - LONG_HEADER) + (page - 1) * USABLE_PAGE + in_page.saturating_sub(SHORT_HEADER)
        };
        segment * self.usable_segment() + n
    }

    /// The number of the segment that holds the byte at `lsn`.
    pub fn segment(self, lsn: Lsn) -> u64 {
        lsn.0 / self.segment_size
    }
}

/// A page header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PageHeader {
    pub timeline: TimelineId,
    pub address: u64,
    pub rest: u32,
    pub system_identifier: u64,
    pub segment_size: u32,
}

impl PageHeader {
    /// Its bytes as words; the long form's last two are left out of the short one.
    pub fn encode(&self, long: bool) -> [u64; 5] {
        let flags = if long { FLAG_LONG } else { 0 } | if self.rest > 0 { FLAG_CONTINUES } else { 0 };
        [
            PAGE_MAGIC as u64 | (flags as u64) << 16 | (self.timeline.0 as u64) << 32,
            self.address,
            self.rest as u64,
            self.system_identifier,
            self.segment_size as u64 | LOG_PAGE << 32,
        ]
    }

    /// Reads and checks the header of the page that should stand at `address`. The message is PostgreSQL's.
    pub fn decode(bytes: &[u8], address: u64, segment_size: u64, file: &str) -> Result<PageHeader, String> {
        let word = |n: usize| {
            let mut word = [0; 8];
            word.copy_from_slice(&bytes[n * 8..n * 8 + 8]);
            u64::from_le_bytes(word)
        };
        let (segment, offset) = (file, address % segment_size);
        let lsn = Lsn(address);
        let magic = word(0) as u16;
        let flags = (word(0) >> 16) as u16;
        if magic != PAGE_MAGIC {
            return Err(format!(
                "invalid magic number {magic:04X} in WAL segment {segment}, LSN {lsn}, offset {offset}"
            ));
        }
        let long = address.is_multiple_of(segment_size);
        if flags & !(FLAG_LONG | FLAG_CONTINUES) != 0 || (flags & FLAG_LONG != 0) != long {
            return Err(format!("invalid info bits {flags:04X} in WAL segment {segment}, LSN {lsn}, offset {offset}"));
        }
        if word(1) != address {
            return Err(format!(
                "unexpected pageaddr {} in WAL segment {segment}, LSN {lsn}, offset {offset}",
                Lsn(word(1))
            ));
        }
        let (system_identifier, sizes) = if long { (word(3), word(4)) } else { (0, segment_size | LOG_PAGE << 32) };
        if sizes != segment_size | LOG_PAGE << 32 {
            return Err("WAL file is from different database system: incorrect segment size in page header".into());
        }
        Ok(PageHeader {
            timeline: TimelineId((word(0) >> 32) as u32),
            address,
            rest: word(2) as u32,
            system_identifier,
            segment_size: segment_size as u32,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_and_lsns_correspond() {
        let geometry = Geometry { segment_size: 1 << 20 };
        let usable = geometry.usable_segment();
        let around = |n: u64| (n.saturating_sub(4)..n + 4).collect::<Vec<_>>();
        let mut positions = around(0);
        for boundary in [8152, 8152 + 8168, 8152 + 2 * 8168, usable, usable + 8152, 7 * usable] {
            positions.extend(around(boundary));
        }
        for position in positions {
            let (start, end) = (geometry.start(position), geometry.end(position));
            assert_eq!(geometry.position(start), position, "{position}");
            assert_eq!(geometry.position(end), position, "{position}");
            assert!(end <= start && start.0 - end.0 <= 40);
            let page = start.0 / LOG_PAGE * LOG_PAGE;
            assert!(start.0 - page >= geometry.header_size(page), "a record begins in a page header");
        }
        assert_eq!(geometry.start(0), Lsn(40));
        assert_eq!(geometry.end(usable), Lsn(1 << 20));
        assert_eq!(geometry.start(usable), Lsn((1 << 20) + 40));
    }

    #[test]
    fn a_header_survives() {
        let header = PageHeader {
            timeline: TimelineId(3),
            address: 1 << 20,
            rest: 17,
            system_identifier: 9,
            segment_size: 1 << 20,
        };
        let bytes: Vec<u8> = header.encode(true).iter().flat_map(|word| word.to_le_bytes()).collect();
        assert_eq!(PageHeader::decode(&bytes, 1 << 20, 1 << 20, "f"), Ok(header));
        assert!(PageHeader::decode(&bytes, 2 << 20, 1 << 20, "f").unwrap_err().contains("pageaddr 0/100000"));
        assert!(
            PageHeader::decode(&[0; 40], 1 << 20, 1 << 20, "f").unwrap_err().starts_with("invalid magic number 0000")
        );
    }
}
