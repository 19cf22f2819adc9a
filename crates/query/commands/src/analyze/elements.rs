//! What stands in arrays and documents: the most common elements, and how many different ones a value has.
//!
//! Elements are counted by lossy counting (Manku and Motwani, "Approximate frequency counts over data streams", VLDB 2002): after each bucket
//! of so many elements those go that were seen so seldom that they cannot be common, so what is kept stays small however many elements
//! there are. Elements are taken to be distributed by Zipf's law, where the K-th most common of some ten thousand words is about 0.07 / K
//! of a text; so what is to be found has at least the frequency 0.07 / (K + 10), the error may be a tenth of that.

use std::collections::HashMap;

use batch::{Datum, DatumRef, Repr};
use catalog::field::Raw;
use catalog::objects::BTREE;
use error::Result;
use ids::Oid;
use types::array::View;
use types::sortkey::{KeyColumn, KeyEncoder};
use types::textsearch::Vector;

use super::values::{Slot, Values};
use crate::Context;

/// Kinds of statistics (`pg_statistic.stakindN`).
const COMMON_ELEMENTS: i16 = 4;
const ELEMENT_COUNTS: i16 = 5;

/// Arrays of more bytes are not looked into.
const WIDE: usize = 0x10000;
/// The functions that analyze them (`pg_type.typanalyze`).
pub(super) const OF_ARRAYS: Oid = Oid(3816);
pub(super) const OF_DOCUMENTS: Oid = Oid(3688);
/// `=` of texts, and their default collation.
const TEXT_EQUALS: Oid = Oid(98);
const DEFAULT_COLLATION: Oid = Oid(100);
/// Values between looks at interrupts.
const AT_ONCE: usize = 1024;

/// An element that was seen.
struct Seen {
    count: u64,
    /// How often it may have been seen before it was kept.
    missed: u64,
    /// Where: the value in the sample, the element in the value.
    place: (usize, usize),
}

/// The elements that may be common.
struct Counter {
    elements: HashMap<Box<[u8]>, Seen>,
    bucket_width: u64,
    buckets: u64,
    seen: u64,
}

impl Counter {
    /// Looks for the `wanted` most common elements.
    fn new(wanted: usize) -> Counter {
        Counter { elements: HashMap::new(), bucket_width: (wanted as u64 + 10) * 1000 / 7, buckets: 1, seen: 0 }
    }

    fn add(&mut self, key: &[u8], place: (usize, usize)) {
        self.seen += 1;
        match self.elements.get_mut(key) {
            Some(seen) => seen.count += 1,
            None => {
                self.elements.insert(key.into(), Seen { count: 1, missed: self.buckets - 1, place });
            }
        }
        if self.seen.is_multiple_of(self.bucket_width) {
            let buckets = self.buckets;
            self.elements.retain(|_, seen| seen.count + seen.missed > buckets);
            self.buckets += 1;
        }
    }

    /// The most common elements, at most so many, the most common first.
    fn most_common(self, wanted: usize) -> Vec<(Box<[u8]>, Seen)> {
        let least = 9 * self.seen / self.bucket_width;
        let mut found: Vec<_> = self.elements.into_iter().filter(|(_, seen)| seen.count > least).collect();
        found.sort_unstable_by(|a, b| b.1.count.cmp(&a.1.count).then_with(|| a.0.cmp(&b.0)));
        found.truncate(wanted);
        found
    }
}

/// The slot of the most common elements, which are in the order that `order` gives. `values` of the sample were looked into; `nulls` of them have a
/// null element, where there can be any.
fn common_slot(
    mut found: Vec<(Box<[u8]>, Seen)>,
    values: usize,
    nulls: Option<usize>,
    order: impl Fn(&[u8], &[u8]) -> std::cmp::Ordering,
    element: impl Fn((usize, usize)) -> Datum,
    array: impl Fn(&[Datum]) -> Result<Vec<u8>>,
    (operator, collation): (Oid, Oid),
) -> Result<Option<Slot>> {
    let part = |count: u64| (count as f64 / values as f64) as f32;
    let (Some(most), Some(least)) = (found.first(), found.last()) else { return Ok(None) };
    let mut ends = vec![part(least.1.count), part(most.1.count)];
    ends.extend(nulls.map(|nulls| part(nulls as u64)));
    found.sort_unstable_by(|a, b| order(&a.0, &b.0));
    let elements: Vec<Datum> = found.iter().map(|(_, seen)| element(seen.place)).collect();
    let mut numbers: Vec<f32> = found.iter().map(|(_, seen)| part(seen.count)).collect();
    numbers.append(&mut ends);
    let values = Some(Raw(array(&elements)?));
    Ok(Some(Slot { kind: COMMON_ELEMENTS, operator, collation, numbers: Some(numbers), values }))
}

