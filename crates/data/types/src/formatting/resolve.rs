//! Putting together what a template found in a text.

use super::Key;
use super::read::found;
use super::template::{check_standard, parse};
use crate::Environment;
use crate::datetime::calendar::{
    DAY, HOUR, JULIAN_OFFSET, MINUTE, SECOND, date_of_day, day_of_date_wide, is_leap_year, iso_year_start, month_days,
};
use crate::datetime::{self, TimeZone};
use error::{Error, Result, SqlState};

/// The fields of a text; zero stands for none.
#[derive(Debug, Default)]
pub(super) struct Found {
    iso: bool,
    gregorian: bool,
    pub twelve_hours: bool,
    pub afternoon: i32,
    pub hour: i32,
    pub minute: i32,
    pub second: i32,
    pub second_of_day: i32,
    pub micros: i64,
    /// To how many digits a fraction is rounded; 0 without one.
    pub precision: i32,
    pub before_christ: i32,
    pub century: i32,
    pub year: i32,
    /// With how many digits the template asks for the year.
    pub year_digits: i32,
    pub month: i32,
    pub day: i32,
    pub day_of_year: i32,
    /// 1 is Sunday.
    pub weekday: i32,
    pub week: i32,
    pub week_of_month: i32,
    pub julian: i32,
    pub zone_sign: i32,
    pub zone_hours: i32,
    pub zone_minutes: i32,
    /// Seconds east of UTC, by a zone's abbreviation.
    pub abbreviation: Option<i32>,
}

/// A date and time of a text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    /// Days since 2000-01-01; may be beyond the calendar's range.
    pub day: i64,
    /// Microseconds since midnight.
    pub micros: i64,
    /// Seconds east of UTC.
    pub zone: Option<i32>,
    /// Whether the template has a date.
    pub dated: bool,
    /// Whether it has a time.
    pub timed: bool,
    /// Whether it has a zone.
    pub zoned: bool,
}

impl Moment {
    /// The local timestamp.
    pub fn timestamp(&self) -> Result<i64> {
        datetime::checked_timestamp(self.day.checked_mul(DAY).and_then(|t| t.checked_add(self.micros)))
    }

    /// The moment; without a zone of its own, in this one.
    pub fn timestamptz(&self, zone: &TimeZone) -> Result<i64> {
        let local = self.day.checked_mul(DAY).and_then(|t| t.checked_add(self.micros));
        match self.zone {
            Some(east) => datetime::checked_timestamp(local.and_then(|t| t.checked_sub(east as i64 * SECOND))),
            None => datetime::from_local(local.ok_or_else(datetime::timestamp_range)?, zone),
        }
    }
}

/// Reads a text by a template as the SQL standard wants it: `datetime()` of jsonpath.
pub(crate) fn read_strictly(text: &str, template: &str, env: &dyn Environment) -> Result<Moment> {
    check_standard(template)?;
    let pieces = parse(template);
    let mut moment = found(text, &pieces, true, env)?.resolve(text)?;
    let has = |test: fn(Key) -> bool| {
        pieces.iter().any(|piece| matches!(piece, super::Piece::Field(field) if test(field.key)))
    };
    moment.dated = has(is_of_date);
    moment.timed = has(is_of_time);
    moment.zoned = has(is_of_zone);
    Ok(moment)
}

/// Whether a template has a zone.
pub(crate) fn has_zone(template: &str) -> bool {
    parse(template).iter().any(|piece| matches!(piece, super::Piece::Field(field) if is_of_zone(field.key)))
}

fn is_of_zone(key: Key) -> bool {
    matches!(key, Key::Zone | Key::ZoneHour | Key::ZoneMinute | Key::Offset)
}

fn is_of_time(key: Key) -> bool {
    matches!(
        key,
        Key::HalfDay
            | Key::HalfDayDots
            | Key::Fraction(_)
            | Key::Hour12
            | Key::Hour24
            | Key::Minute
            | Key::Second
            | Key::SecondOfDay
    )
}

fn is_of_date(key: Key) -> bool {
    !is_of_zone(key) && !is_of_time(key) && key != Key::Exact
}

/// `22008` for a text whose fields are out of range.
#[cold]
fn out_of_range(text: &str) -> Error {
    Error::new(SqlState::DATETIME_FIELD_OVERFLOW, format!("date/time field value out of range: \"{text}\""))
}

impl Found {
    /// Notes which calendar a field belongs to: years and weeks of ISO 8601 do not go with months.
    pub fn note_convention(&mut self, key: Key) -> Result<()> {
        match key {
            Key::IsoDayOfYear | Key::IsoDayOfWeek | Key::IsoWeek | Key::IsoYear(_) => self.iso = true,
            Key::YearComma
            | Key::Year(_)
            | Key::Month
            | Key::MonthName
            | Key::MonthAbbreviation
            | Key::Roman
            | Key::Day
            | Key::DayOfYear
            | Key::DayOfWeek
            | Key::WeekOfYear
            | Key::WeekOfMonth
            | Key::Century
            | Key::Quarter
            | Key::Julian
            | Key::Era
            | Key::EraDots => {
                self.gregorian |= !matches!(key, Key::Era | Key::EraDots | Key::Century | Key::Julian | Key::Quarter);
            }
            _ => {}
        }
        if self.iso && self.gregorian {
            return Err(Error::new(SqlState::INVALID_DATETIME_FORMAT, "invalid combination of date conventions")
                .hint("Do not mix Gregorian and ISO week date conventions in a formatting template."));
        }
        Ok(())
    }

