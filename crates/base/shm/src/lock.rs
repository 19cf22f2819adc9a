//! Light-weight locks: short, shared or exclusive, on a futex.
//!
//! # The algorithm
//!
//! The whole lock is one 32-bit word:
//!
//! ```text
//!  31      30             29             28          27 … 0
//! ┌───┬──────────────┬──────────────┬───────────┬──────────────┐
//! │ 0 │ readers wait │ writers wait │ exclusive │ shared count │
//! └───┴──────────────┴──────────────┴───────────┴──────────────┘
//! ```
//!
//! Taking a free lock is one compare-and-swap. Who finds it held spins a little, then says so in a wait bit and sleeps on
//! the word. The last holder to leave a lock with wait bits clears them and wakes one writer and all readers; those compete
//! with whoever else comes. A writer who slept takes the lock with *writers wait* still set, because others may sleep.
//!
//! *Fairness*: a new reader does not join while a writer waits, so writers do not starve; a reader who has slept once joins
//! even then, so readers do not starve either. (Hence nobody may take the same lock shared twice: ranks see to that.)
//!
//! # Ranks
//!
//! Locks are taken in the order of their [`Rank`]s; debug builds panic on a violation. `try_` forms are exempt.

use std::cell::UnsafeCell;
use std::fmt;
use std::marker::PhantomData;
use std::num::NonZeroU32;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::thread::futex;

use crate::Shared;

/// A place in the order in which locks are taken: the one list of all of them. Zero is not checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank(pub u8);

impl Rank {
    /// Not in the order: a lock under which no other is taken, or a test's.
    pub const NONE: Rank = Rank(0);
    /// Partitions of the heavyweight lock table.
    pub const LOCK_TABLE: Rank = Rank(10);
    /// A process's fast-path locks.
    pub const LOCK_FAST_PATH: Rank = Rank(12);
    /// Contents of a buffer. Several may be held, in the order that the access methods document.
    pub const BUFFER_CONTENT: Rank = Rank(20);
    /// Partitions of the notes of what serializable transactions read.
    pub const PREDICATE_LOCKS: Rank = Rank(24);
    /// Serializable transactions and their conflicts.
    pub const SERIALIZABLE: Rank = Rank(26);
    /// Partitions of the map from pages to buffers.
    pub const BUFFER_MAPPING: Rank = Rank(30);
    /// The buffer pool's small tables (free list, fsync queue).
    pub const BUFFER_POOL: Rank = Rank(34);
    /// The names of prepared transactions.
    pub const PREPARED_NAMES: Rank = Rank(36);
    /// A prepared transaction, while its record is read or inserted.
    pub const PREPARED: Rank = Rank(38);
    /// WAL insertion.
    pub const WAL_INSERT: Rank = Rank(40);
    /// Writing the WAL to disk.
    pub const WAL_WRITE: Rank = Rank(44);
    /// Pages of the transaction tables (CSN log, subtransactions, multixacts).
    pub const TRANSACTION_PAGES: Rank = Rank(50);
    /// The transaction tables' own state: id counters, running transactions.
    pub const TRANSACTION_TABLES: Rank = Rank(54);
    /// The queue of cache invalidations.
    pub const INVALIDATIONS: Rank = Rank(60);
    /// The process table's free lists.
    pub const PROCESS_TABLE: Rank = Rank(70);
    /// Statistics counters.
    pub const STATISTICS: Rank = Rank(80);

    /// Whether a process may hold several locks of this rank (their order is documented by their users).
    #[cfg(debug_assertions)]
    const fn repeats(self) -> bool {
        matches!(self, Rank::BUFFER_CONTENT | Rank::LOCK_TABLE | Rank::WAL_INSERT | Rank::TRANSACTION_PAGES)
    }
}

#[cfg(debug_assertions)]
mod held {
    use super::Rank;
    use std::cell::RefCell;

    thread_local! {
        static HELD: RefCell<Vec<Rank>> = const { RefCell::new(Vec::new()) };
    }

    pub(super) fn check(rank: Rank) {
        if rank == Rank::NONE {
            return;
        }
        let _ = HELD.try_with(|held| {
            if let Some(&highest) = held.borrow().iter().max() {
                let ok = rank > highest || rank == highest && rank.repeats();
                assert!(ok, "lock of rank {} taken while one of rank {} is held", rank.0, highest.0);
            }
        });
    }

