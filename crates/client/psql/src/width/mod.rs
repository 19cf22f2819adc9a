//! How wide text is on the screen: the columns a character takes, in each client encoding.
//!
//! A terminal shows some characters in two columns (East Asian, emoji), some in none (combining marks), and control
//! characters not at all; psql writes the last as escapes. The widths are PostgreSQL's, not the terminal's: tables must
//! line up the same everywhere. The bytes may be invalid in their encoding; nothing here fails.

mod unicode;

/// A client encoding, as far as cutting text into characters needs to know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// One byte a character: SQL_ASCII and the LATIN, ISO 8859, WIN and KOI8 families.
    SingleByte,
    /// UTF8.
    Utf8,
    /// EUC_JP, EUC_JIS_2004.
    EucJp,
    /// EUC_CN.
    EucCn,
    /// EUC_KR.
    EucKr,
    /// EUC_TW.
    EucTw,
    /// JOHAB.
    Johab,
    /// SJIS, SHIFT_JIS_2004.
    Sjis,
    /// BIG5, GBK, UHC: two bytes from a first byte with the high bit.
    DoubleByte,
    /// GB18030.
    Gb18030,
    /// MULE_INTERNAL.
    Mule,
}

/// The first of the bytes that announce a character of another set in the EUC encodings.
const SINGLE_SHIFT_2: u8 = 0x8e;
/// The second of them.
const SINGLE_SHIFT_3: u8 = 0x8f;

impl Encoding {
    /// The encoding by the name the server reports as `client_encoding`. An unknown one counts as single bytes.
    pub fn of_name(name: &str) -> Encoding {
        match name.to_ascii_uppercase().as_str() {
            "UTF8" => Encoding::Utf8,
            "EUC_JP" | "EUC_JIS_2004" => Encoding::EucJp,
            "EUC_CN" => Encoding::EucCn,
            "EUC_KR" => Encoding::EucKr,
            "EUC_TW" => Encoding::EucTw,
            "JOHAB" => Encoding::Johab,
            "SJIS" | "SHIFT_JIS_2004" => Encoding::Sjis,
            "BIG5" | "GBK" | "UHC" => Encoding::DoubleByte,
            "GB18030" => Encoding::Gb18030,
            "MULE_INTERNAL" => Encoding::Mule,
            _ => Encoding::SingleByte,
        }
    }

    /// How many bytes the first character of `text` has by its first bytes; at least one, and possibly more than there
    /// are. `text` must not be empty.
    pub fn character_length(self, text: &[u8]) -> usize {
        let first = text[0];
        if first < 0x80 {
            return 1;
        }
        match self {
            Encoding::SingleByte => 1,
            Encoding::Utf8 => match first {
                0xc0..=0xdf => 2,
                0xe0..=0xef => 3,
                0xf0..=0xf7 => 4,
                _ => 1,
            },
            Encoding::EucJp | Encoding::EucKr | Encoding::Johab => {
                if first == SINGLE_SHIFT_3 {
                    3
                } else {
                    2
                }
            }
            Encoding::EucCn => match first {
                SINGLE_SHIFT_2 | SINGLE_SHIFT_3 => 3,
                _ => 2,
            },
            Encoding::EucTw => match first {
                SINGLE_SHIFT_2 => 4,
                SINGLE_SHIFT_3 => 3,
                _ => 2,
            },
            Encoding::Sjis => match first {
                0xa1..=0xdf => 1,
                _ => 2,
            },
            Encoding::DoubleByte => 2,
            Encoding::Gb18030 => match text.get(1) {
                Some(0x30..=0x39) => 4,
                _ => 2,
            },
            Encoding::Mule => match first {
                0x81..=0x8d => 2,
                0x90..=0x9b => 3,
                0x9c | 0x9d => 4,
                _ => 1,
            },
        }
    }

    /// How many columns the first character of `text` takes: 0, 1 or 2, or `None` if it is a control character. `text`
    /// must hold the whole character.
    pub fn character_width(self, text: &[u8]) -> Option<usize> {
        let first = text[0];
        match self {
            _ if first < 0x80 => ascii_width(first),
            Encoding::SingleByte => Some(1),
            Encoding::Utf8 => code_point_width(utf8_code_point(text)),
            Encoding::EucJp => Some(if first == SINGLE_SHIFT_2 { 1 } else { 2 }),
            Encoding::Sjis => Some(if (0xa1..=0xdf).contains(&first) { 1 } else { 2 }),
            Encoding::Mule => Some(if (0x90..=0x99).contains(&first) || first == 0x9c { 2 } else { 1 }),
            _ => Some(2),
        }
    }
}

/// The width of an ASCII character; zero for the zero byte.
fn ascii_width(byte: u8) -> Option<usize> {
    match byte {
        0 => Some(0),
        0x20..=0x7e => Some(1),
        _ => None,
    }
}

/// What the bytes of the first character stand for, without asking whether they are valid; what cannot begin a
/// character is no code point at all.
pub(crate) fn utf8_code_point(text: &[u8]) -> u32 {
    let rest = |index: usize| u32::from(text.get(index).copied().unwrap_or(0) & 0x3f);
    match text[0] {
        first @ 0x00..=0x7f => u32::from(first),
        first @ 0xc0..=0xdf => u32::from(first & 0x1f) << 6 | rest(1),
        first @ 0xe0..=0xef => u32::from(first & 0x0f) << 12 | rest(1) << 6 | rest(2),
        first @ 0xf0..=0xf7 => u32::from(first & 0x07) << 18 | rest(1) << 12 | rest(2) << 6 | rest(3),
        _ => u32::MAX,
    }
}

