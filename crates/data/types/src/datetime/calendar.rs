//! Days and the proleptic Gregorian calendar. Day 0 is 2000-01-01; year 0 is 1 BC.

use super::{DATE_INFINITY, DATE_NEGATIVE_INFINITY};

/// 1970-01-01 as a day.
pub const UNIX_EPOCH_DAY: i32 = -10_957;
/// Julian day number of day 0.
pub const JULIAN_OFFSET: i32 = 2_451_545;
/// 4714-11-24 BC, Julian day 0: the first date.
pub const FIRST_DAY: i32 = -JULIAN_OFFSET;
/// The day after the last date, 5874897-12-31.
pub const END_DAY: i32 = 2_145_031_949;
/// Microseconds of a day.
pub const DAY: i64 = 86_400_000_000;
/// Microseconds of an hour.
pub const HOUR: i64 = 3_600_000_000;
/// Microseconds of a minute.
pub const MINUTE: i64 = 60_000_000;
/// Microseconds of a second.
pub const SECOND: i64 = 1_000_000;
/// The first timestamp: 4714-11-24 00:00:00 BC.
pub const FIRST_TIMESTAMP: i64 = FIRST_DAY as i64 * DAY;
/// The moment after the last timestamp: 294277-01-01.
pub const END_TIMESTAMP: i64 = 9_223_371_331_200_000_000;

/// Whether a year has a February 29th.
pub fn is_leap_year(year: i32) -> bool {
    year.rem_euclid(4) == 0 && (year.rem_euclid(100) != 0 || year.rem_euclid(400) == 0)
}

/// Days of a month, 1 to 12.
pub fn month_days(year: i32, month: i32) -> i32 {
    match month {
        2 => 28 + is_leap_year(year) as i32,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The day of a date (whose parts need not be in range), by counting eras of 400 years.
pub fn day_of_date_wide(year: i64, month: i64, day: i64) -> i64 {
    let year = year + (month - 1).div_euclid(12);
    let month = (month - 1).rem_euclid(12) + 1;
    // Years begin in March, so that the leap day is their last.
    let (year, month) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 730_425
}

/// The day of a date within the calendar's range.
pub fn day_of_date(year: i32, month: i32, day: i32) -> i32 {
    day_of_date_wide(year as i64, month as i64, day as i64) as i32
}

/// Year, month and day.
pub fn date_of_day(day: i32) -> (i32, i32, i32) {
    let day = day as i64 + 730_425;
    let era = day.div_euclid(146_097);
    let day_of_era = day.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let (year, month) = (year_of_era + era * 400, if month < 10 { month + 3 } else { month - 9 });
    ((year + (month <= 2) as i64) as i32, month as i32, day as i32)
}

/// Day of the week, 0 is Sunday.
pub fn weekday(day: i32) -> i32 {
    (day as i64 + 6).rem_euclid(7) as i32
}

/// Day of the year, from 1.
pub fn day_of_year(day: i32) -> i32 {
    day - day_of_date(date_of_day(day).0, 1, 1) + 1
}

/// The first day of a year's ISO week 1: the Monday of the week that holds January 4th.
pub fn iso_year_start(year: i32) -> i32 {
    let fourth = day_of_date(year, 1, 4);
    fourth - (weekday(fourth) + 6) % 7
}

/// ISO year and week.
pub fn iso_week(day: i32) -> (i32, i32) {
    let mut year = date_of_day(day).0;
    if day >= iso_year_start(year + 1) {
        year += 1;
    } else if day < iso_year_start(year) {
        year -= 1;
    }
    (year, (day - iso_year_start(year)) / 7 + 1)
}

/// Whether a date is infinity or minus infinity.
pub fn is_infinite_day(day: i32) -> bool {
    day == DATE_INFINITY || day == DATE_NEGATIVE_INFINITY
}

/// A year as people count them: no year 0. And whether it is BC.
pub fn shown_year(year: i32) -> (i32, bool) {
    if year > 0 { (year, false) } else { (1 - year, true) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_round_trip() {
        for day in (FIRST_DAY..3_000_000).step_by(997).chain([END_DAY - 1, 0, -1, 59, 60]) {
            let (year, month, date) = date_of_day(day);
            assert_eq!(day_of_date(year, month, date), day);
        }
        assert_eq!(date_of_day(0), (2000, 1, 1));
        assert_eq!(date_of_day(FIRST_DAY), (-4713, 11, 24));
        assert_eq!(date_of_day(END_DAY - 1), (5_874_897, 12, 31));
        assert_eq!(weekday(0), 6);
        assert_eq!(iso_week(day_of_date(2021, 1, 3)), (2020, 53));
        assert_eq!(day_of_date_wide(294_277, 1, 1) * DAY, END_TIMESTAMP);
    }
}
