//! Exclusion constraints: no two rows for which all of the constraint's operators hold. `WITHOUT OVERLAPS` keys are such constraints.
//!
//! A row's entry comes first and the search second, so of two transactions that add conflicting rows at the same time at least one sees the other, and
//! waits for its end. (If both do, that is a deadlock, and one of them fails, as in PostgreSQL.) What the index finds is asked the operators
//! themselves, as an index may know less than the row.

use access::{EntryStatus, IndexEntries, ScanKey, ScanTest};
use batch::{Batch, Column, Datum, DatumRef, Rows};
use catalog::Relation;
use catalog::rows::PgIndex;
use error::{Error, Result, SqlState};
use ids::{Oid, TupleId};

use super::change::fetch_rows;
use super::target::{TargetIndex, shown, shows};
use crate::Session;
use crate::expression::evaluate_all;
use crate::relation::OpenTable;
use crate::run::Run;

/// What an index excludes.
pub(super) struct Exclusion {
    operators: Vec<Operator>,
    /// The last column is a period, which may not be empty; whether it is a multirange.
    period: Option<bool>,
}

struct Operator {
    function: Oid,
    strategy: i16,
    right: Oid,
    collation: Oid,
}

/// A row that is in another one's way.
pub(super) struct Conflicting {
    pub place: TupleId,
    /// Its key; none where the end of another transaction decides and nobody wanted to wait.
    pub values: Vec<Datum>,
}

impl Exclusion {
    /// That of an index; none for other indexes.
    pub fn of(session: &Session<'_>, table: &Relation, index: &PgIndex) -> Result<Option<Exclusion>> {
        if !index.indisexclusion {
            return Ok(None);
        }
        // An index under construction has no constraint yet: its rows are looked at when it has.
        let constraint =
            table.constraints.iter().find(|row| row.conindid == index.indexrelid && row.conexclop.is_some());
        let Some(constraint) = constraint else { return Ok(None) };
        let catalog = session.catalog;
        let mut operators = Vec::new();
        for (at, &oid) in constraint.conexclop.iter().flatten().enumerate() {
            let class = catalog.opclass(index.indclass.get(at).copied().unwrap_or_default())?;
            let operator = catalog.operator(oid)?;
            let strategy = catalog.operator_strategy(oid, class.opcfamily)?;
            let strategy = strategy.ok_or_else(|| Error::internal(format!("operator {oid} has no strategy")))?;
            let collation = index.indcollation.get(at).copied().unwrap_or_default();
            operators.push(Operator { function: operator.oprcode, strategy, right: operator.oprright, collation });
        }
        let last = constraint.conkey.iter().flatten().last().and_then(|&number| table.column(number));
        let period = match last {
            Some(column) if constraint.conperiod => {
                let base = catalog.base_type(column.atttypid, -1)?.0;
                Some(catalog.type_(base)?.typtype == b'm')
            }
            _ => None,
        };
        Ok(Some(Exclusion { operators, period }))
    }
}

impl TargetIndex {
    /// The key of a row; none if the index has no entry for it, or nothing can be in its way because of a null.
    pub fn excluding_key(&mut self, rows: &Batch, row: usize, run: &mut Run<'_>) -> Result<Option<Vec<Datum>>> {
        let one = [row as u16];
        if let Some(predicate) = &mut self.predicate {
            predicate.evaluate(rows, Rows::Some(&one), run)?;
            if predicate.result(rows).get(row).as_bool() != Some(true) {
                return Ok(None);
            }
        }
        evaluate_all(&mut self.columns, rows, Rows::Some(&one), run)?;
        let columns: Vec<&Column> = self.columns.iter().map(|column| column.result(rows)).collect();
        Ok(self.key_values(&columns, row))
    }

    /// The values of the key columns; none if one is null.
    pub fn key_values(&self, columns: &[&Column], row: usize) -> Option<Vec<Datum>> {
        let keys = columns.iter().take(self.open.key_len());
        keys.map(|column| Some(column.get(row).to_datum()).filter(|value| !value.is_null())).collect()
    }

    /// Fails for an empty period, whatever the other columns have.
    pub fn check_period(&self, table: &OpenTable, columns: &[&Column], row: usize) -> Result<()> {
        let Some(multirange) = self.exclusion.as_ref().and_then(|exclusion| exclusion.period) else { return Ok(()) };
        let Some((at, column)) = columns.iter().enumerate().take(self.open.key_len()).next_back() else {
            return Ok(());
        };
        let value = column.get(row);
        let number = self.open.row.indkey.get(at).copied().unwrap_or(0);
        let column = table.relation.column(number);
        let DatumRef::Bytes(bytes) = value else { return Ok(()) };
        if !types::range::is_empty(bytes, multirange)? {
            return Ok(());
        }
        let text = format!(
            "empty WITHOUT OVERLAPS value found in column \"{}\" in relation \"{}\"",
            column.map_or("", |column| &column.attname),
            table.relation.name()
        );
        Err(Error::new(SqlState::CHECK_VIOLATION, text))
    }

