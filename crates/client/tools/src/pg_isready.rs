//! `pg_isready`: asks a server whether it accepts connections.

use std::ffi::OsString;

use client::{Config, Connection, Ping};

use crate::tool::{self, Exit, Option_, Tool};

/// A command line that makes no sense is told apart from a server that does not answer.
const TOOL: Tool = Tool { name: "pg_isready", help: include_str!("../help/pg_isready.txt"), misuse: 3 };

const OPTIONS: &[Option_] = &[
    ("dbname", 'd', true),
    ("host", 'h', true),
    ("port", 'p', true),
    ("quiet", 'q', false),
    ("timeout", 't', true),
    ("username", 'U', true),
];

/// Runs `pg_isready` with these arguments (the program's name not among them) to its exit code.
pub fn main(arguments: Vec<OsString>) -> i32 {
    tool::run(run(arguments))
}

fn run(arguments: Vec<OsString>) -> Result<(), Exit> {
    let (options, rest) = TOOL.read(&[OPTIONS], arguments)?;
    let mut config = Config::new();
    let fail = |error: client::Error| {
        TOOL.error(error.message());
        Exit(3)
    };
    config.set("connect_timeout", "3").map_err(fail)?;
    config.set("fallback_application_name", TOOL.name).map_err(fail)?;
    let (mut quiet, mut dbname) = (false, None);
    for (option, value) in options {
        match option {
            "dbname" => dbname = Some(value),
            "host" | "port" => config.set(option, value).map_err(fail)?,
            "username" => config.set("user", value).map_err(fail)?,
            "timeout" => config.set("connect_timeout", value).map_err(fail)?,
            _ => quiet = true,
        }
    }
    TOOL.at_most(&rest, 0)?;
    if let Some(dbname) = &dbname {
        config.set_dbname(dbname).map_err(fail)?;
    }
    let answer = Connection::ping(&config);
    let (text, code) = match answer {
        Ping::Accepting => ("accepting connections", 0),
        Ping::Rejecting => ("rejecting connections", 1),
        Ping::NoResponse => ("no response", 2),
        Ping::NoAttempt => ("no attempt", 3),
    };
    if !quiet {
        let resolved = config.resolve().unwrap_or(config);
        let get = |keyword: &str| resolved.get(keyword).filter(|value| !value.is_empty());
        let host = get("hostaddr").or(get("host")).unwrap_or("/tmp");
        println!("{host}:{} - {text}", get("port").unwrap_or("5432"));
    }
    if code == 0 { Ok(()) } else { Err(Exit(code)) }
}
