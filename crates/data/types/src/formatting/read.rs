//! Laying a template along a text that gives a date or time.
//!
//! Outside of `FX` blanks around fields are skipped, and a separator of the template stands for any one separator, or for
//! none. `extra` counts the blanks and separators that were skipped beyond what the template has asked for, so that later
//! characters of the template can be satisfied by them.

use super::resolve::{Found, Moment};
use super::template::{is_separator, parse};
use super::{DAYS, Field, Key, Kind, Known, MONTHS, Piece, ROMAN};
use crate::call::{Call, Context};
use crate::datetime::{self, calendar};
use error::{Error, Result, SqlState};

crate::builtins! {
    /// Dates and moments from text by a template.
    pub static FORMATTED_INPUT =
    1778 to_timestamp raw() to_timestamp;
    1780 to_date raw() to_date;
}

/// Reads each row's text by its template.
fn each(call: &mut Call<'_>, put: impl Fn(&Context<'_>, &str, Moment) -> Result<batch::Datum>) -> Result<()> {
    let mut known = Known::default();
    for row in call.rows.iter() {
        let (Some(text), Some(template)) = (call.args[0].get(row).as_bytes(), call.args[1].get(row).as_bytes()) else {
            call.out.set_null(row);
            continue;
        };
        let text = String::from_utf8_lossy(text);
        let pieces = known.get(template, |text| Ok(parse(text)))?;
        let moment = found(&text, pieces, false, call.context.env)?.resolve(&text)?;
        let value = put(&call.context, &text, moment)?;
        call.out.put(row, value.as_ref());
    }
    Ok(())
}

fn to_timestamp(call: &mut Call<'_>) -> Result<()> {
    each(call, |context, _, moment| moment.timestamptz(&context.env.time_zone()).map(batch::Datum::B8))
}

fn to_date(call: &mut Call<'_>) -> Result<()> {
    each(call, |_, text, moment| {
        let day = i32::try_from(moment.day).ok().filter(|day| (calendar::FIRST_DAY..calendar::END_DAY).contains(day));
        day.map(batch::Datum::B4)
            .ok_or_else(|| Error::new(SqlState::DATETIME_VALUE_OUT_OF_RANGE, format!("date out of range: \"{text}\"")))
    })
}

#[cold]
fn invalid(value: &str, field: Field) -> Error {
    Error::new(SqlState::INVALID_DATETIME_FORMAT, format!("invalid value \"{value}\" for \"{}\"", field.name()))
}

const FIXED_WIDTH: &str = "If your source string is not fixed-width, try using the \"FM\" modifier.";

/// Sets a field's value, which must not contradict an earlier one; zero counts as none.
fn set(slot: &mut i32, value: i32, field: Field) -> Result<()> {
    if *slot != 0 && *slot != value {
        return Err(Error::new(
            SqlState::INVALID_DATETIME_FORMAT,
            format!("conflicting values for \"{}\" field in formatting string", field.name()),
        )
        .detail("This value contradicts a previous setting for the same field type."));
    }
    *slot = value;
    Ok(())
}

/// A number as C reads it: blanks, a sign, digits. How many bytes it takes; `None` if there are no digits, and as value
/// `None` if it does not fit.
fn leading_number(text: &str) -> Option<(Option<i32>, usize)> {
    let start = text.len() - text.trim_start_matches(|c: char| c.is_ascii_whitespace()).len();
    let rest = &text[start..];
    let sign = rest.starts_with(['+', '-']) as usize;
    let digits = rest[sign..].bytes().take_while(u8::is_ascii_digit).count();
    if digits == 0 {
        return None;
    }
    let end = sign + digits;
    Some((rest[..end].parse().ok(), start + end))
}

/// At most so many characters.
fn head(text: &str, count: usize) -> &str {
    text.char_indices().nth(count).map_or(text, |(at, _)| &text[..at])
}

struct Reader<'a> {
    rest: &'a str,
    /// The character before `rest`.
    before: Option<char>,
    extra: i32,
    fixed: bool,
}

impl<'a> Reader<'a> {
    fn advance(&mut self, bytes: usize) {
        self.before = self.rest[..bytes].chars().next_back().or(self.before);
        self.rest = &self.rest[bytes..];
    }

    fn skip_character(&mut self) {
        if let Some(c) = self.rest.chars().next() {
            self.advance(c.len_utf8());
        }
    }

    fn skip_blanks(&mut self) {
        while let Some(c) = self.rest.chars().next().filter(|c| c.is_whitespace()) {
            self.advance(c.len_utf8());
            self.extra += 1;
        }
    }

