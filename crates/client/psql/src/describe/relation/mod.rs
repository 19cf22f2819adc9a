//! `\d NAME`: one relation in full.
//!
//! The first query finds the relations and learns which kinds of footers each can have; the second asks for the columns
//! ([`columns`]); only for what is there follow more: [`footers`] for what belongs to a table, [`index`] and [`sequence`] for those
//! kinds, [`partition`] for the places in a tree of tables.

mod columns;
mod footers;
mod index;
mod partition;
mod sequence;

use super::select::Select;
use super::{Answer, Call, Failed, Outcome, Target, relations};

/// Which kind of relation, in the catalog's letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Table,
    Index,
    Sequence,
    Toast,
    View,
    MaterializedView,
    CompositeType,
    ForeignTable,
    PartitionedTable,
    PartitionedIndex,
    Other(char),
}

impl Kind {
    fn of_code(code: &str) -> Kind {
        match code.chars().next().unwrap_or('?') {
            'r' => Kind::Table,
            'i' => Kind::Index,
            'S' => Kind::Sequence,
            't' => Kind::Toast,
            'v' => Kind::View,
            'm' => Kind::MaterializedView,
            'c' => Kind::CompositeType,
            'f' => Kind::ForeignTable,
            'p' => Kind::PartitionedTable,
            'I' => Kind::PartitionedIndex,
            other => Kind::Other(other),
        }
    }

    fn is_index(self) -> bool {
        matches!(self, Kind::Index | Kind::PartitionedIndex)
    }

    /// Whether it can have what tables have: indexes, constraints, rules, triggers.
    fn is_table(self) -> bool {
        matches!(self, Kind::Table | Kind::MaterializedView | Kind::ForeignTable | Kind::PartitionedTable | Kind::Toast)
    }

    /// What it is called in a title.
    fn noun(self, unlogged: bool) -> String {
        let noun = match self {
            Kind::Table => "table",
            Kind::Index => "index",
            Kind::Sequence => "sequence",
            Kind::Toast => return "TOAST table".to_owned(),
            Kind::View => return "View".to_owned(),
            Kind::MaterializedView => "materialized view",
            Kind::CompositeType => return "Composite type".to_owned(),
            Kind::ForeignTable => return "Foreign table".to_owned(),
            Kind::PartitionedTable => "partitioned table",
            Kind::PartitionedIndex => "partitioned index",
            Kind::Other(code) => return format!("?{code}?"),
        };
        if unlogged {
            return format!("Unlogged {noun}");
        }
        let mut noun = noun.to_owned();
        noun[..1].make_ascii_uppercase();
        noun
    }
}

/// What the first query tells of a relation.
struct Relation {
    oid: String,
    schema: String,
    name: String,
    kind: Kind,
    unlogged: bool,
    access_method: String,
    tablespace: String,
    options: String,
    replica_identity: String,
    /// The composite type it was made of.
    of_type: String,
    is_partition: bool,
    has_indexes: bool,
    has_rules: bool,
    has_triggers: bool,
    has_checks: bool,
    row_security: bool,
    force_row_security: bool,
    has_foreign_keys: bool,
    has_policies: bool,
    has_statistics: bool,
    has_parents: bool,
}

/// `\d`: without a pattern the list of relations, with one each that matches.
pub(super) fn describe(call: &mut Call<'_>) -> Outcome {
    if call.arguments.is_empty() {
        return relations::list(call, "tvmsE");
    }
    let mut select = Select::from(
        "pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         LEFT JOIN pg_catalog.pg_am am ON am.oid = c.relam \
         LEFT JOIN pg_catalog.pg_tablespace ts ON ts.oid = c.reltablespace \
         LEFT JOIN pg_catalog.pg_class tc ON tc.oid = c.reltoastrelid",
    );
    select
        .column("oid", "c.oid")
        .column("schema", "n.nspname")
        .column("name", "c.relname")
        .column("kind", "c.relkind")
        .column("unlogged", "c.relpersistence = 'u'")
        .column("access method", "am.amname")
        .column("tablespace", "ts.spcname")
        .column("options", "pg_catalog.array_to_string(c.reloptions, ', ')")
        .column("toast options", "pg_catalog.array_to_string(tc.reloptions, ', toast.')")
        .column("replica identity", "c.relreplident")
        .column("of type", "CASE WHEN c.reloftype <> 0 THEN c.reloftype::pg_catalog.regtype::pg_catalog.text END")
        .column("partition", "c.relispartition")
        .column("indexes", "c.relhasindex")
        .column("rules", "c.relhasrules")
        .column("triggers", "c.relhastriggers")
        .column("checks", "c.relchecks > 0")
        .column("row security", "c.relrowsecurity")
        .column("force row security", "c.relforcerowsecurity")
        .column(
            "foreign keys",
            "EXISTS (SELECT 1 FROM pg_catalog.pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'f')",
        )
        .column("policies", "EXISTS (SELECT 1 FROM pg_catalog.pg_policy p WHERE p.polrelid = c.oid)")
        .column("statistics", "EXISTS (SELECT 1 FROM pg_catalog.pg_statistic_ext s WHERE s.stxrelid = c.oid)")
        .column("parents", "EXISTS (SELECT 1 FROM pg_catalog.pg_inherits h WHERE h.inhrelid = c.oid)");
    call.filter(
        &mut select,
        0,
        &Target {
            schema: Some("n.nspname"),
            name: "c.relname",
            visible: Some("pg_catalog.pg_table_is_visible(c.oid)"),
            parts: 3,
            ..Target::default()
        },
    )?;
    let found = call.query(&select.order("2, 3").sql())?;
    if found.rows() == 0 {
        if !call.host.settings().quiet {
            call.not_found("relation");
        }
        return Err(Failed);
    }
    for row in 0..found.rows() {
        let relation = Relation::read(&found, row);
        if relation.kind == Kind::Sequence { sequence::show(call, &relation) } else { columns::show(call, &relation) }?;
    }
    Ok(())
}

impl Relation {
    fn read(found: &Answer, row: usize) -> Relation {
        let text = |column| found.text(row, column);
        let truth = |column| found.is_true(row, column);
        let mut options = text(7);
        if !found.bytes(row, 8).is_empty() {
            if !options.is_empty() {
                options.push_str(", ");
            }
            options.push_str("toast.");
            options.push_str(&text(8));
        }
        Relation {
            oid: text(0),
            schema: text(1),
            name: text(2),
            kind: Kind::of_code(&text(3)),
            unlogged: truth(4),
            access_method: text(5),
            tablespace: text(6),
            options,
            replica_identity: text(9),
            of_type: text(10),
            is_partition: truth(11),
            has_indexes: truth(12),
            has_rules: truth(13),
            has_triggers: truth(14),
            has_checks: truth(15),
            row_security: truth(16),
            force_row_security: truth(17),
            has_foreign_keys: truth(18),
            has_policies: truth(19),
            has_statistics: truth(20),
            has_parents: truth(21),
        }
    }

    /// What stands above the table.
    fn title(&self) -> String {
        format!("{} \"{}.{}\"", self.kind.noun(self.unlogged), self.schema, self.name)
    }
}
