//! Plans of queries over the catalogs that every database has.

use catalog::Catalog;
use planner::plan::{Node, NodeKind, Plan};
use types::DefaultEnvironment;

fn plan_with(sql: &str, params: analyzer::Params) -> error::Result<Plan> {
    let catalog = Catalog::builtin();
    let env = DefaultEnvironment::default();
    let statements = parser::parse(sql)?;
    let (query, params) = analyzer::analyze(&catalog, &env, sql, &statements[0].statement, params)?;
    let costs = planner::Costs::default();
    let context =
        planner::Context { catalog: &catalog, env: &env, costs: &costs, keeps_outputs: false, block_count: &|_| None };
    planner::plan(query, params, &context)
}

fn plan(sql: &str) -> Plan {
    plan_with(sql, analyzer::Params::default()).unwrap_or_else(|e| panic!("{sql}: {e:?}"))
}

/// The kinds of nodes, inputs in parentheses.
fn shape(node: &Node) -> String {
    let one = |name: &str, input: &Node| format!("{name}({})", shape(input));
    let two = |name: String, a: &Node, b: &Node| format!("{name}({}, {})", shape(a), shape(b));
    match &node.kind {
        NodeKind::Result { input: None, .. } => "Result".into(),
        NodeKind::Result { input: Some(input), .. } => one("Result", input),
        NodeKind::SeqScan { .. } => "SeqScan".into(),
        NodeKind::IndexScan { search, .. } => format!("Index[{} {}]", search.name, search.keys.len()),
        NodeKind::IndexOnlyScan { search, .. } => format!("IndexOnly[{} {}]", search.name, search.keys.len()),
        NodeKind::BitmapHeapScan { input, .. } => one("Bitmap", input),
        NodeKind::BitmapIndexScan { search, .. } => format!("Index[{} {}]", search.name, search.keys.len()),
        NodeKind::BitmapAnd { inputs } => format!("And({})", inputs.iter().map(shape).collect::<Vec<_>>().join(", ")),
        NodeKind::BitmapOr { inputs } => format!("Or({})", inputs.iter().map(shape).collect::<Vec<_>>().join(", ")),
        NodeKind::TidScan { .. } => "TidScan".into(),
        NodeKind::TidRangeScan { .. } => "TidRangeScan".into(),
        NodeKind::CursorScan { .. } => "CursorScan".into(),
        NodeKind::Constants { rows } => {
            format!("Values[{}]", rows.iter().map(batch::Batch::row_count).sum::<usize>())
        }
        NodeKind::Values { rows } => format!("Values[{}]", rows.len()),
        NodeKind::FunctionScan { .. } => "Function".into(),
        NodeKind::SubqueryScan { input, .. } => one("Subquery", input),
        NodeKind::CteScan { name, .. } => format!("Cte[{name}]"),
        NodeKind::WorkTableScan { .. } => "WorkTable".into(),
        NodeKind::NamedTuplestoreScan { name, .. } => format!("Tuplestore[{name}]"),
        NodeKind::ProjectSet { input, .. } => one("ProjectSet", input),
        NodeKind::NestLoop { join, outer, inner, .. } => two(format!("NestLoop{join:?}"), outer, inner),
        NodeKind::HashJoin { join, outer, inner, .. } => two(format!("Hash{join:?}"), outer, inner),
        NodeKind::MergeJoin { join, outer, inner, .. } => two(format!("Merge{join:?}"), outer, inner),
        NodeKind::Sort { input, .. } => one("Sort", input),
        NodeKind::Unique { input, .. } => one("Unique", input),
        NodeKind::Aggregate { input, strategy, .. } => one(&format!("Agg{strategy:?}"), input),
        NodeKind::WindowAgg { input, .. } => one("Window", input),
        NodeKind::SetOp { left, right, .. } => two("SetOp".into(), left, right),
        NodeKind::Append { inputs, .. } => {
            format!("Append({})", inputs.iter().map(shape).collect::<Vec<_>>().join(", "))
        }
        NodeKind::MergeAppend { inputs, .. } => format!("MergeAppend[{}]", inputs.len()),
        NodeKind::RecursiveUnion { start, step, .. } => two("Recursive".into(), start, step),
        NodeKind::Limit { input, .. } => one("Limit", input),
        NodeKind::LockRows { input, .. } => one("LockRows", input),
        NodeKind::Material { input } => one("Material", input),
        NodeKind::Memoize { input, .. } => one("Memoize", input),
        NodeKind::ModifyTable(modify) => format!("{:?}({})", modify.command, shape(&modify.source)),
    }
}

