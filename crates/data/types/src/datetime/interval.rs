//! Intervals: months, days and microseconds, kept apart because months have no fixed length and days need not have 24 hours.

use super::calendar::{DAY, HOUR, MINUTE, SECOND};
use super::parse::{Problem, fraction_of};
use crate::environment::IntervalStyle;
use crate::format::{is_space, write_i64, write_padded, write_u64};
use error::{Error, Result, SqlState};
use std::cmp::Ordering;

/// A span of time. Infinite if all three fields are at their greatest (or least) value.
#[derive(Clone, Copy, Debug, Default)]
pub struct Interval {
    /// Whole months.
    pub months: i32,
    /// Whole days.
    pub days: i32,
    /// Microseconds.
    pub micros: i64,
}

/// `22008 interval out of range`.
#[cold]
pub fn out_of_range() -> Error {
    Error::new(SqlState::DATETIME_VALUE_OUT_OF_RANGE, "interval out of range")
}

impl Interval {
    /// Longer than all.
    pub const INFINITY: Interval = Interval { months: i32::MAX, days: i32::MAX, micros: i64::MAX };
    /// Shorter than all.
    pub const NEGATIVE_INFINITY: Interval = Interval { months: i32::MIN, days: i32::MIN, micros: i64::MIN };

    /// Whether it is not infinite.
    pub fn is_finite(&self) -> bool {
        !self.is_infinity() && !self.is_negative_infinity()
    }

    /// Whether it is infinity.
    pub fn is_infinity(&self) -> bool {
        (self.months, self.days, self.micros) == (i32::MAX, i32::MAX, i64::MAX)
    }

    /// Whether it is minus infinity.
    pub fn is_negative_infinity(&self) -> bool {
        (self.months, self.days, self.micros) == (i32::MIN, i32::MIN, i64::MIN)
    }

    /// Microseconds, with months of 30 days and days of 24 hours: what comparison goes by.
    pub fn span(&self) -> i128 {
        self.micros as i128 + (self.days as i128 + self.months as i128 * 30) * DAY as i128
    }

    /// Checked construction: a finite value must not look infinite.
    pub fn checked(months: Option<i32>, days: Option<i32>, micros: Option<i64>) -> Result<Interval> {
        match (months, days, micros) {
            (Some(months), Some(days), Some(micros)) => {
                let interval = Interval { months, days, micros };
                if interval.is_finite() { Ok(interval) } else { Err(out_of_range()) }
            }
            _ => Err(out_of_range()),
        }
    }

    /// The interval backwards.
    pub fn negated(&self) -> Result<Interval> {
        if self.is_infinity() {
            return Ok(Interval::NEGATIVE_INFINITY);
        }
        if self.is_negative_infinity() {
            return Ok(Interval::INFINITY);
        }
        Interval::checked(self.months.checked_neg(), self.days.checked_neg(), self.micros.checked_neg())
    }

    /// Sum.
    pub fn add(&self, other: &Interval) -> Result<Interval> {
        match (self.is_finite(), other.is_finite()) {
            (true, true) => Interval::checked(
                self.months.checked_add(other.months),
                self.days.checked_add(other.days),
                self.micros.checked_add(other.micros),
            ),
            (false, false) if self.is_infinity() != other.is_infinity() => Err(out_of_range()),
            (false, _) => Ok(*self),
            (true, false) => Ok(*other),
        }
    }

    /// Difference.
    pub fn sub(&self, other: &Interval) -> Result<Interval> {
        match (self.is_finite(), other.is_finite()) {
            (true, true) => Interval::checked(
                self.months.checked_sub(other.months),
                self.days.checked_sub(other.days),
                self.micros.checked_sub(other.micros),
            ),
            (false, false) if self.is_infinity() == other.is_infinity() => Err(out_of_range()),
            (false, _) => Ok(*self),
            (true, false) => other.negated(),
        }
    }

