//! The options of a COPY.

use encoding::Encoding;
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
    /// The encoding of texts and lines, if it is not the server's.
    pub encoding: Option<Encoding>,
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
    pub force_not_null: Forced,
    /// CSV in: columns that are null for a quoted null string, too.
    pub force_null: Forced,
    /// In: what stands for a column's default.
    pub default: Option<String>,
    /// In: rows whose values cannot be read are left out.
    pub skip_bad_rows: bool,
    /// How many rows may be left out; any number if not given.
    pub reject_limit: Option<i64>,
    /// How much is told of rows that are left out.
    pub verbosity: Verbosity,
    /// In: the rows are to be as if a VACUUM FREEZE had seen them.
    pub freeze: bool,
}

/// How much COPY FROM tells of rows that it leaves out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verbosity {
    /// Nothing.
    Silent,
    /// How many there were.
    #[default]
    Default,
    /// Each of them as well.
    Verbose,
}

/// The columns that a CSV option is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Forced {
    /// All of them.
    All,
    /// These.
    Some(Vec<String>),
}

impl Default for Forced {
    fn default() -> Forced {
        Forced::Some(Vec::new())
    }
}

impl Forced {
    fn of(item: &DefinitionItem) -> Forced {
        names(item).map_or(Forced::All, Forced::Some)
    }

    /// Whether a column is one of them.
    pub fn has(&self, column: &str) -> bool {
        match self {
            Forced::All => true,
            Forced::Some(names) => names.iter().any(|name| name == column),
        }
    }

    /// Those that are named.
    pub fn names(&self) -> &[String] {
        match self {
            Forced::All => &[],
            Forced::Some(names) => names,
        }
    }

