//! CREATE [OR REPLACE] FUNCTION and PROCEDURE.

use catalog::field::Text;
use catalog::privileges::ObjectKind as Privileged;
use catalog::rows::{PgLanguage, PgNamespace, PgProc, PgType};
use catalog::{Dependency, Entry, Object, acl::Privileges};
use error::{Error, Result, SqlState};
use ids::Oid;
use parser::ast::{CreateFunction, ObjectKind, ObjectName};
use types::oid;

use super::attributes::Attributes;
use super::signature::{self, Parameters};
use super::{C, INTERNAL, SQL, body};
use crate::Context;

fn wrong<T>(text: impl Into<String>) -> Result<T> {
    Err(Error::new(SqlState::INVALID_FUNCTION_DEFINITION, text))
}

/// The schema that a new object goes to; the role may create there.
pub(crate) fn schema_for(context: &Context<'_>, name: &ObjectName) -> Result<Oid> {
    let catalog = context.catalog();
    let schema = match name.qualifiers.last() {
        Some(schema) => catalog.require_schema(schema)?,
        None => catalog
            .search_path()?
            .creation
            .ok_or_else(|| Error::new(SqlState::INVALID_SCHEMA_NAME, "no schema has been selected to create in"))?,
    };
    catalog.require_privileges(Privileged::Schema, schema, Privileges::CREATE)?;
    Ok(schema)
}

/// Makes a function or procedure, or replaces one.
pub(crate) fn create(context: &Context<'_>, create: &CreateFunction) -> Result<()> {
    let catalog = context.catalog();
    let schema = schema_for(context, &create.name)?;
    let attributes = Attributes::read(context, &create.options, create.procedure)?;
    let kind = if create.procedure { ObjectKind::Procedure } else { ObjectKind::Function };
    let language = language(context, &attributes, create.body.is_some())?;
    let parameters = Parameters::read(context, &create.parameters, kind, language.oid)?;
    let (result, set) = result_type(context, create, &parameters, language.oid)?;
    parameters.check_result(context, result)?;
    let user = catalog.current_user();
    let compiled = matches!(language.oid, C | INTERNAL);
    let mut row = PgProc {
        oid: Oid::INVALID,
        proname: create.name.name.to_string().into(),
        pronamespace: schema,
        proowner: user,
        prolang: language.oid,
        procost: if compiled { 1.0 } else { 100.0 },
        prorows: if set { 1000.0 } else { 0.0 },
        prokind: match () {
            () if create.procedure => b'p',
            () if attributes.window => b'w',
            () => b'f',
        },
        proretset: set,
        provolatile: b'v',
        proparallel: b'u',
        prorettype: result,
        ..PgProc::default()
    };
    parameters.apply(&mut row);
    attributes.apply(context, &mut row)?;
    let given = attributes.body.as_ref().map(|(_, parts)| &parts[..]);
    let needed = body::set(context, &mut row, &language, given, create.body.as_deref())?;
    let oid = store(context, create.or_replace, row, &parameters)?;
    catalog.next_command()?;
    let this = Object::of::<PgProc>(oid);
    let stored = catalog.function(oid)?;
    let mut objects =
        vec![Object::of::<PgNamespace>(schema), Object::of::<PgLanguage>(language.oid), Object::of::<PgType>(result)];
    objects.extend(parameters.all.iter().map(|(type_oid, _)| Object::of::<PgType>(*type_oid)));
    objects.extend(parameters.default_objects.iter().copied());
    objects.extend(needed);
    objects.extend(stored.prosupport.is_valid().then(|| Object::of::<PgProc>(stored.prosupport)));
    catalog.record_dependencies(this, &objects, Dependency::Normal)?;
    catalog.next_command()?;
    validate(context, oid)
}

