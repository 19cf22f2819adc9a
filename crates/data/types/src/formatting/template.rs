//! Reading a template.

use super::{Case, Field, Key, Kind, Piece};
use error::{Error, Result, SqlState};

/// The fields' names in upper case; of several that fit, the longest is meant, so longer ones come first.
const KEYS: [(&str, Key); 54] = [
    ("Y,YYY", Key::YearComma),
    ("SSSSS", Key::SecondOfDay),
    ("MONTH", Key::MonthName),
    ("A.D.", Key::EraDots),
    ("B.C.", Key::EraDots),
    ("A.M.", Key::HalfDayDots),
    ("P.M.", Key::HalfDayDots),
    ("HH24", Key::Hour24),
    ("HH12", Key::Hour12),
    ("IDDD", Key::IsoDayOfYear),
    ("IYYY", Key::IsoYear(4)),
    ("SSSS", Key::SecondOfDay),
    ("YYYY", Key::Year(4)),
    ("DAY", Key::DayName),
    ("DDD", Key::DayOfYear),
    ("FF1", Key::Fraction(1)),
    ("FF2", Key::Fraction(2)),
    ("FF3", Key::Fraction(3)),
    ("FF4", Key::Fraction(4)),
    ("FF5", Key::Fraction(5)),
    ("FF6", Key::Fraction(6)),
    ("IYY", Key::IsoYear(3)),
    ("MON", Key::MonthAbbreviation),
    ("TZH", Key::ZoneHour),
    ("TZM", Key::ZoneMinute),
    ("YYY", Key::Year(3)),
    ("AD", Key::Era),
    ("BC", Key::Era),
    ("AM", Key::HalfDay),
    ("PM", Key::HalfDay),
    ("CC", Key::Century),
    ("DD", Key::Day),
    ("DY", Key::DayAbbreviation),
    ("FX", Key::Exact),
    ("HH", Key::Hour12),
    ("ID", Key::IsoDayOfWeek),
    ("IW", Key::IsoWeek),
    ("IY", Key::IsoYear(2)),
    ("MI", Key::Minute),
    ("MM", Key::Month),
    ("MS", Key::Fraction(3)),
    ("OF", Key::Offset),
    ("RM", Key::Roman),
    ("SS", Key::Second),
    ("TZ", Key::Zone),
    ("US", Key::Fraction(6)),
    ("WW", Key::WeekOfYear),
    ("YY", Key::Year(2)),
    ("D", Key::DayOfWeek),
    ("I", Key::IsoYear(1)),
    ("J", Key::Julian),
    ("Q", Key::Quarter),
    ("W", Key::WeekOfMonth),
    ("Y", Key::Year(1)),
];

/// The field that a text begins with, its case, and its length.
fn field(text: &str) -> Option<(Key, Case, usize)> {
    KEYS.iter().find_map(|(name, key)| {
        let head = text.get(..name.len())?;
        if !head.eq_ignore_ascii_case(name) {
            return None;
        }
        let names = matches!(key, Key::DayName | Key::DayAbbreviation | Key::MonthName | Key::MonthAbbreviation);
        let case = if head == *name {
            Case::Upper
        } else if head.bytes().all(|b| !b.is_ascii_uppercase()) {
            Case::Lower
        } else if names && head.as_bytes()[0].is_ascii_uppercase() && head[1..].bytes().all(|b| b.is_ascii_lowercase())
        {
            Case::Capital
        } else {
            return None;
        };
        Some((*key, case, name.len()))
    })
}

/// Reads a template.
pub(super) fn parse(template: &str) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let add = |c: char, pieces: &mut Vec<Piece>| pieces.push(Piece::Text(c, Kind::Other));
    let mut rest = template;
    while let Some(first) = rest.chars().next() {
        let mut after = rest;
        let mut fill = false;
        while let Some(prefix) = after.get(..2).filter(|p| matches!(*p, "FM" | "fm" | "TM" | "tm")) {
            fill |= prefix.eq_ignore_ascii_case("FM");
            after = &after[2..];
        }
        if let Some((key, case, length)) = field(after) {
            after = &after[length..];
            let mut ordinal = None;
            while let Some(suffix) = after.get(..2).filter(|s| matches!(*s, "TH" | "th" | "SP" | "sp")) {
                if suffix.eq_ignore_ascii_case("TH") {
                    ordinal = Some(suffix == "TH");
                }
                after = &after[2..];
            }
            pieces.push(Piece::Field(Field { key, case, fill, ordinal }));
            rest = after;
            continue;
        }
        if after.len() < rest.len() {
            // A prefix without a field.
            rest = after;
            continue;
        }
        rest = &rest[first.len_utf8()..];
        match first {
            '"' => {
                // Everything up to the next quote, which a backslash can escape.
                let mut quoted = rest.chars();
                while let Some(c) = quoted.next() {
                    match c {
                        '"' => break,
                        '\\' => {
                            if let Some(escaped) = quoted.next() {
                                add(escaped, &mut pieces);
                            }
                        }
                        c => add(c, &mut pieces),
                    }
                }
                rest = quoted.as_str();
            }
            '\\' if rest.starts_with('"') => {
                add('"', &mut pieces);
                rest = &rest[1..];
            }
            c if c.is_ascii_whitespace() || is_separator(c) => pieces.push(Piece::Text(c, Kind::Separator)),
            c => add(c, &mut pieces),
        }
    }
    pieces
}

/// Whether a character separates fields: printable ASCII that is neither letter nor digit.
pub(super) fn is_separator(c: char) -> bool {
    c.is_ascii_punctuation()
}

/// Fails for a template that the SQL standard does not allow: its separators are few.
pub(super) fn check_standard(template: &str) -> Result<()> {
    let mut rest = template;
    while let Some(first) = rest.chars().next() {
        let mut after = rest;
        while after.get(..2).is_some_and(|p| matches!(p, "FM" | "fm" | "TM" | "tm")) {
            after = &after[2..];
        }
        if let Some((_, _, length)) = field(after) {
            rest = &after[length..];
            while rest.get(..2).is_some_and(|s| matches!(s, "TH" | "th" | "SP" | "sp")) {
                rest = &rest[2..];
            }
            continue;
        }
        rest = &rest[first.len_utf8()..];
        match first {
            '"' => {
                let mut quoted = rest.chars();
                while let Some(c) = quoted.next().filter(|c| *c != '"') {
                    if c == '\\' {
                        quoted.next();
                    }
                }
                rest = quoted.as_str();
            }
            '-' | '.' | '/' | ',' | '\'' | ';' | ':' | ' ' => {}
            other => {
                return Err(Error::new(
                    SqlState::INVALID_DATETIME_FORMAT,
                    format!("invalid datetime format separator: \"{other}\""),
                ));
            }
        }
    }
    Ok(())
}

impl Field {
    /// Its name as the template writes it.
    pub(super) fn name(&self) -> String {
        let name = KEYS.iter().find(|(_, key)| *key == self.key).map_or("", |(name, _)| name);
        match self.case {
            Case::Upper => name.to_string(),
            Case::Lower => name.to_lowercase(),
            Case::Capital => format!("{}{}", &name[..1], name[1..].to_lowercase()),
        }
    }
}
