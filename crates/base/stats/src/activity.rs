//! What every process is doing now: `pg_stat_activity`, and the progress of long commands.
//!
//! Each process has a slot, which it alone writes. A counter before and after a change (odd while it goes on) lets readers see whether
//! they read one state of it: they try again if not. All fields are atomics, so nothing worse than a mixture can be read.

use std::sync::atomic::{AtomicI32, AtomicI64, AtomicU32, AtomicU64, Ordering};

use ids::Oid;
use shm::{Layout, Many, ProcNumber, Segment, ShmSlice};

/// What a session is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u32)]
pub enum State {
    /// Not told: no session, or one that is starting.
    #[default]
    Undefined = 0,
    /// `starting`.
    Starting = 1,
    /// Waiting for its client, outside of a transaction.
    Idle = 2,
    /// At work.
    Active = 3,
    /// Waiting for its client, in a transaction.
    IdleInTransaction = 4,
    /// The same, the transaction having failed.
    IdleInFailed = 5,
    /// `fastpath function call`.
    FastPath = 6,
    /// `track_activities` is off.
    Disabled = 7,
}

impl State {
    /// As `pg_stat_activity` shows it.
    pub fn name(self) -> Option<&'static str> {
        match self {
            State::Undefined => None,
            State::Starting => Some("starting"),
            State::Idle => Some("idle"),
            State::Active => Some("active"),
            State::IdleInTransaction => Some("idle in transaction"),
            State::IdleInFailed => Some("idle in transaction (aborted)"),
            State::FastPath => Some("fastpath function call"),
            State::Disabled => Some("disabled"),
        }
    }

    fn from_number(number: u32) -> State {
        match number {
            1 => State::Starting,
            2 => State::Idle,
            3 => State::Active,
            4 => State::IdleInTransaction,
            5 => State::IdleInFailed,
            6 => State::FastPath,
            7 => State::Disabled,
            _ => State::Undefined,
        }
    }
}

/// Commands that tell of their progress, by the words of `pg_stat_get_progress_info`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
#[allow(missing_docs)] // the names say it
pub enum ProgressCommand {
    Vacuum = 1,
    Analyze = 2,
    Cluster = 3,
    CreateIndex = 4,
    BaseBackup = 5,
    Copy = 6,
}

impl ProgressCommand {
    /// The command with this name, in upper case.
    pub fn named(name: &str) -> Option<ProgressCommand> {
        Some(match name {
            "VACUUM" => ProgressCommand::Vacuum,
            "ANALYZE" => ProgressCommand::Analyze,
            "CLUSTER" => ProgressCommand::Cluster,
            "CREATE INDEX" => ProgressCommand::CreateIndex,
            "BASEBACKUP" => ProgressCommand::BaseBackup,
            "COPY" => ProgressCommand::Copy,
            _ => return None,
        })
    }
}

/// Numbers that a command tells of its progress.
pub const PROGRESS_PARAMETERS: usize = 20;
const NAME_WORDS: usize = 8;

shm::shared! {
    /// A process's slot.
    #[derive(Debug)]
    struct Slot {
        /// Odd while the owner changes the slot.
        changes: AtomicU32,
        state: AtomicU32,
        transaction_start_us: AtomicI64,
        query_start_us: AtomicI64,
        state_change_us: AtomicI64,
        query_id: AtomicI64,
        client_port: AtomicI32,
        text_len: AtomicU32,
        application: [AtomicU64; NAME_WORDS],
        client_host: [AtomicU64; NAME_WORDS],
        progress_command: AtomicU32,
        progress_target: AtomicU32,
        progress: [AtomicI64; PROGRESS_PARAMETERS],
    }
}

/// A promise of the slots.
#[derive(Clone, Copy, Debug)]
pub struct ActivitiesRequest {
    slots: Many<Slot>,
    text: Many<AtomicU64>,
    words: usize,
}

/// All processes' activities.
#[derive(Clone, Copy, Debug)]
pub struct Activities {
    slots: ShmSlice<Slot>,
    text: ShmSlice<AtomicU64>,
    /// Of the text of one slot.
    words: usize,
}

/// A process's activity, as read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Activity {
    /// What it is about.
    pub state: State,
    /// When its transaction began (microseconds since 1970); zero: it has none.
    pub transaction_start_us: i64,
    /// When the query, or the last one, began; zero: there was none.
    pub query_start_us: i64,
    /// When the state changed; zero: never.
    pub state_change_us: i64,
    /// The query's fingerprint; zero: not computed.
    pub query_id: i64,
    /// The client's port; -1 for a unix socket, zero: no client.
    pub client_port: i32,
    /// `application_name`.
    pub application: String,
    /// The client's address, or nothing.
    pub client_host: String,
    /// The text of the query, or of the last one.
    pub query: String,
}

