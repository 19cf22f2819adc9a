//! SQL functions about what processes are doing now: `pg_stat_get_activity`, `pg_lock_status`, progress, who blocks whom.

use batch::{Datum, DatumRef};
use catalog::functions::catalog_of;
use catalog::privileges::Membership;
use error::{Error, Result, SqlState};
use ids::Oid;
use locks::{LockKind, LockStatus};
use shm::{ProcNumber, ProcessKind};
use stats::{Activity, ProgressCommand};
use txn::PredicateLock;
use types::{Context, RowSource, RowSourceMaker};

use crate::functions::{ServerHandle, server};
use crate::statistics::{EPOCH_US, Rows, time};

/// Set-returning functions of this module.
pub static ROW_SOURCES: &[(u32, RowSourceMaker)] =
    &[(2022, activity), (1936, backend_numbers), (1371, lock_status), (3318, progress), (6107, subtransactions)];

/// Who may see what others do.
const PG_READ_ALL_STATS: Oid = Oid(3375);
const INSUFFICIENT: &str = "<insufficient privilege>";

types::builtins! {
    /// Processes, by the numbers that `pg_stat_get_backend_idset` gives; locks.
    pub static PROCESSES =
    1937 pg_stat_get_backend_pid each(Context, i32) |cx: Context<'_>, n: i32| of(&cx, n, |_, p| Some(p.pid));
    1938 pg_stat_get_backend_dbid each(Context, i32) |cx: Context<'_>, n: i32| of(&cx, n, |_, p| Some(p.database));
    1939 pg_stat_get_backend_userid each(Context, i32) |cx: Context<'_>, n: i32| of(&cx, n, |_, p| Some(p.role));
    1940 pg_stat_get_backend_activity each(Context, i32) |cx: Context<'_>, n: i32| of(&cx, n, |visible, p| {
        Some(if visible { p.activity.query.clone() } else { INSUFFICIENT.to_string() })
    });
    2788 pg_stat_get_backend_wait_event_type each(Context, i32) |cx: Context<'_>, n: i32| of(&cx, n, |visible, p| {
        if visible { p.wait.map(|wait| wait.0.to_string()) } else { Some(INSUFFICIENT.to_string()) }
    });
    2853 pg_stat_get_backend_wait_event each(Context, i32) |cx: Context<'_>, n: i32| of(&cx, n, |visible, p| {
        if visible { p.wait.map(|wait| wait.1.to_string()) } else { Some(INSUFFICIENT.to_string()) }
    });
    1391 pg_stat_get_backend_start each(Context, i32) |cx: Context<'_>, n: i32| of(&cx, n, |visible, p| shown(visible, p.started_us));
    2094 pg_stat_get_backend_activity_start each(Context, i32) |cx: Context<'_>, n: i32| of(&cx, n, |visible, p| {
        shown(visible, p.activity.query_start_us)
    });
    2857 pg_stat_get_backend_xact_start each(Context, i32) |cx: Context<'_>, n: i32| of(&cx, n, |visible, p| {
        shown(visible, p.activity.transaction_start_us)
    });
    1393 pg_stat_get_backend_client_port each(Context, i32) |cx: Context<'_>, n: i32| of(&cx, n, |visible, p| {
        Some(p.activity.client_port).filter(|port| visible && *port != 0)
    });
    1941 pg_stat_get_db_numbackends each(Context, Oid) |cx: Context<'_>, oid: Oid| -> Result<i32> {
        let processes = &server(&cx)?.processes;
        Ok(processes.active().filter(|n| processes.slot(*n).database() == oid && oid.is_valid()).count() as i32)
    };
    2561 pg_blocking_pids each(Context, i32) |cx: Context<'_>, pid: i32| -> Result<Datum> {
        pids(&cx, &server(&cx)?.transaction.locks().blocking_pids(pid))
    };
    3376 pg_safe_snapshot_blocking_pids each(Context, i32) |cx: Context<'_>, pid: i32| -> Result<Datum> {
        pids(&cx, &safe_snapshot_blockers(&cx, pid)?)
    };
    3378 pg_isolation_test_session_is_blocked each(Context, i32, &[u8])
        |cx: Context<'_>, pid: i32, interesting: &[u8]| -> Result<bool> {
            let view = types::array::View::new(interesting)?;
            let among: Vec<i32> = view.iter().filter_map(|e| e.as_i32()).collect();
            let mut blockers = server(&cx)?.transaction.locks().blocking_pids(pid);
            blockers.extend(safe_snapshot_blockers(&cx, pid)?);
            Ok(blockers.iter().any(|pid| among.contains(pid)))
        };
}

