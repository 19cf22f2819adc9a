//! How the environment's locale writes numbers.

use std::ffi::{CStr, c_char};

/// The punctuation of numbers, as `LC_NUMERIC` of the environment has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Numeric {
    /// What stands before the fraction; may be empty.
    pub decimal_point: Vec<u8>,
    /// What stands between groups of digits; may be empty.
    pub thousands_separator: Vec<u8>,
    /// Digits in the first group before the decimal point; zero if the locale does not say.
    pub group_digits: usize,
}

/// Asks the C library. The program's own locale stays "C"; to be called while the process has one thread.
pub fn numeric() -> Numeric {
    // SAFETY: the argument is a string with its zero byte, and no other thread runs that could read or change the locale.
    unsafe { libc::setlocale(libc::LC_NUMERIC, c"".as_ptr()) };
    // SAFETY: `localeconv` returns a structure that stays valid until the next call of `localeconv` or `setlocale`; its
    // strings are copied before that.
    let numeric = unsafe {
        let conventions = &*libc::localeconv();
        Numeric {
            decimal_point: copy(conventions.decimal_point),
            thousands_separator: copy(conventions.thousands_sep),
            // A group of CHAR_MAX (here 127) means that there are no further groups.
            group_digits: copy(conventions.grouping).first().map_or(0, |digits| usize::from(*digits) % 127),
        }
    };
    // SAFETY: as above.
    unsafe { libc::setlocale(libc::LC_NUMERIC, c"C".as_ptr()) };
    numeric
}

/// The bytes of a C string; none for a null pointer.
///
/// # Safety
/// The pointer is null or points to a string with its zero byte.
unsafe fn copy(text: *const c_char) -> Vec<u8> {
    if text.is_null() {
        return Vec::new();
    }
    // SAFETY: the caller's.
    unsafe { CStr::from_ptr(text) }.to_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_c_locale_has_a_point() {
        // Whatever the environment says, there is a decimal point, and asking twice gives the same.
        let numeric = super::numeric();
        assert!(!numeric.decimal_point.is_empty());
        assert_eq!(numeric, super::numeric());
    }
}
