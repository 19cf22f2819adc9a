//! The process table, and a process's own place in it.
//!
//! Every process of the server holds one slot: its latch, semaphore, interrupt bits, deadlines, and what others may know
//! of it. Other subsystems keep per-process data in arrays of their own, indexed by [`ProcNumber`] and
//! [`Processes::slots`] long.
//!
//! # Waiting
//!
//! A process sleeps in [`Process::wait`] (latch and sockets, one `poll`) or on its semaphore. Whoever sets an interrupt bit
//! also sets the latch and pokes the semaphore, so both sleeps end; the caller then calls
//! [`check_interrupts`](Process::check_interrupts) and looks at the bits it serves itself.
//!
//! # Signals
//!
//! [`Process::handle_signals`] makes this process's signals set bits of its slot. That is the only global: a pointer for the
//! handlers. Threads that play processes in tests do without and are interrupted through [`Processes::interrupt`].

use std::fmt;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicI64, AtomicPtr, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use error::{Error, Result, SqlState};
use ids::Oid;
use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use sys::Signal;

use crate::latch::Latch;
use crate::lock::{LwCell, Rank};
use crate::semaphore::{Acquired, Semaphore};
use crate::{Interrupt, Layout, Many, One, Segment, Shm, ShmSlice, Timeout, WaitEvent};

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

            const fn pool(self) -> Pool {
                match self { $(ProcessKind::$variant => Pool::$pool,)* }
            }

            fn from_number(number: u32) -> Option<ProcessKind> {
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
enum Pool {
    Backends,
    Autovacuum,
    Background,
    WalSenders,
    Auxiliary,
}

const POOLS: usize = 5;

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

    fn pools(&self) -> [u32; POOLS] {
        [self.backends, self.autovacuum_workers, self.background_workers, self.wal_senders, self.auxiliary]
    }

    /// All slots together.
    pub fn total(&self) -> u32 {
        self.pools().iter().fold(0, |sum, n| sum.saturating_add(*n))
    }
}

/// Bytes of a cancel key at most.
pub const CANCEL_KEY_BYTES: usize = 32;

crate::shared! {
    /// A process's place in the table.
    #[derive(Debug)]
    pub struct Slot {
        interrupts: AtomicU32,
        /// Wakes the process.
        pub latch: Latch,
        /// What the process sleeps on when it waits for a lock.
        pub semaphore: Semaphore,
        kind: AtomicU32,
        database: AtomicU32,
        role: AtomicU32,
        /// Microseconds since 1970.
        started_us: AtomicI64,
        wait_event: AtomicU32,
        cancel_key_len: AtomicU32,
        cancel_key: [AtomicU64; CANCEL_KEY_BYTES / 8],
        /// Monotonic microseconds; zero: none.
        deadlines: [AtomicU64; Timeout::COUNT],
        /// When the alarm is set to ring; zero: it is not.
        alarm_us: AtomicU64,
        /// The next process in the queue of the condition variable this one sleeps on: its number and one more.
        pub(crate) condition_next: AtomicU32,
        /// Whether it is in such a queue.
        pub(crate) condition_queued: AtomicU32,
        /// Who had the slot before: counts its owners.
        generation: AtomicU64,
        /// Bytes of memory of its own that the process is charged for.
        pub(crate) memory: AtomicI64,
    }

    #[derive(Debug)]
    struct Table {
        free: LwCell<FreeSlots>,
        /// Why the postmaster sends SIGQUIT: zero: immediate shutdown; one: another process crashed.
        crashed: AtomicU32,
        /// How many autovacuum workers the postmaster is asked to start.
        worker_requests: AtomicU32,
        /// Whether the postmaster is asked to change the log's files.
        rotation_requested: AtomicU32,
        /// Bytes of memory that all charged processes hold.
        memory: AtomicI64,
    }

    struct FreeSlots {
        /// The first free slot of each pool, and one more; zero: none.
        first: [u32; POOLS],
        count: [u32; POOLS],
    }
}

impl fmt::Debug for FreeSlots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "free: {:?}", self.count)
    }
}

impl Slot {
    /// What the process is for; `None` if the slot is free.
    pub fn kind(&self) -> Option<ProcessKind> {
        ProcessKind::from_number(self.kind.load(Ordering::Acquire))
    }

    /// The database it is connected to; invalid if none.
    pub fn database(&self) -> Oid {
        Oid(self.database.load(Ordering::Relaxed))
    }

    /// The role it works for; invalid if none.
    pub fn role(&self) -> Oid {
        Oid(self.role.load(Ordering::Relaxed))
    }

    /// When it began: microseconds since 1970.
    pub fn started_us(&self) -> i64 {
        self.started_us.load(Ordering::Relaxed)
    }

    /// What it waits for now.
    pub fn wait_event(&self) -> WaitEvent {
        WaitEvent(self.wait_event.load(Ordering::Relaxed))
    }

    /// How many owners the slot has had: tells whether a remembered process is still the same one.
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Bytes of memory of its own that the process is charged for ([`Process::charge_memory`]).
    pub fn memory(&self) -> u64 {
        self.memory.load(Ordering::Relaxed).max(0) as u64
    }

    /// Sets interrupt bits and wakes the process. Async-signal-safe.
    pub fn interrupt(&self, bits: Interrupt) {
        self.interrupts.fetch_or(bits.0, Ordering::SeqCst);
        self.latch.set();
        self.semaphore.poke();
    }

