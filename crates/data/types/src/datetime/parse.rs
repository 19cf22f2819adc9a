//! Reads the texts of dates, times and timestamps: every form that PostgreSQL's documentation lists under "Date/Time Input".
//!
//! A text is cut into numbers, dates with separators, times with colons, words and zones; each then adds what it says to
//! the [`Fields`]. Which of a date's numbers is the year depends on its length, on what came before, and at last on the
//! setting `DateStyle`.

use super::abbreviations::{abbreviation, zone_of_abbreviation};
use super::calendar::{self, HOUR, MINUTE, SECOND, month_days};
use super::zone::TimeZone;
use crate::environment::{DateOrder, Environment};
use crate::format::is_space;
use error::{Error, Result, SqlState};
use std::sync::Arc;

/// Words that stand for a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Special {
    /// The transaction's time.
    Now,
    /// Midnight of the transaction's day, so many days later.
    Today(i32),
    /// 1970-01-01 00:00:00 UTC.
    Epoch,
    /// Later than all.
    Infinity,
    /// Earlier than all.
    NegativeInfinity,
}

/// A time zone as it was written.
#[derive(Clone, Debug)]
pub enum Zone {
    /// Seconds east of UTC.
    Offset(i32),
    /// A zone whose offset depends on the date.
    Named(Arc<TimeZone>),
    /// An abbreviation, which means what it means in this zone at the date.
    Abbreviated(String, Arc<TimeZone>),
}

impl Zone {
    /// What a word means as an abbreviation: in the session's zone, or else in PostgreSQL's default set.
    pub fn of_abbreviation(word: &str, env: &dyn Environment) -> Option<Zone> {
        let session = env.time_zone();
        if let Some(offset) = session.abbreviation_offset(word) {
            return Some(match session.abbreviation_is_fixed(word) {
                true => Zone::Offset(offset),
                false => Zone::Abbreviated(word.to_string(), session),
            });
        }
        if let Some(zone) = zone_of_abbreviation(word).and_then(TimeZone::named) {
            return Some(Zone::Abbreviated(word.to_string(), zone));
        }
        abbreviation(word).map(|(offset, _)| Zone::Offset(offset))
    }

    /// Seconds east of UTC at a moment, in seconds since 1970.
    pub fn offset_at(&self, moment: i64) -> i32 {
        match self {
            Zone::Offset(offset) => *offset,
            Zone::Named(zone) => zone.at(moment).offset,
            Zone::Abbreviated(word, zone) => zone.abbreviation_at(word, moment).unwrap_or(zone.at(moment)).offset,
        }
    }

    /// Seconds east of UTC at a local time, in seconds since 1970 as if it were UTC.
    pub fn offset_of_local(&self, local: i64) -> i32 {
        match self {
            Zone::Offset(offset) => *offset,
            Zone::Named(zone) => zone.offset_of_local(local),
            Zone::Abbreviated(word, zone) => {
                let offset = zone.offset_of_local(local);
                zone.abbreviation_at(word, local - offset as i64).map_or(offset, |found| found.offset)
            }
        }
    }
}

/// What a text says.
#[derive(Clone, Debug, Default)]
pub struct Fields {
    /// A word that stands for a moment.
    pub special: Option<Special>,
    /// The date, as a day.
    pub day: Option<i32>,
    /// The time, in microseconds after midnight.
    pub time: Option<i64>,
    /// The time zone.
    pub zone: Option<Zone>,
}

/// Why a text cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// It has no known form.
    Format,
    /// A field is out of range.
    Overflow,
    /// The value is out of its type's range.
    Range,
    /// A month or day is out of range: perhaps they are the other way round.
    MonthDay,
    /// A zone is too far from UTC.
    Displacement,
    /// There is no such zone.
    Unknown(String),
}

impl Problem {
    /// The error that a type's input function gives.
    #[cold]
    pub fn error(self, text: &str, type_name: &str) -> Error {
        match self {
            Problem::Format => Error::new(
                SqlState::INVALID_DATETIME_FORMAT,
                format!("invalid input syntax for type {type_name}: \"{text}\""),
            ),
            Problem::Overflow => Error::new(
                SqlState::DATETIME_VALUE_OUT_OF_RANGE,
                format!("date/time field value out of range: \"{text}\""),
            ),
            Problem::Range => Error::new(SqlState::DATETIME_VALUE_OUT_OF_RANGE, format!("{type_name} out of range")),
            Problem::MonthDay => Error::new(
                SqlState::DATETIME_VALUE_OUT_OF_RANGE,
                format!("date/time field value out of range: \"{text}\""),
            )
            .hint("Perhaps you need a different \"DateStyle\" setting."),
            Problem::Displacement => Error::new(
                SqlState::INVALID_TIME_ZONE_DISPLACEMENT_VALUE,
                format!("time zone displacement out of range: \"{text}\""),
            ),
            Problem::Unknown(zone) => {
                Error::new(SqlState::INVALID_PARAMETER_VALUE, format!("time zone \"{zone}\" not recognized"))
            }
        }
    }
}

