//! Collations: comparison and sort keys.

use std::cmp::Ordering;
use std::ops::Deref;
use std::sync::Arc;

use error::{Error, Result, SqlState};
use icu_collator::CollatorBorrowed;

use crate::cases::Cases;
use crate::locale;

/// What makes a collation, as the catalogs have it.
#[derive(Clone, Copy, Debug)]
pub struct Definition<'a> {
    /// `b` (builtin), `c` (libc) or `i` (ICU).
    pub provider: u8,
    /// The locale, of ICU's and builtin collations.
    pub locale: Option<&'a str>,
    /// The locale that orders, of libc's.
    pub collate: Option<&'a str>,
    /// The locale of letters and cases, of libc's.
    pub ctype: Option<&'a str>,
    /// Rules on top of an ICU locale's.
    pub rules: Option<&'a str>,
    /// Whether only texts of equal bytes are equal.
    pub deterministic: bool,
}

#[derive(Debug)]
enum Order {
    Bytes,
    Linguistic(CollatorBorrowed<'static>),
}

/// An order of texts, with the cases of their letters.
#[derive(Debug)]
pub struct Collation {
    order: Order,
    deterministic: bool,
    cases: Cases,
}

/// `C`: bytes, and ASCII's letters.
pub static BYTES: Collation = Collation { order: Order::Bytes, deterministic: true, cases: Cases::Ascii };

/// `pg_c_utf8`: bytes, and Unicode's letters by simple mappings.
pub static C_UTF8: Collation = Collation { order: Order::Bytes, deterministic: true, cases: Cases::Simple };

/// `pg_unicode_fast`: bytes, and Unicode's letters by full mappings.
pub static UNICODE_FAST: Collation = Collation { order: Order::Bytes, deterministic: true, cases: Cases::Full };

/// A collation that is there already: a built-in one, or one that a session opened.
#[derive(Clone, Debug)]
pub enum CollationRef {
    /// Of the program.
    Static(&'static Collation),
    /// Of the session.
    Shared(Arc<Collation>),
}

impl Deref for CollationRef {
    type Target = Collation;
    #[inline]
    fn deref(&self) -> &Collation {
        match self {
            CollationRef::Static(collation) => collation,
            CollationRef::Shared(collation) => collation,
        }
    }
}

impl From<Collation> for CollationRef {
    /// One that differs in nothing from a built-in one is that one.
    fn from(collation: Collation) -> CollationRef {
        match (&collation.order, collation.cases) {
            (Order::Bytes, Cases::Ascii) => CollationRef::Static(&BYTES),
            (Order::Bytes, Cases::Simple) => CollationRef::Static(&C_UTF8),
            (Order::Bytes, Cases::Full) => CollationRef::Static(&UNICODE_FAST),
            _ => CollationRef::Shared(Arc::new(collation)),
        }
    }
}

impl Collation {
    /// Makes a collation.
    ///
    /// # Errors
    /// 22023 for a locale that there is not; 0A000 for rules and options that are not there.
    pub fn open(definition: &Definition<'_>) -> Result<Collation> {
        let missing = || Error::internal("a collation has no locale");
        let deterministic = definition.deterministic;
        match definition.provider {
            b'i' => {
                let name = definition.locale.ok_or_else(missing)?;
                if definition.rules.is_some_and(|rules| !rules.is_empty()) {
                    return Err(Error::not_implemented("collations with rules"));
                }
                let (collator, cases) = locale::open_icu(name)?;
                Ok(Collation { order: Order::Linguistic(collator), deterministic, cases })
            }
            b'b' => {
                let name = definition.locale.ok_or_else(missing)?;
                let cases = match locale::builtin(name) {
                    Some("C") => Cases::Ascii,
                    Some("C.UTF-8") => Cases::Simple,
                    Some(_) => Cases::Full,
                    None => return Err(locale::invalid_builtin(name)),
                };
                Ok(Collation { order: Order::Bytes, deterministic, cases })
            }
            b'c' => {
                let collate = definition.collate.ok_or_else(missing)?;
                let ctype = definition.ctype.ok_or_else(missing)?;
                let order = match locale::open_libc(collate)? {
                    Some(collator) => Order::Linguistic(collator),
                    None => Order::Bytes,
                };
                Ok(Collation { order, deterministic, cases: locale::libc_cases(ctype)? })
            }
            other => Err(Error::new(
                SqlState::INVALID_OBJECT_DEFINITION,
                format!("unrecognized collation provider: {}", other as char),
            )),
        }
    }

    /// Whether texts are ordered as their bytes, so that equality and order need nothing else.
    #[inline]
    pub fn is_bytes(&self) -> bool {
        matches!(self.order, Order::Bytes)
    }

    /// Whether equal texts have equal bytes.
    #[inline]
    pub fn is_deterministic(&self) -> bool {
        self.deterministic
    }

    /// The letters' cases and classes.
    #[inline]
    pub fn cases(&self) -> Cases {
        self.cases
    }

    /// Which of two texts comes first. Texts that a deterministic collation's order does not tell apart are ordered by their bytes.
    pub fn compare(&self, a: &[u8], b: &[u8]) -> Ordering {
        match &self.order {
            Order::Bytes => a.cmp(b),
            Order::Linguistic(_) if a == b => Ordering::Equal,
            Order::Linguistic(collator) => match collator.compare_utf8(a, b) {
                Ordering::Equal if self.deterministic => a.cmp(b),
                order => order,
            },
        }
    }

    /// Whether two texts are equal.
    #[inline]
    pub fn equal(&self, a: &[u8], b: &[u8]) -> bool {
        a == b || !self.deterministic && self.compare(a, b).is_eq()
    }

