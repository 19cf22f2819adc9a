//! Changes of existing objects: columns, names, schemas, owners, privileges, statistics, files.

use super::create::NewColumn;
use crate::acl::Acl;
use crate::catalog::Catalog;
use crate::depend::{Dependency, Object};
use crate::field::Text;
use crate::index;
use crate::privileges::ObjectKind;
use crate::relation::locator_of;
use crate::rows::*;
use error::{Error, Result, SqlState};
use ids::{Oid, RelFileLocator};

impl Catalog {
    /// Adds a column to a relation. `missing` is the value of rows that exist already, stored as an array of one element.
    ///
    /// # Errors
    /// `42701` if it has a column of that name.
    pub fn add_column(&self, relation: Oid, column: &NewColumn, missing: Option<crate::field::Raw>) -> Result<i16> {
        let descriptor = self.relation(relation)?;
        if descriptor.column_by_name(&column.name).is_some() {
            let message = format!("column \"{}\" of relation \"{}\" already exists", column.name, descriptor.name());
            return Err(Error::new(SqlState::DUPLICATE_COLUMN, message));
        }
        if crate::relation::system_column_by_name(&column.name).is_some() {
            let message = format!("column name \"{}\" conflicts with a system column name", column.name);
            return Err(Error::new(SqlState::DUPLICATE_COLUMN, message));
        }
        let number = descriptor.columns.len() as i16 + 1;
        let mut row = self.column_row(relation, number, column)?;
        row.atthasmissing = missing.is_some();
        row.attmissingval = missing;
        self.insert(&row)?;
        self.change::<PgClass>(index::PG_CLASS_OID_INDEX, &[relation.into()], |class| class.relnatts = number)?;
        self.record_column_dependencies(relation, number, column.type_, column.collation)?;
        self.next_command()?;
        Ok(number)
    }

    /// Forgets what a column depends on by its type.
    pub fn forget_column_dependencies(&self, relation: Oid, number: i16) -> Result<()> {
        let this = Object::column(relation, number);
        for class in [PgType::RELATION, PgCollation::RELATION] {
            self.forget_dependencies(this, Some(Dependency::Normal), Some(class))?;
        }
        Ok(())
    }

    /// Records what a column depends on by its type.
    pub fn record_column_type(&self, relation: Oid, number: i16, type_: Oid, collation: Oid) -> Result<()> {
        self.record_column_dependencies(relation, number, type_, collation)?;
        self.next_command()
    }

    /// The foreign keys that a table has, and those that refer to it.
    pub fn foreign_keys_of(&self, table: Oid) -> Result<Vec<PgConstraint>> {
        let relation = self.relation(table)?;
        let mut found: Vec<PgConstraint> =
            relation.constraints.iter().filter(|constraint| constraint.contype == b'f').cloned().collect();
        found.extend(self.foreign_keys_to(table)?.into_iter().filter(|row| row.conrelid != table));
        Ok(found)
    }

    /// The foreign keys that refer to a table, in the order in which they were made.
    pub fn foreign_keys_to(&self, table: Oid) -> Result<Vec<PgConstraint>> {
        let key = [PgClass::RELATION.into(), table.into()];
        let mut found: Vec<PgConstraint> = Vec::new();
        for row in self.read_rows::<PgDepend>(index::PG_DEPEND_REFERENCE_INDEX, &key)?.iter() {
            if row.classid != PgConstraint::RELATION || found.iter().any(|have| have.oid == row.objid) {
                continue;
            }
            if let Some(row) = self.find_constraint(row.objid)?
                && row.contype == b'f'
                && row.confrelid == table
            {
                found.push(PgConstraint::clone(&row));
            }
        }
        found.sort_by_key(|row| row.oid);
        Ok(found)
    }

    /// Changes the row of a column.
    pub fn alter_column(&self, relation: Oid, number: i16, how: impl FnOnce(&mut PgAttribute)) -> Result<()> {
        let key = [relation.into(), number.into()];
        if !self.change::<PgAttribute>(index::PG_ATTRIBUTE_RELID_ATTNUM_INDEX, &key, how)? {
            return Err(Error::internal(format!("relation {relation} has no column {number}")));
        }
        self.next_command()
    }

    /// Changes the row of a relation.
    pub fn alter_class(&self, relation: Oid, how: impl FnOnce(&mut PgClass)) -> Result<()> {
        if !self.change::<PgClass>(index::PG_CLASS_OID_INDEX, &[relation.into()], how)? {
            return Err(Error::internal(format!("cache lookup failed for relation {relation}")));
        }
        self.next_command()
    }

