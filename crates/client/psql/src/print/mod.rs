//! Tables, written byte for byte as PostgreSQL's psql writes them.
//!
//! Data in, bytes out: nothing here knows a connection, a terminal or a pager. A [`Table`] says what is to be shown,
//! [`PrintOptions`] how. [`Printer::new`] measures the table where the format needs that, so that the caller can ask how
//! long and wide it will be (the pager's question) before [`Printer::write`] writes it.
//!
//! - Cells are borrowed from whoever holds the rows ([`Cells`]); nothing is allocated per cell or row.
//! - Text is bytes in the client's encoding, and may be invalid there; widths come from [`crate::width`].
//! - A result that comes in pieces (`FETCH_COUNT`) is written as several tables with a [`Part`] each: the first writes
//!   the header, the last the footer; widths are those of each piece.
//!
//! Each format has a file of its own; `aligned` and `expanded` share [`cell`] (values broken into lines) and
//! [`line_style`] (the characters of the frame).

mod aligned;
mod asciidoc;
mod cell;
mod csv;
mod expanded;
mod html;
mod latex;
mod line_style;
mod numeric;
mod options;
mod sink;
mod troff;
mod unaligned;

use std::io::{self, Write};

pub use options::{
    Expanded, ExpandedHeaderWidth, Format, LineStyle, NumericLocale, PagerUse, PrintOptions, UnicodeWeight,
};
use sink::Sink;

/// The values of a table.
pub trait Cells {
    /// How many rows there are.
    fn rows(&self) -> usize;
    /// The value in a row and column, both counted from zero; `None` for NULL.
    fn value(&self, row: usize, column: usize) -> Option<&[u8]>;
}

/// Which side of its column a value stands at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alignment {
    /// Most types.
    Left,
    /// Numbers.
    Right,
}

impl Alignment {
    /// The alignment of a type's values: the built-in numbers, `oid`, `xid`, `xid8` and `cid` stand at the right.
    pub fn of_type(type_oid: u32) -> Alignment {
        match type_oid {
            20 | 21 | 23 | 26 | 28 | 29 | 700 | 701 | 790 | 1700 | 5069 => Alignment::Right,
            _ => Alignment::Left,
        }
    }
}

/// A column of a table.
#[derive(Clone, Debug)]
pub struct Column {
    /// What stands above it.
    pub name: Vec<u8>,
    /// Which side its values stand at.
    pub alignment: Alignment,
}

impl Column {
    /// A column whose values stand at the left.
    pub fn left(name: impl AsRef<[u8]>) -> Column {
        Column { name: name.as_ref().to_vec(), alignment: Alignment::Left }
    }

    /// A column whose values stand at the right.
    pub fn right(name: impl AsRef<[u8]>) -> Column {
        Column { name: name.as_ref().to_vec(), alignment: Alignment::Right }
    }
}

/// Which part of an answer a table is, when the answer is written in pieces (`FETCH_COUNT`).
///
/// psql's last part has no rows: an answer of five rows, fetched two by two, is written as parts of 2, 2, 1 and 0 rows,
/// the first of them `first` and the last `last`; an empty answer is one part that is both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Begins the answer: title and header belong to it.
    pub first: bool,
    /// Ends the answer: footers belong to it.
    pub last: bool,
    /// Rows in the pieces before this one.
    pub prior_rows: u64,
}

impl Part {
    /// The answer as a whole.
    pub const WHOLE: Part = Part { first: true, last: true, prior_rows: 0 };
}

/// A table to be written.
pub struct Table<'a> {
    /// Above the table; if absent, [`PrintOptions::title`] is.
    pub title: Option<Vec<u8>>,
    /// The columns.
    pub columns: Vec<Column>,
    /// The values: a row has one for each of `columns`.
    pub cells: &'a dyn Cells,
    /// Lines below the table, without their ends; if there are none, the count of rows.
    pub footers: Vec<Vec<u8>>,
    /// Which part of an answer this is.
    pub part: Part,
    /// Whether `numericlocale` concerns the table: so for the results of queries.
    pub numeric: bool,
}

