//! `reindexdb`: REINDEX of databases, system catalogs, schemas, tables and indexes, on several connections at once.

use std::ffi::OsString;

use client::{escape_literal, quote_identifier};

use crate::jobs::Jobs;
use crate::session::{Access, Session, default_database, qualified, say};
use crate::tool::{self, CONNECTION, Exit, Option_, Tool};

const TOOL: Tool = Tool { name: "reindexdb", help: include_str!("../help/reindexdb.txt"), misuse: 1 };

const OPTIONS: &[Option_] = &[
    ("schema", 'S', true),
    ("quiet", 'q', false),
    ("dbname", 'd', true),
    ("all", 'a', false),
    ("system", 's', false),
    ("table", 't', true),
    ("index", 'i', true),
    ("jobs", 'j', true),
    ("verbose", 'v', false),
    ("concurrently", ' ', false),
    ("maintenance-db", ' ', true),
    ("tablespace", ' ', true),
];

/// Runs `reindexdb` with these arguments (the program's name not among them) to its exit code.
pub fn main(arguments: Vec<OsString>) -> i32 {
    tool::run(run(arguments))
}

#[derive(Default)]
struct Options {
    verbose: bool,
    concurrently: bool,
    tablespace: Option<String>,
    jobs: usize,
    system: bool,
    schemas: Vec<String>,
    tables: Vec<String>,
    indexes: Vec<String>,
}

/// What a command rebuilds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Database,
    System,
    Schema,
    Table,
    Index,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Kind::Database => "DATABASE",
            Kind::System => "SYSTEM",
            Kind::Schema => "SCHEMA",
            Kind::Table => "TABLE",
            Kind::Index => "INDEX",
        }
    }
}

fn run(arguments: Vec<OsString>) -> Result<(), Exit> {
    let (given, rest) = TOOL.read(&[CONNECTION, OPTIONS], arguments)?;
    let (mut access, mut options) = (Access::default(), Options { jobs: 1, ..Options::default() });
    let (mut dbname, mut maintenance, mut all, mut quiet) = (None, None, false, false);
    for (option, value) in given {
        match option {
            "schema" => options.schemas.push(value),
            "quiet" => quiet = true,
            "dbname" => dbname = Some(value),
            "all" => all = true,
            "system" => options.system = true,
            "table" => options.tables.push(value),
            "index" => options.indexes.push(value),
            "jobs" => options.jobs = TOOL.number(&value, "-j/--jobs", 1)? as usize,
            "verbose" => options.verbose = true,
            "concurrently" => options.concurrently = true,
            "maintenance-db" => maintenance = Some(value),
            "tablespace" => options.tablespace = Some(value),
            _ => {
                access.take(option, &value);
            }
        }
    }
    TOOL.at_most(&rest, usize::from(dbname.is_none()))?;
    let dbname = dbname.or_else(|| rest.first().cloned());
    if options.jobs > 1 && options.system {
        return Err(TOOL.error("cannot use multiple jobs to reindex system catalogs"));
    }
    if all {
        if dbname.is_some() {
            return Err(TOOL.error("cannot reindex all databases and a specific one at the same time"));
        }
        let names = access.connect_maintenance(&TOOL, maintenance.as_deref())?.databases()?;
        for name in names {
            if !quiet {
                say(&format!("reindexdb: reindexing database \"{name}\""));
            }
            let to = maintenance.as_deref().unwrap_or(&name);
            options.one_database(&access, to, Some(&name))?;
        }
        return Ok(());
    }
    let dbname = match dbname {
        Some(dbname) => dbname,
        None => default_database(&TOOL, &access)?,
    };
    options.one_database(&access, &dbname, None)
}

impl Options {
    fn one_database(&self, access: &Access, to: &str, name: Option<&str>) -> Result<(), Exit> {
        let connect = || access.connect(&TOOL, to, name);
        if self.system {
            let session = connect()?;
            let command = self.command(Kind::System, &quote_identifier(&session.dbname()));
            self.run(session, access, to, vec![command])?;
        }
        if !self.schemas.is_empty() {
            let mut session = connect()?;
            let commands = match self.jobs {
                1 => {
                    let names = self.schemas.iter();
                    names.map(|name| self.command(Kind::Schema, &quote_identifier(name))).collect()
                }
                _ => self.tables_of(&mut session, Some(&self.schemas))?,
            };
            self.run(session, access, to, commands)?;
        }
        for (kind, names) in [(Kind::Index, &self.indexes), (Kind::Table, &self.tables)] {
            if names.is_empty() {
                continue;
            }
            let mut session = connect()?;
            if self.jobs > 1 {
                let commands = match kind {
                    Kind::Index => self.index_commands(&mut session)?,
                    _ => self.table_commands(&mut session)?,
                };
                self.run(session, access, to, commands)?;
                continue;
            }
            let mut jobs = Jobs::new(session, &TOOL, access, to, 1, None, None)?;
            for name in names {
                let name = jobs.first().qualified(name)?;
                jobs.run([self.command(kind, &name)])?;
            }
        }
        let whole = !self.system && self.schemas.is_empty() && self.indexes.is_empty() && self.tables.is_empty();
        if whole {
            let mut session = connect()?;
            let commands = match self.jobs {
                1 => vec![self.command(Kind::Database, &quote_identifier(&session.dbname()))],
                _ => self.tables_of(&mut session, None)?,
            };
            self.run(session, access, to, commands)?;
        }
        Ok(())
    }

