//! What a process can wait for, as `pg_stat_activity` and `pg_wait_events` tell it.

/// What a process waits for. Zero: nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct WaitEvent(pub u32);
