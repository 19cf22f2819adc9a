//! `pg_get_…def`: objects as the SQL that would make them.

use super::{Shown, catalog_of, deparser, shown_of};
use crate::catalog::Catalog;
use crate::field::Text;
use crate::format::{quote_identifier, quote_literal};
use crate::index;
use crate::relation::Relation;
use crate::rows::*;
use error::Result;
use ids::Oid;
use std::fmt::Write;
use types::{Context, DefaultEnvironment};

types::builtins! {
    /// Definitions.
    pub static DEFINITIONS =
    1643 pg_get_indexdef each(Context, Oid) |cx: Context<'_>, oid| index_definition(shown_of(&cx)?, oid, false, None);
    2507 pg_get_indexdef_ext each(Context, Oid, i32, bool) |cx: Context<'_>, oid, column, pretty| match column {
        0 => index_definition(shown_of(&cx)?, oid, pretty, None),
        column => index_column(shown_of(&cx)?, oid, column, pretty),
    };
    1387 pg_get_constraintdef each(Context, Oid) |cx: Context<'_>, oid| constraint_definition(shown_of(&cx)?, oid, false);
    2508 pg_get_constraintdef_ext each(Context, Oid, bool) |cx: Context<'_>, oid, pretty| constraint_definition(shown_of(&cx)?, oid, pretty);
    3352 pg_get_partkeydef each(Context, Oid) |cx: Context<'_>, oid| partition_key(shown_of(&cx)?, oid);
    3408 pg_get_partition_constraintdef each(Context, Oid) |cx: Context<'_>, oid| partition_constraint(shown_of(&cx)?, oid);
    1716 pg_get_expr each(Context, &[u8], Oid) |cx: Context<'_>, stored, relation| expression(cx, stored, relation, false);
    2509 pg_get_expr_ext each(Context, &[u8], Oid, bool) |cx: Context<'_>, stored, relation, pretty| expression(cx, stored, relation, pretty);
    2162 pg_get_function_arguments each(Context, Oid) |cx: Context<'_>, oid| function_arguments(shown_of(&cx)?, oid, true);
    2232 pg_get_function_identity_arguments each(Context, Oid) |cx: Context<'_>, oid| function_arguments(shown_of(&cx)?, oid, false);
    2165 pg_get_function_result each(Context, Oid) |cx: Context<'_>, oid| function_result(catalog_of(&cx)?, oid);
    3808 pg_get_function_arg_default each(Context, Oid, i32) |cx: Context<'_>, oid, number| argument_default(shown_of(&cx)?, oid, number);
    6197 pg_get_function_sqlbody each(Context, Oid) |cx: Context<'_>, oid| function_body(shown_of(&cx)?, oid);
}

/// By what a table is partitioned: `RANGE (a, lower(b))`; none for other relations.
fn partition_key(catalog: Shown<'_>, oid: Oid) -> Result<Option<String>> {
    let key = [oid.into()];
    let row = catalog.row::<PgPartitionedTable>(index::PG_PARTITIONED_TABLE_PARTRELID_INDEX, &key)?;
    let Some(row) = row else { return Ok(None) };
    let table = catalog.relation(oid)?;
    let (strategy, method) = match row.partstrat {
        b'l' => ("LIST", crate::objects::BTREE),
        b'r' => ("RANGE", crate::objects::BTREE),
        _ => ("HASH", crate::objects::HASH),
    };
    let columns = partition_columns(catalog, &row, &table)?;
    let mut parts = Vec::new();
    for (at, (mut text, type_, own_collation)) in columns.into_iter().enumerate() {
        let collation = row.partcollation.get(at).copied().unwrap_or_default();
        if collation.is_valid() && collation != own_collation {
            let _ = write!(text, " COLLATE {}", catalog.collation_text(collation)?);
        }
        let class = row.partclass.get(at).copied().unwrap_or_default();
        if catalog.default_opclass(method, type_)? != Some(class) {
            let opclass = catalog.opclass(class)?;
            text.push(' ');
            if catalog.opclass_is_visible(class)? != Some(true) {
                let schema = catalog.schema_name(opclass.opcnamespace)?.unwrap_or_default();
                let _ = write!(text, "{}.", quote_identifier(&schema));
            }
            text.push_str(&quote_identifier(&opclass.opcname));
        }
        parts.push(text);
    }
    Ok(Some(format!("{strategy} ({})", parts.join(", "))))
}

