//! Keys as byte strings whose order as bytes is the SQL order of the values: for B-trees, sorts, merge joins, grouping.
//!
//! ```text
//! key    = column*
//! column = 00            null, sorted first
//!        | 01 value      value (the value's bytes inverted if descending)
//!        | 02            null, sorted last
//! value  = number        big-endian, the sign bit flipped for signed ones
//!        | double        big-endian, all bits flipped for negative ones, else the sign bit; NaN is one, above all
//!        | text          its bytes, 00 as 00 FF, then 00 00
//!        | collated      text (its collation's sort key), and text (its bytes) if the collation is deterministic
//!        | numeric       sign and special values, decimal exponent, digits two to a byte, 00; inverted below zero
//!        | array         text (column* (elements, nulls last), 00, then the shape)
//!        | row           text (column* (fields, nulls last))
//!        | range         text (00 if empty, else 01, bound, bound); a bound is 00 or 02 if there is none, else 01, its value, and
//!                        01 if it stands behind the value
//!        | multirange    text (01, range)*, 00)
//! ```
//!
//! Two values that are equal in SQL have the same bytes (`1.0` and `1.00`, `-0` and `0`), so the keys serve grouping and
//! uniqueness, too. No value's encoding is a prefix of another one's, so that the columns that follow decide ties.

use crate::datetime::{self, Interval, TimeTz};
use crate::numeric::Numeric;
use crate::order::{Order, order_of};
use crate::{Environment, array, objects, oid, range, record, text};
use batch::{ByteValues, Column, DatumRef, Repr, Rows};
use collation::{BYTES, Collation, CollationRef};
use error::{Error, Result};
use ids::Oid;

/// A column of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyColumn {
    /// The type of its values.
    pub type_oid: Oid,
    /// The collation; 0 if the type has none.
    pub collation: Oid,
    /// Largest first.
    pub descending: bool,
    /// Nulls before all values.
    pub nulls_first: bool,
}

impl KeyColumn {
    /// Ascending, nulls last.
    pub fn ascending(type_oid: Oid, collation: Oid) -> KeyColumn {
        KeyColumn { type_oid, collation, descending: false, nulls_first: false }
    }
}

/// Turns values into keys, and back where that is possible.
#[derive(Clone, Debug)]
pub struct KeyEncoder {
    columns: Vec<KeyColumn>,
    orders: Vec<(Oid, Order)>,
    reprs: Vec<Repr>,
    collations: Vec<CollationRef>,
}

impl KeyEncoder {
    /// An encoder for keys of these columns; fails for a type without an order, and for texts without a collation.
    pub fn new(columns: Vec<KeyColumn>, env: &dyn Environment) -> Result<KeyEncoder> {
        KeyEncoder::for_purpose(columns, "string comparison", env)
    }

    fn for_purpose(columns: Vec<KeyColumn>, purpose: &str, env: &dyn Environment) -> Result<KeyEncoder> {
        let orders = columns.iter().map(|c| order_of(c.type_oid, env)).collect::<Result<Vec<_>>>()?;
        let reprs = columns.iter().map(|c| repr(c, env)).collect::<Result<Vec<_>>>()?;
        let lacks = |(&(_, order), column): (&(Oid, Order), &KeyColumn)| {
            matches!(order, Order::Text | Order::Padded) && !column.collation.is_valid()
        };
        if orders.iter().zip(&columns).any(lacks) {
            return Err(text::undetermined(purpose));
        }
        let collations =
            orders.iter().zip(&columns).map(|(&(_, order), column)| collation_of(order, column.collation, env));
        let collations = collations.collect::<Result<Vec<_>>>()?;
        Ok(KeyEncoder { columns, orders, reprs, collations })
    }

    /// An encoder for keys that tell which values are equal, and say nothing of their order.
    ///
    /// # Errors
    /// As [`KeyEncoder::new`].
    pub fn for_equality(columns: Vec<KeyColumn>, env: &dyn Environment) -> Result<KeyEncoder> {
        let mut encoder = KeyEncoder::for_purpose(columns, "string hashing", env)?;
        for collation in encoder.collations.iter_mut().filter(|collation| collation.is_deterministic()) {
            *collation = CollationRef::Static(&BYTES);
        }
        Ok(encoder)
    }

