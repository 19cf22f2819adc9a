//! What databases and tablespaces weigh: the sizes of their files.

use super::{catalog_of, text};
use crate::acl::Privileges;
use crate::catalog::Catalog;
use crate::privileges::{ObjectKind, role};
use batch::{Column, DatumRef, Repr};
use error::{Error, Result, Severity, SqlState};
use ids::Oid;
use ids::oids::{DEFAULT_TABLESPACE, GLOBAL_TABLESPACE};
use std::path::Path;
use types::{Context, RowSource};

types::builtins! {
    /// Sizes of databases and tablespaces.
    pub static SIZES =
    2324 pg_database_size_oid each(Context, Oid) |cx: Context<'_>, oid| {
        let catalog = catalog_of(&cx)?;
        match catalog.database_row(oid)? {
            Some(_) => database_size(catalog, oid),
            None => Err(Error::new(SqlState::UNDEFINED_OBJECT, format!("database with OID {oid} does not exist"))),
        }
    };
    2168 pg_database_size_name each(Context, &[u8]) |cx: Context<'_>, name| {
        let (catalog, name) = (catalog_of(&cx)?, text(name));
        match catalog.database_by_name(&name)? {
            Some(row) => database_size(catalog, row.oid),
            None => Err(Error::new(SqlState::INVALID_CATALOG_NAME, format!("database \"{name}\" does not exist"))),
        }
    };
    2322 pg_tablespace_size_oid each(Context, Oid) |cx: Context<'_>, oid| {
        let catalog = catalog_of(&cx)?;
        match catalog.tablespace(oid)? {
            Some(_) => tablespace_size(catalog, oid),
            None => Ok(None),
        }
    };
    2323 pg_tablespace_size_name each(Context, &[u8]) |cx: Context<'_>, name| {
        let (catalog, name) = (catalog_of(&cx)?, text(name));
        match catalog.tablespace_by_name(&name)? {
            Some(row) => tablespace_size(catalog, row.oid),
            None => Err(Error::new(SqlState::UNDEFINED_OBJECT, format!("tablespace \"{name}\" does not exist"))),
        }
    };
}

/// Refuses who may neither use the object nor read all statistics.
fn require(catalog: &Catalog, kind: ObjectKind, oid: Oid, privilege: Privileges, name: &str) -> Result<()> {
    let user = catalog.current_user();
    let held = catalog.privileges(kind, oid, user, privilege)?.is_some_and(|held| held.contains(privilege));
    if held || catalog.has_privileges_of(user, role::PG_READ_ALL_STATS)? {
        return Ok(());
    }
    let message = format!("permission denied for {} {name}", kind.word());
    Err(Error::new(SqlState::INSUFFICIENT_PRIVILEGE, message))
}

fn database_size(catalog: &Catalog, oid: Oid) -> Result<i64> {
    let name = catalog.database_row(oid)?.map(|row| row.datname.to_string()).unwrap_or_default();
    require(catalog, ObjectKind::Database, oid, Privileges::CONNECT, &name)?;
    let mut size = weight(&catalog.data_directory.join("base").join(oid.to_string()), 0);
    for tablespace in entries(&catalog.data_directory.join("pg_tblspc")) {
        for version in entries(&tablespace) {
            size += weight(&version.join(oid.to_string()), 0);
        }
    }
    Ok(size)
}

fn tablespace_size(catalog: &Catalog, oid: Oid) -> Result<Option<i64>> {
    let own = catalog.database_row(catalog.database())?.is_some_and(|row| row.dattablespace == oid);
    if !own {
        let name = catalog.tablespace(oid)?.map(|row| row.spcname.to_string()).unwrap_or_default();
        require(catalog, ObjectKind::Tablespace, oid, Privileges::CREATE, &name)?;
    }
    let directory = match oid {
        DEFAULT_TABLESPACE => catalog.data_directory.join("base"),
        GLOBAL_TABLESPACE => catalog.data_directory.join("global"),
        other => catalog.data_directory.join("pg_tblspc").join(other.to_string()),
    };
    Ok(Some(weight(&directory, 0)))
}

/// `pg_tablespace_databases`: the databases that have files in a tablespace.
pub(super) fn tablespace_databases(args: &[DatumRef<'_>], context: Context<'_>) -> Result<Box<dyn RowSource>> {
    let mut column = Column::new(Repr::B4);
    let Some(oid) = super::rows::oid_argument(args) else { return super::rows::made(vec![column]) };
    let catalog = catalog_of(&context)?;
    let directory = match oid {
        GLOBAL_TABLESPACE => {
            let text = "global tablespace never has databases";
            context.env.notice(Error::new(SqlState::WARNING, text).severity(Severity::Warning));
            return super::rows::made(vec![column]);
        }
        DEFAULT_TABLESPACE => catalog.data_directory.join("base"),
        other => {
            let inside = storage::database_directory(other, Oid::INVALID);
            let inside = Path::new(&inside).parent().map(Path::to_path_buf).unwrap_or_default();
            catalog.data_directory.join(inside)
        }
    };
    if !directory.is_dir() {
        let text = format!("{oid} is not a tablespace OID");
        context.env.notice(Error::new(SqlState::WARNING, text).severity(Severity::Warning));
    }
    for path in entries(&directory) {
        let number = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.parse::<u32>().ok());
        if let Some(number) = number.filter(|_| entries(&path).next().is_some()) {
            column.push(DatumRef::B4(number as i32));
        }
    }
    super::rows::made(vec![column])
}

fn entries(directory: &Path) -> impl Iterator<Item = std::path::PathBuf> {
    std::fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path())
}

/// The bytes of all files below; what goes away meanwhile, or is not there at all, weighs nothing.
fn weight(path: &Path, depth: usize) -> i64 {
    // A tablespace, its version, its databases, their files.
    const DEEPEST: usize = 4;
    match std::fs::metadata(path) {
        Ok(found) if found.is_dir() && depth < DEEPEST => {
            found.len() as i64 + entries(path).map(|entry| weight(&entry, depth + 1)).sum::<i64>()
        }
        Ok(found) => found.len() as i64,
        Err(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_weigh_and_what_is_missing_does_not() {
        let directory = std::env::temp_dir().join(format!("oliphant-weight-{}", std::process::id()));
        std::fs::create_dir_all(directory.join("1")).expect("makes a directory");
        let empty = weight(&directory, 0);
        std::fs::write(directory.join("1/2"), [0; 8192]).expect("writes");
        assert_eq!(weight(&directory, 0) - empty, 8192);
        assert_eq!(weight(&directory.join("nothing"), 0), 0);
        std::fs::remove_dir_all(&directory).expect("removes it");
    }
}
