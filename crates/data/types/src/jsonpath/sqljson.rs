//! What SQL/JSON's functions compute: `JSON_EXISTS`, `JSON_QUERY`, `JSON_VALUE`, the rows of `JSON_TABLE`, and `IS JSON`.
//!
//! Results are doubled: the outer error ends the statement, the inner one is of the data and is answered as `ON ERROR`
//! says. What a type's input function refuses is of the data, too ([`is_soft`]).

use super::datetime::DateTime;
use super::execute::{Item, Options, Seen, items};
use super::{Path, Program};
use crate::datetime::{self, TimeTz};
use crate::environment::TypeKind;
use crate::json::{Event, Kind, Reader, Value, View, populate_value, write_view};
use crate::numeric::Numeric;
use crate::{Environment, oid};
use batch::{Datum, DatumRef};
use error::{Error, Result, SqlState};
use ids::Oid;
use std::borrow::Cow;

/// A value under `PASSING`.
pub struct Variable {
    /// The name, without the dollar sign.
    pub(super) name: String,
    pub(super) value: Item<'static>,
}

impl Variable {
    /// The variable of a name and a SQL value. What jsonpath has no type for becomes a string.
    pub fn new(name: &str, type_oid: Oid, value: DatumRef<'_>, env: &dyn Environment) -> Result<Variable> {
        let text = |out: Vec<u8>| Item::String(Cow::Owned(out));
        let value = match (type_oid, value) {
            (_, DatumRef::Null) => Item::Null,
            (oid::BOOL, value) => Item::Bool(value.as_bool() == Some(true)),
            (oid::INT2, DatumRef::B2(value)) => Item::Number(Numeric::from(value as i64)),
            (oid::INT4, DatumRef::B4(value)) => Item::Number(Numeric::from(value as i64)),
            (oid::INT8, DatumRef::B8(value)) => Item::Number(Numeric::from(value)),
            (oid::FLOAT4, value) => Item::Number(Numeric::from_f32(value.as_f32().unwrap_or_default())),
            (oid::FLOAT8, value) => Item::Number(Numeric::from_f64(value.as_f64().unwrap_or_default())),
            (oid::NUMERIC, DatumRef::Bytes(bytes)) => Item::Number(Numeric::from_bytes(bytes)),
            (oid::TEXT | oid::VARCHAR | oid::UNKNOWN, DatumRef::Bytes(bytes)) => text(bytes.to_vec()),
            (oid::DATE, DatumRef::B4(day)) => Item::DateTime(DateTime::Date(day)),
            (oid::TIME, DatumRef::B8(time)) => Item::DateTime(DateTime::Time(time)),
            (oid::TIMETZ, DatumRef::Bytes(bytes)) => {
                let time: TimeTz = datetime::decode(bytes);
                Item::DateTime(DateTime::TimeTz(time.micros, -time.zone))
            }
            (oid::TIMESTAMP, DatumRef::B8(time)) => Item::DateTime(DateTime::Timestamp(time)),
            (oid::TIMESTAMPTZ, DatumRef::B8(time)) => Item::DateTime(DateTime::TimestampTz(time, 0)),
            (oid::JSONB, DatumRef::Bytes(bytes)) => Item::Made(bytes.into(), 0),
            (oid::JSON, DatumRef::Bytes(bytes)) => Item::Made(Value::parse(bytes)?.to_bytes()?.into(), 0),
            (type_oid, value) => {
                let mut out = Vec::new();
                crate::output(type_oid, value, env, &mut out)?;
                text(out)
            }
        };
        Ok(Variable { name: name.to_string(), value })
    }
}

/// What is asked of a document.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// The document.
    pub root: View<'a>,
    /// The values under `PASSING`.
    pub passed: &'a [Variable],
    /// The column of `JSON_TABLE` that asks, for messages.
    pub column: Option<&'a str>,
    /// The session.
    pub env: &'a dyn Environment,
}

