//! Functions of the C library's mathematics that the standard library does not offer yet: the same ones, and so the same last
//! digits, as PostgreSQL's `erf`, `gamma` and `lgamma` have on the same machine.

// SAFETY: the C standard's signatures, in the library that the standard library's own `sin` and `exp` come from; they take and
// give plain numbers and touch no memory.
unsafe extern "C" {
    safe fn erf(x: f64) -> f64;
    safe fn erfc(x: f64) -> f64;
    safe fn tgamma(x: f64) -> f64;
    /// Unlike `lgamma` it writes the sign of the result where it is told, not into a global variable.
    fn lgamma_r(x: f64, sign: *mut i32) -> f64;
}

/// The error function.
pub fn error_function(x: f64) -> f64 {
    erf(x)
}

/// What the error function leaves to one.
pub fn complementary_error_function(x: f64) -> f64 {
    erfc(x)
}

/// The gamma function; no number at zero, minus infinity and negative whole numbers, or infinity.
pub fn gamma(x: f64) -> f64 {
    tgamma(x)
}

/// The logarithm of the gamma function's absolute value.
pub fn log_gamma(x: f64) -> f64 {
    let mut sign = 0;
    // SAFETY: the pointer is to a living `int`, which the function writes once.
    unsafe { lgamma_r(x, &mut sign) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        assert_eq!(gamma(5.0), 24.0);
        assert!((gamma(0.5) - std::f64::consts::PI.sqrt()).abs() < 1e-15);
        assert!((log_gamma(-1000.5) + 5_914.437_701_116_9).abs() < 1e-9);
        assert!((error_function(1.0) + complementary_error_function(1.0) - 1.0).abs() < 1e-15);
    }
}
