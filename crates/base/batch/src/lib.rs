//! Column vectors and single values in their physical form.
//!
//! The store decodes pages into a [`Batch`], the executor computes on it, and the protocol writes it out; none of them
//! passes rows. This crate knows nothing of SQL types: a value is one of five physical forms ([`Repr`]), and a type maps
//! to exactly one of them:
//!
//! | form | SQL types |
//! |---|---|
//! | `B1` | boolean, "char" |
//! | `B2` | smallint |
//! | `B4` | integer, oid and its aliases, real (its bits), date, xid, cid |
//! | `B8` | bigint, double precision (its bits), timestamp, time, money, xid8, pg_lsn |
//! | `Bytes` | everything else: text, numeric, uuid, interval, arrays, rows, name, tid … |
//!
//! # Invariants
//!
//! - All columns of a batch have the batch's length, or are *constant*: one value that stands for every row.
//! - Positions never move: an operator that drops rows narrows the batch's [`Selection`] and leaves the columns alone.
//!   What stands at a position that is not selected is unspecified (but harmless to read).
//! - A null's value slot exists and holds anything: test [`Column::is_null`] first.
#![forbid(unsafe_code)]

mod bitmap;
mod bytes;
mod column;
mod datum;

pub use bitmap::Bitmap;
pub use bytes::ByteValues;
pub use column::{Column, Values};
pub use datum::{Datum, DatumRef};

/// The most rows that an operator puts in one batch. Selections hold 16-bit positions.
pub const BATCH_ROWS: usize = 2048;

/// The physical form of a type's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Repr {
    /// One byte.
    B1,
    /// Two bytes, as `i16`.
    B2,
    /// Four bytes, as `i32`.
    B4,
    /// Eight bytes, as `i64`.
    B8,
    /// A string of bytes.
    Bytes,
}

impl Repr {
    /// Bytes of a fixed-width form; `None` for `Bytes`.
    pub const fn width(self) -> Option<usize> {
        match self {
            Repr::B1 => Some(1),
            Repr::B2 => Some(2),
            Repr::B4 => Some(4),
            Repr::B8 => Some(8),
            Repr::Bytes => None,
        }
    }
}

/// Which positions of a batch hold rows, ascending.
#[derive(Clone, Copy, Debug)]
pub enum Rows<'a> {
    /// Positions `0..n`.
    All(usize),
    /// These positions.
    Some(&'a [u16]),
}

impl<'a> Rows<'a> {
    /// How many rows.
    pub fn len(self) -> usize {
        match self {
            Rows::All(n) => n,
            Rows::Some(rows) => rows.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The position of the `k`-th row.
    pub fn position(self, k: usize) -> usize {
        match self {
            Rows::All(_) => k,
            Rows::Some(rows) => rows[k] as usize,
        }
    }

    /// Calls `f` with each position. The two loops are apart so that the dense one vectorises.
    #[inline(always)]
    pub fn for_each(self, mut f: impl FnMut(usize)) {
        match self {
            Rows::All(n) => (0..n).for_each(f),
            Rows::Some(rows) => rows.iter().for_each(|&row| f(row as usize)),
        }
    }

    /// Calls `f` with each position until it fails.
    #[inline(always)]
    pub fn try_for_each<E>(self, mut f: impl FnMut(usize) -> Result<(), E>) -> Result<(), E> {
        match self {
            Rows::All(n) => (0..n).try_for_each(f),
            Rows::Some(rows) => rows.iter().try_for_each(|&row| f(row as usize)),
        }
    }

    /// The positions, one after the other; for code that is not hot.
    pub fn iter(self) -> impl Iterator<Item = usize> + 'a {
        (0..self.len()).map(move |k| self.position(k))
    }
}

/// The rows of a batch that still count. Owns its positions and keeps their memory when reused.
#[derive(Clone, Debug)]
pub struct Selection {
    all: bool,
    positions: Vec<u16>,
}

impl Default for Selection {
    fn default() -> Selection {
        Selection::all()
    }
}

impl Selection {
    /// Every position.
    pub fn all() -> Selection {
        Selection { all: true, positions: Vec::new() }
    }

    /// Every position, again.
    pub fn set_all(&mut self) {
        self.all = true;
    }

    /// Whether every position is selected.
    pub fn is_all(&self) -> bool {
        self.all
    }

    /// The rows, in a batch of `len` positions.
    pub fn rows(&self, len: usize) -> Rows<'_> {
        if self.all { Rows::All(len) } else { Rows::Some(&self.positions) }
    }

    /// Keeps the selected rows that `keep` accepts.
    pub fn retain(&mut self, len: usize, mut keep: impl FnMut(usize) -> bool) {
        if self.all {
            self.positions.clear();
            self.positions.extend((0..len as u16).filter(|&row| keep(row as usize)));
            self.all = self.positions.len() == len;
        } else {
            self.positions.retain(|&row| keep(row as usize));
        }
    }

    /// Selects exactly these positions, which ascend.
    pub fn set(&mut self, positions: impl IntoIterator<Item = u16>) {
        self.all = false;
        self.positions.clear();
        self.positions.extend(positions);
    }
}

/// Some rows, stored by column.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// The columns, each as long as the batch or constant.
    pub columns: Vec<Column>,
    /// The rows that count.
    pub selection: Selection,
    len: usize,
}

impl Batch {
    /// An empty batch with these columns.
    pub fn new(reprs: impl IntoIterator<Item = Repr>) -> Batch {
        Batch { columns: reprs.into_iter().map(Column::new).collect(), selection: Selection::all(), len: 0 }
    }

    /// Positions, selected or not.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no positions.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Declares the number of positions, after the columns were filled.
    pub fn set_len(&mut self, len: usize) {
        debug_assert!(len <= u16::MAX as usize + 1);
        debug_assert!(self.columns.iter().all(|c| c.is_constant() || c.len() >= len), "a column is short");
        self.len = len;
    }

    /// The rows that count.
    pub fn rows(&self) -> Rows<'_> {
        self.selection.rows(self.len)
    }

    /// How many rows count.
    pub fn row_count(&self) -> usize {
        self.rows().len()
    }

    /// Empties the batch and keeps its memory.
    pub fn clear(&mut self) {
        self.columns.iter_mut().for_each(Column::clear);
        self.selection.set_all();
        self.len = 0;
    }

    /// Bytes of memory that it holds.
    pub fn memory(&self) -> usize {
        self.columns.iter().map(Column::memory).sum::<usize>() + self.selection.positions.capacity() * 2
    }
}
