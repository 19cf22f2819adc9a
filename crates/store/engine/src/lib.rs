//! One process's handles on the store, assembled: buffer pool, WAL, transactions, locks, access methods.
#![forbid(unsafe_code)]