/// Lets the language look at the body.
fn validate(context: &Context<'_>, oid: Oid) -> Result<()> {
    let row = context.catalog().function(oid)?;
    match row.prolang {
        INTERNAL => {
            if catalog::functions::internal(&row.prosrc).is_none() {
                let text = format!("there is no built-in function named \"{}\"", row.prosrc);
                return Err(Error::new(SqlState::UNDEFINED_FUNCTION, text));
            }
            Ok(())
        }
        C => Err(library_error(row.probin.as_deref().unwrap_or_default())),
        _ => {
            let warnings = context.services.check_routine(&row).map_err(|error| {
                let (error, moved) = body::transpose(context.text, error, &row.prosrc);
                match (moved, row.prolang) {
                    (false, SQL) => error.context(format!("SQL function \"{}\"", row.proname)),
                    _ => error,
                }
            })?;
            for warning in warnings {
                context.notice(body::transpose(context.text, warning, &row.prosrc).0);
            }
            Ok(())
        }
    }
}

/// Why a library of functions in C cannot be used: there is no loader for them.
fn library_error(file: &str) -> Error {
    let path = if file.contains('/') { file.to_string() } else { format!("$libdir/{file}") };
    let exists = [path.clone(), format!("{path}.so")].iter().any(|path| std::path::Path::new(path).is_file());
    match exists {
        false => {
            let text = format!("could not access file \"{file}\": No such file or directory");
            Error::new(SqlState::UNDEFINED_FILE, text)
        }
        true => {
            let text = format!("could not load library \"{path}\": functions in C cannot be loaded");
            Error::new(SqlState::FEATURE_NOT_SUPPORTED, text)
        }
    }
}

fn language(context: &Context<'_>, attributes: &Attributes<'_>, sql_body: bool) -> Result<Entry<PgLanguage>> {
    let catalog = context.catalog();
    let name = match &attributes.language {
        Some(name) => name.as_str(),
        None if sql_body => "sql",
        None => return wrong("no language specified"),
    };
    let Some(row) = catalog.language_by_name(name)? else {
        let text = format!("language \"{name}\" does not exist");
        return Err(Error::new(SqlState::UNDEFINED_OBJECT, text));
    };
    if row.lanpltrusted {
        catalog.require_privileges(Privileged::Language, row.oid, Privileges::USAGE)?;
    } else if !catalog.is_superuser(catalog.current_user())? {
        return Err(catalog.denied(Privileged::Language, row.oid)?);
    }
    Ok(row)
}

/// The result type, and whether a set of it is returned.
fn result_type(
    context: &Context<'_>,
    create: &CreateFunction,
    parameters: &Parameters,
    language: Oid,
) -> Result<(Oid, bool)> {
    if create.procedure {
        return Ok((parameters.result.unwrap_or(oid::VOID), false));
    }
    match (&create.returns, parameters.result) {
        (Some(returns), wanted) => {
            let result = signature::result_type(context, returns, language)?;
            if let Some(wanted) = wanted
                && wanted != result
            {
                let name = context.catalog().type_name(wanted)?;
                return wrong(format!("function result type must be {name} because of OUT parameters"));
            }
            Ok((result, returns.setof))
        }
        (None, Some(result)) => Ok((result, false)),
        (None, None) => wrong("function result type must be specified"),
    }
}

/// Writes the row: a new one, or in place of one with the same name and argument types.
pub(super) fn store(context: &Context<'_>, or_replace: bool, mut row: PgProc, parameters: &Parameters) -> Result<Oid> {
    let catalog = context.catalog();
    let old = {
        let key = [(&*row.proname).into()];
        let rows = catalog.rows::<PgProc>(catalog::index::PG_PROC_PRONAME_ARGS_NSP_INDEX, &key)?;
        rows.iter()
            .find(|old| old.proargtypes == row.proargtypes && old.pronamespace == row.pronamespace)
            .map(|old| (**old).clone())
    };
    let Some(old) = old else {
        row.oid = catalog.new_oid::<PgProc>(catalog::index::PG_PROC_OID_INDEX)?;
        row.proacl = catalog.initial_acl(Privileged::Function, row.proowner, row.pronamespace)?;
        catalog.insert(&row)?;
        catalog.record_owner(Object::of::<PgProc>(row.oid), row.proowner)?;
        catalog.record_acl(Object::of::<PgProc>(row.oid), row.proowner, row.proacl.as_ref())?;
        return Ok(row.oid);
    };
    if !or_replace {
        let text = format!("function \"{}\" already exists with same argument types", row.proname);
        return Err(Error::new(SqlState::DUPLICATE_FUNCTION, text));
    }
    catalog.require_owner(Privileged::Function, old.oid)?;
    check_replacement(context, &old, &row, parameters)?;
    row.oid = old.oid;
    row.proowner = old.proowner;
    row.proacl = old.proacl.clone();
    let this = Object::of::<PgProc>(old.oid);
    catalog.forget_dependencies(this, Some(Dependency::Normal), None)?;
    catalog.change::<PgProc>(catalog::index::PG_PROC_OID_INDEX, &[old.oid.into()], |stored| *stored = row.clone())?;
    Ok(old.oid)
}

