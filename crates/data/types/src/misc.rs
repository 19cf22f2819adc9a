//! Functions that fit no other module: types of arguments, sizes as people read them, counts of nulls, checks of input.

use crate::Context;
use crate::array::View;
use crate::call::{Call, NotNull};
use crate::numeric::Numeric;
use crate::oid;
use crate::registry::{RowSource, RowSourceMaker};
use batch::{Column, DatumRef};
use error::{Error, Result, SqlState};
use ids::Oid;

crate::builtins! {
    /// Miscellaneous functions.
    pub static MISCELLANEOUS =
    1619 pg_typeof each(Context, DatumRef) |cx: Context<'_>, _value: DatumRef<'_>| cx.arg_type(0);
    438 pg_num_nulls raw() |call| count_nulls(call, true);
    440 pg_num_nonnulls raw() |call| count_nulls(call, false);
    2288 pg_size_pretty arena(i64) |size: i64, out: &mut Vec<u8>| size_pretty(size as i128, out);
    3166 pg_size_pretty_numeric arena(Numeric) |size: Numeric, out: &mut Vec<u8>| numeric_size_pretty(&size, out);
    3334 pg_size_bytes each(&[u8]) |text: &[u8]| size_bytes(&String::from_utf8_lossy(text));
    6210 pg_input_is_valid each(Context, &[u8], &[u8]) |cx: Context<'_>, text: &[u8], type_name: &[u8]| input_error(cx, text, type_name).map(|error| error.is_none());
    1269 pg_column_size each(NotNull) |value: NotNull<'_>| column_size(value.0);
    1842 int8_sum each(Option<Numeric>, Option<i64>) |sum: Option<Numeric>, value: Option<i64>| add_to_sum(sum, value);
    1035 aclinsert each(&[u8], &[u8]) |_acl: &[u8], _item: &[u8]| no_longer("aclinsert");
    1036 aclremove each(&[u8], &[u8]) |_acl: &[u8], _item: &[u8]| no_longer("aclremove");
    5051 btequalimage each(Oid) |_class: Oid| true;
    6347 gist_translate_cmptype_common each(i32) |kind: i32| strategy_of(kind);
    2077 show_config_by_name each(Context, &[u8]) |cx: Context<'_>, name: &[u8]| setting(cx, name, false);
    3294 show_config_by_name_missing_ok each(Context, &[u8], bool) |cx: Context<'_>, name: &[u8], missing_ok| setting(cx, name, missing_ok);
}

/// A sum of numbers of eight bytes, as its aggregate's transition makes it.
fn add_to_sum(sum: Option<Numeric>, value: Option<i64>) -> Result<Option<Numeric>> {
    match (sum, value) {
        (sum, None) => Ok(sum),
        (None, Some(value)) => Ok(Some(Numeric::from(value))),
        (Some(sum), Some(value)) => sum.add(&Numeric::from(value)).map(Some),
    }
}

#[cold]
fn no_longer(function: &str) -> Result<Vec<u8>> {
    Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, format!("{function} is no longer supported")))
}

/// The strategy number by which the operator classes of GiST know a kind of comparison: less, less or equal, equal, greater or
/// equal, greater, overlap, contained.
fn strategy_of(kind: i32) -> i16 {
    const STRATEGIES: [i16; 9] = [0, 20, 21, 18, 23, 22, 0, 3, 8];
    usize::try_from(kind).ok().and_then(|kind| STRATEGIES.get(kind)).copied().unwrap_or(0)
}

fn count_nulls(call: &mut Call<'_>, wanted: bool) -> Result<()> {
    for row in call.rows.iter() {
        if call.context.variadic {
            let Some(bytes) = call.args[0].get(row).as_bytes() else {
                call.out.set_null(row);
                continue;
            };
            let count = View::new(bytes)?.iter().filter(|v| v.is_null() == wanted).count();
            call.out.b4_mut()[row] = count as i32;
        } else {
            let count = call.args.iter().filter(|arg| arg.is_null(row) == wanted).count();
            call.out.b4_mut()[row] = count as i32;
        }
    }
    Ok(())
}

