//! `dropuser`: removes a role.

use std::ffi::OsString;

use client::quote_identifier;

use crate::prompt::{ask, yes_or_no};
use crate::session::Access;
use crate::tool::{self, CONNECTION, Exit, Option_, Tool};

const TOOL: Tool = Tool { name: "dropuser", help: include_str!("../help/dropuser.txt"), misuse: 1 };

const OPTIONS: &[Option_] = &[("interactive", 'i', false), ("if-exists", ' ', false)];

/// Runs `dropuser` with these arguments (the program's name not among them) to its exit code.
pub fn main(arguments: Vec<OsString>) -> i32 {
    tool::run(run(arguments))
}

fn run(arguments: Vec<OsString>) -> Result<(), Exit> {
    let (options, rest) = TOOL.read(&[CONNECTION, OPTIONS], arguments)?;
    let mut access = Access::default();
    let (mut interactive, mut if_exists) = (false, "");
    for (option, value) in options {
        match option {
            "interactive" => interactive = true,
            "if-exists" => if_exists = "IF EXISTS ",
            _ => {
                access.take(option, &value);
            }
        }
    }
    TOOL.at_most(&rest, 1)?;
    let role = match rest.first() {
        Some(role) => role.clone(),
        None if interactive => ask("Enter name of role to drop: ", true).unwrap_or_default(),
        None => return Err(TOOL.misused("missing required argument role name")),
    };
    if interactive {
        tool::print(&format!("Role \"{role}\" will be permanently removed."));
        if !yes_or_no("Are you sure?") {
            return Ok(());
        }
    }
    let mut session = access.connect_maintenance(&TOOL, None)?;
    let sql = format!("DROP ROLE {if_exists}{};", quote_identifier(&role));
    session.run(&sql).map_err(|error| TOOL.error(&format!("removal of role \"{role}\" failed: {error}")))
}
