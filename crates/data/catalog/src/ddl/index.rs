//! New indexes: their rows and their empty files. Filling one is the executor's work.

use super::create::NewColumn;
use crate::catalog::Catalog;
use crate::depend::{Dependency, Object};
use crate::field::{Int2Vector, OidVector, Text};
use crate::index;
use crate::objects::BTREE;
use crate::relation::kind;
use crate::rows::*;
use error::{Error, Result, SqlState};
use ids::Oid;

/// A key or included column of a new index.
#[derive(Clone, Debug)]
pub struct NewIndexColumn {
    /// The table's column, or 0 for an expression.
    pub number: i16,
    /// The name that the index's own column gets; the table column's (or `expr`) if `None`.
    pub name: Option<String>,
    /// An expression's type and modifier, unused for plain columns.
    pub expression_type: (Oid, i32),
    /// The operator class; invalid for included columns.
    pub opclass: Oid,
    /// The collation; invalid if the type has none, or for included columns.
    pub collation: Oid,
    /// Bit 0: descending; bit 1: nulls first.
    pub option: i16,
    /// Options of the operator class, `name=value` each.
    pub opclass_options: Option<Vec<Text>>,
}

impl NewIndexColumn {
    /// A plain column of the table, without operator class yet.
    pub fn of(number: i16) -> NewIndexColumn {
        NewIndexColumn {
            number,
            name: None,
            expression_type: (Oid::INVALID, -1),
            opclass: Oid::INVALID,
            collation: Oid::INVALID,
            option: 0,
            opclass_options: None,
        }
    }
}

/// An index to be made.
#[derive(Clone, Debug)]
pub struct NewIndex {
    /// Its name.
    pub name: String,
    /// Its table.
    pub table: Oid,
    /// Its columns, keys first.
    pub columns: Vec<NewIndexColumn>,
    /// How many of them are keys; all if `None`.
    pub keys: Option<usize>,
    /// Its access method.
    pub method: Oid,
    /// Refuses equal keys.
    pub unique: bool,
    /// Is the table's primary key.
    pub primary: bool,
    /// Refuses equal nulls, too.
    pub nulls_not_distinct: bool,
    /// Serves an exclusion constraint.
    pub exclusion: bool,
    /// Uniqueness is checked at once (not deferrable).
    pub immediate: bool,
    /// Whether it may be used by queries from the start (not for CREATE INDEX CONCURRENTLY).
    pub valid: bool,
    /// Whether changes must maintain it from the start.
    pub ready: bool,
    /// Expressions of the columns with number 0, in the analyzer's stored form of a list.
    pub expressions: Option<String>,
    /// The predicate of a partial index, in the analyzer's stored form.
    pub predicate: Option<String>,
    /// What expressions and predicate depend on, besides the table's columns.
    pub expression_objects: Vec<Object>,
    /// Columns of the table that only expressions and predicate use.
    pub expression_columns: Vec<i16>,
    /// Its tablespace; invalid for the database's.
    pub tablespace: Oid,
    /// Storage options.
    pub options: Option<Vec<Text>>,
    /// The parent of a partition's index.
    pub parent: Oid,
    /// Whether a constraint will own it: then it depends on that and not on the columns.
    pub for_constraint: bool,
    /// Whether it belongs to a partitioned table and has no entries of its own.
    pub partitioned: bool,
}

impl NewIndex {
    /// A plain B-tree index.
    pub fn new(name: impl Into<String>, table: Oid, columns: Vec<NewIndexColumn>) -> NewIndex {
        NewIndex {
            name: name.into(),
            table,
            columns,
            keys: None,
            method: BTREE,
            unique: false,
            primary: false,
            nulls_not_distinct: false,
            exclusion: false,
            immediate: true,
            valid: true,
            ready: true,
            expressions: None,
            predicate: None,
            expression_objects: Vec::new(),
            expression_columns: Vec::new(),
            tablespace: Oid::INVALID,
            options: None,
            parent: Oid::INVALID,
            for_constraint: false,
            partitioned: false,
        }
    }
}