    fn run(&self, session: Session<'_>, access: &Access, to: &str, commands: Vec<String>) -> Result<(), Exit> {
        if commands.is_empty() {
            return Ok(());
        }
        let wanted = self.jobs.min(commands.len());
        Jobs::new(session, &TOOL, access, to, wanted, None, None)?.run(commands)
    }

    fn command(&self, kind: Kind, name: &str) -> String {
        let mut words = Vec::new();
        if self.verbose {
            words.push("VERBOSE".to_string());
        }
        if let Some(tablespace) = &self.tablespace {
            words.push(format!("TABLESPACE {}", quote_identifier(tablespace)));
        }
        let words = if words.is_empty() { String::new() } else { format!("({}) ", words.join(", ")) };
        let concurrently = if self.concurrently { "CONCURRENTLY " } else { "" };
        format!("REINDEX {words}{} {concurrently}{name};", kind.word())
    }

    /// Commands for the tables of schemas, or of all but the system's, the biggest first.
    fn tables_of(&self, session: &mut Session<'_>, schemas: Option<&[String]>) -> Result<Vec<String>, Exit> {
        let rows = session.query(&match schemas {
            None => "SELECT c.relname, ns.nspname\n FROM pg_catalog.pg_class c\n JOIN pg_catalog.pg_namespace ns ON \
                     c.relnamespace = ns.oid\n WHERE ns.nspname != 'pg_catalog'\n   AND c.relkind IN ('r', 'm')\n   AND \
                     c.relpersistence != 't'\n ORDER BY c.relpages DESC;"
                .to_string(),
            Some(schemas) => {
                let names: Vec<String> = schemas.iter().map(|name| escape_literal(name)).collect();
                format!(
                    "SELECT c.relname, ns.nspname\n FROM pg_catalog.pg_class c\n JOIN pg_catalog.pg_namespace ns ON \
                     c.relnamespace = ns.oid\n WHERE c.relkind IN ('r', 'm')\n   AND c.relpersistence != 't'\n AND ns.nspname \
                     IN ({})\n ORDER BY c.relpages DESC;",
                    names.join(",")
                )
            }
        })?;
        let name = |row| qualified(&rows.text(row, 1), &rows.text(row, 0));
        Ok((0..rows.len()).map(|row| self.command(Kind::Table, &name(row))).collect())
    }

    /// Commands for the tables named.
    fn table_commands(&self, session: &mut Session<'_>) -> Result<Vec<String>, Exit> {
        let name = |table: &String| Ok(self.command(Kind::Table, &session.qualified(table)?));
        self.tables.iter().map(name).collect()
    }

    /// Commands for the indexes named: those of one table in one command, as they would wait for each other.
    fn index_commands(&self, session: &mut Session<'_>) -> Result<Vec<String>, Exit> {
        let mut names = Vec::new();
        for index in &self.indexes {
            names.push(session.qualified(index)?);
        }
        let list: Vec<String> = names.iter().map(|name| escape_literal(name)).collect();
        let rows = session.query(&format!(
            "SELECT x.indrelid, n.nspname, i.relname\nFROM pg_catalog.pg_index x\nJOIN pg_catalog.pg_class i ON i.oid = \
             x.indexrelid\nLEFT JOIN pg_catalog.pg_namespace n ON n.oid = i.relnamespace\nWHERE x.indexrelid = \
             ANY(ARRAY[{}]::pg_catalog.regclass[])\nORDER BY max(i.relpages) OVER \n    (PARTITION BY x.indrelid),\n  \
             x.indrelid, i.relpages;\n",
            list.join(", ")
        ))?;
        let mut commands: Vec<String> = Vec::new();
        for row in 0..rows.len() {
            let command = self.command(Kind::Index, &qualified(&rows.text(row, 1), &rows.text(row, 2)));
            let same = row > 0 && rows.value(row, 0) == rows.value(row - 1, 0);
            match commands.last_mut().filter(|_| same) {
                Some(last) => last.push_str(&format!("\n{command}")),
                None => commands.push(command),
            }
        }
        Ok(commands)
    }
}