    /// The interval times a factor; fractions of months become days, and of days time.
    pub fn mul(&self, factor: f64) -> Result<Interval> {
        if factor.is_nan() {
            return Err(out_of_range());
        }
        if !self.is_finite() {
            if factor == 0.0 {
                return Err(out_of_range());
            }
            return if factor < 0.0 { self.negated() } else { Ok(*self) };
        }
        if factor.is_infinite() {
            let sign = self.span().signum() as f64 * factor.signum();
            return match sign {
                0.0 => Err(out_of_range()),
                s if s > 0.0 => Ok(Interval::INFINITY),
                _ => Ok(Interval::NEGATIVE_INFINITY),
            };
        }
        self.scaled(|value| value * factor)
    }

    /// The interval divided by a number.
    pub fn div(&self, divisor: f64) -> Result<Interval> {
        if divisor == 0.0 {
            return Err(crate::int::division_by_zero());
        }
        if divisor.is_nan() {
            return Err(out_of_range());
        }
        if !self.is_finite() {
            if divisor.is_infinite() {
                return Err(out_of_range());
            }
            return if divisor < 0.0 { self.negated() } else { Ok(*self) };
        }
        self.scaled(|value| value / divisor)
    }

    fn scaled(&self, f: impl Fn(f64) -> f64) -> Result<Interval> {
        let (months, days, micros) = (f(self.months as f64), f(self.days as f64), f(self.micros as f64));
        let fits32 = |v: f64| (v > i32::MIN as f64 - 1.0 && v < i32::MAX as f64 + 1.0).then_some(v as i32);
        let whole_months = fits32(months).ok_or_else(out_of_range)?;
        let whole_days = fits32(days).ok_or_else(out_of_range)?;
        // Days of the months' fraction, rounded to a microsecond to hide the error of the product.
        let round = |v: f64| (v * 1e6).round_ties_even() / 1e6;
        let month_days = round((months - whole_months as f64) * 30.0);
        let seconds = round((days - whole_days as f64 + month_days - month_days.trunc()) * 86_400.0);
        let (mut extra_days, mut seconds) = (month_days.trunc(), seconds);
        if seconds.abs() >= 86_400.0 {
            extra_days += (seconds / 86_400.0).trunc();
            seconds -= (seconds / 86_400.0).trunc() * 86_400.0;
        }
        let total = (micros + seconds * 1e6).round_ties_even();
        if total.is_nan() || total < i64::MIN as f64 || total >= i64::MAX as f64 {
            return Err(out_of_range());
        }
        Interval::checked(Some(whole_months), whole_days.checked_add(extra_days as i32), Some(total as i64))
    }

    /// Whole days of the hours.
    pub fn justify_hours(&self) -> Result<Interval> {
        if !self.is_finite() {
            return Ok(*self);
        }
        let mut days = self.days.checked_add((self.micros / DAY) as i32).ok_or_else(out_of_range)?;
        let mut micros = self.micros % DAY;
        if days > 0 && micros < 0 {
            micros += DAY;
            days -= 1;
        } else if days < 0 && micros > 0 {
            micros -= DAY;
            days += 1;
        }
        Ok(Interval { months: self.months, days, micros })
    }

    /// Whole months of the days.
    pub fn justify_days(&self) -> Result<Interval> {
        if !self.is_finite() {
            return Ok(*self);
        }
        let mut months = self.months.checked_add(self.days / 30).ok_or_else(out_of_range)?;
        let mut days = self.days % 30;
        if months > 0 && days < 0 {
            days += 30;
            months -= 1;
        } else if months < 0 && days > 0 {
            days -= 30;
            months += 1;
        }
        Ok(Interval { months, days, micros: self.micros })
    }

    /// Whole days of the hours and whole months of the days, all of one sign.
    pub fn justify(&self) -> Result<Interval> {
        if !self.is_finite() {
            return Ok(*self);
        }
        let mut days = self.days as i64 + self.micros / DAY;
        let mut micros = self.micros % DAY;
        let mut months = self.months as i64 + days / 30;
        days %= 30;
        if months > 0 && (days < 0 || days == 0 && micros < 0) {
            days += 30;
            months -= 1;
        } else if months < 0 && (days > 0 || days == 0 && micros > 0) {
            days -= 30;
            months += 1;
        }
        if days > 0 && micros < 0 {
            micros += DAY;
            days -= 1;
        } else if days < 0 && micros > 0 {
            micros -= DAY;
            days += 1;
        }
        Interval::checked(i32::try_from(months).ok(), i32::try_from(days).ok(), Some(micros))
    }

