//! tsvector and tsquery by signatures: a bit for the hash code of each lexeme. What is found is always looked at again.
//!
//! A signature of all ones covers everything; an argument of `@@` is the query in postfix order:
//!
//! ```text
//! 'L' hash u32    a lexeme        'A' and        'O' or        'T' true, or not known: NOT, a prefix
//! ```

use std::sync::Arc;

use batch::DatumRef;
use error::Result;
use gist::{GistClass, Match};
use ids::Oid;
use types::Environment;
use types::textsearch::{Item, Operator, Query, Vector};

use crate::{Coder, Column, bytes, damaged, unknown};

/// Bytes of a tsvector's signature.
const VECTOR_BYTES: usize = 124;
/// Bytes of a tsquery's.
const QUERY_BYTES: usize = 8;

/// The class of tsvector.
pub fn vectors() -> Column {
    Column { class: Arc::new(Signatures { length: VECTOR_BYTES }), coder: Box::new(Vectors) }
}

/// The class of tsquery.
pub fn queries() -> Column {
    Column { class: Arc::new(Signatures { length: QUERY_BYTES }), coder: Box::new(Queries) }
}

#[derive(Clone, Copy, Debug)]
struct Signatures {
    length: usize,
}

struct Vectors;
struct Queries;

fn code(lexeme: &[u8]) -> u32 {
    types::hash::bytes(lexeme)
}

fn place(code: u32, length: usize) -> (usize, u8) {
    let bit = code as usize % (8 * length);
    (bit / 8, 1 << (bit % 8))
}

fn set(signature: &mut [u8], lexeme: &[u8]) {
    let (byte, bit) = place(code(lexeme), signature.len());
    signature[byte] |= bit;
}

/// How many bits of `a` are not in `b`.
fn beyond(a: &[u8], b: &[u8]) -> u32 {
    a.iter().zip(b).map(|(a, b)| (a & !b).count_ones()).sum()
}

fn difference(a: &[u8], b: &[u8]) -> u32 {
    a.iter().zip(b).map(|(a, b)| (a ^ b).count_ones()).sum()
}

/// Whether a text whose lexemes set these bits may match a query.
fn may_match(signature: &[u8], mut query: &[u8]) -> Result<bool> {
    let mut stack: Vec<bool> = Vec::new();
    while let Some((&kind, rest)) = query.split_first() {
        query = rest;
        let value = match kind {
            b'L' => {
                let (hash, rest) = rest.split_first_chunk::<4>().ok_or_else(damaged)?;
                query = rest;
                let (byte, bit) = place(u32::from_le_bytes(*hash), signature.len());
                signature[byte] & bit != 0
            }
            b'T' => true,
            b'A' | b'O' => match (stack.pop(), stack.pop()) {
                (Some(a), Some(b)) => {
                    if kind == b'A' {
                        a && b
                    } else {
                        a || b
                    }
                }
                _ => return Err(damaged()),
            },
            _ => return Err(damaged()),
        };
        stack.push(value);
    }
    // A query without lexemes matches nothing.
    Ok(stack.pop().unwrap_or(false))
}

impl GistClass for Signatures {
    fn consistent(&self, key: &[u8], leaf: bool, strategy: u16, argument: &[u8]) -> Result<Match> {
        if key.len() != self.length {
            return Err(damaged());
        }
        Ok(Match::lossy(match strategy {
            1 => may_match(key, argument)?,
            7 => beyond(argument, key) == 0,
            8 => !leaf || beyond(key, argument) == 0,
            _ => return Err(unknown(strategy)),
        }))
    }

    fn union(&self, keys: &[&[u8]], out: &mut Vec<u8>) -> Result<()> {
        let at = out.len();
        out.resize(at + self.length, 0);
        keys.iter().for_each(|key| out[at..].iter_mut().zip(*key).for_each(|(all, key)| *all |= key));
        Ok(())
    }

    fn penalty(&self, key: &[u8], new: &[u8]) -> Result<f64> {
        Ok(beyond(new, key) as f64)
    }

    /// Around two signatures that are far from each other, as many to each.
    fn pick_split(&self, keys: &[&[u8]]) -> Result<Vec<bool>> {
        let farthest = |from: usize| (0..keys.len()).max_by_key(|&n| difference(keys[n], keys[from])).unwrap_or(0);
        let left = farthest(0);
        let right = farthest(left);
        let mut order: Vec<usize> = (0..keys.len()).collect();
        // From those nearest to the one to those nearest to the other.
        order.sort_by_key(|&n| difference(keys[n], keys[left]) as i64 - difference(keys[n], keys[right]) as i64);
        Ok(crate::cut_in_the_middle(vec![order], |_, _| 0.0))
    }
}

impl Coder for Vectors {
    fn key(&self, value: DatumRef<'_>, _: &dyn Environment, out: &mut Vec<u8>) -> Result<()> {
        let mut signature = [0; VECTOR_BYTES];
        let vector = Vector::new(bytes(value)?);
        (0..vector.len()).for_each(|n| set(&mut signature, vector.lexeme(n)));
        out.extend_from_slice(&signature);
        Ok(())
    }

    fn argument(&self, _: u16, _: Oid, value: DatumRef<'_>, _: &dyn Environment, out: &mut Vec<u8>) -> Result<()> {
        let query = Query::new(bytes(value)?)?;
        // Where what an item stands for begins in `out`: what is negated is not known, whatever it was.
        let mut starts: Vec<usize> = Vec::new();
        for item in &query.items {
            match item {
                Item::Value(operand) => {
                    starts.push(out.len());
                    if operand.prefix {
                        out.push(b'T');
                    } else {
                        out.push(b'L');
                        out.extend_from_slice(&code(operand.lexeme).to_le_bytes());
                    }
                }
                Item::Operation { operator: Operator::Not, .. } => {
                    out.truncate(*starts.last().ok_or_else(damaged)?);
                    out.push(b'T');
                }
                Item::Operation { operator, .. } => {
                    starts.pop();
                    out.push(if *operator == Operator::Or { b'O' } else { b'A' });
                }
            }
        }
        Ok(())
    }
}

impl Queries {
    fn signature(value: DatumRef<'_>, out: &mut Vec<u8>) -> Result<()> {
        let mut signature = [0; QUERY_BYTES];
        Query::new(bytes(value)?)?.operands().for_each(|operand| set(&mut signature, operand.lexeme));
        out.extend_from_slice(&signature);
        Ok(())
    }
}

impl Coder for Queries {
    fn key(&self, value: DatumRef<'_>, _: &dyn Environment, out: &mut Vec<u8>) -> Result<()> {
        Queries::signature(value, out)
    }

    fn argument(&self, _: u16, _: Oid, value: DatumRef<'_>, _: &dyn Environment, out: &mut Vec<u8>) -> Result<()> {
        Queries::signature(value, out)
    }
}
