//! `has_table_privilege` and its relatives, and functions of `aclitem`.
//!
//! Each comes in six forms: role by name, by number or the current one; object by name or by number. An object that does not exist is
//! an error by name, and null by number.

use super::{catalog_of, text};
use crate::acl::{Acl, AclItem, Privileges};
use crate::catalog::Catalog;
use crate::privileges::{Membership, ObjectKind};
use batch::DatumRef;
use error::{Error, Result, SqlState};
use ids::Oid;
use types::Context;

use Argument::{Id, Name};
use ColumnArgument::{ColumnName, Number};

/// An object or role as a function's argument names it.
#[derive(Clone, Copy)]
enum Argument<'a> {
    Name(&'a [u8]),
    Id(Oid),
}

/// A column as a function's argument names it.
#[derive(Clone, Copy)]
enum ColumnArgument<'a> {
    ColumnName(&'a [u8]),
    Number(i16),
}

types::builtins! {
    /// Privileges.
    pub static PRIVILEGES =
    1922 has_table_privilege_name_name each(Context, &[u8], &[u8], &[u8]) |cx: Context<'_>, r, o, p| check(cx, Some(Name(r)), Name(o), p, ObjectKind::Relation);
    1923 has_table_privilege_name_id each(Context, &[u8], Oid, &[u8]) |cx: Context<'_>, r, o, p| check(cx, Some(Name(r)), Id(o), p, ObjectKind::Relation);
    1924 has_table_privilege_id_name each(Context, Oid, &[u8], &[u8]) |cx: Context<'_>, r, o, p| check(cx, Some(Id(r)), Name(o), p, ObjectKind::Relation);
    1925 has_table_privilege_id_id each(Context, Oid, Oid, &[u8]) |cx: Context<'_>, r, o, p| check(cx, Some(Id(r)), Id(o), p, ObjectKind::Relation);
    1926 has_table_privilege_name each(Context, &[u8], &[u8]) |cx: Context<'_>, o, p| check(cx, None, Name(o), p, ObjectKind::Relation);
    1927 has_table_privilege_id each(Context, Oid, &[u8]) |cx: Context<'_>, o, p| check(cx, None, Id(o), p, ObjectKind::Relation);
    2181 has_sequence_privilege_name_name each(Context, &[u8], &[u8], &[u8]) |cx: Context<'_>, r, o, p| check(cx, Some(Name(r)), Name(o), p, ObjectKind::Sequence);
    2182 has_sequence_privilege_name_id each(Context, &[u8], Oid, &[u8]) |cx: Context<'_>, r, o, p| check(cx, Some(Name(r)), Id(o), p, ObjectKind::Sequence);
    2183 has_sequence_privilege_id_name each(Context, Oid, &[u8], &[u8]) |cx: Context<'_>, r, o, p| check(cx, Some(Id(r)), Name(o), p, ObjectKind::Sequence);
    2184 has_sequence_privilege_id_id each(Context, Oid, Oid, &[u8]) |cx: Context<'_>, r, o, p| check(cx, Some(Id(r)), Id(o), p, ObjectKind::Sequence);
    2185 has_sequence_privilege_name each(Context, &[u8], &[u8]) |cx: Context<'_>, o, p| check(cx, None, Name(o), p, ObjectKind::Sequence);
    2186 has_sequence_privilege_id each(Context, Oid, &[u8]) |cx: Context<'_>, o, p| check(cx, None, Id(o), p, ObjectKind::Sequence);
    2250 has_database_privilege_name_name each(Context, &[u8], &[u8], &[u8]) |cx: Context<'_>, r, o, p| check(cx, Some(Name(r)), Name(o), p, ObjectKind::Database);
    2251 has_database_privilege_name_id each(Context, &[u8], Oid, &[u8]) |cx: Context<'_>, r, o, p| check(cx, Some(Name(r)), Id(o), p, ObjectKind::Database);
    2252 has_database_privilege_id_name each(Context, Oid, &[u8], &[u8]) |cx: Context<'_>, r, o, p| check(cx, Some(Id(r)), Name(o), p, ObjectKind::Database);
    2253 has_database_privilege_id_id each(Context, Oid, Oid, &[u8]) |cx: Context<'_>, r, o, p| check(cx, Some(Id(r)), Id(o), p, ObjectKind::Database);
    2254 has_database_privilege_name each(Context, &[u8], &[u8]) |cx: Context<'_>, o, p| check(cx, None, Name(o), p, ObjectKind::Database);
    2255 has_database_privilege_id each(Context, Oid, &[u8]) |cx: Context<'_>, o, p| check(cx, None, Id(o), p, ObjectKind::Database);
    2256 has_function_privilege_name_name each(Context, &[u8], &[u8], &[u8]) |cx: Context<'_>, r, o, p| check(cx, Some(Name(r)), Name(o), p, ObjectKind::Function);
    2257 has_function_privilege_name_id each(Context, &[u8], Oid, &[u8]) |cx: Context<'_>, r, o, p| check(cx, Some(Name(r)), Id(o), p, ObjectKind::Function);
    2258 has_function_privilege_id_name each(Context, Oid, &[u8], &[u8]) |cx: Context<'_>, r, o, p| check(cx, Some(Id(r)), Name(o), p, ObjectKind::Function);
    2259 has_function_privilege_id_id each(Context, Oid, Oid, &[u8]) |cx: Context<'_>, r, o, p| check(cx, Some(Id(r)), Id(o), p, ObjectKind::Function);
    2260 has_function_privilege_name each(Context, &[u8], &[u8]) |cx: Context<'_>, o, p| check(cx, None, Name(o), p, ObjectKind::Function);
    2261 has_function_privilege_id each(Context, Oid, &[u8]) |cx: Context<'_>, o, p| check(cx, None, Id(o), p, ObjectKind::Function);
    2262 has_language_privilege_name_name each(Context, &[u8], &[u8], &[u8]) |cx: Context<'_>, r, o, p| check(cx, Some(Name(r)), Name(o), p, ObjectKind::Language);
    2263 has_language_privilege_name_id each(Context, &[u8], Oid, &[u8]) |cx: Context<'_>, r, o, p| check(cx, Some(Name(r)), Id(o), p, ObjectKind::Language);
    2264 has_language_privilege_id_name each(Context, Oid, &[u8], &[u8]) |cx: Context<'_>, r, o, p| check(cx, Some(Id(r)), Name(o), p, ObjectKind::Language);
    2265 has_language_privilege_id_id each(Context, Oid, Oid, &[u8]) |cx: Context<'_>, r, o, p| check(cx, Some(Id(r)), Id(o), p, ObjectKind::Language);
    2266 has_language_privilege_name each(Context, &[u8], &[u8]) |cx: Context<'_>, o, p| check(cx, None, Name(o), p, ObjectKind::Language);
    2267 has_language_privilege_id each(Context, Oid, &[u8]) |cx: Context<'_>, o, p| check(cx, None, Id(o), p, ObjectKind::Language);
    2268 has_schema_privilege_name_name each(Context, &[u8], &[u8], &[u8]) |cx: Context<'_>, r, o, p| check(cx, Some(Name(r)), Name(o), p, ObjectKind::Schema);
    2269 has_schema_privilege_name_id each(Context, &[u8], Oid, &[u8]) |cx: Context<'_>, r, o, p| check(cx, Some(Name(r)), Id(o), p, ObjectKind::Schema);
    2270 has_schema_privilege_id_name each(Context, Oid, &[u8], &[u8]) |cx: Context<'_>, r, o, p| check(cx, Some(Id(r)), Name(o), p, ObjectKind::Schema);
    2271 has_schema_privilege_id_id each(Context, Oid, Oid, &[u8]) |cx: Context<'_>, r, o, p| check(cx, Some(Id(r)), Id(o), p, ObjectKind::Schema);
    2272 has_schema_privilege_name each(Context, &[u8], &[u8]) |cx: Context<'_>, o, p| check(cx, None, Name(o), p, ObjectKind::Schema);
    2273 has_schema_privilege_id each(Context, Oid, &[u8]) |cx: Context<'_>, o, p| check(cx, None, Id(o), p, ObjectKind::Schema);
    2390 has_tablespace_privilege_name_name each(Context, &[u8], &[u8], &[u8]) |cx: Context<'_>, r, o, p| check(cx, Some(Name(r)), Name(o), p, ObjectKind::Tablespace);
    2391 has_tablespace_privilege_name_id each(Context, &[u8], Oid, &[u8]) |cx: Context<'_>, r, o, p| check(cx, Some(Name(r)), Id(o), p, ObjectKind::Tablespace);
    2392 has_tablespace_privilege_id_name each(Context, Oid, &[u8], &[u8]) |cx: Context<'_>, r, o, p| check(cx, Some(Id(r)), Name(o), p, ObjectKind::Tablespace);
    2393 has_tablespace_privilege_id_id each(Context, Oid, Oid, &[u8]) |cx: Context<'_>, r, o, p| check(cx, Some(Id(r)), Id(o), p, ObjectKind::Tablespace);
    2394 has_tablespace_privilege_name each(Context, &[u8], &[u8]) |cx: Context<'_>, o, p| check(cx, None, Name(o), p, ObjectKind::Tablespace);
    2395 has_tablespace_privilege_id each(Context, Oid, &[u8]) |cx: Context<'_>, o, p| check(cx, None, Id(o), p, ObjectKind::Tablespace);
    3000 has_foreign_data_wrapper_privilege_name_name each(Context, &[u8], &[u8], &[u8]) |cx: Context<'_>, r, o, p| check(cx, Some(Name(r)), Name(o), p, ObjectKind::ForeignDataWrapper);
    3001 has_foreign_data_wrapper_privilege_name_id each(Context, &[u8], Oid, &[u8]) |cx: Context<'_>, r, o, p| check(cx, Some(Name(r)), Id(o), p, ObjectKind::ForeignDataWrapper);
    3002 has_foreign_data_wrapper_privilege_id_name each(Context, Oid, &[u8], &[u8]) |cx: Context<'_>, r, o, p| check(cx, Some(Id(r)), Name(o), p, ObjectKind::ForeignDataWrapper);
    3003 has_foreign_data_wrapper_privilege_id_id each(Context, Oid, Oid, &[u8]) |cx: Context<'_>, r, o, p| check(cx, Some(Id(r)), Id(o), p, ObjectKind::ForeignDataWrapper);
    3004 has_foreign_data_wrapper_privilege_name each(Context, &[u8], &[u8]) |cx: Context<'_>, o, p| check(cx, None, Name(o), p, ObjectKind::ForeignDataWrapper);
    3005 has_foreign_data_wrapper_privilege_id each(Context, Oid, &[u8]) |cx: Context<'_>, o, p| check(cx, None, Id(o), p, ObjectKind::ForeignDataWrapper);
    3006 has_server_privilege_name_name each(Context, &[u8], &[u8], &[u8]) |cx: Context<'_>, r, o, p| check(cx, Some(Name(r)), Name(o), p, ObjectKind::ForeignServer);
    3007 has_server_privilege_name_id each(Context, &[u8], Oid, &[u8]) |cx: Context<'_>, r, o, p| check(cx, Some(Name(r)), Id(o), p, ObjectKind::ForeignServer);
    3008 has_server_privilege_id_name each(Context, Oid, &[u8], &[u8]) |cx: Context<'_>, r, o, p| check(cx, Some(Id(r)), Name(o), p, ObjectKind::ForeignServer);
    3009 has_server_privilege_id_id each(Context, Oid, Oid, &[u8]) |cx: Context<'_>, r, o, p| check(cx, Some(Id(r)), Id(o), p, ObjectKind::ForeignServer);
    3010 has_server_privilege_name each(Context, &[u8], &[u8]) |cx: Context<'_>, o, p| check(cx, None, Name(o), p, ObjectKind::ForeignServer);
    3011 has_server_privilege_id each(Context, Oid, &[u8]) |cx: Context<'_>, o, p| check(cx, None, Id(o), p, ObjectKind::ForeignServer);
    3138 has_type_privilege_name_name each(Context, &[u8], &[u8], &[u8]) |cx: Context<'_>, r, o, p| check(cx, Some(Name(r)), Name(o), p, ObjectKind::Type);
    3139 has_type_privilege_name_id each(Context, &[u8], Oid, &[u8]) |cx: Context<'_>, r, o, p| check(cx, Some(Name(r)), Id(o), p, ObjectKind::Type);
    3140 has_type_privilege_id_name each(Context, Oid, &[u8], &[u8]) |cx: Context<'_>, r, o, p| check(cx, Some(Id(r)), Name(o), p, ObjectKind::Type);
    3141 has_type_privilege_id_id each(Context, Oid, Oid, &[u8]) |cx: Context<'_>, r, o, p| check(cx, Some(Id(r)), Id(o), p, ObjectKind::Type);
    3142 has_type_privilege_name each(Context, &[u8], &[u8]) |cx: Context<'_>, o, p| check(cx, None, Name(o), p, ObjectKind::Type);
    3143 has_type_privilege_id each(Context, Oid, &[u8]) |cx: Context<'_>, o, p| check(cx, None, Id(o), p, ObjectKind::Type);
    3012 has_column_privilege_name_name_name each(Context, &[u8], &[u8], &[u8], &[u8]) |cx: Context<'_>, r, o, c, p| column(cx, Some(Name(r)), Name(o), ColumnName(c), p);
    3013 has_column_privilege_name_name_attnum each(Context, &[u8], &[u8], i16, &[u8]) |cx: Context<'_>, r, o, c, p| column(cx, Some(Name(r)), Name(o), Number(c), p);
    3014 has_column_privilege_name_id_name each(Context, &[u8], Oid, &[u8], &[u8]) |cx: Context<'_>, r, o, c, p| column(cx, Some(Name(r)), Id(o), ColumnName(c), p);
    3015 has_column_privilege_name_id_attnum each(Context, &[u8], Oid, i16, &[u8]) |cx: Context<'_>, r, o, c, p| column(cx, Some(Name(r)), Id(o), Number(c), p);
    3016 has_column_privilege_id_name_name each(Context, Oid, &[u8], &[u8], &[u8]) |cx: Context<'_>, r, o, c, p| column(cx, Some(Id(r)), Name(o), ColumnName(c), p);
    3017 has_column_privilege_id_name_attnum each(Context, Oid, &[u8], i16, &[u8]) |cx: Context<'_>, r, o, c, p| column(cx, Some(Id(r)), Name(o), Number(c), p);
    3018 has_column_privilege_id_id_name each(Context, Oid, Oid, &[u8], &[u8]) |cx: Context<'_>, r, o, c, p| column(cx, Some(Id(r)), Id(o), ColumnName(c), p);
    3019 has_column_privilege_id_id_attnum each(Context, Oid, Oid, i16, &[u8]) |cx: Context<'_>, r, o, c, p| column(cx, Some(Id(r)), Id(o), Number(c), p);
    3020 has_column_privilege_name_name each(Context, &[u8], &[u8], &[u8]) |cx: Context<'_>, o, c, p| column(cx, None, Name(o), ColumnName(c), p);
    3021 has_column_privilege_name_attnum each(Context, &[u8], i16, &[u8]) |cx: Context<'_>, o, c, p| column(cx, None, Name(o), Number(c), p);
    3022 has_column_privilege_id_name each(Context, Oid, &[u8], &[u8]) |cx: Context<'_>, o, c, p| column(cx, None, Id(o), ColumnName(c), p);
    3023 has_column_privilege_id_attnum each(Context, Oid, i16, &[u8]) |cx: Context<'_>, o, c, p| column(cx, None, Id(o), Number(c), p);
    3024 has_any_column_privilege_name_name each(Context, &[u8], &[u8], &[u8]) |cx: Context<'_>, r, o, p| any_column(cx, Some(Name(r)), Name(o), p);
    3025 has_any_column_privilege_name_id each(Context, &[u8], Oid, &[u8]) |cx: Context<'_>, r, o, p| any_column(cx, Some(Name(r)), Id(o), p);
    3026 has_any_column_privilege_id_name each(Context, Oid, &[u8], &[u8]) |cx: Context<'_>, r, o, p| any_column(cx, Some(Id(r)), Name(o), p);
    3027 has_any_column_privilege_id_id each(Context, Oid, Oid, &[u8]) |cx: Context<'_>, r, o, p| any_column(cx, Some(Id(r)), Id(o), p);
    3028 has_any_column_privilege_name each(Context, &[u8], &[u8]) |cx: Context<'_>, o, p| any_column(cx, None, Name(o), p);
    3029 has_any_column_privilege_id each(Context, Oid, &[u8]) |cx: Context<'_>, o, p| any_column(cx, None, Id(o), p);
    2705 pg_has_role_name_name each(Context, &[u8], &[u8], &[u8]) |cx: Context<'_>, m, r, p| member(cx, Some(Name(m)), Name(r), p);
    2706 pg_has_role_name_id each(Context, &[u8], Oid, &[u8]) |cx: Context<'_>, m, r, p| member(cx, Some(Name(m)), Id(r), p);
    2707 pg_has_role_id_name each(Context, Oid, &[u8], &[u8]) |cx: Context<'_>, m, r, p| member(cx, Some(Id(m)), Name(r), p);
    2708 pg_has_role_id_id each(Context, Oid, Oid, &[u8]) |cx: Context<'_>, m, r, p| member(cx, Some(Id(m)), Id(r), p);
    2709 pg_has_role_name each(Context, &[u8], &[u8]) |cx: Context<'_>, r, p| member(cx, None, Name(r), p);
    2710 pg_has_role_id each(Context, Oid, &[u8]) |cx: Context<'_>, r, p| member(cx, None, Id(r), p);
    6205 has_parameter_privilege_name_name each(Context, &[u8], &[u8], &[u8]) |cx: Context<'_>, r, o, p| parameter(cx, Some(Name(r)), o, p);
    6206 has_parameter_privilege_id_name each(Context, Oid, &[u8], &[u8]) |cx: Context<'_>, r, o, p| parameter(cx, Some(Id(r)), o, p);
    6207 has_parameter_privilege_name each(Context, &[u8], &[u8]) |cx: Context<'_>, o, p| parameter(cx, None, o, p);
    6348 has_largeobject_privilege_name_id each(Context, &[u8], Oid, &[u8]) |cx: Context<'_>, r, o, p| check(cx, Some(Name(r)), Id(o), p, ObjectKind::LargeObject);
    6350 has_largeobject_privilege_id_id each(Context, Oid, Oid, &[u8]) |cx: Context<'_>, r, o, p| check(cx, Some(Id(r)), Id(o), p, ObjectKind::LargeObject);
    6349 has_largeobject_privilege_id each(Context, Oid, &[u8]) |cx: Context<'_>, o, p| check(cx, None, Id(o), p, ObjectKind::LargeObject);
    1037 aclcontains each(&[u8], &[u8]) contains;
    1062 aclitem_eq each(&[u8], &[u8]) |a: &[u8], b: &[u8]| a == b;
    3943 acldefault_sql each(u8, Oid) default_acl;
    6385 pg_get_acl each(Context, Oid, Oid, i32) |cx: Context<'_>, class, oid, sub| stored_acl(catalog_of(&cx)?, class, oid, sub);
    1365 makeaclitem each(Oid, Oid, &[u8], bool) make_item;
}

