//! Set-returning functions that list time zones and their abbreviations.

use super::abbreviations::{ABBREVIATIONS, zone_of_abbreviation};
use super::calendar::SECOND;
use super::{Interval, Local, TimeZone, unix_seconds};
use crate::Environment;
use crate::registry::{RowSource, RowSourceMaker, Rows};
use batch::{Column, Datum, Repr};
use error::Result;

/// The functions behind `pg_timezone_names` and `pg_timezone_abbrevs`.
pub static ZONE_ROWS: &[(u32, RowSourceMaker)] = &[
    (2856, |_, context| names(context.env)),
    (2599, |_, context| abbreviations_of_the_set(context.env)),
    (6401, |_, context| abbreviations_of_the_session(context.env)),
];

fn offset(seconds: i32) -> Datum {
    let mut column = Column::new(Repr::Bytes);
    super::push(Interval { months: 0, days: 0, micros: seconds as i64 * SECOND }, &mut column);
    column.datum(0)
}

/// Name, abbreviation, offset and daylight saving time of all zones now.
fn names(env: &dyn Environment) -> Result<Box<dyn RowSource>> {
    let now = unix_seconds(env.transaction_timestamp());
    let row = |name: &str| {
        let zone = TimeZone::named(name)?;
        let local = zone.at(now);
        Some(vec![
            Datum::text(name),
            Datum::text(local.abbreviation),
            offset(local.offset),
            Datum::bool(local.daylight),
        ])
    };
    Ok(Rows::of(TimeZone::names().filter_map(row).collect()))
}

fn abbreviation(word: &str, seconds: i32, daylight: bool) -> Vec<Datum> {
    vec![Datum::text(&word.to_ascii_uppercase()), offset(seconds), Datum::bool(daylight)]
}

fn abbreviations_of_the_set(env: &dyn Environment) -> Result<Box<dyn RowSource>> {
    let now = unix_seconds(env.transaction_timestamp());
    let rows = ABBREVIATIONS.iter().map(|&(word, seconds, daylight)| {
        let zone = zone_of_abbreviation(word).and_then(TimeZone::named);
        let local = |zone: &TimeZone| {
            let Local { offset, daylight, .. } = zone.abbreviation_at(word, now).unwrap_or(zone.at(now));
            (offset, daylight)
        };
        let (seconds, daylight) = zone.as_deref().map_or((seconds, daylight), local);
        abbreviation(word, seconds, daylight)
    });
    Ok(Rows::of(rows.collect()))
}

fn abbreviations_of_the_session(env: &dyn Environment) -> Result<Box<dyn RowSource>> {
    let (now, zone) = (unix_seconds(env.transaction_timestamp()), env.time_zone());
    let row = |word: &str| {
        let local = zone.abbreviation_at(word, now)?;
        Some(abbreviation(word, local.offset, local.daylight))
    };
    Ok(Rows::of(zone.abbreviations().into_iter().filter_map(row).collect()))
}
