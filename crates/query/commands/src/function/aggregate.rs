//! CREATE [OR REPLACE] AGGREGATE.
//!
//! An aggregate is a row of `pg_proc` that has no body, and a row of `pg_aggregate` that names the functions which do its work: over a state
//! the *transition* function takes the rows in, the *final* function makes the result of it. A second set of them (`m…`) may also take rows
//! out again, for windows whose frames move.

use analyzer::support::SupportFunction;
use catalog::acl::Privileges;
use catalog::field::Text;
use catalog::privileges::ObjectKind as Privileged;
use catalog::rows::{PgAggregate, PgNamespace, PgOperator, PgProc, PgType};
use catalog::{Dependency, Object, index};
use error::{Error, Result, Severity, SqlState};
use ids::Oid;
use parser::ast::{
    AggregateParameters, Define, DefinitionItem, DefinitionValue, FunctionParameter, ObjectKind, ObjectName,
    ParameterMode, TypeName,
};
use types::oid;

use super::INTERNAL;
use super::create::{schema_for, store};
use super::lookup::type_of;
use super::signature::{Parameters, undetermined};
use crate::{Context, options};

fn wrong(text: impl Into<String>) -> Error {
    Error::new(SqlState::INVALID_FUNCTION_DEFINITION, text)
}

fn syntax(text: impl Into<String>) -> Error {
    Error::new(SqlState::SYNTAX_ERROR, text)
}

/// One of the two ways to work, as it is written.
#[derive(Default)]
struct Written<'s> {
    transition: Option<ObjectName>,
    /// Of the moving way.
    inverse: Option<ObjectName>,
    final_function: Option<ObjectName>,
    final_extra: bool,
    final_modify: u8,
    state: Option<&'s DefinitionItem>,
    space: i32,
    initial: Option<String>,
}

/// The options of the statement.
#[derive(Default)]
struct Options<'s> {
    plain: Written<'s>,
    moving: Written<'s>,
    combine: Option<ObjectName>,
    serialize: Option<ObjectName>,
    deserialize: Option<ObjectName>,
    sort_operator: Option<(Option<String>, String)>,
    base_type: Option<&'s DefinitionItem>,
    hypothetical: bool,
    parallel: u8,
}

fn name_in(item: &DefinitionItem) -> Result<ObjectName> {
    match &item.value {
        Some(DefinitionValue::Type(name)) => Ok(name.name.clone()),
        Some(DefinitionValue::Name(name)) => Ok(name.clone()),
        Some(DefinitionValue::String(name)) => Ok(ObjectName::unqualified(name.clone(), item.location)),
        None => Err(syntax(format!("{} requires a parameter", item.name))),
        Some(_) => Err(syntax(format!("argument of {} must be a name", item.name))),
    }
}

fn type_in(item: &DefinitionItem) -> Result<TypeName> {
    match &item.value {
        Some(DefinitionValue::Type(name)) => Ok((**name).clone()),
        Some(DefinitionValue::String(name)) => {
            Ok(TypeName::plain(ObjectName::unqualified(name.clone(), item.location)))
        }
        None => Err(syntax(format!("{} requires a parameter", item.name))),
        Some(_) => Err(syntax(format!("argument of {} must be a type name", item.name))),
    }
}

fn modify(item: &DefinitionItem) -> Result<u8> {
    match options::text(item).unwrap_or_default().as_str() {
        "read_only" => Ok(b'r'),
        "shareable" => Ok(b's'),
        "read_write" => Ok(b'w'),
        _ => Err(syntax(format!("parameter \"{}\" must be READ_ONLY, SHAREABLE, or READ_WRITE", item.name))),
    }
}

fn integer(item: &DefinitionItem) -> Result<i32> {
    match &item.value {
        Some(DefinitionValue::Integer(value)) => Ok(*value),
        None => Err(syntax(format!("{} requires a numeric value", item.name))),
        Some(_) => Err(syntax(format!("{} requires an integer value", item.name))),
    }
}

fn operator(item: &DefinitionItem) -> Result<(Option<String>, String)> {
    match &item.value {
        Some(DefinitionValue::Operator(operator)) => {
            Ok((operator.qualifiers.last().map(|schema| schema.to_string()), operator.symbol.to_string()))
        }
        Some(DefinitionValue::String(symbol)) => Ok((None, symbol.to_string())),
        _ => Err(syntax(format!("argument of {} must be a name", item.name))),
    }
}

