//! Collations: CREATE, ALTER and DROP COLLATION, and the checks of locales that CREATE DATABASE shares.

use std::fmt::Display;

use catalog::privileges::ObjectKind as Privileged;
use catalog::rows::{PgCollation, PgNamespace};
use catalog::{Entry, Object, index};
use collation::{Collation, locale};
use error::{Error, Result, Severity, SqlState};
use ids::Oid;
use parser::ast::{Define, DefinitionItem, DropObjects, ObjectName, ObjectReference};
use types::text::DEFAULT_COLLATION;

use crate::comment::owned_by;
use crate::{Context, options};

/// The encoding of all text that is no plain bytes.
const UTF8: i32 = 6;

/// How strictly names of ICU locales are checked: the setting `icu_validation_level`.
pub(crate) struct Validation<'c> {
    context: &'c Context<'c>,
    /// None if nothing is to be said.
    severity: Option<Severity>,
}

impl<'c> Validation<'c> {
    /// By the session's setting.
    pub fn new(context: &'c Context<'c>) -> Validation<'c> {
        let level = context.session.env().setting("icu_validation_level").unwrap_or_default();
        let severity = match level.as_str() {
            "disabled" => None,
            "debug5" => Some(Severity::Debug5),
            "debug4" => Some(Severity::Debug4),
            "debug3" => Some(Severity::Debug3),
            "debug2" => Some(Severity::Debug2),
            "debug1" => Some(Severity::Debug1),
            "log" => Some(Severity::Log),
            "notice" => Some(Severity::Notice),
            "error" => Some(Severity::Error),
            _ => Some(Severity::Warning),
        };
        Validation { context, severity }
    }

    fn complain(&self, error: Error) -> Result<()> {
        match self.severity {
            None => Ok(()),
            Some(Severity::Error) => Err(error),
            Some(severity) => {
                self.context.notice(error.severity(severity));
                Ok(())
            }
        }
    }

    /// The standard form of an ICU locale's name, or the name if it has none.
    pub fn standard_form(&self, name: &str) -> Result<String> {
        let tag = match locale::language_tag(name) {
            Some(tag) if tag == name => tag,
            Some(tag) => {
                let text = format!("using standard form \"{tag}\" for ICU locale \"{name}\"");
                self.context.inform(SqlState::SUCCESSFUL_COMPLETION, text);
                tag
            }
            None => {
                let text =
                    format!("could not convert locale name \"{name}\" to language tag: U_ILLEGAL_ARGUMENT_ERROR");
                self.complain(Error::new(SqlState::INVALID_PARAMETER_VALUE, text))?;
                name.to_string()
            }
        };
        let language = locale::language(&tag);
        if !locale::is_known_language(&language) {
            let text = format!("ICU locale \"{tag}\" has unknown language \"{language}\"");
            let hint = "To disable ICU locale validation, set the parameter \"icu_validation_level\" to \"disabled\".";
            self.complain(Error::new(SqlState::INVALID_PARAMETER_VALUE, text).hint(hint))?;
        }
        Ok(tag)
    }
}

/// The encoding of a libc locale must be the database's.
pub(crate) fn check_libc_encoding(encoding: i32, ctype: &str) -> Result<()> {
    let Some(name) = locale::Libc::parse(ctype) else { return Ok(()) };
    let (fits, needs) = match (encoding, &name) {
        (0, _) | (_, locale::Libc::C) => (true, ""),
        (UTF8, name) => (name.is_utf8(), "another one"),
        (_, name) => (!name.is_utf8(), "UTF8"),
    };
    if fits {
        return Ok(());
    }
    let encoding = catalog::functions::encoding_name(encoding).unwrap_or_default();
    let text = format!("encoding \"{encoding}\" does not match locale \"{ctype}\"");
    let needs = match (needs, &name) {
        ("UTF8", _) => "UTF8".to_string(),
        (_, locale::Libc::Language { codeset, .. }) => codeset.to_ascii_uppercase(),
        _ => needs.to_string(),
    };
    Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, text)
        .detail(format!("The chosen LC_CTYPE setting requires encoding \"{needs}\".")))
}

fn missing(name: impl Display) -> Error {
    let text = format!("collation \"{name}\" for encoding \"UTF8\" does not exist");
    Error::new(SqlState::UNDEFINED_OBJECT, text)
}

