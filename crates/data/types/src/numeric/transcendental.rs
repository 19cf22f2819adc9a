//! Square root, exponential, logarithms and powers.
//!
//! Results are computed with spare digits and rounded once. How many digits a result has follows PostgreSQL's choice: about
//! 16 significant ones, estimated from a double, and no fewer decimals than the operands have.

use super::arithmetic::{MAX_RESULT_SCALE, SIGNIFICANT_DIGITS};
use super::big::{LIMB_DIGITS, Natural};
use super::{Large, Numeric, overflow};
use error::{Error, Result, SqlState};

/// log₁₀ e.
const LOG10_E: f64 = std::f64::consts::LOG10_E;

fn result_scale(digits_before_point: i32, scales: &[u32]) -> u32 {
    let wanted = scales.iter().map(|&s| s as i32).max().unwrap_or(0);
    (SIGNIFICANT_DIGITS - digits_before_point).max(wanted).clamp(0, MAX_RESULT_SCALE) as u32
}

#[cold]
fn power_error(message: &str) -> Error {
    Error::new(SqlState::INVALID_ARGUMENT_FOR_POWER_FUNCTION, message)
}

#[cold]
fn logarithm_error(message: &str) -> Error {
    Error::new(SqlState::INVALID_ARGUMENT_FOR_LOG, message)
}

/// A number with a fixed count of decimals, a multiple of nine, so that products are cut by dropping limbs.
#[derive(Clone, Debug)]
struct Fixed {
    negative: bool,
    digits: Natural,
}

/// Arithmetic on numbers of `scale` decimals.
#[derive(Clone, Copy)]
struct Field {
    scale: usize,
}

impl Field {
    fn with(decimals: usize) -> Field {
        Field { scale: decimals.next_multiple_of(LIMB_DIGITS) }
    }

    fn from(self, value: &Numeric) -> Fixed {
        let large = value.large();
        let digits = if large.scale as usize <= self.scale {
            large.digits.shift_up(self.scale - large.scale as usize)
        } else {
            large.digits.shift_down(large.scale as usize - self.scale)
        };
        Fixed { negative: large.negative, digits }
    }

    fn whole(self, value: u32) -> Fixed {
        Fixed { negative: false, digits: Natural::from_u128(value as u128).shift_up(self.scale) }
    }

    fn mul(self, a: &Fixed, b: &Fixed) -> Fixed {
        Fixed { negative: a.negative != b.negative, digits: a.digits.mul(&b.digits).shift_down(self.scale) }
    }

    fn div(self, a: &Fixed, b: &Fixed) -> Fixed {
        let digits = a.digits.shift_up(self.scale).div_rem(&b.digits).0;
        Fixed { negative: a.negative != b.negative, digits }
    }

    fn div_small(self, a: &Fixed, b: u32) -> Fixed {
        Fixed { negative: a.negative, digits: a.digits.div_small(b).0 }
    }

    fn add(self, a: &Fixed, b: &Fixed) -> Fixed {
        if a.negative == b.negative {
            return Fixed { negative: a.negative, digits: a.digits.add(&b.digits) };
        }
        if a.digits >= b.digits {
            Fixed { negative: a.negative, digits: a.digits.sub(&b.digits) }
        } else {
            Fixed { negative: b.negative, digits: b.digits.sub(&a.digits) }
        }
    }

    fn sub(self, a: &Fixed, b: &Fixed) -> Fixed {
        self.add(a, &Fixed { negative: !b.negative, digits: b.digits.clone() })
    }

    fn sqrt(self, a: &Fixed) -> Fixed {
        Fixed { negative: false, digits: a.digits.shift_up(self.scale).sqrt() }
    }

    /// How often [`Field::exp`] halves its argument: a balance between terms saved and squarings added.
    fn halvings(decimals: usize) -> usize {
        8 + 2 * decimals.isqrt() / 3
    }

