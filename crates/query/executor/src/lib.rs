//! Plan to batches of rows.
//!
//! One engine, vectorised: [`Execution`] builds a tree of operators for a [`planner::plan::Plan`], and each step pulls a batch of rows
//! through it. Knows nothing of SQL text, of utility statements or of clients.
//!
//! - [`execution`]: one execution of a plan; start here.
//! - [`operator`]: the operators, one small file for each kind of plan node.
//! - [`expression`]: expressions over whole columns.
//! - [`store`]: rows kept in memory or temporary files: sorting, hashing, materialising.
//! - [`relation`]: tables and indexes as the access methods see them; how index entries are made.
//! - [`scalar`]: expressions without rows, for PL/pgSQL.
//! - [`session`]: what an execution needs of its session.
//!
//! # Invariants
//!
//! - Operators own their state; the session's handles are lent to each step.
//! - A row's values are copied out of shared memory by the access methods; nothing here points into a page.
//! - What an operator keeps is bounded by `work_mem`, or goes to temporary files.
#![forbid(unsafe_code)]

mod entry;
mod evaluator;
pub mod execution;
mod expression;
mod inserter;
mod operator;
pub mod relation;
mod run;
pub mod scalar;
pub mod session;
pub mod store;
mod version;

pub use entry::{EntryForm, EntryList};
pub use evaluator::RowEvaluator;
pub use execution::{
    Execution, Measured, Options, PlanLocks, check_privileges, lock_plan, lock_relation, try_lock_relation,
};
pub use inserter::Inserter;
pub use operator::left_at_start;
pub use operator::modify::recheck::{check_exclusion, recheck_unique};
pub use operator::modify::shows_columns;
pub use session::{Host, QueuedTrigger, Session, StatementTriggers, TriggerCall, TriggerOutcome};
pub use version::VersionReader;