    /// The interval as a type modifier restricts it: its fields and its precision.
    pub fn with_typmod(mut self, typmod: i32) -> Result<Interval> {
        if typmod < 0 || !self.is_finite() {
            return Ok(self);
        }
        let (year, month, day, hour, minute, second) = (1 << 2, 1 << 1, 1 << 3, 1 << 10, 1 << 11, 1 << 12);
        let range = typmod >> 16 & 0x7FFF;
        let precision = typmod & 0xFFFF;
        // What is finer than the last field is cut.
        if range != 0x7FFF && range & second == 0 {
            if range & minute != 0 {
                self.micros -= self.micros % MINUTE;
            } else if range & hour != 0 {
                self.micros -= self.micros % HOUR;
            } else {
                self.micros = 0;
                if range & day == 0 {
                    self.days = 0;
                    if range & month == 0 && range & year != 0 {
                        self.months -= self.months % 12;
                    }
                }
            }
        }
        if precision != 0xFFFF {
            self.micros = super::round_to_precision(self.micros, precision).ok_or_else(out_of_range)?;
        }
        Ok(self)
    }

    /// Adds its text.
    pub fn write(&self, style: IntervalStyle, out: &mut Vec<u8>) {
        if !self.is_finite() {
            return out.extend_from_slice(if self.is_infinity() { b"infinity" } else { b"-infinity" });
        }
        let (years, months, days) = (self.months / 12, self.months % 12, self.days);
        let micros = self.micros.unsigned_abs();
        let hours = micros / HOUR as u64;
        let minutes = micros / MINUTE as u64 % 60;
        let seconds = micros / SECOND as u64 % 60;
        let fraction = micros % SECOND as u64;
        let negative_time = self.micros < 0;
        match style {
            IntervalStyle::Postgres => {
                let start = out.len();
                let mut before = false;
                for (value, unit) in [(years, "year"), (months, "mon"), (days, "day")] {
                    if value != 0 {
                        if out.len() > start {
                            out.push(b' ');
                        }
                        if before && value > 0 {
                            out.push(b'+');
                        }
                        write_i64(value as i64, out);
                        out.push(b' ');
                        out.extend_from_slice(unit.as_bytes());
                        if value != 1 {
                            out.push(b's');
                        }
                        before = value < 0;
                    }
                }
                if out.len() == start || self.micros != 0 {
                    if out.len() > start {
                        out.push(b' ');
                    }
                    if negative_time {
                        out.push(b'-');
                    } else if before {
                        out.push(b'+');
                    }
                    write_clock(hours, minutes, seconds, fraction, out);
                }
            }
            IntervalStyle::PostgresVerbose => {
                out.push(b'@');
                let start = out.len();
                let mut ago: Option<bool> = None;
                let mut unit = |value: i64, unit: &str, out: &mut Vec<u8>| {
                    if value != 0 {
                        let backwards = *ago.get_or_insert(value < 0);
                        out.push(b' ');
                        write_i64(if backwards { -value } else { value }, out);
                        out.push(b' ');
                        out.extend_from_slice(unit.as_bytes());
                        if value.abs() != 1 || (value < 0) != backwards {
                            out.push(b's');
                        }
                    }
                };
                let signed = |v: u64| if negative_time { -(v as i64) } else { v as i64 };
                unit(years as i64, "year", out);
                unit(months as i64, "mon", out);
                unit(days as i64, "day", out);
                unit(signed(hours), "hour", out);
                unit(signed(minutes), "min", out);
                if seconds != 0 || fraction != 0 {
                    let backwards = *ago.get_or_insert(negative_time);
                    out.push(b' ');
                    if negative_time != backwards {
                        out.push(b'-');
                    }
                    write_u64(seconds, out);
                    write_fraction(fraction, out);
                    let one = seconds == 1 && fraction == 0 && negative_time == backwards;
                    out.extend_from_slice(if one { b" sec" } else { b" secs" });
                }
                if out.len() == start {
                    out.extend_from_slice(b" 0");
                }
                if ago == Some(true) {
                    out.extend_from_slice(b" ago");
                }
            }
            IntervalStyle::SqlStandard => {
                let negative = self.months < 0 || days < 0 || negative_time;
                let positive = self.months > 0 || days > 0 || self.micros > 0;
                let has_months = self.months != 0;
                let has_day_time = days != 0 || self.micros != 0;
                let clock = |out: &mut Vec<u8>| {
                    write_u64(hours, out);
                    out.push(b':');
                    write_padded(minutes, 2, out);
                    out.push(b':');
                    write_padded(seconds, 2, out);
                    write_fraction(fraction, out);
                };
                if negative && positive || has_months && has_day_time {
                    // Mixed: every part with its own sign.
                    let sign = |negative: bool| if negative { b'-' } else { b'+' };
                    out.push(sign(self.months < 0));
                    write_u64(years.unsigned_abs() as u64, out);
                    out.push(b'-');
                    write_u64(months.unsigned_abs() as u64, out);
                    out.extend_from_slice(&[b' ', sign(days < 0)]);
                    write_u64(days.unsigned_abs() as u64, out);
                    out.extend_from_slice(&[b' ', sign(negative_time)]);
                    clock(out);
                } else if !negative && !positive {
                    out.push(b'0');
                } else {
                    if negative {
                        out.push(b'-');
                    }
                    if has_months {
                        write_u64(years.unsigned_abs() as u64, out);
                        out.push(b'-');
                        write_u64(months.unsigned_abs() as u64, out);
                    } else {
                        if days != 0 {
                            write_u64(days.unsigned_abs() as u64, out);
                            out.push(b' ');
                        }
                        clock(out);
                    }
                }
            }
            IntervalStyle::Iso8601 => {
                if self.months == 0 && days == 0 && self.micros == 0 {
                    return out.extend_from_slice(b"PT0S");
                }
                let unit = |value: i64, unit: u8, out: &mut Vec<u8>| {
                    if value != 0 {
                        write_i64(value, out);
                        out.push(unit);
                    }
                };
                out.push(b'P');
                unit(years as i64, b'Y', out);
                unit(months as i64, b'M', out);
                unit(days as i64, b'D', out);
                if self.micros != 0 {
                    let signed = |v: u64| if negative_time { -(v as i64) } else { v as i64 };
                    out.push(b'T');
                    unit(signed(hours), b'H', out);
                    unit(signed(minutes), b'M', out);
                    if seconds != 0 || fraction != 0 {
                        if negative_time {
                            out.push(b'-');
                        }
                        write_u64(seconds, out);
                        write_fraction(fraction, out);
                        out.push(b'S');
                    }
                }
            }
        }
    }
}

