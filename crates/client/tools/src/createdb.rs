//! `createdb`: makes a database.

use std::ffi::OsString;

use client::{escape_literal, quote_identifier};

use crate::session::{Access, default_database};
use crate::tool::{self, CONNECTION, Exit, Option_, Tool};

const TOOL: Tool = Tool { name: "createdb", help: include_str!("../help/createdb.txt"), misuse: 1 };

const OPTIONS: &[Option_] = &[
    ("encoding", 'E', true),
    ("owner", 'O', true),
    ("strategy", 'S', true),
    ("tablespace", 'D', true),
    ("template", 'T', true),
    ("locale", 'l', true),
    ("lc-collate", ' ', true),
    ("lc-ctype", ' ', true),
    ("builtin-locale", ' ', true),
    ("maintenance-db", ' ', true),
    ("locale-provider", ' ', true),
    ("icu-locale", ' ', true),
    ("icu-rules", ' ', true),
];

/// Encodings by the names that `pg_encoding_to_char` gives.
const ENCODINGS: &str = " SQL_ASCII EUC_JP EUC_CN EUC_KR EUC_TW EUC_JIS_2004 UTF8 MULE_INTERNAL LATIN1 LATIN2 LATIN3 LATIN4 LATIN5 \
    LATIN6 LATIN7 LATIN8 LATIN9 LATIN10 WIN1256 WIN1258 WIN866 WIN874 KOI8R WIN1251 WIN1252 ISO_8859_5 ISO_8859_6 ISO_8859_7 \
    ISO_8859_8 WIN1250 WIN1253 WIN1254 WIN1255 WIN1257 KOI8U SJIS BIG5 GBK UHC GB18030 JOHAB SHIFT_JIS_2004 UNICODE ALT WIN \
    TCVN TCVN5712 ABC VSCII KOI8 MSKANJI SHIFTJIS WINDOWS949 WINDOWS950 WINDOWS936 ";

/// Runs `createdb` with these arguments (the program's name not among them) to its exit code.
pub fn main(arguments: Vec<OsString>) -> i32 {
    tool::run(run(arguments))
}

fn run(arguments: Vec<OsString>) -> Result<(), Exit> {
    let (options, rest) = TOOL.read(&[CONNECTION, OPTIONS], arguments)?;
    let mut access = Access::default();
    let mut given = Vec::new();
    for (option, value) in options {
        if !access.take(option, &value) {
            given.push((option, value));
        }
    }
    TOOL.at_most(&rest, 2)?;
    let get = |name: &str| given.iter().rev().find(|option| option.0 == name).map(|option| option.1.as_str());
    if let Some(encoding) = get("encoding") {
        let plain = |text: &str| text.to_ascii_uppercase().replace(['-', '_', ' '], "");
        if !ENCODINGS.split_whitespace().any(|known| plain(known) == plain(encoding)) {
            return Err(TOOL.error(&format!("\"{encoding}\" is not a valid encoding name")));
        }
    }
    let dbname = match rest.first() {
        Some(name) => name.clone(),
        None => default_database(&TOOL, &access)?,
    };
    // A database is not made from within itself.
    let maintenance = get("maintenance-db").or((dbname == "postgres").then_some("template1"));
    let mut session = access.connect_maintenance(&TOOL, maintenance)?;
    let name = quote_identifier(&dbname);
    let mut sql = format!("CREATE DATABASE {name}");
    for (option, keyword, literal) in
        [("owner", "OWNER", false), ("tablespace", "TABLESPACE", false), ("encoding", "ENCODING", true)]
    {
        clause(&mut sql, keyword, get(option), literal);
    }
    clause(&mut sql, "STRATEGY", get("strategy"), false);
    clause(&mut sql, "TEMPLATE", get("template"), false);
    clause(&mut sql, "LOCALE", get("locale"), true);
    clause(&mut sql, "BUILTIN_LOCALE", get("builtin-locale"), true);
    clause(&mut sql, "LC_COLLATE", get("lc-collate"), true);
    clause(&mut sql, "LC_CTYPE", get("lc-ctype"), true);
    if let Some(provider) = get("locale-provider") {
        sql.push_str(&format!(" LOCALE_PROVIDER {provider}"));
    }
    clause(&mut sql, "ICU_LOCALE", get("icu-locale"), true);
    clause(&mut sql, "ICU_RULES", get("icu-rules"), true);
    sql.push(';');
    session.run(&sql).map_err(|error| TOOL.error(&format!("database creation failed: {error}")))?;
    if let Some(comment) = rest.get(1) {
        let sql = format!("COMMENT ON DATABASE {name} IS {};", escape_literal(comment));
        session
            .run(&sql)
            .map_err(|error| TOOL.error(&format!("comment creation failed (database was created): {error}")))?;
    }
    Ok(())
}

fn clause(sql: &mut String, keyword: &str, value: Option<&str>, literal: bool) {
    if let Some(value) = value {
        let value = if literal { escape_literal(value) } else { quote_identifier(value) };
        sql.push_str(&format!(" {keyword} {value}"));
    }
}
