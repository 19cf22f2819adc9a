//! jsonpath's item methods.

use super::datetime::{DateTime, Target};
use super::execute::{Failure, Item, Outcome, Seen, Sink, Walk, soft};
use super::{Method, Node};
use crate::numeric::{self, Numeric, apply_typmod};
use error::{Error, Result, SqlState};
use std::borrow::Cow;

#[cold]
fn invalid_argument<T>(method: &Method, argument: &str, type_name: &str) -> Result<T, Failure> {
    soft(
        SqlState::NON_NUMERIC_SQL_JSON_ITEM,
        format!("argument \"{argument}\" of jsonpath item method .{}() is invalid for type {type_name}", method.name()),
    )
}

#[cold]
fn only_for<T>(method: &Method, state: SqlState, what: &str) -> Result<T, Failure> {
    soft(state, format!("jsonpath item method .{}() can only be applied to {what}", method.name()))
}

#[cold]
fn not_finite<T>(method: &Method) -> Result<T, Failure> {
    soft(
        SqlState::NON_NUMERIC_SQL_JSON_ITEM,
        format!("NaN or Infinity is not allowed for jsonpath item method .{}()", method.name()),
    )
}

fn text_of(number: &Numeric) -> String {
    let mut out = Vec::new();
    numeric::write_plain(number, &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

impl<'a> Walk<'a> {
    pub(super) fn method(
        &mut self,
        chain: &[Node],
        method: &Method,
        item: &Item<'a>,
        unwrap: bool,
        found: &mut Sink<'a>,
    ) -> Outcome {
        // All but these two are for the elements of an array.
        if unwrap
            && !matches!(method, Method::Type | Method::Size)
            && let Seen::Array(length) = item.seen()
        {
            return self.unwrapped(chain, item, length, found);
        }
        let result = match method {
            Method::Type => Item::String(Cow::Borrowed(item.type_name().as_bytes())),
            Method::Size => match item.seen() {
                Seen::Array(length) => Item::Number(Numeric::from(length as i64)),
                _ if self.lax => Item::Number(Numeric::from(1)),
                _ => return only_for(method, SqlState::SQL_JSON_ARRAY_NOT_FOUND, "an array"),
            },
            Method::KeyValue => match item.seen() {
                Seen::Object(length) => return self.key_values(chain, item, length, found),
                _ => return only_for(method, SqlState::SQL_JSON_OBJECT_NOT_FOUND, "an object"),
            },
            Method::Abs | Method::Floor | Method::Ceiling => match item.seen() {
                Seen::Number(number) => Item::Number(match method {
                    Method::Abs => number.abs(),
                    Method::Floor => number.floor().map_err(Failure::Soft)?,
                    _ => number.ceil().map_err(Failure::Soft)?,
                }),
                _ => return only_for(method, SqlState::NON_NUMERIC_SQL_JSON_ITEM, "a numeric value"),
            },
            Method::Double => Item::Number(to_double(method, item)?),
            Method::Bigint => Item::Number(to_integer(method, item, i64::MIN, i64::MAX, "bigint")?),
            Method::Integer => Item::Number(to_integer(method, item, i32::MIN as i64, i32::MAX as i64, "integer")?),
            Method::Number | Method::Decimal(_) => Item::Number(to_number(method, item)?),
            Method::Boolean => Item::Bool(to_boolean(method, item)?),
            Method::String => match item.seen() {
                Seen::String(text) => Item::String(Cow::Owned(text.to_vec())),
                Seen::Number(number) => Item::String(Cow::Owned(text_of(&number).into_bytes())),
                Seen::Bool(value) => Item::String(Cow::Borrowed(if value { b"true" } else { b"false" })),
                Seen::DateTime(time) => Item::String(Cow::Owned(time.text())),
                _ => {
                    let what = "a boolean, string, numeric, or datetime value";
                    return only_for(method, SqlState::NON_NUMERIC_SQL_JSON_ITEM, what);
                }
            },
            Method::Datetime(_)
            | Method::Date
            | Method::Time(_)
            | Method::TimeTz(_)
            | Method::Timestamp(_)
            | Method::TimestampTz(_) => Item::DateTime(self.to_datetime(method, item)?),
        };
        self.next(chain, result, found)
    }

    fn to_datetime(&self, method: &Method, item: &Item<'a>) -> Result<DateTime, Failure> {
        let state = SqlState::INVALID_ARGUMENT_FOR_SQL_JSON_DATETIME_FUNCTION;
        let Seen::String(text) = item.seen() else {
            return only_for(method, state, "a string");
        };
        let text = String::from_utf8_lossy(text);
        let (target, precision) = match method {
            Method::Datetime(Some(template)) => {
                let template = String::from_utf8_lossy(template);
                return DateTime::by_template(&text, &template, self.options.env).map_err(Failure::Soft);
            }
            Method::Date => (Some(Target::Date), &None),
            Method::Time(precision) => (Some(Target::Time), precision),
            Method::TimeTz(precision) => (Some(Target::TimeTz), precision),
            Method::Timestamp(precision) => (Some(Target::Timestamp), precision),
            Method::TimestampTz(precision) => (Some(Target::TimestampTz), precision),
            _ => (None, &None),
        };
        let precision = match precision {
            None => None,
            Some(precision) => match precision.to_i128().and_then(|n| i32::try_from(n).ok()) {
                Some(precision) => Some(precision),
                None => {
                    let message = format!(
                        "time precision of jsonpath item method .{}() is out of range for type integer",
                        method.name()
                    );
                    return soft(state, message);
                }
            },
        };
        let unknown = || {
            let error = Error::new(state, format!("{} format is not recognized: \"{text}\"", method.name()));
            Err(Failure::Soft(match target {
                None => error.hint("Use a datetime template argument to specify the input data format."),
                Some(_) => error,
            }))
        };
        let Some(time) = DateTime::parse(&text, self.options.env) else { return unknown() };
        let Some(target) = target else { return Ok(time) };
        match time.convert(target, self.options.with_zones, self.options.env)? {
            None => unknown(),
            Some(time) => Ok(match precision {
                None => time,
                Some(precision) => {
                    if precision > 6 {
                        let zone =
                            if matches!(target, Target::TimeTz | Target::TimestampTz) { " WITH TIME ZONE" } else { "" };
                        let name = if matches!(target, Target::Time | Target::TimeTz) { "TIME" } else { "TIMESTAMP" };
                        let warning = Error::new(
                            SqlState::INVALID_PARAMETER_VALUE,
                            format!("{name}({precision}){zone} precision reduced to maximum allowed, 6"),
                        );
                        self.options.env.notice(warning.severity(error::Severity::Warning));
                    }
                    time.rounded(precision.min(6))
                }
            }),
        }
    }
}

fn to_double(method: &Method, item: &Item<'_>) -> Result<Numeric, Failure> {
    let text = match item.seen() {
        Seen::Number(number) => text_of(&number),
        Seen::String(text) => String::from_utf8_lossy(text).into_owned(),
        _ => return only_for(method, SqlState::NON_NUMERIC_SQL_JSON_ITEM, "a string or numeric value"),
    };
    match crate::float::parse_float(&text, "double precision") {
        Err(_) => invalid_argument(method, &text, "double precision"),
        Ok(value) if !value.is_finite() => not_finite(method),
        Ok(value) => Ok(Numeric::from_f64(value)),
    }
}

fn to_integer(
    method: &Method,
    item: &Item<'_>,
    least: i64,
    greatest: i64,
    type_name: &str,
) -> Result<Numeric, Failure> {
    let (text, value) = match item.seen() {
        Seen::Number(number) => {
            let value = number.to_i128().and_then(|n| i64::try_from(n).ok());
            (text_of(&number), value.filter(|n| (least..=greatest).contains(n)))
        }
        Seen::String(text) => {
            (String::from_utf8_lossy(text).into_owned(), crate::int::parse_integer(text, least, greatest).flatten())
        }
        _ => return only_for(method, SqlState::NON_NUMERIC_SQL_JSON_ITEM, "a string or numeric value"),
    };
    match value {
        Some(value) => Ok(Numeric::from(value)),
        None => invalid_argument(method, &text, type_name),
    }
}

fn to_number(method: &Method, item: &Item<'_>) -> Result<Numeric, Failure> {
    let (text, number) = match item.seen() {
        Seen::Number(number) => (text_of(&number), number),
        Seen::String(text) => {
            let text = String::from_utf8_lossy(text).into_owned();
            match numeric::parse(&text) {
                Ok(number) => (text, number),
                Err(_) => return invalid_argument(method, &text, "numeric"),
            }
        }
        _ => return only_for(method, SqlState::NON_NUMERIC_SQL_JSON_ITEM, "a string or numeric value"),
    };
    if !number.is_finite() {
        return not_finite(method);
    }
    let Method::Decimal(Some((precision, scale))) = method else { return Ok(number) };
    let whole = |number: &Numeric, what: &str| match number.to_i128().and_then(|n| i32::try_from(n).ok()) {
        Some(number) => Ok(number),
        None => soft(
            SqlState::NON_NUMERIC_SQL_JSON_ITEM,
            format!("{what} of jsonpath item method .{}() is out of range for type integer", method.name()),
        ),
    };
    let precision = whole(precision, "precision")?;
    let scale = scale.as_ref().map(|scale| whole(scale, "scale")).transpose()?.unwrap_or(0);
    let wrong = |message: String| soft(SqlState::INVALID_PARAMETER_VALUE, message);
    if !(1..=1000).contains(&precision) {
        return wrong(format!("NUMERIC precision {precision} must be between 1 and 1000"));
    }
    if !(-1000..=1000).contains(&scale) {
        return wrong(format!("NUMERIC scale {scale} must be between -1000 and 1000"));
    }
    match apply_typmod(number, (precision << 16 | scale & 0x7FF) + 4) {
        Ok(number) => Ok(number),
        Err(_) => invalid_argument(method, &text, "numeric"),
    }
}

fn to_boolean(method: &Method, item: &Item<'_>) -> Result<bool, Failure> {
    match item.seen() {
        Seen::Bool(value) => Ok(value),
        Seen::Number(number) => {
            let text = text_of(&number);
            match crate::int::parse_integer(text.as_bytes(), i32::MIN as i64, i32::MAX as i64).flatten() {
                Some(value) => Ok(value != 0),
                None => invalid_argument(method, &text, "boolean"),
            }
        }
        Seen::String(text) => {
            let text = String::from_utf8_lossy(text);
            crate::boolean::parse(&text).or_else(|_| invalid_argument(method, &text, "boolean"))
        }
        _ => only_for(method, SqlState::NON_NUMERIC_SQL_JSON_ITEM, "a boolean, string, or numeric value"),
    }
}
