//! Objects of other kinds: comments, extensions, event triggers, extended statistics, languages, large objects.

use super::select::Select;
use super::{Call, Failed, Outcome, Target, decode, privileges, user_schema};

/// `\dd`: the comments that no other command shows.
pub(super) fn descriptions(call: &mut Call<'_>) -> Outcome {
    // Each kind of object: what it is called; its schema, name, OID and catalog; from which tables; whether it is visible.
    const KINDS: &[[&str; 6]] = &[
        [
            "table constraint",
            "c.conname",
            "c.oid, 'pg_constraint'",
            "pg_catalog.pg_constraint c JOIN pg_catalog.pg_class r ON r.oid = c.conrelid \
             LEFT JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace",
            "pg_catalog.pg_table_is_visible(r.oid)",
            "c.conrelid <> 0",
        ],
        [
            "domain constraint",
            "c.conname",
            "c.oid, 'pg_constraint'",
            "pg_catalog.pg_constraint c JOIN pg_catalog.pg_type t ON t.oid = c.contypid \
             LEFT JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace",
            "pg_catalog.pg_type_is_visible(t.oid)",
            "c.contypid <> 0",
        ],
        [
            "operator class",
            "c.opcname",
            "c.oid, 'pg_opclass'",
            "pg_catalog.pg_opclass c JOIN pg_catalog.pg_am am ON am.oid = c.opcmethod \
             JOIN pg_catalog.pg_namespace n ON n.oid = c.opcnamespace",
            "pg_catalog.pg_opclass_is_visible(c.oid)",
            "true",
        ],
        [
            "operator family",
            "f.opfname",
            "f.oid, 'pg_opfamily'",
            "pg_catalog.pg_opfamily f JOIN pg_catalog.pg_am am ON am.oid = f.opfmethod \
             JOIN pg_catalog.pg_namespace n ON n.oid = f.opfnamespace",
            "pg_catalog.pg_opfamily_is_visible(f.oid)",
            "true",
        ],
        [
            "rule",
            "w.rulename",
            "w.oid, 'pg_rewrite'",
            "pg_catalog.pg_rewrite w JOIN pg_catalog.pg_class r ON r.oid = w.ev_class \
             LEFT JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace",
            "pg_catalog.pg_table_is_visible(r.oid)",
            "w.rulename <> '_RETURN'",
        ],
        [
            "trigger",
            "t.tgname",
            "t.oid, 'pg_trigger'",
            "pg_catalog.pg_trigger t JOIN pg_catalog.pg_class r ON r.oid = t.tgrelid \
             LEFT JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace",
            "pg_catalog.pg_table_is_visible(r.oid)",
            "true",
        ],
    ];
    let mut kinds = Vec::new();
    for [kind, name, object, tables, visible, condition] in KINDS {
        let target = Target { schema: Some("n.nspname"), name, visible: Some(visible), parts: 3, ..Target::default() };
        let mut conditions = vec![(*condition).to_owned()];
        if call.user_only() {
            conditions.push(user_schema("n.nspname"));
        }
        conditions.extend(call.conditions(0, &target)?);
        kinds.push(format!(
            "SELECT n.nspname AS schema, {name}::pg_catalog.text AS name, '{kind}'::pg_catalog.text AS object, \
             pg_catalog.obj_description({object}) AS description\nFROM {tables}\nWHERE {}",
            conditions.join(" AND ")
        ));
    }
    let mut select = Select::from(format!("({}) d", kinds.join("\nUNION ALL\n")));
    select
        .column("Schema", "d.schema")
        .column("Name", "d.name")
        .column("Object", "d.object")
        .column("Description", "d.description")
        .filter("d.description IS NOT NULL");
    call.list("Object descriptions", select.order("1, 2, 3"))
}

/// `\dx`; with `+` what each extension consists of.
pub(super) fn extensions(call: &mut Call<'_>) -> Outcome {
    let target = Target { name: "e.extname", parts: 1, ..Target::default() };
    if call.verbose() {
        let mut select = Select::from("pg_catalog.pg_extension e");
        select.column("name", "e.extname").column("oid", "e.oid");
        call.filter(&mut select, 0, &target)?;
        let found = call.query(&select.order("1").sql())?;
        if found.rows() == 0 {
            if !call.host.settings().quiet {
                call.not_found("extension");
            }
            return Err(Failed);
        }
        for row in 0..found.rows() {
            let mut objects = Select::from("pg_catalog.pg_depend d");
            objects
                .column("Object description", "pg_catalog.pg_describe_object(d.classid, d.objid, 0)")
                .filter("d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass")
                .filter(format!("d.refobjid = {}", found.text(row, 1)))
                .filter("d.deptype = 'e'");
            call.list(&format!("Objects in extension \"{}\"", found.text(row, 0)), objects.order("1"))?;
        }
        return Ok(());
    }
    let mut select =
        Select::from("pg_catalog.pg_extension e LEFT JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace");
    select
        .column("Name", "e.extname")
        .column("Version", "e.extversion")
        .column("Default version", "a.default_version")
        .column("Schema", "n.nspname")
        .column("Description", "pg_catalog.obj_description(e.oid, 'pg_extension')")
        .join("LEFT JOIN pg_catalog.pg_available_extensions() a(name, default_version, comment) ON a.name = e.extname");
    call.filter(&mut select, 0, &target)?;
    call.list("List of installed extensions", select.order("1"))
}

