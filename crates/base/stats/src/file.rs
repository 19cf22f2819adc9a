//! `pg_stat/pgstat.stat`: the statistics while the server is down.
//!
//! ```text
//!  magic (8) │ number of global counts (8) │ counts (8 each) │ number of objects (8) │ objects │ CRC-32C of all before (4)
//!  object: kind, database, number (4 each) │ FIELDS values (8 each)
//! ```
//!
//! All little-endian. Written by the checkpointer at a clean shutdown, under another name first; read, and removed, at the next start,
//! so that a crash finds none. A file that is not whole is as good as none.

use std::io::Write;
use std::path::{Path, PathBuf};

use error::{Error, Result};

use crate::shared::{Entry, FIELDS, Key, Stats};

const MAGIC: &[u8; 8] = b"OLIPST03";

fn path(data_directory: &Path) -> PathBuf {
    data_directory.join("pg_stat").join("pgstat.stat")
}

impl Stats {
    /// Writes everything to the file.
    ///
    /// # Errors
    /// Those of writing.
    pub fn save(&self, data_directory: &Path) -> Result<()> {
        let mut bytes = MAGIC.to_vec();
        let numbers = self.globals().numbers();
        bytes.extend((numbers.len() as u64).to_le_bytes());
        numbers.iter().for_each(|n| bytes.extend(n.to_le_bytes()));
        let all = self.all();
        bytes.extend((all.len() as u64).to_le_bytes());
        for (key, entry) in all {
            key.words().iter().for_each(|n| bytes.extend(n.to_le_bytes()));
            entry.values().iter().for_each(|n| bytes.extend(n.to_le_bytes()));
        }
        bytes.extend(crc32c::crc32c(&bytes).to_le_bytes());
        let path = path(data_directory);
        let temporary = path.with_extension("tmp");
        let failed = |e: std::io::Error| {
            Error::io(format_args!("could not write statistics file \"{}\"", temporary.display()), &e)
        };
        if let Some(directory) = path.parent() {
            std::fs::create_dir_all(directory).map_err(failed)?;
        }
        let mut file = std::fs::File::create(&temporary).map_err(failed)?;
        file.write_all(&bytes).map_err(failed)?;
        drop(file);
        std::fs::rename(&temporary, &path).map_err(failed)
    }

    /// Takes the file's contents over and removes it. `trusted` is false after a crash: then it is only removed. Gives whether there was
    /// something to take over.
    pub fn load(&self, data_directory: &Path, trusted: bool) -> bool {
        let path = path(data_directory);
        let bytes = if trusted { std::fs::read(&path).ok() } else { None };
        let _ = std::fs::remove_file(&path);
        bytes.is_some_and(|bytes| self.decode(&bytes).is_some())
    }

    fn decode(&self, bytes: &[u8]) -> Option<()> {
        let (body, crc) = bytes.split_last_chunk::<4>()?;
        if crc32c::crc32c(body) != u32::from_le_bytes(*crc) {
            return None;
        }
        let mut rest = body.strip_prefix(MAGIC)?;
        let mut number = || {
            let (first, others) = rest.split_first_chunk::<8>()?;
            rest = others;
            Some(u64::from_le_bytes(*first))
        };
        let count = number()?;
        let mut numbers = Vec::new();
        for _ in 0..count {
            numbers.push(number()?);
        }
        number()?;
        const LENGTH: usize = 12 + FIELDS * 8;
        for object in rest.as_chunks::<LENGTH>().0 {
            let word = |n: usize| u32::from_le_bytes(object[n * 4..n * 4 + 4].try_into().unwrap_or_default());
            let key = Key::from_words([word(0), word(1), word(2)]);
            let mut values = [0; FIELDS];
            for (value, bytes) in values.iter_mut().zip(object[12..].as_chunks::<8>().0) {
                *value = u64::from_le_bytes(*bytes);
            }
            self.insert(key, Entry::from_values(values));
        }
        self.globals().set_numbers(&numbers);
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ids::Oid;
    use shm::Layout;
    use std::sync::atomic::Ordering::Relaxed;

    fn stats() -> Stats {
        let mut layout = Layout::new();
        let request = Stats::layout(&mut layout, 4);
        Stats::attach(&layout.map().unwrap(), request)
    }

    #[test]
    fn what_is_saved_comes_back_once() {
        let directory = tempfile::tempdir().unwrap();
        let before = stats();
        let key = Key::relation(Oid(5), Oid(16_384));
        before.update(&key, |entry| entry.add(3, 7));
        before.globals().wal_bytes.store(99, Relaxed);
        before.save(directory.path()).unwrap();
        let after = stats();
        assert!(after.load(directory.path(), true));
        assert_eq!(after.get(&key).unwrap().get(3), 7);
        assert_eq!(after.globals().wal_bytes.load(Relaxed), 99);
        assert!(!stats().load(directory.path(), true));
    }

    #[test]
    fn a_damaged_file_and_one_from_before_a_crash_are_not_taken() {
        let directory = tempfile::tempdir().unwrap();
        let before = stats();
        before.update(&Key::database(Oid(5)), |entry| entry.add(0, 7));
        before.save(directory.path()).unwrap();
        let file = path(directory.path());
        let mut bytes = std::fs::read(&file).unwrap();
        bytes[40] ^= 1;
        std::fs::write(&file, &bytes).unwrap();
        assert!(!stats().load(directory.path(), true));
        before.save(directory.path()).unwrap();
        assert!(!stats().load(directory.path(), false));
        assert!(!file.exists());
    }
}
