//! The functions and operators of numeric.

use super::{Numeric, apply_typmod};
use crate::hash;
use crate::int::{bigint_range, integer_range, smallint_range};
use error::{Error, Result, SqlState};

crate::builtins! {
    /// Functions of numeric.
    pub static NUMERICS =
    1767 numeric_larger each(Numeric, Numeric) |a: Numeric, b| a.max(b);
    1766 numeric_smaller each(Numeric, Numeric) |a: Numeric, b| a.min(b);
    1727 numeric_div each(Numeric, Numeric) |a: Numeric, b| a.div(&b);
    1973 numeric_div_trunc each(Numeric, Numeric) |a: Numeric, b| a.div_trunc(&b);
    1980 numeric_div_trunc each(Numeric, Numeric) |a: Numeric, b| a.div_trunc(&b);
    1728 numeric_mod each(Numeric, Numeric) |a: Numeric, b| a.rem(&b);
    1729 numeric_mod each(Numeric, Numeric) |a: Numeric, b| a.rem(&b);
    1771 numeric_uminus each(Numeric) |a: Numeric| a.negated();
    1915 numeric_uplus each(Numeric) |a: Numeric| a;
    1704 numeric_abs each(Numeric) |a: Numeric| a.abs();
    1705 numeric_abs each(Numeric) |a: Numeric| a.abs();
    1764 numeric_inc each(Numeric) |a: Numeric| a.add(&Numeric::from(1));
    1706 numeric_sign each(Numeric) |a: Numeric| if a.is_nan() { a } else { Numeric::from(a.sign() as i64) };
    1707 numeric_round each(Numeric, i32) |a: Numeric, scale| rounded(&a, scale, true);
    1709 numeric_trunc each(Numeric, i32) |a: Numeric, scale| rounded(&a, scale, false);
    1711 numeric_ceil each(Numeric) |a: Numeric| a.ceil();
    2167 numeric_ceil each(Numeric) |a: Numeric| a.ceil();
    1712 numeric_floor each(Numeric) |a: Numeric| a.floor();
    1730 numeric_sqrt each(Numeric) |a: Numeric| a.sqrt();
    1731 numeric_sqrt each(Numeric) |a: Numeric| a.sqrt();
    1732 numeric_exp each(Numeric) |a: Numeric| a.exp();
    1733 numeric_exp each(Numeric) |a: Numeric| a.exp();
    1734 numeric_ln each(Numeric) |a: Numeric| a.ln();
    1735 numeric_ln each(Numeric) |a: Numeric| a.ln();
    1736 numeric_log each(Numeric, Numeric) |a: Numeric, b: Numeric| Numeric::log(&a, &b);
    1737 numeric_log each(Numeric, Numeric) |a: Numeric, b: Numeric| Numeric::log(&a, &b);
    1738 numeric_power each(Numeric, Numeric) |a: Numeric, b: Numeric| a.power(&b);
    1739 numeric_power each(Numeric, Numeric) |a: Numeric, b: Numeric| a.power(&b);
    2169 numeric_power each(Numeric, Numeric) |a: Numeric, b: Numeric| a.power(&b);
    5048 numeric_gcd each(Numeric, Numeric) |a: Numeric, b: Numeric| gcd(&a, &b);
    5049 numeric_lcm each(Numeric, Numeric) |a: Numeric, b: Numeric| lcm(&a, &b);
    1376 numeric_fac each(i64) factorial;
    3281 numeric_scale each(Numeric) |a: Numeric| a.is_finite().then(|| a.scale() as i32);
    5042 numeric_min_scale each(Numeric) |a: Numeric| a.is_finite().then(|| a.least_scale() as i32);
    5043 numeric_trim_scale each(Numeric) |a: Numeric| a.trimmed();
    1703 numeric each(Numeric, i32) |a: Numeric, typmod| apply_typmod(a, typmod);
    1782 int2_numeric each(i16) |a| Numeric::from(a as i64);
    1740 int4_numeric each(i32) |a| Numeric::from(a as i64);
    1781 int8_numeric each(i64) Numeric::from;
    1742 float4_numeric each(f32) Numeric::from_f32;
    1743 float8_numeric each(f64) Numeric::from_f64;
    1783 numeric_int2 each(Numeric) |a: Numeric| to_integer(&a, "smallint", smallint_range).and_then(|v| i16::try_from(v).map_err(|_| smallint_range()));
    1744 numeric_int4 each(Numeric) |a: Numeric| to_integer(&a, "integer", integer_range).and_then(|v| i32::try_from(v).map_err(|_| integer_range()));
    1779 numeric_int8 each(Numeric) |a: Numeric| to_integer(&a, "bigint", bigint_range);
    1745 numeric_float4 each(Numeric) |a: Numeric| to_real(&a);
    1746 numeric_float8 each(Numeric) |a: Numeric| to_double(&a);
    2170 width_bucket_numeric each(Numeric, Numeric, Numeric, i32) |a: Numeric, low: Numeric, high: Numeric, count| width_bucket(&a, &low, &high, count);
    4141 in_range_numeric_numeric each(Numeric, Numeric, Numeric, bool, bool) |a: Numeric, base: Numeric, offset: Numeric, subtract, less| in_range(&a, &base, &offset, subtract, less);
    432 hash_numeric each(Numeric) |a: Numeric| hash_numeric(&a) as i32;
    780 hash_numeric_extended each(Numeric, i64) |a: Numeric, seed| hash_numeric_extended(&a, seed as u64) as i64;
}

