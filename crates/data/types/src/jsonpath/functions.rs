//! The type jsonpath, and the functions that use one.

use super::{Found, Options, Path, query};
use crate::call::{Call, Context};
use crate::io::{TypeCall, TypeIo, receive_text, send_text, too_short, wrong_form};
use crate::json::{Kind, Value, View};
use crate::registry::{RowSource, RowSourceMaker};
use batch::{Column, Datum, DatumRef, Repr};
use error::{Error, Result, SqlState};

crate::builtins! {
    /// Queries of jsonb by jsonpath.
    pub static JSONPATHS =
    4005 jsonb_path_exists raw() |call| exists(call, false);
    1177 jsonb_path_exists_tz raw() |call| exists(call, true);
    4010 jsonb_path_exists_opr raw() |call| exists(call, false);
    4009 jsonb_path_match raw() |call| matches(call, false);
    2030 jsonb_path_match_tz raw() |call| matches(call, true);
    4011 jsonb_path_match_opr raw() |call| matches(call, false);
    4007 jsonb_path_query_array raw() |call| query_array(call, false);
    1180 jsonb_path_query_array_tz raw() |call| query_array(call, true);
    4008 jsonb_path_query_first raw() |call| query_first(call, false);
    2023 jsonb_path_query_first_tz raw() |call| query_first(call, true);
}

/// The visible table: OID → maker.
pub static JSONPATH_ROWS: &[(u32, RowSourceMaker)] = &[
    (4006, |args, context| query_rows(args, context, false)),
    (1179, |args, context| query_rows(args, context, true)),
];

/// jsonpath
pub const JSONPATH_IO: TypeIo = TypeIo { repr: Repr::Bytes, input, output, receive, send };

fn input(text: &str, call: &TypeCall<'_>, out: &mut Column) -> Result<()> {
    let path = Path::parse(text.as_bytes()).map_err(|e| crate::json::depth_hint(e, call.env))?;
    let mut canonical = Vec::new();
    path.write(&mut canonical);
    out.push(DatumRef::Bytes(&canonical));
    Ok(())
}

fn output(value: DatumRef<'_>, call: &TypeCall<'_>, out: &mut Vec<u8>) -> Result<()> {
    out.extend_from_slice(value.as_bytes().ok_or_else(|| wrong_form(call.type_oid, value))?);
    Ok(())
}

/// The version of the binary form: its text behind this byte.
const VERSION: u8 = 1;

fn receive(bytes: &[u8], call: &TypeCall<'_>, out: &mut Column) -> Result<()> {
    match bytes.split_first() {
        None => Err(too_short()),
        Some((&VERSION, text)) => input(&receive_text(text, call)?, call, out),
        Some((version, _)) => Err(Error::internal(format!("unsupported jsonpath version number: {version}"))),
    }
}

fn send(value: DatumRef<'_>, call: &TypeCall<'_>, out: &mut Vec<u8>) -> Result<()> {
    out.push(VERSION);
    send_text(value.as_bytes().ok_or_else(|| wrong_form(call.type_oid, value))?, call, out)
}

/// A path that is read again only when its text changes.
#[derive(Debug, Default)]
pub struct Program(Option<(Vec<u8>, Path)>);

impl Program {
    /// The path of a stored value.
    pub fn path(&mut self, stored: &[u8]) -> Result<&Path> {
        if self.0.as_ref().is_none_or(|(text, _)| text != stored) {
            self.0 = Some((stored.to_vec(), Path::parse(stored)?));
        }
        match &self.0 {
            Some((_, path)) => Ok(path),
            None => Err(Error::internal("a jsonpath was not kept")),
        }
    }
}

