//! JSON in expressions: subscripts of jsonb, and SQL/JSON.

use analyzer::query::{JsonBehaviorKind, JsonFunction, JsonKind, JsonPathFunction, JsonWrapper};
use batch::{Batch, Column, Datum, DatumRef, Rows};
use error::{Error, Result, SqlState};
use ids::Oid;
use planner::plan::{self, ColumnType};
use types::Environment;
use types::json::{self, View, assign_path, subscripted};
use types::jsonpath::Program;
use types::jsonpath::sqljson::{self, Question, Variable};
use types::oid;

use super::{Compiled, compile, evaluate_all};
use crate::run::Run;

/// A part of jsonb values, or the values with that part replaced.
pub(super) struct JsonbSubscript {
    pub container: Compiled,
    pub path: Vec<Compiled>,
    pub assign: Option<Compiled>,
}

impl JsonbSubscript {
    pub fn evaluate(&mut self, input: &Batch, rows: Rows<'_>, run: &mut Run<'_>, out: &mut Column) -> Result<()> {
        self.container.evaluate(input, rows, run)?;
        evaluate_all(&mut self.path, input, rows, run)?;
        if let Some(assign) = &mut self.assign {
            assign.evaluate(input, rows, run)?;
        }
        out.reset(input.len());
        let mut path: Vec<DatumRef<'_>> = Vec::with_capacity(self.path.len());
        for row in rows.iter() {
            path.clear();
            path.extend(self.path.iter().map(|step| step.result(input).get(row)));
            let container = self.container.result(input).get(row).as_bytes().map(View::new);
            let Some(assign) = &self.assign else {
                match container.and_then(|view| subscripted(view, &path)) {
                    Some(part) => out.put(row, DatumRef::Bytes(part.bytes())),
                    None => out.set_null(row),
                }
                continue;
            };
            if path.iter().any(|step| step.is_null()) {
                return Err(Error::new(
                    SqlState::NULL_VALUE_NOT_ALLOWED,
                    "jsonb subscript in assignment must not be null",
                ));
            }
            // A null that is assigned is JSON's.
            let value = assign.result(input).get(row).as_bytes().map_or(View::NULL, View::new);
            let bytes = assign_path(container, &path, value)?;
            out.put(row, DatumRef::Bytes(&bytes));
        }
        Ok(())
    }
}

/// A constructor, or `IS JSON`.
pub(super) struct JsonCall {
    pub function: JsonFunction,
    pub args: Vec<Compiled>,
    pub types: Vec<Oid>,
}

