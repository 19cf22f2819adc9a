//! Shell types, base types made of functions, and ALTER TYPE … SET of their properties.
//!
//! The functions of a base type must be internal ones: there is no loading of C libraries here. Its values then are those of
//! the built-in type whose functions it borrows.

use catalog::rows::PgType;
use error::{Error, Result, SqlState};
use ids::Oid;
use parser::ast::{AlterType, Define, DefinitionItem, DefinitionValue};
use types::oid;

use super::range::{find_function, object_name};
use crate::{Context, options};

/// CREATE TYPE name, CREATE TYPE name (…)
pub(crate) fn create(context: &Context<'_>, define: &Define) -> Result<()> {
    let catalog = context.catalog();
    if define.options.is_empty() {
        let schema = super::creation_schema(context, &define.name)?;
        super::check_free(context, schema, &define.name.name)?;
        return catalog.create_shell(&define.name.name, schema, catalog.current_user()).map(|_| ());
    }
    if !catalog.is_superuser(catalog.current_user())? {
        return Err(Error::new(SqlState::INSUFFICIENT_PRIVILEGE, "must be superuser to create a base type"));
    }
    let schema = super::creation_schema(context, &define.name)?;
    let name = &*define.name.name;
    let shell = match catalog.type_in_schema(schema, name)? {
        Some(row) if row.typisdefined => {
            return Err(Error::new(SqlState::DUPLICATE_OBJECT, format!("type \"{name}\" already exists")));
        }
        Some(row) => row,
        None => {
            return Err(Error::new(SqlState::DUPLICATE_OBJECT, format!("type \"{name}\" does not exist"))
                .hint("Create the type as a shell type, then create its I/O functions, then do a full CREATE TYPE."));
        }
    };
    let mut row = PgType {
        typname: name.to_string().into(),
        typnamespace: schema,
        typowner: catalog.current_user(),
        typlen: -1,
        typtype: b'b',
        typcategory: b'U',
        typisdefined: true,
        typdelim: b',',
        typalign: b'i',
        typstorage: b'p',
        typtypmod: -1,
        ..Default::default()
    };
    let mut functions: Vec<(&str, &DefinitionItem)> = Vec::new();
    let like = define.options.iter().find(|item| item.name.eq_ignore_ascii_case("like"));
    if let Some(item) = like {
        let Some(DefinitionValue::Type(name)) = &item.value else {
            return Err(Error::new(SqlState::SYNTAX_ERROR, "like requires a type name"));
        };
        let model = catalog.type_(context.analyzer().type_name(name)?.oid)?;
        (row.typlen, row.typbyval) = (model.typlen, model.typbyval);
        (row.typalign, row.typstorage) = (model.typalign, model.typstorage);
    }
    for item in &define.options {
        let word = || options::text(item).unwrap_or_default();
        match &*super::option_name(item) {
            "like" => {}
            "internallength" => {
                row.typlen = match &item.value {
                    Some(DefinitionValue::Integer(n)) => *n as i16,
                    _ if word().eq_ignore_ascii_case("variable") => -1,
                    _ => {
                        let text = format!("invalid argument for internallength: \"{}\"", word());
                        return Err(Error::new(SqlState::SYNTAX_ERROR, text));
                    }
                };
            }
            function @ ("input" | "output" | "receive" | "send" | "typmod_in" | "typmod_out" | "analyze"
            | "subscript") => {
                let known = ["input", "output", "receive", "send", "typmod_in", "typmod_out", "analyze", "subscript"];
                functions.extend(known.iter().find(|name| **name == function).map(|name| (*name, item)));
            }
            "category" => {
                let word = word();
                let first = word.bytes().next().unwrap_or(0);
                if !(32..=126).contains(&first) {
                    let text = format!("invalid type category \"{word}\": must be simple ASCII");
                    return Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, text));
                }
                row.typcategory = first;
            }
            "preferred" => row.typispreferred = options::boolean(item)?,
            "delimiter" => row.typdelim = word().bytes().next().unwrap_or(b','),
            "element" => {
                if let Some(DefinitionValue::Type(name)) = &item.value {
                    row.typelem = context.analyzer().type_name(name)?.oid;
                }
            }
            "default" => row.typdefault = Some(word().into()),
            "passedbyvalue" => row.typbyval = options::boolean(item)?,
            "alignment" => {
                row.typalign = match word().to_ascii_lowercase().as_str() {
                    "double" | "float8" | "pg_catalog.float8" | "double precision" => b'd',
                    "int4" | "pg_catalog.int4" | "integer" => b'i',
                    "int2" | "pg_catalog.int2" | "smallint" => b's',
                    "char" | "pg_catalog.bpchar" | "bpchar" => b'c',
                    _ => {
                        let text = format!("alignment \"{}\" not recognized", word());
                        return Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, text));
                    }
                };
            }
            "storage" => row.typstorage = storage(&word())?,
            "collatable" => {
                row.typcollation = if options::boolean(item)? { Oid(100) } else { Oid::INVALID };
            }
            _ => {
                let text = format!("type attribute \"{}\" not recognized", item.name);
                let warning = Error::new(SqlState::SYNTAX_ERROR, text).severity(error::Severity::Warning);
                context.notice(context.place(warning, item.location));
            }
        }
    }
    for (name, item) in functions {
        let function = object_name(item)?;
        let (args, result): (&[&[Oid]], Option<Oid>) = match name {
            "input" => (&[&[oid::CSTRING], &[oid::CSTRING, oid::OID, oid::INT4]], Some(shell.oid)),
            "output" => (&[&[shell.oid]], Some(oid::CSTRING)),
            "receive" => (&[&[oid::INTERNAL], &[oid::INTERNAL, oid::OID, oid::INT4]], Some(shell.oid)),
            "send" => (&[&[shell.oid]], Some(oid::BYTEA)),
            "typmod_in" => (&[&[oid::CSTRING_ARRAY]], Some(oid::INT4)),
            "typmod_out" => (&[&[oid::INT4]], Some(oid::CSTRING)),
            "analyze" => (&[&[oid::INTERNAL]], Some(oid::BOOL)),
            _ => (&[&[oid::INTERNAL]], None),
        };
        let mut found = None;
        for args in args {
            found = found.or(find_function(context, &function, args)?);
        }
        let Some(found) = found else {
            let args = args[0].iter().map(|&arg| context.session.type_name(arg)).collect::<Result<Vec<_>>>()?;
            let text = format!("function {function}({}) does not exist", args.join(", "));
            return Err(Error::new(SqlState::UNDEFINED_FUNCTION, text));
        };
        let result_is = catalog.function(found)?.prorettype;
        if let Some(result) = result.filter(|&result| result != result_is) {
            let what = name.replace('_', "");
            let what = if what.starts_with("typmod") { name } else { &what };
            let text =
                format!("type {what} function {function} must return type {}", context.session.type_name(result)?);
            return Err(Error::new(SqlState::INVALID_OBJECT_DEFINITION, text));
        }
        *function_of(&mut row, name) = found;
    }
    if !row.typinput.is_valid() {
        return Err(Error::new(SqlState::INVALID_OBJECT_DEFINITION, "type input function must be specified"));
    }
    if !row.typoutput.is_valid() {
        return Err(Error::new(SqlState::INVALID_OBJECT_DEFINITION, "type output function must be specified"));
    }
    if row.typmodout.is_valid() && !row.typmodin.is_valid() {
        let text = "type modifier output function is useless without a type modifier input function";
        return Err(Error::new(SqlState::INVALID_OBJECT_DEFINITION, text));
    }
    check_layout(&row)?;
    catalog.create_type(row, true).map(|_| ())
}

