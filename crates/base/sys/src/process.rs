//! Making, reaping and signalling processes.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::signal::Signal;

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// It returned this code.
    Code(i32),
    /// A signal ended it.
    Signal(i32),
}

impl Exit {
    fn from_status(status: i32) -> Exit {
        if libc::WIFSIGNALED(status) {
            Exit::Signal(libc::WTERMSIG(status))
        } else {
            Exit::Code(libc::WEXITSTATUS(status))
        }
    }
}

/// The exit code of a child whose body panicked outside every boundary that catches panics; the supervisor takes any
/// code but 0 and 1 for a crash.
pub const EXIT_PANICKED: i32 = 2;

/// Makes a child process that runs `body` and ends with the code it returns. Gives the child's id to the parent.
///
/// The child has a copy of everything the parent has, and only `body` runs in it: values on the parent's stack are not
/// dropped there, and no exit handlers run. A panic in `body` ends the child with [`EXIT_PANICKED`].
///
/// # Errors
///
/// What `fork` fails with, and `EBUSY` if this process has several threads (their locks would stay held in the child).
pub fn fork(body: impl FnOnce() -> i32) -> io::Result<i32> {
    if thread_count() > 1 && !cfg!(debug_assertions) {
        return Err(io::Error::from_raw_os_error(libc::EBUSY));
    }
    // SAFETY: outside tests the process has one thread, so no lock can be held by a thread that the child lacks. In debug
    // builds test runners have more; glibc keeps its allocator usable in the child, and test bodies take no other lock.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => exit_now(catch_unwind(AssertUnwindSafe(body)).unwrap_or(EXIT_PANICKED)),
        pid => Ok(pid),
    }
}

fn thread_count() -> u64 {
    // The link count of the directory is the number of threads and two more; no file is read.
    std::fs::metadata("/proc/self/task")
        .map(|m| std::os::unix::fs::MetadataExt::nlink(&m).saturating_sub(2))
        .unwrap_or(1)
}

/// Ends the process at once: no destructors, no exit handlers.
pub fn exit_now(code: i32) -> ! {
    // SAFETY: `_exit` has no preconditions.
    unsafe { libc::_exit(code) }
}

/// Ends the process at once by SIGABRT: for broken invariants in critical sections.
pub fn abort() -> ! {
    std::process::abort()
}

/// Collects one child that has ended, without waiting: its id and how it ended.
pub fn reap() -> Option<(i32, Exit)> {
    let mut status = 0;
    // SAFETY: `status` is valid for writing.
    let pid = unsafe { libc::waitpid(-1, &mut status, libc::WNOHANG) };
    (pid > 0).then(|| (pid, Exit::from_status(status)))
}

/// How the child `pid` ended, if it has, without waiting.
pub fn ended(pid: i32) -> Option<Exit> {
    let mut status = 0;
    // SAFETY: `status` is valid for writing.
    let ended = unsafe { libc::waitpid(pid, &mut status, libc::WNOHANG) } == pid;
    ended.then(|| Exit::from_status(status))
}

