//! Names, sizes, comments and other facts of objects and of the session.

use super::{catalog_of, text};
use crate::catalog::Catalog;
use crate::depend::Object;
use crate::index;
use crate::relation::{kind, locator_of};
use crate::rows::*;
use batch::{Datum, Repr};
use encoding::Encoding;
use error::{Error, Result, SqlState};
use ids::{Fork, Oid, PAGE_SIZE};
use types::Context;

types::builtins! {
    /// Facts of objects and of the session.
    pub static INFORMATION =
    1642 pg_get_userbyid each(Context, Oid) |cx: Context<'_>, oid: Oid| -> Result<String> {
        Ok(catalog_of(&cx)?.role_name(oid)?.unwrap_or_else(|| format!("unknown (OID={oid})")))
    };
    1597 PG_encoding_to_char each(i32) |number: i32| -> &'static str { encoding_name(number).unwrap_or("") };
    2319 pg_encoding_max_length each(i32) |number: i32| -> Option<i32> {
        Encoding::numbered(number).map(Encoding::longest)
    };
    1264 PG_char_to_encoding each(&[u8]) |name| encoding_number(&text(name)).unwrap_or(-1);
    1039 getdatabaseencoding each(Context) |cx: Context<'_>| -> Result<&'static str> {
        Ok(encoding_name(catalog_of(&cx)?.encoding()?).unwrap_or("UTF8"))
    };
    1215 obj_description each(Context, Oid, &[u8]) |cx: Context<'_>, oid, class| object_comment(catalog_of(&cx)?, oid, class);
    1348 obj_description_oid each(Context, Oid) |cx: Context<'_>, oid| any_comment(catalog_of(&cx)?, oid);
    1216 col_description each(Context, Oid, i32) |cx: Context<'_>, oid, column| {
        catalog_of(&cx)?.description(PgClass::RELATION, oid, column)
    };
    1993 shobj_description each(Context, Oid, &[u8]) |cx: Context<'_>, oid, class| shared_comment(catalog_of(&cx)?, oid, class);
    3537 pg_describe_object each(Context, Oid, Oid, i32) |cx: Context<'_>, class, oid, sub| describe(catalog_of(&cx)?, class, oid, sub);
    861 current_database each(Context) |cx: Context<'_>| database_name(catalog_of(&cx)?);
    745 current_user each(Context) |cx: Context<'_>| user_name(catalog_of(&cx)?, catalog_of(&cx)?.current_user());
    710 current_user each(Context) |cx: Context<'_>| user_name(catalog_of(&cx)?, catalog_of(&cx)?.current_user());
    746 session_user each(Context) |cx: Context<'_>| user_name(catalog_of(&cx)?, catalog_of(&cx)?.session_user());
    1402 current_schema each(Context) |cx: Context<'_>| current_schema(catalog_of(&cx)?);
    1403 current_schemas each(Context, bool) |cx: Context<'_>, implicit| current_schemas(catalog_of(&cx)?, implicit);
    2854 pg_my_temp_schema each(Context) |cx: Context<'_>| -> Result<Oid> {
        Ok(catalog_of(&cx)?.temporary_schema_if_any().unwrap_or_default())
    };
    2855 pg_is_other_temp_schema each(Context, Oid) |cx: Context<'_>, oid| is_other_temporary(catalog_of(&cx)?, oid);
    1665 pg_get_serial_sequence each(Context, &[u8], &[u8]) |cx: Context<'_>, table, column| serial_sequence(catalog_of(&cx)?, table, column);
    2332 pg_relation_size each(Context, Oid, &[u8]) |cx: Context<'_>, oid, fork| relation_size(catalog_of(&cx)?, oid, fork);
    2325 pg_relation_size_main each(Context, Oid) |cx: Context<'_>, oid| relation_size(catalog_of(&cx)?, oid, b"main");
    2997 pg_table_size each(Context, Oid) |cx: Context<'_>, oid| table_size(catalog_of(&cx)?, oid);
    2998 pg_indexes_size each(Context, Oid) |cx: Context<'_>, oid| indexes_size(catalog_of(&cx)?, oid);
    2286 pg_total_relation_size each(Context, Oid) |cx: Context<'_>, oid| total_size(catalog_of(&cx)?, oid);
    2999 pg_relation_filenode each(Context, Oid) |cx: Context<'_>, oid| file_number(catalog_of(&cx)?, oid);
    3034 pg_relation_filepath each(Context, Oid) |cx: Context<'_>, oid| file_path(catalog_of(&cx)?, oid);
    3778 pg_tablespace_location each(Context, Oid) |cx: Context<'_>, oid| tablespace_location(catalog_of(&cx)?, oid);
    6121 pg_relation_is_publishable each(Context, Oid) |cx: Context<'_>, oid| is_publishable(catalog_of(&cx)?, oid);
    6315 pg_basetype each(Context, Oid) |cx: Context<'_>, oid| base_type(catalog_of(&cx)?, oid);
    3298 row_security_active each(Context, Oid) |cx: Context<'_>, oid| row_security_active(catalog_of(&cx)?, oid);
    3299 row_security_active_name each(Context, &[u8]) |cx: Context<'_>, name: &[u8]| {
        let catalog = catalog_of(&cx)?;
        row_security_active(catalog, super::privileges::relation_of(catalog, name)?)
    };
    3424 pg_partition_root each(Context, Oid) |cx: Context<'_>, oid| partition_root(catalog_of(&cx)?, oid);
}

