//! Text and binary form of the date and time types.

use super::calendar::{self, DAY, HOUR, MINUTE, SECOND, date_of_day, shown_year, weekday};
use super::functions::moment_in;
use super::interval::{self, write_clock};
use super::parse::{self, Fields, Problem, Special, Zone};
use super::{
    DATE_INFINITY, DATE_NEGATIVE_INFINITY, INFINITY, Interval, NEGATIVE_INFINITY, TimeTz, TimeZone, checked_timestamp,
    from_local, is_infinite, round_to_precision, to_local, unix_seconds,
};
use crate::call::{Read, Value};
use crate::environment::{DateOrder, DateStyle};
use crate::format::write_padded;
use crate::io::{TypeCall, TypeIo, exactly, wrong_form};
use batch::{Column, DatumRef, Repr};
use error::{Error, Result, SqlState};

#[cold]
fn out_of_range(what: &str, text: &str) -> Error {
    Error::new(SqlState::DATETIME_VALUE_OUT_OF_RANGE, format!("{what} out of range: \"{text}\""))
}

fn read(text: &str, type_name: &str, with_date: bool, call: &TypeCall<'_>) -> Result<Fields> {
    let (_, order) = call.env.date_style();
    parse::parse(text, order, with_date, call.env).map_err(|problem| problem.error(text, type_name))
}

fn rounded(timestamp: i64, typmod: i32) -> Result<i64> {
    if is_infinite(timestamp) || typmod < 0 {
        return Ok(timestamp);
    }
    checked_timestamp(round_to_precision(timestamp, typmod))
}

/// The local time of the transaction.
fn local_now(call: &TypeCall<'_>) -> Result<i64> {
    to_local(call.env.transaction_timestamp(), &call.env.time_zone())
}

fn date_in(text: &str, call: &TypeCall<'_>, out: &mut Column) -> Result<()> {
    let fields = read(text, "date", true, call)?;
    let day = match fields.special {
        Some(Special::Infinity) => DATE_INFINITY,
        Some(Special::NegativeInfinity) => DATE_NEGATIVE_INFINITY,
        Some(Special::Epoch) => calendar::UNIX_EPOCH_DAY,
        Some(Special::Now) => local_now(call)?.div_euclid(DAY) as i32,
        Some(Special::Today(shift)) => local_now(call)?.div_euclid(DAY) as i32 + shift,
        None => match fields.day {
            Some(day) if (calendar::FIRST_DAY..calendar::END_DAY).contains(&day) => day,
            _ => return Err(out_of_range("date", text)),
        },
    };
    out.push(DatumRef::B4(day));
    Ok(())
}

/// The local timestamp that fields give.
fn local_timestamp(fields: &Fields, text: &str, call: &TypeCall<'_>) -> Result<i64> {
    let time = fields.time.unwrap_or(0);
    let day = match fields.special {
        Some(Special::Today(shift)) => local_now(call)?.div_euclid(DAY) + shift as i64,
        _ => fields.day.ok_or_else(|| out_of_range("timestamp", text))? as i64,
    };
    day.checked_mul(DAY).and_then(|t| t.checked_add(time)).ok_or_else(|| out_of_range("timestamp", text))
}

fn timestamp_in(text: &str, call: &TypeCall<'_>, out: &mut Column) -> Result<()> {
    let fields = read(text, "timestamp", true, call)?;
    let timestamp = match fields.special {
        Some(Special::Infinity) => INFINITY,
        Some(Special::NegativeInfinity) => NEGATIVE_INFINITY,
        Some(Special::Epoch) => calendar::UNIX_EPOCH_DAY as i64 * DAY,
        Some(Special::Now) => local_now(call)?,
        _ => {
            let local = local_timestamp(&fields, text, call)?;
            checked_timestamp(Some(local)).map_err(|_| out_of_range("timestamp", text))?
        }
    };
    out.push(DatumRef::B8(rounded(timestamp, call.typmod)?));
    Ok(())
}

