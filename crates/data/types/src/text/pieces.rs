//! Functions that cut texts and put them together: substring, trim, pad, replace, split …

use super::{Finder, char_count, char_len, char_offset};
use crate::call::{Context, too_long};
use batch::ByteValues;
use error::{Error, Result, SqlState};

crate::builtins! {
    /// Functions on pieces of texts.
    pub static PIECES =
    877 text_substr arena(&[u8], i32, i32) |a, start, len, out: &mut Vec<u8>| substring(a, start, Some(len), out);
    936 text_substr arena(&[u8], i32, i32) |a, start, len, out: &mut Vec<u8>| substring(a, start, Some(len), out);
    883 text_substr_no_len arena(&[u8], i32) |a, start, out: &mut Vec<u8>| substring(a, start, None, out);
    937 text_substr_no_len arena(&[u8], i32) |a, start, out: &mut Vec<u8>| substring(a, start, None, out);
    1404 textoverlay arena(&[u8], &[u8], i32, i32) |a, b, start, len, out: &mut Vec<u8>| overlay(a, b, start, len, out);
    1405 textoverlay_no_len arena(&[u8], &[u8], i32) |a, b: &[u8], start, out: &mut Vec<u8>| overlay(a, b, start, char_count(b) as i32, out);
    3060 text_left arena(&[u8], i32) left;
    3061 text_right arena(&[u8], i32) right;
    3062 text_reverse arena(&[u8]) reverse;
    875 ltrim arena(&[u8], &[u8]) |a, set, out: &mut Vec<u8>| trim(a, set, true, false, out);
    876 rtrim arena(&[u8], &[u8]) |a, set, out: &mut Vec<u8>| trim(a, set, false, true, out);
    884 btrim arena(&[u8], &[u8]) |a, set, out: &mut Vec<u8>| trim(a, set, true, true, out);
    881 ltrim1 arena(&[u8]) |a, out: &mut Vec<u8>| trim(a, b" ", true, false, out);
    882 rtrim1 arena(&[u8]) |a, out: &mut Vec<u8>| trim(a, b" ", false, true, out);
    885 btrim1 arena(&[u8]) |a, out: &mut Vec<u8>| trim(a, b" ", true, true, out);
    873 lpad arena(&[u8], i32, &[u8]) |a, len, fill, out: &mut Vec<u8>| pad(a, len, fill, true, out);
    874 rpad arena(&[u8], i32, &[u8]) |a, len, fill, out: &mut Vec<u8>| pad(a, len, fill, false, out);
    1622 repeat arena(&[u8], i32) repeat;
    2087 replace_text arena(Context, &[u8], &[u8], &[u8]) replace;
    878 translate arena(&[u8], &[u8], &[u8]) translate;
    2088 split_part arena(Context, &[u8], &[u8], i32) split_part;
    6198 unistr arena(&[u8]) unistr;
}

/// The error for a length below zero.
#[cold]
pub fn negative_length() -> Error {
    Error::new(SqlState::SUBSTRING_ERROR, "negative substring length not allowed")
}

/// The first and the end position, from 0, of SQL's `substring(… from start for len)`.
pub fn substring_range(start: i32, len: Option<i32>) -> Result<(usize, usize)> {
    let begin = start as i64 - 1;
    let end = match len {
        None => i64::MAX,
        Some(len) if len < 0 => return Err(negative_length()),
        Some(len) => begin + len as i64,
    };
    Ok((begin.max(0) as usize, end.max(0) as usize))
}

fn substring(text: &[u8], start: i32, len: Option<i32>, out: &mut Vec<u8>) -> Result<()> {
    let (begin, end) = substring_range(start, len)?;
    let from = char_offset(text, begin);
    let rest = &text[from..];
    out.extend_from_slice(&rest[..char_offset(rest, end.saturating_sub(begin))]);
    Ok(())
}

