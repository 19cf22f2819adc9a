//! Records that belong to the log itself ([`RmgrId::XLOG`]): their kinds, and those that storage writes.

use crate::{Buffer, Page};
use ids::{Lsn, Xid};
use wal::{Image, Record, RmgrId, Wal, panic_process};

/// The checkpoint of a clean shutdown.
pub const CHECKPOINT_SHUTDOWN: u8 = 0x00;
/// A checkpoint while the server runs.
pub const CHECKPOINT_ONLINE: u8 = 0x10;
/// Nothing.
pub const NOOP: u8 = 0x20;
/// Object ids up to this one may be in use.
pub const NEXT_OID: u8 = 0x30;
/// The rest of the segment is empty.
pub const SWITCH: u8 = 0x40;
/// The end of an online backup.
pub const BACKUP_END: u8 = 0x50;
/// Settings that a standby must match.
pub const PARAMETER_CHANGE: u8 = 0x60;
/// A named place to recover to.
pub const RESTORE_POINT: u8 = 0x70;
/// `full_page_writes` changed.
pub const FULL_PAGE_WRITES_CHANGE: u8 = 0x80;
/// Recovery ended here, and a timeline may begin.
pub const END_OF_RECOVERY: u8 = 0x90;
/// A whole page, because a hint changed it.
pub const PAGE_FOR_HINT: u8 = 0xA0;
/// Whole pages.
pub const PAGE: u8 = 0xB0;
/// Where a checkpoint's redo begins.
pub const CHECKPOINT_REDO: u8 = 0xE0;

/// The kinds' names, as pg_waldump shows them.
pub fn identify(info: u8) -> Option<&'static str> {
    Some(match info & 0xF0 {
        CHECKPOINT_SHUTDOWN => "CHECKPOINT_SHUTDOWN",
        CHECKPOINT_ONLINE => "CHECKPOINT_ONLINE",
        NOOP => "NOOP",
        NEXT_OID => "NEXTOID",
        SWITCH => "SWITCH",
        BACKUP_END => "BACKUP_END",
        PARAMETER_CHANGE => "PARAMETER_CHANGE",
        RESTORE_POINT => "RESTORE_POINT",
        FULL_PAGE_WRITES_CHANGE => "FPW_CHANGE",
        END_OF_RECOVERY => "END_OF_RECOVERY",
        PAGE_FOR_HINT => "FPI_FOR_HINT",
        PAGE => "FPI",
        CHECKPOINT_REDO => "CHECKPOINT_REDO",
        _ => return None,
    })
}

/// Logs a page whole because a hint changed it, if it needs an image at all.
pub(crate) fn log_page_for_hint(wal: &Wal, buffer: &Buffer, page: &Page) -> Lsn {
    let mut record = Record::new(RmgrId::XLOG, PAGE_FOR_HINT);
    record.block(buffer.locator(), buffer.fork(), buffer.block(), Image::Standard, Some(page.bytes()));
    match wal.insert(&record, Xid::INVALID) {
        Ok(lsn) => lsn,
        Err(e) => panic_process(e.message()),
    }
}