/// A list of privileges such as `SELECT, INSERT WITH GRANT OPTION`: each with whether the grant option is meant.
fn parse_privileges(list: &[u8], allowed: Privileges) -> Result<Vec<(Privileges, bool)>> {
    text(list)
        .split(',')
        .map(|word| {
            let word = word.trim();
            let upper = word.to_ascii_uppercase();
            let (name, grant) = match upper.strip_suffix(" WITH GRANT OPTION") {
                Some(name) => (name.trim_end(), true),
                None => (&*upper, false),
            };
            match Privileges::from_word(name) {
                Some(privilege) if allowed.contains(privilege) => Ok((privilege, grant)),
                _ => Err(Error::new(
                    SqlState::INVALID_PARAMETER_VALUE,
                    format!("unrecognized privilege type: \"{word}\""),
                )),
            }
        })
        .collect()
}

fn role_of(catalog: &Catalog, role: Option<Argument<'_>>) -> Result<Oid> {
    match role {
        None => Ok(catalog.current_user()),
        Some(Id(role)) => Ok(role),
        Some(Name(name)) => match &*text(name) {
            "public" => Ok(Oid::INVALID),
            name => Ok(catalog.require_role(name)?.oid),
        },
    }
}

/// The relation of a possibly qualified name.
pub(super) fn relation_of(catalog: &Catalog, name: &[u8]) -> Result<Oid> {
    let name = text(name);
    let parts = crate::names::split_qualified(&name)
        .ok_or_else(|| Error::new(SqlState::INVALID_NAME, "invalid name syntax"))?;
    match &parts[..] {
        [name] => catalog.require_relation(None, name),
        [schema, name] => catalog.require_relation(Some(schema), name),
        [_, schema, name] => catalog.require_relation(Some(schema), name),
        _ => Err(Error::new(SqlState::INVALID_NAME, "invalid name syntax")),
    }
}

