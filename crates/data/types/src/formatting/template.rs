//! Reading a template.

use super::{Case, Field, Key, Piece};

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
    let add = |c: char, pieces: &mut Vec<Piece>| match pieces.last_mut() {
        Some(Piece::Text(text)) => text.push(c),
        _ => pieces.push(Piece::Text(c.to_string())),
    };
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
            c => add(c, &mut pieces),
        }
    }
    pieces
}
