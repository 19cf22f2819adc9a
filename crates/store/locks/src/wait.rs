//! Waiting for a lock: on the own semaphore, until granted, interrupted, too late or in a deadlock.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use error::{Error, Result, Severity, SqlState};
use shm::{Interrupt, ProcNumber, ProcessKind, WaitEvent};

use crate::deadlock::{self, Verdict};
use crate::shared::{GRANTED, ObjectIndex, PARTITIONS};
use crate::{LockManager, LockMode, LockTag, LockTimeouts, queue};

/// The class of `wait_event_type` `Lock` in a wait event; the kind of lock is its number in it.
const WAIT_CLASS_LOCK: u32 = 0x0300_0000;

/// Microseconds since 1970.
pub(crate) fn now_us() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_micros() as u64)
}

impl LockManager {
    /// Waits until the lock that this process has just queued for is granted. On error the process has left the queue,
    /// and does not have the lock.
    pub(crate) fn wait_in_queue(
        &self,
        object: ObjectIndex,
        tag: LockTag,
        hash: u32,
        mode: LockMode,
        timeouts: LockTimeouts,
    ) -> Result<()> {
        let slot = &self.table.slots[self.me as usize];
        let start = Instant::now();
        let mut told = false;
        let mut check_at = Some(start + timeouts.deadlock);
        let give_up_at = (!timeouts.lock.is_zero()).then(|| start + timeouts.lock);
        let event = WaitEvent(WAIT_CLASS_LOCK | tag.kind() as u32);
        loop {
            if slot.wait_state.load(Ordering::Acquire) == GRANTED {
                return Ok(());
            }
            let next = [check_at, give_up_at].into_iter().flatten().min();
            let timeout = next.map(|at| at.saturating_duration_since(Instant::now()).max(Duration::from_micros(1)));
            self.process.wait_semaphore(timeout, event);
            if slot.wait_state.load(Ordering::Acquire) == GRANTED {
                if told {
                    self.tell("acquired", tag, mode, start, None);
                }
                return Ok(());
            }
            if let Err(interrupt) = self.process.check_interrupts() {
                self.leave_queue(object, hash, mode);
                return Err(interrupt);
            }
            let now = Instant::now();
            if give_up_at.is_some_and(|at| now >= at) {
                self.leave_queue(object, hash, mode);
                return Err(Error::new(SqlState::LOCK_NOT_AVAILABLE, "canceling statement due to lock timeout"));
            }
            if check_at.is_some_and(|at| now >= at) {
                check_at = None;
                let found = self.check_deadlock(object, hash, mode);
                match found {
                    Ok(_) if slot.wait_state.load(Ordering::Acquire) == GRANTED => (),
                    Ok(queue) => {
                        told = self.has_listener();
                        self.tell("still waiting for", tag, mode, start, Some(queue));
                    }
                    Err(e) => {
                        self.tell("detected deadlock while waiting for", tag, mode, start, None);
                        return Err(e);
                    }
                }
            }
        }
    }

    fn has_listener(&self) -> bool {
        crate::lock(&self.session.listener).is_some()
    }

    /// Tells who wants to know of a long wait; `queue` are the processes that hold the lock, and those that wait for it.
    fn tell(&self, what: &str, tag: LockTag, mode: LockMode, start: Instant, queue: Option<(Vec<i32>, Vec<i32>)>) {
        let Some(listener) = crate::lock(&self.session.listener).clone() else { return };
        let waited = start.elapsed().as_secs_f64() * 1000.0;
        let text = format!("process {} {what} {mode} on {tag} after {waited:.3} ms", self.pid(self.me));
        let message = Error::new(SqlState::SUCCESSFUL_COMPLETION, text).severity(Severity::Log);
        listener(match queue {
            None => message,
            Some((holders, waiters)) => {
                let list = |pids: &[i32]| pids.iter().map(i32::to_string).collect::<Vec<_>>().join(", ");
                let who = if holders.len() == 1 { "Process" } else { "Processes" };
                message.detail(format!("{who} holding the lock: {}. Wait queue: {}.", list(&holders), list(&waiters)))
            }
        });
    }

