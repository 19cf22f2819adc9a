//! Granting, queueing and waking, under the partition's lock.

use std::sync::atomic::Ordering;

use shm::{ProcNumber, Processes};

use crate::shared::{GRANTED, HolderIndex, ObjectIndex, Table, WAITING};
use crate::{LockMode, LockModes};

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    /// The lock is had.
    Granted,
    /// Others have it; place in the queue: in front of this process, or at the end.
    Wait(Option<u32>),
    /// Queueing would close a circle of two at once.
    Deadlock {
        /// The process on the other side.
        with: u32,
    },
}

/// Decides a request: grants it if nobody who holds the lock or queues for it is in the way.
///
/// A process that holds the lock already in a mode for which others queue must not queue behind them (they wait for it):
/// it goes in front of the first of them, and if nothing before that place is in its way, it gets the lock at once.
pub(crate) fn request(
    table: &Table,
    object: ObjectIndex,
    holder: HolderIndex,
    process: u32,
    mode: LockMode,
) -> Request {
    let conflicts = mode.conflicts();
    let free = !conflicts.intersects(table.held_by_others(object, process));
    if free && !conflicts.intersects(table.wait_modes(object)) {
        table.grant(object, holder, mode);
        return Request::Granted;
    }
    let mine = table.held(holder).1;
    if !mine.is_empty() {
        let mut ahead = LockModes::NONE;
        for waiter in table.waiters_of(object) {
            let Some((_, waiter_mode)) = table.awaited_by(waiter) else { continue };
            if waiter_mode.conflicts().intersects(mine) {
                let held = table.find_holder(object, waiter).map_or(LockModes::NONE, |h| table.held(h).1);
                if conflicts.intersects(held) {
                    return Request::Deadlock { with: waiter };
                }
                if free && !conflicts.intersects(ahead) {
                    table.grant(object, holder, mode);
                    return Request::Granted;
                }
                return Request::Wait(Some(waiter));
            }
            ahead = ahead.with(waiter_mode);
        }
    }
    Request::Wait(None)
}

/// Puts the process into the queue.
pub(crate) fn enqueue(table: &Table, object: ObjectIndex, process: u32, mode: LockMode, before: Option<u32>, now: u64) {
    let slot = &table.slots[process as usize];
    slot.wait_object.set(object + 1);
    slot.wait_mode.set(mode as u32);
    slot.wait_start.store(now, Ordering::Relaxed);
    slot.wait_state.store(WAITING, Ordering::Release);
    let mut queue: Vec<u32> = table.waiters_of(object).collect();
    let place = before.and_then(|b| queue.iter().position(|&p| p == b)).unwrap_or(queue.len());
    queue.insert(place, process);
    table.set_queue(object, &queue);
}

/// Takes the process out of the queue, if it is still in one.
pub(crate) fn dequeue(table: &Table, object: ObjectIndex, process: u32) {
    let queue: Vec<u32> = table.waiters_of(object).filter(|&p| p != process).collect();
    table.set_queue(object, &queue);
    table.slots[process as usize].wait_object.set(0);
}

/// Gives the lock to those in the queue who can have it now, in order: nobody overtakes whom he conflicts with.
pub(crate) fn wake(table: &Table, processes: &Processes, object: ObjectIndex) {
    if table.wait_modes(object).is_empty() {
        return;
    }
    let mut ahead = LockModes::NONE;
    let mut granted = Vec::new();
    let mut left = Vec::new();
    for waiter in table.waiters_of(object) {
        let Some((_, mode)) = table.awaited_by(waiter) else { continue };
        let conflicts = mode.conflicts();
        let holder = table.find_holder(object, waiter);
        match holder {
            Some(holder)
                if !conflicts.intersects(ahead) && !conflicts.intersects(table.held_by_others(object, waiter)) =>
            {
                table.grant(object, holder, mode);
                granted.push(waiter);
            }
            _ => {
                ahead = ahead.with(mode);
                left.push(waiter);
            }
        }
    }
    if granted.is_empty() {
        return;
    }
    table.set_queue(object, &left);
    for waiter in granted {
        let slot = &table.slots[waiter as usize];
        slot.wait_object.set(0);
        slot.wait_state.store(GRANTED, Ordering::Release);
        processes.slot(ProcNumber(waiter)).semaphore.release();
    }
}
