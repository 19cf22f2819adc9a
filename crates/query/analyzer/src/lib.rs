//! Syntax tree to Query: names and types resolved, views expanded.
#![forbid(unsafe_code)]
