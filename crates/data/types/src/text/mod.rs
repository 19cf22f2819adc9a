//! text, varchar, bpchar, name and "char": functions, operators, text and binary form.
//!
//! Texts are UTF-8 but nothing here relies on it: characters are counted by their first bytes, so that bytes which are no
//! UTF-8 give odd answers and never a panic. A bpchar keeps its padding in storage; comparisons and most functions do not
//! see it. A name is a text of at most 63 bytes.

mod format;
mod io;
mod keywords;
pub mod like;
mod pieces;
mod quote;

pub use format::FORMATS;
pub use io::{BPCHAR_IO, CHAR_IO, NAME_IO, TEXT_IO, VARCHAR_IO, truncate_name};
pub use pieces::PIECES;
pub(crate) use pieces::{negative_length, substring_range};
pub use quote::{QUOTES, quote_identifier, quote_literal};

use crate::Context;
use error::{Error, Result, SqlState};
use ids::Oid;
use std::cmp::Ordering;

crate::builtins! {
    /// Comparison, concatenation and case.
    pub static TEXTS =
    67 texteq fast(&[u8], &[u8]) |a: &[u8], b: &[u8]| a == b;
    62 nameeq fast(&[u8], &[u8]) |a: &[u8], b: &[u8]| a == b;
    240 nameeqtext fast(&[u8], &[u8]) |a: &[u8], b: &[u8]| a == b;
    247 texteqname fast(&[u8], &[u8]) |a: &[u8], b: &[u8]| a == b;
    157 textne fast(&[u8], &[u8]) |a: &[u8], b: &[u8]| a != b;
    659 namene fast(&[u8], &[u8]) |a: &[u8], b: &[u8]| a != b;
    245 namenetext fast(&[u8], &[u8]) |a: &[u8], b: &[u8]| a != b;
    252 textnename fast(&[u8], &[u8]) |a: &[u8], b: &[u8]| a != b;
    740 text_lt fast(&[u8], &[u8]) |a: &[u8], b: &[u8]| a < b;
    655 namelt fast(&[u8], &[u8]) |a: &[u8], b: &[u8]| a < b;
    241 namelttext fast(&[u8], &[u8]) |a: &[u8], b: &[u8]| a < b;
    248 textltname fast(&[u8], &[u8]) |a: &[u8], b: &[u8]| a < b;
    2160 text_pattern_lt fast(&[u8], &[u8]) |a: &[u8], b: &[u8]| a < b;
    741 text_le fast(&[u8], &[u8]) |a: &[u8], b: &[u8]| a <= b;
    656 namele fast(&[u8], &[u8]) |a: &[u8], b: &[u8]| a <= b;
    242 nameletext fast(&[u8], &[u8]) |a: &[u8], b: &[u8]| a <= b;
    249 textlename fast(&[u8], &[u8]) |a: &[u8], b: &[u8]| a <= b;
    2161 text_pattern_le fast(&[u8], &[u8]) |a: &[u8], b: &[u8]| a <= b;
    742 text_gt fast(&[u8], &[u8]) |a: &[u8], b: &[u8]| a > b;
    657 namegt fast(&[u8], &[u8]) |a: &[u8], b: &[u8]| a > b;
    244 namegttext fast(&[u8], &[u8]) |a: &[u8], b: &[u8]| a > b;
    251 textgtname fast(&[u8], &[u8]) |a: &[u8], b: &[u8]| a > b;
    2164 text_pattern_gt fast(&[u8], &[u8]) |a: &[u8], b: &[u8]| a > b;
    743 text_ge fast(&[u8], &[u8]) |a: &[u8], b: &[u8]| a >= b;
    658 namege fast(&[u8], &[u8]) |a: &[u8], b: &[u8]| a >= b;
    243 namegetext fast(&[u8], &[u8]) |a: &[u8], b: &[u8]| a >= b;
    250 textgename fast(&[u8], &[u8]) |a: &[u8], b: &[u8]| a >= b;
    2163 text_pattern_ge fast(&[u8], &[u8]) |a: &[u8], b: &[u8]| a >= b;
    360 bttextcmp fast(&[u8], &[u8]) |a: &[u8], b: &[u8]| a.cmp(b) as i32;
    359 btnamecmp fast(&[u8], &[u8]) |a: &[u8], b: &[u8]| a.cmp(b) as i32;
    246 btnametextcmp fast(&[u8], &[u8]) |a: &[u8], b: &[u8]| a.cmp(b) as i32;
    253 bttextnamecmp fast(&[u8], &[u8]) |a: &[u8], b: &[u8]| a.cmp(b) as i32;
    2166 bttext_pattern_cmp fast(&[u8], &[u8]) |a: &[u8], b: &[u8]| a.cmp(b) as i32;
    458 text_larger arena(&[u8], &[u8]) |a, b, out: &mut Vec<u8>| out.extend_from_slice(if a > b { a } else { b });
    459 text_smaller arena(&[u8], &[u8]) |a, b, out: &mut Vec<u8>| out.extend_from_slice(if a < b { a } else { b });
    1048 bpchareq fast(&[u8], &[u8]) |a, b| trim_blanks(a) == trim_blanks(b);
    1053 bpcharne fast(&[u8], &[u8]) |a, b| trim_blanks(a) != trim_blanks(b);
    1049 bpcharlt fast(&[u8], &[u8]) |a, b| trim_blanks(a) < trim_blanks(b);
    2174 bpchar_pattern_lt fast(&[u8], &[u8]) |a, b| trim_blanks(a) < trim_blanks(b);
    1050 bpcharle fast(&[u8], &[u8]) |a, b| trim_blanks(a) <= trim_blanks(b);
    2175 bpchar_pattern_le fast(&[u8], &[u8]) |a, b| trim_blanks(a) <= trim_blanks(b);
    1051 bpchargt fast(&[u8], &[u8]) |a, b| trim_blanks(a) > trim_blanks(b);
    2178 bpchar_pattern_gt fast(&[u8], &[u8]) |a, b| trim_blanks(a) > trim_blanks(b);
    1052 bpcharge fast(&[u8], &[u8]) |a, b| trim_blanks(a) >= trim_blanks(b);
    2177 bpchar_pattern_ge fast(&[u8], &[u8]) |a, b| trim_blanks(a) >= trim_blanks(b);
    1078 bpcharcmp fast(&[u8], &[u8]) |a, b| trim_blanks(a).cmp(trim_blanks(b)) as i32;
    2180 btbpchar_pattern_cmp fast(&[u8], &[u8]) |a, b| trim_blanks(a).cmp(trim_blanks(b)) as i32;
    1063 bpchar_larger arena(&[u8], &[u8]) |a, b, out: &mut Vec<u8>| out.extend_from_slice(if trim_blanks(a) >= trim_blanks(b) { a } else { b });
    1064 bpchar_smaller arena(&[u8], &[u8]) |a, b, out: &mut Vec<u8>| out.extend_from_slice(if trim_blanks(a) <= trim_blanks(b) { a } else { b });
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
    870 lower arena(Context, &[u8]) |cx: Context<'_>, a, out: &mut Vec<u8>| lower(case_mapping(cx), a, out);
    871 upper arena(Context, &[u8]) |cx: Context<'_>, a, out: &mut Vec<u8>| upper(case_mapping(cx), a, out);
    872 initcap arena(Context, &[u8]) |cx: Context<'_>, a, out: &mut Vec<u8>| initcap(case_mapping(cx), a, out);
    6412 casefold arena(Context, &[u8]) |cx: Context<'_>, a, out: &mut Vec<u8>| lower(case_mapping(cx), a, out);
    3696 text_starts_with fast(&[u8], &[u8]) |a: &[u8], b: &[u8]| a.starts_with(b);
    849 textpos fast(&[u8], &[u8]) text_position;
    868 textpos fast(&[u8], &[u8]) text_position;
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

/// The database's default collation.
pub const DEFAULT_COLLATION: Oid = Oid(100);

/// Compares two texts in a collation. All collations that exist so far compare bytes (`C`, `POSIX`, `C.UTF-8`).
pub fn collate(_collation: Oid, a: &[u8], b: &[u8]) -> Ordering {
    a.cmp(b)
}

/// Bytes that order texts as their collation does: the texts themselves, as long as all collations compare bytes.
pub fn collation_key(_collation: Oid, text: &[u8]) -> &[u8] {
    text
}

/// Which characters have another case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaseMapping {
    /// A to Z.
    Ascii,
    /// Unicode's, where it is one character for one.
    Simple,
    /// Unicode's, as it is.
    Full,
}