/// The collation of this name; none if there is none.
fn try_find(context: &Context<'_>, name: &ObjectName) -> Result<Option<Entry<PgCollation>>> {
    let catalog = context.catalog();
    let schema = name.qualifiers.last().map(|schema| &**schema);
    if let Some(schema) = schema {
        catalog.require_schema(schema)?;
    }
    match catalog.collation_by_name(schema, &name.name)? {
        Some(oid) => catalog.collation(oid).map(Some),
        None => Ok(None),
    }
}

fn find(context: &Context<'_>, name: &ObjectName) -> Result<Entry<PgCollation>> {
    try_find(context, name)?.ok_or_else(|| missing(name))
}

fn name_of(reference: &ObjectReference) -> Result<&ObjectName> {
    match reference {
        ObjectReference::Name(name) => Ok(name),
        _ => Err(Error::internal("a collation is not named as one")),
    }
}

/// The collation that is altered; the role must own it.
fn owned(context: &Context<'_>, name: &ObjectName) -> Result<Entry<PgCollation>> {
    let row = find(context, name)?;
    owned_by(context, row.collowner, "collation", &row.collname)?;
    Ok(row)
}

/// A schema's collation that a new one of this name would hide or meet: of its encoding, or where one of both is for any.
fn existing(context: &Context<'_>, schema: Oid, name: &str, encoding: i32) -> Result<Option<i32>> {
    let catalog = context.catalog();
    let other = if encoding == -1 { catalog.encoding()? } else { -1 };
    for encoding in [encoding, other] {
        let key = [name.into(), encoding.into(), schema.into()];
        if catalog.row::<PgCollation>(index::PG_COLLATION_NAME_ENC_NSP_INDEX, &key)?.is_some() {
            return Ok(Some(encoding));
        }
    }
    Ok(None)
}

/// `collation "…" already exists`, and perhaps where.
fn already(name: &str, encoding: i32, schema: Option<&str>) -> String {
    let of = match encoding {
        -1 => String::new(),
        encoding => {
            format!(" for encoding \"{}\"", catalog::functions::encoding_name(encoding).unwrap_or_default())
        }
    };
    let place = schema.map_or(String::new(), |schema| format!(" in schema \"{schema}\""));
    format!("collation \"{name}\"{of} already exists{place}")
}

/// CREATE COLLATION
pub(crate) fn create(context: &Context<'_>, define: &Define) -> Result<()> {
    let catalog = context.catalog();
    let schema = context.creation_schema(&define.name.to_relation())?;
    let name = &*define.name.name;
    let mut row = match &define.from {
        Some(from) => copied(context, from)?,
        None => defined(context, &define.options)?,
    };
    if let Some(encoding) = existing(context, schema, name, row.collencoding)? {
        let text = already(name, encoding, None);
        if define.if_not_exists {
            context.inform(SqlState::DUPLICATE_OBJECT, format!("{text}, skipping"));
            return Ok(());
        }
        return Err(Error::new(SqlState::DUPLICATE_OBJECT, text));
    }
    // What cannot be opened is refused.
    Collation::open(&row.definition())?;
    row.oid = catalog.new_oid::<PgCollation>(index::PG_COLLATION_OID_INDEX)?;
    (row.collname, row.collnamespace, row.collowner) = (name.to_string().into(), schema, catalog.current_user());
    catalog.insert_collation(&row)?;
    catalog.next_command()?;
    // Its version, if it was given, may be another one than the program's.
    context.session.env().collation(row.oid).map(|_| ())
}

fn copied(context: &Context<'_>, from: &ObjectName) -> Result<PgCollation> {
    let source = find(context, from)?;
    if source.oid == DEFAULT_COLLATION {
        let text = "collation \"default\" cannot be copied";
        return Err(Error::new(SqlState::INVALID_OBJECT_DEFINITION, text));
    }
    let mut row = (*source).clone();
    row.collversion = row.actual_version().map(Into::into);
    Ok(row)
}

fn conflicting(detail: &str) -> Error {
    Error::new(SqlState::SYNTAX_ERROR, "conflicting or redundant options").detail(detail)
}

