//! Reading columns of many tuples of a page at once.
//!
//! The access method collects the visible tuples of a page in a [`PageRows`], which checks that each lies on the page and
//! is long enough for its columns; then [`RowLayout::append_column`] copies one column of all of them to the end of a
//! [`Column`], in a loop without branches when the tuples have the same number of columns. Values that are compressed or
//! out of line are copied as they are and noted as [`Pending`]: they are resolved after the page's lock was released.

use batch::{Column, DatumRef, Repr};
use error::{Error, Result};
use ids::PAGE_SIZE;

use crate::layout::{Arrangement, END_COMPRESSED, END_EXTERNAL, END_MASK, Form, RowLayout};

/// A tuple's body on a page.
#[derive(Clone, Copy, Debug)]
struct PageRow {
    start: u16,
    end: u16,
    natts: u16,
    nulls: bool,
}

/// Some tuples of one page.
#[derive(Clone, Debug, Default)]
pub struct PageRows {
    rows: Vec<PageRow>,
    /// Some row has another number of columns than the first.
    mixed: bool,
    nulls: bool,
    /// The number of columns that was checked last, and the least body without and with nulls that it needs.
    checked: Option<(u16, [usize; 2])>,
}

/// A value that a column holds in its stored form and that must be resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pending {
    /// Which column of the batch; set by the caller of [`RowLayout::append_column`].
    pub column: u16,
    /// The row in the batch.
    pub position: u32,
    /// How it is stored.
    pub form: Form,
}

impl PageRows {
    /// None.
    pub fn new() -> PageRows {
        PageRows::default()
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Drops all and keeps the memory.
    pub fn clear(&mut self) {
        self.rows.clear();
        self.mixed = false;
        self.nulls = false;
        self.checked = None;
    }

    /// Adds the tuple whose body takes the bytes `start..end` of its page.
    ///
    /// # Errors
    /// `XX001` if it is too short for its columns or not on the page.
    #[inline]
    pub fn push(&mut self, layout: &RowLayout, start: usize, end: usize, natts: usize, nulls: bool) -> Result<()> {
        let least = match self.checked {
            Some((checked, least)) if checked as usize == natts => least,
            _ if natts > layout.len() => [usize::MAX; 2],
            _ => {
                let least = [false, true].map(|nulls| layout.arrangement(natts).header(nulls));
                self.mixed |= !self.rows.is_empty();
                self.checked = Some((natts as u16, least));
                least
            }
        };
        if end > PAGE_SIZE || start > end || end - start < least[nulls as usize] {
            return Err(Error::corrupted(format!(
                "a tuple of {natts} columns takes bytes {start} to {end} of its page; its table has {} columns",
                layout.len()
            )));
        }
        let row = PageRow { start: start as u16, end: end as u16, natts: natts as u16, nulls };
        self.nulls |= nulls;
        self.rows.push(row);
        Ok(())
    }
}

macro_rules! fixed_loop {
    ($page:expr, $rows:expr, $place:expr, $slots:expr, $type:ty) => {
        for (slot, row) in $slots.iter_mut().zip($rows) {
            let at = row.start as usize + $place;
            if let Some(bytes) = $page.get(at..at + size_of::<$type>()) {
                *slot = <$type>::from_le_bytes(bytes.try_into().unwrap_or_default());
            }
        }
    };
}

impl RowLayout {
    /// Appends column `k` of the tuples `rows` of `page` to `out`, whose form is the column's. Values to be resolved later
    /// are added to `pending` with `batch_column` as their column.
    ///
    /// # Errors
    /// `XX001` if a tuple is damaged.
    pub fn append_column(
        &self,
        k: usize,
        page: &[u8; PAGE_SIZE],
        rows: &PageRows,
        batch_column: u16,
        out: &mut Column,
        pending: &mut Vec<Pending>,
    ) -> Result<()> {
        let Some(first) = rows.rows.first() else { return Ok(()) };
        if !rows.mixed {
            return self.append_uniform(
                k,
                page,
                &rows.rows,
                first.natts as usize,
                rows.nulls,
                batch_column,
                out,
                pending,
            );
        }
        // Tuples from before and after a column was added: one run of equal ones after the other.
        for run in rows.rows.chunk_by(|a, b| a.natts == b.natts) {
            self.append_uniform(k, page, run, run[0].natts as usize, rows.nulls, batch_column, out, pending)?;
        }
        Ok(())
    }

