//! Natural numbers of any size, in limbs of nine decimal digits.
//!
//! Base 10⁹ instead of a power of two: scaling by powers of ten and conversion to text, which decimal arithmetic does all
//! the time, are shifts of limbs. The lowest limb is first; the highest is not zero; zero has no limbs.

use std::cmp::Ordering;

/// One limb's range.
const BASE: u64 = 1_000_000_000;
/// Decimal digits of a limb.
pub const LIMB_DIGITS: usize = 9;

/// A natural number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Natural(Vec<u32>);

/// 10ⁿ for a number of digits below nine.
pub fn small_power(n: usize) -> u32 {
    10u32.pow(n as u32)
}

impl Natural {
    /// Zero.
    pub fn zero() -> Natural {
        Natural(Vec::new())
    }

    /// Whether it is zero.
    pub fn is_zero(&self) -> bool {
        self.0.is_empty()
    }

    /// A number of 128 bits.
    pub fn from_u128(mut value: u128) -> Natural {
        let mut limbs = Vec::new();
        while value != 0 {
            limbs.push((value % BASE as u128) as u32);
            value /= BASE as u128;
        }
        Natural(limbs)
    }

    /// The same number in 128 bits, if it fits.
    pub fn to_u128(&self) -> Option<u128> {
        if self.0.len() > 5 {
            return None;
        }
        self.0.iter().rev().try_fold(0u128, |value, &limb| value.checked_mul(BASE as u128)?.checked_add(limb as u128))
    }

    /// From ASCII digits.
    pub fn from_digits(digits: &[u8]) -> Natural {
        let value = |chunk: &[u8]| chunk.iter().fold(0u32, |v, &d| v * 10 + (d - b'0') as u32);
        Natural(digits.rchunks(LIMB_DIGITS).map(value).collect()).trimmed()
    }

