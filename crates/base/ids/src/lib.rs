//! PostgreSQL's nouns as newtypes, so that an object id is never taken for a transaction id.
//!
//! Knows nothing of what the ids name. All are plain numbers, `Copy`, ordered as their numbers are.
#![forbid(unsafe_code)]

use std::fmt;
use std::str::FromStr;

/// The number of an object in the system catalogs. Zero names none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Oid(pub u32);

impl Oid {
    /// No object.
    pub const INVALID: Oid = Oid(0);
    /// The first number that initdb hands out to objects whose numbers are not fixed.
    pub const FIRST_UNPINNED: Oid = Oid(12000);
    /// The first number for objects that users create.
    pub const FIRST_NORMAL: Oid = Oid(16384);

    /// Whether it names an object.
    pub const fn is_valid(self) -> bool {
        self.0 != 0
    }
}

impl fmt::Display for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<u32> for Oid {
    fn from(n: u32) -> Oid {
        Oid(n)
    }
}

/// A transaction id: 64 bits, never reused, so there is no wraparound. Ids below [`Xid::FIRST_NORMAL`] are special.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Xid(pub u64);

impl Xid {
    /// No transaction.
    pub const INVALID: Xid = Xid(0);
    /// initdb's transaction: committed, visible to everybody.
    pub const BOOTSTRAP: Xid = Xid(1);
    /// A version older than every snapshot.
    pub const FROZEN: Xid = Xid(2);
    /// The first id that a transaction can get.
    pub const FIRST_NORMAL: Xid = Xid(3);

    /// Whether it names a transaction.
    pub const fn is_valid(self) -> bool {
        self.0 != 0
    }

    /// Whether a running transaction can have it.
    pub const fn is_normal(self) -> bool {
        self.0 >= Self::FIRST_NORMAL.0
    }

    /// The id after this one.
    pub const fn next(self) -> Xid {
        Xid(self.0 + 1)
    }
}

impl fmt::Display for Xid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The number of a multixact: a set of transactions that share a row lock. 64 bits, never reused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MultiXactId(pub u64);

/// The number of a command inside its transaction, from zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommandId(pub u32);

impl CommandId {
    /// The first command of a transaction.
    pub const FIRST: CommandId = CommandId(0);
    /// No command.
    pub const INVALID: CommandId = CommandId(u32::MAX);
}

/// A byte position in the write-ahead log. Printed as PostgreSQL does: two hexadecimal halves, `0/1A2B3C`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lsn(pub u64);

impl Lsn {
    /// No position.
    pub const INVALID: Lsn = Lsn(0);
    /// Later than any position.
    pub const MAX: Lsn = Lsn(u64::MAX);

    /// Whether it is a position.
    pub const fn is_valid(self) -> bool {
        self.0 != 0
    }
}

impl fmt::Display for Lsn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:X}/{:X}", self.0 >> 32, self.0 & 0xFFFF_FFFF)
    }
}

impl FromStr for Lsn {
    type Err = ();

    fn from_str(text: &str) -> Result<Lsn, ()> {
        let (high, low) = text.split_once('/').ok_or(())?;
        let half = |s: &str| {
            let ok = (1..=8).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_hexdigit());
            ok.then(|| u64::from_str_radix(s, 16).ok()).flatten().ok_or(())
        };
        Ok(Lsn(half(high)? << 32 | half(low)?))
    }
}

/// The number of a timeline: a history of the log, from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimelineId(pub u32);

/// Size of a page in bytes.
pub const PAGE_SIZE: usize = 8192;

/// The number of a page in its relation's fork, from zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlockNumber(pub u32);

impl BlockNumber {
    /// No page.
    pub const INVALID: BlockNumber = BlockNumber(u32::MAX);
    /// The largest number that a page can have.
    pub const MAX: BlockNumber = BlockNumber(u32::MAX - 1);

    /// Whether it names a page.
    pub const fn is_valid(self) -> bool {
        self.0 != u32::MAX
    }

    /// The number after this one.
    pub const fn next(self) -> BlockNumber {
        BlockNumber(self.0 + 1)
    }
}

impl fmt::Display for BlockNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Where a row version is: its page and its line pointer there, from 1. SQL's `tid`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TupleId {
    /// The page.
    pub block: BlockNumber,
    /// The line pointer, from 1; zero is none.
    pub offset: u16,
}

