//! The values of a call's variables.

use std::rc::Rc;

use analyzer::query::SqlType;
use batch::Datum;
use error::{Error, Result, SqlState};
use ids::Oid;
use types::oid;

use crate::Host;
use crate::tree::*;

/// A call's variables.
pub struct Frame {
    /// By number.
    pub values: Vec<Value>,
    /// Types of those variables that get one when they get a value (CASE's).
    pub types: Vec<Option<SqlType>>,
    /// A trigger's transition tables: names, and the tables whose rows they have.
    pub tables: Rc<[(String, Oid)]>,
}

impl Frame {
    /// The table whose rows a transition table has.
    pub fn transition_table(&self, name: &str) -> Option<Oid> {
        self.tables.iter().find(|(own, _)| own == name).map(|(_, table)| *table)
    }
}

/// A variable's value.
#[derive(Clone)]
pub enum Value {
    /// One value.
    Scalar(Datum),
    /// A row.
    Record(Row),
}

/// A row variable's value.
#[derive(Clone, Default)]
pub struct Row {
    /// Its columns; none if it has no value yet and no type that says them.
    pub columns: Option<Rc<[(String, SqlType)]>>,
    /// Its values; none is a null row.
    pub values: Option<Vec<Datum>>,
}

impl Row {
    /// A row of these columns.
    pub fn new(columns: Rc<[(String, SqlType)]>, values: Vec<Datum>) -> Row {
        Row { columns: Some(columns), values: Some(values) }
    }
}

impl Frame {
    /// All null.
    pub fn new(routine: &Routine) -> Frame {
        let value = |variable: &Variable| match variable.kind {
            VariableKind::Record(_) => Value::Record(Row::default()),
            _ => Value::Scalar(Datum::Null),
        };
        Frame {
            values: routine.variables.iter().map(value).collect(),
            types: vec![None; routine.variables.len()],
            tables: Rc::from([]),
        }
    }

    /// A variable's type.
    pub fn type_of(&self, routine: &Routine, number: Number) -> SqlType {
        if let Some(ty) = self.types[number] {
            return ty;
        }
        match &routine.variables[number].kind {
            VariableKind::Scalar(ty) => *ty,
            VariableKind::Cursor(_) => SqlType::plain(oid::REFCURSOR),
            VariableKind::Record(row_type) => SqlType::plain(*row_type),
        }
    }

    fn row(&self, number: Number) -> Option<&Row> {
        match &self.values[number] {
            Value::Record(row) => Some(row),
            Value::Scalar(_) => None,
        }
    }

    /// Where a field of a row stands.
    pub fn field_at(&self, routine: &Routine, number: Number, field: &str) -> Result<usize> {
        let variable = &routine.variables[number];
        let Some(columns) = self.row(number).and_then(|row| row.columns.as_ref()) else {
            return Err(not_assigned(&variable.name));
        };
        columns.iter().position(|(name, _)| name == field).ok_or_else(|| {
            let text = format!("record \"{}\" has no field \"{field}\"", variable.name);
            Error::new(SqlState::UNDEFINED_COLUMN, text)
        })
    }

    /// The columns that a row has now.
    pub fn columns(&self, routine: &Routine, number: Number) -> Result<Rc<[(String, SqlType)]>> {
        let columns = self.row(number).and_then(|row| row.columns.clone());
        columns.ok_or_else(|| not_assigned(&routine.variables[number].name))
    }

    /// The type of a row's field.
    pub fn field_type(&self, routine: &Routine, number: Number, field: &str) -> Result<SqlType> {
        let at = self.field_at(routine, number, field)?;
        let columns = self.row(number).and_then(|row| row.columns.as_ref());
        Ok(columns.map_or(SqlType::plain(oid::UNKNOWN), |columns| columns[at].1))
    }

    /// The value of a row's field.
    pub fn field(&self, routine: &Routine, number: Number, field: &str) -> Result<Datum> {
        let at = self.field_at(routine, number, field)?;
        let values = self.row(number).and_then(|row| row.values.as_ref());
        Ok(values.and_then(|values| values.get(at).cloned()).unwrap_or_default())
    }

    /// A row as one value.
    pub fn row_value(&self, host: &dyn Host, routine: &Routine, number: Number) -> Result<Datum> {
        let Some(row) = self.row(number) else { return Ok(Datum::Null) };
        let VariableKind::Record(row_type) = routine.variables[number].kind else { return Ok(Datum::Null) };
        compose(host, row_type, row)
    }

    /// The columns of a composite type, so that fields of a row variable without a value are known.
    pub fn shape(&mut self, host: &dyn Host, routine: &Routine, number: Number) -> Result<()> {
        let VariableKind::Record(row_type) = routine.variables[number].kind else { return Ok(()) };
        let columns = columns_of(host, row_type)?;
        self.values[number] = Value::Record(Row { columns, values: None });
        Ok(())
    }
}

/// The columns of a composite type; none for `record`.
pub fn columns_of(host: &dyn Host, row_type: Oid) -> Result<Option<Rc<[(String, SqlType)]>>> {
    let relation = analyzer::types::row_relation(host.catalog(), row_type)?;
    if !relation.is_valid() {
        return Ok(None);
    }
    let relation = host.catalog().relation(relation)?;
    let column = |column: &catalog::rows::PgAttribute| {
        let ty = SqlType { oid: column.atttypid, typmod: column.atttypmod, collation: column.attcollation };
        (column.attname.to_string(), ty)
    };
    Ok(Some(relation.live_columns().map(column).collect()))
}

/// A row as one value of a composite type, or an anonymous one.
pub fn compose(host: &dyn Host, row_type: Oid, row: &Row) -> Result<Datum> {
    let (Some(columns), Some(values)) = (&row.columns, &row.values) else { return Ok(Datum::Null) };
    let types: Vec<Oid> = columns.iter().map(|(_, ty)| ty.oid).collect();
    types::record::assemble(row_type, columns.iter().map(|(name, _)| name.as_str()), &types, values, host.env())
}

/// The columns and values of a row value.
pub fn decompose(host: &dyn Host, value: &Datum) -> Result<Row> {
    let Some(bytes) = value.as_bytes() else { return Ok(Row::default()) };
    let fields = types::record::fields(&types::record::View::new(bytes)?, host.env())?;
    let column = |field: &types::record::Field<'_>| {
        let collation = host.catalog().type_(field.type_oid)?.typcollation;
        Ok((field.name.to_string(), SqlType { oid: field.type_oid, typmod: -1, collation }))
    };
    let columns = fields.iter().map(column).collect::<Result<Vec<_>>>()?;
    Ok(Row::new(columns.into(), fields.iter().map(|field| field.value.to_datum()).collect()))
}

fn not_assigned(name: &str) -> Error {
    Error::new(SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE, format!("record \"{name}\" is not assigned yet"))
        .detail("The tuple structure of a not-yet-assigned record is indeterminate.")
}
