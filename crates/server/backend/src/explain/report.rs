//! What EXPLAIN shows of each plan of a statement besides its nodes: settings, planning, triggers, serialization, times.

use std::time::Duration;

use catalog::Catalog;
use catalog::rows::PgTrigger;
use error::Result;
use planner::explain::{self as plan_text, Actual, Format, Left, Properties, Value, buffers_line, buffers_properties};
use planner::plan::Plan;
use stats::Usage;

use super::options::Options;
use crate::portal::TextRows;

/// A trigger that fired, how often, and how long that took.
pub(crate) struct Fired {
    pub trigger: PgTrigger,
    pub calls: u64,
    pub time: Duration,
}

/// What turning the rows into messages took.
pub(super) struct Serialized {
    pub format: wire::Format,
    pub bytes: u64,
    pub time: Duration,
    pub usage: Usage,
}

/// What planning took.
#[derive(Default)]
pub(super) struct Planning {
    pub time: Duration,
    pub usage: Usage,
    /// Bytes by which the process grew meanwhile. Its allocator gives what is asked for, so nothing more was allocated.
    pub memory: u64,
}

/// What a plan did.
pub(super) struct Execution {
    pub nodes: Vec<Actual>,
    pub time: Duration,
    pub serialized: Option<Serialized>,
    pub triggers: Vec<Fired>,
}

/// A plan to be shown.
pub(super) struct Part<'a> {
    pub plan: &'a Plan,
    pub left: Left,
    pub planning: Planning,
    pub execution: Option<Execution>,
}

/// Writes the parts of a statement.
pub(super) struct Report<'a> {
    pub options: &'a Options,
    pub catalog: &'a Catalog,
    pub env: &'a dyn types::Environment,
    /// SETTINGS: those that are not as if nobody had set them.
    pub settings: Option<Vec<(&'static str, String)>>,
}

fn milliseconds(time: Duration) -> String {
    format!("{:.3}", time.as_secs_f64() * 1000.0)
}

fn kilobytes(bytes: u64) -> u64 {
    bytes.div_ceil(1024)
}

impl Serialized {
    fn format_word(&self) -> &'static str {
        match self.format {
            wire::Format::Text => "text",
            wire::Format::Binary => "binary",
        }
    }
}