/// Whose ends a deferrable transaction of the process `pid` waits for.
fn safe_snapshot_blockers(context: &Context<'_>, pid: i32) -> Result<Vec<i32>> {
    Ok(server(context)?.transaction.transactions().serializable().safe_snapshot_blockers(pid))
}

fn pids(context: &Context<'_>, pids: &[i32]) -> Result<Datum> {
    const INT4_ARRAY: Oid = Oid(1007);
    let words: Vec<String> = pids.iter().map(i32::to_string).collect();
    types::input(INT4_ARRAY, &format!("{{{}}}", words.join(",")), -1, context.env)
}

fn shown(visible: bool, us: i64) -> Option<i64> {
    (visible && us != 0).then(|| us - EPOCH_US)
}

/// A process, as others see it.
struct Seen {
    number: ProcNumber,
    pid: i32,
    kind: ProcessKind,
    database: Oid,
    role: Oid,
    started_us: i64,
    activity: Activity,
    wait: Option<(&'static str, &'static str)>,
}

fn see(server: &ServerHandle, number: ProcNumber) -> Option<Seen> {
    let pid = server.processes.pid(number)?;
    let slot = server.processes.slot(number);
    Some(Seen {
        number,
        pid,
        kind: slot.kind()?,
        database: slot.database(),
        role: slot.role(),
        started_us: slot.started_us(),
        activity: server.engine.activities.get(number),
        wait: slot.wait_event().describe().map(|event| (event.kind, event.name)),
    })
}

/// Whether the current role may see what a process of `role` does.
fn is_visible(context: &Context<'_>, role: Oid) -> Result<bool> {
    let catalog = catalog_of(context)?;
    let me = catalog.current_user();
    Ok(me == role
        || catalog.has_role(me, PG_READ_ALL_STATS, Membership::Any)?
        || role.is_valid() && catalog.has_role(me, role, Membership::Any)?)
}

fn of<T>(context: &Context<'_>, number: i32, read: impl Fn(bool, &Seen) -> Option<T>) -> Result<Option<T>> {
    let server = server(context)?;
    let Ok(number) = u32::try_from(number) else { return Ok(None) };
    if number as usize >= server.processes.slots().len() {
        return Ok(None);
    }
    match see(server, ProcNumber(number)) {
        Some(seen) => Ok(read(is_visible(context, seen.role)?, &seen)),
        None => Ok(None),
    }
}

