//! From a routine's text to its tree.
//!
//! The tokens are SQL's. Statements are told by their first word (a variable's name wins over a word of the language when `:=`, `=`, `.` or
//! `[` follows); expressions and SQL statements are cut out of the text by the token that ends them, and parsed as SQL when they are first
//! run, or at once when the routine is being made.

mod block;
mod control;
mod cursor;
mod declare;
mod raise;
mod sql;
mod statement;

pub(crate) use block::states_named;

use std::rc::Rc;

use analyzer::query::SqlType;
use analyzer::routine::Precedence;
use catalog::Catalog;
use error::{Error, Result, Severity, SqlState};
use ids::Oid;
use parser::lexer::{Token, TokenKind, Tokens, char_position, tokenize};
use parser::{ParseMode, ParserOptions};
use types::Environment;

use crate::tree::*;

/// What is known of a routine before its text is read.
pub struct Header {
    /// How contexts call it.
    pub signature: String,
    /// Its bare name, which labels its arguments.
    pub name: String,
    /// Names, types and modes of all arguments; polymorphic types resolved.
    pub arguments: Vec<(String, SqlType, u8)>,
    /// The declared result.
    pub result: ResultKind,
    /// See [`Routine::result_type`].
    pub result_type: SqlType,
    /// It returns a set.
    pub set: bool,
    /// It is a procedure (or DO).
    pub procedure: bool,
    /// The collation that it is called with; variables of types that have collations take it, too.
    pub collation: Oid,
    /// `plpgsql.variable_conflict`.
    pub precedence: Precedence,
    /// `plpgsql.print_strict_params`.
    pub print_strict_params: bool,
    /// Look at all of its SQL now: it is being made.
    pub check: bool,
    /// What becomes of variables that hide others: [`crate::extra_check`] of `shadowed_variables`, when it is made.
    pub shadowed: Option<Severity>,
}

/// Parses a routine.
///
/// # Errors
/// `42601` and others, with their place in the text; the context says `near line`.
pub fn parse(catalog: &Catalog, env: &dyn Environment, text: &str, header: &Header) -> Result<Routine> {
    let options = ParserOptions::default();
    let tokens = tokenize(text, &options);
    let mut parser = Parser {
        catalog,
        env,
        text,
        tokens,
        at: 0,
        header,
        variables: Vec::new(),
        names: Vec::new(),
        last: None,
        precedence: header.precedence,
        print_strict_params: header.print_strict_params,
        warnings: Vec::new(),
        lines: text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at as u32).collect(),
        depth: 0,
    };
    parser.routine().map_err(|error| {
        let line = parser.line();
        error.context(format!("compilation of PL/pgSQL function \"{}\" near line {line}", header.name))
    })
}

/// How deep blocks may nest.
const DEPTH_MAX: u32 = 200;

struct Parser<'p> {
    catalog: &'p Catalog,
    env: &'p dyn Environment,
    text: &'p str,
    tokens: Tokens,
    at: usize,
    header: &'p Header,
    variables: Vec<Variable>,
    names: Vec<Name>,
    last: Option<usize>,
    precedence: Precedence,
    print_strict_params: bool,
    warnings: Vec<Error>,
    /// Where lines end.
    lines: Vec<u32>,
    depth: u32,
}

/// Words that cannot be variables.
const RESERVED: [&str; 24] = [
    "all", "begin", "by", "case", "declare", "else", "end", "execute", "for", "foreach", "from", "if", "in", "into",
    "loop", "not", "null", "or", "strict", "then", "to", "using", "when", "while",
];

impl<'p> Parser<'p> {
    // --- Tokens -----------------------------------------------------------------------------------------------------

    fn token(&self) -> Token {
        self.token_at(0)
    }

    fn token_at(&self, ahead: usize) -> Token {
        let tokens = &self.tokens.tokens;
        tokens[(self.at + ahead).min(tokens.len() - 1)]
    }

    fn kind(&self) -> TokenKind {
        self.token().kind
    }

    fn is_kind(&self, kind: TokenKind) -> bool {
        self.kind() == kind
    }