fn object_of(cx: &Context<'_>, catalog: &Catalog, object: Argument<'_>, kind: ObjectKind) -> Result<Oid> {
    let name = match object {
        Id(oid) => return Ok(oid),
        Name(name) => name,
    };
    let shown = text(name);
    let missing = |what: &str, state| Err(Error::new(state, format!("{what} \"{shown}\" does not exist")));
    match kind {
        ObjectKind::Relation => relation_of(catalog, name),
        ObjectKind::Sequence => {
            let oid = relation_of(catalog, name)?;
            match catalog.class(oid)? {
                Some(class) if class.relkind == crate::relation::kind::SEQUENCE => Ok(oid),
                _ => Err(Error::new(SqlState::WRONG_OBJECT_TYPE, format!("\"{shown}\" is not a sequence"))),
            }
        }
        ObjectKind::Schema => catalog.require_schema(&shown),
        ObjectKind::Database => match catalog.database_by_name(&shown)? {
            Some(row) => Ok(row.oid),
            None => missing("database", SqlState::INVALID_CATALOG_NAME),
        },
        ObjectKind::Language => match catalog.language_by_name(&shown)? {
            Some(row) => Ok(row.oid),
            None => missing("language", SqlState::UNDEFINED_OBJECT),
        },
        ObjectKind::Tablespace => match catalog.tablespace_by_name(&shown)? {
            Some(row) => Ok(row.oid),
            None => missing("tablespace", SqlState::UNDEFINED_OBJECT),
        },
        ObjectKind::Function => match cx.env.object_by_name(types::oid::REGPROCEDURE, &shown)? {
            Some(oid) => Ok(oid),
            None => missing("function", SqlState::UNDEFINED_FUNCTION),
        },
        ObjectKind::Type => match cx.env.object_by_name(types::oid::REGTYPE, &shown)? {
            Some(oid) => Ok(oid),
            None => missing("type", SqlState::UNDEFINED_OBJECT),
        },
        other => missing(other.word(), SqlState::UNDEFINED_OBJECT),
    }
}

