//! real and double precision: arithmetic with PostgreSQL's overflow rules, comparison with NaN above all, mathematical
//! functions, shortest text.

use crate::environment::Environment;
use crate::format::{trim, write_i64, write_padded};
use crate::int::{bigint_range, division_by_zero, integer_range, invalid_input, smallint_range};
use crate::io::{TypeIo, fixed_io};
use error::{Error, Result, SqlState};
use std::cmp::Ordering;

crate::builtins! {
    /// Functions of real and double precision.
    pub static FLOATS =
    287 float4eq fast(f32, f32) |a, b| equal(a as f64, b as f64);
    293 float8eq fast(f64, f64) equal;
    299 float48eq fast(f32, f64) |a, b| equal(a as f64, b);
    305 float84eq fast(f64, f32) |a, b| equal(a, b as f64);
    288 float4ne fast(f32, f32) |a, b| !equal(a as f64, b as f64);
    294 float8ne fast(f64, f64) |a, b| !equal(a, b);
    300 float48ne fast(f32, f64) |a, b| !equal(a as f64, b);
    306 float84ne fast(f64, f32) |a, b| !equal(a, b as f64);
    289 float4lt fast(f32, f32) |a, b| less(a as f64, b as f64);
    295 float8lt fast(f64, f64) less;
    301 float48lt fast(f32, f64) |a, b| less(a as f64, b);
    307 float84lt fast(f64, f32) |a, b| less(a, b as f64);
    290 float4le fast(f32, f32) |a, b| !less(b as f64, a as f64);
    296 float8le fast(f64, f64) |a, b| !less(b, a);
    302 float48le fast(f32, f64) |a, b| !less(b, a as f64);
    308 float84le fast(f64, f32) |a, b| !less(b as f64, a);
    291 float4gt fast(f32, f32) |a, b| less(b as f64, a as f64);
    297 float8gt fast(f64, f64) |a, b| less(b, a);
    303 float48gt fast(f32, f64) |a, b| less(b, a as f64);
    309 float84gt fast(f64, f32) |a, b| less(b as f64, a);
    292 float4ge fast(f32, f32) |a, b| !less(a as f64, b as f64);
    298 float8ge fast(f64, f64) |a, b| !less(a, b);
    304 float48ge fast(f32, f64) |a, b| !less(a as f64, b);
    310 float84ge fast(f64, f32) |a, b| !less(a, b as f64);
    354 btfloat4cmp fast(f32, f32) |a, b| compare(a as f64, b as f64) as i32;
    355 btfloat8cmp fast(f64, f64) |a, b| compare(a, b) as i32;
    2194 btfloat48cmp fast(f32, f64) |a, b| compare(a as f64, b) as i32;
    2195 btfloat84cmp fast(f64, f32) |a, b| compare(a, b as f64) as i32;
    209 float4larger fast(f32, f32) |a, b| if less(b as f64, a as f64) { a } else { b };
    223 float8larger fast(f64, f64) |a, b| if less(b, a) { a } else { b };
    211 float4smaller fast(f32, f32) |a, b| if less(a as f64, b as f64) { a } else { b };
    224 float8smaller fast(f64, f64) |a, b| if less(a, b) { a } else { b };
    204 float4pl fast(f32, f32) |a, b| finite32(a + b, a.is_infinite() || b.is_infinite());
    205 float4mi fast(f32, f32) |a, b| finite32(a - b, a.is_infinite() || b.is_infinite());
    202 float4mul fast(f32, f32) |a, b| in_range32(a * b, a.is_infinite() || b.is_infinite(), a == 0.0 || b == 0.0);
    203 float4div fast(f32, f32) |a, b| if b == 0.0 && !a.is_nan() { Err(division_by_zero()) } else { in_range32(a / b, a.is_infinite(), a == 0.0 || b.is_infinite()) };
    218 float8pl fast(f64, f64) add;
    281 float48pl fast(f32, f64) |a, b| add(a as f64, b);
    285 float84pl fast(f64, f32) |a, b| add(a, b as f64);
    219 float8mi fast(f64, f64) sub;
    282 float48mi fast(f32, f64) |a, b| sub(a as f64, b);
    286 float84mi fast(f64, f32) |a, b| sub(a, b as f64);
    216 float8mul fast(f64, f64) mul;
    279 float48mul fast(f32, f64) |a, b| mul(a as f64, b);
    283 float84mul fast(f64, f32) |a, b| mul(a, b as f64);
    217 float8div fast(f64, f64) div;
    280 float48div fast(f32, f64) |a, b| div(a as f64, b);
    284 float84div fast(f64, f32) |a, b| div(a, b as f64);
    206 float4um fast(f32) |a| -a;
    220 float8um fast(f64) |a| -a;
    1913 float4up fast(f32) |a| a;
    1914 float8up fast(f64) |a| a;
    207 float4abs fast(f32) |a| a.abs();
    1394 float4abs fast(f32) |a| a.abs();
    221 float8abs fast(f64) |a| a.abs();
    1395 float8abs fast(f64) |a| a.abs();
    311 ftod fast(f32) |a| a as f64;
    235 i2tod fast(i16) |a| a as f64;
    316 i4tod fast(i32) |a| a as f64;
    482 i8tod fast(i64) |a| a as f64;
    236 i2tof fast(i16) |a| a as f32;
    318 i4tof fast(i32) |a| a as f32;
    652 i8tof fast(i64) |a| a as f32;
    312 dtof fast(f64) |a| in_range32(a as f32, a.is_infinite(), a == 0.0);
    237 dtoi2 fast(f64) |a| to_integer(a, -32768.0, 32768.0).map(|v| v as i16).ok_or_else(smallint_range);
    238 ftoi2 fast(f32) |a| to_integer(a as f64, -32768.0, 32768.0).map(|v| v as i16).ok_or_else(smallint_range);
    317 dtoi4 fast(f64) |a| to_integer(a, -2147483648.0, 2147483648.0).map(|v| v as i32).ok_or_else(integer_range);
    319 ftoi4 fast(f32) |a| to_integer(a as f64, -2147483648.0, 2147483648.0).map(|v| v as i32).ok_or_else(integer_range);
    483 dtoi8 fast(f64) |a| to_integer(a, -9223372036854775808.0, 9223372036854775808.0).ok_or_else(bigint_range);
    653 ftoi8 fast(f32) |a| to_integer(a as f64, -9223372036854775808.0, 9223372036854775808.0).ok_or_else(bigint_range);
    228 dround fast(f64) |a| a.round_ties_even();
    1342 dround fast(f64) |a| a.round_ties_even();
    229 dtrunc fast(f64) |a| a.trunc();
    1343 dtrunc fast(f64) |a| a.trunc();
    2308 dceil fast(f64) |a| a.ceil();
    2320 dceil fast(f64) |a| a.ceil();
    2309 dfloor fast(f64) |a| a.floor();
    2310 dsign fast(f64) |a| (a > 0.0) as i8 as f64 - (a < 0.0) as i8 as f64;
    230 dsqrt each(f64) sqrt;
    1344 dsqrt each(f64) sqrt;
    231 dcbrt each(f64) |a| in_range(a.cbrt(), a.is_infinite(), a == 0.0);
    1345 dcbrt each(f64) |a| in_range(a.cbrt(), a.is_infinite(), a == 0.0);
    232 dpow each(f64, f64) power;
    1346 dpow each(f64, f64) power;
    1368 dpow each(f64, f64) power;
    233 dexp each(f64) exp;
    1347 dexp each(f64) exp;
    234 dlog1 each(f64) |a| logarithm(a, f64::ln);
    1341 dlog1 each(f64) |a| logarithm(a, f64::ln);
    1194 dlog10 each(f64) |a| logarithm(a, f64::log10);
    1339 dlog10 each(f64) |a| logarithm(a, f64::log10);
    1340 dlog10 each(f64) |a| logarithm(a, f64::log10);
    1600 dasin each(f64) |a| unit(a, f64::asin);
    1601 dacos each(f64) |a| unit(a, f64::acos);
    1602 datan each(f64) f64::atan;
    1603 datan2 each(f64, f64) f64::atan2;
    1604 dsin each(f64) |a| periodic(a, f64::sin);
    1605 dcos each(f64) |a| periodic(a, f64::cos);
    1606 dtan each(f64) |a| periodic(a, f64::tan);
    1607 dcot each(f64) |a| periodic(a, |a| 1.0 / a.tan());
    2735 dsind each(f64) |a| periodic(a, degrees_sine);
    2736 dcosd each(f64) |a| periodic(a, degrees_cosine);
    // Adding zero makes a zero of both signs the positive one.
    2737 dtand each(f64) |a| periodic(a, |a| degrees_sine(a) / degrees_cosine(a) + 0.0);
    2738 dcotd each(f64) |a| periodic(a, |a| degrees_cosine(a) / degrees_sine(a) + 0.0);
    6219 derf each(f64) sys::math::error_function;
    6220 derfc each(f64) sys::math::complementary_error_function;
    6383 dgamma each(f64) gamma;
    6384 dlgamma each(f64) |a| in_range(sys::math::log_gamma(a), a.is_infinite(), true);
    2731 dasind each(f64) |a| unit(a, |a| exact_degrees(a.asin().to_degrees()));
    2732 dacosd each(f64) |a| unit(a, |a| exact_degrees(a.acos().to_degrees()));
    2733 datand each(f64) |a| exact_degrees(a.atan().to_degrees());
    2734 datan2d each(f64, f64) |a, b| exact_degrees(f64::atan2(a, b).to_degrees());
    2462 dsinh each(f64) f64::sinh;
    2463 dcosh each(f64) f64::cosh;
    2464 dtanh each(f64) f64::tanh;
    2465 dasinh each(f64) f64::asinh;
    2466 dacosh each(f64) |a| if a < 1.0 { Err(input_range()) } else { Ok(f64::acosh(a)) };
    2467 datanh each(f64) |a| if !(-1.0..=1.0).contains(&a) && !a.is_nan() { Err(input_range()) } else { Ok(f64::atanh(a)) };
    1608 degrees each(f64) |a| div(a, std::f64::consts::PI / 180.0);
    1609 radians each(f64) |a| mul(a, std::f64::consts::PI / 180.0);
    1610 dpi each() || std::f64::consts::PI;
    320 width_bucket_float8 each(f64, f64, f64, i32) width_bucket;
    4139 in_range_float8_float8 each(f64, f64, f64, bool, bool) frame_bound;
    4140 in_range_float4_float8 each(f32, f32, f64, bool, bool) |value, base, offset, subtract, less| frame_bound(value as f64, base as f64, offset, subtract, less);
}

