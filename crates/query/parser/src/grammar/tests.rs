//! What went wrong, or could: each case is our own statement, its answer the reference server's.

use crate::ast::*;
use crate::{ParseMode, ParserOptions, parse, parse_type_name, parse_with};

/// The message and position of a text that must fail.
fn failure(source: &str) -> (String, u32) {
    match parse(source) {
        Ok(statements) => panic!("{source:?} parses: {statements:#?}"),
        Err(error) => (error.message().to_string(), error.fields().position.unwrap_or(0)),
    }
}

fn accepts(sources: &[&str]) {
    for source in sources {
        if let Err(error) = parse(source) {
            panic!("{source:?}: {error} at {:?}", error.fields().position);
        }
    }
}

fn refuses(cases: &[(&str, &str, u32)]) {
    for &(source, message, position) in cases {
        assert_eq!(failure(source), (message.to_string(), position), "{source:?}");
    }
}

/// The expression of `SELECT expression`.
fn expression(source: &str) -> Expr {
    let text = format!("select {source}");
    let statement = parse(&text).unwrap_or_else(|error| panic!("{source:?}: {error}")).remove(0).statement;
    let Statement::Select(select) = statement else { panic!("{source:?}") };
    let SelectBody::Simple(mut simple) = select.body else { panic!("{source:?}") };
    simple.targets.remove(0).value
}

/// An expression with all its parentheses.
fn show(e: &Expr) -> String {
    let list = |items: &[Expr], between: &str| items.iter().map(show).collect::<Vec<_>>().join(between);
    let not = |negated: bool| if negated { "not " } else { "" };
    match &e.kind {
        ExprKind::Constant(Constant::Integer(n)) => n.to_string(),
        ExprKind::Constant(Constant::Float(n)) => n.to_string(),
        ExprKind::Constant(Constant::String(s)) => format!("'{s}'"),
        ExprKind::Constant(other) => format!("{other:?}"),
        ExprKind::Column(name) => name.to_string(),
        ExprKind::Parameter(n) => format!("${n}"),
        ExprKind::Binary { first, rest } => rest
            .iter()
            .fold(show(first), |left, step| format!("({left} {} {})", step.operator.symbol, show(&step.right))),
        ExprKind::Unary { operator, operand } => format!("({} {})", operator.symbol, show(operand)),
        ExprKind::And(items) => format!("({})", list(items, " and ")),
        ExprKind::Or(items) => format!("({})", list(items, " or ")),
        ExprKind::Not(operand) => format!("(not {})", show(operand)),
        ExprKind::Is { operand, test, negated } => format!("({} is {}{test:?})", show(operand), not(*negated)),
        ExprKind::IsDistinctFrom { left, right, negated } => {
            format!("({} is {}distinct from {})", show(left), not(*negated), show(right))
        }
        ExprKind::Between(b) => {
            format!("({} {}between {} and {})", show(&b.operand), not(b.negated), show(&b.low), show(&b.high))
        }
        ExprKind::Like(l) => format!("({} {}like {})", show(&l.operand), not(l.negated), show(&l.pattern)),
        ExprKind::In(i) => match &i.set {
            InSet::List(items) => format!("({} {}in ({}))", show(&i.operand), not(i.negated), list(items, ", ")),
            InSet::Subquery(_) => format!("({} {}in (query))", show(&i.operand), not(i.negated)),
        },
        ExprKind::Quantified(q) => {
            let right = match &q.right {
                QuantifiedSet::Array(array) => show(array),
                QuantifiedSet::Subquery(_) => "query".to_string(),
            };
            format!("({} {} {}({right}))", show(&q.left), q.operator.symbol, if q.all { "all" } else { "any" })
        }
        ExprKind::Cast { operand, target } => format!("{}::{}", show(operand), target.name),
        ExprKind::Collate { operand, collation } => format!("({} collate {collation})", show(operand)),
        ExprKind::Call(call) => {
            let arguments: Vec<String> = call.arguments.iter().map(|a| show(&a.value)).collect();
            format!("{}({})", call.name, arguments.join(", "))
        }
        ExprKind::Row { fields, .. } => format!("row({})", list(fields, ", ")),
        ExprKind::Array(items) => format!("[{}]", list(items, ", ")),
        ExprKind::Subquery(_) => "(query)".to_string(),
        ExprKind::Indirection { base, path } => format!("{}{}", show(base), path.len()),
        other => format!("{other:?}"),
    }
}

