//! Ctrl-C: cancels the running command, and stops what psql itself is doing, but not psql.
//!
//! SIGINT is blocked and read from a queue by a thread of its own. It sets a flag that loops look at, sends a cancel request if a
//! command is running (the session lends its [`CancelHandle`] for that time), and wakes whoever sleeps or waits for input. Nothing
//! happens inside a signal handler.
//!
//! What waits or works for long looks at the flag: reading input ([`Interrupt::wait`]), writing results ([`Stoppable`]), and
//! loops over statements.

use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use client::CancelHandle;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use sys::Signal;
use sys::signal::Queue;

/// Ctrl-C, as the session sees it.
#[derive(Debug)]
pub struct Interrupt {
    shared: Arc<Shared>,
    /// Readable as long as Ctrl-C has been pressed and not been looked at.
    woken: OwnedFd,
}

#[derive(Debug)]
struct Shared {
    pressed: AtomicBool,
    running: Mutex<Running>,
    wake: OwnedFd,
}

/// The command that is running. Locked while it is cancelled: whoever sees Ctrl-C pressed and locks it comes after that.
#[derive(Clone, Debug, Default)]
pub struct Running {
    /// What cancels it; none if nothing runs.
    pub cancel: Option<CancelHandle>,
    /// Whether nothing is said about the cancel request.
    pub quiet: bool,
}

/// What ended a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waited {
    /// The descriptor is readable (or closed).
    Ready,
    /// The time is over.
    TimedOut,
    /// Ctrl-C.
    Interrupted,
}

impl Interrupt {
    /// Takes SIGINT over. To be called before any other thread is started.
    ///
    /// # Errors
    /// Out of file descriptors or threads.
    pub fn start() -> io::Result<Interrupt> {
        let (woken, wake) =
            rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC | rustix::pipe::PipeFlags::NONBLOCK)?;
        let shared = Arc::new(Shared { pressed: AtomicBool::new(false), running: Mutex::default(), wake });
        let queue = Queue::new(&[Signal::Int])?;
        let watched = shared.clone();
        std::thread::Builder::new().name("interrupt".into()).spawn(move || watched.watch(&queue))?;
        Ok(Interrupt { shared, woken })
    }

    /// Whether Ctrl-C has been pressed since [`Interrupt::clear`].
    pub fn pressed(&self) -> bool {
        self.shared.pressed.load(Ordering::Acquire)
    }

    /// Ctrl-C was pressed, which the line editor reads as a character.
    pub fn press(&self) {
        let _running = self.shared.lock();
        self.shared.press();
    }

    /// Forgets an earlier Ctrl-C.
    pub fn clear(&self) {
        // Not between the flag and the wake-up of a Ctrl-C that is only just coming.
        let _running = self.shared.lock();
        if self.shared.pressed.swap(false, Ordering::AcqRel) {
            let _ = rustix::io::read(&self.woken, &mut [0u8; 64]);
        }
    }

    /// From now on, Ctrl-C cancels this; gives what it cancelled before.
    pub fn set_running(&self, running: Running) -> Running {
        std::mem::replace(&mut *self.shared.lock(), running)
    }

    /// If Ctrl-C has been pressed, waits until the cancel request is sent, so that what is said about it comes first.
    pub fn settle(&self) {
        if self.pressed() {
            drop(self.shared.lock());
        }
    }

    /// Waits until there is input: false if Ctrl-C came first. A command that runs waits for the input as well, and is not cancelled
    /// meanwhile: the caller ends it.
    pub fn wait_for_input(&self, fd: BorrowedFd<'_>) -> bool {
        let running = self.set_running(Running::default());
        let waited = self.wait(Some(fd), None);
        self.set_running(running);
        waited != Waited::Interrupted
    }

    /// Waits until `fd` is readable, or so long.
    pub fn wait(&self, fd: Option<BorrowedFd<'_>>, limit: Option<Duration>) -> Waited {
        let until = limit.map(|limit| Instant::now() + limit);
        loop {
            let mut fds = vec![PollFd::new(&self.woken, PollFlags::IN)];
            fds.extend(fd.iter().map(|fd| PollFd::from_borrowed_fd(*fd, PollFlags::IN)));
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            let timeout = left.and_then(|left| Timespec::try_from(left).ok());
            match poll(&mut fds, timeout.as_ref()) {
                Err(rustix::io::Errno::INTR) => continue,
                Err(_) => return Waited::Ready,
                Ok(0) => return Waited::TimedOut,
                Ok(_) if !fds[0].revents().is_empty() => return Waited::Interrupted,
                Ok(_) => return Waited::Ready,
            }
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets the flag and wakes who waits. The pipe holds a byte exactly if the flag is set, as both change under the lock.
    fn press(&self) {
        if !self.pressed.swap(true, Ordering::AcqRel) {
            let _ = rustix::io::write(&self.wake, b"!");
        }
    }

    fn watch(&self, queue: &Queue) {
        loop {
            let mut fds = [PollFd::from_borrowed_fd(queue.as_fd(), PollFlags::IN)];
            if poll(&mut fds, None).is_err() {
                continue;
            }
            while queue.next().is_some() {
                let running = self.lock();
                self.press();
                if let Some(handle) = &running.cancel {
                    let said = match handle.cancel() {
                        Ok(()) => "Cancel request sent\n".to_string(),
                        Err(e) => format!("Could not send cancel request: {e}\n"),
                    };
                    if !running.quiet {
                        let _ = io::stderr().write_all(said.as_bytes());
                    }
                }
            }
        }
    }
}

/// A writer that fails from Ctrl-C on: what prints for long ends then.
pub struct Stoppable<'a> {
    interrupt: &'a Interrupt,
    writer: &'a mut dyn Write,
}

impl<'a> Stoppable<'a> {
    /// Writes to `writer` until Ctrl-C is pressed.
    pub fn new(interrupt: &'a Interrupt, writer: &'a mut dyn Write) -> Stoppable<'a> {
        Stoppable { interrupt, writer }
    }
}

impl Write for Stoppable<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.interrupt.pressed() {
            return Err(io::Error::other("canceled by user"));
        }
        self.writer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}
