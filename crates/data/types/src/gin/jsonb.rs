//! jsonb: all keys and scalars wherever they stand (`jsonb_ops`), or for each scalar a hash of it and the keys that lead to it
//! (`jsonb_path_ops`).
//!
//! ```text
//! jsonb_ops       K text    a key of an object, or a string in an array: what `?` finds
//!                 S text    a string that is the value of a key
//!                 N number  B 0/1   Z null
//!                 in place of a long text: k or s, and its hash
//! jsonb_path_ops  hash      of the keys from the root to a scalar, arrays not counting, and the scalar
//! ```

use error::{Error, Result, SqlState};

use super::jsonpath::{self, Paths};
use super::{Program, Search, VALUE, exactly, unknown_strategy};
use crate::array;
use crate::json::{Kind, View};
use crate::numeric::Numeric;
use crate::sortkey::encode_bytes;

/// Bytes of a text that is stored as it is.
const TEXT_MAX: usize = 125;
/// How deep values may nest.
const DEPTH_MAX: usize = 6000;

/// A key of an object or a string in an array.
pub(super) fn key(text: &[u8]) -> Vec<u8> {
    text_part(b'K', text)
}

/// A string that is a key's value.
pub(super) fn string(text: &[u8]) -> Vec<u8> {
    text_part(b'S', text)
}

fn text_part(what: u8, text: &[u8]) -> Vec<u8> {
    let mut part = vec![VALUE];
    if text.len() <= TEXT_MAX {
        part.push(what);
        encode_bytes(text, &mut part);
    } else {
        part.push(what.to_ascii_lowercase());
        part.extend_from_slice(&crate::hash::bytes_extended(text, 0).to_be_bytes());
    }
    part
}

/// A scalar that is no string.
pub(super) fn scalar(kind: &Kind<'_>) -> Vec<u8> {
    let mut part = vec![VALUE];
    match kind {
        Kind::Number(bytes) => {
            part.push(b'N');
            Numeric::from_bytes(bytes).write_key(&mut part);
        }
        Kind::Bool(value) => part.extend_from_slice(&[b'B', *value as u8]),
        _ => part.push(b'Z'),
    }
    part
}

/// The hash of keys from the root on.
#[derive(Clone, Copy)]
pub(super) struct PathHash(u64);

impl PathHash {
    pub const ROOT: PathHash = PathHash(0);

    pub fn key(self, key: &[u8]) -> PathHash {
        PathHash(crate::hash::bytes_extended(key, self.0).rotate_left(1))
    }

    pub fn scalar(self, kind: &Kind<'_>) -> Vec<u8> {
        let mut form = Vec::new();
        match kind {
            Kind::String(text) => {
                form.push(b'S');
                form.extend_from_slice(text);
            }
            other => form = scalar(other),
        }
        let mut part = vec![VALUE];
        part.extend_from_slice(&crate::hash::bytes_extended(&form, self.0).to_be_bytes());
        part
    }
}

/// Calls `see` with each scalar and key: what it is, and what it stands in.
fn walk<'a>(view: View<'a>, mut see: impl FnMut(Place<'a>)) -> Result<()> {
    let mut waiting = vec![(view, PathHash::ROOT, true, 0)];
    while let Some((view, path, element, depth)) = waiting.pop() {
        if depth > DEPTH_MAX {
            return Err(Error::new(SqlState::STATEMENT_TOO_COMPLEX, "a jsonb value is nested too deeply"));
        }
        match view.kind() {
            Kind::Array(array) => waiting.extend(array.iter().map(|value| (value, path, true, depth + 1))),
            Kind::Object(object) => {
                for (key, value) in object.iter() {
                    see(Place::Key(key));
                    waiting.push((value, path.key(key), false, depth + 1));
                }
            }
            kind => see(Place::Scalar { kind, path, element }),
        }
    }
    Ok(())
}

enum Place<'a> {
    Key(&'a [u8]),
    /// `element`: it stands in an array, or alone.
    Scalar {
        kind: Kind<'a>,
        path: PathHash,
        element: bool,
    },
}

pub(super) fn parts(bytes: &[u8]) -> Result<Vec<Vec<u8>>> {
    let mut parts = Vec::new();
    walk(View::new(bytes), |place| {
        parts.push(match place {
            Place::Key(text) => key(text),
            Place::Scalar { kind: Kind::String(text), element: true, .. } => key(text),
            Place::Scalar { kind: Kind::String(text), .. } => string(text),
            Place::Scalar { kind, .. } => scalar(&kind),
        });
    })?;
    Ok(parts)
}

pub(super) fn path_parts(bytes: &[u8]) -> Result<Vec<Vec<u8>>> {
    let mut parts = Vec::new();
    walk(View::new(bytes), |place| {
        if let Place::Scalar { kind, path, .. } = place {
            parts.push(path.scalar(&kind));
        }
    })?;
    Ok(parts)
}

fn all(mut parts: Vec<Vec<u8>>) -> Option<Search> {
    parts.sort_unstable();
    parts.dedup();
    let program = Program::all(parts.len()).doubtful();
    Some(Search { parts: parts.into_iter().map(exactly).collect(), program })
}

pub(super) fn search(strategy: i16, bytes: &[u8]) -> Result<Option<Search>> {
    // The keys of ?| and ?&; null is no key.
    let keys = || -> Result<Vec<Vec<u8>>> {
        let array = array::View::new(bytes)?;
        Ok(array.iter().filter_map(|element| element.as_bytes().map(key)).collect())
    };
    Ok(match strategy {
        // @>
        7 => all(parts(bytes)?),
        // ?
        9 => all(vec![key(bytes)]),
        // ?|
        10 => {
            let parts = keys()?;
            let program = Program::any(parts.len()).doubtful();
            match parts.is_empty() {
                true => None,
                false => Some(Search { parts: parts.into_iter().map(exactly).collect(), program }),
            }
        }
        // ?&
        11 => all(keys()?),
        15 | 16 => Some(jsonpath::search(bytes, Paths::Keys, strategy == 16)?),
        other => return Err(unknown_strategy(other)),
    })
}

pub(super) fn path_search(strategy: i16, bytes: &[u8]) -> Result<Option<Search>> {
    Ok(match strategy {
        7 => all(path_parts(bytes)?),
        15 | 16 => Some(jsonpath::search(bytes, Paths::Hashes, strategy == 16)?),
        other => return Err(unknown_strategy(other)),
    })
}
