//! What processes are for, and how many of each kind there may be.

/// The number of a slot in the process table, from zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProcNumber(pub u32);

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $number:literal, $name:literal, $pool:ident;)*) => {
        /// What a process is for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum ProcessKind { $($(#[$doc])* $variant = $number,)* }

        impl ProcessKind {
            /// The name in `pg_stat_activity.backend_type`.
            pub const fn name(self) -> &'static str {
                match self { $(ProcessKind::$variant => $name,)* }
            }

            pub(super) const fn pool(self) -> Pool {
                match self { $(ProcessKind::$variant => Pool::$pool,)* }
            }

            pub(super) fn from_number(number: u32) -> Option<ProcessKind> {
                match number { $($number => Some(ProcessKind::$variant),)* _ => None }
            }
        }
    };
}

kinds! {
    /// Serves a client.
    Backend = 1, "client backend", Backends;
    /// Starts autovacuum workers.
    AutovacuumLauncher = 2, "autovacuum launcher", Auxiliary;
    /// Vacuums one database.
    AutovacuumWorker = 3, "autovacuum worker", Autovacuum;
    /// An extension's or the server's own background work.
    BackgroundWorker = 4, "background worker", Background;
    /// Writes dirty buffers ahead of need.
    BackgroundWriter = 5, "background writer", Auxiliary;
    /// Makes checkpoints.
    Checkpointer = 6, "checkpointer", Auxiliary;
    /// Recovers.
    Startup = 7, "startup", Auxiliary;
    /// Receives WAL.
    WalReceiver = 8, "walreceiver", Auxiliary;
    /// Sends WAL.
    WalSender = 9, "walsender", WalSenders;
    /// Writes WAL in the background.
    WalWriter = 10, "walwriter", Auxiliary;
    /// Archives WAL segments.
    Archiver = 11, "archiver", Auxiliary;
    /// Starts logical replication workers.
    LogicalLauncher = 12, "logical replication launcher", Background;
    /// The only process (`postgres --single`, tools, tests).
    Standalone = 13, "standalone backend", Auxiliary;
}

/// Slots are handed out from separate stocks, so that one kind of process cannot take another's.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
pub(super) enum Pool {
    Backends,
    Autovacuum,
    Background,
    WalSenders,
    Auxiliary,
}

pub(super) const POOLS: usize = 5;

/// How many processes there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// Sessions of clients (`max_connections`).
    pub backends: u32,
    /// `autovacuum_worker_slots`.
    pub autovacuum_workers: u32,
    /// `max_worker_processes`.
    pub background_workers: u32,
    /// `max_wal_senders`.
    pub wal_senders: u32,
    /// Auxiliary processes: at most [`Capacity::AUXILIARY`] are ever needed.
    pub auxiliary: u32,
}

impl Capacity {
    /// Slots for the auxiliary processes.
    pub const AUXILIARY: u32 = 10;

    /// Room for `backends` sessions and the auxiliary processes: for tests.
    pub const fn small(backends: u32) -> Capacity {
        Capacity { backends, autovacuum_workers: 0, background_workers: 0, wal_senders: 0, auxiliary: Self::AUXILIARY }
    }

    pub(super) fn pools(&self) -> [u32; POOLS] {
        [self.backends, self.autovacuum_workers, self.background_workers, self.wal_senders, self.auxiliary]
    }

    /// All slots together.
    pub fn total(&self) -> u32 {
        self.pools().iter().fold(0, |sum, n| sum.saturating_add(*n))
    }
}
