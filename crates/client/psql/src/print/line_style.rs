//! The characters that aligned tables are drawn with.

use super::options::{LineStyle, PrintOptions, UnicodeWeight};

/// One horizontal line, or the verticals of the rows: what it is drawn with and where verticals meet it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    /// Drawn along.
    pub(super) along: &'static str,
    /// At the left edge.
    pub(super) left: &'static str,
    /// Between columns.
    pub(super) middle: &'static str,
    /// At the right edge.
    pub(super) right: &'static str,
}

/// A way to draw tables.
#[derive(Clone, Copy, Debug)]
pub(super) struct Style {
    /// Above the header, or the first record.
    pub(super) top: Rule,
    /// Below the header, or between records.
    pub(super) below_header: Rule,
    /// Below the last row.
    pub(super) bottom: Rule,
    /// The verticals of rows.
    pub(super) data: Rule,
    /// Between columns, where the value at the right continues after a newline.
    pub(super) divider_newline: &'static str,
    /// Between columns, where the value at the right continues because it was too wide.
    pub(super) divider_wrapped: &'static str,
    /// Between columns, where the value at the right has ended.
    pub(super) divider_blank: &'static str,
    /// Before a further line of a column's name.
    pub(super) header_newline_left: &'static str,
    /// Behind a line of a column's name that has another below it.
    pub(super) header_newline_right: &'static str,
    /// Before a line that follows a newline.
    pub(super) newline_left: &'static str,
    /// Behind a line that ends with a newline.
    pub(super) newline_right: &'static str,
    /// Before a line that continues a broken one.
    pub(super) wrapped_left: &'static str,
    /// Behind a line that was broken.
    pub(super) wrapped_right: &'static str,
    /// Whether marks stand at the right of a value even without a border.
    pub(super) marks_right: bool,
}

const ASCII_RULE: Rule = Rule { along: "-", left: "+", middle: "+", right: "+" };

const ASCII: Style = Style {
    top: ASCII_RULE,
    below_header: ASCII_RULE,
    bottom: ASCII_RULE,
    data: Rule { along: "", left: "|", middle: "|", right: "|" },
    divider_newline: "|",
    divider_wrapped: "|",
    divider_blank: "|",
    header_newline_left: " ",
    header_newline_right: "+",
    newline_left: " ",
    newline_right: "+",
    wrapped_left: ".",
    wrapped_right: ".",
    marks_right: true,
};

const OLD_ASCII: Style = Style {
    divider_newline: ":",
    divider_wrapped: ";",
    divider_blank: " ",
    header_newline_left: "+",
    header_newline_right: " ",
    newline_right: " ",
    wrapped_left: " ",
    wrapped_right: " ",
    marks_right: false,
    ..ASCII
};

impl Style {
    /// The style that the options name.
    pub(super) fn of(options: &PrintOptions) -> Style {
        match options.line_style {
            LineStyle::Ascii => ASCII,
            LineStyle::OldAscii => OLD_ASCII,
            LineStyle::Unicode => {
                Style::unicode(options.unicode_border, options.unicode_column, options.unicode_header)
            }
        }
    }

    /// Box-drawing characters. The frame's weight decides along top and bottom and at the edges, the columns' on the
    /// verticals within, the header's on the line below it.
    fn unicode(border: UnicodeWeight, column: UnicodeWeight, header: UnicodeWeight) -> Style {
        use UnicodeWeight::{Double, Single};
        let along = |weight| if weight == Single { "─" } else { "═" };
        let vertical = |weight| if weight == Single { "│" } else { "║" };
        let frame = along(border);
        Style {
            top: Rule {
                along: frame,
                left: if border == Single { "┌" } else { "╔" },
                middle: match (column, border) {
                    (Single, Single) => "┬",
                    (Single, Double) => "╤",
                    (Double, Single) => "╥",
                    (Double, Double) => "╦",
                },
                right: if border == Single { "┐" } else { "╗" },
            },
            below_header: Rule {
                along: along(header),
                left: match (header, border) {
                    (Single, Single) => "├",
                    (Single, Double) => "╟",
                    (Double, Single) => "╞",
                    (Double, Double) => "╠",
                },
                middle: match (column, header) {
                    (Single, Single) => "┼",
                    (Single, Double) => "╪",
                    (Double, Single) => "╫",
                    (Double, Double) => "╬",
                },
                right: match (header, border) {
                    (Single, Single) => "┤",
                    (Single, Double) => "╢",
                    (Double, Single) => "╡",
                    (Double, Double) => "╣",
                },
            },
            bottom: Rule {
                along: frame,
                left: if border == Single { "└" } else { "╚" },
                middle: match (column, border) {
                    (Single, Single) => "┴",
                    (Single, Double) => "╧",
                    (Double, Single) => "╨",
                    (Double, Double) => "╩",
                },
                right: if border == Single { "┘" } else { "╝" },
            },
            data: Rule { along: "", left: vertical(border), middle: vertical(column), right: vertical(border) },
            divider_newline: vertical(column),
            divider_wrapped: vertical(column),
            divider_blank: vertical(column),
            header_newline_left: " ",
            header_newline_right: "↵",
            newline_left: " ",
            newline_right: "↵",
            wrapped_left: "…",
            wrapped_right: "…",
            marks_right: true,
        }
    }
}
