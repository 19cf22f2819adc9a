//! What can be called: functions, aggregates, operators, casts.

use super::databases::leave_system_out;
use super::select::Select;
use super::types::named_type;
use super::{Call, Outcome, Target, decode, privileges, yes_no};

const ROUTINE: Target<'static> = Target {
    schema: Some("n.nspname"),
    name: "p.proname",
    other_name: None,
    visible: Some("pg_catalog.pg_function_is_visible(p.oid)"),
    parts: 3,
    whole: false,
    plain: false,
};

/// `\da`
pub(super) fn aggregates(call: &mut Call<'_>) -> Outcome {
    let mut select = Select::from("pg_catalog.pg_proc p LEFT JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace");
    select
        .column("Schema", "n.nspname")
        .column("Name", "p.proname")
        .column("Result data type", "pg_catalog.format_type(p.prorettype, NULL)")
        .column(
            "Argument data types",
            "CASE WHEN p.pronargs = 0 THEN '*' ELSE pg_catalog.pg_get_function_arguments(p.oid) END",
        )
        .column("Description", "pg_catalog.obj_description(p.oid, 'pg_proc')")
        .filter("p.prokind = 'a'");
    leave_system_out(call, &mut select);
    call.filter(&mut select, 0, &ROUTINE)?;
    call.list("List of aggregate functions", select.order("1, 2, 4"))
}

/// `\df`
pub(super) fn functions(call: &mut Call<'_>) -> Outcome {
    if !call.options.chars().all(|option| "anptwSx+".contains(option)) {
        call.host.error("\\df only takes [anptwSx+] as options");
        return Ok(());
    }
    let mut select = Select::from("pg_catalog.pg_proc p LEFT JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace");
    select
        .column("Schema", "n.nspname")
        .column("Name", "p.proname")
        .column("Result data type", "pg_catalog.pg_get_function_result(p.oid)")
        .column("Argument data types", "pg_catalog.pg_get_function_arguments(p.oid)")
        .column(
            "Type",
            "CASE p.prokind WHEN 'a' THEN 'agg' WHEN 'w' THEN 'window' WHEN 'p' THEN 'proc' ELSE 'func' END",
        );
    if call.verbose() {
        select
            .column("Volatility", decode("p.provolatile", &[("i", "immutable"), ("s", "stable"), ("v", "volatile")]))
            .column("Parallel", decode("p.proparallel", &[("r", "restricted"), ("s", "safe"), ("u", "unsafe")]))
            .column("Owner", "pg_catalog.pg_get_userbyid(p.proowner)")
            .column("Security", "CASE WHEN p.prosecdef THEN 'definer' ELSE 'invoker' END")
            .column("Leakproof?", yes_no("p.proleakproof"))
            .column("Access privileges", privileges("p.proacl"))
            .column("Language", "l.lanname")
            .column("Internal name", "CASE WHEN l.lanname IN ('internal', 'c') THEN p.prosrc END")
            .column("Description", "pg_catalog.obj_description(p.oid, 'pg_proc')")
            .join("LEFT JOIN pg_catalog.pg_language l ON l.oid = p.prolang");
    }
    let trigger = "p.prorettype = 'pg_catalog.trigger'::pg_catalog.regtype";
    let normal = format!("(p.prokind = 'f' AND NOT {trigger})");
    let kinds: Vec<&str> = [
        ('a', "p.prokind = 'a'"),
        ('n', normal.as_str()),
        ('p', "p.prokind = 'p'"),
        ('t', trigger),
        ('w', "p.prokind = 'w'"),
    ]
    .into_iter()
    .filter(|(option, _)| call.has(*option))
    .map(|(_, condition)| condition)
    .collect();
    if !kinds.is_empty() && kinds.len() < 5 {
        select.filter(format!("({})", kinds.join(" OR ")));
    }
    leave_system_out(call, &mut select);
    call.filter(&mut select, 0, &ROUTINE)?;
    for at in 1..call.arguments.len() {
        if call.pattern(at) == Some("-") {
            select.filter(format!("p.pronargs < {at}"));
            break;
        }
        let argument = format!("p.proargtypes[{}]", at - 1);
        select.filter(named_type(call, at, &argument)?);
    }
    call.list("List of functions", select.order("1, 2, 4"))
}

