//! extract, date_part, date_trunc and date_bin.

use super::calendar::{
    DAY, HOUR, JULIAN_OFFSET, MINUTE, SECOND, UNIX_EPOCH_DAY, date_of_day, day_of_date, day_of_year, iso_week,
    iso_year_start, weekday,
};
use super::functions::{local_in, moment_in};
use super::parse::{Zone, zone_of};
use super::{
    DATE_INFINITY, DATE_NEGATIVE_INFINITY, INFINITY, Interval, TimeTz, checked_timestamp, is_infinite, timestamp_range,
    unix_seconds,
};
use crate::Context;
use crate::numeric::Numeric;
use error::{Error, Result, SqlState};

crate::builtins! {
    /// Parts of dates and times.
    pub static DATETIME_PARTS =
    6199 extract_date each(&[u8], i32) |unit: &[u8], a| extract_date(unit, a);
    6200 extract_time each(&[u8], i64) |unit: &[u8], a| extract_time(unit, a, None);
    6201 extract_timetz each(&[u8], TimeTz) |unit: &[u8], a: TimeTz| extract_time(unit, a.micros, Some(a.zone));
    6202 extract_timestamp each(&[u8], i64) |unit: &[u8], a| extract_timestamp(unit, a, None);
    6203 extract_timestamptz each(Context, &[u8], i64) |cx: Context<'_>, unit: &[u8], a| extract_timestamptz(cx, unit, a);
    6204 extract_interval each(&[u8], Interval) |unit: &[u8], a: Interval| extract_interval(unit, &a);
    1385 time_part each(&[u8], i64) |unit: &[u8], a| extract_time(unit, a, None).map(double);
    1273 timetz_part each(&[u8], TimeTz) |unit: &[u8], a: TimeTz| extract_time(unit, a.micros, Some(a.zone)).map(double);
    2021 timestamp_part each(&[u8], i64) |unit: &[u8], a| extract_timestamp(unit, a, None).map(double);
    1171 timestamptz_part each(Context, &[u8], i64) |cx: Context<'_>, unit: &[u8], a| extract_timestamptz(cx, unit, a).map(double);
    1172 interval_part each(&[u8], Interval) |unit: &[u8], a: Interval| interval_part(unit, &a);
    2020 timestamp_trunc each(&[u8], i64) |unit: &[u8], a| truncate(unit, a, "timestamp without time zone");
    1217 timestamptz_trunc each(Context, &[u8], i64) |cx: Context<'_>, unit: &[u8], a| truncate_in(unit, a, &Zone::Named(cx.env.time_zone()));
    1284 timestamptz_trunc_zone each(Context, &[u8], i64, &[u8]) |cx: Context<'_>, unit: &[u8], a, name: &[u8]| zone_of(&String::from_utf8_lossy(name), cx.env).and_then(|zone| truncate_in(unit, a, &zone));
    1218 interval_trunc each(&[u8], Interval) |unit: &[u8], a: Interval| truncate_interval(unit, &a);
    6177 timestamp_bin each(Interval, i64, i64) |step: Interval, a, origin| bin(&step, a, origin);
    6178 timestamptz_bin each(Interval, i64, i64) |step: Interval, a, origin| bin(&step, a, origin);
}

fn double(value: Option<Numeric>) -> Option<f64> {
    value.map(|v| v.to_f64())
}

/// A field of a date or time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Field {
    Microseconds,
    Milliseconds,
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
    Decade,
    Century,
    Millennium,
    Julian,
    IsoYear,
    Dow,
    IsoDow,
    Doy,
    Epoch,
    Timezone,
    TimezoneHour,
    TimezoneMinute,
}

