//! From text to lexemes: the parser's tokens, each through the dictionaries of its kind.

use super::dictionary::{Dictionary, Lexized};
use super::parser::Parser;
use super::vector::{MAX_LEXEME, Occurrence, Position, from_occurrences};
use crate::Environment;
use crate::call::Call;
use crate::text::DEFAULT_COLLATION;
use batch::{Column, DatumRef};
use collation::Cases;
use error::{Error, Result, Severity, SqlState};
use ids::Oid;
use std::sync::Arc;

/// The number of a kind of token.
pub type TokenType = i32;

/// The most positions that a document's lexeme keeps.
const DOCUMENT_POSITIONS: usize = 255;

/// A text search configuration: which dictionaries the tokens of each kind go through, in this order.
#[derive(Clone, Debug, Default)]
pub struct Configuration {
    /// By kind of token; kinds without dictionaries are left out of documents.
    pub dictionaries: Vec<Vec<Arc<Dictionary>>>,
}

impl Configuration {
    /// The dictionaries of a kind of token.
    pub fn of(&self, kind: TokenType) -> &[Arc<Dictionary>] {
        usize::try_from(kind).ok().and_then(|kind| self.dictionaries.get(kind)).map_or(&[], Vec::as_slice)
    }
}

/// A lexeme of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub lexeme: Vec<u8>,
    /// Which word of the text, from 1.
    pub position: u32,
    /// Lexemes of one variant of a word belong together; variants are alternatives.
    pub variant: u16,
    /// It stands for all lexemes that begin with it.
    pub prefix: bool,
}

/// Whether the database's locale takes every character beyond ASCII for a letter.
pub(super) fn all_letters(env: &dyn Environment) -> bool {
    default_cases(env) == Cases::Ascii
}

/// The cases of the database's own collation, which was opened when the session began.
pub(super) fn default_cases(env: &dyn Environment) -> Cases {
    env.collation(DEFAULT_COLLATION).map_or(Cases::Ascii, |collation| collation.cases())
}

#[cold]
fn long_word(env: &dyn Environment) {
    env.notice(
        Error::new(SqlState::PROGRAM_LIMIT_EXCEEDED, "word is too long to be indexed")
            .detail(format!("Words longer than {MAX_LEXEME} characters are ignored."))
            .severity(Severity::Notice),
    );
}

/// What a stretch of tokens became.
pub(super) struct Normalized {
    /// Its first token, and how many they are.
    pub token: usize,
    pub count: usize,
    pub lexemes: Vec<super::dictionary::Lexeme>,
}

/// Takes tokens through their dictionaries, and gives `sink` each that a dictionary knows, stop words without lexemes.
pub(super) fn normalize(
    configuration: &Configuration,
    tokens: &[(TokenType, &str)],
    env: &dyn Environment,
    sink: &mut dyn FnMut(Normalized) -> Result<()>,
) -> Result<()> {
    let mut at = 0;
    while at < tokens.len() {
        let (kind, text) = tokens[at];
        let mut count = 1;
        for dictionary in configuration.of(kind) {
            let known = match &**dictionary {
                Dictionary::Thesaurus(thesaurus) => {
                    let same = |(kind, _): &&(TokenType, &str)| {
                        configuration.of(*kind).iter().any(|other| Arc::ptr_eq(other, dictionary))
                    };
                    let words = tokens[at..].iter().take_while(same).map(|(_, text)| *text);
                    thesaurus.longest(words, env)?.map(|(lexemes, words)| {
                        count = words;
                        lexemes
                    })
                }
                other => match other.lexize(text, env)? {
                    Lexized::Unknown => None,
                    Lexized::Known(lexemes) => Some(lexemes),
                },
            };
            if let Some(lexemes) = known {
                sink(Normalized { token: at, count, lexemes })?;
                break;
            }
        }
        at += count;
        env.check_interrupts()?;
    }
    Ok(())
}

