//! Text search: documents as vectors of lexemes, queries over them, and whether and how well the one matches the other.
//!
//! - [`Parser`] cuts a text into tokens, [`dictionary`] makes lexemes of tokens, a [`Configuration`] says which dictionaries a kind of token
//!   goes through. Which configurations and dictionaries there are is the catalog's to know: they come in through
//!   [`Environment::text_search_configuration`](crate::Environment::text_search_configuration).
//! - [`Vector`] and [`Query`] read the types' forms in place; [`Prepared`] asks whether a document matches. Index access methods ask it with what they
//!   know of a row (a [`Source`]).

mod configuration;
pub mod dictionary;
mod documents;
mod headline;
mod matching;
mod options;
mod parser;
mod queries;
mod query;
pub(crate) mod query_text;
mod rank;
mod rewrite;
mod vector;
mod vectors;
mod word;

pub use configuration::{Configuration, TokenType};
pub use documents::{TSDOCUMENTS, parse, parse_tokens, token_type};
pub use headline::TSHEADLINES;
pub use matching::{Match, Places, Prepared, Source};
pub use options::read_options;
pub use parser::{Parser, TOKEN_TYPES, Token};
pub use queries::TSQUERIES;
pub use query::{Item, Operand, Operator, Query, TSQUERY_IO, compare as compare_queries, write_key as write_query_key};
pub use rank::TSRANKS;
pub use vector::{
    Builder, Position, Positions, TSVECTOR_IO, Vector, compare as compare_vectors, write_key as write_vector_key,
};
pub use vectors::{TSVECTOR_ROWS, TSVECTORS};