    /// e to a power between about -1 and 1, by its series with the argument halved often enough to converge fast. Each
    /// halving costs a third of a digit.
    fn exp(self, a: &Fixed) -> Fixed {
        let halvings = Field::halvings(self.scale);
        let mut x = a.clone();
        for _ in 0..halvings {
            x = self.div_small(&x, 2);
        }
        let mut sum = self.whole(1);
        let mut term = sum.clone();
        let mut n = 1;
        while !term.digits.is_zero() {
            term = self.div_small(&self.mul(&term, &x), n);
            sum = self.add(&sum, &term);
            n += 1;
        }
        for _ in 0..halvings {
            sum = self.mul(&sum, &sum);
        }
        sum
    }

    /// The natural logarithm of a number above zero: roots until it is near one, then the series of the area tangent.
    fn ln(self, a: &Fixed) -> Fixed {
        let one = self.whole(1);
        let near = one.digits.shift_down(2);
        let mut x = a.clone();
        let mut doublings = 1;
        loop {
            let distance = self.sub(&x, &one);
            if distance.digits < near {
                break;
            }
            x = self.sqrt(&x);
            doublings += 1;
        }
        let y = self.div(&self.sub(&x, &one), &self.add(&x, &one));
        let square = self.mul(&y, &y);
        let mut power = y.clone();
        let mut sum = y;
        let mut n = 3;
        while !power.digits.is_zero() {
            power = self.mul(&power, &square);
            sum = self.add(&sum, &self.div_small(&power, n));
            n += 2;
        }
        for _ in 0..doublings {
            sum = self.add(&sum, &sum);
        }
        sum
    }

    /// Σ of factors times the area tangents of 1/n: long divisions by small numbers only.
    fn area_tangents(self, terms: &[(u32, u32)]) -> Fixed {
        let mut total = Natural::zero();
        for &(factor, n) in terms {
            let mut power = self.whole(1).digits.div_small(n).0;
            let mut sum = power.clone();
            let mut k = 3;
            while !power.is_zero() {
                power = power.div_small(n * n).0;
                sum = sum.add(&power.div_small(k).0);
                k += 2;
            }
            total = total.add(&sum.mul_small(factor));
        }
        Fixed { negative: false, digits: total }
    }

    /// ln 2, by a formula of Machin's kind.
    fn ln_2(self) -> Fixed {
        self.area_tangents(&[(14, 31), (10, 49), (6, 161)])
    }

    /// ln 10, by a formula of Machin's kind.
    fn ln_10(self) -> Fixed {
        self.area_tangents(&[(46, 31), (34, 49), (20, 161)])
    }

    fn round(self, a: &Fixed, scale: u32) -> Result<Numeric> {
        Large { negative: a.negative, digits: a.digits.clone(), scale: self.scale as u32 }
            .rescaled(scale)
            .into_numeric()
    }
}

/// About the decimal exponent of |ln(value)|, for a value above zero.
fn logarithm_exponent(value: &Numeric) -> Result<i32> {
    let low = Numeric::Small(9, 1);
    let high = Numeric::Small(11, 1);
    if *value >= low && *value <= high {
        return Ok(value.sub(&Numeric::from(1))?.exponent().unwrap_or(0));
    }
    let ln = approximate_ln(value);
    Ok(if ln == 0.0 { 0 } else { ln.abs().log10() as i32 })
}

/// About the natural logarithm of a value above zero.
fn approximate_ln(value: &Numeric) -> f64 {
    let large = value.large();
    let (head, exponent) = large.digits.approximate();
    head.ln() + (exponent as f64 - large.scale as f64) * std::f64::consts::LN_10
}

