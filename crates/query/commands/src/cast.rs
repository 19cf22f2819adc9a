//! CREATE CAST and CREATE CONVERSION.

use catalog::acl::Privileges;
use catalog::privileges::ObjectKind as Privileged;
use catalog::rows::{PgCast, PgConversion, PgProc, PgType};
use catalog::{Dependency, Object, index};
use error::{Error, Result, Severity, SqlState};
use ids::Oid;
use parser::ast::{CastContext, CastMethod, CreateCast, CreateConversion, ObjectKind};
use types::oid;

use crate::Context;
use crate::function::lookup::{self, type_of};

/// Makes a cast.
pub(crate) fn create(context: &Context<'_>, create: &CreateCast) -> Result<()> {
    let catalog = context.catalog();
    let (source, target) = (type_of(context, &create.source)?, type_of(context, &create.target)?);
    let (from, to) = (catalog.type_(source)?, catalog.type_(target)?);
    let wrong = |text: &str| Err(Error::new(SqlState::WRONG_OBJECT_TYPE, text));
    let invalid = |text: &str| Err(Error::new(SqlState::INVALID_OBJECT_DEFINITION, text));
    for (row, word) in [(&from, "source"), (&to, "target")] {
        if row.typtype == b'p' {
            let name = catalog.type_name(row.oid)?;
            return wrong(&format!("{word} data type {name} is a pseudo-type"));
        }
    }
    let me = catalog.current_user();
    if !catalog.is_owner(Privileged::Type, source, me)? && !catalog.is_owner(Privileged::Type, target, me)? {
        let text =
            format!("must be owner of type {} or type {}", catalog.type_name(source)?, catalog.type_name(target)?);
        return Err(Error::new(SqlState::INSUFFICIENT_PRIVILEGE, text));
    }
    for ty in [source, target] {
        catalog.require_privileges(Privileged::Type, ty, Privileges::USAGE)?;
    }
    if from.typtype == b'd' || to.typtype == b'd' {
        let what = if from.typtype == b'd' { "source" } else { "target" };
        let text = format!("cast will be ignored because the {what} data type is a domain");
        context.notice(Error::new(SqlState::WRONG_OBJECT_TYPE, text).severity(Severity::Warning));
    }
    let (function, method) = match &create.method {
        CastMethod::Function(signature) => {
            let row = lookup::require(context, ObjectKind::Function, signature)?;
            let arguments = &row.proargtypes;
            if arguments.is_empty() || arguments.len() > 3 {
                return invalid("cast function must take one to three arguments");
            }
            let relabels = |from: Oid, to: Oid| catalog.is_binary_coercible(from, to);
            if !relabels(source, arguments[0])? {
                return invalid("argument of cast function must match or be binary-coercible from source data type");
            }
            if arguments.get(1).is_some_and(|&ty| ty != oid::INT4) {
                return invalid("second argument of cast function must be type integer");
            }
            if arguments.get(2).is_some_and(|&ty| ty != oid::BOOL) {
                return invalid("third argument of cast function must be type boolean");
            }
            if !relabels(row.prorettype, target)? {
                return invalid(
                    "return data type of cast function must match or be binary-coercible to target data type",
                );
            }
            match (row.prokind, row.proretset) {
                (b'f', false) => {}
                (b'f', true) => return invalid("cast function must not return a set"),
                _ => return invalid("cast function must be a normal function"),
            }
            if source == target && arguments.len() == 1 {
                return invalid("source data type and target data type are the same");
            }
            (row.oid, b'f')
        }
        CastMethod::Binary => {
            if !catalog.is_superuser(me)? {
                let text = "must be superuser to create a cast WITHOUT FUNCTION";
                return Err(Error::new(SqlState::INSUFFICIENT_PRIVILEGE, text));
            }
            let shape = |row: &PgType| (row.typlen, row.typbyval, row.typalign);
            if shape(&from) != shape(&to) {
                return wrong("source and target data types are not physically compatible");
            }
            for row in [&from, &to] {
                match row.typtype {
                    b'c' => return wrong("composite data types are not binary-compatible"),
                    b'r' | b'm' => return wrong("range data types are not binary-compatible"),
                    b'e' => return wrong("enum data types are not binary-compatible"),
                    _ if catalog.element_type(row.oid)?.is_some() => {
                        return wrong("array data types are not binary-compatible");
                    }
                    b'd' => return wrong("domain data types must not be marked binary-compatible"),
                    _ => {}
                }
            }
            (Oid::INVALID, b'b')
        }
        CastMethod::InOut => (Oid::INVALID, b'i'),
    };
    if source == target && method != b'f' {
        return invalid("source data type and target data type are the same");
    }
    if catalog.cast(source, target)?.is_some() {
        let (source, target) = (catalog.type_name(source)?, catalog.type_name(target)?);
        let text = format!("cast from type {source} to type {target} already exists");
        return Err(Error::new(SqlState::DUPLICATE_OBJECT, text));
    }
    let oid = catalog.new_oid::<PgCast>(index::PG_CAST_OID_INDEX)?;
    catalog.insert(&PgCast {
        oid,
        castsource: source,
        casttarget: target,
        castfunc: function,
        castcontext: match create.context {
            CastContext::Explicit => b'e',
            CastContext::Assignment => b'a',
            CastContext::Implicit => b'i',
        },
        castmethod: method,
    })?;
    let mut needs = vec![Object::of::<PgType>(source), Object::of::<PgType>(target)];
    if function.is_valid() {
        needs.push(Object::of::<PgProc>(function));
    }
    catalog.record_dependencies(Object::of::<PgCast>(oid), &needs, Dependency::Normal)?;
    catalog.next_command()
}

