//! The encodings that PostgreSQL knows: their names and numbers, and texts in them from and to UTF-8, which is what the server works with.
//!
//! Knows nothing of clients, settings or SQL. What converts at which place is said where it happens: the protocol's border is in `backend`,
//! files of COPY in `commands`, `convert` and its kin in `types`.
//!
//! # Where to start
//!
//! [`Encoding`]. Characters of one byte are in [`single`], those of several in [`multi`]; both read tables that were taken by query from
//! PostgreSQL 18 (`data/`), when an encoding is used for the first time.
//!
//! # Invariants
//!
//! - [`Encoding::decode`] gives valid UTF-8 without zero bytes or an error, whatever the bytes.
//! - Nothing is replaced: a character that the other encoding does not have is an error (`22P05`), as is what is no text at all (`22021`).

#![forbid(unsafe_code)]

mod multi;
mod single;

use error::{Error, Result, SqlState};
use multi::Scheme;

/// How texts are made of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// Bytes of which nothing is known.
    Ascii,
    Utf8,
    /// Emacs's; there is no way between it and UTF-8.
    Mule,
    Single,
    Multi(Scheme),
}

struct Facts {
    name: &'static str,
    /// Other names, without signs and in lower case, the first being its own.
    names: &'static [&'static str],
    /// Bytes of the longest character, as `pg_encoding_max_length` has it.
    longest: u8,
    form: Form,
}

