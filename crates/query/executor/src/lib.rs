//! Plan to batches of rows.
#![forbid(unsafe_code)]

pub mod store;