fn timestamptz_in(text: &str, call: &TypeCall<'_>, out: &mut Column) -> Result<()> {
    let fields = read(text, "timestamp with time zone", true, call)?;
    let timestamp = match fields.special {
        Some(Special::Infinity) => INFINITY,
        Some(Special::NegativeInfinity) => NEGATIVE_INFINITY,
        Some(Special::Epoch) => calendar::UNIX_EPOCH_DAY as i64 * DAY,
        Some(Special::Now) => call.env.transaction_timestamp(),
        _ => {
            let local = local_timestamp(&fields, text, call)?;
            let moment = match &fields.zone {
                Some(zone) => moment_in(local, zone),
                None => from_local(local, &call.env.time_zone()),
            };
            moment.map_err(|_| out_of_range("timestamp", text))?
        }
    };
    out.push(DatumRef::B8(rounded(timestamp, call.typmod)?));
    Ok(())
}

fn time_in(text: &str, call: &TypeCall<'_>, out: &mut Column) -> Result<()> {
    let fields = read_time(text, "time", call)?;
    let time = fields.time.ok_or_else(|| Problem::Format.error(text, "time"))?;
    let time = if call.typmod < 0 { time } else { round_to_precision(time, call.typmod).unwrap_or(time) };
    out.push(DatumRef::B8(time));
    Ok(())
}

/// A time, perhaps with a date before it.
fn read_time(text: &str, type_name: &str, call: &TypeCall<'_>) -> Result<Fields> {
    let (_, order) = call.env.date_style();
    let fields = match parse::parse(text, order, false, call.env) {
        Err(Problem::Format) => parse::parse(text, order, true, call.env),
        other => other,
    };
    let mut fields = fields.map_err(|problem| problem.error(text, type_name))?;
    if fields.special == Some(Special::Now) {
        let now = local_now(call)?;
        fields.time = Some(now.rem_euclid(DAY));
    } else if fields.special.is_some() {
        return Err(Problem::Format.error(text, type_name));
    }
    // What a zone means that changes its offset is not known without a date.
    if let (Some(Zone::Named(zone)), None, None) = (&fields.zone, fields.day, fields.special)
        && zone.fixed_offset().is_none()
    {
        return Err(Problem::Format.error(text, type_name));
    }
    Ok(fields)
}

fn timetz_in(text: &str, call: &TypeCall<'_>, out: &mut Column) -> Result<()> {
    let fields = read_time(text, "time with time zone", call)?;
    let micros = fields.time.ok_or_else(|| Problem::Format.error(text, "time with time zone"))?;
    let now = local_now(call)?;
    let local = fields.day.map_or(now.div_euclid(DAY), i64::from) * DAY + micros;
    let offset = match &fields.zone {
        Some(zone) => zone.offset_of_local(unix_seconds(local)),
        None => call.env.time_zone().offset_of_local(unix_seconds(local)),
    };
    let micros = if call.typmod < 0 { micros } else { round_to_precision(micros, call.typmod).unwrap_or(micros) };
    push(TimeTz { micros, zone: -offset }, out);
    Ok(())
}

fn interval_in(text: &str, call: &TypeCall<'_>, out: &mut Column) -> Result<()> {
    let interval = interval::parse(text, call.typmod, call.env.interval_style()).map_err(|problem| match problem {
        Problem::Overflow => {
            Error::new(SqlState::INTERVAL_FIELD_OVERFLOW, format!("interval field value out of range: \"{text}\""))
        }
        other => other.error(text, "interval"),
    })?;
    push(interval.with_typmod(call.typmod)?, out);
    Ok(())
}

/// Adds a value of a byte string form at the end of a column.
pub(crate) fn push<T: Value>(value: T, out: &mut Column) {
    let at = out.len();
    out.push(DatumRef::Bytes(&[]));
    value.put(out, at);
}

fn eight(value: DatumRef<'_>, call: &TypeCall<'_>) -> Result<i64> {
    value.as_i64().ok_or_else(|| wrong_form(call.type_oid, value))
}

