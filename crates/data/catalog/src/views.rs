//! The system views: our own SQL, by view.
//!
//! The definitions stand in `views/*.sql`, each as `CREATE VIEW schema.name AS query;` with the query's columns in the order of
//! `pg_attribute`. The analyzer expands a system view from its text ([`crate::Catalog::view_definition`]).

use crate::index;
use crate::rows::*;
use ids::Oid;
use std::collections::HashMap;
use std::sync::LazyLock;

const FILES: &[&str] = &[
    include_str!("../views/pg_catalog.sql"),
    include_str!("../views/statistics.sql"),
    include_str!("../views/information_schema.sql"),
    include_str!("../views/information_schema_types.sql"),
    include_str!("../views/information_schema_foreign.sql"),
];

static DEFINITIONS: LazyLock<HashMap<Oid, &'static str>> = LazyLock::new(|| {
    let mut definitions = HashMap::new();
    for (schema, name, query) in FILES.iter().flat_map(|text| parse(text)) {
        if let Some(view) = view_oid(schema, name) {
            definitions.insert(view, query);
        }
    }
    definitions
});

/// The query of a system view.
pub fn definition(view: Oid) -> Option<&'static str> {
    DEFINITIONS.get(&view).copied()
}

/// Reads the files now.
pub(crate) fn warm() {
    LazyLock::force(&DEFINITIONS);
}

fn view_oid(schema: &str, name: &str) -> Option<Oid> {
    let schema = PgNamespace::builtin().find(index::PG_NAMESPACE_NSPNAME_INDEX, &[schema.into()]).next()?.oid;
    let class = PgClass::builtin().find(index::PG_CLASS_RELNAME_NSP_INDEX, &[name.into(), schema.into()]).next()?;
    Some(class.oid)
}

/// Schema, name and query of each statement of a file. Statements begin with `CREATE VIEW` at a line's start and end with a
/// semicolon at a line's end.
fn parse(text: &'static str) -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    text.split("\nCREATE VIEW ").skip(1).filter_map(|statement| {
        let (name, query) = statement.split_once(" AS\n")?;
        let (schema, name) = name.split_once('.')?;
        let end = query.find(";\n")?;
        Some((schema, name, query[..end].trim()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_definition_belongs_to_a_view() {
        for (schema, name, query) in FILES.iter().flat_map(|text| parse(text)) {
            let view = view_oid(schema, name).unwrap_or_else(|| panic!("there is no system view {schema}.{name}"));
            assert_eq!(definition(view), Some(query), "{schema}.{name} is defined twice");
        }
        let statements: usize = FILES.iter().map(|text| text.matches("\nCREATE VIEW ").count()).sum();
        assert_eq!(DEFINITIONS.len(), statements, "a statement is malformed");
        let missing =
            PgClass::builtin().rows().iter().filter(|class| class.relkind == b'v' && definition(class.oid).is_none());
        assert_eq!(missing.map(|class| &*class.relname).collect::<Vec<_>>(), [""; 0]);
    }
}