    /// Reads a number of `length` characters, or of any length if nothing that looks like a digit follows. Gives the
    /// value and how many characters it took.
    fn number(&mut self, length: usize, field: Field, open_ended: bool) -> Result<(i32, usize)> {
        let blanks = self.rest.len() - self.rest.trim_start_matches(|c: char| c.is_ascii_whitespace()).len();
        self.advance(blanks);
        let start = head(self.rest, length);
        let (read, used) = if field.fill || open_ended {
            leading_number(self.rest).unwrap_or((None, 0))
        } else {
            let count = start.chars().count();
            if count < length {
                return Err(Error::new(
                    SqlState::INVALID_DATETIME_FORMAT,
                    format!("source string too short for \"{}\" formatting field", field.name()),
                )
                .detail(format!("Field requires {length} characters, but only {count} remain."))
                .hint(FIXED_WIDTH));
            }
            let (read, used) = leading_number(start).unwrap_or((None, 0));
            if used > 0 && used < length {
                return Err(invalid(start, field)
                    .detail(format!("Field requires {length} characters, but only {used} could be parsed."))
                    .hint(FIXED_WIDTH));
            }
            (read, used)
        };
        if used == 0 {
            return Err(invalid(start, field).detail("Value must be an integer."));
        }
        let Some(value) = read else {
            return Err(Error::new(
                SqlState::DATETIME_VALUE_OUT_OF_RANGE,
                format!("value for \"{}\" in source string is out of range", field.name()),
            )
            .detail(format!("Value must be in the range {} to {}.", i32::MIN, i32::MAX)));
        };
        self.advance(used);
        Ok((value, used))
    }

    /// Reads one of some words, whatever its case; longer ones must come first where one begins with another.
    fn word(&mut self, words: &[&str], field: Field) -> Result<usize> {
        let at = words
            .iter()
            .position(|word| self.rest.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word)));
        let Some(at) = at else {
            let shown = self.rest.split(|c: char| c.is_ascii_whitespace()).next().unwrap_or_default();
            return Err(
                invalid(shown, field).detail("The given value did not match any of the allowed values for this field.")
            );
        };
        self.advance(words[at].len());
        Ok(at)
    }

    /// A displacement's sign, which an earlier piece may have taken for a separator.
    fn zone_sign(&mut self) -> i32 {
        match self.rest.as_bytes().first() {
            Some(sign @ (b'+' | b'-' | b' ')) => {
                let sign = if *sign == b'-' { -1 } else { 1 };
                self.advance(1);
                sign
            }
            _ if self.extra > 0 && self.before == Some('-') => -1,
            _ => 1,
        }
    }
}

/// Whether the piece behind a field cannot be read as part of its number.
fn ends_number(field: Field, next: Option<&Piece>) -> bool {
    if field.ordinal.is_some() {
        return true;
    }
    match next {
        None => true,
        Some(Piece::Text(c, _)) => !c.is_ascii_digit(),
        Some(Piece::Field(next)) => matches!(
            next.key,
            Key::Era
                | Key::EraDots
                | Key::HalfDay
                | Key::HalfDayDots
                | Key::DayName
                | Key::DayAbbreviation
                | Key::MonthName
                | Key::MonthAbbreviation
                | Key::Roman
                | Key::Exact
                | Key::Offset
                | Key::Zone
                | Key::ZoneHour
        ),
    }
}

/// The year nearest to 2020 that ends with fewer than four digits.
fn nearest_year(year: i32) -> i32 {
    year + match year {
        ..70 => 2000,
        70..100 => 1900,
        100..520 => 2000,
        520..1000 => 1000,
        _ => 0,
    }
}

