//! Comparison, casts, the clock, and values made of their parts.

use super::calendar::{DAY, END_DAY, FIRST_DAY, HOUR, MINUTE, SECOND, UNIX_EPOCH_DAY, day_of_date_wide, month_days};
use super::interval::out_of_range as interval_range;
use super::parse::{Problem, Zone, zone_of};
use super::{
    DATE_INFINITY, DATE_NEGATIVE_INFINITY, INFINITY, Interval, NEGATIVE_INFINITY, TimeTz, TimeZone, calendar,
    checked_timestamp, date_range, from_local, is_infinite, round_to_precision, timestamp_range, to_local,
    unix_seconds,
};
use crate::hash;
use crate::{Context, Environment};
use error::{Error, Result, SqlState};

crate::builtins! {
    /// Comparison, casts and construction of dates and times.
    pub static DATETIMES =
    1086 date_eq fast(i32, i32) |a, b| a == b;
    1145 time_eq fast(i64, i64) |a, b| a == b;
    1152 timestamp_eq fast(i64, i64) |a, b| a == b;
    2052 timestamp_eq fast(i64, i64) |a, b| a == b;
    1091 date_ne fast(i32, i32) |a, b| a != b;
    1106 time_ne fast(i64, i64) |a, b| a != b;
    1153 timestamp_ne fast(i64, i64) |a, b| a != b;
    2053 timestamp_ne fast(i64, i64) |a, b| a != b;
    1087 date_lt fast(i32, i32) |a, b| a < b;
    1102 time_lt fast(i64, i64) |a, b| a < b;
    1154 timestamp_lt fast(i64, i64) |a, b| a < b;
    2054 timestamp_lt fast(i64, i64) |a, b| a < b;
    1088 date_le fast(i32, i32) |a, b| a <= b;
    1103 time_le fast(i64, i64) |a, b| a <= b;
    1155 timestamp_le fast(i64, i64) |a, b| a <= b;
    2055 timestamp_le fast(i64, i64) |a, b| a <= b;
    1089 date_gt fast(i32, i32) |a, b| a > b;
    1104 time_gt fast(i64, i64) |a, b| a > b;
    1157 timestamp_gt fast(i64, i64) |a, b| a > b;
    2057 timestamp_gt fast(i64, i64) |a, b| a > b;
    1090 date_ge fast(i32, i32) |a, b| a >= b;
    1105 time_ge fast(i64, i64) |a, b| a >= b;
    1156 timestamp_ge fast(i64, i64) |a, b| a >= b;
    2056 timestamp_ge fast(i64, i64) |a, b| a >= b;
    1092 date_cmp fast(i32, i32) |a, b| (a > b) as i32 - (a < b) as i32;
    1107 time_cmp fast(i64, i64) |a, b| (a > b) as i32 - (a < b) as i32;
    1314 timestamp_cmp fast(i64, i64) |a, b| (a > b) as i32 - (a < b) as i32;
    2045 timestamp_cmp fast(i64, i64) |a, b| (a > b) as i32 - (a < b) as i32;
    1138 date_larger fast(i32, i32) |a, b| a.max(b);
    1377 time_larger fast(i64, i64) |a, b| a.max(b);
    1196 timestamp_larger fast(i64, i64) |a, b| a.max(b);
    2036 timestamp_larger fast(i64, i64) |a, b| a.max(b);
    1139 date_smaller fast(i32, i32) |a, b| a.min(b);
    1378 time_smaller fast(i64, i64) |a, b| a.min(b);
    1195 timestamp_smaller fast(i64, i64) |a, b| a.min(b);
    2035 timestamp_smaller fast(i64, i64) |a, b| a.min(b);
    1352 timetz_eq each(TimeTz, TimeTz) |a: TimeTz, b| a == b;
    1353 timetz_ne each(TimeTz, TimeTz) |a: TimeTz, b| a != b;
    1354 timetz_lt each(TimeTz, TimeTz) |a: TimeTz, b| a < b;
    1355 timetz_le each(TimeTz, TimeTz) |a: TimeTz, b| a <= b;
    1357 timetz_gt each(TimeTz, TimeTz) |a: TimeTz, b| a > b;
    1356 timetz_ge each(TimeTz, TimeTz) |a: TimeTz, b| a >= b;
    1358 timetz_cmp each(TimeTz, TimeTz) |a: TimeTz, b| a.cmp(&b) as i32;
    1379 timetz_larger each(TimeTz, TimeTz) |a: TimeTz, b| if a > b { a } else { b };
    1380 timetz_smaller each(TimeTz, TimeTz) |a: TimeTz, b| if a < b { a } else { b };
    1162 interval_eq each(Interval, Interval) |a: Interval, b| a == b;
    1163 interval_ne each(Interval, Interval) |a: Interval, b| a != b;
    1164 interval_lt each(Interval, Interval) |a: Interval, b| a < b;
    1165 interval_le each(Interval, Interval) |a: Interval, b| a <= b;
    1167 interval_gt each(Interval, Interval) |a: Interval, b| a > b;
    1166 interval_ge each(Interval, Interval) |a: Interval, b| a >= b;
    1315 interval_cmp each(Interval, Interval) |a: Interval, b| a.cmp(&b) as i32;
    1198 interval_larger each(Interval, Interval) |a: Interval, b| if a > b { a } else { b };
    1197 interval_smaller each(Interval, Interval) |a: Interval, b| if a < b { a } else { b };
    2340 date_eq_timestamp fast(i32, i64) |a, b| wide(a) == b as i128;
    2343 date_ne_timestamp fast(i32, i64) |a, b| wide(a) != b as i128;
    2338 date_lt_timestamp fast(i32, i64) |a, b| wide(a) < b as i128;
    2339 date_le_timestamp fast(i32, i64) |a, b| wide(a) <= b as i128;
    2341 date_gt_timestamp fast(i32, i64) |a, b| wide(a) > b as i128;
    2342 date_ge_timestamp fast(i32, i64) |a, b| wide(a) >= b as i128;
    2344 date_cmp_timestamp fast(i32, i64) |a, b| wide(a).cmp(&(b as i128)) as i32;
    2366 timestamp_eq_date fast(i64, i32) |a, b| a as i128 == wide(b);
    2369 timestamp_ne_date fast(i64, i32) |a, b| a as i128 != wide(b);
    2364 timestamp_lt_date fast(i64, i32) |a, b| (a as i128) < wide(b);
    2365 timestamp_le_date fast(i64, i32) |a, b| a as i128 <= wide(b);
    2367 timestamp_gt_date fast(i64, i32) |a, b| a as i128 > wide(b);
    2368 timestamp_ge_date fast(i64, i32) |a, b| a as i128 >= wide(b);
    2370 timestamp_cmp_date fast(i64, i32) |a, b| (a as i128).cmp(&wide(b)) as i32;
    2353 date_eq_timestamptz each(Context, i32, i64) |cx: Context<'_>, a, b| moment(cx.env, wide(a)) == b as i128;
    2356 date_ne_timestamptz each(Context, i32, i64) |cx: Context<'_>, a, b| moment(cx.env, wide(a)) != b as i128;
    2351 date_lt_timestamptz each(Context, i32, i64) |cx: Context<'_>, a, b| moment(cx.env, wide(a)) < b as i128;
    2352 date_le_timestamptz each(Context, i32, i64) |cx: Context<'_>, a, b| moment(cx.env, wide(a)) <= b as i128;
    2354 date_gt_timestamptz each(Context, i32, i64) |cx: Context<'_>, a, b| moment(cx.env, wide(a)) > b as i128;
    2355 date_ge_timestamptz each(Context, i32, i64) |cx: Context<'_>, a, b| moment(cx.env, wide(a)) >= b as i128;
    2357 date_cmp_timestamptz each(Context, i32, i64) |cx: Context<'_>, a, b| moment(cx.env, wide(a)).cmp(&(b as i128)) as i32;
    2379 timestamptz_eq_date each(Context, i64, i32) |cx: Context<'_>, a, b| a as i128 == moment(cx.env, wide(b));
    2382 timestamptz_ne_date each(Context, i64, i32) |cx: Context<'_>, a, b| a as i128 != moment(cx.env, wide(b));
    2377 timestamptz_lt_date each(Context, i64, i32) |cx: Context<'_>, a, b| (a as i128) < moment(cx.env, wide(b));
    2378 timestamptz_le_date each(Context, i64, i32) |cx: Context<'_>, a, b| a as i128 <= moment(cx.env, wide(b));
    2380 timestamptz_gt_date each(Context, i64, i32) |cx: Context<'_>, a, b| a as i128 > moment(cx.env, wide(b));
    2381 timestamptz_ge_date each(Context, i64, i32) |cx: Context<'_>, a, b| a as i128 >= moment(cx.env, wide(b));
    2383 timestamptz_cmp_date each(Context, i64, i32) |cx: Context<'_>, a, b| (a as i128).cmp(&moment(cx.env, wide(b))) as i32;
    2522 timestamp_eq_timestamptz each(Context, i64, i64) |cx: Context<'_>, a, b| moment(cx.env, a as i128) == b as i128;
    2525 timestamp_ne_timestamptz each(Context, i64, i64) |cx: Context<'_>, a, b| moment(cx.env, a as i128) != b as i128;
    2520 timestamp_lt_timestamptz each(Context, i64, i64) |cx: Context<'_>, a, b| moment(cx.env, a as i128) < b as i128;
    2521 timestamp_le_timestamptz each(Context, i64, i64) |cx: Context<'_>, a, b| moment(cx.env, a as i128) <= b as i128;
    2523 timestamp_gt_timestamptz each(Context, i64, i64) |cx: Context<'_>, a, b| moment(cx.env, a as i128) > b as i128;
    2524 timestamp_ge_timestamptz each(Context, i64, i64) |cx: Context<'_>, a, b| moment(cx.env, a as i128) >= b as i128;
    2526 timestamp_cmp_timestamptz each(Context, i64, i64) |cx: Context<'_>, a, b| moment(cx.env, a as i128).cmp(&(b as i128)) as i32;
    2529 timestamptz_eq_timestamp each(Context, i64, i64) |cx: Context<'_>, a, b| a as i128 == moment(cx.env, b as i128);
    2532 timestamptz_ne_timestamp each(Context, i64, i64) |cx: Context<'_>, a, b| a as i128 != moment(cx.env, b as i128);
    2527 timestamptz_lt_timestamp each(Context, i64, i64) |cx: Context<'_>, a, b| (a as i128) < moment(cx.env, b as i128);
    2528 timestamptz_le_timestamp each(Context, i64, i64) |cx: Context<'_>, a, b| a as i128 <= moment(cx.env, b as i128);
    2530 timestamptz_gt_timestamp each(Context, i64, i64) |cx: Context<'_>, a, b| a as i128 > moment(cx.env, b as i128);
    2531 timestamptz_ge_timestamp each(Context, i64, i64) |cx: Context<'_>, a, b| a as i128 >= moment(cx.env, b as i128);
    2533 timestamptz_cmp_timestamp each(Context, i64, i64) |cx: Context<'_>, a, b| (a as i128).cmp(&moment(cx.env, b as i128)) as i32;
    1299 now each(Context) |cx: Context<'_>| cx.env.transaction_timestamp();
    2647 now each(Context) |cx: Context<'_>| cx.env.transaction_timestamp();
    2648 statement_timestamp each(Context) |cx: Context<'_>| cx.env.statement_timestamp();
    2649 clock_timestamp each(Context) |cx: Context<'_>| cx.env.clock_timestamp();
    1373 date_finite each(i32) |a| a != DATE_INFINITY && a != DATE_NEGATIVE_INFINITY;
    1389 timestamp_finite each(i64) |a| !is_infinite(a);
    2048 timestamp_finite each(i64) |a| !is_infinite(a);
    1390 interval_finite each(Interval) |a: Interval| a.is_finite();
    2024 date_timestamp each(i32) date_to_timestamp;
    1174 date_timestamptz each(Context, i32) |cx: Context<'_>, a| date_to_timestamp(a).and_then(|t| from_local(t, &cx.env.time_zone()).map_err(|_| date_timestamp_range()));
    2029 timestamp_date each(i64) |a| Ok::<_, Error>(timestamp_to_date(a));
    1178 timestamptz_date each(Context, i64) |cx: Context<'_>, a| to_local(a, &cx.env.time_zone()).map(timestamp_to_date);
    1316 timestamp_time each(i64) |a: i64| (!is_infinite(a)).then(|| a.rem_euclid(DAY));
    2019 timestamptz_time each(Context, i64) |cx: Context<'_>, a| to_local(a, &cx.env.time_zone()).map(|a| (!is_infinite(a)).then(|| a.rem_euclid(DAY)));
    1388 timestamptz_timetz each(Context, i64) |cx: Context<'_>, a| timestamptz_to_timetz(cx, a);
    2028 timestamp_timestamptz each(Context, i64) |cx: Context<'_>, a| from_local(a, &cx.env.time_zone());
    2027 timestamptz_timestamp each(Context, i64) |cx: Context<'_>, a| to_local(a, &cx.env.time_zone());
    1272 datetime_timestamp each(i32, i64) |date, time| date_to_timestamp(date).and_then(|t| if is_infinite(t) { Ok(t) } else { checked_timestamp(t.checked_add(time)) });
    2025 datetime_timestamp each(i32, i64) |date, time| date_to_timestamp(date).and_then(|t| if is_infinite(t) { Ok(t) } else { checked_timestamp(t.checked_add(time)) });
    1297 datetimetz_timestamptz each(i32, TimeTz) |date, time: TimeTz| date_to_timestamp(date).and_then(|t| if is_infinite(t) { Ok(t) } else { checked_timestamp(t.checked_add(time.utc())) });
    1359 datetimetz_timestamptz each(i32, TimeTz) |date, time: TimeTz| date_to_timestamp(date).and_then(|t| if is_infinite(t) { Ok(t) } else { checked_timestamp(t.checked_add(time.utc())) });
    2046 timetz_time each(TimeTz) |a: TimeTz| a.micros;
    2047 time_timetz each(Context, i64) |cx: Context<'_>, a| time_to_timetz(cx, a);
    1370 time_interval each(i64) |a| Interval { months: 0, days: 0, micros: a };
    1419 interval_time each(Interval) |a: Interval| if a.is_finite() { Ok(a.micros.rem_euclid(DAY)) } else { Err(Error::new(SqlState::DATETIME_VALUE_OUT_OF_RANGE, "cannot convert infinite interval to time")) };
    1961 timestamp_scale each(i64, i32) |a, typmod| if is_infinite(a) || typmod < 0 { Ok(a) } else { checked_timestamp(round_to_precision(a, typmod)) };
    1967 timestamptz_scale each(i64, i32) |a, typmod| if is_infinite(a) || typmod < 0 { Ok(a) } else { checked_timestamp(round_to_precision(a, typmod)) };
    1968 time_scale each(i64, i32) |a, typmod: i32| if typmod < 0 { a } else { round_to_precision(a, typmod).unwrap_or(a) };
    1969 timetz_scale each(TimeTz, i32) |a: TimeTz, typmod: i32| if typmod < 0 { a } else { TimeTz { micros: round_to_precision(a.micros, typmod).unwrap_or(a.micros), ..a } };
    1200 interval_scale each(Interval, i32) |a: Interval, typmod| a.with_typmod(typmod);
    1159 timestamptz_zone each(Context, &[u8], i64) |cx: Context<'_>, name: &[u8], a| zone(cx, name).and_then(|zone| local_in(a, &zone));
    2069 timestamp_zone each(Context, &[u8], i64) |cx: Context<'_>, name: &[u8], a| zone(cx, name).and_then(|zone| moment_in(a, &zone));
    2037 timetz_zone each(Context, &[u8], TimeTz) |cx: Context<'_>, name: &[u8], a: TimeTz| zone(cx, name).map(|zone| timetz_in_zone(cx, a, &zone));
    1026 timestamptz_izone each(Interval, i64) |by: Interval, a| if is_infinite(a) { Ok(a) } else { displacement(&by).and_then(|zone| local_in(a, &zone)) };
    2070 timestamp_izone each(Interval, i64) |by: Interval, a| if is_infinite(a) { Ok(a) } else { displacement(&by).and_then(|zone| moment_in(a, &zone)) };
    2038 timetz_izone each(Context, Interval, TimeTz) |cx: Context<'_>, by: Interval, a: TimeTz| displacement(&by).map(|zone| timetz_in_zone(cx, a, &zone));
    6334 timestamptz_at_local each(Context, i64) |cx: Context<'_>, a| to_local(a, &cx.env.time_zone());
    6335 timestamp_at_local each(Context, i64) |cx: Context<'_>, a| from_local(a, &cx.env.time_zone());
    6336 timetz_at_local each(Context, TimeTz) |cx: Context<'_>, a: TimeTz| timetz_in_zone(cx, a, &Zone::Named(cx.env.time_zone()));
    3846 make_date each(i32, i32, i32) make_date;
    3847 make_time each(i32, i32, f64) make_time;
    3461 make_timestamp each(i32, i32, i32, i32, i32, f64) make_timestamp;
    3462 make_timestamptz each(Context, i32, i32, i32, i32, i32, f64) |cx: Context<'_>, y, mo, d, h, mi, s| make_timestamp(y, mo, d, h, mi, s).and_then(|t| from_local(t, &cx.env.time_zone()));
    3463 make_timestamptz_at_timezone each(Context, i32, i32, i32, i32, i32, f64, &[u8]) |cx: Context<'_>, y, mo, d, h, mi, s, name: &[u8]| make_timestamp(y, mo, d, h, mi, s).and_then(|t| moment_at(cx, t, name));
    3464 make_interval each(i32, i32, i32, i32, i32, i32, f64) make_interval;
    1158 float8_timestamptz each(f64) from_unix;
    274 timeofday each(Context) |cx: Context<'_>| time_of_day(cx.env);
    1688 time_hash each(i64) hash_eight;
    2039 timestamp_hash each(i64) hash_eight;
    6425 timestamptz_hash each(i64) hash_eight;
    3409 time_hash_extended each(i64, i64) hash_eight_extended;
    3411 timestamp_hash_extended each(i64, i64) hash_eight_extended;
    6426 timestamptz_hash_extended each(i64, i64) hash_eight_extended;
    6415 hashdate each(i32) |a| hash::uint32(a as u32) as i32;
    6416 hashdateextended each(i32, i64) |a, seed| hash::uint32_extended(a as u32, seed as u64) as i64;
    1696 timetz_hash each(TimeTz) |a: TimeTz| hash_eight(a.micros) ^ hash::uint32(a.zone as u32) as i32;
    3410 timetz_hash_extended each(TimeTz, i64) |a: TimeTz, seed| hash_eight_extended(a.micros, seed) ^ hash::uint32_extended(a.zone as u32, seed as u64) as i64;
    1697 interval_hash each(Interval) |a: Interval| hash_eight(a.span() as i64);
    3418 interval_hash_extended each(Interval, i64) |a: Interval, seed| hash_eight_extended(a.span() as i64, seed);
}

