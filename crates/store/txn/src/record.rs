//! The records of transactions in the log, and their redo.
//!
//! ```text
//!  XACT COMMIT   time u64, database u32, counts 3 × u32, subtransactions u64 …, dropped relations 3 × u32 …, invalidations
//!  XACT PREPARE  see `PreparedState`
//!  XACT COMMIT_PREPARED, ABORT_PREPARED  as COMMIT and ABORT; the id in the record's header is the prepared transaction's
//!  XACT ABORT    time u64, database u32, counts 3 × u32, subtransactions u64 …, dropped relations 3 × u32 …
//!  CLOG NEXTXID  next u64: ids below may be in use
//!  MULTIXACT CREATE_ID  id u64, offset u64, members u64 …
//! ```

use std::fmt::Write;
use std::sync::Arc;

use error::{Error, Result};
use ids::{Lsn, Oid, RelFileLocator, Xid};
use storage::{RedoContext, ResourceManager};
use wal::{DecodedRecord, Record, RmgrId};

use crate::Transactions;
use crate::prepared::PreparedState;
use crate::status::Csn;

/// XACT: a commit.
pub(crate) const COMMIT: u8 = 0x00;
/// XACT: a transaction was prepared.
pub(crate) const PREPARE: u8 = 0x10;
/// XACT: a prepared transaction was committed.
pub(crate) const COMMIT_PREPARED: u8 = 0x30;
/// XACT: a prepared transaction was rolled back.
pub(crate) const ABORT_PREPARED: u8 = 0x40;
/// XACT: a rollback of a transaction, or of a subtransaction.
pub(crate) const ABORT: u8 = 0x20;
/// CLOG: ids were set aside.
pub(crate) const NEXT_XID: u8 = 0x00;
/// MULTIXACT: a multixact.
pub(crate) const CREATE_ID: u8 = 0x20;

/// What a commit or abort record tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EndRecord {
    /// When, in microseconds of the Unix epoch.
    pub time_us: u64,
    /// The session's database.
    pub database: Oid,
    /// Subtransactions that ended with it.
    pub subtransactions: Vec<Xid>,
    /// Relations whose files go.
    pub dropped: Vec<RelFileLocator>,
    /// Invalidation messages (empty in an abort record).
    pub invalidations: Vec<u8>,
}

impl EndRecord {
    pub(crate) fn write(&self, record: &mut Record<'_>) {
        let data = record.data_mut();
        data.extend_from_slice(&self.time_us.to_le_bytes());
        data.extend_from_slice(&self.database.0.to_le_bytes());
        for count in [self.subtransactions.len(), self.dropped.len(), self.invalidations.len()] {
            data.extend_from_slice(&(count as u32).to_le_bytes());
        }
        for xid in &self.subtransactions {
            data.extend_from_slice(&xid.0.to_le_bytes());
        }
        for locator in &self.dropped {
            for n in [locator.tablespace, locator.database, locator.file] {
                data.extend_from_slice(&n.0.to_le_bytes());
            }
        }
        data.extend_from_slice(&self.invalidations);
    }

    /// Reads the main data of a commit or abort record.
    ///
    /// # Errors
    /// `XX001` if it is too short.
    pub fn read(record: &DecodedRecord) -> Result<EndRecord> {
        let mut reader = Reader(record.data());
        let mut end = EndRecord { time_us: reader.u64()?, database: Oid(reader.u32()?), ..EndRecord::default() };
        let [subtransactions, dropped, invalidations] = [reader.u32()?, reader.u32()?, reader.u32()?];
        for _ in 0..subtransactions {
            end.subtransactions.push(Xid(reader.u64()?));
        }
        for _ in 0..dropped {
            end.dropped.push(RelFileLocator::new(Oid(reader.u32()?), Oid(reader.u32()?), Oid(reader.u32()?)));
        }
        end.invalidations = reader.bytes(invalidations as usize)?.to_vec();
        Ok(end)
    }
}

/// Takes numbers from the front of a record's data.
pub(crate) struct Reader<'a>(pub &'a [u8]);

impl<'a> Reader<'a> {
    pub fn bytes(&mut self, count: usize) -> Result<&'a [u8]> {
        let (front, rest) =
            self.0.split_at_checked(count).ok_or_else(|| Error::corrupted("transaction record is too short"))?;
        self.0 = rest;
        Ok(front)
    }

    pub fn u32(&mut self) -> Result<u32> {
        Ok(self.bytes(4)?.iter().rev().fold(0, |n, b| n << 8 | *b as u32))
    }

    pub fn u64(&mut self) -> Result<u64> {
        Ok(self.bytes(8)?.iter().rev().fold(0, |n, b| n << 8 | *b as u64))
    }
}

/// Replays transactions' records.
pub(crate) fn managers(transactions: &Transactions) -> Vec<Arc<dyn ResourceManager>> {
    vec![
        Arc::new(EndManager(transactions.clone())),
        Arc::new(IdManager(transactions.clone())),
        Arc::new(MultiXactManager(transactions.clone())),
    ]
}

struct EndManager(Transactions);

impl ResourceManager for EndManager {
    fn id(&self) -> RmgrId {
        RmgrId::XACT
    }

    fn redo(&self, context: &RedoContext<'_>, record: &DecodedRecord) -> Result<()> {
        if record.info == PREPARE {
            return self.redo_prepare(record);
        }
        let end = EndRecord::read(record)?;
        let csn = match record.info {
            COMMIT | COMMIT_PREPARED => Csn::Committed(record.end),
            ABORT | ABORT_PREPARED => Csn::Aborted,
            info => return Err(Error::corrupted(format!("unknown transaction record {info:#04x} at {}", record.lsn))),
        };
        for xid in end.subtransactions.iter().chain([&record.xid]) {
            self.0.redo_status(*xid, csn, record.end)?;
        }
        if matches!(record.info, COMMIT_PREPARED | ABORT_PREPARED) {
            self.0.prepared().redo_end(record.xid);
        }
        if !end.dropped.is_empty() {
            context.storage.unlink(&end.dropped);
        }
        Ok(())
    }

