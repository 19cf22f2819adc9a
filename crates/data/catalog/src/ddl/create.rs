//! New relations: tables, views, sequences, composite types, and their TOAST tables.

use crate::catalog::Catalog;
use crate::depend::{Dependency, Object};
use crate::entry::Entry;
use crate::field::Text;
use crate::index;
use crate::privileges::ObjectKind;
use crate::relation::{kind, locator_of};
use crate::rows::*;
use crate::store::persistence_of;
use access::Persistence;
use error::{Error, Result, SqlState};
use ids::oids::PG_TOAST;
use ids::{Fork, Oid};

/// The heap table access method.
pub const HEAP: Oid = Oid(2);

/// A column to be made.
#[derive(Clone, Debug)]
pub struct NewColumn {
    /// Its name.
    pub name: String,
    /// Its type.
    pub type_: Oid,
    /// The type's modifier, or -1.
    pub typmod: i32,
    /// Its collation; invalid for types that have none.
    pub collation: Oid,
    /// Array dimensions that were declared; PostgreSQL notes them and does not enforce them.
    pub dimensions: i16,
    /// Whether it refuses nulls. The constraint's own row is made with [`Catalog::create_constraint`].
    pub not_null: bool,
    /// `a` or `d` for an identity column, else 0.
    pub identity: u8,
    /// `s` or `v` for a generated column, else 0.
    pub generated: u8,
    /// How wide values are stored; the type's own way if `None`.
    pub storage: Option<u8>,
    /// `p` or `l` for a compression method, else 0.
    pub compression: u8,
    /// Whether it was declared here, beside being inherited.
    pub local: bool,
    /// From how many parents it is inherited.
    pub inherited: i16,
}

impl NewColumn {
    /// A plain column.
    pub fn new(name: impl Into<String>, type_: Oid, typmod: i32, collation: Oid) -> NewColumn {
        NewColumn {
            name: name.into(),
            type_,
            typmod,
            collation,
            dimensions: 0,
            not_null: false,
            identity: 0,
            generated: 0,
            storage: None,
            compression: 0,
            local: true,
            inherited: 0,
        }
    }
}

/// A relation to be made.
#[derive(Clone, Debug)]
pub struct NewRelation {
    /// Its name.
    pub name: String,
    /// Its schema.
    pub schema: Oid,
    /// One of [`crate::relation::kind`]; not an index (see [`crate::NewIndex`]).
    pub kind: u8,
    /// `p`, `u` or `t`.
    pub persistence: u8,
    /// Its owner.
    pub owner: Oid,
    /// Its tablespace; invalid for the database's.
    pub tablespace: Oid,
    /// Its access method; invalid for the default.
    pub access_method: Oid,
    /// Its columns.
    pub columns: Vec<NewColumn>,
    /// Storage options, `name=value` each.
    pub options: Option<Vec<Text>>,
    /// The type of a typed table, else invalid.
    pub of_type: Oid,
    /// Its privileges, if the defaults were changed.
    pub acl: Option<crate::acl::Acl>,
}

impl NewRelation {
    /// A permanent relation without columns.
    pub fn new(name: impl Into<String>, schema: Oid, kind: u8, owner: Oid) -> NewRelation {
        NewRelation {
            name: name.into(),
            schema,
            kind,
            persistence: b'p',
            owner,
            tablespace: Oid::INVALID,
            access_method: Oid::INVALID,
            columns: Vec::new(),
            options: None,
            of_type: Oid::INVALID,
            acl: None,
        }
    }
}

/// The widest row that a table can have without a TOAST table, in bytes.
const TOAST_THRESHOLD: u64 = 2000;

