//! Whether a document matches a query.
//!
//! A lexeme without positions (a stripped vector) neither matches within a phrase nor fails to: the answer is "maybe", and a phrase that is
//! only maybe there is not there. Below "followed by" an operand stands for the places where it ends (or, negated, for all others), and
//! for how many places before that it began.

use super::query::{Item, Operand, Operator, Query};
use super::vector::{Positions, Vector};
use error::Result;

/// Three-valued truth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    /// No.
    No,
    /// It may.
    Maybe,
    /// Yes.
    Yes,
}

impl Match {
    fn from_bool(yes: bool) -> Match {
        if yes { Match::Yes } else { Match::No }
    }

    fn not(self) -> Match {
        match self {
            Match::No => Match::Yes,
            Match::Maybe => Match::Maybe,
            Match::Yes => Match::No,
        }
    }

    fn and(self, other: Match) -> Match {
        match (self, other) {
            (Match::No, _) | (_, Match::No) => Match::No,
            (Match::Yes, Match::Yes) => Match::Yes,
            _ => Match::Maybe,
        }
    }

    fn or(self, other: Match) -> Match {
        self.not().and(other.not()).not()
    }
}

/// Where an operand of a phrase stands.
#[derive(Clone, Debug)]
pub struct Places {
    /// Whether it stands there at all.
    pub found: Match,
    /// In rising order.
    pub places: Vec<u32>,
    /// How many places before the recorded one it begins.
    width: u32,
    /// It stands everywhere but at `places`.
    negated: bool,
}

impl Places {
    /// At these places.
    pub fn at(places: Vec<u32>) -> Places {
        Places { found: Match::from_bool(!places.is_empty()), places, width: 0, negated: false }
    }

    /// Perhaps somewhere.
    pub fn unknown() -> Places {
        Places { found: Match::Maybe, places: Vec::new(), width: 0, negated: false }
    }

    /// Nowhere.
    pub fn none() -> Places {
        Places { found: Match::No, places: Vec::new(), width: 0, negated: false }
    }

    fn not(mut self) -> Places {
        match self.found {
            Match::Maybe => self,
            Match::No => Places { found: Match::Yes, places: Vec::new(), width: 0, negated: true },
            Match::Yes if self.places.is_empty() && self.negated => Places::none(),
            Match::Yes => {
                self.negated = !self.negated;
                self
            }
        }
    }

    /// Both, the second one behind the first by a distance; without one, at the same place.
    fn and(self, right: Places, distance: Option<u32>) -> Places {
        match self.found.and(right.found) {
            Match::No => return Places::none(),
            Match::Maybe => return Places::unknown(),
            Match::Yes => {}
        }
        let (shift_left, shift_right, width) = match distance {
            Some(distance) => (distance + right.width, 0, distance + self.width + right.width),
            None => {
                let width = self.width.max(right.width);
                (width - self.width, width - right.width, width)
            }
        };
        let (keep, negated) = match (self.negated, right.negated) {
            (true, true) => ([true, true, true], true),
            (true, false) => ([false, false, true], false),
            (false, true) => ([true, false, false], false),
            (false, false) => ([false, true, false], false),
        };
        let places = merge(&self.places, shift_left, &right.places, shift_right, keep);
        let found = Match::from_bool(negated || !places.is_empty());
        Places { found, places, width, negated }
    }

    /// Either.
    fn or(self, right: Places) -> Places {
        match (self.found, right.found) {
            (Match::No, Match::No) => return Places::none(),
            (Match::Maybe, _) | (_, Match::Maybe) => return Places::unknown(),
            _ => {}
        }
        let width = self.width.max(right.width);
        let (keep, negated) = match (self.negated, right.negated) {
            (true, true) => ([false, true, false], true),
            (true, false) => ([true, false, false], true),
            (false, true) => ([false, false, true], true),
            (false, false) => ([true, true, true], false),
        };
        let places = merge(&self.places, width - self.width, &right.places, width - right.width, keep);
        Places { found: Match::Yes, places, width, negated }
    }
}

/// Merges shifted places; `keep` says whether to keep those only on the left, on both sides, only on the right.
fn merge(left: &[u32], shift_left: u32, right: &[u32], shift_right: u32, keep: [bool; 3]) -> Vec<u32> {
    let (mut i, mut j, mut out) = (0, 0, Vec::new());
    loop {
        let place = |list: &[u32], at: usize, shift: u32| list.get(at).map_or(u32::MAX, |p| p + shift);
        let (a, b) = (place(left, i, shift_left), place(right, j, shift_right));
        if a == u32::MAX && b == u32::MAX {
            return out;
        }
        i += (a <= b) as usize;
        j += (b <= a) as usize;
        let kind = match a.cmp(&b) {
            std::cmp::Ordering::Less => 0,
            std::cmp::Ordering::Equal => 1,
            std::cmp::Ordering::Greater => 2,
        };
        if keep[kind] {
            out.push(a.min(b));
        }
    }
}

/// What a query is asked of: a document, an index entry …
pub trait Source {
    /// Whether an operand that stands in no phrase matches.
    fn matches(&self, operand: &Operand<'_>) -> Match;
    /// Where an operand of a phrase stands. The default knows no places.
    fn places(&self, operand: &Operand<'_>) -> Places {
        match self.matches(operand) {
            Match::No => Places::none(),
            _ => Places::unknown(),
        }
    }
}

enum Value {
    Plain(Match),
    Phrase(Places),
}

/// A query with what does not depend on the document.
#[derive(Debug)]
pub struct Prepared<'a> {
    /// The query.
    pub query: Query<'a>,
    /// For each item whether it is an operand of a phrase, how deep ever.
    in_phrase: Vec<bool>,
}

