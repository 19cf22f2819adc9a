//! Transaction ids, commit status, snapshots, subtransactions.
#![forbid(unsafe_code)]
