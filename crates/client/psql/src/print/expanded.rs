//! The aligned formats with a block of lines for each row: a column's name at the left, its value at the right.

use super::View;
use super::cell::{Shown, measure};
use super::line_style::{Rule, Style};
use super::options::{ExpandedHeaderWidth, Format, LineStyle};
use super::sink::Sink;

/// How the blocks are laid out.
struct Layout<'a> {
    view: &'a View<'a>,
    style: Style,
    /// The border, with what is beyond two counting as two. The lines between records look at the option itself.
    border: u16,
    /// Columns of the names.
    names: usize,
    /// Columns of the values.
    values: usize,
    /// Whether a name has several lines, so that room for marks is needed.
    names_marked: bool,
    /// Whether a value has several lines or is broken, so that room for marks is needed.
    values_marked: bool,
    /// Whether marks stand as in the style `old-ascii`.
    old: bool,
}

/// Writes a table.
pub(super) fn write(view: &View<'_>, sink: &mut Sink<'_>) {
    let part = view.table.part;
    let rows = if view.columns() == 0 { 0 } else { view.rows() };
    if rows == 0 && part.first && part.last {
        view.footers(|line| {
            sink.put(line);
            sink.newline();
        });
        sink.newline();
        return;
    }
    let layout = Layout::measure(view, rows);
    if part.first
        && let Some(title) = view.title()
    {
        sink.put(title);
        sink.newline();
    }
    let names: Vec<Shown> = view
        .table
        .columns
        .iter()
        .map(|column| {
            let mut shown = Shown::default();
            shown.set(&column.name, view.options.encoding);
            shown
        })
        .collect();
    let (mut value, mut scratch) = (Shown::default(), Vec::new());
    for row in 0..rows {
        if sink.failed() {
            return;
        }
        let opens = row == 0 && part.first;
        let rule = if row == 0 { &layout.style.top } else { &layout.style.below_header };
        if !view.options.tuples_only {
            layout.write_rule(rule, Some(view.first_record() + row as u64), sink);
        } else if !opens || layout.border == 2 {
            layout.write_rule(rule, None, sink);
        }
        for (column, name) in names.iter().enumerate() {
            value.set(view.value(row, column, &mut scratch), view.options.encoding);
            layout.write_value(name, &value, sink);
        }
    }
    if part.last {
        if layout.border == 2 {
            layout.write_rule(&layout.style.bottom, None, sink);
        }
        let own = view.own_footers();
        if !own.is_empty() && layout.border < 2 {
            sink.newline();
        }
        for line in own {
            sink.put(line);
            sink.newline();
        }
        sink.newline();
    }
}