type Parsed<T> = std::result::Result<T, Problem>;

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    /// Digits, perhaps with a point and more digits.
    Number(String),
    /// Numbers or words with separators.
    Date(String),
    /// Digits and colons.
    Time(String),
    /// A sign and a zone's hours.
    Zone(String),
    /// Letters, in lower case.
    Word(String),
}

/// The longest text that is looked at.
const MAX_LENGTH: usize = 512;

fn tokens(text: &str) -> Parsed<Vec<Token>> {
    let bytes = text.as_bytes();
    if bytes.len() > MAX_LENGTH || !text.is_ascii() {
        return Err(Problem::Format);
    }
    let mut list = Vec::new();
    let mut at = 0;
    let run = |at: &mut usize, accept: &dyn Fn(u8) -> bool| {
        let start = *at;
        while bytes.get(*at).is_some_and(|&c| accept(c)) {
            *at += 1;
        }
        text[start..*at].to_ascii_lowercase()
    };
    let digits = |c: u8| c.is_ascii_digit();
    while let Some(&c) = bytes.get(at) {
        if is_space(c) {
            at += 1;
            continue;
        }
        let start = at;
        if c.is_ascii_digit() {
            run(&mut at, &digits);
            match bytes.get(at).copied() {
                Some(b':') => {
                    run(&mut at, &|c| c.is_ascii_digit() || c == b':' || c == b'.');
                    list.push(Token::Time(text[start..at].to_string()));
                }
                Some(delimiter @ (b'-' | b'/' | b'.')) => {
                    at += 1;
                    let mut is_date = delimiter != b'.';
                    if bytes.get(at).is_some_and(u8::is_ascii_digit) {
                        run(&mut at, &digits);
                        if bytes.get(at) == Some(&delimiter) {
                            is_date = true;
                            run(&mut at, &|c| c.is_ascii_digit() || c == delimiter);
                        }
                    } else {
                        is_date = true;
                        run(&mut at, &|c| c.is_ascii_alphanumeric() || c == delimiter);
                    }
                    let piece = text[start..at].to_ascii_lowercase();
                    list.push(if is_date { Token::Date(piece) } else { Token::Number(piece) });
                }
                _ => list.push(Token::Number(text[start..at].to_string())),
            }
        } else if c == b'.' {
            at += 1;
            run(&mut at, &digits);
            list.push(Token::Number(text[start..at].to_string()));
        } else if c.is_ascii_alphabetic() {
            let word = run(&mut at, &|c| c.is_ascii_alphabetic());
            let is_date = match bytes.get(at) {
                Some(b'-' | b'/' | b'.') => true,
                Some(c) if *c == b'+' || c.is_ascii_digit() => !is_keyword(&word),
                _ => false,
            };
            if is_date {
                run(&mut at, &|c| c.is_ascii_alphanumeric() || matches!(c, b'+' | b'-' | b'/' | b'_' | b'.' | b':'));
                list.push(Token::Date(text[start..at].to_ascii_lowercase()));
            } else {
                list.push(Token::Word(word));
            }
        } else if c == b'+' || c == b'-' {
            at += 1;
            run(&mut at, &is_space);
            let inner = at;
            if bytes.get(at).is_some_and(u8::is_ascii_digit) {
                run(&mut at, &|c| c.is_ascii_digit() || matches!(c, b':' | b'.' | b'-'));
                list.push(Token::Zone(format!("{}{}", c as char, &text[inner..at])));
            } else if bytes.get(at).is_some_and(u8::is_ascii_alphabetic) {
                let word = run(&mut at, &|c| c.is_ascii_alphabetic());
                list.push(Token::Word(format!("{}{word}", c as char)));
            } else {
                return Err(Problem::Format);
            }
        } else if c.is_ascii_punctuation() {
            at += 1;
        } else {
            return Err(Problem::Format);
        }
    }
    Ok(list)
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const WEEKDAYS: [&str; 7] = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

fn month_of(word: &str) -> Option<i32> {
    if word == "sept" {
        return Some(9);
    }
    MONTHS.iter().position(|m| *m == word || m[..3] == *word).map(|at| at as i32 + 1)
}

fn is_weekday(word: &str) -> bool {
    matches!(word, "tues" | "wednes" | "weds" | "thur" | "thurs")
        || WEEKDAYS.iter().any(|d| *d == word || d[..3] == *word)
}

fn is_keyword(word: &str) -> bool {
    month_of(word).is_some()
        || is_weekday(word)
        || matches!(
            word,
            "am" | "pm"
                | "ad"
                | "bc"
                | "t"
                | "j"
                | "jd"
                | "julian"
                | "at"
                | "on"
                | "dst"
                | "now"
                | "today"
                | "tomorrow"
                | "yesterday"
                | "epoch"
                | "infinity"
                | "allballs"
                | "d"
                | "dow"
                | "doy"
                | "h"
                | "m"
                | "mm"
                | "s"
                | "y"
                | "isodow"
                | "isoyear"
        )
}

/// Reads a time: `hh:mm`, `hh:mm:ss`, with a fraction. Microseconds after midnight.
pub fn time_of(text: &str) -> Parsed<i64> {
    let mut parts = text.split(':');
    let number = |part: Option<&str>| -> Parsed<i64> {
        let part = part.unwrap_or("");
        if part.is_empty() || part.len() > 9 || !part.bytes().all(|c| c.is_ascii_digit()) {
            return Err(Problem::Format);
        }
        part.parse().map_err(|_| Problem::Overflow)
    };
    let hour = number(parts.next())?;
    let minute_text = parts.next().unwrap_or("");
    // mm:ss.fff is minutes and seconds only for intervals.
    if minute_text.contains('.') {
        return Err(Problem::Format);
    }
    let minute = if minute_text.is_empty() { 0 } else { number(Some(minute_text))? };
    let (second, fraction) = match parts.next() {
        None => (0, 0),
        Some(second) => {
            let (whole, fraction) = second.split_once('.').unwrap_or((second, ""));
            (if whole.is_empty() { 0 } else { number(Some(whole))? }, fraction_of(fraction)?)
        }
    };
    if parts.next().is_some() {
        return Err(Problem::Format);
    }
    if hour > 24 || minute > 59 || second > 60 || hour == 24 && (minute > 0 || second > 0 || fraction > 0) {
        return Err(Problem::Overflow);
    }
    let time = hour * HOUR + minute * MINUTE + second * SECOND + fraction;
    if time > calendar::DAY { Err(Problem::Overflow) } else { Ok(time) }
}

/// Microseconds of a fraction's digits, rounded.
pub fn fraction_of(digits: &str) -> Parsed<i64> {
    if !digits.bytes().all(|c| c.is_ascii_digit()) {
        return Err(Problem::Format);
    }
    if digits.is_empty() {
        return Ok(0);
    }
    let value: f64 = format!("0.{digits}").parse().map_err(|_| Problem::Format)?;
    Ok((value * 1e6).round_ties_even() as i64)
}

/// Reads a zone's displacement: `+hh`, `-hh:mm`, `+hhmm`, `+hh:mm:ss`. Seconds east of UTC.
pub fn displacement(text: &str) -> Parsed<i32> {
    let (negative, digits) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => return Err(Problem::Format),
    };
    let mut parts = digits.split(':');
    let number = |part: &str| match part.is_empty() {
        true => Ok(0),
        false => part.parse::<i32>().map_err(|_| Problem::Format),
    };
    let first = parts.next().unwrap_or("");
    if first.is_empty() {
        return Err(Problem::Format);
    }
    let (hour, minute, second) = match (parts.next(), parts.next(), parts.next()) {
        (None, ..) => match first.len() {
            1 | 2 => (number(first)?, 0, 0),
            3..=9 => (number(&first[..first.len() - 2])?, number(&first[first.len() - 2..])?, 0),
            _ => return Err(Problem::Format),
        },
        (Some(minute), None, _) => (number(first)?, number(minute)?, 0),
        (Some(minute), Some(second), None) => (number(first)?, number(minute)?, number(second)?),
        _ => return Err(Problem::Format),
    };
    if hour > 15 || minute > 59 || second > 59 {
        return Err(Problem::Displacement);
    }
    let seconds = hour * 3600 + minute * 60 + second;
    Ok(if negative { -seconds } else { seconds })
}