impl<'a> Table<'a> {
    /// A query's result.
    pub fn of_rows(rows: &'a client::Rows) -> Table<'a> {
        Table::new(columns_of(rows), rows)
    }

    /// A table of these columns and values, without a title and footers of its own.
    pub fn new(columns: Vec<Column>, cells: &'a dyn Cells) -> Table<'a> {
        Table { title: None, columns, cells, footers: Vec::new(), part: Part::WHOLE, numeric: true }
    }

    /// The same with a title.
    pub fn titled(mut self, title: impl AsRef<[u8]>) -> Table<'a> {
        self.title = Some(title.as_ref().to_vec());
        self
    }
}

impl Cells for client::Rows {
    fn rows(&self) -> usize {
        self.len()
    }

    #[inline]
    fn value(&self, row: usize, column: usize) -> Option<&[u8]> {
        client::Rows::value(self, row, column)
    }
}

/// The columns of a query's result.
pub fn columns_of(rows: &client::Rows) -> Vec<Column> {
    let fields = rows.fields().iter();
    fields
        .map(|field| Column { name: field.name_bytes().to_vec(), alignment: Alignment::of_type(field.type_oid) })
        .collect()
}

/// Values collected by the program itself, for tables that are no query's result.
#[derive(Clone, Debug, Default)]
pub struct Grid {
    columns: usize,
    text: Vec<u8>,
    /// Where each value ends in `text`, and whether it is NULL.
    ends: Vec<(usize, bool)>,
}

impl Grid {
    /// A grid of so many columns, without rows. Without columns it has no rows.
    pub fn new(columns: usize) -> Grid {
        Grid { columns, text: Vec::new(), ends: Vec::new() }
    }

    /// Adds the next value of the current row; a row begins when the one before it is full.
    pub fn push(&mut self, value: Option<&[u8]>) {
        self.text.extend_from_slice(value.unwrap_or_default());
        self.ends.push((self.text.len(), value.is_none()));
    }

    /// Adds the next value of the current row.
    pub fn push_text(&mut self, value: impl AsRef<[u8]>) {
        self.push(Some(value.as_ref()));
    }
}

impl Cells for Grid {
    fn rows(&self) -> usize {
        self.ends.len().checked_div(self.columns).unwrap_or(0)
    }

    fn value(&self, row: usize, column: usize) -> Option<&[u8]> {
        let index = row * self.columns + column;
        let (end, null) = self.ends[index];
        let start = if index == 0 { 0 } else { self.ends[index - 1].0 };
        if null { None } else { Some(&self.text[start..end]) }
    }
}

/// A table about to be written, measured.
pub struct Printer<'a> {
    view: View<'a>,
    layout: Layout,
}

/// How a table is going to be written.
enum Layout {
    /// Measured.
    Aligned(aligned::Widths),
    AlignedExpanded,
    /// By a format that does not measure.
    Plain(fn(&View<'_>, &mut Sink<'_>)),
}

