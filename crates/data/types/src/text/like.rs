//! LIKE and ILIKE.
//!
//! A pattern that is constant over a batch is taken apart once: most are a text, a prefix, a suffix or an infix, and need
//! no matcher at all.

use super::{cases, char_len, determined, resolve_weak};
use crate::call::{Call, each, fast_binary};
use collation::{Cases, Collation};
use error::{Error, Result, SqlState};

crate::builtins! {
    /// LIKE, ILIKE and their helpers.
    pub static LIKES =
    850 textlike raw() |call| like_kernel(call, true);
    1569 textlike raw() |call| like_kernel(call, true);
    1631 textlike raw() |call| like_kernel(call, true);
    858 namelike raw() |call| like_kernel(call, true);
    1571 namelike raw() |call| like_kernel(call, true);
    2005 bytealike raw() |call| like_of_bytes(call, true);
    2007 bytealike raw() |call| like_of_bytes(call, true);
    851 textnlike raw() |call| like_kernel(call, false);
    1570 textnlike raw() |call| like_kernel(call, false);
    1632 textnlike raw() |call| like_kernel(call, false);
    859 namenlike raw() |call| like_kernel(call, false);
    1572 namenlike raw() |call| like_kernel(call, false);
    2006 byteanlike raw() |call| like_of_bytes(call, false);
    2008 byteanlike raw() |call| like_of_bytes(call, false);
    1633 texticlike raw() |call| ilike_kernel(call, true);
    1660 texticlike raw() |call| ilike_kernel(call, true);
    1635 nameiclike raw() |call| ilike_kernel(call, true);
    1634 texticnlike raw() |call| ilike_kernel(call, false);
    1661 texticnlike raw() |call| ilike_kernel(call, false);
    1636 nameicnlike raw() |call| ilike_kernel(call, false);
    1637 like_escape arena(&[u8], &[u8]) like_escape;
    2009 like_escape_bytea arena(&[u8], &[u8]) like_escape;
}