/// The width of a code point; `None` for control characters and what is no code point.
fn code_point_width(code: u32) -> Option<usize> {
    match code {
        0 => Some(0),
        0x01..=0x1f | 0x7f..=0x9f | 0x11_0000.. => None,
        0x20..=0x7e => Some(1),
        // Before the first combining mark only the soft hyphen is not one column wide.
        _ if code < 0x300 => Some(usize::from(code != 0xad)),
        _ if contains(unicode::ZERO_WIDTH, code) => Some(0),
        _ if contains(unicode::WIDE, code) => Some(2),
        _ => Some(1),
    }
}

/// Whether ascending inclusive ranges contain a value.
fn contains(ranges: &[(u32, u32)], code: u32) -> bool {
    let after = ranges.partition_point(|(first, _)| *first <= code);
    after > 0 && code <= ranges[after - 1].1
}

/// Whether text is printable ASCII throughout, so that its width is its length and its line one.
///
/// Eight bytes at a time: a byte outside of 0x20 to 0x7e sets its high bit in `odd`. Only bytes without a high bit of
/// their own carry nothing into their neighbours, but one with it makes the answer "no" whatever its neighbours say.
#[inline]
pub fn is_plain(text: &[u8]) -> bool {
    const HIGH: u64 = 0x8080_8080_8080_8080;
    const ONES: u64 = 0x0101_0101_0101_0101;
    let odd = |word: u64| (word | word.wrapping_add(ONES) | (word | HIGH).wrapping_sub(ONES * 0x20) ^ HIGH) & HIGH;
    let (chunks, rest) = text.as_chunks();
    let mut found = 0;
    for chunk in chunks {
        found |= odd(u64::from_le_bytes(*chunk));
    }
    let mut last = [b' '; 8];
    for (to, from) in last.iter_mut().zip(rest) {
        *to = *from;
    }
    found | odd(u64::from_le_bytes(last)) == 0
}

/// The columns text takes on one line, as the columns of its characters; control characters and what is cut off at the
/// end count as nothing. For prompts and the like; cells of tables are measured with their escapes.
pub fn text_width(text: &[u8], encoding: Encoding) -> usize {
    if is_plain(text) {
        return text.len();
    }
    let (mut rest, mut width) = (text, 0);
    while !rest.is_empty() {
        let length = encoding.character_length(rest);
        if length > rest.len() {
            break;
        }
        width += encoding.character_width(rest).unwrap_or(0);
        rest = &rest[length..];
    }
    width
}

/// How many bytes of `text` fit into `columns`, and how many columns they take. The first character that has a
/// width is taken even if it is wider, so that whoever cuts text into lines gets on.
pub fn prefix_within(text: &[u8], columns: usize, encoding: Encoding) -> (usize, usize) {
    let (mut taken, mut width) = (0, 0);
    while taken < text.len() {
        let length = encoding.character_length(&text[taken..]).min(text.len() - taken);
        let character = encoding.character_width(&text[taken..]).unwrap_or(0);
        if width > 0 && width + character > columns {
            break;
        }
        taken += length;
        width += character;
    }
    (taken, width)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_is_printable_ascii_wherever_the_odd_byte_stands() {
        for length in 0..40 {
            let text = vec![b'~'; length];
            assert!(is_plain(&text));
            for place in 0..length {
                for byte in 0..=255u8 {
                    let mut text = text.clone();
                    text[place] = byte;
                    assert_eq!(is_plain(&text), (0x20..0x7f).contains(&byte), "{byte:#x} at {place} of {length}");
                }
            }
        }
    }

    #[test]
    fn widths_of_code_points() {
        let width = |text: &str| text_width(text.as_bytes(), Encoding::Utf8);
        assert_eq!(width("abc"), 3);
        assert_eq!(width("é日本😀"), 7);
        assert_eq!(width("e\u{301}\u{ad}"), 1);
        assert_eq!(Encoding::Utf8.character_width("\u{85}".as_bytes()), None);
        assert_eq!(Encoding::Utf8.character_width(b"\xff"), None);
    }

    #[test]
    fn ranges_ascend() {
        for table in [unicode::ZERO_WIDTH, unicode::WIDE] {
            assert!(table.windows(2).all(|pair| pair[0].1 < pair[1].0));
            assert!(table.iter().all(|(first, last)| first <= last));
        }
    }

    #[test]
    fn prefixes_make_progress_on_any_bytes() {
        for encoding in [Encoding::Utf8, Encoding::EucTw, Encoding::Gb18030, Encoding::Mule, Encoding::Sjis] {
            let bytes: Vec<u8> = (1..=255).collect();
            let mut rest = &bytes[..];
            while !rest.is_empty() {
                let (taken, _) = prefix_within(rest, 1, encoding);
                assert!(taken > 0 && taken <= rest.len());
                rest = &rest[taken..];
            }
        }
        assert_eq!(prefix_within("日本語".as_bytes(), 5, Encoding::Utf8), (6, 4));
        assert_eq!(prefix_within("日本語".as_bytes(), 1, Encoding::Utf8), (3, 2));
    }
}
