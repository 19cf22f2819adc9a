//! Functions and operators of arrays. Elements are compared by their type's default order.

use super::{Dimension, MAX_DIMENSIONS, View, element_type_of, from_column, from_texts, too_many_elements, write};
use crate::Context;
use crate::call::NotNull;
use crate::int::integer_range;
use crate::text::Finder;
use crate::{hash, order};
use batch::{Column, DatumRef, Repr};
use error::{Error, Result, SqlState};
use std::cmp::Ordering;

crate::builtins! {
    /// Functions of arrays.
    pub static ARRAYS =
    679 oidvectoreq each(&[u8], &[u8]) |a, b| compare_vectors(a, b).map(Ordering::is_eq);
    619 oidvectorne each(&[u8], &[u8]) |a, b| compare_vectors(a, b).map(Ordering::is_ne);
    677 oidvectorlt each(&[u8], &[u8]) |a, b| compare_vectors(a, b).map(Ordering::is_lt);
    678 oidvectorle each(&[u8], &[u8]) |a, b| compare_vectors(a, b).map(Ordering::is_le);
    681 oidvectorgt each(&[u8], &[u8]) |a, b| compare_vectors(a, b).map(Ordering::is_gt);
    680 oidvectorge each(&[u8], &[u8]) |a, b| compare_vectors(a, b).map(Ordering::is_ge);
    404 btoidvectorcmp each(&[u8], &[u8]) |a, b| compare_vectors(a, b).map(|o| o as i32);
    457 hashoidvector each(&[u8]) |a: &[u8]| vector_bytes(a).map(|b| hash::bytes(&b) as i32);
    776 hashoidvectorextended each(&[u8], i64) |a: &[u8], seed: i64| vector_bytes(a).map(|b| hash::bytes_extended(&b, seed as u64) as i64);
    744 array_eq each(Context, &[u8], &[u8]) |cx: Context<'_>, a, b| equal(cx, a, b);
    390 array_ne each(Context, &[u8], &[u8]) |cx: Context<'_>, a, b| equal(cx, a, b).map(|equal| !equal);
    391 array_lt each(Context, &[u8], &[u8]) |cx: Context<'_>, a, b| compare(cx, a, b).map(Ordering::is_lt);
    393 array_le each(Context, &[u8], &[u8]) |cx: Context<'_>, a, b| compare(cx, a, b).map(Ordering::is_le);
    392 array_gt each(Context, &[u8], &[u8]) |cx: Context<'_>, a, b| compare(cx, a, b).map(Ordering::is_gt);
    396 array_ge each(Context, &[u8], &[u8]) |cx: Context<'_>, a, b| compare(cx, a, b).map(Ordering::is_ge);
    382 btarraycmp each(Context, &[u8], &[u8]) |cx: Context<'_>, a, b| compare(cx, a, b).map(|o| o as i32);
    515 array_larger arena(Context, &[u8], &[u8]) |cx: Context<'_>, a, b, out: &mut Vec<u8>| compare(cx, a, b).map(|o| out.extend_from_slice(if o.is_gt() { a } else { b }));
    516 array_smaller arena(Context, &[u8], &[u8]) |cx: Context<'_>, a, b, out: &mut Vec<u8>| compare(cx, a, b).map(|o| out.extend_from_slice(if o.is_lt() { a } else { b }));
    2748 arraycontains each(Context, &[u8], &[u8]) |cx: Context<'_>, a, b| contains(cx, a, b);
    2749 arraycontained each(Context, &[u8], &[u8]) |cx: Context<'_>, a, b| contains(cx, b, a);
    2747 arrayoverlap each(Context, &[u8], &[u8]) |cx: Context<'_>, a, b| overlaps(cx, a, b);
    748 array_ndims each(&[u8]) |a: &[u8]| View::new(a).map(|a| (!a.is_empty()).then(|| a.dimensions().len() as i32));
    747 array_dims each(&[u8]) |a: &[u8]| View::new(a).map(dimensions_text);
    2091 array_lower each(&[u8], i32) |a: &[u8], k| View::new(a).map(|a| dimension(a, k).map(|d| d.lower));
    2092 array_upper each(&[u8], i32) |a: &[u8], k| View::new(a).map(|a| dimension(a, k).map(|d| d.lower + (d.length - 1)));
    2176 array_length each(&[u8], i32) |a: &[u8], k| View::new(a).map(|a| dimension(a, k).map(|d| d.length));
    3179 array_cardinality each(&[u8]) |a: &[u8]| View::new(a).map(|a| a.len() as i32);
    378 array_append arena(Context, Option<&[u8]>, DatumRef) |cx: Context<'_>, a: Option<&[u8]>, b: DatumRef<'_>, out: &mut Vec<u8>| insert(cx, a, b, true, out);
    379 array_prepend arena(Context, DatumRef, Option<&[u8]>) |cx: Context<'_>, b: DatumRef<'_>, a: Option<&[u8]>, out: &mut Vec<u8>| insert(cx, a, b, false, out);
    383 array_cat arena(Option<&[u8]>, Option<&[u8]>) |a: Option<&[u8]>, b: Option<&[u8]>, out: &mut Vec<u8>| concatenate(a, b, out);
    3167 array_remove arena(Context, Option<&[u8]>, DatumRef) |cx: Context<'_>, a: Option<&[u8]>, b: DatumRef<'_>, out: &mut Vec<u8>| replace(cx, a, b, None, out);
    3168 array_replace arena(Context, Option<&[u8]>, DatumRef, DatumRef) |cx: Context<'_>, a: Option<&[u8]>, b: DatumRef<'_>, c: DatumRef<'_>, out: &mut Vec<u8>| replace(cx, a, b, Some(c), out);
    3277 array_position each(Context, Option<&[u8]>, DatumRef) |cx: Context<'_>, a: Option<&[u8]>, b: DatumRef<'_>| position(cx, a, b, Some(i32::MIN));
    3278 array_position_start each(Context, Option<&[u8]>, DatumRef, Option<i32>) |cx: Context<'_>, a: Option<&[u8]>, b: DatumRef<'_>, start: Option<i32>| position(cx, a, b, start);
    3279 array_positions each(Context, Option<&[u8]>, DatumRef) |cx: Context<'_>, a: Option<&[u8]>, b: DatumRef<'_>| positions(cx, a, b);
    395 array_to_text arena(Context, &[u8], &[u8]) |cx: Context<'_>, a: &[u8], separator: &[u8], out: &mut Vec<u8>| to_text(cx, a, separator, None, out);
    384 array_to_text_null arena(Context, Option<&[u8]>, Option<&[u8]>, Option<&[u8]>) |cx: Context<'_>, a: Option<&[u8]>, separator: Option<&[u8]>, null: Option<&[u8]>, out: &mut Vec<u8>| match (a, separator) { (Some(a), Some(separator)) => to_text(cx, a, separator, null, out).map(Some), _ => Ok(None) };
    394 text_to_array each(Context, Option<&[u8]>, Option<&[u8]>) |cx: Context<'_>, text: Option<&[u8]>, separator: Option<&[u8]>| text.map(|text| split(cx, text, separator, None)).transpose();
    376 text_to_array_null each(Context, Option<&[u8]>, Option<&[u8]>, Option<&[u8]>) |cx: Context<'_>, text: Option<&[u8]>, separator: Option<&[u8]>, null: Option<&[u8]>| text.map(|text| split(cx, text, separator, null)).transpose();
    1193 array_fill each(Context, DatumRef, Option<&[u8]>) |cx: Context<'_>, value: DatumRef<'_>, lengths: Option<&[u8]>| fill(cx, value, lengths, None);
    1286 array_fill_with_lower_bounds each(Context, DatumRef, Option<&[u8]>, Option<&[u8]>) |cx: Context<'_>, value: DatumRef<'_>, lengths: Option<&[u8]>, lowers: Option<&[u8]>| fill(cx, value, lengths, Some(lowers));
    6172 trim_array arena(&[u8], i32) trim;
    6381 array_reverse arena(&[u8]) |a: &[u8], out: &mut Vec<u8>| View::new(a).and_then(|a| reorder(a, |order| order.reverse(), out));
    6388 array_sort arena(Context, &[u8]) |cx: Context<'_>, a: &[u8], out: &mut Vec<u8>| sort(cx, a, false, false, out);
    6389 array_sort_order arena(Context, &[u8], bool) |cx: Context<'_>, a: &[u8], descending, out: &mut Vec<u8>| sort(cx, a, descending, descending, out);
    6390 array_sort_order_nulls_first arena(Context, &[u8], bool, bool) |cx: Context<'_>, a: &[u8], descending, nulls_first, out: &mut Vec<u8>| sort(cx, a, descending, nulls_first, out);
    6215 array_shuffle arena(Context, &[u8]) |cx: Context<'_>, a: &[u8], out: &mut Vec<u8>| View::new(a).and_then(|a| reorder(a, |order| shuffle(cx, order), out));
    6216 array_sample arena(Context, &[u8], i32) |cx: Context<'_>, a: &[u8], count, out: &mut Vec<u8>| sample(cx, a, count, out);
    3218 width_bucket_array each(Context, NotNull, &[u8]) |cx: Context<'_>, value: NotNull<'_>, bounds: &[u8]| bucket(cx, value.0, bounds);
}