fn hash_eight(value: i64) -> i32 {
    hash::uint32(hash::fold(value)) as i32
}

fn hash_eight_extended(value: i64, seed: i64) -> i64 {
    hash::uint32_extended(hash::fold(value), seed as u64) as i64
}

/// A date as a timestamp, wide enough for every date.
#[inline]
fn wide(day: i32) -> i128 {
    match day {
        DATE_INFINITY => INFINITY as i128,
        DATE_NEGATIVE_INFINITY => NEGATIVE_INFINITY as i128,
        // Beyond the timestamps, yet not infinite.
        day => (day as i128 * DAY as i128).min(INFINITY as i128 - 1),
    }
}

/// The moment of a local timestamp, for comparison: it may be out of range.
fn moment(env: &dyn Environment, local: i128) -> i128 {
    if local == INFINITY as i128 || local == NEGATIVE_INFINITY as i128 {
        return local;
    }
    let clamped = local.clamp(i64::MIN as i128 / 2, i64::MAX as i128 / 2) as i64;
    let moment = local - env.time_zone().offset_of_local(unix_seconds(clamped)) as i128 * SECOND as i128;
    moment.clamp(NEGATIVE_INFINITY as i128 + 1, INFINITY as i128 - 1)
}

/// Midnight of a date.
pub fn date_to_timestamp(day: i32) -> Result<i64> {
    match day {
        DATE_INFINITY => Ok(INFINITY),
        DATE_NEGATIVE_INFINITY => Ok(NEGATIVE_INFINITY),
        day => checked_timestamp((day as i64).checked_mul(DAY)).map_err(|_| date_timestamp_range()),
    }
}