/// The parts of a date while they are found.
#[derive(Default)]
struct DateParts {
    year: Option<i32>,
    month: Option<i32>,
    day: Option<i32>,
    day_of_year: Option<i32>,
    two_digits: bool,
    text_month: bool,
}

impl DateParts {
    fn complete(&self) -> bool {
        self.year.is_some() && (self.month.is_some() && self.day.is_some() || self.day_of_year.is_some())
    }

    fn is_empty(&self) -> bool {
        self.year.is_none() && self.month.is_none() && self.day.is_none()
    }

    /// A number whose meaning follows from its length and from what is known.
    fn number(&mut self, text: &str, order: DateOrder) -> Parsed<()> {
        let digits = text.split('.').next().unwrap_or("");
        let value: i32 = digits.parse().map_err(|_| Problem::Overflow)?;
        let length = digits.len();
        // The third field of year.day-of-year, or three digits behind a year, are a day of the year.
        if length == 3 && self.year.is_some() && self.month.is_none() && self.day.is_none() {
            if !(1..=366).contains(&value) {
                return Err(Problem::Overflow);
            }
            self.day_of_year = Some(value);
            return Ok(());
        }
        let year = |parts: &mut DateParts| {
            parts.two_digits = length <= 2;
            parts.year = Some(value);
        };
        match (self.year.is_some(), self.month.is_some(), self.day.is_some()) {
            (false, false, false) => {
                if length >= 3 || order == DateOrder::Ymd {
                    year(self);
                } else if order == DateOrder::Dmy {
                    self.day = Some(value);
                } else {
                    self.month = Some(value);
                }
            }
            (true, false, false) => self.month = Some(value),
            (false, true, false) if self.text_month => {
                if length >= 3 || order == DateOrder::Ymd {
                    year(self);
                } else {
                    self.day = Some(value);
                }
            }
            (false, true, false) => self.day = Some(value),
            (true, true, false) => {
                if self.text_month && length >= 3 && self.two_digits {
                    // What was taken for the year was the day: "08-Jan-1999".
                    self.day = self.year;
                    year(self);
                } else {
                    self.day = Some(value);
                }
            }
            (false, false, true) => self.month = Some(value),
            (false, true, true) => year(self),
            _ => return Err(Problem::Format),
        }
        Ok(())
    }

