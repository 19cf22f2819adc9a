//! `vacuumdb`: VACUUM and ANALYZE of databases, schemas and tables, on several connections at once.

use std::collections::HashMap;
use std::ffi::OsString;

use client::escape_literal;

use crate::jobs::Jobs;
use crate::session::{Access, Session, default_database, qualified, say, split_columns};
use crate::tool::{self, CONNECTION, Exit, Option_, Tool};

const TOOL: Tool = Tool { name: "vacuumdb", help: include_str!("../help/vacuumdb.txt"), misuse: 1 };

const OPTIONS: &[Option_] = &[
    ("quiet", 'q', false),
    ("dbname", 'd', true),
    ("analyze", 'z', false),
    ("analyze-only", 'Z', false),
    ("freeze", 'F', false),
    ("all", 'a', false),
    ("table", 't', true),
    ("full", 'f', false),
    ("verbose", 'v', false),
    ("jobs", 'j', true),
    ("parallel", 'P', true),
    ("schema", 'n', true),
    ("exclude-schema", 'N', true),
    ("maintenance-db", ' ', true),
    ("analyze-in-stages", ' ', false),
    ("disable-page-skipping", ' ', false),
    ("skip-locked", ' ', false),
    ("min-xid-age", ' ', true),
    ("min-mxid-age", ' ', true),
    ("no-index-cleanup", ' ', false),
    ("force-index-cleanup", ' ', false),
    ("no-truncate", ' ', false),
    ("no-process-toast", ' ', false),
    ("no-process-main", ' ', false),
    ("buffer-usage-limit", ' ', true),
    ("missing-stats-only", ' ', false),
];

/// A table that is gone by the time its turn comes is no failure.
const UNDEFINED_TABLE: &str = "42P01";

/// The stages of `--analyze-in-stages`: what is said, and what is set before.
const STAGES: [(&str, &str); 3] = [
    ("Generating minimal optimizer statistics (1 target)", "SET default_statistics_target=1; SET vacuum_cost_delay=0;"),
    (
        "Generating medium optimizer statistics (10 targets)",
        "SET default_statistics_target=10; RESET vacuum_cost_delay;",
    ),
    ("Generating default (full) optimizer statistics", "RESET default_statistics_target;"),
];

/// Relations of which some statistics are missing: of a column, of extended statistics, of an index's expression, or of the whole
/// of an inheritance tree.
const MISSING_STATISTICS: &str = include_str!("missing_statistics.sql");

/// Runs `vacuumdb` with these arguments (the program's name not among them) to its exit code.
pub fn main(arguments: Vec<OsString>) -> i32 {
    tool::run(run(arguments))
}

#[derive(Default)]
struct Options {
    quiet: bool,
    analyze: bool,
    analyze_only: bool,
    in_stages: bool,
    freeze: bool,
    full: bool,
    verbose: bool,
    jobs: usize,
    parallel: Option<i32>,
    disable_page_skipping: bool,
    skip_locked: bool,
    min_xid_age: i32,
    min_mxid_age: i32,
    no_index_cleanup: bool,
    force_index_cleanup: bool,
    no_truncate: bool,
    no_process_toast: bool,
    no_process_main: bool,
    buffer_usage_limit: Option<String>,
    missing_stats_only: bool,
    tables: Vec<String>,
    schemas: Vec<String>,
    excluded: Vec<String>,
}

/// What is to be worked on: qualified names, with columns.
type Targets = Vec<String>;

