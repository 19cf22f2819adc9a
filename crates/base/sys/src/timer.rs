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

/// A moment, in seconds since 1970, in the machine's time zone, as C's `%c` writes it in the C locale: `Sun Nov 22 05:58:24 2026`.
pub fn local_time(seconds: i64) -> String {
    let seconds = seconds as libc::time_t;
    // SAFETY: an all-zero `tm` is valid: numbers and a pointer that nobody follows.
    let mut parts: libc::tm = unsafe { std::mem::zeroed() };
    // SAFETY: both pointers are valid for the call.
    if unsafe { libc::localtime_r(&seconds, &mut parts) }.is_null() {
        return String::new();
    }
    const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (day, month) = (DAYS[parts.tm_wday.rem_euclid(7) as usize], MONTHS[parts.tm_mon.rem_euclid(12) as usize]);
    let (hour, minute, second) = (parts.tm_hour, parts.tm_min, parts.tm_sec);
    let year = i64::from(parts.tm_year) + 1900;
    format!("{day} {month} {:2} {hour:02}:{minute:02}:{second:02} {year}", parts.tm_mday)
}

#[test]
fn local_times_are_written_as_c_does() {
    let text = local_time(86_400 * 5);
    assert_eq!((text.len(), &text[text.len() - 4..]), (24, "1970"));
}
