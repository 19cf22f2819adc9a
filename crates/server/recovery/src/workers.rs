//! The loops of the processes that write in the background: checkpointer, background writer, WAL writer.
//!
//! Each gets its [`Process`] and a function that gives the current values of its settings, which is called once per round (and serves a
//! reload first, if one was asked for). Each ends when the process is told to, by [`Interrupt::TERMINATE`]; the checkpointer by
//! [`Interrupt::USER`], when it has made the shutdown checkpoint; and all when the postmaster is gone.

use crate::{CheckpointFlags, Checkpointer, Checkpoints, Kind};
use error::{Error, Result, Severity, SqlState};
use shm::{Interrupt, Process, WaitEvent};
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};
use storage::Storage;
use wal::{Wal, WalLevel};

/// The checkpointer's settings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CheckpointSettings {
    /// `checkpoint_timeout`.
    pub timeout: Duration,
    /// `checkpoint_completion_target`.
    pub completion_target: f64,
    /// `checkpoint_warning`; zero is never.
    pub warning: Duration,
    /// `log_checkpoints`.
    pub log: bool,
    /// `wal_level`.
    pub wal_level: WalLevel,
}

impl Default for CheckpointSettings {
    fn default() -> CheckpointSettings {
        CheckpointSettings {
            timeout: Duration::from_secs(300),
            completion_target: 0.9,
            warning: Duration::from_secs(30),
            log: true,
            wal_level: WalLevel::Replica,
        }
    }
}

/// How often the checkpointer looks how much log was written.
const LOOK: Duration = Duration::from_millis(500);

/// The checkpointer: a checkpoint every `timeout`, before `max_wal_size` of log is written, and on request.
///
/// # Errors
/// A shutdown checkpoint that fails. Others are logged, and tried again.
pub fn checkpointer(
    checkpointer: &mut Checkpointer,
    requests: &Checkpoints,
    process: &Process,
    mut settings: impl FnMut() -> CheckpointSettings,
) -> Result<()> {
    requests.serve(process);
    let mut last = Instant::now();
    loop {
        process.latch().reset();
        let now = settings();
        checkpointer.wal_level = now.wal_level;
        checkpointer.log = now.log;
        if process.is_interrupted(Interrupt::POSTMASTER_DIED) {
            return Ok(());
        }
        if process.is_interrupted(Interrupt::USER) {
            (checkpointer.context().log)(
                Error::new(SqlState::SUCCESSFUL_COMPLETION, "shutting down").severity(Severity::Log),
            );
            checkpointer.run(Kind::Shutdown, "shutdown immediate", &mut |_| {})?;
            return Ok(());
        }
        let wal = &checkpointer.context().wal;
        // The log may grow to its limit while the next checkpoint is written, so this one begins before.
        let budget = wal.options().max_size as f64 / (1.0 + now.completion_target);
        let written = wal.insert_position().0.saturating_sub(checkpointer.last_redo().0) as f64;
        let timed = last.elapsed() >= now.timeout;
        // Never sooner than after a segment, however small the limit; and not for a log in which nothing happened since the last one, which
        // a checkpoint would not shorten.
        let segment = wal.segment_size() as f64;
        let sized = written >= (budget - segment).max(segment) && checkpointer.is_needed();
        if requests.pending() == CheckpointFlags::default() && !timed && !sized {
            let wait = now.timeout.saturating_sub(last.elapsed()).min(LOOK);
            process.wait(&[], Some(wait), WaitEvent::ACTIVITY_CHECKPOINTER_MAIN)?;
            continue;
        }
        let mut flags = requests.begin();
        let requested = flags != CheckpointFlags::default();
        if sized {
            flags = flags.and(CheckpointFlags::WAL);
        }
        if timed {
            flags = flags.and(CheckpointFlags::TIME);
        }
        let since = last.elapsed();
        last = Instant::now();
        if let Some(counts) = checkpointer.statistics {
            let counter = if timed && !requested { &counts.checkpoints_timed } else { &counts.checkpoints_requested };
            counter.fetch_add(1, Relaxed);
        }
        if sized && !requested && since < now.warning {
            warn_frequent(checkpointer, since);
        }
        let mut failed = false;
        if flags.has(CheckpointFlags::FORCE) || requested || checkpointer.is_needed() {
            let pace = Pace { begun: last, budget, settings: now, immediate: flags.has(CheckpointFlags::IMMEDIATE) };
            let (wal, redo) = (checkpointer.context().wal.clone(), checkpointer.context().wal.insert_position());
            let mut pace = |progress: f64| {
                while pace.is_ahead(progress, &wal, redo.0)
                    && !requests.pending().has(CheckpointFlags::IMMEDIATE)
                    && !process.is_interrupted(Interrupt(Interrupt::USER.0 | Interrupt::POSTMASTER_DIED.0))
                {
                    requests.sleep(process, Duration::from_millis(100));
                }
            };
            if let Err(e) = checkpointer.run(Kind::Online, &flags.describe(), &mut pace) {
                (checkpointer.context().log)(e);
                failed = true;
            }
        }
        requests.end(failed, timed && !requested);
        if failed {
            process.wait(&[], Some(Duration::from_secs(1)), WaitEvent::ACTIVITY_CHECKPOINTER_MAIN)?;
        }
    }
}

