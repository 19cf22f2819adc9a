//! Functions and operators of tsquery.

use super::query::{self, Builder, Item, MAX_DISTANCE, Operator, Query, write_infix};
use super::query_text::distance_error;
use super::rewrite;
use error::Result;
use std::cmp::Ordering;

crate::builtins! {
    /// Functions of tsquery.
    pub static TSQUERIES =
    3662 tsquery_lt each(&[u8], &[u8]) |a, b| holds(a, b, Ordering::is_lt);
    3663 tsquery_le each(&[u8], &[u8]) |a, b| holds(a, b, Ordering::is_le);
    3664 tsquery_eq each(&[u8], &[u8]) |a, b| holds(a, b, Ordering::is_eq);
    3665 tsquery_ne each(&[u8], &[u8]) |a, b| holds(a, b, Ordering::is_ne);
    3666 tsquery_ge each(&[u8], &[u8]) |a, b| holds(a, b, Ordering::is_ge);
    3667 tsquery_gt each(&[u8], &[u8]) |a, b| holds(a, b, Ordering::is_gt);
    3668 tsquery_cmp each(&[u8], &[u8]) |a, b| query::compare(a, b).map(|order| order as i32);
    3669 tsquery_and arena(&[u8], &[u8]) |a, b, out: &mut Vec<u8>| join(a, b, Operator::And, out);
    3670 tsquery_or arena(&[u8], &[u8]) |a, b, out: &mut Vec<u8>| join(a, b, Operator::Or, out);
    3671 tsquery_not arena(&[u8]) negate;
    5003 tsquery_phrase arena(&[u8], &[u8]) |a, b, out: &mut Vec<u8>| join(a, b, Operator::Phrase(1), out);
    5004 tsquery_phrase_distance arena(&[u8], &[u8], i32) phrase;
    3672 tsquery_numnode each(&[u8]) |a| Query::new(a).map(|query| query.items.len() as i32);
    3673 tsquerytree arena(&[u8]) tree;
    3684 tsquery_rewrite arena(&[u8], &[u8], &[u8]) rewrite::replace;
    3691 tsq_mcontains each(&[u8], &[u8]) contains;
    3692 tsq_mcontained each(&[u8], &[u8]) |a, b| contains(b, a);
}

fn holds(a: &[u8], b: &[u8], test: fn(Ordering) -> bool) -> Result<bool> {
    query::compare(a, b).map(test)
}

/// Joins two queries; an empty one adds nothing.
fn join(a: &[u8], b: &[u8], operator: Operator, out: &mut Vec<u8>) {
    match (query::is_empty(a), query::is_empty(b)) {
        (true, _) => out.extend_from_slice(b),
        (_, true) => out.extend_from_slice(a),
        _ => {
            let mut builder = Builder::default();
            builder.append(a);
            builder.append(b);
            builder.operator(operator);
            builder.write(out);
        }
    }
}

fn phrase(a: &[u8], b: &[u8], distance: i32, out: &mut Vec<u8>) -> Result<()> {
    if !(0..=MAX_DISTANCE as i32).contains(&distance) {
        return Err(distance_error());
    }
    join(a, b, Operator::Phrase(distance as u16), out);
    Ok(())
}

fn negate(a: &[u8], out: &mut Vec<u8>) {
    if query::is_empty(a) {
        return out.extend_from_slice(a);
    }
    let mut builder = Builder::default();
    builder.append(a);
    builder.operator(Operator::Not);
    builder.write(out);
}

/// The part of a query that an index can be searched for: without NOT, `T` if that is everything.
fn tree(a: &[u8], out: &mut Vec<u8>) -> Result<()> {
    let query = Query::new(a)?;
    if query.items.is_empty() {
        return Ok(());
    }
    let mut builder = Builder::default();
    // For each operand where it begins in `kept`, and whether anything of it is left.
    let mut kept: Vec<Item<'_>> = Vec::new();
    let mut stack: Vec<(usize, bool)> = Vec::new();
    for item in &query.items {
        match item {
            Item::Value(_) => {
                stack.push((kept.len(), true));
                kept.push(*item);
            }
            Item::Operation { operator: Operator::Not, .. } => {
                if let Some((start, left)) = stack.last_mut() {
                    kept.truncate(*start);
                    *left = false;
                }
            }
            Item::Operation { operator, .. } => {
                let (Some((middle, right)), Some((start, left))) = (stack.pop(), stack.pop()) else { continue };
                let all = left && right;
                if all {
                    kept.push(*item);
                } else if *operator == Operator::Or {
                    // One side alone does not narrow the search.
                    kept.truncate(start);
                }
                debug_assert!(middle >= start);
                stack.push((start, if *operator == Operator::Or { all } else { left || right }));
            }
        }
    }
    if kept.is_empty() {
        out.push(b'T');
        return Ok(());
    }
    kept.iter().for_each(|item| builder.item(item));
    let bytes = builder.finish();
    let query = Query::new(&bytes)?;
    if let Some(root) = query.root() {
        write_infix(&query, root, out);
    }
    Ok(())
}

/// `@>`: every lexeme of `b` is one of `a`'s.
fn contains(a: &[u8], b: &[u8]) -> Result<bool> {
    let (a, b) = (Query::new(a)?, Query::new(b)?);
    let mut lexemes: Vec<&[u8]> = a.operands().map(|operand| operand.lexeme).collect();
    lexemes.sort_unstable();
    Ok(b.operands().all(|operand| lexemes.binary_search(&operand.lexeme).is_ok()))
}