/// The columns and expressions of a partition key as SQL, with type and collation.
fn partition_columns(
    catalog: Shown<'_>,
    row: &PgPartitionedTable,
    table: &Relation,
) -> Result<Vec<(String, Oid, Oid)>> {
    let mut expressions = match &row.partexprs {
        Some(stored) => {
            let texts = catalog.expression_list_text(stored, row.partrelid, false)?;
            let types = deparser()?.types(stored)?;
            texts.into_iter().zip(types).collect::<Vec<_>>().into_iter()
        }
        None => Vec::new().into_iter(),
    };
    let column = |&number: &i16| match table.column(number) {
        Some(column) => Ok((quote_identifier(&column.attname), column.atttypid, column.attcollation)),
        None => {
            let (text, (type_, collation)) = expressions.next().unwrap_or_default();
            Ok((as_index_column(&text), type_, collation))
        }
    };
    row.partattrs.iter().map(column).collect()
}

/// What being a partition asks of a relation's rows, as SQL; none if it is no partition, or nothing.
fn partition_constraint(catalog: Shown<'_>, oid: Oid) -> Result<Option<String>> {
    let mut conditions = Vec::new();
    let mut child = oid;
    for _ in 0..1000 {
        let Some(class) = catalog.class(child)? else { break };
        let (true, Some(bound)) = (class.relispartition, &class.relpartbound) else { break };
        let Some(&parent) = catalog.parents(child)?.first() else { break };
        let key = [parent.into()];
        let row = catalog.row::<PgPartitionedTable>(index::PG_PARTITIONED_TABLE_PARTRELID_INDEX, &key)?;
        let Some(row) = row else { break };
        let table = catalog.relation(parent)?;
        let columns: Vec<String> =
            partition_columns(catalog, &row, &table)?.into_iter().map(|(text, ..)| text).collect();
        let mut others = Vec::new();
        for sibling in catalog.children(parent)? {
            if sibling != child
                && let Some(class) = catalog.class(sibling)?
            {
                others.extend(class.relpartbound.as_ref().map(|text| text.to_string()));
            }
        }
        let own = deparser()?.partition_constraint(&catalog, catalog.env, parent, bound, &others, &columns)?;
        conditions.splice(0..0, own);
        child = parent;
    }
    Ok(match conditions.len() {
        0 => None,
        1 => conditions.pop(),
        _ => Some(format!("({})", conditions.join(" AND "))),
    })
}

fn expression(cx: Context<'_>, stored: &[u8], relation: Oid, pretty: bool) -> Result<Option<String>> {
    let catalog = shown_of(&cx)?;
    if relation.is_valid() && catalog.find_relation(relation)?.is_none() {
        return Ok(None);
    }
    catalog.expression_text(&super::text(stored), relation, pretty).map(Some)
}

/// A list of options in parentheses: `(fillfactor='70')`.
fn options_text(options: &[Text]) -> String {
    let items: Vec<String> = options
        .iter()
        .map(|option| match option.split_once('=') {
            Some((name, value)) => format!("{}={}", quote_identifier(name), quote_literal(value)),
            None => quote_identifier(option),
        })
        .collect();
    format!("({})", items.join(", "))
}

/// An expression as an index column: calls of functions stand alone, everything else in parentheses.
pub(super) fn as_index_column(expression: &str) -> String {
    let is_call = expression.ends_with(')')
        && expression.find('(').is_some_and(|open| {
            let name = &expression[..open];
            !name.is_empty()
                && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '"'))
                && closes_at_end(&expression[open..])
        });
    if is_call { expression.to_string() } else { format!("({expression})") }
}

/// Whether the parenthesis that opens the text closes at its end.
fn closes_at_end(text: &str) -> bool {
    let mut depth = 0;
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '(') => depth += 1,
            (None, ')') => {
                depth -= 1;
                if depth == 0 {
                    return at + 1 == text.len();
                }
            }
            _ => {}
        }
    }
    false
}

