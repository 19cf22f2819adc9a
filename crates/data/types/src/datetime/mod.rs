//! Dates, times, timestamps, intervals and time zones.
//!
//! | type | form |
//! |---|---|
//! | date | days since 2000-01-01 |
//! | time | microseconds since midnight |
//! | timetz | 12 bytes: the same, and the zone in seconds west of UTC ([`TimeTz`]) |
//! | timestamp | microseconds since 2000-01-01 00:00:00 |
//! | timestamptz | the same, in UTC |
//! | interval | 16 bytes: microseconds, days, months ([`Interval`]) |
//!
//! The least and greatest numbers of date, timestamp and timestamptz are minus infinity and infinity.

mod abbreviations;
mod arithmetic;
pub mod calendar;
mod functions;
pub mod interval;
mod io;
mod iso;
mod listing;
pub mod parse;
mod parts;
mod zone;

pub(crate) use abbreviations::abbreviation;
pub use arithmetic::{DATETIME_ARITHMETIC, generate_timestamps, timestamp_plus_interval, timestamptz_plus_interval};
pub use functions::DATETIMES;
pub use interval::Interval;
pub use io::{
    DATE_IO, INTERVAL_IO, TIME_IO, TIMESTAMP_IO, TIMESTAMPTZ_IO, TIMETZ_IO, write_date, write_iso_8601, write_timestamp,
};
pub(crate) use io::{decode, push};
pub use listing::ZONE_ROWS;
pub use parts::DATETIME_PARTS;
pub use zone::{Local, TimeZone};

use calendar::{DAY, END_TIMESTAMP, FIRST_TIMESTAMP, SECOND, UNIX_EPOCH_DAY};
use error::{Error, Result, SqlState};
use std::cmp::Ordering;

/// The date later than all.
pub const DATE_INFINITY: i32 = i32::MAX;
/// The date earlier than all.
pub const DATE_NEGATIVE_INFINITY: i32 = i32::MIN;
/// The timestamp later than all.
pub const INFINITY: i64 = i64::MAX;
/// The timestamp earlier than all.
pub const NEGATIVE_INFINITY: i64 = i64::MIN;

/// `22008 timestamp out of range`.
#[cold]
pub fn timestamp_range() -> Error {
    Error::new(SqlState::DATETIME_VALUE_OUT_OF_RANGE, "timestamp out of range")
}

/// `22008 date out of range`.
#[cold]
pub fn date_range() -> Error {
    Error::new(SqlState::DATETIME_VALUE_OUT_OF_RANGE, "date out of range")
}

/// Whether a timestamp is infinite.
#[inline]
pub fn is_infinite(timestamp: i64) -> bool {
    timestamp == INFINITY || timestamp == NEGATIVE_INFINITY
}

/// A timestamp within the type's range.
pub fn checked_timestamp(timestamp: Option<i64>) -> Result<i64> {
    timestamp.filter(|t| (FIRST_TIMESTAMP..END_TIMESTAMP).contains(t)).ok_or_else(timestamp_range)
}

/// Microseconds rounded to so many digits, halves away from zero.
pub fn round_to_precision(micros: i64, precision: i32) -> Option<i64> {
    if precision >= 6 {
        return Some(micros);
    }
    let unit = 10i64.pow(6 - precision.max(0) as u32);
    let half = unit / 2;
    let rounded = if micros >= 0 { micros.checked_add(half)? } else { micros.checked_sub(half)? };
    Some(rounded / unit * unit)
}

/// A moment in seconds since 1970, from microseconds since 2000.
pub fn unix_seconds(timestamp: i64) -> i64 {
    timestamp.div_euclid(SECOND) - UNIX_EPOCH_DAY as i64 * (DAY / SECOND)
}

/// The local timestamp of a moment in a zone.
pub fn to_local(timestamp: i64, zone: &TimeZone) -> Result<i64> {
    if is_infinite(timestamp) {
        return Ok(timestamp);
    }
    let offset = zone.at(unix_seconds(timestamp)).offset;
    timestamp.checked_add(offset as i64 * SECOND).ok_or_else(timestamp_range)
}

/// The moment of a local timestamp in a zone.
pub fn from_local(local: i64, zone: &TimeZone) -> Result<i64> {
    if is_infinite(local) {
        return Ok(local);
    }
    let offset = zone.offset_of_local(unix_seconds(local));
    checked_timestamp(local.checked_sub(offset as i64 * SECOND))
}

/// A time of day with a displacement from UTC.
#[derive(Clone, Copy, Debug, Default)]
pub struct TimeTz {
    /// Microseconds since local midnight.
    pub micros: i64,
    /// Seconds west of UTC.
    pub zone: i32,
}

impl TimeTz {
    /// Microseconds since midnight in UTC, which may be of another day.
    pub fn utc(&self) -> i64 {
        self.micros + self.zone as i64 * SECOND
    }
}

impl PartialEq for TimeTz {
    fn eq(&self, other: &TimeTz) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for TimeTz {}

impl PartialOrd for TimeTz {
    fn partial_cmp(&self, other: &TimeTz) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for TimeTz {
    fn cmp(&self, other: &TimeTz) -> Ordering {
        (self.utc(), self.zone).cmp(&(other.utc(), other.zone))
    }
}

crate::bytes_value!(
    TimeTz,
    |raw| match raw {
        [a, b, c, d, e, f, g, h, i, j, k, l] => TimeTz {
            micros: i64::from_le_bytes([*a, *b, *c, *d, *e, *f, *g, *h]),
            zone: i32::from_le_bytes([*i, *j, *k, *l]),
        },
        _ => TimeTz::default(),
    },
    |value, out| {
        out.extend_from_slice(&value.micros.to_le_bytes());
        out.extend_from_slice(&value.zone.to_le_bytes());
    }
);
