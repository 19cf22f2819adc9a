//! `createuser`: makes a role.

use std::ffi::OsString;

use client::{escape_literal, quote_identifier};

use crate::prompt::{ask, yes_or_no};
use crate::session::{Access, user_name};
use crate::tool::{self, CONNECTION, Exit, Option_, Tool};

const TOOL: Tool = Tool { name: "createuser", help: include_str!("../help/createuser.txt"), misuse: 1 };

const OPTIONS: &[Option_] = &[
    ("with-admin", 'a', true),
    ("connection-limit", 'c', true),
    ("createdb", 'd', false),
    ("no-createdb", 'D', false),
    ("member-of", 'g', true),
    ("role", ' ', true),
    ("inherit", 'i', false),
    ("no-inherit", 'I', false),
    ("login", 'l', false),
    ("no-login", 'L', false),
    ("with-member", 'm', true),
    ("pwprompt", 'P', false),
    ("createrole", 'r', false),
    ("no-createrole", 'R', false),
    ("superuser", 's', false),
    ("no-superuser", 'S', false),
    ("valid-until", 'v', true),
    ("interactive", ' ', false),
    ("bypassrls", ' ', false),
    ("no-bypassrls", ' ', false),
    ("replication", ' ', false),
    ("no-replication", ' ', false),
];

/// Runs `createuser` with these arguments (the program's name not among them) to its exit code.
pub fn main(arguments: Vec<OsString>) -> i32 {
    tool::run(run(arguments))
}

#[derive(Default)]
struct Role {
    superuser: Option<bool>,
    create_databases: Option<bool>,
    create_roles: Option<bool>,
    inherit: Option<bool>,
    login: Option<bool>,
    replication: Option<bool>,
    bypass_rls: Option<bool>,
    connection_limit: Option<i32>,
    valid_until: Option<String>,
    member_of: Vec<String>,
    members: Vec<String>,
    administrators: Vec<String>,
}

fn run(arguments: Vec<OsString>) -> Result<(), Exit> {
    let (options, rest) = TOOL.read(&[CONNECTION, OPTIONS], arguments)?;
    let (mut access, mut role) = (Access::default(), Role::default());
    let (mut interactive, mut wants_password) = (false, false);
    for (option, value) in options {
        match option {
            "with-admin" => role.administrators.push(value),
            "connection-limit" => role.connection_limit = Some(TOOL.number(&value, "-c/--connection-limit", -1)?),
            "createdb" => role.create_databases = Some(true),
            "no-createdb" => role.create_databases = Some(false),
            "member-of" | "role" => role.member_of.push(value),
            "inherit" => role.inherit = Some(true),
            "no-inherit" => role.inherit = Some(false),
            "login" => role.login = Some(true),
            "no-login" => role.login = Some(false),
            "with-member" => role.members.push(value),
            "pwprompt" => wants_password = true,
            "createrole" => role.create_roles = Some(true),
            "no-createrole" => role.create_roles = Some(false),
            "superuser" => role.superuser = Some(true),
            "no-superuser" => role.superuser = Some(false),
            "valid-until" => role.valid_until = Some(value),
            "interactive" => interactive = true,
            "bypassrls" => role.bypass_rls = Some(true),
            "no-bypassrls" => role.bypass_rls = Some(false),
            "replication" => role.replication = Some(true),
            "no-replication" => role.replication = Some(false),
            _ => {
                access.take(option, &value);
            }
        }
    }
    TOOL.at_most(&rest, 1)?;
    let name = match rest.first() {
        Some(name) => name.clone(),
        None if interactive => ask("Enter name of role to add: ", true).unwrap_or_default(),
        None => match std::env::var("PGUSER") {
            Ok(user) => user,
            Err(_) => user_name(&TOOL)?,
        },
    };
    let mut password = None;
    if wants_password {
        let first = ask("Enter password for new role: ", false).unwrap_or_default();
        let second = ask("Enter it again: ", false).unwrap_or_default();
        if first != second {
            eprintln!("Passwords didn't match.");
            return Err(Exit(1));
        }
        password = Some(first);
    }
    let decide = |choice: Option<bool>, question: &str| match choice {
        Some(choice) => choice,
        None => interactive && yes_or_no(question),
    };
    let superuser = decide(role.superuser, "Shall the new role be a superuser?");
    if superuser {
        // Superusers may do that anyway.
        role.create_databases = Some(true);
        role.create_roles = Some(true);
    }
    let create_databases = decide(role.create_databases, "Shall the new role be allowed to create databases?");
    let create_roles = decide(role.create_roles, "Shall the new role be allowed to create more new roles?");

    let mut session = access.connect_maintenance(&TOOL, None)?;
    let mut sql = format!("CREATE ROLE {}", quote_identifier(&name));
    if let Some(password) = password {
        let stored = session.connection.encrypt_password(&name, &password);
        let stored = stored.map_err(|error| TOOL.error(&format!("password encryption failed: {error}")))?;
        sql.push_str(&format!(" PASSWORD {}", escape_literal(&stored)));
    }
    for (set, word) in [
        (superuser, "SUPERUSER"),
        (create_databases, "CREATEDB"),
        (create_roles, "CREATEROLE"),
        (role.inherit.unwrap_or(true), "INHERIT"),
        (role.login.unwrap_or(true), "LOGIN"),
        (role.replication.unwrap_or(false), "REPLICATION"),
        (role.bypass_rls.unwrap_or(false), "BYPASSRLS"),
    ] {
        sql.push_str(&format!(" {}{word}", if set { "" } else { "NO" }));
    }
    if let Some(limit) = role.connection_limit.filter(|limit| *limit >= 0) {
        sql.push_str(&format!(" CONNECTION LIMIT {limit}"));
    }
    if let Some(until) = &role.valid_until {
        sql.push_str(&format!(" VALID UNTIL {}", escape_literal(until)));
    }
    for (words, names) in [("IN ROLE", &role.member_of), ("ROLE", &role.members), ("ADMIN", &role.administrators)] {
        if !names.is_empty() {
            let names: Vec<String> = names.iter().map(|name| quote_identifier(name)).collect();
            sql.push_str(&format!(" {words} {}", names.join(",")));
        }
    }
    sql.push(';');
    session.run(&sql).map_err(|error| TOOL.error(&format!("creation of new role failed: {error}")))
}