fn run(arguments: Vec<OsString>) -> Result<(), Exit> {
    let (given, rest) = TOOL.read(&[CONNECTION, OPTIONS], arguments)?;
    let (mut access, mut options) = (Access::default(), Options { jobs: 1, ..Options::default() });
    let (mut dbname, mut maintenance, mut all) = (None, None, false);
    for (option, value) in given {
        match option {
            "quiet" => options.quiet = true,
            "dbname" => dbname = Some(value),
            "analyze" => options.analyze = true,
            "analyze-only" => options.analyze_only = true,
            "freeze" => options.freeze = true,
            "all" => all = true,
            "table" => options.tables.push(value),
            "full" => options.full = true,
            "verbose" => options.verbose = true,
            "jobs" => options.jobs = TOOL.number(&value, "-j/--jobs", 1)? as usize,
            "parallel" => options.parallel = Some(TOOL.number(&value, "-P/--parallel", 0)?),
            "schema" => options.schemas.push(value),
            "exclude-schema" => options.excluded.push(value),
            "maintenance-db" => maintenance = Some(value),
            "analyze-in-stages" => (options.analyze_only, options.in_stages) = (true, true),
            "disable-page-skipping" => options.disable_page_skipping = true,
            "skip-locked" => options.skip_locked = true,
            "min-xid-age" => options.min_xid_age = TOOL.number(&value, "--min-xid-age", 1)?,
            "min-mxid-age" => options.min_mxid_age = TOOL.number(&value, "--min-mxid-age", 1)?,
            "no-index-cleanup" => options.no_index_cleanup = true,
            "force-index-cleanup" => options.force_index_cleanup = true,
            "no-truncate" => options.no_truncate = true,
            "no-process-toast" => options.no_process_toast = true,
            "no-process-main" => options.no_process_main = true,
            "buffer-usage-limit" => options.buffer_usage_limit = Some(value),
            "missing-stats-only" => options.missing_stats_only = true,
            _ => {
                access.take(option, &value);
            }
        }
    }
    TOOL.at_most(&rest, usize::from(dbname.is_none()))?;
    let dbname = dbname.or_else(|| rest.first().cloned());
    options.check()?;
    if all && dbname.is_some() {
        return Err(TOOL.error("cannot vacuum all databases and a specific one at the same time"));
    }
    let (connect_to, names) = if all {
        let mut session = access.connect_maintenance(&TOOL, maintenance.as_deref())?;
        (maintenance, session.databases()?.into_iter().map(Some).collect())
    } else {
        let dbname = match dbname {
            Some(dbname) => dbname,
            None => default_database(&TOOL, &access)?,
        };
        (Some(dbname), vec![None])
    };
    let stages: Vec<Option<usize>> = if options.in_stages { (0..3).map(Some).collect() } else { vec![None] };
    // What lacked statistics before the first stage is what the later ones work on, too.
    let mut known: HashMap<Option<String>, Targets> = HashMap::new();
    for stage in stages {
        for name in &names {
            let to = connect_to.as_deref().or(name.as_deref()).unwrap_or_default();
            one_database(&options, &access, to, name, stage, &mut known)?;
        }
    }
    Ok(())
}

impl Options {
    fn check(&self) -> Result<(), Exit> {
        let complain = |text: String| Err(TOOL.error(&text));
        match (self.tables.is_empty(), self.schemas.is_empty(), self.excluded.is_empty()) {
            (false, false, _) => {
                return complain("cannot vacuum all tables in schema(s) and specific table(s) at the same time".into());
            }
            (false, _, false) => {
                return complain("cannot vacuum specific table(s) and exclude schema(s) at the same time".into());
            }
            (_, false, false) => {
                return complain("cannot vacuum all tables in schema(s) and exclude schema(s) at the same time".into());
            }
            _ => (),
        }
        if self.analyze_only {
            for (set, option) in [
                (self.full, "full"),
                (self.freeze, "freeze"),
                (self.disable_page_skipping, "disable-page-skipping"),
                (self.no_index_cleanup, "no-index-cleanup"),
                (self.force_index_cleanup, "force-index-cleanup"),
                (self.no_truncate, "no-truncate"),
                (self.no_process_main, "no-process-main"),
                (self.no_process_toast, "no-process-toast"),
                (self.parallel.is_some(), "parallel"),
            ] {
                if set {
                    return complain(format!("cannot use the \"{option}\" option when performing only analyze"));
                }
            }
        }
        if self.parallel.is_some() && self.full {
            return complain("cannot use the \"parallel\" option when performing full vacuum".into());
        }
        if self.no_index_cleanup && self.force_index_cleanup {
            return complain(
                "cannot use the \"no-index-cleanup\" option with the \"force-index-cleanup\" option".into(),
            );
        }
        if self.buffer_usage_limit.is_some() && self.full && !self.analyze {
            return complain("cannot use the \"buffer-usage-limit\" option with the \"full\" option".into());
        }
        if self.missing_stats_only && !self.analyze_only {
            return complain(
                "cannot use the \"missing-stats-only\" option without \"analyze-only\" or \"analyze-in-stages\"".into(),
            );
        }
        Ok(())
    }