/// The names or expressions of all columns of an index.
fn index_columns(catalog: Shown<'_>, relation: &Relation, row: &PgIndex, pretty: bool) -> Result<Vec<(String, bool)>> {
    let table = catalog.relation(row.indrelid)?;
    let mut expressions = match &row.indexprs {
        Some(stored) => catalog.expression_list_text(stored, row.indrelid, pretty)?.into_iter(),
        None => Vec::new().into_iter(),
    };
    row.indkey
        .iter()
        .enumerate()
        .map(|(at, &number)| {
            if number == 0 {
                let fallback = || relation.columns.get(at).map(|c| c.attname.to_string()).unwrap_or_default();
                return Ok((expressions.next().unwrap_or_else(fallback), true));
            }
            let name = table.columns.get(number as usize - 1).map(|column| quote_identifier(&column.attname));
            Ok((name.unwrap_or_default(), false))
        })
        .collect()
}

fn index_column(catalog: Shown<'_>, oid: Oid, number: i32, pretty: bool) -> Result<Option<String>> {
    let Some(row) = catalog.find_index(oid)? else { return Ok(None) };
    let relation = catalog.relation(oid)?;
    let columns = index_columns(catalog, &relation, &row, pretty)?;
    let column = usize::try_from(number - 1).ok().and_then(|at| columns.get(at));
    Ok(Some(match column {
        Some((text, true)) => as_index_column(text),
        Some((text, false)) => text.clone(),
        None => String::new(),
    }))
}

impl Catalog {
    /// The statement that makes an index.
    pub fn index_text(&self, index: Oid) -> Result<String> {
        Ok(index_definition(self.plain(&DefaultEnvironment::default()), index, false, None)?.unwrap_or_default())
    }

    /// A constraint as a table's definition has it, without its name.
    pub fn constraint_text(&self, constraint: Oid) -> Result<String> {
        Ok(constraint_definition(self.plain(&DefaultEnvironment::default()), constraint, false)?.unwrap_or_default())
    }

    /// A column of an index, counted from zero, as SQL: a quoted name or an expression.
    pub fn index_column_text(&self, index: Oid, at: usize) -> Result<String> {
        Ok(index_column(self.plain(&DefaultEnvironment::default()), index, at as i32 + 1, false)?.unwrap_or_default())
    }

    /// The same as messages about its values have it.
    pub fn index_key_text(&self, index: Oid, at: usize) -> Result<String> {
        Ok(index_column(self.plain(&DefaultEnvironment::default()), index, at as i32 + 1, true)?.unwrap_or_default())
    }

    /// The type and collation of a column of the table below an index's key column.
    pub fn key_type(&self, relation: &Relation, row: &PgIndex, at: usize) -> Result<(Oid, Oid)> {
        let number = row.indkey.get(at).copied().unwrap_or(0);
        if number > 0
            && let Some(column) = self.relation(row.indrelid)?.columns.get(number as usize - 1)
        {
            return Ok((column.atttypid, column.attcollation));
        }
        let column = relation.columns.get(at);
        let type_ = column.map_or(Oid::INVALID, |column| column.atttypid);
        Ok((type_, self.find_type(type_)?.map_or(Oid::INVALID, |row| row.typcollation)))
    }

    /// A collation's name as SQL has it, qualified if the search path does not find it.
    pub fn collation_text(&self, oid: Oid) -> Result<String> {
        let row = self.collation(oid)?;
        let name = quote_identifier(&row.collname);
        if self.collation_is_visible(oid)? == Some(true) {
            return Ok(name);
        }
        let schema = self.schema_name(row.collnamespace)?.unwrap_or_default();
        Ok(format!("{}.{name}", quote_identifier(&schema)))
    }
}