const fn facts(name: &'static str, names: &'static [&'static str], longest: u8, form: Form) -> Facts {
    Facts { name, names, longest, form }
}

/// By number.
#[rustfmt::skip]
static ENCODINGS: &[Facts] = &[
    facts("SQL_ASCII", &["sqlascii"], 1, Form::Ascii),
    facts("EUC_JP", &["eucjp"], 3, Form::Multi(Scheme::EucJp)),
    facts("EUC_CN", &["euccn"], 3, Form::Multi(Scheme::EucCn)),
    facts("EUC_KR", &["euckr"], 3, Form::Multi(Scheme::EucKr)),
    facts("EUC_TW", &["euctw"], 4, Form::Multi(Scheme::EucTw)),
    facts("EUC_JIS_2004", &["eucjis2004"], 3, Form::Multi(Scheme::EucJis2004)),
    facts("UTF8", &["utf8", "unicode"], 4, Form::Utf8),
    facts("MULE_INTERNAL", &["muleinternal"], 4, Form::Mule),
    facts("LATIN1", &["latin1", "iso88591"], 1, Form::Single),
    facts("LATIN2", &["latin2", "iso88592"], 1, Form::Single),
    facts("LATIN3", &["latin3", "iso88593"], 1, Form::Single),
    facts("LATIN4", &["latin4", "iso88594"], 1, Form::Single),
    facts("LATIN5", &["latin5", "iso88599"], 1, Form::Single),
    facts("LATIN6", &["latin6", "iso885910"], 1, Form::Single),
    facts("LATIN7", &["latin7", "iso885913"], 1, Form::Single),
    facts("LATIN8", &["latin8", "iso885914"], 1, Form::Single),
    facts("LATIN9", &["latin9", "iso885915"], 1, Form::Single),
    facts("LATIN10", &["latin10", "iso885916"], 1, Form::Single),
    facts("WIN1256", &["win1256", "windows1256"], 1, Form::Single),
    facts("WIN1258", &["win1258", "windows1258", "abc", "tcvn", "tcvn5712", "vscii"], 1, Form::Single),
    facts("WIN866", &["win866", "windows866", "alt"], 1, Form::Single),
    facts("WIN874", &["win874", "windows874"], 1, Form::Single),
    facts("KOI8R", &["koi8r", "koi8"], 1, Form::Single),
    facts("WIN1251", &["win1251", "windows1251", "win"], 1, Form::Single),
    facts("WIN1252", &["win1252", "windows1252"], 1, Form::Single),
    facts("ISO_8859_5", &["iso88595"], 1, Form::Single),
    facts("ISO_8859_6", &["iso88596"], 1, Form::Single),
    facts("ISO_8859_7", &["iso88597"], 1, Form::Single),
    facts("ISO_8859_8", &["iso88598"], 1, Form::Single),
    facts("WIN1250", &["win1250", "windows1250"], 1, Form::Single),
    facts("WIN1253", &["win1253", "windows1253"], 1, Form::Single),
    facts("WIN1254", &["win1254", "windows1254"], 1, Form::Single),
    facts("WIN1255", &["win1255", "windows1255"], 1, Form::Single),
    facts("WIN1257", &["win1257", "windows1257"], 1, Form::Single),
    facts("KOI8U", &["koi8u"], 1, Form::Single),
    facts("SJIS", &["sjis", "mskanji", "shiftjis", "win932", "windows932"], 2, Form::Multi(Scheme::Sjis)),
    facts("BIG5", &["big5", "win950", "windows950"], 2, Form::Multi(Scheme::Big5)),
    facts("GBK", &["gbk", "win936", "windows936"], 2, Form::Multi(Scheme::Gbk)),
    facts("UHC", &["uhc", "win949", "windows949"], 2, Form::Multi(Scheme::Uhc)),
    facts("GB18030", &["gb18030"], 4, Form::Multi(Scheme::Gb18030)),
    facts("JOHAB", &["johab"], 3, Form::Multi(Scheme::Johab)),
    facts("SHIFT_JIS_2004", &["shiftjis2004"], 2, Form::Multi(Scheme::ShiftJis2004)),
];

/// An encoding, by its number in PostgreSQL.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Encoding(u8);

impl std::fmt::Debug for Encoding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl Encoding {
    /// Bytes of which nothing is known.
    pub const SQL_ASCII: Encoding = Encoding(0);
    /// What the server works with.
    pub const UTF8: Encoding = Encoding(6);

    /// The encoding of a name: case and everything but letters and digits do not matter.
    pub fn named(name: &str) -> Option<Encoding> {
        if name.len() >= 64 {
            return None;
        }
        let plain: String = name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
        ENCODINGS.iter().position(|facts| facts.names.contains(&&*plain)).map(|at| Encoding(at as u8))
    }

    /// The encoding of a number.
    pub fn numbered(number: i32) -> Option<Encoding> {
        u8::try_from(number).ok().filter(|at| usize::from(*at) < ENCODINGS.len()).map(Encoding)
    }

    fn facts(self) -> &'static Facts {
        &ENCODINGS[usize::from(self.0)]
    }

    /// Its number in PostgreSQL.
    pub fn number(self) -> i32 {
        self.0.into()
    }

    /// Its proper name.
    pub fn name(self) -> &'static str {
        self.facts().name
    }

    /// Bytes of its longest character.
    pub fn longest(self) -> i32 {
        self.facts().longest.into()
    }

    /// Whether texts in it can become UTF-8, and the other way round.
    pub fn is_convertible(self) -> bool {
        self.facts().form != Form::Mule
    }

    /// Whether there is a conversion from one encoding to another; between two that are not UTF-8, PostgreSQL has but a few.
    pub fn converts_to(self, to: Encoding) -> bool {
        const GROUPS: &[&[&str]] = &[
            &["KOI8R", "WIN1251", "WIN866", "ISO_8859_5"],
            &["LATIN2", "WIN1250"],
            &["EUC_JP", "SJIS"],
            &["EUC_TW", "BIG5"],
            &["EUC_JIS_2004", "SHIFT_JIS_2004"],
        ];
        let free = |encoding: Encoding| matches!(encoding.facts().form, Form::Utf8 | Form::Ascii);
        self == to
            || self.is_convertible()
                && to.is_convertible()
                && (free(self)
                    || free(to)
                    || GROUPS.iter().any(|group| group.contains(&self.name()) && group.contains(&to.name())))
    }

    /// Adds the UTF-8 form of a text in this encoding.
    ///
    /// # Errors
    /// `22021` for what is no text in it, `22P05` for a character that Unicode does not have; `0A000` for MULE_INTERNAL.
    pub fn decode(self, bytes: &[u8], out: &mut Vec<u8>) -> Result<()> {
        match self.facts().form {
            Form::Ascii | Form::Utf8 => out.extend_from_slice(utf8(bytes)?.as_bytes()),
            Form::Single => single::table(self).decode(self, bytes, out)?,
            Form::Multi(scheme) => multi::table(scheme).decode(self, scheme, bytes, out)?,
            Form::Mule => return Err(Error::not_implemented("encoding MULE_INTERNAL")),
        }
        Ok(())
    }

    /// Adds a text in this encoding.
    ///
    /// # Errors
    /// `22P05` for a character that it does not have; `0A000` for MULE_INTERNAL.
    pub fn encode(self, text: &str, out: &mut Vec<u8>) -> Result<()> {
        match self.facts().form {
            Form::Ascii | Form::Utf8 => out.extend_from_slice(text.as_bytes()),
            Form::Single => single::table(self).encode(self, text, out)?,
            Form::Multi(scheme) => multi::table(scheme).encode(self, text, out)?,
            Form::Mule => return Err(Error::not_implemented("encoding MULE_INTERNAL")),
        }
        Ok(())
    }

    /// A text in this encoding with question marks for characters that it does not have: for messages that must reach a client.
    pub fn encode_lossy(self, text: &str, out: &mut Vec<u8>) {
        let start = out.len();
        if self.encode(text, out).is_ok() {
            return;
        }
        out.truncate(start);
        for c in text.chars() {
            if self.encode(c.encode_utf8(&mut [0; 4]), out).is_err() {
                out.push(b'?');
            }
        }
    }

    /// How many bytes at the end of some text may be the beginning of a character.
    pub fn unfinished(self, bytes: &[u8]) -> usize {
        match self.facts().form {
            Form::Ascii | Form::Single | Form::Mule => 0,
            Form::Utf8 => match std::str::from_utf8(bytes) {
                Err(error) if error.error_len().is_none() => bytes.len() - error.valid_up_to(),
                _ => 0,
            },
            Form::Multi(scheme) => {
                let mut at = 0;
                while at < bytes.len() {
                    let length = scheme.length(&bytes[at..]);
                    if at + length > bytes.len() {
                        return bytes.len() - at;
                    }
                    at += length;
                }
                0
            }
        }
    }

    /// How many characters a text in this encoding has.
    ///
    /// # Errors
    /// `22021` for what is no text in it.
    pub fn count(self, bytes: &[u8]) -> Result<usize> {
        match self.facts().form {
            Form::Utf8 => Ok(utf8(bytes)?.chars().count()),
            Form::Multi(scheme) => multi::count(self, scheme, bytes),
            Form::Ascii | Form::Single | Form::Mule => match bytes.iter().position(|&b| b == 0) {
                Some(at) => Err(invalid(self, &bytes[at..=at])),
                None => Ok(bytes.len()),
            },
        }
    }

    /// A text in this encoding in another one, which [`Encoding::converts_to`] allows.
    ///
    /// # Errors
    /// Those of [`Encoding::decode`] and [`Encoding::encode`].
    pub fn convert(self, bytes: &[u8], to: Encoding, out: &mut Vec<u8>) -> Result<()> {
        if self == to || to == Encoding::SQL_ASCII {
            self.count(bytes)?;
            out.extend_from_slice(bytes);
            return Ok(());
        }
        if self == Encoding::SQL_ASCII {
            to.count(bytes)?;
            out.extend_from_slice(bytes);
            return Ok(());
        }
        let mut text = Vec::with_capacity(bytes.len());
        self.decode(bytes, &mut text)?;
        to.encode(utf8(&text)?, out)
    }
}

