//! The shared segment: layout, LWLocks, latches, semaphores, process table, shared hash table.

mod page;

pub use page::write_words_at;
