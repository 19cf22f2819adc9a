//! CREATE and ALTER of text search objects: parsers, templates, dictionaries, and configurations with their mappings.
//!
//! A dictionary's options are checked by making one of them. Parsers and templates are what their functions make of them; of others than the
//! server's own functions nothing can be made, which is said when they are used.

use catalog::field::Text;
use catalog::rows::*;
use catalog::{Dependency, Object, index};
use error::{Error, Result, SqlState, bail};
use ids::Oid;
use parser::ast::{
    AlterTextSearchAction as Action, AlterTextSearchConfiguration, AlterTextSearchDictionary, Define, DefinitionItem,
    DefinitionValue, Name, ObjectKind, ObjectName, ObjectReference,
};
use types::oid;
use types::textsearch::{TOKEN_TYPES, read_options};

use crate::{Context, object, options};

const INTERNAL: Oid = Oid(2281);

/// CREATE TEXT SEARCH …
pub(crate) fn create(context: &Context<'_>, define: &Define) -> Result<()> {
    match define.kind {
        ObjectKind::TextSearchDictionary => dictionary(context, define),
        ObjectKind::TextSearchConfiguration => configuration(context, define),
        ObjectKind::TextSearchParser => parser(context, define),
        _ => template(context, define),
    }
}

/// The name that an option's value is.
fn name_of(item: &DefinitionItem) -> Result<ObjectName> {
    match &item.value {
        Some(DefinitionValue::Type(name)) => Ok(name.name.clone()),
        Some(DefinitionValue::Name(name)) => Ok(name.clone()),
        Some(DefinitionValue::String(name)) => Ok(ObjectName::unqualified(name.clone(), 0)),
        _ => bail!(SYNTAX_ERROR, "{} requires a parameter", item.name),
    }
}

fn find(context: &Context<'_>, kind: ObjectKind, name: &ObjectName) -> Result<Oid> {
    object::find(context, kind, &ObjectReference::Name(name.clone())).map(|found| found.oid)
}

/// A function of a parser or template.
fn function(context: &Context<'_>, item: &DefinitionItem, arguments: &[Oid], result: Oid) -> Result<Oid> {
    let catalog = context.catalog();
    let name = name_of(item)?;
    let schema = name.qualifiers.last().map(|schema| &**schema);
    let found = catalog.functions_by_name(schema, &name.name)?;
    let Some(found) = found.iter().find(|candidate| *candidate.row.proargtypes == *arguments) else {
        let types = arguments.iter().map(|&ty| catalog.type_name(ty)).collect::<Result<Vec<_>>>()?;
        bail!(UNDEFINED_FUNCTION, "function {name}({}) does not exist", types.join(", "));
    };
    if found.row.prorettype != result {
        let types = arguments.iter().map(|&ty| catalog.type_name(ty)).collect::<Result<Vec<_>>>()?;
        let (types, result) = (types.join(", "), catalog.type_name(result)?);
        bail!(INVALID_OBJECT_DEFINITION, "function {name}({types}) should return type {result}");
    }
    Ok(found.row.oid)
}

fn require_superuser(context: &Context<'_>, what: &str) -> Result<()> {
    let catalog = context.catalog();
    if !catalog.is_superuser(catalog.current_user())? {
        bail!(INSUFFICIENT_PRIVILEGE, "must be superuser to create {what}");
    }
    Ok(())
}

/// Records what a new object needs, and its owner if it has one.
fn record(context: &Context<'_>, this: Object, schema: Oid, owner: Option<Oid>, needs: &[Object]) -> Result<()> {
    let catalog = context.catalog();
    catalog.record_dependency(this, Object::of::<PgNamespace>(schema), Dependency::Normal)?;
    catalog.record_dependencies(this, needs, Dependency::Normal)?;
    if let Some(owner) = owner {
        catalog.record_owner(this, owner)?;
    }
    catalog.next_command()
}

fn functions(oids: &[Oid]) -> Vec<Object> {
    oids.iter().filter(|oid| oid.is_valid()).map(|&oid| Object::of::<PgProc>(oid)).collect()
}

