//! Utility statements: DDL, COPY, VACUUM, transaction control.
#![forbid(unsafe_code)]