    /// The columns.
    pub fn columns(&self) -> &[KeyColumn] {
        &self.columns
    }

    /// Whether the values of a column can be had back from the key, exactly as they were.
    pub fn reversible(&self, column: usize) -> bool {
        // A double's -0 becomes 0; a bpchar loses its padding; an enum is its position.
        match self.orders[column].1 {
            Order::Signed | Order::Unsigned | Order::Bytes | Order::Tid => true,
            Order::Text => self.collations[column].is_deterministic(),
            _ => false,
        }
    }

    /// Whether encoding asks the session: about an enum's order, or the parts of a composed value.
    pub fn needs_session(&self) -> bool {
        let asks =
            |order| matches!(order, Order::Enum | Order::Array | Order::Record | Order::Range | Order::Multirange);
        self.orders.iter().any(|&(_, order)| asks(order))
    }

    /// Adds the key of one row (or of its first columns, for a prefix) to `out`.
    pub fn encode_row(&self, values: &[DatumRef<'_>], env: &dyn Environment, out: &mut Vec<u8>) -> Result<()> {
        values.iter().enumerate().try_for_each(|(k, &value)| self.encode_column(k, value, env, out))
    }

    /// Adds one column's part of a key to `out`.
    #[inline]
    pub fn encode_column(
        &self,
        column: usize,
        value: DatumRef<'_>,
        env: &dyn Environment,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        let key = &self.columns[column];
        if value.is_null() {
            out.push(if key.nulls_first { 0 } else { 2 });
            return Ok(());
        }
        out.push(1);
        let start = out.len();
        let (type_oid, order) = self.orders[column];
        encode_value(type_oid, order, &self.collations[column], value, env, out)?;
        if key.descending {
            out[start..].iter_mut().for_each(|b| *b = !*b);
        }
        Ok(())
    }

    /// Adds the keys of a batch's rows to `out`, in the rows' order.
    pub fn encode_batch(
        &self,
        columns: &[&Column],
        rows: Rows<'_>,
        env: &dyn Environment,
        out: &mut ByteValues,
    ) -> Result<()> {
        let mut at = out.len();
        out.resize(at + rows.len());
        rows.try_for_each(|row| {
            at += 1;
            out.put_with(at - 1, |arena| {
                columns
                    .iter()
                    .enumerate()
                    .try_for_each(|(k, column)| self.encode_column(k, column.get(row), env, arena))
            })
        })
    }

    /// Adds the values that a key was made of to `out`, one column each; null for columns that are not
    /// [`reversible`](KeyEncoder::reversible). Fails with XX001 for bytes that are no key.
    pub fn decode(&self, key: &[u8], out: &mut [Column]) -> Result<()> {
        let mut rest = key;
        for (k, column) in self.columns.iter().enumerate() {
            let damaged = || Error::corrupted("an index key is damaged");
            let (&mark, after) = rest.split_first().ok_or_else(damaged)?;
            rest = after;
            if mark != 1 {
                out[k].push_null();
                continue;
            }
            let (type_oid, order) = self.orders[k];
            let used =
                decode_value(type_oid, order, &self.collations[k], self.reprs[k], column.descending, rest, &mut out[k])
                    .ok_or_else(damaged)?;
            rest = &rest[used..];
        }
        Ok(())
    }
}

/// The form of the values that a column of this type has.
pub fn repr(column: &KeyColumn, env: &dyn Environment) -> Result<Repr> {
    match crate::repr(column.type_oid) {
        Some(repr) => Ok(repr),
        None => Ok(env.type_facts(column.type_oid)?.repr),
    }
}

/// A double's bits, so that their unsigned order is the double's.
pub(crate) fn double_bits(value: f64) -> u64 {
    let value = if value.is_nan() {
        return u64::MAX;
    } else if value == 0.0 {
        0.0
    } else {
        value
    };
    let bits = value.to_bits();
    if bits >> 63 != 0 { !bits } else { bits | 1 << 63 }
}

/// A range's part of a key, which ends by itself.
fn encode_range(kind: &range::Kind, bytes: &[u8], env: &dyn Environment, out: &mut Vec<u8>) -> Result<()> {
    let range = range::Range::read(bytes)?;
    if range.empty {
        out.push(0);
        return Ok(());
    }
    out.push(1);
    let (subtype, order) = order_of(kind.subtype, env)?;
    let collation = collation_of(order, kind.collation, env)?;
    for bound in [range.lower, range.upper] {
        range::bound_key(&bound, out, |out| encode_value(subtype, order, &collation, bound.value, env, out))?;
    }
    Ok(())
}

/// The bounds of a range as byte strings in their order, the upper one's above the lower one's; none of an empty range.
pub(crate) fn range_bounds(type_oid: Oid, bytes: &[u8], env: &dyn Environment) -> Result<Option<(Vec<u8>, Vec<u8>)>> {
    let kind = range::Kind::of(type_oid, env)?;
    let range = range::Range::read(bytes)?;
    if range.empty {
        return Ok(None);
    }
    Ok(Some((range_end(&kind, &range.lower, env)?, range_end(&kind, &range.upper, env)?)))
}

/// The same of a range that has one value.
pub(crate) fn range_point(type_oid: Oid, value: DatumRef<'_>, env: &dyn Environment) -> Result<(Vec<u8>, Vec<u8>)> {
    let kind = range::Kind::of(type_oid, env)?;
    let end = |lower| range_end(&kind, &range::Bound { value, inclusive: true, lower }, env);
    Ok((end(true)?, end(false)?))
}

fn range_end(kind: &range::Kind, bound: &range::Bound<'_>, env: &dyn Environment) -> Result<Vec<u8>> {
    let (subtype, order) = order_of(kind.subtype, env)?;
    let collation = collation_of(order, kind.collation, env)?;
    let mut end = Vec::new();
    range::bound_key(bound, &mut end, |out| encode_value(subtype, order, &collation, bound.value, env, out))?;
    Ok(end)
}

/// Turns the bytes from `start` on into what [`encode_bytes`] makes of them, in place: composed values, whose parts vary,
/// become strings that end by themselves, so that a reader can step over them without knowing their types.
fn escape(start: usize, out: &mut Vec<u8>) {
    let zeros = out[start..].iter().filter(|&&b| b == 0).count();
    let mut from = out.len();
    out.resize(from + zeros + 2, 0);
    let mut to = out.len() - 2;
    while to > from {
        from -= 1;
        to -= 1;
        let byte = out[from];
        if byte == 0 {
            out[to] = 0xFF;
            to -= 1;
        }
        out[to] = byte;
    }
}

pub(crate) fn encode_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    let mut rest = bytes;
    while let Some(zero) = rest.iter().position(|&b| b == 0) {
        out.extend_from_slice(&rest[..=zero]);
        out.push(0xFF);
        rest = &rest[zero + 1..];
    }
    out.extend_from_slice(rest);
    out.extend_from_slice(&[0, 0]);
}