    /// The command for a table.
    fn command(&self, target: &str) -> String {
        let mut words: Vec<String> = Vec::new();
        let mut word = |set: bool, text: &str| {
            if set {
                words.push(text.to_string());
            }
        };
        let verb = if self.analyze_only { "ANALYZE" } else { "VACUUM" };
        if !self.analyze_only {
            word(self.disable_page_skipping, "DISABLE_PAGE_SKIPPING");
            word(self.no_index_cleanup, "INDEX_CLEANUP FALSE");
            word(self.force_index_cleanup, "INDEX_CLEANUP TRUE");
            word(self.no_truncate, "TRUNCATE FALSE");
            word(self.no_process_main, "PROCESS_MAIN FALSE");
            word(self.no_process_toast, "PROCESS_TOAST FALSE");
            // Once at the end is enough.
            word(true, "SKIP_DATABASE_STATS");
        }
        word(self.skip_locked, "SKIP_LOCKED");
        word(self.full, "FULL");
        word(self.freeze, "FREEZE");
        word(self.verbose, "VERBOSE");
        word(self.analyze && !self.analyze_only, "ANALYZE");
        if let Some(workers) = self.parallel {
            word(true, &format!("PARALLEL {workers}"));
        }
        if let Some(limit) = &self.buffer_usage_limit {
            word(true, &format!("BUFFER_USAGE_LIMIT '{limit}'"));
        }
        match words.is_empty() {
            true => format!("{verb} {target};"),
            false => format!("{verb} ({}) {target};", words.join(", ")),
        }
    }