/// Equality, where NaN equals itself.
#[inline(always)]
pub fn equal(a: f64, b: f64) -> bool {
    (a == b) | (a.is_nan() & b.is_nan())
}

/// Order, where NaN is above all.
#[inline(always)]
pub fn less(a: f64, b: f64) -> bool {
    (a < b) | (!a.is_nan() & b.is_nan())
}

/// Order, where NaN is above all and equals itself.
pub fn compare(a: f64, b: f64) -> Ordering {
    match (less(a, b), less(b, a)) {
        (true, _) => Ordering::Less,
        (_, true) => Ordering::Greater,
        _ => Ordering::Equal,
    }
}

/// `22003 value out of range: overflow`.
#[cold]
pub fn overflow() -> Error {
    Error::new(SqlState::NUMERIC_VALUE_OUT_OF_RANGE, "value out of range: overflow")
}

/// `22003 value out of range: underflow`.
#[cold]
pub fn underflow() -> Error {
    Error::new(SqlState::NUMERIC_VALUE_OUT_OF_RANGE, "value out of range: underflow")
}

#[cold]
fn input_range() -> Error {
    Error::new(SqlState::NUMERIC_VALUE_OUT_OF_RANGE, "input is out of range")
}

#[inline(always)]
fn finite32(value: f32, may_be_infinite: bool) -> Result<f32> {
    if value.is_infinite() && !may_be_infinite { Err(overflow()) } else { Ok(value) }
}

