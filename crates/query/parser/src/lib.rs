//! SQL text to syntax tree. Reads no catalog.
#![forbid(unsafe_code)]