/// Reads a text by a template. In the SQL standard's way (`strict`) characters must be the template's own, and both must
/// end together.
pub(super) fn found(text: &str, pieces: &[Piece], strict: bool, env: &dyn crate::Environment) -> Result<Found> {
    let mut found = Found::default();
    let mut reader = Reader { rest: text, before: None, extra: 0, fixed: strict };
    let mut at = 0;
    while at < pieces.len() && !reader.rest.is_empty() {
        let piece = &pieces[at];
        let exact = matches!(piece, Piece::Field(Field { key: Key::Exact, .. }));
        if !reader.fixed && !exact && (at == 0 || matches!(piece, Piece::Field(_))) {
            reader.skip_blanks();
        }
        at += 1;
        match piece {
            Piece::Text(c, kind) if strict => {
                if !reader.rest.starts_with(*c) {
                    let what = if *kind == Kind::Separator { "separator" } else { "character" };
                    return Err(Error::new(
                        SqlState::INVALID_DATETIME_FORMAT,
                        format!("unmatched format {what} \"{c}\""),
                    ));
                }
                reader.skip_character();
            }
            Piece::Text(..) if reader.fixed => reader.skip_character(),
            Piece::Text(_, Kind::Separator) => {
                reader.extra -= 1;
                if reader.rest.starts_with(|c: char| c.is_whitespace() || is_separator(c)) {
                    reader.skip_character();
                    reader.extra += 1;
                }
            }
            Piece::Text(_, Kind::Other) if reader.extra > 0 => reader.extra -= 1,
            Piece::Text(..) => reader.skip_character(),
            Piece::Field(Field { key: Key::Exact, .. }) => reader.fixed = true,
            Piece::Field(field) => {
                read_field(*field, ends_number(*field, pieces.get(at)), &mut reader, &mut found, env)?;
                if !reader.fixed {
                    reader.extra = 0;
                    reader.skip_blanks();
                }
            }
        }
    }
    if strict {
        let wrong = |text: &str| Err(Error::new(SqlState::INVALID_DATETIME_FORMAT, text.to_string()));
        if at < pieces.len() {
            return wrong("input string is too short for datetime format");
        }
        if !reader.rest.trim_start().is_empty() {
            return wrong("trailing characters remain in input string after datetime format");
        }
    }
    Ok(found)
}

fn read_field(
    field: Field,
    open: bool,
    reader: &mut Reader<'_>,
    found: &mut Found,
    env: &dyn crate::Environment,
) -> Result<()> {
    found.note_convention(field.key)?;
    match field.key {
        Key::Exact => return Ok(()),
        Key::HalfDay | Key::HalfDayDots => {
            let words = if field.key == Key::HalfDay { ["am", "pm"] } else { ["a.m.", "p.m."] };
            let half = reader.word(&words, field)? as i32;
            set(&mut found.afternoon, half, field)?;
            found.twelve_hours = true;
            return Ok(());
        }
        Key::Era | Key::EraDots => {
            let words = if field.key == Key::Era { ["ad", "bc"] } else { ["a.d.", "b.c."] };
            let era = reader.word(&words, field)? as i32;
            set(&mut found.before_christ, era, field)?;
            return Ok(());
        }
        Key::MonthName => {
            let month = reader.word(&MONTHS, field)? as i32 + 1;
            return set(&mut found.month, month, field);
        }
        Key::MonthAbbreviation => {
            let month = reader.word(&MONTHS.map(|name| &name[..3]), field)? as i32 + 1;
            return set(&mut found.month, month, field);
        }
        Key::DayName => {
            let day = reader.word(&DAYS, field)? as i32 + 1;
            return set(&mut found.weekday, day, field);
        }
        Key::DayAbbreviation => {
            let day = reader.word(&DAYS.map(|name| &name[..3]), field)? as i32 + 1;
            return set(&mut found.weekday, day, field);
        }
        Key::Roman => {
            let mut words = ROMAN;
            words.reverse();
            let month = 12 - reader.word(&words, field)? as i32;
            return set(&mut found.month, month, field);
        }
        Key::Zone => {
            let letters = reader.rest.bytes().take_while(u8::is_ascii_alphabetic).count();
            let known = (1..=letters).rev().find_map(|length| {
                let word = reader.rest[..length].to_ascii_lowercase();
                let offset = env.time_zone().abbreviation_offset(&word);
                offset.or_else(|| datetime::abbreviation(&word).map(|(offset, _)| offset)).map(|o| (o, length))
            });
            match known {
                Some((offset, length)) => {
                    found.abbreviation = Some(offset);
                    reader.advance(length);
                }
                None if letters > 0 => {
                    let shown = reader.rest.split(|c: char| c.is_ascii_whitespace()).next().unwrap_or_default();
                    return Err(invalid(shown, field).detail("Time zone abbreviation is not recognized."));
                }
                None => read_offset(field, open, reader, found)?,
            }
            return Ok(());
        }
        Key::Offset => return read_offset(field, open, reader, found),
        Key::ZoneHour => {
            found.zone_sign = reader.zone_sign();
            let (hours, _) = reader.number(2, field, open)?;
            return set(&mut found.zone_hours, hours, field);
        }
        Key::ZoneMinute => {
            if found.zone_sign == 0 {
                found.zone_sign = 1;
            }
            let (minutes, _) = reader.number(2, field, open)?;
            return set(&mut found.zone_minutes, minutes, field);
        }
        Key::YearComma => {
            read_year_with_comma(field, reader, found)?;
        }
        _ => {
            let width = match field.key {
                Key::Fraction(digits) => digits as usize,
                Key::Year(digits) | Key::IsoYear(digits) => digits as usize,
                Key::DayOfYear | Key::IsoDayOfYear => 3,
                Key::SecondOfDay => field.name().len(),
                Key::DayOfWeek | Key::IsoDayOfWeek | Key::Julian | Key::Quarter | Key::WeekOfMonth => 1,
                _ => 2,
            };
            let (value, used) = reader.number(width, field, open)?;
            set_number(field, value, used, found)?;
        }
    }
    if field.ordinal.is_some() {
        reader.skip_character();
        reader.skip_character();
    }
    Ok(())
}

