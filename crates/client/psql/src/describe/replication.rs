//! Logical replication: publications and subscriptions.

use super::select::Select;
use super::{Call, Failed, Outcome, Target, decode};
use crate::print::{Column, Grid, Table};

/// The columns of a publication that `\dRp` shows: header and expression.
fn publication_columns(version: i32) -> Vec<(&'static str, &'static str)> {
    let mut columns = vec![
        ("Owner", "pg_catalog.pg_get_userbyid(p.pubowner)"),
        ("All tables", "p.puballtables"),
        ("Inserts", "p.pubinsert"),
        ("Updates", "p.pubupdate"),
        ("Deletes", "p.pubdelete"),
        ("Truncates", "p.pubtruncate"),
    ];
    if version >= 180_000 {
        columns.push(("Generated columns", "CASE p.pubgencols WHEN 'n' THEN 'none' WHEN 's' THEN 'stored' END"));
    }
    columns.push(("Via root", "p.pubviaroot"));
    columns
}

/// `\dRp`; with `+` what each of them publishes.
pub(super) fn publications(call: &mut Call<'_>) -> Outcome {
    let mut select = Select::from("pg_catalog.pg_publication p");
    select.column("Name", "p.pubname");
    let columns = publication_columns(call.version);
    for (header, expression) in &columns {
        select.column(header, *expression);
    }
    call.filter(&mut select, 0, &Target { name: "p.pubname", parts: 1, ..Target::default() })?;
    select.order("1");
    if !call.verbose() {
        return call.list("List of publications", &select);
    }
    select.column("oid", "p.oid");
    let found = call.query(&select.sql())?;
    if found.rows() == 0 {
        if !call.host.settings().quiet {
            call.not_found("publication");
        }
        return Err(Failed);
    }
    for row in 0..found.rows() {
        let mut grid = Grid::new(columns.len());
        (1..=columns.len()).for_each(|column| grid.push_text(found.bytes(row, column)));
        let headers = columns.iter().map(|(header, _)| Column::left(header)).collect();
        let mut table = Table::new(headers, &grid).titled(format!("Publication {}", found.text(row, 0)));
        if !found.is_true(row, 2) {
            table.footers = published(call, &found.text(row, columns.len() + 1))?;
        }
        call.print(table, true);
    }
    Ok(())
}

/// The footers that tell a publication's tables and schemas.
fn published(call: &mut Call<'_>, publication: &str) -> Result<Vec<Vec<u8>>, Failed> {
    let details = if call.version >= 150_000 {
        "CASE WHEN r.prattrs IS NULL THEN '' ELSE ' (' || pg_catalog.array_to_string(ARRAY(\
         SELECT a.attname FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum = ANY (r.prattrs) \
         ORDER BY a.attnum), ', ') || ')' END \
         || CASE WHEN r.prqual IS NULL THEN '' ELSE ' WHERE ' || pg_catalog.pg_get_expr(r.prqual, c.oid) END"
    } else {
        "''"
    };
    let tables = call.query(&format!(
        "SELECT '    \"' || n.nspname || '.' || c.relname || '\"' || {details}\n\
         FROM pg_catalog.pg_publication_rel r JOIN pg_catalog.pg_class c ON c.oid = r.prrelid \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace\nWHERE r.prpubid = {publication}\nORDER BY n.nspname, c.relname"
    ))?;
    let mut footers = Vec::new();
    if tables.rows() > 0 {
        footers.push(b"Tables:".to_vec());
        footers.extend((0..tables.rows()).map(|row| tables.bytes(row, 0).to_vec()));
    }
    if call.version >= 150_000 {
        let schemas = call.query(&format!(
            "SELECT '    \"' || n.nspname || '\"'\nFROM pg_catalog.pg_publication_namespace m \
             JOIN pg_catalog.pg_namespace n ON n.oid = m.pnnspid\nWHERE m.pnpubid = {publication}\nORDER BY n.nspname"
        ))?;
        if schemas.rows() > 0 {
            footers.push(b"Tables from schemas:".to_vec());
            footers.extend((0..schemas.rows()).map(|row| schemas.bytes(row, 0).to_vec()));
        }
    }
    Ok(footers)
}

/// `\dRs`: those of the current database.
pub(super) fn subscriptions(call: &mut Call<'_>) -> Outcome {
    let mut select = Select::from("pg_catalog.pg_subscription s");
    select
        .column("Name", "s.subname")
        .column("Owner", "pg_catalog.pg_get_userbyid(s.subowner)")
        .column("Enabled", "s.subenabled")
        .column("Publication", "s.subpublications");
    if call.verbose() {
        select.column("Binary", "s.subbinary");
        if call.version >= 160_000 {
            select.column("Streaming", decode("s.substream", &[("f", "off"), ("t", "on"), ("p", "parallel")]));
        } else {
            select.column("Streaming", "s.substream");
        }
        if call.version >= 150_000 {
            select.column("Two-phase commit", "s.subtwophasestate").column("Disable on error", "s.subdisableonerr");
        }
        if call.version >= 160_000 {
            select
                .column("Origin", "s.suborigin")
                .column("Password required", "s.subpasswordrequired")
                .column("Run as owner?", "s.subrunasowner");
        }
        if call.version >= 170_000 {
            select.column("Failover", "s.subfailover");
        }
        select.column("Synchronous commit", "s.subsynccommit").column("Conninfo", "s.subconninfo");
        if call.version >= 150_000 {
            select.column("Skip LSN", "s.subskiplsn");
        }
    }
    select.filter(
        "s.subdbid = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())",
    );
    call.filter(&mut select, 0, &Target { name: "s.subname", parts: 1, ..Target::default() })?;
    call.list("List of subscriptions", select.order("1"))
}
