//! The table of all processes: slots are taken and given back, found and interrupted.
//!
//! Free slots are kept in lists, one for each stock of them, under one short lock; everything else is read without a lock.

use std::fmt;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, AtomicI64, AtomicU32, Ordering};

use error::{Error, Result, SqlState};
use rustix::event::{EventfdFlags, eventfd};
use sys::Signal;

use super::kind::POOLS;
use super::{Capacity, ProcNumber, Process, ProcessKind, Slot};
use crate::lock::{LwCell, Rank};
use crate::{Interrupt, Layout, Many, One, Segment, Shm, ShmSlice};

crate::shared! {
    #[derive(Debug)]
    pub(super) struct Table {
        free: LwCell<FreeSlots>,
        /// Why the postmaster sends SIGQUIT: zero: immediate shutdown; one: another process crashed.
        pub(super) crashed: AtomicU32,
        /// How many autovacuum workers the postmaster is asked to start.
        worker_requests: AtomicU32,
        /// Whether the postmaster is asked to change the log's files.
        rotation_requested: AtomicU32,
        /// Bytes of memory that all charged processes hold.
        pub(super) memory: AtomicI64,
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
    pub(super) table: Shm<Table>,
    slots: ShmSlice<Slot>,
    /// Process ids, zero if the slot is free: apart, because they are searched.
    pids: ShmSlice<AtomicI32>,
    next_free: ShmSlice<AtomicU32>,
    pub(super) events: Arc<[OwnedFd]>,
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
        Ok(Process::new(self.clone(), ProcNumber(index), kind, slot))
    }

    /// Bytes of private memory that all charged processes hold ([`Process::charge_memory`]).
    pub fn memory(&self) -> u64 {
        self.table.memory.load(Ordering::Relaxed).max(0) as u64
    }

    pub(super) fn release(&self, number: ProcNumber, kind: ProcessKind) {
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