/// The statement that makes an index; or, given the operators of its key columns, the exclusion constraint that it serves.
fn index_definition(catalog: Shown<'_>, oid: Oid, pretty: bool, excluding: Option<&[Oid]>) -> Result<Option<String>> {
    let Some(row) = catalog.find_index(oid)? else { return Ok(None) };
    let relation = catalog.relation(oid)?;
    let method = catalog.access_method(relation.class.relam)?;
    let table = match pretty {
        true => catalog.relation_text(row.indrelid)?.unwrap_or_default(),
        false => catalog.qualified_relation_text(row.indrelid)?,
    };
    let only = if catalog.class(row.indrelid)?.is_some_and(|class| class.relkind == b'p') && relation.kind() == b'I' {
        "ONLY "
    } else {
        ""
    };
    let unique = if row.indisunique { "UNIQUE " } else { "" };
    let name = quote_identifier(relation.name());
    let method = quote_identifier(&method.amname);
    let mut text = match excluding {
        None => format!("CREATE {unique}INDEX {name} ON {only}{table} USING {method} ("),
        Some(_) => format!("EXCLUDE USING {method} ("),
    };
    let columns = index_columns(catalog, &relation, &row, pretty)?;
    let mut expressions = match &row.indexprs {
        Some(stored) => deparser()?.types(stored)?.into_iter(),
        None => Vec::new().into_iter(),
    };
    for (at, (column, is_expression)) in columns.iter().enumerate() {
        if at == row.indnkeyatts as usize {
            text.push_str(") INCLUDE (");
        } else if at > 0 {
            text.push_str(", ");
        }
        match is_expression {
            true => text.push_str(&as_index_column(column)),
            false => text.push_str(column),
        }
        if at >= row.indnkeyatts as usize {
            continue;
        }
        let (type_, mut type_collation) = catalog.key_type(&relation, &row, at)?;
        if *is_expression {
            type_collation = expressions.next().map_or(type_collation, |(_, collation)| collation);
        }
        let collation = row.indcollation.get(at).copied().unwrap_or_default();
        if collation.is_valid() && collation != type_collation {
            let _ = write!(text, " COLLATE {}", catalog.collation_text(collation)?);
        }
        let class = row.indclass.get(at).copied().unwrap_or_default();
        let options = relation.columns.get(at).and_then(|column| column.attoptions.as_ref());
        if catalog.default_opclass(relation.class.relam, type_)? != Some(class) || options.is_some() {
            let opclass = catalog.opclass(class)?;
            text.push(' ');
            if catalog.opclass_is_visible(class)? != Some(true) {
                let schema = catalog.schema_name(opclass.opcnamespace)?.unwrap_or_default();
                let _ = write!(text, "{}.", quote_identifier(&schema));
            }
            text.push_str(&quote_identifier(&opclass.opcname));
        }
        if let Some(options) = options {
            let _ = write!(text, " {}", options_text(options));
        }
        let option = row.indoption.get(at).copied().unwrap_or(0);
        text.push_str(match option & 3 {
            1 => " DESC NULLS LAST",
            2 => " NULLS FIRST",
            3 => " DESC",
            _ => "",
        });
        if let Some(&operator) = excluding.and_then(|operators| operators.get(at)) {
            let _ = write!(text, " WITH {}", operator_symbol(&catalog, operator)?);
        }
    }
    text.push(')');
    if row.indnullsnotdistinct {
        text.push_str(" NULLS NOT DISTINCT");
    }
    if let Some(options) = &relation.class.reloptions {
        let _ = write!(text, " WITH {}", options_text(options));
    }
    if let Some(predicate) = &row.indpred {
        let predicate = catalog.expression_text(predicate, row.indrelid, pretty)?;
        let bare = excluding.is_none() && (pretty || closes_at_end(&predicate));
        let _ = if bare { write!(text, " WHERE {predicate}") } else { write!(text, " WHERE ({predicate})") };
    }
    Ok(Some(text))
}

/// An operator as expressions have it, qualified if the search path does not find it.
fn operator_symbol(catalog: &Catalog, oid: Oid) -> Result<String> {
    let row = catalog.operator(oid)?;
    if catalog.operator_is_visible(oid)? == Some(true) {
        return Ok(row.oprname.to_string());
    }
    let schema = catalog.schema_name(row.oprnamespace)?.unwrap_or_default();
    Ok(format!("OPERATOR({}.{})", quote_identifier(&schema), row.oprname))
}

