//! jsonb's bytes, read in place.

use super::value::key_order;
use crate::numeric::Numeric;

pub(super) const NULL: u8 = 0;
pub(super) const FALSE: u8 = 1;
pub(super) const TRUE: u8 = 2;
pub(super) const STRING: u8 = 3;
pub(super) const NUMBER: u8 = 4;
pub(super) const ARRAY: u8 = 5;
pub(super) const OBJECT: u8 = 6;

/// A jsonb value. Any bytes can be viewed: what is damaged reads as null or as an empty container.
#[derive(Clone, Copy, Debug)]
pub struct View<'a>(&'a [u8]);

/// What a jsonb value is.
#[derive(Clone, Copy, Debug)]
pub enum Kind<'a> {
    /// null
    Null,
    /// true, false
    Bool(bool),
    /// A string.
    String(&'a [u8]),
    /// A number, as a numeric's bytes.
    Number(&'a [u8]),
    /// An array.
    Array(Array<'a>),
    /// An object.
    Object(Object<'a>),
}

impl Kind<'_> {
    /// Its name, as `jsonb_typeof` prints it.
    pub fn name(&self) -> &'static str {
        match self {
            Kind::Null => "null",
            Kind::Bool(_) => "boolean",
            Kind::String(_) => "string",
            Kind::Number(_) => "number",
            Kind::Array(_) => "array",
            Kind::Object(_) => "object",
        }
    }
}

/// Byte strings one behind the other, with their ends before them.
#[derive(Clone, Copy, Debug)]
struct Parts<'a> {
    width: usize,
    ends: &'a [u8],
    data: &'a [u8],
}

impl<'a> Parts<'a> {
    fn end(&self, at: usize) -> usize {
        match (self.width, &self.ends[at * self.width..]) {
            (1, [a, ..]) => *a as usize,
            (2, [a, b, ..]) => u16::from_le_bytes([*a, *b]) as usize,
            (4, [a, b, c, d, ..]) => u32::from_le_bytes([*a, *b, *c, *d]) as usize,
            _ => 0,
        }
    }

    fn part(&self, at: usize) -> &'a [u8] {
        let start = if at == 0 { 0 } else { self.end(at - 1) };
        self.data.get(start..self.end(at)).unwrap_or_default()
    }
}

/// An array's elements.
#[derive(Clone, Copy, Debug)]
pub struct Array<'a> {
    count: usize,
    parts: Parts<'a>,
}

/// An object's members, in the order of their keys.
#[derive(Clone, Copy, Debug)]
pub struct Object<'a> {
    count: usize,
    parts: Parts<'a>,
}

impl<'a> View<'a> {
    /// null
    pub const NULL: View<'static> = View(&[NULL]);

    /// Views a value's bytes.
    pub fn new(bytes: &'a [u8]) -> View<'a> {
        View(bytes)
    }

    /// The value's bytes.
    pub fn bytes(self) -> &'a [u8] {
        self.0
    }

    /// Whether it is neither an array nor an object.
    pub fn is_scalar(self) -> bool {
        !matches!(self.0.first().map(|tag| tag & 15), Some(ARRAY | OBJECT))
    }

    /// Whether it is null.
    pub fn is_null(self) -> bool {
        matches!(self.kind(), Kind::Null)
    }

    /// What it is.
    pub fn kind(self) -> Kind<'a> {
        let Some((&tag, rest)) = self.0.split_first() else { return Kind::Null };
        match tag & 15 {
            FALSE => Kind::Bool(false),
            TRUE => Kind::Bool(true),
            STRING => Kind::String(rest),
            NUMBER => Kind::Number(rest),
            ARRAY => {
                let (count, parts) = parts(tag, rest, 1);
                Kind::Array(Array { count, parts })
            }
            OBJECT => {
                let (count, parts) = parts(tag, rest, 2);
                Kind::Object(Object { count, parts })
            }
            _ => Kind::Null,
        }
    }

    /// The object, if it is one.
    pub fn object(self) -> Option<Object<'a>> {
        match self.kind() {
            Kind::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The array, if it is one.
    pub fn array(self) -> Option<Array<'a>> {
        match self.kind() {
            Kind::Array(array) => Some(array),
            _ => None,
        }
    }

    /// The number, if it is one.
    pub fn number(self) -> Option<Numeric> {
        match self.kind() {
            Kind::Number(bytes) => Some(Numeric::from_bytes(bytes)),
            _ => None,
        }
    }
}

