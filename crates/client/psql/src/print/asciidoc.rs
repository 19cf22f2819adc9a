//! An AsciiDoc table.

use super::sink::Sink;
use super::{Alignment, View};

/// Title and the line of attributes, from `specification` of the columns on.
fn begin(view: &View<'_>, sink: &mut Sink<'_>, specification: impl FnOnce(&mut Sink<'_>)) {
    sink.newline();
    if let Some(title) = view.title() {
        sink.text(".");
        sink.put(title);
        sink.newline();
    }
    sink.text("[");
    specification(sink);
    sink.text(match view.options.border {
        0 => ",frame=\"none\",grid=\"none\"",
        1 => ",frame=\"none\"",
        2 => ",frame=\"all\",grid=\"all\"",
        _ => "",
    });
    sink.text("]\n|====\n");
}

/// The end of the table, which each part of an answer has, and behind the last one these lines in a literal block.
fn end(view: &View<'_>, sink: &mut Sink<'_>, footers: impl FnOnce(&mut dyn FnMut(&[u8])), any: bool) {
    sink.text("|====\n");
    if any && view.table.part.last {
        sink.text("\n....\n");
        footers(&mut |line: &[u8]| {
            sink.put(line);
            sink.newline();
        });
        sink.text("....\n");
    }
}

/// A row for each row.
pub(super) fn write(view: &View<'_>, sink: &mut Sink<'_>) {
    let right = |column: usize| view.table.columns[column].alignment == Alignment::Right;
    if view.table.part.first {
        begin(view, sink, |sink| {
            sink.text(if view.options.tuples_only { "cols=\"" } else { "options=\"header\",cols=\"" });
            for column in 0..view.columns() {
                if column > 0 {
                    sink.text(",");
                }
                sink.text(if right(column) { ">l" } else { "<l" });
            }
            sink.text("\"");
        });
        if !view.options.tuples_only {
            for (index, column) in view.table.columns.iter().enumerate() {
                if index > 0 {
                    sink.text(" ");
                }
                sink.text("^l|");
                escape(&column.name, sink);
            }
            sink.newline();
        }
    }
    let mut scratch = Vec::new();
    for row in 0..view.rows() {
        if view.columns() == 0 || sink.failed() {
            break;
        }
        for column in 0..view.columns() {
            if column > 0 {
                sink.text(" ");
            }
            sink.text("|");
            let value = view.value(row, column, &mut scratch);
            if value.iter().all(|byte| matches!(byte, b' ' | b'\t')) {
                // An empty last cell keeps no space behind it.
                if column + 1 < view.columns() {
                    sink.text(" ");
                }
            } else {
                escape(value, sink);
            }
        }
        sink.newline();
    }
    end(view, sink, |each| view.footers(each), view.has_footers());
}

/// A row for each value, below a row that counts records.
pub(super) fn write_expanded(view: &View<'_>, sink: &mut Sink<'_>) {
    if view.table.part.first {
        begin(view, sink, |sink| sink.text("cols=\"h,l\""));
    }
    let mut scratch = Vec::new();
    for row in 0..view.rows() {
        if view.columns() == 0 || sink.failed() {
            break;
        }
        if view.options.tuples_only {
            sink.text("2+|\n");
        } else {
            sink.text("2+^|Record ");
            sink.number(view.first_record() + row as u64);
            sink.newline();
        }
        for (index, column) in view.table.columns.iter().enumerate() {
            sink.text("<l|");
            escape(&column.name, sink);
            sink.text(if column.alignment == Alignment::Right { " >l|" } else { " <l|" });
            let value = view.value(row, index, &mut scratch);
            if value.iter().all(|byte| matches!(byte, b' ' | b'\t')) {
                sink.text(" ");
            } else {
                escape(value, sink);
            }
            sink.newline();
        }
    }
    let own = view.own_footers();
    end(view, sink, |each| own.iter().for_each(|line| each(line)), !own.is_empty());
}

/// Text whose bars are no ends of cells.
fn escape(text: &[u8], sink: &mut Sink<'_>) {
    let mut rest = text;
    while let Some(bar) = rest.iter().position(|byte| *byte == b'|') {
        sink.put(&rest[..bar]);
        sink.text("\\|");
        rest = &rest[bar + 1..];
    }
    sink.put(rest);
}