/// Makes a conversion between encodings. It can be defined; the server converts by its own functions.
pub(crate) fn create_conversion(context: &Context<'_>, create: &CreateConversion) -> Result<()> {
    let catalog = context.catalog();
    let name = &create.name;
    let schema = context.creation_schema(&name.to_relation())?;
    let encoding = |word: &str, what: &str| {
        catalog::functions::encoding_number(word).ok_or_else(|| {
            let text = format!("{what} encoding \"{word}\" does not exist");
            Error::new(SqlState::UNDEFINED_OBJECT, text)
        })
    };
    let (source, target) = (encoding(&create.source, "source")?, encoding(&create.target, "destination")?);
    const SQL_ASCII: i32 = 0;
    if source == SQL_ASCII || target == SQL_ASCII {
        let text = "encoding conversion to or from \"SQL_ASCII\" is not supported";
        return Err(Error::new(SqlState::INVALID_OBJECT_DEFINITION, text));
    }
    const CSTRING: Oid = Oid(2275);
    const INTERNAL: Oid = Oid(2281);
    let arguments = [oid::INT4, oid::INT4, CSTRING, INTERNAL, oid::INT4, oid::BOOL];
    let schema_of_function = create.function.qualifiers.last().map(|schema| &**schema);
    let candidates = catalog.functions_by_name(schema_of_function, &create.function.name)?;
    let Some(found) = candidates.iter().find(|candidate| *candidate.row.proargtypes == arguments) else {
        let types: Vec<String> = arguments.iter().map(|&ty| catalog.type_name(ty)).collect::<Result<_>>()?;
        let text = format!("function {}({}) does not exist", create.function, types.join(", "));
        return Err(Error::new(SqlState::UNDEFINED_FUNCTION, text));
    };
    if found.row.prorettype != oid::INT4 {
        let text = format!("encoding conversion function {} must return type integer", create.function);
        return Err(Error::new(SqlState::INVALID_OBJECT_DEFINITION, text));
    }
    catalog.require_privileges(Privileged::Function, found.row.oid, Privileges::EXECUTE)?;
    let key = [(&*name.name).into(), schema.into()];
    if catalog.row::<PgConversion>(index::PG_CONVERSION_NAME_NSP_INDEX, &key)?.is_some() {
        let text = format!("conversion \"{}\" already exists", name.name);
        return Err(Error::new(SqlState::DUPLICATE_OBJECT, text));
    }
    let key = [schema.into(), source.into(), target.into()];
    let others = catalog.rows::<PgConversion>(index::PG_CONVERSION_DEFAULT_INDEX, &key)?;
    if create.default && others.iter().any(|row| row.condefault) {
        let text = format!("default conversion for {} to {} already exists", create.source, create.target);
        return Err(Error::new(SqlState::DUPLICATE_OBJECT, text));
    }
    let me = catalog.current_user();
    let oid = catalog.new_oid::<PgConversion>(index::PG_CONVERSION_OID_INDEX)?;
    catalog.insert(&PgConversion {
        oid,
        conname: name.name.to_string().into(),
        connamespace: schema,
        conowner: me,
        conforencoding: source,
        contoencoding: target,
        conproc: found.row.oid,
        condefault: create.default,
    })?;
    let this = Object::of::<PgConversion>(oid);
    let needs = [Object::of::<PgProc>(found.row.oid), Object::of::<catalog::rows::PgNamespace>(schema)];
    catalog.record_dependencies(this, &needs, Dependency::Normal)?;
    catalog.record_owner(this, me)?;
    catalog.next_command()
}
