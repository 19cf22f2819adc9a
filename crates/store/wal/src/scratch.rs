//! Buffers that records reuse, so that building one allocates nothing.

use std::cell::RefCell;

/// Buffers larger than this are given back to the allocator.
const KEEP: usize = 1 << 20;
/// Records that one thread builds at the same time.
const DEPTH: usize = 4;

thread_local! {
    static POOL: RefCell<Vec<(Vec<u8>, Vec<u8>)>> = const { RefCell::new(Vec::new()) };
}

/// Two empty buffers, reused where possible: for [`Record::with_buffers`](crate::Record::with_buffers).
pub fn take() -> (Vec<u8>, Vec<u8>) {
    POOL.with(|pool| pool.borrow_mut().pop()).unwrap_or_default()
}

/// Gives two buffers back.
pub fn give(mut a: Vec<u8>, mut b: Vec<u8>) {
    if a.capacity() > KEEP || b.capacity() > KEEP {
        return;
    }
    a.clear();
    b.clear();
    POOL.with(|pool| {
        let mut pool = pool.borrow_mut();
        if pool.len() < DEPTH {
            pool.push((a, b));
        }
    });
}