fn overlay(text: &[u8], with: &[u8], start: i32, len: i32, out: &mut Vec<u8>) -> Result<()> {
    if start <= 0 {
        return Err(negative_length());
    }
    let after = start.checked_add(len).ok_or_else(crate::int::integer_range)?;
    substring(text, 1, Some(start - 1), out)?;
    out.extend_from_slice(with);
    substring(text, after, None, out)
}

fn left(text: &[u8], count: i32, out: &mut Vec<u8>) {
    let count = if count < 0 { char_count(text).saturating_sub(count.unsigned_abs() as usize) } else { count as usize };
    out.extend_from_slice(&text[..char_offset(text, count)]);
}

fn right(text: &[u8], count: i32, out: &mut Vec<u8>) {
    let skip = if count < 0 { count.unsigned_abs() as usize } else { char_count(text).saturating_sub(count as usize) };
    out.extend_from_slice(&text[char_offset(text, skip)..]);
}

fn reverse(text: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + text.len(), 0);
    let (mut at, mut to) = (0, out.len());
    while at < text.len() {
        let len = char_len(text[at]).min(text.len() - at);
        to -= len;
        out[to..to + len].copy_from_slice(&text[at..at + len]);
        at += len;
    }
}

fn chars(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let len = char_len(*text.get(at)?).min(text.len() - at);
        at += len;
        Some(&text[at - len..at])
    })
}

fn trim(mut text: &[u8], set: &[u8], start: bool, end: bool, out: &mut Vec<u8>) {
    let within = |c: &[u8]| if c.len() == 1 { set.contains(&c[0]) } else { chars(set).any(|s| s == c) };
    while start && !text.is_empty() {
        let len = char_len(text[0]).min(text.len());
        if !within(&text[..len]) {
            break;
        }
        text = &text[len..];
    }
    while end && !text.is_empty() {
        let mut at = text.len() - 1;
        while at > 0 && text[at] as i8 <= -65 {
            at -= 1;
        }
        if !within(&text[at..]) {
            break;
        }
        text = &text[..at];
    }
    out.extend_from_slice(text);
}

fn pad(text: &[u8], len: i32, fill: &[u8], before: bool, out: &mut Vec<u8>) -> Result<()> {
    let len = len.max(0) as usize;
    let count = char_count(text);
    let missing = if fill.is_empty() { 0 } else { len.saturating_sub(count) };
    if missing.saturating_mul(4).saturating_add(text.len()) > ByteValues::MAX_LENGTH {
        return Err(too_long());
    }
    sys::memory::admit(missing)?;
    let text = &text[..char_offset(text, len)];
    if !before {
        out.extend_from_slice(text);
    }
    let mut cycle = chars(fill);
    for _ in 0..missing {
        let c = match cycle.next() {
            Some(c) => c,
            None => {
                cycle = chars(fill);
                cycle.next().unwrap_or_default()
            }
        };
        out.extend_from_slice(c);
    }
    if before {
        out.extend_from_slice(text);
    }
    Ok(())
}

fn repeat(text: &[u8], count: i32, out: &mut Vec<u8>) -> Result<()> {
    let count = if text.is_empty() { 0 } else { count.max(0) as usize };
    match text.len().checked_mul(count) {
        Some(total) if total <= ByteValues::MAX_LENGTH - 4 => {
            sys::memory::admit(total)?;
            out.reserve(total);
            (0..count).for_each(|_| out.extend_from_slice(text));
            Ok(())
        }
        _ => Err(too_long()),
    }
}

fn replace(context: Context<'_>, text: &[u8], from: &[u8], to: &[u8], out: &mut Vec<u8>) -> Result<()> {
    let finder = Finder::new(context)?;
    let (start, mut done) = (out.len(), 0);
    while !from.is_empty()
        && let Some((at, end)) = finder.find(text, from, done)?
    {
        out.extend_from_slice(&text[done..at]);
        out.extend_from_slice(to);
        done = end;
        if out.len() - start > ByteValues::MAX_LENGTH {
            return Err(too_long());
        }
        sys::memory::check()?;
    }
    out.extend_from_slice(&text[done..]);
    Ok(())
}