    fn cancel_key(&self) -> Option<[u8; CANCEL_KEY_BYTES]> {
        let len = self.cancel_key_len.load(Ordering::Acquire) as usize;
        let mut key = [0; CANCEL_KEY_BYTES];
        for (bytes, word) in key.chunks_exact_mut(8).zip(&self.cancel_key) {
            bytes.copy_from_slice(&word.load(Ordering::Relaxed).to_ne_bytes());
        }
        (1..=CANCEL_KEY_BYTES).contains(&len).then_some(key)
    }

    /// Turns deadlines that have passed into interrupts; gives the next one. Async-signal-safe.
    fn fire_deadlines(&self) -> Option<u64> {
        let mut next = 0;
        let mut fired = 0;
        let mut now = 0;
        for (deadline, raises) in self.deadlines.iter().zip(Timeout::RAISES) {
            let at = deadline.load(Ordering::Relaxed);
            if at == 0 {
                continue;
            }
            if now == 0 {
                now = sys::timer::monotonic_us();
            }
            if at > now {
                next = if next == 0 { at } else { at.min(next) };
            } else if deadline.compare_exchange(at, 0, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
                fired |= raises.0;
            }
        }
        if fired != 0 {
            self.interrupt(Interrupt(fired));
        }
        (next != 0).then_some(next)
    }
}

/// A promise of a process table in the segment.
#[derive(Clone, Copy, Debug)]
pub struct ProcessesRequest {
    capacity: Capacity,
    table: One<Table>,
    slots: Many<Slot>,
    pids: Many<AtomicI32>,
    next_free: Many<AtomicU32>,
}

/// The process table. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Processes {
    capacity: Capacity,
    table: Shm<Table>,
    slots: ShmSlice<Slot>,
    /// Process ids, zero if the slot is free: apart, because they are searched.
    pids: ShmSlice<AtomicI32>,
    next_free: ShmSlice<AtomicU32>,
    events: Arc<[OwnedFd]>,
}

impl Processes {
    /// Asks for a table with room for `capacity`.
    pub fn layout(layout: &mut Layout, capacity: Capacity) -> ProcessesRequest {
        let total = capacity.total() as usize;
        ProcessesRequest {
            capacity,
            table: layout.one("Process Table"),
            slots: layout.many("Process Slots", total),
            pids: layout.many("Process Ids", total),
            next_free: layout.many("Process Free List", total),
        }
    }