#[test]
fn precedence() {
    for (source, shown) in [
        ("a + b * c - d", "((a + (b * c)) - d)"),
        ("a = b and not c < d or e", "(((a = b) and (not (c < d))) or e)"),
        ("a and b and c", "(a and b and c)"),
        ("(a and b) and c", "(a and b and c)"),
        ("a and (b and c)", "(a and (b and c))"),
        ("a or b and c or d", "(a or (b and c) or d)"),
        ("- a ^ b", "((- a) ^ b)"),
        ("-1", "-1"),
        ("-1::int", "(- 1::pg_catalog.int4)"),
        ("- - 1.5", "1.5"),
        ("2 ^ -1", "(2 ^ -1)"),
        ("a || b || c + d", "((a || b) || (c + d))"),
        ("@ a + b", "(@ (a + b))"),
        ("@ a || b", "((@ a) || b)"),
        ("a = not b", "(a = (not b))"),
        ("a is null is not true", "((a is Null) is not True)"),
        ("a = b is null", "((a = b) is Null)"),
        ("not a is null", "(not (a is Null))"),
        ("a between 1 and 2 and b", "((a between 1 and 2) and b)"),
        ("a not between b + 1 and c || d", "(a not between (b + 1) and (c || d))"),
        ("a like b || c = d", "((a like (b || c)) = d)"),
        ("a in (1, 2) = b", "((a in (1, 2)) = b)"),
        ("a in ((1), (select 2))", "(a in (1, (query)))"),
        ("a in ((select 1))", "(a in (query))"),
        ("a = any (array[1, 2]) and b <> all (select 1)", "((a = any([1, 2])) and (b <> all(query)))"),
        ("a at time zone b || c", "(pg_catalog.timezone(b, a) || c)"),
        ("a collate \"C\" || b", "((a collate C) || b)"),
        ("a operator(pg_catalog.+) b * c", "(a + (b * c))"),
        ("a is distinct from b || c", "(a is distinct from (b || c))"),
        ("(1, 2) overlaps (3, 4)", "pg_catalog.overlaps(1, 2, 3, 4)"),
        ("((select 1) + 2) * 3", "(((query) + 2) * 3)"),
        ("((select 1) union select 2)", "(query)"),
        ("a <> b != c", ""),
    ] {
        if shown.is_empty() {
            failure(&format!("select {source}"));
            continue;
        }
        assert_eq!(show(&expression(source)), shown, "{source}");
    }
}

#[test]
fn operators_that_do_not_associate() {
    refuses(&[
        ("select a < b < c", "syntax error at or near \"<\"", 14),
        ("select a = b = c", "syntax error at or near \"=\"", 14),
        ("select a like b like c", "syntax error at or near \"like\"", 17),
        ("select a between 1 and 2 in (3)", "syntax error at or near \"in\"", 26),
        ("select a is distinct from b is null", "syntax error at or near \"is\"", 29),
    ]);
}

#[test]
fn special_functions_become_calls() {
    for (source, shown) in [
        ("extract(year from d)", "pg_catalog.extract('year', d)"),
        ("position('a' in b)", "pg_catalog.position(b, 'a')"),
        ("substring(a from 1 for 2)", "pg_catalog.substring(a, 1, 2)"),
        ("substring(a for 2)", "pg_catalog.substring(a, 1, 2::pg_catalog.int4)"),
        ("substring(a similar b escape c)", "pg_catalog.substring(a, b, c)"),
        ("substring(a, 1)", "substring(a, 1)"),
        ("trim(leading 'x' from a)", "pg_catalog.ltrim(a, 'x')"),
        ("trim(a)", "pg_catalog.btrim(a)"),
        ("overlay(a placing b from 1)", "pg_catalog.overlay(a, b, 1)"),
        ("normalize(a, nfd)", "pg_catalog.normalize(a, 'NFD')"),
        ("collation for (a)", "pg_catalog.pg_collation_for(a)"),
        ("treat(a as b)", "pg_catalog.b(a)"),
        ("left(a, 1)", "left(a, 1)"),
        ("json_object('{a}', '{b}')", "pg_catalog.json_object('{a}', '{b}')"),
        ("current_schema()", "current_schema()"),
    ] {
        assert_eq!(show(&expression(source)), shown, "{source}");
    }
}

