//! Building objects and arrays from lists of arguments and from arrays of texts.

use super::convert::{key_text, to_value, write_json};
use super::value::{duplicate_binary_key, duplicate_key};
use super::{Value, write_string};
use crate::Environment;
use crate::array;
use crate::call::Call;
use batch::DatumRef;
use error::{Error, Result, SqlState};
use ids::Oid;
use std::borrow::Cow;

crate::builtins! {
    /// Building objects and arrays.
    pub static JSON_OBJECTS =
    3198 json_build_array raw() |call| build(call, |args, env, out| write_built_array(args, false, env, out));
    3199 json_build_array_noargs arena() |out: &mut Vec<u8>| out.extend_from_slice(b"[]");
    3200 json_build_object raw() |call| build(call, |args, env, out| write_built_object(args, false, false, env, out));
    3201 json_build_object_noargs arena() |out: &mut Vec<u8>| out.extend_from_slice(b"{}");
    3271 jsonb_build_array raw() |call| build(call, |args, env, out| encode_built_array(args, false, env, out));
    3272 jsonb_build_array_noargs arena() |out: &mut Vec<u8>| Value::Array(Vec::new()).encode(out);
    3273 jsonb_build_object raw() |call| build(call, |args, env, out| encode_built_object(args, false, false, env, out));
    3274 jsonb_build_object_noargs arena() |out: &mut Vec<u8>| Value::Object(Vec::new()).encode(out);
    3202 json_object arena(&[u8]) |a: &[u8], out: &mut Vec<u8>| pairs(a).and_then(|pairs| write_pairs(&pairs, out));
    3203 json_object_two_arg arena(&[u8], &[u8]) |a: &[u8], b: &[u8], out: &mut Vec<u8>| zipped(a, b).and_then(|pairs| write_pairs(&pairs, out));
    3263 jsonb_object arena(&[u8]) |a: &[u8], out: &mut Vec<u8>| pairs(a).and_then(|pairs| encode_pairs(&pairs, out));
    3264 jsonb_object_two_arg arena(&[u8], &[u8]) |a: &[u8], b: &[u8], out: &mut Vec<u8>| zipped(a, b).and_then(|pairs| encode_pairs(&pairs, out));
}

/// An argument of type "any".
pub type Argument<'v> = (Oid, DatumRef<'v>);

