//! Lists of words that say nothing.

use super::Files;
use crate::Environment;
use error::Result;
use hashbrown::HashSet;

/// The lists that come with the program: language, tab, words with blanks between them; one language a line.
const BUILT_IN: &str = include_str!("../../../data/stopwords.tsv");

/// A list of stop words.
#[derive(Debug, Default)]
pub struct StopWords(HashSet<String, foldhash::fast::FixedState>);

impl StopWords {
    /// The list of a name: the installation's file, or else the one that comes with the program.
    pub fn named(name: &str, files: &dyn Files) -> Result<StopWords> {
        let built_in =
            BUILT_IN.lines().filter_map(|line| line.split_once('\t')).find(|(language, _)| *language == name);
        if let Some((_, words)) = built_in {
            return Ok(StopWords(words.split(' ').map(str::to_string).collect()));
        }
        let text = files.read(name, "stop", "stop-word")?;
        let words = text.lines().map(str::trim).filter(|word| !word.is_empty());
        Ok(StopWords(words.map(str::to_lowercase).collect()))
    }

    /// Whether a word (in lower case) is one of them.
    pub fn contains(&self, word: &str, _: &dyn Environment) -> bool {
        self.0.contains(word)
    }
}