/// Waits until the child `pid` ends.
///
/// # Errors
///
/// `ECHILD` if there is no such child.
pub fn wait(pid: i32) -> io::Result<Exit> {
    loop {
        let mut status = 0;
        // SAFETY: `status` is valid for writing.
        if unsafe { libc::waitpid(pid, &mut status, 0) } >= 0 {
            return Ok(Exit::from_status(status));
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
}

/// Sends a signal to the process `pid`, or to the process group `-pid` if `pid` is negative.
///
/// # Errors
///
/// `ESRCH` if there is none, `EPERM` if it is not ours.
pub fn kill(pid: i32, signal: Signal) -> io::Result<()> {
    // SAFETY: `kill` has no memory preconditions.
    if unsafe { libc::kill(pid, signal.number()) } == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Whether a process with this id exists (it may belong to somebody else).
pub fn exists(pid: i32) -> bool {
    // SAFETY: signal 0 only checks.
    pid > 0 && (unsafe { libc::kill(pid, 0) } == 0 || io::Error::last_os_error().raw_os_error() == Some(libc::EPERM))
}

/// This process's id.
pub fn id() -> i32 {
    std::process::id() as i32
}

/// The parent's id.
pub fn parent_id() -> i32 {
    // SAFETY: `getppid` has no preconditions.
    unsafe { libc::getppid() }
}

/// Asks the kernel to send `signal` to this process when its parent dies. The parent may already be dead: compare
/// [`parent_id`] afterwards with the expected one.
pub fn on_parent_death(signal: Signal) {
    // SAFETY: PR_SET_PDEATHSIG takes a signal number.
    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, signal.number()) };
}

/// Makes this process the leader of a session of its own, away from the terminal.
///
/// # Errors
///
/// `EPERM` if it already leads a process group.
pub fn new_session() -> io::Result<()> {
    // SAFETY: `setsid` has no preconditions.
    if unsafe { libc::setsid() } < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Raises the soft limit of open files to at least `wanted`, as far as the hard limit allows; gives the limit in force.
pub fn raise_file_limit(wanted: u64) -> u64 {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` is valid for writing.
    if unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) } != 0 {
        return 0;
    }
    if limit.rlim_cur < wanted {
        let raised = libc::rlimit { rlim_cur: wanted.min(limit.rlim_max), rlim_max: limit.rlim_max };
        // SAFETY: `raised` is a valid limit.
        if unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raised) } == 0 {
            return raised.rlim_cur;
        }
    }
    limit.rlim_cur
}

/// Allows or forbids core files (`pg_ctl -c`).
pub fn allow_core_files() {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` is valid for writing, then for reading.
    unsafe {
        if libc::getrlimit(libc::RLIMIT_CORE, &mut limit) == 0 {
            limit.rlim_cur = limit.rlim_max;
            libc::setrlimit(libc::RLIMIT_CORE, &limit);
        }
    }
}

/// Sets the permission bits that new files do not get; gives the earlier ones.
pub fn set_umask(mask: u32) -> u32 {
    // SAFETY: `umask` has no preconditions.
    unsafe { libc::umask(mask as libc::mode_t) as u32 }
}

/// Sets a variable of this process's environment, or takes it away; nothing happens if the name is empty or has a `=` or a zero
/// byte in it.
///
/// Only for programs whose other threads, if there are any, do not ask the C library for the environment (Rust code reads it under
/// a lock): psql's only other thread waits for signals.
pub fn set_environment(name: &std::ffi::OsStr, value: Option<&std::ffi::OsStr>) {
    let has_zero = |text: &std::ffi::OsStr| text.as_encoded_bytes().contains(&0);
    if name.is_empty() || name.as_encoded_bytes().contains(&b'=') || has_zero(name) || value.is_some_and(has_zero) {
        return;
    }
    // SAFETY: Rust's readers of the environment take the same lock, and by the condition above no other thread reads it past
    // that lock.
    unsafe {
        match value {
            Some(value) => std::env::set_var(name, value),
            None => std::env::remove_var(name),
        }
    }
}

/// The effective user's id.
pub fn effective_user() -> u32 {
    // SAFETY: `geteuid` has no preconditions.
    unsafe { libc::geteuid() }
}

/// The real user's id.
pub fn real_user() -> u32 {
    // SAFETY: `getuid` has no preconditions.
    unsafe { libc::getuid() }
}

/// The name of the user `id`, if the system knows one.
pub fn user_name(id: u32) -> Option<String> {
    lookup_user(|record, buffer, result| {
        // SAFETY: all pointers are valid for the call, and the buffer's length is its own.
        unsafe { libc::getpwuid_r(id, record, buffer.as_mut_ptr().cast(), buffer.len(), result) }
    })
    .map(|(name, _)| name)
}

/// The id of the group `name`, if the system knows one.
pub fn group_id(name: &str) -> Option<u32> {
    let name = std::ffi::CString::new(name).ok()?;
    let mut buffer = vec![0u8; 16384];
    // SAFETY: an all-zero `group` is valid: pointers and numbers.
    let mut record: libc::group = unsafe { std::mem::zeroed() };
    let mut result = std::ptr::null_mut();
    // SAFETY: all pointers are valid for the call, and the buffer's length is its own.
    let code =
        unsafe { libc::getgrnam_r(name.as_ptr(), &mut record, buffer.as_mut_ptr().cast(), buffer.len(), &mut result) };
    (code == 0 && !result.is_null()).then_some(record.gr_gid)
}

/// The home directory of the user `id`, if the system knows one.
pub fn home_directory(id: u32) -> Option<std::path::PathBuf> {
    lookup_user(|record, buffer, result| {
        // SAFETY: all pointers are valid for the call, and the buffer's length is its own.
        unsafe { libc::getpwuid_r(id, record, buffer.as_mut_ptr().cast(), buffer.len(), result) }
    })
    .map(|(_, home)| home.into())
}

fn lookup_user(
    ask: impl FnOnce(&mut libc::passwd, &mut [u8], &mut *mut libc::passwd) -> libc::c_int,
) -> Option<(String, String)> {
    let mut buffer = vec![0u8; 16384];
    // SAFETY: an all-zero `passwd` is valid: pointers and numbers.
    let mut record: libc::passwd = unsafe { std::mem::zeroed() };
    let mut result = std::ptr::null_mut();
    if ask(&mut record, &mut buffer, &mut result) != 0 || result.is_null() {
        return None;
    }
    // SAFETY: on success both point to terminated strings inside `buffer`.
    let text = |p| unsafe { std::ffi::CStr::from_ptr(p) }.to_string_lossy().into_owned();
    Some((text(record.pw_name), text(record.pw_dir)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_gives_its_code_and_a_panic_gives_two() {
        assert_eq!(wait(fork(|| 7).unwrap()).unwrap(), Exit::Code(7));
        let child = fork(|| {
            std::panic::set_hook(Box::new(|_| {}));
            panic!("on purpose")
        });
        assert_eq!(wait(child.unwrap()).unwrap(), Exit::Code(EXIT_PANICKED));
    }

    #[test]
    fn a_killed_child_gives_its_signal() {
        let pid = fork(|| {
            loop {
                std::thread::sleep(std::time::Duration::from_secs(60))
            }
        })
        .unwrap();
        assert!(exists(pid));
        kill(pid, Signal::Kill).unwrap();
        assert_eq!(wait(pid).unwrap(), Exit::Signal(9));
        assert!(!exists(pid));
    }

    #[test]
    fn users_have_names() {
        assert_eq!(user_name(0).as_deref(), Some("root"));
        assert_eq!(user_name(4_000_000_000), None);
        assert_eq!(group_id("root"), Some(0));
        assert_eq!(group_id("no such group"), None);
    }
}
