//! Row values in expressions.

use batch::{Batch, Column, DatumRef, Rows};
use error::{Error, Result};
use ids::Oid;
use planner::plan::ColumnType;

use super::Compiled;
use crate::run::Run;

/// `ROW(…) < ROW(…)` and its like.
pub(super) struct RowCompare {
    pub comparison: analyzer::query::RowComparison,
    pub pairs: Vec<(Compiled, Compiled, Oid)>,
}

impl RowCompare {
    /// The first pair that is not equal decides; a null before that makes the answer null.
    pub fn evaluate(&mut self, input: &Batch, rows: Rows<'_>, run: &mut Run<'_>, out: &mut Column) -> Result<()> {
        use analyzer::query::RowComparison::*;
        for (left, right, _) in &mut self.pairs {
            left.evaluate(input, rows, run)?;
            right.evaluate(input, rows, run)?;
        }
        out.reset(input.len());
        for row in rows.iter() {
            let mut order = Some(std::cmp::Ordering::Equal);
            for (left, right, collation) in &self.pairs {
                let (a, b) = (left.result(input).get(row), right.result(input).get(row));
                if a.is_null() || b.is_null() {
                    order = None;
                    break;
                }
                order = Some(types::compare(left.ty.oid, *collation, a, b, run.env())?);
                if order != Some(std::cmp::Ordering::Equal) {
                    break;
                }
            }
            let holds = order.map(|order| match self.comparison {
                Less => order.is_lt(),
                LessOrEqual => order.is_le(),
                GreaterOrEqual => order.is_ge(),
                Greater => order.is_gt(),
            });
            out.put(row, holds.map_or(DatumRef::Null, |holds| DatumRef::B1(holds as u8)));
        }
        Ok(())
    }
}

fn missing<T>() -> Result<T> {
    Err(Error::not_implemented("row values"))
}

/// IS [NOT] NULL of rows: all fields are (not) null.
pub(super) fn is_null(
    _arg: &Column,
    _type_oid: Oid,
    _negated: bool,
    _rows: Rows<'_>,
    _len: usize,
    _run: &Run<'_>,
    _out: &mut Column,
) -> Result<()> {
    missing()
}

/// ROW(…).
pub(super) fn construct(
    _fields: &[Compiled],
    _ty: ColumnType,
    _input: &Batch,
    _rows: Rows<'_>,
    _run: &Run<'_>,
    _out: &mut Column,
) -> Result<()> {
    missing()
}

/// A field of rows.
pub(super) fn field(
    _arg: &Column,
    _ty: ColumnType,
    _index: usize,
    _rows: Rows<'_>,
    _len: usize,
    _run: &Run<'_>,
    _out: &mut Column,
) -> Result<()> {
    missing()
}

/// Rows with fields replaced.
pub(super) fn set_fields(
    _arg: &Compiled,
    _fields: &[(usize, Compiled)],
    _input: &Batch,
    _rows: Rows<'_>,
    _run: &Run<'_>,
    _out: &mut Column,
) -> Result<()> {
    missing()
}

/// Rows of one type as rows of another.
pub(super) fn convert(
    _arg: &Column,
    _from: ColumnType,
    _to: ColumnType,
    _map: &[Option<usize>],
    _rows: Rows<'_>,
    _len: usize,
    _run: &Run<'_>,
    _out: &mut Column,
) -> Result<()> {
    missing()
}

/// The fields of a row, each added to its column.
pub(crate) fn spread_row(_row: DatumRef<'_>, _ty: ColumnType, _columns: &mut [Column], _run: &Run<'_>) -> Result<()> {
    missing()
}