    /// Gives a column another name. Columns of indexes on it do not follow, as in PostgreSQL.
    ///
    /// # Errors
    /// `42701` if the relation has a column of the new name.
    pub fn rename_column(&self, relation: Oid, number: i16, name: &str) -> Result<()> {
        let descriptor = self.relation(relation)?;
        if descriptor.column_by_name(name).is_some() {
            let message = format!("column \"{name}\" of relation \"{}\" already exists", descriptor.name());
            return Err(Error::new(SqlState::DUPLICATE_COLUMN, message));
        }
        self.alter_column(relation, number, |row| row.attname = name.to_string().into())
    }

    /// Gives a relation another name, and its row type and (of an index) its constraint with it.
    ///
    /// # Errors
    /// `42P07` if its schema has a relation of the new name.
    pub fn rename_relation(&self, relation: Oid, name: &str) -> Result<()> {
        let class = self.class(relation)?.ok_or_else(|| Error::internal("relation is gone"))?;
        if self.relation_in_schema(class.relnamespace, name)?.is_some() {
            return Err(Error::new(SqlState::DUPLICATE_TABLE, format!("relation \"{name}\" already exists")));
        }
        self.alter_class(relation, |row| row.relname = name.to_string().into())?;
        if class.reltype.is_valid() {
            self.rename_type_rows(class.reltype, name)?;
        }
        if matches!(class.relkind, b'i' | b'I')
            && let Some(constraint) = self.constraint_of_index(relation)?
        {
            let key = [constraint.into()];
            self.change::<PgConstraint>(index::PG_CONSTRAINT_OID_INDEX, &key, |row| {
                row.conname = name.to_string().into()
            })?;
            self.next_command()?;
        }
        Ok(())
    }

    fn rename_type_rows(&self, type_: Oid, name: &str) -> Result<()> {
        let row = self.type_(type_)?;
        let (schema, array) = (row.typnamespace, row.typarray);
        // An array type of that name makes room, and so has another name already: it may be the type's own.
        let moved = self.type_in_schema(schema, name)?;
        if moved.as_ref().is_some_and(|other| !other.typisdefined) {
            return Err(Error::new(SqlState::DUPLICATE_OBJECT, format!("type \"{name}\" already exists")));
        }
        let moved = moved.map(|other| other.oid);
        self.make_room_for_new_type(schema, name)?;
        let named = |row: &mut PgType, name: &str| row.typname = name.to_string().into();
        self.change::<PgType>(index::PG_TYPE_OID_INDEX, &[type_.into()], |row| named(row, name))?;
        self.next_command()?;
        if array.is_valid() && moved != Some(array) {
            let name = self.array_type_name(schema, name)?;
            self.change::<PgType>(index::PG_TYPE_OID_INDEX, &[array.into()], |row| named(row, &name))?;
            self.next_command()?;
        }
        Ok(())
    }

    /// Gives a type that is no relation's another name.
    pub fn rename_type(&self, type_: Oid, name: &str) -> Result<()> {
        let row = self.type_(type_)?;
        if row.typrelid.is_valid() {
            return self.rename_relation(row.typrelid, name);
        }
        self.rename_type_rows(type_, name)
    }

    /// Gives a constraint another name, and its index with it.
    pub fn rename_constraint(&self, constraint: Oid, name: &str) -> Result<()> {
        let row = self.constraint(constraint)?;
        if matches!(row.contype, b'p' | b'u' | b'x') && row.conindid.is_valid() {
            return self.rename_relation(row.conindid, name);
        }
        if row.conrelid.is_valid() && self.constraint_by_name(row.conrelid, name)?.is_some() {
            let relation = self.relation(row.conrelid)?;
            let message = format!("constraint \"{name}\" for relation \"{}\" already exists", relation.name());
            return Err(Error::new(SqlState::DUPLICATE_OBJECT, message));
        }
        let key = [constraint.into()];
        self.change::<PgConstraint>(index::PG_CONSTRAINT_OID_INDEX, &key, |row| row.conname = name.to_string().into())?;
        self.next_command()
    }

