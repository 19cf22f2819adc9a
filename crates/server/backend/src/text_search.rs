//! Text search functions that run a query of the client's: `ts_stat`, and `ts_rewrite` by a query; and the triggers that keep a tsvector.

use std::collections::BTreeMap;

use batch::{Column, Datum, DatumRef, Repr};
use catalog::names::split_qualified;
use error::{Error, Result, SqlState, bail};
use executor::{TriggerCall, TriggerOutcome};
use ids::Oid;
use types::textsearch::Vector;
use types::{Context, RowSource, oid};

use crate::functions::Made;
use crate::session::Session;

/// `ts_rewrite(query, target, substitute)`
const REWRITE: Oid = Oid(3684);
/// `to_tsvector(configuration, text)`
const TO_TSVECTOR: Oid = Oid(3745);
/// `tsvector_update_trigger`
pub(crate) const UPDATE_BY_NAME: Oid = Oid(3752);
/// `tsvector_update_trigger_column`
pub(crate) const UPDATE_BY_COLUMN: Oid = Oid(3753);

types::builtins! {
    /// Queries that are rewritten by a query.
    pub static REWRITES =
    3685 tsquery_rewrite_query each(Context, &[u8], &[u8]) |cx: Context<'_>, query: &[u8], text: &[u8]| {
        rewrite(&cx, query, text)
    };
}

fn rewrite(context: &Context<'_>, query: &[u8], text: &[u8]) -> Result<Vec<u8>> {
    let mut found = query.to_vec();
    let text = String::from_utf8_lossy(text);
    let check = &mut |types: &[Oid]| match types {
        [oid::TSQUERY, oid::TSQUERY] => Ok(()),
        _ => bail!(INVALID_PARAMETER_VALUE, "ts_rewrite query must return two tsquery columns"),
    };
    context.env.query_rows(&text, check, &mut |row| {
        if let [DatumRef::Bytes(_), DatumRef::Bytes(_)] = row {
            let changed =
                context.env.call_function(REWRITE, &[DatumRef::Bytes(&found), row[0], row[1]], Oid::INVALID)?;
            if let Some(changed) = changed.as_ref().as_bytes() {
                found = changed.to_vec();
            }
        }
        Ok(())
    })?;
    Ok(found)
}