    fn append_uniform(
        &self,
        k: usize,
        page: &[u8; PAGE_SIZE],
        rows: &[PageRow],
        natts: usize,
        nulls: bool,
        batch_column: u16,
        out: &mut Column,
        pending: &mut Vec<Pending>,
    ) -> Result<()> {
        let shape = &self.columns()[k];
        if k >= natts {
            let missing = shape.missing.as_ref();
            rows.iter().for_each(|_| out.push(missing));
            return Ok(());
        }
        let arrangement = self.arrangement(natts);
        let place = arrangement.places[k] as usize;
        let before = out.len();
        out.grow(rows.len());
        if shape.is_variable() {
            append_variable(k, page, rows, arrangement, place, before, batch_column, out, pending)?;
        } else {
            match shape.repr {
                Repr::B1 => fixed_loop!(page, rows, place, out.b1_mut()[before..], u8),
                Repr::B2 => fixed_loop!(page, rows, place, out.b2_mut()[before..], i16),
                Repr::B4 => fixed_loop!(page, rows, place, out.b4_mut()[before..], i32),
                Repr::B8 => fixed_loop!(page, rows, place, out.b8_mut()[before..], i64),
                Repr::Bytes => {
                    let width = shape.width as usize;
                    let values = out.bytes_mut();
                    for (n, row) in rows.iter().enumerate() {
                        let at = row.start as usize + place;
                        values.put(before + n, &page[at..at + width]);
                    }
                }
            }
        }
        if nulls {
            let at = arrangement.bitmap() + k / 8;
            for (n, row) in rows.iter().enumerate().filter(|(_, row)| row.nulls) {
                if page[row.start as usize + at] >> (k % 8) & 1 != 0 {
                    out.set_null(before + n);
                }
            }
        }
        Ok(())
    }

    /// One column of one tuple, appended to `out` as [`RowLayout::append_column`] does.
    ///
    /// # Errors
    /// `XX001` if the tuple is damaged.
    pub fn append_value(
        &self,
        k: usize,
        view: &crate::RowView<'_>,
        batch_column: u16,
        out: &mut Column,
        pending: &mut Vec<Pending>,
    ) -> Result<()> {
        let (bytes, form) = match view.get(k)? {
            crate::Field::Plain(value) => {
                out.push(value);
                return Ok(());
            }
            crate::Field::Compressed(bytes) => (bytes, Form::Compressed),
            crate::Field::External(bytes) => (bytes, Form::External),
        };
        pending.push(Pending { column: batch_column, position: out.len() as u32, form });
        out.push(DatumRef::Bytes(bytes));
        Ok(())
    }
}

fn append_variable(
    k: usize,
    page: &[u8; PAGE_SIZE],
    rows: &[PageRow],
    arrangement: &Arrangement,
    place: usize,
    before: usize,
    batch_column: u16,
    out: &mut Column,
    pending: &mut Vec<Pending>,
) -> Result<()> {
    let values = out.bytes_mut();
    let ends = arrangement.fixed_end + 2 * place;
    let headers = [arrangement.header(false), arrangement.header(true)];
    let word = |at: usize| u16::from_le_bytes([page[at], page[at + 1]]);
    for (n, row) in rows.iter().enumerate() {
        let at = row.start as usize + ends;
        let end = word(at);
        let begin = if place == 0 { 0 } else { word(at - 2) & END_MASK };
        let data = row.start as usize + headers[row.nulls as usize];
        let (from, to) = (data + begin as usize, data + (end & END_MASK) as usize);
        if from > to || to > row.end as usize {
            return Err(Error::corrupted(format!("column {} of a tuple ends outside of it", k + 1)));
        }
        values.put_slice(before + n, page, from, to);
        if end & !END_MASK != 0 {
            let form = match (end & END_COMPRESSED != 0, end & END_EXTERNAL != 0) {
                (true, _) => Form::Compressed,
                (false, true) => Form::External,
                (false, false) => {
                    return Err(Error::corrupted(format!("column {} of a tuple is of no known form", k + 1)));
                }
            };
            pending.push(Pending { column: batch_column, position: (before + n) as u32, form });
        }
    }
    Ok(())
}
