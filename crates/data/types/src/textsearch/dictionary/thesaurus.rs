//! The template `thesaurus`: a file of phrases with the words or phrases they stand for.
//!
//! Sample words are compared in the form that another dictionary, the thesaurus's own, gives them, and substitutes go through it as well,
//! unless they begin with an asterisk. A question mark stands for a stop word. The longest phrase wins, and of equal ones the last.

use super::{Dictionary, DictionaryOption, Files, Lexeme, Lexized, twice, unrecognized};
use crate::Environment;
use error::{Error, Result, SqlState};
use hashbrown::HashMap;
use std::sync::Arc;

/// A word of a sample phrase: its lexemes, or none for any stop word.
type Sample = Vec<String>;

#[derive(Debug)]
struct Phrase {
    /// Behind the first word.
    rest: Vec<Sample>,
    substitute: Vec<Lexeme>,
}

/// A dictionary of the template `thesaurus`.
#[derive(Debug)]
pub struct Thesaurus {
    subdictionary: Arc<Dictionary>,
    /// By a lexeme of the first word; stop words are under the empty one.
    phrases: HashMap<String, Vec<Arc<Phrase>>, foldhash::fast::FixedState>,
}

#[cold]
fn broken(message: String) -> Error {
    Error::new(SqlState::CONFIG_FILE_ERROR, message)
}

impl Thesaurus {
    pub(super) fn new(options: &[DictionaryOption], files: &dyn Files) -> Result<Thesaurus> {
        let (mut text, mut subdictionary) = (None, None);
        for option in options {
            match option.0.as_str() {
                "dictfile" if text.is_some() => return Err(twice("DictFile")),
                "dictfile" => text = Some(files.read(&option.1, "ths", "thesaurus")?),
                "dictionary" if subdictionary.is_some() => return Err(twice("Dictionary")),
                "dictionary" => subdictionary = Some(&option.1),
                other => return Err(unrecognized("Thesaurus", other)),
            }
        }
        let missing = |what: &str| Error::new(SqlState::INVALID_PARAMETER_VALUE, format!("missing {what} parameter"));
        let text = text.ok_or_else(|| missing("DictFile"))?;
        let subdictionary = files.dictionary(subdictionary.ok_or_else(|| missing("Dictionary"))?)?;
        let mut thesaurus = Thesaurus { subdictionary, phrases: HashMap::default() };
        // The file's words are in the form of the program's own text: no session's settings change them.
        let env = crate::DefaultEnvironment::default();
        for (rule, line) in text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#')).enumerate() {
            thesaurus.add(rule + 1, line, &env)?;
        }
        Ok(thesaurus)
    }

    /// Adds a line: `sample words : substitute words`.
    fn add(&mut self, rule: usize, line: &str, env: &dyn Environment) -> Result<()> {
        let Some((sample, substitute)) = line.split_once(':') else {
            return Err(broken("unexpected end of line".into()));
        };
        if substitute.contains(':') || sample.trim().is_empty() {
            return Err(broken("unexpected delimiter".into()));
        }
        let mut words = Vec::new();
        for word in sample.split_whitespace() {
            if word == "?" {
                words.push(Sample::new());
                continue;
            }
            let named = |what: &str| broken(format!("thesaurus sample word \"{word}\" {what} (rule {rule})"));
            match self.subdictionary.lexize(word, env)? {
                Lexized::Unknown => return Err(named("isn't recognized by subdictionary")),
                Lexized::Known(lexemes) if lexemes.is_empty() => {
                    let hint = "Use \"?\" to represent a stop word within a sample phrase.";
                    return Err(named("is a stop word").hint(hint));
                }
                Lexized::Known(lexemes) => words.push(lexemes.into_iter().map(|lexeme| lexeme.text).collect()),
            }
        }
        let mut lexemes: Vec<Lexeme> = Vec::new();
        for word in substitute.split_whitespace() {
            let follows = !lexemes.is_empty();
            if let Some(word) = word.strip_prefix('*') {
                lexemes.push(Lexeme { next_position: follows, ..Lexeme::new(word.to_string()) });
                continue;
            }
            let named = |what: &str| broken(format!("thesaurus substitute word \"{word}\" {what} (rule {rule})"));
            match self.subdictionary.lexize(word, env)? {
                Lexized::Unknown => return Err(named("isn't recognized by subdictionary")),
                Lexized::Known(found) if found.is_empty() => return Err(named("is a stop word")),
                Lexized::Known(found) => {
                    for (n, lexeme) in found.into_iter().enumerate() {
                        lexemes.push(Lexeme { next_position: follows && n == 0, ..lexeme });
                    }
                }
            }
        }
        if lexemes.is_empty() {
            return Err(broken(format!("thesaurus substitute phrase is empty (rule {rule})")));
        }
        let mut words = words.into_iter();
        let first = words.next().unwrap_or_default();
        let phrase = Arc::new(Phrase { rest: words.collect(), substitute: lexemes });
        let keys = if first.is_empty() { vec![String::new()] } else { first };
        for key in keys {
            self.phrases.entry(key).or_default().push(phrase.clone());
        }
        Ok(())
    }

    /// The lexemes of the longest phrase that these words begin with, and how many words it has.
    pub(in super::super) fn longest<'w>(
        &self,
        mut words: impl Iterator<Item = &'w str>,
        env: &dyn Environment,
    ) -> Result<Option<(Vec<Lexeme>, usize)>> {
        // The words' own lexemes, asked for as far as a phrase goes; none for a word that the dictionary does not know.
        let mut known: Vec<Option<Vec<String>>> = Vec::new();
        let mut next = |known: &mut Vec<Option<Vec<String>>>| -> Result<bool> {
            let Some(word) = words.next() else { return Ok(false) };
            known.push(match self.subdictionary.lexize(word, env)? {
                Lexized::Unknown => None,
                Lexized::Known(lexemes) => Some(lexemes.into_iter().map(|lexeme| lexeme.text).collect()),
            });
            Ok(true)
        };
        if !next(&mut known)? {
            return Ok(None);
        }
        let Some(first) = known[0].clone() else { return Ok(None) };
        let keys = if first.is_empty() { vec![String::new()] } else { first };
        let mut best: Option<&Phrase> = None;
        for phrase in keys.iter().filter_map(|key| self.phrases.get(key)).flatten() {
            if best.is_some_and(|best| best.rest.len() > phrase.rest.len()) {
                continue;
            }
            let mut fits = true;
            for (n, sample) in phrase.rest.iter().enumerate() {
                if known.len() <= n + 1 && !next(&mut known)? {
                    fits = false;
                    break;
                }
                fits = known[n + 1].as_ref().is_some_and(|lexemes| match sample.is_empty() {
                    true => lexemes.is_empty(),
                    false => lexemes.iter().any(|lexeme| sample.contains(lexeme)),
                });
                if !fits {
                    break;
                }
            }
            if fits {
                best = Some(phrase);
            }
        }
        Ok(best.map(|phrase| (phrase.substitute.clone(), phrase.rest.len() + 1)))
    }
}
