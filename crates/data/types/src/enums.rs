//! Enums. A value is its label's object id; labels, and their order, are the catalog's.

use crate::Context;
use crate::hash;
use crate::io::{TypeCall, TypeIo, receive_text, send_text, wrong_form};
use batch::{Column, DatumRef, Repr};
use error::{Error, Result, SqlState};
use ids::Oid;

crate::builtins! {
    /// Functions of enums.
    pub static ENUMS =
    3508 enum_eq fast(Oid, Oid) |a, b| a == b;
    3509 enum_ne fast(Oid, Oid) |a, b| a != b;
    3510 enum_lt each(Context, Oid, Oid) |cx: Context<'_>, a, b| order(cx, a, b).map(|o| o.is_lt());
    3511 enum_gt each(Context, Oid, Oid) |cx: Context<'_>, a, b| order(cx, a, b).map(|o| o.is_gt());
    3512 enum_le each(Context, Oid, Oid) |cx: Context<'_>, a, b| order(cx, a, b).map(|o| o.is_le());
    3513 enum_ge each(Context, Oid, Oid) |cx: Context<'_>, a, b| order(cx, a, b).map(|o| o.is_ge());
    3514 enum_cmp each(Context, Oid, Oid) |cx: Context<'_>, a, b| order(cx, a, b).map(|o| o as i32);
    3525 enum_larger each(Context, Oid, Oid) |cx: Context<'_>, a, b| order(cx, a, b).map(|o| if o.is_gt() { a } else { b });
    3524 enum_smaller each(Context, Oid, Oid) |cx: Context<'_>, a, b| order(cx, a, b).map(|o| if o.is_lt() { a } else { b });
    3515 hashenum fast(Oid) |a| hash::uint32(a.0) as i32;
    3414 hashenumextended fast(Oid, i64) |a, seed| hash::uint32_extended(a.0, seed as u64) as i64;
    3528 enum_first each(Context, DatumRef) |cx: Context<'_>, _: DatumRef<'_>| end(cx, cx.arg_type(0), true);
    3529 enum_last each(Context, DatumRef) |cx: Context<'_>, _: DatumRef<'_>| end(cx, cx.arg_type(0), false);
    3531 enum_range_all each(Context, DatumRef) |cx: Context<'_>, _: DatumRef<'_>| range(cx, None, None);
    3530 enum_range_bounds each(Context, Option<Oid>, Option<Oid>) range;
}

/// Text and binary form of enums: their labels.
pub const ENUM_IO: TypeIo = TypeIo {
    repr: Repr::B4,
    input: |text, call, out| {
        out.push(DatumRef::B4(value_of(text, call)?.0 as i32));
        Ok(())
    },
    output: label,
    receive: |bytes, call, out| {
        out.push(DatumRef::B4(value_of(&receive_text(bytes, call)?, call)?.0 as i32));
        Ok(())
    },
    send: |value, call, out| {
        let mut text = Vec::new();
        label(value, call, &mut text)?;
        send_text(&text, call, out)
    },
};

fn value_of(label: &str, call: &TypeCall<'_>) -> Result<Oid> {
    match call.env.enum_value(call.type_oid, label)? {
        Some(value) => Ok(value),
        None => {
            let name = crate::objects::format_type(call.type_oid, None, call.env)?;
            Err(Error::new(
                SqlState::INVALID_TEXT_REPRESENTATION,
                format!("invalid input value for enum {name}: \"{label}\""),
            ))
        }
    }
}

fn label(value: DatumRef<'_>, call: &TypeCall<'_>, out: &mut Vec<u8>) -> Result<()> {
    let value = value.as_oid().ok_or_else(|| wrong_form(call.type_oid, value))?;
    out.extend_from_slice(call.env.enum_label(call.type_oid, value)?.as_bytes());
    Ok(())
}

fn order(context: Context<'_>, a: Oid, b: Oid) -> Result<std::cmp::Ordering> {
    if a == b {
        return Ok(std::cmp::Ordering::Equal);
    }
    Ok(context.env.enum_position(a)?.total_cmp(&context.env.enum_position(b)?))
}

/// The first or last value of an enum.
fn end(context: Context<'_>, type_oid: Oid, first: bool) -> Result<Oid> {
    let values = context.env.enum_values(type_oid)?;
    match if first { values.first() } else { values.last() } {
        Some(&value) => context.env.check_enum_value(value).map(|()| value),
        None => Err(Error::new(
            SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE,
            format!("enum {} contains no values", crate::objects::format_type(type_oid, None, context.env)?),
        )),
    }
}

/// An array of the values between two, both included; null stands for the end.
fn range(context: Context<'_>, from: Option<Oid>, to: Option<Oid>) -> Result<Vec<u8>> {
    let type_oid = context.arg_type(0);
    let values = context.env.enum_values(type_oid)?;
    let mut found = Column::new(Repr::B4);
    let mut inside = from.is_none();
    for value in values {
        inside |= from == Some(value);
        if inside {
            context.env.check_enum_value(value)?;
            found.push(DatumRef::B4(value.0 as i32));
        }
        // Also if the upper bound comes before the lower one: nothing is between them.
        if to == Some(value) {
            break;
        }
    }
    crate::array::from_column(type_oid, &found)
}