#[test]
fn names_of_types() {
    for (source, name, modifiers, dimensions) in [
        ("int", "pg_catalog.int4", 0, 0),
        ("double precision[]", "pg_catalog.float8", 0, 1),
        ("double", "double", 0, 0),
        ("char", "pg_catalog.bpchar", 1, 0),
        ("character varying(10)", "pg_catalog.varchar", 1, 0),
        ("national character (3)", "pg_catalog.bpchar", 1, 0),
        ("bit varying", "pg_catalog.varbit", 0, 0),
        ("timestamp(3) with time zone", "pg_catalog.timestamptz", 1, 0),
        ("time without time zone", "pg_catalog.time", 0, 0),
        ("numeric(10, 2)[3][]", "pg_catalog.numeric", 2, 2),
        ("float(24)", "pg_catalog.float4", 0, 0),
        ("float(25)", "pg_catalog.float8", 0, 0),
        ("interval day to second(3)", "pg_catalog.interval", 2, 0),
        ("s.t array[4]", "s.t", 0, 1),
    ] {
        let parsed = parse_type_name(source).unwrap_or_else(|error| panic!("{source}: {error}"));
        assert_eq!(parsed.name.to_string(), name);
        assert_eq!((parsed.modifiers.len(), parsed.array_bounds.len()), (modifiers, dimensions), "{source}");
    }
    // DAY | HOUR | MINUTE | SECOND, as interval's typmod holds them.
    let day_to_second = parse_type_name("interval day to second").unwrap();
    assert_eq!(day_to_second.modifiers[0].kind, ExprKind::Constant(Constant::Integer(7176)));
    assert!(parse_type_name("int x").is_err());
}

#[test]
fn words_that_are_also_names() {
    accepts(&[
        "select 1 is",
        "select 1 at, 2 like from t",
        "select between",
        "select not between",
        "select int, coalesce, values from t",
        "select row, exists, int[1] from t",
        "select a operator from t",
        "with recursive as (select 1) select * from recursive",
        "with recursive (a) as (select 1) table recursive",
        "insert into t (values) values (1)",
        "fetch next",
        "fetch forward from next",
        "release savepoint",
        "deallocate prepare",
        "deallocate prepare prepare",
        "set session to 1",
        "set time = 'x'",
        "set local.x = 1",
        "reset session.x",
        "select 1 into temp",
        "grant select on function to x",
        "update t set a = 1",
        "delete from t where current = 1",
        "create function f(double precision, double double) returns int language sql as ''",
        "create table t (period int, foreign key (a, period) references p (a, period))",
        "select unbounded from t",
        "create operator class.+ (leftarg = int)",
        "drop table if",
        "explain (select 1)",
        "select f(a => 1, b := 2, 3)",
        "vacuum",
        "vacuum full analyze t (a, b), only u",
        "cluster i on t",
        "create trigger t before insert on t execute function f(, 'x')",
        "alter database d owner = x",
        "create table t (a int default 5 not null)",
        "select a is json with unique keys, b is not json object from t",
        "create view v as select a is json from t with check option",
    ]);
    accepts(&[
        "create trigger t before insert on t execute function f(, 'x')",
        "alter database d owner = x",
        "create table t (a int default 5 not null)",
        "select a is json with unique keys, b is not json object from t",
        "create view v as select a is null from t with check option",
    ]);
    refuses(&[
        ("table only", "syntax error at end of input", 11),
        ("select 1 + 2 at", "syntax error at end of input", 16),
        ("select left", "syntax error at end of input", 12),
        ("select t. not in (1)", "syntax error at or near \"not\"", 11),
        ("select user.a", "syntax error at or near \".\"", 12),
    ]);
}

