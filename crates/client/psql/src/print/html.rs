//! An HTML table.

use super::sink::Sink;
use super::{Alignment, View};

/// The opening tag and the caption.
fn begin(view: &View<'_>, sink: &mut Sink<'_>) {
    sink.text("<table border=\"");
    sink.number(u64::from(view.options.border));
    sink.text("\"");
    if let Some(attributes) = &view.options.table_attributes {
        sink.text(" ");
        sink.put(attributes);
    }
    sink.text(">\n");
    if let Some(title) = view.title() {
        sink.text("  <caption>");
        escape(title, sink);
        sink.text("</caption>\n");
    }
}

/// The value's cell.
fn cell(view: &View<'_>, row: usize, column: usize, scratch: &mut Vec<u8>, sink: &mut Sink<'_>) {
    let right = view.table.columns[column].alignment == Alignment::Right;
    sink.text(if right { "    <td align=\"right\">" } else { "    <td align=\"left\">" });
    let value = view.value(row, column, scratch);
    // A cell of spaces only would not be drawn.
    if value.iter().all(|byte| matches!(byte, b' ' | b'\t')) {
        sink.text("&nbsp; ");
    } else {
        escape(value, sink);
    }
    sink.text("</td>\n");
}

/// A row for each row.
pub(super) fn write(view: &View<'_>, sink: &mut Sink<'_>) {
    if view.table.part.first {
        begin(view, sink);
        if !view.options.tuples_only {
            sink.text("  <tr>\n");
            for column in &view.table.columns {
                sink.text("    <th align=\"center\">");
                escape(&column.name, sink);
                sink.text("</th>\n");
            }
            sink.text("  </tr>\n");
        }
    }
    let mut scratch = Vec::new();
    for row in 0..view.rows() {
        if view.columns() == 0 || sink.failed() {
            break;
        }
        sink.text("  <tr valign=\"top\">\n");
        for column in 0..view.columns() {
            cell(view, row, column, &mut scratch, sink);
        }
        sink.text("  </tr>\n");
    }
    if view.table.part.last {
        sink.text("</table>\n");
        if view.has_footers() {
            sink.text("<p>");
            view.footers(|line| {
                escape(line, sink);
                sink.text("<br />\n");
            });
            sink.text("</p>");
        }
        sink.newline();
    }
}

/// A row for each value, below a row that counts records.
pub(super) fn write_expanded(view: &View<'_>, sink: &mut Sink<'_>) {
    if view.table.part.first {
        begin(view, sink);
    }
    let mut scratch = Vec::new();
    for row in 0..view.rows() {
        if view.columns() == 0 || sink.failed() {
            break;
        }
        if view.options.tuples_only {
            sink.text("\n  <tr><td colspan=\"2\">&nbsp;</td></tr>\n");
        } else {
            sink.text("\n  <tr><td colspan=\"2\" align=\"center\">Record ");
            sink.number(view.first_record() + row as u64);
            sink.text("</td></tr>\n");
        }
        for (index, column) in view.table.columns.iter().enumerate() {
            sink.text("  <tr valign=\"top\">\n    <th>");
            escape(&column.name, sink);
            sink.text("</th>\n");
            cell(view, row, index, &mut scratch, sink);
            sink.text("  </tr>\n");
        }
    }
    if view.table.part.last {
        sink.text("</table>\n");
        let own = view.own_footers();
        if !own.is_empty() {
            sink.text("<p>");
            for line in own {
                escape(line, sink);
                sink.text("<br />\n");
            }
            sink.text("</p>");
        }
        sink.newline();
    }
}

/// Text with what HTML would read otherwise escaped, newlines as line breaks and leading spaces kept.
fn escape(text: &[u8], sink: &mut Sink<'_>) {
    let mut leading = true;
    let mut plain = 0;
    for (index, byte) in text.iter().enumerate() {
        let escaped = match byte {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&quot;",
            b'\n' => "<br />\n",
            b' ' if leading => "&nbsp;",
            _ => {
                leading = false;
                continue;
            }
        };
        leading &= *byte == b' ';
        sink.put(&text[plain..index]);
        sink.text(escaped);
        plain = index + 1;
    }
    sink.put(&text[plain..]);
}