impl Values<'_> {
    /// The most common lexemes of documents.
    pub(super) fn lexemes(&self, context: &Context<'_>, size: usize) -> Result<Vec<Slot>> {
        let wanted = 10 * size;
        let (mut counter, mut documents) = (Counter::new(wanted), 0);
        for row in 0..self.column.len() {
            if row.is_multiple_of(AT_ONCE) {
                context.session.check_interrupts()?;
            }
            let Some(bytes) = self.column.get(row).as_bytes() else { continue };
            documents += 1;
            for (at, (lexeme, _)) in Vector::new(bytes).iter().enumerate() {
                counter.add(lexeme, (row, at));
            }
        }
        let element = |(row, at): (usize, usize)| {
            let bytes = self.column.get(row).as_bytes().unwrap_or_default();
            Datum::bytes(Vector::new(bytes).lexeme(at).to_vec())
        };
        let slot = common_slot(
            counter.most_common(wanted),
            documents,
            None,
            |a, b| a.len().cmp(&b.len()).then_with(|| a.cmp(b)),
            element,
            |lexemes| types::array::from_elements(types::oid::TEXT, Repr::Bytes, lexemes),
            (TEXT_EQUALS, DEFAULT_COLLATION),
        )?;
        Ok(slot.into_iter().collect())
    }

    /// The most common elements of arrays, and how many different ones they have. Nothing where elements have no order.
    pub(super) fn elements(&self, context: &Context<'_>, element_type: Oid, size: usize) -> Result<Vec<Slot>> {
        let (catalog, env) = (context.catalog(), context.session.env());
        let Some(class) = catalog.default_opclass(BTREE, element_type)? else { return Ok(Vec::new()) };
        let class = catalog.opclass(class)?;
        let Some(equal) = catalog.family_operator(class.opcfamily, class.opcintype, class.opcintype, 3)? else {
            return Ok(Vec::new());
        };
        let key = KeyColumn::ascending(element_type, self.form.collation);
        let Ok(encoder) = KeyEncoder::new(vec![key], env) else { return Ok(Vec::new()) };
        let wanted = 10 * size;
        let mut counter = Counter::new(wanted);
        let (mut arrays, mut with_null) = (0, 0);
        let mut counts: Vec<usize> = Vec::new();
        // Of the array that is looked into: the keys' bytes, where each begins and ends, and whose it is.
        let (mut bytes, mut keys): (Vec<u8>, Vec<(usize, usize, usize)>) = (Vec::new(), Vec::new());
        for row in 0..self.column.len() {
            if row.is_multiple_of(AT_ONCE) {
                context.session.check_interrupts()?;
            }
            let Some(array) = self.column.get(row).as_bytes() else { continue };
            if array.len() > WIDE {
                continue;
            }
            let view = View::new(array)?;
            arrays += 1;
            bytes.clear();
            keys.clear();
            let mut has_null = false;
            for (at, element) in view.iter().enumerate() {
                if element.is_null() {
                    has_null = true;
                    continue;
                }
                let start = bytes.len();
                // Elements may have no order though their type has one: rows with such fields.
                if encoder.encode_column(0, element, env, &mut bytes).is_err() {
                    return Ok(Vec::new());
                }
                keys.push((start, bytes.len(), at));
            }
            with_null += usize::from(has_null);
            keys.sort_unstable_by(|a, b| bytes[a.0..a.1].cmp(&bytes[b.0..b.1]));
            keys.dedup_by(|a, b| bytes[a.0..a.1] == bytes[b.0..b.1]);
            for &(start, end, at) in &keys {
                counter.add(&bytes[start..end], (row, at));
            }
            counts.push(keys.len());
        }
        if arrays == 0 {
            return Ok(Vec::new());
        }
        let repr = View::new(self.column.get(self.first_value()).as_bytes().unwrap_or_default())?.repr();
        let element = |(row, at): (usize, usize)| match self.column.get(row) {
            DatumRef::Bytes(array) => View::new(array).map_or(Datum::Null, |view| view.get(at).to_datum()),
            _ => Datum::Null,
        };
        let about = (equal, self.form.collation);
        let common = common_slot(
            counter.most_common(wanted),
            arrays,
            Some(with_null),
            |a, b| a.cmp(b),
            element,
            |elements| types::array::from_elements(element_type, repr, elements),
            about,
        )?;
        let average = counts.iter().map(|count| *count as f64).sum::<f64>() / arrays as f64;
        counts.sort_unstable();
        let bins = size.max(2);
        let mut numbers: Vec<f32> = (0..bins).map(|n| counts[n * (counts.len() - 1) / (bins - 1)] as f32).collect();
        numbers.push(average as f32);
        let (operator, collation) = about;
        let counts = Slot { kind: ELEMENT_COUNTS, operator, collation, numbers: Some(numbers), values: None };
        Ok(common.into_iter().chain([counts]).collect())
    }

    /// The position of the first value that is not null.
    fn first_value(&self) -> usize {
        (0..self.column.len()).find(|&row| !self.column.get(row).is_null()).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rare_elements_go_and_common_ones_stay() {
        let mut counter = Counter::new(10);
        for n in 0..100_000u32 {
            // One in ten is the same; the others are all different.
            let element = if n % 10 == 0 { 7 } else { 1000 + n };
            counter.add(&element.to_be_bytes(), (n as usize, 0));
        }
        assert!(counter.elements.len() < 20_000, "{}", counter.elements.len());
        let found = counter.most_common(10);
        assert_eq!(found.len(), 1);
        assert_eq!((&found[0].0[..], found[0].1.count), (&7u32.to_be_bytes()[..], 10_000));
    }
}