/// The lexemes of a text. Positions go on from `position`, which is then that of the last word.
pub(super) fn lexemes(
    configuration: &Configuration,
    text: &str,
    position: &mut u32,
    env: &dyn Environment,
    sink: &mut dyn FnMut(Found),
) -> Result<()> {
    let mut tokens = Vec::new();
    for token in Parser::new(text, all_letters(env)) {
        if token.text.len() >= MAX_LEXEME {
            long_word(env);
        } else if !configuration.of(token.kind).is_empty() {
            tokens.push((token.kind, token.text));
        }
    }
    normalize(configuration, &tokens, env, &mut |normalized| {
        *position += 1;
        for lexeme in normalized.lexemes {
            *position += lexeme.next_position as u32;
            let (text, variant, prefix) = (lexeme.text, lexeme.variant, lexeme.prefix);
            sink(Found { lexeme: text.into_bytes(), position: *position, variant, prefix });
        }
        Ok(())
    })
}

/// Collects the lexemes of a document's texts.
#[derive(Default)]
pub(super) struct Document {
    words: Vec<Occurrence>,
    position: u32,
}

impl Document {
    /// Adds a text; between two there is a gap, so that no phrase spans both.
    pub fn add(&mut self, configuration: &Configuration, text: &str, env: &dyn Environment) -> Result<()> {
        if self.position > 0 {
            self.position += 1;
        }
        let words = &mut self.words;
        lexemes(configuration, text, &mut self.position, env, &mut |found| {
            words.push(Occurrence { lexeme: found.lexeme, position: Some(Position::new(found.position, 0)) });
        })
    }

    /// Adds the document's vector to `out`.
    pub fn write(self, out: &mut Vec<u8>) -> Result<()> {
        from_occurrences(self.words, DOCUMENT_POSITIONS, out)
    }
}

/// The configuration that `default_text_search_config` names.
pub(super) fn default_configuration(env: &dyn Environment) -> Result<Oid> {
    let name = env.setting("default_text_search_config").unwrap_or_default();
    env.object_by_name(crate::oid::REGCONFIG, &name)?.ok_or_else(|| {
        let message = format!("text search configuration \"{name}\" does not exist");
        Error::new(SqlState::UNDEFINED_OBJECT, message)
    })
}

/// The loop of the functions that go by a configuration: the first argument (`explicit`), or the default one. `f` gets the other arguments,
/// the row, and where to write the result.
pub(super) fn with_configuration(
    call: &mut Call<'_>,
    explicit: bool,
    f: impl Fn(&[&Column], usize, &Configuration, &mut Vec<u8>) -> Result<()>,
) -> Result<()> {
    call.args.iter().for_each(|arg| call.out.inherit_nulls(arg, call.rows));
    let env = call.context.env;
    let default = if explicit { None } else { Some(default_configuration(env)?) };
    let mut last: Option<(Oid, Arc<Configuration>)> = None;
    let mut result = Vec::new();
    for row in call.rows.iter() {
        if call.out.is_null(row) {
            continue;
        }
        let wanted = match (default, call.args[0].get(row)) {
            (Some(default), _) => default,
            (None, DatumRef::B4(oid)) => Oid(oid as u32),
            (None, other) => return Err(crate::io::wrong_form(crate::oid::REGCONFIG, other)),
        };
        let configuration = match &last {
            Some((oid, configuration)) if *oid == wanted => configuration.clone(),
            _ => env.text_search_configuration(wanted)?,
        };
        result.clear();
        f(&call.args[explicit as usize..], row, &configuration, &mut result)?;
        call.out.put(row, DatumRef::Bytes(&result));
        last = Some((wanted, configuration));
    }
    Ok(())
}

/// A text argument.
pub(super) fn text_of<'a>(args: &[&'a Column], argument: usize, row: usize) -> Result<&'a str> {
    let bytes = args[argument].get(row).as_bytes().unwrap_or_default();
    std::str::from_utf8(bytes).map_err(|_| Error::corrupted("a text is not valid UTF-8"))
}
