//! Order, equality and hashes of rows: field by field, a null after every value, two nulls equal.

use super::{View, for_each_live, live_positions};
use crate::{Context, Environment, objects, order};
use batch::DatumRef;
use error::{Error, Result, SqlState};
use std::cmp::Ordering;

crate::builtins! {
    /// Functions of rows.
    pub static RECORDS =
    2981 record_eq each(Context, &[u8], &[u8]) |cx: Context<'_>, a, b| equal(cx, a, b);
    2982 record_ne each(Context, &[u8], &[u8]) |cx: Context<'_>, a, b| equal(cx, a, b).map(|equal| !equal);
    2983 record_lt each(Context, &[u8], &[u8]) |cx: Context<'_>, a, b| ordered(cx, a, b).map(Ordering::is_lt);
    2984 record_gt each(Context, &[u8], &[u8]) |cx: Context<'_>, a, b| ordered(cx, a, b).map(Ordering::is_gt);
    2985 record_le each(Context, &[u8], &[u8]) |cx: Context<'_>, a, b| ordered(cx, a, b).map(Ordering::is_le);
    2986 record_ge each(Context, &[u8], &[u8]) |cx: Context<'_>, a, b| ordered(cx, a, b).map(Ordering::is_ge);
    2987 btrecordcmp each(Context, &[u8], &[u8]) |cx: Context<'_>, a, b| ordered(cx, a, b).map(|o| o as i32);
    6375 record_larger arena(Context, &[u8], &[u8]) |cx: Context<'_>, a, b, out: &mut Vec<u8>| ordered(cx, a, b).map(|o| out.extend_from_slice(if o.is_gt() { a } else { b }));
    6376 record_smaller arena(Context, &[u8], &[u8]) |cx: Context<'_>, a, b, out: &mut Vec<u8>| ordered(cx, a, b).map(|o| out.extend_from_slice(if o.is_lt() { a } else { b }));
    3181 record_image_eq each(Context, &[u8], &[u8]) |cx: Context<'_>, a, b| image(cx, a, b).map(Ordering::is_eq);
    3182 record_image_ne each(Context, &[u8], &[u8]) |cx: Context<'_>, a, b| image(cx, a, b).map(Ordering::is_ne);
    3183 record_image_lt each(Context, &[u8], &[u8]) |cx: Context<'_>, a, b| image(cx, a, b).map(Ordering::is_lt);
    3184 record_image_gt each(Context, &[u8], &[u8]) |cx: Context<'_>, a, b| image(cx, a, b).map(Ordering::is_gt);
    3185 record_image_le each(Context, &[u8], &[u8]) |cx: Context<'_>, a, b| image(cx, a, b).map(Ordering::is_le);
    3186 record_image_ge each(Context, &[u8], &[u8]) |cx: Context<'_>, a, b| image(cx, a, b).map(Ordering::is_ge);
    3187 btrecordimagecmp each(Context, &[u8], &[u8]) |cx: Context<'_>, a, b| image(cx, a, b).map(|o| o as i32);
    6192 hash_record each(Context, &[u8]) |cx: Context<'_>, a: &[u8]| hash(a, cx.env).map(|h| h as i32);
    6193 hash_record_extended each(Context, &[u8], i64) |cx: Context<'_>, a: &[u8], seed: i64| hash_extended(a, seed as u64, cx.env).map(|h| h as i64);
}