fn bytes<'a>(value: DatumRef<'a>, call: &TypeCall<'_>) -> Result<&'a [u8]> {
    value.as_bytes().ok_or_else(|| wrong_form(call.type_oid, value))
}

/// A value from its stored bytes.
pub(crate) fn decode<T>(bytes: &[u8]) -> T
where
    T: for<'a> Read<'a, Values = &'a batch::ByteValues>,
{
    let mut values = batch::ByteValues::new();
    values.push(bytes);
    T::at(&values, 0)
}

/// Adds a date in the session's style, without a mark for BC.
fn write_date_part(year: i32, month: i32, day: i32, style: (DateStyle, DateOrder), out: &mut Vec<u8>) {
    let (year, month, day) = (year as u64, month as u64, day as u64);
    let (separator, parts) = match style {
        (DateStyle::Iso, _) => (b'-', [(year, 4), (month, 2), (day, 2)]),
        (DateStyle::Sql, DateOrder::Dmy) => (b'/', [(day, 2), (month, 2), (year, 4)]),
        (DateStyle::Sql, _) => (b'/', [(month, 2), (day, 2), (year, 4)]),
        (DateStyle::German, _) => (b'.', [(day, 2), (month, 2), (year, 4)]),
        (DateStyle::Postgres, DateOrder::Dmy) => (b'-', [(day, 2), (month, 2), (year, 4)]),
        (DateStyle::Postgres, _) => (b'-', [(month, 2), (day, 2), (year, 4)]),
    };
    for (at, (value, width)) in parts.into_iter().enumerate() {
        if at > 0 {
            out.push(separator);
        }
        write_padded(value, width, out);
    }
}

fn date_out(value: DatumRef<'_>, call: &TypeCall<'_>, out: &mut Vec<u8>) -> Result<()> {
    let day = value.as_i32().ok_or_else(|| wrong_form(call.type_oid, value))?;
    write_date(day, call.env.date_style(), out);
    Ok(())
}

/// Adds a date's text.
pub fn write_date(day: i32, style: (DateStyle, DateOrder), out: &mut Vec<u8>) {
    match day {
        DATE_INFINITY => return out.extend_from_slice(b"infinity"),
        DATE_NEGATIVE_INFINITY => return out.extend_from_slice(b"-infinity"),
        _ => {}
    }
    let (year, month, date) = date_of_day(day);
    let (year, bc) = shown_year(year);
    write_date_part(year, month, date, style, out);
    if bc {
        out.extend_from_slice(b" BC");
    }
}

fn write_time(micros: i64, out: &mut Vec<u8>) {
    let (hours, rest) = (micros / HOUR, micros % HOUR);
    write_clock(hours as u64, (rest / MINUTE) as u64, (rest % MINUTE / SECOND) as u64, (micros % SECOND) as u64, out);
}

/// Adds a displacement from UTC: `+hh`, `+hh:mm` or `+hh:mm:ss`.
fn write_displacement(offset: i32, out: &mut Vec<u8>) {
    out.push(if offset < 0 { b'-' } else { b'+' });
    let seconds = offset.unsigned_abs() as u64;
    write_padded(seconds / 3600, 2, out);
    if !seconds.is_multiple_of(3600) {
        out.push(b':');
        write_padded(seconds / 60 % 60, 2, out);
    }
    if !seconds.is_multiple_of(60) {
        out.push(b':');
        write_padded(seconds % 60, 2, out);
    }
}