fn warn_frequent(checkpointer: &Checkpointer, since: Duration) {
    let seconds = since.as_secs();
    let unit = if seconds == 1 { "second" } else { "seconds" };
    (checkpointer.context().log)(
        Error::new(
            SqlState::SUCCESSFUL_COMPLETION,
            format!("checkpoints are occurring too frequently ({seconds} {unit} apart)"),
        )
        .severity(Severity::Log)
        .hint("Consider increasing the configuration parameter \"max_wal_size\"."),
    );
}

/// How fast a checkpoint has to go: so that it is done when `completion_target` of the time, and of the log, until the next one is over.
struct Pace {
    begun: Instant,
    /// Bytes of log between checkpoints.
    budget: f64,
    settings: CheckpointSettings,
    immediate: bool,
}

impl Pace {
    fn is_ahead(&self, progress: f64, wal: &Wal, redo: u64) -> bool {
        if self.immediate {
            return false;
        }
        let goal = progress * self.settings.completion_target;
        let time = self.begun.elapsed().as_secs_f64() / self.settings.timeout.as_secs_f64().max(1.0);
        let log = wal.insert_position().0.saturating_sub(redo) as f64 / self.budget.max(1.0);
        goal > time && goal > log
    }
}

/// The background writer's settings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BackgroundWriterSettings {
    /// `bgwriter_delay`.
    pub delay: Duration,
    /// `bgwriter_lru_maxpages`.
    pub pages_max: u32,
    /// `bgwriter_lru_multiplier`.
    pub multiplier: f64,
}

impl Default for BackgroundWriterSettings {
    fn default() -> BackgroundWriterSettings {
        BackgroundWriterSettings { delay: Duration::from_millis(200), pages_max: 100, multiplier: 2.0 }
    }
}

fn is_over(process: &Process) -> bool {
    process.is_interrupted(Interrupt(Interrupt::TERMINATE.0 | Interrupt::POSTMASTER_DIED.0))
}

/// The background writer: keeps some clean buffers ahead of those who need one.
///
/// # Errors
/// A failed wait. Failed writes are logged, and tried again.
pub fn background_writer(
    storage: &Storage,
    process: &Process,
    log: &dyn Fn(Error),
    statistics: Option<&stats::Globals>,
    mut settings: impl FnMut() -> BackgroundWriterSettings,
) -> Result<()> {
    let mut seen = 0;
    while !is_over(process) {
        process.latch().reset();
        let now = settings();
        let mut pause = now.delay;
        match (storage.write_ahead(&mut seen, now.multiplier, now.pages_max), statistics) {
            (Ok(written), Some(counts)) if written >= now.pages_max && written > 0 => {
                counts.bgwriter_max_written_clean.fetch_add(1, Relaxed);
            }
            (Ok(_), _) => (),
            (Err(e), _) => {
                log(e);
                pause = pause.max(Duration::from_secs(1));
            }
        }
        process.wait(&[], Some(pause), WaitEvent::ACTIVITY_BGWRITER_MAIN)?;
    }
    Ok(())
}

/// The WAL writer: flushes what asynchronous commits left, every `delay` (`wal_writer_delay`), and makes the next segment in time.
///
/// # Errors
/// A failed wait.
pub fn wal_writer(
    wal: &Wal,
    process: &Process,
    log: &dyn Fn(Error),
    mut delay: impl FnMut() -> Duration,
) -> Result<()> {
    while !is_over(process) {
        process.latch().reset();
        let pause = delay();
        wal.flush_in_background();
        if wal.is_started()
            && let Err(e) = wal.preallocate()
        {
            log(e);
        }
        process.wait(&[], Some(pause), WaitEvent::ACTIVITY_WAL_WRITER_MAIN)?;
    }
    Ok(())
}
