//! From a fragment of SQL to something that runs: names resolved to variables, a plan, and which values it wants.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use analyzer::query::{Query, SqlType};
use analyzer::routine::{Precedence, Variable as Resolved, Variables, in_body};
use batch::Datum;
use error::{Error, Result, SqlState};
use executor::PlanLocks;
use executor::scalar::Scalar;
use ids::Oid;
use parser::ast::{RawStatement, Statement as Sql};
use planner::plan::{Command, Plan};

use super::assign::columns_of_plan;
use super::frame::{Frame, Value};
use crate::tree::*;
use crate::{Host, parse};

/// A fragment, ready to run.
pub struct Planned {
    /// What it does.
    pub work: Work,
    /// Where its parameters' values come from.
    pub sources: Vec<(Source, SqlType)>,
    /// Row variables whose fields were all named (`variable.*`), with the columns that they had.
    shapes: Vec<(Number, Columns)>,
    /// For which state of the catalogs it holds.
    generations: (u64, u64),
    /// The types that its columns were made to fit.
    wanted: Vec<Option<SqlType>>,
    /// Its parameters are EXECUTE's: `sources` says their types only.
    dynamic: bool,
}

/// What a fragment does.
pub enum Work {
    /// An expression that needs no executor.
    Scalar(Box<RefCell<Scalar>>, SqlType),
    /// A query.
    Plan(Arc<Plan>),
    /// A statement that is no query.
    Utility(Box<Sql>),
}

/// Where a parameter's value comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// A variable.
    Variable(Number),
    /// A field of a row.
    Field(Number, String),
}

/// The names that a fragment can use.
pub struct Resolver<'r> {
    routine: &'r Routine,
    frame: &'r Frame,
    names: Option<usize>,
    sources: RefCell<Vec<(Source, SqlType)>>,
    shapes: RefCell<Vec<(Number, Columns)>>,
}

impl<'r> Resolver<'r> {
    /// For a fragment of a routine that runs.
    pub fn new(routine: &'r Routine, frame: &'r Frame, names: Option<usize>) -> Resolver<'r> {
        Resolver { routine, frame, names, sources: RefCell::default(), shapes: RefCell::default() }
    }

    fn param(&self, source: Source, ty: SqlType) -> Resolved {
        let mut sources = self.sources.borrow_mut();
        let at = match sources.iter().position(|(known, _)| *known == source) {
            Some(at) => at,
            None => {
                sources.push((source, ty));
                sources.len() - 1
            }
        };
        Resolved { number: at as u32 + 1, ty }
    }

    fn variable(&self, number: Number) -> Resolved {
        self.param(Source::Variable(number), self.frame.type_of(self.routine, number))
    }
}

impl Variables for Resolver<'_> {
    fn named(&self, parts: &[&str]) -> Result<Option<(Resolved, usize)>> {
        let Some((number, used)) = parse::lookup(&self.routine.names, self.names, parts) else { return Ok(None) };
        if parts.len() == used || !matches!(self.routine.variables[number].kind, VariableKind::Record(_)) {
            return Ok(Some((self.variable(number), used)));
        }
        let field = parts[used];
        let ty = self.frame.field_type(self.routine, number, field)?;
        let source = Source::Field(number, field.to_string());
        Ok(Some((self.param(source, ty), used + 1)))
    }

    fn numbered(&self, number: i32) -> Option<Resolved> {
        let name = format!("${number}");
        let (found, _) = parse::lookup(&self.routine.names, self.names, &[&name])?;
        Some(self.variable(found))
    }

    fn precedence(&self) -> Precedence {
        self.routine.precedence
    }

    fn fields(&self, parts: &[&str]) -> Result<Option<Vec<(String, Resolved)>>> {
        let Some((number, used)) = parse::lookup(&self.routine.names, self.names, parts) else { return Ok(None) };
        if used < parts.len() || !matches!(self.routine.variables[number].kind, VariableKind::Record(_)) {
            return Ok(None);
        }
        let columns = self.frame.columns(self.routine, number)?;
        let field =
            |(name, ty): &(String, SqlType)| (name.clone(), self.param(Source::Field(number, name.clone()), *ty));
        let fields = columns.iter().filter(|(name, _)| !name.is_empty()).map(field).collect();
        self.shapes.borrow_mut().push((number, columns));
        Ok(Some(fields))
    }

    fn table(&self, name: &str) -> Option<Oid> {
        self.frame.transition_table(name)
    }
}

