//! What belongs to a table: indexes, constraints, policies, statistics, rules, publications, triggers; a view's definition.

use super::{Answer, Call, Kind, Outcome, Relation};
use crate::describe::foreign_options;

/// The lines below a table.
#[derive(Default)]
pub(super) struct Footers {
    pub lines: Vec<Vec<u8>>,
}

impl Footers {
    pub(super) fn add(&mut self, line: impl AsRef<[u8]>) {
        self.lines.push(line.as_ref().to_vec());
    }

    /// A heading, and below it a line for each row made of its first column; nothing if there are no rows.
    pub(super) fn group(&mut self, heading: &str, answer: &Answer) {
        if answer.rows() > 0 {
            self.add(heading);
        }
        for row in 0..answer.rows() {
            self.add([b"    ", answer.bytes(row, 0)].concat());
        }
    }
}

/// Everything between a table's columns and its triggers.
pub(super) fn of_table(call: &mut Call<'_>, relation: &Relation, below: &mut Footers) -> Outcome {
    let oid = &relation.oid;
    if relation.has_indexes {
        indexes(call, relation, below)?;
    }
    if relation.has_checks {
        let checks = call.query(&format!(
            "SELECT '\"' || r.conname || '\" ' || pg_catalog.pg_get_constraintdef(r.oid, true)\n\
             FROM pg_catalog.pg_constraint r WHERE r.conrelid = {oid} AND r.contype = 'c'\nORDER BY r.conname"
        ))?;
        below.group("Check constraints:", &checks);
    }
    if relation.has_triggers || relation.has_foreign_keys || relation.kind == Kind::PartitionedTable {
        foreign_keys(call, relation, below)?;
    }
    if relation.has_policies || relation.row_security {
        policies(call, relation, below)?;
    }
    if relation.has_statistics {
        statistics(call, relation, below)?;
    }
    if relation.has_rules && relation.kind != Kind::MaterializedView {
        rules(call, relation, below)?;
    }
    if matches!(relation.kind, Kind::Table | Kind::PartitionedTable) {
        publications(call, relation, below)?;
    }
    if call.verbose() && call.version >= 180_000 && relation.kind != Kind::Toast {
        let constraints = call.query(&format!(
            "SELECT '\"' || k.conname || '\" NOT NULL \"' || a.attname || '\"' \
             || CASE WHEN k.connoinherit THEN ' NO INHERIT' WHEN k.conislocal AND k.coninhcount > 0 THEN ' (local, inherited)' \
             WHEN k.coninhcount > 0 THEN ' (inherited)' ELSE '' END \
             || CASE WHEN k.convalidated THEN '' ELSE ' NOT VALID' END\n\
             FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]\n\
             WHERE k.contype = 'n' AND k.conrelid = {oid}\nORDER BY a.attnum"
        ))?;
        below.group("Not-null constraints:", &constraints);
    }
    Ok(())
}

