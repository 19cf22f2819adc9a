//! What functions do with large objects: creating, opening, reading, writing.
//!
//! A descriptor, which `lo_open` gives, is a place in a large object that the session remembers until the transaction ends, or the
//! subtransaction that opened it is rolled back. One that only reads sees the object as it was when it was opened, one that also
//! writes sees it as it is.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use access::Direction;
use catalog::acl::Privileges;
use catalog::field::Raw;
use catalog::privileges::ObjectKind;
use catalog::rows::{PgLargeobject, PgLargeobjectMetadata};
use catalog::{Catalog, DropBehavior, Object, Stored, index};
use error::{Error, Result, SqlState};
use ids::Oid;
use txn::{ActiveSnapshot, Participant, Transaction};

use super::{PAGE, missing, require_owner};

/// `INV_WRITE`: a descriptor with it also reads.
const WRITE: i32 = 0x20000;
/// `INV_READ`
const READ: i32 = 0x40000;
/// The most bytes that a large object has.
const MOST: i64 = i32::MAX as i64 * PAGE as i64;
/// The most bytes that are read at once: a value has no room for more.
const MOST_AT_ONCE: i64 = (1 << 30) - 5;
/// Pages that are read by one look into the index.
const PAGES_AT_ONCE: usize = 256;

/// What a session remembers of large objects: its descriptors.
#[derive(Default)]
pub struct LargeObjects {
    open: Mutex<Vec<Option<Descriptor>>>,
    /// Whether the transaction tells of its end.
    registered: AtomicBool,
}

struct Descriptor {
    object: Oid,
    position: i64,
    writes: bool,
    /// As of when it reads; none: of the present.
    snapshot: Option<ActiveSnapshot>,
    /// The nesting level of the subtransaction that it belongs to.
    level: u32,
}

impl LargeObjects {
    fn lock(&self) -> MutexGuard<'_, Vec<Option<Descriptor>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Participant for LargeObjects {
    fn committed(&self, _: &[u8]) {
        self.lock().clear();
    }

    fn aborted(&self) {
        self.lock().clear();
    }

    fn subcommitted(&self, level: u32) {
        for descriptor in self.lock().iter_mut().flatten().filter(|descriptor| descriptor.level >= level) {
            descriptor.level = level - 1;
        }
    }

    fn subaborted(&self, level: u32) {
        for slot in self.lock().iter_mut() {
            slot.take_if(|descriptor| descriptor.level >= level);
        }
    }
}

/// A session's handles, for large objects.
#[derive(Clone)]
pub struct LargeObjectSession<'a> {
    /// The catalogs.
    pub catalog: &'a Catalog,
    /// The current transaction.
    pub transaction: &'a Arc<Transaction>,
    /// What the session remembers.
    pub objects: &'a Arc<LargeObjects>,
    /// Whether the transaction may not write.
    pub read_only: bool,
    /// `lo_compat_privileges`: nothing is forbidden.
    pub unchecked: bool,
    /// What names of files are relative to: the data directory.
    pub directory: PathBuf,
}

fn invalid(text: String) -> Error {
    Error::new(SqlState::INVALID_PARAMETER_VALUE, text)
}

fn no_descriptor(number: i32) -> Error {
    Error::new(SqlState::UNDEFINED_OBJECT, format!("invalid large-object descriptor: {number}"))
}

/// Moves a descriptor's place: where from, and by how much.
fn seek(size: impl FnOnce() -> Result<i64>, position: i64, offset: i64, whence: i32) -> Result<i64> {
    let base = match whence {
        0 => 0,
        1 => position,
        2 => size()?,
        _ => return Err(invalid(format!("invalid whence setting: {whence}"))),
    };
    let to = base.wrapping_add(offset);
    match (0..=MOST).contains(&to) {
        true => Ok(to),
        false => Err(invalid(format!("invalid large object seek target: {to}"))),
    }
}