fn field_of(unit: &[u8]) -> Option<Field> {
    use Field::*;
    Some(match String::from_utf8_lossy(unit).to_ascii_lowercase().as_str() {
        "microseconds" | "microsecond" | "us" | "usec" | "usecs" | "usecond" | "useconds" | "microsecon" => {
            Microseconds
        }
        "milliseconds" | "millisecond" | "ms" | "msec" | "msecs" | "msecond" | "mseconds" | "millisecon" => {
            Milliseconds
        }
        "second" | "seconds" | "sec" | "secs" | "s" => Second,
        "minute" | "minutes" | "min" | "mins" | "m" => Minute,
        "hour" | "hours" | "hr" | "hrs" | "h" => Hour,
        "day" | "days" | "d" => Day,
        "week" | "weeks" | "w" => Week,
        "month" | "months" | "mon" | "mons" => Month,
        "quarter" | "qtr" => Quarter,
        "year" | "years" | "yr" | "yrs" | "y" => Year,
        "decade" | "decades" | "dec" | "decs" => Decade,
        "century" | "centuries" | "c" | "cent" => Century,
        "millennium" | "millennia" | "mil" | "mils" => Millennium,
        "julian" | "j" | "jd" => Julian,
        "isoyear" => IsoYear,
        "dow" => Dow,
        "isodow" => IsoDow,
        "doy" => Doy,
        "epoch" => Epoch,
        "timezone" => Timezone,
        "timezone_hour" | "timezone_h" => TimezoneHour,
        "timezone_minute" | "timezone_m" => TimezoneMinute,
        _ => return None,
    })
}

#[cold]
fn not_recognized(unit: &[u8], type_name: &str) -> Error {
    let unit = String::from_utf8_lossy(unit).to_ascii_lowercase();
    Error::new(SqlState::INVALID_PARAMETER_VALUE, format!("unit \"{unit}\" not recognized for type {type_name}"))
}

#[cold]
fn not_supported(unit: &[u8], type_name: &str) -> Error {
    let unit = String::from_utf8_lossy(unit).to_ascii_lowercase();
    Error::new(SqlState::FEATURE_NOT_SUPPORTED, format!("unit \"{unit}\" not supported for type {type_name}"))
}

fn whole(value: i64) -> Result<Option<Numeric>> {
    Ok(Some(Numeric::from(value)))
}

fn decimals(value: i128, scale: u32) -> Result<Option<Numeric>> {
    Ok(Some(Numeric::Small(value, scale)))
}

/// The century or millennium of a year: the first has no year 0.
fn era(year: i32, length: i32) -> i64 {
    (if year > 0 { (year + length - 1) / length } else { -((length - 1 - (year - 1)) / length) }) as i64
}

/// A field of the calendar date; `None` if the field is none of a date.
fn date_field(field: Field, day: i32) -> Option<i64> {
    let (year, month, date) = date_of_day(day);
    Some(match field {
        Field::Day => date as i64,
        Field::Month => month as i64,
        Field::Quarter => (month as i64 - 1) / 3 + 1,
        Field::Year => (if year > 0 { year } else { year - 1 }) as i64,
        Field::Decade => year.div_euclid(10) as i64,
        Field::Century => era(year, 100),
        Field::Millennium => era(year, 1000),
        Field::Week => iso_week(day).1 as i64,
        Field::IsoYear => {
            let year = iso_week(day).0 as i64;
            if year > 0 { year } else { year - 1 }
        }
        Field::Dow => weekday(day) as i64,
        Field::IsoDow => (weekday(day) as i64 + 6) % 7 + 1,
        Field::Doy => day_of_year(day) as i64,
        _ => return None,
    })
}

/// Infinity for fields that grow without end, null for those that go round.
fn infinite_field(field: Field, positive: bool) -> Option<Numeric> {
    match field {
        Field::Year
        | Field::Decade
        | Field::Century
        | Field::Millennium
        | Field::Julian
        | Field::IsoYear
        | Field::Epoch => Some(if positive { Numeric::Infinity } else { Numeric::NegativeInfinity }),
        _ => None,
    }
}

fn extract_date(unit: &[u8], day: i32) -> Result<Option<Numeric>> {
    let field = field_of(unit).ok_or_else(|| not_recognized(unit, "date"))?;
    let time_field = matches!(
        field,
        Field::Microseconds
            | Field::Milliseconds
            | Field::Second
            | Field::Minute
            | Field::Hour
            | Field::Timezone
            | Field::TimezoneHour
            | Field::TimezoneMinute
    );
    if time_field {
        return Err(not_supported(unit, "date"));
    }
    if day == DATE_INFINITY || day == DATE_NEGATIVE_INFINITY {
        return Ok(infinite_field(field, day == DATE_INFINITY));
    }
    match field {
        Field::Julian => whole(day as i64 + JULIAN_OFFSET as i64),
        Field::Epoch => whole((day as i64 - UNIX_EPOCH_DAY as i64) * 86_400),
        field => match date_field(field, day) {
            Some(value) => whole(value),
            None => Err(not_supported(unit, "date")),
        },
    }
}

