//! Ids: oid and its alias types (`regclass` …), transaction and command ids, tuple ids, log positions.
//!
//! Alias types are numbers whose text is a name; the names are the catalog's, reached through
//! [`Environment::object_name`](crate::Environment::object_name) and `object_by_name`.

use crate::format::{trim, write_u64};
use crate::int::{invalid_input, parse_integer};
use crate::io::{TypeCall, TypeIo, exactly, fixed_io, wrong_form};
use crate::numeric::Numeric;
use crate::{Context, hash, oid};
use batch::{Column, DatumRef, Repr};
use error::{Error, Result, SqlState};
use ids::{Lsn, Oid};

crate::builtins! {
    /// Functions of ids.
    pub static OBJECTS =
    184 oideq fast(Oid, Oid) |a, b| a == b;
    68 xideq fast(u32, u32) |a, b| a == b;
    1319 xideq fast(u32, i32) |a, b| a == b as u32;
    3309 xidneq fast(u32, i32) |a, b| a != b as u32;
    69 cideq fast(u32, u32) |a, b| a == b;
    5084 xid8eq fast(u64, u64) |a, b| a == b;
    3233 pg_lsn_eq fast(u64, u64) |a, b| a == b;
    185 oidne fast(Oid, Oid) |a, b| a != b;
    3308 xidneq fast(u32, u32) |a, b| a != b;
    5085 xid8ne fast(u64, u64) |a, b| a != b;
    3236 pg_lsn_ne fast(u64, u64) |a, b| a != b;
    716 oidlt fast(Oid, Oid) |a, b| a < b;
    5034 xid8lt fast(u64, u64) |a, b| a < b;
    3231 pg_lsn_lt fast(u64, u64) |a, b| a < b;
    717 oidle fast(Oid, Oid) |a, b| a <= b;
    5036 xid8le fast(u64, u64) |a, b| a <= b;
    3232 pg_lsn_le fast(u64, u64) |a, b| a <= b;
    1638 oidgt fast(Oid, Oid) |a, b| a > b;
    5035 xid8gt fast(u64, u64) |a, b| a > b;
    3235 pg_lsn_gt fast(u64, u64) |a, b| a > b;
    1639 oidge fast(Oid, Oid) |a, b| a >= b;
    5037 xid8ge fast(u64, u64) |a, b| a >= b;
    3234 pg_lsn_ge fast(u64, u64) |a, b| a >= b;
    356 btoidcmp fast(Oid, Oid) |a, b| (a > b) as i32 - (a < b) as i32;
    5096 xid8cmp fast(u64, u64) |a, b| (a > b) as i32 - (a < b) as i32;
    3251 pg_lsn_cmp fast(u64, u64) |a, b| (a > b) as i32 - (a < b) as i32;
    1965 oidlarger fast(Oid, Oid) |a, b| a.max(b);
    5097 xid8_larger fast(u64, u64) |a, b| a.max(b);
    4187 pg_lsn_larger fast(u64, u64) |a, b| a.max(b);
    1966 oidsmaller fast(Oid, Oid) |a, b| a.min(b);
    5098 xid8_smaller fast(u64, u64) |a, b| a.min(b);
    4188 pg_lsn_smaller fast(u64, u64) |a, b| a.min(b);
    3237 pg_lsn_mi each(u64, u64) |a: u64, b: u64| Numeric::Small(a as i128 - b as i128, 0);
    3165 pg_wal_lsn_diff each(u64, u64) |a: u64, b: u64| Numeric::Small(a as i128 - b as i128, 0);
    5022 pg_lsn_pli each(u64, Numeric) |a: u64, b: Numeric| moved_lsn(a, &b, false);
    5024 pg_lsn_mii each(u64, Numeric) |a: u64, b: Numeric| moved_lsn(a, &b, true);
    6103 numeric_pg_lsn each(Numeric) |a: Numeric| lsn_of(&a, "cannot convert NaN to pg_lsn");
    3252 pg_lsn_hash each(u64) |a: u64| hash::uint32(hash::fold(a as i64)) as i32;
    3413 pg_lsn_hash_extended each(u64, i64) |a: u64, seed: i64| hash::uint32_extended(hash::fold(a as i64), seed as u64) as i64;


    5071 xid8toxid fast(u64) |a| a as u32;
    1181 xid_age each(u32) |a| if a > 2 { 0i32 } else { i32::MAX };
    1292 tideq each(&[u8], &[u8]) |a: &[u8], b: &[u8]| a == b;
    1265 tidne each(&[u8], &[u8]) |a: &[u8], b: &[u8]| a != b;
    2791 tidlt each(&[u8], &[u8]) |a, b| tid(a) < tid(b);
    2793 tidle each(&[u8], &[u8]) |a, b| tid(a) <= tid(b);
    2790 tidgt each(&[u8], &[u8]) |a, b| tid(a) > tid(b);
    2792 tidge each(&[u8], &[u8]) |a, b| tid(a) >= tid(b);
    2794 bttidcmp each(&[u8], &[u8]) |a, b| tid(a).cmp(&tid(b)) as i32;
    2795 tidlarger arena(&[u8], &[u8]) |a, b, out: &mut Vec<u8>| out.extend_from_slice(if tid(b) > tid(a) { b } else { a });
    2796 tidsmaller arena(&[u8], &[u8]) |a, b, out: &mut Vec<u8>| out.extend_from_slice(if tid(b) < tid(a) { b } else { a });
    1079 text_regclass each(Context, &[u8]) |cx: Context<'_>, name| alias_of(cx, oid::REGCLASS, name, true).map(|oid| oid.unwrap_or_default());
    3495 to_regclass each(Context, &[u8]) |cx: Context<'_>, name| alias_of(cx, oid::REGCLASS, name, false);
    3494 to_regproc each(Context, &[u8]) |cx: Context<'_>, name| alias_of(cx, oid::REGPROC, name, false);
    3479 to_regprocedure each(Context, &[u8]) |cx: Context<'_>, name| alias_of(cx, oid::REGPROCEDURE, name, false);
    3492 to_regoper each(Context, &[u8]) |cx: Context<'_>, name| alias_of(cx, oid::REGOPER, name, false);
    3476 to_regoperator each(Context, &[u8]) |cx: Context<'_>, name| alias_of(cx, oid::REGOPERATOR, name, false);
    3493 to_regtype each(Context, &[u8]) |cx: Context<'_>, name| alias_of(cx, oid::REGTYPE, name, false);
    4086 to_regnamespace each(Context, &[u8]) |cx: Context<'_>, name| alias_of(cx, oid::REGNAMESPACE, name, false);
    4093 to_regrole each(Context, &[u8]) |cx: Context<'_>, name| alias_of(cx, oid::REGROLE, name, false);
    4195 to_regcollation each(Context, &[u8]) |cx: Context<'_>, name| alias_of(cx, oid::REGCOLLATION, name, false);
    2904 intervaltypmodout each(Context, i32) |cx: Context<'_>, typmod| modifier_text(cx, oid::INTERVAL, typmod);
    2906 timestamptypmodout each(Context, i32) |cx: Context<'_>, typmod| modifier_text(cx, oid::TIMESTAMP, typmod);
    2908 timestamptztypmodout each(Context, i32) |cx: Context<'_>, typmod| modifier_text(cx, oid::TIMESTAMPTZ, typmod);
    2910 timetypmodout each(Context, i32) |cx: Context<'_>, typmod| modifier_text(cx, oid::TIME, typmod);
    2912 timetztypmodout each(Context, i32) |cx: Context<'_>, typmod| modifier_text(cx, oid::TIMETZ, typmod);
    2914 bpchartypmodout each(Context, i32) |cx: Context<'_>, typmod| modifier_text(cx, oid::BPCHAR, typmod);
    2916 varchartypmodout each(Context, i32) |cx: Context<'_>, typmod| modifier_text(cx, oid::VARCHAR, typmod);
    2918 numerictypmodout each(Context, i32) |cx: Context<'_>, typmod| modifier_text(cx, oid::NUMERIC, typmod);
    2920 bittypmodout each(Context, i32) |cx: Context<'_>, typmod| modifier_text(cx, oid::BIT, typmod);
    2921 varbittypmodout each(Context, i32) |cx: Context<'_>, typmod| modifier_text(cx, oid::VARBIT, typmod);
    1349 oidvectortypes each(Context, &[u8]) |cx: Context<'_>, types: &[u8]| oid_vector_types(cx, types);
    1081 format_type each(Context, Option<Oid>, Option<i32>) |cx: Context<'_>, type_oid, typmod| format_type_sql(cx, type_oid, typmod);
}

