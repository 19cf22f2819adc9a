//! What event triggers' functions may ask of the command that they fire for.

use super::catalog_of;
use super::rows::made;
use crate::catalog::Catalog;
use crate::depend::Object;
use crate::field::{Field, Text};
use crate::identity::Identity;
use crate::rows::*;
use crate::watch::{Stage, Watch};
use batch::{Column, DatumRef, Repr};
use error::{Error, Result, SqlState};
use ids::Oid;
use types::{Context, RowSource};

types::builtins! {
    /// Why which table is rewritten.
    pub static EVENTS =
    4566 pg_event_trigger_table_rewrite_oid each(Context) |cx: Context<'_>| {
        Ok::<_, Error>(rewrite(catalog_of(&cx)?, "pg_event_trigger_table_rewrite_oid()")?.0)
    };
    4567 pg_event_trigger_table_rewrite_reason each(Context) |cx: Context<'_>| {
        Ok::<_, Error>(rewrite(catalog_of(&cx)?, "pg_event_trigger_table_rewrite_reason()")?.1)
    };
}

fn misplaced(function: &str, place: &str) -> Error {
    let text = format!("{function} can only be called in {place} trigger function");
    Error::new(SqlState::E_R_I_E_EVENT_TRIGGER_PROTOCOL_VIOLATED, text)
}

fn rewrite(catalog: &Catalog, function: &str) -> Result<(Oid, i32)> {
    match catalog.with_watch(|watch| watch.stage).flatten() {
        Some(Stage::Rewrite(table, reason)) => Ok((table, reason)),
        _ => Err(misplaced(function, "a table_rewrite event")),
    }
}

/// What is noted of the command, for triggers at `stage` (any, if none).
fn watched(catalog: &Catalog, function: &str, stage: Option<Stage>, place: &str) -> Result<Watch> {
    let found = catalog.with_watch(|watch| watch.clone());
    let found = found.filter(|watch| watch.stage.is_some() && (stage.is_none() || watch.stage == stage));
    found.ok_or_else(|| misplaced(function, place))
}

fn text(column: &mut Column, text: Option<&str>) {
    column.push(text.map_or(DatumRef::Null, |text| DatumRef::Bytes(text.as_bytes())));
}

fn list(texts: &[String], column: &mut Column) {
    let texts: Vec<Text> = texts.iter().map(|text| text.clone().into()).collect();
    texts.append_to(column);
}

/// The schema of an object, as written in its address.
fn schema_of(object: Object, identity: &Identity) -> Option<&str> {
    let of_relation = matches!(
        object.class,
        PgAttrdef::RELATION | PgTrigger::RELATION | PgPolicy::RELATION | PgRewrite::RELATION | PgConstraint::RELATION
    );
    match object.class {
        PgType::RELATION => None,
        PgRewrite::RELATION => None,
        _ if of_relation && identity.names.len() > 2 => identity.names.first().map(String::as_str),
        PgOpclass::RELATION | PgOpfamily::RELATION => identity.names.get(1).map(String::as_str),
        _ if identity.schema.is_some() => identity.names.first().map(String::as_str),
        _ => None,
    }
}

/// A quoted identifier as it is.
fn plain(quoted: &str) -> String {
    match quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(inner) => inner.replace("\"\"", "\""),
        None => quoted.to_string(),
    }
}

/// `pg_event_trigger_dropped_objects`
pub(super) fn dropped_objects(_: &[DatumRef<'_>], context: Context<'_>) -> Result<Box<dyn RowSource>> {
    let function = "pg_event_trigger_dropped_objects()";
    let watch = watched(catalog_of(&context)?, function, Some(Stage::Drop), "a sql_drop event")?;
    let forms = (0..12).map(|at| match at {
        0..=2 => Repr::B4,
        3..=5 => Repr::B1,
        _ => Repr::Bytes,
    });
    let mut columns: Vec<Column> = forms.map(Column::new).collect();
    for dropped in &watch.dropped {
        let (object, identity) = (dropped.object, &dropped.identity);
        for (column, number) in columns.iter_mut().zip([object.class.0 as i32, object.oid.0 as i32, object.sub]) {
            column.push(DatumRef::B4(number));
        }
        let flags = [dropped.original, dropped.normal, dropped.is_temporary()];
        for (column, flag) in columns[3..].iter_mut().zip(flags) {
            column.push(DatumRef::B1(flag as u8));
        }
        text(&mut columns[6], Some(&identity.kind));
        let schema = schema_of(object, identity).map(str::to_string);
        let schema = schema.or_else(|| identity.schema.as_deref().map(plain));
        text(&mut columns[7], schema.as_deref());
        let name = identity.name.as_deref().filter(|_| object.sub == 0).map(plain);
        text(&mut columns[8], name.as_deref());
        text(&mut columns[9], identity.identity.as_deref());
        list(&identity.names, &mut columns[10]);
        list(&identity.arguments, &mut columns[11]);
    }
    made(columns)
}

/// `pg_event_trigger_ddl_commands`
pub(super) fn ddl_commands(_: &[DatumRef<'_>], context: Context<'_>) -> Result<Box<dyn RowSource>> {
    let catalog = catalog_of(&context)?;
    let watch = watched(catalog, "pg_event_trigger_ddl_commands()", None, "an event")?;
    let command = types::repr(Oid(32)).unwrap_or(Repr::B8);
    let forms = [Repr::B4, Repr::B4, Repr::B4, Repr::Bytes, Repr::Bytes, Repr::Bytes, Repr::Bytes, Repr::B1, command];
    let mut columns: Vec<Column> = forms.into_iter().map(Column::new).collect();
    for command in &watch.commands {
        match command.object {
            Some(object) => {
                let identity = catalog.identify(object)?;
                // What a later part of the command dropped again is not shown.
                if identity.identity.is_none() {
                    continue;
                }
                for (column, number) in columns.iter_mut().zip([object.class.0 as i32, object.oid.0 as i32, object.sub])
                {
                    column.push(DatumRef::B4(number));
                }
                text(&mut columns[3], Some(command.tag));
                text(&mut columns[4], Some(&identity.kind));
                let schema = schema_of(object, &identity).map(str::to_string);
                let schema = schema.or_else(|| identity.schema.as_deref().map(plain));
                text(&mut columns[5], schema.as_deref());
                text(&mut columns[6], identity.identity.as_deref());
                let key = [object.class.into(), object.oid.into(), 0i32.into()];
                let depends = catalog.rows::<PgDepend>(crate::index::PG_DEPEND_DEPENDER_INDEX, &key)?;
                let extension = depends.iter().any(|row| row.deptype == b'e');
                columns[7].push(DatumRef::B1(extension as u8));
            }
            None => {
                columns[..3].iter_mut().for_each(Column::push_null);
                text(&mut columns[3], Some(command.tag));
                text(&mut columns[4], command.kind);
                columns[5..7].iter_mut().for_each(Column::push_null);
                columns[7].push(DatumRef::B1(0));
            }
        }
        columns[8].push_null();
    }
    made(columns)
}
