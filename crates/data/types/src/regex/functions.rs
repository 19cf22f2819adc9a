//! The operators and functions of regular expressions.

use super::parse::options;
use super::{Flags, Match, Regex};
use crate::Context;
use crate::array::from_texts;
use crate::call::{Call, each};
use crate::registry::RowSource;
use crate::text::{cases, resolve_weak};
use batch::{ByteValues, Column, Datum, DatumRef};
use collation::Classes;
use error::{Error, Result, SqlState};

crate::builtins! {
    /// Regular expressions.
    pub static REGEXES =
    1254 textregexeq raw() |call| match_kernel(call, false, true);
    1658 textregexeq raw() |call| match_kernel(call, false, true);
    79 nameregexeq raw() |call| match_kernel(call, false, true);
    1256 textregexne raw() |call| match_kernel(call, false, false);
    1659 textregexne raw() |call| match_kernel(call, false, false);
    1252 nameregexne raw() |call| match_kernel(call, false, false);
    1238 texticregexeq raw() |call| match_kernel(call, true, true);
    1656 texticregexeq raw() |call| match_kernel(call, true, true);
    1240 nameicregexeq raw() |call| match_kernel(call, true, true);
    1239 texticregexne raw() |call| match_kernel(call, true, false);
    1657 texticregexne raw() |call| match_kernel(call, true, false);
    1241 nameicregexne raw() |call| match_kernel(call, true, false);
    2073 textregexsubstr each(Context, &[u8], &[u8]) |cx: Context<'_>, text, pattern| substring(cx, text, pattern);
    2284 textregexreplace_noopt each(Context, &[u8], &[u8], &[u8]) |cx: Context<'_>, text, pattern, by| replace(cx, text, pattern, by, 1, Some(1), b"");
    2285 textregexreplace each(Context, &[u8], &[u8], &[u8], &[u8]) |cx: Context<'_>, text, pattern, by, flags| replace(cx, text, pattern, by, 1, None, flags);
    6253 textregexreplace_extended_no_n each(Context, &[u8], &[u8], &[u8], i32) |cx: Context<'_>, text, pattern, by, start| replace(cx, text, pattern, by, start, Some(1), b"");
    6252 textregexreplace_extended_no_flags each(Context, &[u8], &[u8], &[u8], i32, i32) |cx: Context<'_>, text, pattern, by, start, n| replace(cx, text, pattern, by, start, Some(n), b"");
    6251 textregexreplace_extended each(Context, &[u8], &[u8], &[u8], i32, i32, &[u8]) |cx: Context<'_>, text, pattern, by, start, n, flags| replace(cx, text, pattern, by, start, Some(n), flags);
    3396 regexp_match_no_flags each(Context, &[u8], &[u8]) |cx: Context<'_>, text, pattern| regexp_match(cx, text, pattern, b"");
    3397 regexp_match each(Context, &[u8], &[u8], &[u8]) |cx: Context<'_>, text, pattern, flags| regexp_match(cx, text, pattern, flags);
    6263 regexp_like_no_flags each(Context, &[u8], &[u8]) |cx: Context<'_>, text, pattern| regexp_like(cx, text, pattern, b"");
    6264 regexp_like each(Context, &[u8], &[u8], &[u8]) |cx: Context<'_>, text, pattern, flags| regexp_like(cx, text, pattern, flags);
    6254 regexp_count_no_start each(Context, &[u8], &[u8]) |cx: Context<'_>, text, pattern| regexp_count(cx, text, pattern, 1, b"");
    6255 regexp_count_no_flags each(Context, &[u8], &[u8], i32) |cx: Context<'_>, text, pattern, start| regexp_count(cx, text, pattern, start, b"");
    6256 regexp_count each(Context, &[u8], &[u8], i32, &[u8]) |cx: Context<'_>, text, pattern, start, flags| regexp_count(cx, text, pattern, start, flags);
    6265 regexp_substr_no_start each(Context, &[u8], &[u8]) |cx: Context<'_>, text, pattern| regexp_substr(cx, text, pattern, 1, 1, b"", 0);
    6266 regexp_substr_no_n each(Context, &[u8], &[u8], i32) |cx: Context<'_>, text, pattern, start| regexp_substr(cx, text, pattern, start, 1, b"", 0);
    6267 regexp_substr_no_flags each(Context, &[u8], &[u8], i32, i32) |cx: Context<'_>, text, pattern, start, n| regexp_substr(cx, text, pattern, start, n, b"", 0);
    6268 regexp_substr_no_subexpr each(Context, &[u8], &[u8], i32, i32, &[u8]) |cx: Context<'_>, text, pattern, start, n, flags| regexp_substr(cx, text, pattern, start, n, flags, 0);
    6269 regexp_substr each(Context, &[u8], &[u8], i32, i32, &[u8], i32) |cx: Context<'_>, text, pattern, start, n, flags, group| regexp_substr(cx, text, pattern, start, n, flags, group);
    6257 regexp_instr_no_start each(Context, &[u8], &[u8]) |cx: Context<'_>, text, pattern| regexp_instr(cx, text, pattern, 1, 1, 0, b"", 0);
    6258 regexp_instr_no_n each(Context, &[u8], &[u8], i32) |cx: Context<'_>, text, pattern, start| regexp_instr(cx, text, pattern, start, 1, 0, b"", 0);
    6259 regexp_instr_no_endoption each(Context, &[u8], &[u8], i32, i32) |cx: Context<'_>, text, pattern, start, n| regexp_instr(cx, text, pattern, start, n, 0, b"", 0);
    6260 regexp_instr_no_flags each(Context, &[u8], &[u8], i32, i32, i32) |cx: Context<'_>, text, pattern, start, n, end| regexp_instr(cx, text, pattern, start, n, end, b"", 0);
    6261 regexp_instr_no_subexpr each(Context, &[u8], &[u8], i32, i32, i32, &[u8]) |cx: Context<'_>, text, pattern, start, n, end, flags| regexp_instr(cx, text, pattern, start, n, end, flags, 0);
    6262 regexp_instr each(Context, &[u8], &[u8], i32, i32, i32, &[u8], i32) |cx: Context<'_>, text, pattern, start, n, end, flags, group| regexp_instr(cx, text, pattern, start, n, end, flags, group);
    2767 regexp_split_to_array_no_flags each(Context, &[u8], &[u8]) |cx: Context<'_>, text: &[u8], pattern: &[u8]| split_to_array(cx, text, pattern, b"");
    2768 regexp_split_to_array each(Context, &[u8], &[u8], &[u8]) |cx: Context<'_>, text: &[u8], pattern: &[u8], flags: &[u8]| split_to_array(cx, text, pattern, flags);
    1987 similar_to_escape_1 each(&[u8]) |pattern: &[u8]| similar(pattern, b"\\");
    1986 similar_to_escape_2 each(&[u8], &[u8]) |pattern: &[u8], escape: &[u8]| similar(pattern, escape);
    1623 similar_escape each(Option<&[u8]>, Option<&[u8]>) |pattern: Option<&[u8]>, escape: Option<&[u8]>| pattern.map(|pattern| similar(pattern, escape.unwrap_or(b"\\"))).transpose();
}