/// Adds a timestamp as ISO 8601 writes it: `2014-05-28T12:22:35.614298`, with a zone the local time there and `+hh:mm`.
pub fn write_iso_8601(timestamp: i64, zone: Option<&TimeZone>, out: &mut Vec<u8>) {
    if is_infinite(timestamp) {
        return write_timestamp(timestamp, None, Default::default(), out);
    }
    let offset = zone.map(|zone| zone.at(unix_seconds(timestamp)).offset);
    let local = timestamp.saturating_add(offset.unwrap_or(0) as i64 * SECOND);
    let (year, month, date) = date_of_day(local.div_euclid(DAY) as i32);
    let (year, bc) = shown_year(year);
    write_date_part(year, month, date, Default::default(), out);
    out.push(b'T');
    write_time(local.rem_euclid(DAY), out);
    if let Some(offset) = offset {
        let start = out.len();
        write_displacement(offset, out);
        if out.len() == start + 3 {
            out.extend_from_slice(b":00");
        }
    }
    if bc {
        out.extend_from_slice(b" BC");
    }
}

const DAY_NAMES: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTH_NAMES: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Adds a timestamp's text; with a zone, the local time there and the zone.
pub fn write_timestamp(timestamp: i64, zone: Option<&TimeZone>, style: (DateStyle, DateOrder), out: &mut Vec<u8>) {
    match timestamp {
        INFINITY => return out.extend_from_slice(b"infinity"),
        NEGATIVE_INFINITY => return out.extend_from_slice(b"-infinity"),
        _ => {}
    }
    let local = zone.map(|zone| zone.at(unix_seconds(timestamp)));
    let shown = timestamp.saturating_add(local.map_or(0, |local| local.offset as i64 * SECOND));
    let day = shown.div_euclid(DAY) as i32;
    let time = shown.rem_euclid(DAY);
    let (year, month, date) = date_of_day(day);
    let (year, bc) = shown_year(year);
    if style.0 == DateStyle::Postgres {
        out.extend_from_slice(DAY_NAMES[weekday(day) as usize].as_bytes());
        out.push(b' ');
        let month = MONTH_NAMES[(month - 1) as usize].as_bytes();
        if style.1 == DateOrder::Dmy {
            write_padded(date as u64, 2, out);
            out.push(b' ');
            out.extend_from_slice(month);
        } else {
            out.extend_from_slice(month);
            out.push(b' ');
            write_padded(date as u64, 2, out);
        }
        out.push(b' ');
        write_time(time, out);
        out.push(b' ');
        write_padded(year as u64, 4, out);
    } else {
        write_date_part(year, month, date, style, out);
        out.push(b' ');
        write_time(time, out);
    }
    if let Some(local) = local {
        let named = local.abbreviation.starts_with(|c: char| c.is_ascii_alphabetic());
        if style.0 == DateStyle::Iso {
            write_displacement(local.offset, out);
        } else if named {
            out.push(b' ');
            out.extend_from_slice(local.abbreviation.as_bytes());
        } else {
            if style.0 == DateStyle::Postgres {
                out.push(b' ');
            }
            write_displacement(local.offset, out);
        }
    }
    if bc {
        out.extend_from_slice(b" BC");
    }
}

fn receive_timestamp(bytes: &[u8], call: &TypeCall<'_>, out: &mut Column) -> Result<()> {
    let timestamp = i64::from_be_bytes(exactly(bytes)?);
    let timestamp = if is_infinite(timestamp) { timestamp } else { checked_timestamp(Some(timestamp))? };
    out.push(DatumRef::B8(rounded(timestamp, call.typmod)?));
    Ok(())
}

fn send_eight(value: DatumRef<'_>, call: &TypeCall<'_>, out: &mut Vec<u8>) -> Result<()> {
    out.extend_from_slice(&eight(value, call)?.to_be_bytes());
    Ok(())
}

#[cold]
fn time_range() -> Error {
    Error::new(SqlState::DATETIME_VALUE_OUT_OF_RANGE, "time out of range")
}

/// date
pub const DATE_IO: TypeIo = TypeIo {
    repr: Repr::B4,
    input: date_in,
    output: date_out,
    receive: |bytes, _, out| {
        let day = i32::from_be_bytes(exactly(bytes)?);
        let valid = calendar::is_infinite_day(day) || (calendar::FIRST_DAY..calendar::END_DAY).contains(&day);
        if !valid {
            return Err(super::date_range());
        }
        out.push(DatumRef::B4(day));
        Ok(())
    },
    send: |value, call, out| {
        let day = value.as_i32().ok_or_else(|| wrong_form(call.type_oid, value))?;
        out.extend_from_slice(&day.to_be_bytes());
        Ok(())
    },
};