fn check_layout(row: &PgType) -> Result<()> {
    let invalid = |text: String| Err(Error::new(SqlState::INVALID_OBJECT_DEFINITION, text));
    if row.typbyval {
        let fits = matches!((row.typlen, row.typalign), (1, b'c') | (2, b's') | (4, b'i') | (8, b'd'));
        if !matches!(row.typlen, 1 | 2 | 4 | 8) {
            return invalid(format!("internal size {} is invalid for passed-by-value type", row.typlen));
        }
        if !fits {
            let text = format!(
                "alignment \"{}\" is invalid for passed-by-value type of size {}",
                row.typalign as char, row.typlen
            );
            return invalid(text);
        }
    } else if row.typlen == -1 && row.typalign != b'i' && row.typalign != b'd' {
        return invalid(format!("alignment \"{}\" is invalid for variable-length type", row.typalign as char));
    }
    if row.typstorage != b'p' && row.typlen != -1 {
        return invalid("fixed-size types must have storage PLAIN".into());
    }
    Ok(())
}

fn storage(word: &str) -> Result<u8> {
    Ok(match word.to_ascii_lowercase().as_str() {
        "plain" => b'p',
        "external" => b'e',
        "extended" => b'x',
        "main" => b'm',
        _ => {
            let text = format!("storage \"{word}\" not recognized");
            return Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, text));
        }
    })
}

