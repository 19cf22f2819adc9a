//! One process meets others: slots, wake-ups, interrupts, time-outs, and the signals of a real one.

use std::os::fd::AsFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use error::SqlState;
use sys::Signal;

use super::*;
use crate::semaphore::Acquired;
use crate::{Interrupt, Layout, Timeout, WaitEvent};

fn table(backends: u32) -> Processes {
    let mut layout = Layout::new();
    let request = Processes::layout(&mut layout, Capacity::small(backends));
    Processes::attach(&layout.map().unwrap(), request).unwrap()
}

const EVENT: WaitEvent = WaitEvent(0);

#[test]
fn slots_are_taken_and_given_back() {
    let processes = table(3);
    let mut held: Vec<Process> = (0..3).map(|_| processes.register(ProcessKind::Backend).unwrap()).collect();
    let refused = processes.register(ProcessKind::Backend).unwrap_err();
    assert_eq!(refused.state(), SqlState::TOO_MANY_CONNECTIONS);
    assert_eq!(refused.message(), "sorry, too many clients already");
    let _auxiliary = processes.register(ProcessKind::Checkpointer).unwrap();
    assert_eq!(processes.active().count(), 4);
    let generation = processes.slot(held[1].number()).generation();
    let freed = held.remove(1).number();
    assert_eq!(processes.free_slots(ProcessKind::Backend), 1);
    let again = processes.register(ProcessKind::Backend).unwrap();
    assert_eq!(again.number(), freed);
    assert_eq!(again.slot().generation(), generation + 1);
}

#[test]
fn latches_wake_across_threads() {
    let processes = table(2);
    let (a, b) = (processes.register(ProcessKind::Backend).unwrap(), processes.register(ProcessKind::Backend).unwrap());
    const ROUNDS: u64 = 3000;
    let counts = [AtomicU64::new(0), AtomicU64::new(0)];
    std::thread::scope(|scope| {
        for (number, me, other) in [(0, &a, &b), (1, &b, &a)] {
            let counts = &counts;
            scope.spawn(move || {
                for round in 1..=ROUNDS {
                    counts[number].store(round, Ordering::SeqCst);
                    other.latch().set();
                    loop {
                        me.latch().reset();
                        if counts[1 - number].load(Ordering::SeqCst) >= round {
                            break;
                        }
                        let wakeup = me.wait(&[], Some(Duration::from_secs(20)), EVENT).unwrap();
                        assert!(!wakeup.timed_out, "a wake-up was lost");
                    }
                }
            });
        }
    });
}

