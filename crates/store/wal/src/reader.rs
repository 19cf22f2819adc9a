//! Reading the log back, record by record, to wherever it ends.
//!
//! The log has no end mark: it ends where the next record is not whole. A torn write, the zeros of a new segment and a reused
//! file's old pages all show as one of the reasons of [`EndOfLog`], in PostgreSQL's words.

use crate::decode::DecodedRecord;
use crate::position::{Geometry, LOG_PAGE, PageHeader};
use crate::record::{RECORD_HEADER_SIZE, RECORD_MAX};
use crate::segment::{Directory, segment_file_name};
use error::{Error, Result};
use ids::{Lsn, TimelineId};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

/// Bytes read from a file at once.
const CHUNK: u64 = 128 << 10;

/// Why no record could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndOfLog {
    /// Where the record would begin.
    pub at: Lsn,
    /// Why there is none, as PostgreSQL words it.
    pub reason: String,
}

/// What a read brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadOutcome {
    /// A record, whole and checked.
    Record(DecodedRecord),
    /// The log ends here.
    End(EndOfLog),
}

/// Reads records in the order of the log.
pub struct WalReader {
    directory: Directory,
    geometry: Geometry,
    timeline: TimelineId,
    next: Lsn,
    file: Option<(u64, File)>,
    /// Bytes of the log from `chunk_at` on.
    chunk: Vec<u8>,
    chunk_at: u64,
    switch: Option<(crate::RmgrId, u8)>,
}

impl WalReader {
    /// Reads the log in `directory` from `start` on, where a record begins (or a page with one on it).
    pub fn new(directory: impl Into<PathBuf>, segment_size: u32, timeline: TimelineId, start: Lsn) -> WalReader {
        WalReader {
            directory: Directory { path: directory.into(), segment_size },
            geometry: Geometry { segment_size: segment_size as u64 },
            timeline,
            next: start,
            file: None,
            chunk: Vec::new(),
            chunk_at: 0,
            switch: None,
        }
    }

    /// Tells the reader which record ends its segment, whatever stands behind it.
    #[must_use]
    pub fn with_switch_record(mut self, rmgr: crate::RmgrId, info: u8) -> WalReader {
        self.switch = Some((rmgr, info));
        self
    }

    /// Where the next record begins, or would.
    pub fn position(&self) -> Lsn {
        self.next
    }

    /// Goes to another place where a record begins, and forgets what was read before.
    pub fn seek(&mut self, lsn: Lsn) {
        self.next = lsn;
        self.refresh();
    }

    /// Forgets bytes read ahead: the log may have grown.
    pub fn refresh(&mut self) {
        self.chunk.clear();
    }

    /// The next record, or why there is none. At the end the position stays, so that a grown log can be read on after
    /// [`WalReader::refresh`].
    ///
    /// # Errors
    /// Those of file access, other than a missing file, which ends the log.
    pub fn read(&mut self) -> Result<ReadOutcome> {
        let start = self.start_of(self.next);
        match self.try_read(start)? {
            Ok(record) => {
                self.next = record.end;
                if self.switch == Some((record.rmgr, record.info)) {
                    let size = self.geometry.segment_size;
                    self.next = Lsn(record.end.0.next_multiple_of(size));
                }
                Ok(ReadOutcome::Record(record))
            }
            Err(reason) => Ok(ReadOutcome::End(EndOfLog { at: start, reason })),
        }
    }

    /// Goes to the first record that begins at or after `lsn`; `None` if there is none. Every page tells where
    /// its first record begins.
    ///
    /// # Errors
    /// Those of file access.
    pub fn find_first(&mut self, lsn: Lsn) -> Result<Result<Lsn, EndOfLog>> {
        let mut page = lsn.0 / LOG_PAGE * LOG_PAGE;
        let mut at = loop {
            let header = match self.header(page)? {
                Ok(header) => header,
                Err(reason) => return Ok(Err(EndOfLog { at: Lsn(page), reason })),
            };
            let first = page + self.geometry.header_size(page) + (header.rest as u64).next_multiple_of(8);
            if first < page + LOG_PAGE {
                break Lsn(first);
            }
            page += LOG_PAGE;
        };
        while at < lsn {
            self.next = at;
            match self.read()? {
                ReadOutcome::Record(_) => at = self.start_of(self.next),
                ReadOutcome::End(end) => return Ok(Err(end)),
            }
        }
        self.next = at;
        Ok(Ok(at))
    }

    /// Where the record before the one at `lsn` begins. Found by reading from the beginning of its segment, or of the one
    /// before; `None` if that is gone.
    ///
    /// # Errors
    /// Those of file access.
    pub fn previous(&mut self, lsn: Lsn) -> Result<Option<Lsn>> {
        let saved = self.next;
        let size = self.geometry.segment_size;
        let segment = (lsn.0 / size) * size;
        let mut found = None;
        for start in [Some(segment), segment.checked_sub(size)].into_iter().flatten() {
            if let Ok(first) = self.find_first(Lsn(start))? {
                let mut at = first;
                while at < lsn {
                    match self.read()? {
                        ReadOutcome::Record(record) => found = Some(record.lsn),
                        ReadOutcome::End(_) => break,
                    }
                    at = self.start_of(self.next);
                }
            }
            if found.is_some() {
                break;
            }
        }
        self.next = saved;
        Ok(found)
    }

