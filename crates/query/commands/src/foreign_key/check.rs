//! What the triggers of foreign keys do, and the looks at rows that are there already.
//!
//! Fired, a trigger runs a statement of SQL made from the constraint: the look-ups lock what they find `FOR KEY SHARE`, so a key cannot go
//! while a row that needs it is not committed yet.

use std::fmt::Write;
use std::sync::Arc;

use batch::Datum;
use catalog::Relation;
use catalog::format::quote_identifier;
use catalog::relation::kind;
use catalog::rows::{PgConstraint, PgTrigger};
use catalog::trigger::foreign_key as function;
use error::{Error, Result, SqlState};
use executor::{Execution, Options};
use ids::Oid;

use super::{column_name, column_type};
use crate::Context;

/// Names and operators of a constraint, as its statements need them.
struct Parts {
    /// Both tables, qualified and quoted, with ONLY unless they are partitioned: referencing, referenced.
    tables: [String; 2],
    /// Their names as messages show them.
    names: [String; 2],
    /// The referencing table's schema.
    schema: String,
    columns: [Vec<String>; 2],
    types: [Vec<Oid>; 2],
    /// By which the referenced value, on the left, is equal to the referencing one.
    operators: Vec<String>,
    /// By which two referenced values are.
    own_operators: Vec<String>,
    /// `COLLATE …` for a comparison of both sides; empty where they agree.
    collations: Vec<String>,
}

impl Parts {
    fn of(context: &Context<'_>, row: &PgConstraint) -> Result<Parts> {
        let catalog = context.catalog();
        let (from, to) = (catalog.relation(row.conrelid)?, catalog.relation(row.confrelid)?);
        let keys = [row.conkey.clone().unwrap_or_default(), row.confkey.clone().unwrap_or_default()];
        let qualified = |relation: &Relation| {
            let schema = catalog.schema_name(relation.class.relnamespace)?.unwrap_or_default();
            let only = if relation.kind() == kind::PARTITIONED_TABLE { "" } else { "ONLY " };
            Ok::<String, Error>(format!("{only}{}.{}", quote_identifier(&schema), quote_identifier(relation.name())))
        };
        let operator = |&operator: &Oid| {
            let operator = catalog.operator(operator)?;
            let schema = catalog.schema_name(operator.oprnamespace)?.unwrap_or_default();
            Ok(format!("OPERATOR({}.{})", quote_identifier(&schema), operator.oprname))
        };
        let operators = |list: &Option<Vec<Oid>>| list.iter().flatten().map(operator).collect::<Result<Vec<String>>>();
        let names = |relation: &Relation, key: &[i16]| {
            key.iter().map(|&number| column_name(relation, number)).collect::<Vec<_>>()
        };
        let types = |relation: &Relation, key: &[i16]| {
            key.iter().map(|&number| column_type(relation, number)).collect::<Vec<_>>()
        };
        // Where both sides have others, the referenced column's.
        let collation = |(&from_key, &to_key): (&i16, &i16)| {
            let of = |relation: &Relation, number| relation.column(number).map_or(Oid::INVALID, |c| c.attcollation);
            let (ours, theirs) = (of(&from, from_key), of(&to, to_key));
            if ours == theirs || !ours.is_valid() || !theirs.is_valid() {
                return Ok(String::new());
            }
            let row = catalog.collation(theirs)?;
            let schema = catalog.schema_name(row.collnamespace)?.unwrap_or_default();
            Ok::<String, Error>(format!(" COLLATE {}.{}", quote_identifier(&schema), quote_identifier(&row.collname)))
        };
        Ok(Parts {
            tables: [qualified(&from)?, qualified(&to)?],
            names: [from.name().to_string(), to.name().to_string()],
            schema: catalog.schema_name(from.class.relnamespace)?.unwrap_or_default(),
            operators: operators(&row.conpfeqop)?,
            own_operators: operators(&row.conppeqop)?,
            columns: [names(&from, &keys[0]), names(&to, &keys[1])],
            types: [types(&from, &keys[0]), types(&to, &keys[1])],
            collations: keys[0].iter().zip(&keys[1]).map(collation).collect::<Result<_>>()?,
        })
    }

