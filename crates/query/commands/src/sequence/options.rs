//! What a statement says of a sequence, and what it comes to.

use catalog::rows::PgSequence;
use error::{Error, Result, SqlState};
use heap::sequence::SequenceRow;
use ids::Oid;
use parser::ast::{DefinitionItem, DefinitionValue, ObjectName};
use types::oid::{INT2, INT4, INT8};

use crate::Context;

/// The options of a statement; what it does not name is `None`.
#[derive(Default)]
pub(crate) struct Options<'s> {
    pub type_: Option<Oid>,
    pub start: Option<i64>,
    /// `RESTART`, perhaps with a value.
    pub restart: Option<Option<i64>>,
    pub increment: Option<i64>,
    /// `MAXVALUE`, or `NO MAXVALUE`.
    pub max: Option<Option<i64>>,
    /// `MINVALUE`, or `NO MINVALUE`.
    pub min: Option<Option<i64>>,
    pub cache: Option<i64>,
    pub cycle: Option<bool>,
    pub owned_by: Option<&'s ObjectName>,
    pub name: Option<&'s ObjectName>,
    pub logged: Option<bool>,
}

/// What a sequence is to be.
pub(crate) struct Definition {
    /// Its row in `pg_sequence`.
    pub row: PgSequence,
    /// Its state.
    pub state: SequenceRow,
}

fn range(type_: Oid) -> (i64, i64) {
    match type_ {
        INT2 => (i16::MIN.into(), i16::MAX.into()),
        INT4 => (i32::MIN.into(), i32::MAX.into()),
        _ => (i64::MIN, i64::MAX),
    }
}

fn type_word(type_: Oid) -> &'static str {
    match type_ {
        INT2 => "smallint",
        INT4 => "integer",
        _ => "bigint",
    }
}

fn invalid(text: String) -> Error {
    Error::new(SqlState::INVALID_PARAMETER_VALUE, text)
}

/// A number, as written.
fn number(item: &DefinitionItem) -> Result<i64> {
    match &item.value {
        Some(DefinitionValue::Integer(n)) => Ok((*n).into()),
        Some(DefinitionValue::Float(text)) => text.parse().map_err(|_| {
            let text = format!("value \"{text}\" is out of range for type bigint");
            Error::new(SqlState::NUMERIC_VALUE_OUT_OF_RANGE, text)
        }),
        _ => Err(Error::new(SqlState::SYNTAX_ERROR, format!("{} requires a numeric value", item.name))),
    }
}

/// Notes an option's value; it may be named only once.
fn put<T>(context: &Context<'_>, to: &mut Option<T>, item: &DefinitionItem, value: T) -> Result<()> {
    if to.is_some() {
        let error = Error::new(SqlState::SYNTAX_ERROR, "conflicting or redundant options");
        return Err(context.place(error, item.location));
    }
    *to = Some(value);
    Ok(())
}

