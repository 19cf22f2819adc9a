//! Comma-separated values (RFC 4180), with the separator of `csv_fieldsep`.

use super::View;
use super::sink::Sink;

/// A header and a line for each row; neither title nor footer, whatever the options say.
pub(super) fn write(view: &View<'_>, sink: &mut Sink<'_>) {
    let separator = view.options.csv_field_separator;
    if view.table.part.first && !view.options.tuples_only {
        for (index, column) in view.table.columns.iter().enumerate() {
            if index > 0 {
                sink.byte(separator);
            }
            field(&column.name, separator, sink);
        }
        sink.newline();
    }
    let mut scratch = Vec::new();
    for row in 0..view.rows() {
        if view.columns() == 0 || sink.failed() {
            break;
        }
        for column in 0..view.columns() {
            if column > 0 {
                sink.byte(separator);
            }
            field(view.value(row, column, &mut scratch), separator, sink);
        }
        sink.newline();
    }
}

/// A line for each value, with its column's name.
pub(super) fn write_expanded(view: &View<'_>, sink: &mut Sink<'_>) {
    let separator = view.options.csv_field_separator;
    let mut scratch = Vec::new();
    for row in 0..view.rows() {
        if sink.failed() {
            break;
        }
        for (index, column) in view.table.columns.iter().enumerate() {
            field(&column.name, separator, sink);
            sink.byte(separator);
            field(view.value(row, index, &mut scratch), separator, sink);
            sink.newline();
        }
    }
}

/// A field, in quotes if it holds what would end it. `\.` alone is quoted, because COPY takes it for the end of data; and
/// so are all fields if the separator could make a `\.` of their neighbours.
fn field(text: &[u8], separator: u8, sink: &mut Sink<'_>) {
    let special = |byte: &u8| *byte == separator || matches!(byte, b'"' | b'\n' | b'\r');
    let unquoted = !text.iter().any(special) && text != b"\\." && !matches!(separator, b'\\' | b'.');
    if unquoted {
        return sink.put(text);
    }
    sink.byte(b'"');
    let mut rest = text;
    while let Some(quote) = rest.iter().position(|byte| *byte == b'"') {
        sink.put(&rest[..=quote]);
        sink.byte(b'"');
        rest = &rest[quote + 1..];
    }
    sink.put(rest);
    sink.byte(b'"');
}
