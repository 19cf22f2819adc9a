//! Rules for values beyond type and range.
//!
//! What depends on nothing but the text is checked here. What depends on the session, the catalogs or the operating system
//! (time zones, roles, tablespaces, the transaction's state) is asked of [`Hooks`].

use std::sync::Arc;

use error::{Error, Result, SqlState};

use crate::parameter::{Id, Source};
use crate::session::Settings;
use crate::table::id;
use crate::value::Value;

/// What upper crates add to the rules.
pub trait Hooks {
    /// Checks a value that has passed all other rules; gives it back, perhaps in canonical form.
    ///
    /// # Errors
    ///
    /// Why the value is refused.
    fn check(&self, settings: &Settings, parameter: Id, value: Value, source: Source) -> Result<Value> {
        let _ = (settings, parameter, source);
        Ok(value)
    }

    /// Whether the session's user may set parameters of superusers (`GRANT SET ON PARAMETER` included).
    fn may_set(&self, parameter: &str) -> bool {
        let _ = parameter;
        false
    }
}

/// No rules beyond the built-in ones, and no privileges.
#[derive(Clone, Copy, Debug)]
pub struct NoHooks;

impl Hooks for NoHooks {}

/// `invalid value for parameter "NAME": "TEXT"`.
pub fn invalid(name: &str, text: &str) -> Error {
    Error::new(SqlState::INVALID_PARAMETER_VALUE, format!("invalid value for parameter \"{name}\": \"{text}\""))
}

/// The built-in rules: gives the value, perhaps in canonical form.
pub(crate) fn check(settings: &Settings, parameter: Id, value: Value) -> Result<Value> {
    let Value::String(text) = &value else { return Ok(value) };
    let name = settings.name(parameter);
    let list =
        |text: &str| split_identifiers(text).ok_or_else(|| invalid(name, text).detail("List syntax is invalid."));
    let words = |allowed: &[&str]| -> Result<()> {
        for word in list(text)? {
            if !allowed.iter().any(|a| a.eq_ignore_ascii_case(&word)) {
                return Err(invalid(name, text).detail(format!("Unrecognized key word: \"{word}\".")));
            }
        }
        Ok(())
    };
    match parameter {
        id::DATESTYLE => {
            let current = settings.string(id::DATESTYLE);
            Ok(Value::String(date_style(name, text, current)?.into()))
        }
        id::CLIENT_ENCODING => match canonical_encoding(text) {
            Some(encoding) => Ok(Value::String(encoding.into())),
            None => Err(invalid(name, text)),
        },
        id::APPLICATION_NAME | id::CLUSTER_NAME => Ok(Value::String(clean_ascii(text).into())),
        id::SEARCH_PATH
        | id::TEMP_TABLESPACES
        | id::SHARED_PRELOAD_LIBRARIES
        | id::SESSION_PRELOAD_LIBRARIES
        | id::LOCAL_PRELOAD_LIBRARIES
        | id::SYNCHRONIZED_STANDBY_SLOTS => {
            list(text)?;
            Ok(value)
        }
        id::LOG_DESTINATION => {
            words(&["stderr", "csvlog", "jsonlog", "syslog", "eventlog"])?;
            Ok(value)
        }
        id::CREATEROLE_SELF_GRANT => {
            words(&["set", "inherit"])?;
            Ok(value)
        }
        id::RESTRICT_NONSYSTEM_RELATION_KIND => {
            words(&["view", "foreign-table"])?;
            Ok(value)
        }
        id::LOG_CONNECTIONS => {
            check_log_connections(name, text)?;
            Ok(value)
        }
        id::DEBUG_IO_DIRECT => {
            for word in list(text)? {
                if !["data", "wal", "wal_init"].iter().any(|a| a.eq_ignore_ascii_case(&word)) {
                    return Err(invalid(name, text).detail(format!("Invalid option \"{word}\".")));
                }
            }
            Ok(value)
        }
        id::RECOVERY_TARGET if !text.is_empty() && &**text != "immediate" => {
            Err(invalid(name, text).detail("The only allowed value is \"immediate\"."))
        }
        id::RECOVERY_TARGET_NAME if text.len() >= 64 => {
            Err(invalid(name, text).detail("\"recovery_target_name\" is too long (maximum 63 characters)."))
        }
        _ => Ok(value),
    }
}

