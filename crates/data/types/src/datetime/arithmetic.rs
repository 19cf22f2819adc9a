//! Sums and differences of dates, times and intervals; age, overlaps and window frames.

use super::calendar::{DAY, END_DAY, FIRST_DAY, date_of_day, day_of_date_wide, is_infinite_day, month_days};
use super::functions::{date_to_timestamp, local_in, moment_in};
use super::interval::out_of_range as interval_range;
use super::parse::{Zone, zone_of};
use super::{
    INFINITY, Interval, NEGATIVE_INFINITY, TimeTz, checked_timestamp, date_range, is_infinite, timestamp_range,
};
use crate::Context;
use crate::registry::RowSource;
use batch::{Column, DatumRef};
use error::{Error, Result, SqlState};

crate::builtins! {
    /// Arithmetic of dates and times.
    pub static DATETIME_ARITHMETIC =
    1141 date_pli each(i32, i32) |a, b| shift_date(a, b as i64);
    1142 date_mii each(i32, i32) |a, b| shift_date(a, -(b as i64));
    1140 date_mi each(i32, i32) |a, b| if is_infinite_day(a) || is_infinite_day(b) { Err(Error::new(SqlState::DATETIME_VALUE_OUT_OF_RANGE, "cannot subtract infinite dates")) } else { Ok(a - b) };
    2071 date_pl_interval each(i32, Interval) |a, b: Interval| date_to_timestamp(a).and_then(|t| timestamp_plus_interval(t, &b));
    2072 date_mi_interval each(i32, Interval) |a, b: Interval| date_to_timestamp(a).and_then(|t| timestamp_minus_interval(t, &b));
    2032 timestamp_pl_interval each(i64, Interval) |a, b: Interval| timestamp_plus_interval(a, &b);
    2033 timestamp_mi_interval each(i64, Interval) |a, b: Interval| timestamp_minus_interval(a, &b);
    1189 timestamptz_pl_interval each(Context, i64, Interval) |cx: Context<'_>, a, b: Interval| timestamptz_plus_interval(a, &b, &Zone::Named(cx.env.time_zone()));
    6221 timestamptz_pl_interval each(Context, i64, Interval) |cx: Context<'_>, a, b: Interval| timestamptz_plus_interval(a, &b, &Zone::Named(cx.env.time_zone()));
    1190 timestamptz_mi_interval each(Context, i64, Interval) |cx: Context<'_>, a, b: Interval| b.negated().and_then(|b| timestamptz_plus_interval(a, &b, &Zone::Named(cx.env.time_zone())));
    6223 timestamptz_mi_interval each(Context, i64, Interval) |cx: Context<'_>, a, b: Interval| b.negated().and_then(|b| timestamptz_plus_interval(a, &b, &Zone::Named(cx.env.time_zone())));
    6222 timestamptz_pl_interval_at_zone each(Context, i64, Interval, &[u8]) |cx: Context<'_>, a, b: Interval, name: &[u8]| named(cx, name).and_then(|zone| timestamptz_plus_interval(a, &b, &zone));
    6273 timestamptz_mi_interval_at_zone each(Context, i64, Interval, &[u8]) |cx: Context<'_>, a, b: Interval, name: &[u8]| named(cx, name).and_then(|zone| b.negated().and_then(|b| timestamptz_plus_interval(a, &b, &zone)));
    1188 timestamp_mi each(i64, i64) difference;
    2031 timestamp_mi each(i64, i64) difference;
    2058 timestamp_age each(i64, i64) age;
    1199 timestamptz_age each(Context, i64, i64) |cx: Context<'_>, a, b| { let zone = Zone::Named(cx.env.time_zone()); if is_infinite(a) || is_infinite(b) { age(a, b) } else { local_in(a, &zone).and_then(|a| local_in(b, &zone).and_then(|b| age(a, b))) } };
    1690 time_mi_time each(i64, i64) |a: i64, b: i64| Interval { months: 0, days: 0, micros: a - b };
    1747 time_pl_interval each(i64, Interval) |a, b: Interval| shift_time(a, &b, 1);
    1748 time_mi_interval each(i64, Interval) |a, b: Interval| shift_time(a, &b, -1);
    1749 timetz_pl_interval each(TimeTz, Interval) |a: TimeTz, b: Interval| shift_time(a.micros, &b, 1).map(|micros| TimeTz { micros, ..a });
    1750 timetz_mi_interval each(TimeTz, Interval) |a: TimeTz, b: Interval| shift_time(a.micros, &b, -1).map(|micros| TimeTz { micros, ..a });
    1168 interval_um each(Interval) |a: Interval| a.negated();
    1169 interval_pl each(Interval, Interval) |a: Interval, b: Interval| a.add(&b);
    1170 interval_mi each(Interval, Interval) |a: Interval, b: Interval| a.sub(&b);
    1618 interval_mul each(Interval, f64) |a: Interval, b| a.mul(b);
    1624 mul_d_interval each(f64, Interval) |a, b: Interval| b.mul(a);
    1326 interval_div each(Interval, f64) |a: Interval, b| a.div(b);
    1175 interval_justify_hours each(Interval) |a: Interval| a.justify_hours();
    1295 interval_justify_days each(Interval) |a: Interval| a.justify_days();
    2711 interval_justify_interval each(Interval) |a: Interval| a.justify();
    1304 overlaps_timestamp each(Option<i64>, Option<i64>, Option<i64>, Option<i64>) |a: Option<i64>, b: Option<i64>, c: Option<i64>, d: Option<i64>| overlaps(a, b, c, d);
    2041 overlaps_timestamp each(Option<i64>, Option<i64>, Option<i64>, Option<i64>) |a: Option<i64>, b: Option<i64>, c: Option<i64>, d: Option<i64>| overlaps(a, b, c, d);
    1308 overlaps_time each(Option<i64>, Option<i64>, Option<i64>, Option<i64>) |a: Option<i64>, b: Option<i64>, c: Option<i64>, d: Option<i64>| overlaps(a, b, c, d);
    1271 overlaps_timetz each(Option<TimeTz>, Option<TimeTz>, Option<TimeTz>, Option<TimeTz>) |a: Option<TimeTz>, b: Option<TimeTz>, c: Option<TimeTz>, d: Option<TimeTz>| overlaps(a, b, c, d);
    4134 in_range_timestamp_interval each(i64, i64, Interval, bool, bool) |value, base, offset: Interval, subtract, less| check_offset(&offset).and_then(|()| frame(value, base, &offset, subtract, less, timestamp_plus_interval));
    4135 in_range_timestamptz_interval each(Context, i64, i64, Interval, bool, bool) |cx: Context<'_>, value, base, offset: Interval, subtract, less| check_offset(&offset).and_then(|()| frame(value, base, &offset, subtract, less, |t, i| timestamptz_plus_interval(t, i, &Zone::Named(cx.env.time_zone()))));
    4136 in_range_interval_interval each(Interval, Interval, Interval, bool, bool) |value: Interval, base: Interval, offset: Interval, subtract, less| interval_frame(value, base, &offset, subtract, less);
    4137 in_range_time_interval each(i64, i64, Interval, bool, bool) |value: i64, base: i64, offset: Interval, subtract, less| time_frame(value, base, &offset, subtract, less);
    4138 in_range_timetz_interval each(TimeTz, TimeTz, Interval, bool, bool) |value: TimeTz, base: TimeTz, offset: Interval, subtract, less| timetz_frame(value, base, &offset, subtract, less);
    4133 in_range_date_interval each(i32, i32, Interval, bool, bool) |value, base, offset: Interval, subtract, less| check_offset(&offset).and_then(|()| frame(date_to_timestamp(value)?, date_to_timestamp(base)?, &offset, subtract, less, timestamp_plus_interval));
}

