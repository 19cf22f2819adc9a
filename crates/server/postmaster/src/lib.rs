//! The supervisor and its auxiliary processes.
#![forbid(unsafe_code)]
