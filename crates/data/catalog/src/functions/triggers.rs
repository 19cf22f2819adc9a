//! `pg_get_triggerdef`.

use std::fmt::Write;

use error::Result;
use ids::Oid;
use types::Context;

use super::{Shown, shown_of};
use crate::format::{quote_identifier, quote_literal};
use crate::index;
use crate::rows::PgTrigger;
use crate::trigger::{Event, Timing};

types::builtins! {
    /// Definitions of triggers.
    pub static TRIGGERS =
    1662 pg_get_triggerdef each(Context, Oid) |cx: Context<'_>, oid| definition(shown_of(&cx)?, oid, false);
    2730 pg_get_triggerdef_ext each(Context, Oid, bool) |cx: Context<'_>, oid, pretty| definition(shown_of(&cx)?, oid, pretty);
}

fn definition(catalog: Shown<'_>, oid: Oid, pretty: bool) -> Result<Option<String>> {
    let Some(row) = catalog.row::<PgTrigger>(index::PG_TRIGGER_OID_INDEX, &[oid.into()])? else { return Ok(None) };
    let relation = |oid: Oid| match pretty {
        true => Ok(catalog.relation_text(oid)?.unwrap_or_default()),
        false => catalog.qualified_relation_text(oid),
    };
    let constraint = row.tgconstraint.is_valid();
    let word = if constraint { "CONSTRAINT " } else { "" };
    let timing = match row.timing() {
        Timing::Before => "BEFORE",
        Timing::After => "AFTER",
        Timing::InsteadOf => "INSTEAD OF",
    };
    let mut text = format!("CREATE {word}TRIGGER {} {timing}", quote_identifier(&row.tgname));
    let mut or = "";
    for event in [Event::Insert, Event::Delete, Event::Update, Event::Truncate] {
        if !row.is_for(event) {
            continue;
        }
        let _ = write!(text, "{or} {}", event.word());
        or = " OR";
        if event == Event::Update && !row.tgattr.is_empty() {
            let table = catalog.relation(row.tgrelid)?;
            let names = row.tgattr.iter().filter_map(|&number| table.column(number));
            let names: Vec<String> = names.map(|column| quote_identifier(&column.attname)).collect();
            let _ = write!(text, " OF {}", names.join(", "));
        }
    }
    let _ = write!(text, " ON {} ", relation(row.tgrelid)?);
    if constraint {
        if row.tgconstrrelid.is_valid() {
            let _ = write!(text, "FROM {} ", relation(row.tgconstrrelid)?);
        }
        text.push_str(if row.tgdeferrable { "DEFERRABLE INITIALLY " } else { "NOT DEFERRABLE INITIALLY " });
        text.push_str(if row.tginitdeferred { "DEFERRED " } else { "IMMEDIATE " });
    }
    if row.tgoldtable.is_some() || row.tgnewtable.is_some() {
        text.push_str("REFERENCING ");
        for (word, name) in [("OLD", &row.tgoldtable), ("NEW", &row.tgnewtable)] {
            if let Some(name) = name {
                let _ = write!(text, "{word} TABLE AS {} ", quote_identifier(name));
            }
        }
    }
    text.push_str(if row.is_for_rows() { "FOR EACH ROW " } else { "FOR EACH STATEMENT " });
    if let Some(condition) = &row.tgqual {
        let _ = write!(text, "WHEN ({}) ", catalog.expression_text(condition, row.tgrelid, pretty)?);
    }
    let function = catalog.function(row.tgfoid)?;
    let mut name = quote_identifier(&function.proname);
    if catalog.function_is_visible(row.tgfoid)? != Some(true) {
        let schema = catalog.schema_name(function.pronamespace)?.unwrap_or_default();
        name = format!("{}.{name}", quote_identifier(&schema));
    }
    let arguments: Vec<String> =
        row.arguments().map(|argument| quote_literal(&String::from_utf8_lossy(argument))).collect();
    let _ = write!(text, "EXECUTE FUNCTION {name}({})", arguments.join(", "));
    Ok(Some(text))
}
