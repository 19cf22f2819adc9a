//! `pg_get_viewdef`, `pg_get_ruledef`, `pg_get_functiondef`.

use super::{Shown, catalog_of, shown_of};
use crate::catalog::Catalog;
use crate::format::{quote_identifier, quote_literal};
use crate::relation::kind;
use error::{Error, Result, SqlState};
use ids::Oid;
use std::fmt::Write;
use types::Context;

types::builtins! {
    /// Definitions of views, rules and functions.
    pub static VIEWS =
    1640 pg_get_viewdef_name each(Context, &[u8]) |cx: Context<'_>, name| by_name(&cx, name, false);
    1641 pg_get_viewdef each(Context, Oid) |cx: Context<'_>, oid| view_definition(&cx, oid, false, 0);
    2505 pg_get_viewdef_name_ext each(Context, &[u8], bool) |cx: Context<'_>, name, pretty| by_name(&cx, name, pretty);
    2506 pg_get_viewdef_ext each(Context, Oid, bool) |cx: Context<'_>, oid, pretty| view_definition(&cx, oid, pretty, 0);
    3159 pg_get_viewdef_wrap each(Context, Oid, i32) |cx: Context<'_>, oid, wrap| view_definition(&cx, oid, true, wrap);
    1573 pg_get_ruledef each(Context, Oid) |cx: Context<'_>, oid| rule_definition(&cx, oid, false);
    2504 pg_get_ruledef_ext each(Context, Oid, bool) |cx: Context<'_>, oid, pretty| rule_definition(&cx, oid, pretty);
    3842 pg_relation_is_updatable each(Context, Oid, bool) |cx: Context<'_>, oid, triggers: bool| updatable(&cx, oid, triggers, None);
    3843 pg_column_is_updatable each(Context, Oid, i16, bool) |cx: Context<'_>, oid, column: i16, triggers: bool| -> Result<bool> {
        // UPDATE and DELETE, as the standard asks.
        Ok(column > 0 && updatable(&cx, oid, triggers, Some(column))? & 20 == 20)
    };
    2098 pg_get_functiondef each(Context, Oid) |cx: Context<'_>, oid| function_definition(shown_of(&cx)?, oid);
}

fn by_name(cx: &Context<'_>, name: &[u8], pretty: bool) -> Result<Option<String>> {
    let name = super::text(name);
    let invalid = || Error::new(SqlState::INVALID_NAME, "invalid name syntax");
    let parts = crate::names::split_qualified(&name).ok_or_else(invalid)?;
    let (schema, name) = match &parts[..] {
        [name] => (None, name),
        [schema, name] | [_, schema, name] => (Some(schema.as_str()), name),
        _ => return Err(invalid()),
    };
    view_definition(cx, catalog_of(cx)?.require_relation(schema, name)?, pretty, 0)
}

fn view_definition(cx: &Context<'_>, oid: Oid, pretty: bool, wrap: i32) -> Result<Option<String>> {
    let catalog = catalog_of(cx)?;
    let Some(relation) = catalog.find_relation(oid)? else { return Ok(None) };
    if !matches!(relation.kind(), kind::VIEW | kind::MATERIALIZED_VIEW) {
        return Ok(None);
    }
    Ok(Some(format!("{};", super::deparser()?.view(catalog, cx.env, &relation, pretty, wrap)?)))
}

fn updatable(cx: &Context<'_>, oid: Oid, triggers: bool, column: Option<i16>) -> Result<i32> {
    let catalog = catalog_of(cx)?;
    let Some(relation) = catalog.find_relation(oid)? else { return Ok(0) };
    super::deparser()?.updatable(catalog, cx.env, &relation, triggers, column.as_ref().map(std::slice::from_ref))
}

fn rule_definition(cx: &Context<'_>, oid: Oid, pretty: bool) -> Result<Option<String>> {
    let catalog = catalog_of(cx)?;
    let Some(rule) = catalog.find_rule(oid)? else { return Ok(None) };
    let relation = catalog.relation(rule.ev_class)?;
    let name = match pretty {
        true => catalog.relation_text(relation.oid)?.unwrap_or_default(),
        false => catalog.qualified_relation_text(relation.oid)?,
    };
    // The two built-in rules, by which an UPDATE of pg_settings is a SET.
    let condition = if pretty { "new.name = old.name" } else { "(new.name = old.name)" };
    let text = match &*rule.rulename {
        "pg_settings_n" if relation.is_system() => format!("UPDATE TO {name} DO INSTEAD NOTHING"),
        "pg_settings_u" if relation.is_system() => format!(
            "UPDATE TO {name}\n   WHERE {condition} DO  SELECT set_config(old.name, new.setting, false) AS set_config"
        ),
        _ if rule.ev_type != b'1' => change_rule(cx, catalog, &rule, &name, pretty)?,
        _ => format!("SELECT TO {name} DO INSTEAD {}", super::deparser()?.view(catalog, cx.env, &relation, pretty, 0)?),
    };
    Ok(Some(format!("CREATE RULE {} AS\n    ON {text};", quote_identifier(&rule.rulename))))
}

