//! The process title that `ps` shows, written over the memory of the command line.
//!
//! The kernel shows the bytes of the original argument area. [`init`] finds that area from what the dynamic loader gave
//! the program, moves the environment out of the way (it follows the arguments), and [`set`] overwrites it.

use std::ffi::{CStr, c_char, c_int};
use std::fmt::{Arguments, Write};
use std::sync::Mutex;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

static ARGC: AtomicUsize = AtomicUsize::new(0);
static ARGV: AtomicPtr<*mut c_char> = AtomicPtr::new(std::ptr::null_mut());

extern "C" fn remember(argc: c_int, argv: *mut *mut c_char, _environment: *mut *mut c_char) {
    ARGC.store(argc as usize, Ordering::Relaxed);
    ARGV.store(argv, Ordering::Relaxed);
}

// SAFETY: glibc calls the functions of this section with (argc, argv, envp) before `main`; `remember` stores two words.
#[used]
#[unsafe(link_section = ".init_array")]
static REMEMBER: extern "C" fn(c_int, *mut *mut c_char, *mut *mut c_char) = remember;

unsafe extern "C" {
    static mut environ: *mut *mut c_char;
}

struct Area {
    start: usize,
    len: usize,
    /// Bytes that are not known to be zero.
    used: usize,
    /// Bytes that stay when the activity changes.
    fixed: usize,
}

/// Writes over an area, as far as it goes.
struct Cursor<'a> {
    area: &'a Area,
    at: usize,
}

impl Area {
    /// Fills what is behind a title with zeros.
    fn end(&mut self, at: usize) {
        let rest = self.used.saturating_sub(at);
        // SAFETY: the area is ours since `init`, written under the lock; `used` and a cursor's place stay within it.
        unsafe { std::ptr::write_bytes((self.start + at) as *mut u8, 0, rest) };
        self.used = at;
    }
}

impl Write for Cursor<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let text = &text.as_bytes()[..text.len().min(self.area.len - 1 - self.at)];
        // SAFETY: the area is ours since `init` (arguments and moved environment), written under the lock; std keeps its
        // own copies of the arguments' pointers, so a later `std::env::args` would read the title, never outside the area.
        unsafe { std::ptr::copy_nonoverlapping(text.as_ptr(), (self.area.start + self.at) as *mut u8, text.len()) };
        self.at += text.len();
        Ok(())
    }
}

static AREA: Mutex<Option<Area>> = Mutex::new(None);

/// Takes possession of the argument area. To be called once, early in `main`, while the process has one thread and
/// after the arguments were read; later calls do nothing.
pub fn init() {
    let Ok(mut area) = AREA.lock() else { return };
    let argv = ARGV.load(Ordering::Relaxed);
    if area.is_some() || argv.is_null() {
        return;
    }
    // SAFETY: argv has argc terminated strings, as the kernel laid them out; the environment's strings follow them,
    // which is checked string by string. Nobody else runs (one thread), so swapping `environ` races with nobody, and
    // std::env reads `environ` anew at each call.
    unsafe {
        let start = *argv as usize;
        let mut end = start;
        for n in 0..ARGC.load(Ordering::Relaxed) {
            let arg = *argv.add(n);
            if arg as usize == end {
                end += CStr::from_ptr(arg).to_bytes_with_nul().len();
            }
        }
        let mut moved: Vec<*mut c_char> = Vec::new();
        let mut entry = environ;
        while !entry.is_null() && !(*entry).is_null() {
            let text = CStr::from_ptr(*entry);
            if *entry as usize == end {
                end += text.to_bytes_with_nul().len();
            }
            moved.push(text.to_owned().into_raw());
            entry = entry.add(1);
        }
        moved.push(std::ptr::null_mut());
        environ = Box::leak(moved.into_boxed_slice()).as_mut_ptr();
        *area = Some(Area { start, len: end - start, used: end - start, fixed: 0 });
    }
}

/// Shows `title` in `ps`, cut to the room there is. Allocates nothing. Does nothing before [`init`].
pub fn set(title: Arguments<'_>) {
    let Ok(mut area) = AREA.lock() else { return };
    let Some(area) = area.as_mut().filter(|area| area.len > 1) else { return };
    let mut cursor = Cursor { area, at: 0 };
    let _ = cursor.write_fmt(title); // It never fails.
    let end = cursor.at;
    area.end(end);
    area.fixed = end;
}

/// Shows `activity` behind the title that was [`set`] last, in place of an earlier one.
pub fn show(activity: &str) {
    let Ok(mut area) = AREA.lock() else { return };
    let Some(area) = area.as_mut().filter(|area| area.len > 1) else { return };
    let mut cursor = Cursor { area, at: area.fixed };
    let _ = cursor.write_str(activity); // It never fails.
    let end = cursor.at;
    area.end(end);
}
