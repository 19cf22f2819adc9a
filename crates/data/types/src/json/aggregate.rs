//! Aggregates that make arrays and objects.

use super::convert::{category, key_text, to_value, write_json};
use super::objects::null_key;
use super::value::{duplicate_binary_key, duplicate_key};
use super::{Value, write_string};
use crate::aggregate::{AggregateMaker, Groups, State, make};
use crate::call::{Context, too_long};
use batch::{ByteValues, Column, DatumRef, Rows};
use error::{Error, Result, SqlState};
use std::borrow::Cow;
use std::collections::HashSet;

/// The visible table: OID → maker. The numbers are the options' sum.
pub static JSON_AGGREGATES: &[(u32, AggregateMaker)] = &[
    (3175, make::<TextArray<0>>),
    (6276, make::<TextArray<STRICT>>),
    (3267, make::<Elements<0>>),
    (6284, make::<Elements<STRICT>>),
    (3197, make::<TextObject<0>>),
    (6280, make::<TextObject<STRICT>>),
    (6281, make::<TextObject<UNIQUE>>),
    (6282, make::<TextObject<{ STRICT | UNIQUE }>>),
    (3270, make::<Members<0>>),
    (6288, make::<Members<STRICT>>),
    (6289, make::<Members<UNIQUE>>),
    (6290, make::<Members<{ STRICT | UNIQUE }>>),
];

/// Nulls are left out.
const STRICT: u8 = 1;
/// Keys may not come twice.
const UNIQUE: u8 = 2;

/// json_agg: the elements written so far.
#[derive(Clone, Default)]
struct TextArray<const OPTIONS: u8>(Option<Vec<u8>>);

impl<const OPTIONS: u8> State for TextArray<OPTIONS> {
    fn update(
        states: &mut [Self],
        groups: Groups<'_>,
        args: &[&Column],
        rows: Rows<'_>,
        context: Context<'_>,
    ) -> Result<()> {
        let type_oid = context.arg_type(0);
        let structured = category(type_oid, context.env)?.is_structured();
        for (k, row) in rows.iter().enumerate() {
            let value = args[0].get(row);
            // Rows that are left out count, too: they make the result an empty array.
            let text = states[groups.of(k)].0.get_or_insert_default();
            if OPTIONS & STRICT != 0 && value.is_null() {
                continue;
            }
            if !text.is_empty() {
                text.extend_from_slice(b", ");
                if structured && !value.is_null() {
                    text.extend_from_slice(b"\n ");
                }
            }
            write_json(type_oid, value, false, context.env, text)?;
            if text.len() > ByteValues::MAX_LENGTH {
                return Err(too_long());
            }
        }
        Ok(())
    }

    fn merge(&mut self, other: &mut Self, context: Context<'_>) -> Result<()> {
        let Some(more) = other.0.take() else { return Ok(()) };
        match &mut self.0 {
            None => self.0 = Some(more),
            Some(text) if text.is_empty() => *text = more,
            Some(_) if more.is_empty() => {}
            Some(text) => {
                text.extend_from_slice(b", ");
                if category(context.arg_type(0), context.env)?.is_structured() {
                    text.extend_from_slice(b"\n ");
                }
                text.extend_from_slice(&more);
            }
        }
        Ok(())
    }

    fn finish(&self, out: &mut Column, _: Context<'_>) -> Result<()> {
        push_wrapped(self.0.as_deref(), "[", "]", out);
        Ok(())
    }

    fn memory(&self) -> usize {
        self.0.as_ref().map_or(0, Vec::capacity)
    }
}

/// Adds a text in brackets, or null for none.
fn push_wrapped(text: Option<&[u8]>, open: &str, close: &str, out: &mut Column) {
    match text {
        None => out.push_null(),
        Some(text) => out.push(DatumRef::Bytes(&[open.as_bytes(), text, close.as_bytes()].concat())),
    }
}

/// jsonb_agg: each element encoded.
#[derive(Clone, Default)]
struct Elements<const OPTIONS: u8> {
    elements: Option<Vec<Value<'static>>>,
    bytes: usize,
}

/// A value in its encoded form, so that a state's size is known.
fn encoded(context: Context<'_>, argument: usize, value: DatumRef<'_>) -> Result<Vec<u8>> {
    to_value(context.arg_type(argument), value, context.env)?.to_bytes()
}

fn check_size(bytes: usize) -> Result<()> {
    if bytes > ByteValues::MAX_LENGTH { Err(too_long()) } else { Ok(()) }
}

impl<const OPTIONS: u8> State for Elements<OPTIONS> {
    fn update(
        states: &mut [Self],
        groups: Groups<'_>,
        args: &[&Column],
        rows: Rows<'_>,
        context: Context<'_>,
    ) -> Result<()> {
        for (k, row) in rows.iter().enumerate() {
            let value = args[0].get(row);
            let state = &mut states[groups.of(k)];
            let elements = state.elements.get_or_insert_default();
            if OPTIONS & STRICT != 0 && value.is_null() {
                continue;
            }
            let bytes = encoded(context, 0, value)?;
            state.bytes += bytes.len();
            check_size(state.bytes)?;
            elements.push(Value::Encoded(bytes));
        }
        Ok(())
    }

    fn merge(&mut self, other: &mut Self, _: Context<'_>) -> Result<()> {
        self.bytes += std::mem::take(&mut other.bytes);
        if let Some(more) = other.elements.take() {
            self.elements.get_or_insert_default().extend(more);
        }
        Ok(())
    }

