//! Which function, procedure or aggregate `name(types)` means, for statements about the object itself.

use catalog::Entry;
use catalog::rows::PgProc;
use error::{Error, Result, SqlState};
use ids::Oid;
use parser::ast::{FunctionSignature, ObjectKind, ParameterMode, TypeName};

use crate::Context;

/// The word for a kind of routine in messages.
pub(crate) fn word(kind: ObjectKind) -> &'static str {
    match kind {
        ObjectKind::Procedure => "procedure",
        ObjectKind::Aggregate => "aggregate",
        ObjectKind::Routine => "routine",
        _ => "function",
    }
}

fn fits(kind: ObjectKind, row: &PgProc) -> bool {
    match kind {
        ObjectKind::Procedure => row.prokind == b'p',
        ObjectKind::Aggregate => row.prokind == b'a',
        ObjectKind::Routine => true,
        _ => row.prokind != b'p',
    }
}

/// A type by its name; errors do not say where it stands, as for all names of objects.
pub(crate) fn type_of(context: &Context<'_>, name: &TypeName) -> Result<Oid> {
    context.analyzer().type_name(name).map(|found| found.oid).map_err(|mut error| {
        error.fields_mut().position = None;
        error
    })
}

/// As [`type_of`], for statements that take a shell for a type: its functions are named before it is defined.
pub(crate) fn type_or_shell(context: &Context<'_>, name: &TypeName) -> Result<Oid> {
    match context.analyzer().shell_type(name) {
        Ok(Some(shell)) => Ok(shell),
        _ => type_of(context, name),
    }
}

/// The routine that a signature means.
///
/// # Errors
/// `42883` if there is none, `42725` if a name without types means several, `42809` if it is of another kind.
pub(crate) fn require(context: &Context<'_>, kind: ObjectKind, signature: &FunctionSignature) -> Result<Entry<PgProc>> {
    let catalog = context.catalog();
    let name = &signature.name;
    let schema = name.qualifiers.last().map(|schema| &**schema);
    let candidates = catalog.functions_by_name(schema, &name.name)?;
    let word = word(kind);
    let full = name.to_string();
    let Some(parameters) = &signature.parameters else {
        let mut rows = candidates.into_iter().filter(|candidate| fits(kind, &candidate.row));
        let article = if kind == ObjectKind::Aggregate { "an" } else { "a" };
        return match (rows.next(), rows.next()) {
            (Some(one), None) => Ok(one.row),
            (None, _) => {
                let text = format!("could not find {article} {word} named \"{full}\"");
                Err(Error::new(SqlState::UNDEFINED_FUNCTION, text))
            }
            _ => {
                let hint = format!("Specify the argument list to select the {word} unambiguously.");
                let text = format!("{word} name \"{full}\" is not unique");
                Err(Error::new(SqlState::AMBIGUOUS_FUNCTION, text).hint(hint))
            }
        };
    };
    let types = |outputs: bool| -> Result<Vec<Oid>> {
        let wanted = parameters.iter().filter(|parameter| {
            parameter.mode != ParameterMode::Table && (outputs || parameter.mode != ParameterMode::Out)
        });
        wanted.map(|parameter| type_or_shell(context, &parameter.type_name)).collect()
    };
    let inputs = types(false)?;
    let mut found = candidates.iter().find(|candidate| *candidate.row.proargtypes == inputs[..]);
    // A procedure may be named by all its parameters.
    if matches!(kind, ObjectKind::Procedure | ObjectKind::Routine) {
        let all = types(true)?;
        let same = |row: &PgProc| row.prokind == b'p' && row.proallargtypes.as_deref() == Some(&all[..]);
        let by_all = candidates.iter().find(|candidate| same(&candidate.row));
        // Types without modes may mean either; they must not mean two.
        let without_modes = parameters.iter().all(|parameter| parameter.mode == ParameterMode::Default);
        let both = matches!((&found, &by_all), (Some(one), Some(other)) if one.row.oid != other.row.oid);
        if without_modes && both {
            let text = format!("{word} name \"{full}\" is not unique");
            return Err(Error::new(SqlState::AMBIGUOUS_FUNCTION, text));
        }
        found = found.or(by_all);
    }
    let names: Vec<String> = inputs.iter().map(|&oid| catalog.type_name(oid)).collect::<Result<_>>()?;
    let shown = format!("{full}({})", names.join(", "));
    let wrong = |text: String| Err(Error::new(SqlState::WRONG_OBJECT_TYPE, text));
    match found {
        Some(found) if fits(kind, &found.row) => Ok(found.row.clone()),
        Some(_) if kind == ObjectKind::Aggregate => wrong(format!("function {shown} is not an aggregate")),
        Some(_) => wrong(format!("{shown} is not a {word}")),
        None if kind == ObjectKind::Aggregate && inputs.is_empty() => {
            Err(Error::new(SqlState::UNDEFINED_FUNCTION, format!("aggregate {full}(*) does not exist")))
        }
        None => Err(Error::new(SqlState::UNDEFINED_FUNCTION, format!("{word} {shown} does not exist"))),
    }
}
