//! The table that is changed: constraints of its rows, and its indexes.

use std::sync::Arc;

use access::{IndexEntry, Inserted, UniqueCheck};
use batch::{Batch, Column, Repr, Rows};
use catalog::acl::Privileges;
use catalog::privileges::ObjectKind;
use catalog::trigger::{Event, UNIQUE_KEY_RECHECK};
use catalog::{Catalog, Entry, Relation};
use error::{Error, Result, SqlState};
use ids::TupleId;
use planner::plan::{CheckKind, TableTrigger, TargetTable};

use super::exclusion::Exclusion;
use super::route::{PartitionCheck, Rearrangement};
use super::triggers::{Capture, Triggers};
use crate::Session;
use crate::entry::EntryList;
use crate::expression::{Compiled, compile, compile_all, evaluate_all};
use crate::operator::Builder;
use crate::relation::{OpenIndex, OpenTable};
use crate::run::Run;
use crate::session::QueuedTrigger;

/// The table that is changed.
pub(super) struct Target {
    pub open: OpenTable,
    /// The table by whose name the statement came here, in the form of which messages show rows.
    pub shown_as: Option<(Entry<Relation>, Rearrangement)>,
    /// What its place among partitions asks of its rows.
    pub partition: Option<PartitionCheck>,
    not_null: Vec<i16>,
    virtual_not_null: Vec<(i16, Compiled)>,
    checks: Vec<(String, Compiled)>,
    view_checks: Vec<(String, Compiled)>,
    security_checks: Vec<SecurityCheck>,
    /// The form of rows that policies and views check, where it is that of another table.
    pub checked_as: Option<(Rearrangement, Vec<batch::Repr>)>,
    pub generated: Vec<(i16, Compiled)>,
    /// The triggers of its deferrable unique constraints, by index.
    rechecks: Vec<(ids::Oid, Arc<TableTrigger>)>,
    /// Its triggers; none if no trigger can fire.
    pub triggers: Option<Box<Triggers>>,
    /// Where changed rows are kept for triggers that look at them as tables.
    pub capture: Option<Box<Capture>>,
    pub indexes: Vec<TargetIndex>,
    /// Which of the rows given to [`Target::enter`] made it fail.
    pub refused: Option<usize>,
}

/// What a policy asks of rows.
struct SecurityCheck {
    kind: CheckKind,
    message: String,
    condition: Compiled,
}

/// One of its indexes.
pub(super) struct TargetIndex {
    pub open: Arc<OpenIndex>,
    pub columns: Vec<Compiled>,
    pub predicate: Option<Compiled>,
    /// What it excludes, if it serves an exclusion constraint.
    pub exclusion: Option<Box<Exclusion>>,
    pub uses: Vec<i16>,
    key: Vec<u8>,
    payload: Vec<u8>,
    /// Of an index that has no byte keys.
    entries: EntryList,
}

/// What became of a row's index entries.
pub(super) enum Entered {
    Done,
    /// An index that may be in conflict already has the key.
    Conflict,
}

impl Target {
    /// Opens a table of a statement's plan.
    pub fn open(builder: &Builder<'_>, target: &TargetTable) -> Result<Target> {
        Target::of(builder.session, target, builder.table(target.relation)?)
    }

