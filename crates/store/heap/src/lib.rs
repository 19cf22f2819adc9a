//! The heap table access method: tuples, HOT, pruning, vacuum, TOAST.
#![forbid(unsafe_code)]
