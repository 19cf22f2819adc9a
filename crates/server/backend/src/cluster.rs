//! SQL functions about the cluster as a whole: the control file, names of log segments, how the program was built.

use batch::{Datum, DatumRef};
use error::{Error, Result, SqlState};
use ids::Lsn;
use storage::{CATALOG_VERSION, CONTROL_VERSION, ControlFile};
use types::{Context, RowSource, RowSourceMaker};

use crate::functions::server;
use crate::statistics::{EPOCH_US, Rows, numeric};

types::builtins! {
    /// Names of log segments; what only the server knows of a session.
    pub static CLUSTER =
    2851 pg_walfile_name each(Context, u64) |cx: Context<'_>, lsn: u64| segment_of(&cx, lsn).map(|(name, _)| name);
    810 pg_client_encoding each(Context) |cx: Context<'_>| cx.env.setting("client_encoding").unwrap_or_default();
    315 pg_jit_available each() || false;
    4099 pg_numa_available each() || false;
}

/// The control file, log segments, settings of the build.
pub static ROW_SOURCES: &[(u32, RowSourceMaker)] = &[
    (2850, |args, cx| segment(args, &cx)),
    (6213, |args, cx| segment_name(args, &cx)),
    (3441, |_, cx| control_system(&cx)),
    (3442, |_, cx| control_checkpoint(&cx)),
    (3443, |_, cx| control_recovery(&cx)),
    (3444, |_, cx| control_init(&cx)),
    (3400, |_, cx| build(&cx)),
    (6318, |_, _| wait_events()),
];

fn control(context: &Context<'_>) -> Result<ControlFile> {
    ControlFile::read(server(context)?.engine.data_directory())
}

fn time(seconds: i64) -> Datum {
    Datum::B8(seconds * 1_000_000 - EPOCH_US)
}

/// The segment file that the byte before a position is in (at a segment's first byte, the one before), and the place in it.
fn segment_of(context: &Context<'_>, lsn: u64) -> Result<(String, u64)> {
    let wal = &server(context)?.wal;
    Ok((wal.file_name(Lsn(lsn)), lsn % wal.segment_size() as u64))
}

fn segment(args: &[DatumRef<'_>], context: &Context<'_>) -> Result<Box<dyn RowSource>> {
    let Some(lsn) = args.first().and_then(|lsn| lsn.as_i64()) else { return Ok(Rows::of(vec![vec![Datum::Null; 2]])) };
    let (name, offset) = segment_of(context, lsn as u64)?;
    Ok(Rows::of(vec![vec![Datum::text(&name), Datum::B4(offset as i32)]]))
}

fn segment_name(args: &[DatumRef<'_>], context: &Context<'_>) -> Result<Box<dyn RowSource>> {
    let Some(name) = args.first().and_then(|name| name.as_str()) else {
        return Ok(Rows::of(vec![vec![Datum::Null; 2]]));
    };
    let size = server(context)?.wal.segment_size();
    let Some((timeline, number)) = wal::parse_segment_file_name(&name.to_ascii_uppercase(), size) else {
        return Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, format!("invalid WAL file name \"{name}\"")));
    };
    Ok(Rows::of(vec![vec![numeric(context, number as i64)?, Datum::B8(timeline.0 as i64)]]))
}

fn control_system(context: &Context<'_>) -> Result<Box<dyn RowSource>> {
    let control = control(context)?;
    Ok(Rows::of(vec![vec![
        Datum::B4(CONTROL_VERSION as i32),
        Datum::B4(CATALOG_VERSION as i32),
        Datum::B8(control.system_identifier as i64),
        time(control.time),
    ]]))
}

