//! Everything `\pset` can set, as data.
//!
//! [`PrintOptions`] is plain values: the session keeps one and lends it to [`super::Printer`]; a command that wants other
//! settings for one answer (`\gx`, the `\d` family) changes a clone. What a user may type, and what psql says about it,
//! stands in [`crate::pset`].

use crate::width::Encoding;

/// How a table is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Columns padded to their widest value (psql's default).
    Aligned,
    /// As aligned, with values broken so that the table fits the target width.
    Wrapped,
    /// Values with a separator between them.
    Unaligned,
    /// Comma-separated values, RFC 4180.
    Csv,
    /// An HTML table.
    Html,
    /// An AsciiDoc table.
    Asciidoc,
    /// A LaTeX `tabular`.
    Latex,
    /// A LaTeX `longtable`.
    LatexLongtable,
    /// A table for troff's `tbl` and `ms` macros.
    TroffMs,
}

impl Format {
    /// Every format with the name `\pset format` knows it by, in the order of its messages.
    pub const ALL: [(Format, &'static str); 9] = [
        (Format::Aligned, "aligned"),
        (Format::Asciidoc, "asciidoc"),
        (Format::Csv, "csv"),
        (Format::Html, "html"),
        (Format::Latex, "latex"),
        (Format::LatexLongtable, "latex-longtable"),
        (Format::TroffMs, "troff-ms"),
        (Format::Unaligned, "unaligned"),
        (Format::Wrapped, "wrapped"),
    ];

    /// The format's name.
    pub fn name(self) -> &'static str {
        Format::ALL.iter().find(|(format, _)| *format == self).map_or("unknown", |(_, name)| name)
    }
}

/// Whether a row is written as a block of lines, one for each column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expanded {
    /// Never.
    Off,
    /// Always.
    On,
    /// Where a table of several columns would be wider than the target width.
    Auto,
}

/// How far the line above each record goes in the aligned expanded format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpandedHeaderWidth {
    /// Over the widest line of all.
    Full,
    /// Over the column names only.
    Column,
    /// At most to the target width.
    Page,
    /// At most this many columns; no limit if not positive.
    Exactly(i32),
}

/// The characters aligned tables are drawn with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineStyle {
    /// Plain ASCII.
    Ascii,
    /// ASCII, with continuation lines marked as before PostgreSQL 9.0.
    OldAscii,
    /// Box-drawing characters, in the weights of `unicode_*_linestyle`.
    Unicode,
}

/// The weight of a line in the style [`LineStyle::Unicode`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnicodeWeight {
    /// One thin line.
    Single,
    /// A double line.
    Double,
}

/// When a pager is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PagerUse {
    /// Never.
    Off,
    /// For answers that do not fit the terminal.
    LongOutput,
    /// For everything on a terminal.
    Always,
}

/// What stands between fields or records of unaligned output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Separator {
    /// The text, if not `zero`.
    pub text: Vec<u8>,
    /// A zero byte instead of the text.
    pub zero: bool,
}

impl Separator {
    /// A separator of this text.
    pub fn text(text: &[u8]) -> Separator {
        Separator { text: text.to_vec(), zero: false }
    }

    /// The bytes to write.
    pub fn bytes(&self) -> &[u8] {
        if self.zero { b"\0" } else { &self.text }
    }
}

/// How numbers are grouped with `numericlocale`, from the environment's `LC_NUMERIC`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumericLocale {
    /// What stands before the fraction.
    pub decimal_point: Vec<u8>,
    /// What stands between groups of digits.
    pub thousands_separator: Vec<u8>,
    /// Digits in a group; at least one.
    pub group_digits: usize,
}

