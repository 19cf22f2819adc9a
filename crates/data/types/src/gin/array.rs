//! Arrays: their elements, by the bytes that equal ones share.

use batch::DatumRef;
use error::Result;

use super::{NO_PARTS, NULL_PART, Program, Search, VALUE, exactly, unknown_strategy};
use crate::Environment;
use crate::array::View;
use crate::sortkey::KeyEncoder;

pub(super) fn parts(encoder: &KeyEncoder, bytes: &[u8], env: &dyn Environment) -> Result<Vec<Vec<u8>>> {
    View::new(bytes)?.iter().map(|element| part(encoder, element, env)).collect()
}

fn part(encoder: &KeyEncoder, element: DatumRef<'_>, env: &dyn Environment) -> Result<Vec<u8>> {
    if element.is_null() {
        return Ok(vec![NULL_PART]);
    }
    let mut part = vec![VALUE];
    encoder.encode_column(0, element, env, &mut part)?;
    Ok(part)
}

pub(super) fn search(
    encoder: &KeyEncoder,
    strategy: i16,
    bytes: &[u8],
    env: &dyn Environment,
) -> Result<Option<Search>> {
    let array = View::new(bytes)?;
    let mut sought = parts(encoder, bytes, env)?;
    sought.sort_unstable();
    sought.dedup();
    let search = |parts: Vec<Vec<u8>>, program: fn(usize) -> Program| {
        let program = program(parts.len());
        Some(Search { parts: parts.into_iter().map(exactly).collect(), program })
    };
    Ok(match strategy {
        // && : null overlaps with nothing.
        1 => {
            sought.retain(|part| *part != [NULL_PART]);
            if sought.is_empty() { None } else { search(sought, Program::any) }
        }
        // @> : null is contained nowhere.
        2 if array.has_nulls() => None,
        2 => search(sought, Program::all),
        // <@ : what has none of the parts may still have no parts at all.
        3 => {
            sought.retain(|part| *part != [NULL_PART]);
            sought.push(vec![NO_PARTS]);
            search(sought, |count| Program::any(count).doubtful())
        }
        // =
        4 => {
            if sought.is_empty() {
                sought.push(vec![NO_PARTS]);
            }
            search(sought, |count| Program::all(count).doubtful())
        }
        other => return Err(unknown_strategy(other)),
    })
}
