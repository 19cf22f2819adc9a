//! `postmaster.pid`, the sockets' lock files, `postmaster.opts`, and the lock that children inherit.
//!
//! ```text
//! 1  process id of the postmaster        5  directory of the first socket
//! 2  data directory                      6  first address listened on
//! 3  start time, seconds since 1970      7  key and id of shared memory
//! 4  port                                8  starting, stopping, ready, standby (padded to 8)
//! ```
//!
//! A lock file whose process is gone is removed. That does not prove that its children are gone too: the postmaster also
//! holds an advisory lock on `PG_VERSION`'s open file, which its children inherit, and which ends with the last of them.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use error::{Error, Result, SqlState};
use rustix::fs::{FlockOperation, flock};

/// The data directory's lock file.
pub const POSTMASTER_PID: &str = "postmaster.pid";
const PORT_LINES: usize = 8;

/// A lock file of ours: removed when dropped, by the process that made it.
#[derive(Debug)]
pub(crate) struct LockFile {
    path: PathBuf,
    owner: i32,
    lines: Vec<String>,
}

/// Whose lock a file is, for the hint.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Guards<'a> {
    /// The data directory.
    Directory(&'a Path),
    /// A socket.
    Socket(&'a Path),
}

impl LockFile {
    /// Makes a lock file, removing one that a dead process left.
    ///
    /// # Errors
    ///
    /// FATAL `F0001` if its process lives; what the file system says.
    pub(crate) fn create(path: &Path, guards: Guards<'_>, lines: Vec<String>) -> Result<LockFile> {
        let shown = shown(path, guards);
        let text = lines.iter().map(|line| format!("{line}\n")).collect::<String>();
        for attempt in 0..100 {
            let mut options = File::options();
            match options.write(true).create_new(true).mode(0o600).open(path) {
                Ok(mut file) => {
                    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
                    if let Err(e) = written {
                        let _ = std::fs::remove_file(path);
                        return Err(Error::io(format!("could not write lock file \"{shown}\""), &e).fatal());
                    }
                    return Ok(LockFile { path: path.to_path_buf(), owner: sys::process::id(), lines });
                }
                Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists && attempt < 99 => (),
                Err(e) => return Err(Error::io(format!("could not create lock file \"{shown}\""), &e).fatal()),
            }
            let old = match std::fs::read_to_string(path) {
                Ok(old) => old,
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => continue,
                Err(e) => return Err(Error::io(format!("could not read lock file \"{shown}\""), &e).fatal()),
            };
            check_stale(&old, &shown, guards)?;
            if let Err(e) = std::fs::remove_file(path) {
                return Err(Error::io(format!("could not remove old lock file \"{shown}\""), &e).fatal().hint(
                    "The file seems accidentally left over, but it could not be removed. Please remove the file by \
                     hand and try again.",
                ));
            }
        }
        Err(Error::internal(format!("could not create lock file \"{shown}\"")).fatal())
    }

    /// Sets a line, numbered from 1, and writes the file anew in place: readers see the old or the new text.
    ///
    /// # Errors
    ///
    /// What the file system says; the server goes on.
    pub(crate) fn set_line(&mut self, number: usize, text: impl Into<String>) -> Result<()> {
        while self.lines.len() < number {
            self.lines.push(String::new());
        }
        self.lines[number - 1] = text.into();
        let text = self.lines.iter().map(|line| format!("{line}\n")).collect::<String>();
        let write = || {
            let file = File::options().write(true).open(&self.path)?;
            std::os::unix::fs::FileExt::write_all_at(&file, text.as_bytes(), 0)?;
            file.set_len(text.len() as u64)?;
            file.sync_all()
        };
        write()
            .map_err(|e: std::io::Error| Error::io(format!("could not write to file \"{}\"", self.path.display()), &e))
    }

    /// Whether the file still names us: if not, somebody has removed or replaced it.
    pub(crate) fn is_ours(&self) -> bool {
        let text = std::fs::read_to_string(&self.path);
        // A file that cannot be read for a passing reason is given the benefit of the doubt.
        match text {
            Ok(text) => text.lines().next().and_then(|line| line.trim().parse().ok()) == Some(self.owner),
            Err(e) => e.kind() != std::io::ErrorKind::NotFound,
        }
    }
}

impl Drop for LockFile {
    fn drop(&mut self) {
        if sys::process::id() == self.owner {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

fn shown(path: &Path, guards: Guards<'_>) -> String {
    match guards {
        Guards::Directory(_) => POSTMASTER_PID.to_string(),
        Guards::Socket(_) => path.display().to_string(),
    }
}

/// An error if the process of an old lock file may still run.
fn check_stale(old: &str, shown: &str, guards: Guards<'_>) -> Result<()> {
    let refuse = |text: String| Error::new(SqlState::LOCK_FILE_EXISTS, text).fatal();
    let first = old.lines().next().unwrap_or("");
    if first.is_empty() {
        return Err(refuse(format!("lock file \"{shown}\" is empty")).hint(
            "Either another server is starting, or the lock file is the remnant of a previous server startup crash.",
        ));
    }
    // Standalone servers write their id with a minus sign.
    let pid: i32 = match first.trim().trim_start_matches('-').parse() {
        Ok(pid) if pid > 0 => pid,
        _ => return Err(refuse(format!("bogus data in lock file \"{shown}\": \"{first}\""))),
    };
    // After a reboot, or in a container, our own or our parent's id may stand there by chance.
    let grandparent = std::env::var("PG_GRANDPARENT_PID").ok().and_then(|text| text.parse().ok());
    if [Some(sys::process::id()), Some(sys::process::parent_id()), grandparent].contains(&Some(pid)) {
        return Ok(());
    }
    // A process that is not ours to signal is no server on our data.
    if sys::process::exists(pid) && is_ours(pid) {
        let hint = match guards {
            Guards::Directory(path) => {
                format!("Is another postmaster (PID {pid}) running in data directory \"{}\"?", path.display())
            }
            Guards::Socket(path) => {
                format!("Is another postmaster (PID {pid}) using socket file \"{}\"?", path.display())
            }
        };
        return Err(refuse(format!("lock file \"{shown}\" already exists")).hint(hint));
    }
    Ok(())
}

fn is_ours(pid: i32) -> bool {
    std::fs::metadata(format!("/proc/{pid}"))
        .is_ok_and(|m| m.uid() == sys::process::effective_user() || sys::process::effective_user() == 0)
}

/// How long to wait for the children of a postmaster that died: the kernel tells them at once, and they end.
pub(crate) const ORPHANS_PATIENCE: Duration = Duration::from_secs(5);

/// Locks the data directory for this process and all its children.
///
/// # Errors
///
/// FATAL `F0001` if after `patience` children of an earlier postmaster still live.
pub(crate) fn lock_directory(data_directory: &Path, patience: Duration) -> Result<File> {
    let path = data_directory.join("PG_VERSION");
    let file =
        File::open(&path).map_err(|e| Error::io(format!("could not open file \"{}\"", path.display()), &e).fatal())?;
    let end = Instant::now() + patience;
    let mut locked = flock(&file, FlockOperation::NonBlockingLockExclusive);
    while locked == Err(rustix::io::Errno::WOULDBLOCK) && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(10));
        locked = flock(&file, FlockOperation::NonBlockingLockExclusive);
    }
    match locked {
        Ok(()) => Ok(file),
        // A file system without locks: the lock file has to do.
        Err(rustix::io::Errno::NOTSUP | rustix::io::Errno::NOLCK | rustix::io::Errno::NOSYS) => Ok(file),
        Err(_) => {
            let text = "pre-existing shared memory block is still in use";
            let hint = format!(
                "Terminate any old server processes associated with data directory \"{}\".",
                data_directory.display()
            );
            Err(Error::new(SqlState::LOCK_FILE_EXISTS, text).fatal().hint(hint))
        }
    }
}

/// The first lines of a lock file.
pub(crate) fn first_lines(data_directory: &Path, started_us: i64, port: i32, socket_directory: &str) -> Vec<String> {
    let mut lines = vec![
        sys::process::id().to_string(),
        data_directory.display().to_string(),
        (started_us / 1_000_000).to_string(),
        port.to_string(),
        socket_directory.to_string(),
    ];
    lines.reserve(PORT_LINES);
    lines
}

/// Writes `postmaster.opts`: the command line, for `pg_ctl restart`.
///
/// # Errors
///
/// What the file system says.
pub(crate) fn write_options(data_directory: &Path, program: &Path, arguments: &[String]) -> Result<()> {
    let mut text = program.display().to_string();
    for argument in arguments {
        text.push_str(&format!(" \"{argument}\""));
    }
    text.push('\n');
    std::fs::write(data_directory.join("postmaster.opts"), text)
        .map_err(|e| Error::io("could not write file \"postmaster.opts\"", &e).fatal())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_living_owner_is_respected_and_a_dead_one_is_not() {
        let temporary = tempfile::tempdir().unwrap();
        let path = temporary.path().join(POSTMASTER_PID);
        let sleeper = sys::fork(|| {
            std::thread::sleep(std::time::Duration::from_secs(60));
            0
        })
        .unwrap();
        std::fs::write(&path, format!("{sleeper}\n/x\n")).unwrap();
        let create = || LockFile::create(&path, Guards::Directory(temporary.path()), vec!["1".into()]);
        let refused = create().unwrap_err();
        assert_eq!(refused.message(), "lock file \"postmaster.pid\" already exists");
        assert!(refused.fields().hint.as_ref().unwrap().starts_with(&format!("Is another postmaster (PID {sleeper})")));
        sys::kill(sleeper, sys::Signal::Kill).unwrap();
        sys::process::wait(sleeper).unwrap();
        let mut lock = create().unwrap();
        lock.set_line(8, "ready   ").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "1\n\n\n\n\n\n\nready   \n");
        lock.set_line(8, "x").unwrap();
        assert!(std::fs::read_to_string(&path).unwrap().ends_with("\nx\n"));
        drop(lock);
        assert!(!path.exists());
        std::fs::write(&path, "").unwrap();
        assert_eq!(create().unwrap_err().message(), "lock file \"postmaster.pid\" is empty");
    }

    #[test]
    fn children_keep_the_directory_locked() {
        let temporary = tempfile::tempdir().unwrap();
        std::fs::write(temporary.path().join("PG_VERSION"), "18\n").unwrap();
        let lock = lock_directory(temporary.path(), Duration::ZERO).unwrap();
        let child = sys::fork(|| {
            std::thread::sleep(std::time::Duration::from_secs(60));
            0
        })
        .unwrap();
        drop(lock);
        assert!(lock_directory(temporary.path(), Duration::ZERO).is_err());
        sys::kill(child, sys::Signal::Kill).unwrap();
        sys::process::wait(child).unwrap();
        // Another test's child may have inherited the lock for the moment of its life.
        let free = lock_directory(temporary.path(), ORPHANS_PATIENCE).is_ok();
        assert!(free);
    }
}
