//! The catalogs' rows in their heap and index files: reading by key, inserting, replacing, deleting.
//!
//! Rows that are written here are noted for invalidation ([`crate::invalidation`]); what the session itself cached goes as
//! soon as the command that wrote them is over.

use crate::catalog::{Catalog, part_hash};
use crate::data::{IndexInfo, index_info, indexes};
use crate::field::Part;
use crate::invalidation::Message;
use crate::relation::{self, Relation};
use crate::rows::*;
use access::{
    ColumnShape, Direction, FetchMode, Fetched, Index, IndexAm, IndexEntries, IndexEntry, IndexScanOptions,
    InsertOptions, Inserted, KeyRange, Method, Outcome, Persistence, Projected, Row, RowLayout, Store, Table, TableAm,
    ToastStrategy, UniqueCheck, UpdateOptions, WaitPolicy, key_successor, projected_batch,
};
use batch::{Column, DatumRef, Repr};
use error::{Error, Result, SqlState};
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use ids::{Oid, RelFileLocator, TupleId};
use std::sync::{Arc, Mutex, PoisonError};
use txn::{ActiveSnapshot, Transaction};
use types::DefaultEnvironment;
use types::sortkey::{KeyColumn, KeyEncoder};

/// What a catalog reads and writes through.
pub(crate) struct Backing {
    pub store: Store,
    pub transaction: Arc<Transaction>,
    pub tables: Arc<dyn TableAm>,
    pub indexes: Arc<dyn IndexAm>,
    /// Handles of the catalogs' own tables and indexes, made when first used.
    handles: Mutex<Handles>,
    environment: DefaultEnvironment,
}

#[derive(Default)]
struct Handles {
    tables: HashMap<Oid, Arc<Table>, FixedState>,
    indexes: HashMap<Oid, Arc<IndexHandle>, FixedState>,
}

/// One index of a catalog, ready for use.
pub(crate) struct IndexHandle {
    pub info: &'static IndexInfo,
    pub index: Arc<Index>,
    pub encoder: KeyEncoder,
}

/// A catalog row and where it is stored.
#[derive(Clone, Debug)]
pub struct Stored<T> {
    /// Its place.
    pub place: TupleId,
    /// The row.
    pub row: T,
}

impl Backing {
    pub fn new(
        store: Store,
        transaction: Arc<Transaction>,
        tables: Arc<dyn TableAm>,
        indexes: Arc<dyn IndexAm>,
    ) -> Backing {
        Backing {
            store,
            transaction,
            tables,
            indexes,
            handles: Mutex::default(),
            environment: DefaultEnvironment::default(),
        }
    }

    pub fn table(&self, catalog: Oid, database: Oid) -> Result<Arc<Table>> {
        let mut handles = self.handles.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(table) = handles.tables.get(&catalog) {
            return Ok(table.clone());
        }
        let relation = builtin(catalog)?;
        let toast = relation::builtin(relation.class.reltoastrelid);
        let toast = toast.map(|toast| relation::locator_of(&toast.class, database));
        let locator = relation::locator_of(&relation.class, database);
        let table = Arc::new(table_of(relation, locator, toast, database, self.transaction.statistics())?);
        handles.tables.insert(catalog, table.clone());
        Ok(table)
    }

    pub fn index(&self, index: Oid, database: Oid) -> Result<Arc<IndexHandle>> {
        let mut handles = self.handles.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(handle) = handles.indexes.get(&index) {
            return Ok(handle.clone());
        }
        let handle = Arc::new(IndexHandle {
            info: index_info(index).ok_or_else(|| Error::internal(format!("{index} is no catalog's index")))?,
            index: Arc::new(index_of(
                builtin(index)?,
                Method::Btree,
                relation::locator_of(&builtin(index)?.class, database),
                database,
                self.transaction.statistics(),
            )),
            encoder: KeyEncoder::new(key_columns(builtin(index)?)?, &self.environment)?,
        });
        handles.indexes.insert(index, handle.clone());
        Ok(handle)
    }
}

fn builtin(oid: Oid) -> Result<&'static Relation> {
    relation::builtin(oid).ok_or_else(|| Error::internal(format!("{oid} is no catalog")))
}

