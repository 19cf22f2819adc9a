//! Row values in expressions.

use batch::{Batch, Column, DatumRef, Rows};
use error::{Error, Result, SqlState};
use ids::Oid;
use planner::plan::ColumnType;
use types::environment::TypeKind;
use types::record::{self, View};
use types::{Context, RowSource};

use super::{Compiled, Function};
use crate::run::Run;

/// `ROW(…) < ROW(…)` and its like.
pub(super) struct RowCompare {
    pub comparison: analyzer::query::RowComparison,
    /// The three-way comparisons of the pairs.
    pub orders: Vec<Compiled>,
}

impl RowCompare {
    /// The first pair that is not equal decides; a null before that makes the answer null.
    pub fn evaluate(&mut self, input: &Batch, rows: Rows<'_>, run: &mut Run<'_>, out: &mut Column) -> Result<()> {
        use analyzer::query::RowComparison::*;
        super::evaluate_all(&mut self.orders, input, rows, run)?;
        out.reset(input.len());
        for row in rows.iter() {
            let mut orders = self.orders.iter().map(|order| order.result(input).get(row));
            let decisive = orders.find(|order| !matches!(order, DatumRef::B4(0)));
            let order = match decisive {
                None => Some(0),
                Some(DatumRef::B4(order)) => Some(order),
                Some(_) => None,
            };
            let holds = order.map(|order| match self.comparison {
                Less => order < 0,
                LessOrEqual => order <= 0,
                GreaterOrEqual => order >= 0,
                Greater => order > 0,
            });
            out.put(row, holds.map_or(DatumRef::Null, |holds| DatumRef::B1(holds as u8)));
        }
        Ok(())
    }
}

/// IS [NOT] NULL of rows: all fields are (not) null. Fields that are rows themselves are not looked into.
pub(super) fn is_null(
    arg: &Column,
    negated: bool,
    rows: Rows<'_>,
    len: usize,
    run: &Run<'_>,
    out: &mut Column,
) -> Result<()> {
    out.reset(len);
    rows.try_for_each(|row| {
        let holds = match arg.get(row).as_bytes() {
            None => !negated,
            Some(bytes) => {
                let mut all = true;
                record::for_each_live(&View::new(bytes)?, run.env(), |_, value| {
                    all &= value.is_null() != negated;
                    Ok(())
                })?;
                all
            }
        };
        out.put(row, DatumRef::B1(holds as u8));
        Ok(())
    })
}

/// ROW(…).
pub(super) struct Row {
    pub fields: Vec<Compiled>,
    pub types: Box<[Oid]>,
    pub names: Box<[u8]>,
}

impl Row {
    pub fn evaluate(
        &mut self,
        ty: ColumnType,
        input: &Batch,
        rows: Rows<'_>,
        run: &mut Run<'_>,
        out: &mut Column,
    ) -> Result<()> {
        super::evaluate_all(&mut self.fields, input, rows, run)?;
        let constant = self.fields.iter().all(|field| field.result(input).is_constant());
        let rows = if constant { Rows::All(1) } else { rows };
        out.reset(if constant { 1 } else { input.len() });
        rows.try_for_each(|row| {
            let values = self.fields.iter().map(|field| field.result(input).get(row));
            out.bytes_mut().put_with(row, |bytes| record::write(ty.oid, &self.types, values, &self.names, bytes))
        })?;
        if constant {
            out.set_constant();
        }
        Ok(())
    }
}

/// How the columns of a source of rows become row values.
pub(crate) struct Assembly {
    row_type: Oid,
    types: Box<[Oid]>,
    names: Box<[u8]>,
    columns: Vec<Column>,
}

impl Assembly {
    pub fn new(row_type: Oid, shape: &planner::plan::RowShape) -> Assembly {
        // A dropped field is a null of no matter which type.
        let type_of = |field: &ColumnType| if field.oid.is_valid() { field.oid } else { types::oid::INT4 };
        Assembly {
            row_type,
            types: shape.fields.iter().map(type_of).collect(),
            names: shape.names.clone(),
            columns: shape.fields.iter().map(|field| Column::new(field.repr)).collect(),
        }
    }

    /// Takes up to `most` rows from a source and adds their values to `out`; says how many.
    pub fn fill(
        &mut self,
        source: &mut dyn RowSource,
        most: usize,
        context: Context<'_>,
        out: &mut Column,
    ) -> Result<usize> {
        self.columns.iter_mut().for_each(Column::clear);
        if source.gives_row_values() {
            return source.next(std::slice::from_mut(out), most, context);
        }
        let count = source.next(&mut self.columns, most, context)?;
        for row in 0..count {
            let at = out.len();
            out.grow(1);
            let values = self.columns.iter().map(|column| column.get(row));
            let write = |bytes: &mut Vec<u8>| record::write(self.row_type, &self.types, values, &self.names, bytes);
            out.bytes_mut().put_with(at, write)?;
        }
        Ok(count)
    }
}

/// A function that gives one row.
pub(super) struct RowCall {
    pub function: Function,
    pub strict: bool,
    pub shape: Assembly,
}

