//! smallint, integer and bigint: arithmetic, comparison, bits, casts, text and binary form.

use crate::format::{is_space, write_i64};
use crate::io::{TypeIo, fixed_io};
use error::{Error, Result, SqlState};
use ids::Oid;

crate::builtins! {
    /// Functions of smallint, integer and bigint.
    pub static INTEGERS =
    63 int2eq fast(i16, i16) |a, b| a == b;
    65 int4eq fast(i32, i32) |a, b| a == b;
    467 int8eq fast(i64, i64) |a, b| a == b;
    145 int2ne fast(i16, i16) |a, b| a != b;
    144 int4ne fast(i32, i32) |a, b| a != b;
    468 int8ne fast(i64, i64) |a, b| a != b;
    64 int2lt fast(i16, i16) |a, b| a < b;
    66 int4lt fast(i32, i32) |a, b| a < b;
    469 int8lt fast(i64, i64) |a, b| a < b;
    148 int2le fast(i16, i16) |a, b| a <= b;
    149 int4le fast(i32, i32) |a, b| a <= b;
    471 int8le fast(i64, i64) |a, b| a <= b;
    146 int2gt fast(i16, i16) |a, b| a > b;
    147 int4gt fast(i32, i32) |a, b| a > b;
    470 int8gt fast(i64, i64) |a, b| a > b;
    151 int2ge fast(i16, i16) |a, b| a >= b;
    150 int4ge fast(i32, i32) |a, b| a >= b;
    472 int8ge fast(i64, i64) |a, b| a >= b;
    158 int24eq fast(i16, i32) |a, b| a as i64 == b as i64;
    159 int42eq fast(i32, i16) |a, b| a as i64 == b as i64;
    1850 int28eq fast(i16, i64) |a, b| a as i64 == b;
    1856 int82eq fast(i64, i16) |a, b| a == b as i64;
    852 int48eq fast(i32, i64) |a, b| a as i64 == b;
    474 int84eq fast(i64, i32) |a, b| a == b as i64;
    164 int24ne fast(i16, i32) |a, b| a as i64 != b as i64;
    165 int42ne fast(i32, i16) |a, b| a as i64 != b as i64;
    1851 int28ne fast(i16, i64) |a, b| a as i64 != b;
    1857 int82ne fast(i64, i16) |a, b| a != b as i64;
    853 int48ne fast(i32, i64) |a, b| a as i64 != b;
    475 int84ne fast(i64, i32) |a, b| a != b as i64;
    160 int24lt fast(i16, i32) |a, b| (a as i64) < b as i64;
    161 int42lt fast(i32, i16) |a, b| (a as i64) < b as i64;
    1852 int28lt fast(i16, i64) |a, b| (a as i64) < b;
    1858 int82lt fast(i64, i16) |a, b| a < b as i64;
    854 int48lt fast(i32, i64) |a, b| (a as i64) < b;
    476 int84lt fast(i64, i32) |a, b| a < b as i64;
    166 int24le fast(i16, i32) |a, b| a as i64 <= b as i64;
    167 int42le fast(i32, i16) |a, b| a as i64 <= b as i64;
    1854 int28le fast(i16, i64) |a, b| a as i64 <= b;
    1860 int82le fast(i64, i16) |a, b| a <= b as i64;
    856 int48le fast(i32, i64) |a, b| a as i64 <= b;
    478 int84le fast(i64, i32) |a, b| a <= b as i64;
    162 int24gt fast(i16, i32) |a, b| a as i64 > b as i64;
    163 int42gt fast(i32, i16) |a, b| a as i64 > b as i64;
    1853 int28gt fast(i16, i64) |a, b| a as i64 > b;
    1859 int82gt fast(i64, i16) |a, b| a > b as i64;
    855 int48gt fast(i32, i64) |a, b| a as i64 > b;
    477 int84gt fast(i64, i32) |a, b| a > b as i64;
    168 int24ge fast(i16, i32) |a, b| a as i64 >= b as i64;
    169 int42ge fast(i32, i16) |a, b| a as i64 >= b as i64;
    1855 int28ge fast(i16, i64) |a, b| a as i64 >= b;
    1861 int82ge fast(i64, i16) |a, b| a >= b as i64;
    857 int48ge fast(i32, i64) |a, b| a as i64 >= b;
    479 int84ge fast(i64, i32) |a, b| a >= b as i64;
    350 btint2cmp fast(i16, i16) |a, b| a as i32 - b as i32;
    351 btint4cmp fast(i32, i32) |a, b| (a > b) as i32 - (a < b) as i32;
    842 btint8cmp fast(i64, i64) |a, b| (a > b) as i32 - (a < b) as i32;
    2190 btint24cmp fast(i16, i32) |a, b| (a as i64 > b as i64) as i32 - ((a as i64) < b as i64) as i32;
    2191 btint42cmp fast(i32, i16) |a, b| (a as i64 > b as i64) as i32 - ((a as i64) < b as i64) as i32;
    2192 btint28cmp fast(i16, i64) |a, b| (a as i64 > b) as i32 - ((a as i64) < b) as i32;
    2193 btint82cmp fast(i64, i16) |a, b| (a > b as i64) as i32 - (a < b as i64) as i32;
    2188 btint48cmp fast(i32, i64) |a, b| (a as i64 > b) as i32 - ((a as i64) < b) as i32;
    2189 btint84cmp fast(i64, i32) |a, b| (a > b as i64) as i32 - (a < b as i64) as i32;
    176 int2pl fast(i16, i16) |a, b| a.checked_add(b).ok_or_else(smallint_range);
    180 int2mi fast(i16, i16) |a, b| a.checked_sub(b).ok_or_else(smallint_range);
    152 int2mul fast(i16, i16) |a, b| a.checked_mul(b).ok_or_else(smallint_range);
    153 int2div fast(i16, i16) |a, b| if b == 0 { Err(division_by_zero()) } else { a.checked_div(b).ok_or_else(smallint_range) };
    155 int2mod fast(i16, i16) |a, b| if b == 0 { Err(division_by_zero()) } else { Ok(a.wrapping_rem(b)) };
    940 int2mod fast(i16, i16) |a, b| if b == 0 { Err(division_by_zero()) } else { Ok(a.wrapping_rem(b)) };
    177 int4pl fast(i32, i32) |a, b| a.checked_add(b).ok_or_else(integer_range);
    178 int24pl fast(i16, i32) |a, b| (a as i32).checked_add(b).ok_or_else(integer_range);
    179 int42pl fast(i32, i16) |a, b| a.checked_add(b as i32).ok_or_else(integer_range);
    181 int4mi fast(i32, i32) |a, b| a.checked_sub(b).ok_or_else(integer_range);
    182 int24mi fast(i16, i32) |a, b| (a as i32).checked_sub(b).ok_or_else(integer_range);
    183 int42mi fast(i32, i16) |a, b| a.checked_sub(b as i32).ok_or_else(integer_range);
    141 int4mul fast(i32, i32) |a, b| a.checked_mul(b).ok_or_else(integer_range);
    170 int24mul fast(i16, i32) |a, b| (a as i32).checked_mul(b).ok_or_else(integer_range);
    171 int42mul fast(i32, i16) |a, b| a.checked_mul(b as i32).ok_or_else(integer_range);
    154 int4div fast(i32, i32) |a, b| if b == 0 { Err(division_by_zero()) } else { a.checked_div(b).ok_or_else(integer_range) };
    172 int24div fast(i16, i32) |a, b| if b == 0 { Err(division_by_zero()) } else { (a as i32).checked_div(b).ok_or_else(integer_range) };
    173 int42div fast(i32, i16) |a, b| if b == 0 { Err(division_by_zero()) } else { a.checked_div(b as i32).ok_or_else(integer_range) };
    156 int4mod fast(i32, i32) |a, b| if b == 0 { Err(division_by_zero()) } else { Ok(a.wrapping_rem(b)) };
    941 int4mod fast(i32, i32) |a, b| if b == 0 { Err(division_by_zero()) } else { Ok(a.wrapping_rem(b)) };
    463 int8pl fast(i64, i64) |a, b| a.checked_add(b).ok_or_else(bigint_range);
    841 int28pl fast(i16, i64) |a, b| (a as i64).checked_add(b).ok_or_else(bigint_range);
    837 int82pl fast(i64, i16) |a, b| a.checked_add(b as i64).ok_or_else(bigint_range);
    1278 int48pl fast(i32, i64) |a, b| (a as i64).checked_add(b).ok_or_else(bigint_range);
    1274 int84pl fast(i64, i32) |a, b| a.checked_add(b as i64).ok_or_else(bigint_range);
    464 int8mi fast(i64, i64) |a, b| a.checked_sub(b).ok_or_else(bigint_range);
    942 int28mi fast(i16, i64) |a, b| (a as i64).checked_sub(b).ok_or_else(bigint_range);
    838 int82mi fast(i64, i16) |a, b| a.checked_sub(b as i64).ok_or_else(bigint_range);
    1279 int48mi fast(i32, i64) |a, b| (a as i64).checked_sub(b).ok_or_else(bigint_range);
    1275 int84mi fast(i64, i32) |a, b| a.checked_sub(b as i64).ok_or_else(bigint_range);
    465 int8mul fast(i64, i64) |a, b| a.checked_mul(b).ok_or_else(bigint_range);
    943 int28mul fast(i16, i64) |a, b| (a as i64).checked_mul(b).ok_or_else(bigint_range);
    839 int82mul fast(i64, i16) |a, b| a.checked_mul(b as i64).ok_or_else(bigint_range);
    1280 int48mul fast(i32, i64) |a, b| (a as i64).checked_mul(b).ok_or_else(bigint_range);
    1276 int84mul fast(i64, i32) |a, b| a.checked_mul(b as i64).ok_or_else(bigint_range);
    466 int8div fast(i64, i64) |a, b| if b == 0 { Err(division_by_zero()) } else { a.checked_div(b).ok_or_else(bigint_range) };
    948 int28div fast(i16, i64) |a, b| if b == 0 { Err(division_by_zero()) } else { (a as i64).checked_div(b).ok_or_else(bigint_range) };
    840 int82div fast(i64, i16) |a, b| if b == 0 { Err(division_by_zero()) } else { a.checked_div(b as i64).ok_or_else(bigint_range) };
    1281 int48div fast(i32, i64) |a, b| if b == 0 { Err(division_by_zero()) } else { (a as i64).checked_div(b).ok_or_else(bigint_range) };
    1277 int84div fast(i64, i32) |a, b| if b == 0 { Err(division_by_zero()) } else { a.checked_div(b as i64).ok_or_else(bigint_range) };
    945 int8mod fast(i64, i64) |a, b| if b == 0 { Err(division_by_zero()) } else { Ok(a.wrapping_rem(b)) };
    947 int8mod fast(i64, i64) |a, b| if b == 0 { Err(division_by_zero()) } else { Ok(a.wrapping_rem(b)) };
    213 int2um fast(i16) |a| a.checked_neg().ok_or_else(smallint_range);
    212 int4um fast(i32) |a| a.checked_neg().ok_or_else(integer_range);
    462 int8um fast(i64) |a| a.checked_neg().ok_or_else(bigint_range);
    1911 int2up fast(i16) |a| a;
    1912 int4up fast(i32) |a| a;
    1910 int8up fast(i64) |a| a;
    1253 int2abs fast(i16) |a| a.checked_abs().ok_or_else(smallint_range);
    1398 int2abs fast(i16) |a| a.checked_abs().ok_or_else(smallint_range);
    1251 int4abs fast(i32) |a| a.checked_abs().ok_or_else(integer_range);
    1397 int4abs fast(i32) |a| a.checked_abs().ok_or_else(integer_range);
    1230 int8abs fast(i64) |a| a.checked_abs().ok_or_else(bigint_range);
    1396 int8abs fast(i64) |a| a.checked_abs().ok_or_else(bigint_range);
    766 int4inc fast(i32) |a| a.checked_add(1).ok_or_else(integer_range);
    1219 int8inc fast(i64) |a| a.checked_add(1).ok_or_else(bigint_range);
    3546 int8dec fast(i64) |a| a.checked_sub(1).ok_or_else(bigint_range);
    770 int2larger fast(i16, i16) |a, b| a.max(b);
    768 int4larger fast(i32, i32) |a, b| a.max(b);
    1236 int8larger fast(i64, i64) |a, b| a.max(b);
    771 int2smaller fast(i16, i16) |a, b| a.min(b);
    769 int4smaller fast(i32, i32) |a, b| a.min(b);
    1237 int8smaller fast(i64, i64) |a, b| a.min(b);
    1892 int2and fast(i16, i16) |a, b| a & b;
    1898 int4and fast(i32, i32) |a, b| a & b;
    1904 int8and fast(i64, i64) |a, b| a & b;
    1893 int2or fast(i16, i16) |a, b| a | b;
    1899 int4or fast(i32, i32) |a, b| a | b;
    1905 int8or fast(i64, i64) |a, b| a | b;
    1894 int2xor fast(i16, i16) |a, b| a ^ b;
    1900 int4xor fast(i32, i32) |a, b| a ^ b;
    1906 int8xor fast(i64, i64) |a, b| a ^ b;
    1895 int2not fast(i16) |a| !a;
    1901 int4not fast(i32) |a| !a;
    1907 int8not fast(i64) |a| !a;
    1896 int2shl fast(i16, i32) |a, b| ((a as i32) << (b & 31)) as i16;
    1897 int2shr fast(i16, i32) |a, b| ((a as i32) >> (b & 31)) as i16;
    1902 int4shl fast(i32, i32) |a, b| a.wrapping_shl(b as u32);
    1908 int8shl fast(i64, i32) |a, b| a.wrapping_shl(b as u32);
    1903 int4shr fast(i32, i32) |a, b| a.wrapping_shr(b as u32);
    1909 int8shr fast(i64, i32) |a, b| a.wrapping_shr(b as u32);
    5044 int4gcd fast(i32, i32) |a, b| i32::try_from(gcd(a as i64, b as i64)).map_err(|_| integer_range());
    5045 int8gcd fast(i64, i64) |a, b| i64::try_from(gcd(a, b)).map_err(|_| bigint_range());
    5046 int4lcm fast(i32, i32) |a, b| i32::try_from(lcm(a as i64, b as i64)).map_err(|_| integer_range());
    5047 int8lcm fast(i64, i64) |a, b| i64::try_from(lcm(a, b)).map_err(|_| bigint_range());
    313 i2toi4 fast(i16) |a| a as i32;
    754 int28 fast(i16) |a| a as i64;
    481 int48 fast(i32) |a| a as i64;
    314 i4toi2 fast(i32) |a| i16::try_from(a).map_err(|_| smallint_range());
    714 int82 fast(i64) |a| i16::try_from(a).map_err(|_| smallint_range());
    480 int84 fast(i64) |a| i32::try_from(a).map_err(|_| integer_range());
    1287 i8tooid fast(i64) |a| u32::try_from(a).map(Oid).map_err(|_| Error::new(SqlState::NUMERIC_VALUE_OUT_OF_RANGE, "OID out of range"));
    1288 oidtoi8 fast(Oid) |a| a.0 as i64;
    2557 int4_bool fast(i32) |a| a != 0;
    2558 bool_int4 fast(bool) |a| a as i32;
    2089 to_hex32 arena(i32) |a, out| write_radix(a as u32 as u64, 4, out);
    2090 to_hex64 arena(i64) |a, out| write_radix(a as u64, 4, out);
    6332 to_oct32 arena(i32) |a, out| write_radix(a as u32 as u64, 3, out);
    6333 to_oct64 arena(i64) |a, out| write_radix(a as u64, 3, out);
    6330 to_bin32 arena(i32) |a, out| write_radix(a as u32 as u64, 1, out);
    6331 to_bin64 arena(i64) |a, out| write_radix(a as u64, 1, out);
    4132 in_range_int2_int2 each(i16, i16, i16, bool, bool) |value, base, offset, subtract, less| in_range(value as i64, base as i64, offset as i64, subtract, less);
    4131 in_range_int2_int4 each(i16, i16, i32, bool, bool) |value, base, offset, subtract, less| in_range(value as i64, base as i64, offset as i64, subtract, less);
    4129 in_range_int4_int2 each(i32, i32, i16, bool, bool) |value, base, offset, subtract, less| in_range(value as i64, base as i64, offset as i64, subtract, less);
    4128 in_range_int4_int4 each(i32, i32, i32, bool, bool) |value, base, offset, subtract, less| in_range(value as i64, base as i64, offset as i64, subtract, less);
    4130 in_range_int2_int8 each(i16, i16, i64, bool, bool) |value, base, offset, subtract, less| in_range(value as i64, base as i64, offset, subtract, less);
    4127 in_range_int4_int8 each(i32, i32, i64, bool, bool) |value, base, offset, subtract, less| in_range(value as i64, base as i64, offset, subtract, less);
    4126 in_range_int8_int8 each(i64, i64, i64, bool, bool) in_range;
}