    /// Gives a schema another name.
    pub fn rename_schema(&self, schema: Oid, name: &str) -> Result<()> {
        if self.row::<PgNamespace>(index::PG_NAMESPACE_NSPNAME_INDEX, &[name.into()])?.is_some() {
            return Err(Error::new(SqlState::DUPLICATE_SCHEMA, format!("schema \"{name}\" already exists")));
        }
        let key = [schema.into()];
        self.change::<PgNamespace>(index::PG_NAMESPACE_OID_INDEX, &key, |row| row.nspname = name.to_string().into())?;
        self.next_command()
    }

    /// The constraint that owns an index, if one does.
    pub fn constraint_of_index(&self, index: Oid) -> Result<Option<Oid>> {
        let key = [PgClass::RELATION.into(), index.into()];
        let rows = self.read_rows::<PgDepend>(index::PG_DEPEND_DEPENDER_INDEX, &key)?;
        let owner = rows.iter().find(|row| row.deptype == b'i' && row.refclassid == PgConstraint::RELATION);
        Ok(owner.map(|row| row.refobjid))
    }

    /// The table whose wide values a TOAST table keeps.
    pub fn table_of_toast(&self, toast: Oid) -> Result<Option<Oid>> {
        let key = [PgClass::RELATION.into(), toast.into()];
        let rows = self.read_rows::<PgDepend>(index::PG_DEPEND_DEPENDER_INDEX, &key)?;
        let owner = rows.iter().find(|row| row.deptype == b'i' && row.refclassid == PgClass::RELATION);
        Ok(owner.map(|row| row.refobjid))
    }

    /// The sequence that an identity or serial column owns, if there is one.
    pub fn owned_sequence(&self, table: Oid, column: i16) -> Result<Option<Oid>> {
        let key = [PgClass::RELATION.into(), table.into(), column.into()];
        for row in self.read_rows::<PgDepend>(index::PG_DEPEND_REFERENCE_INDEX, &key)?.iter() {
            if row.classid == PgClass::RELATION
                && matches!(row.deptype, b'a' | b'i')
                && self.class(row.objid)?.is_some_and(|class| class.relkind == b'S')
            {
                return Ok(Some(row.objid));
            }
        }
        Ok(None)
    }

    /// Moves a relation to another schema, with its row types, indexes, constraints and owned sequences.
    ///
    /// # Errors
    /// `42P07` if the schema has a relation of that name.
    pub fn set_relation_schema(&self, relation: Oid, schema: Oid) -> Result<()> {
        let descriptor = self.relation(relation)?;
        let old = descriptor.class.relnamespace;
        if old == schema {
            return Ok(());
        }
        self.move_relation(relation, old, schema, true)?;
        for &index in &descriptor.indexes {
            self.move_relation(index, old, schema, false)?;
        }
        for constraint in &descriptor.constraints {
            let key = [constraint.oid.into()];
            self.change::<PgConstraint>(index::PG_CONSTRAINT_OID_INDEX, &key, |row| row.connamespace = schema)?;
        }
        for column in descriptor.live_columns() {
            if let Some(sequence) = self.owned_sequence(relation, column.attnum)? {
                self.move_relation(sequence, old, schema, true)?;
            }
        }
        self.next_command()
    }

    fn move_relation(&self, relation: Oid, old: Oid, schema: Oid, has_dependency: bool) -> Result<()> {
        let class = self.class(relation)?.ok_or_else(|| Error::internal("relation is gone"))?;
        if self.relation_in_schema(schema, &class.relname)?.is_some() {
            let name = self.schema_name(schema)?.unwrap_or_default();
            let message = format!("relation \"{}\" already exists in schema \"{name}\"", class.relname);
            return Err(Error::new(SqlState::DUPLICATE_TABLE, message));
        }
        self.alter_class(relation, |row| row.relnamespace = schema)?;
        if has_dependency {
            let (from, to) = (Object::of::<PgNamespace>(old), Object::of::<PgNamespace>(schema));
            self.change_dependency(Object::relation(relation), from, to)?;
        }
        if let Some(row) = self.find_type(class.reltype)? {
            for type_ in [row.oid, row.typarray] {
                self.change::<PgType>(index::PG_TYPE_OID_INDEX, &[type_.into()], |row| row.typnamespace = schema)?;
            }
        }
        self.next_command()
    }