const UNITS: [&str; 6] = ["bytes", "kB", "MB", "GB", "TB", "PB"];

/// Divides by two, halves away from zero.
fn halve(value: i128) -> i128 {
    (value + value.signum()) / 2
}

/// Goes to a larger unit as long as the number has more than four digits; rounds with the last half kept.
fn size_pretty(size: i128, out: &mut Vec<u8>) {
    let mut value = size;
    let mut unit = 0;
    if value.abs() >= 10 * 1024 {
        // One bit more than the unit has, to round with.
        value /= 512;
        unit = 1;
        while value.abs() >= 20 * 1024 - 1 && unit + 1 < UNITS.len() {
            value /= 1024;
            unit += 1;
        }
        value = halve(value);
    }
    out.extend_from_slice(format!("{value} {}", UNITS[unit]).as_bytes());
}

fn numeric_size_pretty(size: &Numeric, out: &mut Vec<u8>) -> Result<()> {
    let limit = Numeric::from(10 * 1024);
    if size.is_finite() && size.abs() < limit {
        crate::numeric::write_plain(size, out);
        out.extend_from_slice(b" bytes");
        return Ok(());
    }
    match size.truncated(0).to_i128() {
        Some(value) => {
            size_pretty(value, out);
            Ok(())
        }
        None => Err(Error::not_implemented("pg_size_pretty of so large a number")),
    }
}

fn size_bytes(text: &str) -> Result<i64> {
    let invalid = || Error::new(SqlState::INVALID_PARAMETER_VALUE, format!("invalid size: \"{text}\""));
    let word = crate::format::trim(text);
    let mut end = word.len();
    for (at, c) in word.char_indices() {
        let exponent_sign = at > 0 && matches!(word.as_bytes()[at - 1], b'e' | b'E');
        let exponent = matches!(c, 'e' | 'E')
            && word[at + 1..].trim_start_matches(['+', '-']).starts_with(|c: char| c.is_ascii_digit());
        if !(c.is_ascii_digit() || c == '.' || exponent || matches!(c, '+' | '-') && (at == 0 || exponent_sign)) {
            end = at;
            break;
        }
    }
    let (number, unit) = word.split_at(end);
    if !number.bytes().any(|c| c.is_ascii_digit()) {
        return Err(invalid());
    }
    let number = crate::numeric::parse(number).map_err(|_| invalid())?;
    let unit = crate::format::trim(unit);
    let power = match unit.to_ascii_lowercase().as_str() {
        "" | "bytes" | "b" => 0,
        "kb" => 1,
        "mb" => 2,
        "gb" => 3,
        "tb" => 4,
        "pb" => 5,
        _ => {
            return Err(invalid()
                .detail(format!("Invalid size unit: \"{unit}\"."))
                .hint("Valid units are \"bytes\", \"B\", \"kB\", \"MB\", \"GB\", \"TB\", and \"PB\"."));
        }
    };
    let bytes = number.mul(&Numeric::from(1i64 << (10 * power)))?;
    bytes.to_i128().and_then(|v| i64::try_from(v).ok()).ok_or_else(crate::int::bigint_range)
}

