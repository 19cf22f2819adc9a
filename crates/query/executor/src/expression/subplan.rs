//! Subqueries in expressions that depend on the row, or are tested against it.

use batch::{Batch, Column, Datum, DatumRef, Rows};
use error::Result;
use planner::plan::{SubPlan, SubPlanKind};
use types::sortkey::{KeyColumn, KeyEncoder};

use super::{Compiled, evaluate_all};
use crate::run::Run;
use crate::store::keys::{KeyTable, Keys, NO_KEY};

/// A subquery that is run for each row, or hashed once.
pub(super) struct Call {
    pub plan: usize,
    pub kind: SubPlanKind,
    pub params: Vec<(u32, Compiled)>,
    pub columns: Vec<u32>,
    pub test: Option<Compiled>,
    pub hashed: Option<Hashed>,
}

/// `left = ANY (subquery)` with the subquery's rows in a hash table.
pub(super) struct Hashed {
    pub left: Vec<Compiled>,
    pub key: Vec<KeyColumn>,
    pub rows: Option<HashedRows>,
}

/// The rows of a subquery, to be looked up.
pub(crate) struct HashedRows {
    table: KeyTable,
    encoder: KeyEncoder,
    empty: bool,
    /// Rows that hold a null: they may make the answer null.
    with_nulls: Vec<Vec<Datum>>,
    /// Keys of several columns: the rows without nulls, for left sides with some.
    without_nulls: Vec<Vec<Datum>>,
    keys: Keys,
}

impl Call {
    pub fn new(plan: &SubPlan, compile: &mut dyn FnMut(&planner::plan::Expr) -> Result<Compiled>) -> Result<Call> {
        let params =
            plan.params.iter().map(|(slot, value)| Ok((*slot, compile(value)?))).collect::<Result<Vec<_>>>()?;
        let hashed = match &plan.hashed {
            Some(columns) => {
                let left = columns.iter().map(|(left, ..)| compile(left)).collect::<Result<Vec<_>>>()?;
                let key = columns.iter().map(|(left, _, collation)| KeyColumn::ascending(left.ty.oid, *collation));
                Some(Hashed { left, key: key.collect(), rows: None })
            }
            None => None,
        };
        let test = plan.test.as_ref().map(compile).transpose()?;
        Ok(Call { plan: plan.plan, kind: plan.kind, params, columns: plan.columns.clone(), test, hashed })
    }

    pub fn evaluate(&mut self, input: &Batch, rows: Rows<'_>, run: &mut Run<'_>, out: &mut Column) -> Result<()> {
        if let Some(hashed) = &mut self.hashed {
            return hashed.evaluate(self.plan, input, rows, run, out);
        }
        for (_, value) in &mut self.params {
            value.evaluate(input, rows, run)?;
        }
        out.reset(input.len());
        for row in rows.iter() {
            for (slot, value) in &self.params {
                run.state.set_slot(*slot, value.result(input).datum(row));
            }
            let value = match self.kind {
                SubPlanKind::Exists => {
                    let mut found = false;
                    run.subquery(self.plan, |_, batch| {
                        found = batch.row_count() > 0;
                        Ok(!found)
                    })?;
                    Datum::bool(found)
                }
                SubPlanKind::Array => run.subquery_array(self.plan)?,
                SubPlanKind::Any | SubPlanKind::All => self.test_rows(input, row, run)?,
                SubPlanKind::Row => self.test_row(input, row, run)?,
                SubPlanKind::Scalar | SubPlanKind::Cte => {
                    run.single_row(self.plan)?.and_then(|row| row.into_iter().next()).unwrap_or(Datum::Null)
                }
            };
            out.put(row, value.as_ref());
        }
        Ok(())
    }

    /// `ROW(…) op (subquery)` for one row: null if the subquery has none.
    fn test_row(&mut self, input: &Batch, row: usize, run: &mut Run<'_>) -> Result<Datum> {
        let Some(test) = &mut self.test else {
            return Err(error::Error::internal("a subquery comparison has no test"));
        };
        let Some(found) = run.single_row(self.plan)? else { return Ok(Datum::Null) };
        for (&slot, value) in self.columns.iter().zip(found) {
            run.state.set_slot(slot, value);
        }
        test.evaluate(input, Rows::Some(&[row as u16]), run)?;
        Ok(test.result(input).datum(row))
    }

