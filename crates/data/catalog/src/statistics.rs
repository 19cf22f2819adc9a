//! Statistics of expressions: rows of `pg_statistic` that stand in an array, in `pg_statistic_ext_data.stxdexpr`.

use batch::{Column, DatumRef, Repr};
use error::{Error, Result};
use ids::Oid;

use crate::catalog::Catalog;
use crate::rows::{CatalogRow, PgStatistic};

impl Catalog {
    /// The bytes of a `pg_statistic[]`.
    ///
    /// # Errors
    /// `54000` for rows that are too large for a value.
    pub fn expression_statistics_array(&self, rows: &[PgStatistic]) -> Result<Vec<u8>> {
        let relation = self.relation(PgStatistic::RELATION)?;
        let row_type = relation.class.reltype;
        let types: Vec<Oid> = relation.columns.iter().map(|column| column.atttypid).collect();
        let mut elements = Column::new(Repr::Bytes);
        for row in rows {
            let mut columns: Vec<Column> = PgStatistic::COLUMNS.iter().map(|&(_, repr)| Column::new(repr)).collect();
            row.append_to(&mut columns);
            let values: Vec<DatumRef<'_>> = columns.iter().map(|column| column.get(0)).collect();
            let mut bytes = Vec::new();
            types::record::write(row_type, &types, values.into_iter(), &[], &mut bytes)?;
            elements.push(DatumRef::Bytes(&bytes));
        }
        types::array::from_column(row_type, &elements)
    }
}

/// The rows of a `pg_statistic[]`; none where an element is null.
///
/// # Errors
/// `XX001` for bytes that are none.
pub fn expression_statistics(bytes: &[u8]) -> Result<Vec<Option<PgStatistic>>> {
    let view = types::array::View::new(bytes)?;
    let row = |element: DatumRef<'_>| -> Result<Option<PgStatistic>> {
        let Some(bytes) = element.as_bytes() else { return Ok(None) };
        let record = types::record::View::new(bytes)?;
        if record.len() != PgStatistic::COLUMNS.len() {
            return Err(Error::corrupted("statistics of an expression are damaged"));
        }
        let column = |(at, &(_, repr)): (usize, &(&str, Repr))| {
            let mut column = Column::new(repr);
            column.push(record.get(at));
            column
        };
        let columns: Vec<Column> = PgStatistic::COLUMNS.iter().enumerate().map(column).collect();
        PgStatistic::read(&columns, 0).map(Some)
    };
    view.iter().map(row).collect()
}
