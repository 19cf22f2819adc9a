//! Tablespaces: directories elsewhere that hold relations' files, behind a link `pg_tblspc/OID` in the data directory.
//!
//! Under the link is a directory of the version's name, so that several versions can share a location, and in it one for each
//! database. A tablespace without a location of its own ("in place", for tests) is a directory where the link would be. Making and
//! removing one is logged; both can be repeated, as redo may have to.

use crate::files::TABLESPACE_VERSION;
use crate::write::Pages;
use crate::{RedoContext, ResourceManager, Storage};
use error::{Error, Result, SqlState};
use ids::{Oid, Xid};
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use wal::{DecodedRecord, Record, RmgrId};

/// A tablespace was made: object id, location.
const CREATE: u8 = 0x00;
/// A tablespace was removed: object id.
const DROP: u8 = 0x10;

fn link(tablespace: Oid) -> String {
    format!("pg_tblspc/{tablespace}")
}

fn failed(what: &str, path: &Path, error: &std::io::Error) -> Error {
    Error::io(format_args!("could not {what} \"{}\"", path.display()), error)
}

fn make_directory(path: &Path) -> Result<()> {
    match fs::create_dir(path) {
        Ok(()) => fs::set_permissions(path, fs::Permissions::from_mode(0o700))
            .map_err(|e| failed("set permissions on directory", path, &e)),
        Err(e) if e.kind() == ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        Err(e) => Err(failed("create directory", path, &e)),
    }
}

impl Storage {
    fn tablespace_directory(&self, tablespace: Oid) -> PathBuf {
        self.inner.files.absolute(&link(tablespace)).join(TABLESPACE_VERSION)
    }

    /// Makes a tablespace at a location, an absolute path; in place if it is empty. Logged.
    ///
    /// # Errors
    /// `58P01` if the location does not exist, `55006` if another tablespace has it.
    pub fn create_tablespace(&self, tablespace: Oid, location: &str) -> Result<()> {
        let taken = match location.is_empty() {
            true => None,
            false => Some(Path::new(location).join(TABLESPACE_VERSION)).filter(|directory| directory.exists()),
        };
        if let Some(directory) = taken {
            let text = format!("directory \"{}\" already in use as a tablespace", directory.display());
            return Err(Error::new(SqlState::OBJECT_IN_USE, text));
        }
        self.make_tablespace(tablespace, location)?;
        let mut record = Record::new(RmgrId::TABLESPACE, CREATE);
        record.data(&tablespace.0.to_le_bytes());
        record.data(location.as_bytes());
        self.inner.wal.insert(&record, Xid::INVALID)?;
        Ok(())
    }

    fn make_tablespace(&self, tablespace: Oid, location: &str) -> Result<()> {
        let place = self.inner.files.absolute(&link(tablespace));
        if location.is_empty() {
            make_directory(&place)?;
            return make_directory(&place.join(TABLESPACE_VERSION));
        }
        let target = Path::new(location);
        match fs::set_permissions(target, fs::Permissions::from_mode(0o700)) {
            Ok(()) => (),
            Err(e) if e.kind() == ErrorKind::NotFound => {
                let text = format!("directory \"{location}\" does not exist");
                return Err(Error::new(SqlState::UNDEFINED_FILE, text));
            }
            Err(e) => return Err(failed("set permissions on directory", target, &e)),
        }
        make_directory(&target.join(TABLESPACE_VERSION))?;
        match fs::symlink_metadata(&place) {
            // Redo made a directory where later the link was.
            Ok(found) if found.is_dir() => {
                fs::remove_dir_all(&place).map_err(|e| failed("remove directory", &place, &e))?;
            }
            Ok(_) => fs::remove_file(&place).map_err(|e| failed("remove symbolic link", &place, &e))?,
            Err(_) => (),
        }
        std::os::unix::fs::symlink(target, &place).map_err(|e| failed("create symbolic link", &place, &e))
    }