fn function_of<'r>(row: &'r mut PgType, name: &str) -> &'r mut Oid {
    match name {
        "input" => &mut row.typinput,
        "output" => &mut row.typoutput,
        "receive" => &mut row.typreceive,
        "send" => &mut row.typsend,
        "typmod_in" => &mut row.typmodin,
        "typmod_out" => &mut row.typmodout,
        "analyze" => &mut row.typanalyze,
        _ => &mut row.typsubscript,
    }
}

/// ALTER TYPE … SET (…)
pub(crate) fn alter(context: &Context<'_>, alter: &AlterType) -> Result<()> {
    let catalog = context.catalog();
    let row = super::find(context, &alter.name)?;
    if !catalog.is_superuser(catalog.current_user())? {
        return Err(Error::new(SqlState::INSUFFICIENT_PRIVILEGE, "must be superuser to alter a type"));
    }
    if !row.typisdefined {
        let text = format!("type \"{}\" is only a shell", alter.name);
        return Err(Error::new(SqlState::UNDEFINED_OBJECT, text));
    }
    if row.typtype != b'b' || catalog.element_type(row.oid)?.is_some() {
        let text = format!("{} is not a base type", context.session.type_name(row.oid)?);
        return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, text));
    }
    let mut new = PgType::clone(&row);
    for item in &alter.options {
        match &*super::option_name(item) {
            "storage" => {
                let wanted = storage(&options::text(item).unwrap_or_default())?;
                if wanted != b'p' && row.typlen != -1 {
                    let text = "fixed-size types must have storage PLAIN";
                    return Err(Error::new(SqlState::INVALID_OBJECT_DEFINITION, text));
                }
                if wanted == b'p' && row.typstorage != b'p' {
                    let text = "cannot change type's storage to PLAIN";
                    return Err(Error::new(SqlState::INVALID_OBJECT_DEFINITION, text));
                }
                new.typstorage = wanted;
            }
            option @ ("receive" | "send" | "typmod_in" | "typmod_out" | "analyze" | "subscript") => {
                let none = options::text(item).is_none_or(|word| word.eq_ignore_ascii_case("none"));
                let found = match none {
                    true => Oid::INVALID,
                    false => {
                        let function = object_name(item)?;
                        let args: &[Oid] = match option {
                            "send" => &[row.oid],
                            "typmod_in" => &[oid::CSTRING_ARRAY],
                            "typmod_out" => &[oid::INT4],
                            _ => &[oid::INTERNAL],
                        };
                        find_function(context, &function, args)?.ok_or_else(|| {
                            let text = format!("function {function} does not exist");
                            Error::new(SqlState::UNDEFINED_FUNCTION, text)
                        })?
                    }
                };
                *function_of(&mut new, option) = found;
            }
            "internallength" | "passedbyvalue" | "alignment" | "input" | "output" | "category" | "preferred"
            | "default" | "element" | "delimiter" | "collatable" | "like" => {
                let text = format!("type attribute \"{}\" cannot be changed", item.name);
                return Err(context.place(Error::new(SqlState::SYNTAX_ERROR, text), item.location));
            }
            _ => {
                let text = format!("type attribute \"{}\" not recognized", item.name);
                return Err(context.place(Error::new(SqlState::SYNTAX_ERROR, text), item.location));
            }
        }
    }
    catalog.alter_type(row.oid, |row| {
        let oid = row.oid;
        *row = new;
        row.oid = oid;
    })
}