    /// Sets the table up: makes the latches' eventfds, which all processes forked from this one inherit. To be called
    /// once for a segment.
    ///
    /// # Errors
    ///
    /// `53000` if there are not enough file descriptors.
    pub fn attach(segment: &Segment, request: ProcessesRequest) -> Result<Processes> {
        let total = request.capacity.total() as usize;
        // Asked once, so that those forked from this process know it.
        sys::memory::machine();
        sys::raise_file_limit(total as u64 * 2 + 1024);
        let events = (0..total)
            .map(|_| eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK))
            .collect::<rustix::io::Result<Arc<[OwnedFd]>>>()
            .map_err(|e| Error::io("could not create eventfd", &e.into()))?;
        let processes = Processes {
            capacity: request.capacity,
            table: segment.one(request.table),
            slots: segment.many(request.slots),
            pids: segment.many(request.pids),
            next_free: segment.many(request.next_free),
            events,
        };
        for (slot, event) in processes.slots.iter().zip(processes.events.iter()) {
            slot.latch.connect(event.as_raw_fd());
        }
        processes.table.free.set_rank(Rank::PROCESS_TABLE);
        let mut free = processes.table.free.exclusive();
        let mut end = 0;
        for (pool, count) in request.capacity.pools().into_iter().enumerate() {
            let (begin, after) = (end, end + count);
            for n in begin..after {
                let next = if n + 1 < after { n + 2 } else { 0 };
                processes.next_free[n as usize].store(next, Ordering::Relaxed);
            }
            free.first[pool] = if count > 0 { begin + 1 } else { 0 };
            free.count[pool] = count;
            end = after;
        }
        drop(free);
        Ok(processes)
    }

    /// Takes a slot for this process (or thread).
    ///
    /// # Errors
    ///
    /// FATAL `53300` if there is none left for processes of this kind.
    pub fn register(&self, kind: ProcessKind) -> Result<Process> {
        let pool = kind.pool() as usize;
        let mut free = self.table.free.exclusive();
        let Some(index) = free.first[pool].checked_sub(1) else {
            let text = match kind {
                ProcessKind::WalSender => format!(
                    "number of requested standby connections exceeds \"max_wal_senders\" (currently {})",
                    self.capacity.wal_senders
                ),
                _ => "sorry, too many clients already".to_string(),
            };
            return Err(Error::new(SqlState::TOO_MANY_CONNECTIONS, text).fatal());
        };
        free.first[pool] = self.next_free[index as usize].load(Ordering::Relaxed);
        free.count[pool] -= 1;
        drop(free);
        let slot = &self.slots.get_all()[index as usize];
        slot.interrupts.store(0, Ordering::Relaxed);
        slot.latch.reset();
        slot.semaphore.reset();
        slot.database.store(0, Ordering::Relaxed);
        slot.role.store(0, Ordering::Relaxed);
        slot.wait_event.store(0, Ordering::Relaxed);
        slot.cancel_key_len.store(0, Ordering::Relaxed);
        slot.deadlines.iter().for_each(|d| d.store(0, Ordering::Relaxed));
        slot.alarm_us.store(0, Ordering::Relaxed);
        slot.condition_queued.store(0, Ordering::Relaxed);
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        slot.started_us.store(now.as_micros() as i64, Ordering::Relaxed);
        slot.generation.fetch_add(1, Ordering::Release);
        slot.kind.store(kind as u32, Ordering::Release);
        self.pids[index as usize].store(sys::process::id(), Ordering::Release);
        Ok(Process {
            processes: self.clone(),
            number: ProcNumber(index),
            kind,
            slot,
            holds: AtomicU32::new(0),
            signals: AtomicBool::new(false),
        })
    }

    /// Bytes of private memory that all charged processes hold ([`Process::charge_memory`]).
    pub fn memory(&self) -> u64 {
        self.table.memory.load(Ordering::Relaxed).max(0) as u64
    }

    fn release(&self, number: ProcNumber, kind: ProcessKind) {
        let index = number.0 as usize;
        let slot = &self.slots[index];
        self.table.memory.fetch_sub(slot.memory.swap(0, Ordering::Relaxed), Ordering::Relaxed);
        slot.cancel_key_len.store(0, Ordering::Release);
        slot.kind.store(0, Ordering::Release);
        self.pids[index].store(0, Ordering::Release);
        let mut free = self.table.free.exclusive();
        let pool = kind.pool() as usize;
        self.next_free[index].store(free.first[pool], Ordering::Relaxed);
        free.first[pool] = number.0 + 1;
        free.count[pool] += 1;
    }

    /// How many there may be.
    pub fn capacity(&self) -> Capacity {
        self.capacity
    }

    /// How many more processes of this kind there may be now.
    pub fn free_slots(&self, kind: ProcessKind) -> u32 {
        self.table.free.share().count[kind.pool() as usize]
    }

    /// All slots, taken or free, by [`ProcNumber`].
    pub fn slots(&self) -> &'static [Slot] {
        self.slots.get_all()
    }

    /// One slot.
    ///
    /// # Panics
    ///
    /// If there is no such number.
    pub fn slot(&self, number: ProcNumber) -> &'static Slot {
        &self.slots.get_all()[number.0 as usize]
    }

    /// The id of the process in a slot; `None` if the slot is free.
    pub fn pid(&self, number: ProcNumber) -> Option<i32> {
        self.pids.get(number.0 as usize).map(|pid| pid.load(Ordering::Acquire)).filter(|pid| *pid != 0)
    }

    /// The slot of the process with this id.
    pub fn find(&self, pid: i32) -> Option<ProcNumber> {
        let index = self.pids.iter().position(|p| p.load(Ordering::Acquire) == pid)?;
        (pid != 0).then_some(ProcNumber(index as u32))
    }

    /// The numbers of the slots that are taken.
    pub fn active(&self) -> impl Iterator<Item = ProcNumber> + '_ {
        let taken = self.pids.iter().enumerate().filter(|(_, pid)| pid.load(Ordering::Acquire) != 0);
        taken.map(|(index, _)| ProcNumber(index as u32))
    }

    /// Sets interrupt bits of another process and wakes it.
    pub fn interrupt(&self, number: ProcNumber, bits: Interrupt) {
        if let Some(slot) = self.slots.get(number.0 as usize) {
            slot.interrupt(bits);
        }
    }

    /// Serves a cancel request: interrupts the process `pid` if `key` is its cancel key. Compares in constant time.
    pub fn cancel(&self, pid: i32, key: &[u8]) -> bool {
        let Some(slot) = self.find(pid).map(|number| self.slot(number)) else { return false };
        let len = slot.cancel_key_len.load(Ordering::Acquire) as usize;
        let Some(expected) = slot.cancel_key().filter(|_| len == key.len()) else { return false };
        let difference = expected[..len].iter().zip(key).fold(0, |d, (a, b)| d | (a ^ b));
        if difference == 0 {
            slot.interrupt(Interrupt::CANCEL);
        }
        difference == 0
    }

    /// Asks the postmaster, whose process id is `postmaster`, to start one more autovacuum worker.
    pub fn request_worker(&self, postmaster: i32) {
        self.table.worker_requests.fetch_add(1, Ordering::AcqRel);
        let _ = sys::kill(postmaster, Signal::Usr1);
    }

    /// Asks the postmaster, whose process id is `postmaster`, to change the log's files.
    pub fn request_log_rotation(&self, postmaster: i32) {
        self.table.rotation_requested.store(1, Ordering::Release);
        let _ = sys::kill(postmaster, Signal::Usr1);
    }

    /// Whether new log files were asked for since the last call; for the postmaster.
    pub fn take_log_rotation(&self) -> bool {
        self.table.rotation_requested.swap(0, Ordering::AcqRel) != 0
    }

    /// How many autovacuum workers were asked for since the last call; for the postmaster.
    pub fn take_worker_requests(&self) -> u32 {
        self.table.worker_requests.swap(0, Ordering::AcqRel)
    }

    /// Says why SIGQUIT will come: because another process crashed, or (false) because of an immediate shutdown.
    pub fn announce_quit(&self, crash: bool) {
        self.table.crashed.store(crash as u32, Ordering::Release);
    }
}

/// What to wait for on a file descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// Something to read, or the end.
    Read,
    /// Room to write.
    Write,
    /// Either.
    ReadWrite,
    /// Only that the other side is gone.
    Closed,
}

