//! A record on its way into the log: what a change did, and to which pages.
//!
//! # Format
//!
//! All numbers little-endian. A record starts at a multiple of 8 and is padded to one.
//!
//! ```text
//!  0        4        8                16   17   18   19   20       24
//!  ┌────────┬────────┬────────────────┬────┬────┬────┬────┬────────┐
//!  │ length │ crc    │ xid            │rmgr│info│blks│ 0  │ main   │  header, 24 bytes
//!  └────────┴────────┴────────────────┴────┴────┴────┴────┴────────┘
//!  blks × block header, 28 bytes:
//!  ┌────┬────┬────────┬────────┬────────┬────────┬────────┬────────┬──────────────┐
//!  │ id │flag│ fork 0 │ space  │database│ file   │ block  │ data   │ image, hole  │
//!  └────┴────┴────────┴────────┴────────┴────────┴────────┴────────┴──────────────┘
//!   u8   u8   u8   u8   u32      u32      u32      u32      u32      u16     u16
//!  then, block by block: its image (`image` bytes), its data (`data` bytes)
//!  then the main data (`main` bytes)
//! ```
//!
//! `length` counts everything from the header to the last byte of main data, without padding. `crc` is the CRC32C of the
//! record from `xid` on, then of `length`, then of the record's own LSN: so an old record that a recycled segment still
//! holds does not check at any place but its own, where nothing newer stands.
//!
//! An image is the page without its hole (`hole` is where the zeros between line pointers and tuples begin; their
//! length is what is missing from 8192, found from the decompressed length), perhaps compressed.

use crate::RmgrId;
use ids::{BlockNumber, Fork, Lsn, PAGE_SIZE, RelFileLocator, Xid};

/// Bytes of a record's header.
pub const RECORD_HEADER_SIZE: usize = 24;
/// Bytes of a block reference's header.
pub const BLOCK_HEADER_SIZE: usize = 28;
/// The longest record, in bytes.
pub const RECORD_MAX: usize = 1020 << 20;
/// The most block references a record can have.
pub const BLOCKS_MAX: usize = 32;

/// The record's block flag: a full-page image is there.
pub(crate) const BLOCK_HAS_IMAGE: u8 = 0x10;
/// The record's block flag: redo makes the page from nothing.
pub(crate) const BLOCK_WILL_INIT: u8 = 0x40;
/// The record's block flag: the image is lz4-compressed.
pub(crate) const BLOCK_IMAGE_LZ4: u8 = 0x01;
/// The record's block flag: redo takes the image as the page's new contents whatever the page's LSN.
pub(crate) const BLOCK_IMAGE_APPLY: u8 = 0x02;

/// Whether a block reference carries the whole page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Image {
    /// If the page was last changed before the current checkpoint's redo position; the hole between the page's `lower`
    /// and `upper` is left out. For pages of the standard layout.
    Standard,
    /// The same, with all 8 KiB: for pages that keep data between `lower` and `upper`, or have no such fields.
    Whole,
    /// Always, without the hole.
    Forced,
    /// Never: redo makes the page from nothing.
    WillInit,
    /// Never: redo can work on a torn page, or the caller takes care.
    Never,
}

/// One page that a record is about.
#[derive(Clone, Copy)]
pub(crate) struct BlockReference<'a> {
    pub locator: RelFileLocator,
    pub fork: Fork,
    pub block: BlockNumber,
    pub how: Image,
    /// The page as it is after the change, its LSN still the old one.
    pub page: Option<&'a [u8; PAGE_SIZE]>,
    /// Range of its data in the builder's `block_data`.
    pub data: (u32, u32),
}

/// Builds a record. Cheap to make: its buffers are reused.
pub struct Record<'a> {
    pub(crate) rmgr: RmgrId,
    pub(crate) info: u8,
    pub(crate) blocks: [Option<BlockReference<'a>>; BLOCKS_MAX],
    pub(crate) block_count: usize,
    pub(crate) block_data: Vec<u8>,
    pub(crate) main: Vec<u8>,
}