    /// Finds what is to be worked on.
    fn targets(&self, session: &mut Session<'_>) -> Result<Targets, Exit> {
        let (kind, listed) = match (&self.tables[..], &self.schemas[..], &self.excluded[..]) {
            ([], [], excluded) => ("regnamespace", excluded),
            ([], schemas, _) => ("regnamespace", schemas),
            (tables, _, _) => ("regclass", tables),
        };
        let mut sql = String::new();
        for (n, name) in listed.iter().enumerate() {
            let (name, columns) = if kind == "regclass" { split_columns(&TOOL, name)? } else { (name.as_str(), "") };
            let columns = if columns.is_empty() { "NULL".to_string() } else { escape_literal(columns) };
            let begin =
                if n == 0 { "WITH listed_objects (object_oid, column_list) AS (\n  VALUES (" } else { ",\n  (" };
            let name = escape_literal(name);
            sql.push_str(&format!("{begin}{name}::pg_catalog.{kind}, {columns}::pg_catalog.text)"));
        }
        if !listed.is_empty() {
            sql.push_str("\n)\n");
        }
        let columns = if listed.is_empty() { "" } else { ", listed_objects.column_list" };
        sql.push_str(&format!(
            "SELECT c.relname, ns.nspname{columns} FROM pg_catalog.pg_class c\n JOIN pg_catalog.pg_namespace ns ON \
             c.relnamespace OPERATOR(pg_catalog.=) ns.oid\n CROSS JOIN LATERAL (SELECT c.relkind IN ('p', 'I')) as p \
             (inherited)\n LEFT JOIN pg_catalog.pg_class t ON c.reltoastrelid OPERATOR(pg_catalog.=) t.oid\n"
        ));
        if !listed.is_empty() {
            let joined = if kind == "regclass" { "c.oid" } else { "ns.oid" };
            sql.push_str(&format!(
                " LEFT JOIN listed_objects ON listed_objects.object_oid OPERATOR(pg_catalog.=) {joined}\n"
            ));
        }
        // Temporary tables of other sessions cannot be worked on, and there are none of this one.
        sql.push_str(" WHERE c.relpersistence OPERATOR(pg_catalog.!=) 't'\n");
        if !listed.is_empty() {
            let not = if self.excluded.is_empty() { "NOT " } else { "" };
            sql.push_str(&format!(" AND listed_objects.object_oid IS {not}NULL\n"));
        }
        if kind == "regnamespace" {
            sql.push_str(" AND c.relkind OPERATOR(pg_catalog.=) ANY (array['r', 'm'])\n");
        }
        if self.min_xid_age > 0 {
            sql.push_str(&format!(
                " AND GREATEST(pg_catalog.age(c.relfrozenxid), pg_catalog.age(t.relfrozenxid))  OPERATOR(pg_catalog.>=) \
                 '{}'::pg_catalog.int4\n AND c.relfrozenxid OPERATOR(pg_catalog.!=) '0'::pg_catalog.xid\n",
                self.min_xid_age
            ));
        }
        if self.min_mxid_age > 0 {
            sql.push_str(&format!(
                " AND GREATEST(pg_catalog.mxid_age(c.relminmxid), pg_catalog.mxid_age(t.relminmxid)) \
                 OPERATOR(pg_catalog.>=) '{}'::pg_catalog.int4\n AND c.relminmxid OPERATOR(pg_catalog.!=) \
                 '0'::pg_catalog.xid\n",
                self.min_mxid_age
            ));
        }
        if self.missing_stats_only {
            sql.push_str(MISSING_STATISTICS);
        }
        sql.push_str(" ORDER BY c.relpages DESC;");
        let rows = session.with_own_path(&sql)?;
        let columns = |row| if rows.fields().len() > 2 { rows.text(row, 2) } else { "".into() };
        Ok((0..rows.len())
            .map(|row| format!("{}{}", qualified(&rows.text(row, 1), &rows.text(row, 0)), columns(row)))
            .collect())
    }
}

fn one_database(
    options: &Options,
    access: &Access,
    to: &str,
    name: &Option<String>,
    stage: Option<usize>,
    known: &mut HashMap<Option<String>, Targets>,
) -> Result<(), Exit> {
    let mut session = access.connect(&TOOL, to, name.as_deref())?;
    if !options.quiet {
        let dbname = session.dbname();
        say(&match stage {
            Some(stage) => format!("vacuumdb: processing database \"{dbname}\": {}", STAGES[stage].0),
            None => format!("vacuumdb: vacuuming database \"{dbname}\""),
        });
    }
    let targets = match known.get(name) {
        Some(targets) => targets.clone(),
        None => options.targets(&mut session)?,
    };
    if options.missing_stats_only && stage.is_some() {
        known.entry(name.clone()).or_insert_with(|| targets.clone());
    }
    if targets.is_empty() {
        return Ok(());
    }
    let begin = stage.map(|stage| STAGES[stage].1);
    let wanted = options.jobs.min(targets.len());
    let mut jobs = Jobs::new(session, &TOOL, access, to, wanted, Some(UNDEFINED_TABLE), begin)?;
    jobs.run(targets.iter().map(|target| options.command(target)))?;
    if stage.is_none() {
        jobs.run(["VACUUM (ONLY_DATABASE_STATS);".to_string()])?;
    }
    Ok(())
}