    pub(super) fn push(rank: Rank) {
        let _ = HELD.try_with(|held| held.borrow_mut().push(rank));
    }

    pub(super) fn pop(rank: Rank) {
        let _ = HELD.try_with(|held| {
            let mut held = held.borrow_mut();
            if let Some(at) = held.iter().rposition(|&r| r == rank) {
                held.remove(at);
            }
        });
    }
}

#[cfg(not(debug_assertions))]
mod held {
    use super::Rank;
    #[inline(always)]
    pub(super) fn check(_: Rank) {}
    #[inline(always)]
    pub(super) fn push(_: Rank) {}
    #[inline(always)]
    pub(super) fn pop(_: Rank) {}
}

const SHARED: u32 = 1;
const COUNT: u32 = (1 << 28) - 1;
const EXCLUSIVE: u32 = 1 << 28;
const WRITERS_WAIT: u32 = 1 << 29;
const READERS_WAIT: u32 = 1 << 30;
const HELD: u32 = COUNT | EXCLUSIVE;

/// Who wakes: the bits of `FUTEX_WAIT_BITSET`.
const READERS: NonZeroU32 = NonZeroU32::new(1).unwrap();
const WRITERS: NonZeroU32 = NonZeroU32::new(2).unwrap();

/// How often to look at a held lock before sleeping: a few hundred nanoseconds, less than a sleep costs.
const SPINS: u32 = 100;

/// A short lock, shared or exclusive. All zero is a free lock without a rank.
///
/// Hold it for microseconds, never across I/O that need not be, and never while waiting for another process. Not
/// reentrant, in either mode.
#[derive(Default)]
pub struct LwLock {
    state: AtomicU32,
    /// The rank, for debug builds; there always, so that layouts do not differ.
    rank: AtomicU32,
}

// SAFETY: two atomics; zero is a free lock.
unsafe impl Shared for LwLock {}

impl fmt::Debug for LwLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state.load(Ordering::Relaxed);
        match state & HELD {
            0 => f.write_str("free"),
            EXCLUSIVE => f.write_str("exclusive"),
            n => write!(f, "shared by {n}"),
        }
    }
}

/// A lock held in shared mode; dropping it releases the lock.
#[must_use = "the lock is released at once"]
#[derive(Debug)]
pub struct LwShared<'a> {
    lock: &'a LwLock,
    here: PhantomData<*const ()>,
}

/// A lock held in exclusive mode; dropping it releases the lock.
#[must_use = "the lock is released at once"]
#[derive(Debug)]
pub struct LwExclusive<'a> {
    lock: &'a LwLock,
    here: PhantomData<*const ()>,
}

impl LwLock {
    /// A free lock of this rank, outside shared memory.
    pub const fn new(rank: Rank) -> LwLock {
        LwLock { state: AtomicU32::new(0), rank: AtomicU32::new(rank.0 as u32) }
    }

    /// Gives a lock in shared memory its rank, when its subsystem is set up.
    pub fn set_rank(&self, rank: Rank) {
        self.rank.store(rank.0 as u32, Ordering::Relaxed);
    }

    #[inline(always)]
    fn rank(&self) -> Rank {
        Rank(self.rank.load(Ordering::Relaxed) as u8)
    }

