//! Columns padded to a common width: psql's ordinary tables, and `wrapped`, which breaks values to keep to a width.
//!
//! A table is read twice: [`Widths::measure`] finds what its columns need, [`write`] writes it. When all values are
//! printable ASCII and none has to be broken, every row has its bytes at the same places: then a row is a copy of a
//! template with the values put into it ([`Template`]). Otherwise each value is made into lines ([`Shown`]), and a row
//! takes as many lines as its longest value.

use super::cell::{Shown, measure};
use super::line_style::{Rule, Style};
use super::options::Format;
use super::sink::Sink;
use super::{Alignment, View};
use crate::width::{is_plain, prefix_within};

/// The formats of this file know borders up to this; more is as much.
const MAX_BORDER: u16 = 2;

/// What a table needs.
pub(super) struct Widths {
    /// Columns each column is wide: of its name and its values, or less where values are broken.
    columns: Vec<usize>,
    /// Whether all values are printable ASCII.
    plain: bool,
    /// Whether a column is less wide than its values.
    broken: bool,
    /// The table's width with its frame.
    total: usize,
    /// The width it would have with its names alone.
    total_of_names: usize,
    /// Lines of the names, and those that values of several lines add.
    extra_lines: usize,
}

impl Widths {
    /// Reads the table.
    pub(super) fn measure(view: &View<'_>) -> Widths {
        let options = view.options;
        let count = view.columns();
        let names: Vec<_> = view.table.columns.iter().map(|column| measure(&column.name, options.encoding)).collect();
        let mut widest: Vec<usize> = vec![0; count];
        let mut sums: Vec<u64> = vec![0; count];
        let mut extra_lines = names.iter().map(|name| name.height).max().unwrap_or(0);
        let mut plain = true;
        let mut scratch = Vec::new();
        let rows = if count == 0 { 0 } else { view.rows() };
        for row in 0..rows {
            let mut height = 1;
            for (column, (widest, sum)) in widest.iter_mut().zip(&mut sums).enumerate() {
                let value = view.value(row, column, &mut scratch);
                let width = if is_plain(value) {
                    value.len()
                } else {
                    plain = false;
                    let size = measure(value, options.encoding);
                    height = height.max(size.height);
                    size.width
                };
                *widest = (*widest).max(width);
                *sum += width as u64;
            }
            extra_lines += height - 1;
        }
        let frame = match options.border {
            0 => count,
            1 => (count * 3).saturating_sub(1),
            _ => count * 3 + 1,
        };
        let columns: Vec<usize> = widest.iter().zip(&names).map(|(widest, name)| name.width.max(*widest)).collect();
        let mut widths = Widths {
            total: frame + columns.iter().sum::<usize>(),
            total_of_names: frame + names.iter().map(|name| name.width).sum::<usize>(),
            columns,
            plain,
            broken: false,
            extra_lines,
        };
        if options.format == Format::Wrapped {
            let averages: Vec<usize> = sums
                .iter()
                .map(|sum| usize::try_from(*sum).unwrap_or(usize::MAX).checked_div(rows).unwrap_or(0))
                .collect();
            let minima: Vec<usize> = names.iter().map(|name| name.width).collect();
            widths.shrink(options.target_columns(), &minima, &averages);
            if widths.broken {
                widths.extra_lines = widths.count_broken_lines(view);
            }
        }
        widths
    }

    /// Makes columns narrower until the table fits `target`, if its names do. Each step takes one from the column whose
    /// width stands out most over the average of its values, wide columns a little sooner; no column becomes narrower
    /// than its name.
    fn shrink(&mut self, target: usize, minima: &[usize], averages: &[usize]) {
        if target == 0 || target < self.total_of_names {
            return;
        }
        let widest = self.columns.clone();
        while self.total > target {
            let mut worst: Option<(usize, f64)> = None;
            for (column, &width) in self.columns.iter().enumerate() {
                if averages[column] == 0 || width <= minima[column] {
                    continue;
                }
                let ratio = width as f64 / averages[column] as f64 + widest[column] as f64 * 0.01;
                if worst.is_none_or(|(_, most)| ratio > most) {
                    worst = Some((column, ratio));
                }
            }
            let Some((column, _)) = worst else { break };
            self.columns[column] -= 1;
            self.total -= 1;
            self.broken = true;
        }
    }

    /// The lines of the names and those beyond one for each row, with values broken.
    fn count_broken_lines(&self, view: &View<'_>) -> usize {
        let mut scratch = Vec::new();
        let names = view.table.columns.iter().map(|column| measure(&column.name, view.options.encoding).height);
        let mut extra = names.max().unwrap_or(0);
        for row in 0..view.rows() {
            let mut most = 0;
            for (column, width) in self.columns.iter().enumerate() {
                let size = measure(view.value(row, column, &mut scratch), view.options.encoding);
                most = most.max(size.width.saturating_sub(1) / (*width).max(1) + size.height - 1);
            }
            extra += most;
        }
        extra
    }

