//! What a cluster consists of: databases, tablespaces, schemas, parameters.

use super::select::Select;
use super::{Call, Outcome, Target, decode, privileges, user_schema};
use crate::print::Table;

/// `\l`
pub(super) fn databases(call: &mut Call<'_>) -> Outcome {
    let mut select = Select::from("pg_catalog.pg_database d");
    select
        .column("Name", "d.datname")
        .column("Owner", "pg_catalog.pg_get_userbyid(d.datdba)")
        .column("Encoding", "pg_catalog.pg_encoding_to_char(d.encoding)")
        .column(
            "Locale Provider",
            if call.version >= 150_000 {
                decode("d.datlocprovider", &[("b", "builtin"), ("c", "libc"), ("i", "icu")])
            } else {
                "'libc'".to_owned()
            },
        )
        .column("Collate", "d.datcollate")
        .column("Ctype", "d.datctype")
        .column(
            "Locale",
            match call.version {
                170_000.. => "d.datlocale",
                150_000.. => "d.daticulocale",
                _ => "NULL",
            },
        )
        .column("ICU Rules", if call.version >= 160_000 { "d.daticurules" } else { "NULL" })
        .column("Access privileges", privileges("d.datacl"));
    if call.verbose() {
        select
            .column(
                "Size",
                "CASE WHEN pg_catalog.has_database_privilege(d.datname, 'CONNECT') \
                 THEN pg_catalog.pg_size_pretty(pg_catalog.pg_database_size(d.datname)) ELSE 'No Access' END",
            )
            .column("Tablespace", "t.spcname")
            .column("Description", "pg_catalog.shobj_description(d.oid, 'pg_database')")
            .join("JOIN pg_catalog.pg_tablespace t ON t.oid = d.dattablespace");
    }
    call.filter(&mut select, 0, &Target { name: "d.datname", parts: 1, ..Target::default() })?;
    call.list("List of databases", select.order("1"))
}

/// `\db`
pub(super) fn tablespaces(call: &mut Call<'_>) -> Outcome {
    let mut select = Select::from("pg_catalog.pg_tablespace t");
    select
        .column("Name", "t.spcname")
        .column("Owner", "pg_catalog.pg_get_userbyid(t.spcowner)")
        .column("Location", "pg_catalog.pg_tablespace_location(t.oid)");
    if call.verbose() {
        select
            .column("Access privileges", privileges("t.spcacl"))
            .column("Options", "t.spcoptions")
            .column(
                "Size",
                if call.version >= 180_000 {
                    "CASE WHEN pg_catalog.has_tablespace_privilege(t.oid, 'CREATE') \
                     OR pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE') \
                     OR t.oid = (SELECT d.dattablespace FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()) \
                     THEN pg_catalog.pg_size_pretty(pg_catalog.pg_tablespace_size(t.oid)) ELSE 'No Access' END"
                } else {
                    "pg_catalog.pg_size_pretty(pg_catalog.pg_tablespace_size(t.oid))"
                },
            )
            .column("Description", "pg_catalog.shobj_description(t.oid, 'pg_tablespace')");
    }
    call.filter(&mut select, 0, &Target { name: "t.spcname", parts: 1, ..Target::default() })?;
    call.list("List of tablespaces", select.order("1"))
}

/// `\dn`: with a pattern, also the publications of the schema of that very name.
pub(super) fn schemas(call: &mut Call<'_>) -> Outcome {
    let mut select = Select::from("pg_catalog.pg_namespace n");
    select.column("Name", "n.nspname").column("Owner", "pg_catalog.pg_get_userbyid(n.nspowner)");
    if call.verbose() {
        select
            .column("Access privileges", privileges("n.nspacl"))
            .column("Description", "pg_catalog.obj_description(n.oid, 'pg_namespace')");
    }
    if call.user_only() {
        select.filter("n.nspname OPERATOR(pg_catalog.!~) '^pg_'").filter("n.nspname <> 'information_schema'");
    }
    call.filter(&mut select, 0, &Target { name: "n.nspname", parts: 2, whole: true, ..Target::default() })?;
    let answer = call.query(&select.order("1").sql())?;
    let mut footers = Vec::new();
    if let (Some(pattern), 150_000..) = (call.pattern(0), call.version) {
        let publications = call.query(&format!(
            "SELECT p.pubname\nFROM pg_catalog.pg_publication p\n\
             JOIN pg_catalog.pg_publication_namespace m ON m.pnpubid = p.oid\n\
             JOIN pg_catalog.pg_namespace n ON n.oid = m.pnnspid\nWHERE n.nspname = {}\nORDER BY 1",
            crate::pattern::literal(pattern)
        ))?;
        if publications.rows() > 0 {
            footers.push(b"Publications:".to_vec());
        }
        footers.extend((0..publications.rows()).map(|row| [b"    \"", publications.bytes(row, 0), b"\""].concat()));
    }
    let mut table = Table::new(select.headers(), &*answer.0).titled("List of schemas");
    table.footers = footers;
    call.print(table, true);
    Ok(())
}

/// `\dconfig`
pub(super) fn parameters(call: &mut Call<'_>) -> Outcome {
    let mut select = Select::from("pg_catalog.pg_settings s");
    select.column("Parameter", "s.name").column("Value", "pg_catalog.current_setting(s.name)");
    if call.verbose() {
        select.column("Type", "s.vartype").column("Context", "s.context");
        if call.version >= 150_000 {
            select
                .column("Access privileges", privileges("p.paracl"))
                .join("LEFT JOIN pg_catalog.pg_parameter_acl p ON pg_catalog.lower(s.name) = p.parname");
        } else {
            select.column("Access privileges", "NULL");
        }
    }
    let title = match call.pattern(0) {
        // A parameter's name may hold dots, which separate nothing.
        Some(_) => {
            let target =
                Target { name: "pg_catalog.lower(s.name)", parts: usize::MAX, whole: true, ..Target::default() };
            call.filter(&mut select, 0, &target)?;
            "List of configuration parameters"
        }
        None => {
            select.filter("s.source <> 'default'").filter("s.setting IS DISTINCT FROM s.boot_val");
            "List of non-default configuration parameters"
        }
    };
    call.list(title, select.order("1"))
}

/// The conditions for system objects to be left out, for what stands in the schema `n`.
pub(super) fn leave_system_out(call: &Call<'_>, select: &mut Select) {
    if call.user_only() {
        select.filter(user_schema("n.nspname"));
    }
}
