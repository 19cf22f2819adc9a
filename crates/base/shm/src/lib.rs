//! The shared segment: layout, LWLocks, latches, semaphores, process table, shared hash table.
