//! A plan as EXPLAIN prints it: as text here, for programs in [`structured`].

mod output;
mod structured;
mod work;

use std::fmt::Write;

use analyzer::deparse::{ColumnNames, Deparser};
use analyzer::query::{ExprKind, SubLink, SubLinkKind, Var};
use catalog::Catalog;
use catalog::format::quote_identifier;
use error::{Error, Result};
use types::Environment;

use crate::grouping::GROUP_ENTRY;
use crate::plan::*;

pub use structured::{Format, Properties, Value, write};
pub use work::{Actual, SortMethod, Work, buffers_line, buffers_properties};

/// EXPLAIN's options that concern the text.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// COSTS
    pub costs: bool,
    /// ANALYZE's TIMING
    pub timing: bool,
    /// VERBOSE
    pub verbose: bool,
    /// BUFFERS
    pub buffers: bool,
    /// WAL
    pub wal: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options { costs: true, timing: true, verbose: false, buffers: false, wal: false }
    }
}

/// Which inputs of an Append were left out when the statement started: by the node's number, whether each is left.
pub type Left = std::collections::HashMap<u32, Vec<bool>>;

/// The lines of EXPLAIN. `actual` tells what a node did, by its number, if the plan was run; `left` what it left out.
pub fn text(
    plan: &Plan,
    catalog: &Catalog,
    env: &dyn Environment,
    options: Options,
    actual: Option<&dyn Fn(u32) -> Actual>,
    left: &Left,
) -> Result<Vec<String>> {
    let (names, aliases) = distinct_names(plan, left);
    let outputs = if options.verbose { output::outputs(plan) } else { Default::default() };
    let leaves = leaves_of(plan);
    let lines = Vec::new();
    let mut printer = Printer { plan, names, aliases, outputs, leaves, catalog, env, options, actual, left, lines };
    printer.node(&plan.root, 0, "")?;
    Ok(printer.lines)
}

/// The plan's properties, for a format for programs. `actual` as for [`text`].
pub fn properties(
    plan: &Plan,
    catalog: &Catalog,
    env: &dyn Environment,
    options: Options,
    actual: Option<&dyn Fn(u32) -> Actual>,
    left: &Left,
) -> Result<Properties> {
    let (names, aliases) = distinct_names(plan, left);
    let outputs = if options.verbose { output::outputs(plan) } else { Default::default() };
    let leaves = leaves_of(plan);
    let lines = Vec::new();
    let printer = Printer { plan, names, aliases, outputs, leaves, catalog, env, options, actual, left, lines };
    printer.properties(&plan.root, None, None)
}

/// The plan's names, those of relations and trees that are shown made distinct over the whole statement; and the relations' aliases.
fn distinct_names(plan: &Plan, left: &Left) -> (Vec<EntryName>, Vec<String>) {
    let mut names = plan.names.clone();
    let mut aliases: Vec<String> = plan.relations.iter().map(|relation| relation.alias.clone()).collect();
    let mut hidden = vec![false; plan.relations.len()];
    if !left.is_empty() {
        find_hidden(&plan.root, left, false, &mut hidden);
        plan.subplans.iter().for_each(|tree| find_hidden(&tree.node, left, false, &mut hidden));
    }
    let relations = plan.relations.iter().enumerate().filter(|(at, _)| !hidden[*at]);
    let mut order: Vec<(usize, Option<usize>)> =
        relations.filter_map(|(at, relation)| Some((relation.entry?, Some(at)))).collect();
    order.extend(plan.trees.iter().map(|entry| (*entry, None)));
    order.sort_unstable();
    order.dedup();
    let mut taken: Vec<String> = Vec::with_capacity(order.len());
    for (entry, relation) in order {
        let own = match relation {
            Some(at) => &plan.relations[at].alias,
            None => &plan.names[entry].alias,
        };
        let mut alias = own.clone();
        let mut number = 0;
        while taken.contains(&alias) {
            number += 1;
            alias = format!("{own}_{number}");
        }
        if let Some(name) = names.get_mut(entry) {
            name.alias.clone_from(&alias);
        }
        taken.push(alias.clone());
        if let Some(at) = relation {
            aliases[at] = alias;
        }
    }
    (names, aliases)
}