/// `log_connections` of PostgreSQL 18: stages of a connection, or a truth value as before.
fn check_log_connections(name: &str, text: &str) -> Result<()> {
    if log_connection_stages(text).is_some() {
        return Ok(());
    }
    match split_identifiers(text) {
        None => Err(invalid(name, text).detail("Invalid list syntax in parameter \"log_connections\".")),
        Some(words) => {
            let word = words.iter().find(|word| stage(word).is_none()).cloned().unwrap_or_default();
            Err(invalid(name, text).detail(format!("Invalid option \"{word}\".")))
        }
    }
}

/// Which stages of a connection are logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogConnections {
    /// That a connection came.
    pub receipt: bool,
    /// Who authenticated how.
    pub authentication: bool,
    /// That it may connect.
    pub authorization: bool,
    /// How long it took until the first query.
    pub setup_durations: bool,
}

fn stage(word: &str) -> Option<LogConnections> {
    let none = LogConnections::default();
    Some(match &*word.to_ascii_lowercase() {
        "receipt" => LogConnections { receipt: true, ..none },
        "authentication" => LogConnections { authentication: true, ..none },
        "authorization" => LogConnections { authorization: true, ..none },
        "setup_durations" => LogConnections { setup_durations: true, ..none },
        "all" => LogConnections { receipt: true, authentication: true, authorization: true, setup_durations: true },
        _ => return None,
    })
}

/// The stages that a value of `log_connections` names; `None` if it is not valid.
pub fn log_connection_stages(text: &str) -> Option<LogConnections> {
    if text.is_empty() {
        return Some(LogConnections::default());
    }
    if let Some(on) = crate::value::parse_bool(text) {
        return Some(LogConnections { receipt: on, authentication: on, authorization: on, setup_durations: false });
    }
    let mut all = LogConnections::default();
    for word in split_identifiers(text)? {
        let one = stage(&word)?;
        all.receipt |= one.receipt;
        all.authentication |= one.authentication;
        all.authorization |= one.authorization;
        all.setup_durations |= one.setup_durations;
    }
    Some(all)
}

/// Splits a list of identifiers as SQL would read it: unquoted ones in lower case, quotes doubled inside quotes. `None` if
/// the syntax is wrong; empty for an empty text.
pub fn split_identifiers(text: &str) -> Option<Vec<String>> {
    let mut all = Vec::new();
    let mut rest = text.trim_start();
    if rest.is_empty() {
        return Some(all);
    }
    loop {
        if let Some(mut quoted) = rest.strip_prefix('"') {
            let mut word = String::new();
            loop {
                let end = quoted.find('"')?;
                word.push_str(&quoted[..end]);
                quoted = &quoted[end + 1..];
                match quoted.strip_prefix('"') {
                    Some(more) => {
                        word.push('"');
                        quoted = more;
                    }
                    None => break,
                }
            }
            all.push(word);
            rest = quoted;
        } else {
            let end = rest.find(|c: char| c == ',' || c.is_whitespace()).unwrap_or(rest.len());
            if end == 0 {
                return None;
            }
            all.push(rest[..end].to_lowercase());
            rest = &rest[end..];
        }
        rest = rest.trim_start();
        if rest.is_empty() {
            return Some(all);
        }
        rest = rest.strip_prefix(',')?.trim_start();
    }
}

