//! Text and binary forms of values, by type.
//!
//! [`io()`] finds a type's four functions once; a COPY or a result of many rows then calls them by pointer.

use crate::Environment;
use crate::environment::{TypeKind, unknown_type};
use batch::{Column, Datum, DatumRef, Repr};
use error::{Error, Result};
use ids::Oid;

/// What a type's input and output functions are told.
#[derive(Clone, Copy)]
pub struct TypeCall<'a> {
    /// The session.
    pub env: &'a dyn Environment,
    /// The type, which matters for arrays, enums, rows …
    pub type_oid: Oid,
    /// The type modifier (`varchar(10)`), or -1.
    pub typmod: i32,
}

/// Text → value: adds one value at the end of the column.
pub type Input = fn(&str, &TypeCall<'_>, &mut Column) -> Result<()>;
/// Value → text, added at the end of the buffer. The value is not null.
pub type Output = fn(DatumRef<'_>, &TypeCall<'_>, &mut Vec<u8>) -> Result<()>;
/// Binary form → value: adds one value at the end of the column.
pub type Receive = fn(&[u8], &TypeCall<'_>, &mut Column) -> Result<()>;
/// Value → binary form, added at the end of the buffer. The value is not null.
pub type Send = fn(DatumRef<'_>, &TypeCall<'_>, &mut Vec<u8>) -> Result<()>;

/// A type's text and binary forms.
#[derive(Clone, Copy)]
pub struct TypeIo {
    /// The form of its values.
    pub repr: Repr,
    /// Text → value.
    pub input: Input,
    /// Value → text.
    pub output: Output,
    /// Binary form → value.
    pub receive: Receive,
    /// Value → binary form.
    pub send: Send,
}

/// The input and output functions of a type.
pub fn io(type_oid: Oid, env: &dyn Environment) -> Result<TypeIo> {
    if let Some(io) = builtin_io(type_oid) {
        return Ok(io);
    }
    let facts = env.type_facts(type_oid)?;
    match &facts.kind {
        TypeKind::Domain { base, .. } => io(*base, env),
        _ => Err(Error::not_implemented(format_args!("input and output of type {}", facts.name))),
    }
}

/// The value that a text stands for.
pub fn input(type_oid: Oid, text: &str, typmod: i32, env: &dyn Environment) -> Result<Datum> {
    let io = io(type_oid, env)?;
    let mut column = Column::new(io.repr);
    (io.input)(text, &TypeCall { env, type_oid, typmod }, &mut column)?;
    Ok(column.datum(0))
}

/// Adds a value's text to `out`; nothing for a null.
pub fn output(type_oid: Oid, value: DatumRef<'_>, env: &dyn Environment, out: &mut Vec<u8>) -> Result<()> {
    if value.is_null() {
        return Ok(());
    }
    (io(type_oid, env)?.output)(value, &TypeCall { env, type_oid, typmod: -1 }, out)
}

/// The value that a binary form stands for.
pub fn receive(type_oid: Oid, bytes: &[u8], typmod: i32, env: &dyn Environment) -> Result<Datum> {
    let io = io(type_oid, env)?;
    let mut column = Column::new(io.repr);
    (io.receive)(bytes, &TypeCall { env, type_oid, typmod }, &mut column)?;
    Ok(column.datum(0))
}

/// Adds a value's binary form to `out`; nothing for a null.
pub fn send(type_oid: Oid, value: DatumRef<'_>, env: &dyn Environment, out: &mut Vec<u8>) -> Result<()> {
    if value.is_null() {
        return Ok(());
    }
    (io(type_oid, env)?.send)(value, &TypeCall { env, type_oid, typmod: -1 }, out)
}

/// The built-in types' functions: the visible table.
fn builtin_io(type_oid: Oid) -> Option<TypeIo> {
    use crate::oid;
    Some(match type_oid {
        oid::INT4 => crate::int::INT4_IO,
        _ => return None,
    })
}

/// The functions of `pg_type`'s input, output, receive and send columns, callable from SQL.
pub(crate) fn functions() -> impl Iterator<Item = &'static crate::Builtin> {
    std::iter::empty()
}

/// The error for a value of a form that its type does not have: a caller's mistake.
#[cold]
pub fn wrong_form(type_oid: Oid, value: DatumRef<'_>) -> Error {
    match value {
        DatumRef::Null => Error::internal(format!("null value of type {type_oid} where none can be")),
        _ => unknown_type(type_oid),
    }
}