    /// A date with separators.
    fn separated(&mut self, text: &str, order: DateOrder) -> Parsed<()> {
        let pieces: Vec<&str> =
            text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|piece| !piece.is_empty()).collect();
        let mut pieces: Vec<String> = pieces
            .iter()
            .flat_map(|piece| {
                let cut = piece.find(|c: char| c.is_ascii_alphabetic() != piece.as_bytes()[0].is_ascii_alphabetic());
                let (a, b) = piece.split_at(cut.unwrap_or(piece.len()));
                [a.to_string(), b.to_string()].into_iter().filter(|p| !p.is_empty())
            })
            .collect();
        if pieces.len() > 3 {
            return Err(Problem::Format);
        }
        if let Some(at) = pieces.iter().position(|p| p.as_bytes()[0].is_ascii_alphabetic()) {
            let word = pieces.remove(at);
            if self.month.is_some() {
                return Err(Problem::Format);
            }
            self.month = Some(month_of(&word).ok_or(Problem::Format)?);
            self.text_month = true;
        }
        for piece in &pieces {
            if piece.as_bytes()[0].is_ascii_alphabetic() {
                return Err(Problem::Format);
            }
            self.number(piece, order)?;
        }
        if self.complete() { Ok(()) } else { Err(Problem::Format) }
    }

    /// yymmdd or yyyymmdd.
    fn concatenated(&mut self, text: &str) -> Parsed<()> {
        let n = text.len();
        if n < 6 {
            return Err(Problem::Format);
        }
        let number = |text: &str| text.parse::<i32>().map_err(|_| Problem::Overflow);
        self.year = Some(number(&text[..n - 4])?);
        self.month = Some(number(&text[n - 4..n - 2])?);
        self.day = Some(number(&text[n - 2..])?);
        self.two_digits = n == 6;
        Ok(())
    }

    /// The day that the parts make.
    fn finish(&self, bc: bool) -> Parsed<i32> {
        let mut year = self.year.unwrap_or(0);
        if bc {
            if year <= 0 {
                return Err(Problem::Overflow);
            }
            year = 1 - year;
        } else if self.two_digits {
            year += if year < 70 { 2000 } else { 1900 };
        } else if year <= 0 {
            return Err(Problem::Overflow);
        }
        if year > 6_000_000 {
            return Err(Problem::Overflow);
        }
        if let Some(day) = self.day_of_year {
            return Ok(calendar::day_of_date(year, 1, 1) + day - 1);
        }
        let (month, day) = (self.month.unwrap_or(0), self.day.unwrap_or(0));
        if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
            return Err(Problem::MonthDay);
        }
        if day > month_days(year, month) {
            return Err(Problem::Overflow);
        }
        Ok(calendar::day_of_date(year, month, day))
    }
}

