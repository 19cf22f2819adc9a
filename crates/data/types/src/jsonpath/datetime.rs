//! Dates and times in jsonpath: read from ISO 8601's forms, converted and compared.

use crate::Environment;
use crate::datetime::calendar::{DAY, END_DAY, FIRST_DAY, SECOND, day_of_date, month_days};
use crate::datetime::{self, TimeTz, write_date, write_iso_8601};
use crate::formatting::read_strictly;
use error::{Error, Result, SqlState};
use std::cmp::Ordering;

/// A date or time.
#[derive(Clone, Copy, Debug)]
pub(super) enum DateTime {
    /// Days since 2000-01-01.
    Date(i32),
    /// Microseconds since midnight.
    Time(i64),
    /// The same, and seconds east of UTC.
    TimeTz(i64, i32),
    /// Microseconds since 2000-01-01.
    Timestamp(i64),
    /// The same in UTC, and the seconds east of UTC that it is shown with.
    TimestampTz(i64, i32),
}

/// A type that a method makes of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Date,
    Time,
    TimeTz,
    Timestamp,
    TimestampTz,
}

fn short_name(time: &DateTime) -> &'static str {
    match time {
        DateTime::Date(_) => "date",
        DateTime::Time(_) => "time",
        DateTime::TimeTz(..) => "timetz",
        DateTime::Timestamp(_) => "timestamp",
        DateTime::TimestampTz(..) => "timestamptz",
    }
}

#[cold]
fn needs_zone(from: &str, to: &str) -> Error {
    Error::new(
        SqlState::FEATURE_NOT_SUPPORTED,
        format!("cannot convert value from {from} to {to} without time zone usage"),
    )
    .hint("Use *_tz() function for time zone support.")
}

fn write_displacement(east: i32, out: &mut Vec<u8>) {
    let seconds = east.unsigned_abs();
    let sign = if east < 0 { '-' } else { '+' };
    let mut text = format!("{sign}{:02}:{:02}", seconds / 3600, seconds / 60 % 60);
    if !seconds.is_multiple_of(60) {
        text.push_str(&format!(":{:02}", seconds % 60));
    }
    out.extend_from_slice(text.as_bytes());
}

/// The time of day, as a timestamp of the first day shows it.
fn write_clock(micros: i64, out: &mut Vec<u8>) {
    if micros == DAY {
        return out.extend_from_slice(b"24:00:00");
    }
    let mut text = Vec::new();
    write_iso_8601(micros, None, &mut text);
    out.extend_from_slice(text.split(|&b| b == b'T').nth(1).unwrap_or_default());
}