    /// Leaves the queue, or gives the lock back if it was granted in the last moment.
    fn leave_queue(&self, object: ObjectIndex, hash: u32, mode: LockMode) {
        let table = &self.table;
        let _guard = table.partitions[table.partition_of(hash)].lock.exclusive();
        self.leave_queue_locked(object, hash, mode);
    }

    fn leave_queue_locked(&self, object: ObjectIndex, hash: u32, mode: LockMode) {
        if self.table.slots[self.me as usize].wait_state.load(Ordering::Acquire) == GRANTED {
            self.table.revoke(object, self.me, mode);
        } else {
            queue::dequeue(&self.table, object, self.me);
        }
        queue::wake(&self.table, &self.processes, object);
        self.table.clean_up(object, hash, self.me);
    }

    /// Looks for a deadlock with the whole table locked; reorders queues where that opens a circle. Gives the processes that hold
    /// the lock, and those that wait for it.
    fn check_deadlock(&self, object: ObjectIndex, hash: u32, mode: LockMode) -> Result<(Vec<i32>, Vec<i32>)> {
        let table = &self.table;
        let guards: Vec<_> = (0..PARTITIONS).map(|i| table.partitions[i].lock.exclusive()).collect();
        if table.awaited_by(self.me).is_none() {
            return Ok(Default::default());
        }
        match deadlock::check(table, self.me) {
            Verdict::Fine { queues } => {
                for (object, queue) in &queues {
                    table.set_queue(*object, queue);
                }
                for object in queues.keys() {
                    queue::wake(table, &self.processes, *object);
                }
                // Autovacuum gives way: it will come again.
                for edge in deadlock::blockers(table, self.me, None).iter().filter(|edge| edge.hard) {
                    let blocker = ProcNumber(edge.blocker);
                    if table.is_prepared(edge.blocker) {
                        continue;
                    }
                    if self.processes.slot(blocker).kind() == Some(ProcessKind::AutovacuumWorker) {
                        self.processes.interrupt(blocker, Interrupt::CANCEL);
                    }
                }
                let holders = table.holders_of(object).map(|holder| table.held(holder));
                let holders = holders.filter(|(process, held)| *process != self.me && held.0 != 0);
                let holders = holders.map(|(process, _)| self.pid(process)).collect();
                Ok((holders, table.waiters_of(object).map(|process| self.pid(process)).collect()))
            }
            Verdict::Deadlock(circle) => {
                let lines: Vec<String> = circle
                    .iter()
                    .map(|edge| {
                        deadlock::describe(
                            self.pid(edge.waiter),
                            edge.mode,
                            table.tag(edge.object),
                            self.pid(edge.blocker),
                        )
                    })
                    .collect();
                self.leave_queue_locked(object, hash, mode);
                drop(guards);
                Err(deadlock_error(&lines))
            }
        }
    }

    /// The error for a circle of two that queueing would close at once.
    pub(crate) fn early_deadlock(&self, tag: LockTag, mode: LockMode, with: u32) -> Error {
        let (mine, theirs) = (self.pid(self.me), self.pid(with));
        let other = self.table.awaited_by(with).map_or(mode, |(_, mode)| mode);
        deadlock_error(&[deadlock::describe(mine, mode, tag, theirs), deadlock::describe(theirs, other, tag, mine)])
    }

    pub(crate) fn pid(&self, process: u32) -> i32 {
        self.processes.pid(ProcNumber(process)).unwrap_or(0)
    }
}

fn deadlock_error(lines: &[String]) -> Error {
    Error::new(SqlState::T_R_DEADLOCK_DETECTED, "deadlock detected")
        .detail(lines.join("\n"))
        .hint("See server log for query details.")
}
