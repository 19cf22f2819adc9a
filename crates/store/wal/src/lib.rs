//! The write-ahead log: insert, flush, read.
#![forbid(unsafe_code)]
