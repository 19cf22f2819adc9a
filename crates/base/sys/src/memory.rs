//! How much memory this process holds, and a bound on it.
//!
//! Every allocation is counted by the program's allocator, [`Counted`], so there is nothing that somebody could forget to
//! charge: values, trees of statements, hash tables, caches, what a client sent. Counting is an addition to a cell of the
//! thread; each [`STEP`] it is added to the process's account, which may pass it on ([`Observer`]) to an account of the
//! whole server. Memory that is shared between processes is not counted.
//!
//! The allocator never refuses: Rust code that cannot allocate aborts. Instead an account that outgrows its limit raises
//! an alarm, and whoever may fail asks [`check`] in its loops (one load when there is nothing) and gets `53200`. Unwinding
//! frees the memory, as with any error. What is allocated at once, in one piece, asks before ([`admit`]); everything
//! else passes a check before it has grown by much more than a step.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ptr::null_mut;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicPtr, Ordering};

use error::{Error, Result, SqlState};

/// Bytes that a thread may allocate or free before the process's account hears of it.
pub const STEP: i64 = 64 << 10;

/// What a process may always hold, in bytes, however much the others do: so that the small ones go on while one that took
/// too much fails.
const FLOOR: i64 = 16 << 20;

/// The system's allocator, and a count of what it gave.
#[derive(Debug, Default, Clone, Copy)]
pub struct Counted;

thread_local! {
    /// Bytes allocated less bytes freed that the process's account does not know of. It needs no initialisation and no destructor, so
    /// that the allocator may use it at any time of a thread's life.
    static UNREPORTED: Cell<i64> = const { Cell::new(0) };
}

/// Bytes that the process holds, up to a step per thread.
static HELD: AtomicI64 = AtomicI64::new(0);
/// What it held when its limit was set: its program's and its parent's memory.
static BASE: AtomicI64 = AtomicI64::new(0);
/// Bytes above the base that it may hold.
static LIMIT: AtomicI64 = AtomicI64::new(i64::MAX);
/// Bytes that all observed processes hold, and may hold.
static ALL: AtomicI64 = AtomicI64::new(0);
static ALL_LIMIT: AtomicI64 = AtomicI64::new(i64::MAX);
/// Whether a limit was exceeded since [`check`] looked.
static ALARM: AtomicBool = AtomicBool::new(false);
static OBSERVER: AtomicPtr<Observer> = AtomicPtr::new(null_mut());

/// Who hears of what the process allocates. Both are called by the allocator: they must not allocate.
#[derive(Debug)]
pub struct Observer {
    /// The process holds so many bytes more or less; gives what all processes hold together.
    pub charge: fn(i64) -> i64,
    /// A limit is exceeded: see to it that [`check`] is called soon.
    pub alarm: fn(),
}

// SAFETY: all memory is the system allocator's, called with the arguments it was called with; the counters allocate nothing, and
// do not unwind.
unsafe impl GlobalAlloc for Counted {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as i64);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    #[inline]
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as i64));
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(pointer, layout) }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as i64);
        // SAFETY: the caller's promise.
        unsafe { System.alloc_zeroed(layout) }
    }

    #[inline]
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        count(new_size as i64 - layout.size() as i64);
        // SAFETY: the caller's promise.
        unsafe { System.realloc(pointer, layout, new_size) }
    }
}

#[inline(always)]
fn count(bytes: i64) {
    UNREPORTED.with(|unreported| {
        let sum = unreported.get() + bytes;
        if -STEP < sum && sum < STEP {
            unreported.set(sum);
        } else {
            unreported.set(0);
            report(sum);
        }
    });
}

#[cold]
fn report(bytes: i64) {
    let held = HELD.fetch_add(bytes, Ordering::Relaxed) + bytes - BASE.load(Ordering::Relaxed);
    let observer = OBSERVER.load(Ordering::Acquire);
    // SAFETY: null, or from a reference that lives for ever.
    let observer = unsafe { observer.as_ref() };
    let all = observer.map_or(0, |observer| (observer.charge)(bytes));
    ALL.store(all, Ordering::Relaxed);
    if bytes > 0 && excess(held, all).is_some() {
        ALARM.store(true, Ordering::Relaxed);
        if let Some(observer) = observer {
            (observer.alarm)();
        }
    }
}

/// Which limit is exceeded.
enum Excess {
    Own,
    All,
}

fn excess(held: i64, all: i64) -> Option<Excess> {
    if held > LIMIT.load(Ordering::Relaxed) {
        Some(Excess::Own)
    } else if all > ALL_LIMIT.load(Ordering::Relaxed) && held > FLOOR {
        Some(Excess::All)
    } else {
        None
    }
}

/// Bytes that this process holds beyond those it had when [`observe`] was called.
pub fn held() -> u64 {
    (HELD.load(Ordering::Relaxed) - BASE.load(Ordering::Relaxed)).max(0) as u64
}

/// The same to the byte, as far as this thread is concerned: what it has not reported yet counts, too.
pub fn held_exactly() -> u64 {
    let held = HELD.load(Ordering::Relaxed) - BASE.load(Ordering::Relaxed);
    (held + UNREPORTED.with(std::cell::Cell::get)).max(0) as u64
}

/// From now on the process's account begins at zero and `observer` hears of it; without one nothing is limited.
pub fn observe(observer: Option<&'static Observer>) {
    limit(None, None);
    let pointer = observer.map_or(null_mut(), |observer| observer as *const Observer as *mut Observer);
    BASE.store(HELD.load(Ordering::Relaxed), Ordering::Relaxed);
    OBSERVER.store(pointer, Ordering::Release);
}