/// Whether a role holds any of the privileges of the list on an object.
fn check(
    cx: Context<'_>,
    role: Option<Argument<'_>>,
    object: Argument<'_>,
    list: &[u8],
    kind: ObjectKind,
) -> Result<Option<bool>> {
    let catalog = catalog_of(&cx)?;
    let role = role_of(catalog, role)?;
    let object = object_of(&cx, catalog, object, kind)?;
    if kind == ObjectKind::LargeObject
        && cx.env.setting("lo_compat_privileges").as_deref() == Some("on")
        && catalog.owner_and_acl(kind, object)?.is_some()
    {
        parse_privileges(list, kind.all())?;
        return Ok(Some(true));
    }
    let allowed = if kind == ObjectKind::Database { kind.all().union(Privileges::TEMPORARY) } else { kind.all() };
    holds(catalog, kind, object, role, &parse_privileges(list, allowed)?)
}

fn holds(
    catalog: &Catalog,
    kind: ObjectKind,
    object: Oid,
    role: Oid,
    wanted: &[(Privileges, bool)],
) -> Result<Option<bool>> {
    for &(privilege, grant) in wanted {
        let held = match grant {
            true => catalog.grantable(kind, object, role, privilege)?,
            false => catalog.privileges(kind, object, role, privilege)?,
        };
        match held {
            None => return Ok(None),
            Some(held) if held.contains(privilege) => return Ok(Some(true)),
            Some(_) => {}
        }
    }
    Ok(Some(false))
}