fn backend_numbers(_: &[DatumRef<'_>], context: Context<'_>) -> Result<Box<dyn RowSource>> {
    let processes = &server(&context)?.processes;
    Ok(Rows::of(processes.active().map(|number| vec![Datum::B4(number.0 as i32)]).collect()))
}

fn oid_or_null(oid: Oid) -> Datum {
    if oid.is_valid() { Datum::oid(oid) } else { Datum::Null }
}

fn text_or_null(text: Option<&str>) -> Datum {
    text.map_or(Datum::Null, Datum::text)
}

/// `pg_stat_get_activity`: the columns of `pg_stat_activity`, `pg_stat_ssl` and `pg_stat_gssapi`.
fn activity(args: &[DatumRef<'_>], context: Context<'_>) -> Result<Box<dyn RowSource>> {
    let server = server(&context)?;
    let wanted = args.first().and_then(|pid| pid.as_i32());
    let mut rows = Vec::new();
    for number in server.processes.active() {
        let Some(seen) = see(server, number) else { continue };
        if wanted.is_some_and(|pid| pid != seen.pid) {
            continue;
        }
        rows.push(activity_row(&context, server, &seen)?);
    }
    Ok(Rows::of(rows))
}

fn activity_row(context: &Context<'_>, server: &ServerHandle, seen: &Seen) -> Result<Vec<Datum>> {
    let activity = &seen.activity;
    let mut row = vec![oid_or_null(seen.database), Datum::B4(seen.pid), oid_or_null(seen.role)];
    if !is_visible(context, seen.role)? {
        row.push(Datum::Null);
        row.push(Datum::Null);
        row.push(Datum::text(INSUFFICIENT));
        row.resize(31, Datum::Null);
        return Ok(row);
    }
    let transactions = server.engine.transactions();
    let xid = |xid: ids::Xid| if xid.is_valid() { Datum::B4(xid.0 as i32) } else { Datum::Null };
    let address = match activity.client_host.as_str() {
        "" | "[local]" => Datum::Null,
        // The type may not be there yet; then the address is not shown.
        host => types::input(Oid(869), host, -1, context.env).unwrap_or(Datum::Null),
    };
    let is_client = matches!(seen.kind, ProcessKind::Backend | ProcessKind::WalSender);
    let port = if is_client && activity.client_port != 0 { Datum::B4(activity.client_port) } else { Datum::Null };
    row.extend([
        Datum::text(&activity.application),
        text_or_null(activity.state.name()),
        Datum::text(&activity.query),
        text_or_null(seen.wait.map(|wait| wait.0)),
        text_or_null(seen.wait.map(|wait| wait.1)),
        time(activity.transaction_start_us),
        time(activity.query_start_us),
        time(seen.started_us),
        time(activity.state_change_us),
        address,
        Datum::Null,
        port,
        xid(transactions.running_xid(seen.number)),
        xid(transactions.published_xmin(seen.number)),
        Datum::text(seen.kind.name()),
    ]);
    // Neither TLS nor GSSAPI.
    row.push(Datum::bool(false));
    row.resize(25, Datum::Null);
    row.extend([Datum::bool(false), Datum::Null, Datum::bool(false), Datum::bool(false), Datum::Null]);
    row.push(if activity.query_id == 0 { Datum::Null } else { Datum::B8(activity.query_id) });
    Ok(row)
}

/// How many subtransactions a session keeps: `subxact_count`, `subxact_overflowed`. Ours never overflow.
fn subtransactions(args: &[DatumRef<'_>], context: Context<'_>) -> Result<Box<dyn RowSource>> {
    let server = server(&context)?;
    let number = args.first().and_then(|number| number.as_i32()).and_then(|number| u32::try_from(number).ok());
    let me = server.process.number();
    let row = match number.map(ProcNumber).filter(|number| server.processes.pid(*number).is_some()) {
        Some(number) if number == me => {
            let own = server.transaction.level().saturating_sub(1);
            vec![Datum::B4(own as i32), Datum::bool(false)]
        }
        Some(_) => vec![Datum::B4(0), Datum::bool(false)],
        None => vec![Datum::Null, Datum::Null],
    };
    Ok(Rows::of(vec![row]))
}

/// `pg_stat_get_progress_info`
fn progress(args: &[DatumRef<'_>], context: Context<'_>) -> Result<Box<dyn RowSource>> {
    let server = server(&context)?;
    let name = String::from_utf8_lossy(args.first().and_then(|name| name.as_bytes()).unwrap_or_default());
    let Some(command) = ProgressCommand::named(&name.to_ascii_uppercase()) else {
        let text = format!("invalid command name: \"{name}\"");
        return Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, text));
    };
    let mut rows = Vec::new();
    for number in server.processes.active() {
        let Some(seen) = see(server, number) else { continue };
        let Some(progress) = server.engine.activities.get_progress(number, command) else { continue };
        let mut row = vec![Datum::B4(seen.pid), oid_or_null(seen.database)];
        if is_visible(&context, seen.role)? {
            row.push(Datum::oid(progress.target));
            row.extend(progress.parameters.iter().map(|n| Datum::B8(*n)));
        }
        row.resize(23, Datum::Null);
        rows.push(row);
    }
    Ok(Rows::of(rows))
}

/// `pg_lock_status`: the columns of `pg_locks`.
fn lock_status(_: &[DatumRef<'_>], context: Context<'_>) -> Result<Box<dyn RowSource>> {
    let transaction = &server(&context)?.transaction;
    let mut rows: Vec<Vec<Datum>> = transaction.locks().list().iter().map(lock_row).collect();
    let predicate_locks = transaction.transactions().serializable().predicate_locks();
    rows.extend(predicate_locks.iter().map(predicate_lock_row));
    Ok(Rows::of(rows))
}

/// What a serializable transaction has read, as if it held a lock.
fn predicate_lock_row(lock: &PredicateLock) -> Vec<Datum> {
    let kind = match (lock.block, lock.line) {
        (None, _) => LockKind::Relation,
        (_, None) => LockKind::Page,
        _ => LockKind::Tuple,
    };
    let mut row = vec![Datum::text(kind.name()), Datum::oid(lock.database), Datum::oid(lock.relation)];
    row.push(lock.block.map_or(Datum::Null, |block| Datum::B4(block.0 as i32)));
    row.push(lock.line.map_or(Datum::Null, |line| Datum::B2(line as i16)));
    row.extend(std::iter::repeat_n(Datum::Null, 5));
    row.push(match (lock.prepared, lock.virtual_transaction) {
        (Some(xid), _) => Datum::text(&format!("-1/{}", xid.0 as u32)),
        (None, Some((process, count))) => Datum::text(&format!("{process}/{count}")),
        (None, None) => Datum::Null,
    });
    row.push(if lock.pid == 0 { Datum::Null } else { Datum::B4(lock.pid) });
    row.extend([Datum::text("SIReadLock"), Datum::bool(true), Datum::bool(false), Datum::Null]);
    row
}

fn lock_row(lock: &LockStatus) -> Vec<Datum> {
    let (f1, f2, f3, f4) = lock.tag.fields();
    let kind = lock.tag.kind();
    let n = |n: u32| Datum::B4(n as i32);
    let null = || Datum::Null;
    // database, relation, page, tuple, virtualxid, transactionid, classid, objid, objsubid
    let place = match kind {
        LockKind::Relation | LockKind::Extend => [n(f1), n(f2), null(), null(), null(), null(), null(), null(), null()],
        LockKind::FrozenIds => [n(f1), null(), null(), null(), null(), null(), null(), null(), null()],
        LockKind::Page => [n(f1), n(f2), n(f3), null(), null(), null(), null(), null(), null()],
        LockKind::Tuple => [n(f1), n(f2), n(f3), Datum::B2(f4 as i16), null(), null(), null(), null(), null()],
        LockKind::Transaction => [null(), null(), null(), null(), null(), n(f1), null(), null(), null()],
        LockKind::VirtualTransaction => {
            let text = Datum::text(&format!("{f1}/{f2}"));
            [null(), null(), null(), null(), text, null(), null(), null(), null()]
        }
        LockKind::SpeculativeToken => [null(), null(), null(), null(), null(), n(f1), null(), n(f3), null()],
        _ => [n(f1), null(), null(), null(), null(), null(), n(f2), n(f3), Datum::B2(f4 as i16)],
    };
    let mut row = vec![Datum::text(kind.name())];
    row.extend(place);
    row.extend([
        match lock.prepared {
            Some(xid) => Datum::text(&format!("-1/{}", xid.0 as u32)),
            None => Datum::text(&format!("{}/{}", lock.process.0, lock.virtual_count)),
        },
        if lock.pid == 0 { Datum::Null } else { Datum::B4(lock.pid) },
        Datum::text(lock.mode.name()),
        Datum::bool(lock.granted),
        Datum::bool(lock.fast_path),
        time(lock.wait_start.unwrap_or(0) as i64),
    ]);
    row
}
