//! A sequence: its parameters, and whose it is.

use super::{Call, Outcome, Relation};
use crate::describe::select::Select;
use crate::describe::yes_no;
use crate::print::Table;

/// Prints a sequence.
pub(super) fn show(call: &mut Call<'_>, relation: &Relation) -> Outcome {
    let mut select = Select::from("pg_catalog.pg_sequence s");
    select
        .column("Type", "pg_catalog.format_type(s.seqtypid, NULL)")
        .number("Start", "s.seqstart")
        .number("Minimum", "s.seqmin")
        .number("Maximum", "s.seqmax")
        .number("Increment", "s.seqincrement")
        .column("Cycles?", yes_no("s.seqcycle"))
        .number("Cache", "s.seqcache")
        .filter(format!("s.seqrelid = {}", relation.oid));
    let answer = call.query(&select.sql())?;
    let owner = call.query(&format!(
        "SELECT CASE d.deptype WHEN 'i' THEN 'Sequence for identity column: ' ELSE 'Owned by: ' END \
         || pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) || '.' || pg_catalog.quote_ident(a.attname)\n\
         FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_class c ON c.oid = d.refobjid \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid\n\
         WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = {} AND d.objsubid = 0 \
         AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype IN ('a', 'i')",
        relation.oid
    ))?;
    let mut table = Table::new(select.headers(), &*answer.0).titled(relation.title());
    table.footers = (0..owner.rows()).map(|row| owner.bytes(row, 0).to_vec()).collect();
    call.print_relation(table);
    Ok(())
}
