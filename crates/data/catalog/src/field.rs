//! Values of catalog columns: how each type reads from a data file, from a column vector, and goes back into one.

use crate::acl::{Acl, AclItem};
use crate::arrays;
use batch::{Column, DatumRef, Repr};
use error::{Error, Result};
use ids::Oid;
use std::borrow::Cow;

/// A text or name. Built-in rows borrow theirs from the program's own data.
pub type Text = Cow<'static, str>;

/// A 32-bit transaction id, as the catalogs show it.
pub type Xid32 = u32;

/// A value that is only passed through, in its stored form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Raw(pub Vec<u8>);

/// An `oidvector`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OidVector(pub Vec<Oid>);

/// An `int2vector`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Int2Vector(pub Vec<i16>);

impl std::ops::Deref for OidVector {
    type Target = [Oid];
    fn deref(&self) -> &[Oid] {
        &self.0
    }
}

impl std::ops::Deref for Int2Vector {
    type Target = [i16];
    fn deref(&self) -> &[i16] {
        &self.0
    }
}

/// A column's value as part of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part<'a> {
    /// A number: any integer, object id (unsigned), boolean or "char".
    Int(i64),
    /// A text or name.
    Text(&'a str),
    /// An `oidvector`.
    Oids(&'a [Oid]),
    /// A real, as its bits.
    Real(u32),
    /// Null, or a type that is no part of any key.
    Null,
}

impl From<Oid> for Part<'_> {
    fn from(oid: Oid) -> Self {
        Part::Int(oid.0 as i64)
    }
}

impl From<i16> for Part<'_> {
    fn from(n: i16) -> Self {
        Part::Int(n as i64)
    }
}

impl From<i32> for Part<'_> {
    fn from(n: i32) -> Self {
        Part::Int(n as i64)
    }
}

impl<'a> From<&'a str> for Part<'a> {
    fn from(text: &'a str) -> Self {
        Part::Text(text)
    }
}

/// A type of catalog column.
pub trait Field: Sized {
    /// Its physical form.
    const REPR: Repr;
    /// Reads a field of a data file (COPY's text format).
    fn parse(text: &'static str) -> Result<Self>;
    /// Reads a stored value.
    fn read(value: DatumRef<'_>) -> Result<Self>;
    /// Appends the value to a column.
    fn append_to(&self, column: &mut Column);
    /// The value as part of a key.
    fn part(&self) -> Part<'_>;
}

#[cold]
fn bad(text: &str) -> Error {
    Error::corrupted(format!("a catalog column cannot hold \"{text}\""))
}

#[cold]
fn wrong(value: DatumRef<'_>) -> Error {
    Error::corrupted(format!("a catalog column holds {value:?}"))
}

macro_rules! numbers {
    ($($type:ty, $repr:ident, $stored:ty;)*) => {
        $(impl Field for $type {
            const REPR: Repr = Repr::$repr;
            fn parse(text: &'static str) -> Result<Self> {
                text.parse().map_err(|_| bad(text))
            }
            fn read(value: DatumRef<'_>) -> Result<Self> {
                match value {
                    DatumRef::$repr(v) => Ok(v as $type),
                    other => Err(wrong(other)),
                }
            }
            fn append_to(&self, column: &mut Column) {
                column.push(DatumRef::$repr(*self as $stored));
            }
            fn part(&self) -> Part<'_> {
                Part::Int(*self as i64)
            }
        })*
    };
}

numbers! {
    i16, B2, i16;
    i32, B4, i32;
    u32, B4, i32;
    i64, B8, i64;
}

impl Field for Oid {
    const REPR: Repr = Repr::B4;
    fn parse(text: &'static str) -> Result<Self> {
        text.parse().map(Oid).map_err(|_| bad(text))
    }
    fn read(value: DatumRef<'_>) -> Result<Self> {
        value.as_oid().ok_or_else(|| wrong(value))
    }
    fn append_to(&self, column: &mut Column) {
        column.push(DatumRef::B4(self.0 as i32));
    }
    fn part(&self) -> Part<'_> {
        (*self).into()
    }
}

impl Field for bool {
    const REPR: Repr = Repr::B1;
    fn parse(text: &'static str) -> Result<Self> {
        match text {
            "t" => Ok(true),
            "f" => Ok(false),
            _ => Err(bad(text)),
        }
    }
    fn read(value: DatumRef<'_>) -> Result<Self> {
        value.as_bool().ok_or_else(|| wrong(value))
    }
    fn append_to(&self, column: &mut Column) {
        column.push(DatumRef::B1(*self as u8));
    }
    fn part(&self) -> Part<'_> {
        Part::Int(*self as i64)
    }
}