#[inline(always)]
fn in_range32(value: f32, may_be_infinite: bool, may_be_zero: bool) -> Result<f32> {
    if value == 0.0 && !may_be_zero {
        return Err(underflow());
    }
    finite32(value, may_be_infinite)
}

/// Checks a result: infinite only if an operand was, zero only if it may be.
#[inline(always)]
pub fn in_range(value: f64, may_be_infinite: bool, may_be_zero: bool) -> Result<f64> {
    if value.is_infinite() && !may_be_infinite {
        return Err(overflow());
    }
    if value == 0.0 && !may_be_zero {
        return Err(underflow());
    }
    Ok(value)
}

/// Sum.
#[inline(always)]
pub fn add(a: f64, b: f64) -> Result<f64> {
    in_range(a + b, a.is_infinite() || b.is_infinite(), true)
}

/// Difference.
#[inline(always)]
pub fn sub(a: f64, b: f64) -> Result<f64> {
    in_range(a - b, a.is_infinite() || b.is_infinite(), true)
}

/// Product.
#[inline(always)]
pub fn mul(a: f64, b: f64) -> Result<f64> {
    in_range(a * b, a.is_infinite() || b.is_infinite(), a == 0.0 || b == 0.0)
}

/// Quotient.
#[inline(always)]
pub fn div(a: f64, b: f64) -> Result<f64> {
    if b == 0.0 && !a.is_nan() {
        return Err(division_by_zero());
    }
    in_range(a / b, a.is_infinite(), a == 0.0 || b.is_infinite())
}

