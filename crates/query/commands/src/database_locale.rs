//! Which encoding and locale a new database has: its options, what its template has, and whether these go together.
//!
//! A template's indexes on texts are in its own order and encoding, so that only `template0`, which has none that matter, may be copied
//! into another one.

use catalog::rows::PgDatabase;
use collation::{Collation, locale};
use error::{Error, Result, SqlState};
use parser::ast::DefinitionItem;

use crate::collation::{Validation, check_libc_encoding};
use crate::{Context, options};

/// The options of CREATE DATABASE that are about locales.
#[derive(Default)]
pub(crate) struct Wanted<'s> {
    encoding: Option<&'s DefinitionItem>,
    locale: Option<&'s DefinitionItem>,
    collate: Option<&'s DefinitionItem>,
    ctype: Option<&'s DefinitionItem>,
    provider: Option<&'s DefinitionItem>,
    builtin: Option<&'s DefinitionItem>,
    icu: Option<&'s DefinitionItem>,
    rules: Option<&'s DefinitionItem>,
    version: Option<&'s DefinitionItem>,
}

fn refuse(text: impl Into<String>) -> Error {
    Error::new(SqlState::INVALID_OBJECT_DEFINITION, text)
}

fn wrong(text: impl Into<String>) -> Error {
    Error::new(SqlState::INVALID_PARAMETER_VALUE, text)
}

/// A provider as messages call it.
fn provider_name(provider: u8) -> &'static str {
    match provider {
        b'b' => "builtin",
        b'i' => "icu",
        _ => "libc",
    }
}

fn encoding_name(encoding: i32) -> &'static str {
    catalog::functions::encoding_name(encoding).unwrap_or("")
}

/// An option's value, unless it says DEFAULT.
fn value(item: Option<&DefinitionItem>) -> Option<String> {
    item.filter(|item| item.value.is_some()).and_then(options::text)
}

/// The encoding that an option names, by name or number; one that a server can have.
fn encoding_of(context: &Context<'_>, item: &DefinitionItem) -> Result<i32> {
    let name = options::text(item).unwrap_or_default();
    let number = match name.parse::<i32>() {
        Ok(number) => catalog::functions::encoding_name(number).map(|_| number),
        Err(_) => catalog::functions::encoding_number(&name),
    };
    match number {
        Some(number @ (0 | 6)) => Ok(number),
        // The last seven are for clients only.
        Some(number) if number < 35 => Err(Error::not_implemented(format_args!("encoding {}", encoding_name(number)))),
        _ => {
            let what = if name.parse::<i32>().is_ok() { "code" } else { "name" };
            let error = Error::new(SqlState::UNDEFINED_OBJECT, format!("{name} is not a valid encoding {what}"));
            Err(context.place(error, item.location))
        }
    }
}

impl<'s> Wanted<'s> {
    /// Takes an option if it is one of these; says whether it was.
    ///
    /// # Errors
    /// `42601` for one that was given before.
    pub fn take(&mut self, context: &Context<'_>, item: &'s DefinitionItem) -> Result<bool> {
        let place = match &*item.name {
            "encoding" => &mut self.encoding,
            "locale" => &mut self.locale,
            "lc_collate" => &mut self.collate,
            "lc_ctype" => &mut self.ctype,
            "locale_provider" => &mut self.provider,
            "builtin_locale" => &mut self.builtin,
            "icu_locale" => &mut self.icu,
            "icu_rules" => &mut self.rules,
            "collation_version" => &mut self.version,
            _ => return Ok(false),
        };
        if place.replace(item).is_some() {
            let error = Error::new(SqlState::SYNTAX_ERROR, "conflicting or redundant options");
            return Err(context.place(error, item.location));
        }
        Ok(true)
    }