    /// Takes the lock in shared mode.
    #[inline]
    pub fn share(&self) -> LwShared<'_> {
        if cfg!(debug_assertions) {
            held::check(self.rank());
        }
        if !self.try_share_state(false) {
            self.share_slow();
        }
        held::push(self.rank());
        LwShared { lock: self, here: PhantomData }
    }

    /// Takes the lock in exclusive mode.
    #[inline]
    pub fn exclusive(&self) -> LwExclusive<'_> {
        if cfg!(debug_assertions) {
            held::check(self.rank());
        }
        if self.state.compare_exchange(0, EXCLUSIVE, Ordering::Acquire, Ordering::Relaxed).is_err() {
            self.exclusive_slow();
        }
        held::push(self.rank());
        LwExclusive { lock: self, here: PhantomData }
    }

    /// Takes the lock in shared mode if that needs no waiting.
    #[inline]
    pub fn try_share(&self) -> Option<LwShared<'_>> {
        self.try_share_state(false).then(|| {
            held::push(self.rank());
            LwShared { lock: self, here: PhantomData }
        })
    }

    /// Takes the lock in exclusive mode if that needs no waiting.
    #[inline]
    pub fn try_exclusive(&self) -> Option<LwExclusive<'_>> {
        let state = self.state.load(Ordering::Relaxed);
        let free = state & HELD == 0
            && self.state.compare_exchange(state, state | EXCLUSIVE, Ordering::Acquire, Ordering::Relaxed).is_ok();
        free.then(|| {
            held::push(self.rank());
            LwExclusive { lock: self, here: PhantomData }
        })
    }

    /// Whether somebody holds it now; for assertions and statistics.
    pub fn is_held(&self) -> bool {
        self.state.load(Ordering::Relaxed) & HELD != 0
    }

    /// Whether somebody holds it exclusively now; for assertions and statistics.
    pub fn is_held_exclusively(&self) -> bool {
        self.state.load(Ordering::Relaxed) & EXCLUSIVE != 0
    }

    #[inline(always)]
    fn try_share_state(&self, patient: bool) -> bool {
        let closed = if patient { EXCLUSIVE } else { EXCLUSIVE | WRITERS_WAIT };
        let mut state = self.state.load(Ordering::Relaxed);
        while state & closed == 0 && state & COUNT != COUNT {
            match self.state.compare_exchange_weak(state, state + SHARED, Ordering::Acquire, Ordering::Relaxed) {
                Ok(_) => return true,
                Err(now) => state = now,
            }
        }
        false
    }

    #[cold]
    fn share_slow(&self) {
        let mut patient = false;
        loop {
            for _ in 0..SPINS {
                if self.try_share_state(patient) {
                    return;
                }
                std::hint::spin_loop();
            }
            // A free lock with WRITERS_WAIT set closes us out too, if a woken writer is still on its way to it. It will
            // pass, for that writer takes the lock and frees it with a wake for us. But a free lock wakes nobody by itself,
            // so we never sleep on one: we join it instead.
            let state = self.state.load(Ordering::Relaxed);
            if state & HELD == 0 {
                patient = true;
                continue;
            }
            self.sleep(state, READERS_WAIT, READERS);
            patient = true;
        }
    }

    #[cold]
    fn exclusive_slow(&self) {
        let mut keep = 0;
        loop {
            for _ in 0..SPINS {
                let state = self.state.load(Ordering::Relaxed);
                if state & HELD == 0 {
                    let taken = state | EXCLUSIVE | keep;
                    if self.state.compare_exchange(state, taken, Ordering::Acquire, Ordering::Relaxed).is_ok() {
                        return;
                    }
                }
                std::hint::spin_loop();
            }
            let state = self.state.load(Ordering::Relaxed);
            if state & HELD != 0 {
                self.sleep(state, WRITERS_WAIT, WRITERS);
                keep = WRITERS_WAIT;
            }
        }
    }

    /// Sets `bit` in a held lock's word and sleeps until woken; returns early if the word is no longer `state`.
    fn sleep(&self, state: u32, bit: u32, whom: NonZeroU32) {
        let waiting = state | bit;
        if state != waiting
            && self.state.compare_exchange(state, waiting, Ordering::Relaxed, Ordering::Relaxed).is_err()
        {
            return;
        }
        let _ = futex::wait_bitset(&self.state, futex::Flags::empty(), waiting, None, whom);
    }

    #[inline(always)]
    fn release_shared(&self) {
        held::pop(self.rank());
        let left = self.state.fetch_sub(SHARED, Ordering::Release) - SHARED;
        if left & HELD == 0 && left != 0 {
            self.wake();
        }
    }

    #[inline(always)]
    fn release_exclusive(&self) {
        held::pop(self.rank());
        let left = self.state.fetch_sub(EXCLUSIVE, Ordering::Release) - EXCLUSIVE;
        if left != 0 {
            self.wake();
        }
    }

    /// Wakes those who wait for a lock that was left free. If somebody takes it meanwhile, the wait bits stay, and waking
    /// is their duty when they leave.
    #[cold]
    fn wake(&self) {
        let mut state = self.state.load(Ordering::Relaxed);
        loop {
            if state & HELD != 0 || state == 0 {
                return;
            }
            match self.state.compare_exchange_weak(state, 0, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => break,
                Err(now) => state = now,
            }
        }
        if state & WRITERS_WAIT != 0 {
            let _ = futex::wake_bitset(&self.state, futex::Flags::empty(), 1, WRITERS);
        }
        if state & READERS_WAIT != 0 {
            let _ = futex::wake_bitset(&self.state, futex::Flags::empty(), i32::MAX as u32, READERS);
        }
    }
}