fn extract_time(unit: &[u8], time: i64, zone: Option<i32>) -> Result<Option<Numeric>> {
    let type_name = if zone.is_some() { "time with time zone" } else { "time without time zone" };
    let field = field_of(unit).ok_or_else(|| not_recognized(unit, type_name))?;
    match (field, zone) {
        (Field::Microseconds, _) => whole(time % MINUTE),
        (Field::Milliseconds, _) => decimals((time % MINUTE) as i128, 3),
        (Field::Second, _) => decimals((time % MINUTE) as i128, 6),
        (Field::Minute, _) => whole(time / MINUTE % 60),
        (Field::Hour, _) => whole(time / HOUR),
        (Field::Epoch, zone) => decimals(time as i128 + zone.unwrap_or(0) as i128 * SECOND as i128, 6),
        (Field::Timezone, Some(zone)) => whole(-zone as i64),
        (Field::TimezoneHour, Some(zone)) => whole((-zone / 3600) as i64),
        (Field::TimezoneMinute, Some(zone)) => whole((-zone / 60 % 60) as i64),
        _ => Err(not_supported(unit, type_name)),
    }
}

/// A field of a local timestamp; with `offset`, of a moment whose zone is that far east.
fn extract_timestamp(unit: &[u8], local: i64, moment: Option<(i64, i32)>) -> Result<Option<Numeric>> {
    let type_name = if moment.is_some() { "timestamp with time zone" } else { "timestamp without time zone" };
    let field = field_of(unit).ok_or_else(|| not_recognized(unit, type_name))?;
    if moment.is_none()
        && !is_infinite(local)
        && matches!(field, Field::Timezone | Field::TimezoneHour | Field::TimezoneMinute)
    {
        return Err(not_supported(unit, type_name));
    }
    if is_infinite(local) {
        return Ok(infinite_field(field, local == INFINITY));
    }
    let (day, time) = (local.div_euclid(DAY) as i32, local.rem_euclid(DAY));
    match (field, moment) {
        (Field::Microseconds, _) => whole(time % MINUTE),
        (Field::Milliseconds, _) => decimals((time % MINUTE) as i128, 3),
        (Field::Second, _) => decimals((time % MINUTE) as i128, 6),
        (Field::Minute, _) => whole(time / MINUTE % 60),
        (Field::Hour, _) => whole(time / HOUR),
        (Field::Julian, _) => {
            let share = Numeric::from(time).div(&Numeric::from(DAY))?;
            Ok(Some(Numeric::from(day as i64 + JULIAN_OFFSET as i64).add(&share)?))
        }
        (Field::Epoch, moment) => {
            let since = moment.map_or(local, |(moment, _)| moment) as i128;
            decimals(since - UNIX_EPOCH_DAY as i128 * DAY as i128, 6)
        }
        (Field::Timezone, Some((_, offset))) => whole(offset as i64),
        (Field::TimezoneHour, Some((_, offset))) => whole((offset / 3600) as i64),
        (Field::TimezoneMinute, Some((_, offset))) => whole((offset / 60 % 60) as i64),
        (field, _) => match date_field(field, day) {
            Some(value) => whole(value),
            None => Err(not_supported(unit, type_name)),
        },
    }
}

fn extract_timestamptz(context: Context<'_>, unit: &[u8], moment: i64) -> Result<Option<Numeric>> {
    if is_infinite(moment) {
        return extract_timestamp(unit, moment, Some((moment, 0)));
    }
    let offset = context.env.time_zone().at(unix_seconds(moment)).offset;
    let local = moment.checked_add(offset as i64 * SECOND).ok_or_else(timestamp_range)?;
    extract_timestamp(unit, local, Some((moment, offset)))
}

