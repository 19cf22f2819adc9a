//! The segment: one anonymous shared mapping, laid out before it is made.

use std::fmt;
use std::marker::PhantomData;
use std::mem::needs_drop;
use std::ops::Deref;
use std::ptr::NonNull;
use std::sync::atomic::*;

use error::{Error, Result, SqlState};
use rustix::mm::{Advice, MapFlags, MprotectFlags, ProtFlags, madvise, mmap_anonymous, mprotect};

/// What may live in shared memory. Implement it with [`shared!`](crate::shared!).
///
/// # Safety
///
/// All bytes zero is a valid value; it holds no pointer or reference into a process's own memory, and no file descriptor
/// with ownership; it has no destructor; what another process may change through a shared reference is an atomic or
/// inside a lock (that is what `Sync` says).
pub unsafe trait Shared: Send + Sync + 'static {}

macro_rules! shared_types {
    // SAFETY: plain numbers and atomics: zero is valid, and there is nothing else in them.
    ($($type:ty),* $(,)?) => { $(unsafe impl Shared for $type {})* };
}

shared_types! {
    (), u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize, f32, f64, bool,
    AtomicU8, AtomicU16, AtomicU32, AtomicU64, AtomicUsize, AtomicI8, AtomicI16, AtomicI32, AtomicI64, AtomicIsize,
    AtomicBool,
    ids::Oid, ids::Xid, ids::MultiXactId, ids::CommandId, ids::Lsn, ids::TimelineId, ids::BlockNumber,
}

// SAFETY: an array of zero-valid elements is zero-valid, and holds nothing else.
unsafe impl<T: Shared, const N: usize> Shared for [T; N] {}
// SAFETY: as for arrays; padding has no meaning.
unsafe impl<A: Shared, B: Shared> Shared for (A, B) {}

/// Declares structs that may live in shared memory: every field must be [`Shared`].
///
/// ```
/// shm::shared! {
///     /// How often something happened.
///     #[derive(Debug)]
///     pub struct Counters {
///         /// Reads.
///         pub reads: std::sync::atomic::AtomicU64,
///         /// Writes.
///         pub writes: [std::sync::atomic::AtomicU64; 2],
///     }
/// }
/// let mut layout = shm::Layout::new();
/// let request = layout.one::<Counters>("counters");
/// let segment = layout.map().unwrap();
/// let counters = segment.one(request);
/// counters.reads.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
/// ```
#[macro_export]
macro_rules! shared {
    ($($(#[$meta:meta])* $vis:vis struct $name:ident { $($(#[$field_meta:meta])* $field_vis:vis $field:ident : $type:ty),* $(,)? })*) => {
        $(
            $(#[$meta])*
            $vis struct $name { $($(#[$field_meta])* $field_vis $field : $type,)* }
            // SAFETY: every field is zero-valid and free of pointers by the bounds; a destructor is refused below.
            unsafe impl $crate::Shared for $name where $($type: $crate::Shared,)* {}
            const _: () = assert!(!::std::mem::needs_drop::<$name>(), "shared memory has no destructors");
        )*
    };
}

/// Parts begin at multiples of this many bytes: two cache lines, since processors fetch them in pairs.
const PART_ALIGN: usize = 128;

/// The plan of a segment: every subsystem asks for its part before the segment is made.
#[derive(Debug)]
pub struct Layout {
    serial: u64,
    len: usize,
    parts: Vec<Part>,
}

/// A part of the segment, for `pg_shmem_allocations`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Whose it is.
    pub name: &'static str,
    /// Bytes from the segment's beginning.
    pub offset: usize,
    /// Its length in bytes.
    pub len: usize,
}

/// A promise of one `T` in the segment.
pub struct One<T> {
    serial: u64,
    offset: usize,
    of: PhantomData<fn() -> T>,
}

/// A promise of some `T`s in the segment.
pub struct Many<T> {
    serial: u64,
    offset: usize,
    len: usize,
    of: PhantomData<fn() -> T>,
}

impl<T> Clone for One<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for One<T> {}
impl<T> Clone for Many<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Many<T> {}

impl<T> fmt::Debug for One<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "One<{}> at {}", std::any::type_name::<T>(), self.offset)
    }
}
impl<T> fmt::Debug for Many<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} at {}", self.len, std::any::type_name::<T>(), self.offset)
    }
}

/// Whether to ask for huge pages (the setting `huge_pages`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HugePages {
    /// Never.
    #[default]
    Off,
    /// If the system has them.
    Try,
    /// Always: it is an error if the system has none.
    On,
}

impl Default for Layout {
    fn default() -> Self {
        Layout::new()
    }
}

impl Layout {
    /// An empty plan.
    pub fn new() -> Layout {
        static SERIAL: AtomicU64 = AtomicU64::new(1);
        Layout { serial: SERIAL.fetch_add(1, Ordering::Relaxed), len: 0, parts: Vec::new() }
    }

