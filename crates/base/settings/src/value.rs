//! Values: parsing them with units, and showing them.

use std::sync::Arc;

use error::{Error, Result, SqlState};

use crate::parameter::{Kind, Parameter, Unit, find_choice};

/// A parameter's value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// On or off.
    Bool(bool),
    /// A whole number in the parameter's unit.
    Int(i32),
    /// A number in the parameter's unit.
    Real(f64),
    /// The index of an enumeration's word.
    Enum(u16),
    /// Text.
    String(Arc<str>),
}

/// Names of units with their sizes in the base unit, from the largest down.
fn conversions(base: Unit) -> &'static [(&'static str, f64)] {
    const K: f64 = 1024.0;
    match base {
        Unit::None => &[],
        Unit::Bytes => &[("TB", K * K * K * K), ("GB", K * K * K), ("MB", K * K), ("kB", K), ("B", 1.0)],
        Unit::Kilobytes => &[("TB", K * K * K), ("GB", K * K), ("MB", K), ("kB", 1.0), ("B", 1.0 / K)],
        Unit::Megabytes => &[("TB", K * K), ("GB", K), ("MB", 1.0), ("kB", 1.0 / K), ("B", 1.0 / (K * K))],
        Unit::Blocks => {
            &[("TB", K * K * K / 8.0), ("GB", K * K / 8.0), ("MB", K / 8.0), ("kB", 0.125), ("B", 0.125 / K)]
        }
        Unit::Milliseconds => {
            &[("d", 86_400_000.0), ("h", 3_600_000.0), ("min", 60_000.0), ("s", 1000.0), ("ms", 1.0), ("us", 0.001)]
        }
        Unit::Seconds => &[("d", 86_400.0), ("h", 3600.0), ("min", 60.0), ("s", 1.0), ("ms", 0.001), ("us", 0.000_001)],
        Unit::Minutes => &[
            ("d", 1440.0),
            ("h", 60.0),
            ("min", 1.0),
            ("s", 1.0 / 60.0),
            ("ms", 1.0 / 60_000.0),
            ("us", 1.0 / 60_000_000.0),
        ],
    }
}

const MEMORY_HINT: &str = "Valid units for this parameter are \"B\", \"kB\", \"MB\", \"GB\", and \"TB\".";
const TIME_HINT: &str = "Valid units for this parameter are \"us\", \"ms\", \"s\", \"min\", \"h\", and \"d\".";

fn unit_hint(unit: Unit) -> &'static str {
    match unit {
        Unit::Milliseconds | Unit::Seconds | Unit::Minutes => TIME_HINT,
        _ => MEMORY_HINT,
    }
}

/// Why a text is not a number; some reasons come with a hint.
struct NotANumber(Option<&'static str>);

/// The number at the beginning of `text` and what follows it. Whole numbers may be hexadecimal or octal, as in C.
fn scan_number(text: &str, whole: bool) -> Option<(f64, &str)> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let sign = if text.starts_with('-') { -1.0 } else { 1.0 };
    let digits = |s: &str, radix: u32| s.len() - s.trim_start_matches(|c: char| c.is_digit(radix)).len();
    if let Some(hex) = unsigned.strip_prefix("0x").or_else(|| unsigned.strip_prefix("0X"))
        && digits(hex, 16) > 0
    {
        let (number, rest) = hex.split_at(digits(hex, 16));
        let number = u128::from_str_radix(number, 16).map_or(f64::INFINITY, |n| n as f64);
        return Some((sign * number, rest));
    }
    let before = digits(unsigned, 10);
    let mut end = before;
    if unsigned[end..].starts_with('.') {
        let after = digits(&unsigned[end + 1..], 10);
        if before + after == 0 {
            return None;
        }
        end += 1 + after;
    }
    if end > 0 && unsigned[end..].starts_with(['e', 'E']) {
        let exponent = &unsigned[end + 1..];
        let signed = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        if digits(signed, 10) > 0 {
            end += 1 + (exponent.len() - signed.len()) + digits(signed, 10);
        }
    }
    if end == 0 {
        let word = |w: &str| {
            unsigned.len() >= w.len()
                && unsigned.is_char_boundary(w.len())
                && unsigned[..w.len()].eq_ignore_ascii_case(w)
        };
        return match () {
            () if whole => None,
            () if word("infinity") => Some((sign * f64::INFINITY, &unsigned[8..])),
            () if word("inf") => Some((sign * f64::INFINITY, &unsigned[3..])),
            () if word("nan") => Some((f64::NAN, &unsigned[3..])),
            () => None,
        };
    }
    let (number, rest) = unsigned.split_at(end);
    // A whole number with a leading zero is octal, unless it turns out to be a fraction.
    if whole && end == before && before > 1 && number.starts_with('0') {
        let octal = digits(number, 8);
        let value = u128::from_str_radix(&number[..octal], 8).map_or(f64::INFINITY, |n| n as f64);
        return Some((sign * value, &unsigned[octal..]));
    }
    Some((sign * number.parse::<f64>().ok()?, rest))
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c')
}

