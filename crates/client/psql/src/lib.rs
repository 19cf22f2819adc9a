//! The interactive terminal.
#![forbid(unsafe_code)]
