//! All configuration parameters of PostgreSQL 18: names, types, units, ranges, contexts, files and SET.
//!
//! Knows nothing of what the parameters do. The lower crates take small configuration structs and do not see it; whoever
//! assembles them asks by constant: `settings.int(id::WORK_MEM)`.
//!
//! | module | story |
//! |---|---|
//! | [`table`] | the table of all parameters, and their constants |
//! | [`parameter`] | what a row of the table says |
//! | [`value`] | parsing values with units, showing them |
//! | [`check`] | rules beyond type and range; [`Hooks`] for those that need a session or a catalog |
//! | [`session`] | [`Settings`]: the values in force, SET, RESET, transactions |
//! | [`file`] | `postgresql.conf` and `postgresql.auto.conf` |
//! | [`load`] | applying files at start and on reload |
//! | [`show`] | `pg_settings`, `--describe-config` |
//! | [`switches`] | `-c name=value` and its kin, of command lines and start-up packets |
//!
//! # Memory
//!
//! A [`Settings`] is two arrays. A forked backend inherits the postmaster's and only pays for the pages it changes.
#![forbid(unsafe_code)]

pub mod check;
pub mod file;
pub mod load;
pub mod parameter;
pub mod session;
pub mod show;
pub mod switches;
pub mod table;
pub mod value;

pub use check::{Hooks, NoHooks};
pub use file::FileItem;
pub use load::LoadKind;
pub use parameter::{Context, Flags, Id, Kind, Parameter, Source, Unit};
pub use session::{Action, Asker, How, Settings};
pub use table::{PARAMETERS, id};
pub use value::Value;
