//! From a [`Record`] to its bytes: which pages get an image, and everything but the final checksum.

use crate::record::*;
use crate::{Compression, Record};
use ids::{PAGE_SIZE, Xid};

/// What decides about images.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct ImageRule {
    /// Pages with an LSN at or before it need one, if full pages are written at all.
    pub redo: u64,
    pub full_page_writes: bool,
    pub compression: Compression,
}

/// The standard page's fields that tell where its hole is: `lower` and `upper`, and its LSN in front.
fn hole(page: &[u8; PAGE_SIZE]) -> (usize, usize) {
    let lower = u16::from_le_bytes([page[12], page[13]]) as usize;
    let upper = u16::from_le_bytes([page[14], page[15]]) as usize;
    if lower >= 24 && lower < upper && upper <= PAGE_SIZE { (lower, upper - lower) } else { (0, 0) }
}

fn page_lsn(page: &[u8; PAGE_SIZE]) -> u64 {
    u64::from_le_bytes([page[0], page[1], page[2], page[3], page[4], page[5], page[6], page[7]])
}

/// Writes the record to `out`, its CRC still unfinished: it covers the bytes from `xid` on. Returns how many images it has.
pub(crate) fn encode(record: &Record<'_>, xid: Xid, rule: &ImageRule, out: &mut Vec<u8>) -> u32 {
    let count = record.block_count;
    out.clear();
    out.resize(RECORD_HEADER_SIZE + count * BLOCK_HEADER_SIZE, 0);
    let mut images = 0;
    for (id, block) in record.blocks[..count].iter().flatten().enumerate() {
        let image_at = out.len();
        let mut flags = if block.how == Image::WillInit { BLOCK_WILL_INIT } else { 0 };
        let mut hole_at = 0;
        if let Some(page) = block.page {
            let wanted = match block.how {
                Image::Forced => true,
                Image::Standard | Image::Whole => rule.full_page_writes && page_lsn(page) <= rule.redo,
                Image::WillInit | Image::Never => false,
            };
            if wanted {
                let (start, length) = if block.how == Image::Whole { (0, 0) } else { hole(page) };
                hole_at = start;
                flags |= BLOCK_HAS_IMAGE | BLOCK_IMAGE_APPLY;
                out.extend_from_slice(&page[..start]);
                out.extend_from_slice(&page[start + length..]);
                if rule.compression == Compression::Lz4 && compress(out, image_at) {
                    flags |= BLOCK_IMAGE_LZ4;
                }
                images += 1;
            }
        }
        let image = out.len() - image_at;
        if flags & BLOCK_HAS_IMAGE == 0 {
            out.extend_from_slice(&record.block_data[block.data.0 as usize..block.data.1 as usize]);
        }
        let data = out.len() - image_at - image;
        let header = &mut out[RECORD_HEADER_SIZE + id * BLOCK_HEADER_SIZE..][..BLOCK_HEADER_SIZE];
        header[0] = id as u8;
        header[1] = flags;
        header[2] = block.fork as u8;
        header[4..8].copy_from_slice(&block.locator.tablespace.0.to_le_bytes());
        header[8..12].copy_from_slice(&block.locator.database.0.to_le_bytes());
        header[12..16].copy_from_slice(&block.locator.file.0.to_le_bytes());
        header[16..20].copy_from_slice(&block.block.0.to_le_bytes());
        header[20..24].copy_from_slice(&(data as u32).to_le_bytes());
        header[24..26].copy_from_slice(&(image as u16).to_le_bytes());
        header[26..28].copy_from_slice(&(hole_at as u16).to_le_bytes());
    }
    out.extend_from_slice(&record.main);
    let header = Header {
        length: out.len() as u32,
        crc: 0,
        xid,
        rmgr: record.rmgr,
        info: record.info,
        blocks: count as u8,
        main: record.main.len() as u32,
    };
    out[..RECORD_HEADER_SIZE].copy_from_slice(&header.encode());
    let crc = crc32c::crc32c(&out[8..]);
    out[4..8].copy_from_slice(&crc.to_le_bytes());
    images
}

/// Compresses the end of `out` from `at` on, if that makes it shorter.
fn compress(out: &mut Vec<u8>, at: usize) -> bool {
    let mut packed = [0; PAGE_SIZE / 10 * 11 + 64];
    match lz4_flex::block::compress_into(&out[at..], &mut packed) {
        Ok(length) if length < out.len() - at => {
            out.truncate(at);
            out.extend_from_slice(&packed[..length]);
            true
        }
        _ => false,
    }
}

/// Finishes the CRC for a record at `lsn`.
pub(crate) fn seal(bytes: &mut [u8], lsn: ids::Lsn) {
    let crc = u32::from_le_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]);
    let crc = Header::finish_crc(crc, bytes.len() as u32, lsn);
    bytes[4..8].copy_from_slice(&crc.to_le_bytes());
}