impl DateTime {
    /// What `.type()` calls it.
    pub fn type_name(&self) -> &'static str {
        match self {
            DateTime::Date(_) => "date",
            DateTime::Time(_) => "time without time zone",
            DateTime::TimeTz(..) => "time with time zone",
            DateTime::Timestamp(_) => "timestamp without time zone",
            DateTime::TimestampTz(..) => "timestamp with time zone",
        }
    }

    /// Its text in a JSON string.
    pub fn text(&self) -> Vec<u8> {
        let mut out = Vec::new();
        match *self {
            DateTime::Date(day) => write_date(day, Default::default(), &mut out),
            DateTime::Time(micros) => write_clock(micros, &mut out),
            DateTime::TimeTz(micros, east) => {
                write_clock(micros, &mut out);
                write_displacement(east, &mut out);
            }
            DateTime::Timestamp(time) => write_iso_8601(time, None, &mut out),
            DateTime::TimestampTz(time, _) if datetime::is_infinite(time) => write_iso_8601(time, None, &mut out),
            DateTime::TimestampTz(time, east) => {
                write_iso_8601(time.saturating_add(east as i64 * SECOND), None, &mut out);
                let era = out.ends_with(b" BC");
                if era {
                    out.truncate(out.len() - 3);
                }
                write_displacement(east, &mut out);
                if era {
                    out.extend_from_slice(b" BC");
                }
            }
        }
        out
    }

    /// Reads a text by a template, whose fields say of which type it is.
    pub fn by_template(text: &str, template: &str, env: &dyn Environment) -> Result<DateTime> {
        let moment = read_strictly(text, template, env)?;
        let unfit = |text: &str| Err(Error::new(SqlState::INVALID_DATETIME_FORMAT, text.to_string()));
        let zone = |name: &str| {
            moment.zone.ok_or_else(|| {
                let text = format!("missing time zone in input string for type {name}");
                Error::new(SqlState::INVALID_DATETIME_FORMAT, text)
            })
        };
        match (moment.dated, moment.timed, moment.zoned) {
            (true, true, true) => {
                let east = zone("timestamptz")?;
                Ok(DateTime::TimestampTz(moment.timestamptz(&datetime::TimeZone::utc())?, east))
            }
            (true, true, false) => moment.timestamp().map(DateTime::Timestamp),
            (true, false, true) => unfit("datetime format is zoned but not timed"),
            (true, false, false) => i32::try_from(moment.day)
                .ok()
                .filter(|day| (FIRST_DAY..END_DAY).contains(day))
                .map(DateTime::Date)
                .ok_or_else(datetime::date_range),
            (false, true, true) => Ok(DateTime::TimeTz(moment.micros, zone("timetz")?)),
            (false, true, false) => Ok(DateTime::Time(moment.micros)),
            (false, false, _) => unfit("datetime format is not dated and not timed"),
        }
    }

    /// Reads a text in one of the standard's forms; `None` if it is in none of them.
    pub fn parse(text: &str, env: &dyn Environment) -> Option<DateTime> {
        let mut reader = Reader(text.as_bytes());
        let date = reader.date();
        if date.is_some() {
            if reader.0.is_empty() {
                return Some(DateTime::Date(date?));
            }
            if !matches!(reader.0.first(), Some(b' ' | b'T')) {
                return None;
            }
            reader.0 = &reader.0[1..];
        }
        let time = reader.time()?;
        let zone = if reader.0.is_empty() { None } else { Some(reader.zone(env)?) };
        if !reader.0.is_empty() {
            return None;
        }
        Some(match (date, zone) {
            (None, None) => DateTime::Time(time),
            (None, Some(east)) => DateTime::TimeTz(time, east),
            (Some(day), None) => DateTime::Timestamp(midnight(day).checked_add(time)?),
            (Some(day), Some(east)) => {
                DateTime::TimestampTz(midnight(day).checked_add(time - east as i64 * SECOND)?, east)
            }
        })
    }

    /// As another type; `None` if it has no such value.
    pub fn convert(self, to: Target, with_zones: bool, env: &dyn Environment) -> Result<Option<DateTime>> {
        let check = |to: &str| if with_zones { Ok(()) } else { Err(needs_zone(short_name(&self), to)) };
        let zone = || env.time_zone();
        Ok(Some(match (to, self) {
            (Target::Date, DateTime::Date(_))
            | (Target::Time, DateTime::Time(_))
            | (Target::TimeTz, DateTime::TimeTz(..))
            | (Target::Timestamp, DateTime::Timestamp(_))
            | (Target::TimestampTz, DateTime::TimestampTz(..)) => self,
            (Target::Date, DateTime::Timestamp(time)) => DateTime::Date(time.div_euclid(DAY) as i32),
            (Target::Date, DateTime::TimestampTz(time, _)) => {
                check("date")?;
                DateTime::Date(datetime::to_local(time, &zone())?.div_euclid(DAY) as i32)
            }
            (Target::Time, DateTime::TimeTz(micros, _)) => {
                check("time")?;
                DateTime::Time(micros)
            }
            (Target::Time, DateTime::Timestamp(time)) => DateTime::Time(time.rem_euclid(DAY)),
            (Target::Time, DateTime::TimestampTz(time, _)) => {
                check("time")?;
                DateTime::Time(datetime::to_local(time, &zone())?.rem_euclid(DAY))
            }
            (Target::TimeTz, DateTime::Time(micros)) => {
                check("timetz")?;
                let now = datetime::unix_seconds(env.transaction_timestamp());
                DateTime::TimeTz(micros, zone().at(now).offset)
            }
            (Target::TimeTz, DateTime::TimestampTz(time, _)) => {
                let offset = zone().at(datetime::unix_seconds(time)).offset;
                DateTime::TimeTz((time + offset as i64 * SECOND).rem_euclid(DAY), offset)
            }
            (Target::Timestamp, DateTime::Date(day)) => DateTime::Timestamp(midnight(day)),
            (Target::Timestamp, DateTime::TimestampTz(time, _)) => {
                check("timestamp")?;
                DateTime::Timestamp(datetime::to_local(time, &zone())?)
            }
            (Target::TimestampTz, DateTime::Date(day)) => {
                check("timestamptz")?;
                with_offset(datetime::from_local(midnight(day), &zone())?, &zone())
            }
            (Target::TimestampTz, DateTime::Timestamp(time)) => {
                check("timestamptz")?;
                with_offset(datetime::from_local(time, &zone())?, &zone())
            }
            _ => return Ok(None),
        }))
    }

    /// Rounded to so many digits of a second.
    pub fn rounded(self, precision: i32) -> DateTime {
        let round = |micros: i64| datetime::round_to_precision(micros, precision).unwrap_or(micros);
        match self {
            DateTime::Date(day) => DateTime::Date(day),
            DateTime::Time(micros) => DateTime::Time(round(micros)),
            DateTime::TimeTz(micros, east) => DateTime::TimeTz(round(micros), east),
            DateTime::Timestamp(time) => DateTime::Timestamp(round(time)),
            DateTime::TimestampTz(time, east) => DateTime::TimestampTz(round(time), east),
        }
    }

    /// Compares two; `None` if their types cannot be compared.
    pub fn compare(&self, other: &DateTime, with_zones: bool, env: &dyn Environment) -> Result<Option<Ordering>> {
        let target = |time: &DateTime| match time {
            DateTime::Date(_) => Target::Date,
            DateTime::Time(_) => Target::Time,
            DateTime::TimeTz(..) => Target::TimeTz,
            DateTime::Timestamp(_) => Target::Timestamp,
            DateTime::TimestampTz(..) => Target::TimestampTz,
        };
        let (a, b) = (target(self), target(other));
        let clock = |target| matches!(target, Target::Time | Target::TimeTz);
        if clock(a) != clock(b) {
            return Ok(None);
        }
        let common = match (a, b) {
            (a, b) if a == b => a,
            (Target::Time | Target::TimeTz, _) => Target::TimeTz,
            (Target::TimestampTz, _) | (_, Target::TimestampTz) => Target::TimestampTz,
            _ => Target::Timestamp,
        };
        let (Some(a), Some(b)) = (self.convert(common, with_zones, env)?, other.convert(common, with_zones, env)?)
        else {
            return Ok(None);
        };
        Ok(Some(match (a, b) {
            (DateTime::Date(a), DateTime::Date(b)) => a.cmp(&b),
            (DateTime::Time(a), DateTime::Time(b)) => a.cmp(&b),
            (DateTime::TimeTz(a, x), DateTime::TimeTz(b, y)) => {
                TimeTz { micros: a, zone: -x }.cmp(&TimeTz { micros: b, zone: -y })
            }
            (DateTime::Timestamp(a), DateTime::Timestamp(b)) => a.cmp(&b),
            (DateTime::TimestampTz(a, _), DateTime::TimestampTz(b, _)) => a.cmp(&b),
            _ => return Ok(None),
        }))
    }
}