    /// A table that is open already.
    pub fn of(session: &Session<'_>, target: &TargetTable, open: OpenTable) -> Result<Target> {
        let partition = match target.is_partition {
            true => Some(PartitionCheck::new(session, open.relation.oid)?),
            false => None,
        };
        let indexes = target.indexes.iter().map(|index| {
            let own = OpenIndex::open(session, index.oid)?;
            Ok(TargetIndex {
                exclusion: Exclusion::of(session, &open.relation, &own.row)?.map(Box::new),
                open: own,
                columns: compile_all(&index.columns)?,
                predicate: index.predicate.as_ref().map(compile).transpose()?,
                uses: index.uses.clone(),
                key: Vec::new(),
                payload: Vec::new(),
                entries: EntryList::default(),
            })
        });
        Ok(Target {
            rechecks: (target.triggers.iter())
                .filter(|trigger| trigger.row.tgfoid == UNIQUE_KEY_RECHECK)
                .map(|trigger| (trigger.row.tgconstrindid, trigger.clone()))
                .collect(),
            triggers: Triggers::of(session, &target.triggers)?,
            capture: None,
            refused: None,
            indexes: indexes.collect::<Result<_>>()?,
            not_null: target.not_null.clone(),
            virtual_not_null: (target.virtual_not_null.iter())
                .map(|(number, value)| Ok((*number, compile(value)?)))
                .collect::<Result<_>>()?,
            checks: (target.checks.iter())
                .map(|(name, check)| Ok((name.clone(), compile(check)?)))
                .collect::<Result<_>>()?,
            view_checks: (target.view_checks.iter())
                .map(|(view, check)| Ok((view.clone(), compile(check)?)))
                .collect::<Result<_>>()?,
            checked_as: None,
            security_checks: (target.security_checks.iter())
                .map(|check| {
                    let condition = compile(&check.condition)?;
                    Ok(SecurityCheck { kind: check.kind, message: check.message.clone(), condition })
                })
                .collect::<Result<_>>()?,
            generated: (target.generated.iter())
                .map(|(number, value)| Ok((*number, compile(value)?)))
                .collect::<Result<_>>()?,
            open,
            shown_as: None,
            partition,
        })
    }

    /// Computes the generated columns of new rows.
    pub fn generate(&mut self, rows: &mut Batch, run: &mut Run<'_>) -> Result<()> {
        for (number, value) in &mut self.generated {
            value.evaluate(rows, rows.rows(), run)?;
            let mut column = Column::new(value.ty().repr);
            crate::expression::copy(value.result(rows), rows.rows(), rows.len(), &mut column);
            rows.columns[*number as usize - 1] = column;
        }
        Ok(())
    }

    /// Checks the constraints of new rows.
    pub fn check(&mut self, rows: &Batch, run: &mut Run<'_>) -> Result<()> {
        for &number in &self.not_null {
            let column = &rows.columns[number as usize - 1];
            if !column.has_nulls() {
                continue;
            }
            if let Some(row) = rows.rows().iter().find(|&row| column.is_null(row)) {
                return Err(self.null_value(number, rows, row, run)?);
            }
        }
        for at in 0..self.virtual_not_null.len() {
            let (number, value) = &mut self.virtual_not_null[at];
            let number = *number;
            value.evaluate(rows, rows.rows(), run)?;
            let column = value.result(rows);
            if let Some(row) = rows.rows().iter().find(|&row| column.is_null(row)) {
                return Err(self.null_value(number, rows, row, run)?);
            }
        }
        for at in 0..self.checks.len() {
            let (name, check) = &mut self.checks[at];
            check.evaluate(rows, rows.rows(), run)?;
            let holds = check.result(rows);
            if let Some(row) = rows.rows().iter().find(|&row| holds.get(row).as_bool() == Some(false)) {
                let name = name.clone();
                let text = format!(
                    "new row for relation \"{}\" violates check constraint \"{name}\"",
                    self.open.relation.name()
                );
                return Err(self
                    .failing(Error::new(SqlState::CHECK_VIOLATION, text), rows, row, run)?
                    .constraint(name));
            }
        }
        if let Some(partition) = &mut self.partition
            && let Some(row) = partition.failing(rows, run)?
        {
            return Err(self.misplaced(rows, row, run)?);
        }
        Ok(())
    }

    /// The error for a null in a column that takes none.
    fn null_value(&self, number: i16, rows: &Batch, row: usize, run: &Run<'_>) -> Result<Error> {
        let relation = &self.open.relation;
        let name = relation.column(number).map_or("", |column| &column.attname);
        let text =
            format!("null value in column \"{name}\" of relation \"{}\" violates not-null constraint", relation.name());
        Ok(self.failing(Error::new(SqlState::NOT_NULL_VIOLATION, text), rows, row, run)?.column(name))
    }

