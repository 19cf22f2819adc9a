//! Which catalogs' built-in rows somebody changed in a database, so that they are no longer answered from the program.
//!
//! The marks are lines in a file in the database's directory, written and synced before the first change of a
//! built-in row of a catalog, and never taken back: a mark that is there without need (the transaction rolled back) costs speed, not
//! correctness. Copying a database's directory copies them; a log record tells standbys.

use crate::catalog::{Catalog, READ_MOSTLY};
use crate::field::Part;
use crate::invalidation::Message;
use crate::rows::CatalogRow;
use error::{Error, Result};
use ids::Oid;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

/// The file's name.
pub const FILE: &str = "pg_builtin.changed";

/// The directory of a database in the default tablespace.
pub fn database_directory(data_directory: &Path, database: Oid) -> PathBuf {
    data_directory.join("base").join(database.to_string())
}

/// Adds a mark to a database's file, durably. Used by sessions and by redo; harmless when repeated.
pub fn write_mark(directory: &Path, catalog: Oid) -> Result<()> {
    let path = directory.join(FILE);
    let fail = |e: std::io::Error| Error::io(format_args!("could not write file \"{}\"", path.display()), &e);
    let mut file = OpenOptions::new().create(true).append(true).open(&path).map_err(fail)?;
    file.write_all(format!("{catalog}\n").as_bytes()).map_err(fail)?;
    file.sync_all().map_err(fail)?;
    File::open(directory).and_then(|directory| directory.sync_all()).map_err(fail)
}

fn bit(catalog: Oid) -> Option<u32> {
    READ_MOSTLY.iter().position(|&oid| oid == catalog.0).map(|at| 1 << at)
}

impl Catalog {
    /// Whether the program's own copy of `catalog`'s built-in rows is good in this database.
    pub(crate) fn is_static(&self, catalog: Oid) -> bool {
        bit(catalog).is_some_and(|bit| self.changed_builtins.load(Ordering::Relaxed) & bit == 0)
    }

    pub(crate) fn set_builtin_mark(&self, catalog: Oid) {
        self.changed_builtins.fetch_or(bit(catalog).unwrap_or(0), Ordering::Relaxed);
    }

    /// Reads the database's marks. A file that cannot be read counts as all marks set.
    pub(crate) fn read_builtin_marks(&self) {
        let path = database_directory(&self.data_directory, self.database()).join(FILE);
        match std::fs::read_to_string(&path) {
            Ok(text) => text.lines().filter_map(|line| line.parse().ok()).for_each(|n| self.set_builtin_mark(Oid(n))),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
            Err(_) => self.changed_builtins.store(u32::MAX, Ordering::Relaxed),
        }
    }

    /// Called before a row of a catalog is replaced or deleted: sets the mark if it is the first built-in one.
    pub(crate) fn mark_builtin_change<T: CatalogRow>(&self, row: &T) -> Result<()> {
        let is_builtin = matches!(row.part(1), Part::Int(n) if n < Oid::FIRST_NORMAL.0 as i64);
        if !is_builtin || !self.is_static(T::RELATION) {
            return Ok(());
        }
        write_mark(&database_directory(&self.data_directory, self.database()), T::RELATION)?;
        self.log_builtin_change(T::RELATION)?;
        if let Some(queue) = &self.invalidations {
            queue.publish([Message::builtin(self.database(), T::RELATION)].into_iter());
        }
        self.set_builtin_mark(T::RELATION);
        self.reset();
        Ok(())
    }
}
