//! Who takes part in the ends of transactions without being known here.

use error::Result;

use super::Transaction;

/// What other parts of a session do at the ends of transactions. Called in the order of registration.
pub trait Participant: Send + Sync {
    /// Before the commit: may still write and fail (deferred constraints, `ON COMMIT DELETE ROWS`).
    ///
    /// # Errors
    /// Whatever makes the commit impossible: the transaction is then rolled back.
    fn before_commit(&self, _transaction: &Transaction) -> Result<()> {
        Ok(())
    }

    /// Before the transaction is prepared: may object.
    ///
    /// # Errors
    /// What cannot be prepared: the transaction is then rolled back.
    fn before_prepare(&self, _transaction: &Transaction) -> Result<()> {
        Ok(())
    }

    /// The transaction is prepared, and the session's no more: nobody knows how it will end, and its work is not seen meanwhile.
    fn prepared(&self) {
        self.aborted();
    }

    /// A prepared transaction, which is not the session's own, was committed, with these invalidation messages: to be published now.
    fn committed_prepared(&self, _invalidations: &[u8]) {}

    /// The transaction is committed; locks are still held. If there are invalidation messages, the commit is also flushed
    /// and visible to new snapshots: they are to be published now.
    fn committed(&self, _invalidations: &[u8]) {}

    /// The transaction is rolled back; locks are still held.
    fn aborted(&self) {}

    /// The subtransaction at nesting `level` (2 is the first savepoint's) merges into its parent.
    fn subcommitted(&self, _level: u32) {}

    /// The subtransaction at nesting `level` is rolled back.
    fn subaborted(&self, _level: u32) {}
}
