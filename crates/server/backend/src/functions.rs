//! SQL functions that ask the session and its server: settings, processes, the log's positions.
//!
//! [`TABLES`] and [`ROW_SOURCES`] are registered by the binary. The functions reach the settings through
//! `Environment`, and the server through the [`ServerHandle`] in the session's handle.

use std::sync::Arc;
use std::time::Duration;

use crate::notify;
use batch::{Column, DatumRef, Repr, Rows};
use catalog::functions::SessionHandle;
use catalog::privileges::Membership;
use commands::large_object::values::LargeObjects;
use commands::sequence::values::Sequences;
use error::{Error, Result, Severity, SqlState};
use ids::Oid;
use shm::{Interrupt, ProcNumber, Process, ProcessKind, Processes, WaitEvent};
use sys::Signal;
use txn::Transaction;
use types::{Builtin, Context, RowSource, RowSourceMaker};
use wal::Wal;

/// All functions of this crate.
pub static TABLES: &[&[Builtin]] = &[
    SESSION,
    crate::advisory::ADVISORY_LOCKS,
    crate::transaction_ids::TRANSACTION_IDS,
    crate::files::FILES,
    crate::cluster::CLUSTER,
    crate::statistics::STATISTICS,
    crate::statistics_import::IMPORT,
    crate::activity::PROCESSES,
    crate::sequence::SEQUENCES,
    crate::large_object::LARGE_OBJECTS,
    crate::text_search::REWRITES,
];

/// All set-returning functions of this crate.
pub static ROW_SOURCES: &[(u32, RowSourceMaker)] = &[
    (1065, crate::two_phase::prepared_transactions),
    (2084, show_all_settings),
    (2510, |_, context| Ok(crate::statistics::Rows::of(context.env.session_rows(2510)?))),
    (2511, |_, context| Ok(crate::statistics::Rows::of(context.env.session_rows(2511)?))),
    (3035, notify::listening_channels),
    (3078, crate::sequence::parameters),
    (3689, crate::text_search::statistics),
    (3690, crate::text_search::statistics),
    (6427, crate::sequence::data),
];

/// What a session's functions may ask of its server.
pub(crate) struct ServerHandle {
    /// This session's process.
    pub process: Arc<Process>,
    /// Its current transaction.
    pub transaction: Arc<Transaction>,
    pub processes: Processes,
    pub wal: Wal,
    pub engine: engine::Engine,
    /// What its transaction has read of the statistics.
    pub statistics: crate::statistics::Snapshot,
    /// What the session remembers of sequences.
    pub sequences: Sequences,
    /// The large objects that it has open.
    pub large_objects: Arc<LargeObjects>,
    /// Microseconds since 1970.
    pub started_us: i64,
    /// The postmaster's process id.
    pub postmaster: i32,
    /// What the session listens for and notifies of.
    pub channels: Arc<notify::Channels>,
}

/// Microseconds from 1970 to 2000, where timestamps begin.
const EPOCH_US: i64 = 946_684_800_000_000;

/// The role whose members may signal others' sessions.
const PG_SIGNAL_BACKEND: Oid = Oid(4200);

