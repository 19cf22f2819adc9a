//! `clusterdb`: puts tables into the order of the index that they were clustered by.

use std::ffi::OsString;

use crate::session::{Access, default_database, say};
use crate::tool::{self, CONNECTION, Exit, Option_, Tool};

const TOOL: Tool = Tool { name: "clusterdb", help: include_str!("../help/clusterdb.txt"), misuse: 1 };

const OPTIONS: &[Option_] = &[
    ("quiet", 'q', false),
    ("dbname", 'd', true),
    ("all", 'a', false),
    ("table", 't', true),
    ("verbose", 'v', false),
    ("maintenance-db", ' ', true),
];

/// Runs `clusterdb` with these arguments (the program's name not among them) to its exit code.
pub fn main(arguments: Vec<OsString>) -> i32 {
    tool::run(run(arguments))
}

fn run(arguments: Vec<OsString>) -> Result<(), Exit> {
    let (options, rest) = TOOL.read(&[CONNECTION, OPTIONS], arguments)?;
    let (mut access, mut dbname, mut maintenance) = (Access::default(), None, None);
    let (mut quiet, mut all, mut verbose, mut tables) = (false, false, "", Vec::new());
    for (option, value) in options {
        match option {
            "quiet" => quiet = true,
            "dbname" => dbname = Some(value),
            "all" => all = true,
            "table" => tables.push(value),
            "verbose" => verbose = " VERBOSE",
            "maintenance-db" => maintenance = Some(value),
            _ => {
                access.take(option, &value);
            }
        }
    }
    TOOL.at_most(&rest, usize::from(dbname.is_none()))?;
    let dbname = dbname.or_else(|| rest.first().cloned());
    let (connect_to, names) = if all {
        if dbname.is_some() {
            return Err(TOOL.error("cannot cluster all databases and a specific one at the same time"));
        }
        let mut session = access.connect_maintenance(&TOOL, maintenance.as_deref())?;
        (maintenance, session.databases()?.into_iter().map(Some).collect())
    } else {
        let dbname = match dbname {
            Some(dbname) => dbname,
            None => default_database(&TOOL, &access)?,
        };
        (Some(dbname), vec![None])
    };
    for name in &names {
        let to = connect_to.as_deref().or(name.as_deref()).unwrap_or_default();
        let targets: Vec<Option<&String>> =
            if tables.is_empty() { vec![None] } else { tables.iter().map(Some).collect() };
        for (n, table) in targets.into_iter().enumerate() {
            if let (0, Some(name), false) = (n, name, quiet) {
                say(&format!("clusterdb: clustering database \"{name}\""));
            }
            let mut session = access.connect(&TOOL, to, name.as_deref())?;
            let mut sql = format!("CLUSTER{verbose}");
            if let Some(table) = table {
                sql.push_str(&format!(" {}", session.qualified(table)?));
            }
            sql.push(';');
            if let Err(error) = session.run(&sql) {
                let dbname = session.dbname();
                return Err(TOOL.error(&match table {
                    Some(table) => format!("clustering of table \"{table}\" in database \"{dbname}\" failed: {error}"),
                    None => format!("clustering of database \"{dbname}\" failed: {error}"),
                }));
            }
        }
    }
    Ok(())
}
