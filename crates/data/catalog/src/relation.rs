//! Relations as the rest of the system sees them: one descriptor with everything that the catalogs say.

use crate::catalog::Catalog;
use crate::entry::Entry;
use crate::index;
use crate::rows::*;
use access::{Index, Table};
use error::{Error, Result, SqlState};
use ids::oids::{DEFAULT_TABLESPACE, GLOBAL_TABLESPACE};
use ids::{Oid, RelFileLocator};
use std::sync::{Arc, LazyLock};

/// Kinds of relation (`pg_class.relkind`).
#[allow(missing_docs)] // the names say it
pub mod kind {
    pub const TABLE: u8 = b'r';
    pub const INDEX: u8 = b'i';
    pub const SEQUENCE: u8 = b'S';
    pub const TOAST: u8 = b't';
    pub const VIEW: u8 = b'v';
    pub const MATERIALIZED_VIEW: u8 = b'm';
    pub const COMPOSITE_TYPE: u8 = b'c';
    pub const FOREIGN_TABLE: u8 = b'f';
    pub const PARTITIONED_TABLE: u8 = b'p';
    pub const PARTITIONED_INDEX: u8 = b'I';
}

/// The detail of an error about a relation of the wrong kind.
pub fn not_supported_for(relkind: u8) -> String {
    let plural = match relkind {
        kind::TABLE => "tables",
        kind::INDEX => "indexes",
        kind::SEQUENCE => "sequences",
        kind::TOAST => "TOAST tables",
        kind::VIEW => "views",
        kind::MATERIALIZED_VIEW => "materialized views",
        kind::COMPOSITE_TYPE => "composite types",
        kind::FOREIGN_TABLE => "foreign tables",
        kind::PARTITIONED_TABLE => "partitioned tables",
        _ => "partitioned indexes",
    };
    format!("This operation is not supported for {plural}.")
}

/// A relation: table, index, sequence, view …
#[derive(Clone, Debug)]
pub struct Relation {
    /// Its object id.
    pub oid: Oid,
    /// Its `pg_class` row. Of a built-in relation, what changes while the server runs (statistics, privileges) is not kept up to date here:
    /// see [`Catalog::class`].
    pub class: PgClass,
    /// Its user columns by number, from 1 (so column `n` is at `n - 1`), dropped ones included.
    pub columns: Vec<PgAttribute>,
    /// Where its files are; meaningless for kinds without storage.
    pub locator: RelFileLocator,
    /// What is special of an index.
    pub index: Option<PgIndex>,
    /// Its indexes, by object id.
    pub indexes: Vec<Oid>,
    /// Default expressions of columns.
    pub defaults: Vec<PgAttrdef>,
    /// Its constraints, by name.
    pub constraints: Vec<PgConstraint>,
    /// Its triggers, by name: the order in which they fire.
    pub triggers: Vec<PgTrigger>,
    /// Its rules, by name.
    pub rules: Vec<PgRewrite>,
    /// Its row security policies, by name.
    pub policies: Vec<PgPolicy>,
    /// A table (or materialized view, sequence, TOAST table) as its access method sees it.
    pub table: Option<Arc<Table>>,
    /// An index as its access method sees it.
    pub index_handle: Option<Arc<Index>>,
}

