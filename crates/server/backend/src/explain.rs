//! EXPLAIN: the plan of a query, and with ANALYZE what its nodes did.

use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use analyzer::{Analyzer, Params};
use batch::Datum;
use commands::create_as::Making;
use error::{Error, Result, SqlState, bail};
use executor::{Execution, Instrument, Options};
use ids::Oid;
use parser::ast::{DefinitionItem, DefinitionValue, Explain, Statement};
use planner::explain::{self as plan_text, Actual, Format, Properties, Value};
use planner::plan::Plan;

use crate::portal::TextRows;
use crate::session::Session;

impl Session<'_> {
    /// The lines of an EXPLAIN of the plan that `plan` makes.
    ///
    /// # Errors
    /// `0A000` for what is not written yet: other formats, and statements that are not queries.
    pub fn explain(
        &self,
        text: &Rc<str>,
        explain: &Explain,
        plan: &dyn Fn() -> Result<(Arc<Plan>, Vec<Datum>)>,
    ) -> Result<TextRows> {
        let mut options = plan_text::Options::default();
        let (mut analyze, mut summary) = (false, None);
        let (mut timing, mut wal, mut generic, mut format) = (None, false, false, None);
        for option in &explain.options {
            match &*option.name {
                "analyze" => analyze = boolean(option)?,
                "verbose" => options.verbose = boolean(option)?,
                "costs" => options.costs = boolean(option)?,
                "timing" => timing = Some(boolean(option)?),
                "summary" => summary = Some(boolean(option)?),
                // Nothing to show for these yet; asking for them changes no result.
                "buffers" | "settings" | "memory" => drop(boolean(option)?),
                "wal" => wal = boolean(option)?,
                "generic_plan" => generic = boolean(option)?,
                "format" => {
                    let before = text.get(..option.location as usize).unwrap_or_default();
                    format = format_of(option).map_err(|e| e.position(before.chars().count() as u32 + 1))?;
                }
                "serialize" => {
                    return Err(Error::not_implemented(format_args!("EXPLAIN ({})", option.name)));
                }
                other => bail!(SYNTAX_ERROR, "unrecognized EXPLAIN option \"{other}\""),
            }
        }
        for (name, given) in [("WAL", wal), ("TIMING", timing == Some(true))] {
            if given && !analyze {
                bail!(INVALID_PARAMETER_VALUE, "EXPLAIN option {name} requires ANALYZE");
            }
        }
        if generic && analyze {
            bail!(INVALID_PARAMETER_VALUE, "EXPLAIN options ANALYZE and GENERIC_PLAN cannot be used together");
        }
        options.timing = timing.unwrap_or(true);
        let session = self.executor();
        let context = commands::Context { session: &session, services: self, text };
        if matches!(*explain.query, Statement::RefreshMaterializedView(_)) && format.is_none() {
            let lines = std::iter::once(vec![Some("Utility statements have no plan structure".to_string())]);
            return Ok(TextRows::new(lines, "EXPLAIN"));
        }
        let making = Making::of(&explain.query);
        if let Some(making) = &making
            && making.is_there(&context)?
        {
            return Ok(TextRows::new(std::iter::empty(), "EXPLAIN"));
        }
        let began = Instant::now();
        let before = self.shows_outputs.replace(true);
        let planned = plan();
        self.shows_outputs.set(before);
        let (plan, params) = planned?;
        let planning = began.elapsed();
        plan.parts().into_iter().try_for_each(|part| executor::check_privileges(&session, part))?;
        let left = match generic {
            true => plan_text::Left::new(),
            false => executor::left_at_start(&self.executor(), &plan, params.clone(), &self.transaction.snapshot()?)?,
        };
        if plan.companions.is_some() && (analyze || format.is_some()) {
            return Err(Error::not_implemented("EXPLAIN ANALYZE of a statement that rules rewrite"));
        }
        let mut lines = if analyze {
            let began = Instant::now();
            // What fills a relation runs as an INSERT, and is shown without it.
            let (plan, instruments) = match &making {
                None => {
                    let instruments = self.measure(&plan, params)?;
                    (plan, instruments)
                }
                Some(making) => match making.begin(&context)? {
                    None => (plan, Vec::new()),
                    Some(insertion) => {
                        let instruments = self.measure(&insertion, Vec::new())?;
                        self.catalog().next_command()?;
                        let source = Arc::try_unwrap(insertion).map(|plan| Arc::new(plan.into_source()));
                        (source.unwrap_or_else(|plan| plan), instruments)
                    }
                },
            };
            self.fire_triggers(false)?;
            let execution_time = began.elapsed();
            let actual = |id: u32| {
                instruments.get(id as usize).map_or_else(Actual::default, |i| Actual {
                    rows: i.rows,
                    loops: i.loops,
                    filtered: i.filtered,
                    startup: i.startup,
                    total: i.total,
                })
            };
            if let Some(format) = format {
                let times = summary.unwrap_or(true).then_some((planning, Some(execution_time)));
                return self.explain_for_programs(&plan, options, Some(&actual), &left, times, format);
            }
            let mut lines = plan_text::text(&plan, self.catalog(), self, options, Some(&actual), &left)?;
            if summary.unwrap_or(true) {
                lines.push(format!("Planning Time: {:.3} ms", planning.as_secs_f64() * 1000.0));
                lines.push(format!("Execution Time: {:.3} ms", execution_time.as_secs_f64() * 1000.0));
            }
            lines
        } else if let Some(format) = format {
            let times = (summary == Some(true)).then_some((planning, None));
            return self.explain_for_programs(&plan, options, None, &left, times, format);
        } else {
            let mut lines: Vec<String> = Vec::new();
            for part in plan.parts() {
                if !lines.is_empty() {
                    lines.push(String::new());
                }
                // What rules add is shown as it is before it starts.
                let none = plan_text::Left::new();
                let left = if std::ptr::eq(part, &*plan) { &left } else { &none };
                lines.extend(plan_text::text(part, self.catalog(), self, options, None, left)?);
            }
            if lines.is_empty() {
                lines.push("Query rewrites to nothing".into());
            }
            lines
        };
        if !analyze && summary == Some(true) {
            lines.push(format!("Planning Time: {:.3} ms", planning.as_secs_f64() * 1000.0));
        }
        Ok(TextRows::new(lines.into_iter().map(|line| vec![Some(line)]), "EXPLAIN"))
    }
}