    /// Steps over a page header.
    fn start_of(&self, lsn: Lsn) -> Lsn {
        self.geometry.start(self.geometry.position(lsn))
    }

    fn try_read(&mut self, start: Lsn) -> Result<Result<DecodedRecord, String>> {
        let mut at = start.0;
        let mut bytes = Vec::new();
        // The length stands in the first four bytes, which never leave their page, since records begin at multiples of 8.
        let page = at / LOG_PAGE * LOG_PAGE;
        if let Err(reason) = self.header(page)? {
            return Ok(Err(reason));
        }
        let first = match self.bytes(at, 8)? {
            Ok(first) => first,
            Err(reason) => return Ok(Err(reason)),
        };
        let length = u32::from_le_bytes([first[0], first[1], first[2], first[3]]) as usize;
        if length < RECORD_HEADER_SIZE {
            return Ok(Err(format!(
                "invalid record length at {start}: expected at least {RECORD_HEADER_SIZE}, got {length}"
            )));
        }
        if length > RECORD_MAX + (BLOCKS_BYTES) {
            return Ok(Err(format!("record length {length} at {start} too long")));
        }
        // Memory grows with what is really there: each page's header is checked before its bytes are taken.
        let padded = length.next_multiple_of(8);
        while bytes.len() < padded {
            if at.is_multiple_of(LOG_PAGE) {
                let header = match self.header(at)? {
                    Ok(header) => header,
                    Err(reason) => return Ok(Err(reason)),
                };
                let left = padded - bytes.len();
                if header.rest as usize != left {
                    return Ok(Err(if header.rest == 0 {
                        format!("there is no contrecord flag at {}", Lsn(at))
                    } else {
                        format!(
                            "invalid contrecord length {} (expected {left}) at {}",
                            header.rest,
                            Lsn(at + self.geometry.header_size(at))
                        )
                    }));
                }
                at += self.geometry.header_size(at);
            }
            let now = (padded - bytes.len()).min((LOG_PAGE - at % LOG_PAGE) as usize);
            match self.bytes(at, now)? {
                Ok(part) => bytes.extend_from_slice(part),
                Err(reason) => return Ok(Err(reason)),
            }
            at += now as u64;
        }
        bytes.truncate(length);
        Ok(DecodedRecord::decode(start, Lsn(at), bytes))
    }

    fn header(&mut self, page: u64) -> Result<Result<PageHeader, String>> {
        let size = self.geometry.segment_size;
        let length = self.geometry.header_size(page) as usize;
        let file = segment_file_name(self.timeline, page / size, size as u32);
        Ok(match self.bytes(page, length)? {
            Ok(bytes) => PageHeader::decode(bytes, page, size, &file),
            Err(reason) => Err(reason),
        })
    }

    /// `length` bytes at `at`, all on one page.
    fn bytes(&mut self, at: u64, length: usize) -> Result<Result<&[u8], String>> {
        let have = at >= self.chunk_at && at + length as u64 <= self.chunk_at + self.chunk.len() as u64;
        if !have && let Err(reason) = self.load(at)? {
            return Ok(Err(reason));
        }
        let from = (at - self.chunk_at) as usize;
        Ok(self.chunk.get(from..from + length).ok_or_else(|| format!("could not read from log at {}", Lsn(at))))
    }

    fn load(&mut self, at: u64) -> Result<Result<(), String>> {
        let size = self.geometry.segment_size;
        let segment = at / size;
        self.chunk.clear();
        if self.file.as_ref().is_none_or(|(open, _)| *open != segment) {
            self.file = None;
            let path = self.directory.file(self.timeline, segment);
            match File::open(&path) {
                Ok(file) => self.file = Some((segment, file)),
                Err(e) if e.kind() == io::ErrorKind::NotFound => {
                    let name = segment_file_name(self.timeline, segment, size as u32);
                    return Ok(Err(format!("could not find file \"{name}\"")));
                }
                Err(e) => return Err(Error::io(format_args!("could not open file \"{}\"", path.display()), &e)),
            }
        }
        let Some((_, file)) = &self.file else { return Ok(Err("no segment".into())) };
        self.chunk_at = at / CHUNK * CHUNK;
        let offset = self.chunk_at % size;
        self.chunk.resize(CHUNK.min(size - offset) as usize, 0);
        let mut filled = 0;
        while filled < self.chunk.len() {
            match file.read_at(&mut self.chunk[filled..], offset + filled as u64) {
                Ok(0) => break,
                Ok(n) => filled += n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => {
                    let name = segment_file_name(self.timeline, segment, size as u32);
                    return Err(Error::io(format_args!("could not read from WAL segment {name}, offset {offset}"), &e));
                }
            }
        }
        self.chunk.truncate(filled);
        Ok(Ok(()))
    }
}

/// What block references may add to a record whose own data is as long as allowed.
const BLOCKS_BYTES: usize = crate::BLOCKS_MAX * (ids::PAGE_SIZE + crate::record::BLOCK_HEADER_SIZE);