impl Readiness {
    fn flags(self) -> PollFlags {
        match self {
            Readiness::Read => PollFlags::IN,
            Readiness::Write => PollFlags::OUT,
            Readiness::ReadWrite => PollFlags::IN | PollFlags::OUT,
            Readiness::Closed => PollFlags::RDHUP,
        }
    }
}

/// Why a wait ended. None of the fields is set if it was for an interrupted system call: just look around.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wakeup {
    /// The latch is set.
    pub latch: bool,
    /// Time is up.
    pub timed_out: bool,
    /// Bit `n`: descriptor `n` is ready, or broken.
    pub ready: u64,
}

/// This process's own slot. Dropping it frees the slot.
pub struct Process {
    processes: Processes,
    number: ProcNumber,
    kind: ProcessKind,
    slot: &'static Slot,
    /// How often interrupts are held off.
    holds: AtomicU32,
    /// Whether the signal handlers point here.
    signals: AtomicBool,
}

impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in slot {}", self.kind.name(), self.number.0)
    }
}

impl Process {
    /// The slot's number.
    pub fn number(&self) -> ProcNumber {
        self.number
    }

    /// What this process is for.
    pub fn kind(&self) -> ProcessKind {
        self.kind
    }

    /// The whole table.
    pub fn processes(&self) -> &Processes {
        &self.processes
    }

