//! `dropdb`: removes a database.

use std::ffi::OsString;

use client::quote_identifier;

use crate::prompt::yes_or_no;
use crate::session::Access;
use crate::tool::{self, CONNECTION, Exit, Option_, Tool};

const TOOL: Tool = Tool { name: "dropdb", help: include_str!("../help/dropdb.txt"), misuse: 1 };

const OPTIONS: &[Option_] =
    &[("interactive", 'i', false), ("if-exists", ' ', false), ("maintenance-db", ' ', true), ("force", 'f', false)];

/// Runs `dropdb` with these arguments (the program's name not among them) to its exit code.
pub fn main(arguments: Vec<OsString>) -> i32 {
    tool::run(run(arguments))
}

fn run(arguments: Vec<OsString>) -> Result<(), Exit> {
    let (options, rest) = TOOL.read(&[CONNECTION, OPTIONS], arguments)?;
    let (mut access, mut maintenance) = (Access::default(), None);
    let (mut interactive, mut if_exists, mut force) = (false, "", "");
    for (option, value) in options {
        match option {
            "interactive" => interactive = true,
            "if-exists" => if_exists = "IF EXISTS ",
            "force" => force = " WITH (FORCE)",
            "maintenance-db" => maintenance = Some(value),
            _ => {
                access.take(option, &value);
            }
        }
    }
    let Some(dbname) = rest.first() else {
        return Err(TOOL.misused("missing required argument database name"));
    };
    TOOL.at_most(&rest, 1)?;
    if interactive {
        tool::print(&format!("Database \"{dbname}\" will be permanently removed."));
        if !yes_or_no("Are you sure?") {
            return Ok(());
        }
    }
    // A database is not removed from within itself.
    let maintenance = maintenance.or_else(|| (dbname == "postgres").then(|| "template1".to_string()));
    let mut session = access.connect_maintenance(&TOOL, maintenance.as_deref())?;
    let sql = format!("DROP DATABASE {if_exists}{}{force};", quote_identifier(dbname));
    session.run(&sql).map_err(|error| TOOL.error(&format!("database removal failed: {error}")))
}
