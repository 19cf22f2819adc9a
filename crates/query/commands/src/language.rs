//! CREATE LANGUAGE, of those that have a handler; without one it is an extension.

use catalog::rows::{PgLanguage, PgProc};
use catalog::{Dependency, Object, index};
use error::{Error, Result, SqlState};
use ids::Oid;
use parser::ast::{CreateExtension, CreateLanguage, ObjectName};
use types::oid;

use crate::Context;

const INTERNAL: Oid = Oid(2281);
const LANGUAGE_HANDLER: Oid = Oid(2280);

/// Makes a language. What is written in it can be defined, and be called where its handler is one of the server's own.
pub(crate) fn create(context: &Context<'_>, create: &CreateLanguage) -> Result<()> {
    let catalog = context.catalog();
    let Some(handler) = &create.handler else {
        let extension =
            CreateExtension { name: create.name.clone(), if_not_exists: create.or_replace, options: Vec::new() };
        return crate::extension::create(context, &extension);
    };
    let me = catalog.current_user();
    if !catalog.is_superuser(me)? {
        let text = "must be superuser to create custom procedural language";
        return Err(Error::new(SqlState::INSUFFICIENT_PRIVILEGE, text));
    }
    let handler_row = function(context, handler, &[])?;
    if handler_row.1 != LANGUAGE_HANDLER {
        let text = format!("function {handler} must return type language_handler");
        return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, text));
    }
    let other = |name: &Option<ObjectName>, argument: Oid| match name {
        Some(name) => function(context, name, &[argument]).map(|(oid, _)| oid),
        None => Ok(Oid::INVALID),
    };
    let (inline, validator) = (other(&create.inline, INTERNAL)?, other(&create.validator, oid::OID)?);
    let existing = catalog.language_by_name(&create.name)?;
    if existing.is_some() && !create.or_replace {
        let text = format!("language \"{}\" already exists", create.name);
        return Err(Error::new(SqlState::DUPLICATE_OBJECT, text));
    }
    let mut row = PgLanguage {
        oid: Oid::INVALID,
        lanname: create.name.to_string().into(),
        lanowner: me,
        lanispl: true,
        lanpltrusted: create.trusted,
        lanplcallfoid: handler_row.0,
        laninline: inline,
        lanvalidator: validator,
        lanacl: None,
    };
    match existing {
        Some(old) => {
            (row.oid, row.lanowner, row.lanacl) = (old.oid, old.lanowner, old.lanacl.clone());
            let new = row.clone();
            let key = [old.oid.into()];
            catalog.change::<PgLanguage>(index::PG_LANGUAGE_OID_INDEX, &key, |stored| *stored = new)?;
            catalog.forget_dependencies(Object::of::<PgLanguage>(row.oid), Some(Dependency::Normal), None)?;
        }
        None => {
            row.oid = catalog.new_oid::<PgLanguage>(index::PG_LANGUAGE_OID_INDEX)?;
            catalog.insert(&row)?;
            catalog.record_owner(Object::of::<PgLanguage>(row.oid), me)?;
        }
    }
    let needs: Vec<Object> =
        [handler_row.0, inline, validator].into_iter().filter(|f| f.is_valid()).map(Object::of::<PgProc>).collect();
    catalog.record_dependencies(Object::of::<PgLanguage>(row.oid), &needs, Dependency::Normal)?;
    catalog.next_command()
}

/// A function with exactly these arguments, and the type that it returns.
pub(crate) fn function(context: &Context<'_>, name: &ObjectName, arguments: &[Oid]) -> Result<(Oid, Oid)> {
    let catalog = context.catalog();
    let schema = name.qualifiers.last().map(|schema| &**schema);
    let candidates = catalog.functions_by_name(schema, &name.name)?;
    match candidates.iter().find(|candidate| *candidate.row.proargtypes == *arguments) {
        Some(found) => Ok((found.row.oid, found.row.prorettype)),
        None => {
            let types: Vec<String> = arguments.iter().map(|&ty| catalog.type_name(ty)).collect::<Result<_>>()?;
            let text = format!("function {name}({}) does not exist", types.join(", "));
            Err(Error::new(SqlState::UNDEFINED_FUNCTION, text))
        }
    }
}