    /// The error for a row that does not belong into this partition.
    pub fn misplaced(&self, rows: &Batch, row: usize, run: &Run<'_>) -> Result<Error> {
        let text = format!("new row for relation \"{}\" violates partition constraint", self.open.relation.name());
        self.failing(Error::new(SqlState::CHECK_VIOLATION, text), rows, row, run)
    }

    /// Whether policies check rows of a kind.
    pub fn is_secured(&self, kind: CheckKind) -> bool {
        self.security_checks.iter().any(|check| check.kind == kind)
    }

    /// Checks that policies let the selected rows pass, which are of this kind. Unlike a constraint, a condition that is null fails.
    pub fn check_policies(&mut self, kind: CheckKind, rows: &Batch, run: &mut Run<'_>) -> Result<()> {
        if !self.is_secured(kind) {
            return Ok(());
        }
        let other = self.as_checked(rows, rows.rows());
        let rows = other.as_ref().unwrap_or(rows);
        for check in self.security_checks.iter_mut().filter(|check| check.kind == kind) {
            check.condition.evaluate(rows, rows.rows(), run)?;
            let holds = check.condition.result(rows);
            if rows.rows().iter().any(|row| holds.get(row).as_bool() != Some(true)) {
                return Err(Error::new(SqlState::INSUFFICIENT_PRIVILEGE, check.message.as_str()));
            }
        }
        Ok(())
    }

    /// Rows in the form that policies and views check, if that is another table's.
    fn as_checked(&self, rows: &Batch, wanted: Rows<'_>) -> Option<Batch> {
        let (places, reprs) = self.checked_as.as_ref()?;
        let wanted: Vec<u16> = wanted.iter().map(|row| row as u16).collect();
        Some(places.apply(rows, &wanted, reprs))
    }

    /// Lets two tables exchange what policies and views ask of their rows.
    pub fn exchange_checks(&mut self, other: &mut Target) {
        std::mem::swap(&mut self.security_checks, &mut other.security_checks);
        std::mem::swap(&mut self.view_checks, &mut other.view_checks);
    }

    /// Whether views check new rows.
    pub fn has_view_checks(&self) -> bool {
        !self.view_checks.is_empty()
    }

    /// Checks that new rows, which are in the table now, are in the views through which they came as well.
    pub fn check_views(&mut self, rows: &Batch, wanted: Rows<'_>, run: &mut Run<'_>) -> Result<()> {
        if self.view_checks.is_empty() {
            return Ok(());
        }
        let other = self.as_checked(rows, wanted);
        for at in 0..self.view_checks.len() {
            let (view, check) = &mut self.view_checks[at];
            let (checked, which) = other.as_ref().map_or((rows, wanted), |other| (other, other.rows()));
            check.evaluate(checked, which, run)?;
            let holds = check.result(checked);
            let failing = (0..which.len()).find(|&k| holds.get(which.position(k)).as_bool() != Some(true));
            if let Some(row) = failing.map(|k| wanted.position(k)) {
                let text = format!("new row violates check option for view \"{view}\"");
                let mut error =
                    self.failing(Error::new(SqlState::WITH_CHECK_OPTION_VIOLATION, text), rows, row, run)?;
                let fields = error.fields_mut();
                (fields.schema, fields.table) = (None, None);
                return Err(error);
            }
        }
        Ok(())
    }

    /// Adds the table and the failing row to an error.
    fn failing(&self, error: Error, rows: &Batch, row: usize, run: &Run<'_>) -> Result<Error> {
        let relation = &*self.open.relation;
        match &self.shown_as {
            Some((table, places)) => failing_row(relation, (table, places), error, (rows, row), run),
            None => failing_row(relation, (relation, &Rearrangement::none()), error, (rows, row), run),
        }
    }

