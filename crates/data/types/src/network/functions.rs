//! Functions and operators of inet and cidr.

use super::{Inet, text};
use crate::hash;
use error::{Error, Result, SqlState};

crate::builtins! {
    /// Functions of inet and cidr.
    pub static NETWORKS =
    920 network_eq each(Inet, Inet) |a: Inet, b| a == b;
    921 network_lt each(Inet, Inet) |a: Inet, b| a < b;
    922 network_le each(Inet, Inet) |a: Inet, b| a <= b;
    923 network_gt each(Inet, Inet) |a: Inet, b| a > b;
    924 network_ge each(Inet, Inet) |a: Inet, b| a >= b;
    925 network_ne each(Inet, Inet) |a: Inet, b| a != b;
    926 network_cmp each(Inet, Inet) |a: Inet, b| a.cmp(&b) as i32;
    3562 network_larger each(Inet, Inet) |a: Inet, b: Inet| a.max(b);
    3563 network_smaller each(Inet, Inet) |a: Inet, b: Inet| a.min(b);
    422 hashinet each(&[u8]) |a: &[u8]| hash::bytes(a) as i32;
    779 hashinetextended each(&[u8], i64) |a: &[u8], seed: i64| hash::bytes_extended(a, seed as u64) as i64;
    927 network_sub each(Inet, Inet) |a: Inet, b: Inet| b.contains(&a) && b.bits() < a.bits();
    928 network_subeq each(Inet, Inet) |a: Inet, b: Inet| b.contains(&a);
    929 network_sup each(Inet, Inet) |a: Inet, b: Inet| a.contains(&b) && a.bits() < b.bits();
    930 network_supeq each(Inet, Inet) |a: Inet, b: Inet| a.contains(&b);
    3551 network_overlap each(Inet, Inet) |a: Inet, b: Inet| a.contains(&b) || b.contains(&a);
    4071 inet_same_family each(Inet, Inet) |a: Inet, b: Inet| a.is_v6() == b.is_v6();
    4063 inet_merge each(Inet, Inet) merge;
    598 inet_abbrev arena(Inet) |a, out: &mut Vec<u8>| text::write(&a, false, out);
    599 cidr_abbrev arena(Inet) |a, out: &mut Vec<u8>| text::write_abbreviated(&a, out);
    605 inet_set_masklen each(Inet, i32) |a: Inet, bits| mask_length(&a, bits).map(|bits| a.with_bits(bits));
    635 cidr_set_masklen each(Inet, i32) |a: Inet, bits| mask_length(&a, bits).map(|bits| a.with_bits(bits).network());
    1715 inet_to_cidr each(Inet) |a: Inet| a.network();
    683 network_network each(Inet) |a: Inet| a.network();
    696 network_netmask each(Inet) |a: Inet| a.with_number(a.mask()).with_bits(a.max_bits());
    1362 network_hostmask each(Inet) |a: Inet| a.with_number(!a.mask()).with_bits(a.max_bits());
    697 network_masklen each(Inet) |a: Inet| a.bits() as i32;
    698 network_broadcast each(Inet) |a: Inet| a.with_number(a.number() | !a.mask());
    699 network_host arena(Inet) |a, out: &mut Vec<u8>| text::write_host(&a, out);
    730 network_show arena(Inet) |a, out: &mut Vec<u8>| text::write(&a, true, out);
    711 network_family each(Inet) |a: Inet| if a.is_v6() { 6i32 } else { 4 };
    2627 inetnot each(Inet) |a: Inet| a.with_number(!a.number());
    2628 inetand each(Inet, Inet) |a, b| combine(a, b, "AND", |a, b| a & b);
    2629 inetor each(Inet, Inet) |a, b| combine(a, b, "OR", |a, b| a | b);
    2630 inetpl each(Inet, i64) |a: Inet, b: i64| plus(&a, b as i128);
    2632 inetmi_int8 each(Inet, i64) |a: Inet, b: i64| plus(&a, -(b as i128));
    2633 inetmi each(Inet, Inet) minus;
}

fn mask_length(value: &Inet, bits: i32) -> Result<u8> {
    match bits {
        -1 => Ok(value.max_bits()),
        0.. if bits <= value.max_bits() as i32 => Ok(bits as u8),
        _ => Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, format!("invalid mask length: {bits}"))),
    }
}

/// The smallest network that contains both.
fn merge(a: Inet, b: Inet) -> Result<Inet> {
    if a.is_v6() != b.is_v6() {
        return Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, "cannot merge addresses from different families"));
    }
    let same = (a.number() ^ b.number()).leading_zeros() - (128 - a.max_bits() as u32);
    Ok(a.with_bits(a.bits().min(b.bits()).min(same as u8)).network())
}

fn combine(a: Inet, b: Inet, verb: &str, operate: fn(u128, u128) -> u128) -> Result<Inet> {
    if a.is_v6() != b.is_v6() {
        return Err(Error::new(
            SqlState::INVALID_PARAMETER_VALUE,
            format!("cannot {verb} inet values of different sizes"),
        ));
    }
    Ok(a.with_number(operate(a.number(), b.number())).with_bits(a.bits().max(b.bits())))
}

#[cold]
fn out_of_range() -> Error {
    Error::new(SqlState::NUMERIC_VALUE_OUT_OF_RANGE, "result is out of range")
}

fn plus(value: &Inet, offset: i128) -> Result<Inet> {
    let number = value.number().checked_add_signed(offset).ok_or_else(out_of_range)?;
    if !value.is_v6() && number > u32::MAX as u128 {
        return Err(out_of_range());
    }
    Ok(value.with_number(number))
}

fn minus(a: Inet, b: Inet) -> Result<i64> {
    if a.is_v6() != b.is_v6() {
        return Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, "cannot subtract inet values of different sizes"));
    }
    let (a, b) = (a.number(), b.number());
    let distance = i128::try_from(a.abs_diff(b)).map_err(|_| out_of_range())?;
    i64::try_from(if a < b { -distance } else { distance }).map_err(|_| out_of_range())
}