#[test]
fn syntax_errors_stand_at_the_first_impossible_token() {
    refuses(&[
        ("selec 1", "syntax error at or near \"selec\"", 1),
        ("select 1 from", "syntax error at end of input", 14),
        ("select 1 from  ", "syntax error at end of input", 16),
        ("select 'é' from t where", "syntax error at end of input", 24),
        ("select 'é' a b", "syntax error at or near \"b\"", 14),
        ("select f(x)[1]", "syntax error at or near \"[\"", 12),
        ("select * from (a)", "syntax error at or near \")\"", 17),
        ("select * from ((select 1) a)", "syntax error at or near \")\"", 28),
        ("select * from a.b[1]", "syntax error at end of input", 21),
        ("select 1; selec", "syntax error at or near \"selec\"", 11),
        ("insert into t ((, a) values (1)", "syntax error at or near \",\"", 17),
        ("create table t (a)", "syntax error at end of input", 19),
        ("create table t (a, b) x", "syntax error at or near \"x\"", 23),
        ("explain ((costs off) select 1)", "syntax error at or near \"costs\"", 11),
        ("select 1 'x'", "syntax error at or near \"'x'\"", 10),
        ("drop table a.*", "syntax error at or near \"*\"", 14),
        ("select json('{}' with", "syntax error at end of input", 22),
        ("create function f [ )", "syntax error at or near \")\"", 21),
        ("begin; end x", "syntax error at or near \"x\"", 12),
        ("select case when 1 then 2", "syntax error at end of input", 26),
        ("set local session x = 1", "syntax error at or near \"x\"", 19),
        ("alter table t add", "syntax error at end of input", 18),
    ]);
}

#[test]
fn errors_of_the_grammar() {
    refuses(&[
        ("select a.*.b", "improper use of \"*\" at end of input", 13),
        ("lock a.b.c.d", "improper qualified name (too many dotted names): a.b.c.d", 6),
        ("(select 1 order by 1) order by 1", "multiple ORDER BY clauses not allowed", 32),
        ("(select 1 limit 1) limit 1", "multiple LIMIT clauses not allowed", 20),
        ("select 1 limit 1, 2", "LIMIT #,# syntax is not supported", 10),
        ("select 1 fetch first row with ties", "WITH TIES cannot be specified without ORDER BY clause", 26),
        ("with a as (select 1) (with b as (select 2) select 3)", "multiple WITH clauses not allowed", 1),
        ("select (1,2) overlaps (1,2,3)", "wrong number of parameters on right side of OVERLAPS expression", 23),
        ("select float(0) '1'", "precision for type float must be at least 1 bit", 14),
        ("select sum(x) over (rows 1 following)", "frame starting from following row cannot end with current row", 26),
        ("create role public", "role name \"public\" is reserved", 13),
        ("create role current_user", "CURRENT_USER cannot be used as a role name here", 13),
        ("create user x foo", "unrecognized role option \"foo\"", 15),
        ("set time zone interval '1' day", "time zone interval must be HOUR or HOUR TO MINUTE", 28),
        ("copy t to stdout where true", "WHERE clause not allowed with COPY TO", 18),
        ("create table t (a int) partition by foo (a)", "unrecognized partitioning strategy \"foo\"", 37),
        ("create table t (a int deferrable)", "misplaced DEFERRABLE clause", 23),
        ("create table t (a int deferrable x)", "syntax error at or near \"x\"", 34),
        ("create table t (a int, check (true) deferrable)", "CHECK constraints cannot be marked DEFERRABLE", 37),
        ("create table t (a int collate x collate y)", "multiple COLLATE clauses not allowed", 33),
        (
            "create trigger t before insert or insert on t execute function f()",
            "duplicate trigger events specified at or near \"insert\"",
            35,
        ),
        ("alter operator + (int4) owner to x", "missing argument", 23),
        ("create publication p for t", "invalid publication object list", 26),
        ("select unique (select 1)", "UNIQUE predicate is not yet implemented", 8),
        ("declare c scroll no scroll cursor for select 1", "cannot specify both SCROLL and NO SCROLL", 0),
    ]);
}

