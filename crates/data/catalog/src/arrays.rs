//! Arrays of one dimension without nulls, as catalog columns hold them, in the stored form of crate `types`.

use crate::field::Text;
use batch::{Datum, DatumRef, Repr};
use error::Result;
use ids::Oid;
use std::borrow::Cow;
use types::array::{Dimension, View};

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

/// Appends an array of one dimension (none if it has no items).
pub fn write<'v>(
    out: &mut Vec<u8>,
    element: Oid,
    repr: Repr,
    lower: i32,
    items: impl ExactSizeIterator<Item = DatumRef<'v>> + Clone,
) {
    let dimension = Dimension { length: items.len() as i32, lower };
    // It fails only for more elements than a catalog row can hold.
    let _ = types::array::write(element, repr, &[dimension], items, out);
}

/// Calls `each` with every item.
pub fn read(stored: &[u8], each: impl FnMut(DatumRef<'_>) -> Result<()>) -> Result<()> {
    View::new(stored)?.iter().try_for_each(each)
}

/// The one element of an array with one element; `None` if there is not exactly one.
pub fn only_element(stored: &[u8]) -> Option<Datum> {
    let view = View::new(stored).ok()?;
    (view.len() == 1).then(|| view.get(0).to_datum())
}
