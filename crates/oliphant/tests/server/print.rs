//! Prints answers as `psql -a -q` does, as far as the scripts under `tests/sql` go.

use std::fmt::Write;

use error::{Error, Severity};

use crate::session::{Answer, Table};

/// Types whose columns stand on the right, by OID.
const NUMERIC: [u32; 12] = [20, 21, 23, 26, 28, 29, 700, 701, 790, 1700, 5069, 3220];

/// Appends the answers of one statement.
pub fn answers(to: &mut String, statement: &str, answers: &[Answer]) {
    for answer in answers {
        match answer {
            Answer::Table(table) => print_table(to, table),
            Answer::Done => (),
            Answer::CopyOut(data) => to.push_str(&String::from_utf8_lossy(data)),
            Answer::Notice(error) | Answer::Failed(error) => print_error(to, statement, error),
        }
    }
}

fn width(text: &str) -> usize {
    text.split('\n').map(|line| line.chars().count()).max().unwrap_or(0)
}

/// Tabs go to the next multiple of eight.
fn expand_tabs(text: &str) -> String {
    let mut column = 0;
    let mut expanded = String::new();
    for c in text.chars() {
        match c {
            '\t' => {
                let room = 8 - column % 8;
                expanded.push_str(&" ".repeat(room));
                column += room;
            }
            '\n' => {
                expanded.push(c);
                column = 0;
            }
            c => {
                expanded.push(c);
                column += 1;
            }
        }
    }
    expanded
}

fn print_table(to: &mut String, table: &Table) {
    let cells: Vec<Vec<String>> = (table.rows.iter())
        .map(|row| row.iter().map(|value| expand_tabs(value.as_deref().unwrap_or(""))).collect())
        .collect();
    let widths: Vec<usize> = (table.columns.iter().enumerate())
        .map(|(n, (name, _))| cells.iter().map(|row| width(&row[n])).chain([width(name)]).max().unwrap_or(0))
        .collect();
    let last = table.columns.len().wrapping_sub(1);
    if table.columns.is_empty() {
        to.push_str("--\n");
    } else {
        for (n, (name, _)) in table.columns.iter().enumerate() {
            let room = widths[n] - width(name);
            let _ = write!(to, " {}{name}{}", " ".repeat(room / 2), " ".repeat(room - room / 2));
            to.push_str(if n == last { " \n" } else { " |" });
        }
        for (n, width) in widths.iter().enumerate() {
            to.push_str(&"-".repeat(width + 2));
            to.push_str(if n == last { "\n" } else { "+" });
        }
    }
    for row in &cells {
        let lines: Vec<Vec<&str>> = row.iter().map(|cell| cell.split('\n').collect()).collect();
        for line in 0..lines.iter().map(Vec::len).max().unwrap_or(0) {
            for (n, cell) in lines.iter().enumerate() {
                let text = cell.get(line).copied().unwrap_or("");
                let room = " ".repeat(widths[n] - text.chars().count());
                let more = line + 1 < cell.len();
                if NUMERIC.contains(&table.columns[n].1) {
                    let _ = write!(to, " {room}{text}");
                } else if n == last && !more {
                    let _ = write!(to, " {text}");
                } else {
                    let _ = write!(to, " {text}{room}");
                }
                match (more, n == last) {
                    (true, true) => to.push('+'),
                    (true, false) => to.push_str("+|"),
                    (false, true) => (),
                    (false, false) => to.push_str(" |"),
                }
            }
            to.push('\n');
        }
    }
    let rows = cells.len();
    let _ = writeln!(to, "({rows} row{})\n", if rows == 1 { "" } else { "s" });
}

fn print_error(to: &mut String, statement: &str, error: &Error) {
    let fields = error.fields();
    let _ = writeln!(to, "{}:  {}", fields.severity.name(), fields.message);
    if let Some(position) = fields.position.map(|n| n as usize - 1)
        && position <= statement.chars().count()
    {
        let before: String = statement.chars().take(position).collect();
        let line_number = before.matches('\n').count() + 1;
        let line = statement.split('\n').nth(line_number - 1).unwrap_or("");
        let column = before.chars().rev().take_while(|&c| c != '\n').count();
        let label = format!("LINE {line_number}: ");
        // Long lines are shown around the position, 60 columns at most.
        let chars: Vec<char> = line.chars().map(|c| if c == '\t' { ' ' } else { c }).collect();
        let (mut from, mut until) = (0, chars.len());
        let (mut start, mut end) = ("", "");
        if chars.len() > 60 {
            if column + 10 < 60 {
                until = 57;
                end = "...";
            } else if chars.len() - column < 20 {
                from = chars.len() - 57;
                start = "...";
            } else {
                from = column + 10 - 54;
                until = column + 10;
                (start, end) = ("...", "...");
            }
        }
        let shown: String = chars[from..until].iter().collect();
        let _ = writeln!(to, "{label}{start}{shown}{end}");
        let _ = writeln!(to, "{}^", " ".repeat(label.len() + start.len() + column - from));
    }
    for (name, text) in [("DETAIL", &fields.detail), ("HINT", &fields.hint)] {
        if let Some(text) = text {
            let _ = writeln!(to, "{name}:  {text}");
        }
    }
    if fields.severity >= Severity::Error
        && let Some(context) = &fields.context
    {
        let _ = writeln!(to, "CONTEXT:  {context}");
    }
}
