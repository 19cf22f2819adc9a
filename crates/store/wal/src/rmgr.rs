//! The numbers of the resource managers: who wrote a record, and who replays it.

/// A resource manager's number, as records carry it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RmgrId(pub u8);

macro_rules! managers {
    ($($(#[$doc:meta])* $constant:ident = $number:literal, $name:literal;)*) => {
        impl RmgrId {
            $($(#[$doc])* pub const $constant: RmgrId = RmgrId($number);)*

            /// Every manager, by number.
            pub const ALL: &'static [RmgrId] = &[$(RmgrId::$constant),*];

            /// The name that pg_waldump shows; `None` for a number that nobody has.
            pub const fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($number => Some($name),)*
                    _ => None,
                }
            }

            /// The manager that pg_waldump calls by this name, in any case.
            pub fn from_name(name: &str) -> Option<RmgrId> {
                Self::ALL.iter().copied().find(|id| id.name().is_some_and(|n| n.eq_ignore_ascii_case(name)))
            }
        }
    };
}

managers! {
    /// The log's own records: checkpoints, segment switches, full-page images.
    XLOG = 0, "XLOG";
    /// Commit, abort, prepare.
    XACT = 1, "Transaction";
    /// Creation and truncation of relation files.
    STORAGE = 2, "Storage";
    /// Transaction status pages.
    CLOG = 3, "CLOG";
    /// Creation and removal of databases.
    DATABASE = 4, "Database";
    /// Creation and removal of tablespaces.
    TABLESPACE = 5, "Tablespace";
    /// Sets of row lockers.
    MULTIXACT = 6, "MultiXact";
    /// Which files the mapped catalogs have.
    RELMAP = 7, "RelMap";
    /// What a hot standby needs to know: running transactions, locks, invalidations.
    STANDBY = 8, "Standby";
    /// Pruning, freezing, visibility: a heap's maintenance.
    HEAP2 = 9, "Heap2";
    /// Row versions.
    HEAP = 10, "Heap";
    /// B-tree indexes.
    BTREE = 11, "Btree";
    /// Hash indexes.
    HASH = 12, "Hash";
    /// Inverted indexes.
    GIN = 13, "Gin";
    /// Generalised search trees.
    GIST = 14, "Gist";
    /// Sequences.
    SEQUENCE = 15, "Sequence";
    /// Space-partitioned trees.
    SPGIST = 16, "SPGist";
    /// Block range indexes.
    BRIN = 17, "BRIN";
    /// Commit timestamps.
    COMMIT_TS = 18, "CommitTs";
    /// Replication origins.
    REPLICATION_ORIGIN = 19, "ReplicationOrigin";
    /// Records of extensions that describe page changes byte by byte.
    GENERIC = 20, "Generic";
    /// Messages for logical decoding.
    LOGICAL_MESSAGE = 21, "LogicalMessage";
    /// Object ids, and which built-in catalog rows were changed.
    CATALOG = 22, "Catalog";
}