    fn finish(&self, out: &mut Column, _: Context<'_>) -> Result<()> {
        match &self.elements {
            None => out.push_null(),
            Some(elements) => out.push(DatumRef::Bytes(&Value::Array(elements.clone()).to_bytes()?)),
        }
        Ok(())
    }

    fn memory(&self) -> usize {
        self.bytes + self.elements.as_ref().map_or(0, |e| e.capacity() * size_of::<Value<'_>>())
    }
}

/// json_object_agg: the members written so far.
#[derive(Clone, Default)]
struct TextObject<const OPTIONS: u8> {
    /// Once a row was seen.
    text: Option<Vec<u8>>,
    seen: HashSet<Vec<u8>>,
}

impl<const OPTIONS: u8> State for TextObject<OPTIONS> {
    fn update(
        states: &mut [Self],
        groups: Groups<'_>,
        args: &[&Column],
        rows: Rows<'_>,
        context: Context<'_>,
    ) -> Result<()> {
        for (k, row) in rows.iter().enumerate() {
            let (key, value) = (args[0].get(row), args[1].get(row));
            let state = &mut states[groups.of(k)];
            let text = state.text.get_or_insert_default();
            let skipped = OPTIONS & STRICT != 0 && value.is_null();
            if key.is_null() {
                return Err(null_key());
            }
            if skipped && OPTIONS & UNIQUE == 0 {
                continue;
            }
            let key = key_text(context.arg_type(0), key, context.env)?;
            if OPTIONS & UNIQUE != 0 && !state.seen.insert(key.clone()) {
                return Err(duplicate_key(&key));
            }
            if skipped {
                continue;
            }
            if !text.is_empty() {
                text.extend_from_slice(b", ");
            }
            write_string(&key, text);
            text.extend_from_slice(b" : ");
            write_json(context.arg_type(1), value, false, context.env, text)?;
            check_size(text.len())?;
        }
        Ok(())
    }

    fn merge(&mut self, other: &mut Self, _: Context<'_>) -> Result<()> {
        let Some(more) = other.text.take() else { return Ok(()) };
        for key in std::mem::take(&mut other.seen) {
            if let Some(key) = self.seen.replace(key) {
                return Err(duplicate_key(&key));
            }
        }
        let text = self.text.get_or_insert_default();
        if !text.is_empty() && !more.is_empty() {
            text.extend_from_slice(b", ");
        }
        text.extend_from_slice(&more);
        Ok(())
    }

    fn finish(&self, out: &mut Column, _: Context<'_>) -> Result<()> {
        push_wrapped(self.text.as_deref(), "{ ", " }", out);
        Ok(())
    }

    fn memory(&self) -> usize {
        self.text.as_ref().map_or(0, Vec::capacity) + self.seen.iter().map(|key| key.len() + 48).sum::<usize>()
    }
}

/// jsonb_object_agg: keys, and values encoded.
#[derive(Clone, Default)]
struct Members<const OPTIONS: u8> {
    members: Option<Vec<(Cow<'static, [u8]>, Value<'static>)>>,
    bytes: usize,
    seen: HashSet<Vec<u8>>,
}

impl<const OPTIONS: u8> State for Members<OPTIONS> {
    fn update(
        states: &mut [Self],
        groups: Groups<'_>,
        args: &[&Column],
        rows: Rows<'_>,
        context: Context<'_>,
    ) -> Result<()> {
        for (k, row) in rows.iter().enumerate() {
            let (key, value) = (args[0].get(row), args[1].get(row));
            let state = &mut states[groups.of(k)];
            let members = state.members.get_or_insert_default();
            let skipped = OPTIONS & STRICT != 0 && value.is_null();
            if key.is_null() {
                return Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, "field name must not be null"));
            }
            if skipped && OPTIONS & UNIQUE == 0 {
                continue;
            }
            let key = key_text(context.arg_type(0), key, context.env)?;
            if OPTIONS & UNIQUE != 0 && !state.seen.insert(key.clone()) {
                return Err(duplicate_binary_key());
            }
            if skipped {
                continue;
            }
            let bytes = encoded(context, 1, value)?;
            state.bytes += key.len() + bytes.len();
            check_size(state.bytes)?;
            members.push((Cow::Owned(key), Value::Encoded(bytes)));
        }
        Ok(())
    }

    fn merge(&mut self, other: &mut Self, _: Context<'_>) -> Result<()> {
        self.bytes += std::mem::take(&mut other.bytes);
        for key in std::mem::take(&mut other.seen) {
            if !self.seen.insert(key) {
                return Err(duplicate_binary_key());
            }
        }
        if let Some(more) = other.members.take() {
            self.members.get_or_insert_default().extend(more);
        }
        Ok(())
    }

    fn finish(&self, out: &mut Column, _: Context<'_>) -> Result<()> {
        match &self.members {
            None => out.push_null(),
            Some(members) => out.push(DatumRef::Bytes(&Value::Object(members.clone()).to_bytes()?)),
        }
        Ok(())
    }

    fn memory(&self) -> usize {
        let each = size_of::<(Cow<'_, [u8]>, Value<'_>)>();
        self.bytes
            + self.members.as_ref().map_or(0, |m| m.capacity() * each)
            + self.seen.iter().map(|key| key.len() + 48).sum::<usize>()
    }
}