/// The type that a name stands for, with its modifier: `numeric(10,2)`, `varchar(4)`.
fn named_type(context: Context<'_>, written: &str) -> Result<(Oid, i32)> {
    let (name, modifiers) = match written.split_once('(') {
        None => (written, None),
        Some((name, rest)) => match rest.strip_suffix(')') {
            Some(inner) => (name.trim_end(), Some(inner)),
            None => return Err(Error::not_implemented(format_args!("checking input of type {written}"))),
        },
    };
    let alias = oid::REGTYPE;
    let short = match name {
        "int" => "int4",
        "char" if modifiers.is_some() => "bpchar",
        other => other,
    };
    let known = crate::facts::BUILTIN_TYPES
        .iter()
        .find(|t| t.name == short || crate::objects::format_type(t.oid, None, context.env).is_ok_and(|n| n == name));
    let type_oid = match known {
        Some(t) => t.oid,
        None => match context.env.object_by_name(alias, name)? {
            Some(oid) => oid,
            None => return Err(crate::objects::missing_object(alias, name)),
        },
    };
    let Some(modifiers) = modifiers else { return Ok((type_oid, -1)) };
    let numbers: Option<Vec<i32>> = modifiers.split(',').map(|n| n.trim().parse().ok()).collect();
    let typmod = match (type_oid, numbers.as_deref()) {
        (oid::VARCHAR | oid::BPCHAR, Some([n])) if *n > 0 => n + 4,
        (oid::BIT | oid::VARBIT, Some([n])) if *n > 0 => *n,
        (oid::NUMERIC, Some([p])) if (1..=1000).contains(p) => (p << 16) + 4,
        (oid::NUMERIC, Some([p, s])) if (1..=1000).contains(p) && (-1000..=1000).contains(s) => {
            (p << 16 | s & 0x7FF) + 4
        }
        (oid::TIME | oid::TIMETZ | oid::TIMESTAMP | oid::TIMESTAMPTZ, Some([p])) if *p >= 0 => (*p).min(6),
        _ => return Err(Error::not_implemented(format_args!("checking input of type {written}"))),
    };
    Ok((type_oid, typmod))
}

/// What is wrong with a text as a type's input; nothing if it is valid. Errors of other kinds are errors of the call.
fn input_error(context: Context<'_>, text: &[u8], type_name: &[u8]) -> Result<Option<Error>> {
    let (type_oid, typmod) = named_type(context, &String::from_utf8_lossy(type_name))?;
    match crate::input(type_oid, &String::from_utf8_lossy(text), typmod, context.env) {
        Ok(_) => Ok(None),
        // Only errors of the input itself say that it is invalid; that a part of PostgreSQL is missing does not.
        Err(e) if matches!(e.state().class(), "22" | "23" | "54" | "42") => Ok(Some(e)),
        Err(e) => Err(e),
    }
}

/// The one row of `pg_input_error_info`: message, detail, hint and SQLSTATE.
struct ErrorInfo(Option<[Option<String>; 4]>);

impl RowSource for ErrorInfo {
    fn next(&mut self, columns: &mut [Column], _: usize, _: Context<'_>) -> Result<usize> {
        let Some(fields) = self.0.take() else { return Ok(0) };
        for (column, field) in columns.iter_mut().zip(&fields) {
            column.push(field.as_ref().map_or(DatumRef::Null, |text| DatumRef::Bytes(text.as_bytes())));
        }
        Ok(1)
    }
}

/// Set-returning functions, and functions that return a row.
pub static MISCELLANEOUS_ROWS: &[(u32, RowSourceMaker)] = &[(6211, |args, context| {
    let text = |k: usize| args.get(k).and_then(|arg| arg.as_bytes()).unwrap_or_default();
    let fields = match input_error(context, text(0), text(1))? {
        None => Default::default(),
        Some(e) => {
            let fields = e.fields();
            let state = Some(e.state().code().to_string());
            [Some(e.message().to_string()), fields.detail.clone(), fields.hint.clone(), state]
        }
    };
    Ok(Box::new(ErrorInfo(Some(fields))))
})];

fn setting(context: Context<'_>, name: &[u8], missing_ok: bool) -> Result<Option<String>> {
    let name = String::from_utf8_lossy(name);
    match context.env.setting(&name) {
        None if !missing_ok => {
            Err(Error::new(SqlState::UNDEFINED_OBJECT, format!("unrecognized configuration parameter \"{name}\"")))
        }
        value => Ok(value),
    }
}

/// Bytes that a value takes where it is stored.
fn column_size(value: DatumRef<'_>) -> Option<i32> {
    let repr = value.repr()?;
    Some(repr.width().unwrap_or(value.as_bytes().map_or(0, <[u8]>::len) + 1) as i32)
}