types::builtins! {
    /// Settings, processes, the log.
    pub static SESSION =
    3163 pg_trigger_depth each(Context) |cx: Context<'_>| cx.env.trigger_depth();
    2078 set_config_by_name each(Context, Option<&[u8]>, Option<&[u8]>, Option<bool>)
        |cx: Context<'_>, name: Option<&[u8]>, value: Option<&[u8]>, local: Option<bool>| set(&cx, name, value, local);
    89 pgsql_version each(Context) |cx: Context<'_>| version(&cx);
    3036 pg_notify each(Context, Option<&[u8]>, Option<&[u8]>)
        |cx: Context<'_>, channel: Option<&[u8]>, payload: Option<&[u8]>| notify::pg_notify(&cx, channel, payload);
    3296 pg_notification_queue_usage each(Context) |cx: Context<'_>| notify::queue_usage(&cx);
    2026 pg_backend_pid each() sys::process::id;
    2171 pg_cancel_backend each(Context, i32) |cx: Context<'_>, pid: i32| signal(&cx, pid, Interrupt::CANCEL, 0);
    2096 pg_terminate_backend each(Context, i32, i64)
        |cx: Context<'_>, pid: i32, timeout: i64| signal(&cx, pid, Interrupt::TERMINATE, timeout);
    2621 pg_reload_conf each(Context) |cx: Context<'_>| -> Result<bool> {
        Ok(sys::kill(server(&cx)?.postmaster, Signal::Hup).is_ok())
    };
    2622 pg_rotate_logfile each(Context) |cx: Context<'_>| rotate_logfile(&cx);
    3800 pg_current_logfile each(Context) |cx: Context<'_>| current_logfile(&cx, None);
    3801 pg_current_logfile_1arg each(Context, Option<&[u8]>)
        |cx: Context<'_>, format: Option<&[u8]>| current_logfile(&cx, format);
    3810 pg_is_in_recovery each() || false;
    2560 pg_postmaster_start_time each(Context) |cx: Context<'_>| -> Result<i64> {
        Ok(server(&cx)?.started_us - EPOCH_US)
    };
    2626 pg_sleep each(Context, f64) |cx: Context<'_>, seconds: f64| sleep(&cx, seconds);
    2849 pg_current_wal_lsn each(Context) |cx: Context<'_>| -> Result<u64> { Ok(server(&cx)?.wal.flushed().0) };
    2852 pg_current_wal_insert_lsn each(Context) |cx: Context<'_>| -> Result<u64> {
        Ok(server(&cx)?.wal.insert_position().0)
    };
    3330 pg_current_wal_flush_lsn each(Context) |cx: Context<'_>| -> Result<u64> { Ok(server(&cx)?.wal.flushed().0) };
}

/// What `version()` says: PostgreSQL's version first, as programs parse it.
fn version(context: &Context<'_>) -> String {
    let version = context.env.setting("server_version").unwrap_or_default();
    let (package, machine) = (env!("CARGO_PKG_VERSION"), std::env::consts::ARCH);
    format!("PostgreSQL {version} (Oliphant {package}) on {machine}-linux, compiled by rustc, 64-bit")
}

pub(crate) fn handle<'a>(context: &Context<'a>) -> Result<&'a SessionHandle> {
    let session = context.env.session().and_then(|session| session.downcast_ref::<SessionHandle>());
    session.ok_or_else(|| Error::internal("the function has no session"))
}

pub(crate) fn server<'a>(context: &Context<'a>) -> Result<&'a ServerHandle> {
    let upper = handle(context)?.upper.as_ref().and_then(|upper| upper.downcast_ref::<ServerHandle>());
    upper.ok_or_else(|| Error::internal("the session has no server"))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn set(
    context: &Context<'_>,
    name: Option<&[u8]>,
    value: Option<&[u8]>,
    local: Option<bool>,
) -> Result<Option<String>> {
    let Some(name) = name.map(text) else {
        return Err(Error::new(SqlState::NULL_VALUE_NOT_ALLOWED, "SET requires parameter name"));
    };
    context.env.set_setting(&name, value.map(text).as_deref(), local.unwrap_or(false))?;
    Ok(context.env.setting(&name))
}

/// Asks for new log files; false, with a warning, if the log is in none.
fn rotate_logfile(context: &Context<'_>) -> Result<bool> {
    if context.env.setting("logging_collector").as_deref() != Some("on") {
        let text = "rotation not possible because log collection not active";
        context.env.notice(Error::new(SqlState::WARNING, text).severity(Severity::Warning));
        return Ok(false);
    }
    let server = server(context)?;
    server.processes.request_log_rotation(server.postmaster);
    Ok(true)
}