    /// Gives a relation another owner, with its row type, indexes, TOAST table and owned sequences.
    pub fn set_relation_owner(&self, relation: Oid, owner: Oid) -> Result<()> {
        let descriptor = self.relation(relation)?;
        let old = descriptor.class.relowner;
        let acl = descriptor.class.relacl.as_ref().map(|acl| acl.with_owner(old, owner));
        self.alter_class(relation, |row| {
            row.relowner = owner;
            row.relacl = acl.clone();
        })?;
        let this = Object::relation(relation);
        self.change_recorded_owner(this, owner)?;
        self.record_acl(this, owner, acl.as_ref())?;
        if let Some(row) = self.find_type(descriptor.class.reltype)? {
            for type_ in [row.oid, row.typarray] {
                self.change::<PgType>(index::PG_TYPE_OID_INDEX, &[type_.into()], |row| row.typowner = owner)?;
            }
        }
        let toast = Some(descriptor.class.reltoastrelid).filter(|toast| toast.is_valid());
        for part in descriptor.indexes.iter().copied().chain(toast) {
            self.alter_class(part, |row| row.relowner = owner)?;
        }
        for column in descriptor.live_columns() {
            if let Some(sequence) = self.owned_sequence(relation, column.attnum)? {
                self.set_relation_owner(sequence, owner)?;
            }
        }
        self.next_command()
    }

    /// Gives a schema another owner.
    pub fn set_schema_owner(&self, schema: Oid, owner: Oid) -> Result<()> {
        let row = self.schema(schema)?.ok_or_else(|| Error::internal("schema is gone"))?;
        let acl = row.nspacl.as_ref().map(|acl| acl.with_owner(row.nspowner, owner));
        self.change::<PgNamespace>(index::PG_NAMESPACE_OID_INDEX, &[schema.into()], |row| {
            row.nspowner = owner;
            row.nspacl = acl.clone();
        })?;
        let this = Object::of::<PgNamespace>(schema);
        self.change_recorded_owner(this, owner)?;
        self.record_acl(this, owner, acl.as_ref())?;
        self.next_command()
    }

    /// Replaces an object's list; an empty one is stored as it is (nobody may do anything), `None` means the default.
    pub fn set_acl(&self, object_kind: ObjectKind, object: Oid, acl: Option<Acl>) -> Result<()> {
        let (owner, _) = self
            .owner_and_acl(object_kind, object)?
            .ok_or_else(|| Error::internal(format!("{} {object} is gone", object_kind.word())))?;
        let key = [object.into()];
        let new = acl.clone();
        macro_rules! set {
            ($Row:ident, $index:ident, $field:ident) => {{
                self.change::<$Row>(index::$index, &key, |row| row.$field = new)?;
                Object::of::<$Row>(object)
            }};
        }
        let this = match object_kind {
            ObjectKind::Relation | ObjectKind::Sequence => set!(PgClass, PG_CLASS_OID_INDEX, relacl),
            ObjectKind::Database => set!(PgDatabase, PG_DATABASE_OID_INDEX, datacl),
            ObjectKind::Schema => set!(PgNamespace, PG_NAMESPACE_OID_INDEX, nspacl),
            ObjectKind::Function => set!(PgProc, PG_PROC_OID_INDEX, proacl),
            ObjectKind::Type => set!(PgType, PG_TYPE_OID_INDEX, typacl),
            ObjectKind::Language => set!(PgLanguage, PG_LANGUAGE_OID_INDEX, lanacl),
            ObjectKind::Tablespace => set!(PgTablespace, PG_TABLESPACE_OID_INDEX, spcacl),
            ObjectKind::ForeignDataWrapper => set!(PgForeignDataWrapper, PG_FOREIGN_DATA_WRAPPER_OID_INDEX, fdwacl),
            ObjectKind::ForeignServer => set!(PgForeignServer, PG_FOREIGN_SERVER_OID_INDEX, srvacl),
            ObjectKind::LargeObject => {
                set!(PgLargeobjectMetadata, PG_LARGEOBJECT_METADATA_OID_INDEX, lomacl);
                // Others refer to a large object by the catalog of its data.
                Object::of::<PgLargeobject>(object)
            }
            ObjectKind::Parameter => set!(PgParameterAcl, PG_PARAMETER_ACL_OID_INDEX, paracl),
        };
        self.record_acl(this, owner, acl.as_ref())?;
        self.next_command()
    }

    /// Replaces a column's own list.
    pub fn set_column_acl(&self, relation: Oid, number: i16, acl: Option<Acl>) -> Result<()> {
        let owner = self.class(relation)?.map_or(Oid::INVALID, |class| class.relowner);
        self.alter_column(relation, number, |row| row.attacl = acl.clone())?;
        self.record_acl(Object::column(relation, number), owner, acl.as_ref())?;
        self.next_command()
    }