    /// The key columns of one side, of a table with this alias.
    fn qualified(&self, side: usize, alias: &str) -> Vec<String> {
        self.columns[side].iter().map(|column| format!("{alias}.{}", quote_identifier(column))).collect()
    }

    /// The condition under which a row of one side refers to one of the other.
    fn join(&self, from: &[String], to: &[String]) -> String {
        let mut on = String::new();
        for (n, ((from, to), operator)) in from.iter().zip(to).zip(&self.operators).enumerate() {
            let collation = &self.collations[n];
            let _ = write!(on, "{}{to} {operator} {from}{collation}", if n > 0 { " AND " } else { "" });
        }
        on
    }

    /// The condition for rows that refer to the key in the parameters from `$first` on.
    fn referring(&self, first: usize) -> String {
        let mut text = String::new();
        for (n, (column, operator)) in self.columns[0].iter().zip(&self.operators).enumerate() {
            let and = if n > 0 { " AND " } else { "" };
            let _ = write!(text, "{and}${} {operator} {}", first + n, quote_identifier(column));
        }
        text
    }

    /// Of a foreign key with PERIOD: the condition that a referencing row's period (`period`, of a row whose other key columns are `others`) is covered
    /// by those of the referenced rows together. It is not false but null where there are none.
    fn covered(&self, period: &str, others: &[String]) -> String {
        let mut text = String::new();
        let to = self.qualified(1, "covering");
        let from = others.iter().map(String::as_str).chain([period]);
        for (n, ((to, from), operator)) in to.iter().zip(from).zip(&self.operators).enumerate() {
            let _ = write!(text, "{}{to} {operator} {from}", if n > 0 { " AND " } else { "" });
        }
        let own = to.last().map_or("", String::as_str);
        format!(
            "{period} OPERATOR(pg_catalog.<@) (SELECT pg_catalog.range_agg({own}) FROM {} covering WHERE {text})",
            self.tables[1]
        )
    }

    /// `(a, b)=(1, 2)`
    fn key(&self, context: &Context<'_>, side: usize, values: &[Datum]) -> Result<String> {
        let mut shown = Vec::new();
        for (value, &ty) in values.iter().zip(&self.types[side]) {
            if value.is_null() {
                shown.push("null".to_string());
                continue;
            }
            let mut text = Vec::new();
            types::output(ty, value.as_ref(), context.session.env(), &mut text)?;
            shown.push(String::from_utf8_lossy(&text).into_owned());
        }
        Ok(format!("({})=({})", self.columns[side].join(", "), shown.join(", ")))
    }

    /// An error with the names of table and constraint in its fields.
    fn complete(&self, error: Error, row: &PgConstraint) -> Error {
        error.schema(self.schema.as_str()).table(self.names[0].as_str()).constraint(row.conname.as_ref())
    }

    /// `Key (a, b)=(1, 2)`, or only `Key` for who may not see the rows of that side.
    fn key_shown(&self, context: &Context<'_>, row: &PgConstraint, side: usize, values: &[Datum]) -> Result<String> {
        let (table, key) = if side == 0 { (row.conrelid, &row.conkey) } else { (row.confrelid, &row.confkey) };
        let catalog = context.catalog();
        let table = catalog.relation(table)?;
        let columns = key.clone().unwrap_or_default();
        Ok(match executor::shows_columns(catalog, context.session.env(), &table, &columns)? {
            true => format!("Key {}", self.key(context, side, values)?),
            false => "Key".to_string(),
        })
    }

    fn missing(&self, context: &Context<'_>, row: &PgConstraint, values: &[Datum]) -> Result<Error> {
        let text = format!(
            "insert or update on table \"{}\" violates foreign key constraint \"{}\"",
            self.names[0], row.conname
        );
        let key = self.key_shown(context, row, 0, values)?;
        let detail = format!("{key} is not present in table \"{}\".", self.names[1]);
        Ok(self.complete(Error::new(SqlState::FOREIGN_KEY_VIOLATION, text).detail(detail), row))
    }
}

