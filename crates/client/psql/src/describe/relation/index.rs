//! What an index is for.

use super::{Call, Outcome, Relation, footers::Footers};

/// The line that tells an index's properties and its table.
pub(super) fn nature(call: &mut Call<'_>, relation: &Relation, below: &mut Footers) -> Outcome {
    let nulls = if call.version >= 150_000 { "i.indnullsnotdistinct" } else { "false" };
    let found = call.query(&format!(
        "SELECT i.indisprimary, i.indisunique, {nulls}, am.amname, n.nspname || '.' || t.relname, \
         pg_catalog.pg_get_expr(i.indpred, i.indrelid, true), i.indisclustered, i.indisvalid, \
         k.condeferrable, k.condeferred, i.indisreplident\n\
         FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid \
         JOIN pg_catalog.pg_class t ON t.oid = i.indrelid JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace \
         JOIN pg_catalog.pg_am am ON am.oid = x.relam \
         LEFT JOIN pg_catalog.pg_constraint k ON k.conrelid = i.indrelid AND k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x')\n\
         WHERE i.indexrelid = {}",
        relation.oid
    ))?;
    if found.rows() != 1 {
        return Ok(());
    }
    let is = |column| found.is_true(0, column);
    let mut parts = Vec::new();
    if is(0) {
        parts.push("primary key".to_owned());
    } else if is(1) {
        parts.push(if is(2) { "unique nulls not distinct" } else { "unique" }.to_owned());
    }
    parts.push(found.text(0, 3));
    parts.push(format!("for table \"{}\"", found.text(0, 4)));
    let predicate = found.text(0, 5);
    if !predicate.is_empty() {
        parts.push(format!("predicate ({predicate})"));
    }
    for (shown, word) in [
        (is(6), "clustered"),
        (!is(7), "invalid"),
        (is(8), "deferrable"),
        (is(9), "initially deferred"),
        (is(10), "replica identity"),
    ] {
        if shown {
            parts.push(word.to_owned());
        }
    }
    below.add(parts.join(", "));
    Ok(())
}