#[cold]
fn date_timestamp_range() -> Error {
    Error::new(SqlState::DATETIME_VALUE_OUT_OF_RANGE, "date out of range for timestamp")
}

fn timestamp_to_date(timestamp: i64) -> i32 {
    match timestamp {
        INFINITY => DATE_INFINITY,
        NEGATIVE_INFINITY => DATE_NEGATIVE_INFINITY,
        t => t.div_euclid(DAY) as i32,
    }
}

fn timestamptz_to_timetz(context: Context<'_>, timestamp: i64) -> Option<TimeTz> {
    if is_infinite(timestamp) {
        return None;
    }
    let offset = context.env.time_zone().at(unix_seconds(timestamp)).offset;
    Some(TimeTz { micros: (timestamp + offset as i64 * SECOND).rem_euclid(DAY), zone: -offset })
}

fn time_to_timetz(context: Context<'_>, time: i64) -> Result<TimeTz> {
    let zone = context.env.time_zone();
    let today = to_local(context.env.transaction_timestamp(), &zone)?.div_euclid(DAY);
    let offset = zone.offset_of_local(unix_seconds(today * DAY + time));
    Ok(TimeTz { micros: time, zone: -offset })
}

fn zone(context: Context<'_>, name: &[u8]) -> Result<Zone> {
    let name = String::from_utf8_lossy(name);
    if let Ok(offset) = super::parse::displacement(&name)
        && name.starts_with(['+', '-'])
    {
        // POSIX: positive is west.
        return Ok(Zone::Offset(-offset));
    }
    zone_of(&name, context.env)
}