/// Whether an interval is within an end of a RANGE frame.
fn interval_frame(value: Interval, base: Interval, offset: &Interval, subtract: bool, less: bool) -> Result<bool> {
    check_offset(offset)?;
    // Infinity less infinity is in everyone's range.
    if offset.is_infinity() && (if subtract { base.is_infinity() } else { base.is_negative_infinity() }) {
        return Ok(true);
    }
    let bound = if subtract { base.sub(offset)? } else { base.add(offset)? };
    Ok(if less { value.span() <= bound.span() } else { value.span() >= bound.span() })
}

/// The end of a RANGE frame over times of day, which does not wrap around midnight; only the time part of the offset counts.
fn time_bound(base: i64, offset: &Interval, subtract: bool) -> Result<i128> {
    if offset.micros < 0 {
        return Err(crate::int::invalid_frame_offset());
    }
    let offset = offset.micros as i128;
    Ok(base as i128 + if subtract { -offset } else { offset })
}

fn time_frame(value: i64, base: i64, offset: &Interval, subtract: bool, less: bool) -> Result<bool> {
    let bound = time_bound(base, offset, subtract)?;
    Ok(if less { value as i128 <= bound } else { value as i128 >= bound })
}

fn timetz_frame(value: TimeTz, base: TimeTz, offset: &Interval, subtract: bool, less: bool) -> Result<bool> {
    let bound = time_bound(base.micros, offset, subtract)?;
    // By the moment, then by the zone, as times with zones are compared.
    let key = |micros: i128, zone: i32| (micros + zone as i128 * 1_000_000, zone);
    let (value, bound) = (key(value.micros as i128, value.zone), key(bound, base.zone));
    Ok(if less { value <= bound } else { value >= bound })
}