fn column(
    cx: Context<'_>,
    role: Option<Argument<'_>>,
    table: Argument<'_>,
    column: ColumnArgument<'_>,
    list: &[u8],
) -> Result<Option<bool>> {
    let catalog = catalog_of(&cx)?;
    let role = role_of(catalog, role)?;
    let wanted = parse_privileges(list, Privileges::ALL_COLUMN)?;
    let table = object_of(&cx, catalog, table, ObjectKind::Relation)?;
    let Some(relation) = catalog.find_relation(table)? else { return Ok(None) };
    let number = match column {
        Number(number) => number,
        ColumnName(name) => {
            let name = text(name);
            let column = relation.column_by_name(&name).or_else(|| crate::relation::system_column_by_name(&name));
            match column {
                Some(column) => column.attnum,
                None => {
                    let message = format!("column \"{name}\" of relation \"{}\" does not exist", relation.name());
                    return Err(Error::new(SqlState::UNDEFINED_COLUMN, message));
                }
            }
        }
    };
    if number == 0 || number > 0 && relation.column(number).is_none() {
        return Ok(None);
    }
    for &(privilege, _) in &wanted {
        if catalog.column_privileges(table, number, role, privilege)?.contains(privilege) {
            return Ok(Some(true));
        }
    }
    holds(catalog, ObjectKind::Relation, table, role, &wanted)
}

