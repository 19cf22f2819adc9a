//! How many columns of a terminal a character takes.

/// Columns of a character: 0 for combining ones, 2 for wide ones, 1 for others (a tab and other control characters too, as
/// they are replaced before they are shown).
pub fn of(c: char) -> usize {
    if c < '\u{300}' { 1 } else { 1 + usize::from(is_wide(c)) }
}

/// East Asian wide and full-width characters, and emoji.
fn is_wide(c: char) -> bool {
    matches!(c as u32,
        0x1100..=0x115F | 0x2E80..=0x303E | 0x3041..=0xA4CF | 0xA960..=0xA97C | 0xAC00..=0xD7A3 | 0xF900..=0xFAFF
        | 0xFE30..=0xFE6F | 0xFF00..=0xFF60 | 0xFFE0..=0xFFE6 | 0x1F300..=0x1F64F | 0x1F900..=0x1F9FF
        | 0x20000..=0x3FFFD)
}
