//! Arrays of one dimension without nulls, as catalog columns hold them, in the stored form of crate `types`.

use crate::field::Text;
use batch::{Datum, Repr};
use error::{Error, Result};
use ids::Oid;
use std::borrow::Cow;

/// The items of a text array's text form, `{a,"b c"}`; `None` if it is malformed. Nulls are not known here.
pub fn parse_text(text: &str) -> Option<Vec<Text>> {
    let inner = text.strip_prefix('{')?.strip_suffix('}')?;
    let mut items = Vec::new();
    let mut chars = inner.chars().peekable();
    while chars.peek().is_some() {
        let mut item = String::new();
        if chars.next_if_eq(&'"').is_some() {
            loop {
                match chars.next()? {
                    '"' => break,
                    '\\' => item.push(chars.next()?),
                    c => item.push(c),
                }
            }
        } else {
            while let Some(c) = chars.next_if(|&c| c != ',') {
                item.push(if c == '\\' { chars.next()? } else { c });
            }
        }
        items.push(Cow::Owned(item));
        match chars.next() {
            Some(',') | None => {}
            Some(_) => return None,
        }
    }
    Some(items)
}

/// Appends an array of one dimension.
pub fn write<T>(
    out: &mut Vec<u8>,
    element: Oid,
    lower: i32,
    items: impl ExactSizeIterator<Item = T>,
    mut item_bytes: impl FnMut(T, &mut Vec<u8>),
) {
    out.extend_from_slice(&(if items.len() == 0 { 0u32 } else { 1 }).to_le_bytes());
    out.extend_from_slice(&0u32.to_le_bytes());
    out.extend_from_slice(&element.0.to_le_bytes());
    if items.len() == 0 {
        return;
    }
    out.extend_from_slice(&(items.len() as u32).to_le_bytes());
    out.extend_from_slice(&lower.to_le_bytes());
    for item in items {
        let at = out.len();
        out.extend_from_slice(&[0; 4]);
        item_bytes(item, out);
        let len = (out.len() - at - 4) as u32;
        out[at..at + 4].copy_from_slice(&len.to_le_bytes());
    }
}

/// Calls `each` with every item's bytes.
pub fn read(stored: &[u8], mut each: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
    let bad = || Error::corrupted("a catalog column holds a damaged array");
    let word = |at: usize| -> Result<u32> {
        let bytes = stored.get(at..at + 4).ok_or_else(bad)?;
        Ok(u32::from_le_bytes(bytes.try_into().map_err(|_| bad())?))
    };
    if word(0)? == 0 {
        return Ok(());
    }
    let count = word(12)?;
    let mut at = 20;
    for _ in 0..count {
        let len = word(at)? as usize;
        each(stored.get(at + 4..at + 4 + len).ok_or_else(bad)?)?;
        at += 4 + len;
    }
    Ok(())
}

/// The one element of an array with one element, in its physical form; `None` if there is not exactly one.
pub fn only_element(stored: &[u8], repr: Repr) -> Option<Datum> {
    let mut found = Vec::new();
    read(stored, |bytes| {
        found.push(bytes.to_vec());
        Ok(())
    })
    .ok()?;
    let [bytes] = &found[..] else { return None };
    Some(match repr {
        Repr::B1 => Datum::B1(*bytes.first()?),
        Repr::B2 => Datum::B2(i16::from_le_bytes(bytes[..].try_into().ok()?)),
        Repr::B4 => Datum::B4(i32::from_le_bytes(bytes[..].try_into().ok()?)),
        Repr::B8 => Datum::B8(i64::from_le_bytes(bytes[..].try_into().ok()?)),
        Repr::Bytes => Datum::Bytes(bytes[..].into()),
    })
}
