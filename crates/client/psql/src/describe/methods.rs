//! Access methods, and what the families and classes of operators are made of.

use super::select::Select;
use super::types::cataloged_type;
use super::{Call, Outcome, Target, decode, yes_no};

const METHOD: Target<'static> =
    Target { schema: None, name: "am.amname", other_name: None, visible: None, parts: 1, whole: false, plain: false };

/// The name of something in a schema, with its schema if it would not be found without.
fn qualified(visible: &str, schema: &str, name: &str) -> String {
    format!(
        "CASE WHEN {visible} THEN pg_catalog.quote_ident({name}) \
         ELSE pg_catalog.quote_ident({schema}) || '.' || pg_catalog.quote_ident({name}) END"
    )
}

fn family_name() -> String {
    qualified("pg_catalog.pg_opfamily_is_visible(f.oid)", "fn.nspname", "f.opfname")
}

/// `\dA`
pub(super) fn access_methods(call: &mut Call<'_>) -> Outcome {
    let mut select = Select::from("pg_catalog.pg_am am");
    select.column("Name", "am.amname").column("Type", decode("am.amtype", &[("i", "Index"), ("t", "Table")]));
    if call.verbose() {
        select.column("Handler", "am.amhandler").column("Description", "pg_catalog.obj_description(am.oid, 'pg_am')");
    }
    call.filter(&mut select, 0, &METHOD)?;
    call.list("List of access methods", select.order("1"))
}

/// `\dAc`
pub(super) fn operator_classes(call: &mut Call<'_>) -> Outcome {
    let mut select = Select::from(
        "pg_catalog.pg_opclass c JOIN pg_catalog.pg_am am ON am.oid = c.opcmethod \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.opcnamespace",
    );
    select
        .column("AM", "am.amname")
        .column("Input type", "pg_catalog.format_type(c.opcintype, NULL)")
        .column(
            "Storage type",
            "CASE WHEN c.opckeytype <> 0 AND c.opckeytype <> c.opcintype THEN pg_catalog.format_type(c.opckeytype, NULL) END",
        )
        .column("Operator class", qualified("pg_catalog.pg_opclass_is_visible(c.oid)", "n.nspname", "c.opcname"))
        .column("Default?", yes_no("c.opcdefault"));
    if call.verbose() {
        select
            .column("Operator family", family_name())
            .column("Owner", "pg_catalog.pg_get_userbyid(c.opcowner)")
            .join("JOIN pg_catalog.pg_opfamily f ON f.oid = c.opcfamily JOIN pg_catalog.pg_namespace fn ON fn.oid = f.opfnamespace");
    }
    call.filter(&mut select, 0, &METHOD)?;
    if call.pattern(1).is_some() {
        select.filter(cataloged_type(call, 1, "c.opcintype")?);
    }
    call.list("List of operator classes", select.order("1, 2, 4"))
}

/// `\dAf`
pub(super) fn operator_families(call: &mut Call<'_>) -> Outcome {
    let mut select = Select::from(
        "pg_catalog.pg_opfamily f JOIN pg_catalog.pg_am am ON am.oid = f.opfmethod \
         JOIN pg_catalog.pg_namespace fn ON fn.oid = f.opfnamespace",
    );
    select.column("AM", "am.amname").column("Operator family", family_name()).column(
        "Applicable types",
        "(SELECT pg_catalog.string_agg(pg_catalog.format_type(c.opcintype, NULL), ', ') \
         FROM pg_catalog.pg_opclass c WHERE c.opcfamily = f.oid)",
    );
    if call.verbose() {
        select.column("Owner", "pg_catalog.pg_get_userbyid(f.opfowner)");
    }
    call.filter(&mut select, 0, &METHOD)?;
    if call.pattern(1).is_some() {
        let matching = cataloged_type(call, 1, "c.opcintype")?;
        select
            .filter(format!("EXISTS (SELECT 1 FROM pg_catalog.pg_opclass c WHERE c.opcfamily = f.oid AND {matching})"));
    }
    call.list("List of operator families", select.order("1, 2"))
}

/// What a family is matched by, as the second pattern of `\dAo` and `\dAp`.
const FAMILY: Target<'static> = Target {
    schema: Some("fn.nspname"),
    name: "f.opfname",
    other_name: None,
    visible: None,
    parts: 3,
    whole: false,
    plain: false,
};

/// `\dAo`
pub(super) fn family_operators(call: &mut Call<'_>) -> Outcome {
    let mut select = Select::from(
        "pg_catalog.pg_amop o JOIN pg_catalog.pg_opfamily f ON f.oid = o.amopfamily \
         JOIN pg_catalog.pg_am am ON am.oid = f.opfmethod AND am.oid = o.amopmethod \
         JOIN pg_catalog.pg_namespace fn ON fn.oid = f.opfnamespace",
    );
    select
        .column("AM", "am.amname")
        .column("Operator family", family_name())
        .column("Operator", "o.amopopr::pg_catalog.regoperator")
        .number("Strategy", "o.amopstrategy")
        .column("Purpose", decode("o.amoppurpose", &[("o", "ordering"), ("s", "search")]));
    if call.verbose() {
        select
            .column("Sort opfamily", "s.opfname")
            .column("Leakproof?", yes_no("p.proleakproof"))
            .join("LEFT JOIN pg_catalog.pg_opfamily s ON s.oid = o.amopsortfamily")
            .join(
                "JOIN pg_catalog.pg_operator op ON op.oid = o.amopopr JOIN pg_catalog.pg_proc p ON p.oid = op.oprcode",
            );
    }
    call.filter(&mut select, 0, &METHOD)?;
    if call.pattern(1).is_some() {
        call.filter(&mut select, 1, &FAMILY)?;
    }
    select.order(
        "1, 2, o.amoplefttype = o.amoprighttype DESC, pg_catalog.format_type(o.amoplefttype, NULL), \
         pg_catalog.format_type(o.amoprighttype, NULL), o.amopstrategy",
    );
    call.list("List of operators of operator families", &select)
}

/// `\dAp`
pub(super) fn family_functions(call: &mut Call<'_>) -> Outcome {
    let mut select = Select::from(
        "pg_catalog.pg_amproc ap JOIN pg_catalog.pg_opfamily f ON f.oid = ap.amprocfamily \
         JOIN pg_catalog.pg_am am ON am.oid = f.opfmethod JOIN pg_catalog.pg_namespace fn ON fn.oid = f.opfnamespace \
         JOIN pg_catalog.pg_proc p ON p.oid = ap.amproc",
    );
    select
        .column("AM", "am.amname")
        .column("Operator family", family_name())
        .column("Registered left type", "pg_catalog.format_type(ap.amproclefttype, NULL)")
        .column("Registered right type", "pg_catalog.format_type(ap.amprocrighttype, NULL)")
        .number("Number", "ap.amprocnum")
        .column("Function", if call.verbose() { "ap.amproc::pg_catalog.regprocedure" } else { "p.proname" });
    call.filter(&mut select, 0, &METHOD)?;
    if call.pattern(1).is_some() {
        call.filter(&mut select, 1, &FAMILY)?;
    }
    select.order("1, 2, ap.amproclefttype = ap.amprocrighttype DESC, 3, 4, 5");
    call.list("List of support functions of operator families", &select)
}