/// Compares two arrays: element by element, then by length and shape.
pub fn compare_views(context: Context<'_>, a: View<'_>, b: View<'_>) -> Result<Ordering> {
    let element = a.element_type();
    if element != b.element_type() {
        return Err(Error::new(SqlState::DATATYPE_MISMATCH, "cannot compare arrays of different element types"));
    }
    for (a, b) in a.iter().zip(b.iter()) {
        let order = match (a.is_null(), b.is_null()) {
            (true, true) => continue,
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            _ => order::compare(element, context.collation, a, b, context.env)?,
        };
        if order.is_ne() {
            return Ok(order);
        }
    }
    let shape = |v: View<'_>| {
        let lengths: Vec<i32> = v.dimensions().map(|d| d.length).collect();
        let lowers: Vec<i32> = v.dimensions().map(|d| d.lower).collect();
        (v.len(), lengths.len(), lengths, lowers)
    };
    Ok(shape(a).cmp(&shape(b)))
}

fn compare(context: Context<'_>, a: &[u8], b: &[u8]) -> Result<Ordering> {
    compare_views(context, View::new(a)?, View::new(b)?)
}

fn equal(context: Context<'_>, a: &[u8], b: &[u8]) -> Result<bool> {
    let (a, b) = (View::new(a)?, View::new(b)?);
    Ok(a.dimensions().eq(b.dimensions()) && compare_views(context, a, b)?.is_eq())
}