impl JsonCall {
    pub fn evaluate(
        &mut self,
        ty: ColumnType,
        input: &Batch,
        rows: Rows<'_>,
        run: &mut Run<'_>,
        out: &mut Column,
    ) -> Result<()> {
        evaluate_all(&mut self.args, input, rows, run)?;
        out.reset(input.len());
        let (env, binary) = (run.env(), ty.oid == oid::JSONB);
        let mut values: Vec<(Oid, DatumRef<'_>)> = Vec::with_capacity(self.args.len());
        let mut made = Vec::new();
        for row in rows.iter() {
            values.clear();
            values.extend(self.args.iter().zip(&self.types).map(|(arg, t)| (*t, arg.result(input).get(row))));
            made.clear();
            match self.function {
                JsonFunction::Object { absent_on_null: absent, unique_keys: unique } => match binary {
                    true => json::encode_built_object(&values, absent, unique, env, &mut made)?,
                    false => json::write_built_object(&values, absent, unique, env, &mut made)?,
                },
                JsonFunction::Array { absent_on_null: absent } => match binary {
                    true => json::encode_built_array(&values, absent, env, &mut made)?,
                    false => json::write_built_array(&values, absent, env, &mut made)?,
                },
                JsonFunction::Scalar | JsonFunction::ParseUnique | JsonFunction::Is { .. } => {
                    let Some(&(type_oid, value)) = values.first().filter(|(_, value)| !value.is_null()) else {
                        out.set_null(row);
                        continue;
                    };
                    let text = value.as_bytes().unwrap_or_default();
                    match self.function {
                        JsonFunction::Is { kind, unique_keys } => {
                            let kind = match kind {
                                JsonKind::Any => sqljson::JsonKind::Any,
                                JsonKind::Object => sqljson::JsonKind::Object,
                                JsonKind::Array => sqljson::JsonKind::Array,
                                JsonKind::Scalar => sqljson::JsonKind::Scalar,
                            };
                            let holds = sqljson::is_json(type_oid, text, kind, unique_keys);
                            out.put(row, DatumRef::B1(holds as u8));
                            continue;
                        }
                        JsonFunction::ParseUnique => {
                            json::Value::parse_unique(text, true)?;
                            made.extend_from_slice(text);
                        }
                        _ => json::to_json(type_oid, value, binary, env, &mut made)?,
                    }
                }
            }
            out.put(row, DatumRef::Bytes(&made));
        }
        Ok(())
    }
}

/// The values of `PASSING` at a row.
pub(crate) fn passed(
    passing: &[(String, Compiled)],
    input: &Batch,
    row: usize,
    env: &dyn Environment,
) -> Result<Vec<Variable>> {
    let variable =
        |(name, value): &(String, Compiled)| Variable::new(name, value.ty().oid, value.result(input).get(row), env);
    passing.iter().map(variable).collect()
}

struct Answer {
    kind: JsonBehaviorKind,
    value: Option<Compiled>,
}

impl Answer {
    fn new(answer: &plan::JsonAnswer) -> Result<Answer> {
        Ok(Answer { kind: answer.kind, value: answer.value.as_deref().map(compile).transpose()? })
    }
}

/// `JSON_EXISTS`, `JSON_QUERY`, `JSON_VALUE`.
pub(crate) struct JsonPath {
    function: JsonPathFunction,
    context: Option<Box<Compiled>>,
    path: Compiled,
    passing: Vec<(String, Compiled)>,
    wrapper: sqljson::Wrapper,
    unquoted: bool,
    on_empty: Answer,
    on_error: Answer,
    column: Option<String>,
    result: ColumnType,
    domain: bool,
    program: Program,
}

impl JsonPath {
    pub(crate) fn new(path: &plan::JsonPath) -> Result<JsonPath> {
        Ok(JsonPath {
            function: path.function,
            context: path.context.as_deref().map(compile).transpose()?.map(Box::new),
            path: compile(&path.path)?,
            passing: compile_passing(&path.passing)?,
            wrapper: match path.wrapper {
                JsonWrapper::Without => sqljson::Wrapper::None,
                JsonWrapper::Conditional => sqljson::Wrapper::Conditional,
                JsonWrapper::Unconditional => sqljson::Wrapper::Unconditional,
            },
            unquoted: path.unquoted,
            on_empty: Answer::new(&path.on_empty)?,
            on_error: Answer::new(&path.on_error)?,
            column: path.column.clone(),
            result: path.result,
            domain: path.domain,
            program: Program::default(),
        })
    }

    pub(super) fn evaluate(
        &mut self,
        input: &Batch,
        rows: Rows<'_>,
        run: &mut Run<'_>,
        out: &mut Column,
    ) -> Result<()> {
        let Some(mut context) = self.context.take() else {
            return Err(Error::internal("a column of JSON_TABLE stands outside of it"));
        };
        let evaluated = context.evaluate(input, rows, run);
        let documents = context.result(input);
        let result = evaluated.and_then(|()| {
            self.passing.iter_mut().try_for_each(|(_, value)| value.evaluate(input, rows, run))?;
            out.reset(input.len());
            for row in rows.iter() {
                let Some(document) = documents.get(row).as_bytes() else {
                    out.set_null(row);
                    continue;
                };
                let passed = passed(&self.passing, input, row, run.env())?;
                let value = self.answer(View::new(document), &passed, input, row, run)?;
                out.put(row, value.as_ref());
            }
            Ok(())
        });
        self.context = Some(context);
        result
    }