fn shift_date(day: i32, by: i64) -> Result<i32> {
    if is_infinite_day(day) {
        return Ok(day);
    }
    let result = day as i64 + by;
    if (FIRST_DAY as i64..END_DAY as i64).contains(&result) { Ok(result as i32) } else { Err(date_range()) }
}

fn named(context: Context<'_>, name: &[u8]) -> Result<Zone> {
    zone_of(&String::from_utf8_lossy(name), context.env)
}

/// The infinite result of adding an interval, if one of the two is infinite.
fn infinite_sum(timestamp: i64, interval: &Interval) -> Result<Option<i64>> {
    if interval.is_finite() {
        return Ok(is_infinite(timestamp).then_some(timestamp));
    }
    let shifted = if interval.is_infinity() { INFINITY } else { NEGATIVE_INFINITY };
    if is_infinite(timestamp) && timestamp != shifted { Err(timestamp_range()) } else { Ok(Some(shifted)) }
}

/// Moves a local timestamp by months and days: a day beyond the month's end becomes its last.
fn shift_calendar(timestamp: i64, months: i32, days: i32) -> Result<i64> {
    let mut timestamp = timestamp;
    if months != 0 {
        let (year, month, day) = date_of_day(timestamp.div_euclid(DAY) as i32);
        let month = month as i64 - 1 + months as i64;
        let (year, month) = (year as i64 + month.div_euclid(12), month.rem_euclid(12) as i32 + 1);
        let year32 = i32::try_from(year).map_err(|_| timestamp_range())?;
        let date = day_of_date_wide(year, month as i64, day.min(month_days(year32, month)) as i64);
        timestamp = checked_timestamp(date.checked_mul(DAY).and_then(|t| t.checked_add(timestamp.rem_euclid(DAY))))?;
    }
    if days != 0 {
        // From one end of the range to the other there are more microseconds than 64 bits count.
        let moved = timestamp as i128 + days as i128 * DAY as i128;
        timestamp = checked_timestamp(i64::try_from(moved).ok())?;
    }
    Ok(timestamp)
}

/// A timestamp some time later.
pub fn timestamp_plus_interval(timestamp: i64, interval: &Interval) -> Result<i64> {
    if let Some(infinite) = infinite_sum(timestamp, interval)? {
        return Ok(infinite);
    }
    let moved = shift_calendar(timestamp, interval.months, interval.days)?;
    checked_timestamp(moved.checked_add(interval.micros))
}

fn timestamp_minus_interval(timestamp: i64, interval: &Interval) -> Result<i64> {
    timestamp_plus_interval(timestamp, &interval.negated()?)
}

/// A moment some time later; months and days by the calendar and clock of a zone.
pub fn timestamptz_plus_interval(timestamp: i64, interval: &Interval, zone: &Zone) -> Result<i64> {
    if let Some(infinite) = infinite_sum(timestamp, interval)? {
        return Ok(infinite);
    }
    let mut timestamp = timestamp;
    if interval.months != 0 {
        timestamp = moment_in(shift_calendar(local_in(timestamp, zone)?, interval.months, 0)?, zone)?;
    }
    if interval.days != 0 {
        timestamp = moment_in(shift_calendar(local_in(timestamp, zone)?, 0, interval.days)?, zone)?;
    }
    checked_timestamp(timestamp.checked_add(interval.micros))
}

/// The difference of two timestamps in days and time.
fn difference(a: i64, b: i64) -> Result<Interval> {
    if is_infinite(a) || is_infinite(b) {
        return match (a, b) {
            (INFINITY, INFINITY) | (NEGATIVE_INFINITY, NEGATIVE_INFINITY) => Err(interval_range()),
            (INFINITY, _) | (_, NEGATIVE_INFINITY) => Ok(Interval::INFINITY),
            _ => Ok(Interval::NEGATIVE_INFINITY),
        };
    }
    let micros = a.checked_sub(b).ok_or_else(interval_range)?;
    Interval { months: 0, days: 0, micros }.justify_hours()
}

/// The difference of two local timestamps in years, months and days.
fn age(a: i64, b: i64) -> Result<Interval> {
    if is_infinite(a) || is_infinite(b) {
        return difference(a, b);
    }
    let (later, earlier, sign) = if a >= b { (a, b, 1) } else { (b, a, -1) };
    let (y1, m1, d1) = date_of_day(later.div_euclid(DAY) as i32);
    let (y2, m2, d2) = date_of_day(earlier.div_euclid(DAY) as i32);
    let mut micros = later.rem_euclid(DAY) - earlier.rem_euclid(DAY);
    let mut days = d1 - d2;
    let mut months = (y1 - y2) * 12 + m1 - m2;
    if micros < 0 {
        micros += DAY;
        days -= 1;
    }
    while days < 0 {
        // A month is as long as the one it begins in, the earlier date's.
        days += month_days(y2, m2);
        months -= 1;
    }
    Ok(Interval { months: sign * months, days: sign * days, micros: sign as i64 * micros })
}