/// The nearest integer, ties to even, if it is at least `least` and below `limit`.
pub fn to_integer(value: f64, least: f64, limit: f64) -> Option<i64> {
    let value = value.round_ties_even();
    (value >= least && value < limit).then_some(value as i64)
}

fn sqrt(a: f64) -> Result<f64> {
    if a < 0.0 {
        return Err(Error::new(
            SqlState::INVALID_ARGUMENT_FOR_POWER_FUNCTION,
            "cannot take square root of a negative number",
        ));
    }
    Ok(a.sqrt())
}

fn exp(a: f64) -> Result<f64> {
    if a.is_nan() || a.is_infinite() {
        return Ok(if a == f64::NEG_INFINITY { 0.0 } else { a });
    }
    in_range(a.exp(), false, false)
}

/// PostgreSQL's `power` on doubles: POSIX's rules for NaN and infinity, SQL's errors for the rest.
fn power(a: f64, b: f64) -> Result<f64> {
    if a.is_nan() {
        return Ok(if b == 0.0 { 1.0 } else { a });
    }
    if b.is_nan() {
        return Ok(if a == 1.0 { 1.0 } else { b });
    }
    let invalid = |message: &str| Err(Error::new(SqlState::INVALID_ARGUMENT_FOR_POWER_FUNCTION, message));
    if a == 0.0 && b < 0.0 {
        return invalid("zero raised to a negative power is undefined");
    }
    if a < 0.0 && b.floor() != b {
        return invalid("a negative number raised to a non-integer power yields a complex result");
    }
    if a.is_infinite() || b.is_infinite() {
        return Ok(a.powf(b));
    }
    in_range(a.powf(b), false, a == 0.0)
}

/// The gamma function, where poles are an overflow.
fn gamma(a: f64) -> Result<f64> {
    if a.is_nan() || a == f64::INFINITY {
        return Ok(a);
    }
    let value = sys::math::gamma(a);
    in_range(if value.is_nan() { f64::INFINITY } else { value }, false, false)
}

fn logarithm(a: f64, f: impl Fn(f64) -> f64) -> Result<f64> {
    if a == 0.0 {
        return Err(Error::new(SqlState::INVALID_ARGUMENT_FOR_LOG, "cannot take logarithm of zero"));
    }
    if a < 0.0 {
        return Err(Error::new(SqlState::INVALID_ARGUMENT_FOR_LOG, "cannot take logarithm of a negative number"));
    }
    in_range(f(a), a.is_infinite(), a == 1.0)
}

