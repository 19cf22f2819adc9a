//! Sum, difference, product, quotient and remainder.
//!
//! The scales of the results are PostgreSQL's: the larger one for a sum, the sum for a product; a quotient has at least 16
//! significant digits and no fewer decimals than its operands.

use super::big::Natural;
use super::{Large, MAX_SCALE, MAX_SMALL_SCALE, Numeric, power};
use crate::int::division_by_zero;
use error::Result;

/// The least significant digits of a quotient.
pub const SIGNIFICANT_DIGITS: i32 = 16;
/// The most decimals that a result is given unless its operands have more.
pub const MAX_RESULT_SCALE: i32 = 1000;

/// `value` with `digits` more decimals, if that fits.
#[inline]
fn scaled(value: i128, digits: u32) -> Option<i128> {
    if digits == 0 {
        return Some(value);
    }
    if digits > 38 { (value == 0).then_some(0) } else { value.checked_mul(power(digits)) }
}

impl Numeric {
    /// Sum.
    #[inline]
    pub fn add(&self, other: &Numeric) -> Result<Numeric> {
        if let (Numeric::Small(a, s), Numeric::Small(b, t)) = (self, other) {
            let scale = (*s).max(*t);
            if let (Some(a), Some(b)) = (scaled(*a, scale - s), scaled(*b, scale - t))
                && let Some(sum) = a.checked_add(b)
            {
                return Ok(Numeric::Small(sum, scale));
            }
        }
        self.add_slowly(other)
    }

    fn add_slowly(&self, other: &Numeric) -> Result<Numeric> {
        match (self, other) {
            (Numeric::NaN, _) | (_, Numeric::NaN) => return Ok(Numeric::NaN),
            (Numeric::Infinity, Numeric::NegativeInfinity) | (Numeric::NegativeInfinity, Numeric::Infinity) => {
                return Ok(Numeric::NaN);
            }
            (Numeric::Infinity | Numeric::NegativeInfinity, _) => return Ok(self.clone()),
            (_, Numeric::Infinity | Numeric::NegativeInfinity) => return Ok(other.clone()),
            _ => {}
        }
        let (a, b) = (self.large(), other.large());
        let scale = a.scale.max(b.scale);
        let (a, b) = (a.rescaled(scale), b.rescaled(scale));
        let sum = if a.negative == b.negative {
            Large { negative: a.negative, digits: a.digits.add(&b.digits), scale }
        } else if a.digits >= b.digits {
            Large { negative: a.negative, digits: a.digits.sub(&b.digits), scale }
        } else {
            Large { negative: b.negative, digits: b.digits.sub(&a.digits), scale }
        };
        sum.into_numeric()
    }

    /// Difference.
    #[inline]
    pub fn sub(&self, other: &Numeric) -> Result<Numeric> {
        if let (Numeric::Small(a, s), Numeric::Small(b, t)) = (self, other) {
            let scale = (*s).max(*t);
            if let (Some(a), Some(b)) = (scaled(*a, scale - s), scaled(*b, scale - t))
                && let Some(difference) = a.checked_sub(b)
            {
                return Ok(Numeric::Small(difference, scale));
            }
        }
        self.add_slowly(&other.negated())
    }

    /// Product.
    #[inline]
    pub fn mul(&self, other: &Numeric) -> Result<Numeric> {
        if let (Numeric::Small(a, s), Numeric::Small(b, t)) = (self, other)
            && s + t <= MAX_SMALL_SCALE
            && let Some(product) = a.checked_mul(*b)
        {
            return Ok(Numeric::Small(product, s + t));
        }
        if !self.is_finite() || !other.is_finite() {
            if self.is_nan() || other.is_nan() || self.is_zero() || other.is_zero() {
                return Ok(Numeric::NaN);
            }
            let negative = (self.sign() < 0) != (other.sign() < 0);
            return Ok(if negative { Numeric::NegativeInfinity } else { Numeric::Infinity });
        }
        let (a, b) = (self.large(), other.large());
        let scale = a.scale + b.scale;
        let product = Large { negative: a.negative != b.negative, digits: a.digits.mul(&b.digits), scale };
        if scale > MAX_SCALE { product.rescaled(MAX_SCALE).into_numeric() } else { product.into_numeric() }
    }

    /// The weight and value of the first digit in base 10,000, from which PostgreSQL chooses a quotient's scale.
    fn leading(&self) -> (i32, i32) {
        let Some(exponent) = self.exponent() else { return (0, 0) };
        let weight = exponent.div_euclid(4);
        let take = exponent - 4 * weight + 1;
        let (head, first) = match self {
            Numeric::Small(value, _) => {
                let magnitude = value.unsigned_abs();
                let count = magnitude.ilog10() as i32 + 1;
                return (weight, leading_digits(magnitude, count, take));
            }
            other => (other.large().digits, take),
        };
        let skip = head.digit_count().saturating_sub(19);
        let magnitude = head.shift_down(skip).to_u128().unwrap_or(0);
        (weight, leading_digits(magnitude, magnitude.max(1).ilog10() as i32 + 1, first))
    }

