//! Shows where in a command an error is: its line, cut to a readable length, and a caret below.

/// Columns of the excerpt at most.
const WIDTH: usize = 60;
/// Columns that stay visible behind the place.
const BEHIND: usize = 10;

/// A character: where its bytes are, and at which column of the screen it begins.
struct Cell {
    from: usize,
    column: usize,
}

/// Appends two lines (each with a newline before it) for the character `place`, counted from 1. Appends nothing if there is no
/// such place.
pub(crate) fn append(out: &mut Vec<u8>, query: &[u8], place: usize) {
    let Some(place) = place.checked_sub(1) else { return };
    // Characters of the line that holds the place, its number, and where the place is among them.
    let (mut cells, mut line, mut column, mut target) = (Vec::<Cell>::new(), 1, 0, None);
    let mut end = query.len();
    let mut at = 0;
    let mut previous = 0;
    for count in 0.. {
        if count == place {
            target = Some(cells.len());
        }
        let Some(&byte) = query.get(at) else { break };
        let (len, width) = character(&query[at..]);
        if byte == b'\r' || byte == b'\n' {
            if target.is_some() {
                end = at;
                break;
            }
            // A carriage return and a newline together end one line.
            if byte == b'\r' || previous != b'\r' {
                line += 1;
            }
            cells.clear();
            column = 0;
        } else {
            cells.push(Cell { from: at, column });
            column += width;
        }
        previous = byte;
        at += len;
    }
    let Some(target) = target else { return };
    // One more, so that every character has an end.
    cells.push(Cell { from: end, column });
    let (mut first, mut last) = (0, cells.len() - 1);
    let column = |n: usize| cells[n].column;
    let (mut cut_left, mut cut_right) = (false, false);
    if column(last) > WIDTH {
        if WIDTH >= column(target) + BEHIND {
            while column(last) > WIDTH {
                last -= 1;
            }
            cut_right = true;
        } else {
            while column(target) + BEHIND < column(last) {
                last -= 1;
                cut_right = true;
            }
            while column(last) - column(first) > WIDTH {
                first += 1;
                cut_left = true;
            }
        }
    }
    let label = format!("LINE {line}: {}", if cut_left { "..." } else { "" });
    out.push(b'\n');
    out.extend_from_slice(label.as_bytes());
    let shown = &query[cells[first].from..cells[last].from];
    out.extend(shown.iter().map(|&byte| if byte == b'\t' { b' ' } else { byte }));
    if cut_right {
        out.extend_from_slice(b"...");
    }
    out.push(b'\n');
    out.resize(out.len() + label.len() + column(target) - column(first), b' ');
    out.push(b'^');
}

/// Bytes and columns of the first character; a byte that begins none is one of each.
fn character(bytes: &[u8]) -> (usize, usize) {
    let len = match bytes[0] {
        0xC2..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF4 => 4,
        _ => 1,
    };
    let text = bytes.get(..len).and_then(|bytes| std::str::from_utf8(bytes).ok());
    match text.and_then(|text| text.chars().next()) {
        Some(c) => (len, crate::width::of(c)),
        None => (1, 1),
    }
}