#[test]
fn scanning() {
    refuses(&[
        ("select 'x", "unterminated quoted string at or near \"'x\"", 8),
        ("select a b 'x", "unterminated quoted string at or near \"'x\"", 12),
        ("select a b c 'x", "syntax error at or near \"c\"", 12),
        ("select \"x", "unterminated quoted identifier at or near \"\"x\"", 8),
        ("select \"\"", "zero-length delimited identifier at or near \"\"\"\"", 8),
        ("select /* /* */", "unterminated /* comment at or near \"/* /* */\"", 8),
        ("select $a$x$b$", "unterminated dollar-quoted string at or near \"$a$x$b$\"", 8),
        ("select 12x", "trailing junk after numeric literal at or near \"12x\"", 8),
        ("select 0x", "invalid hexadecimal integer at or near \"0x\"", 8),
        ("select 0b12", "trailing junk after numeric literal at or near \"0b12\"", 8),
        ("select 1_", "trailing junk after numeric literal at or near \"1_\"", 8),
        ("select 1e+x", "trailing junk after numeric literal at or near \"1e+\"", 8),
        ("select $1x", "trailing junk after parameter at or near \"$1x\"", 8),
        ("select $2147483648", "parameter number too large at or near \"$2147483648\"", 8),
        ("select E'\\u00'", "invalid Unicode escape", 10),
        ("select E'\\ud800x'", "invalid Unicode surrogate pair at or near \"x\"", 16),
        ("select E'\\xff'", "invalid byte sequence for encoding \"UTF8\": 0xff", 0),
        ("select U&'\\zz'", "invalid Unicode escape", 11),
        ("select U&'a' uescape 'aa'", "invalid Unicode escape character at or near \"'aa'\"", 22),
        ("select 'a' 'b'", "syntax error at or near \"'b'\"", 12),
    ]);
    for (source, shown) in [
        ("'a'\n  'b'", "'ab'"),
        ("'a' -- c\n 'b'", "'ab'"),
        ("E'a\\tb\\x41\\101\\u00e9'", "'a\tbAA\u{e9}'"),
        ("E'\\ud83d\\ude00'", "'\u{1f600}'"),
        ("U&'d\\0061t\\+000061'", "'data'"),
        ("U&'d!0061' uescape '!'", "'da'"),
        ("$x$a$$b$x$", "'a$$b'"),
        ("0x1F", "31"),
        ("1_000", "1000"),
        ("2147483648", "2147483648"),
        (".5e-3", ".5e-3"),
        ("a*-b", "(a * (- b))"),
        ("a<-b", "(a < (- b))"),
        ("a @- b", "(a @- b)"),
        ("a--b", "a"),
        ("a/*x*/+b", "(a + b)"),
    ] {
        assert_eq!(show(&expression(source)), shown, "{source}");
    }
}

#[test]
fn identifiers_are_folded_and_truncated() {
    let long = "A".repeat(62) + "é";
    let source = format!("select {long}, \"Ab\"\"c\" from t");
    let parsed = parse_with(&source, ParseMode::Statements, &ParserOptions::default()).unwrap();
    let notice = &parsed.notices[0];
    let (folded, cut) = ("a".repeat(62) + "é", "a".repeat(62));
    assert_eq!(notice.message(), format!("identifier \"{folded}\" will be truncated to \"{cut}\""));
    let Statement::Select(select) = &parsed.statements[0].statement else { panic!() };
    let SelectBody::Simple(simple) = &select.body else { panic!() };
    assert_eq!(show(&simple.targets[0].value), cut);
    assert_eq!(show(&simple.targets[1].value), "Ab\"c");
}

#[test]
fn nonstandard_strings() {
    let options = ParserOptions { standard_conforming_strings: false, ..Default::default() };
    let parsed = parse_with("select 'a\\n', U&'x'", ParseMode::Statements, &options);
    assert_eq!(parsed.unwrap_err().message(), "unsafe use of string constant with Unicode escapes");
    let parsed = parse_with("select 'a\\nb\\t'", ParseMode::Statements, &options).unwrap();
    assert_eq!(parsed.notices.len(), 1);
    assert_eq!(parsed.notices[0].message(), "nonstandard use of escape in a string literal");
    let options = ParserOptions { backslash_quote: false, ..Default::default() };
    let error = parse_with("select E'\\''", ParseMode::Statements, &options).unwrap_err();
    assert_eq!(error.message(), "unsafe use of \\' in a string literal");
}

#[test]
fn statements_know_their_text() {
    let source = " -- first\n select 1 ; ; /* x */ begin;select 'é' ";
    let statements = parse(source).unwrap();
    let texts: Vec<&str> = statements.iter().map(|statement| statement.text(source)).collect();
    assert_eq!(texts, ["select 1 ", "begin", "select 'é' "]);
    let names: Vec<&str> = statements.iter().map(|statement| statement.statement.name()).collect();
    assert_eq!(names, ["SELECT", "BEGIN", "SELECT"]);
    assert!(parse(" ; -- nothing").unwrap().is_empty());
}

