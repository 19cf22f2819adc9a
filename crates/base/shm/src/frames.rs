//! The memory of the buffer pool: page frames, each reached only through its content lock.
//!
//! Knows nothing of pins, page headers or files; `storage` builds its buffers on this. Reading is by shared lock and
//! writing by exclusive lock, with nothing in between: **nobody changes a page under a shared lock**, so a `&[u8; 8192]`
//! is sound, and a page can go to disk or be decoded straight from its frame.

use std::cell::UnsafeCell;
use std::ops::{Deref, DerefMut};

use ids::PAGE_SIZE;

use crate::lock::{LwExclusive, LwLock, LwShared, Rank};
use crate::{Layout, Many, Segment, Shared, ShmSlice};

/// One page, aligned for direct I/O.
#[repr(C, align(4096))]
struct Frame(UnsafeCell<[u8; PAGE_SIZE]>);

// SAFETY: bytes, of which zero is valid.
unsafe impl Shared for Frame {}
// SAFETY: the bytes are only reached through the frame's lock.
unsafe impl Sync for Frame {}

/// A promise of page frames in the segment.
#[derive(Clone, Copy, Debug)]
pub struct PageFramesRequest {
    frames: Many<Frame>,
    locks: Many<FrameLock>,
}

/// A content lock, on a cache line of its own.
#[repr(align(64))]
struct FrameLock(LwLock);

// SAFETY: a lock and padding.
unsafe impl Shared for FrameLock {}

/// The page frames, numbered from zero.
#[derive(Clone, Copy, Debug)]
pub struct PageFrames {
    frames: ShmSlice<Frame>,
    locks: ShmSlice<FrameLock>,
}

impl PageFrames {
    /// Asks for `count` frames.
    pub fn layout(layout: &mut Layout, count: usize) -> PageFramesRequest {
        PageFramesRequest {
            frames: layout.many("Buffer Blocks", count),
            locks: layout.many("Buffer Content Locks", count),
        }
    }

    /// The frames that were asked for.
    pub fn attach(segment: &Segment, request: PageFramesRequest) -> PageFrames {
        PageFrames { frames: segment.many(request.frames), locks: segment.many(request.locks) }
    }

    /// Gives the locks their rank; once, by the process that makes the segment.
    pub fn initialize(&self) {
        self.locks.iter().for_each(|lock| lock.0.set_rank(Rank::BUFFER_CONTENT));
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.frames.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// Locks frame `n` to read it.
    #[inline]
    pub fn share(&self, n: usize) -> FrameRef {
        FrameRef { _lock: self.locks.get_all()[n].0.share(), frame: &self.frames.get_all()[n] }
    }

    /// Locks frame `n` to change it.
    #[inline]
    pub fn exclusive(&self, n: usize) -> FrameMut {
        FrameMut { _lock: self.locks.get_all()[n].0.exclusive(), frame: &self.frames.get_all()[n] }
    }

    /// Locks frame `n` to read it, if that needs no waiting.
    #[inline]
    pub fn try_share(&self, n: usize) -> Option<FrameRef> {
        Some(FrameRef { _lock: self.locks.get_all()[n].0.try_share()?, frame: &self.frames.get_all()[n] })
    }

    /// Locks frame `n` to change it, if that needs no waiting.
    #[inline]
    pub fn try_exclusive(&self, n: usize) -> Option<FrameMut> {
        Some(FrameMut { _lock: self.locks.get_all()[n].0.try_exclusive()?, frame: &self.frames.get_all()[n] })
    }

    /// Whether frame `n` is locked, in whatever mode; for assertions and statistics.
    pub fn is_locked(&self, n: usize) -> bool {
        self.locks[n].0.is_held()
    }

    /// Asks the processor to fetch frame `n`'s lock and the beginning of its page, all at once: for who is about to lock it.
    #[inline(always)]
    pub fn prefetch_head(&self, n: usize) {
        #[cfg(target_arch = "x86_64")]
        if let Some(lock) = self.locks.get(n) {
            // SAFETY: prefetching changes nothing and cannot fault; the address is the lock's.
            unsafe {
                std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>((&raw const *lock).cast::<i8>());
            }
        }
        self.prefetch(n, 0, 1);
    }

    /// Asks the processor to fetch bytes `from..to` of frame `n`.
    #[inline(always)]
    pub fn prefetch(&self, n: usize, from: usize, to: usize) {
        if let Some(frame) = self.frames.get(n) {
            #[cfg(target_arch = "x86_64")]
            for at in (from..to.min(PAGE_SIZE)).step_by(64) {
                // SAFETY: prefetching changes nothing and cannot fault; the address is within the frame.
                unsafe {
                    let start = frame.0.get().cast::<i8>();
                    std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(start.add(at));
                }
            }
            #[cfg(not(target_arch = "x86_64"))]
            let _ = (frame, from, to);
        }
    }
}

/// A page locked for reading. It keeps neither pin nor anything else: `storage` sees to that.
pub struct FrameRef {
    _lock: LwShared<'static>,
    frame: &'static Frame,
}

/// A page locked for changing.
pub struct FrameMut {
    _lock: LwExclusive<'static>,
    frame: &'static Frame,
}

impl Deref for FrameRef {
    type Target = [u8; PAGE_SIZE];
    #[inline(always)]
    fn deref(&self) -> &[u8; PAGE_SIZE] {
        // SAFETY: the frame's shared lock is held as long as `self` lives, so nobody changes the bytes.
        unsafe { &*self.frame.0.get() }
    }
}

impl Deref for FrameMut {
    type Target = [u8; PAGE_SIZE];
    #[inline(always)]
    fn deref(&self) -> &[u8; PAGE_SIZE] {
        // SAFETY: the frame's exclusive lock is held as long as `self` lives, so nobody else reaches the bytes.
        unsafe { &*self.frame.0.get() }
    }
}

impl DerefMut for FrameMut {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [u8; PAGE_SIZE] {
        // SAFETY: the frame's exclusive lock is held as long as `self` lives, so nobody else reaches the bytes.
        unsafe { &mut *self.frame.0.get() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_apart_and_aligned() {
        let mut layout = Layout::new();
        let request = PageFrames::layout(&mut layout, 16);
        let frames = PageFrames::attach(&layout.map().unwrap(), request);
        frames.initialize();
        for n in 0..16 {
            frames.exclusive(n).fill(n as u8);
        }
        for n in 0..16 {
            let page = frames.share(n);
            assert!(page.iter().all(|b| *b == n as u8));
            assert_eq!(page.as_ptr().addr() % 4096, 0);
            assert!(frames.try_exclusive(n).is_none());
            assert!(frames.try_share(n).is_some());
        }
        assert!((0..16).all(|n| !frames.is_locked(n)));
    }
}