    /// Makes the index entries of rows that are in the table, in the indexes that `which` chooses. `places` has the place of
    /// each row, in the rows' order. With `arbiters`, a duplicate in one of these is no error.
    pub fn enter(
        &mut self,
        rows: &Batch,
        places: &[TupleId],
        arbiters: Option<&[ids::Oid]>,
        run: &mut Run<'_>,
    ) -> Result<Entered> {
        // One that is being made or dropped concurrently may not be ready; what its columns are counts all the same.
        for index in self.indexes.iter_mut().filter(|index| index.open.row.indisready) {
            let mut chosen: Vec<u16>;
            let mut wanted = rows.rows();
            if let Some(predicate) = &mut index.predicate {
                predicate.evaluate(rows, wanted, run)?;
                let holds = predicate.result(rows);
                chosen = wanted.iter().map(|row| row as u16).collect();
                chosen.retain(|&row| holds.get(row as usize).as_bool() == Some(true));
                wanted = Rows::Some(&chosen);
            }
            evaluate_all(&mut index.columns, rows, wanted, run)?;
            let values: Vec<&Column> = index.columns.iter().map(|column| column.result(rows)).collect();
            let mut k = 0;
            // Keys that others may exclude, and whose rows they are.
            let mut excluding: Vec<(usize, Vec<batch::Datum>)> = Vec::new();
            for (n, (place, row)) in places.iter().zip(rows.rows().iter()).enumerate() {
                if k == wanted.len() || wanted.position(k) != row {
                    continue;
                }
                k += 1;
                if index.exclusion.is_some() {
                    index.check_period(&self.open, &values, row)?;
                    excluding.extend(index.key_values(&values, row).map(|key| (n, key)));
                }
                index.key.clear();
                index.payload.clear();
                if let Some(form) = index.open.form() {
                    index.entries.clear();
                    form.entries(&values, row, run.env(), &mut index.entries)?;
                    index.open.payload(&values, row, &mut index.payload)?;
                    let table = (run.session.tables.as_ref(), self.open.table.as_ref());
                    for (key, own) in index.entries.iter() {
                        let payload = if index.payload.is_empty() { own } else { &index.payload };
                        let entry = IndexEntry { key, payload, tid: *place };
                        let (store, transaction) = (run.session.store, run.session.transaction);
                        let own = &index.open.index;
                        run.session.indexes.insert(store, transaction, own, table, entry, UniqueCheck::No)?;
                    }
                    continue;
                }
                let null = index.open.key(&values, row, run.env(), &mut index.key)?;
                if null && index.open.skips_nulls() {
                    continue;
                }
                index.open.payload(&values, row, &mut index.payload)?;
                let arbiter = arbiters.is_some_and(|arbiters| {
                    index.open.row.indisunique && (arbiters.is_empty() || arbiters.contains(&index.open.row.indexrelid))
                });
                let unique = index.open.row.indisunique
                    && index.exclusion.is_none()
                    && (!null || index.open.row.indnullsnotdistinct);
                let check = match (unique, arbiter || !index.open.row.indimmediate) {
                    (false, _) => UniqueCheck::No,
                    (true, true) => UniqueCheck::Partial,
                    (true, false) => UniqueCheck::Yes,
                };
                let session = run.session;
                let entry = IndexEntry { key: &index.key, payload: &index.payload, tid: *place };
                let table = (session.tables.as_ref(), self.open.table.as_ref());
                let (store, transaction) = (session.store, session.transaction);
                match session.indexes.insert(store, transaction, &index.open.index, table, entry, check)? {
                    Inserted::Done => (),
                    Inserted::MaybeDuplicate if arbiter => return Ok(Entered::Conflict),
                    Inserted::MaybeDuplicate => {
                        // Whether the key is there twice shows when the constraint is checked.
                        let of_index = |(oid, _): &&(ids::Oid, _)| *oid == index.open.row.indexrelid;
                        if let Some((_, trigger)) = self.rechecks.iter().find(of_index) {
                            session.host.queue_trigger(QueuedTrigger {
                                trigger: trigger.clone(),
                                event: Event::Insert,
                                old: None,
                                new: Some(*place),
                                moved: None,
                                statement: None,
                            })?;
                        }
                    }
                    Inserted::Duplicate(_) => {
                        self.refused = Some(n);
                        return Err(index.duplicate(&self.open, &values, row, run)?);
                    }
                }
            }
            for (n, key) in excluding {
                if !index.open.row.indimmediate {
                    // Whether it is in conflict shows when the constraint is checked.
                    if let Some((_, trigger)) = self.rechecks.iter().find(|(oid, _)| *oid == index.open.row.indexrelid)
                    {
                        run.session.host.queue_trigger(QueuedTrigger {
                            trigger: trigger.clone(),
                            event: Event::Insert,
                            old: None,
                            new: Some(places[n]),
                            moved: None,
                            statement: None,
                        })?;
                    }
                    continue;
                }
                let arbiter = arbiters.is_some_and(|all| all.is_empty() || all.contains(&index.open.row.indexrelid));
                // The rows behind this one are in its way only when it is their turn.
                match index.find_excluded(&self.open, &key, &places[n..], !arbiter, run)? {
                    None => {}
                    Some(_) if arbiter => return Ok(Entered::Conflict),
                    Some(found) => {
                        self.refused = Some(n);
                        return Err(index.excluded(&self.open, &key, &found.values, false, run)?);
                    }
                }
            }
        }
        Ok(Entered::Done)
    }