impl NumericLocale {
    /// The environment's. Where it says nothing, as in the locale "C", groups of three with commas (or points, if the
    /// comma is the decimal point).
    pub fn of_environment() -> NumericLocale {
        let sys::locale::Numeric { decimal_point, thousands_separator, group_digits } = sys::locale::numeric();
        let decimal_point = if decimal_point.is_empty() { b".".to_vec() } else { decimal_point };
        let thousands_separator = match &thousands_separator[..] {
            b"" if decimal_point == b"," => b".".to_vec(),
            b"" => b",".to_vec(),
            _ => thousands_separator,
        };
        NumericLocale {
            decimal_point,
            thousands_separator,
            group_digits: if group_digits == 0 { 3 } else { group_digits },
        }
    }
}

impl Default for NumericLocale {
    fn default() -> Self {
        NumericLocale { decimal_point: ".".into(), thousands_separator: ",".into(), group_digits: 3 }
    }
}

/// The settings of `\pset`, and what the session knows about the output's encoding and width.
#[derive(Clone, Debug)]
pub struct PrintOptions {
    /// `format`.
    pub format: Format,
    /// `expanded`.
    pub expanded: Expanded,
    /// `xheader_width`.
    pub expanded_header_width: ExpandedHeaderWidth,
    /// `border`; formats read it as they like.
    pub border: u16,
    /// `pager`.
    pub pager: PagerUse,
    /// `pager_min_lines`.
    pub pager_min_lines: i32,
    /// `tuples_only`: no title, header and footer.
    pub tuples_only: bool,
    /// `footer`: the count of rows below a table that has no footer of its own.
    pub default_footer: bool,
    /// `title`, for tables that have none of their own.
    pub title: Option<Vec<u8>>,
    /// `null`; nothing is shown if it was never set.
    pub null: Option<Vec<u8>>,
    /// `linestyle`.
    pub line_style: LineStyle,
    /// `unicode_border_linestyle`.
    pub unicode_border: UnicodeWeight,
    /// `unicode_column_linestyle`.
    pub unicode_column: UnicodeWeight,
    /// `unicode_header_linestyle`.
    pub unicode_header: UnicodeWeight,
    /// `fieldsep`, `fieldsep_zero`.
    pub field_separator: Separator,
    /// `recordsep`, `recordsep_zero`.
    pub record_separator: Separator,
    /// `csv_fieldsep`: one byte.
    pub csv_field_separator: u8,
    /// `tableattr`: attributes of `<table>`, or column widths of a `longtable`.
    pub table_attributes: Option<Vec<u8>>,
    /// `numericlocale`.
    pub numeric_locale: bool,
    /// What `numericlocale` writes.
    pub locale: NumericLocale,
    /// `columns`: the target width; the terminal's if not positive.
    pub columns: i32,
    /// The width of the terminal the output goes to (`COLUMNS`, or what the terminal says); zero if it goes elsewhere.
    pub terminal_columns: u32,
    /// The client encoding.
    pub encoding: Encoding,
}

impl Default for PrintOptions {
    fn default() -> Self {
        PrintOptions {
            format: Format::Aligned,
            expanded: Expanded::Off,
            expanded_header_width: ExpandedHeaderWidth::Full,
            border: 1,
            pager: PagerUse::LongOutput,
            pager_min_lines: 0,
            tuples_only: false,
            default_footer: true,
            title: None,
            null: None,
            line_style: LineStyle::Ascii,
            unicode_border: UnicodeWeight::Single,
            unicode_column: UnicodeWeight::Single,
            unicode_header: UnicodeWeight::Single,
            field_separator: Separator::text(b"|"),
            record_separator: Separator::text(b"\n"),
            csv_field_separator: b',',
            table_attributes: None,
            numeric_locale: false,
            locale: NumericLocale::default(),
            columns: 0,
            terminal_columns: 0,
            encoding: Encoding::Utf8,
        }
    }
}

impl PrintOptions {
    /// The width tables should keep to; zero if there is none.
    pub fn target_columns(&self) -> usize {
        if self.columns > 0 { self.columns as usize } else { self.terminal_columns as usize }
    }

    /// What is shown for NULL.
    pub fn null_text(&self) -> &[u8] {
        self.null.as_deref().unwrap_or_default()
    }
}
