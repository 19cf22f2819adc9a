//! Functions and operators of tsvector.

use super::matching::Prepared;
use super::vector::{self, Builder, MAX_POSITION, MAX_POSITIONS, Position, Vector};
use crate::array::{self, View};
use crate::call::Call;
use crate::json::Found;
use crate::registry::RowSourceMaker;
use batch::{Datum, Repr};
use error::{Error, Result, SqlState};
use std::cmp::Ordering;

crate::builtins! {
    /// Functions of tsvector.
    pub static TSVECTORS =
    3616 tsvector_lt each(&[u8], &[u8]) |a, b| vector::compare(a, b).is_lt();
    3617 tsvector_le each(&[u8], &[u8]) |a, b| vector::compare(a, b).is_le();
    3618 tsvector_eq each(&[u8], &[u8]) |a, b| vector::compare(a, b).is_eq();
    3619 tsvector_ne each(&[u8], &[u8]) |a, b| vector::compare(a, b).is_ne();
    3620 tsvector_ge each(&[u8], &[u8]) |a, b| vector::compare(a, b).is_ge();
    3621 tsvector_gt each(&[u8], &[u8]) |a, b| vector::compare(a, b).is_gt();
    3622 tsvector_cmp each(&[u8], &[u8]) |a, b| vector::compare(a, b) as i32;
    3711 tsvector_length each(&[u8]) |a| Vector::new(a).len() as i32;
    3623 tsvector_strip arena(&[u8]) strip;
    3624 tsvector_setweight arena(&[u8], u8) |a, weight, out: &mut Vec<u8>| set_weight(a, weight, None, out);
    3320 tsvector_setweight_by_filter arena(&[u8], u8, &[u8]) |a, weight, names, out: &mut Vec<u8>| set_weight(a, weight, Some(names), out);
    3625 tsvector_concat arena(&[u8], &[u8]) concatenate;
    3319 tsvector_filter arena(&[u8], &[u8]) filter;
    3321 tsvector_delete_str arena(&[u8], &[u8]) |a, lexeme, out: &mut Vec<u8>| delete(a, &[lexeme], out);
    3323 tsvector_delete_arr arena(&[u8], &[u8]) delete_all;
    3326 tsvector_to_array arena(&[u8]) |a: &[u8], out: &mut Vec<u8>| to_array(a, out);
    3327 array_to_tsvector arena(&[u8]) from_array;
    3634 ts_match_vq raw() |call: &mut Call<'_>| matches(call, 0, 1);
    3635 ts_match_qv raw() |call: &mut Call<'_>| matches(call, 1, 0);
}

/// The visible table: OID → maker.
pub static TSVECTOR_ROWS: &[(u32, RowSourceMaker)] = &[(3322, |args, _| {
    let vector = Vector::new(args[0].as_bytes().unwrap_or_default());
    let mut rows = Vec::with_capacity(vector.len());
    for (lexeme, positions) in vector.iter() {
        let mut row = vec![Datum::bytes(lexeme)];
        if positions.is_empty() {
            row.extend([Datum::Null, Datum::Null]);
        } else {
            let places: Vec<Datum> = positions.iter().map(|p| Datum::B2(p.place() as i16)).collect();
            let weights: Vec<Datum> =
                positions.iter().map(|p| Datum::bytes(&[b"DCBA"[p.weight() as usize]][..])).collect();
            row.push(Datum::bytes(array::from_elements(crate::oid::INT2, Repr::B2, &places)?));
            row.push(Datum::bytes(array::from_elements(crate::oid::TEXT, Repr::Bytes, &weights)?));
        }
        rows.push(row);
    }
    Ok(Found::source(rows))
})];

/// `@@`: a constant query is prepared once for all rows.
fn matches(call: &mut Call<'_>, vector: usize, query: usize) -> Result<()> {
    call.out.inherit_nulls(call.args[0], call.rows);
    call.out.inherit_nulls(call.args[1], call.rows);
    let (vectors, queries) = (call.args[vector], call.args[query]);
    let constant = match queries.is_constant() && !queries.is_null(0) {
        true => Some(Prepared::new(queries.bytes().get(0))?),
        false => None,
    };
    for row in call.rows.iter() {
        if call.out.is_null(row) {
            continue;
        }
        let vector = Vector::new(vectors.bytes().get(vectors.index(row)));
        let found = match &constant {
            Some(query) => query.matches(&vector),
            None => Prepared::new(queries.bytes().get(queries.index(row)))?.matches(&vector),
        };
        call.out.b1_mut()[row] = found as u8;
    }
    Ok(())
}

fn strip(a: &[u8], out: &mut Vec<u8>) -> Result<()> {
    let mut builder = Builder::default();
    Vector::new(a).iter().for_each(|(lexeme, _)| builder.add(lexeme, []));
    builder.write(out)
}

/// The number of a weight's letter.
pub(super) fn weight_number(letter: u8) -> Result<u8> {
    match letter {
        b'A' | b'a' => Ok(3),
        b'B' | b'b' => Ok(2),
        b'C' | b'c' => Ok(1),
        b'D' | b'd' => Ok(0),
        _ => {
            let letter = if letter.is_ascii() { (letter as char).to_string() } else { format!("\\{letter:03o}") };
            Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, format!("unrecognized weight: \"{letter}\"")))
        }
    }
}

