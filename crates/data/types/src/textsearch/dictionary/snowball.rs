//! The template `snowball`: stemmers of the Snowball project.

use super::stopwords::StopWords;
use super::{DictionaryOption, Files, Lexeme, Lexized, lower, twice, unrecognized};
use crate::Environment;
use error::{Error, Result, SqlState};
use snowball_stemmers_rs::{Algorithm, Stemmer};

/// Longer words are left as they are.
const MAX_WORD: usize = 1000;

/// The languages there are, by the names that the option `language` takes.
pub static LANGUAGES: &[(&str, Algorithm)] = &[
    ("arabic", Algorithm::Arabic),
    ("armenian", Algorithm::Armenian),
    ("basque", Algorithm::Basque),
    ("catalan", Algorithm::Catalan),
    ("danish", Algorithm::Danish),
    // PostgreSQL 18 has the Porter-like stemmer, which newer releases of Snowball call this.
    ("dutch", Algorithm::DutchPorter),
    ("english", Algorithm::English),
    ("estonian", Algorithm::Estonian),
    ("finnish", Algorithm::Finnish),
    ("french", Algorithm::French),
    ("german", Algorithm::German),
    ("greek", Algorithm::Greek),
    ("hindi", Algorithm::Hindi),
    ("hungarian", Algorithm::Hungarian),
    ("indonesian", Algorithm::Indonesian),
    ("irish", Algorithm::Irish),
    ("italian", Algorithm::Italian),
    ("lithuanian", Algorithm::Lithuanian),
    ("nepali", Algorithm::Nepali),
    ("norwegian", Algorithm::Norwegian),
    ("porter", Algorithm::Porter),
    ("portuguese", Algorithm::Portuguese),
    ("romanian", Algorithm::Romanian),
    ("russian", Algorithm::Russian),
    ("serbian", Algorithm::Serbian),
    ("spanish", Algorithm::Spanish),
    ("swedish", Algorithm::Swedish),
    ("tamil", Algorithm::Tamil),
    ("turkish", Algorithm::Turkish),
    ("yiddish", Algorithm::Yiddish),
];

/// A dictionary of the template `snowball`.
pub struct Snowball {
    stemmer: Stemmer,
    stop: StopWords,
}

impl std::fmt::Debug for Snowball {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Snowball").field("stop", &self.stop).finish_non_exhaustive()
    }
}

impl Snowball {
    pub(super) fn new(options: &[DictionaryOption], files: &dyn Files) -> Result<Snowball> {
        let (mut stemmer, mut stop) = (None, None);
        for option in options {
            match option.0.as_str() {
                "stopwords" if stop.is_some() => return Err(twice("StopWords")),
                "stopwords" => stop = Some(StopWords::named(&option.1, files)?),
                "language" if stemmer.is_some() => return Err(twice("Language")),
                "language" => {
                    let known = LANGUAGES.iter().find(|(name, _)| name.eq_ignore_ascii_case(&option.1));
                    let Some((_, algorithm)) = known else {
                        let message = format!(
                            "no Snowball stemmer available for language \"{}\" and encoding \"UTF8\"",
                            option.1
                        );
                        return Err(Error::new(SqlState::UNDEFINED_OBJECT, message));
                    };
                    stemmer = Some(Stemmer::create(*algorithm));
                }
                other => return Err(unrecognized("Snowball", other)),
            }
        }
        match stemmer {
            Some(stemmer) => Ok(Snowball { stemmer, stop: stop.unwrap_or_default() }),
            None => Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, "missing Language parameter")),
        }
    }

    pub(super) fn lexize(&self, token: &str, env: &dyn Environment) -> Lexized {
        let word = lower(token, env);
        if word.len() > MAX_WORD {
            return Lexized::Known(vec![Lexeme::new(word)]);
        }
        if word.is_empty() || self.stop.contains(&word, env) {
            return Lexized::Known(Vec::new());
        }
        let stem = self.stemmer.stem(&word).into_owned();
        Lexized::Known(vec![Lexeme::new(stem)])
    }
}
