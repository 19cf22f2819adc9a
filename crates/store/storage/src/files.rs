//! Relations' files: names, segments of 1 GiB, and the open files of one process.
//!
//! Everything that touches a data file goes through here, past the fail points `storage.read`, `storage.write`,
//! `storage.extend`, `storage.sync`.

use crate::Page;
use error::{Error, Result, SqlState};
use ids::{BlockNumber, Fork, Oid, PAGE_SIZE, RelFileLocator, oids};
use rustix::io::{Errno, preadv, pwritev};
use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, IoSlice, IoSliceMut};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use wal::faults::{self, Fault};

/// Pages of a full segment file: 1 GiB.
pub const SEGMENT_PAGES: u32 = 131_072;
/// From this many pages on, extension allocates space instead of writing zeros.
const ALLOCATE_FROM: u32 = 9;
/// The directory of a tablespace's files under its link: version and catalog version.
pub(crate) const TABLESPACE_VERSION: &str = "PG_18_202506291";

/// One segment file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct FileTag {
    pub locator: RelFileLocator,
    pub fork: Fork,
    pub segment: u32,
}

/// The directory of a database's files, relative to the data directory.
pub fn database_directory(tablespace: Oid, database: Oid) -> String {
    match tablespace {
        oids::GLOBAL_TABLESPACE => "global".to_string(),
        oids::DEFAULT_TABLESPACE => format!("base/{database}"),
        other => format!("pg_tblspc/{other}/{TABLESPACE_VERSION}/{database}"),
    }
}

/// The path of a fork's first segment, relative to the data directory: what messages show.
pub fn relation_path(locator: RelFileLocator, fork: Fork) -> String {
    format!("{}/{}{}", database_directory(locator.tablespace, locator.database), locator.file, fork.suffix())
}

impl FileTag {
    pub fn of(locator: RelFileLocator, fork: Fork, block: BlockNumber) -> FileTag {
        FileTag { locator, fork, segment: block.0 / SEGMENT_PAGES }
    }

    pub fn path(&self) -> String {
        let first = relation_path(self.locator, self.fork);
        if self.segment == 0 { first } else { format!("{first}.{}", self.segment) }
    }
}

struct Open {
    file: Arc<File>,
    used: u64,
}

#[derive(Default)]
struct Cache {
    open: HashMap<FileTag, Open>,
    clock: u64,
}

/// The data directory's files, as one process has them open.
pub(crate) struct Files {
    root: PathBuf,
    limit: usize,
    pub fsync: bool,
    cache: Mutex<Cache>,
}

/// How many bytes a segment's block begins at.
fn offset(block: BlockNumber) -> u64 {
    (block.0 % SEGMENT_PAGES) as u64 * PAGE_SIZE as u64
}

impl Files {
    pub fn new(root: &Path, limit: u32, fsync: bool) -> Files {
        Files { root: root.to_path_buf(), limit: limit.max(8) as usize, fsync, cache: Mutex::default() }
    }

    pub fn absolute(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    /// An open segment; `None` if its file does not exist.
    pub fn open(&self, tag: FileTag) -> Result<Option<Arc<File>>> {
        let mut cache = self.cache.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        cache.clock += 1;
        let now = cache.clock;
        if let Some(open) = cache.open.get_mut(&tag) {
            open.used = now;
            return Ok(Some(open.file.clone()));
        }
        let path = tag.path();
        let file = match OpenOptions::new().read(true).write(true).open(self.absolute(&path)) {
            Ok(file) => Arc::new(file),
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(Error::io(format_args!("could not open file \"{path}\""), &e)),
        };
        if cache.open.len() >= self.limit {
            // Half of them go at once, so that this is rare.
            let mut ages: Vec<u64> = cache.open.values().map(|open| open.used).collect();
            let middle = ages.len() / 2;
            let (_, &mut cut, _) = ages.select_nth_unstable(middle);
            cache.open.retain(|_, open| open.used > cut);
        }
        cache.open.insert(tag, Open { file: file.clone(), used: now });
        Ok(Some(file))
    }

    fn open_existing(&self, tag: FileTag) -> Result<Arc<File>> {
        self.open(tag)?.ok_or_else(|| {
            Error::io(format_args!("could not open file \"{}\"", tag.path()), &io::Error::from(io::ErrorKind::NotFound))
        })
    }

    /// Closes what this process has open of a relation, because its files are gone or no longer the same.
    pub fn forget(&self, locator: RelFileLocator) {
        let mut cache = self.cache.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        cache.open.retain(|tag, _| tag.locator != locator);
    }

    /// Closes all files.
    pub fn close_all(&self) {
        self.cache.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).open.clear();
    }

