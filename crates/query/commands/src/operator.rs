//! CREATE and ALTER OPERATOR.
//!
//! An operator that is named as another's commutator or negator before it exists becomes a *shell*: a row without a function, which its own CREATE
//! OPERATOR fills in later. The two rows of such a pair point at each other.

use catalog::acl::Privileges;
use catalog::privileges::ObjectKind as Privileged;
use catalog::rows::{PgAm, PgNamespace, PgOperator, PgOpfamily, PgProc, PgType};
use catalog::{Dependency, Entry, Object, index};
use error::{Error, Result, Severity, SqlState};
use ids::Oid;
use parser::ast::{AlterOperator, CreateOperatorFamily, Define, DefinitionItem, DefinitionValue, ObjectName, TypeName};
use types::oid;

use crate::function::lookup::type_of;
use crate::{Context, object, options};

const INTERNAL: Oid = Oid(2281);

fn invalid(text: impl Into<String>) -> Error {
    Error::new(SqlState::INVALID_FUNCTION_DEFINITION, text)
}

/// What a definition says; the outer `None` means that it is not mentioned.
#[derive(Default)]
struct Definition {
    left: Oid,
    right: Oid,
    function: Option<ObjectName>,
    commutator: Option<Named>,
    negator: Option<Named>,
    restrict: Option<Option<ObjectName>>,
    join: Option<Option<ObjectName>>,
    hashes: Option<bool>,
    merges: Option<bool>,
}

/// Another operator, by name.
struct Named {
    schema: Option<String>,
    symbol: String,
}

fn operand(context: &Context<'_>, item: &DefinitionItem) -> Result<Oid> {
    let name: TypeName = match &item.value {
        Some(DefinitionValue::Type(name)) => (**name).clone(),
        _ => return Err(Error::new(SqlState::SYNTAX_ERROR, format!("{} requires a type name", item.name))),
    };
    if name.setof {
        return Err(invalid("setof type not allowed for operator argument"));
    }
    let ty = type_of(context, &name)?;
    context.catalog().require_privileges(Privileged::Type, ty, Privileges::USAGE)?;
    Ok(ty)
}

fn function_name(item: &DefinitionItem) -> Result<Option<ObjectName>> {
    Ok(Some(match &item.value {
        None => return Ok(None),
        Some(DefinitionValue::Type(name)) if name.name.to_string().eq_ignore_ascii_case("none") => return Ok(None),
        Some(DefinitionValue::Type(name)) => name.name.clone(),
        Some(DefinitionValue::Name(name)) => name.clone(),
        Some(DefinitionValue::String(name)) => ObjectName::unqualified(name.clone(), item.location),
        Some(_) => {
            let text = format!("argument of {} must be a name", item.name);
            return Err(Error::new(SqlState::SYNTAX_ERROR, text));
        }
    }))
}

fn other(item: &DefinitionItem) -> Result<Option<Named>> {
    match &item.value {
        Some(DefinitionValue::Operator(operator)) => Ok(Some(Named {
            schema: operator.qualifiers.last().map(|schema| schema.to_string()),
            symbol: operator.symbol.to_string(),
        })),
        None => Ok(None),
        Some(_) => match options::text(item) {
            Some(word) if word.eq_ignore_ascii_case("none") => Ok(None),
            Some(symbol) => Ok(Some(Named { schema: None, symbol })),
            None => Err(Error::new(SqlState::SYNTAX_ERROR, format!("argument of {} must be a name", item.name))),
        },
    }
}

