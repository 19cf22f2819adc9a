//! Filling in a template.

use super::template::parse;
use super::{Case, DAYS, Field, Key, Known, MONTHS, Piece, ROMAN, ordinal};
use crate::call::Call;
use crate::datetime::calendar::{
    DAY, HOUR, JULIAN_OFFSET, MINUTE, SECOND, date_of_day, day_of_year, iso_week, iso_year_start, weekday,
};
use crate::datetime::{self, Interval, TimeZone};
use batch::DatumRef;
use error::{Error, Result, SqlState};

crate::builtins! {
    /// Dates, times and intervals as text by a template.
    pub static FORMATTING =
    2049 timestamp_to_char raw() timestamp_to_char;
    1770 timestamptz_to_char raw() timestamptz_to_char;
    1768 interval_to_char raw() interval_to_char;
}

/// The value's parts.
struct Parts<'a> {
    interval: bool,
    /// Astronomical: 0 is 1 BC.
    year: i64,
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
    micros: i64,
    /// Days since 2000-01-01.
    date: i32,
    zone: Option<(&'a str, i32)>,
}

fn parts_of_timestamp(local: i64) -> Parts<'static> {
    let (date, time) = (local.div_euclid(DAY) as i32, local.rem_euclid(DAY));
    let (year, month, day) = date_of_day(date);
    Parts {
        interval: false,
        year: year as i64,
        month: month as i64,
        day: day as i64,
        hour: time / HOUR,
        minute: time % HOUR / MINUTE,
        second: time % MINUTE / SECOND,
        micros: time % SECOND,
        date,
        zone: None,
    }
}

fn parts_of_interval(interval: Interval) -> Parts<'static> {
    let time = interval.micros;
    Parts {
        interval: true,
        year: (interval.months / 12) as i64,
        month: (interval.months % 12) as i64,
        day: interval.days as i64,
        hour: time / HOUR,
        minute: time % HOUR / MINUTE,
        second: time % MINUTE / SECOND,
        micros: time % SECOND,
        date: 0,
        zone: None,
    }
}

/// Calls `parts` and fills the template in for each row; the template is read again only when it changes.
fn each<'z>(call: &mut Call<'_>, parts: impl Fn(DatumRef<'_>) -> Result<Option<Parts<'z>>>) -> Result<()> {
    let mut known = Known::default();
    for row in call.rows.iter() {
        let (value, template) = (call.args[0].get(row), call.args[1].get(row));
        let Some(template) = template.as_bytes().filter(|t| !t.is_empty() && !value.is_null()) else {
            call.out.set_null(row);
            continue;
        };
        let Some(parts) = parts(value)? else {
            call.out.set_null(row);
            continue;
        };
        let mut out = String::new();
        for piece in known.get(template, |text| Ok(parse(text)))? {
            match piece {
                Piece::Text(c, _) => out.push(*c),
                Piece::Field(field) => write_field(*field, &parts, &mut out)?,
            }
        }
        call.out.put(row, DatumRef::Bytes(out.as_bytes()));
    }
    Ok(())
}

fn timestamp_to_char(call: &mut Call<'_>) -> Result<()> {
    each(call, |value| Ok(value.as_i64().filter(|&t| !datetime::is_infinite(t)).map(parts_of_timestamp)))
}

fn timestamptz_to_char(call: &mut Call<'_>) -> Result<()> {
    let zone: std::sync::Arc<TimeZone> = call.context.env.time_zone();
    each(call, |value| {
        let Some(time) = value.as_i64().filter(|&t| !datetime::is_infinite(t)) else { return Ok(None) };
        let local = zone.at(datetime::unix_seconds(time));
        let parts = parts_of_timestamp(time.saturating_add(local.offset as i64 * SECOND));
        Ok(Some(Parts { zone: Some((local.abbreviation, local.offset)), ..parts }))
    })
}