fn any_column(cx: Context<'_>, role: Option<Argument<'_>>, table: Argument<'_>, list: &[u8]) -> Result<Option<bool>> {
    let catalog = catalog_of(&cx)?;
    let role = role_of(catalog, role)?;
    let wanted = parse_privileges(list, Privileges::ALL_COLUMN)?;
    let table = object_of(&cx, catalog, table, ObjectKind::Relation)?;
    let Some(relation) = catalog.find_relation(table)? else { return Ok(None) };
    for column in relation.live_columns() {
        for &(privilege, _) in &wanted {
            if catalog.column_privileges(table, column.attnum, role, privilege)?.contains(privilege) {
                return Ok(Some(true));
            }
        }
    }
    holds(catalog, ObjectKind::Relation, table, role, &wanted)
}

/// Whether a role holds any of the privileges on a parameter; one without a list of its own is the superusers'.
fn parameter(cx: Context<'_>, role: Option<Argument<'_>>, name: &[u8], list: &[u8]) -> Result<bool> {
    let catalog = catalog_of(&cx)?;
    let role = role_of(catalog, role)?;
    let wanted = parse_privileges(list, Privileges::ALL_PARAMETER)?;
    let name = text(name).to_ascii_lowercase();
    let key = [name.as_str().into()];
    match catalog.row::<crate::rows::PgParameterAcl>(crate::index::PG_PARAMETER_ACL_PARNAME_INDEX, &key)? {
        Some(row) => Ok(holds(catalog, ObjectKind::Parameter, row.oid, role, &wanted)?.unwrap_or(false)),
        None => catalog.is_superuser(role),
    }
}

