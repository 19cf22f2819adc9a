//! The template `ispell`: a list of words with flags, and rules (affixes) by which a word's forms lead back to it.
//!
//! The files have Ispell's form, MySpell's or Hunspell's (PostgreSQL 18, 12.6.5; hunspell(5)). A form is looked up as it is, then without a
//! suffix, without a prefix, and without both. Where both allow each other (cross products), the word need not have their flags. Parts of
//! compound words are looked for from the left, the shortest first; inside of a compound only those affixes count that say so.
//!
//! # Bounds
//!
//! A word of more than [`MAX_WORD`] bytes is not known, and of a word's readings as a compound the first [`MAX_READINGS`] count. From where a
//! word was once found to have no reading it is not looked at again, so that the time is bounded by the number of its parts.

mod affix;
mod read;

use super::stopwords::StopWords;
use super::{DictionaryOption, Files, Lexeme, Lexized, lower, twice, unrecognized};
use crate::Environment;
use affix::{Affixes, Flag};
use error::{Error, Result, SqlState};
use hashbrown::HashMap;

/// Longer words are not looked up.
const MAX_WORD: usize = 256;
/// A word has no more readings as a compound.
const MAX_READINGS: usize = 256;

/// What flags say of compound words.
pub(super) mod compound {
    /// A part at the beginning.
    pub const BEGIN: u8 = 1;
    /// A part between others.
    pub const MIDDLE: u8 = 2;
    /// A part at the end.
    pub const LAST: u8 = 4;
    /// Only in compounds.
    pub const ONLY: u8 = 8;
    /// An affix that is allowed inside.
    pub const PERMIT: u8 = 16;
    /// An affix that is not.
    pub const FORBID: u8 = 32;
}

/// A word of the list.
#[derive(Debug, Default)]
struct Word {
    flags: Vec<Flag>,
    /// Bits of [`compound`].
    compound: u8,
}

/// A dictionary of the template `ispell`.
#[derive(Debug)]
pub struct Ispell {
    words: HashMap<String, Word, foldhash::fast::FixedState>,
    prefixes: Affixes,
    suffixes: Affixes,
    compounds: bool,
    stop: StopWords,
}

impl Ispell {
    pub(super) fn new(options: &[DictionaryOption], files: &dyn Files) -> Result<Ispell> {
        let (mut words, mut affixes, mut stop) = (None, None, None);
        for option in options {
            match option.0.as_str() {
                "dictfile" if words.is_some() => return Err(twice("DictFile")),
                "dictfile" => words = Some(files.read(&option.1, "dict", "dictionary")?),
                "afffile" if affixes.is_some() => return Err(twice("AffFile")),
                "afffile" => affixes = Some(files.read(&option.1, "affix", "affix")?),
                "stopwords" if stop.is_some() => return Err(twice("StopWords")),
                "stopwords" => stop = Some(StopWords::named(&option.1, files)?),
                other => return Err(unrecognized("Ispell", other)),
            }
        }
        let missing = |what: &str| Error::new(SqlState::INVALID_PARAMETER_VALUE, format!("missing {what} parameter"));
        let affixes = affixes.ok_or_else(|| missing("AffFile"))?;
        let words = words.ok_or_else(|| missing("DictFile"))?;
        let rules = read::rules(&affixes)?;
        let words = read::words(&words, &rules)?;
        let (compounds, mut prefixes, mut suffixes) = (rules.uses_compounds(), Affixes::default(), Affixes::default());
        for affix in rules.affixes {
            if affix.is_suffix { suffixes.push(affix) } else { prefixes.push(affix) }
        }
        Ok(Ispell { words, prefixes, suffixes, compounds, stop: stop.unwrap_or_default() })
    }

    pub(super) fn lexize(&self, token: &str, env: &dyn Environment) -> Lexized {
        let word = lower(token, env);
        if word.is_empty() || word.len() > MAX_WORD {
            return Lexized::Unknown;
        }
        let mut lexemes = Vec::new();
        let mut variant = 0;
        for stem in self.stems(&word, 0) {
            variant += 1;
            lexemes.push(Lexeme { variant, ..Lexeme::new(stem) });
        }
        if self.compounds {
            for parts in self.readings(&word) {
                variant += 1;
                lexemes.extend(parts.into_iter().map(|part| Lexeme { variant, ..Lexeme::new(part) }));
            }
        }
        if lexemes.is_empty() {
            return Lexized::Unknown;
        }
        lexemes.retain(|lexeme| !self.stop.contains(&lexeme.text, env));
        Lexized::Known(lexemes)
    }

    /// Whether the list has a word, with this flag if one is asked for, fit for this position in a compound (none: on its own).
    fn has(&self, word: &str, flag: Option<Flag>, position: u8) -> bool {
        self.words.get(word).is_some_and(|found| {
            let fits = match position {
                0 => found.compound & compound::ONLY == 0,
                position => found.compound & position != 0,
            };
            fits && flag.is_none_or(|flag| found.flags.contains(&flag))
        })
    }

