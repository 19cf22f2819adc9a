//! A temporary file that holds batches.
//!
//! The file has no name once it is open, so it is gone with the process, however that ends. A batch is stored as the
//! bytes of its columns: a header of counts, then per column the null words, then the values.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use batch::{Batch, Column, DatumRef, Repr, Rows, Values};
use error::{Error, Result};

/// A file of batches, addressed by where each starts.
pub struct TempFile {
    file: File,
    /// The name that it had.
    path: PathBuf,
    end: u64,
    buffer: Vec<u8>,
    space: TempSpace,
}

/// Where a session's temporary files are, and whom they are told to.
#[derive(Clone, Default)]
pub struct TempSpace {
    directory: PathBuf,
    statistics: Option<Arc<stats::Pending>>,
}

impl TempSpace {
    /// Files in `directory`, counted for a session.
    pub fn new(directory: &Path, statistics: &Arc<stats::Pending>) -> TempSpace {
        TempSpace { directory: directory.to_path_buf(), statistics: Some(statistics.clone()) }
    }

    /// Files in `directory` that nobody counts.
    pub fn uncounted(directory: &Path) -> TempSpace {
        TempSpace { directory: directory.to_path_buf(), statistics: None }
    }

    /// The directory.
    pub fn directory(&self) -> &Path {
        &self.directory
    }
}

/// Blocks that so many bytes fill.
const BLOCK: u64 = 8192;

/// Where a batch is in its file.
#[derive(Clone, Copy, Debug)]
pub struct BatchAddress {
    /// First byte.
    pub start: u64,
    /// Bytes.
    pub len: u64,
}

static NEXT_NUMBER: AtomicU64 = AtomicU64::new(0);

impl TempFile {
    /// A new file in a space, whose directory is made if it is not there.
    pub fn create(space: &TempSpace) -> Result<TempFile> {
        let directory = &*space.directory;
        let number = NEXT_NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = directory.join(format!("pgsql_tmp{}.{number}", std::process::id()));
        let open = || {
            let file = OpenOptions::new().read(true).write(true).create_new(true).open(&path)?;
            fs::remove_file(&path)?;
            Ok(file)
        };
        let file = open().or_else(|e: std::io::Error| match e.kind() {
            std::io::ErrorKind::NotFound => fs::create_dir_all(directory).and_then(|()| open()),
            _ => Err(e),
        });
        let file =
            file.map_err(|e| Error::io(format!("could not create temporary file in \"{}\"", directory.display()), &e))?;
        Ok(TempFile { file, path, end: 0, buffer: Vec::new(), space: space.clone() })
    }

    /// Bytes written.
    pub fn len(&self) -> u64 {
        self.end
    }

    /// Whether nothing was written.
    pub fn is_empty(&self) -> bool {
        self.end == 0
    }

    /// Gives back what it needs only while it reads or writes.
    pub fn rest(&mut self) {
        self.buffer = Vec::new();
    }

    /// Appends the rows of a batch.
    pub fn write(&mut self, batch: &Batch, rows: Rows<'_>) -> Result<BatchAddress> {
        self.buffer.clear();
        self.buffer.extend_from_slice(&(rows.len() as u32).to_le_bytes());
        for column in &batch.columns {
            write_column(&mut self.buffer, column, rows);
        }
        let address = BatchAddress { start: self.end, len: self.buffer.len() as u64 };
        if let Some(statistics) = &self.space.statistics {
            statistics.temporary_room(address.len)?;
            statistics.temporary_blocks(0, address.len.div_ceil(BLOCK));
        }
        // Counted as written even if it is not: the file goes then.
        self.end += address.len;
        self.file
            .write_all_at(&self.buffer, address.start)
            .map_err(|e| Error::io("could not write to temporary file", &e))?;
        Ok(address)
    }

    /// Reads a batch that [`TempFile::write`] stored, into one with the same columns.
    pub fn read(&mut self, address: BatchAddress, out: &mut Batch) -> Result<()> {
        self.buffer.resize(address.len as usize, 0);
        if let Some(statistics) = &self.space.statistics {
            statistics.temporary_blocks(address.len.div_ceil(BLOCK), 0);
        }
        self.file
            .read_exact_at(&mut self.buffer, address.start)
            .map_err(|e| Error::io("could not read from temporary file", &e))?;
        out.clear();
        let mut input = Input(&self.buffer);
        let rows = input.u32()? as usize;
        for column in &mut out.columns {
            read_column(&mut input, column, rows)?;
        }
        out.set_len(rows);
        Ok(())
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        if let Some(statistics) = &self.space.statistics {
            statistics.temporary_file(&self.path, self.end);
        }
    }
}

fn write_column(to: &mut Vec<u8>, column: &Column, rows: Rows<'_>) {
    to.push(column.has_nulls() as u8);
    if column.has_nulls() {
        let mut byte = 0u8;
        for (k, row) in rows.iter().enumerate() {
            byte |= (column.is_null(row) as u8) << (k % 8);
            if k % 8 == 7 {
                to.push(std::mem::take(&mut byte));
            }
        }
        if !rows.len().is_multiple_of(8) {
            to.push(byte);
        }
    }
    let at = |row| column.index(row);
    match column.values() {
        Values::B1(v) => rows.for_each(|row| to.push(v[at(row)])),
        Values::B2(v) => rows.for_each(|row| to.extend_from_slice(&v[at(row)].to_le_bytes())),
        Values::B4(v) => rows.for_each(|row| to.extend_from_slice(&v[at(row)].to_le_bytes())),
        Values::B8(v) => rows.for_each(|row| to.extend_from_slice(&v[at(row)].to_le_bytes())),
        Values::Bytes(v) => rows.for_each(|row| {
            let bytes = if column.is_null(row) { &[] } else { v.get(at(row)) };
            to.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
            to.extend_from_slice(bytes);
        }),
    }
}

struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn take(&mut self, len: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len).ok_or_else(damaged)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        self.take(N)?.try_into().map_err(|_| damaged())
    }

    fn u32(&mut self) -> Result<u32> {
        Ok(u32::from_le_bytes(self.array()?))
    }
}

fn damaged() -> Error {
    Error::corrupted("a temporary file does not hold what was written to it")
}

fn read_column(input: &mut Input<'_>, column: &mut Column, rows: usize) -> Result<()> {
    let has_nulls = input.array::<1>()?[0] != 0;
    let nulls = if has_nulls { input.take(rows.div_ceil(8))? } else { &[] };
    let is_null = |row: usize| has_nulls && nulls[row / 8] >> (row % 8) & 1 != 0;
    for row in 0..rows {
        let value = match column.repr() {
            Repr::B1 => DatumRef::B1(input.array::<1>()?[0]),
            Repr::B2 => DatumRef::B2(i16::from_le_bytes(input.array()?)),
            Repr::B4 => DatumRef::B4(i32::from_le_bytes(input.array()?)),
            Repr::B8 => DatumRef::B8(i64::from_le_bytes(input.array()?)),
            Repr::Bytes => {
                let len = input.u32()?;
                DatumRef::Bytes(input.take(len as usize)?)
            }
        };
        column.push(if is_null(row) { DatumRef::Null } else { value });
    }
    Ok(())
}
