//! What can be locked.

use std::fmt;

use ids::{BlockNumber, Oid, TupleId, Xid};

/// The name of something that can be locked: 16 bytes, compared as such.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(C)]
pub struct LockTag {
    /// Usually the database; zero for objects shared by all.
    field1: u32,
    /// Usually the relation or the catalog.
    field2: u32,
    /// A block, an object's number …
    field3: u32,
    /// A line pointer, a column …
    field4: u16,
    kind: u8,
    unused: u8,
}

/// The kinds of lockable things, with the numbers and names of `pg_locks.locktype`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum LockKind {
    /// A table, an index, a sequence …
    Relation = 0,
    /// The right to add pages to a relation.
    Extend = 1,
    /// The right to move `pg_database.datfrozenxid`.
    FrozenIds = 2,
    /// A page.
    Page = 3,
    /// A row version.
    Tuple = 4,
    /// The end of a transaction, by its id.
    Transaction = 5,
    /// The end of a transaction, by its process and the process's count of transactions.
    VirtualTransaction = 6,
    /// A speculative insertion.
    SpeculativeToken = 7,
    /// Any object of the catalogs.
    Object = 8,
    /// What contributed modules lock.
    UserLock = 9,
    /// What an application says it is.
    Advisory = 10,
    /// The right to apply a remote transaction.
    ApplyTransaction = 11,
}

impl LockKind {
    /// `pg_locks.locktype`.
    pub const fn name(self) -> &'static str {
        match self {
            LockKind::Relation => "relation",
            LockKind::Extend => "extend",
            LockKind::FrozenIds => "frozenid",
            LockKind::Page => "page",
            LockKind::Tuple => "tuple",
            LockKind::Transaction => "transactionid",
            LockKind::VirtualTransaction => "virtualxid",
            LockKind::SpeculativeToken => "spectoken",
            LockKind::Object => "object",
            LockKind::UserLock => "userlock",
            LockKind::Advisory => "advisory",
            LockKind::ApplyTransaction => "applytransaction",
        }
    }
}

impl LockTag {
    const fn new(kind: LockKind, field1: u32, field2: u32, field3: u32, field4: u16) -> LockTag {
        LockTag { field1, field2, field3, field4, kind: kind as u8, unused: 0 }
    }

    /// A relation; the database is zero for shared ones.
    pub const fn relation(database: Oid, relation: Oid) -> LockTag {
        LockTag::new(LockKind::Relation, database.0, relation.0, 0, 0)
    }

    /// The right to extend a relation.
    pub const fn extend(database: Oid, relation: Oid) -> LockTag {
        LockTag::new(LockKind::Extend, database.0, relation.0, 0, 0)
    }

    /// The right to move a database's frozen-id columns.
    pub const fn frozen_ids(database: Oid) -> LockTag {
        LockTag::new(LockKind::FrozenIds, database.0, 0, 0, 0)
    }

    /// A page of a relation.
    pub const fn page(database: Oid, relation: Oid, block: BlockNumber) -> LockTag {
        LockTag::new(LockKind::Page, database.0, relation.0, block.0, 0)
    }

    /// A row version of a relation.
    pub const fn tuple(database: Oid, relation: Oid, tuple: TupleId) -> LockTag {
        LockTag::new(LockKind::Tuple, database.0, relation.0, tuple.block.0, tuple.offset)
    }

    /// A transaction, held by it until its end. Do not acquire it: see [`crate::LockManager::wait_for_transaction`].
    pub const fn transaction(xid: Xid) -> LockTag {
        LockTag::new(LockKind::Transaction, xid.0 as u32, (xid.0 >> 32) as u32, 0, 0)
    }

    /// A transaction known by its process (number) and that process's count of transactions, held by it until its end.
    pub const fn virtual_transaction(process: u32, count: u32) -> LockTag {
        LockTag::new(LockKind::VirtualTransaction, process, count, 0, 0)
    }

    /// A speculative insertion of a transaction.
    pub const fn speculative_token(xid: Xid, token: u32) -> LockTag {
        LockTag::new(LockKind::SpeculativeToken, xid.0 as u32, (xid.0 >> 32) as u32, token, 0)
    }

    /// An object: the catalog it is in, its number and, for a part of it, the part's.
    pub const fn object(database: Oid, class: Oid, object: Oid, part: u16) -> LockTag {
        LockTag::new(LockKind::Object, database.0, class.0, object.0, part)
    }

    /// `pg_advisory_lock(bigint)`.
    pub const fn advisory_one(database: Oid, key: i64) -> LockTag {
        LockTag::new(LockKind::Advisory, database.0, (key >> 32) as u32, key as u32, 1)
    }

