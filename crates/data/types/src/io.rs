//! Text and binary forms of values, by type.
//!
//! [`io()`] finds a type's four functions once; a COPY or a result of many rows then calls them by pointer.

use crate::Environment;
use crate::call::{Builtin, Call, Kernel};
use crate::environment::TypeKind;
use batch::{Column, Datum, DatumRef, Repr};
use error::{Error, Result, SqlState};
use ids::Oid;
use std::borrow::Cow;
use std::sync::LazyLock;

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
        TypeKind::Domain { base, .. } => Ok(TypeIo { input: domain_in, receive: domain_recv, ..io(*base, env)? }),
        TypeKind::Enum => Ok(crate::enums::ENUM_IO),
        TypeKind::Base if facts.model.is_valid() => io(facts.model, env),
        TypeKind::Array { .. } => Ok(crate::array::ARRAY_IO),
        TypeKind::Composite { .. } => Ok(crate::record::RECORD_IO),
        TypeKind::Range { .. } => Ok(crate::range::RANGE_IO),
        TypeKind::Multirange { .. } => Ok(crate::range::MULTIRANGE_IO),
        _ => Err(Error::not_implemented(format_args!("input and output of type {}", facts.name))),
    }
}

/// The base type of a domain, how deep ever, and its modifier.
fn domain_base(domain: Oid, env: &dyn Environment) -> Result<(Oid, i32)> {
    let (mut at, mut typmod) = (domain, -1);
    loop {
        match &env.type_facts(at)?.kind {
            TypeKind::Domain { base, typmod: own } => (at, typmod) = (*base, *own),
            _ => return Ok((at, typmod)),
        }
    }
}

/// A domain's value is its base type's, checked.
fn domain_in(text: &str, call: &TypeCall<'_>, out: &mut Column) -> Result<()> {
    let (base, typmod) = domain_base(call.type_oid, call.env)?;
    (io(base, call.env)?.input)(text, &TypeCall { env: call.env, type_oid: base, typmod }, out)?;
    call.env.check_domain(call.type_oid, out.get(out.len() - 1))
}