/// Makes an operator.
pub(crate) fn create(context: &Context<'_>, define: &Define) -> Result<()> {
    let catalog = context.catalog();
    let name = &define.name;
    let schema = context.creation_schema(&name.to_relation())?;
    let mut definition = Definition::default();
    let (mut has_left, mut has_right) = (false, false);
    for item in &define.options {
        match &*item.name {
            "leftarg" => (definition.left, has_left) = (operand(context, item)?, true),
            "rightarg" => (definition.right, has_right) = (operand(context, item)?, true),
            "function" | "procedure" => definition.function = function_name(item)?,
            "commutator" => definition.commutator = other(item)?,
            "negator" => definition.negator = other(item)?,
            "restrict" => definition.restrict = Some(function_name(item)?),
            "join" => definition.join = Some(function_name(item)?),
            "hashes" => definition.hashes = Some(options::boolean(item)?),
            "merges" => definition.merges = Some(options::boolean(item)?),
            // What older versions had.
            "sort1" | "sort2" | "ltcmp" | "gtcmp" => definition.merges = Some(true),
            other => {
                let text = format!("operator attribute \"{other}\" not recognized");
                context.notice(Error::new(SqlState::SYNTAX_ERROR, text).severity(Severity::Warning));
            }
        }
    }
    let Some(function) = &definition.function else { return Err(invalid("operator function must be specified")) };
    if !has_left && !has_right {
        return Err(invalid("operator argument types must be specified"));
    }
    if !has_right {
        let error = invalid("operator right argument type must be specified");
        return Err(error.detail("Postfix operators are not supported."));
    }
    let mut arguments = vec![definition.left, definition.right];
    if !has_left {
        arguments.remove(0);
    }
    let function = routine(context, function, &arguments)?;
    catalog.require_privileges(Privileged::Function, function.oid, Privileges::EXECUTE)?;
    let result = function.prorettype;
    let restrict = match definition.restrict.iter().flatten().next() {
        Some(name) => estimator(context, name, false)?,
        None => Oid::INVALID,
    };
    let join = match definition.join.iter().flatten().next() {
        Some(name) => estimator(context, name, true)?,
        None => Oid::INVALID,
    };
    let (hashes, merges) = (definition.hashes == Some(true), definition.merges == Some(true));
    let has = [
        (definition.commutator.is_some(), "have commutators", false),
        (join.is_valid(), "have join selectivity", true),
        (merges, "merge join", true),
        (hashes, "hash", true),
    ];
    if let Some((_, what, _)) = has.iter().find(|(said, ..)| *said && !has_left) {
        return Err(invalid(format!("only binary operators can {what}")));
    }
    let has = [
        (definition.negator.is_some(), "have negators"),
        (restrict.is_valid(), "have restriction selectivity"),
        (join.is_valid(), "have join selectivity"),
        (merges, "merge join"),
        (hashes, "hash"),
    ];
    if let Some((_, what)) = has.iter().find(|(said, _)| *said && result != oid::BOOL) {
        return Err(invalid(format!("only boolean operators can {what}")));
    }
    let (left, right) = (definition.left, definition.right);
    let existing = in_schema(context, schema, &name.name, left, right)?;
    if existing.as_ref().is_some_and(|row| row.oprcode.is_valid()) {
        let text = format!("operator {} already exists", name.name);
        return Err(Error::new(SqlState::DUPLICATE_FUNCTION, text));
    }
    let me = catalog.current_user();
    let oid = match &existing {
        Some(row) => {
            object::require_owner(context, Object::of::<PgOperator>(row.oid), false)?;
            row.oid
        }
        None => catalog.new_oid::<PgOperator>(index::PG_OPERATOR_OID_INDEX)?,
    };
    let mut row = PgOperator {
        oid,
        oprname: name.name.to_string().into(),
        oprnamespace: schema,
        oprowner: me,
        oprkind: if has_left { b'b' } else { b'l' },
        oprcanmerge: merges,
        oprcanhash: hashes,
        oprleft: left,
        oprright: right,
        oprresult: result,
        oprcode: function.oid,
        oprrest: restrict,
        oprjoin: join,
        ..Default::default()
    };
    if let Some(shell) = &existing {
        (row.oprcom, row.oprnegate) = (shell.oprcom, shell.oprnegate);
    }
    let own = (schema, &*row.oprname.clone());
    if let Some(named) = &definition.commutator {
        row.oprcom = partner(context, named, (right, left), own, (left, right), oid, me)?;
    }
    if let Some(named) = &definition.negator {
        row.oprnegate = partner(context, named, (left, right), own, (left, right), oid, me)?;
        if row.oprnegate == oid {
            return Err(invalid("operator cannot be its own negator"));
        }
    }
    match &existing {
        None => catalog.insert(&row)?,
        Some(_) => {
            let new = row.clone();
            catalog.change::<PgOperator>(index::PG_OPERATOR_OID_INDEX, &[oid.into()], |stored| *stored = new)?;
        }
    }
    record_needs(context, &row)?;
    catalog.next_command()?;
    link(context, &row)
}