fn interval_to_char(call: &mut Call<'_>) -> Result<()> {
    each(call, |value| {
        let interval: Interval = datetime::decode(value.as_bytes().unwrap_or_default());
        Ok(interval.is_finite().then(|| parts_of_interval(interval)))
    })
}

#[cold]
fn not_for_intervals() -> Error {
    Error::new(SqlState::INVALID_DATETIME_FORMAT, "invalid format specification for an interval value")
        .hint("Intervals are not tied to specific calendar dates.")
}

fn in_case(name: &str, case: Case) -> String {
    match case {
        Case::Upper => name.to_uppercase(),
        Case::Lower => name.to_lowercase(),
        Case::Capital => name.to_string(),
    }
}

fn write_field(field: Field, parts: &Parts<'_>, out: &mut String) -> Result<()> {
    let start = out.len();
    let calendar = || if parts.interval { Err(not_for_intervals()) } else { Ok(()) };
    let number = |value: i64, width: usize, out: &mut String| {
        let width = if field.fill { 0 } else { width + (value < 0) as usize };
        out.push_str(&format!("{value:0width$}"));
    };
    // Days have no place for a sign.
    let days = |value: i64, width: usize, out: &mut String| number(value, width - (value < 0) as usize, out);
    let name = |name: &str, width: usize, out: &mut String| {
        let width = if field.fill { 0 } else { width };
        out.push_str(&format!("{:width$}", in_case(name, field.case)));
    };
    let lower = field.case == Case::Lower;
    let word = |upper: &str, out: &mut String| {
        if lower {
            out.push_str(&upper.to_lowercase());
        } else {
            out.push_str(upper);
        }
    };
    // Years before the first are shown without a sign.
    let shown = |year: i64| if parts.interval || year > 0 { year } else { 1 - year };
    let last = |year: i64, digits: u8, out: &mut String| {
        let year = shown(year);
        if digits == 4 { number(year, 4, out) } else { number(year % 10i64.pow(digits as u32), digits as usize, out) }
    };
    let iso_year = || iso_week(parts.date).0 as i64;
    match field.key {
        Key::Exact => return Ok(()),
        Key::Era => {
            calendar()?;
            word(if parts.year > 0 { "AD" } else { "BC" }, out);
        }
        Key::EraDots => {
            calendar()?;
            word(if parts.year > 0 { "A.D." } else { "B.C." }, out);
        }
        Key::HalfDay => word(if parts.hour.rem_euclid(24) >= 12 { "PM" } else { "AM" }, out),
        Key::HalfDayDots => word(if parts.hour.rem_euclid(24) >= 12 { "P.M." } else { "A.M." }, out),
        Key::Century => {
            let century = match parts.year {
                year if parts.interval => year / 100,
                year if year > 0 => (year - 1) / 100 + 1,
                year => -((-year) / 100 + 1),
            };
            number(century, 2, out);
        }
        Key::DayName => {
            calendar()?;
            name(DAYS[weekday(parts.date) as usize], 9, out);
        }
        Key::DayAbbreviation => {
            calendar()?;
            name(&DAYS[weekday(parts.date) as usize][..3], 0, out);
        }
        Key::MonthName => {
            calendar()?;
            name(MONTHS[parts.month as usize - 1], 9, out);
        }
        Key::MonthAbbreviation => {
            calendar()?;
            name(&MONTHS[parts.month as usize - 1][..3], 0, out);
        }
        Key::DayOfYear if parts.interval => days((parts.year * 12 + parts.month) * 30 + parts.day, 3, out),
        Key::DayOfYear => number(day_of_year(parts.date) as i64, 3, out),
        Key::IsoDayOfYear if parts.interval => days((parts.year * 12 + parts.month) * 30 + parts.day, 3, out),
        Key::IsoDayOfYear => number((parts.date - iso_year_start(iso_week(parts.date).0)) as i64 + 1, 3, out),
        Key::Day => days(parts.day, 2, out),
        Key::DayOfWeek => {
            calendar()?;
            number(weekday(parts.date) as i64 + 1, 1, out);
        }
        Key::IsoDayOfWeek => {
            calendar()?;
            number((weekday(parts.date) as i64 + 6) % 7 + 1, 1, out);
        }
        Key::Fraction(digits) => {
            let value = parts.micros / 10i64.pow(6 - digits as u32);
            out.push_str(&format!("{value:0width$}", width = digits as usize + (value < 0) as usize));
        }
        Key::Hour24 => number(parts.hour, 2, out),
        Key::Hour12 => number(if parts.hour % 12 == 0 { 12 } else { parts.hour % 12 }, 2, out),
        Key::Julian if parts.interval => {
            number((parts.year * 1461 / 4) + parts.month * 30 + parts.day, 0, out);
        }
        Key::Julian => number(parts.date as i64 + JULIAN_OFFSET as i64, 0, out),
        Key::Minute => number(parts.minute, 2, out),
        Key::Second => number(parts.second, 2, out),
        Key::SecondOfDay => number(parts.hour * 3600 + parts.minute * 60 + parts.second, 0, out),
        Key::Month => number(parts.month, 2, out),
        Key::Quarter if parts.month == 0 => {}
        Key::Quarter => number((parts.month - 1) / 3 + 1, 0, out),
        Key::Roman => {
            let month = match parts.month {
                0 if parts.year == 0 => return Ok(()),
                0 if parts.year > 0 => 12,
                0 => 1,
                month if month < 0 => 13 + month,
                month => month,
            };
            name(ROMAN[(month - 1).clamp(0, 11) as usize], 4, out);
        }
        Key::Zone => {
            calendar()?;
            if let Some((abbreviation, _)) = parts.zone {
                if lower {
                    out.push_str(&abbreviation.to_lowercase());
                } else {
                    out.push_str(abbreviation);
                }
            }
            return Ok(());
        }
        Key::ZoneHour | Key::ZoneMinute | Key::Offset => {
            calendar()?;
            let east = parts.zone.map_or(0, |(_, offset)| offset);
            let (hours, minutes) = (east.abs() / 3600, east.abs() / 60 % 60);
            let sign = if east < 0 { '-' } else { '+' };
            match field.key {
                Key::ZoneMinute => out.push_str(&format!("{minutes:02}")),
                Key::Offset if minutes != 0 => out.push_str(&format!("{sign}{hours:02}:{minutes:02}")),
                _ => out.push_str(&format!("{sign}{hours:02}")),
            }
            return Ok(());
        }
        Key::WeekOfYear if parts.interval => {
            days(((parts.year * 12 + parts.month) * 30 + parts.day - 1) / 7 + 1, 2, out);
        }
        Key::WeekOfYear => number((day_of_year(parts.date) as i64 - 1) / 7 + 1, 2, out),
        Key::IsoWeek if parts.interval => return Err(not_for_intervals()),
        Key::IsoWeek => number(iso_week(parts.date).1 as i64, 2, out),
        Key::WeekOfMonth => number((parts.day - 1) / 7 + 1, 0, out),
        Key::YearComma => {
            let year = shown(parts.year);
            if field.fill || year / 1000 != 0 {
                out.push_str(&format!("{},{:03}", year / 1000, year % 1000));
            } else {
                out.push_str(&format!("0,{year:03}"));
            }
        }
        Key::Year(digits) => last(parts.year, digits, out),
        Key::IsoYear(digits) if parts.interval => last(parts.year, digits, out),
        Key::IsoYear(digits) => last(iso_year(), digits, out),
    }
    let numeric = !matches!(
        field.key,
        Key::Era
            | Key::EraDots
            | Key::HalfDay
            | Key::HalfDayDots
            | Key::DayName
            | Key::DayAbbreviation
            | Key::MonthName
            | Key::MonthAbbreviation
            | Key::Roman
    );
    if let Some(upper) = field.ordinal.filter(|_| numeric) {
        let letters = ordinal(&out[start..], upper);
        out.push_str(letters);
    }
    Ok(())
}
