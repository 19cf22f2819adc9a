//! Heavyweight locks, deadlock detection, advisory locks.
#![forbid(unsafe_code)]
