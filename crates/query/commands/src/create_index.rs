//! CREATE INDEX, and the filling of new indexes.
//!
//! The entries of all rows are made batch by batch, sorted as bytes within `maintenance_work_mem`, checked for duplicates as neighbours,
//! and handed to the access method in order.

use std::sync::Arc;

use access::{IndexEntry, Projected, SortedEntries};
use analyzer::query::SqlType;
use batch::{Batch, ByteValues, Column, DatumRef, Repr};
use catalog::objects::BTREE;
use catalog::rows::PgIndex;
use catalog::{NewIndex, NewIndexColumn, Relation};
use error::{Error, Result, SqlState};
use executor::relation::{OpenIndex, OpenTable};
use executor::store::sorter::Sorter;
use ids::{Oid, TupleId};
use parser::ast::{CreateIndex, IndexElement, IndexKey, SortDirection, SortNulls};

use crate::{Context, options};

/// An index to be made on a table.
pub(crate) struct IndexPlan {
    pub table: Oid,
    pub name: Option<String>,
    pub columns: Vec<NewIndexColumn>,
    pub keys: usize,
    pub unique: bool,
    pub primary: bool,
    pub nulls_not_distinct: bool,
    pub for_constraint: bool,
    pub options: Option<Vec<catalog::field::Text>>,
}

impl IndexPlan {
    /// A plain B-tree index on columns, with others included.
    pub fn of_columns(context: &Context<'_>, table: Oid, keys: &[i16], included: &[i16]) -> Result<IndexPlan> {
        let relation = context.catalog().relation(table)?;
        let mut columns = keys.iter().map(|&n| key_column(context, &relation, n)).collect::<Result<Vec<_>>>()?;
        columns.extend(included.iter().map(|&number| NewIndexColumn::of(number)));
        Ok(IndexPlan {
            table,
            name: None,
            columns,
            keys: keys.len(),
            unique: false,
            primary: false,
            nulls_not_distinct: false,
            for_constraint: false,
            options: None,
        })
    }
}

/// A key column with its default operator class.
fn key_column(context: &Context<'_>, relation: &Relation, number: i16) -> Result<NewIndexColumn> {
    let column = relation.column(number).ok_or_else(|| Error::internal("an index column is gone"))?;
    let ty = SqlType { oid: column.atttypid, typmod: column.atttypmod, collation: column.attcollation };
    let opclass = context.catalog().default_opclass(BTREE, ty.oid)?.ok_or_else(|| {
        let text = format!(
            "data type {} has no default operator class for access method \"btree\"",
            context.session.type_name(ty.oid).unwrap_or_default()
        );
        Error::new(SqlState::UNDEFINED_OBJECT, text).hint(
            "You must specify an operator class for the index or define a default operator class for the data type.",
        )
    })?;
    Ok(NewIndexColumn { opclass, collation: ty.collation, ..NewIndexColumn::of(number) })
}