    /// The scale of a quotient.
    pub fn quotient_scale(&self, divisor: &Numeric) -> u32 {
        let ((w1, d1), (w2, d2)) = (self.leading(), divisor.leading());
        let weight = w1 - w2 - (d1 <= d2) as i32;
        (SIGNIFICANT_DIGITS - 4 * weight)
            .max(self.scale() as i32)
            .max(divisor.scale() as i32)
            .clamp(0, MAX_RESULT_SCALE) as u32
    }

    /// Quotient.
    pub fn div(&self, divisor: &Numeric) -> Result<Numeric> {
        if let Some(special) = self.div_special(divisor)? {
            return Ok(special);
        }
        self.div_to_scale(divisor, self.quotient_scale(divisor), true)
    }

    /// The quotient of values that are not all finite, and the error for a division by zero.
    fn div_special(&self, divisor: &Numeric) -> Result<Option<Numeric>> {
        if self.is_nan() || divisor.is_nan() {
            return Ok(Some(Numeric::NaN));
        }
        if divisor.is_zero() {
            return Err(division_by_zero());
        }
        if !self.is_finite() {
            if !divisor.is_finite() {
                return Ok(Some(Numeric::NaN));
            }
            return Ok(Some(if divisor.sign() < 0 { self.negated() } else { self.clone() }));
        }
        Ok((!divisor.is_finite()).then_some(Numeric::ZERO))
    }

    /// The quotient of finite values with a given scale, halves away from zero or cut.
    pub fn div_to_scale(&self, divisor: &Numeric, scale: u32, round: bool) -> Result<Numeric> {
        if let (Numeric::Small(a, s), Numeric::Small(b, t)) = (self, divisor)
            && scale <= MAX_SMALL_SCALE
        {
            // a / 10^s / (b / 10^t) × 10^scale = a × 10^(scale + t - s) / b
            let shift = scale as i64 + *t as i64 - *s as i64;
            let operands = if shift >= 0 {
                scaled(*a, shift as u32).zip(Some(*b))
            } else {
                Some(*a).zip(scaled(*b, -shift as u32))
            };
            if let Some((a, b)) = operands
                && let Some(mut quotient) = a.checked_div(b)
            {
                if round {
                    let rest = (a % b).unsigned_abs();
                    let divisor = b.unsigned_abs();
                    if rest >= divisor - rest {
                        quotient += if (a < 0) != (b < 0) { -1 } else { 1 };
                    }
                }
                return Ok(Numeric::Small(quotient, scale));
            }
        }
        let (a, b) = (self.large(), divisor.large());
        let shift = scale as i64 + b.scale as i64 - a.scale as i64;
        let (numerator, denominator) = if shift >= 0 {
            (a.digits.shift_up(shift as usize), b.digits)
        } else {
            (a.digits, b.digits.shift_up(-shift as usize))
        };
        let (mut quotient, rest) = numerator.div_rem(&denominator);
        if round && rest.add(&rest) >= denominator {
            quotient = quotient.add(&Natural::from_u128(1));
        }
        Large { negative: a.negative != b.negative, digits: quotient, scale }.into_numeric()
    }

    /// The quotient cut to a whole number.
    pub fn div_trunc(&self, divisor: &Numeric) -> Result<Numeric> {
        match self.div_special(divisor)? {
            Some(special) => Ok(special),
            None => self.div_to_scale(divisor, 0, false),
        }
    }

    /// The remainder of [`Numeric::div_trunc`], with the dividend's sign.
    pub fn rem(&self, divisor: &Numeric) -> Result<Numeric> {
        if self.is_nan() || divisor.is_nan() {
            return Ok(Numeric::NaN);
        }
        if divisor.is_zero() {
            return Err(division_by_zero());
        }
        if !self.is_finite() {
            return Ok(Numeric::NaN);
        }
        if !divisor.is_finite() {
            return Ok(self.clone());
        }
        if let (Numeric::Small(a, s), Numeric::Small(b, t)) = (self, divisor) {
            let scale = (*s).max(*t);
            if let (Some(a), Some(b)) = (scaled(*a, scale - s), scaled(*b, scale - t)) {
                return Ok(Numeric::Small(a.checked_rem(b).unwrap_or(0), scale));
            }
        }
        let (a, b) = (self.large(), divisor.large());
        let scale = a.scale.max(b.scale);
        let (a, b) = (a.rescaled(scale), b.rescaled(scale));
        Large { negative: a.negative, digits: a.digits.div_rem(&b.digits).1, scale }.into_numeric()
    }

    /// The smallest whole number that is not below the value.
    pub fn ceil(&self) -> Result<Numeric> {
        let cut = self.truncated(0);
        if self.is_finite() && self.sign() > 0 && cut < *self { cut.add(&Numeric::from(1)) } else { Ok(cut) }
    }

    /// The largest whole number that is not above the value.
    pub fn floor(&self) -> Result<Numeric> {
        let cut = self.truncated(0);
        if self.is_finite() && self.sign() < 0 && cut > *self { cut.sub(&Numeric::from(1)) } else { Ok(cut) }
    }
}

/// The first `take` of `count` digits, as a number; zeros stand for missing ones.
fn leading_digits(magnitude: u128, count: i32, take: i32) -> i32 {
    if count >= take {
        (magnitude / 10u128.pow((count - take) as u32)) as i32
    } else {
        magnitude as i32 * 10i32.pow((take - count) as u32)
    }
}