/// What a type's modifier adds to its name.
fn modifier_text(context: Context<'_>, type_oid: Oid, typmod: i32) -> Result<String> {
    let written = format_type(type_oid, Some(typmod), context.env)?;
    let names = ["character varying", "character", "bit varying", "bit", "timestamp", "time", "numeric", "interval"];
    let rest = names.iter().find_map(|name| written.strip_prefix(name));
    Ok(rest.unwrap_or_default().to_string())
}

/// The names of types, as a list.
fn oid_vector_types(context: Context<'_>, types: &[u8]) -> Result<String> {
    let view = crate::array::View::new(types)?;
    let names = view.iter().filter_map(|oid| oid.as_oid()).map(|oid| format_type(oid, None, context.env));
    Ok(names.collect::<Result<Vec<String>>>()?.join(", "))
}

/// A log position of a number.
fn lsn_of(value: &Numeric, not_a_number: &str) -> Result<u64> {
    if value.is_nan() {
        return Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, not_a_number));
    }
    let whole = if value.is_finite() { value.to_i128() } else { None };
    whole
        .and_then(|whole| u64::try_from(whole).ok())
        .ok_or_else(|| Error::new(SqlState::INVALID_PARAMETER_VALUE, "pg_lsn out of range"))
}

/// A log position some bytes further on, or back.
fn moved_lsn(from: u64, by: &Numeric, back: bool) -> Result<u64> {
    let start = Numeric::Small(from as i128, 0);
    if back {
        lsn_of(&start.sub(by)?, "cannot subtract NaN from pg_lsn")
    } else {
        lsn_of(&start.add(by)?, "cannot add NaN to pg_lsn")
    }
}

