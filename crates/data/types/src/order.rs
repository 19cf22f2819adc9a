//! Order and equality of two values of a type, as its default B-tree operator class has them.

use crate::datetime::{self, Interval, TimeTz};
use crate::environment::TypeKind;
use crate::network::Inet;
use crate::numeric::Numeric;
use crate::{Context, Environment, array, float, json, objects, oid, text};
use batch::DatumRef;
use error::{Error, Result, SqlState};
use ids::Oid;
use std::cmp::Ordering;

/// How values of a type are ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// As the signed numbers they are stored as.
    Signed,
    /// As unsigned numbers.
    Unsigned,
    /// As reals, NaN last.
    Real,
    /// As doubles, NaN last.
    Double,
    /// As texts of their collation.
    Text,
    /// As texts without trailing blanks.
    Padded,
    /// As bytes.
    Bytes,
    /// As numerics, NaN last.
    Numeric,
    /// As tuple ids.
    Tid,
    /// As times with a zone.
    TimeTz,
    /// As intervals.
    Interval,
    /// As jsonb.
    Jsonb,
    /// As network addresses.
    Network,
    /// As bit strings.
    Bits,
    /// As text search vectors.
    Tsvector,
    /// As text search queries.
    Tsquery,
    /// Element by element.
    Array,
    /// By their labels' positions.
    Enum,
    /// Field by field.
    Record,
    /// By lower bounds, then by upper ones.
    Range,
    /// Range by range.
    Multirange,
}

/// The visible table: which order a built-in type has; `None` if it has none.
pub(crate) fn builtin_order(type_oid: Oid) -> Option<Order> {
    Some(match type_oid {
        oid::INT2 | oid::INT4 | oid::INT8 => Order::Signed,
        oid::DATE | oid::TIME | oid::TIMESTAMP | oid::TIMESTAMPTZ | oid::MONEY => Order::Signed,
        oid::BOOL | oid::CHAR | oid::OID | oid::XID8 | oid::PG_LSN => Order::Unsigned,
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
        | oid::REGDICTIONARY => Order::Unsigned,
        // Equality only; an order is needed to group.
        oid::XID | oid::CID => Order::Unsigned,
        oid::FLOAT4 => Order::Real,
        oid::FLOAT8 => Order::Double,
        oid::TEXT | oid::VARCHAR | oid::NAME | oid::UNKNOWN | oid::CSTRING => Order::Text,
        oid::BPCHAR => Order::Padded,
        oid::BYTEA | oid::UUID | oid::MACADDR | oid::MACADDR8 => Order::Bytes,
        oid::PG_NDISTINCT | oid::PG_DEPENDENCIES | oid::PG_MCV_LIST => Order::Bytes,
        oid::NUMERIC => Order::Numeric,
        oid::TID => Order::Tid,
        oid::JSONB => Order::Jsonb,
        oid::TSVECTOR => Order::Tsvector,
        oid::TSQUERY => Order::Tsquery,
        oid::INET | oid::CIDR => Order::Network,
        oid::BIT | oid::VARBIT => Order::Bits,
        oid::TIMETZ => Order::TimeTz,
        oid::INTERVAL => Order::Interval,
        oid::RECORD => Order::Record,
        oid::RECORD_ARRAY | oid::ANYARRAY => Order::Array,
        oid::INT4RANGE | oid::INT8RANGE | oid::NUMRANGE | oid::TSRANGE | oid::TSTZRANGE | oid::DATERANGE => {
            Order::Range
        }
        oid::INT4MULTIRANGE
        | oid::INT8MULTIRANGE
        | oid::NUMMULTIRANGE
        | oid::TSMULTIRANGE
        | oid::TSTZMULTIRANGE
        | oid::DATEMULTIRANGE => Order::Multirange,
        _ => {
            let t = crate::builtin_type(type_oid)?;
            if t.category == b'A' && t.element.is_valid() {
                Order::Array
            } else {
                return None;
            }
        }
    })
}

/// The order of any type: a domain has its base type's.
pub(crate) fn order_of(type_oid: Oid, env: &dyn Environment) -> Result<(Oid, Order)> {
    if let Some(order) = builtin_order(type_oid) {
        return Ok((type_oid, order));
    }
    let facts = env.type_facts(type_oid)?;
    match &facts.kind {
        TypeKind::Domain { base, .. } => order_of(*base, env),
        TypeKind::Enum => Ok((type_oid, Order::Enum)),
        TypeKind::Array { .. } => Ok((type_oid, Order::Array)),
        TypeKind::Composite { .. } => Ok((type_oid, Order::Record)),
        TypeKind::Range { .. } => Ok((type_oid, Order::Range)),
        TypeKind::Multirange { .. } => Ok((type_oid, Order::Multirange)),
        _ => Err(no_order(type_oid, env)),
    }
}

/// `42883 could not identify an ordering operator for type …`.
#[cold]
fn no_order(type_oid: Oid, env: &dyn Environment) -> Error {
    let name = objects::format_type(type_oid, None, env).unwrap_or_else(|_| type_oid.to_string());
    if matches!(type_oid, oid::JSON | oid::XML | oid::POINT | oid::POLYGON | oid::LINE) {
        return Error::new(
            SqlState::UNDEFINED_FUNCTION,
            format!("could not identify a comparison function for type {name}"),
        );
    }
    Error::not_implemented(format_args!("the order of type {name}"))
}