fn unit(a: f64, f: impl Fn(f64) -> f64) -> Result<f64> {
    if a.is_nan() {
        return Ok(a);
    }
    if !(-1.0..=1.0).contains(&a) {
        return Err(input_range());
    }
    Ok(f(a))
}

fn periodic(a: f64, f: impl Fn(f64) -> f64) -> Result<f64> {
    if a.is_infinite() {
        return Err(input_range());
    }
    Ok(if a.is_nan() { a } else { f(a) })
}

/// Sine of an angle in degrees, exact at multiples of 30.
fn degrees_sine(a: f64) -> f64 {
    let mut sign = if a < 0.0 { -1.0 } else { 1.0 };
    let mut a = a.abs() % 360.0;
    if a > 180.0 {
        a = 360.0 - a;
        sign = -sign;
    }
    if a > 90.0 {
        a = 180.0 - a;
    }
    sign * first_quadrant_sine(a)
}

fn degrees_cosine(a: f64) -> f64 {
    let mut a = a.abs() % 360.0;
    if a > 180.0 {
        a = 360.0 - a;
    }
    if a > 90.0 { -first_quadrant_sine(a - 90.0).mul_add(1.0, 0.0) } else { first_quadrant_cosine(a) }
}

fn first_quadrant_sine(a: f64) -> f64 {
    if a <= 30.0 {
        a.to_radians().sin() / 30f64.to_radians().sin() / 2.0
    } else {
        first_quadrant_cosine_small(90.0 - a)
    }
}

fn first_quadrant_cosine(a: f64) -> f64 {
    if a <= 60.0 { first_quadrant_cosine_small(a) } else { first_quadrant_sine(90.0 - a) }
}

/// Cosine of up to 60 degrees, exactly 1/2 there.
fn first_quadrant_cosine_small(a: f64) -> f64 {
    1.0 - (1.0 - a.to_radians().cos()) / (1.0 - 60f64.to_radians().cos()) / 2.0
}

/// Degrees rounded to a multiple of 30 or 45 where they are within rounding errors of it.
fn exact_degrees(a: f64) -> f64 {
    let near = (a / 15.0).round() * 15.0;
    if near != 0.0 && (a - near).abs() < 1e-12 { near } else { a }
}

fn width_bucket(operand: f64, low: f64, high: f64, count: i32) -> Result<i32> {
    let invalid = |message: &str| Err(Error::new(SqlState::INVALID_ARGUMENT_FOR_WIDTH_BUCKET_FUNCTION, message));
    if count <= 0 {
        return invalid("count must be greater than zero");
    }
    if operand.is_nan() || low.is_nan() || high.is_nan() {
        return invalid("operand, lower bound, and upper bound cannot be NaN");
    }
    if low.is_infinite() || high.is_infinite() {
        return invalid("lower and upper bounds must be finite");
    }
    let bucket = |share: f64| ((share * count as f64) as i32).clamp(0, count - 1) + 1;
    let above = || count.checked_add(1).ok_or_else(integer_range);
    if low < high {
        if operand < low {
            Ok(0)
        } else if operand >= high {
            above()
        } else {
            Ok(bucket((operand / 2.0 - low / 2.0) / (high / 2.0 - low / 2.0)))
        }
    } else if low > high {
        if operand > low {
            Ok(0)
        } else if operand <= high {
            above()
        } else {
            Ok(bucket((low / 2.0 - operand / 2.0) / (low / 2.0 - high / 2.0)))
        }
    } else {
        invalid("lower bound cannot equal upper bound")
    }
}

fn frame_bound(value: f64, base: f64, offset: f64, subtract: bool, lower: bool) -> Result<bool> {
    if offset.is_nan() || offset < 0.0 {
        return Err(crate::int::invalid_frame_offset());
    }
    if value.is_nan() {
        return Ok(base.is_nan() || !lower);
    }
    if base.is_nan() {
        return Ok(lower);
    }
    if offset.is_infinite() && base.is_infinite() && (base > 0.0) == subtract {
        return Ok(true);
    }
    let bound = if subtract { base - offset } else { base + offset };
    Ok(if lower { value <= bound } else { value >= bound })
}