/// The classes of a call's collation, in which texts of different bytes must not be equal.
fn classes(context: Context<'_>) -> Result<Classes> {
    let cases = cases(context, "regular expression")?;
    if resolve_weak(context.collation, context.env)?.is_some() {
        let text = "nondeterministic collations are not supported for regular expressions";
        return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
    }
    Ok(cases.classes())
}

fn chars_of(text: &[u8]) -> Vec<char> {
    String::from_utf8_lossy(text).chars().collect()
}

fn text_of(chars: &[char]) -> String {
    chars.iter().collect()
}

fn compile(pattern: &[u8], flags: Flags) -> Result<Regex> {
    Regex::new(&String::from_utf8_lossy(pattern), flags)
}

/// Compiles with a function's flags argument; also tells whether it contains `g`.
fn with_flags(context: Context<'_>, pattern: &[u8], flags: &[u8]) -> Result<(Regex, bool)> {
    let (flags, global) = options(&String::from_utf8_lossy(flags), classes(context)?)?;
    Ok((compile(pattern, flags)?, global))
}

/// `~`, `!~`, `~*` and `!~*`: a constant pattern is compiled once for the batch.
fn match_kernel(call: &mut Call<'_>, ignore_case: bool, wanted: bool) -> Result<()> {
    let flags = Flags { ignore_case, classes: classes(call.context)?, ..Flags::default() };
    let (texts, patterns) = (call.args[0], call.args[1]);
    let test = |regex: &Regex, text: &[u8], buffer: &mut Vec<char>| {
        buffer.clear();
        match std::str::from_utf8(text) {
            Ok(text) => buffer.extend(text.chars()),
            Err(_) => buffer.extend(String::from_utf8_lossy(text).chars()),
        }
        regex.is_match(buffer).map(|found| found == wanted)
    };
    let buffer = std::cell::RefCell::new(Vec::new());
    if patterns.is_constant() && !patterns.is_null(0) {
        let regex = compile(patterns.bytes().get(0), flags)?;
        return each(call, 3, |row| test(&regex, texts.bytes().get(texts.index(row)), &mut buffer.borrow_mut()));
    }
    each(call, 3, |row| {
        let regex = compile(patterns.bytes().get(patterns.index(row)), flags)?;
        test(&regex, texts.bytes().get(texts.index(row)), &mut buffer.borrow_mut())
    })
}