/// Parses a fragment, to see whether it can be.
pub(crate) fn parse_fragment(text: &str, mode: Mode) -> Result<RawStatement> {
    let mut statements = parse::parse_sql(text, mode)?;
    match (statements.pop(), statements.is_empty()) {
        (Some(statement), true) => Ok(statement),
        _ => Err(Error::new(SqlState::SYNTAX_ERROR, format!("query \"{text}\" is not one statement"))),
    }
}

/// The line of context for a fragment that failed, where PostgreSQL gives one.
pub fn fragment_context(error: Error, text: &str, mode: Mode) -> Error {
    let positioned = error.fields().position.is_some();
    if positioned {
        return in_body(error, text);
    }
    match mode {
        Mode::Expression => error.context(format!("PL/pgSQL expression \"{text}\"")),
        Mode::Assignment(_) => error.context(format!("PL/pgSQL assignment \"{text}\"")),
        Mode::Statement => error.context(format!("SQL statement \"{text}\"")),
    }
}

impl Fragment {
    /// The fragment, planned; its columns are made to fit `wanted` as assignment would, where that says a type.
    pub fn planned(
        &self,
        host: &dyn Host,
        routine: &Routine,
        frame: &Frame,
        wanted: &[Option<SqlType>],
    ) -> Result<Rc<Planned>> {
        Planned::locked(host, |generations| {
            if let Some(found) = &*self.planned.borrow()
                && found.generations == generations
                && found.wanted == wanted
                && found.fits(routine, frame)
            {
                return Ok(found.clone());
            }
            let made = Rc::new(self.plan(host, routine, frame, wanted, generations)?);
            self.planned.replace(Some(made.clone()));
            Ok(made)
        })
    }

    fn plan(
        &self,
        host: &dyn Host,
        routine: &Routine,
        frame: &Frame,
        wanted: &[Option<SqlType>],
        generations: (u64, u64),
    ) -> Result<Planned> {
        let fail = |error: Error| fragment_context(error, &self.text, self.mode);
        let raw = parse_fragment(&self.text, self.mode).map_err(fail)?;
        let resolver = Resolver::new(routine, frame, self.names);
        let make = || -> Result<Option<Arc<Plan>>> {
            let query = match &raw.statement {
                Sql::Assign(assign) if assign.path.len() > assign.extra_names as usize => {
                    assigned(host, &self.text, assign, &resolver)?
                }
                Sql::Assign(assign) => {
                    let select = Sql::Select(assign.value.clone());
                    host.analyze(&self.text, &select, &resolver)?
                }
                statement if analyzer::is_query(statement) => host.analyze(&self.text, statement, &resolver)?,
                _ => return Ok(None),
            };
            let query = self.fit(host, query, wanted)?;
            let types = resolver.sources.borrow().iter().map(|(_, ty)| ty.oid).collect();
            host.plan(query, types).map(Some)
        };
        let plan = make().map_err(fail)?;
        let work = match plan {
            None => Work::Utility(Box::new(raw.statement)),
            Some(plan) => match (self.mode != Mode::Statement).then(|| Scalar::of(&plan)).transpose()?.flatten() {
                Some(scalar) => {
                    let ty = &plan.output[0].ty;
                    let ty = SqlType { oid: ty.oid, typmod: ty.typmod, collation: ty.collation };
                    Work::Scalar(Box::new(RefCell::new(scalar)), ty)
                }
                None => Work::Plan(plan),
            },
        };
        Ok(Planned {
            work,
            sources: resolver.sources.into_inner(),
            shapes: resolver.shapes.into_inner(),
            generations,
            wanted: wanted.to_vec(),
            dynamic: false,
        })
    }