/// The error for a row of which some key columns are null and some are not.
fn mixed(parts: &Parts, row: &PgConstraint) -> Error {
    let text =
        format!("insert or update on table \"{}\" violates foreign key constraint \"{}\"", parts.names[0], row.conname);
    let detail = "MATCH FULL does not allow mixing of null and nonnull key values.";
    parts.complete(Error::new(SqlState::FOREIGN_KEY_VIOLATION, text).detail(detail), row)
}

/// Checks all rows that there are.
pub(super) fn validate(context: &Context<'_>, row: &PgConstraint) -> Result<()> {
    let parts = Parts::of(context, row)?;
    let (from, to) = (parts.qualified(0, "f"), parts.qualified(1, "p"));
    let present: Vec<String> = from.iter().map(|column| format!("{column} IS NOT NULL")).collect();
    // A key with a null refers to nothing; with MATCH FULL, only one without anything else does.
    let all = if row.confmatchtype == b'f' { " OR " } else { " AND " };
    let text = match from.split_last() {
        Some((period, others)) if row.conperiod => format!(
            "SELECT {} FROM {} f WHERE ({}) AND ({}) IS NOT TRUE LIMIT 1",
            from.join(", "),
            parts.tables[0],
            present.join(all),
            parts.covered(period, others)
        ),
        _ => format!(
            "SELECT {} FROM {} f LEFT JOIN {} p ON {} WHERE {} IS NULL AND ({}) LIMIT 1",
            from.join(", "),
            parts.tables[0],
            parts.tables[1],
            parts.join(&from, &to),
            to[0],
            present.join(all)
        ),
    };
    let mut failing = None;
    run(context, row.conrelid, &text, &[], Vec::new(), |values| failing = Some(values))?;
    match failing {
        None => Ok(()),
        Some(values) if values.iter().any(Datum::is_null) => Err(mixed(&parts, row)),
        Some(values) => Err(parts.missing(context, row, &values)?),
    }
}

/// Refuses that a partition leaves its table while rows refer to what it holds; `row` is the constraint for that partition.
pub(super) fn refuse_removal(context: &Context<'_>, row: &PgConstraint) -> Result<()> {
    let parts = Parts::of(context, row)?;
    let (from, to) = (parts.qualified(0, "f"), parts.qualified(1, "p"));
    let text = format!(
        "SELECT {} FROM {} f JOIN {} p ON {} LIMIT 1",
        from.join(", "),
        parts.tables[0],
        parts.tables[1],
        parts.join(&from, &to)
    );
    let mut failing = None;
    run(context, row.conrelid, &text, &[], Vec::new(), |values| failing = Some(values))?;
    let Some(values) = failing else { return Ok(()) };
    let text = format!("removing partition \"{}\" violates foreign key constraint \"{}\"", parts.names[1], row.conname);
    let key = parts.key(context, 0, &values)?;
    let detail = format!("Key {key} is still referenced from table \"{}\".", parts.names[0]);
    Err(parts.complete(Error::new(SqlState::FOREIGN_KEY_VIOLATION, text).detail(detail), row))
}

/// Runs a statement of our own as the owner of the table that it reads or changes, whatever the current role may do there and see; `take` gets
/// each row. Gives the number of rows found or changed.
fn run(
    context: &Context<'_>,
    table: Oid,
    text: &str,
    types: &[Oid],
    params: Vec<Datum>,
    mut take: impl FnMut(Vec<Datum>),
) -> Result<u64> {
    let catalog = context.catalog();
    let _acting = catalog.act_as_owner(catalog.relation(table)?.class.relowner);
    let mut plan: Arc<planner::plan::Plan> = context.services.plan_text(text, types)?;
    // Each table's owner may do this with it.
    if let Some(plan) = Arc::get_mut(&mut plan) {
        for permission in &mut plan.permissions {
            permission.check_as = catalog.relation(permission.relation)?.class.relowner;
        }
    }
    let session = context.session;
    // What is checked is the present, whatever the transaction's snapshot shows.
    let snapshot = session.transaction.latest_snapshot()?;
    let options = Options { params, work_mem: context.services.work_mem(), instrument: false };
    let mut execution = Execution::start(session, plan, snapshot, options)?;
    let (mut batch, mut rows) = (execution.batch(), 0);
    while execution.next(session, &mut batch)? {
        for row in batch.rows().iter() {
            rows += 1;
            take(batch.columns.iter().map(|column| column.datum(row)).collect());
        }
    }
    session.transaction.next_command()?;
    Ok(rows + execution.processed())
}