/// time
pub const TIME_IO: TypeIo = TypeIo {
    repr: Repr::B8,
    input: time_in,
    output: |value, call, out| {
        write_time(eight(value, call)?, out);
        Ok(())
    },
    receive: |bytes, call, out| {
        let time = i64::from_be_bytes(exactly(bytes)?);
        if !(0..=DAY).contains(&time) {
            return Err(time_range());
        }
        let time = if call.typmod < 0 { time } else { round_to_precision(time, call.typmod).unwrap_or(time) };
        out.push(DatumRef::B8(time));
        Ok(())
    },
    send: send_eight,
};

/// timetz
pub const TIMETZ_IO: TypeIo = TypeIo {
    repr: Repr::Bytes,
    input: timetz_in,
    output: |value, call, out| {
        let time: TimeTz = decode(bytes(value, call)?);
        write_time(time.micros, out);
        write_displacement(-time.zone, out);
        Ok(())
    },
    receive: |bytes, _, out| {
        let raw: [u8; 12] = exactly(bytes)?;
        let (time, zone) = raw.split_at(8);
        let (micros, zone) = (i64::from_be_bytes(exactly(time)?), i32::from_be_bytes(exactly(zone)?));
        if !(0..=DAY).contains(&micros) {
            return Err(time_range());
        }
        if zone.unsigned_abs() >= 16 * 3600 {
            return Err(Error::new(
                SqlState::INVALID_TIME_ZONE_DISPLACEMENT_VALUE,
                "time zone displacement out of range",
            ));
        }
        push(TimeTz { micros, zone }, out);
        Ok(())
    },
    send: |value, call, out| {
        let time: TimeTz = decode(bytes(value, call)?);
        out.extend_from_slice(&time.micros.to_be_bytes());
        out.extend_from_slice(&time.zone.to_be_bytes());
        Ok(())
    },
};

/// timestamp
pub const TIMESTAMP_IO: TypeIo = TypeIo {
    repr: Repr::B8,
    input: timestamp_in,
    output: |value, call, out| {
        write_timestamp(eight(value, call)?, None, call.env.date_style(), out);
        Ok(())
    },
    receive: receive_timestamp,
    send: send_eight,
};

/// timestamptz
pub const TIMESTAMPTZ_IO: TypeIo = TypeIo {
    repr: Repr::B8,
    input: timestamptz_in,
    output: |value, call, out| {
        write_timestamp(eight(value, call)?, Some(&call.env.time_zone()), call.env.date_style(), out);
        Ok(())
    },
    receive: receive_timestamp,
    send: send_eight,
};

/// interval
pub const INTERVAL_IO: TypeIo = TypeIo {
    repr: Repr::Bytes,
    input: interval_in,
    output: |value, call, out| {
        decode::<Interval>(bytes(value, call)?).write(call.env.interval_style(), out);
        Ok(())
    },
    receive: |bytes, call, out| {
        let raw: [u8; 16] = exactly(bytes)?;
        let interval = Interval {
            micros: i64::from_be_bytes(exactly(&raw[..8])?),
            days: i32::from_be_bytes(exactly(&raw[8..12])?),
            months: i32::from_be_bytes(exactly(&raw[12..])?),
        };
        push(interval.with_typmod(call.typmod)?, out);
        Ok(())
    },
    send: |value, call, out| {
        let interval: Interval = decode(bytes(value, call)?);
        out.extend_from_slice(&interval.micros.to_be_bytes());
        out.extend_from_slice(&interval.days.to_be_bytes());
        out.extend_from_slice(&interval.months.to_be_bytes());
        Ok(())
    },
};
