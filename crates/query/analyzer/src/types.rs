//! Small questions about types that the catalog does not answer in one call.

use catalog::Catalog;
use catalog::rows::PgType;
use error::Result;
use ids::Oid;
use types::oid;

use crate::query::{Expr, ExprKind, NO_LOCATION, SqlType};
use batch::Datum;

/// Type of unresolved literals.
pub const UNKNOWN: Oid = oid::UNKNOWN;
/// The collation "default".
pub const DEFAULT_COLLATION: Oid = Oid(100);
/// The collation "C".
pub const C_COLLATION: Oid = Oid(950);

/// How values of a type are ordered, compared and hashed: operators, and support functions. Zero where the type has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ordering {
    /// Operator `<`.
    pub less: Oid,
    /// Operator `=`.
    pub equal: Oid,
    /// Operator `>`.
    pub greater: Oid,
    /// Three-way comparison function.
    pub compare: Oid,
    /// Hash function.
    pub hash: Oid,
}

/// The default operators that sort and group a type.
pub fn ordering(catalog: &Catalog, type_oid: Oid) -> Result<Ordering> {
    let mut found = Ordering::default();
    if let Some(class) = catalog.default_opclass(catalog::objects::BTREE, type_oid)? {
        let class = catalog.opclass(class)?;
        let (family, input) = (class.opcfamily, class.opcintype);
        found.less = catalog.family_operator(family, input, input, 1)?.unwrap_or_default();
        found.equal = catalog.family_operator(family, input, input, 3)?.unwrap_or_default();
        found.greater = catalog.family_operator(family, input, input, 5)?.unwrap_or_default();
        found.compare = catalog.family_function(family, input, input, 1)?.unwrap_or_default();
    }
    if let Some(class) = catalog.default_opclass(catalog::objects::HASH, type_oid)? {
        let class = catalog.opclass(class)?;
        let (family, input) = (class.opcfamily, class.opcintype);
        let equal = catalog.family_operator(family, input, input, 1)?.unwrap_or_default();
        if !found.equal.is_valid() {
            found.equal = equal;
        }
        if found.equal == equal && equal.is_valid() {
            found.hash = catalog.family_function(family, input, input, 1)?.unwrap_or_default();
        }
    }
    // What holds other values (arrays, rows, ranges) can be compared only if these can.
    if found.hash.is_valid() || found.less.is_valid() {
        let row = catalog.type_(catalog.base_type(type_oid, -1)?.0)?;
        let parts: Vec<Oid> = match (catalog.element_type(row.oid)?, row.typtype) {
            (Some(element), _) => vec![element],
            (None, b'c') => catalog.relation(row.typrelid)?.live_columns().map(|column| column.atttypid).collect(),
            (None, b'r') => vec![catalog.range(row.oid)?.rngsubtype],
            _ => Vec::new(),
        };
        for part in parts {
            let inner = ordering(catalog, part)?;
            if !inner.less.is_valid() {
                (found.less, found.greater, found.compare) = Default::default();
            }
            if !inner.hash.is_valid() {
                found.hash = Oid::INVALID;
            }
            if !inner.equal.is_valid() {
                found = Ordering::default();
            }
        }
    }
    Ok(found)
}

/// The element type of arrays, looking through domains; zero for other types.
pub fn element_type(catalog: &Catalog, type_oid: Oid) -> Result<Oid> {
    if type_oid == UNKNOWN {
        return Ok(Oid::INVALID);
    }
    Ok(catalog.element_type(catalog.base_type(type_oid, -1)?.0)?.unwrap_or_default())
}

/// The relation with a composite type's columns, looking through domains; zero for other types, `record` included.
pub fn row_relation(catalog: &Catalog, type_oid: Oid) -> Result<Oid> {
    Ok(catalog.type_(catalog.base_type(type_oid, -1)?.0)?.typrelid)
}

/// Whether it is a row type, `record` included.
pub fn is_composite(catalog: &Catalog, type_oid: Oid) -> Result<bool> {
    Ok(type_oid == oid::RECORD || row_relation(catalog, type_oid)?.is_valid())
}

/// A type with its own collation.
pub fn with_collation(row: &PgType, typmod: i32) -> SqlType {
    SqlType { oid: row.oid, typmod, collation: row.typcollation }
}

/// A constant.
pub fn constant(value: Datum, ty: SqlType, location: u32) -> Expr {
    Expr { kind: ExprKind::Const(value), ty, location }
}

/// An integer constant.
pub fn int4(value: i32) -> Expr {
    constant(Datum::B4(value), SqlType::plain(oid::INT4), NO_LOCATION)
}

/// A boolean constant.
pub fn boolean(value: bool) -> Expr {
    constant(Datum::bool(value), SqlType::plain(oid::BOOL), NO_LOCATION)
}

/// A null of a type.
pub fn null(ty: SqlType) -> Expr {
    constant(Datum::Null, ty, NO_LOCATION)
}

/// A boolean expression.
pub fn condition(kind: ExprKind, location: u32) -> Expr {
    Expr { kind, ty: SqlType::plain(oid::BOOL), location }
}

/// All of these: one as it is, several under AND, none is true.
pub fn all_of(mut conditions: Vec<Expr>) -> Option<Expr> {
    match conditions.len() {
        0 => None,
        1 => conditions.pop(),
        _ => Some(condition(ExprKind::And(conditions), NO_LOCATION)),
    }
}

/// Any of these: one as it is, several under OR; none if there are none.
pub fn any_of(mut conditions: Vec<Expr>) -> Option<Expr> {
    match conditions.len() {
        0 => None,
        1 => conditions.pop(),
        _ => Some(condition(ExprKind::Or(conditions), NO_LOCATION)),
    }
}

/// A polymorphic type: `anyelement` and its like.
pub fn is_polymorphic(type_oid: Oid) -> bool {
    crate::polymorphic::is_polymorphic(type_oid)
}
