//! Parameters and result types of functions and procedures.

use analyzer::query::{Expr, SqlType};
use analyzer::scope::Place;
use analyzer::{Wanted, node::to_text};
use catalog::Object;
use catalog::field::Text;
use catalog::rows::PgProc;
use error::{Error, Result, SqlState};
use ids::Oid;
use parser::ast::{FunctionParameter, ObjectKind, ParameterMode, TypeName};
use types::oid;

use super::lookup::type_of;
use crate::{Context, expression};

/// The most parameters of a function.
const PARAMETERS_MAX: usize = 100;

/// What the parameters come to.
#[derive(Default)]
pub(super) struct Parameters {
    pub inputs: Vec<Oid>,
    pub all: Vec<(Oid, u8)>,
    pub names: Vec<String>,
    pub variadic: Oid,
    pub defaults: Vec<Expr>,
    pub default_objects: Vec<Object>,
    /// The result type that OUT parameters ask for.
    pub result: Option<Oid>,
}

fn wrong<T>(text: impl Into<String>) -> Result<T> {
    Err(Error::new(SqlState::INVALID_FUNCTION_DEFINITION, text))
}

/// A parameter's type, which may be `table.column%TYPE`, or a shell unless the routine's body would need its values.
fn parameter_type(context: &Context<'_>, name: &TypeName, kind: ObjectKind, language: Oid) -> Result<Oid> {
    let shown = &name.name;
    let Some(shell) = context.analyzer().shell_type(name)? else {
        return named_type(context, name).map_err(|error| match error.state() {
            SqlState::UNDEFINED_OBJECT if !name.percent_type => {
                let dimensions = "[]".repeat(name.array_bounds.len());
                let error = Error::new(error.state(), format!("type {shown}{dimensions} does not exist"));
                context.place(error, name.location)
            }
            _ => error,
        });
    };
    let routine = match (language, kind) {
        (_, ObjectKind::Aggregate) => Some("aggregate"),
        (super::SQL, _) => Some("SQL function"),
        _ => None,
    };
    if let Some(routine) = routine {
        let text = format!("{routine} cannot accept shell type {shown}");
        return Err(context.place(Error::new(SqlState::INVALID_FUNCTION_DEFINITION, text), name.location));
    }
    let notice = Error::new(SqlState::WRONG_OBJECT_TYPE, format!("argument type {shown} is only a shell"));
    context.notice(context.place(notice.severity(error::Severity::Notice), name.location));
    context.require_usage(shell)?;
    Ok(shell)
}

/// A function's result type. A shell will do, and for a function that may be the input function of a type to come, the
/// shell is made if there is nothing of that name.
pub(super) fn result_type(context: &Context<'_>, name: &TypeName, language: Oid) -> Result<Oid> {
    let simple = name.array_bounds.is_empty() && !name.percent_type;
    if let Some(shell) = context.analyzer().shell_type(name)? {
        if language == super::SQL {
            return wrong(format!("SQL function cannot return shell type {}", name.name));
        }
        let text = format!("return type {} is only a shell", name.name);
        context.inform(SqlState::WRONG_OBJECT_TYPE, text);
        context.require_usage(shell)?;
        return Ok(shell);
    }
    match named_type(context, name) {
        Err(error)
            if simple
                && error.state() == SqlState::UNDEFINED_OBJECT
                && matches!(language, super::C | super::INTERNAL) =>
        {
            if !name.modifiers.is_empty() {
                let text = format!("type modifier cannot be specified for shell type \"{}\"", name.name);
                return Err(Error::new(SqlState::SYNTAX_ERROR, text));
            }
            let text = format!("type \"{}\" is not yet defined", name.name);
            let notice = Error::new(SqlState::UNDEFINED_OBJECT, text);
            let notice = notice.detail("Creating a shell type definition.");
            context.notice(notice.severity(error::Severity::Notice));
            let catalog = context.catalog();
            let schema = super::create::schema_for(context, &name.name)?;
            let shell = catalog.create_shell(&name.name.name, schema, catalog.current_user())?;
            catalog.next_command()?;
            Ok(shell)
        }
        found => found,
    }
}