/// An encoding's name by its number.
pub fn encoding_name(number: i32) -> Option<&'static str> {
    Encoding::numbered(number).map(Encoding::name)
}

/// An encoding's number by its name: case and everything but letters and digits do not matter.
pub fn encoding_number(name: &str) -> Option<i32> {
    Encoding::named(name).map(Encoding::number)
}

/// The catalog that a comment function's second argument names.
fn catalog_named(name: &[u8]) -> Option<Oid> {
    let name = text(name);
    CATALOGS.iter().find(|info| info.name == name).map(|info| info.relation)
}

fn object_comment(catalog: &Catalog, oid: Oid, class: &[u8]) -> Result<Option<String>> {
    match catalog_named(class) {
        Some(class) => catalog.description(class, oid, 0),
        None => Ok(None),
    }
}

fn any_comment(catalog: &Catalog, oid: Oid) -> Result<Option<String>> {
    let rows = catalog.rows::<PgDescription>(index::PG_DESCRIPTION_O_C_O_INDEX, &[oid.into()])?;
    Ok(rows.iter().find(|row| row.objsubid == 0).map(|row| row.description.to_string()))
}

fn shared_comment(catalog: &Catalog, oid: Oid, class: &[u8]) -> Result<Option<String>> {
    let Some(class) = catalog_named(class) else { return Ok(None) };
    let row = catalog.row::<PgShdescription>(index::PG_SHDESCRIPTION_O_C_INDEX, &[oid.into(), class.into()])?;
    Ok(row.map(|row| row.description.to_string()))
}

fn describe(catalog: &Catalog, class: Oid, oid: Oid, sub: i32) -> Result<Option<String>> {
    if !class.is_valid() && !oid.is_valid() {
        return Ok(None);
    }
    if !CATALOGS.iter().any(|info| info.relation == class) {
        return Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, format!("unsupported object class: {class}")));
    }
    let text = catalog.object_description(Object { class, oid, sub })?;
    Ok(Some(text).filter(|text| !text.starts_with("object ")))
}

fn database_name(catalog: &Catalog) -> Result<Option<String>> {
    Ok(catalog.database_row(catalog.database())?.map(|row| row.datname.to_string()))
}

fn user_name(catalog: &Catalog, oid: Oid) -> Result<Option<String>> {
    catalog.role_name(oid)
}

fn current_schema(catalog: &Catalog) -> Result<Option<String>> {
    match catalog.search_path()?.creation {
        Some(schema) => catalog.schema_name(schema),
        None => Ok(None),
    }
}

fn current_schemas(catalog: &Catalog, implicit: bool) -> Result<Vec<u8>> {
    let path = catalog.search_path()?;
    let mut names = Vec::new();
    for &schema in path.schemas.iter().skip(if implicit { 0 } else { path.implicit }) {
        if let Some(name) = catalog.schema_name(schema)? {
            names.push(Datum::text(&name));
        }
    }
    types::array::from_elements(types::oid::NAME, Repr::Bytes, &names)
}