    /// The answer for one document.
    pub(crate) fn answer(
        &mut self,
        root: View<'_>,
        passed: &[Variable],
        input: &Batch,
        row: usize,
        run: &mut Run<'_>,
    ) -> Result<Datum> {
        let env = run.env();
        self.path.evaluate(input, Rows::Some(&[row as u16]), run)?;
        let Some(stored) = self.path.result(input).get(row).as_bytes() else { return Ok(Datum::Null) };
        let path = sqljson::path_of(&mut self.program, stored)?;
        let question = Question { root, passed, column: self.column.as_deref(), env };
        let (oid, typmod) = (self.result.oid, self.result.typmod);
        let found: Result<Option<Datum>> = match self.function {
            JsonPathFunction::Exists => {
                question.exists(path)?.and_then(|found| sqljson::from_bool(found, oid, typmod, env).map(Some))
            }
            JsonPathFunction::Query => question.query(path, self.wrapper)?.and_then(|found| {
                let made = |json: Vec<u8>| sqljson::from_query(View::new(&json), oid, typmod, self.unquoted, env);
                found.map(made).transpose()
            }),
            JsonPathFunction::Value => question
                .value(path)?
                .and_then(|found| found.map(|scalar| sqljson::from_scalar(&scalar, oid, typmod, env)).transpose()),
        };
        match found {
            Ok(Some(value)) => Ok(value),
            Ok(None) if self.on_empty.kind == JsonBehaviorKind::Error => {
                let of = self.column.as_ref().map_or(String::new(), |column| format!(" of column \"{column}\""));
                let message = format!("no SQL/JSON item found for specified path{of}");
                Err(Error::new(SqlState::NO_SQL_JSON_ITEM, message))
            }
            Ok(None) => self.behave(true, input, row, run),
            Err(error) if self.on_error.kind == JsonBehaviorKind::Error || !sqljson::is_soft(&error) => Err(error),
            Err(_) => self.behave(false, input, row, run),
        }
    }

    /// What `ON EMPTY` or `ON ERROR` says.
    fn behave(&mut self, empty: bool, input: &Batch, row: usize, run: &mut Run<'_>) -> Result<Datum> {
        let env = run.env();
        let strict = self.on_error.kind == JsonBehaviorKind::Error;
        let answer = if empty { &mut self.on_empty } else { &mut self.on_error };
        let kind = answer.kind;
        let (oid, typmod) = (self.result.oid, self.result.typmod);
        let literal = |text: &[u8]| -> Result<Datum> {
            let mut json = Vec::new();
            json::encode(text, &mut json)?;
            sqljson::from_query(View::new(&json), oid, typmod, self.unquoted, env)
        };
        // Errors of computing a default are its own, but those of constraints are of the answer.
        let mut own = false;
        let value = match kind {
            JsonBehaviorKind::Null | JsonBehaviorKind::Unknown | JsonBehaviorKind::Error => Ok(Datum::Null),
            JsonBehaviorKind::True => sqljson::from_bool(true, oid, typmod, env),
            JsonBehaviorKind::False => sqljson::from_bool(false, oid, typmod, env),
            JsonBehaviorKind::EmptyArray => literal(b"[]"),
            JsonBehaviorKind::EmptyObject => literal(b"{}"),
            JsonBehaviorKind::Default => match &mut answer.value {
                None => Ok(Datum::Null),
                Some(default) => {
                    let rows = [row as u16];
                    let evaluated = default.evaluate(input, Rows::Some(&rows), run);
                    let value = evaluated.and_then(|()| {
                        let value = default.result(input).get(row);
                        match (default.ty().oid, value.as_bytes()) {
                            (oid::JSONB, Some(json)) if oid != oid::JSONB => {
                                sqljson::from_query(View::new(json), oid, typmod, true, env)
                            }
                            _ => Ok(value.to_datum()),
                        }
                    });
                    own = value.as_ref().is_err_and(|e| !e.state().to_string().starts_with("23"));
                    value
                }
            },
        };
        let checked = value.and_then(|value| {
            if self.domain {
                env.check_domain(oid, value.as_ref())?;
            }
            Ok(value)
        });
        checked.map_err(|error| {
            if own || strict || !sqljson::is_soft(&error) {
                return error;
            }
            let when = if empty { "ON EMPTY" } else { "ON ERROR" };
            let message = format!("could not coerce {when} expression ({}) to the RETURNING type", kind.words());
            Error::new(SqlState::DATATYPE_MISMATCH, message).detail(error.message())
        })
    }
}

/// Compiles the values of `PASSING`.
pub(crate) fn compile_passing(passing: &[(String, plan::Expr)]) -> Result<Vec<(String, Compiled)>> {
    passing.iter().map(|(name, value)| Ok((name.clone(), compile(value)?))).collect()
}
