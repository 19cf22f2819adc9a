//! Triggers: their definitions, and the queue of those that have to fire after a row or a statement.
//!
//! - `create`, `alter`: CREATE, DROP and ALTER TRIGGER.
//! - [`queue`]: what is queued, per statement and for the transaction's end; SET CONSTRAINTS. Foreign keys are triggers like others.
//! - [`fire`]: takes from the queue, reads the rows' versions back, and calls.

mod alter;
mod create;
pub mod fire;
pub mod queue;

pub(crate) use alter::{rename, to_drop};
pub(crate) use create::{adopt, check_child, create, recheck_keys, release};
pub use fire::{WithQueue, fire_deferred, fire_immediate, set_constraints, truncate};
pub use queue::Queue;