    /// Reads pages that follow each other, within one segment, into `pages`. Returns how many bytes there were: fewer at the file's
    /// end.
    pub fn read(
        &self,
        locator: RelFileLocator,
        fork: Fork,
        first: BlockNumber,
        pages: &mut [IoSliceMut<'_>],
    ) -> Result<usize> {
        let tag = FileTag::of(locator, fork, first);
        let file = self.open_existing(tag)?;
        let wanted: usize = pages.iter().map(|page| page.len()).sum();
        let failed = |e: &io::Error| {
            let last = first.0 + (wanted / PAGE_SIZE) as u32 - 1;
            Error::io(format_args!("could not read blocks {first}..{last} in file \"{}\"", tag.path()), e)
        };
        faults::call("storage.read").map_err(|e| failed(&e))?;
        let mut done = 0;
        let mut rest = pages;
        loop {
            match preadv(&*file, rest, offset(first) + done as u64) {
                Ok(0) => return Ok(done),
                Ok(n) => {
                    done += n;
                    if done == wanted {
                        return Ok(done);
                    }
                    IoSliceMut::advance_slices(&mut rest, n);
                }
                Err(Errno::INTR) => {}
                Err(e) => return Err(failed(&e.into())),
            }
        }
    }

    /// Writes one page with its checksum, which stands beside the page: the page itself is only locked for reading.
    pub fn write(
        &self,
        locator: RelFileLocator,
        fork: Fork,
        block: BlockNumber,
        page: &Page,
        checksum: Option<u16>,
    ) -> Result<()> {
        let tag = FileTag::of(locator, fork, block);
        let file = self.open_existing(tag)?;
        let sum = checksum.unwrap_or(page.checksum()).to_le_bytes();
        let mut parts = [IoSlice::new(&page[..8]), IoSlice::new(&sum), IoSlice::new(&page[10..])];
        let mut parts = &mut parts[..];
        let mut done = 0;
        let failed = |e: &io::Error| {
            Error::io(format_args!("could not write blocks {block}..{block} in file \"{}\"", tag.path()), e)
        };
        while done < PAGE_SIZE {
            let fault = faults::check("storage.write");
            let result = match fault {
                Some(Fault::Fail(number)) => Err(Errno::from_raw_os_error(number)),
                Some(Fault::Short | Fault::Torn) => {
                    let half = [IoSlice::new(&page[..8]), IoSlice::new(&sum), IoSlice::new(&page[10..PAGE_SIZE / 2])];
                    pwritev(&*file, &half, offset(block))
                }
                _ => pwritev(&*file, parts, offset(block) + done as u64),
            };
            if fault == Some(Fault::Torn) {
                faults::die();
            }
            match result {
                Ok(0) => return Err(failed(&io::Error::from(io::ErrorKind::StorageFull))),
                Ok(n) => {
                    done += n;
                    IoSlice::advance_slices(&mut parts, n);
                }
                Err(Errno::INTR) => {}
                Err(e) => return Err(failed(&e.into())),
            }
        }
        Ok(())
    }

    /// Adds pages of zeros from `first` on, within one segment, making the file if it begins there.
    pub fn extend(&self, locator: RelFileLocator, fork: Fork, first: BlockNumber, count: u32) -> Result<()> {
        let tag = FileTag::of(locator, fork, first);
        if tag.segment > 0 && first.0.is_multiple_of(SEGMENT_PAGES) && self.open(tag)?.is_none() {
            self.create(tag, false)?;
        }
        let file = self.open_existing(tag)?;
        let length = count as u64 * PAGE_SIZE as u64;
        let failed = |e: &io::Error| {
            let error = Error::io(format_args!("could not extend file \"{}\"", tag.path()), e);
            if error.state() == SqlState::DISK_FULL { error.hint("Check free disk space.") } else { error }
        };
        faults::call("storage.extend").map_err(|e| failed(&e))?;
        if count >= ALLOCATE_FROM {
            match rustix::fs::fallocate(&*file, rustix::fs::FallocateFlags::empty(), offset(first), length) {
                Ok(()) => return Ok(()),
                Err(Errno::OPNOTSUPP | Errno::INVAL | Errno::INTR) => {}
                Err(e) => return Err(failed(&e.into())),
            }
        }
        static ZEROS: [u8; PAGE_SIZE] = [0; PAGE_SIZE];
        let mut done = 0;
        while done < length {
            let pages = (length - done).div_ceil(PAGE_SIZE as u64).min(16) as usize;
            let part = [IoSlice::new(&ZEROS); 16];
            match pwritev(&*file, &part[..pages], offset(first) + done) {
                Ok(0) => return Err(failed(&io::Error::from(io::ErrorKind::StorageFull))),
                Ok(n) => done += n as u64,
                Err(Errno::INTR) => {}
                Err(e) => {
                    // Half an extension must not count as pages.
                    let _ = file.set_len(offset(first));
                    return Err(failed(&e.into()));
                }
            }
        }
        Ok(())
    }

    /// Makes an empty file. It is an error if it exists, unless `may_exist`.
    pub fn create(&self, tag: FileTag, may_exist: bool) -> Result<()> {
        let path = tag.path();
        let result = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .create_new(!may_exist)
            .truncate(false)
            .mode(0o600)
            .open(self.absolute(&path));
        match result {
            Ok(_) => Ok(()),
            Err(e) => Err(Error::io(format_args!("could not create file \"{path}\""), &e)),
        }
    }

    /// Bytes of a segment, `None` if it does not exist.
    fn length(&self, tag: FileTag) -> Result<Option<u64>> {
        let Some(file) = self.open(tag)? else { return Ok(None) };
        let failed = |e| Error::io(format_args!("could not seek to end of file \"{}\"", tag.path()), &e);
        file.metadata().map(|metadata| Some(metadata.len())).map_err(failed)
    }

    /// How many whole pages a fork has; `None` if it does not exist.
    pub fn block_count(&self, locator: RelFileLocator, fork: Fork) -> Result<Option<u32>> {
        let mut segment = 0;
        loop {
            let Some(length) = self.length(FileTag { locator, fork, segment })? else {
                return Ok((segment > 0).then_some(segment * SEGMENT_PAGES));
            };
            let pages = (length / PAGE_SIZE as u64).min(SEGMENT_PAGES as u64) as u32;
            if pages < SEGMENT_PAGES {
                return Ok(Some(segment * SEGMENT_PAGES + pages));
            }
            segment += 1;
        }
    }

    /// Cuts a fork to `blocks` pages. Segments behind the last one become empty, but stay: others may have them open.
    pub fn truncate(&self, locator: RelFileLocator, fork: Fork, blocks: u32) -> Result<()> {
        let mut segment = blocks / SEGMENT_PAGES;
        let mut keep = offset(BlockNumber(blocks));
        loop {
            let tag = FileTag { locator, fork, segment };
            let Some(file) = self.open(tag)? else { return Ok(()) };
            let length = self.length(tag)?.unwrap_or(0);
            if length > keep {
                file.set_len(keep)
                    .map_err(|e| Error::io(format_args!("could not truncate file \"{}\"", tag.path()), &e))?;
            }
            segment += 1;
            keep = 0;
        }
    }

    /// Removes a fork's files; a kept first segment is only emptied. Missing ones are no error.
    pub fn remove(&self, locator: RelFileLocator, fork: Fork, keep_first: bool) -> Result<()> {
        self.forget(locator);
        let mut segment = 0;
        loop {
            let tag = FileTag { locator, fork, segment };
            let path = self.absolute(&tag.path());
            let failed =
                |what: &str, e: &io::Error| Error::io(format_args!("could not {what} file \"{}\"", tag.path()), e);
            // Emptied first, so that the space is free even while another process has the file open.
            match OpenOptions::new().write(true).open(&path).and_then(|file| file.set_len(0)) {
                Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
                Err(e) => return Err(failed("truncate", &e)),
                Ok(()) => {}
            }
            if segment > 0 || !keep_first {
                match fs::remove_file(&path) {
                    Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(failed("remove", &e)),
                    _ => {}
                }
            }
            segment += 1;
        }
    }

    /// Forces a segment to disk. A missing file was removed meanwhile, which is no error.
    pub fn sync(&self, tag: FileTag) -> Result<()> {
        if !self.fsync {
            return Ok(());
        }
        let Some(file) = self.open(tag)? else { return Ok(()) };
        faults::call("storage.sync")
            .and_then(|()| file.sync_data())
            .map_err(|e| Error::io(format_args!("could not fsync file \"{}\"", tag.path()), &e))
    }

    /// Tells the system that pages will be read.
    pub fn advise(&self, locator: RelFileLocator, fork: Fork, first: BlockNumber, count: u32) {
        let tag = FileTag::of(locator, fork, first);
        let count = count.min(SEGMENT_PAGES - first.0 % SEGMENT_PAGES) as u64;
        if let (Ok(Some(file)), Some(length)) = (self.open(tag), std::num::NonZeroU64::new(count * PAGE_SIZE as u64)) {
            let _ = rustix::fs::fadvise(&*file, offset(first), Some(length), rustix::fs::Advice::WillNeed);
        }
    }
}