impl<'a> Question<'a> {
    fn items(self, path: &Path) -> Result<Result<Vec<Item<'a>>>> {
        let options =
            Options { variables: None, passed: self.passed, with_zones: true, only_whether: false, env: self.env };
        items(path, self.root, options)
    }

    fn subject(self, function: &str) -> String {
        match self.column {
            Some(column) => format!("JSON path expression for column \"{column}\""),
            None => format!("JSON path expression in {function}"),
        }
    }

    /// `JSON_EXISTS`
    pub fn exists(self, path: &Path) -> Result<Result<bool>> {
        Ok(self.items(path)?.map(|items| !items.is_empty()))
    }

    /// `JSON_QUERY`: the one value that the path gives, encoded, or all of them in an array; `None` if there is none.
    pub fn query(self, path: &Path, wrapper: Wrapper) -> Result<Result<Option<Vec<u8>>>> {
        let items = match self.items(path)? {
            Ok(items) => items,
            Err(error) => return Ok(Err(error)),
        };
        let wrap = match (wrapper, &items[..]) {
            (_, []) => return Ok(Ok(None)),
            (Wrapper::Unconditional, _) => true,
            (Wrapper::Conditional, items) => items.len() > 1,
            (Wrapper::None, [_]) => false,
            (Wrapper::None, _) => {
                let message =
                    format!("{} must return single item when no wrapper is requested", self.subject("JSON_QUERY"));
                return Ok(Err(Error::new(SqlState::MORE_THAN_ONE_SQL_JSON_ITEM, message)
                    .hint("Use the WITH WRAPPER clause to wrap SQL/JSON items into an array.")));
            }
        };
        let mut values: Vec<Value<'_>> = items.iter().map(Item::to_value).collect();
        let value = match (wrap, values.pop()) {
            (false, Some(value)) => value,
            (_, last) => {
                values.extend(last);
                Value::Array(values)
            }
        };
        Ok(Ok(Some(value.to_bytes()?)))
    }

    /// `JSON_VALUE`: the one scalar that the path gives; `None` if there is none.
    pub fn value(self, path: &Path) -> Result<Result<Option<Scalar>>> {
        let items = match self.items(path)? {
            Ok(items) => items,
            Err(error) => return Ok(Err(error)),
        };
        let state = match &items[..] {
            [] => return Ok(Ok(None)),
            [item] => match item.seen() {
                Seen::Array(_) | Seen::Object(_) => SqlState::SQL_JSON_SCALAR_REQUIRED,
                Seen::Null => return Ok(Ok(Some(Scalar::Null))),
                _ => {
                    let text = text_of(item, self.env)?;
                    return Ok(Ok(Some(Scalar::Value { json: item.to_value().to_bytes()?, text })));
                }
            },
            _ => SqlState::MORE_THAN_ONE_SQL_JSON_ITEM,
        };
        let message = format!("{} must return single scalar item", self.subject("JSON_VALUE"));
        Ok(Err(Error::new(state, message)))
    }

    /// All values that the path gives, encoded: the rows of `JSON_TABLE`.
    pub fn rows(self, path: &Path) -> Result<Result<Vec<Box<[u8]>>>> {
        match self.items(path)? {
            Ok(items) => {
                let rows = items.iter().map(|item| item.to_value().to_bytes().map(Vec::into_boxed_slice));
                Ok(Ok(rows.collect::<Result<_>>()?))
            }
            Err(error) => Ok(Err(error)),
        }
    }
}

/// The path of a stored value, read once.
pub fn path_of<'p>(program: &'p mut Program, stored: &[u8]) -> Result<&'p Path> {
    program.path(stored)
}

/// `WITH WRAPPER`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrapper {
    /// One value is given as it is, several are an error.
    None,
    /// Several values are put into an array.
    Conditional,
    /// Always in an array.
    Unconditional,
}

/// What `JSON_VALUE` finds.
pub enum Scalar {
    /// JSON's null.
    Null,
    /// Anything else.
    Value {
        /// As jsonb.
        json: Vec<u8>,
        /// As its own SQL type shows it: a string without quotes, a time in the session's style.
        text: Vec<u8>,
    },
}

/// A scalar's text as SQL shows it.
fn text_of(item: &Item<'_>, env: &dyn Environment) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    let mut show = |type_oid, value: DatumRef<'_>| crate::output(type_oid, value, env, &mut out);
    match item.seen() {
        Seen::Bool(value) => show(oid::BOOL, DatumRef::B1(value as u8))?,
        Seen::Number(number) => show(oid::NUMERIC, DatumRef::Bytes(&number.to_bytes()))?,
        Seen::String(text) => return Ok(text.to_vec()),
        Seen::DateTime(time) => match *time {
            DateTime::Date(day) => show(oid::DATE, DatumRef::B4(day))?,
            DateTime::Time(time) => show(oid::TIME, DatumRef::B8(time))?,
            DateTime::Timestamp(time) => show(oid::TIMESTAMP, DatumRef::B8(time))?,
            DateTime::TimestampTz(time, _) => show(oid::TIMESTAMPTZ, DatumRef::B8(time))?,
            DateTime::TimeTz(..) => return Ok(time.text()),
        },
        _ => {}
    }
    Ok(out)
}

/// Whether an error is of the data, so that `ON ERROR` answers it.
pub fn is_soft(error: &Error) -> bool {
    let state = error.state().to_string();
    state.starts_with("22") || state.starts_with("23") || state == "42601"
}

