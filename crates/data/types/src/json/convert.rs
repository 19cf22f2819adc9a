//! SQL values as JSON.
//!
//! Booleans, numbers, json, arrays and rows become their counterparts; dates and times become strings in ISO 8601's form,
//! whatever `DateStyle` says; everything else becomes a string of its text.

use super::{MAX_DEPTH, Reader, Value, View, too_deep, write_string, write_view};
use crate::call::{Context, NotNull};
use crate::environment::{TypeKind, builtin_facts};
use crate::{Environment, array, datetime, oid, record};
use batch::DatumRef;
use error::{Error, Result, SqlState};
use ids::Oid;
use std::borrow::Cow;

crate::builtins! {
    /// SQL values as JSON.
    pub static JSON_CONVERSIONS =
    3176 to_json arena(Context, NotNull) |cx: Context<'_>, value: NotNull<'_>, out: &mut Vec<u8>| write_json(cx.arg_type(0), value.0, false, cx.env, out);
    3787 to_jsonb arena(Context, NotNull) |cx: Context<'_>, value: NotNull<'_>, out: &mut Vec<u8>| to_value(cx.arg_type(0), value.0, cx.env)?.encode(out);
    3153 array_to_json arena(Context, NotNull) |cx: Context<'_>, value: NotNull<'_>, out: &mut Vec<u8>| write_json(cx.arg_type(0), value.0, false, cx.env, out);
    3154 array_to_json_pretty arena(Context, NotNull, bool) |cx: Context<'_>, value: NotNull<'_>, pretty, out: &mut Vec<u8>| write_json(cx.arg_type(0), value.0, pretty, cx.env, out);
    3155 row_to_json arena(Context, NotNull) |cx: Context<'_>, value: NotNull<'_>, out: &mut Vec<u8>| write_json(cx.arg_type(0), value.0, false, cx.env, out);
    3156 row_to_json_pretty arena(Context, NotNull, bool) |cx: Context<'_>, value: NotNull<'_>, pretty, out: &mut Vec<u8>| write_json(cx.arg_type(0), value.0, pretty, cx.env, out);
}

/// What a type's values become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Category {
    Bool,
    Number,
    Date,
    Timestamp,
    TimestampTz,
    Json,
    Jsonb,
    Array,
    Row,
    Text,
}

impl Category {
    /// Whether values are written over several lines where lines are wanted.
    pub fn is_structured(self) -> bool {
        matches!(self, Category::Array | Category::Row)
    }
}

pub(super) fn category(type_oid: Oid, env: &dyn Environment) -> Result<Category> {
    Ok(match type_oid {
        oid::BOOL => Category::Bool,
        oid::INT2 | oid::INT4 | oid::INT8 | oid::FLOAT4 | oid::FLOAT8 | oid::NUMERIC => Category::Number,
        oid::DATE => Category::Date,
        oid::TIMESTAMP => Category::Timestamp,
        oid::TIMESTAMPTZ => Category::TimestampTz,
        oid::JSON => Category::Json,
        oid::JSONB => Category::Jsonb,
        oid::TEXT | oid::VARCHAR | oid::UNKNOWN => Category::Text,
        oid::ANYARRAY => Category::Array,
        oid::INT2VECTOR | oid::OIDVECTOR => Category::Array,
        _ => {
            let kind = match builtin_facts(type_oid) {
                Some(facts) => facts.kind,
                None => env.type_facts(type_oid)?.kind.clone(),
            };
            match kind {
                TypeKind::Array { .. } => Category::Array,
                TypeKind::Composite { .. } => Category::Row,
                TypeKind::Domain { base, .. } => category(base, env)?,
                _ => Category::Text,
            }
        }
    })
}