fn shift_time(time: i64, by: &Interval, sign: i64) -> Result<i64> {
    if !by.is_finite() {
        return Err(Error::new(
            SqlState::DATETIME_VALUE_OUT_OF_RANGE,
            if sign > 0 {
                "cannot add infinite interval to time"
            } else {
                "cannot subtract infinite interval from time"
            },
        ));
    }
    Ok((time + sign * (by.micros % DAY)).rem_euclid(DAY))
}

/// SQL's OVERLAPS: whether two spans, each given by its ends in any order, share more than an end.
fn overlaps<T: Ord + Copy>(a: Option<T>, b: Option<T>, c: Option<T>, d: Option<T>) -> Option<bool> {
    // A span's start is the earlier end; if only one end is known, it is the start.
    let span = |x: Option<T>, y: Option<T>| match (x, y) {
        (Some(x), Some(y)) => Some((x.min(y), Some(x.max(y)))),
        (Some(x), None) | (None, Some(x)) => Some((x, None)),
        (None, None) => None,
    };
    let ((s1, e1), (s2, e2)) = (span(a, b)?, span(c, d)?);
    let known = |flag: bool| Some(flag);
    match s1.cmp(&s2) {
        std::cmp::Ordering::Greater => match e2 {
            Some(e2) if s1 < e2 => known(true),
            None => None,
            Some(_) => e1.map(|_| false),
        },
        std::cmp::Ordering::Less => match e1 {
            Some(e1) if s2 < e1 => known(true),
            None => None,
            Some(_) => e2.map(|_| false),
        },
        std::cmp::Ordering::Equal => match (e1, e2) {
            (Some(_), Some(_)) => known(true),
            _ => None,
        },
    }
}

fn check_offset(offset: &Interval) -> Result<()> {
    if offset.span() < 0 {
        return Err(crate::int::invalid_frame_offset());
    }
    Ok(())
}

fn frame(
    value: i64,
    base: i64,
    offset: &Interval,
    subtract: bool,
    less: bool,
    add: impl Fn(i64, &Interval) -> Result<i64>,
) -> Result<bool> {
    if offset.is_infinity() && (if subtract { base == INFINITY } else { base == NEGATIVE_INFINITY }) {
        return Ok(true);
    }
    let bound = if subtract { add(base, &offset.negated()?)? } else { add(base, offset)? };
    Ok(if less { value <= bound } else { value >= bound })
}

/// Timestamps from one to another.
struct Timestamps {
    next: i64,
    stop: i64,
    step: Interval,
    zone: Option<Zone>,
    done: bool,
}

impl RowSource for Timestamps {
    fn next(&mut self, columns: &mut [Column], most: usize, _: Context<'_>) -> Result<usize> {
        for count in 0..most {
            if self.done || (if self.step.span() > 0 { self.next > self.stop } else { self.next < self.stop }) {
                return Ok(count);
            }
            columns[0].push(DatumRef::B8(self.next));
            if is_infinite(self.next) {
                self.done = true;
                continue;
            }
            self.next = match &self.zone {
                Some(zone) => timestamptz_plus_interval(self.next, &self.step, zone)?,
                None => timestamp_plus_interval(self.next, &self.step)?,
            };
        }
        Ok(most)
    }
}

/// generate_series of timestamps and timestamptzs.
pub fn generate_timestamps(
    args: &[DatumRef<'_>],
    context: Context<'_>,
    with_zone: bool,
) -> Result<Option<Box<dyn RowSource>>> {
    let (Some(start), Some(stop), Some(step)) = (args[0].as_i64(), args[1].as_i64(), args[2].as_bytes()) else {
        return Ok(None);
    };
    let zone = match args.get(3) {
        Some(name) => match name.as_bytes() {
            Some(name) => Some(named(context, name)?),
            None => return Ok(None),
        },
        None => with_zone.then(|| Zone::Named(context.env.time_zone())),
    };
    let step: Interval = super::io::decode(step);
    if !step.is_finite() {
        return Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, "step size cannot be infinite"));
    }
    if step.span() == 0 {
        return Err(crate::series::zero_step());
    }
    Ok(Some(Box::new(Timestamps { next: start, stop, step, zone, done: false })))
}
