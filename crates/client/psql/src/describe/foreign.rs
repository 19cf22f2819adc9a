//! Foreign data: wrappers, servers, user mappings, tables.

use super::select::Select;
use super::{Call, Outcome, Target, foreign_options, privileges};

/// `\dew`
pub(super) fn wrappers(call: &mut Call<'_>) -> Outcome {
    let mut select = Select::from("pg_catalog.pg_foreign_data_wrapper w");
    select
        .column("Name", "w.fdwname")
        .column("Owner", "pg_catalog.pg_get_userbyid(w.fdwowner)")
        .column("Handler", "w.fdwhandler::pg_catalog.regproc")
        .column("Validator", "w.fdwvalidator::pg_catalog.regproc");
    if call.verbose() {
        select
            .column("Access privileges", privileges("w.fdwacl"))
            .column("FDW options", foreign_options("w.fdwoptions"))
            .column("Description", "pg_catalog.obj_description(w.oid, 'pg_foreign_data_wrapper')");
    }
    call.filter(&mut select, 0, &Target { name: "w.fdwname", parts: 1, ..Target::default() })?;
    call.list("List of foreign-data wrappers", select.order("1"))
}

/// `\des`
pub(super) fn servers(call: &mut Call<'_>) -> Outcome {
    let mut select =
        Select::from("pg_catalog.pg_foreign_server s JOIN pg_catalog.pg_foreign_data_wrapper w ON w.oid = s.srvfdw");
    select
        .column("Name", "s.srvname")
        .column("Owner", "pg_catalog.pg_get_userbyid(s.srvowner)")
        .column("Foreign-data wrapper", "w.fdwname");
    if call.verbose() {
        select
            .column("Access privileges", privileges("s.srvacl"))
            .column("Type", "s.srvtype")
            .column("Version", "s.srvversion")
            .column("FDW options", foreign_options("s.srvoptions"))
            .column("Description", "pg_catalog.obj_description(s.oid, 'pg_foreign_server')");
    }
    call.filter(&mut select, 0, &Target { name: "s.srvname", parts: 1, ..Target::default() })?;
    call.list("List of foreign servers", select.order("1"))
}

/// `\deu`
pub(super) fn user_mappings(call: &mut Call<'_>) -> Outcome {
    let mut select = Select::from("pg_catalog.pg_user_mappings m");
    select.column("Server", "m.srvname").column("User name", "m.usename");
    if call.verbose() {
        select.column("FDW options", foreign_options("m.umoptions"));
    }
    call.filter(
        &mut select,
        0,
        &Target { name: "m.srvname", other_name: Some("m.usename"), parts: 1, ..Target::default() },
    )?;
    call.list("List of user mappings", select.order("1, 2"))
}

/// `\det`
pub(super) fn tables(call: &mut Call<'_>) -> Outcome {
    let mut select = Select::from(
        "pg_catalog.pg_foreign_table t JOIN pg_catalog.pg_class c ON c.oid = t.ftrelid \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN pg_catalog.pg_foreign_server s ON s.oid = t.ftserver",
    );
    select.column("Schema", "n.nspname").column("Table", "c.relname").column("Server", "s.srvname");
    if call.verbose() {
        select
            .column("FDW options", foreign_options("t.ftoptions"))
            .column("Description", "pg_catalog.obj_description(c.oid, 'pg_class')");
    }
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
    call.list("List of foreign tables", select.order("1, 2"))
}