impl Catalog {
    /// Makes a relation: its rows, its row type and array type, its dependencies, its (empty) files. Its object id.
    ///
    /// # Errors
    /// `42P07` if the schema has a relation of that name, `42710` if it has a type of that name, `42701` for a column named twice.
    pub fn create_relation(&self, new: &NewRelation) -> Result<Oid> {
        if self.relation_in_schema(new.schema, &new.name)?.is_some() {
            return Err(Error::new(SqlState::DUPLICATE_TABLE, format!("relation \"{}\" already exists", new.name)));
        }
        let has_row_type = !matches!(new.kind, kind::SEQUENCE | kind::TOAST);
        if has_row_type {
            self.make_room_for_type(new.schema, &new.name)?;
        }
        for (at, column) in new.columns.iter().enumerate() {
            if new.columns[..at].iter().any(|other| other.name == column.name) {
                let message = format!("column \"{}\" specified more than once", column.name);
                return Err(Error::new(SqlState::DUPLICATE_COLUMN, message));
            }
            if new.kind != kind::VIEW && crate::relation::system_column_by_name(&column.name).is_some() {
                let message = format!("column name \"{}\" conflicts with a system column name", column.name);
                return Err(Error::new(SqlState::DUPLICATE_COLUMN, message));
            }
        }
        let oid = self.new_relation_oid(new.tablespace, false)?;
        let initial = match new.kind {
            kind::SEQUENCE => Some(ObjectKind::Sequence),
            kind::TABLE | kind::VIEW | kind::MATERIALIZED_VIEW | kind::FOREIGN_TABLE | kind::PARTITIONED_TABLE => {
                Some(ObjectKind::Relation)
            }
            _ => None,
        };
        let acl = match (&new.acl, initial) {
            (None, Some(kind)) => self.initial_acl(kind, new.owner, new.schema)?,
            (acl, _) => acl.clone(),
        };
        let has_storage = matches!(new.kind, kind::TABLE | kind::SEQUENCE | kind::TOAST | kind::MATERIALIZED_VIEW);
        let is_heap = matches!(new.kind, kind::TABLE | kind::TOAST | kind::MATERIALIZED_VIEW);
        let (array_type, row_type) = match has_row_type {
            true => {
                let oid_index = index::PG_TYPE_OID_INDEX;
                (self.new_oid::<PgType>(oid_index)?, self.new_oid::<PgType>(oid_index)?)
            }
            false => (Oid::INVALID, Oid::INVALID),
        };
        let transaction = self.transaction()?;
        let class = PgClass {
            oid,
            relname: new.name.clone().into(),
            relnamespace: new.schema,
            reltype: row_type,
            reloftype: new.of_type,
            relowner: new.owner,
            relam: match new.access_method.is_valid() {
                true => new.access_method,
                false if is_heap => HEAP,
                false => Oid::INVALID,
            },
            relfilenode: if has_storage { oid } else { Oid::INVALID },
            reltablespace: new.tablespace,
            relpages: (new.kind == kind::SEQUENCE) as i32,
            reltuples: if new.kind == kind::SEQUENCE { 1.0 } else { -1.0 },
            relpersistence: new.persistence,
            relkind: new.kind,
            relnatts: new.columns.len() as i16,
            relispopulated: true,
            relreplident: match new.kind {
                kind::TABLE | kind::MATERIALIZED_VIEW | kind::PARTITIONED_TABLE => b'd',
                _ => b'n',
            },
            relfrozenxid: if is_heap { transaction.transactions().oldest_running().0 as u32 } else { 0 },
            relminmxid: is_heap as u32,
            relacl: acl.clone(),
            reloptions: new.options.clone(),
            ..Default::default()
        };
        if has_storage {
            let locator = locator_of(&class, self.database());
            transaction.drop_at_abort(locator);
            transaction.statistics().created(transaction.level(), self.database(), oid);
            self.create_file(&class)?;
        }
        self.insert(&class)?;
        for (at, column) in new.columns.iter().enumerate() {
            self.insert(&self.column_row(oid, at as i16 + 1, column)?)?;
        }
        if !matches!(new.kind, kind::VIEW | kind::COMPOSITE_TYPE) {
            for column in crate::relation::system_columns() {
                self.insert(&PgAttribute { attrelid: oid, ..column.clone() })?;
            }
        }
        let this = Object::relation(oid);
        if has_row_type {
            self.create_row_type(new, oid, row_type, array_type)?;
        }
        for (at, column) in new.columns.iter().enumerate() {
            self.record_column_dependencies(oid, at as i16 + 1, column.type_, column.collation)?;
        }
        match new.kind {
            kind::COMPOSITE_TYPE => {
                self.record_dependency(this, Object::of::<PgType>(row_type), Dependency::Internal)?;
            }
            kind::TOAST => {}
            _ => {
                if !has_storage {
                    self.record_tablespace(this, new.tablespace)?;
                }
                self.record_dependency(this, Object::of::<PgNamespace>(new.schema), Dependency::Normal)?;
                if new.of_type.is_valid() {
                    self.record_dependency(this, Object::of::<PgType>(new.of_type), Dependency::Normal)?;
                }
                self.record_dependency(this, Object::of::<PgAm>(class.relam), Dependency::Normal)?;
                self.record_owner(this, new.owner)?;
                self.record_acl(this, new.owner, acl.as_ref())?;
            }
        }
        self.next_command()?;
        Ok(oid)
    }

    /// The row of a schema's relation by its name, if there is one.
    pub fn relation_in_schema(&self, schema: Oid, name: &str) -> Result<Option<Entry<PgClass>>> {
        self.row::<PgClass>(index::PG_CLASS_RELNAME_NSP_INDEX, &[name.into(), schema.into()])
    }

