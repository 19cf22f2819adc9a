//! SQL functions that read the server's files: `pg_read_file`, `pg_stat_file`, `pg_ls_dir` and their kin.
//!
//! Names are relative to the data directory. Who may read all of the server's files (superusers, `pg_read_server_files`) may name any file;
//! others, who were granted a function, only what is in the data directory or in the directory of the log. What leads out of a directory is
//! found in the name alone: symbolic links are followed, as PostgreSQL follows them.

use std::fs::{self, Metadata};
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use batch::{Datum, DatumRef};
use catalog::functions::catalog_of;
use catalog::privileges::role;
use error::{Error, Result, SqlState};
use ids::Oid;
use types::{Context, RowSource, RowSourceMaker};

use crate::functions::server;
use crate::statistics::{EPOCH_US, Rows};

types::builtins! {
    /// Contents of files.
    pub static FILES =
    3826 pg_read_file_all each(Context, &[u8]) |cx: Context<'_>, name: &[u8]| read_text(&cx, name, None, false);
    6208 pg_read_file_all_missing each(Context, &[u8], bool) |cx: Context<'_>, name: &[u8], missing_ok: bool| read_text(&cx, name, None, missing_ok);
    2624 pg_read_file_off_len each(Context, &[u8], i64, i64)
        |cx: Context<'_>, name: &[u8], from: i64, length: i64| read_text(&cx, name, Some((from, length)), false);
    3293 pg_read_file_off_len_missing each(Context, &[u8], i64, i64, bool)
        |cx: Context<'_>, name: &[u8], from: i64, length: i64, missing_ok: bool| read_text(&cx, name, Some((from, length)), missing_ok);
    3828 pg_read_binary_file_all each(Context, &[u8]) |cx: Context<'_>, name: &[u8]| read(&cx, name, None, false);
    6209 pg_read_binary_file_all_missing each(Context, &[u8], bool) |cx: Context<'_>, name: &[u8], missing_ok: bool| read(&cx, name, None, missing_ok);
    3827 pg_read_binary_file_off_len each(Context, &[u8], i64, i64)
        |cx: Context<'_>, name: &[u8], from: i64, length: i64| read(&cx, name, Some((from, length)), false);
    3295 pg_read_binary_file_off_len_missing each(Context, &[u8], i64, i64, bool)
        |cx: Context<'_>, name: &[u8], from: i64, length: i64, missing_ok: bool| read(&cx, name, Some((from, length)), missing_ok);
}

/// Directories, and what the system says of a file.
pub static ROW_SOURCES: &[(u32, RowSourceMaker)] = &[
    (2623, |args, cx| about(args, &cx)),
    (3307, |args, cx| about(args, &cx)),
    (2625, |args, cx| names(args, &cx)),
    (3297, |args, cx| names(args, &cx)),
    (3353, |_, cx| {
        let directory = cx.env.setting("log_directory").unwrap_or_default();
        list(&cx, &directory, false)
    }),
    (3354, |_, cx| list(&cx, "pg_wal", false)),
    (5031, |_, cx| list(&cx, "pg_wal/archive_status", true)),
    (6400, |_, cx| list(&cx, "pg_wal/summaries", true)),
    (5029, |_, cx| temporary(&cx, DEFAULT_TABLESPACE)),
    (5030, |args, cx| match args.first().and_then(|oid| oid.as_oid()) {
        Some(tablespace) => temporary(&cx, tablespace),
        None => Ok(Rows::of(Vec::new())),
    }),
    (6270, |_, cx| list(&cx, "pg_logical/snapshots", true)),
    (6271, |_, cx| list(&cx, "pg_logical/mappings", true)),
    (6272, |args, _| {
        let slot = String::from_utf8_lossy(args.first().and_then(|name| name.as_bytes()).unwrap_or_default());
        Err(Error::new(SqlState::UNDEFINED_OBJECT, format!("replication slot \"{slot}\" does not exist")))
    }),
];

const DEFAULT_TABLESPACE: Oid = Oid(1663);

/// The most bytes that a value has.
const LARGEST: u64 = (1 << 30) - 5;

