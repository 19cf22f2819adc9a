//! Calls of built-in functions whose results were recorded from PostgreSQL 18.6 (`data/cases/*.tsv`).
//!
//! Each case runs twice: on constants, and on columns of several rows with a selection.

use batch::{Column, Datum, Repr, Rows};
use error::Result;
use ids::Oid;
use types::{Context, DefaultEnvironment, Environment};

fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, c == '\\') {
            (_, true) => match chars.next() {
                Some('n') => out.push('\n'),
                Some('t') => out.push('\t'),
                Some(other) => out.push(other),
                None => out.push('\\'),
            },
            (c, false) => out.push(c),
        }
    }
    out
}

fn argument(field: &str) -> Option<String> {
    (field != "\\N").then(|| unescape(field))
}

fn repr(type_oid: Oid) -> Repr {
    types::repr(type_oid).unwrap_or(Repr::Bytes)
}

/// The result's text (`None` for null), computed both ways.
fn evaluate(
    function: Oid,
    types_of: &[Oid],
    args: &[Option<String>],
    result: Oid,
    env: &dyn Environment,
) -> Result<Option<String>> {
    let values = types_of
        .iter()
        .zip(args)
        .map(|(&t, text)| match text {
            None => Ok(Datum::Null),
            Some(text) => types::input(t, text, -1, env),
        })
        .collect::<Result<Vec<Datum>>>()?;
    let Some(builtin) = types::function(function) else {
        return Err(error::Error::not_implemented(format_args!("function {function}")));
    };
    let context = Context { collation: Oid(100), result_type: result, arg_types: types_of, ..Context::plain(env) };
    let refs: Vec<_> = values.iter().map(Datum::as_ref).collect();
    let one = builtin.evaluate_one(&refs, context, repr(result))?;

    let columns: Vec<Column> = values
        .iter()
        .zip(types_of)
        .map(|(v, &t)| {
            let mut column = Column::new(repr(t));
            (0..4).for_each(|_| column.push(v.as_ref()));
            column
        })
        .collect();
    let columns: Vec<&Column> = columns.iter().collect();
    let mut out = Column::new(repr(result));
    for rows in [Rows::All(4), Rows::Some(&[1, 3])] {
        builtin.evaluate(&columns, rows, 4, context, &mut out)?;
        assert_eq!(out.datum(3), one, "function {function} differs between constants and columns");
    }
    if one.is_null() {
        return Ok(None);
    }
    let mut text = Vec::new();
    types::output(result, one.as_ref(), env, &mut text)?;
    Ok(Some(String::from_utf8_lossy(&text).into_owned()))
}

fn run(name: &str, cases: &str) {
    let mut env = DefaultEnvironment::default();
    if let Some(zone) = types::datetime::TimeZone::named("America/New_York") {
        env.time_zone = zone;
    }
    let mut failures = Vec::new();
    let mut count = 0;
    for line in cases.lines().filter(|line| !line.starts_with('#')) {
        count += 1;
        let fields: Vec<&str> = line.split('\t').collect();
        let function = Oid(fields[0].parse().unwrap());
        let types_of: Vec<Oid> =
            fields[1].split(',').filter(|t| !t.is_empty()).map(|t| Oid(t.parse().unwrap())).collect();
        let n: usize = fields[2].parse().unwrap();
        let args: Vec<Option<String>> = fields[3..3 + n].iter().map(|f| argument(f)).collect();
        let (kind, state, text) = (fields[3 + n], fields[4 + n], fields.get(5 + n).copied().unwrap_or(""));
        let result_type = if kind == "=" { Oid(state.parse().unwrap()) } else { Oid(25) };
        let result_type = if kind == "=" { result_type } else { result_of(function).unwrap_or(result_type) };
        let found = match evaluate(function, &types_of, &args, result_type, &env) {
            Ok(None) => "= \\N".to_string(),
            Ok(Some(text)) => format!("= {text}"),
            Err(e) => format!("! {} {}", e.state(), e.message()),
        };
        let wanted = match (kind, argument(text)) {
            ("=", None) => "= \\N".to_string(),
            ("=", Some(text)) => format!("= {text}"),
            (_, text) => format!("! {state} {}", text.unwrap_or_default()),
        };
        let name = types::function(function).map_or("", |f| f.name);
        let same = found == wanted;
        if !same {
            failures.push(format!("{function} {name}{args:?}\n   wanted {wanted}\n   found  {found}"));
        }
    }
    assert!(failures.is_empty(), "{name}: {} of {count} cases fail\n{}", failures.len(), failures.join("\n"));
}

/// The declared result type of a function, for calls that failed; polymorphic ones are taken as text.
fn result_of(function: Oid) -> Option<Oid> {
    let facts = include_str!("../data/functions.tsv");
    let line = facts.lines().find(|line| line.split('\t').next() == Some(&function.to_string()))?;
    let result = Oid(line.split('\t').nth(6)?.parse().ok()?);
    (!matches!(result.0, 2277 | 2283 | 5077 | 5078)).then_some(result)
}

macro_rules! cases {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            run(stringify!($name), include_str!(concat!("../data/cases/", stringify!($name), ".tsv")));
        })*
    };
}

cases! { datetimes miscellany numbers numerics regexes texts arrays }
