//! The B-tree index access method over byte-comparable keys.
#![forbid(unsafe_code)]
