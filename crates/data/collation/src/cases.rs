//! Upper and lower case, and which characters are letters, digits and the like.

use icu_casemap::options::TitlecaseOptions;
use icu_casemap::{CaseMapper, CaseMapperBorrowed, TitlecaseMapper};
use icu_locale_core::LanguageIdentifier;
use icu_locale_core::subtags::Language;
use icu_properties::CodePointMapData;
use icu_properties::props::GeneralCategory;
use unicode_segmentation::UnicodeSegmentation;

/// Which characters have another case, and which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cases {
    /// A to Z: `C`.
    Ascii,
    /// Unicode's, where it is one character for one: the builtin `C.UTF-8`.
    Simple,
    /// Unicode's, as it is: the builtin `PG_UNICODE_FAST`.
    Full,
    /// Unicode's, one for one, as libc has it.
    Libc,
    /// The same with Turkish's two letters i.
    LibcTurkic,
    /// Unicode's with a language's own rules: ICU.
    Language(Language),
}

/// How characters are told apart by classes such as `[[:alpha:]]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Classes {
    /// Only ASCII's characters belong to any.
    #[default]
    Ascii,
    /// Unicode's as POSIX wants them: digits are 0 to 9, symbols are punctuation.
    Posix,
    /// Unicode's.
    Standard,
}

const MAPPER: CaseMapperBorrowed<'static> = CaseMapper::new();

fn category(c: char) -> GeneralCategory {
    CodePointMapData::<GeneralCategory>::new().get(c)
}

impl Classes {
    /// Whether a character is a digit.
    pub fn is_digit(self, c: char) -> bool {
        c.is_ascii_digit() || self == Classes::Standard && category(c) == GeneralCategory::DecimalNumber
    }

    /// Whether a character is a letter.
    pub fn is_alphabetic(self, c: char) -> bool {
        c.is_ascii_alphabetic() || self != Classes::Ascii && c.is_alphabetic()
    }

    /// Whether a character is a letter or digit.
    pub fn is_alphanumeric(self, c: char) -> bool {
        self.is_alphabetic(c) || self.is_digit(c)
    }

    /// Whether a character is punctuation.
    pub fn is_punctuation(self, c: char) -> bool {
        use GeneralCategory as G;
        if self != Classes::Standard && c.is_ascii() {
            return c.is_ascii_punctuation();
        }
        match category(c) {
            G::ConnectorPunctuation
            | G::DashPunctuation
            | G::OpenPunctuation
            | G::ClosePunctuation
            | G::InitialPunctuation
            | G::FinalPunctuation
            | G::OtherPunctuation => self != Classes::Ascii,
            G::MathSymbol | G::CurrencySymbol | G::ModifierSymbol | G::OtherSymbol => self == Classes::Posix,
            _ => false,
        }
    }

    /// Whether a character leaves a mark on paper.
    pub fn is_graphic(self, c: char) -> bool {
        if c.is_ascii() {
            return c.is_ascii_graphic();
        }
        use GeneralCategory as G;
        let none = matches!(category(c), G::Unassigned | G::Control | G::Surrogate);
        self != Classes::Ascii && !none && !c.is_whitespace()
    }

    /// Whether a character can be printed: it is graphic or some blank.
    pub fn is_printable(self, c: char) -> bool {
        c == ' ' || self.is_graphic(c) || self != Classes::Ascii && category(c) == GeneralCategory::SpaceSeparator
    }
}

/// A character in lower case, where that is one character; of the classes of Unicode.
pub fn simple_lower(c: char) -> char {
    if c.is_ascii() { c.to_ascii_lowercase() } else { MAPPER.simple_lowercase(c) }
}

/// A character in upper case, where that is one character.
pub fn simple_upper(c: char) -> char {
    if c.is_ascii() { c.to_ascii_uppercase() } else { MAPPER.simple_uppercase(c) }
}

fn each(text: &str, out: &mut Vec<u8>, map: impl Fn(char) -> char) {
    let mut buffer = [0; 4];
    text.chars().for_each(|c| out.extend_from_slice(map(c).encode_utf8(&mut buffer).as_bytes()));
}