impl Session<'_> {
    /// Runs a plan to its end; what its nodes did, by their numbers.
    fn measure(&self, plan: &Arc<Plan>, params: Vec<Datum>) -> Result<Vec<Instrument>> {
        let snapshot = self.transaction.snapshot()?;
        let options = Options { params, work_mem: self.memory(), instrument: true };
        let session = self.executor();
        let mut execution = Execution::start(&session, plan.clone(), snapshot, options)?;
        let mut batch = execution.batch();
        while execution.next(&session, &mut batch)? {}
        Ok(execution.into_instruments())
    }

    /// The plan that an EXPLAIN shows, and values for it; `scope` says what names mean within a routine. Unless the plan is to serve all
    /// values of parameters, these stand in it as constants.
    ///
    /// # Errors
    /// `0A000` for statements that are not queries.
    pub fn plan_to_explain(
        &self,
        text: &Rc<str>,
        explain: &Explain,
        scope: Option<&dyn plpgsql::CallScope>,
    ) -> Result<(Arc<Plan>, Vec<Datum>)> {
        let analyzer = || Analyzer::new(self.catalog(), self, text, Params::default());
        if let (true, Some(scope)) = (analyzer::is_query(&explain.query), scope) {
            let make = || {
                let mut query = analyzer().with_variables(scope.variables()).routine_query(&explain.query, false)?;
                analyzer::routine::bind(&mut query, &scope.params()?.0);
                self.make_plan(analyzer().finish_routine_query(query)?, Vec::new())
            };
            return Ok((self.locked(make, |plan| plan)?, Vec::new()));
        }
        match &*explain.query {
            Statement::Execute(execute) => {
                let (prepared, params) = self.prepared_with_params(text, execute)?;
                let Some(statement) = prepared.statement.as_ref().filter(|statement| analyzer::is_query(statement))
                else {
                    return Err(Error::not_implemented("EXPLAIN EXECUTE of a statement that is no query"));
                };
                if self.settings.borrow().show("plan_cache_mode")? == "force_generic_plan" {
                    return Ok((self.plan_of(&prepared)?, params));
                }
                let make = || {
                    let given = Params::fixed(prepared.params.clone());
                    let (mut query, _) = analyzer::analyze(self.catalog(), self, &prepared.text, statement, given)?;
                    analyzer::routine::bind(&mut query, &params);
                    self.make_plan(query, Vec::new())
                };
                Ok((self.locked(make, |plan| plan)?, Vec::new()))
            }
            making if Making::of(making).is_some() => {
                let inner = Making::of(making).map(|making| Box::new(making.statement));
                let query = inner.ok_or_else(|| Error::internal("not a SELECT INTO"))?;
                self.plan_to_explain(text, &Explain { query, options: Vec::new() }, scope)
            }
            query if analyzer::is_query(query) => Ok((self.plan(text, query, Params::default())?.0, Vec::new())),
            Statement::DeclareCursor(declare) => {
                let query = Statement::Select(declare.query.clone());
                Ok((self.plan(text, &query, Params::default())?.0, Vec::new()))
            }
            other => Err(Error::not_implemented(format_args!("EXPLAIN {}", other.name()))),
        }
    }

    /// EXPLAIN as one text in a format for programs.
    fn explain_for_programs(
        &self,
        plan: &Plan,
        options: plan_text::Options,
        actual: Option<&dyn Fn(u32) -> Actual>,
        left: &plan_text::Left,
        times: Option<(Duration, Option<Duration>)>,
        format: Format,
    ) -> Result<TextRows> {
        let properties = plan_text::properties(plan, self.catalog(), self, options, actual, left)?;
        let mut query: Properties = vec![("Plan", Value::Group(properties))];
        let milliseconds = |time: Duration| Value::Plain(format!("{:.3}", time.as_secs_f64() * 1000.0));
        if let Some((planning, _)) = times {
            query.push(("Planning Time", milliseconds(planning)));
        }
        if actual.is_some() {
            query.push(("Triggers", Value::Groups("Trigger", Vec::new())));
        }
        if let Some((_, Some(execution))) = times {
            query.push(("Execution Time", milliseconds(execution)));
        }
        Ok(TextRows::new(std::iter::once(vec![Some(plan_text::write(&query, format))]), "EXPLAIN"))
    }
}

