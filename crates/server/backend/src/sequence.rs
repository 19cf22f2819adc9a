//! SQL functions about sequences: `nextval` and its like.

use batch::{Column, DatumRef, Repr};
use commands::sequence::values::{SequenceSession, Sequences};
use error::Result;
use ids::Oid;
use types::{Context, RowSource};

use crate::functions::{Made, handle, server};
use crate::session::Session;

/// A session's handles as sequences take them.
pub(crate) fn session<'a>(context: &Context<'a>) -> Result<SequenceSession<'a>> {
    let (handle, server) = (handle(context)?, server(context)?);
    Ok(SequenceSession {
        catalog: &handle.catalog,
        store: &server.engine.store,
        transaction: &server.transaction,
        sequences: &server.sequences,
        read_only: context.env.setting("transaction_read_only").as_deref() == Some("on"),
    })
}

impl Session<'_> {
    /// What the session remembers of sequences.
    pub(crate) fn sequences(&self) -> Result<&Sequences> {
        Ok(&server(&Context::plain(self))?.sequences)
    }
}

types::builtins! {
    /// Values of sequences.
    pub static SEQUENCES =
    1574 nextval each(Context, Oid) |cx: Context<'_>, sequence: Oid| session(&cx)?.next(sequence, true);
    1575 currval each(Context, Oid) |cx: Context<'_>, sequence: Oid| session(&cx)?.current(sequence);
    1576 setval each(Context, Oid, i64) |cx: Context<'_>, sequence: Oid, value: i64| {
        session(&cx)?.set(sequence, value, true)
    };
    1765 setval_called each(Context, Oid, i64, bool) |cx: Context<'_>, sequence: Oid, value: i64, called: bool| {
        session(&cx)?.set(sequence, value, called)
    };
    2559 lastval each(Context) |cx: Context<'_>| session(&cx)?.last();
    4032 pg_sequence_last_value each(Context, Oid) |cx: Context<'_>, sequence: Oid| session(&cx)?.last_value(sequence);
}

fn one_row(values: &[(Repr, DatumRef<'_>)]) -> Box<dyn RowSource> {
    let column = |&(form, value): &(Repr, DatumRef<'_>)| {
        let mut column = Column::new(form);
        column.push(value);
        column
    };
    Box::new(Made { columns: values.iter().map(column).collect(), next: 0 })
}

/// `pg_sequence_parameters`: a sequence's definition.
pub(crate) fn parameters(args: &[DatumRef<'_>], context: Context<'_>) -> Result<Box<dyn RowSource>> {
    let sequence = args.first().and_then(|arg| arg.as_oid()).unwrap_or(Oid::INVALID);
    let row = handle(&context)?.catalog.sequence(sequence)?;
    let number = |value: i64| (Repr::B8, DatumRef::B8(value));
    Ok(one_row(&[
        number(row.seqstart),
        number(row.seqmin),
        number(row.seqmax),
        number(row.seqincrement),
        (Repr::B1, DatumRef::B1(row.seqcycle as u8)),
        number(row.seqcache),
        (Repr::B4, DatumRef::B4(row.seqtypid.0 as i32)),
    ]))
}

/// `pg_get_sequence_data`: a sequence's state.
pub(crate) fn data(args: &[DatumRef<'_>], context: Context<'_>) -> Result<Box<dyn RowSource>> {
    let sequence = args.first().and_then(|arg| arg.as_oid()).unwrap_or(Oid::INVALID);
    Ok(match session(&context)?.state(sequence)? {
        Some(state) => {
            one_row(&[(Repr::B8, DatumRef::B8(state.last_value)), (Repr::B1, DatumRef::B1(state.is_called as u8))])
        }
        None => one_row(&[(Repr::B8, DatumRef::Null), (Repr::B1, DatumRef::Null)]),
    })
}