fn displacement(by: &Interval) -> Result<Zone> {
    let what = match by.is_finite() {
        false => "must be finite",
        true if by.months != 0 || by.days != 0 => "must not include months or days",
        true => return Ok(Zone::Offset((by.micros / SECOND) as i32)),
    };
    let mut text = Vec::new();
    by.write(Default::default(), &mut text);
    let message = format!("interval time zone \"{}\" {what}", String::from_utf8_lossy(&text));
    Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, message))
}

/// The local time of a moment in a zone.
pub(super) fn local_in(timestamp: i64, zone: &Zone) -> Result<i64> {
    match zone {
        Zone::Named(zone) => {
            to_local(timestamp, zone).and_then(|t| if is_infinite(t) { Ok(t) } else { checked_timestamp(Some(t)) })
        }
        _ if is_infinite(timestamp) => Ok(timestamp),
        zone => {
            let offset = zone.offset_at(unix_seconds(timestamp));
            checked_timestamp(timestamp.checked_add(offset as i64 * SECOND))
        }
    }
}

/// The moment of a local time in a zone.
pub(super) fn moment_in(local: i64, zone: &Zone) -> Result<i64> {
    match zone {
        Zone::Named(zone) => from_local(local, zone),
        _ if is_infinite(local) => Ok(local),
        zone => {
            let offset = zone.offset_of_local(unix_seconds(local));
            checked_timestamp(local.checked_sub(offset as i64 * SECOND))
        }
    }
}