fn turkic_lower(c: char) -> char {
    match c {
        'I' => 'ı',
        'İ' => 'i',
        c => simple_lower(c),
    }
}

fn turkic_upper(c: char) -> char {
    match c {
        'i' => 'İ',
        'ı' => 'I',
        c => simple_upper(c),
    }
}

fn push(text: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(text.as_bytes());
}

impl Cases {
    /// The classes that go with it.
    pub fn classes(self) -> Classes {
        match self {
            Cases::Ascii => Classes::Ascii,
            Cases::Simple | Cases::Libc | Cases::LibcTurkic => Classes::Posix,
            Cases::Full | Cases::Language(_) => Classes::Standard,
        }
    }

    fn is_turkic(self) -> bool {
        match self {
            Cases::LibcTurkic => true,
            Cases::Language(language) => matches!(language.as_str(), "tr" | "az"),
            _ => false,
        }
    }

    /// The language whose rules count, if there are such.
    fn identifier(self) -> LanguageIdentifier {
        match self {
            Cases::Language(language) => LanguageIdentifier::from(language),
            _ => LanguageIdentifier::UNKNOWN,
        }
    }

    /// The text as characters, if more than ASCII's rules are to be looked at.
    fn beyond_ascii(self, text: &[u8]) -> Option<&str> {
        if self == Cases::Ascii || text.is_ascii() && !self.is_turkic() {
            return None;
        }
        std::str::from_utf8(text).ok()
    }

    /// Adds the text in lower case.
    pub fn lower(self, text: &[u8], out: &mut Vec<u8>) {
        let Some(text) = self.beyond_ascii(text) else {
            return out.extend(text.iter().map(u8::to_ascii_lowercase));
        };
        match self {
            Cases::LibcTurkic => each(text, out, turkic_lower),
            Cases::Ascii | Cases::Simple | Cases::Libc => each(text, out, simple_lower),
            Cases::Full | Cases::Language(_) => push(&MAPPER.lowercase_to_string(text, &self.identifier()), out),
        }
    }

    /// Adds the text in upper case.
    pub fn upper(self, text: &[u8], out: &mut Vec<u8>) {
        let Some(text) = self.beyond_ascii(text) else {
            return out.extend(text.iter().map(u8::to_ascii_uppercase));
        };
        match self {
            Cases::LibcTurkic => each(text, out, turkic_upper),
            Cases::Ascii | Cases::Simple | Cases::Libc => each(text, out, simple_upper),
            Cases::Full | Cases::Language(_) => push(&MAPPER.uppercase_to_string(text, &self.identifier()), out),
        }
    }

    /// Adds the text in a form in which texts that differ in case only are the same.
    pub fn fold(self, text: &[u8], out: &mut Vec<u8>) {
        let Some(text) = self.beyond_ascii(text) else {
            return out.extend(text.iter().map(u8::to_ascii_lowercase));
        };
        match self {
            Cases::Libc | Cases::LibcTurkic => self.lower(text.as_bytes(), out),
            Cases::Ascii | Cases::Simple => each(text, out, |c| MAPPER.simple_fold(c)),
            Cases::Language(_) if self.is_turkic() => push(&MAPPER.fold_turkic_string(text), out),
            Cases::Full | Cases::Language(_) => push(&MAPPER.fold_string(text), out),
        }
    }

