//! text, varchar, bpchar, name and "char": functions, operators, text and binary form.
//!
//! Texts are UTF-8 but nothing here relies on it: characters are counted by their first bytes, so that bytes which are no
//! UTF-8 give odd answers and never a panic. A bpchar keeps its padding in storage; comparisons and most functions do not
//! see it. A name is a text of at most 63 bytes.

mod compare;
mod find;
mod format;
mod io;
mod keywords;
pub mod like;
mod pieces;
mod quote;
mod unicode;

pub use compare::{COMPARISONS, DEFAULT_COLLATION, builtin, collate, determined, resolve, resolve_weak, undetermined};
pub use find::Finder;
pub use format::{FORMATS, variadic_arguments};
pub use io::{BPCHAR_IO, CHAR_IO, NAME_IO, TEXT_IO, VARCHAR_IO, truncate_name};
pub use pieces::PIECES;
pub(crate) use pieces::{negative_length, substring_range};
pub use quote::{QUOTES, identifier_parts, quote_identifier, quote_literal};
pub use unicode::UNICODE;

use crate::call::{Call, Context, fast_binary};
use crate::kernel;
use collation::Cases;
use error::{Error, Result, SqlState};
use ids::Oid;

crate::builtins! {
    /// Concatenation, case and conversions.
    pub static TEXTS =
    61 chareq fast(u8, u8) |a, b| a == b;
    70 charne fast(u8, u8) |a, b| a != b;
    1246 charlt fast(u8, u8) |a, b| a < b;
    72 charle fast(u8, u8) |a, b| a <= b;
    73 chargt fast(u8, u8) |a, b| a > b;
    74 charge fast(u8, u8) |a, b| a >= b;
    358 btcharcmp fast(u8, u8) |a, b| a as i32 - b as i32;
    1258 textcat arena(&[u8], &[u8]) |a, b, out: &mut Vec<u8>| { out.extend_from_slice(a); out.extend_from_slice(b) };
    1257 textlen fast(&[u8]) |a: &[u8]| char_count(a) as i32;
    1317 textlen fast(&[u8]) |a: &[u8]| char_count(a) as i32;
    1369 textlen fast(&[u8]) |a: &[u8]| char_count(a) as i32;
    1381 textlen fast(&[u8]) |a: &[u8]| char_count(a) as i32;
    1318 bpcharlen fast(&[u8]) |a: &[u8]| char_count(trim_blanks(a)) as i32;
    1367 bpcharlen fast(&[u8]) |a: &[u8]| char_count(trim_blanks(a)) as i32;
    1372 bpcharlen fast(&[u8]) |a: &[u8]| char_count(trim_blanks(a)) as i32;
    1374 textoctetlen fast(&[u8]) |a: &[u8]| a.len() as i32;
    1375 bpcharoctetlen fast(&[u8]) |a: &[u8]| a.len() as i32;
    870 lower raw() |call| map_cases(call, "lower() function", Cases::lower);
    871 upper raw() |call| map_cases(call, "upper() function", Cases::upper);
    872 initcap raw() |call| map_cases(call, "initcap() function", Cases::initcap);
    6412 casefold raw() |call| map_cases(call, "lower() function", Cases::fold);
    3696 text_starts_with raw() starts_with;
    849 textpos each(Context, &[u8], &[u8]) text_position;
    868 textpos each(Context, &[u8], &[u8]) text_position;
    401 rtrim1 arena(&[u8]) |a, out: &mut Vec<u8>| out.extend_from_slice(trim_blanks(a));
    406 name_text arena(&[u8]) |a, out: &mut Vec<u8>| out.extend_from_slice(a);
    1401 name_text arena(&[u8]) |a, out: &mut Vec<u8>| out.extend_from_slice(a);
    408 name_bpchar arena(&[u8]) |a, out: &mut Vec<u8>| out.extend_from_slice(a);
    407 text_name arena(&[u8]) |a, out: &mut Vec<u8>| out.extend_from_slice(truncate_name(a));
    1400 text_name arena(&[u8]) |a, out: &mut Vec<u8>| out.extend_from_slice(truncate_name(a));
    409 bpchar_name arena(&[u8]) |a, out: &mut Vec<u8>| out.extend_from_slice(trim_blanks(truncate_name(a)));
    266 nameconcatoid arena(&[u8], Oid) |a: &[u8], b: Oid, out: &mut Vec<u8>| name_concat_oid(a, b, out);
    669 varchar arena(&[u8], i32, bool) |a, typmod, explicit, out: &mut Vec<u8>| io::limit(a, typmod, explicit, out);
    668 bpchar arena(&[u8], i32, bool) |a, typmod, explicit, out: &mut Vec<u8>| io::pad(a, typmod, explicit, out);
    860 char_bpchar arena(u8) |a, out: &mut Vec<u8>| if a != 0 { out.push(a) };
    946 char_text arena(u8) io::write_char;
    944 text_char fast(&[u8]) |a: &[u8]| io::parse_char(a);
    77 chartoi4 fast(u8) |a| a as i8 as i32;
    78 i4tochar fast(i32) |a| i8::try_from(a).map(|v| v as u8).map_err(|_| Error::new(SqlState::NUMERIC_VALUE_OUT_OF_RANGE, "\"char\" out of range"));
    1620 ascii fast(&[u8]) |a: &[u8]| first_code(a) as i32;
    1621 chr arena(i32) |a, out: &mut Vec<u8>| chr(a, out);
}