/// The moment of a local time in the zone that `make_timestamptz` is given. Unlike in a zone's name, a numeric offset has the sign
/// that it has in ISO 8601.
fn moment_at(context: Context<'_>, local: i64, name: &[u8]) -> Result<i64> {
    let text = String::from_utf8_lossy(name);
    let invalid = |message: String| Error::new(SqlState::INVALID_PARAMETER_VALUE, message);
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        let message = format!("invalid input syntax for type numeric time zone: \"{text}\"");
        let hint = "Numeric time zones must have \"-\" or \"+\" as first character.";
        return Err(invalid(message).hint(hint));
    }
    if !text.starts_with(['+', '-']) {
        return zone_of(&text, context.env).and_then(|zone| moment_in(local, &zone));
    }
    match super::parse::displacement(&text) {
        Ok(offset) => moment_in(local, &Zone::Offset(offset)),
        Err(Problem::Displacement | Problem::Overflow) => {
            Err(invalid(format!("numeric time zone \"{text}\" out of range")))
        }
        Err(_) => zone_of(&text, context.env).and_then(|zone| moment_in(local, &zone)),
    }
}

fn timetz_in_zone(context: Context<'_>, time: TimeTz, zone: &Zone) -> TimeTz {
    let offset = zone.offset_at(unix_seconds(context.env.transaction_timestamp()));
    TimeTz { micros: (time.utc() + offset as i64 * SECOND).rem_euclid(DAY), zone: -offset }
}

