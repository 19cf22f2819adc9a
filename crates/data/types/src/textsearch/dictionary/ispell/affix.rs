//! Affixes: what is taken off a form, what is put in its place, and for which words that may be done.

use super::compound;
use crate::regex::{Flags, Regex};
use error::Result;
use hashbrown::HashMap;

/// A flag of a word or an affix: a character, two of them, or a number.
pub type Flag = u64;

/// A prefix or suffix.
#[derive(Debug)]
pub struct Affix {
    /// Which words have it.
    pub flag: Flag,
    /// At the end of a form rather than at its beginning.
    pub is_suffix: bool,
    /// It goes with affixes of the other end that go with it.
    pub cross_product: bool,
    /// Bits of [`compound`].
    pub compound: u8,
    /// What a form has more than its word.
    pub adds: String,
    /// What the word has instead.
    pub strips: String,
    /// What the word must look like at the affix's end.
    pub condition: Condition,
}

impl Affix {
    /// The word of a form, at a position of a compound or on its own (0), if this affix may be there and the word fits.
    pub fn strip(&self, form: &str, position: u8) -> Option<String> {
        let inside = compound::PERMIT | compound::ONLY;
        let refused = match (position, self.is_suffix) {
            (0, _) => self.compound & compound::ONLY != 0,
            _ if self.compound & compound::FORBID != 0 => true,
            (compound::BEGIN, false) | (compound::LAST, true) => false,
            (position, _) => self.compound & (inside | position) == 0,
        };
        if refused {
            return None;
        }
        let word = match self.is_suffix {
            true => format!("{}{}", form.strip_suffix(self.adds.as_str())?, self.strips),
            false => format!("{}{}", self.strips, form.strip_prefix(self.adds.as_str())?),
        };
        self.condition.holds(&word, self.is_suffix).then_some(word)
    }
}

/// What a word must look like.
#[derive(Debug)]
pub enum Condition {
    /// One piece for each character at the word's end (or beginning).
    Simple(Vec<Piece>),
    /// A regular expression, anchored.
    Regex(Box<Regex>),
}

/// What a character may be.
#[derive(Debug)]
pub enum Piece {
    Any,
    One(char),
    /// One of these; or, if the flag is set, none of them.
    Set(Vec<char>, bool),
}

impl Condition {
    /// Reads a condition in lower case.
    ///
    /// # Errors
    /// Those of a regular expression.
    pub fn new(text: &str, is_suffix: bool) -> Result<Condition> {
        if matches!(text, "." | "") {
            return Ok(Condition::Simple(Vec::new()));
        }
        if let Some(pieces) = simple(text) {
            return Ok(Condition::Simple(pieces));
        }
        let anchored = if is_suffix { format!("{text}$") } else { format!("^{text}") };
        Regex::new(&anchored, Flags::default()).map(|regex| Condition::Regex(Box::new(regex)))
    }

    fn holds(&self, word: &str, is_suffix: bool) -> bool {
        match self {
            Condition::Simple(pieces) if is_suffix => {
                let mut chars = word.chars().rev();
                pieces.iter().rev().all(|piece| chars.next().is_some_and(|c| piece.takes(c)))
            }
            Condition::Simple(pieces) => {
                let mut chars = word.chars();
                pieces.iter().all(|piece| chars.next().is_some_and(|c| piece.takes(c)))
            }
            Condition::Regex(regex) => regex.is_match(&word.chars().collect::<Vec<char>>()).unwrap_or(false),
        }
    }
}

impl Piece {
    fn takes(&self, c: char) -> bool {
        match self {
            Piece::Any => true,
            Piece::One(one) => *one == c,
            Piece::Set(set, inverted) => set.contains(&c) != *inverted,
        }
    }
}

/// The pieces of a condition of letters, points and sets; `None` if it has anything else.
fn simple(text: &str) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        pieces.push(match c {
            '.' => Piece::Any,
            '[' => {
                let inner = chars.as_str();
                let end = inner.find(']')?;
                let (set, rest) = (&inner[..end], &inner[end + 1..]);
                chars = rest.chars();
                let (set, inverted) = set.strip_prefix('^').map_or((set, false), |set| (set, true));
                if set.is_empty() || !set.chars().all(char::is_alphanumeric) {
                    return None;
                }
                Piece::Set(set.chars().collect(), inverted)
            }
            c if c.is_alphanumeric() || matches!(c, '\'' | '-') => Piece::One(c),
            _ => return None,
        });
    }
    Some(pieces)
}

/// Affixes of one end, by what they add.
#[derive(Debug, Default)]
pub struct Affixes {
    all: Vec<Affix>,
    by_addition: HashMap<String, Vec<usize>, foldhash::fast::FixedState>,
    /// The longest addition, in bytes.
    longest: usize,
}

impl Affixes {
    /// Adds one.
    pub fn push(&mut self, affix: Affix) {
        self.longest = self.longest.max(affix.adds.len());
        self.by_addition.entry(affix.adds.clone()).or_default().push(self.all.len());
        self.all.push(affix);
    }

    /// Those whose addition a form has, the shortest first.
    pub fn of<'a>(&'a self, form: &'a str) -> impl Iterator<Item = &'a Affix> {
        let is_suffix = self.all.first().is_some_and(|affix| affix.is_suffix);
        let longest = self.longest.min(form.len());
        (0..=longest)
            .filter_map(move |length| if is_suffix { form.get(form.len() - length..) } else { form.get(..length) })
            .filter_map(|piece| self.by_addition.get(piece))
            .flatten()
            .map(|&at| &self.all[at])
    }
}
