//! Redo: how a resource manager takes part in recovery.

use crate::{Page, Storage};
use error::Result;
use wal::{DecodedRecord, RmgrId, Wal};

/// Who writes records of one kind, replays and describes them. Redo stands beside the code that logs.
pub trait ResourceManager: Send + Sync {
    /// Its number.
    fn id(&self) -> RmgrId;

    /// Replays a record. Every page is changed only if its LSN is older ([`RedoContext::read_for_redo`] sees to it).
    ///
    /// # Errors
    /// Whatever makes the log unusable; recovery stops.
    fn redo(&self, context: &RedoContext<'_>, record: &DecodedRecord) -> Result<()>;

    /// The record's kind as pg_waldump shows it, such as `INSERT`; `None` if there is no such kind.
    fn identify(&self, info: u8) -> Option<&'static str>;

    /// Appends the record's content as pg_waldump shows it behind the kind. Must not fail on damaged content.
    fn describe(&self, record: &DecodedRecord, text: &mut String);

    /// Called once before the first record is replayed.
    fn start_redo(&self, _context: &RedoContext<'_>) -> Result<()> {
        Ok(())
    }

    /// Called once after the last record was replayed, while inserting into the log is allowed again: finish what was under way.
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
    pub fn apply(self, change: impl FnOnce(&mut Page) -> Result<()>) -> Result<()> {
        match self {
            Redo::NeedsRedo(mut page) => {
                change(page.page_mut())?;
                page.finish();
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// A page in redo, locked exclusively and pinned.
pub struct RedoPage {
    page: Box<Page>,
}

impl RedoPage {
    /// The page.
    pub fn page(&self) -> &Page {
        &self.page
    }

    /// The page, to change.
    pub fn page_mut(&mut self) -> &mut Page {
        &mut self.page
    }

    /// Sets the page's LSN to the record's end and marks it dirty, after a change.
    pub fn finish(self) {}
}

impl<'r> RedoContext<'r> {
    /// Locks page `id` of the record and says what has to be done. A page that redo makes from nothing comes zeroed.
    pub fn read_for_redo(&self, _record: &DecodedRecord, _id: u8) -> Result<Redo> {
        Ok(Redo::NotFound)
    }

    /// The same, with a cleanup lock: nobody else has the page pinned.
    pub fn read_for_redo_cleanup(&self, record: &DecodedRecord, id: u8) -> Result<Redo> {
        self.read_for_redo(record, id)
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

    /// Writes its state to disk, durably. Whatever was logged before the redo position must be in it.
    fn flush(&self) -> Result<()>;

    /// The checkpoint is complete: what only an older one needs can go.
    fn completed(&self, _record: &crate::CheckpointRecord) -> Result<()> {
        Ok(())
    }

    /// At start-up, before redo: the numbers of the checkpoint that recovery begins with.
    fn start_from(&self, _record: &crate::CheckpointRecord) -> Result<()> {
        Ok(())
    }
}