/// A "char".
impl Field for u8 {
    const REPR: Repr = Repr::B1;
    fn parse(text: &'static str) -> Result<Self> {
        match text.as_bytes() {
            [] => Ok(0),
            [one] => Ok(*one),
            _ => Err(bad(text)),
        }
    }
    fn read(value: DatumRef<'_>) -> Result<Self> {
        value.as_u8().ok_or_else(|| wrong(value))
    }
    fn append_to(&self, column: &mut Column) {
        column.push(DatumRef::B1(*self));
    }
    fn part(&self) -> Part<'_> {
        Part::Int(*self as i64)
    }
}

impl Field for f32 {
    const REPR: Repr = Repr::B4;
    fn parse(text: &'static str) -> Result<Self> {
        text.parse().map_err(|_| bad(text))
    }
    fn read(value: DatumRef<'_>) -> Result<Self> {
        value.as_f32().ok_or_else(|| wrong(value))
    }
    fn append_to(&self, column: &mut Column) {
        column.push(DatumRef::B4(self.to_bits() as i32));
    }
    fn part(&self) -> Part<'_> {
        Part::Real(self.to_bits())
    }
}

/// Undoes COPY's escapes.
fn unescape(text: &'static str) -> Text {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        out.push(match c {
            '\\' => match chars.next() {
                Some('n') => '\n',
                Some('t') => '\t',
                Some('r') => '\r',
                Some('b') => '\x08',
                Some('f') => '\x0c',
                Some('v') => '\x0b',
                Some(other) => other,
                None => '\\',
            },
            c => c,
        });
    }
    Cow::Owned(out)
}

impl Field for Text {
    const REPR: Repr = Repr::Bytes;
    fn parse(text: &'static str) -> Result<Self> {
        Ok(unescape(text))
    }
    fn read(value: DatumRef<'_>) -> Result<Self> {
        let bytes = value.as_bytes().ok_or_else(|| wrong(value))?;
        Ok(Cow::Owned(String::from_utf8_lossy(bytes).into_owned()))
    }
    fn append_to(&self, column: &mut Column) {
        column.push(DatumRef::Bytes(self.as_bytes()));
    }
    fn part(&self) -> Part<'_> {
        Part::Text(self)
    }
}

impl Field for Raw {
    const REPR: Repr = Repr::Bytes;
    fn parse(text: &'static str) -> Result<Self> {
        Err(bad(text))
    }
    fn read(value: DatumRef<'_>) -> Result<Self> {
        value.as_bytes().map(|bytes| Raw(bytes.to_vec())).ok_or_else(|| wrong(value))
    }
    fn append_to(&self, column: &mut Column) {
        column.push(DatumRef::Bytes(&self.0));
    }
    fn part(&self) -> Part<'_> {
        Part::Null
    }
}

impl<T: Field> Field for Option<T> {
    const REPR: Repr = T::REPR;
    fn parse(text: &'static str) -> Result<Self> {
        if text == "\\N" { Ok(None) } else { T::parse(text).map(Some) }
    }
    fn read(value: DatumRef<'_>) -> Result<Self> {
        if value.is_null() { Ok(None) } else { T::read(value).map(Some) }
    }
    fn append_to(&self, column: &mut Column) {
        match self {
            Some(value) => value.append_to(column),
            None => column.push_null(),
        }
    }
    fn part(&self) -> Part<'_> {
        self.as_ref().map_or(Part::Null, T::part)
    }
}

/// An element of an array column.
trait Item: Sized {
    /// The element type.
    const TYPE: Oid;
    /// Its values' form.
    const REPR: Repr;
    fn parse(text: &str) -> Option<Self>;
    fn read(value: DatumRef<'_>) -> Option<Self>;
    fn value(&self) -> DatumRef<'_>;
}

macro_rules! items {
    ($($type:ty, $oid:literal, $repr:ident, |$text:ident| $parse:expr, |$read:ident| $from:expr, |$v:ident| $to:expr;)*) => {
        $(impl Item for $type {
            const TYPE: Oid = Oid($oid);
            const REPR: Repr = Repr::$repr;
            fn parse($text: &str) -> Option<Self> {
                $parse
            }
            fn read($read: DatumRef<'_>) -> Option<Self> {
                $from
            }
            fn value(&self) -> DatumRef<'_> {
                let $v = self;
                $to
            }
        })*
    };
}