impl Relation {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.class.relname
    }

    /// Its kind, one of [`kind`].
    pub fn kind(&self) -> u8 {
        self.class.relkind
    }

    /// The detail of a refusal: that the operation is not there for relations of its kind.
    pub fn not_supported(&self) -> String {
        let kinds = match self.kind() {
            kind::TABLE => "tables",
            kind::INDEX => "indexes",
            kind::SEQUENCE => "sequences",
            kind::TOAST => "TOAST tables",
            kind::VIEW => "views",
            kind::MATERIALIZED_VIEW => "materialized views",
            kind::COMPOSITE_TYPE => "composite types",
            kind::FOREIGN_TABLE => "foreign tables",
            kind::PARTITIONED_TABLE => "partitioned tables",
            _ => "partitioned indexes",
        };
        format!("This operation is not supported for {kinds}.")
    }

    /// Column `number`, from 1; `None` if there is none or it was dropped.
    pub fn column(&self, number: i16) -> Option<&PgAttribute> {
        let column = self.columns.get(usize::try_from(number).ok()?.checked_sub(1)?)?;
        (!column.attisdropped).then_some(column)
    }

    /// The column with this name.
    pub fn column_by_name(&self, name: &str) -> Option<&PgAttribute> {
        self.columns.iter().find(|c| !c.attisdropped && c.attname == name)
    }

    /// The columns that were not dropped.
    pub fn live_columns(&self) -> impl Iterator<Item = &PgAttribute> {
        self.columns.iter().filter(|c| !c.attisdropped)
    }

    /// The default expression of column `number`, in the analyzer's stored form.
    pub fn default_of(&self, number: i16) -> Option<&str> {
        self.defaults.iter().find(|d| d.adnum == number).map(|d| &*d.adbin)
    }

    /// Whether it has rows or entries in files of its own.
    pub fn has_storage(&self) -> bool {
        matches!(self.kind(), kind::TABLE | kind::INDEX | kind::SEQUENCE | kind::TOAST | kind::MATERIALIZED_VIEW)
    }

    /// Whether it lives only as long as a session.
    pub fn is_temporary(&self) -> bool {
        self.class.relpersistence == b't'
    }

    /// Whether it is one of the system catalogs or their indexes.
    pub fn is_system(&self) -> bool {
        self.oid < Oid::FIRST_NORMAL
    }
}

/// Where the files of the relation with this row are.
pub fn locator_of(class: &PgClass, database: Oid) -> RelFileLocator {
    let file = if class.relfilenode.is_valid() { class.relfilenode } else { class.oid };
    if class.relisshared {
        return RelFileLocator::new(GLOBAL_TABLESPACE, Oid::INVALID, file);
    }
    let tablespace = if class.reltablespace.is_valid() { class.reltablespace } else { DEFAULT_TABLESPACE };
    RelFileLocator::new(tablespace, database, file)
}

/// The system columns, which every table has: tableoid, cmax, xmax, cmin, xmin, ctid, at numbers -6 to -1.
pub fn system_columns() -> &'static [PgAttribute] {
    static COLUMNS: LazyLock<Vec<PgAttribute>> = LazyLock::new(|| {
        let rows = PgAttribute::builtin().find(index::PG_ATTRIBUTE_RELID_ATTNUM_INDEX, &[PgClass::RELATION.into()]);
        rows.filter(|row| row.attnum < 0).cloned().collect()
    });
    &COLUMNS
}

/// The system column with this name; its `attrelid` is not the relation's.
pub fn system_column_by_name(name: &str) -> Option<&'static PgAttribute> {
    system_columns().iter().find(|column| column.attname == name)
}

/// The built-in relations, by object id; their locators have database zero.
fn builtin_relations() -> &'static [Relation] {
    static RELATIONS: LazyLock<Vec<Relation>> = LazyLock::new(|| {
        let mut relations: Vec<Relation> = PgClass::builtin().rows().iter().map(builtin_relation).collect();
        relations.sort_by_key(|relation| relation.oid);
        relations
    });
    &RELATIONS
}

/// Makes the descriptors now.
pub(crate) fn warm() {
    builtin_relations();
    system_columns();
}

fn builtin_relation(class: &PgClass) -> Relation {
    let oid = class.oid;
    let find = |index: Oid| (index, [oid.into()]);
    macro_rules! all {
        ($Row:ident, $index:ident) => {{
            let (index, key) = find(index::$index);
            $Row::builtin().find(index, &key).cloned()
        }};
    }
    Relation {
        oid,
        class: class.clone(),
        columns: all!(PgAttribute, PG_ATTRIBUTE_RELID_ATTNUM_INDEX).filter(|row| row.attnum > 0).collect(),
        locator: locator_of(class, Oid::INVALID),
        index: all!(PgIndex, PG_INDEX_INDEXRELID_INDEX).next(),
        indexes: {
            let mut indexes: Vec<Oid> = all!(PgIndex, PG_INDEX_INDRELID_INDEX).map(|row| row.indexrelid).collect();
            indexes.sort();
            indexes
        },
        defaults: Vec::new(),
        constraints: all!(PgConstraint, PG_CONSTRAINT_CONRELID_CONTYPID_CONNAME_INDEX).collect(),
        triggers: Vec::new(),
        rules: all!(PgRewrite, PG_REWRITE_REL_RULENAME_INDEX).collect(),
        policies: Vec::new(),
        table: None,
        index_handle: None,
    }
}

