//! jsonb with parts added, replaced or removed. What does not change is copied in its encoded form.

use super::access::texts;
use super::{Kind, MAX_DEPTH, Value, View, too_deep};
use crate::array;
use batch::DatumRef;
use error::{Error, Result, SqlState};
use std::borrow::Cow;

crate::builtins! {
    /// Changes of jsonb values.
    pub static JSONB_CHANGES =
    3301 jsonb_concat arena(View, View) |a, b, out: &mut Vec<u8>| concatenate(a, b).encode(out);
    3302 jsonb_delete arena(View, &[u8]) |a, key: &[u8], out: &mut Vec<u8>| delete(a, &[key], out);
    3343 jsonb_delete_array arena(View, &[u8]) |a, keys: &[u8], out: &mut Vec<u8>| delete(a, &texts(keys)?.collect::<Vec<_>>(), out);
    3303 jsonb_delete_idx arena(View, i32) |a, at: i32, out: &mut Vec<u8>| delete_element(a, at as i64)?.encode(out);
    3304 jsonb_delete_path arena(View, &[u8]) |a, path: &[u8], out: &mut Vec<u8>| change(a, path, Change::Delete, "delete", out);
    3305 jsonb_set arena(View, &[u8], View, bool) |a, path: &[u8], b, create, out: &mut Vec<u8>| set(a, path, b, create, out);
    5054 jsonb_set_lax arena(Option<View>, Option<&[u8]>, Option<View>, Option<bool>, Option<&[u8]>) set_lax;
    3579 jsonb_insert arena(View, &[u8], View, bool) |a, path: &[u8], b, after, out: &mut Vec<u8>| change(a, path, Change::Insert(b.into(), after), "set", out);
    3262 jsonb_strip_nulls arena(View, bool) |a: View<'_>, arrays, out: &mut Vec<u8>| if a.is_scalar() { Value::Stored(a).encode(out) } else { strip_nulls(a, arrays, 0)?.encode(out) };
}

fn error(message: impl Into<String>) -> Error {
    Error::new(SqlState::INVALID_PARAMETER_VALUE, message)
}

fn concatenate<'a>(a: View<'a>, b: View<'a>) -> Value<'a> {
    if let (Kind::Object(first), Kind::Object(second)) = (a.kind(), b.kind()) {
        let members = first.iter().chain(second.iter());
        return Value::Object(members.map(|(key, value)| (key.into(), value.into())).collect());
    }
    let parts = |view: View<'a>| match view.kind() {
        Kind::Array(array) => array.iter().map(Value::Stored).collect(),
        _ => vec![Value::Stored(view)],
    };
    let mut elements = parts(a);
    elements.extend(parts(b));
    Value::Array(elements)
}

fn delete(view: View<'_>, keys: &[&[u8]], out: &mut Vec<u8>) -> Result<()> {
    let wanted = |key: &[u8]| keys.contains(&key);
    match view.kind() {
        Kind::Object(object) => {
            let kept = object.iter().filter(|(key, _)| !wanted(key));
            Value::Object(kept.map(|(key, value)| (key.into(), value.into())).collect()).encode(out)
        }
        Kind::Array(array) => {
            let kept = array.iter().filter(|value| !matches!(value.kind(), Kind::String(text) if wanted(text)));
            Value::Array(kept.map(Value::Stored).collect()).encode(out)
        }
        _ => Err(error("cannot delete from scalar")),
    }
}