fn extract_interval(unit: &[u8], interval: &Interval) -> Result<Option<Numeric>> {
    let field = field_of(unit).ok_or_else(|| not_recognized(unit, "interval"))?;
    let supported = !matches!(
        field,
        Field::Julian
            | Field::IsoYear
            | Field::Dow
            | Field::IsoDow
            | Field::Doy
            | Field::Timezone
            | Field::TimezoneHour
            | Field::TimezoneMinute
    );
    if !supported {
        return Err(not_supported(unit, "interval"));
    }
    if !interval.is_finite() {
        let infinite = Some(if interval.is_infinity() { Numeric::Infinity } else { Numeric::NegativeInfinity });
        return Ok(match field {
            Field::Microseconds | Field::Milliseconds | Field::Second | Field::Minute | Field::Week => None,
            Field::Month | Field::Quarter => None,
            _ => infinite,
        });
    }
    let micros = interval.micros;
    match field {
        Field::Microseconds => whole(micros % MINUTE),
        Field::Milliseconds => decimals((micros % MINUTE) as i128, 3),
        Field::Second => decimals((micros % MINUTE) as i128, 6),
        Field::Minute => whole(micros / MINUTE % 60),
        Field::Hour => whole(micros / HOUR),
        Field::Day => whole(interval.days as i64),
        Field::Week => whole(interval.days as i64 / 7),
        Field::Month => whole(interval.months as i64 % 12),
        Field::Quarter => {
            let months = interval.months as i64 % 12;
            whole(if interval.months >= 0 { months / 3 + 1 } else { -(-months / 3 + 1) })
        }
        Field::Year => whole(interval.months as i64 / 12),
        Field::Decade => whole(interval.months as i64 / 120),
        Field::Century => whole(interval.months as i64 / 1200),
        Field::Millennium => whole(interval.months as i64 / 12_000),
        _ => {
            // Years of 365.25 days, other months of 30.
            let days = (interval.months / 12) as i128 * 1461
                + (interval.months % 12) as i128 * 120
                + interval.days as i128 * 4;
            decimals(days * DAY as i128 / 4 + micros as i128, 6)
        }
    }
}

/// date_part of an interval: its epoch is summed in doubles, as PostgreSQL does.
fn interval_part(unit: &[u8], interval: &Interval) -> Result<Option<f64>> {
    if field_of(unit) == Some(Field::Epoch) && interval.is_finite() {
        let mut seconds = interval.micros as f64 / 1e6;
        seconds += 365.25 * 86_400.0 * (interval.months / 12) as f64;
        seconds += 30.0 * 86_400.0 * (interval.months % 12) as f64;
        seconds += 86_400.0 * interval.days as f64;
        return Ok(Some(seconds));
    }
    extract_interval(unit, interval).map(double)
}

fn truncate(unit: &[u8], local: i64, type_name: &str) -> Result<i64> {
    let field = field_of(unit).ok_or_else(|| not_recognized(unit, type_name))?;
    let (day, time) = (local.div_euclid(DAY) as i32, local.rem_euclid(DAY));
    let size = match field {
        Field::Microseconds => Some(1),
        Field::Milliseconds => Some(1000),
        Field::Second => Some(SECOND),
        Field::Minute => Some(MINUTE),
        Field::Hour => Some(HOUR),
        Field::Day => Some(DAY),
        _ => None,
    };
    let date_unit = matches!(
        field,
        Field::Week | Field::Month | Field::Quarter | Field::Year | Field::Decade | Field::Century | Field::Millennium
    );
    if matches!(field, Field::Julian | Field::IsoYear | Field::Dow | Field::IsoDow | Field::Doy | Field::Epoch) {
        return Err(not_recognized(unit, type_name));
    }
    if size.is_none() && !date_unit {
        return Err(not_supported(unit, type_name));
    }
    if is_infinite(local) {
        return Ok(local);
    }
    if let Some(size) = size {
        return Ok(local - time % size);
    }
    let (year, month, _) = date_of_day(day);
    // The year in which a span of years that is counted from year 1 begins.
    let first = |length: i32| {
        if year > 0 {
            (year + length - 1) / length * length - (length - 1)
        } else {
            -((length - 1 - (year - 1)) / length) * length + 1
        }
    };
    let start = match field {
        Field::Week => day - (weekday(day) + 6) % 7,
        Field::Month => day_of_date(year, month, 1),
        Field::Quarter => day_of_date(year, (month - 1) / 3 * 3 + 1, 1),
        Field::Year => day_of_date(year, 1, 1),
        Field::Decade => day_of_date(year.div_euclid(10) * 10, 1, 1),
        Field::Century => day_of_date(first(100), 1, 1),
        _ => day_of_date(first(1000), 1, 1),
    };
    debug_assert!(field != Field::Week || start >= iso_year_start(year - 1));
    checked_timestamp((start as i64).checked_mul(DAY))
}