/// The matches from `start` on, each behind the one before it.
fn matches(regex: &Regex, text: &[char], start: usize, most: usize, context: Context<'_>) -> Result<Vec<Match>> {
    let mut found = Vec::new();
    let mut at = start;
    while found.len() < most && at <= text.len() {
        context.env.check_interrupts()?;
        let Some(next) = regex.find(text, at)? else { break };
        at = next.span.1 + (next.span.0 == next.span.1) as usize;
        found.push(next);
    }
    Ok(found)
}

fn substring(context: Context<'_>, text: &[u8], pattern: &[u8]) -> Result<Option<String>> {
    let regex = compile(pattern, Flags { classes: classes(context)?, ..Flags::default() })?;
    let text = chars_of(text);
    let Some(found) = regex.find(&text, 0)? else { return Ok(None) };
    let span = if regex.groups() > 0 { found.groups[0] } else { Some(found.span) };
    Ok(span.map(|(from, to)| text_of(&text[from..to])))
}

fn must_be_positive(name: &str, value: i32) -> Result<()> {
    if value <= 0 {
        return Err(Error::new(
            SqlState::INVALID_PARAMETER_VALUE,
            format!("invalid value for parameter \"{name}\": {value}"),
        ));
    }
    Ok(())
}

fn not_negative(name: &str, value: i32) -> Result<()> {
    if value < 0 { must_be_positive(name, value) } else { Ok(()) }
}

fn replace(
    context: Context<'_>,
    text: &[u8],
    pattern: &[u8],
    by: &[u8],
    start: i32,
    which: Option<i32>,
    flags: &[u8],
) -> Result<String> {
    if which.is_none() && flags.first().is_some_and(u8::is_ascii_digit) {
        // A number in the place of the flags is a mistake that PostgreSQL explains.
        return Err(Error::new(
            SqlState::INVALID_PARAMETER_VALUE,
            format!("invalid regular expression option: \"{}\"", flags[0] as char),
        )
        .hint("If you meant to use regexp_replace() with a start parameter, cast the fourth argument to integer explicitly."));
    }
    must_be_positive("start", start)?;
    if let Some(n) = which {
        not_negative("n", n)?;
    }
    let (regex, global) = with_flags(context, pattern, flags)?;
    let which = match which {
        Some(n) => n as usize,
        None => !global as usize,
    };
    let chars = chars_of(text);
    let by = chars_of(by);
    let most = if which == 0 { usize::MAX } else { which };
    let from = start as usize - 1;
    let found = if from > chars.len() { Vec::new() } else { matches(&regex, &chars, from, most, context)? };
    let mut out = String::new();
    let mut copied = 0;
    for (k, m) in found.iter().enumerate() {
        if which != 0 && k + 1 != which {
            continue;
        }
        out.extend(&chars[copied..m.span.0]);
        copied = m.span.1;
        let mut at = 0;
        while at < by.len() {
            let (c, next) = (by[at], by.get(at + 1).copied());
            at += 1;
            if c != '\\' {
                out.push(c);
                continue;
            }
            match next {
                Some(digit @ '1'..='9') => {
                    let group = digit as usize - '1' as usize;
                    if let Some(Some((from, to))) = m.groups.get(group) {
                        out.extend(&chars[*from..*to]);
                    }
                    at += 1;
                }
                Some('&') => {
                    out.extend(&chars[m.span.0..m.span.1]);
                    at += 1;
                }
                Some('\\') => {
                    out.push('\\');
                    at += 1;
                }
                _ => out.push('\\'),
            }
        }
        if out.len() > ByteValues::MAX_LENGTH {
            return Err(crate::call::too_long());
        }
        sys::memory::check()?;
    }
    out.extend(&chars[copied..]);
    Ok(out)
}