    /// Makes the empty main fork of a relation with this row.
    pub(crate) fn create_file(&self, class: &PgClass) -> Result<()> {
        let Some(backing) = &self.backing else { return Err(Error::internal("this catalog has no store")) };
        let persistence = persistence_of(class.relpersistence);
        let locator = locator_of(class, self.database());
        backing.store.storage.create(locator, Fork::Main, persistence)?;
        if persistence == Persistence::Unlogged {
            backing.store.storage.create(locator, Fork::Init, Persistence::Permanent)?;
        }
        Ok(())
    }

    pub(crate) fn column_row(&self, relation: Oid, number: i16, column: &NewColumn) -> Result<PgAttribute> {
        if self.type_(column.type_)?.typtype == b'p' && column.type_ != Oid(2249) {
            let message = format!("column \"{}\" has pseudo-type {}", column.name, self.type_name(column.type_)?);
            return Err(Error::new(SqlState::INVALID_TABLE_DEFINITION, message));
        }
        self.column_row_of_any_type(relation, number, column)
    }

    /// The same for an index, whose operator classes may store what no table does.
    pub(crate) fn column_row_of_any_type(&self, relation: Oid, number: i16, column: &NewColumn) -> Result<PgAttribute> {
        let type_ = self.type_(column.type_)?;
        Ok(PgAttribute {
            attrelid: relation,
            attname: column.name.clone().into(),
            atttypid: column.type_,
            attlen: type_.typlen,
            attnum: number,
            atttypmod: column.typmod,
            attndims: column.dimensions,
            attbyval: type_.typbyval,
            attalign: type_.typalign,
            attstorage: column.storage.unwrap_or(type_.typstorage),
            attcompression: column.compression,
            attnotnull: column.not_null,
            attidentity: column.identity,
            attgenerated: column.generated,
            attislocal: column.local,
            attinhcount: column.inherited,
            attcollation: column.collation,
            ..Default::default()
        })
    }

    pub(crate) fn record_column_dependencies(
        &self,
        relation: Oid,
        number: i16,
        type_: Oid,
        collation: Oid,
    ) -> Result<()> {
        let mut on = vec![Object::of::<PgType>(type_)];
        if collation.is_valid() {
            on.push(Object::of::<PgCollation>(collation));
        }
        self.record_dependencies(Object::column(relation, number), &on, Dependency::Normal)
    }

    /// Gives a table a TOAST table if its rows may outgrow a page and it has none.
    pub fn create_toast_table(&self, table: Oid) -> Result<Option<Oid>> {
        let relation = self.relation(table)?;
        if relation.class.reltoastrelid.is_valid()
            || !matches!(relation.kind(), kind::TABLE | kind::MATERIALIZED_VIEW)
            || !self.needs_toast(&relation)?
        {
            return Ok(None);
        }
        let schema = match relation.is_temporary() {
            true => {
                let name = self.schema_name(relation.class.relnamespace)?.unwrap_or_default();
                self.require_schema(&name.replacen("pg_temp", "pg_toast_temp", 1))?
            }
            false => PG_TOAST,
        };
        let column =
            |name: &str, type_: Oid| NewColumn { storage: Some(b'p'), ..NewColumn::new(name, type_, -1, Oid::INVALID) };
        let toast = self.create_relation(&NewRelation {
            persistence: relation.class.relpersistence,
            tablespace: relation.class.reltablespace,
            columns: vec![
                column("chunk_id", types::oid::OID),
                column("chunk_seq", types::oid::INT4),
                column("chunk_data", types::oid::BYTEA),
            ],
            ..NewRelation::new(format!("pg_toast_{table}"), schema, kind::TOAST, relation.class.relowner)
        })?;
        let key =
            |number, opclass: u32| super::NewIndexColumn { opclass: Oid(opclass), ..super::NewIndexColumn::of(number) };
        self.create_index(&super::NewIndex {
            unique: true,
            primary: true,
            ..super::NewIndex::new(format!("pg_toast_{table}_index"), toast, vec![key(1, 1981), key(2, 1978)])
        })?;
        self.record_dependency(Object::relation(toast), Object::relation(table), Dependency::Internal)?;
        self.change::<PgClass>(index::PG_CLASS_OID_INDEX, &[table.into()], |class| class.reltoastrelid = toast)?;
        self.next_command()?;
        Ok(Some(toast))
    }