impl<'a> Printer<'a> {
    /// Measures the table, where its format needs it.
    pub fn new(table: &'a Table<'a>, options: &'a PrintOptions) -> Printer<'a> {
        let view = View { table, options };
        let expanded = options.expanded == Expanded::On;
        let layout = match options.format {
            Format::Aligned | Format::Wrapped => Printer::aligned_layout(&view),
            Format::Unaligned if expanded => Layout::Plain(unaligned::write_expanded),
            Format::Unaligned => Layout::Plain(unaligned::write),
            Format::Csv if expanded => Layout::Plain(csv::write_expanded),
            Format::Csv => Layout::Plain(csv::write),
            Format::Html if expanded => Layout::Plain(html::write_expanded),
            Format::Html => Layout::Plain(html::write),
            Format::Asciidoc if expanded => Layout::Plain(asciidoc::write_expanded),
            Format::Asciidoc => Layout::Plain(asciidoc::write),
            Format::Latex | Format::LatexLongtable if expanded => Layout::Plain(latex::write_expanded),
            Format::Latex => Layout::Plain(latex::write),
            Format::LatexLongtable => Layout::Plain(latex::write_longtable),
            Format::TroffMs if expanded => Layout::Plain(troff::write_expanded),
            Format::TroffMs => Layout::Plain(troff::write),
        };
        Printer { view, layout }
    }

    fn aligned_layout(view: &View<'_>) -> Layout {
        let (table, options) = (view.table, view.options);
        let auto = options.expanded == Expanded::Auto;
        // The parts of an answer must look alike, but the first cannot know how wide the others are.
        if options.expanded == Expanded::On || (auto && !(table.part.first && table.part.last)) {
            return Layout::AlignedExpanded;
        }
        let widths = aligned::Widths::measure(view);
        let target = options.target_columns();
        if auto && target > 0 && table.columns.len() > 1 && widths.exceeds(target) {
            Layout::AlignedExpanded
        } else {
            Layout::Aligned(widths)
        }
    }

    /// How many lines the table has, as psql reckons it for the pager: the lines of wrapped and multi-line values count
    /// in aligned formats only, and the count of rows, titles and lines of the frame do not.
    pub fn lines(&self) -> usize {
        let table = self.view.table;
        let rows = table.cells.rows();
        let expanded = match self.layout {
            Layout::Aligned(_) => false,
            Layout::AlignedExpanded => true,
            Layout::Plain(_) => self.view.options.expanded == Expanded::On,
        };
        let body = if expanded { (table.columns.len() + 1).saturating_mul(rows) } else { rows + 1 };
        let extra = match &self.layout {
            Layout::Aligned(widths) => widths.extra_lines(),
            _ => 0,
        };
        body + extra + self.view.own_footers().len()
    }

    /// Whether an aligned table is wider than the target width, which needs a pager however short it is.
    pub fn too_wide(&self) -> bool {
        let target = self.view.options.target_columns();
        matches!(&self.layout, Layout::Aligned(widths) if target > 0 && widths.exceeds(target))
    }

    /// Writes the table. A writer that answers an error ends it: a caller that wants to stop (Ctrl-C) lets its writer
    /// do so.
    pub fn write(&self, writer: &mut dyn Write) -> io::Result<()> {
        let mut sink = Sink::new(writer);
        match &self.layout {
            Layout::Aligned(widths) => aligned::write(&self.view, widths, &mut sink),
            Layout::AlignedExpanded => expanded::write(&self.view, &mut sink),
            Layout::Plain(write) => write(&self.view, &mut sink),
        }
        sink.finish()
    }
}

/// A table and the options it is written with: what every format asks of both.
pub(crate) struct View<'a> {
    table: &'a Table<'a>,
    options: &'a PrintOptions,
}

impl<'a> View<'a> {
    /// The number of columns.
    fn columns(&self) -> usize {
        self.table.columns.len()
    }

    /// The number of rows.
    fn rows(&self) -> usize {
        self.table.cells.rows()
    }

    /// The title, if one is shown.
    fn title(&self) -> Option<&'a [u8]> {
        if self.options.tuples_only {
            return None;
        }
        self.table.title.as_deref().or(self.options.title.as_deref())
    }

    /// The text of a value. `scratch` holds it if it had to be made.
    #[inline]
    fn value<'s>(&self, row: usize, column: usize, scratch: &'s mut Vec<u8>) -> &'s [u8]
    where
        'a: 's,
    {
        match self.table.cells.value(row, column) {
            None => self.options.null_text(),
            Some(value) if self.localized(column) => numeric::format(value, &self.options.locale, scratch),
            Some(value) => value,
        }
    }

    /// Whether `numericlocale` changes a column's values.
    fn localized(&self, column: usize) -> bool {
        self.options.numeric_locale && self.table.numeric && self.table.columns[column].alignment == Alignment::Right
    }

    /// The number of the first record of this part, counted from one.
    fn first_record(&self) -> u64 {
        self.table.part.prior_rows + 1
    }

    /// Calls `write` for each footer of the table's own, unless only tuples are wanted.
    fn own_footers(&self) -> &'a [Vec<u8>] {
        if self.options.tuples_only { &[] } else { &self.table.footers }
    }

    /// The count of rows, where it is shown: below a table without footers of its own.
    fn row_count(&self) -> Option<String> {
        let options = self.options;
        if options.tuples_only || !options.default_footer || !self.table.footers.is_empty() {
            return None;
        }
        let rows = self.table.part.prior_rows + self.rows() as u64;
        Some(if rows == 1 { "(1 row)".to_string() } else { format!("({rows} rows)") })
    }

    /// Calls `each` with every footer, the count of rows among them.
    fn footers(&self, mut each: impl FnMut(&[u8])) {
        self.own_footers().iter().for_each(|line| each(line));
        if let Some(count) = self.row_count() {
            each(count.as_bytes());
        }
    }

    /// Whether [`View::footers`] has any.
    fn has_footers(&self) -> bool {
        !self.own_footers().is_empty() || self.row_count().is_some()
    }
}
