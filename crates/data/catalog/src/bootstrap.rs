//! The first databases: writes template1 and the shared catalogs from the program's own rows.
//!
//! Every catalog's file is made and filled in one batch, its indexes are built from sorted keys. The other databases are
//! copies of template1's directory ([`copy_database`]), made after a checkpoint has written all pages.
//!
//! System catalogs keep their object id as file number for ever, so nothing has to be known to find them: there is no map
//! from catalogs to files (PostgreSQL's `pg_filenode.map`), and `pg_class.relfilenode` is zero where it is in PostgreSQL.

use crate::builtin_marks::database_directory;
use crate::data::indexes;
use crate::field::Part;
use crate::relation::{self, kind, locator_of};
use crate::rows::*;
use crate::store::{Backing, persistence_of};
use access::{IndexAm, IndexEntry, InsertOptions, SortedEntries, Store, TableAm};
use batch::{BATCH_ROWS, Batch, Column};
use error::{Error, Result};
use ids::oids::{POSTGRES, TEMPLATE0, TEMPLATE1};
use ids::{Fork, Oid, TupleId};
use std::path::Path;
use std::sync::Arc;
use txn::Transaction;

/// What a new cluster's administrator chooses.
#[derive(Clone, Debug)]
pub struct ClusterOptions {
    /// The name of the first role.
    pub superuser: String,
    /// Its password as `pg_authid` keeps it (a SCRAM verifier), if it has one.
    pub password: Option<String>,
    /// The number of the encoding; 6 is UTF8.
    pub encoding: i32,
    /// `b` builtin, `c` libc, `i` icu.
    pub provider: u8,
    /// `LC_COLLATE` of the databases.
    pub collate: String,
    /// `LC_CTYPE` of the databases.
    pub ctype: String,
    /// The provider's own locale; none for libc.
    pub locale: Option<String>,
    /// Rules on top of an ICU locale's.
    pub rules: Option<String>,
}

impl Default for ClusterOptions {
    fn default() -> ClusterOptions {
        ClusterOptions {
            superuser: "postgres".into(),
            password: None,
            encoding: 6,
            provider: b'c',
            collate: "C".into(),
            ctype: "C".into(),
            locale: None,
            rules: None,
        }
    }
}

/// A row as the new cluster has it.
trait Adapt: CatalogRow {
    fn adapt(&mut self, options: &ClusterOptions);
}

impl<T: CatalogRow> Adapt for T {
    fn adapt(&mut self, options: &ClusterOptions) {
        let row: &mut dyn std::any::Any = self;
        if let Some(role) = row.downcast_mut::<PgAuthid>()
            && role.oid == ids::oids::BOOTSTRAP_ROLE
        {
            role.rolname = options.superuser.clone().into();
            role.rolpassword = options.password.clone().map(Into::into);
        }
        if let Some(database) = row.downcast_mut::<PgDatabase>() {
            database.encoding = options.encoding;
            database.datlocprovider = options.provider;
            database.datcollate = options.collate.clone().into();
            database.datctype = options.ctype.clone().into();
            database.datlocale = options.locale.clone().map(Into::into);
            database.daticurules = options.rules.clone().map(Into::into);
            // template0 has none, so that what is made of it takes the version of its day.
            database.datcollversion = match &*database.datname {
                "template0" => None,
                _ => database.actual_version().map(Into::into),
            };
            database.datfrozenxid = 3;
        }
        if let Some(class) = row.downcast_mut::<PgClass>()
            && class.relfrozenxid != 0
        {
            class.relfrozenxid = 3;
        }
    }
}

/// Keys in order, as an index build takes them.
struct Sorted {
    entries: Vec<(Vec<u8>, TupleId)>,
    next: usize,
}

impl SortedEntries for Sorted {
    fn next(&mut self) -> Result<Option<IndexEntry<'_>>> {
        let entry = self.entries.get(self.next);
        self.next += 1;
        Ok(entry.map(|(key, tid)| IndexEntry { key, payload: &[], tid: *tid }))
    }
}

struct Bootstrap<'a> {
    backing: Backing,
    options: &'a ClusterOptions,
}

