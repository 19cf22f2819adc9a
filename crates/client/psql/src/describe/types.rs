//! Types, domains, collations, conversions.

use super::databases::leave_system_out;
use super::select::Select;
use super::{Call, Failed, Outcome, Target, decode, privileges, yes_no};
use crate::pattern;

const TYPE: Target<'static> = Target {
    schema: Some("n.nspname"),
    name: "t.typname",
    other_name: Some("pg_catalog.format_type(t.oid, NULL)"),
    visible: Some("pg_catalog.pg_type_is_visible(t.oid)"),
    parts: 3,
    whole: false,
    plain: false,
};

/// Names by which SQL knows types, and neither the catalog nor `format_type` does.
const ALIASES: &[(&str, &str)] = &[("decimal", "numeric"), ("float", "double precision"), ("int", "integer")];

/// Names of element types that `format_type` does not use.
const ELEMENT_ALIASES: &[(&str, &str)] = &[
    ("bool", "boolean"),
    ("float4", "real"),
    ("float8", "double precision"),
    ("int2", "smallint"),
    ("int4", "integer"),
    ("int8", "bigint"),
    ("time", "time without time zone"),
    ("timestamp", "timestamp without time zone"),
    ("timestamptz", "timestamp with time zone"),
    ("timetz", "time with time zone"),
    ("varbit", "bit varying"),
    ("varchar", "character varying"),
];

/// A pattern for types, with a name that only SQL knows replaced by the type's own.
fn canonical(pattern: &str) -> String {
    let lower = pattern.to_ascii_lowercase();
    let find = |table: &[(&str, &str)], name: &str| {
        table.iter().find(|(alias, _)| *alias == name).map(|(_, proper)| (*proper).to_owned())
    };
    match lower.strip_suffix("[]") {
        Some(element) => find(ALIASES, element).or_else(|| find(ELEMENT_ALIASES, element)).map(|proper| proper + "[]"),
        None => find(ALIASES, &lower),
    }
    .unwrap_or_else(|| pattern.to_owned())
}

/// The condition that the type whose OID `oid` is matches the pattern at `at`, which may name it as SQL does.
pub(super) fn named_type(call: &mut Call<'_>, at: usize, oid: &str) -> Result<String, Failed> {
    let wanted = canonical(call.pattern(at).unwrap_or_default());
    type_condition(call, &wanted, oid)
}

/// The condition that the type whose OID `oid` is matches the pattern at `at`.
pub(super) fn cataloged_type(call: &mut Call<'_>, at: usize, oid: &str) -> Result<String, Failed> {
    let wanted = call.pattern(at).unwrap_or_default().to_owned();
    type_condition(call, &wanted, oid)
}

fn type_condition(call: &mut Call<'_>, wanted: &str, oid: &str) -> Result<String, Failed> {
    let database = call.host.database();
    let conditions = pattern::conditions(Some(wanted), &TYPE, &database).or_else(|message| call.fail(&message))?;
    let mut all = vec![format!("t.oid = {oid}")];
    all.extend(conditions);
    Ok(format!(
        "EXISTS (SELECT 1 FROM pg_catalog.pg_type t LEFT JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace WHERE {})",
        all.join(" AND ")
    ))
}

/// `\dT`: table types are left out, and array types unless the pattern asks for them by `[]`.
pub(super) fn types(call: &mut Call<'_>) -> Outcome {
    let mut select = Select::from("pg_catalog.pg_type t LEFT JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace");
    select.column("Schema", "n.nspname").column("Name", "pg_catalog.format_type(t.oid, NULL)");
    if call.verbose() {
        select
            .column("Internal name", "t.typname")
            .column(
                "Size",
                "CASE WHEN t.typrelid <> 0 THEN 'tuple' WHEN t.typlen < 0 THEN 'var' ELSE t.typlen::pg_catalog.text END",
            )
            .column(
                "Elements",
                "pg_catalog.array_to_string(ARRAY(SELECT e.enumlabel FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid \
                 ORDER BY e.enumsortorder), E'\\n')",
            )
            .column("Owner", "pg_catalog.pg_get_userbyid(t.typowner)")
            .column("Access privileges", privileges("t.typacl"));
    }
    select
        .column("Description", "pg_catalog.obj_description(t.oid, 'pg_type')")
        .filter("(t.typrelid = 0 OR (SELECT c.relkind = 'c' FROM pg_catalog.pg_class c WHERE c.oid = t.typrelid))");
    let wanted = call.pattern(0).map(canonical);
    if !wanted.as_deref().is_some_and(|wanted| wanted.contains("[]")) {
        select.filter("NOT EXISTS (SELECT 1 FROM pg_catalog.pg_type e WHERE e.oid = t.typelem AND e.typarray = t.oid)");
    }
    leave_system_out(call, &mut select);
    let database = call.host.database();
    match pattern::conditions(wanted.as_deref(), &TYPE, &database) {
        Ok(conditions) => conditions.into_iter().for_each(|condition| {
            select.filter(condition);
        }),
        Err(message) => return call.fail(&message),
    }
    call.list("List of data types", select.order("1, 2"))
}

