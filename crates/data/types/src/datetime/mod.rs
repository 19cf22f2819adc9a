//! Dates, times, timestamps, intervals and time zones.

mod zone;

pub use zone::TimeZone;