/// A name without `.` and, as far as it is known what they lead to, without `..`.
fn canonical(name: &str) -> PathBuf {
    let mut path = PathBuf::new();
    for part in Path::new(name).components() {
        match (part, path.components().next_back()) {
            (Component::CurDir, _) => {}
            (Component::ParentDir, Some(Component::Normal(_))) => {
                path.pop();
            }
            (Component::ParentDir, Some(Component::RootDir)) => {}
            (part, _) => path.push(part),
        }
    }
    if path.as_os_str().is_empty() { PathBuf::from(".") } else { path }
}

/// The name that messages show, if the session may read such a file.
fn permitted(context: &Context<'_>, name: &[u8]) -> Result<PathBuf> {
    let path = canonical(&String::from_utf8_lossy(name));
    let catalog = catalog_of(context)?;
    let me = catalog.current_user();
    if catalog.has_privileges_of(me, role::PG_READ_SERVER_FILES)? {
        return Ok(path);
    }
    let refuse = |text: &str| Err(Error::new(SqlState::INSUFFICIENT_PRIVILEGE, text));
    if path.is_absolute() {
        let log = context.env.setting("log_directory").map(|log| canonical(&log)).filter(|log| log.is_absolute());
        let data = server(context)?.engine.data_directory();
        let inside = path.starts_with(data) || log.is_some_and(|log| path.starts_with(log));
        return if inside { Ok(path) } else { refuse("absolute path not allowed") };
    }
    match path.components().next() {
        Some(Component::ParentDir) => refuse("path must be in or below the data directory"),
        _ => Ok(path),
    }
}

fn within(context: &Context<'_>, path: &Path) -> Result<PathBuf> {
    Ok(server(context)?.engine.data_directory().join(path))
}

/// Bytes of a file: all, or so many from a position, which counts from the end if it is negative.
fn read(context: &Context<'_>, name: &[u8], part: Option<(i64, i64)>, missing_ok: bool) -> Result<Option<Vec<u8>>> {
    let path = permitted(context, name)?;
    if part.is_some_and(|(_, length)| length < 0) {
        return Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, "requested length cannot be negative"));
    }
    let failed = |what: &str, reason: std::io::Error| {
        Error::io(format_args!("could not {what} file \"{}\"", path.display()), &reason)
    };
    let mut file = match fs::File::open(within(context, &path)?) {
        Ok(file) => file,
        Err(reason) if missing_ok && reason.kind() == ErrorKind::NotFound => return Ok(None),
        Err(reason) => {
            let what = format!("could not open file \"{}\" for reading", path.display());
            return Err(Error::io(what, &reason));
        }
    };
    let size = file.metadata().map_err(|reason| failed("stat", reason))?.len();
    let wanted = part.map_or(u64::MAX, |(_, length)| length as u64);
    if let Some((from, _)) = part {
        let place = match u64::try_from(from) {
            Ok(from) => SeekFrom::Start(from),
            Err(_) => SeekFrom::Start(size.saturating_sub(from.unsigned_abs())),
        };
        file.seek(place).map_err(|reason| failed("seek in", reason))?;
    }
    // What the system calls the size of a file that it makes while it is read says nothing.
    sys::memory::admit(size.min(wanted).min(LARGEST) as usize)?;
    let mut bytes = Vec::new();
    file.take(wanted.min(LARGEST + 1)).read_to_end(&mut bytes).map_err(|reason| failed("read", reason))?;
    if bytes.len() as u64 > LARGEST {
        let text = if part.is_some() { "requested length too large" } else { "file length too large" };
        return Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, text));
    }
    Ok(Some(bytes))
}

fn read_text(
    context: &Context<'_>,
    name: &[u8],
    part: Option<(i64, i64)>,
    missing_ok: bool,
) -> Result<Option<Vec<u8>>> {
    let bytes = read(context, name, part, missing_ok)?;
    if let Some(bytes) = &bytes {
        types::io::received_text(bytes)?;
    }
    Ok(bytes)
}

fn moment(seconds: i64, nanoseconds: i64) -> Datum {
    Datum::B8(seconds.saturating_mul(1_000_000).saturating_add(nanoseconds / 1000).saturating_sub(EPOCH_US))
}