/// A date's or time's text.
fn write_time(category: Category, value: DatumRef<'_>, env: &dyn Environment, out: &mut Vec<u8>) {
    match (category, value) {
        (Category::Date, DatumRef::B4(day)) => datetime::write_date(day, Default::default(), out),
        (Category::Timestamp, DatumRef::B8(time)) => datetime::write_iso_8601(time, None, out),
        (Category::TimestampTz, DatumRef::B8(time)) => datetime::write_iso_8601(time, Some(&env.time_zone()), out),
        _ => {}
    }
}

/// Adds a value as json text; a null becomes `null`. With `pretty`, the outermost container's parts are on lines of
/// their own.
pub(super) fn write_json(
    type_oid: Oid,
    value: DatumRef<'_>,
    pretty: bool,
    env: &dyn Environment,
    out: &mut Vec<u8>,
) -> Result<()> {
    write(type_oid, value, pretty, 0, env, out)
}

/// Adds a value as json text, or, `binary`, as jsonb: `to_json` and `to_jsonb`.
pub fn to_json(
    type_oid: Oid,
    value: DatumRef<'_>,
    binary: bool,
    env: &dyn Environment,
    out: &mut Vec<u8>,
) -> Result<()> {
    if binary { to_value(type_oid, value, env)?.encode(out) } else { write_json(type_oid, value, false, env, out) }
}

fn write(
    type_oid: Oid,
    value: DatumRef<'_>,
    pretty: bool,
    depth: usize,
    env: &dyn Environment,
    out: &mut Vec<u8>,
) -> Result<()> {
    if value.is_null() {
        out.extend_from_slice(b"null");
        return Ok(());
    }
    if depth > MAX_DEPTH {
        return Err(too_deep());
    }
    let separator: &[u8] = if pretty { b",\n " } else { b"," };
    let category = category(type_oid, env)?;
    match category {
        Category::Bool => out.extend_from_slice(if value.as_bool() == Some(true) { b"true" } else { b"false" }),
        Category::Number => {
            let start = out.len();
            crate::output(type_oid, value, env, out)?;
            if Reader::new(&out[start..], false).next_event().is_err() {
                // NaN and infinity are no numbers of JSON.
                out.insert(start, b'"');
                out.push(b'"');
            }
        }
        Category::Date | Category::Timestamp | Category::TimestampTz => {
            out.push(b'"');
            write_time(category, value, env, out);
            out.push(b'"');
        }
        Category::Json => out.extend_from_slice(value.as_bytes().unwrap_or_default()),
        Category::Jsonb => write_view(View::new(value.as_bytes().unwrap_or_default()), out)?,
        Category::Array => {
            let view = array::View::new(value.as_bytes().unwrap_or_default())?;
            let lengths: Vec<usize> = view.dimensions().map(|d| d.length as usize).collect();
            if lengths.is_empty() {
                out.extend_from_slice(b"[]");
                return Ok(());
            }
            let mut at = 0;
            write_dimension(view, &lengths, &mut at, separator, depth, env, out)?;
        }
        Category::Row => {
            out.push(b'{');
            let view = record::View::new(value.as_bytes().unwrap_or_default())?;
            for (k, field) in record::fields(&view, env)?.into_iter().enumerate() {
                if k > 0 {
                    out.extend_from_slice(separator);
                }
                write_string(field.name.as_bytes(), out);
                out.push(b':');
                write(field.type_oid, field.value, false, depth + 1, env, out)?;
            }
            out.push(b'}');
        }
        Category::Text => match value.as_bytes() {
            Some(text) if matches!(type_oid, oid::TEXT | oid::VARCHAR | oid::UNKNOWN) => write_string(text, out),
            _ => {
                let mut text = Vec::new();
                crate::output(type_oid, value, env, &mut text)?;
                write_string(&text, out);
            }
        },
    }
    Ok(())
}

fn write_dimension(
    view: array::View<'_>,
    lengths: &[usize],
    at: &mut usize,
    separator: &[u8],
    depth: usize,
    env: &dyn Environment,
    out: &mut Vec<u8>,
) -> Result<()> {
    out.push(b'[');
    for k in 0..lengths[0] {
        if k > 0 {
            out.extend_from_slice(separator);
        }
        if lengths.len() > 1 {
            write_dimension(view, &lengths[1..], at, b",", depth, env, out)?;
        } else {
            write(view.element_type(), view.get(*at), false, depth + 1, env, out)?;
            *at += 1;
        }
    }
    out.push(b']');
    Ok(())
}

