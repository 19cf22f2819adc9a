//! Comparisons with a tolerance.

/// Differences up to this do not count.
pub const TOLERANCE: f64 = 1e-6;

/// About zero.
pub fn zero(a: f64) -> bool {
    a.abs() <= TOLERANCE
}

/// About equal.
pub fn eq(a: f64, b: f64) -> bool {
    a == b || (a - b).abs() <= TOLERANCE
}

/// Different by more than the tolerance; NaN differs from nothing.
pub fn ne(a: f64, b: f64) -> bool {
    a != b && (a - b).abs() > TOLERANCE
}

/// Less by more than the tolerance.
pub fn lt(a: f64, b: f64) -> bool {
    a + TOLERANCE < b
}

/// Less, or about equal.
pub fn le(a: f64, b: f64) -> bool {
    a <= b + TOLERANCE
}

/// Greater by more than the tolerance.
pub fn gt(a: f64, b: f64) -> bool {
    a > b + TOLERANCE
}

/// Greater, or about equal.
pub fn ge(a: f64, b: f64) -> bool {
    a + TOLERANCE >= b
}