    fn source(&self, token: Token) -> &'p str {
        &self.text[token.start as usize..token.end as usize]
    }

    fn is_word_at(&self, ahead: usize, word: &str) -> bool {
        let token = self.token_at(ahead);
        token.kind == TokenKind::Identifier && self.source(token).eq_ignore_ascii_case(word)
    }

    fn is(&self, word: &str) -> bool {
        self.is_word_at(0, word)
    }

    fn accept(&mut self, word: &str) -> bool {
        let found = self.is(word);
        self.at += found as usize;
        found
    }

    fn accept_kind(&mut self, kind: TokenKind) -> bool {
        let found = self.is_kind(kind);
        self.at += found as usize;
        found
    }

    fn is_operator(&self, text: &str) -> bool {
        self.kind() != TokenKind::End && self.source(self.token()) == text
    }

    fn accept_operator(&mut self, text: &str) -> bool {
        let found = self.is_operator(text);
        self.at += found as usize;
        found
    }

    fn expect(&mut self, word: &str) -> Result<()> {
        if self.accept(word) { Ok(()) } else { Err(self.syntax_error()) }
    }

    fn expect_kind(&mut self, kind: TokenKind) -> Result<()> {
        if self.accept_kind(kind) { Ok(()) } else { Err(self.syntax_error()) }
    }

    /// The identifier that a token is, folded; none for other tokens.
    fn identifier_of(&self, token: Token) -> Option<String> {
        match token.kind {
            TokenKind::Identifier => {
                let folded = self.source(token).to_ascii_lowercase();
                Some(parser::lexer::truncate_identifier(&folded).to_string())
            }
            TokenKind::QuotedIdentifier => Some(self.content(token)),
            _ => None,
        }
    }

    /// What a string or quoted identifier says.
    fn content(&self, token: Token) -> String {
        match token.value {
            Token::DIRECT => self.text[token.start as usize + 1..token.end as usize - 1].to_string(),
            index => self.tokens.texts.get(index as usize).map_or_else(String::new, |text| text.to_string()),
        }
    }

    /// A name that is no reserved word.
    fn name(&mut self) -> Result<String> {
        let token = self.token();
        match self.identifier_of(token) {
            Some(name) if token.kind == TokenKind::QuotedIdentifier || !RESERVED.contains(&name.as_str()) => {
                self.at += 1;
                Ok(name)
            }
            _ => Err(self.syntax_error()),
        }
    }

    fn line_of(&self, offset: u32) -> u32 {
        self.lines.partition_point(|&end| end < offset) as u32 + 1
    }

    fn line(&self) -> u32 {
        self.line_of(self.token().start)
    }

    // --- Errors -----------------------------------------------------------------------------------------------------

    fn error_at(&self, state: SqlState, message: impl Into<String>, offset: u32) -> Error {
        Error::new(state, message).position(char_position(self.text, offset))
    }

    fn error(&self, state: SqlState, message: impl Into<String>) -> Error {
        self.error_at(state, message, self.token().start)
    }

    fn syntax(&self, message: impl Into<String>) -> Error {
        self.error(SqlState::SYNTAX_ERROR, message)
    }

    /// `syntax error at or near "…"`
    fn syntax_error(&self) -> Error {
        self.near("syntax error")
    }

    fn near(&self, message: &str) -> Error {
        if let (TokenKind::Invalid, Some(error)) = (self.kind(), &self.tokens.error) {
            return error.clone();
        }
        let token = self.token();
        match token.kind {
            TokenKind::End => self.syntax(format!("{message} at end of input")),
            _ => self.syntax(format!("{message} at or near \"{}\"", self.source(token))),
        }
    }

    // --- Names ------------------------------------------------------------------------------------------------------

    fn push_name(&mut self, name: &str, what: Named) {
        self.names.push(Name { before: self.last, name: name.to_string(), what });
        self.last = Some(self.names.len() - 1);
    }

    fn add(&mut self, name: &str, kind: VariableKind, line: u32) -> Number {
        self.variables.push(Variable {
            name: name.to_string(),
            line,
            kind,
            constant: false,
            not_null: false,
            default: None,
        });
        self.variables.len() - 1
    }

    /// A variable, with its name.
    fn declare(&mut self, name: &str, kind: VariableKind, line: u32) -> Number {
        let number = self.add(name, kind, line);
        self.push_name(name, Named::Variable(number));
        number
    }

    fn find(&self, parts: &[&str]) -> Option<(Number, usize)> {
        lookup(&self.names, self.last, parts)
    }

    fn has_label(&self, label: &str) -> Option<Named> {
        let mut at = self.last;
        while let Some(name) = at.map(|at| &self.names[at]) {
            if !matches!(name.what, Named::Variable(_)) && name.name == label && !label.is_empty() {
                return Some(name.what);
            }
            at = name.before;
        }
        None
    }

    fn is_in_loop(&self) -> bool {
        let mut at = self.last;
        while let Some(name) = at.map(|at| &self.names[at]) {
            if name.what == Named::Loop {
                return true;
            }
            at = name.before;
        }
        false
    }

    /// The variable that the next tokens name, with the parts of the name that it took and those that are left; `at` stays.
    fn peek_variable(&self) -> Option<(Number, Vec<String>, usize, usize)> {
        let mut parts = Vec::new();
        let mut ahead = 0;
        loop {
            let token = self.token_at(ahead);
            let Some(part) = self.identifier_of(token) else { break };
            if parts.is_empty() && token.kind == TokenKind::Identifier && RESERVED.contains(&part.as_str()) {
                return None;
            }
            parts.push(part);
            ahead += 1;
            if parts.len() == 3 || self.token_at(ahead).kind != TokenKind::Dot {
                break;
            }
            ahead += 1;
        }
        if let (true, TokenKind::Parameter) = (parts.is_empty(), self.token_at(0).kind) {
            parts.push(self.source(self.token()).to_string());
            ahead = 1;
        }
        let words: Vec<&str> = parts.iter().map(String::as_str).collect();
        let (number, used) = self.find(&words)?;
        Some((number, parts, used, ahead))
    }

    // --- Fragments --------------------------------------------------------------------------------------------------

    /// The text between two offsets as a fragment, looked at now if the routine is being made.
    fn fragment(&self, start: u32, end: u32, mode: Mode) -> Result<Fragment> {
        let raw = &self.text[start as usize..end as usize];
        self.fragment_of(raw.trim_end(), start, mode)
    }

    fn fragment_of(&self, text: &str, start: u32, mode: Mode) -> Result<Fragment> {
        if self.header.check {
            crate::run::plan::parse_fragment(text, mode).map_err(|mut error| {
                if let Some(position) = error.fields_mut().position.take() {
                    let before = char_position(self.text, start) - 1;
                    error = error.position(before + position);
                }
                error
            })?;
        }
        Ok(Fragment { text: Rc::from(text), mode, names: self.last, planned: Default::default() })
    }

    /// Skips to the first of these words or kinds outside of parentheses; gives the offset where the text ends.
    fn skip_until(&mut self, ends: &dyn Fn(&Parser<'p>) -> bool, missing: &str, is_expression: bool) -> Result<u32> {
        let start = self.at;
        let mut depth = 0usize;
        loop {
            match self.kind() {
                TokenKind::End | TokenKind::Invalid => {
                    if let Some(error) = &self.tokens.error {
                        return Err(error.clone());
                    }
                    if depth > 0 {
                        return Err(self.syntax("mismatched parentheses"));
                    }
                    let kind = if is_expression { "expression" } else { "statement" };
                    return Err(self.syntax(format!("missing \"{missing}\" at end of SQL {kind}")));
                }
                _ if depth == 0 && self.at > start && ends(self) => break,
                _ if depth == 0 && self.at == start && ends(self) => {
                    let what = if is_expression { "missing expression" } else { "missing SQL statement" };
                    return Err(self.near_missing(what));
                }
                TokenKind::LeftParen | TokenKind::LeftBracket => depth += 1,
                TokenKind::RightParen | TokenKind::RightBracket => match depth.checked_sub(1) {
                    Some(less) => depth = less,
                    None => return Err(self.syntax("mismatched parentheses at or near \")\"")),
                },
                TokenKind::Semicolon if is_expression => {
                    if depth > 0 {
                        return Err(self.near("mismatched parentheses"));
                    }
                    return Err(self.near(&format!("missing \"{missing}\" at end of SQL expression")));
                }
                _ => (),
            }
            self.at += 1;
        }
        let last = self.tokens.tokens[self.at - 1];
        Ok(last.end)
    }

    fn near_missing(&self, what: &str) -> Error {
        self.near(what)
    }

    /// An expression up to a word, which is skipped.
    fn expression_until_word(&mut self, word: &str) -> Result<Fragment> {
        let start = self.token().start;
        let upper = word.to_ascii_uppercase();
        let end = self.skip_until(&|p| p.is(word), &upper, true)?;
        let fragment = self.fragment(start, end, Mode::Expression)?;
        self.at += 1;
        Ok(fragment)
    }

    /// An expression up to one of these kinds of tokens, which stays.
    fn expression_until(&mut self, kinds: &[TokenKind]) -> Result<Fragment> {
        let start = self.token().start;
        let shown = if kinds.contains(&TokenKind::Semicolon) { ";" } else { ")" };
        let end = self.skip_until(&|p| kinds.contains(&p.kind()), shown, true)?;
        self.fragment(start, end, Mode::Expression)
    }

    /// An expression up to one of these words or kinds, which stays.
    fn expression_before(&mut self, words: &[&str], kinds: &[TokenKind]) -> Result<Fragment> {
        let start = self.token().start;
        let end = self.skip_until(&|p| kinds.contains(&p.kind()) || words.iter().any(|word| p.is(word)), ";", true)?;
        self.fragment(start, end, Mode::Expression)
    }

    fn options_of_text(&mut self) -> Result<()> {
        while self.accept_operator("#") {
            let option = self.name()?;
            match option.as_str() {
                "option" => drop(self.name()?),
                "dump" => (),
                "print_strict_params" => {
                    self.print_strict_params = match self.name()?.as_str() {
                        "on" => true,
                        "off" => false,
                        other => {
                            let text = format!("unrecognized print_strict_params option {other}");
                            return Err(Error::internal(text));
                        }
                    };
                }
                "variable_conflict" => {
                    self.precedence = match self.name()?.as_str() {
                        "error" => Precedence::Neither,
                        "use_variable" => Precedence::Variable,
                        "use_column" => Precedence::Column,
                        _ => return Err(self.syntax_error()),
                    };
                }
                _ => return Err(self.syntax_error()),
            }
        }
        Ok(())
    }
}