/// Adds `.ffffff` without zeros at its end; nothing for zero.
pub fn write_fraction(fraction: u64, out: &mut Vec<u8>) {
    if fraction == 0 {
        return;
    }
    out.push(b'.');
    write_padded(fraction, 6, out);
    while out.last() == Some(&b'0') {
        out.pop();
    }
}

/// Adds `hh:mm:ss.ffffff`.
pub fn write_clock(hours: u64, minutes: u64, seconds: u64, fraction: u64, out: &mut Vec<u8>) {
    write_padded(hours, 2, out);
    out.push(b':');
    write_padded(minutes, 2, out);
    out.push(b':');
    write_padded(seconds, 2, out);
    write_fraction(fraction, out);
}

impl PartialEq for Interval {
    fn eq(&self, other: &Interval) -> bool {
        self.span() == other.span()
    }
}

impl Eq for Interval {}

impl PartialOrd for Interval {
    fn partial_cmp(&self, other: &Interval) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Interval {
    fn cmp(&self, other: &Interval) -> Ordering {
        self.span().cmp(&other.span())
    }
}

crate::bytes_value!(
    Interval,
    |raw| match raw {
        [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] => Interval {
            micros: i64::from_le_bytes([*a, *b, *c, *d, *e, *f, *g, *h]),
            days: i32::from_le_bytes([*i, *j, *k, *l]),
            months: i32::from_le_bytes([*m, *n, *o, *p]),
        },
        _ => Interval::default(),
    },
    |value, out| {
        out.extend_from_slice(&value.micros.to_le_bytes());
        out.extend_from_slice(&value.days.to_le_bytes());
        out.extend_from_slice(&value.months.to_le_bytes());
    }
);

/// What a number's unit is worth.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unit {
    /// Microseconds in one.
    Micros(i64),
    /// Days in one.
    Days(i32),
    /// Months in one.
    Months(i32),
}