/// `ts_stat`: in how many documents, and how often in all, each lexeme stands; with `weights`, only there where it has one of them.
pub(crate) fn statistics(args: &[DatumRef<'_>], context: Context<'_>) -> Result<Box<dyn RowSource>> {
    let mut columns = [Repr::Bytes, Repr::B4, Repr::B4].map(Column::new);
    let text = |at: usize| args.get(at).and_then(|arg| arg.as_bytes()).map(String::from_utf8_lossy);
    let weights = text(1).map(|weights| {
        let place = |letter: char| "dcba".find(letter.to_ascii_lowercase());
        weights.chars().filter_map(place).map(|place| place as u8).collect::<Vec<u8>>()
    });
    let mut found: BTreeMap<Vec<u8>, (i32, i32)> = BTreeMap::new();
    let check = &mut |types: &[Oid]| match types {
        [oid::TSVECTOR] => Ok(()),
        _ => bail!(INVALID_PARAMETER_VALUE, "ts_stat query must return one tsvector column"),
    };
    context.env.query_rows(&text(0).unwrap_or_default(), check, &mut |row| {
        let Some(DatumRef::Bytes(bytes)) = row.first() else { return Ok(()) };
        for (lexeme, positions) in Vector::new(bytes).iter() {
            let count = match &weights {
                // One without positions stands there once.
                None => positions.len().max(1),
                Some(weights) => positions.iter().filter(|position| weights.contains(&position.weight())).count(),
            };
            if count > 0 {
                let entry = found.entry(lexeme.to_vec()).or_default();
                *entry = (entry.0.saturating_add(1), entry.1.saturating_add(count as i32));
            }
        }
        Ok(())
    })?;
    if found.len() > usize::from(u16::MAX) {
        return Err(Error::not_implemented("ts_stat of more than 65535 lexemes"));
    }
    for (lexeme, (documents, entries)) in found {
        columns[0].push(DatumRef::Bytes(&lexeme));
        columns[1].push(DatumRef::B4(documents));
        columns[2].push(DatumRef::B4(entries));
    }
    Ok(Box::new(Made { columns: columns.into(), next: 0 }))
}

impl Session<'_> {
    /// Keeps a row's tsvector column up to date with its texts.
    pub(crate) fn update_tsvector(&self, function: Oid, call: TriggerCall<'_>) -> Result<TriggerOutcome> {
        let row = &call.trigger.row;
        let protocol = |text: &str| Err(Error::internal(format!("tsvector_update_trigger: {text}")));
        if !row.is_for_rows() {
            return protocol("must be fired for row");
        }
        if row.timing() != catalog::trigger::Timing::Before {
            return protocol("must be fired BEFORE event");
        }
        let Some(mut new) = call.new else { return protocol("must be fired for INSERT or UPDATE") };
        let relation = self.catalog().relation(row.tgrelid)?;
        let arguments: Vec<String> = row.arguments().map(|text| String::from_utf8_lossy(text).into_owned()).collect();
        let [target, configuration, texts @ ..] = &arguments[..] else {
            return protocol("arguments must be tsvector_field, ts_config, text_field1, ...)");
        };
        if texts.is_empty() {
            return protocol("arguments must be tsvector_field, ts_config, text_field1, ...)");
        }
        let column = |name: &str, what: &str| match relation.column_by_name(name) {
            Some(column) => Ok((column.attnum as usize - 1, column.atttypid)),
            None => bail!(UNDEFINED_COLUMN, "{what} \"{name}\" does not exist"),
        };
        let is = |ty: Oid, wanted: Oid| Ok::<_, Error>(ty == wanted || self.catalog().is_binary_coercible(ty, wanted)?);
        let (target_at, ty) = column(target, "tsvector column")?;
        if !is(ty, oid::TSVECTOR)? {
            bail!(DATATYPE_MISMATCH, "column \"{target}\" is not of tsvector type");
        }
        let configuration = match function {
            UPDATE_BY_COLUMN => {
                let (at, ty) = column(configuration, "configuration column")?;
                if !is(ty, oid::REGCONFIG)? {
                    bail!(DATATYPE_MISMATCH, "column \"{configuration}\" is not of regconfig type");
                }
                match new.get(at).and_then(|value| value.as_ref().as_oid()) {
                    Some(found) => found,
                    None => bail!(NULL_VALUE_NOT_ALLOWED, "configuration column \"{configuration}\" must not be null"),
                }
            }
            _ => {
                if split_qualified(configuration).is_none_or(|parts| parts.len() < 2) {
                    bail!(
                        INVALID_PARAMETER_VALUE,
                        "text search configuration name \"{configuration}\" must be schema-qualified"
                    );
                }
                match types::Environment::object_by_name(self, oid::REGCONFIG, configuration)? {
                    Some(found) => found,
                    None => bail!(UNDEFINED_OBJECT, "text search configuration \"{configuration}\" does not exist"),
                }
            }
        };
        let (mut document, mut changed) = (Vec::new(), call.old.is_none());
        for name in texts {
            let (at, ty) = column(name, "column")?;
            if !is(ty, oid::TEXT)? {
                bail!(DATATYPE_MISMATCH, "column \"{name}\" is not of a character type");
            }
            changed |= call.old.as_ref().is_some_and(|old| old.get(at) != new.get(at));
            if let Some(text) = new.get(at).and_then(|value| value.as_ref().as_bytes()) {
                document.extend_from_slice(text);
                document.push(b' ');
            }
        }
        if !changed {
            return Ok(TriggerOutcome::Unchanged);
        }
        let arguments = [DatumRef::B4(configuration.0 as i32), DatumRef::Bytes(&document)];
        let vector: Datum = types::Environment::call_function(self, TO_TSVECTOR, &arguments, Oid::INVALID)?;
        match new.get_mut(target_at) {
            Some(place) => *place = vector,
            None => return Err(Error::new(SqlState::INTERNAL_ERROR, "a row is too short")),
        }
        Ok(TriggerOutcome::Replaced(new))
    }
}