/// The type of EXPLAIN's result: that of its format.
pub(crate) fn result_type(explain: &Explain) -> Oid {
    let mut formats = explain.options.iter().filter(|option| &*option.name == "format").map(format_of);
    match formats.next_back() {
        Some(Ok(Some(Format::Json))) => types::oid::JSON,
        Some(Ok(Some(Format::Xml))) => types::oid::XML,
        _ => types::oid::TEXT,
    }
}

/// FORMAT; none is text.
fn format_of(option: &DefinitionItem) -> Result<Option<Format>> {
    let word = match &option.value {
        Some(DefinitionValue::String(word)) => word.to_string(),
        Some(DefinitionValue::Type(name)) => name.name.name.to_string(),
        _ => String::new(),
    };
    Ok(match &*word {
        "text" => None,
        "json" => Some(Format::Json),
        "yaml" => Some(Format::Yaml),
        "xml" => Some(Format::Xml),
        _ => {
            let text = format!("unrecognized value for EXPLAIN option \"{}\": \"{word}\"", option.name);
            return Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, text));
        }
    })
}

/// The value of an option that is on or off; on if none is written.
fn boolean(option: &DefinitionItem) -> Result<bool> {
    let word = match &option.value {
        None => return Ok(true),
        Some(DefinitionValue::Boolean(value)) => return Ok(*value),
        Some(DefinitionValue::Integer(value @ (0 | 1))) => return Ok(*value == 1),
        Some(DefinitionValue::String(word)) => word.to_ascii_lowercase(),
        Some(DefinitionValue::Type(name)) => name.name.name.to_ascii_lowercase(),
        Some(_) => String::new(),
    };
    match &*word {
        "true" | "on" => Ok(true),
        "false" | "off" => Ok(false),
        _ => Err(Error::new(SqlState::SYNTAX_ERROR, format!("{} requires a Boolean value", option.name))),
    }
}