/// Marks the relations that only inputs read which were left out.
fn find_hidden(node: &Node, left: &Left, within: bool, hidden: &mut [bool]) {
    if let NodeKind::SeqScan { relation, .. }
    | NodeKind::IndexScan { relation, .. }
    | NodeKind::IndexOnlyScan { relation, .. }
    | NodeKind::BitmapHeapScan { relation, .. }
    | NodeKind::TidScan { relation, .. }
    | NodeKind::TidRangeScan { relation, .. } = &node.kind
    {
        hidden[*relation] |= within;
    }
    let own = left.get(&node.id);
    for (n, input) in node.inputs().into_iter().enumerate() {
        let out = own.is_some_and(|own| own.get(n) == Some(&false));
        find_hidden(input, left, within || out, hidden);
    }
}

fn leaves_of(plan: &Plan) -> output::Leaves {
    let mut leaves = output::Leaves::new();
    let trees = plan.subplans.iter().map(|tree| &tree.node);
    trees.chain([&plan.root]).for_each(|node| output::leaves(node, &plan.names, &mut leaves));
    leaves
}

struct Printer<'a> {
    plan: &'a Plan,
    names: Vec<EntryName>,
    aliases: Vec<String>,
    outputs: output::Outputs,
    leaves: output::Leaves,
    catalog: &'a Catalog,
    env: &'a dyn Environment,
    options: Options,
    actual: Option<&'a dyn Fn(u32) -> Actual>,
    left: &'a Left,
    lines: Vec<String>,
}

/// Columns by the names that the plan keeps.
struct PlanNames<'a> {
    names: &'a [EntryName],
    catalog: &'a Catalog,
    env: &'a dyn Environment,
    /// Prefix every column by its relation; else only those of other relations than this one.
    qualify: bool,
    own: Option<&'a str>,
    /// What the nodes below give, if that matters.
    given: &'a [analyzer::query::Expr],
    /// What columns of set operations stand for.
    leaves: &'a output::Leaves,
}

impl ColumnNames for PlanNames<'_> {
    fn is_given(&self, expr: &analyzer::query::Expr) -> bool {
        self.given.contains(expr)
    }

    fn column(&self, var: &Var) -> Result<String> {
        if let Some(leaf) = self.leaves.get(&(var.relation, var.column)) {
            let text = Deparser { catalog: self.catalog, env: self.env, names: self }.expression(leaf)?;
            return Ok(match leaf.kind {
                ExprKind::Var(_) => text,
                _ => format!("({text})"),
            });
        }
        let entry = self.names.get(var.relation).ok_or_else(|| Error::internal("a column of no relation"))?;
        let name = match var.column {
            0 => "*".to_string(),
            n if n < 0 => catalog::relation::system_columns()
                .iter()
                .find(|c| c.attnum == n)
                .map_or_else(String::new, |c| c.attname.to_string()),
            n => entry.columns.get(n as usize - 1).map_or_else(String::new, |c| quote_identifier(c)),
        };
        let foreign = self.own.is_some_and(|own| own != entry.alias);
        Ok(if self.qualify || foreign { format!("{}.{name}", quote_identifier(&entry.alias)) } else { name })
    }

    fn subquery(&self, link: &SubLink) -> Result<String> {
        let name = &link.operator_name;
        let init = name.starts_with("InitPlan");
        let test = |names: &Self| -> Result<String> {
            let deparser = Deparser { catalog: names.catalog, env: names.env, names };
            let mut parts = Vec::with_capacity(link.test.len());
            for (at, ((left, cast), operator)) in link.test.iter().zip(&link.casts).zip(&link.operators).enumerate() {
                let column = format!("({name}).col{}", at + 1);
                let cast = deparser.expression(cast)?.replace("CASE_TEST_EXPR", &column);
                let symbol = names.catalog.operator(operator.operator)?.oprname.to_string();
                parts.push(format!("({} {symbol} {cast})", deparser.expression(left)?));
            }
            Ok(match parts.len() {
                1 => parts.concat(),
                _ => format!("({})", parts.join(" AND ")),
            })
        };
        Ok(match link.kind {
            SubLinkKind::RowCompare => test(self)?,
            _ if init => format!("({name}).col1"),
            SubLinkKind::Exists => format!("EXISTS({name})"),
            SubLinkKind::Array => format!("ARRAY({name})"),
            SubLinkKind::Any => format!("(ANY {})", test(self)?),
            SubLinkKind::All => format!("(ALL {})", test(self)?),
            _ => format!("({name})"),
        })
    }
}

