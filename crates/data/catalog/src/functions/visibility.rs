//! `pg_…_is_visible`: whether an unqualified name finds an object. Null for objects that do not exist.

use super::catalog_of;
use crate::catalog::Catalog;
use crate::index;
use crate::rows::*;
use error::Result;
use ids::Oid;
use types::Context;

types::builtins! {
    /// Visibility of names.
    pub static VISIBILITY =
    2079 pg_table_is_visible each(Context, Oid) |cx: Context<'_>, oid| catalog_of(&cx)?.relation_is_visible(oid);
    2080 pg_type_is_visible each(Context, Oid) |cx: Context<'_>, oid| catalog_of(&cx)?.type_is_visible(oid);
    2081 pg_function_is_visible each(Context, Oid) |cx: Context<'_>, oid| catalog_of(&cx)?.function_is_visible(oid);
    2082 pg_operator_is_visible each(Context, Oid) |cx: Context<'_>, oid| catalog_of(&cx)?.operator_is_visible(oid);
    2083 pg_opclass_is_visible each(Context, Oid) |cx: Context<'_>, oid| catalog_of(&cx)?.opclass_is_visible(oid);
    3829 pg_opfamily_is_visible each(Context, Oid) |cx: Context<'_>, oid| opfamily(catalog_of(&cx)?, oid);
    3815 pg_collation_is_visible each(Context, Oid) |cx: Context<'_>, oid| catalog_of(&cx)?.collation_is_visible(oid);
    2093 pg_conversion_is_visible each(Context, Oid) |cx: Context<'_>, oid| conversion(catalog_of(&cx)?, oid);
    3403 pg_statistics_obj_is_visible each(Context, Oid) |cx: Context<'_>, oid| statistics(catalog_of(&cx)?, oid);
    3756 pg_ts_parser_is_visible each(Context, Oid) |cx: Context<'_>, oid| ts_parser(catalog_of(&cx)?, oid);
    3757 pg_ts_dict_is_visible each(Context, Oid) |cx: Context<'_>, oid| ts_dict(catalog_of(&cx)?, oid);
    3758 pg_ts_config_is_visible each(Context, Oid) |cx: Context<'_>, oid| ts_config(catalog_of(&cx)?, oid);
    3768 pg_ts_template_is_visible each(Context, Oid) |cx: Context<'_>, oid| ts_template(catalog_of(&cx)?, oid);
}

fn opfamily(catalog: &Catalog, oid: Oid) -> Result<Option<bool>> {
    let Some(row) = catalog.find_opfamily(oid)? else { return Ok(None) };
    Ok(Some(catalog.opfamily_by_name(row.opfmethod, None, &row.opfname)? == Some(oid)))
}

/// Declares a check for catalogs whose names are unique within a schema.
macro_rules! by_name {
    ($($name:ident: $Row:ident, $oid_index:ident, $name_index:ident, $field:ident;)*) => {
        $(pub(crate) fn $name(catalog: &Catalog, oid: Oid) -> Result<Option<bool>> {
            let Some(row) = catalog.row::<$Row>(index::$oid_index, &[oid.into()])? else { return Ok(None) };
            // What is temporary is found only by the schema's name.
            let temporary = catalog.temporary_schema_if_any();
            for &schema in catalog.search_path()?.schemas.iter().filter(|schema| Some(**schema) != temporary) {
                let key = [row.$field.as_ref().into(), schema.into()];
                if let Some(found) = catalog.row::<$Row>(index::$name_index, &key)? {
                    return Ok(Some(found.oid == oid));
                }
            }
            Ok(Some(false))
        })*
    };
}

by_name! {
    conversion: PgConversion, PG_CONVERSION_OID_INDEX, PG_CONVERSION_NAME_NSP_INDEX, conname;
    statistics: PgStatisticExt, PG_STATISTIC_EXT_OID_INDEX, PG_STATISTIC_EXT_NAME_INDEX, stxname;
    ts_parser: PgTsParser, PG_TS_PARSER_OID_INDEX, PG_TS_PARSER_PRSNAME_INDEX, prsname;
    ts_dict: PgTsDict, PG_TS_DICT_OID_INDEX, PG_TS_DICT_DICTNAME_INDEX, dictname;
    ts_config: PgTsConfig, PG_TS_CONFIG_OID_INDEX, PG_TS_CONFIG_CFGNAME_INDEX, cfgname;
    ts_template: PgTsTemplate, PG_TS_TEMPLATE_OID_INDEX, PG_TS_TEMPLATE_TMPLNAME_INDEX, tmplname;
}
