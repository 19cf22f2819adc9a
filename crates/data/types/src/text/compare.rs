//! Comparison of texts, names and bpchars, by their collations.
//!
//! Most collations order by bytes; there the loops are those of bytes. Which it is is asked once a batch.

use std::cmp::Ordering;

use collation::{BYTES, C_UTF8, Collation, CollationRef, UNICODE_FAST};
use error::{Error, Result, SqlState};
use ids::Oid;

use super::trim_blanks;
use crate::Environment;
use crate::call::{Call, Context, FixedAnswer, fast_binary};

crate::builtins! {
    /// Comparison.
    pub static COMPARISONS =
    67 texteq raw() |call| equality(call, whole, true);
    62 nameeq raw() |call| equality(call, whole, true);
    240 nameeqtext raw() |call| equality(call, whole, true);
    247 texteqname raw() |call| equality(call, whole, true);
    157 textne raw() |call| equality(call, whole, false);
    659 namene raw() |call| equality(call, whole, false);
    245 namenetext raw() |call| equality(call, whole, false);
    252 textnename raw() |call| equality(call, whole, false);
    740 text_lt raw() |call| order(call, whole, Ordering::is_lt);
    655 namelt raw() |call| order(call, whole, Ordering::is_lt);
    241 namelttext raw() |call| order(call, whole, Ordering::is_lt);
    248 textltname raw() |call| order(call, whole, Ordering::is_lt);
    2160 text_pattern_lt fast(&[u8], &[u8]) |a: &[u8], b: &[u8]| a < b;
    741 text_le raw() |call| order(call, whole, Ordering::is_le);
    656 namele raw() |call| order(call, whole, Ordering::is_le);
    242 nameletext raw() |call| order(call, whole, Ordering::is_le);
    249 textlename raw() |call| order(call, whole, Ordering::is_le);
    2161 text_pattern_le fast(&[u8], &[u8]) |a: &[u8], b: &[u8]| a <= b;
    742 text_gt raw() |call| order(call, whole, Ordering::is_gt);
    657 namegt raw() |call| order(call, whole, Ordering::is_gt);
    244 namegttext raw() |call| order(call, whole, Ordering::is_gt);
    251 textgtname raw() |call| order(call, whole, Ordering::is_gt);
    2164 text_pattern_gt fast(&[u8], &[u8]) |a: &[u8], b: &[u8]| a > b;
    743 text_ge raw() |call| order(call, whole, Ordering::is_ge);
    658 namege raw() |call| order(call, whole, Ordering::is_ge);
    243 namegetext raw() |call| order(call, whole, Ordering::is_ge);
    250 textgename raw() |call| order(call, whole, Ordering::is_ge);
    2163 text_pattern_ge fast(&[u8], &[u8]) |a: &[u8], b: &[u8]| a >= b;
    360 bttextcmp raw() |call| order(call, whole, |order| order as i32);
    359 btnamecmp raw() |call| order(call, whole, |order| order as i32);
    246 btnametextcmp raw() |call| order(call, whole, |order| order as i32);
    253 bttextnamecmp raw() |call| order(call, whole, |order| order as i32);
    2166 bttext_pattern_cmp fast(&[u8], &[u8]) |a: &[u8], b: &[u8]| a.cmp(b) as i32;
    458 text_larger arena(Context, &[u8], &[u8]) |cx, a, b, out: &mut Vec<u8>| pick(cx, whole, Ordering::is_gt, a, b, out);
    459 text_smaller arena(Context, &[u8], &[u8]) |cx, a, b, out: &mut Vec<u8>| pick(cx, whole, Ordering::is_lt, a, b, out);
    1048 bpchareq raw() |call| equality(call, trim_blanks, true);
    1053 bpcharne raw() |call| equality(call, trim_blanks, false);
    1049 bpcharlt raw() |call| order(call, trim_blanks, Ordering::is_lt);
    2174 bpchar_pattern_lt fast(&[u8], &[u8]) |a, b| trim_blanks(a) < trim_blanks(b);
    1050 bpcharle raw() |call| order(call, trim_blanks, Ordering::is_le);
    2175 bpchar_pattern_le fast(&[u8], &[u8]) |a, b| trim_blanks(a) <= trim_blanks(b);
    1051 bpchargt raw() |call| order(call, trim_blanks, Ordering::is_gt);
    2178 bpchar_pattern_gt fast(&[u8], &[u8]) |a, b| trim_blanks(a) > trim_blanks(b);
    1052 bpcharge raw() |call| order(call, trim_blanks, Ordering::is_ge);
    2177 bpchar_pattern_ge fast(&[u8], &[u8]) |a, b| trim_blanks(a) >= trim_blanks(b);
    1078 bpcharcmp raw() |call| order(call, trim_blanks, |order| order as i32);
    2180 btbpchar_pattern_cmp fast(&[u8], &[u8]) |a, b| trim_blanks(a).cmp(trim_blanks(b)) as i32;
    1063 bpchar_larger arena(Context, &[u8], &[u8]) |cx, a, b, out: &mut Vec<u8>| pick(cx, trim_blanks, Ordering::is_ge, a, b, out);
    1064 bpchar_smaller arena(Context, &[u8], &[u8]) |cx, a, b, out: &mut Vec<u8>| pick(cx, trim_blanks, Ordering::is_le, a, b, out);
}

