//! Times in the log, in `log_timezone`.

/// Finds what a time zone's clocks show: given the zone's name and microseconds since 1970, the offset in seconds east of
/// Greenwich and the abbreviation. `types` has the time zones; without them, [`utc_only`] must do.
pub type ZoneLookup = fn(&str, i64) -> Option<(i32, String)>;

/// Knows the zones that are Greenwich time, and no others.
pub fn utc_only(zone: &str, _: i64) -> Option<(i32, String)> {
    let upper = zone.to_ascii_uppercase();
    let name = match upper.strip_prefix("ETC/").unwrap_or(&upper) {
        "UTC" | "UCT" | "ZULU" | "UNIVERSAL" => "UTC",
        "GMT" | "GREENWICH" | "GMT0" | "GMT+0" | "GMT-0" => "GMT",
        _ => return None,
    };
    Some((0, name.into()))
}

/// Microseconds since 1970.
pub fn now_us() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    now.as_micros() as i64
}

/// `2026-11-22 00:13:00.185 UTC`, with or without the milliseconds.
pub fn format(us: i64, zone: &str, zones: ZoneLookup, milliseconds: bool) -> String {
    let (offset, name) = zones(zone, us).unwrap_or_else(|| (0, "UTC".into()));
    let local = us + offset as i64 * 1_000_000;
    let (days, rest) = (local.div_euclid(86_400_000_000), local.rem_euclid(86_400_000_000));
    let (year, month, day) = civil(days);
    let seconds = rest / 1_000_000;
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let fraction = if milliseconds { format!(".{:03}", rest / 1000 % 1000) } else { String::new() };
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}{fraction} {name}")
}

/// Year, month and day of a day counted from 1970-01-01, in the Gregorian calendar. Years begin in March here, so that the
/// leap day is the last one; an era of 400 years has 146,097 days.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year_of_era + era * 400 + (month <= 2) as i64, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_right() {
        let at = |seconds: i64| format(seconds * 1_000_000 + 7_000, "UTC", utc_only, true);
        assert_eq!(at(0), "1970-01-01 00:00:00.007 UTC");
        assert_eq!(at(951_782_399), "2000-02-28 23:59:59.007 UTC");
        assert_eq!(at(951_782_400), "2000-02-29 00:00:00.007 UTC");
        assert_eq!(at(1_795_316_698), "2026-11-22 03:04:58.007 UTC");
        fn east(_: &str, _: i64) -> Option<(i32, String)> {
            Some((3600, "CET".into()))
        }
        assert_eq!(format(0, "Europe/Berlin", east, false), "1970-01-01 01:00:00 CET");
    }
}