/// Calls `write` with each row's arguments; those of a `VARIADIC` array are its elements.
fn build(
    call: &mut Call<'_>,
    write: impl Fn(&[Argument<'_>], &dyn Environment, &mut Vec<u8>) -> Result<()>,
) -> Result<()> {
    let context = call.context;
    let mut list: Vec<Argument<'_>> = Vec::new();
    for row in call.rows.iter() {
        list.clear();
        if context.variadic {
            let Some(bytes) = call.args[0].get(row).as_bytes() else {
                call.out.set_null(row);
                continue;
            };
            let view = array::View::new(bytes)?;
            list.extend(view.iter().map(|value| (view.element_type(), value)));
        } else {
            list.extend(call.args.iter().enumerate().map(|(k, arg)| (context.arg_type(k), arg.get(row))));
        }
        call.out.bytes_mut().put_with(row, |out| {
            let start = out.len();
            write(&list, context.env, out).inspect_err(|_| out.truncate(start))
        })?;
    }
    Ok(())
}

/// Adds `[1, 2]`; with `absent`, nulls are left out.
pub fn write_built_array(args: &[Argument<'_>], absent: bool, env: &dyn Environment, out: &mut Vec<u8>) -> Result<()> {
    out.push(b'[');
    let mut first = true;
    for &(type_oid, value) in args.iter().filter(|(_, value)| !(absent && value.is_null())) {
        if !std::mem::replace(&mut first, false) {
            out.extend_from_slice(b", ");
        }
        write_json(type_oid, value, false, env, out)?;
    }
    out.push(b']');
    Ok(())
}

/// The same as jsonb.
pub fn encode_built_array(args: &[Argument<'_>], absent: bool, env: &dyn Environment, out: &mut Vec<u8>) -> Result<()> {
    let kept = args.iter().filter(|(_, value)| !(absent && value.is_null()));
    Value::Array(kept.map(|&(type_oid, value)| to_value(type_oid, value, env)).collect::<Result<_>>()?).encode(out)
}

fn check_even(args: &[Argument<'_>], name: &str) -> Result<()> {
    if args.len().is_multiple_of(2) {
        return Ok(());
    }
    Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, "argument list must have even number of elements")
        .hint(format!("The arguments of {name}() must consist of alternating keys and values.")))
}

#[cold]
pub(super) fn null_key() -> Error {
    Error::new(SqlState::NULL_VALUE_NOT_ALLOWED, "null value not allowed for object key")
}

/// Adds `{"a" : 1, "b" : 2}` of keys and values in turn. With `absent`, members that are null are left out; with
/// `unique`, a key may not come twice.
pub fn write_built_object(
    args: &[Argument<'_>],
    absent: bool,
    unique: bool,
    env: &dyn Environment,
    out: &mut Vec<u8>,
) -> Result<()> {
    check_even(args, "json_build_object")?;
    let mut seen = std::collections::HashSet::new();
    out.push(b'{');
    let mut first = true;
    for pair in args.chunks_exact(2) {
        let ((key_type, key), (value_type, value)) = (pair[0], pair[1]);
        if absent && value.is_null() && !unique {
            continue;
        }
        if key.is_null() {
            return Err(null_key());
        }
        let key = key_text(key_type, key, env)?;
        if unique && !seen.insert(key.clone()) {
            return Err(duplicate_key(&key));
        }
        if absent && value.is_null() {
            continue;
        }
        if !std::mem::replace(&mut first, false) {
            out.extend_from_slice(b", ");
        }
        write_string(&key, out);
        out.extend_from_slice(b" : ");
        write_json(value_type, value, false, env, out)?;
    }
    out.push(b'}');
    Ok(())
}

/// The same as jsonb.
pub fn encode_built_object(
    args: &[Argument<'_>],
    absent: bool,
    unique: bool,
    env: &dyn Environment,
    out: &mut Vec<u8>,
) -> Result<()> {
    check_even(args, "jsonb_build_object")?;
    let mut members = Vec::with_capacity(args.len() / 2);
    let mut seen = std::collections::HashSet::new();
    for (k, pair) in args.chunks_exact(2).enumerate() {
        let ((key_type, key), (value_type, value)) = (pair[0], pair[1]);
        if absent && value.is_null() && !unique {
            continue;
        }
        if key.is_null() {
            return Err(Error::new(
                SqlState::INVALID_PARAMETER_VALUE,
                format!("argument {}: key must not be null", 2 * k + 1),
            ));
        }
        let key = key_text(key_type, key, env)?;
        if unique && !seen.insert(key.clone()) {
            return Err(duplicate_binary_key());
        }
        if !(absent && value.is_null()) {
            members.push((Cow::Owned(key), to_value(value_type, value, env)?));
        }
    }
    Value::Object(members).encode(out)
}

/// A key and its value; `None` is null.
type Pair<'a> = (&'a [u8], Option<&'a [u8]>);

#[cold]
fn wrong_shape(message: &str) -> Error {
    Error::new(SqlState::ARRAY_SUBSCRIPT_ERROR, message)
}

/// Keys and values in turn, or in two columns.
fn pairs(array: &[u8]) -> Result<Vec<Pair<'_>>> {
    let view = array::View::new(array)?;
    let dimensions: Vec<i32> = view.dimensions().map(|d| d.length).collect();
    match dimensions[..] {
        [] => {}
        [count] if count % 2 != 0 => return Err(wrong_shape("array must have even number of elements")),
        [_] | [_, 2] => {}
        [_, _] => return Err(wrong_shape("array must have two columns")),
        _ => return Err(wrong_shape("wrong number of array subscripts")),
    }
    let pair = |k: usize| Ok((view.get(k).as_bytes().ok_or_else(null_key)?, view.get(k + 1).as_bytes()));
    (0..view.len()).step_by(2).map(pair).collect()
}

/// Keys of one array and values of another.
fn zipped<'a>(keys: &'a [u8], values: &'a [u8]) -> Result<Vec<Pair<'a>>> {
    let (keys, values) = (array::View::new(keys)?, array::View::new(values)?);
    if keys.dimensions().len() > 1 || keys.dimensions().len() != values.dimensions().len() {
        return Err(wrong_shape("wrong number of array subscripts"));
    }
    if keys.len() != values.len() {
        return Err(wrong_shape("mismatched array dimensions"));
    }
    let pair =
        |(key, value): (DatumRef<'a>, DatumRef<'a>)| Ok((key.as_bytes().ok_or_else(null_key)?, value.as_bytes()));
    keys.iter().zip(values.iter()).map(pair).collect()
}

fn write_pairs(pairs: &[Pair<'_>], out: &mut Vec<u8>) -> Result<()> {
    out.push(b'{');
    for (k, (key, value)) in pairs.iter().enumerate() {
        if k > 0 {
            out.extend_from_slice(b", ");
        }
        write_string(key, out);
        out.extend_from_slice(b" : ");
        match value {
            Some(value) => write_string(value, out),
            None => out.extend_from_slice(b"null"),
        }
    }
    out.push(b'}');
    Ok(())
}

fn encode_pairs(pairs: &[Pair<'_>], out: &mut Vec<u8>) -> Result<()> {
    let value = |value: &Option<&[u8]>| value.map_or(Value::Null, |text| Value::String(text.to_vec().into()));
    Value::Object(pairs.iter().map(|(key, v)| (Cow::Owned(key.to_vec()), value(v))).collect()).encode(out)
}
