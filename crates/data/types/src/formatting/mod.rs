//! `to_char` of dates, times and intervals: text by a template.
//!
//! A template is read once into [`Piece`]s and then filled in for each value. Languages other than C's are not known: `TM`
//! changes nothing.

mod template;
mod write;

pub use write::FORMATTING;

/// A part of a template.
#[derive(Clone, Debug, PartialEq)]
enum Piece {
    /// Text that stands for itself.
    Text(String),
    /// A field of the value.
    Field(Field),
}

/// A field, and how it is shown.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Field {
    key: Key,
    case: Case,
    /// `FM`: without padding.
    fill: bool,
    /// `TH` or (`false`) `th`.
    ordinal: Option<bool>,
}

/// How a name is written.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Case {
    Upper,
    Capital,
    Lower,
}

/// What a field shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    Era,
    EraDots,
    HalfDay,
    HalfDayDots,
    Century,
    DayName,
    DayAbbreviation,
    DayOfYear,
    IsoDayOfYear,
    Day,
    DayOfWeek,
    IsoDayOfWeek,
    /// Digits of a second: 1 to 6.
    Fraction(u8),
    Exact,
    Hour24,
    Hour12,
    Julian,
    Minute,
    Month,
    MonthName,
    MonthAbbreviation,
    Offset,
    Quarter,
    Roman,
    SecondOfDay,
    Second,
    ZoneHour,
    ZoneMinute,
    Zone,
    WeekOfYear,
    IsoWeek,
    WeekOfMonth,
    YearComma,
    /// The last digits of the year: 1 to 4.
    Year(u8),
    /// The last digits of the ISO year: 1 to 4.
    IsoYear(u8),
}
