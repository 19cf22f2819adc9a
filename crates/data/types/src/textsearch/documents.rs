//! Functions that make vectors and queries of texts.

use super::configuration::{
    Configuration, Document, Found, all_letters, default_configuration, lexemes, text_of, with_configuration,
};
use super::dictionary::{Dictionary, Lexized};
use super::matching::Prepared;
use super::parser::{Parser, TOKEN_TYPES};
use super::query::Operator;
use super::query_text::{Part, Syntax, parse_with};
use super::vector::Vector;
use crate::Environment;
use crate::call::{Call, Context};
use crate::json::{Event, Found as Rows, Kind, Reader, View};
use crate::registry::RowSource;
use batch::Datum;
use error::{Error, Result, SqlState};
use ids::Oid;

crate::builtins! {
    /// Functions that go by a text search configuration.
    pub static TSDOCUMENTS =
    3745 to_tsvector_byid raw() |call: &mut Call<'_>| to_vector(call, true);
    3749 to_tsvector raw() |call: &mut Call<'_>| to_vector(call, false);
    3746 to_tsquery_byid raw() |call: &mut Call<'_>| to_query(call, true, Syntax::Standard, None);
    3750 to_tsquery raw() |call: &mut Call<'_>| to_query(call, false, Syntax::Standard, None);
    3747 plainto_tsquery_byid raw() |call: &mut Call<'_>| to_query(call, true, Syntax::Plain, Some(Operator::And));
    3751 plainto_tsquery raw() |call: &mut Call<'_>| to_query(call, false, Syntax::Plain, Some(Operator::And));
    5006 phraseto_tsquery_byid raw() |call: &mut Call<'_>| to_query(call, true, Syntax::Plain, None);
    5001 phraseto_tsquery raw() |call: &mut Call<'_>| to_query(call, false, Syntax::Plain, None);
    5007 websearch_to_tsquery_byid raw() |call: &mut Call<'_>| to_query(call, true, Syntax::Web, None);
    5009 websearch_to_tsquery raw() |call: &mut Call<'_>| to_query(call, false, Syntax::Web, None);
    4209 jsonb_string_to_tsvector raw() |call: &mut Call<'_>| json_to_vector(call, false, true, false);
    4211 jsonb_string_to_tsvector_byid raw() |call: &mut Call<'_>| json_to_vector(call, true, true, false);
    4210 json_string_to_tsvector raw() |call: &mut Call<'_>| json_to_vector(call, false, false, false);
    4212 json_string_to_tsvector_byid raw() |call: &mut Call<'_>| json_to_vector(call, true, false, false);
    4213 jsonb_to_tsvector raw() |call: &mut Call<'_>| json_to_vector(call, false, true, true);
    4214 jsonb_to_tsvector_byid raw() |call: &mut Call<'_>| json_to_vector(call, true, true, true);
    4215 json_to_tsvector raw() |call: &mut Call<'_>| json_to_vector(call, false, false, true);
    4216 json_to_tsvector_byid raw() |call: &mut Call<'_>| json_to_vector(call, true, false, true);
    3723 ts_lexize each(Context, Oid, &[u8]) lexize;
    3759 get_current_ts_config each(Context) |cx: Context<'_>| default_configuration(cx.env);
    3760 ts_match_tt each(Context, &[u8], &[u8]) |cx: Context<'_>, text, query| match_text(cx, text, query);
    3761 ts_match_tq each(Context, &[u8], &[u8]) |cx: Context<'_>, text, query| match_query(cx, text, query);
}

fn utf8(bytes: &[u8]) -> Result<&str> {
    std::str::from_utf8(bytes).map_err(|_| Error::corrupted("a text is not valid UTF-8"))
}

/// The rows of `ts_parse` by the default parser.
pub fn parse(text: &str, env: &dyn Environment) -> Result<Box<dyn RowSource>> {
    let tokens = Parser::new(text, all_letters(env));
    Ok(Rows::source(tokens.map(|token| vec![Datum::B4(token.kind), Datum::text(token.text)]).collect()))
}