fn parser(context: &Context<'_>, define: &Define) -> Result<()> {
    let catalog = context.catalog();
    require_superuser(context, "text search parsers")?;
    let schema = context.creation_schema(&define.name.to_relation())?;
    let mut row = PgTsParser::default();
    for item in &define.options {
        let (place, arguments, result): (&mut Oid, &[Oid], Oid) = match &*item.name {
            "start" => (&mut row.prsstart, &[INTERNAL, oid::INT4], INTERNAL),
            "gettoken" => (&mut row.prstoken, &[INTERNAL, INTERNAL, INTERNAL], INTERNAL),
            "end" => (&mut row.prsend, &[INTERNAL], oid::VOID),
            "headline" => (&mut row.prsheadline, &[INTERNAL, INTERNAL, oid::TSQUERY], INTERNAL),
            "lextypes" => (&mut row.prslextype, &[INTERNAL], INTERNAL),
            other => bail!(SYNTAX_ERROR, "text search parser parameter \"{other}\" not recognized"),
        };
        *place = function(context, item, arguments, result)?;
    }
    let needed =
        [("start", row.prsstart), ("gettoken", row.prstoken), ("end", row.prsend), ("lextypes", row.prslextype)];
    if let Some((missing, _)) = needed.iter().find(|(_, function)| !function.is_valid()) {
        bail!(INVALID_OBJECT_DEFINITION, "text search parser {missing} method is required");
    }
    row.oid = catalog.new_oid::<PgTsParser>(index::PG_TS_PARSER_OID_INDEX)?;
    (row.prsname, row.prsnamespace) = (define.name.name.to_string().into(), schema);
    catalog.insert(&row)?;
    let needs = functions(&[row.prsstart, row.prstoken, row.prsend, row.prsheadline, row.prslextype]);
    record(context, Object::of::<PgTsParser>(row.oid), schema, None, &needs)
}

fn template(context: &Context<'_>, define: &Define) -> Result<()> {
    let catalog = context.catalog();
    require_superuser(context, "text search templates")?;
    let schema = context.creation_schema(&define.name.to_relation())?;
    let mut row = PgTsTemplate::default();
    for item in &define.options {
        match &*item.name {
            "init" => row.tmplinit = function(context, item, &[INTERNAL], INTERNAL)?,
            "lexize" => row.tmpllexize = function(context, item, &[INTERNAL; 4], INTERNAL)?,
            other => bail!(SYNTAX_ERROR, "text search template parameter \"{other}\" not recognized"),
        }
    }
    if !row.tmpllexize.is_valid() {
        bail!(INVALID_OBJECT_DEFINITION, "text search template lexize method is required");
    }
    row.oid = catalog.new_oid::<PgTsTemplate>(index::PG_TS_TEMPLATE_OID_INDEX)?;
    (row.tmplname, row.tmplnamespace) = (define.name.name.to_string().into(), schema);
    catalog.insert(&row)?;
    let needs = functions(&[row.tmplinit, row.tmpllexize]);
    record(context, Object::of::<PgTsTemplate>(row.oid), schema, None, &needs)
}

/// An option's name and value, and the value as the list of options writes it.
fn option(item: &DefinitionItem) -> Result<(String, String)> {
    match options::text(item) {
        Some(value) => Ok((item.name.to_string(), value)),
        None => bail!(SYNTAX_ERROR, "{} requires a parameter", item.name),
    }
}

/// A list of options in the form in which a dictionary's row holds it; none if it is empty.
fn write_options(options: &[(String, String)]) -> Option<Text> {
    let items: Vec<String> = options
        .iter()
        .map(|(name, value)| {
            let name = catalog::format::quote_identifier(name);
            let quoted = value.replace('\'', "''");
            match value.contains('\\') {
                true => format!("{name} = E'{}'", quoted.replace('\\', "\\\\")),
                false => format!("{name} = '{quoted}'"),
            }
        })
        .collect();
    (!items.is_empty()).then(|| items.join(", ").into())
}

fn dictionary(context: &Context<'_>, define: &Define) -> Result<()> {
    let catalog = context.catalog();
    let schema = context.creation_schema(&define.name.to_relation())?;
    let (mut template, mut given) = (None, Vec::new());
    for item in &define.options {
        match &*item.name {
            "template" => template = Some(find(context, ObjectKind::TextSearchTemplate, &name_of(item)?)?),
            _ => given.push(option(item)?),
        }
    }
    let Some(template) = template else { bail!(INVALID_OBJECT_DEFINITION, "text search template is required") };
    catalog.make_dictionary(template, &given)?;
    let owner = catalog.current_user();
    let row = PgTsDict {
        oid: catalog.new_oid::<PgTsDict>(index::PG_TS_DICT_OID_INDEX)?,
        dictname: define.name.name.to_string().into(),
        dictnamespace: schema,
        dictowner: owner,
        dicttemplate: template,
        dictinitoption: write_options(&given),
    };
    catalog.insert(&row)?;
    let needs = [Object::of::<PgTsTemplate>(template)];
    record(context, Object::of::<PgTsDict>(row.oid), schema, Some(owner), &needs)
}