impl Printer<'_> {
    fn node(&mut self, node: &Node, indent: usize, label: &str) -> Result<()> {
        let shown = self.shown(node);
        let mut line = " ".repeat(indent);
        if indent > 0 {
            line.push_str("->  ");
        }
        if !label.is_empty() {
            line = format!("{}{label}", " ".repeat(indent));
            self.lines.push(line);
            return self.node(node, indent + 2, "");
        }
        line.push_str(&self.title(shown)?);
        if self.options.costs {
            let cost = shown.cost;
            let _ = write!(
                line,
                "  (cost={:.2}..{:.2} rows={:.0} width={})",
                cost.startup, cost.total, cost.rows, cost.width
            );
        }
        let did = self.actual.map(|actual| actual(shown.id));
        if let Some(did) = &did {
            self.measured_text(did, &mut line);
        }
        self.lines.push(line);
        let below = if indent == 0 { 2 } else { indent + 6 };
        if shown.disabled {
            self.lines.push(format!("{}Disabled: true", " ".repeat(below)));
        }
        if let Some(output) = self.output(shown)? {
            self.lines.push(format!("{}Output: {}", " ".repeat(below), output.join(", ")));
            if let NodeKind::NestLoop { inner_unique: true, .. }
            | NodeKind::HashJoin { inner_unique: true, .. }
            | NodeKind::MergeJoin { inner_unique: true, .. } = &shown.kind
            {
                self.lines.push(format!("{}Inner Unique: true", " ".repeat(below)));
            }
        }
        if let Some(calls) = self.function_calls(shown)? {
            self.lines.push(format!("{}Function Call: {calls}", " ".repeat(below)));
        }
        if let NodeKind::WindowAgg { shown: window, .. } = &shown.kind {
            let text = self.window(window)?;
            self.lines.push(format!("{}Window: {text}", " ".repeat(below)));
        }
        if let NodeKind::ModifyTable(modify) = &shown.kind
            && let Some(tree) = &modify.tree
        {
            for member in &tree.members {
                let text = format!("{} on {}", modify_word(modify.command), self.relation(member.table.relation));
                self.lines.push(format!("{}{text}", " ".repeat(below)));
            }
        }
        for detail in shown.details.iter().filter(|detail| !matches!(detail.label, "Repeatable" | FUNCTION_CALL)) {
            let text = self.detail(shown, detail)?;
            self.lines.push(format!("{}{}: {text}", " ".repeat(below), detail.label));
            if let Some(did) = &did
                && followed_by_recheck(shown, detail)
                && let Some(removed) = did.work.rechecked().filter(|removed| *removed > 0)
            {
                let removed = removed as f64 / did.loops.max(1) as f64;
                self.lines.push(format!("{}Rows Removed by Index Recheck: {removed:.0}", " ".repeat(below)));
            }
        }
        if let Some(did) = &did {
            if did.filtered > 0 && did.loops > 0 {
                let removed = did.filtered as f64 / did.loops as f64;
                let word =
                    if shown.details.iter().any(|d| d.label == "Join Filter") { "Join Filter" } else { "Filter" };
                self.lines.push(format!("{}Rows Removed by {word}: {removed:.0}", " ".repeat(below)));
            }
            if did.loops > 0 && !did.work.is_of_hash() {
                self.lines.extend(did.work.lines().into_iter().map(|line| " ".repeat(below) + &line));
            }
        }
        if let Some(left) = self.left.get(&shown.id) {
            let removed = left.iter().filter(|left| !**left).count();
            if removed > 0 {
                self.lines.push(format!("{}Subplans Removed: {removed}", " ".repeat(below)));
            }
        }
        if let Some(did) = &did {
            self.used_text(did, below);
        }
        let plan = self.plan;
        for &at in &shown.subplans {
            if let Some(tree) = plan.subplans.get(at)
                && tree.name.starts_with("InitPlan")
            {
                self.node(&tree.node, below, &tree.name)?;
            }
        }
        // WITH queries stand under the top.
        if indent == 0 {
            for tree in plan.subplans.iter().filter(|t| t.kind == SubPlanKind::Cte) {
                self.node(&tree.node, below, &tree.name)?;
            }
        }
        for (input, hash) in self.inputs(shown) {
            if hash {
                let mut line = format!("{}->  Hash", " ".repeat(below));
                if self.options.costs {
                    let cost = input.cost;
                    let _ = write!(
                        line,
                        "  (cost={:.2}..{:.2} rows={:.0} width={})",
                        cost.total, cost.total, cost.rows, cost.width
                    );
                }
                let hashed = self.actual.map(|actual| hashed(&actual(self.shown(input).id)));
                if let Some(hashed) = &hashed {
                    self.measured_text(hashed, &mut line);
                }
                self.lines.push(line);
                if let Some(output) = self.hashed_output(input)? {
                    self.lines.push(format!("{}Output: {}", " ".repeat(below + 6), output.join(", ")));
                }
                if let (Some(hashed), Some(did)) = (&hashed, &did)
                    && hashed.loops > 0
                {
                    self.lines.extend(did.work.lines().into_iter().map(|line| " ".repeat(below + 6) + &line));
                    self.used_text(hashed, below + 6);
                }
                self.node(input, below + 6, "")?;
            } else {
                self.node(input, below, "")?;
            }
        }
        for &at in &shown.subplans {
            if let Some(tree) = plan.subplans.get(at)
                && tree.name.starts_with("SubPlan")
            {
                self.node(&tree.node, below, &tree.name)?;
            }
        }
        Ok(())
    }

    /// How often a node ran, how long, and the rows it gave.
    fn measured_text(&self, did: &Actual, line: &mut String) {
        if did.loops == 0 {
            line.push_str(" (never executed)");
            return;
        }
        let loops = did.loops as f64;
        line.push_str(" (actual ");
        if self.options.timing {
            let (startup, total) = (did.startup.as_secs_f64() / loops, did.total.as_secs_f64() / loops);
            let _ = write!(line, "time={:.3}..{:.3} ", startup * 1000.0, total * 1000.0);
        }
        let _ = write!(line, "rows={:.2} loops={})", did.rows as f64 / loops, did.loops);
    }

    /// The pages and the log that a node used.
    fn used_text(&mut self, did: &Actual, indent: usize) {
        let buffers = work::buffers_line(&did.usage).filter(|_| self.options.buffers);
        let wal = work::wal_line(&did.usage).filter(|_| self.options.wal);
        self.lines.extend(buffers.into_iter().chain(wal).map(|line| " ".repeat(indent) + &line));
    }

    /// The nodes below that are shown, and whether a Hash node stands above each.
    fn inputs<'n>(&self, node: &'n Node) -> Vec<(&'n Node, bool)> {
        let mut all: Vec<(&Node, bool)> = inputs(node).collect();
        if let Some(left) = self.left.get(&node.id) {
            let mut left = left.iter();
            all.retain(|_| left.next().copied().unwrap_or(true));
        }
        all
    }

    /// The node that stands for this one: a projection without any work of its own is no node of PostgreSQL's.
    fn shown<'n>(&self, node: &'n Node) -> &'n Node {
        match &node.kind {
            NodeKind::SubqueryScan { input, .. } if node.filter.is_empty() && node.details.is_empty() => input,
            _ => node,
        }
    }

    /// What a node gives; none if it is not to be shown.
    fn output(&self, node: &Node) -> Result<Option<Vec<String>>> {
        let Some(exprs) = self.outputs.get(&node.id).filter(|exprs| !exprs.is_empty()) else { return Ok(None) };
        let below: Vec<analyzer::query::Expr> =
            inputs(node).filter_map(|(input, _)| self.outputs.get(&self.shown(input).id)).flatten().cloned().collect();
        self.output_texts(exprs, &below).map(Some)
    }

    /// What a hash table holds: what the node below gives.
    fn hashed_output(&self, input: &Node) -> Result<Option<Vec<String>>> {
        let Some(exprs) = self.outputs.get(&self.shown(input).id).filter(|exprs| !exprs.is_empty()) else {
            return Ok(None);
        };
        self.output_texts(exprs, exprs).map(Some)
    }

    fn output_texts(&self, exprs: &[analyzer::query::Expr], given: &[analyzer::query::Expr]) -> Result<Vec<String>> {
        let names = self.plan.names.iter().filter(|name| name.alias != GROUP_ENTRY).count();
        // An INSERT has an entry for what it inserts.
        let qualify = names > 1 || self.plan.command == Command::Insert;
        let names = PlanNames {
            names: &self.names,
            catalog: self.catalog,
            env: self.env,
            qualify,
            own: None,
            given,
            leaves: &self.leaves,
        };
        let deparser = Deparser { catalog: self.catalog, env: self.env, names: &names };
        exprs.iter().map(|expr| deparser.expression(expr)).collect()
    }

    /// The calls of a function scan, for VERBOSE.
    fn function_calls(&self, node: &Node) -> Result<Option<String>> {
        let NodeKind::FunctionScan { .. } = &node.kind else { return Ok(None) };
        let calls = node.details.iter().find(|detail| detail.label == FUNCTION_CALL);
        calls.filter(|_| self.options.verbose).map(|calls| Ok(self.parts(node, calls)?.join(", "))).transpose()
    }

    fn window(&self, window: &ShownWindow) -> Result<String> {
        let qualify =
            self.options.verbose || self.plan.names.iter().filter(|name| name.alias != GROUP_ENTRY).count() > 1;
        let names = PlanNames {
            names: &self.names,
            catalog: self.catalog,
            env: self.env,
            qualify,
            own: None,
            given: &[],
            leaves: &self.leaves,
        };
        let deparser = Deparser { catalog: self.catalog, env: self.env, names: &names };
        let mut clauses = Vec::new();
        for (words, keys) in [("PARTITION BY", &window.partition), ("ORDER BY", &window.order)] {
            if !keys.is_empty() {
                let text = |expr| match window.computed_here {
                    true => deparser.expression(expr),
                    false => key_text(&deparser, expr, ""),
                };
                let keys = keys.iter().map(text).collect::<Result<Vec<_>>>()?;
                clauses.push(format!("{words} {}", keys.join(", ")));
            }
        }
        if window.frame.explicit {
            clauses.push(deparser.frame(&window.frame)?);
        }
        Ok(format!("{} AS ({})", quote_identifier(&window.name), clauses.join(" ")))
    }

    /// A detail's conditions or keys, as one text.
    fn detail(&self, node: &Node, detail: &Detail) -> Result<String> {
        let parts = self.parts(node, detail)?;
        if detail.exprs.is_empty() {
            return Ok(detail.texts.join(", "));
        }
        if detail.label == "Sampling"
            && let NodeKind::SeqScan { sample: Some(sample), .. } = &node.kind
        {
            let method = if sample.handler == crate::sample::SYSTEM { "system" } else { "bernoulli" };
            let bare = |text: &String| text.trim_start_matches('(').trim_end_matches(')').to_string();
            let shares: Vec<String> = parts.iter().map(bare).collect();
            let mut text = format!("{method} ({})", shares.join(", "));
            if let Some(seed) = node.details.iter().find(|other| other.label == "Repeatable") {
                let seed: Vec<String> = self.parts(node, seed)?.iter().map(bare).collect();
                text.push_str(&format!(" REPEATABLE ({})", seed.join(", ")));
            }
            return Ok(text);
        }
        Ok(match (is_condition(detail), parts.len()) {
            (false, _) => parts.join(", "),
            (true, 1) => parts.concat(),
            (true, _) => format!("({})", parts.join(" AND ")),
        })
    }

    /// A detail's keys, unless it has conditions.
    fn keys(&self, node: &Node, detail: &Detail) -> Result<Option<Vec<String>>> {
        if is_condition(detail) { Ok(None) } else { self.parts(node, detail).map(Some) }
    }

    fn parts(&self, node: &Node, detail: &Detail) -> Result<Vec<String>> {
        let own = match &node.kind {
            NodeKind::SeqScan { relation, .. }
            | NodeKind::IndexScan { relation, .. }
            | NodeKind::IndexOnlyScan { relation, .. }
            | NodeKind::BitmapHeapScan { relation, .. }
            | NodeKind::BitmapIndexScan { relation, .. }
            | NodeKind::TidScan { relation, .. }
            | NodeKind::TidRangeScan { relation, .. }
            | NodeKind::CursorScan { relation, .. } => self.aliases.get(*relation).map(String::as_str),
            NodeKind::SubqueryScan { alias, .. }
            | NodeKind::CteScan { alias, .. }
            | NodeKind::NamedTuplestoreScan { alias, .. }
            | NodeKind::WorkTableScan { alias, .. } => Some(alias.as_str()),
            _ => None,
        };
        let qualify = self.options.verbose
            || matches!(node.kind, NodeKind::SubqueryScan { .. })
            || own.is_none() && self.plan.names.iter().filter(|name| name.alias != GROUP_ENTRY).count() > 1;
        let names = PlanNames {
            names: &self.names,
            catalog: self.catalog,
            env: self.env,
            qualify,
            own,
            given: &[],
            leaves: &self.leaves,
        };
        let deparser = Deparser { catalog: self.catalog, env: self.env, names: &names };
        // Keys of groups are shown as the node below has them, which computes them unless it only passes them on.
        let computed = is_group_key(detail)
            && inputs(node).next().is_none_or(|(input, _)| {
                !matches!(
                    self.shown(input).kind,
                    NodeKind::Sort { .. }
                        | NodeKind::Unique { .. }
                        | NodeKind::Limit { .. }
                        | NodeKind::Material { .. }
                )
            });
        let parts = detail.exprs.iter().enumerate().map(|(at, expr)| match is_condition(detail) || computed {
            true => deparser.expression(expr),
            false => key_text(&deparser, expr, detail.texts.get(at).map_or("", String::as_str)),
        });
        parts.collect()
    }

    fn relation(&self, at: usize) -> String {
        let Some(relation) = self.plan.relations.get(at) else { return String::new() };
        let mut text = if self.options.verbose {
            let schema = if relation.schema.starts_with("pg_temp_") { "pg_temp" } else { &*relation.schema };
            format!("{}.{}", quote_identifier(schema), quote_identifier(&relation.name))
        } else {
            quote_identifier(&relation.name)
        };
        let alias = &self.aliases[at];
        if *alias != relation.name {
            text.push(' ');
            text.push_str(&quote_identifier(alias));
        }
        text
    }

    fn title(&self, node: &Node) -> Result<String> {
        let join = |method: &str, join: JoinType, plain: &str| match join {
            JoinType::Inner => plain.to_string(),
            JoinType::Left => format!("{method} Left Join"),
            JoinType::Right => format!("{method} Right Join"),
            JoinType::Full => format!("{method} Full Join"),
            JoinType::Semi => format!("{method} Semi Join"),
            JoinType::Anti => format!("{method} Anti Join"),
            JoinType::RightSemi => format!("{method} Right Semi Join"),
            JoinType::RightAnti => format!("{method} Right Anti Join"),
        };
        let index = |word: &str, search: &IndexSearch, relation: usize| {
            let backward = if search.backward { " Backward" } else { "" };
            format!("{word}{backward} using {} on {}", quote_identifier(&search.name), self.relation(relation))
        };
        Ok(match &node.kind {
            NodeKind::Result { .. } => "Result".into(),
            NodeKind::SeqScan { relation, sample: Some(_), .. } => {
                format!("Sample Scan on {}", self.relation(*relation))
            }
            NodeKind::SeqScan { relation, .. } => format!("Seq Scan on {}", self.relation(*relation)),
            NodeKind::IndexScan { relation, search, .. } => index("Index Scan", search, *relation),
            NodeKind::IndexOnlyScan { relation, search, .. } => index("Index Only Scan", search, *relation),
            NodeKind::BitmapHeapScan { relation, .. } => format!("Bitmap Heap Scan on {}", self.relation(*relation)),
            NodeKind::BitmapIndexScan { search, .. } => {
                format!("Bitmap Index Scan on {}", quote_identifier(&search.name))
            }
            NodeKind::BitmapAnd { .. } => "BitmapAnd".into(),
            NodeKind::BitmapOr { .. } => "BitmapOr".into(),
            NodeKind::TidScan { relation, .. } | NodeKind::CursorScan { relation, .. } => {
                format!("Tid Scan on {}", self.relation(*relation))
            }
            NodeKind::TidRangeScan { relation, .. } => format!("Tid Range Scan on {}", self.relation(*relation)),
            NodeKind::Constants { .. } | NodeKind::Values { .. } => {
                // Its columns tell which of several it is.
                let read = node.shown.iter().filter_map(|expr| self.names.get(output::relation_of(expr)));
                let alias = read.map(|name| &*name.alias).find(|alias| alias.starts_with("*VALUES*"));
                let alias = alias.unwrap_or("*VALUES*");
                format!("Values Scan on {}", quote_identifier(alias))
            }
            NodeKind::FunctionScan { functions, entry, .. } => match functions.first().map(|f| &f.call.kind) {
                Some(crate::plan::ExprKind::Call(call)) if functions.len() == 1 => {
                    let row = self.catalog.function(call.function)?;
                    let schema = match self.options.verbose {
                        true => self.catalog.schema_name(row.pronamespace)?.unwrap_or_default() + ".",
                        false => String::new(),
                    };
                    let alias = self.names.get(*entry).map(|name| &name.alias).filter(|alias| **alias != *row.proname);
                    let alias = alias.map(|alias| format!(" {}", quote_identifier(alias))).unwrap_or_default();
                    format!("Function Scan on {schema}{}{alias}", quote_identifier(&row.proname))
                }
                Some(crate::plan::ExprKind::JsonTable(_)) => "Table Function Scan on \"json_table\"".into(),
                _ => match self.names.get(*entry) {
                    Some(name) => format!("Function Scan on {}", quote_identifier(&name.alias)),
                    None => "Function Scan".into(),
                },
            },
            NodeKind::SubqueryScan { alias, .. } => format!("Subquery Scan on {}", quote_identifier(alias)),
            NodeKind::CteScan { alias, name, .. } => format!("CTE Scan on {}", named_as(name, alias)),
            NodeKind::NamedTuplestoreScan { name, alias, .. } => {
                format!("Named Tuplestore Scan on {}", named_as(name, alias))
            }
            NodeKind::WorkTableScan { alias, name, .. } => format!("WorkTable Scan on {}", named_as(name, alias)),
            NodeKind::ProjectSet { .. } => "ProjectSet".into(),
            NodeKind::NestLoop { join: kind, .. } => join("Nested Loop", *kind, "Nested Loop"),
            NodeKind::HashJoin { join: kind, .. } => join("Hash", *kind, "Hash Join"),
            NodeKind::MergeJoin { join: kind, .. } => join("Merge", *kind, "Merge Join"),
            NodeKind::Sort { presorted: 0, .. } => "Sort".into(),
            NodeKind::Sort { .. } => "Incremental Sort".into(),
            NodeKind::Unique { .. } => "Unique".into(),
            NodeKind::Aggregate { strategy, .. } => match strategy {
                AggregateStrategy::Plain => "Aggregate".into(),
                AggregateStrategy::Sorted => "GroupAggregate".into(),
                AggregateStrategy::Hashed => "HashAggregate".into(),
                AggregateStrategy::Mixed => "MixedAggregate".into(),
            },
            NodeKind::WindowAgg { .. } => "WindowAgg".into(),
            NodeKind::SetOp { except, all, order, .. } => {
                let hash = if order.is_some() { "" } else { "Hash" };
                format!(
                    "{hash}SetOp {}{}",
                    if *except { "Except" } else { "Intersect" },
                    if *all { " All" } else { "" }
                )
            }
            NodeKind::Append { .. } => "Append".into(),
            NodeKind::MergeAppend { .. } => "Merge Append".into(),
            NodeKind::RecursiveUnion { .. } => "Recursive Union".into(),
            NodeKind::Limit { .. } => "Limit".into(),
            NodeKind::LockRows { .. } => "LockRows".into(),
            NodeKind::Material { .. } => "Materialize".into(),
            NodeKind::Memoize { .. } => "Memoize".into(),
            NodeKind::ModifyTable(modify) => {
                format!("{} on {}", modify_word(modify.command), self.relation(modify.target.relation))
            }
        })
    }
}