    /// Whether some column can be stored out of line and the row may be wider than the threshold.
    fn needs_toast(&self, relation: &crate::Relation) -> Result<bool> {
        let (mut width, mut unlimited, mut toastable) = (0u64, false, false);
        for column in relation.live_columns().filter(|column| column.attgenerated != b'v') {
            if column.attlen > 0 {
                width += column.attlen as u64;
                continue;
            }
            toastable |= column.attstorage != b'p';
            match (column.atttypid, column.atttypmod) {
                (types::oid::VARCHAR | types::oid::BPCHAR, limit @ 4..) => width += (limit as u64 - 4) * 4 + 4,
                (types::oid::NUMERIC, precision @ 4..) => width += ((precision as u64 - 4) >> 16) / 2 + 12,
                (types::oid::BIT | types::oid::VARBIT, bits @ 0..) => width += bits as u64 / 8 + 9,
                _ => unlimited = true,
            }
        }
        Ok(toastable && (unlimited || width > TOAST_THRESHOLD))
    }

    /// Makes a sequence's row in `pg_sequence`; its relation exists already.
    pub fn create_sequence_row(&self, row: &PgSequence) -> Result<()> {
        self.insert(row)?;
        self.next_command()
    }

    /// Makes a schema.
    ///
    /// # Errors
    /// `42P06` if there is one of that name.
    pub fn create_schema(&self, name: &str, owner: Oid, acl: Option<crate::acl::Acl>) -> Result<Oid> {
        if self.row::<PgNamespace>(index::PG_NAMESPACE_NSPNAME_INDEX, &[name.into()])?.is_some() {
            return Err(Error::new(SqlState::DUPLICATE_SCHEMA, format!("schema \"{name}\" already exists")));
        }
        let oid = self.new_oid::<PgNamespace>(index::PG_NAMESPACE_OID_INDEX)?;
        let this = Object::of::<PgNamespace>(oid);
        let acl = match acl {
            Some(acl) => Some(acl),
            None => self.initial_acl(ObjectKind::Schema, owner, Oid::INVALID)?,
        };
        self.record_owner(this, owner)?;
        self.record_acl(this, owner, acl.as_ref())?;
        self.insert(&PgNamespace { oid, nspname: name.to_string().into(), nspowner: owner, nspacl: acl })?;
        self.next_command()?;
        Ok(oid)
    }

    /// Whether the transaction has named the schema of temporary objects, or made or dropped something in it. Tables that it has only
    /// read or changed are told by their locks.
    pub fn has_used_temporary(&self) -> bool {
        self.session().temporary_used
    }

    /// The session's schema for temporary objects, if it has one.
    pub fn temporary_schema_if_any(&self) -> Option<Oid> {
        self.session().temp_namespace
    }

    /// The session's schema for temporary objects, made now if it has none yet: `pg_temp_N` for session number `number`.
    pub fn temporary_schema(&self, number: u32) -> Result<Oid> {
        let known = {
            let mut session = self.session();
            session.temporary_used = true;
            session.temp_namespace
        };
        if let Some(schema) = known
            && self.schema(schema)?.is_some()
        {
            return Ok(schema);
        }
        let owner = ids::oids::BOOTSTRAP_ROLE;
        let name = format!("pg_temp_{number}");
        let key = [name.as_str().into()];
        let schema = match self.row::<PgNamespace>(index::PG_NAMESPACE_NSPNAME_INDEX, &key)? {
            // An earlier session of this number may have left something there when it crashed.
            Some(row) => {
                let schema = row.oid;
                self.drop_contents(schema)?;
                schema
            }
            None => {
                let toast = format!("pg_toast_temp_{number}");
                if self.row::<PgNamespace>(index::PG_NAMESPACE_NSPNAME_INDEX, &[toast.as_str().into()])?.is_none() {
                    self.create_schema(&toast, owner, None)?;
                }
                self.create_schema(&name, owner, None)?
            }
        };
        let mut session = self.session();
        session.temp_namespace = Some(schema);
        session.path = None;
        Ok(schema)
    }

    /// Drops all that is in a schema, and what depends on that, without a word.
    ///
    /// # Errors
    /// `2BP01` if the system needs something of it.
    pub fn drop_contents(&self, schema: Oid) -> Result<()> {
        let key = [PgNamespace::RELATION.into(), schema.into()];
        let contents: Vec<Object> = (self.read_rows::<PgDepend>(index::PG_DEPEND_REFERENCE_INDEX, &key)?.iter())
            .filter(|row| row.deptype == b'n')
            .map(|row| Object { class: row.classid, oid: row.objid, sub: row.objsubid })
            .collect();
        self.drop_objects(&contents, crate::DropBehavior::Cascade).map(|_| ())
    }

    /// Whether a relation is a temporary one of another session: its rows are that session's alone.
    pub fn is_other_temporary(&self, class: &PgClass) -> bool {
        class.relpersistence == b't' && {
            let own = self.session().temp_namespace;
            own != Some(class.relnamespace) && class.relkind != kind::TOAST
        }
    }
}