fn make_date(year: i32, month: i32, day: i32) -> Result<i32> {
    let invalid = || {
        Error::new(
            SqlState::DATETIME_FIELD_OVERFLOW,
            format!("date field value out of range: {year}-{month:02}-{day:02}"),
        )
    };
    // Years below zero are BC; there is no year 0.
    let astronomical = if year < 0 { year.checked_add(1).ok_or_else(invalid)? } else { year };
    if year == 0 || !(1..=12).contains(&month) || day < 1 || day > month_days(astronomical, month) {
        return Err(invalid());
    }
    let result = day_of_date_wide(astronomical as i64, month as i64, day as i64);
    match i32::try_from(result) {
        Ok(result) if (FIRST_DAY..END_DAY).contains(&result) => Ok(result),
        _ => Err(Error::new(
            SqlState::DATETIME_VALUE_OUT_OF_RANGE,
            format!("date out of range: {year}-{month:02}-{day:02}"),
        )),
    }
}

/// Microseconds of a time given by its parts; `None` if one is out of range.
fn time_of_parts(hour: i32, minute: i32, second: f64) -> Option<i64> {
    if !(0..=24).contains(&hour) || !(0..60).contains(&minute) || !(0.0..=60.0).contains(&second) {
        return None;
    }
    let micros = hour as i64 * HOUR + minute as i64 * MINUTE + (second * 1e6).round_ties_even() as i64;
    (micros <= DAY).then_some(micros)
}