/// `\dD`
pub(super) fn domains(call: &mut Call<'_>) -> Outcome {
    let mut select = Select::from("pg_catalog.pg_type t LEFT JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace");
    select
        .column("Schema", "n.nspname")
        .column("Name", "t.typname")
        .column("Type", "pg_catalog.format_type(t.typbasetype, t.typtypmod)")
        .column(
            "Collation",
            "(SELECT c.collname FROM pg_catalog.pg_collation c, pg_catalog.pg_type b \
             WHERE c.oid = t.typcollation AND b.oid = t.typbasetype AND t.typcollation <> b.typcollation)",
        )
        .column("Nullable", "CASE WHEN t.typnotnull THEN 'not null' END")
        .column("Default", "t.typdefault")
        .column(
            "Check",
            "pg_catalog.array_to_string(ARRAY(SELECT pg_catalog.pg_get_constraintdef(r.oid, true) FROM pg_catalog.pg_constraint r \
             WHERE t.oid = r.contypid AND r.contype = 'c' ORDER BY r.conname), ' ')",
        );
    if call.verbose() {
        select
            .column("Access privileges", privileges("t.typacl"))
            .column("Description", "pg_catalog.obj_description(t.oid, 'pg_type')");
    }
    select.filter("t.typtype = 'd'");
    leave_system_out(call, &mut select);
    let target = Target { other_name: None, ..TYPE };
    call.filter(&mut select, 0, &target)?;
    call.list("List of domains", select.order("1, 2"))
}

/// `\dO`: those that fit the database's encoding.
pub(super) fn collations(call: &mut Call<'_>) -> Outcome {
    let mut select =
        Select::from("pg_catalog.pg_collation c JOIN pg_catalog.pg_namespace n ON n.oid = c.collnamespace");
    select
        .column("Schema", "n.nspname")
        .column("Name", "c.collname")
        .column(
            "Provider",
            decode("c.collprovider", &[("d", "default"), ("b", "builtin"), ("c", "libc"), ("i", "icu")]),
        )
        .column("Collate", "c.collcollate")
        .column("Ctype", "c.collctype")
        .column(
            "Locale",
            match call.version {
                170_000.. => "c.colllocale",
                150_000.. => "c.colliculocale",
                _ => "c.collcollate",
            },
        )
        .column("ICU Rules", if call.version >= 160_000 { "c.collicurules" } else { "NULL" })
        .column("Deterministic?", yes_no("c.collisdeterministic"));
    if call.verbose() {
        select.column("Description", "pg_catalog.obj_description(c.oid, 'pg_collation')");
    }
    leave_system_out(call, &mut select);
    select.filter("c.collencoding IN (-1, pg_catalog.pg_char_to_encoding(pg_catalog.getdatabaseencoding()))");
    call.filter(
        &mut select,
        0,
        &Target {
            schema: Some("n.nspname"),
            name: "c.collname",
            visible: Some("pg_catalog.pg_collation_is_visible(c.oid)"),
            parts: 3,
            ..Target::default()
        },
    )?;
    call.list("List of collations", select.order("1, 2"))
}

/// `\dc`
pub(super) fn conversions(call: &mut Call<'_>) -> Outcome {
    let mut select =
        Select::from("pg_catalog.pg_conversion c JOIN pg_catalog.pg_namespace n ON n.oid = c.connamespace");
    select
        .column("Schema", "n.nspname")
        .column("Name", "c.conname")
        .column("Source", "pg_catalog.pg_encoding_to_char(c.conforencoding)")
        .column("Destination", "pg_catalog.pg_encoding_to_char(c.contoencoding)")
        .column("Default?", yes_no("c.condefault"));
    if call.verbose() {
        select.column("Description", "pg_catalog.obj_description(c.oid, 'pg_conversion')");
    }
    leave_system_out(call, &mut select);
    call.filter(
        &mut select,
        0,
        &Target {
            schema: Some("n.nspname"),
            name: "c.conname",
            visible: Some("pg_catalog.pg_conversion_is_visible(c.oid)"),
            parts: 3,
            ..Target::default()
        },
    )?;
    call.list("List of conversions", select.order("1, 2"))
}

#[cfg(test)]
mod tests {
    use super::canonical;

    #[test]
    fn names_of_sql_become_names_of_types() {
        assert_eq!(canonical("INT"), "integer");
        assert_eq!(canonical("decimal[]"), "numeric[]");
        assert_eq!(canonical("int4[]"), "integer[]");
        assert_eq!(canonical("int4"), "int4");
        assert_eq!(canonical("My_Type"), "My_Type");
    }
}