    /// Whether the table is wider than this.
    pub(super) fn exceeds(&self, target: usize) -> bool {
        self.total > target || self.total_of_names > target
    }

    /// Lines beyond one for each row and the line below the names.
    pub(super) fn extra_lines(&self) -> usize {
        self.extra_lines
    }
}

/// Writes a table that was measured.
pub(super) fn write(view: &View<'_>, widths: &Widths, sink: &mut Sink<'_>) {
    let style = Style::of(view.options);
    let border = view.options.border.min(MAX_BORDER);
    if view.table.part.first {
        write_title(view, widths.total, sink);
        if !view.options.tuples_only {
            if border == 2 {
                write_rule(&style.top, border, &widths.columns, sink);
            }
            write_names(view, &widths.columns, &style, border, sink);
            write_rule(&style.below_header, border, &widths.columns, sink);
        }
    }
    if view.columns() > 0 {
        if widths.plain && !widths.broken {
            write_plain_rows(view, widths, &style, border, sink);
        } else {
            write_rows(view, widths, &style, border, sink);
        }
    }
    if view.table.part.last {
        if border == 2 {
            write_rule(&style.bottom, border, &widths.columns, sink);
        }
        view.footers(|line| {
            sink.put(line);
            sink.newline();
        });
        sink.newline();
    }
}

/// The title, in the middle above the table.
fn write_title(view: &View<'_>, total: usize, sink: &mut Sink<'_>) {
    if let Some(title) = view.title() {
        let width = measure(title, view.options.encoding).width;
        sink.spaces(total.saturating_sub(width) / 2);
        sink.put(title);
        sink.newline();
    }
}

/// A horizontal line.
fn write_rule(rule: &Rule, border: u16, columns: &[usize], sink: &mut Sink<'_>) {
    match border {
        0 => {}
        1 => sink.text(rule.along),
        _ => {
            sink.text(rule.left);
            sink.text(rule.along);
        }
    }
    for (index, width) in columns.iter().enumerate() {
        match (index, border) {
            (0, _) => {}
            (_, 0) => sink.text(" "),
            _ => {
                sink.text(rule.along);
                sink.text(rule.middle);
                sink.text(rule.along);
            }
        }
        sink.repeat(rule.along, *width);
    }
    match border {
        0 => {}
        1 => sink.text(rule.along),
        _ => {
            sink.text(rule.along);
            sink.text(rule.right);
        }
    }
    sink.newline();
}

/// The columns' names, each in the middle of its column.
fn write_names(view: &View<'_>, columns: &[usize], style: &Style, border: u16, sink: &mut Sink<'_>) {
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
    let height = names.iter().map(|name| name.lines().len()).max().unwrap_or(0);
    for index in 0..height {
        if border == 2 {
            sink.text(style.data.left);
        }
        for (column, (name, width)) in names.iter().zip(columns).enumerate() {
            if border != 0 || (!style.marks_right && column > 0) {
                sink.text(if index == 0 { " " } else { style.header_newline_left });
            }
            match name.lines().get(index) {
                Some(line) => {
                    let room = width - line.width;
                    sink.spaces(room / 2);
                    sink.put(name.text(*line));
                    sink.spaces(room - room / 2);
                }
                None => sink.spaces(*width),
            }
            if border != 0 || style.marks_right {
                sink.text(if index + 1 < name.lines().len() { style.header_newline_right } else { " " });
            }
            if border != 0 && column + 1 < columns.len() {
                sink.text(style.data.middle);
            }
        }
        if border == 2 {
            sink.text(style.data.right);
        }
        sink.newline();
    }
}

/// A row without its values: spaces and verticals, and where the values belong.
struct Template {
    bytes: Vec<u8>,
    /// For each column the place of its first byte, its width, and whether values stand at its right.
    places: Vec<(usize, usize, bool)>,
    /// Bytes at the end that belong to the last column's padding: not written behind a shorter value.
    trimmed: bool,
}

impl Template {
    fn new(view: &View<'_>, widths: &[usize], style: &Style, border: u16) -> Template {
        let mut bytes = Vec::new();
        let mut places = Vec::with_capacity(widths.len());
        if border == 2 {
            bytes.extend_from_slice(style.data.left.as_bytes());
        }
        for (index, (column, width)) in view.table.columns.iter().zip(widths).enumerate() {
            let last = index + 1 == widths.len();
            if border != 0 {
                bytes.push(b' ');
            }
            places.push((bytes.len(), *width, column.alignment == Alignment::Right));
            bytes.resize(bytes.len() + width, b' ');
            if border == 2 || !last {
                bytes.push(b' ');
            }
            if border != 0 && !last {
                bytes.extend_from_slice(style.data.middle.as_bytes());
            }
        }
        if border == 2 {
            bytes.extend_from_slice(style.data.right.as_bytes());
        }
        let trimmed = border < 2 && places.last().is_some_and(|(_, _, right)| !right);
        bytes.push(b'\n');
        Template { bytes, places, trimmed }
    }
}

