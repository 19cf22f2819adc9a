//! Dictionaries: what becomes of a token.
//!
//! A dictionary knows a token (and gives its lexemes, none for a stop word) or leaves it to the next dictionary. Its options come from
//! `pg_ts_dict`; files that they name are looked for by [`Files`].

mod ispell;
pub mod samples;
mod simple;
mod snowball;
mod stopwords;
mod synonym;
mod thesaurus;

pub use snowball::LANGUAGES;
pub use thesaurus::Thesaurus;

use crate::Environment;
use error::{Error, Result, SqlState};

/// A lexeme that a dictionary gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lexeme {
    /// The lexeme.
    pub text: String,
    /// Lexemes of the same variant belong together (the parts of a compound word); variants are alternatives.
    pub variant: u16,
    /// It stands for all lexemes that begin with it.
    pub prefix: bool,
    /// It stands one place behind the one before it.
    pub next_position: bool,
}

impl Lexeme {
    /// A lexeme of no variant.
    pub fn new(text: String) -> Lexeme {
        Lexeme { text, ..Lexeme::default() }
    }
}

/// What a dictionary says to a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lexized {
    /// It does not know it.
    Unknown,
    /// Its lexemes; none for a stop word.
    Known(Vec<Lexeme>),
}

/// Where a dictionary's files are.
pub trait Files {
    /// The text of a file of the installation's directory `tsearch_data`, without byte order mark.
    ///
    /// # Errors
    /// F0000 if it cannot be read, naming it as a `what` file.
    fn read(&self, name: &str, extension: &str, what: &str) -> Result<String>;

    /// Another dictionary, by its name in SQL.
    fn dictionary(&self, name: &str) -> Result<std::sync::Arc<Dictionary>>;
}

/// An option of a dictionary: its name as it was written, and its value.
pub type DictionaryOption = (String, String);

/// A dictionary, ready for use.
#[derive(Debug)]
pub enum Dictionary {
    /// Lower case, without stop words.
    Simple(simple::Simple),
    /// Words for words.
    Synonym(synonym::Synonym),
    /// A stemmer.
    Snowball(snowball::Snowball),
    /// Words and rules that lead their forms back to them.
    Ispell(ispell::Ispell),
    /// Phrases for words or phrases.
    Thesaurus(Thesaurus),
}

impl Dictionary {
    /// Makes a dictionary of a template, by the template's name in `pg_catalog`.
    pub fn new(template: &str, options: &[DictionaryOption], files: &dyn Files) -> Result<Dictionary> {
        Ok(match template {
            "simple" => Dictionary::Simple(simple::Simple::new(options, files)?),
            "synonym" => Dictionary::Synonym(synonym::Synonym::new(options, files)?),
            "snowball" => Dictionary::Snowball(snowball::Snowball::new(options, files)?),
            "ispell" => Dictionary::Ispell(ispell::Ispell::new(options, files)?),
            "thesaurus" => Dictionary::Thesaurus(Thesaurus::new(options, files)?),
            other => return Err(Error::not_implemented(format_args!("text search template {other}"))),
        })
    }

    /// What it says to a token.
    pub fn lexize(&self, token: &str, env: &dyn Environment) -> Result<Lexized> {
        Ok(match self {
            Dictionary::Simple(dictionary) => dictionary.lexize(token, env),
            Dictionary::Synonym(dictionary) => dictionary.lexize(token, env),
            Dictionary::Snowball(dictionary) => dictionary.lexize(token, env),
            Dictionary::Ispell(dictionary) => dictionary.lexize(token, env),
            Dictionary::Thesaurus(dictionary) => dictionary
                .longest(std::iter::once(token), env)?
                .map_or(Lexized::Unknown, |(lexemes, _)| Lexized::Known(lexemes)),
        })
    }
}

/// A token in lower case, as the database's locale has it.
fn lower(token: &str, env: &dyn Environment) -> String {
    let mut out = Vec::with_capacity(token.len());
    super::configuration::default_cases(env).lower(token.as_bytes(), &mut out);
    String::from_utf8(out).unwrap_or_default()
}

/// A Boolean option.
fn boolean(option: &DictionaryOption) -> Result<bool> {
    match option.1.to_ascii_lowercase().as_str() {
        "true" | "on" | "1" => Ok(true),
        "false" | "off" | "0" => Ok(false),
        _ => Err(Error::new(SqlState::SYNTAX_ERROR, format!("{} requires a Boolean value", option.0))),
    }
}

/// The error for an option given twice.
#[cold]
fn twice(what: &str) -> Error {
    Error::new(SqlState::INVALID_PARAMETER_VALUE, format!("multiple {what} parameters"))
}

/// The error for an option that the template does not have.
#[cold]
fn unrecognized(template: &str, name: &str) -> Error {
    Error::new(SqlState::INVALID_PARAMETER_VALUE, format!("unrecognized {template} parameter: \"{name}\""))
}