fixed_io! {
    /// oid
    pub OID_IO: u32, B4, unsigned32,
    |text, _call| parse_unsigned(text, "oid").map(|v| v as u32),
    |value, _call, out| write_u64(value as u64, out);
    /// xid
    pub XID_IO: u32, B4, unsigned32,
    |text, _call| parse_unsigned(text, "xid").map(|v| v as u32),
    |value, _call, out| write_u64(value as u64, out);
    /// cid
    pub CID_IO: u32, B4, unsigned32,
    |text, _call| parse_unsigned(text, "cid").map(|v| v as u32),
    |value, _call, out| write_u64(value as u64, out);
    /// xid8
    pub XID8_IO: u64, B8, unsigned64,
    |text, _call| parse_xid8(text),
    |value, _call, out| write_u64(value, out);
    /// pg_lsn
    pub LSN_IO: u64, B8, unsigned64,
    |text, _call| text.parse::<Lsn>().map(|lsn| lsn.0).map_err(|()| invalid_input("pg_lsn", text)),
    |value, _call, out| out.extend_from_slice(Lsn(value).to_string().as_bytes());
}

/// Unsigned numbers in fixed-width values.
trait Unsigned {
    fn unsigned32(self) -> Option<u32>;
    fn unsigned64(self) -> Option<u64>;
}

impl Unsigned for DatumRef<'_> {
    fn unsigned32(self) -> Option<u32> {
        self.as_i32().map(|v| v as u32)
    }
    fn unsigned64(self) -> Option<u64> {
        self.as_i64().map(|v| v as u64)
    }
}

/// Reads a 32-bit unsigned number; as PostgreSQL does, a negative one that fits 32 bits wraps.
fn parse_unsigned(text: &str, type_name: &str) -> Result<i64> {
    match parse_integer(text.as_bytes(), i32::MIN as i64, u32::MAX as i64) {
        Some(Some(value)) => Ok(value),
        Some(None) => Err(Error::new(
            SqlState::NUMERIC_VALUE_OUT_OF_RANGE,
            format!("value \"{text}\" is out of range for type {type_name}"),
        )),
        None => Err(invalid_input(type_name, text)),
    }
}