    /// Adds bytes whose order is that of the texts, but for ties that a deterministic collation breaks by the texts' bytes. They are
    /// worth writing where a text is compared many times. A byte 00 does not occur but as the text's own.
    pub fn write_sort_key(&self, text: &[u8], out: &mut Vec<u8>) {
        match &self.order {
            Order::Bytes => out.extend_from_slice(text),
            Order::Linguistic(collator) => {
                let Ok(()) = collator.write_sort_key_utf8_to(text, out);
            }
        }
    }

    /// Where a text stands in another one, from byte `from` on: its first beginning, and there the longest part that is equal. The
    /// collation is not deterministic; else this is a search for bytes, which others do faster. Takes time with the square of
    /// the text's length; `check` is called between.
    ///
    /// # Errors
    /// Those of `check`.
    pub fn find(
        &self,
        text: &[u8],
        needle: &[u8],
        from: usize,
        check: &dyn Fn() -> Result<()>,
    ) -> Result<Option<(usize, usize)>> {
        let mut start = from;
        loop {
            check()?;
            let mut longest = None;
            let mut end = start;
            while end < text.len() {
                end = next(text, end);
                if self.compare(&text[start..end], needle).is_eq() {
                    longest = Some((start, end));
                }
            }
            if longest.is_some() || start >= text.len() {
                return Ok(longest);
            }
            start = next(text, start);
        }
    }
}

/// Where the character behind the one at `at` begins.
fn next(text: &[u8], at: usize) -> usize {
    let mut at = at + 1;
    while at < text.len() && text[at] as i8 <= -65 {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn icu(locale: &str, deterministic: bool) -> Collation {
        let definition =
            Definition { provider: b'i', locale: Some(locale), collate: None, ctype: None, rules: None, deterministic };
        Collation::open(&definition).expect(locale)
    }

    fn sorted(collation: &Collation, words: &str) -> String {
        let mut words: Vec<&str> = words.split(' ').collect();
        words.sort_by(|a, b| collation.compare(a.as_bytes(), b.as_bytes()));
        let by_order = words.join(" ");
        words.reverse();
        words.sort_by_cached_key(|word| {
            let mut key = Vec::new();
            collation.write_sort_key(word.as_bytes(), &mut key);
            assert!(!key.contains(&0), "{word}");
            (key, word.as_bytes().to_vec())
        });
        assert_eq!(by_order, words.join(" "), "keys and comparison agree");
        by_order
    }

    #[test]
    fn languages_have_their_orders() {
        assert_eq!(sorted(&icu("en", true), "bbc ABC äbc abc a-b ab 10 9"), "10 9 a-b ab abc ABC äbc bbc");
        assert_eq!(sorted(&icu("sv", true), "bbc ABC äbc abc"), "abc ABC bbc äbc");
        assert_eq!(sorted(&icu("de-u-co-phonebk", true), "Goldmann Götz"), "Götz Goldmann");
        assert_eq!(sorted(&icu("und-u-kn", true), "A-123 A-21"), "A-21 A-123");
        assert_eq!(sorted(&icu("und-u-kf-upper", true), "z Z a A"), "A a Z z");
        assert_eq!(sorted(&icu("und-u-ka-shifted", true), "de-luge deanza"), "deanza de-luge");
        assert_eq!(sorted(&icu("und-u-kb", true), "coté côte"), "côte coté");
        assert_eq!(sorted(&icu("und", true), "coté côte"), "coté côte");
    }

    /// Recorded from PostgreSQL 18.6 with glibc 2.42.
    #[test]
    fn libc_locales_look_at_signs_last() {
        let name = "en_US.UTF-8";
        let definition = Definition {
            provider: b'c',
            locale: None,
            collate: Some(name),
            ctype: Some(name),
            rules: None,
            deterministic: true,
        };
        let english = Collation::open(&definition).expect(name);
        assert_eq!(sorted(&english, "xy b Z _x A 10 B x-y a ä 9"), "10 9 a A ä b B _x x-y xy Z");
        assert_eq!(english.cases(), Cases::Libc);
    }

    #[test]
    fn equality_may_be_weaker_than_that_of_bytes() {
        let insensitive = icu("und-u-ks-level2", false);
        assert!(insensitive.equal(b"aBc", b"AbC"));
        assert!(!insensitive.equal("a".as_bytes(), "ä".as_bytes()));
        assert!(icu("und-u-ks-level1", false).equal("a".as_bytes(), "Ä".as_bytes()));
        assert!(icu("und", false).equal("zy\u{e4}bc".as_bytes(), "zya\u{308}bc".as_bytes()));
        assert!(!icu("und", true).equal("zy\u{e4}bc".as_bytes(), "zya\u{308}bc".as_bytes()));
        let none = &|| Ok(());
        let found = icu("und", false).find("zya\u{308}bc".as_bytes(), "\u{e4}b".as_bytes(), 0, none);
        assert_eq!(found.expect("no interrupt"), Some((2, 6)));
        assert_eq!(insensitive.find(b"testX", b"x", 0, none).expect("no interrupt"), Some((4, 5)));
        assert_eq!(insensitive.find(b"test", b"x", 0, none).expect("no interrupt"), None);
    }

    #[test]
    fn bytes_that_are_no_text_have_an_order_too() {
        let english = icu("en", true);
        assert_eq!(english.compare(b"a\xff", b"a\xff"), Ordering::Equal);
        assert_eq!(english.compare(b"a\xff", b"a\xfe"), Ordering::Greater);
        english.write_sort_key(b"\xc3\xff\x00", &mut Vec::new());
    }
}