fn translate(text: &[u8], from: &[u8], to: &[u8], out: &mut Vec<u8>) {
    let to: Vec<&[u8]> = chars(to).collect();
    for c in chars(text) {
        match chars(from).position(|f| f == c) {
            None => out.extend_from_slice(c),
            Some(at) => out.extend_from_slice(to.get(at).copied().unwrap_or_default()),
        }
    }
}

fn split_part(context: Context<'_>, text: &[u8], delimiter: &[u8], field: i32, out: &mut Vec<u8>) -> Result<()> {
    if field == 0 {
        return Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, "field position must not be zero"));
    }
    if delimiter.is_empty() {
        if field.abs() == 1 {
            out.extend_from_slice(text);
        }
        return Ok(());
    }
    let finder = Finder::new(context)?;
    let mut wanted = field as i64 - 1;
    if field < 0 {
        let mut fields = 1;
        let mut done = 0;
        while let Some((_, end)) = finder.find(text, delimiter, done)? {
            fields += 1;
            done = end;
        }
        wanted = fields + field as i64;
        if wanted < 0 {
            return Ok(());
        }
    }
    let mut done = 0;
    loop {
        let found = finder.find(text, delimiter, done)?;
        match (wanted, found) {
            (0, found) => {
                out.extend_from_slice(&text[done..found.map_or(text.len(), |(at, _)| at)]);
                return Ok(());
            }
            (_, None) => return Ok(()),
            (_, Some((_, end))) => done = end,
        }
        wanted -= 1;
    }
}

/// Replaces `\XXXX`, `\+XXXXXX`, `\uXXXX` and `\UXXXXXXXX` by the characters they stand for.
fn unistr(text: &[u8], out: &mut Vec<u8>) -> Result<()> {
    let invalid = || {
        Error::new(SqlState::SYNTAX_ERROR, "invalid Unicode escape")
            .hint("Unicode escapes must be \\XXXX, \\+XXXXXX, \\uXXXX, or \\UXXXXXXXX.")
    };
    let pair = || Error::new(SqlState::SYNTAX_ERROR, "invalid Unicode surrogate pair");
    let mut high: Option<u32> = None;
    let mut at = 0;
    while at < text.len() {
        if text[at] != b'\\' {
            if high.is_some() {
                return Err(pair());
            }
            out.push(text[at]);
            at += 1;
            continue;
        }
        if text.get(at + 1) == Some(&b'\\') {
            if high.is_some() {
                return Err(pair());
            }
            out.push(b'\\');
            at += 2;
            continue;
        }
        let (skip, digits) = match text.get(at + 1) {
            Some(b'+') => (2, 6),
            Some(b'u') => (2, 4),
            Some(b'U') => (2, 8),
            _ => (1, 4),
        };
        let code = text.get(at + skip..at + skip + digits).filter(|d| d.iter().all(u8::is_ascii_hexdigit));
        let code = code.and_then(|d| u32::from_str_radix(std::str::from_utf8(d).ok()?, 16).ok()).ok_or_else(invalid)?;
        at += skip + digits;
        let code = match (high.take(), code) {
            (Some(high), 0xDC00..=0xDFFF) => 0x10000 + ((high - 0xD800) << 10) + (code - 0xDC00),
            (Some(_), _) | (None, 0xDC00..=0xDFFF) => return Err(pair()),
            (None, 0xD800..=0xDBFF) => {
                high = Some(code);
                continue;
            }
            (None, code) => code,
        };
        match char::from_u32(code) {
            Some(c) if code != 0 => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            _ => {
                return Err(Error::new(
                    SqlState::INVALID_PARAMETER_VALUE,
                    format!("invalid Unicode code point: {code:04X}"),
                ));
            }
        }
    }
    if high.is_some() { Err(pair()) } else { Ok(()) }
}