fn truncate_in(unit: &[u8], moment: i64, zone: &Zone) -> Result<i64> {
    const NAME: &str = "timestamp with time zone";
    if is_infinite(moment) {
        return truncate(unit, moment, NAME);
    }
    let local = local_in(moment, zone)?;
    let cut = truncate(unit, local, NAME)?;
    let coarse = !matches!(
        field_of(unit),
        Some(Field::Microseconds | Field::Milliseconds | Field::Second | Field::Minute | Field::Hour)
    );
    // Within a day the zone's offset at the moment stays; else it is the one at the new local time.
    if coarse { moment_in(cut, zone) } else { Ok(moment - (local - cut)) }
}

fn truncate_interval(unit: &[u8], interval: &Interval) -> Result<Interval> {
    let field = field_of(unit).ok_or_else(|| not_recognized(unit, "interval"))?;
    let mut result = *interval;
    let months = |result: &mut Interval, size: i32| {
        *result = Interval { months: result.months / size * size, days: 0, micros: 0 };
    };
    let supported = matches!(
        field,
        Field::Microseconds
            | Field::Milliseconds
            | Field::Second
            | Field::Minute
            | Field::Hour
            | Field::Day
            | Field::Month
            | Field::Quarter
            | Field::Year
            | Field::Decade
            | Field::Century
            | Field::Millennium
    );
    if matches!(field, Field::Julian | Field::IsoYear | Field::Dow | Field::IsoDow | Field::Doy | Field::Epoch) {
        return Err(not_recognized(unit, "interval"));
    }
    if !supported {
        let error = not_supported(unit, "interval");
        return Err(if field == Field::Week { error.detail("Months usually have fractional weeks.") } else { error });
    }
    if !interval.is_finite() {
        return Ok(*interval);
    }
    match field {
        Field::Microseconds => {}
        Field::Milliseconds => result.micros -= result.micros % 1000,
        Field::Second => result.micros -= result.micros % SECOND,
        Field::Minute => result.micros -= result.micros % MINUTE,
        Field::Hour => result.micros -= result.micros % HOUR,
        Field::Day => result.micros = 0,
        Field::Month => months(&mut result, 1),
        Field::Quarter => months(&mut result, 3),
        Field::Year => months(&mut result, 12),
        Field::Decade => months(&mut result, 120),
        Field::Century => months(&mut result, 1200),
        _ => months(&mut result, 12_000),
    }
    Ok(result)
}

fn bin(step: &Interval, timestamp: i64, origin: i64) -> Result<i64> {
    if is_infinite(timestamp) {
        return Ok(timestamp);
    }
    if is_infinite(origin) {
        return Err(Error::new(SqlState::DATETIME_VALUE_OUT_OF_RANGE, "origin out of range"));
    }
    if !step.is_finite() {
        return Err(Error::new(
            SqlState::DATETIME_VALUE_OUT_OF_RANGE,
            "timestamps cannot be binned into infinite intervals",
        ));
    }
    if step.months != 0 {
        return Err(Error::new(
            SqlState::FEATURE_NOT_SUPPORTED,
            "timestamps cannot be binned into intervals containing months or years",
        ));
    }
    let size = i64::try_from(step.span()).map_err(|_| super::interval::out_of_range())?;
    if size <= 0 {
        return Err(Error::new(SqlState::DATETIME_VALUE_OUT_OF_RANGE, "stride must be greater than zero"));
    }
    let distance = timestamp.checked_sub(origin).ok_or_else(super::interval::out_of_range)?;
    checked_timestamp(origin.checked_add(distance.div_euclid(size).checked_mul(size).ok_or_else(timestamp_range)?))
}
