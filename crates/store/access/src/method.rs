//! The index access methods that there are, and what each of them can do.
//!
//! What a method can do is asked all over the server: when an index is declared, when the planner looks for one, when a client asks
//! (`pg_indexam_has_property`). It stands in one table here, [`Method::traits`]. What a method *does* stands behind
//! [`IndexAm`]; [`IndexMethods`] finds it by the index's method, and is an `IndexAm` itself, so that nobody else has to.
//!
//! Methods fall into two classes. B-tree and hash take a key of bytes, and are searched by ranges of such keys ([`IndexScan::start`]). The others
//! store what operator classes make of values, and are searched by a query in a form of their own ([`Query`], [`IndexScan::search`]); rows come to
//! them as one entry or many. The floor that knows types makes both, keys and queries, for it alone can.

use std::any::Any;
use std::sync::Arc;

use error::{Error, Result};
use ids::TupleId;
use txn::Transaction;

use crate::methods::{
    IndexAm, IndexEntry, IndexScan, IndexScanOptions, IndexVacuumReport, Inserted, RangeEstimate, SortedEntries, Store,
    TableAm,
};
use crate::{Index, KeyRange, Table, UniqueCheck};

/// An index access method. A method that a user made with CREATE ACCESS METHOD has the handler of one of these, and is that one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// Ordered keys.
    Btree,
    /// Equality by hash codes.
    Hash,
    /// Trees of predicates that hold of what is below.
    Gist,
    /// Trees that partition space.
    Spgist,
    /// Inverted: from parts of values to rows.
    Gin,
    /// Summaries of ranges of the table's pages.
    Brin,
}

/// What a method can do; the names are those of PostgreSQL's `IndexAmRoutine`.
#[derive(Clone, Copy, Debug)]
pub struct Traits {
    /// Its name.
    pub name: &'static str,
    /// How many strategies its operators can have; zero: any.
    pub strategies: u16,
    /// Gives rows in the order of its keys.
    pub can_order: bool,
    /// Gives rows in the order of a distance.
    pub can_order_by_operator: bool,
    /// Can go backwards.
    pub can_backward: bool,
    /// Can be unique.
    pub can_unique: bool,
    /// Can have several columns.
    pub can_multi_column: bool,
    /// Can be searched without a condition on the first column.
    pub optional_key: bool,
    /// Looks `= ANY (array)` up itself.
    pub search_array: bool,
    /// Looks IS NULL and IS NOT NULL up.
    pub search_nulls: bool,
    /// CLUSTER can follow it.
    pub clusterable: bool,
    /// Can have columns beside the key.
    pub can_include: bool,
    /// Gives rows one by one, and not only as a bitmap.
    pub plain_scan: bool,
    /// Can serve exclusion constraints (what gives rows one by one).
    pub can_exclude: bool,
    /// Its answers are to be checked against the row always: it stores less than the value.
    pub lossy: bool,
    /// How full pages are made where `fillfactor` is not said; zero: there is no such option.
    pub fillfactor: u8,
}

const NOTHING: Traits = Traits {
    name: "",
    strategies: 0,
    can_order: false,
    can_order_by_operator: false,
    can_backward: false,
    can_unique: false,
    can_multi_column: true,
    optional_key: true,
    search_array: false,
    search_nulls: false,
    clusterable: false,
    can_include: false,
    plain_scan: false,
    can_exclude: false,
    lossy: false,
    fillfactor: 0,
};

static BTREE: Traits = Traits {
    name: "btree",
    strategies: 5,
    can_order: true,
    can_backward: true,
    can_unique: true,
    search_array: true,
    search_nulls: true,
    clusterable: true,
    can_include: true,
    plain_scan: true,
    can_exclude: true,
    fillfactor: 90,
    ..NOTHING
};

static HASH: Traits = Traits {
    name: "hash",
    strategies: 1,
    can_backward: true,
    can_multi_column: false,
    optional_key: false,
    plain_scan: true,
    can_exclude: true,
    lossy: true,
    fillfactor: 75,
    ..NOTHING
};

static GIST: Traits = Traits {
    name: "gist",
    can_order_by_operator: true,
    search_nulls: true,
    clusterable: true,
    can_include: true,
    plain_scan: true,
    can_exclude: true,
    fillfactor: 90,
    ..NOTHING
};

static SPGIST: Traits = Traits {
    name: "spgist",
    can_order_by_operator: true,
    can_multi_column: false,
    search_nulls: true,
    can_include: true,
    plain_scan: true,
    can_exclude: true,
    fillfactor: 80,
    ..NOTHING
};

static GIN: Traits = Traits { name: "gin", ..NOTHING };

