//! The text that is being written: lines, indentation, lists.

use std::fmt;

use catalog::Catalog;
use error::{Error, Result, SqlState};
use types::Environment;

use super::names::Naming;

/// How far a subquery and each clause of a query stand in.
pub(super) const STEP: i32 = 8;
/// How far continued lists and CASE stand in.
pub(super) const LIST: i32 = 4;
/// Beyond this depth the indentation starts over, so that deep queries stay readable and small.
const LIMIT: i32 = 40;
/// How deep queries and expressions may nest.
const DEPTH_MAX: u32 = 1200;

/// Writes SQL.
pub(super) struct Writer<'q> {
    pub catalog: &'q Catalog,
    pub env: &'q dyn Environment,
    /// What is written so far.
    pub out: String,
    /// What columns are called.
    pub names: Naming<'q>,
    /// Clauses go on lines of their own.
    pub layout: bool,
    /// Parentheses that precedence makes needless are left out.
    pub pretty: bool,
    /// The longest line of a list; see [`super::query_text`].
    pub wrap: i32,
    pub indent: i32,
    /// What `$1`, `$2` … are called; `$n` where a name is missing.
    pub params: Vec<String>,
    /// Names of the output columns, while keys are written that an output column's name would catch.
    pub caught: Option<Vec<(String, &'q crate::query::Expr)>>,
    depth: u32,
}

impl<'q> Writer<'q> {
    pub fn new(catalog: &'q Catalog, env: &'q dyn Environment, names: Naming<'q>) -> Writer<'q> {
        Writer {
            catalog,
            env,
            out: String::new(),
            names,
            layout: false,
            pretty: false,
            wrap: 0,
            indent: 0,
            params: Vec::new(),
            caught: None,
            depth: 0,
        }
    }

    /// Appends text.
    pub fn put(&mut self, text: &str) {
        self.out.push_str(text);
    }

    /// Appends formatted text.
    pub fn putf(&mut self, text: fmt::Arguments<'_>) {
        let _ = fmt::write(&mut self.out, text);
    }

    /// Runs `f` one level deeper; too deep is `54001`.
    pub fn deeper<T>(&mut self, f: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.depth >= DEPTH_MAX {
            return Err(Error::new(SqlState::STATEMENT_TOO_COMPLEX, "stack depth limit exceeded"));
        }
        self.depth += 1;
        let result = f(self);
        self.depth -= 1;
        result
    }

    /// Removes blanks at the end.
    pub fn trim_end(&mut self) {
        let length = self.out.trim_end_matches(' ').len();
        self.out.truncate(length);
    }

    /// Begins a line with `text`, where lines are wanted; there it stands `extra` blanks further in than the level, which is changed
    /// by `before` first and by `after` afterwards.
    pub fn line(&mut self, text: &str, before: i32, after: i32, extra: i32) {
        if !self.layout {
            self.put(text);
            return;
        }
        self.indent += before;
        self.trim_end();
        self.out.push('\n');
        let depth = self.indent.max(0);
        let blanks = if depth < LIMIT { depth } else { (LIMIT + (depth - LIMIT) / (STEP / 2)) % LIMIT };
        for _ in 0..blanks + extra {
            self.out.push(' ');
        }
        self.put(text);
        self.indent = (self.indent + after).max(0);
    }

    /// A clause of the current query: a line that stands one step further out.
    pub fn clause(&mut self, text: &str, extra: i32) {
        self.line(text, -STEP, STEP, extra);
    }

    /// Writes something aside, and gives it.
    pub fn aside(&mut self, f: impl FnOnce(&mut Self) -> Result<()>) -> Result<String> {
        let kept = std::mem::take(&mut self.out);
        let result = f(self);
        let written = std::mem::replace(&mut self.out, kept);
        result.map(|()| written)
    }

    /// Appends an item of a list, on a line of its own if the current one would become too long or the last item had several lines.
    pub fn item(&mut self, text: &str, first: bool, last_was_long: &mut bool) {
        if self.layout && self.wrap >= 0 {
            let own_line = text.starts_with('\n');
            if own_line {
                self.trim_end();
            } else if !first {
                let line = self.out.rfind('\n').map_or(self.out.len(), |at| self.out.len() - at);
                if line + text.len() > self.wrap as usize || *last_was_long {
                    self.line("", -STEP, STEP, LIST);
                }
            }
            *last_was_long = text[usize::from(own_line)..].contains('\n');
        }
        self.put(text);
    }
}
