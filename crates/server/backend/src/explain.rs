//! EXPLAIN: the plan of a query, and with ANALYZE what its nodes did.

use std::rc::Rc;
use std::time::Instant;

use analyzer::Params;
use error::{Error, Result, SqlState, bail};
use executor::{Execution, Options};
use parser::ast::{DefinitionItem, DefinitionValue, Explain};
use planner::explain::{self as plan_text, Actual};

use crate::portal::TextRows;
use crate::session::Session;

impl Session<'_> {
    /// The lines of an EXPLAIN.
    ///
    /// # Errors
    /// `0A000` for what is not written yet: other formats, and statements that are not queries.
    pub fn explain(&self, text: &Rc<str>, explain: &Explain) -> Result<TextRows> {
        let mut options = plan_text::Options::default();
        let (mut analyze, mut summary) = (false, None);
        for option in &explain.options {
            match &*option.name {
                "analyze" => analyze = boolean(option)?,
                "verbose" => options.verbose = boolean(option)?,
                "costs" => options.costs = boolean(option)?,
                "timing" => options.timing = boolean(option)?,
                "summary" => summary = Some(boolean(option)?),
                // Nothing to show for these yet; asking for them changes no result.
                "buffers" | "wal" | "settings" | "memory" | "generic_plan" => drop(boolean(option)?),
                "format" if matches!(&option.value, Some(DefinitionValue::String(format)) if &**format == "text") => {}
                "format" | "serialize" => {
                    return Err(Error::not_implemented(format_args!("EXPLAIN ({})", option.name)));
                }
                other => bail!(SYNTAX_ERROR, "unrecognized EXPLAIN option \"{other}\""),
            }
        }
        if !analyzer::is_query(&explain.query) {
            return Err(Error::not_implemented(format_args!("EXPLAIN {}", explain.query.name())));
        }
        let began = Instant::now();
        let (plan, _) = self.plan(text, &explain.query, Params::default())?;
        let planning = began.elapsed();
        let mut lines = if analyze {
            let snapshot = self.transaction.snapshot()?;
            let run = Options { params: Vec::new(), work_mem: self.memory(), instrument: true };
            let began = Instant::now();
            let mut execution = Execution::start(&self.executor(), plan.clone(), snapshot, run)?;
            let mut batch = execution.batch();
            while execution.next(&self.executor(), &mut batch)? {}
            let execution_time = began.elapsed();
            let instruments = execution.instruments();
            let actual = |id: u32| {
                instruments.get(id as usize).map_or_else(Actual::default, |i| Actual {
                    rows: i.rows,
                    loops: i.loops,
                    filtered: i.filtered,
                    startup: i.startup,
                    total: i.total,
                })
            };
            let mut lines = plan_text::text(&plan, self.catalog(), self, options, Some(&actual))?;
            if summary.unwrap_or(true) {
                lines.push(format!("Planning Time: {:.3} ms", planning.as_secs_f64() * 1000.0));
                lines.push(format!("Execution Time: {:.3} ms", execution_time.as_secs_f64() * 1000.0));
            }
            lines
        } else {
            plan_text::text(&plan, self.catalog(), self, options, None)?
        };
        if !analyze && summary == Some(true) {
            lines.push(format!("Planning Time: {:.3} ms", planning.as_secs_f64() * 1000.0));
        }
        Ok(TextRows::new(lines.into_iter().map(|line| vec![Some(line)]), "EXPLAIN"))
    }
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
