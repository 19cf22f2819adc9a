//! Keys of several columns: what the classes say of each, put together.

use std::sync::Arc;

use error::Result;
use storage::page::LINE_POINTER_SIZE;

use crate::class::GistClass;
use crate::page::{USABLE, read_column, write_column};

/// The classes of an index's key columns, in order.
pub(crate) type Columns = [Arc<dyn GistClass>];

/// The key of column `number` in an entry's body.
pub(crate) fn column(mut body: &[u8], number: usize) -> Result<Option<&[u8]>> {
    for _ in 0..number {
        read_column(&mut body)?;
    }
    read_column(&mut body)
}

/// The columns of a leaf entry's body, and the payload behind them.
pub(crate) fn split_payload(body: &[u8], columns: usize) -> Result<(&[u8], &[u8])> {
    let mut rest = body;
    for _ in 0..columns {
        read_column(&mut rest)?;
    }
    Ok((&body[..body.len() - rest.len()], rest))
}

/// Writes the columns' keys that cover all of `bodies`.
pub(crate) fn union(classes: &Columns, bodies: &[&[u8]]) -> Result<Vec<u8>> {
    let (mut rests, mut out) = (bodies.to_vec(), Vec::new());
    let (mut keys, mut united) = (Vec::new(), Vec::new());
    for class in classes {
        keys.clear();
        for rest in &mut rests {
            keys.extend(read_column(rest)?);
        }
        united.clear();
        match &keys[..] {
            [] => write_column(None, &mut out),
            [first, others @ ..] if others.iter().all(|other| other == first) => {
                // What covers one key may still look different from it.
                class.union(&keys[..1], &mut united)?;
                write_column(Some(&united), &mut out);
            }
            _ => {
                class.union(&keys, &mut united)?;
                write_column(Some(&united), &mut out);
            }
        }
    }
    Ok(out)
}

/// The columns of `old`, widened so that they cover `new`; `None` if they do already.
pub(crate) fn widened(classes: &Columns, old: &[u8], new: &[u8]) -> Result<Option<Vec<u8>>> {
    let (mut old_rest, mut new_rest) = (old, new);
    let (mut out, mut united, mut changed) = (Vec::new(), Vec::new(), false);
    for class in classes {
        match (read_column(&mut old_rest)?, read_column(&mut new_rest)?) {
            (Some(old), Some(new)) => {
                united.clear();
                class.union(&[old, new], &mut united)?;
                if class.same(&united, old)? {
                    write_column(Some(old), &mut out);
                } else {
                    changed = true;
                    write_column(Some(&united), &mut out);
                }
            }
            (None, Some(new)) => {
                changed = true;
                united.clear();
                class.union(&[new], &mut united)?;
                write_column(Some(&united), &mut out);
            }
            // Nulls are looked for everywhere.
            (old, None) => write_column(old, &mut out),
        }
    }
    Ok(changed.then_some(out))
}

/// What it costs to let `old` cover `new`, first column first. A column that would have to mix nulls and values costs much.
pub(crate) fn penalties(classes: &Columns, old: &[u8], new: &[u8], out: &mut Vec<f64>) -> Result<()> {
    let (mut old, mut new) = (old, new);
    out.clear();
    for class in classes {
        out.push(match (read_column(&mut old)?, read_column(&mut new)?) {
            (Some(old), Some(new)) => class.penalty(old, new)?.max(0.0),
            (None, None) => 0.0,
            _ => f64::MAX,
        });
    }
    Ok(())
}

/// Divides the entries of a page that is too full: of each, whether it goes to the right half. Both halves fit a page, and neither is empty.
/// The first column decides whose division tells the halves apart.
pub(crate) fn split(classes: &Columns, entries: &[&[u8]]) -> Result<Vec<bool>> {
    let bodies: Vec<&[u8]> = entries.iter().map(|entry| crate::page::Entry(entry).body()).collect();
    let mut right = vec![false; entries.len()];
    let mut decided = false;
    let mut rests = bodies;
    for class in classes {
        let keys: Vec<Option<&[u8]>> = rests.iter_mut().map(read_column).collect::<Result<_>>()?;
        let values: Vec<&[u8]> = keys.iter().copied().flatten().collect();
        if values.is_empty() {
            continue;
        }
        if values.len() < keys.len() {
            keys.iter().zip(&mut right).for_each(|(key, right)| *right = key.is_none());
            decided = true;
            break;
        }
        if values.iter().all(|key| key == &values[0]) {
            continue;
        }
        let parts = class.pick_split(&values)?;
        if parts.len() != values.len() {
            continue;
        }
        right = parts;
        decided = true;
        let (mut first, mut second) = (Vec::new(), Vec::new());
        let side = |which: bool| -> Vec<&[u8]> {
            values.iter().zip(&right).filter(|(_, side)| **side == which).map(|(key, _)| *key).collect()
        };
        let (left_keys, right_keys) = (side(false), side(true));
        if left_keys.is_empty() || right_keys.is_empty() {
            decided = false;
            continue;
        }
        class.union(&left_keys, &mut first)?;
        class.union(&right_keys, &mut second)?;
        if !class.same(&first, &second)? {
            break;
        }
        // The halves are the same in this column; perhaps the next one does better.
    }
    if !decided {
        let half = entries.len() / 2;
        right.iter_mut().enumerate().for_each(|(n, right)| *right = n >= half);
    }
    balance(entries, &mut right);
    Ok(right)
}

/// Moves entries to the other half until both fit, and neither is empty.
fn balance(entries: &[&[u8]], right: &mut [bool]) {
    let size = |entry: &[u8]| entry.len() + LINE_POINTER_SIZE;
    let mut sizes = [0, 0];
    entries.iter().zip(right.iter()).for_each(|(entry, right)| sizes[*right as usize] += size(entry));
    // A little is left free, so that downlinks can grow.
    for (from, limit) in [(0, USABLE), (1, USABLE)] {
        let to = 1 - from;
        for (entry, side) in entries.iter().zip(right.iter_mut()).rev() {
            if sizes[from] <= limit && sizes[to] > 0 {
                break;
            }
            if *side as usize == from {
                *side = to == 1;
                sizes[from] -= size(entry);
                sizes[to] += size(entry);
            }
        }
    }
}
