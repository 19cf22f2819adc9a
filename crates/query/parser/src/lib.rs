//! SQL text to syntax tree. Reads no catalog.
//!
//! All of PostgreSQL 18's grammar, by hand: a scanner ([`lexer`]), recursive descent for statements and precedence
//! climbing for expressions (`grammar`), giving an owned tree ([`ast`]). There is no table of productions; each
//! function of `grammar` is named after what it reads.
//!
//! What programs can observe is PostgreSQL's:
//! - Errors: `syntax error at or near "token"` stands at the first token that cannot continue the text. An LALR(1)
//!   parser finds that token by construction; here it follows from never reading past a token before it is known to be
//!   possible, and from [`lexer`] errors being reported only when the parser reaches them.
//! - Positions count characters from 1. Locations in the tree count bytes from 0; [`lexer::char_position`] converts.
//! - Where a statement begins and ends inside the text ([`ast::RawStatement`]).
//!
//! Stack: recursion is bounded by bytes of stack ([`ParserOptions::max_stack_depth_kb`]) and by the tree's height, both
//! `54001`. Flat chains (operators of one precedence, AND, OR, UNION, IN lists) are loops and stay flat in the tree.
//!
//! Start reading at [`parse_with`], then `grammar::statement`. [`normalize`] makes the statement cache's key.
#![forbid(unsafe_code)]

pub mod ast;
mod grammar;
pub mod keywords;
pub mod lexer;
pub mod normalize;

pub use keywords::{is_plain_identifier, quote_identifier};

use ast::{RawStatement, TypeName};
use error::{Error, Result};

/// What the text is: whole statements, or one of the fragments that PL/pgSQL and type input functions parse.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ParseMode {
    /// Statements separated by semicolons.
    #[default]
    Statements,
    /// A PL/pgSQL expression: a SELECT without the word. Gives one [`ast::Statement::Select`].
    Expression,
    /// A PL/pgSQL assignment to a variable whose name has this many parts (1 to 3): `a[1] := b + 1`.
    /// Gives one [`ast::Statement::Assign`].
    Assignment(u8),
}

/// What of a session's settings the parser depends on.
#[derive(Clone, Copy, Debug)]
pub struct ParserOptions {
    /// `standard_conforming_strings`: backslashes in `'…'` are ordinary characters.
    pub standard_conforming_strings: bool,
    /// `escape_string_warning`: warn of backslashes in `'…'` while they are not ordinary.
    pub escape_string_warning: bool,
    /// Whether `\'` is allowed in escape strings: `backslash_quote` is on, or `safe_encoding` with a client encoding
    /// that is safe (UTF-8 is).
    pub backslash_quote: bool,
    /// `max_stack_depth` in KiB. The parser leaves half a MiB of it to those around it.
    pub max_stack_depth_kb: u32,
}

impl Default for ParserOptions {
    fn default() -> ParserOptions {
        ParserOptions {
            standard_conforming_strings: true,
            escape_string_warning: true,
            backslash_quote: true,
            max_stack_depth_kb: 2048,
        }
    }
}

/// What [`parse_with`] gives.
#[derive(Debug)]
pub struct Parsed {
    /// The statements.
    pub statements: Vec<RawStatement>,
    /// Notices and warnings (truncated identifiers, nonstandard escapes), in the order of the text.
    pub notices: Vec<Error>,
}

/// Parses `source` into its statements, each with its byte range. Empty statements are left out.
///
/// Errors: what PostgreSQL's scanner and grammar report, mostly `42601`, with the position.
pub fn parse(source: &str) -> Result<Vec<RawStatement>> {
    parse_with(source, ParseMode::Statements, &ParserOptions::default()).map(|parsed| parsed.statements)
}

/// [`parse`], with settings, for another kind of text, and with its notices.
///
/// When it fails, the notices of what stands before the error are lost.
pub fn parse_with(source: &str, mode: ParseMode, options: &ParserOptions) -> Result<Parsed> {
    let mut parser = grammar::Parser::new(source, options);
    let statements = match mode {
        ParseMode::Statements => parser.statements()?,
        ParseMode::Expression => vec![parser.plpgsql_expression()?],
        ParseMode::Assignment(names) => vec![parser.plpgsql_assignment(names)?],
    };
    Ok(Parsed { statements, notices: parser.take_notices() })
}

/// Parses the name of a type, with modifiers, array bounds and perhaps SETOF, as `regtype` and `to_regtype` read it.
pub fn parse_type_name(source: &str) -> Result<TypeName> {
    let options = ParserOptions::default();
    let mut parser = grammar::Parser::new(source, &options);
    parser.lone_type_name()
}
