//! Unicode's normal forms.

use std::borrow::Cow;

use icu_normalizer::{ComposingNormalizer, DecomposingNormalizer};
use icu_properties::CodePointMapData;
use icu_properties::props::GeneralCategory;

/// A normal form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Canonical composition.
    Nfc,
    /// Canonical decomposition.
    Nfd,
    /// Compatibility composition.
    Nfkc,
    /// Compatibility decomposition.
    Nfkd,
}

impl Form {
    /// The form of this name, in any case.
    pub fn named(name: &str) -> Option<Form> {
        const NAMES: [(&str, Form); 4] =
            [("NFC", Form::Nfc), ("NFD", Form::Nfd), ("NFKC", Form::Nfkc), ("NFKD", Form::Nfkd)];
        NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, form)| *form)
    }

    /// The text in this form.
    pub fn normalize(self, text: &str) -> Cow<'_, str> {
        match self {
            Form::Nfc => ComposingNormalizer::new_nfc().normalize(text),
            Form::Nfkc => ComposingNormalizer::new_nfkc().normalize(text),
            Form::Nfd => DecomposingNormalizer::new_nfd().normalize(text),
            Form::Nfkd => DecomposingNormalizer::new_nfkd().normalize(text),
        }
    }

    /// Whether the text is in this form.
    pub fn is_normalized(self, text: &str) -> bool {
        match self {
            Form::Nfc => ComposingNormalizer::new_nfc().is_normalized(text),
            Form::Nfkc => ComposingNormalizer::new_nfkc().is_normalized(text),
            Form::Nfd => DecomposingNormalizer::new_nfd().is_normalized(text),
            Form::Nfkd => DecomposingNormalizer::new_nfkd().is_normalized(text),
        }
    }
}

/// Whether all characters of a text are assigned in Unicode.
pub fn is_assigned(text: &str) -> bool {
    let categories = CodePointMapData::<GeneralCategory>::new();
    text.is_ascii() || text.chars().all(|c| categories.get(c) != GeneralCategory::Unassigned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        let form = |name: &str| Form::named(name).expect(name);
        assert_eq!(form("nfc").normalize("a\u{308}\u{24d1}c"), "\u{e4}\u{24d1}c");
        assert_eq!(form("NFKC").normalize("a\u{308}\u{24d1}c"), "\u{e4}bc");
        assert_eq!(form("NFD").normalize("\u{ac01}"), "\u{1100}\u{1161}\u{11a8}");
        assert!(!form("NFKD").is_normalized("\u{24d1}") && form("NFD").is_normalized("\u{24d1}"));
        assert_eq!(Form::named("def"), None);
        assert!(is_assigned("aä") && !is_assigned("\u{10ffff}"));
    }
}