    /// The slot.
    pub fn slot(&self) -> &'static Slot {
        self.slot
    }

    /// What wakes this process.
    pub fn latch(&self) -> &'static Latch {
        &self.slot.latch
    }

    /// Tells others which database and role this process works for.
    pub fn set_identity(&self, database: Oid, role: Oid) {
        self.slot.database.store(database.0, Ordering::Relaxed);
        self.slot.role.store(role.0, Ordering::Relaxed);
    }

    /// Sets the secret by which a client can cancel this process's statements: 1 to 32 bytes, more are cut off.
    pub fn set_cancel_key(&self, key: &[u8]) {
        let mut padded = [0; CANCEL_KEY_BYTES];
        let len = key.len().min(CANCEL_KEY_BYTES);
        padded[..len].copy_from_slice(&key[..len]);
        self.slot.cancel_key_len.store(0, Ordering::Release);
        for (word, bytes) in self.slot.cancel_key.iter().zip(padded.chunks_exact(8)) {
            word.store(u64::from_ne_bytes(bytes.try_into().unwrap_or_default()), Ordering::Relaxed);
        }
        self.slot.cancel_key_len.store(len as u32, Ordering::Release);
    }

    /// Raises what has interrupted this process, the gravest first: FATAL `57P01` (terminated, postmaster gone), `57014`
    /// (cancelled, timed out), `55P03` (lock timeout), `08006` (client gone), the idle timeouts, and `53200` (too much
    /// memory held). One load when there is nothing. To be called wherever a loop may take long, never while holding locks that others wait for.
    ///
    /// # Errors
    ///
    /// The interrupt. A cancelled statement's bits are cleared by that; a terminated session's stay.
    #[inline(always)]
    pub fn check_interrupts(&self) -> Result<()> {
        if self.slot.interrupts.load(Ordering::Relaxed) & Interrupt::RAISED.0 == 0 { Ok(()) } else { self.raise() }
    }

    #[cold]
    fn raise(&self) -> Result<()> {
        if self.holds.load(Ordering::Relaxed) > 0 {
            return Ok(());
        }
        let bits = Interrupt(self.slot.interrupts.load(Ordering::SeqCst));
        match bits.to_error(self.kind) {
            Some((error, settled)) => {
                self.slot.interrupts.fetch_and(!settled.0, Ordering::SeqCst);
                Err(error)
            }
            None if self.take(Interrupt::MEMORY) => sys::memory::check(),
            None => Ok(()),
        }
    }

    /// Whether any of these interrupts is there; they stay.
    #[inline]
    pub fn is_interrupted(&self, bits: Interrupt) -> bool {
        self.slot.interrupts.load(Ordering::Relaxed) & bits.0 != 0
    }

    /// Whether any of these interrupts was there; they are cleared.
    #[inline]
    pub fn take(&self, bits: Interrupt) -> bool {
        self.is_interrupted(bits) && self.slot.interrupts.fetch_and(!bits.0, Ordering::SeqCst) & bits.0 != 0
    }

    /// While the value lives, [`check_interrupts`](Process::check_interrupts) raises nothing: for short stretches that must
    /// not be left half done.
    pub fn hold_interrupts(&self) -> HeldInterrupts<'_> {
        self.holds.fetch_add(1, Ordering::Relaxed);
        HeldInterrupts(self)
    }

    /// Starts (or restarts) a deadline: `after` from now, the timeout's interrupt is set.
    pub fn set_timeout(&self, timeout: Timeout, after: Duration) {
        let now = sys::timer::monotonic_us();
        let at = now.saturating_add(after.as_micros().min(1 << 60) as u64).max(1);
        self.slot.deadlines[timeout as usize].store(at, Ordering::SeqCst);
        if !self.signals.load(Ordering::Relaxed) {
            return;
        }
        // An alarm that rings earlier than needed is harmless: it sees that nothing is due and sets itself anew. So a
        // timeout that is set and cleared with every statement costs no system call.
        let alarm = self.slot.alarm_us.load(Ordering::SeqCst);
        if alarm == 0 || alarm > at {
            self.slot.alarm_us.store(at, Ordering::SeqCst);
            sys::timer::set_alarm(Duration::from_micros(at.saturating_sub(now)));
        }
    }

    /// Takes a deadline back, and the interrupt too if it had passed.
    pub fn clear_timeout(&self, timeout: Timeout) {
        self.slot.deadlines[timeout as usize].store(0, Ordering::SeqCst);
        let raised = Timeout::RAISES[timeout as usize];
        if self.is_interrupted(raised) {
            self.slot.interrupts.fetch_and(!raised.0, Ordering::SeqCst);
        }
    }

    /// Whether a deadline is running.
    pub fn timeout_is_set(&self, timeout: Timeout) -> bool {
        self.slot.deadlines[timeout as usize].load(Ordering::Relaxed) != 0
    }

    /// Says what this process waits for until the value is dropped.
    pub fn waiting_for(&self, event: WaitEvent) -> Waiting {
        self.slot.wait_event.store(event.0, Ordering::Relaxed);
        Waiting(self.slot)
    }

    /// Sleeps until the latch is set, a descriptor is ready, `timeout` is over, or an interrupt comes. Does not reset the
    /// latch and does not raise interrupts: see [`Latch`] for the loop around it.
    ///
    /// # Errors
    ///
    /// A failed `poll`; more than 63 descriptors.
    pub fn wait(
        &self,
        descriptors: &[(BorrowedFd<'_>, Readiness)],
        timeout: Option<Duration>,
        event: WaitEvent,
    ) -> Result<Wakeup> {
        if descriptors.len() > 63 {
            return Err(Error::internal("too many descriptors to wait for"));
        }
        let own = self.processes.events[self.number.0 as usize].as_fd();
        let first = PollFd::new(&own, PollFlags::IN);
        // Nearly all waits are for one socket at most; those need no allocation.
        let mut few = [first.clone(), first];
        let mut many;
        let polled: &mut [PollFd<'_>] = match descriptors {
            [] => &mut few[..1],
            [(fd, readiness)] => {
                few[1] = PollFd::from_borrowed_fd(*fd, readiness.flags());
                &mut few
            }
            _ => {
                many = Vec::with_capacity(descriptors.len() + 1);
                many.push(PollFd::from_borrowed_fd(own, PollFlags::IN));
                many.extend(descriptors.iter().map(|(fd, r)| PollFd::from_borrowed_fd(*fd, r.flags())));
                &mut many
            }
        };

        let awake = self.slot.latch.begin_sleep();
        let now = sys::timer::monotonic_us();
        let until = timeout.map(|t| now.saturating_add(t.as_micros().min(1 << 60) as u64));
        // Without an alarm clock of our own, deadlines end waits.
        let deadline = if self.signals.load(Ordering::Relaxed) { None } else { self.slot.fire_deadlines() };
        let end = match (until, deadline) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        let left = if awake || self.slot.latch.is_set() { Some(0) } else { end.map(|end| end.saturating_sub(now)) };
        let left = left.map(|us| Timespec { tv_sec: (us / 1_000_000) as i64, tv_nsec: (us % 1_000_000 * 1000) as _ });
        let waiting = self.waiting_for(event);
        let result = poll(polled, left.as_ref());
        drop(waiting);
        let woken = !polled[0].revents().is_empty() && result.is_ok();
        self.slot.latch.end_sleep(woken.then_some(own));
        match result {
            Ok(_) | Err(rustix::io::Errno::INTR) => (),
            Err(e) => return Err(Error::io("poll() failed", &io::Error::from(e))),
        }
        if deadline.is_some() {
            self.slot.fire_deadlines();
        }
        let mut wakeup = Wakeup { latch: self.slot.latch.is_set(), ..Wakeup::default() };
        if result.is_ok() {
            for (n, fd) in polled[1..].iter().enumerate() {
                wakeup.ready |= (!fd.revents().is_empty() as u64) << n;
            }
        }
        wakeup.timed_out =
            !wakeup.latch && wakeup.ready == 0 && until.is_some_and(|until| sys::timer::monotonic_us() >= until);
        Ok(wakeup)
    }

    /// Sleeps on this process's semaphore until it is released, an interrupt comes, or `timeout` is over.
    pub fn wait_semaphore(&self, timeout: Option<Duration>, event: WaitEvent) -> Acquired {
        let _waiting = self.waiting_for(event);
        if self.signals.load(Ordering::Relaxed) {
            return self.slot.semaphore.acquire(timeout);
        }
        let next = self.slot.fire_deadlines();
        let now = sys::timer::monotonic_us();
        let deadline = next.map(|at| Duration::from_micros(at.saturating_sub(now)));
        match (timeout, deadline) {
            (timeout, Some(deadline)) if timeout.is_none_or(|t| deadline < t) => {
                match self.slot.semaphore.acquire(Some(deadline)) {
                    Acquired::TimedOut => {
                        self.slot.fire_deadlines();
                        Acquired::Interrupted
                    }
                    other => other,
                }
            }
            (timeout, _) => self.slot.semaphore.acquire(timeout),
        }
    }

    /// Makes the signals of this (real) process set the bits of this slot, and lets them through:
    ///
    /// | signal | effect |
    /// |---|---|
    /// | HUP | `RELOAD` |
    /// | INT | `CANCEL` |
    /// | TERM | `TERMINATE` |
    /// | USR1 | wakes |
    /// | USR2 | `USER` |
    /// | ALRM | deadlines |
    /// | PWR | `POSTMASTER_DIED`; sent by the kernel if `parent` dies |
    /// | QUIT | says the last words ([`set_last_words`](Process::set_last_words)) and ends the process with code 2 |
    /// | PIPE | ignored |
    ///
    /// `parent` is the postmaster's id, if the process has one.
    pub fn handle_signals(&self, parent: Option<i32>) {
        const HANDLED: [Signal; 8] = [
            Signal::Hup,
            Signal::Int,
            Signal::Term,
            Signal::Usr1,
            Signal::Usr2,
            Signal::Alrm,
            Signal::Pwr,
            Signal::Quit,
        ];
        SLOT.store(self.slot as *const Slot as *mut Slot, Ordering::SeqCst);
        let pending = PENDING.swap(0, Ordering::SeqCst);
        if pending != 0 {
            self.slot.interrupt(Interrupt(pending));
        }
        CRASHED.store(&raw const self.processes.table.get().crashed as *mut AtomicU32, Ordering::Release);
        self.signals.store(true, Ordering::Release);
        for signal in HANDLED {
            // SAFETY: `on_signal` is async-signal-safe: atomics, futex and write calls, clock and timer, `_exit`.
            unsafe { sys::signal::handle(signal, on_signal) };
        }
        sys::signal::ignore(Signal::Pipe);
        sys::signal::restore_default(Signal::Chld);
        sys::signal::unblock(&HANDLED);
        sys::signal::unblock(&[Signal::Chld, Signal::Pipe]);
        if let Some(parent) = parent {
            sys::process::on_parent_death(Signal::Pwr);
            if sys::process::parent_id() != parent {
                self.slot.interrupt(Interrupt::POSTMASTER_DIED);
            }
        }
    }

    /// Charges what this process allocates from now on to its slot and to the server's account, within limits in bytes
    /// (`None`: none) for this process and for all charged processes together. What exceeds them is raised by
    /// [`check_interrupts`](Process::check_interrupts) and by [`sys::memory::check`]. Called again, it changes the limits.
    /// Without the process's signals (threads in tests) it does nothing: the account is the process's.
    pub fn charge_memory(&self, own: Option<u64>, all: Option<u64>) {
        if !self.signals.load(Ordering::Relaxed) {
            return;
        }
        let total = &raw const self.processes.table.get().memory as *mut AtomicI64;
        if ACCOUNT.swap(total, Ordering::AcqRel).is_null() {
            sys::memory::observe(Some(&CHARGING));
        }
        sys::memory::limit(own, all);
    }

    /// What SIGQUIT writes to the client before the process ends: one message for an immediate shutdown, one for the crash
    /// of another process (both ready for the wire). The socket must not be encrypted, and stay open.
    pub fn set_last_words(&self, socket: BorrowedFd<'_>, shutdown: Vec<u8>, crash: Vec<u8>) {
        let words = Box::into_raw(Box::new(LastWords { socket: socket.as_raw_fd(), shutdown, crash }));
        LAST_WORDS.store(words, Ordering::SeqCst);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.signals.load(Ordering::Relaxed) {
            sys::timer::clear_alarm();
            if !ACCOUNT.swap(std::ptr::null_mut(), Ordering::AcqRel).is_null() {
                sys::memory::observe(None);
            }
            SLOT.store(std::ptr::null_mut(), Ordering::Release);
            let words = LAST_WORDS.swap(std::ptr::null_mut(), Ordering::SeqCst);
            if !words.is_null() {
                // SAFETY: `set_last_words` leaked it, and the swap makes this its only owner: the handler that may still hold
                // the pointer runs on this thread and does not return.
                drop(unsafe { Box::from_raw(words) });
            }
        }
        self.processes.release(self.number, self.kind);
    }
}

/// While it lives, interrupts wait.
#[must_use = "interrupts come through at once"]
#[derive(Debug)]
pub struct HeldInterrupts<'a>(&'a Process);