/// Walks two rows side by side, their dropped fields left out, until `decide` finds a difference.
fn walk(
    a: View<'_>,
    b: View<'_>,
    env: &dyn Environment,
    mut decide: impl FnMut(ids::Oid, DatumRef<'_>, DatumRef<'_>) -> Result<Ordering>,
) -> Result<Ordering> {
    let (left, right) = (live_positions(&a, env)?, live_positions(&b, env)?);
    let (m, n) = (left.as_ref().map_or(a.len(), Vec::len), right.as_ref().map_or(b.len(), Vec::len));
    for at in 0..m.min(n) {
        let (i, j) = (left.as_ref().map_or(at, |l| l[at]), right.as_ref().map_or(at, |r| r[at]));
        let (of, other) = (a.field_type(i), b.field_type(j));
        // A field that one of the values is too old to have has no type there.
        if of != other && of.is_valid() && other.is_valid() {
            return Err(Error::new(
                SqlState::DATATYPE_MISMATCH,
                format!(
                    "cannot compare dissimilar column types {} and {} at record column {}",
                    objects::format_type(of, None, env)?,
                    objects::format_type(other, None, env)?,
                    at + 1
                ),
            ));
        }
        let (x, y) = (a.get(i), b.get(j));
        let order = match (x.is_null(), y.is_null()) {
            (true, true) => continue,
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) => decide(of, x, y)?,
        };
        if order.is_ne() {
            return Ok(order);
        }
    }
    if m != n {
        return Err(Error::new(
            SqlState::DATATYPE_MISMATCH,
            "cannot compare record types with different numbers of columns",
        ));
    }
    Ok(Ordering::Equal)
}

/// The collation of a field: a row value knows its fields' types only, so it is the types' own.
pub(crate) fn collation_of(type_oid: ids::Oid) -> ids::Oid {
    if type_oid == crate::oid::NAME { ids::Oid(950) } else { crate::text::DEFAULT_COLLATION }
}

/// Compares two rows as `record_ops` does.
pub fn compare(a: &[u8], b: &[u8], env: &dyn Environment) -> Result<Ordering> {
    walk(View::new(a)?, View::new(b)?, env, |of, x, y| order::compare(of, collation_of(of), x, y, env))
}

fn ordered(context: Context<'_>, a: &[u8], b: &[u8]) -> Result<Ordering> {
    compare(a, b, context.env)
}

fn equal(context: Context<'_>, a: &[u8], b: &[u8]) -> Result<bool> {
    let env = context.env;
    walk(View::new(a)?, View::new(b)?, env, |of, x, y| {
        order::equal(of, collation_of(of), x, y, env).map(|equal| if equal { Ordering::Equal } else { Ordering::Less })
    })
    .map(Ordering::is_eq)
}

/// Compares two rows by the bytes of their fields, without regard to what these mean.
fn image(context: Context<'_>, a: &[u8], b: &[u8]) -> Result<Ordering> {
    walk(View::new(a)?, View::new(b)?, context.env, |_, x, y| {
        Ok(match (x, y) {
            (DatumRef::B1(x), DatumRef::B1(y)) => x.cmp(&y),
            (DatumRef::B2(x), DatumRef::B2(y)) => (x as u16).cmp(&(y as u16)),
            (DatumRef::B4(x), DatumRef::B4(y)) => (x as u32).cmp(&(y as u32)),
            (DatumRef::B8(x), DatumRef::B8(y)) => (x as u64).cmp(&(y as u64)),
            (x, y) => x.as_bytes().unwrap_or_default().cmp(y.as_bytes().unwrap_or_default()),
        })
    })
}

/// The 32-bit hash of a row.
pub fn hash(row: &[u8], env: &dyn Environment) -> Result<u32> {
    let mut result = 0u32;
    for_each_live(&View::new(row)?, env, |of, value| {
        let field = match value.is_null() {
            true => 0,
            false => crate::hash::hash(of, collation_of(of), value, env)?,
        };
        result = result.wrapping_mul(31).wrapping_add(field);
        Ok(())
    })?;
    Ok(result)
}

/// The 64-bit hash of a row with a seed.
pub fn hash_extended(row: &[u8], seed: u64, env: &dyn Environment) -> Result<u64> {
    let mut result = 0u64;
    for_each_live(&View::new(row)?, env, |of, value| {
        let field = match value.is_null() {
            true => 0,
            false => crate::hash::hash_extended(of, collation_of(of), value, seed, env)?,
        };
        result = result.wrapping_mul(31).wrapping_add(field);
        Ok(())
    })?;
    Ok(result)
}