impl<'s> Options<'s> {
    /// Reads a statement's options.
    pub fn read(context: &Context<'_>, items: &'s [DefinitionItem]) -> Result<Options<'s>> {
        let mut options = Options::default();
        for item in items {
            let number_if_any = || item.value.as_ref().map(|_| number(item)).transpose();
            match (&*item.name, &item.value) {
                ("as", Some(DefinitionValue::Type(name))) => {
                    put(context, &mut options.type_, item, context.analyzer().type_name(name)?.oid)?;
                }
                ("increment", _) => put(context, &mut options.increment, item, number(item)?)?,
                ("start", _) => put(context, &mut options.start, item, number(item)?)?,
                ("restart", _) => put(context, &mut options.restart, item, number_if_any()?)?,
                ("maxvalue", _) => put(context, &mut options.max, item, number_if_any()?)?,
                ("minvalue", _) => put(context, &mut options.min, item, number_if_any()?)?,
                ("cache", _) => put(context, &mut options.cache, item, number(item)?)?,
                ("cycle", Some(DefinitionValue::Boolean(cycle))) => put(context, &mut options.cycle, item, *cycle)?,
                ("owned_by", Some(DefinitionValue::Name(name))) => put(context, &mut options.owned_by, item, name)?,
                ("sequence_name", Some(DefinitionValue::Name(name))) => put(context, &mut options.name, item, name)?,
                ("logged", _) => put(context, &mut options.logged, item, true)?,
                ("unlogged", _) => put(context, &mut options.logged, item, false)?,
                // SET GENERATED is the column's affair.
                ("generated", _) => (),
                (other, _) => return Err(Error::internal(format!("option \"{other}\" not recognized"))),
            }
        }
        Ok(options)
    }

    /// Whether nothing but the owner is said.
    pub fn only_owner(&self) -> bool {
        self.type_.is_none()
            && self.start.is_none()
            && self.restart.is_none()
            && self.increment.is_none()
            && self.max.is_none()
            && self.min.is_none()
            && self.cache.is_none()
            && self.cycle.is_none()
    }

    /// What the sequence comes to: a new one, or `old` changed. `identity`: for an identity column.
    ///
    /// # Errors
    /// `22023` for what does not go together.
    pub fn define(&self, old: Option<(&PgSequence, SequenceRow)>, identity: bool) -> Result<Definition> {
        let (mut row, mut state) = match old {
            Some((row, state)) => (row.clone(), state),
            None => (
                PgSequence { seqtypid: INT8, seqincrement: 1, seqcache: 1, ..Default::default() },
                SequenceRow::default(),
            ),
        };
        let new = old.is_none();
        // With the type, bounds that were the old type's change to those of the new one.
        let (mut reset_max, mut reset_min) = (false, false);
        if let Some(type_) = self.type_ {
            if !matches!(type_, INT2 | INT4 | INT8) {
                let what = if identity { "identity column type" } else { "sequence type" };
                return Err(invalid(format!("{what} must be smallint, integer, or bigint")));
            }
            if !new {
                let (least, most) = range(row.seqtypid);
                reset_max = row.seqmax == most;
                reset_min = row.seqmin == least;
            }
            row.seqtypid = type_;
        }
        let (least, most) = range(row.seqtypid);
        if let Some(increment) = self.increment {
            if increment == 0 {
                return Err(invalid("INCREMENT must not be zero".into()));
            }
            row.seqincrement = increment;
        }
        if let Some(cycle) = self.cycle {
            row.seqcycle = cycle;
        }
        let ascending = row.seqincrement > 0;
        match self.max {
            Some(Some(max)) => row.seqmax = max,
            Some(None) => row.seqmax = if ascending { most } else { -1 },
            None if new || reset_max => {
                row.seqmax = if ascending || reset_max { most } else { -1 };
            }
            None => (),
        }
        match self.min {
            Some(Some(min)) => row.seqmin = min,
            Some(None) => row.seqmin = if ascending { 1 } else { least },
            None if new || reset_min => {
                row.seqmin = if !ascending || reset_min { least } else { 1 };
            }
            None => (),
        }
        for (word, value) in [("MAXVALUE", row.seqmax), ("MINVALUE", row.seqmin)] {
            if value < least || value > most {
                let name = type_word(row.seqtypid);
                return Err(invalid(format!("{word} ({value}) is out of range for sequence data type {name}")));
            }
        }
        if row.seqmin >= row.seqmax {
            return Err(invalid(format!("MINVALUE ({}) must be less than MAXVALUE ({})", row.seqmin, row.seqmax)));
        }
        match self.start {
            Some(start) => row.seqstart = start,
            None if new => row.seqstart = if ascending { row.seqmin } else { row.seqmax },
            None => (),
        }
        check("START", row.seqstart, &row)?;
        match self.restart {
            Some(value) => {
                state = SequenceRow { last_value: value.unwrap_or(row.seqstart), log_count: 0, is_called: false };
            }
            None if new => state = SequenceRow { last_value: row.seqstart, log_count: 0, is_called: false },
            None => (),
        }
        check("RESTART", state.last_value, &row)?;
        if let Some(cache) = self.cache {
            if cache <= 0 {
                return Err(invalid(format!("CACHE ({cache}) must be greater than zero")));
            }
            row.seqcache = cache;
        }
        // What was logged ahead was so under the old definition.
        if !new && (self.increment.is_some() || self.max.is_some() || self.min.is_some() || self.cycle.is_some()) {
            state.log_count = 0;
        }
        if reset_max || reset_min || self.cache.is_some() {
            state.log_count = 0;
        }
        Ok(Definition { row, state })
    }
}

fn check(word: &str, value: i64, row: &PgSequence) -> Result<()> {
    if value < row.seqmin {
        return Err(invalid(format!("{word} value ({value}) cannot be less than MINVALUE ({})", row.seqmin)));
    }
    if value > row.seqmax {
        return Err(invalid(format!("{word} value ({value}) cannot be greater than MAXVALUE ({})", row.seqmax)));
    }
    Ok(())
}
