//! EXPLAIN for programs: JSON, YAML and XML.
//!
//! A plan becomes a tree of named properties, in PostgreSQL's order and under its names; three writers print it.

use std::fmt::Write;

use error::Result;

use super::{Actual, Printer, work};
use crate::plan::*;

/// A form for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// JSON
    Json,
    /// YAML
    Yaml,
    /// XML
    Xml,
}

/// The value of a property.
#[derive(Clone, Debug)]
pub enum Value {
    /// Text, quoted where the format quotes.
    Text(String),
    /// A number or a truth value, as it is.
    Plain(String),
    /// Texts.
    List(Vec<String>),
    /// Several lists of texts; each is an item of this name in XML.
    Lists(&'static str, Vec<Vec<String>>),
    /// Properties.
    Group(Properties),
    /// Several groups; each is an item of this name in XML.
    Groups(&'static str, Vec<Properties>),
}

/// Properties in order.
pub type Properties = Vec<(&'static str, Value)>;

impl Value {
    /// A truth value.
    pub fn truth(value: bool) -> Value {
        Value::Plain(value.to_string())
    }
}

impl Printer<'_> {
    /// The properties of a node and of all below.
    pub(super) fn properties(
        &self,
        node: &Node,
        relationship: Option<&'static str>,
        subplan: Option<&str>,
    ) -> Result<Properties> {
        let node = self.shown(node);
        let mut all = Properties::new();
        let text = |text: &str| Value::Text(text.to_string());
        all.push(("Node Type", text(node_type(&node.kind))));
        match &node.kind {
            NodeKind::Aggregate { strategy, .. } => {
                let word = match strategy {
                    AggregateStrategy::Plain => "Plain",
                    AggregateStrategy::Sorted => "Sorted",
                    AggregateStrategy::Hashed => "Hashed",
                    AggregateStrategy::Mixed => "Mixed",
                };
                all.push(("Strategy", text(word)));
                all.push(("Partial Mode", text("Simple")));
            }
            NodeKind::SetOp { order, .. } => {
                all.push(("Strategy", text(if order.is_some() { "Sorted" } else { "Hashed" })));
            }
            NodeKind::ModifyTable(modify) => all.push(("Operation", text(super::modify_word(modify.command)))),
            _ => {}
        }
        if let Some(relationship) = relationship {
            all.push(("Parent Relationship", text(relationship)));
        }
        if let Some(name) = subplan {
            all.push(("Subplan Name", text(name)));
        }
        all.push(("Parallel Aware", Value::truth(false)));
        all.push(("Async Capable", Value::truth(false)));
        match &node.kind {
            NodeKind::NestLoop { join, .. } | NodeKind::HashJoin { join, .. } | NodeKind::MergeJoin { join, .. } => {
                all.push(("Join Type", text(join_word(*join))));
            }
            NodeKind::SetOp { except, all: every, .. } => {
                let word = if *except { "Except" } else { "Intersect" };
                all.push(("Command", Value::Text(format!("{word}{}", if *every { " All" } else { "" }))));
            }
            NodeKind::IndexScan { search, .. } | NodeKind::IndexOnlyScan { search, .. } => {
                all.push(("Scan Direction", text(if search.backward { "Backward" } else { "Forward" })));
                all.push(("Index Name", text(&search.name)));
            }
            NodeKind::BitmapIndexScan { search, .. } => all.push(("Index Name", text(&search.name))),
            _ => {}
        }
        self.scanned(node, &mut all)?;
        if self.options.costs {
            let cost = node.cost;
            all.push(("Startup Cost", Value::Plain(format!("{:.2}", cost.startup))));
            all.push(("Total Cost", Value::Plain(format!("{:.2}", cost.total))));
            all.push(("Plan Rows", Value::Plain(format!("{:.0}", cost.rows))));
            all.push(("Plan Width", Value::Plain(cost.width.to_string())));
        }
        let actual = self.actual.map(|actual| actual(node.id));
        if let Some(did) = &actual {
            self.measured(did, &mut all);
        }
        all.push(("Disabled", Value::truth(false)));
        if let Some(output) = self.output(node)? {
            all.push(("Output", Value::List(output)));
        }
        self.particulars(node, actual.as_ref(), &mut all)?;
        if let Some(did) = actual.as_ref().filter(|did| did.loops > 0 && !did.work.is_of_hash()) {
            all.extend(did.work.properties());
        }
        self.used(actual.as_ref(), &mut all);
        let plans = self.below(node)?;
        if !plans.is_empty() {
            all.push(("Plans", Value::Groups("Plan", plans)));
        }
        Ok(all)
    }

    /// The pages and the log that a node used.
    fn used(&self, did: Option<&Actual>, all: &mut Properties) {
        let usage = did.map(|did| did.usage).unwrap_or_default();
        if self.options.buffers {
            all.extend(work::buffers_properties(&usage));
        }
        if self.options.wal {
            all.extend(work::wal_properties(&usage));
        }
    }

    /// What a scan reads.
    fn scanned(&self, node: &Node, all: &mut Properties) -> Result<()> {
        let text = |text: &str| Value::Text(text.to_string());
        let relation = match &node.kind {
            NodeKind::SeqScan { relation, .. }
            | NodeKind::IndexScan { relation, .. }
            | NodeKind::IndexOnlyScan { relation, .. }
            | NodeKind::BitmapHeapScan { relation, .. }
            | NodeKind::TidScan { relation, .. }
            | NodeKind::TidRangeScan { relation, .. }
            | NodeKind::CursorScan { relation, .. } => Some(*relation),
            NodeKind::ModifyTable(modify) => Some(modify.target.relation),
            _ => None,
        };
        if let Some(relation) = relation.and_then(|at| self.plan.relations.get(at)) {
            all.push(("Relation Name", text(&relation.name)));
            if self.options.verbose {
                all.push(("Schema", text(&relation.schema)));
            }
            all.push(("Alias", text(&relation.alias)));
        }
        match &node.kind {
            NodeKind::CteScan { alias, name, .. } => {
                all.push(("CTE Name", text(name)));
                all.push(("Alias", text(alias)));
            }
            NodeKind::NamedTuplestoreScan { name, alias, .. } => {
                all.push(("Tuplestore Name", text(name)));
                all.push(("Alias", text(alias)));
            }
            NodeKind::WorkTableScan { alias, name, .. } => {
                all.push(("CTE Name", text(name)));
                all.push(("Alias", text(alias)));
            }
            NodeKind::SubqueryScan { alias, .. } => all.push(("Alias", text(alias))),
            NodeKind::Constants { .. } | NodeKind::Values { .. } => all.push(("Alias", text("*VALUES*"))),
            NodeKind::FunctionScan { functions, .. } => {
                if let [function] = &functions[..]
                    && let ExprKind::Call(call) = &function.call.kind
                {
                    let name = &self.catalog.function(call.function)?.proname;
                    all.push(("Function Name", text(name)));
                    all.push(("Alias", text(name)));
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn measured(&self, did: &Actual, all: &mut Properties) {
        let loops = did.loops.max(1) as f64;
        if self.options.timing {
            for (name, time) in [("Actual Startup Time", did.startup), ("Actual Total Time", did.total)] {
                all.push((name, Value::Plain(format!("{:.3}", time.as_secs_f64() * 1000.0 / loops))));
            }
        }
        all.push(("Actual Rows", Value::Plain(format!("{:.2}", did.rows as f64 / loops))));
        all.push(("Actual Loops", Value::Plain(did.loops.to_string())));
    }

    /// Conditions, keys and the like.
    fn particulars(&self, node: &Node, actual: Option<&Actual>, all: &mut Properties) -> Result<()> {
        if let NodeKind::WindowAgg { shown, .. } = &node.kind {
            all.push(("Window", Value::Text(self.window(shown)?)));
        }
        if let NodeKind::NestLoop { inner_unique, .. }
        | NodeKind::HashJoin { inner_unique, .. }
        | NodeKind::MergeJoin { inner_unique, .. } = &node.kind
        {
            all.push(("Inner Unique", Value::truth(*inner_unique)));
        }
        let calls = |label: &str| label == super::FUNCTION_CALL && !self.options.verbose;
        let sets = self.grouping_sets(node)?;
        let told =
            |label: &str| !sets.is_empty() && matches!(label, "Hash Key" | "Group Key" | "  Group Key" | "Sort Key");
        if !sets.is_empty() {
            all.push(("Grouping Sets", Value::Groups("Grouping-Set", sets.clone())));
        }
        for detail in node.details.iter().filter(|detail| !calls(detail.label) && !told(detail.label)) {
            if detail.exprs.is_empty() {
                all.push((
                    detail.label,
                    match detail.label {
                        "Conflict Resolution" => Value::Text(detail.texts.join(", ")),
                        _ => Value::List(detail.texts.clone()),
                    },
                ));
                continue;
            }
            all.push((
                detail.label,
                match self.keys(node, detail)? {
                    Some(keys) => Value::List(keys),
                    None => Value::Text(self.detail(node, detail)?),
                },
            ));
            if let Some(did) = actual
                && super::followed_by_recheck(node, detail)
                && let Some(removed) = did.work.rechecked()
            {
                let removed = removed as f64 / did.loops.max(1) as f64;
                all.push(("Rows Removed by Index Recheck", Value::Plain(format!("{removed:.0}"))));
            }
            if let Some(did) = actual
                && let Some(label) = removed_label(detail.label)
            {
                let removed = did.filtered as f64 / did.loops.max(1) as f64;
                all.push((label, Value::Plain(format!("{removed:.0}"))));
            }
        }
        Ok(())
    }

    /// The grouping sets of a node that has several: those that are hashed, each for itself, then those of sorted rows.
    fn grouping_sets(&self, node: &Node) -> Result<Vec<Properties>> {
        let mut sets: Vec<Properties> = Vec::new();
        let keys = node.details.iter().filter(|detail| super::is_group_key(detail));
        let several = keys.clone().count() > 1 || keys.clone().any(|detail| detail.exprs.is_empty());
        if !matches!(node.kind, NodeKind::Aggregate { .. }) || !several {
            return Ok(sets);
        }
        for detail in &node.details {
            let texts = if detail.exprs.is_empty() { Some(Vec::new()) } else { self.keys(node, detail)? };
            let Some(texts) = texts else { continue };
            match (detail.label, sets.last_mut().and_then(|set| set.last_mut())) {
                ("Hash Key", _) => sets.push(vec![("Hash Keys", Value::Lists("Hash Key", vec![texts]))]),
                ("Sort Key", _) => sets.push(vec![("Sort Key", Value::List(texts))]),
                ("Group Key" | "  Group Key", Some(("Group Keys", Value::Lists(_, lists)))) => lists.push(texts),
                ("  Group Key", Some(("Sort Key", _))) => {
                    if let Some(set) = sets.last_mut() {
                        set.push(("Group Keys", Value::Lists("Group Key", vec![texts])));
                    }
                }
                ("Group Key" | "  Group Key", _) => {
                    sets.push(vec![("Group Keys", Value::Lists("Group Key", vec![texts]))]);
                }
                _ => {}
            }
        }
        Ok(sets)
    }

    /// The nodes below, as they are shown.
    fn below(&self, node: &Node) -> Result<Vec<Properties>> {
        let mut plans = Vec::new();
        let trees = || node.subplans.iter().filter_map(|&at| self.plan.subplans.get(at));
        for tree in trees().filter(|tree| tree.name.starts_with("InitPlan")) {
            plans.push(self.properties(&tree.node, Some("InitPlan"), Some(&tree.name))?);
        }
        let several = matches!(
            &node.kind,
            NodeKind::Append { .. }
                | NodeKind::MergeAppend { .. }
                | NodeKind::BitmapAnd { .. }
                | NodeKind::BitmapOr { .. }
        );
        for (at, (input, hash)) in self.inputs(node).into_iter().enumerate() {
            let relationship = match at {
                _ if several => "Member",
                _ if matches!(node.kind, NodeKind::SubqueryScan { .. }) => "Subquery",
                0 => "Outer",
                _ => "Inner",
            };
            if !hash {
                plans.push(self.properties(input, Some(relationship), None)?);
                continue;
            }
            let mut table: Properties = vec![
                ("Node Type", Value::Text("Hash".into())),
                ("Parent Relationship", Value::Text(relationship.into())),
                ("Parallel Aware", Value::truth(false)),
                ("Async Capable", Value::truth(false)),
            ];
            if self.options.costs {
                table.push(("Startup Cost", Value::Plain(format!("{:.2}", input.cost.total))));
                table.push(("Total Cost", Value::Plain(format!("{:.2}", input.cost.total))));
                table.push(("Plan Rows", Value::Plain(format!("{:.0}", input.cost.rows))));
                table.push(("Plan Width", Value::Plain(input.cost.width.to_string())));
            }
            let did = self.actual.map(|actual| (actual(node.id), super::hashed(&actual(self.shown(input).id))));
            if let Some((_, hashed)) = &did {
                self.measured(hashed, &mut table);
            }
            table.push(("Disabled", Value::truth(false)));
            if let Some((join, _)) = did.as_ref().filter(|(_, hashed)| hashed.loops > 0) {
                table.extend(join.work.properties());
            }
            self.used(did.as_ref().map(|(_, hashed)| hashed), &mut table);
            table.push(("Plans", Value::Groups("Plan", vec![self.properties(input, Some("Outer"), None)?])));
            plans.push(table);
        }
        for tree in trees().filter(|tree| tree.name.starts_with("SubPlan")) {
            plans.push(self.properties(&tree.node, Some("SubPlan"), Some(&tree.name))?);
        }
        if std::ptr::eq(node, self.shown(&self.plan.root)) {
            for tree in self.plan.subplans.iter().filter(|tree| tree.kind == SubPlanKind::Cte) {
                plans.push(self.properties(&tree.node, Some("InitPlan"), Some(&tree.name))?);
            }
        }
        Ok(plans)
    }
}

/// What counts the rows that a condition dropped.
fn removed_label(label: &str) -> Option<&'static str> {
    match label {
        "Filter" => Some("Rows Removed by Filter"),
        "Join Filter" => Some("Rows Removed by Join Filter"),
        _ => None,
    }
}

fn join_word(join: JoinType) -> &'static str {
    match join {
        JoinType::Inner => "Inner",
        JoinType::Left => "Left",
        JoinType::Right => "Right",
        JoinType::Full => "Full",
        JoinType::Semi => "Semi",
        JoinType::Anti => "Anti",
        JoinType::RightSemi => "Right Semi",
        JoinType::RightAnti => "Right Anti",
    }
}

fn node_type(kind: &NodeKind) -> &'static str {
    match kind {
        NodeKind::Result { .. } => "Result",
        NodeKind::SeqScan { sample: Some(_), .. } => "Sample Scan",
        NodeKind::SeqScan { .. } => "Seq Scan",
        NodeKind::BitmapHeapScan { .. } => "Bitmap Heap Scan",
        NodeKind::BitmapIndexScan { .. } => "Bitmap Index Scan",
        NodeKind::BitmapAnd { .. } => "BitmapAnd",
        NodeKind::BitmapOr { .. } => "BitmapOr",
        NodeKind::IndexScan { .. } => "Index Scan",
        NodeKind::IndexOnlyScan { .. } => "Index Only Scan",
        NodeKind::TidScan { .. } | NodeKind::CursorScan { .. } => "Tid Scan",
        NodeKind::TidRangeScan { .. } => "Tid Range Scan",
        NodeKind::Constants { .. } | NodeKind::Values { .. } => "Values Scan",
        NodeKind::FunctionScan { .. } => "Function Scan",
        NodeKind::SubqueryScan { .. } => "Subquery Scan",
        NodeKind::CteScan { .. } => "CTE Scan",
        NodeKind::NamedTuplestoreScan { .. } => "Named Tuplestore Scan",
        NodeKind::WorkTableScan { .. } => "WorkTable Scan",
        NodeKind::ProjectSet { .. } => "ProjectSet",
        NodeKind::NestLoop { .. } => "Nested Loop",
        NodeKind::HashJoin { .. } => "Hash Join",
        NodeKind::MergeJoin { .. } => "Merge Join",
        NodeKind::Sort { presorted: 0, .. } => "Sort",
        NodeKind::Sort { .. } => "Incremental Sort",
        NodeKind::Unique { .. } => "Unique",
        NodeKind::Aggregate { .. } => "Aggregate",
        NodeKind::WindowAgg { .. } => "WindowAgg",
        NodeKind::SetOp { .. } => "SetOp",
        NodeKind::Append { .. } => "Append",
        NodeKind::MergeAppend { .. } => "Merge Append",
        NodeKind::RecursiveUnion { .. } => "Recursive Union",
        NodeKind::Limit { .. } => "Limit",
        NodeKind::LockRows { .. } => "LockRows",
        NodeKind::Material { .. } => "Materialize",
        NodeKind::Memoize { .. } => "Memoize",
        NodeKind::ModifyTable(_) => "ModifyTable",
    }
}

/// The properties of a statement's queries as one text.
pub fn write(queries: &[Properties], format: Format) -> String {
    let mut out = String::new();
    match format {
        Format::Json => {
            out.push('[');
            for (at, query) in queries.iter().enumerate() {
                out.push_str(if at > 0 { ",\n  " } else { "\n  " });
                json_group(query, 1, &mut out);
            }
            out.push_str("\n]");
        }
        Format::Yaml => {
            for query in queries {
                out.push_str("- ");
                yaml_group(query, 1, &mut out);
            }
            out.pop();
        }
        Format::Xml => {
            out.push_str("<explain xmlns=\"http://www.postgresql.org/2009/explain\">\n");
            for query in queries {
                out.push_str("  <Query>\n");
                xml_group(query, 2, &mut out);
                out.push_str("  </Query>\n");
            }
            out.push_str("</explain>");
        }
    }
    out
}

fn indent(depth: usize, out: &mut String) {
    out.extend(std::iter::repeat_n("  ", depth));
}

fn quoted(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            c if c < ' ' => {
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

fn json_group(properties: &Properties, depth: usize, out: &mut String) {
    out.push('{');
    for (at, (name, value)) in properties.iter().enumerate() {
        out.push_str(if at > 0 { ",\n" } else { "\n" });
        indent(depth + 1, out);
        quoted(name, out);
        out.push_str(": ");
        match value {
            Value::Text(text) => quoted(text, out),
            Value::Plain(text) => out.push_str(text),
            Value::List(items) => list(items, out),
            Value::Lists(_, lists) => {
                out.push('[');
                for (at, items) in lists.iter().enumerate() {
                    out.push_str(if at > 0 { ",\n" } else { "\n" });
                    indent(depth + 2, out);
                    list(items, out);
                }
                out.push('\n');
                indent(depth + 1, out);
                out.push(']');
            }
            Value::Group(group) => json_group(group, depth + 1, out),
            Value::Groups(_, groups) => {
                out.push('[');
                for (at, group) in groups.iter().enumerate() {
                    out.push_str(if at > 0 { ",\n" } else { "\n" });
                    indent(depth + 2, out);
                    json_group(group, depth + 2, out);
                }
                out.push('\n');
                indent(depth + 1, out);
                out.push(']');
            }
        }
    }
    out.push('\n');
    indent(depth, out);
    out.push('}');
}

/// Quoted texts in brackets, on one line.
fn list(items: &[String], out: &mut String) {
    out.push('[');
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push_str(", ");
        }
        quoted(item, out);
    }
    out.push(']');
}

/// The first property goes where the output stands; each ends its line.
fn yaml_group(properties: &Properties, depth: usize, out: &mut String) {
    for (at, (name, value)) in properties.iter().enumerate() {
        if at > 0 {
            indent(depth, out);
        }
        let _ = write!(out, "{name}: ");
        match value {
            Value::Text(text) => quoted(text, out),
            Value::Plain(text) => out.push_str(text),
            Value::List(items) => {
                for item in items {
                    out.push('\n');
                    indent(depth + 1, out);
                    out.push_str("- ");
                    quoted(item, out);
                }
            }
            Value::Lists(_, lists) => {
                for items in lists {
                    out.push('\n');
                    indent(depth + 1, out);
                    out.push_str("- ");
                    list(items, out);
                }
            }
            Value::Group(group) => {
                out.push('\n');
                indent(depth + 1, out);
                yaml_group(group, depth + 1, out);
                continue;
            }
            Value::Groups(_, groups) => {
                for group in groups {
                    out.push('\n');
                    indent(depth + 1, out);
                    out.push_str("- ");
                    yaml_group(group, depth + 2, out);
                    out.pop();
                }
            }
        }
        out.push('\n');
    }
}

fn xml_text(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\r' => out.push_str("&#x0d;"),
            c => out.push(c),
        }
    }
}

fn xml_group(properties: &Properties, depth: usize, out: &mut String) {
    for (name, value) in properties {
        let tag: String = name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '-' }).collect();
        indent(depth, out);
        let _ = write!(out, "<{tag}>");
        match value {
            Value::Text(text) | Value::Plain(text) => xml_text(text, out),
            Value::List(items) => {
                out.push('\n');
                for item in items {
                    indent(depth + 1, out);
                    out.push_str("<Item>");
                    xml_text(item, out);
                    out.push_str("</Item>\n");
                }
                indent(depth, out);
            }
            Value::Lists(name, lists) => {
                let tag = name.replace(' ', "-");
                out.push('\n');
                for items in lists {
                    indent(depth + 1, out);
                    let _ = writeln!(out, "<{tag}>");
                    for item in items {
                        indent(depth + 2, out);
                        out.push_str("<Item>");
                        xml_text(item, out);
                        out.push_str("</Item>\n");
                    }
                    indent(depth + 1, out);
                    let _ = writeln!(out, "</{tag}>");
                }
                indent(depth, out);
            }
            Value::Group(group) => {
                out.push('\n');
                xml_group(group, depth + 1, out);
                indent(depth, out);
            }
            Value::Groups(item, groups) => {
                out.push('\n');
                for group in groups {
                    indent(depth + 1, out);
                    let _ = writeln!(out, "<{item}>");
                    xml_group(group, depth + 2, out);
                    indent(depth + 1, out);
                    let _ = writeln!(out, "</{item}>");
                }
                indent(depth, out);
            }
        }
        let _ = writeln!(out, "</{tag}>");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_forms_are_postgresqls() {
        let plan: Properties = vec![
            ("Node Type", Value::Text("Sort".into())),
            ("Total Cost", Value::Plain("1.50".into())),
            ("Sort Key", Value::List(vec!["a < \"b\"".into()])),
            ("Plans", Value::Groups("Plan", vec![vec![("Node Type", Value::Text("Result".into()))]])),
        ];
        let query = [vec![("Plan", Value::Group(plan))]];
        assert_eq!(
            write(&query, Format::Json),
            "[\n  {\n    \"Plan\": {\n      \"Node Type\": \"Sort\",\n      \"Total Cost\": 1.50,\n      \"Sort Key\": [\"a < \\\"b\\\"\"],\n      \
             \"Plans\": [\n        {\n          \"Node Type\": \"Result\"\n        }\n      ]\n    }\n  }\n]"
        );
        assert_eq!(
            write(&query, Format::Yaml),
            "- Plan: \n    Node Type: \"Sort\"\n    Total Cost: 1.50\n    Sort Key: \n      - \"a < \\\"b\\\"\"\n    Plans: \n      - Node \
             Type: \"Result\""
        );
        assert!(
            write(&query, Format::Xml)
                .contains("      <Sort-Key>\n        <Item>a &lt; \"b\"</Item>\n      </Sort-Key>\n")
        );
    }
}