fn indexes(call: &mut Call<'_>, relation: &Relation, below: &mut Footers) -> Outcome {
    let temporal = if call.version >= 180_000 { "k.conperiod" } else { "false" };
    let found = call.query(&format!(
        "SELECT x.relname, i.indisprimary, i.indisunique, i.indisclustered, i.indisvalid, i.indisreplident, \
         pg_catalog.pg_get_indexdef(i.indexrelid, 0, true), k.contype, k.condeferrable, k.condeferred, \
         CASE WHEN k.contype = 'x' OR {temporal} THEN pg_catalog.pg_get_constraintdef(k.oid, true) END, ts.spcname\n\
         FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid \
         LEFT JOIN pg_catalog.pg_constraint k ON k.conrelid = i.indrelid AND k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x') \
         LEFT JOIN pg_catalog.pg_tablespace ts ON ts.oid = x.reltablespace\n\
         WHERE i.indrelid = {}\nORDER BY i.indisprimary DESC, x.relname",
        relation.oid
    ))?;
    if found.rows() > 0 {
        below.add("Indexes:");
    }
    for row in 0..found.rows() {
        let mut line = format!("    \"{}\"", found.text(row, 0));
        let constraint = found.text(row, 10);
        if !constraint.is_empty() {
            line = line + " " + &constraint;
        } else {
            line.push_str(if found.is_true(row, 1) {
                " PRIMARY KEY,"
            } else if !found.is_true(row, 2) {
                ""
            } else if found.text(row, 7) == "u" {
                " UNIQUE CONSTRAINT,"
            } else {
                " UNIQUE,"
            });
            let definition = found.text(row, 6);
            line = line + " " + definition.split_once(" USING ").map_or(definition.as_str(), |(_, using)| using);
            if found.is_true(row, 8) {
                line.push_str(" DEFERRABLE");
            }
            if found.is_true(row, 9) {
                line.push_str(" INITIALLY DEFERRED");
            }
        }
        if found.is_true(row, 3) {
            line.push_str(" CLUSTER");
        }
        if !found.is_true(row, 4) {
            line.push_str(" INVALID");
        }
        if found.is_true(row, 5) {
            line.push_str(" REPLICA IDENTITY");
        }
        let tablespace = found.text(row, 11);
        if !tablespace.is_empty() {
            line += &format!(", tablespace \"{tablespace}\"");
        }
        below.add(line);
    }
    Ok(())
}

/// The table's foreign keys, and those that refer to it. For a partition, those of the tables above it count as well.
fn foreign_keys(call: &mut Call<'_>, relation: &Relation, below: &mut Footers) -> Outcome {
    let oid = &relation.oid;
    let family = if relation.is_partition {
        format!("IN (SELECT f.relid FROM pg_catalog.pg_partition_ancestors({oid}) f)")
    } else {
        format!("= {oid}")
    };
    let own = call.query(&format!(
        "SELECT CASE WHEN k.conrelid = {oid} THEN '' ELSE 'TABLE \"' || k.conrelid::pg_catalog.regclass::pg_catalog.text || '\" CONSTRAINT ' END \
         || '\"' || k.conname || '\" ' || pg_catalog.pg_get_constraintdef(k.oid, true)\n\
         FROM pg_catalog.pg_constraint k WHERE k.conrelid {family} AND k.contype = 'f' AND k.conparentid = 0\n\
         ORDER BY k.conrelid = {oid} DESC, k.conname"
    ))?;
    below.group("Foreign-key constraints:", &own);
    let others = call.query(&format!(
        "SELECT 'TABLE \"' || k.conrelid::pg_catalog.regclass::pg_catalog.text || '\" CONSTRAINT \"' || k.conname || '\" ' \
         || pg_catalog.pg_get_constraintdef(k.oid, true)\n\
         FROM pg_catalog.pg_constraint k WHERE k.confrelid {family} AND k.contype = 'f' AND k.conparentid = 0\n\
         ORDER BY k.conname"
    ))?;
    below.group("Referenced by:", &others);
    Ok(())
}

fn policies(call: &mut Call<'_>, relation: &Relation, below: &mut Footers) -> Outcome {
    let found = call.query(&format!(
        "SELECT p.polname, p.polpermissive, CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' \
         WHEN 'd' THEN 'DELETE' END, \
         CASE WHEN p.polroles <> '{{0}}' THEN pg_catalog.array_to_string(ARRAY(SELECT r.rolname FROM pg_catalog.pg_roles r \
         WHERE r.oid = ANY (p.polroles) ORDER BY 1), ',') END, \
         pg_catalog.pg_get_expr(p.polqual, p.polrelid), pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid)\n\
         FROM pg_catalog.pg_policy p WHERE p.polrelid = {}\nORDER BY p.polname",
        relation.oid
    ))?;
    below.add(match (relation.row_security, relation.force_row_security, found.rows() > 0) {
        (true, false, true) => "Policies:",
        (true, true, true) => "Policies (forced row security enabled):",
        (true, false, false) => "Policies (row security enabled): (none)",
        (true, true, false) => "Policies (forced row security enabled): (none)",
        (false, ..) => "Policies (row security disabled):",
    });
    for row in 0..found.rows() {
        let mut text = format!("    POLICY \"{}\"", found.text(row, 0));
        if !found.is_true(row, 1) {
            text.push_str(" AS RESTRICTIVE");
        }
        for (column, before, after) in
            [(2, " FOR ", ""), (3, "\n      TO ", ""), (4, "\n      USING (", ")"), (5, "\n      WITH CHECK (", ")")]
        {
            let value = found.text(row, column);
            if !value.is_empty() {
                text = text + before + &value + after;
            }
        }
        below.add(text);
    }
    Ok(())
}