fn rounded(value: &Numeric, scale: i32, round: bool) -> Result<Numeric> {
    if !value.is_finite() {
        return Ok(value.clone());
    }
    let result = if round { value.rounded(scale) } else { value.truncated(scale) };
    if result.is_nan() { Err(super::overflow()) } else { Ok(result) }
}

fn gcd(a: &Numeric, b: &Numeric) -> Result<Numeric> {
    if a.is_nan() || b.is_nan() || !a.is_finite() || !b.is_finite() {
        return Ok(Numeric::NaN);
    }
    let scale = a.scale().max(b.scale()) as i32;
    let (mut a, mut b) = (a.abs(), b.abs());
    while !b.is_zero() {
        let rest = a.rem(&b)?;
        (a, b) = (b, rest);
    }
    Ok(a.rounded(scale))
}

fn lcm(a: &Numeric, b: &Numeric) -> Result<Numeric> {
    if !a.is_finite() || !b.is_finite() {
        return Ok(Numeric::NaN);
    }
    let scale = a.scale().max(b.scale()) as i32;
    if a.is_zero() || b.is_zero() {
        return Ok(Numeric::ZERO.rounded(scale));
    }
    let divisor = gcd(a, b)?;
    Ok(a.div_to_scale(&divisor, 0, false)?.mul(b)?.abs().rounded(scale))
}

fn factorial(n: i64) -> Result<Numeric> {
    if n < 0 {
        return Err(Error::new(SqlState::NUMERIC_VALUE_OUT_OF_RANGE, "factorial of a negative number is undefined"));
    }
    if n > 32177 {
        return Err(super::overflow());
    }
    let mut product = super::big::Natural::from_u128(1);
    for factor in 2..=n as u32 {
        product = product.mul_small(factor);
    }
    super::Large { negative: false, digits: product, scale: 0 }.into_numeric()
}

pub(crate) fn to_integer(value: &Numeric, type_name: &str, range: fn() -> Error) -> Result<i64> {
    match value {
        Numeric::NaN => Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, format!("cannot convert NaN to {type_name}"))),
        Numeric::Infinity | Numeric::NegativeInfinity => {
            Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, format!("cannot convert infinity to {type_name}")))
        }
        finite => finite.to_i128().and_then(|v| i64::try_from(v).ok()).ok_or_else(range),
    }
}