impl<'s> Options<'s> {
    fn read(context: &Context<'_>, items: &'s [DefinitionItem], ordered_set: bool) -> Result<Options<'s>> {
        let default_modify = if ordered_set { b'w' } else { b'r' };
        let mut found = Options { parallel: b'u', ..Options::default() };
        found.plain.final_modify = default_modify;
        found.moving.final_modify = default_modify;
        for item in items {
            let text = || options::text(item).unwrap_or_default();
            match &*item.name {
                "sfunc" | "sfunc1" => found.plain.transition = Some(name_in(item)?),
                "finalfunc" => found.plain.final_function = Some(name_in(item)?),
                "combinefunc" => found.combine = Some(name_in(item)?),
                "serialfunc" => found.serialize = Some(name_in(item)?),
                "deserialfunc" => found.deserialize = Some(name_in(item)?),
                "msfunc" => found.moving.transition = Some(name_in(item)?),
                "minvfunc" => found.moving.inverse = Some(name_in(item)?),
                "mfinalfunc" => found.moving.final_function = Some(name_in(item)?),
                "finalfunc_extra" => found.plain.final_extra = options::boolean(item)?,
                "mfinalfunc_extra" => found.moving.final_extra = options::boolean(item)?,
                "finalfunc_modify" => found.plain.final_modify = modify(item)?,
                "mfinalfunc_modify" => found.moving.final_modify = modify(item)?,
                "sortop" => found.sort_operator = Some(operator(item)?),
                "basetype" => found.base_type = Some(item),
                "hypothetical" => found.hypothetical = options::boolean(item)?,
                "stype" | "stype1" => found.plain.state = Some(item),
                "sspace" => found.plain.space = integer(item)?,
                "mstype" => found.moving.state = Some(item),
                "msspace" => found.moving.space = integer(item)?,
                "initcond" | "initcond1" => found.plain.initial = Some(text()),
                "minitcond" => found.moving.initial = Some(text()),
                "parallel" => {
                    found.parallel = match text().as_str() {
                        "safe" => b's',
                        "restricted" => b'r',
                        "unsafe" => b'u',
                        _ => return Err(syntax("parameter \"parallel\" must be SAFE, RESTRICTED, or UNSAFE")),
                    }
                }
                other => {
                    let text = format!("aggregate attribute \"{other}\" not recognized");
                    context.notice(syntax(text).severity(Severity::Warning));
                }
            }
        }
        Ok(found)
    }

    /// Which options must be there, and which only together.
    fn check(&self) -> Result<()> {
        if self.plain.state.is_none() {
            return Err(wrong("aggregate stype must be specified"));
        }
        if self.plain.transition.is_none() {
            return Err(wrong("aggregate sfunc must be specified"));
        }
        let moving = &self.moving;
        if moving.state.is_some() {
            for (is_there, name) in [(moving.transition.is_some(), "msfunc"), (moving.inverse.is_some(), "minvfunc")] {
                if !is_there {
                    return Err(wrong(format!("aggregate {name} must be specified when mstype is specified")));
                }
            }
            return Ok(());
        }
        for (is_there, name) in [
            (moving.transition.is_some(), "msfunc"),
            (moving.inverse.is_some(), "minvfunc"),
            (moving.final_function.is_some(), "mfinalfunc"),
            (moving.space != 0, "msspace"),
            (moving.initial.is_some(), "minitcond"),
        ] {
            if is_there {
                return Err(wrong(format!("aggregate {name} must not be specified without mstype")));
            }
        }
        Ok(())
    }

    /// The parameters in the old syntax: one, or none for `ANY`.
    fn base_type(&self) -> Result<AggregateParameters> {
        let item = self.base_type.ok_or_else(|| wrong("aggregate input type must be specified"))?;
        let name = type_in(item)?;
        let is_any = name.name.qualifiers.is_empty() && name.name.name.eq_ignore_ascii_case("any");
        let parameter = || FunctionParameter {
            mode: ParameterMode::Default,
            name: None,
            type_name: name.clone(),
            default: None,
            location: item.location,
        };
        Ok(AggregateParameters { parameters: if is_any { Vec::new() } else { vec![parameter()] }, direct: None })
    }
}

/// A state's type: SQL values, or what only built-in functions know.
fn state_type(context: &Context<'_>, item: &DefinitionItem) -> Result<Oid> {
    let catalog = context.catalog();
    let ty = type_of(context, &type_in(item)?)?;
    let polymorphic = analyzer::types::is_polymorphic(ty);
    if catalog.type_(ty)?.typtype == b'p' && !polymorphic {
        let allowed = ty == oid::INTERNAL && catalog.is_superuser(catalog.current_user())?;
        if !allowed {
            let name = catalog.type_name(ty)?;
            return Err(wrong(format!("aggregate transition data type cannot be {name}")));
        }
    }
    Ok(ty)
}

