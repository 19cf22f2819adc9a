//! The eight lock modes and their conflicts, the table of PostgreSQL's chapter "Explicit Locking".

use std::fmt;

/// How strongly a lock is held. The numbers are PostgreSQL's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum LockMode {
    /// `SELECT`.
    AccessShare = 1,
    /// `SELECT … FOR UPDATE` and its kin.
    RowShare = 2,
    /// `INSERT`, `UPDATE`, `DELETE`, `MERGE`.
    RowExclusive = 3,
    /// `VACUUM`, `ANALYZE`, `CREATE INDEX CONCURRENTLY`.
    ShareUpdateExclusive = 4,
    /// `CREATE INDEX`.
    Share = 5,
    /// `CREATE TRIGGER` and some forms of `ALTER TABLE`.
    ShareRowExclusive = 6,
    /// `REFRESH MATERIALIZED VIEW CONCURRENTLY`.
    Exclusive = 7,
    /// `DROP TABLE`, `TRUNCATE`, `VACUUM FULL`, most forms of `ALTER TABLE`, `LOCK TABLE`.
    AccessExclusive = 8,
}

/// A set of lock modes, a bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LockModes(pub u16);

impl LockModes {
    /// No mode.
    pub const NONE: LockModes = LockModes(0);

    /// Whether any mode is in both sets.
    pub const fn intersects(self, other: LockModes) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether the mode is in the set.
    pub const fn contains(self, mode: LockMode) -> bool {
        self.0 & mode.bit() != 0
    }

    /// The set with this mode too.
    #[must_use]
    pub const fn with(self, mode: LockMode) -> LockModes {
        LockModes(self.0 | mode.bit())
    }

    /// The set without this mode.
    #[must_use]
    pub const fn without(self, mode: LockMode) -> LockModes {
        LockModes(self.0 & !mode.bit())
    }

    /// Whether no mode is in it.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The modes of the set, weakest first.
    pub fn iter(self) -> impl Iterator<Item = LockMode> {
        LockMode::ALL.into_iter().filter(move |mode| self.contains(*mode))
    }
}

impl LockMode {
    /// All modes, weakest first.
    pub const ALL: [LockMode; 8] = [
        LockMode::AccessShare,
        LockMode::RowShare,
        LockMode::RowExclusive,
        LockMode::ShareUpdateExclusive,
        LockMode::Share,
        LockMode::ShareRowExclusive,
        LockMode::Exclusive,
        LockMode::AccessExclusive,
    ];

    /// The mode with this number, 1 to 8.
    pub const fn from_number(number: u8) -> Option<LockMode> {
        match number {
            1..=8 => Some(LockMode::ALL[number as usize - 1]),
            _ => None,
        }
    }

    const fn bit(self) -> u16 {
        1 << self as u8
    }

    /// The modes that another holder must not have.
    pub const fn conflicts(self) -> LockModes {
        const fn set(first: u8, last: u8) -> u16 {
            (1 << (last + 1)) - (1 << first)
        }
        LockModes(match self {
            LockMode::AccessShare => set(8, 8),
            LockMode::RowShare => set(7, 8),
            LockMode::RowExclusive => set(5, 8),
            LockMode::ShareUpdateExclusive => set(4, 8),
            LockMode::Share => set(3, 4) | set(6, 8),
            LockMode::ShareRowExclusive => set(3, 8),
            LockMode::Exclusive => set(2, 8),
            LockMode::AccessExclusive => set(1, 8),
        })
    }

    /// Whether two holders cannot have these modes at once.
    pub const fn conflicts_with(self, other: LockMode) -> bool {
        self.conflicts().contains(other)
    }

    /// Whether holders of this mode on relations conflict with none of their kind, so that it can be taken without the
    /// shared table (the fast path).
    pub const fn is_weak(self) -> bool {
        (self as u8) < LockMode::ShareUpdateExclusive as u8
    }

    /// PostgreSQL's name in `pg_locks` and messages.
    pub const fn name(self) -> &'static str {
        match self {
            LockMode::AccessShare => "AccessShareLock",
            LockMode::RowShare => "RowShareLock",
            LockMode::RowExclusive => "RowExclusiveLock",
            LockMode::ShareUpdateExclusive => "ShareUpdateExclusiveLock",
            LockMode::Share => "ShareLock",
            LockMode::ShareRowExclusive => "ShareRowExclusiveLock",
            LockMode::Exclusive => "ExclusiveLock",
            LockMode::AccessExclusive => "AccessExclusiveLock",
        }
    }
}

impl fmt::Display for LockMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conflicts_are_symmetric() {
        for a in LockMode::ALL {
            for b in LockMode::ALL {
                assert_eq!(a.conflicts_with(b), b.conflicts_with(a), "{a} {b}");
            }
        }
    }

    /// The documentation's table: rows are requested modes, an `X` is a conflict.
    #[test]
    fn conflicts_are_the_documented_ones() {
        let table = [".......X", "......XX", "....XXXX", "...XXXXX", "..XX.XXX", "..XXXXXX", ".XXXXXXX", "XXXXXXXX"];
        for (mode, row) in LockMode::ALL.into_iter().zip(table) {
            for (other, mark) in LockMode::ALL.into_iter().zip(row.chars()) {
                assert_eq!(mode.conflicts_with(other), mark == 'X', "{mode} {other}");
            }
        }
    }
}