/// A value on its way to jsonb; a null becomes null.
pub(super) fn to_value(type_oid: Oid, value: DatumRef<'_>, env: &dyn Environment) -> Result<Value<'static>> {
    convert(type_oid, value, 0, env)
}

fn convert(type_oid: Oid, value: DatumRef<'_>, depth: usize, env: &dyn Environment) -> Result<Value<'static>> {
    if value.is_null() {
        return Ok(Value::Null);
    }
    if depth > MAX_DEPTH {
        return Err(too_deep());
    }
    let category = category(type_oid, env)?;
    let bytes = value.as_bytes().unwrap_or_default();
    Ok(match category {
        Category::Bool => Value::Bool(value.as_bool() == Some(true)),
        Category::Number => {
            let mut text = Vec::new();
            crate::output(type_oid, value, env, &mut text)?;
            match Reader::new(&text, false).next_event() {
                Ok(_) => Value::Number(super::value::number(&text)?),
                Err(_) => Value::String(text.into()),
            }
        }
        Category::Date | Category::Timestamp | Category::TimestampTz => {
            let mut text = Vec::new();
            write_time(category, value, env, &mut text);
            Value::String(text.into())
        }
        Category::Json => Value::parse(bytes)?.into_owned()?,
        Category::Jsonb => Value::Encoded(bytes.to_vec()),
        Category::Array => {
            let view = array::View::new(bytes)?;
            let lengths: Vec<usize> = view.dimensions().map(|d| d.length as usize).collect();
            if lengths.is_empty() {
                Value::Array(Vec::new())
            } else {
                convert_dimension(view, &lengths, &mut 0, depth, env)?
            }
        }
        Category::Row => {
            let fields = record::fields(&record::View::new(bytes)?, env)?;
            let members = fields.into_iter().map(|field| {
                let key = Cow::Owned(field.name.into_owned().into_bytes());
                Ok((key, convert(field.type_oid, field.value, depth + 1, env)?))
            });
            Value::Object(members.collect::<Result<_>>()?)
        }
        Category::Text => {
            let mut text = Vec::new();
            crate::output(type_oid, value, env, &mut text)?;
            Value::String(text.into())
        }
    })
}

fn convert_dimension(
    view: array::View<'_>,
    lengths: &[usize],
    at: &mut usize,
    depth: usize,
    env: &dyn Environment,
) -> Result<Value<'static>> {
    let mut elements = Vec::with_capacity(lengths[0]);
    for _ in 0..lengths[0] {
        if lengths.len() > 1 {
            elements.push(convert_dimension(view, &lengths[1..], at, depth, env)?);
        } else {
            elements.push(convert(view.element_type(), view.get(*at), depth + 1, env)?);
            *at += 1;
        }
    }
    Ok(Value::Array(elements))
}

/// A value as an object's key: its text, not quoted. Containers cannot be keys.
pub(super) fn key_text(type_oid: Oid, value: DatumRef<'_>, env: &dyn Environment) -> Result<Vec<u8>> {
    let mut text = Vec::new();
    match category(type_oid, env)? {
        Category::Json | Category::Jsonb | Category::Array | Category::Row => {
            return Err(Error::new(
                SqlState::INVALID_PARAMETER_VALUE,
                "key value must be scalar, not array, composite, or json",
            ));
        }
        category @ (Category::Date | Category::Timestamp | Category::TimestampTz) => {
            write_time(category, value, env, &mut text);
        }
        Category::Bool => text.extend_from_slice(if value.as_bool() == Some(true) { b"true" } else { b"false" }),
        _ => crate::output(type_oid, value, env, &mut text)?,
    }
    Ok(text)
}