    /// Asks for one `T`, all zero at first.
    pub fn one<T: Shared>(&mut self, name: &'static str) -> One<T> {
        let Many { serial, offset, .. } = self.many::<T>(name, 1);
        One { serial, offset, of: PhantomData }
    }

    /// Asks for `len` `T`s, all zero at first. A length beyond all reason makes [`map`](Layout::map) fail.
    pub fn many<T: Shared>(&mut self, name: &'static str, len: usize) -> Many<T> {
        const { assert!(!needs_drop::<T>(), "shared memory has no destructors") };
        const { assert!(align_of::<T>() <= 4096, "the segment is aligned to pages") };
        let align = align_of::<T>().max(PART_ALIGN);
        let offset = self.len.checked_next_multiple_of(align).unwrap_or(usize::MAX);
        let bytes = size_of::<T>().saturating_mul(len);
        self.len = offset.saturating_add(bytes);
        self.parts.push(Part { name, offset, len: bytes });
        Many { serial: self.serial, offset, len, of: PhantomData }
    }

    /// Bytes asked for so far.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing was asked for.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The parts, in the order they were asked for.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Maps the segment, with ordinary pages.
    ///
    /// # Errors
    ///
    /// `53200` if the system has not that much memory to give.
    pub fn map(&self) -> Result<Segment> {
        self.map_with(HugePages::Off)
    }

    /// Maps the segment.
    ///
    /// # Errors
    ///
    /// `53200` if the system has not that much memory (or huge pages, if they are required) to give.
    pub fn map_with(&self, huge: HugePages) -> Result<Segment> {
        const HUGE_PAGE: usize = 2 << 20;
        let protection = ProtFlags::READ | ProtFlags::WRITE;
        let map = |len: usize, flags: MapFlags| {
            // SAFETY: a new mapping at an address that the kernel chooses touches no memory of ours.
            unsafe { mmap_anonymous(std::ptr::null_mut(), len, protection, MapFlags::SHARED | flags) }
        };
        let refuse = |len: usize, reason: std::io::Error| {
            let reason = Error::io("could not map anonymous shared memory", &reason);
            let hint = format!(
                "This error usually means that PostgreSQL's request for a shared memory segment exceeded available \
                 memory, swap space, or huge pages. To reduce the request size (currently {len} bytes), reduce \
                 PostgreSQL's shared memory usage, perhaps by reducing \"shared_buffers\" or \"max_connections\"."
            );
            Error::new(SqlState::OUT_OF_MEMORY, reason.message()).hint(hint)
        };
        let too_long = || refuse(self.len, std::io::Error::from_raw_os_error(12));
        let len = self.len.max(1).checked_next_multiple_of(HUGE_PAGE).ok_or_else(too_long)?;
        if len > isize::MAX as usize {
            return Err(too_long());
        }
        if huge != HugePages::Off {
            match map(len, MapFlags::HUGETLB) {
                Ok(base) => return Ok(self.segment(base, len, true)),
                Err(reason) if huge == HugePages::On => return Err(refuse(len, reason.into())),
                Err(_) => (),
            }
        }
        let base = map(len, MapFlags::NORESERVE).map_err(|reason| refuse(len, reason.into()))?;
        Ok(self.segment(base, len, false))
    }

    fn segment(&self, base: *mut std::ffi::c_void, len: usize, huge: bool) -> Segment {
        let base = NonNull::new(base.cast()).expect("mmap does not map address zero");
        Segment { serial: self.serial, base, len, huge }
    }
}

/// The mapped segment. Turns promises into handles. It stays mapped as long as the process lives, so that handles may be
/// copied about freely.
#[derive(Clone, Copy, Debug)]
pub struct Segment {
    serial: u64,
    base: NonNull<u8>,
    len: usize,
    huge: bool,
}

// SAFETY: it is an address of memory that is never unmapped; what lies there is Sync by `Shared`.
unsafe impl Send for Segment {}
// SAFETY: as for Send.
unsafe impl Sync for Segment {}

impl Segment {
    /// The `T` that `request` promised.
    ///
    /// # Panics
    ///
    /// If the request is from another layout.
    pub fn one<T: Shared>(&self, request: One<T>) -> Shm<T> {
        Shm(self.at(request.serial, request.offset, 1).first().expect("one element"))
    }

    /// The `T`s that `request` promised.
    ///
    /// # Panics
    ///
    /// If the request is from another layout.
    pub fn many<T: Shared>(&self, request: Many<T>) -> ShmSlice<T> {
        ShmSlice(self.at(request.serial, request.offset, request.len))
    }