/// The natural logarithm of a finite value above zero with at least `decimals` right decimals.
fn exact_ln(value: &Numeric, decimals: usize) -> (Field, Fixed) {
    // x = m × 10^e with m between 1 and 10, so that the roots are few whatever the size.
    let exponent = value.exponent().unwrap_or(0);
    let field = Field::with(decimals + 30);
    let large = value.large();
    let count = large.digits.digit_count();
    let mantissa = if count > field.scale + 1 {
        large.digits.shift_down(count - field.scale - 1)
    } else {
        large.digits.shift_up(field.scale + 1 - count)
    };
    let one = Fixed { negative: false, digits: mantissa };
    if exponent == 0 || exponent == -1 {
        // Near one, take the value itself: the difference of two logarithms would lose digits.
        let direct = Fixed { negative: false, digits: field.from(value).digits };
        return (field, field.ln(&direct));
    }
    let ten = field.ln_10();
    let multiple = Fixed { negative: exponent < 0, digits: ten.digits.mul_small(exponent.unsigned_abs()) };
    let mantissa_ln = field.ln(&one);
    (field, field.add(&mantissa_ln, &multiple))
}

impl Numeric {
    /// Square root.
    pub fn sqrt(&self) -> Result<Numeric> {
        match self {
            Numeric::NaN | Numeric::Infinity => return Ok(self.clone()),
            _ => {}
        }
        if self.sign() < 0 {
            return Err(power_error("cannot take square root of a negative number"));
        }
        let weight = self.exponent().map_or(0, |e| e.div_euclid(4));
        self.sqrt_to_scale(result_scale(2 * weight + 1, &[self.scale()]))
    }

    /// The square root of a finite value that is not below zero, with a given scale.
    pub fn sqrt_to_scale(&self, scale: u32) -> Result<Numeric> {
        let large = self.large();
        // One more decimal than wanted decides the rounding.
        let shift = 2 * (scale as usize + 1);
        let digits = if shift >= large.scale as usize {
            large.digits.shift_up(shift - large.scale as usize)
        } else {
            large.digits.shift_down(large.scale as usize - shift)
        };
        Large { negative: false, digits: digits.sqrt().shift_down_rounded(1), scale }.into_numeric()
    }

    /// e to the power of the value.
    pub fn exp(&self) -> Result<Numeric> {
        match self {
            Numeric::NaN | Numeric::Infinity => return Ok(self.clone()),
            Numeric::NegativeInfinity => return Ok(Numeric::ZERO),
            _ => {}
        }
        let estimate = self.to_f64();
        let weight = (estimate.clamp(-16_000.0, 16_000.0) * LOG10_E) as i32;
        exponential(&FixedSource::Value(self), estimate, result_scale(weight, &[self.scale()]))
    }

    /// Natural logarithm.
    pub fn ln(&self) -> Result<Numeric> {
        match self {
            Numeric::NaN | Numeric::Infinity => return Ok(self.clone()),
            _ => {}
        }
        check_logarithm(self)?;
        let scale = result_scale(logarithm_exponent(self)?, &[self.scale()]);
        let (field, ln) = exact_ln(self, scale as usize);
        field.round(&ln, scale)
    }

    /// Logarithm to a base.
    pub fn log(base: &Numeric, value: &Numeric) -> Result<Numeric> {
        if base.is_nan() || value.is_nan() {
            return Ok(Numeric::NaN);
        }
        check_logarithm(base)?;
        check_logarithm(value)?;
        match (base, value) {
            (Numeric::Infinity, Numeric::Infinity) => return Ok(Numeric::NaN),
            (Numeric::Infinity, _) => return Ok(Numeric::ZERO),
            (_, Numeric::Infinity) => return Ok(Numeric::Infinity),
            _ => {}
        }
        let (base_exponent, value_exponent) = (logarithm_exponent(base)?, logarithm_exponent(value)?);
        let scale = result_scale(value_exponent - base_exponent, &[base.scale(), value.scale()]);
        let decimals =
            (scale as i32 + 8 + (-base_exponent).max(0) * 2 + (-value_exponent).max(0) + value_exponent.max(0))
                as usize;
        let (field, numerator) = exact_ln(value, decimals);
        let (_, denominator) = exact_ln(base, decimals);
        if denominator.digits.is_zero() {
            return Err(crate::int::division_by_zero());
        }
        field.round(&field.div(&numerator, &denominator), scale)
    }