fn domain_recv(bytes: &[u8], call: &TypeCall<'_>, out: &mut Column) -> Result<()> {
    let (base, typmod) = domain_base(call.type_oid, call.env)?;
    (io(base, call.env)?.receive)(bytes, &TypeCall { env: call.env, type_oid: base, typmod }, out)?;
    call.env.check_domain(call.type_oid, out.get(out.len() - 1))
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

/// Declares the four functions of fixed-width types: how one is read from text, and how written. The binary form is the
/// value in network byte order.
macro_rules! fixed_io {
    ($($(#[$doc:meta])* pub $name:ident: $type:ty, $form:ident, $get:ident, $input:expr, $output:expr;)*) => {
        $($(#[$doc])*
        pub const $name: TypeIo = TypeIo {
            repr: ::batch::Repr::$form,
            input: |text, call, out| {
                let parse: fn(&str, &$crate::io::TypeCall<'_>) -> ::error::Result<$type> = $input;
                $crate::io::push_fixed(parse(text, call)?, out);
                Ok(())
            },
            output: |value, call, out| {
                let write: fn($type, &$crate::io::TypeCall<'_>, &mut Vec<u8>) = $output;
                match value.$get() {
                    Some(value) => write(value, call, out),
                    None => return Err($crate::io::wrong_form(call.type_oid, value)),
                }
                Ok(())
            },
            receive: |bytes, _, out| {
                $crate::io::push_fixed(<$type>::from_be_bytes($crate::io::exactly(bytes)?), out);
                Ok(())
            },
            send: |value, call, out| match value.$get() {
                Some(value) => {
                    out.extend_from_slice(&value.to_be_bytes());
                    Ok(())
                }
                None => Err($crate::io::wrong_form(call.type_oid, value)),
            },
        };)*
    };
}
pub(crate) use fixed_io;

/// Adds a fixed-width value at the end of a column.
#[inline]
pub(crate) fn push_fixed<T: IntoDatum>(value: T, out: &mut Column) {
    out.push(value.datum());
}

/// A fixed-width Rust value as a datum.
pub(crate) trait IntoDatum {
    /// The datum.
    fn datum(self) -> DatumRef<'static>;
}

macro_rules! into_datum {
    ($($type:ty: |$v:ident| $datum:expr;)*) => {
        $(impl IntoDatum for $type {
            #[inline]
            fn datum(self) -> DatumRef<'static> {
                let $v = self;
                $datum
            }
        })*
    };
}

into_datum! {
    u8: |v| DatumRef::B1(v);
    i16: |v| DatumRef::B2(v);
    i32: |v| DatumRef::B4(v);
    u32: |v| DatumRef::B4(v as i32);
    i64: |v| DatumRef::B8(v);
    u64: |v| DatumRef::B8(v as i64);
    f32: |v| DatumRef::B4(v.to_bits() as i32);
    f64: |v| DatumRef::B8(v.to_bits() as i64);
}

/// The bytes of a message field that must have this length.
pub(crate) fn exactly<const N: usize>(bytes: &[u8]) -> Result<[u8; N]> {
    match bytes.try_into() {
        Ok(bytes) => Ok(bytes),
        Err(_) if bytes.len() < N => Err(too_short()),
        Err(_) => Err(bad_binary()),
    }
}

/// `08P01 insufficient data left in message`.
#[cold]
pub fn too_short() -> Error {
    Error::new(SqlState::PROTOCOL_VIOLATION, "insufficient data left in message")
}

/// `22P03 incorrect binary data format`.
#[cold]
pub fn bad_binary() -> Error {
    Error::new(SqlState::INVALID_BINARY_REPRESENTATION, "incorrect binary data format")
}

/// Text that must be valid UTF-8 without zero bytes.
pub fn received_text(bytes: &[u8]) -> Result<&str> {
    encoding::utf8(bytes)
}

/// The text of a binary form, which is in the client's encoding.
pub fn receive_text<'a>(bytes: &'a [u8], call: &TypeCall<'_>) -> Result<Cow<'a, str>> {
    let Some(encoding) = call.env.client_encoding() else { return received_text(bytes).map(Cow::Borrowed) };
    let mut text = Vec::with_capacity(bytes.len());
    encoding.decode(bytes, &mut text)?;
    Ok(Cow::Owned(received_text(&text)?.to_string()))
}

/// Adds a text to a binary form, in the client's encoding.
pub fn send_text(text: &[u8], call: &TypeCall<'_>, out: &mut Vec<u8>) -> Result<()> {
    match call.env.client_encoding() {
        None => out.extend_from_slice(text),
        Some(encoding) => encoding.encode(received_text(text)?, out)?,
    }
    Ok(())
}

/// The built-in types' functions: the visible table.
fn builtin_io(type_oid: Oid) -> Option<TypeIo> {
    use crate::oid;
    Some(match type_oid {
        oid::BOOL => crate::boolean::BOOL_IO,
        oid::INT2 => crate::int::INT2_IO,
        oid::INT4 => crate::int::INT4_IO,
        oid::INT8 => crate::int::INT8_IO,
        oid::FLOAT4 => crate::float::FLOAT4_IO,
        oid::FLOAT8 => crate::float::FLOAT8_IO,
        oid::NUMERIC => crate::numeric::NUMERIC_IO,
        oid::DATE => crate::datetime::DATE_IO,
        oid::TIME => crate::datetime::TIME_IO,
        oid::TIMETZ => crate::datetime::TIMETZ_IO,
        oid::TIMESTAMP => crate::datetime::TIMESTAMP_IO,
        oid::TIMESTAMPTZ => crate::datetime::TIMESTAMPTZ_IO,
        oid::INTERVAL => crate::datetime::INTERVAL_IO,
        oid::OID => crate::objects::OID_IO,
        oid::XID => crate::objects::XID_IO,
        oid::CID => crate::objects::CID_IO,
        oid::XID8 => crate::objects::XID8_IO,
        oid::TID => crate::objects::TID_IO,
        oid::PG_LSN => crate::objects::LSN_IO,
        oid::PG_SNAPSHOT | oid::TXID_SNAPSHOT => crate::snapshot::SNAPSHOT_IO,
        oid::REGCLASS
        | oid::REGPROC
        | oid::REGPROCEDURE
        | oid::REGOPER
        | oid::REGOPERATOR
        | oid::REGTYPE
        | oid::REGNAMESPACE
        | oid::REGROLE
        | oid::REGCOLLATION
        | oid::REGCONFIG
        | oid::REGDICTIONARY => crate::objects::ALIAS_IO,
        oid::TEXT | oid::UNKNOWN | oid::CSTRING | oid::REFCURSOR | oid::PG_NODE_TREE => crate::text::TEXT_IO,
        oid::VARCHAR => crate::text::VARCHAR_IO,
        oid::BPCHAR => crate::text::BPCHAR_IO,
        oid::NAME => crate::text::NAME_IO,
        oid::CHAR => crate::text::CHAR_IO,
        oid::JSON => crate::json::JSON_IO,
        oid::JSONB => crate::json::JSONB_IO,
        oid::JSONPATH => crate::jsonpath::JSONPATH_IO,
        oid::BIT => crate::bit::BIT_IO,
        oid::VARBIT => crate::bit::VARBIT_IO,
        oid::MONEY => crate::money::MONEY_IO,
        oid::INET => crate::network::INET_IO,
        oid::CIDR => crate::network::CIDR_IO,
        oid::MACADDR => crate::network::MACADDR_IO,
        oid::MACADDR8 => crate::network::MACADDR8_IO,
        oid::BYTEA => crate::bytea::BYTEA_IO,
        oid::UUID => crate::random::UUID_IO,
        oid::VOID => VOID_IO,
        oid::POINT => crate::geometry::POINT_IO,
        oid::LSEG => crate::geometry::LSEG_IO,
        oid::PATH => crate::geometry::PATH_IO,
        oid::BOX => crate::geometry::BOX_IO,
        oid::POLYGON => crate::geometry::POLYGON_IO,
        oid::LINE => crate::geometry::LINE_IO,
        oid::CIRCLE => crate::geometry::CIRCLE_IO,
        oid::TSVECTOR => crate::textsearch::TSVECTOR_IO,
        oid::TSQUERY => crate::textsearch::TSQUERY_IO,
        oid::ACLITEM => crate::acl::ACLITEM_IO,
        oid::INT2VECTOR | oid::OIDVECTOR => crate::array::VECTOR_IO,
        oid::ANYARRAY => ANYARRAY_IO,
        oid::TRIGGER | oid::EVENT_TRIGGER => NO_VALUES_IO,
        oid::PG_DDL_COMMAND => TypeIo { repr: Repr::B8, ..NO_VALUES_IO },
        oid::PG_NDISTINCT => crate::extended::NDISTINCT_IO,
        oid::PG_DEPENDENCIES => crate::extended::DEPENDENCIES_IO,
        oid::PG_MCV_LIST => crate::extended::MCV_LIST_IO,
        oid::INT4RANGE | oid::INT8RANGE | oid::NUMRANGE | oid::TSRANGE | oid::TSTZRANGE | oid::DATERANGE => {
            crate::range::RANGE_IO
        }
        oid::INT4MULTIRANGE
        | oid::INT8MULTIRANGE
        | oid::NUMMULTIRANGE
        | oid::TSMULTIRANGE
        | oid::TSTZMULTIRANGE
        | oid::DATEMULTIRANGE => crate::range::MULTIRANGE_IO,
        oid::RECORD_ARRAY => crate::array::ARRAY_IO,
        oid::RECORD => crate::record::RECORD_IO,
        _ if crate::builtin_type(type_oid).is_some_and(|t| t.category == b'A' && builtin_io(t.element).is_some()) => {
            crate::array::ARRAY_IO
        }
        _ => return None,
    })
}

/// Statistics show arrays of any type; nothing can be read as one.
const ANYARRAY_IO: TypeIo = TypeIo {
    input: |_, _, _| Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, "cannot accept a value of type anyarray")),
    receive: |_, _, _| Err(Error::new(SqlState::FEATURE_NOT_SUPPORTED, "cannot accept a value of type anyarray")),
    ..crate::array::ARRAY_IO
};

fn no_values(call: &TypeCall<'_>, verb: &str) -> Error {
    let name = crate::builtin_type(call.type_oid).map_or("unknown", |facts| facts.name);
    Error::new(SqlState::FEATURE_NOT_SUPPORTED, format!("cannot {verb} a value of type {name}"))
}

/// Types of which there are no values but null.
const NO_VALUES_IO: TypeIo = TypeIo {
    repr: Repr::B4,
    input: |_, call, _| Err(no_values(call, "accept")),
    output: |_, call, _| Err(no_values(call, "display")),
    receive: |_, call, _| Err(no_values(call, "accept")),
    send: |_, call, _| Err(no_values(call, "display")),
};

/// A function that returns nothing has an empty text.
const VOID_IO: TypeIo = TypeIo {
    repr: Repr::B4,
    input: |_, _, out| {
        out.push(DatumRef::B4(0));
        Ok(())
    },
    output: |_, _, _| Ok(()),
    receive: |_, call, _| {
        Err(Error::new(
            SqlState::FEATURE_NOT_SUPPORTED,
            format!(
                "cannot accept a value of type {}",
                if call.type_oid == crate::oid::VOID { "void" } else { "internal" }
            ),
        ))
    },
    send: |_, _, _| Ok(()),
};

/// The functions of `pg_type`'s input, output, receive and send columns, callable from SQL: `int4in('12')`.
pub(crate) fn functions() -> impl Iterator<Item = &'static Builtin> {
    static FUNCTIONS: LazyLock<Vec<Builtin>> = LazyLock::new(|| {
        let mut functions = Vec::new();
        let env = crate::DefaultEnvironment::default();
        for t in crate::facts::BUILTIN_TYPES.iter().filter(|t| io(t.oid, &env).is_ok()) {
            for (oid, kernel) in [
                (t.input, call_input as Kernel),
                (t.output, call_output),
                (t.receive, call_receive),
                (t.send, call_send),
            ] {
                functions.push(Builtin { oid, name: "", kernel });
            }
        }
        functions.retain(|f: &Builtin| f.oid.is_valid());
        functions.sort_by_key(|f| f.oid);
        functions.dedup_by_key(|f| f.oid);
        functions
    });
    FUNCTIONS.iter()
}

fn convert(
    call: &mut Call<'_>,
    type_oid: Oid,
    f: impl Fn(TypeIo, DatumRef<'_>, &TypeCall<'_>, &mut Column) -> Result<()>,
) -> Result<()> {
    let io = io(type_oid, call.context.env)?;
    let mut one = Column::new(call.out.repr());
    for row in call.rows.iter() {
        let value = call.args[0].get(row);
        if value.is_null() {
            call.out.set_null(row);
            continue;
        }
        let typmod = call.args.get(2).and_then(|typmod| typmod.get(row).as_i32()).unwrap_or(-1);
        one.clear();
        f(io, value, &TypeCall { env: call.context.env, type_oid, typmod }, &mut one)?;
        call.out.put(row, one.get(0));
    }
    Ok(())
}

fn call_input(call: &mut Call<'_>) -> Result<()> {
    convert(call, call.context.result_type, |io, value, with, out| {
        let text = value.as_str().ok_or_else(|| wrong_form(with.type_oid, value))?;
        (io.input)(text, with, out)
    })
}

fn call_receive(call: &mut Call<'_>) -> Result<()> {
    convert(call, call.context.result_type, |io, value, with, out| {
        let bytes = value.as_bytes().ok_or_else(|| wrong_form(with.type_oid, value))?;
        (io.receive)(bytes, with, out)
    })
}

fn call_output(call: &mut Call<'_>) -> Result<()> {
    convert(call, call.context.arg_type(0), |io, value, with, out| {
        let mut text = Vec::new();
        (io.output)(value, with, &mut text)?;
        out.push(DatumRef::Bytes(&text));
        Ok(())
    })
}

fn call_send(call: &mut Call<'_>) -> Result<()> {
    convert(call, call.context.arg_type(0), |io, value, with, out| {
        let mut bytes = Vec::new();
        (io.send)(value, with, &mut bytes)?;
        out.push(DatumRef::Bytes(&bytes));
        Ok(())
    })
}

/// The error for a value of a form that its type does not have: a caller's mistake.
#[cold]
pub fn wrong_form(type_oid: Oid, value: DatumRef<'_>) -> Error {
    Error::internal(format!("a value of form {:?} is none of type {type_oid}", value.repr()))
}