/// The case mapping of a call's collation.
pub fn case_mapping(context: Context<'_>) -> CaseMapping {
    match context.collation.0 {
        950 | 951 => CaseMapping::Ascii,
        811 => CaseMapping::Simple,
        6411 => CaseMapping::Full,
        _ => context.env.default_case_mapping(),
    }
}

fn map_chars(text: &str, full: bool, out: &mut Vec<u8>, map: impl Fn(char) -> (char, Option<String>)) {
    let mut buffer = [0; 4];
    for c in text.chars() {
        match map(c) {
            (_, Some(several)) if full => out.extend_from_slice(several.as_bytes()),
            (_, Some(_)) => out.extend_from_slice(c.encode_utf8(&mut buffer).as_bytes()),
            (one, None) => out.extend_from_slice(one.encode_utf8(&mut buffer).as_bytes()),
        }
    }
}

fn single(original: char, mut mapped: impl Iterator<Item = char>) -> (char, Option<String>) {
    match (mapped.next(), mapped.next()) {
        (Some(one), None) => (one, None),
        (Some(one), Some(two)) => (original, Some([one, two].into_iter().chain(mapped).collect())),
        (None, _) => (original, None),
    }
}

/// Adds the text in lower case.
pub fn lower(mapping: CaseMapping, text: &[u8], out: &mut Vec<u8>) {
    match (mapping, std::str::from_utf8(text)) {
        (CaseMapping::Simple | CaseMapping::Full, Ok(text)) if !text.is_ascii() => {
            if mapping == CaseMapping::Full {
                return out.extend_from_slice(text.to_lowercase().as_bytes());
            }
            map_chars(text, false, out, |c| single(c, c.to_lowercase()));
        }
        _ => out.extend(text.iter().map(u8::to_ascii_lowercase)),
    }
}

