//! Asking for checkpoints, across processes.

use error::{Error, Result, SqlState};
use shm::{ConditionVariable, Layout, One, Process, Processes, Segment, Shm, WaitEvent};
use std::sync::atomic::Ordering::SeqCst;
use std::sync::atomic::{AtomicU32, AtomicU64};
use std::time::Duration;

/// How a checkpoint is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CheckpointFlags(u32);

impl CheckpointFlags {
    /// As fast as possible, without pacing.
    pub const IMMEDIATE: CheckpointFlags = CheckpointFlags(1);
    /// Even if nothing happened since the last one.
    pub const FORCE: CheckpointFlags = CheckpointFlags(2);
    /// The requester waits for it.
    pub const WAIT: CheckpointFlags = CheckpointFlags(4);
    /// Because much log was written.
    pub const WAL: CheckpointFlags = CheckpointFlags(8);
    /// Because time is up.
    pub const TIME: CheckpointFlags = CheckpointFlags(16);

    /// These and those.
    pub const fn and(self, other: CheckpointFlags) -> CheckpointFlags {
        CheckpointFlags(self.0 | other.0)
    }

    /// Whether all of `other` is in it.
    pub const fn has(self, other: CheckpointFlags) -> bool {
        self.0 & other.0 == other.0
    }

    /// The words of the log line.
    pub fn describe(self) -> String {
        let words = [
            (CheckpointFlags::IMMEDIATE, "immediate"),
            (CheckpointFlags::FORCE, "force"),
            (CheckpointFlags::WAIT, "wait"),
            (CheckpointFlags::WAL, "wal"),
            (CheckpointFlags::TIME, "time"),
        ];
        words.iter().filter(|(flag, _)| self.has(*flag)).map(|(_, word)| *word).collect::<Vec<_>>().join(" ")
    }
}

shm::shared! {
    struct State {
        /// The flags of requests since the last checkpoint began.
        flags: AtomicU32,
        /// The checkpointer's number and one more; zero if there is none.
        checkpointer: AtomicU32,
        /// Checkpoints begun.
        started: AtomicU64,
        /// The last one that is done.
        done: AtomicU64,
        failed: AtomicU64,
        finished: ConditionVariable,
        /// Checkpoints by reason, for pg_stat_checkpointer.
        timed: AtomicU64,
        requested: AtomicU64,
    }
}

/// A promise of the requests' part of the segment.
#[derive(Clone, Copy)]
pub struct CheckpointsRequest(One<State>);

/// The requests for checkpoints: a handle that every process has.
#[derive(Clone)]
pub struct Checkpoints {
    state: Shm<State>,
    processes: Processes,
}

impl Checkpoints {
    /// Asks for the part of the segment.
    pub fn layout(layout: &mut Layout) -> CheckpointsRequest {
        CheckpointsRequest(layout.one("Checkpoint Requests"))
    }

    /// Finds it.
    pub fn attach(segment: &Segment, request: CheckpointsRequest, processes: &Processes) -> Checkpoints {
        Checkpoints { state: segment.one(request.0), processes: processes.clone() }
    }

    /// Asks the checkpointer for a checkpoint, and with [`CheckpointFlags::WAIT`] waits for it: one that begins after this call.
    ///
    /// # Errors
    /// The checkpoint failed; interrupts of the process.
    pub fn request(&self, process: &Process, flags: CheckpointFlags) -> Result<()> {
        let state = self.state.get();
        let (started, failed) = (state.started.load(SeqCst), state.failed.load(SeqCst));
        state.flags.fetch_or(flags.0, SeqCst);
        if let Some(number) = state.checkpointer.load(SeqCst).checked_sub(1) {
            self.processes.slot(shm::ProcNumber(number)).latch.set();
        }
        if !flags.has(CheckpointFlags::WAIT) {
            return Ok(());
        }
        let begun = || state.started.load(SeqCst) != started;
        state.finished.wait_until(process, WaitEvent::IPC_CHECKPOINT_START, None, begun)?;
        // One that had begun before may not cover what the caller did; this one does.
        let mine = state.started.load(SeqCst);
        let done = || state.done.load(SeqCst) >= mine;
        state.finished.wait_until(process, WaitEvent::IPC_CHECKPOINT_DONE, None, done)?;
        if state.failed.load(SeqCst) != failed {
            return Err(Error::new(SqlState::INTERNAL_ERROR, "checkpoint request failed")
                .hint("Consult recent messages in the server log for details."));
        }
        Ok(())
    }

    /// How many checkpoints were made because time was up, and how many on request.
    pub fn counts(&self) -> (u64, u64) {
        (self.state.timed.load(SeqCst), self.state.requested.load(SeqCst))
    }

    /// The calling process is the checkpointer.
    pub(crate) fn serve(&self, process: &Process) {
        self.state.checkpointer.store(process.number().0 + 1, SeqCst);
    }

    /// The flags asked for so far; they stay.
    pub(crate) fn pending(&self) -> CheckpointFlags {
        CheckpointFlags(self.state.flags.load(SeqCst))
    }

    /// A checkpoint begins: takes the flags.
    pub(crate) fn begin(&self) -> CheckpointFlags {
        let state = self.state.get();
        // The count first: who asks between the two is served by the next one.
        let flags = CheckpointFlags(state.flags.swap(0, SeqCst));
        state.started.fetch_add(1, SeqCst);
        state.finished.broadcast(&self.processes);
        flags
    }

    /// It is over.
    pub(crate) fn end(&self, failed: bool, timed: bool) {
        let state = self.state.get();
        if failed {
            state.failed.fetch_add(1, SeqCst);
        }
        if timed { &state.timed } else { &state.requested }.fetch_add(1, SeqCst);
        state.done.store(state.started.load(SeqCst), SeqCst);
        state.finished.broadcast(&self.processes);
    }

    /// Sleeps as long as a paced checkpoint may; wakes when somebody asks for an immediate one.
    pub(crate) fn sleep(&self, process: &Process, time: Duration) {
        process.latch().reset();
        if !self.pending().has(CheckpointFlags::IMMEDIATE) {
            let _ = process.wait(&[], Some(time), WaitEvent::TIMEOUT_CHECKPOINT_WRITE_DELAY);
        }
    }
}
