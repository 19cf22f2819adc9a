//! Redo after a crash, checkpoints, and the processes that write in the background.
//!
//! Knows nothing of what records mean: it hands them to the resource managers of [`Context::managers`], and asks the participants of
//! [`Context::participants`] to save what is not on pages. The postmaster puts the lists together.
//!
//! # A checkpoint
//!
//! 1. With insertion excluded for a moment, the *redo position* is fixed. From here on, pages are logged whole at their first change.
//! 2. Participants tell their counters; whatever was handed out before the redo position is in them.
//! 3. Participants log once more what recovery must find behind the redo position (transactions that are prepared).
//! 4. Participants flush, all dirty pages are written (slowly), all written files synced.
//! 5. The checkpoint's record is logged and flushed.
//! 6. `pg_control` names it. From this write on, a crash recovers from the new redo position.
//! 7. Old log segments are recycled, names of dropped files freed.
//!
//! A crash before step 6 recovers from the checkpoint before. A page written in step 4 may hold changes logged after the redo
//! position: its LSN tells redo so.
//!
//! # Where to start reading
//!
//! [`recover`] is what the startup process does; [`Checkpointer`] makes checkpoints; [`workers`] has the loops of the
//! checkpointer, the background writer and the WAL writer; [`Checkpoints`] is how others ask for a checkpoint.
#![forbid(unsafe_code)]

mod checkpoint;
mod request;
mod startup;
mod unlogged;
pub mod workers;
mod xlog;

pub use checkpoint::{CheckpointStatistics, Checkpointer, Kind};
pub use request::{CheckpointFlags, Checkpoints, CheckpointsRequest};
pub use startup::{Recovered, recover};
pub use xlog::XlogManager;

use error::{Error, Severity, SqlState};
use std::path::PathBuf;
use std::sync::Arc;
use storage::{CheckpointParticipant, ResourceManager, Storage};
use wal::Wal;

/// What recovery and checkpoints work with.
#[derive(Clone)]
pub struct Context {
    /// The data directory.
    pub data_directory: PathBuf,
    /// The log.
    pub wal: Wal,
    /// The pages.
    pub storage: Storage,
    /// Who replays records. The manager of the log's own records is added by [`recover`].
    pub managers: Vec<Arc<dyn ResourceManager>>,
    /// Who has state outside of pages.
    pub participants: Vec<Arc<dyn CheckpointParticipant>>,
    /// Writes a line to the server's log.
    pub log: Arc<dyn Fn(Error) + Send + Sync>,
}

impl Context {
    pub(crate) fn log(&self, message: impl Into<String>) {
        (self.log)(Error::new(SqlState::SUCCESSFUL_COMPLETION, message).severity(Severity::Log));
    }
}

/// A time as the log shows it: `2026-11-22 03:17:07 UTC`, from seconds since 1970.
pub fn format_time(seconds: i64) -> String {
    let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // Days to a date, after Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + (month <= 2) as i64;
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}

pub(crate) fn now() -> i64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64)
}

#[cfg(test)]
mod tests {
    #[test]
    fn times() {
        assert_eq!(super::format_time(1_795_317_427), "2026-11-22 03:17:07 UTC");
        assert_eq!(super::format_time(951_782_400), "2000-02-29 00:00:00 UTC");
        assert_eq!(super::format_time(-1), "1969-12-31 23:59:59 UTC");
    }
}