fn is_other_temporary(catalog: &Catalog, schema: Oid) -> Result<bool> {
    if catalog.temporary_schema_if_any() == Some(schema) {
        return Ok(false);
    }
    let name = catalog.schema_name(schema)?.unwrap_or_default();
    Ok(name.starts_with("pg_temp_") || name.starts_with("pg_toast_temp_"))
}

fn serial_sequence(catalog: &Catalog, table: &[u8], column: &[u8]) -> Result<Option<String>> {
    let table = text(table);
    let parts = crate::names::split_qualified(&table);
    let oid = match parts.as_deref() {
        Some([name]) => catalog.require_relation(None, name)?,
        Some([.., schema, name]) => catalog.require_relation(Some(schema), name)?,
        _ => return Err(Error::new(SqlState::INVALID_NAME, "invalid name syntax")),
    };
    let relation = catalog.relation(oid)?;
    let column = text(column);
    let Some(row) = relation.column_by_name(&column) else {
        let message = format!("column \"{column}\" of relation \"{}\" does not exist", relation.name());
        return Err(Error::new(SqlState::UNDEFINED_COLUMN, message));
    };
    match catalog.owned_sequence(oid, row.attnum)? {
        Some(sequence) => catalog.qualified_relation_text(sequence).map(Some),
        None => Ok(None),
    }
}

fn blocks(catalog: &Catalog, oid: Oid, fork: Fork) -> Result<i64> {
    let Some(class) = catalog.class(oid)? else { return Ok(0) };
    let Some(backing) = &catalog.backing else { return Ok(0) };
    let locator = locator_of(&class, catalog.database());
    if !matches!(class.relkind, kind::TABLE | kind::INDEX | kind::SEQUENCE | kind::TOAST | kind::MATERIALIZED_VIEW)
        || !backing.store.storage.exists(locator, fork)?
    {
        return Ok(0);
    }
    Ok(backing.store.storage.block_count(locator, fork)? as i64 * PAGE_SIZE as i64)
}

fn all_forks(catalog: &Catalog, oid: Oid) -> Result<i64> {
    Fork::ALL.into_iter().try_fold(0, |sum, fork| Ok(sum + blocks(catalog, oid, fork)?))
}

fn relation_size(catalog: &Catalog, oid: Oid, fork: &[u8]) -> Result<Option<i64>> {
    let fork = match fork {
        b"main" => Fork::Main,
        b"fsm" => Fork::FreeSpace,
        b"vm" => Fork::Visibility,
        b"init" => Fork::Init,
        _ => {
            return Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, "invalid fork name")
                .hint("Valid fork names are \"main\", \"fsm\", \"vm\", and \"init\"."));
        }
    };
    match catalog.class(oid)? {
        Some(_) => blocks(catalog, oid, fork).map(Some),
        None => Ok(None),
    }
}

fn table_size(catalog: &Catalog, oid: Oid) -> Result<Option<i64>> {
    let Some(class) = catalog.class(oid)? else { return Ok(None) };
    let mut size = all_forks(catalog, oid)?;
    if class.reltoastrelid.is_valid() {
        size += all_forks(catalog, class.reltoastrelid)?;
        for &index in &catalog.relation(class.reltoastrelid)?.indexes {
            size += all_forks(catalog, index)?;
        }
    }
    Ok(Some(size))
}

fn indexes_size(catalog: &Catalog, oid: Oid) -> Result<Option<i64>> {
    let Some(relation) = catalog.find_relation(oid)? else { return Ok(None) };
    relation.indexes.iter().try_fold(0, |sum, &index| Ok(sum + all_forks(catalog, index)?)).map(Some)
}

fn total_size(catalog: &Catalog, oid: Oid) -> Result<Option<i64>> {
    Ok(table_size(catalog, oid)?.zip(indexes_size(catalog, oid)?).map(|(table, indexes)| table + indexes))
}

