//! What stands in the parentheses behind EXPLAIN.

use std::rc::Rc;

use error::{Error, Result, SqlState, bail};
use ids::Oid;
use parser::ast::{DefinitionItem, DefinitionValue, Explain};
use planner::explain::{self as plan_text, Format};

/// EXPLAIN's options.
#[derive(Default)]
pub(super) struct Options {
    /// Those that concern each node.
    pub nodes: plan_text::Options,
    pub analyze: bool,
    /// Planning and execution times.
    pub summary: bool,
    pub settings: bool,
    pub memory: bool,
    pub generic: bool,
    /// In which form the rows are to be turned into messages, if they are.
    pub serialize: Option<wire::Format>,
    /// None is text.
    pub format: Option<Format>,
}

impl Options {
    /// Reads them; `text` is the statement's, for positions of errors.
    ///
    /// # Errors
    /// `42601`, `22023`.
    pub fn of(explain: &Explain, text: &Rc<str>) -> Result<Options> {
        let mut options = Options::default();
        let (mut summary, mut timing, mut buffers) = (None, None, None);
        for option in &explain.options {
            let placed = |error: Error| {
                let before = text.get(..option.location as usize).unwrap_or_default();
                error.position(before.chars().count() as u32 + 1)
            };
            match &*option.name {
                "analyze" => options.analyze = boolean(option)?,
                "verbose" => options.nodes.verbose = boolean(option)?,
                "costs" => options.nodes.costs = boolean(option)?,
                "timing" => timing = Some(boolean(option)?),
                "summary" => summary = Some(boolean(option)?),
                "buffers" => buffers = Some(boolean(option)?),
                "settings" => options.settings = boolean(option)?,
                "memory" => options.memory = boolean(option)?,
                "wal" => options.nodes.wal = boolean(option)?,
                "generic_plan" => options.generic = boolean(option)?,
                "format" => options.format = format_of(option).map_err(placed)?,
                "serialize" => options.serialize = serialization_of(option).map_err(placed)?,
                other => {
                    let text = format!("unrecognized EXPLAIN option \"{other}\"");
                    return Err(placed(Error::new(SqlState::SYNTAX_ERROR, text)));
                }
            }
        }
        let needy =
            [("WAL", options.nodes.wal), ("TIMING", timing == Some(true)), ("SERIALIZE", options.serialize.is_some())];
        if let Some((name, _)) = needy.into_iter().find(|(_, given)| *given && !options.analyze) {
            bail!(INVALID_PARAMETER_VALUE, "EXPLAIN option {name} requires ANALYZE");
        }
        if options.generic && options.analyze {
            bail!(INVALID_PARAMETER_VALUE, "EXPLAIN options ANALYZE and GENERIC_PLAN cannot be used together");
        }
        options.nodes.timing = timing.unwrap_or(true);
        options.nodes.buffers = buffers.unwrap_or(options.analyze);
        options.summary = summary.unwrap_or(options.analyze);
        Ok(options)
    }
}

/// The type of EXPLAIN's result: that of its format.
pub(crate) fn result_type(explain: &Explain) -> Oid {
    let mut formats = explain.options.iter().filter(|option| &*option.name == "format").map(format_of);
    match formats.next_back() {
        Some(Ok(Some(Format::Json))) => types::oid::JSON,
        Some(Ok(Some(Format::Xml))) => types::oid::XML,
        _ => types::oid::TEXT,
    }
}

/// Whether an option that is on or off was given, and on.
pub(super) fn is_on(explain: &Explain, name: &str) -> Result<bool> {
    let options = explain.options.iter().filter(|option| &*option.name == name);
    Ok(options.map(boolean).next_back().transpose()?.unwrap_or(false))
}

/// The word that an option was given; empty if it was something else.
fn word_of(option: &DefinitionItem) -> String {
    match &option.value {
        Some(DefinitionValue::String(word)) => word.to_string(),
        Some(DefinitionValue::Type(name)) => name.name.name.to_string(),
        _ => String::new(),
    }
}

fn unrecognized(option: &DefinitionItem, word: &str) -> Error {
    let text = format!("unrecognized value for EXPLAIN option \"{}\": \"{word}\"", option.name);
    Error::new(SqlState::INVALID_PARAMETER_VALUE, text)
}

/// FORMAT; none is text.
fn format_of(option: &DefinitionItem) -> Result<Option<Format>> {
    let word = word_of(option);
    Ok(match &*word {
        "text" => None,
        "json" => Some(Format::Json),
        "yaml" => Some(Format::Yaml),
        "xml" => Some(Format::Xml),
        _ => return Err(unrecognized(option, &word)),
    })
}

/// SERIALIZE; none if nothing is to be serialized.
fn serialization_of(option: &DefinitionItem) -> Result<Option<wire::Format>> {
    if option.value.is_none() {
        return Ok(Some(wire::Format::Text));
    }
    let word = word_of(option);
    match &*word {
        "none" | "off" => Ok(None),
        "text" => Ok(Some(wire::Format::Text)),
        "binary" => Ok(Some(wire::Format::Binary)),
        _ => Err(unrecognized(option, &word)),
    }
}

/// The value of an option that is on or off; on if none is written.
fn boolean(option: &DefinitionItem) -> Result<bool> {
    match &option.value {
        None => return Ok(true),
        Some(DefinitionValue::Boolean(value)) => return Ok(*value),
        Some(DefinitionValue::Integer(value @ (0 | 1))) => return Ok(*value == 1),
        Some(_) => {}
    }
    match &*word_of(option).to_ascii_lowercase() {
        "true" | "on" => Ok(true),
        "false" | "off" => Ok(false),
        _ => Err(Error::new(SqlState::SYNTAX_ERROR, format!("{} requires a Boolean value", option.name))),
    }
}
