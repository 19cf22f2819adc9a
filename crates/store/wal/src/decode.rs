//! A record read back from the log.

use crate::RmgrId;
use crate::record::*;
use error::{Error, Result};
use ids::{BlockNumber, Fork, Lsn, Oid, PAGE_SIZE, RelFileLocator, Xid};

/// A page that a decoded record refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodedBlock {
    /// The relation's files.
    pub locator: RelFileLocator,
    /// Which of them.
    pub fork: Fork,
    /// The page.
    pub block: BlockNumber,
    /// Redo makes the page from nothing.
    pub will_init: bool,
    /// Redo puts the image in the page's place.
    pub apply_image: bool,
    flags: u8,
    image: (u32, u32),
    hole: u16,
    data: (u32, u32),
}

impl DecodedBlock {
    /// Whether the whole page is in the record.
    pub fn has_image(&self) -> bool {
        self.flags & BLOCK_HAS_IMAGE != 0
    }

    /// Bytes that the image takes in the record.
    pub fn image_length(&self) -> usize {
        (self.image.1 - self.image.0) as usize
    }

    /// Whether the image is compressed.
    pub fn image_is_compressed(&self) -> bool {
        self.flags & BLOCK_IMAGE_LZ4 != 0
    }

    /// Where the image's hole begins; zero without a hole.
    pub fn hole_offset(&self) -> u16 {
        self.hole
    }
}

/// A record, checked and taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodedRecord {
    /// Where it begins.
    pub lsn: Lsn,
    /// Where it ends, and the next one may begin: what `insert` returned, the LSN of the pages it changed.
    pub end: Lsn,
    /// The transaction, or none.
    pub xid: Xid,
    /// Whose record it is.
    pub rmgr: RmgrId,
    /// What it means to its manager.
    pub info: u8,
    bytes: Vec<u8>,
    blocks: Vec<DecodedBlock>,
    main: (u32, u32),
}

impl DecodedRecord {
    /// Takes apart the record whose bytes (header first, without padding) stand at `lsn`. The checksum is checked.
    pub(crate) fn decode(lsn: Lsn, end: Lsn, bytes: Vec<u8>) -> Result<DecodedRecord, String> {
        let header = bytes.first_chunk::<RECORD_HEADER_SIZE>().ok_or("record is too short")?;
        let header = Header::decode(header);
        if header.length as usize != bytes.len() {
            return Err(format!("invalid record length at {lsn}"));
        }
        let crc = crc32c::crc32c(&bytes[8..]);
        if Header::finish_crc(crc, header.length, lsn) != header.crc {
            return Err(format!("incorrect resource manager data checksum in record at {lsn}"));
        }
        let invalid = || format!("invalid block references in record at {lsn}");
        let count = header.blocks as usize;
        let mut at = RECORD_HEADER_SIZE;
        let mut payload = at + count * BLOCK_HEADER_SIZE;
        if count > BLOCKS_MAX || payload > bytes.len() {
            return Err(invalid());
        }
        let mut blocks = Vec::with_capacity(count);
        for id in 0..count {
            let b = &bytes[at..at + BLOCK_HEADER_SIZE];
            at += BLOCK_HEADER_SIZE;
            let u32_at = |at: usize| u32::from_le_bytes([b[at], b[at + 1], b[at + 2], b[at + 3]]);
            let u16_at = |at: usize| u16::from_le_bytes([b[at], b[at + 1]]);
            let image = (payload, payload + u16_at(24) as usize);
            let data = (image.1, image.1 + u32_at(20) as usize);
            payload = data.1;
            let fork = Fork::from_u8(b[2]).ok_or_else(invalid)?;
            if b[0] as usize != id || payload > bytes.len() || u16_at(26) as usize > PAGE_SIZE {
                return Err(invalid());
            }
            blocks.push(DecodedBlock {
                locator: RelFileLocator::new(Oid(u32_at(4)), Oid(u32_at(8)), Oid(u32_at(12))),
                fork,
                block: BlockNumber(u32_at(16)),
                will_init: b[1] & BLOCK_WILL_INIT != 0,
                apply_image: b[1] & BLOCK_IMAGE_APPLY != 0,
                flags: b[1],
                image: (image.0 as u32, image.1 as u32),
                hole: u16_at(26),
                data: (data.0 as u32, data.1 as u32),
            });
        }
        if payload + header.main as usize != bytes.len() {
            return Err(invalid());
        }
        let main = (payload as u32, bytes.len() as u32);
        Ok(DecodedRecord { lsn, end, xid: header.xid, rmgr: header.rmgr, info: header.info, bytes, blocks, main })
    }

    /// Bytes of the record, without padding.
    pub fn total_length(&self) -> usize {
        self.bytes.len()
    }

    /// Bytes of the record without its full-page images.
    pub fn length_without_images(&self) -> usize {
        self.bytes.len() - self.blocks.iter().map(DecodedBlock::image_length).sum::<usize>()
    }

    /// The main data.
    pub fn data(&self) -> &[u8] {
        &self.bytes[self.main.0 as usize..self.main.1 as usize]
    }

    /// The pages, in the order in which they were added.
    pub fn blocks(&self) -> &[DecodedBlock] {
        &self.blocks
    }

    /// Page number `id`, if there is one.
    pub fn block(&self, id: u8) -> Option<&DecodedBlock> {
        self.blocks.get(id as usize)
    }

    /// The data of page `id`; empty if there is none (or a full-page image stands for it).
    pub fn block_data(&self, id: u8) -> &[u8] {
        self.block(id).map_or(&[], |block| &self.bytes[block.data.0 as usize..block.data.1 as usize])
    }

    /// Writes the full-page image of page `id` to `page`; `Ok(false)` if the record has none.
    ///
    /// # Errors
    /// `XX001` if the image does not fit a page.
    pub fn restore_image(&self, id: u8, page: &mut [u8; PAGE_SIZE]) -> Result<bool> {
        let Some(block) = self.block(id).filter(|block| block.has_image()) else { return Ok(false) };
        let image = &self.bytes[block.image.0 as usize..block.image.1 as usize];
        let mut plain = [0; PAGE_SIZE];
        let image = if block.image_is_compressed() {
            match lz4_flex::block::decompress_into(image, &mut plain) {
                Ok(length) => &plain[..length],
                Err(_) => return Err(Error::corrupted(format!("could not restore image at {}", self.lsn))),
            }
        } else {
            image
        };
        let hole = block.hole as usize;
        if image.len() > PAGE_SIZE || hole > image.len() {
            return Err(Error::corrupted(format!("could not restore image at {}", self.lsn)));
        }
        let tail = PAGE_SIZE - (image.len() - hole);
        page[..hole].copy_from_slice(&image[..hole]);
        page[hole..tail].fill(0);
        page[tail..].copy_from_slice(&image[hole..]);
        Ok(true)
    }
}
