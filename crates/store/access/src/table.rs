//! What every table access method speaks of: the table itself, rows to be stored, columns to be read, and what became of
//! a change that met another transaction's.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use batch::{Batch, Column, Datum, DatumRef, Repr};
use ids::{BlockNumber, CommandId, Oid, RelFileLocator, TupleId, Xid};

use crate::{Persistence, RowLayout};

/// A table as its access method sees it. The catalog makes one per relation-cache entry.
#[derive(Clone, Debug)]
pub struct Table {
    /// Its number in `pg_class`.
    pub oid: Oid,
    /// Its name, for messages.
    pub name: Box<str>,
    /// Its files.
    pub locator: RelFileLocator,
    /// Its columns, dropped ones included.
    pub layout: Arc<RowLayout>,
    /// The files of its TOAST table, if it has one.
    pub toast: Option<RelFileLocator>,
    /// Whether changes are logged.
    pub persistence: Persistence,
    /// How full inserts make a page, in percent: 10 to 100.
    pub fillfactor: u8,
    /// The database it belongs to; zero if it is shared by all.
    pub database: Oid,
    /// What this process remembers of the table.
    pub cache: TableCache,
    /// What this session counts of it.
    pub counters: Arc<stats::RelationCounters>,
}

/// Pages of a table that a process remembers to save work; out of date at any time, so who uses them looks.
#[derive(Debug)]
pub struct TableCache {
    /// Where the last row went.
    pub target: AtomicU32,
    /// Where the last out-of-line value went.
    pub toast_target: AtomicU32,
}

impl Default for TableCache {
    fn default() -> TableCache {
        TableCache { target: AtomicU32::new(u32::MAX), toast_target: AtomicU32::new(u32::MAX) }
    }
}

impl Clone for TableCache {
    fn clone(&self) -> TableCache {
        TableCache::default()
    }
}

/// A column to be read, or a fact about the row version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Projected {
    /// The attribute with this number, from zero.
    Column(u16),
    /// The row's place as a `B8`: [`TupleId::to_u64`]. What updates, deletes and lock requests want.
    RowId,
    /// `ctid` as SQL's tid: form `Bytes`, see [`tid_bytes`].
    TupleId,
    /// `xmin`, a `B4` (the low half of the id).
    Xmin,
    /// `cmin`, a `B4`.
    Cmin,
    /// `xmax`, a `B4` (the low half of the id).
    Xmax,
    /// `cmax`, a `B4`.
    Cmax,
    /// `tableoid`, a `B4`.
    TableOid,
}

impl Projected {
    /// The form of the column that it fills.
    pub fn repr(self, layout: &RowLayout) -> Repr {
        match self {
            Projected::Column(k) => layout.columns()[k as usize].repr,
            Projected::RowId => Repr::B8,
            Projected::TupleId => Repr::Bytes,
            _ => Repr::B4,
        }
    }
}

/// The bytes of a tid value, as crate `types` reads them: block, then offset, both little-endian.
pub fn tid_bytes(tid: TupleId) -> [u8; 6] {
    let [b0, b1, b2, b3] = tid.block.0.to_le_bytes();
    let [o0, o1] = tid.offset.to_le_bytes();
    [b0, b1, b2, b3, o0, o1]
}

/// The inverse of [`tid_bytes`]; `None` for another length.
pub fn tid_from_bytes(bytes: &[u8]) -> Option<TupleId> {
    let &[b0, b1, b2, b3, o0, o1] = bytes else { return None };
    Some(TupleId::new(BlockNumber(u32::from_le_bytes([b0, b1, b2, b3])), u16::from_le_bytes([o0, o1])))
}

/// An empty batch for rows of these columns.
pub fn projected_batch(layout: &RowLayout, projection: &[Projected]) -> Batch {
    Batch::new(projection.iter().map(|p| p.repr(layout)))
}

/// A row to be stored: a value for each column of the table, dropped ones (null) included.
#[derive(Clone, Copy)]
pub enum Row<'a> {
    /// A position of a batch.
    Columns(&'a [Column], usize),
    /// Owned values.
    Datums(&'a [Datum]),
    /// Borrowed values.
    Refs(&'a [DatumRef<'a>]),
}

impl<'a> Row<'a> {
    /// The value of column `k`, from zero.
    #[inline]
    pub fn get(self, k: usize) -> DatumRef<'a> {
        match self {
            Row::Columns(columns, row) => columns[k].get(row),
            Row::Datums(values) => values[k].as_ref(),
            Row::Refs(values) => values[k],
        }
    }

    /// How many columns.
    pub fn len(self) -> usize {
        match self {
            Row::Columns(columns, _) => columns.len(),
            Row::Datums(values) => values.len(),
            Row::Refs(values) => values.len(),
        }
    }

    /// Whether there are no columns.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }
}