impl Catalog {
    /// Makes an index: its rows, dependencies and an empty file set up by its access method. Its object id.
    ///
    /// # Errors
    /// `42P07` if the schema has a relation of that name.
    pub fn create_index(&self, new: &NewIndex) -> Result<Oid> {
        let table = self.relation(new.table)?;
        let schema = table.class.relnamespace;
        if self.relation_in_schema(schema, &new.name)?.is_some() {
            return Err(Error::new(SqlState::DUPLICATE_TABLE, format!("relation \"{}\" already exists", new.name)));
        }
        let oid = self.new_relation_oid(new.tablespace, table.class.relisshared)?;
        let keys = new.keys.unwrap_or(new.columns.len());
        let class = PgClass {
            oid,
            relname: new.name.clone().into(),
            relnamespace: schema,
            relowner: table.class.relowner,
            relam: new.method,
            relfilenode: if new.partitioned { Oid::INVALID } else { oid },
            reltablespace: new.tablespace,
            relisshared: table.class.relisshared,
            relpersistence: table.class.relpersistence,
            relkind: if new.partitioned { kind::PARTITIONED_INDEX } else { kind::INDEX },
            relnatts: new.columns.len() as i16,
            relispopulated: true,
            relispartition: new.parent.is_valid(),
            relreplident: b'n',
            reloptions: new.options.clone(),
            ..Default::default()
        };
        if !new.partitioned {
            self.transaction()?.drop_at_abort(crate::relation::locator_of(&class, self.database()));
            self.create_file(&class)?;
        }
        self.insert(&class)?;
        for (at, column) in new.columns.iter().enumerate() {
            self.insert(&self.index_column_row(&table, oid, at, column, at < keys)?)?;
        }
        self.insert(&PgIndex {
            indexrelid: oid,
            indrelid: new.table,
            indnatts: new.columns.len() as i16,
            indnkeyatts: keys as i16,
            indisunique: new.unique,
            indnullsnotdistinct: new.nulls_not_distinct,
            indisprimary: new.primary,
            indisexclusion: new.exclusion,
            indimmediate: new.immediate,
            indisvalid: new.valid,
            indisready: new.ready,
            indislive: true,
            indkey: Int2Vector(new.columns.iter().map(|column| column.number).collect()),
            indcollation: OidVector(new.columns[..keys].iter().map(|column| column.collation).collect()),
            indclass: OidVector(new.columns[..keys].iter().map(|column| column.opclass).collect()),
            indoption: Int2Vector(new.columns[..keys].iter().map(|column| column.option).collect()),
            indexprs: new.expressions.clone().map(Text::from),
            indpred: new.predicate.clone().map(Text::from),
            ..Default::default()
        })?;
        self.record_index_dependencies(new, oid, keys)?;
        if new.partitioned {
            self.record_tablespace(Object::relation(oid), new.tablespace)?;
        }
        if !table.class.relhasindex {
            self.change::<PgClass>(index::PG_CLASS_OID_INDEX, &[new.table.into()], |class| class.relhasindex = true)?;
        }
        self.next_command()?;
        if !new.partitioned {
            self.write_empty_index(oid)?;
        }
        Ok(oid)
    }

    fn index_column_row(
        &self,
        table: &crate::Relation,
        index: Oid,
        at: usize,
        column: &NewIndexColumn,
        is_key: bool,
    ) -> Result<PgAttribute> {
        let (name, mut type_, typmod, collation) = match column.number {
            0 => {
                let (type_, typmod) = column.expression_type;
                ("expr".to_string(), type_, typmod, column.collation)
            }
            number => {
                let source = table
                    .columns
                    .get(number as usize - 1)
                    .or_else(|| crate::relation::system_columns().iter().find(|c| c.attnum == number))
                    .ok_or_else(|| Error::internal(format!("table {} has no column {number}", table.oid)))?;
                let collation = if is_key { column.collation } else { source.attcollation };
                (source.attname.to_string(), source.atttypid, source.atttypmod, collation)
            }
        };
        if is_key && column.opclass.is_valid() {
            let stored = self.opclass(column.opclass)?.opckeytype;
            if stored.is_valid() && stored != crate::objects::pseudo::ANYELEMENT {
                type_ = stored;
            }
        }
        let name = column.name.clone().unwrap_or(name);
        let new = NewColumn::new(name, type_, typmod, collation);
        Ok(PgAttribute {
            attoptions: column.opclass_options.clone(),
            ..self.column_row_of_any_type(index, at as i16 + 1, &new)?
        })
    }

    fn record_index_dependencies(&self, new: &NewIndex, oid: Oid, keys: usize) -> Result<()> {
        let this = Object::relation(oid);
        if !new.for_constraint {
            let mut on: Vec<Object> = new
                .columns
                .iter()
                .map(|column| column.number)
                .chain(new.expression_columns.iter().copied())
                .filter(|&number| number != 0)
                .map(|number| Object::column(new.table, number))
                .collect();
            if new.columns.iter().all(|column| column.number == 0) {
                on.push(Object::relation(new.table));
            }
            self.record_dependencies(this, &on, Dependency::Auto)?;
        }
        if new.parent.is_valid() {
            self.record_dependency(this, Object::relation(new.parent), Dependency::PartitionPrimary)?;
            self.record_dependency(this, Object::relation(new.table), Dependency::PartitionSecondary)?;
        }
        let on: Vec<Object> = new.columns[..keys]
            .iter()
            .flat_map(|column| [Object::of::<PgOpclass>(column.opclass), Object::of::<PgCollation>(column.collation)])
            .filter(|object| object.oid.is_valid())
            .chain(new.expression_objects.iter().copied())
            .collect();
        self.record_dependencies(this, &on, Dependency::Normal)
    }

    /// Writes an empty index into the (just created, empty) file of this one.
    pub fn write_empty_index(&self, oid: Oid) -> Result<()> {
        let relation = self.relation(oid)?;
        let Some(backing) = &self.backing else { return Err(Error::internal("this catalog has no store")) };
        backing.indexes.create(&backing.store, relation.as_index()?)
    }
}