impl Drop for HeldInterrupts<'_> {
    fn drop(&mut self) {
        self.0.holds.fetch_sub(1, Ordering::Relaxed);
    }
}

/// While it lives, others see what the process waits for.
#[must_use = "the wait ends at once"]
#[derive(Debug)]
pub struct Waiting(&'static Slot);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.wait_event.store(0, Ordering::Relaxed);
    }
}

struct LastWords {
    socket: i32,
    shutdown: Vec<u8>,
    crash: Vec<u8>,
}

/// Whether SIGTERM came while this process held no slot. It stays so until a slot is taken, which is then interrupted.
pub fn terminated() -> bool {
    PENDING.load(Ordering::SeqCst) & Interrupt::TERMINATE.0 != 0
}

/// The slot that this process's signal handlers write to.
static SLOT: AtomicPtr<Slot> = AtomicPtr::new(std::ptr::null_mut());
/// What came while the process had no slot, between two sessions.
static PENDING: AtomicU32 = AtomicU32::new(0);
static CRASHED: AtomicPtr<AtomicU32> = AtomicPtr::new(std::ptr::null_mut());
/// The server's account, while this process is charged.
static ACCOUNT: AtomicPtr<AtomicI64> = AtomicPtr::new(std::ptr::null_mut());
static LAST_WORDS: AtomicPtr<LastWords> = AtomicPtr::new(std::ptr::null_mut());