    /// Sets the locale of a new database's row, which is so far its template's.
    ///
    /// # Errors
    /// For names that there are not, and for what does not go together.
    pub fn apply(&self, context: &Context<'_>, template: &PgDatabase, row: &mut PgDatabase) -> Result<()> {
        if let Some(item) = self.encoding.filter(|item| item.value.is_some()) {
            row.encoding = encoding_of(context, item)?;
        }
        let provider = match value(self.provider).map(|name| name.to_ascii_lowercase()).as_deref() {
            None => template.datlocprovider,
            Some("builtin") => b'b',
            Some("icu") => b'i',
            Some("libc") => b'c',
            Some(other) => return Err(refuse(format!("unrecognized locale provider: {other}"))),
        };
        row.datlocprovider = provider;
        let all = value(self.locale);
        if let Some(name) = value(self.collate).or_else(|| all.clone()) {
            row.datcollate = name.into();
        }
        if let Some(name) = value(self.ctype).or_else(|| all.clone()) {
            row.datctype = name.into();
        }
        if self.builtin.is_some() && provider != b'b' {
            return Err(refuse("BUILTIN_LOCALE cannot be specified unless locale provider is builtin"));
        }
        if self.icu.is_some() && provider != b'i' {
            return Err(refuse("ICU locale cannot be specified unless locale provider is ICU"));
        }
        if self.rules.is_some() && provider != b'i' {
            return Err(refuse("ICU rules cannot be specified unless locale provider is ICU"));
        }
        for (category, name) in [("LC_COLLATE", &mut row.datcollate), ("LC_CTYPE", &mut row.datctype)] {
            // An empty name is the server's own locale.
            if name.is_empty() {
                *name = "C".into();
            }
            if locale::Libc::parse(name).is_none() {
                let text = format!("invalid {category} locale name: \"{name}\"");
                let error = Error::new(SqlState::WRONG_OBJECT_TYPE, text);
                return Err(match provider {
                    b'b' => error.hint("If the locale name is specific to the builtin provider, use BUILTIN_LOCALE."),
                    b'i' => error.hint("If the locale name is specific to the ICU provider, use ICU_LOCALE."),
                    _ => error,
                });
            }
        }
        check_libc_encoding(row.encoding, &row.datctype)?;
        check_libc_encoding(row.encoding, &row.datcollate)?;
        let inherited = (provider == template.datlocprovider).then(|| template.datlocale.clone()).flatten();
        let own = if provider == b'b' { value(self.builtin) } else { value(self.icu) };
        let name = own.or(all).or_else(|| inherited.as_ref().map(|name| name.to_string()));
        row.datlocale = match (provider, name) {
            (b'b', None) => return Err(wrong("LOCALE or BUILTIN_LOCALE must be specified")),
            (b'b', Some(name)) => {
                let known = locale::builtin(&name).ok_or_else(|| locale::invalid_builtin(&name))?;
                if known != "C" && row.encoding != 6 {
                    let encoding = encoding_name(row.encoding);
                    return Err(Error::new(
                        SqlState::WRONG_OBJECT_TYPE,
                        format!("encoding \"{encoding}\" does not match locale \"{known}\""),
                    ));
                }
                Some(known.into())
            }
            (b'i', _) if row.encoding == 0 => {
                let encoding = encoding_name(row.encoding);
                return Err(wrong(format!("encoding \"{encoding}\" is not supported with ICU provider")));
            }
            (b'i', None) => return Err(wrong("LOCALE or ICU_LOCALE must be specified")),
            (b'i', Some(name)) if inherited.as_deref() == Some(&*name) => Some(name.into()),
            (b'i', Some(name)) => Some(Validation::new(context).standard_form(&name)?.into()),
            _ => None,
        };
        row.daticurules = match provider {
            b'i' => value(self.rules).map(Into::into).or_else(|| template.daticurules.clone()),
            _ => None,
        };
        // What cannot be opened is refused.
        Collation::open(&row.definition())?;
        if &*template.datname != "template0" {
            compatible(template, row)?;
        }
        self.set_version(template, row)
    }

    fn set_version(&self, template: &PgDatabase, row: &mut PgDatabase) -> Result<()> {
        if let Some(version) = value(self.version) {
            row.datcollversion = Some(version.into());
            return Ok(());
        }
        let Some(recorded) = template.datcollversion.as_deref() else {
            row.datcollversion = row.actual_version().map(Into::into);
            return Ok(());
        };
        let name = &template.datname;
        match template.actual_version() {
            None => Err(Error::internal(format!(
                "template database \"{name}\" has a collation version, but no actual collation version could be determined"
            ))),
            Some(actual) if actual != recorded => {
                let text = format!("template database \"{name}\" has a collation version mismatch");
                Err(Error::new(SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE, text)
                    .detail(format!(
                        "The template database was created using collation version {recorded}, but the operating system provides version {actual}."
                    ))
                    .hint(format!(
                        "Rebuild all objects in the template database that use the default collation and run ALTER DATABASE {} REFRESH \
                         COLLATION VERSION, or build PostgreSQL with the right library version.",
                        catalog::format::quote_identifier(name)
                    )))
            }
            Some(_) => {
                row.datcollversion = Some(recorded.to_string().into());
                Ok(())
            }
        }
    }
}

/// What a template other than `template0` must have in common with its copy.
fn compatible(template: &PgDatabase, row: &PgDatabase) -> Result<()> {
    let differs = |what: &str, new: &str, old: &str, of: &str, verb: &str| {
        let text = format!("new {what} ({new}) {verb} {of} of the template database ({old})");
        Err(wrong(text).hint(format!("Use the same {of} as in the template database, or use template0 as template.")))
    };
    let incompatible = "is incompatible with the";
    if row.encoding != template.encoding {
        let (new, old) = (encoding_name(row.encoding), encoding_name(template.encoding));
        return differs("encoding", new, old, "encoding", incompatible);
    }
    if row.datcollate != template.datcollate {
        return differs("collation", &row.datcollate, &template.datcollate, "collation", incompatible);
    }
    if row.datctype != template.datctype {
        return differs("LC_CTYPE", &row.datctype, &template.datctype, "LC_CTYPE", incompatible);
    }
    if row.datlocprovider != template.datlocprovider {
        let (new, old) = (provider_name(row.datlocprovider), provider_name(template.datlocprovider));
        return differs("locale provider", new, old, "locale provider", "does not match");
    }
    if row.datlocprovider == b'i' {
        let (new, old) = (row.datlocale.as_deref(), template.datlocale.as_deref());
        if new != old {
            let (new, old) = (new.unwrap_or_default(), old.unwrap_or_default());
            return differs("ICU locale", new, old, "ICU locale", incompatible);
        }
        let (new, old) = (row.daticurules.as_deref(), template.daticurules.as_deref());
        if new != old {
            let (new, old) = (new.unwrap_or_default(), old.unwrap_or_default());
            return differs("ICU collation rules", new, old, "ICU collation rules", "are incompatible with the");
        }
    }
    Ok(())
}