/// Reads a 64-bit unsigned number; a negative one wraps.
fn parse_xid8(text: &str) -> Result<u64> {
    let word = trim(text);
    let digits = word.strip_prefix(['-', '+']).unwrap_or(word);
    // As in C: hexadecimal behind 0x, octal behind another zero.
    let (digits, radix) = match digits.as_bytes() {
        [b'0', b'x' | b'X', _, ..] => (&digits[2..], 16),
        [b'0', _, ..] => (&digits[1..], 8),
        _ => (digits, 10),
    };
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return Err(invalid_input("xid8", text));
    }
    let value = u64::from_str_radix(digits, radix).map_err(|_| {
        Error::new(SqlState::NUMERIC_VALUE_OUT_OF_RANGE, format!("value \"{text}\" is out of range for type xid8"))
    })?;
    Ok(if word.starts_with('-') { value.wrapping_neg() } else { value })
}

/// Text and binary form of the alias types.
pub const ALIAS_IO: TypeIo =
    TypeIo { repr: Repr::B4, input: alias_input, output: alias_output, receive: OID_IO.receive, send: OID_IO.send };

fn alias_input(text: &str, call: &TypeCall<'_>, out: &mut Column) -> Result<()> {
    let object = parse_alias(text, call.type_oid, call.env, true)?.unwrap_or_default();
    out.push(DatumRef::B4(object.0 as i32));
    Ok(())
}

fn alias_of(context: Context<'_>, alias: Oid, name: &[u8], strict: bool) -> Result<Option<Oid>> {
    parse_alias(&String::from_utf8_lossy(name), alias, context.env, strict)
}

/// The object that a text names: `-` for none, a number, or a name. Without `strict`, `None` if there is no such object.
fn parse_alias(text: &str, alias: Oid, env: &dyn crate::Environment, strict: bool) -> Result<Option<Oid>> {
    if strict && text == "-" {
        return Ok(Some(Oid::INVALID));
    }
    if !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit()) {
        return parse_unsigned(text, "oid").map(|oid| Some(Oid(oid as u32)));
    }
    match env.object_by_name(alias, text)? {
        None if strict => Err(missing_object(alias, text)),
        found => Ok(found),
    }
}

/// The error of an alias type's input for a name that nothing has.
#[cold]
pub fn missing_object(alias: Oid, name: &str) -> Error {
    // These have one part: as the catalog has it.
    let name = match (alias, crate::text::identifier_parts(name)) {
        (oid::REGNAMESPACE | oid::REGROLE, Some(parts)) => match <[String; 1]>::try_from(parts) {
            Ok([name]) => name,
            Err(_) => return Error::new(SqlState::INVALID_NAME, "invalid name syntax"),
        },
        _ => name.to_string(),
    };
    match alias {
        oid::REGCLASS => Error::new(SqlState::UNDEFINED_TABLE, format!("relation \"{name}\" does not exist")),
        oid::REGPROC | oid::REGPROCEDURE => {
            Error::new(SqlState::UNDEFINED_FUNCTION, format!("function \"{name}\" does not exist"))
        }
        oid::REGOPER | oid::REGOPERATOR => {
            Error::new(SqlState::UNDEFINED_FUNCTION, format!("operator does not exist: {name}"))
        }
        oid::REGNAMESPACE => Error::new(SqlState::INVALID_SCHEMA_NAME, format!("schema \"{name}\" does not exist")),
        oid::REGROLE => Error::new(SqlState::UNDEFINED_OBJECT, format!("role \"{name}\" does not exist")),
        oid::REGCOLLATION => {
            Error::new(SqlState::UNDEFINED_OBJECT, format!("collation \"{name}\" for encoding \"UTF8\" does not exist"))
        }
        oid::REGCONFIG => {
            Error::new(SqlState::UNDEFINED_OBJECT, format!("text search configuration \"{name}\" does not exist"))
        }
        oid::REGDICTIONARY => {
            Error::new(SqlState::UNDEFINED_OBJECT, format!("text search dictionary \"{name}\" does not exist"))
        }
        _ => Error::new(SqlState::UNDEFINED_OBJECT, format!("type \"{name}\" does not exist")),
    }
}