    /// The value to a power.
    pub fn power(&self, exponent: &Numeric) -> Result<Numeric> {
        let one = Numeric::from(1);
        if !self.is_finite() || !exponent.is_finite() {
            return self.power_special(exponent, one);
        }
        if self.is_zero() && exponent.sign() < 0 {
            return Err(power_error("zero raised to a negative power is undefined"));
        }
        let whole = exponent.truncated(0) == *exponent;
        if self.sign() < 0 && !whole {
            return Err(power_error("a negative number raised to a non-integer power yields a complex result"));
        }
        if whole
            && let Some(n) = exponent.to_i128()
            && let Ok(n) = i32::try_from(n)
        {
            return self.power_int(n, exponent.scale());
        }
        if self.is_zero() {
            return Numeric::ZERO.with_scale(SIGNIFICANT_DIGITS as u32);
        }
        let magnitude = self.abs();
        let ln = approximate_ln(&magnitude);
        let estimate = exponent.to_f64() * ln;
        let weight = (estimate.clamp(-16_000.0, 16_000.0) * LOG10_E) as i32;
        let scale = result_scale(weight, &[self.scale(), exponent.scale()]);
        let result = exponential(&FixedSource::Product(&magnitude, exponent), estimate, scale)?;
        let odd = self.sign() < 0 && !exponent.rem(&Numeric::from(2))?.is_zero();
        Ok(if odd { result.negated() } else { result })
    }

    fn power_special(&self, exponent: &Numeric, one: Numeric) -> Result<Numeric> {
        if self.is_nan() {
            return Ok(if exponent.is_zero() { one } else { Numeric::NaN });
        }
        if exponent.is_nan() {
            return Ok(if *self == one { one } else { Numeric::NaN });
        }
        if exponent.is_zero() {
            return Ok(one);
        }
        if !exponent.is_finite() {
            if self.is_zero() {
                return match exponent {
                    Numeric::Infinity => Ok(Numeric::ZERO),
                    _ => Err(power_error("zero raised to a negative power is undefined")),
                };
            }
            let magnitude = self.abs();
            if magnitude == one {
                return Ok(one);
            }
            let grows = (magnitude > one) == (*exponent == Numeric::Infinity);
            return Ok(if grows { Numeric::Infinity } else { Numeric::ZERO });
        }
        // An infinite base and a finite exponent.
        if *self != Numeric::Infinity && exponent.truncated(0) != *exponent {
            return Err(power_error("a negative number raised to a non-integer power yields a complex result"));
        }
        if exponent.sign() < 0 {
            return Ok(Numeric::ZERO);
        }
        if *self == Numeric::Infinity {
            return Ok(Numeric::Infinity);
        }
        let odd = !exponent.rem(&Numeric::from(2))?.is_zero();
        Ok(if odd { Numeric::NegativeInfinity } else { Numeric::Infinity })
    }

    fn with_scale(&self, scale: u32) -> Result<Numeric> {
        self.large().rescaled(scale).into_numeric()
    }

