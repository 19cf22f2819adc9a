//! CREATE TYPE … AS RANGE: a range type, its multirange type, their constructors and the cast between them.

use catalog::rows::{PgOpclass, PgRange, PgType};
use error::{Error, Result, SqlState};
use ids::Oid;
use parser::ast::{CreateRange, DefinitionItem, DefinitionValue, ObjectName};
use types::oid;

use crate::Context;

/// CREATE TYPE … AS RANGE (…)
pub(crate) fn create(context: &Context<'_>, create: &CreateRange) -> Result<()> {
    let catalog = context.catalog();
    let schema = super::creation_schema(context, &create.name)?;
    let name = &*create.name.name;
    // A shell of that name is filled in: a canonical function needs one.
    super::check_free(context, schema, name)?;
    let (mut subtype, mut opclass, mut collation) = (None, None, None);
    let (mut canonical, mut difference, mut multirange) = (None, None, None);
    for item in &create.options {
        let option = super::option_name(item);
        let twice = match &*option {
            "subtype" => subtype.replace(type_value(context, item)?).is_some(),
            "subtype_opclass" => opclass.replace(object_name(item)?).is_some(),
            "collation" => collation.replace(object_name(item)?).is_some(),
            "canonical" => canonical.replace(object_name(item)?).is_some(),
            "subtype_diff" => difference.replace(object_name(item)?).is_some(),
            "multirange_type_name" => multirange.replace(object_name(item)?).is_some(),
            _ => {
                let text = format!("type attribute \"{}\" not recognized", item.name);
                return Err(context.place(Error::new(SqlState::SYNTAX_ERROR, text), item.location));
            }
        };
        if twice {
            let error = Error::new(SqlState::SYNTAX_ERROR, "conflicting or redundant options");
            return Err(context.place(error, item.location));
        }
    }
    let Some(subtype) = subtype else {
        return Err(Error::new(SqlState::SYNTAX_ERROR, "type attribute \"subtype\" is required"));
    };
    let subtype_row = catalog.type_(subtype)?;
    if subtype_row.typtype == b'p' {
        let text = format!("range subtype cannot be {}", context.session.type_name(subtype)?);
        return Err(Error::new(SqlState::DATATYPE_MISMATCH, text));
    }
    let opclass = match opclass {
        None => catalog.default_opclass(catalog::objects::BTREE, subtype)?.ok_or_else(|| {
            let name = context.session.type_name(subtype).unwrap_or_default();
            let text = format!("data type {name} has no default operator class for access method \"btree\"");
            Error::new(SqlState::UNDEFINED_OBJECT, text)
                .hint("You must specify an operator class for the range type or define a default operator class for the subtype.")
        })?,
        Some(name) => named_opclass(context, &name, subtype)?,
    };
    let collation = match collation {
        Some(name) if subtype_row.typcollation.is_valid() => context.analyzer().collation_name_of(&name)?,
        Some(_) => {
            let text = "range collation specified but subtype does not support collation";
            return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, text));
        }
        None => subtype_row.typcollation,
    };
    let shell = catalog.type_in_schema(schema, name)?;
    let canonical = match canonical {
        None => Oid::INVALID,
        Some(function) => {
            let Some(shell) = shell.as_ref().filter(|row| !row.typisdefined) else {
                let error = Error::new(
                    SqlState::INVALID_OBJECT_DEFINITION,
                    "cannot specify a canonical function without a pre-created shell type",
                );
                return Err(error.hint(
                    "Create the type as a shell type, then create its canonicalization function, then do a full CREATE TYPE.",
                ));
            };
            support_function(context, &function, &[shell.oid], shell.oid, "range canonical")?
        }
    };
    let difference = match difference {
        None => Oid::INVALID,
        Some(function) => support_function(context, &function, &[subtype, subtype], oid::FLOAT8, "range subtype diff")?,
    };
    let alignment = if subtype_row.typalign == b'd' { b'd' } else { b'i' };
    let owner = catalog.current_user();
    let row = PgType {
        typname: name.to_string().into(),
        typnamespace: schema,
        typowner: owner,
        typlen: -1,
        typtype: b'r',
        typcategory: b'R',
        typisdefined: true,
        typdelim: b',',
        typinput: Oid(3834),
        typoutput: Oid(3835),
        typreceive: Oid(3836),
        typsend: Oid(3837),
        typanalyze: Oid(3916),
        typalign: alignment,
        typstorage: b'x',
        typtypmod: -1,
        ..Default::default()
    };
    let (multirange_schema, multirange_name) = match multirange {
        Some(name) => {
            let schema = super::creation_schema(context, &name)?;
            if catalog.type_in_schema(schema, &name.name)?.is_some() {
                let text = format!("type \"{}\" already exists", name.name);
                return Err(Error::new(SqlState::DUPLICATE_OBJECT, text));
            }
            (schema, name.name.to_string())
        }
        None => {
            let wanted = multirange_type_name(name);
            if let Some(found) = catalog.type_in_schema(schema, &wanted)? {
                let is_array = catalog.element_type(found.oid)?.is_some();
                if !is_array {
                    let text = format!("type \"{wanted}\" already exists");
                    return Err(Error::new(SqlState::DUPLICATE_OBJECT, text)
                        .detail(format!("Failed while creating a multirange type for type \"{name}\"."))
                        .hint("You can manually specify a multirange type name using the \"multirange_type_name\" attribute."));
                }
                catalog.make_room_for_new_type(schema, &wanted)?;
            }
            (schema, wanted)
        }
    };
    let multirange_row = PgType {
        typname: multirange_name.into(),
        typnamespace: multirange_schema,
        typtype: b'm',
        typinput: Oid(4231),
        typoutput: Oid(4232),
        typreceive: Oid(4233),
        typsend: Oid(4234),
        typanalyze: Oid(4242),
        ..row.clone()
    };
    let range = PgRange {
        rngsubtype: subtype,
        rngcollation: collation,
        rngsubopc: opclass,
        rngcanonical: canonical,
        rngsubdiff: difference,
        ..Default::default()
    };
    catalog.create_range(row, multirange_row, range).map(|_| ())
}

