//! Segment files: names, creation, recycling.

use crate::panic_process;
use crate::{WalOptions, faults};
use error::{Error, Result};
use ids::TimelineId;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Bytes that one call writes when a new segment is filled.
const FILL: usize = 1 << 20;

/// The name of a segment's file: timeline, then the segment's number in units of 4 GiB and of segments.
pub fn segment_file_name(timeline: TimelineId, segment: u64, segment_size: u32) -> String {
    let per_id = 0x1_0000_0000 / segment_size as u64;
    format!("{:08X}{:08X}{:08X}", timeline.0, segment / per_id, segment % per_id)
}

/// Timeline and segment number of a segment file's name; `None` for other names.
pub fn parse_segment_file_name(name: &str, segment_size: u32) -> Option<(TimelineId, u64)> {
    let upper_hex = |b: u8| b.is_ascii_digit() || (b'A'..=b'F').contains(&b);
    if name.len() != 24 || !name.bytes().all(upper_hex) {
        return None;
    }
    let part = |at: usize| u32::from_str_radix(&name[at..at + 8], 16).ok();
    let per_id = 0x1_0000_0000 / segment_size as u64;
    let low = part(16)? as u64;
    (low < per_id).then_some((TimelineId(part(0)?), part(8)? as u64 * per_id + low))
}

/// The segment size that a segment file's first page tells; `None` if the file is no segment.
///
/// # Errors
/// Those of file access.
pub fn segment_size_of(path: &Path) -> Result<Option<u32>> {
    let mut header = [0; crate::position::LONG_HEADER as usize];
    let read = File::open(path).and_then(|file| file.read_exact_at(&mut header, 0));
    match read {
        Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        result => result.map_err(|e| Error::io(format_args!("could not open file \"{}\"", shown(path)), &e))?,
    }
    let magic = u16::from_le_bytes([header[0], header[1]]);
    let size = u32::from_le_bytes([header[32], header[33], header[34], header[35]]);
    let possible = size.is_power_of_two() && (1 << 20..=1 << 30).contains(&size);
    Ok((magic == crate::position::PAGE_MAGIC && possible).then_some(size))
}

/// A file of the log as messages name it: `pg_wal/…`, below the data directory.
pub(crate) fn shown(path: &Path) -> std::path::Display<'_> {
    let below = path.ancestors().find(|a| a.file_name().is_some_and(|name| name == "pg_wal")).and_then(Path::parent);
    below.and_then(|data| path.strip_prefix(data).ok()).unwrap_or(path).display()
}

/// The directory of the log and how its files are made.
#[derive(Clone, Debug)]
pub(crate) struct Directory {
    pub path: PathBuf,
    pub segment_size: u32,
}

impl Directory {
    pub fn file(&self, timeline: TimelineId, segment: u64) -> PathBuf {
        self.path.join(segment_file_name(timeline, segment, self.segment_size))
    }

