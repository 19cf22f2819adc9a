//! Options in parentheses: `WITH (fillfactor = 70)`, `COPY … (FORMAT csv)`, `VACUUM (FREEZE)`.

use error::{Error, Result, SqlState};
use parser::ast::{DefinitionItem, DefinitionValue};

/// An option's value as text, as written; `None` if it has none.
pub(crate) fn text(item: &DefinitionItem) -> Option<String> {
    Some(match item.value.as_ref()? {
        DefinitionValue::Integer(n) => n.to_string(),
        DefinitionValue::Float(text) | DefinitionValue::String(text) => text.to_string(),
        DefinitionValue::Boolean(value) => (if *value { "true" } else { "false" }).into(),
        DefinitionValue::Type(name) => name.name.to_string(),
        DefinitionValue::Name(name) => name.to_string(),
        DefinitionValue::Star => "*".into(),
        _ => return None,
    })
}

/// An option's value as a truth value; none counts as true.
pub(crate) fn boolean(item: &DefinitionItem) -> Result<bool> {
    let Some(value) = text(item) else { return Ok(true) };
    match value.to_ascii_lowercase().as_str() {
        "true" | "on" | "1" => Ok(true),
        "false" | "off" | "0" => Ok(false),
        _ => Err(Error::new(SqlState::SYNTAX_ERROR, format!("{} requires a Boolean value", item.name))),
    }
}