/// A function's type, which may be `table.column%TYPE`.
pub(super) fn named_type(context: &Context<'_>, name: &TypeName) -> Result<Oid> {
    let oid = type_of(context, name)?;
    if name.percent_type {
        let shown = format!("{}%TYPE", name.name);
        let text = format!("type reference {shown} converted to {}", context.catalog().type_name(oid)?);
        context.inform(SqlState::SUCCESSFUL_COMPLETION, text);
    }
    context.require_usage(oid)?;
    Ok(oid)
}

impl Parameters {
    /// Reads the parameters of a function or procedure.
    pub fn read(
        context: &Context<'_>,
        list: &[FunctionParameter],
        kind: ObjectKind,
        language: Oid,
    ) -> Result<Parameters> {
        let catalog = context.catalog();
        let procedure = kind == ObjectKind::Procedure;
        let plural = match kind {
            ObjectKind::Procedure => "procedures",
            ObjectKind::Aggregate => "aggregates",
            _ => "functions",
        };
        let mut found = Parameters::default();
        let mut outputs = Vec::new();
        for parameter in list {
            let refuse = |text: &str| {
                let error = Error::new(SqlState::INVALID_FUNCTION_DEFINITION, text);
                Err(context.place(error, parameter.location))
            };
            let mode = match parameter.mode {
                ParameterMode::Default | ParameterMode::In => b'i',
                ParameterMode::Out => b'o',
                ParameterMode::InOut => b'b',
                ParameterMode::Variadic => b'v',
                ParameterMode::Table => b't',
            };
            let type_oid = parameter_type(context, &parameter.type_name, kind, language)?;
            if parameter.type_name.setof {
                return refuse(&format!("{plural} cannot accept set arguments"));
            }
            let is_input = matches!(mode, b'i' | b'b' | b'v');
            if is_input {
                if found.variadic.is_valid() {
                    return refuse("VARIADIC parameter must be the last input parameter");
                }
                found.inputs.push(type_oid);
            }
            if matches!(mode, b'o' | b'b' | b't') {
                if procedure && found.variadic.is_valid() {
                    return refuse("VARIADIC parameter must be the last parameter");
                }
                if procedure && mode == b'o' && !found.defaults.is_empty() {
                    return refuse("procedure OUT parameters cannot appear after one with a default value");
                }
                outputs.push(type_oid);
            }
            if mode == b'v' {
                found.variadic = match type_oid {
                    oid::ANYARRAY => oid::ANYELEMENT,
                    oid::ANYCOMPATIBLEARRAY => oid::ANYCOMPATIBLE,
                    oid::ANY => oid::ANY,
                    array => {
                        let element = analyzer::types::element_type(catalog, array)?;
                        if !element.is_valid() {
                            return refuse("VARIADIC parameter must be an array");
                        }
                        element
                    }
                };
            }
            let name = parameter.name.as_deref().unwrap_or_default();
            if !name.is_empty() {
                // An input may be called as an output is.
                let clashes = |other: u8| {
                    let pure_in = |mode: u8| matches!(mode, b'i' | b'v');
                    let pure_out = |mode: u8| matches!(mode, b'o' | b't');
                    !(pure_in(mode) && pure_out(other) || pure_out(mode) && pure_in(other))
                };
                let taken =
                    found.names.iter().zip(&found.all).any(|(known, (_, other))| known == name && clashes(*other));
                if taken {
                    return refuse(&format!("parameter name \"{name}\" used more than once"));
                }
            }
            found.all.push((type_oid, mode));
            found.names.push(name.to_string());
            match &parameter.default {
                Some(default) => {
                    if !is_input {
                        return refuse("only input parameters can have default values");
                    }
                    let row = catalog.type_(type_oid)?;
                    let wanted = Wanted::Column {
                        name: "",
                        ty: SqlType { oid: type_oid, typmod: -1, collation: row.typcollation },
                        what: "default expression",
                    };
                    let polymorphic = row.typtype == b'p';
                    let wanted = if polymorphic { Wanted::Untyped } else { wanted };
                    let stored = expression::store(context, default, Place::FunctionDefault, None, wanted)?;
                    found.default_objects.extend(stored.objects);
                    found.defaults.push(stored.expr);
                }
                None if is_input && !found.defaults.is_empty() => {
                    return refuse("input parameters after one with a default value must also have defaults");
                }
                None => (),
            }
        }
        // An aggregate's transition function has the state besides.
        let most = if kind == ObjectKind::Aggregate { PARAMETERS_MAX - 1 } else { PARAMETERS_MAX };
        if found.inputs.len() > most {
            let text = format!("{plural} cannot have more than {most} arguments");
            return Err(Error::new(SqlState::TOO_MANY_ARGUMENTS, text));
        }
        found.result = match outputs[..] {
            [] => None,
            _ if procedure => Some(oid::RECORD),
            [one] => Some(one),
            _ => Some(oid::RECORD),
        };
        Ok(found)
    }

