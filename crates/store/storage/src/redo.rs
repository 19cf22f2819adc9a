//! Redo: how a resource manager takes part in recovery.

use crate::files::FileTag;
use crate::pool::DIRTY;
use crate::{Access, Buffer, Page, Persistence, ReadMode, Storage, relation};
use error::{Error, Result};
use ids::{BlockNumber, Fork, Lsn, Oid, RelFileLocator};
use shm::FrameMut;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::Ordering::AcqRel;
use wal::{DecodedRecord, RmgrId, Wal};

/// Who writes records of one kind, replays and describes them. Redo stands beside the code that logs.
pub trait ResourceManager: Send + Sync {
    /// Its number.
    fn id(&self) -> RmgrId;

    /// Carries out a page's list of actions ([`crate::action`]): of whoever logs his pages' data so.
    ///
    /// # Errors
    /// `XX001` or `XX002` if the page does not fit them; it may be half changed then.
    fn apply(&self, _page: &mut Page, _actions: &[u8]) -> Result<()> {
        Err(Error::internal(format!("records of {:?} have no actions", self.id())))
    }

    /// Replays a record: carries out the actions of each of its pages. Every page is changed only if its LSN is older
    /// ([`RedoContext::read_for_redo`] sees to it).
    ///
    /// # Errors
    /// Whatever makes the log unusable; recovery stops.
    fn redo(&self, context: &RedoContext<'_>, record: &DecodedRecord) -> Result<()> {
        for id in 0..record.blocks().len() as u8 {
            context.read_for_redo(record, id)?.apply(|page| self.apply(page, record.block_data(id)))?;
        }
        Ok(())
    }

    /// The record's kind as pg_waldump shows it, such as `INSERT`; `None` if there is no such kind.
    fn identify(&self, info: u8) -> Option<&'static str>;

    /// Appends the record's content as pg_waldump shows it behind the kind. Must not fail on damaged content.
    fn describe(&self, record: &DecodedRecord, text: &mut String);

    /// Called once before the first record is replayed.
    ///
    /// # Errors
    /// Recovery stops.
    fn start_redo(&self, _context: &RedoContext<'_>) -> Result<()> {
        Ok(())
    }

    /// Called once after the last record was replayed, while inserting into the log is allowed again: finish what was under way.
    ///
    /// # Errors
    /// Recovery stops.
    fn end_redo(&self, _context: &RedoContext<'_>) -> Result<()> {
        Ok(())
    }
}

/// What redo works with.
pub struct RedoContext<'r> {
    /// The pages.
    pub storage: &'r Storage,
    /// The log, to read positions from.
    pub wal: &'r Wal,
    /// Pages that records referred to but that do not exist: later records must drop or cut their relations.
    missing: Mutex<BTreeMap<(RelFileLocator, Fork, BlockNumber), Lsn>>,
}

/// What has to be done about a page of a record.
pub enum Redo {
    /// The record's change is missing: apply it. The page is locked exclusively.
    NeedsRedo(RedoPage),
    /// The page was restored from the record's full-page image, and is complete. It is locked exclusively.
    Restored(RedoPage),
    /// The page has the change already. It is locked exclusively.
    Done(RedoPage),
    /// The page's file is gone: a later record drops or truncates it (recovery checks that at its end).
    NotFound,
}

impl Redo {
    /// Applies a change if it is missing.
    ///
    /// # Errors
    /// Those of `change`.
    pub fn apply(self, change: impl FnOnce(&mut Page) -> Result<()>) -> Result<()> {
        if let Redo::NeedsRedo(mut page) = self {
            change(page.page_mut())?;
            page.finish();
        }
        Ok(())
    }

    /// The page, whatever has to be done, if it exists.
    pub fn into_page(self) -> Option<RedoPage> {
        match self {
            Redo::NeedsRedo(page) | Redo::Restored(page) | Redo::Done(page) => Some(page),
            Redo::NotFound => None,
        }
    }
}

/// A page in redo, locked exclusively and pinned.
pub struct RedoPage {
    // The lock goes before the pin.
    frame: FrameMut,
    buffer: Buffer,
    lsn: Lsn,
}

impl RedoPage {
    /// The page.
    pub fn page(&self) -> &Page {
        Page::from_bytes(&self.frame)
    }