extern "C" fn on_signal(number: i32) {
    if number == Signal::Quit.number() {
        quit();
    }
    let slot = SLOT.load(Ordering::Acquire);
    if slot.is_null() {
        match Signal::from_number(number) {
            Some(Signal::Term) => drop(PENDING.fetch_or(Interrupt::TERMINATE.0, Ordering::SeqCst)),
            Some(Signal::Hup) => drop(PENDING.fetch_or(Interrupt::RELOAD.0, Ordering::SeqCst)),
            _ => (),
        }
        return;
    }
    // SAFETY: it points into a segment that is never unmapped.
    let slot = unsafe { &*slot };
    match Signal::from_number(number) {
        Some(Signal::Hup) => slot.interrupt(Interrupt::RELOAD),
        Some(Signal::Int) => slot.interrupt(Interrupt::CANCEL),
        Some(Signal::Term) => slot.interrupt(Interrupt::TERMINATE),
        Some(Signal::Usr2) => slot.interrupt(Interrupt::USER),
        Some(Signal::Pwr) => slot.interrupt(Interrupt::POSTMASTER_DIED),
        Some(Signal::Alrm) => {
            slot.alarm_us.store(0, Ordering::SeqCst);
            if let Some(next) = slot.fire_deadlines() {
                slot.alarm_us.store(next, Ordering::SeqCst);
                sys::timer::set_alarm(Duration::from_micros(next.saturating_sub(sys::timer::monotonic_us())));
            }
        }
        _ => slot.interrupt(Interrupt(0)),
    }
}

static CHARGING: sys::memory::Observer = sys::memory::Observer {
    charge: |bytes| {
        let (slot, all) = (SLOT.load(Ordering::Acquire), ACCOUNT.load(Ordering::Acquire));
        // SAFETY: null, or into a segment that is never unmapped.
        let (Some(slot), Some(all)) = (unsafe { slot.as_ref() }, unsafe { all.as_ref() }) else { return 0 };
        slot.memory.fetch_add(bytes, Ordering::Relaxed);
        all.fetch_add(bytes, Ordering::Relaxed) + bytes
    },
    alarm: || {
        // SAFETY: as above.
        if let Some(slot) = unsafe { SLOT.load(Ordering::Acquire).as_ref() } {
            slot.interrupts.fetch_or(Interrupt::MEMORY.0, Ordering::SeqCst);
        }
    },
};

