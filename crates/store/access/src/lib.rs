//! What table and index access methods offer and share: the layout of rows, scans, and the outcome of changes.
//!
//! - [`RowLayout`] ([`layout`]) says where a tuple's values are, writes tuples, and reads single values;
//!   [`columns`] reads one column of all visible tuples of a page into a [`batch::Column`].
//! - [`table`] holds what every table access method speaks of: [`Table`], [`Row`], [`Projected`], [`Conflict`].
//! - [`index`] the same for indexes: [`Index`], [`KeyRange`], [`IndexEntries`].
//! - [`bitmap`] has sets of row places, which indexes fill and tables are read by.
//! - [`method`] names the index access methods and what each can do, and hands calls to them.
//! - [`methods`] has the traits: [`TableAm`], [`TableScan`], [`TableFetch`], [`IndexAm`], [`IndexScan`].
//!
//! This crate knows nothing of pages' headers, visibility or SQL types.
#![forbid(unsafe_code)]

pub mod bitmap;
pub mod columns;
pub mod encode;
pub mod index;
pub mod layout;
pub mod method;
pub mod methods;
pub mod search;
pub mod sorter;
pub mod table;

pub use bitmap::{BitmapPage, TidBitmap};
pub use columns::{PageRows, Pending};
pub use encode::Body;
pub use index::{Index, IndexCache, IndexEntries, KeyRange, UniqueCheck, key_successor};
pub use layout::{BodyFlags, ColumnShape, Field, Form, RowLayout, RowView, ToastStrategy};
pub use method::{IndexMethods, Method, Query, ScanKey, ScanTest, Support, Traits};
pub use methods::{
    EntryStatus, FetchMode, Fetched, IndexAm, IndexEntry, IndexScan, IndexScanOptions, IndexVacuumReport,
    InsertOptions, Inserted, RangeEstimate, ScanRequest, SortedEntries, Store, TableAm, TableFault, TableFetch,
    TableScan, UpdateOptions, VERSION_REPRS, VacuumOptions, VacuumProgress, VacuumReport, VersionCounts,
};
pub use sorter::EntrySorter;
pub use storage::Persistence;
pub use table::{
    Conflict, ConflictKind, Direction, LockStrength, Outcome, PageCursor, Pages, Projected, Row, Table, TableCache,
    Updated, WaitPolicy, projected_batch, tid_bytes, tid_from_bytes,
};