impl<'a> Layout<'a> {
    fn measure(view: &'a View<'a>, rows: usize) -> Layout<'a> {
        let options = view.options;
        let (mut names, mut names_marked) = (0, false);
        for column in &view.table.columns {
            let size = measure(&column.name, options.encoding);
            names = names.max(size.width);
            names_marked |= size.height > 1;
        }
        let (mut values, mut values_marked, mut scratch) = (0, false, Vec::new());
        for row in 0..rows {
            for column in 0..view.columns() {
                let size = measure(view.value(row, column, &mut scratch), options.encoding);
                values = values.max(size.width);
                values_marked |= size.height > 1;
            }
        }
        let mut layout = Layout {
            view,
            style: Style::of(options),
            border: options.border.min(2),
            names,
            values,
            names_marked,
            values_marked,
            old: options.line_style == LineStyle::OldAscii,
        };
        layout.fit(rows);
        layout
    }

    /// Decides the width of the values: their own, but what the lines with the records' numbers need in any case, and
    /// in the format `wrapped` what the target width leaves, though not less than three columns.
    fn fit(&mut self, rows: usize) {
        let wrapped = self.view.options.format == Format::Wrapped;
        let target = if wrapped { self.view.options.target_columns() } else { 0 };
        let label = self.label_width(rows);
        let between = |layout: &Layout<'_>| match layout.border {
            0 => 1 + usize::from(layout.names_marked),
            1 => 3 + usize::from(layout.names_marked && layout.old),
            _ => 7,
        };
        let marks_room = self.border < 2 && !self.old;
        loop {
            let spacing = between(self) + usize::from(self.values_marked && marks_room);
            let fixed = self.names + spacing;
            let native = (fixed + self.values).max(label);
            let least = (fixed + 3).max(label);
            let total = if target == 0 || target >= native { native } else { target.max(least) };
            let values = total - fixed;
            if values < self.values && !self.values_marked && marks_room {
                // Breaking needs a column for its marks: reckon again with it.
                self.values_marked = true;
                continue;
            }
            self.values = values;
            return;
        }
    }

    /// Columns that the line with the last record's number of this part needs.
    fn label_width(&self, rows: usize) -> usize {
        if self.view.options.tuples_only {
            return 0;
        }
        let digits = if rows == 0 { 0 } else { rows.ilog10() as usize + 1 };
        digits
            + match self.border {
                0 => 9,
                1 => 12,
                _ => 15,
            }
    }

    /// A line between records, with a record's number written over it.
    fn write_rule(&self, rule: &Rule, record: Option<u64>, sink: &mut Sink<'_>) {
        let options = self.view.options;
        let border = options.border;
        let names = self.names + usize::from(self.border < 2 && self.names_marked && self.old);
        let along = if border > 0 { rule.along } else { " " };
        match border {
            1 => sink.text(rule.along),
            2 => {
                sink.text(rule.left);
                sink.text(rule.along);
            }
            _ => {}
        }
        let label = match (record, border) {
            (None, _) => String::new(),
            (Some(record), 0) => format!("* Record {record}"),
            (Some(record), _) => format!("[ RECORD {record} ]"),
        };
        sink.text(&label);
        // What the label does not cover. Only the widest frame has a column before the names that it begins behind.
        let mut covered = label.len() + usize::from(border != 2);
        let mut draw = |glyph: &str, count: usize, sink: &mut Sink<'_>| {
            let hidden = covered.min(count);
            covered -= hidden;
            sink.repeat(glyph, count - hidden);
        };
        let column_only = options.expanded_header_width == ExpandedHeaderWidth::Column;
        draw(along, names, sink);
        draw(along, 1, sink);
        if border > 0 {
            draw(if column_only { rule.right } else { rule.middle }, 1, sink);
        }
        if !column_only {
            if border > 0 {
                draw(along, 1, sink);
            }
            draw(along, self.rule_over_values(names), sink);
            if border == 2 {
                sink.text(rule.along);
                sink.text(rule.right);
            }
        }
        sink.newline();
    }

    /// How far the line goes over the values.
    fn rule_over_values(&self, names: usize) -> usize {
        let options = self.view.options;
        let limit = match options.expanded_header_width {
            ExpandedHeaderWidth::Full | ExpandedHeaderWidth::Column => 0,
            ExpandedHeaderWidth::Page => options.target_columns(),
            ExpandedHeaderWidth::Exactly(columns) => usize::try_from(columns).unwrap_or(0),
        };
        let frame = match options.border {
            0 => 0,
            1 => 3,
            2 => 7,
            _ => return self.values,
        };
        if limit == 0 { self.values } else { self.values.min(limit.saturating_sub(names + frame)) }
    }

    /// The lines of a name and of its value, side by side.
    fn write_value(&self, name: &Shown, value: &Shown, sink: &mut Sink<'_>) {
        let encoding = self.view.options.encoding;
        let (mut name_line, mut value_line, mut offset, mut value_ended) = (0, 0, 0, false);
        loop {
            let names_left = name.lines().get(name_line);
            let values_left = if value_ended { None } else { value.lines().get(value_line).copied() };
            if names_left.is_none() && values_left.is_none() {
                return;
            }
            if self.border == 2 {
                sink.text(self.style.data.left);
            }
            self.write_name_line(name, name_line, sink);
            name_line += usize::from(names_left.is_some());
            if self.border > 0 {
                sink.text(if offset > 0 {
                    self.style.divider_wrapped
                } else if value_line == 0 {
                    self.style.data.middle
                } else {
                    self.style.divider_newline
                });
            }
            let Some(line) = values_left else {
                if self.border == 2 {
                    sink.spaces(self.values + 2);
                    sink.text(self.style.data.right);
                }
                sink.newline();
                continue;
            };
            sink.text(if offset == 0 { " " } else { self.style.wrapped_left });
            let rest = &value.text(line)[offset..];
            let (bytes, columns) = if offset == 0 && line.width <= self.values {
                (rest.len(), line.width)
            } else {
                crate::width::prefix_within(rest, self.values, encoding)
            };
            sink.put(&rest[..bytes]);
            let mark = if bytes < rest.len() {
                offset += bytes;
                Some(self.style.wrapped_right)
            } else if value_line + 1 < value.lines().len() {
                offset = 0;
                value_line += 1;
                Some(self.style.newline_right)
            } else {
                // Further lines of the name look, beside an ended value that was not empty, as if it were broken there.
                offset += bytes;
                value_ended = true;
                None
            };
            let room = self.values.saturating_sub(columns);
            match mark {
                Some(mark) if self.border == 2 || (self.values_marked && !self.old) => {
                    sink.spaces(room);
                    sink.text(mark);
                }
                None if self.border == 2 => sink.spaces(room + 1),
                _ => {}
            }
            if self.border == 2 {
                sink.text(self.style.data.right);
            }
            sink.newline();
        }
    }

    /// A line of a name with its marks, or as much room.
    fn write_name_line(&self, name: &Shown, index: usize, sink: &mut Sink<'_>) {
        let mark_left = self.border == 2 || (self.names_marked && self.old);
        let mark_right = self.border > 0 || (self.names_marked && !self.old);
        let Some(line) = name.lines().get(index) else {
            let room = self.names + usize::from(self.border);
            let marks = self.names_marked && self.border < if self.old { 2 } else { 1 };
            return sink.spaces((room + usize::from(marks)).max(1));
        };
        if mark_left {
            sink.text(if index == 0 { " " } else { self.style.header_newline_left });
        }
        sink.put(name.text(*line));
        sink.spaces(self.names - line.width);
        if mark_right {
            let more = index + 1 < name.lines().len();
            sink.text(if more { self.style.header_newline_right } else { " " });
        }
    }
}
