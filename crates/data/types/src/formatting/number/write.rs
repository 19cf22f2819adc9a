//! Laying a number's digits over a template.

use super::template::{Key, Piece, Place, Template};
use crate::formatting::ordinal;
use crate::numeric::{Numeric, write_plain};
use error::{Error, Result, SqlState};

/// A number as a template wants it.
struct Digits {
    negative: bool,
    /// Before the point: at least one digit, `NaN` or `Infinity`.
    whole: String,
    /// Behind the point; may be fewer than the template has places for.
    fraction: String,
}

/// Writes a numeric.
pub(super) fn numeric(value: &Numeric, template: &Template, out: &mut String) -> Result<()> {
    if template.roman.is_some() {
        let whole = if value.is_finite() { value.to_i128() } else { None };
        roman(whole, template, out);
        return Ok(());
    }
    if template.exponent {
        return scientific_numeric(value, template, out);
    }
    let shifted;
    let value = match template.shift {
        0 => value,
        places if value.is_finite() => {
            shifted = value.mul(&Numeric::Small(10, 0).power(&Numeric::Small(places as i128, 0))?)?;
            &shifted
        }
        _ => value,
    };
    let rounded = value.rounded(template.fraction as i32);
    let mut text = Vec::new();
    write_plain(&rounded.abs(), &mut text);
    let text = String::from_utf8_lossy(&text);
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) => (whole, fraction.to_string()),
        // What is not finite has no digits there, but keeps its places.
        None if !value.is_finite() => (&text[..], "0".repeat(template.fraction)),
        None => (&text[..], String::new()),
    };
    let digits = Digits { negative: rounded.sign() < 0, whole: whole.to_string(), fraction };
    lay(digits, value.is_finite(), template, out)
}

/// Writes a float of so many significant digits.
pub(super) fn float(value: f64, precision: usize, template: &Template, out: &mut String) -> Result<()> {
    if template.roman.is_some() {
        let whole = value.round_ties_even();
        roman((whole.abs() < 1e6).then_some(whole as i128), template, out);
        return Ok(());
    }
    if template.exponent {
        if !value.is_finite() {
            no_exponent(template, out);
            return Ok(());
        }
        let text = format!("{:.*e}", template.fraction, value.abs());
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        write_scientific(value.is_sign_negative(), digits, exponent.parse().unwrap_or(0), out);
        return Ok(());
    }
    let value = if template.shift > 0 { value * 10f64.powi(template.shift as i32) } else { value };
    let whole = |value: f64| match value {
        v if v.is_nan() => "NaN".to_string(),
        v if v.is_infinite() => "Infinity".to_string(),
        v => format!("{v:.0}"),
    };
    let magnitude = value.abs();
    let places = template.fraction.min(precision.saturating_sub(whole(magnitude).len()));
    let negative = value.is_sign_negative() && !value.is_nan();
    let digits = if value.is_finite() {
        let text = format!("{magnitude:.places$}");
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        Digits { negative, whole: whole.to_string(), fraction: fraction.to_string() }
    } else {
        Digits { negative, whole: whole(magnitude), fraction: "0".repeat(places) }
    };
    lay(digits, value.is_finite(), template, out)
}

/// `EEEE` of what has no exponent.
fn no_exponent(template: &Template, out: &mut String) {
    out.push(' ');
    out.extend(std::iter::repeat_n('#', template.whole));
    out.push('.');
    out.extend(std::iter::repeat_n('#', template.fraction + 4));
}