/// Fires a trigger of a foreign key for a changed row: its old and new values, by column number minus one.
pub(crate) fn fire(
    context: &Context<'_>,
    trigger: &PgTrigger,
    old: Option<&[Datum]>,
    new: Option<&[Datum]>,
) -> Result<()> {
    use function::*;
    let row = context.catalog().constraint(trigger.tgconstraint)?;
    let pick = |values: &[Datum], key: &Option<Vec<i16>>| -> Vec<Datum> {
        key.iter().flatten().map(|&n| values.get(n as usize - 1).cloned().unwrap_or_default()).collect()
    };
    match trigger.tgfoid.0 {
        CHECK_INSERT | CHECK_UPDATE => {
            let Some(new) = new else { return Ok(()) };
            let values = pick(new, &row.conkey);
            check(context, &row, values)
        }
        function => {
            let Some(old) = old else { return Ok(()) };
            let values = pick(old, &row.confkey);
            if values.iter().any(Datum::is_null) {
                return Ok(());
            }
            let update = new.map(|new| pick(new, &row.confkey));
            if update.as_ref() == Some(&values) {
                return Ok(());
            }
            react(context, &row, function, values, update)
        }
    }
}

/// The referenced row must be there.
fn check(context: &Context<'_>, row: &PgConstraint, values: Vec<Datum>) -> Result<()> {
    let nulls = values.iter().filter(|value| value.is_null()).count();
    if nulls == values.len() || (nulls > 0 && row.confmatchtype != b'f') {
        return Ok(());
    }
    let parts = Parts::of(context, row)?;
    if nulls > 0 {
        return Err(mixed(&parts, row));
    }
    let mut text = format!("SELECT 1 FROM {} x WHERE ", parts.tables[1]);
    for (n, (column, operator)) in parts.columns[1].iter().zip(&parts.operators).enumerate() {
        let and = if n > 0 { " AND " } else { "" };
        let _ = write!(text, "{and}{} {operator} ${}", quote_identifier(column), n + 1);
    }
    text.push_str(" FOR KEY SHARE OF x");
    if let (true, Some(period)) = (row.conperiod, parts.columns[1].last()) {
        // The periods of all these rows together have to cover this one's.
        text = format!(
            "SELECT 1 FROM ({}) covering HAVING ${} OPERATOR(pg_catalog.<@) pg_catalog.range_agg(covering.period)",
            text.replacen("SELECT 1", &format!("SELECT {} AS period", quote_identifier(period)), 1),
            values.len()
        );
    }
    match run(context, row.confrelid, &text, &parts.types[0], values.clone(), |_| ())? {
        0 => Err(parts.missing(context, row, &values)?),
        _ => Ok(()),
    }
}

