//! Redo after a crash, checkpoints.
#![forbid(unsafe_code)]