impl LargeObjectSession<'_> {
    fn check_writable(&self, what: &str) -> Result<()> {
        if self.read_only {
            let text = format!("cannot execute {what} in a read-only transaction");
            return Err(Error::new(SqlState::READ_ONLY_SQL_TRANSACTION, text));
        }
        Ok(())
    }

    fn require(&self, object: Oid, wanted: Privileges) -> Result<()> {
        let me = self.catalog.current_user();
        let held = match self.unchecked {
            true => Some(wanted),
            false => self.catalog.privileges(ObjectKind::LargeObject, object, me, wanted)?,
        };
        match held {
            Some(held) if held.contains(wanted) => Ok(()),
            Some(_) => {
                let text = format!("permission denied for large object {object}");
                Err(Error::new(SqlState::INSUFFICIENT_PRIVILEGE, text))
            }
            None => Err(missing(object)),
        }
    }

    /// Makes a large object, with this number if it is not zero; for the function `function`.
    ///
    /// # Errors
    /// `23505` if there is one with this number; `25006`.
    pub fn create(&self, object: Oid, function: &str) -> Result<Oid> {
        self.check_writable(&format!("{function}()"))?;
        let unique = index::PG_LARGEOBJECT_METADATA_OID_INDEX;
        let oid = match object.is_valid() {
            true => object,
            false => self.catalog.new_oid::<PgLargeobjectMetadata>(unique)?,
        };
        let owner = self.catalog.current_user();
        let lomacl = self.catalog.initial_acl(ObjectKind::LargeObject, owner, Oid::INVALID)?;
        self.catalog.insert(&PgLargeobjectMetadata { oid, lomowner: owner, lomacl: lomacl.clone() })?;
        let this = Object::of::<PgLargeobject>(oid);
        self.catalog.record_owner(this, owner)?;
        self.catalog.record_acl(this, owner, lomacl.as_ref())?;
        self.catalog.next_command()?;
        Ok(oid)
    }

    /// Drops a large object, and closes its descriptors.
    ///
    /// # Errors
    /// `42704` if there is none; `42501`, `25006`.
    pub fn unlink(&self, object: Oid) -> Result<i32> {
        self.check_writable("lo_unlink()")?;
        if self.catalog.owner_and_acl(ObjectKind::LargeObject, object)?.is_none() {
            return Err(missing(object));
        }
        if !self.unchecked {
            require_owner(self.catalog, object)?;
        }
        for slot in self.objects.lock().iter_mut() {
            slot.take_if(|descriptor| descriptor.object == object);
        }
        self.catalog.drop_object(Object::of::<PgLargeobject>(object), DropBehavior::Cascade)?;
        Ok(1)
    }

    /// Opens a large object; gives the number of a descriptor.
    ///
    /// # Errors
    /// `22023` if `mode` neither reads nor writes; `42704`, `42501`, `25006`.
    pub fn open(&self, object: Oid, mode: i32) -> Result<i32> {
        let writes = mode & WRITE != 0;
        if writes {
            self.check_writable("lo_open(INV_WRITE)")?;
        } else if mode & READ == 0 {
            return Err(invalid(format!("invalid flags for opening a large object: {mode}")));
        }
        let snapshot = if writes { None } else { Some(self.transaction.snapshot()?) };
        self.check_exists(object, snapshot.as_ref())?;
        self.require(object, Privileges::SELECT)?;
        if writes {
            self.require(object, Privileges::UPDATE)?;
        }
        if !self.objects.registered.swap(true, Ordering::Relaxed) {
            self.transaction.register(self.objects.clone());
        }
        let descriptor = Descriptor { object, position: 0, writes, snapshot, level: self.transaction.level() };
        let mut open = self.objects.lock();
        let free = open.iter().position(Option::is_none).unwrap_or(open.len());
        match open.get_mut(free) {
            Some(slot) => *slot = Some(descriptor),
            None => open.push(Some(descriptor)),
        }
        Ok(free as i32)
    }

    fn check_exists(&self, object: Oid, snapshot: Option<&ActiveSnapshot>) -> Result<()> {
        let (unique, key) = (index::PG_LARGEOBJECT_METADATA_OID_INDEX, [object.into()]);
        let forward = Direction::Forward;
        let found: Vec<Stored<PgLargeobjectMetadata>> = match snapshot {
            Some(snapshot) => self.catalog.stored_between(unique, &key, &key, snapshot, forward, 1)?,
            None => self.catalog.stored(unique, &key)?,
        };
        if found.is_empty() { Err(missing(object)) } else { Ok(()) }
    }

    /// The object, place, snapshot and right to write of a descriptor.
    fn descriptor(&self, number: i32) -> Result<(Oid, i64, Option<ActiveSnapshot>, bool)> {
        let open = self.objects.lock();
        let found = usize::try_from(number).ok().and_then(|number| open.get(number)).and_then(Option::as_ref);
        let found = found.ok_or_else(|| no_descriptor(number))?;
        let snapshot = found.snapshot.as_ref().map(ActiveSnapshot::register_again);
        Ok((found.object, found.position, snapshot, found.writes))
    }

    fn set_position(&self, number: i32, position: i64) {
        if let Some(Some(descriptor)) = self.objects.lock().get_mut(number as usize) {
            descriptor.position = position;
        }
    }

    /// Closes a descriptor.
    ///
    /// # Errors
    /// `42704` if it is none.
    pub fn close(&self, number: i32) -> Result<i32> {
        self.descriptor(number)?;
        if let Some(slot) = self.objects.lock().get_mut(number as usize) {
            *slot = None;
        }
        Ok(0)
    }

    /// The `most` first pages (or last ones, backwards) out of `first` to `last`, as a descriptor sees them.
    fn pages(
        &self,
        object: Oid,
        (first, last): (i64, i64),
        direction: Direction,
        most: usize,
        snapshot: Option<&ActiveSnapshot>,
    ) -> Result<Vec<Stored<PgLargeobject>>> {
        let unique = index::PG_LARGEOBJECT_LOID_PN_INDEX;
        let (first, last) = ([object.into(), (first as i32).into()], [object.into(), (last as i32).into()]);
        let latest = match snapshot {
            Some(snapshot) => snapshot.register_again(),
            None => self.transaction.latest_snapshot()?,
        };
        self.catalog.stored_between(unique, &first, &last, &latest, direction, most)
    }

    /// Bytes of the whole object: where its last page ends.
    fn size(&self, object: Oid, snapshot: Option<&ActiveSnapshot>) -> Result<i64> {
        let last = self.pages(object, (0, i64::from(i32::MAX)), Direction::Backward, 1, snapshot)?;
        let end = |page: &PgLargeobject| i64::from(page.pageno) * PAGE as i64 + page.data.0.len() as i64;
        Ok(last.first().map_or(0, |last| end(&last.row)))
    }

    /// Up to `len` bytes from `position`; what lies between written pages is zeros.
    fn read_at(&self, object: Oid, position: i64, len: i64, snapshot: Option<&ActiveSnapshot>) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        let end = position.saturating_add(len).min(MOST);
        let (mut at, mut next) = (position, position / PAGE as i64);
        while at < end {
            let stretch = (next, (end - 1) / PAGE as i64);
            let pages = self.pages(object, stretch, Direction::Forward, PAGES_AT_ONCE, snapshot)?;
            let Some(last) = pages.last() else { break };
            next = i64::from(last.row.pageno) + 1;
            for page in &pages {
                let (start, bytes) = (i64::from(page.row.pageno) * PAGE as i64, &page.row.data.0);
                if start > at {
                    sys::memory::admit((start - at) as usize)?;
                    out.resize(out.len() + (start - at) as usize, 0);
                    at = start;
                }
                let (from, to) = ((at - start) as usize, ((end - start) as usize).min(bytes.len()));
                if from < to {
                    out.extend_from_slice(&bytes[from..to]);
                    at += (to - from) as i64;
                }
            }
            sys::memory::check()?;
            if next > stretch.1 {
                break;
            }
        }
        // What is short of a page that is not the last one reads as zeros, too.
        let behind = ((end - 1).max(0) / PAGE as i64 + 1, i64::from(i32::MAX));
        if at < end && !self.pages(object, behind, Direction::Forward, 1, snapshot)?.is_empty() {
            sys::memory::admit((end - at) as usize)?;
            out.resize(out.len() + (end - at) as usize, 0);
        }
        Ok(out)
    }

    fn write_at(&self, object: Oid, position: i64, data: &[u8]) -> Result<()> {
        if data.is_empty() {
            return Ok(());
        }
        if position + data.len() as i64 > MOST {
            return Err(invalid(format!("invalid large object write request size: {}", data.len())));
        }
        let end = position + data.len() as i64;
        let mut at = position;
        while at < end {
            let first = at / PAGE as i64;
            let last = ((end - 1) / PAGE as i64).min(first + PAGES_AT_ONCE as i64 - 1);
            let known = self.pages(object, (first, last), Direction::Forward, PAGES_AT_ONCE, None)?;
            let mut known = known.into_iter().peekable();
            for number in first..=last {
                let start = number * PAGE as i64;
                let from = (at - start) as usize;
                let len = (PAGE - from).min((end - at) as usize);
                let bytes = &data[(at - position) as usize..][..len];
                let stored = known.next_if(|stored| i64::from(stored.row.pageno) == number);
                let mut page = stored.as_ref().map_or_else(Vec::new, |stored| stored.row.data.0.clone());
                if page.len() < from + len {
                    page.resize(from + len, 0);
                }
                page[from..from + len].copy_from_slice(bytes);
                let row = PgLargeobject { loid: object, pageno: number as i32, data: Raw(page) };
                match stored {
                    Some(stored) => self.catalog.update(&stored, &row)?,
                    None => self.catalog.insert(&row)?,
                }
                at += len as i64;
            }
            self.transaction.process().check_interrupts()?;
        }
        self.catalog.next_command()
    }

    /// Reads up to `len` bytes at a descriptor's place, and moves it.
    ///
    /// # Errors
    /// `42704` if it is none.
    pub fn read(&self, number: i32, len: i32) -> Result<Vec<u8>> {
        let (object, position, snapshot, _) = self.descriptor(number)?;
        let len = i64::from(len.max(0)).min(MOST_AT_ONCE);
        let bytes = self.read_at(object, position, len, snapshot.as_ref())?;
        self.set_position(number, position + bytes.len() as i64);
        Ok(bytes)
    }

    /// Writes at a descriptor's place, and moves it; how many bytes.
    ///
    /// # Errors
    /// `42704` if it is none, `55000` if it only reads, `25006`.
    pub fn write(&self, number: i32, data: &[u8]) -> Result<i32> {
        self.check_writable("lowrite()")?;
        let (object, position, _, writes) = self.descriptor(number)?;
        self.check_opened(number, writes)?;
        self.write_at(object, position, data)?;
        self.set_position(number, position + data.len() as i64);
        Ok(data.len() as i32)
    }

    fn check_opened(&self, number: i32, writes: bool) -> Result<()> {
        if writes {
            return Ok(());
        }
        let text = format!("large object descriptor {number} was not opened for writing");
        Err(Error::new(SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE, text))
    }

    /// Moves a descriptor's place; gives the new one.
    ///
    /// # Errors
    /// `42704` if it is none; `22023` for a place that cannot be.
    pub fn seek(&self, number: i32, offset: i64, whence: i32) -> Result<i64> {
        let (object, position, snapshot, _) = self.descriptor(number)?;
        let to = seek(|| self.size(object, snapshot.as_ref()), position, offset, whence)?;
        self.set_position(number, to);
        Ok(to)
    }

    /// The same, where the answer has 32 bits.
    ///
    /// # Errors
    /// `22003` if it does not fit.
    pub fn seek_short(&self, number: i32, offset: i32, whence: i32) -> Result<i32> {
        let (_, before, _, _) = self.descriptor(number)?;
        let to = self.seek(number, i64::from(offset), whence)?;
        i32::try_from(to).map_err(|_| {
            self.set_position(number, before);
            let text = format!("lo_lseek result out of range for large-object descriptor {number}");
            Error::new(SqlState::NUMERIC_VALUE_OUT_OF_RANGE, text)
        })
    }

    /// A descriptor's place.
    ///
    /// # Errors
    /// `42704` if it is none.
    pub fn tell(&self, number: i32) -> Result<i64> {
        self.descriptor(number).map(|(_, position, _, _)| position)
    }

    /// The same, where the answer has 32 bits.
    ///
    /// # Errors
    /// `22003` if it does not fit.
    pub fn tell_short(&self, number: i32) -> Result<i32> {
        i32::try_from(self.tell(number)?).map_err(|_| {
            let text = format!("lo_tell result out of range for large-object descriptor {number}");
            Error::new(SqlState::NUMERIC_VALUE_OUT_OF_RANGE, text)
        })
    }

    /// Cuts an object, or lengthens it by zeros; for the function `function`.
    ///
    /// # Errors
    /// `42704` if the descriptor is none, `55000` if it only reads; `22023` for a length that cannot be; `25006`.
    pub fn truncate(&self, number: i32, len: i64, function: &str) -> Result<i32> {
        self.check_writable(&format!("{function}()"))?;
        let (object, _, _, writes) = self.descriptor(number)?;
        self.check_opened(number, writes)?;
        if !(0..=MOST).contains(&len) {
            return Err(invalid(format!("invalid large object truncation target: {len}")));
        }
        let (last, keep) = (len / PAGE as i64, (len % PAGE as i64) as usize);
        match self.pages(object, (last, last), Direction::Forward, 1, None)?.pop() {
            Some(stored) => {
                let mut row = stored.row.clone();
                row.data.0.resize(keep, 0);
                self.catalog.update(&stored, &row)?;
            }
            None if keep > 0 => {
                self.catalog.insert(&PgLargeobject { loid: object, pageno: last as i32, data: Raw(vec![0; keep]) })?;
            }
            None => (),
        }
        // Piece by piece: a large object may be larger than memory.
        while last < i64::from(i32::MAX) {
            let behind = (last + 1, i64::from(i32::MAX));
            let pages = self.pages(object, behind, Direction::Forward, PAGES_AT_ONCE, None)?;
            if pages.is_empty() {
                break;
            }
            pages.iter().try_for_each(|page| self.catalog.delete(page))?;
            self.catalog.next_command()?;
            self.transaction.process().check_interrupts()?;
        }
        self.catalog.next_command()?;
        Ok(0)
    }

    /// `len` bytes from `offset`, or all from there; as of the transaction's snapshot.
    ///
    /// # Errors
    /// `42704`, `42501`; `22023` for places that cannot be; `54000` if it is more than a value has room for.
    pub fn get(&self, object: Oid, offset: i64, len: Option<i32>) -> Result<Vec<u8>> {
        let snapshot = self.transaction.snapshot()?;
        if len.is_some_and(|len| len < 0) {
            return Err(invalid("requested length cannot be negative".into()));
        }
        self.check_exists(object, Some(&snapshot))?;
        self.require(object, Privileges::SELECT)?;
        let size = self.size(object, Some(&snapshot))?;
        let offset = seek(|| Ok(size), 0, offset, 0)?;
        let rest = (size - offset).max(0);
        let len = len.map_or(rest, |len| rest.min(i64::from(len)));
        if len > MOST_AT_ONCE {
            let text = "large object read request is too large";
            return Err(Error::new(SqlState::PROGRAM_LIMIT_EXCEEDED, text));
        }
        self.read_at(object, offset, len, Some(&snapshot))
    }

    /// Writes bytes at a place.
    ///
    /// # Errors
    /// `42704`, `42501`, `25006`; `22023` for a place that cannot be.
    pub fn put(&self, object: Oid, offset: i64, data: &[u8]) -> Result<()> {
        self.check_writable("lo_put()")?;
        self.check_exists(object, None)?;
        self.require(object, Privileges::SELECT)?;
        self.require(object, Privileges::UPDATE)?;
        let offset = seek(|| Ok(0), 0, offset, 0)?;
        self.write_at(object, offset, data)
    }

    /// Makes a large object that holds these bytes.
    ///
    /// # Errors
    /// Those of [`LargeObjectSession::create`].
    pub fn from_bytes(&self, object: Oid, data: &[u8]) -> Result<Oid> {
        let object = self.create(object, "lo_from_bytea")?;
        self.write_at(object, 0, data)?;
        Ok(object)
    }

    /// Makes a large object from a file of the server's machine.
    ///
    /// # Errors
    /// Those of [`LargeObjectSession::create`], and of reading the file.
    pub fn import(&self, name: &str, object: Oid) -> Result<Oid> {
        self.check_writable("lo_import()")?;
        let failed = |what: &str, error: std::io::Error| file_error(what, name, error);
        let mut file = File::open(self.directory.join(name)).map_err(|error| failed("open", error))?;
        let object = self.create(object, "lo_import")?;
        let mut buffer = vec![0; PAGE * PAGES_AT_ONCE];
        let mut at = 0;
        loop {
            match file.read(&mut buffer) {
                Ok(0) => return Ok(object),
                Ok(len) => {
                    self.write_at(object, at, &buffer[..len])?;
                    at += len as i64;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => (),
                Err(error) => return Err(failed("read", error)),
            }
        }
    }

    /// Writes a large object into a file of the server's machine.
    ///
    /// # Errors
    /// `42704`, and those of writing the file.
    pub fn export(&self, object: Oid, name: &str) -> Result<i32> {
        let snapshot = self.transaction.snapshot()?;
        self.check_exists(object, Some(&snapshot))?;
        self.require(object, Privileges::SELECT)?;
        let size = self.size(object, Some(&snapshot))?;
        let mut file = File::create(self.directory.join(name)).map_err(|error| file_error("create", name, error))?;
        let mut at = 0;
        while at < size {
            let len = (size - at).min((PAGE * PAGES_AT_ONCE) as i64);
            let mut bytes = self.read_at(object, at, len, Some(&snapshot))?;
            bytes.resize(len as usize, 0);
            file.write_all(&bytes).map_err(|error| file_error("write", name, error))?;
            at += len;
            self.transaction.process().check_interrupts()?;
        }
        Ok(1)
    }
}

fn file_error(what: &str, name: &str, error: std::io::Error) -> Error {
    Error::io(format!("could not {what} server file \"{name}\""), &error)
}