/// The unit of a word in lower case.
pub fn unit_of(word: &str) -> Option<Unit> {
    Some(match word {
        "us" | "usec" | "usecs" | "usecond" | "useconds" | "microsecond" | "microseconds" | "microsecon" => {
            Unit::Micros(1)
        }
        "ms" | "msec" | "msecs" | "msecond" | "mseconds" | "millisecond" | "milliseconds" | "millisecon" => {
            Unit::Micros(1000)
        }
        "s" | "sec" | "secs" | "second" | "seconds" => Unit::Micros(SECOND),
        "m" | "min" | "mins" | "minute" | "minutes" => Unit::Micros(MINUTE),
        "h" | "hr" | "hrs" | "hour" | "hours" => Unit::Micros(HOUR),
        "d" | "day" | "days" => Unit::Days(1),
        "w" | "week" | "weeks" => Unit::Days(7),
        "mon" | "mons" | "month" | "months" => Unit::Months(1),
        "y" | "yr" | "yrs" | "year" | "years" => Unit::Months(12),
        "dec" | "decs" | "decade" | "decades" => Unit::Months(120),
        "c" | "cent" | "century" | "centuries" => Unit::Months(1200),
        "mil" | "mils" | "millennium" | "millennia" | "millenniums" => Unit::Months(12_000),
        _ => return None,
    })
}

/// The sums while a text is read: wide, so that only the result can overflow.
#[derive(Default)]
struct Sums {
    years: i128,
    months: i128,
    days: i128,
    micros: i128,
}

impl Sums {
    /// Adds a number with a fraction (both of the number's sign) of a unit; fractions go down to finer units.
    fn add(&mut self, whole: i128, fraction: f64, unit: Unit) {
        match unit {
            Unit::Micros(size) => {
                self.micros += whole * size as i128 + (fraction * size as f64).round_ties_even() as i128;
            }
            Unit::Days(size) => {
                let days = fraction * size as f64;
                self.days += whole * size as i128 + days.trunc() as i128;
                self.micros += ((days - days.trunc()) * DAY as f64).round_ties_even() as i128;
            }
            Unit::Months(1) => {
                let days = fraction * 30.0;
                self.months += whole;
                self.days += days.trunc() as i128;
                self.micros += ((days - days.trunc()) * DAY as f64).round_ties_even() as i128;
            }
            Unit::Months(size) => {
                self.years += whole * (size / 12) as i128;
                self.months += (fraction * size as f64).round_ties_even() as i128;
            }
        }
    }

    fn finish(self) -> std::result::Result<Interval, Problem> {
        let fits = |v: i128| i32::try_from(v).map_err(|_| Problem::Overflow);
        let (years, months, days) = (fits(self.years)?, fits(self.months)?, fits(self.days)?);
        let micros = i64::try_from(self.micros).map_err(|_| Problem::Overflow)?;
        let months = i32::try_from(years as i64 * 12 + months as i64).map_err(|_| Problem::Range)?;
        Ok(Interval { months, days, micros })
    }
}

/// A signed number with a fraction at the text's front.
fn take_number(rest: &mut &str) -> Option<(bool, bool, i128, f64)> {
    let bytes = rest.as_bytes();
    let (signed, negative) = match bytes.first() {
        Some(b'-') => (true, true),
        Some(b'+') => (true, false),
        _ => (false, false),
    };
    let mut at = signed as usize;
    while signed && bytes.get(at).copied().is_some_and(is_space) {
        at += 1;
    }
    let start = at;
    while bytes.get(at).is_some_and(u8::is_ascii_digit) {
        at += 1;
    }
    let whole_end = at;
    let mut fraction = 0.0;
    if bytes.get(at) == Some(&b'.') {
        at += 1;
        while bytes.get(at).is_some_and(u8::is_ascii_digit) {
            at += 1;
        }
        if at > whole_end + 1 {
            fraction = format!("0{}", &rest[whole_end..at]).parse().ok()?;
        }
    }
    if at == start || at == start + 1 && bytes[start] == b'.' || whole_end - start > 30 {
        return None;
    }
    let whole: i128 = if whole_end == start { 0 } else { rest[start..whole_end].parse().ok()? };
    *rest = &rest[at..];
    Some((signed, negative, whole, fraction))
}

