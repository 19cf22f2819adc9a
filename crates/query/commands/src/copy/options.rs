//! The options of a COPY.

use error::{Error, Result, SqlState};
use parser::ast::{Copy, DefinitionItem, DefinitionValue};

use crate::{Context, options};

/// The form of the data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// Lines with a delimiter, backslash escapes.
    #[default]
    Text,
    /// Comma-separated values.
    Csv,
    /// The binary forms of the values.
    Binary,
}

/// What to do with a first line of names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Header {
    /// There is none.
    #[default]
    None,
    /// It is written, or skipped.
    Names,
    /// It has to hold the columns' names.
    Match,
}

/// The options of a COPY, checked and with their defaults.
#[derive(Clone, Debug)]
pub struct Options {
    /// The form of the data.
    pub form: Form,
    /// What stands between fields.
    pub delimiter: u8,
    /// What stands for null.
    pub null: String,
    /// A first line of names.
    pub header: Header,
    /// CSV: what values are quoted with.
    pub quote: u8,
    /// CSV: what a quote within a value is escaped with.
    pub escape: u8,
    /// CSV out: columns that are always quoted; empty is none.
    pub force_quote: Vec<String>,
    /// CSV out: all columns are always quoted.
    pub force_quote_all: bool,
    /// CSV in: columns that are never null for an unquoted null string.
    pub force_not_null: Vec<String>,
    /// CSV in: columns that are null for a quoted null string, too.
    pub force_null: Vec<String>,
}

fn invalid(text: impl Into<String>) -> Error {
    Error::new(SqlState::INVALID_PARAMETER_VALUE, text)
}

fn names(item: &DefinitionItem) -> Option<Vec<String>> {
    let DefinitionValue::List(values) = item.value.as_ref()? else { return None };
    let name = |value: &DefinitionValue| match value {
        DefinitionValue::String(name) => name.to_string(),
        DefinitionValue::Type(name) => name.name.to_string(),
        DefinitionValue::Name(name) => name.to_string(),
        _ => String::new(),
    };
    Some(values.iter().map(name).collect())
}

impl Options {
    /// Reads and checks the options.
    ///
    /// # Errors
    /// `42601` and `22023` for what cannot be; `0A000` for what is not there yet.
    pub fn parse(context: &Context<'_>, copy: &Copy) -> Result<Options> {
        let (mut form, mut delimiter, mut null, mut quote, mut escape) = (None, None, None, None, None);
        let mut found = Options {
            form: Form::Text,
            delimiter: b'\t',
            null: "\\N".into(),
            header: Header::None,
            quote: b'"',
            escape: b'"',
            force_quote: Vec::new(),
            force_quote_all: false,
            force_not_null: Vec::new(),
            force_null: Vec::new(),
        };
        let mut seen: Vec<&str> = Vec::new();
        for item in &copy.options {
            if seen.contains(&&*item.name) {
                let error = Error::new(SqlState::SYNTAX_ERROR, "conflicting or redundant options");
                return Err(context.place(error, item.location));
            }
            seen.push(&item.name);
            let text = options::text(item);
            let byte = |what: &str| match text.as_deref().map(str::as_bytes) {
                Some([byte]) => Ok(*byte),
                _ => {
                    let text = format!("COPY {what} must be a single one-byte character");
                    Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text))
                }
            };
            match &*item.name {
                "format" => {
                    form = Some(match text.as_deref() {
                        Some("text") => Form::Text,
                        Some("csv") => Form::Csv,
                        Some("binary") => Form::Binary,
                        other => {
                            let text = format!("COPY format \"{}\" not recognized", other.unwrap_or_default());
                            return Err(context.place(invalid(text), item.location));
                        }
                    });
                }
                "delimiter" => delimiter = Some(byte("delimiter")?),
                "null" => null = Some(text.unwrap_or_default()),
                "quote" => quote = Some(byte("quote")?),
                "escape" => escape = Some(byte("escape")?),
                "header" => {
                    found.header = match text.as_deref() {
                        Some("match") => Header::Match,
                        _ if options::boolean(item)? => Header::Names,
                        _ => Header::None,
                    };
                    if found.header == Header::Match && !copy.from {
                        return Err(Error::new(
                            SqlState::FEATURE_NOT_SUPPORTED,
                            "cannot use \"match\" with HEADER in COPY TO",
                        ));
                    }
                }
                "freeze" => {
                    options::boolean(item)?;
                }
                "force_quote" => match names(item) {
                    Some(names) => found.force_quote = names,
                    None => found.force_quote_all = true,
                },
                "force_not_null" => found.force_not_null = names(item).unwrap_or_default(),
                "force_null" => found.force_null = names(item).unwrap_or_default(),
                "encoding" => {
                    let encoding = text.unwrap_or_default().to_ascii_lowercase();
                    if !matches!(encoding.as_str(), "utf8" | "utf-8" | "unicode" | "sql_ascii") {
                        return Err(Error::not_implemented(format_args!("encoding {encoding} in COPY")));
                    }
                }
                "on_error" if text.as_deref() == Some("stop") => (),
                "on_error" | "log_verbosity" | "default" | "reject_limit" => {
                    return Err(Error::not_implemented(format_args!("COPY option {}", item.name.to_uppercase())));
                }
                other => {
                    let error = Error::new(SqlState::SYNTAX_ERROR, format!("option \"{other}\" not recognized"));
                    return Err(context.place(error, item.location));
                }
            }
        }
        found.form = form.unwrap_or_default();
        let only = |given: bool, what: &str, csv: bool| match given {
            true if found.form == Form::Binary => {
                Err(Error::new(SqlState::SYNTAX_ERROR, format!("cannot specify {what} in BINARY mode")))
            }
            true if csv && found.form != Form::Csv => {
                Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, format!("COPY {what} requires CSV mode")))
            }
            _ => Ok(()),
        };
        only(delimiter.is_some(), "DELIMITER", false)?;
        only(null.is_some(), "NULL", false)?;
        only(found.header != Header::None, "HEADER", false)?;
        only(quote.is_some(), "QUOTE", true)?;
        only(escape.is_some(), "ESCAPE", true)?;
        only(found.force_quote_all || !found.force_quote.is_empty(), "FORCE_QUOTE", true)?;
        let csv = found.form == Form::Csv;
        found.delimiter = delimiter.unwrap_or(if csv { b',' } else { b'\t' });
        found.null = null.unwrap_or_else(|| if csv { String::new() } else { "\\N".into() });
        found.quote = quote.unwrap_or(b'"');
        found.escape = escape.unwrap_or(found.quote);
        if matches!(found.delimiter, b'\r' | b'\n') {
            return Err(invalid("COPY delimiter cannot be newline or carriage return"));
        }
        if found.null.contains(['\r', '\n']) {
            return Err(invalid("COPY null representation cannot use newline or carriage return"));
        }
        if !csv && b"\\.abcdefghijklmnopqrstuvwxyz0123456789".contains(&found.delimiter) {
            return Err(invalid(format!("COPY delimiter cannot be \"{}\"", found.delimiter as char)));
        }
        if csv && found.delimiter == found.quote {
            return Err(invalid("COPY delimiter and quote must be different"));
        }
        if found.form != Form::Binary && found.null.as_bytes().contains(&found.delimiter) {
            return Err(invalid("COPY delimiter character must not appear in the NULL specification"));
        }
        Ok(found)
    }
}
