//! Start-up: from the control file to a log that can be written.

use crate::{Checkpointer, Context, Kind, XlogManager, format_time, now, unlogged};
use error::{Error, Result, Severity};
use ids::Lsn;
use std::sync::Arc;
use std::time::Instant;
use storage::{CheckpointRecord, ClusterState, ControlFile, RedoContext, ResourceManager, xlog};
use wal::{DecodedRecord, ReadOutcome, RmgrId, WalLevel, WalReader};

/// What start-up found and did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// The cluster had not been shut down cleanly.
    pub crashed: bool,
    /// Records replayed.
    pub records: u64,
    /// Where the log continues.
    pub end: Lsn,
}

/// Brings the cluster from its last checkpoint to the end of its log, opens the log for insertion, and makes the checkpoint that
/// ends a recovery. `before_open` runs when replay is over and the log is open: for what must be set before the first transaction
/// (`Transactions::open`). Afterwards the cluster's state is *in production*.
///
/// # Errors
/// `FATAL` for a control file or log that is damaged or of another version, and those of the managers.
pub fn recover(context: &Context, before_open: impl FnOnce() -> Result<()>) -> Result<Recovered> {
    recover_with(context, before_open).map_err(|e| if e.fields().severity < Severity::Fatal { e.fatal() } else { e })
}

fn recover_with(context: &Context, before_open: impl FnOnce() -> Result<()>) -> Result<Recovered> {
    let mut control = ControlFile::read(&context.data_directory)?;
    if control.segment_size != context.wal.segment_size() {
        return Err(Error::internal("the log's segment size differs from the control file's"));
    }
    let since = format_time(control.time);
    match control.state {
        ClusterState::ShutDown => context.log(format!("database system was shut down at {since}")),
        ClusterState::ShutDownInRecovery => {
            context.log(format!("database system was shut down in recovery at {since}"));
        }
        ClusterState::ShuttingDown => {
            context.log(format!("database system shutdown was interrupted; last known up at {since}"));
        }
        ClusterState::InCrashRecovery => (context.log)(
            Error::new(
                error::SqlState::SUCCESSFUL_COMPLETION,
                format!("database system was interrupted while in recovery at {since}"),
            )
            .severity(Severity::Log)
            .hint("This probably means that some data is corrupted and you will have to use the last backup for recovery."),
        ),
        _ => context.log(format!("database system was interrupted; last known up at {since}")),
    }
    let timeline = control.checkpoint_record.timeline;
    let mut reader = WalReader::new(context.wal.directory(), control.segment_size, timeline, control.checkpoint)
        .with_switch_record(RmgrId::XLOG, xlog::SWITCH);
    let (checkpoint, end) = read_checkpoint(&mut reader, control.checkpoint)?;
    for participant in &context.participants {
        participant.start_from(&checkpoint)?;
    }
    context.wal.set_redo_position(checkpoint.redo);
    let crashed = control.state != ClusterState::ShutDown;
    let mut recovered = Recovered { crashed, records: 0, end };
    if crashed {
        context.log("database system was not properly shut down; automatic recovery in progress");
        control.state = ClusterState::InCrashRecovery;
        control.time = now();
        control.write(&context.data_directory)?;
        unlogged::remove(&context.data_directory)?;
        replay(context, &mut reader, checkpoint.redo, &mut recovered)?;
    } else if checkpoint.redo < control.checkpoint {
        replay_restated(context, &mut reader, checkpoint.redo, control.checkpoint)?;
    }
    context.wal.start(timeline, recovered.end, crashed)?;
    before_open()?;
    if crashed {
        let redo = RedoContext::new(&context.storage, &context.wal);
        for manager in &context.managers {
            manager.end_redo(&redo)?;
        }
        let mut checkpointer = Checkpointer::new(context.clone())?;
        checkpointer.wal_level = control.wal_level;
        checkpointer.run(Kind::EndOfRecovery, "end-of-recovery immediate wait", &mut |_| {})?;
        unlogged::restore(&context.data_directory)?;
        control = ControlFile::read(&context.data_directory)?;
    }
    control.state = ClusterState::InProduction;
    control.time = now();
    control.write(&context.data_directory)?;
    Ok(recovered)
}