    /// The numbers of columns, counted from 1, whose values differ between two rows.
    pub fn changed(&self, old: (&[Column], usize), new: (&[Column], usize), among: &[i16]) -> Vec<i16> {
        let differs = |number: i16| {
            let at = number as usize - 1;
            old.0[at].get(old.1) != new.0[at].get(new.1)
        };
        among.iter().copied().filter(|&number| differs(number)).collect()
    }

    /// The forms of the table's columns.
    pub fn reprs(&self) -> Vec<Repr> {
        self.open.reprs()
    }
}

impl TargetIndex {
    /// The key of one row, for looking it up; `None` if the index has no entry for the row or its nulls are distinct.
    pub fn key_of(&mut self, rows: &Batch, row: usize, run: &mut Run<'_>) -> Result<Option<Vec<u8>>> {
        let one = [row as u16];
        if let Some(predicate) = &mut self.predicate {
            predicate.evaluate(rows, Rows::Some(&one), run)?;
            if predicate.result(rows).get(row).as_bool() != Some(true) {
                return Ok(None);
            }
        }
        evaluate_all(&mut self.columns, rows, Rows::Some(&one), run)?;
        let values: Vec<&Column> = self.columns.iter().map(|column| column.result(rows)).collect();
        let mut key = Vec::new();
        let null = self.open.key(&values, row, run.env(), &mut key)?;
        Ok((!null || self.open.row.indnullsnotdistinct).then_some(key))
    }

    /// The error for a row whose key another one has.
    pub fn duplicate_row(&mut self, table: &OpenTable, rows: &Batch, row: usize, run: &mut Run<'_>) -> Result<Error> {
        evaluate_all(&mut self.columns, rows, Rows::Some(&[row as u16]), run)?;
        let values: Vec<&Column> = self.columns.iter().map(|column| column.result(rows)).collect();
        self.duplicate(table, &values, row, run)
    }

    fn duplicate(&self, table: &OpenTable, values: &[&Column], row: usize, run: &Run<'_>) -> Result<Error> {
        let (mut names, mut shown_values) = (Vec::new(), Vec::new());
        for (n, key) in self.open.columns.iter().enumerate() {
            let number = self.open.row.indkey.get(n).copied().unwrap_or(0);
            names.push(match table.relation.column(number) {
                Some(column) => catalog::format::quote_identifier(&column.attname),
                None => run.session.catalog.index_key_text(self.open.row.indexrelid, n)?,
            });
            shown_values.push(shown(key.type_oid, values[n].get(row), None, run)?);
        }
        let schema = run.session.catalog.schema_name(table.relation.class.relnamespace)?.unwrap_or_default();
        let name = &self.open.index.name;
        let text = format!("duplicate key value violates unique constraint \"{name}\"");
        let error = Error::new(SqlState::UNIQUE_VIOLATION, text);
        let error = error.schema(schema).table(table.relation.name()).constraint(name.as_ref());
        let keys: Vec<i16> = self.open.row.indkey.iter().take(self.open.columns.len()).copied().collect();
        Ok(match shows(run.session.catalog, run.env(), &table.relation, &keys)? {
            true => error.detail(format!("Key ({})=({}) already exists.", names.join(", "), shown_values.join(", "))),
            false => error,
        })
    }
}