fn member(cx: Context<'_>, who: Option<Argument<'_>>, role: Argument<'_>, list: &[u8]) -> Result<bool> {
    let catalog = catalog_of(&cx)?;
    let who = role_of(catalog, who)?;
    let role = role_of(catalog, Some(role))?;
    for word in text(list).split(',') {
        let how = match word.trim().to_ascii_uppercase().as_str() {
            "USAGE" => Membership::Inherit,
            "MEMBER" => Membership::Any,
            "SET" => Membership::Set,
            "USAGE WITH GRANT OPTION"
            | "USAGE WITH ADMIN OPTION"
            | "MEMBER WITH GRANT OPTION"
            | "MEMBER WITH ADMIN OPTION"
            | "SET WITH GRANT OPTION"
            | "SET WITH ADMIN OPTION" => {
                if catalog.is_admin_of(who, role)? {
                    return Ok(true);
                }
                continue;
            }
            _ => {
                let message = format!("unrecognized privilege type: \"{}\"", word.trim());
                return Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, message));
            }
        };
        if catalog.has_role(who, role, how)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn read_acl(bytes: &[u8]) -> Result<Acl> {
    <Acl as crate::field::Field>::read(DatumRef::Bytes(bytes))
}

fn contains(acl: &[u8], item: &[u8]) -> Result<bool> {
    let item = AclItem::load(item).ok_or_else(|| Error::corrupted("an aclitem has the wrong length"))?;
    Ok(read_acl(acl)?.0.iter().any(|held| {
        (held.grantee, held.grantor) == (item.grantee, item.grantor)
            && held.privileges.contains(item.privileges)
            && held.grantable.contains(item.grantable)
    }))
}