fn delete_element(view: View<'_>, at: i64) -> Result<Value<'_>> {
    match view.kind() {
        Kind::Array(array) => {
            let at = if at < 0 { at + array.len() as i64 } else { at };
            let kept = array.iter().enumerate().filter(|(k, _)| *k as i64 != at);
            Ok(Value::Array(kept.map(|(_, value)| value.into()).collect()))
        }
        Kind::Object(_) => Err(error("cannot delete from object using integer index")),
        _ => Err(error("cannot delete from scalar")),
    }
}

fn strip_nulls(view: View<'_>, arrays: bool, depth: usize) -> Result<Value<'_>> {
    if depth > MAX_DEPTH {
        return Err(too_deep());
    }
    Ok(match view.kind() {
        Kind::Array(array) => {
            let kept = array.iter().filter(|value| !(arrays && value.is_null()));
            Value::Array(kept.map(|value| strip_nulls(value, arrays, depth + 1)).collect::<Result<_>>()?)
        }
        Kind::Object(object) => {
            let kept = object.iter().filter(|(_, value)| !value.is_null());
            let mut members = Vec::new();
            for (key, value) in kept {
                members.push((key.into(), strip_nulls(value, arrays, depth + 1)?));
            }
            Value::Object(members)
        }
        _ => view.into(),
    })
}

/// What happens at the end of a path.
enum Change<'a> {
    /// Remove what is there.
    Delete,
    /// Replace what is there; if nothing is, do nothing.
    Replace(Value<'a>),
    /// Replace what is there or add it.
    Set(Value<'a>),
    /// Add before or (`true`) after an element; add to an object only if the key is not there.
    Insert(Value<'a>, bool),
    /// Replace or add, making all that is missing on the way and filling arrays with nulls.
    Assign(Value<'a>),
}

fn set<'a>(view: View<'a>, path: &[u8], value: View<'a>, create: bool, out: &mut Vec<u8>) -> Result<()> {
    let value = value.into();
    change(view, path, if create { Change::Set(value) } else { Change::Replace(value) }, "set", out)
}

fn set_lax(
    view: Option<View<'_>>,
    path: Option<&[u8]>,
    value: Option<View<'_>>,
    create: Option<bool>,
    null_treatment: Option<&[u8]>,
    out: &mut Vec<u8>,
) -> Result<Option<()>> {
    let (Some(view), Some(path), Some(create)) = (view, path, create) else { return Ok(None) };
    let Some(treatment) = null_treatment else {
        return Err(error(
            "null_value_treatment must be \"delete_key\", \"return_target\", \"use_json_null\", or \"raise_exception\"",
        ));
    };
    if let Some(value) = value {
        return set(view, path, value, create, out).map(Some);
    }
    match treatment {
        b"raise_exception" => {
            return Err(Error::new(SqlState::NULL_VALUE_NOT_ALLOWED, "JSON value must not be null")
                .detail("Exception was raised because null_value_treatment is \"raise_exception\".")
                .hint(
                    "To avoid, either change the null_value_treatment argument or ensure that an SQL NULL is not passed.",
                ));
        }
        b"use_json_null" => set(view, path, View::NULL, create, out)?,
        b"delete_key" => change(view, path, Change::Delete, "delete", out)?,
        b"return_target" => out.extend_from_slice(view.bytes()),
        _ => {
            return Err(error(
                "null_value_treatment must be \"delete_key\", \"return_target\", \"use_json_null\", or \"raise_exception\"",
            ));
        }
    }
    Ok(Some(()))
}

/// Changes what a path (an array of texts) leads to.
fn change<'a>(view: View<'a>, path: &[u8], what: Change<'a>, verb: &str, out: &mut Vec<u8>) -> Result<()> {
    let path = array::View::new(path)?;
    if path.dimensions().len() > 1 {
        return Err(Error::new(SqlState::ARRAY_SUBSCRIPT_ERROR, "wrong number of array subscripts"));
    }
    if view.is_scalar() {
        return Err(error(format!("cannot {verb} path in scalar")));
    }
    let path: Vec<Option<&[u8]>> = path.iter().map(|step| step.as_bytes()).collect();
    let empty = match view.kind() {
        Kind::Array(array) => array.is_empty(),
        Kind::Object(object) => object.is_empty(),
        _ => false,
    };
    if path.is_empty() || empty && matches!(what, Change::Delete | Change::Replace(_)) {
        out.extend_from_slice(view.bytes());
        return Ok(());
    }
    Walk { path: &path, what }.value(view, 0)?.encode(out)
}

/// `container[path] = value`: replaces or adds it, making what is missing on the way. Steps are texts or integers;
/// `container` is `None` for null, from which an array is made if the first step is an integer, else an object.
pub fn assign_path(container: Option<View<'_>>, path: &[DatumRef<'_>], value: View<'_>) -> Result<Vec<u8>> {
    let steps: Vec<Cow<'_, [u8]>> = path
        .iter()
        .map(|step| match (step.as_bytes(), step.as_i32()) {
            (None, Some(number)) => Cow::Owned(number.to_string().into_bytes()),
            (text, _) => Cow::Borrowed(text.unwrap_or_default()),
        })
        .collect();
    let steps: Vec<Option<&[u8]>> = steps.iter().map(|step| Some(&**step)).collect();
    let mut walk = Walk { path: &steps, what: Change::Assign(value.into()) };
    let result = match container {
        None if matches!(path.first(), Some(DatumRef::B4(_))) => walk.array(Vec::new(), 0)?,
        None => walk.object(Vec::new(), 0)?,
        Some(view) if view.is_scalar() => return Err(scalar_on_the_way()),
        Some(view) => walk.value(view, 0)?,
    };
    result.to_bytes()
}

#[cold]
fn scalar_on_the_way() -> Error {
    error("cannot replace existing key").detail("The path assumes key is a composite object, but it is a scalar value.")
}

struct Walk<'p, 'a> {
    path: &'p [Option<&'p [u8]>],
    what: Change<'a>,
}

impl<'p, 'a> Walk<'p, 'a> {
    fn is_last(&self, level: usize) -> bool {
        level + 1 == self.path.len()
    }

    fn assigns(&self) -> bool {
        matches!(self.what, Change::Assign(_))
    }

    /// Whether what is not there is added.
    fn adds(&self) -> bool {
        matches!(self.what, Change::Set(_) | Change::Insert(..) | Change::Assign(_))
    }

    /// The value to put in. A path's end is reached once, so it is taken.
    fn taken(&mut self) -> Value<'a> {
        match &mut self.what {
            Change::Delete => Value::Null,
            Change::Replace(value) | Change::Set(value) | Change::Insert(value, _) | Change::Assign(value) => {
                std::mem::replace(value, Value::Null)
            }
        }
    }

    /// The value with what the path from `level` on says done to it.
    fn value(&mut self, view: View<'a>, level: usize) -> Result<Value<'a>> {
        if level > MAX_DEPTH {
            return Err(too_deep());
        }
        if self.path[level].is_none() {
            return Err(Error::new(
                SqlState::NULL_VALUE_NOT_ALLOWED,
                format!("path element at position {} is null", level + 1),
            ));
        }
        match Value::opened(view) {
            Value::Array(elements) => self.array(elements, level),
            Value::Object(members) => self.object(members, level),
            _ if self.assigns() => Err(scalar_on_the_way()),
            scalar => Ok(scalar),
        }
    }

    fn part(&mut self, part: Value<'a>, level: usize) -> Result<Value<'a>> {
        match part {
            Value::Stored(view) => self.value(view, level),
            other => Ok(other),
        }
    }

    fn object(&mut self, mut members: Vec<(Cow<'a, [u8]>, Value<'a>)>, level: usize) -> Result<Value<'a>> {
        let key = self.path[level].unwrap_or_default();
        let found = members.iter().position(|(k, _)| **k == *key);
        match found {
            Some(at) if self.is_last(level) => match self.what {
                Change::Delete => drop(members.remove(at)),
                Change::Insert(..) => {
                    return Err(error("cannot replace existing key")
                        .hint("Try using the function jsonb_set to replace key value."));
                }
                _ => members[at].1 = self.taken(),
            },
            Some(at) => {
                let part = std::mem::replace(&mut members[at].1, Value::Null);
                members[at].1 = self.part(part, level + 1)?;
            }
            None if self.is_last(level) && self.adds() => members.push((key.to_vec().into(), self.taken())),
            None if self.assigns() => {
                let made = self.made(level + 1);
                members.push((key.to_vec().into(), made));
            }
            None => {}
        }
        Ok(Value::Object(members))
    }

    fn array(&mut self, mut elements: Vec<Value<'a>>, level: usize) -> Result<Value<'a>> {
        let step = self.path[level].unwrap_or_default();
        let Some(wanted) = super::access::subscript(step) else {
            return Err(Error::new(
                SqlState::INVALID_TEXT_REPRESENTATION,
                format!(
                    "path element at position {} is not an integer: \"{}\"",
                    level + 1,
                    String::from_utf8_lossy(step)
                ),
            ));
        };
        let count = elements.len() as i64;
        let mut at = wanted;
        if at < 0 {
            if -at > count && self.assigns() {
                return Err(error(format!("path element at position {} is out of range: {wanted}", level + 1)));
            }
            at += count;
        }
        if at >= 0 && at < count {
            let at = at as usize;
            if !self.is_last(level) {
                let part = std::mem::replace(&mut elements[at], Value::Null);
                elements[at] = self.part(part, level + 1)?;
                return Ok(Value::Array(elements));
            }
            match self.what {
                Change::Delete => drop(elements.remove(at)),
                Change::Insert(_, after) => {
                    let value = self.taken();
                    elements.insert(at + after as usize, value);
                }
                _ => elements[at] = self.taken(),
            }
            return Ok(Value::Array(elements));
        }
        let fill = |elements: &mut Vec<Value<'a>>| {
            if at as usize > super::MAX_ELEMENTS {
                return Err(too_many());
            }
            elements.resize(elements.len().max(at as usize), Value::Null);
            Ok(())
        };
        if self.is_last(level) && self.adds() {
            if self.assigns() {
                fill(&mut elements)?;
            }
            let value = self.taken();
            if at < 0 {
                elements.insert(0, value);
            } else {
                elements.push(value);
            }
        } else if self.assigns() {
            fill(&mut elements)?;
            elements.push(self.made(level + 1));
        }
        Ok(Value::Array(elements))
    }

    /// New containers for the path from `level` on, with the value in the innermost.
    fn made(&mut self, level: usize) -> Value<'a> {
        let mut value = self.taken();
        for step in self.path[level..].iter().rev() {
            let step = step.unwrap_or_default();
            value = match super::access::subscript(step) {
                Some(at) => {
                    let mut elements = Vec::new();
                    if (1..super::MAX_ELEMENTS as i64).contains(&at) {
                        elements.resize(at as usize, Value::Null);
                    }
                    elements.push(value);
                    Value::Array(elements)
                }
                None => Value::Object(vec![(step.to_vec().into(), value)]),
            };
        }
        value
    }
}

#[cold]
fn too_many() -> Error {
    Error::new(
        SqlState::PROGRAM_LIMIT_EXCEEDED,
        format!("number of jsonb array elements exceeds the maximum allowed ({})", super::MAX_ELEMENTS),
    )
}
