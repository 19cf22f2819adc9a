//! `pg_stat_io`: what kinds of processes, and single backends, did with the files of relations and of the log.
//!
//! Which rows there are, and which columns of them have a value, follows from what a kind of process can do: one that only writes has no
//! reads, what goes through a ring of buffers is not synced by whoever wrote it. Times are not measured: they are zero.

use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

use batch::{Datum, DatumRef};
use error::Result;
use shm::ProcessKind;
use stats::shared::{IoCounters, WalIoCounters};
use stats::{IoContext, IoOperation};
use types::{Context, RowSource};

use super::{Rows, numeric, process_of, server, time};

/// A kind of process as `pg_stat_io` knows it.
struct Kind {
    name: &'static str,
    /// Ours; none if we have no such processes.
    kind: Option<ProcessKind>,
    does: Does,
}

/// What a kind of process has to do with relations.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Does {
    /// Everything.
    All,
    /// Everything, and it has temporary relations, too.
    Temporary,
    /// Reads and changes, but neither vacuums nor fills tables.
    Launches,
    /// Vacuums.
    Vacuums,
    /// Writes pages that others have changed.
    Writes,
    /// Nothing: only the log is its concern.
    Logs,
}

/// All, in the order of their names.
const KINDS: [Kind; 14] = {
    const fn kind(name: &'static str, kind: Option<ProcessKind>, does: Does) -> Kind {
        Kind { name, kind, does }
    }
    use ProcessKind as P;
    [
        kind("autovacuum launcher", Some(P::AutovacuumLauncher), Does::Launches),
        kind("autovacuum worker", Some(P::AutovacuumWorker), Does::Vacuums),
        kind("background worker", Some(P::BackgroundWorker), Does::Temporary),
        kind("background writer", Some(P::BackgroundWriter), Does::Writes),
        kind("checkpointer", Some(P::Checkpointer), Does::Writes),
        kind("client backend", Some(P::Backend), Does::Temporary),
        kind("io worker", None, Does::Temporary),
        kind("slotsync worker", None, Does::Temporary),
        kind("standalone backend", Some(P::Standalone), Does::All),
        kind("startup", Some(P::Startup), Does::All),
        kind("walreceiver", Some(P::WalReceiver), Does::Logs),
        kind("walsender", Some(P::WalSender), Does::Temporary),
        kind("walsummarizer", None, Does::Logs),
        kind("walwriter", Some(P::WalWriter), Does::Logs),
    ]
};

/// The rows of a kind: object, context, and where what was done is counted (none: nowhere).
fn rows_of(kind: &Kind) -> Vec<(&'static str, &'static str, Option<IoContext>)> {
    let relation = |name: &'static str, place| ("relation", name, place);
    let mut rows = Vec::with_capacity(8);
    if !matches!(kind.does, Does::Writes | Does::Logs) {
        rows.push(relation("bulkread", Some(IoContext::BulkRead)));
    }
    if matches!(kind.does, Does::All | Does::Temporary) {
        rows.push(relation("bulkwrite", Some(IoContext::BulkWrite)));
    }
    if kind.does != Does::Logs {
        rows.push(relation("init", None));
        rows.push(relation("normal", Some(IoContext::Normal)));
    }
    if matches!(kind.does, Does::All | Does::Temporary | Does::Vacuums) {
        rows.push(relation("vacuum", Some(IoContext::Vacuum)));
    }
    if kind.does == Does::Temporary {
        rows.push(("temp relation", "normal", Some(IoContext::Temporary)));
    }
    rows.push(("wal", "init", None));
    rows.push(("wal", "normal", None));
    rows
}

/// The columns that have a value.
#[derive(Clone, Copy, Default)]
struct Has {
    reads: bool,
    writebacks: bool,
    extends: bool,
    hits: bool,
    reuses: bool,
    fsyncs: bool,
}