fn record_needs(context: &Context<'_>, row: &PgOperator) -> Result<()> {
    let catalog = context.catalog();
    let this = Object::of::<PgOperator>(row.oid);
    catalog.forget_dependencies(this, Some(Dependency::Normal), None)?;
    let mut needs = vec![Object::of::<PgNamespace>(row.oprnamespace)];
    let valid = |oid: &Oid| oid.is_valid();
    needs.extend([row.oprleft, row.oprright, row.oprresult].into_iter().filter(valid).map(Object::of::<PgType>));
    needs.extend([row.oprcode, row.oprrest, row.oprjoin].into_iter().filter(valid).map(Object::of::<PgProc>));
    catalog.record_dependencies(this, &needs, Dependency::Normal)?;
    catalog.change_recorded_owner(this, row.oprowner)
}

fn in_schema(
    context: &Context<'_>,
    schema: Oid,
    name: &str,
    left: Oid,
    right: Oid,
) -> Result<Option<Entry<PgOperator>>> {
    let key = [name.into(), left.into(), right.into(), schema.into()];
    context.catalog().row(index::PG_OPERATOR_OPRNAME_L_R_N_INDEX, &key)
}

/// A function with exactly these arguments.
fn routine(context: &Context<'_>, name: &ObjectName, arguments: &[Oid]) -> Result<Entry<PgProc>> {
    let catalog = context.catalog();
    let schema = name.qualifiers.last().map(|schema| &**schema);
    let candidates = catalog.functions_by_name(schema, &name.name)?;
    let found = candidates.iter().find(|candidate| *candidate.row.proargtypes == *arguments);
    found.map(|candidate| candidate.row.clone()).ok_or_else(|| {
        let types: Vec<String> = arguments.iter().filter_map(|&ty| catalog.type_name(ty).ok()).collect();
        let text = format!("function {name}({}) does not exist", types.join(", "));
        Error::new(SqlState::UNDEFINED_FUNCTION, text)
    })
}

/// A function that estimates selectivity.
fn estimator(context: &Context<'_>, name: &ObjectName, join: bool) -> Result<Oid> {
    let catalog = context.catalog();
    let found = match join {
        false => routine(context, name, &[INTERNAL, oid::OID, INTERNAL, oid::INT4])?,
        true => {
            let five = [INTERNAL, oid::OID, INTERNAL, oid::INT2, INTERNAL];
            routine(context, name, &five).or_else(|_| routine(context, name, &five[..4]))?
        }
    };
    if found.prorettype != oid::FLOAT8 {
        let what = if join { "join" } else { "restriction" };
        let text = format!("{what} estimator function {name} must return type double precision");
        return Err(Error::new(SqlState::INVALID_OBJECT_DEFINITION, text));
    }
    catalog.require_privileges(Privileged::Function, found.oid, Privileges::EXECUTE)?;
    Ok(found.oid)
}