/// The error for a smallint that is none.
#[cold]
pub fn smallint_range() -> Error {
    Error::new(SqlState::NUMERIC_VALUE_OUT_OF_RANGE, "smallint out of range")
}

/// The error for an integer that is none.
#[cold]
pub fn integer_range() -> Error {
    Error::new(SqlState::NUMERIC_VALUE_OUT_OF_RANGE, "integer out of range")
}

/// The error for a bigint that is none.
#[cold]
pub fn bigint_range() -> Error {
    Error::new(SqlState::NUMERIC_VALUE_OUT_OF_RANGE, "bigint out of range")
}

/// The error for a division by zero.
#[cold]
pub fn division_by_zero() -> Error {
    Error::new(SqlState::DIVISION_BY_ZERO, "division by zero")
}

fn gcd(a: i64, b: i64) -> u64 {
    let (mut a, mut b) = (a.unsigned_abs(), b.unsigned_abs());
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

fn lcm(a: i64, b: i64) -> u128 {
    if a == 0 || b == 0 {
        return 0;
    }
    a.unsigned_abs() as u128 / gcd(a, b) as u128 * b.unsigned_abs() as u128
}

/// `22013`: an offset of a RANGE frame that is negative or no number.
#[cold]
pub(crate) fn invalid_frame_offset() -> Error {
    Error::new(SqlState::INVALID_PRECEDING_OR_FOLLOWING_SIZE, "invalid preceding or following size in window function")
}

/// A window frame's bound at an offset from the current row: RANGE x PRECEDING or FOLLOWING.
fn in_range(value: i64, base: i64, offset: i64, subtract: bool, less: bool) -> Result<bool> {
    if offset < 0 {
        return Err(invalid_frame_offset());
    }
    let bound = if subtract { base as i128 - offset as i128 } else { base as i128 + offset as i128 };
    Ok(if less { value as i128 <= bound } else { value as i128 >= bound })
}

fn write_radix(value: u64, bits: u32, out: &mut Vec<u8>) {
    let digits = (64 - value.leading_zeros()).div_ceil(bits).max(1);
    out.extend((0..digits).rev().map(|at| b"0123456789abcdef"[(value >> (at * bits)) as usize & ((1 << bits) - 1)]));
}

/// Reads an integer as PostgreSQL's input functions do: white space around, a sign, decimal, or `0x`, `0o`, `0b`, with
/// single underscores between digits. `None` if the text is no integer; `Some(None)` if it does not fit.
#[inline]
pub fn parse_integer(text: &[u8], least: i64, greatest: i64) -> Option<Option<i64>> {
    // Nearly all integers are a few digits.
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    if (1..=18).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit) {
        let value = digits.iter().fold(0, |value, &digit| value * 10 + (digit - b'0') as i64);
        let value = if digits.len() < text.len() { -value } else { value };
        return Some((least..=greatest).contains(&value).then_some(value));
    }
    parse_any_integer(text, least, greatest)
}