fn file_number(catalog: &Catalog, oid: Oid) -> Result<Option<Oid>> {
    let Some(class) = catalog.class(oid)? else { return Ok(None) };
    let stored =
        matches!(class.relkind, kind::TABLE | kind::INDEX | kind::SEQUENCE | kind::TOAST | kind::MATERIALIZED_VIEW);
    Ok(stored.then(|| locator_of(&class, catalog.database()).file))
}

fn file_path(catalog: &Catalog, oid: Oid) -> Result<Option<String>> {
    if file_number(catalog, oid)?.is_none() {
        return Ok(None);
    }
    let Some(class) = catalog.class(oid)? else { return Ok(None) };
    let locator = locator_of(&class, catalog.database());
    Ok(Some(storage::relation_path(locator, ids::Fork::Main)))
}

fn tablespace_location(catalog: &Catalog, oid: Oid) -> Result<String> {
    let place = format!("pg_tblspc/{oid}");
    let link = catalog.data_directory.join(&place);
    match std::fs::read_link(&link) {
        Ok(target) => Ok(target.to_string_lossy().into_owned()),
        // In place: a directory instead of a link.
        Err(_) if link.is_dir() => Ok(place),
        Err(_) => Ok(String::new()),
    }
}

fn is_publishable(catalog: &Catalog, oid: Oid) -> Result<Option<bool>> {
    let Some(class) = catalog.class(oid)? else { return Ok(None) };
    let is_table = matches!(class.relkind, kind::TABLE | kind::PARTITIONED_TABLE);
    Ok(Some(is_table && class.oid >= Oid::FIRST_NORMAL && class.relpersistence == b'p'))
}

fn base_type(catalog: &Catalog, oid: Oid) -> Result<Option<Oid>> {
    match catalog.find_type(oid)? {
        Some(_) => Ok(Some(catalog.base_type(oid, -1)?.0)),
        None => Ok(None),
    }
}

fn row_security_active(catalog: &Catalog, oid: Oid) -> Result<bool> {
    let Some(class) = catalog.class(oid)? else { return Ok(false) };
    if !class.relrowsecurity {
        return Ok(false);
    }
    let user = catalog.current_user();
    if catalog.role(user)?.is_some_and(|role| role.rolsuper || role.rolbypassrls) {
        return Ok(false);
    }
    Ok(class.relforcerowsecurity || !catalog.has_privileges_of(user, class.relowner)?)
}

fn partition_root(catalog: &Catalog, oid: Oid) -> Result<Option<Oid>> {
    let Some(mut class) = catalog.class(oid)? else { return Ok(None) };
    if !class.relispartition && !matches!(class.relkind, kind::PARTITIONED_TABLE | kind::PARTITIONED_INDEX) {
        return Ok(None);
    }
    while class.relispartition {
        let Some(&parent) = catalog.parents(class.oid)?.first() else { break };
        match catalog.class(parent)? {
            Some(parent) => class = parent,
            None => break,
        }
    }
    Ok(Some(class.oid))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_by_name_and_number() {
        assert_eq!(encoding_name(6), Some("UTF8"));
        assert_eq!(encoding_name(42), None);
        assert_eq!(encoding_number("utf-8"), Some(6));
        assert_eq!(encoding_number("Latin_1"), Some(8));
        assert_eq!(encoding_number("nope"), None);
    }

    #[test]
    fn comments() {
        let catalog = Catalog::builtin();
        let comment = object_comment(&catalog, Oid(11), b"pg_namespace").expect("asks");
        assert_eq!(comment.as_deref(), Some("system catalog schema"));
        assert_eq!(object_comment(&catalog, Oid(11), b"pg_nothing").expect("asks"), None);
        let shared = shared_comment(&catalog, Oid(1), b"pg_database").expect("asks");
        assert_eq!(shared.as_deref(), Some("default template for new databases"));
    }

    #[test]
    fn paths_of_catalogs() {
        let catalog = Catalog::builtin();
        assert_eq!(file_path(&catalog, Oid(1259)).expect("asks").as_deref(), Some("base/1/1259"));
        assert_eq!(file_path(&catalog, Oid(1262)).expect("asks").as_deref(), Some("global/1262"));
        assert_eq!(file_path(&catalog, Oid(12000)).expect("asks"), None); // a view
    }
}
