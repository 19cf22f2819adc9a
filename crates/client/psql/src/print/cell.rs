//! A value of an aligned table: its size on the screen, and its text as it is shown there.
//!
//! A value may have several lines. Tabs become spaces up to the next multiple of eight columns of the line, a carriage
//! return `\r`, other control characters `\x01` or, beyond ASCII, `\u0085`. A character that is cut off ends the value.
//! Most values are printable ASCII: for them both answers need only their length.

use crate::width::{Encoding, is_plain, utf8_code_point};

/// The columns from one tab stop to the next.
const TAB: usize = 8;

/// How much room a value takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Size {
    /// Columns of the widest line.
    pub(super) width: usize,
    /// Number of lines; at least one.
    pub(super) height: usize,
}

/// The room a value takes.
#[inline]
pub(super) fn measure(value: &[u8], encoding: Encoding) -> Size {
    if is_plain(value) { Size { width: value.len(), height: 1 } } else { measure_characters(value, encoding) }
}

fn measure_characters(value: &[u8], encoding: Encoding) -> Size {
    let mut size = Size { width: 0, height: 1 };
    let mut width = 0;
    characters(value, encoding, |character| match character {
        Character::Newline => {
            size.width = size.width.max(width);
            size.height += 1;
            width = 0;
        }
        Character::Tab => width += TAB - width % TAB,
        Character::Return => width += 2,
        Character::Control(_) => width += 4,
        Character::WideControl(_) => width += 6,
        Character::Printable(_, columns) => width += columns,
    });
    size.width = size.width.max(width);
    size
}

/// One character of a value, by how it is shown.
enum Character<'a> {
    Newline,
    Return,
    Tab,
    /// A control character of one byte, or a byte that is no character.
    Control(u8),
    /// A control character of several bytes.
    WideControl(&'a [u8]),
    Printable(&'a [u8], usize),
}

/// Calls `each` with every character.
fn characters(value: &[u8], encoding: Encoding, mut each: impl FnMut(Character<'_>)) {
    let mut rest = value;
    while let Some(&first) = rest.first() {
        let length = encoding.character_length(rest);
        if length > rest.len() {
            return;
        }
        let (character, behind) = rest.split_at(length);
        each(match (first, encoding.character_width(character)) {
            (b'\n', _) => Character::Newline,
            (b'\r', _) => Character::Return,
            (b'\t', _) => Character::Tab,
            (_, Some(columns)) => Character::Printable(character, columns),
            (_, None) if length == 1 => Character::Control(first),
            (_, None) => Character::WideControl(character),
        });
        rest = behind;
    }
}

/// A line of a value: where it stands in the text, and its width in columns.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Line {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) width: usize,
}

/// A value as it is shown, line by line. Reused from value to value.
#[derive(Clone, Debug, Default)]
pub(super) struct Shown {
    text: Vec<u8>,
    lines: Vec<Line>,
}

impl Shown {
    /// Takes a value in place of the last one.
    pub(super) fn set(&mut self, value: &[u8], encoding: Encoding) {
        self.text.clear();
        self.lines.clear();
        if is_plain(value) {
            self.text.extend_from_slice(value);
            self.lines.push(Line { start: 0, end: value.len(), width: value.len() });
            return;
        }
        let Shown { text, lines } = self;
        let mut line = Line::default();
        characters(value, encoding, |character| match character {
            Character::Newline => {
                line.end = text.len();
                lines.push(line);
                line = Line { start: text.len(), end: text.len(), width: 0 };
            }
            Character::Tab => {
                let columns = TAB - line.width % TAB;
                text.resize(text.len() + columns, b' ');
                line.width += columns;
            }
            Character::Return => {
                text.extend_from_slice(b"\\r");
                line.width += 2;
            }
            Character::Control(byte) => {
                text.extend_from_slice(b"\\x");
                push_hex(text, u32::from(byte), 2);
                line.width += 4;
            }
            Character::WideControl(bytes) => {
                text.extend_from_slice(b"\\u");
                match encoding {
                    Encoding::Utf8 => push_hex(text, utf8_code_point(bytes), 4),
                    _ => text.extend_from_slice(b"????"),
                }
                line.width += 6;
            }
            Character::Printable(bytes, columns) => {
                text.extend_from_slice(bytes);
                line.width += columns;
            }
        });
        line.end = text.len();
        lines.push(line);
    }

    /// The lines; at least one once a value was set.
    pub(super) fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// The text of a line.
    pub(super) fn text(&self, line: Line) -> &[u8] {
        &self.text[line.start..line.end]
    }
}

/// Adds a number in upper-case hexadecimal digits, at least so many.
fn push_hex(text: &mut Vec<u8>, number: u32, digits: usize) {
    text.extend_from_slice(format!("{number:0digits$X}").as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(value: &[u8], encoding: Encoding) -> Vec<(String, usize)> {
        let mut shown = Shown::default();
        shown.set(value, encoding);
        let size = measure(value, encoding);
        assert_eq!(size.height, shown.lines().len());
        assert_eq!(size.width, shown.lines().iter().map(|line| line.width).max().unwrap_or(0));
        let lines = shown.lines().iter();
        lines.map(|line| (String::from_utf8_lossy(shown.text(*line)).into_owned(), line.width)).collect()
    }

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(shown(b"a\tb\rc\x01", Encoding::Utf8), [(r"a       b\rc\x01".to_string(), 16)]);
        assert_eq!(shown("é\u{85}".as_bytes(), Encoding::Utf8), [("é\\u0085".to_string(), 7)]);
        assert_eq!(shown(b"\xff\x7f", Encoding::Utf8), [(r"\xFF\x7F".to_string(), 8)]);
    }

    #[test]
    fn lines_and_what_is_cut_off() {
        assert_eq!(shown(b"a\nbc\n", Encoding::Utf8), [("a".into(), 1), ("bc".into(), 2), (String::new(), 0)]);
        assert_eq!(shown(b"ok\xe6\x97", Encoding::Utf8), [("ok".to_string(), 2)]);
        assert_eq!(shown(b"", Encoding::Utf8), [(String::new(), 0)]);
    }
}