/// Adds the text in upper case.
pub fn upper(mapping: CaseMapping, text: &[u8], out: &mut Vec<u8>) {
    match (mapping, std::str::from_utf8(text)) {
        (CaseMapping::Simple | CaseMapping::Full, Ok(text)) if !text.is_ascii() => {
            map_chars(text, mapping == CaseMapping::Full, out, |c| single(c, c.to_uppercase()));
        }
        _ => out.extend(text.iter().map(u8::to_ascii_uppercase)),
    }
}

/// Adds the text with the first letter of each word in upper case, the others in lower case.
fn initcap(mapping: CaseMapping, text: &[u8], out: &mut Vec<u8>) {
    let mut inside = false;
    match (mapping, std::str::from_utf8(text)) {
        (CaseMapping::Simple | CaseMapping::Full, Ok(text)) if !text.is_ascii() => {
            let mut buffer = [0; 4];
            for c in text.chars() {
                let word = &*c.encode_utf8(&mut buffer);
                if inside {
                    lower(mapping, word.as_bytes(), out);
                } else {
                    upper(mapping, word.as_bytes(), out);
                }
                inside = c.is_alphanumeric();
            }
        }
        _ => {
            for &c in text {
                out.push(if inside { c.to_ascii_lowercase() } else { c.to_ascii_uppercase() });
                inside = c.is_ascii_alphanumeric();
            }
        }
    }
}

/// Where a text first stands in another one, in characters from 1; 0 if nowhere.
fn text_position(text: &[u8], needle: &[u8]) -> i32 {
    match like::find(text, needle) {
        Some(at) => char_count(&text[..at]) as i32 + 1,
        None => 0,
    }
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