items! {
    Oid, 26, B4, |text| text.parse().ok().map(Oid), |value| value.as_oid(), |v| DatumRef::B4(v.0 as i32);
    i16, 21, B2, |text| text.parse().ok(), |value| value.as_i16(), |v| DatumRef::B2(*v);
    f32, 700, B4, |text| text.parse().ok(), |value| value.as_f32(), |v| DatumRef::B4(v.to_bits() as i32);
    u8, 18, B1, |text| text.bytes().next(), |value| value.as_u8(), |v| DatumRef::B1(*v);
    Text, 25, Bytes, |text| Some(Cow::Owned(text.to_string())),
        |value| Some(Cow::Owned(String::from_utf8_lossy(value.as_bytes()?).into_owned())), |v| DatumRef::Bytes(v.as_bytes());
}

fn read_items<T>(value: DatumRef<'_>, item: impl Fn(DatumRef<'_>) -> Option<T>) -> Result<Vec<T>> {
    let mut items = Vec::new();
    arrays::read(value.as_bytes().ok_or_else(|| wrong(value))?, |element| {
        items.push(item(element).ok_or_else(|| wrong(value))?);
        Ok(())
    })?;
    Ok(items)
}

fn append_items<T: Item>(items: &[T], lower: i32, column: &mut Column) {
    let mut bytes = Vec::new();
    arrays::write(&mut bytes, T::TYPE, T::REPR, lower, items.iter().map(T::value));
    column.push(DatumRef::Bytes(&bytes));
}

impl<T: Item> Field for Vec<T> {
    const REPR: Repr = Repr::Bytes;
    fn parse(text: &'static str) -> Result<Self> {
        let items = arrays::parse_text(&unescape(text)).ok_or_else(|| bad(text))?;
        items.iter().map(|item| T::parse(item).ok_or_else(|| bad(text))).collect()
    }
    fn read(value: DatumRef<'_>) -> Result<Self> {
        read_items(value, T::read)
    }
    fn append_to(&self, column: &mut Column) {
        append_items(self, 1, column);
    }
    fn part(&self) -> Part<'_> {
        Part::Null
    }
}

macro_rules! vectors {
    ($($type:ident, |$v:ident| $part:expr;)*) => {
        $(impl Field for $type {
            const REPR: Repr = Repr::Bytes;
            fn parse(text: &'static str) -> Result<Self> {
                text.split_ascii_whitespace().map(|item| Item::parse(item).ok_or_else(|| bad(text))).collect::<Result<_>>().map($type)
            }
            fn read(value: DatumRef<'_>) -> Result<Self> {
                read_items(value, Item::read).map($type)
            }
            fn append_to(&self, column: &mut Column) {
                append_items(&self.0, 0, column);
            }
            fn part(&self) -> Part<'_> {
                let $v = self;
                $part
            }
        })*
    };
}

vectors! {
    OidVector, |v| Part::Oids(&v.0);
    Int2Vector, |_v| Part::Null;
}

/// Appends the stored form of an `oidvector`.
pub(crate) fn write_oidvector(oids: &[Oid], out: &mut Vec<u8>) {
    arrays::write(out, <Oid as Item>::TYPE, Repr::B4, 0, oids.iter().map(Item::value));
}

impl Field for Acl {
    const REPR: Repr = Repr::Bytes;
    fn parse(text: &'static str) -> Result<Self> {
        Acl::parse_builtin(&unescape(text))
    }
    fn read(value: DatumRef<'_>) -> Result<Self> {
        read_items(value, |item| AclItem::load(item.as_bytes()?)).map(Acl)
    }
    fn append_to(&self, column: &mut Column) {
        column.push(DatumRef::Bytes(&self.to_stored()));
    }
    fn part(&self) -> Part<'_> {
        Part::Null
    }
}

impl Acl {
    /// The stored form, as `aclitem[]`.
    pub fn to_stored(&self) -> Vec<u8> {
        let items: Vec<Vec<u8>> = self
            .0
            .iter()
            .map(|item| {
                let mut bytes = Vec::with_capacity(AclItem::STORED);
                item.store(&mut bytes);
                bytes
            })
            .collect();
        let mut bytes = Vec::new();
        let elements = items.iter().map(|item| DatumRef::Bytes(item));
        arrays::write(&mut bytes, types::oid::ACLITEM, Repr::Bytes, 1, elements);
        bytes
    }
}
