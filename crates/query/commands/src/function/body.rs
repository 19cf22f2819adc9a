//! What each language asks of a body, and bodies in SQL that are stored analyzed.

use analyzer::node::to_text;
use analyzer::query::Query;
use analyzer::routine::{Arguments, RoutineBody};
use analyzer::{Analyzer, Params};
use catalog::Object;
use catalog::rows::{PgLanguage, PgProc};
use error::{Error, Result, SqlState};
use parser::ast::{RoutineStatement, SqlBody, Statement};

use super::{C, INTERNAL, SQL};
use crate::{Context, needs};

fn wrong<T>(text: impl Into<String>) -> Result<T> {
    Err(Error::new(SqlState::INVALID_FUNCTION_DEFINITION, text))
}

/// Sets `prosrc`, `probin` and `prosqlbody`; gives the objects that a body in SQL needs.
pub(super) fn set(
    context: &Context<'_>,
    row: &mut PgProc,
    language: &PgLanguage,
    given: Option<&[&str]>,
    body: Option<&SqlBody>,
) -> Result<Vec<Object>> {
    if let Some(body) = body {
        if given.is_some() {
            return wrong("duplicate function body specified");
        }
        if row.prolang != SQL {
            return wrong("inline SQL function body only valid for language SQL");
        }
        return analyzed(context, row, body);
    }
    let Some(parts) = given else { return wrong("no function body specified") };
    match parts {
        [file, symbol] if row.prolang == C => {
            row.probin = Some(file.to_string().into());
            row.prosrc =
                if symbol.is_empty() || *symbol == "-" { row.proname.clone() } else { symbol.to_string().into() };
        }
        [file] if row.prolang == C => {
            row.probin = Some(file.to_string().into());
            row.prosrc = row.proname.clone();
        }
        [source] => {
            let own_name = row.prolang == INTERNAL && (source.is_empty() || *source == "-");
            row.prosrc = if own_name { row.proname.clone() } else { source.to_string().into() };
        }
        _ => return wrong(format!("only one AS item needed for language \"{}\"", language.lanname)),
    }
    Ok(Vec::new())
}

/// A body in SQL, analyzed now.
fn analyzed(context: &Context<'_>, row: &mut PgProc, body: &SqlBody) -> Result<Vec<Object>> {
    let catalog = context.catalog();
    for &input in row.proargtypes.iter() {
        if analyzer::types::is_polymorphic(input) {
            return wrong("SQL function with unquoted function body cannot have polymorphic arguments");
        }
    }
    let source = row.clone();
    let arguments = Arguments::of(catalog, &source, &source.proargtypes, ids::Oid::INVALID)?;
    let analyze = || -> Analyzer<'_> {
        Analyzer::new(catalog, context.session.env(), context.text, Params::default()).with_variables(&arguments)
    };
    let body = match body {
        SqlBody::Return(expr) => RoutineBody::Return(Box::new(analyze().routine_return(expr, true)?)),
        SqlBody::Atomic(statements) => {
            let mut queries = Vec::with_capacity(statements.len());
            for statement in statements {
                queries.push(match statement {
                    RoutineStatement::Return(expr) => analyze().routine_return(expr, true)?,
                    RoutineStatement::Statement(raw) => {
                        if !analyzer::is_query(&raw.statement) {
                            return Err(not_in_body(&raw.statement));
                        }
                        analyze().routine_query(&raw.statement, true)?
                    }
                });
            }
            RoutineBody::Atomic(queries)
        }
    };
    let queries: &[Query] = match &body {
        RoutineBody::Return(query) => std::slice::from_ref(query),
        RoutineBody::Atomic(queries) => queries,
    };
    let mut objects: Vec<Object> = Vec::new();
    for query in queries {
        for object in needs::of_query(catalog, query) {
            if !objects.contains(&object) {
                objects.push(object);
            }
        }
    }
    row.prosqlbody = Some(to_text(&body).into());
    row.prosrc = String::new().into();
    Ok(objects)
}

fn not_in_body(statement: &Statement) -> Error {
    let text = format!("{} is not yet supported in unquoted SQL function body", statement.name());
    Error::new(SqlState::FEATURE_NOT_SUPPORTED, text)
}

/// Moves an error's place in a body to where the body stands in the statement, if it stands there once; otherwise the body is shown
/// beside the error. `true` if it was moved.
pub fn transpose(text: &str, error: Error, body: &str) -> (Error, bool) {
    let mut error = error;
    let position = match error.fields().position {
        Some(position) => {
            error.fields_mut().position = None;
            position
        }
        None => match (&error.fields().internal_query, error.fields().internal_position) {
            (Some(query), Some(position)) if query == body => {
                error.fields_mut().internal_query = None;
                error.fields_mut().internal_position = None;
                position
            }
            _ => return (error, false),
        },
    };
    match place_of_body(text, body, position) {
        Some(position) => (error.position(position), true),
        None => (error.internal_position(position).internal_query(body), true),
    }
}

/// Where character `position` (from 1) of a body stands in a statement that quotes it exactly once.
fn place_of_body(text: &str, body: &str, position: u32) -> Option<u32> {
    let mut found = None;
    for (at, c) in text.char_indices() {
        let place = match c {
            '$' => text[at + 1..].starts_with(body).then_some(()).and_then(|()| {
                let end = at + 1 + body.len();
                text[end..].starts_with('$').then(|| text[..at + 1].chars().count() as u32 + position)
            }),
            '\'' => quoted(&text[at + 1..], body, position).map(|n| text[..at + 1].chars().count() as u32 + n),
            _ => None,
        };
        if place.is_some() {
            if found.is_some() {
                return None;
            }
            found = place;
        }
    }
    found
}

/// Where character `position` of `body` stands in `text`, which begins behind a quote and doubles quotes.
fn quoted(text: &str, body: &str, position: u32) -> Option<u32> {
    let mut chars = text.chars();
    let mut written = 0;
    let mut place = None;
    for (n, wanted) in body.chars().enumerate() {
        if n as u32 + 1 == position {
            place = Some(written + 1);
        }
        if chars.next() != Some(wanted) {
            return None;
        }
        written += 1;
        if matches!(wanted, '\'' | '\\') {
            if chars.next() != Some(wanted) {
                return None;
            }
            written += 1;
        }
    }
    // The end of the body has a place, too.
    let place = place.or(Some(written + 1));
    (chars.next() == Some('\'')).then_some(place).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_in_a_body_is_shown_in_the_statement() {
        let text = "CREATE FUNCTION f() AS 'SELECT ''é'' + x'";
        assert_eq!(place_of_body(text, "SELECT 'é' + x", 14), Some(40));
        assert_eq!(place_of_body("AS $$SELECT x$$", "SELECT x", 8), Some(13));
        assert_eq!(place_of_body("AS $$SELECT x$$, 'SELECT x'", "SELECT x", 8), None, "it stands there twice");
        assert_eq!(place_of_body("AS $$SELECT y$$", "SELECT x", 8), None);
    }
}