#[cold]
fn no_global(function: &str) -> Error {
    Error::new(SqlState::INVALID_PARAMETER_VALUE, format!("{function}() does not support the \"global\" option"))
}

/// The array that a match gives: its groups, or itself if there are none.
fn match_array(regex: &Regex, text: &[char], found: &Match) -> Result<Vec<u8>> {
    let spans = if regex.groups() == 0 { vec![Some(found.span)] } else { found.groups.clone() };
    let texts: Vec<Option<String>> = spans.iter().map(|s| s.map(|(from, to)| text_of(&text[from..to]))).collect();
    from_texts(texts.iter().map(|t| t.as_deref().map(str::as_bytes)))
}

fn regexp_match(context: Context<'_>, text: &[u8], pattern: &[u8], flags: &[u8]) -> Result<Option<Vec<u8>>> {
    let (regex, global) = with_flags(context, pattern, flags)?;
    if global {
        return Err(no_global("regexp_match").hint("Use the regexp_matches function instead."));
    }
    let text = chars_of(text);
    regex.find(&text, 0)?.map(|found| match_array(&regex, &text, &found)).transpose()
}

fn regexp_like(context: Context<'_>, text: &[u8], pattern: &[u8], flags: &[u8]) -> Result<bool> {
    let (regex, global) = with_flags(context, pattern, flags)?;
    if global {
        return Err(no_global("regexp_like"));
    }
    regex.is_match(&chars_of(text))
}

fn regexp_count(context: Context<'_>, text: &[u8], pattern: &[u8], start: i32, flags: &[u8]) -> Result<i32> {
    must_be_positive("start", start)?;
    let (regex, global) = with_flags(context, pattern, flags)?;
    if global {
        return Err(no_global("regexp_count"));
    }
    Ok(matches(&regex, &chars_of(text), start as usize - 1, usize::MAX, context)?.len() as i32)
}

/// The span of a group (0 is the whole) of the `n`-th match.
fn nth(
    context: Context<'_>,
    function: &str,
    text: &[char],
    pattern: &[u8],
    (start, n): (i32, i32),
    flags: &[u8],
    group: i32,
) -> Result<Option<(usize, usize)>> {
    let (regex, global) = with_flags(context, pattern, flags)?;
    if global {
        return Err(no_global(function));
    }
    let found = matches(&regex, text, start as usize - 1, n as usize, context)?;
    if found.len() < n as usize {
        return Ok(None);
    }
    let Some(last) = found.last() else { return Ok(None) };
    Ok(match group {
        0 => Some(last.span),
        group => last.groups.get(group as usize - 1).copied().flatten(),
    })
}

fn regexp_substr(
    context: Context<'_>,
    text: &[u8],
    pattern: &[u8],
    start: i32,
    n: i32,
    flags: &[u8],
    group: i32,
) -> Result<Option<String>> {
    must_be_positive("start", start)?;
    must_be_positive("n", n)?;
    not_negative("subexpr", group)?;
    let text = chars_of(text);
    let span = nth(context, "regexp_substr", &text, pattern, (start, n), flags, group)?;
    Ok(span.map(|(from, to)| text_of(&text[from..to])))
}

fn regexp_instr(
    context: Context<'_>,
    text: &[u8],
    pattern: &[u8],
    start: i32,
    n: i32,
    end: i32,
    flags: &[u8],
    group: i32,
) -> Result<i32> {
    must_be_positive("start", start)?;
    must_be_positive("n", n)?;
    if end != 0 && end != 1 {
        return Err(Error::new(
            SqlState::INVALID_PARAMETER_VALUE,
            format!("invalid value for parameter \"endoption\": {end}"),
        ));
    }
    not_negative("subexpr", group)?;
    let text = chars_of(text);
    let span = nth(context, "regexp_instr", &text, pattern, (start, n), flags, group)?;
    Ok(span.map_or(0, |(from, to)| if end == 1 { to as i32 + 1 } else { from as i32 + 1 }))
}

/// The pieces between matches. Empty matches at the text's ends and right behind another match do not split.
fn split(context: Context<'_>, text: &[u8], pattern: &[u8], flags: &[u8], function: &str) -> Result<Vec<String>> {
    let (regex, global) = with_flags(context, pattern, flags)?;
    if global {
        return Err(no_global(function));
    }
    let text = chars_of(text);
    let mut pieces = Vec::new();
    let mut begin = 0;
    let mut at = 0;
    while at <= text.len() {
        let Some(found) = regex.find(&text, at)? else { break };
        let (from, to) = found.span;
        if from == to && (from >= text.len() || from == begin) {
            at = to + 1;
            continue;
        }
        pieces.push(text_of(&text[begin..from]));
        begin = to;
        at = to + (from == to) as usize;
    }
    pieces.push(text_of(&text[begin..]));
    Ok(pieces)
}

