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

/// The item that is the sizes of groups, in the C library's numbering; `libc` has no name for it.
const GROUPING: libc::nl_item = libc::THOUSEP + 1;

/// Asks the C library, which reads the environment's locale for this; the program's own locale stays as it is. An unknown
/// locale says what "C" says.
pub fn numeric() -> Numeric {
    // SAFETY: the name is a string with its zero byte, and a null base is allowed.
    let locale = unsafe { libc::newlocale(libc::LC_NUMERIC_MASK, c"".as_ptr(), std::ptr::null_mut()) };
    if locale.is_null() {
        return Numeric { decimal_point: b".".to_vec(), thousands_separator: Vec::new(), group_digits: 0 };
    }
    // SAFETY: `locale` is valid until it is freed below; its strings are copied before that.
    let item = |item| unsafe { copy(libc::nl_langinfo_l(item, locale)) };
    let numeric = Numeric {
        decimal_point: item(libc::RADIXCHAR),
        thousands_separator: item(libc::THOUSEP),
        // A group of CHAR_MAX (here 127) means that there are no further groups.
        group_digits: item(GROUPING).first().map_or(0, |digits| usize::from(*digits) % 127),
    };
    // SAFETY: `locale` came from `newlocale`, is freed once, and not used any more.
    unsafe { libc::freelocale(locale) };
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
