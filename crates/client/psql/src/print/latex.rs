//! LaTeX: `tabular`, and `longtable` for tables that go over pages.

use super::sink::Sink;
use super::{Alignment, View};

/// The letter for a column's alignment.
fn letter(alignment: Alignment) -> u8 {
    match alignment {
        Alignment::Left => b'l',
        Alignment::Right => b'r',
    }
}

/// Writes what stands between two columns of a specification, by the border.
fn between(border: u16) -> &'static str {
    if border == 0 { "" } else { " | " }
}

/// The title, above a `tabular`.
fn centered_title(view: &View<'_>, sink: &mut Sink<'_>) {
    if let Some(title) = view.title() {
        sink.text("\\begin{center}\n");
        escape(title, sink);
        sink.text("\n\\end{center}\n\n");
    }
}

/// A `tabular` with a row for each row.
pub(super) fn write(view: &View<'_>, sink: &mut Sink<'_>) {
    let border = view.options.border.min(3);
    if view.table.part.first {
        centered_title(view, sink);
        sink.text("\\begin{tabular}{");
        sink.text(if border >= 2 { "| " } else { "" });
        for (index, column) in view.table.columns.iter().enumerate() {
            if index > 0 {
                sink.text(between(border));
            }
            sink.byte(letter(column.alignment));
        }
        sink.text(if border >= 2 { " |" } else { "" });
        sink.text("}\n");
        if !view.options.tuples_only {
            if border >= 2 {
                sink.text("\\hline\n");
            }
            for (index, column) in view.table.columns.iter().enumerate() {
                sink.text(if index > 0 { " & \\textit{" } else { "\\textit{" });
                escape(&column.name, sink);
                sink.text("}");
            }
            sink.text(" \\\\\n\\hline\n");
        }
    }
    let mut scratch = Vec::new();
    for row in 0..view.rows() {
        if view.columns() == 0 || sink.failed() {
            break;
        }
        for column in 0..view.columns() {
            if column > 0 {
                sink.text(" & ");
            }
            escape(view.value(row, column, &mut scratch), sink);
        }
        sink.text(" \\\\\n");
        if border == 3 {
            sink.text("\\hline\n");
        }
    }
    if view.table.part.last {
        if border == 2 {
            sink.text("\\hline\n");
        }
        sink.text("\\end{tabular}\n\n\\noindent ");
        view.footers(|line| {
            escape(line, sink);
            sink.text(" \\\\\n");
        });
        sink.newline();
    }
}

/// A `longtable` with a row for each row.
pub(super) fn write_longtable(view: &View<'_>, sink: &mut Sink<'_>) {
    let border = view.options.border.min(3);
    if view.table.part.first {
        sink.text("\\begin{longtable}{");
        longtable_columns(view, border, sink);
        sink.text("}\n");
        if !view.options.tuples_only {
            longtable_headers(view, border, sink);
        }
    }
    let mut scratch = Vec::new();
    for row in 0..view.rows() {
        if view.columns() == 0 || sink.failed() {
            break;
        }
        for column in 0..view.columns() {
            sink.text(if column > 0 { "\n&\n\\raggedright{" } else { "\\raggedright{" });
            escape(view.value(row, column, &mut scratch), sink);
            sink.text("}");
        }
        sink.text(" \\tabularnewline\n");
        if border == 3 {
            sink.text(" \\hline\n");
        }
    }
    if view.table.part.last {
        sink.text("\\end{longtable}\n");
    }
}

/// The columns' specification. `tableattr` gives the widths of left-aligned columns, as parts of the text's width, in
/// turn; the last one serves all that are left.
fn longtable_columns(view: &View<'_>, border: u16, sink: &mut Sink<'_>) {
    let attributes = view.options.table_attributes.as_deref().unwrap_or_default();
    let mut widths = attributes.split(|byte| matches!(byte, b' ' | b'\t' | b'\n')).filter(|width| !width.is_empty());
    let mut width = None;
    sink.text(if border >= 2 { "| " } else { "" });
    for (index, column) in view.table.columns.iter().enumerate() {
        if index > 0 {
            sink.text(between(border));
        }
        if column.alignment == Alignment::Left && view.options.table_attributes.is_some() {
            width = widths.next().or(width);
            if let Some(width) = width {
                sink.text("p{");
                sink.put(width);
                sink.text("\\textwidth}");
            } else {
                sink.text("l");
            }
        } else {
            sink.byte(letter(column.alignment));
        }
    }
    sink.text(if border >= 2 { " |" } else { "" });
}