/// The key columns of a catalog's index. Their types are the table's: an index column on a name shows `cstring` in `pg_attribute`.
pub(crate) fn key_columns(index: &Relation) -> Result<Vec<KeyColumn>> {
    let row = index.index.as_ref().ok_or_else(|| Error::internal(format!("{} is no index", index.oid)))?;
    let table = builtin(row.indrelid)?;
    row.indkey
        .iter()
        .enumerate()
        .map(|(k, &number)| {
            let column = table.column(number).ok_or_else(|| Error::internal("a catalog's index has an expression"))?;
            let option = row.indoption.get(k).copied().unwrap_or(0);
            Ok(KeyColumn {
                type_oid: column.atttypid,
                collation: row.indcollation.get(k).copied().unwrap_or(Oid::INVALID),
                descending: option & 1 != 0,
                nulls_first: option & 2 != 0,
            })
        })
        .collect()
}

/// The letter of `pg_class.relpersistence` as the store knows it.
pub fn persistence_of(letter: u8) -> Persistence {
    match letter {
        b'u' => Persistence::Unlogged,
        b't' => Persistence::Temporary,
        _ => Persistence::Permanent,
    }
}

/// The layout of rows with these columns.
pub fn row_layout(columns: &[PgAttribute]) -> Result<RowLayout> {
    let shapes: Vec<ColumnShape> = columns
        .iter()
        .map(|column| {
            let shape = ColumnShape::new(types::repr_of(column.attlen, column.attbyval), column.attlen)
                .with_toast(ToastStrategy::from_letter(column.attstorage));
            match &column.attmissingval {
                Some(missing) if column.atthasmissing => {
                    shape.clone().with_missing(crate::arrays::only_element(&missing.0).unwrap_or_default())
                }
                _ => shape,
            }
        })
        .collect();
    RowLayout::new(shapes)
}

/// A storage option's value, such as `fillfactor`, if it was given.
pub fn storage_option<'a>(class: &'a PgClass, name: &str) -> Option<&'a str> {
    class.reloptions.iter().flatten().find_map(|option| option.strip_prefix(name)?.strip_prefix('='))
}

fn fillfactor(class: &PgClass, default: u8) -> u8 {
    storage_option(class, "fillfactor")
        .and_then(|value| value.parse().ok())
        .filter(|n| (10..=100).contains(n))
        .unwrap_or(default)
}

/// A relation as the table access method sees it.
pub(crate) fn table_of(
    relation: &Relation,
    locator: RelFileLocator,
    toast: Option<RelFileLocator>,
    database: Oid,
    statistics: &stats::Pending,
) -> Result<Table> {
    let database = if relation.class.relisshared { Oid::INVALID } else { database };
    Ok(Table {
        oid: relation.oid,
        name: relation.class.relname.as_ref().into(),
        locator,
        layout: Arc::new(row_layout(&relation.columns)?),
        toast,
        persistence: persistence_of(relation.class.relpersistence),
        fillfactor: fillfactor(&relation.class, 100),
        database,
        cache: Default::default(),
        counters: statistics.relation(database, relation.oid),
    })
}

/// A relation as the index access method sees it.
pub(crate) fn index_of(
    relation: &Relation,
    method: Method,
    locator: RelFileLocator,
    database: Oid,
    statistics: &stats::Pending,
) -> Index {
    let database = if relation.class.relisshared { Oid::INVALID } else { database };
    let included = relation.index.as_ref().is_some_and(|row| row.indnatts > row.indnkeyatts);
    let options = relation.class.reloptions.iter().flatten().filter_map(|option| option.split_once('='));
    Index {
        oid: relation.oid,
        name: relation.class.relname.as_ref().into(),
        method,
        locator,
        persistence: persistence_of(relation.class.relpersistence),
        fillfactor: fillfactor(&relation.class, method.traits().fillfactor.max(10)),
        options: options.map(|(name, value)| (name.into(), value.into())).collect(),
        support: None,
        deduplicate: !included && storage_option(&relation.class, "deduplicate_items") != Some("off"),
        cache: Default::default(),
        counters: statistics.relation(database, relation.oid),
    }
}

/// A key column's value as stored.
fn part_value<'a>(part: &Part<'a>, repr: Repr, scratch: &'a mut Vec<u8>) -> DatumRef<'a> {
    match (*part, repr) {
        (Part::Int(n), Repr::B1) => DatumRef::B1(n as u8),
        (Part::Int(n), Repr::B2) => DatumRef::B2(n as i16),
        (Part::Int(n), Repr::B4) => DatumRef::B4(n as i32),
        (Part::Int(n), Repr::B8) => DatumRef::B8(n),
        (Part::Real(bits), Repr::B4) => DatumRef::B4(bits as i32),
        (Part::Text(text), _) => DatumRef::Bytes(text.as_bytes()),
        (Part::Oids(oids), _) => {
            crate::field::write_oidvector(oids, scratch);
            DatumRef::Bytes(scratch)
        }
        _ => DatumRef::Null,
    }
}