/// `\dX`
pub(super) fn statistics(call: &mut Call<'_>) -> Outcome {
    let mut select = Select::from("pg_catalog.pg_statistic_ext s");
    let kind = |code: &str| format!("CASE WHEN '{code}' = ANY (s.stxkind) THEN 'defined' END");
    select
        .column("Schema", "s.stxnamespace::pg_catalog.regnamespace::pg_catalog.text")
        .column("Name", "s.stxname")
        .column(
            "Definition",
            "pg_catalog.pg_get_statisticsobjdef_columns(s.oid) || ' FROM ' || s.stxrelid::pg_catalog.regclass::pg_catalog.text",
        )
        .column("Ndistinct", kind("d"))
        .column("Dependencies", kind("f"))
        .column("MCV", kind("m"));
    call.filter(
        &mut select,
        0,
        &Target {
            schema: Some("s.stxnamespace::pg_catalog.regnamespace::pg_catalog.text"),
            name: "s.stxname",
            visible: Some("pg_catalog.pg_statistics_obj_is_visible(s.oid)"),
            parts: 3,
            ..Target::default()
        },
    )?;
    call.list("List of extended statistics", select.order("1, 2"))
}

/// `\dy`
pub(super) fn event_triggers(call: &mut Call<'_>) -> Outcome {
    let mut select = Select::from("pg_catalog.pg_event_trigger e");
    select
        .column("Name", "e.evtname")
        .column("Event", "e.evtevent")
        .column("Owner", "pg_catalog.pg_get_userbyid(e.evtowner)")
        .column(
            "Enabled",
            decode("e.evtenabled", &[("O", "enabled"), ("R", "replica"), ("A", "always"), ("D", "disabled")]),
        )
        .column("Function", "e.evtfoid::pg_catalog.regproc")
        .column("Tags", "COALESCE(pg_catalog.array_to_string(e.evttags, ', '), '')");
    if call.verbose() {
        select.column("Description", "pg_catalog.obj_description(e.oid, 'pg_event_trigger')");
    }
    call.filter(&mut select, 0, &Target { name: "e.evtname", parts: 1, ..Target::default() })?;
    call.list("List of event triggers", select.order("1"))
}

/// `\dL`
pub(super) fn languages(call: &mut Call<'_>) -> Outcome {
    let mut select = Select::from("pg_catalog.pg_language l");
    select
        .column("Name", "l.lanname")
        .column("Owner", "pg_catalog.pg_get_userbyid(l.lanowner)")
        .column("Trusted", "l.lanpltrusted");
    if call.verbose() {
        select
            .column("Internal language", "NOT l.lanispl")
            .column("Call handler", "l.lanplcallfoid::pg_catalog.regprocedure")
            .column("Validator", "l.lanvalidator::pg_catalog.regprocedure")
            .column("Inline handler", "l.laninline::pg_catalog.regprocedure")
            .column("Access privileges", privileges("l.lanacl"));
    }
    select.column("Description", "pg_catalog.obj_description(l.oid, 'pg_language')");
    if call.user_only() {
        select.filter("l.lanplcallfoid <> 0");
    }
    call.filter(&mut select, 0, &Target { name: "l.lanname", parts: 2, whole: true, ..Target::default() })?;
    call.list("List of languages", select.order("1"))
}

/// `\dl`, `\lo_list`
pub(super) fn large_objects(call: &mut Call<'_>) -> Outcome {
    let mut select = Select::from("pg_catalog.pg_largeobject_metadata m");
    select.number("ID", "m.oid").column("Owner", "pg_catalog.pg_get_userbyid(m.lomowner)");
    if call.verbose() {
        select.column("Access privileges", privileges("m.lomacl"));
    }
    select.column("Description", "pg_catalog.obj_description(m.oid, 'pg_largeobject')");
    call.list("Large objects", select.order("m.oid"))
}