/// Reads the text of a double or real; `type_name` stands in errors.
pub fn parse_float(text: &str, type_name: &str) -> Result<f64> {
    let (value, zero_digits) = parse_with(text, type_name, |digits| digits.parse::<f64>().ok())?;
    if value.0.is_infinite() && !value.1 || value.0 == 0.0 && !zero_digits {
        return Err(out_of_range(text, type_name));
    }
    Ok(value.0)
}

fn parse_real(text: &str) -> Result<f32> {
    let (value, zero_digits) = parse_with(text, "real", |digits| digits.parse::<f32>().ok().map(f64::from))?;
    let real = value.0 as f32;
    if real.is_infinite() && !value.1 || real == 0.0 && !zero_digits {
        return Err(out_of_range(text, "real"));
    }
    Ok(real)
}

#[cold]
fn out_of_range(text: &str, type_name: &str) -> Error {
    Error::new(SqlState::NUMERIC_VALUE_OUT_OF_RANGE, format!("\"{}\" is out of range for type {type_name}", trim(text)))
}

/// The value and whether it is infinity or NaN by name; and whether its digits are all zero.
fn parse_with(text: &str, type_name: &str, parse: impl Fn(&str) -> Option<f64>) -> Result<((f64, bool), bool)> {
    let word = trim(text);
    let (negative, rest) = match word.as_bytes().first() {
        Some(b'-') => (true, &word[1..]),
        Some(b'+') => (false, &word[1..]),
        _ => (false, word),
    };
    let signed = |value: f64| if negative { -value } else { value };
    if rest.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        if rest.len() > 2 && rest.as_bytes()[0] == b'0' && rest.as_bytes()[1] | 32 == b'x' {
            if let Some(value) = parse_hexadecimal(&rest[2..]) {
                return Ok(((signed(value), false), value == 0.0));
            }
            return Err(invalid_input(type_name, text));
        }
        let mantissa = rest.split(['e', 'E']).next().unwrap_or_default();
        let zero = mantissa.bytes().all(|c| matches!(c, b'0' | b'.'));
        let plain = rest.bytes().all(|c| c.is_ascii_digit() || matches!(c, b'.' | b'e' | b'E' | b'+' | b'-'));
        return match plain.then(|| parse(rest)).flatten() {
            Some(value) => Ok(((signed(value), false), zero)),
            None => Err(invalid_input(type_name, text)),
        };
    }
    if ["inf", "infinity"].iter().any(|name| rest.eq_ignore_ascii_case(name)) {
        return Ok(((signed(f64::INFINITY), true), false));
    }
    if rest.eq_ignore_ascii_case("nan") {
        return Ok(((f64::NAN, true), false));
    }
    Err(invalid_input(type_name, text))
}

/// C's hexadecimal floating-point text behind `0x`: digits with a point, a binary exponent.
fn parse_hexadecimal(text: &str) -> Option<f64> {
    let (mantissa, exponent) = match text.split_once(['p', 'P']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?.clamp(-100_000, 100_000)),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut value = 0f64;
    for c in whole.chars().chain(fraction.chars()) {
        value = value * 16.0 + c.to_digit(16)? as f64;
    }
    Some(value * 2f64.powi(exponent.saturating_sub(4 * i32::try_from(fraction.len()).ok()?)))
}

/// The digits of a finite value and the decimal exponent of the first one.
struct Decimal {
    negative: bool,
    digits: [u8; 40],
    count: usize,
    exponent: i32,
}

impl Decimal {
    /// From `ddd.ddde±xx` in any of its usual forms.
    fn from_text(text: &str) -> Decimal {
        let mut decimal = Decimal { negative: false, digits: [0; 40], count: 0, exponent: 0 };
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let mut point = None;
        let mut leading = 0;
        for c in mantissa.bytes() {
            match c {
                b'-' => decimal.negative = true,
                b'.' => point = Some(decimal.count as i32 + leading),
                b'0' if decimal.count == 0 => leading += 1,
                _ if decimal.count < 40 => {
                    decimal.digits[decimal.count] = c;
                    decimal.count += 1;
                }
                _ => {}
            }
        }
        let point = point.unwrap_or(decimal.count as i32 + leading);
        decimal.exponent = exponent.parse::<i32>().unwrap_or(0) + point - leading - 1;
        while decimal.count > 1 && decimal.digits[decimal.count - 1] == b'0' {
            decimal.count -= 1;
        }
        if decimal.count == 0 {
            decimal.digits[0] = b'0';
            (decimal.count, decimal.exponent) = (1, 0);
        }
        decimal
    }

