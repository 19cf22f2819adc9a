//! BRIN: a row is the forms of its values, a summary a state for each column ([`types::brin`]).
//!
//! ```text
//! row      column*: 0 (null), or 1, length u16, form
//! summary  placeholder u8, column*: has nulls u8, length u16, state
//! ```

use std::sync::Arc;

use access::{Query, ScanKey, ScanTest, Support};
use batch::Column;
use brin::{BrinQuery, BrinSupport, RangeTest, Summaries};
use catalog::Relation;
use catalog::rows::PgIndex;
use error::{Error, Result, SqlState};
use types::Environment;
use types::brin::{Class, Condition};

use super::{EntryForm, EntryList};
use crate::Session;

/// Bytes of a summary that a page surely has room for.
const SUMMARY_MAX: usize = brin::page::ITEM_MAX - 4;
/// The support function that says what is stored.
const OPCLASS_INFO: i16 = 1;

/// The classes of an index's columns.
#[derive(Clone)]
pub(super) struct BrinForm {
    classes: Arc<[Class]>,
}

impl BrinForm {
    pub fn new(session: &Session<'_>, relation: &Relation, row: &PgIndex) -> Result<BrinForm> {
        let catalog = session.catalog;
        let option = catalog::store::storage_option(&relation.class, "pages_per_range");
        let pages_per_range = option.and_then(|text| text.parse().ok()).unwrap_or(128);
        let mut classes = Vec::with_capacity(row.indclass.len());
        for (at, &class) in row.indclass.iter().enumerate() {
            let class = catalog.opclass(class)?;
            let input = class.opcintype;
            let info = catalog.family_function(class.opcfamily, input, input, OPCLASS_INFO)?;
            let info = info.ok_or_else(|| {
                Error::internal(format!("missing support function {OPCLASS_INFO} for operator class {}", class.opcname))
            })?;
            let type_oid = catalog.base_type(catalog.key_type(relation, row, at)?.0, -1)?.0;
            let collation = row.indcollation.get(at).copied().unwrap_or_default();
            let options = relation.columns.get(at).and_then(|column| column.attoptions.as_ref());
            let options: Vec<(String, String)> = (options.into_iter().flatten())
                .filter_map(|option| option.split_once('='))
                .map(|(name, value)| (name.to_string(), value.to_string()))
                .collect();
            classes.push(Class::of(info, type_oid, collation, &options, pages_per_range, session.env())?);
        }
        Ok(BrinForm { classes: classes.into() })
    }
}

fn damaged() -> Error {
    Error::new(SqlState::INDEX_CORRUPTED, "a summary of a block range index is damaged")
}

/// A byte, a length and so many bytes.
fn part<'a>(rest: &mut &'a [u8]) -> Result<(u8, &'a [u8])> {
    let ([flag, low, high], after) = rest.split_first_chunk::<3>().ok_or_else(damaged)?;
    let (part, after) = after.split_at_checked(u16::from_le_bytes([*low, *high]) as usize).ok_or_else(damaged)?;
    *rest = after;
    Ok((*flag, part))
}

fn write(out: &mut Vec<u8>, flag: u8, part: &[u8]) {
    out.push(flag);
    // What is longer than that is refused as a summary too long for a page.
    let length = part.len().min(u16::MAX as usize);
    out.extend_from_slice(&(length as u16).to_le_bytes());
    out.extend_from_slice(&part[..length]);
}

impl EntryForm for BrinForm {
    fn entries(&self, values: &[&Column], row: usize, env: &dyn Environment, to: &mut EntryList) -> Result<()> {
        let (mut key, mut form) = (Vec::new(), Vec::new());
        for (class, values) in self.classes.iter().zip(values) {
            let value = values.get(row);
            form.clear();
            if !value.is_null() {
                class.form(value, env, &mut form)?;
            }
            write(&mut key, !value.is_null() as u8, &form);
        }
        to.push(&key, &[]);
        Ok(())
    }

