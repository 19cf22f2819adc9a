//! The numbers that are kept of each kind of object: where each stands in its [`Entry`](crate::Entry).

macro_rules! fields {
    ($(#[$module_doc:meta])* $vis:vis mod $module:ident { $($(#[$doc:meta])* $name:ident,)* }) => {
        $(#[$module_doc])*
        $vis mod $module {
            #[allow(non_camel_case_types, clippy::upper_case_acronyms)] // only to count them
            enum Order { $($name,)* }
            $($(#[$doc])* pub const $name: usize = Order::$name as usize;)*
        }
    };
}

fields! {
    /// Of a table or index. Times are microseconds since 1970, durations microseconds.
    pub mod relation_fields {
        /// Scans begun.
        SCANS,
        /// When the last scan was reported.
        LAST_SCAN,
        /// Rows (index entries) that scans gave.
        TUPLES_RETURNED,
        /// Rows fetched by way of the index.
        TUPLES_FETCHED,
        /// Rows inserted, whether or not that was committed.
        INSERTED,
        /// Rows updated.
        UPDATED,
        /// Rows deleted.
        DELETED,
        /// Of the updates, those that needed no index entry.
        HOT_UPDATED,
        /// Of the updates, those whose new version went to another page.
        NEW_PAGE_UPDATED,
        /// Live rows, as far as known; signed.
        LIVE,
        /// Dead rows, as far as known; signed.
        DEAD,
        /// Rows changed since the last analyze.
        CHANGED_SINCE_ANALYZE,
        /// Rows inserted since the last vacuum.
        INSERTED_SINCE_VACUUM,
        /// Pages asked for.
        BLOCKS_FETCHED,
        /// Of those, pages found in the pool.
        BLOCKS_HIT,
        /// When it was vacuumed by a statement.
        LAST_VACUUM,
        /// How often.
        VACUUM_COUNT,
        /// When it was vacuumed by autovacuum.
        LAST_AUTOVACUUM,
        /// How often.
        AUTOVACUUM_COUNT,
        /// When it was analyzed by a statement.
        LAST_ANALYZE,
        /// How often.
        ANALYZE_COUNT,
        /// When it was analyzed by autovacuum.
        LAST_AUTOANALYZE,
        /// How often.
        AUTOANALYZE_COUNT,
        /// Time that vacuums took.
        TOTAL_VACUUM_TIME,
        /// Time that autovacuums took.
        TOTAL_AUTOVACUUM_TIME,
        /// Time that analyzes took.
        TOTAL_ANALYZE_TIME,
        /// Time that autovacuum's analyzes took.
        TOTAL_AUTOANALYZE_TIME,
    }
}

fields! {
    /// Of a database; the one with number zero stands for the shared catalogs.
    pub mod database {
        /// Transactions committed.
        XACT_COMMIT,
        /// Transactions rolled back.
        XACT_ROLLBACK,
        /// Pages asked for.
        BLOCKS_FETCHED,
        /// Of those, pages found in the pool.
        BLOCKS_HIT,
        /// Rows and index entries that scans gave.
        TUPLES_RETURNED,
        /// Rows fetched by way of indexes.
        TUPLES_FETCHED,
        /// Rows inserted.
        INSERTED,
        /// Rows updated.
        UPDATED,
        /// Rows deleted.
        DELETED,
        /// When an autovacuum worker last came by.
        LAST_AUTOVACUUM,
        /// Queries cancelled by recovery: tablespaces dropped.
        CONFLICT_TABLESPACE,
        /// … lock timeouts.
        CONFLICT_LOCK,
        /// … old snapshots.
        CONFLICT_SNAPSHOT,
        /// … logical slots.
        CONFLICT_LOGICAL_SLOT,
        /// … pinned buffers.
        CONFLICT_BUFFER_PIN,
        /// … deadlocks.
        CONFLICT_STARTUP_DEADLOCK,
        /// Temporary files made.
        TEMP_FILES,
        /// Bytes written to them.
        TEMP_BYTES,
        /// Deadlocks found.
        DEADLOCKS,
        /// Damaged pages found.
        CHECKSUM_FAILURES,
        /// When the last one was.
        LAST_CHECKSUM_FAILURE,
        /// Time spent reading pages, if that is measured.
        BLOCK_READ_TIME,
        /// Time spent writing pages, if that is measured.
        BLOCK_WRITE_TIME,
        /// Sessions begun.
        SESSIONS,
        /// Time of sessions.
        SESSION_TIME,
        /// Of that, at work.
        ACTIVE_TIME,
        /// Of that, idle in a transaction.
        IDLE_IN_TRANSACTION_TIME,
        /// Sessions that ended because the client was lost.
        SESSIONS_ABANDONED,
        /// Sessions ended by a fatal error.
        SESSIONS_FATAL,
        /// Sessions ended by an administrator.
        SESSIONS_KILLED,
        /// When these counts were reset.
        STATS_RESET,
    }
}

fields! {
    /// Of a function. Times are nanoseconds.
    pub mod function_fields {
        /// Calls.
        CALLS,
        /// Time in it.
        TOTAL_TIME,
        /// Of that, not in other counted functions that it called.
        SELF_TIME,
    }
}