/// What stands behind `CREATE RULE … AS ON`, for a rule for changes.
fn change_rule(
    cx: &Context<'_>,
    catalog: &Catalog,
    rule: &crate::rows::PgRewrite,
    relation: &str,
    pretty: bool,
) -> Result<String> {
    let event = match rule.ev_type {
        b'2' => "UPDATE",
        b'3' => "INSERT",
        _ => "DELETE",
    };
    let (condition, actions) = super::deparser()?.rule(catalog, cx.env, rule, pretty)?;
    let mut text = format!("{event} TO {relation}");
    if let Some(condition) = condition {
        let _ = write!(text, "\n   WHERE {condition}");
    }
    text.push_str(if rule.is_instead { " DO INSTEAD " } else { " DO " });
    match &actions[..] {
        [] => text.push_str("NOTHING"),
        [one] => {
            // What begins a line of its own leaves no blank behind.
            if one.starts_with('\n') {
                text.truncate(text.trim_end().len());
            }
            text.push_str(one)
        }
        several => {
            text.push('(');
            several.iter().for_each(|action| {
                let _ = writeln!(text, "{action};");
            });
            text.push(')');
        }
    }
    Ok(text)
}

/// A dollar quote's tag that the text does not contain.
fn quote_tag(body: &str, word: &str) -> String {
    let mut tag = word.to_string();
    while body.contains(&format!("${tag}$")) {
        tag.push('x');
    }
    format!("${tag}$")
}

fn function_definition(catalog: Shown<'_>, oid: Oid) -> Result<Option<String>> {
    let Some(row) = catalog.find_function(oid)? else { return Ok(None) };
    if row.prokind == b'a' {
        let text = format!("\"{}\" is an aggregate function", row.proname);
        return Err(Error::new(SqlState::WRONG_OBJECT_TYPE, text));
    }
    let procedure = row.prokind == b'p';
    let schema = catalog.schema_name(row.pronamespace)?.unwrap_or_default();
    let arguments = super::definitions::function_arguments(catalog, oid, true)?.unwrap_or_default();
    let mut text = format!(
        "CREATE OR REPLACE {} {}.{}({arguments})\n",
        if procedure { "PROCEDURE" } else { "FUNCTION" },
        quote_identifier(&schema),
        quote_identifier(&row.proname)
    );
    if let Some(result) = super::definitions::function_result(&catalog, oid)? {
        let _ = writeln!(text, " RETURNS {result}");
    }
    let language = catalog.language(row.prolang)?.lanname.to_string();
    let _ = writeln!(text, " LANGUAGE {}", quote_identifier(&language));
    let length = text.len();
    if row.prokind == b'w' {
        text.push_str(" WINDOW");
    }
    text.push_str(match row.provolatile {
        b'i' => " IMMUTABLE",
        b's' => " STABLE",
        _ => "",
    });
    text.push_str(match row.proparallel {
        b's' => " PARALLEL SAFE",
        b'r' => " PARALLEL RESTRICTED",
        _ => "",
    });
    if row.proisstrict {
        text.push_str(" STRICT");
    }
    if row.prosecdef {
        text.push_str(" SECURITY DEFINER");
    }
    if row.proleakproof {
        text.push_str(" LEAKPROOF");
    }
    // What PostgreSQL takes for granted goes unsaid.
    let usual_cost = if matches!(&*language, "c" | "internal") { 1.0 } else { 100.0 };
    if row.procost != usual_cost {
        let _ = write!(text, " COST {}", row.procost);
    }
    if row.prorows > 0.0 && row.prorows != 1000.0 {
        let _ = write!(text, " ROWS {}", row.prorows);
    }
    if row.prosupport.is_valid() {
        let support = catalog.function(row.prosupport)?;
        let _ = write!(text, " SUPPORT {}", quote_identifier(&support.proname));
    }
    if text.len() > length {
        text.push('\n');
    }
    for setting in row.proconfig.iter().flatten() {
        if let Some((name, value)) = setting.split_once('=') {
            // Lists of names are stored ready to be read as a list.
            let list = matches!(name, "search_path" | "temp_tablespaces" | "session_preload_libraries");
            let value = if list { value.to_string() } else { quote_literal(value) };
            let _ = writeln!(text, " SET {} TO {value}", quote_identifier(name));
        }
    }
    match super::definitions::function_body(catalog, oid)? {
        Some(body) => text.push_str(&body),
        None => {
            text.push_str("AS ");
            if let Some(file) = &row.probin {
                let _ = write!(text, "{}, ", quote_literal(file));
            }
            let tag = quote_tag(&row.prosrc, if procedure { "procedure" } else { "function" });
            let _ = write!(text, "{tag}{}{tag}", row.prosrc);
        }
    }
    text.push('\n');
    Ok(Some(text))
}