#[test]
fn set_operations_and_joins_associate() {
    let shape = |source: &str| -> String {
        fn body(select: &Select) -> String {
            match &select.body {
                SelectBody::Simple(_) => "s".to_string(),
                SelectBody::Values(_) => "v".to_string(),
                SelectBody::SetOperation { first, rest } => rest.iter().fold(body(first), |left, step| {
                    format!("({left} {:?}{} {})", step.operator, if step.all { " all" } else { "" }, body(&step.right))
                }),
            }
        }
        let Statement::Select(select) = parse(source).unwrap().remove(0).statement else { panic!() };
        body(&select)
    };
    assert_eq!(shape("select 1 union select 2 except all values (3)"), "((s Union s) Except all v)");
    assert_eq!(shape("select 1 union select 2 intersect select 3"), "(s Union (s Intersect s))");
    assert_eq!(shape("select 1 intersect select 2 union select 3"), "((s Intersect s) Union s)");
    assert_eq!(shape("select 1 union (select 2 union select 3)"), "(s Union (s Union s))");
    accepts(&[
        "select * from a join b join c on true on true",
        "select * from a cross join b left join c using (x) as j",
        "select * from (a natural join b) as x (c, d), lateral f(a) with ordinality as t (e, f)",
        "select * from ((select 1) union select 2) x, ((a join b on true)) y",
        "select * from rows from (f(1), g(2) as (a int, b text)) with ordinality",
        "select * from t tablesample system (10) repeatable (1)",
    ]);
}

#[test]
fn deep_and_long_texts() {
    let deep = |n: usize| format!("select {}1{}", "(".repeat(n), ")".repeat(n));
    accepts(&[&deep(100)]);
    for source in [
        deep(100_000),
        "(".repeat(50_000),
        format!("select {}", "not ".repeat(50_000)),
        format!("select {}1", "- ".repeat(50_000)),
        format!("select 1{}", "::int".repeat(50_000)),
        format!("select {}", "f(".repeat(50_000)),
        format!("select {}", "array[".repeat(50_000)),
        format!("select {}", "case when ".repeat(50_000)),
        format!("select * from {}", "(".repeat(50_000)),
        format!("select * from a{}", " natural join a".repeat(50_000)),
        "(select 1 union ".repeat(50_000),
        "with x as (".repeat(50_000),
        "explain ".repeat(50_000),
        "create schema s ".repeat(50_000),
        format!("select x {}", "between 1 and x ".repeat(50_000)),
    ] {
        let error = parse(&source).expect_err("it is too deep");
        let (state, message) = (error.state(), error.message());
        let known = message == "stack depth limit exceeded" && state.code() == "54001" || state.code() == "42601";
        assert!(known, "{state} {message}");
    }
    for source in [
        format!("select 1{}", " || 1".repeat(50_000)),
        format!("select 1{}", " + 1 * 2".repeat(50_000)),
        format!("select a{}", " and a".repeat(50_000)),
        format!("select a{}", " or a and b".repeat(50_000)),
        format!("select 1{}", " union all select 1".repeat(50_000)),
        format!("select 1 in (1{})", ", 1".repeat(50_000)),
        format!("values (1){}", ", (1)".repeat(50_000)),
        "select 1;".repeat(50_000),
    ] {
        accepts(&[&source]);
    }
}

#[test]
fn plpgsql_fragments() {
    let options = ParserOptions::default();
    let parse_as = |source: &str, mode| parse_with(source, mode, &options);
    assert!(parse_as("a + 1", ParseMode::Expression).is_ok());
    assert!(parse_as("count(*) from t where x group by y order by 1 limit 1", ParseMode::Expression).is_ok());
    assert!(parse_as("1; 2", ParseMode::Expression).is_err());
    let parsed = parse_as("a.b[1].c := x + 1 from t", ParseMode::Assignment(2)).unwrap();
    let Statement::Assign(assign) = &parsed.statements[0].statement else { panic!() };
    assert_eq!((&*assign.name, assign.extra_names, assign.path.len()), ("a", 1, 3));
}