/// The database's own collation, `default`.
pub const DEFAULT_COLLATION: Oid = Oid(100);

/// A collation by its OID; no collation is that of bytes.
///
/// # Errors
/// Those of opening it.
#[inline]
pub fn resolve(collation: Oid, env: &dyn Environment) -> Result<CollationRef> {
    match builtin(collation) {
        Some(collation) => Ok(CollationRef::Static(collation)),
        None => env.collation(collation),
    }
}

/// The collations of `pg_collation` that need no look at it.
#[inline]
pub fn builtin(collation: Oid) -> Option<&'static Collation> {
    match collation.0 {
        0 | 950 | 951 | 962 => Some(&BYTES),
        811 => Some(&C_UTF8),
        6411 => Some(&UNICODE_FAST),
        _ => None,
    }
}

/// A collation in which texts of different bytes may be equal; none if it is not such a one.
///
/// # Errors
/// Those of opening it.
#[inline]
pub fn resolve_weak(collation: Oid, env: &dyn Environment) -> Result<Option<CollationRef>> {
    // Those that every database has are deterministic, the default one always.
    if collation < Oid::FIRST_NORMAL {
        return Ok(None);
    }
    Ok(Some(env.collation(collation)?).filter(|collation| !collation.is_deterministic()))
}

/// `could not determine which collation to use for …`
#[cold]
pub fn undetermined(purpose: &str) -> Error {
    Error::new(SqlState::INDETERMINATE_COLLATION, format!("could not determine which collation to use for {purpose}"))
        .hint("Use the COLLATE clause to set the collation explicitly.")
}

/// Fails for arguments whose collations are in conflict.
#[inline]
pub fn determined(context: Context<'_>, purpose: &str) -> Result<()> {
    if context.collation.is_valid() { Ok(()) } else { Err(undetermined(purpose)) }
}

/// Compares two texts in a collation.
///
/// # Errors
/// 42P22 if it is none; those of opening it.
#[inline]
pub fn collate(collation: Oid, a: &[u8], b: &[u8], env: &dyn Environment) -> Result<Ordering> {
    match builtin(collation) {
        _ if !collation.is_valid() => Err(undetermined("string comparison")),
        Some(_) => Ok(a.cmp(b)),
        None => Ok(env.collation(collation)?.compare(a, b)),
    }
}

fn whole(text: &[u8]) -> &[u8] {
    text
}

/// The loop of `<` and its like.
fn order<R: FixedAnswer>(
    call: &mut Call<'_>,
    cut: impl Fn(&[u8]) -> &[u8] + Copy,
    answer: impl Fn(Ordering) -> R + Copy,
) -> Result<()> {
    determined(call.context, "string comparison")?;
    let collation = resolve(call.context.collation, call.context.env)?;
    if collation.is_bytes() {
        return fast_binary(call, |a: &[u8], b: &[u8]| answer(cut(a).cmp(cut(b))));
    }
    fast_binary(call, |a: &[u8], b: &[u8]| answer(collation.compare(cut(a), cut(b))))
}

/// The loop of `=` and `<>`.
fn equality(call: &mut Call<'_>, cut: impl Fn(&[u8]) -> &[u8] + Copy, wanted: bool) -> Result<()> {
    determined(call.context, "string comparison")?;
    match resolve_weak(call.context.collation, call.context.env)? {
        None => fast_binary(call, |a: &[u8], b: &[u8]| (cut(a) == cut(b)) == wanted),
        Some(collation) => fast_binary(call, |a: &[u8], b: &[u8]| collation.equal(cut(a), cut(b)) == wanted),
    }
}

/// The first of two texts if the order between them is wanted, else the second.
fn pick(
    context: Context<'_>,
    cut: impl Fn(&[u8]) -> &[u8],
    wanted: impl Fn(Ordering) -> bool,
    a: &[u8],
    b: &[u8],
    out: &mut Vec<u8>,
) -> Result<()> {
    determined(context, "string comparison")?;
    let first = wanted(collate(context.collation, cut(a), cut(b), context.env)?);
    out.extend_from_slice(if first { a } else { b });
    Ok(())
}
