//! concat, concat_ws and format: functions of any arguments' texts.

use super::char_count;
use super::quote::{quote_identifier, quote_literal};
use crate::Context;
use crate::array;
use crate::call::Call;
use crate::io::{TypeCall, io};
use batch::{ByteValues, Datum, DatumRef};
use error::{Error, Result, SqlState};
use ids::Oid;

crate::builtins! {
    /// Functions of any arguments' texts.
    pub static FORMATS =
    3058 text_concat raw() |call| concat_kernel(call, false);
    3059 text_concat_ws raw() |call| concat_kernel(call, true);
    3539 text_format raw() format_kernel;
    3540 text_format_nv raw() format_kernel;
}

/// Adds a value's text, as its output function writes it.
pub fn append_text(type_oid: Oid, value: DatumRef<'_>, context: Context<'_>, out: &mut Vec<u8>) -> Result<()> {
    let io = io(type_oid, context.env)?;
    (io.output)(value, &TypeCall { env: context.env, type_oid, typmod: -1 }, out)
}

/// The values and types of a row's arguments from `first` on, with a VARIADIC array's elements in its place; `None` if that
/// array is null.
pub fn variadic_arguments(call: &Call<'_>, first: usize, row: usize) -> Result<Option<Vec<(Oid, Datum)>>> {
    let context = call.context;
    let mut values = Vec::with_capacity(call.args.len());
    for (k, arg) in call.args.iter().enumerate().skip(first) {
        if context.variadic && k + 1 == call.args.len() {
            let Some(bytes) = arg.get(row).as_bytes() else { return Ok(None) };
            let array = array::View::new(bytes)?;
            values.extend(array.iter().map(|v| (array.element_type(), v.to_datum())));
        } else {
            values.push((context.arg_type(k), arg.get(row).to_datum()));
        }
    }
    Ok(Some(values))
}

fn put_text(call: &mut Call<'_>, row: usize, text: &[u8]) -> Result<()> {
    if text.len() > ByteValues::MAX_LENGTH {
        return Err(crate::call::too_long());
    }
    call.out.bytes_mut().put(row, text);
    Ok(())
}

fn concat_kernel(call: &mut Call<'_>, with_separator: bool) -> Result<()> {
    let mut text = Vec::new();
    for row in call.rows.iter() {
        text.clear();
        let first = with_separator as usize;
        let separator = if with_separator { call.args[0].get(row) } else { DatumRef::Bytes(b"") };
        let (Some(separator), Some(values)) = (separator.as_bytes(), variadic_arguments(call, first, row)?) else {
            call.out.set_null(row);
            continue;
        };
        let mut begun = false;
        for (type_oid, value) in values.iter().filter(|(_, value)| !value.is_null()) {
            if begun {
                text.extend_from_slice(separator);
            }
            begun = true;
            append_text(*type_oid, value.as_ref(), call.context, &mut text)?;
        }
        put_text(call, row, &text)?;
    }
    Ok(())
}

fn format_kernel(call: &mut Call<'_>) -> Result<()> {
    let mut text = Vec::new();
    for row in call.rows.iter() {
        text.clear();
        let Some(pattern) = call.args[0].get(row).as_bytes() else {
            call.out.set_null(row);
            continue;
        };
        let values = variadic_arguments(call, 1, row)?.unwrap_or_default();
        format(pattern, &values, call.context, &mut text)?;
        put_text(call, row, &text)?;
    }
    Ok(())
}

