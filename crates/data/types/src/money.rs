//! money: cents in 64 bits, shown in dollars: what `lc_monetary` of C gives.

use crate::call::Context;
use crate::float;
use crate::format::trim;
use crate::io::{TypeIo, fixed_io};
use crate::numeric::Numeric;
use error::{Error, Result, SqlState};

fixed_io! {
    /// money
    pub MONEY_IO: i64, B8, as_i64, |text, _| parse(text), |value, _, out| write(value, out);
}

crate::builtins! {
    /// Functions of money.
    pub static MONEYS =
    888 cash_eq fast(i64, i64) |a, b| a == b;
    889 cash_ne fast(i64, i64) |a, b| a != b;
    890 cash_lt fast(i64, i64) |a, b| a < b;
    891 cash_le fast(i64, i64) |a, b| a <= b;
    892 cash_gt fast(i64, i64) |a, b| a > b;
    893 cash_ge fast(i64, i64) |a, b| a >= b;
    377 cash_cmp fast(i64, i64) |a: i64, b: i64| a.cmp(&b) as i32;
    898 cashlarger fast(i64, i64) |a: i64, b: i64| a.max(b);
    899 cashsmaller fast(i64, i64) |a: i64, b: i64| a.min(b);
    894 cash_pl fast(i64, i64) |a: i64, b: i64| a.checked_add(b).ok_or_else(out_of_range);
    895 cash_mi fast(i64, i64) |a: i64, b: i64| a.checked_sub(b).ok_or_else(out_of_range);
    3822 cash_div_cash fast(i64, i64) |a: i64, b: i64| if b == 0 { Err(crate::int::division_by_zero()) } else { Ok(a as f64 / b as f64) };
    896 cash_mul_flt8 fast(i64, f64) |a: i64, b: f64| times(a, b);
    919 flt8_mul_cash fast(f64, i64) |a: f64, b: i64| times(b, a);
    897 cash_div_flt8 fast(i64, f64) |a: i64, b: f64| over(a, b);
    846 cash_mul_flt4 fast(i64, f32) |a: i64, b: f32| times(a, b as f64);
    848 flt4_mul_cash fast(f32, i64) |a: f32, b: i64| times(b, a as f64);
    847 cash_div_flt4 fast(i64, f32) |a: i64, b: f32| over(a, b as f64);
    3344 cash_mul_int8 fast(i64, i64) |a: i64, b: i64| a.checked_mul(b).ok_or_else(out_of_range);
    3399 int8_mul_cash fast(i64, i64) |a: i64, b: i64| a.checked_mul(b).ok_or_else(out_of_range);
    3345 cash_div_int8 fast(i64, i64) |a: i64, b: i64| divide(a, b);
    864 cash_mul_int4 fast(i64, i32) |a: i64, b: i32| a.checked_mul(b as i64).ok_or_else(out_of_range);
    862 int4_mul_cash fast(i32, i64) |a: i32, b: i64| b.checked_mul(a as i64).ok_or_else(out_of_range);
    865 cash_div_int4 fast(i64, i32) |a: i64, b: i32| divide(a, b as i64);
    866 cash_mul_int2 fast(i64, i16) |a: i64, b: i16| a.checked_mul(b as i64).ok_or_else(out_of_range);
    863 int2_mul_cash fast(i16, i64) |a: i16, b: i64| b.checked_mul(a as i64).ok_or_else(out_of_range);
    867 cash_div_int2 fast(i64, i16) |a: i64, b: i16| divide(a, b as i64);
    935 cash_words arena(i64) |a, out: &mut Vec<u8>| out.extend_from_slice(words(a).as_bytes());
    3823 cash_numeric each(i64) |a: i64| Numeric::Small(a as i128, 2);
    3824 numeric_cash each(Context, Numeric) |_cx: Context<'_>, a: Numeric| from_numeric(&a);
    3811 int4_cash fast(i32) |a: i32| a as i64 * 100;
    3812 int8_cash fast(i64) |a: i64| a.checked_mul(100).ok_or_else(crate::int::bigint_range);
}

#[cold]
fn out_of_range() -> Error {
    Error::new(SqlState::NUMERIC_VALUE_OUT_OF_RANGE, "money out of range")
}

fn rounded(value: f64) -> Result<i64> {
    float::to_integer(value.round_ties_even(), i64::MIN as f64, -(i64::MIN as f64)).ok_or_else(out_of_range)
}

fn times(money: i64, factor: f64) -> Result<i64> {
    float::mul(money as f64, factor).and_then(rounded)
}

fn over(money: i64, divisor: f64) -> Result<i64> {
    float::div(money as f64, divisor).and_then(rounded)
}

fn divide(money: i64, divisor: i64) -> Result<i64> {
    if divisor == 0 {
        return Err(crate::int::division_by_zero());
    }
    money.checked_div(divisor).ok_or_else(out_of_range)
}

fn from_numeric(value: &Numeric) -> Result<i64> {
    let cents = value.mul(&Numeric::from(100))?;
    crate::numeric::to_integer(&cents, "money", crate::int::bigint_range)
}

