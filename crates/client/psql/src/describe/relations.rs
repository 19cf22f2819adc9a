//! Lists of relations: `\dt` and its kin, `\dP`.

use super::select::Select;
use super::{Call, Outcome, Target, decode};
use crate::print::Table;

const RELATION: Target<'static> = Target {
    schema: Some("n.nspname"),
    name: "c.relname",
    other_name: None,
    visible: Some("pg_catalog.pg_table_is_visible(c.oid)"),
    parts: 3,
    whole: false,
    plain: false,
};

/// Every kind of relation that lists show, as the catalog and as people call it.
const KINDS: &[(&str, &str)] = &[
    ("r", "table"),
    ("v", "view"),
    ("m", "materialized view"),
    ("i", "index"),
    ("S", "sequence"),
    ("t", "TOAST table"),
    ("f", "foreign table"),
    ("p", "partitioned table"),
    ("I", "partitioned index"),
];

/// `\dt`, `\di`, `\ds`, `\dv`, `\dm`, `\dE` and any of these letters together.
pub(super) fn relations(call: &mut Call<'_>) -> Outcome {
    let letters = call.name[1..].to_owned();
    list(call, &letters)
}

/// Lists the kinds of relations whose letters are among `letters`.
pub(super) fn list(call: &mut Call<'_>, letters: &str) -> Outcome {
    let shown = |letter| letters.contains(letter);
    // The letter of the command, what a list of these is called, and the kinds in the catalog.
    let groups: Vec<(char, &str, &[&str])> = [
        ('t', "tables", ["r", "p"].as_slice()),
        ('i', "indexes", &["i", "I"]),
        ('v', "views", &["v"]),
        ('m', "materialized views", &["m"]),
        ('s', "sequences", &["S"]),
        ('E', "foreign tables", &["f"]),
    ]
    .into_iter()
    .filter(|(letter, _, _)| shown(*letter))
    .collect();
    let called = if let [(_, called, _)] = groups[..] { called } else { "relations" };

    let mut select =
        Select::from("pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace");
    select
        .column("Schema", "n.nspname")
        .column("Name", "c.relname")
        .column("Type", decode("c.relkind", KINDS))
        .column("Owner", "pg_catalog.pg_get_userbyid(c.relowner)");
    if shown('i') {
        select
            .column("Table", "tc.relname")
            .join("LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid")
            .join("LEFT JOIN pg_catalog.pg_class tc ON tc.oid = i.indrelid");
    }
    if call.verbose() {
        select.column(
            "Persistence",
            decode("c.relpersistence", &[("p", "permanent"), ("t", "temporary"), ("u", "unlogged")]),
        );
        if (shown('t') || shown('m') || shown('i')) && !call.host.settings().hide_table_access_method {
            select.column("Access method", "am.amname").join("LEFT JOIN pg_catalog.pg_am am ON am.oid = c.relam");
        }
        select
            .column("Size", "pg_catalog.pg_size_pretty(pg_catalog.pg_table_size(c.oid))")
            .column("Description", "pg_catalog.obj_description(c.oid, 'pg_class')");
    }
    let mut kinds: Vec<String> =
        groups.iter().flat_map(|(_, _, kinds)| kinds.iter().map(|kind| format!("'{kind}'"))).collect();
    if shown('t') && !call.user_only() {
        kinds.push("'t'".to_owned());
    }
    select.filter(format!("c.relkind IN ({})", kinds.join(", ")));
    if call.user_only() {
        select.filter(
            "n.nspname <> 'pg_catalog' AND n.nspname <> 'information_schema' AND n.nspname OPERATOR(pg_catalog.!~) '^pg_toast'",
        );
    }
    call.filter(&mut select, 0, &RELATION)?;
    let answer = call.query(&select.order("1, 2").sql())?;
    if answer.rows() == 0 && !call.host.settings().quiet {
        let message = match call.pattern(0) {
            Some(pattern) => format!("Did not find any {called} named \"{pattern}\"."),
            None => format!("Did not find any {called}."),
        };
        call.host.error(&message);
        return Ok(());
    }
    let table = Table::new(select.headers(), &*answer.0).titled(format!("List of {called}"));
    call.print(table, true);
    Ok(())
}

/// `\dP`: partitioned tables (`t`), indexes (`i`) or both; with `n` or a pattern also those that are partitions themselves.
pub(super) fn partitioned(call: &mut Call<'_>) -> Outcome {
    let (mut tables, mut indexes) = (call.has('t'), call.has('i'));
    let nested = call.has('n');
    if !tables && !indexes {
        (tables, indexes) = (true, true);
    }
    let mixed = tables && indexes;
    let title = match (tables, indexes) {
        (true, false) => "List of partitioned tables",
        (false, true) => "List of partitioned indexes",
        _ => "List of partitioned relations",
    };
    let with_parent = nested || call.pattern(0).is_some();

    let mut select =
        Select::from("pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace");
    select
        .column("Schema", "n.nspname")
        .column("Name", "c.relname")
        .column("Owner", "pg_catalog.pg_get_userbyid(c.relowner)");
    let mut order = vec!["1"];
    if mixed {
        select.column("Type", decode("c.relkind", KINDS));
        order.push("4 DESC");
    }
    if with_parent {
        select
            .column("Parent name", "h.inhparent::pg_catalog.regclass")
            .join("LEFT JOIN pg_catalog.pg_inherits h ON h.inhrelid = c.oid");
        order.push("h.inhparent NULLS FIRST");
    }
    order.push("2");
    if indexes {
        select
            .column("Table", "i.indrelid::pg_catalog.regclass")
            .join("LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid");
    }
    if call.verbose() {
        select.column("Access method", "am.amname").join("LEFT JOIN pg_catalog.pg_am am ON am.oid = c.relam");
        if nested {
            select.column("Leaf partition size", "s.leaves").column("Total size", "s.total");
        } else {
            select.column("Total size", "s.total");
        }
        select.column("Description", "pg_catalog.obj_description(c.oid, 'pg_class')").join(
            "LEFT JOIN LATERAL (SELECT pg_catalog.pg_size_pretty(COALESCE(pg_catalog.sum(\
             CASE WHEN p.isleaf AND p.level = 1 THEN pg_catalog.pg_table_size(p.relid) END), 0)) AS leaves, \
             pg_catalog.pg_size_pretty(COALESCE(pg_catalog.sum(pg_catalog.pg_table_size(p.relid)), 0)) AS total \
             FROM pg_catalog.pg_partition_tree(c.oid) p) s ON true",
        );
    }
    let kinds = match (tables, indexes) {
        (true, false) => "'p'",
        (false, true) => "'I'",
        _ => "'p', 'I'",
    };
    select.filter(format!("c.relkind IN ({kinds})"));
    if !with_parent {
        select.filter("NOT c.relispartition");
    }
    if call.pattern(0).is_none() {
        select.filter(
            "n.nspname <> 'pg_catalog' AND n.nspname <> 'information_schema' AND n.nspname OPERATOR(pg_catalog.!~) '^pg_toast'",
        );
    }
    call.filter(&mut select, 0, &RELATION)?;
    call.list(title, select.order(order.join(", ")))
}