impl Report<'_> {
    /// All parts, in the format that is wanted.
    pub fn write(&self, parts: &[Part<'_>]) -> Result<TextRows> {
        if let Some(format) = self.options.format {
            let queries = parts.iter().map(|part| self.properties(part)).collect::<Result<Vec<_>>>()?;
            let text = match (queries.is_empty(), format) {
                (true, Format::Json | Format::Yaml) => "Query rewrites to nothing".to_string(),
                _ => plan_text::write(&queries, format),
            };
            return Ok(TextRows::new(std::iter::once(vec![Some(text)]), "EXPLAIN"));
        }
        let mut lines = Vec::new();
        for part in parts {
            if !lines.is_empty() {
                lines.push(String::new());
            }
            self.lines(part, &mut lines)?;
        }
        if lines.is_empty() {
            lines.push("Query rewrites to nothing".into());
        }
        Ok(TextRows::new(lines.into_iter().map(|line| vec![Some(line)]), "EXPLAIN"))
    }

    fn lines(&self, part: &Part<'_>, lines: &mut Vec<String>) -> Result<()> {
        let options = self.options;
        let actual = part.execution.as_ref().map(|execution| by_number(&execution.nodes));
        let actual = actual.as_ref().map(|actual| actual as &dyn Fn(u32) -> Actual);
        lines.extend(plan_text::text(part.plan, self.catalog, self.env, options.nodes, actual, &part.left)?);
        if let Some(settings) = self.settings.as_ref().filter(|settings| !settings.is_empty()) {
            let each: Vec<String> = settings.iter().map(|(name, value)| format!("{name} = '{value}'")).collect();
            lines.push(format!("Settings: {}", each.join(", ")));
        }
        let planning = &part.planning;
        let buffers = buffers_line(&planning.usage).filter(|_| options.nodes.buffers);
        if buffers.is_some() || options.memory {
            lines.push("Planning:".into());
            lines.extend(buffers.map(|line| format!("  {line}")));
        }
        if options.memory {
            let bytes = kilobytes(planning.memory);
            lines.push(format!("  Memory: used={bytes}kB  allocated={bytes}kB"));
        }
        if options.summary {
            lines.push(format!("Planning Time: {} ms", milliseconds(planning.time)));
        }
        let Some(execution) = &part.execution else { return Ok(()) };
        let several = several_targets(part.plan);
        for fired in &execution.triggers {
            let trigger = &fired.trigger;
            let mut line = String::from("Trigger");
            let constraint = self.constraint(trigger)?;
            if options.nodes.verbose || constraint.is_none() {
                line = format!("{line} {}", trigger.tgname);
            }
            if let Some(constraint) = constraint {
                line = format!("{line} for constraint {constraint}");
            }
            if several {
                line = format!("{line} on {}", self.catalog.relation(trigger.tgrelid)?.name());
            }
            line.push(':');
            if options.nodes.timing {
                line = format!("{line} time={}", milliseconds(fired.time));
            }
            lines.push(format!("{line} calls={}", fired.calls));
        }
        if let Some(done) = &execution.serialized {
            let time = match options.nodes.timing {
                true => format!("time={} ms  ", milliseconds(done.time)),
                false => String::new(),
            };
            let (bytes, word) = (kilobytes(done.bytes), done.format_word());
            lines.push(format!("Serialization: {time}output={bytes}kB  format={word}"));
            let buffers = buffers_line(&done.usage).filter(|_| options.nodes.buffers);
            lines.extend(buffers.map(|line| format!("  {line}")));
        }
        if options.summary {
            lines.push(format!("Execution Time: {} ms", milliseconds(execution.time)));
        }
        Ok(())
    }

    fn properties(&self, part: &Part<'_>) -> Result<Properties> {
        let options = self.options;
        let plain = |text: String| Value::Plain(text);
        let actual = part.execution.as_ref().map(|execution| by_number(&execution.nodes));
        let actual = actual.as_ref().map(|actual| actual as &dyn Fn(u32) -> Actual);
        let nodes = plan_text::properties(part.plan, self.catalog, self.env, options.nodes, actual, &part.left)?;
        let mut query: Properties = vec![("Plan", Value::Group(nodes))];
        if let Some(settings) = &self.settings {
            let each = settings.iter().map(|(name, value)| (*name, Value::Text(value.clone())));
            query.push(("Settings", Value::Group(each.collect())));
        }
        let planning = &part.planning;
        let mut group = Properties::new();
        if options.nodes.buffers {
            group.extend(buffers_properties(&planning.usage));
        }
        if options.memory {
            let bytes = || plain(kilobytes(planning.memory).to_string());
            group.extend([("Memory Used", bytes()), ("Memory Allocated", bytes())]);
        }
        if !group.is_empty() {
            query.push(("Planning", Value::Group(group)));
        }
        if options.summary {
            query.push(("Planning Time", plain(milliseconds(planning.time))));
        }
        let Some(execution) = &part.execution else { return Ok(query) };
        let fired = execution.triggers.iter().map(|fired| {
            let mut group: Properties = vec![("Trigger Name", Value::Text(fired.trigger.tgname.to_string()))];
            let constraint = self.constraint(&fired.trigger)?;
            group.extend(constraint.map(|constraint| ("Constraint Name", Value::Text(constraint))));
            let relation = self.catalog.relation(fired.trigger.tgrelid)?;
            group.push(("Relation", Value::Text(relation.name().to_string())));
            if options.nodes.timing {
                group.push(("Time", plain(milliseconds(fired.time))));
            }
            group.push(("Calls", plain(fired.calls.to_string())));
            Ok(group)
        });
        query.push(("Triggers", Value::Groups("Trigger", fired.collect::<Result<Vec<_>>>()?)));
        if let Some(done) = &execution.serialized {
            let mut group = Properties::new();
            if options.nodes.timing {
                group.push(("Time", plain(milliseconds(done.time))));
            }
            group.push(("Output Volume", plain(kilobytes(done.bytes).to_string())));
            group.push(("Format", Value::Text(done.format_word().into())));
            if options.nodes.buffers {
                group.extend(buffers_properties(&done.usage));
            }
            query.push(("Serialization", Value::Group(group)));
        }
        if options.summary {
            query.push(("Execution Time", plain(milliseconds(execution.time))));
        }
        Ok(query)
    }

    /// The name of the constraint that a trigger belongs to.
    fn constraint(&self, trigger: &PgTrigger) -> Result<Option<String>> {
        if !trigger.tgconstraint.is_valid() {
            return Ok(None);
        }
        let index = catalog::index::PG_CONSTRAINT_OID_INDEX;
        let rows = self.catalog.rows::<catalog::rows::PgConstraint>(index, &[trigger.tgconstraint.into()])?;
        Ok(rows.first().map(|row| row.conname.to_string()))
    }
}

/// What nodes did, by their numbers.
fn by_number(nodes: &[Actual]) -> impl Fn(u32) -> Actual {
    |id| nodes.get(id as usize).copied().unwrap_or_default()
}

/// Whether a plan changes several tables, so that a trigger's is to be named.
fn several_targets(plan: &Plan) -> bool {
    match &plan.root.kind {
        planner::plan::NodeKind::ModifyTable(modify) => modify.tree.is_some(),
        _ => false,
    }
}
