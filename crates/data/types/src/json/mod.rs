//! json and jsonb.
//!
//! A `json` value is its text, checked once. Functions of it go over that text with a pull parser ([`Reader`]) and copy
//! out what they want. A `jsonb` value is a tree in a form of our own, read in place ([`View`]): finding a key is a binary
//! search, finding an element one look-up, and neither decodes what it steps over.
//!
//! # Form of jsonb
//!
//! A value is a tag and what follows it; it ends where its container (or the datum) says. Numbers of a container are
//! little-endian and 1, 2 or 4 bytes wide, as small as its contents allow.
//!
//! ```text
//! tag      kind | log2(width) << 4
//! 0        null
//! 1, 2     false, true
//! 3        string: its bytes
//! 4        number: a numeric's bytes (see the module numeric)
//! 5        array:  count, the end of each element, then the elements
//! 6        object: count, the end of each key, the end of each value, then the keys, then the values
//! ```
//!
//! Ends count from behind the last end. Keys are unique, shorter ones first, then in byte order: the order in which
//! PostgreSQL shows them.
//!
//! # Where to start
//!
//! [`Reader`] (text → events), [`Value`] (events or calls → a tree to be encoded), [`View`] (encoded bytes → values),
//! then the functions: `access` and `modify` of jsonb, `text` of json, `convert` from SQL values to both.

mod access;
mod aggregate;
mod compare;
mod convert;
mod modify;
mod objects;
mod populate;
mod reader;
mod rows;
mod text;
mod value;
mod view;
mod write;

pub use access::{JSONB_ACCESS, JSONB_IO, subscripted};
pub use aggregate::JSON_AGGREGATES;
pub use compare::{JSONB_COMPARISONS, compare, hash, hash_extended, write_key};
pub use convert::JSON_CONVERSIONS;
pub use convert::to_json;
pub use modify::{JSONB_CHANGES, assign_path};
pub use objects::{JSON_OBJECTS, encode_built_array, encode_built_object, write_built_array, write_built_object};
pub use populate::{JSON_POPULATE, JSON_RECORDS, definition, populate_value};
pub use reader::{Event, Reader, check};
pub(crate) use rows::Found;
pub use rows::JSON_ROWS;
pub use text::{JSON_IO, JSON_TEXTS};
pub use value::{Value, encode};
pub use view::{Array, Kind, Object, View};
pub use write::{write_pretty, write_string, write_view};

use crate::Environment;
use error::{Error, SqlState};

/// How deep values may be nested. Parsing needs no stack for it, but comparing, printing and changing recurse.
pub const MAX_DEPTH: usize = 1000;

/// The most elements of an array.
pub(crate) const MAX_ELEMENTS: usize = 0x00FF_FFFF;

/// `54001`: nested deeper than [`MAX_DEPTH`].
#[cold]
pub(crate) fn too_deep() -> Error {
    Error::new(SqlState::STATEMENT_TOO_COMPLEX, "stack depth limit exceeded")
}

/// Adds PostgreSQL's hint, which names the setting's value, to an error of [`too_deep`].
#[cold]
pub(crate) fn depth_hint(error: Error, env: &dyn Environment) -> Error {
    if error.state() != SqlState::STATEMENT_TOO_COMPLEX {
        return error;
    }
    let shown = env.setting("max_stack_depth").unwrap_or_else(|| "2MB".to_string());
    let kilobytes = match shown.strip_suffix("MB").and_then(|n| n.parse::<u64>().ok()) {
        Some(megabytes) => format!("{}kB", megabytes * 1024),
        None => shown,
    };
    error.hint(format!(
        "Increase the configuration parameter \"max_stack_depth\" (currently {kilobytes}), after ensuring the \
         platform's stack depth limit is adequate."
    ))
}