fn alias_output(value: DatumRef<'_>, call: &TypeCall<'_>, out: &mut Vec<u8>) -> Result<()> {
    let object = value.as_oid().ok_or_else(|| wrong_form(call.type_oid, value))?;
    if !object.is_valid() {
        out.push(if call.type_oid == oid::REGOPER || call.type_oid == oid::REGOPERATOR { b'0' } else { b'-' });
        return Ok(());
    }
    if call.type_oid == oid::REGTYPE {
        match format_type(object, None, call.env)?.as_str() {
            UNKNOWN_TYPE => write_u64(object.0 as u64, out),
            name => out.extend_from_slice(name.as_bytes()),
        }
        return Ok(());
    }
    match call.env.object_name(call.type_oid, object)? {
        Some(name) => out.extend_from_slice(name.as_bytes()),
        None => write_u64(object.0 as u64, out),
    }
    Ok(())
}

/// A tuple id's block and offset. Stored as four and two bytes, little-endian.
pub fn tid(bytes: &[u8]) -> (u32, u16) {
    match bytes {
        [a, b, c, d, e, f] => (u32::from_le_bytes([*a, *b, *c, *d]), u16::from_le_bytes([*e, *f])),
        _ => (0, 0),
    }
}

/// The bytes of a tuple id.
pub fn tid_bytes(block: u32, offset: u16) -> [u8; 6] {
    let ([a, b, c, d], [e, f]) = (block.to_le_bytes(), offset.to_le_bytes());
    [a, b, c, d, e, f]
}

/// Text and binary form of tid.
pub const TID_IO: TypeIo = TypeIo {
    repr: Repr::Bytes,
    input: |text, _, out| {
        let parse = || {
            let (block, offset) = trim(text).strip_prefix('(')?.strip_suffix(')')?.split_once(',')?;
            let block =
                block.trim_start().parse::<i64>().ok().filter(|b| (i32::MIN as i64..=u32::MAX as i64).contains(b))?;
            Some(tid_bytes(block as u32, offset.trim_start().parse().ok()?))
        };
        out.push(DatumRef::Bytes(&parse().ok_or_else(|| invalid_input("tid", text))?));
        Ok(())
    },
    output: |value, call, out| {
        let (block, offset) = tid(value.as_bytes().ok_or_else(|| wrong_form(call.type_oid, value))?);
        out.extend_from_slice(format!("({block},{offset})").as_bytes());
        Ok(())
    },
    receive: |bytes, _, out| {
        let [a, b, c, d, e, f] = exactly(bytes)?;
        out.push(DatumRef::Bytes(&tid_bytes(u32::from_be_bytes([a, b, c, d]), u16::from_be_bytes([e, f]))));
        Ok(())
    },
    send: |value, call, out| {
        let (block, offset) = tid(value.as_bytes().ok_or_else(|| wrong_form(call.type_oid, value))?);
        out.extend_from_slice(&block.to_be_bytes());
        out.extend_from_slice(&offset.to_be_bytes());
        Ok(())
    },
};

fn format_type_sql(context: Context<'_>, type_oid: Option<Oid>, typmod: Option<i32>) -> Result<Option<String>> {
    match type_oid {
        None => Ok(None),
        Some(oid) if !oid.is_valid() => Ok(Some("-".to_string())),
        Some(oid) => format_type(oid, typmod, context.env).map(Some),
    }
}

/// What [`format_type`] calls a type that does not exist.
const UNKNOWN_TYPE: &str = "???";

/// A type's name as SQL writes it, with its modifier: `character varying(10)`, `timestamp(3) without time zone[]`. With
/// `typmod` of `None` the name is that of the type without any; `???` for an OID that is no type's.
pub fn format_type(type_oid: Oid, typmod: Option<i32>, env: &dyn crate::Environment) -> Result<String> {
    let array_of = crate::builtin_type(type_oid).filter(|t| t.name.starts_with('_')).map(|t| t.element);
    let element = array_of.unwrap_or(type_oid);
    let modifier = typmod.unwrap_or(-1);
    let known = crate::builtin_type(element);
    let mut name = match standard_name(element, typmod) {
        Some(name) => name,
        None => match (known, env.type_name(type_oid)?) {
            (_, Some(name)) => return Ok(name),
            (Some(t), None) => {
                format!("{}{}", crate::text::quote_identifier(t.name), format_modifier(element, modifier)?)
            }
            (None, None) => UNKNOWN_TYPE.to_string(),
        },
    };
    if array_of.is_some() {
        name.push_str("[]");
    }
    Ok(name)
}