fn out_of_range(value: &Numeric, type_name: &str) -> Error {
    let mut text = Vec::new();
    super::text::write_plain(value, &mut text);
    Error::new(
        SqlState::NUMERIC_VALUE_OUT_OF_RANGE,
        format!("\"{}\" is out of range for type {type_name}", String::from_utf8_lossy(&text)),
    )
}

/// The nearest double; fails if it is too large or too small.
pub fn to_double(value: &Numeric) -> Result<f64> {
    let double = value.to_f64();
    if value.is_finite() && (double.is_infinite() || double == 0.0 && !value.is_zero()) {
        return Err(out_of_range(value, "double precision"));
    }
    Ok(double)
}

pub(crate) fn to_real(value: &Numeric) -> Result<f32> {
    if !value.is_finite() {
        return Ok(value.to_f64() as f32);
    }
    let mut text = Vec::new();
    super::text::write_plain(value, &mut text);
    let real: f32 = String::from_utf8_lossy(&text).parse().unwrap_or(f32::NAN);
    if real.is_infinite() || real == 0.0 && !value.is_zero() {
        return Err(out_of_range(value, "real"));
    }
    Ok(real)
}

fn width_bucket(operand: &Numeric, low: &Numeric, high: &Numeric, count: i32) -> Result<i32> {
    let invalid = |message: &str| Err(Error::new(SqlState::INVALID_ARGUMENT_FOR_WIDTH_BUCKET_FUNCTION, message));
    if count <= 0 {
        return invalid("count must be greater than zero");
    }
    if operand.is_nan() || low.is_nan() || high.is_nan() {
        return invalid("operand, lower bound, and upper bound cannot be NaN");
    }
    if !low.is_finite() || !high.is_finite() {
        return invalid("lower and upper bounds must be finite");
    }
    let (below, above) = if low < high {
        (operand < low, operand >= high)
    } else if low > high {
        (operand > low, operand <= high)
    } else {
        return invalid("lower bound cannot equal upper bound");
    };
    if below {
        return Ok(0);
    }
    if above {
        return count.checked_add(1).ok_or_else(integer_range);
    }
    let share = operand.sub(low)?.mul(&Numeric::from(count as i64))?.div_trunc(&high.sub(low)?)?;
    Ok((share.to_i128().unwrap_or(0) as i32).clamp(0, count - 1) + 1)
}

fn in_range(value: &Numeric, base: &Numeric, offset: &Numeric, subtract: bool, lower: bool) -> Result<bool> {
    if offset.is_nan() || offset.sign() < 0 {
        return Err(crate::int::invalid_frame_offset());
    }
    if value.is_nan() {
        return Ok(base.is_nan() || !lower);
    }
    if base.is_nan() {
        return Ok(lower);
    }
    if !offset.is_finite() {
        let opposite = if subtract { Numeric::Infinity } else { Numeric::NegativeInfinity };
        if *base == opposite {
            return Ok(true);
        }
    }
    let bound = if subtract { base.sub(offset)? } else { base.add(offset)? };
    Ok(if lower { *value <= bound } else { *value >= bound })
}

fn digit_bytes(value: &Numeric) -> (Vec<u8>, i32) {
    let (digits, weight) = value.base_10000();
    (digits.iter().flat_map(|d| d.to_le_bytes()).collect(), weight)
}

/// The hash of the value whatever its scale: of its digits in base 10,000.
pub fn hash_numeric(value: &Numeric) -> u32 {
    if !value.is_finite() {
        return 0;
    }
    let (digits, weight) = digit_bytes(value);
    if digits.is_empty() { u32::MAX } else { hash::bytes(&digits) ^ weight as u32 }
}

/// The 64-bit hash of the value with a seed.
pub fn hash_numeric_extended(value: &Numeric, seed: u64) -> u64 {
    if !value.is_finite() {
        return seed;
    }
    let (digits, weight) = digit_bytes(value);
    if digits.is_empty() {
        return seed.wrapping_sub(1);
    }
    hash::bytes_extended(&digits, seed) ^ weight as i64 as u64
}
