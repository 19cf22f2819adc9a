//! What index access methods, indexes and their columns can do, for clients that ask by name.

use super::catalog_of;
use crate::catalog::Catalog;
use crate::relation::kind;
use access::{Method, Traits};
use error::Result;
use ids::Oid;
use types::Context;

types::builtins! {
    /// The functions `pg_…_has_property`.
    pub static PROPERTIES =
    636 pg_indexam_has_property each(Context, Oid, &[u8]) |cx: Context<'_>, method, name: &[u8]| {
        of_method(catalog_of(&cx)?, method, &super::text(name))
    };
    637 pg_index_has_property each(Context, Oid, &[u8]) |cx: Context<'_>, index, name: &[u8]| {
        of_index(catalog_of(&cx)?, index, &super::text(name))
    };
    638 pg_index_column_has_property each(Context, Oid, i32, &[u8]) |cx: Context<'_>, index, column, name: &[u8]| {
        of_column(catalog_of(&cx)?, index, column, &super::text(name))
    };
}

fn of_method(catalog: &Catalog, oid: Oid, name: &str) -> Result<Option<bool>> {
    match catalog.find_access_method(oid)? {
        Some(row) if row.amtype == b'i' => {}
        _ => return Ok(None),
    }
    let traits = catalog.index_method(oid)?.traits();
    Ok(match name.to_ascii_lowercase().as_str() {
        "can_order" => Some(traits.can_order),
        "can_unique" => Some(traits.can_unique),
        "can_multi_col" => Some(traits.can_multi_column),
        "can_exclude" => Some(traits.can_exclude),
        "can_include" => Some(traits.can_include),
        _ => None,
    })
}

fn traits_of(catalog: &Catalog, index: Oid) -> Result<Option<(Method, &'static Traits)>> {
    let Some(class) = catalog.class(index)? else { return Ok(None) };
    if !matches!(class.relkind, kind::INDEX | kind::PARTITIONED_INDEX) {
        return Ok(None);
    }
    let method = catalog.index_method(class.relam)?;
    Ok(Some((method, method.traits())))
}

fn of_index(catalog: &Catalog, index: Oid, name: &str) -> Result<Option<bool>> {
    let Some((_, traits)) = traits_of(catalog, index)? else { return Ok(None) };
    Ok(match name.to_ascii_lowercase().as_str() {
        "clusterable" => Some(traits.clusterable),
        "index_scan" => Some(traits.plain_scan),
        "bitmap_scan" => Some(true),
        "backward_scan" => Some(traits.can_backward),
        _ => None,
    })
}

fn of_column(catalog: &Catalog, index: Oid, column: i32, name: &str) -> Result<Option<bool>> {
    let Some((method, traits)) = traits_of(catalog, index)? else { return Ok(None) };
    let Some(row) = catalog.find_index(index)? else { return Ok(None) };
    let Some(at) = usize::try_from(column - 1).ok().filter(|&at| at < row.indnatts as usize) else { return Ok(None) };
    let is_key = at < row.indnkeyatts as usize;
    let option = row.indoption.get(at).copied().unwrap_or(0);
    let ordered = |wanted: bool| is_key.then_some(traits.can_order && wanted);
    Ok(match name.to_ascii_lowercase().as_str() {
        "asc" => ordered(option & 1 == 0),
        "desc" => ordered(option & 1 != 0),
        "nulls_first" => ordered(option & 2 != 0),
        "nulls_last" => ordered(option & 2 == 0),
        "orderable" => Some(is_key && traits.can_order),
        "search_array" => is_key.then_some(traits.search_array),
        "search_nulls" => is_key.then_some(traits.search_nulls),
        "distance_orderable" | "returnable" if !is_key && method == Method::Gist => None,
        "distance_orderable" if !is_key || !traits.can_order_by_operator => Some(false),
        "distance_orderable" => {
            let class = catalog.opclass(row.indclass.get(at).copied().unwrap_or_default())?;
            let members = catalog.family_members(class.opcfamily)?;
            Some(members.iter().any(|member| {
                member.amopmethod == class.opcmethod
                    && member.amoppurpose == b'o'
                    && member.amoplefttype == class.opcintype
            }))
        }
        "returnable" => Some(catalog.index_returns(method, &row, at)?),
        _ => None,
    })
}