impl ForEachCatalog for Bootstrap<'_> {
    /// Fills a catalog and its indexes.
    fn visit<T: CatalogRow>(&mut self) -> Result<()> {
        let backing = &self.backing;
        let table = backing.table(T::RELATION, TEMPLATE1)?;
        let rows: Vec<T> = T::builtin()
            .rows()
            .iter()
            .map(|row| {
                let mut row = row.clone();
                row.adapt(self.options);
                row
            })
            .collect();
        let mut tids: Vec<TupleId> = Vec::with_capacity(rows.len());
        let options = InsertOptions { frozen: true, skip_free_space: true, ..Default::default() };
        for chunk in rows.chunks(BATCH_ROWS) {
            let mut columns: Vec<Column> = T::COLUMNS.iter().map(|&(_, repr)| Column::new(repr)).collect();
            chunk.iter().for_each(|row| row.append_to(&mut columns));
            let mut batch = Batch::new([]);
            batch.columns = columns;
            batch.set_len(chunk.len());
            backing.tables.insert_batch(&backing.store, &backing.transaction, &table, &batch, options, &mut tids)?;
        }
        for info in indexes().iter().filter(|info| info.relation == T::RELATION) {
            let handle = backing.index(info.index, TEMPLATE1)?;
            let mut entries = Vec::with_capacity(rows.len());
            for (row, &tid) in rows.iter().zip(&tids) {
                let parts: Vec<Part<'_>> = info.columns.iter().map(|&n| row.part(n as usize)).collect();
                entries.push((backing.encode_parts::<T>(&handle, &parts)?, tid));
            }
            entries.sort();
            if info.unique && entries.windows(2).any(|pair| pair[0].0 == pair[1].0) {
                return Err(Error::corrupted(format!("two built-in rows have the same key in {}", handle.index.name)));
            }
            backing.indexes.build(&backing.store, &handle.index, &mut Sorted { entries, next: 0 })?;
        }
        Ok(())
    }
}

/// Writes template1 and the shared catalogs, in the running transaction. The directories exist and are empty.
pub fn bootstrap(
    store: Store,
    tables: Arc<dyn TableAm>,
    index_method: Arc<dyn IndexAm>,
    transaction: Arc<Transaction>,
    options: &ClusterOptions,
) -> Result<()> {
    let backing = Backing::new(store, transaction, tables, index_method);
    for class in PgClass::builtin().rows() {
        if !matches!(class.relkind, kind::TABLE | kind::INDEX | kind::TOAST) {
            continue;
        }
        let locator = locator_of(class, TEMPLATE1);
        backing.store.storage.create(locator, Fork::Main, persistence_of(class.relpersistence))?;
    }
    // Indexes of catalogs are built below, empty or not; those of TOAST tables start empty.
    for class in PgClass::builtin().rows().iter().filter(|class| class.relkind == kind::INDEX) {
        let Some(relation) = relation::builtin(class.oid) else { continue };
        let table = relation.index.as_ref().map_or(Oid::INVALID, |index| index.indrelid);
        if CATALOGS.iter().any(|info| info.relation == table) {
            continue;
        }
        let index = crate::store::index_of(
            relation,
            access::Method::Btree,
            locator_of(class, TEMPLATE1),
            TEMPLATE1,
            backing.transaction.statistics(),
        );
        backing.indexes.create(&backing.store, &index)?;
    }
    for_each_catalog(&mut Bootstrap { backing, options })?;
    Ok(())
}

/// Copies a database's directory, all of whose pages are on disk; nobody may be connected to it.
pub fn copy_database(data_directory: &Path, from: Oid, to: Oid) -> Result<()> {
    let (from, to) = (database_directory(data_directory, from), database_directory(data_directory, to));
    let fail = |what: &str, path: &Path, e: std::io::Error| {
        Error::io(format_args!("could not {what} \"{}\"", path.display()), &e)
    };
    for entry in std::fs::read_dir(&from).map_err(|e| fail("open directory", &from, e))? {
        let entry = entry.map_err(|e| fail("read directory", &from, e))?;
        let target = to.join(entry.file_name());
        std::fs::copy(entry.path(), &target).map_err(|e| fail("copy file to", &target, e))?;
    }
    Ok(())
}

/// The databases that initdb copies from template1.
pub const COPIES: [Oid; 2] = [TEMPLATE0, POSTGRES];

/// The directories that hold databases' files, relative to the data directory: template1's, its copies', and the shared catalogs'.
pub fn directories() -> Vec<String> {
    let databases = [TEMPLATE1, TEMPLATE0, POSTGRES].iter().map(|oid| format!("base/{oid}"));
    ["base".to_string(), "global".to_string()].into_iter().chain(databases).collect()
}