/// The names that the SQL grammar has for types.
fn standard_name(type_oid: Oid, typmod: Option<i32>) -> Option<String> {
    let modifier = typmod.unwrap_or(-1);
    let precision = |name: &str, rest: &str| {
        Some(if modifier >= 0 { format!("{name}({modifier}){rest}") } else { format!("{name}{rest}") })
    };
    let length = |name: &str| Some(if modifier > 4 { format!("{name}({})", modifier - 4) } else { name.to_string() });
    match type_oid {
        oid::BOOL => Some("boolean".to_string()),
        oid::INT2 => Some("smallint".to_string()),
        oid::INT4 => Some("integer".to_string()),
        oid::INT8 => Some("bigint".to_string()),
        oid::FLOAT4 => Some("real".to_string()),
        oid::FLOAT8 => Some("double precision".to_string()),
        oid::VARCHAR => length("character varying"),
        // Without any modifier, "character" would mean character(1).
        oid::BPCHAR if modifier == -1 && typmod.is_some() => Some("bpchar".to_string()),
        oid::BPCHAR => length("character"),
        oid::NUMERIC => Some(format!("numeric{}", format_modifier(type_oid, modifier).ok()?)),
        oid::BIT if modifier == -1 && typmod.is_some() => Some("\"bit\"".to_string()),
        oid::BIT => precision("bit", ""),
        oid::VARBIT => precision("bit varying", ""),
        oid::TIME => precision("time", " without time zone"),
        oid::TIMETZ => precision("time", " with time zone"),
        oid::TIMESTAMP => precision("timestamp", " without time zone"),
        oid::TIMESTAMPTZ => precision("timestamp", " with time zone"),
        oid::INTERVAL => Some(format!("interval{}", format_modifier(type_oid, modifier).ok()?)),
        _ => None,
    }
}

/// A type modifier as it is written behind the type's name: what `typmodout` gives.
pub fn format_modifier(type_oid: Oid, modifier: i32) -> Result<String> {
    if modifier < 0 {
        return Ok(String::new());
    }
    Ok(match type_oid {
        oid::VARCHAR | oid::BPCHAR if modifier > 4 => format!("({})", modifier - 4),
        oid::VARCHAR | oid::BPCHAR => String::new(),
        oid::NUMERIC if modifier >= 4 => {
            let packed = modifier - 4;
            let scale = ((packed & 0x7FF) ^ 1024) - 1024;
            format!("({},{scale})", packed >> 16 & 0xFFFF)
        }
        oid::NUMERIC => String::new(),
        oid::TIME | oid::TIMESTAMP => format!("({modifier}) without time zone"),
        oid::TIMETZ | oid::TIMESTAMPTZ => format!("({modifier}) with time zone"),
        oid::INTERVAL => interval_modifier(modifier),
        _ => format!("({modifier})"),
    })
}

/// The fields and precision that an interval's modifier packs.
fn interval_modifier(modifier: i32) -> String {
    let (year, month, day, hour, minute, second) = (1 << 2, 1 << 1, 1 << 3, 1 << 10, 1 << 11, 1 << 12);
    let range = modifier >> 16 & 0x7FFF;
    let precision = modifier & 0xFFFF;
    let fields = match range {
        r if r == year => " year",
        r if r == month => " month",
        r if r == day => " day",
        r if r == hour => " hour",
        r if r == minute => " minute",
        r if r == second => " second",
        r if r == year | month => " year to month",
        r if r == day | hour => " day to hour",
        r if r == day | hour | minute => " day to minute",
        r if r == day | hour | minute | second => " day to second",
        r if r == hour | minute => " hour to minute",
        r if r == hour | minute | second => " hour to second",
        r if r == minute | second => " minute to second",
        _ => "",
    };
    if precision == 0xFFFF { fields.to_string() } else { format!("{fields}({precision})") }
}