impl<'a> Prepared<'a> {
    /// Prepares a query for many documents.
    pub fn new(bytes: &'a [u8]) -> Result<Prepared<'a>> {
        Ok(Prepared::of(Query::new(bytes)?))
    }

    /// Prepares a decoded query.
    pub fn of(query: Query<'a>) -> Prepared<'a> {
        let mut in_phrase = vec![false; query.items.len()];
        for (at, item) in query.items.iter().enumerate() {
            if let Item::Operation { operator: Operator::Phrase(_), start, .. } = item {
                in_phrase[*start as usize..at].fill(true);
            }
        }
        Prepared { query, in_phrase }
    }

    /// Whether it has "followed by".
    pub fn has_phrase(&self) -> bool {
        self.in_phrase.contains(&true)
    }

    /// Whether the source matches. `maybe_phrase` lets a phrase be there whose places are not known.
    pub fn execute(&self, source: &dyn Source, maybe_phrase: bool) -> Match {
        match self.evaluate(0..self.query.items.len(), source, maybe_phrase, None) {
            Some(Value::Plain(found)) => found,
            _ => Match::No,
        }
    }

    /// Where a phrase, the item `root`, stands: the places where it ends, how many places before them it begins, and whether it is there.
    pub(super) fn phrase(&self, root: usize, source: &dyn Source) -> (Vec<u32>, u32, bool) {
        match self.evaluate(self.query.start(root)..root + 1, source, false, Some(root)) {
            Some(Value::Phrase(places)) if places.found == Match::Yes => {
                (if places.negated { Vec::new() } else { places.places }, places.width, true)
            }
            _ => (Vec::new(), 0, false),
        }
    }

    /// The value of consecutive items that belong together; that of `phrase` as places.
    fn evaluate(
        &self,
        range: std::ops::Range<usize>,
        source: &dyn Source,
        maybe_phrase: bool,
        phrase: Option<usize>,
    ) -> Option<Value> {
        let mut stack: Vec<Value> = Vec::new();
        for at in range {
            let item = &self.query.items[at];
            let value = match item {
                Item::Value(operand) if self.in_phrase[at] => Value::Phrase(source.places(operand)),
                Item::Value(operand) => Value::Plain(source.matches(operand)),
                Item::Operation { operator: Operator::Not, .. } => match stack.pop() {
                    Some(Value::Plain(found)) => Value::Plain(found.not()),
                    Some(Value::Phrase(places)) => Value::Phrase(places.not()),
                    None => return None,
                },
                Item::Operation { operator, .. } => {
                    let (Some(right), Some(left)) = (stack.pop(), stack.pop()) else { return None };
                    match (left, right, operator) {
                        (Value::Plain(left), Value::Plain(right), Operator::And) => Value::Plain(left.and(right)),
                        (Value::Plain(left), Value::Plain(right), _) => Value::Plain(left.or(right)),
                        (Value::Phrase(left), Value::Phrase(right), Operator::And) => {
                            Value::Phrase(left.and(right, None))
                        }
                        (Value::Phrase(left), Value::Phrase(right), Operator::Or) => Value::Phrase(left.or(right)),
                        (Value::Phrase(left), Value::Phrase(right), Operator::Phrase(distance)) => {
                            let places = left.and(right, Some(*distance as u32));
                            if self.in_phrase[at] || phrase == Some(at) {
                                Value::Phrase(places)
                            } else if places.found == Match::Maybe && !maybe_phrase {
                                Value::Plain(Match::No)
                            } else {
                                Value::Plain(places.found)
                            }
                        }
                        _ => return None,
                    }
                }
            };
            stack.push(value);
        }
        stack.pop()
    }

    /// Whether a document matches.
    pub fn matches(&self, vector: &Vector<'_>) -> bool {
        !self.query.items.is_empty() && self.execute(vector, false) != Match::No
    }
}

/// The entries that an operand names: one, or all that begin with it.
pub(super) fn entries(vector: &Vector<'_>, operand: &Operand<'_>) -> std::ops::Range<usize> {
    let first = vector.lower_bound(operand.lexeme);
    let mut end = first;
    while end < vector.len() {
        let lexeme = vector.lexeme(end);
        let same = if operand.prefix { lexeme.starts_with(operand.lexeme) } else { lexeme == operand.lexeme };
        if !same {
            break;
        }
        end += 1;
        if !operand.prefix {
            break;
        }
    }
    first..end
}

fn weighs(operand: &Operand<'_>, positions: Positions<'_>) -> bool {
    // What has no positions has no weights that could exclude it.
    operand.weights == 0
        || positions.is_empty()
        || positions.iter().any(|position| operand.weights >> position.weight() & 1 != 0)
}

impl Source for Vector<'_> {
    fn matches(&self, operand: &Operand<'_>) -> Match {
        Match::from_bool(entries(self, operand).any(|at| weighs(operand, self.positions(at))))
    }

    fn places(&self, operand: &Operand<'_>) -> Places {
        let mut places: Vec<u32> = Vec::new();
        let entries = entries(self, operand);
        let several = entries.len() > 1;
        for at in entries {
            let positions = self.positions(at);
            if positions.is_empty() {
                return Places::unknown();
            }
            let counts = |weight: u8| operand.weights == 0 || operand.weights >> weight & 1 != 0;
            places.extend(positions.iter().filter(|p| counts(p.weight())).map(|p| p.place() as u32));
        }
        if several {
            places.sort_unstable();
            places.dedup();
        }
        Places::at(places)
    }
}
