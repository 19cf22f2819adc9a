//! Making checkpoints.

use crate::startup::DEFAULT_LEVEL;
use crate::{Context, now};
use error::{Error, Result};
use ids::{Lsn, Xid};
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};
use storage::{CheckpointRecord, ClusterState, ControlFile, xlog};
use wal::{Record, Removed, RmgrId, WalLevel, panic_process};

/// Why a checkpoint is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// While the server runs.
    Online,
    /// The last thing of a clean shutdown. Nobody else writes any more.
    Shutdown,
    /// The last thing of a recovery. Nobody else writes yet.
    EndOfRecovery,
}

/// What a checkpoint did.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CheckpointStatistics {
    /// Where its record is.
    pub lsn: Lsn,
    /// Where redo would begin.
    pub redo: Lsn,
    /// Pages written.
    pub pages: u64,
    /// Time for writing.
    pub write: Duration,
    /// Time for syncing.
    pub sync: Duration,
    /// Files synced.
    pub files: u64,
    /// Time in all.
    pub total: Duration,
}

/// Makes the cluster's checkpoints, one after the other.
pub struct Checkpointer {
    context: Context,
    /// `wal_level`, for the records.
    pub wal_level: WalLevel,
    /// `log_checkpoints`.
    pub log: bool,
    /// Where checkpoints are counted.
    pub statistics: Option<&'static stats::Globals>,
    /// Bytes of log between checkpoints, smoothed: how many segments to keep for reuse.
    estimate: f64,
    /// The redo position before.
    previous: Lsn,
    /// Where the last checkpoint's record ended.
    end: Lsn,
}

impl Checkpointer {
    /// A checkpointer for a cluster with a control file.
    ///
    /// # Errors
    /// Those of reading it.
    pub fn new(context: Context) -> Result<Checkpointer> {
        let previous = ControlFile::read(&context.data_directory)?.checkpoint_record.redo;
        Ok(Checkpointer {
            context,
            wal_level: DEFAULT_LEVEL,
            log: true,
            statistics: None,
            estimate: 0.0,
            previous,
            end: previous,
        })
    }

    /// What it works with.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// The redo position of the last checkpoint.
    pub fn last_redo(&self) -> Lsn {
        self.previous
    }

    /// Whether anything worth a checkpoint was logged since the last one.
    pub fn is_needed(&self) -> bool {
        // The last checkpoint's own record is all that an idle server has logged since; at most a page header stands behind it.
        self.context.wal.insert_position().0 > self.end.0 + 40
    }

