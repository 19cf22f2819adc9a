//! Names as SQL shows them: types with their modifiers, quoted and qualified identifiers.

use crate::catalog::Catalog;
use error::Result;
use ids::Oid;

impl Catalog {
    /// A type's name with its modifier as SQL writes it, `character varying(10)[]`, qualified where the search path does not find it. `-` for
    /// the invalid id, `???` for one that does not exist. A modifier of -1 is none.
    pub fn format_type(&self, oid: Oid, typmod: i32) -> Result<String> {
        self.type_text(oid, Some(typmod), false)
    }

    /// A type's name where no modifier is meant, as messages show it.
    pub fn type_name(&self, oid: Oid) -> Result<String> {
        self.type_text(oid, None, false)
    }

    /// The same, always qualified except for the names that SQL itself has.
    pub fn format_type_qualified(&self, oid: Oid, typmod: i32) -> Result<String> {
        self.type_text(oid, Some(typmod), true)
    }

    /// A type's name as it holds whatever the search path, where no modifier is meant.
    pub fn type_identity(&self, oid: Oid) -> Result<String> {
        self.type_text(oid, None, true)
    }

    fn type_text(&self, oid: Oid, given: Option<i32>, qualify: bool) -> Result<String> {
        let typmod = given.unwrap_or(-1);
        if !oid.is_valid() {
            return Ok("-".into());
        }
        let Some(row) = self.find_type(oid)? else { return Ok("???".into()) };
        let element = if row.typstorage != b'p' { self.element_type(oid)? } else { None };
        let (oid, row, suffix) = match element {
            Some(element) => match self.find_type(element)? {
                Some(row) => (element, row, "[]"),
                None => return Ok("???[]".into()),
            },
            None => (oid, row, ""),
        };
        let modifier = |base: &str, limit: i32| {
            if typmod >= limit { format!("{base}({})", typmod - limit) } else { base.to_string() }
        };
        let name = match oid.0 {
            16 => "boolean".to_string(),
            18 if row.typname == "char" => "\"char\"".into(),
            20 => "bigint".into(),
            21 => "smallint".into(),
            23 => "integer".into(),
            700 => "real".into(),
            701 => "double precision".into(),
            // `character` without a length would mean one of length 1
            1042 => match typmod {
                4.. => format!("character({})", typmod - 4),
                -1 if given.is_some() => "bpchar".into(),
                _ => "character".into(),
            },
            1043 => modifier("character varying", 4),
            1560 => match typmod {
                1.. => format!("bit({typmod})"),
                // `bit` without a length would mean one of length 1
                -1 if given.is_some() => "\"bit\"".into(),
                _ => "bit".into(),
            },
            1562 if typmod >= 0 => format!("bit varying({typmod})"),
            1562 => "bit varying".into(),
            1700 if typmod >= 4 => {
                let scale = ((typmod - 4) & 0x7FF ^ 1024) - 1024;
                format!("numeric({},{scale})", (typmod - 4) >> 16 & 0xFFFF)
            }
            1700 => "numeric".into(),
            1083 => time("time", typmod, " without time zone"),
            1266 => time("time", typmod, " with time zone"),
            1114 => time("timestamp", typmod, " without time zone"),
            1184 => time("timestamp", typmod, " with time zone"),
            1186 => interval(typmod),
            // a keyword of SQL, but not to be quoted as a type
            114 if self.type_is_visible(oid)? == Some(true) && !qualify => "json".into(),
            _ => {
                let visible = !qualify && self.type_is_visible(oid)? == Some(true);
                let mut name = if visible {
                    quote_identifier(&row.typname)
                } else {
                    let schema = self.schema_name(row.typnamespace)?.unwrap_or_default();
                    format!("{}.{}", quote_identifier(&schema), quote_identifier(&row.typname))
                };
                if typmod >= 0 {
                    name.push_str(&format!("({typmod})"));
                }
                name
            }
        };
        Ok(name + suffix)
    }
}

fn time(base: &str, typmod: i32, zone: &str) -> String {
    if typmod >= 0 { format!("{base}({typmod}){zone}") } else { format!("{base}{zone}") }
}

/// `interval` with the fields and the precision that its modifier holds.
fn interval(typmod: i32) -> String {
    if typmod < 0 {
        return "interval".into();
    }
    const YEAR: i32 = 1 << 2;
    const MONTH: i32 = 1 << 1;
    const DAY: i32 = 1 << 3;
    const HOUR: i32 = 1 << 10;
    const MINUTE: i32 = 1 << 11;
    const SECOND: i32 = 1 << 12;
    let fields = [
        (YEAR, " year"),
        (MONTH, " month"),
        (DAY, " day"),
        (HOUR, " hour"),
        (MINUTE, " minute"),
        (SECOND, " second"),
        (YEAR | MONTH, " year to month"),
        (DAY | HOUR, " day to hour"),
        (DAY | HOUR | MINUTE, " day to minute"),
        (DAY | HOUR | MINUTE | SECOND, " day to second"),
        (HOUR | MINUTE, " hour to minute"),
        (HOUR | MINUTE | SECOND, " hour to second"),
        (MINUTE | SECOND, " minute to second"),
    ];
    let range = typmod >> 16 & 0x7FFF;
    let precision = typmod & 0xFFFF;
    let range = fields.iter().find(|&&(bits, _)| bits == range).map_or("", |&(_, text)| text);
    if precision == 0xFFFF { format!("interval{range}") } else { format!("interval{range}({precision})") }
}

