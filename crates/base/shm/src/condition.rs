//! Condition variables: sleep until something in shared memory becomes true.

use std::sync::atomic::Ordering;
use std::time::Duration;

use error::Result;

use crate::lock::LwCell;
use crate::{ProcNumber, Process, Processes, WaitEvent};

crate::shared! {
    /// Those who sleep until something becomes true, in order of arrival. Whoever makes it true calls
    /// [`broadcast`](ConditionVariable::broadcast) or [`signal`](ConditionVariable::signal) afterwards.
    #[derive(Debug, Default)]
    pub struct ConditionVariable {
        queue: LwCell<Queue>,
    }

    #[derive(Debug, Default)]
    struct Queue {
        /// Process numbers and one more; zero: none. The links are in the processes' slots.
        first: u32,
        last: u32,
    }
}

impl ConditionVariable {
    /// Sleeps until `condition` is true; false if `timeout` is over before. The condition is looked at after each wake-up
    /// and once at the beginning. Uses the process's latch, and wakes up in vain now and then.
    ///
    /// # Errors
    ///
    /// Interrupts of the process.
    pub fn wait_until(
        &self,
        process: &Process,
        event: WaitEvent,
        timeout: Option<Duration>,
        mut condition: impl FnMut() -> bool,
    ) -> Result<bool> {
        if condition() {
            return Ok(true);
        }
        let until = timeout.map(|t| sys::timer::monotonic_us().saturating_add(t.as_micros().min(1 << 60) as u64));
        let _queued = Queued { variable: self, process };
        loop {
            // In this order: a wake-up that takes us out of the queue from here on leaves the latch set.
            process.latch().reset();
            self.enqueue(process);
            if condition() {
                return Ok(true);
            }
            process.check_interrupts()?;
            let left = match until {
                None => None,
                Some(until) => match until.saturating_sub(sys::timer::monotonic_us()) {
                    0 => return Ok(false),
                    left => Some(Duration::from_micros(left)),
                },
            };
            process.wait(&[], left, event)?;
        }
    }

    /// Wakes all who sleep.
    pub fn broadcast(&self, processes: &Processes) {
        let mut queue = self.queue.exclusive();
        while let Some(number) = pop(&mut queue, processes) {
            processes.slot(number).latch.set();
        }
    }

    /// Wakes the one who has slept longest.
    pub fn signal(&self, processes: &Processes) {
        let woken = pop(&mut self.queue.exclusive(), processes);
        if let Some(number) = woken {
            processes.slot(number).latch.set();
        }
    }

    fn enqueue(&self, process: &Process) {
        let slot = process.slot();
        if slot.condition_queued.load(Ordering::Acquire) != 0 {
            return;
        }
        let mut queue = self.queue.exclusive();
        let link = process.number().0 + 1;
        slot.condition_next.store(0, Ordering::Relaxed);
        slot.condition_queued.store(1, Ordering::Release);
        match queue.last.checked_sub(1) {
            None => queue.first = link,
            Some(last) => {
                process.processes().slot(ProcNumber(last)).condition_next.store(link, Ordering::Relaxed);
            }
        }
        queue.last = link;
    }

    fn dequeue(&self, process: &Process) {
        let slot = process.slot();
        let mut queue = self.queue.exclusive();
        if slot.condition_queued.load(Ordering::Acquire) == 0 {
            return;
        }
        let processes = process.processes();
        let (own, after) = (process.number().0 + 1, slot.condition_next.load(Ordering::Relaxed));
        let (mut before, mut at) = (0, queue.first);
        while at != own && at != 0 {
            before = at;
            at = processes.slot(ProcNumber(at - 1)).condition_next.load(Ordering::Relaxed);
        }
        match before {
            0 => queue.first = after,
            before => processes.slot(ProcNumber(before - 1)).condition_next.store(after, Ordering::Relaxed),
        }
        if queue.last == own {
            queue.last = before;
        }
        slot.condition_queued.store(0, Ordering::Release);
    }
}

fn pop(queue: &mut Queue, processes: &Processes) -> Option<ProcNumber> {
    let number = ProcNumber(queue.first.checked_sub(1)?);
    let slot = processes.slot(number);
    queue.first = slot.condition_next.load(Ordering::Relaxed);
    if queue.first == 0 {
        queue.last = 0;
    }
    slot.condition_queued.store(0, Ordering::Release);
    Some(number)
}

/// Leaves the queue however the wait ends.
struct Queued<'a> {
    variable: &'a ConditionVariable,
    process: &'a Process,
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        self.variable.dequeue(self.process);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Capacity, Interrupt, Layout, ProcessKind};
    use std::sync::atomic::AtomicU64;

    crate::shared! { struct Turn { variable: ConditionVariable, number: AtomicU64 } }

    #[test]
    fn takes_turns_between_processes_and_leaves_nobody_behind() {
        let mut layout = Layout::new();
        let (turn, table) = (layout.one::<Turn>("turn"), Processes::layout(&mut layout, Capacity::small(8)));
        let segment = layout.map().unwrap();
        let (turn, processes) = (segment.one(turn), Processes::attach(&segment, table).unwrap());
        let children: Vec<i32> = (0..4u64)
            .map(|me| {
                let processes = &processes;
                let body = move || {
                    let Ok(process) = processes.register(ProcessKind::Backend) else { return 3 };
                    for round in 0..300 {
                        let mine = round * 4 + me;
                        let long = Some(Duration::from_secs(30));
                        let is_mine = || turn.number.load(Ordering::SeqCst) == mine;
                        if !turn.variable.wait_until(&process, WaitEvent(0), long, is_mine).unwrap_or(false) {
                            return 4;
                        }
                        turn.number.fetch_add(1, Ordering::SeqCst);
                        turn.variable.broadcast(processes);
                    }
                    0
                };
                sys::fork(body).unwrap()
            })
            .collect();
        for child in children {
            assert_eq!(sys::process::wait(child).unwrap(), sys::Exit::Code(0));
        }
        assert_eq!(turn.number.load(Ordering::SeqCst), 1200);
        assert_eq!((turn.variable.queue.share().first, turn.variable.queue.share().last), (0, 0));
    }

    #[test]
    fn time_and_interrupts_end_a_wait() {
        let mut layout = Layout::new();
        let (turn, table) = (layout.one::<Turn>("turn"), Processes::layout(&mut layout, Capacity::small(1)));
        let segment = layout.map().unwrap();
        let (turn, processes) = (segment.one(turn), Processes::attach(&segment, table).unwrap());
        let me = processes.register(ProcessKind::Backend).unwrap();
        let short = Some(Duration::from_millis(10));
        assert!(!turn.variable.wait_until(&me, WaitEvent(0), short, || false).unwrap());
        processes.interrupt(me.number(), Interrupt::CANCEL);
        assert!(turn.variable.wait_until(&me, WaitEvent(0), None, || false).is_err());
        assert_eq!(turn.variable.queue.share().first, 0);
    }
}