fn constraint_definition(catalog: Shown<'_>, oid: Oid, pretty: bool) -> Result<Option<String>> {
    let Some(row) = catalog.find_constraint(oid)? else { return Ok(None) };
    let names = |relation: Oid, numbers: &Option<Vec<i16>>| -> Result<String> {
        let relation = catalog.relation(relation)?;
        let name = |&n: &i16| relation.columns.get(n as usize - 1).map(|column| quote_identifier(&column.attname));
        Ok(numbers.iter().flatten().filter_map(name).collect::<Vec<_>>().join(", "))
    };
    let mut text = String::new();
    match row.contype {
        b'f' => {
            let referenced = catalog.relation_text(row.confrelid)?.unwrap_or_default();
            let with_period = |names: String| match names.rsplit_once(", ") {
                Some((others, last)) if row.conperiod => format!("{others}, PERIOD {last}"),
                _ => names,
            };
            let _ = write!(
                text,
                "FOREIGN KEY ({}) REFERENCES {referenced}({})",
                with_period(names(row.conrelid, &row.conkey)?),
                with_period(names(row.confrelid, &row.confkey)?)
            );
            if row.confmatchtype == b'f' {
                text.push_str(" MATCH FULL");
            }
            let action = |letter: u8| match letter {
                b'r' => Some("RESTRICT"),
                b'c' => Some("CASCADE"),
                b'n' => Some("SET NULL"),
                b'd' => Some("SET DEFAULT"),
                _ => None,
            };
            if let Some(action) = action(row.confupdtype) {
                let _ = write!(text, " ON UPDATE {action}");
            }
            if let Some(action) = action(row.confdeltype) {
                let _ = write!(text, " ON DELETE {action}");
            }
            if row.confdelsetcols.is_some() {
                let _ = write!(text, " ({})", names(row.conrelid, &row.confdelsetcols)?);
            }
        }
        b'p' | b'u' => {
            text.push_str(if row.contype == b'p' { "PRIMARY KEY " } else { "UNIQUE " });
            let index = catalog.find_index(row.conindid)?;
            if index.as_ref().is_some_and(|index| index.indnullsnotdistinct) {
                text.push_str("NULLS NOT DISTINCT ");
            }
            let _ = write!(text, "({}", names(row.conrelid, &row.conkey)?);
            text.push_str(if row.conperiod { " WITHOUT OVERLAPS)" } else { ")" });
            if let Some(index) = index
                && index.indnatts > index.indnkeyatts
            {
                let included = index.indkey[index.indnkeyatts as usize..].to_vec();
                let _ = write!(text, " INCLUDE ({})", names(row.conrelid, &Some(included))?);
            }
        }
        b'c' => {
            let stored = row.conbin.as_deref().unwrap_or_default();
            let expression = catalog.expression_text(stored, row.conrelid, pretty)?;
            let _ = write!(text, "CHECK ({expression})");
            if row.connoinherit {
                text.push_str(" NO INHERIT");
            }
        }
        b'n' => {
            text.push_str("NOT NULL");
            if row.conrelid.is_valid() {
                let _ = write!(text, " {}", names(row.conrelid, &row.conkey)?);
                if row.connoinherit {
                    text.push_str(" NO INHERIT");
                }
            }
        }
        b'x' => {
            let operators = row.conexclop.as_deref().unwrap_or_default();
            text.push_str(&index_definition(catalog, row.conindid, pretty, Some(operators))?.unwrap_or_default());
        }
        b't' => text.push_str("TRIGGER"),
        other => {
            return Err(error::Error::not_implemented(format_args!("definition of constraint type {}", other as char)));
        }
    }
    if row.condeferrable {
        text.push_str(" DEFERRABLE");
    }
    if row.condeferred {
        text.push_str(" INITIALLY DEFERRED");
    }
    if !row.conenforced {
        text.push_str(" NOT ENFORCED");
    } else if !row.convalidated {
        text.push_str(" NOT VALID");
    }
    Ok(Some(text))
}

impl Catalog {
    /// A relation's name, quoted and always qualified.
    pub fn qualified_relation_text(&self, oid: Oid) -> Result<String> {
        let Some(class) = self.class(oid)? else { return Ok(oid.to_string()) };
        let schema = self.schema_name(class.relnamespace)?.unwrap_or_default();
        Ok(format!("{}.{}", quote_identifier(&schema), quote_identifier(&class.relname)))
    }
}

/// Types, modes and names of all parameters, outputs included.
fn parameters(row: &PgProc) -> Vec<(Oid, u8, &str)> {
    let types: &[Oid] = row.proallargtypes.as_deref().unwrap_or(&row.proargtypes);
    let mode = |at: usize| row.proargmodes.as_ref().and_then(|modes| modes.get(at).copied()).unwrap_or(b'i');
    let name = |at: usize| row.proargnames.as_ref().and_then(|names| names.get(at)).map_or("", |name| name.as_ref());
    types.iter().enumerate().map(|(at, &type_)| (type_, mode(at), name(at))).collect()
}

