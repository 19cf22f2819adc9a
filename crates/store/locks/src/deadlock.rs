//! Deadlock detection.
//!
//! A process that has waited `deadlock_timeout` locks the whole table and looks whether it waits for itself. An edge of the
//! graph goes from a waiting process to one that blocks it: *hard* if that one holds a conflicting mode, *soft* if it only
//! stands in front of it in the queue with a conflicting request. A circle of hard edges is a deadlock. A circle with a
//! soft edge can be opened by letting the rear process pass: each such change of order is tried until one leaves no
//! circle (the method of PostgreSQL's storage/lmgr/README, "The Deadlock Detection Algorithm").
//!
//! Invariant: a process starts its check only while it waits, so the last to close a circle always finds it.

use std::collections::{BTreeMap, HashSet};

use crate::shared::{ObjectIndex, Table};
use crate::{LockMode, LockTag};

/// One step of a circle: who waits, for what, and for whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Edge {
    pub waiter: u32,
    pub blocker: u32,
    pub object: ObjectIndex,
    pub mode: LockMode,
    pub hard: bool,
}

/// What the check found.
pub(crate) enum Verdict {
    /// Nothing, or only what better queues solve.
    Fine {
        /// Queues to put in place: the object and its new order.
        queues: BTreeMap<ObjectIndex, Vec<u32>>,
    },
    /// A circle that cannot be opened.
    Deadlock(Vec<Edge>),
}

/// As many changes of order are tried at most together.
const CHANGES_MAX: usize = 32;
/// As many configurations are tried at most; beyond that a circle counts as a deadlock.
const TRIES_MAX: usize = 1000;

/// Looks for a circle through `process`. All partitions must be locked.
pub(crate) fn check(table: &Table, process: u32) -> Verdict {
    let mut search = Search { table, tries: 0 };
    let mut changes = Vec::new();
    match search.open(process, &mut changes) {
        Ok(queues) => Verdict::Fine { queues },
        Err(circle) => Verdict::Deadlock(circle),
    }
}

struct Search<'a> {
    table: &'a Table,
    tries: usize,
}

type Queues = BTreeMap<ObjectIndex, Vec<u32>>;

impl Search<'_> {
    /// Finds queues that satisfy the changes and have no circle, making more changes as needed.
    fn open(&mut self, process: u32, changes: &mut Vec<Edge>) -> Result<Queues, Vec<Edge>> {
        self.tries += 1;
        let Some(queues) = self.reorder(changes) else { return Err(Vec::new()) };
        let starts: Vec<u32> = changes.iter().flat_map(|edge| [edge.waiter, edge.blocker]).chain([process]).collect();
        let Some(circle) = starts.into_iter().find_map(|start| self.circle(start, &queues)) else {
            return Ok(queues);
        };
        if changes.len() < CHANGES_MAX {
            for edge in circle.iter().filter(|edge| !edge.hard) {
                if self.tries >= TRIES_MAX {
                    break;
                }
                changes.push(*edge);
                if let Ok(queues) = self.open(process, changes) {
                    return Ok(queues);
                }
                changes.pop();
            }
        }
        Err(circle)
    }

    /// The queues in which every change's waiter stands before its blocker, otherwise as they are; `None` if impossible.
    fn reorder(&self, changes: &[Edge]) -> Option<Queues> {
        let mut queues = Queues::new();
        for change in changes {
            queues.entry(change.object).or_insert_with(|| self.table.waiters_of(change.object).collect());
        }
        for (object, queue) in &mut queues {
            let mut rest = std::mem::take(queue);
            while !rest.is_empty() {
                let next = rest.iter().position(|&process| {
                    !changes.iter().any(|c| c.object == *object && c.blocker == process && rest.contains(&c.waiter))
                })?;
                queue.push(rest.remove(next));
            }
        }
        Some(queues)
    }

    /// A circle that leads from `start` back to it. Depth first, without recursion.
    fn circle(&self, start: u32, queues: &Queues) -> Option<Vec<Edge>> {
        let mut visited = HashSet::from([start]);
        let mut path: Vec<(Vec<Edge>, usize)> = vec![(self.blockers(start, queues), 0)];
        while let Some((edges, next)) = path.last_mut() {
            let Some(edge) = edges.get(*next).copied() else {
                path.pop();
                continue;
            };
            *next += 1;
            if edge.blocker == start {
                return Some(path.iter().map(|(edges, next)| edges[next - 1]).collect());
            }
            if visited.insert(edge.blocker) {
                let more = self.blockers(edge.blocker, queues);
                path.push((more, 0));
            }
        }
        None
    }

    fn blockers(&self, process: u32, queues: &Queues) -> Vec<Edge> {
        blockers(self.table, process, queues.get(&self.table.awaited_by(process).map_or(u32::MAX, |(o, _)| o)))
    }
}

/// Everybody a process waits for. `queue` stands for the object's own queue if given.
pub(crate) fn blockers(table: &Table, process: u32, queue: Option<&Vec<u32>>) -> Vec<Edge> {
    let Some((object, mode)) = table.awaited_by(process) else { return Vec::new() };
    let conflicts = mode.conflicts();
    let mut edges: Vec<Edge> = table
        .holders_of(object)
        .map(|holder| table.held(holder))
        .filter(|&(blocker, held)| blocker != process && conflicts.intersects(held))
        .map(|(blocker, _)| Edge { waiter: process, blocker, object, mode, hard: true })
        .collect();
    let own;
    let queue = match queue {
        Some(queue) => queue,
        None => {
            own = table.waiters_of(object).collect();
            &own
        }
    };
    for &blocker in queue.iter().take_while(|&&p| p != process) {
        let in_the_way = table.awaited_by(blocker).is_some_and(|(_, m)| conflicts.contains(m));
        if in_the_way && !edges.iter().any(|edge| edge.blocker == blocker) {
            edges.push(Edge { waiter: process, blocker, object, mode, hard: false });
        }
    }
    edges
}

/// One line of the error's detail.
pub(crate) fn describe(waiter_pid: i32, mode: LockMode, tag: LockTag, blocker_pid: i32) -> String {
    format!("Process {waiter_pid} waits for {mode} on {tag}; blocked by process {blocker_pid}.")
}