#[test]
fn options_of_many_statements() {
    accepts(&[
        "copy t (a, b) from stdin with (format csv, header, force_null (a, b), delimiter ',', default '')",
        "copy binary t to 'f' using delimiters '|' with null as '' csv header force quote *",
        "copy (delete from t returning *) to program 'x'",
        "explain (analyze, format json, buffers off) select 1",
        "explain analyze verbose create table t as execute p(1)",
        "create index concurrently if not exists i on only t using gin (a gin_ops (x = 1) desc nulls last, (b + 1), f(c)) include (d) nulls not distinct with (fillfactor = 70) tablespace s where a > 0",
        "create table t (like x including all excluding defaults, a int generated always as identity (start 1 increment by 2), b int generated always as (a + 1) virtual, primary key (a) include (b), exclude using gist (a with =, b with operator(pg_catalog.&&)) where (a > 1)) inherits (p) partition by range (a, (b + 1) collate \"C\" int4_ops) using heap with (fillfactor = 70, toast.autovacuum_enabled = off) on commit drop tablespace s",
        "create table t partition of p for values from (minvalue, 1) to (maxvalue, 2)",
        "create table t partition of p (a with options not null) for values with (modulus 4, remainder 1)",
        "alter table if exists only t add column if not exists a int, drop b cascade, alter c set data type text using c::text, alter constraint d not enforced, enable always trigger x, replica identity using index i",
        "alter table t alter a set generated always set increment 5 restart with 1",
        "alter table all in tablespace a owned by b, current_user set tablespace c nowait",
        "create function f(in a int = 1, variadic b text[] default '{}') returns table (c int, d t.x%type) language sql immutable strict parallel safe cost 10 set search_path to a, b begin atomic select 1; insert into t values (1); end",
        "create aggregate a (int, variadic \"any\" order by variadic \"any\") (sfunc = f, stype = int)",
        "create aggregate old (basetype = int, sfunc = f)",
        "create operator class c default for type int using btree family f as operator 1 < (int, int) for order by x, function 1 (int) g(int), storage text",
        "create rule r as on update to t where true do instead (update u set a = 1; notify x; select 1)",
        "create policy p on t as restrictive for update to public, current_user using (true) with check (false)",
        "grant select (a, b), update on t, u to group x, public with grant option granted by y",
        "grant a, b to c with admin option, inherit false, set true",
        "revoke admin option for a from b cascade",
        "alter default privileges for role a in schema b grant select on tables to c",
        "create publication p for table only (a) (x, y) where (z > 1), tables in schema s, current_schema with (publish = 'insert')",
        "create schema authorization x create table t (a int) create view v as select 1 grant select on t to y",
        "merge into t using s on t.a = s.a when matched and true then update set b = 1 when not matched by source then delete when not matched then insert (a) overriding user value values (1) returning with (old as o) merge_action(), o.*",
        "insert into t as x (a.b, c[1]) overriding system value select 1 on conflict (a collate \"C\" int4_ops, (b)) where c do update set (a, b) = (select 1, 2), c = default where x.a > 1 returning *",
        "with recursive x (a) as not materialized (select 1) search depth first by a set s cycle a set c to true default false using p select * from x for no key update of x skip locked",
        "select json_object('a' value 1, 'b' : 2 absent on null with unique keys returning jsonb), json_arrayagg(x order by y null on null) filter (where z) over w, json_value(a, '$' passing 1 as x returning int default 0 on empty error on error) from t window w as (partition by a order by b groups between unbounded preceding and 1 following exclude ties)",
        "select * from json_table(a, '$' as p passing 1 as x columns (i for ordinality, b int path '$.b' with conditional wrapper omit quotes null on error, c bool exists, nested path '$.d' as q columns (e text))) as t, xmltable(xmlnamespaces('u' as n, default 'v'), '/a' passing b columns c int path 'x' default 1 not null, d for ordinality)",
        "select xmlelement(name a, xmlattributes(b as c, d), e), xmlroot(a, version no value, standalone yes), xmlserialize(content a as text indent), a is document",
        "create subscription s connection 'x' publication a, b with (enabled = false)",
        "comment on constraint c on domain d is null",
        "security label for p on function f(int) is 'x'",
        "import foreign schema s limit to (a, b) from server x into y options (a 'b')",
        "alter foreign data wrapper w no handler validator v options (set a 'b', drop c, add 'x')",
    ]);
}