impl TupleId {
    /// No row version.
    pub const INVALID: TupleId = TupleId { block: BlockNumber::INVALID, offset: 0 };

    /// A place.
    pub const fn new(block: BlockNumber, offset: u16) -> TupleId {
        TupleId { block, offset }
    }

    /// Whether it is a place.
    pub const fn is_valid(self) -> bool {
        self.offset != 0
    }

    /// As one number that sorts the same way: the block in the upper 48 bits, the offset in the lower 16.
    pub const fn to_u64(self) -> u64 {
        (self.block.0 as u64) << 16 | self.offset as u64
    }

    /// The inverse of [`TupleId::to_u64`]; the upper 16 bits are ignored.
    pub const fn from_u64(n: u64) -> TupleId {
        TupleId { block: BlockNumber((n >> 16) as u32), offset: n as u16 }
    }
}

impl fmt::Display for TupleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({},{})", self.block.0, self.offset)
    }
}

/// Where a relation's files are: tablespace, database, file number. The database is zero for shared relations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RelFileLocator {
    /// The tablespace.
    pub tablespace: Oid,
    /// The database, zero for relations shared by all.
    pub database: Oid,
    /// The number in the file's name (`pg_class.relfilenode`).
    pub file: Oid,
}

impl RelFileLocator {
    /// A place.
    pub const fn new(tablespace: Oid, database: Oid, file: Oid) -> RelFileLocator {
        RelFileLocator { tablespace, database, file }
    }
}

impl fmt::Display for RelFileLocator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.tablespace, self.database, self.file)
    }
}

/// One of a relation's files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Fork {
    /// The rows or index entries.
    Main = 0,
    /// The free space map, `_fsm`.
    FreeSpace = 1,
    /// The visibility map, `_vm`.
    Visibility = 2,
    /// What an unlogged relation is reset to, `_init`.
    Init = 3,
}

impl Fork {
    /// All forks.
    pub const ALL: [Fork; 4] = [Fork::Main, Fork::FreeSpace, Fork::Visibility, Fork::Init];

    /// The end of the file's name, with its underscore; empty for the main fork.
    pub const fn suffix(self) -> &'static str {
        match self {
            Fork::Main => "",
            Fork::FreeSpace => "_fsm",
            Fork::Visibility => "_vm",
            Fork::Init => "_init",
        }
    }

    /// The fork with this number.
    pub const fn from_u8(n: u8) -> Option<Fork> {
        match n {
            0 => Some(Fork::Main),
            1 => Some(Fork::FreeSpace),
            2 => Some(Fork::Visibility),
            3 => Some(Fork::Init),
            _ => None,
        }
    }
}

/// The number of a process's slot in the shared process table, from zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProcNumber(pub u32);

/// Well-known object ids that several floors need.
pub mod oids {
    use crate::Oid;

    /// The default tablespace, `base/`.
    pub const DEFAULT_TABLESPACE: Oid = Oid(1663);
    /// The shared catalogs' tablespace, `global/`.
    pub const GLOBAL_TABLESPACE: Oid = Oid(1664);
    /// Database template1.
    pub const TEMPLATE1: Oid = Oid(1);
    /// Database template0.
    pub const TEMPLATE0: Oid = Oid(4);
    /// Database postgres.
    pub const POSTGRES: Oid = Oid(5);
    /// The role that initdb makes.
    pub const BOOTSTRAP_ROLE: Oid = Oid(10);
    /// Schema pg_catalog.
    pub const PG_CATALOG: Oid = Oid(11);
    /// Schema pg_toast.
    pub const PG_TOAST: Oid = Oid(99);
    /// Schema public.
    pub const PUBLIC: Oid = Oid(2200);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lsn_text() {
        assert_eq!(Lsn(0x1_0000_ABCD).to_string(), "1/ABCD");
        assert_eq!("16/B374D848".parse(), Ok(Lsn(0x16_B374_D848)));
        for bad in ["", "/", "1/", "/1", "G/1", "1/123456789", "+1/2", "1 /2"] {
            assert!(bad.parse::<Lsn>().is_err(), "{bad}");
        }
    }

    #[test]
    fn tuple_id_order_is_number_order() {
        let a = TupleId::new(BlockNumber(7), 65535);
        let b = TupleId::new(BlockNumber(8), 1);
        assert!(a < b && a.to_u64() < b.to_u64());
        assert_eq!(TupleId::from_u64(a.to_u64()), a);
    }
}