/// What may not change when a function is replaced: callers rely on it.
fn check_replacement(context: &Context<'_>, old: &PgProc, new: &PgProc, parameters: &Parameters) -> Result<()> {
    let catalog = context.catalog();
    let word = match old.prokind {
        b'p' => "PROCEDURE",
        b'a' => "AGGREGATE",
        _ => "FUNCTION",
    };
    let hint = || -> Result<String> {
        let types = old.proargtypes.iter().map(|&type_oid| catalog.type_name(type_oid)).collect::<Result<Vec<_>>>()?;
        Ok(format!("Use DROP {word} {}({}) first.", old.proname, types.join(",")))
    };
    if old.prokind != new.prokind {
        let kind = match old.prokind {
            b'a' => "an aggregate function",
            b'p' => "a procedure",
            b'w' => "a window function",
            _ => "a function",
        };
        return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, "cannot change routine kind")
            .detail(format!("\"{}\" is {kind}.", old.proname)));
    }
    let refuse =
        |text: String| -> Result<Error> { Ok(Error::new(SqlState::INVALID_FUNCTION_DEFINITION, text).hint(hint()?)) };
    if (old.prorettype, old.proretset) != (new.prorettype, new.proretset) {
        let text = match old.prokind {
            b'p' => "cannot change whether a procedure has output parameters",
            _ => "cannot change return type of existing function",
        };
        return Err(refuse(text.into())?);
    }
    let outputs = |row: &PgProc| -> Vec<(Oid, String)> {
        let modes = row.proargmodes.clone().unwrap_or_default();
        let types = row.proallargtypes.clone().unwrap_or_default();
        let name =
            |at: usize| row.proargnames.as_ref().and_then(|names| names.get(at)).map_or("", |name| &**name).to_string();
        let all = modes.iter().zip(types).enumerate();
        all.filter(|(_, (mode, _))| matches!(mode, b'o' | b'b' | b't')).map(|(at, (_, ty))| (ty, name(at))).collect()
    };
    if new.prorettype == oid::RECORD && outputs(old) != outputs(new) {
        let error = refuse("cannot change return type of existing function".into())?;
        return Err(error.detail("Row type defined by OUT parameters is different."));
    }
    let inputs = |row: &PgProc| -> Vec<Text> {
        let modes = row.proargmodes.clone();
        let is_input = |at: usize| modes.as_ref().is_none_or(|modes| matches!(modes.get(at), Some(b'i' | b'b' | b'v')));
        let names = row.proargnames.clone().unwrap_or_default();
        names.into_iter().enumerate().filter(|(at, _)| is_input(*at)).map(|(_, name)| name).collect()
    };
    if old.proargnames.is_some() {
        let new_names = inputs(new);
        for (at, name) in inputs(old).iter().enumerate() {
            if !name.is_empty() && new_names.get(at).is_none_or(|new| new != name) {
                return Err(refuse(format!("cannot change name of input parameter \"{name}\""))?);
            }
        }
    }
    if old.pronargdefaults > new.pronargdefaults {
        return Err(refuse("cannot remove parameter defaults from existing function".into())?);
    }
    if let Some(text) = old.proargdefaults.as_deref().filter(|text| !text.starts_with('@')) {
        let before: Vec<analyzer::query::Expr> = analyzer::node::from_text(text)?;
        let skip = parameters.defaults.len() - before.len();
        for (old, new) in before.iter().zip(&parameters.defaults[skip..]) {
            if old.ty.oid != new.ty.oid {
                return Err(refuse("cannot change data type of existing parameter default value".into())?);
            }
        }
    }
    Ok(())
}
