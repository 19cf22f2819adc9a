//! Signals: names, handlers, a queue to poll, and masks.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, FromRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

macro_rules! signals {
    ($($variant:ident = $number:ident, $name:literal, $text:literal;)*) => {
        /// A signal that the server uses.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Signal {
            $(#[doc = concat!("`SIG", $name, "`: ", $text)] $variant,)*
        }

        impl Signal {
            /// Every signal here.
            pub const ALL: &'static [Signal] = &[$(Signal::$variant),*];

            /// The system's number.
            pub const fn number(self) -> i32 {
                match self { $(Signal::$variant => libc::$number,)* }
            }

            /// The name, without `SIG`.
            pub const fn name(self) -> &'static str {
                match self { $(Signal::$variant => $name,)* }
            }
        }
    };
}

signals! {
    Hup = SIGHUP, "HUP", "hangup";
    Int = SIGINT, "INT", "interrupt";
    Quit = SIGQUIT, "QUIT", "quit";
    Abrt = SIGABRT, "ABRT", "abort";
    Kill = SIGKILL, "KILL", "kill";
    Term = SIGTERM, "TERM", "terminate";
    Usr1 = SIGUSR1, "USR1", "user-defined 1";
    Usr2 = SIGUSR2, "USR2", "user-defined 2";
    Alrm = SIGALRM, "ALRM", "alarm clock";
    Pipe = SIGPIPE, "PIPE", "broken pipe";
    Chld = SIGCHLD, "CHLD", "a child ended";
    Cont = SIGCONT, "CONT", "continue";
    Stop = SIGSTOP, "STOP", "stop";
    Pwr = SIGPWR, "PWR", "power failure; here: the postmaster died";
    Winch = SIGWINCH, "WINCH", "the terminal's size changed";
}

impl Signal {
    /// The signal with the system's number `number`, if it is one of ours.
    pub fn from_number(number: i32) -> Option<Signal> {
        Signal::ALL.iter().copied().find(|s| s.number() == number)
    }

    /// The signal with this name, with or without `SIG`, in any case.
    pub fn from_name(name: &str) -> Option<Signal> {
        let name = name.to_ascii_uppercase();
        let name = name.strip_prefix("SIG").unwrap_or(&name);
        Signal::ALL.iter().copied().find(|s| s.name() == name)
    }
}

/// What the system says a signal means (`strsignal`), as in "terminated by signal 9: Killed".
pub fn describe(number: i32) -> String {
    // SAFETY: `strsignal` gives null or a terminated string, valid until the next call from this thread; it is copied.
    let text = unsafe { libc::strsignal(number) };
    if text.is_null() {
        return format!("unrecognized signal {number}");
    }
    // SAFETY: not null, so a terminated string.
    unsafe { std::ffi::CStr::from_ptr(text) }.to_string_lossy().into_owned()
}

/// Calls `handler` when `signal` arrives. System calls that it interrupts are restarted, except for waits.
///
/// # Safety
///
/// `handler` only calls async-signal-safe functions: no allocation, no locks, no `errno` left changed.
pub unsafe fn handle(signal: Signal, handler: extern "C" fn(i32)) {
    set_action(signal, handler as *const () as libc::sighandler_t);
}

fn set_action(signal: Signal, action: libc::sighandler_t) {
    // SAFETY: an all-zero `sigaction` is valid; the masks are initialised by sigemptyset; the handler is either SIG_IGN,
    // SIG_DFL, or a function whose safety the caller of `handle` vouches for.
    unsafe {
        let mut new: libc::sigaction = std::mem::zeroed();
        new.sa_sigaction = action;
        new.sa_flags = libc::SA_RESTART;
        libc::sigemptyset(&mut new.sa_mask);
        libc::sigaction(signal.number(), &new, std::ptr::null_mut());
    }
}

/// Discards `signal` from now on.
pub fn ignore(signal: Signal) {
    set_action(signal, libc::SIG_IGN);
}

/// Lets `signal` do what it does by default.
pub fn restore_default(signal: Signal) {
    set_action(signal, libc::SIG_DFL);
}

static FLAGS: [AtomicBool; 65] = [const { AtomicBool::new(false) }; 65];

extern "C" fn set_flag(number: i32) {
    FLAGS[number as usize % 65].store(true, Ordering::Release);
}