/// `OF`: hours with a sign, and perhaps minutes behind a colon.
fn read_offset(field: Field, open: bool, reader: &mut Reader<'_>, found: &mut Found) -> Result<()> {
    found.zone_sign = reader.zone_sign();
    let (hours, _) = reader.number(2, field, open || reader.rest.get(1..3).is_some_and(|r| r.contains(':')))?;
    set(&mut found.zone_hours, hours, field)?;
    if reader.rest.starts_with(':') {
        reader.advance(1);
        let (minutes, _) = reader.number(2, field, open)?;
        set(&mut found.zone_minutes, minutes, field)?;
    }
    Ok(())
}

/// `Y,YYY`: thousands and the rest.
fn read_year_with_comma(field: Field, reader: &mut Reader<'_>, found: &mut Found) -> Result<()> {
    let wrong = |rest: &str| {
        invalid(head(rest, 5), field).detail("The given value did not match any of the allowed values for this field.")
    };
    let Some((thousands, used)) = leading_number(reader.rest) else { return Err(wrong(reader.rest)) };
    let behind = reader.rest[used..].strip_prefix(',').unwrap_or_default();
    let digits = behind.bytes().take(3).take_while(u8::is_ascii_digit).count();
    if digits == 0 {
        return Err(wrong(reader.rest));
    }
    let year =
        thousands.and_then(|t| t.checked_mul(1000)).and_then(|t| t.checked_add(behind[..digits].parse().unwrap_or(0)));
    let Some(year) = year else {
        return Err(Error::new(
            SqlState::DATETIME_FIELD_OVERFLOW,
            "value for \"Y,YYY\" in source string is out of range",
        ));
    };
    set(&mut found.year, year, field)?;
    found.year_digits = 4;
    reader.advance(used + 1 + digits);
    Ok(())
}

fn set_number(field: Field, value: i32, used: usize, found: &mut Found) -> Result<()> {
    let slot = match field.key {
        Key::Hour12 => {
            found.twelve_hours = true;
            &mut found.hour
        }
        Key::Hour24 => &mut found.hour,
        Key::Minute => &mut found.minute,
        Key::Second => &mut found.second,
        Key::SecondOfDay => &mut found.second_of_day,
        Key::Fraction(digits) => {
            // As many digits as were read stand behind the point; `MS` counts thousandths.
            let micros = match (digits, field.name().eq_ignore_ascii_case("MS")) {
                (3, true) => value as i64 * 10i64.pow(3 - used.min(3) as u32) * 1000,
                _ => value as i64 * 10i64.pow(6 - used.min(6) as u32),
            };
            // `FF` with a number also says to how many digits the time is rounded.
            let precision = if field.name().to_ascii_uppercase().starts_with("FF") { digits as i32 } else { 6 };
            found.micros = micros;
            found.precision = precision;
            return Ok(());
        }
        Key::Quarter => return Ok(()),
        Key::Century => &mut found.century,
        Key::Month => &mut found.month,
        Key::Day => &mut found.day,
        Key::DayOfYear | Key::IsoDayOfYear => &mut found.day_of_year,
        Key::DayOfWeek => &mut found.weekday,
        Key::IsoDayOfWeek => {
            // From Monday = 1 to Sunday = 1.
            let value = if value >= 7 { 1 } else { value + 1 };
            return set(&mut found.weekday, value, field);
        }
        Key::WeekOfYear | Key::IsoWeek => &mut found.week,
        Key::WeekOfMonth => &mut found.week_of_month,
        Key::Julian => &mut found.julian,
        Key::Year(digits) | Key::IsoYear(digits) => {
            let year = if digits < 4 && used < 4 { nearest_year(value) } else { value };
            found.year_digits = digits as i32;
            return set(&mut found.year, year, field);
        }
        _ => return Ok(()),
    };
    set(slot, value, field)
}