fn write_scientific(negative: bool, digits: &str, exponent: i64, out: &mut String) {
    out.push(if negative { '-' } else { ' ' });
    out.push_str(digits);
    out.push_str(&format!("e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs()));
}

fn scientific_numeric(value: &Numeric, template: &Template, out: &mut String) -> Result<()> {
    if !value.is_finite() {
        no_exponent(template, out);
        return Ok(());
    }
    let exponent = value.exponent().unwrap_or(0);
    let rounded = value.abs().rounded(template.fraction as i32 - exponent);
    // Rounding may have carried into a new digit.
    let exponent = rounded.exponent().unwrap_or(exponent);
    let mut plain = Vec::new();
    write_plain(&rounded, &mut plain);
    let mut digits: Vec<u8> = plain.into_iter().filter(u8::is_ascii_digit).skip_while(|d| *d == b'0').collect();
    digits.resize(template.fraction + 1, b'0');
    let digits = String::from_utf8_lossy(&digits);
    let shown = if template.fraction > 0 { format!("{}.{}", &digits[..1], &digits[1..]) } else { digits.into_owned() };
    write_scientific(value.sign() < 0, &shown, exponent as i64, out);
    Ok(())
}

/// Roman numerals of 1 to 3999, to the right of 15 places.
fn roman(value: Option<i128>, template: &Template, out: &mut String) {
    const SIGNS: [(i128, &str); 13] = [
        (1000, "M"),
        (900, "CM"),
        (500, "D"),
        (400, "CD"),
        (100, "C"),
        (90, "XC"),
        (50, "L"),
        (40, "XL"),
        (10, "X"),
        (9, "IX"),
        (5, "V"),
        (4, "IV"),
        (1, "I"),
    ];
    let Some(mut rest) = value.filter(|v| (1..4000).contains(v)) else {
        return out.push_str("###############");
    };
    let mut text = String::new();
    for (worth, sign) in SIGNS {
        while rest >= worth {
            text.push_str(sign);
            rest -= worth;
        }
    }
    if template.roman == Some(true) {
        text.make_ascii_lowercase();
    }
    let width = if template.fill { 0 } else { 15 };
    out.push_str(&format!("{text:>width$}"));
}

fn lay(mut digits: Digits, finite: bool, template: &Template, out: &mut String) -> Result<()> {
    let places = template.whole + template.shift;
    let overflow = digits.whole.len() > places;
    if overflow {
        digits.fraction = "#".repeat(digits.fraction.len());
        digits.whole = "#".repeat(places);
    } else if !finite {
        digits.fraction.clear();
    }
    let kept = match template.fill && !overflow {
        true => (digits.fraction.trim_end_matches('0').len()).max(template.zeros_to.min(digits.fraction.len())),
        false => digits.fraction.len(),
    };
    let hidden = digits.whole == "0" && !digits.fraction.is_empty() && template.zeros_from.is_none();
    let hidden = hidden && !(template.fill && kept == 0);
    let show_point = overflow || !digits.fraction.is_empty();
    let lead = places - digits.whole.len();
    let signs = Signs { negative: digits.negative, template };
    let (mut written, mut begun, mut place, mut behind, mut closed) = (false, false, 0usize, false, false);
    let mut fraction = digits.fraction[..kept].chars();
    let whole = digits.whole.as_bytes();
    for piece in &template.pieces {
        let (key, small) = match piece {
            Piece::Text(c) => {
                out.push(*c);
                continue;
            }
            Piece::Key(key, small) => (*key, *small),
        };
        match key {
            Key::Nine | Key::Zero if behind => {
                if let Some(digit) = fraction.next() {
                    signs.before(&mut written, out);
                    out.push(digit);
                    begun = true;
                }
            }
            Key::Nine | Key::Zero => {
                let digit = match place.checked_sub(lead) {
                    Some(at) if !hidden => whole.get(at).map(|&b| b as char),
                    _ if template.zeros_from.is_some_and(|from| from <= place) => Some('0'),
                    _ => None,
                };
                place += 1;
                match digit {
                    Some(digit) => {
                        signs.before(&mut written, out);
                        out.push(digit);
                        begun = true;
                    }
                    None if template.fill => {}
                    None => out.push(' '),
                }
            }
            Key::Point => {
                behind = true;
                begun = false;
                if show_point {
                    signs.before(&mut written, out);
                    out.push('.');
                }
            }
            Key::Comma if begun => out.push(','),
            Key::Comma if template.fill => {}
            Key::Comma | Key::Currency => out.push(' '),
            Key::Minus if digits.negative => out.push('-'),
            Key::Plus if !digits.negative => out.push('+'),
            Key::Minus | Key::Plus if template.fill => {}
            Key::Minus | Key::Plus => out.push(' '),
            Key::EitherSign => out.push(if digits.negative { '-' } else { '+' }),
            Key::Sign if template.sign == Some(Place::Behind) => out.push(if digits.negative { '-' } else { '+' }),
            Key::Brackets if !written || template.minus => {}
            Key::Brackets if digits.negative && !closed => {
                out.push('>');
                closed = true;
            }
            Key::Brackets if template.fill => {}
            Key::Brackets => out.push(' '),
            Key::Ordinal if digits.negative || template.point || (overflow && places > 0) => {}
            Key::Ordinal if places == 0 => {
                let text = "\".\" is not a number";
                return Err(Error::new(SqlState::INVALID_TEXT_REPRESENTATION, text));
            }
            Key::Ordinal => out.push_str(ordinal(&digits.whole, !small)),
            Key::Sign | Key::Roman | Key::Nothing | Key::Blank | Key::Multiply | Key::Fill | Key::Exponent => {}
        }
    }
    Ok(())
}

/// The sign that stands before the first digit.
struct Signs<'a> {
    negative: bool,
    template: &'a Template,
}

impl Signs<'_> {
    fn before(&self, written: &mut bool, out: &mut String) {
        if std::mem::replace(written, true) {
            return;
        }
        match (self.template.sign, self.negative) {
            (Some(Place::Behind), _) => {}
            (Some(Place::Before), negative) => out.push(if negative { '-' } else { '+' }),
            (None, true) if self.template.brackets => out.push('<'),
            // `MI` and `SG` have a place of their own.
            (None, _) if self.template.minus => {}
            (None, true) => out.push('-'),
            (None, false) if self.template.fill => {}
            (None, false) => out.push(' '),
        }
    }
}