#[test]
fn waits_end_by_socket_latch_or_time() {
    let processes = table(1);
    let me = processes.register(ProcessKind::Backend).unwrap();
    let (ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
    let started = Instant::now();
    let wakeup = me.wait(&[(ours.as_fd(), Readiness::Read)], Some(Duration::from_millis(20)), EVENT).unwrap();
    assert!(wakeup.timed_out && started.elapsed() >= Duration::from_millis(19));
    std::io::Write::write_all(&mut &theirs, b"x").unwrap();
    let wakeup = me.wait(&[(ours.as_fd(), Readiness::Read)], None, EVENT).unwrap();
    assert_eq!(wakeup, Wakeup { ready: 1, ..Wakeup::default() });
    let both = [(theirs.as_fd(), Readiness::Read), (ours.as_fd(), Readiness::ReadWrite)];
    assert_eq!(me.wait(&both, None, EVENT).unwrap().ready, 2);
    me.latch().set();
    assert!(me.wait(&[], None, EVENT).unwrap().latch);
    me.latch().reset();
    assert!(me.wait(&[], Some(Duration::ZERO), EVENT).unwrap().timed_out);
}

#[test]
fn interrupts_are_raised_once_by_rank() {
    let processes = table(1);
    let me = processes.register(ProcessKind::Backend).unwrap();
    me.check_interrupts().unwrap();
    processes.interrupt(me.number(), Interrupt::CANCEL | Interrupt::RELOAD);
    let held = me.hold_interrupts();
    me.check_interrupts().unwrap();
    drop(held);
    let error = me.check_interrupts().unwrap_err();
    assert_eq!((error.state(), error.message()), (SqlState::QUERY_CANCELED, "canceling statement due to user request"));
    me.check_interrupts().unwrap();
    assert!(me.take(Interrupt::RELOAD) && !me.take(Interrupt::RELOAD));
    processes.interrupt(me.number(), Interrupt::CANCEL | Interrupt::TERMINATE);
    for _ in 0..2 {
        assert_eq!(me.check_interrupts().unwrap_err().state(), SqlState::ADMIN_SHUTDOWN);
    }
}

#[test]
fn cancel_keys_are_compared_whole() {
    let processes = table(1);
    let me = processes.register(ProcessKind::Backend).unwrap();
    let pid = sys::process::id();
    assert!(!processes.cancel(pid, b""));
    me.set_cancel_key(b"0123");
    assert!(!processes.cancel(pid, b"012") && !processes.cancel(pid, b"0124") && !processes.cancel(pid, b"01230"));
    assert!(!processes.cancel(pid + 1, b"0123") && !me.is_interrupted(Interrupt::CANCEL));
    assert!(processes.cancel(pid, b"0123") && me.is_interrupted(Interrupt::CANCEL));
}

#[test]
fn timeouts_end_waits_without_signals() {
    let processes = table(1);
    let me = processes.register(ProcessKind::Backend).unwrap();
    me.set_timeout(Timeout::Statement, Duration::from_millis(20));
    while me.check_interrupts().is_ok() {
        assert!(!me.wait(&[], Some(Duration::from_secs(20)), EVENT).unwrap().timed_out);
        me.latch().reset();
    }
    me.set_timeout(Timeout::Lock, Duration::from_millis(20));
    let error = loop {
        assert_eq!(me.wait_semaphore(Some(Duration::from_secs(20)), EVENT), Acquired::Interrupted);
        if let Err(error) = me.check_interrupts() {
            break error;
        }
    };
    assert_eq!(error.message(), "canceling statement due to lock timeout");
}

/// A real process: signals set bits, the alarm rings in a busy loop, SIGQUIT says the last words.
#[test]
fn signals_interrupt_a_real_process() {
    let processes = table(2);
    let (ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
    let child = sys::fork(|| {
        let me = processes.register(ProcessKind::Backend).unwrap();
        me.handle_signals(None);
        me.set_last_words(theirs.as_fd(), b"shutdown".to_vec(), b"crash".to_vec());
        me.set_timeout(Timeout::Transaction, Duration::from_secs(60));
        me.set_timeout(Timeout::Statement, Duration::from_millis(10));
        let timed_out = loop {
            if let Err(e) = me.check_interrupts() {
                break e;
            }
        };
        if timed_out.message() != "canceling statement due to statement timeout" {
            return 3;
        }
        let _ = std::io::Write::write_all(&mut &theirs, b"ready ");
        while me.check_interrupts().is_ok() {
            let _ = me.wait(&[], None, EVENT);
            me.latch().reset();
        }
        let _ = std::io::Write::write_all(&mut &theirs, b"cancelled ");
        loop {
            let _ = me.wait_semaphore(None, EVENT);
        }
    })
    .unwrap();
    let mut text = [0; 64];
    let mut expect = |what: &[u8]| {
        let n = std::io::Read::read(&mut &ours, &mut text).unwrap();
        assert_eq!(&text[..n], what);
    };
    expect(b"ready ");
    sys::kill(child, Signal::Int).unwrap();
    expect(b"cancelled ");
    processes.announce_quit(true);
    sys::kill(child, Signal::Quit).unwrap();
    expect(b"crash");
    assert_eq!(sys::process::wait(child).unwrap(), sys::Exit::Code(2));
    assert_eq!(processes.find(child).map(|n| processes.slot(n).kind()), Some(Some(ProcessKind::Backend)));
}