    /// Makes a checkpoint. `reasons` are for the log line; `pace` is told the progress of writing, from 0 to 1, and may sleep.
    ///
    /// # Errors
    /// The checkpoint has failed; the one before still counts.
    pub fn run(&mut self, kind: Kind, reasons: &str, pace: &mut dyn FnMut(f64)) -> Result<CheckpointStatistics> {
        let context = &self.context;
        let (wal, storage) = (&context.wal, &context.storage);
        let started = Instant::now();
        let quiet = kind != Kind::Online;
        if self.log {
            context.log(format!("checkpoint starting: {reasons}"));
        }
        let mut control = ControlFile::read(&context.data_directory)?;
        if kind == Kind::Shutdown {
            control.state = ClusterState::ShuttingDown;
            control.time = now();
            control.write(&context.data_directory)?;
        }
        let unlinks = storage.begin_unlink_cycle();
        let mut record = CheckpointRecord {
            timeline: wal.timeline(),
            previous_timeline: wal.timeline(),
            full_page_writes: wal.options().full_page_writes,
            wal_level: self.wal_level,
            time: now(),
            ..CheckpointRecord::default()
        };
        let (redo, ()) = wal.begin_checkpoint(|_| ());
        record.redo = redo;
        for participant in &context.participants {
            participant.fill(&mut record);
        }
        if quiet {
            record.oldest_active_xid = Xid::INVALID;
        }
        let before = wal.insert_position();
        for participant in &context.participants {
            participant.restate(redo)?;
        }
        let restated = wal.insert_position();
        let write_started = Instant::now();
        for participant in &context.participants {
            participant.flush()?;
        }
        let written = storage.write_dirty(quiet, pace)?;
        let write = write_started.elapsed();
        let sync_started = Instant::now();
        let synced = storage.sync_files();
        let sync = sync_started.elapsed();

        let info = if quiet { xlog::CHECKPOINT_SHUTDOWN } else { xlog::CHECKPOINT_ONLINE };
        let mut log_record = Record::new(RmgrId::XLOG, info);
        log_record.data(&record.encode());
        let after = wal.insert_position();
        let (lsn, end) = wal.insert_at(&log_record, Xid::INVALID)?;
        wal.flush(end);
        let is_alone = if before == restated { lsn == redo } else { after == restated };
        if quiet && !is_alone {
            panic_process("concurrent write-ahead log activity while database system is shutting down");
        }
        if kind == Kind::Shutdown {
            control.state = ClusterState::ShutDown;
        }
        control.time = now();
        control.checkpoint = lsn;
        control.checkpoint_record = record;
        control.wal_level = self.wal_level;
        if let Err(e) = control.write(&context.data_directory) {
            panic_process(e.message()); // What the file says now is unknown.
        }

        // The checkpoint stands. What follows only tidies up, and must not make it look failed.
        storage.end_unlink_cycle(unlinks);
        for participant in &context.participants {
            self.warn(participant.completed(&record));
        }
        let distance = (redo.0 - self.previous.0.min(redo.0)) as f64;
        self.estimate = if distance > self.estimate { distance } else { 0.9 * self.estimate + 0.1 * distance };
        // Room for one more checkpoint's worth, and a tenth more.
        let removed = self.warn(wal.remove_old_segments(redo, (self.estimate * 1.1) as u64)).unwrap_or_default();
        let added = if kind == Kind::Shutdown { 0 } else { self.warn(wal.preallocate()).unwrap_or(0) };
        self.previous = redo;
        self.end = end;
        let statistics = CheckpointStatistics {
            lsn,
            redo,
            pages: written.pages,
            write,
            sync,
            files: synced.files,
            total: started.elapsed(),
        };
        if let Some(counts) = self.statistics {
            counts.checkpoints_done.fetch_add(1, Relaxed);
            counts.checkpoint_write_us.fetch_add(write.as_micros() as u64, Relaxed);
            counts.checkpoint_sync_us.fetch_add(sync.as_micros() as u64, Relaxed);
        }
        if self.log {
            self.log_complete(&statistics, written.pool, &synced, added, &removed, distance);
        }
        Ok(statistics)
    }

    fn warn<T>(&self, result: Result<T>) -> Option<T> {
        result.map_err(|e| (self.context.log)(Error::severity(e, error::Severity::Log))).ok()
    }

    fn log_complete(
        &self,
        statistics: &CheckpointStatistics,
        pool: u64,
        synced: &storage::SyncStatistics,
        added: u32,
        removed: &Removed,
        distance: f64,
    ) {
        let average = synced.total.as_secs_f64() / synced.files.max(1) as f64;
        self.context.log(format!(
            "checkpoint complete: wrote {} buffers ({:.1}%), wrote 0 SLRU buffers; {added} WAL file(s) added, {} removed, \
             {} recycled; write={:.3} s, sync={:.3} s, total={:.3} s; sync files={}, longest={:.3} s, average={average:.3} s; \
             distance={:.0} kB, estimate={:.0} kB; lsn={}, redo lsn={}",
            statistics.pages,
            statistics.pages as f64 * 100.0 / pool as f64,
            removed.removed,
            removed.recycled,
            statistics.write.as_secs_f64(),
            statistics.sync.as_secs_f64(),
            statistics.total.as_secs_f64(),
            statistics.files,
            synced.longest.as_secs_f64(),
            distance / 1024.0,
            self.estimate / 1024.0,
            statistics.lsn,
            statistics.redo,
        ));
    }
}