    fn is_given(&self) -> bool {
        *self != Forced::default()
    }
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
        let mut given = Given::default();
        let mut found = Options {
            form: Form::Text,
            encoding: context.session.env().client_encoding(),
            delimiter: b'\t',
            null: "\\N".into(),
            header: Header::None,
            quote: b'"',
            escape: b'"',
            force_quote: Vec::new(),
            force_quote_all: false,
            force_not_null: Forced::default(),
            force_null: Forced::default(),
            default: None,
            skip_bad_rows: false,
            reject_limit: None,
            verbosity: Verbosity::Default,
            freeze: false,
        };
        let mut seen: Vec<&str> = Vec::new();
        for item in &copy.options {
            if seen.contains(&&*item.name) {
                let error = Error::new(SqlState::SYNTAX_ERROR, "conflicting or redundant options");
                return Err(context.place(error, item.location));
            }
            seen.push(&item.name);
            found.read(context, copy, item, &mut given)?;
        }
        found.settle(copy, given)?;
        Ok(found)
    }

    /// Takes one option.
    fn read(&mut self, context: &Context<'_>, copy: &Copy, item: &DefinitionItem, given: &mut Given) -> Result<()> {
        let text = options::text(item);
        let byte = |what: &str| match text.as_deref().map(str::as_bytes) {
            Some([byte]) => Ok(*byte),
            _ => {
                let text = format!("COPY {what} must be a single one-byte character");
                Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text))
            }
        };
        let unknown = |what: &str, text: &Option<String>| {
            let given = text.as_deref().unwrap_or_default();
            context.place(invalid(format!("COPY {what} \"{given}\" not recognized")), item.location)
        };
        match &*item.name {
            "format" => {
                given.form = Some(match text.as_deref() {
                    Some("text") => Form::Text,
                    Some("csv") => Form::Csv,
                    Some("binary") => Form::Binary,
                    other => {
                        let text = format!("COPY format \"{}\" not recognized", other.unwrap_or_default());
                        return Err(context.place(invalid(text), item.location));
                    }
                });
            }
            "delimiter" => given.delimiter = Some(byte("delimiter")?),
            "null" => given.null = Some(text.unwrap_or_default()),
            "quote" => given.quote = Some(byte("quote")?),
            "escape" => given.escape = Some(byte("escape")?),
            "header" => {
                self.header = match text.as_deref() {
                    Some("match") => Header::Match,
                    _ => match options::boolean(item) {
                        Ok(true) => Header::Names,
                        Ok(false) => Header::None,
                        Err(_) => {
                            let text = "header requires a Boolean value or \"match\"";
                            return Err(Error::new(SqlState::SYNTAX_ERROR, text));
                        }
                    },
                };
                if self.header == Header::Match && !copy.from {
                    return Err(Error::new(
                        SqlState::FEATURE_NOT_SUPPORTED,
                        "cannot use \"match\" with HEADER in COPY TO",
                    ));
                }
            }
            "freeze" => self.freeze = options::boolean(item)?,
            "force_quote" => match names(item) {
                Some(names) => self.force_quote = names,
                None => self.force_quote_all = true,
            },
            "force_not_null" => self.force_not_null = Forced::of(item),
            "force_null" => self.force_null = Forced::of(item),
            // An option of old that only foreign data wrappers gave; it has never been for users.
            "convert_selectively" => (),
            "encoding" => {
                let name = text.unwrap_or_default();
                let Some(encoding) = Encoding::named(&name) else {
                    let error = invalid("argument to option \"encoding\" must be a valid encoding name");
                    return Err(context.place(error, item.location));
                };
                if !encoding.is_convertible() {
                    return Err(Error::not_implemented(format_args!("encoding {} in COPY", encoding.name())));
                }
                self.encoding = Some(encoding).filter(|e| !matches!(*e, Encoding::UTF8 | Encoding::SQL_ASCII));
            }
            "default" => self.default = Some(text.unwrap_or_default()),
            "on_error" => {
                if !copy.from {
                    let error = invalid("COPY ON_ERROR cannot be used with COPY TO");
                    return Err(context.place(error, item.location));
                }
                self.skip_bad_rows = match text.as_deref().unwrap_or_default().to_ascii_lowercase().as_str() {
                    "stop" => false,
                    "ignore" => true,
                    _ => return Err(unknown("ON_ERROR", &text)),
                };
            }
            "log_verbosity" => {
                let word = text.as_deref().unwrap_or_default().to_ascii_lowercase();
                self.verbosity = match word.as_str() {
                    "silent" => Verbosity::Silent,
                    "default" => Verbosity::Default,
                    "verbose" => Verbosity::Verbose,
                    _ => return Err(unknown("LOG_VERBOSITY", &text)),
                };
            }
            "reject_limit" => {
                let limit = text.as_deref().and_then(|text| text.trim().parse::<i64>().ok());
                let limit = limit.ok_or_else(|| {
                    let given = text.as_deref().unwrap_or_default();
                    Error::new(
                        SqlState::INVALID_TEXT_REPRESENTATION,
                        format!("invalid input syntax for type bigint: \"{given}\""),
                    )
                })?;
                if limit <= 0 {
                    return Err(invalid(format!("REJECT_LIMIT ({limit}) must be greater than zero")));
                }
                self.reject_limit = Some(limit);
            }
            other => {
                let error = Error::new(SqlState::SYNTAX_ERROR, format!("option \"{other}\" not recognized"));
                return Err(context.place(error, item.location));
            }
        }
        Ok(())
    }

    /// Fills in what was not given, and checks what goes together.
    fn settle(&mut self, copy: &Copy, given: Given) -> Result<()> {
        self.form = given.form.unwrap_or_default();
        let only = |is_given: bool, what: &str, csv: bool| match is_given {
            true if self.form == Form::Binary => {
                Err(Error::new(SqlState::SYNTAX_ERROR, format!("cannot specify {what} in BINARY mode")))
            }
            true if csv && self.form != Form::Csv => {
                Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, format!("COPY {what} requires CSV mode")))
            }
            _ => Ok(()),
        };
        only(given.delimiter.is_some(), "DELIMITER", false)?;
        only(given.null.is_some(), "NULL", false)?;
        only(self.default.is_some(), "DEFAULT", false)?;
        only(self.header != Header::None, "HEADER", false)?;
        only(given.quote.is_some(), "QUOTE", true)?;
        only(given.escape.is_some(), "ESCAPE", true)?;
        let force_quote = self.force_quote_all || !self.force_quote.is_empty();
        only(force_quote, "FORCE_QUOTE", true)?;
        let one_way = |is_given: bool, what: &str, from: bool| match is_given && copy.from != from {
            true => {
                let other = if copy.from { "COPY FROM" } else { "COPY TO" };
                Err(invalid(format!("COPY {what} cannot be used with {other}")))
            }
            false => Ok(()),
        };
        one_way(force_quote, "FORCE_QUOTE", false)?;
        only(self.force_not_null.is_given(), "FORCE_NOT_NULL", true)?;
        one_way(self.force_not_null.is_given(), "FORCE_NOT_NULL", true)?;
        only(self.force_null.is_given(), "FORCE_NULL", true)?;
        one_way(self.force_null.is_given(), "FORCE_NULL", true)?;
        let csv = self.form == Form::Csv;
        self.delimiter = given.delimiter.unwrap_or(if csv { b',' } else { b'\t' });
        self.null = given.null.unwrap_or_else(|| if csv { String::new() } else { "\\N".into() });
        self.quote = given.quote.unwrap_or(b'"');
        self.escape = given.escape.unwrap_or(self.quote);
        if matches!(self.delimiter, b'\r' | b'\n') {
            return Err(invalid("COPY delimiter cannot be newline or carriage return"));
        }
        if self.null.contains(['\r', '\n']) {
            return Err(invalid("COPY null representation cannot use newline or carriage return"));
        }
        if self.default.as_ref().is_some_and(|default| default.contains(['\r', '\n'])) {
            return Err(invalid("COPY default representation cannot use newline or carriage return"));
        }
        if !csv && b"\\.abcdefghijklmnopqrstuvwxyz0123456789".contains(&self.delimiter) {
            return Err(invalid(format!("COPY delimiter cannot be \"{}\"", self.delimiter as char)));
        }
        if csv && self.delimiter == self.quote {
            return Err(invalid("COPY delimiter and quote must be different"));
        }
        if self.form != Form::Binary && self.null.as_bytes().contains(&self.delimiter) {
            return Err(invalid("COPY delimiter character must not appear in the NULL specification"));
        }
        if csv && self.null.as_bytes().contains(&self.quote) {
            return Err(invalid("CSV quote character must not appear in the NULL specification"));
        }
        one_way(self.freeze, "FREEZE", true)?;
        if let Some(default) = &self.default {
            one_way(true, "DEFAULT", true)?;
            if default.as_bytes().contains(&self.delimiter) {
                return Err(invalid("COPY delimiter character must not appear in the DEFAULT specification"));
            }
            if csv && default.as_bytes().contains(&self.quote) {
                return Err(invalid("CSV quote character must not appear in the DEFAULT specification"));
            }
            if *default == self.null {
                return Err(invalid("NULL specification and DEFAULT specification cannot be the same"));
            }
        }
        if self.form == Form::Binary && self.skip_bad_rows {
            return Err(Error::new(SqlState::SYNTAX_ERROR, "only ON_ERROR STOP is allowed in BINARY mode"));
        }
        if self.reject_limit.is_some() && !self.skip_bad_rows {
            return Err(invalid("COPY REJECT_LIMIT requires ON_ERROR to be set to IGNORE"));
        }
        Ok(())
    }
}

/// The options whose defaults depend on others.
#[derive(Default)]
struct Given {
    form: Option<Form>,
    delimiter: Option<u8>,
    null: Option<String>,
    quote: Option<u8>,
    escape: Option<u8>,
}