/// Compares two values, neither null, by their type's default order. `collation` matters for texts. For types without an
/// order the error is PostgreSQL's 42883.
pub fn compare(
    type_oid: Oid,
    collation: Oid,
    a: DatumRef<'_>,
    b: DatumRef<'_>,
    env: &dyn Environment,
) -> Result<Ordering> {
    let (type_oid, order) = order_of(type_oid, env)?;
    compare_as(type_oid, order, collation, a, b, env)
}

/// Whether two values, neither null, are equal by their type's default equality.
///
/// # Errors
/// 42883 for a type that has none.
pub fn equal(type_oid: Oid, collation: Oid, a: DatumRef<'_>, b: DatumRef<'_>, env: &dyn Environment) -> Result<bool> {
    match order_of(type_oid, env) {
        Ok((type_oid, order)) => Ok(compare_as(type_oid, order, collation, a, b, env)?.is_eq()),
        Err(error) if error.state() == SqlState::UNDEFINED_FUNCTION => {
            let name = objects::format_type(type_oid, None, env)?;
            Err(Error::new(
                SqlState::UNDEFINED_FUNCTION,
                format!("could not identify an equality operator for type {name}"),
            ))
        }
        Err(error) => Err(error),
    }
}

/// Compares two values in an order that [`order_of`] found.
pub(crate) fn compare_as(
    type_oid: Oid,
    order: Order,
    collation: Oid,
    a: DatumRef<'_>,
    b: DatumRef<'_>,
    env: &dyn Environment,
) -> Result<Ordering> {
    use DatumRef::{B1, B2, B4, B8, Bytes};
    Ok(match (order, a, b) {
        (Order::Signed, B4(a), B4(b)) => a.cmp(&b),
        (Order::Signed, B8(a), B8(b)) => a.cmp(&b),
        (Order::Signed, B2(a), B2(b)) => a.cmp(&b),
        (Order::Unsigned, B1(a), B1(b)) => a.cmp(&b),
        (Order::Unsigned, B4(a), B4(b)) => (a as u32).cmp(&(b as u32)),
        (Order::Unsigned, B8(a), B8(b)) => (a as u64).cmp(&(b as u64)),
        (Order::Real, B4(a), B4(b)) => float::compare(f32::from_bits(a as u32) as f64, f32::from_bits(b as u32) as f64),
        (Order::Double, B8(a), B8(b)) => float::compare(f64::from_bits(a as u64), f64::from_bits(b as u64)),
        (Order::Text, Bytes(a), Bytes(b)) => text::collate(collation, a, b, env)?,
        (Order::Padded, Bytes(a), Bytes(b)) => {
            text::collate(collation, text::trim_blanks(a), text::trim_blanks(b), env)?
        }
        (Order::Bytes, Bytes(a), Bytes(b)) => a.cmp(b),
        (Order::Numeric, Bytes(a), Bytes(b)) => Numeric::from_bytes(a).cmp(&Numeric::from_bytes(b)),
        (Order::Tid, Bytes(a), Bytes(b)) => objects::tid(a).cmp(&objects::tid(b)),
        (Order::TimeTz, Bytes(a), Bytes(b)) => datetime::decode::<TimeTz>(a).cmp(&datetime::decode::<TimeTz>(b)),
        (Order::Interval, Bytes(a), Bytes(b)) => datetime::decode::<Interval>(a).cmp(&datetime::decode::<Interval>(b)),
        (Order::Network, Bytes(a), Bytes(b)) => Inet::from_bytes(a).cmp(&Inet::from_bytes(b)),
        (Order::Bits, Bytes(a), Bytes(b)) => crate::bit::compare(a, b),
        (Order::Jsonb, Bytes(a), Bytes(b)) => {
            let collation = text::resolve(text::DEFAULT_COLLATION, env)?;
            json::compare(json::View::new(a), json::View::new(b), &collation)?
        }
        (Order::Tsvector, Bytes(a), Bytes(b)) => crate::textsearch::compare_vectors(a, b),
        (Order::Tsquery, Bytes(a), Bytes(b)) => crate::textsearch::compare_queries(a, b)?,
        (Order::Array, Bytes(a), Bytes(b)) => {
            let context = Context { collation, ..Context::plain(env) };
            array::compare_views(context, array::View::new(a)?, array::View::new(b)?)?
        }
        (Order::Range, Bytes(a), Bytes(b)) => crate::range::compare(a, b, env)?,
        (Order::Multirange, Bytes(a), Bytes(b)) => crate::range::compare_multiranges(a, b, env)?,
        (Order::Record, Bytes(a), Bytes(b)) => crate::record::compare(a, b, env)?,
        (Order::Enum, B4(a), B4(b)) if a == b => Ordering::Equal,
        (Order::Enum, B4(a), B4(b)) => env.enum_position(Oid(a as u32))?.total_cmp(&env.enum_position(Oid(b as u32))?),
        _ => return Err(crate::io::wrong_form(type_oid, a)),
    })
}