fn quit() -> ! {
    let (words, crashed) = (LAST_WORDS.load(Ordering::Acquire), CRASHED.load(Ordering::Acquire));
    if !words.is_null() {
        // SAFETY: a box that is freed only after the pointer is taken away, and a segment that is never unmapped.
        let (words, crashed) = unsafe { (&*words, crashed.as_ref()) };
        let crash = crashed.is_some_and(|c| c.load(Ordering::Relaxed) != 0);
        let message = if crash { &words.crash } else { &words.shutdown };
        // SAFETY: the caller of `set_last_words` keeps the socket open. One write: what the client does not take at once
        // is lost, for nothing may hold the process up.
        let socket = unsafe { BorrowedFd::borrow_raw(words.socket) };
        let _ = rustix::net::send(socket, message, rustix::net::SendFlags::DONTWAIT | rustix::net::SendFlags::NOSIGNAL);
    }
    sys::exit_now(2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    fn table(backends: u32) -> Processes {
        let mut layout = Layout::new();
        let request = Processes::layout(&mut layout, Capacity::small(backends));
        Processes::attach(&layout.map().unwrap(), request).unwrap()
    }

    const EVENT: WaitEvent = WaitEvent(0);

    #[test]
    fn slots_are_taken_and_given_back() {
        let processes = table(3);
        let mut held: Vec<Process> = (0..3).map(|_| processes.register(ProcessKind::Backend).unwrap()).collect();
        let refused = processes.register(ProcessKind::Backend).unwrap_err();
        assert_eq!(refused.state(), SqlState::TOO_MANY_CONNECTIONS);
        assert_eq!(refused.message(), "sorry, too many clients already");
        let _auxiliary = processes.register(ProcessKind::Checkpointer).unwrap();
        assert_eq!(processes.active().count(), 4);
        let generation = processes.slot(held[1].number()).generation();
        let freed = held.remove(1).number();
        assert_eq!(processes.free_slots(ProcessKind::Backend), 1);
        let again = processes.register(ProcessKind::Backend).unwrap();
        assert_eq!(again.number(), freed);
        assert_eq!(again.slot().generation(), generation + 1);
    }

    #[test]
    fn latches_wake_across_threads() {
        let processes = table(2);
        let (a, b) =
            (processes.register(ProcessKind::Backend).unwrap(), processes.register(ProcessKind::Backend).unwrap());
        const ROUNDS: u64 = 3000;
        let counts = [AtomicU64::new(0), AtomicU64::new(0)];
        std::thread::scope(|scope| {
            for (number, me, other) in [(0, &a, &b), (1, &b, &a)] {
                let counts = &counts;
                scope.spawn(move || {
                    for round in 1..=ROUNDS {
                        counts[number].store(round, Ordering::SeqCst);
                        other.latch().set();
                        loop {
                            me.latch().reset();
                            if counts[1 - number].load(Ordering::SeqCst) >= round {
                                break;
                            }
                            let wakeup = me.wait(&[], Some(Duration::from_secs(20)), EVENT).unwrap();
                            assert!(!wakeup.timed_out, "a wake-up was lost");
                        }
                    }
                });
            }
        });
    }

    #[test]
    fn waits_end_by_socket_latch_or_time() {
        let processes = table(1);
        let me = processes.register(ProcessKind::Backend).unwrap();
        let (ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
        let started = Instant::now();
        let wakeup = me.wait(&[(ours.as_fd(), Readiness::Read)], Some(Duration::from_millis(20)), EVENT).unwrap();
        assert!(wakeup.timed_out && started.elapsed() >= Duration::from_millis(19));
        std::io::Write::write_all(&mut &theirs, b"x").unwrap();
        let wakeup = me.wait(&[(ours.as_fd(), Readiness::Read)], None, EVENT).unwrap();
        assert_eq!(wakeup, Wakeup { ready: 1, ..Wakeup::default() });
        let both = [(theirs.as_fd(), Readiness::Read), (ours.as_fd(), Readiness::ReadWrite)];
        assert_eq!(me.wait(&both, None, EVENT).unwrap().ready, 2);
        me.latch().set();
        assert!(me.wait(&[], None, EVENT).unwrap().latch);
        me.latch().reset();
        assert!(me.wait(&[], Some(Duration::ZERO), EVENT).unwrap().timed_out);
    }

    #[test]
    fn interrupts_are_raised_once_by_rank() {
        let processes = table(1);
        let me = processes.register(ProcessKind::Backend).unwrap();
        me.check_interrupts().unwrap();
        processes.interrupt(me.number(), Interrupt::CANCEL | Interrupt::RELOAD);
        let held = me.hold_interrupts();
        me.check_interrupts().unwrap();
        drop(held);
        let error = me.check_interrupts().unwrap_err();
        assert_eq!(
            (error.state(), error.message()),
            (SqlState::QUERY_CANCELED, "canceling statement due to user request")
        );
        me.check_interrupts().unwrap();
        assert!(me.take(Interrupt::RELOAD) && !me.take(Interrupt::RELOAD));
        processes.interrupt(me.number(), Interrupt::CANCEL | Interrupt::TERMINATE);
        for _ in 0..2 {
            assert_eq!(me.check_interrupts().unwrap_err().state(), SqlState::ADMIN_SHUTDOWN);
        }
    }

    #[test]
    fn cancel_keys_are_compared_whole() {
        let processes = table(1);
        let me = processes.register(ProcessKind::Backend).unwrap();
        let pid = sys::process::id();
        assert!(!processes.cancel(pid, b""));
        me.set_cancel_key(b"0123");
        assert!(!processes.cancel(pid, b"012") && !processes.cancel(pid, b"0124") && !processes.cancel(pid, b"01230"));
        assert!(!processes.cancel(pid + 1, b"0123") && !me.is_interrupted(Interrupt::CANCEL));
        assert!(processes.cancel(pid, b"0123") && me.is_interrupted(Interrupt::CANCEL));
    }

    #[test]
    fn timeouts_end_waits_without_signals() {
        let processes = table(1);
        let me = processes.register(ProcessKind::Backend).unwrap();
        me.set_timeout(Timeout::Statement, Duration::from_millis(20));
        while me.check_interrupts().is_ok() {
            assert!(!me.wait(&[], Some(Duration::from_secs(20)), EVENT).unwrap().timed_out);
            me.latch().reset();
        }
        me.set_timeout(Timeout::Lock, Duration::from_millis(20));
        let error = loop {
            assert_eq!(me.wait_semaphore(Some(Duration::from_secs(20)), EVENT), Acquired::Interrupted);
            if let Err(error) = me.check_interrupts() {
                break error;
            }
        };
        assert_eq!(error.message(), "canceling statement due to lock timeout");
    }

    /// A real process: signals set bits, the alarm rings in a busy loop, SIGQUIT says the last words.
    #[test]
    fn signals_interrupt_a_real_process() {
        let processes = table(2);
        let (ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
        let child = sys::fork(|| {
            let me = processes.register(ProcessKind::Backend).unwrap();
            me.handle_signals(None);
            me.set_last_words(theirs.as_fd(), b"shutdown".to_vec(), b"crash".to_vec());
            me.set_timeout(Timeout::Transaction, Duration::from_secs(60));
            me.set_timeout(Timeout::Statement, Duration::from_millis(10));
            let timed_out = loop {
                if let Err(e) = me.check_interrupts() {
                    break e;
                }
            };
            if timed_out.message() != "canceling statement due to statement timeout" {
                return 3;
            }
            let _ = std::io::Write::write_all(&mut &theirs, b"ready ");
            while me.check_interrupts().is_ok() {
                let _ = me.wait(&[], None, EVENT);
                me.latch().reset();
            }
            let _ = std::io::Write::write_all(&mut &theirs, b"cancelled ");
            loop {
                let _ = me.wait_semaphore(None, EVENT);
            }
        })
        .unwrap();
        let mut text = [0; 64];
        let mut expect = |what: &[u8]| {
            let n = std::io::Read::read(&mut &ours, &mut text).unwrap();
            assert_eq!(&text[..n], what);
        };
        expect(b"ready ");
        sys::kill(child, Signal::Int).unwrap();
        expect(b"cancelled ");
        processes.announce_quit(true);
        sys::kill(child, Signal::Quit).unwrap();
        expect(b"crash");
        assert_eq!(sys::process::wait(child).unwrap(), sys::Exit::Code(2));
        assert_eq!(processes.find(child).map(|n| processes.slot(n).kind()), Some(Some(ProcessKind::Backend)));
    }
}
