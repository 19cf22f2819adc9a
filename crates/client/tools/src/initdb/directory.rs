//! The data directory's skeleton, syncing it, and removing it again after a failure.

use super::options::Complaint;
use std::fs;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

/// Subdirectories, besides those of databases.
const SUBDIRECTORIES: &[&str] = &[
    "global",
    "pg_wal/archive_status",
    "pg_wal/summaries",
    "pg_commit_ts",
    "pg_dynshmem",
    "pg_notify",
    "pg_serial",
    "pg_snapshots",
    "pg_subtrans",
    "pg_twophase",
    "pg_multixact",
    "pg_multixact/members",
    "pg_multixact/offsets",
    "base",
    "pg_replslot",
    "pg_tblspc",
    "pg_stat",
    "pg_stat_tmp",
    "pg_xact",
    "pg_logical",
    "pg_logical/snapshots",
    "pg_logical/mappings",
];

/// What was there before, to know what to take back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// Nothing: it is made, and removed after a failure.
    Nothing,
    /// An empty directory: only its contents are removed after a failure.
    Empty,
}

fn failed(what: &str, path: &Path, e: &std::io::Error) -> Complaint {
    let reason = e.to_string();
    let reason = reason.split(" (os error").next().unwrap_or_default();
    Complaint::new(format!("could not {what} \"{}\": {reason}", path.display()))
}

/// Makes a directory that must not have contents yet, and gives it its mode. `what` is how it is called in messages.
pub fn claim(path: &Path, mode: u32, what: &str) -> Result<Found, Complaint> {
    let contents = match fs::read_dir(path) {
        Ok(entries) => Some(entries.filter_map(Result::ok).map(|entry| entry.file_name()).collect::<Vec<_>>()),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => None,
        Err(e) => return Err(failed("access directory", path, &e)),
    };
    let shown = path.display();
    match contents {
        None => {
            print!("creating directory {shown} ... ");
            let _ = std::io::Write::flush(&mut std::io::stdout());
            fs::DirBuilder::new()
                .recursive(true)
                .mode(mode)
                .create(path)
                .map_err(|e| failed("create directory", path, &e))?;
            fs::set_permissions(path, fs::Permissions::from_mode(mode))
                .map_err(|e| failed("change permissions of directory", path, &e))?;
            println!("ok");
            Ok(Found::Nothing)
        }
        Some(names) if names.is_empty() => {
            print!("fixing permissions on existing directory {shown} ... ");
            fs::set_permissions(path, fs::Permissions::from_mode(mode))
                .map_err(|e| failed("change permissions of directory", path, &e))?;
            println!("ok");
            Ok(Found::Empty)
        }
        Some(names) => {
            let complaint = Complaint::new(format!("directory \"{shown}\" exists but is not empty"));
            let only = |allowed: &[&str]| names.iter().all(|name| allowed.iter().any(|a| name == a));
            Err(if what != "data directory" {
                complaint.hint(format!(
                    "If you want to store the WAL there, either remove or empty the directory \"{shown}\"."
                ))
            } else if only(&["lost+found"]) {
                complaint.hint("It contains a lost+found directory, perhaps due to it being a mount point.\nUsing a mount point directly as the data directory is not recommended.\nCreate a subdirectory under the mount point.")
            } else {
                complaint.hint(format!(
                    "If you want to create a new database system, either remove or empty the directory \"{shown}\" or run initdb with an argument other than \"{shown}\"."
                ))
            })
        }
    }
}

/// Makes all subdirectories. A log directory elsewhere is linked to, and has been claimed already.
pub fn make_subdirectories(data: &Path, wal: Option<&Path>, databases: &[String], mode: u32) -> Result<(), Complaint> {
    let make = |path: &Path| {
        fs::DirBuilder::new().recursive(true).mode(mode).create(path).map_err(|e| failed("create directory", path, &e))
    };
    let log = data.join("pg_wal");
    match wal {
        Some(wal) => symlink(wal, &log).map_err(|e| failed("create symbolic link", &log, &e))?,
        None => make(&log)?,
    }
    SUBDIRECTORIES
        .iter()
        .map(|name| data.join(name))
        .chain(databases.iter().map(|name| data.join(name)))
        .try_for_each(|path| make(&path))
}

/// Writes a file of the data directory.
pub fn write(data: &Path, name: &str, contents: &str, mode: u32) -> Result<(), Complaint> {
    use std::io::Write;
    let path = data.join(name);
    let mut options = fs::OpenOptions::new();
    let file = options.create(true).truncate(true).write(true).mode(mode).open(&path);
    file.and_then(|mut file| file.write_all(contents.as_bytes())).map_err(|e| failed("write file", &path, &e))
}

/// Gives all files and directories below their modes (group access).
pub fn set_modes(path: &Path, directory_mode: u32, file_mode: u32) -> std::io::Result<()> {
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            fs::set_permissions(entry.path(), fs::Permissions::from_mode(directory_mode))?;
            set_modes(&entry.path(), directory_mode, file_mode)?;
        } else if kind.is_file() {
            fs::set_permissions(entry.path(), fs::Permissions::from_mode(file_mode))?;
        }
    }
    Ok(())
}

/// Threads that sync files at once, so that the file system's journal serves many with one write.
const SYNC_THREADS: usize = 8;

/// Syncs every file and directory below a directory, itself included; links to directories (a log elsewhere) are followed.
pub fn sync(data: &Path) -> Result<(), Complaint> {
    let mut files = Vec::new();
    let mut directories = vec![data.to_path_buf()];
    let mut at = 0;
    while let Some(directory) = directories.get(at).cloned() {
        at += 1;
        for entry in fs::read_dir(&directory).map_err(|e| failed("open directory", &directory, &e))? {
            let path = entry.map_err(|e| failed("read directory", &directory, &e))?.path();
            if path.is_dir() { directories.push(path) } else { files.push(path) }
        }
    }
    let sync_one =
        |path: &Path| fs::File::open(path).and_then(|file| file.sync_all()).map_err(|e| failed("fsync file", path, &e));
    // Files before the directories that name them, those deepest first.
    directories.reverse();
    let next = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let worker = || {
            while let Some(path) = files.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)) {
                sync_one(path)?;
            }
            Ok(())
        };
        let workers: Vec<_> = (0..SYNC_THREADS).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().try_for_each(|worker| {
            worker.join().unwrap_or_else(|_| Err(Complaint::new("a thread that synchronizes files failed")))
        })
    })?;
    directories.iter().try_for_each(|path| sync_one(path))
}

/// Takes back what was made.
pub fn remove(path: &Path, found: Found) {
    if found == Found::Nothing {
        let _ = fs::remove_dir_all(path);
        return;
    }
    for entry in fs::read_dir(path).into_iter().flatten().filter_map(Result::ok) {
        let path: PathBuf = entry.path();
        let _ = if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            fs::remove_dir_all(path)
        } else {
            fs::remove_file(path)
        };
    }
}