/// The default expressions of the last input parameters.
fn defaults(catalog: Shown<'_>, row: &PgProc) -> Result<Vec<String>> {
    match row.proargdefaults.as_deref() {
        None => Ok(Vec::new()),
        Some(stored) => match stored.strip_prefix('@') {
            Some(sql) => Ok(split_list(sql)),
            None => catalog.expression_list_text(stored, Oid::INVALID, false),
        },
    }
}

/// Splits `'{}'::jsonb, false` at its commas outside of quotes and parentheses.
fn split_list(sql: &str) -> Vec<String> {
    let (mut items, mut depth, mut quoted, mut start) = (Vec::new(), 0, false, 0);
    for (at, c) in sql.char_indices() {
        match c {
            '\'' => quoted = !quoted,
            '(' | '[' if !quoted => depth += 1,
            ')' | ']' if !quoted => depth -= 1,
            ',' if !quoted && depth == 0 => {
                items.push(sql[start..at].trim().to_string());
                start = at + 1;
            }
            _ => {}
        }
    }
    items.push(sql[start..].trim().to_string());
    items
}

pub(super) fn function_arguments(catalog: Shown<'_>, oid: Oid, with_defaults: bool) -> Result<Option<String>> {
    let Some(row) = catalog.find_function(oid)? else { return Ok(None) };
    let parameters = parameters(&row);
    let inputs = parameters.iter().filter(|(_, mode, _)| matches!(mode, b'i' | b'b' | b'v')).count();
    let defaults = if with_defaults { defaults(catalog, &row)? } else { Vec::new() };
    // Of an ordered-set aggregate: how many arguments stand before ORDER BY.
    let direct = match row.prokind {
        b'a' => catalog.find_aggregate(oid)?.filter(|a| a.aggkind != b'n').map(|a| a.aggnumdirectargs as usize),
        _ => None,
    };
    let mut text = String::new();
    let mut input = 0;
    for (at, &(type_, mode, name)) in parameters.iter().filter(|(_, mode, _)| *mode != b't').enumerate() {
        if direct == Some(at) {
            text.push_str(if at == 0 { "ORDER BY " } else { " ORDER BY " });
        } else if at > 0 {
            text.push_str(", ");
        }
        text.push_str(match mode {
            b'o' => "OUT ",
            b'b' => "INOUT ",
            b'v' => "VARIADIC ",
            _ if row.prokind == b'p' => "IN ",
            _ => "",
        });
        if !name.is_empty() {
            let _ = write!(text, "{} ", quote_identifier(name));
        }
        text.push_str(&catalog.type_name(type_)?);
        if matches!(mode, b'i' | b'b' | b'v') {
            input += 1;
            let from_end = inputs - input;
            if from_end < defaults.len() {
                let _ = write!(text, " DEFAULT {}", defaults[defaults.len() - 1 - from_end]);
            }
        }
    }
    // The last argument of a variadic hypothetical-set aggregate stands on both sides.
    if direct.is_some_and(|direct| direct == parameters.len())
        && let Some(&(type_, b'v', _)) = parameters.last()
    {
        let _ = write!(text, " ORDER BY VARIADIC {}", catalog.type_name(type_)?);
    }
    Ok(Some(text))
}

pub(super) fn function_result(catalog: &Catalog, oid: Oid) -> Result<Option<String>> {
    let Some(row) = catalog.find_function(oid)? else { return Ok(None) };
    if row.prokind == b'p' {
        return Ok(None);
    }
    let columns: Vec<_> = parameters(&row).into_iter().filter(|(_, mode, _)| *mode == b't').collect();
    if !columns.is_empty() {
        let columns: Vec<String> = columns
            .into_iter()
            .map(|(type_, _, name)| Ok(format!("{} {}", quote_identifier(name), catalog.type_name(type_)?)))
            .collect::<Result<_>>()?;
        return Ok(Some(format!("TABLE({})", columns.join(", "))));
    }
    let set = if row.proretset { "SETOF " } else { "" };
    Ok(Some(format!("{set}{}", catalog.type_name(row.prorettype)?)))
}

