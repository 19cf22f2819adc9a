//! All configuration parameters of PostgreSQL 18: names, types, units, ranges, contexts, files and SET.
#![forbid(unsafe_code)]