/// The list that an object or a column has; null for what has none.
fn stored_acl(catalog: &Catalog, class: Oid, oid: Oid, sub: i32) -> Result<Option<Vec<u8>>> {
    use crate::rows::*;
    let kind = match class {
        PgClass::RELATION if sub != 0 => {
            let key = [oid.into(), sub.into()];
            let row = catalog.row::<PgAttribute>(crate::index::PG_ATTRIBUTE_RELID_ATTNUM_INDEX, &key)?;
            let acl = row.as_ref().filter(|row| !row.attisdropped).and_then(|row| row.attacl.as_ref());
            return Ok(acl.map(|acl| acl.to_stored()));
        }
        class => match ObjectKind::of_catalog(class) {
            Some(kind) => kind,
            None => return Ok(None),
        },
    };
    let acl = catalog.owner_and_acl(kind, oid)?.and_then(|(_, acl)| acl);
    Ok(acl.map(|acl| acl.to_stored()))
}

/// The list that a new object of a kind (named by `acldefault`'s letter) has.
fn default_acl(letter: u8, owner: Oid) -> Result<Vec<u8>> {
    let kind = match letter {
        b'c' => None,
        b'r' => Some(ObjectKind::Relation),
        b's' => Some(ObjectKind::Sequence),
        b'd' => Some(ObjectKind::Database),
        b'f' => Some(ObjectKind::Function),
        b'l' => Some(ObjectKind::Language),
        b'L' => Some(ObjectKind::LargeObject),
        b'n' => Some(ObjectKind::Schema),
        b'p' => Some(ObjectKind::Parameter),
        b't' => Some(ObjectKind::Tablespace),
        b'F' => Some(ObjectKind::ForeignDataWrapper),
        b'S' => Some(ObjectKind::ForeignServer),
        b'T' => Some(ObjectKind::Type),
        other => {
            let message = format!("unrecognized object type abbreviation: {}", other as char);
            return Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, message));
        }
    };
    Ok(kind.map(|kind| kind.default_acl(owner)).unwrap_or_default().to_stored())
}

fn make_item(grantee: Oid, grantor: Oid, list: &[u8], grantable: bool) -> Result<Vec<u8>> {
    let mut privileges = Privileges::NONE;
    for (privilege, _) in parse_privileges(list, Privileges(u32::MAX))? {
        privileges = privileges.union(privilege);
    }
    let grantable = if grantable { privileges } else { Privileges::NONE };
    let mut bytes = Vec::with_capacity(AclItem::STORED);
    AclItem { grantee, grantor, privileges, grantable }.store(&mut bytes);
    Ok(bytes)
}