    /// Opens a segment for writing, making it if need be.
    pub fn open_for_write(&self, timeline: TimelineId, segment: u64, options: &WalOptions, flags: i32) -> Result<File> {
        let path = self.file(timeline, segment);
        let open = || OpenOptions::new().read(true).write(true).custom_flags(flags).open(&path);
        match open() {
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                // Somebody waits for this one, so it must not take long: zeros are written by those who make segments ahead.
                self.create(timeline, segment, &WalOptions { init_zero: false, ..*options })?;
                open().map_err(|e| Error::io(format_args!("could not open file \"{}\"", shown(&path)), &e))
            }
            result => result.map_err(|e| Error::io(format_args!("could not open file \"{}\"", shown(&path)), &e)),
        }
    }

    /// Makes a segment of zeros under a temporary name and moves it into place, unless somebody was faster.
    pub fn create(&self, timeline: TimelineId, segment: u64, options: &WalOptions) -> Result<()> {
        let temporary =
            self.path.join(format!("xlogtemp.{}.{}", std::process::id(), rustix::thread::gettid().as_raw_nonzero()));
        let made = self.fill(&temporary, options);
        if let Err(e) = made {
            let _ = fs::remove_file(&temporary);
            return Err(Error::io(format_args!("could not write to file \"{}\"", shown(&temporary)), &e));
        }
        let path = self.file(timeline, segment);
        // A link fails where a rename would replace a segment that another process made meanwhile.
        let linked = fs::hard_link(&temporary, &path);
        let _ = fs::remove_file(&temporary);
        match linked {
            Ok(()) => {}
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
            Err(e) => {
                return Err(Error::io(
                    format_args!("could not link file \"{}\" to \"{}\"", shown(&temporary), shown(&path)),
                    &e,
                ));
            }
        }
        self.sync(options)
    }

    fn fill(&self, path: &Path, options: &WalOptions) -> io::Result<()> {
        faults::call("wal.create")?;
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
        let size = self.segment_size as u64;
        if options.init_zero {
            let zeros = vec![0; FILL];
            let mut at = 0;
            while at < size {
                file.write_all_at(&zeros, at)?;
                at += FILL as u64;
            }
        } else {
            match rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::empty(), 0, size) {
                Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::INVAL) => file.write_all_at(&[0], size - 1)?,
                result => result?,
            }
        }
        if options.fsync { file.sync_all() } else { Ok(()) }
    }

    /// Makes the directory's entries durable.
    pub fn sync(&self, options: &WalOptions) -> Result<()> {
        if !options.fsync {
            return Ok(());
        }
        match File::open(&self.path).and_then(|directory| directory.sync_all()) {
            Ok(()) => Ok(()),
            Err(e) => panic_process(format_args!("could not fsync file \"{}\": {e}", shown(&self.path))),
        }
    }

    /// The segments that exist, ascending by name.
    pub fn list(&self) -> Result<Vec<(TimelineId, u64)>> {
        let failed = |e| Error::io(format_args!("could not open directory \"{}\"", shown(&self.path)), &e);
        let mut segments = Vec::new();
        for entry in fs::read_dir(&self.path).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            segments.extend(name.to_str().and_then(|name| parse_segment_file_name(name, self.segment_size)));
        }
        segments.sort_unstable_by_key(|&(timeline, segment)| (timeline, segment));
        Ok(segments)
    }

    /// Removes what a crash left of segments half made.
    pub fn remove_temporary(&self) -> Result<()> {
        let failed = |e| Error::io(format_args!("could not open directory \"{}\"", shown(&self.path)), &e);
        for entry in fs::read_dir(&self.path).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            if entry.file_name().to_str().is_some_and(|name| name.starts_with("xlogtemp.")) {
                let _ = fs::remove_file(entry.path());
            }
        }
        Ok(())
    }

    pub fn remove(&self, timeline: TimelineId, segment: u64) -> Result<()> {
        let path = self.file(timeline, segment);
        match fs::remove_file(&path) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => {
                Err(Error::io(format_args!("could not remove file \"{}\"", shown(&path)), &e))
            }
            _ => Ok(()),
        }
    }

    /// Gives an old segment the name of a future one, if that is free.
    pub fn recycle(&self, timeline: TimelineId, old: u64, new_timeline: TimelineId, new: u64) -> Result<bool> {
        let (from, to) = (self.file(timeline, old), self.file(new_timeline, new));
        match fs::hard_link(&from, &to) {
            Ok(()) => self.remove(timeline, old).map(|()| true),
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(e) => {
                Err(Error::io(format_args!("could not rename file \"{}\" to \"{}\"", shown(&from), shown(&to)), &e))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_postgresqls() {
        let name = segment_file_name(TimelineId(1), 0x1_23, 16 << 20);
        assert_eq!(name, "000000010000000100000023");
        assert_eq!(parse_segment_file_name(&name, 16 << 20), Some((TimelineId(1), 0x123)));
        for other in ["00000001.history", "000000010000000100000100", "00000001000000010000002g", ""] {
            assert_eq!(parse_segment_file_name(other, 16 << 20), None, "{other}");
        }
    }
}