/// A value of `DateStyle` in canonical form: style and order, such as `ISO, MDY`. What the text leaves open stays as it is.
fn date_style(name: &str, text: &str, current: &str) -> Result<String> {
    let Some(words) = split_identifiers(text) else {
        return Err(invalid(name, text).detail("List syntax is invalid."));
    };
    let (mut style, mut order): (Option<&str>, Option<&str>) = (None, None);
    let mut conflict = false;
    for word in &words {
        let lower = word.to_ascii_lowercase();
        let starts = |prefix: &str| lower.starts_with(prefix);
        let (new_style, new_order) = match &*lower {
            "iso" => (Some("ISO"), None),
            "sql" => (Some("SQL"), None),
            _ if starts("postgres") => (Some("Postgres"), None),
            // German order is day first unless an order is asked for.
            "german" => (Some("German"), None),
            "ymd" => (None, Some("YMD")),
            "dmy" => (None, Some("DMY")),
            "mdy" | "us" => (None, Some("MDY")),
            _ if starts("euro") => (None, Some("DMY")),
            _ if starts("noneuro") => (None, Some("MDY")),
            "default" => (Some("ISO"), Some("MDY")),
            _ => {
                return Err(invalid(name, text).detail(format!("Unrecognized key word: \"{word}\".")));
            }
        };
        let is_default = lower == "default";
        for (slot, new) in [(&mut style, new_style), (&mut order, new_order)] {
            match (slot.is_some(), new) {
                (true, Some(_)) if is_default => (),
                (true, Some(new)) => conflict |= *slot != Some(new),
                (false, Some(new)) => *slot = Some(new),
                (_, None) => (),
            }
        }
    }
    if conflict {
        return Err(invalid(name, text).detail("Conflicting \"DateStyle\" specifications."));
    }
    let (current_style, current_order) = current.split_once(", ").unwrap_or(("ISO", "MDY"));
    if style == Some("German") && order.is_none() {
        order = Some("DMY");
    }
    Ok(format!("{}, {}", style.unwrap_or(current_style), order.unwrap_or(current_order)))
}

/// Replaces what is not printable ASCII by `\xNN`, so that every client can read it.
pub fn clean_ascii(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b' '..=b'~' => clean.push(byte as char),
            _ => clean.push_str(&format!("\\x{byte:02x}")),
        }
    }
    clean
}

/// The proper name of the encoding that `name` means.
pub fn canonical_encoding(name: &str) -> Option<&'static str> {
    encoding::Encoding::named(name).map(|encoding| encoding.name())
}

/// Texts of SET with a list: `SET search_path = a, "B c"` gives `a, "B c"`, each quoted where it must be.
pub fn join_list(items: &[String], quote: bool) -> Arc<str> {
    let one = |item: &String| if quote { quote_if_needed(item) } else { item.clone() };
    items.iter().map(one).collect::<Vec<_>>().join(", ").into()
}

fn quote_if_needed(word: &str) -> String {
    let mut bytes = word.bytes();
    let plain = bytes.next().is_some_and(|b| b.is_ascii_lowercase() || b == b'_')
        && bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if plain { word.to_string() } else { format!("\"{}\"", word.replace('"', "\"\"")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_identifiers() {
        let list = |text: &str| split_identifiers(text);
        assert_eq!(list(""), Some(vec![]));
        assert_eq!(list(" \"$user\" , PUBLIC"), Some(vec!["$user".into(), "public".into()]));
        assert_eq!(list("\"a\"\"b\""), Some(vec!["a\"b".into()]));
        for wrong in ["a,", ",", "a b", "\"a", "a,,b"] {
            assert_eq!(list(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn date_styles() {
        let style = |text: &str| {
            date_style("DateStyle", text, "ISO, MDY").map_err(|e| e.fields().detail.clone().unwrap_or_default())
        };
        assert_eq!(style("sql").as_deref(), Ok("SQL, MDY"));
        assert_eq!(style("german").as_deref(), Ok("German, DMY"));
        assert_eq!(style("ymd, postgres").as_deref(), Ok("Postgres, YMD"));
        assert_eq!(style("European").as_deref(), Ok("ISO, DMY"));
        assert_eq!(style("iso, sql"), Err("Conflicting \"DateStyle\" specifications.".into()));
        assert_eq!(style("iso, x"), Err("Unrecognized key word: \"x\".".into()));
    }

    #[test]
    fn encodings_by_any_name() {
        assert_eq!(canonical_encoding("utf-8"), Some("UTF8"));
        assert_eq!(canonical_encoding("Unicode"), Some("UTF8"));
        assert_eq!(canonical_encoding("ISO_8859-1"), Some("LATIN1"));
        assert_eq!(canonical_encoding("nothing"), None);
    }

    #[test]
    fn connection_stages() {
        let on = LogConnections { receipt: true, authentication: true, authorization: true, setup_durations: false };
        assert_eq!(log_connection_stages("on"), Some(on));
        assert_eq!(log_connection_stages(""), Some(LogConnections::default()));
        assert_eq!(log_connection_stages("receipt, all").map(|s| s.setup_durations), Some(true));
        assert_eq!(log_connection_stages("receipt, x"), None);
    }
}