static BRIN: Traits = Traits { name: "brin", search_nulls: true, lossy: true, ..NOTHING };

impl Method {
    /// All of them.
    pub const ALL: [Method; 6] = [Method::Btree, Method::Hash, Method::Gist, Method::Spgist, Method::Gin, Method::Brin];

    /// What it can do.
    pub fn traits(self) -> &'static Traits {
        match self {
            Method::Btree => &BTREE,
            Method::Hash => &HASH,
            Method::Gist => &GIST,
            Method::Spgist => &SPGIST,
            Method::Gin => &GIN,
            Method::Brin => &BRIN,
        }
    }

    /// Whether it is searched by ranges of byte strings; the others by a [`Query`].
    pub fn has_byte_keys(self) -> bool {
        matches!(self, Method::Btree | Method::Hash)
    }
}

/// What is looked for, in the form that an index's method understands: what its crate says there.
pub type Query = Arc<dyn Any + Send + Sync>;

/// What an index's operator classes give to its method, in the form that the method asks for: what its crate says there.
pub type Support = Arc<dyn Any + Send + Sync>;

/// What a scan looks for in one column of an index: `column operator value`. A method's operators are known by their strategies.
#[derive(Clone, Copy, Debug)]
pub struct ScanKey<'a> {
    /// The column of the index, from zero.
    pub column: usize,
    /// The operator's strategy in the column's operator family.
    pub strategy: i16,
    /// The type of the value.
    pub type_oid: ids::Oid,
    /// What it is compared with.
    pub test: ScanTest<'a>,
}

/// The value of a [`ScanKey`].
#[derive(Clone, Copy, Debug)]
pub enum ScanTest<'a> {
    /// The operator's right argument; never null, for then nothing is found.
    Value(batch::DatumRef<'a>),
    /// IS NULL.
    IsNull,
    /// IS NOT NULL.
    IsNotNull,
}

/// The access methods by name: an [`IndexAm`] that hands each call to the method of the index.
#[derive(Clone, Default)]
pub struct IndexMethods {
    methods: [Option<Arc<dyn IndexAm>>; Method::ALL.len()],
}

impl IndexMethods {
    /// None yet.
    pub fn new() -> IndexMethods {
        IndexMethods::default()
    }

    /// With one more.
    pub fn with(mut self, method: Method, how: impl IndexAm + 'static) -> IndexMethods {
        self.methods[method as usize] = Some(Arc::new(how));
        self
    }

    #[inline]
    fn of(&self, index: &Index) -> Result<&dyn IndexAm> {
        match &self.methods[index.method as usize] {
            Some(method) => Ok(&**method),
            None => Err(Error::not_implemented(format_args!("access method {}", index.method.traits().name))),
        }
    }
}

impl IndexAm for IndexMethods {
    fn create(&self, store: &Store, index: &Index) -> Result<()> {
        self.of(index)?.create(store, index)
    }

    fn build(&self, store: &Store, index: &Index, entries: &mut dyn SortedEntries) -> Result<u64> {
        self.of(index)?.build(store, index, entries)
    }

    fn insert(
        &self,
        store: &Store,
        transaction: &Transaction,
        index: &Index,
        table: (&dyn TableAm, &Table),
        entry: IndexEntry<'_>,
        check: UniqueCheck,
    ) -> Result<Inserted> {
        self.of(index)?.insert(store, transaction, index, table, entry, check)
    }

    fn scan(&self, store: &Store, index: &Arc<Index>, options: IndexScanOptions) -> Result<Box<dyn IndexScan>> {
        self.of(index)?.scan(store, index, options)
    }

    fn bulk_delete(
        &self,
        store: &Store,
        index: &Index,
        dead: &(dyn Fn(TupleId) -> bool + Sync),
        pause: &(dyn Fn() -> Result<()> + Sync),
    ) -> Result<IndexVacuumReport> {
        self.of(index)?.bulk_delete(store, index, dead, pause)
    }

    fn vacuum_cleanup(&self, store: &Store, index: &Index) -> Result<IndexVacuumReport> {
        self.of(index)?.vacuum_cleanup(store, index)
    }

    fn split_keys(&self, store: &Store, index: &Index, parts: usize) -> Result<Vec<Box<[u8]>>> {
        self.of(index)?.split_keys(store, index, parts)
    }

    fn estimate(&self, store: &Store, index: &Index, range: KeyRange<'_>) -> Result<RangeEstimate> {
        self.of(index)?.estimate(store, index, range)
    }

    fn verify(&self, store: &Store, index: &Index) -> Result<IndexVacuumReport> {
        self.of(index)?.verify(store, index)
    }
}