/// The log's current file of a format; without one, the first there is.
fn current_logfile(context: &Context<'_>, format: Option<&[u8]>) -> Result<Option<String>> {
    let wanted = match format.map(text) {
        None => None,
        Some(word) => match log::files::FORMATS.into_iter().find(|format| format.name() == word) {
            Some(format) => Some(format),
            None => {
                let text = format!("log format \"{word}\" is not supported");
                let hint = "The supported log formats are \"stderr\", \"csvlog\", and \"jsonlog\".";
                return Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, text).hint(hint));
            }
        },
    };
    let files = log::files::current(server(context)?.engine.data_directory());
    Ok(files.into_iter().find(|(format, _)| wanted.is_none_or(|wanted| wanted == *format)).map(|(_, name)| name))
}

/// Sleeps; its answer, of type void, is a number that nobody reads.
fn sleep(context: &Context<'_>, seconds: f64) -> Result<i32> {
    let process = &server(context)?.process;
    let now = std::time::Instant::now();
    // A length beyond all reason, or none at all, must not panic: a hundred years stand for ever.
    let length = Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX);
    let end = now + length.min(Duration::from_secs(100 * 365 * 86_400));
    loop {
        process.latch().reset();
        context.env.check_interrupts()?;
        let left = end.saturating_duration_since(std::time::Instant::now());
        if left.is_zero() {
            return Ok(0);
        }
        process.wait(&[], Some(left), WaitEvent::TIMEOUT_PG_SLEEP)?;
    }
}

/// Cancels or terminates the session of process `pid`; false, with a warning, if there is none.
fn signal(context: &Context<'_>, pid: i32, bits: Interrupt, timeout_ms: i64) -> Result<bool> {
    if timeout_ms < 0 {
        return Err(Error::new(SqlState::NUMERIC_VALUE_OUT_OF_RANGE, "\"timeout\" must not be negative"));
    }
    let (server, catalog) = (server(context)?, &handle(context)?.catalog);
    let signalled = |kind| {
        matches!(
            kind,
            ProcessKind::Backend
                | ProcessKind::AutovacuumWorker
                | ProcessKind::BackgroundWorker
                | ProcessKind::WalSender
        )
    };
    let find = || server.processes.find(pid).filter(|n| server.processes.slot(*n).kind().is_some_and(signalled));
    let warn = |text: String| {
        context.env.notice(Error::new(SqlState::WARNING, text).severity(Severity::Warning));
        Ok(false)
    };
    let Some(number): Option<ProcNumber> = find() else {
        return warn(format!("PID {pid} is not a PostgreSQL backend process"));
    };
    let slot = server.processes.slot(number);
    let (generation, owner, me) = (slot.generation(), slot.role(), catalog.current_user());
    let terminates = bits == Interrupt::TERMINATE;
    let (what, done) = if terminates { ("terminate process", "terminated") } else { ("cancel query", "canceled") };
    let refuse = |detail: String| {
        let text = format!("permission denied to {what}");
        Err(Error::new(SqlState::INSUFFICIENT_PRIVILEGE, text).detail(detail))
    };
    let (subject, act) =
        if terminates { ("process", "terminate this process") } else { ("query", "cancel this query") };
    if catalog.is_superuser(owner)? && !catalog.is_superuser(me)? {
        return refuse(format!(
            "Only roles with the SUPERUSER attribute may {} of roles with the SUPERUSER attribute.",
            if terminates { "terminate processes" } else { "cancel queries" }
        ));
    }
    if !catalog.has_role(me, owner, Membership::Any)? && !catalog.has_role(me, PG_SIGNAL_BACKEND, Membership::Any)? {
        return refuse(format!(
            "Only roles with privileges of the role whose {subject} is being {done} or with privileges of the \
             \"pg_signal_backend\" role may {act}."
        ));
    }
    slot.interrupt(bits);
    if timeout_ms == 0 {
        return Ok(true);
    }
    let end = std::time::Instant::now() + Duration::from_millis(timeout_ms.min(i32::MAX as i64) as u64);
    loop {
        if slot.generation() != generation || server.processes.pid(number) != Some(pid) {
            return Ok(true);
        }
        context.env.check_interrupts()?;
        let left = end.saturating_duration_since(std::time::Instant::now());
        if left.is_zero() {
            return warn(format!("backend with PID {pid} did not terminate within {timeout_ms} milliseconds"));
        }
        std::thread::sleep(left.min(Duration::from_millis(20)));
    }
}