/// A command's progress, as read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What it works on.
    pub target: Oid,
    /// Its numbers.
    pub parameters: [i64; PROGRESS_PARAMETERS],
}

fn put_words(words: &[AtomicU64], bytes: &[u8]) {
    let mut chunks = bytes.chunks(8);
    for word in words {
        let Some(chunk) = chunks.next() else {
            word.store(0, Ordering::Relaxed);
            break;
        };
        let mut padded = [0; 8];
        padded[..chunk.len()].copy_from_slice(chunk);
        word.store(u64::from_ne_bytes(padded), Ordering::Relaxed);
    }
}

fn get_words(words: &[AtomicU64], len: Option<usize>) -> String {
    let mut bytes = Vec::new();
    for word in words {
        let word = word.load(Ordering::Relaxed).to_ne_bytes();
        bytes.extend_from_slice(&word);
        match len {
            Some(len) if bytes.len() >= len => break,
            None if word.contains(&0) => break,
            _ => {}
        }
    }
    let end = len.unwrap_or_else(|| bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len()));
    bytes.truncate(end);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The longest prefix of a text that has at most this many bytes.
fn clip(text: &str, most: usize) -> &str {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

impl Activities {
    /// Asks for `slots` slots with room for queries of `query_size` bytes (`track_activity_query_size`).
    pub fn layout(layout: &mut Layout, slots: usize, query_size: usize) -> ActivitiesRequest {
        let words = query_size.clamp(100, 1 << 20).div_ceil(8);
        ActivitiesRequest {
            slots: layout.many("Backend Status Array", slots),
            text: layout.many("Backend Activity Buffer", slots * words),
            words,
        }
    }

    /// Sets them up in a new segment.
    pub fn attach(segment: &Segment, request: ActivitiesRequest) -> Activities {
        Activities { slots: segment.many(request.slots), text: segment.many(request.text), words: request.words }
    }

    fn text(&self, process: ProcNumber) -> &[AtomicU64] {
        let start = process.0 as usize * self.words;
        self.text.get(start..start + self.words).unwrap_or(&[])
    }

    fn change(&self, process: ProcNumber, change: impl FnOnce(&Slot)) {
        let Some(slot) = self.slots.get(process.0 as usize) else { return };
        let before = slot.changes.load(Ordering::Relaxed);
        slot.changes.store(before | 1, Ordering::Relaxed);
        std::sync::atomic::fence(Ordering::Release);
        change(slot);
        slot.changes.store((before | 1).wrapping_add(1), Ordering::Release);
    }

    /// The slot has a new owner: a client's session, or (without an address) another process.
    pub fn begin(&self, process: ProcNumber, client_host: &str, client_port: i32) {
        self.change(process, |slot| {
            slot.state.store(0, Ordering::Relaxed);
            for time in [&slot.transaction_start_us, &slot.query_start_us, &slot.state_change_us, &slot.query_id] {
                time.store(0, Ordering::Relaxed);
            }
            slot.client_port.store(client_port, Ordering::Relaxed);
            slot.text_len.store(0, Ordering::Relaxed);
            slot.progress_command.store(0, Ordering::Relaxed);
            put_words(&slot.application, b"");
            put_words(&slot.client_host, clip(client_host, NAME_WORDS * 8 - 1).as_bytes());
        });
    }

    /// `application_name` changed.
    pub fn set_application(&self, process: ProcNumber, name: &str) {
        self.change(process, |slot| put_words(&slot.application, clip(name, NAME_WORDS * 8 - 1).as_bytes()));
    }

    /// The process begins a query.
    pub fn run(&self, process: ProcNumber, query: &str, now_us: i64) {
        let query = clip(query, self.words * 8 - 1);
        self.change(process, |slot| {
            slot.state.store(State::Active as u32, Ordering::Relaxed);
            slot.query_start_us.store(now_us, Ordering::Relaxed);
            slot.state_change_us.store(now_us, Ordering::Relaxed);
            slot.query_id.store(0, Ordering::Relaxed);
            slot.text_len.store(query.len() as u32, Ordering::Relaxed);
            put_words(self.text(process), query.as_bytes());
        });
    }

    /// The process does something else now; the query stays shown.
    pub fn set_state(&self, process: ProcNumber, state: State, now_us: i64) {
        self.change(process, |slot| {
            slot.state.store(state as u32, Ordering::Relaxed);
            slot.state_change_us.store(now_us, Ordering::Relaxed);
        });
    }

    /// A transaction began, or (zero) ended.
    pub fn set_transaction_start(&self, process: ProcNumber, start_us: i64) {
        if let Some(slot) = self.slots.get(process.0 as usize) {
            slot.transaction_start_us.store(start_us, Ordering::Relaxed);
        }
    }

    /// The running query's fingerprint.
    pub fn set_query_id(&self, process: ProcNumber, id: i64) {
        if let Some(slot) = self.slots.get(process.0 as usize) {
            slot.query_id.store(id, Ordering::Relaxed);
        }
    }

    /// What a process does.
    pub fn get(&self, process: ProcNumber) -> Activity {
        let Some(slot) = self.slots.get(process.0 as usize) else { return Activity::default() };
        let mut activity = Activity::default();
        // A process that died in the middle of a change must not keep readers for ever.
        for _ in 0..1000 {
            let before = slot.changes.load(Ordering::Acquire);
            let len = slot.text_len.load(Ordering::Relaxed) as usize;
            activity = Activity {
                state: State::from_number(slot.state.load(Ordering::Relaxed)),
                transaction_start_us: slot.transaction_start_us.load(Ordering::Relaxed),
                query_start_us: slot.query_start_us.load(Ordering::Relaxed),
                state_change_us: slot.state_change_us.load(Ordering::Relaxed),
                query_id: slot.query_id.load(Ordering::Relaxed),
                client_port: slot.client_port.load(Ordering::Relaxed),
                application: get_words(&slot.application, None),
                client_host: get_words(&slot.client_host, None),
                query: if len == 0 { String::new() } else { get_words(self.text(process), Some(len)) },
            };
            std::sync::atomic::fence(Ordering::Acquire);
            if before & 1 == 0 && slot.changes.load(Ordering::Relaxed) == before {
                break;
            }
            std::hint::spin_loop();
        }
        activity
    }

    // --- Progress ---------------------------------------------------------------------------------------------------

    /// A command that tells of its progress begins to work on `target`.
    pub fn begin_progress(&self, process: ProcNumber, command: ProgressCommand, target: Oid) {
        self.change(process, |slot| {
            slot.progress_command.store(command as u32, Ordering::Relaxed);
            slot.progress_target.store(target.0, Ordering::Relaxed);
            slot.progress.iter().for_each(|n| n.store(0, Ordering::Relaxed));
        });
    }

    /// One of its numbers.
    #[inline]
    pub fn progress(&self, process: ProcNumber, parameter: usize, value: i64) {
        if let Some(slot) = self.slots.get(process.0 as usize)
            && let Some(number) = slot.progress.get(parameter)
        {
            number.store(value, Ordering::Relaxed);
        }
    }

    /// It is done.
    pub fn end_progress(&self, process: ProcNumber) {
        self.change(process, |slot| slot.progress_command.store(0, Ordering::Relaxed));
    }

    /// How far a process has come with a command; `None` if it does something else.
    pub fn get_progress(&self, process: ProcNumber, command: ProgressCommand) -> Option<Progress> {
        let slot = self.slots.get(process.0 as usize)?;
        if slot.progress_command.load(Ordering::Acquire) != command as u32 {
            return None;
        }
        Some(Progress {
            target: Oid(slot.progress_target.load(Ordering::Relaxed)),
            parameters: std::array::from_fn(|n| slot.progress[n].load(Ordering::Relaxed)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn activities() -> Activities {
        let mut layout = Layout::new();
        let request = Activities::layout(&mut layout, 3, 100);
        Activities::attach(&layout.map().unwrap(), request)
    }

    #[test]
    fn what_a_process_says_others_read() {
        let all = activities();
        let (me, other) = (ProcNumber(1), ProcNumber(2));
        all.begin(me, "127.0.0.1", 5555);
        all.set_application(me, "psql");
        all.run(me, "SELECT 'ä'", 42);
        let read = all.get(me);
        assert_eq!((read.state, read.query.as_str(), read.query_start_us), (State::Active, "SELECT 'ä'", 42));
        assert_eq!((read.application.as_str(), read.client_host.as_str()), ("psql", "127.0.0.1"));
        all.set_state(me, State::Idle, 43);
        assert_eq!((all.get(me).state, all.get(me).query.as_str()), (State::Idle, "SELECT 'ä'"));
        assert_eq!(all.get(other), Activity::default());
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        let all = activities();
        let me = ProcNumber(0);
        all.run(me, &"ä".repeat(100), 1);
        let read = all.get(me).query;
        assert!(read.len() <= 103 && read.chars().all(|c| c == 'ä'), "{read}");
        all.set_application(me, &"x".repeat(80));
        assert_eq!(all.get(me).application.len(), 63);
    }

    #[test]
    fn progress_is_of_one_command() {
        let all = activities();
        let me = ProcNumber(0);
        all.begin_progress(me, ProgressCommand::Vacuum, Oid(7));
        all.progress(me, 2, 50);
        let read = all.get_progress(me, ProgressCommand::Vacuum).unwrap();
        assert_eq!((read.target, read.parameters[2]), (Oid(7), 50));
        assert_eq!(all.get_progress(me, ProgressCommand::Copy), None);
        all.end_progress(me);
        assert_eq!(all.get_progress(me, ProgressCommand::Vacuum), None);
    }
}