fn statistics(call: &mut Call<'_>, relation: &Relation, below: &mut Footers) -> Outcome {
    let found = call.query(&format!(
        "SELECT s.stxnamespace::pg_catalog.regnamespace::pg_catalog.text || '.' || s.stxname, \
         'd' = ANY (s.stxkind), 'f' = ANY (s.stxkind), 'm' = ANY (s.stxkind), \
         pg_catalog.pg_get_statisticsobjdef_columns(s.oid), s.stxrelid::pg_catalog.regclass, s.stxstattarget\n\
         FROM pg_catalog.pg_statistic_ext s WHERE s.stxrelid = {}\n\
         ORDER BY s.stxnamespace::pg_catalog.regnamespace::pg_catalog.text, s.stxname",
        relation.oid
    ))?;
    if found.rows() > 0 {
        below.add("Statistics objects:");
    }
    for row in 0..found.rows() {
        let mut text = format!("    \"{}\"", found.text(row, 0));
        let kinds: Vec<_> = [(1, "ndistinct"), (2, "dependencies"), (3, "mcv")]
            .into_iter()
            .filter(|(column, _)| found.is_true(row, *column))
            .map(|(_, kind)| kind)
            .collect();
        if !kinds.is_empty() && kinds.len() < 3 {
            text = text + " (" + &kinds.join(", ") + ")";
        }
        text = text + " ON " + &found.text(row, 4) + " FROM " + &found.text(row, 5);
        let target = found.text(row, 6);
        if !target.is_empty() && target != "-1" {
            text = text + "; STATISTICS " + &target;
        }
        below.add(text);
    }
    Ok(())
}

fn rules(call: &mut Call<'_>, relation: &Relation, below: &mut Footers) -> Outcome {
    let found = call.query(&format!(
        "SELECT pg_catalog.pg_get_ruledef(r.oid, true), r.ev_enabled\nFROM pg_catalog.pg_rewrite r \
         WHERE r.ev_class = {} AND r.rulename <> '_RETURN'\nORDER BY r.rulename",
        relation.oid
    ))?;
    for (heading, codes) in [
        ("Rules:", "O"),
        ("Disabled rules:", "D"),
        ("Rules firing always:", "A"),
        ("Rules firing on replica only:", "R"),
    ] {
        let rows: Vec<_> = (0..found.rows()).filter(|row| found.text(*row, 1) == codes).collect();
        if !rows.is_empty() {
            below.add(heading);
        }
        rows.iter().for_each(|row| below.add(rule("    ", &found.text(*row, 0))));
    }
    Ok(())
}

/// A rule's definition without the words around it.
fn rule(indentation: &str, definition: &str) -> String {
    let bare = definition.strip_prefix("CREATE RULE ").unwrap_or(definition);
    format!("{indentation}{}", bare.strip_suffix(';').unwrap_or(bare))
}