fn argument_default(catalog: Shown<'_>, oid: Oid, number: i32) -> Result<Option<String>> {
    let Some(row) = catalog.find_function(oid)? else { return Ok(None) };
    let parameters = parameters(&row);
    let is_input = |mode: u8| matches!(mode, b'i' | b'b' | b'v');
    let Some(at) = usize::try_from(number - 1).ok().filter(|&at| at < parameters.len()) else { return Ok(None) };
    if !is_input(parameters[at].1) {
        return Ok(None);
    }
    let after = parameters[at + 1..].iter().filter(|(_, mode, _)| is_input(*mode)).count();
    let defaults = defaults(catalog, &row)?;
    Ok((after < defaults.len()).then(|| defaults[defaults.len() - 1 - after].clone()))
}

pub(super) fn function_body(catalog: Shown<'_>, oid: Oid) -> Result<Option<String>> {
    let Some(row) = catalog.find_function(oid)? else { return Ok(None) };
    match row.prosqlbody.as_deref() {
        Some(stored) => match stored.strip_prefix('@') {
            Some(sql) => Ok(Some(sql.to_string())),
            None => deparser()?.routine_body(&catalog, catalog.env, &row, stored).map(Some),
        },
        None => Ok(None),
    }
}

impl Catalog {
    /// A view's query as SQL text, for the analyzer to expand: of a system view; `None` for views that users made (their rule
    /// holds the analyzed query) and for other objects.
    pub fn view_definition(&self, view: Oid) -> Option<&'static str> {
        crate::views::definition(view)
    }

    /// The primary key's index of a table, if it has one.
    pub fn primary_key(&self, table: &Relation) -> Result<Option<Oid>> {
        let rows = self.rows::<PgIndex>(index::PG_INDEX_INDRELID_INDEX, &[table.oid.into()])?;
        Ok(rows.iter().find(|row| row.indisprimary).map(|row| row.indexrelid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indexes_of_catalogs() {
        let catalog = Catalog::builtin();
        let shown = Shown { catalog: &catalog, env: &types::DefaultEnvironment::default() };
        let text = |oid: u32| index_definition(shown, Oid(oid), false, None).expect("prints").expect("exists");
        assert_eq!(text(2662), "CREATE UNIQUE INDEX pg_class_oid_index ON pg_catalog.pg_class USING btree (oid)");
        assert_eq!(
            text(2663),
            "CREATE UNIQUE INDEX pg_class_relname_nsp_index ON pg_catalog.pg_class USING btree (relname, relnamespace)"
        );
        assert_eq!(index_definition(shown, Oid(1259), false, None).expect("asks"), None);
        assert_eq!(index_column(shown, Oid(2663), 2, true).expect("asks").as_deref(), Some("relnamespace"));
    }

    #[test]
    fn constraints_of_catalogs() {
        let catalog = Catalog::builtin();
        let shown = Shown { catalog: &catalog, env: &types::DefaultEnvironment::default() };
        let row =
            PgConstraint::builtin().rows().iter().find(|row| row.conname == "pg_class_oid_index").expect("is there");
        let text = constraint_definition(shown, row.oid, false).expect("prints");
        assert_eq!(text.as_deref(), Some("PRIMARY KEY (oid)"));
    }

    #[test]
    fn functions_show_their_arguments() {
        let catalog = Catalog::builtin();
        let shown = Shown { catalog: &catalog, env: &types::DefaultEnvironment::default() };
        let of = |name: &str| catalog.functions_by_name(None, name).expect("finds")[0].row.oid;
        let all = |name: &str| function_arguments(shown, of(name), true).expect("prints").expect("exists");
        assert_eq!(
            all("jsonb_path_exists"),
            "target jsonb, path jsonpath, vars jsonb DEFAULT '{}'::jsonb, silent boolean DEFAULT false"
        );
        assert_eq!(all("concat"), "VARIADIC \"any\"");
        assert_eq!(all("mode"), "ORDER BY anyelement");
        assert_eq!(all("rank"), ""); // the window function comes first
        assert_eq!(function_result(&catalog, of("json_object_keys")).expect("prints").as_deref(), Some("SETOF text"));
        assert_eq!(argument_default(shown, of("make_interval"), 7).expect("prints").as_deref(), Some("0.0"));
    }

    #[test]
    fn calls_need_no_parentheses_in_an_index() {
        for (expression, column) in [
            ("lower(b)", "lower(b)"),
            ("(a + 1)", "((a + 1))"),
            ("a.f(x) || g(y)", "(a.f(x) || g(y))"),
            ("(a)::text", "((a)::text)"),
        ] {
            assert_eq!(as_index_column(expression), column);
        }
    }
}