impl Relation {
    /// Makes the access methods' handles.
    fn with_handles(mut self, toast: Option<RelFileLocator>, catalog: &Catalog) -> Result<Relation> {
        let database = catalog.database();
        let statistics = catalog.transaction().map(|transaction| transaction.statistics().clone()).unwrap_or_default();
        match self.kind() {
            kind::INDEX => {
                let method = catalog.index_method(self.class.relam)?;
                let index = crate::store::index_of(&self, method, self.locator, database, &statistics);
                self.index_handle = Some(Arc::new(index));
            }
            _ if self.has_storage() => {
                self.table = Some(Arc::new(crate::store::table_of(&self, self.locator, toast, database, &statistics)?));
            }
            _ => {}
        }
        Ok(self)
    }

    /// The handle for the table access method; `42809` for a relation that has no rows of its own.
    pub fn as_table(&self) -> Result<&Arc<Table>> {
        self.table
            .as_ref()
            .ok_or_else(|| Error::new(SqlState::WRONG_OBJECT_TYPE, format!("\"{}\" is not a table", self.name())))
    }

    /// The handle for the index access method; `42809` for a relation that is no index.
    pub fn as_index(&self) -> Result<&Arc<Index>> {
        self.index_handle
            .as_ref()
            .ok_or_else(|| Error::new(SqlState::WRONG_OBJECT_TYPE, format!("\"{}\" is not an index", self.name())))
    }
}

/// The built-in relation with this object id. The database in its locator is not set.
pub fn builtin(oid: Oid) -> Option<&'static Relation> {
    let relations = builtin_relations();
    relations.binary_search_by_key(&oid, |relation| relation.oid).ok().map(|at| &relations[at])
}

impl Catalog {
    /// The relation with this object id; `XX000` if there is none.
    pub fn relation(&self, oid: Oid) -> Result<Entry<Relation>> {
        self.find_relation(oid)?
            .ok_or_else(|| Error::new(SqlState::INTERNAL_ERROR, format!("could not open relation with OID {oid}")))
    }

    /// The relation with this object id, if there is one.
    pub fn find_relation(&self, oid: Oid) -> Result<Option<Entry<Relation>>> {
        /// How often a descriptor is begun anew because others were dropped meanwhile; the last is good for the caller, but not kept.
        const ATTEMPTS: u32 = 8;
        self.catch_up();
        let mut attempt = 1;
        loop {
            let before = {
                let cache = self.cache();
                if let Some(relation) = cache.relations.get(&oid) {
                    return Ok(Some(relation.clone()));
                }
                cache.descriptors_dropped
            };
            let Some(relation) = self.make_relation(oid)? else { return Ok(None) };
            let mut cache = self.cache();
            if cache.descriptors_dropped == before {
                cache.relations.insert(oid, relation.clone());
                return Ok(Some(relation));
            }
            if attempt == ATTEMPTS {
                return Ok(Some(relation));
            }
            attempt += 1;
        }
    }

    fn make_relation(&self, oid: Oid) -> Result<Option<Entry<Relation>>> {
        if oid >= Oid::FIRST_NORMAL {
            return Ok(self.load_relation(oid)?.map(|relation| Entry::Cached(Arc::new(relation))));
        }
        let Some(relation) = builtin(oid) else { return Ok(None) };
        if !relation.has_storage() {
            return Ok(Some(Entry::Builtin(relation)));
        }
        let locator = locator_of(&relation.class, self.database());
        let toast = builtin(relation.class.reltoastrelid);
        let toast = toast.map(|toast| locator_of(&toast.class, self.database()));
        let relation = Relation { locator, ..relation.clone() };
        Ok(Some(Entry::Cached(Arc::new(relation.with_handles(toast, self)?))))
    }