/// The tokens of a text: kinds and texts.
pub fn parse_tokens<'a>(text: &'a str, env: &dyn Environment) -> impl Iterator<Item = (i32, &'a str)> + use<'a> {
    Parser::new(text, all_letters(env)).map(|token| (token.kind, token.text))
}

/// The number of a kind of token by its alias.
pub fn token_type(alias: &str) -> Option<i32> {
    TOKEN_TYPES.iter().find(|(_, name, _)| *name == alias).map(|(number, ..)| *number)
}

fn to_vector(call: &mut Call<'_>, explicit: bool) -> Result<()> {
    let env = call.context.env;
    with_configuration(call, explicit, |args, row, configuration, out| {
        let mut document = Document::default();
        document.add(configuration, text_of(args, 0, row)?, env)?;
        document.write(out)
    })
}

/// Makes the items of a query's operand: its words joined by `joins`, or by the distances between them; the variants of a word by OR.
fn operand(
    configuration: &Configuration,
    word: &[u8],
    weights: u8,
    prefix: bool,
    joins: Option<Operator>,
    env: &dyn Environment,
    parts: &mut Vec<Part>,
) -> Result<()> {
    let mut found: Vec<Found> = Vec::new();
    let mut position = 0;
    lexemes(configuration, utf8(word)?, &mut position, env, &mut |lexeme| found.push(lexeme))?;
    if found.is_empty() {
        parts.push(Part::Stop);
        return Ok(());
    }
    let join = Part::Operator(joins.unwrap_or(Operator::Phrase(1)));
    let (mut words, mut last) = (0, 0);
    for word in found.chunk_by(|a, b| a.position == b.position) {
        // Words that were left out keep their places.
        let missing = if last > 0 { word[0].position - last - 1 } else { 0 };
        for _ in 0..missing {
            parts.push(Part::Stop);
            parts.push(join.clone());
        }
        last = word[0].position;
        for (n, variant) in word.chunk_by(|a, b| a.variant == b.variant).enumerate() {
            for (k, lexeme) in variant.iter().enumerate() {
                parts.push(Part::Value { lexeme: lexeme.lexeme.clone(), weights, prefix: prefix || lexeme.prefix });
                if k > 0 {
                    parts.push(Part::Operator(Operator::And));
                }
            }
            if n > 0 {
                parts.push(Part::Operator(Operator::Or));
            }
        }
        if words > 0 {
            parts.push(join.clone());
        }
        words += 1;
    }
    Ok(())
}

/// The query of a text. Without `joins` the words of one operand follow each other.
fn query_of(
    configuration: &Configuration,
    text: &str,
    syntax: Syntax,
    joins: Option<Operator>,
    env: &dyn Environment,
) -> Result<Vec<u8>> {
    parse_with(text, syntax, env, &mut |word, weights, prefix, parts| {
        operand(configuration, word, weights, prefix, joins, env, parts)
    })
}

fn to_query(call: &mut Call<'_>, explicit: bool, syntax: Syntax, joins: Option<Operator>) -> Result<()> {
    let env = call.context.env;
    with_configuration(call, explicit, |args, row, configuration, out| {
        out.extend_from_slice(&query_of(configuration, text_of(args, 0, row)?, syntax, joins, env)?);
        Ok(())
    })
}

fn match_query(context: Context<'_>, text: &[u8], query: &[u8]) -> Result<bool> {
    let configuration = context.env.text_search_configuration(default_configuration(context.env)?)?;
    let (mut document, mut vector) = (Document::default(), Vec::new());
    document.add(&configuration, utf8(text)?, context.env)?;
    document.write(&mut vector)?;
    Ok(Prepared::new(query)?.matches(&Vector::new(&vector)))
}

fn match_text(context: Context<'_>, text: &[u8], query: &[u8]) -> Result<bool> {
    let configuration = context.env.text_search_configuration(default_configuration(context.env)?)?;
    let query = query_of(&configuration, utf8(query)?, Syntax::Plain, Some(Operator::And), context.env)?;
    match_query(context, text, &query)
}

fn lexize(context: Context<'_>, dictionary: Oid, token: &[u8]) -> Result<Option<Vec<u8>>> {
    let (dictionary, token) = (context.env.text_search_dictionary(dictionary)?, utf8(token)?);
    let lexemes = match &*dictionary {
        Dictionary::Thesaurus(thesaurus) => {
            thesaurus.longest(std::iter::once(token), context.env)?.map(|(lexemes, _)| lexemes)
        }
        other => match other.lexize(token, context.env)? {
            Lexized::Unknown => None,
            Lexized::Known(lexemes) => Some(lexemes),
        },
    };
    lexemes
        .map(|lexemes| crate::array::from_texts(lexemes.iter().map(|lexeme| Some(lexeme.text.as_bytes()))))
        .transpose()
}

/// Which values of a JSON document count.
#[derive(Clone, Copy, Default)]
struct Wanted {
    strings: bool,
    numbers: bool,
    booleans: bool,
    keys: bool,
}

impl Wanted {
    /// Reads `["string", "numeric", "boolean", "key"]`, `["all"]` or one of the words.
    fn read(filter: View<'_>) -> Result<Wanted> {
        let mut wanted = Wanted::default();
        let wrong_form =
            || Error::new(SqlState::INVALID_PARAMETER_VALUE, "wrong flag type, only arrays and scalars are allowed");
        let mut word = |value: View<'_>| -> Result<()> {
            let Kind::String(text) = value.kind() else {
                return Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, "flag array element is not a string")
                    .hint("Possible values are: \"string\", \"numeric\", \"boolean\", \"key\", and \"all\"."));
            };
            match text.to_ascii_lowercase().as_slice() {
                b"all" => wanted = Wanted { strings: true, numbers: true, booleans: true, keys: true },
                b"key" => wanted.keys = true,
                b"string" => wanted.strings = true,
                b"numeric" => wanted.numbers = true,
                b"boolean" => wanted.booleans = true,
                _ => {
                    let message = format!("wrong flag in flag array: \"{}\"", String::from_utf8_lossy(text));
                    return Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, message)
                        .hint("Possible values are: \"string\", \"numeric\", \"boolean\", \"key\", and \"all\"."));
                }
            }
            Ok(())
        };
        match filter.kind() {
            Kind::Array(array) => array.iter().try_for_each(&mut word)?,
            Kind::Object(_) => return Err(wrong_form()),
            _ => word(filter)?,
        }
        Ok(wanted)
    }
}