/// hhmmss or hhmm, perhaps with a fraction.
fn concatenated_time(text: &str) -> Parsed<i64> {
    let (digits, fraction) = text.split_once('.').unwrap_or((text, ""));
    let with_colons = match digits.len() {
        6 => format!("{}:{}:{}", &digits[..2], &digits[2..4], &digits[4..]),
        4 => format!("{}:{}", &digits[..2], &digits[2..]),
        _ => return Err(Problem::Format),
    };
    Ok(time_of(&with_colons)? + fraction_of(fraction)?)
}

enum Expecting {
    Anything,
    Time,
    Julian,
}

/// Reads a text. `with_date` tells whether it must have a date (or a special word), as timestamps and dates must.
pub fn parse(text: &str, order: DateOrder, with_date: bool, env: &dyn Environment) -> Parsed<Fields> {
    if with_date && let Some(fields) = super::iso::parse(text.as_bytes()) {
        return Ok(fields);
    }
    parse_any(text, order, with_date, env)
}

/// Reads a text of any form.
pub(super) fn parse_any(text: &str, order: DateOrder, with_date: bool, env: &dyn Environment) -> Parsed<Fields> {
    let tokens = tokens(text)?;
    let mut fields = Fields::default();
    let mut date = DateParts::default();
    let mut julian: Option<i32> = None;
    let (mut bc, mut half, mut summer) = (false, None::<bool>, false);
    let mut expecting = Expecting::Anything;
    let mut special_date = false;
    if tokens.is_empty() {
        return Err(Problem::Format);
    }
    for token in tokens {
        let expected = std::mem::replace(&mut expecting, Expecting::Anything);
        let has_date = date.complete() || julian.is_some() || special_date;
        match token {
            Token::Date(piece) => {
                let named = piece.as_bytes()[0].is_ascii_alphabetic() && date.month.is_some() && date.day.is_some();
                if has_date || named || matches!(expected, Expecting::Time) || !with_date {
                    if piece.as_bytes()[0].is_ascii_digit() {
                        // A time and a zone: 040506-08.
                        let (time, zone) = piece.split_at(piece.find('-').ok_or(Problem::Format)?);
                        if fields.time.is_some() || fields.zone.is_some() {
                            return Err(Problem::Format);
                        }
                        fields.time = Some(concatenated_time(time)?);
                        fields.zone = Some(Zone::Offset(displacement(zone)?));
                        continue;
                    }
                    if fields.zone.is_some() {
                        return Err(Problem::Format);
                    }
                    let zone = TimeZone::named(&piece).ok_or(Problem::Unknown(piece))?;
                    fields.zone = Some(Zone::Named(zone));
                } else if fields.time.is_some() {
                    // PostgreSQL takes no date with separators behind a time.
                    return Err(Problem::Format);
                } else {
                    date.separated(&piece, order)?;
                }
            }
            Token::Time(piece) => {
                if fields.time.is_some() {
                    return Err(Problem::Format);
                }
                fields.time = Some(time_of(&piece)?);
            }
            Token::Zone(piece) => {
                if fields.zone.is_some() {
                    return Err(Problem::Format);
                }
                fields.zone = Some(Zone::Offset(displacement(&piece)?));
            }
            Token::Number(piece) => match expected {
                Expecting::Julian => {
                    let (whole, fraction) = piece.split_once('.').unwrap_or((&piece, ""));
                    julian = Some(whole.parse().map_err(|_| Problem::Overflow)?);
                    if !fraction.is_empty() {
                        let share: f64 = format!("0.{fraction}").parse().map_err(|_| Problem::Format)?;
                        fields.time = Some((share * calendar::DAY as f64).round_ties_even() as i64);
                    }
                }
                Expecting::Time => {
                    if fields.time.is_some() {
                        return Err(Problem::Format);
                    }
                    fields.time = Some(concatenated_time(&piece)?);
                }
                Expecting::Anything => {
                    let whole = piece.split('.').next().unwrap_or("");
                    let has_point = piece.contains('.');
                    if has_point && !has_date && date.is_empty() && with_date {
                        date.separated(&piece, order)?;
                    } else if has_point && whole.len() > 2
                        || whole.len() >= 6 && (!has_date && date.is_empty() || fields.time.is_none())
                    {
                        if !has_date && with_date && !has_point {
                            date.concatenated(whole)?;
                        } else if fields.time.is_none() {
                            fields.time = Some(concatenated_time(&piece)?);
                        } else {
                            return Err(Problem::Format);
                        }
                    } else if has_date || !with_date {
                        if fields.time.is_some() || whole.len() != 4 || with_date {
                            return Err(Problem::Format);
                        }
                        fields.time = Some(concatenated_time(&piece)?);
                    } else {
                        date.number(&piece, order)?;
                    }
                }
            },
            Token::Word(word) => {
                let special = match word.as_str() {
                    "now" => Some(Special::Now),
                    "today" => Some(Special::Today(0)),
                    "tomorrow" => Some(Special::Today(1)),
                    "yesterday" => Some(Special::Today(-1)),
                    "epoch" => Some(Special::Epoch),
                    "infinity" | "+infinity" => Some(Special::Infinity),
                    "-infinity" => Some(Special::NegativeInfinity),
                    _ => None,
                };
                if let Some(special) = special {
                    if fields.special.is_some() || has_date {
                        return Err(Problem::Format);
                    }
                    fields.special = Some(special);
                    special_date = true;
                } else if word == "allballs" {
                    fields.time = Some(0);
                    fields.zone = Some(Zone::Offset(0));
                } else if let Some(month) = month_of(&word) {
                    if date.month.is_some() {
                        // "1 Jan" in an order where 1 was taken for the month: it is the day.
                        if date.text_month || date.day.is_some() {
                            return Err(Problem::Format);
                        }
                        date.day = date.month;
                    }
                    date.month = Some(month);
                    date.text_month = true;
                } else if is_weekday(&word) || word == "at" || word == "on" {
                } else if word == "am" || word == "pm" {
                    half = Some(word == "pm");
                } else if word == "bc" || word == "ad" {
                    bc = word == "bc";
                } else if word == "t" {
                    expecting = Expecting::Time;
                } else if matches!(word.as_str(), "j" | "jd" | "julian") {
                    if matches!(expected, Expecting::Julian) {
                        return Err(Problem::Format);
                    }
                    expecting = Expecting::Julian;
                } else if word == "dst" {
                    summer = true;
                } else {
                    if fields.zone.is_some() {
                        return Err(Problem::Format);
                    }
                    fields.zone = Some(Zone::of_abbreviation(&word, env).ok_or(Problem::Format)?);
                }
            }
        }
    }
    if matches!(expecting, Expecting::Time | Expecting::Julian) {
        return Err(Problem::Format);
    }
    let is_moment = fields.special.is_some_and(|special| !matches!(special, Special::Today(_)));
    if is_moment && with_date && fields.time.is_some() {
        return Err(Problem::Format);
    }
    if let (Some(pm), Some(time)) = (half, &mut fields.time) {
        if *time >= 13 * HOUR {
            return Err(Problem::Overflow);
        }
        match (pm, *time >= 12 * HOUR) {
            (true, false) => *time += 12 * HOUR,
            (false, true) => *time -= 12 * HOUR,
            _ => {}
        }
    }
    match (summer, &mut fields.zone) {
        (true, Some(Zone::Offset(offset))) => *offset += 3600,
        (true, None) => return Err(Problem::Format),
        _ => {}
    }
    if let Some(julian) = julian {
        fields.day = Some(julian - calendar::JULIAN_OFFSET);
    } else if date.complete() {
        fields.day = Some(date.finish(bc)?);
    } else if with_date && fields.special.is_none() || date.year.is_some() || date.month.is_some() || date.day.is_some()
    {
        return Err(Problem::Format);
    }
    Ok(fields)
}

/// A zone by name, abbreviation or displacement, as `AT TIME ZONE` takes it.
pub fn zone_of(name: &str, env: &dyn Environment) -> Result<Zone> {
    let word = name.to_ascii_lowercase();
    if let Some(zone) = Zone::of_abbreviation(&word, env) {
        return Ok(zone);
    }
    if let Some(zone) = TimeZone::named(name) {
        return Ok(Zone::Named(zone));
    }
    Err(Problem::Unknown(name.to_string()).error(name, "interval"))
}
