//! Roles: who there is, who belongs to whom, what is set for whom.

use super::select::Select;
use super::{Call, Outcome, Target};
use crate::print::{Column, Grid, Table};

/// `\du`, `\dg`
pub(super) fn roles(call: &mut Call<'_>) -> Outcome {
    let mut select = Select::from("pg_catalog.pg_roles r");
    select
        .column("name", "r.rolname")
        .column("super", "r.rolsuper")
        .column("inherit", "r.rolinherit")
        .column("createrole", "r.rolcreaterole")
        .column("createdb", "r.rolcreatedb")
        .column("login", "r.rolcanlogin")
        .column("replication", "r.rolreplication")
        .column("bypassrls", "r.rolbypassrls")
        .number("limit", "r.rolconnlimit")
        .column("until", "r.rolvaliduntil");
    let verbose = call.verbose();
    if verbose {
        select.column("description", "pg_catalog.shobj_description(r.oid, 'pg_authid')");
    }
    if call.user_only() {
        select.filter("r.rolname OPERATOR(pg_catalog.!~) '^pg_'");
    }
    call.filter(&mut select, 0, &Target { name: "r.rolname", parts: 1, ..Target::default() })?;
    let found = call.query(&select.order("1").sql())?;

    let mut columns = vec![Column::left("Role name"), Column::left("Attributes")];
    if verbose {
        columns.push(Column::left("Description"));
    }
    let mut grid = Grid::new(columns.len());
    for row in 0..found.rows() {
        grid.push_text(found.bytes(row, 0));
        let mut attributes: Vec<&str> = Vec::new();
        for (column, wanted, name) in [
            (1, true, "Superuser"),
            (2, false, "No inheritance"),
            (3, true, "Create role"),
            (4, true, "Create DB"),
            (5, false, "Cannot login"),
            (6, true, "Replication"),
            (7, true, "Bypass RLS"),
        ] {
            if found.is_true(row, column) == wanted {
                attributes.push(name);
            }
        }
        let mut lines = vec![attributes.join(", ")];
        lines.retain(|line| !line.is_empty());
        match found.text(row, 8).parse() {
            Ok(0) => lines.push("No connections".to_owned()),
            Ok(1) => lines.push("1 connection".to_owned()),
            Ok(limit @ 2i64..) => lines.push(format!("{limit} connections")),
            _ => {}
        }
        let until = found.text(row, 9);
        if !until.is_empty() {
            lines.push(format!("Password valid until {until}"));
        }
        grid.push_text(lines.join("\n"));
        if verbose {
            grid.push_text(found.bytes(row, 10));
        }
    }
    call.print(Table::new(columns, &grid).titled("List of roles"), false);
    Ok(())
}

/// `\drg`
pub(super) fn grants(call: &mut Call<'_>) -> Outcome {
    let mut select = Select::from(
        "pg_catalog.pg_roles m JOIN pg_catalog.pg_auth_members a ON a.member = m.oid \
         LEFT JOIN pg_catalog.pg_roles r ON r.oid = a.roleid LEFT JOIN pg_catalog.pg_roles g ON g.oid = a.grantor",
    );
    let options = if call.version >= 160_000 {
        "pg_catalog.concat_ws(', ', CASE WHEN a.admin_option THEN 'ADMIN' END, CASE WHEN a.inherit_option THEN 'INHERIT' END, \
         CASE WHEN a.set_option THEN 'SET' END)"
    } else {
        "pg_catalog.concat_ws(', ', CASE WHEN a.admin_option THEN 'ADMIN' END, CASE WHEN m.rolinherit THEN 'INHERIT' END, 'SET')"
    };
    select
        .column("Role name", "m.rolname")
        .column("Member of", "r.rolname")
        .column("Options", options)
        .column("Grantor", "g.rolname");
    if call.user_only() {
        select.filter("m.rolname OPERATOR(pg_catalog.!~) '^pg_'");
    }
    call.filter(&mut select, 0, &Target { name: "m.rolname", parts: 1, ..Target::default() })?;
    call.list("List of role grants", select.order("1, 2, 4"))
}

/// `\drds`
pub(super) fn settings(call: &mut Call<'_>) -> Outcome {
    let mut select = Select::from(
        "pg_catalog.pg_db_role_setting s LEFT JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase \
         LEFT JOIN pg_catalog.pg_roles r ON r.oid = s.setrole",
    );
    select
        .column("Role", "r.rolname")
        .column("Database", "d.datname")
        .column("Settings", "pg_catalog.array_to_string(s.setconfig, E'\\n')");
    call.filter(&mut select, 0, &Target { name: "r.rolname", parts: 1, ..Target::default() })?;
    call.filter(&mut select, 1, &Target { name: "d.datname", parts: 1, ..Target::default() })?;
    let answer = call.query(&select.order("1, 2").sql())?;
    if answer.rows() == 0 && !call.host.settings().quiet {
        let message = match (call.pattern(0), call.pattern(1)) {
            (Some(role), Some(database)) => {
                format!("Did not find any settings for role \"{role}\" and database \"{database}\".")
            }
            (Some(role), None) => format!("Did not find any settings for role \"{role}\"."),
            _ => "Did not find any settings.".to_owned(),
        };
        call.host.error(&message);
        return Ok(());
    }
    call.print(Table::new(select.headers(), &*answer.0).titled("List of settings"), true);
    Ok(())
}