/// What a Hash node did, by what the node below it did: it gives nothing before it has all.
fn hashed(input: &Actual) -> Actual {
    Actual { startup: input.total, ..*input }
}

/// Whether the condition of which an index was not certain is told here.
fn followed_by_recheck(node: &Node, detail: &Detail) -> bool {
    match node.kind {
        NodeKind::BitmapHeapScan { .. } => detail.label == "Recheck Cond",
        NodeKind::BitmapIndexScan { .. } => false,
        _ => detail.label == "Index Cond",
    }
}

/// The detail that holds the calls of a function scan.
pub(crate) const FUNCTION_CALL: &str = "Function Call";

/// Whether a detail's expressions are keys of groups. Those of a sort that a grouping does itself stand further in.
fn is_group_key(detail: &Detail) -> bool {
    matches!(detail.label, "Group Key" | "  Group Key" | "Hash Key")
}

/// Whether a detail's expressions are conditions rather than keys.
fn is_condition(detail: &Detail) -> bool {
    let label = detail.label;
    label.ends_with("Filter")
        || label.ends_with("Cond")
        || matches!(label, "Order By" | "Run Condition" | FUNCTION_CALL)
}

/// A key by which rows are sorted or grouped. Keys that are no plain columns stand in parentheses.
fn key_text(deparser: &Deparser<'_>, expr: &analyzer::query::Expr, suffix: &str) -> Result<String> {
    let text = deparser.expression(expr)?;
    Ok(match expr.kind {
        ExprKind::Var(_) => format!("{text}{suffix}"),
        _ => format!("({text}){suffix}"),
    })
}

/// What is read, and its alias if that is another name.
fn named_as(name: &str, alias: &str) -> String {
    match alias == name {
        true => quote_identifier(name),
        false => format!("{} {}", quote_identifier(name), quote_identifier(alias)),
    }
}

fn modify_word(command: Command) -> &'static str {
    match command {
        Command::Insert => "Insert",
        Command::Update => "Update",
        Command::Delete => "Delete",
        _ => "Merge",
    }
}

/// The inputs of a node, and whether each is hashed.
fn inputs(node: &Node) -> impl Iterator<Item = (&Node, bool)> {
    let hashes = matches!(node.kind, NodeKind::HashJoin { .. });
    node.inputs().into_iter().enumerate().map(move |(at, input)| (input, hashes && at == 1))
}
