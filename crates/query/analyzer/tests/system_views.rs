//! The system views: their SQL, analysed, has the columns that PostgreSQL 18's views have (which `pg_attribute`'s rows, taken from it,
//! record), and what the deparser prints of them means the same again.

use analyzer::query::SqlType;
use analyzer::{Analyzer, Params};
use catalog::Catalog;
use catalog::rows::{CatalogRow as _, PgClass};
use types::DefaultEnvironment;

fn views(catalog: &Catalog) -> Vec<catalog::Entry<catalog::Relation>> {
    let views = PgClass::builtin().rows().iter().filter(|class| class.relkind == b'v');
    views.map(|class| catalog.relation(class.oid).expect("is there")).collect()
}

#[test]
fn columns_are_those_of_postgresql() {
    let catalog = Catalog::builtin();
    let env = DefaultEnvironment::default();
    let views = views(&catalog);
    assert_eq!(views.len(), 145);
    let mut wrong = Vec::new();
    for view in views {
        let query = match analyzer::stored_query(&catalog, &env, &view) {
            Ok(query) => query,
            Err(error) => {
                wrong.push(format!("{}: {error}", view.name()));
                continue;
            }
        };
        let ours: Vec<(String, SqlType)> = query.output().map(|target| (target.name.clone(), target.expr.ty)).collect();
        let theirs: Vec<(String, SqlType)> = (view.columns.iter())
            .map(|c| {
                let ty = SqlType { oid: c.atttypid, typmod: c.atttypmod, collation: c.attcollation };
                (c.attname.to_string(), ty)
            })
            .collect();
        for (at, pair) in ours.iter().zip(&theirs).enumerate() {
            if pair.0 != pair.1 {
                wrong.push(format!("{}, column {}: {:?}", view.name(), at + 1, pair));
            }
        }
        if ours.len() != theirs.len() {
            wrong.push(format!("{}: {} columns rather than {}", view.name(), ours.len(), theirs.len()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn printed_definitions_mean_the_same() {
    let catalog = Catalog::builtin();
    let env = DefaultEnvironment::default();
    let mut wrong = Vec::new();
    for view in views(&catalog) {
        let query = analyzer::stored_query(&catalog, &env, &view).expect("analyses");
        for pretty in [false, true] {
            let print = |query: &analyzer::query::Query| {
                analyzer::deparse::query_text(&catalog, &env, query, &[], pretty, 0).expect("prints")
            };
            let read = |text: &str| {
                parser::parse(text).and_then(|parsed| {
                    Analyzer::new(&catalog, &env, text, Params::default()).view_query(&parsed[0].statement)
                })
            };
            // Columns without a name of their own may get one the first time.
            let first = print(&query);
            match read(&first).map(|again| print(&again)).and_then(|second| Ok((print(&read(&second)?), second))) {
                Ok((third, second)) if third == second && second.len().abs_diff(first.len()) < 100 => {}
                Ok((third, second)) => wrong.push(format!("{}:\n{first}\n{second}\n{third}", view.name())),
                Err(error) => wrong.push(format!("{}: {error}\n{first}", view.name())),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
