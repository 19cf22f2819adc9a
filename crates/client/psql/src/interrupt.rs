//! Ctrl-C: cancels the running command, and stops what psql itself is doing, but not psql.
//!
//! SIGINT is blocked and read from a queue by a thread of its own. It sets a flag that loops look at, sends a cancel request if a
//! command is running (the session lends its [`CancelHandle`] for that time), and wakes whoever sleeps or waits for input. Nothing
//! happens inside a signal handler.

use std::io::Write;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
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
    /// What cancels the command that is running.
    running: Mutex<Option<CancelHandle>>,
    wake: OwnedFd,
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
    pub fn start() -> std::io::Result<Interrupt> {
        let (woken, wake) =
            rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC | rustix::pipe::PipeFlags::NONBLOCK)?;
        let shared = Arc::new(Shared { pressed: AtomicBool::new(false), running: Mutex::new(None), wake });
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
        if !self.shared.pressed.swap(true, Ordering::AcqRel) {
            let _ = rustix::io::write(&self.shared.wake, b"!");
        }
    }

    /// Forgets an earlier Ctrl-C.
    pub fn clear(&self) {
        if self.shared.pressed.swap(false, Ordering::AcqRel) {
            let _ = rustix::io::read(&self.woken, &mut [0u8; 64]);
        }
    }

    /// From now on, Ctrl-C cancels the command that `handle` can cancel; or none.
    pub fn set_running(&self, handle: Option<CancelHandle>) {
        *self.shared.running.lock().unwrap_or_else(PoisonError::into_inner) = handle;
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
    fn watch(&self, queue: &Queue) {
        loop {
            let mut fds = [PollFd::from_borrowed_fd(queue.as_fd(), PollFlags::IN)];
            if poll(&mut fds, None).is_err() {
                continue;
            }
            while queue.next().is_some() {
                self.pressed.store(true, Ordering::Release);
                let _ = rustix::io::write(&self.wake, b"!");
                let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(handle) = running.as_ref() {
                    let said = match handle.cancel() {
                        Ok(()) => "Cancel request sent\n".to_string(),
                        Err(e) => format!("Could not send cancel request: {e}\n"),
                    };
                    let _ = std::io::stderr().write_all(said.as_bytes());
                }
            }
        }
    }
}