/// Whether a type's values are made of the JSON text itself.
fn takes_json_text(type_oid: Oid, env: &dyn Environment) -> Result<bool> {
    let facts = env.type_facts(type_oid)?;
    Ok(match &facts.kind {
        TypeKind::Domain { base, .. } => takes_json_text(*base, env)?,
        _ => facts.category == b'S' || type_oid == oid::BYTEA,
    })
}

/// A type's value made of what `JSON_QUERY` gives. Strings lose their quotes if `unquoted`.
pub fn from_query(json: View<'_>, type_oid: Oid, typmod: i32, unquoted: bool, env: &dyn Environment) -> Result<Datum> {
    if type_oid == oid::JSONB && !unquoted {
        return Ok(Datum::bytes(json.bytes().to_vec()));
    }
    let facts = env.type_facts(type_oid)?;
    let base = match &facts.kind {
        TypeKind::Domain { base, .. } => *base,
        _ => type_oid,
    };
    if !takes_json_text(type_oid, env)? && !matches!(base, oid::JSON | oid::JSONB) {
        return populate_value(type_oid, typmod, json, unquoted, env);
    }
    let mut text = Vec::new();
    match json.kind() {
        Kind::String(inside) if unquoted => text.extend_from_slice(inside),
        _ => write_view(json, &mut text)?,
    }
    if type_oid == oid::BYTEA {
        return Ok(Datum::bytes(text));
    }
    crate::input(type_oid, &String::from_utf8_lossy(&text), typmod, env)
}

/// A type's value made of what `JSON_VALUE` gives.
pub fn from_scalar(scalar: &Scalar, type_oid: Oid, typmod: i32, env: &dyn Environment) -> Result<Datum> {
    let facts = env.type_facts(type_oid)?;
    let domain = matches!(facts.kind, TypeKind::Domain { .. });
    match scalar {
        Scalar::Null => {
            if domain {
                env.check_domain(type_oid, DatumRef::Null)?;
            }
            Ok(Datum::Null)
        }
        Scalar::Value { json, .. } if type_oid == oid::JSONB => Ok(Datum::bytes(json.clone())),
        Scalar::Value { json, .. } if type_oid == oid::JSON => {
            let mut text = Vec::new();
            write_view(View::new(json), &mut text)?;
            Ok(Datum::bytes(text))
        }
        // A domain takes it from JSON, where true is `true` and not `t`.
        Scalar::Value { json, .. } if domain => populate_value(type_oid, typmod, View::new(json), true, env),
        Scalar::Value { text, .. } => crate::input(type_oid, &String::from_utf8_lossy(text), typmod, env),
    }
}

/// A type's value made of what `JSON_EXISTS` says, for columns of `JSON_TABLE`.
pub fn from_bool(value: bool, type_oid: Oid, typmod: i32, env: &dyn Environment) -> Result<Datum> {
    let facts = env.type_facts(type_oid)?;
    match (&facts.kind, type_oid) {
        (TypeKind::Domain { base, typmod }, _) => {
            let value = from_bool(value, *base, *typmod, env)?;
            env.check_domain(type_oid, value.as_ref())?;
            Ok(value)
        }
        (_, oid::BOOL) => Ok(Datum::bool(value)),
        (_, oid::INT4) => Ok(Datum::B4(value as i32)),
        _ => crate::input(type_oid, if value { "true" } else { "false" }, typmod, env),
    }
}

/// `IS JSON`: of which kind a value shall be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JsonKind {
    /// Any.
    Any,
    /// An object.
    Object,
    /// An array.
    Array,
    /// Neither.
    Scalar,
}

/// Whether a text, json or jsonb is JSON of a kind, and if asked, with unique keys.
pub fn is_json(type_oid: Oid, value: &[u8], wanted: JsonKind, unique: bool) -> bool {
    let found = if type_oid == oid::JSONB {
        match View::new(value).kind() {
            Kind::Object(_) => JsonKind::Object,
            Kind::Array(_) => JsonKind::Array,
            _ => JsonKind::Scalar,
        }
    } else {
        if std::str::from_utf8(value).is_err() || crate::json::check(value).is_err() {
            return false;
        }
        let found = match Reader::new(value, false).next_event() {
            Ok(Event::BeginObject) => JsonKind::Object,
            Ok(Event::BeginArray) => JsonKind::Array,
            Ok(_) => JsonKind::Scalar,
            Err(_) => return false,
        };
        if unique && Value::parse_unique(value, true).is_err() {
            return false;
        }
        found
    };
    wanted == JsonKind::Any || wanted == found
}