/// A pattern taken apart.
enum Shape<'a> {
    Equal(&'a [u8]),
    Prefix(&'a [u8]),
    Suffix(&'a [u8]),
    Infix(&'a [u8]),
    General(&'a [u8]),
}

impl<'a> Shape<'a> {
    fn of(pattern: &'a [u8]) -> Shape<'a> {
        let special = |c: &u8| matches!(c, b'%' | b'_' | b'\\');
        match pattern {
            p if !p.iter().any(special) => Shape::Equal(p),
            [middle @ .., b'%'] if !middle.iter().any(special) => Shape::Prefix(middle),
            [b'%', middle @ ..] if !middle.iter().any(special) => Shape::Suffix(middle),
            [b'%', middle @ .., b'%'] if !middle.iter().any(special) => Shape::Infix(middle),
            p => Shape::General(p),
        }
    }
}

fn like_kernel(call: &mut Call<'_>, wanted: bool) -> Result<()> {
    determined(call.context, "LIKE")?;
    if let Some(collation) = resolve_weak(call.context.collation, call.context.env)? {
        let check = || call.context.env.check_interrupts();
        let test = |text: &[u8], pattern: &[u8]| Ok(matches_weakly(&collation, text, pattern, &check)? == wanted);
        return fast_binary(call, test);
    }
    like_of_bytes(call, wanted)
}

fn like_of_bytes(call: &mut Call<'_>, wanted: bool) -> Result<()> {
    let pattern = call.args[1];
    if !pattern.is_constant() || pattern.is_null(0) {
        return fast_binary(call, |text: &[u8], pattern: &[u8]| Ok(matches(text, pattern)? == wanted));
    }
    let pattern = pattern.bytes().get(0);
    let text = call.args[0].bytes();
    let mask = if call.args[0].is_constant() { 0 } else { usize::MAX };
    match Shape::of(pattern) {
        Shape::Equal(p) => each(call, 1, |row| (text.get(row & mask) == p) == wanted),
        Shape::Prefix(p) => each(call, 1, |row| text.get(row & mask).starts_with(p) == wanted),
        Shape::Suffix(p) => each(call, 1, |row| text.get(row & mask).ends_with(p) == wanted),
        Shape::Infix(p) => each(call, 1, |row| find(text.get(row & mask), p).is_some() == wanted),
        Shape::General(p) => each(call, 1, |row| matches(text.get(row & mask), p).map(|m| m == wanted)),
    }
}

fn ilike_kernel(call: &mut Call<'_>, wanted: bool) -> Result<()> {
    let context = call.context;
    let cases = cases(context, "ILIKE")?;
    if resolve_weak(context.collation, context.env)?.is_some() {
        let text = "nondeterministic collations are not supported for ILIKE";
        return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
    }
    crate::kernel!(each [&[u8], &[u8]] |text: &[u8], pattern: &[u8]| ilike(cases, text, pattern))(call)?;
    if !wanted {
        call.rows.for_each(|row| call.out.b1_mut()[row] ^= 1);
    }
    Ok(())
}

fn ilike(cases: Cases, text: &[u8], pattern: &[u8]) -> Result<bool> {
    let (mut a, mut b) = (Vec::with_capacity(text.len()), Vec::with_capacity(pattern.len()));
    cases.lower(text, &mut a);
    cases.lower(pattern, &mut b);
    matches(&a, &b)
}

/// Where `needle` first stands in `text`. Looks for the needle's first byte, eight bytes of text at a time.
pub fn find(text: &[u8], needle: &[u8]) -> Option<usize> {
    let Some((&first, rest)) = needle.split_first() else { return Some(0) };
    if text.len() < needle.len() {
        return None;
    }
    let last = text.len() - needle.len();
    let mut at = 0;
    while at <= last {
        at += position(&text[at..=last], first)?;
        if text[at + 1..].starts_with(rest) {
            return Some(at);
        }
        at += 1;
    }
    None
}

/// Where a byte first stands.
fn position(text: &[u8], byte: u8) -> Option<usize> {
    const ONES: u64 = u64::MAX / 255;
    let mut chunks = text.chunks_exact(8);
    let mut at = 0;
    for chunk in &mut chunks {
        let word = chunk.iter().rev().fold(0u64, |word, &b| word << 8 | b as u64) ^ (ONES * byte as u64);
        let zero = word.wrapping_sub(ONES) & !word & (ONES << 7);
        if zero != 0 {
            return Some(at + zero.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    chunks.remainder().iter().position(|&b| b == byte).map(|p| at + p)
}

/// Whether a text matches a pattern of `%`, `_` and `\`. Only the last `%` passed needs to be tried again, so the time is at
/// most the product of the lengths.
pub fn matches(text: &[u8], pattern: &[u8]) -> Result<bool> {
    let (mut t, mut p) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    loop {
        let advanced = match pattern.get(p) {
            Some(b'%') => {
                p += 1;
                if p == pattern.len() {
                    return Ok(true);
                }
                retry = Some((p, t));
                continue;
            }
            None if t == text.len() => return Ok(true),
            None => false,
            Some(b'_') if t < text.len() => {
                t += char_len(text[t]).min(text.len() - t);
                p += 1;
                true
            }
            Some(&c) => {
                let literal = if c == b'\\' {
                    match pattern.get(p + 1) {
                        Some(&literal) => literal,
                        None if t < text.len() => return Err(ends_with_escape()),
                        None => return Ok(false),
                    }
                } else {
                    c
                };
                if t < text.len() && text[t] == literal {
                    t += 1;
                    p += if c == b'\\' { 2 } else { 1 };
                    true
                } else {
                    false
                }
            }
        };
        if !advanced {
            match &mut retry {
                Some((after, from)) if *from < text.len() => {
                    *from += char_len(text[*from]).min(text.len() - *from);
                    (p, t) = (*after, *from);
                }
                _ => return Ok(false),
            }
        }
    }
}

/// LIKE in a collation in which texts of different bytes may be equal: what stands between `%` and `_` is compared as a whole with
/// parts of the text. Keeps the set of places in the text to which the pattern can have come so far.
fn matches_weakly(collation: &Collation, text: &[u8], pattern: &[u8], check: &dyn Fn() -> Result<()>) -> Result<bool> {
    let starts: Vec<usize> = (0..=text.len()).filter(|&at| text.get(at).is_none_or(|&c| c as i8 > -65)).collect();
    let mut reached = vec![false; starts.len()];
    reached[0] = true;
    let mut at = 0;
    while at < pattern.len() {
        match pattern[at] {
            b'%' => {
                let first = reached.iter().position(|&place| place).unwrap_or(reached.len());
                reached[first..].fill(true);
                at += 1;
            }
            b'_' => {
                reached.rotate_right(1);
                reached[0] = false;
                at += 1;
            }
            _ => {
                let mut literal = Vec::new();
                while let Some(&c) = pattern.get(at)
                    && c != b'%'
                    && c != b'_'
                {
                    at += usize::from(c == b'\\');
                    literal.push(*pattern.get(at).ok_or_else(ends_with_escape)?);
                    at += 1;
                }
                let last = at == pattern.len();
                let mut next = vec![false; starts.len()];
                for (from, _) in reached.iter().enumerate().filter(|(_, place)| **place) {
                    check()?;
                    let ends = if last { starts.len() - 1..starts.len() } else { from..starts.len() };
                    for to in ends.filter(|&to| to >= from) {
                        next[to] = next[to] || collation.equal(&text[starts[from]..starts[to]], &literal);
                    }
                }
                reached = next;
            }
        }
    }
    Ok(reached.last() == Some(&true))
}

#[cold]
fn ends_with_escape() -> Error {
    Error::new(SqlState::INVALID_ESCAPE_SEQUENCE, "LIKE pattern must not end with escape character")
}

/// A pattern with another escape character (or none) as one with the backslash.
fn like_escape(pattern: &[u8], escape: &[u8], out: &mut Vec<u8>) -> Result<()> {
    if escape.is_empty() {
        for &c in pattern {
            if c == b'\\' {
                out.push(b'\\');
            }
            out.push(c);
        }
        return Ok(());
    }
    if char_len(escape[0]) < escape.len() {
        return Err(Error::new(SqlState::INVALID_ESCAPE_SEQUENCE, "invalid escape string")
            .hint("Escape string must be empty or one character."));
    }
    if escape == b"\\" {
        out.extend_from_slice(pattern);
        return Ok(());
    }
    let mut at = 0;
    let mut escaped = false;
    while at < pattern.len() {
        let len = char_len(pattern[at]).min(pattern.len() - at);
        let c = &pattern[at..at + len];
        if c == escape && !escaped {
            out.push(b'\\');
            escaped = true;
        } else if c == b"\\" {
            if !escaped {
                out.push(b'\\');
            }
            out.push(b'\\');
            escaped = false;
        } else {
            out.extend_from_slice(c);
            escaped = false;
        }
        at += len;
    }
    Ok(())
}