fn control_checkpoint(context: &Context<'_>) -> Result<Box<dyn RowSource>> {
    let control = control(context)?;
    let record = control.checkpoint_record;
    // Types of 32 bits show the lower half of an id.
    let xid = |xid: u64| Datum::B4(xid as i32);
    Ok(Rows::of(vec![vec![
        Datum::B8(control.checkpoint.0 as i64),
        Datum::B8(record.redo.0 as i64),
        Datum::text(&server(context)?.wal.file_name(record.redo)),
        Datum::B4(record.timeline.0 as i32),
        Datum::B4(record.previous_timeline.0 as i32),
        Datum::bool(record.full_page_writes),
        Datum::text(&format!("{}:{}", record.next_xid.0 >> 32, record.next_xid.0 as u32)),
        Datum::oid(record.next_oid),
        xid(record.next_multixact.0),
        xid(record.next_multixact_offset),
        xid(record.oldest_xid.0),
        Datum::oid(record.oldest_xid_database),
        xid(record.oldest_active_xid.0),
        xid(record.oldest_multixact.0),
        Datum::oid(record.oldest_multixact_database),
        xid(record.oldest_commit_timestamp_xid.0),
        xid(record.newest_commit_timestamp_xid.0),
        time(record.time),
    ]]))
}

fn control_recovery(context: &Context<'_>) -> Result<Box<dyn RowSource>> {
    let control = control(context)?;
    Ok(Rows::of(vec![vec![
        Datum::B8(control.minimum_recovery.0 as i64),
        Datum::B4(control.minimum_recovery_timeline.0 as i32),
        Datum::B8(control.backup_start.0 as i64),
        Datum::B8(control.backup_end.0 as i64),
        Datum::bool(control.backup_end_required),
    ]]))
}

fn control_init(context: &Context<'_>) -> Result<Box<dyn RowSource>> {
    let control = control(context)?;
    let numbers = [8, 8192, 131_072, 8192, control.segment_size as i32, 64, 32, 1996, 2048];
    let mut row: Vec<Datum> = numbers.into_iter().map(Datum::B4).collect();
    row.extend([Datum::bool(true), Datum::B4(control.checksums as i32), Datum::bool(true)]);
    Ok(Rows::of(vec![row]))
}

/// `pg_config`: as far as a program that is one file has such things.
fn build(context: &Context<'_>) -> Result<Box<dyn RowSource>> {
    let program = std::env::current_exe().unwrap_or_default();
    let directory = program.parent().unwrap_or(std::path::Path::new("/"));
    let share = catalog::text_search::share_directory();
    let none = || "not recorded".to_string();
    let version = context.env.setting("server_version").unwrap_or_default();
    let rows = [
        ("BINDIR", directory.display().to_string()),
        ("DOCDIR", none()),
        ("HTMLDIR", none()),
        ("INCLUDEDIR", none()),
        ("PKGINCLUDEDIR", none()),
        ("INCLUDEDIR-SERVER", none()),
        ("LIBDIR", none()),
        ("PKGLIBDIR", none()),
        ("LOCALEDIR", none()),
        ("MANDIR", none()),
        ("SHAREDIR", share.display().to_string()),
        ("SYSCONFDIR", none()),
        ("PGXS", none()),
        ("CONFIGURE", none()),
        ("CC", "rustc".to_string()),
        ("CPPFLAGS", none()),
        ("CFLAGS", none()),
        ("CFLAGS_SL", none()),
        ("LDFLAGS", none()),
        ("LDFLAGS_EX", none()),
        ("LDFLAGS_SL", none()),
        ("LIBS", none()),
        ("VERSION", format!("PostgreSQL {version}")),
    ];
    Ok(Rows::of(rows.iter().map(|(name, value)| vec![Datum::text(name), Datum::text(value)]).collect()))
}

/// What a process can wait for here, by the names that `pg_stat_activity` shows.
fn wait_events() -> Result<Box<dyn RowSource>> {
    let rows = shm::WaitEvent::ALL
        .iter()
        .map(|event| vec![Datum::text(event.kind), Datum::text(event.name), Datum::text(event.text)]);
    Ok(Rows::of(rows.collect()))
}