/// A text's part of a key.
#[inline]
pub(crate) fn encode_text(collation: &Collation, text: &[u8], out: &mut Vec<u8>) {
    if collation.is_bytes() {
        return encode_bytes(text, out);
    }
    let start = out.len();
    collation.write_sort_key(text, out);
    escape(start, out);
    if collation.is_deterministic() {
        encode_bytes(text, out);
    }
}

/// The collation in which values of an order are compared where `collation` is the one of their column: parts of jsonb and rows have
/// the database's own.
fn collation_of(order: Order, collation: Oid, env: &dyn Environment) -> Result<CollationRef> {
    match order {
        Order::Text | Order::Padded | Order::Array => text::resolve(collation, env),
        Order::Jsonb => text::resolve(text::DEFAULT_COLLATION, env),
        _ => Ok(CollationRef::Static(&BYTES)),
    }
}

#[inline]
fn encode_value(
    type_oid: Oid,
    order: Order,
    collation: &Collation,
    value: DatumRef<'_>,
    env: &dyn Environment,
    out: &mut Vec<u8>,
) -> Result<()> {
    use DatumRef::{B1, B2, B4, B8, Bytes};
    match (order, value) {
        (Order::Signed, B4(v)) => out.extend_from_slice(&(v as u32 ^ 1 << 31).to_be_bytes()),
        (Order::Signed, B8(v)) => out.extend_from_slice(&(v as u64 ^ 1 << 63).to_be_bytes()),
        (Order::Signed, B2(v)) => out.extend_from_slice(&(v as u16 ^ 1 << 15).to_be_bytes()),
        (Order::Unsigned, B1(v)) => out.push(v),
        (Order::Unsigned, B4(v)) => out.extend_from_slice(&v.to_be_bytes()),
        (Order::Unsigned, B8(v)) => out.extend_from_slice(&v.to_be_bytes()),
        (Order::Real, B4(v)) => {
            out.extend_from_slice(&double_bits(f32::from_bits(v as u32) as f64).to_be_bytes());
        }
        (Order::Double, B8(v)) => out.extend_from_slice(&double_bits(f64::from_bits(v as u64)).to_be_bytes()),
        (Order::Text, Bytes(v)) => encode_text(collation, v, out),
        (Order::Padded, Bytes(v)) => encode_text(collation, text::trim_blanks(v), out),
        (Order::Bytes, Bytes(v)) => encode_bytes(v, out),
        (Order::Numeric, Bytes(v)) => Numeric::from_bytes(v).write_key(out),
        (Order::Network, Bytes(v)) => {
            let start = out.len();
            crate::network::Inet::from_bytes(v).write_key(out);
            escape(start, out);
        }
        (Order::Bits, Bytes(v)) => {
            let (bytes, length) = crate::bit::parts(v);
            let start = out.len();
            encode_bytes(bytes, out);
            out.extend_from_slice(&length.to_be_bytes());
            escape(start, out);
        }
        (Order::Jsonb, Bytes(v)) => {
            let start = out.len();
            crate::json::write_key(crate::json::View::new(v), collation, out)?;
            escape(start, out);
        }
        (Order::Tsvector, Bytes(v)) => {
            let start = out.len();
            crate::textsearch::write_vector_key(v, out);
            escape(start, out);
        }
        (Order::Tsquery, Bytes(v)) => {
            let start = out.len();
            crate::textsearch::write_query_key(v, out)?;
            escape(start, out);
        }
        (Order::Tid, Bytes(v)) => {
            let (block, offset) = objects::tid(v);
            out.extend_from_slice(&block.to_be_bytes());
            out.extend_from_slice(&offset.to_be_bytes());
        }
        (Order::TimeTz, Bytes(v)) => {
            let time: TimeTz = datetime::decode(v);
            out.extend_from_slice(&(time.utc() as u64 ^ 1 << 63).to_be_bytes());
            out.extend_from_slice(&(time.zone as u32 ^ 1 << 31).to_be_bytes());
        }
        (Order::Interval, Bytes(v)) => {
            let span = datetime::decode::<Interval>(v).span();
            out.extend_from_slice(&(span as u128 ^ 1 << 127).to_be_bytes());
        }
        (Order::Enum, B4(v)) => {
            out.extend_from_slice(&double_bits(env.enum_position(Oid(v as u32))? as f64).to_be_bytes());
        }
        (Order::Range, Bytes(v)) => {
            let start = out.len();
            let kind = range::Kind::of(range::type_of(v)?, env)?;
            encode_range(&kind, v, env, out)?;
            escape(start, out);
        }
        (Order::Multirange, Bytes(v)) => {
            let start = out.len();
            let view = range::Multirange::read(v)?;
            let (_, kind) = range::Multirange::kind_of(view.type_oid(), env)?;
            for at in 0..view.len() {
                out.push(1);
                encode_range(&kind, view.bytes_of(at), env, out)?;
            }
            out.push(0);
            escape(start, out);
        }
        (Order::Record, Bytes(v)) => {
            let start = out.len();
            let view = record::View::new(v)?;
            record::for_each_live(&view, env, |of, value| {
                out.push(if value.is_null() { 2 } else { 1 });
                if value.is_null() {
                    return Ok(());
                }
                let (of, order) = order_of(of, env)?;
                let collation = collation_of(order, record::collation_of(of), env)?;
                encode_value(of, order, &collation, value, env, out)
            })?;
            escape(start, out);
        }
        (Order::Array, Bytes(v)) => {
            let start = out.len();
            let view = array::View::new(v)?;
            let (element, order) = order_of(view.element_type(), env)?;
            let own = match order {
                Order::Jsonb => Some(collation_of(order, Oid::INVALID, env)?),
                _ => None,
            };
            let collation = own.as_deref().unwrap_or(collation);
            for value in view.iter() {
                if value.is_null() {
                    out.push(2);
                } else {
                    out.push(1);
                    encode_value(element, order, collation, value, env, out)?;
                }
            }
            out.push(0);
            out.push(view.dimensions().len() as u8);
            view.dimensions().for_each(|d| out.extend_from_slice(&d.length.to_be_bytes()));
            view.dimensions().for_each(|d| out.extend_from_slice(&(d.lower as u32 ^ 1 << 31).to_be_bytes()));
            escape(start, out);
        }
        _ => return Err(crate::io::wrong_form(type_oid, value)),
    }
    Ok(())
}