/// CREATE INDEX.
pub(crate) fn create_index(context: &Context<'_>, create: &CreateIndex) -> Result<()> {
    if create.concurrently {
        return Err(Error::not_implemented("CREATE INDEX CONCURRENTLY"));
    }
    if let Some(method) = create.access_method.as_deref().filter(|method| *method != "btree") {
        return match context.catalog().access_method_by_name(method)? {
            Some(_) => Err(Error::not_implemented(format_args!("access method {method}"))),
            None => {
                let text = format!("access method \"{method}\" does not exist");
                Err(Error::new(SqlState::UNDEFINED_OBJECT, text))
            }
        };
    }
    if create.filter.is_some() {
        return Err(Error::not_implemented("partial indexes"));
    }
    let relation = context.open(&create.relation.name, 5)?;
    context.require_owner(&relation)?;
    if !matches!(relation.kind(), catalog::relation::kind::TABLE | catalog::relation::kind::MATERIALIZED_VIEW) {
        let text = format!("cannot create index on relation \"{}\"", relation.name());
        return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, text));
    }
    if let Some(name) = &create.name
        && create.if_not_exists
    {
        let schema = context.catalog().schema_name(relation.class.relnamespace)?;
        if context.catalog().relation_by_name(schema.as_deref(), name)?.is_some() {
            context.inform(SqlState::DUPLICATE_TABLE, format!("relation \"{name}\" already exists, skipping"));
            return Ok(());
        }
    }
    let number = |element: &IndexElement| match &element.key {
        IndexKey::Column(name) => relation
            .column_by_name(name)
            .map(|column| column.attnum)
            .ok_or_else(|| Error::new(SqlState::UNDEFINED_COLUMN, format!("column \"{name}\" does not exist"))),
        IndexKey::Expr(_) => Err(Error::not_implemented("indexes on expressions")),
    };
    let mut columns = Vec::new();
    for element in &create.elements {
        let mut column = key_column(context, &relation, number(element)?)?;
        if let Some(class) = &element.operator_class {
            let schema = class.qualifiers.last().map(|schema| &**schema);
            column.opclass = context.catalog().opclass_by_name(BTREE, schema, &class.name)?.ok_or_else(|| {
                let text = format!("operator class \"{class}\" does not exist for access method \"btree\"");
                Error::new(SqlState::UNDEFINED_OBJECT, text)
            })?;
        }
        if let Some(collation) = &element.collation {
            column.collation = context.analyzer().collation_name_of(collation)?;
        }
        let descending = element.direction == SortDirection::Descending;
        let nulls_first = match element.nulls {
            SortNulls::First => true,
            SortNulls::Last => false,
            SortNulls::Default => descending,
        };
        column.option = descending as i16 | (nulls_first as i16) << 1;
        columns.push(column);
    }
    let keys = columns.len();
    for element in &create.including {
        columns.push(NewIndexColumn::of(number(element)?));
    }
    let plan = IndexPlan {
        table: relation.oid,
        name: create.name.as_deref().map(str::to_string),
        columns,
        keys,
        unique: create.unique,
        primary: false,
        nulls_not_distinct: create.nulls_not_distinct,
        for_constraint: false,
        options: options::storage(&create.options, true)?,
    };
    self::create(context, &plan).map(|_| ())
}

/// Makes an index and fills it; its object id and name.
pub(crate) fn create(context: &Context<'_>, plan: &IndexPlan) -> Result<(Oid, String)> {
    let catalog = context.catalog();
    let relation = catalog.relation(plan.table)?;
    let schema = relation.class.relnamespace;
    let name = match &plan.name {
        Some(name) => name.clone(),
        None => {
            let name =
                |column: &NewIndexColumn| relation.column(column.number).map_or("expr", |c| &c.attname).to_string();
            let names: Vec<String> = plan.columns.iter().map(name).collect();
            match (plan.primary, plan.for_constraint) {
                (true, _) => catalog.choose_name(schema, relation.name(), "", "pkey", &|_| false)?,
                (false, true) => catalog.choose_name(schema, relation.name(), &names.join("_"), "key", &|_| false)?,
                (false, false) => catalog.choose_name(schema, relation.name(), &names.join("_"), "idx", &|_| false)?,
            }
        }
    };
    let mut new = NewIndex::new(name.clone(), plan.table, plan.columns.clone());
    new.keys = Some(plan.keys);
    new.unique = plan.unique;
    new.primary = plan.primary;
    new.nulls_not_distinct = plan.nulls_not_distinct;
    new.for_constraint = plan.for_constraint;
    new.options = plan.options.clone();
    let index = catalog.create_index(&new)?;
    fill(context, plan.table, index)?;
    Ok((index, name))
}

/// Columns of the sorter's rows: the row's place, the payload, whether it counts for uniqueness.
const SORTED: [Repr; 3] = [Repr::B8, Repr::Bytes, Repr::B1];

