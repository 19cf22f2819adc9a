//! Warming up before the fork: what every session would build for itself at its first statement is built once by the
//! postmaster, and shared by all its children until they change it (which they do not).
//!
//! That is: the registry of functions, the indexes over the built-in catalog rows, the descriptors of the catalogs, the
//! parser's tables. Measured on a debugging server, a session's first query touches some hundred kilobytes of such tables.

use analyzer::Params;
use catalog::Catalog;
use ids::Oid;
use settings::Settings;
use types::DefaultEnvironment;

/// Statements that reach every kind of table: names of relations, functions, operators, types, casts, aggregates.
const STATEMENTS: &[&str] = &[
    "select c.relname, n.nspname, count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace \
     where c.relkind in ('r', 'p') and c.relname like 'a%' and c.oid = $1 group by 1, 2 order by 1 desc limit 10",
    "select a.attname, format_type(a.atttypid, a.atttypmod), coalesce(a.attnum + 1, 2)::text from pg_attribute a \
     where a.attrelid = '1259'::oid and a.attnum > 0 and not a.attisdropped",
    "select rolname, rolsuper from pg_authid where rolname = 'postgres'",
    "select datname, datdba, now() from pg_database where datname <> lower('X')",
];

/// Types whose forms sessions ask for first.
const TYPES: &[u32] = &[16, 17, 18, 19, 20, 21, 23, 25, 26, 700, 701, 1042, 1043, 1082, 1083, 1114, 1184, 1700];

/// Builds the tables that sessions share. Nothing here can fail for a reason that matters: what is not built now, a session
/// builds.
pub fn warm_up(settings: &Settings) {
    let catalog = Catalog::builtin();
    let environment = DefaultEnvironment::default();
    let costs = planner::Costs::of(settings);
    let context = planner::Context {
        catalog: &catalog,
        env: &environment,
        costs: &costs,
        keeps_outputs: false,
        block_count: &|_| Some(1),
    };
    for &type_oid in TYPES {
        let _ = types::io(Oid(type_oid), &environment);
    }
    for text in STATEMENTS {
        for raw in parser::parse(text).unwrap_or_default() {
            let params = Params::inferred(vec![Oid(26)]);
            if let Ok((query, types)) = analyzer::analyze(&catalog, &environment, text, &raw.statement, params) {
                let _ = planner::plan(query, types, &context);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Statements that do not get through would warm nothing up.
    #[test]
    fn the_statements_are_planned() {
        let settings = Settings::new();
        let (catalog, environment, costs) =
            (Catalog::builtin(), DefaultEnvironment::default(), planner::Costs::of(&settings));
        types::register([catalog::functions::TABLES, crate::functions::TABLES].concat().leak());
        for text in STATEMENTS {
            let statements = parser::parse(text).expect("it parses");
            let params = Params::inferred(vec![Oid(26)]);
            let analyzed = analyzer::analyze(&catalog, &environment, text, &statements[0].statement, params);
            let (query, types) = analyzed.unwrap_or_else(|e| panic!("{text}: {e:?}"));
            let context = planner::Context {
                catalog: &catalog,
                env: &environment,
                costs: &costs,
                keeps_outputs: false,
                block_count: &|_| Some(1),
            };
            planner::plan(query, types, &context).unwrap_or_else(|e| panic!("{text}: {e:?}"));
        }
        warm_up(&settings);
    }
}