fn publications(call: &mut Call<'_>, relation: &Relation, below: &mut Footers) -> Outcome {
    let oid = &relation.oid;
    let direct = if call.version >= 150_000 {
        format!(
            "SELECT p.pubname, '\"' || p.pubname || '\"' \
             || CASE WHEN r.prattrs IS NULL THEN '' ELSE ' (' || pg_catalog.array_to_string(ARRAY(\
             SELECT a.attname FROM pg_catalog.pg_attribute a WHERE a.attrelid = r.prrelid AND a.attnum = ANY (r.prattrs) \
             ORDER BY a.attnum), ', ') || ')' END \
             || CASE WHEN r.prqual IS NULL THEN '' ELSE ' WHERE ' || pg_catalog.pg_get_expr(r.prqual, r.prrelid) END AS line\n\
             FROM pg_catalog.pg_publication p JOIN pg_catalog.pg_publication_rel r ON r.prpubid = p.oid WHERE r.prrelid = {oid}\n\
             UNION SELECT p.pubname, '\"' || p.pubname || '\"'\n\
             FROM pg_catalog.pg_publication p JOIN pg_catalog.pg_publication_namespace m ON m.pnpubid = p.oid \
             JOIN pg_catalog.pg_class c ON c.relnamespace = m.pnnspid \
             WHERE c.oid = {oid} AND pg_catalog.pg_relation_is_publishable({oid})"
        )
    } else {
        format!(
            "SELECT p.pubname, '\"' || p.pubname || '\"' AS line\n\
             FROM pg_catalog.pg_publication p JOIN pg_catalog.pg_publication_rel r ON r.prpubid = p.oid WHERE r.prrelid = {oid}"
        )
    };
    let found = call.query(&format!(
        "SELECT q.line FROM (\n{direct}\n\
         UNION SELECT p.pubname, '\"' || p.pubname || '\"'\n\
         FROM pg_catalog.pg_publication p WHERE p.puballtables AND pg_catalog.pg_relation_is_publishable({oid})) q\n\
         ORDER BY q.pubname, pg_catalog.length(q.line) DESC"
    ))?;
    below.group("Publications:", &found);
    Ok(())
}

/// Triggers, by when they fire. Internal ones only count when somebody disabled them.
pub(super) fn triggers(call: &mut Call<'_>, relation: &Relation, below: &mut Footers) -> Outcome {
    // A partition's trigger names the table that it comes from: the furthest one above that has it.
    let origin = if relation.is_partition {
        "CASE WHEN t.tgparentid <> 0 THEN (SELECT u.tgrelid::pg_catalog.regclass \
         FROM pg_catalog.pg_trigger u JOIN pg_catalog.pg_partition_ancestors(t.tgrelid) WITH ORDINALITY f(relid, depth) ON f.relid = u.tgrelid \
         WHERE u.tgname = t.tgname AND u.tgparentid = 0 ORDER BY f.depth LIMIT 1) END"
    } else {
        "NULL"
    };
    // Before 15, a partition's copy of a trigger was an internal one.
    let copies = if call.version < 150_000 { " OR (t.tgparentid <> 0 AND t.tgconstrrelid = 0)" } else { "" };
    let found = call.query(&format!(
        "SELECT pg_catalog.pg_get_triggerdef(t.oid, true), t.tgenabled, t.tgisinternal, {origin}\n\
         FROM pg_catalog.pg_trigger t WHERE t.tgrelid = {} AND (NOT t.tgisinternal OR t.tgenabled = 'D'{copies})\n\
         ORDER BY t.tgname",
        relation.oid
    ))?;
    for (heading, enabled, internal) in [
        ("Triggers:", "O", None),
        ("Disabled user triggers:", "D", Some(false)),
        ("Disabled internal triggers:", "D", Some(true)),
        ("Triggers firing always:", "A", None),
        ("Triggers firing on replica only:", "R", None),
    ] {
        let mut headed = false;
        for row in 0..found.rows() {
            let fits =
                found.text(row, 1) == enabled && internal.is_none_or(|internal| internal == found.is_true(row, 2));
            if !fits {
                continue;
            }
            if !headed {
                below.add(heading);
                headed = true;
            }
            let definition = found.text(row, 0);
            let mut line =
                format!("    {}", definition.split_once(" TRIGGER ").map_or(definition.as_str(), |(_, rest)| rest));
            let origin = found.text(row, 3);
            if !origin.is_empty() {
                line += &format!(", ON TABLE {origin}");
            }
            below.add(line);
        }
    }
    Ok(())
}