fn is_true(args: &[DatumRef<'_>], argument: usize) -> bool {
    args.get(argument).is_some_and(|value| matches!(value, DatumRef::B1(1)))
}

/// `size, access, modification, change, creation, isdir` of a file.
fn about(args: &[DatumRef<'_>], context: &Context<'_>) -> Result<Box<dyn RowSource>> {
    let Some(name) = args.first().and_then(|name| name.as_bytes()) else {
        return Ok(Rows::of(vec![vec![Datum::Null; 6]]));
    };
    let path = permitted(context, name)?;
    let about: Metadata = match fs::metadata(within(context, &path)?) {
        Ok(about) => about,
        Err(reason) if is_true(args, 1) && reason.kind() == ErrorKind::NotFound => {
            return Ok(Rows::of(vec![vec![Datum::Null; 6]]));
        }
        Err(reason) => return Err(Error::io(format_args!("could not stat file \"{}\"", path.display()), &reason)),
    };
    Ok(Rows::of(vec![vec![
        Datum::B8(about.len() as i64),
        moment(about.atime(), about.atime_nsec()),
        moment(about.mtime(), about.mtime_nsec()),
        moment(about.ctime(), about.ctime_nsec()),
        Datum::Null,
        Datum::bool(about.is_dir()),
    ]]))
}

fn open(context: &Context<'_>, path: &Path, missing_ok: bool) -> Result<Option<fs::ReadDir>> {
    match fs::read_dir(within(context, path)?) {
        Ok(entries) => Ok(Some(entries)),
        Err(reason) if missing_ok && reason.kind() == ErrorKind::NotFound => Ok(None),
        Err(reason) => Err(Error::io(format_args!("could not open directory \"{}\"", path.display()), &reason)),
    }
}

/// The names in a directory.
fn names(args: &[DatumRef<'_>], context: &Context<'_>) -> Result<Box<dyn RowSource>> {
    let Some(name) = args.first().and_then(|name| name.as_bytes()) else { return Ok(Rows::of(Vec::new())) };
    let path = permitted(context, name)?;
    let Some(entries) = open(context, &path, is_true(args, 1))? else { return Ok(Rows::of(Vec::new())) };
    let mut rows: Vec<Vec<Datum>> = Vec::new();
    if is_true(args, 2) {
        rows.extend([".", ".."].map(|name| vec![Datum::text(name)]));
    }
    for entry in entries {
        let failed = |reason| Error::io(format_args!("could not read directory \"{}\"", path.display()), &reason);
        let name = entry.map_err(failed)?.file_name();
        rows.push(vec![Datum::text(&name.to_string_lossy())]);
    }
    Ok(Rows::of(rows))
}

/// `name, size, modification` of the ordinary files in a directory that everyone may list who may call the function.
fn list(context: &Context<'_>, directory: &str, missing_ok: bool) -> Result<Box<dyn RowSource>> {
    let Some(entries) = open(context, Path::new(directory), missing_ok)? else { return Ok(Rows::of(Vec::new())) };
    let mut rows = Vec::new();
    for entry in entries {
        let failed = |reason| Error::io(format_args!("could not read directory \"{directory}\""), &reason);
        let entry = entry.map_err(failed)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        // A file that is gone meanwhile is not listed.
        let Ok(about) = fs::metadata(entry.path()) else { continue };
        if !name.starts_with('.') && about.is_file() {
            rows.push(vec![
                Datum::text(&name),
                Datum::B8(about.len() as i64),
                moment(about.mtime(), about.mtime_nsec()),
            ]);
        }
    }
    Ok(Rows::of(rows))
}

fn temporary(context: &Context<'_>, tablespace: Oid) -> Result<Box<dyn RowSource>> {
    if catalog_of(context)?.tablespace(tablespace)?.is_none() {
        let text = format!("tablespace with OID {tablespace} does not exist");
        return Err(Error::new(SqlState::UNDEFINED_OBJECT, text));
    }
    // Temporary files are made in the default tablespace only.
    match tablespace {
        DEFAULT_TABLESPACE => list(context, "base/pgsql_tmp", true),
        _ => Ok(Rows::of(Vec::new())),
    }
}

#[cfg(test)]
mod tests {
    use super::canonical;
    use std::path::Path;

    /// What PostgreSQL makes of such names.
    #[test]
    fn names_lose_what_leads_nowhere() {
        for (name, expected) in [
            ("/", "/"),
            ("/./../abc/def", "/abc/def"),
            ("/abc/def/../../../../ghi/jkl", "/ghi/jkl"),
            ("./abc/..", "."),
            ("../abc/../../def/ghi", "../../def/ghi"),
            ("./abc/./def/.././ghi/../../../jkl/mno", "../jkl/mno"),
        ] {
            assert_eq!(canonical(name), Path::new(expected), "{name}");
        }
    }
}