/// Reads one value; returns the bytes it took, or `None` if they are damaged. A value that is not reversible is skipped
/// and gives a null.
fn decode_value(
    type_oid: Oid,
    order: Order,
    collation: &Collation,
    repr: Repr,
    inverted: bool,
    bytes: &[u8],
    out: &mut Column,
) -> Option<usize> {
    let flip = if inverted { 0xFF } else { 0 };
    let fixed = |width: usize| -> Option<u64> {
        Some(bytes.get(..width)?.iter().fold(0u64, |v, &b| v << 8 | (b ^ flip) as u64))
    };
    match (order, repr) {
        (Order::Signed | Order::Unsigned, Repr::B1) => out.push(DatumRef::B1(fixed(1)? as u8)),
        (Order::Signed, Repr::B2) => out.push(DatumRef::B2((fixed(2)? as u16 ^ 1 << 15) as i16)),
        (Order::Signed, Repr::B4) => out.push(DatumRef::B4((fixed(4)? as u32 ^ 1 << 31) as i32)),
        (Order::Signed, Repr::B8) => out.push(DatumRef::B8((fixed(8)? ^ 1 << 63) as i64)),
        (Order::Unsigned, Repr::B4) => out.push(DatumRef::B4(fixed(4)? as i32)),
        (Order::Unsigned, Repr::B8) => out.push(DatumRef::B8(fixed(8)? as i64)),
        (Order::Real | Order::Double | Order::Enum, _) => {
            fixed(8)?;
            out.push_null();
            return Some(8);
        }
        (Order::Numeric, _) => {
            let at = crate::numeric::skip_key(bytes, flip)?;
            out.push_null();
            return Some(at);
        }
        (Order::TimeTz, _) => {
            let utc = (fixed(8)? ^ 1 << 63) as i64;
            let zone = bytes.get(8..12)?.iter().fold(0u32, |v, &b| v << 8 | (b ^ flip) as u32) ^ 1 << 31;
            let micros = utc - zone as i32 as i64 * 1_000_000;
            out.push(DatumRef::Bytes(&[&micros.to_le_bytes()[..], &zone.to_le_bytes()[..]].concat()));
            return Some(12);
        }
        (Order::Interval, _) => {
            bytes.get(..16)?;
            out.push_null();
            return Some(16);
        }
        (Order::Tid, _) => {
            let value = fixed(6)?;
            out.push(DatumRef::Bytes(&objects::tid_bytes((value >> 16) as u32, value as u16)));
            return Some(6);
        }
        (Order::Text | Order::Padded, _) if !collation.is_bytes() => {
            let mut at = skip_string(bytes, flip)?;
            if !collation.is_deterministic() {
                out.push_null();
            } else if order == Order::Padded {
                at += skip_string(&bytes[at..], flip)?;
                out.push_null();
            } else {
                at += decode_string(&bytes[at..], flip, out)?;
            }
            return Some(at);
        }
        (Order::Text | Order::Bytes, Repr::Bytes) => return decode_string(bytes, flip, out),
        (
            Order::Array
            | Order::Record
            | Order::Range
            | Order::Multirange
            | Order::Jsonb
            | Order::Tsvector
            | Order::Tsquery
            | Order::Network
            | Order::Bits
            | Order::Padded,
            _,
        ) => {
            let at = skip_string(bytes, flip)?;
            out.push_null();
            return Some(at);
        }
        _ => return None,
    }
    debug_assert!(type_oid != oid::VOID);
    repr.width()
}