/// The headers of the first and of further pages, and what stands below each page.
fn longtable_headers(view: &View<'_>, border: u16, sink: &mut Sink<'_>) {
    let header = |sink: &mut Sink<'_>| {
        if border >= 2 {
            sink.text("\\toprule\n");
        }
        for (index, column) in view.table.columns.iter().enumerate() {
            sink.text(if index > 0 { " & \\small\\textbf{\\textit{" } else { "\\small\\textbf{\\textit{" });
            escape(&column.name, sink);
            sink.text("}}");
        }
        sink.text(" \\\\\n");
    };
    header(sink);
    sink.text("\\midrule\n\\endfirsthead\n");
    header(sink);
    // With lines between all rows, the page's first row has its own.
    if border != 3 {
        sink.text("\\midrule\n");
    }
    sink.text("\\endhead\n");
    if let Some(title) = view.title() {
        for (continued, end) in [(" (Continued)", "\\endfoot\n"), ("", "\\endlastfoot\n")] {
            if border == 2 {
                sink.text("\\bottomrule\n");
            }
            sink.text("\\caption[");
            escape(title, sink);
            sink.text(continued);
            sink.text("]{");
            escape(title, sink);
            sink.text("}\n");
            sink.text(end);
        }
    } else if border >= 2 {
        sink.text("\\bottomrule\n\\endfoot\n\\bottomrule\n\\endlastfoot\n");
    }
}

/// A `tabular` with a row for each value; both formats write it so.
pub(super) fn write_expanded(view: &View<'_>, sink: &mut Sink<'_>) {
    let border = view.options.border.min(2);
    if view.table.part.first {
        centered_title(view, sink);
        sink.text(match border {
            0 => "\\begin{tabular}{cl}\n",
            1 => "\\begin{tabular}{c|l}\n",
            _ => "\\begin{tabular}{|c|l|}\n",
        });
    }
    let mut scratch = Vec::new();
    for row in 0..view.rows() {
        if view.columns() == 0 || sink.failed() {
            break;
        }
        if view.options.tuples_only {
            sink.text(if border >= 1 { "\\hline\n" } else { "" });
        } else {
            sink.text(match border {
                2 => "\\hline\n\\multicolumn{2}{|c|}{\\textit{Record ",
                _ => "\\multicolumn{2}{c}{\\textit{Record ",
            });
            sink.number(view.first_record() + row as u64);
            sink.text(if border >= 1 { "}} \\\\\n\\hline\n" } else { "}} \\\\\n" });
        }
        for (index, column) in view.table.columns.iter().enumerate() {
            escape(&column.name, sink);
            sink.text(" & ");
            escape(view.value(row, index, &mut scratch), sink);
            sink.text(" \\\\\n");
        }
    }
    if view.table.part.last {
        if border == 2 {
            sink.text("\\hline\n");
        }
        sink.text("\\end{tabular}\n\n\\noindent ");
        for line in view.own_footers() {
            escape(line, sink);
            sink.text(" \\\\\n");
        }
        sink.newline();
    }
}

/// Text with what LaTeX would read otherwise escaped, and newlines as line breaks.
fn escape(text: &[u8], sink: &mut Sink<'_>) {
    let mut plain = 0;
    for (index, byte) in text.iter().enumerate() {
        let escaped = match byte {
            b'#' => "\\#",
            b'$' => "\\$",
            b'%' => "\\%",
            b'&' => "\\&",
            b'<' => "\\textless{}",
            b'>' => "\\textgreater{}",
            b'\\' => "\\textbackslash{}",
            b'^' => "\\^{}",
            b'_' => "\\_",
            b'{' => "\\{",
            b'|' => "\\textbar{}",
            b'}' => "\\}",
            b'~' => "\\~{}",
            b'\n' => "\\\\",
            _ => continue,
        };
        sink.put(&text[plain..index]);
        sink.text(escaped);
        plain = index + 1;
    }
    sink.put(&text[plain..]);
}