impl Drop for LwShared<'_> {
    #[inline]
    fn drop(&mut self) {
        self.lock.release_shared();
    }
}

impl Drop for LwExclusive<'_> {
    #[inline]
    fn drop(&mut self) {
        self.lock.release_exclusive();
    }
}

/// Data inside its lock.
///
/// ```
/// shm::shared! { pub struct Account { pub balance: i64, pub changes: u64 } }
/// let mut layout = shm::Layout::new();
/// let request = layout.one::<shm::LwCell<Account>>("account");
/// let account = layout.map().unwrap().one(request);
/// account.exclusive().balance += 5;
/// assert_eq!(account.share().balance, 5);
/// ```
#[derive(Default)]
pub struct LwCell<T> {
    lock: LwLock,
    value: UnsafeCell<T>,
}

// SAFETY: zero is a free lock around a zero T; the T is only reached through the lock.
unsafe impl<T: Shared> Shared for LwCell<T> {}
// SAFETY: the lock gives either shared access to a Sync T, or exclusive access to a Send T.
unsafe impl<T: Send + Sync> Sync for LwCell<T> {}

impl<T> LwCell<T> {
    /// A cell outside shared memory.
    pub const fn new(rank: Rank, value: T) -> LwCell<T> {
        LwCell { lock: LwLock::new(rank), value: UnsafeCell::new(value) }
    }

    /// Gives the lock its rank, when its subsystem is set up.
    pub fn set_rank(&self, rank: Rank) {
        self.lock.set_rank(rank);
    }

    /// Takes the lock in shared mode.
    #[inline]
    pub fn share(&self) -> CellRef<'_, T> {
        CellRef { _lock: self.lock.share(), value: &self.value }
    }

    /// Takes the lock in exclusive mode.
    #[inline]
    pub fn exclusive(&self) -> CellMut<'_, T> {
        CellMut { _lock: self.lock.exclusive(), value: &self.value }
    }

    /// Takes the lock in shared mode if that needs no waiting.
    #[inline]
    pub fn try_share(&self) -> Option<CellRef<'_, T>> {
        Some(CellRef { _lock: self.lock.try_share()?, value: &self.value })
    }

    /// Takes the lock in exclusive mode if that needs no waiting.
    #[inline]
    pub fn try_exclusive(&self) -> Option<CellMut<'_, T>> {
        Some(CellMut { _lock: self.lock.try_exclusive()?, value: &self.value })
    }

    /// The lock, to look at.
    pub fn lock(&self) -> &LwLock {
        &self.lock
    }
}

impl<T> fmt::Debug for LwCell<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LwCell ({:?})", self.lock)
    }
}

/// What is in an [`LwCell`], to read.
pub struct CellRef<'a, T> {
    _lock: LwShared<'a>,
    value: &'a UnsafeCell<T>,
}

/// What is in an [`LwCell`], to change.
pub struct CellMut<'a, T> {
    _lock: LwExclusive<'a>,
    value: &'a UnsafeCell<T>,
}

impl<T> Deref for CellRef<'_, T> {
    type Target = T;
    #[inline(always)]
    fn deref(&self) -> &T {
        // SAFETY: the shared lock is held as long as `self` lives, so nobody has a mutable reference.
        unsafe { &*self.value.get() }
    }
}

impl<T> Deref for CellMut<'_, T> {
    type Target = T;
    #[inline(always)]
    fn deref(&self) -> &T {
        // SAFETY: the exclusive lock is held as long as `self` lives, so nobody else has a reference.
        unsafe { &*self.value.get() }
    }
}

impl<T> DerefMut for CellMut<'_, T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: the exclusive lock is held as long as `self` lives, so nobody else has a reference.
        unsafe { &mut *self.value.get() }
    }
}

/// While one lives, a panic aborts the process instead of unwinding: shared data is half changed, and only a restart with
/// recovery can mend it.
#[derive(Debug)]
#[must_use = "the section ends at once"]
pub struct CriticalSection(PhantomData<*const ()>);

impl CriticalSection {
    /// Begins one; it ends when the value is dropped.
    #[expect(clippy::new_without_default, reason = "a guard is begun, not defaulted")]
    pub fn new() -> CriticalSection {
        CriticalSection(PhantomData)
    }
}