    /// Adds the text with the first letter of each word in upper case (or title case), the others in lower case. Words are what
    /// stands between other characters than letters and digits; with a language's rules, what Unicode's text segmentation says.
    pub fn initcap(self, text: &[u8], out: &mut Vec<u8>) {
        match (self, std::str::from_utf8(text)) {
            (Cases::Language(_), Ok(text)) => {
                let (language, mapper) = (self.identifier(), TitlecaseMapper::new());
                for word in text.split_word_bounds() {
                    push(&mapper.titlecase_segment_to_string(word, &language, TitlecaseOptions::default()), out);
                }
            }
            (Cases::Simple | Cases::Full | Cases::Libc | Cases::LibcTurkic, Ok(text)) => {
                let classes = self.classes();
                let mut rest = text;
                while let Some(first) = rest.chars().next() {
                    if !classes.is_alphanumeric(first) {
                        out.extend_from_slice(&rest.as_bytes()[..first.len_utf8()]);
                        rest = &rest[first.len_utf8()..];
                        continue;
                    }
                    let end = rest.find(|c| !classes.is_alphanumeric(c)).unwrap_or(rest.len());
                    let (word, after) = rest.split_at(end);
                    if self == Cases::Full {
                        let options = TitlecaseOptions::default();
                        push(
                            &TitlecaseMapper::new().titlecase_segment_to_string(
                                word,
                                &LanguageIdentifier::UNKNOWN,
                                options,
                            ),
                            out,
                        );
                    } else {
                        let (first, others) = word.as_bytes().split_at(first.len_utf8());
                        self.upper(first, out);
                        self.lower(others, out);
                    }
                    rest = after;
                }
            }
            _ => {
                let mut inside = false;
                for &c in text {
                    out.push(if inside { c.to_ascii_lowercase() } else { c.to_ascii_uppercase() });
                    inside = c.is_ascii_alphanumeric();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(map: impl Fn(&[u8], &mut Vec<u8>), text: &str) -> String {
        let mut out = Vec::new();
        map(text.as_bytes(), &mut out);
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn cases_of_the_providers() {
        let language = |code: &str| Cases::Language(Language::try_from_str(code).expect("a language"));
        let text = "AbCd 123 ıiIİ ẞ ß Ǆǅǆ Σσς";
        assert_eq!(of(|a, out| language("en").lower(a, out), text), "abcd 123 ıiii̇ ß ß ǆǆǆ σσς");
        assert_eq!(of(|a, out| language("tr").lower(a, out), text), "abcd 123 ıiıi ß ß ǆǆǆ σσς");
        assert_eq!(of(|a, out| language("en").fold(a, out), text), "abcd 123 ıiii̇ ss ss ǆǆǆ σσσ");
        assert_eq!(of(|a, out| language("tr").fold(a, out), text), "abcd 123 ıiıi ss ss ǆǆǆ σσσ");
        assert_eq!(of(|a, out| Cases::Simple.fold(a, out), text), "abcd 123 ıiiİ ß ß ǆǆǆ σσσ");
        assert_eq!(of(|a, out| Cases::Ascii.lower(a, out), "ÄB"), "Äb");
        assert_eq!(of(|a, out| Cases::Libc.upper(a, out), "äß"), "Äß");
        assert_eq!(of(|a, out| Cases::Full.upper(a, out), "äß"), "ÄSS");
        assert_eq!(of(|a, out| language("tr").upper(a, out), "hij"), "HİJ");
        assert_eq!(of(|a, out| Cases::LibcTurkic.lower(a, out), "HIJ"), "hıj");
        assert_eq!(of(|a, out| Cases::Full.lower(a, out), "ΑΣ"), "ας");
        assert_eq!(of(|a, out| Cases::Simple.lower(a, out), "ΑΣ"), "ασ");
    }

    #[test]
    fn words_begin_with_capitals() {
        let text = "ábc sßs ßss DÉF ǄxxǄ λ １a it's";
        assert_eq!(of(|a, out| Cases::Simple.initcap(a, out), text), "Ábc Sßs ßss Déf Ǆxxǆ Λ １A It'S");
        assert_eq!(of(|a, out| Cases::Full.initcap(a, out), text), "Ábc Sßs Ssss Déf ǅxxǆ Λ １a It'S");
        let root = Cases::Language(Language::UNKNOWN);
        assert_eq!(of(|a, out| root.initcap(a, out), "it's o-k ßss"), "It's O-K Ssss");
        assert_eq!(of(|a, out| Cases::Ascii.initcap(a, out), "it's éa"), "It'S éA");
    }

    #[test]
    fn classes_differ() {
        assert!(Classes::Posix.is_punctuation('=') && !Classes::Standard.is_punctuation('='));
        assert!(!Classes::Posix.is_digit('൧') && Classes::Standard.is_digit('൧'));
        assert!(Classes::Standard.is_alphabetic('ä') && !Classes::Ascii.is_alphabetic('ä'));
        assert!(Classes::Posix.is_printable('\u{a0}') && !Classes::Posix.is_graphic('\u{a0}'));
    }
}