fn make_time(hour: i32, minute: i32, second: f64) -> Result<i64> {
    time_of_parts(hour, minute, second).ok_or_else(|| {
        Error::new(
            SqlState::DATETIME_FIELD_OVERFLOW,
            format!("time field value out of range: {hour}:{minute:02}:{}", shown_seconds(second)),
        )
    })
}

/// Seconds as `%02g` shows them.
fn shown_seconds(second: f64) -> String {
    let mut text = Vec::new();
    crate::float::write_general(second, 6, &mut text);
    let text = String::from_utf8_lossy(&text).into_owned();
    if text.len() < 2 { format!("0{text}") } else { text }
}

fn make_timestamp(year: i32, month: i32, day: i32, hour: i32, minute: i32, second: f64) -> Result<i64> {
    let date = make_date(year, month, day)?;
    let time = time_of_parts(hour, minute, second).ok_or_else(|| {
        Error::new(
            SqlState::DATETIME_FIELD_OVERFLOW,
            format!("time field value out of range: {hour}:{minute:02}:{}", shown_seconds(second)),
        )
    })?;
    let timestamp = (date as i64).checked_mul(DAY).and_then(|t| t.checked_add(time));
    checked_timestamp(timestamp).map_err(|_| {
        Error::new(
            SqlState::DATETIME_VALUE_OUT_OF_RANGE,
            format!("timestamp out of range: {year}-{month:02}-{day:02} {hour}:{minute:02}:{}", shown_seconds(second)),
        )
    })
}

