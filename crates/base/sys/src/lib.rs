//! The few libc calls that rustix does not offer: fork, signal handlers, timers, process titles.
