//! Text search: parsers, dictionaries, templates, configurations.

use super::select::Select;
use super::{Call, Failed, Outcome, Target};
use crate::print::{Column, Table};

/// The target of a pattern for a kind of text search objects.
fn target<'a>(name: &'a str, visible: &'a str) -> Target<'a> {
    Target { schema: Some("n.nspname"), name, visible: Some(visible), parts: 3, ..Target::default() }
}

/// `\dFd`
pub(super) fn dictionaries(call: &mut Call<'_>) -> Outcome {
    let mut select =
        Select::from("pg_catalog.pg_ts_dict d LEFT JOIN pg_catalog.pg_namespace n ON n.oid = d.dictnamespace");
    select.column("Schema", "n.nspname").column("Name", "d.dictname");
    if call.verbose() {
        select
            .column("Template", "COALESCE(tn.nspname, '(null)') || '.' || t.tmplname")
            .column("Init options", "d.dictinitoption")
            .join("LEFT JOIN pg_catalog.pg_ts_template t ON t.oid = d.dicttemplate")
            .join("LEFT JOIN pg_catalog.pg_namespace tn ON tn.oid = t.tmplnamespace");
    }
    select.column("Description", "pg_catalog.obj_description(d.oid, 'pg_ts_dict')");
    call.filter(&mut select, 0, &target("d.dictname", "pg_catalog.pg_ts_dict_is_visible(d.oid)"))?;
    call.list("List of text search dictionaries", select.order("1, 2"))
}

/// `\dFt`
pub(super) fn templates(call: &mut Call<'_>) -> Outcome {
    let mut select =
        Select::from("pg_catalog.pg_ts_template t LEFT JOIN pg_catalog.pg_namespace n ON n.oid = t.tmplnamespace");
    select.column("Schema", "n.nspname").column("Name", "t.tmplname");
    if call.verbose() {
        select.column("Init", "t.tmplinit::pg_catalog.regproc").column("Lexize", "t.tmpllexize::pg_catalog.regproc");
    }
    select.column("Description", "pg_catalog.obj_description(t.oid, 'pg_ts_template')");
    call.filter(&mut select, 0, &target("t.tmplname", "pg_catalog.pg_ts_template_is_visible(t.oid)"))?;
    call.list("List of text search templates", select.order("1, 2"))
}

/// `\dF`; with `+` which dictionaries take which tokens.
pub(super) fn configurations(call: &mut Call<'_>) -> Outcome {
    let mut select =
        Select::from("pg_catalog.pg_ts_config c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.cfgnamespace");
    select
        .column("Schema", "n.nspname")
        .column("Name", "c.cfgname")
        .column("Description", "pg_catalog.obj_description(c.oid, 'pg_ts_config')");
    let target = target("c.cfgname", "pg_catalog.pg_ts_config_is_visible(c.oid)");
    call.filter(&mut select, 0, &target)?;
    select.order("1, 2");
    if !call.verbose() {
        return call.list("List of text search configurations", &select);
    }
    select
        .column("oid", "c.oid")
        .column("parser", "c.cfgparser")
        .column("parser name", "p.prsname")
        .column("parser schema", "pn.nspname")
        .join("LEFT JOIN pg_catalog.pg_ts_parser p ON p.oid = c.cfgparser")
        .join("LEFT JOIN pg_catalog.pg_namespace pn ON pn.oid = p.prsnamespace");
    let found = call.query(&select.sql())?;
    if found.rows() == 0 {
        return none(call, "text search configuration");
    }
    for row in 0..found.rows() {
        let (oid, parser) = (found.text(row, 3), found.text(row, 4));
        let mut tokens = Select::from(format!(
            "(SELECT DISTINCT m.maptokentype FROM pg_catalog.pg_ts_config_map m WHERE m.mapcfg = {oid}) k \
             LEFT JOIN pg_catalog.ts_token_type({parser}::pg_catalog.oid) t ON t.tokid = k.maptokentype"
        ));
        tokens.column("Token", "t.alias").column(
            "Dictionaries",
            format!(
                "pg_catalog.array_to_string(ARRAY(SELECT m.mapdict::pg_catalog.regdictionary FROM pg_catalog.pg_ts_config_map m \
                 WHERE m.mapcfg = {oid} AND m.maptokentype = k.maptokentype ORDER BY m.mapseqno), ',')"
            ),
        );
        let answer = call.query(&tokens.order("1").sql())?;
        let title = format!(
            "Text search configuration \"{}\"\nParser: \"{}\"",
            full_name(&found.text(row, 0), &found.text(row, 1)),
            full_name(&found.text(row, 6), &found.text(row, 5))
        );
        call.print(Table::new(tokens.headers(), &*answer.0).titled(title), false);
    }
    Ok(())
}

/// `\dFp`; with `+` the functions of each and its kinds of tokens.
pub(super) fn parsers(call: &mut Call<'_>) -> Outcome {
    let mut select =
        Select::from("pg_catalog.pg_ts_parser p LEFT JOIN pg_catalog.pg_namespace n ON n.oid = p.prsnamespace");
    select
        .column("Schema", "n.nspname")
        .column("Name", "p.prsname")
        .column("Description", "pg_catalog.obj_description(p.oid, 'pg_ts_parser')");
    call.filter(&mut select, 0, &target("p.prsname", "pg_catalog.pg_ts_parser_is_visible(p.oid)"))?;
    select.order("1, 2");
    if !call.verbose() {
        return call.list("List of text search parsers", &select);
    }
    select.column("oid", "p.oid");
    let found = call.query(&select.sql())?;
    if found.rows() == 0 {
        return none(call, "text search parser");
    }
    for row in 0..found.rows() {
        let (name, oid) = (full_name(&found.text(row, 0), &found.text(row, 1)), found.text(row, 3));
        let methods: Vec<_> = [
            ("Start parse", "prsstart"),
            ("Get next token", "prstoken"),
            ("End parse", "prsend"),
            ("Get headline", "prsheadline"),
            ("Get token types", "prslextype"),
        ]
        .iter()
        .map(|(method, function)| {
            format!(
                "SELECT '{method}', p.{function}::pg_catalog.regproc, pg_catalog.obj_description(p.{function}, 'pg_proc') \
                 FROM pg_catalog.pg_ts_parser p WHERE p.oid = {oid}"
            )
        })
        .collect();
        let answer = call.query(&methods.join("\nUNION ALL "))?;
        let columns = vec![Column::left("Method"), Column::left("Function"), Column::left("Description")];
        call.print(Table::new(columns, &*answer.0).titled(format!("Text search parser \"{name}\"")), false);
        let mut tokens = Select::from(format!("pg_catalog.ts_token_type({oid}::pg_catalog.oid) t"));
        tokens.column("Token name", "t.alias").column("Description", "t.description");
        call.list(&format!("Token types for parser \"{name}\""), tokens.order("1"))?;
    }
    Ok(())
}

fn full_name(schema: &str, name: &str) -> String {
    if schema.is_empty() { name.to_owned() } else { format!("{schema}.{name}") }
}

fn none(call: &mut Call<'_>, kind: &str) -> Outcome {
    if !call.host.settings().quiet {
        call.not_found(kind);
    }
    Err(Failed)
}
