//! What all sessions share beside the rows: the ring of invalidation messages and the counter of object ids.
//!
//! Object ids are handed out from a counter that wraps around above the built-in ones. The log gets a record (of the log's own
//! manager, `NEXTOID`) for every batch of them, so that after a crash none is handed out twice; a checkpoint record carries
//! the counter itself.

use crate::catalog::Catalog;
use crate::field::Part;
use crate::invalidation::{Invalidations, InvalidationsRequest, Message};
use crate::relation::locator_of;
use crate::rows::{CatalogRow, PgClass};
use error::{Error, Result};
use ids::{Fork, Oid, RelFileLocator, Xid};
use shm::{Layout, LwCell, One, Segment, Shm};
use std::path::PathBuf;
use storage::{CheckpointParticipant, CheckpointRecord, RedoContext, ResourceManager};
use wal::{DecodedRecord, Record, RmgrId, Wal};

/// Object ids that one log record covers.
const BATCH: u32 = 8192;

shm::shared! {
    struct Counter {
        next: u32,
        /// Ids below this are covered by the log.
        logged: u32,
    }
}

/// A promise of the catalogs' part of the segment.
#[derive(Clone, Copy)]
pub struct CatalogRequest {
    invalidations: InvalidationsRequest,
    counter: One<LwCell<Counter>>,
}

/// The catalogs' part of shared memory: a handle that every process of a server has.
#[derive(Clone, Copy)]
pub struct CatalogShared {
    /// The ring of messages.
    pub invalidations: Invalidations,
    counter: Shm<LwCell<Counter>>,
}

/// Kinds of log records.
mod kind {
    /// A built-in row of a catalog is about to be changed.
    pub const BUILTIN_CHANGED: u8 = 0x00;
}

impl CatalogShared {
    /// Asks for its part of the segment.
    pub fn layout(layout: &mut Layout) -> CatalogRequest {
        CatalogRequest { invalidations: Invalidations::layout(layout), counter: layout.one("object id counter") }
    }

    /// The handle, once the segment is mapped. The counter starts at the first id for users' objects.
    pub fn attach(segment: &Segment, request: CatalogRequest) -> CatalogShared {
        let shared = CatalogShared {
            invalidations: Invalidations::attach(segment, request.invalidations),
            counter: segment.one(request.counter),
        };
        let mut counter = shared.counter.exclusive();
        counter.next = counter.next.max(Oid::FIRST_NORMAL.0);
        drop(counter);
        shared
    }

    /// The next object id of the counter; it may be in use, if the counter has wrapped around.
    fn next_oid(&self, wal: &Wal) -> Result<Oid> {
        let mut counter = self.counter.exclusive();
        if counter.next < Oid::FIRST_NORMAL.0 {
            counter.next = Oid::FIRST_NORMAL.0;
            counter.logged = 0;
        }
        if counter.next >= counter.logged {
            let upto = counter.next.saturating_add(BATCH);
            let mut record = Record::new(RmgrId::XLOG, storage::xlog::NEXT_OID);
            record.data(&upto.to_le_bytes());
            wal.insert(&record, Xid::INVALID)?;
            counter.logged = upto;
        }
        let oid = counter.next;
        counter.next = counter.next.wrapping_add(1);
        Ok(Oid(oid))
    }

    /// The counter's position, for tools and tests.
    pub fn peek_oid(&self) -> Oid {
        Oid(self.counter.share().next)
    }
}

impl CheckpointParticipant for CatalogShared {
    fn name(&self) -> &'static str {
        "catalog"
    }

    fn fill(&self, record: &mut CheckpointRecord) {
        let counter = self.counter.share();
        // Ids that the log covers from before this checkpoint may be handed out without a new record.
        record.next_oid = Oid(counter.next.max(counter.logged));
    }

    fn flush(&self) -> Result<()> {
        Ok(())
    }

    fn start_from(&self, record: &CheckpointRecord) -> Result<()> {
        self.replay_next_oid(record.next_oid);
        Ok(())
    }

    fn replay_next_oid(&self, next: Oid) {
        let mut counter = self.counter.exclusive();
        counter.next = next.0.max(Oid::FIRST_NORMAL.0);
        counter.logged = 0;
    }
}