    /// Writes it plainly if its exponent is within `-4..limit`, else as `d.ddde+xx`.
    fn write(&self, limit: i32, out: &mut Vec<u8>) {
        let digits = &self.digits[..self.count];
        if self.negative {
            out.push(b'-');
        }
        if !(-4..limit).contains(&self.exponent) {
            out.push(digits[0]);
            if digits.len() > 1 {
                out.push(b'.');
                out.extend_from_slice(&digits[1..]);
            }
            out.extend_from_slice(if self.exponent < 0 { b"e-" } else { b"e+" });
            return write_padded(self.exponent.unsigned_abs() as u64, 2, out);
        }
        if self.exponent < 0 {
            out.extend_from_slice(b"0.");
            out.extend(std::iter::repeat_n(b'0', -self.exponent as usize - 1));
            return out.extend_from_slice(digits);
        }
        let whole = self.exponent as usize + 1;
        if digits.len() <= whole {
            out.extend_from_slice(digits);
            out.extend(std::iter::repeat_n(b'0', whole - digits.len()));
        } else {
            out.extend_from_slice(&digits[..whole]);
            out.push(b'.');
            out.extend_from_slice(&digits[whole..]);
        }
    }
}

fn write_special(value: f64, out: &mut Vec<u8>) -> bool {
    let word: &[u8] = if value.is_nan() {
        b"NaN"
    } else if value == f64::INFINITY {
        b"Infinity"
    } else if value == f64::NEG_INFINITY {
        b"-Infinity"
    } else {
        return false;
    };
    out.extend_from_slice(word);
    true
}

/// Adds a double's text: the shortest that reads back as the same value, or `%.*g` if `extra_float_digits` is not positive.
pub fn write_f64(value: f64, extra_float_digits: i32, out: &mut Vec<u8>) {
    if write_special(value, out) {
        return;
    }
    if extra_float_digits > 0 {
        if value.fract() == 0.0 && value.abs() < 1e15 && (value != 0.0 || value.is_sign_positive()) {
            return write_i64(value as i64, out);
        }
        Decimal::from_text(ryu::Buffer::new().format_finite(value)).write(15, out);
    } else {
        write_general(value, (15 + extra_float_digits).max(1) as usize, out);
    }
}

/// Adds a real's text, as [`write_f64`].
pub fn write_f32(value: f32, extra_float_digits: i32, out: &mut Vec<u8>) {
    if write_special(value as f64, out) {
        return;
    }
    if extra_float_digits > 0 {
        Decimal::from_text(ryu::Buffer::new().format_finite(value)).write(6, out);
    } else {
        write_general(value as f64, (6 + extra_float_digits).max(1) as usize, out);
    }
}

/// C's `%.*g`.
pub fn write_general(value: f64, precision: usize, out: &mut Vec<u8>) {
    let text = format!("{value:.*e}", precision - 1);
    let decimal = Decimal::from_text(&text);
    decimal.write(precision as i32, out);
}

fixed_io! {
    /// real
    pub FLOAT4_IO: f32, B4, as_f32,
    |text, _call| parse_real(text),
    |value, call, out| write_f32(value, call.env.extra_float_digits(), out);
    /// double precision
    pub FLOAT8_IO: f64, B8, as_f64,
    |text, _call| parse_float(text, "double precision"),
    |value, call, out| write_f64(value, call.env.extra_float_digits(), out);
}

/// The text of a double as the casts to text and `concat` write it.
pub fn f64_text(value: f64, env: &dyn Environment) -> Vec<u8> {
    let mut out = Vec::new();
    write_f64(value, env.extra_float_digits(), &mut out);
    out
}
