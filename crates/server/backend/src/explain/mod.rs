//! EXPLAIN: the plan of a query, and with ANALYZE what its nodes did.

mod options;
mod report;

use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use analyzer::{Analyzer, Params};
use batch::Datum;
use catalog::rows::PgTrigger;
use commands::create_as::Making;
use error::{Error, Result};
use executor::{Measured, Options as Run};
use parser::ast::{Explain, Statement};
use planner::explain as plan_text;
use planner::plan::Plan;
use stats::Usage;

pub(crate) use options::result_type;
use options::{Options, is_on};
pub(crate) use report::Fired;
use report::{Execution, Part, Planning, Report, Serialized};

use crate::portal::TextRows;
use crate::session::Session;

impl Session<'_> {
    /// The lines of an EXPLAIN of the plan that `plan` makes.
    ///
    /// # Errors
    /// `0A000` for statements that are not queries; with ANALYZE, those of the statement.
    pub fn explain(
        &self,
        text: &Rc<str>,
        explain: &Explain,
        plan: &dyn Fn() -> Result<(Arc<Plan>, Vec<Datum>)>,
    ) -> Result<TextRows> {
        let options = Options::of(explain, text)?;
        let session = self.executor();
        let context = commands::Context { session: &session, services: self, text };
        if matches!(*explain.query, Statement::RefreshMaterializedView(_)) && options.format.is_none() {
            let lines = std::iter::once(vec![Some("Utility statements have no plan structure".to_string())]);
            return Ok(TextRows::new(lines, "EXPLAIN"));
        }
        let making = Making::of(&explain.query);
        if let Some(making) = &making
            && making.is_there(&context)?
        {
            return Ok(TextRows::new(std::iter::empty(), "EXPLAIN"));
        }
        let (held, used) = (sys::memory::held_exactly(), session.usage());
        let began = Instant::now();
        let before = self.shows_outputs.replace(true);
        let planned = plan();
        self.shows_outputs.set(before);
        let (plan, params) = planned?;
        let mut planning = Some(Planning {
            time: began.elapsed(),
            usage: session.usage() - used,
            memory: sys::memory::held_exactly().saturating_sub(held),
        });
        plan.parts().into_iter().try_for_each(|part| executor::check_privileges(&session, part))?;
        let mut left = match options.generic {
            true => plan_text::Left::new(),
            false => executor::left_at_start(&session, &plan, params.clone(), &self.transaction.snapshot()?)?,
        };
        let (plan, mut executions) = match options.analyze {
            false => (plan, Vec::new()),
            true => self.run_to_explain(&options, &context, making, plan, params)?,
        };
        executions.reverse();
        let settings = options.settings.then(|| self.settings.borrow().explained());
        let report = Report { options: &options, catalog: self.catalog(), env: self, settings };
        let parts = plan.parts().into_iter().map(|part| {
            // What rules add was planned with the statement, and is shown as it is before it starts.
            let own = std::ptr::eq(part, &*plan) || plan.companions.as_ref().is_some_and(|all| all.replaced);
            let (planning, left) = match own {
                true => (planning.take().unwrap_or_default(), std::mem::take(&mut left)),
                false => Default::default(),
            };
            Part { plan: part, left, planning, execution: executions.pop() }
        });
        report.write(&parts.collect::<Vec<_>>())
    }

    /// Runs a statement for EXPLAIN ANALYZE; the plan to be shown, and what its parts did.
    fn run_to_explain(
        &self,
        options: &Options,
        context: &commands::Context<'_>,
        making: Option<Making>,
        plan: Arc<Plan>,
        params: Vec<Datum>,
    ) -> Result<(Arc<Plan>, Vec<Execution>)> {
        // What fills a relation runs as an INSERT, and is shown without it.
        let Some(making) = making else {
            let executions = self.measure(&plan, params, options)?;
            return Ok((plan, executions));
        };
        let Some(insertion) = making.begin(context)? else {
            let nothing = Execution { nodes: Vec::new(), time: Duration::ZERO, serialized: None, triggers: Vec::new() };
            return Ok((plan, vec![nothing]));
        };
        let mut executions = self.measure(&insertion, Vec::new(), options)?;
        if let (Some(format), Some(execution)) = (options.serialize, executions.first_mut()) {
            // The rows went into the relation: none became a message.
            let none = Serialized { format, bytes: 0, time: Duration::ZERO, usage: Usage::default() };
            execution.serialized = Some(none);
        }
        self.catalog().next_command()?;
        let source = Arc::try_unwrap(insertion).map(|plan| Arc::new(plan.into_source()));
        Ok((source.unwrap_or_else(|plan| plan), executions))
    }

    /// Runs a plan to its end; what its parts did.
    fn measure(&self, plan: &Arc<Plan>, params: Vec<Datum>, options: &Options) -> Result<Vec<Execution>> {
        let began = Instant::now();
        let before = self.fired_triggers.replace(Some(Vec::new()));
        let shows = self.shows_companions.replace(false);
        let done = self.run_measured(plan, params, options);
        self.shows_companions.set(shows);
        let mut fired = self.fired_triggers.replace(before).unwrap_or_default();
        let (nodes, companions, serialized) = done?;
        let replaced = plan.companions.as_ref().is_some_and(|companions| companions.replaced);
        let earlier = plan.companions.as_ref().map_or(0, |companions| companions.before.len());
        let own = began.elapsed().saturating_sub(companions.iter().map(|companion| companion.time).sum());
        let companion = |Measured { nodes, time }| Execution { nodes, time, serialized: None, triggers: Vec::new() };
        let mut executions: Vec<Execution> = companions.into_iter().map(companion).collect();
        if !replaced {
            let own = Execution { nodes, time: own, serialized, triggers: Vec::new() };
            executions.insert(earlier.min(executions.len()), own);
        }
        // Each trigger is told of the first part that changes its table, or else of the last.
        fired.sort_by(|a, b| a.trigger.tgname.cmp(&b.trigger.tgname));
        let parts = plan.parts();
        for fired in fired {
            let changes = |part: &&Plan| part.permissions.iter().any(|held| held.relation == fired.trigger.tgrelid);
            let at = parts.iter().position(|part| part.command != planner::plan::Command::Select && changes(part));
            let at = at.unwrap_or(usize::MAX).min(executions.len().saturating_sub(1));
            if let Some(execution) = executions.get_mut(at) {
                execution.triggers.push(fired);
            }
        }
        Ok(executions)
    }

    fn run_measured(
        &self,
        plan: &Arc<Plan>,
        params: Vec<Datum>,
        options: &Options,
    ) -> Result<(Vec<plan_text::Actual>, Vec<Measured>, Option<Serialized>)> {
        let snapshot = self.transaction.snapshot()?;
        let run = Run { params, work_mem: self.memory(), instrument: true };
        let session = self.executor();
        let mut execution = executor::Execution::start(&session, plan.clone(), snapshot, run)?;
        let mut batch = execution.batch();
        let mut serialized = match options.serialize {
            None => None,
            Some(format) => {
                let columns = self.result_of(plan)?.unwrap_or_default();
                let done = Serialized { format, bytes: 0, time: Duration::ZERO, usage: Usage::default() };
                Some((self.outputs(&columns, &[format])?, done))
            }
        };
        let mut rows = Vec::new();
        while execution.next(&session, &mut batch)? {
            let Some((outputs, done)) = &mut serialized else { continue };
            let (began, used) = (Instant::now(), session.usage());
            for row in batch.rows().iter() {
                self.write_row(&mut rows, outputs, &batch.columns, row)?;
                // The messages are for nobody; what stands in front of each (kind and length) is not counted.
                done.bytes += rows.len().saturating_sub(5) as u64;
                rows.clear();
            }
            done.time += began.elapsed();
            done.usage += session.usage() - used;
        }
        self.fire_triggers(false)?;
        let (nodes, companions) = execution.into_measured();
        Ok((nodes, companions, serialized.map(|(_, done)| done)))
    }

    /// When a trigger begins to run, if it is to be measured.
    pub(crate) fn begin_trigger(&self) -> Option<Instant> {
        self.fired_triggers.borrow().is_some().then(Instant::now)
    }

    /// A trigger that began then has run.
    pub(crate) fn end_trigger(&self, trigger: &PgTrigger, began: Instant) {
        if let Some(fired) = &mut *self.fired_triggers.borrow_mut() {
            let time = began.elapsed();
            match fired.iter_mut().find(|fired| fired.trigger.oid == trigger.oid) {
                Some(fired) => (fired.calls, fired.time) = (fired.calls + 1, fired.time + time),
                None => fired.push(Fired { trigger: trigger.clone(), calls: 1, time }),
            }
        }
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
        // A generic plan has parameters of its own, whatever surrounds it.
        let generic = is_on(explain, "generic_plan")?;
        if let (true, Some(scope)) = (analyzer::is_query(&explain.query) && !generic, scope) {
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
            query if analyzer::is_query(query) => {
                let params = match generic {
                    true => Params::inferred(Vec::new()),
                    false => Params::default(),
                };
                Ok((self.plan(text, query, params)?.0, Vec::new()))
            }
            Statement::DeclareCursor(declare) => {
                let query = Statement::Select(declare.query.clone());
                Ok((self.plan(text, &query, Params::default())?.0, Vec::new()))
            }
            other => Err(Error::not_implemented(format_args!("EXPLAIN {}", other.name()))),
        }
    }
}
