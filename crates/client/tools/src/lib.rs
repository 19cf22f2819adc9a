//! initdb, pg_ctl, pg_waldump, pg_controldata, createdb and the other small tools.
#![forbid(unsafe_code)]

mod cluster;
pub mod clusterdb;
pub mod createdb;
pub mod createuser;
pub mod dropdb;
pub mod dropuser;
pub mod initdb;
mod jobs;
pub mod pg_controldata;
pub mod pg_ctl;
pub mod pg_isready;
pub mod pg_waldump;
mod prompt;
pub mod reindexdb;
mod session;
mod tool;
pub mod vacuumdb;

/// What `--version` says behind the tool's name.
pub(crate) const VERSION: &str = concat!("18.6 (Oliphant ", env!("CARGO_PKG_VERSION"), ")");