    /// Casts the output to what is wanted.
    fn fit(&self, host: &dyn Host, mut query: Query, wanted: &[Option<SqlType>]) -> Result<Query> {
        let count = query.output().count();
        if self.mode != Mode::Statement && count != 1 {
            let text = match self.mode {
                Mode::Assignment(_) => format!("assignment source returned {count} columns"),
                _ => format!("query returned {count} columns"),
            };
            return Err(Error::new(SqlState::SYNTAX_ERROR, text));
        }
        let params = analyzer::Params::default();
        let mut analyzer = analyzer::Analyzer::new(host.catalog(), host.env(), &self.text, params);
        for (at, wanted) in wanted.iter().enumerate().take(count) {
            if let Some(ty) = wanted {
                analyzer.fit_variable(&mut query, at, *ty)?;
            }
        }
        Ok(query)
    }
}

/// `variable[…].field := value`: the variable's new value.
fn assigned(host: &dyn Host, text: &str, assign: &parser::ast::Assign, resolver: &Resolver<'_>) -> Result<Query> {
    let query = host.analyze(text, &Sql::Select(assign.value.clone()), resolver)?;
    let extra = assign.extra_names as usize;
    let mut words: Vec<&str> = vec![&assign.name];
    for accessor in &assign.path[..extra] {
        if let parser::ast::Accessor::Field(name) = accessor {
            words.push(name);
        }
    }
    let Some((base, _)) = resolver.named(&words)? else {
        return Err(Error::new(SqlState::SYNTAX_ERROR, format!("\"{}\" is not a known variable", words.join("."))));
    };
    let params = analyzer::Params::default();
    let analyzer = analyzer::Analyzer::new(host.catalog(), host.env(), text, params).with_variables(resolver);
    analyzer.assign_variable(query, base, &assign.path[extra..], words[words.len() - 1])
}

/// `$1`, `$2` … of EXECUTE … USING.
struct Numbered<'t>(&'t [SqlType], &'t Frame);

impl Variables for Numbered<'_> {
    fn named(&self, _: &[&str]) -> Result<Option<(Resolved, usize)>> {
        Ok(None)
    }

    fn numbered(&self, number: i32) -> Option<Resolved> {
        let at = usize::try_from(number).ok()?.checked_sub(1)?;
        self.0.get(at).map(|&ty| Resolved { number: number as u32, ty })
    }

    fn precedence(&self) -> Precedence {
        Precedence::Column
    }

    fn table(&self, name: &str) -> Option<Oid> {
        self.1.transition_table(name)
    }
}

impl Planned {
    /// What `make` gives, with the relations of its plan locked: made again if something changed before they were.
    fn locked(host: &dyn Host, mut make: impl FnMut((u64, u64)) -> Result<Rc<Planned>>) -> Result<Rc<Planned>> {
        let mut locks = PlanLocks::default();
        loop {
            let generations = host.generations();
            let made = make(generations)?;
            let Work::Plan(plan) = &made.work else { return Ok(made) };
            if host.lock(plan, &mut locks)? || host.generations() == generations {
                return Ok(made);
            }
        }
    }

    /// A statement whose only parameters are EXECUTE's.
    pub fn dynamic(host: &dyn Host, frame: &Frame, text: &str, types: &[SqlType]) -> Result<Rc<Planned>> {
        Planned::locked(host, |generations| Planned::make_dynamic(host, frame, text, types, generations).map(Rc::new))
    }

    fn make_dynamic(
        host: &dyn Host,
        frame: &Frame,
        text: &str,
        types: &[SqlType],
        generations: (u64, u64),
    ) -> Result<Planned> {
        let raw = parse_fragment(text, Mode::Statement)?;
        let work = match analyzer::is_query(&raw.statement) {
            true => {
                let query = host.analyze(text, &raw.statement, &Numbered(types, frame))?;
                Work::Plan(host.plan(query, types.iter().map(|ty| ty.oid).collect())?)
            }
            false => Work::Utility(Box::new(raw.statement)),
        };
        let sources = types.iter().map(|ty| (Source::Variable(0), *ty)).collect();
        Ok(Planned { work, sources, shapes: Vec::new(), generations, wanted: Vec::new(), dynamic: true })
    }

