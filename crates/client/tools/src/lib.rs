//! initdb, pg_ctl, pg_waldump, pg_controldata, createdb and the other small tools.
#![forbid(unsafe_code)]

mod cluster;
pub mod initdb;