fn format(pattern: &[u8], values: &[(Oid, Datum)], context: Context<'_>, out: &mut Vec<u8>) -> Result<()> {
    let invalid = |message: String| Error::new(SqlState::INVALID_PARAMETER_VALUE, message);
    let unterminated =
        || invalid("unterminated format() type specifier".to_string()).hint("For a single \"%\" use \"%%\".");
    let mut next = 0;
    let mut at = 0;
    let number = |at: &mut usize| -> Result<Option<i32>> {
        let start = *at;
        let mut value = 0i32;
        while let Some(digit) = pattern.get(*at).filter(|c| c.is_ascii_digit()) {
            value = value
                .checked_mul(10)
                .and_then(|v| v.checked_add((digit - b'0') as i32))
                .ok_or_else(|| Error::new(SqlState::NUMERIC_VALUE_OUT_OF_RANGE, "number is out of range"))?;
            *at += 1;
        }
        if *at >= pattern.len() {
            return Err(unterminated());
        }
        Ok((*at > start).then_some(value))
    };
    while at < pattern.len() {
        if pattern[at] != b'%' {
            out.push(pattern[at]);
            at += 1;
            continue;
        }
        at += 1;
        if at >= pattern.len() {
            return Err(unterminated());
        }
        if pattern[at] == b'%' {
            out.push(b'%');
            at += 1;
            continue;
        }
        let zero = || invalid("format specifies argument 0, but arguments are numbered from 1".to_string());
        let (mut argument, mut width, mut width_argument, mut left) = (None, 0i32, None, false);
        let before = at;
        match number(&mut at)? {
            Some(n) if pattern[at] == b'$' => {
                if n == 0 {
                    return Err(zero());
                }
                argument = Some(n);
                at += 1;
            }
            Some(_) => at = before,
            None => {}
        }
        while pattern.get(at) == Some(&b'-') {
            left = true;
            at += 1;
        }
        if pattern.get(at) == Some(&b'*') {
            at += 1;
            width_argument = Some(-1);
            if let Some(n) = number(&mut at)? {
                if pattern[at] != b'$' {
                    return Err(invalid("width argument position must be ended by \"$\"".to_string()));
                }
                if n == 0 {
                    return Err(zero());
                }
                width_argument = Some(n);
                at += 1;
            }
        } else if let Some(n) = number(&mut at)? {
            width = n;
        }
        let Some(&kind) = pattern.get(at) else { return Err(unterminated()) };
        if !matches!(kind, b's' | b'I' | b'L') {
            let end = at + super::char_len(kind).min(pattern.len() - at);
            let shown = String::from_utf8_lossy(&pattern[at..end]).into_owned();
            return Err(invalid(format!("unrecognized format() type specifier \"{shown}\""))
                .hint("For a single \"%\" use \"%%\"."));
        }
        at += 1;
        let mut take = |which: Option<i32>| -> Result<&(Oid, Datum)> {
            let k = match which {
                Some(n) if n > 0 => n as usize - 1,
                _ => next,
            };
            next = k + 1;
            values.get(k).ok_or_else(|| invalid("too few arguments for format()".to_string()))
        };
        if let Some(which) = width_argument {
            let (type_oid, value) = take(Some(which))?;
            width = match value {
                Datum::Null => 0,
                Datum::B4(v) if *type_oid == crate::oid::INT4 => *v,
                Datum::B2(v) => *v as i32,
                other => {
                    let mut text = Vec::new();
                    append_text(*type_oid, other.as_ref(), context, &mut text)?;
                    let text = String::from_utf8_lossy(&text).into_owned();
                    crate::int::input_integer(&text, i32::MIN as i64, i32::MAX as i64, "integer")? as i32
                }
            };
        }
        let (type_oid, value) = take(argument)?;
        let mut piece = Vec::new();
        if value.is_null() {
            match kind {
                b'I' => {
                    return Err(Error::new(
                        SqlState::NULL_VALUE_NOT_ALLOWED,
                        "null values cannot be formatted as an SQL identifier",
                    ));
                }
                b'L' => piece.extend_from_slice(b"NULL"),
                _ => {}
            }
        } else {
            let mut text = Vec::new();
            append_text(*type_oid, value.as_ref(), context, &mut text)?;
            match kind {
                b'I' => piece.extend_from_slice(quote_identifier(&String::from_utf8_lossy(&text)).as_bytes()),
                b'L' => quote_literal(&text, &mut piece),
                _ => piece = text,
            }
        }
        let left = left || width < 0;
        let missing = (width.unsigned_abs() as usize).saturating_sub(char_count(&piece));
        if missing + out.len() > ByteValues::MAX_LENGTH {
            return Err(crate::call::too_long());
        }
        if !left {
            out.extend(std::iter::repeat_n(b' ', missing));
        }
        out.extend_from_slice(&piece);
        if left {
            out.extend(std::iter::repeat_n(b' ', missing));
        }
    }
    Ok(())
}
