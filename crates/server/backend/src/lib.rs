//! One session: message loop, transactions, portals, statement cache.
#![forbid(unsafe_code)]