/// Whether the current role may see these columns of a table's rows in messages: never those of rows that policies could hide from it. Zero, for
/// an expression, takes the privilege to read the whole table; so does asking for no columns.
pub fn shows(catalog: &Catalog, env: &dyn types::Environment, table: &Relation, columns: &[i16]) -> Result<bool> {
    if analyzer::row_security_hides(catalog, env, table)? {
        return Ok(false);
    }
    let (role, wanted) = (catalog.current_user(), Privileges::SELECT);
    if catalog.privileges(ObjectKind::Relation, table.oid, role, wanted)?.is_some_and(|held| held.contains(wanted)) {
        return Ok(true);
    }
    for &column in columns {
        if column == 0 || catalog.column_privileges(table.oid, column, role, wanted)?.is_empty() {
            return Ok(false);
        }
    }
    Ok(!columns.is_empty())
}

/// The error for a row, in the form of the table that `table` is, which does not belong into it.
pub(super) fn misplaced_row(table: &Relation, rows: &Batch, row: usize, run: &Run<'_>) -> Result<Error> {
    let text = format!("new row for relation \"{}\" violates partition constraint", table.name());
    let error = Error::new(SqlState::CHECK_VIOLATION, text);
    failing_row(table, (table, &Rearrangement::none()), error, (rows, row), run)
}

/// Adds a table and a failing row of it to an error; the row is shown as another table has it.
fn failing_row(
    relation: &Relation,
    (columns, places): (&Relation, &Rearrangement),
    error: Error,
    (rows, row): (&Batch, usize),
    run: &Run<'_>,
) -> Result<Error> {
    let (mut names, mut values) = (Vec::new(), Vec::new());
    let schema = run.session.catalog.schema_name(relation.class.relnamespace)?.unwrap_or_default();
    let error = error.schema(schema).table(relation.name());
    // Who may not read the table sees what they may read of it, and what they gave.
    let whole = shows(run.session.catalog, run.env(), columns, &[])?;
    if !whole && analyzer::row_security_hides(run.session.catalog, run.env(), columns)? {
        return Ok(error);
    }
    let given = |number: i16| {
        let mut own = run.state.plan.permissions.iter().filter(|permission| permission.relation == columns.oid);
        own.any(|permission| permission.inserted.contains(&number) || permission.updated.contains(&number))
    };
    for column in columns.live_columns() {
        if !whole && !given(column.attnum) && !shows(run.session.catalog, run.env(), columns, &[column.attnum])? {
            continue;
        }
        names.push(column.attname.to_string());
        if column.attgenerated == b'v' {
            values.push("virtual".into());
            continue;
        }
        let Some(place) = places.place(column.attnum as usize - 1) else { continue };
        let value = rows.columns[place].get(row);
        values.push(shown(column.atttypid, value, Some(64), run)?);
    }
    let values = values.join(", ");
    Ok(match whole {
        true => error.detail(format!("Failing row contains ({values}).")),
        false if names.is_empty() => error,
        false => error.detail(format!("Failing row contains ({}) = ({values}).", names.join(", "))),
    })
}

/// A value's text for a message, cut to so many bytes.
pub(super) fn shown(
    type_oid: ids::Oid,
    value: batch::DatumRef<'_>,
    most: Option<usize>,
    run: &Run<'_>,
) -> Result<String> {
    if value.is_null() {
        return Ok("null".into());
    }
    let mut text = Vec::new();
    types::output(type_oid, value, run.env(), &mut text)?;
    let mut text = String::from_utf8_lossy(&text).into_owned();
    if let Some(most) = most
        && text.len() > most
    {
        let end = (0..=most).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
        text.truncate(end);
        text.push_str("...");
    }
    Ok(text)
}