    /// The page, to change.
    pub fn page_mut(&mut self) -> &mut Page {
        Page::from_bytes_mut(&mut self.frame)
    }

    /// Its buffer.
    pub fn buffer(&self) -> &Buffer {
        &self.buffer
    }

    /// Sets the page's LSN to the record's end and marks it dirty, after a change.
    pub fn finish(mut self) {
        let lsn = self.lsn;
        self.page_mut().set_lsn(lsn);
        self.buffer.header.state.fetch_or(DIRTY, AcqRel);
    }
}

impl<'r> RedoContext<'r> {
    /// A context for one recovery.
    pub fn new(storage: &'r Storage, wal: &'r Wal) -> RedoContext<'r> {
        RedoContext { storage, wal, missing: Mutex::default() }
    }

    /// Locks page `id` of the record and says what has to be done. A page that redo makes from nothing comes zeroed.
    ///
    /// # Errors
    /// Those of file access, and `XX001` for an image that does not fit.
    pub fn read_for_redo(&self, record: &DecodedRecord, id: u8) -> Result<Redo> {
        self.read(record, id, false)
    }

    /// The same, with a cleanup lock: nobody else has the page pinned.
    ///
    /// # Errors
    /// Those of [`RedoContext::read_for_redo`].
    pub fn read_for_redo_cleanup(&self, record: &DecodedRecord, id: u8) -> Result<Redo> {
        self.read(record, id, true)
    }

    fn read(&self, record: &DecodedRecord, id: u8, cleanup: bool) -> Result<Redo> {
        let Some(block) = record.block(id) else {
            return Err(Error::corrupted(format!("WAL record at {} has no block reference {id}", record.lsn)));
        };
        let (locator, fork, number) = (block.locator, block.fork, block.block);
        let whole = block.has_image() && block.apply_image || block.will_init;
        let have = self.storage.inner.files.block_count(locator, fork)?;
        if have.is_none_or(|have| have <= number.0) {
            if !whole {
                self.note_missing(locator, fork, number, record.lsn);
                return Ok(Redo::NotFound);
            }
            self.storage.extend_to(locator, fork, number.0 + 1)?;
        }
        let mode = if whole { ReadMode::Zero } else { ReadMode::Normal };
        // Init forks are the only logged pages of unlogged relations, and must reach the disk as well.
        let access = Access { mode, persistence: Persistence::Permanent, ..Access::default() };
        let buffer = self.storage.read(locator, fork, number, &access)?;
        let frame = if cleanup { buffer.cleanup().frame } else { buffer.exclusive().frame };
        let mut page = RedoPage { frame, buffer, lsn: record.end };
        if block.has_image() && block.apply_image {
            record.restore_image(id, page.page_mut())?;
            if !page.page().is_new() {
                page.page_mut().set_lsn(record.end);
            }
            page.buffer.header.state.fetch_or(DIRTY, AcqRel);
            return Ok(Redo::Restored(page));
        }
        if block.will_init {
            page.page_mut().fill(0);
            return Ok(Redo::NeedsRedo(page));
        }
        if page.page().is_new() {
            // Its file was extended, but the record that filled the page belongs to a relation that goes later.
            self.note_missing(locator, fork, number, record.lsn);
            return Ok(Redo::NotFound);
        }
        Ok(if page.page().lsn() >= record.end { Redo::Done(page) } else { Redo::NeedsRedo(page) })
    }

    fn note_missing(&self, locator: RelFileLocator, fork: Fork, block: BlockNumber, lsn: Lsn) {
        let mut missing = self.missing.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        missing.entry((locator, fork, block)).or_insert(lsn);
    }

    /// Relations that the log drops here need not have had their pages before. For the redo of commits and aborts.
    pub fn unlink(&self, locators: &[RelFileLocator]) {
        self.storage.unlink(locators);
        self.forget_missing(|locator, _, _| locators.contains(&locator));
    }

    /// The same for a whole database.
    pub fn forget_database(&self, database: Oid) {
        self.storage.forget_database(database);
        self.forget_missing(|locator, _, _| locator.database == database);
    }

    pub(crate) fn forget_missing(&self, gone: impl Fn(RelFileLocator, Fork, BlockNumber) -> bool) {
        let mut missing = self.missing.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        missing.retain(|&(locator, fork, block), _| !gone(locator, fork, block));
    }

    /// Checks at the end of recovery that every missing page was explained.
    ///
    /// # Errors
    /// `XX001` if one was not: the log or the files are damaged.
    pub fn check_missing(&self) -> Result<()> {
        let missing = self.missing.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        match missing.first_key_value() {
            None => Ok(()),
            Some((&(locator, fork, block), lsn)) => Err(Error::corrupted("WAL contains references to invalid pages")
                .detail(format!(
                    "Page {block} of relation \"{}\" does not exist, but the record at {lsn} refers to it.",
                    crate::relation_path(locator, fork)
                ))),
        }
    }
}

