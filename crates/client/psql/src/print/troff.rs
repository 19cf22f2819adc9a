//! A table for troff, with the macros of `ms` and `tbl`.

use super::sink::Sink;
use super::{Alignment, View};

/// The title and the table's options.
fn begin(view: &View<'_>, border: u16, sink: &mut Sink<'_>) {
    if let Some(title) = view.title() {
        sink.text(".LP\n.DS C\n");
        escape(title, sink);
        sink.text("\n.DE\n");
    }
    sink.text(if border == 2 { ".LP\n.TS\ncenter box;\n" } else { ".LP\n.TS\ncenter;\n" });
}

/// A line for each row.
pub(super) fn write(view: &View<'_>, sink: &mut Sink<'_>) {
    let border = view.options.border.min(2);
    if view.table.part.first {
        begin(view, border, sink);
        for (index, column) in view.table.columns.iter().enumerate() {
            if index > 0 && border > 0 {
                sink.text(" | ");
            }
            sink.text(if column.alignment == Alignment::Right { "r" } else { "l" });
        }
        sink.text(".\n");
        if !view.options.tuples_only {
            for (index, column) in view.table.columns.iter().enumerate() {
                sink.text(if index > 0 { "\t\\fI" } else { "\\fI" });
                escape(&column.name, sink);
                sink.text("\\fP");
            }
            sink.text("\n_\n");
        }
    }
    let mut scratch = Vec::new();
    for row in 0..view.rows() {
        if view.columns() == 0 || sink.failed() {
            break;
        }
        for column in 0..view.columns() {
            if column > 0 {
                sink.text("\t");
            }
            escape(view.value(row, column, &mut scratch), sink);
        }
        sink.newline();
    }
    if view.table.part.last {
        sink.text(".TE\n.DS L\n");
        view.footers(|line| {
            escape(line, sink);
            sink.newline();
        });
        sink.text(".DE\n");
    }
}

/// A line for each value, below a line that counts records.
pub(super) fn write_expanded(view: &View<'_>, sink: &mut Sink<'_>) {
    let border = view.options.border.min(2);
    let tuples_only = view.options.tuples_only;
    if view.table.part.first {
        begin(view, border, sink);
        if tuples_only {
            sink.text("c l;\n");
        }
    }
    let mut scratch = Vec::new();
    // `tbl` needs its format again where that changes: between the line of a record's number and its values.
    let mut first = view.table.part.first;
    for row in 0..view.rows() {
        if view.columns() == 0 || sink.failed() {
            break;
        }
        if tuples_only {
            sink.text(if border >= 1 { "_\n" } else { "" });
        } else {
            if !std::mem::take(&mut first) {
                sink.text(if border == 2 { "_\n.T&\n" } else { ".T&\n" });
            }
            sink.text("c s.\n\\fIRecord ");
            sink.number(view.first_record() + row as u64);
            sink.text("\\fP\n");
            sink.text(if border >= 1 { "_\n" } else { "" });
            sink.text(if border == 1 { ".T&\nc | l.\n" } else { ".T&\nc l.\n" });
        }
        for (index, column) in view.table.columns.iter().enumerate() {
            escape(&column.name, sink);
            sink.text("\t");
            escape(view.value(row, index, &mut scratch), sink);
            sink.newline();
        }
    }
    if view.table.part.last {
        sink.text(".TE\n.DS L\n");
        for line in view.own_footers() {
            escape(line, sink);
            sink.newline();
        }
        sink.text(".DE\n");
    }
}

/// Text whose backslashes begin no request.
fn escape(text: &[u8], sink: &mut Sink<'_>) {
    let mut rest = text;
    while let Some(backslash) = rest.iter().position(|byte| *byte == b'\\') {
        sink.put(&rest[..backslash]);
        sink.text("\\(rs");
        rest = &rest[backslash + 1..];
    }
    sink.put(rest);
}
