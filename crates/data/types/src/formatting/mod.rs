//! Text by a template: `to_char`, `to_date`, `to_timestamp`, `to_number`, and jsonpath's `datetime()`.
//!
//! A template is read once into its pieces and then filled in for each value (`write`), or laid along each text (`read`,
//! whose findings `resolve` puts together to a date and time). Numbers have templates of another kind ([`number`]).
//! Languages other than C's are not known: `TM` changes nothing.

mod number;
mod read;
mod resolve;
mod template;
mod write;

pub use number::NUMBER_FORMATTING;
pub use read::FORMATTED_INPUT;
pub(crate) use resolve::{has_zone, read_strictly};
pub use write::FORMATTING;

use error::Result;

/// A part of a template.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Piece {
    /// A character that stands for itself.
    Text(char, Kind),
    /// A field of the value.
    Field(Field),
}

/// What a character of a template means where a text is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// It separates fields.
    Separator,
    /// One character is skipped for it.
    Other,
}

/// What was read from a template last, to be used as long as the template stays the same.
struct Known<T>(Option<(Vec<u8>, T)>);

impl<T> Default for Known<T> {
    fn default() -> Known<T> {
        Known(None)
    }
}

impl<T> Known<T> {
    /// The meaning of a template's text.
    fn get(&mut self, text: &[u8], parse: impl Fn(&str) -> Result<T>) -> Result<&T> {
        let kept = self.0.take().filter(|(known, _)| known == text);
        let entry = match kept {
            Some(entry) => entry,
            None => (text.to_vec(), parse(&String::from_utf8_lossy(text))?),
        };
        Ok(&self.0.insert(entry).1)
    }
}

/// The letters behind an ordinal number.
fn ordinal(digits: &str, upper: bool) -> &'static str {
    let bytes = digits.as_bytes();
    let teen = bytes.len() > 1 && bytes[bytes.len() - 2] == b'1';
    let which = match bytes.last() {
        Some(b'1') if !teen => 0,
        Some(b'2') if !teen => 1,
        Some(b'3') if !teen => 2,
        _ => 3,
    };
    if upper { ["ST", "ND", "RD", "TH"][which] } else { ["st", "nd", "rd", "th"][which] }
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const ROMAN: [&str; 12] = ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"];

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
