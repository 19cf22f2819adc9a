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

/// Storage options of tables, checked, as `pg_class.reloptions` holds them; `None` if there are none.
pub(crate) fn storage(items: &[DefinitionItem]) -> Result<Option<Vec<catalog::field::Text>>> {
    let mut found = Vec::new();
    for item in items {
        let name = match &item.namespace {
            None => item.name.to_string(),
            Some(namespace) if &**namespace == "toast" => format!("toast.{}", item.name),
            Some(namespace) => {
                let text = format!("unrecognized parameter namespace \"{namespace}\"");
                return Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, text));
            }
        };
        let value = text(item).unwrap_or_else(|| "true".into());
        let invalid = |what: &str| {
            Error::new(
                SqlState::INVALID_PARAMETER_VALUE,
                format!("invalid value for {what} option \"{name}\": {value}"),
            )
        };
        let plain = name.strip_prefix("toast.").unwrap_or(&name);
        match plain {
            "fillfactor" => {
                let least = 10;
                let number: i64 = value.parse().map_err(|_| invalid("integer"))?;
                if !(least..=100).contains(&number) {
                    return Err(Error::new(
                        SqlState::INVALID_PARAMETER_VALUE,
                        format!("value {number} out of bounds for option \"fillfactor\""),
                    )
                    .detail(format!("Valid values are between \"{least}\" and \"100\".")));
                }
            }
            "autovacuum_enabled" | "vacuum_truncate" | "user_catalog_table" => {
                boolean(item).map_err(|_| invalid("boolean"))?;
            }
            "toast_tuple_target" | "parallel_workers" => {
                value.parse::<i64>().map_err(|_| invalid("integer"))?;
            }
            name if name.starts_with("autovacuum_") || name.starts_with("log_autovacuum_") => {
                value.parse::<f64>().map_err(|_| invalid("integer"))?;
            }
            _ => {
                let text = format!("unrecognized parameter \"{}\"", item.name);
                return Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, text));
            }
        }
        if !name.starts_with("toast.") {
            found.push(format!("{name}={value}").into());
        }
    }
    Ok((!found.is_empty()).then_some(found))
}