/// Sets how many bytes this process, and all observed processes together, may hold; `None`: any number.
pub fn limit(own: Option<u64>, all: Option<u64>) {
    let bound = |bytes: Option<u64>| bytes.map_or(i64::MAX, |bytes| bytes.min(i64::MAX as u64) as i64);
    LIMIT.store(bound(own), Ordering::Relaxed);
    ALL_LIMIT.store(bound(all), Ordering::Relaxed);
    ALARM.store(false, Ordering::Relaxed);
}

/// Forgets an alarm that nobody has asked about.
pub fn clear_alarm() {
    ALARM.store(false, Ordering::Relaxed);
}

/// For loops that allocate and may fail: one load when all is well.
///
/// # Errors
///
/// `53200` if the process holds more than it may.
#[inline(always)]
pub fn check() -> Result<()> {
    if ALARM.load(Ordering::Relaxed) { examine(0) } else { Ok(()) }
}

/// For who is about to allocate this many bytes in one piece.
///
/// # Errors
///
/// `53200` if the process would hold more than it may.
#[inline]
pub fn admit(bytes: usize) -> Result<()> {
    if (bytes as u64) < STEP as u64 { Ok(()) } else { examine(bytes as i64) }
}

#[cold]
fn examine(more: i64) -> Result<()> {
    ALARM.store(false, Ordering::Relaxed);
    let held = (HELD.load(Ordering::Relaxed) - BASE.load(Ordering::Relaxed)).saturating_add(more);
    let all = ALL.load(Ordering::Relaxed).saturating_add(more);
    let Some(excess) = excess(held, all) else { return Ok(()) };
    let text = |bytes: i64| format!("{} kB", bytes / 1024);
    let detail = match excess {
        Excess::Own => {
            format!("The session needs {}, and may hold {}.", text(held), text(LIMIT.load(Ordering::Relaxed)))
        }
        Excess::All => {
            format!("All sessions need {}, and may hold {}.", text(all), text(ALL_LIMIT.load(Ordering::Relaxed)))
        }
    };
    let hint = match excess {
        Excess::Own => "See the parameter \"oliphant.session_memory_limit\".",
        Excess::All => "See the parameter \"oliphant.server_memory_limit\".",
    };
    Err(Error::new(SqlState::OUT_OF_MEMORY, "out of memory").detail(detail).hint(hint))
}

/// Bytes of memory that the machine, or the control group this process runs in, has. Asked for once.
pub fn machine() -> u64 {
    static MACHINE: OnceLock<u64> = OnceLock::new();
    *MACHINE.get_or_init(|| {
        let read = |path: &str| std::fs::read_to_string(path).ok();
        let total = read("/proc/meminfo").and_then(|text| {
            let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
            line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
        });
        let groups = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];
        let group = groups.iter().filter_map(|path| read(path)?.trim().parse::<u64>().ok()).min();
        total.unwrap_or(4 << 30).min(group.unwrap_or(u64::MAX))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicU64;

    #[global_allocator]
    static ALLOCATOR: Counted = Counted;
    static CHARGED: AtomicI64 = AtomicI64::new(0);
    static ALARMS: AtomicU64 = AtomicU64::new(0);
    static OBSERVING: Observer = Observer {
        charge: |bytes| CHARGED.fetch_add(bytes, Ordering::Relaxed) + bytes,
        alarm: || {
            ALARMS.fetch_add(1, Ordering::Relaxed);
        },
    };

    /// One test, because the account is the process's.
    #[test]
    fn what_is_allocated_is_charged_and_bounded() {
        observe(Some(&OBSERVING));
        let near = |bytes: u64, expected: u64| bytes.abs_diff(expected) < 1 << 20;
        let mut bytes: Vec<u8> = vec![1; 40 << 20];
        assert!(near(held(), 40 << 20), "{}", held());
        bytes.reserve_exact(40 << 20);
        assert!(near(held(), 80 << 20), "{}", held());
        assert!(near(CHARGED.load(Ordering::Relaxed) as u64, 80 << 20));
        drop(bytes);
        assert!(near(held(), 0), "{}", held());
        let small: Vec<Box<[u8; 100]>> = (0..100_000).map(|_| Box::new([0; 100])).collect();
        assert!(near(held(), 10_800_000), "{}", held());
        drop(small);

        limit(Some(30 << 20), None);
        let fits = vec![0u8; 20 << 20];
        check().unwrap();
        admit(5 << 20).unwrap();
        assert_eq!(admit(20 << 20).unwrap_err().state(), SqlState::OUT_OF_MEMORY);
        let more = vec![0u8; 20 << 20];
        assert!(ALARMS.load(Ordering::Relaxed) > 0);
        let error = check().unwrap_err();
        assert_eq!((error.state(), error.message()), (SqlState::OUT_OF_MEMORY, "out of memory"));
        check().unwrap();
        drop(more);
        let again = vec![0u8; 20 << 20];
        drop(again);
        check().expect("what was freed before anybody asked");

        // Others hold much: who is small goes on.
        limit(None, Some(100 << 20));
        CHARGED.fetch_add(90 << 20, Ordering::Relaxed);
        let large = vec![0u8; 20 << 20];
        assert!(check().unwrap_err().fields().detail.as_deref().unwrap_or_default().starts_with("All sessions"));
        drop((fits, large));
        let little = vec![0u8; 12 << 20];
        check().unwrap();
        drop(little);
        observe(None);
        let free = vec![0u8; 40 << 20];
        check().unwrap();
        drop(free);
        assert!(machine() > 1 << 28);
    }
}