/// A number of ISO 8601's form: its sign is in the fraction and the whole part. Exponents are taken, as PostgreSQL takes them.
struct IsoNumber {
    whole: i128,
    fraction: f64,
    /// How many digits stand before the point, if there is no sign.
    digits: usize,
}

fn take_iso_number(rest: &mut &str) -> std::result::Result<IsoNumber, Problem> {
    let text = *rest;
    let end = text
        .char_indices()
        .find(|&(at, c)| {
            let after_exponent = at > 0 && matches!(text.as_bytes()[at - 1], b'e' | b'E');
            !(c.is_ascii_digit()
                || c == '.'
                || matches!(c, 'e' | 'E')
                || matches!(c, '+' | '-') && (at == 0 || after_exponent))
        })
        .map_or(text.len(), |(at, _)| at);
    let (number, tail) = text.split_at(end);
    *rest = tail;
    let value: f64 = number.parse().map_err(|_| Problem::Format)?;
    if value.abs() > 1e15 {
        return Err(Problem::Overflow);
    }
    let digits = number.find(|c: char| !c.is_ascii_digit()).unwrap_or(number.len());
    // The fraction is what a double has of it, as in PostgreSQL.
    let (whole, fraction) = (value.abs().trunc() as i128, value.abs().fract());
    let negative = number.starts_with('-');
    Ok(match negative {
        true => IsoNumber { whole: -whole, fraction: -fraction, digits: 0 },
        false => IsoNumber { whole, fraction, digits },
    })
}

/// `P1Y2M3DT4H5M6S`, and the alternative forms `P0001-02-03T04:05:06` and `P00010203T040506`.
fn parse_iso(text: &str) -> std::result::Result<Interval, Problem> {
    let mut rest = text.strip_prefix(['P', 'p']).ok_or(Problem::Format)?;
    let mut sums = Sums::default();
    let (mut in_time, mut any, mut in_part) = (false, false, false);
    let is_end = |rest: &str| rest.is_empty() || rest.starts_with(['T', 't']);
    while !rest.is_empty() {
        if let Some(tail) = rest.strip_prefix(['T', 't']) {
            if in_time {
                return Err(Problem::Format);
            }
            (in_time, in_part) = (true, false);
            rest = tail;
            any = true;
            continue;
        }
        let number = take_iso_number(&mut rest)?;
        let first = !std::mem::replace(&mut in_part, true);
        any = true;
        let unit = match (in_time, rest.chars().next()) {
            (false, Some('Y' | 'y')) => Unit::Months(12),
            (false, Some('M' | 'm')) => Unit::Months(1),
            (false, Some('W' | 'w')) => Unit::Days(7),
            (false, Some('D' | 'd')) => Unit::Days(1),
            (true, Some('H' | 'h')) => Unit::Micros(HOUR),
            (true, Some('M' | 'm')) => Unit::Micros(MINUTE),
            (true, Some('S' | 's')) => Unit::Micros(SECOND),
            (false, next) if first && (is_end(rest) || next == Some('-')) => {
                if number.digits == 8 && is_end(rest) {
                    sums.add(number.whole / 10_000, 0.0, Unit::Months(12));
                    sums.add(number.whole / 100 % 100, 0.0, Unit::Months(1));
                    sums.add(number.whole % 100, number.fraction, Unit::Days(1));
                    continue;
                }
                sums.add(number.whole, number.fraction, Unit::Months(12));
                for unit in [Unit::Months(1), Unit::Days(1)] {
                    let Some(tail) = rest.strip_prefix('-') else { break };
                    rest = tail;
                    let number = take_iso_number(&mut rest)?;
                    sums.add(number.whole, number.fraction, unit);
                }
                if !is_end(rest) {
                    return Err(Problem::Format);
                }
                continue;
            }
            (true, next) if first && (rest.is_empty() || next == Some(':')) => {
                if number.digits == 6 && rest.is_empty() {
                    sums.add(number.whole / 10_000, 0.0, Unit::Micros(HOUR));
                    sums.add(number.whole / 100 % 100, 0.0, Unit::Micros(MINUTE));
                    sums.add(number.whole % 100, 0.0, Unit::Micros(SECOND));
                    continue;
                }
                sums.add(number.whole, number.fraction, Unit::Micros(HOUR));
                for unit in [Unit::Micros(MINUTE), Unit::Micros(SECOND)] {
                    let Some(tail) = rest.strip_prefix(':') else { break };
                    rest = tail;
                    let number = take_iso_number(&mut rest)?;
                    sums.add(number.whole, number.fraction, unit);
                }
                if !rest.is_empty() {
                    return Err(Problem::Format);
                }
                continue;
            }
            _ => return Err(Problem::Format),
        };
        sums.add(number.whole, number.fraction, unit);
        rest = &rest[1..];
    }
    if any { sums.finish() } else { Err(Problem::Format) }
}