impl Drop for CriticalSection {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("PANIC:  a critical section failed");
            sys::process::abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Layout, Shm};
    use std::sync::atomic::AtomicU64;
    use std::time::{Duration, Instant};

    crate::shared! {
        struct Board { cell: LwCell<[u64; 4]>, inside: AtomicU64, torn: AtomicU64 }
    }

    fn board() -> Shm<Board> {
        let mut layout = Layout::new();
        let request = layout.one::<Board>("board");
        layout.map().unwrap().one(request)
    }

    /// Writers keep the four numbers equal and check that they are alone; readers check that the numbers are equal.
    fn work(board: &Board, seed: u64, rounds: u64) {
        let mut random = seed;
        for _ in 0..rounds {
            random = random.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            if random >> 61 == 0 {
                let mut four = board.cell.exclusive();
                if board.inside.fetch_add(1 << 32, Ordering::Relaxed) != 0 {
                    board.torn.fetch_add(1, Ordering::Relaxed);
                }
                for n in four.iter_mut() {
                    *n += 1;
                    std::hint::spin_loop();
                }
                board.inside.fetch_sub(1 << 32, Ordering::Relaxed);
            } else {
                let four = board.cell.share();
                if board.inside.fetch_add(1, Ordering::Relaxed) >> 32 != 0 || four.iter().any(|n| *n != four[0]) {
                    board.torn.fetch_add(1, Ordering::Relaxed);
                }
                board.inside.fetch_sub(1, Ordering::Relaxed);
            }
        }
    }

    #[test]
    fn threads_exclude_each_other() {
        let board = board();
        std::thread::scope(|scope| {
            for seed in 0..8 {
                scope.spawn(move || work(&board, seed, 40_000));
            }
        });
        assert_eq!(board.torn.load(Ordering::Relaxed), 0);
        assert!(!board.cell.lock().is_held());
        assert!(board.cell.share()[0] > 8 * 40_000 / 16);
    }

    #[test]
    fn processes_exclude_each_other() {
        let board = board();
        let children: Vec<i32> = (0..6)
            .map(|seed| {
                sys::fork(move || {
                    work(&board, seed, 40_000);
                    0
                })
                .unwrap()
            })
            .collect();
        for child in children {
            assert_eq!(sys::process::wait(child).unwrap(), sys::Exit::Code(0));
        }
        assert_eq!(board.torn.load(Ordering::Relaxed), 0);
        assert!(!board.cell.lock().is_held());
    }

    /// Readers overlap all the time, so a lock without a queue would keep the writer out for ever; and the reverse.
    #[test]
    fn nobody_starves() {
        let board = board();
        let stop = AtomicU64::new(0);
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    while stop.load(Ordering::Relaxed) == 0 {
                        let guard = board.cell.share();
                        std::thread::sleep(Duration::from_micros(200));
                        drop(guard);
                    }
                });
            }
            for _ in 0..2 {
                scope.spawn(|| {
                    while stop.load(Ordering::Relaxed) == 0 {
                        drop(board.cell.exclusive());
                    }
                });
            }
            let started = Instant::now();
            for _ in 0..100 {
                board.cell.exclusive()[0] += 1;
                let _ = board.cell.share()[0];
            }
            stop.store(1, Ordering::Relaxed);
            assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
        });
    }

    #[test]
    fn trying_does_not_wait() {
        let board = board();
        let reader = board.cell.share();
        assert!(board.cell.try_exclusive().is_none());
        drop(board.cell.try_share().unwrap());
        drop(reader);
        let writer = board.cell.try_exclusive().unwrap();
        assert!(board.cell.try_share().is_none());
        assert!(board.cell.try_exclusive().is_none());
        drop(writer);
        assert!(!board.cell.lock().is_held());
    }

    #[test]
    #[cfg(debug_assertions)]
    #[should_panic(expected = "rank 20 taken while one of rank 30")]
    fn ranks_rise() {
        let (low, high) = (LwLock::new(Rank::BUFFER_CONTENT), LwLock::new(Rank::BUFFER_MAPPING));
        drop((low.exclusive(), high.share()));
        let _high = high.share();
        let _low = low.share();
    }

    #[test]
    fn a_panic_in_a_critical_section_aborts() {
        let child = sys::fork(|| {
            std::panic::set_hook(Box::new(|_| {}));
            let _section = CriticalSection::new();
            panic!("on purpose");
        });
        assert_eq!(sys::process::wait(child.unwrap()).unwrap(), sys::Exit::Signal(6));
    }
}
