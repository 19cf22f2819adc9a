//! Where operators keep rows: in memory within `work_mem`, beyond it in temporary files.
//!
//! - [`keys`]: distinct keys, numbered ([`keys::KeyTable`]).
//! - [`temp`]: a temporary file that holds batches.
//! - [`rows`]: rows in the order they came, to be read again ([`rows::RowStore`]).
//! - [`sorter`]: rows in the order of byte-comparable keys ([`sorter::Sorter`]); `quicksort`, how few are sorted.

pub mod keys;
mod quicksort;
pub mod rows;
pub mod sorter;
pub mod temp;