/// An identifier in double quotes where SQL needs them. Keywords that are not plain identifiers are quoted too.
pub fn quote_identifier(name: &str) -> String {
    let plain = name.bytes().next().is_some_and(|c| c.is_ascii_lowercase() || c == b'_')
        && name.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'_')
        && KEYWORDS.binary_search(&name).is_err();
    if plain { name.to_string() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

/// A string literal.
pub fn quote_literal(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    if text.contains('\\') { format!("E'{}'", quoted.replace('\\', "\\\\")) } else { format!("'{quoted}'") }
}

/// Keywords that an identifier must be quoted to be: all but the unreserved.
const KEYWORDS: &[&str] = &[
    "all",
    "analyse",
    "analyze",
    "and",
    "any",
    "array",
    "as",
    "asc",
    "asymmetric",
    "authorization",
    "between",
    "bigint",
    "binary",
    "bit",
    "boolean",
    "both",
    "case",
    "cast",
    "char",
    "character",
    "check",
    "coalesce",
    "collate",
    "collation",
    "column",
    "concurrently",
    "constraint",
    "create",
    "cross",
    "current_catalog",
    "current_date",
    "current_role",
    "current_schema",
    "current_time",
    "current_timestamp",
    "current_user",
    "dec",
    "decimal",
    "default",
    "deferrable",
    "desc",
    "distinct",
    "do",
    "else",
    "end",
    "except",
    "exists",
    "extract",
    "false",
    "fetch",
    "float",
    "for",
    "foreign",
    "freeze",
    "from",
    "full",
    "grant",
    "greatest",
    "group",
    "grouping",
    "having",
    "ilike",
    "in",
    "initially",
    "inner",
    "inout",
    "int",
    "integer",
    "intersect",
    "interval",
    "into",
    "is",
    "isnull",
    "join",
    "json",
    "json_array",
    "json_arrayagg",
    "json_exists",
    "json_object",
    "json_objectagg",
    "json_query",
    "json_scalar",
    "json_serialize",
    "json_table",
    "json_value",
    "lateral",
    "leading",
    "least",
    "left",
    "like",
    "limit",
    "localtime",
    "localtimestamp",
    "merge_action",
    "national",
    "natural",
    "nchar",
    "none",
    "normalize",
    "not",
    "notnull",
    "null",
    "nullif",
    "numeric",
    "offset",
    "on",
    "only",
    "or",
    "order",
    "out",
    "outer",
    "overlaps",
    "overlay",
    "placing",
    "position",
    "precision",
    "primary",
    "real",
    "references",
    "returning",
    "right",
    "row",
    "select",
    "session_user",
    "setof",
    "similar",
    "smallint",
    "some",
    "substring",
    "symmetric",
    "system_user",
    "table",
    "tablesample",
    "then",
    "time",
    "timestamp",
    "to",
    "trailing",
    "treat",
    "trim",
    "true",
    "union",
    "unique",
    "user",
    "using",
    "values",
    "varchar",
    "variadic",
    "verbose",
    "when",
    "where",
    "window",
    "with",
    "xmlattributes",
    "xmlconcat",
    "xmlelement",
    "xmlexists",
    "xmlforest",
    "xmlnamespaces",
    "xmlparse",
    "xmlpi",
    "xmlroot",
    "xmlserialize",
    "xmltable",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_print_as_sql_writes_them() {
        let catalog = Catalog::builtin();
        let text = |oid: u32, typmod: i32| catalog.format_type(Oid(oid), typmod).expect("formats");
        assert_eq!(text(23, -1), "integer");
        assert_eq!(text(1007, -1), "integer[]");
        assert_eq!(text(1043, 14), "character varying(10)");
        assert_eq!(text(1042, 14), "character(10)");
        assert_eq!(text(1042, -1), "bpchar");
        assert_eq!(text(18, -1), "\"char\"");
        assert_eq!(text(1700, ((10 << 16) | 2) + 4), "numeric(10,2)");
        assert_eq!(text(1184, 3), "timestamp(3) with time zone");
        assert_eq!(text(2205, -1), "regclass");
        assert_eq!(text(0, -1), "-");
        assert_eq!(text(4_000_000, -1), "???");
        let array = catalog.type_by_name(Some("information_schema"), "_sql_identifier").expect("asks").expect("exists");
        assert_eq!(text(array.0, -1), "information_schema.sql_identifier[]");
        assert_eq!(text(30, -1), "oidvector");
    }

    #[test]
    fn identifiers_are_quoted_where_needed() {
        for (name, quoted) in
            [("a1_", "a1_"), ("A", "\"A\""), ("table", "\"table\""), ("x\"y", "\"x\"\"y\""), ("1a", "\"1a\"")]
        {
            assert_eq!(quote_identifier(name), quoted);
        }
        assert_eq!(quote_literal("it's\\"), "E'it''s\\\\'");
    }
}