fn read_checkpoint(reader: &mut WalReader, at: Lsn) -> Result<(CheckpointRecord, Lsn)> {
    let invalid = |reason: String| {
        Error::corrupted(format!("could not locate a valid checkpoint record at {at}"))
            .detail(reason)
            .severity(Severity::Panic)
    };
    match reader.read()? {
        ReadOutcome::End(end) => Err(invalid(end.reason)),
        ReadOutcome::Record(record) => {
            let is_checkpoint = matches!(record.info & 0xF0, xlog::CHECKPOINT_SHUTDOWN | xlog::CHECKPOINT_ONLINE);
            let decoded = CheckpointRecord::decode(record.data());
            match decoded {
                Some(checkpoint) if record.rmgr == RmgrId::XLOG && is_checkpoint => Ok((checkpoint, record.end)),
                _ => Err(invalid("The record there is none.".into())),
            }
        }
    }
}

/// The managers, by number.
type Table = Vec<Option<Arc<dyn ResourceManager>>>;

fn table(context: &Context) -> Table {
    let mut table: Table = vec![None; 256];
    let own: Arc<dyn ResourceManager> = Arc::new(XlogManager::new(context.participants.clone()));
    for manager in context.managers.iter().chain([&own]) {
        table[manager.id().0 as usize] = Some(manager.clone());
    }
    table
}

fn replay(context: &Context, reader: &mut WalReader, redo: Lsn, recovered: &mut Recovered) -> Result<()> {
    let table = table(context);
    let redo_context = RedoContext::new(&context.storage, &context.wal);
    for manager in table.iter().flatten() {
        manager.start_redo(&redo_context)?;
    }
    reader.seek(redo);
    let started = Instant::now();
    let mut last = Lsn::INVALID;
    loop {
        let record = match reader.read()? {
            ReadOutcome::Record(record) => record,
            ReadOutcome::End(end) => {
                if recovered.records == 0 {
                    context.log("redo is not required");
                } else {
                    context.log(end.reason);
                    let elapsed = started.elapsed().as_secs_f64();
                    let (user, system) = sys_times();
                    context.log(format!(
                        "redo done at {last} system usage: CPU: user: {user:.2} s, system: {system:.2} s, elapsed: {elapsed:.2} s"
                    ));
                }
                recovered.end = end.at.max(recovered.end);
                break;
            }
        };
        if recovered.records == 0 {
            context.log(format!("redo starts at {redo}"));
        }
        apply(&table, &redo_context, &record)?;
        last = record.lsn;
        recovered.records += 1;
        recovered.end = reader.position();
        context.wal.set_replayed(record.end);
    }
    redo_context.check_missing().map_err(|e| e.severity(Severity::Panic))
}

/// After a clean shutdown: what its checkpoint logged once more.
fn replay_restated(context: &Context, reader: &mut WalReader, redo: Lsn, checkpoint: Lsn) -> Result<()> {
    let table = table(context);
    let redo_context = RedoContext::new(&context.storage, &context.wal);
    reader.seek(redo);
    loop {
        match reader.read()? {
            ReadOutcome::Record(record) if record.lsn >= checkpoint => return Ok(()),
            ReadOutcome::Record(record) => apply(&table, &redo_context, &record)?,
            ReadOutcome::End(end) => {
                return Err(
                    Error::corrupted(format!("the log ends at {} before its checkpoint", end.at)).detail(end.reason)
                );
            }
        }
    }
}

fn apply(table: &Table, context: &RedoContext<'_>, record: &DecodedRecord) -> Result<()> {
    match &table[record.rmgr.0 as usize] {
        None => Err(Error::corrupted(format!("resource manager with ID {} not registered", record.rmgr.0))),
        Some(manager) => manager.redo(context, record).map_err(|e| {
            let kind = manager.identify(record.info).unwrap_or("UNKNOWN");
            let name = record.rmgr.name().unwrap_or("?");
            let mut text = String::new();
            manager.describe(record, &mut text);
            e.context(format!("WAL redo at {} for {name}/{kind}: {text}", record.lsn))
        }),
    }
}

/// This process's processor time, in seconds.
fn sys_times() -> (f64, f64) {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Behind the name in parentheses, user and system time are the 12th and 13th field, in hundredths.
    let mut fields = text.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace().skip(11);
    let mut next = || fields.next().and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0) / 100.0;
    (next(), next())
}

/// The level that a new cluster's first checkpoint records.
pub(crate) const DEFAULT_LEVEL: WalLevel = WalLevel::Replica;