/// A view's definition and rules.
pub(super) fn view_definition(call: &mut Call<'_>, relation: &Relation, below: &mut Footers) -> Outcome {
    let found = call.query(&format!("SELECT pg_catalog.pg_get_viewdef({}::pg_catalog.oid, true)", relation.oid))?;
    if found.rows() > 0 {
        below.add("View definition:");
        below.add(found.bytes(0, 0));
    }
    if relation.has_rules {
        let rules = call.query(&format!(
            "SELECT pg_catalog.pg_get_ruledef(r.oid, true)\nFROM pg_catalog.pg_rewrite r \
             WHERE r.ev_class = {} AND r.rulename <> '_RETURN'\nORDER BY r.rulename",
            relation.oid
        ))?;
        if rules.rows() > 0 {
            below.add("Rules:");
        }
        (0..rules.rows()).for_each(|row| below.add(rule(" ", &rules.text(row, 0))));
    }
    Ok(())
}

/// The table that a TOAST table belongs to.
pub(super) fn owning_table(call: &mut Call<'_>, relation: &Relation, below: &mut Footers) -> Outcome {
    let found = call.query(&format!(
        "SELECT n.nspname || '.' || c.relname\nFROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE c.reltoastrelid = {}",
        relation.oid
    ))?;
    if found.rows() == 1 {
        below.add(format!("Owning table: \"{}\"", found.text(0, 0)));
    }
    Ok(())
}

/// The server behind a foreign table.
pub(super) fn foreign_server(call: &mut Call<'_>, relation: &Relation, below: &mut Footers) -> Outcome {
    let found = call.query(&format!(
        "SELECT s.srvname, {}\nFROM pg_catalog.pg_foreign_table f JOIN pg_catalog.pg_foreign_server s ON s.oid = f.ftserver \
         WHERE f.ftrelid = {}",
        foreign_options("f.ftoptions"),
        relation.oid
    ))?;
    if found.rows() == 1 {
        below.add(format!("Server: {}", found.text(0, 0)));
        let options = found.text(0, 1);
        if !options.is_empty() {
            below.add(format!("FDW options: {options}"));
        }
    }
    Ok(())
}

/// How a relation is stored: the last lines of all.
pub(super) fn storage(call: &Call<'_>, relation: &Relation, below: &mut Footers) {
    use Kind::{Index, MaterializedView, PartitionedIndex, PartitionedTable, Table, Toast};
    let verbose = call.verbose();
    if matches!(relation.kind, Table | MaterializedView | Kind::ForeignTable | PartitionedTable | Toast) {
        if !relation.of_type.is_empty() {
            below.add(format!("Typed table of type: {}", relation.of_type));
        }
        // A system catalog's is nothing by default. That PostgreSQL's psql has no word for it elsewhere is part of its output.
        let system = relation.schema == "pg_catalog";
        if verbose && matches!(relation.kind, Table | MaterializedView) {
            match relation.replica_identity.as_str() {
                "f" => below.add("Replica Identity: FULL"),
                "n" if !system => below.add("Replica Identity: ???"),
                _ => {}
            }
        }
    }
    if matches!(relation.kind, Table | MaterializedView | Index | PartitionedTable | PartitionedIndex | Toast)
        && !relation.tablespace.is_empty()
    {
        below.add(format!("Tablespace: \"{}\"", relation.tablespace));
    }
    if verbose
        && relation.kind != Index
        && !relation.access_method.is_empty()
        && !call.host.settings().hide_table_access_method
    {
        below.add(format!("Access method: {}", relation.access_method));
    }
    if verbose && !relation.options.is_empty() {
        below.add(format!("Options: {}", relation.options));
    }
}

#[cfg(test)]
mod tests {
    use super::rule;

    #[test]
    fn a_rule_loses_the_words_around_it() {
        assert_eq!(
            rule(" ", "CREATE RULE r AS\n    ON INSERT TO t DO NOTHING;"),
            " r AS\n    ON INSERT TO t DO NOTHING"
        );
    }
}