/// What becomes of rows that refer to a key that is gone or changed.
fn react(
    context: &Context<'_>,
    row: &PgConstraint,
    function: u32,
    values: Vec<Datum>,
    update: Option<Vec<Datum>>,
) -> Result<()> {
    use function::*;
    let parts = Parts::of(context, row)?;
    let mut types = parts.types[1].clone();
    let condition = |first: usize| parts.referring(first);
    let set = |value: &dyn Fn(usize) -> String| {
        let columns = parts.columns[0].iter().enumerate();
        columns.map(|(n, column)| format!("{} = {}", quote_identifier(column), value(n))).collect::<Vec<_>>().join(", ")
    };
    match function {
        NO_ACTION_DELETE | NO_ACTION_UPDATE => refuse(context, row, &parts, values, false),
        RESTRICT_DELETE | RESTRICT_UPDATE => refuse(context, row, &parts, values, true),
        CASCADE_DELETE => {
            let text = format!("DELETE FROM {} WHERE {}", parts.tables[0], condition(1));
            run(context, row.conrelid, &text, &types, values, |_| ()).map(|_| ())
        }
        CASCADE_UPDATE => {
            let count = values.len();
            let text = format!(
                "UPDATE {} SET {} WHERE {}",
                parts.tables[0],
                set(&|n| format!("${}", n + 1)),
                condition(count + 1)
            );
            types.extend(parts.types[1].clone());
            let params = update.unwrap_or_default().into_iter().chain(values).collect();
            run(context, row.conrelid, &text, &types, params, |_| ()).map(|_| ())
        }
        SET_NULL_DELETE | SET_NULL_UPDATE | SET_DEFAULT_DELETE | SET_DEFAULT_UPDATE => {
            let null = matches!(function, SET_NULL_DELETE | SET_NULL_UPDATE);
            let value = if null { "NULL" } else { "DEFAULT" };
            // ON DELETE may name those of the key's columns that it is for.
            let delete = matches!(function, SET_NULL_DELETE | SET_DEFAULT_DELETE);
            let set = match row.confdelsetcols.as_ref().filter(|_| delete) {
                None => set(&|_| value.to_string()),
                Some(numbers) => {
                    let relation = context.catalog().relation(row.conrelid)?;
                    let name = |&number: &i16| quote_identifier(&column_name(&relation, number));
                    numbers.iter().map(|number| format!("{} = {value}", name(number))).collect::<Vec<_>>().join(", ")
                }
            };
            let text = format!("UPDATE {} SET {set} WHERE {}", parts.tables[0], condition(1));
            run(context, row.conrelid, &text, &types, values.clone(), |_| ())?;
            match null {
                true => Ok(()),
                // Rows whose key was the default have it still, and no change of theirs is seen.
                false => refuse(context, row, &parts, values, false),
            }
        }
        other => Err(Error::internal(format!("{other} is no function of a foreign key"))),
    }
}

/// Fails if rows refer to a key that is gone; unless `restrict`, another row may have taken it over.
fn refuse(context: &Context<'_>, row: &PgConstraint, parts: &Parts, values: Vec<Datum>, restrict: bool) -> Result<()> {
    let types = &parts.types[1];
    if !restrict && !row.conperiod {
        let mut text = format!("SELECT 1 FROM {} x WHERE ", parts.tables[1]);
        for (n, (column, operator)) in parts.columns[1].iter().zip(&parts.own_operators).enumerate() {
            let and = if n > 0 { " AND " } else { "" };
            let _ = write!(text, "{and}{} {operator} ${}", quote_identifier(column), n + 1);
        }
        text.push_str(" FOR KEY SHARE OF x");
        if run(context, row.confrelid, &text, types, values.clone(), |_| ())? > 0 {
            return Ok(());
        }
    }
    let covered = match parts.qualified(0, "x").split_last() {
        // Others may cover what the key did.
        Some((period, others)) if row.conperiod => format!(" AND ({}) IS NOT TRUE", parts.covered(period, others)),
        _ => String::new(),
    };
    let referring = parts.referring(1);
    let text = format!("SELECT 1 FROM {} x WHERE {referring}{covered} FOR KEY SHARE OF x", parts.tables[0]);
    if run(context, row.conrelid, &text, types, values.clone(), |_| ())? == 0 {
        return Ok(());
    }
    let (setting, state, still) = match restrict {
        true => ("RESTRICT setting of ", SqlState::RESTRICT_VIOLATION, ""),
        false => ("", SqlState::FOREIGN_KEY_VIOLATION, "still "),
    };
    let text = format!(
        "update or delete on table \"{}\" violates {setting}foreign key constraint \"{}\" on table \"{}\"",
        parts.names[1], row.conname, parts.names[0]
    );
    let key = parts.key_shown(context, row, 1, &values)?;
    let detail = format!("{key} is {still}referenced from table \"{}\".", parts.names[0]);
    Err(parts.complete(Error::new(state, text).detail(detail), row))
}