/// Reads an amount: with a dollar sign, commas, and below zero a sign or parentheses, all where people put them.
fn parse(text: &str) -> Result<i64> {
    let invalid = || {
        Error::new(SqlState::INVALID_TEXT_REPRESENTATION, format!("invalid input syntax for type money: \"{text}\""))
    };
    let range =
        || Error::new(SqlState::NUMERIC_VALUE_OUT_OF_RANGE, format!("value \"{text}\" is out of range for type money"));
    let mut rest = trim(text);
    let mut negative = false;
    let skip = |rest: &mut &str| {
        *rest = trim(rest);
        if let Some(after) = rest.strip_prefix('$') {
            *rest = after;
        }
    };
    skip(&mut rest);
    if let Some(after) = rest.strip_prefix(['-', '(']) {
        negative = true;
        rest = after;
    } else if let Some(after) = rest.strip_prefix('+') {
        rest = after;
    }
    skip(&mut rest);
    rest = trim(rest);
    // Amounts are summed up below zero, where there is one more.
    let (mut cents, mut digits, mut fraction, mut seen) = (0i64, 0, false, false);
    let bytes = rest.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            digit @ b'0'..=b'9' if !fraction || digits < 2 => {
                let digit = (digit - b'0') as i64;
                cents = cents.checked_mul(10).and_then(|c| c.checked_sub(digit)).ok_or_else(range)?;
                digits += fraction as u32;
                seen = true;
            }
            b'.' if !fraction => fraction = true,
            b',' if !fraction => {}
            _ => break,
        }
        at += 1;
    }
    let up = bytes.get(at).is_some_and(|b| matches!(b, b'5'..=b'9'));
    for _ in digits..2 {
        cents = cents.checked_mul(10).ok_or_else(range)?;
    }
    if up {
        cents = cents.checked_sub(1).ok_or_else(range)?;
    }
    while bytes.get(at).is_some_and(u8::is_ascii_digit) {
        at += 1;
    }
    for c in rest[at..].chars() {
        match c {
            ')' | '+' | '$' => {}
            '-' => negative = true,
            c if c.is_ascii_whitespace() => {}
            _ => return Err(invalid()),
        }
    }
    if !seen && !text.is_empty() && !rest.is_empty() {
        return Err(invalid());
    }
    if negative { Ok(cents) } else { cents.checked_neg().ok_or_else(range) }
}

fn write(value: i64, out: &mut Vec<u8>) {
    let (dollars, cents) = (value.unsigned_abs() / 100, value.unsigned_abs() % 100);
    if value < 0 {
        out.push(b'-');
    }
    out.push(b'$');
    let digits = dollars.to_string();
    for (k, digit) in digits.bytes().enumerate() {
        if k > 0 && (digits.len() - k).is_multiple_of(3) {
            out.push(b',');
        }
        out.push(digit);
    }
    out.extend_from_slice(format!(".{cents:02}").as_bytes());
}

const SMALL: [&str; 28] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
    "twenty",
    "thirty",
    "forty",
    "fifty",
    "sixty",
    "seventy",
    "eighty",
    "ninety",
];

/// A number below 1000 in words.
fn small_words(value: u64) -> String {
    let ten = |rest: u64| SMALL[(18 + rest / 10) as usize];
    let below_hundred = |rest: u64| match rest {
        0..20 => SMALL[rest as usize].to_string(),
        _ if rest.is_multiple_of(10) => ten(rest).to_string(),
        _ => format!("{} {}", ten(rest), SMALL[(rest % 10) as usize]),
    };
    let (hundreds, rest) = (value / 100, value % 100);
    match (hundreds, rest) {
        (0, rest) => below_hundred(rest),
        (hundreds, 0) => format!("{} hundred", SMALL[hundreds as usize]),
        (hundreds, 1..20) if rest != 10 => {
            format!("{} hundred and {}", SMALL[hundreds as usize], below_hundred(rest))
        }
        (hundreds, 10) => format!("{} hundred and {}", SMALL[hundreds as usize], below_hundred(rest)),
        (hundreds, rest) => format!("{} hundred {}", SMALL[hundreds as usize], below_hundred(rest)),
    }
}

/// An amount in words.
fn words(value: i64) -> String {
    let (dollars, cents) = (value.unsigned_abs() / 100, value.unsigned_abs() % 100);
    let mut text = String::new();
    if value < 0 {
        text.push_str("minus ");
    }
    let units = [
        (1_000_000_000_000_000, "quadrillion"),
        (1_000_000_000_000, "trillion"),
        (1_000_000_000, "billion"),
        (1_000_000, "million"),
        (1_000, "thousand"),
    ];
    for (unit, name) in units {
        let count = dollars / unit % 1000;
        if count > 0 {
            text.push_str(&format!("{} {name} ", small_words(count)));
        }
    }
    if dollars % 1000 > 0 {
        text.push_str(&small_words(dollars % 1000));
    } else if dollars == 0 {
        text.push_str("zero");
    }
    text.push_str(if dollars == 1 { " dollar and " } else { " dollars and " });
    text.push_str(&small_words(cents));
    text.push_str(if cents == 1 { " cent" } else { " cents" });
    text[..1].to_ascii_uppercase() + &text[1..]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Recorded from PostgreSQL 18.6.
    #[test]
    fn amounts_in_and_out() {
        for (text, wanted) in [
            ("123", "$123.00"),
            ("$123.455", "$123.46"),
            ("$123.454", "$123.45"),
            ("($123,456.78)", "-$123,456.78"),
            ("-1234567890", "-$1,234,567,890.00"),
            ("-92233720368547758.08", "-$92,233,720,368,547,758.08"),
        ] {
            let mut out = Vec::new();
            write(parse(text).unwrap(), &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), wanted);
        }
        assert_eq!(parse("92233720368547758.08").unwrap_err().state(), SqlState::NUMERIC_VALUE_OUT_OF_RANGE);
        assert_eq!(parse("\\x0001").unwrap_err().state(), SqlState::INVALID_TEXT_REPRESENTATION);
        assert_eq!(words(12423), "One hundred twenty four dollars and twenty three cents");
    }
}