/// The bytes that a string takes, with its end.
fn skip_string(bytes: &[u8], flip: u8) -> Option<usize> {
    let mut at = 0;
    loop {
        match (bytes.get(at)? ^ flip, bytes.get(at + 1).map(|b| b ^ flip)) {
            (0, Some(0)) => return Some(at + 2),
            (0, Some(0xFF)) => at += 2,
            (0, _) => return None,
            _ => at += 1,
        }
    }
}

/// Reads a string; returns the bytes it took.
fn decode_string(bytes: &[u8], flip: u8, out: &mut Column) -> Option<usize> {
    let mut value = Vec::new();
    let mut at = 0;
    loop {
        match (bytes.get(at)? ^ flip, bytes.get(at + 1).map(|b| b ^ flip)) {
            (0, Some(0)) => break,
            (0, Some(0xFF)) => {
                value.push(0);
                at += 2;
            }
            (0, _) => return None,
            (b, _) => {
                value.push(b);
                at += 1;
            }
        }
    }
    out.push(DatumRef::Bytes(&value));
    Some(at + 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DefaultEnvironment, input};

    /// Encodes values of a type in all four directions and checks that the keys' order is the values'.
    fn check(type_oid: Oid, ascending: &[&str]) {
        let env = DefaultEnvironment::default();
        let values: Vec<batch::Datum> =
            ascending.iter().map(|text| input(type_oid, text, -1, &env).expect(text)).collect();
        for (descending, nulls_first) in [(false, false), (false, true), (true, false), (true, true)] {
            let column = KeyColumn { type_oid, collation: Oid(950), descending, nulls_first };
            let encoder = KeyEncoder::new(vec![column, KeyColumn::ascending(oid::INT4, Oid(0))], &env).unwrap();
            let key = |value: DatumRef<'_>| {
                let mut key = Vec::new();
                encoder.encode_row(&[value, DatumRef::B4(7)], &env, &mut key).unwrap();
                key
            };
            let keys: Vec<Vec<u8>> = values.iter().map(|v| key(v.as_ref())).collect();
            for pair in keys.windows(2) {
                assert!(if descending { pair[0] > pair[1] } else { pair[0] < pair[1] }, "{type_oid} {pair:x?}");
            }
            let null = key(DatumRef::Null);
            assert!(keys.iter().all(|k| if nulls_first { null < *k } else { null > *k }));
            for (value, key) in values.iter().zip(&keys) {
                let mut out = [Column::new(repr(&column, &env).unwrap()), Column::new(Repr::B4)];
                encoder.decode(key, &mut out).unwrap();
                assert_eq!(out[1].datum(0), batch::Datum::B4(7), "{type_oid}");
                if encoder.reversible(0) {
                    assert_eq!(&out[0].datum(0), value);
                }
            }
        }
    }

    /// Rows end by themselves, whatever their fields: what follows in the key is read back behind them.
    #[test]
    fn rows_order_field_by_field() {
        let env = DefaultEnvironment::default();
        let row = |a: Option<i32>, b: Option<&[u8]>| {
            let values = [a.map_or(DatumRef::Null, DatumRef::B4), b.map_or(DatumRef::Null, DatumRef::Bytes)];
            let mut bytes = Vec::new();
            record::write(oid::RECORD, &[oid::INT4, oid::BYTEA], values.iter().copied(), &[], &mut bytes).unwrap();
            bytes
        };
        let ascending = [
            row(Some(-1), None),
            row(Some(0), Some(b"")),
            row(Some(0), Some(b"\0")),
            row(Some(0), Some(b"\0\xff")),
            row(Some(0), Some(b"a")),
            row(Some(0), None),
            row(Some(256), Some(b"")),
            row(None, Some(b"a")),
            row(None, None),
        ];
        for descending in [false, true] {
            let column = KeyColumn { descending, ..KeyColumn::ascending(oid::RECORD, Oid(0)) };
            let columns = vec![column, KeyColumn::ascending(oid::INT4, Oid(0))];
            let encoder = KeyEncoder::new(columns, &env).unwrap();
            let keys: Vec<Vec<u8>> = ascending
                .iter()
                .map(|row| {
                    let mut key = Vec::new();
                    encoder.encode_row(&[DatumRef::Bytes(row), DatumRef::B4(7)], &env, &mut key).unwrap();
                    key
                })
                .collect();
            for (pair, rows) in keys.windows(2).zip(ascending.windows(2)) {
                assert!(if descending { pair[0] > pair[1] } else { pair[0] < pair[1] }, "{pair:x?}");
                assert!(record::compare(&rows[0], &rows[1], &env).unwrap().is_lt());
            }
            for key in &keys {
                let mut out = [Column::new(Repr::Bytes), Column::new(Repr::B4)];
                encoder.decode(key, &mut out).unwrap();
                assert_eq!(out[1].datum(0), batch::Datum::B4(7));
            }
        }
    }

    #[test]
    fn byte_order_is_sql_order() {
        check(oid::INT2, &["-32768", "-1", "0", "1", "32767"]);
        check(oid::INT4, &["-2147483648", "-256", "-1", "0", "1", "255", "256", "2147483647"]);
        check(oid::INT8, &["-9223372036854775808", "-1", "0", "9223372036854775807"]);
        check(oid::OID, &["0", "1", "2147483648", "4294967295"]);
        check(oid::BOOL, &["f", "t"]);
        check(oid::FLOAT8, &["-Infinity", "-1e300", "-1.5", "-1e-300", "0", "1e-300", "2", "Infinity", "NaN"]);
        check(oid::FLOAT4, &["-Infinity", "-1.5", "0", "0.5", "Infinity", "NaN"]);
        check(oid::TEXT, &["", "A", "a", "aa", "ab", "b", "é"]);
        check(oid::BPCHAR, &["", "a", "ab  ", "b"]);
        check(oid::BYTEA, &["\\x", "\\x00", "\\x0000", "\\x0001", "\\x00ff", "\\x01", "\\xff", "\\xff00"]);
        check(
            oid::NUMERIC,
            &[
                "-Infinity",
                "-1e40",
                "-100",
                "-99.5",
                "-1",
                "-0.001",
                "0.00",
                "1e-20",
                "0.1",
                "0.11",
                "1.0",
                "1.01",
                "2",
                "10",
                "1e20",
                "1e40",
                "Infinity",
                "NaN",
            ],
        );
        check(oid::DATE, &["-infinity", "4713-01-01 BC", "1999-12-31", "2000-01-01", "infinity"]);
        check(oid::TIMETZ, &["00:00+02", "01:00+02", "00:00:00+01", "01:00+00"]);
        check(oid::INTERVAL, &["-1 year", "0", "29 days 23:00", "1 mon", "31 days", "1 year"]);
        check(oid::TID, &["(0,1)", "(0,2)", "(1,1)", "(70000,1)"]);
        check(oid::INT4_ARRAY, &["{}", "{-1}", "{1}", "{1,1}", "{1,2}", "{{1},{2}}", "{1,NULL}", "{2}"]);
        check(
            oid::JSONB,
            &[
                "[]",
                "null",
                "\"\"",
                "\"ab\"",
                "-1",
                "1",
                "true",
                "[null]",
                "[[1]]",
                "[1, 2]",
                "{}",
                "{\"a\": -1.5}",
                "{\"a\": 2}",
            ],
        );
        check(
            oid::INET,
            &["10.0.0.0/8", "10.0.0.1/8", "10.0.0.0/9", "10.1.0.0/16", "11.0.0.0", "::", "::1", "ffff::/16"],
        );
        check(oid::MACADDR, &["00:00:00:00:00:00", "08:00:2b:01:02:03", "ff:00:00:00:00:00"]);
        check(oid::VARBIT, &["", "0", "00", "01", "1", "10", "100000000", "11"]);
        check(oid::MONEY, &["-1", "0", "1.5"]);
        check(oid::TEXT_ARRAY, &["{}", "{a}", "{a,b}", "{aa}"]);
    }
}