impl Backing {
    /// The key of a row, or of the first columns of one.
    pub fn encode_parts<T: CatalogRow>(&self, handle: &IndexHandle, key: &[Part<'_>]) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let mut scratch: Vec<Vec<u8>> = key.iter().map(|_| Vec::new()).collect();
        let values: Vec<DatumRef<'_>> = key
            .iter()
            .zip(&handle.info.columns)
            .zip(&mut scratch)
            .map(|((part, &column), scratch)| part_value(part, T::COLUMNS[column as usize - 1].1, scratch))
            .collect();
        handle.encoder.encode_row(&values, &self.environment, &mut bytes)?;
        Ok(bytes)
    }

    /// Rows by the first columns of an index, with their places, as the session sees them now; in the index's order.
    pub fn scan<T: CatalogRow>(&self, database: Oid, index: Oid, key: &[Part<'_>]) -> Result<Vec<Stored<T>>> {
        let snapshot = self.transaction.latest_snapshot()?;
        self.scan_between(database, index, key, key, &snapshot, Direction::Forward, usize::MAX)
    }

    /// Rows between two keys of an index, each of them its first columns and both included, as a snapshot sees them; in the index's order or
    /// backwards, and no more than `most`.
    pub fn scan_between<T: CatalogRow>(
        &self,
        database: Oid,
        index: Oid,
        first: &[Part<'_>],
        last: &[Part<'_>],
        snapshot: &ActiveSnapshot,
        direction: Direction,
        most: usize,
    ) -> Result<Vec<Stored<T>>> {
        let table = self.table(T::RELATION, database)?;
        let handle = self.index(index, database)?;
        let lower = self.encode_parts::<T>(&handle, first)?;
        let mut upper = self.encode_parts::<T>(&handle, last)?;
        let bounded = key_successor(&mut upper);
        let range = KeyRange { lower: Some(&lower), upper: bounded.then_some(&upper[..]) };
        let projection: Arc<[Projected]> =
            (0..T::COLUMNS.len() as u16).map(Projected::Column).chain([Projected::RowId]).collect();
        let mut fetch = self.tables.fetch(&self.store, &table, (**snapshot).clone(), projection.clone());
        let mut scan = self.indexes.scan(&self.store, &handle.index, IndexScanOptions::default())?;
        scan.start(range, direction)?;
        let mut entries = IndexEntries::default();
        let mut batch = projected_batch(&table.layout, &projection);
        let mut found: Vec<Fetched> = Vec::new();
        let mut rows = Vec::new();
        while rows.len() < most && scan.next(&mut entries)? {
            batch.clear();
            found.clear();
            fetch.fetch(&entries.tids, FetchMode::Index, &mut batch, &mut found)?;
            for row in 0..batch.len().min(most - rows.len()) {
                rows.push(read_stored(&batch.columns, row)?);
            }
        }
        Ok(rows)
    }

    /// All rows of a catalog, in the order of their places.
    pub fn scan_all<T: CatalogRow>(&self, database: Oid) -> Result<Vec<Stored<T>>> {
        let table = self.table(T::RELATION, database)?;
        let snapshot = self.transaction.latest_snapshot()?;
        let projection: Arc<[Projected]> =
            (0..T::COLUMNS.len() as u16).map(Projected::Column).chain([Projected::RowId]).collect();
        let mut batch = projected_batch(&table.layout, &projection);
        let request = access::ScanRequest {
            snapshot: snapshot.clone(),
            projection,
            direction: Direction::Forward,
            pages: Default::default(),
        };
        let mut scan = self.tables.scan(&self.store, &table, request)?;
        let mut rows = Vec::new();
        loop {
            batch.clear();
            let more = scan.next(&mut batch)?;
            for row in 0..batch.len() {
                rows.push(read_stored(&batch.columns, row)?);
            }
            if !more {
                return Ok(rows);
            }
        }
    }

    fn insert_entries<T: CatalogRow>(&self, database: Oid, row: &T, place: TupleId) -> Result<()> {
        let table = self.table(T::RELATION, database)?;
        for info in indexes().iter().filter(|info| info.relation == T::RELATION) {
            let handle = self.index(info.index, database)?;
            let parts: Vec<Part<'_>> = info.columns.iter().map(|&n| row.part(n as usize)).collect();
            let key = self.encode_parts::<T>(&handle, &parts)?;
            let check = if info.unique { UniqueCheck::Yes } else { UniqueCheck::No };
            let entry = IndexEntry { key: &key, payload: &[], tid: place };
            let methods: (&dyn TableAm, &Table) = (&*self.tables, &table);
            match self.indexes.insert(&self.store, &self.transaction, &handle.index, methods, entry, check)? {
                Inserted::Done | Inserted::MaybeDuplicate => {}
                Inserted::Duplicate(_) => return Err(duplicate::<T>(&handle, &parts)),
            }
        }
        Ok(())
    }
}

fn read_stored<T: CatalogRow>(columns: &[Column], row: usize) -> Result<Stored<T>> {
    let place = columns[T::COLUMNS.len()].b8()[row];
    Ok(Stored { place: TupleId::from_u64(place as u64), row: T::read(columns, row)? })
}

#[cold]
fn duplicate<T: CatalogRow>(handle: &IndexHandle, parts: &[Part<'_>]) -> Error {
    let names: Vec<&str> = handle.info.columns.iter().map(|&n| T::COLUMNS[n as usize - 1].0).collect();
    let values: Vec<String> = parts
        .iter()
        .map(|part| match part {
            Part::Int(n) => n.to_string(),
            Part::Text(text) => text.to_string(),
            Part::Oids(oids) => oids.iter().map(Oid::to_string).collect::<Vec<_>>().join(" "),
            Part::Real(bits) => f32::from_bits(*bits).to_string(),
            Part::Null => "null".into(),
        })
        .collect();
    let message = format!("duplicate key value violates unique constraint \"{}\"", handle.index.name);
    Error::new(SqlState::UNIQUE_VIOLATION, message)
        .detail(format!("Key ({})=({}) already exists.", names.join(", "), values.join(", ")))
        .schema("pg_catalog")
        .table(T::NAME)
        .constraint(&*handle.index.name)
}

/// Which columns of a catalog say what relations its rows belong to.
fn relation_columns(catalog: Oid) -> &'static [usize] {
    match catalog {
        PgClass::RELATION | PgAttribute::RELATION | PgSequence::RELATION | PgPartitionedTable::RELATION => &[1],
        PgAttrdef::RELATION => &[2],
        PgIndex::RELATION | PgInherits::RELATION => &[1, 2],
        PgConstraint::RELATION => &[9],
        PgTrigger::RELATION | PgStatisticExt::RELATION => &[2],
        PgRewrite::RELATION | PgPolicy::RELATION => &[3],
        _ => &[],
    }
}

impl Catalog {
    fn writable(&self) -> Result<&Backing> {
        self.backing.as_ref().ok_or_else(|| Error::internal("this catalog has no store"))
    }

    /// The transaction that reads and writes go through.
    pub fn transaction(&self) -> Result<&Arc<Transaction>> {
        Ok(&self.writable()?.transaction)
    }

    /// Rows with their places, past the cache, to be changed.
    pub fn stored<T: CatalogRow>(&self, index: Oid, key: &[Part<'_>]) -> Result<Vec<Stored<T>>> {
        self.writable()?.scan(self.database(), index, key)
    }

    /// Rows between two keys (each of them first columns of an index; both included) with their places, past the cache, as a snapshot
    /// sees them; in the index's order or backwards, and no more than `most`.
    pub fn stored_between<T: CatalogRow>(
        &self,
        index: Oid,
        first: &[Part<'_>],
        last: &[Part<'_>],
        snapshot: &ActiveSnapshot,
        direction: Direction,
        most: usize,
    ) -> Result<Vec<Stored<T>>> {
        self.writable()?.scan_between(self.database(), index, first, last, snapshot, direction, most)
    }

    /// The one row with this key, with its place, past the cache.
    pub fn stored_row<T: CatalogRow>(&self, index: Oid, key: &[Part<'_>]) -> Result<Option<Stored<T>>> {
        Ok(self.stored(index, key)?.into_iter().next())
    }

    /// All rows of a catalog as they are now. For small catalogs, and what reads them whole.
    pub fn scan_all<T: CatalogRow>(&self) -> Result<Vec<Stored<T>>> {
        match &self.backing {
            Some(backing) => backing.scan_all(self.database()),
            None => {
                Ok(T::builtin().rows().iter().map(|row| Stored { place: TupleId::INVALID, row: row.clone() }).collect())
            }
        }
    }

    /// Adds a row.
    ///
    /// # Errors
    /// `23505` if a unique index has its key already.
    pub fn insert<T: CatalogRow>(&self, row: &T) -> Result<()> {
        let backing = self.writable()?;
        let table = backing.table(T::RELATION, self.database())?;
        let mut columns: Vec<Column> = T::COLUMNS.iter().map(|&(_, repr)| Column::new(repr)).collect();
        row.append_to(&mut columns);
        let stored = Row::Columns(&columns, 0);
        let options = InsertOptions::default();
        let place = backing.tables.insert(&backing.store, &backing.transaction, &table, stored, options)?;
        backing.insert_entries(self.database(), row, place)?;
        self.note_touched(row);
        self.note_change(row)
    }

    /// Replaces a row.
    ///
    /// # Errors
    /// `XX000 tuple concurrently updated` if another transaction was faster; `23505`.
    pub fn update<T: CatalogRow>(&self, stored: &Stored<T>, row: &T) -> Result<()> {
        let backing = self.writable()?;
        self.mark_builtin_change(&stored.row)?;
        let table = backing.table(T::RELATION, self.database())?;
        let mut columns: Vec<Column> = T::COLUMNS.iter().map(|&(_, repr)| Column::new(repr)).collect();
        row.append_to(&mut columns);
        let changed = |info: &&IndexInfo| {
            info.relation == T::RELATION
                && info.columns.iter().any(|&n| row.part(n as usize) != stored.row.part(n as usize))
        };
        let indexed_changed = indexes().iter().any(|info| changed(&info));
        let options = UpdateOptions {
            crosscheck: None,
            wait: WaitPolicy::Block,
            indexed_changed,
            key_changed: indexed_changed,
            kept: &[],
        };
        let snapshot = backing.transaction.latest_snapshot()?;
        let new = Row::Columns(&columns, 0);
        let outcome = backing.tables.update(
            &backing.store,
            &backing.transaction,
            &table,
            stored.place,
            &snapshot,
            new,
            options,
        )?;
        match outcome {
            Outcome::Done(updated) if !updated.hot => backing.insert_entries(self.database(), row, updated.tid)?,
            Outcome::Done(_) => {}
            Outcome::Conflict(_) => return Err(Error::internal("tuple concurrently updated")),
        }
        self.note_touched(row);
        self.note_change(&stored.row)?;
        self.note_change(row)
    }

    /// Deletes a row.
    ///
    /// # Errors
    /// `XX000 tuple concurrently deleted` if another transaction was faster.
    pub fn delete<T: CatalogRow>(&self, stored: &Stored<T>) -> Result<()> {
        let backing = self.writable()?;
        self.mark_builtin_change(&stored.row)?;
        let table = backing.table(T::RELATION, self.database())?;
        let snapshot = backing.transaction.latest_snapshot()?;
        let wait = WaitPolicy::Block;
        let outcome =
            backing.tables.delete(&backing.store, &backing.transaction, &table, stored.place, &snapshot, None, wait)?;
        match outcome {
            Outcome::Done(()) => self.note_change(&stored.row),
            Outcome::Conflict(_) => Err(Error::internal("tuple concurrently deleted")),
        }
    }

    /// Deletes all rows with this key; how many there were.
    pub fn delete_all<T: CatalogRow>(&self, index: Oid, key: &[Part<'_>]) -> Result<usize> {
        let stored = self.stored::<T>(index, key)?;
        stored.iter().try_for_each(|stored| self.delete(stored))?;
        Ok(stored.len())
    }

    /// Changes the one row with this key, if there is one; answers whether there was.
    pub fn change<T: CatalogRow>(&self, index: Oid, key: &[Part<'_>], how: impl FnOnce(&mut T)) -> Result<bool> {
        let Some(stored) = self.stored_row::<T>(index, key)? else { return Ok(false) };
        let mut row = stored.row.clone();
        how(&mut row);
        self.update(&stored, &row)?;
        Ok(true)
    }

    /// Makes what was written so far visible to what follows.
    pub fn next_command(&self) -> Result<()> {
        self.writable()?.transaction.next_command()
    }

    /// Notes the messages that tell others, and later this session, that a row changed.
    fn note_change<T: CatalogRow>(&self, row: &T) -> Result<()> {
        // Pages of large objects are data: nobody caches them.
        if T::RELATION == PgLargeobject::RELATION {
            return Ok(());
        }
        let database = if builtin(T::RELATION)?.class.relisshared { Oid::INVALID } else { self.database() };
        for info in indexes().iter().filter(|info| info.relation == T::RELATION) {
            let first = info.columns.first().map_or(Part::Null, |&n| row.part(n as usize));
            self.note(Message::rows(database, info.index, part_hash(&first)))?;
        }
        for &column in relation_columns(T::RELATION) {
            if let Part::Int(relation @ 1..) = row.part(column) {
                self.note(Message::relation(database, Oid(relation as u32)))?;
            }
        }
        Ok(())
    }
}