fn json_to_vector(call: &mut Call<'_>, explicit: bool, binary: bool, filtered: bool) -> Result<()> {
    let env = call.context.env;
    with_configuration(call, explicit, |args, row, configuration, out| {
        let wanted = match filtered {
            true => Wanted::read(View::new(args[1].get(row).as_bytes().unwrap_or_default()))?,
            false => Wanted { strings: true, ..Wanted::default() },
        };
        let value = args[0].get(row).as_bytes().unwrap_or_default();
        let mut document = Document::default();
        let mut add = |text: &[u8]| document.add(configuration, utf8(text)?, env);
        if binary {
            jsonb_texts(View::new(value), wanted, &mut add)?;
        } else {
            json_texts(value, wanted, &mut add)?;
        }
        document.write(out)
    })
}

/// Gives `add` the values of a jsonb that are wanted. Values are nested at most [`crate::json::MAX_DEPTH`] deep.
fn jsonb_texts(view: View<'_>, wanted: Wanted, add: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
    match view.kind() {
        Kind::Array(array) => array.iter().try_for_each(|element| jsonb_texts(element, wanted, add)),
        Kind::Object(object) => object.iter().try_for_each(|(key, value)| {
            if wanted.keys {
                add(key)?;
            }
            jsonb_texts(value, wanted, add)
        }),
        Kind::String(text) if wanted.strings => add(text),
        Kind::Number(_) if wanted.numbers => add(&written(view)?),
        Kind::Bool(_) if wanted.booleans => add(&written(view)?),
        _ => Ok(()),
    }
}

fn written(view: View<'_>) -> Result<Vec<u8>> {
    let mut text = Vec::new();
    crate::json::write_view(view, &mut text)?;
    Ok(text)
}

fn json_texts(text: &[u8], wanted: Wanted, add: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
    let mut reader = Reader::new(text, true);
    loop {
        match reader.next_event()? {
            Event::End => return Ok(()),
            Event::Key if wanted.keys => add(reader.string())?,
            Event::String if wanted.strings => add(reader.string())?,
            Event::Number if wanted.numbers => add(reader.token())?,
            Event::Bool(_) if wanted.booleans => add(reader.token())?,
            _ => {}
        }
    }
}
