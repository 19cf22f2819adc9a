//! Values with a separator between them, as they are.

use super::View;
use super::sink::Sink;

/// One line for each row.
pub(super) fn write(view: &View<'_>, sink: &mut Sink<'_>) {
    let field = view.options.field_separator.bytes();
    let record = view.options.record_separator.bytes();
    // Separators stand between lines: the first line of the answer has none before it.
    let mut first = true;
    let mut separate = |sink: &mut Sink<'_>| {
        if !std::mem::take(&mut first) {
            sink.put(record);
        }
    };
    if view.table.part.first {
        if let Some(title) = view.title() {
            separate(sink);
            sink.put(title);
        }
        if !view.options.tuples_only {
            separate(sink);
            for (index, column) in view.table.columns.iter().enumerate() {
                if index > 0 {
                    sink.put(field);
                }
                sink.put(&column.name);
            }
        }
    } else {
        // The line before was written with an earlier part.
        separate(sink);
    }
    let mut scratch = Vec::new();
    for row in 0..view.rows() {
        if view.columns() == 0 || sink.failed() {
            break;
        }
        separate(sink);
        for column in 0..view.columns() {
            if column > 0 {
                sink.put(field);
            }
            sink.put(view.value(row, column, &mut scratch));
        }
    }
    if view.table.part.last {
        view.footers(|line| {
            separate(sink);
            sink.put(line);
        });
        end(view, first, sink);
    }
}

/// A block of lines for each row: a column's name and its value on each.
pub(super) fn write_expanded(view: &View<'_>, sink: &mut Sink<'_>) {
    let field = view.options.field_separator.bytes();
    let record = view.options.record_separator.bytes();
    let mut blank = !view.table.part.first;
    if view.table.part.first
        && let Some(title) = view.title()
    {
        sink.put(title);
        blank = true;
    }
    let mut scratch = Vec::new();
    for row in 0..view.rows() {
        if sink.failed() {
            return;
        }
        for (index, column) in view.table.columns.iter().enumerate() {
            if index > 0 {
                sink.put(record);
            } else if std::mem::replace(&mut blank, true) {
                sink.put(record);
                sink.put(record);
            }
            sink.put(&column.name);
            sink.put(field);
            sink.put(view.value(row, index, &mut scratch));
        }
    }
    if view.table.part.last {
        let own = view.own_footers();
        if !own.is_empty() {
            sink.put(record);
            for line in own {
                sink.put(record);
                sink.put(line);
            }
        }
        end(view, !blank && own.is_empty(), sink);
    }
}

/// The last line ends with the record separator if that is a zero byte, else with a newline, so that what follows
/// begins on its own line.
fn end(view: &View<'_>, empty: bool, sink: &mut Sink<'_>) {
    if empty {
    } else if view.options.record_separator.zero {
        sink.byte(0);
    } else {
        sink.newline();
    }
}