/// Rows that are all there.
pub(crate) struct Made {
    pub columns: Vec<Column>,
    pub next: usize,
}

impl RowSource for Made {
    fn next(&mut self, columns: &mut [Column], most: usize, _: Context<'_>) -> Result<usize> {
        let len = self.columns.first().map_or(0, Column::len);
        let count = most.min(len - self.next);
        let positions: Vec<u16> = (self.next..self.next + count).map(|at| at as u16).collect();
        for (to, from) in columns.iter_mut().zip(&self.columns) {
            to.append(from, Rows::Some(&positions));
        }
        self.next += count;
        Ok(count)
    }
}

/// `pg_settings`: a row for each parameter, in the view's columns.
fn show_all_settings(_: &[DatumRef<'_>], context: Context<'_>) -> Result<Box<dyn RowSource>> {
    const TEXT_ARRAY: Oid = Oid(1009);
    let forms = (0..17).map(|column| match column {
        15 => Repr::B4,
        16 => Repr::B1,
        _ => Repr::Bytes,
    });
    let mut columns: Vec<Column> = forms.map(Column::new).collect();
    for row in context.env.setting_rows().into_iter().take(u16::MAX as usize) {
        for (number, (column, value)) in columns.iter_mut().zip(row).enumerate() {
            match (number, value) {
                (_, None) => column.push(DatumRef::Null),
                (11, Some(array)) => column.push(types::input(TEXT_ARRAY, &array, -1, context.env)?.as_ref()),
                (15, Some(line)) => column.push(DatumRef::B4(line.parse().unwrap_or(0))),
                (16, Some(pending)) => column.push(DatumRef::B1((pending == "t") as u8)),
                (_, Some(text)) => column.push(DatumRef::Bytes(text.as_bytes())),
            }
        }
    }
    Ok(Box::new(Made { columns, next: 0 }))
}

impl crate::session::Session<'_> {
    /// The rows of `pg_settings`, in the order of its columns.
    pub(crate) fn rows_of_settings(&self) -> Vec<[Option<String>; 17]> {
        /// Who may see all settings.
        const PG_READ_ALL_SETTINGS: Oid = Oid(3374);
        let catalog = self.catalog();
        let privileged =
            catalog.has_role(catalog.current_user(), PG_READ_ALL_SETTINGS, Membership::Any).unwrap_or(false);
        let text = |text: &str| Some(text.to_string());
        let rows = self.settings.borrow().rows(privileged);
        rows.into_iter()
            .map(|row| {
                let words = row.enumvals.map(|words| {
                    let quoted: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
                    format!("{{{}}}", quoted.join(","))
                });
                [
                    Some(row.name),
                    Some(row.setting),
                    row.unit.and_then(text),
                    text(row.category),
                    text(row.short_desc),
                    row.extra_desc.and_then(text),
                    text(row.context),
                    text(row.vartype),
                    text(row.source),
                    row.min_val,
                    row.max_val,
                    words,
                    row.boot_val,
                    row.reset_val,
                    row.sourcefile,
                    row.sourceline.map(|line| line.to_string()),
                    text(if row.pending_restart { "t" } else { "f" }),
                ]
            })
            .collect()
    }
}

/// The server's part of a session's handle.
pub(crate) fn server_handle(
    shared: &crate::Shared,
    session: &engine::Session,
    channels: Arc<notify::Channels>,
) -> Arc<dyn std::any::Any + Send + Sync> {
    Arc::new(ServerHandle {
        process: session.process.clone(),
        transaction: session.transaction.clone(),
        processes: shared.engine.processes.clone(),
        wal: shared.engine.wal.clone(),
        engine: shared.engine.clone(),
        statistics: Default::default(),
        sequences: Sequences::default(),
        large_objects: Arc::default(),
        started_us: shared.started_us,
        postmaster: sys::process::parent_id(),
        channels,
    })
}
