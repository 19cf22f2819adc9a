//! The process's one alarm clock.

use std::time::Duration;

/// Sends SIGALRM to this process once, `after` from now (at least a microsecond). Replaces an earlier alarm.
/// Async-signal-safe.
pub fn set_alarm(after: Duration) {
    let value = libc::timeval {
        tv_sec: after.as_secs().min(i32::MAX as u64) as libc::time_t,
        tv_usec: (after.subsec_micros() as libc::suseconds_t).max(if after.as_secs() == 0 { 1 } else { 0 }),
    };
    set(value);
}

/// Takes the alarm back.
pub fn clear_alarm() {
    set(libc::timeval { tv_sec: 0, tv_usec: 0 });
}

fn set(value: libc::timeval) {
    let timer = libc::itimerval { it_interval: libc::timeval { tv_sec: 0, tv_usec: 0 }, it_value: value };
    // SAFETY: `timer` is valid for reading, and the old value is not asked for. (The libc crate does not declare
    // setitimer for Linux, so it is declared here.)
    unsafe { setitimer(ITIMER_REAL, &timer, std::ptr::null_mut()) };
}

const ITIMER_REAL: libc::c_int = 0;

unsafe extern "C" {
    fn setitimer(which: libc::c_int, new: *const libc::itimerval, old: *mut libc::itimerval) -> libc::c_int;
}

/// Microseconds of the monotonic clock; its origin is the same for all processes. Async-signal-safe.
pub fn monotonic_us() -> u64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `now` is valid for writing.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut now) };
    now.tv_sec as u64 * 1_000_000 + now.tv_nsec as u64 / 1000
}
