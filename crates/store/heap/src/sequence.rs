//! The row of a sequence: one tuple on one page, changed in place and seen by everyone at once.
//!
//! A sequence is a relation of its own kind with the columns `last_value`, `log_cnt` and `is_called`, readable as a table. Its
//! changes belong to no transaction: what `nextval` gave is not given again, whatever becomes of who asked.
//!
//! # Logging ahead
//!
//! A record for each value would make each reader of a sequence wait for the disk at commit. So a record says that some
//! values more are used up, and changes within these are not logged; `log_cnt` counts how many of them are left. The record describes the
//! page as a whole, and redo always makes the page anew from it, so it does not matter which state of the page reached the disk. Only a
//! checkpoint between ends what was logged ahead: the caller learns that by `must_log`.

use access::{Store, Table};
use error::{Error, Result};
use ids::{BlockNumber, Fork, Xid};
use storage::{Access, Image, PageMut, Persistence, Unlogged};
use wal::RmgrId;

use crate::action::{Actions, Kind, NO_NEXT};
use crate::tuple::{HEADER_SIZE, Header, flags, tuple_at};

/// Bytes of a sequence's row: two 64-bit numbers and a flag, in the order of [`access::RowLayout`].
const BODY: usize = 17;

/// What a sequence's row says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SequenceRow {
    /// The value given last, or the first to be given.
    pub last_value: i64,
    /// How many values more are logged already.
    pub log_count: i64,
    /// Whether `last_value` was given.
    pub is_called: bool,
}

/// What becomes of a sequence's row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SequenceChange {
    /// What the row says from now on.
    pub now: SequenceRow,
    /// What it says after a crash, if that is to be logged.
    pub logged: Option<SequenceRow>,
}

impl SequenceRow {
    fn tuple(self) -> [u8; HEADER_SIZE + BODY] {
        let header = Header {
            xmin: Xid::FROZEN.0 as u32,
            xmax: 0,
            command: ids::CommandId(0),
            next: NO_NEXT,
            natts: 3,
            flags: flags::XMIN_FROZEN | flags::XMAX_INVALID,
        };
        let mut tuple = [0; HEADER_SIZE + BODY];
        header.write(&mut tuple);
        tuple[HEADER_SIZE..][..8].copy_from_slice(&self.last_value.to_le_bytes());
        tuple[HEADER_SIZE + 8..][..8].copy_from_slice(&self.log_count.to_le_bytes());
        tuple[HEADER_SIZE + 16] = self.is_called as u8;
        tuple
    }

    fn read(page: &storage::Page) -> Option<SequenceRow> {
        let (_, start, end) = tuple_at(page, page.line(1))?;
        let body: &[u8; BODY] = page.get(start + HEADER_SIZE..end)?.try_into().ok()?;
        let number = |at: usize| Some(i64::from_le_bytes(*body[at..].first_chunk()?));
        Some(SequenceRow { last_value: number(0)?, log_count: number(8)?, is_called: body[16] != 0 })
    }

    fn actions(self) -> Actions {
        let mut actions = Actions::new();
        actions.init(Xid::FIRST_NORMAL).insert(1, &self.tuple());
        actions
    }
}

/// Writes the first page of a sequence whose files are new and empty.
///
/// # Errors
/// `53100` when the disk is full.
pub fn create_sequence(store: &Store, table: &Table, row: SequenceRow) -> Result<()> {
    let page = |fork, persistence| {
        let access = Access { persistence, ..Access::default() };
        let extended = store.storage.extend(table.locator, fork, 1, &access)?;
        let mut guard = extended.buffer.exclusive();
        let actions = row.actions();
        let mut change = store.storage.change(RmgrId::HEAP, Kind::Sequence as u8);
        crate::place::carry_out(&mut change, &mut guard, Image::WillInit, &actions);
        change.finish_for(persistence, Xid::INVALID);
        Result::Ok(())
    };
    page(Fork::Main, table.persistence)?;
    if table.persistence == Persistence::Unlogged {
        page(Fork::Init, Persistence::Permanent)?;
    }
    Ok(())
}

/// What a sequence's row says now.
///
/// # Errors
/// `XX001` if there is no such row.
pub fn read_sequence(store: &Store, table: &Table) -> Result<SequenceRow> {
    let access = Access { persistence: table.persistence, ..Access::default() };
    let buffer = store.storage.read(table.locator, Fork::Main, BlockNumber(0), &access)?;
    let page = buffer.share();
    SequenceRow::read(&page).ok_or_else(|| damaged(table))
}

/// Changes a sequence's row in place. `how` gets the row, and whether the change must be logged (there was a checkpoint since the last
/// record); it may be called more than once before one of its answers counts. `xid` gives the transaction's id, which is needed for
/// logging, so that its commit waits for the record.
///
/// # Errors
/// Those of `how`: then nothing changes.
pub fn change_sequence(
    store: &Store,
    table: &Table,
    xid: &dyn Fn() -> Result<Xid>,
    mut how: impl FnMut(SequenceRow, bool) -> Result<SequenceChange>,
) -> Result<()> {
    let access = Access { persistence: table.persistence, ..Access::default() };
    let buffer = store.storage.read(table.locator, Fork::Main, BlockNumber(0), &access)?;
    let logs = table.persistence.is_logged();
    let mut writer = None;
    store.storage.wal().make_room()?;
    loop {
        let mut guard = buffer.exclusive();
        let row = SequenceRow::read(&guard).ok_or_else(|| damaged(table))?;
        let must_log = logs && guard.lsn() <= store.storage.wal().redo_position();
        let change = how(row, must_log)?;
        if let Some(logged) = change.logged.filter(|_| logs) {
            // An id is not to be had while a page is locked.
            let Some(xid) = writer else {
                drop(guard);
                writer = Some(xid()?);
                continue;
            };
            log(store, &mut guard, logged, xid);
        }
        overwrite(store, &mut guard, change.now);
        return Ok(());
    }
}

fn log(store: &Store, guard: &mut PageMut<'_>, row: SequenceRow, xid: Xid) {
    let actions = row.actions();
    let mut change = store.storage.change(RmgrId::HEAP, Kind::Sequence as u8);
    crate::place::carry_out(&mut change, guard, Image::WillInit, &actions);
    change.finish(xid);
}

/// Puts the row into its place without a record: the last one covers it.
fn overwrite(store: &Store, guard: &mut PageMut<'_>, row: SequenceRow) {
    let mut change = store.storage.change(RmgrId::HEAP, Kind::Sequence as u8);
    let slot = change.page(guard, Image::WillInit);
    let page = change.page_mut(slot);
    let line = page.line(1);
    if let Some(tuple) = page.item_mut(line) {
        tuple.copy_from_slice(&row.tuple());
    }
    change.finish_unlogged(Unlogged::Covered);
}

#[cold]
fn damaged(table: &Table) -> Error {
    Error::corrupted(format!("sequence \"{}\" has no row on its page", table.name))
}
