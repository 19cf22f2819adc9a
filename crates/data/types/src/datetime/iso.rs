//! The form in which dates and timestamps nearly always come: `2001-02-03`, `2001-02-03 04:05:06.789`, with a zone of whole hours
//! behind it (`+00`) or without one. It means the same under every `DateStyle`, and is read here without looking for words; whatever
//! is not exactly so, or out of range, is left to [`parse`](super::parse), which knows all forms and all errors.

use super::calendar::{self, HOUR, MINUTE, SECOND, month_days};
use super::parse::{Fields, Zone};

/// The number that two digits make.
#[inline]
fn two(bytes: &[u8], at: usize) -> Option<i32> {
    let (tens, ones) = (bytes.get(at)?.wrapping_sub(b'0'), bytes.get(at + 1)?.wrapping_sub(b'0'));
    (tens < 10 && ones < 10).then(|| (tens * 10 + ones) as i32)
}

/// What a text of that form says; `None` for any other text.
pub(super) fn parse(text: &[u8]) -> Option<Fields> {
    let (date, rest) = text.split_at_checked(10)?;
    let (year, month, day) = (two(date, 0)? * 100 + two(date, 2)?, two(date, 5)?, two(date, 8)?);
    let valid = date[4] == b'-' && date[7] == b'-' && year > 0 && (1..=12).contains(&month) && day > 0;
    if !valid || day > month_days(year, month) {
        return None;
    }
    let mut fields = Fields { day: Some(calendar::day_of_date(year, month, day)), ..Fields::default() };
    if rest.is_empty() {
        return Some(fields);
    }
    let (time, rest) = rest.split_at_checked(9)?;
    let (hour, minute, second) = (two(time, 1)?, two(time, 4)?, two(time, 7)?);
    let separated = time[0] == b' ' && time[3] == b':' && time[6] == b':';
    if !separated || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let (fraction, zone) = fraction(rest)?;
    fields.time = Some(hour as i64 * HOUR + minute as i64 * MINUTE + second as i64 * SECOND + fraction);
    match zone {
        [] => {}
        [sign @ (b'+' | b'-'), hours @ ..] if hours.len() == 2 => {
            let hours = two(hours, 0).filter(|&hours| hours <= 15)?;
            fields.zone = Some(Zone::Offset(if *sign == b'-' { -hours } else { hours } * 3600));
        }
        _ => return None,
    }
    Some(fields)
}

/// The microseconds of a fraction of one to six digits at the beginning of a text, and what follows it.
fn fraction(text: &[u8]) -> Option<(i64, &[u8])> {
    let Some(digits) = text.strip_prefix(b".") else { return Some((0, text)) };
    let count = digits.iter().take_while(|digit| digit.is_ascii_digit()).count();
    if !(1..=6).contains(&count) {
        return None;
    }
    let value = digits[..count].iter().fold(0, |value, &digit| value * 10 + (digit - b'0') as i64);
    Some((value * 10i64.pow(6 - count as u32), &digits[count..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DefaultEnvironment;
    use crate::environment::DateOrder;

    #[test]
    fn reads_what_the_general_way_reads() {
        let env = DefaultEnvironment::default();
        let mut read = 0;
        for date in ["2001-02-03", "0001-01-01", "2000-02-29", "2001-02-29", "9999-12-31", "2001-13-01", "2001-00-10"] {
            for time in [
                "",
                " 04:05:06",
                " 23:59:59",
                " 24:00:00",
                " 04:60:06",
                " 04:05:60",
                "T04:05:06",
                "  04:05:06",
                " 4:05:06",
            ] {
                for fraction in ["", ".", ".7", ".000001", ".999999", ".1234567"] {
                    for zone in ["", "+00", "-08", "+15", "+16", "+05:30", " UTC", "Z"] {
                        let text = format!("{date}{time}{fraction}{zone}");
                        let Some(fast) = parse(text.as_bytes()) else { continue };
                        read += 1;
                        for order in [DateOrder::Ymd, DateOrder::Mdy, DateOrder::Dmy] {
                            let slow = super::super::parse::parse_any(&text, order, true, &env).expect(&text);
                            assert_eq!(format!("{fast:?}"), format!("{slow:?}"), "{text}");
                        }
                    }
                }
            }
        }
        // Four dates that are, alone and with two times of day, four fractions, four zones.
        assert_eq!(read, 4 * (1 + 2 * 4 * 4));
    }
}
