//! A relation's place in a tree: whose partition or child it is, and which it has.

use super::footers::{self, Footers};
use super::{Call, Kind, Outcome, Relation};

/// Whose partition it is, and of what.
pub(super) fn place(call: &mut Call<'_>, relation: &Relation, below: &mut Footers) -> Outcome {
    let constraint = if call.verbose() { "pg_catalog.pg_get_partition_constraintdef(c.oid)" } else { "NULL" };
    let found = call.query(&format!(
        "SELECT h.inhparent::pg_catalog.regclass, pg_catalog.pg_get_expr(c.relpartbound, c.oid), h.inhdetachpending, {constraint}\n\
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_inherits h ON h.inhrelid = c.oid WHERE c.oid = {}",
        relation.oid
    ))?;
    if found.rows() == 0 {
        return Ok(());
    }
    let detaching = if found.is_true(0, 2) { " DETACH PENDING" } else { "" };
    below.add(format!("Partition of: {} {}{detaching}", found.text(0, 0), found.text(0, 1)));
    if call.verbose() {
        let constraint = found.text(0, 3);
        if constraint.is_empty() {
            below.add("No partition constraint");
        } else {
            below.add(format!("Partition constraint: {constraint}"));
        }
    }
    Ok(())
}

/// By what it is partitioned.
pub(super) fn key(call: &mut Call<'_>, relation: &Relation, below: &mut Footers) -> Outcome {
    let found = call.query(&format!("SELECT pg_catalog.pg_get_partkeydef({}::pg_catalog.oid)", relation.oid))?;
    if found.rows() == 1 {
        below.add(format!("Partition key: {}", found.text(0, 0)));
    }
    Ok(())
}

/// The server it lies on, its parents and its children.
pub(super) fn family(call: &mut Call<'_>, relation: &Relation, below: &mut Footers) -> Outcome {
    if relation.kind == Kind::ForeignTable {
        footers::foreign_server(call, relation, below)?;
    }
    if relation.has_parents && !relation.is_partition {
        let parents = call.query(&format!(
            "SELECT h.inhparent::pg_catalog.regclass\nFROM pg_catalog.pg_inherits h WHERE h.inhrelid = {}\nORDER BY h.inhseqno",
            relation.oid
        ))?;
        let parents = (0..parents.rows()).map(|row| parents.text(row, 0)).collect();
        column("Inherits", parents, below);
    }
    let children = call.query(&format!(
        "SELECT c.oid::pg_catalog.regclass, c.relkind, h.inhdetachpending, pg_catalog.pg_get_expr(c.relpartbound, c.oid)\n\
         FROM pg_catalog.pg_inherits h JOIN pg_catalog.pg_class c ON c.oid = h.inhrelid WHERE h.inhparent = {}\n\
         ORDER BY pg_catalog.pg_get_expr(c.relpartbound, c.oid) = 'DEFAULT', c.oid::pg_catalog.regclass::pg_catalog.text",
        relation.oid
    ))?;
    let partitioned = matches!(relation.kind, Kind::PartitionedTable | Kind::PartitionedIndex);
    let (many, title) = if partitioned { ("partitions", "Partitions") } else { ("child tables", "Child tables") };
    match children.rows() {
        0 if !partitioned => {}
        0 => below.add("Number of partitions: 0"),
        count if !call.verbose() => below.add(format!("Number of {many}: {count} (Use \\d+ to list them.)")),
        count => {
            let names = (0..count).map(|row| {
                let mut name = children.text(row, 0);
                let bound = children.text(row, 3);
                if !bound.is_empty() {
                    name = name + " " + &bound;
                }
                name.push_str(match children.text(row, 1).as_str() {
                    "p" | "I" => ", PARTITIONED",
                    "f" => ", FOREIGN",
                    _ => "",
                });
                if children.is_true(row, 2) {
                    name.push_str(" (DETACH PENDING)");
                }
                name
            });
            column(title, names.collect(), below);
        }
    }
    Ok(())
}

/// Names one below the other, the first behind a title.
fn column(title: &str, names: Vec<String>, below: &mut Footers) {
    let last = names.len().saturating_sub(1);
    for (at, name) in names.into_iter().enumerate() {
        let before = if at == 0 { format!("{title}: ") } else { " ".repeat(title.len() + 2) };
        below.add(format!("{before}{name}{}", if at < last { "," } else { "" }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_below_each_other() {
        let mut below = Footers::default();
        column("Inherits", vec!["a".to_owned(), "b".to_owned()], &mut below);
        assert_eq!(below.lines, [b"Inherits: a,".to_vec(), b"          b".to_vec()]);
    }
}
