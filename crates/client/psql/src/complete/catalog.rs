//! Which objects complete a word: a table of kinds, and the queries that the table makes.
//!
//! The queries read the catalogs that PostgreSQL 14 to 18 and Oliphant have in common, and give one column. Their results are
//! bounded: nobody chooses among thousands.

use super::Source;
use super::tokens::unquote;

/// No more candidates than these are asked for.
const LIMIT: usize = 1000;

/// Where objects of a kind are found.
enum Kind {
    /// Objects in schemas: catalog, the columns of name and schema, the function that tells whether the name alone finds it, and a
    /// condition.
    InSchema(&'static str, &'static str, &'static str, &'static str, &'static str),
    /// Objects of a database or a cluster: catalog, the name as text, and a condition.
    Global(&'static str, &'static str, &'static str),
    /// Words that are always there.
    Words(&'static [&'static str]),
}

const RELATION: (&str, &str, &str, &str) = ("pg_class", "relname", "relnamespace", "pg_table_is_visible");

const fn relation(condition: &'static str) -> Kind {
    Kind::InSchema(RELATION.0, RELATION.1, RELATION.2, RELATION.3, condition)
}

const fn function(condition: &'static str) -> Kind {
    Kind::InSchema("pg_proc", "proname", "pronamespace", "pg_function_is_visible", condition)
}

/// Every kind by its name in the grammars, sorted. Kinds that depend on other words of the statement are in [`super`].
const KINDS: &[(&str, Kind)] = &[
    ("access_methods", Kind::Global("pg_am", "quote_ident(amname)", "")),
    ("aggregates", function("o.prokind = 'a'")),
    ("attribute_options", Kind::Words(&["n_distinct", "n_distinct_inherited"])),
    (
        "available_extensions",
        Kind::Global("pg_available_extensions", "quote_ident(name)", "o.installed_version IS NULL"),
    ),
    ("booleans", Kind::Words(&["on", "off", "true", "false"])),
    ("channels", Kind::Global("pg_listening_channels() AS o(channel)", "quote_ident(channel)", "")),
    ("collations", Kind::InSchema("pg_collation", "collname", "collnamespace", "pg_collation_is_visible", "")),
    ("compressions", Kind::Words(&["pglz", "lz4", "DEFAULT"])),
    ("conversions", Kind::InSchema("pg_conversion", "conname", "connamespace", "pg_conversion_is_visible", "")),
    ("cursors", Kind::Global("pg_cursors", "quote_ident(name)", "")),
    ("databases", Kind::Global("pg_database", "quote_ident(datname)", "o.datallowconn")),
    ("domains", Kind::InSchema("pg_type", "typname", "typnamespace", "pg_type_is_visible", "o.typtype = 'd'")),
    ("encodings", Kind::Words(ENCODINGS)),
    ("event_triggers", Kind::Global("pg_event_trigger", "quote_ident(evtname)", "")),
    ("extensions", Kind::Global("pg_extension", "quote_ident(extname)", "")),
    ("foreign_tables", relation("o.relkind = 'f'")),
    ("functions", function("o.prokind IN ('f', 'w')")),
    ("callables", function("o.prokind IN ('a', 'f', 'w')")),
    ("indexes", relation("o.relkind IN ('i', 'I')")),
    ("languages", Kind::Global("pg_language", "quote_ident(lanname)", "o.lanname <> 'internal'")),
    ("materialized_views", relation("o.relkind = 'm'")),
    ("operator_classes", Kind::InSchema("pg_opclass", "opcname", "opcnamespace", "pg_opclass_is_visible", "")),
    ("operator_families", Kind::InSchema("pg_opfamily", "opfname", "opfnamespace", "pg_opfamily_is_visible", "")),
    ("partitioned", relation("o.relkind IN ('p', 'I')")),
    ("policies", Kind::Global("pg_policy", "quote_ident(polname)", "")),
    ("prepared_statements", Kind::Global("pg_prepared_statements", "quote_ident(name)", "")),
    ("prepared_transactions", Kind::Global("pg_prepared_xacts", "gid", "o.database = current_database()")),
    ("procedures", function("o.prokind = 'p'")),
    ("publication_parameters", Kind::Words(&["publish", "publish_generated_columns", "publish_via_partition_root"])),
    ("publications", Kind::Global("pg_publication", "quote_ident(pubname)", "")),
    ("relations", relation("o.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')")),
    ("roles", Kind::Global("pg_roles", "quote_ident(rolname)", "")),
    ("routines", function("o.prokind <> 'a'")),
    ("rules", Kind::Global("pg_rewrite", "quote_ident(rulename)", "o.rulename <> '_RETURN'")),
    ("schemas", Kind::Global("pg_namespace", "quote_ident(nspname)", "")),
    ("selectables", relation("o.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')")),
    ("sequences", relation("o.relkind = 'S'")),
    ("servers", Kind::Global("pg_foreign_server", "quote_ident(srvname)", "")),
    ("settings", Kind::Global("pg_settings", "name", "o.context <> 'internal'")),
    ("statistics", Kind::InSchema("pg_statistic_ext", "stxname", "stxnamespace", "pg_statistics_obj_is_visible", "")),
    ("storage_parameters", Kind::Words(STORAGE_PARAMETERS)),
    ("subscription_parameters", Kind::Words(SUBSCRIPTION_PARAMETERS)),
    ("subscriptions", Kind::Global("pg_subscription", "quote_ident(subname)", "")),
    ("table_functions", function("o.proretset")),
    ("tables", relation("o.relkind IN ('r', 'p')")),
    ("tablespaces", Kind::Global("pg_tablespace", "quote_ident(spcname)", "")),
    (
        "text_search_configurations",
        Kind::InSchema("pg_ts_config", "cfgname", "cfgnamespace", "pg_ts_config_is_visible", ""),
    ),
    (
        "text_search_dictionaries",
        Kind::InSchema("pg_ts_dict", "dictname", "dictnamespace", "pg_ts_dict_is_visible", ""),
    ),
    ("text_search_parsers", Kind::InSchema("pg_ts_parser", "prsname", "prsnamespace", "pg_ts_parser_is_visible", "")),
    (
        "text_search_templates",
        Kind::InSchema("pg_ts_template", "tmplname", "tmplnamespace", "pg_ts_template_is_visible", ""),
    ),
    ("timezones", Kind::Global("pg_timezone_names", "name", "")),
    ("triggers", Kind::Global("pg_trigger", "quote_ident(tgname)", "NOT o.tgisinternal")),
    ("types", Kind::InSchema("pg_type", "typname", "typnamespace", "pg_type_is_visible", TYPES)),
    ("updatables", relation("o.relkind IN ('r', 'p', 'v', 'f')")),
    ("views", relation("o.relkind = 'v'")),
    ("wrappers", Kind::Global("pg_foreign_data_wrapper", "quote_ident(fdwname)", "")),
];

/// Not the row types of tables, nor the types of arrays.
const TYPES: &str = "o.typcategory <> 'A' AND (o.typrelid = 0 OR EXISTS (SELECT 1 FROM pg_catalog.pg_class c \
                     WHERE c.oid = o.typrelid AND c.relkind = 'c'))";

/// Types whose names in SQL are not those in the catalog.
const TYPE_NAMES: &[&str] = &[
    "bigint",
    "boolean",
    "character varying",
    "decimal",
    "double precision",
    "integer",
    "real",
    "smallint",
    "time with time zone",
    "time without time zone",
    "timestamp with time zone",
    "timestamp without time zone",
];

const ENCODINGS: &[&str] = &[
    "BIG5",
    "EUC_CN",
    "EUC_JIS_2004",
    "EUC_JP",
    "EUC_KR",
    "EUC_TW",
    "GB18030",
    "GBK",
    "ISO_8859_5",
    "ISO_8859_6",
    "ISO_8859_7",
    "ISO_8859_8",
    "JOHAB",
    "KOI8R",
    "KOI8U",
    "LATIN1",
    "LATIN10",
    "LATIN2",
    "LATIN3",
    "LATIN4",
    "LATIN5",
    "LATIN6",
    "LATIN7",
    "LATIN8",
    "LATIN9",
    "MULE_INTERNAL",
    "SHIFT_JIS_2004",
    "SJIS",
    "SQL_ASCII",
    "UHC",
    "UTF8",
    "WIN1250",
    "WIN1251",
    "WIN1252",
    "WIN1253",
    "WIN1254",
    "WIN1255",
    "WIN1256",
    "WIN1257",
    "WIN1258",
    "WIN866",
    "WIN874",
];

const STORAGE_PARAMETERS: &[&str] = &[
    "autosummarize",
    "autovacuum_analyze_scale_factor",
    "autovacuum_analyze_threshold",
    "autovacuum_enabled",
    "autovacuum_freeze_max_age",
    "autovacuum_freeze_min_age",
    "autovacuum_freeze_table_age",
    "autovacuum_multixact_freeze_max_age",
    "autovacuum_multixact_freeze_min_age",
    "autovacuum_multixact_freeze_table_age",
    "autovacuum_vacuum_cost_delay",
    "autovacuum_vacuum_cost_limit",
    "autovacuum_vacuum_insert_scale_factor",
    "autovacuum_vacuum_insert_threshold",
    "autovacuum_vacuum_max_threshold",
    "autovacuum_vacuum_scale_factor",
    "autovacuum_vacuum_threshold",
    "buffering",
    "deduplicate_items",
    "fastupdate",
    "fillfactor",
    "gin_pending_list_limit",
    "log_autovacuum_min_duration",
    "pages_per_range",
    "parallel_workers",
    "toast_tuple_target",
    "user_catalog_table",
    "vacuum_index_cleanup",
    "vacuum_max_eager_freeze_failure_rate",
    "vacuum_truncate",
];

const SUBSCRIPTION_PARAMETERS: &[&str] = &[
    "binary",
    "connect",
    "copy_data",
    "create_slot",
    "disable_on_error",
    "enabled",
    "failover",
    "origin",
    "password_required",
    "refresh",
    "run_as_owner",
    "slot_name",
    "streaming",
    "synchronous_commit",
    "two_phase",
];

/// Whether `kind` is in the table.
#[cfg(test)]
pub(super) fn is_known(kind: &str) -> bool {
    KINDS.iter().any(|(name, _)| *name == kind)
}

/// The objects of `kind` that begin with `part`, a name as it was typed, in the schema that `qualifier` names or, without one, in
/// those that are searched; and schemas, where objects are in schemas.
pub(super) fn objects(kind: &str, qualifier: &[&str], part: &str, source: &mut dyn Source) -> Vec<String> {
    let Some((_, found)) = KINDS.iter().find(|(name, _)| *name == kind) else { return Vec::new() };
    let prefix = unquote(part);
    let sql = match (found, qualifier) {
        (Kind::Words(words), []) => return starting_with(words, &prefix),
        (Kind::Global(catalog, name, condition), []) => global(catalog, name, condition, &prefix),
        (Kind::InSchema(catalog, name, schema, visible, condition), []) => {
            visible_objects(catalog, name, schema, visible, condition, &prefix)
        }
        (Kind::InSchema(catalog, name, schema, _, condition), [.., in_schema]) => {
            qualified_objects(catalog, name, schema, condition, &unquote(in_schema), &prefix)
        }
        _ => return Vec::new(),
    };
    let mut objects = source.query(&sql).unwrap_or_default();
    if kind == "types" && qualifier.is_empty() {
        objects.extend(starting_with(TYPE_NAMES, &prefix));
    }
    objects
}

fn starting_with(words: &[&str], prefix: &str) -> Vec<String> {
    let begins = |word: &str| word.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    words.iter().filter(|word| begins(word)).map(|word| (*word).to_owned()).collect()
}

/// A string constant.
pub(super) fn literal(text: &str) -> String {
    let escape = if text.contains('\\') { "E" } else { "" };
    format!("{escape}'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

/// The condition that `name` begins with `prefix`.
pub(super) fn begins(name: &str, prefix: &str) -> String {
    let mut pattern = String::with_capacity(prefix.len() + 1);
    for c in prefix.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    format!("{name} LIKE {}", literal(&pattern))
}

fn and(condition: &str) -> String {
    if condition.is_empty() { String::new() } else { format!(" AND {condition}") }
}

fn global(catalog: &str, name: &str, condition: &str, prefix: &str) -> String {
    let from = if catalog.contains(' ') { catalog.to_owned() } else { format!("{catalog} o") };
    let bare = name.trim_start_matches("quote_ident(").trim_end_matches(')');
    // Names of settings are found in small and capital letters alike.
    let matches = match name {
        "name" => begins("lower(o.name)", &prefix.to_lowercase()),
        _ => begins(&format!("o.{bare}"), prefix),
    };
    // What belongs to the system stands aside, unless it is asked for.
    let own = match (catalog, prefix.starts_with("pg_")) {
        ("pg_namespace", false) => " AND o.nspname NOT LIKE 'pg\\_toast%' AND o.nspname NOT LIKE 'pg\\_temp%'",
        ("pg_roles", false) => " AND o.rolname NOT LIKE 'pg\\_%'",
        _ => "",
    };
    let name = name.replace(bare, &format!("o.{bare}"));
    format!("SELECT {name} FROM pg_catalog.{from} WHERE {matches}{}{own} ORDER BY 1 LIMIT {LIMIT}", and(condition))
}

fn visible_objects(catalog: &str, name: &str, schema: &str, visible: &str, condition: &str, prefix: &str) -> String {
    let matches = begins(&format!("o.{name}"), prefix);
    // The system's relations stand aside, unless they are asked for.
    let own = if catalog == "pg_class" && !prefix.starts_with("pg_") {
        " AND o.relnamespace NOT IN (SELECT s.oid FROM pg_catalog.pg_namespace s WHERE s.nspname = 'pg_catalog')"
    } else {
        ""
    };
    let hidden = if prefix.starts_with("pg_") { "" } else { " AND n.nspname NOT LIKE 'pg\\_%'" };
    format!(
        "SELECT pg_catalog.quote_ident(o.{name}) FROM pg_catalog.{catalog} o WHERE {matches}{}{own} \
         AND pg_catalog.{visible}(o.oid) UNION SELECT pg_catalog.quote_ident(n.nspname) || '.' FROM pg_catalog.pg_namespace n \
         WHERE {} AND EXISTS (SELECT 1 FROM pg_catalog.{catalog} o WHERE o.{schema} = n.oid{}){hidden} ORDER BY 1 LIMIT {LIMIT}",
        and(condition),
        begins("n.nspname", prefix),
        and(condition),
    )
}

fn qualified_objects(
    catalog: &str,
    name: &str,
    schema: &str,
    condition: &str,
    in_schema: &str,
    prefix: &str,
) -> String {
    format!(
        "SELECT DISTINCT pg_catalog.quote_ident(o.{name}) FROM pg_catalog.{catalog} o JOIN pg_catalog.pg_namespace n \
         ON n.oid = o.{schema} WHERE n.nspname = {} AND {}{} ORDER BY 1 LIMIT {LIMIT}",
        literal(in_schema),
        begins(&format!("o.{name}"), prefix),
        and(condition),
    )
}

/// The columns of a relation (its name, perhaps with a schema) that begin with `part`.
pub(super) fn columns(relation: &[String], part: &str, source: &mut dyn Source) -> Vec<String> {
    let found = match relation {
        [name] => format!("c.relname = {} AND pg_catalog.pg_table_is_visible(c.oid)", literal(name)),
        [.., schema, name] => format!(
            "c.relname = {} AND c.relnamespace = (SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname = {})",
            literal(name),
            literal(schema)
        ),
        [] => return Vec::new(),
    };
    let sql = format!(
        "SELECT pg_catalog.quote_ident(a.attname) FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid \
         WHERE {found} AND a.attnum > 0 AND NOT a.attisdropped AND {} ORDER BY 1 LIMIT {LIMIT}",
        begins("a.attname", &unquote(part))
    );
    source.query(&sql).unwrap_or_default()
}

/// The constraints of a relation that begin with `part`.
pub(super) fn constraints(relation: Option<&[String]>, part: &str, source: &mut dyn Source) -> Vec<String> {
    let of = match relation.and_then(<[String]>::last) {
        Some(name) => {
            format!(" AND o.conrelid IN (SELECT c.oid FROM pg_catalog.pg_class c WHERE c.relname = {})", literal(name))
        }
        None => String::new(),
    };
    let sql = format!(
        "SELECT DISTINCT pg_catalog.quote_ident(o.conname) FROM pg_catalog.pg_constraint o WHERE {}{of} ORDER BY 1 LIMIT {LIMIT}",
        begins("o.conname", &unquote(part))
    );
    source.query(&sql).unwrap_or_default()
}

/// The labels of an enum type that begin with `part`, not quoted.
pub(super) fn enum_labels(type_name: &[String], part: &str, source: &mut dyn Source) -> Vec<String> {
    let Some(name) = type_name.last() else { return Vec::new() };
    let sql = format!(
        "SELECT e.enumlabel FROM pg_catalog.pg_enum e JOIN pg_catalog.pg_type t ON t.oid = e.enumtypid \
         WHERE t.typname = {} AND {} ORDER BY 1 LIMIT {LIMIT}",
        literal(name),
        begins("e.enumlabel", part)
    );
    source.query(&sql).unwrap_or_default()
}

/// The values that a setting may have and that begin with `part`.
pub(super) fn setting_values(setting: &str, part: &str, source: &mut dyn Source) -> Vec<String> {
    let setting = setting.to_lowercase();
    let of_kind = match setting.as_str() {
        "search_path" | "temp_tablespaces" | "default_tablespace" => {
            Some(if setting == "search_path" { "schemas" } else { "tablespaces" })
        }
        "role" | "session_authorization" => Some("roles"),
        "client_encoding" => Some("encodings"),
        "timezone" | "log_timezone" => Some("timezones"),
        "default_table_access_method" => Some("access_methods"),
        "default_text_search_config" => Some("text_search_configurations"),
        _ => None,
    };
    let mut values = match of_kind {
        Some(kind) => objects(kind, &[], part, source),
        None if setting == "datestyle" => starting_with(
            &["ISO", "SQL", "Postgres", "German", "YMD", "DMY", "MDY", "US", "European", "NonEuropean"],
            part,
        ),
        None => {
            let sql = format!(
                "SELECT v FROM (SELECT pg_catalog.unnest(s.enumvals) AS v FROM pg_catalog.pg_settings s WHERE s.name = {0} \
                 UNION ALL SELECT b FROM (VALUES ('on'), ('off')) AS x(b), pg_catalog.pg_settings s \
                 WHERE s.name = {0} AND s.vartype = 'bool') AS o WHERE {1} ORDER BY 1 LIMIT {LIMIT}",
                literal(&setting),
                begins("v", &part.to_lowercase())
            );
            source.query(&sql).unwrap_or_default()
        }
    };
    if setting == "timezone" {
        // Names with a slash must be quoted.
        values = values.into_iter().map(|value| if value.contains('/') { literal(&value) } else { value }).collect();
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grammar::{self, Class};

    #[test]
    fn every_kind_of_the_grammar_is_known() {
        let elsewhere = ["columns", "attributes", "constraints", "setting_values", "enum_values", "files", ""];
        for (name, placeholder) in &grammar::sql().placeholders {
            let is_known = is_known(placeholder.kind) || elsewhere.contains(&placeholder.kind);
            assert!(is_known || placeholder.class == Class::Keyword, "{name}: {}", placeholder.kind);
        }
    }

    #[test]
    fn what_was_typed_is_a_constant() {
        assert_eq!(begins("x", "a_b%'\\"), "x LIKE E'a\\\\_b\\\\%''\\\\\\\\%'");
        assert_eq!(literal("it's"), "'it''s'");
    }
}
