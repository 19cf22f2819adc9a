//! Arrays with an element or a slice replaced: what assignment to `a[i]` and `a[i:j]` makes.
//!
//! An array of one dimension grows to hold what is assigned, with nulls between; one of several dimensions does not.

use super::{Dimension, MAX_DIMENSIONS, MAX_ELEMENTS, View, too_many_elements, write};
use batch::{DatumRef, Repr};
use error::{Error, Result, SqlState};
use ids::Oid;

#[cold]
fn wrong(message: &str) -> Error {
    Error::new(SqlState::ARRAY_SUBSCRIPT_ERROR, message)
}

/// A dimension from the first to the last subscript, both included.
fn dimension(first: i64, last: i64) -> Result<Dimension> {
    let length = last - first + 1;
    if length > MAX_ELEMENTS as i64 {
        return Err(too_many_elements());
    }
    if last >= i32::MAX as i64 {
        return Err(Error::new(SqlState::PROGRAM_LIMIT_EXCEEDED, format!("array lower bound is too large: {first}")));
    }
    Ok(Dimension { length: length as i32, lower: first as i32 })
}

/// Adds to `out` the array (none counts as empty) with one element replaced.
///
/// # Errors
/// 2202E for a wrong number of subscripts, and for subscripts out of range of an array of several dimensions; 54000 for an
/// array that would be too large.
pub fn set_element(
    array: Option<&[u8]>,
    element: Oid,
    repr: Repr,
    subscripts: &[i32],
    value: DatumRef<'_>,
    out: &mut Vec<u8>,
) -> Result<()> {
    let view = array.map(View::new).transpose()?.filter(|view| !view.is_empty());
    let Some(view) = view else {
        let shape = subscripts.iter().map(|&at| dimension(at as i64, at as i64)).collect::<Result<Vec<_>>>()?;
        return write(element, repr, &shape, std::iter::once(value), out);
    };
    let mut shape: Vec<Dimension> = view.dimensions().collect();
    if shape.len() != subscripts.len() {
        return Err(wrong("wrong number of array subscripts"));
    }
    if let ([only], [at]) = (&mut shape[..], subscripts) {
        let old = *only;
        let (first, last) = (old.lower as i64, old.lower as i64 + old.length as i64 - 1);
        *only = dimension(first.min(*at as i64), last.max(*at as i64))?;
        let (before, at) = ((first - only.lower as i64) as usize, (*at as i64 - only.lower as i64) as usize);
        let values = (0..only.length as usize).map(|n| match n {
            n if n == at => value,
            n if n < before || n - before >= view.len() => DatumRef::Null,
            n => view.get(n - before),
        });
        return write(element, repr, &shape, values, out);
    }
    let mut at = 0;
    for (dimension, &subscript) in shape.iter().zip(subscripts) {
        let offset = subscript as i64 - dimension.lower as i64;
        if offset < 0 || offset >= dimension.length as i64 {
            return Err(wrong("array subscript out of range"));
        }
        at = at * dimension.length as usize + offset as usize;
    }
    let values = (0..view.len()).map(|n| if n == at { value } else { view.get(n) });
    write(element, repr, &shape, values, out)
}

/// Adds to `out` the array (none counts as empty) with a slice replaced by the first elements of another array. Bounds that
/// are left out are the array's own.
///
/// # Errors
/// 2202E for bounds that do not fit, or a source with too few elements; 54000 for an array that would be too large.
pub fn set_slice(
    array: Option<&[u8]>,
    element: Oid,
    repr: Repr,
    lower: &[Option<i32>],
    upper: &[Option<i32>],
    source: View<'_>,
    out: &mut Vec<u8>,
) -> Result<()> {
    let inverted = || wrong("upper bound cannot be less than lower bound");
    let too_small = || wrong("source array too small");
    let view = array.map(View::new).transpose()?.filter(|view| !view.is_empty());
    let Some(view) = view else {
        let mut shape = Vec::with_capacity(upper.len());
        let mut count = 1usize;
        for bounds in lower.iter().zip(upper) {
            let (Some(first), Some(last)) = bounds else {
                return Err(wrong("array slice subscript must provide both boundaries").detail(
                    "When assigning to a slice of an empty array value, slice boundaries must be fully specified.",
                ));
            };
            if first > last {
                return Err(inverted());
            }
            let dimension = dimension(*first as i64, *last as i64)?;
            count = count.saturating_mul(dimension.length as usize);
            shape.push(dimension);
        }
        if count > source.len() {
            return Err(too_small());
        }
        return write(element, repr, &shape, (0..count).map(|at| source.get(at)), out);
    };
    let mut shape: Vec<Dimension> = view.dimensions().collect();
    if shape.len() < upper.len() || shape.len() > MAX_DIMENSIONS {
        return Err(wrong("wrong number of array subscripts"));
    }
    // The slice in each dimension; dimensions that are not named are taken whole.
    let mut slice = Vec::with_capacity(shape.len());
    for (n, dimension) in shape.iter().enumerate() {
        let (own_first, own_last) = (dimension.lower as i64, dimension.lower as i64 + dimension.length as i64 - 1);
        let first = lower.get(n).copied().flatten().map_or(own_first, i64::from);
        let last = upper.get(n).copied().flatten().map_or(own_last, i64::from);
        if first > last {
            return Err(inverted());
        }
        if shape.len() > 1 && (first < own_first || last > own_last) {
            return Err(wrong("array subscript out of range"));
        }
        slice.push((first, last));
    }
    let count = slice.iter().fold(1usize, |count, (first, last)| count.saturating_mul((last - first + 1) as usize));
    if count > source.len() {
        return Err(too_small());
    }
    if let ([only], [(first, last)]) = (&mut shape[..], &slice[..]) {
        let old = *only;
        *only = dimension((*first).min(old.lower as i64), (*last).max(old.lower as i64 + old.length as i64 - 1))?;
        let base = only.lower as i64;
        let values = (0..only.length as usize).map(|n| {
            let at = base + n as i64;
            match at - old.lower as i64 {
                _ if at >= *first && at <= *last => source.get((at - first) as usize),
                n if n >= 0 && n < old.length as i64 => view.get(n as usize),
                _ => DatumRef::Null,
            }
        });
        return write(element, repr, &shape, values, out);
    }
    // Positions within the slice, by counting through it.
    let mut values: Vec<DatumRef<'_>> = view.iter().collect();
    let mut at: Vec<i64> = slice.iter().map(|(first, _)| *first).collect();
    for n in 0..count {
        let position = at.iter().zip(&shape).fold(0usize, |position, (&at, dimension)| {
            position * dimension.length as usize + (at - dimension.lower as i64) as usize
        });
        values[position] = source.get(n);
        for (at, (first, last)) in at.iter_mut().zip(&slice).rev() {
            if *at < *last {
                *at += 1;
                break;
            }
            *at = *first;
        }
    }
    write(element, repr, &shape, values.iter().copied(), out)
}