/// The records of storage itself: files that come and shrink.
pub struct StorageManager;

impl ResourceManager for StorageManager {
    fn id(&self) -> RmgrId {
        RmgrId::STORAGE
    }

    fn redo(&self, context: &RedoContext<'_>, record: &DecodedRecord) -> Result<()> {
        let unknown = || Error::corrupted(format!("invalid storage record at {}", record.lsn));
        let (locator, number) = relation::decode(record.data()).ok_or_else(unknown)?;
        match record.info & 0xF0 {
            relation::CREATE => {
                let fork = u8::try_from(number).ok().and_then(Fork::from_u8).ok_or_else(unknown)?;
                context.storage.create_if_missing(locator, fork)
            }
            relation::TRUNCATE => {
                context.storage.create_if_missing(locator, Fork::Main)?;
                // Pages before the cut stay missing if they are; those behind it are explained.
                context.forget_missing(|l, fork, block| l == locator && (fork != Fork::Main || block.0 >= number));
                context.storage.truncate_files(locator, number, Persistence::Permanent)
            }
            _ => Err(unknown()),
        }
    }

    fn identify(&self, info: u8) -> Option<&'static str> {
        match info & 0xF0 {
            relation::CREATE => Some("CREATE"),
            relation::TRUNCATE => Some("TRUNCATE"),
            _ => None,
        }
    }

    fn describe(&self, record: &DecodedRecord, text: &mut String) {
        let Some((locator, number)) = relation::decode(record.data()) else { return };
        let fork = u8::try_from(number).ok().and_then(Fork::from_u8).unwrap_or(Fork::Main);
        match record.info & 0xF0 {
            relation::CREATE => text.push_str(&FileTag { locator, fork, segment: 0 }.path()),
            _ => {
                let path = crate::relation_path(locator, Fork::Main);
                text.push_str(&format!("{path} to {number} blocks flags 7"));
            }
        }
    }
}

/// Who has state outside the pages that a checkpoint must save: transaction status, multixacts, sequences of ids.
/// Registered with the checkpointer.
pub trait CheckpointParticipant: Send + Sync {
    /// A name for log lines.
    fn name(&self) -> &'static str;

    /// Writes its numbers (next transaction id …) to the checkpoint record. Called after the redo position was fixed; whatever
    /// was handed out before is covered by them.
    fn fill(&self, _record: &mut crate::CheckpointRecord) {}

    /// Logs once more what recovery must find behind the redo position `redo`. Called after [`CheckpointParticipant::fill`]; the only thing
    /// that the last checkpoint of a server logs behind its redo position.
    ///
    /// # Errors
    /// The checkpoint has failed.
    fn restate(&self, _redo: ids::Lsn) -> Result<()> {
        Ok(())
    }

    /// Writes its state to disk, durably. Whatever was logged before the redo position must be in it.
    ///
    /// # Errors
    /// The checkpoint has failed.
    fn flush(&self) -> Result<()>;

    /// The checkpoint is complete: what only an older one needs can go.
    ///
    /// # Errors
    /// Logged by the checkpointer.
    fn completed(&self, _record: &crate::CheckpointRecord) -> Result<()> {
        Ok(())
    }

    /// At start-up, before redo: the numbers of the checkpoint that recovery begins with. Replayed checkpoint records come here too.
    ///
    /// # Errors
    /// Recovery stops.
    fn start_from(&self, _record: &crate::CheckpointRecord) -> Result<()> {
        Ok(())
    }

    /// Redo of a record that says that object ids below `next` may be in use.
    fn replay_next_oid(&self, _next: Oid) {}
}