impl<'a> Record<'a> {
    /// A record of manager `rmgr`, whose meaning `info` tells.
    pub fn new(rmgr: RmgrId, info: u8) -> Record<'a> {
        let (block_data, main) = crate::scratch::take();
        Record { rmgr, info, blocks: [const { None }; BLOCKS_MAX], block_count: 0, block_data, main }
    }

    /// The same, with main data and pages' data given as buffers ([`take_buffers`](crate::take_buffers)).
    pub fn with_buffers(rmgr: RmgrId, info: u8, main: Vec<u8>, block_data: Vec<u8>) -> Record<'a> {
        Record { rmgr, info, blocks: [const { None }; BLOCKS_MAX], block_count: 0, block_data, main }
    }

    /// Appends to the main data.
    pub fn data(&mut self, bytes: &[u8]) -> &mut Self {
        self.main.extend_from_slice(bytes);
        self
    }

    /// The main data, to append to.
    pub fn data_mut(&mut self) -> &mut Vec<u8> {
        &mut self.main
    }

    /// Adds a page; its number among the record's pages is returned (0, 1, …). `page` is the page after the change.
    ///
    /// # Panics
    /// With more than [`BLOCKS_MAX`] pages.
    pub fn block(
        &mut self,
        locator: RelFileLocator,
        fork: Fork,
        block: BlockNumber,
        how: Image,
        page: Option<&'a [u8; PAGE_SIZE]>,
    ) -> u8 {
        let end = self.block_data.len() as u32;
        self.block_with(locator, fork, block, how, page, (end, end))
    }

    /// The same, with the page's data already in the buffer of pages' data, at this range.
    ///
    /// # Panics
    /// With more than [`BLOCKS_MAX`] pages, or a range that does not exist.
    pub fn block_with(
        &mut self,
        locator: RelFileLocator,
        fork: Fork,
        block: BlockNumber,
        how: Image,
        page: Option<&'a [u8; PAGE_SIZE]>,
        data: (u32, u32),
    ) -> u8 {
        let id = self.block_count;
        assert!(id < BLOCKS_MAX, "a WAL record refers to too many pages");
        assert!(data.0 <= data.1 && data.1 as usize <= self.block_data.len(), "a page's data is out of range");
        self.blocks[id] = Some(BlockReference { locator, fork, block, how, page, data });
        self.block_count += 1;
        id as u8
    }

    /// Appends to the data of the page added last. It is left out where a full-page image says it all.
    pub fn block_data(&mut self, bytes: &[u8]) -> &mut Self {
        self.block_data.extend_from_slice(bytes);
        let end = self.block_data.len() as u32;
        match self.block_count.checked_sub(1).and_then(|last| self.blocks[last].as_mut()) {
            Some(block) => block.data.1 = end,
            None => panic!("block data without a block"),
        }
        self
    }

    /// The record's bytes so far, without images: an upper bound is this plus a page per block.
    pub fn len_without_images(&self) -> usize {
        RECORD_HEADER_SIZE + self.block_count * BLOCK_HEADER_SIZE + self.block_data.len() + self.main.len()
    }
}

impl Drop for Record<'_> {
    fn drop(&mut self) {
        crate::scratch::give(std::mem::take(&mut self.block_data), std::mem::take(&mut self.main));
    }
}

/// A transaction id and an LSN are what the header holds besides; see the module.
pub(crate) struct Header {
    pub length: u32,
    pub crc: u32,
    pub xid: Xid,
    pub rmgr: RmgrId,
    pub info: u8,
    pub blocks: u8,
    pub main: u32,
}

impl Header {
    pub fn encode(&self) -> [u8; RECORD_HEADER_SIZE] {
        let mut bytes = [0; RECORD_HEADER_SIZE];
        bytes[0..4].copy_from_slice(&self.length.to_le_bytes());
        bytes[4..8].copy_from_slice(&self.crc.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.xid.0.to_le_bytes());
        bytes[16] = self.rmgr.0;
        bytes[17] = self.info;
        bytes[18] = self.blocks;
        bytes[20..24].copy_from_slice(&self.main.to_le_bytes());
        bytes
    }

    pub fn decode(bytes: &[u8; RECORD_HEADER_SIZE]) -> Header {
        let u32_at = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let xid =
            u64::from_le_bytes([bytes[8], bytes[9], bytes[10], bytes[11], bytes[12], bytes[13], bytes[14], bytes[15]]);
        Header {
            length: u32_at(0),
            crc: u32_at(4),
            xid: Xid(xid),
            rmgr: RmgrId(bytes[16]),
            info: bytes[17],
            blocks: bytes[18],
            main: u32_at(20),
        }
    }

    /// Finishes the checksum that was begun over the bytes from `xid` on.
    pub fn finish_crc(crc: u32, length: u32, lsn: Lsn) -> u32 {
        let mut salt = [0; 12];
        salt[..4].copy_from_slice(&length.to_le_bytes());
        salt[4..].copy_from_slice(&lsn.0.to_le_bytes());
        crc32c::crc32c_append(crc, &salt)
    }
}