fn same(context: Context<'_>, array: View<'_>, a: DatumRef<'_>, b: DatumRef<'_>) -> Result<bool> {
    match (a.is_null(), b.is_null()) {
        (false, false) => Ok(order::compare(array.element_type(), context.collation, a, b, context.env)?.is_eq()),
        (a, b) => Ok(a && b),
    }
}

fn has(context: Context<'_>, array: View<'_>, wanted: DatumRef<'_>) -> Result<bool> {
    if wanted.is_null() {
        return Ok(false);
    }
    for value in array.iter() {
        if !value.is_null() && same(context, array, value, wanted)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn contains(context: Context<'_>, a: &[u8], b: &[u8]) -> Result<bool> {
    let (a, b) = (View::new(a)?, View::new(b)?);
    for value in b.iter() {
        if !has(context, a, value)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn overlaps(context: Context<'_>, a: &[u8], b: &[u8]) -> Result<bool> {
    let (a, b) = (View::new(a)?, View::new(b)?);
    for value in b.iter() {
        if has(context, a, value)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn dimension(array: View<'_>, which: i32) -> Option<Dimension> {
    array.dimensions().nth(usize::try_from(which).ok()?.checked_sub(1)?)
}

fn dimensions_text(array: View<'_>) -> Option<String> {
    let text = |d: Dimension| format!("[{}:{}]", d.lower, d.lower as i64 + d.length as i64 - 1);
    (!array.is_empty()).then(|| array.dimensions().map(text).collect())
}

fn element_form(context: Context<'_>, value: DatumRef<'_>, element: ids::Oid) -> Result<Repr> {
    match value.repr().or_else(|| crate::repr(element)) {
        Some(repr) => Ok(repr),
        None => Ok(context.env.type_facts(element)?.repr),
    }
}

fn insert(
    context: Context<'_>,
    array: Option<&[u8]>,
    value: DatumRef<'_>,
    at_end: bool,
    out: &mut Vec<u8>,
) -> Result<()> {
    let view = array.map(View::new).transpose()?;
    let element = match view {
        Some(view) => view.element_type(),
        None => element_type_of(context.result_type, context.env)?,
    };
    let (count, lower) = match view {
        Some(view) if !view.is_empty() => {
            let mut dimensions = view.dimensions();
            match (dimensions.next(), dimensions.next()) {
                (Some(d), None) => (d.length as usize, d.lower),
                _ => {
                    return Err(Error::new(
                        SqlState::DATA_EXCEPTION,
                        "argument must be empty or one-dimensional array",
                    ));
                }
            }
        }
        _ => (0, 1),
    };
    if at_end {
        lower.checked_add(count as i32).ok_or_else(integer_range)?;
    } else if count > 0 {
        lower.checked_sub(1).ok_or_else(integer_range)?;
    }
    let repr = element_form(context, value, element)?;
    // The elements, with the new one before or behind them.
    let elements = (0..count + 1).map(|at| match (at_end, view) {
        (true, Some(view)) if at < count => view.get(at),
        (false, Some(view)) if at > 0 => view.get(at - 1),
        _ => value,
    });
    write(element, repr, &[Dimension { length: count as i32 + 1, lower }], elements, out)
}

fn concatenate(a: Option<&[u8]>, b: Option<&[u8]>, out: &mut Vec<u8>) -> Result<Option<()>> {
    let (a, b) = match (a, b) {
        (None, None) => return Ok(None),
        (Some(one), None) | (None, Some(one)) => {
            out.extend_from_slice(one);
            return Ok(Some(()));
        }
        (Some(a), Some(b)) => (a, b),
    };
    let (left, right) = (View::new(a)?, View::new(b)?);
    if left.element_type() != right.element_type() {
        return Err(Error::new(SqlState::DATATYPE_MISMATCH, "cannot concatenate incompatible arrays"));
    }
    if left.is_empty() || right.is_empty() {
        out.extend_from_slice(if left.is_empty() { b } else { a });
        return Ok(Some(()));
    }
    let incompatible = |detail: &str| {
        Error::new(SqlState::ARRAY_SUBSCRIPT_ERROR, "cannot concatenate incompatible arrays").detail(detail)
    };
    let (da, db): (Vec<Dimension>, Vec<Dimension>) = (left.dimensions().collect(), right.dimensions().collect());
    let lengths = |d: &[Dimension]| d.iter().map(|d| d.length).collect::<Vec<_>>();
    let mut dimensions;
    if da.len() == db.len() {
        if lengths(&da[1..]) != lengths(&db[1..]) {
            return Err(incompatible("Arrays with differing element dimensions are not compatible for concatenation."));
        }
        dimensions = da.clone();
        dimensions[0].length = da[0].length.checked_add(db[0].length).ok_or_else(too_many_elements)?;
    } else if da.len() + 1 == db.len() || da.len() == db.len() + 1 {
        let (outer, inner) = if da.len() > db.len() { (&da, &db) } else { (&db, &da) };
        if lengths(&outer[1..]) != lengths(inner) {
            return Err(incompatible("Arrays with differing dimensions are not compatible for concatenation."));
        }
        dimensions = outer.clone();
        dimensions[0].length = outer[0].length.checked_add(1).ok_or_else(too_many_elements)?;
    } else {
        return Err(incompatible(&format!(
            "Arrays of {} and {} dimensions are not compatible for concatenation.",
            da.len(),
            db.len()
        )));
    }
    let split = left.len();
    let elements = (0..split + right.len()).map(|at| if at < split { left.get(at) } else { right.get(at - split) });
    write(left.element_type(), left.repr(), &dimensions, elements, out)?;
    Ok(Some(()))
}

fn replace(
    context: Context<'_>,
    array: Option<&[u8]>,
    search: DatumRef<'_>,
    by: Option<DatumRef<'_>>,
    out: &mut Vec<u8>,
) -> Result<Option<()>> {
    let Some(bytes) = array else { return Ok(None) };
    let view = View::new(bytes)?;
    if by.is_none() && view.dimensions().len() > 1 {
        return Err(Error::new(
            SqlState::FEATURE_NOT_SUPPORTED,
            "removing elements from multidimensional arrays is not supported",
        ));
    }
    let mut values = Vec::with_capacity(view.len());
    for value in view.iter() {
        if same(context, view, value, search)? {
            values.extend(by);
        } else {
            values.push(value);
        }
    }
    let mut dimensions: Vec<Dimension> = view.dimensions().collect();
    if let (None, Some(first)) = (by, dimensions.first_mut()) {
        first.length = values.len() as i32;
    }
    write(view.element_type(), view.repr(), &dimensions, values.iter().copied(), out)?;
    Ok(Some(()))
}

fn searchable(array: View<'_>) -> Result<i32> {
    let mut dimensions = array.dimensions();
    match (dimensions.next(), dimensions.next()) {
        (_, Some(_)) => Err(Error::new(
            SqlState::FEATURE_NOT_SUPPORTED,
            "searching for elements in multidimensional arrays is not supported",
        )),
        (Some(d), None) => Ok(d.lower),
        (None, None) => Ok(1),
    }
}

fn position(
    context: Context<'_>,
    array: Option<&[u8]>,
    wanted: DatumRef<'_>,
    start: Option<i32>,
) -> Result<Option<i32>> {
    let Some(bytes) = array else { return Ok(None) };
    let view = View::new(bytes)?;
    let lower = searchable(view)?;
    let Some(start) = start else {
        return Err(Error::new(SqlState::NULL_VALUE_NOT_ALLOWED, "initial position must not be null"));
    };
    let skip = (start as i64 - lower as i64).max(0) as usize;
    for (at, value) in view.iter().enumerate().skip(skip) {
        if same(context, view, value, wanted)? {
            return Ok(Some(lower + at as i32));
        }
    }
    Ok(None)
}

fn positions(context: Context<'_>, array: Option<&[u8]>, wanted: DatumRef<'_>) -> Result<Option<Vec<u8>>> {
    let Some(bytes) = array else { return Ok(None) };
    let view = View::new(bytes)?;
    let lower = searchable(view)?;
    let mut found = Column::new(Repr::B4);
    for (at, value) in view.iter().enumerate() {
        if same(context, view, value, wanted)? {
            found.push(DatumRef::B4(lower + at as i32));
        }
    }
    from_column(crate::oid::INT4, &found).map(Some)
}

fn to_text(context: Context<'_>, array: &[u8], separator: &[u8], null: Option<&[u8]>, out: &mut Vec<u8>) -> Result<()> {
    let view = View::new(array)?;
    if view.is_empty() {
        return Ok(());
    }
    let element = view.element_type();
    let io = crate::io::io(element, context.env)?;
    let call = crate::TypeCall { env: context.env, type_oid: element, typmod: -1 };
    let mut begun = false;
    for value in view.iter() {
        if value.is_null() && null.is_none() {
            continue;
        }
        if begun {
            out.extend_from_slice(separator);
        }
        begun = true;
        match null {
            Some(null) if value.is_null() => out.extend_from_slice(null),
            _ => (io.output)(value, &call, out)?,
        }
    }
    Ok(())
}

/// The pieces of a text between separators; its characters if the separator is null.
pub fn split_text<'t>(finder: &Finder<'_>, text: &'t [u8], separator: Option<&[u8]>) -> Result<Vec<&'t [u8]>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    if text.is_empty() {
        return Ok(pieces);
    }
    match separator {
        None => {
            while let Some(&first) = rest.first() {
                let (c, tail) = rest.split_at(crate::text::char_len(first).min(rest.len()));
                pieces.push(c);
                rest = tail;
            }
        }
        Some(b"") => pieces.push(text),
        Some(separator) => {
            let mut done = 0;
            while let Some((at, end)) = finder.find(text, separator, done)? {
                pieces.push(&text[done..at]);
                done = end;
            }
            pieces.push(&text[done..]);
        }
    }
    Ok(pieces)
}

fn split(context: Context<'_>, text: &[u8], separator: Option<&[u8]>, null: Option<&[u8]>) -> Result<Vec<u8>> {
    let finder = Finder::new(context)?;
    let is_null = |piece: &[u8]| null.is_some_and(|null| finder.equal(piece, null));
    from_texts(split_text(&finder, text, separator)?.into_iter().map(|piece| (!is_null(piece)).then_some(piece)))
}

fn integers(array: &[u8], what: &str) -> Result<Vec<i32>> {
    let view = View::new(array)?;
    if view.dimensions().len() > 1 {
        return Err(Error::new(SqlState::ARRAY_SUBSCRIPT_ERROR, "wrong number of array subscripts")
            .detail("Dimension array must be one dimensional."));
    }
    view.iter()
        .map(|value| {
            value
                .as_i32()
                .ok_or_else(|| Error::new(SqlState::NULL_VALUE_NOT_ALLOWED, format!("{what} values cannot be null")))
        })
        .collect()
}

fn fill(
    context: Context<'_>,
    value: DatumRef<'_>,
    lengths: Option<&[u8]>,
    lowers: Option<Option<&[u8]>>,
) -> Result<Vec<u8>> {
    let missing = || Error::new(SqlState::NULL_VALUE_NOT_ALLOWED, "dimension array or low bound array cannot be null");
    let lengths = integers(lengths.ok_or_else(missing)?, "dimension")?;
    let lowers = match lowers {
        None => vec![1; lengths.len()],
        Some(lowers) => integers(lowers.ok_or_else(missing)?, "dimension")?,
    };
    if lengths.len() != lowers.len() {
        return Err(Error::new(SqlState::ARRAY_SUBSCRIPT_ERROR, "wrong number of array subscripts")
            .detail("Low bound array has different size than dimensions array."));
    }
    if lengths.len() > MAX_DIMENSIONS {
        return Err(super::too_many_dimensions(lengths.len()));
    }
    let mut count = (!lengths.is_empty()) as usize;
    let mut dimensions = Vec::new();
    for (&length, &lower) in lengths.iter().zip(&lowers) {
        if length < 0 || lower.checked_add(length).is_none() {
            return Err(too_many_elements());
        }
        count = count.saturating_mul(length as usize);
        dimensions.push(Dimension { length, lower });
    }
    let element = element_type_of(context.result_type, context.env)?;
    let repr = element_form(context, value, element)?;
    let width = value.as_bytes().map_or(8, <[u8]>::len).max(1);
    if count > super::MAX_ELEMENTS || count.saturating_mul(width) > batch::ByteValues::MAX_LENGTH {
        return Err(too_many_elements());
    }
    sys::memory::admit(count.saturating_mul(width))?;
    let mut out = Vec::new();
    write(element, repr, &dimensions, (0..count).map(|_| value), &mut out)?;
    Ok(out)
}

fn trim(array: &[u8], count: i32, out: &mut Vec<u8>) -> Result<()> {
    let view = View::new(array)?;
    let first = view.dimensions().next();
    let length = first.map_or(0, |d| d.length);
    if count < 0 || count > length {
        return Err(Error::new(
            SqlState::ARRAY_ELEMENT_ERROR,
            format!("number of elements to trim must be between 0 and {length}"),
        ));
    }
    let mut dimensions: Vec<Dimension> = view.dimensions().map(|d| Dimension { length: d.length, lower: 1 }).collect();
    let span = if length == 0 { 0 } else { view.len() / length as usize };
    if let Some(first) = dimensions.first_mut() {
        first.length -= count;
    }
    let kept = view.len() - span * count as usize;
    write(view.element_type(), view.repr(), &dimensions, (0..kept).map(|at| view.get(at)), out)
}

/// Adds an array with its first dimension's members in another order.
fn reorder(array: View<'_>, change: impl FnOnce(&mut Vec<usize>), out: &mut Vec<u8>) -> Result<()> {
    let mut dimensions: Vec<Dimension> = array.dimensions().collect();
    let length = dimensions.first().map_or(0, |d| d.length) as usize;
    let span = array.len().checked_div(length).unwrap_or(0);
    let mut order: Vec<usize> = (0..length).collect();
    change(&mut order);
    if let Some(first) = dimensions.first_mut()
        && order.len() != length
    {
        *first = Dimension { length: order.len() as i32, lower: 1 };
    }
    let elements = (0..order.len() * span).map(|at| array.get(order[at / span] * span + at % span));
    write(array.element_type(), array.repr(), &dimensions, elements, out)
}

fn sort(context: Context<'_>, array: &[u8], descending: bool, nulls_first: bool, out: &mut Vec<u8>) -> Result<()> {
    let view = View::new(array)?;
    let element = view.element_type();
    let many = view.dimensions().len() > 1;
    let mut failure = Ok(());
    let span = view.dimensions().next().map_or(0, |d| view.len() / d.length.max(1) as usize);
    let mut compare_members = |a: usize, b: usize| {
        for k in 0..span {
            let (a, b) = (view.get(a * span + k), view.get(b * span + k));
            let order = match (a.is_null(), b.is_null()) {
                (true, true) => Ordering::Equal,
                (true, false) if many => Ordering::Greater,
                (false, true) if many => Ordering::Less,
                (true, false) => return if nulls_first { Ordering::Less } else { Ordering::Greater },
                (false, true) => return if nulls_first { Ordering::Greater } else { Ordering::Less },
                _ => match order::compare(element, context.collation, a, b, context.env) {
                    Ok(order) => order,
                    Err(e) => {
                        failure = Err(e);
                        return Ordering::Equal;
                    }
                },
            };
            if order.is_ne() {
                return if descending { order.reverse() } else { order };
            }
        }
        Ordering::Equal
    };
    reorder(view, |order| order.sort_by(|&a, &b| compare_members(a, b)), out)?;
    failure
}

fn random_below(context: Context<'_>, limit: usize) -> usize {
    ((context.env.random() as u128 * limit as u128) >> 64) as usize
}

fn shuffle(context: Context<'_>, order: &mut [usize]) {
    for at in (1..order.len()).rev() {
        order.swap(at, random_below(context, at + 1));
    }
}

fn sample(context: Context<'_>, array: &[u8], count: i32, out: &mut Vec<u8>) -> Result<()> {
    let view = View::new(array)?;
    let length = view.dimensions().next().map_or(0, |d| d.length);
    if count < 0 || count > length {
        return Err(Error::new(
            SqlState::INVALID_PARAMETER_VALUE,
            format!("sample size must be between 0 and {length}"),
        ));
    }
    let choose = |order: &mut Vec<usize>| {
        shuffle(context, order);
        order.truncate(count as usize);
    };
    reorder(view, choose, out)
}

fn bucket(context: Context<'_>, value: DatumRef<'_>, bounds: &[u8]) -> Result<i32> {
    let view = View::new(bounds)?;
    if view.dimensions().len() > 1 {
        return Err(Error::new(SqlState::ARRAY_SUBSCRIPT_ERROR, "thresholds must be one-dimensional array"));
    }
    if view.has_nulls() {
        return Err(Error::new(SqlState::NULL_VALUE_NOT_ALLOWED, "thresholds array must not contain NULLs"));
    }
    let (mut low, mut high) = (0, view.len());
    while low < high {
        let middle = (low + high) / 2;
        if order::compare(view.element_type(), context.collation, value, view.get(middle), context.env)?.is_lt() {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Ok(low as i32)
}

/// Compares two vectors of ids: the longer one is greater.
fn compare_vectors(a: &[u8], b: &[u8]) -> Result<Ordering> {
    let (a, b) = (View::new(a)?, View::new(b)?);
    let number = |v: DatumRef<'_>| v.as_oid().unwrap_or_default();
    Ok(a.len().cmp(&b.len()).then_with(|| a.iter().map(number).cmp(b.iter().map(number))))
}

fn vector_bytes(a: &[u8]) -> Result<Vec<u8>> {
    Ok(View::new(a)?.iter().flat_map(|v| v.as_oid().unwrap_or_default().0.to_le_bytes()).collect())
}