fn split_to_array(context: Context<'_>, text: &[u8], pattern: &[u8], flags: &[u8]) -> Result<Vec<u8>> {
    let pieces = split(context, text, pattern, flags, "regexp_split_to_array")?;
    from_texts(pieces.iter().map(|piece| Some(piece.as_bytes())))
}

/// Rows that are known from the start.
struct Rows(std::vec::IntoIter<Datum>);

impl RowSource for Rows {
    fn next(&mut self, columns: &mut [Column], most: usize, _: Context<'_>) -> Result<usize> {
        let mut count = 0;
        for value in self.0.by_ref().take(most) {
            columns[0].push(value.as_ref());
            count += 1;
        }
        Ok(count)
    }
}

/// The arguments of a strict set-returning function: text, pattern, flags; `None` if one is null.
fn arguments<'a>(args: &[DatumRef<'a>]) -> Option<(&'a [u8], &'a [u8], &'a [u8])> {
    let flags = match args.get(2) {
        Some(flags) => flags.as_bytes()?,
        None => b"",
    };
    Some((args[0].as_bytes()?, args[1].as_bytes()?, flags))
}

/// regexp_matches
pub fn regexp_matches(args: &[DatumRef<'_>], context: Context<'_>) -> Result<Box<dyn RowSource>> {
    let mut rows = Vec::new();
    if let Some((text, pattern, flags)) = arguments(args) {
        let (regex, global) = with_flags(context, pattern, flags)?;
        let text = chars_of(text);
        for found in matches(&regex, &text, 0, if global { usize::MAX } else { 1 }, context)? {
            rows.push(Datum::bytes(match_array(&regex, &text, &found)?));
        }
    }
    Ok(Box::new(Rows(rows.into_iter())))
}

/// regexp_split_to_table
pub fn regexp_split_to_table(args: &[DatumRef<'_>], context: Context<'_>) -> Result<Box<dyn RowSource>> {
    let mut rows = Vec::new();
    if let Some((text, pattern, flags)) = arguments(args) {
        let pieces = split(context, text, pattern, flags, "regexp_split_to_table")?;
        rows.extend(pieces.into_iter().map(|piece| Datum::text(&piece)));
    }
    Ok(Box::new(Rows(rows.into_iter())))
}

/// A pattern of SQL's SIMILAR TO as a regular expression.
fn similar(pattern: &[u8], escape: &[u8]) -> Result<String> {
    let pattern = chars_of(pattern);
    let escape = chars_of(escape);
    if escape.len() > 1 {
        return Err(Error::new(SqlState::INVALID_ESCAPE_SEQUENCE, "invalid escape string")
            .hint("Escape string must be empty or one character."));
    }
    let escape = escape.first().copied();
    let mut out = String::from("^(?:");
    let mut bracket = false;
    let mut separators = 0;
    let mut at = 0;
    while at < pattern.len() {
        let c = pattern[at];
        at += 1;
        if Some(c) == escape {
            let Some(&next) = pattern.get(at) else {
                continue;
            };
            at += 1;
            if next == '"' && !bracket {
                // The parts before, between and behind the two marks of a substring.
                match separators {
                    0 => out.push_str("){1,1}?("),
                    1 => out.push_str("){1,1}(?:"),
                    _ => {
                        return Err(Error::new(
                            SqlState::INVALID_USE_OF_ESCAPE_CHARACTER,
                            "SQL regular expression may not contain more than two escape-double-quote separators",
                        ));
                    }
                }
                separators += 1;
            } else {
                out.push('\\');
                out.push(next);
            }
            continue;
        }
        if bracket {
            if c == '\\' {
                out.push('\\');
            }
            out.push(c);
            bracket = c != ']';
            continue;
        }
        match c {
            '[' => {
                out.push('[');
                bracket = true;
                if pattern.get(at) == Some(&'^') {
                    out.push('^');
                    at += 1;
                }
                if pattern.get(at) == Some(&']') {
                    out.push(']');
                    at += 1;
                }
            }
            '%' => out.push_str(".*"),
            '_' => out.push('.'),
            '(' => out.push_str("(?:"),
            '\\' | '.' | '^' | '$' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out.push_str(")$");
    Ok(out)
}