    /// ASCII digits, the first not zero; none for zero.
    pub fn digits(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.0.len() * LIMB_DIGITS);
        for &limb in self.0.iter().rev() {
            let mut power = small_power(LIMB_DIGITS - 1);
            for _ in 0..LIMB_DIGITS {
                let digit = (limb / power % 10) as u8;
                if digit != 0 || !out.is_empty() {
                    out.push(b'0' + digit);
                }
                power /= 10;
            }
        }
        out
    }

    /// How many digits; 0 for zero.
    pub fn digit_count(&self) -> usize {
        match self.0.last() {
            Some(&top) => (self.0.len() - 1) * LIMB_DIGITS + top.ilog10() as usize + 1,
            None => 0,
        }
    }

    fn trimmed(mut self) -> Natural {
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
        self
    }

    /// Sum.
    pub fn add(&self, other: &Natural) -> Natural {
        let (long, short) = if self.0.len() >= other.0.len() { (self, other) } else { (other, self) };
        let mut limbs = Vec::with_capacity(long.0.len() + 1);
        let mut carry = 0;
        for (at, &limb) in long.0.iter().enumerate() {
            let sum = limb + short.0.get(at).copied().unwrap_or(0) + carry;
            carry = (sum as u64 >= BASE) as u32;
            limbs.push(sum - carry * BASE as u32);
        }
        if carry != 0 {
            limbs.push(carry);
        }
        Natural(limbs)
    }

    /// Difference; `other` is not larger.
    pub fn sub(&self, other: &Natural) -> Natural {
        debug_assert!(*self >= *other);
        let mut limbs = Vec::with_capacity(self.0.len());
        let mut borrow = 0i64;
        for (at, &limb) in self.0.iter().enumerate() {
            let mut difference = limb as i64 - other.0.get(at).copied().unwrap_or(0) as i64 - borrow;
            borrow = (difference < 0) as i64;
            difference += borrow * BASE as i64;
            limbs.push(difference as u32);
        }
        Natural(limbs).trimmed()
    }

    /// Product.
    pub fn mul(&self, other: &Natural) -> Natural {
        if self.is_zero() || other.is_zero() {
            return Natural::zero();
        }
        let mut limbs = vec![0u32; self.0.len() + other.0.len()];
        for (i, &a) in self.0.iter().enumerate() {
            let mut carry = 0u64;
            for (j, &b) in other.0.iter().enumerate() {
                let sum = a as u64 * b as u64 + limbs[i + j] as u64 + carry;
                limbs[i + j] = (sum % BASE) as u32;
                carry = sum / BASE;
            }
            limbs[i + other.0.len()] = carry as u32;
        }
        Natural(limbs).trimmed()
    }

    /// Product with a number below 10⁹.
    pub fn mul_small(&self, factor: u32) -> Natural {
        let mut carry = 0u64;
        let mut limbs: Vec<u32> = Vec::with_capacity(self.0.len() + 1);
        for &limb in &self.0 {
            let product = limb as u64 * factor as u64 + carry;
            limbs.push((product % BASE) as u32);
            carry = product / BASE;
        }
        if carry != 0 {
            limbs.push(carry as u32);
        }
        Natural(limbs).trimmed()
    }

    /// Quotient and remainder by a number that is not zero and below 10⁹.
    pub fn div_small(&self, divisor: u32) -> (Natural, u32) {
        let mut limbs = vec![0; self.0.len()];
        let mut rest = 0u64;
        for (at, &limb) in self.0.iter().enumerate().rev() {
            let value = rest * BASE + limb as u64;
            limbs[at] = (value / divisor as u64) as u32;
            rest = value % divisor as u64;
        }
        (Natural(limbs).trimmed(), rest as u32)
    }

    /// The number times 10ⁿ.
    pub fn shift_up(&self, n: usize) -> Natural {
        if self.is_zero() {
            return Natural::zero();
        }
        let mut limbs = vec![0; n / LIMB_DIGITS];
        if n.is_multiple_of(LIMB_DIGITS) {
            limbs.extend_from_slice(&self.0);
        } else {
            limbs.extend(self.mul_small(small_power(n % LIMB_DIGITS)).0);
        }
        Natural(limbs)
    }

    /// The number divided by 10ⁿ, towards zero.
    pub fn shift_down(&self, n: usize) -> Natural {
        let skipped = Natural(self.0.get(n / LIMB_DIGITS..).unwrap_or_default().to_vec());
        if n.is_multiple_of(LIMB_DIGITS) { skipped } else { skipped.div_small(small_power(n % LIMB_DIGITS)).0 }
    }

    /// The number divided by 10ⁿ, halves away from zero.
    pub fn shift_down_rounded(&self, n: usize) -> Natural {
        if n == 0 {
            return self.clone();
        }
        if n > self.digit_count() {
            return Natural::zero();
        }
        let (quotient, digit) = self.shift_down(n - 1).div_small(10);
        if digit >= 5 { quotient.add(&Natural(vec![1])) } else { quotient }
    }

    /// Whether 10ⁿ divides it.
    pub fn divisible_by_power(&self, n: usize) -> bool {
        self.shift_down(n).shift_up(n) == *self
    }

    /// Quotient, towards zero, and remainder; the divisor is not zero. Knuth's algorithm D (The Art of Computer
    /// Programming, 4.3.1).
    pub fn div_rem(&self, divisor: &Natural) -> (Natural, Natural) {
        debug_assert!(!divisor.is_zero());
        if *self < *divisor {
            return (Natural::zero(), self.clone());
        }
        if let [small] = divisor.0[..] {
            let (quotient, rest) = self.div_small(small);
            return (quotient, Natural(if rest == 0 { Vec::new() } else { vec![rest] }));
        }
        let n = divisor.0.len();
        let scale = (BASE / (divisor.0[n - 1] as u64 + 1)) as u32;
        let v = divisor.mul_small(scale).0;
        let mut u = self.mul_small(scale).0;
        u.resize(self.0.len() + 1, 0);
        let m = u.len() - n - 1;
        let mut quotient = vec![0u32; m + 1];
        for j in (0..=m).rev() {
            let top = u[j + n] as u64 * BASE + u[j + n - 1] as u64;
            let mut q = top / v[n - 1] as u64;
            let mut r = top % v[n - 1] as u64;
            while q >= BASE || q * v[n - 2] as u64 > r * BASE + u[j + n - 2] as u64 {
                q -= 1;
                r += v[n - 1] as u64;
                if r >= BASE {
                    break;
                }
            }
            let mut borrow = 0i64;
            let mut carry = 0u64;
            for i in 0..n {
                let product = q * v[i] as u64 + carry;
                carry = product / BASE;
                let mut difference = u[i + j] as i64 - borrow - (product % BASE) as i64;
                borrow = (difference < 0) as i64;
                difference += borrow * BASE as i64;
                u[i + j] = difference as u32;
            }
            let difference = u[j + n] as i64 - borrow - carry as i64;
            if difference < 0 {
                // The guess was one too large: add the divisor back.
                q -= 1;
                let mut carry = 0u64;
                for i in 0..n {
                    let sum = u[i + j] as u64 + v[i] as u64 + carry;
                    u[i + j] = (sum % BASE) as u32;
                    carry = sum / BASE;
                }
                u[j + n] = (difference + carry as i64) as u32;
            } else {
                u[j + n] = difference as u32;
            }
            quotient[j] = q as u32;
        }
        u.truncate(n);
        (Natural(quotient).trimmed(), Natural(u).trimmed().div_small(scale).0)
    }

    /// The square root, towards zero: Newton's method from above.
    pub fn sqrt(&self) -> Natural {
        if self.is_zero() {
            return Natural::zero();
        }
        let digits = self.digit_count();
        let even = (digits.saturating_sub(17)).div_ceil(2) * 2;
        let head = self.shift_down(even).to_u128().unwrap_or(u128::MAX);
        let guess = (head as f64).sqrt() * (1.0 + 1e-15) + 2.0;
        let mut x = Natural::from_u128(guess as u128).shift_up(even / 2);
        loop {
            let next = x.add(&self.div_rem(&x).0).div_small(2).0;
            if next >= x {
                return x;
            }
            x = next;
        }
    }

    /// About its value, as a double's mantissa and a power of ten.
    pub fn approximate(&self) -> (f64, i32) {
        let skip = self.digit_count().saturating_sub(27) / LIMB_DIGITS;
        let head = self.0[skip..].iter().rev().fold(0f64, |v, &limb| v * BASE as f64 + limb as f64);
        (head, (skip * LIMB_DIGITS) as i32)
    }

    /// Bytes of memory that it holds.
    pub fn memory(&self) -> usize {
        self.0.capacity() * 4
    }
}

