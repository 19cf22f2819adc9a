//! `pg_identify_object` and its like: an object's kind, names and address, and the way back.

use super::catalog_of;
use super::rows::made;
use crate::depend::Object;
use crate::field::{Field, Text};
use batch::{Column, DatumRef, Repr};
use error::{Error, Result, SqlState};
use ids::Oid;
use types::{Context, RowSource};

/// The object that the arguments name; none if one of them is null.
fn object(args: &[DatumRef<'_>]) -> Option<Object> {
    let oid = |at: usize| args.get(at).and_then(|arg| arg.as_oid());
    let sub = match args.get(2) {
        Some(DatumRef::B4(sub)) => *sub,
        _ => return None,
    };
    Some(Object { class: oid(0)?, oid: oid(1)?, sub })
}

fn push_text(column: &mut Column, text: Option<&str>) {
    column.push(text.map_or(DatumRef::Null, |text| DatumRef::Bytes(text.as_bytes())));
}

/// `pg_identify_object`: kind, schema, name, identity.
pub(super) fn identify(args: &[DatumRef<'_>], context: Context<'_>) -> Result<Box<dyn RowSource>> {
    let mut columns = [Repr::Bytes; 4].map(Column::new);
    let found = object(args).map(|object| catalog_of(&context)?.identify(object)).transpose()?;
    let found = found.as_ref();
    push_text(&mut columns[0], found.map(|found| &*found.kind));
    push_text(&mut columns[1], found.and_then(|found| found.schema.as_deref()));
    push_text(&mut columns[2], found.and_then(|found| found.name.as_deref()));
    push_text(&mut columns[3], found.and_then(|found| found.identity.as_deref()));
    made(columns.into())
}

/// `pg_identify_object_as_address`: kind, names, arguments.
pub(super) fn address(args: &[DatumRef<'_>], context: Context<'_>) -> Result<Box<dyn RowSource>> {
    let mut columns = [Repr::Bytes; 3].map(Column::new);
    let found = object(args).map(|object| catalog_of(&context)?.identify(object)).transpose()?;
    let list = |texts: &[String]| -> Vec<Text> { texts.iter().map(|text| text.clone().into()).collect() };
    push_text(&mut columns[0], found.as_ref().map(|found| &*found.kind));
    match found.filter(|found| found.identity.is_some()) {
        Some(found) => {
            list(&found.names).append_to(&mut columns[1]);
            list(&found.arguments).append_to(&mut columns[2]);
        }
        None => columns[1..].iter_mut().for_each(Column::push_null),
    }
    made(columns.into())
}

fn texts(argument: &[u8]) -> Result<Vec<String>> {
    let nulls = || {
        let text = "name or argument lists may not contain nulls";
        Error::new(SqlState::INVALID_PARAMETER_VALUE, text)
    };
    let items = types::array::View::new(argument)?;
    let text = |item: DatumRef<'_>| item.as_bytes().map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    items.iter().map(|item| text(item).ok_or_else(nulls)).collect()
}

/// `pg_get_object_address`: the object that a kind, names and arguments mean.
pub(super) fn object_at(args: &[DatumRef<'_>], context: Context<'_>) -> Result<Box<dyn RowSource>> {
    let mut columns = [Repr::B4; 3].map(Column::new);
    let bytes = |at: usize| args.get(at).and_then(|arg| arg.as_bytes());
    let (class, oid, sub) = match (bytes(0), bytes(1), bytes(2)) {
        (Some(kind), Some(names), Some(arguments)) => {
            let kind = String::from_utf8_lossy(kind);
            context.env.object_address(&kind, &mut || Ok((texts(names)?, texts(arguments)?)))?
        }
        _ => (Oid::INVALID, Oid::INVALID, 0),
    };
    let is_null = bytes(0).is_none() || bytes(1).is_none() || bytes(2).is_none();
    for (column, value) in columns.iter_mut().zip([class.0 as i32, oid.0 as i32, sub]) {
        column.push(if is_null { DatumRef::Null } else { DatumRef::B4(value) });
    }
    made(columns.into())
}