    /// Puts a descriptor together from the catalogs.
    fn load_relation(&self, oid: Oid) -> Result<Option<Relation>> {
        let Some(class) = self.class(oid)? else { return Ok(None) };
        let class = PgClass::clone(&class);
        let key = [oid.into()];
        fn all<T: CatalogRow>(rows: &[Entry<T>]) -> Vec<T> {
            rows.iter().map(|row| T::clone(row)).collect()
        }
        let mut columns = all(&self.read_rows::<PgAttribute>(index::PG_ATTRIBUTE_RELID_ATTNUM_INDEX, &key)?);
        columns.retain(|column| column.attnum > 0);
        let mut indexes = Vec::new();
        if class.relhasindex {
            indexes = self
                .read_rows::<PgIndex>(index::PG_INDEX_INDRELID_INDEX, &key)?
                .iter()
                .filter(|row| row.indislive)
                .map(|row| row.indexrelid)
                .collect();
            indexes.sort();
        }
        let toast = match class.reltoastrelid.is_valid() {
            true => self.class(class.reltoastrelid)?.map(|toast| locator_of(&toast, self.database())),
            false => None,
        };
        let relation = Relation {
            oid,
            table: None,
            index_handle: None,
            locator: locator_of(&class, self.database()),
            index: match class.relkind {
                kind::INDEX | kind::PARTITIONED_INDEX => self
                    .read_rows::<PgIndex>(index::PG_INDEX_INDEXRELID_INDEX, &key)?
                    .first()
                    .map(|row| PgIndex::clone(row)),
                _ => None,
            },
            indexes,
            defaults: match columns.iter().any(|column| column.atthasdef) {
                true => all(&self.read_rows(index::PG_ATTRDEF_ADRELID_ADNUM_INDEX, &key)?),
                false => Vec::new(),
            },
            constraints: match class.relkind {
                kind::TABLE | kind::PARTITIONED_TABLE | kind::FOREIGN_TABLE => {
                    all(&self.read_rows(index::PG_CONSTRAINT_CONRELID_CONTYPID_CONNAME_INDEX, &key)?)
                }
                _ => Vec::new(),
            },
            triggers: match class.relhastriggers {
                true => all(&self.read_rows(index::PG_TRIGGER_TGRELID_TGNAME_INDEX, &key)?),
                false => Vec::new(),
            },
            rules: match class.relhasrules {
                true => all(&self.read_rows(index::PG_REWRITE_REL_RULENAME_INDEX, &key)?),
                false => Vec::new(),
            },
            policies: match class.relrowsecurity {
                true => all(&self.read_rows(index::PG_POLICY_POLRELID_POLNAME_INDEX, &key)?),
                false => Vec::new(),
            },
            columns,
            class,
        };
        relation.with_handles(toast, self).map(Some)
    }

    /// The error of reading or changing a foreign table: no wrapper has a handler here.
    pub fn no_handler(&self, table: Oid) -> Result<Error> {
        let gone = || Error::internal(format!("cache lookup failed for foreign table {table}"));
        let row = self.row::<PgForeignTable>(index::PG_FOREIGN_TABLE_RELID_INDEX, &[table.into()])?.ok_or_else(gone)?;
        let key = [row.ftserver.into()];
        let server = self.row::<PgForeignServer>(index::PG_FOREIGN_SERVER_OID_INDEX, &key)?.ok_or_else(gone)?;
        let key = [server.srvfdw.into()];
        let wrapper = self.row::<PgForeignDataWrapper>(index::PG_FOREIGN_DATA_WRAPPER_OID_INDEX, &key)?;
        let wrapper = wrapper.ok_or_else(gone)?;
        let text = format!("foreign-data wrapper \"{}\" has no handler", wrapper.fdwname);
        Ok(Error::new(SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE, text))
    }

    /// The `pg_class` row of a relation as it is now, statistics and privileges included.
    pub fn class(&self, oid: Oid) -> Result<Option<Entry<PgClass>>> {
        self.row(index::PG_CLASS_OID_INDEX, &[oid.into()])
    }

    /// The name of a relation, if it exists.
    pub fn relation_name(&self, oid: Oid) -> Result<Option<String>> {
        Ok(self.class(oid)?.map(|class| class.relname.to_string()))
    }
}