    fn identify(&self, info: u8) -> Option<&'static str> {
        match info {
            COMMIT => Some("COMMIT"),
            ABORT => Some("ABORT"),
            PREPARE => Some("PREPARE"),
            COMMIT_PREPARED => Some("COMMIT_PREPARED"),
            ABORT_PREPARED => Some("ABORT_PREPARED"),
            _ => None,
        }
    }

    fn describe(&self, record: &DecodedRecord, text: &mut String) {
        if record.info == PREPARE {
            if let Ok(state) = PreparedState::read(record.data()) {
                let _ = write!(text, "gid {}: {}", state.identifier, utc_time(state.prepared_us.max(0) as u64));
            }
            return;
        }
        let Ok(end) = EndRecord::read(record) else { return };
        if matches!(record.info, COMMIT_PREPARED | ABORT_PREPARED) {
            let _ = write!(text, "{}: ", record.xid);
        }
        text.push_str(&utc_time(end.time_us));
        let mut list = |name: &str, items: Vec<String>| {
            if !items.is_empty() {
                let _ = write!(text, "; {name}: {}", items.join(" "));
            }
        };
        list("rels", end.dropped.iter().map(ToString::to_string).collect());
        list("subxacts", end.subtransactions.iter().map(ToString::to_string).collect());
        if !end.invalidations.is_empty() {
            let _ = write!(text, "; inval msgs: {} bytes", end.invalidations.len());
        }
    }

    fn end_redo(&self, _context: &RedoContext<'_>) -> Result<()> {
        self.0.open();
        Ok(())
    }
}

impl EndManager {
    fn redo_prepare(&self, record: &DecodedRecord) -> Result<()> {
        let state = PreparedState::read(record.data())?;
        for xid in &state.subtransactions {
            self.0.redo_status(*xid, Csn::Subtransaction { top: state.xid }, record.end)?;
        }
        self.0.redo_status(state.xid, Csn::Prepared, record.end)?;
        self.0.prepared().redo(&state, record)
    }
}

struct IdManager(Transactions);

impl ResourceManager for IdManager {
    fn id(&self) -> RmgrId {
        RmgrId::CLOG
    }

    fn redo(&self, _context: &RedoContext<'_>, record: &DecodedRecord) -> Result<()> {
        self.0.redo_next_xid(Xid(Reader(record.data()).u64()?), record.end);
        Ok(())
    }

    fn identify(&self, info: u8) -> Option<&'static str> {
        (info == NEXT_XID).then_some("NEXTXID")
    }

    fn describe(&self, record: &DecodedRecord, text: &mut String) {
        if let Ok(next) = Reader(record.data()).u64() {
            let _ = write!(text, "{next}");
        }
    }
}

struct MultiXactManager(Transactions);

impl ResourceManager for MultiXactManager {
    fn id(&self) -> RmgrId {
        RmgrId::MULTIXACT
    }

    fn redo(&self, _context: &RedoContext<'_>, record: &DecodedRecord) -> Result<()> {
        let mut reader = Reader(record.data());
        let (id, offset) = (Xid(reader.u64()?), reader.u64()?);
        let mut members = Vec::with_capacity(reader.0.len() / 8);
        while !reader.0.is_empty() {
            members.push(reader.u64()?);
        }
        self.0.redo_multixact(id, offset, &members, record.end)
    }

    fn identify(&self, info: u8) -> Option<&'static str> {
        (info == CREATE_ID).then_some("CREATE_ID")
    }

    fn describe(&self, record: &DecodedRecord, text: &mut String) {
        let mut reader = Reader(record.data());
        if let (Ok(id), Ok(offset)) = (reader.u64(), reader.u64()) {
            let _ = write!(text, "{id} offset {offset} nmembers {}:", reader.0.len() / 8);
            while let Ok(word) = reader.u64() {
                let member = crate::multixact::MultiXactMember::decode(word);
                let _ = write!(text, " {} ({})", member.xid, member.mode.short_name(member.updates));
            }
        }
    }
}

/// `2026-11-22 02:59:46.123456 UTC`, for the output of pg_waldump.
fn utc_time(time_us: u64) -> String {
    let (seconds, fraction) = (time_us / 1_000_000, time_us % 1_000_000);
    let (days, of_day) = (seconds / 86400, seconds % 86400);
    // The civil date from days since 1970 (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
    let z = days + 719_468;
    let (era, day_of_era) = (z / 146_097, z % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let (day, month) =
        (day_of_year - (153 * shifted + 2) / 5 + 1, if shifted < 10 { shifted + 3 } else { shifted - 9 });
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}.{fraction:06} UTC")
}

/// A record that ends a transaction or subtransaction, inserted.
pub(crate) fn insert_end(transactions: &Transactions, info: u8, xid: Xid, end: &EndRecord) -> Result<Lsn> {
    let mut record = Record::new(RmgrId::XACT, info);
    end.write(&mut record);
    transactions.wal().insert(&record, xid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_civil() {
        assert_eq!(utc_time(0), "1970-01-01 00:00:00.000000 UTC");
        assert_eq!(utc_time(951_782_400_000_001), "2000-02-29 00:00:00.000001 UTC");
        assert_eq!(utc_time(1_795_316_386_500_000), "2026-11-22 02:59:46.500000 UTC");
    }
}