/// Looks an aggregate's functions up and checks that they fit together.
struct Maker<'c, 's> {
    context: &'c Context<'s>,
    /// The aggregate's parameters.
    inputs: Vec<Oid>,
    variadic: Oid,
    kind: u8,
    /// How many of an ordered-set aggregate's parameters are direct.
    direct: usize,
}

/// One of the two ways to work.
struct Made {
    state: Oid,
    transition: SupportFunction,
    inverse: Option<SupportFunction>,
    final_function: Option<SupportFunction>,
    result: Oid,
}

impl Maker<'_, '_> {
    fn type_name(&self, ty: Oid) -> Result<String> {
        self.context.catalog().type_name(ty)
    }

    fn function(&self, name: &ObjectName, inputs: &[Oid], variadic: Oid) -> Result<SupportFunction> {
        let found = self.context.analyzer().support_function(name, inputs, variadic)?;
        self.context.catalog().require_privileges(Privileged::Function, found.oid, Privileges::EXECUTE)?;
        Ok(found)
    }

    fn returns(&self, what: &str, name: &ObjectName, found: SupportFunction, wanted: Oid) -> Result<()> {
        if found.result == wanted {
            return Ok(());
        }
        let text = format!("return type of {what} function {name} is not {}", self.type_name(wanted)?);
        Err(Error::new(SqlState::DATATYPE_MISMATCH, text))
    }

    /// What rows are handed to the transition function besides the state: an ordered-set aggregate's direct arguments are not.
    fn rows(&self) -> &[Oid] {
        match self.kind {
            b'n' => &self.inputs,
            // `VARIADIC "any"` stands for both parts.
            _ if self.direct == self.inputs.len() && self.variadic.is_valid() => &self.inputs[self.direct - 1..],
            _ => &self.inputs[self.direct.min(self.inputs.len())..],
        }
    }

    fn make(&self, written: &Written<'_>, state: Oid) -> Result<Made> {
        let context = self.context;
        if let Some(detail) = undetermined(context, state, &self.inputs)?
            && state != oid::INTERNAL
        {
            return Err(wrong("cannot determine transition data type").detail(detail));
        }
        let mut inputs = vec![state];
        inputs.extend_from_slice(self.rows());
        let name = written.transition.as_ref().ok_or_else(|| wrong("aggregate sfunc must be specified"))?;
        let transition = self.function(name, &inputs, self.variadic)?;
        self.returns("transition", name, transition, state)?;
        // The first value that is not null becomes the state.
        let first = inputs.get(1).copied();
        if transition.strict
            && written.initial.is_none()
            && !match first {
                Some(first) => first == state || context.catalog().is_binary_coercible(first, state)?,
                None => false,
            }
        {
            return Err(wrong(
                "must not omit initial value when transition function is strict and transition type is not compatible with input type",
            ));
        }
        let inverse = match &written.inverse {
            None => None,
            Some(name) => {
                let inverse = self.function(name, &inputs, self.variadic)?;
                self.returns("inverse transition", name, inverse, state)?;
                if inverse.strict != transition.strict {
                    return Err(wrong("strictness of aggregate's forward and inverse transition functions must match"));
                }
                Some(inverse)
            }
        };
        let mut result = state;
        let final_function = match &written.final_function {
            None => None,
            Some(name) => {
                let mut inputs = vec![state];
                inputs.extend_from_slice(match (written.final_extra, self.kind) {
                    (true, _) => &self.inputs,
                    (false, b'n') => &[],
                    (false, _) => &self.inputs[..self.direct],
                });
                let variadic = if written.final_extra { self.variadic } else { Oid::INVALID };
                let found = self.function(name, &inputs, variadic)?;
                if written.final_extra && found.strict {
                    return Err(wrong("final function with extra arguments must not be declared STRICT"));
                }
                result = found.result;
                Some(found)
            }
        };
        Ok(Made { state, transition, inverse, final_function, result })
    }
}

