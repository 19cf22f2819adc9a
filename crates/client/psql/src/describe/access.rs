//! Who may do what: `\dp`, `\ddp`.

use super::databases::leave_system_out;
use super::select::Select;
use super::{Call, Outcome, Target, decode, privileges};

/// The kinds of relations that have privileges.
const KINDS: &[(&str, &str)] = &[
    ("r", "table"),
    ("v", "view"),
    ("m", "materialized view"),
    ("S", "sequence"),
    ("f", "foreign table"),
    ("p", "partitioned table"),
];

/// `\dp`, `\z`
pub(super) fn relations(call: &mut Call<'_>) -> Outcome {
    let mut select =
        Select::from("pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace");
    select
        .column("Schema", "n.nspname")
        .column("Name", "c.relname")
        .column("Type", decode("c.relkind", KINDS))
        .column("Access privileges", privileges("c.relacl"))
        .column(
            "Column privileges",
            "pg_catalog.array_to_string(ARRAY(SELECT a.attname || E':\\n  ' || pg_catalog.array_to_string(a.attacl, E'\\n  ') \
             FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND NOT a.attisdropped AND a.attacl IS NOT NULL \
             ORDER BY a.attnum), E'\\n')",
        )
        .column(
            "Policies",
            "pg_catalog.array_to_string(ARRAY(SELECT p.polname || CASE WHEN p.polpermissive THEN '' ELSE ' (RESTRICTIVE)' END \
             || CASE WHEN p.polcmd = '*' THEN ':' ELSE ' (' || p.polcmd::pg_catalog.text || '):' END \
             || CASE WHEN p.polqual IS NULL THEN '' ELSE E'\\n  (u): ' || pg_catalog.pg_get_expr(p.polqual, p.polrelid) END \
             || CASE WHEN p.polwithcheck IS NULL THEN '' ELSE E'\\n  (c): ' || pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid) END \
             || CASE WHEN p.polroles = '{0}' THEN '' ELSE E'\\n  to: ' || pg_catalog.array_to_string(ARRAY(\
             SELECT r.rolname FROM pg_catalog.pg_roles r WHERE r.oid = ANY (p.polroles) ORDER BY 1), ', ') END \
             FROM pg_catalog.pg_policy p WHERE p.polrelid = c.oid), E'\\n')",
        )
        .filter("c.relkind IN ('r', 'v', 'm', 'S', 'f', 'p')");
    leave_system_out(call, &mut select);
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
    call.list("Access privileges", select.order("1, 2"))
}

/// `\ddp`: the pattern may fit the schema or the owner.
pub(super) fn default_privileges(call: &mut Call<'_>) -> Outcome {
    let mut select =
        Select::from("pg_catalog.pg_default_acl d LEFT JOIN pg_catalog.pg_namespace n ON n.oid = d.defaclnamespace");
    select
        .column("Owner", "pg_catalog.pg_get_userbyid(d.defaclrole)")
        .column("Schema", "n.nspname")
        .column(
            "Type",
            decode(
                "d.defaclobjtype",
                &[
                    ("r", "table"),
                    ("S", "sequence"),
                    ("f", "function"),
                    ("T", "type"),
                    ("n", "schema"),
                    ("L", "large object"),
                ],
            ),
        )
        .column("Access privileges", privileges("d.defaclacl"));
    call.filter(
        &mut select,
        0,
        &Target {
            name: "n.nspname",
            other_name: Some("pg_catalog.pg_get_userbyid(d.defaclrole)"),
            parts: 3,
            whole: true,
            ..Target::default()
        },
    )?;
    call.list("Default access privileges", select.order("1, 2, 3"))
}