    /// Writes them into a function's row.
    pub fn apply(&self, row: &mut PgProc) {
        row.pronargs = self.inputs.len() as i16;
        row.pronargdefaults = self.defaults.len() as i16;
        row.proargtypes = catalog::field::OidVector(self.inputs.clone());
        row.provariadic = self.variadic;
        // Modes are stored if there is any but IN, and then all types with them.
        let plain = self.all.iter().all(|(_, mode)| *mode == b'i');
        row.proallargtypes = (!plain).then(|| self.all.iter().map(|(type_oid, _)| *type_oid).collect());
        row.proargmodes = (!plain).then(|| self.all.iter().map(|(_, mode)| *mode).collect());
        let named = self.names.iter().any(|name| !name.is_empty());
        row.proargnames = named.then(|| self.names.iter().map(|name| Text::from(name.clone())).collect());
        row.proargdefaults = (!self.defaults.is_empty()).then(|| to_text(&self.defaults).into());
    }

    /// Whether the result type follows from the arguments' types, and is safe.
    pub fn check_result(&self, context: &Context<'_>, result: Oid) -> Result<()> {
        let outputs = self.all.iter().filter(|(_, mode)| matches!(mode, b'o' | b't')).map(|(type_oid, _)| *type_oid);
        for result in outputs.chain([result]) {
            let Some(detail) = undetermined(context, result, &self.inputs)? else { continue };
            let text = match result {
                oid::INTERNAL => "unsafe use of pseudo-type \"internal\"",
                _ => "cannot determine result data type",
            };
            return Err(Error::new(SqlState::INVALID_FUNCTION_DEFINITION, text).detail(detail));
        }
        Ok(())
    }
}

/// What is missing among a routine's parameters if they do not tell what a result of a pseudo-type is; `None` if they do.
pub(super) fn undetermined(context: &Context<'_>, result: Oid, inputs: &[Oid]) -> Result<Option<String>> {
    let is_first = |oid: Oid| {
        matches!(
            oid,
            oid::ANYELEMENT | oid::ANYARRAY | oid::ANYNONARRAY | oid::ANYENUM | oid::ANYRANGE | oid::ANYMULTIRANGE
        )
    };
    let is_second = |oid: Oid| {
        matches!(
            oid,
            oid::ANYCOMPATIBLE
                | oid::ANYCOMPATIBLEARRAY
                | oid::ANYCOMPATIBLENONARRAY
                | oid::ANYCOMPATIBLERANGE
                | oid::ANYCOMPATIBLEMULTIRANGE
        )
    };
    let given = |wanted: &dyn Fn(Oid) -> bool| inputs.iter().any(|&input| wanted(input));
    let needs = match result {
        oid::ANYRANGE | oid::ANYMULTIRANGE if !given(&|i| matches!(i, oid::ANYRANGE | oid::ANYMULTIRANGE)) => {
            "anyrange or anymultirange"
        }
        oid::ANYCOMPATIBLERANGE | oid::ANYCOMPATIBLEMULTIRANGE
            if !given(&|i| matches!(i, oid::ANYCOMPATIBLERANGE | oid::ANYCOMPATIBLEMULTIRANGE)) =>
        {
            "anycompatiblerange or anycompatiblemultirange"
        }
        first if is_first(first) && !given(&is_first) => {
            "anyelement, anyarray, anynonarray, anyenum, anyrange, or anymultirange"
        }
        second if is_second(second) && !given(&is_second) => {
            "anycompatible, anycompatiblearray, anycompatiblenonarray, anycompatiblerange, or anycompatiblemultirange"
        }
        oid::INTERNAL if !given(&|i| i == oid::INTERNAL) => "internal",
        _ => return Ok(None),
    };
    let name = context.catalog().type_name(result)?;
    Ok(Some(format!("A result of type {name} requires at least one input of type {needs}.")))
}