/// The variable that a name's parts begin with, and how many parts it took: `v`, `block.v`; the others are fields.
pub(crate) fn lookup(names: &[Name], last: Option<usize>, parts: &[&str]) -> Option<(Number, usize)> {
    // Each block's names stand in front of it in the chain; the block itself is the label behind which they are declared.
    let mut at = last;
    let mut level: Vec<&Name> = Vec::new();
    while let Some(name) = at.map(|at| &names[at]) {
        at = name.before;
        if let Named::Variable(number) = name.what {
            if parts.first() == Some(&name.name.as_str()) {
                return Some((number, 1));
            }
            level.push(name);
            continue;
        }
        if parts.len() > 1 && !name.name.is_empty() && parts[0] == name.name {
            for variable in &level {
                if let Named::Variable(number) = variable.what
                    && variable.name == parts[1]
                {
                    return Some((number, 2));
                }
            }
        }
        level.clear();
    }
    None
}

/// Parses an expression or statement of SQL.
pub(crate) fn parse_sql(text: &str, mode: Mode) -> Result<Vec<parser::ast::RawStatement>> {
    let mode = match mode {
        Mode::Expression => ParseMode::Expression,
        Mode::Assignment(names) => ParseMode::Assignment(names),
        Mode::Statement => ParseMode::Statements,
    };
    parser::parse_with(text, mode, &ParserOptions::default()).map(|parsed| parsed.statements)
}