/// ALTER TEXT SEARCH DICTIONARY d (option = value, option)
pub(crate) fn alter_dictionary(context: &Context<'_>, alter: &AlterTextSearchDictionary) -> Result<()> {
    let catalog = context.catalog();
    let oid = find(context, ObjectKind::TextSearchDictionary, &alter.name)?;
    object::require_owner(context, Object::of::<PgTsDict>(oid), false)?;
    let Some(stored) = catalog.stored_row::<PgTsDict>(index::PG_TS_DICT_OID_INDEX, &[oid.into()])? else {
        return Err(Error::internal("a text search dictionary is gone"));
    };
    let mut found = read_options(stored.row.dictinitoption.as_deref().unwrap_or_default())?;
    for item in &alter.options {
        found.retain(|(name, _)| **name != *item.name);
        if item.value.is_some() {
            found.push(option(item)?);
        }
    }
    catalog.make_dictionary(stored.row.dicttemplate, &found)?;
    let row = PgTsDict { dictinitoption: write_options(&found), ..stored.row.clone() };
    catalog.update(&stored, &row)?;
    catalog.next_command()
}

fn configuration(context: &Context<'_>, define: &Define) -> Result<()> {
    let catalog = context.catalog();
    let schema = context.creation_schema(&define.name.to_relation())?;
    let (mut parser, mut copied) = (None, None);
    for item in &define.options {
        match &*item.name {
            "parser" => parser = Some(find(context, ObjectKind::TextSearchParser, &name_of(item)?)?),
            "copy" => copied = Some(find(context, ObjectKind::TextSearchConfiguration, &name_of(item)?)?),
            other => bail!(SYNTAX_ERROR, "text search configuration parameter \"{other}\" not recognized"),
        }
    }
    if parser.is_some() && copied.is_some() {
        bail!(SYNTAX_ERROR, "cannot specify both PARSER and COPY options");
    }
    let model =
        copied.map(|oid| catalog.row::<PgTsConfig>(index::PG_TS_CONFIG_OID_INDEX, &[oid.into()])).transpose()?;
    let Some(parser) = parser.or(model.flatten().map(|row| row.cfgparser)) else {
        bail!(INVALID_OBJECT_DEFINITION, "text search parser is required")
    };
    let owner = catalog.current_user();
    let oid = catalog.new_oid::<PgTsConfig>(index::PG_TS_CONFIG_OID_INDEX)?;
    catalog.insert(&PgTsConfig {
        oid,
        cfgname: define.name.name.to_string().into(),
        cfgnamespace: schema,
        cfgowner: owner,
        cfgparser: parser,
    })?;
    if let Some(model) = copied {
        for row in catalog.rows::<PgTsConfigMap>(index::PG_TS_CONFIG_MAP_INDEX, &[model.into()])?.iter() {
            catalog.insert(&PgTsConfigMap { mapcfg: oid, ..PgTsConfigMap::clone(row) })?;
        }
    }
    let this = Object::of::<PgTsConfig>(oid);
    record(context, this, schema, Some(owner), &[Object::of::<PgTsParser>(parser)])?;
    record_dictionaries(context, oid)
}

/// Records which dictionaries a configuration's mappings name.
fn record_dictionaries(context: &Context<'_>, configuration: Oid) -> Result<()> {
    let catalog = context.catalog();
    let this = Object::of::<PgTsConfig>(configuration);
    catalog.forget_dependencies(this, Some(Dependency::Normal), Some(PgTsDict::RELATION))?;
    let rows = catalog.stored::<PgTsConfigMap>(index::PG_TS_CONFIG_MAP_INDEX, &[configuration.into()])?;
    let needs: Vec<Object> = rows.iter().map(|stored| Object::of::<PgTsDict>(stored.row.mapdict)).collect();
    catalog.record_dependencies(this, &needs, Dependency::Normal)?;
    catalog.next_command()
}

/// The numbers of token types, each once.
fn tokens(names: &[Name]) -> Result<Vec<(i32, &str)>> {
    let mut found: Vec<(i32, &str)> = Vec::new();
    for name in names {
        let known = TOKEN_TYPES.iter().find(|(_, alias, _)| *alias == &**name);
        let Some(&(number, _, _)) = known else {
            bail!(INVALID_PARAMETER_VALUE, "token type \"{name}\" does not exist")
        };
        if !found.iter().any(|(other, _)| *other == number) {
            found.push((number, name));
        }
    }
    Ok(found)
}