    /// `pg_advisory_lock(int, int)`.
    pub const fn advisory_two(database: Oid, key1: i32, key2: i32) -> LockTag {
        LockTag::new(LockKind::Advisory, database.0, key1 as u32, key2 as u32, 2)
    }

    /// What kind of thing it is.
    pub const fn kind(&self) -> LockKind {
        match self.kind {
            0 => LockKind::Relation,
            1 => LockKind::Extend,
            2 => LockKind::FrozenIds,
            3 => LockKind::Page,
            4 => LockKind::Tuple,
            5 => LockKind::Transaction,
            6 => LockKind::VirtualTransaction,
            7 => LockKind::SpeculativeToken,
            8 => LockKind::Object,
            9 => LockKind::UserLock,
            10 => LockKind::Advisory,
            _ => LockKind::ApplyTransaction,
        }
    }

    /// The database it is in, where the kind has one; zero for shared objects.
    pub const fn database(&self) -> Option<Oid> {
        match self.kind() {
            LockKind::Transaction | LockKind::VirtualTransaction | LockKind::SpeculativeToken => None,
            _ => Some(Oid(self.field1)),
        }
    }

    /// The relation, where the kind has one.
    pub const fn relation_id(&self) -> Option<Oid> {
        match self.kind() {
            LockKind::Relation | LockKind::Extend | LockKind::Page | LockKind::Tuple => Some(Oid(self.field2)),
            _ => None,
        }
    }

    /// The transaction, where the kind has one.
    pub const fn xid(&self) -> Option<Xid> {
        match self.kind() {
            LockKind::Transaction | LockKind::SpeculativeToken => {
                Some(Xid((self.field2 as u64) << 32 | self.field1 as u64))
            }
            _ => None,
        }
    }

    /// Its 16 bytes as words, for records of the log.
    pub const fn words(&self) -> [u32; 4] {
        [self.field1, self.field2, self.field3, self.field4 as u32 | (self.kind as u32) << 16]
    }

    /// The inverse of [`LockTag::words`].
    pub const fn from_words(words: [u32; 4]) -> LockTag {
        let [field1, field2, field3, rest] = words;
        LockTag { field1, field2, field3, field4: rest as u16, kind: (rest >> 16) as u8, unused: 0 }
    }

    /// A number for the hash table, well mixed in all its bits (the finisher of MurmurHash3).
    pub(crate) const fn hash_code(&self) -> u32 {
        let [a, b, c, d] = self.words();
        let mut h = (a as u64) << 32 | b as u64;
        h ^= ((c as u64) << 32 | d as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        h ^= h >> 33;
        h = h.wrapping_mul(0xFF51_AFD7_ED55_8CCD);
        h ^= h >> 33;
        h = h.wrapping_mul(0xC4CE_B9FE_1A85_EC53);
        (h ^ h >> 33) as u32
    }

    /// The four numbers, as `pg_locks` shows them column by column.
    pub const fn fields(&self) -> (u32, u32, u32, u16) {
        (self.field1, self.field2, self.field3, self.field4)
    }
}

/// The words of PostgreSQL's messages about deadlocks and waits: `relation 16384 of database 5`.
impl fmt::Display for LockTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (f1, f2, f3, f4) = self.fields();
        match self.kind() {
            LockKind::Relation => write!(f, "relation {f2} of database {f1}"),
            LockKind::Extend => write!(f, "extension of relation {f2} of database {f1}"),
            LockKind::FrozenIds => write!(f, "pg_database.datfrozenxid of database {f1}"),
            LockKind::Page => write!(f, "page {f3} of relation {f2} of database {f1}"),
            LockKind::Tuple => write!(f, "tuple ({f3},{f4}) of relation {f2} of database {f1}"),
            LockKind::Transaction => write!(f, "transaction {}", (f2 as u64) << 32 | f1 as u64),
            LockKind::VirtualTransaction => write!(f, "virtual transaction {f1}/{f2}"),
            LockKind::SpeculativeToken => {
                write!(f, "speculative token {f3} of transaction {}", (f2 as u64) << 32 | f1 as u64)
            }
            LockKind::Object => write!(f, "object {f3} of class {f2} of database {f1}"),
            LockKind::UserLock => write!(f, "user lock [{f1},{f2},{f3}]"),
            LockKind::Advisory => write!(f, "advisory lock [{f1},{f2},{f3},{f4}]"),
            LockKind::ApplyTransaction => write!(f, "remote transaction {f3} of subscription {f2} of database {f1}"),
        }
    }
}