/// A number with an optional unit, converted to `unit`.
fn parse_number(text: &str, unit: Unit, whole: bool) -> Result<f64, NotANumber> {
    let (number, rest) = scan_number(text.trim_start_matches(is_space), whole).ok_or(NotANumber(None))?;
    if number.is_nan() {
        return Err(NotANumber(None));
    }
    let rest = rest.trim_matches(is_space);
    if rest.is_empty() {
        return Ok(number);
    }
    if unit == Unit::None {
        return Err(NotANumber(None));
    }
    let all = conversions(unit);
    let Some(at) = all.iter().position(|(name, _)| *name == rest) else {
        return Err(NotANumber(Some(unit_hint(unit))));
    };
    let converted = number * all[at].1;
    // A fraction such as 30.1GB is rounded to the next smaller unit, so that it can be shown in one.
    Ok(match all.get(at + 1) {
        Some((_, smaller)) => (converted / smaller).round_ties_even() * smaller,
        None => converted,
    })
}

/// A truth value as the configuration accepts it: on/off, true/false, yes/no, 1/0, and unambiguous beginnings.
pub fn parse_bool(text: &str) -> Option<bool> {
    let is = |word: &str, least: usize| {
        text.len() >= least && text.len() <= word.len() && word[..text.len()].eq_ignore_ascii_case(text)
    };
    if !text.is_ascii() {
        return None;
    }
    match () {
        () if is("true", 1) || is("yes", 1) || is("on", 2) || text == "1" => Some(true),
        () if is("false", 1) || is("no", 1) || is("off", 2) || text == "0" => Some(false),
        () => None,
    }
}

impl Parameter {
    /// The value that `text` means for this parameter (shown to the user as `name`), its range checked.
    ///
    /// # Errors
    ///
    /// `22023` with PostgreSQL's text and hint.
    pub fn parse(&self, name: &str, text: &str) -> Result<Value> {
        let invalid = |hint: Option<&str>| {
            let error = Error::new(
                SqlState::INVALID_PARAMETER_VALUE,
                format!("invalid value for parameter \"{name}\": \"{text}\""),
            );
            match hint {
                Some(hint) => error.hint(hint),
                None => error,
            }
        };
        match self.kind {
            Kind::Bool { .. } => parse_bool(text).map(Value::Bool).ok_or_else(|| {
                Error::new(SqlState::INVALID_PARAMETER_VALUE, format!("parameter \"{name}\" requires a Boolean value"))
            }),
            Kind::Int { min, max, .. } => {
                let number = parse_number(text, self.unit, true).map_err(|e| invalid(e.0))?.round_ties_even();
                if !(i32::MIN as f64..=i32::MAX as f64).contains(&number) {
                    return Err(invalid(Some("Value exceeds integer range.")));
                }
                let number = number as i32;
                if !(min..=max).contains(&number) {
                    return Err(self.out_of_range(name, number, min, max));
                }
                Ok(Value::Int(number))
            }
            Kind::Real { min, max, .. } => {
                let number = parse_number(text, self.unit, false).map_err(|e| invalid(e.0))?;
                if !(min..=max).contains(&number) {
                    return Err(self.out_of_range(name, format_g(number), format_g(min), format_g(max)));
                }
                Ok(Value::Real(number))
            }
            Kind::String { .. } => Ok(Value::String(text.into())),
            Kind::Enum { choices, .. } => find_choice(choices, text).map(Value::Enum).ok_or_else(|| {
                let shown: Vec<&str> = choices.iter().filter(|c| c.shown).map(|c| c.word).collect();
                invalid(Some(&format!("Available values: {}.", shown.join(", "))))
            }),
        }
    }