    fn at<T: Shared>(&self, serial: u64, offset: usize, len: usize) -> &'static [T] {
        assert_eq!(serial, self.serial, "a request belongs to the segment of its own layout");
        assert!(offset + len * size_of::<T>() <= self.len, "the layout grew after the segment was made");
        // SAFETY: the layout placed `len` properly aligned Ts there, apart from all others, inside the mapping; the bytes
        // were zero, which is a valid T, and only Ts were written there since; the mapping is never removed.
        unsafe { std::slice::from_raw_parts(self.base.as_ptr().add(offset).cast::<T>(), len) }
    }

    /// Its length in bytes.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether it has no bytes (it always has).
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether it stands on huge pages.
    pub fn is_huge(&self) -> bool {
        self.huge
    }

    /// Gives the memory back to the system, when all users are gone: for the postmaster after a crash. The addresses stay
    /// taken and inaccessible, so a handle that was left over faults instead of meeting somebody else's memory.
    pub fn retire(self) {
        // SAFETY: the range is our own mapping. Its contents are given up; a later access through a handle ends the
        // process by SIGSEGV, and cannot read or write anything.
        unsafe {
            let _ = madvise(self.base.as_ptr().cast(), self.len, Advice::LinuxRemove);
            let _ = mprotect(self.base.as_ptr().cast(), self.len, MprotectFlags::empty());
        }
    }
}

/// A handle to one `T` in the segment.
pub struct Shm<T: 'static>(&'static T);

impl<T> Clone for Shm<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Shm<T> {}

impl<T> Shm<T> {
    /// The reference itself, which outlives the handle.
    pub fn get(self) -> &'static T {
        self.0
    }
}

impl<T> Deref for Shm<T> {
    type Target = T;
    fn deref(&self) -> &T {
        self.0
    }
}

impl<T: fmt::Debug> fmt::Debug for Shm<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A handle to some `T`s in the segment.
pub struct ShmSlice<T: 'static>(&'static [T]);

impl<T> Clone for ShmSlice<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for ShmSlice<T> {}

impl<T> ShmSlice<T> {
    /// The reference itself, which outlives the handle.
    pub fn get_all(self) -> &'static [T] {
        self.0
    }
}

impl<T> Deref for ShmSlice<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        self.0
    }
}

impl<T> fmt::Debug for ShmSlice<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.0.len(), std::any::type_name::<T>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    shared! {
        struct Pair { a: AtomicU64, b: [AtomicU32; 3] }
        struct Wrapped { byte: AtomicU8 }
    }

    #[test]
    fn parts_do_not_overlap_and_start_at_zero() {
        let mut layout = Layout::new();
        let one = layout.one::<Pair>("pair");
        let many = layout.many::<Wrapped>("bytes", 1000);
        let last = layout.one::<Pair>("last");
        assert_eq!(layout.parts().len(), 3);
        let segment = layout.map().unwrap();
        for byte in segment.many(many).iter() {
            assert_eq!(byte.byte.swap(0xFF, Ordering::Relaxed), 0);
        }
        for pair in [segment.one(one), segment.one(last)] {
            assert_eq!(pair.a.load(Ordering::Relaxed), 0);
            assert!(pair.b.iter().all(|b| b.load(Ordering::Relaxed) == 0));
            assert_eq!((&*pair as *const Pair).addr() % PART_ALIGN, 0);
        }
    }

    #[test]
    #[should_panic(expected = "its own layout")]
    fn a_request_from_another_layout_is_refused() {
        let (mut here, mut there) = (Layout::new(), Layout::new());
        here.one::<AtomicU32>("here");
        let request = there.one::<AtomicU32>("there");
        here.map().unwrap().one(request);
    }

    #[test]
    fn an_absurd_size_is_an_error() {
        let mut layout = Layout::new();
        layout.many::<u64>("too much", usize::MAX / 4);
        assert_eq!(layout.map().unwrap_err().state(), SqlState::OUT_OF_MEMORY);
    }

    #[test]
    fn a_child_writes_what_the_parent_reads() {
        let mut layout = Layout::new();
        let request = layout.one::<AtomicU64>("number");
        let number = layout.map().unwrap().one(request);
        let child = sys::fork(|| {
            number.store(42, Ordering::Release);
            0
        });
        sys::process::wait(child.unwrap()).unwrap();
        assert_eq!(number.load(Ordering::Acquire), 42);
    }

    #[test]
    fn a_retired_segment_is_out_of_reach() {
        let mut layout = Layout::new();
        let request = layout.one::<AtomicU64>("number");
        let segment = layout.map().unwrap();
        let number = segment.one(request);
        let child = sys::fork(|| {
            segment.retire();
            number.load(Ordering::Relaxed) as i32
        });
        assert_eq!(sys::process::wait(child.unwrap()).unwrap(), sys::Exit::Signal(11));
    }
}
