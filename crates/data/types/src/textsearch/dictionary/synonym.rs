//! The template `synonym`: a file of words with the words they stand for.

use super::{DictionaryOption, Files, Lexeme, Lexized, boolean, lower, unrecognized};
use crate::Environment;
use error::{Error, Result, SqlState};
use hashbrown::HashMap;

/// A dictionary of the template `synonym`.
#[derive(Debug)]
pub struct Synonym {
    words: HashMap<String, Lexeme, foldhash::fast::FixedState>,
    case_sensitive: bool,
}

impl Synonym {
    pub(super) fn new(options: &[DictionaryOption], files: &dyn Files) -> Result<Synonym> {
        let (mut file, mut case_sensitive) = (None, false);
        for option in options {
            match option.0.as_str() {
                "synonyms" => file = Some(&option.1),
                "casesensitive" => case_sensitive = boolean(option)?,
                other => return Err(unrecognized("synonym", other)),
            }
        }
        let Some(file) = file else {
            return Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, "missing Synonyms parameter"));
        };
        let mut words = HashMap::default();
        for line in files.read(file, "syn", "synonym")?.lines() {
            let mut parts = line.split_whitespace();
            let (Some(word), Some(other)) = (parts.next(), parts.next()) else { continue };
            let prefix = other.ends_with('*');
            let other = other.strip_suffix('*').unwrap_or(other);
            let fold = |text: &str| if case_sensitive { text.to_string() } else { text.to_lowercase() };
            let lexeme = Lexeme { prefix, ..Lexeme::new(fold(other)) };
            words.entry(fold(word)).or_insert(lexeme);
        }
        Ok(Synonym { words, case_sensitive })
    }

    pub(super) fn lexize(&self, token: &str, env: &dyn Environment) -> Lexized {
        let found = if self.case_sensitive { self.words.get(token) } else { self.words.get(&lower(token, env)) };
        found.map_or(Lexized::Unknown, |lexeme| Lexized::Known(vec![lexeme.clone()]))
    }
}