/// Sets the flag it gives whenever `signal` arrives, for the simple needs of client tools. Waits return `EINTR`.
pub fn flag(signal: Signal) -> &'static AtomicBool {
    // SAFETY: `set_flag` only stores an atomic.
    unsafe {
        let mut new: libc::sigaction = std::mem::zeroed();
        new.sa_sigaction = set_flag as *const () as libc::sighandler_t;
        libc::sigemptyset(&mut new.sa_mask);
        libc::sigaction(signal.number(), &new, std::ptr::null_mut());
    }
    &FLAGS[signal.number() as usize % 65]
}

fn set_of(signals: &[Signal]) -> libc::sigset_t {
    let mut set = MaybeUninit::uninit();
    // SAFETY: sigemptyset initialises the set, sigaddset changes it.
    unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        for signal in signals {
            libc::sigaddset(set.as_mut_ptr(), signal.number());
        }
        set.assume_init()
    }
}

/// Holds `signals` back until [`unblock`].
pub fn block(signals: &[Signal]) {
    // SAFETY: the set is initialised.
    unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, &set_of(signals), std::ptr::null_mut()) };
}

/// Lets `signals` through again; held back ones arrive now.
pub fn unblock(signals: &[Signal]) {
    // SAFETY: the set is initialised.
    unsafe { libc::pthread_sigmask(libc::SIG_UNBLOCK, &set_of(signals), std::ptr::null_mut()) };
}

/// The program that `command` starts does not inherit that `signals` are blocked here, as by a [`Queue`].
pub fn unblock_in(command: &mut Command, signals: &'static [Signal]) {
    // SAFETY: between fork and exec, `pthread_sigmask` is async-signal-safe, and nothing is allocated.
    unsafe {
        command.pre_exec(|| {
            unblock(signals);
            Ok(())
        })
    };
}

/// Signals turned into something to poll: they are blocked, and read from a file descriptor instead. A forked child
/// inherits the block: it installs its own handlers, then calls [`unblock`], so none is lost in between.
#[derive(Debug)]
pub struct Queue {
    fd: OwnedFd,
}

impl Queue {
    /// Queues `signals`.
    ///
    /// # Errors
    ///
    /// Out of file descriptors.
    pub fn new(signals: &[Signal]) -> io::Result<Queue> {
        block(signals);
        // SAFETY: the set is initialised.
        let fd = unsafe { libc::signalfd(-1, &set_of(signals), libc::SFD_CLOEXEC | libc::SFD_NONBLOCK) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: a fresh descriptor that nobody else owns.
        Ok(Queue { fd: unsafe { OwnedFd::from_raw_fd(fd) } })
    }

    /// The next signal that has arrived, and the process that sent it; `None` if there is none.
    pub fn next(&self) -> Option<(Signal, i32)> {
        let mut info = MaybeUninit::<libc::signalfd_siginfo>::uninit();
        let size = size_of::<libc::signalfd_siginfo>();
        // SAFETY: the buffer has the size given.
        let read = unsafe { libc::read(std::os::fd::AsRawFd::as_raw_fd(&self.fd), info.as_mut_ptr().cast(), size) };
        if read != size as isize {
            return None;
        }
        // SAFETY: the kernel filled it whole.
        let info = unsafe { info.assume_init() };
        Signal::from_number(info.ssi_signo as i32).map(|signal| (signal, info.ssi_pid as i32))
    }
}

impl AsFd for Queue {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::{Exit, fork, id, kill, wait};

    #[test]
    fn a_queue_delivers_what_arrived() {
        let child = fork(|| {
            let Ok(queue) = Queue::new(&[Signal::Usr1, Signal::Hup]) else { return 9 };
            let _ = kill(id(), Signal::Usr1);
            let _ = kill(id(), Signal::Hup);
            let mut got = Vec::new();
            while let Some((signal, sender)) = queue.next() {
                got.push(signal);
                if sender != id() {
                    return 8;
                }
            }
            got.sort_by_key(|s| s.number());
            (got != [Signal::Hup, Signal::Usr1]) as i32
        });
        assert_eq!(wait(child.unwrap()).unwrap(), Exit::Code(0));
    }

    #[test]
    fn names_round_trip() {
        for &signal in Signal::ALL {
            assert_eq!(Signal::from_name(&format!("SIG{}", signal.name())), Some(signal));
            assert_eq!(Signal::from_number(signal.number()), Some(signal));
        }
        assert_eq!(describe(9), "Killed");
    }
}