fn make_interval(
    years: i32,
    months: i32,
    weeks: i32,
    days: i32,
    hours: i32,
    minutes: i32,
    seconds: f64,
) -> Result<Interval> {
    if !seconds.is_finite() {
        return Err(interval_range());
    }
    let micros = crate::float::mul(seconds, 1e6)?.round_ties_even();
    if micros.abs() >= 9.2e18 {
        return Err(interval_range());
    }
    let time = hours as i128 * HOUR as i128 + minutes as i128 * MINUTE as i128 + micros as i128;
    Interval::checked(
        years.checked_mul(12).and_then(|m| m.checked_add(months)),
        weeks.checked_mul(7).and_then(|d| d.checked_add(days)),
        i64::try_from(time).ok(),
    )
}

fn from_unix(seconds: f64) -> Result<i64> {
    if seconds.is_nan() {
        return Err(Error::new(SqlState::DATETIME_VALUE_OUT_OF_RANGE, "timestamp cannot be NaN"));
    }
    if seconds.is_infinite() {
        return Ok(if seconds > 0.0 { INFINITY } else { NEGATIVE_INFINITY });
    }
    let shift = UNIX_EPOCH_DAY as f64 * 86_400.0;
    let micros = ((seconds + shift) * 1e6).round_ties_even();
    if micros < calendar::FIRST_TIMESTAMP as f64 || micros >= calendar::END_TIMESTAMP as f64 {
        let mut text = Vec::new();
        crate::float::write_general(seconds, 6, &mut text);
        return Err(Error::new(
            SqlState::DATETIME_VALUE_OUT_OF_RANGE,
            format!("timestamp out of range: \"{}\"", String::from_utf8_lossy(&text)),
        ));
    }
    Ok(micros as i64)
}

fn time_of_day(env: &dyn Environment) -> Result<String> {
    let zone: &TimeZone = &env.time_zone();
    let now = env.clock_timestamp();
    let local = to_local(now, zone)?;
    let (year, month, date) = calendar::date_of_day(local.div_euclid(DAY) as i32);
    let time = local.rem_euclid(DAY);
    let names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
    if date < 1 {
        return Err(date_range());
    }
    if is_infinite(now) {
        return Err(timestamp_range());
    }
    Ok(format!(
        "{} {} {date:02} {:02}:{:02}:{:02}.{:06} {year} {}",
        days[calendar::weekday(local.div_euclid(DAY) as i32) as usize],
        names[(month - 1) as usize],
        time / HOUR,
        time / MINUTE % 60,
        time / SECOND % 60,
        time % SECOND,
        zone.at(unix_seconds(now)).abbreviation
    ))
}