    /// Replaces a relation's storage options.
    pub fn set_options(&self, relation: Oid, options: Option<Vec<Text>>) -> Result<()> {
        self.alter_class(relation, |row| row.reloptions = options)
    }

    /// Notes what VACUUM, ANALYZE or an index build found out about a relation's size.
    pub fn set_statistics(
        &self,
        relation: Oid,
        pages: u32,
        rows: f64,
        all_visible: u32,
        all_frozen: u32,
    ) -> Result<()> {
        let Some(class) = self.class(relation)? else { return Ok(()) };
        let new = (pages as i32, rows as f32, all_visible as i32, all_frozen as i32);
        if (class.relpages, class.reltuples, class.relallvisible, class.relallfrozen) == new {
            return Ok(());
        }
        self.alter_class(relation, |row| (row.relpages, row.reltuples, row.relallvisible, row.relallfrozen) = new)
    }

    /// Gives a relation new, empty files under a new number; the old ones go at commit. For TRUNCATE, REINDEX, rewrites. The caller fills
    /// them (an index: [`Catalog::write_empty_index`]).
    ///
    /// # Errors
    /// `0A000` for the system catalogs, whose file numbers are fixed.
    pub fn new_files(&self, relation: Oid) -> Result<RelFileLocator> {
        self.new_files_in(relation, None)
    }

    /// The same, in another tablespace if one is given (as `reltablespace` has it).
    pub fn new_files_in(&self, relation: Oid, tablespace: Option<Oid>) -> Result<RelFileLocator> {
        let class = self.class(relation)?.ok_or_else(|| Error::internal("relation is gone"))?;
        if relation < Oid::FIRST_UNPINNED {
            return Err(Error::not_implemented("rewriting a system catalog"));
        }
        let transaction = self.transaction()?.clone();
        let old = locator_of(&class, self.database());
        let tablespace = tablespace.unwrap_or(class.reltablespace);
        let file = self.new_file_number(tablespace, class.relisshared)?;
        let mut row = PgClass::clone(&class);
        row.reltablespace = tablespace;
        row.relfilenode = file;
        let locator = locator_of(&row, self.database());
        transaction.drop_at_abort(locator);
        self.create_file(&row)?;
        self.alter_class(relation, |row| {
            row.relfilenode = file;
            row.reltablespace = tablespace;
            row.relpages = 0;
            row.reltuples = -1.0;
            row.relallvisible = 0;
            row.relallfrozen = 0;
        })?;
        transaction.drop_at_commit(old);
        transaction.statistics().emptied(transaction.level(), self.database(), relation);
        Ok(locator)
    }

    /// Records that a table (or partition) inherits from `parent`, as its `sequence`-th parent, from 1.
    pub fn add_parent(&self, child: Oid, parent: Oid, sequence: i32, is_partition: bool) -> Result<()> {
        self.insert(&PgInherits { inhrelid: child, inhparent: parent, inhseqno: sequence, inhdetachpending: false })?;
        let kind = if is_partition { Dependency::Auto } else { Dependency::Normal };
        self.record_dependency(Object::relation(child), Object::relation(parent), kind)?;
        self.change::<PgClass>(index::PG_CLASS_OID_INDEX, &[parent.into()], |class| class.relhassubclass = true)?;
        self.next_command()
    }

    /// The direct children of a table, by object id.
    pub fn children(&self, parent: Oid) -> Result<Vec<Oid>> {
        let rows = self.rows::<PgInherits>(index::PG_INHERITS_PARENT_INDEX, &[parent.into()])?;
        let mut children: Vec<Oid> = rows.iter().map(|row| row.inhrelid).collect();
        children.sort();
        Ok(children)
    }

    /// The highest number that a parent of a table has; zero if it has none.
    pub fn parent_sequence(&self, child: Oid) -> Result<i32> {
        let rows = self.rows::<PgInherits>(index::PG_INHERITS_RELID_SEQNO_INDEX, &[child.into()])?;
        Ok(rows.iter().map(|row| row.inhseqno).max().unwrap_or(0))
    }

    /// The parents of a table, in their order.
    pub fn parents(&self, child: Oid) -> Result<Vec<Oid>> {
        let rows = self.rows::<PgInherits>(index::PG_INHERITS_RELID_SEQNO_INDEX, &[child.into()])?;
        Ok(rows.iter().map(|row| row.inhparent).collect())
    }
}