fn defined(context: &Context<'_>, items: &[DefinitionItem]) -> Result<PgCollation> {
    const NAMES: [&str; 8] =
        ["from", "locale", "lc_collate", "lc_ctype", "provider", "deterministic", "rules", "version"];
    let mut given: [Option<&DefinitionItem>; 8] = [None; 8];
    for item in items {
        let Some(at) = NAMES.iter().position(|name| *name == &*item.name) else {
            let text = format!("collation attribute \"{}\" not recognized", item.name);
            return Err(context.place(Error::new(SqlState::SYNTAX_ERROR, text), item.location));
        };
        if given[at].replace(item).is_some() {
            let error = Error::new(SqlState::SYNTAX_ERROR, "conflicting or redundant options");
            return Err(context.place(error, item.location));
        }
    }
    let [from, locale, collate, ctype, provider, deterministic, rules, version] = given;
    if locale.is_some() && (collate.is_some() || ctype.is_some()) {
        return Err(conflicting("LOCALE cannot be specified together with LC_COLLATE or LC_CTYPE."));
    }
    if let Some(from) = from {
        if items.len() > 1 {
            return Err(conflicting("FROM cannot be specified together with any other options."));
        }
        return copied(context, &crate::types::range::object_name(from)?);
    }
    let text = |item: Option<&DefinitionItem>| item.and_then(options::text);
    let refuse = |text: &str| Err(Error::new(SqlState::INVALID_OBJECT_DEFINITION, text));
    let provider = match text(provider) {
        None => b'c',
        Some(name) => match name.to_ascii_lowercase().as_str() {
            "builtin" => b'b',
            "icu" => b'i',
            "libc" => b'c',
            _ => return refuse(&format!("unrecognized collation provider: {name}")),
        },
    };
    let mut row = PgCollation {
        collprovider: provider,
        collisdeterministic: deterministic.map_or(Ok(true), options::boolean)?,
        collencoding: -1,
        ..PgCollation::default()
    };
    let locale = text(locale);
    match provider {
        b'c' => {
            let collate = text(collate).or_else(|| locale.clone());
            let ctype = text(ctype).or(locale);
            let Some(collate) = collate else { return refuse("parameter \"lc_collate\" must be specified") };
            let Some(ctype) = ctype else { return refuse("parameter \"lc_ctype\" must be specified") };
            (row.collcollate, row.collctype) = (Some(collate.into()), Some(ctype.into()));
        }
        _ => {
            let Some(name) = locale else { return refuse("parameter \"locale\" must be specified") };
            let name = match provider {
                b'b' => locale::builtin(&name).ok_or_else(|| locale::invalid_builtin(&name))?.to_string(),
                _ => Validation::new(context).standard_form(&name)?,
            };
            row.colllocale = Some(name.into());
        }
    }
    row.collicurules = text(rules).map(Into::into);
    if !row.collisdeterministic && provider != b'i' {
        let text = "nondeterministic collations not supported with this provider";
        return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
    }
    if row.collicurules.is_some() && provider != b'i' {
        return refuse("ICU rules cannot be specified unless locale provider is ICU");
    }
    let encoding = context.catalog().encoding()?;
    match provider {
        b'b' => row.collencoding = if row.colllocale.as_deref() == Some("C") { -1 } else { UTF8 },
        b'i' if encoding == 0 => {
            let text = "current database's encoding is not supported with this provider";
            return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
        }
        b'i' => {}
        _ => {
            row.collencoding = encoding;
            check_libc_encoding(encoding, row.collctype.as_deref().unwrap_or_default())?;
        }
    }
    row.collversion = text(version).map(Into::into).or_else(|| row.actual_version().map(Into::into));
    Ok(row)
}

/// What a version that is recorded anew leads to: a notice, and the new one if it differs.
///
/// # Errors
/// If there was one and is none now, or the other way round.
pub(crate) fn new_version(
    context: &Context<'_>,
    old: Option<&str>,
    new: Option<&'static str>,
) -> Result<Option<&'static str>> {
    match (old, new) {
        (Some(old), Some(new)) if old != new => {
            context.inform(SqlState::SUCCESSFUL_COMPLETION, format!("changing version from {old} to {new}"));
            Ok(Some(new))
        }
        (old, new) if old == new => {
            context.inform(SqlState::SUCCESSFUL_COMPLETION, "version has not changed");
            Ok(None)
        }
        _ => Err(Error::internal("invalid collation version change")),
    }
}

/// ALTER COLLATION … REFRESH VERSION
pub(crate) fn refresh_version(context: &Context<'_>, name: &ObjectName) -> Result<()> {
    let row = find(context, name)?;
    if row.oid == DEFAULT_COLLATION {
        return Err(Error::internal("cannot refresh version of default collation")
            .hint("Use ALTER DATABASE ... REFRESH COLLATION VERSION instead."));
    }
    owned_by(context, row.collowner, "collation", &row.collname)?;
    if let Some(version) = new_version(context, row.collversion.as_deref(), row.actual_version())? {
        change(context, row.oid, |row| row.collversion = Some(version.into()))?;
    }
    Ok(())
}