    /// The words that a form comes from, at a position of a compound or on its own (0).
    fn stems(&self, word: &str, position: u8) -> Vec<String> {
        let mut stems = Vec::new();
        let mut add = |stem: &str| {
            if !stems.iter().any(|known| known == stem) {
                stems.push(stem.to_string());
            }
        };
        if self.has(word, None, position) {
            add(word);
        }
        for prefix in self.prefixes.of(word) {
            if let Some(stem) = prefix.strip(word, position)
                && self.has(&stem, Some(prefix.flag), position)
            {
                add(&stem);
            }
        }
        for suffix in self.suffixes.of(word) {
            let Some(base) = suffix.strip(word, position) else { continue };
            if self.has(&base, Some(suffix.flag), position) {
                add(&base);
            }
            for prefix in self.prefixes.of(&base) {
                // They must not overlap in the form.
                if prefix.adds.len() + suffix.adds.len() >= word.len() {
                    continue;
                }
                let Some(stem) = prefix.strip(&base, position) else { continue };
                let free = prefix.cross_product && suffix.cross_product;
                if self.has(&stem, (!free).then_some(prefix.flag), position) {
                    add(&stem);
                }
            }
        }
        stems
    }

    /// The readings of a word as a compound of at least two parts.
    fn readings(&self, word: &str) -> Vec<Vec<String>> {
        let mut search = Search { dictionary: self, word, dead: vec![false; word.len()], readings: Vec::new() };
        search.from(0, &mut Vec::new());
        search.readings
    }

    /// What a part that is not the last one stands for: itself, or what affixes that are allowed there lead to.
    fn parts(&self, part: &str, position: u8) -> Vec<String> {
        match self.has(part, None, position) {
            true => vec![part.to_string()],
            false => self.stems(part, position),
        }
    }
}

/// A search for the readings of a compound word.
struct Search<'a> {
    dictionary: &'a Ispell,
    word: &'a str,
    /// From where on there is no reading, whatever came before.
    dead: Vec<bool>,
    readings: Vec<Vec<String>>,
}

impl Search<'_> {
    /// Looks for the readings of what follows a place, behind the parts found until there. Says whether there are any. Each step takes at
    /// least one character of a word of at most [`MAX_WORD`] bytes, which bounds the depth.
    fn from(&mut self, start: usize, before: &mut Vec<String>) -> bool {
        if self.dead[start] {
            return false;
        }
        let rest = &self.word[start..];
        let position = if start == 0 { compound::BEGIN } else { compound::MIDDLE };
        let mut found = false;
        for (length, _) in rest.char_indices().skip(1) {
            if self.readings.len() >= MAX_READINGS {
                return true;
            }
            for part in self.dictionary.parts(&rest[..length], position) {
                before.push(part);
                found |= self.from(start + length, before);
                before.pop();
            }
        }
        if start > 0 {
            for last in self.dictionary.stems(rest, compound::LAST) {
                found = true;
                let mut reading = before.clone();
                reading.push(last);
                if self.readings.len() < MAX_READINGS && !self.readings.contains(&reading) {
                    self.readings.push(reading);
                }
            }
        }
        self.dead[start] = !found;
        found
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Dictionary, Files, Lexized};
    use crate::DefaultEnvironment;
    use error::{Error, Result};
    use std::sync::Arc;

    struct Texts;

    const RULES: &str = "COMPOUNDFLAG Z\nONLYINCOMPOUND L\nPFX B Y 1\nPFX B 0 re .\nPFX U N 1\nPFX U 0 un .\n\
        SFX J Y 1\nSFX J 0 ings [^e]\nSFX S Y 1\nSFX S 0 s [^sxzhy]\nSFX A Y 1\nSFX A y ies [^aeiou]y{1}\n\
        SFX X N 1\nSFX X 0 y/L [^y]\n";
    const WORDS: &str = "4\nbook/JUS\nbooking/SB\nfoot/ZS\nfootball/Z\nball/SZX\nklubber/Z\nsky/A\n";

    impl Files for Texts {
        fn read(&self, _: &str, extension: &str, _: &str) -> Result<String> {
            Ok(if extension == "affix" { RULES } else { WORDS }.to_string())
        }
        fn dictionary(&self, _: &str) -> Result<Arc<Dictionary>> {
            Err(Error::internal("there is no other dictionary"))
        }
    }

    /// What PostgreSQL 18.6 makes of these words with such files.
    #[test]
    fn forms_lead_to_their_words() {
        let options = [("dictfile", "x"), ("afffile", "x")].map(|(name, value)| (name.into(), value.into()));
        let dictionary = Dictionary::new("ispell", &options, &Texts).unwrap();
        let lexize = |word: &str| match dictionary.lexize(word, &DefaultEnvironment::default()).unwrap() {
            Lexized::Unknown => "-".to_string(),
            Lexized::Known(lexemes) => lexemes.into_iter().map(|l| l.text).collect::<Vec<_>>().join(","),
        };
        for (word, expected) in [
            ("Skies", "sky"),
            ("bookings", "booking,book"),
            ("rebookings", "booking,book"),
            ("rebook", "-"),
            ("unbookings", "book"),
            ("football", "football,foot,ball"),
            ("footfootballball", "foot,foot,ball,ball,foot,football,ball"),
            ("klubberfoots", "klubber,foot"),
            ("footsklubber", "-"),
            ("bally", "-"),
            ("footballyballyklubber", "foot,ball,ball,klubber"),
        ] {
            assert_eq!(lexize(word), expected, "{word}");
        }
        // Many ways that all fail, and many that succeed, end soon.
        assert_eq!(lexize(&"foot".repeat(60)[..239]), "-");
        lexize(&"footballfootball".repeat(16));
    }
}