/// The finest field that a type modifier names: what a number without a unit counts.
fn unit_of_typmod(typmod: i32) -> Unit {
    let range = if typmod < 0 { 0x7FFF } else { typmod >> 16 & 0x7FFF };
    match range {
        0x7FFF => Unit::Micros(SECOND),
        r if r & 1 << 12 != 0 => Unit::Micros(SECOND),
        r if r & 1 << 11 != 0 => Unit::Micros(MINUTE),
        r if r & 1 << 10 != 0 => Unit::Micros(HOUR),
        r if r & 1 << 3 != 0 => Unit::Days(1),
        r if r & 1 << 1 != 0 => Unit::Months(1),
        r if r & 1 << 2 != 0 => Unit::Months(12),
        _ => Unit::Micros(SECOND),
    }
}

/// Reads an interval's text.
pub fn parse(text: &str, typmod: i32, style: IntervalStyle) -> std::result::Result<Interval, Problem> {
    let mut rest = crate::format::trim(text);
    if rest.len() > 512 {
        return Err(Problem::Format);
    }
    if rest.starts_with(['P', 'p'])
        && rest[1..].starts_with(|c: char| c.is_ascii_digit() || matches!(c, 'T' | 't' | '-' | '+' | '.'))
    {
        return parse_iso(rest);
    }
    match rest.to_ascii_lowercase().as_str() {
        "infinity" | "+infinity" => return Ok(Interval::INFINITY),
        "-infinity" => return Ok(Interval::NEGATIVE_INFINITY),
        _ => {}
    }
    // In the SQL standard's style a sign at the front holds for all fields, if none of the others has one.
    let all_negative = style == IntervalStyle::SqlStandard
        && rest.starts_with('-')
        && !rest[1..].contains('+')
        && !rest[1..].contains(" -");
    let mut sums = Sums::default();
    let mut pending: Option<(i128, f64)> = None;
    // A number before a number of hours counts days.
    let mut before_hours: Option<(i128, f64)> = None;
    let mut seen = false;
    let mut ago = false;
    let mut units: Vec<Unit> = Vec::new();
    let mut note = |unit: Unit| {
        let again = units.contains(&unit);
        units.push(unit);
        if again { Err(Problem::Format) } else { Ok(()) }
    };
    loop {
        rest = rest.trim_start_matches(|c: char| {
            c.is_ascii() && (is_space(c as u8) || c.is_ascii_punctuation() && !matches!(c, '+' | '-' | '.' | ':'))
        });
        let Some(c) = rest.chars().next() else { break };
        if ago {
            return Err(Problem::Format);
        }
        if c.is_ascii_alphabetic() {
            let end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
            let word = rest[..end].to_ascii_lowercase();
            rest = &rest[end..];
            if word == "ago" {
                if !seen || pending.is_some() {
                    return Err(Problem::Format);
                }
                ago = true;
                continue;
            }
            let unit = unit_of(&word).ok_or(Problem::Format)?;
            let (whole, fraction) = pending.take().ok_or(Problem::Format)?;
            note(unit)?;
            // Seconds with a fraction say what milliseconds and microseconds would.
            if unit == Unit::Micros(SECOND) && fraction != 0.0 {
                note(Unit::Micros(1000))?;
                note(Unit::Micros(1))?;
            }
            sums.add(whole, fraction, unit);
            if let Some((days, fraction)) = before_hours.take() {
                if unit != Unit::Micros(HOUR) {
                    return Err(Problem::Format);
                }
                note(Unit::Days(1))?;
                sums.add(days, fraction, Unit::Days(1));
            }
            seen = true;
            continue;
        }
        let (signed, negative, whole, fraction) = take_number(&mut rest).ok_or(Problem::Format)?;
        let sign: i128 = if negative || all_negative && !signed { -1 } else { 1 };
        if rest.starts_with(':') {
            // A time. A number before it without a unit counts days.
            if let Some((whole, fraction)) = pending.take() {
                note(Unit::Days(1))?;
                sums.add(whole, fraction, Unit::Days(1));
            }
            if before_hours.is_some() {
                return Err(Problem::Format);
            }
            if fraction != 0.0 {
                let too_large = !signed && whole > i32::MAX as i128;
                return Err(if too_large { Problem::Overflow } else { Problem::Format });
            }
            rest = &rest[1..];
            let mut parts = [0i128; 2];
            let mut fraction = 0.0;
            let mut count = 0;
            let mut whole_only = true;
            loop {
                let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
                let (digits, decimals) = rest[..end].split_once('.').unwrap_or((&rest[..end], ""));
                if count == 2 || digits.len() > 18 {
                    return Err(Problem::Format);
                }
                parts[count] = if digits.is_empty() { 0 } else { digits.parse().map_err(|_| Problem::Format)? };
                count += 1;
                if rest[..end].contains('.') {
                    whole_only = false;
                    fraction = fraction_of(decimals)? as f64;
                }
                rest = &rest[end..];
                match rest.strip_prefix(':') {
                    Some(tail) if whole_only => rest = tail,
                    Some(_) => return Err(Problem::Format),
                    None => break,
                }
            }
            let last_minute = typmod >= 0 && matches!(typmod >> 16 & 0x7FFF, r if r == 1 << 11 | 1 << 12);
            let (hours, minutes, seconds) = if count == 1 && (!whole_only || last_minute) {
                (0, whole, parts[0])
            } else if count == 1 {
                (whole, parts[0], 0)
            } else {
                (whole, parts[0], parts[1])
            };
            if minutes > 59 || seconds > 60 || seconds == 60 && fraction > 0.0 {
                return Err(Problem::Overflow);
            }
            for size in [HOUR, MINUTE, SECOND, 1000, 1] {
                note(Unit::Micros(size))?;
            }
            sums.micros +=
                sign * (hours * HOUR as i128 + minutes * MINUTE as i128 + seconds * SECOND as i128 + fraction as i128);
            seen = true;
            continue;
        }
        if rest.starts_with('-')
            && rest[1..].starts_with(|c: char| c.is_ascii_digit())
            && fraction == 0.0
            && pending.is_none()
        {
            // Years and months.
            rest = &rest[1..];
            let (.., months, fraction) = take_number(&mut rest).ok_or(Problem::Format)?;
            if fraction != 0.0 {
                return Err(Problem::Format);
            }
            if months >= 12 {
                return Err(Problem::Overflow);
            }
            note(Unit::Months(12))?;
            note(Unit::Months(1))?;
            sums.years += sign * whole;
            sums.months += sign * months;
            seen = true;
            continue;
        }
        if before_hours.is_some() {
            return Err(Problem::Format);
        }
        before_hours = pending.replace((sign * whole, sign as f64 * fraction));
    }
    if let Some((whole, fraction)) = pending {
        let unit = unit_of_typmod(typmod);
        note(unit)?;
        sums.add(whole, fraction, unit);
        if let Some((days, fraction)) = before_hours.take() {
            if unit != Unit::Micros(HOUR) {
                return Err(Problem::Format);
            }
            note(Unit::Days(1))?;
            sums.add(days, fraction, Unit::Days(1));
        }
        seen = true;
    }
    if !seen {
        return Err(Problem::Format);
    }
    let interval = sums.finish()?;
    if !ago {
        return Ok(interval);
    }
    match (interval.months.checked_neg(), interval.days.checked_neg(), interval.micros.checked_neg()) {
        (Some(months), Some(days), Some(micros)) => Ok(Interval { months, days, micros }),
        _ => Err(Problem::Overflow),
    }
}