fn parts(tag: u8, rest: &[u8], ends_each: usize) -> (usize, Parts<'_>) {
    let width = 1usize << (tag >> 4 & 3);
    let number = rest.get(..width).unwrap_or_default();
    let count = number.iter().rev().fold(0usize, |count, &b| count << 8 | b as usize);
    let ends = width + count.saturating_mul(ends_each * width);
    match (rest.get(width..ends), rest.get(ends..)) {
        (Some(ends), Some(data)) if width <= 4 => (count, Parts { width, ends, data }),
        _ => (0, Parts { width, ends: &[], data: &[] }),
    }
}

impl<'a> Array<'a> {
    /// How many elements.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The element at a position, from 0.
    pub fn get(&self, at: usize) -> Option<View<'a>> {
        (at < self.count).then(|| View(self.parts.part(at)))
    }

    /// The element that a subscript names: from 0, or below zero from the end.
    pub fn subscript(&self, subscript: i64) -> Option<View<'a>> {
        let at = if subscript < 0 { subscript + self.count as i64 } else { subscript };
        self.get(usize::try_from(at).ok()?)
    }

    /// The elements.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = View<'a>> + use<'a> {
        let array = *self;
        (0..array.count).map(move |at| View(array.parts.part(at)))
    }
}

impl<'a> Object<'a> {
    /// How many members.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The key of a member.
    pub fn key(&self, at: usize) -> &'a [u8] {
        debug_assert!(at < self.count);
        self.parts.part(at)
    }

    /// The value of a member.
    pub fn value(&self, at: usize) -> View<'a> {
        debug_assert!(at < self.count);
        View(self.parts.part(self.count + at))
    }

    /// The value of a key, by binary search.
    pub fn get(&self, key: &[u8]) -> Option<View<'a>> {
        let (mut low, mut high) = (0, self.count);
        while low < high {
            let middle = (low + high) / 2;
            match key_order(self.key(middle), key) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Equal => return Some(self.value(middle)),
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }

    /// Keys and values.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&'a [u8], View<'a>)> + use<'a> {
        let object = *self;
        (0..object.count).map(move |at| (object.key(at), object.value(at)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Value, write_view};
    use super::*;

    fn text(bytes: &[u8]) -> String {
        let mut out = Vec::new();
        write_view(View::new(bytes), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_form_of_small_values() {
        let bytes = Value::parse(br#"{"b":[1,"x",true],"a":null,"aa":{}}"#).unwrap().to_bytes().unwrap();
        let wanted: &[u8] = &[
            6, 3, 1, 2, 4, 5, 16, 18, // tag, count, ends of keys, ends of values
            b'a', b'b', b'a', b'a', // keys
            0,    // null
            5, 3, 3, 5, 6, 4, 0, 1, 3, b'x', 2, // array: tag, count, ends, number (scale 0, 1), string, true
            6, 0,
        ];
        assert_eq!(bytes, wanted);
        assert_eq!(text(&bytes), r#"{"a": null, "b": [1, "x", true], "aa": {}}"#);
    }

    #[test]
    fn keys_are_found_in_objects_of_all_widths() {
        for count in [0usize, 1, 10, 50, 300, 20_000] {
            let members: Vec<String> = (0..count).map(|k| format!("\"key{}\":{k}", k * 7)).collect();
            let json = format!("{{{}}}", members.join(","));
            let bytes = Value::parse(json.as_bytes()).unwrap().to_bytes().unwrap();
            let object = View::new(&bytes).object().unwrap();
            assert_eq!(object.len(), count);
            for k in (0..count).step_by(1 + count / 100) {
                let number = object.get(format!("key{}", k * 7).as_bytes()).unwrap().number().unwrap();
                assert_eq!(number.to_i128(), Some(k as i128));
            }
            assert!(object.get(b"key").is_none() && object.get(b"key1").is_none());
        }
    }

    #[test]
    fn damaged_bytes_are_read_without_harm() {
        let bytes = Value::parse(br#"{"b":[1,"x",{"y":[2.5]}],"a":null}"#).unwrap().to_bytes().unwrap();
        for at in 0..bytes.len() {
            for value in [0, 1, 5, 6, 0x15, 0x26, 0x36, 0x7F, 0xFF] {
                let mut damaged = bytes.clone();
                damaged[at] = value;
                let _ = write_view(View::new(&damaged), &mut Vec::new());
            }
            let _ = write_view(View::new(&bytes[..at]), &mut Vec::new());
        }
    }
}