impl PartialOrd for Natural {
    fn partial_cmp(&self, other: &Natural) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Natural {
    fn cmp(&self, other: &Natural) -> Ordering {
        self.0.len().cmp(&other.0.len()).then_with(|| self.0.iter().rev().cmp(other.0.iter().rev()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn natural() -> impl Strategy<Value = Natural> {
        prop_oneof![
            any::<u128>().prop_map(Natural::from_u128),
            prop::collection::vec(prop_oneof![0..10u32, 999_999_990..1_000_000_000u32, 0..1_000_000_000u32], 0..40)
                .prop_map(|limbs| Natural(limbs).trimmed()),
        ]
    }

    proptest! {
        #[test]
        fn division_undoes_multiplication(a in natural(), b in natural(), c in natural()) {
            prop_assume!(!b.is_zero());
            let (q, r) = a.div_rem(&b);
            prop_assert!(r < b);
            prop_assert_eq!(q.mul(&b).add(&r), a.clone());
            prop_assert_eq!(a.mul(&b).div_rem(&b).0, a.clone());
            prop_assert_eq!(a.add(&c).sub(&c), a.clone());
            prop_assert_eq!(a.mul(&b.add(&c)), a.mul(&b).add(&a.mul(&c)));
        }

        #[test]
        fn digits_round_trip(a in natural(), n in 0usize..30) {
            prop_assert_eq!(Natural::from_digits(&a.digits()), a.clone());
            prop_assert_eq!(a.digits().len(), a.digit_count());
            prop_assert_eq!(a.shift_up(n).shift_down(n), a.clone());
            prop_assert_eq!(a.shift_up(n), a.mul(&Natural::from_u128(10u128.pow(n as u32))));
        }

        #[test]
        fn a_square_root_is_the_largest(a in natural()) {
            let root = a.sqrt();
            let one = Natural::from_u128(1);
            prop_assert!(root.mul(&root) <= a);
            prop_assert!(root.add(&one).mul(&root.add(&one)) > a);
        }

        #[test]
        fn small_numbers_are_u128(a in any::<u64>(), b in any::<u64>()) {
            let (x, y) = (Natural::from_u128(a as u128), Natural::from_u128(b as u128));
            prop_assert_eq!(x.mul(&y).to_u128(), Some(a as u128 * b as u128));
            prop_assert_eq!(x.cmp(&y), a.cmp(&b));
        }
    }
}
