//! The template `simple`: a word in lower case, unless it is a stop word.

use super::stopwords::StopWords;
use super::{DictionaryOption, Files, Lexeme, Lexized, boolean, lower, twice, unrecognized};
use crate::Environment;
use error::Result;

/// A dictionary of the template `simple`.
#[derive(Debug, Default)]
pub struct Simple {
    stop: StopWords,
    /// Whether words that are no stop words are left to the next dictionary.
    passes: bool,
}

impl Simple {
    pub(super) fn new(options: &[DictionaryOption], files: &dyn Files) -> Result<Simple> {
        let (mut stop, mut accept) = (None, None);
        for option in options {
            match option.0.as_str() {
                "stopwords" if stop.is_some() => return Err(twice("StopWords")),
                "stopwords" => stop = Some(StopWords::named(&option.1, files)?),
                "accept" if accept.is_some() => return Err(twice("Accept")),
                "accept" => accept = Some(boolean(option)?),
                other => return Err(unrecognized("simple dictionary", other)),
            }
        }
        Ok(Simple { stop: stop.unwrap_or_default(), passes: accept == Some(false) })
    }

    pub(super) fn lexize(&self, token: &str, env: &dyn Environment) -> Lexized {
        let word = lower(token, env);
        if word.is_empty() || self.stop.contains(&word, env) {
            Lexized::Known(Vec::new())
        } else if self.passes {
            Lexized::Unknown
        } else {
            Lexized::Known(vec![Lexeme::new(word)])
        }
    }
}