    /// A row that excludes one with this key, other than those at `except`. Where the end of another transaction decides, waits for it; or, without `wait`,
    /// takes the row for one that does.
    pub fn find_excluded(
        &mut self,
        table: &OpenTable,
        values: &[Datum],
        except: &[TupleId],
        wait: bool,
        run: &mut Run<'_>,
    ) -> Result<Option<Conflicting>> {
        let session = run.session;
        'again: loop {
            session.check_interrupts()?;
            let mut scan = session.indexes.scan(session.store, &self.open.index, Default::default())?;
            if !self.search(values, &mut *scan, run)? {
                return Ok(None);
            }
            let mut entries = IndexEntries::default();
            while scan.next(&mut entries)? {
                for &tid in &entries.tids {
                    let status = session.tables.entry_status(session.store, session.transaction, &table.table, tid)?;
                    let (place, pending) = match status {
                        EntryStatus::Gone | EntryStatus::Dead => continue,
                        EntryStatus::Live(place) => (place, None),
                        EntryStatus::Pending { xid, .. } => (tid, Some(xid)),
                    };
                    if except.contains(&place) {
                        continue;
                    }
                    let found = self.excludes(table, place, values, run)?;
                    match (found, pending) {
                        (Some(None), _) => {}
                        (Some(Some(values)), None) => return Ok(Some(Conflicting { place, values })),
                        // Gone since it was looked at.
                        (None, None) => {}
                        (_, Some(_)) if !wait => return Ok(Some(Conflicting { place, values: Vec::new() })),
                        (_, Some(xid)) => {
                            drop(scan);
                            session.transaction.wait_for(xid)?;
                            continue 'again;
                        }
                    }
                }
            }
            return Ok(None);
        }
    }

    /// Starts a search for what a key may exclude; false if nothing can be found.
    fn search<'v>(&self, values: &'v [Datum], scan: &mut dyn access::IndexScan, run: &Run<'_>) -> Result<bool> {
        let Some(exclusion) = &self.exclusion else { return Ok(false) };
        if let Some(form) = self.open.form() {
            let key = |(column, (operator, value)): (usize, (&Operator, &'v Datum))| {
                let general = analyzer::is_polymorphic(operator.right);
                // What an index column stores can be of another type than what it is made of.
                let own = self.columns.get(column).map_or(Oid::INVALID, |column| column.ty().oid);
                let type_oid = if general { own } else { operator.right };
                ScanKey { column, strategy: operator.strategy, type_oid, test: ScanTest::Value(value.as_ref()) }
            };
            let keys: Vec<ScanKey<'v>> = exclusion.operators.iter().zip(values).enumerate().map(key).collect();
            let Some(query) = form.query(&keys, &[], run.env())? else { return Ok(false) };
            scan.search(&query)?;
            return Ok(true);
        }
        let mut key = Vec::new();
        for (at, value) in values.iter().enumerate() {
            self.open.key_part(at, value.as_ref(), run.env(), &mut key)?;
        }
        let mut upper = key.clone();
        let bounded = access::key_successor(&mut upper);
        let range = access::KeyRange { lower: Some(&key), upper: bounded.then_some(&upper) };
        scan.start(range, access::Direction::Forward)?;
        Ok(true)
    }

    /// Whether the row at a place excludes one with this key: its own key then. None outside if there is no row.
    fn excludes(
        &mut self,
        table: &OpenTable,
        place: TupleId,
        values: &[Datum],
        run: &mut Run<'_>,
    ) -> Result<Option<Option<Vec<Datum>>>> {
        let (rows, seen) = fetch_rows(run, table, &[place])?;
        if seen.is_empty() {
            return Ok(None);
        }
        let Some(existing) = self.excluding_key(&rows, 0, run)? else { return Ok(Some(None)) };
        let Some(exclusion) = &self.exclusion else { return Ok(Some(None)) };
        for ((operator, own), new) in exclusion.operators.iter().zip(&existing).zip(values) {
            let holds =
                run.env().call_function(operator.function, &[own.as_ref(), new.as_ref()], operator.collation)?;
            if holds.as_ref().as_bool() != Some(true) {
                return Ok(Some(None));
            }
        }
        Ok(Some(Some(existing)))
    }

    /// The error for a row with a key that another one excludes. `building`: both were there before the constraint.
    pub fn excluded(
        &self,
        table: &OpenTable,
        values: &[Datum],
        existing: &[Datum],
        building: bool,
        run: &Run<'_>,
    ) -> Result<Error> {
        let catalog = run.session.catalog;
        let name = &self.open.index.name;
        let text = match building {
            true => format!("could not create exclusion constraint \"{name}\""),
            false => format!("conflicting key value violates exclusion constraint \"{name}\""),
        };
        let schema = catalog.schema_name(table.relation.class.relnamespace)?.unwrap_or_default();
        let error = Error::new(SqlState::EXCLUSION_VIOLATION, text);
        let error = error.schema(schema).table(table.relation.name()).constraint(name.as_ref());
        let keys: Vec<i16> = self.open.row.indkey.iter().take(self.open.key_len()).copied().collect();
        if !shows(catalog, run.env(), &table.relation, &keys)? {
            let detail = if building { "Key conflicts exist." } else { "Key conflicts with existing key." };
            return Ok(error.detail(detail));
        }
        let names: Vec<String> = (0..self.open.key_len())
            .map(|at| catalog.index_key_text(self.open.row.indexrelid, at))
            .collect::<Result<_>>()?;
        let text = |values: &[Datum]| -> Result<String> {
            let one = |(at, value): (usize, &Datum)| {
                let type_oid = self.columns.get(at).map_or(Oid::INVALID, |column| column.ty().oid);
                shown(type_oid, value.as_ref(), None, run)
            };
            Ok(values.iter().enumerate().map(one).collect::<Result<Vec<_>>>()?.join(", "))
        };
        let (names, which) = (names.join(", "), if building { "key" } else { "existing key" });
        Ok(error.detail(format!(
            "Key ({names})=({}) conflicts with {which} ({names})=({}).",
            text(values)?,
            text(existing)?
        )))
    }
}
