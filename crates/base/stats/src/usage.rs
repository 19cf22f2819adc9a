//! What work has used of pages and of the log: differences of counters that every process keeps for itself.

use std::ops::{AddAssign, Sub};

/// Pages of relations that work had to do with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Blocks {
    /// Found in the pool.
    pub hit: u64,
    /// Read.
    pub read: u64,
    /// Made dirty that were clean.
    pub dirtied: u64,
    /// Written, to make room.
    pub written: u64,
}

/// What work has used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Pages of relations that others may read, too.
    pub shared: Blocks,
    /// Pages of the session's temporary relations.
    pub local: Blocks,
    /// Blocks of 8 kB read from temporary files.
    pub temp_read: u64,
    /// Blocks of 8 kB written to temporary files.
    pub temp_written: u64,
    /// The log.
    pub wal: WalUsage,
}

/// What work has written to the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WalUsage {
    /// Records.
    pub records: u64,
    /// Full-page images among their contents.
    pub images: u64,
    /// Bytes of the records.
    pub bytes: u64,
    /// How often it had to write because the buffers were full.
    pub buffers_full: u64,
}

impl Blocks {
    fn each(self, other: Blocks, f: impl Fn(u64, u64) -> u64) -> Blocks {
        Blocks {
            hit: f(self.hit, other.hit),
            read: f(self.read, other.read),
            dirtied: f(self.dirtied, other.dirtied),
            written: f(self.written, other.written),
        }
    }
}

impl WalUsage {
    fn each(self, other: WalUsage, f: impl Fn(u64, u64) -> u64) -> WalUsage {
        WalUsage {
            records: f(self.records, other.records),
            images: f(self.images, other.images),
            bytes: f(self.bytes, other.bytes),
            buffers_full: f(self.buffers_full, other.buffers_full),
        }
    }
}

impl Usage {
    fn each(self, other: Usage, f: impl Fn(u64, u64) -> u64) -> Usage {
        Usage {
            shared: self.shared.each(other.shared, &f),
            local: self.local.each(other.local, &f),
            temp_read: f(self.temp_read, other.temp_read),
            temp_written: f(self.temp_written, other.temp_written),
            wal: self.wal.each(other.wal, &f),
        }
    }
}

impl Sub for Usage {
    type Output = Usage;
    fn sub(self, before: Usage) -> Usage {
        self.each(before, u64::saturating_sub)
    }
}

impl AddAssign for Usage {
    fn add_assign(&mut self, more: Usage) {
        *self = self.each(more, u64::wrapping_add);
    }
}