    fn out_of_range(
        &self,
        name: &str,
        value: impl std::fmt::Display,
        min: impl std::fmt::Display,
        max: impl std::fmt::Display,
    ) -> Error {
        let unit = self.unit.name().map(|unit| format!(" {unit}")).unwrap_or_default();
        Error::new(
            SqlState::INVALID_PARAMETER_VALUE,
            format!("{value}{unit} is outside the valid range for parameter \"{name}\" ({min}{unit} .. {max}{unit})"),
        )
    }

    /// The value as `SHOW` prints it: with the largest unit that fits.
    pub fn show(&self, value: &Value) -> String {
        match value {
            Value::Int(n) if self.is_octal() => format!("{n:04o}"),
            Value::Int(n) if *n > 0 && self.unit != Unit::None => {
                let fits = |(_, size): &&(&str, f64)| *size <= 1.0 || *n as i64 % *size as i64 == 0;
                match conversions(self.unit).iter().find(fits) {
                    Some((unit, size)) => format!("{}{unit}", (*n as f64 / size).round_ties_even() as i64),
                    None => n.to_string(),
                }
            }
            Value::Real(n) if *n > 0.0 && self.unit != Unit::None => {
                let whole = |(_, size): &&(&str, f64)| {
                    let scaled = n / size;
                    scaled > 0.0 && (scaled.round_ties_even() / scaled - 1.0).abs() <= 1e-8
                };
                match conversions(self.unit).iter().find(whole).or(conversions(self.unit).last()) {
                    Some((unit, size)) => format!("{}{unit}", format_g(n / size)),
                    None => format_g(*n),
                }
            }
            _ => self.plain(value),
        }
    }

    /// The value without a unit, as `pg_settings` shows it.
    pub fn plain(&self, value: &Value) -> String {
        match value {
            Value::Bool(true) => "on".into(),
            Value::Bool(false) => "off".into(),
            Value::Int(n) if self.is_octal() => format!("{n:04o}"),
            Value::Int(n) => n.to_string(),
            Value::Real(n) => format_g(*n),
            Value::Enum(n) => self.word(*n).into(),
            Value::String(text) => text.to_string(),
        }
    }

    /// The word of an enumeration's value.
    pub fn word(&self, index: u16) -> &'static str {
        match self.kind {
            Kind::Enum { choices, .. } => choices.get(index as usize).map_or("", |c| c.word),
            _ => "",
        }
    }

    /// File modes are shown in octal.
    fn is_octal(&self) -> bool {
        matches!(self.name, "data_directory_mode" | "log_file_mode" | "unix_socket_permissions")
    }
}