fn columns_of(kind: &Kind, object: &str, context: &str) -> Has {
    let all = Has { reads: true, writebacks: true, extends: true, hits: true, reuses: false, fsyncs: true };
    let ring = Has { reuses: true, fsyncs: false, ..all };
    match (object, context) {
        ("wal", "normal") => {
            let writes_only = matches!(kind.does, Does::Launches | Does::Vacuums)
                || matches!(kind.name, "background writer" | "walreceiver" | "walwriter");
            Has { reads: !writes_only, fsyncs: true, ..Has::default() }
        }
        ("wal", _) => Has { fsyncs: true, ..Has::default() },
        ("temp relation", _) => Has { writebacks: false, fsyncs: false, ..all },
        (_, "bulkread") => Has { extends: false, ..ring },
        (_, "bulkwrite" | "vacuum") => ring,
        _ if kind.does == Does::Writes => Has { writebacks: true, fsyncs: true, ..Has::default() },
        _ if kind.does == Does::Launches => Has { extends: false, ..all },
        _ => all,
    }
}

/// The rows of one kind, from these counters.
fn counted(
    kind: &Kind,
    counters: Option<(&IoCounters, &WalIoCounters)>,
    reset_us: &AtomicI64,
    context: &Context<'_>,
    rows: &mut Vec<Vec<Datum>>,
) -> Result<()> {
    const PAGE: i64 = 8192;
    for (object, name, place) in rows_of(kind) {
        let has = columns_of(kind, object, name);
        let some = |there: bool, value: Datum| if there { value } else { Datum::Null };
        let count = |operation: IoOperation| {
            let counts = counters.zip(place).map(|((io, _), place)| &io[place as usize]);
            counts.map_or(0, |counts| counts[operation as usize].load(Relaxed) as i64)
        };
        let of_log = |n: usize| match (object, name) {
            ("wal", "normal") => counters.map_or(0, |(_, wal)| wal[n].load(Relaxed) as i64),
            _ => 0,
        };
        let (writes, written, fsyncs) = match object {
            "wal" => (of_log(0), of_log(1), of_log(2)),
            _ => (count(IoOperation::Write), count(IoOperation::Write) * PAGE, count(IoOperation::Fsync)),
        };
        let number = |operation| Datum::B8(count(operation));
        let bytes = |operation| numeric(context, count(operation) * PAGE);
        let zero = || Datum::f64(0.0);
        rows.push(vec![
            Datum::text(kind.name),
            Datum::text(object),
            Datum::text(name),
            some(has.reads, number(IoOperation::Read)),
            some(has.reads, bytes(IoOperation::Read)?),
            some(has.reads, zero()),
            Datum::B8(writes),
            numeric(context, written)?,
            zero(),
            some(has.writebacks, Datum::B8(0)),
            some(has.writebacks, zero()),
            some(has.extends, number(IoOperation::Extend)),
            some(has.extends, bytes(IoOperation::Extend)?),
            some(has.extends, zero()),
            some(has.hits, number(IoOperation::Hit)),
            some(has.hits, number(IoOperation::Evict)),
            some(has.reuses, number(IoOperation::Reuse)),
            some(has.fsyncs, Datum::B8(fsyncs)),
            some(has.fsyncs, zero()),
            time(reset_us.load(Relaxed)),
        ]);
    }
    Ok(())
}

/// All kinds of processes.
pub(super) fn all(_: &[DatumRef<'_>], context: Context<'_>) -> Result<Box<dyn RowSource>> {
    let stats = &server(&context)?.engine.stats;
    let mut rows = Vec::new();
    for kind in &KINDS {
        let counters = kind.kind.map(|kind| (stats.io(kind), stats.wal_io(kind)));
        counted(kind, counters, &stats.globals().io_reset_us, &context, &mut rows)?;
    }
    Ok(Rows::of(rows))
}

/// One process, by its id; none if there is no such process, or if it is one whose statistics are kept with those of its kind only.
pub(super) fn of_backend(args: &[DatumRef<'_>], context: Context<'_>) -> Result<Box<dyn RowSource>> {
    let mut rows = Vec::new();
    if let Some((process_kind, process)) = process_of(args, &context)?
        && let Some(kind) = KINDS.iter().find(|kind| kind.kind == Some(process_kind))
    {
        counted(kind, Some((&process.io, &process.wal_io)), &process.reset_us, &context, &mut rows)?;
    }
    Ok(Rows::of(rows))
}