/// Bytes of the character that begins with this byte; 1 for a byte that begins none.
#[inline]
pub fn char_len(first: u8) -> usize {
    match first {
        0xC0..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF7 => 4,
        _ => 1,
    }
}

/// Characters of a text: its bytes but for those that continue one.
#[inline]
pub fn char_count(text: &[u8]) -> usize {
    text.iter().map(|&b| (b as i8 >= -64) as usize).sum()
}

/// Where the character number `count`, from 0, begins; the text's end if it has fewer.
pub fn char_offset(text: &[u8], count: usize) -> usize {
    if count >= text.len() {
        return text.len();
    }
    let mut at = 0;
    for _ in 0..count {
        match text.get(at) {
            Some(&first) => at += char_len(first),
            None => break,
        }
    }
    at.min(text.len())
}

/// A bpchar without its padding.
#[inline]
pub fn trim_blanks(mut text: &[u8]) -> &[u8] {
    while let [rest @ .., b' '] = text {
        text = rest;
    }
    text
}

/// The loop of `lower` and its like.
fn map_cases(call: &mut Call<'_>, purpose: &str, map: impl Fn(Cases, &[u8], &mut Vec<u8>)) -> Result<()> {
    let cases = cases(call.context, purpose)?;
    kernel!(arena [&[u8]] |text: &[u8], out: &mut Vec<u8>| map(cases, text, out))(call)
}

/// The cases of a call's collation; `purpose` is what they are for.
///
/// # Errors
/// 42P22 if the arguments' collations are in conflict; those of opening it.
pub fn cases(context: Context<'_>, purpose: &str) -> Result<Cases> {
    compare::determined(context, purpose)?;
    Ok(compare::resolve(context.collation, context.env)?.cases())
}

/// Where a text first stands in another one, in characters from 1; 0 if nowhere.
fn text_position(context: Context<'_>, text: &[u8], needle: &[u8]) -> Result<i32> {
    Ok(match Finder::new(context)?.find(text, needle, 0)? {
        Some((at, _)) => char_count(&text[..at]) as i32 + 1,
        None => 0,
    })
}

/// The loop of `^@`.
fn starts_with(call: &mut Call<'_>) -> Result<()> {
    compare::determined(call.context, "string comparison")?;
    if compare::resolve_weak(call.context.collation, call.context.env)?.is_some() {
        let text = "nondeterministic collations are not supported for substring searches";
        return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
    }
    fast_binary(call, |a: &[u8], b: &[u8]| a.starts_with(b))
}

/// The code point of the first character; 0 for an empty text.
fn first_code(text: &[u8]) -> u32 {
    let Some(&first) = text.first() else { return 0 };
    let len = char_len(first).min(text.len());
    match std::str::from_utf8(&text[..len]).ok().and_then(|s| s.chars().next()) {
        Some(c) => c as u32,
        None => first as u32,
    }
}

fn chr(code: i32, out: &mut Vec<u8>) -> Result<()> {
    let error = |state, message: String| Err(Error::new(state, message));
    if code < 0 {
        return error(SqlState::INVALID_PARAMETER_VALUE, "character number must be positive".to_string());
    }
    if code == 0 {
        return error(SqlState::PROGRAM_LIMIT_EXCEEDED, "null character not permitted".to_string());
    }
    if code > 0x10FFFF {
        return error(SqlState::PROGRAM_LIMIT_EXCEEDED, format!("requested character too large for encoding: {code}"));
    }
    match char::from_u32(code as u32) {
        Some(c) => {
            out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            Ok(())
        }
        None => error(SqlState::PROGRAM_LIMIT_EXCEEDED, format!("requested character not valid for encoding: {code}")),
    }
}

fn name_concat_oid(name: &[u8], oid: Oid, out: &mut Vec<u8>) {
    let suffix = format!("_{oid}");
    let room = 63usize.saturating_sub(suffix.len());
    let mut end = name.len().min(room);
    while end > 0 && end < name.len() && name[end] as i8 <= -65 {
        end -= 1;
    }
    out.extend_from_slice(&name[..end]);
    out.extend_from_slice(suffix.as_bytes());
}
