//! What may interrupt a process: bits in its slot, set by signal handlers, timers and other processes.

use std::ops::BitOr;

use error::{Error, SqlState};

use crate::ProcessKind;

/// A set of reasons to interrupt a process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Interrupt(pub u32);

macro_rules! interrupts {
    ($($(#[$doc:meta])* $name:ident = $bit:literal;)*) => {
        impl Interrupt { $($(#[$doc])* pub const $name: Interrupt = Interrupt(1 << $bit);)* }
    };
}

interrupts! {
    /// End the session (SIGTERM, `pg_terminate_backend`).
    TERMINATE = 0;
    /// End the statement (SIGINT, a cancel request, `pg_cancel_backend`).
    CANCEL = 1;
    /// The client has closed its connection.
    CLIENT_GONE = 2;
    /// The postmaster died: nobody may stay.
    POSTMASTER_DIED = 3;
    /// `statement_timeout` is over.
    STATEMENT_TIMEOUT = 4;
    /// `lock_timeout` is over.
    LOCK_TIMEOUT = 5;
    /// `idle_in_transaction_session_timeout` is over.
    IDLE_IN_TRANSACTION_TIMEOUT = 6;
    /// `transaction_timeout` is over.
    TRANSACTION_TIMEOUT = 7;
    /// `idle_session_timeout` is over.
    IDLE_SESSION_TIMEOUT = 8;
    /// `authentication_timeout` is over.
    AUTHENTICATION_TIMEOUT = 9;
    /// Time to look whether the client is still there (`client_connection_check_interval`).
    CHECK_CLIENT = 10;
    /// `deadlock_timeout` is over: look for a deadlock. Served by `locks`.
    CHECK_DEADLOCK = 11;
    /// Read the configuration files again (SIGHUP).
    RELOAD = 12;
    /// The invalidation queue runs full: catch up.
    CATCH_UP = 13;
    /// A notification has arrived (`LISTEN`).
    NOTIFICATION = 14;
    /// Recovery needs what this session holds.
    RECOVERY_CONFLICT = 15;
    /// Write memory use to the log.
    LOG_MEMORY = 16;
    /// The user-defined signal 2: what it means depends on the kind of process (checkpointer: last checkpoint, then end).
    USER = 17;
    /// The child that the process waits for changed.
    CHILD = 18;
    /// Statistics are to be reported.
    REPORT_STATISTICS = 19;
    /// The process, or the server, holds more memory than it may.
    MEMORY = 20;
}

impl Interrupt {
    /// Those that [`Process::check_interrupts`](crate::Process::check_interrupts) turns into errors. The others are fetched
    /// with [`Process::take`](crate::Process::take) where they are served.
    pub const RAISED: Interrupt = Interrupt(0b11_1111_1111 | Interrupt::MEMORY.0);

    /// Whether any of `others` is in it.
    pub const fn intersects(self, others: Interrupt) -> bool {
        self.0 & others.0 != 0
    }

    /// Whether it is empty.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The error that the gravest of these reasons raises in a process of this kind, and the reasons that it settles.
    pub(crate) fn to_error(self, kind: ProcessKind) -> Option<(Error, Interrupt)> {
        use SqlState as S;
        let fatal = |state: S, text: &str, settled: Interrupt| Some((Error::new(state, text).fatal(), settled));
        let cancel = |state: S, text: &str, settled: Interrupt| Some((Error::new(state, text), settled));
        let statement = Interrupt::CANCEL | Interrupt::STATEMENT_TIMEOUT | Interrupt::LOCK_TIMEOUT;
        if self.intersects(Interrupt::POSTMASTER_DIED) {
            // The bit stays: whatever the session does next ends it.
            return fatal(S::ADMIN_SHUTDOWN, "terminating connection due to unexpected postmaster exit", Interrupt(0));
        }
        if self.intersects(Interrupt::TERMINATE) {
            let text = match kind {
                ProcessKind::AutovacuumWorker => "terminating autovacuum process due to administrator command",
                ProcessKind::WalReceiver => "terminating walreceiver process due to administrator command",
                ProcessKind::BackgroundWorker => "terminating background worker due to administrator command",
                _ => "terminating connection due to administrator command",
            };
            return fatal(S::ADMIN_SHUTDOWN, text, Interrupt(0));
        }
        if self.intersects(Interrupt::AUTHENTICATION_TIMEOUT) {
            return fatal(S::QUERY_CANCELED, "canceling authentication due to timeout", Interrupt(0));
        }
        if self.intersects(Interrupt::CLIENT_GONE) {
            return fatal(S::CONNECTION_FAILURE, "connection to client lost", Interrupt(0));
        }
        if self.intersects(Interrupt::LOCK_TIMEOUT) {
            return cancel(S::LOCK_NOT_AVAILABLE, "canceling statement due to lock timeout", statement);
        }
        if self.intersects(Interrupt::STATEMENT_TIMEOUT) {
            return cancel(S::QUERY_CANCELED, "canceling statement due to statement timeout", statement);
        }
        if self.intersects(Interrupt::CANCEL) {
            let text = match kind {
                ProcessKind::AutovacuumWorker => "canceling autovacuum task",
                _ => "canceling statement due to user request",
            };
            return cancel(S::QUERY_CANCELED, text, statement);
        }
        if self.intersects(Interrupt::IDLE_IN_TRANSACTION_TIMEOUT) {
            let text = "terminating connection due to idle-in-transaction timeout";
            return fatal(S::IDLE_IN_TRANSACTION_SESSION_TIMEOUT, text, Interrupt::IDLE_IN_TRANSACTION_TIMEOUT);
        }
        if self.intersects(Interrupt::TRANSACTION_TIMEOUT) {
            let text = "terminating connection due to transaction timeout";
            return fatal(S::TRANSACTION_TIMEOUT, text, Interrupt::TRANSACTION_TIMEOUT);
        }
        if self.intersects(Interrupt::IDLE_SESSION_TIMEOUT) {
            let text = "terminating connection due to idle-session timeout";
            return fatal(S::IDLE_SESSION_TIMEOUT, text, Interrupt::IDLE_SESSION_TIMEOUT);
        }
        None
    }
}

impl BitOr for Interrupt {
    type Output = Interrupt;
    fn bitor(self, other: Interrupt) -> Interrupt {
        Interrupt(self.0 | other.0)
    }
}

/// What a process can be timed for. Each has one deadline at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Timeout {
    /// `statement_timeout`.
    Statement,
    /// `lock_timeout`.
    Lock,
    /// `idle_in_transaction_session_timeout`.
    IdleInTransaction,
    /// `transaction_timeout`.
    Transaction,
    /// `idle_session_timeout`.
    IdleSession,
    /// `authentication_timeout`.
    Authentication,
    /// `client_connection_check_interval`.
    CheckClient,
    /// `deadlock_timeout`.
    Deadlock,
    /// When idle statistics are reported.
    Statistics,
}

impl Timeout {
    /// How many there are.
    pub const COUNT: usize = 9;

    /// Each with the interrupt that it raises.
    pub(crate) const RAISES: [Interrupt; Timeout::COUNT] = [
        Interrupt::STATEMENT_TIMEOUT,
        Interrupt::LOCK_TIMEOUT,
        Interrupt::IDLE_IN_TRANSACTION_TIMEOUT,
        Interrupt::TRANSACTION_TIMEOUT,
        Interrupt::IDLE_SESSION_TIMEOUT,
        Interrupt::AUTHENTICATION_TIMEOUT,
        Interrupt::CHECK_CLIENT,
        Interrupt::CHECK_DEADLOCK,
        Interrupt::REPORT_STATISTICS,
    ];
}