fn change(context: &Context<'_>, oid: Oid, how: impl FnOnce(&mut PgCollation)) -> Result<()> {
    context.catalog().change::<PgCollation>(index::PG_COLLATION_OID_INDEX, &[oid.into()], how)?;
    context.catalog().next_command()
}

/// A schema must have no collation that goes by the name of this one.
fn check_free(context: &Context<'_>, schema: Oid, name: &str, encoding: i32) -> Result<()> {
    match existing(context, schema, name, encoding)? {
        None => Ok(()),
        Some(encoding) => {
            let place = context.catalog().schema_name(schema)?;
            Err(Error::new(SqlState::DUPLICATE_OBJECT, already(name, encoding, place.as_deref())))
        }
    }
}

/// ALTER COLLATION … RENAME TO
pub(crate) fn rename(context: &Context<'_>, object: &ObjectReference, name: &str) -> Result<()> {
    let row = find(context, name_of(object)?)?;
    check_free(context, row.collnamespace, name, row.collencoding)?;
    owned_by(context, row.collowner, "collation", &row.collname)?;
    let wanted = catalog::acl::Privileges::CREATE;
    context.catalog().require_privileges(Privileged::Schema, row.collnamespace, wanted)?;
    change(context, row.oid, |row| row.collname = name.to_string().into())
}

/// ALTER COLLATION … SET SCHEMA
pub(crate) fn set_schema(context: &Context<'_>, object: &ObjectReference, schema: &str) -> Result<()> {
    let catalog = context.catalog();
    let row = find(context, name_of(object)?)?;
    let schema = catalog.require_schema(schema)?;
    catalog.require_privileges(Privileged::Schema, schema, catalog::acl::Privileges::CREATE)?;
    owned_by(context, row.collowner, "collation", &row.collname)?;
    if schema == row.collnamespace {
        return Ok(());
    }
    check_free(context, schema, &row.collname, row.collencoding)?;
    let namespace = |oid: Oid| Object::of::<PgNamespace>(oid);
    catalog.change_dependency(Object::of::<PgCollation>(row.oid), namespace(row.collnamespace), namespace(schema))?;
    change(context, row.oid, |row| row.collnamespace = schema)
}

/// ALTER COLLATION … OWNER TO
pub(crate) fn set_owner(context: &Context<'_>, object: &ObjectReference, owner: Oid) -> Result<()> {
    let catalog = context.catalog();
    let row = owned(context, name_of(object)?)?;
    if row.collowner == owner {
        return Ok(());
    }
    if !catalog.is_superuser(catalog.current_user())? {
        crate::owner::require_settable(context, owner)?;
        let wanted = catalog::acl::Privileges::CREATE;
        if catalog.privileges(Privileged::Schema, row.collnamespace, owner, wanted)? != Some(wanted) {
            return Err(catalog.denied(Privileged::Schema, row.collnamespace)?);
        }
    }
    catalog.change_recorded_owner(Object::of::<PgCollation>(row.oid), owner)?;
    change(context, row.oid, |row| row.collowner = owner)
}

/// The collation that DROP names; none if it may be missing and is.
pub(crate) fn to_drop(
    context: &Context<'_>,
    drop: &DropObjects,
    reference: &ObjectReference,
) -> Result<Option<Object>> {
    let catalog = context.catalog();
    let name = name_of(reference)?;
    if drop.if_exists
        && let Some(schema) = name.qualifiers.last()
        && catalog.schema_by_name(schema)?.is_none()
    {
        let text = format!("schema \"{schema}\" does not exist, skipping");
        context.inform(SqlState::INVALID_SCHEMA_NAME, text);
        return Ok(None);
    }
    let Some(row) = try_find(context, name)? else {
        if !drop.if_exists {
            return Err(missing(name));
        }
        context.inform(SqlState::UNDEFINED_OBJECT, format!("collation \"{name}\" does not exist, skipping"));
        return Ok(None);
    };
    if !catalog.is_owner(Privileged::Schema, row.collnamespace, catalog.current_user())? {
        owned_by(context, row.collowner, "collation", &row.collname)?;
    }
    Ok(Some(Object::of::<PgCollation>(row.oid)))
}