    /// The year, astronomically.
    fn year(&self) -> Option<i64> {
        let sign = if self.before_christ != 0 { -1 } else { 1 };
        let century = sign * self.century as i64;
        let year = if self.year != 0 {
            if self.century != 0 && self.year_digits <= 2 {
                // Two digits are a year of the century.
                match self.year as i64 % 100 {
                    0 => century * 100 + (century < 0) as i64,
                    year if century >= 0 => year + (century - 1) * 100,
                    year => (century + 1) * 100 - year + 1,
                }
            } else {
                let year = sign * self.year as i64;
                // There is no year 0.
                if year < 0 { year + 1 } else { year }
            }
        } else if self.century != 0 {
            if century >= 0 { (century - 1) * 100 + 1 } else { century * 100 + 1 }
        } else {
            return None;
        };
        Some(year)
    }

    /// The day since 2000-01-01.
    fn date(&self, text: &str) -> Result<i64> {
        let wrong = || out_of_range(text);
        let year = self.year();
        let shown = year.unwrap_or(0);
        if i32::try_from(shown).is_err() || self.century.unsigned_abs() > 20_000_000 {
            return Err(wrong());
        }
        let narrow = || i32::try_from(shown).ok().filter(|y| y.abs() < 6_000_000).ok_or_else(wrong);
        let (mut month, mut day) = (1i64, 1i64);
        let mut base_year = shown;
        if self.julian != 0 {
            if self.julian < 0 {
                return Err(wrong());
            }
            let date = i64::from(self.julian) - JULIAN_OFFSET as i64;
            let date = i32::try_from(date).map_err(|_| wrong())?;
            let (y, m, d) = date_of_day(date);
            (base_year, month, day) = (y as i64, m as i64, d as i64);
        }
        let mut day_of_year = self.day_of_year as i64;
        if self.week != 0 {
            let weeks = (self.week as i64 - 1) * 7;
            if self.iso {
                let weekday = match self.weekday {
                    0 => 0,
                    1 => 6,
                    other => other as i64 - 2,
                };
                if i32::try_from(weeks).is_err() {
                    return Err(wrong());
                }
                let date = i32::try_from(iso_year_start(narrow()?) as i64 + weeks + weekday).map_err(|_| wrong())?;
                let (y, m, d) = date_of_day(date);
                (base_year, month, day) = (y as i64, m as i64, d as i64);
            } else {
                day_of_year = i32::try_from(weeks + 1).map_err(|_| wrong())? as i64;
            }
        }
        if self.week_of_month != 0 {
            day = i32::try_from((self.week_of_month as i64 - 1) * 7 + 1).map_err(|_| wrong())? as i64;
        }
        if self.day != 0 {
            day = self.day as i64;
        }
        if self.month != 0 {
            month = self.month as i64;
        }
        if day_of_year != 0 && (month <= 1 || day <= 1) {
            if year.is_none() && self.before_christ == 0 {
                return Err(Error::new(
                    SqlState::INVALID_DATETIME_FORMAT,
                    "cannot calculate day of year without year information",
                ));
            }
            if self.iso {
                return Ok(iso_year_start(narrow()?) as i64 + day_of_year - 1);
            }
            let days = 365 + is_leap_year(narrow()?) as i64;
            if !(1..=days).contains(&day_of_year) {
                return Err(wrong());
            }
            return Ok(day_of_date_wide(shown, 1, 1) + day_of_year - 1);
        }
        let days = if (1..=12).contains(&month) {
            month_days(base_year.rem_euclid(400) as i32, month as i32) as i64
        } else {
            0
        };
        if !(1..=days).contains(&day) {
            return Err(wrong());
        }
        Ok(day_of_date_wide(base_year, month, day))
    }

    /// Puts the fields together.
    pub fn resolve(&self, text: &str) -> Result<Moment> {
        let (mut hour, mut minute, mut second) = (0i64, 0i64, 0i64);
        if self.second_of_day != 0 {
            let rest = self.second_of_day as i64;
            (hour, minute, second) = (rest / 3600, rest % 3600 / 60, rest % 60);
        }
        for (slot, value) in [(&mut second, self.second), (&mut minute, self.minute), (&mut hour, self.hour)] {
            if value != 0 {
                *slot = value as i64;
            }
        }
        if self.twelve_hours {
            if !(1..=12).contains(&hour) {
                return Err(Error::new(
                    SqlState::INVALID_DATETIME_FORMAT,
                    format!("hour \"{hour}\" is invalid for the 12-hour clock"),
                )
                .hint("Use the 24-hour clock, or give an hour between 1 and 12."));
            }
            hour = hour % 12 + if self.afternoon != 0 { 12 } else { 0 };
        }
        let day = self.date(text)?;
        let valid = (0..24).contains(&hour)
            && (0..60).contains(&minute)
            && (0..60).contains(&second)
            && (0..SECOND).contains(&self.micros);
        if !valid {
            return Err(out_of_range(text));
        }
        let fraction = match self.precision {
            0 => 0,
            precision => datetime::round_to_precision(self.micros, precision).unwrap_or(self.micros),
        };
        let zone = match (self.zone_sign, self.abbreviation) {
            (0, abbreviation) => abbreviation,
            (sign, _) => {
                if !(0..=15).contains(&self.zone_hours) || !(0..60).contains(&self.zone_minutes) {
                    return Err(Error::new(
                        SqlState::INVALID_TIME_ZONE_DISPLACEMENT_VALUE,
                        format!("time zone displacement out of range: \"{text}\""),
                    ));
                }
                Some(sign * (self.zone_hours * 3600 + self.zone_minutes * 60))
            }
        };
        Ok(Moment {
            day,
            micros: hour * HOUR + minute * MINUTE + second * SECOND + fraction,
            zone,
            dated: true,
            timed: true,
            zoned: zone.is_some(),
        })
    }
}