/// Makes an aggregate, or replaces one.
pub(crate) fn create(context: &Context<'_>, define: &Define) -> Result<()> {
    let catalog = context.catalog();
    let schema = schema_for(context, &define.name)?;
    let ordered_set = define.parameters.as_ref().is_some_and(|parameters| parameters.direct.is_some());
    let options = Options::read(context, &define.options, ordered_set)?;
    if options.hypothetical && !ordered_set {
        return Err(wrong("only ordered-set aggregates can be hypothetical"));
    }
    let kind = match (ordered_set, options.hypothetical) {
        (false, _) => b'n',
        (true, false) => b'o',
        (true, true) => b'h',
    };
    options.check()?;
    let written = match &define.parameters {
        Some(_) if options.base_type.is_some() => {
            return Err(wrong("basetype is redundant with aggregate input type specification"));
        }
        Some(parameters) => parameters.clone(),
        None => options.base_type()?,
    };
    let parameters = Parameters::read(context, &written.parameters, ObjectKind::Aggregate, super::INTERNAL)?;
    let state = state_type(context, options.plain.state.ok_or_else(|| wrong("aggregate stype must be specified"))?)?;
    if options.serialize.is_some() != options.deserialize.is_some() {
        return Err(wrong("must specify both or neither of serialization and deserialization functions"));
    }
    if options.serialize.is_some() && state != oid::INTERNAL {
        let text = "serialization functions may be specified only when the aggregate transition data type is internal";
        return Err(wrong(text));
    }
    let moving_state = options.moving.state.map(|item| state_type(context, item)).transpose()?;
    for (initial, state) in [(&options.plain.initial, Some(state)), (&options.moving.initial, moving_state)] {
        if let (Some(text), Some(state)) = (initial, state)
            && catalog.type_(state)?.typtype != b'p'
        {
            let base = catalog.base_type(state, -1)?.0;
            types::input(base, text, -1, context.session.env())?;
        }
    }
    let direct = written.direct.unwrap_or(0) as usize;
    if kind != b'n' && parameters.variadic.is_valid() && parameters.variadic != oid::ANY {
        let text = "a variadic ordered-set aggregate must use VARIADIC type ANY";
        return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, text));
    }
    if kind == b'h' && !(direct == parameters.inputs.len() && parameters.variadic.is_valid()) {
        let (given, sorted) = parameters.inputs.split_at(direct.min(parameters.inputs.len()));
        if given.len() < sorted.len() || given[given.len() - sorted.len()..] != *sorted {
            let text = "a hypothetical-set aggregate must have direct arguments matching its aggregated arguments";
            return Err(wrong(text));
        }
    }
    let maker = Maker { context, inputs: parameters.inputs.clone(), variadic: parameters.variadic, kind, direct };
    let plain = maker.make(&options.plain, state)?;
    let combine = match &options.combine {
        None => Oid::INVALID,
        Some(name) => {
            let found = maker.function(name, &[state, state], Oid::INVALID)?;
            maker.returns("combine", name, found, state)?;
            if state == oid::INTERNAL && found.strict {
                let text = "combine function with transition type internal must not be declared STRICT";
                return Err(wrong(text));
            }
            found.oid
        }
    };
    let converter = |name: &Option<ObjectName>, what: &str, inputs: &[Oid], result: Oid| match name {
        None => Ok(Oid::INVALID),
        Some(name) => {
            let found = maker.function(name, inputs, Oid::INVALID)?;
            maker.returns(what, name, found, result)?;
            Ok(found.oid)
        }
    };
    let serialize = converter(&options.serialize, "serialization", &[oid::INTERNAL], oid::BYTEA)?;
    let deserialize = [oid::BYTEA, oid::INTERNAL];
    let deserialize = converter(&options.deserialize, "deserialization", &deserialize, oid::INTERNAL)?;
    parameters.check_result(context, plain.result)?;
    let moving = moving_state.map(|state| maker.make(&options.moving, state)).transpose()?;
    if let Some(moving) = &moving
        && moving.result != plain.result
    {
        return Err(wrong(format!(
            "moving-aggregate implementation returns type {}, but plain implementation returns type {}",
            maker.type_name(moving.result)?,
            maker.type_name(plain.result)?
        )));
    }
    let sort_operator = match (&options.sort_operator, &parameters.inputs[..]) {
        (None, _) => Oid::INVALID,
        (Some((schema, symbol)), &[input]) => {
            catalog.operator_exact(schema.as_deref(), symbol, input, input)?.ok_or_else(|| {
                let name = maker.type_name(input).unwrap_or_default();
                let text = format!("operator does not exist: {name} {symbol} {name}");
                Error::new(SqlState::UNDEFINED_FUNCTION, text)
            })?
        }
        (Some(_), _) => return Err(wrong("sort operator can only be specified for single-argument aggregates")),
    };
    let mut row = PgProc {
        proname: define.name.name.to_string().into(),
        pronamespace: schema,
        proowner: catalog.current_user(),
        prolang: INTERNAL,
        procost: 1.0,
        prokind: b'a',
        provolatile: b'i',
        proparallel: options.parallel,
        prorettype: plain.result,
        prosrc: "aggregate_dummy".into(),
        ..PgProc::default()
    };
    parameters.apply(&mut row);
    if define.or_replace {
        check_kind(context, &row, kind, direct)?;
    }
    let function = store(context, define.or_replace, row, &parameters)?;
    let oid_of = |found: Option<SupportFunction>| found.map_or(Oid::INVALID, |found| found.oid);
    let aggregate = PgAggregate {
        aggfnoid: function,
        aggkind: kind,
        aggnumdirectargs: direct as i16,
        aggtransfn: plain.transition.oid,
        aggfinalfn: oid_of(plain.final_function),
        aggcombinefn: combine,
        aggserialfn: serialize,
        aggdeserialfn: deserialize,
        aggmtransfn: oid_of(moving.as_ref().map(|moving| moving.transition)),
        aggminvtransfn: oid_of(moving.as_ref().and_then(|moving| moving.inverse)),
        aggmfinalfn: oid_of(moving.as_ref().and_then(|moving| moving.final_function)),
        aggfinalextra: options.plain.final_extra,
        aggmfinalextra: options.moving.final_extra,
        aggfinalmodify: options.plain.final_modify,
        aggmfinalmodify: options.moving.final_modify,
        aggsortop: sort_operator,
        aggtranstype: plain.state,
        aggtransspace: options.plain.space,
        aggmtranstype: moving.as_ref().map_or(Oid::INVALID, |moving| moving.state),
        aggmtransspace: options.moving.space,
        agginitval: options.plain.initial.clone().map(Text::from),
        aggminitval: options.moving.initial.clone().map(Text::from),
    };
    let key = [function.into()];
    let replace = |stored: &mut PgAggregate| *stored = aggregate.clone();
    if !catalog.change::<PgAggregate>(index::PG_AGGREGATE_FNOID_INDEX, &key, replace)? {
        catalog.insert(&aggregate)?;
    }
    catalog.next_command()?;
    record_needs(context, function, &aggregate, &parameters, (schema, plain.result))?;
    catalog.next_command()
}