/// The rows of a table whose values are all printable ASCII.
fn write_plain_rows(view: &View<'_>, widths: &Widths, style: &Style, border: u16, sink: &mut Sink<'_>) {
    let template = Template::new(view, &widths.columns, style, border);
    let mut scratch = Vec::new();
    for row in 0..view.rows() {
        if sink.failed() {
            return;
        }
        let bytes = sink.row(&template.bytes);
        let mut last = 0;
        for (column, &(start, width, right)) in template.places.iter().enumerate() {
            let value = view.value(row, column, &mut scratch);
            last = value.len();
            let start = if right { start + width - last } else { start };
            bytes[start..start + last].copy_from_slice(value);
        }
        if template.trimmed {
            let padding = widths.columns.last().map_or(0, |width| width - last);
            if padding > 0 {
                sink.take_back(padding + 1);
                sink.newline();
            }
        }
    }
}

/// Why a line of a value has one before it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Continues {
    /// It has none.
    No,
    /// That ended with a newline.
    Newline,
    /// That was broken.
    Wrapped,
}

/// How far a value of the current row is written.
struct Progress {
    shown: Shown,
    /// The line of the value to be written next.
    line: usize,
    /// What of that line is written already.
    offset: usize,
    continues: Continues,
}

impl Progress {
    fn begin(&mut self) {
        self.line = 0;
        self.offset = 0;
        self.continues = Continues::No;
    }

    /// Whether there is nothing left to write.
    fn done(&self) -> bool {
        self.line >= self.shown.lines().len()
    }
}

/// The rows of a table with values of any kind.
fn write_rows(view: &View<'_>, widths: &Widths, style: &Style, border: u16, sink: &mut Sink<'_>) {
    let mut values: Vec<Progress> = (0..view.columns())
        .map(|_| Progress { shown: Shown::default(), line: 0, offset: 0, continues: Continues::No })
        .collect();
    let mut scratch = Vec::new();
    for row in 0..view.rows() {
        if sink.failed() {
            return;
        }
        for (column, progress) in values.iter_mut().enumerate() {
            progress.shown.set(view.value(row, column, &mut scratch), view.options.encoding);
            progress.begin();
        }
        loop {
            write_line(view, &widths.columns, &mut values, style, border, sink);
            if values.iter().all(Progress::done) {
                break;
            }
        }
    }
}

/// The next line of a row.
fn write_line(
    view: &View<'_>,
    widths: &[usize],
    values: &mut [Progress],
    style: &Style,
    border: u16,
    sink: &mut Sink<'_>,
) {
    if border == 2 {
        sink.text(style.data.left);
    }
    for (column, &width) in widths.iter().enumerate() {
        let progress = &mut values[column];
        let last = column + 1 == widths.len();
        let padded = border == 2 || !last;
        let left = view.table.columns[column].alignment == Alignment::Left;
        if border != 0 {
            sink.text(match progress.continues {
                Continues::No => " ",
                Continues::Newline => style.newline_left,
                Continues::Wrapped => style.wrapped_left,
            });
        }
        if let Some(line) = progress.shown.lines().get(progress.line).copied() {
            let rest = &progress.shown.text(line)[progress.offset..];
            let (bytes, columns) = if progress.offset == 0 && line.width <= width {
                (rest.len(), line.width)
            } else {
                prefix_within(rest, width, view.options.encoding)
            };
            let room = width.saturating_sub(columns);
            if !left {
                sink.spaces(room);
            }
            sink.put(&rest[..bytes]);
            if bytes < rest.len() {
                progress.offset += bytes;
                progress.continues = Continues::Wrapped;
            } else {
                progress.offset = 0;
                progress.line += 1;
                progress.continues = if progress.done() { Continues::No } else { Continues::Newline };
            }
            if left && (padded || progress.continues != Continues::No) {
                sink.spaces(room);
            }
        } else {
            progress.continues = Continues::No;
            if padded {
                sink.spaces(width);
            }
        }
        match progress.continues {
            Continues::Wrapped => sink.text(style.wrapped_right),
            Continues::Newline => sink.text(style.newline_right),
            Continues::No if padded => sink.text(" "),
            Continues::No => {}
        }
        if border != 0 && !last {
            let next = &values[column + 1];
            sink.text(match next.continues {
                Continues::Wrapped => style.divider_wrapped,
                Continues::Newline => style.divider_newline,
                Continues::No if next.done() => style.divider_blank,
                Continues::No => style.data.middle,
            });
        }
    }
    if border == 2 {
        sink.text(style.data.right);
    }
    sink.newline();
}
