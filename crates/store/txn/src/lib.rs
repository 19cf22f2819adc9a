//! Transaction ids, commit status, snapshots, subtransactions, multixacts.
//!
//! The commit record's LSN is the commit sequence number. The CSN log maps each id to it; a snapshot is a position in the
//! log, and sees what committed before. So taking a snapshot costs the same whatever the number of connections, and all
//! servers that replay the log see the same sequence of states.
//!
//! | module | tells |
//! |---|---|
//! | `transaction` | [`Transaction`]: the life of a session's transaction, from begin to the order of steps at commit |
//! | `transactions` | [`Transactions`]: what all share; who runs, the lower bound of running ids, horizons |
//! | `status` | what a word of the CSN log says |
//! | `snapshot` | [`Snapshot`]: what a statement sees |
//! | [`serializable`] | serializable transactions: who read what whom overwrote |
//! | [`prepared`] | transactions that wait without a session, for COMMIT PREPARED |
//! | `multixact` | sets of row lockers |
//! | `record` | the log records and their redo |
//! | `paged_log` | words in files with a page cache in shared memory |
//!
//! # Invariants
//!
//! - Ids are 64 bits, never reused, shared by transactions and multixacts.
//! - No snapshot sees one part of a commit and not another: between the commit record and the statuses, readers wait.
//! - An id below [`Transactions::oldest_running`] has ended, and every new snapshot sees it if it committed.
//! - A horizon once computed stays valid: no later snapshot has a smaller `xmin`.
//! - What the CSN log says on disk is never ahead of the log.
#![forbid(unsafe_code)]

mod multixact;
mod paged_log;
pub mod prepared;
mod record;
pub mod serializable;
mod snapshot;
mod status;
mod transaction;
mod transactions;

pub use multixact::{MultiXactMember, RowLockMode};
pub use record::EndRecord;
pub use serializable::{PredicateLock, PredicateLockLimits, Reader, Serializable};
pub use snapshot::{ActiveSnapshot, Snapshot};
pub use status::XidStatus;
pub use transaction::{Isolation, Participant, Transaction};
pub use transactions::{TransactionConfig, Transactions, TransactionsRequest};