/// Runs a call's path for each row; `put` writes the answer for what was found, or for silence.
fn each(
    call: &mut Call<'_>,
    with_zones: bool,
    only_whether: bool,
    put: impl Fn(Option<Vec<Value<'_>>>, bool, &mut Column, usize) -> Result<()>,
) -> Result<()> {
    let mut program = Program::default();
    for row in call.rows.iter() {
        if call.args.iter().any(|arg| arg.is_null(row)) {
            call.out.set_null(row);
            continue;
        }
        let bytes = |k: usize| call.args.get(k).map(|arg| arg.get(row).as_bytes().unwrap_or_default());
        // The operators have neither variables nor errors.
        let silent = call.args.get(3).is_none_or(|silent| silent.get(row).as_bool() == Some(true));
        let options = Options {
            variables: bytes(2).map(View::new),
            passed: &[],
            with_zones,
            only_whether,
            env: call.context.env,
        };
        let path = program.path(bytes(1).unwrap_or_default())?;
        match query(path, View::new(bytes(0).unwrap_or_default()), options)? {
            Found::Values(values) => put(Some(values), silent, call.out, row)?,
            Found::Failed(_, _) if silent && only_whether => put(None, silent, call.out, row)?,
            Found::Failed(_, values) if silent => put(Some(values), silent, call.out, row)?,
            Found::Failed(error, _) => return Err(error),
        }
    }
    Ok(())
}

fn exists(call: &mut Call<'_>, with_zones: bool) -> Result<()> {
    each(call, with_zones, true, |found, _, out, row| {
        match found {
            Some(values) => out.put(row, DatumRef::B1(!values.is_empty() as u8)),
            None => out.set_null(row),
        }
        Ok(())
    })
}

fn matches(call: &mut Call<'_>, with_zones: bool) -> Result<()> {
    each(call, with_zones, false, |found, silent, out, row| {
        let answer = match found.as_deref() {
            Some([Value::Bool(value)]) => Some(*value),
            Some([Value::Null]) => None,
            Some([Value::Stored(view)]) if matches!(view.kind(), Kind::Bool(_) | Kind::Null) => match view.kind() {
                Kind::Bool(value) => Some(value),
                _ => None,
            },
            Some(_) if !silent => {
                return Err(Error::new(
                    SqlState::SINGLETON_SQL_JSON_ITEM_REQUIRED,
                    "single boolean result is expected",
                ));
            }
            _ => None,
        };
        match answer {
            Some(answer) => out.put(row, DatumRef::B1(answer as u8)),
            None => out.set_null(row),
        }
        Ok(())
    })
}

fn query_array(call: &mut Call<'_>, with_zones: bool) -> Result<()> {
    each(call, with_zones, false, |found, _, out, row| {
        let array = Value::Array(found.unwrap_or_default()).to_bytes()?;
        out.put(row, DatumRef::Bytes(&array));
        Ok(())
    })
}

fn query_first(call: &mut Call<'_>, with_zones: bool) -> Result<()> {
    each(call, with_zones, false, |found, _, out, row| {
        match found.and_then(|values| values.into_iter().next()) {
            Some(value) => out.put(row, DatumRef::Bytes(&value.to_bytes()?)),
            None => out.set_null(row),
        }
        Ok(())
    })
}

/// The values that a path gives, encoded.
struct Values(std::vec::IntoIter<Datum>);

impl RowSource for Values {
    fn next(&mut self, columns: &mut [Column], most: usize, _: Context<'_>) -> Result<usize> {
        let mut count = 0;
        for value in self.0.by_ref().take(most) {
            columns[0].push(value.as_ref());
            count += 1;
        }
        Ok(count)
    }
}

fn query_rows(args: &[DatumRef<'_>], context: Context<'_>, with_zones: bool) -> Result<Box<dyn RowSource>> {
    let bytes = |k: usize| args.get(k).and_then(|arg| arg.as_bytes()).unwrap_or_default();
    let options = Options {
        variables: Some(View::new(bytes(2))),
        passed: &[],
        with_zones,
        only_whether: false,
        env: context.env,
    };
    let path = Path::parse(bytes(1))?;
    let silent = args.get(3).is_some_and(|silent| silent.as_bool() == Some(true));
    let values = match query(&path, View::new(bytes(0)), options)? {
        Found::Values(values) => values,
        Found::Failed(_, values) if silent => values,
        Found::Failed(error, _) => return Err(error),
    };
    let values = values.into_iter().map(|value| value.to_bytes().map(Datum::bytes));
    Ok(Box::new(Values(values.collect::<Result<Vec<_>>>()?.into_iter())))
}