    /// Whether databases have files in a tablespace; directories of databases that have none are removed.
    ///
    /// # Errors
    /// Those of reading directories.
    pub fn tablespace_is_empty(&self, tablespace: Oid) -> Result<bool> {
        let directory = self.tablespace_directory(tablespace);
        let entries = match fs::read_dir(&directory) {
            Ok(entries) => entries,
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(true),
            Err(e) => return Err(failed("open directory", &directory, &e)),
        };
        for entry in entries {
            let path = entry.map_err(|e| failed("read directory", &directory, &e))?.path();
            match fs::read_dir(&path) {
                Ok(mut files) => {
                    if files.next().is_some() {
                        return Ok(false);
                    }
                    fs::remove_dir(&path).map_err(|e| failed("remove directory", &path, &e))?;
                }
                Err(_) => return Ok(false),
            }
        }
        Ok(true)
    }

    /// Removes a tablespace that was found empty. Logged.
    ///
    /// # Errors
    /// Those of removing directories.
    pub fn drop_tablespace(&self, tablespace: Oid) -> Result<()> {
        let mut record = Record::new(RmgrId::TABLESPACE, DROP);
        record.data(&tablespace.0.to_le_bytes());
        let lsn = self.inner.wal.insert(&record, Xid::INVALID)?;
        self.inner.wal.flush(lsn);
        self.remove_tablespace(tablespace)
    }

    fn remove_tablespace(&self, tablespace: Oid) -> Result<()> {
        let (place, directory) = (self.inner.files.absolute(&link(tablespace)), self.tablespace_directory(tablespace));
        match fs::remove_dir_all(&directory) {
            Err(e) if e.kind() != ErrorKind::NotFound => return Err(failed("remove directory", &directory, &e)),
            _ => (),
        }
        let removed = match fs::symlink_metadata(&place) {
            Ok(found) if found.is_dir() => fs::remove_dir(&place),
            Ok(_) => fs::remove_file(&place),
            Err(_) => Ok(()),
        };
        removed.map_err(|e| failed("remove symbolic link", &place, &e))
    }

    /// In redo: forgets all pages of a tablespace.
    fn discard_tablespace(&self, tablespace: Oid) {
        self.discard(Pages::Tablespace(tablespace));
        self.forget_syncs(|key| key.tag().locator.tablespace == tablespace);
    }

    /// Makes a database's directory in a tablespace, where a relation of it is to be.
    pub(crate) fn make_database_directory(&self, tablespace: Oid, database: Oid) -> Result<()> {
        let directory = crate::database_directory(tablespace, database);
        make_directory(&self.inner.files.absolute(&directory))
    }
}

/// Replays and describes the records of tablespaces.
pub struct TablespaceManager;

fn decode(record: &DecodedRecord) -> Option<(Oid, &str)> {
    let (number, location) = record.data().split_first_chunk::<4>()?;
    Some((Oid(u32::from_le_bytes(*number)), std::str::from_utf8(location).ok()?))
}

impl ResourceManager for TablespaceManager {
    fn id(&self) -> RmgrId {
        RmgrId::TABLESPACE
    }

    fn redo(&self, context: &RedoContext<'_>, record: &DecodedRecord) -> Result<()> {
        let unknown = || Error::corrupted(format!("invalid tablespace record at {}", record.lsn));
        let (tablespace, location) = decode(record).ok_or_else(unknown)?;
        match record.info & 0xF0 {
            CREATE => context.storage.make_tablespace(tablespace, location),
            DROP => {
                context.forget_missing(|locator, _, _| locator.tablespace == tablespace);
                context.storage.discard_tablespace(tablespace);
                context.storage.remove_tablespace(tablespace)
            }
            _ => Err(unknown()),
        }
    }

    fn identify(&self, info: u8) -> Option<&'static str> {
        match info & 0xF0 {
            CREATE => Some("CREATE"),
            DROP => Some("DROP"),
            _ => None,
        }
    }

    fn describe(&self, record: &DecodedRecord, text: &mut String) {
        let Some((tablespace, location)) = decode(record) else { return };
        match record.info & 0xF0 {
            CREATE => text.push_str(&format!("{tablespace} \"{location}\"")),
            _ => text.push_str(&tablespace.to_string()),
        }
    }
}