impl RowCall {
    pub fn evaluate(
        &mut self,
        ty: ColumnType,
        input: &Batch,
        rows: Rows<'_>,
        run: &mut Run<'_>,
        out: &mut Column,
    ) -> Result<()> {
        super::evaluate_all(&mut self.function.args, input, rows, run)?;
        out.reset(input.len());
        let mut one = Column::new(ty.repr);
        for row in rows.iter() {
            let args: Vec<DatumRef<'_>> = self.function.args.iter().map(|arg| arg.result(input).get(row)).collect();
            if self.strict && args.iter().any(|arg| arg.is_null()) {
                out.set_null(row);
                continue;
            }
            let context = Context {
                env: run.env(),
                collation: self.function.collation,
                result_type: ty.oid,
                arg_types: &self.function.arg_types,
                variadic: false,
            };
            let mut source = run.session.row_source(self.function.oid, &args, &[ty], context, run.snapshot)?;
            one.clear();
            match self.shape.fill(&mut *source, 1, context, &mut one)? {
                0 => out.set_null(row),
                _ => out.put(row, one.get(0)),
            }
        }
        Ok(())
    }
}

/// A field of rows.
pub(super) fn field(
    arg: &Column,
    index: usize,
    ty: ColumnType,
    rows: Rows<'_>,
    len: usize,
    run: &Run<'_>,
    out: &mut Column,
) -> Result<()> {
    out.reset(len);
    rows.try_for_each(|row| {
        let Some(bytes) = arg.get(row).as_bytes() else {
            out.set_null(row);
            return Ok(());
        };
        let view = View::new(bytes)?;
        let value = view.get(index);
        if value.repr().is_some_and(|repr| repr != ty.repr) {
            return Err(wrong_field(&view, index, ty, run));
        }
        out.put(row, value);
        Ok(())
    })
}

#[cold]
fn wrong_field(view: &View<'_>, index: usize, ty: ColumnType, run: &Run<'_>) -> Error {
    let name = |of: Oid| run.session.type_name(of).unwrap_or_else(|_| of.to_string());
    let found = name(view.field_type(index));
    Error::new(
        SqlState::DATATYPE_MISMATCH,
        format!("attribute {} of type {} has wrong type", index + 1, name(view.row_type())),
    )
    .detail(format!("Table has type {found}, but query expects {}.", name(ty.oid)))
}

/// Types of a composite type's fields by position; any type where one was dropped.
fn field_types(row_type: Oid, run: &Run<'_>) -> Result<(Oid, Vec<Oid>)> {
    let mut at = row_type;
    loop {
        let facts = run.env().type_facts(at)?;
        match &facts.kind {
            TypeKind::Domain { base, .. } => at = *base,
            TypeKind::Composite { columns, fields } => {
                let mut types = vec![types::oid::INT4; *fields];
                columns.iter().for_each(|column| types[column.position] = column.type_oid);
                return Ok((at, types));
            }
            _ => return Err(Error::internal(format!("type {at} is no row type"))),
        }
    }
}

/// Rows with fields replaced; a null row counts as a row of nulls.
pub(super) fn set_fields(
    arg: &Compiled,
    fields: &[(usize, Compiled)],
    input: &Batch,
    rows: Rows<'_>,
    run: &Run<'_>,
    out: &mut Column,
) -> Result<()> {
    let (row_type, types) = field_types(arg.ty.oid, run)?;
    let column = arg.result(input);
    let mut values = vec![DatumRef::Null; types.len()];
    out.reset(input.len());
    for row in rows.iter() {
        values.fill(DatumRef::Null);
        if let Some(bytes) = column.get(row).as_bytes() {
            let view = View::new(bytes)?;
            values.iter_mut().zip(view.iter()).for_each(|(value, field)| *value = field);
        }
        for (index, value) in fields {
            values[*index] = value.result(input).get(row);
        }
        out.bytes_mut().put_with(row, |bytes| record::write(row_type, &types, values.iter().copied(), &[], bytes))?;
    }
    Ok(())
}

/// Rows of one type as rows of another.
pub(super) fn convert(
    arg: &Column,
    to: ColumnType,
    map: &[Option<usize>],
    rows: Rows<'_>,
    len: usize,
    run: &Run<'_>,
    out: &mut Column,
) -> Result<()> {
    let (row_type, types) = field_types(to.oid, run)?;
    let mut values = Vec::with_capacity(map.len());
    out.reset(len);
    for row in rows.iter() {
        let Some(bytes) = arg.get(row).as_bytes() else {
            out.set_null(row);
            continue;
        };
        let view = View::new(bytes)?;
        values.clear();
        values.extend(map.iter().map(|from| from.map_or(DatumRef::Null, |from| view.get(from))));
        out.bytes_mut().put_with(row, |bytes| record::write(row_type, &types, values.iter().copied(), &[], bytes))?;
    }
    Ok(())
}

/// The fields of a row, each added to its column. A column of type 0 is one that was dropped.
pub(crate) fn spread_row(row: DatumRef<'_>, types: &[Oid], columns: &mut [Column], run: &Run<'_>) -> Result<()> {
    record::spread(row, types, columns, run.env())
}