/// The way a scan goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Direction {
    /// First page or least key first.
    #[default]
    Forward,
    /// Last page or greatest key first.
    Backward,
}

/// The pages of a table, given out in ranges to the workers of a parallel scan.
#[derive(Debug)]
pub struct PageCursor {
    next: AtomicU32,
    end: BlockNumber,
    step: u32,
}

impl PageCursor {
    /// All pages below `end`, `step` of them at a time.
    pub fn new(end: BlockNumber, step: u32) -> PageCursor {
        PageCursor { next: AtomicU32::new(0), end, step: step.max(1) }
    }

    /// The next range, its end exclusive; `None` when all were given out.
    pub fn take(&self) -> Option<(BlockNumber, BlockNumber)> {
        let from = self
            .next
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| {
                (n < self.end.0).then(|| n.saturating_add(self.step))
            })
            .ok()?;
        Some((BlockNumber(from), BlockNumber(from.saturating_add(self.step).min(self.end.0))))
    }

    /// Starts again; no worker may be at work.
    pub fn reset(&self) {
        self.next.store(0, Ordering::Relaxed);
    }
}

/// Which pages a scan reads.
#[derive(Clone, Debug, Default)]
pub enum Pages {
    /// All that the table has when the scan starts.
    #[default]
    All,
    /// From the first up to, not including, the second.
    Range(BlockNumber, BlockNumber),
    /// Whatever the shared cursor gives.
    Shared(Arc<PageCursor>),
}

/// The four strengths of a row lock, in rising order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LockStrength {
    /// `FOR KEY SHARE`: the row's keys may not change.
    KeyShare,
    /// `FOR SHARE`: the row may not change.
    Share,
    /// `FOR NO KEY UPDATE`, and what UPDATE takes when it changes no key.
    NoKeyUpdate,
    /// `FOR UPDATE`, and what DELETE takes.
    Update,
}

impl LockStrength {
    /// Whether two transactions cannot hold these at the same time.
    pub const fn conflicts(self, other: LockStrength) -> bool {
        use LockStrength::*;
        match (self, other) {
            (KeyShare, Update) | (Update, KeyShare) => true,
            (KeyShare, _) | (_, KeyShare) => false,
            (Share, Share) => false,
            _ => true,
        }
    }
}

/// What to do when another transaction stands in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WaitPolicy {
    /// Wait for it.
    Block,
    /// `SKIP LOCKED`: report [`ConflictKind::WouldBlock`].
    Skip,
    /// `NOWAIT`: fail with `55P03`.
    Error,
}

/// Why a row version could not be changed or locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConflictKind {
    /// The snapshot never saw it.
    Invisible,
    /// The same transaction changed it, in the command that [`Conflict::command`] names.
    SelfModified,
    /// Another transaction updated it and committed: [`Conflict::next`] is the newer version.
    Updated,
    /// Another transaction deleted it and committed.
    Deleted,
    /// Another transaction is changing it, and the policy was not to wait.
    WouldBlock,
}

/// What stood in the way of a change, with what a re-check needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// What happened.
    pub kind: ConflictKind,
    /// The newer version, if it was updated; else the row itself.
    pub next: TupleId,
    /// The transaction that updated, deleted or locked it.
    pub xmax: Xid,
    /// The command that did, if it was this transaction's.
    pub command: CommandId,
}

/// Done, or not done because of another change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome<T = ()> {
    /// Done.
    Done(T),
    /// Not done.
    Conflict(Conflict),
}

/// Where an update put the new version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Updated {
    /// Its place.
    pub tid: TupleId,
    /// It stays reachable through the old version's index entries (HOT): no index needs an entry for it.
    pub hot: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_locks_conflict_as_documented() {
        use LockStrength::*;
        // PostgreSQL's documentation, "Conflicting Row-Level Locks".
        let table = [
            (KeyShare, [false, false, false, true]),
            (Share, [false, false, true, true]),
            (NoKeyUpdate, [false, true, true, true]),
            (Update, [true, true, true, true]),
        ];
        for (a, row) in table {
            for (b, expected) in [KeyShare, Share, NoKeyUpdate, Update].into_iter().zip(row) {
                assert_eq!(a.conflicts(b), expected, "{a:?} {b:?}");
            }
        }
    }

    #[test]
    fn a_cursor_gives_every_page_once() {
        let cursor = PageCursor::new(BlockNumber(10), 4);
        let all: Vec<_> = std::iter::from_fn(|| cursor.take()).map(|(a, b)| (a.0, b.0)).collect();
        assert_eq!(all, [(0, 4), (4, 8), (8, 10)]);
    }
}
