//! `numericlocale`: numbers with the locale's decimal point and digits in groups.

use super::options::NumericLocale;

/// The number with its integer digits grouped; what does not look like a number stays as it is.
pub(super) fn format<'a>(value: &'a [u8], locale: &NumericLocale, scratch: &'a mut Vec<u8>) -> &'a [u8] {
    if !value.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E')) {
        return value;
    }
    scratch.clear();
    let sign = usize::from(matches!(value.first(), Some(b'+' | b'-')));
    let digits = value[sign..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    scratch.extend_from_slice(&value[..sign]);
    for (index, digit) in value[sign..sign + digits].iter().enumerate() {
        if index > 0 && (digits - index).is_multiple_of(locale.group_digits.max(1)) {
            scratch.extend_from_slice(&locale.thousands_separator);
        }
        scratch.push(*digit);
    }
    let mut rest = &value[sign + digits..];
    if let Some((b'.', fraction)) = rest.split_first() {
        scratch.extend_from_slice(&locale.decimal_point);
        rest = fraction;
    }
    scratch.extend_from_slice(rest);
    scratch
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups() {
        let german = NumericLocale { decimal_point: ",".into(), thousands_separator: ".".into(), group_digits: 3 };
        let format = |value: &str| {
            String::from_utf8(format(value.as_bytes(), &german, &mut Vec::new()).to_vec()).expect("UTF-8")
        };
        assert_eq!(format("1234567.8912"), "1.234.567,8912");
        assert_eq!(format("-123"), "-123");
        assert_eq!(format("+1000"), "+1.000");
        assert_eq!(format("1234e+20"), "1.234e+20");
        assert_eq!(format("Infinity"), "Infinity");
        assert_eq!(format(""), "");
    }
}