/// ALTER TEXT SEARCH CONFIGURATION: its mappings.
pub(crate) fn alter_configuration(context: &Context<'_>, alter: &AlterTextSearchConfiguration) -> Result<()> {
    let catalog = context.catalog();
    let oid = find(context, ObjectKind::TextSearchConfiguration, &alter.name)?;
    object::require_owner(context, Object::of::<PgTsConfig>(oid), false)?;
    let row = catalog.row::<PgTsConfig>(index::PG_TS_CONFIG_OID_INDEX, &[oid.into()])?;
    catalog.require_default_parser(row.map_or(Oid::INVALID, |row| row.cfgparser))?;
    let unique = index::PG_TS_CONFIG_MAP_INDEX;
    let of_token = |token: i32| catalog.stored::<PgTsConfigMap>(unique, &[oid.into(), token.into()]);
    let remove = |token: i32| -> Result<usize> {
        let stored = of_token(token)?;
        stored.iter().try_for_each(|stored| catalog.delete(stored))?;
        Ok(stored.len())
    };
    match &alter.action {
        Action::AddMapping { tokens: names, dictionaries } | Action::AlterMapping { tokens: names, dictionaries } => {
            let names = tokens(names)?;
            let found = (dictionaries.iter())
                .map(|name| find(context, ObjectKind::TextSearchDictionary, name))
                .collect::<Result<Vec<_>>>()?;
            let replaces = matches!(alter.action, Action::AlterMapping { .. });
            if !replaces {
                mark_changed(context, oid)?;
            }
            for &(token, _) in &names {
                if replaces {
                    remove(token)?;
                }
            }
            catalog.next_command()?;
            for &(token, _) in &names {
                for (number, &mapdict) in (1..).zip(&found) {
                    catalog.insert(&PgTsConfigMap { mapcfg: oid, maptokentype: token, mapseqno: number, mapdict })?;
                }
            }
        }
        Action::ReplaceDictionary { tokens: names, old, new } => {
            let names = tokens(names)?;
            let old = find(context, ObjectKind::TextSearchDictionary, old)?;
            let new = find(context, ObjectKind::TextSearchDictionary, new)?;
            for stored in catalog.stored::<PgTsConfigMap>(unique, &[oid.into()])? {
                let wanted = names.is_empty() || names.iter().any(|(token, _)| *token == stored.row.maptokentype);
                if wanted && stored.row.mapdict == old {
                    catalog.update(&stored, &PgTsConfigMap { mapdict: new, ..stored.row.clone() })?;
                }
            }
        }
        Action::DropMapping { tokens: names, if_exists } => {
            for (token, name) in tokens(names)? {
                if remove(token)? > 0 {
                    continue;
                }
                let text = format!("mapping for token type \"{name}\" does not exist");
                if !if_exists {
                    return Err(Error::new(SqlState::UNDEFINED_OBJECT, text));
                }
                context.inform(SqlState::UNDEFINED_OBJECT, format!("{text}, skipping"));
            }
        }
    }
    catalog.next_command()?;
    record_dictionaries(context, oid)?;
    catalog.note_command("ALTER TEXT SEARCH CONFIGURATION", Object::of::<PgTsConfig>(oid));
    Ok(())
}

/// A built-in configuration's mappings are read from the program until one of them is written; a new one alone would not be seen.
fn mark_changed(context: &Context<'_>, configuration: Oid) -> Result<()> {
    let catalog = context.catalog();
    if configuration < Oid::FIRST_NORMAL
        && let Some(stored) =
            catalog.stored_row::<PgTsConfigMap>(index::PG_TS_CONFIG_MAP_INDEX, &[configuration.into()])?
    {
        catalog.update(&stored, &stored.row.clone())?;
        catalog.next_command()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_written_as_they_are_read() {
        let options = [("stopwords", "english"), ("Odd Name", "a'b\\c")].map(|(a, b)| (a.to_string(), b.to_string()));
        let text = write_options(&options).expect("some");
        assert_eq!(text, r#"stopwords = 'english', "Odd Name" = E'a''b\\c'"#);
        assert_eq!(read_options(&text).expect("reads"), options);
        assert_eq!(write_options(&[]), None);
    }
}