/// A day's first moment; beyond the timestamps it is infinite, so that comparisons come out right.
fn midnight(day: i32) -> i64 {
    (day as i64).checked_mul(DAY).unwrap_or(if day < 0 { datetime::NEGATIVE_INFINITY } else { datetime::INFINITY })
}

fn with_offset(time: i64, zone: &crate::datetime::TimeZone) -> DateTime {
    DateTime::TimestampTz(time, zone.at(datetime::unix_seconds(time)).offset)
}

/// What is left of a text.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    /// A number of `least` to `most` digits.
    fn number(&mut self, least: usize, most: usize) -> Option<i64> {
        let count = self.0.iter().take(most).take_while(|b| b.is_ascii_digit()).count();
        if count < least {
            return None;
        }
        let (digits, rest) = self.0.split_at(count);
        self.0 = rest;
        Some(digits.iter().fold(0, |n, &d| n * 10 + (d - b'0') as i64))
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        let (&first, rest) = self.0.split_first()?;
        if first != byte {
            return None;
        }
        self.0 = rest;
        Some(())
    }

    /// `yyyy-mm-dd`; leaves the text as it is if there is none.
    fn date(&mut self) -> Option<i32> {
        let start = self.0;
        let date = self.date_parts();
        if date.is_none() {
            self.0 = start;
        }
        date
    }

    fn date_parts(&mut self) -> Option<i32> {
        let year = self.number(1, 7)? as i32;
        self.take(b'-')?;
        let month = self.number(1, 2)? as i32;
        self.take(b'-')?;
        let day = self.number(1, 2)? as i32;
        let valid = year > 0 && (1..=12).contains(&month) && (1..=month_days(year, month)).contains(&day);
        valid.then(|| day_of_date(year, month, day))
    }

    /// `hh:mm:ss` with a fraction.
    fn time(&mut self) -> Option<i64> {
        let hours = self.number(1, 2)?;
        self.take(b':')?;
        let minutes = self.number(1, 2)?;
        self.take(b':')?;
        let seconds = self.number(1, 2)?;
        let mut micros = 0;
        if self.take(b'.').is_some() {
            let before = self.0.len();
            let fraction = self.number(1, 6)?;
            micros = fraction * 10i64.pow(6 - (before - self.0.len()) as u32);
        }
        let valid = hours < 24 && minutes < 60 && seconds < 60;
        valid.then_some((hours * 3600 + minutes * 60 + seconds) * SECOND + micros)
    }

    /// `+hh[:mm]` or an abbreviation, perhaps behind a blank; seconds east.
    fn zone(&mut self, env: &dyn Environment) -> Option<i32> {
        let _ = self.take(b' ');
        if self.0.first().is_some_and(u8::is_ascii_alphabetic) {
            let word = std::str::from_utf8(std::mem::take(&mut self.0)).ok()?.to_ascii_lowercase();
            let known = env.time_zone().abbreviation_offset(&word);
            return known.or_else(|| datetime::abbreviation(&word).map(|(offset, _)| offset));
        }
        let (&sign, rest) = self.0.split_first()?;
        self.0 = rest;
        let hours = match sign {
            b'+' | b'-' => self.number(1, 2)?,
            _ => return None,
        };
        let minutes = match self.take(b':') {
            Some(()) => self.number(2, 2)?,
            None => 0,
        };
        let seconds = match self.take(b':') {
            Some(()) => self.number(2, 2)?,
            None => 0,
        };
        if hours > 15 || minutes > 59 || seconds > 59 {
            return None;
        }
        let east = (hours * 3600 + minutes * 60 + seconds) as i32;
        Some(if sign == b'-' { -east } else { east })
    }
}