/// The operator that is named as another's commutator or negator; a shell of it if there is none yet.
fn partner(
    context: &Context<'_>,
    named: &Named,
    types: (Oid, Oid),
    own: (Oid, &str),
    own_types: (Oid, Oid),
    me: Oid,
    owner: Oid,
) -> Result<Oid> {
    let catalog = context.catalog();
    let schema = match &named.schema {
        Some(schema) => Some(catalog.require_schema(schema)?),
        None => None,
    };
    let is_self = named.symbol == own.1 && types == own_types && schema.is_none_or(|schema| schema == own.0);
    if let Some(found) = catalog.operator_exact(named.schema.as_deref(), &named.symbol, types.0, types.1)? {
        return Ok(found);
    }
    if is_self {
        return Ok(me);
    }
    let schema = match schema {
        Some(schema) => schema,
        None => own.0,
    };
    catalog.require_privileges(Privileged::Schema, schema, Privileges::CREATE)?;
    let row = PgOperator {
        oid: catalog.new_oid::<PgOperator>(index::PG_OPERATOR_OID_INDEX)?,
        oprname: named.symbol.clone().into(),
        oprnamespace: schema,
        oprowner: owner,
        oprkind: if types.0.is_valid() { b'b' } else { b'l' },
        oprleft: types.0,
        oprright: types.1,
        ..Default::default()
    };
    catalog.insert(&row)?;
    record_needs(context, &row)?;
    catalog.next_command()?;
    Ok(row.oid)
}

/// Lets an operator's commutator and negator point back at it.
fn link(context: &Context<'_>, row: &PgOperator) -> Result<()> {
    let catalog = context.catalog();
    for (other, is_negator) in [(row.oprcom, false), (row.oprnegate, true)] {
        if !other.is_valid() || other == row.oid {
            continue;
        }
        let have = catalog.operator(other)?;
        let back = if is_negator { have.oprnegate } else { have.oprcom };
        if back == row.oid {
            continue;
        }
        if back.is_valid() && catalog.find_operator(back)?.is_some() {
            let what = if is_negator { "negator" } else { "commutator" };
            let third = catalog.find_operator(back)?.map(|row| row.oprname.to_string()).unwrap_or_default();
            let text = format!("{what} operator {} is already the {what} of operator {third}", have.oprname);
            return Err(invalid(text));
        }
        catalog.change::<PgOperator>(index::PG_OPERATOR_OID_INDEX, &[other.into()], |stored| {
            let slot = if is_negator { &mut stored.oprnegate } else { &mut stored.oprcom };
            *slot = row.oid;
        })?;
    }
    catalog.next_command()
}