/// `\do`: with one type the operators of one operand, with two those of two.
pub(super) fn operators(call: &mut Call<'_>) -> Outcome {
    let mut select =
        Select::from("pg_catalog.pg_operator o LEFT JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace");
    select
        .column("Schema", "n.nspname")
        .column("Name", "o.oprname")
        .column("Left arg type", "CASE WHEN o.oprkind = 'l' THEN NULL ELSE pg_catalog.format_type(o.oprleft, NULL) END")
        .column(
            "Right arg type",
            "CASE WHEN o.oprkind = 'r' THEN NULL ELSE pg_catalog.format_type(o.oprright, NULL) END",
        )
        .column("Result type", "pg_catalog.format_type(o.oprresult, NULL)");
    if call.verbose() {
        select
            .column("Function", "o.oprcode")
            .column("Leakproof?", yes_no("p.proleakproof"))
            .join("LEFT JOIN pg_catalog.pg_proc p ON p.oid = o.oprcode");
    }
    select.column(
        "Description",
        "COALESCE(pg_catalog.obj_description(o.oid, 'pg_operator'), pg_catalog.obj_description(o.oprcode, 'pg_proc'))",
    );
    leave_system_out(call, &mut select);
    call.filter(
        &mut select,
        0,
        &Target {
            schema: Some("n.nspname"),
            name: "o.oprname",
            visible: Some("pg_catalog.pg_operator_is_visible(o.oid)"),
            parts: 3,
            plain: true,
            ..Target::default()
        },
    )?;
    let operands: &[&str] = match call.arguments.len() {
        ..=1 => &[],
        2 => {
            select.filter("o.oprleft = 0");
            &["o.oprright"]
        }
        _ => &["o.oprleft", "o.oprright"],
    };
    for (at, operand) in operands.iter().enumerate() {
        if call.pattern(at + 1) == Some("-") {
            select.filter(format!("{operand} = 0"));
        } else {
            select.filter(named_type(call, at + 1, operand)?);
        }
    }
    call.list("List of operators", select.order("1, 2, 3, 4"))
}

/// `\dC`: the pattern may fit either type.
pub(super) fn casts(call: &mut Call<'_>) -> Outcome {
    let mut select = Select::from(
        "pg_catalog.pg_cast c LEFT JOIN pg_catalog.pg_proc p ON p.oid = c.castfunc \
         LEFT JOIN pg_catalog.pg_type s ON s.oid = c.castsource LEFT JOIN pg_catalog.pg_namespace sn ON sn.oid = s.typnamespace \
         LEFT JOIN pg_catalog.pg_type t ON t.oid = c.casttarget LEFT JOIN pg_catalog.pg_namespace tn ON tn.oid = t.typnamespace",
    );
    select
        .column("Source type", "pg_catalog.format_type(c.castsource, NULL)")
        .column("Target type", "pg_catalog.format_type(c.casttarget, NULL)")
        .column(
            "Function",
            "CASE c.castmethod WHEN 'b' THEN '(binary coercible)' WHEN 'i' THEN '(with inout)' ELSE p.proname END",
        )
        .column("Implicit?", "CASE c.castcontext WHEN 'e' THEN 'no' WHEN 'a' THEN 'in assignment' ELSE 'yes' END");
    if call.verbose() {
        select
            .column("Leakproof?", yes_no("p.proleakproof"))
            .column("Description", "pg_catalog.obj_description(c.oid, 'pg_cast')");
    }
    let mut either = Vec::new();
    for (schema, name, full, visible) in [
        ("sn.nspname", "s.typname", "pg_catalog.format_type(s.oid, NULL)", "pg_catalog.pg_type_is_visible(s.oid)"),
        ("tn.nspname", "t.typname", "pg_catalog.format_type(t.oid, NULL)", "pg_catalog.pg_type_is_visible(t.oid)"),
    ] {
        let target = Target {
            schema: Some(schema),
            name,
            other_name: Some(full),
            visible: Some(visible),
            parts: 3,
            whole: false,
            plain: false,
        };
        let conditions = call.conditions(0, &target)?;
        either.push(if conditions.is_empty() { "true".to_owned() } else { conditions.join(" AND ") });
    }
    select.filter(format!("(({}) OR ({}))", either[0], either[1]));
    call.list("List of casts", select.order("1, 2"))
}