    fn query(&self, keys: &[ScanKey<'_>], _: &[ScanKey<'_>], env: &dyn Environment) -> Result<Option<Query>> {
        let mut conditions = Vec::with_capacity(keys.len());
        for key in keys {
            let class = self.classes.get(key.column).ok_or_else(|| Error::internal("an index has no such column"))?;
            let sought = match key.test {
                ScanTest::IsNull => Sought::Null,
                ScanTest::IsNotNull => Sought::NotNull,
                ScanTest::Value(value) => Sought::Value(class.condition(key.strategy, key.type_oid, value, env)?),
            };
            conditions.push((key.column, sought));
        }
        Ok(Some(Arc::new(BrinQuery(Box::new(Conditions { classes: self.classes.clone(), conditions })))))
    }

    fn support(&self) -> Option<Support> {
        Some(Arc::new(BrinSupport(Arc::new(self.clone()))))
    }
}

impl BrinForm {
    /// The summary, with as few details as it takes to fit a page; if it cannot be made to, the index refuses it.
    fn fitted(&self, mut summary: Vec<u8>) -> Result<Vec<u8>> {
        while summary.len() > SUMMARY_MAX {
            let (mut rest, mut new, mut less) = (&summary[1..], vec![summary[0]], false);
            for class in self.classes.iter() {
                let (nulls, state) = part(&mut rest)?;
                let mut state = state.to_vec();
                less |= class.tighten(&mut state);
                write(&mut new, nulls, &state);
            }
            if !less {
                break;
            }
            summary = new;
        }
        Ok(summary)
    }
}

impl Summaries for BrinForm {
    fn empty(&self) -> Vec<u8> {
        let mut summary = vec![0];
        self.classes.iter().for_each(|_| write(&mut summary, 0, &[]));
        summary
    }

    fn add(&self, summary: &mut Vec<u8>, row: &[u8]) -> Result<bool> {
        let (mut old, mut values) = (summary.get(1..).ok_or_else(damaged)?, row);
        let mut new: Option<Vec<u8>> = None;
        let mut state = Vec::new();
        for class in self.classes.iter() {
            let before = summary.len() - old.len();
            let ((nulls, part_state), (present, form)) = (part(&mut old)?, part(&mut values)?);
            state.clear();
            state.extend_from_slice(part_state);
            let changed = match present {
                0 => nulls == 0,
                _ => class.add(&mut state, form),
            };
            if changed || new.is_some() {
                let new = new.get_or_insert_with(|| summary[..before].to_vec());
                write(new, nulls | (present == 0) as u8, &state);
            }
        }
        let changed = new.is_some();
        if let Some(new) = new {
            *summary = self.fitted(new)?;
        }
        Ok(changed)
    }

    fn unite(&self, summary: &mut Vec<u8>, other: &[u8]) -> Result<()> {
        let (mut own, mut theirs) = (summary.get(1..).ok_or_else(damaged)?, other.get(1..).ok_or_else(damaged)?);
        let mut new = vec![summary[0]];
        for class in self.classes.iter() {
            let ((nulls, state), (more_nulls, other)) = (part(&mut own)?, part(&mut theirs)?);
            let mut state = state.to_vec();
            class.unite(&mut state, other);
            write(&mut new, nulls | more_nulls, &state);
        }
        *summary = self.fitted(new)?;
        Ok(())
    }
}

enum Sought {
    Null,
    NotNull,
    Value(Condition),
}

/// Conditions on columns, all of which must hold.
struct Conditions {
    classes: Arc<[Class]>,
    conditions: Vec<(usize, Sought)>,
}

impl RangeTest for Conditions {
    fn may_hold(&self, summary: &[u8]) -> Result<bool> {
        let mut rest = summary.get(1..).ok_or_else(damaged)?;
        for (column, class) in self.classes.iter().enumerate() {
            let (nulls, state) = part(&mut rest)?;
            for (_, sought) in self.conditions.iter().filter(|(own, _)| *own == column) {
                let holds = match sought {
                    Sought::Null => nulls != 0,
                    Sought::NotNull => !state.is_empty(),
                    Sought::Value(condition) => class.may_hold(condition, state),
                };
                if !holds {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }
}