    /// A whole power by repeated squaring, exact before it is rounded where that is affordable.
    fn power_int(&self, exponent: i32, exponent_scale: u32) -> Result<Numeric> {
        if exponent == 0 {
            return Numeric::from(1).with_scale(result_scale(0, &[self.scale(), exponent_scale]));
        }
        if self.is_zero() {
            return self.with_scale(result_scale(0, &[self.scale(), exponent_scale]));
        }
        let digits = approximate_ln(&self.abs()) * LOG10_E * exponent as f64;
        if digits > super::MAX_WHOLE_DIGITS as f64 + 4.0 {
            return Err(overflow());
        }
        if digits + 1.0 < -(MAX_RESULT_SCALE as f64) {
            return Numeric::ZERO.with_scale(MAX_RESULT_SCALE as u32);
        }
        let scale = result_scale(digits as i32, &[self.scale(), exponent_scale]);
        match exponent {
            1 => return self.with_scale(scale),
            2 => return self.mul(self)?.with_scale(scale),
            -1 => return Numeric::from(1).div_to_scale(self, scale, true),
            _ => {}
        }
        // Keep this many significant digits on the way: the result's, and some for the errors of 32 squarings.
        let keep = (digits.abs() as usize) + scale as usize + 40;
        let large = self.large();
        let negative = large.negative && exponent & 1 != 0;
        let mut result = (Natural::from_u128(1), 0i64);
        let mut base = (large.digits, large.scale as i64);
        let shorten = |(digits, scale): (Natural, i64)| {
            let excess = digits.digit_count().saturating_sub(keep);
            if excess > 0 { (digits.shift_down(excess), scale - excess as i64) } else { (digits, scale) }
        };
        let mut n = exponent.unsigned_abs();
        loop {
            if n & 1 != 0 {
                result = shorten((result.0.mul(&base.0), result.1 + base.1));
            }
            n >>= 1;
            if n == 0 {
                break;
            }
            base = shorten((base.0.mul(&base.0), base.1 * 2));
        }
        let (mut digits, mut have) = result;
        if exponent < 0 {
            // 1 / (digits / 10^have) with `keep` digits.
            let up = digits.digit_count() + keep;
            digits = Natural::from_u128(1).shift_up(up).div_rem(&digits).0;
            have = up as i64 - have;
        }
        if have < 0 {
            digits = digits.shift_up(-have as usize);
            have = 0;
        }
        Large { negative, digits, scale: have as u32 }.rescaled(scale).into_numeric()
    }
}

fn check_logarithm(value: &Numeric) -> Result<()> {
    if value.is_zero() {
        return Err(logarithm_error("cannot take logarithm of zero"));
    }
    if value.sign() < 0 {
        return Err(logarithm_error("cannot take logarithm of a negative number"));
    }
    Ok(())
}

/// What e is raised to: a value, or ln(base) × exponent.
enum FixedSource<'a> {
    Value(&'a Numeric),
    Product(&'a Numeric, &'a Numeric),
}

/// e to the power of `source`, which is about `estimate`, with `scale` decimals.
fn exponential(source: &FixedSource<'_>, estimate: f64, scale: u32) -> Result<Numeric> {
    let zero = || Large { negative: false, digits: Natural::zero(), scale }.into_numeric();
    let limit = 6000.0;
    if estimate >= limit {
        return Err(overflow());
    }
    if estimate <= -limit || estimate * LOG10_E < -(scale as f64) - 5.0 {
        return zero();
    }
    let digits = (estimate.abs() * LOG10_E) as usize + 1;
    let decimals = scale as usize + digits + 30 + Field::halvings(scale as usize + digits) / 3;
    // e^x = 2^k × e^r: the part that the series sees is small, and the power of two is exact.
    let (field, x) = match source {
        FixedSource::Value(value) => {
            let field = Field::with(decimals);
            (field, field.from(value))
        }
        FixedSource::Product(base, exponent) => {
            let spare = exponent.exponent().unwrap_or(0).max(0) as usize;
            let (field, ln) = exact_ln(base, decimals + spare);
            (field, field.mul(&ln, &field.from(exponent)))
        }
    };
    let ln_2 = field.ln_2();
    let (k, rest) = x.digits.div_rem(&ln_2.digits);
    let k = k.to_u128().unwrap_or(0) as u32;
    let r = field.exp(&Fixed { negative: x.negative, digits: rest });
    let mut two_to_k = Natural::from_u128(1);
    let mut left = k;
    while left > 0 {
        let step = left.min(29);
        two_to_k = two_to_k.mul_small(1 << step);
        left -= step;
    }
    let result = if x.negative {
        Fixed { negative: false, digits: r.digits.div_rem(&two_to_k).0 }
    } else {
        Fixed { negative: false, digits: r.digits.mul(&two_to_k) }
    };
    field.round(&result, scale)
}
