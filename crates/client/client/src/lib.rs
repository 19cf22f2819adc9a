//! A blocking PostgreSQL connection: libpq's role.
#![forbid(unsafe_code)]