    /// Whether the variables still have the types that it was planned for: a row's fields may change theirs.
    fn fits(&self, routine: &Routine, frame: &Frame) -> bool {
        let same = |(number, columns): &(Number, Columns)| {
            frame.columns(routine, *number).is_ok_and(|now| Rc::ptr_eq(&now, columns) || now == *columns)
        };
        self.shapes.iter().all(same)
            && self.sources.iter().all(|(source, ty)| match source {
                Source::Variable(number) => match routine.variables[*number].kind {
                    VariableKind::Scalar(declared) if declared.oid != types::oid::UNKNOWN => true,
                    _ => frame.type_of(routine, *number).oid == ty.oid,
                },
                Source::Field(number, field) => {
                    frame.field_type(routine, *number, field).is_ok_and(|found| found.oid == ty.oid)
                }
            })
    }

    /// The values of its parameters.
    pub fn params(&self, host: &dyn Host, routine: &Routine, frame: &Frame) -> Result<Vec<Datum>> {
        params(&self.sources, host, routine, frame)
    }

    /// The columns of its rows; none if it gives no rows.
    pub fn columns(&self, host: &dyn Host) -> Result<Option<Columns>> {
        match &self.work {
            Work::Scalar(..) => Err(Error::internal("a statement is no expression")),
            Work::Plan(plan) if plan.command == Command::Select || !plan.output.is_empty() => {
                Ok(Some(columns_of_plan(plan)))
            }
            Work::Plan(_) => Ok(None),
            Work::Utility(statement) => Ok(host.utility_columns(statement)?.map(Columns::from)),
        }
    }

    /// What kind of statement it is, for messages.
    pub fn command_name(&self) -> &'static str {
        match &self.work {
            Work::Scalar(..) => Command::Select.word(),
            Work::Plan(plan) => plan.command.word(),
            Work::Utility(statement) if matches!(&**statement, Sql::Select(_)) => "SELECT INTO",
            Work::Utility(statement) => statement.name(),
        }
    }

    /// Calls `run` with what names mean in this statement: the variables, or the parameters of EXECUTE.
    pub fn with_scope<T>(
        &self,
        host: &dyn Host,
        routine: &Routine,
        frame: &Frame,
        names: Option<usize>,
        params: &[Datum],
        run: impl FnOnce(&dyn crate::CallScope) -> Result<T>,
    ) -> Result<T> {
        if self.dynamic {
            let types: Vec<SqlType> = self.sources.iter().map(|(_, ty)| *ty).collect();
            return run(&Given { numbered: Numbered(&types, frame), values: params });
        }
        run(&Scope { resolver: Resolver::new(routine, frame, names), host })
    }
}

/// Names and types of columns.
pub type Columns = Rc<[(String, SqlType)]>;

/// What EXECUTE … USING gives.
struct Given<'t> {
    numbered: Numbered<'t>,
    values: &'t [Datum],
}

impl crate::CallScope for Given<'_> {
    fn variables(&self) -> &dyn Variables {
        &self.numbered
    }

    fn params(&self) -> Result<(Vec<Datum>, Vec<Oid>)> {
        Ok((self.values.to_vec(), self.numbered.0.iter().map(|ty| ty.oid).collect()))
    }
}

/// The values of parameters.
pub fn params(sources: &[(Source, SqlType)], host: &dyn Host, routine: &Routine, frame: &Frame) -> Result<Vec<Datum>> {
    sources
        .iter()
        .map(|(source, _)| match source {
            Source::Variable(number) => match &frame.values[*number] {
                Value::Scalar(value) => Ok(value.clone()),
                Value::Record(_) => frame.row_value(host, routine, *number),
            },
            Source::Field(number, field) => frame.field(routine, *number, field),
        })
        .collect()
}

impl crate::CallScope for Scope<'_> {
    fn variables(&self) -> &dyn Variables {
        &self.resolver
    }

    fn params(&self) -> Result<(Vec<Datum>, Vec<Oid>)> {
        let sources = self.resolver.sources.borrow();
        let values = params(&sources, self.host, self.resolver.routine, self.resolver.frame)?;
        Ok((values, sources.iter().map(|(_, ty)| ty.oid).collect()))
    }
}

/// The names that CALL can use, with their values.
pub struct Scope<'r> {
    /// The names.
    pub resolver: Resolver<'r>,
    /// The session.
    pub host: &'r dyn Host,
}
