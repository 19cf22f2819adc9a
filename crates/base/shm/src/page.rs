//! Pages as a type of their own, and log pages written straight from shared memory.

use std::os::fd::{AsRawFd, BorrowedFd};
use std::sync::atomic::AtomicU64;

/// Defines a type that is the 8192 bytes of a page and nothing else, so that a reference to such bytes can be taken as a
/// reference to it. It dereferences to the bytes.
#[macro_export]
macro_rules! page_newtype {
    ($(#[$doc:meta])* $vis:vis struct $name:ident;) => {
        $(#[$doc])*
        #[repr(C, align(8))]
        #[derive(Clone, PartialEq, Eq)]
        $vis struct $name([u8; 8192]);

        impl $name {
            /// A page of zeros.
            pub const fn zeroed() -> $name {
                $name([0; 8192])
            }

            /// These bytes as a page.
            ///
            /// # Panics
            /// If they do not stand at a multiple of 8, as frames and boxed pages do.
            #[inline(always)]
            pub fn from_bytes(bytes: &[u8; 8192]) -> &$name {
                assert!(bytes.as_ptr() as usize % 8 == 0, "a page is aligned");
                // SAFETY: the type has the array's size and no other content; its alignment of 8 was just checked.
                unsafe { &*(bytes as *const [u8; 8192]).cast::<$name>() }
            }

            /// These bytes as a page, to change.
            ///
            /// # Panics
            /// If they do not stand at a multiple of 8, as frames and boxed pages do.
            #[inline(always)]
            pub fn from_bytes_mut(bytes: &mut [u8; 8192]) -> &mut $name {
                assert!(bytes.as_ptr() as usize % 8 == 0, "a page is aligned");
                // SAFETY: as in `from_bytes`; the exclusive borrow passes on.
                unsafe { &mut *(bytes as *mut [u8; 8192]).cast::<$name>() }
            }

            /// Its bytes.
            #[inline(always)]
            pub const fn bytes(&self) -> &[u8; 8192] {
                &self.0
            }
        }

        impl std::ops::Deref for $name {
            type Target = [u8; 8192];
            #[inline(always)]
            fn deref(&self) -> &[u8; 8192] {
                &self.0
            }
        }

        impl std::ops::DerefMut for $name {
            #[inline(always)]
            fn deref_mut(&mut self) -> &mut [u8; 8192] {
                &mut self.0
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(stringify!($name))
            }
        }
    };
}

/// `pwrite` straight from shared words, which others may be storing to meanwhile: what the file then gets of those words is
/// either value. Returns how many bytes were written.
///
/// # Errors
/// The system call's.
pub fn write_words_at(file: BorrowedFd<'_>, words: &[AtomicU64], offset: u64) -> std::io::Result<usize> {
    // SAFETY: the kernel reads `words.len() * 8` bytes of memory that is mapped for as long as the borrow lasts; Rust makes
    // no non-atomic access to them.
    let written = unsafe {
        libc::pwrite(file.as_raw_fd(), words.as_ptr().cast::<libc::c_void>(), size_of_val(words), offset as libc::off_t)
    };
    if written < 0 { Err(std::io::Error::last_os_error()) } else { Ok(written as usize) }
}