/// The texts of an array, nulls left out.
fn texts(array: &[u8]) -> Result<Vec<&[u8]>> {
    Ok(View::new(array)?.iter().filter_map(|value| value.as_bytes()).collect())
}

fn set_weight(a: &[u8], letter: u8, only: Option<&[u8]>, out: &mut Vec<u8>) -> Result<()> {
    let weight = weight_number(letter)?;
    let only = only.map(texts).transpose()?;
    let mut builder = Builder::default();
    for (lexeme, positions) in Vector::new(a).iter() {
        let changes = only.as_ref().is_none_or(|names| names.contains(&lexeme));
        let change = |p: Position| if changes { Position::new(p.place() as u32, weight) } else { p };
        builder.add(lexeme, positions.iter().map(change));
    }
    builder.write(out)
}

fn filter(a: &[u8], weights: &[u8], out: &mut Vec<u8>) -> Result<()> {
    let mut mask = 0u8;
    for weight in View::new(weights)?.iter() {
        match weight {
            batch::DatumRef::B1(letter) => mask |= 1 << weight_number(letter)?,
            _ => {
                let message = "weight array may not contain nulls";
                return Err(Error::new(SqlState::NULL_VALUE_NOT_ALLOWED, message));
            }
        }
    }
    let mut builder = Builder::default();
    for (lexeme, positions) in Vector::new(a).iter() {
        let mut kept = positions.iter().filter(|p| mask >> p.weight() & 1 != 0).peekable();
        if kept.peek().is_some() {
            builder.add(lexeme, kept);
        }
    }
    builder.write(out)
}

fn delete(a: &[u8], lexemes: &[&[u8]], out: &mut Vec<u8>) -> Result<()> {
    let mut builder = Builder::default();
    for (lexeme, positions) in Vector::new(a).iter() {
        if !lexemes.contains(&lexeme) {
            builder.add(lexeme, positions.iter());
        }
    }
    builder.write(out)
}

fn delete_all(a: &[u8], lexemes: &[u8], out: &mut Vec<u8>) -> Result<()> {
    delete(a, &texts(lexemes)?, out)
}

fn to_array(a: &[u8], out: &mut Vec<u8>) -> Result<()> {
    let vector = Vector::new(a);
    out.extend_from_slice(&array::from_texts(vector.iter().map(|(lexeme, _)| Some(lexeme)))?);
    Ok(())
}

fn from_array(lexemes: &[u8], out: &mut Vec<u8>) -> Result<()> {
    let mut words = Vec::new();
    for value in View::new(lexemes)?.iter() {
        match value.as_bytes() {
            None => {
                let message = "lexeme array may not contain nulls";
                return Err(Error::new(SqlState::NULL_VALUE_NOT_ALLOWED, message));
            }
            Some([]) => {
                let message = "lexeme array may not contain empty strings";
                return Err(Error::new(SqlState::ZERO_LENGTH_CHARACTER_STRING, message));
            }
            Some(lexeme) => words.push(lexeme),
        }
    }
    words.sort_unstable();
    words.dedup();
    let mut builder = Builder::default();
    words.iter().for_each(|lexeme| builder.add(lexeme, []));
    builder.write(out)
}

/// `||`: the right vector's positions begin behind the left one's last.
fn concatenate(a: &[u8], b: &[u8], out: &mut Vec<u8>) -> Result<()> {
    let (a, b) = (Vector::new(a), Vector::new(b));
    let shift = a.last_position() as u32;
    let mut builder = Builder::default();
    let shifted = |at: usize, room: usize| {
        // Of those beyond the last possible position one stays.
        let mut full = false;
        b.positions(at).iter().map(move |p| Position::new(p.place() as u32 + shift, p.weight())).take(room).take_while(
            move |p| {
                let keep = !full;
                full = p.place() >= MAX_POSITION;
                keep
            },
        )
    };
    let (mut i, mut j) = (0, 0);
    while i < a.len() || j < b.len() {
        let order = match (i < a.len(), j < b.len()) {
            (true, true) => a.lexeme(i).cmp(b.lexeme(j)),
            (true, false) => Ordering::Less,
            _ => Ordering::Greater,
        };
        match order {
            Ordering::Less => builder.add(a.lexeme(i), a.positions(i).iter()),
            Ordering::Greater => builder.add(b.lexeme(j), shifted(j, MAX_POSITIONS)),
            Ordering::Equal => {
                let own = a.positions(i);
                let end = own.iter().next_back().is_some_and(|p| p.place() >= MAX_POSITION);
                let room = if end { 0 } else { MAX_POSITIONS - own.len().min(MAX_POSITIONS) };
                builder.add(a.lexeme(i), own.iter().chain(shifted(j, room)));
            }
        }
        i += order.is_le() as usize;
        j += order.is_ge() as usize;
    }
    builder.write(out)
}