/// Replays and describes the catalogs' log records.
pub struct CatalogRedo {
    /// The ring of messages.
    pub shared: CatalogShared,
    /// Where databases' directories are.
    pub data_directory: PathBuf,
}

impl ResourceManager for CatalogRedo {
    fn id(&self) -> RmgrId {
        RmgrId::CATALOG
    }

    fn redo(&self, _context: &RedoContext<'_>, record: &DecodedRecord) -> Result<()> {
        let words = words(record.data());
        match (record.info, &words[..]) {
            (kind::BUILTIN_CHANGED, &[database, catalog]) => {
                let directory = crate::builtin_marks::database_directory(&self.data_directory, Oid(database));
                if directory.exists() {
                    crate::builtin_marks::write_mark(&directory, Oid(catalog))?;
                }
                self.shared.invalidations.publish([Message::builtin(Oid(database), Oid(catalog))].into_iter());
                Ok(())
            }
            _ => Err(Error::corrupted("a log record of the catalogs is damaged")),
        }
    }

    fn identify(&self, info: u8) -> Option<&'static str> {
        match info {
            kind::BUILTIN_CHANGED => Some("BUILTIN_CHANGED"),
            _ => None,
        }
    }

    fn describe(&self, record: &DecodedRecord, text: &mut String) {
        let words: Vec<String> = words(record.data()).iter().map(u32::to_string).collect();
        text.push_str(&words.join(" "));
    }
}

fn words(bytes: &[u8]) -> Vec<u32> {
    bytes.chunks_exact(4).map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]])).collect()
}

impl Catalog {
    fn shared(&self) -> Result<&CatalogShared> {
        self.shared.as_ref().ok_or_else(|| Error::internal("this catalog has no store"))
    }

    fn wal(&self) -> Result<&Wal> {
        self.wal.as_ref().ok_or_else(|| Error::internal("this catalog has no log"))
    }

    /// A new object id for a row of `T`, unused in its unique `index` on the id.
    pub fn new_oid<T: CatalogRow>(&self, index: Oid) -> Result<Oid> {
        loop {
            let oid = self.shared()?.next_oid(self.wal()?)?;
            if self.stored_row::<T>(index, &[Part::from(oid)])?.is_none() {
                return Ok(oid);
            }
        }
    }

    /// A new object id for a relation whose files get the same number: unused in `pg_class` and among the files.
    pub fn new_relation_oid(&self, tablespace: Oid, shared: bool) -> Result<Oid> {
        loop {
            let oid = self.new_oid::<PgClass>(crate::index::PG_CLASS_OID_INDEX)?;
            if self.file_is_free(oid, tablespace, shared)? {
                return Ok(oid);
            }
        }
    }

    /// A new number for the files of a relation that is rewritten.
    pub fn new_file_number(&self, tablespace: Oid, shared: bool) -> Result<Oid> {
        loop {
            let file = self.shared()?.next_oid(self.wal()?)?;
            if self.file_is_free(file, tablespace, shared)? {
                return Ok(file);
            }
        }
    }

    fn file_is_free(&self, file: Oid, tablespace: Oid, shared: bool) -> Result<bool> {
        let class = PgClass {
            oid: file,
            relfilenode: file,
            reltablespace: tablespace,
            relisshared: shared,
            ..Default::default()
        };
        let locator: RelFileLocator = locator_of(&class, self.database());
        let Some(backing) = &self.backing else { return Ok(true) };
        Ok(!backing.store.storage.exists(locator, Fork::Main)?)
    }

    pub(crate) fn log_builtin_change(&self, catalog: Oid) -> Result<()> {
        let mut record = Record::new(RmgrId::CATALOG, kind::BUILTIN_CHANGED);
        record.data(&self.database().0.to_le_bytes());
        record.data(&catalog.0.to_le_bytes());
        self.wal()?.insert(&record, Xid::INVALID)?;
        Ok(())
    }
}