/// An aggregate is replaced only by one of its own kind.
fn check_kind(context: &Context<'_>, new: &PgProc, kind: u8, direct: usize) -> Result<()> {
    let catalog = context.catalog();
    let rows = catalog.rows::<PgProc>(index::PG_PROC_PRONAME_ARGS_NSP_INDEX, &[(&*new.proname).into()])?;
    let same = |row: &&catalog::Entry<PgProc>| {
        row.proargtypes == new.proargtypes && row.pronamespace == new.pronamespace && row.prokind == b'a'
    };
    let Some(old) = rows.iter().find(same) else { return Ok(()) };
    catalog.require_owner(Privileged::Function, old.oid)?;
    let aggregate = catalog.aggregate(old.oid)?;
    if aggregate.aggkind != kind {
        let what = match aggregate.aggkind {
            b'o' => "an ordered-set aggregate",
            b'h' => "a hypothetical-set aggregate",
            _ => "an ordinary aggregate function",
        };
        return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, "cannot change routine kind")
            .detail(format!("\"{}\" is {what}.", old.proname)));
    }
    if aggregate.aggnumdirectargs as usize != direct {
        let text = "cannot change number of direct arguments of an aggregate function";
        return Err(wrong(text));
    }
    Ok(())
}

fn record_needs(
    context: &Context<'_>,
    function: Oid,
    aggregate: &PgAggregate,
    parameters: &Parameters,
    (schema, result): (Oid, Oid),
) -> Result<()> {
    let mut objects = vec![Object::of::<PgNamespace>(schema), Object::of::<PgType>(result)];
    objects.extend(parameters.all.iter().map(|(type_oid, _)| Object::of::<PgType>(*type_oid)));
    let functions = [
        aggregate.aggtransfn,
        aggregate.aggfinalfn,
        aggregate.aggcombinefn,
        aggregate.aggserialfn,
        aggregate.aggdeserialfn,
        aggregate.aggmtransfn,
        aggregate.aggminvtransfn,
        aggregate.aggmfinalfn,
    ];
    objects.extend(functions.into_iter().filter(|oid| oid.is_valid()).map(Object::of::<PgProc>));
    if aggregate.aggsortop.is_valid() {
        objects.push(Object::of::<PgOperator>(aggregate.aggsortop));
    }
    context.catalog().record_dependencies(Object::of::<PgProc>(function), &objects, Dependency::Normal)
}