fn parse_any_integer(text: &[u8], least: i64, greatest: i64) -> Option<Option<i64>> {
    let mut at = 0;
    while at < text.len() && is_space(text[at]) {
        at += 1;
    }
    let negative = match text.get(at) {
        Some(b'-') => true,
        Some(b'+') => false,
        _ => {
            at = at.wrapping_sub(1);
            false
        }
    };
    at = at.wrapping_add(1);
    let (radix, prefix) = match text.get(at..).unwrap_or_default() {
        [b'0', b'x' | b'X', ..] => (16, true),
        [b'0', b'o' | b'O', ..] => (8, true),
        [b'0', b'b' | b'B', ..] => (2, true),
        _ => (10, false),
    };
    if prefix {
        at += 2;
    }
    let digit = |at: usize| text.get(at).and_then(|&c| (c as char).to_digit(radix));
    if prefix && text.get(at) == Some(&b'_') {
        at += 1;
    }
    digit(at)?;
    let mut value: i64 = 0;
    while let Some(d) = digit(at) {
        let next = value.checked_mul(radix as i64).and_then(|v| v.checked_sub(d as i64));
        match next {
            Some(next) => value = next,
            None => return Some(None),
        }
        at += 1;
        if text.get(at) == Some(&b'_') {
            at += 1;
            digit(at)?;
        }
    }
    while at < text.len() && is_space(text[at]) {
        at += 1;
    }
    if at != text.len() {
        return None;
    }
    let value = if negative { Some(value) } else { value.checked_neg() };
    Some(value.filter(|value| (least..=greatest).contains(value)))
}