/// Bytes as UTF-8 text without zero bytes.
///
/// # Errors
/// `22021`.
pub fn utf8(bytes: &[u8]) -> Result<&str> {
    let wrong = |at: usize| {
        let length = match bytes[at] {
            0xc0..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf7 => 4,
            _ => 1,
        };
        invalid(Encoding::UTF8, &bytes[at..bytes.len().min(at + length)])
    };
    let text = std::str::from_utf8(bytes).map_err(|e| wrong(e.valid_up_to()))?;
    match bytes.iter().position(|&b| b == 0) {
        Some(at) => Err(wrong(at)),
        None => Ok(text),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("0x{b:02x}")).collect::<Vec<_>>().join(" ")
}

#[cold]
fn invalid(encoding: Encoding, bytes: &[u8]) -> Error {
    let text = format!("invalid byte sequence for encoding \"{}\": {}", encoding.name(), hex(bytes));
    Error::new(SqlState::CHARACTER_NOT_IN_REPERTOIRE, text)
}

#[cold]
fn untranslatable(bytes: &[u8], from: Encoding, to: Encoding) -> Error {
    let text = format!(
        "character with byte sequence {} in encoding \"{}\" has no equivalent in encoding \"{}\"",
        hex(bytes),
        from.name(),
        to.name()
    );
    Error::new(SqlState::UNTRANSLATABLE_CHARACTER, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> Encoding {
        Encoding::named(name).expect("an encoding")
    }

    fn encoded(name: &str, text: &str) -> String {
        let mut out = Vec::new();
        match named(name).encode(text, &mut out) {
            Ok(()) => out.iter().map(|b| format!("{b:02x}")).collect(),
            Err(error) => format!("{} {}", error.state().code(), error.message()),
        }
    }

    fn decoded(name: &str, bytes: &[u8]) -> String {
        let mut out = Vec::new();
        match named(name).decode(bytes, &mut out) {
            Ok(()) => String::from_utf8(out).expect("UTF-8"),
            Err(error) => format!("{} {}", error.state().code(), error.message()),
        }
    }

    /// What PostgreSQL 18.6 answers.
    #[test]
    fn texts_are_converted_as_postgresql_converts_them() {
        assert_eq!(encoded("latin1", "é"), "e9");
        assert_eq!(encoded("windows-1252", "€"), "80");
        assert_eq!(
            encoded("LATIN1", "€"),
            "22P05 character with byte sequence 0xe2 0x82 0xac in encoding \"UTF8\" has no equivalent in encoding \"LATIN1\""
        );
        for (name, bytes) in [
            ("SJIS", "93fa967b"),
            ("EUC_TW", "c5cac6db"),
            ("BIG5", "a4e9a5bb"),
            ("JOHAB", "f17de972"),
            ("GB18030", "c8d5b1be"),
            ("EUC_JIS_2004", "c6fccbdc"),
            ("UHC", "eceddce2"),
            ("GBK", "c8d5b1be"),
            ("EUC_KR", "eceddce2"),
            ("EUC_CN", "c8d5b1be"),
            ("SHIFT_JIS_2004", "93fa967b"),
        ] {
            assert_eq!(encoded(name, "日本"), bytes, "{name}");
        }
        assert_eq!(decoded("SJIS", b"\x93\xfa\x96\x7b!"), "日本!");
        assert_eq!(decoded("GB18030", b"\x81\x30\x81\x30\x90\x30\x81\x30"), "\u{80}\u{10000}");
        assert_eq!(encoded("GB18030", "\u{fffd}\u{10ffff}"), "8431a437e3329a35");
        assert_eq!(decoded("EUC_JP", b"\xff"), "22021 invalid byte sequence for encoding \"EUC_JP\": 0xff");
        assert_eq!(
            decoded("WIN1252", b"\x81"),
            "22P05 character with byte sequence 0x81 in encoding \"WIN1252\" has no equivalent in encoding \"UTF8\""
        );
        assert_eq!(decoded("LATIN1", b"a\0"), "22021 invalid byte sequence for encoding \"LATIN1\": 0x00");
    }

    /// Every character that can be written is read back as itself, or as one that is written alike.
    #[test]
    fn what_is_written_can_be_read() {
        for number in 0..42 {
            let encoding = Encoding::numbered(number).expect("an encoding");
            if !encoding.is_convertible() || matches!(encoding.name(), "JOHAB" | "EUC_TW") {
                // What PostgreSQL writes in these it cannot always read.
                continue;
            }
            let mut written = 0;
            for c in (0x20..0x3000).chain((0x3000..0x30000).step_by(7)).filter_map(char::from_u32) {
                let (mut bytes, mut text, mut again) = (Vec::new(), Vec::new(), Vec::new());
                if encoding.encode(c.encode_utf8(&mut [0; 4]), &mut bytes).is_err() {
                    continue;
                }
                written += 1;
                if (encoding.name(), c) == ("GBK", '€') {
                    // Nor can it read this one.
                    continue;
                }
                encoding.decode(&bytes, &mut text).unwrap_or_else(|e| panic!("{encoding:?} {c}: {e}"));
                let text = String::from_utf8(text).expect("UTF-8");
                encoding.encode(&text, &mut again).expect("it was read");
                assert!(text.chars().eq([c]) || again == bytes || again.len() <= bytes.len(), "{encoding:?} {c}");
                assert_eq!(encoding.unfinished(&bytes), 0, "{encoding:?} {c}");
            }
            assert!(written >= 95, "{encoding:?}");
        }
    }

    #[test]
    fn names_and_numbers() {
        assert_eq!(named("utf-8"), Encoding::UTF8);
        assert_eq!(named("Latin_1").number(), 8);
        assert_eq!(Encoding::named("nope"), None);
        assert_eq!(Encoding::numbered(42), None);
        assert!(named("KOI8R").converts_to(named("WIN1251")) && !named("LATIN1").converts_to(named("EUC_JP")));
    }
}