/// A number as C's `%g` prints it: six significant digits, no trailing zeros.
pub fn format_g(number: f64) -> String {
    if number.is_nan() {
        return "NaN".into();
    }
    if number.is_infinite() {
        return if number > 0.0 { "Infinity".into() } else { "-Infinity".into() };
    }
    if number == 0.0 {
        return if number.is_sign_negative() { "-0".into() } else { "0".into() };
    }
    let scientific = format!("{number:.5e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let trim = |text: &str| match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_string(),
        false => text.to_string(),
    };
    if (-4..6).contains(&exponent) {
        trim(&format!("{number:.*}", (5 - exponent).max(0) as usize))
    } else {
        let sign = if exponent < 0 { '-' } else { '+' };
        format!("{}e{sign}{:02}", trim(mantissa), exponent.abs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Id;
    use crate::table::{PARAMETERS, id};

    fn parse(id: Id, text: &str) -> Result<String, String> {
        let p = &PARAMETERS[id.0 as usize];
        let full = |e: Error| {
            format!("{}{}", e.message(), e.fields().hint.as_ref().map(|h| format!("|{h}")).unwrap_or_default())
        };
        p.parse(p.name, text).map(|v| p.show(&v)).map_err(full)
    }

    /// Each line was tried on the reference server: `SET name = 'value'; SHOW name`.
    #[test]
    fn values_as_the_reference_takes_them() {
        let ok = [
            (id::WORK_MEM, "64", "64kB"),
            (id::WORK_MEM, "64MB", "64MB"),
            (id::WORK_MEM, " 1.5 GB ", "1536MB"),
            (id::WORK_MEM, "0x40", "64kB"),
            (id::WORK_MEM, "0100", "64kB"),
            (id::WORK_MEM, "1e3", "1000kB"),
            (id::WORK_MEM, "70000B", "68kB"),
            (id::WORK_MEM, "30.1GB", "30822MB"),
            (id::STATEMENT_TIMEOUT, "1.5min", "90s"),
            (id::STATEMENT_TIMEOUT, "0", "0"),
            (id::STATEMENT_TIMEOUT, "36h", "36h"),
            (id::TEMP_BUFFERS, "800", "6400kB"),
            (id::VACUUM_COST_DELAY, "1500us", "1500us"),
            (id::VACUUM_COST_DELAY, "2", "2ms"),
            (id::SEQ_PAGE_COST, "1.25", "1.25"),
            (id::SEQ_PAGE_COST, "1e10", "1e+10"),
            (id::ENABLE_SEQSCAN, "t", "on"),
            (id::ENABLE_SEQSCAN, "of", "off"),
            (id::CLIENT_MIN_MESSAGES, "DEBUG", "debug2"),
            (id::SYNCHRONOUS_COMMIT, "1", "on"),
            (id::GEQO_SEED, ".5", "0.5"),
        ];
        for (id, text, shown) in ok {
            assert_eq!(parse(id, text).as_deref(), Ok(shown), "{text}");
        }
        let wrong = [
            (
                id::WORK_MEM,
                "32",
                "32 kB is outside the valid range for parameter \"work_mem\" (64 kB .. 2147483647 kB)",
            ),
            (
                id::WORK_MEM,
                "64mb",
                "invalid value for parameter \"work_mem\": \"64mb\"|Valid units for this parameter are \"B\", \"kB\", \"MB\", \"GB\", and \"TB\".",
            ),
            (
                id::WORK_MEM,
                "4000GB",
                "invalid value for parameter \"work_mem\": \"4000GB\"|Value exceeds integer range.",
            ),
            (id::WORK_MEM, "", "invalid value for parameter \"work_mem\": \"\""),
            (
                id::WORK_MEM,
                "089",
                "invalid value for parameter \"work_mem\": \"089\"|Valid units for this parameter are \"B\", \"kB\", \"MB\", \"GB\", and \"TB\".",
            ),
            (
                id::SEQ_PAGE_COST,
                "inf",
                "Infinity is outside the valid range for parameter \"seq_page_cost\" (0 .. 1.79769e+308)",
            ),
            (
                id::STATEMENT_TIMEOUT,
                "-1",
                "-1 ms is outside the valid range for parameter \"statement_timeout\" (0 ms .. 2147483647 ms)",
            ),
            (id::WORK_MEM, "abc", "invalid value for parameter \"work_mem\": \"abc\""),
            (
                id::STATEMENT_TIMEOUT,
                "1m",
                "invalid value for parameter \"statement_timeout\": \"1m\"|Valid units for this parameter are \"us\", \"ms\", \"s\", \"min\", \"h\", and \"d\".",
            ),
            (id::EXTRA_FLOAT_DIGITS, "1kB", "invalid value for parameter \"extra_float_digits\": \"1kB\""),
            (id::GEQO_SEED, "2", "2 is outside the valid range for parameter \"geqo_seed\" (0 .. 1)"),
            (id::GEQO_SEED, "nan", "invalid value for parameter \"geqo_seed\": \"nan\""),
            (id::ENABLE_SEQSCAN, "o", "parameter \"enable_seqscan\" requires a Boolean value"),
            (
                id::BYTEA_OUTPUT,
                "x",
                "invalid value for parameter \"bytea_output\": \"x\"|Available values: escape, hex.",
            ),
        ];
        for (id, text, message) in wrong {
            assert_eq!(parse(id, text), Err(message.to_string()), "{text}");
        }
    }

    #[test]
    fn g_prints_as_c_does() {
        for (number, text) in [
            (0.0, "0"),
            (100000.0, "100000"),
            (1000000.0, "1e+06"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (0.1 + 0.2, "0.3"),
            (f64::MAX, "1.79769e+308"),
            (-12.5, "-12.5"),
            (999999.5, "1e+06"),
        ] {
            assert_eq!(format_g(number), text);
        }
    }
}