    /// `test op ANY (subquery)` or ALL for one row, with SQL's null logic.
    fn test_rows(&mut self, input: &Batch, row: usize, run: &mut Run<'_>) -> Result<Datum> {
        let deciding = self.kind == SubPlanKind::Any;
        let mut answer = Datum::bool(!deciding);
        let (columns, Some(test)) = (&self.columns, &mut self.test) else {
            return Err(error::Error::internal("a subquery comparison has no test"));
        };
        run.subquery(self.plan, |run, batch| {
            for found in batch.rows().iter() {
                for (n, &slot) in columns.iter().enumerate() {
                    run.state.set_slot(slot, batch.columns[n].datum(found));
                }
                test.evaluate(input, Rows::Some(&[row as u16]), run)?;
                match test.result(input).get(row) {
                    DatumRef::Null => answer = Datum::Null,
                    value if value.as_bool() == Some(deciding) => {
                        answer = Datum::bool(deciding);
                        return Ok(false);
                    }
                    _ => (),
                }
            }
            Ok(true)
        })?;
        Ok(answer)
    }
}

impl Hashed {
    fn evaluate(
        &mut self,
        plan: usize,
        input: &Batch,
        rows: Rows<'_>,
        run: &mut Run<'_>,
        out: &mut Column,
    ) -> Result<()> {
        evaluate_all(&mut self.left, input, rows, run)?;
        if self.rows.is_none() {
            self.rows = Some(HashedRows::build(plan, &self.key, run)?);
        }
        out.reset(input.len());
        let Some(table) = &mut self.rows else { return Ok(()) };
        let left: Vec<&Column> = self.left.iter().map(|left| left.result(input)).collect();
        table.look_up(&left, rows, run, out)
    }
}

impl HashedRows {
    fn build(plan: usize, key: &[KeyColumn], run: &mut Run<'_>) -> Result<HashedRows> {
        let mut built = HashedRows {
            table: KeyTable::default(),
            encoder: KeyEncoder::for_equality(key.to_vec(), run.env())?,
            empty: true,
            with_nulls: Vec::new(),
            without_nulls: Vec::new(),
            keys: Keys::default(),
        };
        run.subquery(plan, |run, batch| {
            built.empty &= batch.row_count() == 0;
            let columns: Vec<&Column> = batch.columns.iter().collect();
            built.encode(&columns, batch.rows(), run)?;
            for (k, row) in batch.rows().iter().enumerate() {
                let values = || columns.iter().map(|column| column.datum(row)).collect();
                if built.keys.has_null(k) {
                    built.with_nulls.push(values());
                } else {
                    let known = built.table.len();
                    built.table.find_or_insert(&built.keys, k, true);
                    if columns.len() > 1 && built.table.len() > known {
                        built.without_nulls.push(values());
                    }
                }
            }
            Ok(true)
        })?;
        built.with_nulls.sort_by_key(|row| row.iter().filter(|value| value.is_null()).count());
        Ok(built)
    }

    fn encode(&mut self, columns: &[&Column], rows: Rows<'_>, run: &Run<'_>) -> Result<()> {
        let mut values = vec![DatumRef::Null; columns.len()];
        let encoder = &self.encoder;
        self.keys.set_bytes(rows.len(), |k, to| {
            let row = rows.position(k);
            let mut null = false;
            for (value, column) in values.iter_mut().zip(columns) {
                *value = column.get(row);
                null |= value.is_null();
            }
            encoder.encode_row(&values, run.env(), to)?;
            Ok::<bool, error::Error>(null)
        })
    }

    /// True where the row is among those of the subquery; null where it may be, but for nulls; else false.
    fn look_up(&mut self, left: &[&Column], rows: Rows<'_>, run: &Run<'_>, out: &mut Column) -> Result<()> {
        self.encode(left, rows, run)?;
        for (k, row) in rows.iter().enumerate() {
            let found = !self.keys.has_null(k) && self.table.find(&self.keys, k) != NO_KEY;
            if found || self.empty {
                out.put(row, DatumRef::B1(found as u8));
            } else if left.len() == 1 {
                let unknown = self.keys.has_null(k) || !self.with_nulls.is_empty();
                out.put(row, if unknown { DatumRef::Null } else { DatumRef::B1(0) });
            } else {
                out.put(row, self.look_up_partly(left, row, run)?);
            }
        }
        Ok(())
    }

    /// A row of several columns, of which some are null on one of the sides: null if the others agree with some row.
    fn look_up_partly(&self, left: &[&Column], row: usize, run: &Run<'_>) -> Result<DatumRef<'static>> {
        let null_on_left = left.iter().any(|column| column.is_null(row));
        let others = if null_on_left { &self.without_nulls[..] } else { &[] };
        for found in self.with_nulls.iter().chain(others) {
            let mut agrees = true;
            for ((column, value), key) in left.iter().zip(found).zip(self.encoder.columns()) {
                let (a, b) = (column.get(row), value.as_ref());
                agrees &=
                    a.is_null() || b.is_null() || types::compare(key.type_oid, key.collation, a, b, run.env())?.is_eq();
            }
            if agrees {
                return Ok(DatumRef::Null);
            }
        }
        Ok(DatumRef::B1(0))
    }
}
