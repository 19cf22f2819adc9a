//! PostgreSQL's regular expressions: "advanced" ones, after POSIX and Henry Spencer.
//!
//! What makes them differ from Perl's: a match begins as early as possible and is then as long as possible, or as short, by
//! a preference that the expression has as a whole; parts share the length by their own preferences, earlier ones first.
//!
//! An expression is parsed to a tree ([`parse`]) and each part compiled to a nondeterministic automaton ([`automaton`]).
//! Simulating all states at once finds the whole match in time proportional to the text. Where parentheses capture,
//! [`dissect`] then shares the found span among the parts, asking the parts' automata which splits are possible. Only
//! back-references need backtracking; it has a budget of steps.

mod automaton;
mod dissect;
mod functions;
mod parse;

pub use functions::{REGEXES, regexp_matches, regexp_split_to_table};

use automaton::Program;
use collation::Classes;
use error::{Error, Result, SqlState};
use parse::Node;

/// How an expression is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// Letters match both cases.
    pub ignore_case: bool,
    /// `.` and negated brackets do not match a newline.
    pub newline_stops: bool,
    /// `^` and `$` match at newlines.
    pub newline_anchors: bool,
    /// White space and comments in the expression are ignored.
    pub expanded: bool,
    /// The expression is a plain text.
    pub literal: bool,
    /// What letters, digits and the like are.
    pub classes: Classes,
}

/// A compiled expression.
#[derive(Debug)]
pub struct Regex {
    root: Node,
    program: Program,
    groups: usize,
    /// Whether the whole match is as long as possible.
    longest: bool,
    back_references: bool,
}

/// A match: its span and those of its groups, in characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// The whole match.
    pub span: (usize, usize),
    /// The groups' spans, the first group's first; `None` for those that took no part.
    pub groups: Vec<Option<(usize, usize)>>,
}

/// `2201B invalid regular expression: …`.
#[cold]
pub(crate) fn invalid(reason: &str) -> Error {
    Error::new(SqlState::INVALID_REGULAR_EXPRESSION, format!("invalid regular expression: {reason}"))
}

impl Regex {
    /// Compiles an expression.
    pub fn new(pattern: &str, flags: Flags) -> Result<Regex> {
        let parsed = parse::parse(pattern, flags)?;
        let program = Program::new(&parsed.root)?;
        Ok(Regex {
            longest: parsed.root.preference() != Some(false),
            groups: parsed.groups,
            back_references: parsed.back_references,
            root: parsed.root,
            program,
        })
    }

    /// How many groups capture.
    pub fn groups(&self) -> usize {
        self.groups
    }

    /// Whether it matches anywhere in the text.
    pub fn is_match(&self, text: &[char]) -> Result<bool> {
        if self.back_references {
            return Ok(self.find(text, 0)?.is_some());
        }
        Ok(self.program.matches_somewhere(text))
    }

    /// The first match that begins at `from` or later.
    pub fn find(&self, text: &[char], from: usize) -> Result<Option<Match>> {
        if self.back_references {
            return dissect::backtrack(&self.root, self.groups, self.longest, text, from);
        }
        let Some(span) = self.program.find(text, from, self.longest) else { return Ok(None) };
        let groups = if self.groups == 0 { Vec::new() } else { dissect::groups(&self.root, self.groups, text, span)? };
        Ok(Some(Match { span, groups }))
    }
}