/// Fills an index, whose file is new, from its table.
pub(crate) fn fill(context: &Context<'_>, table: Oid, index: Oid) -> Result<()> {
    let session = context.session;
    let table = OpenTable::open(session, table)?;
    let index = OpenIndex::open(session, index)?;
    let mut projection: Vec<Projected> = Vec::new();
    for &number in index.row.indkey.iter() {
        let column = u16::try_from(number - 1).map_err(|_| Error::not_implemented("indexes on expressions"))?;
        projection.push(Projected::Column(column));
    }
    projection.push(Projected::RowId);
    let width = projection.len() - 1;
    let memory = context.services.setting_int("maintenance_work_mem")?.max(64) as usize * 1024;
    let mut sorter = Sorter::new(SORTED.to_vec(), memory, None, session.temporary_directory()).with_keys();
    let (mut keys, mut sorted) = (ByteValues::new(), Batch::new(SORTED));
    let mut payload = Vec::new();
    let mut consume = |rows: &Batch, alive: &[bool]| {
        session.check_interrupts()?;
        keys.clear();
        sorted.clear();
        let values: Vec<&Column> = rows.columns[..width].iter().collect();
        let count = rows.row_count();
        keys.resize(count);
        for (k, row) in rows.rows().iter().enumerate() {
            let null = keys.put_with(k, |to| index.key(&values, row, session.env(), to))?;
            payload.clear();
            index.payload(&values, row, &mut payload)?;
            let counts = alive[k] && (!null || index.row.indnullsnotdistinct);
            sorted.columns[0].push(rows.columns[width].get(row));
            sorted.columns[1].push(DatumRef::Bytes(&payload));
            sorted.columns[2].push(DatumRef::B1(counts as u8));
        }
        sorted.set_len(count);
        sorter.add(&sorted, sorted.rows(), &keys)
    };
    let broken = session.tables.scan_for_index(
        session.store,
        session.transaction,
        &table.table,
        Arc::from(projection),
        &mut consume,
    )?;
    sorter.finish()?;
    let mut entries = Entries {
        sorter: &mut sorter,
        batch: Batch::new(SORTED),
        at: 0,
        previous: Vec::new(),
        previous_counts: false,
        index: &index,
        table: &table,
        context,
    };
    let rows = session.indexes.build(session.store, &index.index, &mut entries)?;
    let pages = session.store.storage.block_count(index.index.locator, ids::Fork::Main)?;
    if broken {
        let key = [index.index.oid.into()];
        let catalog = context.catalog();
        catalog.change::<PgIndex>(catalog::index::PG_INDEX_INDEXRELID_INDEX, &key, |row| row.indcheckxmin = true)?;
        catalog.next_command()?;
    }
    context.catalog().alter_class(index.index.oid, |class| {
        class.relpages = pages as i32;
        class.reltuples = rows as f32;
    })
}

/// The sorted entries, with a look at duplicates.
struct Entries<'a> {
    sorter: &'a mut Sorter,
    batch: Batch,
    at: usize,
    previous: Vec<u8>,
    previous_counts: bool,
    index: &'a OpenIndex,
    table: &'a OpenTable,
    context: &'a Context<'a>,
}

impl SortedEntries for Entries<'_> {
    fn next(&mut self) -> Result<Option<IndexEntry<'_>>> {
        if self.at == self.batch.len() {
            self.at = 0;
            self.context.session.check_interrupts()?;
            if !self.sorter.next(&mut self.batch)? {
                return Ok(None);
            }
        }
        let row = self.at;
        self.at += 1;
        let key = self.sorter.key(row);
        let counts = self.batch.columns[2].b1()[row] != 0;
        if self.index.row.indisunique {
            if counts && self.previous_counts && self.previous == key {
                return Err(self.duplicate(key)?);
            }
            if counts || self.previous != key {
                self.previous.clear();
                self.previous.extend_from_slice(key);
                self.previous_counts = counts;
            }
        }
        Ok(Some(IndexEntry {
            key,
            payload: self.batch.columns[1].bytes().get(row),
            tid: TupleId::from_u64(self.batch.columns[0].b8()[row] as u64),
        }))
    }
}

impl Entries<'_> {
    fn duplicate(&self, key: &[u8]) -> Result<Error> {
        let name = &self.index.index.name;
        let mut error = Error::new(SqlState::UNIQUE_VIOLATION, format!("could not create unique index \"{name}\""));
        let mut values: Vec<Column> = self.index.reprs().iter().map(|&repr| Column::new(repr)).collect();
        let relation = &self.table.relation;
        if self.index.decode(key, &[], &mut values).is_ok() {
            let (mut names, mut shown) = (Vec::new(), Vec::new());
            for (n, column) in self.index.columns.iter().enumerate() {
                let attribute = relation.column(self.index.row.indkey[n]);
                names.push(attribute.map_or_else(|| "expr".into(), |c| catalog::format::quote_identifier(&c.attname)));
                let mut text = Vec::new();
                types::output(column.type_oid, values[n].get(0), self.context.session.env(), &mut text)?;
                shown.push(String::from_utf8_lossy(&text).into_owned());
            }
            error = error.detail(format!("Key ({})=({}) is duplicated.", names.join(", "), shown.join(", ")));
        }
        let schema = self.context.catalog().schema_name(relation.class.relnamespace)?.unwrap_or_default();
        Ok(error.schema(schema).table(relation.name()).constraint(name.as_ref()))
    }
}