/// Changes what may be changed of an operator.
pub(crate) fn alter(context: &Context<'_>, alter: &AlterOperator) -> Result<()> {
    let catalog = context.catalog();
    let mut row = (*object::operator(context, &alter.operator)?).clone();
    let syntax = |text: String| Err(Error::new(SqlState::SYNTAX_ERROR, text));
    let mut definition = Definition::default();
    for item in &alter.options {
        match &*item.name {
            "restrict" => definition.restrict = Some(function_name(item)?),
            "join" => definition.join = Some(function_name(item)?),
            "commutator" => definition.commutator = other(item)?,
            "negator" => definition.negator = other(item)?,
            "hashes" => definition.hashes = Some(options::boolean(item)?),
            "merges" => definition.merges = Some(options::boolean(item)?),
            name @ ("leftarg" | "rightarg" | "function" | "procedure") => {
                return syntax(format!("operator attribute \"{name}\" cannot be changed"));
            }
            name => return syntax(format!("operator attribute \"{name}\" not recognized")),
        }
    }
    object::require_owner(context, Object::of::<PgOperator>(row.oid), false)?;
    if let Some(restrict) = &definition.restrict {
        row.oprrest = restrict.as_ref().map(|name| estimator(context, name, false)).transpose()?.unwrap_or_default();
    }
    if let Some(join) = &definition.join {
        row.oprjoin = join.as_ref().map(|name| estimator(context, name, true)).transpose()?.unwrap_or_default();
    }
    if !row.oprleft.is_valid() {
        let has = [
            (definition.commutator.is_some(), "have commutators"),
            (definition.join.iter().flatten().next().is_some(), "have join selectivity"),
            (definition.merges == Some(true), "merge join"),
            (definition.hashes == Some(true), "hash"),
        ];
        if let Some((_, what)) = has.iter().find(|(said, _)| *said) {
            return Err(invalid(format!("only binary operators can {what}")));
        }
    }
    if row.oprresult != oid::BOOL {
        let has = [
            (definition.negator.is_some(), "have negators"),
            (definition.restrict.iter().flatten().next().is_some(), "have restriction selectivity"),
            (definition.join.iter().flatten().next().is_some(), "have join selectivity"),
            (definition.merges == Some(true), "merge join"),
            (definition.hashes == Some(true), "hash"),
        ];
        if let Some((_, what)) = has.iter().find(|(said, _)| *said) {
            return Err(invalid(format!("only boolean operators can {what}")));
        }
    }
    let fixed = |name: &str| {
        let text = format!("operator attribute \"{name}\" cannot be changed if it has already been set");
        Err(Error::new(SqlState::INVALID_FUNCTION_DEFINITION, text))
    };
    let (left, right, own) = (row.oprleft, row.oprright, (row.oprnamespace, &*row.oprname.clone()));
    if let Some(named) = &definition.commutator {
        let found = partner(context, named, (right, left), own, (left, right), row.oid, row.oprowner)?;
        if row.oprcom.is_valid() && row.oprcom != found {
            return fixed("commutator");
        }
        row.oprcom = found;
    }
    if let Some(named) = &definition.negator {
        let found = partner(context, named, (left, right), own, (left, right), row.oid, row.oprowner)?;
        if row.oprnegate.is_valid() && row.oprnegate != found {
            return fixed("negator");
        }
        if found == row.oid {
            return Err(invalid("operator cannot be its own negator"));
        }
        row.oprnegate = found;
    }
    if let Some(hashes) = definition.hashes {
        if row.oprcanhash && !hashes {
            return fixed("hashes");
        }
        row.oprcanhash = hashes;
    }
    if let Some(merges) = definition.merges {
        if row.oprcanmerge && !merges {
            return fixed("merges");
        }
        row.oprcanmerge = merges;
    }
    let new = row.clone();
    catalog.change::<PgOperator>(index::PG_OPERATOR_OID_INDEX, &[row.oid.into()], |stored| *stored = new)?;
    record_needs(context, &row)?;
    catalog.next_command()?;
    link(context, &row)
}

/// Makes an operator family, empty.
pub(crate) fn create_family(context: &Context<'_>, create: &CreateOperatorFamily) -> Result<()> {
    let catalog = context.catalog();
    let name = &create.name;
    let schema = context.creation_schema(&name.to_relation())?;
    let method = catalog.access_method_by_name(&create.method)?;
    let method = method.ok_or_else(|| object::missing("access method", &create.method))?;
    let me = catalog.current_user();
    if !catalog.is_superuser(me)? {
        let text = "must be superuser to create an operator family";
        return Err(Error::new(SqlState::INSUFFICIENT_PRIVILEGE, text));
    }
    let key = [method.oid.into(), (&*name.name).into(), schema.into()];
    if catalog.row::<PgOpfamily>(index::PG_OPFAMILY_AM_NAME_NSP_INDEX, &key)?.is_some() {
        let text = format!("operator family \"{}\" for access method \"{}\" already exists", name.name, method.amname);
        return Err(Error::new(SqlState::DUPLICATE_OBJECT, text));
    }
    let oid = catalog.new_oid::<PgOpfamily>(index::PG_OPFAMILY_OID_INDEX)?;
    catalog.insert(&PgOpfamily {
        oid,
        opfmethod: method.oid,
        opfname: name.name.to_string().into(),
        opfnamespace: schema,
        opfowner: me,
    })?;
    let this = Object::of::<PgOpfamily>(oid);
    catalog.record_dependency(this, Object::of::<PgAm>(method.oid), Dependency::Auto)?;
    catalog.record_dependency(this, Object::of::<PgNamespace>(schema), Dependency::Normal)?;
    catalog.record_owner(this, me)?;
    catalog.next_command()
}