#[test]
fn shapes() {
    for (sql, wanted) in [
        ("select 1", "Result"),
        ("select relname from pg_class where oid = 1259", "Index[pg_class_oid_index 1]"),
        ("select oid from pg_class where oid = 1259", "IndexOnly[pg_class_oid_index 1]"),
        ("select * from pg_class where relkind = 'r'", "SeqScan"),
        ("select relname from pg_class order by oid limit 1", "Limit(Index[pg_class_oid_index 0])"),
        ("select 1 where false", "Result"),
        ("select count(*) from pg_class", "AggPlain(SeqScan)"),
        ("select relkind, count(*) from pg_class group by relkind order by 2", "Sort(AggHashed(SeqScan))"),
        ("values (1), (2)", "Values[2]"),
        ("select generate_series(1, 3)", "ProjectSet(Result)"),
        ("select * from generate_series(1, 3) g", "Function"),
        ("select 1 union all select 2", "Append(Result, Result)"),
        ("select 1 union select 2", "Unique(Sort(Append(Result, Result)))"),
        ("select 1 except select 2", "SetOp(Result, Result)"),
        ("with recursive r(n) as (select 1 union all select n + 1 from r where n < 5) select * from r", "Cte[r]"),
        ("with q as (select 1 a) select * from q", "Subquery(Result)"),
        ("select distinct relkind from pg_class", "AggHashed(SeqScan)"),
        (
            "select distinct on (relkind) relkind, relname from pg_class order by relkind, relname",
            "Unique(Sort(SeqScan))",
        ),
        (
            "select row_number() over (order by relname) from pg_class",
            "Window(IndexOnly[pg_class_relname_nsp_index 0])",
        ),
        ("select relname from pg_class for update", "LockRows(SeqScan)"),
        ("select * from pg_class where ctid = '(0,1)'", "TidScan"),
        ("select * from pg_class where ctid >= '(1,0)' and ctid < '(2,0)'", "TidRangeScan"),
        ("insert into pg_description values (1, 2, 3, 'x') returning *", "Insert(Result)"),
        ("insert into pg_description values (1, 2, 3, 'x'), (4, 5, 6, 'y')", "Insert(Values[2])"),
        (
            "update pg_description set description = 'x' where objoid = 1",
            "Update(Bitmap(Index[pg_description_o_c_o_index 1]))",
        ),
        ("delete from pg_description", "Delete(SeqScan)"),
    ] {
        assert_eq!(shape(&plan(sql).root), wanted, "{sql}");
    }
}

#[test]
fn joins_use_indexes_or_hashes() {
    let one = plan(
        "select a.attname from pg_class c join pg_attribute a on a.attrelid = c.oid where c.oid = 1259 and a.attnum = 1",
    );
    assert!(shape(&one.root).starts_with("NestLoopInner(Index"), "{}", shape(&one.root));
    let many = plan("select a.attname from pg_class c join pg_attribute a on a.attrelid = c.oid");
    assert!(shape(&many.root).starts_with("Hash"), "{}", shape(&many.root));
    let outer = plan("select c.relname, n.nspname from pg_class c left join pg_namespace n on n.oid = c.relnamespace");
    assert!(shape(&outer.root).contains("Left") || shape(&outer.root).contains("Right"), "{}", shape(&outer.root));
    // A strict condition above makes the outer join an inner one.
    let reduced = plan(
        "select c.relname from pg_class c left join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'x'",
    );
    assert!(shape(&reduced.root).contains("Inner"), "{}", shape(&reduced.root));
    let semi = plan("select relname from pg_class c where exists (select 1 from pg_index i where i.indrelid = c.oid)");
    // A semijoin, or a join with each value once.
    assert!(shape(&semi.root).contains("Semi") || shape(&semi.root).contains("Agg"), "{}", shape(&semi.root));
    let anti =
        plan("select relname from pg_class c where not exists (select 1 from pg_index i where i.indrelid = c.oid)");
    assert!(shape(&anti.root).contains("Anti"), "{}", shape(&anti.root));
    let full = plan("select * from pg_class c full join pg_index i on i.indrelid = c.oid");
    assert!(shape(&full.root).contains("HashFull"), "{}", shape(&full.root));
}

#[test]
fn a_parameterised_point_query_is_one_index_scan() {
    let plan = plan_with("select relname from pg_class where oid = $1", analyzer::Params::inferred(vec![])).unwrap();
    assert_eq!(plan.params, [types::oid::OID]);
    assert_eq!(shape(&plan.root), "Index[pg_class_oid_index 1]");
    assert_eq!(plan.root.cost.rows, 1.0);
}

#[test]
fn correlated_subqueries_get_their_slots() {
    let plan = plan(
        "select c.relname, (select count(*) from pg_attribute a where a.attrelid = c.oid and a.attnum > 0) from pg_class c",
    );
    assert_eq!(plan.subplans.len(), 1);
    assert_eq!(plan.slots.len(), 1);
    assert_eq!(plan.subplans[0].node.depends, [0]);
    assert!(plan.root.depends.is_empty());
}

/// What psql sends for its \\d commands, recorded with -E. All are analyzed and planned; the number that cannot be only falls.
#[test]
fn psql_catalog_queries_plan() {
    let mut failed = Vec::new();
    let all: Vec<&str> = include_str!("psql.sql").split(";\n").map(str::trim).filter(|s| !s.is_empty()).collect();
    for sql in &all {
        if let Err(e) = plan_with(sql, analyzer::Params::default()) {
            let at = e.fields().position.map_or(0, |p| p as usize).saturating_sub(1);
            let near: String = sql.chars().skip(at.saturating_sub(10)).take(60).collect();
            failed.push(format!("{e}  near: {near}"));
        }
    }
    assert!(all.len() > 60);
    for f in &failed {
        println!("{f}");
    }
    // Names of relations and functions as values are looked up by the session, which there is none of here.
    failed.retain(|f| !f.contains("does not exist"));
    assert_eq!(failed.len(), 0, "of {}", all.len());
}