/// `range` in a name becomes `multirange`; otherwise `_multirange` is added.
fn multirange_type_name(name: &str) -> String {
    let mut wanted = match name.find("range") {
        Some(at) => format!("{}multirange{}", &name[..at], &name[at + "range".len()..]),
        None => {
            let mut cut = name.to_string();
            while cut.len() > 63 - "_multirange".len() {
                cut.pop();
            }
            cut + "_multirange"
        }
    };
    while wanted.len() > 63 {
        wanted.pop();
    }
    wanted
}

/// The type that an option names.
fn type_value(context: &Context<'_>, item: &DefinitionItem) -> Result<Oid> {
    match &item.value {
        Some(DefinitionValue::Type(name)) => context.analyzer().type_name(name).map(|ty| ty.oid),
        _ => {
            let text = format!("{} requires a type name", item.name);
            Err(Error::new(SqlState::SYNTAX_ERROR, text))
        }
    }
}

/// The name that an option gives.
pub(crate) fn object_name(item: &DefinitionItem) -> Result<ObjectName> {
    match &item.value {
        Some(DefinitionValue::Type(name)) => Ok(name.name.clone()),
        Some(DefinitionValue::Name(name)) => Ok(name.clone()),
        Some(DefinitionValue::String(name)) => Ok(ObjectName::unqualified(name.to_string(), item.location)),
        _ => Err(Error::new(SqlState::SYNTAX_ERROR, format!("{} requires a parameter", item.name))),
    }
}

fn named_opclass(context: &Context<'_>, name: &ObjectName, subtype: Oid) -> Result<Oid> {
    let catalog = context.catalog();
    let relation = name.to_relation();
    let found = catalog.opclass_by_name(catalog::objects::BTREE, relation.schema.as_deref(), &relation.name)?;
    let Some(found) = found else {
        let text = format!("operator class \"{name}\" does not exist for access method \"btree\"");
        return Err(Error::new(SqlState::UNDEFINED_OBJECT, text));
    };
    let row: catalog::Entry<PgOpclass> = catalog.opclass(found)?;
    if !catalog.is_binary_coercible(subtype, row.opcintype)? {
        let of = context.session.type_name(subtype)?;
        let text = format!("operator class \"{name}\" does not accept data type {of}");
        return Err(Error::new(SqlState::DATATYPE_MISMATCH, text));
    }
    Ok(found)
}

/// A function that a type's definition names, by its argument types.
pub(super) fn find_function(context: &Context<'_>, name: &ObjectName, args: &[Oid]) -> Result<Option<Oid>> {
    let relation = name.to_relation();
    let found = context.catalog().functions_by_name(relation.schema.as_deref(), &relation.name)?;
    Ok(found.iter().find(|candidate| candidate.row.proargtypes.iter().eq(args)).map(|candidate| candidate.row.oid))
}

fn support_function(context: &Context<'_>, name: &ObjectName, args: &[Oid], result: Oid, what: &str) -> Result<Oid> {
    let catalog = context.catalog();
    let Some(found) = find_function(context, name, args)? else {
        let list = args.iter().map(|&arg| context.session.type_name(arg)).collect::<Result<Vec<_>>>()?;
        let text = format!("function {name}({}) does not exist", list.join(", "));
        return Err(Error::new(SqlState::UNDEFINED_FUNCTION, text));
    };
    let row = catalog.function(found)?;
    if row.prorettype != result {
        let wanted = if result == oid::FLOAT8 { "type double precision" } else { "range type" };
        let text = format!("{what} function {name} must return {wanted}");
        return Err(Error::new(SqlState::INVALID_OBJECT_DEFINITION, text));
    }
    if row.provolatile != b'i' {
        let text = format!("{what} function {name} must be immutable");
        return Err(Error::new(SqlState::INVALID_OBJECT_DEFINITION, text));
    }
    catalog.require_privileges(catalog::privileges::ObjectKind::Function, found, catalog::acl::Privileges::EXECUTE)?;
    Ok(found)
}