/// Reads an integer type's text, with the error that its input function gives.
pub fn input_integer(text: &str, least: i64, greatest: i64, type_name: &str) -> Result<i64> {
    match parse_integer(text.as_bytes(), least, greatest) {
        Some(Some(value)) => Ok(value),
        Some(None) => Err(Error::new(
            SqlState::NUMERIC_VALUE_OUT_OF_RANGE,
            format!("value \"{text}\" is out of range for type {type_name}"),
        )),
        None => Err(invalid_input(type_name, text)),
    }
}

/// `22P02 invalid input syntax for type TYPE: "TEXT"`.
#[cold]
pub fn invalid_input(type_name: &str, text: &str) -> Error {
    Error::new(SqlState::INVALID_TEXT_REPRESENTATION, format!("invalid input syntax for type {type_name}: \"{text}\""))
}

fixed_io! {
    /// smallint
    pub INT2_IO: i16, B2, as_i16,
    |text, _call| input_integer(text, i16::MIN as i64, i16::MAX as i64, "smallint").map(|v| v as i16),
    |value, _call, out| write_i64(value as i64, out);
    /// integer
    pub INT4_IO: i32, B4, as_i32,
    |text, _call| input_integer(text, i32::MIN as i64, i32::MAX as i64, "integer").map(|v| v as i32),
    |value, _call, out| write_i64(value as i64, out);
    /// bigint
    pub INT8_IO: i64, B8, as_i64,
    |text, _call| input_integer(text, i64::MIN, i64::MAX, "bigint"),
    |value, _call, out| write_i64(value, out);
}
